"""Plans of a copy, on values: what a task is made of for types, versions, pipelines, and what the destination has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.engine.run import started
from esmigrate_tui.flow.checking import draft_of
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.copy_through_here.decisions import CopyState, held_of
from esmigrate_tui.methods.writing.decisions import versioned
from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup, DefinitionKind, NameConflict
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind

if TYPE_CHECKING:
    from esmigrate_tui.model.ledger import Request

METHOD = METHODS[MethodName.COPY_THROUGH_HERE].mover()
HERE = Connection(endpoint=Endpoint(scheme="http", host="here", port=9200))
THERE = Connection(endpoint=Endpoint(scheme="http", host="there", port=9200))
TYPES = {"b": {"properties": {"n": {"type": "long"}}}, "a": {"properties": {"t": {"type": "text"}}}}


def draft(*, to: str = "7.17.28", mappings: dict[str, Any] | None = None, **changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    definition = IndexDefinition(name="old", settings={}, mappings=TYPES if mappings is None else mappings, aliases={})
    base = Draft(
        method=MethodName.COPY_THROUGH_HERE,
        source=THERE,
        destination=HERE,
        source_facts=ClusterFacts(name="there", uuid="t", version=Version(5, 6, 16)),
        destination_facts=ClusterFacts(name="here", uuid="h", version=Version.parse(to)),
        source_indices=(IndexFacts(name="old", documents=9, primary_bytes=900, types=("a", "b")),),
        selected=("old",),
        definitions={"old": definition},
    )
    return msgspec.structs.replace(base, **changes)


def plan(**changes: Any) -> Plan:  # noqa: ANN401  # the fields of Draft
    return METHOD.plan(draft(**changes), "2026-01-01T00:00:00Z")


def bulk_of(made: Plan) -> Request:
    [request] = [request for request in METHOD.requests(made) if "_bulk" in request.path]
    return request


def streams(name: str) -> tuple[IndexFacts, ...]:
    return (IndexFacts(name=f".ds-{name}-2026.01.01-000001", data_stream=name),)


def test_types_are_merged_where_nothing_is_said() -> None:
    [task] = plan().tasks
    assert (task.type, task.documents) == ("", 9)
    assert set(json.loads(task.create)["mappings"]["properties"]) == {"n", "t"}


def test_types_apart_are_tasks_with_their_own_names_and_mappings() -> None:
    tasks = plan(copying=CopyOptions(types=TypeRule.APART), renamed={"old": "New".lower()}).tasks
    assert [(task.number, task.type, task.destination_index) for task in tasks] == [
        (1, "a", "new-a"),
        (2, "b", "new-b"),
    ]
    assert [list(json.loads(task.create)["mappings"]["properties"]) for task in tasks] == [["t"], ["n"]]
    assert tasks[0].changes[0] == "only documents of the type a go into it"


def test_tasks_of_one_index_are_told_apart_by_their_types() -> None:
    begun = started(plan(copying=CopyOptions(types=TypeRule.APART)), "7K2P", 0.0)
    assert [task.source_index for task in begun.tasks] == ["old (a)", "old (b)"]


def test_an_index_with_a_single_type_is_not_taken_apart() -> None:
    [task] = plan(mappings={"a": {}}, copying=CopyOptions(types=TypeRule.APART)).tasks
    assert (task.type, task.destination_index) == ("", "old")


@pytest.mark.parametrize("mappings", [TYPES, {"properties": {}}])
def test_a_type_that_an_index_has_not_is_refused(mappings: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="has no type c") as raised:
        plan(mappings=mappings, copying=CopyOptions(only_type="c"))
    assert raised.value.problem.cause is Cause.USAGE


def test_types_that_may_share_an_id_are_not_merged_with_their_versions() -> None:
    with pytest.raises(ProblemError, match="while documents keep their versions"):
        plan(copying=CopyOptions(versions=True))
    assert len(plan(copying=CopyOptions(versions=True, types=TypeRule.APART)).tasks) == 2
    assert len(plan(to="5.6.16", copying=CopyOptions(versions=True)).tasks) == 1  # which has types itself


def test_what_the_destination_has_is_used_only_where_the_plan_says_so() -> None:
    there = (IndexFacts(name="old"),)
    [made] = plan(destination_indices=there).tasks
    [used] = plan(destination_indices=there, copying=CopyOptions(into_existing=True)).tasks
    assert made.create
    assert (used.create, used.kind) == ("", RestoreKind.INDEX)


def test_an_index_that_is_used_is_neither_made_nor_tuned() -> None:
    made = plan(destination_indices=(IndexFacts(name="old"),), copying=CopyOptions(into_existing=True))
    assert [(one.method, one.path) for one in METHOD.requests(made)] == [
        ("POST", "/old/_bulk?pipeline=_none"),
        ("POST", "/old/_refresh"),
        ("GET", "/old/_count"),
    ]
    assert "Add to 1 index" in METHOD.steps(made)[1]


def test_a_data_stream_as_documented_gets_create_actions_without_a_routing() -> None:
    made = plan(destination_indices=streams("old"), copying=CopyOptions(into_existing=True))
    [task] = made.tasks
    assert (task.create, task.kind) == ("", RestoreKind.DATA_STREAM)
    assert bulk_of(made).body.splitlines()[0] == '{"create":{"_id":"…"}}'
    assert "without a routing" in task.changes[0]


def test_a_data_stream_as_documented_takes_no_version_from_outside() -> None:
    with pytest.raises(ProblemError, match="cannot keep their versions"):
        plan(
            mappings={"a": {}},
            destination_indices=streams("old"),
            copying=CopyOptions(into_existing=True, versions=True),
        )


def test_a_kept_version_goes_with_the_action_index() -> None:
    made = plan(mappings={"a": {}}, copying=CopyOptions(versions=True))
    assert bulk_of(made).body.startswith('{"index":{"_id":"…","version":…,"version_type":"external"')
    assert json.loads(versioned("1", "r", None, 7)) == {
        "index": {"_id": "1", "version": 7, "routing": "r", "version_type": "external"}
    }
    assert any("Each keeps its version" in step for step in METHOD.steps(made))


@pytest.mark.parametrize(
    ("to", "how", "path"),
    [
        ("6.4.3", PipelineRule.OFF, "/old/_bulk"),
        ("6.5.0", PipelineRule.OFF, "/old/_bulk?pipeline=_none"),
        ("9.5.0", PipelineRule.OFF, "/old/_bulk?pipeline=_none"),
        ("9.5.0", PipelineRule.RESPECTED, "/old/_bulk"),
    ],
)
def test_pipelines_are_passed_by_from_the_version_on_that_knows_how(to: str, how: PipelineRule, path: str) -> None:
    made = plan(to=to, mappings={"a": {}}, copying=CopyOptions(pipelines=how))
    assert bulk_of(made).path == path
    assert any("pipelines" in step for step in METHOD.steps(made)) == (to != "6.4.3")


@pytest.mark.parametrize(
    "how",
    [
        CopyOptions(),
        CopyOptions(pipelines=PipelineRule.RESPECTED, versions=True, only_type="a"),
        CopyOptions(types=TypeRule.APART),
    ],
)
def test_a_plan_in_a_file_says_how_documents_are_carried(how: CopyOptions) -> None:
    made = plan(copying=how)
    assert Plan.from_toml(made.to_toml()) == made
    assert f'pipelines = "{how.pipelines.value}"' in made.to_toml()


def test_a_plan_becomes_the_draft_whose_names_are_checked() -> None:
    apart = draft_of(plan(copying=CopyOptions(types=TypeRule.APART)))
    used = draft_of(plan(destination_indices=(IndexFacts(name="old"),), copying=CopyOptions(into_existing=True)))
    assert (apart.selected, apart.all_targets("old"), apart.uses) == (("old",), ("old-a", "old-b"), ())
    assert (used.selected, used.all_targets("old"), used.uses) == (("old",), ("old",), ("old",))


def test_only_a_copy_is_told_how_documents_are_carried() -> None:
    other = METHODS[MethodName.REINDEX_FROM_REMOTE].plan(draft(copying=CopyOptions(types=TypeRule.APART)), "")
    assert [task.type for task in other.tasks] == [""]
    assert "copying" not in other.to_toml()


@pytest.mark.parametrize(
    ("count", "held"),
    [(153, 95), (160, 95), (150, 92)],
)
def test_an_index_that_had_documents_must_have_grown_by_those_written(count: int, held: int) -> None:
    # 100 were read: 3 written in earlier looks and 50 since, 42 there already, 5 refused.
    state = CopyState(most=100, most_refused=5, written=53, there=42, base=100)
    assert held_of(state, count) == held


def test_types_that_cannot_be_one_mapping_are_refused_and_may_go_apart() -> None:
    torn = {"a": {"properties": {"x": {"type": "long"}}}, "b": {"properties": {"x": {"type": "keyword"}}}}
    with pytest.raises(ProblemError) as refused:
        plan(mappings=torn)
    assert refused.value.problem.cause is Cause.BLOCKED
    assert "x: the types of the index differ in type" in refused.value.problem.why
    assert "--types apart" in refused.value.problem.todo
    assert len(plan(mappings=torn, copying=CopyOptions(types=TypeRule.APART)).tasks) == 2


def referring(**settings: Any) -> IndexDefinition:  # noqa: ANN401  # JSON
    return IndexDefinition(name="old", settings={"index": settings}, mappings={"properties": {}}, aliases={})


def test_what_would_act_on_documents_on_their_way_is_kept_to_be_set_again() -> None:
    settings = {"lifecycle": {"name": "keep", "indexing_complete": "true"}, "default_pipeline": "clean"}
    made = plan(definitions={"old": referring(**settings, final_pipeline="_none")})
    [task] = made.tasks
    assert task.later == {"index.default_pipeline": "clean", "index.lifecycle.name": "keep"}
    assert "lifecycle" not in task.create
    assert Plan.from_toml(made.to_toml()) == made


def test_what_is_used_as_it_is_gets_no_setting_again() -> None:
    there = (IndexFacts(name="old"),)
    copying = CopyOptions(into_existing=True)
    definitions = {"old": referring(default_pipeline="clean")}
    [task] = plan(definitions=definitions, destination_indices=there, copying=copying).tasks
    assert (task.create, task.later) == ("", {})


def test_what_is_to_be_brought_over_has_to_be_looked_at_first() -> None:
    with pytest.raises(ProblemError, match="was not looked at yet"):
        plan(bring=(DefinitionGroup.TEMPLATES,))
    assert plan(bring=(DefinitionGroup.TEMPLATES,), carried=()).carried == ()


def test_a_plan_with_definitions_is_read_back_as_it_was_written() -> None:
    one = CarriedDefinition(
        kind=DefinitionKind.TEMPLATE,
        name='a "b" \\ ü',
        body='{"x":"\\n\\"\'\'\'"}',
        changes=("a\tb",),
        conflict=NameConflict.OTHER,
    )
    made = plan(bring=(DefinitionGroup.TEMPLATES,), carried=(one,))
    assert Plan.from_toml(made.to_toml()) == made
