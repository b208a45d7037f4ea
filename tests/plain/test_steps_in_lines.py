"""Each method from the first question to a run that has begun, by answers alone; over frozen values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup, DefinitionKind, NameConflict
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.files import FileInspection
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.model.snapshot import SnapshotProgress, SnapshotState, TakenNameRule
from tests.pictures import sample_values as sample
from tests.plain.script import Script, in_order, lines_of, walked
from tests.wizard.world import SECRET, Kept, Seen

if TYPE_CHECKING:
    from tests.plain.script import Planning

OLD = ("https://old:9200", "password", "elastic", "system", SECRET)
NEW = ("https://new:9200", "api-key", "system", SECRET)
ON = ""
"""Enter, where the default goes on."""
BOTH = Draft(source=sample.OLD, destination=sample.NEW)
SECRETS = {
    Side.SOURCE: Credential(sign_in=SignIn.PASSWORD, user="elastic", secret=SECRET),
    Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret=SECRET),
}
FOUND = sample.FILES.file_choice.look or FileInspection(files=())
CUT = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))


async def chosen(world: Planning, *answers: str) -> Script:
    """A script from the selection on, both clusters connected, for a remote reindex; the person leaves at its end."""
    script = Script("reindex-from-remote", ON, ON, ON, *answers, "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    return script


# -- each method, once -----------------------------------------------------------------------------------------------


async def test_a_remote_reindex_is_begun_with_what_was_answered(world: Planning) -> None:
    script = Script("reindex-from-remote", *OLD, ON, *NEW, ON, ON, "orders", "e orders", "shop", ON, ON, "start")
    left, flow = await walked(world, script)
    ((plan, credentials),) = world.begun
    assert (left.run, left.is_new) == ("7K2P", True)
    assert [(task.source_index, task.destination_index) for task in plan.tasks] == [("orders", "shop")]
    assert plan.method is MethodName.REINDEX_FROM_REMOTE
    assert {side: one.secret for side, one in credentials.items()} == {Side.SOURCE: SECRET, Side.DESTINATION: SECRET}
    assert script.secrets == [SECRET, SECRET]
    assert SECRET not in script.told
    assert world.source.closed == [sample.OLD_FACTS.name]
    assert flow.session.run == "7K2P"
    assert in_order(script.told, ("Step 1 of 7, Method, Choose a method.", *(f"Step {at} of 7" for at in range(2, 6))))


async def test_a_copy_is_begun_with_what_was_answered(world: Planning) -> None:
    script = Script("4", *OLD, ON, *NEW, ON, ON, "/logs-2026.01.0*", "a", "/", ON, ON, "start")
    await walked(world, script)
    ((plan, _),) = world.begun
    assert plan.method is MethodName.COPY_THROUGH_HERE
    assert [task.source_index for task in plan.tasks] == [f"logs-2026.01.0{day}" for day in (1, 2, 3, 5, 6, 7, 8, 9)]


async def test_what_stands_beside_the_indices_is_asked_for_and_said_before_it_is_begun(world: Planning) -> None:
    world.beside = (
        CarriedDefinition(
            kind=DefinitionKind.POLICY, name="keep", body="{}", changes=("its phase cold waits for 0ms",)
        ),
        CarriedDefinition(kind=DefinitionKind.POLICY, name="mine", body="{}", conflict=NameConflict.OTHER),
    )
    script = Script("reindex-from-remote", ON, ON, ON, "orders", "o", "bring", "4", "back", ON, ON, "start")
    await walked(world, script, BOTH, credentials=SECRETS)
    ((plan, _),) = world.begun
    assert world.asked_beside == [(DefinitionGroup.POLICIES,)]
    assert plan.carried == world.beside
    assert lines_of(script, "+ lifecycle policy keep")
    assert lines_of(script, "its phase cold waits for 0ms")
    assert lines_of(script, "! lifecycle policy mine: the destination has another of that name, which stays as it is")


async def test_files_are_begun_with_the_mapping_that_was_corrected(world: Planning) -> None:
    world.look_of = lambda _: msgspec.structs.replace(FOUND, problem=None)
    script = Script(
        *("index-from-source", *NEW, ON, "files", "export/*.csv.gz", "yes", "field", "order_id", "orders", ON),
        *("city", "keyword", "f ordered_at", "yyyy-MM-dd HH:mm:ss", "x note", ON),
        *(ON, "start"),
    )
    await walked(world, script)
    ((plan, _),) = world.begun
    (task,) = plan.tasks
    assert (plan.method, task.destination_index) == (MethodName.INDEX_FROM_SOURCE, "orders")
    assert '"city":{"type":"keyword"}' in "".join(str(task.create).split())
    assert task.reading is not None
    assert [column.name for column in task.reading.columns if not column.type] == ["note"]
    assert world.looked[0][0] == "export/*.csv.gz"


async def test_a_run_that_only_watches_is_begun_with_its_sender(world: Planning) -> None:
    script = Script(
        *("index-from-source", *NEW, ON, "sent", "filebeat", "orders", "many", "500", "send.yml", ON, ON, "start")
    )
    await walked(world, script)
    ((plan, _),) = world.begun
    shipping = plan.tasks[0].shipping
    assert shipping is not None
    assert (shipping.shipper, shipping.expected) == (Shipper.FILEBEAT, 500)
    assert lines_of(script, "That does not do: how many is not a number.")
    assert [name for name, _ in world.saved] == ["send.yml"]


def restoring(world: Planning) -> None:
    """A destination of 8.19.3 whose repository holds the sample's snapshot, and whose names are taken."""
    world.destination = Seen(
        msgspec.structs.replace(sample.NEW_FACTS, version=Version(8, 19, 3)),
        listing=sample.ALONE.draft.destination_indices,
        kept=Kept(registered=(sample.NIGHTLY,), pages={"nightly": [(sample.CHOSEN_SNAPSHOT,)]}),
    )


async def test_a_restore_is_begun_over_what_is_in_the_way_after_both_names_were_typed(world: Planning) -> None:
    restoring(world)
    script = Script(
        *("restore-from-snapshot", ON, *NEW, ON, ON, ON, ON, "orders", ON, "w orders", "delete", "no", "w orders"),
        *("delete", "orders", "o", "set", "index.number_of_replicas", "number_of_replicas=0", "back", ON, ON),
        *("start", "new.example.org", "start", "logs-2026"),
    )
    await walked(world, script)
    ((plan, _),) = world.begun
    (task,) = plan.tasks
    assert task.in_the_way == {"orders": TakenNameRule.DELETE}
    assert plan.restoration is not None
    assert plan.restoration.index_settings == {"index.number_of_replicas": "0"}
    assert len(lines_of(script, "That is not it: it was left as it is.")) == 1
    assert lines_of(script, "It cannot continue yet: 1 name is taken there (w).")
    assert lines_of(script, "Nothing was begun: type logs-2026 first.")


async def test_a_repository_of_the_source_is_registered_and_a_snapshot_taken_after_a_yes_each(world: Planning) -> None:
    seven = msgspec.structs.replace(sample.OLD_FACTS, version=Version(7, 17, 28))
    writable = msgspec.structs.replace(sample.NIGHTLY, settings={"bucket": "acme-backup"}, uuid="")
    old, new = Kept(registered=(writable,)), Kept(pages={"nightly": [(sample.CHOSEN_SNAPSHOT,)]})
    old.looks = [
        SnapshotProgress(shards=4, shards_done=1),
        SnapshotProgress(state=SnapshotState.SUCCESS, shards=4, shards_done=4),
    ]
    world.source = Seen(seven, sample.INDICES, kept=old)
    world.destination = Seen(msgspec.structs.replace(seven, name="other", uuid="x"), kept=new)
    script = Script("restore-from-snapshot", ON, ON, ON, "1", "n", "1", "y", "q")
    new_registered = new

    async def change(*_: object) -> str:
        new_registered.registered = (sample.NIGHTLY,)
        return "5QWA"

    world.change = change  # type: ignore[method-assign,assignment]  # a change is seen by whoever looks afterwards
    script.answers[-1:] = ["t", "walked", "orders", "y", "q"]
    left, flow = await walked(world, script, BOTH, credentials=SECRETS)
    assert [made.what for made in flow.session.made] == [
        "registered the repository nightly",
        "taken the snapshot walked in nightly",
    ]
    assert left.said == (
        "You had registered the repository nightly. `esmigrate cleanup 5QWA` removes it again.",
        "You had taken the snapshot walked in nightly. `esmigrate cleanup 5QWA` deletes it again.",
    )
    assert lines_of(script, "Nothing was registered.")
    assert lines_of(script, "PUT /_snapshot/nightly")
    assert lines_of(script, "Taken (success).")


async def test_a_registration_whose_answer_was_lost_is_not_said_to_be_nothing(world: Planning) -> None:
    seven = msgspec.structs.replace(sample.OLD_FACTS, version=Version(7, 17, 28))
    world.source = Seen(seven, sample.INDICES, kept=Kept(registered=(sample.NIGHTLY,)))
    world.destination = Seen(msgspec.structs.replace(seven, name="other", uuid="x"))
    world.troubles["change"] = CUT
    script = Script("restore-from-snapshot", ON, ON, ON, "1", "y", "q")
    left, _ = await walked(world, script, BOTH, credentials=SECRETS)
    told = "Whether this was done is not known: registered the repository nightly."
    assert left.said == (f"{told} If it was, `esmigrate status` lists it.",)


# -- back, help, leaving ---------------------------------------------------------------------------------------------


async def test_back_keeps_every_answer(world: Planning) -> None:
    script = Script("reindex-from-remote", *OLD, "b", ON, ON, "https://new:9200", "b", ON, "b", "q")
    _, flow = await walked(world, script)
    assert flow.session.source.address == "https://old:9200"
    assert flow.session.destination.address == "https://new:9200"
    assert flow.session.draft.method is MethodName.REINDEX_FROM_REMOTE
    assert "Number [2]: " in script.told


async def test_before_the_first_step_there_is_none(world: Planning) -> None:
    script = Script("b", "q")
    await walked(world, script)
    assert lines_of(script, "There is no step before this one; q leaves.")


async def test_question_mark_gives_the_words_of_the_wizards_own_page(world: Planning) -> None:
    script = Script("?", "q")
    await walked(world, script)
    assert lines_of(script, "These are the ways to bring data into the destination cluster.")
    assert lines_of(script, "One question at a time.")


async def test_leaving_says_that_nothing_was_changed(world: Planning) -> None:
    left, _ = await walked(world, Script("reindex-from-remote", "q"))
    assert left.said == ("Nothing was changed on either cluster.",)
    assert not world.begun


async def test_answers_that_end_before_the_migration_end_with_a_sentence_and_exit_code_2(world: Planning) -> None:
    with pytest.raises(ProblemError) as caught:
        await walked(world, Script("reindex-from-remote", "https://old:9200"))
    assert exit_code(caught.value.problem.cause) is ExitCode.USAGE
    assert "ended before a migration was started" in caught.value.problem.what


# -- wrong answers, problems -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("99", "there are 31 rows, and 99 is not among them"),
        ("nothing-like-that", "Nothing here is called that"),
        ("/" + "/[", "That is not a regular expression."),
        ("5", "logs-2026.01.04 cannot be chosen: open it first."),
        ("e 1", "Choose it first, then give it another name."),
        ("e", "Which row? Say e with its number, such as e 3."),
        ("w orders", "Choose it first; then w decides about what has its name."),
        (ON, "It cannot continue yet: nothing is chosen."),
    ],
)
async def test_a_wrong_answer_in_the_selection_gets_a_sentence(world: Planning, answer: str, sentence: str) -> None:
    script = await chosen(world, answer)
    assert sentence in script.told
    assert script.answers == []


async def test_a_name_that_cannot_be_is_asked_for_again(world: Planning) -> None:
    script = await chosen(world, "orders", "e orders", "Shop", "shop", ON)
    assert lines_of(script, "That does not do: only small letters.")
    assert lines_of(script, "goes to shop")


async def test_a_blocker_cannot_be_accepted_and_a_warning_is_by_its_name(world: Planning) -> None:
    world.findings = (sample.BLOCKED_FINDING, *sample.WARNINGS)
    script = Script("reindex-from-remote", ON, ON, "destination-reaches-source", "types", "3", "nobody", ON, "q")
    _, flow = await walked(world, script, BOTH, credentials=SECRETS)
    assert flow.session.draft.unaccepted == ()
    assert lines_of(script, "destination-reaches-source blocks: it cannot be accepted, only fixed.")
    assert lines_of(script, "Accepted, and the report will say so: types.")
    assert lines_of(script, "Accepted, and the report will say so: writes.")
    assert lines_of(script, "No check here is called that")
    assert lines_of(script, "It cannot continue yet: 1 check blocks.")
    assert lines_of(script, sample.BLOCKED_FINDING.copy)


async def test_a_side_that_refuses_says_why_and_is_asked_for_again(world: Planning) -> None:
    world.troubles["connect"] = CUT
    script = Script("reindex-from-remote", *OLD, "again", "q")
    await walked(world, script)
    assert len(lines_of(script, "The line is cut.")) == 2
    assert lines_of(script, "The source is not connected.")


async def test_an_address_that_is_none_is_asked_for_again(world: Planning) -> None:
    script = Script("reindex-from-remote", "ftp://old", "https://old:9200", "q")
    _, flow = await walked(world, script)
    assert flow.session.source.address == "https://old:9200"


async def test_a_pinned_certificate_is_trusted_only_after_it_was_compared(world: Planning) -> None:
    pinned = ("https://old:9200", "none", "pinned")
    script = Script("reindex-from-remote", *pinned, "n", *(ON,) * 3, "y", "q")
    _, flow = await walked(world, script)
    assert len(lines_of(script, "9F:2C:41:00")) == 2
    ((connection, _),) = world.connected
    assert connection.trust.fingerprint.startswith("9f2c41")
    assert flow.session.source.is_accepted


async def test_a_secret_goes_into_the_keyring_only_if_one_says_so(world: Planning) -> None:
    world.vault_word = sample.KEYRING
    script = Script("reindex-from-remote", *OLD, "no", ON, *NEW, "yes", "q")
    await walked(world, script)
    assert [connection.endpoint.host for connection in world.remembered] == ["new"]


async def test_a_secret_typed_for_one_address_is_not_sent_to_another(world: Planning) -> None:
    script = Script("reindex-from-remote", *OLD, "change", "https://old2:9200", ON, ON, ON, "", "q")
    await walked(world, script)
    assert len(world.connected) == 1
    assert lines_of(script, "The password is missing.")


async def test_nothing_is_begun_by_anything_but_the_word(world: Planning) -> None:
    script = Script("reindex-from-remote", ON, ON, ON, "orders", ON, ON, "", "y", "1", "w", "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert world.begun == []
    assert len(lines_of(script, "Nothing was begun. Type start in full")) == 3
    assert lines_of(script, "The plan is in /tmp/plan.toml")


async def test_a_run_that_does_not_begin_says_why_and_asks_again(world: Planning) -> None:
    world.troubles["begin"] = CUT
    script = Script("reindex-from-remote", ON, ON, ON, "orders", ON, ON, "start", "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert in_order(script.told, ("Not started:", "The line is cut.", "Type start to begin"))


async def test_a_run_that_is_going_on_is_offered_first(world: Planning) -> None:
    world.cards = sample.RUNS
    live = next(card for card in sample.RUNS if card.is_live)
    left, _ = await walked(world, Script(ON))
    assert (left.run, left.is_new) == (live.run, False)


# -- fixing ---------------------------------------------------------------------------------------------------


async def test_a_finding_is_put_right_by_its_number_after_a_yes(world: Planning) -> None:
    world.findings = (sample.TOO_MANY_SHARDS,)
    script = Script("reindex-from-remote", ON, ON, "f 1", "n", "f shard-limit", "b", "f 1", "y", "q")
    left, _ = await walked(world, script, BOTH, credentials=SECRETS)
    assert [change for _, change in world.changes] == list(sample.TOO_MANY_SHARDS.repairs)
    assert len(lines_of(script, "Nothing was changed.")) == 2
    assert in_order(
        script.told,
        (
            "f 1 applies the fix, after a question",
            "Apply this fix on the destination? y or n [n]: y",
            "fixing: cluster.max_shards_per_node is 1022 …",
            "Done: cluster.max_shards_per_node is 1022.",
            "`esmigrate cleanup 5QWA` reverts it.",
            "Asking both clusters",
        ),
    )
    assert left.said == (
        "You had this fixed: cluster.max_shards_per_node is 1022. `esmigrate cleanup 5QWA` reverts it.",
    )


async def test_a_repair_that_fails_says_so_and_what_was_done_before_it(world: Planning) -> None:
    world.findings = (sample.CLOSED_INDICES,)
    cause = Cause.PRIVILEGES
    world.troubles[sample.CLOSED_INDICES.repairs[1].what] = ProblemError(Problem(cause=cause, what="You may not."))
    script = Script("reindex-from-remote", ON, ON, "f readable", "y", "q")
    left, _ = await walked(world, script, BOTH, credentials=SECRETS)
    told = (
        "Done: the index logs-2026.01.02 is opened.",
        "This failed: the index orders is opened.",
        "You may not.",
    )
    assert in_order(script.told, told)
    assert left.said == (
        "You had this fixed: the index logs-2026.01.02 is opened. `esmigrate cleanup 5QWA` reverts it.",
    )


async def test_a_repair_whose_answer_was_lost_is_said_to_be_unsure(world: Planning) -> None:
    world.findings = (sample.TOO_MANY_SHARDS,)
    world.troubles["change"] = CUT
    script = Script("reindex-from-remote", ON, ON, "f 1", "y", "q")
    left, _ = await walked(world, script, BOTH, credentials=SECRETS)
    told = "Whether this was done is not known: cluster.max_shards_per_node is 1022."
    assert in_order(script.told, (told, "The line is cut."))
    assert left.said == (f"{told} If it was, `esmigrate status` lists it.",)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("f", "Which one? Say f with its number or its name: a number is needed."),
        ("f 9", "Which one? Say f with its number or its name: there are 2 rows, and 9 is not among them."),
        ("f writes", "writes cannot be fixed from here: see what stands after Fix."),
    ],
)
async def test_what_cannot_be_put_right_gets_a_sentence(world: Planning, answer: str, sentence: str) -> None:
    world.findings = sample.WARNINGS
    script = Script("reindex-from-remote", ON, ON, answer, "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert lines_of(script, sentence)
    assert world.changes == []


async def test_a_reindex_that_cannot_reach_the_source_becomes_a_copy_by_one_letter(world: Planning) -> None:
    world.findings = (sample.BLOCKED_FINDING,)
    script = Script("reindex-from-remote", ON, ON, "m", "q")
    _, flow = await walked(world, script, BOTH, credentials=SECRETS)
    assert flow.session.draft.method is MethodName.COPY_THROUGH_HERE
    assert [draft.method for draft in world.checked] == [MethodName.REINDEX_FROM_REMOTE, MethodName.COPY_THROUGH_HERE]
    assert lines_of(script, "m uses Copy through this machine instead")
