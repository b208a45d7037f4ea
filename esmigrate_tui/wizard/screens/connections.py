"""Where the clusters are, how to sign in, what to trust; tested at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from esmigrate_tui.flow import connections as steps
from esmigrate_tui.flow.layout import fingerprint, wrap
from esmigrate_tui.flow.session import ConnectionForm, ConnectionTest, Session
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.connection import (
    Side,
    SignIn,
    TrustKind,
)
from esmigrate_tui.model.text import duration
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Canvas, hanging, ink, paragraph
from esmigrate_tui.wizard.widgets.fields import ChoiceField, LabelledField, PlainInput, SecretInput
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from esmigrate_tui.model.facts import ClusterFacts
    from esmigrate_tui.model.problem import Problem

_SAME: Final = (("no", "no, not compared yet"), ("yes", "yes, I compared it"))

# -- drawing ---------------------------------------------------------------------------------------------------------


def side_notes(session: Session, side: Side, look: Canvas, now: float) -> list[Text]:
    """What is known of one side's connection: not tested, being tested, who it is, or what is wrong."""
    form = session.form(side)
    if session.is_left_out(side):
        return [*_plain(steps.LEFT_OUT[0], look), Text(), *_plain(steps.LEFT_OUT[1], look, DIM)]
    warning = _warning(form, look)
    match form.test:
        case ConnectionTest.GOING:
            waited = duration(max(0.0, now - form.since))
            return [*warning, *_plain(f"{form.doing}, {waited} …", look)]
        case ConnectionTest.BAD if form.problem is not None:
            without = "Or clear the address: it goes without the source." if session.may_be_empty(side) else ""
            return [*_trouble(form.problem, look), *(_plain(without, look, DIM) if without else [])]
        case ConnectionTest.GOOD:
            return [*warning, *_facts(session.draft.facts(side), look), *(_plain(form.note, look) if form.note else [])]
        case _:
            pass
    if form.trust is not TrustKind.PINNED or not form.is_encrypted or not form.fingerprint:
        return [*warning, *_plain("not tested yet", look, DIM)]
    digits = "\n".join(wrap_fingerprint(form.fingerprint, look.width - 2))
    if form.is_accepted:
        return [*warning, *_plain(digits, look, DIM)]
    asks = "Compare it with what the cluster's owner tells you, then say so above."
    return [*_plain(steps.SHOWS_CERTIFICATE, look), *_plain(digits, look, STRONG), *_plain(asks, look)]


def wrap_fingerprint(digits: str, width: int) -> list[str]:
    """A fingerprint in lines of whole pairs, the same number in each."""
    pairs = fingerprint(digits).split(":")
    a_line = next(many for many in (32, 16, 11, 8, 4) if many * 3 <= width + 1 or many == 4)
    return [":".join(pairs[at : at + a_line]) for at in range(0, len(pairs), a_line)]


def _plain(text: str, look: Canvas, style: str = "") -> list[Text]:
    return [ink("  ").append(line, style or "none") for line in wrap(text, look.width - 2)]


def _warning(form: ConnectionForm, look: Canvas) -> list[Text]:
    said = steps.warned(form)
    return hanging(look.mark("warn").append(" "), said, look.width - 2, STRONG) if said else []


def _trouble(problem: Problem, look: Canvas) -> list[Text]:
    word = steps.FAILED.get(problem.cause, "failed")
    first, *rest = wrap(f"{word}: {problem.what}", look.width - 2)
    lines = [look.mark("bad").append(" ").append(first, TROUBLE), *(ink("  ").append(line) for line in rest)]
    for sentence in (problem.why, problem.todo):
        if sentence:
            lines += _plain(sentence, look, "" if sentence is problem.todo else DIM)
    return lines


def _facts(facts: ClusterFacts | None, look: Canvas) -> list[Text]:
    if facts is None:
        return []
    lines = [look.mark("good").append(" connected  ", "none").append(facts.name, STRONG)]
    roles = f" ({', '.join(facts.roles)})" if facts.roles else ""
    user = [f"you are: {facts.user}{roles}"] if facts.user is not None else []
    for words in (*steps.facts_in_words(facts), *user):
        lines += _plain(words, look)
    for line in lines:
        line.truncate(look.width, overflow="ellipsis")
    return lines


# -- the screen ------------------------------------------------------------------------------------------------------


class SidePanel(Vertical):
    """One cluster's fields, and below them what is known of it."""

    DEFAULT_CSS = """
    SidePanel { width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self, side: Side, session: Session) -> None:
        super().__init__(id=f"{side}-panel")
        self.side = side
        self._began = session

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        side, form = self.side, self._began.form(self.side)
        yield TextLines(lambda _: [ink(side.value.upper(), STRONG).append(f"   {steps.WHO[side]}", DIM), Text()])
        address = PlainInput(form.address, placeholder="https://host:9200 or Cloud ID", id=f"{side}-address")
        yield LabelledField("Address", address)
        yield LabelledField("Sign in", ChoiceField(steps.SIGN_IN, form.sign_in.value, id=f"{side}-sign-in"))
        yield LabelledField("User", PlainInput(form.user, id=f"{side}-user"))
        yield LabelledField("Password", SecretInput(id=f"{side}-secret"))
        yield LabelledField("Remember", ChoiceField(*steps.remembering(self._began, form), id=f"{side}-remember"))
        yield TextLines(id=f"{side}-vault")
        yield LabelledField("Trust", ChoiceField(steps.TRUST, form.trust.value, id=f"{side}-trust"))
        yield LabelledField("CA file", PlainInput(form.ca_file, id=f"{side}-ca-file"))
        same = ChoiceField(_SAME, "yes" if form.is_accepted else "no", id=f"{side}-same")
        yield LabelledField("The same", same)
        yield TextLines(id=f"{side}-notes")

    def show(self, session: Session, now: float) -> None:
        """The fields that the answers ask for, and what is known."""
        side, form = self.side, session.form(self.side)
        self.display = side in session.sides
        shown = steps.fields_asked(session, side)
        for name, is_shown in shown.items():
            self.query_one(f"#{side}-{name}-field").display = is_shown
        self.query_one(f"#{side}-secret-field", LabelledField).relabel(steps.SECRET_WORD[form.sign_in])
        self.query_one(f"#{side}-sign-in", ChoiceField).offer(steps.SIGN_IN, form.sign_in.value)
        self.query_one(f"#{side}-same", ChoiceField).offer(_SAME, "yes" if form.is_accepted else "no")
        self.query_one(f"#{side}-remember", ChoiceField).offer(*steps.remembering(session, form))
        vault = self.query_one(f"#{side}-vault", TextLines)
        said = session.vault.sentence if session.vault is not None and not session.vault.is_available else ""
        # What a test says needs the lines more, and nothing of it may be cut.
        vault.display = (
            bool(said) and shown["remember"] and form.test is ConnectionTest.NOT_YET and not form.fingerprint
        )
        vault.show(lambda look: paragraph(said, look.width, 9, DIM))
        notes = self.query_one(f"#{side}-notes", TextLines)
        notes.show(lambda look: [Text(), *side_notes(session, side, look, now)])


class ConnectionsScreen(StepScreen):
    """Fill in both sides and test them."""

    STEP = "connections"
    AUTO_FOCUS = None

    def body(self) -> Iterable[Widget]:
        """Source on the left, destination on the right."""
        yield Horizontal(*(SidePanel(side, self.session) for side in Side), classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """The method, so that one knows what these clusters are for."""
        return session.method.title if session.method is not None else "Connections", ""

    def paint(self, session: Session) -> None:
        """Both sides."""
        now = self.wizard.services.now()
        for panel in self.query(SidePanel):
            panel.show(session, now)

    def on_mount(self) -> None:
        """Now it is on the screen."""
        for side in Side:
            credential = self.wizard.credentials.get(side)
            if credential is not None and credential.secret:
                with self.prevent(Input.Changed):
                    self.query_one(f"#{side}-secret", SecretInput).value = credential.secret
        wanted = [side for side in self.session.sides if not self.session.is_left_out(side)]
        first = next((side for side in wanted if self.session.form(side).test is not ConnectionTest.GOOD), wanted[0])
        self.query_one(f"#{first}-address").focus()

    def begin(self) -> None:
        """Ask the vault, and test what was given."""
        if self.session.vault is None:
            self.run_worker(steps.ask_vault(self.wizard), group="vault", exclusive=True)
        for side in self.session.sides:
            if steps.is_tested_at_once(self.wizard, side):
                self._begin_test(side)

    def is_waiting(self, session: Session) -> bool:
        """Whether a connection is being tested."""
        return any(session.form(side).test is ConnectionTest.GOING for side in session.sides)

    def let_go(self) -> None:
        """A test that ends with this screen was not made."""
        session = self.session
        for side in Side:
            if session.form(side).test is ConnectionTest.GOING:
                session = session.with_form(side, test=ConnectionTest.NOT_YET)
        self.wizard.update(session)

    # -- answers -----------------------------------------------------------------------------------------------------

    def on_input_changed(self, message: Input.Changed) -> None:
        """Something was typed: what was tested before no longer counts."""
        side, field = _named(message.input.id)
        if field == "secret":
            known = self.wizard.credentials.get(side)
            if message.value != (known.secret if known is not None else ""):
                self.workers.cancel_group(self, f"test-{side}")
                steps.answer_secret(self.wizard, side, message.value)
        elif message.value == getattr(self.session.form(side), field.replace("-", "_")):
            pass  # it is what the form says already: a field that was just filled in
        elif field == "address":
            self._typed(side, address=message.value)
            if self.session.is_left_out(side):
                self._forget(side)
        else:
            self._typed(side, **{field.replace("-", "_"): message.value})

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """Keep the choice, and show what follows from it."""
        side, field = _named(message.choice.id)
        match field:
            case "sign-in":
                self._typed(side, sign_in=SignIn(message.value))
                self.query_one(f"#{side}-secret", SecretInput).value = ""
            case "trust":
                self._typed(side, trust=TrustKind(message.value))
            case "remember":
                self.wizard.update(self.session.with_form(side, remember=message.value == "yes"))
            case _:
                self._typed(side, is_accepted=message.value == "yes")
                if message.value == "yes":
                    self._begin_test(side)

    def _forget(self, side: Side) -> None:
        """A side that may be empty was emptied: nothing of it is known any more, what was chosen stays chosen."""
        if (cluster := steps.forget(self.wizard, side)) is not None:
            self.app.run_worker(cluster.close(), group=f"close-{side}")

    def _typed(self, side: Side, **changes: object) -> None:
        self.workers.cancel_group(self, f"test-{side}")
        steps.answer(self.wizard, side, **changes)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter goes to the next field; from a secret, or from an address that needs none, it tests.

        Once everything is tested and good, it goes on.
        """
        side, field = _named(message.input.id)
        if not BY_NAME[self.STEP].may_go_on(self.session):
            self.run_worker(self.action_next(), group="next", exclusive=True)
            return
        if field == "secret" or (field == "address" and self.session.form(side).sign_in is SignIn.NONE):
            self._begin_test(side)
        self.focus_next()

    # -- the test ----------------------------------------------------------------------------------------------------

    def action_test(self) -> None:
        """Test both sides, each by itself."""
        for side in self.session.sides:
            if not self.session.is_left_out(side):
                self._begin_test(side)

    async def action_next(self) -> None:
        """Next tests what is not tested yet."""
        untested = [
            side
            for side in self.session.sides
            if self.session.form(side).test is ConnectionTest.NOT_YET and not self.session.is_left_out(side)
        ]
        if untested and all(self.session.form(side).address for side in untested):
            for side in untested:
                self._begin_test(side)
            self.say("Testing first; then Next is possible.")
            return
        await super().action_next()

    def _begin_test(self, side: Side) -> None:
        typed = self.query_one(f"#{side}-secret", SecretInput).value
        self.run_worker(steps.look_at_side(self.wizard, side, typed), group=f"test-{side}", exclusive=True)


def _named(id_of_field: str | None) -> tuple[Side, str]:
    side, _, field = (id_of_field or "").partition("-")
    return Side(side), field
