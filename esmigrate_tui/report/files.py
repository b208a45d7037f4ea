"""The report as files that only their owner can read, each of them whole or not there at all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.report.markdown import as_markdown

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.report.contents import Report


def as_json(report: Report) -> str:
    """The report for programs: its fields by name; a new meaning comes with a new `format`."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def write_all(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write report.md and report.json into the folder, over older ones; their paths, Markdown first.

    It blocks for as long as the disk takes. Raises ProblemError (state) where they cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in (("report.md", as_markdown(report)), ("report.json", as_json(report))):
            path = folder / name
            _replace(path, text.encode())
            written.append(path)
    except OSError as error:
        raise ProblemError(
            Problem(
                cause=Cause.STATE,
                what=f"The report could not be written to {clean(str(folder), 300)}: {error.strerror or error}.",
                todo=f"Make room or correct the folder, then: esmigrate report {clean(report.run, 100)}",
            )
        ) from None
    return tuple(written)


def _replace(path: Path, content: bytes) -> None:
    """Put a whole new file in place of the old one in a single step."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
