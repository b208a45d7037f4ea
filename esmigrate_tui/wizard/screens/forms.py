"""Forms laid over a step: a new repository, a new snapshot, new names by a pattern, the options of a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ScreenResultType

from esmigrate_tui.flow import repository as repository_steps
from esmigrate_tui.flow.chosen import settings_of
from esmigrate_tui.flow.layout import fit, shorten
from esmigrate_tui.flow.options import Question, answer, questions, said_otherwise, set_lines
from esmigrate_tui.flow.selection import PATTERN_MEANS, Renaming, renaming
from esmigrate_tui.flow.session import NewSnapshot
from esmigrate_tui.flow.snapshot import PATTERNS, WITHOUT_GLOBAL_STATE, meaning, why_not_called
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.repository_types import TYPES, type_of
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.app import WizardScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Canvas, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.bars import KeyLine, TitleLine
from esmigrate_tui.wizard.widgets.board import Board, line_rows
from esmigrate_tui.wizard.widgets.fields import ChoiceField, LabelledField, PlainInput, TextButton
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.flow.session import NewRepository


class FormScreen(WizardScreen[ScreenResultType]):
    """Fields, what is to be known of the one that has the focus, and buttons; Esc leaves, and keeps what is typed."""

    SCOPED_CSS = False  # else it would not be of the screens that are derived from this one
    CSS = """
    FormScreen #fields { height: 1fr; scrollbar-size: 0 1; padding: 0 1; }
    FormScreen LabelledField > .label { width: 20; }
    FormScreen #notes { height: auto; }
    FormScreen #buttons { height: 1; }
    """
    TITLE_WORDS: ClassVar[str] = ""
    TAKES: ClassVar[str] = ""
    """The word of the button that takes what is typed, where there is one."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]
    _trouble = ""

    def fields(self) -> list[Widget]:
        """The fields, from the top."""
        raise NotImplementedError

    def beside(self) -> Iterable[Widget]:
        """What has the room between the fields and the notes."""
        return ()

    def take(self) -> None:
        """Take what is typed, or say why not."""
        self.dismiss(None)

    def notes(self, look: Canvas) -> list[Text]:
        """What stands below the fields."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Yield the widgets, from top to bottom."""
        yield TitleLine()
        yield VerticalScroll(*self.fields(), id="fields", can_focus=False)
        yield TextLines(lambda look: [rule(look.width)])
        yield from self.beside()
        yield TextLines(id="notes")
        with Horizontal(id="buttons"):
            yield TextButton("Back", id="no")
            if self.TAKES:
                yield TextButton(self.TAKES, id="yes")
            yield KeyLine(("Tab", "next field"), ("Enter", "press"), ("Esc", "back"))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one(TitleLine).title(self.title_words())
        self.query("ChoiceField, PlainInput").first().focus()
        self.show_notes()

    def title_words(self) -> str:
        """The title."""
        return self.TITLE_WORDS

    def show_notes(self, trouble: str = "") -> None:
        """Show what is to be known now; a problem comes first."""
        self._trouble = trouble
        self.query_one("#notes", TextLines).show(
            lambda look: [*(paragraph(trouble, look.width, 1, TROUBLE) if trouble else []), *self.notes(look)]
        )

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

    def on_text_button_pressed(self, message: TextButton.Pressed) -> None:
        """Leave, or take it."""
        message.stop()
        if message.press.id == "no":
            self.action_close()
        else:
            self.take()

    def action_close(self) -> None:
        """Leave it; what is typed is kept."""
        self.dismiss(None)


# -- a repository ------------------------------------------------------------------------------------------------------

_READONLY: Final = (("yes", "yes: this cluster only reads it"), ("no", "NO, this cluster may write into it"))


class RepositoryForm(FormScreen[Repository]):
    """The settings of one repository, as its type is documented to take them."""

    TITLE_WORDS = "A repository to register on the destination"
    TAKES = "Show the request"

    @property
    def new(self) -> NewRepository:
        """What is typed."""
        return self.session.repository_list.new

    def _type(self, **changes: object) -> None:
        self.wizard.update_part("repository_list", new=msgspec.structs.replace(self.new, **changes))
        self.show_notes()

    def fields(self) -> list[Widget]:
        """Name, type, and the settings of that type."""
        kinds = tuple((kind.name, f"{kind.name}: {kind.title}") for kind in TYPES)
        return [
            LabelledField("Name", PlainInput(self.new.name, id="name")),
            LabelledField("Type", ChoiceField(kinds, self.new.type, id="type")),
            LabelledField("Readonly", ChoiceField(_READONLY, "yes" if self.new.readonly else "no", id="readonly")),
            *self._of_type(),
        ]

    def _of_type(self) -> list[Widget]:
        return [
            LabelledField(
                setting.label + (" (needed)" if setting.is_needed else ""),
                PlainInput(
                    self.new.values.get(setting.name, ""), placeholder=setting.default, id=f"set-{setting.name}"
                ),
            )
            for setting in repository_steps.settings_asked(self.new)
        ]

    def on_mount(self) -> None:
        """Now it is on the screen."""
        self.query_one("#readonly-field").display = self.new.type != "url"

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
        """Keep what was typed, and show what follows from it."""
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
        self.query_one("#readonly-field").display = message.value != "url"

    def take(self) -> None:
        """Go on to the question."""
        try:
            self.dismiss(repository_steps.typed_repository(self.session))
        except ProblemError as error:
            self.show_notes(error.problem.sentence())


# -- a snapshot --------------------------------------------------------------------------------------------------------


class SnapshotForm(FormScreen[NewSnapshot]):
    """A new snapshot: its name, what goes into it."""

    TITLE_WORDS = "A new snapshot, taken by the source"
    TAKES = "Show the request"

    @property
    def new(self) -> NewSnapshot:
        """What is typed."""
        return self.session.snapshot_list.new

    def _type(self, **changes: object) -> None:
        self.wizard.update_part("snapshot_list", new=msgspec.structs.replace(self.new, **changes))
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
            )
            for at, name in enumerate(self.new.features)
        ]
        return [
            LabelledField("Name", PlainInput(self.new.name, id="name")),
            LabelledField("Indices", PlainInput(self.new.patterns, id="patterns")),
            *states,
        ]

    def notes(self, look: Canvas) -> list[Text]:
        """What the patterns mean now."""
        lines = paragraph(PATTERNS, look.width, 1, DIM)
        means = meaning(self.new.patterns, self.session.draft)
        lines.append(ink(" ").append(shorten(means, look.width - 2), STRONG))
        lines += paragraph(WITHOUT_GLOBAL_STATE, look.width, 1, DIM)
        return [*lines, Text()]

    def on_input_changed(self, message: Input.Changed) -> None:
        """Keep what was typed, and show what follows from it."""
        message.stop()
        self._type(**{message.input.id or "name": message.value})

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """A feature state goes in, or not."""
        message.stop()
        name = self.new.features[int((message.choice.id or "").rpartition("-")[2])]
        others = tuple(each for each in self.new.feature_states if each != name)
        self._type(feature_states=(*others, name) if message.value == "yes" else others)

    def take(self) -> None:
        """Go on to the question."""
        if wrong := why_not_called(self.new, self.session):
            self.show_notes(wrong)
        else:
            self.dismiss(self.new)


# -- names by a pattern ------------------------------------------------------------------------------------------------


class PatternScreen(FormScreen[Renaming]):
    """New names for all that are chosen; every one of them is seen before it is taken."""

    CSS = FormScreen.CSS + "PatternScreen VerticalScroll#fields, PatternScreen TextLines#notes { height: 2; }"
    TITLE_WORDS = "New names on the destination, by a pattern"
    TAKES = "Take these names"

    def fields(self) -> list[Widget]:
        """What is found in a name, and what is put in its place."""
        pattern, replacement = self.session.listing.pattern_of_names
        return [
            LabelledField("Found in the name", PlainInput(pattern, id="pattern")),
            LabelledField("Put in its place", PlainInput(replacement, id="replacement")),
        ]

    def beside(self) -> Iterable[Widget]:
        """The names: the list has the room."""
        yield Board()

    def _found(self) -> Renaming:
        return renaming(self.session.draft, *self.session.listing.pattern_of_names)

    def notes(self, look: Canvas) -> list[Text]:
        """What is wrong, or how it is to be read."""
        found = self._found()
        if found.wrong:
            return paragraph(found.wrong, look.width, 1, TROUBLE)[:2]
        words = f"{PATTERN_MEANS} {counted(len(found.renamed), 'name')} of {len(found.rows)} would change."
        return paragraph(words, look.width, 1, DIM)

    def show_notes(self, trouble: str = "") -> None:
        """The list follows what is typed."""
        found, empty = self._found(), (ink(" Nothing is chosen.", DIM),)
        self.query_one(Board).show(
            lambda look, cursor: line_rows(
                found.rows, lambda at, row: _renamed_row(row, look, here=at == cursor), empty
            )
        )
        super().show_notes(trouble)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Keep what was typed, and show what follows from it."""
        message.stop()
        typed = tuple(self.query_one(f"#{name}", PlainInput).value for name in ("pattern", "replacement"))
        self.wizard.update_part("listing", pattern_of_names=typed)
        self.show_notes()

    def take(self) -> None:
        """Take the names."""
        found = self._found()
        if found.wrong:
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


class OptionsScreen(FormScreen[None]):
    """Options of the run; each answer holds at once."""

    def title_words(self) -> str:
        """For a restore with the snapshot's name."""
        restoration = self.session.draft.restoration
        if restoration is None or not self.session.is_restore:
            return "Options of the run"
        return f"Options of the restore from {restoration.snapshot}"

    def fields(self) -> list[Widget]:
        """One line each; settings have several."""
        found: list[Widget] = []
        for each in questions(self.session):
            if each.options:
                control = ChoiceField(each.options, each.value, id=each.name)
                found.append(LabelledField(shorten(each.label, 19), control))
            elif each.name == "set":
                found += self._settings(each)
            else:
                found.append(LabelledField(each.label, PlainInput(each.value, placeholder="none", id=each.name)))
        return found

    def _settings(self, question: Question) -> list[Widget]:
        typed = [*(self.session.listing.settings or question.value.split()), *([""] * _SETTINGS)]
        found: list[Widget] = []
        for at in range(_SETTINGS):
            line = PlainInput(typed[at], placeholder="KEY=VALUE", id=f"set-{at}")
            field = LabelledField("" if at else question.label, line)
            field.display = at == 0 or bool(typed[at - 1])
            found.append(field)
        return found

    def notes(self, look: Canvas) -> list[Text]:
        """What the answers to the question at the cursor come to, and what is otherwise than by itself."""
        session = self.session
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
        answer(self.wizard, message.choice.id or "", message.value)
        self.show_notes()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Settings hold as soon as they can be read."""
        message.stop()
        field = message.input.id or ""
        if not field.startswith("set-"):
            answer(self.wizard, field, message.value)
        else:
            typed = tuple(self.query_one(f"#set-{at}", PlainInput).value for at in range(_SETTINGS))
            set_lines(self.wizard, typed)
            for at in range(1, _SETTINGS):
                self.query_one(f"#set-{at}-field").display = bool(typed[at] or typed[at - 1])
        self.show_notes()
