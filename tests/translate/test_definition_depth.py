"""Definitions nested more deeply than anybody means: one sentence each, and the others are translated."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec
import pytest

from esmigrate_tui.model.carried import DefinitionKind, NameConflict, StoredDefinition
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.definition_depth import DEFINITION_LEVELS, TooDeepError, is_too_deep
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.reading.mapping import body_of
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.carried import preview

LEVELS: Final = (600, 5_000, 20_000)
DESTINATIONS: Final = (Version(5, 6), Version(6, 8), Version(7, 17), Version(8, 19), Version(9, 4))


def fields(levels: int) -> dict[str, Any]:
    """A mapping with so many levels of objects."""
    made: dict[str, Any] = {"type": "string", "index": "not_analyzed"}
    for _ in range(levels):
        made = {"properties": {"a": made}}
    return made


def clauses(levels: int) -> dict[str, Any]:
    """A query with so many levels of clauses."""
    made: dict[str, Any] = {"term": {"a": 1}}
    for _ in range(levels):
        made = {"bool": {"must": [made]}}
    return made


def lists(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


def defined(**parts: Any) -> IndexDefinition:  # noqa: ANN401  # JSON
    whole: dict[str, Any] = {"settings": {}, "mappings": {}, "aliases": {}} | parts
    return IndexDefinition(name="deep", **whole)


@cache
def parts(levels: int) -> dict[str, IndexDefinition]:
    return {
        "mappings": defined(mappings={"doc": fields(levels)}),
        "dynamic": defined(mappings={"dynamic_templates": [{"all": {"mapping": fields(levels)}}]}),
        "settings": defined(settings={"index": {"analysis": {"analyzer": {"a": {"filter": lists(levels)}}}}}),
        "aliases": defined(aliases={"al": {"filter": clauses(levels)}}),
    }


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("part", parts(1))
def test_an_index_whose_definition_is_too_deep_ends_in_a_sentence(part: str, levels: int) -> None:
    for destination in DESTINATIONS:
        with pytest.raises(TooDeepError, match="nested deeper than") as refused:
            translate(parts(levels)[part], destination)
        assert refused.value.names == ("deep",)
        assert refused.value.problem.cause is Cause.UNSUPPORTED


def _deeply(frames: int, definition: IndexDefinition, destination: Version) -> None:
    """As deep in calls as a screen is that asks for it."""
    if frames:
        _deeply(frames - 1, definition, destination)
    else:
        translate(definition, destination).as_json()


@pytest.mark.parametrize("part", parts(1))
def test_what_is_just_not_too_deep_is_translated_whoever_asks(part: str) -> None:
    levels = next(n for n in range(DEFINITION_LEVELS, 0, -1) if not _is_refused(parts(n)[part]))
    assert levels > 40
    for destination in DESTINATIONS:
        _deeply(150, parts(levels)[part], destination)


def _is_refused(definition: IndexDefinition) -> bool:
    try:
        translate(definition, Version(7, 17))
    except TooDeepError:
        return True
    return False


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("kind", DefinitionKind)
def test_what_stands_beside_the_indices_and_is_too_deep_is_left_out_and_the_others_are_not(
    kind: DefinitionKind, levels: int
) -> None:
    bodies: dict[DefinitionKind, dict[str, Any]] = {
        DefinitionKind.LEGACY: {"index_patterns": ["a"], "mappings": fields(levels)},
        DefinitionKind.TEMPLATE: {"index_patterns": ["a"], "template": {"mappings": fields(levels)}},
        DefinitionKind.COMPONENT: {"template": {"mappings": fields(levels)}},
        DefinitionKind.PIPELINE: {"processors": lists(levels)},
        DefinitionKind.POLICY: {"policy": {"phases": clauses(levels)}},
    }
    deep = StoredDefinition(kind=kind, name="deep", body=bodies[kind], is_managed=False)
    fine = StoredDefinition(kind=DefinitionKind.PIPELINE, name="fine", body={"processors": []}, is_managed=False)
    found = {one.name: one for one in preview([deep, fine], [], Version(8, 19), Version(7, 17))}
    assert found["fine"].conflict is NameConflict.NONE
    assert found["deep"].conflict is NameConflict.REFUSED
    assert "nested deeper" in found["deep"].changes[0]


@pytest.mark.parametrize("levels", LEVELS)
def test_a_body_that_was_made_too_deep_by_hand_is_refused_where_it_is_read(levels: int) -> None:
    text = '{"mappings":' + '{"properties":{"a":' * levels + '{"type":"keyword"}' + "}}" * levels + "}"
    here = Connection(endpoint=Endpoint(scheme="http", host="new", port=9200))
    plan = Plan(
        method=MethodName.COPY_THROUGH_HERE,
        made_at="2026-01-01T00:00:00Z",
        destination=here,
        destination_uuid="u",
        destination_version="8.19.3",
        tasks=(Task(number=1, source_index="a", destination_index="b", create=text),),
    )
    with pytest.raises(ProblemError, match="nested deeper than"):
        Plan.from_toml(plan.to_toml())
    with pytest.raises(ProblemError) as refused:
        body_of(text, "mapping.json")
    assert refused.value.problem.cause is Cause.USAGE
    assert "recursion" not in refused.value.problem.what


def test_depth_is_counted_in_objects_and_arrays() -> None:
    assert not is_too_deep("text", 0)
    assert not is_too_deep({"a": [1]}, 2)
    assert is_too_deep({"a": [1]}, 1)
    assert is_too_deep(msgspec.json.decode("[" * 300 + "]" * 300), 299)
