"""Forms laid over a step: a new repository, a new snapshot, new names by a pattern, the options of a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen

from esmigrate_tui.flow import repository as repository_steps
from esmigrate_tui.flow.chosen import settings_of
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.flow.options import Question, answer, questions, said_otherwise, set_lines
from esmigrate_tui.flow.selection import PATTERN_MEANS, Renaming, renaming
from esmigrate_tui.flow.snapshot import PATTERNS, WITHOUT_GLOBAL_STATE, meaning, why_not_called
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.repository_types import TYPES, type_of
from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Canvas, ink, paragraph, rule
from esmigrate_tui.wizard.screens.connections import LabelledField
from esmigrate_tui.wizard.widgets.bars import KeyLine, TitleLine
from esmigrate_tui.wizard.widgets.board import Board, LineRows
from esmigrate_tui.wizard.widgets.fields import ChoiceField, PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.flow.session import NewRepository, NewSnapshot
    from esmigrate_tui.wizard.screens.base import ScreenHost

_STYLES: Final = """
{name} #fields {{ height: 1fr; scrollbar-size: 0 1; padding: 0 1; }}
{name} LabelledField > .label {{ width: 20; }}
{name} #notes {{ height: auto; }}
{name} #buttons {{ height: 1; }}
"""
_KEYS: Final = (("Tab", "next field"), ("Enter", "press"), ("Esc", "back"))
"""Stand beside the buttons: the fields need the lines."""


class FormScreen(Screen[object]):
    """Fields, what is to be known of the one that has the focus, and buttons; Esc leaves, and keeps what is typed."""

    TITLE_WORDS: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self, wizard: ScreenHost) -> None:
        super().__init__()
        self._wizard = wizard
        self._trouble = ""

    def fields(self) -> list[Widget]:
        """The fields, from the top."""
        raise NotImplementedError

    def buttons(self) -> tuple[TextButton, ...]:
        """The buttons; the first one leaves."""
        return (TextButton("Back", id="no"),)

    def notes(self, look: Canvas) -> list[Text]:
        """What stands below the fields."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Its widgets."""
        yield TitleLine()
        yield VerticalScroll(*self.fields(), id="fields", can_focus=False)
        yield TextLines(lambda width: [rule(width)])
        yield TextLines(id="notes")
        with Horizontal(id="buttons"):
            yield from self.buttons()
            yield KeyLine(*_KEYS)

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self.title_words())
        first = next(iter(self.query("ChoiceField, PlainInput")), None)
        if first is not None:
            first.focus()
        self.show_notes()

    def title_words(self) -> str:
        """The title."""
        return self.TITLE_WORDS

    def show_notes(self, trouble: str = "") -> None:
        """Show what is to be known now; a trouble comes first."""
        self._trouble = trouble
        ascii_only = self._wizard.ascii_only

        def lines(width: int) -> list[Text]:
            look = Canvas(width, 0, ascii_only)
            first = paragraph(self._trouble, width, 1, TROUBLE) if self._trouble else []
            return [*first, *self.notes(look)]

        self.query_one("#notes", TextLines).show(lines)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The notes follow the focus."""
        event.widget.scroll_visible(animate=False)
        self.show_notes(self._trouble)

    @property
    def at(self) -> str:
        """The id of the widget that has the focus."""
        return (self.focused.id if self.focused is not None else "") or ""

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter goes to the next field."""
        message.stop()
        self.focus_next()

    def action_close(self) -> None:
        """Leave it; what is typed is kept."""
        self.dismiss(None)


# -- a repository ------------------------------------------------------------------------------------------------------


_READONLY: Final = (("yes", "yes: this cluster only reads it"), ("no", "NO, this cluster may write into it"))


class RepositoryForm(FormScreen):
    """The settings of one repository, as its type is documented to take them."""

    CSS = _STYLES.format(name="RepositoryForm")
    TITLE_WORDS = "A repository to register on the destination"

    @property
    def new(self) -> NewRepository:
        """What is typed."""
        return self._wizard.session.repository_list.new

    def _type(self, **changes: object) -> None:
        session = self._wizard.session
        new = msgspec.structs.replace(session.repository_list.new, **changes)
        self._wizard.update(session.but(repository_list=msgspec.structs.replace(session.repository_list, new=new)))
        self.show_notes()

    def fields(self) -> list[Widget]:
        """Name, type, and the settings of that type."""
        kinds = tuple((kind.name, f"{kind.name}: {kind.title}") for kind in TYPES)
        return [
            LabelledField("Name", PlainInput(self.new.name, id="name"), id="name-field"),
            LabelledField("Type", ChoiceField(kinds, self.new.type, id="type"), id="type-field"),
            LabelledField(
                "Readonly", ChoiceField(_READONLY, "yes" if self.new.readonly else "no", id="readonly"), id="ro-field"
            ),
            *self._of_type(),
        ]

    def _of_type(self) -> list[Widget]:
        found: list[Widget] = []
        for setting in repository_steps.settings_asked(self.new):
            label = setting.label + (" (needed)" if setting.is_needed else "")
            value = self.new.values.get(setting.name, "")
            found.append(
                LabelledField(
                    label,
                    PlainInput(value, placeholder=setting.default, id=f"set-{setting.name}"),
                    id=f"field-{setting.name}",
                )
            )
        return found

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one("#ro-field").display = self.new.type != "url"
        super().on_mount()

    def buttons(self) -> tuple[TextButton, ...]:
        """Leave, or see the request."""
        return TextButton("Back", id="no"), TextButton("Show the request", id="yes")

    def notes(self, look: Canvas) -> list[Text]:
        """The meaning of the field, and where the type's secrets belong."""
        kind = type_of(self.new.type)
        setting = kind.field(self.at.removeprefix("set-")) if kind is not None else None
        words = {
            "name": repository_steps.NAME_MEANS,
            "type": kind.prepared if kind is not None else "",
            "readonly": repository_steps.READONLY_MEANS,
        }.get(self.at, setting.help if setting is not None else "")
        if setting is not None and setting.is_needed and kind is not None:
            words = f"{words} {kind.prepared}"
        lines = paragraph(words, look.width) if words else []
        if kind is not None:
            lines += paragraph(
                kind.secrets.replace("CLIENT", self.new.values.get("client") or "default"), look.width, 1, DIM
            )
        return [*lines, Text()]

    def on_input_changed(self, message: Input.Changed) -> None:
        """Something was typed."""
        message.stop()
        field = message.input.id or ""
        if field == "name":
            self._type(name=message.value)
        else:
            self._type(values={**self.new.values, field.removeprefix("set-"): message.value})

    async def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """Another type has other settings; what is typed for those that both have stays."""
        message.stop()
        if message.choice.id == "readonly":
            self._type(readonly=message.value == "yes")
            return
        self._type(type=message.value)
        fields = self.query_one("#fields")
        for field in list(fields.children)[3:]:
            await field.remove()
        await fields.mount(*self._of_type())
        self.query_one("#ro-field").display = message.value != "url"

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Leave, or go on to the question."""
        if message.press.id == "no":
            self.dismiss(None)
            return
        try:
            self.dismiss(repository_steps.typed_repository(self._wizard.session))
        except ProblemError as error:
            self.show_notes(error.problem.sentence())


# -- a snapshot --------------------------------------------------------------------------------------------------------


class SnapshotForm(FormScreen):
    """A new snapshot: its name, what goes into it."""

    CSS = _STYLES.format(name="SnapshotForm")
    TITLE_WORDS = "A new snapshot, taken by the source"

    @property
    def new(self) -> NewSnapshot:
        """What is typed."""
        return self._wizard.session.snapshot_list.new

    def _type(self, **changes: object) -> None:
        session = self._wizard.session
        new = msgspec.structs.replace(session.snapshot_list.new, **changes)
        self._wizard.update(session.but(snapshot_list=msgspec.structs.replace(session.snapshot_list, new=new)))
        self.show_notes()

    def fields(self) -> list[Widget]:
        """Name, indices, feature states."""
        states = [
            LabelledField(
                f"Feature {name}",
                ChoiceField(
                    (("no", "leave it out"), ("yes", "its indices as well")),
                    "yes" if name in self.new.feature_states else "no",
                    id=f"feature-{at}",
                ),
                id=f"feature-{at}-field",
            )
            for at, name in enumerate(self.new.features)
        ]
        return [
            LabelledField("Name", PlainInput(self.new.name, id="name"), id="name-field"),
            LabelledField("Indices", PlainInput(self.new.patterns, id="patterns"), id="patterns-field"),
            *states,
        ]

    def buttons(self) -> tuple[TextButton, ...]:
        """Leave, or see the request."""
        return TextButton("Back", id="no"), TextButton("Show the request", id="yes")

    def notes(self, look: Canvas) -> list[Text]:
        """What the patterns mean now."""
        lines = paragraph(PATTERNS, look.width, 1, DIM)
        means = meaning(self.new.patterns, self._wizard.session.draft)
        lines.append(ink(" ").append(shorten(means, look.width - 2), STRONG))
        lines += paragraph(WITHOUT_GLOBAL_STATE, look.width, 1, DIM)
        return [*lines, Text()]

    def on_input_changed(self, message: Input.Changed) -> None:
        """Something was typed."""
        message.stop()
        self._type(**{message.input.id or "name": message.value})

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """A feature state goes in, or not."""
        message.stop()
        name = self.new.features[int((message.choice.id or "").rpartition("-")[2])]
        others = tuple(each for each in self.new.feature_states if each != name)
        self._type(feature_states=(*others, name) if message.value == "yes" else others)

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Leave, or go on to the question."""
        if message.press.id == "no":
            self.dismiss(None)
            return
        if wrong := why_not_called(self.new, self._wizard.session):
            self.show_notes(wrong)
        else:
            self.dismiss(self.new)


# -- names by a pattern ------------------------------------------------------------------------------------------------


class PatternScreen(FormScreen):
    """New names for all that are chosen; every one of them is seen before it is taken."""

    CSS = (
        _STYLES.format(name="PatternScreen")
        + "PatternScreen #fields { height: 2; } PatternScreen #notes { height: 2; }"
    )
    TITLE_WORDS = "New names on the destination, by a pattern"

    def compose(self) -> ComposeResult:
        """Its widgets: the list has the room."""
        pattern, replacement = self._wizard.session.listing.pattern_of_names
        yield TitleLine()
        yield VerticalScroll(
            LabelledField("Found in the name", PlainInput(pattern, id="pattern"), id="pattern-field"),
            LabelledField("Put in its place", PlainInput(replacement, id="replacement"), id="replacement-field"),
            id="fields",
            can_focus=False,
        )
        yield TextLines(lambda width: [rule(width)])
        yield Board()
        yield TextLines(id="notes")
        with Horizontal(id="buttons"):
            yield TextButton("Back", id="no")
            yield TextButton("Take these names", id="yes")
            yield KeyLine(*_KEYS)

    def fields(self) -> list[Widget]:
        """They are made above."""
        return []

    def _found(self) -> Renaming:
        return renaming(self._wizard.session.draft, *self._wizard.session.listing.pattern_of_names)

    def notes(self, look: Canvas) -> list[Text]:
        """What is wrong, or how it is to be read."""
        found = self._found()
        if found.wrong:
            return paragraph(found.wrong, look.width, 1, TROUBLE)[:2]
        words = f"{PATTERN_MEANS} "
        return paragraph(
            words + f"{counted(len(found.renamed), 'name')} of {len(found.rows)} would change.", look.width, 1, DIM
        )

    def show_notes(self, trouble: str = "") -> None:
        """The list follows what is typed."""
        found, ascii_only = self._found(), self._wizard.ascii_only

        def make(width: int, cursor: int) -> LineRows[tuple[str, str, str]]:
            look = Canvas(width, 0, ascii_only)
            empty = (ink(" Nothing is chosen.", DIM),)
            return LineRows(found.rows, lambda at, row: _renamed_row(row, look, here=at == cursor), empty)

        self.query_one(Board).show(make)
        super().show_notes(trouble)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Something was typed."""
        message.stop()
        pattern, replacement = self._wizard.session.listing.pattern_of_names
        typed = (message.value, replacement) if message.input.id == "pattern" else (pattern, message.value)
        session = self._wizard.session
        self._wizard.update(session.but(listing=msgspec.structs.replace(session.listing, pattern_of_names=typed)))
        self.show_notes()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Leave, or take the names."""
        found = self._found()
        if message.press.id == "no":
            self.dismiss(None)
        elif found.wrong:
            self.show_notes(found.wrong)
        else:
            self.dismiss(found)


def _renamed_row(row: tuple[str, str, str], look: Canvas, *, here: bool) -> Text:
    old, new, word = row
    word_width = 24
    name = max(10, (look.width - 5 - word_width) // 2)
    is_wrong = bool(word) and word != "keeps its name"
    line = (
        ink("")
        .append_text(look.mark("here" if here else "none"))
        .append_text(look.mark("warn" if is_wrong else "none"))
    )
    line.append(" ", "none").append(fit(old, name - 3)).append(" → ", DIM)
    line.append(fit(new, name), STRONG if new != old else "none")
    return line.append(" ").append(fit(word, word_width), STRONG if is_wrong else DIM)


# -- options -----------------------------------------------------------------------------------------------------------


_SETTINGS: Final = 6
"""Lines for settings at most; the next appears when one is filled."""


class OptionsScreen(FormScreen):
    """Options of the run; each answer holds at once."""

    CSS = _STYLES.format(name="OptionsScreen")

    def title_words(self) -> str:
        """For a restore with the snapshot's name."""
        restoration = self._wizard.session.draft.restoration
        if restoration is None or not self._wizard.session.is_restore:
            return "Options of the run"
        return f"Options of the restore from {restoration.snapshot}"

    def fields(self) -> list[Widget]:
        """One line each; settings have several."""
        found: list[Widget] = []
        for each in questions(self._wizard.session):
            if each.options:
                control = ChoiceField(each.options, each.value, id=each.name)
                found.append(LabelledField(shorten(each.label, 19), control, id=f"{each.name}-field"))
            elif each.name == "set":
                found += self._settings(each)
            else:
                typed = PlainInput(each.value, placeholder="none", id=each.name)
                found.append(LabelledField(each.label, typed, id=f"{each.name}-field"))
        return found

    def _settings(self, question: Question) -> list[Widget]:
        typed = [*(self._wizard.session.listing.settings or question.value.split()), *([""] * _SETTINGS)]
        found: list[Widget] = []
        for at in range(_SETTINGS):
            line = PlainInput(typed[at], placeholder="KEY=VALUE", id=f"set-{at}")
            field = LabelledField("" if at else question.label, line, id=f"set-{at}-field")
            field.display = at == 0 or bool(typed[at - 1])
            found.append(field)
        return found

    def notes(self, look: Canvas) -> list[Text]:
        """What the answers to the question at the cursor come to, and what is otherwise than by itself."""
        session = self._wizard.session
        at = "set" if self.at.startswith("set-") else self.at
        lines = [line for each in questions(session) if each.name == at for line in paragraph(each.means, look.width)]
        if session.is_restore:
            wrong = settings_of(session.listing.settings)[1]
            return [*lines, *(paragraph(wrong, look.width, 1, TROUBLE) if wrong else []), Text()]
        changed = said_otherwise(session)
        says = f"Changed: {'; '.join(changed)}." if changed else "All of it is as it would be by itself."
        return [*lines, Text(), *paragraph(says, look.width, 1, STRONG if changed else DIM), Text()]

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """An answer holds at once."""
        message.stop()
        answer(self._wizard, message.choice.id or "", message.value)
        self.show_notes()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Settings hold as soon as they can be read."""
        message.stop()
        field = message.input.id or ""
        if not field.startswith("set-"):
            answer(self._wizard, field, message.value)
        else:
            typed = tuple(self.query_one(f"#set-{at}", PlainInput).value for at in range(_SETTINGS))
            set_lines(self._wizard, typed)
            for at in range(1, _SETTINGS):
                self.query_one(f"#set-{at}-field").display = bool(typed[at] or typed[at - 1])
        self.show_notes()

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Back to the selection."""
        message.stop()
        self.dismiss(None)
