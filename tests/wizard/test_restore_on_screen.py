"""The steps of a restore: repositories, snapshots, the selection and its options, the run; on frozen services."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.flow.chosen import (
    NameHolder,
    at_its_name,
    in_the_way,
    missing_shards,
    needed_bytes,
    not_whole,
    settings_of,
    why_not,
)
from esmigrate_tui.flow.options import why_not_mounted
from esmigrate_tui.flow.repository import other_name, repositories
from esmigrate_tui.flow.selection import renaming
from esmigrate_tui.flow.session import ConnectionForm, ConnectionTest, IndexList, Session
from esmigrate_tui.flow.snapshot import resolved, source_of, why_not_from
from esmigrate_tui.flow.steps import BY_NAME, before, following, name_to_type, walked
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.model.command import PauseRun, SkipTask, StopRun
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.event import RunFinished, RunOutcome
from esmigrate_tui.model.facts import IndexFacts, IndexState, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.snapshot import (
    Mount,
    Repository,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotProgress,
    SnapshotState,
    TakenNameRule,
)
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.screens import lists
from esmigrate_tui.wizard.widgets.bars import FootLine
from esmigrate_tui.wizard.widgets.board import BoardContent, line_rows
from esmigrate_tui.wizard.widgets.fields import PlainInput
from tests.pictures import sample_values as sample
from tests.wizard.world import SECRET, Kept, Seen, settled, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.text import Text
    from textual.pilot import Pilot

    from esmigrate_tui.model.outcome import ExitCode
    from tests.wizard.world import World

CUT = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))


def opened(world: World, scene: str) -> WizardApp:
    """The wizard at a scene, alive, with both clusters of this world connected."""
    session, step = sample.BY_NAME[scene].session, sample.BY_NAME[scene].step
    app = WizardApp(world.services(), opening=(session, step), credentials=sample.credentials_of(session))
    app.is_live = True
    app.clusters[Side.DESTINATION] = world.destination
    if session.draft.source is not None:
        app.clusters[Side.SOURCE] = world.source
    return app


def said(app: WizardApp) -> str:
    assert app.step is not None
    return app.step.query_one(FootLine).said


def words(app: WizardApp) -> str:
    """What is on the screen as one text, wherever its lines end."""
    return " ".join(shown(app).split())


def alone(world: World) -> WizardApp:
    """A destination is known, and nothing else; its repository holds the snapshots of the samples."""
    world.destination = Seen(
        msgspec.structs.replace(sample.NEW_FACTS, version=Version(8, 19, 3)),
        kept=Kept(registered=(sample.NIGHTLY,), pages={"nightly": [(sample.CHOSEN_SNAPSHOT,)]}),
    )
    draft = Draft(method=MethodName.RESTORE_FROM_SNAPSHOT, destination=sample.NEW)
    return world.app(draft, credentials={Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret=SECRET)})


async def press(pilot: Pilot[ExitCode], *keys: str) -> None:
    await pilot.press(*keys)
    await settled(pilot)


# -- the steps, as questions -----------------------------------------------------------------------------------------


def test_only_a_restore_has_the_steps_of_repository_and_snapshot() -> None:
    assert walked(sample.RESTORE)[3:7] == ("preflight", "repository", "snapshot", "selection")
    assert walked(sample.CHOSEN)[3:5] == ("preflight", "selection")


def test_the_steps_of_a_restore_follow_each_other_both_ways() -> None:
    fresh, picked = sample.ALBUM, sample.RESTORE_REVIEW
    assert [following(name, fresh) for name in ("preflight", "repository", "snapshot", "selection")] == [
        "repository",
        "snapshot",
        "selection",
        "preflight",
    ]
    assert [before(name, fresh) for name in ("selection", "snapshot", "repository", "preflight")] == [
        "snapshot",
        "repository",
        "preflight",
        "connections",
    ]
    assert following("preflight", picked) == "review"
    assert before("preflight", picked) == "selection"
    assert before("repository", picked) == "connections"


@pytest.mark.parametrize(
    ("step", "session", "reason"),
    [
        ("connections", sample.ALONE, ""),
        ("connections", sample.RESTORE_FORMS, "not tested yet"),
        (
            "connections",
            sample.BESIDE.with_form(Side.SOURCE, test=ConnectionTest.BAD),
            "the source is not connected",
        ),
        ("connections", sample.BESIDE.with_form(Side.SOURCE, test=ConnectionTest.NOT_YET), "not tested yet"),
        ("repository", sample.ALONE, "the repositories are not known yet"),
        ("repository", sample.LISTING_SHELF, "listing the repositories of both clusters"),
        ("repository", sample.BARE_SHELF, "there is no repository yet"),
        ("repository", sample.ONLY_SOURCE, "Enter registers it here first"),
        ("repository", sample.SHELVED, ""),
        ("snapshot", sample.NO_SNAPSHOT, "choose a snapshot"),
        ("snapshot", sample.COMING, ""),
        ("snapshot", sample.ALBUM, ""),
        ("snapshot", sample.TOO_NEW, "it is newer than the destination"),
        ("selection", sample.OPENED, "nothing is chosen"),
        ("selection", sample.OPENED.answered(feature_states=("kibana",)), ""),
        ("selection", sample.PICKED, "1 name is taken there (w)"),
        ("selection", sample.SETTLED, ""),
        ("selection", sample.NOT_WHOLE, "1 is not whole (o: missing shards)"),
        ("selection", sample.SETTLED.but(listing=IndexList(settings=("number_of_replicas",))), "number_of_replicas is"),
        ("review", sample.RESTORE_REVIEW, "type logs-2026 first"),
        ("review", sample.RESTORE_REVIEW.but(typed_name="logs-2026"), ""),
    ],
)
def test_each_step_of_a_restore_says_why_one_cannot_go_on(step: str, session: Session, reason: str) -> None:
    told = BY_NAME[step].may_go_on(session)
    assert told.startswith(reason)
    assert bool(told) == bool(reason)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SnapshotState.SUCCESS, ""),
        (SnapshotState.PARTIAL, ""),
        (SnapshotState.IN_PROGRESS, "it is still being made"),
        (SnapshotState.FAILED, "it failed, nothing of it can be restored"),
        (SnapshotState.INCOMPATIBLE, "this cluster cannot read it"),
    ],
)
def test_only_a_snapshot_that_holds_something_can_be_taken(state: SnapshotState, reason: str) -> None:
    assert why_not_from(SnapshotFacts(repository="r", name="s", state=state)) == reason


def test_a_review_that_only_adds_asks_for_no_name() -> None:
    session = sample.OPENED.answered(selected=("logs-2026.01.01",))
    session = session.but(plan=RestoreFromSnapshot().plan(session.draft, "2026-11-23T23:00:00Z"))
    assert name_to_type(session) == ""


def test_a_clusters_name_that_cannot_be_typed_is_not_asked_for() -> None:
    facts = msgspec.structs.replace(sample.NEW_FACTS, name="書籍")
    session = sample.RESTORE_REVIEW.but(
        draft=msgspec.structs.replace(sample.RESTORE_REVIEW.draft, destination_facts=facts)
    )
    assert name_to_type(session) == "new.example.org:9243"


def test_an_answer_that_changes_takes_the_typed_name_away() -> None:
    session = sample.RESTORE_REVIEW.but(typed_name="logs-2026")
    assert session.answered(selected=("orders",)).typed_name == ""


# -- repositories, snapshots and names, as questions -----------------------------------------------------------------


def test_the_repositories_of_both_sides_are_one_list_with_the_destinations_first() -> None:
    rows = repositories(sample.SHELVED.repository_list)
    assert [row.name for row in rows] == ["nightly", "archive", "before-upgrade"]
    assert [row.is_same_place for row in rows] == [True, False, None]


def test_a_repository_that_the_destination_knows_by_another_name_is_found_by_its_uuid() -> None:
    there = Repository(name="kept-here", type="fs", uuid="r7")
    repository_list = msgspec.structs.replace(sample.SHELVED.repository_list, destination=(there,))
    only = next(row for row in repositories(repository_list) if row.name == "before-upgrade")
    assert other_name(only, repository_list) == "kept-here"


def test_the_sources_own_repository_is_found_by_uuid_and_never_by_a_name_that_means_another() -> None:
    assert source_of(sample.ALBUM) == sample.SHELVED.repository_list.source[0]
    snapshot_list = msgspec.structs.replace(sample.ALBUM.snapshot_list, repository="archive")
    assert source_of(sample.ALBUM.but(snapshot_list=snapshot_list)) is None


@pytest.mark.parametrize(
    ("lines", "settings", "is_wrong"),
    [
        (("number_of_replicas=0",), {"index.number_of_replicas": "0"}, False),
        (("index.codec = best_compression", ""), {"index.codec": "best_compression"}, False),
        (("index.x=a=b",), {"index.x": "a=b"}, False),
        (("index.codec",), {}, True),
        (("=0",), {}, True),
        (("a b=0",), {}, True),
    ],
)
def test_settings_are_lines_of_key_and_value(lines: tuple[str, ...], settings: dict[str, str], is_wrong: bool) -> None:  # noqa: FBT001  # a row of the table
    assert settings_of(lines)[0] == settings
    assert bool(settings_of(lines)[1]) == is_wrong


@pytest.mark.parametrize(
    ("there", "holder"),
    [
        (IndexFacts(name="other"), NameHolder.FREE),
        (IndexFacts(name="orders"), NameHolder.OPEN),
        (IndexFacts(name="orders", state=IndexState.CLOSED, shards=5), NameHolder.CLOSED),
        (IndexFacts(name="orders", state=IndexState.CLOSED, shards=2), NameHolder.OTHER_SHARDS),
        (IndexFacts(name="other", aliases=("orders",)), NameHolder.ALIAS),
        (IndexFacts(name=".ds-orders-000001", data_stream="orders"), NameHolder.STREAM),
    ],
)
def test_what_has_the_name_on_the_destination_is_told_apart(there: IndexFacts, holder: NameHolder) -> None:
    draft = sample.OPENED.answered(destination_indices=(there,), selected=("orders",)).draft
    index = next(index for index in draft.offered if index.name == "orders")
    assert at_its_name(index, draft) is holder
    assert (in_the_way(draft) == {}) == (holder is NameHolder.FREE)


def test_a_name_that_is_given_away_by_a_rename_is_no_longer_in_the_way() -> None:
    draft = sample.PICKED.answered(renamed={"orders": "orders-old"}).draft
    assert "orders" not in in_the_way(draft)


def test_an_index_that_is_not_whole_is_taken_only_where_a_part_will_do() -> None:
    session = sample.NOT_WHOLE
    assert missing_shards(session.draft) == {"orders": 2}
    assert not_whole(session.draft) == {"orders": 2}
    assert session.draft.restoration is not None
    partial = msgspec.structs.replace(session.draft.restoration, partial=True)
    assert not_whole(session.answered(restoration=partial).draft) == {}


def test_an_index_that_is_too_old_for_the_destination_cannot_be_chosen() -> None:
    draft = sample.OPENED.answered(
        destination_facts=msgspec.structs.replace(sample.NEW_FACTS, version=Version(7, 17, 28))
    ).draft
    orders = next(index for index in draft.offered if index.name == "orders")
    assert why_not(orders, draft) == "made by 5.6.16, too old for 7.x"


def test_the_room_that_a_restore_needs_follows_the_replicas_that_are_wished_for() -> None:
    one = needed_bytes(sample.SETTLED.draft)
    assert sample.SETTLED.draft.restoration is not None
    wished = msgspec.structs.replace(sample.SETTLED.draft.restoration, index_settings={"index.number_of_replicas": "0"})
    assert needed_bytes(sample.SETTLED.answered(restoration=wished).draft) * 2 == one


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ("logs-2026.01.0?", 9),
        ("orders, 書籍-*", 2),
        ("*", 31),
        (".kibana_1", 1),
        ("nothing-*", 0),
        ("", 0),
    ],
)
def test_the_patterns_of_a_new_snapshot_mean_a_list_of_names(patterns: str, names: int) -> None:
    assert len(resolved(patterns, sample.BESIDE.draft)) == names


def test_a_pattern_that_sends_two_to_one_name_is_not_taken() -> None:
    assert renaming(sample.PICKED.draft, "logs-.*", "logs").wrong == "logs: two would go there"


@pytest.mark.timeout(30)  # comparing each name with each would take minutes
def test_a_pattern_that_sends_ten_thousand_to_one_name_is_seen_through_at_once() -> None:
    snapshot = msgspec.structs.replace(sample.CHOSEN_SNAPSHOT, indices=tuple(index.name for index in sample.MANY))
    session = sample.OPENED.answered(snapshot=snapshot).answered(selected=snapshot.indices)
    found = renaming(session.draft, ".+", "one")
    assert found.wrong == "one: two would go there"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of lists that have been drawn, one after the other."""
    rows: list[int] = []

    def counted(
        listed: Sequence[object], draw: Callable[[int, object], Text], empty: tuple[Text, ...] = ()
    ) -> BoardContent:
        def noted(y: int, row: object) -> Text:
            rows.append(y)
            return draw(y, row)

        return line_rows(listed, noted, empty)

    monkeypatch.setattr(lists, "line_rows", counted)
    return rows


async def test_of_ten_thousand_indices_of_a_snapshot_a_key_draws_only_those_that_are_seen(
    world: World, drawn: list[int]
) -> None:
    app = opened(world, "restore-selection")
    snapshot = msgspec.structs.replace(sample.CHOSEN_SNAPSHOT, indices=tuple(index.name for index in sample.MANY))
    session = app.session.answered(snapshot=snapshot).answered(restoration=sample.PICKED.draft.restoration)
    app._session = session.but(listing=IndexList())
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "a")
        assert len(app.session.draft.selected) == 10_000
        drawn.clear()
        await pilot.press(*("down",) * 10, "end", "home", *("pagedown",) * 8)
        await pilot.pause()
        assert 0 < len(drawn) <= 20 * 24 * 6  # a key is seen by the board, by the details, and by the title


def test_a_pattern_shows_which_new_name_is_taken_on_the_destination() -> None:
    rows = {old: (new, word) for old, new, word in renaming(sample.PICKED.draft, "^logs-(.+)$", "x-$1").rows}
    assert rows["orders"] == ("orders", "taken: open index")
    assert rows["logs-2026.01.01"] == ("x-2026.01.01", "")


@pytest.mark.parametrize(
    ("version", "kind", "may"), [("8.19.3", "s3", True), ("7.11.2", "s3", False), ("8.19.3", "strange", False)]
)
def test_mounting_is_offered_only_where_it_could_work(version: str, kind: str, may: bool) -> None:  # noqa: FBT001  # a row of the table
    facts = msgspec.structs.replace(sample.NEW_FACTS, version=Version.parse(version))
    draft = sample.SETTLED.answered(destination_facts=facts).draft
    assert draft.restoration is not None
    repository = msgspec.structs.replace(sample.NIGHTLY, type=kind)
    wished = msgspec.structs.replace(draft.restoration, repository=repository)
    assert (why_not_mounted(draft.answered(restoration=wished)) == "") == may


def test_what_a_stop_would_delete_is_named() -> None:
    restoring = sample.RESTORING.progress
    assert restoring.deleted_by_stopping()[:2] == ("logs-2026.01.08", "logs-2026.01.09")
    assert restoring.deleted_by_stopping(9) == ("logs-2026.01.09",)
    assert sample.RUNNING.progress.deleted_by_stopping() == ()


# -- connections -----------------------------------------------------------------------------------------------------


async def test_a_restore_is_walked_with_the_destination_alone(world: World) -> None:
    world.events = (*sample.RESTORE_EVENTS, RunFinished(at=sample.NOW, outcome=RunOutcome.VERIFIED))
    app = alone(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert "may be left empty" in shown(app)
        assert app.session.destination.test is ConnectionTest.GOOD
        await press(pilot, "ctrl+n")
        await press(pilot, "right")
        assert "acme-backup" in shown(app)
        await press(pilot, "enter")
        assert "nightly-1999" in shown(app)
        await press(pilot, "enter")
        await press(pilot, "space", "space")
        await press(pilot, "right")
        await press(pilot, "right")
        assert app.step is not None
        assert app.step.STEP == "review"
        draft = world.checked[-1]
        assert draft.source is None
        assert len(draft.selected) == 2
        assert draft.restoration is not None
        assert (draft.restoration.repository, draft.restoration.snapshot) == (sample.NIGHTLY, "nightly-1999")
        await press(pilot, "tab", "enter")
        assert len(world.begun) == 1
    assert not world.changes


async def test_clearing_the_address_of_the_source_forgets_it_and_keeps_what_is_chosen(world: World) -> None:
    app = opened(world, "restore-review")
    app._heading_for = "connections"
    app._opening = (app.session, "connections")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        field = app.screen.query_one("#source-address", PlainInput)
        field.focus()
        field.value = ""
        await settled(pilot)
        draft = app.session.draft
        assert (draft.source, draft.source_facts, draft.source_indices) == (None, None, ())
        assert draft.selected == sample.OPTIONS.draft.selected
        assert draft.renamed == sample.OPTIONS.draft.renamed
        assert Side.SOURCE not in app.clusters
        assert Side.SOURCE not in app.credentials
        assert BY_NAME["connections"].may_go_on(app.session) == ""
    assert world.source.closed == ["prod-logs"]


# -- repositories ----------------------------------------------------------------------------------------------------


def both(world: World) -> None:
    repository_list = sample.SHELVED.repository_list
    assert repository_list.destination is not None
    world.destination = msgspec_seen(world.destination, Kept(registered=repository_list.destination))
    world.source = msgspec_seen(world.source, Kept(registered=repository_list.source))


def msgspec_seen(seen: Seen, kept: Kept) -> Seen:
    return Seen(seen.facts, seen.listing, seen.trouble, seen.closed, kept)


async def test_the_repositories_are_listed_when_the_step_is_reached(world: World) -> None:
    both(world)
    app = opened(world, "repository-listing")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert [row.name for row in repositories(app.session.repository_list)] == [
            "nightly",
            "archive",
            "before-upgrade",
        ]
        assert "the source only" in shown(app)


async def test_repositories_that_cannot_be_listed_say_why_and_can_be_asked_again(world: World) -> None:
    both(world)
    world.destination.kept.troubles["repositories"] = CUT
    app = opened(world, "repository-listing")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "The line is cut." in shown(app)
        world.destination.kept.troubles.clear()
        await press(pilot, "r")
        assert "nightly" in shown(app)
        assert "The line is cut." not in shown(app)


async def test_a_source_whose_repositories_cannot_be_seen_does_not_hold_up_the_list(world: World) -> None:
    both(world)
    world.source.kept.troubles["repositories"] = CUT
    app = opened(world, "repository-listing")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "nightly" in shown(app)
        assert "The source's could not be listed: The line is cut." in shown(app)


async def test_verifying_says_which_node_does_not_reach_it(world: World) -> None:
    both(world)
    world.destination.kept.troubles["verify"] = CUT
    app = opened(world, "repository")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "v")
        assert "not reached" in shown(app)
        world.destination.kept.troubles.clear()
        await press(pilot, "v")
        assert "every node of the destination reaches it" in shown(app)
    assert world.destination.kept.verified == ["nightly"]


async def test_registering_asks_with_the_focus_on_not_now(world: World) -> None:
    both(world)
    app = opened(world, "repository-source-only")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert "PUT /_snapshot/before-upgrade" in shown(app)
        await press(pilot, "enter")
        assert app.step is app.screen
    assert not world.changes


async def test_a_repository_of_the_source_is_registered_readonly_after_the_question(world: World) -> None:
    both(world)
    app = opened(world, "repository-source-only")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await press(pilot, "tab", "enter")
        (plan, change) = world.changes[0]
        assert said(app) == "Registered. `esmigrate cleanup 5QWA` removes it again."
        await press(pilot, "q")
        assert "registered the repository before-upgrade" in shown(app)
        assert "Nothing has been changed" not in shown(app)
        await press(pilot, "tab", "enter")
    assert plan.tasks == ()
    assert change.side is Side.DESTINATION
    assert change.undo is not None
    assert change.undo.path == "/_snapshot/before-upgrade"
    assert json.loads(change.made_by.body)["settings"] == {
        "location": "/mnt/backup/before-upgrade",
        "readonly": "true",
    }
    assert app.farewell == (
        "You had registered the repository before-upgrade. `esmigrate cleanup 5QWA` removes it again.",
    )


async def test_a_registration_that_is_refused_says_why_and_leaves_the_step_usable(world: World) -> None:
    both(world)
    world.troubles["change"] = CUT
    app = opened(world, "repository-source-only")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await press(pilot, "tab", "enter")
        assert "The line is cut." in shown(app)
        assert app.session.made == ()
        await press(pilot, "up")
        assert app.session.repository_list.cursor == 1


async def test_the_form_keeps_what_is_typed_and_says_what_is_missing(world: World) -> None:
    app = opened(world, "repository-empty")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "a")
        await press(pilot, *"mine", "escape")
        await press(pilot, "a")
        assert app.screen.query_one("#name", PlainInput).value == "mine"
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        assert "needs location" in shown(app)
        app.screen.query_one("#set-location", PlainInput).focus()
        await press(pilot, *"/mnt/mine")
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        assert "PUT /_snapshot/mine" in shown(app)
        await press(pilot, "tab", "enter")
    assert json.loads(world.changes[0][1].made_by.body) == {
        "type": "fs",
        "settings": {"location": "/mnt/mine", "readonly": "true"},
    }


async def test_another_type_in_the_form_has_its_own_fields_and_keeps_the_name(world: World) -> None:
    app = opened(world, "repository-empty")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "a")
        await press(pilot, *"mine", "tab", "space", "space")
        assert app.session.repository_list.new.type == "s3"
        assert "Bucket (needed)" in shown(app)
        assert "mine" in shown(app)
        assert "keystore" in shown(app)


async def test_a_name_that_the_destination_has_already_is_never_registered_over(world: World) -> None:
    both(world)
    app = opened(world, "repository")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "e")
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        assert "has a repository nightly already" in shown(app)
    assert not world.changes


async def test_another_repository_has_other_snapshots(world: World) -> None:
    both(world)
    app = opened(world, "snapshot")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "left")
        await press(pilot, "down", "enter")
        assert app.session.snapshot_list.repository == "archive"
        assert app.session.snapshot_list.rows == ()


# -- snapshots -------------------------------------------------------------------------------------------------------


def with_snapshots(world: World, *pages: tuple[SnapshotFacts, ...]) -> None:
    both(world)
    world.destination.kept.pages["nightly"] = list(pages)


async def test_snapshots_are_on_the_screen_before_the_last_page_came(world: World) -> None:
    with_snapshots(world, sample.MANY_SNAPSHOTS[:500], sample.MANY_SNAPSHOTS[500:])
    world.destination.kept.holds_back = asyncio.Event()
    app = opened(world, "snapshot-coming")
    app._session = app.session.but(snapshot_list=msgspec.structs.replace(app.session.snapshot_list, rows=(), doing=""))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        assert "500 snapshots so far" in shown(app)
        await pilot.press("down")
        await pilot.pause()
        assert app.session.snapshot_list.cursor == 1
        world.destination.kept.holds_back.set()
        await settled(pilot)
        assert "2 000 snapshots in nightly" in shown(app)
        assert app.session.snapshot_list.cursor == 1


async def test_of_two_thousand_snapshots_a_key_draws_only_those_that_are_seen(world: World, drawn: list[int]) -> None:
    with_snapshots(world, sample.MANY_SNAPSHOTS)
    app = opened(world, "snapshot-coming")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert len(app.session.snapshot_list.rows) == 2_000
        drawn.clear()
        await pilot.press("end", "home", *("down",) * 20, "slash", *"nightly-00")
        await pilot.pause()
        assert "nightly-0099" in shown(app)
        assert 0 < len(drawn) <= 33 * 24 * 6


async def test_a_snapshot_is_chosen_with_all_its_details(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    detailed = msgspec.structs.replace(sample.SNAPSHOTS[1], details=(SnapshotIndex(name="orders", bytes=7, shards=5),))
    world.destination.kept.pages["nightly"] = [(detailed,)]
    app = opened(world, "snapshot")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        draft = app.session.draft
        assert draft.snapshot == detailed
        assert draft.restoration is not None
        assert draft.restoration.snapshot_uuid == detailed.uuid
        assert app.step is not None
        assert app.step.STEP == "selection"


async def test_a_snapshot_whose_details_cannot_be_read_says_why(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    world.destination.kept.troubles["snapshot"] = CUT
    app = opened(world, "snapshot")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert "The line is cut." in shown(app)
        assert app.session.draft.snapshot is None
        world.destination.kept.troubles.clear()
        await press(pilot, "enter")
        assert app.session.draft.snapshot is not None


async def test_back_to_the_same_snapshot_keeps_what_was_chosen_from_it(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "left")
        assert app.session.snapshot_list.cursor == 1
        await press(pilot, "enter")
        assert app.session.draft.selected == sample.PICKED.draft.selected
        assert app.session.draft.renamed == sample.PICKED.draft.renamed


async def test_another_snapshot_forgets_what_was_chosen_from_the_first_but_not_the_options(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    app = opened(world, "restore-options")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "left")
        await press(pilot, "down", "down", "down", "enter")
        assert app.session.draft.selected == ()
        assert app.session.draft.restoration is not None
        assert app.session.draft.restoration.snapshot == "nightly-1996"
        assert app.session.draft.restoration.index_settings == {"index.number_of_replicas": "0"}


async def test_a_failed_snapshot_cannot_be_taken_and_says_so(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    app = opened(world, "snapshot")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "down", "down", "enter")
        assert said(app) == "Next is not possible yet: it failed, nothing of it can be restored."


async def test_a_new_snapshot_is_taken_watched_and_stands_ready_to_be_chosen(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    app = opened(world, "snapshot")
    done = msgspec.structs.replace(sample.SNAPSHOTS[1], name="mine", uuid="s99")
    async with app.run_test(size=(80, 24)) as pilot:
        world.source.kept.looks = [SnapshotProgress(shards=4, shards_done=1, bytes=400, bytes_done=100)]
        world.source.kept.features_known = ("kibana",)
        await press(pilot, "t")
        name = app.screen.query_one("#name", PlainInput)
        name.value = "mine"
        patterns = app.screen.query_one("#patterns", PlainInput)
        patterns.value = "orders"
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        assert "PUT /_snapshot/nightly/mine" in shown(app)
        world.destination.kept.pages["nightly"] = [(done, *sample.SNAPSHOTS)]
        await pilot.press("tab", "enter")
        await pilot.pause(0.2)
        assert "1 of 4 shards" in shown(app)
        over = SnapshotProgress(state=SnapshotState.SUCCESS, shards=4, shards_done=4, bytes=400, bytes_done=400)
        world.source.kept.looks = [over]
        await pilot.pause(0.6)
        await settled(pilot)
        assert app.session.snapshot_list.making is None
        assert said(app) == "Taken (success). Enter continues with it."
        await press(pilot, "enter")
        assert app.session.draft.snapshot == done
    change = world.changes[0][1]
    assert change.side is Side.SOURCE
    body = json.loads(change.made_by.body)
    assert (body["indices"], body["include_global_state"], body["feature_states"]) == ("orders", False, ["none"])
    assert change.undo is not None
    assert (change.undo.method, change.undo.path) == ("DELETE", "/_snapshot/nightly/mine")


async def test_cancelling_a_snapshot_is_asked_about_first_and_deletes_it(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    world.source.kept.looks = [SnapshotProgress(shards=4)]
    app = opened(world, "snapshot-taking")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+x", "enter")
        await pilot.pause()
        assert not world.changes
        await pilot.press("ctrl+x", "tab", "enter")
        await pilot.pause()
        assert "is being cancelled" in shown(app)
        world.source.kept.troubles["taking"] = ProblemError(Problem(cause=Cause.MISSING, what="There is none."))
        await pilot.pause(0.8)
        await settled(pilot)
        assert app.session.snapshot_list.making is None
    assert [change.made_by.method for _, change in world.changes] == ["DELETE"]


async def test_a_snapshot_that_cannot_be_looked_at_says_so_and_is_looked_at_again(world: World) -> None:
    with_snapshots(world, sample.SNAPSHOTS)
    world.source.kept.troubles["taking"] = CUT
    app = opened(world, "snapshot-taking")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "cannot be seen (r looks again): The line is cut." in words(app)
        world.source.kept.troubles.clear()
        world.source.kept.looks = [SnapshotProgress(shards=4, shards_done=3)]
        await pilot.press("r")
        await pilot.pause(0.2)
        assert "3 of 4 shards" in shown(app)


async def test_a_list_that_broke_off_says_that_there_may_be_more(world: World) -> None:
    with_snapshots(world, sample.MANY_SNAPSHOTS[:500], sample.MANY_SNAPSHOTS[500:])
    world.destination.kept.holds_back = asyncio.Event()
    app = opened(world, "snapshot-coming")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        world.destination.kept.troubles["snapshots"] = CUT
        world.destination.kept.holds_back.set()
        await settled(pilot)
        assert "The first 500 snapshots in nightly" in shown(app)
        assert "The line is cut." in shown(app)


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        ("restore-alone", "a new snapshot is taken by the source, and none is connected"),
        ("snapshot-taking", "one is being made already"),
    ],
)
async def test_a_new_snapshot_says_why_it_cannot_be_taken(world: World, scene: str, why: str) -> None:
    world.source.kept.looks = [SnapshotProgress()]
    app = opened(world, scene)
    app._opening = (app.session, "snapshot")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("t")
        await pilot.pause()
        assert said(app) == f"Not here: {why}."


async def test_a_source_that_may_only_read_the_repository_takes_no_snapshot(world: World) -> None:
    app = opened(world, "snapshot")
    readonly = (msgspec.structs.replace(sample.NIGHTLY, uuid="r1"),)
    app._session = app.session.but(
        repository_list=msgspec.structs.replace(app.session.repository_list, source=readonly)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "t")
        assert said(app) == "Not here: the source has registered it readonly."


# -- the selection ---------------------------------------------------------------------------------------------------


async def test_deleting_what_is_in_the_way_wants_its_exact_name(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "w", "right", "right", "right", "enter")
        await press(pilot, *"order", "enter")
        assert "That is not it." in shown(app)
        assert "orders" not in app.session.draft.in_the_way
        await press(pilot, "s", "enter")
        assert app.session.draft.in_the_way["orders"] is TakenNameRule.DELETE
        assert "deleted first" in shown(app)
        await press(pilot, "w", "enter")
        assert "orders" not in app.session.draft.in_the_way


async def test_restoring_over_several_wants_their_number_after_the_whole_list(world: World) -> None:
    app = opened(world, "restore-selection")
    app._session = app.session.answered(in_the_way={})
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "W", "right", "right", "enter")
        assert "orders: open, 812 documents" in shown(app)
        assert "logs-2026.01.02: open" in shown(app)
        assert "Type 2 to allow it" in shown(app)
        await press(pilot, "2", "enter")
    assert app.session.draft.in_the_way == {"orders": TakenNameRule.CLOSE, "logs-2026.01.02": TakenNameRule.CLOSE}


async def test_esc_decides_nothing_about_what_is_in_the_way(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "w", "right", "right", "right", "enter")
        await press(pilot, *"orders", "escape")
    assert "orders" not in app.session.draft.in_the_way


async def test_an_alias_in_the_way_offers_another_name_alone(world: World) -> None:
    app = opened(world, "restore-selection")
    app._session = app.session.answered(destination_indices=(IndexFacts(name="x", aliases=("orders",)),))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "w")
        assert "Delete it first" not in shown(app)
        await press(pilot, "right", "enter")
        await press(pilot, *"-old", "enter")
    assert app.session.draft.renamed["orders"] == "orders-old"


async def test_names_by_a_pattern_are_seen_before_they_are_taken(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "p")
        assert "restored-logs-2026.01.01" in shown(app)
        app.screen.query_one("#pattern", PlainInput).value = "("
        await settled(pilot)
        assert "cannot be read" in shown(app)
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        assert app.session.draft.renamed == sample.PICKED.draft.renamed
        app.screen.query_one("#pattern", PlainInput).value = "^(.+)$"
        await settled(pilot)
        app.screen.query_one("#yes").focus()
        await press(pilot, "enter")
        await settled(pilot)
    assert app.session.draft.renamed["orders"] == "restored-orders"
    assert in_the_way(app.session.draft) == {}


async def test_the_options_hold_at_once_and_are_there_again(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "o", "space", "down", "down", "space")
        app.screen.query_one("#set-0", PlainInput).focus()
        await press(pilot, *"number_of_replicas=0")
        app.screen.query_one("#ignore", PlainInput).focus()
        await press(pilot, *"index.lifecycle.name", "escape")
        draft = app.session.draft
        assert draft.feature_states == ("kibana",)
        assert draft.restoration is not None
        assert draft.restoration.aliases is False
        assert draft.restoration.index_settings == {"index.number_of_replicas": "0"}
        assert draft.restoration.ignore_index_settings == ("index.lifecycle.name",)
        assert "1 feature state" in shown(app)
        await press(pilot, "o")
        assert "restored: 2 indices" in shown(app)
        assert "number_of_replicas=0" in shown(app)


async def test_a_setting_that_is_half_typed_keeps_nobody_from_leaving_and_holds_up_next(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        app.screen.query_one("#set-0", PlainInput).focus()
        await press(pilot, *"number_of_replicas", "escape")
        assert app.screen is app.step
        await press(pilot, "right")
        assert said(app).startswith("Next is not possible yet: number_of_replicas is not KEY=VALUE")


async def test_the_global_state_says_what_it_would_overwrite(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        app.screen.query_one("#global_state").focus()
        await settled(pilot)
        assert "all persistent cluster settings" in words(app)
        await press(pilot, "space")
    assert app.session.draft.restoration is not None
    assert app.session.draft.restoration.global_state


async def test_mounting_is_an_answer_where_it_could_work(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        app.screen.query_one("#mount").focus()
        await press(pilot, "space")
    assert app.session.draft.restoration is not None
    assert app.session.draft.restoration.mount is Mount.FULL_COPY


async def test_only_a_repository_that_was_registered_here_is_taken_away_by_the_run(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "o")
        app.screen.query_one("#unregister").focus()
        await press(pilot, "space", "escape")
        assert app.session.draft.restoration is not None
        assert not app.session.draft.restoration.unregister
        app.update(app.session.but(made=sample.RESTORED_FINISH.made))
        await press(pilot, "o")
        app.screen.query_one("#unregister").focus()
        await press(pilot, "space", "escape")
    restoration = app.session.draft.restoration
    assert restoration is not None
    assert (restoration.register, restoration.unregister) == (True, True)


async def test_a_hostile_name_in_a_snapshot_is_only_text(world: World) -> None:
    hostile = msgspec.structs.replace(
        sample.CHOSEN_SNAPSHOT, name=sample.HOSTILE_NAME, version="[b]8[/b]", indices=(sample.HOSTILE_NAME,), details=()
    )
    with_snapshots(world, (hostile,))
    bad = Repository(name="[@click=app.quit]x", type="[/]", settings={"location": sample.HOSTILE_NAME})
    world.destination.kept.registered = (sample.NIGHTLY, bad)
    app = opened(world, "repository-listing")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "[@click=app" in shown(app)
        await press(pilot, "down", "v")
        await press(pilot, "up", "enter")
        assert "[b]8[/b]" in shown(app)
        await press(pilot, "enter")
        assert app.session.draft.snapshot == hostile
        await press(pilot, "space", "o")
        assert app.is_running


# -- review and run --------------------------------------------------------------------------------------------------


async def test_a_review_that_overwrites_begins_only_after_the_name_was_typed(world: World) -> None:
    app = opened(world, "restore-review")
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "ctrl+n")
        assert said(app) == "Type logs-2026 first: something that exists would be lost."
        await press(pilot, *"logs-2026", "ctrl+n")
        assert said(app) == "Enter starts the migration."
        await press(pilot, "enter")
    assert len(world.begun) == 1


async def test_the_start_button_alone_does_not_begin_what_overwrites(world: World) -> None:
    app = opened(world, "restore-review")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#begin").focus()
        await press(pilot, "enter")
    assert not world.begun


async def test_pausing_a_restore_says_that_what_has_begun_goes_on(world: World) -> None:
    world.events, world.ends = sample.RESTORE_EVENTS, False
    app = world.app(follow="9RXT")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.8)
        await pilot.press("p")
        await pilot.pause()
        assert said(app) == "What has started cannot be paused; the others wait. p resumes them."
        await pilot.press("minus")
        await pilot.pause()
        assert "indices.recovery.max_bytes_per_sec" in said(app)
    assert world.commands == [PauseRun()]


async def test_stopping_a_restore_says_first_what_is_deleted_with_the_focus_on_going_on(world: World) -> None:
    world.events, world.ends = sample.RESTORE_EVENTS, False
    app = world.app(follow="9RXT")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.8)
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert "DELETED on the destination: logs-2026.01.08" in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert not world.commands
        await pilot.press("ctrl+x", "tab", "enter")
        await pilot.pause()
    assert world.commands == [StopRun()]


async def test_skipping_a_restore_says_first_what_is_deleted(world: World) -> None:
    world.events, world.ends = sample.RESTORE_EVENTS, False
    app = world.app(follow="9RXT")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.8)
        await pilot.press("k")
        await pilot.pause()
        assert "is deleted on the destination: logs-2026.01.08" in shown(app)
        await pilot.press("tab", "enter")
        await pilot.pause()
    assert world.commands == [SkipTask(task=8)]


async def test_a_finished_restore_shows_its_shards_and_no_word_of_a_whitelist(world: World) -> None:
    app = opened(world, "restore-finish")
    app.is_live = False
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        page = words(app)
        assert "32 of 32 shards of the snapshot arrived" in page
        assert "320 samples compared, 0 different" in page
        assert "whitelist" not in page
        await press(pilot, "enter")
        assert "2 of 2 shards of the snapshot arrived" in shown(app)


async def test_a_stopped_restore_says_that_what_was_partially_restored_is_deleted(world: World) -> None:
    app = opened(world, "restore-stopped")
    app.is_live = False
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "What was only partially restored was deleted." in words(app)
        assert "14 of 14 shards of the snapshot arrived" in words(app)


async def test_changes_before_a_run_are_listed_and_say_how_to_put_them_back(world: World) -> None:
    world.cards = sample.MIXED_RUNS
    app = world.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "Restore from a snapshot → https://new.example.org:9243" in shown(app)
        await press(pilot, "down", "enter")
        assert said(app) == "`esmigrate cleanup 5QWA` reverts it."
    assert not world.taken_up


async def test_the_board_has_the_columns_of_a_restore_before_its_first_word(world: World) -> None:
    world.ends = False
    app = opened(world, "restore-run")
    app._session = app.session.but(progress=Progress())
    app.is_live = False
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "shards" in shown(app)
        assert "docs" not in shown(app)


async def test_of_a_long_place_the_end_is_shown(world: World) -> None:
    app = opened(world, "repository")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "p/before-upgrade" in shown(app)


async def test_the_help_of_a_restores_selection_is_its_own(world: World) -> None:
    app = opened(world, "restore-selection")
    async with app.run_test(size=(80, 60)) as pilot:
        await press(pilot, "question_mark")
        assert "What to restore" in shown(app)
        assert "Give all that are chosen new names, by a pattern." in shown(app)


def test_every_answer_of_a_session_is_kept_without_a_secret() -> None:
    assert ConnectionForm.of(sample.OLD).has_secret is False
    assert SECRET not in repr(sample.RESTORED_FINISH)
