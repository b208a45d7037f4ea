"""Plans of a data stream, on values: one task, its template first, and what cannot be one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from esmigrate_tui.flow.checking import draft_of
from esmigrate_tui.flow.definition import parts_of
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.copy_through_here.decisions import CopyPart, CopyState, is_same_source, newer_parts
from esmigrate_tui.methods.streams import alias_request
from esmigrate_tui.model.carried import DefinitionKind, StoredDefinition
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.copy_options import CopyOptions
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, amount_of
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind

HERE = Connection(endpoint=Endpoint(scheme="http", host="here", port=9200))
THERE = Connection(endpoint=Endpoint(scheme="http", host="there", port=9200))
BACKING = (".ds-web-shop-2026.01.01-000001", ".ds-web-shop-2026.02.01-000002")
TEMPLATES = (
    StoredDefinition(kind=DefinitionKind.COMPONENT, name="fields", body={"template": {"mappings": {"properties": {}}}}),
    StoredDefinition(
        kind=DefinitionKind.TEMPLATE,
        name="shop",
        body={"index_patterns": ["web-*"], "data_stream": {}, "priority": 300, "composed_of": ["fields"]},
    ),
)
STREAM = IndexDefinition(
    name="web-shop",
    settings={},
    mappings={"_data_stream_timestamp": {"enabled": True}},
    aliases={},
    documents=9,
    backing=BACKING,
    templates=TEMPLATES,
)


def draft(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of Draft
    indices = (IndexFacts(name=name, data_stream="web-shop", documents=4, primary_bytes=50) for name in BACKING)
    base = Draft(
        method=MethodName.COPY_THROUGH_HERE,
        source=THERE,
        destination=HERE,
        source_facts=ClusterFacts(name="there", uuid="t", version=Version(8, 19, 8)),
        destination_facts=ClusterFacts(name="here", uuid="h", version=Version(9, 4, 3)),
        source_indices=tuple(indices),
        selected=("web-shop",),
        definitions={"web-shop": STREAM},
    )
    return msgspec.structs.replace(base, **changes)


def plan(**changes: Any) -> Plan:  # noqa: ANN401  # the fields of Draft
    made = draft(**changes)
    assert made.method is not None
    return METHODS[made.method].plan(made, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize("method", [MethodName.COPY_THROUGH_HERE, MethodName.REINDEX_FROM_REMOTE])
def test_a_data_stream_is_one_task_whose_template_comes_first(method: MethodName) -> None:
    made = plan(method=method)
    [task] = made.tasks
    requests = [(one.method, one.path) for one in METHODS[method].requests(made)]
    assert (task.kind, task.source_index, task.destination_index) == (RestoreKind.DATA_STREAM, "web-shop", "web-shop")
    assert (task.documents, task.size, task.backing) == (9, 100, BACKING)
    assert [one.label for one in task.first] == ["component template fields", "index template shop"]
    assert requests[:3] == [
        ("PUT", "/_component_template/fields?create=true"),
        ("PUT", "/_index_template/shop?create=true"),
        ("PUT", "/_data_stream/web-shop"),
    ]
    assert not any("_settings" in path for _, path in requests)
    assert amount_of(made) == "1 data stream"
    assert "Make 1 data stream on http://here:9200 (9.4.3) by its template" in METHODS[method].steps(made)[1]


def test_what_is_not_carried_over_is_said_and_components_that_come_along_are_not_asked_for() -> None:
    [task] = plan().tasks
    said = "; ".join(task.changes)
    assert "a data stream of 2 indices" in said
    assert "lifecycle begins anew" in said
    assert "failure store stays behind" in said
    assert "must be on the destination" not in said


def test_a_plan_with_a_data_stream_comes_back_from_its_file_and_an_older_one_too() -> None:
    made = plan()
    older = "\n".join(line for line in plan(definitions={"web-shop": _index()}).to_toml().splitlines())
    assert Plan.from_toml(made.to_toml()) == made
    assert "backing" not in older
    assert Plan.from_toml(older).tasks[0].first == ()


def _index() -> IndexDefinition:
    return msgspec.structs.replace(STREAM, backing=(), templates=(), mappings={})


def test_a_template_of_a_plan_that_is_no_json_is_refused_in_a_sentence() -> None:
    text = plan().to_toml().replace('"priority": 300,', '"priority": ,')
    with pytest.raises(ProblemError, match="body of the index template shop in the plan is not a JSON object"):
        Plan.from_toml(text)


def test_under_another_name_it_gets_a_template_of_its_own() -> None:
    [task] = plan(renamed={"web-shop": "shop-2"}).tasks
    made = task.first[-1]
    assert (made.name, json.loads(made.body)["index_patterns"]) == ("shop-shop-2", ["shop-2"])
    assert "it is for shop-2 alone: shop is for web-*" in made.changes


def test_its_aliases_come_along_and_are_given_to_it_once_it_is_there() -> None:
    filtered = {"filter": {"term": {"user": "u1"}}}
    [task] = plan(definitions={"web-shop": msgspec.structs.replace(STREAM, aliases={"shops": filtered})}).tasks
    request = alias_request(task)
    assert request is not None
    assert (request.method, request.path) == ("POST", "/_aliases")
    assert json.loads(request.body) == {"actions": [{"add": {"index": "web-shop", "alias": "shops", **filtered}}]}
    assert alias_request(plan().tasks[0]) is None


def test_a_time_series_is_refused_and_told_to_be_restored() -> None:
    series = msgspec.structs.replace(STREAM, settings={"index": {"mode": "time_series"}})
    with pytest.raises(ProblemError, match="time series") as raised:
        plan(definitions={"web-shop": series})
    assert raised.value.problem.cause is Cause.BLOCKED
    assert "Restore it from a snapshot" in raised.value.problem.todo


def test_versions_cannot_be_kept_in_a_data_stream() -> None:
    with pytest.raises(ProblemError, match="cannot keep their versions"):
        plan(copying=CopyOptions(versions=True))


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (IndexFacts(name=BACKING[0], data_stream="web-shop"), RestoreKind.DATA_STREAM),
        (IndexFacts(name="web-shop"), RestoreKind.INDEX),
    ],
)
def test_what_is_there_is_used_without_making_a_template(there: IndexFacts, kind: RestoreKind) -> None:
    made = plan(copying=CopyOptions(into_existing=True), destination_indices=(there,))
    [task] = made.tasks
    assert (task.kind, task.create, task.first) == (kind, "", ())
    assert draft_of(made).uses == ("web-shop",)


def test_an_index_that_backs_a_stream_and_is_named_in_full_stays_an_index() -> None:
    alone = msgspec.structs.replace(_index(), name=BACKING[0])
    [task] = plan(selected=(BACKING[0],), definitions={BACKING[0]: alone}).tasks
    assert (task.kind, task.source_index) == (RestoreKind.INDEX, BACKING[0])


def test_a_data_stream_that_has_rolled_over_since_is_still_the_same_source() -> None:
    state = CopyState(of="u1,u2")
    assert is_same_source(state, ["u1", "u2", "u3"])
    assert not is_same_source(state, ["u2", "u3"])
    assert is_same_source(CopyState(of="u1"), ["u1"])


def test_shards_of_different_indices_of_one_stream_are_told_apart_and_a_new_index_is_read_whole() -> None:
    known = (CopyPart(shard=0, until=50, index="a"), CopyPart(shard=0, until=7, index="b"))
    now = (*known, CopyPart(shard=0, after=7, until=9, index="b"), CopyPart(shard=0, until=3, index="c"))
    assert newer_parts(known, now) == (
        CopyPart(shard=0, after=7, until=9, index="b"),
        CopyPart(shard=0, after=-1, until=3, index="c"),
    )


def test_where_a_definition_is_looked_at_a_data_stream_has_a_template_and_no_body_to_be_edited() -> None:
    [part] = parts_of(draft(renamed={"web-shop": "web-2"}), "web-shop")
    assert (part.target, part.body, part.is_stream) == ("web-2", "", True)
    assert part.changes[0] == (
        "unless the destination has a template for its name: component template fields, index template shop"
    )
