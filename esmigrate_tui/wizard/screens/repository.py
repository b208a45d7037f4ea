"""Where the snapshots are kept: what both clusters have registered, and what the destination is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len
from rich.text import Text

from esmigrate_tui.flow import repository as steps
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.flow.repository import KnownRepository, repositories, repository_here, sentences, where
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.bindings import bindings
from esmigrate_tui.wizard.draw import (
    DIM,
    MOVES,
    STRONG,
    TROUBLE,
    WIDEST_NAME,
    Canvas,
    explained,
    filled,
    ink,
    paragraph,
    rule,
)
from esmigrate_tui.wizard.screens.lists import ListScreen
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.ledger import PlannedChange


_TYPE, _ACCESS, _WHERE = 7, 12, 18
_WIDEST: Final = 40
"""Cells of the name at most: on a large terminal the place needs the rest."""
_DETAILS: Final = 6


# -- drawing ---------------------------------------------------------------------------------------------------------


def columns(width: int) -> tuple[int, int]:
    """The widths of the name and of the place; what is left when the words have their room."""
    left = width - 5 - _TYPE - _ACCESS - _WHERE - 1
    name = max(14, min(_WIDEST, left // 2))
    return name, max(10, min(WIDEST_NAME, left - name))


def heading(width: int) -> Text:
    """The columns' words."""
    name, place = columns(width)
    words = fit("repository", name) + fit("type", _TYPE) + fit("access", _ACCESS) + fit("place", place)
    return ink(MOVES, DIM).append(words + "registered on", DIM)


def repository_row(known: KnownRepository, session: Session, look: Canvas, *, here: bool) -> Text:
    """One repository as a line of exactly the width."""
    name, place = columns(look.width)
    repository = known.shown
    words, is_trouble = where(known, session)
    line = look.row("warn" if is_trouble else "none", here=here)
    calm = "none" if known.destination is not None else DIM
    line.append(fit(repository.name, name - 1) + " ", STRONG if here else calm)
    line.append(fit(repository.type, _TYPE), calm)
    line.append(fit("readonly" if repository.is_readonly else "read, write", _ACCESS), calm)
    line.append(_end_of(repository.place or "–", place - 1) + " ", calm)
    return line.append(fit(words, _WHERE), TROUBLE if is_trouble else calm)


def _end_of(place: str, width: int) -> str:
    """A place in so many cells: of a long one the end, which tells it from others."""
    return fit(place if cell_len(place) <= width else f"…{place[-(width - 1) :]}", width)


def details(known: KnownRepository | None, session: Session, look: Canvas) -> list[Text]:
    """What else is known of the repository at the cursor, and what Enter does with it; always as many lines."""
    repository_list = session.repository_list
    lines = [rule(look.width)]
    if repository_list.problem is not None:
        lines += explained(repository_list.problem, look.width)
    elif known is not None:
        repository = known.shown
        first = ink(" ").append(shorten(known.name, look.width // 2), STRONG)
        lines.append(first.append(f"   {repository.type}   {shorten(repository.place or '–', look.width // 2)}", DIM))
        verdict = repository_list.verified.get(known.name)
        if verdict is not None:
            lines += explained(verdict, look.width)
        for sentence in sentences(known, session, takes="Enter", verifies="v") if verdict is None else ():
            lines += paragraph(sentence, look.width)
        if known.name in repository_list.verified and verdict is None:
            lines.append(ink(" ").append_text(look.mark("good")).append(" every node of the destination reaches it"))
    if (trouble := steps.source_trouble(repository_list)) and known is not None:
        lines += paragraph(trouble, look.width, 1, DIM)
    return filled(lines, look.width, _DETAILS)


def nothing(session: Session) -> tuple[Text, ...]:
    """What stands in place of a list that is empty, or not there yet."""
    repository_list = session.repository_list
    if repository_list.doing:
        return (Text(), ink(f"     {repository_list.doing} …", DIM))
    if repository_list.destination is None:
        return (Text(), ink("     The repositories are not listed yet: r asks for them.", DIM))
    alone = session.is_left_out(Side.SOURCE)
    return (
        Text(),
        ink("     The destination has no repository." if alone else "     Neither cluster has a repository."),
        Text(),
        ink("     A repository is the place that snapshots are kept in: a folder, a bucket.", DIM),
        ink(f"     {steps.ADDS}", DIM),
    )


# -- the screen ------------------------------------------------------------------------------------------------------


class RepositoryScreen(ListScreen[KnownRepository]):
    """Choose the repository, or register it."""

    STEP = "repository"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("repository")]
    CSS = f"#details {{ height: {_DETAILS}; }}"

    def body(self) -> Iterable[Widget]:
        """The list, and what is known of the one at the cursor."""
        yield TextLines(id="heading", classes="body")
        yield self.board()
        yield TextLines(id="details", classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many there are; or what is waited for, and how long already."""
        repository_list = session.repository_list
        if repository_list.doing:
            return f"{repository_list.doing} …", self.waited(repository_list.since)
        rows = repositories(repository_list)
        only = sum(known.destination is None for known in rows)
        elsewhere = f", {only} on the source only" if only else ""
        return "In which repository is the snapshot?", f"{counted(len(rows), 'repository', 'repositories')}{elsewhere}"

    def rows(self, session: Session) -> tuple[KnownRepository, ...]:
        """The repositories of both clusters."""
        return repositories(session.repository_list)

    def cursor(self, session: Session) -> int:
        """The repository at the cursor."""
        return session.repository_list.cursor

    def paint(self, session: Session) -> None:
        """The list."""
        here = self.show_rows(
            session, lambda known, look, at: repository_row(known, session, look, here=at), nothing(session)
        )
        self.show_lines("heading", lambda look: [heading(look.width - 1) if here is not None else Text()])
        self.show_lines("details", lambda look: details(here, session, look))

    def begin(self) -> None:
        """Ask both clusters, once."""
        if self.session.repository_list.destination is None:
            self.action_again()

    def is_waiting(self, session: Session) -> bool:
        """Whether a cluster is asked."""
        return bool(session.repository_list.doing)

    def let_go(self) -> None:
        """What was waited for ends with this screen."""
        self.look_at(doing="")

    def look_at(self, **changes: object) -> None:
        """Change the list of repositories."""
        self.wizard.update_part("repository_list", **changes)

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_again(self) -> None:
        """Ask both clusters."""
        self.run_worker(self._list(), group="repositories", exclusive=True)

    async def _list(self) -> None:
        await steps.list_them(self.wizard)

    async def action_open(self) -> None:
        """Take the one at the cursor; one that only the source has is registered first."""
        known = repository_here(self.session.repository_list)
        if known is not None and known.destination is None and not self.session.repository_list.doing:
            if reason := steps.why_not_registered(known, self.session.repository_list):
                self.say(reason)
                return
            self._ask(known.shown.registered(readonly=True))
            return
        await self.action_next()

    async def go_on(self) -> None:
        """To its snapshots; those of another one are forgotten."""
        steps.take(self.wizard)
        await super().go_on()

    def action_verify(self) -> None:
        """Let every node look whether it reaches it."""
        known = repository_here(self.session.repository_list)
        if known is None or known.destination is None:
            self.say(steps.ONLY_ITS_OWN)
            return
        self.run_worker(steps.verify(self.wizard, known.name), group="repositories", exclusive=True)

    # -- registering -------------------------------------------------------------------------------------------------

    def action_add(self) -> None:
        """The form, as it was left."""
        self._fill_in()

    def action_fill(self) -> None:
        """The form, filled in from the repository at the cursor."""
        known = repository_here(self.session.repository_list)
        if known is None:
            self._fill_in()
            return
        try:
            self.look_at(new=steps.filled_from(known))
        except ProblemError as error:
            self.say(error.problem.what)
            return
        self._fill_in()

    def _fill_in(self) -> None:
        from esmigrate_tui.wizard.screens.forms import RepositoryForm  # noqa: PLC0415  # loaded when first needed

        self.app.push_screen(RepositoryForm(self.wizard), self._filled_in)

    def _filled_in(self, repository: object) -> None:
        if isinstance(repository, Repository):
            self._ask(repository)

    def _ask(self, repository: Repository) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ConfirmScreen, asked_of  # noqa: PLC0415  # loaded when first needed

        try:
            change, to, said = steps.registration(repository, self.session)
        except ProblemError as error:
            self.say(error.problem.sentence())
            return

        def answered(registers: bool | None) -> None:  # noqa: FBT001  # Textual's callback
            if registers:
                self.run_worker(self._register(repository.name, change), group="repositories", exclusive=True)

        self.app.push_screen(
            ConfirmScreen(
                f"Register {repository.name} on the destination?",
                asked_of(said, to, change.made_by),
                yes="Register it",
                no="Not now",
            ),
            answered,
        )

    async def _register(self, name: str, change: PlannedChange) -> None:
        if said := await steps.register(self.wizard, name, change):
            self.say(said)
