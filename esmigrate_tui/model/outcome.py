"""The exit codes, one meaning each, for every command."""

from __future__ import annotations

from enum import IntEnum

from esmigrate_tui.model.problem import Cause


class ExitCode(IntEnum):
    """What a command's end says to the shell; 128 + n is a signal."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    INCOMPLETE = 3
    AUTHENTICATION = 4
    CONNECTION = 5
    BLOCKED = 6
    DIFFERENT = 7
    HELD = 8
    NOTHING = 9
    STALE = 10
    STATE = 11
    DETACHED = 20


_BY_CAUSE = {
    Cause.USAGE: ExitCode.USAGE,
    Cause.AUTHENTICATION: ExitCode.AUTHENTICATION,
    Cause.PRIVILEGES: ExitCode.AUTHENTICATION,
    Cause.CONNECTION: ExitCode.CONNECTION,
    Cause.CERTIFICATE: ExitCode.CONNECTION,
    Cause.NOT_ELASTICSEARCH: ExitCode.CONNECTION,
    Cause.BUSY: ExitCode.CONNECTION,
    Cause.TOO_LARGE: ExitCode.CONNECTION,
    Cause.UNKNOWN_OUTCOME: ExitCode.CONNECTION,
    Cause.NOT_WHITELISTED: ExitCode.BLOCKED,
    Cause.EXISTS: ExitCode.BLOCKED,
    Cause.DISK_FULL: ExitCode.BLOCKED,
    Cause.BLOCKED: ExitCode.BLOCKED,
    Cause.UNSUPPORTED: ExitCode.BLOCKED,
    Cause.REFUSED: ExitCode.BLOCKED,
    Cause.MISSING: ExitCode.NOTHING,
    Cause.STALE: ExitCode.STALE,
    Cause.STATE: ExitCode.STATE,
    Cause.INTERNAL: ExitCode.INTERNAL,
}


def exit_code(cause: Cause) -> ExitCode:
    """The code for a command that ended by one problem before anything was moved."""
    return _BY_CAUSE[cause]
