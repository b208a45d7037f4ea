"""The report as files that only their owner can read, each of them whole or not there at all."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Final, TextIO

import msgspec

from esmigrate_tui.disk import opened, replacing
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.report.markdown import as_markdown
from esmigrate_tui.report.page import as_html
from esmigrate_tui.report.spreadsheet import write_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from esmigrate_tui.report.contents import Report

_reject: Final = msgspec.json.Decoder(Reject)


def as_json(report: Report) -> str:
    """The report for programs: its fields by name; a new meaning comes with a new `format`."""
    return json_line(report, indent=2) + "\n"


def write_all(report: Report, folder: Path, rejects: Path | None = None) -> tuple[Path, ...]:
    """Write report.md, report.html and report.json into the folder, over older ones; their paths in this order.

    `rejects` is the file with the rejected documents, a JSON object a line: rejects.csv is then written as well, and
    comes last. It blocks for as long as the disk takes. Raises ProblemError (state) where something cannot be written.
    """
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        texts = (
            ("report.md", as_markdown(report)),
            ("report.html", as_html(report)),
            ("report.json", as_json(report)),
        )
        for name, text in texts:
            with _replaced(folder / name) as file:
                file.write(text)
            written.append(folder / name)
        if rejects is not None:
            table = folder / "rejects.csv"
            with _replaced(table) as file, opened(rejects) as lines:
                write_table(map(_reject.decode, lines), file)
            written.append(table)
    except OSError as error:
        raise ProblemError.of(
            Cause.STATE,
            f"The report could not be written to {clean(str(folder), 300)}: {error.strerror or error}.",
            todo=f"Make room or correct the folder, then: esmigrate report {clean(report.run, 100)}",
        ) from None
    return tuple(written)


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    """A new file that takes the place of the old one in a single step, when it is whole."""
    with replacing(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        yield text
        text.flush()
        text.detach()  # what is below is not finished yet
