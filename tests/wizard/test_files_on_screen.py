"""Files and their mapping: what is typed is looked at, what was guessed is corrected, and back keeps all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.flow.files import formats, id_rules, why_not_into
from esmigrate_tui.flow.files import settled as answered
from esmigrate_tui.flow.mapping import KINDS, mapped
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.methods.index_from_source.mover import IndexFromSource
from esmigrate_tui.model.command import AcceptArrivals
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.files import FileFormat, FileInspection, FileOptions, IdRule
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.reading.mapping import body_of, entries
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.pages import rejects_page
from esmigrate_tui.wizard.screens.choosing import ChooseScreen, harmless
from esmigrate_tui.wizard.screens.files import FilesScreen
from esmigrate_tui.wizard.screens.mapping import MappingScreen
from esmigrate_tui.wizard.widgets.bars import FootLine
from esmigrate_tui.wizard.widgets.fields import ChoiceField, PlainInput
from tests.pictures import sample_values as sample
from tests.wizard.world import Seen, settled, shown

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.outcome import ExitCode
    from tests.wizard.world import World

TROUBLE = ProblemError(Problem(cause=Cause.STATE, what="The folder does not answer.", todo="See that it is there."))


def opened(world: World, session: Session, step: str) -> WizardApp:
    """The wizard at a step of a session, over this world, alive and connected."""
    app = WizardApp(world.services(), opening=(session, step), credentials=sample.credentials_of(session))
    app.is_live = True
    app.clusters = dict.fromkeys(session.sides, world.destination)
    return app


def looks(world: World) -> World:
    """A world whose files are the sample's, however one wishes to read them."""

    def look(wishes: FileOptions) -> FileInspection:
        found = sample.FILES.file_choice.look
        assert found is not None
        assert found.sample is not None
        kind = wishes.format or FileFormat.CSV
        reading = msgspec.structs.replace(found.sample.reading, format=kind)
        return msgspec.structs.replace(found, sample=msgspec.structs.replace(found.sample, reading=reading))

    world.look_of = look
    return world


def said(app: WizardApp) -> str:
    assert app.step is not None
    return app.step.query_one(FootLine).said


async def pick(pilot: Pilot[ExitCode], kind: str) -> None:
    """Choose this type in the list of them."""
    assert isinstance(pilot.app.screen, ChooseScreen)
    at = [name for name, _ in KINDS].index(kind)
    await pilot.press("home", *("down",) * at, "enter")
    await pilot.pause()


# -- files -----------------------------------------------------------------------------------------------------------


async def test_enter_looks_at_the_files_and_goes_to_the_index(world: World) -> None:
    app = opened(looks(world), sample.FILES_EMPTY, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"a b/*.csv", "enter")
        await settled(pilot)
        assert world.looked == [("a b/*.csv", FileOptions())]
        assert "it has 2 cells, the table has 7 columns" in shown(app)
        await pilot.press(*"orders")
        assert app.session.draft.into == "orders"


async def test_another_format_is_looked_at_at_once(world: World) -> None:
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#format", ChoiceField).focus()
        await pilot.press("space")
        await settled(pilot)
        assert world.looked[-1][1].format is FileFormat.NDJSON
        assert not app.screen.query_one("#delimiter-field").display


async def test_files_that_do_not_answer_leave_the_step_usable(world: World) -> None:
    app = opened(looks(world), sample.FILES_EMPTY, "files")
    world.troubles["files"] = TROUBLE
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/dead/*", "enter")
        await settled(pilot)
        assert "The folder does not answer." in shown(app)
        del world.troubles["files"]
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert "The first rows as they will be sent" in shown(app)


async def test_going_back_amid_a_look_ends_it_and_keeps_what_is_typed(world: World) -> None:
    app = opened(looks(world), sample.FILES_EMPTY, "files")
    world.hangs = True
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"x.csv", "enter")
        await pilot.pause()
        assert app.session.file_choice.doing
        await pilot.press("escape")
        await pilot.pause()
        assert not app.session.file_choice.doing
        assert app.session.file_choice.typed == "x.csv"


async def test_leaving_with_something_typed_and_not_looked_at_leaves_nothing_waiting(world: World) -> None:
    app = opened(looks(world), sample.FILES_EMPTY, "files")
    world.hangs = True
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"x.csv", "escape")
        await pilot.pause()
        await pilot.pause()
        assert type(app.screen).__name__ == "ConnectionsScreen"
        assert not app.session.file_choice.doing
        world.hangs = False
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, FilesScreen)
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert app.session.file_choice.look is not None


async def test_next_looks_first_where_that_was_not_done(world: World) -> None:
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#files", PlainInput).value = "other.csv"
        await pilot.press("ctrl+n")
        assert said(app) == "Looking first; then Next is possible."
        await settled(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, MappingScreen)


async def test_the_field_of_the_id_is_completed_as_it_is_typed(world: World) -> None:
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        field = app.screen.query_one("#id-field", PlainInput)
        field.value = ""
        field.focus()
        await pilot.press("o", "r")
        await pilot.pause()
        await pilot.press("right")
        assert app.session.file_choice.wishes.id_field == "order_id"


async def test_a_name_that_was_given_away_meanwhile_is_said(world: World) -> None:
    world.destination = Seen(sample.NEW_FACTS, (IndexFacts(name="x", aliases=("orders",)),))
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, FilesScreen)
        assert said(app) == "Not into orders: an alias there has that name."


async def test_an_index_that_is_there_is_used_as_it_is(world: World) -> None:
    world.destination = Seen(sample.NEW_FACTS, (IndexFacts(name="orders"),))
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, MappingScreen)
        assert app.session.draft.create == ""
        await pilot.press("enter")
        assert said(app).startswith("The index exists already")


async def test_a_data_stream_is_used_as_it_is_by_the_newest_index_behind_it(world: World) -> None:
    backing = tuple(IndexFacts(name=f".ds-orders-{at:06}", data_stream="orders") for at in (1, 2))
    world.destination = Seen(sample.NEW_FACTS, backing)
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, MappingScreen)
        assert app.session.file_choice.there is not None
        assert app.session.file_choice.there.name == ".ds-orders-000002"
        plan = IndexFromSource().plan(app.session.draft, "2026-11-23T23:00:00Z")
    assert (plan.tasks[0].create, plan.tasks[0].kind) == ("", RestoreKind.DATA_STREAM)


def test_what_cannot_be_the_index_is_said_as_it_is_typed() -> None:
    there = (
        IndexFacts(name=".ds-logs-1", data_stream="logs"),
        IndexFacts(name="a", aliases=("b",)),
        IndexFacts(name="c", state=IndexState.CLOSED),
    )
    draft = sample.FILES.draft.answered(destination_indices=there)
    found = [why_not_into(draft.answered(into=name)) for name in ("logs", "b", "c", "a", "new", "New")]
    assert found == [
        "",
        "an alias there has that name",
        "it is closed there",
        "",
        "",
        "only small letters",
    ]


def test_what_was_recognised_is_the_first_answer() -> None:
    options, chosen = formats(sample.FILES.file_choice)
    assert (options[0], chosen) == (("", "csv (recognised)"), "")
    rules, rule = id_rules(sample.FILES.file_choice)
    assert rule == IdRule.FIELD
    assert [name for name, _ in rules] == ["", "field", "hash"]


# -- the mapping -----------------------------------------------------------------------------------------------------


async def test_another_type_is_in_the_body_that_makes_the_index(world: World) -> None:
    app = opened(world, sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "enter")
        await pilot.pause()
        await pick(pilot, "keyword")
        assert entries(app.session.draft.create)["order_id"] == {"type": "keyword"}
        assert "1 changed" in shown(app)
        await pilot.press("u")
        assert entries(app.session.draft.create)["order_id"] == {"type": "long"}
        assert "changed" not in shown(app).splitlines()[1]


async def test_a_type_that_was_changed_asks_for_the_checks_again(world: World) -> None:
    app = opened(world, sample.FILES_CHECKED, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "enter")
        await pilot.pause()
        await pick(pilot, "")
        assert app.session.draft.findings == ()
        assert BY_NAME["preflight"].may_go_on(app.session) == "nothing was checked yet"


async def test_what_becomes_a_date_is_asked_how_it_is_written(world: World) -> None:
    app = opened(world, sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "enter")
        await pilot.pause()
        await pick(pilot, "date")
        await pilot.press(*"epoch_second", "enter")
        await pilot.pause()
        assert entries(app.session.draft.create)["order_id"] == {"type": "date", "format": "epoch_second"}


async def test_a_column_that_is_left_out_is_in_no_document(world: World) -> None:
    app = opened(world, sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "down", "x")
        reading = app.session.draft.reading
        assert reading is not None
        assert [column.name for column in reading.columns if not column.type] == ["city"]
        assert "city" not in entries(app.session.draft.create)
        await pilot.press("x")
        again = app.session.draft.reading
        assert again is not None
        assert [column.name for column in again.columns if not column.type] == []
        assert entries(app.session.draft.create)["city"] == {"type": "keyword"}


async def test_json_that_cannot_be_read_is_not_taken(world: World) -> None:
    app = opened(world, sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        await pilot.pause()
        await pilot.press("x", "ctrl+n")
        await pilot.pause()
        assert "is no JSON object" in shown(app)
        await pilot.press("backspace", "ctrl+n")
        await pilot.pause()
        assert isinstance(app.screen, MappingScreen)


async def test_json_that_was_edited_is_what_the_index_is_made_with(world: World) -> None:
    app = opened(world, sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        await pilot.pause()
        area: Any = app.screen.query_one("TextArea")
        area.text = '{"settings":{"number_of_shards":3},"mappings":{"properties":{"total":{"type":"scaled_float"}}}}'
        await pilot.press("ctrl+n")
        await pilot.pause()
        body = json.loads(app.session.draft.create)
        assert body["settings"] == {"number_of_shards": 3}
        assert {row.field: row.kind for row in mapped(app.session)}["total"] == "scaled_float"


async def test_back_and_on_again_keeps_a_mapping_that_was_edited(world: World) -> None:
    app = opened(looks(world), sample.MAPPING, "mapping")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "enter")
        await pilot.pause()
        await pick(pilot, "keyword")
        await pilot.press("left")
        await settled(pilot)
        assert isinstance(app.screen, FilesScreen)
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, MappingScreen)
        assert entries(app.session.draft.create)["order_id"] == {"type": "keyword"}


def test_the_mapping_of_an_index_that_is_there_is_shown_whatever_its_type_is_called() -> None:
    properties = {"order_id": {"type": "integer"}}
    there = IndexDefinition(name="orders", settings={}, mappings={"_doc": {"properties": properties}}, aliases={})
    session = answered(sample.FILES.but(file_choice=msgspec.structs.replace(sample.FILES.file_choice, there=there)))
    assert {row.field: row.kind for row in mapped(session)}["order_id"] == "integer"
    assert session.draft.create == ""


@pytest.mark.parametrize("text", ['{"a\u202eb":1}', '{"\x9b31m":"\u200b"}', '{"\U000e0041":1}', '{"plain":"ü"}'])
def test_json_on_the_screen_means_the_same_and_does_no_harm(text: str) -> None:
    drawn = harmless(text)
    assert json.loads(drawn) == json.loads(text)
    assert not set(drawn) & set("\u202e\x9b\u200b\U000e0041")


def test_a_body_that_was_edited_keeps_what_no_list_shows() -> None:
    given = {"settings": {"analysis": {}}, "mappings": {"dynamic": "strict", "properties": {"a": {"type": "text"}}}}
    assert json.loads(body_of(json.dumps(given))) == given


# -- what others send -------------------------------------------------------------------------------------------------


async def test_a_sender_is_an_answer_of_its_own_and_back_to_files_keeps_those(world: World) -> None:
    app = opened(looks(world), sample.FILES, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.query_one("#from", ChoiceField).focus()
        await pilot.press("space")
        await settled(pilot)
        assert app.session.file_choice.sender is Shipper.LOGSTASH
        assert not app.screen.query_one("#files-field").display
        await pilot.press("ctrl+n")
        await settled(pilot)
        assert isinstance(app.screen, MappingScreen)
        asked = app.session.draft
        assert (asked.shipping, asked.reading) == (ShippingOptions(shipper=Shipper.LOGSTASH), None)
        await pilot.press("left")
        await settled(pilot)
        app.screen.query_one("#from", ChoiceField).focus()
        await pilot.press("space", "ctrl+n")
        await settled(pilot)
        draft = app.session.draft
        assert (draft.shipping, draft.reading) == (None, sample.MAPPING.draft.reading)


async def test_the_configuration_of_a_sender_is_written_where_it_is_wanted(world: World) -> None:
    app = opened(world, sample.SENT, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+o")
        await pilot.pause()
        await pilot.press("enter")
        await settled(pilot)
        [(name, text)] = world.saved
        assert name == "esmigrate-output.conf"
        assert "x" * 10 not in text
        assert said(app) == "Written: /tmp/esmigrate-output.conf"
        world.troubles["save_text"] = TROUBLE
        await pilot.press("ctrl+o")
        await pilot.pause()
        await pilot.press("enter")
        await settled(pilot)
        assert said(app) == "The folder does not answer."


async def test_whatever_a_file_does_to_the_program_no_answer_is_lost(world: World) -> None:
    app = opened(looks(world), sample.FILES_EMPTY, "files")
    world.troubles["files"] = OverflowError("Python int too large to convert to C long")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/odd/*", "enter")
        await settled(pilot)
        assert "The files cannot be looked at." in shown(app)
        assert "Python" not in shown(app)
        del world.troubles["files"]
        await pilot.press("ctrl+t")
        await settled(pilot)
        assert app.session.file_choice.typed == "/odd/*"
        assert "The first rows as they will be sent" in shown(app)


async def test_a_number_that_is_none_is_said(world: World) -> None:
    app = opened(world, sample.SENT_CLIENT, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        assert said(app) == "Next is not possible yet: how many is not a number."


async def test_that_it_is_all_is_told_to_the_run_after_a_question(world: World) -> None:
    app = opened(world, sample.WATCHING, "run")
    world.ends = False
    world.events = sample.WATCHING_EVENTS
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d", "enter")
        await settled(pilot)
        assert world.commands == []
        await pilot.press("d", "right", "enter")
        await settled(pilot)
        await pilot.press("minus")
        assert "up to who sends" in said(app)
    assert world.commands == [AcceptArrivals()]


async def test_a_run_of_files_knows_its_own_end(world: World) -> None:
    app = opened(world, sample.INDEXING, "run")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("d")
        assert said(app) == "This run knows how many documents there are: no other program sends any."


# -- what was rejected ----------------------------------------------------------------------------------------------


def test_rows_that_were_set_aside_are_told_by_their_reason_the_most_frequent_first() -> None:
    rejects = (
        Reject(index="o", id="/x/a.csv:7", status=400, reason="failed to parse"),
        *(Reject(index="o", id=f"/x/a.csv:{line}", reason="it has 2 cells") for line in range(12)),
    )
    text = "\n".join(line.plain for line in rejects_page(rejects, 20, 80, is_of_files=True))
    assert "20 rows rejected" in text
    assert text.index("12 for this reason") < text.index("failed to parse")
    assert "/x/a.csv:0" in text
    assert "and 2 more" in text
    assert "and 7 more in the rejects file." in text
    assert "refused" not in text


async def test_documents_of_several_indices_ask_which_of_them_is_meant(world: World) -> None:
    several = Problem(cause=Cause.USAGE, what="They are documents of 2 indices: a (3), b (3).")
    found = sample.FILES.file_choice.look
    assert found is not None

    def look(wishes: FileOptions) -> FileInspection:
        of_dumps = msgspec.structs.replace(found, formats=(FileFormat.ELASTICDUMP,))
        if wishes.from_index:
            return of_dumps
        return msgspec.structs.replace(of_dumps, sample=None, problem=several)

    world.look_of = look
    app = opened(world, sample.FILES_EMPTY, "files")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"dump.json", "enter")
        await settled(pilot)
        assert "documents of 2 indices" in shown(app)
        app.screen.query_one("#from-index", PlainInput).focus()
        await pilot.press(*"a*", "enter")
        await settled(pilot)
        assert app.session.file_choice.wishes.from_index == "a*"
        assert "The first rows as they will be sent" in shown(app)
