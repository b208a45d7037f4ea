"""What was found before anything moves: worst first, with evidence, reason and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from esmigrate_tui.flow import preflight as steps
from esmigrate_tui.flow.layout import clock, fit, wrap
from esmigrate_tui.flow.preflight import Remedy
from esmigrate_tui.flow.session import FixProgress, PreflightState, Session
from esmigrate_tui.flow.steps import is_checked
from esmigrate_tui.model.finding import Finding, Severity, worst_first
from esmigrate_tui.model.text import counted, duration, listed
from esmigrate_tui.wizard.draw import ACCENT, DIM, STRONG, explained, ink, paragraph, rule, spread
from esmigrate_tui.wizard.screens.lists import ListScreen
from esmigrate_tui.wizard.widgets.board import Board, block_rows
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from esmigrate_tui.wizard.app import WizardApp
    from esmigrate_tui.wizard.draw import Canvas, Mark
    from esmigrate_tui.wizard.widgets.board import BoardContent

_WORDS: Final[dict[Severity, tuple[Mark, str]]] = {
    Severity.BLOCKER: ("bad", "blocks"),
    Severity.WARNING: ("warn", "warn"),
    Severity.NOTE: ("none", "note"),
    Severity.PASSED: ("good", "passed"),
}
_INDENT: Final = 12
_KEYS: Final = {Remedy.FIX: "x", Remedy.COPY_HERE: "m"}


def shown_findings(session: Session) -> tuple[Finding | None, ...]:
    """The rows: what was found, worst first; the passed ones only when opened, after a row (None) that counts them."""
    ordered = worst_first(session.draft.findings)
    others = tuple(finding for finding in ordered if finding.severity is not Severity.PASSED)
    passed = tuple(finding for finding in ordered if finding.severity is Severity.PASSED)
    if not passed:
        return others
    return (*others, None, *(passed if session.checking.is_opened or not others else ()))


def found(session: Session, look: Canvas, cursor: int, now: float) -> BoardContent:
    """The findings; the one at the cursor is explained."""
    checking = session.checking
    rows = shown_findings(session)
    blocks = [_block(session, finding, look, here=at == cursor) for at, finding in enumerate(rows)]
    after: list[Text] = []
    if checking.since is not None:
        waited = duration(max(0.0, now - checking.since))
        after = [ink(f"   asking {steps.asked(session)}, {waited} …", DIM)]
    elif checking.problem is not None:
        after += [Text()] if rows else []
        after += [*explained(checking.problem, look.width), *paragraph("r asks again.", look.width)]
    elif not rows:
        after = [ink(f"   Nothing was checked yet: r asks {steps.asked(session)}.", DIM)]
    return block_rows(blocks, after)


def _block(session: Session, finding: Finding | None, look: Canvas, *, here: bool) -> tuple[Text, ...]:
    edge = look.mark("here" if here else "none").append(" ")
    if finding is None:
        passed = sum(each.severity is Severity.PASSED for each in session.draft.findings)
        line = edge.append_text(look.mark("good")).append(f" {counted(passed, 'check')} passed", "none")
        alone = passed == len(session.draft.findings)
        hint = "" if alone else "Enter hides them " if session.checking.is_opened else "Enter shows them "
        return (spread(line, ink(hint, DIM), look.width),)
    mark, word = _WORDS[finding.severity]
    accepted = finding.severity is Severity.WARNING and finding.key in session.draft.accepted
    line = edge.append_text(look.mark(mark)).append(" ").append(fit(word, 8), "none" if mark == "none" else STRONG)
    style = STRONG if here else DIM if accepted or finding.severity is Severity.PASSED else "none"
    right = ink("accepted " if accepted else "Space accepts " if finding.severity is Severity.WARNING else "", DIM)
    if not here:
        return (spread(line.append(finding.title, style), right, look.width),)
    first, *rest = wrap(finding.title, look.width - _INDENT - 10)
    lines = [spread(line.append(first, style), right, look.width)]
    lines += [ink(" " * _INDENT).append(each, style) for each in rest]
    return (*lines, *_explained(finding, session, look))


def _explained(finding: Finding, session: Session, look: Canvas) -> list[Text]:
    lines: list[Text] = []
    if finding.evidence:
        lines += paragraph(finding.evidence, look.width, _INDENT, DIM)
    for word, sentence in (("Why: ", finding.why), ("Fix: ", finding.fix)):
        if sentence:
            lines += paragraph(word + sentence, look.width, _INDENT)
    if finding.copy:
        lines += [
            ink(" " * (_INDENT + 2)).append(each, ACCENT) for each in wrap(finding.copy, look.width - _INDENT - 3)
        ]
        lines.append(_key("c", "copies it"))
    lines += [_key(_KEYS[remedy], steps.REMEDY_DOES[remedy]) for remedy in steps.remedies(finding, session)]
    if finding.subjects:
        about = ", ".join(finding.subjects[:5]) + (
            f" and {len(finding.subjects) - 5} more" if len(finding.subjects) > 5 else ""
        )
        lines += paragraph(f"About: {about}", look.width, _INDENT, DIM)
    if finding.link:
        lines += paragraph(finding.link, look.width, _INDENT, DIM)
    return lines


def _key(key: str, does: str) -> Text:
    return ink(" " * _INDENT).append(f"{key} ", STRONG).append(does, DIM)


def fixed(session: Session, look: Canvas, now: float) -> list[Text]:
    """What is being fixed, or was, and what failed of it; nothing where nothing was."""
    fixing = session.fixing
    lines: list[Text] = []
    if fixing.done:
        lines += _fix_lines(look.mark("good"), "done", f"{listed([each.what for each in fixing.done], 3)}", look)
        lines += paragraph(steps.revert_sentence(fixing.done), look.width, _INDENT, DIM)
    if fixing.doing:
        at = f"{len(fixing.done) + 1} of {fixing.amount}: " if fixing.amount > 1 else ""
        waited = duration(max(0.0, now - fixing.since))
        lines += paragraph(f"fixing {at}{fixing.doing}, {waited} …", look.width, 3, DIM)
    if fixing.problem is not None:
        is_unsure = fixing.failed in session.unsure
        mark = look.mark("warn" if is_unsure else "bad")
        lines += _fix_lines(mark, "unsure" if is_unsure else "failed", fixing.failed, look)
        lines += explained(fixing.problem, look.width, _INDENT, "")
    return [*lines, rule(look.width)] if lines else []


def _fix_lines(mark: Text, word: str, what: str, look: Canvas) -> list[Text]:
    first, *rest = wrap(what, look.width - _INDENT - 1)
    line = ink("  ").append_text(mark).append(" ").append(fit(word, 8), STRONG).append(first, "none")
    return [line, *(ink(" " * _INDENT).append(each) for each in rest)]


class PreflightScreen(ListScreen["Finding | None"]):
    """Look, accept, fixed, look again."""

    STEP, LIST = "preflight", "checking"
    CSS = "#fixed { max-height: 10; }"

    def body(self) -> Iterable[Widget]:
        """What was fixed, and the list."""
        yield TextLines(id="fixed", classes="body")
        yield self.board()

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many checks, how many of them matter, and when they were asked."""
        draft, checking = session.draft, session.checking
        if checking.problem is not None:
            return "The checks could not be made", ""
        words = [counted(len(draft.findings), "check")]
        if draft.blockers:
            words.append(f"{len(draft.blockers)} {'blocks' if len(draft.blockers) == 1 else 'block'}")
        warnings = sum(finding.severity is Severity.WARNING for finding in draft.findings)
        if warnings:
            words.append(f"{warnings} {'warns' if warnings == 1 else 'warn'}")
        if checking.checked and session.draft.traits.loads:
            words.append("with the mapping" if session.is_watching else "with the files and the mapping")
        elif checking.checked:
            one, many = ("thing chosen", "things chosen") if session.is_restore else ("chosen index", "chosen indices")
            words.append(f"with the {counted(len(checking.checked), one, many)}")
        when = f"looked at {clock(checking.looked_at)}" if checking.looked_at is not None else ""
        return ", ".join(words), "looking …" if checking.since is not None else when

    def paint(self, session: Session) -> None:
        """The findings."""
        now = self.wizard.services.now()
        self.show_lines("fixed", lambda look: fixed(session, look, now))
        self.query_one(Board).show(
            lambda look, cursor: found(session, look.for_reading, cursor, now), session.checking.cursor
        )

    def rows(self, session: Session) -> tuple[Finding | None, ...]:
        """The findings, and None for the count of those that passed."""
        return shown_findings(session)

    def begin(self) -> None:
        """Ask the checks, unless they have looked at what is chosen now."""
        if not is_checked(self.session):
            self.action_again()

    def is_waiting(self, session: Session) -> bool:
        """Whether checks are asked, or something is being fixed."""
        return session.checking.since is not None or bool(session.fixing.doing)

    def let_go(self) -> None:
        """Checks that end with this screen are asked again next time; what goes on without it is reported then."""
        if self.session.checking.since is not None:
            self.wizard.update(self.session.but(checking=PreflightState()))
        if not self.session.fixing.doing:
            self.wizard.update(self.session.but(fixing=FixProgress()))

    async def go_on(self) -> None:
        """Nothing stands in the way: what was fixed has been shown."""
        self.let_go()
        await super().go_on()

    def action_again(self) -> None:
        """Ask all the checks again."""
        self.look_at(cursor=0)
        self.run_worker(steps.look(self.wizard), group="checks", exclusive=True)

    def action_acknowledge(self) -> None:
        """Accept the warning at the cursor, or take that back."""
        finding = self.here()
        if finding is None or finding.severity is Severity.PASSED:
            return
        if finding.severity is Severity.BLOCKER:
            self.say("This one blocks: it cannot be accepted, only fixed. Then r asks again.")
            return
        if finding.severity is Severity.NOTE:
            self.say("A note needs no acceptance.")
            return
        steps.toggle_accepted(self.wizard, finding)

    def action_copy(self) -> None:
        """Copy the fix's text."""
        finding = self.here()
        if finding is None or not finding.copy:
            self.say("There is nothing to copy here.")
            return
        self.wizard.copy(finding.copy)

    def action_fix(self) -> None:
        """Put the finding at the cursor right, after a question that shows the requests."""
        from esmigrate_tui.wizard.screens.dialogs import ConfirmScreen, asked_of  # noqa: PLC0415  # loaded when first needed

        finding = self.here()
        if finding is None or Remedy.FIX not in steps.remedies(finding, self.session):
            self.say("This cannot be fixed from here: see what stands beside Fix.")
            return
        if self.session.fixing.doing:
            self.say("A fix is being applied already.")
            return
        session, (title, said) = self.session, steps.fixing(finding)
        sent = tuple((session.draft.authority(change.side), change) for change in finding.repairs)
        self.wizard.ask(
            ConfirmScreen(title, asked_of(said, sent, and_back=True), yes="Apply the fix", no="Not now"),
            # The app's, not the screen's: what was begun is not cut short by going back.
            lambda _: self.wizard.run_worker(_fixed(self.wizard, finding), group="fixing"),
        )

    def action_copy_here(self) -> None:
        """Where the destination may not fetch from the source: the other method, with the same answers."""
        finding = self.here()
        if finding is None or Remedy.COPY_HERE not in steps.remedies(finding, self.session):
            self.say("That is for where the destination may not fetch from the source.")
            return
        steps.copy_here(self.wizard)
        self.action_again()
        self.say(steps.COPIES_HERE)

    def action_open(self) -> None:
        """Show or hide the checks that passed."""
        self.look_at(is_opened=not self.session.checking.is_opened)

    async def on_board_clicked(self, message: Board.Clicked) -> None:
        """A click on the count of the passed ones shows them."""
        if self.rows(self.session)[message.item : message.item + 1] == (None,):
            self.action_open()


async def _fixed(wizard: WizardApp, finding: Finding) -> None:
    """Apply the fix, then look again: at once where one is still here, else when one comes back."""
    await steps.fix(wizard, finding)
    step = wizard.step
    if isinstance(step, PreflightScreen) and step.is_mounted:
        step.action_again()
    else:  # also where one is just coming back: it looks by itself
        steps.forget(wizard)
