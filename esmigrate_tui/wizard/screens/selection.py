"""Which indices, and what they are called over there; ten thousand rows are as quick as ten."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.containers import Horizontal, Vertical

from esmigrate_tui.flow import selection as steps
from esmigrate_tui.flow.chosen import (
    chosen,
    chosen_documents,
    chosen_names,
    in_the_way,
    needed_bytes,
    not_whole,
    offered,
    why_not,
)
from esmigrate_tui.flow.layout import fit, shorten, wrap
from esmigrate_tui.flow.lists import kept, matcher, shown_indices
from esmigrate_tui.flow.selection import destined
from esmigrate_tui.flow.session import IndexList, Session, SortBy
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import Health, IndexFacts, IndexState
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import counted, number, size
from esmigrate_tui.wizard.draw import DIM, MOVES, STRONG, TROUBLE, Canvas, ink, no_rows, paragraph, rule, spread
from esmigrate_tui.wizard.screens.lists import FilteredScreen
from esmigrate_tui.wizard.screens.one_index import about
from esmigrate_tui.wizard.widgets.board import MOST_LINES, Board
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.widget import Widget

    from esmigrate_tui.model.draft import Draft, IndexDefinition
    from esmigrate_tui.model.facts import ShardFacts
    from esmigrate_tui.model.problem import Problem

_DOCUMENTS, _SIZE, _SHARDS, _HEALTH = 14, 10, 4, 8
_RESTS_SECONDS: Final = 0.3
"""How long the cursor is on an index before its definition is read: moving down a list reads none of it."""


def columns(width: int, *, is_restore: bool = False) -> tuple[int, int]:
    """The widths of the name and of the name over there; what is left when the numbers have their room."""
    left = width - 5 - (0 if is_restore else _DOCUMENTS) - _SIZE - _SHARDS - 2 - _HEALTH - 1
    name = max(16, (left * 11) // 20)
    return name, max(8, left - name)


def heading(listing: IndexList, width: int, *, is_restore: bool = False) -> Text:
    """The columns' words; the one that is sorted by stands out."""
    name, target = columns(width, is_restore=is_restore)
    line = ink(MOVES, DIM)
    words_of = (
        ("index", name, "left", SortBy.NAME),
        *(() if is_restore else (("docs", _DOCUMENTS, "right", SortBy.DOCUMENTS),)),
        ("size", _SIZE, "right", SortBy.SIZE),
        ("sh", _SHARDS, "right", None),
        (
            ("  made by", _HEALTH + 2, "left", SortBy.CREATED)
            if is_restore
            else ("  health", _HEALTH + 2, "left", SortBy.HEALTH)
        ),
        ("goes to", target, "left", None),
    )
    for words, cells, align, by in words_of:
        padded = fit(words, cells, "right" if align == "right" else "left")
        style = "underline" if by is listing.sort else DIM
        lead = len(padded) - len(padded.lstrip())
        line.append(padded[:lead]).append(padded[lead:].rstrip(), style).append(
            " " * (len(padded) - len(padded.rstrip()))
        )
    return line


@kept
def drawing(draft: Draft, width: int, ascii_only: bool) -> Callable[[IndexFacts, bool], Text]:  # noqa: FBT001  # kept by it
    """What draws an index at a width, with the cursor or without: once, since mostly the cursor alone has moved."""
    look, chosen = Canvas(width, ascii_only), chosen_names(draft)

    @lru_cache(maxsize=MOST_LINES)
    def draw(index: IndexFacts, here: bool) -> Text:  # noqa: FBT001  # the same
        return index_row(index, draft, look, here=here, chosen=index.name in chosen)

    return draw


def index_row(index: IndexFacts, draft: Draft, look: Canvas, *, here: bool, chosen: bool) -> Text:
    """One index as a line of exactly the width."""
    is_restore = draft.traits.restores
    name, target = columns(look.width, is_restore=is_restore)
    reason = why_not(index, draft)
    goes_to, is_problem = reason or (draft.target(index.name) if chosen else ""), False
    if chosen and not reason and is_restore:
        goes_to, is_problem = destined(index, draft)
    line = look.row("warn" if reason or is_problem else "on" if chosen else "off", here=here)
    style = STRONG if here else DIM if reason else "none"
    line.append(fit(index.name, name), style)
    numbers = "" if is_restore else fit(_number(index.documents), _DOCUMENTS, "right")
    numbers += fit("–" if index.primary_bytes is None else size(index.primary_bytes), _SIZE, "right")
    numbers += fit(str(index.shards), _SHARDS, "right")
    line.append(numbers, DIM if reason else "none").append("  ")
    if is_restore:
        made_by = "stream" if index.data_stream and index.created is None else str(index.created or "–")
        line.append(fit(made_by, _HEALTH), DIM)
    else:
        health = "closed" if index.state is IndexState.CLOSED else index.health.value
        line.append(fit(health, _HEALTH), TROUBLE if index.health is Health.RED else DIM)
    stands_out = chosen and goes_to != index.name
    if chosen and draft.is_edited(index.name):
        goes_to, stands_out = _with_word(goes_to, target), True
    line.append(fit(goes_to, target), DIM if reason else TROUBLE if is_problem else STRONG if stands_out else "none")
    return line


def _with_word(goes_to: str, width: int) -> str:
    """A name with the word that its definition was changed, as long as there is room for the one or the other."""
    for word in (", changed by you", ", changed"):
        if len(goes_to) + len(word) <= width:
            return goes_to + word
    return f"{shorten(goes_to, max(1, width - 9))}, changed"


def _number(value: int | None) -> str:
    return "–" if value is None else number(value)


def details(session: Session, index: IndexFacts | None, look: Canvas) -> list[Text]:
    """What else is known of the index at the cursor, and what is chosen against the room there is."""
    about = ink(" ")
    if index is not None:
        about.append(shorten(index.name, look.width // 2), STRONG)
        about.append("   " + ",  ".join(steps.known_of(index, session)), DIM)
        about.truncate(look.width, overflow="ellipsis")
    if session.listing.problem is not None:
        about = ink(" ").append(shorten(session.listing.problem.sentence(), look.width - 2), TROUBLE)
    elif matcher(session.listing.pattern) is None:
        about = ink(" That is not a regular expression yet.", DIM)
    return [rule(look.width), about, rule(look.width), totals(session, look)]


def totals(session: Session, look: Canvas) -> Text:
    """How much is chosen, and whether there is room for it."""
    draft = session.draft
    selected = chosen(draft)
    needed = needed_bytes(draft)
    line = ink(f" chosen {number(len(selected))} of {number(len(offered(draft)))}")
    right = Text()
    disk = draft.destination_facts.disk if draft.destination_facts is not None else None
    if disk is not None:
        fits = needed <= disk.usable
        right = ink(f"room for {size(disk.usable)} ").append_text(look.mark("good" if fits else "bad"))
        word = "too much " if not fits else " " if look.ascii_only else "ok "
        right.append(f" {word}", "none" if fits else TROUBLE)
    if session.is_restore:
        if draft.feature_states:
            line.append(f" and {counted(len(draft.feature_states), 'feature state')}")
        if draft.restoration is not None and draft.restoration.global_state:
            line.append(", the GLOBAL STATE", STRONG)
        if lacking := len(not_whole(draft)):
            line.append(f"   {number(lacking)} not whole", STRONG)
        if undecided := len(in_the_way(draft)):
            line.append(f"   {number(undecided)} taken there", STRONG)
    else:
        many = counted(chosen_documents(draft), "document")
        room = look.width - right.cell_len - line.cell_len - len(size(needed)) - 7
        line.append("   " + (many if len(many) <= room else many.replace("document", "doc")))
    line.append(f"   {size(needed)}")
    return spread(line, right, look.width)


_EMPTY: Final = no_rows("Nothing here goes by that filter.", "Esc in the filter clears it.")
_HOLDS_NOTHING: Final = no_rows("The source holds no index that could be moved.", "h shows hidden and system indices.")
_SNAPSHOT_HOLDS_NOTHING: Final = no_rows(
    "The snapshot holds no index beside those of its feature states.",
    "h shows hidden and system indices, o the feature states.",
)


def met(indices: tuple[IndexFacts, ...], draft: Draft, width: int) -> list[Text]:
    """What the destination holds at the names that these are to get, and what can be done about it."""
    conflict = steps.conflict_of(indices, draft)
    lines = [line for each in conflict.seen[:6] for line in paragraph(each, width)]
    if len(indices) > 6:
        lines += paragraph(f"and {number(len(indices) - 6)} more: they are listed before anything is taken.", width)
    return lines + [line for each in conflict.notes for line in paragraph(each, width, 1, DIM)]


def doomed(names: tuple[str, ...], draft: Draft, way: TakenNameRule, width: int) -> list[Text]:
    """Every index of the destination that would be lost, by its name."""
    title, lost, when = steps.loss_of(names, draft, way)
    lines = [Text(), *paragraph(title, width), Text()]
    lines += [ink("   ").append(each, STRONG) for one in lost for each in wrap(one, width - 4)]
    return [*lines, Text(), *paragraph(when, width)]


class SelectionScreen(FilteredScreen[IndexFacts]):
    """Choose indices."""

    STEP, LIST = "selection", "listing"
    CSS = "#details { height: 4; }"

    def __init__(self) -> None:
        super().__init__()
        self._range_from = ""
        self._read: dict[str, IndexDefinition | Problem] = {}
        self._shards: dict[str, tuple[ShardFacts, ...]] = {}
        self._asked = ""

    def body(self) -> Iterable[Widget]:
        """Filter, list, details."""
        yield self.filter_line()
        rows = Vertical(TextLines(id="heading"), self.board(), id="list")
        yield Horizontal(rows, TextLines(id="pane"), id="beside", classes="body")
        yield TextLines(id="details", classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many there are, and how one looks at them."""
        listing = session.listing
        shown = len(self.rows(session))
        words = [f"range from {shorten(self._range_from, 20)}"] if self._range_from else []
        if session.draft.settings and not session.is_restore:
            words.append(f"{counted(len(session.draft.settings), 'setting')} for all")
        words += [
            f"by {listing.sort}{', backwards' if listing.backwards else ''}",
            "hidden shown" if listing.shows_hidden else "hidden off",
            f"{number(shown)} shown",
        ]
        if listing.doing:
            return f"{listing.doing} …", self.waited(listing.since)
        many = counted(len(offered(session.draft)), "index", "indices")
        if session.draft.snapshot is not None and session.is_restore:
            return f"{many} in {shorten(session.draft.snapshot.name, 24)}", "  ".join(words)
        return many, "  ".join(words)

    def paint(self, session: Session) -> None:
        """The list."""
        is_restore = session.is_restore
        empty = _EMPTY if session.listing.pattern else _SNAPSHOT_HOLDS_NOTHING if is_restore else _HOLDS_NOTHING
        self.show_filter_line()

        here = self.show_rows(
            session, lambda index, look, at: drawing(session.draft, look.width, look.ascii_only)(index, at), empty
        )
        self.show_lines("heading", lambda look: [heading(session.listing, look.width - 1, is_restore=is_restore)])
        self.show_lines("details", lambda look: details(session, here, look))
        if self.has_class("-wide"):
            self._show_beside(here, session)

    def _show_beside(self, here: IndexFacts | None, session: Session) -> None:
        """All about the index at the cursor; its definition is read when the cursor rests there."""
        pane = self.query_one("#pane", TextLines)
        if here is None:
            pane.show(lambda _: [])
            return
        read = session.draft.definitions.get(here.name) or self._read.get(here.name)
        shards = self._shards.get(here.name)
        pane.show(lambda look: about(here, session, look, read, shards))
        is_known = read is not None and shards is not None
        if not is_known and self._asked != here.name and self.wizard.is_live and not session.is_restore:
            self._asked = here.name
            self.run_worker(self._read_beside(here.name, is_defined=read is not None), group="beside", exclusive=True)

    async def _read_beside(self, name: str, *, is_defined: bool) -> None:
        """Read the definition, and how large each shard is; what cannot be read is said, or left out."""
        await asyncio.sleep(_RESTS_SECONDS)
        try:
            source = self.wizard.cluster(Side.SOURCE)
            if not is_defined:
                self._read.update(await source.indices.definitions([name]))
                self.paint(self.session)
            self._shards[name] = await source.indices.shards(name)
        except ProblemError as error:
            self._read.setdefault(name, error.problem)
            self._shards.setdefault(name, ())
        self.paint(self.session)

    def rows(self, session: Session) -> tuple[IndexFacts, ...]:
        """What is listed."""
        return shown_indices(offered(session.draft), session.listing)

    # -- keys --------------------------------------------------------------------------------------------------------

    async def take(self) -> None:
        """A second click chooses."""
        self.action_choose()

    def action_choose(self) -> None:
        """Choose the index at the cursor, or not."""
        index = self.here()
        if index is None:
            return
        if reason := why_not(index, self.session.draft):
            self.say(f"It cannot be chosen: {reason}.")
            return
        steps.choose(self.wizard, chosen_names(self.session.draft) ^ {index.name})
        self.query_one(Board).action_move(1)

    def _choosable(self) -> frozenset[str]:
        return steps.choosable(self.rows(self.session), self.session.draft)

    def action_all(self) -> None:
        """Choose all that are shown; when they are all chosen, let them go."""
        steps.choose(self.wizard, steps.all_or_none(chosen_names(self.session.draft), self._choosable()))

    def action_invert(self) -> None:
        """Choose the others among those shown."""
        steps.choose(self.wizard, chosen_names(self.session.draft) ^ self._choosable())

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.look_at(sort=steps.next_sort(self.session), cursor=0)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.look_at(backwards=not self.session.listing.backwards, cursor=0)

    def action_range(self) -> None:
        """Begin a range at the cursor, or choose all from where it began."""
        rows = self.rows(self.session)
        begins = next((at for at, index in enumerate(rows) if index.name == self._range_from), None)
        here = min(self.session.listing.cursor, len(rows) - 1)
        if begins is None:
            self._range_from = rows[here].name if rows else ""
            self.show()
            self.say("Go to the other end of the range, and press v again.")
            return
        self._range_from = ""
        between = rows[min(begins, here) : max(begins, here) + 1]
        steps.choose(self.wizard, chosen_names(self.session.draft) | steps.choosable(between, self.session.draft))
        self.show()

    def action_hidden(self) -> None:
        """Show or hide hidden and system indices."""
        self.look_at(shows_hidden=not self.session.listing.shows_hidden, cursor=0)

    def action_rename(self) -> None:
        """Type another name for the index at the cursor."""
        from esmigrate_tui.wizard.screens.dialogs import LineScreen  # noqa: PLC0415  # loaded when first needed

        index = self.here()
        if index is None or index.name not in self.session.draft.selected:
            self.say(steps.CHOOSE_FIRST)
            return
        draft, name = self.session.draft, index.name
        label, now = f"{name} is called on the destination:", draft.target(name)
        self.wizard.ask(
            LineScreen("Another name", label, now, lambda typed: steps.why_not_called(name, typed, draft)),
            lambda typed: steps.rename(self.wizard, name, typed),
        )

    def action_definition(self) -> None:
        """What will be made for the index at the cursor, beside what it is, and the place to change that."""
        from esmigrate_tui.wizard.screens.definition import DefinitionScreen  # noqa: PLC0415  # loaded when first needed

        index = self.here()
        if index is None or self.session.is_restore:
            return
        if reason := why_not(index, self.session.draft):
            self.say(f"Nothing is made of it, it cannot be chosen: {reason}.")
            return
        self.app.push_screen(DefinitionScreen(index))

    def action_settings(self) -> None:
        """Type settings that all indices get."""
        from esmigrate_tui.wizard.screens.dialogs import LineScreen  # noqa: PLC0415  # loaded when first needed

        if self.session.is_restore:
            return
        label = (
            "Settings for all indices to be made, whatever the source has: number_of_shards=1 number_of_replicas=0, "
            "with blanks between them. Nothing typed: each keeps its own. One that you have changed by itself stays so."
        )
        now = " ".join(f"{name.removeprefix('index.')}={value}" for name, value in self.session.draft.settings.items())
        self.wizard.ask(
            LineScreen("Settings for all", label, now, steps.why_no_settings),
            lambda typed: steps.settings_for_all(self.wizard, typed),
        )

    def action_rename_all(self) -> None:
        """New names for all that are chosen, by a pattern."""
        from esmigrate_tui.wizard.screens.forms import PatternScreen  # noqa: PLC0415  # loaded when first needed

        if not self.session.draft.selected:
            self.say(steps.CHOOSE_ALL_FIRST)
            return
        self.wizard.ask(PatternScreen(), lambda found: steps.rename_all(self.wizard, found))

    def action_options(self) -> None:
        """Options of the run."""
        from esmigrate_tui.wizard.screens.forms import OptionsScreen  # noqa: PLC0415  # loaded when first needed

        self.app.push_screen(OptionsScreen())

    # -- what has the name already -----------------------------------------------------------------------------------

    def action_resolve(self) -> None:
        """Decide about what has the name of the index at the cursor."""
        index = self.here()
        if reason := steps.why_undecided(index, self.session):
            self.say(reason)
        elif index is not None:
            self._decide((index,))

    def action_resolve_all(self) -> None:
        """Decide about all that are in the way of the chosen."""
        if found := steps.all_taken(self.session):
            self._decide(found)
        else:
            self.say("Nothing is in the way.")

    def _decide(self, indices: tuple[IndexFacts, ...]) -> None:
        from esmigrate_tui.wizard.screens.dialogs import PickScreen  # noqa: PLC0415  # loaded when first needed

        draft = self.session.draft
        conflict = steps.conflict_of(indices, draft)
        one = indices[0]
        title = f"{draft.target(one.name)} exists already" if len(indices) == 1 else f"{len(indices)} names are taken"

        def answered(answer: str) -> None:
            if answer == "rename" and len(indices) == 1:
                self.action_rename()
            elif answer == "rename":
                self.action_rename_all()
            elif answer == "close":
                self._confirm(conflict.closable, TakenNameRule.CLOSE)
            elif answer == "delete":
                self._confirm(conflict.deletable, TakenNameRule.DELETE)
            elif answer == "leave" and any(draft.target(index.name) in draft.in_the_way for index in indices):
                steps.leave_alone(self.wizard, tuple(draft.target(index.name) for index in indices))

        self.wizard.ask(PickScreen(title, lambda width: met(indices, draft, width), conflict.answers), answered)

    def _confirm(self, names: tuple[str, ...], way: TakenNameRule) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ConfirmScreen  # noqa: PLC0415  # loaded when first needed

        draft = self.session.draft
        verb = "delete" if way is TakenNameRule.DELETE else "restore over"
        what = names[0] if len(names) == 1 else f"these {len(names)} indices"
        self.wizard.ask(
            ConfirmScreen(
                f"{verb.capitalize()} {shorten(what, 40)}?",
                lambda width: doomed(names, draft, way, width),
                yes=f"{verb.capitalize()} it" if len(names) == 1 else f"{verb.capitalize()} all of them",
                no="Leave it" if len(names) == 1 else "Leave them",
                typed=steps.word_to_type(names),
            ),
            lambda _: steps.decide(self.wizard, names, way),
        )

    # -- next --------------------------------------------------------------------------------------------------------

    async def go_on(self) -> None:
        """Read the definitions of what is chosen; then the checks look again, with the selection."""
        self.run_worker(self._go_on(), group="definitions", exclusive=True)

    async def _go_on(self) -> None:
        if reason := await steps.settle(self.wizard):
            self.say(f"Next is not possible: {reason}.")
        elif self.app.screen is self:  # else a user reads, or types, on a page that was laid over it meanwhile
            self.wizard.go("preflight")
