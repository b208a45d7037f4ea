"""Where the snapshots are kept: what both clusters have registered, and what the destination is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from esmigrate_tui.flow import repository as steps
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.flow.repository import KnownRepository
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.draw import (
    DIM,
    MOVES,
    STRONG,
    TROUBLE,
    WIDEST_NAME,
    Canvas,
    end_of,
    explained,
    filled,
    ink,
    no_rows,
    paragraph,
    rule,
)
from esmigrate_tui.wizard.screens.lists import ListScreen

if TYPE_CHECKING:
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.snapshot import Repository


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
    words, is_problem = steps.where(known, session)
    line = look.row("warn" if is_problem else "none", here=here)
    calm = "none" if known.destination is not None else DIM
    line.append(fit(repository.name, name - 1) + " ", STRONG if here else calm)
    line.append(fit(repository.type, _TYPE), calm)
    line.append(fit("readonly" if repository.is_readonly else "read, write", _ACCESS), calm)
    line.append(fit(end_of(repository.place or "–", place - 1), place), calm)
    return line.append(fit(words, _WHERE), TROUBLE if is_problem else calm)


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
        for sentence in steps.sentences(known, session, takes="Enter", verifies="v") if verdict is None else ():
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
        return no_rows(f"{repository_list.doing} …")
    if repository_list.destination is None:
        return no_rows("The repositories are not listed yet: r asks for them.")
    alone = session.is_left_out(Side.SOURCE)
    return no_rows(
        "A repository is the place that snapshots are kept in: a folder, a bucket.",
        steps.ADDS,
        says="The destination has no repository." if alone else "Neither cluster has a repository.",
    )


# -- the screen ------------------------------------------------------------------------------------------------------


class RepositoryScreen(ListScreen[KnownRepository]):
    """Choose the repository, or register it."""

    STEP, LIST = "repository", "repository_list"
    CSS = f"#details {{ height: {_DETAILS}; }}"

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many there are; or what is waited for, and how long already."""
        repository_list = session.repository_list
        if repository_list.doing:
            return f"{repository_list.doing} …", self.waited(repository_list.since)
        rows = steps.repositories(repository_list)
        only = sum(known.destination is None for known in rows)
        elsewhere = f", {only} on the source only" if only else ""
        return "In which repository is the snapshot?", f"{counted(len(rows), 'repository', 'repositories')}{elsewhere}"

    def rows(self, session: Session) -> tuple[KnownRepository, ...]:
        """The repositories of both clusters."""
        return steps.repositories(session.repository_list)

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

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_again(self) -> None:
        """Ask both clusters."""
        self.run_worker(steps.list_them(self.wizard), group="repositories", exclusive=True)

    async def action_open(self) -> None:
        """Take the one at the cursor; one that only the source has is registered first."""
        known = self.here()
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
        known = self.here()
        if known is None or known.destination is None:
            self.say(steps.ONLY_ITS_OWN)
            return
        self.run_worker(steps.verify(self.wizard, known.name), group="repositories", exclusive=True)

    # -- registering -------------------------------------------------------------------------------------------------

    def action_fill(self) -> None:
        """The form, filled in from the repository at the cursor."""
        if (known := self.here()) is not None:
            try:
                self.look_at(new=steps.filled_from(known))
            except ProblemError as error:
                self.say(error.problem.what)
                return
        self.action_add()

    def action_add(self) -> None:
        """The form, as it was left."""
        from esmigrate_tui.wizard.screens.forms import RepositoryForm  # noqa: PLC0415  # loaded when first needed

        self.wizard.ask(RepositoryForm(), self._ask)

    def _ask(self, repository: Repository) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ConfirmScreen, asked_of  # noqa: PLC0415  # loaded when first needed

        with self.wizard.saying_problems():
            change, to, said = steps.registration(repository, self.session)
            title = f"Register {repository.name} on the destination?"
            self.wizard.ask(
                ConfirmScreen(title, asked_of(said, [(to, change)]), yes="Register it", no="Not now"),
                lambda _: self.run_worker(
                    self._register(repository.name, change), group="repositories", exclusive=True
                ),
            )

    async def _register(self, name: str, change: PlannedChange) -> None:
        if said := await steps.register(self.wizard, name, change):
            self.say(said)
