"""What stands beside the indices, made at the end of a run: when, never over another, and again after a death.

The method is one in memory; what is made, is made on a real node.
"""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.definitions import carried as found
from esmigrate_tui.engine.folders import make_folder
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.ledger import Ledger, LedgerClusters
from esmigrate_tui.engine.listing import all_runs
from esmigrate_tui.engine.run import perform, started
from esmigrate_tui.engine.starting import newest_event_to_resume
from esmigrate_tui.methods.definitions_beside import decided, decided_before
from esmigrate_tui.model.carried import (
    CarriedDefinition,
    CarryOutcome,
    DefinitionKind,
    NameConflict,
    StoredDefinition,
    amounts,
)
from esmigrate_tui.model.command import StopRun
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Credential, Side, SignIn, parse_address
from esmigrate_tui.model.event import CarriedOver, LedgerChanged, RunFinished, RunOutcome, TaskFinished
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.broken_line import Answer, Line
from tests.by_hand import performed
from tests.engine.tiny import Fast, Tiny, plan_of, trouble
from tests.journeys.mortal import Way, performer
from tests.methods.copying import fill, joined, make, numbered, settings
from tests.methods.migrating import planned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.progress import Progress
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

TEMPLATE: Final = CarriedDefinition(
    kind=DefinitionKind.TEMPLATE, name="co-logs", body='{"index_patterns":["co-logs-*"],"priority":7}'
)
PIPELINE: Final = CarriedDefinition(
    kind=DefinitionKind.PIPELINE, name="co-empty", body='{"description":"none","processors":[]}'
)
OTHER: Final = {"description": "somebody else's", "processors": []}


# -- decided ---------------------------------------------------------------------------------------------------------


def an_entry(state: EntryState, trouble: str = "") -> LedgerEntry:
    change = PIPELINE.change()
    return LedgerEntry(
        number=1, side=change.side, what=change.what, made_by=change.made_by, state=state, trouble=trouble
    )


def told(body: dict[str, Any]) -> StoredDefinition:
    return StoredDefinition(kind=DefinitionKind.PIPELINE, name="co-empty", body=body)


@pytest.mark.parametrize(
    ("there", "state", "fate"),
    [
        (None, None, None),
        (None, EntryState.INTENDED, None),
        (None, EntryState.UNDONE, None),
        (OTHER, None, CarryOutcome.LEFT),
        (OTHER, EntryState.INTENDED, CarryOutcome.LEFT),
        (json.loads(PIPELINE.body), None, CarryOutcome.SAME),
        (json.loads(PIPELINE.body), EntryState.UNDONE, CarryOutcome.SAME),
        (json.loads(PIPELINE.body), EntryState.INTENDED, None),
        (None, EntryState.MADE, CarryOutcome.MADE),
        (OTHER, EntryState.MADE, CarryOutcome.MADE),
        (OTHER, EntryState.KEPT, CarryOutcome.MADE),
    ],
)
def test_what_is_there_is_left_and_what_an_earlier_process_made_is_known(
    there: dict[str, Any] | None, state: EntryState | None, fate: CarryOutcome | None
) -> None:
    entry = None if state is None else an_entry(state)
    assert decided(PIPELINE, None if there is None else told(there), entry) is fate


@pytest.mark.parametrize(
    ("there", "fate"),
    [(None, None), (json.loads(PIPELINE.body), None), (OTHER, CarryOutcome.LEFT)],
    ids=["none", "it", "other"],
)
def test_what_stays_after_a_lost_answer_is_never_called_made_unseen(
    there: dict[str, Any] | None, fate: CarryOutcome | None
) -> None:
    entry = an_entry(EntryState.KEPT, "Whether it was made is not known.")
    assert decided(PIPELINE, None if there is None else told(there), entry) is fate


def test_what_the_plan_has_found_in_the_way_is_never_made() -> None:
    found = {one: decided_before(msgspec.structs.replace(PIPELINE, conflict=one)) for one in NameConflict}
    assert found == {
        NameConflict.NONE: None,
        NameConflict.SAME: CarryOutcome.SAME,
        NameConflict.OTHER: CarryOutcome.LEFT,
        NameConflict.REFUSED: CarryOutcome.UNFIT,
    }


def test_amounts_are_told_in_the_order_in_which_they_are_made() -> None:
    kinds = (DefinitionKind.LEGACY, DefinitionKind.POLICY, DefinitionKind.TEMPLATE, DefinitionKind.POLICY)
    assert amounts(kinds) == "2 lifecycle policies, 1 index template and 1 legacy template"


def carried_and_ended(fate: CarryOutcome) -> tuple[Any, ...]:
    """A run that was verified, and came to this with one definition."""
    told = CarriedOver(at=1.0, kind=DefinitionKind.PIPELINE, name="co-empty", fate=fate)
    return (started(plan_of(1), "7K2P", 0.0), told, RunFinished(at=2.0, outcome=RunOutcome.VERIFIED))


@pytest.mark.parametrize(
    ("fate", "can_go_on"), [(CarryOutcome.REFUSED, True), (CarryOutcome.NOT_YET, True), (CarryOutcome.MADE, False)]
)
async def test_a_verified_run_is_taken_up_for_what_was_not_made_and_for_nothing_else(
    tmp_path: Path, fate: CarryOutcome, *, can_go_on: bool
) -> None:
    folder = make_folder(plan_of(1), tmp_path, lambda: "7K2P")
    async with await Journal.create(folder.journal) as journal:
        await journal.append_all(list(carried_and_ended(fate)))
    [summary] = await all_runs(tmp_path)
    assert summary.can_be_resumed is can_go_on
    with nullcontext() if can_go_on else pytest.raises(ProblemError, match="everything was verified"):
        await newest_event_to_resume(folder)


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"'])
def test_a_body_that_was_corrected_into_no_json_is_named_before_anything_moves(body: str) -> None:
    plan = msgspec.structs.replace(plan_of(1), carried=(msgspec.structs.replace(PIPELINE, body=body),))
    with pytest.raises(ProblemError, match="The body of the ingest pipeline co-empty in the plan is not a JSON object"):
        Plan.from_toml(plan.to_toml())


# -- performed -------------------------------------------------------------------------------------------------------


@dataclass
class Bench:
    """A run of a method in memory, on a real destination."""

    folder: Path
    plan: Plan
    destination: Cluster
    tiny: Tiny

    async def run(self, ending: asyncio.Event | None = None) -> Progress:
        fast = Fast()
        async with await Journal.create(self.folder / "journal") as journal:
            await perform(
                self.plan,
                Clusters(destination=self.destination, source=None),
                journal,
                {MethodName.REINDEX_FROM_REMOTE: self.tiny},
                clock=fast.clock,
                sleep=fast.sleep,
                run_id="7K2P",
                random=lambda: 0.5,
                ending=ending,
            )
            return await journal.progress()

    async def events(self) -> list[Any]:
        async with Journal.open(self.folder / "journal") as journal:
            return [event for _, event in await journal.read(limit=10_000)]


def signed(node: SandboxNode) -> Credential:
    return Credential(sign_in=SignIn.PASSWORD, user=node.user or "", secret=node.password or "")


def address(node: SandboxNode) -> Connection:
    return Connection(endpoint=parse_address(node.url)[0], sign_in=SignIn.PASSWORD, user=node.user or "")


async def sent(cluster: Cluster, path: str) -> dict[str, Any] | None:
    """What the node has there; None for nothing."""
    response = await cluster.wire.exchange("GET", path, accepted=frozenset({404}))
    status, body = response.status, response.body
    return None if status == 404 else dict(json.loads(body))


async def take_away(cluster: Cluster) -> None:
    for one in await found(cluster.wire, (DefinitionKind.TEMPLATE, DefinitionKind.PIPELINE)):
        if one.name.startswith("co-"):
            await performed(cluster, Request(method="DELETE", path=f"{one.kind.path}/{one.name}"))


@pytest.fixture
async def bench(nodes: SharedNodes, tmp_path: Path) -> AsyncIterator[Bench]:
    node = await nodes.get("7.17.28")
    plan = msgspec.structs.replace(plan_of(20, 20), carried=(PIPELINE, TEMPLATE))
    async with await connect(address(node), signed(node)) as cluster:
        await take_away(cluster)
        yield Bench(tmp_path, plan, cluster, Tiny(plan))
        await take_away(cluster)


def outcomes_of(progress: Progress) -> dict[str, CarryOutcome]:
    return {one.name: one.fate for one in progress.carried}


@pytest.mark.nodes
async def test_they_are_made_once_every_index_is_there_and_stay(bench: Bench) -> None:
    progress = await bench.run()
    kinds = [type(event) for event in await bench.events()]
    each = [LedgerChanged, LedgerChanged, CarriedOver]
    assert kinds[-9:] == [*each, *each, LedgerChanged, LedgerChanged, RunFinished]
    assert kinds.count(TaskFinished) == 2
    assert outcomes_of(progress) == {"co-empty": CarryOutcome.MADE, "co-logs": CarryOutcome.MADE}
    assert [entry.state for entry in progress.ledger] == [EntryState.KEPT, EntryState.KEPT]
    assert (progress.outcome, progress.exit_code()) == (RunOutcome.VERIFIED, ExitCode.DONE)
    assert await sent(bench.destination, "/_ingest/pipeline/co-empty") == {"co-empty": json.loads(PIPELINE.body)}
    assert await sent(bench.destination, "/_index_template/co-logs") is not None


@pytest.mark.nodes
async def test_another_that_came_since_the_plan_stays_as_it_is(bench: Bench) -> None:
    await performed(
        bench.destination,
        Request(method="PUT", path="/_ingest/pipeline/co-empty", body=json.dumps(OTHER)),
    )
    progress = await bench.run()
    assert outcomes_of(progress) == {"co-empty": CarryOutcome.LEFT, "co-logs": CarryOutcome.MADE}
    assert await sent(bench.destination, "/_ingest/pipeline/co-empty") == {"co-empty": OTHER}
    assert progress.exit_code() is ExitCode.DONE


@pytest.mark.nodes
async def test_one_that_is_refused_ends_nothing_and_is_made_when_the_run_is_taken_up(bench: Bench) -> None:
    twin = Request(method="PUT", path="/_index_template/co-twin", body=TEMPLATE.body)
    await performed(bench.destination, twin)
    refused = await bench.run()
    [lacking] = refused.not_carried
    assert outcomes_of(refused) == {"co-empty": CarryOutcome.MADE, "co-logs": CarryOutcome.REFUSED}
    assert (refused.outcome, refused.exit_code()) == (RunOutcome.VERIFIED, ExitCode.INCOMPLETE)
    assert "co-twin" in lacking.words
    await performed(bench.destination, Request(method="DELETE", path="/_index_template/co-twin"))
    made = await bench.run()
    assert outcomes_of(made) == {"co-empty": CarryOutcome.MADE, "co-logs": CarryOutcome.MADE}
    assert made.exit_code() is ExitCode.DONE
    assert [call for call in bench.tiny.calls if call[0] == "prepare"] == [("prepare", 1), ("prepare", 2)]


@pytest.mark.nodes
async def test_nothing_is_made_before_every_index_is_there(bench: Bench) -> None:
    bench.tiny.preparing = {1: [trouble(Cause.REFUSED)]}
    failed = await bench.run()
    assert outcomes_of(failed) == {"co-empty": CarryOutcome.NOT_YET, "co-logs": CarryOutcome.NOT_YET}
    assert "esmigrate resume 7K2P" in failed.not_carried[0].words
    assert failed.ledger == ()
    assert await sent(bench.destination, "/_index_template/co-logs") is None
    whole = await bench.run()
    assert outcomes_of(whole) == {"co-empty": CarryOutcome.MADE, "co-logs": CarryOutcome.MADE}
    assert whole.exit_code() is ExitCode.DONE


@pytest.mark.nodes
async def test_a_run_that_is_stopped_makes_nothing(bench: Bench) -> None:
    bench.plan = msgspec.structs.replace(plan_of(200_000), carried=(PIPELINE, TEMPLATE))
    bench.tiny = Tiny(bench.plan)
    async with await Journal.create(bench.folder / "journal") as journal:
        await journal.command(StopRun())
    progress = await bench.run()
    assert progress.outcome is RunOutcome.STOPPED
    assert outcomes_of(progress) == {"co-empty": CarryOutcome.NOT_YET, "co-logs": CarryOutcome.NOT_YET}
    assert await sent(bench.destination, "/_ingest/pipeline/co-empty") is None


@pytest.mark.nodes
async def test_one_whose_answer_was_lost_before_an_earlier_end_is_made_and_not_taken_for_made(bench: Bench) -> None:
    begun = an_entry(EntryState.INTENDED)
    left = CarriedOver(at=1.0, kind=DefinitionKind.PIPELINE, name="co-empty", fate=CarryOutcome.NOT_YET)
    async with await Journal.create(bench.folder / "journal") as journal:
        await journal.append_all([started(bench.plan, "7K2P", 0.0), LedgerChanged(at=1.0, entry=begun)])
        clusters = Clusters(destination=bench.destination, source=None)
        known = (await journal.progress()).ledger
        await Ledger(LedgerClusters(clusters), journal.append, lambda: 1.0, known).settle()
        await journal.append_all([left, RunFinished(at=2.0, outcome=RunOutcome.INCOMPLETE)])
    progress = await bench.run()
    assert outcomes_of(progress) == {"co-empty": CarryOutcome.MADE, "co-logs": CarryOutcome.MADE}
    assert await sent(bench.destination, "/_ingest/pipeline/co-empty") == {"co-empty": json.loads(PIPELINE.body)}
    assert {entry.trouble for entry in progress.ledger} == {""}


async def test_a_destination_that_stays_away_is_waited_for_and_then_left(tmp_path: Path) -> None:
    plan = msgspec.structs.replace(plan_of(20), carried=(PIPELINE, TEMPLATE))
    nowhere = Connection(endpoint=parse_address("http://127.0.0.1:9")[0])
    async with await connect(nowhere, NO_CREDENTIAL) as cluster:
        progress = await Bench(tmp_path, plan, cluster, Tiny(plan)).run()
    waiting = [one.text for one in progress.notable if one.text.startswith("waiting")]
    assert waiting == ["waiting to make the ingest pipeline co-empty: Nothing listens at 127.0.0.1:9."]
    assert outcomes_of(progress) == {"co-empty": CarryOutcome.NOT_YET, "co-logs": CarryOutcome.NOT_YET}
    assert progress.outcome is RunOutcome.VERIFIED


async def test_a_process_that_is_told_to_end_says_how_much_is_not_made_yet(tmp_path: Path) -> None:
    plan = msgspec.structs.replace(plan_of(20), carried=(PIPELINE, TEMPLATE))
    nowhere = Connection(endpoint=parse_address("http://127.0.0.1:9")[0])
    ending = asyncio.Event()
    ending.set()
    async with await connect(nowhere, NO_CREDENTIAL) as cluster:
        progress = await Bench(tmp_path, plan, cluster, Tiny(plan)).run(ending)
    assert progress.outcome is None
    assert progress.notable[-1].text.endswith("1 task not done yet; 2 definitions not made yet: resume the run")


@pytest.mark.nodes
async def test_an_answer_that_is_none_of_elasticsearch_is_told_as_that(nodes: SharedNodes) -> None:
    async with (
        Line(await nodes.get("7.17.28")) as line,
        await connect(address(line.node), signed(line.node)) as cluster,
    ):
        line.breaks(Answer(200, b"<html>", "text/html"), "GET /_ingest/pipeline", 1)
        with pytest.raises(ProblemError) as caught:
            await found(cluster.wire, (DefinitionKind.PIPELINE,))
    assert caught.value.problem.cause is Cause.NOT_ELASTICSEARCH


# -- killed ----------------------------------------------------------------------------------------------------------


def named(plan: Plan, prefix: str) -> Plan:
    """The plan with a target and definitions of its own."""
    [task] = plan.tasks
    carried = (
        msgspec.structs.replace(PIPELINE, name=prefix),
        msgspec.structs.replace(TEMPLATE, name=prefix, body=TEMPLATE.body.replace("co-logs", prefix)),
    )
    return msgspec.structs.replace(
        plan, carried=carried, tasks=(msgspec.structs.replace(task, destination_index=prefix),)
    )


@pytest.mark.nodes
async def test_a_run_that_dies_while_it_makes_them_makes_each_once(nodes: SharedNodes, tmp_path: Path) -> None:
    old, new = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    credentials = msgspec.msgpack.encode({Side.SOURCE: signed(old), Side.DESTINATION: signed(new)})
    async with joined(old, new) as (clusters, draft), performer() as perform_one:
        assert clusters.source is not None
        await make(clusters.source, "co-one", {"settings": settings(1)})
        await fill(clusters.source, "co-one", numbered(5))
        plan = await planned(clusters, draft, "co-one")

        async def dying(way: Way, number: int) -> tuple[int, Progress, list[type]]:
            """How the process ended, and what the run came to when it was taken up."""
            prefix = f"co-{way or 'whole'}-{number}"
            folder = make_folder(named(plan, prefix), tmp_path, lambda: f"{len(way)}{number:03}")
            code = await perform_one(folder, credentials, way, number)
            if code:
                await newest_event_to_resume(folder)
                assert await perform_one(folder, credentials, "", 0) == ExitCode.DONE, folder.log.read_text()
            async with Journal.open(folder.journal) as journal:
                kinds = [type(event) for _, event in await journal.read(limit=10_000)]
                progress = await journal.progress()
            await clusters.destination.changes.delete_index(prefix)
            return code, progress, kinds

        _, whole, kinds = await dying("", 0)
        # The first write makes the journal's tables: the first change is written down with the third after this one.
        intended = kinds.index(TaskFinished) + 3
        deaths: list[tuple[Way, int]] = [("before", intended + at) for at in (1, 2, 4, 5, 6)]
        deaths += [("after", intended), ("after", intended + 3)]
        ends = {death: await dying(*death) for death in deaths}
        told = await found(clusters.destination.wire, (DefinitionKind.PIPELINE, DefinitionKind.TEMPLATE))
        there = [one.name for one in told if one.name.startswith("co-")]
        await take_away(clusters.destination)
        await clusters.source.changes.delete_index("co-one")
    assert [one.fate for one in whole.carried] == [CarryOutcome.MADE, CarryOutcome.MADE]
    assert len(there) == 2 * (1 + len(deaths))
    for death, (code, progress, _) in ends.items():
        assert code == -signal.SIGKILL, death
        assert [one.fate for one in progress.carried] == [CarryOutcome.MADE, CarryOutcome.MADE], death
        made = [entry for entry in progress.ledger if entry.undo is None and entry.task == 0]
        assert [entry.state for entry in made] == [EntryState.KEPT, EntryState.KEPT], death
