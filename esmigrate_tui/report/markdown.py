"""The report as Markdown; what a cluster sent stands in it as text and can never be anything else."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.text import clean, counted, duration, number, rate, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from esmigrate_tui.model.event import RestoredShards
    from esmigrate_tui.report.contents import Report, ReportedChange
    from esmigrate_tui.report.judgement import ReportRow

    Columns = Sequence[tuple[str, Callable[[ReportRow], str], bool]]

_DIFFERENCES: Final = 200  # rows of a table that a person reads
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL: Final = re.compile(r"[&<>\\`*\[\]|~#$!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LISTED: Final = re.compile(r"^(?:[-+](?=[\s-]|$)|\d++(?=[.)](?:\s|$)))")
_LINK: Final = re.compile(r"(?<=[hps]):(?=//)|(?<=[wW])\.|@", re.ASCII)


def escape(text: str) -> str:
    """Text that Markdown shows as it is: one line, no markup, no link, no end of a table's cell."""
    shown = clean(text).strip()
    shown = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0]) or f"\\{found[0]}", shown)
    shown = _LINK.sub(lambda found: f"&#{ord(found[0])};", shown)
    return _LISTED.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", shown)


def code(text: str) -> str:
    """An address or a path in a code span where that can hold it, as it is then easier read and copied."""
    return escape(text) if clean(text) != text or not text or set("`|") & set(text) else f"`{text}`"


def block(text: str) -> str:
    """Text to copy, in a fence that nothing in it can close."""
    lines = [clean(line, len(line)) for line in text.split("\n")]
    longest = max((len(run) for line in lines for run in re.findall("`++", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *lines, fence])


def as_markdown(report: Report) -> str:
    """The whole report."""
    return "\n\n".join(piece for section in sections(report) for piece in section) + "\n"


def sections(report: Report) -> list[list[str]]:
    """The report's sections, each only where there is something to say; a table of one is a piece by itself."""
    return [
        [f"# Migration report: run {escape(report.run)}", f"**{escape(report.verdict)}**", escape(report.how_checked)],
        [_facts(report)],
        _section("What is left for you", _to_do(report)),
        _section("Indices", [_indices(report)] if report.indices else []),
        _section("Types that were chosen", _types(report)),
        _section(f"Defined differently than {_origin(report)}", _definitions(report)),
        _section("Carried over beside the indices", _carried(report)),
        _section("Documents that differ", _differences(report)),
        _section("Rejected", _refusals(report)),
        _section("Troubles and waits", _troubles(report)),
        _section("Changed, and not reverted", _open(report.not_put_back)),
        _section("Changed, and reverted", _listed(report.put_back)),
        _section("Changed, and meant to stay", _listed(report.meant_to_stay)),
        _section("Findings that were accepted before the run", _waivers(report)),
        _section("To do it again", _again(report)),
    ]


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """A table; every cell is escaped here, `numbers` names the columns that stand to the right."""
    lines = [
        "| " + " | ".join(heading) + " |",
        "|" + "|".join(" ---: " if at in numbers else " --- " for at in range(len(heading))) + "|",
    ]
    lines.extend("| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows)
    return "\n".join(lines)


def _section(title: str, pieces: Sequence[str]) -> list[str]:
    return [f"## {title}", *pieces] if pieces else []


def _origin(report: Report) -> str:
    return "in the snapshot" if report.unit is Unit.BYTES else "on the source"


def _facts(report: Report) -> str:
    facts = [
        f"Method: {report.method.traits.title}",
        *([f"Source: {code(report.source.address)}, version {escape(report.source.version)}"] if report.source else []),
        *([f"Sent by: {escape(report.sender)}"] if report.sender else []),
        *([f"Snapshot: {escape(report.snapshot)}"] if report.snapshot else []),
        f"Destination: {code(report.destination.address)}, version {escape(report.destination.version)}",
        f"Started: {report.started_at or 'not yet'}",
        f"Finished: {report.finished_at or 'not yet'}",
        f"Took: {duration(report.seconds)}, waits included",
        *_amounts(report),
        f"This report was written: {report.made_at}",
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _amounts(report: Report) -> list[str]:
    """How much was moved and how quickly; nothing where nothing was to be moved."""
    if not report.indices:
        return []
    if report.unit is Unit.BYTES:
        expected = "" if report.bytes_expected is None else f" of {size(report.bytes_expected)}"
        return [
            f"Copied: {size(report.bytes_arrived)}{expected}",
            f"On average: {size(report.bytes_per_second)} a second",
        ]
    expected = "" if report.documents_expected is None else f" of {number(report.documents_expected)}"
    return [
        f"Documents: {number(report.documents_arrived)}{expected}, {number(report.documents_refused)} rejected",
        f"On average: {rate(report.documents_per_second)}",
    ]


def _took(row: ReportRow) -> str:
    return "" if row.seconds is None else duration(row.seconds)


def _shards(found: RestoredShards | None) -> str:
    return "–" if found is None else f"{number(found.arrived)} of {number(found.wanted)}"


def _amount(count: int | None) -> str:
    return "–" if count is None else number(count)


_IN_SNAPSHOT: Final[Columns] = (
    ("In the snapshot", lambda row: row.source_index, False),
    ("Destination", lambda row: row.destination_index, False),
    ("Kind", lambda row: (row.kind or "index").replace("-", " "), False),
    ("Size", lambda row: "–" if row.size is None else size(row.size), True),
    ("Shards", lambda row: _shards(row.shards), True),
    ("Documents on the source", lambda row: _amount(row.source_count), True),
    ("On the destination", lambda row: _amount(row.destination_count), True),
    ("Verified", lambda row: row.verified, False),
    ("Took", _took, True),
)


def _indices(report: Report) -> str:
    columns = _IN_SNAPSHOT
    if report.unit is not Unit.BYTES:
        source, there = ("Files", "Rows read") if report.method.traits.loads else ("Source", "On the source")
        if report.sender:
            source, there = "Sent", "Expected"
        columns = (
            (source, lambda row: row.source_index, False),
            ("Destination", lambda row: f"{row.destination_index}{' (data stream)' * row.is_stream}", False),
            (there, lambda row: _amount(row.source_count), True),
            ("On the destination", lambda row: _amount(row.destination_count), True),
            ("Rejected", lambda row: number(row.refused), True),
            ("Verified", lambda row: row.verified, False),
            ("Took", _took, True),
        )
    rows = ([show(row) for _, show, _ in columns] for row in report.indices)
    of_numbers = frozenset(at for at, (_, _, is_number) in enumerate(columns) if is_number)
    return table([heading for heading, _, _ in columns], rows, of_numbers)


def _to_do(report: Report) -> list[str]:
    pieces: list[str] = []
    for at, thing in enumerate(report.to_do, start=1):
        pieces.append(f"{at}. {escape(thing.what)}")
        if thing.copy:
            # inside the item, so that the numbers go on; wide enough for the widest number
            indent = " " * (len(str(at)) + 2)
            pieces.append("\n".join(indent + line for line in block(thing.copy).split("\n")))
    return pieces


def _types(report: Report) -> list[str]:
    if not report.types:
        return []
    rows = ((one.field, one.chosen, "the same" if one.is_same else one.guess or "–") for one in report.types)
    return [table(("Field", "Chosen", "What the destination would most likely have guessed"), rows)]


def _definitions(report: Report) -> list[str]:
    rows = [(row.destination_index, change) for row in report.indices for change in row.changes]
    return [table(("Index", "Change"), rows)] if rows else []


def _carried(report: Report) -> list[str]:
    """Each definition, what became of it and what is otherwise; how what was made is taken away again."""
    if not report.carried:
        return []
    rows = (
        (one.kind, one.name, f"{one.fate}{f'. {one.why}' if one.why else ''}", "; ".join(one.changes))
        for one in report.carried
    )
    pieces = [table(("Kind", "Name", "What became of it", "Otherwise than on the source"), rows)]
    if away := [one.away for one in report.carried if one.away]:
        pieces += ["What was made is meant to stay. This takes it away again:", block("\n".join(reversed(away)))]
    return pieces


def _differences(report: Report) -> list[str]:
    """Each by its kind and _id; of very many the first, as the report in JSON has them."""
    rows: list[tuple[str, str, str]] = []
    for row in report.indices:
        if row.compared is not None:
            rows += [(row.destination_index, one.kind.words, one.id) for one in row.compared.differences]
        if row.samples is not None:
            rows += [(row.destination_index, "differs, or is missing", one) for one in row.samples.different]
    pieces = [table(("Index", "How", "_id"), rows[:_DIFFERENCES])] if rows else []
    if len(rows) > _DIFFERENCES:
        pieces.append(f"There are {number(len(rows) - _DIFFERENCES)} more in report.json.")
    pieces += [
        escape(
            f"{row.destination_index}: there are more. {number(row.compared.partitions_left)} of "
            f"{number(row.compared.partitions)} parts of the index that differ were not looked into."
        )
        for row in report.indices
        if row.compared is not None and row.compared.partitions_left
    ]
    return pieces


def _refusals(report: Report) -> list[str]:
    if not report.documents_refused and not report.refusals:
        return []
    place = f", each with its reason in {code(report.rejects_file)}" if report.rejects_file else ""
    amount = report.documents_refused
    aside = f"{counted(amount, 'document')} rejected by the destination"
    if report.method.traits.loads:
        aside = f"{counted(amount, 'row')} rejected: not readable (no status), or refused by the destination"
    pieces = [f"{aside}{place}."]
    if report.refused_seen < report.documents_refused and report.refusals:
        pieces.append(escape(f"The table sums up the first {number(report.refused_seen)} of them."))
    if report.refusals:
        rows = (
            (group.index, number(group.documents), str(group.status or "–"), group.reason, ", ".join(group.ids))
            for group in report.refusals
        )
        pieces.append(table(("Index", "Documents", "Status", "Reason", "For example"), rows, frozenset({1, 2})))
    return pieces


def _troubles(report: Report) -> list[str]:
    rows = [(trouble.at, trouble.text) for trouble in report.troubles]
    rows += [("", f"{row.source_index}: {row.problem}") for row in report.indices if row.problem]
    return [table(("When", "What"), rows)] if rows else []


def _open(changes: Sequence[ReportedChange]) -> list[str]:
    pieces: list[str] = []
    for change in changes:
        trouble = f" {change.trouble}" if change.trouble else ""
        pieces.append(escape(f"On the {change.side}: {change.what}.{trouble} By hand:"))
        pieces.append(block(change.by_hand))
    return pieces


def _listed(changes: Sequence[ReportedChange]) -> list[str]:
    """Each with what is to be said of it: what was refused was never made, so nothing had to be reverted."""
    rows = ((change.side, f"{change.what}{f'. {change.trouble}' if change.trouble else ''}") for change in changes)
    return [table(("Where", "What"), rows)] if changes else []


def _waivers(report: Report) -> list[str]:
    rows = [(waiver.check, waiver.title, waiver.evidence) for waiver in report.waivers]
    return [table(("Check", "Finding", "Evidence"), rows)] if rows else []


def _again(report: Report) -> list[str]:
    return [block(f"esmigrate run {quote(report.plan_file)}")] if report.plan_file else []
