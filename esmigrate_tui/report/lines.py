"""The report as lines for a terminal or a log: what a run without a screen prints at its end."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.carried import CarryOutcome
from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.text import clean, counted, duration, number, rate, size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from esmigrate_tui.report.contents import Report, ReportedChange
    from esmigrate_tui.report.judgement import ReportRow, ToDo

_GAP: Final = "  "
_LABEL: Final = 14
_SHOWN: Final = 5
_NARROWEST_NAME: Final = 12
_NARROWEST: Final = 40


def as_lines(report: Report, width: int, files: Sequence[Path] = ()) -> tuple[str, ...]:
    """A table with one line an index, the verdict, what was reverted, what is left to do, and the report's `files`.

    No line is wider than `width` columns, but for commands, requests and paths, which are never broken.
    """
    width = max(width, _NARROWEST)
    lines = [*_table(report, width), ""] if report.indices else []
    lines += _wrapped(report.verdict, width)
    if report.indices:
        lines += _wrapped(f"{_amount(report)} {report.how_checked}", width)
    if problems := [(row.source_index, row.problem) for row in report.indices if row.problem]:
        lines.append("")
        lines += [line for name, words in problems[:_SHOWN] for line in _wrapped(f"{name}: {words}", width)]
        lines += [f"and {number(len(problems) - _SHOWN)} more"] if len(problems) > _SHOWN else []
    below = [
        *_changes("Reverted", report.put_back, width),
        *_changes("Not reverted", report.not_put_back, width),
        *(_changes("Changed", report.meant_to_stay, width) if not report.indices else []),
        *_carried(report, width),
        *to_do_lines(report.to_do, width),
        *_labelled("Accepted", ", ".join(waiver.check for waiver in report.waivers), width),
        *(f"{'Report' if at == 0 else '':{_LABEL}}{clean(str(path))}" for at, path in enumerate(files)),
    ]
    return tuple([*lines, "", *below] if below else lines)


def _amount(report: Report) -> str:
    """How much arrived, how long it took and how quickly it went, in one sentence."""
    if report.unit is Unit.BYTES:
        expected = "" if report.bytes_expected is None else f" of {size(report.bytes_expected)}"
        return (
            f"{size(report.bytes_arrived)}{expected} in {duration(report.seconds)}, "
            f"{size(report.bytes_per_second)} a second."
        )
    expected = "" if report.documents_expected is None else f" of {number(report.documents_expected)}"
    return (
        f"{number(report.documents_arrived)}{expected} documents in {duration(report.seconds)}, "
        f"{rate(report.documents_per_second)}."
    )


def _table(report: Report, width: int) -> list[str]:
    is_restore = report.unit is Unit.BYTES
    cells = [_restored_cells(row) if is_restore else _cells(row) for row in report.indices]
    heading: tuple[str, ...] = ("index", "source", "destination", "verified")
    if is_restore:
        heading = ("restored", "size", "shards", "documents", "verified")
    table = [heading, *cells]
    *inner, last = (max(_columns(row[at]) for row in table) for at in range(1, len(heading)))
    taken = sum(inner) + last + len(heading[1:]) * len(_GAP)
    names = max(_columns(row[0]) for row in table)
    name = max(_NARROWEST_NAME, min(names, width - taken))
    return [
        _GAP.join(
            (
                _fit(row[0], name),
                *(cell.rjust(columns) for cell, columns in zip(row[1:-1], inner, strict=True)),
                row[-1],
            )
        ).rstrip()
        for row in table
    ]


def _name(row: ReportRow) -> str:
    stream = "data stream " if row.is_stream else ""
    if row.source_index == row.destination_index:
        return f"{stream}{clean(row.source_index)}"
    return f"{stream}{clean(row.source_index)} → {clean(row.destination_index)}"


def _count(amount: int | None) -> str:
    return "–" if amount is None else number(amount)


def _cells(row: ReportRow) -> tuple[str, ...]:
    return (_name(row), _count(row.source_count), _count(row.destination_count), row.verified)


def _restored_cells(row: ReportRow) -> tuple[str, ...]:
    shards = "–" if row.shards is None else f"{number(row.shards.arrived)}/{number(row.shards.wanted)}"
    copied = "–" if row.size is None else size(row.size)
    return (_name(row), copied, shards, _count(row.destination_count), row.verified)


def _columns(text: str) -> int:
    """Columns that a terminal takes for it."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _fit(text: str, columns: int) -> str:
    """The text in exactly so many columns, cut in its middle: the ends of names tell them apart."""
    if _columns(text) > columns:
        tail = _first(text[::-1], (columns - 1) // 2)[::-1]
        text = f"{_first(text, columns - 1 - _columns(tail))}…{tail}"
    return text + " " * (columns - _columns(text))


def _first(text: str, columns: int) -> str:
    """As much of the text's beginning as fits."""
    while _columns(text) > columns:
        text = text[: min(len(text) - 1, columns)]
    return text


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        clean(text, len(text)),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _labelled(label: str, text: str, width: int) -> list[str]:
    indent = " " * _LABEL
    return _wrapped(text, width, f"{label:<{_LABEL}}", indent) if text else []


def _changes(label: str, changes: Sequence[ReportedChange], width: int) -> list[str]:
    lines: list[str] = []
    for at, change in enumerate(changes[:_SHOWN]):
        trouble = f": {change.trouble}" if change.trouble else ""
        lines += _labelled(label if at == 0 else "", f"{change.what}{trouble}", width)
        lines += [f"{'':{_LABEL}}  {clean(line, len(line))}" for line in change.by_hand.splitlines()]
    if len(changes) > _SHOWN:
        lines += _labelled("", f"and {counted(len(changes) - _SHOWN, 'other change')}", width)
    return lines


def _carried(report: Report, width: int) -> list[str]:
    """How many definitions were made, and each that was not."""
    many = Counter(one.fate for one in report.carried)
    lines = _labelled(
        "Carried over", "; ".join(f"{number(many[fate])} {fate}" for fate in CarryOutcome if fate in many), width
    )
    others = [one for one in report.carried if one.fate not in {CarryOutcome.MADE, CarryOutcome.SAME}]
    for one in others[:_SHOWN]:
        why = f". {one.why}" if one.why else ""
        lines += _labelled("", f"{one.kind} {clean(one.name)}: {one.fate}{why}", width)
    if len(others) > _SHOWN:
        lines += _labelled("", f"and {number(len(others) - _SHOWN)} more", width)
    return lines


def to_do_lines(things: Sequence[ToDo], width: int) -> list[str]:
    """What is left for a person, numbered, each with what can be copied below it."""
    lines: list[str] = []
    for at, thing in enumerate(things, start=1):
        label = f"{'For you' if at == 1 else '':<{_LABEL}}{at}  "
        lines += _wrapped(thing.what, width, label, " " * len(label))
        lines += [f"{'':{len(label) + 2}}{line}" for line in thing.copy.splitlines()]
    return lines
