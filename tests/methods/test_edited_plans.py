"""A definition that a person has changed, in a plan: made as it was written, said, refused where it fits no more."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.filling import translated, tuning_requests
from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.draft import Draft, EditedDefinition
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.preflight.definitions import bodies_of
from esmigrate_tui.preflight.room_needed import planned_shards
from tests.methods.test_copy_plans import draft

REINDEX, COPY = METHODS[MethodName.REINDEX_FROM_REMOTE], METHODS[MethodName.COPY_THROUGH_HERE]
BODY = '{"settings":{"number_of_replicas":2},"mappings":{"properties":{"n":{"type":"keyword"}}}}'
APART = {"t": {"properties": {"n": {"type": "long"}}}, "u": {"properties": {"n": {"type": "text"}}}}
"""Two types that no version lets become one."""


def edited(base: Draft, kind: str = "", body: str = BODY) -> Draft:
    """The draft with a body of somebody's own."""
    made_of = translated(base, "old", kind).as_json()
    return base.answered(edited=(*base.edited, EditedDefinition(index="old", type=kind, made_of=made_of, body=body)))


def plan(of: Draft, method: MethodName = MethodName.COPY_THROUGH_HERE) -> Plan:
    return METHODS[method].plan(of, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize("method", [MethodName.REINDEX_FROM_REMOTE, MethodName.COPY_THROUGH_HERE])
def test_what_was_edited_is_made_to_the_letter_and_said(method: MethodName) -> None:
    made = plan(edited(draft()), method)
    [task] = made.tasks
    assert task.create == BODY
    assert task.is_edited
    assert task.changes[0] == "its definition was changed by you: index.number_of_replicas, n, t"
    assert any("You have changed the definition of old." in step for step in METHODS[method].steps(made))
    assert BODY in {request.body for request in METHODS[method].requests(made)}
    assert Plan.from_toml(made.to_toml()) == made


def test_a_plan_without_a_change_does_not_speak_of_one() -> None:
    made = plan(draft())
    assert not made.tasks[0].is_edited
    assert "is_edited" not in made.to_toml()
    assert not any("You have changed" in step for step in COPY.steps(made))


def test_the_checks_ask_the_destination_about_what_was_edited() -> None:
    base = edited(draft())
    judged = bodies_of(msgspec.structs.replace(base, tasks=plan(base).tasks))
    assert judged == {"old": json.loads(BODY)}


def test_each_type_apart_has_a_definition_of_its_own() -> None:
    base = draft(mappings=APART, copying=CopyOptions(types=TypeRule.APART))
    tasks = plan(edited(base, "u")).tasks
    assert [(task.type, task.is_edited) for task in tasks] == [("t", False), ("u", True)]
    assert tasks[1].create == BODY


def test_what_was_made_of_another_translation_is_no_plan() -> None:
    base = edited(draft())
    facts = msgspec.structs.replace(base.destination_facts, modules=("a",)) if base.destination_facts else None
    assert plan(base.answered(destination_facts=facts)).tasks[0].is_edited
    other = {"b": {"properties": {"n": {"type": "integer"}}}}
    definition = msgspec.structs.replace(base.definitions["old"], mappings=other)
    with pytest.raises(ProblemError) as caught:
        plan(base.answered(definitions={"old": definition}))
    assert "Your definition of old no longer fits." in caught.value.problem.what


@pytest.mark.parametrize(("kind", "types"), [("", TypeRule.APART), ("u", TypeRule.MERGED)])
def test_what_was_changed_for_an_index_that_is_not_made_any_more_is_never_left_out_unsaid(
    kind: str, types: TypeRule
) -> None:
    both = {"t": {"properties": {"n": {"type": "long"}}}, "u": {"properties": {"m": {"type": "text"}}}}
    base = edited(draft(mappings=both), kind)
    with pytest.raises(ProblemError, match="Your definition of old no longer fits"):
        plan(base.answered(copying=CopyOptions(types=types)))


def test_what_types_are_at_odds_about_is_decided_by_whoever_edits_it() -> None:
    base = draft(mappings=APART)
    with pytest.raises(ProblemError):
        plan(base)
    assert plan(edited(base)).tasks[0].create == BODY


def test_an_index_that_is_there_is_used_as_it_is_whatever_was_edited() -> None:
    base = draft(destination_indices=(IndexFacts(name="old"),), copying=CopyOptions(into_existing=True))
    [task] = plan(edited(base)).tasks
    assert (task.create, task.is_edited) == ("", False)


def test_another_source_or_snapshot_forgets_what_was_edited_and_another_name_does_not() -> None:
    base = edited(draft())
    assert base.answered(renamed={"old": "new"}).edited == base.edited
    assert base.answered(method=MethodName.REINDEX_FROM_REMOTE).edited == base.edited
    assert base.answered(source=None).edited == ()


def test_settings_for_all_are_made_and_said_but_where_one_was_changed_by_itself() -> None:
    made = plan(draft(settings={"index.number_of_shards": "1", "index.number_of_replicas": "0"}))
    settings = json.loads(made.tasks[0].create)["settings"]
    assert (settings["index.number_of_shards"], settings["index.number_of_replicas"]) == ("1", "0")
    assert "chosen for all: index.number_of_replicas=0" in made.tasks[0].changes
    assert any("All get index.number_of_replicas=0, index.number_of_shards=1." in one for one in COPY.steps(made))
    own = plan(edited(draft()).answered(settings={"index.number_of_replicas": "0"}))
    assert own.tasks[0].create == BODY
    assert not any("All get" in step for step in COPY.steps(own))


@pytest.mark.parametrize(
    ("settings", "version", "made"),
    [
        ({}, "7.17.28", (1, 1)),
        ({}, "6.8.23", (5, 1)),
        ({"index.number_of_shards": "3", "index.number_of_replicas": "0"}, "7.17.28", (3, 0)),
    ],
)
def test_the_checks_count_the_shards_that_will_be_made(
    settings: dict[str, str], version: str, made: tuple[int, int]
) -> None:
    base = draft(to=version, settings=settings)
    assert planned_shards(base) == {}
    assert planned_shards(msgspec.structs.replace(base, tasks=plan(base).tasks)) == {"old": made}


def test_each_type_apart_has_its_shards_and_an_index_that_is_there_gets_none() -> None:
    base = draft(copying=CopyOptions(types=TypeRule.APART), settings={"index.number_of_shards": "2"})
    assert planned_shards(msgspec.structs.replace(base, tasks=plan(base).tasks)) == {"old": (4, 1)}
    there = draft(destination_indices=(IndexFacts(name="old", replicas=2),), copying=CopyOptions(into_existing=True))
    assert planned_shards(msgspec.structs.replace(there, tasks=plan(there).tasks)) == {"old": (0, 2)}


@pytest.mark.parametrize(
    "settings",
    [
        {"index.number_of_replicas": 2, "index.refresh_interval": "9s"},
        {"number_of_replicas": 2, "refresh_interval": "9s"},
        {"index": {"number_of_replicas": 2, "refresh_interval": "9s"}},
    ],
    ids=["in full", "short", "nested"],
)
def test_what_is_put_back_after_a_run_is_what_was_written_however_it_was(settings: dict[str, Any]) -> None:
    task = Task(number=1, source_index="a", destination_index="a", create=json.dumps({"settings": settings}))
    _, back = tuning_requests(task)
    assert json.loads(back.body or "") == {"index": {"number_of_replicas": 2, "refresh_interval": "9s"}}
