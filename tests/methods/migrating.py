"""A whole migration by the engine, and what must hold of it whatever happened: nothing lost, doubled or left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.run import perform
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.event import Event, Noted, RunOutcome, TaskAdvanced, WaitBegan
from esmigrate_tui.model.progress import Progress, TaskState
from esmigrate_tui.preflight import gather_facts
from tests.engine.tiny import Fast
from tests.whole import assert_unharmed, planned_settings, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Methods, Mover
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.model.problem import Cause
    from tests.whole import Before


async def planned(
    clusters: Clusters,
    draft: Draft,
    *names: str,
    create: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401  # fields of a plan
) -> Plan:
    """The plan for some indices, the targets gone from the destination; `create` is what makes them there.

    `changes` are fields of the plan.
    """
    assert clusters.source is not None
    assert draft.method is not None
    method = METHODS[draft.method]
    draft, _ = await gather_facts(draft, clusters)
    draft = draft.answered(selected=names, definitions=await clusters.source.indices.definitions(names))
    plan = method.plan(draft, "2026-01-01T00:00:00Z")
    for name in await clusters.destination.indices.existing(names):
        await clusters.destination.changes.delete_index(name)
    if create is not None:
        body = json.dumps(create)
        changes["tasks"] = tuple(msgspec.structs.replace(task, create=body) for task in plan.tasks)
    return msgspec.structs.replace(plan, **{"patience": 36_000, **changes})


def of_unknown_size(plan: Plan) -> Plan:
    """The same plan of indices whose size is not known: they are switched off while they fill, as large ones are."""
    tasks = tuple(msgspec.structs.replace(task, size=None) for task in plan.tasks)
    return msgspec.structs.replace(plan, tasks=tasks)


@dataclass(frozen=True)
class Ended:
    """A run at its end: what it came to, what it told, and the lines of its rejects file."""

    outcome: RunOutcome | None
    progress: Progress
    events: tuple[Event, ...]
    rejects: tuple[dict[str, Any], ...]

    @property
    def waits(self) -> frozenset[Cause]:
        """What it has waited for."""
        return frozenset(event.problem.cause for event in self.events if isinstance(event, WaitBegan))

    @property
    def notes(self) -> str:
        """All that it found worth telling."""
        told = [event.text for event in self.events if isinstance(event, Noted)]
        told += [event.moved.note for event in self.events if isinstance(event, TaskAdvanced)]
        return "; ".join(filter(None, told))


class Handed(NamedTuple):
    """A method of which the engine gets this mover."""

    mover: Callable[[], Mover]


async def migrated(
    plan: Plan, clusters: Clusters, folder: Path, *, factor: float = 10.0, methods: Methods = METHODS
) -> Ended:
    """Perform a plan to its end, by the real engine; its waits are shorter by that factor."""
    fast = Fast(factor)
    async with await Journal.create(folder / "journal") as journal:
        outcome = await perform(
            plan,
            clusters,
            journal,
            methods,
            clock=fast.clock,
            sleep=fast.sleep,
            run_id="7K2P",
            random=lambda: 0.5,
        )
    return await ended(folder, outcome)


async def ended(folder: Path, outcome: RunOutcome | None = None) -> Ended:
    """What a run's folder says of it."""
    async with Journal.open(folder / "journal") as journal:
        events = tuple(event for _, event in await journal.read(limit=100_000))
        progress = await journal.progress()
    lines = (folder / "rejects.ndjson").read_text().splitlines()
    return Ended(outcome or progress.outcome, progress, events, tuple(json.loads(line) for line in lines))


async def assert_nothing_lost_or_doubled(
    seen: Before, clusters: Clusters, task: Task, run: Ended, refused: Collection[str] = ()
) -> None:
    """All of it: each document byte for byte, the refused ones, the settings, the ledger, both clusters, the verdict.

    `seen` are both sides before the run.
    """
    assert seen.source is not None
    before = seen.source.indices[task.source_index]
    there = await whole(clusters.destination, task.destination_index)
    row = run.progress.task(task.number)
    rejects = [reject for reject in run.rejects if reject["index"] == task.destination_index]
    accepted = tuple(document for document in before.documents if document[0] not in refused)
    assert before.scrolls == 0
    assert len(before.documents) == before.count
    assert [(name, routing) for name, routing, _ in there.documents] == [(name, to) for name, to, _ in accepted]
    assert there.documents == accepted
    assert there.count == len(accepted)
    assert sorted(reject["id"] for reject in rejects) == sorted(refused)
    assert all(reject["reason"] and reject["status"] for reject in rejects)
    assert not run.progress.open_ledger
    assert row.state is (TaskState.WITH_REJECTS if refused else TaskState.VERIFIED)
    assert (row.done, row.refused, row.collided) == (before.count, len(refused), 0)
    await assert_unharmed(seen, clusters, {task.destination_index: planned_settings(task)})
