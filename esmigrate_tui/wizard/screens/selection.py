"""Which indices, and what they are called over there; ten thousand rows are as quick as ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from rich.text import Text
from textual.containers import Horizontal

from esmigrate_tui.model.facts import Health, IndexFacts, IndexState
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted, duration, number, size
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Look, fit, ink, rule, shorten, spread
from esmigrate_tui.wizard.keys import bindings
from esmigrate_tui.wizard.screens.base import StepScreen
from esmigrate_tui.wizard.session import (
    Listing,
    Session,
    SortBy,
    in_order,
    listed,
    matcher,
    needed_bytes,
    why_not_a_name,
    why_not_choosable,
)
from esmigrate_tui.wizard.widgets.board import Board, Rows
from esmigrate_tui.wizard.widgets.fields import PlainInput
from esmigrate_tui.wizard.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget
    from textual.widgets import Input

_DOCUMENTS, _SIZE, _SHARDS, _HEALTH = 14, 10, 4, 8


def columns(width: int) -> tuple[int, int]:
    """The widths of the name and of the name over there; what is left when the numbers have their room."""
    left = width - 5 - _DOCUMENTS - _SIZE - _SHARDS - 2 - _HEALTH - 1
    name = max(16, (left * 11) // 20)
    return name, max(8, left - name)


def heading(listing: Listing, width: int) -> Text:
    """The columns' words; the one that is sorted by stands out."""
    name, target = columns(width)
    line = ink("     ")
    for words, cells, align, by in (
        ("index", name, "left", SortBy.NAME),
        ("docs", _DOCUMENTS, "right", SortBy.DOCUMENTS),
        ("size", _SIZE, "right", SortBy.SIZE),
        ("sh", _SHARDS, "right", None),
        ("  health", _HEALTH + 2, "left", SortBy.HEALTH),
        ("goes to", target, "left", None),
    ):
        padded = fit(words, cells, "right" if align == "right" else "left")
        style = "underline" if by is listing.sort else DIM
        lead = len(padded) - len(padded.lstrip())
        line.append(padded[:lead]).append(padded[lead:].rstrip(), style).append(
            " " * (len(padded) - len(padded.rstrip()))
        )
    return line


def index_row(index: IndexFacts, session: Session, look: Look, *, here: bool, chosen: bool) -> Text:
    """One index as a line of exactly the width."""
    name, target = columns(look.width)
    why_not = why_not_choosable(index)
    line = ink("").append_text(look.mark("here" if here else "none"))
    mark = look.mark("warn" if why_not else "on" if chosen else "off")
    line.append(" " * max(0, 3 - mark.cell_len)).append_text(mark).append(" ", "none")
    style = STRONG if here else DIM if why_not else "none"
    line.append(fit(index.name, name), style)
    numbers = (
        fit("–" if index.documents is None else number(index.documents), _DOCUMENTS, "right")
        + fit("–" if index.primary_bytes is None else size(index.primary_bytes), _SIZE, "right")
        + fit(str(index.shards), _SHARDS, "right")
    )
    line.append(numbers, DIM if why_not else "none").append("  ")
    health = "closed" if index.state is IndexState.CLOSED else index.health.value
    line.append(fit(health, _HEALTH), TROUBLE if index.health is Health.RED else DIM)
    goes_to = why_not or (session.draft.target(index.name) if chosen else "")
    renamed = chosen and goes_to != index.name
    line.append(fit(goes_to, target), DIM if why_not else STRONG if renamed else "none")
    return line


def details(session: Session, index: IndexFacts | None, look: Look) -> list[Text]:
    """What else is known of the index at the cursor, and what is chosen against the room there is."""
    about = ink(" ")
    if index is not None:
        parts = [f"made by {index.created}"] if index.created is not None else []
        if len(index.types) > 1:
            parts.append(f"{len(index.types)} types")
        parts.append(counted(index.replicas, "replica"))
        if index.aliases:
            parts.append("alias " + ", ".join(index.aliases))
        if index.hidden:
            parts.append("hidden")
        if why_not := why_not_choosable(index):
            parts.append(f"cannot be chosen: {why_not}")
        about.append(shorten(index.name, look.width // 2), STRONG).append("   " + ",  ".join(parts), DIM)
        about.truncate(look.width, overflow="ellipsis")
    if session.listing.problem is not None:
        about = ink(" ").append(shorten(session.listing.problem.sentence(), look.width - 2), TROUBLE)
    elif matcher(session.listing.pattern) is None:
        about = ink(" That is not a regular expression yet.", DIM)
    return [rule(look.width), about, rule(look.width), totals(session, look)]


def totals(session: Session, look: Look) -> Text:
    """How much is chosen, and whether there is room for it."""
    draft = session.draft
    chosen = draft.chosen
    line = ink(f" chosen {number(len(chosen))} of {number(len(draft.source_indices))}")
    right = Text()
    line.append(f"   {counted(sum(index.documents or 0 for index in chosen), 'document')}")
    needed = needed_bytes(draft)
    line.append(f"   {size(needed)}")
    disk = draft.destination_facts.disk if draft.destination_facts is not None else None
    if disk is not None:
        fits = needed <= disk.usable
        right = ink(f"room for {size(disk.usable)} ").append_text(look.mark("good" if fits else "bad"))
        word = "too much " if not fits else " " if look.ascii_only else "ok "
        right.append(f" {word}", "none" if fits else TROUBLE)
    return spread(line, right, look.width)


_EMPTY: Final = (
    Text(),
    ink("     Nothing here goes by that filter.", DIM),
    ink("     Esc in the filter clears it.", DIM),
)
_HOLDS_NOTHING: Final = (
    Text(),
    ink("     The source holds no index that could be moved.", DIM),
    ink("     h shows hidden and system indices.", DIM),
)


class SelectionScreen(StepScreen):
    """Choose indices."""

    STEP = "selection"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("selection")]
    CSS = """
    #filter-line { height: 1; display: none; }
    #filter-line.-shown { display: block; }
    #filter-line Lines { width: 9; }
    #heading { height: 1; }
    #details { height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[IndexFacts, ...] = ()
        self._shown_for: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Filter, list, details."""
        yield Horizontal(
            Lines(lambda _: [ink(" filter", DIM)]),
            PlainInput(self.session.listing.pattern, id="filter"),
            id="filter-line",
            classes="body",
        )
        yield Lines(id="heading", classes="body")
        yield Board(cursor=self.session.listing.cursor)
        yield Lines(id="details", classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many there are, and how one looks at them."""
        listing = session.listing
        shown = len(self._rows(session))
        words = [f"filter: {listing.pattern}"] if listing.pattern else []
        words += [
            f"by {listing.sort}",
            "hidden shown" if listing.shows_hidden else "hidden off",
            f"{number(shown)} shown",
        ]
        if listing.doing:
            return listing.doing, duration(max(0.0, self.wizard.doors.now() - listing.since))
        return counted(len(session.draft.source_indices), "index", "indices"), "  ".join(words)

    def paint(self, session: Session) -> None:
        """The list."""
        rows = self._rows(session)
        chosen = frozenset(session.draft.selected)
        ascii_only = self.wizard.ascii_only
        empty = _EMPTY if session.listing.pattern else _HOLDS_NOTHING
        self.query_one("#filter-line").set_class(bool(session.listing.pattern) or self._filters, "-shown")

        def make(width: int, cursor: int) -> Rows[IndexFacts]:
            look = Look(width, 0, ascii_only)
            return Rows(
                rows,
                lambda at, index: index_row(index, session, look, here=at == cursor, chosen=index.name in chosen),
                empty,
            )

        board = self.query_one(Board)
        board.show(make)
        self.query_one("#heading", Lines).show(lambda width: [heading(session.listing, width - 1)])
        here = rows[board.cursor] if board.cursor < len(rows) else None
        self.query_one("#details", Lines).show(lambda width: details(session, here, Look(width, 0, ascii_only)))

    @property
    def _filters(self) -> bool:
        return self.focused is not None and self.focused.id == "filter"

    def _rows(self, session: Session) -> tuple[IndexFacts, ...]:
        """What is listed; found again only when the question changed."""
        listing = session.listing
        question = (session.draft.source_indices, listing.pattern, listing.sort, listing.shows_hidden)
        if not self._shown_for or any(new is not old for new, old in zip(question, self._shown_for, strict=True)):
            self._shown_for, self._shown = question, listed(session.draft.source_indices, listing)
        return self._shown

    def _look_at(self, **changes: object) -> None:
        listing = msgspec.structs.replace(self.session.listing, **changes)
        self.wizard.update(self.session.but(listing=listing))

    def _choose(self, names: frozenset[str]) -> None:
        self.wizard.update(self.session.answered(selected=in_order(self.session.draft, names)))

    # -- keys --------------------------------------------------------------------------------------------------------

    def on_board_moved(self, message: Board.Moved) -> None:
        """The details follow the cursor."""
        self._look_at(cursor=message.item)

    def on_board_clicked(self, message: Board.Clicked) -> None:
        """A second click chooses."""
        if message.again:
            self.action_choose()

    def _here(self) -> IndexFacts | None:
        rows, cursor = self._rows(self.session), self.query_one(Board).cursor
        return rows[cursor] if cursor < len(rows) else None

    def action_choose(self) -> None:
        """Choose the index at the cursor, or not."""
        index = self._here()
        if index is None:
            return
        if why_not := why_not_choosable(index):
            self.say(f"It cannot be chosen: {why_not}.")
            return
        self._choose(frozenset(self.session.draft.selected) ^ {index.name})
        self.query_one(Board).action_move(1)

    def _choosable(self) -> frozenset[str]:
        return frozenset(index.name for index in self._rows(self.session) if not why_not_choosable(index))

    def action_all(self) -> None:
        """Choose all that are shown; when they are all chosen, let them go."""
        chosen, shown = frozenset(self.session.draft.selected), self._choosable()
        self._choose(chosen - shown if shown <= chosen else chosen | shown)

    def action_invert(self) -> None:
        """Choose the others among those shown."""
        self._choose(frozenset(self.session.draft.selected) ^ self._choosable())

    def action_sort(self) -> None:
        """Sort by the next column."""
        by = list(SortBy)
        self.query_one(Board).move_to(0)
        self._look_at(sort=by[(by.index(self.session.listing.sort) + 1) % len(by)], cursor=0)

    def action_hidden(self) -> None:
        """Show or hide hidden and system indices."""
        self.query_one(Board).move_to(0)
        self._look_at(shows_hidden=not self.session.listing.shows_hidden, cursor=0)

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#filter-line").add_class("-shown")
        self.query_one("#filter", PlainInput).focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """The list follows what is typed."""
        if message.value != self.session.listing.pattern:
            self.query_one(Board).move_to(0)
            self._look_at(pattern=message.value, cursor=0)

    def on_input_submitted(self) -> None:
        """Back to the list with this filter."""
        self.query_one(Board).focus()

    async def action_back(self) -> None:
        """Esc in the filter clears it; elsewhere it goes back."""
        if self._filters:
            self.query_one("#filter", PlainInput).value = ""
            self.query_one(Board).focus()
            return
        await super().action_back()

    def action_rename(self) -> None:
        """Type another name for the index at the cursor."""
        from esmigrate_tui.wizard.screens.leaves import LineScreen  # noqa: PLC0415  # loaded when first needed

        index = self._here()
        if index is None or index.name not in self.session.draft.selected:
            self.say("Choose it first, then give it another name.")
            return
        draft, name = self.session.draft, index.name
        others = {draft.target(each) for each in draft.selected if each != name}

        def why_not(typed: str) -> str:
            return why_not_a_name(typed) or ("another chosen index goes there" if typed in others else "")

        label = f"{name} is called on the destination:"
        self.app.push_screen(
            LineScreen("Another name", label, draft.target(name), why_not), lambda typed: self._rename(name, typed)
        )

    def _rename(self, name: str, typed: str | None) -> None:
        if typed is None:
            return
        others = {source: target for source, target in self.session.draft.renamed.items() if source != name}
        self.wizard.update(self.session.answered(renamed=others | ({} if typed == name else {name: typed})))

    # -- next --------------------------------------------------------------------------------------------------------

    async def go_on(self) -> None:
        """Read the definitions of what is chosen; then the checks look again, with the selection."""
        self.run_worker(self._go_on(), group="definitions", exclusive=True)

    async def _go_on(self) -> None:
        draft = self.session.draft
        missing = [name for name in draft.selected if name not in draft.definitions]
        if missing:
            doing = f"reading {counted(len(missing), 'definition')} from the source"
            self._look_at(doing=doing, since=self.wizard.doors.now(), problem=None)
            try:
                source = self.wizard.clusters_source()
                read = await source.definitions(missing)
            except ProblemError as error:
                self._look_at(doing="", problem=error.problem)
                self.say("Next is not possible: the definitions could not be read.")
                return
            kept = {name: found for name, found in draft.definitions.items() if name in draft.selected}
            self.wizard.update(self.session.answered(definitions=kept | read))
            self._look_at(doing="")
        self.wizard.go("preflight")

    def let_go(self) -> None:
        """A reading that ends with this screen was not made."""
        self._look_at(doing="")
