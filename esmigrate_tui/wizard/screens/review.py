"""What will happen, in order and to the letter, before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.containers import Horizontal, Vertical

from esmigrate_tui.flow import review as steps
from esmigrate_tui.flow.layout import as_console, shorten, wrap
from esmigrate_tui.flow.steps import name_to_type
from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import ACCENT, DIM, STRONG, WIDEST_LINE, Canvas, explained, hanging, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.board import Board, text_page
from esmigrate_tui.wizard.widgets.fields import PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.wizard.app import WizardApp


def reviewed(session: Session, look: Canvas) -> list[Text]:
    """The whole page: what happens, what is reverted, how long, the requests, the plan as a file."""
    if session.plan_problem is not None:
        return [Text(), *explained(steps.without_plan(session.plan_problem), look.width)]
    if session.plan is None or session.preview is None:
        return [Text(), ink("   The plan is being made …", DIM)]
    preview = session.preview
    lines: list[Text] = [_head("In this order")]
    for position, step in enumerate(preview.steps, start=1):
        lines += hanging(ink(f"  {position}  ", DIM), step, min(look.width, WIDEST_LINE) - 6)
    if preview.put_back:
        lines.append(_head("Changed for the time of the run, and reverted"))
        for change in preview.put_back:
            lines += paragraph(change, look.width, 5)
    if preview.carried:
        lines.append(_head("Beside the indices, at the end"))
        for line in preview.carried:
            words = line.lstrip()
            lines += paragraph(words, look.width, 5 + len(line) - len(words))
    lines.append(_head("How long"))
    lines += paragraph(preview.time or steps.UNKNOWN_TIME, look.width, 5)
    lines.append(_head("The same without a screen"))
    if session.plan_path:
        lines += paragraph(f"The plan is in {session.plan_path}", look.width, 5)
        lines.append(ink("     ").append(f"esmigrate run {session.plan_path}", ACCENT))
    else:
        lines.append(
            ink("     w ", STRONG)
            .append("writes the plan to a file, for ", "none")
            .append("esmigrate run PLAN", ACCENT)
        )
    if preview.requests:
        lines.append(_head(f"The requests ({counted(len(preview.requests), 'shown', 'shown')}; c copies them)"))
        for shown in preview.requests:
            lines.append(ink("     ").append(f"to {shown.to}", DIM))
            for line in as_console(shown.request).split("\n"):
                lines += [ink("     ").append(each) for each in wrap(line, look.width - 6)]
            lines.append(Text())
    return lines


def _head(words: str) -> Text:
    return ink(" ").append(words, STRONG)


class ReviewScreen(StepScreen):
    """Read, then start; the safe button has the focus."""

    STEP = "review"
    AUTO_FOCUS = None
    CSS = "#buttons { height: 1; } #asked { height: auto; } #name { margin: 0 1; }"

    def body(self) -> Iterable[Widget]:
        """The page, and the two buttons."""
        yield Board()
        yield TextLines(lambda look: [rule(look.width)], classes="body")
        name = PlainInput(self.session.typed_name, placeholder="type it here", id="name")
        yield Vertical(TextLines(id="ask"), name, id="asked", classes="body")
        yield Horizontal(
            TextButton("Back", id="back"), TextButton("Start the migration", id="begin"), id="buttons", classes="body"
        )

    def title_words(self, session: Session) -> tuple[str, str]:
        """What and where to."""
        what, so_far = steps.headline(session)
        return what or "Review", so_far

    def next_word(self, session: Session) -> str:
        """Start is a button here; only its reason stands in the footer."""
        reason = super().next_word(session)
        return "" if reason == "next" else reason

    def paint(self, session: Session) -> None:
        """The page."""
        self.query_one(Board).show(lambda look, _: text_page(reviewed(session, look)))
        since = session.starting_since
        label = "Start the migration" if since is None else f"Starting, {self.waited(since)} …"
        self.query_one("#begin", TextButton).relabel(label)
        name = name_to_type(session)
        self.query_one("#asked").display = bool(name)
        words = f"{steps.LOSES} To allow it, type the destination's name below (Ctrl+N): {name}"
        self.show_lines("ask", lambda look: paragraph(words, look.width, 1, STRONG))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one("#back", TextButton).focus()

    def begin(self) -> None:
        """Make the plan."""
        if self.session.plan is None:
            steps.plan(self.wizard)

    def action_scroll_page(self, lines: int) -> None:
        """Scroll the page while a button has the focus."""
        self.query_one(Board).action_move(lines)

    async def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Back, or begin."""
        if message.press.id == "back":
            await self.action_back()
        else:
            await self.action_next()

    def on_input_changed(self, message: Input.Changed) -> None:
        """The name is being typed."""
        self.wizard.update(self.session.but(typed_name=message.value.strip()))

    def on_input_submitted(self) -> None:
        """Enter goes to the buttons, to the safe one."""
        self.query_one("#back", TextButton).focus()

    async def action_next(self) -> None:
        """The button starts; Ctrl+N goes to the name, then to the button, and no further."""
        if (name := name_to_type(self.session)) and self.session.typed_name != name:
            self.query_one("#name", PlainInput).focus()
            self.say(f"Type {name} first: something that exists would be lost.")
            return
        begin = self.query_one("#begin", TextButton)
        if not begin.has_focus:
            begin.focus()
            self.say("Enter starts the migration.")
            return
        await super().action_next()

    async def go_on(self) -> None:
        """Start the run in its own process; then its board."""
        # The app's, not the screen's: a run that begins while one goes back is not lost sight of.
        self.wizard.run_worker(_begun(self.wizard), group="begin", exclusive=True)

    @work(group="write", exclusive=True)
    async def action_write(self) -> None:
        """Write the plan to a file."""
        if self.session.plan is None:
            return
        with self.wizard.saying_problems():
            path = await self.wizard.services.save_plan(self.session.plan)
            self.wizard.update(self.session.but(plan_path=path))
            self.say(f"Written: {shorten(path, 200)}")

    def action_copy(self) -> None:
        """Copy the requests."""
        preview = self.session.preview
        if preview is not None and preview.requests:
            self.wizard.copy("\n\n".join(f"# to {shown.to}\n{as_console(shown.request)}" for shown in preview.requests))


async def _begun(wizard: WizardApp) -> None:
    """Begin the run, then to its board, wherever one is by then."""
    run, problem = await steps.begin(wizard)
    if run:
        wizard.follow(run)
    elif problem is not None and (step := wizard.step) is not None:
        step.say(f"Not started: {problem.sentence()}")
