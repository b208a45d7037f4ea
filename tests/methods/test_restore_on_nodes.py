"""Restores on real nodes: what arrives, what is explained, what is left behind."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.snapshots import register_request, unregister_request
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.methods.restore_from_snapshot.state import RestoreState
from esmigrate_tui.model.difference import DifferenceKind
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind, SnapshotState, TakenNameRule
from esmigrate_tui.sandbox.launch import FileUser, NodeOptions
from tests.by_hand import performed
from tests.methods.restoring import SLOW, PlainBook, drained, fill, opened, paired, until, usual, works_of
from tests.whole import before, whole

if TYPE_CHECKING:
    from esmigrate_tui.model.event import Acknowledged
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes


# -- what arrives ------------------------------------------------------------------------------------------------------


async def test_a_restored_index_has_every_document_byte_for_byte_and_every_shard(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 500, shards=3)
        await pair.snapshot(index)
        work = await pair.work(index)
        steps = await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
    assert (compared.source_count, compared.destination_count) == (500, 500)
    assert compared.shards is not None
    assert (compared.shards.arrived, compared.shards.wanted) == (3, 3)
    assert compared.samples is not None
    assert (compared.samples.compared, compared.samples.different) == (20, ())
    assert compared.is_equal
    assert steps[-1].done == steps[-1].total == work.task.size
    assert (steps[-1].parts_done, steps[-1].parts) == (3, 3)


async def test_without_a_source_the_shards_are_the_proof(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 50, shards=2)
        await pair.snapshot(index)
        pair.clusters, source = Clusters(destination=pair.new, source=None), pair.old
        work = await pair.work(index)
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
        pair.clusters = Clusters(destination=pair.new, source=source)
    assert (compared.source_count, compared.destination_count, compared.samples) == (None, 50, None)
    assert compared.is_equal


async def test_a_source_that_cannot_be_asked_any_more_holds_no_proof_up(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 50)
        await pair.snapshot(index)
        work = await pair.work(index)
        await pair.carried_out(work)
        await performed(pair.old, Request(method="POST", path=f"/{index}/_close"))
        closed = await pair.method.compare(work, pair.clusters)
        await pair.old.changes.delete_index(index)
        gone = await pair.method.compare(work, pair.clusters)
    assert (closed.source_count, closed.destination_count, closed.samples) == (None, 50, None)
    assert closed.is_equal
    assert gone == closed


async def test_a_document_that_was_changed_since_the_snapshot_is_found_by_the_samples(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 10)
        await pair.snapshot(index)
        body = '{ "n" : 3.1}'
        await performed(pair.old, Request(method="PUT", path=f"/{index}/book/3?routing=0&refresh=true", body=body))
        work = await pair.work(index)
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
    assert (compared.source_count, compared.destination_count) == (10, 10)
    assert compared.samples is not None
    assert compared.samples.different == ("3",)
    assert not compared.is_equal


async def test_every_document_that_was_changed_since_the_snapshot_is_named_where_that_was_asked_for(
    nodes: SharedNodes,
) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 30)
        await pair.snapshot(index)
        for name in ("3", "later"):
            path = f"/{index}/book/{name}?routing=0&refresh=true"
            await performed(pair.old, Request(method="PUT", path=path, body='{"n":-1}'))
        work = await pair.work(index)
        work = replace(work, plan=msgspec.structs.replace(work.plan, verify=Proof.EVERYTHING))
        await pair.carried_out(work)
        found = await pair.method.compare(work, pair.clusters)
    assert found.compared is not None
    assert {(one.kind, one.id) for one in found.compared.differences} == {
        (DifferenceKind.CONTENT, "3"),
        (DifferenceKind.MISSING, "later"),
    }
    assert not found.is_equal


async def test_an_index_is_restored_under_another_name_and_without_its_aliases(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20)
        other = await pair.fill("books2", 5)
        await pair.snapshot(index, other)
        new = pair.index("a$1-novels")
        work = await pair.work(index, renamed={index: new}, restoration={"aliases": False})
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
        there = await pair.new.indices.existing([index, other, new, f"{index}-alias"])
    assert compared.is_equal
    assert compared.samples is not None
    assert compared.samples.compared == 20
    assert there == {new: "index"}


async def test_settings_are_overridden(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20)
        await pair.snapshot(index)
        work = await pair.work(index, restoration={"index_settings": {"index.number_of_replicas": 2}})
        await pair.carried_out(work)
        settings = await pair.new.indices.settings_of(index)
    assert settings["index.number_of_replicas"] == "2"


async def test_many_small_indices_need_few_restores_and_few_looks(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        names = [await pair.fill(f"many-{number:02}", 2) for number in range(24)]
        await pair.snapshot(*names)
        works = await pair.works(await pair.draft(*names))
        pair.asked.clear()
        steps = await asyncio.gather(*(pair.carried_out(work) for work in works))
        restores = [path for method, path in pair.asked if method == "POST" and path.endswith("_restore")]
        looks = [path for _, path in pair.asked if path.endswith("/_recovery")]
        compared = await asyncio.gather(*(pair.method.compare(work, pair.clusters) for work in works))
    assert all(one.is_equal for one in compared)
    assert len(restores) == 1
    assert len(looks) <= max(map(len, steps)) + 2


async def test_only_the_culprit_of_several_restores_fails(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        names = [await pair.fill(f"some-{number}", 2) for number in range(3)]
        await pair.snapshot(*names)
        seen = await before(pair.clusters, *names)
        works = await pair.works(await pair.draft(*names))
        await pair.new.changes.create_index(names[1], "{}")
        ends = await asyncio.gather(*(pair.carried_out(work) for work in works), return_exceptions=True)
        compared = [await pair.method.compare(works[number], pair.clusters) for number in (0, 2)]
        await pair.unharmed(seen, names[0], names[2])
    assert isinstance(ends[1], ProblemError)
    assert ends[1].problem.cause is Cause.EXISTS
    assert all(one.is_equal for one in compared)


# -- what is in the way ------------------------------------------------------------------------------------------------


async def test_an_open_index_in_the_way_is_refused_and_keeps_its_documents(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20)
        await pair.snapshot(index)
        work = await pair.work(index)
        await fill(pair.new, index, 7)
        seen, there = await before(pair.clusters, index), await whole(pair.new, index)
        refused = await pair.trouble(work)
        await pair.method.stop(work, pair.clusters, "")
        await pair.unharmed(seen)
        kept = await whole(pair.new, index)
    assert refused.cause is Cause.EXISTS
    assert kept == there
    assert kept.count == 7


@pytest.mark.parametrize("way", list(TakenNameRule))
async def test_an_index_in_the_way_is_closed_or_deleted_when_the_task_says_so(
    nodes: SharedNodes, way: TakenNameRule
) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20)
        await pair.snapshot(index)
        await fill(pair.new, index, 7)
        work = await pair.work(index, in_the_way={index: way})
        book = PlainBook(pair.clusters)
        await pair.method.prepare(work, pair.clusters, book)
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
        for _, undo in book.made:
            if undo is not None:
                await performed(pair.new, undo)
        documents = await pair.new.searches.count(index)
    assert compared.is_equal
    assert documents == 20
    assert [made.method for made, _ in book.made] == ["POST" if way is TakenNameRule.CLOSE else "DELETE"]


async def test_what_was_closed_can_be_opened_again_when_its_restore_was_refused(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 20, shards=2)
        await pair.snapshot(index)
        await fill(pair.new, index, 7)  # one shard: a restore of two cannot go over it
        seen, there = await before(pair.clusters, index), await whole(pair.new, index)
        work = await pair.work(index, in_the_way={index: TakenNameRule.CLOSE})
        book = PlainBook(pair.clusters)
        await pair.method.prepare(work, pair.clusters, book)
        await pair.trouble(work)
        await pair.method.stop(work, pair.clusters, "")
        _, undo = book.made[0]
        assert undo is not None
        await performed(pair.new, undo)
        await asyncio.sleep(1)
        await pair.unharmed(seen)
        kept = await whole(pair.new, index)
    assert kept == there
    assert kept.count == 7


async def test_preparing_again_leaves_a_restore_alone_that_is_under_way(nodes: SharedNodes) -> None:
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 1_000)
        await pair.snapshot(index)
        await fill(pair.new, index, 7)
        work = await pair.work(index, in_the_way={index: TakenNameRule.DELETE})
        await pair.method.prepare(work, pair.clusters, PlainBook(pair.clusters))
        steps = pair.method.perform(work, pair.clusters, "")
        begun = await anext(steps)
        again = PlainBook(pair.clusters)
        await pair.method.prepare(work, pair.clusters, again)
        await pair.method.stop(work, pair.clusters, begun.token)
    assert again.made == []


# -- what is explained -------------------------------------------------------------------------------------------------


async def test_an_allocation_setting_that_no_node_meets_is_explained_and_helps_when_left_out(
    nodes: SharedNodes,
) -> None:
    async with usual(nodes) as pair:
        setting = "index.routing.allocation.require.box"
        index = await pair.fill("books", 20, shards=2)
        await pair.old.changes.put_settings(index, json.dumps({setting: "hot"}))
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        work = await pair.work(index)
        problem = await pair.trouble(work)
        await pair.method.stop(work, pair.clusters, "")
        await pair.unharmed(seen, gone=[index])
        helped = await pair.work(index, restoration={"ignore_index_settings": (setting,)})
        await pair.carried_out(helped)
        compared = await pair.method.compare(helped, pair.clusters)
        told = await whole(pair.new, index)
    assert seen.source is not None
    assert {**told.settings, setting: "hot"} == seen.source.indices[index].settings
    assert problem.cause is Cause.BUSY
    assert re.fullmatch(rf"[12] of 2 shards of {index} find no node\.", problem.what)  # as many as are judged by then
    assert "index.routing.allocation.require" in problem.why
    assert "box hot" in problem.why
    assert f"Restore it with {setting} among the settings that are left out" in problem.todo
    assert "filter" in problem.evidence
    assert compared.is_equal


async def test_a_setting_that_was_taken_off_by_hand_as_advised_is_not_brought_back(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        setting = "index.routing.allocation.require.box_type"
        index = await pair.fill("boxed", 20)
        await pair.old.changes.put_settings(index, json.dumps({setting: "hot"}))
        await pair.snapshot(index)
        work = await pair.work(index)
        steps: list[Acknowledged] = []
        await pair.trouble(work, into=steps)
        await pair.new.changes.put_settings(index, json.dumps({setting: None}))
        after = await pair.carried_out(work, steps[-1].token)
        compared = await pair.method.compare(work, pair.clusters)
        told = await pair.new.indices.settings_of(index)
    assert compared.is_equal
    assert setting not in told
    assert any(f"without {setting}" in step.note for step in after)


async def test_an_index_whose_analyser_the_destination_lacks_says_which(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        analysis: dict[str, Any] = {"filter": {"s": {"type": "synonym", "synonyms": ["a,b"]}}}
        analysis |= {"analyzer": {"a": {"type": "custom", "tokenizer": "standard", "filter": ["s"]}}}
        index = await pair.fill("worded", 3, settings={"analysis": analysis})
        await pair.snapshot(index)
        work = await pair.work(index)
        problem = await pair.trouble(work)
        await pair.method.stop(work, pair.clusters, "")
    assert problem.cause is Cause.REFUSED
    assert "lacks the filter type synonym" in problem.what


async def test_a_restore_that_was_held_up_goes_on_when_somebody_cures_it(nodes: SharedNodes) -> None:
    async with paired(await nodes.get("6.8.23"), await nodes.fresh("7.17.28")) as pair:
        index = await pair.fill("books", 20)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        enable = Request(
            method="PUT",
            path="/_cluster/settings",
            body='{"transient":{"cluster.routing.allocation.enable":"none"}}',
        )
        await performed(pair.new, enable)
        work = await pair.work(index)
        steps: list[Acknowledged] = []
        first = await pair.trouble(work, into=steps)
        again = await pair.trouble(work, steps[-1].token)
        await performed(pair.new, msgspec.structs.replace(enable, body=enable.body.replace('"none"', "null")))
        after = await pair.carried_out(work, steps[-1].token)
        compared = await pair.method.compare(work, pair.clusters)
        await pair.unharmed(seen, index)
    assert first.cause is again.cause is Cause.BUSY
    assert "place no shards" in first.why
    assert compared.is_equal
    assert len(after) >= 1


async def test_a_file_that_is_missing_in_the_repository_is_told_and_nothing_is_left(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 50)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        place = (await nodes.get("7.17.28")).snapshots / pair.name
        for path in place.glob("indices/*/0/__*"):
            path.unlink()
        work = await pair.work(index)
        problem = await pair.trouble(work)
        await pair.method.stop(work, pair.clusters, "")
        await pair.unharmed(seen, gone=[index])
    assert problem.cause is Cause.REFUSED
    assert f"1 of 1 shard of {index} could not be restored: a file of it is missing in the repository." == problem.what


async def test_a_repository_that_was_taken_away_is_waited_for(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 5)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        work = await pair.work(index)
        await performed(pair.new, unregister_request(pair.name))
        problem = await pair.trouble(work)
        await performed(pair.new, register_request(pair.repository))
        await pair.carried_out(work)
        await pair.unharmed(seen, index)
    assert problem.cause is Cause.BUSY
    assert problem.what == f"The repository {pair.name} is no longer registered on the destination."


async def test_another_snapshot_of_the_same_name_is_not_the_one_of_the_plan(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 5)
        await pair.snapshot(index)
        draft = await pair.draft(index, restoration={"snapshot_uuid": "another"})
        with pytest.raises(ProblemError) as caught:
            await pair.works(draft)
    assert caught.value.problem.cause is Cause.STATE
    assert "is not the one of the plan" in caught.value.problem.what


async def test_the_repository_is_registered_and_taken_away_as_the_plan_says(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 5)
        await pair.snapshot(index)
        draft = await pair.draft(index, restoration={"register": True, "unregister": True})
        await performed(pair.new, unregister_request(pair.name))
        book = PlainBook(pair.clusters)
        plan = pair.method.plan(draft, "2026-01-01T00:00:00Z")
        await pair.method.open(plan, pair.clusters, book)
        await pair.carried_out(works_of(plan, 0, pair.name))
    assert book.made == [(register_request(pair.repository), unregister_request(pair.name))]


async def test_a_run_that_is_taken_up_while_the_repository_is_in_use_goes_on(nodes: SharedNodes) -> None:
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 800)
        await pair.snapshot(index)
        draft = await pair.draft(index, restoration={"register": True, "unregister": True})
        plan = pair.method.plan(draft, "2026-01-01T00:00:00Z")
        work = works_of(plan, 0, pair.name)
        begun = await anext(pair.method.perform(work, pair.clusters, ""))
        await pair.method.open(plan, pair.clusters, PlainBook(pair.clusters))
        there = (await pair.new.snapshots.recoveries([index]))[index]
        await pair.method.stop(work, pair.clusters, begun.token)
    assert not there.is_complete


async def test_the_setting_that_caps_the_speed_is_named_once(nodes: SharedNodes) -> None:
    async with usual(nodes, "30kb") as pair:
        index = await pair.fill("books", 1_500)
        await pair.snapshot(index)
        work = await pair.work(index)
        steps = await pair.carried_out(work)
    notes = [step.note for step in steps if step.note]
    assert notes == [
        f"it is as fast as max_restore_bytes_per_sec of the repository {pair.name} allows: 30.0 KiB a second"
    ]


# -- a snapshot without all shards -------------------------------------------------------------------------------------


async def test_a_part_of_a_partial_snapshot_is_restored_and_never_called_whole(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        whole = await pair.fill("whole", 20)
        setting = {"index.routing.allocation.require.box": "nowhere"}
        broken = await pair.fill("broken", 0, shards=2, settings=setting)
        await pair.snapshot(whole, broken, partial=True)
        free = json.dumps(dict.fromkeys(setting))  # a server waits a minute to refresh an index that is nowhere
        await performed(pair.old, Request(method="PUT", path=f"/{broken}/_settings", body=free))
        snapshot = await pair.new.snapshots.snapshot(pair.name, "snap")
        with pytest.raises(ProblemError) as caught:
            await pair.work(broken)
        good = await pair.work(whole)
        await pair.carried_out(good)
        of_whole = await pair.method.compare(good, pair.clusters)
        wish = {"partial": True, "ignore_index_settings": tuple(setting)}
        work = await pair.work(broken, restoration=wish)
        await pair.carried_out(work)
        of_part = await pair.method.compare(work, pair.clusters)
    assert snapshot.state is SnapshotState.PARTIAL
    assert caught.value.problem.cause is Cause.BLOCKED
    assert of_whole.is_equal
    assert of_part.shards is not None
    assert (of_part.shards.wanted, of_part.shards.arrived) == (2, 0)
    assert not of_part.is_equal


# -- attaching and stopping --------------------------------------------------------------------------------------------


async def test_a_restore_goes_on_without_us_and_is_found_again_with_and_without_a_token(nodes: SharedNodes) -> None:
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 1_000)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        work = await pair.work(index)
        steps = pair.method.perform(work, pair.clusters, "")
        first = await anext(steps)
        await steps.aclose()  # type: ignore[attr-defined]  # it is a generator
        pair.asked.clear()
        pair.method = RestoreFromSnapshot()  # as another process would have it
        found = pair.method.perform(work, pair.clusters, "")
        second = await anext(found)
        await found.aclose()  # type: ignore[attr-defined]  # it is a generator
        last = (await pair.carried_out(work, second.token))[-1]
        compared = await pair.method.compare(work, pair.clusters)
        await pair.unharmed(seen, index)
    assert first.token == second.token == last.token
    assert first.parts_done == second.parts_done == 0
    assert [path for method, path in pair.asked if path.endswith("_restore")] == []
    assert compared.is_equal


@pytest.mark.parametrize("knows_token", [True, False])
async def test_stopping_leaves_no_half_restored_index(nodes: SharedNodes, knows_token: bool) -> None:  # noqa: FBT001  # a parameter of the test
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 1_000)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        work = await pair.work(index)
        steps = pair.method.perform(work, pair.clusters, "")
        first = await anext(steps)
        await pair.method.stop(work, pair.clusters, first.token if knows_token else "")
        await pair.unharmed(seen, gone=[index])
        with pytest.raises(ProblemError) as caught:
            await drained(steps, [])
    assert caught.value.problem.cause is Cause.MISSING


async def test_what_was_stopped_is_restored_from_the_beginning_when_it_is_taken_up(nodes: SharedNodes) -> None:
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 400)
        await pair.snapshot(index)
        seen = await before(pair.clusters, index)
        work = await pair.work(index)
        begun = await anext(pair.method.perform(work, pair.clusters, ""))
        await pair.method.stop(work, pair.clusters, begun.token)
        steps = await pair.carried_out(work, begun.token)
        compared = await pair.method.compare(work, pair.clusters)
        await pair.unharmed(seen, index)
    assert steps[0].token != begun.token
    assert steps[0].note == "its index was missing, so it is restored again"
    assert compared.is_equal


async def test_stopping_never_deletes_an_index_that_is_whole_or_another_one(nodes: SharedNodes) -> None:
    async with usual(nodes, SLOW) as pair:
        index = await pair.fill("books", 5)
        large = await pair.fill("large", 1_000)
        await pair.snapshot(index, large)
        works = await pair.works(await pair.draft(index, large))
        token = (await pair.carried_out(works[0]))[-1].token
        await pair.method.stop(works[0], pair.clusters, token)
        await pair.method.stop(works[0], pair.clusters, "")
        of_another = RestoreState(made={large: "somebody else's"}).as_token()
        steps = pair.method.perform(works[1], pair.clusters, "")
        await anext(steps)
        await pair.method.stop(works[1], pair.clusters, of_another)
        there = await pair.new.indices.existing([index, large])
        await pair.method.stop(works[1], pair.clusters, "")
    assert there == {index: "index", large: "index"}


async def test_an_index_that_was_made_anew_meanwhile_is_not_taken_for_the_restored_one(nodes: SharedNodes) -> None:
    async with usual(nodes) as pair:
        index = await pair.fill("books", 5)
        await pair.snapshot(index)
        work = await pair.work(index)
        token = (await pair.carried_out(work))[-1].token
        await pair.new.changes.delete_index(index)
        await pair.new.changes.create_index(index, "{}")
        problem = await pair.trouble(work, token)
        compared = await pair.method.compare(work, pair.clusters)
    assert problem.cause is Cause.STATE
    assert not compared.is_equal


# -- what is not an index ----------------------------------------------------------------------------------------------


async def test_the_global_state_brings_templates_and_is_proved_by_the_servers_answer(nodes: SharedNodes) -> None:
    async with paired(await nodes.get("6.8.23"), await nodes.fresh("7.17.28")) as pair:
        index = await pair.fill("books", 5)
        template = Request(
            method="PUT",
            path=f"/_template/{pair.name}",
            body='{"index_patterns":["x-*"],"settings":{"number_of_shards":1}}',
        )
        await performed(pair.old, template)
        await pair.snapshot(index, global_state=True)
        await performed(pair.old, Request(method="DELETE", path=f"/_template/{pair.name}"))
        work = await pair.work(restoration={"global_state": True})
        before = await pair.method.compare(work, pair.clusters)
        steps = await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
        templates = await pair.new.wire.get("/_template", dict[str, Any])
        there = await pair.new.indices.existing([index])
    assert work.task.kind is RestoreKind.GLOBAL_STATE
    assert not before.is_equal
    assert compared.is_equal
    assert len(steps) == 1
    assert pair.name in templates
    assert there == {}


async def test_the_tasks_feature_state_goes_from_7_to_8_and_replaces_what_is_there(nodes: SharedNodes) -> None:
    async with paired(await nodes.get("7.17.28"), await nodes.get("8.19.3")) as pair:
        index = pair.index("books")
        await fill(pair.old, index, 5)
        body = {"source": {"index": index}, "dest": {"index": f"{index}-copy"}}
        await pair.old.tasks.start(body, opaque_id=index, requests_per_second=0)
        await until(lambda: pair.old.indices.existing([".tasks"]))
        await pair.snapshot(feature_states=("tasks",))
        works = await pair.works(await pair.draft(feature_states=("tasks",)))
        await pair.carried_out(works[0])
        first = await pair.method.compare(works[0], pair.clusters)
        before = (await pair.new.snapshots.recoveries([".tasks"]))[".tasks"]
        again = (await pair.works(await pair.draft(feature_states=("tasks",))))[0]
        await pair.carried_out(again)
        second = await pair.method.compare(again, pair.clusters)
        after = (await pair.new.snapshots.recoveries([".tasks"]))[".tasks"]
    assert [work.task.kind for work in works] == [RestoreKind.FEATURE_STATE]
    assert first.is_equal
    assert second.is_equal
    assert first.destination_count
    assert again.task.in_the_way == {".tasks": TakenNameRule.CLOSE}
    assert before.uuid != after.uuid


async def test_the_restore_of_a_feature_state_cannot_be_cancelled_on_8_and_says_why(nodes: SharedNodes) -> None:
    async with paired(
        await nodes.get("7.17.28"), await nodes.get("8.19.3"), {"max_restore_bytes_per_sec": "4kb"}
    ) as pair:
        index = pair.index("books")
        await fill(pair.old, index, 5)
        body = {"source": {"index": index}, "dest": {"index": f"{index}-copy"}}
        await pair.old.tasks.start(body, opaque_id=index, requests_per_second=0)
        await until(lambda: pair.old.indices.existing([".tasks"]))
        await pair.snapshot(feature_states=("tasks",))
        work = (await pair.works(await pair.draft(feature_states=("tasks",))))[0]
        steps = pair.method.perform(work, pair.clusters, "")
        begun = await anext(steps)
        with pytest.raises(ProblemError) as caught:
            await pair.method.stop(work, pair.clusters, begun.token)
        await pair.carried_out(work, begun.token)
        compared = await pair.method.compare(work, pair.clusters)
    assert begun.parts_done == 0
    assert caught.value.problem.cause is Cause.PRIVILEGES
    assert "may not delete the indices of a feature" in caught.value.problem.why
    assert compared.is_equal


async def test_a_native_user_logs_in_after_the_security_index_was_restored_by_a_user_of_the_file_realm(
    nodes: SharedNodes,
) -> None:
    keeper = FileUser("keeper", "keeper-secret")
    old = await nodes.fresh("6.8.23", NodeOptions(security=True))
    new = await nodes.fresh("6.8.23", NodeOptions(security=True, file_users=(keeper,)))
    async with paired(old, new, user=keeper) as pair:
        made = Request(
            method="POST",
            path="/_xpack/security/user/reader",
            body='{"password":"reader-secret","roles":["superuser"]}',
        )
        await performed(pair.old, made)
        await pair.snapshot(".security-6")
        work = await pair.work(".security-6")
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
        reader = await opened(new, user=FileUser("reader", "reader-secret"))
        facts = await reader.probe()
        await reader.close()
    assert compared.is_equal
    assert facts.user == "reader"


@pytest.mark.parametrize(("old", "new"), [("7.17.28", "8.19.3"), ("8.19.3", "9.5.0")])
async def test_each_major_is_restored_into_the_next(nodes: SharedNodes, old: str, new: str) -> None:
    async with paired(await nodes.get(old), await nodes.get(new)) as pair:
        index = await pair.fill("books", 50, shards=2)
        await pair.snapshot(index)
        work = await pair.work(index)
        await pair.carried_out(work)
        compared = await pair.method.compare(work, pair.clusters)
    assert (compared.source_count, compared.destination_count) == (50, 50)
    assert compared.samples is not None
    assert (compared.samples.compared, compared.samples.different) == (20, ())
    assert compared.is_equal
