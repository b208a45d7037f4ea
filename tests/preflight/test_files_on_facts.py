"""What preflight says of files and of what receives them: on values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.files import FileFormat, FileSource, Guess, IdRule, Reading, RowError, Sample
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.settings import named
from esmigrate_tui.preflight.files import (
    amount_of_fields,
    judged_claim,
    judged_mapping,
    judged_sample,
    judged_stream,
    judged_target,
    write_index,
)

if TYPE_CHECKING:
    from esmigrate_tui.model.finding import Finding

READING = Reading(
    format=FileFormat.CSV,
    files=(FileSource(path="/a.csv", size=9, modified="2026-01-01T00:00:00+00:00"),),
    delimiter="\t",
)
BAD = (RowError(path="/a.csv", line=3, reason="it has 1 cell, the table has 2 columns"),)


def sampled(**more: Any) -> list[Finding]:  # noqa: ANN401  # any field
    return list(judged_sample(Sample(**{"reading": READING, "amount": 10, **more})))


@pytest.mark.parametrize(
    ("bad", "amount", "severity"),
    [(0, 10, Severity.PASSED), (1, 10, Severity.WARNING), (10, 10, Severity.BLOCKER), (0, 0, Severity.WARNING)],
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
    reading = Reading(format=FileFormat.CSV, files=READING.files, ids=rule)
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
    bare, timed = Guess(field="n", type="long"), Guess(field="@timestamp", type="date")
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
        ("ev", True, False, Severity.PASSED, "will be made by the destination's template ev"),
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
