"""The pure parts: filters, names, steps and their reasons, paces, drawing, the table of keys."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from esmigrate_tui.elastic.cluster import Cluster, Clusters
from esmigrate_tui.flow.chosen import needed_bytes, shared_targets, why_not_choosable
from esmigrate_tui.flow.keys import actions
from esmigrate_tui.flow.layout import fit, plain, wrap
from esmigrate_tui.flow.lists import shown_indices
from esmigrate_tui.flow.review import preview
from esmigrate_tui.flow.run_control import faster, slower
from esmigrate_tui.flow.session import ConnectionForm, ConnectionTest, IndexList, Session, SortBy
from esmigrate_tui.flow.steps import BY_NAME, STEPS, before, checked_as, following, walked
from esmigrate_tui.model.connection import Side, SignIn, TrustKind
from esmigrate_tui.model.event import RunStarted, TaskSummary
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.names import index_name_problem
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.progress import Eta, Notable, Progress, TaskState
from esmigrate_tui.preflight.destination import room
from esmigrate_tui.wizard.app import SCREENS
from esmigrate_tui.wizard.draw import Canvas, rule
from esmigrate_tui.wizard.pages import help_page
from esmigrate_tui.wizard.screens.run import (
    about,
    bar,
    below,
    by_attention,
    dip_line,
    folded,
    remaining,
    sparkline,
    totals,
)
from esmigrate_tui.wizard.widgets.bars import footer, rail
from tests.operations import operations
from tests.pictures import sample_values as sample

# -- drawing ---------------------------------------------------------------------------------------------------------


@given(st.text(max_size=80), st.integers(min_value=1, max_value=60))
def test_a_fitted_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    text = "".join(character for character in text if character.isprintable())
    assert cell_len(fit(text, width)) == width


@given(st.text(alphabet="ab 書1", max_size=200), st.integers(min_value=6, max_value=60))
def test_wrapped_lines_fit_and_lose_no_character(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_number_is_not_broken_over_two_lines() -> None:
    assert wrap("all 2 913 447 documents", 9) == ["all", "2 913 447", "documents"]


@given(st.text(max_size=60))
def test_plain_text_is_ascii_and_as_wide_as_before(text: str) -> None:
    text = "".join(character for character in text if character.isprintable())
    assert plain(text).isascii()
    assert cell_len(plain(text)) == cell_len(text)


@pytest.mark.parametrize("width", [20, 80, 200])
def test_a_rule_fills_its_line(width: int) -> None:
    assert rule(width, "run 7K2P", "leave").cell_len == width


def test_marks_have_words_where_there_is_only_ascii() -> None:
    look = Canvas(80, ascii_only=True)
    assert [look.mark(kind).plain for kind in ("good", "bad", "warn")] == ["ok", "x", "!"]


# -- the selection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("2026.01.0", 9),
        ("LOGS", 28),
        ("*.01.2?", 9),
        ("/^orders$/", 1),
        ("/01\\.(01|02)/", 2),
        ("nothing", 0),
        ("/(/", 31),
        ("/a{99999999999}/", 31),
    ],
)
def test_a_filter_is_a_part_a_glob_or_a_regular_expression(pattern: str, found: int) -> None:
    assert len(shown_indices(sample.INDICES, IndexList(pattern=pattern))) == found


def test_system_indices_are_behind_a_switch() -> None:
    assert len(shown_indices(sample.INDICES, IndexList(shows_hidden=True))) == len(sample.INDICES)
    assert ".kibana_1" not in {index.name for index in shown_indices(sample.INDICES, IndexList())}


def test_the_list_is_sorted_by_each_column() -> None:
    assert shown_indices(sample.INDICES, IndexList(sort=SortBy.DOCUMENTS))[0].name == "orders"
    assert shown_indices(sample.INDICES, IndexList(sort=SortBy.SIZE))[0].name == "orders"
    assert shown_indices(sample.INDICES, IndexList(sort=SortBy.HEALTH))[0].name == "logs-2026.01.07"


@pytest.mark.parametrize(
    ("index", "why_not"),
    [
        (IndexFacts(name="a"), ""),
        (IndexFacts(name="a", state=IndexState.CLOSED), "open it first"),
        (IndexFacts(name="a", source_enabled=False), "keeps no _source"),
        (IndexFacts(name="a", data_stream="logs"), "choose its data stream"),
    ],
)
def test_what_cannot_be_chosen_has_a_reason(index: IndexFacts, why_not: str) -> None:
    assert why_not_choosable(index) == why_not


@pytest.mark.parametrize("name", ["", "..", "Logs", "a b", "a*", "a/b", "-a", "_a", "+a", "a,b", "a:b", "a" * 256])
def test_a_name_that_elasticsearch_would_refuse_is_refused(name: str) -> None:
    assert index_name_problem(name)


@pytest.mark.parametrize("name", ["logs-2026.01.01", ".kibana", "書籍", "a_b"])
def test_a_name_that_elasticsearch_takes_is_taken(name: str) -> None:
    assert index_name_problem(name) == ""


def test_the_room_that_is_needed_counts_replicas() -> None:
    index = IndexFacts(name="a", primary_bytes=100, replicas=2)
    draft = sample.PASSED.answered(source_indices=(index,)).answered(selected=("a",)).draft
    assert needed_bytes(draft) == 300


@pytest.mark.parametrize("holders", [1, 2, 3])
@pytest.mark.parametrize("wished", [{}, {"index.number_of_replicas": "0"}, {"number_of_replicas": "4"}])
async def test_the_selection_and_the_preflight_need_the_same_room(holders: int, wished: dict[str, str]) -> None:
    index = IndexFacts(name="a", primary_bytes=100, replicas=2)
    facts = msgspec.structs.replace(sample.NEW_FACTS, data_nodes=holders)
    draft = sample.PASSED.answered(source_indices=(index,), destination_facts=facts).answered(selected=("a",)).draft
    draft = msgspec.structs.replace(draft, settings=wished)
    copies = min(holders, 1 + int(next(iter(wished.values()), "2")))
    assert needed_bytes(draft) == 100 * copies
    nobody = Clusters(destination=cast("Cluster", None), source=None)
    [found] = [finding async for finding in room(draft, nobody)]
    assert f"{100 * copies} B" in found.title


def test_two_indices_that_would_go_to_one_name_are_noticed() -> None:
    draft = sample.SELECTED.answered(renamed={"orders": "logs-2026.01.01"}).draft
    assert shared_targets(draft) == ("logs-2026.01.01",)
    assert BY_NAME["selection"].may_go_on(sample.SELECTED.answered(renamed={"orders": "logs-2026.01.01"}))


# -- the steps -------------------------------------------------------------------------------------------------------


def test_changing_an_answer_forgets_the_plan_that_was_made_of_it() -> None:
    assert sample.REVIEWED.plan is not None
    assert sample.REVIEWED.answered(selected=("orders",)).plan is None


def test_changing_the_selection_makes_the_checks_look_again() -> None:
    session = sample.PASSED.answered(selected=("orders",))
    assert BY_NAME["preflight"].may_go_on(session) == "nothing was checked yet"


def test_a_preflight_that_knows_the_selection_leads_to_the_review_and_back_to_the_selection() -> None:
    session = sample.REVIEWED
    assert following("preflight", session) == "review"
    assert before("preflight", session) == "selection"
    assert following("preflight", sample.PASSED) == "selection"
    assert before("preflight", sample.PASSED) == "connections"


def test_back_from_a_selection_reaches_the_connections() -> None:
    # the preflight of what is selected leads back to the selection, and must not be what the selection leads back to
    assert before("selection", sample.SELECTED) == "connections"


def test_a_running_migration_has_no_way_back() -> None:
    assert before("run", sample.RUNNING) == ""
    assert before("finish", sample.FINISHED) == ""


@pytest.mark.parametrize(
    ("step", "session", "reason"),
    [
        ("method", Session(), "choose a method"),
        ("method", sample.CHOSEN, ""),
        ("connections", sample.TYPED, "not tested yet"),
        ("connections", sample.TESTING, "the source is being tested"),
        ("connections", sample.HALF_CONNECTED, "the destination is not connected"),
        ("connections", sample.CONNECTED, ""),
        ("preflight", sample.LOOKING, "the checks are running"),
        ("preflight", sample.BLOCKED, "2 checks block"),
        ("preflight", sample.NOT_LOOKED, "the checks could not be made"),
        ("preflight", sample.PASSED, ""),
        ("files", sample.FILES_EMPTY, "name the files"),
        ("files", sample.FILES_LOOKING, "looking at the files"),
        ("files", sample.FILES_MISSING, "not readable like this"),
        ("files", sample.FILES_MIXED, "not readable like this"),
        ("files", sample.FILES_UNREADABLE, "no row can be read as ndjson"),
        ("files", sample.FILES.answered(into=""), "the index: a name is needed"),
        ("files", sample.FILES.answered(into="Orders"), "the index: only small letters"),
        ("files", sample.FILES, ""),
        ("mapping", sample.MAPPING, ""),
        ("selection", sample.PASSED, "nothing is chosen"),
        ("selection", sample.SELECTED, ""),
        ("review", sample.SELECTED, "the plan is being made"),
        ("review", sample.NO_PLAN, "there is no plan"),
        ("review", sample.REVIEWED, ""),
    ],
)
def test_each_step_says_why_one_cannot_go_on(step: str, session: Session, reason: str) -> None:
    assert BY_NAME[step].may_go_on(session) == reason


def test_a_warning_that_nobody_accepted_stops_next() -> None:
    finding = Finding(check="a", severity=Severity.WARNING, title="b")
    session = sample.PASSED.answered(findings=(finding,))
    assert BY_NAME["preflight"].may_go_on(session) == "accept 1 warning"


def test_what_was_checked_names_both_ends() -> None:
    assert checked_as(sample.SELECTED)[-1] == "orders→shop-orders"


# -- connections -----------------------------------------------------------------------------------------------------


def test_a_form_made_of_a_connection_gives_it_back() -> None:
    assert ConnectionForm.of(sample.OLD).connection() == sample.OLD
    assert ConnectionForm.of(sample.NEW).connection() == sample.NEW


def test_a_users_name_in_the_address_is_taken_from_it() -> None:
    assert ConnectionForm(address="http://elastic@localhost:9200").connection().user == "elastic"


@pytest.mark.parametrize(
    "form",
    [
        ConnectionForm(),
        ConnectionForm(address="http://old:9200"),
        ConnectionForm(address="https://old:9200", user="me", trust=TrustKind.CA_FILE),
        ConnectionForm(address="ftp://old", sign_in=SignIn.NONE),
    ],
)
def test_a_form_that_lacks_something_says_what(form: ConnectionForm) -> None:
    with pytest.raises(ProblemError):
        form.connection()


def test_trust_does_not_matter_without_encryption() -> None:
    form = ConnectionForm(address="http://old:9200", sign_in=SignIn.NONE, trust=TrustKind.UNVERIFIED)
    assert form.connection().trust.kind is TrustKind.SYSTEM


def test_a_session_never_holds_a_secret() -> None:
    assert "secret" not in {name for name in ConnectionForm.__struct_fields__ if name != "has_secret"}
    assert sample.CONNECTED.with_form(Side.SOURCE, test=ConnectionTest.BAD).source.test is ConnectionTest.BAD


# -- the board -------------------------------------------------------------------------------------------------------


def test_what_needs_somebody_stands_first() -> None:
    states = [task.state for task in by_attention(sample.WAITED.progress)]
    assert states[0] is TaskState.HELD
    assert states[1] is TaskState.WITH_REJECTS
    assert states[-1] is TaskState.VERIFIED


def test_the_pace_goes_down_from_the_present_rate_and_up_to_no_limit() -> None:
    progress = sample.RUNNING.progress
    first = slower(progress)
    assert 0 < first < progress.rate.per_second
    assert faster(progress) == 0.0


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (40, "40 s"), (1_440, "24 min"), (11_100, "3 h 05 min")])
def test_a_guess_is_said_without_false_precision(seconds: float, said: str) -> None:
    assert about(seconds) == said


def test_an_estimate_has_a_range_and_its_absence_is_said() -> None:
    assert remaining(Eta(1_440, 1_200, 1_860)) == "about 24 min more (20 min to 31 min)"
    assert remaining(None) == "time left not known yet"


@given(st.floats(min_value=0, max_value=1), st.integers(min_value=1, max_value=100))
def test_a_bar_never_leaves_its_room(fraction: float, width: int) -> None:
    assert len(bar(fraction, width)) <= width


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=200), st.integers(min_value=1, max_value=80))
def test_a_plot_never_leaves_its_room(rates: list[float], width: int) -> None:
    assert len(sparkline(tuple(enumerate(rates)), width)) <= width


@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_held_a_run_up_is_named_above_its_dip(width: int) -> None:
    _, _, named, plot = totals(sample.HELD_BEFORE, Canvas(width))
    assert "the destination is busy (429)." in named.plain
    at = named.plain.index("↓")
    assert "▂" in plot.plain[at : at + 2]  # where two looks share a cell, the higher one is drawn
    assert "▂" not in plot.plain[:at]


@given(st.text("x ", max_size=200), st.floats(-10, 130), st.integers(1, 120), st.integers(40, 200))
def test_the_name_of_a_dip_stands_above_the_plot_and_never_leaves_its_line(
    text: str, at: float, many: int, width: int
) -> None:
    progress = Progress(plot=tuple((float(each), 1.0) for each in range(many)), dip=Notable(at=at, text=text))
    plotted = len(sparkline(progress.plot, width - 24))
    line = dip_line(progress, plotted, width)
    assert line.cell_len <= width
    assert len(" docs/s  ") <= line.plain.index("↓") < len(" docs/s  ") + plotted


# -- the table of keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_every_key_of_a_step_does_something_there_and_only_one_thing(step: str) -> None:
    screen = getattr(import_module(f"esmigrate_tui.wizard.screens.{step}"), SCREENS[step])
    keys: list[str] = []
    for action in actions(step):
        if action.name == "palette":
            continue
        assert hasattr(screen, f"action_{action.name.partition('(')[0]}"), action
        keys += filter(None, action.keys.split(","))
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("step", [step.name for step in STEPS])
@pytest.mark.parametrize("reason", ["", "next", "the destination refuses, for a reason that is rather long to say"])
def test_a_footer_fits_and_always_offers_its_help(step: str, reason: str) -> None:
    line, places = footer(step, reason, 80)
    assert line.cell_len <= 80
    assert "explain" in line.plain
    assert all(0 <= first < last <= 80 for first, last, _ in places)


def test_the_rail_is_one_line_at_eighty_columns() -> None:
    line, places = rail("review")
    assert line.cell_len <= 80
    words = [line.plain[first:last] for first, last, _ in places]
    assert words == ["Method", "Connections", "Preflight", "Select", "Review", "Run", "Finish"]


def test_files_are_chosen_before_they_are_checked_and_the_rail_says_so() -> None:
    _, places = rail("review", MethodName.INDEX_FROM_SOURCE)
    assert [step for _, _, step in places] == [
        "method", "connections", "mapping", "preflight", "review", "run", "finish"
    ]  # fmt: skip
    assert walked(sample.FILES)[2:6] == ("connections", "files", "mapping", "preflight")
    assert following("preflight", sample.FILES_CHECKED) == "review"
    assert [before(step, sample.FILES_CHECKED) for step in ("review", "preflight", "mapping", "files")] == [
        "preflight", "mapping", "files", "connections"
    ]  # fmt: skip


@pytest.mark.parametrize("method", MethodName)
@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_a_page_in_plain_words_fits_eighty_columns(step: str, method: MethodName) -> None:
    _, lines = help_page(step, sample.FRESH.answered(method=method))
    assert max(line.cell_len for line in lines(80)) <= 80


# -- the preview -----------------------------------------------------------------------------------------------------


def test_the_requests_of_a_preview_show_dots_for_the_secret() -> None:
    bodies = [shown.request.body for shown in preview(sample.PLAN).requests]
    assert any("••••" in body for body in bodies)


def test_a_preview_says_what_is_put_back_only_if_something_is_tuned() -> None:
    import msgspec  # noqa: PLC0415  # only here

    assert preview(sample.PLAN).put_back
    assert not preview(msgspec.structs.replace(sample.PLAN, tune=False)).put_back


def test_a_paint_costs_little_for_each_of_very_many_indices() -> None:
    (started, *_) = sample.RUN_EVENTS
    assert isinstance(started, RunStarted)
    each = [TaskSummary(number=at, source_index=f"i-{at}", destination_index=f"i-{at}") for at in range(1, 2_001)]
    progress = Progress().after(msgspec.structs.replace(started, tasks=tuple(each)))
    session = sample.RUNNING.but(progress=progress)
    look = Canvas(80)

    def paint() -> None:
        every = by_attention(progress)
        totals(session, look)
        folded(every)
        below(session, every, look, sample.NOW)

    assert operations(paint) / len(each) < 80
    assert not any(gc.is_tracked(task) for task in progress.tasks)  # the collector would stop at each of them
