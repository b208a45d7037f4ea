"""What a run says at its end: one value, told in three ways."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from esmigrate_tui.model.carried import CarriedDefinition, CarryOutcome, DefinitionKind, NameConflict
from esmigrate_tui.model.connection import Connection, Endpoint, Side, SignIn
from esmigrate_tui.model.difference import Difference, DifferenceKind, IndexComparison
from esmigrate_tui.model.event import (
    Acknowledged,
    CarriedOver,
    Event,
    LedgerChanged,
    Noted,
    Reject,
    RunFinished,
    RunOutcome,
    RunStarted,
    Samples,
    TaskAdvanced,
    TaskFinished,
    TaskOutcome,
    TaskStarted,
    TaskSummary,
    WaitBegan,
    WaitEnded,
)
from esmigrate_tui.model.finding import Acceptance, Finding, Severity
from esmigrate_tui.model.ledger import EntryState, LedgerEntry, Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean
from esmigrate_tui.report import EarlierChanges, Report, as_json, as_lines, as_markdown, gather
from esmigrate_tui.report.lines import _columns
from esmigrate_tui.report.markdown import block, escape, table

if TYPE_CHECKING:
    from esmigrate_tui.report.judgement import ToDo

START = 1_790_000_000.0
BUSY = Problem(cause=Cause.BUSY, what="The destination is too busy.", why="It answered 429.", todo="Wait.")


def a_plan(*, method: MethodName = MethodName.REINDEX_FROM_REMOTE, accepted: tuple[Acceptance, ...] = ()) -> Plan:
    return Plan(
        method=method,
        made_at="2026-09-21T13:00:00Z",
        source=Connection(
            endpoint=Endpoint(scheme="http", host="old.example.org", port=9200), sign_in=SignIn.PASSWORD, user="elastic"
        ),
        destination=Connection(endpoint=Endpoint(scheme="https", host="new.example.org", port=9243)),
        source_version="6.8.23",
        destination_uuid="abc",
        destination_version="7.17.28",
        accepted=accepted,
        tasks=(
            Task(number=1, source_index="books", destination_index="books", documents=1000),
            Task(
                number=2,
                source_index="orders",
                destination_index="orders-v2",
                documents=2000,
                changes=("the type _doc was removed",),
            ),
        ),
    )


def an_entry(
    state: EntryState, *, number: int = 1, side: Side = Side.DESTINATION, trouble: str = "", stays: bool = False
) -> LedgerEntry:
    return LedgerEntry(
        number=number,
        side=side,
        what="replicas and refresh of books were switched off while it filled",
        made_by=Request(method="PUT", path="/books/_settings", body='{"index":{"number_of_replicas":0}}'),
        undo=None
        if stays
        else Request(method="PUT", path="/books/_settings", body='{"index":{"number_of_replicas":1}}'),
        state=state,
        trouble=trouble,
    )


def a_progress(
    *,
    orders: TaskFinished | None = None,
    outcome: RunOutcome | None = RunOutcome.VERIFIED,
    ledger: tuple[LedgerEntry, ...] = (),
    problem: Problem | None = None,
) -> Progress:
    """A run of 100 seconds over two indices: the first is verified, the second as given."""
    ended = orders or TaskFinished(
        at=START + 99, task=2, outcome=TaskOutcome.VERIFIED, source_count=2000, destination_count=2000
    )
    events: list[Event] = [
        RunStarted(
            at=START,
            run="7K2P",
            method=MethodName.REINDEX_FROM_REMOTE,
            source="http://old.example.org:9200",
            destination="https://new.example.org:9243",
            tasks=(
                TaskSummary(number=1, source_index="books", destination_index="books", documents=1000),
                TaskSummary(number=2, source_index="orders", destination_index="orders-v2", documents=2000),
            ),
        ),
        TaskStarted(at=START, task=1),
        TaskAdvanced(at=START + 1, task=1, moved=Acknowledged(done=500, total=1000, written=500)),
        TaskFinished(at=START + 20, task=1, outcome=TaskOutcome.VERIFIED, source_count=1000, destination_count=1000),
        TaskStarted(at=START + 20, task=2),
        WaitBegan(at=START + 30, task=2, problem=BUSY, until=START + 31, patience_ends=START + 900),
        WaitEnded(at=START + 31, task=2),
        Noted(at=START + 40, text="nothing to worry about"),
        ended,
        *(LedgerChanged(at=START + 99, entry=entry) for entry in ledger),
    ]
    if outcome is not None:
        events.append(RunFinished(at=START + 100, outcome=outcome, problem=problem))
    progress = Progress()
    for event in events:
        progress = progress.after(event)
    return progress


SET_ASIDE = TaskFinished(
    at=START + 99, task=2, outcome=TaskOutcome.WITH_REJECTS, source_count=2000, destination_count=1997, refused=3
)
DIFFERENT = TaskFinished(
    at=START + 99,
    task=2,
    outcome=TaskOutcome.DIFFERENT,
    source_count=2000,
    destination_count=1990,
    problem=Problem(cause=Cause.STATE, what="orders lacks 10 documents."),
)
REJECTS = (
    Reject(
        index="orders",
        id="a1",
        status=400,
        reason="failed to parse field [n] of type [long] in document with id 'a1'. Preview of field's value: 'x|y'",
    ),
    Reject(
        index="orders",
        id="b2",
        status=400,
        reason="failed to parse field [n] of type [long] in document with id 'b2'. Preview of field's value: 'zz'",
    ),
    Reject(index="orders", id="c3", status=413, reason="too large"),
)


def a_report(progress: Progress | None = None, *, plan: Plan | None = None, rejects: tuple[Reject, ...] = ()) -> Report:
    return gather(
        plan or a_plan(),
        progress or a_progress(),
        now=START + 500,
        rejects=rejects,
        rejects_file="/runs/7K2P/rejects.ndjson",
        plan_file="/runs/7K2P/my plan.toml",
    )


# -- what stands beside the indices ------------------------------------------------------------------------------------

CARRIED = (
    CarriedDefinition(kind=DefinitionKind.POLICY, name="keep", body="{}"),
    CarriedDefinition(kind=DefinitionKind.TEMPLATE, name="lo|gs`", body="{}", changes=("the type log was removed",)),
    CarriedDefinition(kind=DefinitionKind.PIPELINE, name="mine", body="{}", conflict=NameConflict.OTHER),
)
NO_RIGHT = Problem(cause=Cause.PRIVILEGES, what="The user may not do that.", todo="Grant manage_index_templates.")


def beside(*fates: CarryOutcome) -> Report:
    """The report of a run whose plan had these, and came to so many of them."""
    progress = a_progress()
    for one, fate in zip(CARRIED, fates, strict=False):
        problem = NO_RIGHT if fate is CarryOutcome.REFUSED else None
        progress = progress.after(CarriedOver(at=START + 99, kind=one.kind, name=one.name, fate=fate, problem=problem))
    return a_report(progress, plan=msgspec.structs.replace(a_plan(), carried=CARRIED))


def test_what_was_carried_over_is_told_with_what_takes_it_away_again() -> None:
    report = beside(CarryOutcome.MADE, CarryOutcome.MADE, CarryOutcome.LEFT)
    assert report.verdict == "Everything arrived, and it was checked."
    assert report.exit_code == ExitCode.DONE
    assert [one.away for one in report.carried] == [
        "DELETE /_ilm/policy/keep",
        "DELETE /_index_template/lo%7Cgs%60",
        "",
    ]
    text = as_markdown(report)
    assert "| lifecycle policy | keep | made |  |" in text
    assert "| index template | lo\\|gs\\` | made | the type log was removed |" in text
    assert "| ingest pipeline | mine | another of that name is there, left as it is |  |" in text
    assert "```\nDELETE /_index_template/lo%7Cgs%60\nDELETE /_ilm/policy/keep\n```" in text


def test_what_was_not_made_is_in_the_verdict_and_left_for_a_person() -> None:
    report = beside(CarryOutcome.MADE, CarryOutcome.REFUSED, CarryOutcome.LEFT)
    assert report.verdict == "Everything arrived, and it was checked. Beside the indices 1 definition was not made."
    assert report.exit_code == ExitCode.INCOMPLETE
    assert report.is_verified, "the documents are, whatever became of a template"
    [again] = [thing for thing in report.to_do if thing.copy == "esmigrate resume 7K2P"]
    assert "index template lo|gs`" in again.what
    lines = as_lines(report, 100)
    assert "Carried over  1 made; 1 another of that name is there, left as it is; 1 refused" in lines
    assert any("index template lo|gs`: refused. The user may not do that." in line for line in lines)


def test_what_a_run_has_not_come_to_is_not_called_made() -> None:
    assert [one.fate for one in beside(CarryOutcome.MADE).carried] == [
        CarryOutcome.MADE,
        CarryOutcome.NOT_YET,
        CarryOutcome.NOT_YET,
    ]


def test_a_change_that_was_refused_is_not_told_as_made_and_put_back() -> None:
    entry = an_entry(EntryState.UNDONE, trouble="It was never made: the user may not do that.")
    text = as_markdown(a_report(a_progress(ledger=(entry,))))
    assert "switched off while it filled. It was never made: the user may not do that. |" in text


# -- what was left out for the time of the run ------------------------------------------------------------------------


def left_out(progress: Progress, version: str = "7.17.28") -> list[ToDo]:
    """What is to be set again of both indices, by a plan for a destination of this version."""
    plan = msgspec.structs.replace(a_plan(), destination_version=version)
    both = tuple(msgspec.structs.replace(task, later={"index.lifecycle.name": "ke\x1bep"}) for task in plan.tasks)
    report = a_report(progress, plan=msgspec.structs.replace(plan, tasks=both))
    return [thing for thing in report.to_do if thing.what.startswith("Set again")]


def test_what_was_left_out_is_set_again_in_one_request_that_can_be_copied() -> None:
    [thing] = left_out(a_progress())
    assert thing.copy == 'PUT /books,orders-v2/_settings\n{"index.lifecycle.name":"ke\\u001bep"}'
    assert thing.what.startswith(
        "Set again what was left out of 2 indices, once what it names exists on the destination"
    )
    assert "origination_date" in thing.what
    assert "origination_date" not in left_out(a_progress(), "6.8.23")[0].what


def test_what_has_not_arrived_is_not_set_again() -> None:
    [thing] = left_out(a_progress(orders=DIFFERENT, outcome=RunOutcome.INCOMPLETE))
    assert thing.copy.startswith("PUT /books/_settings\n")


# -- the verdict -------------------------------------------------------------------------------------------------------


def test_a_verified_run_says_that_everything_arrived_and_was_checked() -> None:
    report = a_report()
    assert report.verdict == "Everything arrived, and it was checked."
    assert report.is_verified
    assert report.exit_code == ExitCode.DONE
    assert report.how_checked == (
        "Documents were counted on both sides after a refresh, in 2 of 2 indices: equal in 2. "
        "Counts compare numbers, not contents."
    )


def compared(*ids: str, **more: Any) -> TaskFinished:  # noqa: ANN401  # the fields of Compared
    """The second index at its end, every document compared; those of these ids have another content."""
    found = tuple(Difference(kind=DifferenceKind.CONTENT, id=name) for name in ids)
    return TaskFinished(
        at=START + 99,
        task=2,
        outcome=TaskOutcome.DIFFERENT if found else TaskOutcome.VERIFIED,
        source_count=2000,
        destination_count=2000,
        compared=IndexComparison(source_count=2000, destination_count=2000, differences=found, **more),
    )


def test_a_run_that_compared_every_document_says_so() -> None:
    report = a_report(a_progress(orders=compared(without_source=4)))
    assert report.is_verified
    assert report.how_checked.endswith(
        "Every document of both sides was read and compared byte for byte in 1: no difference. "
        "4 documents of both sides keep no _source: only _id and routing were compared."
    )


def test_documents_that_differ_are_listed_by_kind_and_id_as_text_and_nothing_else() -> None:
    progress = a_progress(
        orders=compared("<b>|x", "17", partitions=9, partitions_left=2), outcome=RunOutcome.INCOMPLETE
    )
    report = a_report(progress)
    text = as_markdown(report)
    assert report.indices[1].verified == "no: documents differ"
    assert not report.is_verified
    assert "| orders-v2 | another content | &lt;b&gt;\\|x |" in text
    assert "2 of 9 parts of the index that differ were not looked into" in text
    assert msgspec.json.decode(as_json(report), type=Report) == report


def test_sampled_documents_are_told_with_their_number() -> None:
    ended = msgspec.structs.replace(compared(), compared=None, samples=Samples(compared=20))
    assert "20 documents, chosen by chance, are equal on both sides." in a_report(a_progress(orders=ended)).how_checked
    differs = msgspec.structs.replace(
        ended, outcome=TaskOutcome.DIFFERENT, samples=Samples(compared=20, different=("7",))
    )
    report = a_report(a_progress(orders=differs, outcome=RunOutcome.INCOMPLETE))
    assert "1 of 20 documents, chosen by chance, differs." in report.how_checked
    assert "| orders-v2 | differs, or is missing | 7 |" in as_markdown(report)


def test_refused_documents_are_in_the_verdict() -> None:
    report = a_report(a_progress(orders=SET_ASIDE, outcome=RunOutcome.INCOMPLETE))
    assert report.verdict == ("Everything arrived but 3 documents, which the destination rejected.")
    assert not report.is_verified
    assert report.indices[1].verified == "all but 3 rejected"


def test_different_counts_are_in_the_verdict() -> None:
    report = a_report(a_progress(orders=DIFFERENT, outcome=RunOutcome.INCOMPLETE))
    assert report.verdict == "1 index differs between the two clusters; 1 of 2 indices is complete and checked."
    assert report.indices[1].verified == "no: counts differ"
    assert report.exit_code == ExitCode.DIFFERENT


@pytest.mark.parametrize(
    ("outcome", "task", "words"),
    [
        (RunOutcome.STOPPED, TaskOutcome.STOPPED, "The run was stopped before the end; 1 of 2 indices is complete"),
        (RunOutcome.INCOMPLETE, TaskOutcome.SKIPPED, "Not everything arrived, or it could not be checked; 1 of 2"),
        (RunOutcome.FAILED, TaskOutcome.FAILED, "The run failed; 1 of 2 indices is complete and checked. It is so."),
        (None, TaskOutcome.FAILED, "The run has not ended yet: 1 of 2 indices is complete and checked."),
    ],
)
def test_every_other_end_has_a_sentence_of_its_own(outcome: RunOutcome | None, task: TaskOutcome, words: str) -> None:
    ended = TaskFinished(at=START + 99, task=2, outcome=task)
    progress = a_progress(orders=ended, outcome=outcome, problem=Problem(cause=Cause.STATE, what="It is so."))
    assert a_report(progress).verdict.startswith(words)


def test_a_task_called_verified_whose_counts_differ_is_not_reported_as_verified() -> None:
    wrong = TaskFinished(at=START + 99, task=2, outcome=TaskOutcome.VERIFIED, source_count=2000, destination_count=0)
    report = a_report(a_progress(orders=wrong))
    assert not report.is_verified
    assert report.indices[1].verified == "no: counts differ"
    assert report.verdict.startswith("Not everything arrived")


def test_a_task_called_verified_that_nobody_counted_is_not_reported_as_verified() -> None:
    report = a_report(a_progress(orders=TaskFinished(at=START + 99, task=2, outcome=TaskOutcome.VERIFIED)))
    assert report.indices[1].verified == "no: not counted"
    assert not report.is_verified


def test_a_run_without_indices_says_that_there_was_nothing_to_move() -> None:
    nothing = Progress().after(
        RunStarted(at=START, run="0", method=MethodName.REINDEX_FROM_REMOTE, source="", destination="", tasks=())
    )
    report = a_report(nothing.after(RunFinished(at=START, outcome=RunOutcome.VERIFIED)))
    assert report.verdict == "There was nothing to copy."
    assert report.how_checked == "Nothing was checked."


def test_changes_that_are_still_open_are_in_the_verdict() -> None:
    report = a_report(a_progress(ledger=(an_entry(EntryState.NOT_UNDONE),)))
    assert report.verdict.endswith("and it was checked. 1 change is still to be reverted.")


# -- what is in it -----------------------------------------------------------------------------------------------------


def test_documents_duration_and_rate_are_told() -> None:
    report = a_report()
    assert (report.documents_arrived, report.documents_expected) == (3000, 3000)
    assert (report.seconds, report.documents_per_second) == (100.0, 30.0)
    assert (report.started_at, report.finished_at) == ("2026-09-21T14:13:20Z", "2026-09-21T14:15:00Z")
    assert report.made_at == "2026-09-21T14:21:40Z"


def test_waits_are_told_with_their_sentence_and_notes_are_not() -> None:
    assert [trouble.text for trouble in a_report().troubles] == ["orders waits: The destination is too busy."]


def test_changes_are_told_by_what_became_of_them() -> None:
    report = a_report(
        a_progress(
            ledger=(
                an_entry(EntryState.UNDONE, number=1),
                an_entry(EntryState.NOT_UNDONE, number=2, trouble="403"),
                an_entry(EntryState.MADE, number=3, stays=True),
            )
        )
    )
    assert [len(part) for part in (report.put_back, report.not_put_back, report.meant_to_stay)] == [1, 1, 1]
    assert report.not_put_back[0].trouble == "403"
    assert report.not_put_back[0].by_hand == 'PUT /books/_settings\n{"index":{"number_of_replicas":1}}'
    assert report.put_back[0].by_hand == ""


def test_equal_reasons_are_counted_together_whatever_the_document() -> None:
    report = a_report(a_progress(orders=SET_ASIDE, outcome=RunOutcome.INCOMPLETE), rejects=REJECTS)
    first, second = report.refusals
    assert (first.documents, first.ids) == (2, ("a1", "b2"))
    assert first.reason.endswith("in document with id '…'. Preview of field's value: '…'")
    assert (second.documents, second.reason, second.status) == (1, "too large", 413)


def test_accepted_findings_are_told_with_what_was_seen() -> None:
    findings = (
        Finding(check="plain-http", severity=Severity.WARNING, title="The password is readable", evidence="http://"),
        Finding(check="plain-http", severity=Severity.PASSED, title="fine"),
        Finding(check="space", severity=Severity.WARNING, title="not accepted"),
    )
    accepted = tuple(Acceptance(check=name, severity=Severity.WARNING) for name in ("plain-http", "other"))
    report = gather(a_plan(accepted=accepted), a_progress(), now=START + 500, findings=findings)
    assert [(waiver.check, waiver.title) for waiver in report.waivers] == [
        ("plain-http", "The password is readable"),
        ("other", ""),
    ]


# -- what is left to do ------------------------------------------------------------------------------------------------


def _things(report: Report) -> str:
    return "\n".join(f"{thing.what} {thing.copy}" for thing in report.to_do)


def test_after_a_verified_reindex_the_whitelist_the_writers_and_the_old_cluster_are_left() -> None:
    first, second, third, fourth = a_report().to_do
    assert first.copy == "GET /books/_search?pretty"
    assert "Take the line reindex.remote.whitelist for old.example.org:9200 out" in second.what
    assert second.copy == "GET /_nodes/settings?filter_path=nodes.*.name,nodes.*.settings.reindex"
    assert (third.what, third.copy) == (
        "Point your writers and readers at the destination.",
        "https://new.example.org:9243",
    )
    assert fourth.what.startswith("When you are satisfied, shut the source cluster down; nothing on it was changed.")
    assert fourth.copy.startswith("GET /_stats/search,indexing")


def test_what_was_changed_before_the_run_and_not_put_back_is_told_with_the_command_for_it() -> None:
    beside = [EarlierChanges(name="5QWA", changes=("the index lifecycles are stopped",))]
    report = gather(a_plan(), a_progress(), now=START + 500, beside=beside)
    told = [(thing.what, thing.copy) for thing in report.to_do]
    assert (
        "When it is no longer needed, revert what was changed before the run: the index lifecycles are stopped.",
        "esmigrate cleanup 5QWA",
    ) in told


def test_what_only_a_person_can_put_back_stands_apart_from_what_a_run_still_does() -> None:
    report = a_report(a_progress(ledger=(an_entry(EntryState.NOT_UNDONE),)))
    assert set(report.by_hand) < set(report.to_do)
    told = " ".join(thing.copy for thing in report.by_hand)
    assert "reindex" in told
    assert "esmigrate" not in told


def test_only_a_reindex_from_a_remote_cluster_leaves_a_whitelist() -> None:
    assert "whitelist" not in _things(a_report(plan=a_plan(method=MethodName.COPY_THROUGH_HERE)))


def test_an_unfinished_run_is_to_be_gone_on_with_before_anything_moves_over() -> None:
    things = _things(a_report(a_progress(orders=DIFFERENT, outcome=RunOutcome.INCOMPLETE)))
    assert "esmigrate resume 7K2P" in things
    assert "When everything has arrived: take the line" in things
    assert "writers" not in things
    assert "the old cluster down" not in things


def test_where_all_but_refused_documents_arrived_there_is_nothing_to_go_on_with() -> None:
    things = _things(a_report(a_progress(orders=SET_ASIDE, outcome=RunOutcome.INCOMPLETE)))
    assert "resume" not in things
    assert "Look at the 3 rejected documents, listed in /runs/7K2P/rejects.ndjson" in things


def test_a_run_that_has_not_ended_is_to_be_waited_for() -> None:
    things = _things(a_report(a_progress(orders=DIFFERENT, outcome=None)))
    assert "esmigrate status 7K2P" in things
    assert "resume" not in things


def test_a_run_whose_process_has_ended_before_it_is_to_be_resumed() -> None:
    progress = a_progress(orders=DIFFERENT, outcome=None)
    report = gather(a_plan(), progress, now=START + 500, is_live=False)
    assert report.to_do[0].copy == "esmigrate resume 7K2P"
    assert "esmigrate status" not in _things(report)


def failed(cause: Cause, todo: str) -> Report:
    problem = Problem(cause=cause, what="It cannot be.", todo=todo)
    orders = TaskFinished(at=START + 99, task=2, outcome=TaskOutcome.FAILED, problem=problem)
    return a_report(a_progress(orders=orders, outcome=RunOutcome.INCOMPLETE))


def test_what_would_make_a_resumed_run_fail_again_comes_before_it() -> None:
    first, second, *_ = failed(Cause.EXISTS, "Remove the existing one.").to_do
    assert (first.what, first.copy) == ("For orders: Remove the existing one.", "")
    assert second.what.startswith("Then go on with what is missing")
    assert second.copy == "esmigrate resume 7K2P"


def test_what_no_resumed_run_can_cure_names_the_plan_and_not_resume() -> None:
    report = failed(Cause.STATE, "Delete orders-v2 on the destination and run the plan again.")
    assert report.to_do[0].copy == "esmigrate run '/runs/7K2P/my plan.toml'"
    assert "resume" not in _things(report)
    assert "GET /orders-v2/_search" not in _things(report)


def test_what_passes_by_itself_is_gone_on_with_at_once() -> None:
    first = failed(Cause.CONNECTION, "See that it runs.").to_do[0]
    assert first.what.startswith("Go on with what is missing")


def test_open_changes_come_first_with_the_command_that_settles_them() -> None:
    first = a_report(a_progress(ledger=(an_entry(EntryState.NOT_UNDONE),))).to_do[0]
    assert first.copy == "esmigrate cleanup 7K2P"


@pytest.mark.parametrize(
    ("state", "words"),
    [(EntryState.UNDONE, "was reverted"), (EntryState.NOT_UNDONE, "not all that was changed on it was reverted")],
)
def test_a_source_that_was_changed_is_not_called_untouched(state: EntryState, words: str) -> None:
    report = a_report(a_progress(ledger=(an_entry(state, side=Side.SOURCE),)))
    assert words in report.to_do[-1].what


def test_an_index_name_in_a_request_is_percent_encoded() -> None:
    progress = a_progress()
    odd = msgspec.structs.replace(progress.tasks[0].summary, destination_index="<logs-{now/d}>")
    renamed = msgspec.structs.replace(
        progress, tasks=(msgspec.structs.replace(progress.tasks[0], summary=odd), *progress.tasks[1:])
    )
    assert a_report(renamed).to_do[0].copy == "GET /%3Clogs-%7Bnow%2Fd%7D%3E/_search?pretty"


# -- Markdown ----------------------------------------------------------------------------------------------------------

READER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])


def _plain(rendered: str) -> str:
    return re.sub(r"\s+", " ", rendered).strip()


def _inline(text: str) -> list[str]:
    """The kinds of inline elements in it, and its words."""
    (opened, inline, closed) = READER.parse(text)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    return [child.type for child in inline.children or ()]


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_whatever_a_cluster_sent_is_shown_as_one_paragraph_of_its_own_words(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    tokens = READER.parse(escaped)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or ()
    assert {child.type for child in children} <= {"text", "text_special"}
    assert _plain("".join(child.content for child in children)) == _plain(clean(text))


CELLS = st.text() | st.sampled_from(
    ["|", "\\", "\\|", "`|`", "a|b", "<br>", "[x](y)", "---", "*", "\n", "\\\\|", "&#124;"]
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5))
def test_no_text_breaks_a_row_of_a_table(rows: list[tuple[str, str, str]]) -> None:
    drawn = table(("a", "b", "c"), rows)
    assert drawn.count("\n") == len(rows) + 1
    tokens = READER.parse(drawn)
    cells = [
        "".join(child.content for child in tokens[at + 1].children or ())
        for at, token in enumerate(tokens)
        if token.type == "td_open"
    ]
    assert [_plain(cell) for cell in cells] == [_plain(clean(cell)) for row in rows for cell in row]
    assert sum(token.type == "table_open" for token in tokens) == 1


@given(st.text())
def test_no_text_leaves_its_fence(text: str) -> None:
    (fence,) = READER.parse(block(text))
    assert fence.type == "fence"
    assert fence.content == "\n".join(clean(line, len(line)) for line in text.split("\n")) + "\n"


@pytest.mark.parametrize("text", ["https://bad.example", "www.bad.example", "me@bad.example", "![x](https://bad)"])
def test_an_address_in_a_cluster_s_text_does_not_become_a_link(text: str) -> None:
    assert not re.search(r"https?://|www\.|\w@\w|(?<!\\)\]\(", escape(text))


@pytest.mark.parametrize("text", ["logs-2026.01.01", "my_index_2", "7.17.28", "-1", "1 234 567"])
def test_ordinary_names_and_numbers_stay_readable_in_the_file_itself(text: str) -> None:
    assert escape(text) == text


def test_the_markdown_has_every_part_that_has_something_to_say() -> None:
    report = gather(
        a_plan(accepted=(Acceptance(check="plain-http", severity=Severity.WARNING),)),
        a_progress(
            orders=SET_ASIDE,
            outcome=RunOutcome.INCOMPLETE,
            ledger=(
                an_entry(EntryState.UNDONE, number=1),
                an_entry(EntryState.NOT_UNDONE, number=2, trouble="It answered 403."),
                an_entry(EntryState.MADE, number=3, stays=True),
            ),
        ),
        now=START + 500,
        rejects=REJECTS,
        rejects_file="/runs/7K2P/rejects.ndjson",
        plan_file="/runs/7K2P/my plan.toml",
    )
    text = as_markdown(report)
    assert re.findall(r"^#+ .*$", text, re.MULTILINE) == [
        "# Migration report: run 7K2P",
        "## What is left for you",
        "## Indices",
        "## Defined differently than on the source",
        "## Rejected",
        "## Troubles and waits",
        "## Changed, and not reverted",
        "## Changed, and reverted",
        "## Changed, and meant to stay",
        "## Findings that were accepted before the run",
        "## To do it again",
    ]
    assert "| books | books | 1 000 | 1 000 | 0 | yes | 20 s |" in text
    assert "| orders | orders-v2 | 2 000 | 1 997 | 3 | all but 3 rejected | 1 min 19 s |" in text
    assert "esmigrate run '/runs/7K2P/my plan.toml'" in text
    assert 'PUT /books/_settings\n{"index":{"number_of_replicas":1}}' in text
    assert "`/runs/7K2P/rejects.ndjson`" in text


def test_the_numbered_list_of_what_is_left_is_one_list() -> None:
    tokens = READER.parse(as_markdown(a_report()))
    assert [token.type for token in tokens].count("ordered_list_open") == 1


def test_parts_with_nothing_to_say_are_left_out() -> None:
    text = as_markdown(a_report())
    for part in ("Refused documents", "not reverted", "accepted before"):
        assert part not in text


# -- JSON --------------------------------------------------------------------------------------------------------------


def test_the_json_can_be_read_back_as_the_same_report() -> None:
    report = a_report(a_progress(orders=SET_ASIDE, outcome=RunOutcome.INCOMPLETE), rejects=REJECTS)
    assert msgspec.json.decode(as_json(report), type=Report) == report


# -- lines -------------------------------------------------------------------------------------------------------------


def test_a_headless_run_prints_a_line_an_index_the_verdict_and_what_is_left() -> None:
    report = a_report(a_progress(ledger=(an_entry(EntryState.UNDONE),)))
    assert as_lines(report, 80, files=[Path("/runs/7K2P/report.md")]) == (
        "index               source  destination  verified",
        "books                1 000        1 000  yes",
        "orders → orders-v2   2 000        2 000  yes",
        "",
        "Everything arrived, and it was checked.",
        "3 000 of 3 000 documents in 1 min 40 s, 30 documents a second. Documents were",
        "counted on both sides after a refresh, in 2 of 2 indices: equal in 2. Counts",
        "compare numbers, not contents.",
        "",
        "Reverted      replicas and refresh of books were switched off while it filled",
        "For you       1  Look at the first documents yourself.",
        "                   GET /books/_search?pretty",
        "              2  Take the line reindex.remote.whitelist for old.example.org:9200",
        "                 out of the destination's settings, if it was added for this",
        "                 migration (hosted: Edit, Manage user settings and extensions;",
        "                 else elasticsearch.yml and a restart). To see whether a node",
        "                 still has it:",
        "                   GET /_nodes/settings?filter_path=nodes.*.name,nodes.*.settings.reindex",
        "              3  Point your writers and readers at the destination.",
        "                   https://new.example.org:9243",
        "              4  When you are satisfied, shut the source cluster down; nothing",
        "                 on it was changed. As long as it is in use, these numbers of it",
        "                 grow:",
        f"                   {report.to_do[3].copy}",
        "Report        /runs/7K2P/report.md",
    )


def test_what_could_not_be_put_back_is_printed_with_its_request() -> None:
    lines = as_lines(a_report(a_progress(ledger=(an_entry(EntryState.NOT_UNDONE, trouble="403"),))), 80)
    assert "                PUT /books/_settings" in lines
    assert any(line.startswith("Not reverted  ") for line in lines)


def test_an_index_in_trouble_is_explained_below_the_table() -> None:
    lines = as_lines(a_report(a_progress(orders=DIFFERENT, outcome=RunOutcome.INCOMPLETE)), 80)
    assert "orders: orders lacks 10 documents." in lines


NAMES = st.text(min_size=1, max_size=120) | st.sampled_from(["長い名前" * 20, "x" * 255, "e\u0301" * 60])


@given(NAMES, st.integers(min_value=60, max_value=200))
def test_no_line_of_the_table_is_wider_than_the_screen(name: str, width: int) -> None:
    progress = a_progress()
    summary = msgspec.structs.replace(progress.tasks[0].summary, source_index=name, destination_index=name)
    renamed = msgspec.structs.replace(progress, tasks=(msgspec.structs.replace(progress.tasks[0], summary=summary),))
    heading, row, *_ = as_lines(a_report(renamed), width)
    assert _columns(row) <= width
    assert row.endswith("yes")
    assert _columns(row) == _columns(heading) - len("verified") + len("yes")


# -- no secret ---------------------------------------------------------------------------------------------------------


def test_neither_the_user_s_name_nor_anything_but_addresses_of_the_connections_is_told() -> None:
    report = a_report()
    for told in (as_markdown(report), as_json(report), "\n".join(as_lines(report, 100))):
        assert "elastic" not in told.replace("elasticsearch", "")


def test_a_data_stream_is_called_one() -> None:
    plan = a_plan()
    streams = tuple(msgspec.structs.replace(task, kind=RestoreKind.DATA_STREAM) for task in plan.tasks)
    report = a_report(plan=msgspec.structs.replace(plan, tasks=streams))
    mixed = a_report(plan=msgspec.structs.replace(plan, tasks=(streams[0], plan.tasks[1])))
    assert "data stream books" in "\n".join(as_lines(report, 80))
    assert "data stream orders → orders-v2" in "\n".join(as_lines(report, 80))
    assert "data stream" not in "\n".join(as_lines(a_report(), 80))
    assert "books (data stream)" in as_markdown(report)
    assert "data streams" in report.how_checked
    assert "parts" in mixed.how_checked
