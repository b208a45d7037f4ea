"""Which snapshot: the newest first, shown as they come; or a new one, taken by the source."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from rich.text import Text
from textual import work

from esmigrate_tui.flow import snapshot as steps
from esmigrate_tui.flow.layout import fit, moment, shorten
from esmigrate_tui.flow.lists import matcher
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import SnapshotFacts, SnapshotProgress, SnapshotState
from esmigrate_tui.model.text import counted, duration, number
from esmigrate_tui.wizard.draw import (
    ACCENT,
    DIM,
    MOVES,
    STRONG,
    TROUBLE,
    WIDEST_NAME,
    Canvas,
    explained,
    filled,
    ink,
    no_rows,
    paragraph,
    rule,
)
from esmigrate_tui.wizard.screens.lists import FilteredScreen
from esmigrate_tui.wizard.widgets.fields import PlainInput
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from esmigrate_tui.flow.session import NewSnapshot, Session, SnapshotInProgress
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.wizard.draw import Mark

_STATE, _VERSION, _TAKEN, _INDICES = 13, 14, 18, 8
_TOOK, _FEATURES, _GLOBAL = 14, 10, 8
_WIDE: Final = 112
_DETAILS: Final = 6
_LOOK_EVERY: Final = 0.5

_MARKS: Final[dict[SnapshotState, Mark]] = {
    SnapshotState.SUCCESS: "good",
    SnapshotState.PARTIAL: "warn",
    SnapshotState.FAILED: "bad",
    SnapshotState.IN_PROGRESS: "none",
    SnapshotState.INCOMPATIBLE: "bad",
    SnapshotState.UNKNOWN: "none",
}


# -- drawing ---------------------------------------------------------------------------------------------------------


def name_width(width: int) -> int:
    """The width of the name; what is left when the others have their room."""
    wide = _TOOK + _FEATURES + _GLOBAL if width >= _WIDE else 0
    return max(14, min(WIDEST_NAME, width - 5 - _STATE - _VERSION - _TAKEN - _INDICES - wide - 1))


def heading(width: int) -> Text:
    """The columns' words."""
    words = fit("snapshot", name_width(width)) + fit("state", _STATE) + fit("version", _VERSION) + fit("begun", _TAKEN)
    words += fit("indices", _INDICES, "right")
    if width >= _WIDE:
        words += fit("took", _TOOK, "right") + fit("features", _FEATURES, "right") + fit("global", _GLOBAL, "right")
    return ink(MOVES, DIM).append(words, DIM)


def snapshot_row(snapshot: SnapshotFacts, look: Canvas, *, here: bool) -> Text:
    """One snapshot as a line of exactly the width."""
    mark, word = _MARKS[snapshot.state], steps.STATE_WORDS[snapshot.state]
    line = look.row(mark, here=here)
    calm = DIM if steps.why_not_from(snapshot) else "none"
    line.append(fit(snapshot.name, name_width(look.width) - 1) + " ", STRONG if here else calm)
    line.append(fit(word, _STATE), TROUBLE if mark == "bad" else STRONG if mark == "warn" else calm)
    line.append(fit(snapshot.version or "–", _VERSION), calm)
    line.append(fit("–" if snapshot.started_at is None else moment(snapshot.started_at), _TAKEN), calm)
    line.append(fit(number(len(snapshot.indices)), _INDICES, "right"), calm)
    if look.width >= _WIDE:
        took = "–" if snapshot.seconds is None else duration(snapshot.seconds)
        whole = {True: "in it", False: "no", None: "–"}[snapshot.global_state]
        line.append(fit(took, _TOOK, "right"), calm)
        line.append(fit(number(len(snapshot.feature_states)), _FEATURES, "right"), calm)
        line.append(fit(whole, _GLOBAL, "right"), calm)
    return line


def details(snapshot: SnapshotFacts | None, session: Session, look: Canvas) -> list[Text]:
    """What else is known of the snapshot at the cursor; always as many lines."""
    snapshot_list = session.snapshot_list
    lines = [rule(look.width)]
    if snapshot_list.problem is not None:
        lines += explained(snapshot_list.problem, look.width)
    elif matcher(snapshot_list.pattern) is None:
        lines.append(ink(" That is not a regular expression yet.", DIM))
    elif snapshot is not None:
        lines.append(
            ink(" ")
            .append(shorten(snapshot.name, look.width // 2), STRONG)
            .append(f"   {steps.measures(snapshot)}", DIM)
        )
        lines += paragraph(steps.beside(snapshot), look.width, 1, DIM)
        lines += _warned(snapshot, session, look)
    return filled(lines, look.width, _DETAILS)


def _warned(snapshot: SnapshotFacts, session: Session, look: Canvas) -> list[Text]:
    """What stands against it: shards that are missing, a version that does not fit."""
    if missing := steps.missing_from(snapshot):
        return [ink(" ").append_text(look.mark("warn")).append(f" {missing}", STRONG)]
    if snapshot.state in {SnapshotState.FAILED, SnapshotState.INCOMPATIBLE}:
        return paragraph(snapshot.reason or "The server gives no reason.", look.width, 1)
    facts = session.draft.destination_facts
    if facts is None or snapshot.state is SnapshotState.IN_PROGRESS:
        return []
    from esmigrate_tui.preflight.restorable import Restorability, judge_restorability  # noqa: PLC0415  # loaded when first needed

    judged = judge_restorability(None, snapshot, facts)
    if judged.verdict is Restorability.NO:
        also = f" Instead, {judged.instead}." if judged.instead else ""
        return [
            *paragraph(f"Nothing of it can be restored here: {judged.why}.{also}", look.width, 1, TROUBLE),
        ]
    if judged.verdict is Restorability.YES:
        return []
    if session.draft.source_indices:
        return paragraph("Which version made each index, the source tells: the next step shows it.", look.width, 1, DIM)
    return paragraph(f"Versions: {judged.why}.", look.width)


def made(making: SnapshotInProgress | None, look: Canvas, now: float) -> list[Text]:
    """The snapshot that is being made: a bar, bytes and shards."""
    if making is None:
        return []
    taken = making.taken or SnapshotProgress()
    width = look.width
    if making.problem is not None:
        words = f"How far {making.name} is cannot be seen (r looks again): {making.problem.sentence()}"
        return [*paragraph(words, width, 1, TROUBLE)[:2], rule(width)]
    share = taken.bytes_done / taken.bytes if taken.bytes else taken.shards_done / taken.shards if taken.shards else 0.0
    room = 20
    filled = "█" * round(min(1.0, share) * room)
    doing = "is being cancelled" if making.is_cancelled else "is being made on the source"
    first = ink(" ").append(shorten(making.name, width // 2), STRONG)
    first.append(f" {doing}, {duration(max(0.0, now - making.since))}", "none")
    second = ink(" ").append(filled, ACCENT).append("░" * (room - len(filled)), DIM)
    second.append(f"  {share * 100:.0f} %   {'   '.join(steps.so_far(taken))}   ", "none")
    second.append("Ctrl+X cancels", DIM)
    for line in (first, second):
        line.truncate(width, overflow="ellipsis")
    return [first, second, rule(width)]


def nothing(session: Session) -> tuple[Text, ...]:
    """What stands in place of a list that is empty, or not there yet."""
    snapshot_list = session.snapshot_list
    if snapshot_list.pattern and snapshot_list.rows:
        return no_rows("No snapshot goes by that filter.", "Esc in the filter clears it.")
    if snapshot_list.doing:
        return no_rows(f"{snapshot_list.doing} …")
    if not snapshot_list.is_whole:
        return no_rows("The snapshots are not listed yet: r asks for them.")
    hint = "t lets the source take one, where a source is connected."
    return no_rows(hint, says="There is no snapshot in this repository yet.")


# -- the screen ------------------------------------------------------------------------------------------------------


class SnapshotScreen(FilteredScreen[SnapshotFacts]):
    """Choose a snapshot, or take one."""

    STEP, LIST = "snapshot", "snapshot_list"
    CSS = f"#details {{ height: {_DETAILS}; }}"

    def body(self) -> Iterable[Widget]:
        """What is being made, the filter, the list, the details."""
        yield TextLines(id="making", classes="body")
        yield self.filter_line()
        yield from super().body()

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many there are so far; or what is waited for, and how long already."""
        snapshot_list = session.snapshot_list
        is_cut_off = bool(snapshot_list.rows) and not snapshot_list.is_whole and not snapshot_list.doing
        many = f"{'The first ' if is_cut_off else ''}{counted(len(snapshot_list.rows), 'snapshot')}"
        if snapshot_list.doing:
            so_far = f"{many} so far, " if snapshot_list.rows and not snapshot_list.is_whole else ""
            return f"{so_far}{snapshot_list.doing} …", self.waited(snapshot_list.since)
        shown = len(steps.shown_snapshots(snapshot_list))
        words = (
            f"filter: {snapshot_list.pattern}  {number(shown)} shown" if snapshot_list.pattern else "the newest first"
        )
        return f"{many} in {snapshot_list.repository}", words

    def rows(self, session: Session) -> tuple[SnapshotFacts, ...]:
        """The snapshots that go by the filter."""
        return steps.shown_snapshots(session.snapshot_list)

    def paint(self, session: Session) -> None:
        """The list."""
        now = self.wizard.services.now()
        self.show_filter_line()
        self.show_lines("making", lambda look: made(session.snapshot_list.making, look, now))
        here = self.show_rows(session, lambda row, look, at: snapshot_row(row, look, here=at), nothing(session))
        self.show_lines("heading", lambda look: [heading(look.width - 1) if here is not None else Text()])
        self.show_lines("details", lambda look: details(here, session, look))

    def begin(self) -> None:
        """List the snapshots, and follow one that is being made."""
        snapshot_list = self.session.snapshot_list
        if snapshot_list.making is not None and snapshot_list.making.problem is None:
            self.run_worker(self._watch(), group="making", exclusive=True)
        if not snapshot_list.is_whole:
            self.action_again()

    def is_waiting(self, session: Session) -> bool:
        """Whether they are being listed, or one is being made."""
        return bool(session.snapshot_list.doing) or session.snapshot_list.making is not None

    # -- the list ----------------------------------------------------------------------------------------------------

    def action_again(self) -> None:
        """List them, and look again after a snapshot that could not be looked at."""
        making = self.session.snapshot_list.making
        if making is not None and making.problem is not None:
            self.look_at(making=msgspec.structs.replace(making, problem=None))
            self.run_worker(self._watch(), group="making", exclusive=True)
        self.run_worker(steps.list_them(self.wizard), group="snapshots", exclusive=True)

    def move_cursor(self, item: int) -> None:
        """A problem was of the snapshot before."""
        self.look_at(cursor=item, problem=None)

    # -- next --------------------------------------------------------------------------------------------------------

    async def action_open(self) -> None:
        """Enter continues."""
        await self.action_next()

    async def action_next(self) -> None:
        """Go on with the one at the cursor, also where more are still coming."""
        snapshot_list = self.session.snapshot_list
        if snapshot_list.doing and snapshot_list.rows and not snapshot_list.is_whole:
            self.look_at(doing="")
        await super().action_next()

    async def go_on(self) -> None:
        """Read all that the server says of it, then to the selection."""
        if (snapshot := steps.snapshot_here(self.session.snapshot_list)) is not None:
            self.run_worker(self._take(snapshot), group="snapshots", exclusive=True)

    async def _take(self, snapshot: SnapshotFacts) -> None:
        if reason := await steps.take(self.wizard, snapshot):
            if self.session.snapshot_list.problem is None:
                self.say(reason)
            return
        await super().go_on()

    # -- a new one ---------------------------------------------------------------------------------------------------

    def action_new(self) -> None:
        """The form for a new snapshot, where the source can take one."""
        is_connected = not self.wizard.is_live or Side.SOURCE in self.wizard.clusters
        if reason := steps.why_not_new(self.session, is_connected=is_connected):
            self.say(f"Not here: {reason}.")
            return
        self._fill_in()

    @work(group="new", exclusive=True)
    async def _fill_in(self) -> None:
        from esmigrate_tui.wizard.screens.forms import SnapshotForm  # noqa: PLC0415  # loaded when first needed

        if said := await steps.named(self.wizard, is_live=self.wizard.is_live):
            self.say(said)
        self.wizard.ask(SnapshotForm(), self._filled_in)

    def _filled_in(self, new: NewSnapshot) -> None:
        from esmigrate_tui.wizard.screens.dialogs import ConfirmScreen, asked_of  # noqa: PLC0415  # loaded when first needed

        there, draft = steps.source_of(self.session), self.session.draft
        if there is None or draft.source is None:
            return
        with self.wizard.saying_problems():
            change = steps.taking(new, self.session)
            asked = asked_of(steps.TAKING, [(draft.source.endpoint.authority, change)])
            self.wizard.ask(
                ConfirmScreen(f"Take the snapshot {new.name} on the source?", asked, yes="Take it", no="Not now"),
                lambda _: self.run_worker(self._begin(new.name, there.name, change), group="making", exclusive=True),
            )

    async def _begin(self, name: str, repository: str, change: PlannedChange) -> None:
        if await steps.make(self.wizard, name, repository, change):
            await self._watch()

    async def _watch(self) -> None:
        """Look how far it is, until it has ended; then list again, with the cursor on it."""
        while (making := self.session.snapshot_list.making) is not None:
            try:
                seen = await self.wizard.cluster(Side.SOURCE).snapshots.taking(making.repository, making.name)
            except ProblemError as error:
                making = self.session.snapshot_list.making or making  # it may have been cancelled while this was asked
                gone = making.is_cancelled and error.problem.cause is Cause.MISSING
                if not gone:
                    self.look_at(making=msgspec.structs.replace(making, problem=error.problem))
                    return
                self.look_at(making=None)
                self.say("It was cancelled.")
                self.action_again()
                return
            self.look_at(making=msgspec.structs.replace(self.session.snapshot_list.making or making, taken=seen))
            if seen.state is not SnapshotState.IN_PROGRESS:
                self.look_at(making=None, pattern="")
                with self.prevent(PlainInput.Changed):
                    self.query_one("#filter", PlainInput).value = ""
                cancelled = f"It ended: {steps.STATE_WORDS[seen.state]}."
                self.say(cancelled if making.is_cancelled else steps.ended(seen.state))
                self.run_worker(steps.list_them(self.wizard, then=making.name), group="snapshots", exclusive=True)
                return
            await asyncio.sleep(_LOOK_EVERY)

    def action_cancel(self) -> None:
        """Cancel the one that is being made, after a question."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        making = self.session.snapshot_list.making
        if making is None:
            self.say("No snapshot is being made.")
            return
        if making.problem is not None:
            self.look_at(making=None)  # it is not watched any more: only the line goes
            return
        change, question = steps.cancelling(making)
        self.wizard.ask(
            AskScreen(f"Cancel {making.name}?", question, yes="Cancel the snapshot", no="Keep it running"),
            lambda _: self.run_worker(self._cancel(change), group="cancel", exclusive=True),
        )

    async def _cancel(self, change: PlannedChange) -> None:
        if reason := await steps.cancel(self.wizard, change):
            self.say(reason)
