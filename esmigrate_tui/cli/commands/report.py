"""`esmigrate report`."""

from __future__ import annotations

import contextlib
from typing import Annotated, Literal

import click
import msgspec

from esmigrate_tui.cli.options import CommandOption, RunName, command


class _ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    run: RunName
    kind: Annotated[
        Literal["text", "markdown", "html", "json"], CommandOption("The form of the report.", names=("--format",))
    ] = "text"


@command("report", _ReportOptions)
async def report(options: _ReportOptions) -> int:
    """Print what a run moved, how it was verified, and what is left for you to do.

    esmigrate report 7K2P
    esmigrate report 7K2P --format html > report.html
    """
    from esmigrate_tui import report as reports
    from esmigrate_tui.flow import runs
    from esmigrate_tui.model.outcome import ExitCode

    found = await runs.gathered(runs.find(options.run))
    match options.kind:
        case "text":
            text = "\n".join(reports.as_lines(found, width=100))
        case "markdown":
            text = reports.as_markdown(found)
        case "html":
            text = reports.as_html(found)
        case "json":
            text = reports.as_json(found)
    with contextlib.suppress(BrokenPipeError):
        click.echo(text)
    return ExitCode.DONE
