"""A plan and a run of ten thousand indices: what each piece of them costs, and that none grows faster than its indices.

The pieces are done on values, with a thousand, three thousand and ten thousand indices; behind each stand the seconds,
and how many times more ten thousand cost than a thousand. The run is a real process, its journal on the disk, with a
method that moves nothing; the board is the wizard's own, without a terminal.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec

from bench.processes import measured, python
from esmigrate_tui import report
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.engine.journal import Journal, RunUpdate, follow
from esmigrate_tui.engine.listing import summary
from esmigrate_tui.flow.planning import plan_of
from esmigrate_tui.model.connection import NO_CREDENTIAL, Side
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.event import (
    Acknowledged,
    LedgerChanged,
    RunFinished,
    RunOutcome,
    RunStarted,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    VerificationStarted,
)
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.wizard.screens.run import RunScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.event import Event

T = TypeVar("T")

SIZES: Final = (1_000, 3_000, 10_000)
_MEMORY_BAR: Final = 200 * 1024**2
_PAINT_BAR: Final = 50  # milliseconds
_GROWTH_BAR: Final = 15  # times as much for ten times as many: what is linear is measured so on a busy machine
_PAINTS: Final = 200
_AT_ONCE: Final = 32
_MOMENT: Final = 1_795_561_200.0


# -- values ------------------------------------------------------------------------------------------------------------


def _draft(many: int) -> Draft:
    """Daily indices of one kind, as a cluster of that age has them."""
    from tests.pictures import sample_values as sample  # noqa: PLC0415  # the run's process has no need of them

    indices = sample.MANY[:many]
    fields = {f"field_{at}": {"type": "keyword", "ignore_above": 256} for at in range(20)}
    mappings = {"_doc": {"properties": {**fields, "@timestamp": {"type": "date"}, "message": {"type": "text"}}}}
    settings = {"number_of_shards": "1", "number_of_replicas": "1", "refresh_interval": "30s"}
    definitions = {
        index.name: IndexDefinition(
            name=index.name,
            settings={"index": {**settings, "version": {"created": "6082399"}}},
            mappings=mappings,
            aliases={"metrics": {}},
            documents=index.documents,
        )
        for index in indices
    }
    return Draft(
        method=MethodName.COPY_THROUGH_HERE,
        source=sample.OLD,
        destination=sample.NEW,
        source_facts=sample.OLD_FACTS,
        destination_facts=sample.NEW_FACTS,
        source_indices=indices,
        selected=tuple(definitions),
        definitions=definitions,
    )


def _events(started: RunStarted) -> list[Event]:
    """What a run says of its tasks: begun, three changes written down, made and reverted, moved, compared, ended."""
    events: list[Event] = [started]
    for task in started.tasks:
        index, at = task.destination_index, _MOMENT + task.number
        requests = [
            (f"the index {index} was made", Request(method="PUT", path=f"/{index}", body="{}"), None),
            (f"refresh of {index} is off", _settings(index, "-1"), _settings(index, "30s")),
            (f"replicas of {index} are 0", _settings(index, "0"), _settings(index, "1")),
        ]
        events.append(TaskStarted(at=at, task=task.number))
        entries = [
            LedgerEntry(
                number=3 * task.number + place,
                side=Side.DESTINATION,
                what=what,
                made_by=made_by,
                undo=undo,
                task=task.number,
                cluster="0Qk7y2hGS4qkGm4xW7m1Fw",
                index_uuid=f"uuid-of-{index}",
            )
            for place, (what, made_by, undo) in enumerate(requests)
        ]
        events += [_entered(at, entry, state) for entry in entries for state in (EntryState.INTENDED, EntryState.MADE)]
        documents = task.documents or 0
        moved = Acknowledged(done=documents, total=documents, written=documents, token="t" * 80)
        events.append(TaskAdvanced(at=at, task=task.number, moved=moved))
        events += [_entered(at, entry, EntryState.UNDONE) for entry in entries[1:]]
        events.append(VerificationStarted(at=at, task=task.number))
        verified = TaskFinished(at=at, task=task.number, outcome=TaskOutcome.VERIFIED)
        events.append(msgspec.structs.replace(verified, source_count=documents, destination_count=documents))
    events.append(RunFinished(at=_MOMENT + 99_999, outcome=RunOutcome.VERIFIED))
    return events


def _entered(at: float, entry: LedgerEntry, state: EntryState) -> LedgerChanged:
    return LedgerChanged(at=at, entry=msgspec.structs.replace(entry, state=state))


def _settings(index: str, value: str) -> Request:
    return Request(method="PUT", path=f"/{index}/_settings", body=f'{{"index":{{"refresh_interval":"{value}"}}}}')


# -- the pieces --------------------------------------------------------------------------------------------------------


class _Pieces:
    """Seconds of each piece, by how many indices there were."""

    def __init__(self) -> None:
        self.seconds: dict[str, dict[int, float]] = defaultdict(dict)
        self.notes: dict[str, str] = {}

    def timed(self, name: str, many: int, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        result = work()
        self.seconds[name][many] = time.perf_counter() - began
        return result

    def lines(self) -> list[str]:
        """A line for each piece."""
        few, most = SIZES[0], SIZES[-1]
        heads = "".join(f"{many:>9,}" for many in SIZES)
        lines = [f"  {'seconds for so many indices':<34}{heads}   growth"]
        for name, took in self.seconds.items():
            times = "".join(f"{took[many]:>9.2f}" for many in SIZES)
            growth = took[most] / max(took[few], 0.001)
            word = "" if growth <= _GROWTH_BAR * most / few / 10 else "  MORE THAN LINEAR"
            lines.append(f"  {name:<34}{times}   {growth:>5.1f}{word}{self.notes.get(name, '')}")
        return lines


def _megabytes(size: int) -> str:
    return f"   {size / 1e6:.1f} MB"


def _pieces(pieces: _Pieces, many: int, folder: Path) -> None:
    from esmigrate_tui.engine.run import started  # noqa: PLC0415  # as above

    draft = _draft(many)
    plan = pieces.timed("draft to plan", many, lambda: plan_of(draft, _MOMENT))
    text = pieces.timed("plan written as TOML", many, plan.to_toml)
    pieces.notes["plan written as TOML"] = _megabytes(len(text.encode()))
    again = pieces.timed("plan read from TOML", many, lambda: Plan.from_toml(text))
    assert again == plan  # noqa: S101  # else nothing here means anything
    events = _events(started(plan, "7K2P", _MOMENT))
    progress = pieces.timed("events folded at once", many, lambda: Progress().after_all(events))
    pieces.notes["events folded at once"] = f"   {len(events):,} events"
    run = RunFolder(folder / f"{many}")
    run.path.mkdir()
    pieces.timed("journal written", many, lambda: asyncio.run(_write(run.journal, events)))
    pieces.notes["journal written"] = _megabytes(run.journal.stat().st_size)
    followed = pieces.timed("journal followed to its end", many, lambda: asyncio.run(_followed(run.journal)))
    assert followed == progress  # noqa: S101  # likewise
    listed = pieces.timed("its line in the list of runs", many, lambda: asyncio.run(summary(run)))
    assert listed.outcome is RunOutcome.VERIFIED  # noqa: S101  # likewise
    gathered = pieces.timed("report gathered", many, lambda: report.gather(plan, progress, now=_MOMENT))
    for name, written in (("Markdown", report.as_markdown), ("HTML", report.as_html), ("JSON", report.as_json)):
        text = pieces.timed(f"report as {name}", many, lambda written=written: written(gathered))  # type: ignore[misc]
        pieces.notes[f"report as {name}"] = _megabytes(len(text.encode()))
    pieces.timed("report as lines", many, lambda: report.as_lines(gathered, 100))


async def _write(path: Path, events: list[Event]) -> None:
    """Each event as the run's process does, eight tasks at a time; the disk is the machine's."""
    async with await Journal.create(path) as journal:
        for at in range(0, len(events), 8):
            await asyncio.gather(*(journal.append(event) for event in events[at : at + 8]))


async def _followed(path: Path) -> Progress:
    progress = Progress()
    async for update in follow(path):
        progress = update.progress
    return progress


# -- the process of a run ----------------------------------------------------------------------------------------------


def _performed(many: int, folder: Path) -> tuple[float, int, int]:
    """Seconds of a whole run, bytes of memory at its peak, and of its journal; raises RuntimeError where it failed."""
    run = RunFolder(folder / f"RUN{many}")
    run.path.mkdir()
    plan = msgspec.structs.replace(plan_of(_draft(many), _MOMENT), at_once=_AT_ONCE)
    run.plan.write_text(plan.to_toml(), encoding="utf-8")
    given = msgspec.msgpack.encode(dict.fromkeys(Side, NO_CREDENTIAL))
    took = measured(python("bench.ten_thousand", str(run.path)), given)
    return took.seconds, took.peak, sum(file.stat().st_size for file in run.path.glob("journal*"))


def _process(folder: str) -> int:
    """The process of a run, with a method that moves nothing, between clusters that take everything."""
    from esmigrate_tui.engine import process  # noqa: PLC0415  # only in that process
    from esmigrate_tui.methods.contract import Comparison, Work  # noqa: PLC0415  # the same
    from tests.engine.tiny import Notepad, Tiny  # noqa: PLC0415  # the same

    class Nothing(Tiny):
        """Every document of a task arrives at once."""

        async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:  # noqa: ARG002  # the contract
            done = work.task.documents or 0
            yield Acknowledged(done=done, total=done, written=done, token="t" * 80)

        async def compare(self, work: Work, *_: object) -> Comparison:
            return Comparison(work.task.documents or 0, work.task.documents or 0)

    @asynccontextmanager
    async def clusters(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
        del plan, credentials
        notepad = Notepad()
        notepad.source = Notepad()
        yield notepad.as_clusters()

    method: Any = Nothing(cast("Any", None), tunes=True)
    return process.run(Path(folder), {MethodName.COPY_THROUGH_HERE: method}, clusters, sys.stdin.buffer)


# -- the board ---------------------------------------------------------------------------------------------------------


async def _paints(many: int) -> list[float]:
    """Seconds of the processor for each paint of the board, half of its tasks done, as news of some of them come."""
    from esmigrate_tui.engine.run import started  # noqa: PLC0415  # as above
    from tests.wizard.world import World  # noqa: PLC0415  # as above

    events = _events(started(plan_of(_draft(many), _MOMENT), "7K2P", _MOMENT))
    per_paint = len(events) // 2 // (_PAINTS + 1)
    progress = Progress().after_all(events[: len(events) // 2])
    news: asyncio.Queue[Progress] = asyncio.Queue()

    async def updates(run: str) -> AsyncIterator[RunUpdate]:
        del run
        while True:
            yield RunUpdate([], await news.get())

    world, took = World(), list[float]()
    world.follow = updates  # type: ignore[method-assign]
    app = world.app(follow="7K2P")
    async with app.run_test(size=(120, 40)) as pilot:
        board = app.screen
        assert isinstance(board, RunScreen)  # noqa: S101  # else another screen is timed
        gc.collect()
        gc.freeze()  # as the wizard does in its own process; the events are none of its own
        for at in range(_PAINTS):
            first = len(events) // 2 + at * per_paint
            progress = progress.after_all(events[first : first + per_paint])
            await news.put(progress)
            await pilot.pause()
            began = time.process_time()
            await board._tick()  # noqa: SLF001  # what the clock calls twice a second
            await pilot.pause()
            took.append(time.process_time() - began)
    gc.unfreeze()
    return sorted(took)


def _on_screen(journal: Path) -> tuple[float, int]:
    """Seconds until the screen has followed a journal to its end, and the most memory of its process."""
    took = measured(python("bench.ten_thousand", "screen", str(journal)), b"")
    return took.seconds, took.peak


async def _screen(journal: Path) -> None:
    """The wizard, from the first event of a run to its finish."""
    from tests.wizard.world import World, settled  # noqa: PLC0415  # as above

    def updates(run: str) -> AsyncIterator[RunUpdate]:
        del run
        return follow(journal)

    world = World()
    world.follow = updates  # type: ignore[method-assign]
    app = world.app(follow="7K2P")
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.session.progress.is_finished:
            await pilot.pause(0.1)
        await settled(pilot)


# -- the figure --------------------------------------------------------------------------------------------------------


def figure() -> str:
    """A line for each piece, one for the run's process, one for the board."""
    pieces = _Pieces()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for many in SIZES:
            _pieces(pieces, many, folder)
        runs = [_performed(many, folder) for many in SIZES]
        screens = [_on_screen(RunFolder(folder / f"{many}").journal) for many in SIZES]
    lines = [f"{SIZES[-1]:,} indices, and fewer, on values", *pieces.lines()]
    for many, (seconds, peak, size) in zip(SIZES, runs, strict=True):
        lines.append(
            f"  the process of a run of {many:,}: {seconds:.1f} s, {seconds / many * 1000:.1f} ms an index; at most "
            f"{peak / 1024**2:.0f} MiB (bar: {_MEMORY_BAR / 1024**2:.0f}); its journal {size / 1e6:.1f} MB"
        )
    for many, (seconds, peak) in zip(SIZES, screens, strict=True):
        lines.append(
            f"  the wizard from the first event of a run of {many:,} to its finish: {seconds:.1f} s, at most "
            f"{peak / 1024**2:.0f} MiB"
        )
    for many in SIZES:
        took = asyncio.run(_paints(many))
        lines.append(
            f"  {_PAINTS} paints of the board of {many:,}: median {statistics.median(took) * 1000:.1f} ms of the "
            f"processor, p99 {took[int(_PAINTS * 0.99)] * 1000:.1f} ms (bar: {_PAINT_BAR})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(asyncio.run(_screen(Path(sys.argv[2]))) if sys.argv[1] == "screen" else _process(sys.argv[1]))
