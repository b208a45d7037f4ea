"""Which indices, and what they are called over there; for a restore also what they meet, and what else it is told."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from esmigrate_tui.flow import selection as steps
from esmigrate_tui.flow.chosen import chosen, in_the_way, needed_bytes, not_whole, offered, why_not
from esmigrate_tui.flow.lists import matcher, shown_indices
from esmigrate_tui.flow.options import answer, questions
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import counted, number, size
from esmigrate_tui.model.text import listed as several
from esmigrate_tui.plain.console import BackError, PagedRows, numbers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_HOW = (
    "A number such as 3, a range such as 5-9, or a name or pattern such as logs-* chooses, or lets go; a all shown; "
    "i inverts; /PATTERN shows only what goes by it, / shows all again; l says the list again, m more of it; "
    "h hidden ones; s sorts otherwise; d 3 says all about a row; e 3 gives it another name. Enter continues."
)
_HOW_ELSE = (
    "c 3 says what is made of a row there, and how to change that; C number_of_replicas=0 gives a setting to all, C - "
    "none; o: options of the run."
)
_HOW_RESTORED = (
    "p gives all chosen ones names by a pattern; w 3 decides about what has its name, W about all; o options."
)


async def selection(flow: PlainFlow, console: Console) -> str:
    """Choose until one goes on."""
    return await _Selection(flow, console).ask()


def row_of(index: IndexFacts, flow: PlainFlow, picked: frozenset[str]) -> str:
    """One index as a line to be read aloud."""
    session = flow.session
    parts = [index.name]
    if not session.is_restore:
        parts.append("documents not known" if index.documents is None else counted(index.documents, "document"))
    parts.append("size not known" if index.primary_bytes is None else size(index.primary_bytes))
    if index.state is IndexState.CLOSED:
        parts.append("closed")
    elif not session.is_restore:
        parts.append(str(index.health))
    if session.draft.is_edited(index.name):
        parts.append("its definition CHANGED by you")
    words = ", ".join(parts)
    if reason := why_not(index, session.draft):
        return f"{words}. Cannot be chosen: {reason}"
    if index.name not in picked:
        return words
    goes_to = steps.destined(index, session.draft)[0] if session.is_restore else session.draft.target(index.name)
    return f"CHOSEN {words}" + (f", goes to {goes_to}" if goes_to != index.name else "")


def totals(flow: PlainFlow) -> str:
    """How much is chosen, and the room there is."""
    draft = flow.session.draft
    picked = chosen(draft)
    parts = [f"Chosen: {number(len(picked))} of {number(len(offered(draft)))}"]
    if not flow.session.is_restore:
        parts.append(counted(sum(index.documents or 0 for index in picked), "document"))
    else:
        if draft.feature_states:
            parts.append(counted(len(draft.feature_states), "feature state"))
        if draft.restoration is not None and draft.restoration.global_state:
            parts.append("the GLOBAL STATE")
        if lacking := len(not_whole(draft)):
            parts.append(f"{number(lacking)} not whole (o)")
        if taken := len(in_the_way(draft)):
            parts.append(f"{number(taken)} taken there (w)")
    needed = needed_bytes(draft)
    parts.append(size(needed))
    disk = draft.destination_facts.disk if draft.destination_facts is not None else None
    if disk is not None:
        room = "" if needed <= disk.usable else ": TOO MUCH"
        parts.append(f"room for {size(disk.usable)}{room}")
    return ", ".join(parts) + "."


@dataclass
class _Selection:
    flow: PlainFlow
    console: Console

    def __post_init__(self) -> None:
        self._pages = PagedRows(self.console)

    @property
    def _rows(self) -> tuple[IndexFacts, ...]:
        return shown_indices(offered(self.flow.session.draft), self.flow.session.listing)

    async def ask(self) -> str:
        self.console.say(f"{_HOW} {_HOW_RESTORED if self.flow.session.is_restore else _HOW_ELSE}")
        self._say()
        while True:
            reason = BY_NAME["selection"].may_go_on(self.flow.session)
            typed = await self.console.ask("Choose" if reason else "Choose, or Enter continues")
            if not typed and reason:
                self.console.say(f"It cannot continue yet: {reason}.")
            elif not typed:
                if not (reason := await steps.settle(self.flow)):
                    return ""
                if (problem := self.flow.session.listing.problem) is not None:
                    self.console.trouble(problem)
                self.console.say(f"It cannot continue: {reason}.")
            else:
                try:
                    await self._do(typed)
                except BackError:
                    self._say()

    def _say(self) -> None:
        picked = frozenset(self.flow.session.draft.selected)
        rows = [row_of(index, self.flow, picked) for index in self._rows]
        if rows:
            self._pages.say(rows)
        else:
            pattern = self.flow.session.listing.pattern
            self.console.say("Nothing here goes by that filter; / shows all again." if pattern else "There is nothing.")
        self.console.say(totals(self.flow))

    def _look_at(self, **changes: object) -> None:
        self._pages.first()
        self.flow.update_part("listing", **changes)

    async def _do(self, typed: str) -> None:
        command, _, rest = typed.partition(" ")
        with_row = {"d": self._details, "e": self._rename, "w": self._resolve}
        alone: dict[str, Callable[[], Awaitable[None]]] = {"p": self._rename_all, "W": self._resolve_all}
        if typed.startswith("/"):
            self._filter(typed[1:])
        elif command == "C" and not self.flow.session.is_restore:
            self._for_all(rest.strip())
        elif command == "c" and not self.flow.session.is_restore:
            await self._made(rest)
        elif command in with_row and rest.strip():
            await self._with_row(rest, with_row[command])
        elif command in with_row:
            self.console.say(f"Which row? Say {command} with its number, such as {command} 3.")
        elif typed in alone and self.flow.session.is_restore:
            await alone[typed]()
        elif typed == "o":
            await self._options()
        else:
            self._look_or_choose(typed)

    def _filter(self, pattern: str) -> None:
        if matcher(pattern) is None:
            self.console.say("That is not a regular expression.")
            return
        self._look_at(pattern=pattern)
        self._say()

    def _look_or_choose(self, typed: str) -> None:
        session = self.flow.session
        match typed:
            case "a":
                self._choose(steps.all_or_none(frozenset(session.draft.selected), self._choosable()))
                return
            case "i":
                self._choose(frozenset(session.draft.selected) ^ self._choosable())
                return
            case "l":
                pass
            case "m":
                self._pages.more(len(self._rows))
            case "h":
                self._look_at(shows_hidden=not session.listing.shows_hidden)
                self.console.say("Hidden ones are " + ("left out." if session.listing.shows_hidden else "shown."))
            case "s":
                self._look_at(sort=steps.next_sort(session))
                self.console.say(f"Sorted by {self.flow.session.listing.sort}.")
            case _:
                self._toggle(typed)
                return
        self._say()

    def _choosable(self) -> frozenset[str]:
        return steps.choosable(self._rows, self.flow.session.draft)

    def _choose(self, names: frozenset[str]) -> None:
        """Take this as the selection, and say what is new of it: the list is not read once more."""
        before = self.flow.session.draft.selected
        steps.choose(self.flow, names)
        now = self.flow.session.draft.selected
        for words, new in (("Chosen", set(now) - set(before)), ("Let go", set(before) - set(now))):
            if new:
                self.console.say(f"{words}: {several(tuple(sorted(new)))}.")
        self.console.say(totals(self.flow))

    def _toggle(self, typed: str) -> None:
        rows, draft = self._rows, self.flow.session.draft
        at, wrong = numbers(typed, len(rows))
        meant = [rows[each - 1] for each in at]
        if wrong:
            patterns = typed.replace(",", " ").split()
            meant = [index for index in offered(draft) if any(fnmatchcase(index.name, each) for each in patterns)]
            # A pattern means what can be seen; a name in full means itself.
            shown = {index.name for index in rows}
            meant = [index for index in meant if index.name in shown or index.name in patterns]
            if not meant:
                self.console.say(f"Nothing here is called that, and it is no answer either: {wrong}.")
                return
        for index in meant:
            if reason := why_not(index, draft):
                self.console.say(f"{index.name} cannot be chosen: {reason}.")
        if names := steps.choosable(tuple(meant), draft):
            self._choose(steps.all_or_none(frozenset(draft.selected), names))

    async def _with_row(self, typed: str, do: Callable[[IndexFacts], Awaitable[None]]) -> None:
        rows = self._rows
        if (at := self.console.row(typed, [index.name for index in rows], "Which row?")) is not None:
            await do(rows[at])

    async def _details(self, index: IndexFacts) -> None:
        self.console.say(row_of(index, self.flow, frozenset(self.flow.session.draft.selected)))
        self.console.say(", ".join((counted(index.shards, "shard"), *steps.known_of(index, self.flow.session))) + ".")

    async def _made(self, typed: str) -> None:
        from esmigrate_tui.plain.definition import definition  # noqa: PLC0415  # the first question needs no translation

        which, _, wanted = typed.strip().partition(" ")
        await self._with_row(which, lambda index: definition(index, wanted, self.flow, self.console))

    def _for_all(self, typed: str) -> None:
        """Settings for all, "-" for none of them, "" to hear which."""
        if wrong := steps.why_no_settings("" if typed == "-" else typed):
            self.console.say(f"That does not do: {wrong}.")
            return
        if typed:
            steps.settings_for_all(self.flow, "" if typed == "-" else typed)
        now = [f"{name}={value}" for name, value in self.flow.session.draft.settings.items()]
        self.console.say(f"All get {several(now)}." if now else "Each index keeps its own settings.")

    # -- names -------------------------------------------------------------------------------------------------------

    async def _rename(self, index: IndexFacts) -> None:
        draft, name = self.flow.session.draft, index.name
        if name not in draft.selected:
            self.console.say(steps.CHOOSE_FIRST)
            return
        typed = await self.console.text(
            f"{name} is called on the destination",
            draft.target(name),
            why_not=lambda typed: steps.why_not_called(name, typed, draft),
        )
        steps.rename(self.flow, name, typed)
        self.console.say(f"{name} goes to {typed}.")

    async def _rename_all(self) -> None:
        if not self.flow.session.draft.selected:
            self.console.say(steps.CHOOSE_ALL_FIRST)
            return
        self.console.say(steps.PATTERN_MEANS)
        while True:
            before = self.flow.session.listing.pattern_of_names
            found = await self.console.ask("Found in the name", before[0])
            place = await self.console.ask("Put in its place", before[1])
            self.flow.update_part("listing", pattern_of_names=(found, place))
            made = steps.renaming(self.flow.session.draft, found, place)
            for old, new, word in made.rows:
                self.console.say(f"{old} becomes {new}" + (f": {word}" if word else ""), 2)
            if made.wrong:
                self.console.say(made.wrong)
            elif await self.console.agrees("Take these names?"):
                steps.rename_all(self.flow, made)
                return

    # -- what has the name already -----------------------------------------------------------------------------------

    async def _resolve(self, index: IndexFacts) -> None:
        if reason := steps.why_undecided(index, self.flow.session):
            self.console.say(reason)
        else:
            await self._decide((index,))

    async def _resolve_all(self) -> None:
        if found := steps.all_taken(self.flow.session):
            await self._decide(found)
        else:
            self.console.say("Nothing is in the way.")

    async def _decide(self, indices: tuple[IndexFacts, ...]) -> None:
        draft = self.flow.session.draft
        conflict = steps.conflict_of(indices, draft)
        for each in (*(f"Exists already: {one}." for one in conflict.seen), *conflict.notes):
            self.console.say(each)
        match await self.console.choose("What becomes of it?", conflict.answers, "leave"):
            case "rename" if len(indices) == 1:
                await self._rename(indices[0])
            case "rename":
                await self._rename_all()
            case "close":
                await self._confirm(conflict.closable, TakenNameRule.CLOSE)
            case "delete":
                await self._confirm(conflict.deletable, TakenNameRule.DELETE)
            case _:
                steps.leave_alone(self.flow, tuple(draft.target(index.name) for index in indices))

    async def _confirm(self, names: tuple[str, ...], way: TakenNameRule) -> None:
        draft = self.flow.session.draft
        title, lost, when = steps.loss_of(names, draft, way)
        self.console.say(title)
        for each in lost:
            self.console.say(each, 2)
        self.console.say(when)
        word = steps.word_to_type(names)
        if await self.console.ask(f"Type {word} to allow it; Enter leaves it") == word:
            steps.decide(self.flow, names, way)
        else:
            self.console.say("That is not it: it was left as it is.")

    # -- options -----------------------------------------------------------------------------------------------------

    async def _options(self) -> None:
        """Options of the run, until one goes back to the list."""
        while True:
            each = {question.name: question for question in questions(self.flow.session)}
            now = ((name, f"{one.label}: {one.words}") for name, one in each.items())
            name = await self.console.choose("Which option?", [("back", "back to the list"), *now], "back")
            if name == "back":
                self._say()
                return
            asked = each[name]
            self.console.say(asked.means)
            with contextlib.suppress(BackError):
                if asked.options:
                    value = await self.console.choose(asked.label, asked.options, asked.value)
                else:
                    why_not = steps.why_no_settings if name == "set" else None
                    value = await self.console.text(asked.label, asked.value, why_not=why_not)
                answer(self.flow, name, value)
