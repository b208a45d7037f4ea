"""What can go wrong with a node, one class for each cause.

    SandboxError
    ├── UnknownVersion      no such row in the table of versions
    ├── NoSuchNode          no node of that name is known here
    ├── NoJava              nothing on this machine can start that version
    ├── NoNetwork           the server's archive could not be downloaded
    ├── ChecksumWrong       what was downloaded is not what the table expects
    ├── DiskFull            no room for the archive, the installation or the data
    ├── PlaceUnreachable    the account that runs the nodes cannot enter the cache
    ├── ExtraMissing        the optional packages of the sandbox are not installed
    ├── PortTaken           another program listens there
    ├── NodeDied            the process ended while it started
    ├── NotHealthyInTime    the process lives and does not answer
    └── LoadRefused         a node refused a piece of sample data

Each message says what happened, why, and what to do. `exit_code` is what a command ends with.
"""

from typing import ClassVar


class SandboxError(Exception):
    """Something a person can act on; its text is the sentence that is shown."""

    exit_code: ClassVar[int] = 1


class UnknownVersion(SandboxError):  # noqa: N818 — the name is the cause
    """The table of versions has no such row."""

    exit_code = 2


class NoSuchNode(SandboxError):  # noqa: N818 — the name is the cause
    """No node of that name is known here."""

    exit_code = 2


class NoJava(SandboxError):  # noqa: N818 — the name is the cause
    """Nothing on this machine can start that version."""


class NoNetwork(SandboxError):  # noqa: N818 — the name is the cause
    """The archive could not be downloaded."""

    exit_code = 5


class ChecksumWrong(SandboxError):  # noqa: N818 — the name is the cause
    """What was downloaded is not what the table expects."""


class DiskFull(SandboxError):  # noqa: N818 — the name is the cause
    """There is no room."""


class PlaceUnreachable(SandboxError):  # noqa: N818 — the name is the cause
    """The account that runs the nodes cannot enter the cache."""


class ExtraMissing(SandboxError):  # noqa: N818 — the name is the cause
    """The optional packages of the sandbox are not installed."""


class PortTaken(SandboxError):  # noqa: N818 — the name is the cause
    """Another program listens there."""


class NodeDied(SandboxError):  # noqa: N818 — the name is the cause
    """The process ended while it started."""


class NotHealthyInTime(SandboxError):  # noqa: N818 — the name is the cause
    """The process lives and does not answer."""


class LoadRefused(SandboxError):  # noqa: N818 — the name is the cause
    """A node refused a piece of sample data."""
