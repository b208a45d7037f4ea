"""The commands' common start and end: what is dropped from the environment, and how every problem is printed."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Final

from esmigrate_tui.engine.survival import keep_memory_private
from esmigrate_tui.wizard.environment import harden_environment, wants_ascii

_COMPLETION: Final = "_ESMIGRATE_COMPLETE"
"""Set by a shell that asks what could be typed next, https://click.palletsprojects.com/en/stable/shell-completion/."""


def run() -> int:
    """Do what argv says; the exit code. A problem is one sentence on standard error, never a traceback."""
    harden_environment(os.environ)
    keep_memory_private()
    os.umask(0o077)
    codecs.register_error("esmigrate", _replacement)
    if wants_ascii(os.environ):
        _speak_ascii()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="esmigrate")
    from esmigrate_tui.cli.exits import exit_code_of  # noqa: PLC0415  # after the environment is clean

    if not sys.argv[1:] and _COMPLETION not in os.environ:
        from esmigrate_tui.cli.wiring import open_wizard  # noqa: PLC0415  # its first screen waits for no command

        return exit_code_of(open_wizard, sys.stderr)
    from esmigrate_tui.cli.main import main  # noqa: PLC0415  # the same

    return exit_code_of(lambda: main(standalone_mode=False, prog_name="esmigrate"), sys.stderr)


class _AsciiEncoder(codecs.IncrementalEncoder):
    """Text in ASCII, by what the wizard itself shows in place of a sign."""

    def encode(self, input: str, final: bool = False) -> bytes:  # noqa: A002, ARG002, FBT001, FBT002  # as codecs has it
        """The bytes."""
        if input.isascii():
            return input.encode("ascii")
        from esmigrate_tui.flow.layout import plain  # noqa: PLC0415  # most texts need nothing of it

        return plain(input).encode("ascii", "replace")


def _replacement(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a file, a pipe or a terminal of another encoding cannot take."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from esmigrate_tui.flow.layout import plain  # noqa: PLC0415  # most texts need nothing of it

    return plain(error.object[error.start : error.end]).encode("ascii", "replace").decode("ascii"), error.end


def _speak_ascii() -> None:
    """Let a terminal that shows nothing else get nothing else; what goes into a file or a pipe stays as it is.

    By an encoding of its own: click takes a stream in "ascii" for one by mistake, and writes UTF-8.
    """
    ascii_only = codecs.CodecInfo(
        name="esmigrate", encode=codecs.ascii_encode, decode=codecs.ascii_decode, incrementalencoder=_AsciiEncoder
    )
    codecs.register(lambda name: ascii_only if name == "esmigrate" else None)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            stream.reconfigure(encoding="esmigrate")
