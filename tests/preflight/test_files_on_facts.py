"""What preflight says of files and of what receives them: on values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.files import FieldGuess, FileFormat, FileReading, FileSample, FileSource, IdRule, RowError
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.settings import named
from esmigrate_tui.preflight.files import (
    amount_of_fields,
    how_read,
    judged_claim,
    judged_mapping,
    judged_names,
    judged_sample,
    judged_stream,
    judged_target,
    write_index,
)
from esmigrate_tui.reading.guess import guesses, properties

if TYPE_CHECKING:
    from esmigrate_tui.model.finding import Finding

READING = FileReading(
    format=FileFormat.CSV,
    files=(FileSource(path="/a.csv", size=9, modified="2026-01-01T00:00:00+00:00"),),
    delimiter="\t",
)
BAD = (RowError(path="/a.csv", line=3, reason="it has 1 cell, the table has 2 columns"),)


def sampled(**more: Any) -> list[Finding]:  # noqa: ANN401  # any field
    return list(judged_sample(FileSample(**{"reading": READING, "amount": 10, **more})))


@pytest.mark.parametrize(
    ("bad", "amount", "severity"),
    [(0, 10, Severity.PASSED), (1, 10, Severity.WARNING), (10, 10, Severity.BLOCKER), (0, 0, Severity.BLOCKER)],
)
def test_bad_rows_warn_and_only_bad_rows_block(bad: int, amount: int, severity: Severity) -> None:
    [finding] = sampled(bad=bad, amount=amount, errors=BAD if bad else ())
    assert finding.severity is severity


def test_a_bad_row_is_named_by_file_and_line() -> None:
    assert sampled(bad=1, errors=BAD)[0].evidence == "/a.csv:3: it has 1 cell, the table has 2 columns"


def test_how_a_file_is_read_is_said() -> None:
    assert "csv, separated by tab, utf-8" in sampled()[0].title


@pytest.mark.parametrize(("rule", "severity"), [(IdRule.FIELD, Severity.WARNING), (IdRule.HASH, Severity.NOTE)])
def test_ids_that_come_twice_warn_unless_they_are_hashes(rule: IdRule, severity: Severity) -> None:
    reading = FileReading(format=FileFormat.CSV, files=READING.files, ids=rule)
    assert sampled(reading=reading, repeated_ids=("7",))[1].severity is severity


@pytest.mark.parametrize(
    ("taken", "count", "makes", "severity"),
    [
        ("", 0, True, Severity.PASSED),
        ("index", 5, True, Severity.BLOCKER),
        ("alias", 0, True, Severity.BLOCKER),
        ("data stream", 0, False, Severity.BLOCKER),
        ("", 0, False, Severity.BLOCKER),
        ("index", 5, False, Severity.WARNING),
        ("index", 0, False, Severity.NOTE),
    ],
)
def test_the_target_is_as_the_plan_expects_it(taken: str, count: int, makes: bool, severity: Severity) -> None:  # noqa: FBT001  # a table's column
    assert judged_target("orders", taken, count, makes=makes).severity is severity


def test_a_data_stream_takes_files_and_what_a_watch_counts_goes_into_an_index() -> None:
    assert judged_target("logs", "data stream", 5, makes=False, takes_streams=True).severity is Severity.WARNING
    assert judged_target("logs", "data stream", 5, makes=True, takes_streams=True).severity is Severity.BLOCKER
    assert judged_target("logs", "alias", 5, makes=False, takes_streams=True).severity is Severity.BLOCKER


def test_rows_without_a_moment_are_not_for_a_data_stream() -> None:
    bare, timed = FieldGuess(field="n", type="long"), FieldGuess(field="@timestamp", type="date")
    assert [one.severity for one in judged_stream("logs", [bare])] == [Severity.BLOCKER, Severity.NOTE]
    assert [one.severity for one in judged_stream("logs", [bare, timed])] == [Severity.NOTE]


def test_a_data_stream_is_written_to_by_the_newest_index_behind_it() -> None:
    behind = tuple(IndexFacts(name=f".ds-logs-2026.01.0{at}-00000{at}", data_stream="logs") for at in (1, 3, 2))
    draft = Draft(destination_indices=(*behind, IndexFacts(name="x")))
    assert [write_index(draft.answered(into=name)) for name in ("logs", "x", "new")] == [behind[1].name, "x", "new"]


def test_no_mapping_at_all_warns() -> None:
    assert [one.severity for one in judged_mapping({}, {}, (), is_planned=True)] == [Severity.WARNING]


def test_the_limit_of_fields_is_warned_of_before_it_is_reached_and_blocks_beyond() -> None:
    properties = {f"f{n}": {"type": "long"} for n in range(95)}
    for limit, severity in ((100, Severity.WARNING), (90, Severity.BLOCKER)):
        settings = {"index.mapping.total_fields.limit": str(limit)}
        *_, last = judged_mapping({"properties": properties}, settings, (), is_planned=True)
        assert last.severity is severity


def test_fields_are_counted_with_objects_and_further_fields() -> None:
    text = {"type": "text", "fields": {"raw": {"type": "keyword"}}}
    assert amount_of_fields({"a": {"properties": {"b": text}}, "c": {"type": "long"}}) == 4


def test_settings_have_one_name_however_they_are_written() -> None:
    assert named({"index": {"default_pipeline": "x"}, "number_of_shards": 1, "index.a.b": 2}) == {
        "index.default_pipeline": "x",
        "index.number_of_shards": 1,
        "index.a.b": 2,
    }


@pytest.mark.parametrize(
    ("template", "makes_stream", "is_sent", "severity", "said"),
    [
        ("ev", True, False, Severity.PASSED, "will be created by the destination's template ev"),
        ("ev", False, False, Severity.BLOCKER, "Make the plan again"),
        ("ev", False, True, Severity.BLOCKER, "What is watched while others send is one index"),
        ("", True, False, Severity.BLOCKER, "any more"),
    ],
)
def test_a_name_that_a_template_keeps_for_data_streams_is_found_before_the_run(
    template: str,
    makes_stream: bool,  # noqa: FBT001  # a column of the table
    is_sent: bool,  # noqa: FBT001  # the same
    severity: Severity,
    said: str,
) -> None:
    told = judged_claim("ev-b", template, makes_stream=makes_stream, is_sent=is_sent)
    assert told.severity is severity
    assert said in f"{told.title} {told.why} {told.fix}"


# -- what no index can hold side by side -----------------------------------------------------------------------------


def names_of(documents: list[dict[str, Any]], mappings: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    found = guesses(documents)
    return [(finding.severity.value, finding.title) for finding in judged_names(mappings or {}, found)]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"geo": "x", "geo.lat": 1}, "geo is a value, and geo.lat would be within it"),
        ({"a": {"b": 1}, "a.b.c": 2}, "a.b is a value, and a.b.c would be within it"),
        ({"a..b": 1}, 'A field cannot have such a name: "a..b"'),
        ({".a": 1}, 'A field cannot have such a name: ".a"'),
        ({"": 1}, 'A field cannot have such a name: ""'),
        ({"_index": "x"}, "No document can hold a field of this name: _index"),
    ],
)
def test_what_every_server_refuses_blocks_before_the_run(document: dict[str, Any], words: str) -> None:
    assert names_of([document]) == [("blocker", words)]


@pytest.mark.parametrize(
    "document", [{"Nr.": 1, "Tel.": "x"}, {"a.b": 1, "a.c": 2}, {"a.": {"b.": 1}}, {"_score": 1.5}]
)
def test_what_servers_take_is_taken(document: dict[str, Any]) -> None:
    assert names_of([document]) == []


def test_a_name_with_a_dot_at_its_end_is_the_field_that_servers_make_of_it() -> None:
    assert properties(guesses([{"Nr.": 1, "Tel.": "x", "a.": {"b.": True}}])) == {
        "Nr": {"type": "long"},
        "Tel": {"type": "keyword"},
        "a": {"properties": {"b": {"type": "boolean"}}},
    }


def test_a_field_that_is_an_object_in_some_rows_warns() -> None:
    assert [severity for severity, _ in names_of([{"a": 1}, {"a": {"b": 2}}])] == ["warning"]


@pytest.mark.parametrize(
    "mappings",
    [{"subobjects": False}, {"properties": {"geo": {"type": "object", "enabled": False}}}],
    ids=["no objects", "kept only"],
)
def test_an_index_that_bears_both_is_no_trouble(mappings: dict[str, Any]) -> None:
    assert names_of([{"geo": "x", "geo.lat": 1}], mappings) == []


def test_a_file_that_showed_no_row_and_is_not_empty_is_named() -> None:
    [_, finding] = sampled(unread=("/b.csv",))
    assert finding.severity is Severity.WARNING
    assert finding.evidence == "/b.csv"
    assert sampled(unread=("/b.csv",), amount=0)[0].severity is Severity.BLOCKER


def test_values_that_json_does_not_have_are_told_before() -> None:
    assert sampled(lost=2)[1].title == "2 values in the first rows that JSON does not have: NaN, or infinite"


def test_how_each_of_several_files_is_read_is_said() -> None:
    files = tuple(
        FileSource(path=f"/{name}.csv", size=9, modified="", delimiter=delimiter, encoding=encoding)
        for name, delimiter, encoding in (("a", "", ""), ("b", ";", "cp1252"), ("c", ";", ""))
    )
    how = how_read(FileReading(format=FileFormat.CSV, files=files))
    assert how == "csv, separated by semicolon (2) or comma (1), utf-8 (2) or cp1252 (1)"
