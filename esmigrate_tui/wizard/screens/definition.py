"""What will be made for one index: what the translation changes, both definitions beside each other, and the editor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.binding import Binding, BindingType

from esmigrate_tui.flow import definition as steps
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean, counted, duration, listed, number
from esmigrate_tui.translate.side_by_side import changed_at
from esmigrate_tui.wizard.app import WizardScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Canvas, explained, hanging, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.bars import WIDE, TitleLine, key_words
from esmigrate_tui.wizard.widgets.board import Board, BoardContent, text_page
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from esmigrate_tui.flow.definition import IndexPart
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.problem import Problem
    from esmigrate_tui.translate.side_by_side import SideBySideLine

_NOTES: Final = 8
"""Sentences of a translation that are shown at once: a mapping may have a thousand fields that are renamed."""
_BETWEEN: Final = 4
_LONGEST: Final = 100_000


@dataclass(frozen=True, slots=True)
class DefinitionLine:
    """One line as wide as its column: of both sides in two columns, else of one of them; "" where a line went on."""

    source: str | None
    destination: str | None
    is_same: bool


def laid_out(rows: Sequence[SideBySideLine], width: int, *, is_wide: bool) -> tuple[DefinitionLine, ...]:
    """Both sides as lines for a width: in two columns, or one below the other where they differ."""
    room = _room(width, is_wide=is_wide)
    lines: list[DefinitionLine] = []
    for row in rows:
        mine = _pieces(row.source, row.depth, room)
        if row.is_same:
            lines += [DefinitionLine(piece, piece, is_same=True) for piece in mine]
            continue
        theirs = _pieces(row.destination, row.depth, room)
        if is_wide:
            lines += [
                DefinitionLine(
                    one if one is not None or row.source is None else "",
                    other if other is not None or row.destination is None else "",
                    is_same=False,
                )
                for one, other in zip_longest(mine, theirs)
            ]
        else:
            lines += [DefinitionLine(piece, None, is_same=False) for piece in mine]
            lines += [DefinitionLine(None, piece, is_same=False) for piece in theirs]
    return tuple(lines)


def _room(width: int, *, is_wide: bool) -> int:
    """The cells that a side has for its text, beside its mark."""
    return (width - 6 - _BETWEEN) // 2 if is_wide else width - 4


def _pieces(text: str | None, depth: int, room: int) -> tuple[str, ...]:
    """A line with its indent, in as many pieces as it takes: nothing of it is cut off."""
    if text is None:
        return ()
    rest = text if text.isascii() and text.isprintable() else clean(text, _LONGEST)
    indent = "  " * min(depth, room // 6)
    if cell_len(rest) <= room - len(indent):
        return (indent + rest,)
    found: list[str] = []
    while cell_len(rest) > room - len(indent):
        piece = set_cell_size(rest, room - len(indent)).rstrip(" ") or rest[:1]
        found.append(indent + piece)
        rest = rest[len(piece) :]
        indent = "  " * min(depth + 2, room // 6)
    return (*found, indent + rest)


def drawn(line: DefinitionLine, width: int, *, is_wide: bool) -> Text:
    """One line; a sign stands before whatever only one side has."""
    if line.is_same and not is_wide:
        return ink("   ").append(line.source or "", DIM)
    if not is_wide:
        return _side(line.source, "-", "none") if line.source is not None else _side(line.destination, "+", STRONG)
    room = _room(width, is_wide=True)
    left = fit(line.source or "", room)
    right = line.destination or ""
    if line.is_same:
        return ink("   ").append(left + " " * _BETWEEN + "   " + right, DIM)
    text = _side(left if line.source is not None else None, "-", "none")
    text.append(" " * (3 + room + _BETWEEN - text.cell_len), "none")
    return text.append_text(_side(line.destination, "+", STRONG))


def _side(text: str | None, mark: str, style: str) -> Text:
    return ink(f" {mark} ", STRONG).append(text, style) if text else ink("")


def begins(lines: Sequence[DefinitionLine]) -> tuple[int, ...]:
    """Where each difference begins: lines that differ, one after another, are one."""
    return tuple(at for at, line in enumerate(lines) if not line.is_same and (at == 0 or lines[at - 1].is_same))


def head(session: Session, part: IndexPart, own: Sequence[str], look: Canvas, *, in_full: bool) -> list[Text]:
    """What the translation changes, and what a user has; then what stands in which column."""
    width, draft = look.width, session.draft
    version = draft.destination_facts.version if draft.destination_facts is not None else "the destination"
    lines: list[Text] = []
    if not part.body:
        said = "It becomes a data stream, made by a template" if part.is_stream else "It exists already"
        return [*_notes(said, part.changes, width), Text()]
    if part.is_edited:
        at = changed_at(part.translation, part.body)
        lines += paragraph(f"Changed by you: {listed(at, most=12)}. u takes the translation again.", width, 1, STRONG)
    if part.conflicts:
        mark = look.mark("warn")
        lines.append(ink(" ").append_text(mark).append(" Cannot be carried over as it is", TROUBLE))
        lines += _items(part.conflicts, width)
        if not part.is_edited:
            lines += paragraph("e says what is to be made instead; as it stands there can be no plan.", width, 3)
    if part.changes:
        shown = part.changes if in_full else part.changes[:_NOTES]
        lines += _notes(f"Changed for {version}", shown, width)
        if len(shown) < len(part.changes):
            lines += paragraph(f"and {number(len(part.changes) - len(shown))} more: w shows them all", width, 3, DIM)
    elif not part.conflicts:
        lines += paragraph(f"Nothing has to be changed: {version} takes all of it as it is.", width)
    if own:
        lines += paragraph(f"Not compared, each index has its own: {listed(own, most=8)}.", width, 1, DIM)
    lines += [Text(), _columns(session, width, is_wide=width >= WIDE - 2)]
    return lines


def _notes(title: str, sentences: Sequence[str], width: int) -> list[Text]:
    return [ink(" ").append(title, STRONG), *_items(sentences, width)]


def _items(sentences: Sequence[str], width: int) -> list[Text]:
    return [line for sentence in sentences for line in hanging(ink("   · ", DIM), clean(sentence, _LONGEST), width - 6)]


def _columns(session: Session, width: int, *, is_wide: bool) -> Text:
    """Which side is which."""
    draft = session.draft
    old = f"source {draft.source_facts.version}" if draft.source_facts is not None else "source"
    new = f"destination {draft.destination_facts.version}" if draft.destination_facts is not None else "destination"
    if is_wide:
        room = _room(width, is_wide=True)
        line = ink(" - ", STRONG).append(fit(f"only on the {old}", room + _BETWEEN), DIM)
        return line.append(" + ", STRONG).append(f"only on the {new}", DIM)
    line = ink(" - ", STRONG).append(f"only on the {old}", DIM)
    return line.append("   + ", STRONG).append(f"only on the {new}", DIM)


class DefinitionScreen(WizardScreen[None]):
    """The definition that one index gets; it closes as it was opened."""

    AUTO_FOCUS = "#board"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left,q,m", "leave", show=False),
        Binding("n", "jump(1)", show=False),
        Binding("N,p", "jump(-1)", show=False),
        Binding("e,enter", "edit", show=False),
        Binding("u", "undo", show=False),
        Binding("t", "type", show=False),
        Binding("w", "words", show=False),
    ]

    def __init__(self, index: IndexFacts) -> None:
        super().__init__()
        self._index = index
        self._places: tuple[int, ...] = ()
        """The lines at which the differences begin."""
        self._parts: tuple[IndexPart, ...] = ()
        self._rows: tuple[tuple[SideBySideLine, ...], tuple[str, ...]] = ((), ())
        self._at = 0
        self._in_full = False
        self._problem: Problem | None = None
        self._since = 0.0
        self._said = ""

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        yield Board()
        yield TextLines(lambda look: [rule(look.width)])
        yield TextLines(id="foot")

    async def on_mount(self) -> None:
        """Now it is on the screen; what is not known yet is read."""
        if self._index.name in self.session.draft.definitions:
            self._look()
            return
        self._since = self.wizard.services.now()
        self._show()
        waiting = self.set_interval(1.0, self._show)
        self.run_worker(self._read(waiting.stop), exclusive=True)

    async def _read(self, then: Callable[[], None]) -> None:
        self._problem = await steps.read(self.wizard, self._index.name)
        then()
        self._look()

    def _look(self) -> None:
        """Find out what will be made now."""
        draft = self.session.draft
        if self._problem is None:
            try:
                self._parts = steps.parts_of(draft, self._index.name)
            except ProblemError as error:
                self._problem = error.problem
        if self._parts:
            self._at = min(self._at, len(self._parts) - 1)
            part = self._parts[self._at]
            self._rows = steps.rows_of(draft, part) if part.body else ((), ())
        self._show()

    @property
    def part(self) -> IndexPart | None:
        """What is looked at."""
        return self._parts[self._at] if self._parts and self._problem is None else None

    # -- drawing -----------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Lay everything out again for the new size."""
        self._show()

    def _show(self) -> None:
        if not self.is_attached:
            return
        session, part = self.session, self.part
        name = shorten(clean(self._index.name, 255), 40)
        self._foot()
        if part is None:
            self.query_one(TitleLine).title(name)
            self.query_one(Board).show(lambda look, _: text_page(self._waiting(look.width)))
            return
        (rows, own), in_full = self._rows, self._in_full

        def make(look: Canvas, _: int) -> BoardContent:
            width, is_wide = look.width, look.width >= WIDE - 2
            top = head(session, part, own, look, in_full=in_full)
            lines = laid_out(rows, width, is_wide=is_wide)
            self._places = tuple(len(top) + at for at in begins(lines))
            return BoardContent(
                len(top) + len(lines),
                lambda y: top[y] if y < len(top) else drawn(lines[y - len(top)], width, is_wide=is_wide),
            )

        self._places = ()
        self.query_one(Board).show(make)
        words = [counted(len(self._places), "difference")] if self.query_one(Board).sheet.height else []
        words += ["changed by you"] if part.is_edited else []
        goes = "" if part.target == self._index.name else f" to {shorten(clean(part.target, 255), 40)}"
        which = f", type {clean(part.type, 40)} ({self._at + 1} of {len(self._parts)})" if part.type else ""
        self.query_one(TitleLine).title(f"{name}{goes}{which}", ", ".join(words))

    def _waiting(self, width: int) -> list[Text]:
        if self._problem is not None:
            return [Text(), *explained(self._problem, width, 3, "")]
        waited = duration(max(0.0, self.wizard.services.now() - self._since))
        return [Text(), *paragraph(f"Reading its definition from the source, {waited} …", width, 3, DIM)]

    def _foot(self) -> None:
        said, part = self._said, self.part
        keys = [("n N", "differences")] if part is not None and part.body else []
        keys += [("e", "edit"), *([("u", "as translated")] if part.is_edited else [])] if part is not None else []
        keys += [("t", "next type")] if len(self._parts) > 1 else []
        line = key_words(("↑↓", "scroll"), *keys, ("Esc", "back"))
        self.query_one("#foot", TextLines).show(lambda _: [ink(" ").append(said, STRONG) if said else line])

    def _say(self, sentence: str) -> None:
        self._said = sentence
        self._foot()

    def on_key(self) -> None:
        """What was said stands until the next key."""
        if self._said:
            self._say("")

    # -- keys --------------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Back to the list."""
        self.dismiss()

    def action_jump(self, direction: int) -> None:
        """To the next difference, or to the one before."""
        board = self.query_one(Board)
        here = round(board.scroll_y)
        last = board.max_scroll_y
        ahead = [at for at in self._places if (at - 1 > here if direction > 0 else at - 1 < here)]
        if not ahead or (direction > 0 and here >= last):
            self._say("There is no further one." if self._places else "There is no difference.")
            return
        board.scroll_to(y=max(0, (ahead[0] if direction > 0 else ahead[-1]) - 1), animate=False, force=True)

    def action_words(self) -> None:
        """All that the translation changes, or the first of it."""
        self._in_full = not self._in_full
        self._show()

    def action_type(self) -> None:
        """What the next type gets."""
        if len(self._parts) > 1:
            self._at = (self._at + 1) % len(self._parts)
            self.query_one(Board).scroll_to(y=0, animate=False, force=True)
            self._look()

    def action_undo(self) -> None:
        """Let it be made as it was translated."""
        part = self.part
        if part is None or not part.is_edited:
            self._say("It is the translation, nothing was changed.")
            return
        steps.undo(self.wizard, part)
        self._look()

    def action_edit(self) -> None:
        """Say what is to be made instead."""
        from esmigrate_tui.wizard.screens.choosing import JsonScreen  # noqa: PLC0415  # loaded when first needed

        part = self.part
        if part is None:
            return
        if not part.body:
            self._say(
                "A template makes it: change that one, on the destination or in the plan."
                if part.is_stream
                else "It exists already: it stays as it is."
            )
            return
        if self._index.name not in self.session.draft.selected:
            self._say("Choose the index first (Esc, Space), then say what is made of it.")
            return

        def taken(body: str) -> None:
            steps.edit(self.wizard, part, body)
            self._look()

        self.wizard.ask(JsonScreen(f"What makes {shorten(clean(part.target, 255), 40)}", part.body), taken)
