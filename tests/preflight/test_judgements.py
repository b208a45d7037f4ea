"""What checks make of answers: those that no node here gives, and those that were recorded from real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from esmigrate_tui.elastic.document_places import DocumentPlace
from esmigrate_tui.elastic.responses.indices import CatIndex, FlatSettings, IndexListing, IndexMapping, index_facts
from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.connection import Connection, Endpoint, Side
from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts, RoleView, Version
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.preflight.definitions import (
    bodies_of,
    joined_settings,
    judged_refusals,
    judged_template_settings,
    kinds_of,
    rank,
    refused_by_rule,
    tried,
)
from esmigrate_tui.preflight.privileges import judged_carrying, judged_privileges, judged_views
from esmigrate_tui.preflight.remote import not_reached
from esmigrate_tui.preflight.source import judged_ids, judged_writes
from esmigrate_tui.translate.aliases import translate_aliases

if TYPE_CHECKING:
    from collections.abc import Mapping

# As a 5.6.16 answered for an index of two types, asked for the ids 1 to 3.
OF_TWO_TYPES = """[{"_index":"x","_type":"book","_id":"2","_score":1.0},{"_index":"x","_type":"loan","_id":"2",
"_score":1.0},{"_index":"x","_type":"book","_id":"1","_score":1.0},{"_index":"x","_type":"loan","_id":"1","_score":1.0},
{"_index":"x","_type":"book","_id":"3","_score":1.0}]"""
HITS = msgspec.json.decode(OF_TWO_TYPES, type=tuple[DocumentPlace, ...])


# -- ids ---------------------------------------------------------------------------------------------------------------


def test_types_that_share_ids_block_since_only_one_document_of_each_can_stay() -> None:
    [told] = judged_ids({"x": HITS}, Draft())
    assert (told.severity, told.subjects) == (Severity.BLOCKER, ("x",))
    assert told.evidence == "x: 1 in book and loan"
    assert "--types apart" in told.fix


def test_types_that_go_apart_may_share_ids() -> None:
    assert not list(judged_ids({"x": HITS}, Draft(copying=CopyOptions(types=TypeRule.APART))))


def test_ids_that_are_there_once_collide_with_nothing() -> None:
    assert not list(judged_ids({"x": HITS[-1:]}, Draft()))


def test_children_of_several_parents_with_one_id_are_several_routings() -> None:
    twins = (DocumentPlace(id="1", type="loan", parent="a"), DocumentPlace(id="1", type="loan", parent="b"))
    [told] = judged_ids({"x": twins}, Draft())
    assert told.severity is Severity.WARNING
    assert "by the routings a and b" in told.evidence


def test_an_id_in_several_indices_of_a_data_stream_is_told_as_one_document_too_many() -> None:
    parts = tuple(IndexFacts(name=f".ds-web-00000{number}", data_stream="web") for number in (1, 2))
    twins = (DocumentPlace(id="7"), DocumentPlace(id="7"), DocumentPlace(id="8"))
    [told] = judged_ids(
        {"web": twins}, Draft(method=MethodName.COPY_THROUGH_HERE, source_indices=parts, selected=("web",))
    )
    assert told.severity is Severity.WARNING
    assert told.title == "One _id in several indices of a data stream: web"
    assert told.evidence == "web: 7"


# -- the way from the destination -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("port", "is_said"), [(9243, True), (9200, False)])
def test_of_a_closed_port_9243_the_other_one_is_told(port: int, *, is_said: bool) -> None:
    there = Connection(endpoint=Endpoint(scheme="https", host="old.example.org", port=port))
    problem = Problem(cause=Cause.CONNECTION, what="old.example.org does not answer.", todo="Look at the firewall.")
    told = not_reached(Draft(source=there), problem)
    assert told.severity is Severity.BLOCKER
    assert (":443" in told.fix) is is_said


# -- writes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (MethodName.RESTORE_FROM_SNAPSHOT, "after the snapshot is not in it"),
        (MethodName.COPY_THROUGH_HERE, "stays behind"),
    ],
)
def test_what_a_write_meanwhile_means_depends_on_the_method(method: MethodName, words: str) -> None:
    told = judged_writes({"logs": 3, "quiet": 0}, method)
    assert (told.severity, told.subjects) == (Severity.WARNING, ("logs",))
    assert words in told.why


def test_shards_that_moved_and_count_from_nought_are_no_writes() -> None:
    assert judged_writes({"logs": -70}, None).severity is Severity.PASSED


# -- definitions -------------------------------------------------------------------------------------------------------


def body(shards: int = 1, mappings: Mapping[str, Any] | None = None, **settings: object) -> str:
    return json.dumps({"settings": {"index": {"number_of_shards": shards, **settings}}, "mappings": mappings or {}})


def of(*bodies: str) -> Draft:
    made = [
        Task(number=number, source_index=f"i{number}", destination_index=f"i{number}", create=one)
        for number, one in enumerate(bodies)
    ]
    return Draft(tasks=tuple(made))


FIELDS = {"properties": {"a": {"type": "keyword"}}}
OTHERS = {"properties": {"b": {"type": "date"}}}
STRICT = {"dynamic": "strict", "properties": {"c": {"type": "long"}}}


def test_indices_that_differ_in_their_shards_alone_are_of_one_kind() -> None:
    kinds = kinds_of(bodies_of(of(body(1, FIELDS), body(5, FIELDS), body(1, OTHERS))))
    assert [names for _, names in kinds] == [("i0", "i1"), ("i2",)]


def test_kinds_of_nothing_but_fields_are_tried_by_one_request_and_others_by_their_own() -> None:
    tries = joined_settings(kinds_of(bodies_of(of(body(1, FIELDS), body(1, OTHERS), body(1, STRICT)))))
    assert [[names for _, names in kinds] for _, kinds in tries] == [[("i0",), ("i1",)], [("i2",)]]
    assert tries[0][0]["mappings"] == {"properties": {"kind0": FIELDS, "kind1": OTHERS}}


def test_kinds_of_different_analysers_are_never_tried_as_one() -> None:
    other = body(1, OTHERS, analysis={"analyzer": {"own": {"type": "standard"}}})
    assert len(joined_settings(kinds_of(bodies_of(of(body(1, FIELDS), other))))) == 2


@pytest.mark.parametrize(
    ("why", "severity"), [("", Severity.PASSED), (None, Severity.NOTE), ("Unknown filter", Severity.BLOCKER)]
)
def test_a_definition_is_accepted_refused_or_was_not_tried(why: str | None, severity: Severity) -> None:
    [told] = judged_refusals([(("logs",), why)])
    assert told.severity is severity


def test_templates_that_cannot_be_seen_are_said_to_be_unseen() -> None:
    [told] = judged_template_settings(None)
    assert told.severity is Severity.NOTE
    assert "could not be seen" in told.title


def test_a_lifecycle_of_a_template_warns_and_names_the_index() -> None:
    [told] = judged_template_settings({"logs": {"index.lifecycle.name": "short"}, "shop": {}})
    assert (told.severity, told.subjects) == (Severity.WARNING, ("logs",))
    [quiet] = judged_template_settings({"logs": {}})
    assert quiet.severity is Severity.PASSED


def test_a_licence_that_has_expired_includes_no_more_than_basic() -> None:
    assert rank("expired platinum") == rank("basic") < rank("platinum") < rank("enterprise")


# -- privileges --------------------------------------------------------------------------------------------------------


def test_a_server_without_privileges_is_passed_over_without_a_word() -> None:
    assert not list(judged_privileges(Side.SOURCE, None, ("logs",)))


def test_what_is_only_good_to_have_warns_and_what_is_needed_blocks() -> None:
    lacking = ("cluster:admin/tasks/cancel", "indices:admin/create on logs")
    told = judged_privileges(Side.DESTINATION, lacking, ("logs",), useful=("cluster:admin/tasks/cancel",))
    assert [one.severity for one in told] == [Severity.BLOCKER, Severity.WARNING]


@pytest.mark.parametrize(
    ("lacking", "title"),
    [
        (None, None),
        ((), None),
        (("cluster:admin/ingest/pipeline/put",), "You may not make what is to be brought over: ingest pipelines"),
    ],
)
def test_definitions_that_would_be_refused_at_the_end_warn_before(
    lacking: tuple[str, ...] | None, title: str | None
) -> None:
    told = judged_carrying((DefinitionKind.TEMPLATE, DefinitionKind.PIPELINE), lacking)
    assert [one.title for one in told] == ([] if title is None else [title])
    assert all('{"cluster":["manage_pipeline"]}' in one.copy for one in told)


SOME = RoleView(names=("logs-*",), may_read=True, queries=('{"term":{"a":1}}',))
ALL = RoleView(names=("logs-a",), may_read=True)


@pytest.mark.parametrize(
    ("views", "severity"),
    [
        ((SOME,), Severity.BLOCKER),
        ((SOME, ALL), Severity.PASSED),
        ((RoleView(names=("/logs-.*/",), may_read=True, hides_fields=True),), Severity.BLOCKER),
        ((msgspec.structs.replace(SOME, names=("other",)), ALL), Severity.PASSED),
        ((msgspec.structs.replace(SOME, may_read=False), ALL), Severity.PASSED),
    ],
)
def test_one_role_that_shows_everything_is_enough(views: tuple[RoleView, ...], severity: Severity) -> None:
    [told] = judged_views(("logs-a",), views)
    assert told.severity is severity


# -- facts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "source", "expected"),
    [
        ({}, {"enabled": False}, (False, False, False)),
        ({}, {"mode": "disabled"}, (False, False, False)),
        ({}, {"excludes": ["a"]}, (True, True, False)),
        ({}, {"includes": "a"}, (True, True, False)),
        ({}, {"mode": "synthetic"}, (True, False, True)),
        ({"index.mapping.source.mode": "synthetic"}, {}, (True, False, True)),
        ({"index.mode": "logsdb"}, {}, (True, False, True)),
        ({"index.mode": "logsdb", "index.mapping.source.mode": "stored"}, {}, (True, False, False)),
        ({"index.mode": "standard"}, {}, (True, False, False)),
    ],
)
def test_what_an_index_keeps_of_its_documents_is_told_by_its_mapping_and_settings(
    settings: dict[str, str], source: dict[str, Any], expected: tuple[bool, bool, bool]
) -> None:
    listing = IndexListing(
        cat=(CatIndex(index="x"),),
        settings={"x": FlatSettings(settings)},
        mappings={"x": IndexMapping({"_source": msgspec.Raw(msgspec.json.encode(source))})},
        aliases={},
        data_streams={},
        hidden=frozenset(),
    )
    [[index], _] = cast("tuple[Any, ...]", index_facts(listing, with_types=False))
    assert (index.source_enabled, index.source_filtered, index.source_synthetic) == expected


@pytest.mark.parametrize(
    ("major", "settings", "is_routed", "words"),
    [
        (7, {"routing_partition_size": 2, "number_of_shards": 4}, True, ""),
        (7, {"index": {"routing_partition_size": "2", "number_of_shards": "1"}}, True, ""),
        (7, {"routing_partition_size": 4, "number_of_routing_shards": 4}, True, "less than"),
        (7, {"routing_partition_size": 2, "number_of_shards": 4}, False, "_routing is required"),
        (6, {"routing_partition_size": 2, "number_of_shards": 4}, True, ""),
        (6, {"routing_partition_size": 4, "number_of_shards": 4}, True, "less than the number of shards, 4"),
        (6, {"routing_partition_size": 1, "number_of_shards": 1}, False, ""),
        (6, {"number_of_shards": 1}, False, ""),
    ],
)
def test_a_partitioned_index_is_judged_by_the_shards_that_it_will_have(
    major: int,
    settings: dict[str, Any],
    is_routed: bool,  # noqa: FBT001  # a parameter of the test
    words: str,
) -> None:
    body = {"settings": settings, "mappings": {"_routing": {"required": True}} if is_routed else {}}
    said = refused_by_rule(body, Features.of_elasticsearch(Version(major, 0)))
    assert (words in said) if words else not said
    assert "index.routing_partition_size" not in tried(body)["settings"]


@pytest.mark.parametrize(
    ("name", "majors"),
    [
        ("al:colon", {7, 8}),
        ("w-*star", {5, 6, 7, 8}),
        ("a b", {5, 7}),
        ("-x", {5, 7}),
        ("é" * 128, {5, 7}),
        ("..", {5, 7}),
        ("#", {5, 7}),
        ("Üpper.dot@%", set()),
        ("é" * 127, set()),
    ],
)
def test_an_alias_has_a_name_that_the_destination_takes_or_is_left_out_and_told(name: str, majors: set[int]) -> None:
    for major in (2, 5, 6, 7, 8):
        version = Version(major, 0)
        changes: list[str] = []
        kept = translate_aliases({name: {}, "plain": {}}, version, changes)
        is_odd = major in majors or (major > 5 and 5 in majors)
        assert (name not in kept, len(changes)) == (is_odd, int(is_odd))
        assert "plain" in kept
        assert bool(refused_by_rule({"aliases": {name: {}}}, Features.of_elasticsearch(version))) is is_odd
