"""What is said before a copy: pipelines, names that are used, data streams, versions, types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.model.carried import CarriedDefinition, DefinitionKind, NameConflict
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.facts import Health, IndexFacts, IndexState, TemplateFacts
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.preflight import destination, selection, source
from esmigrate_tui.preflight.copying import (
    judged_documents,
    judged_names,
    judged_pipelines,
    judged_stream_template,
    judged_targets,
    kept_versions,
    stream_names,
)
from tests.preflight.test_checks_on_facts import NOBODY, draft

if TYPE_CHECKING:
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.preflight.check import Check

DEFAULT = {"index.default_pipeline": "geo"}
FINAL = {"index.final_pipeline": "audit"}
MIXED = IndexFacts(name="logs", types=("a", "b", "c"))


def copy(**changes: Any) -> Draft:  # noqa: ANN401  # the fields of Copying
    return draft(copying=CopyOptions(**changes))


async def found(check: Check, drafted: Draft) -> list[Finding]:
    return [finding async for finding in check(drafted, NOBODY)]


@pytest.mark.parametrize(
    ("how", "templates", "there", "severity", "words"),
    [
        ("off", {"logs": {}}, {}, "passed", "No ingest pipeline"),
        ("off", {"logs": {"index.final_pipeline": "_none"}}, {}, "passed", "No ingest pipeline"),
        ("off", {"logs": DEFAULT | FINAL}, {}, "note", "passed by"),
        ("respected", {"logs": DEFAULT}, {}, "warning", "goes through"),
        ("off", {}, {"kept": DEFAULT}, "note", "passed by"),
        ("off", {}, {"kept": DEFAULT | FINAL}, "blocker", "cannot be passed by in kept"),
        ("respected", {}, {"kept": FINAL}, "warning", "goes through"),
        ("off", {}, {"of another": FINAL}, "passed", "No ingest pipeline"),
        ("off", None, {}, "note", "could not be seen"),
        ("respected", {}, None, "warning", "could not be seen"),
    ],
)
def test_pipelines_are_told_by_what_they_would_do(
    how: str,
    templates: dict[str, dict[str, str]] | None,
    there: dict[str, dict[str, str]] | None,
    severity: str,
    words: str,
) -> None:
    wanted = msgspec.structs.replace(copy(pipelines=PipelineRule(how)), uses=("kept",))
    [said] = judged_pipelines(wanted, templates, there)
    assert said.severity == severity
    assert words in said.title


def test_a_pipeline_of_many_indices_is_told_once() -> None:
    [said] = judged_pipelines(copy(), {f"i{n}": DEFAULT for n in range(9)}, {})
    assert said.evidence == "geo (default pipeline) of i0, i1, i2, i3, i4 and 4 more"


@pytest.mark.parametrize(
    ("taken", "count", "severity", "words"),
    [
        ("index", 0, "note", "used as it is"),
        ("index", 7, "warning", "with 7 documents"),
        ("data stream", 0, "warning", "data stream"),
        ("alias", 0, "blocker", "is an alias"),
        ("", 0, "blocker", "not there any more"),
    ],
)
def test_what_the_plan_adds_to_is_judged_by_what_it_is(taken: str, count: int, severity: str, words: str) -> None:
    wanted = msgspec.structs.replace(copy(into_existing=True), uses=("logs",))
    [said] = judged_targets(wanted, {"logs": taken} if taken else {}, {"logs": count})
    assert said.severity == severity
    assert words in said.title


async def test_a_name_that_is_used_is_not_in_the_way() -> None:
    there = (IndexFacts(name="logs", documents=3),)
    [taken] = await found(destination.existing_names, draft(destination_indices=there))
    [used] = await found(destination.existing_names, draft(destination_indices=there, uses=("logs",)))
    assert (taken.severity, used.severity) == ("blocker", "passed")


async def test_every_name_that_the_types_get_is_looked_for() -> None:
    apart = {"logs": ("logs-a", "logs-b c")}
    there = (IndexFacts(name="logs-a"),)
    said = await found(destination.existing_names, draft(destination_indices=there, targets=apart))
    assert [(one.severity, one.title.split(":")[1].strip()) for one in said] == [
        ("blocker", "logs"),
        ("blocker", "logs-b c"),
    ]
    assert said[0].evidence == "logs-a: index, 0 documents"


def test_of_templates_as_documented_the_strongest_says_whether_a_name_is_for_a_data_stream() -> None:
    templates = (
        TemplateFacts(name="logs", patterns=("logs-*-*",), makes_streams=True, priority=100),
        TemplateFacts(name="own", patterns=("logs-old-*",), priority=200),
    )
    assert stream_names(["logs-a-b", "logs-old-b", "logs"], templates) == {"logs-a-b": "logs"}
    [told] = judged_names(["logs-a-b", "logs-old-b"], templates)
    assert (told.severity, told.subjects, told.copy) == ("blocker", ("logs-a-b",), "PUT _data_stream/logs-a-b")
    assert not list(judged_names(["logs-old-b", "logs"], templates))


def test_documents_for_a_data_stream_as_documented_need_a_time() -> None:
    [good] = judged_documents({"logs": (b'{"@timestamp":1}', b'{"x":"\\ud800","@timestamp":"2026"}')})
    [bad] = judged_documents({"logs": (b'{"@timestamp":1}', b'{"time":1}', b'{"@timestamp":null}')})
    assert good.severity == "passed"
    assert (bad.severity, bad.evidence) == ("warning", "logs: 2 of the first 3")


async def test_that_versions_are_kept_is_said_and_nothing_where_they_are_not() -> None:
    [said] = await found(kept_versions, copy(versions=True))
    assert "is not deleted here" in said.why
    assert await found(kept_versions, copy()) == []


@pytest.mark.parametrize(
    ("how", "severity", "words"),
    [
        (CopyOptions(), "warning", "several mapping types"),
        (CopyOptions(types=TypeRule.APART), "note", "an index of its own"),
        (CopyOptions(only_type="b"), "warning", "Only documents of the type b"),
    ],
)
async def test_what_becomes_of_types_is_said(how: CopyOptions, severity: str, words: str) -> None:
    [said] = await found(selection.several_types, draft(source_indices=(MIXED,), copying=how))
    assert said.severity == severity
    assert words in said.title


async def test_an_index_of_one_type_needs_no_word() -> None:
    one = (IndexFacts(name="logs", types=("a",)),)
    assert (
        await found(selection.several_types, draft(source_indices=one, copying=CopyOptions(types=TypeRule.APART))) == []
    )


TEMPLATE = CarriedDefinition(
    kind=DefinitionKind.TEMPLATE, name="shop", body='{"index_patterns":["web-*"],"data_stream":{},"priority":300}'
)
FIELDS = CarriedDefinition(kind=DefinitionKind.COMPONENT, name="fields", body="{}")
STREAMS = TemplateFacts(name="web", patterns=("web-*",), makes_streams=True, priority=1)
PLAIN = TemplateFacts(name="web", patterns=("web-*",), priority=301)


@pytest.mark.parametrize(
    ("templates", "first", "severity", "said"),
    [
        ((STREAMS,), (), Severity.PASSED, "the destination's own template web"),
        ((), (FIELDS, TEMPLATE), Severity.NOTE, "the source's template shop, composed of fields"),
        ((msgspec.structs.replace(PLAIN, priority=9),), (TEMPLATE,), Severity.NOTE, "the source's template shop"),
        ((PLAIN,), (TEMPLATE,), Severity.BLOCKER, "Its template web wins over the source's (priority 301)"),
        ((), (), Severity.BLOCKER, "The source has none that fits, or does not show it"),
        (
            (TemplateFacts(name="shop", patterns=("other",)),),
            (TEMPLATE,),
            Severity.BLOCKER,
            "another template called shop",
        ),
        (
            (),
            (msgspec.structs.replace(TEMPLATE, conflict=NameConflict.REFUSED, changes=("odd field",)),),
            Severity.BLOCKER,
            "cannot be carried over: odd field",
        ),
        ((), None, Severity.NOTE, "no template for the data stream web-shop yet"),
        (None, (TEMPLATE,), Severity.WARNING, "could not be seen"),
    ],
)
def test_by_which_template_a_data_stream_is_made_is_said_before_and_none_is_a_blocker(
    templates: tuple[TemplateFacts, ...] | None,
    first: tuple[CarriedDefinition, ...] | None,
    severity: Severity,
    said: str,
) -> None:
    found = judged_stream_template("web-shop", templates, first)
    assert found.severity is severity
    assert said in f"{found.title} {found.why}"
    if severity is Severity.BLOCKER:
        method, path = found.copy.splitlines()[0].split()
        body = json.loads(found.copy.splitlines()[1])
        assert (method, path) == ("PUT", "/_index_template/web-shop".lstrip("/"))
        assert body["index_patterns"] == ["web-shop"]
        assert body["data_stream"] == {}
        assert body["priority"] > max((one.priority for one in templates or ()), default=0)


PARTS = (
    IndexFacts(name=".ds-web-000001", data_stream="web", hidden=True, documents=3, health=Health.GREEN),
    IndexFacts(name=".ds-web-000002", data_stream="web", hidden=True, documents=4, health=Health.GREEN),
)


async def test_of_a_chosen_data_stream_nothing_is_said_that_is_meant_for_the_indices_behind_it() -> None:
    chosen = draft(source_indices=PARTS, selected=("web",))
    for check in (selection.internal_indices, source.hidden_indices, source.frozen_indices, source.reading_blocked):
        assert not await found(check, chosen)
    assert [one.severity for one in await found(selection.readable, chosen)] == [Severity.PASSED]
    assert [one.severity for one in await found(destination.existing_names, chosen)] == [Severity.PASSED]


async def test_a_closed_index_of_a_data_stream_is_named_where_the_stream_cannot_be_read_whole() -> None:
    closed = msgspec.structs.replace(PARTS[0], state=IndexState.CLOSED)
    [told] = await found(selection.readable, draft(source_indices=(closed, PARTS[1]), selected=("web",)))
    assert told.severity is Severity.BLOCKER
    assert told.subjects == (".ds-web-000001",)


async def test_a_data_stream_of_the_same_name_is_in_the_way_with_what_it_holds() -> None:
    [told] = await found(
        destination.existing_names, draft(source_indices=PARTS, destination_indices=PARTS, selected=("web",))
    )
    assert told.severity is Severity.BLOCKER
    assert told.evidence == "web: data stream, 7 documents"


async def test_several_indices_may_be_created_into_one_data_stream_that_is_there() -> None:
    one = draft(
        source_indices=(IndexFacts(name="a"), IndexFacts(name="b")),
        destination_indices=PARTS,
        selected=("a", "b"),
        renamed={"a": "web", "b": "web"},
    )
    used = msgspec.structs.replace(one, uses=("web",))
    assert any("would go into one" in told.title for told in await found(destination.existing_names, one))
    assert not any("would go into one" in told.title for told in await found(destination.existing_names, used))
