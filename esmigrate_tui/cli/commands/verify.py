"""`esmigrate verify`: every document of two indices compared, by sums first, and by name where these differ."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final, Literal, TextIO

import click
import msgspec

from esmigrate_tui.cli.options import RATE, AsJson, CommandOption, DestinationOptions, SourceOptions, command
from esmigrate_tui.disk import opened, write_whole
from esmigrate_tui.engine.places import raise_unsafe, runs_home
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.difference import DifferenceKind, IndexComparison
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, duration, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.verify.everything import ComparisonReading

_KEEP_SECONDS: Final = 5.0
_SHOW_SECONDS: Final = 0.5
_SHOW_IN_FILE_SECONDS: Final = 10.0
_SHOWN: Final = 20


class _VerifyOptions(msgspec.Struct, frozen=True, kw_only=True):
    source: SourceOptions
    destination: DestinationOptions
    index: Annotated[
        str, CommandOption("The index on the destination; on both unless --source-index names another.", "NAME")
    ]
    source_index: Annotated[str, CommandOption("Its name on the source, where that differs.", "NAME")] = ""
    compare: Annotated[
        Literal["auto", "bytes", "values"],
        CommandOption(
            "Documents byte for byte, or by value, whatever their layout; auto: by bytes where some are equal so."
        ),
    ] = "auto"
    pace: Annotated[float, CommandOption("Documents a second of both sides; 0: no limit.", within=RATE)] = 0.0
    again: Annotated[bool, CommandOption("Start over, also where an earlier comparison was interrupted.")] = False
    as_json: AsJson = False


@command("verify", _VerifyOptions)
async def verify(options: _VerifyOptions) -> int:
    """Compare every document of two indices, and name what is missing, extra or different. Nothing is changed.

      esmigrate verify --source https://elastic@old:9200 --destination https://elastic@new:9200 --index orders

    Both sides are read once; where they differ, the documents behind it are read again and named. When it is
    interrupted, it continues from there the next time. A remote reindex writes documents anew (1.10 becomes 1.1): then
    values are compared. The exit code is 7 where something differs.
    """
    from esmigrate_tui.cli.connections import connected, signed_in
    from esmigrate_tui.verify.counts import ComparedIndex
    from esmigrate_tui.verify.everything import ComparisonOptions, compare_everything

    sides = await signed_in(options.source, options.destination)
    names = {Side.DESTINATION: options.index, Side.SOURCE: options.source_index or options.index}
    values = {"auto": None, "bytes": False, "values": True}[options.compare]
    addresses = [f"{sides[side][0].endpoint.url}/{names[side]}" for side in Side]
    kept = _CheckpointFile(*addresses, options.compare)
    before = b"" if options.again else kept.read()
    if before and not options.as_json:
        click.echo("Continuing an earlier comparison that was interrupted; --again starts over.", err=True)
    printer = _CompareProgress(sys.stderr, is_quiet=options.as_json)

    def look(reading: ComparisonReading) -> None:
        kept.keep(reading)
        printer.show(reading)

    async with connected(sides[Side.DESTINATION], sides[Side.SOURCE]) as clusters:
        if clusters.source is None:  # both are given: the command asks for them
            raise ProblemError.of(Cause.USAGE, "Two clusters are needed.")
        source = ComparedIndex(clusters.source, names[Side.SOURCE])
        destination = ComparedIndex(clusters.destination, names[Side.DESTINATION])
        manner = ComparisonOptions(values=values, pace=options.pace, look=look)
        compared = await compare_everything(source, destination, manner, before)
    kept.forget()
    printer.end()
    if options.as_json:
        click.echo(json_line(compared))
    else:
        click.echo("\n".join(lines_of(compared, names[Side.SOURCE], names[Side.DESTINATION])))
    return ExitCode.DONE if compared.is_equal else ExitCode.DIFFERENT


def lines_of(compared: IndexComparison, source: str, destination: str) -> list[str]:
    """What was found, as lines for people."""
    manner = "by their values (numbers exactly, layout aside)" if compared.by_value else "byte for byte"
    name = clean(source) if source == destination else f"{clean(source)} and {clean(destination)}"
    there, arrived = counted(compared.source_count, "document"), number(compared.destination_count)
    lines = [f"{name}: {there} on the source, {arrived} on the destination, compared {manner}."]
    if compared.without_source:
        bare = counted(compared.without_source, "document")
        lines.append(f"! {bare} of both sides keep no _source: of those only _id and routing were compared.")
    if compared.is_equal:
        written = " Some were written to meanwhile, and were compared again." if compared.partitions else ""
        return [*lines, f"Every document of each side is on the other.{written}"]
    for kind in DifferenceKind:
        of = [difference.id for difference in compared.differences if difference.kind is kind]
        if of:
            lines.append(f"{counted(len(of), 'document')}, {kind.words}:")
            lines += [f"  {identifier}" for identifier in of[:_SHOWN]]
            lines += [f"  and {number(len(of) - _SHOWN)} more" if len(of) > _SHOWN else ""]
    lines = [line for line in lines if line]
    if compared.partitions_left:
        lines.append(
            f"There are more: {number(compared.partitions_left)} of {number(compared.partitions)} parts of the index "
            "that differ were not looked into."
        )
    return lines


class _CheckpointFile:
    """What to continue from, in a file that only its owner reads; it holds positions and sums, no document."""

    def __init__(self, *what: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`what` is compared, and how; the name of the file does not show it."""
        name = hashlib.sha256("\n".join(what).encode()).hexdigest()[:24]
        self._path = runs_home(os.environ).parent / "comparing" / name
        self._clock = clock
        self._at = clock()

    def read(self) -> bytes:
        """What an earlier process has kept; b"" where there is nothing."""
        try:
            with opened(self._path) as file:
                return file.read()
        except OSError:
            return b""

    def keep(self, reading: ComparisonReading) -> None:
        """Write it down, now and then; a disk that is full must not end a comparison that could do without."""
        if self._clock() - self._at < _KEEP_SECONDS or not (kept := reading.keep()):
            return
        self._at = self._clock()
        with suppress(OSError, ProblemError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            raise_unsafe(self._path.parent)
            write_whole(self._path, kept)

    def forget(self) -> None:
        """It is done."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class _CompareProgress:
    """How far it is: one line that changes on a terminal, a line now and then in a file."""

    def __init__(self, out: TextIO, *, is_quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._is_quiet = is_quiet
        self._clock = clock
        self._began = clock()
        self._shown_at = self._began
        self._is_open = False

    def show(self, reading: ComparisonReading) -> None:
        """Print it, unless that was done a moment ago."""
        now, is_live = self._clock(), self._out.isatty()
        if self._is_quiet or now - self._shown_at < (_SHOW_SECONDS if is_live else _SHOW_IN_FILE_SECONDS):
            return
        self._shown_at = now
        line = _line(reading, now - self._began)
        click.echo(f"\r{line:<78}" if is_live else line, file=self._out, nl=not is_live)
        self._is_open = is_live

    def end(self) -> None:
        """Leave the line that changed."""
        if self._is_open:
            click.echo("", file=self._out)


def _line(reading: ComparisonReading, seconds: float) -> str:
    what = "naming what differs" if reading.is_naming else "reading"
    rate = reading.read / seconds if seconds > 0 else 0.0
    share = f"{reading.read / reading.total:4.0%}  " if reading.total else ""
    left = f"   about {duration((reading.total - reading.read) / rate)} more" if rate and not reading.is_naming else ""
    return f"{share}{what}: {number(reading.read)} of {number(reading.total)}   {number(round(rate))}/s{left}"
