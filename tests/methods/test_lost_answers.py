"""Whole migrations in which the answer to a change is lost, rewritten, or the request sent twice by something between.

Nothing is left changed, nothing is taken for undone that is not, and an index that the run has made is known again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.engine.cleanup import settle_run
from esmigrate_tui.engine.folders import make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.model.event import LedgerChanged, RunOutcome
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause
from tests.broken_line import Answer, Break, Told
from tests.methods.copying import fill, make, numbered, settings
from tests.methods.migrating import migrated, planned
from tests.methods.test_copy_faults import way

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.plan import Plan
    from tests.broken_line import Asked, Fault
    from tests.fixtures_nodes import SharedNodes
    from tests.methods.test_copy_faults import Way

pytestmark = pytest.mark.nodes

EXISTS: Final = json.dumps(
    {
        "error": {
            "type": "resource_already_exists_exception",
            "reason": "index [la/x] already exists",
            "root_cause": [{"type": "resource_already_exists_exception", "reason": "index [la/x] already exists"}],
        },
        "status": 400,
    }
).encode()
OLD, NEW = "6.8.23", "7.17.28"
AMOUNT: Final = 50


async def planned_copy(between: Way, name: str, **changes: Any) -> Plan:  # noqa: ANN401  # fields of a plan
    source = between.beside.source
    assert source is not None
    fields = {"_doc": {"properties": {"n": {"type": "long"}}}}
    wanted = settings(1, refresh_interval="7s", number_of_replicas=0)
    await make(source, name, {"settings": wanted, "mappings": fields})
    await fill(source, name, numbered(AMOUNT))
    return await planned(between.clusters, between.draft, name, **changes)


async def cleared(between: Way, name: str) -> None:
    assert between.beside.source is not None
    await between.beside.source.changes.delete_index(name)
    if await between.beside.destination.indices.existing([name]):
        await between.beside.destination.changes.delete_index(name)


@pytest.mark.parametrize(
    "fault",
    [Told(400, EXISTS), Told(200, b"{}"), Told(200, b""), Told(502, b"<html>", "text/html"), Break.AFTER, Break.CUT],
    ids=["sent twice", "nothing said", "empty", "a gateway's page", "lost", "cut short"],
)
async def test_an_index_whose_making_was_obeyed_and_not_answered_is_known_again(
    nodes: SharedNodes, tmp_path: Path, fault: Fault
) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        plan = await planned_copy(between, "la-made")
        between.destination.breaks(fault, "PUT /la-made", 1)
        run = await migrated(plan, between.clusters, tmp_path)
        count = await between.beside.destination.searches.count("la-made")
        await cleared(between, "la-made")
    assert len(between.destination.met) == 1
    assert (run.outcome, count) == (RunOutcome.VERIFIED, AMOUNT)
    made = next(entry for entry in run.progress.ledger if entry.made_by.makes_index)
    assert made.index_uuid
    assert made.state in {EntryState.MADE, EntryState.KEPT}


async def test_an_index_that_somebody_else_makes_in_that_moment_is_not_taken_for_the_runs_own(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        plan = await planned_copy(between, "la-theirs")

        async def judge(asked: Asked) -> Fault | None:
            if asked.what == "PUT /la-theirs":
                theirs = {"settings": {"number_of_shards": 1, "number_of_replicas": 0}}
                await between.beside.destination.changes.create_index("la-theirs", json.dumps(theirs))
            return None

        between.destination.judge = judge
        run = await migrated(plan, between.clusters, tmp_path)
        theirs = await between.beside.destination.indices.settings_of("la-theirs")
        count = await between.beside.destination.searches.count("la-theirs")
        await cleared(between, "la-theirs")
    assert run.outcome is not RunOutcome.VERIFIED
    assert "index.refresh_interval" not in theirs
    assert count == 0
    assert run.progress.open_ledger == ()


@pytest.mark.parametrize(
    "fault",
    [Answer(200, b"{}"), Answer(200, b""), Answer(200, b"<html>", "text/html"), Answer(200, b'{"acknowledged":false}')],
    ids=["nothing said", "empty", "a page", "not acknowledged"],
)
async def test_a_setting_that_was_never_reverted_stays_on_the_list_and_cleanup_reverts_it(
    nodes: SharedNodes, tmp_path: Path, fault: Answer
) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        plan = await planned_copy(between, "la-back", patience=60)
        folder = make_folder(plan, tmp_path, lambda: "7K2P")
        tuned = False

        async def judge(asked: Asked) -> Fault | None:
            nonlocal tuned
            if asked.what != "PUT /la-back/_settings":
                return None
            was_tuned, tuned = tuned, True
            return fault if was_tuned else None

        between.destination.judge = judge
        run = await migrated(plan, between.clusters, folder.path, factor=100.0)
        left = await between.beside.destination.indices.settings_of("la-back")
        between.destination.judge = None

        class Opened:
            def __init__(self, *_: object) -> None:
                pass

            async def __aenter__(self) -> Any:  # noqa: ANN401  # the clusters
                return between.clusters

            async def __aexit__(self, *_: object) -> None:
                pass

        still_open = await settle_run(folder, {}, open_clusters=Opened)
        after = await between.beside.destination.indices.settings_of("la-back")
        await cleared(between, "la-back")
    assert left["index.refresh_interval"] == "-1"
    assert [entry.state for entry in run.progress.open_ledger] == [EntryState.NOT_UNDONE]
    assert "did not confirm that this was done" in run.progress.open_ledger[0].trouble
    assert run.progress.exit_code() is ExitCode.INCOMPLETE
    assert still_open == ()
    assert after["index.refresh_interval"] == "7s"


async def test_a_revert_that_was_obeyed_and_answered_with_nothing_is_seen_and_counts(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        plan = await planned_copy(between, "la-seen")
        between.destination.breaks(Told(200, b"{}"), "PUT /la-seen/_settings", 1, 2)
        run = await migrated(plan, between.clusters, tmp_path)
        after = await between.beside.destination.indices.settings_of("la-seen")
        await cleared(between, "la-seen")
    assert len(between.destination.met) == 2
    assert (run.outcome, run.progress.open_ledger) == (RunOutcome.VERIFIED, ())
    assert after["index.refresh_interval"] == "7s"


async def test_an_index_that_was_made_anew_between_two_processes_is_neither_filled_nor_changed(
    nodes: SharedNodes, tmp_path: Path
) -> None:
    theirs = {"settings": {"number_of_replicas": 0, "refresh_interval": "3s"}}
    async with way(await nodes.get(OLD), await nodes.get(NEW)) as between:
        plan = await planned_copy(between, "la-anew")
        folder = make_folder(plan, tmp_path, lambda: "7K2P")
        between.destination.breaks(Answer(403, b'{"error":{"type":"security_exception","reason":"no"}}'), "_bulk", 1)
        first = await migrated(plan, between.clusters, folder.path)
        async with await Journal.create(folder.journal) as journal:  # as a process leaves it that was killed
            for entry in first.progress.ledger:
                if entry.undo is not None:
                    again = msgspec.structs.replace(entry, state=EntryState.MADE)
                    await journal.append(LedgerChanged(at=1.0, entry=again))
        await between.beside.destination.changes.delete_index("la-anew")
        await between.beside.destination.changes.create_index("la-anew", json.dumps(theirs))
        second = await migrated(plan, between.clusters, folder.path)
        after = await between.beside.destination.indices.settings_of("la-anew")
        count = await between.beside.destination.searches.count("la-anew")
        await cleared(between, "la-anew")
    assert second.outcome is not RunOutcome.VERIFIED
    assert (after["index.refresh_interval"], after["index.number_of_replicas"], count) == ("3s", "0", 0)
    assert second.progress.open_ledger == ()
    assert any("another one has its name" in entry.trouble for entry in second.progress.ledger)
    assert second.progress.tasks[0].problem is not None
    assert second.progress.tasks[0].problem.cause is Cause.STATE
