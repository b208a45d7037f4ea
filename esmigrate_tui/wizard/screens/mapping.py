"""The mapping of a new index: what was guessed, to be corrected field by field before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import mapping as steps
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.flow.mapping import MappedField
from esmigrate_tui.model.text import clean, counted, number
from esmigrate_tui.reading.mapping import OPEN, UNSEARCHED
from esmigrate_tui.wizard.draw import DIM, MOVES, STRONG, WIDEST_NAME, Canvas, filled, ink, no_rows, paragraph, rule
from esmigrate_tui.wizard.screens.lists import ListScreen

if TYPE_CHECKING:
    from rich.text import Text

    from esmigrate_tui.flow.session import Session

_ALONE: Final = 18
_DETAILS: Final = 7
# -- drawing ---------------------------------------------------------------------------------------------------------


def widths(width: int) -> tuple[int, int]:
    """The widths of the field's name and of its type."""
    left = width - 5 - _ALONE - 1
    kind = max(12, min(40, (left * 9) // 20))
    return max(14, min(WIDEST_NAME, left - kind)), kind


def heading(width: int, *, is_there: bool) -> Text:
    """The columns' words."""
    name, kind = widths(width)
    words = fit("field", name) + fit("type there" if is_there else "type", kind) + steps.OWN_GUESS
    return ink(MOVES, DIM).append(words, DIM)


def mapped_row(row: MappedField, look: Canvas, *, here: bool) -> Text:
    """One field as a line of exactly the width."""
    name, kind = widths(look.width)
    is_open = row.kind == OPEN and not row.is_left_out
    line = look.row("warn" if is_open else "none", here=here)
    line.append(
        fit("  " * row.depth + clean(row.name, 200), name - 1) + " ",
        STRONG if here else DIM if row.is_left_out else "none",
    )
    words = steps.LEFT_OUT if row.is_left_out else " ".join(filter(None, (row.kind or steps.OWN_GUESS, row.format)))
    line.append(fit(words, kind - 1) + " ", STRONG if row.is_changed else DIM if is_open else "none")
    alone = row.guess.dynamic if row.guess is not None else ""
    return line.append(fit(alone or "–", _ALONE), DIM)


def details(row: MappedField | None, session: Session, look: Canvas) -> list[Text]:
    """What is known of the field at the cursor; always as many lines."""
    width = look.width
    lines = [rule(width)]
    if row is not None:
        shown = ink(" ").append(shorten(clean(row.field, 300), width // 2), STRONG)
        if row.guess is not None and row.guess.examples:
            shown.append(f"   {', '.join(row.guess.examples)}", "none")
        shown.truncate(width, overflow="ellipsis")
        lines.append(shown)
        for sentence in steps.sentences(row, session):
            lines += paragraph(sentence, width, 1, DIM)[:2]
    return filled(lines, width, _DETAILS)


_NO_FIELD: Final = no_rows("No row could be read, so nothing is known of any field.", "j writes a mapping as JSON.")
_NOT_SEEN: Final = no_rows(
    "What will be sent is not known yet: the destination would guess each",
    "field, by the first value that comes, and for good.",
    "",
    "j writes the mapping as JSON, which the index is then made with.",
)


# -- the screen ------------------------------------------------------------------------------------------------------


class MappingScreen(ListScreen[MappedField]):
    """See what was guessed, and correct it."""

    STEP, LIST = "mapping", "file_choice"
    CSS = f"#details {{ height: {_DETAILS}; }}"

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many fields, from how many rows, and how many were changed."""
        rows = steps.mapped(session)
        into = shorten(session.draft.into, 24)
        if session.file_choice.there is not None:
            documents = session.file_choice.there.documents
            holds = f", {counted(documents, 'document')}" if documents is not None else ""
            return f"{into} exists{holds}: it is used as it is", counted(len(rows), "field")
        sample = steps.seen_of(session)
        looked = f", guessed from {counted(sample.amount - sample.bad, 'row')}" if sample is not None else ""
        changed = sum(row.is_changed for row in rows)
        return f"{into}: {counted(len(rows), 'field')}{looked}", f"{number(changed)} changed" if changed else ""

    def rows(self, session: Session) -> tuple[MappedField, ...]:
        """The fields."""
        return steps.mapped(session)

    def paint(self, session: Session) -> None:
        """The list."""
        empty = _NOT_SEEN if session.file_choice.sender is not None else _NO_FIELD
        here = self.show_rows(session, lambda row, look, at: mapped_row(row, look, here=at), empty)
        is_there = session.file_choice.there is not None
        self.show_lines("heading", lambda look: [heading(look.width - 1, is_there=is_there)])
        self.show_lines("details", lambda look: details(here, session, look))

    # -- changing --------------------------------------------------------------------------------------------------

    def _here(self) -> MappedField | None:
        """The field at the cursor, where it can be changed; else it is said why not."""
        if self.session.file_choice.there is not None:
            self.say("The index exists already: its mapping stays as it is. Another name (←) makes a new one.")
            return None
        return self.here()

    def action_open(self) -> None:
        """Choose another type for the field at the cursor."""
        from esmigrate_tui.wizard.screens.choosing import ChooseScreen  # noqa: PLC0415  # loaded when first needed

        row = self._here()
        if row is None:
            return

        def taken(kind: str) -> None:
            if kind != row.kind:
                known = steps.known_format(row, kind)
                steps.become(self.wizard, row, kind, known)
                if kind == "date" and not known:
                    self.action_format()

        title = f"What is {shorten(clean(row.field, 200), 40)}?"
        self.wizard.ask(ChooseScreen(title, steps.KINDS, row.kind, steps.OWN_GUESS), taken)

    def action_format(self) -> None:
        """Type how the dates of the field are written."""
        from esmigrate_tui.wizard.screens.dialogs import LineScreen  # noqa: PLC0415  # loaded when first needed

        row = self._here()
        if row is None:
            return
        if row.kind != "date":
            self.say("Only a date has a format: Enter makes a date of it.")
            return
        label = (
            f"How the dates of {shorten(clean(row.field, 200), 40)} are written, as Elasticsearch says it: "
            "dd.MM.yyyy HH:mm:ss, epoch_millis; several with || between them. Empty: ISO dates and milliseconds."
        )
        self.wizard.ask(
            LineScreen("The format of a date", label, row.format, lambda _: ""),
            lambda typed: steps.become(self.wizard, row, "date", typed.strip()),
        )

    def action_leave_out(self) -> None:
        """Leave the column out of the documents, or not."""
        row = self._here()
        if row is not None and (reason := steps.leave_out(self.wizard, row)) and self.session.draft.reading is not None:
            self.say(f"{reason}. Enter, {UNSEARCHED}: nothing of it is parsed.")

    def action_undo(self) -> None:
        """Take the guess for this field again."""
        row = self._here()
        if row is not None:
            steps.undo(self.wizard, row)

    def action_json(self) -> None:
        """See and edit all of it as JSON."""
        from esmigrate_tui.wizard.screens.choosing import JsonScreen  # noqa: PLC0415  # loaded when first needed

        if self.session.file_choice.there is not None:
            self.app.push_screen(JsonScreen("The existing mapping", steps.body_there(self.session), is_fixed=True))
            return
        page = JsonScreen("What makes the index", self.session.file_choice.mapping)
        self.wizard.ask(page, lambda body: steps.make(self.wizard, body))
