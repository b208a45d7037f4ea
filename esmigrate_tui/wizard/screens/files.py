"""Which files, how they are read, what their rows are called, and the index they go into; with their first rows."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import msgspec
from rich.text import Text
from textual.containers import Vertical
from textual.suggester import SuggestFromList

from esmigrate_tui.flow import files as steps
from esmigrate_tui.flow.layout import fit, shorten, wrap
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.files import Compression, FileFormat, FileInspection, FileSample, IdRule
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.model.text import clean, counted, number, size
from esmigrate_tui.preflight.files import how_read
from esmigrate_tui.reading.identity import is_new_id
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import DIM, STRONG, WIDEST_LINE, Canvas, end_of, explained, hanging, ink, paragraph, rule
from esmigrate_tui.wizard.widgets.board import Board, text_page
from esmigrate_tui.wizard.widgets.fields import ChoiceField, LabelledField, PlainInput
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.widget import Widget
    from textual.widgets import Input

    from esmigrate_tui.flow.session import FileChoice, Session
    from esmigrate_tui.model.files import FileRow, FileSource

_COLUMNS: Final = "col1, col2, col3; or as you call them"
_WHICH: Final = (
    (
        "Name files of this machine: paths, and patterns with * and ?, separated by blanks; ** goes into folders. "
        "A path with blanks in it wants quotes. Enter looks at them; nothing in them is changed."
    ),
    (
        "Lines of JSON, the bulk format, what elasticdump wrote, JSON arrays, CSV and TSV are recognised by what they "
        "hold, packed with gzip or zstd or not; Parquet too."
    ),
)
_LOOKED_FOR: Final = frozenset({"files", "names", "id-field", "from-index"})
"""The fields that say how files are read."""
_SHOWN_FILES: Final = 3
_SHOWN_ERRORS: Final = 3
_SIZE, _PACKED, _AS = 10, 6, 12


# -- drawing ---------------------------------------------------------------------------------------------------------


def seen(session: Session, look: Canvas) -> list[Text]:
    """What a look has shown: problems, the files, rows that cannot be read, the first rows as they will be sent."""
    file_choice, width = session.file_choice, look.width
    found = file_choice.look
    lines: list[Text] = []
    for problem in (file_choice.problem, found.problem if found is not None else None):
        if problem is not None:
            lines += [*explained(problem, width), Text()]
    if found is None:
        return lines or _nothing_yet(file_choice, width)
    files = [_file_line(file, found, at, width) for at, file in enumerate(found.files)]
    lines += files[:_SHOWN_FILES]
    if more := files[_SHOWN_FILES:]:
        lines.append(ink(f"   and {number(len(more))} more, below", DIM))
    sample = found.sample
    if sample is not None:
        errors = [_error_lines(sample, at, width) for at in range(len(sample.errors))]
        if words := steps.unreadable_rows(sample):
            lines += hanging(ink(" ").append_text(look.mark("warn")).append(" "), words, width - 5, STRONG)
            lines += [line for each in errors[:_SHOWN_ERRORS] for line in each]
        if words := steps.repeated_ids(sample):
            lines.append(ink(" ").append_text(look.mark("warn")).append(f" {shorten(words, width - 5)}", STRONG))
        lines += _row_lines(sample, width)
        if rest_of_errors := errors[_SHOWN_ERRORS:]:
            lines += [Text(), ink(" More rows that cannot be read:", DIM)]
            lines += [line for each in rest_of_errors for line in each]
            if sample.bad > len(errors):
                lines.append(ink(f"   and {number(sample.bad - len(errors))} more", DIM))
    if more:
        lines += [Text(), ink(" The other files:", DIM), *more]
    return lines


def _nothing_yet(file_choice: FileChoice, width: int) -> list[Text]:
    if file_choice.doing:
        return [ink(f" {file_choice.doing} …", DIM)]
    return [line for each in _WHICH for line in (*paragraph(each, width, 1, DIM), Text())]


def _file_line(file: FileSource, found: FileInspection, at: int, width: int) -> Text:
    packed = "" if file.compression is Compression.NONE else file.compression.value
    kind = found.formats[at] if at < len(found.formats) else FileFormat.NDJSON
    word = "" if at >= len(found.formats) else kind.value if kind is not None else "not known"
    room = max(16, min(width, WIDEST_LINE) - 4 - _SIZE - 2 - _PACKED - _AS)
    name = end_of(clean(file.path, 500), room)
    line = ink("   ").append(fit(name, room) + fit(size(file.size), _SIZE, "right") + "  ")
    return line.append(fit(packed, _PACKED), DIM).append(fit(word, _AS), "none" if kind is not None else STRONG)


def _error_lines(sample: FileSample, at: int, width: int) -> list[Text]:
    error = sample.errors[at]
    words = f"{clean(PurePath(error.path).name, 100)}:{error.line}: {error.reason}"
    return [ink("   ").append(line) for line in wrap(words, width - 4)[:2]]


def _row_lines(sample: FileSample, width: int) -> list[Text]:
    if not sample.amount:
        return [ink(" There is no row in them.", STRONG)]
    lines = [Text(), ink(f" {steps.FIRST_ROWS}", DIM)] if sample.rows else []
    for row in sample.rows:
        lines += _row(row, width, is_new=is_new_id(row, sample.reading))
    return lines


def _row(row: FileRow, width: int, *, is_new: bool) -> list[Text]:
    name = "(new)" if is_new else shorten(clean(row.id, 200), 30)
    body = clean(row.source.decode("utf-8", "replace"), 600)
    first, *rest = wrap(f"_id {name}  {body}", width - 6)
    lines = [ink("   ").append(first)]
    if rest:
        lines.append(ink("     ").append(rest[0] if len(rest) == 1 else shorten(rest[0] + " …", width - 6)))
    return lines


# -- what others send -------------------------------------------------------------------------------------------------


def sent(session: Session, look: Canvas) -> list[Text]:
    """What is to be done on the sending side, in order, and the text of its configuration."""
    width = look.width
    lines: list[Text] = []
    if session.file_choice.problem is not None:
        lines += [*explained(session.file_choice.problem, width), Text()]
    try:
        configuration = steps.configuration_for(session)
    except ProblemError as error:
        return [*lines, *[*explained(error.problem, width), Text()]]
    lines.append(ink(f" {steps.TO_DO}", DIM))
    for at, step in enumerate(configuration.steps, start=1):
        lines += hanging(ink(f"  {at:>2}  ", DIM), clean(step), width - 7)
    lines += [
        Text(),
        ink(" Its configuration, ", DIM)
        .append(configuration.name, STRONG)
        .append("; Ctrl+O writes it to a file:", DIM),
    ]
    for line in configuration.text.rstrip("\n").split("\n"):
        lines += [ink("   ").append(each) for each in wrap(clean(line), width - 5)]
    return lines


# -- the screen ------------------------------------------------------------------------------------------------------


class FilesScreen(StepScreen):
    """Choose files, and see how they are read."""

    STEP = "files"
    AUTO_FOCUS = None
    CSS = """
    FilesScreen #fields { height: auto; padding: 0 1; }
    FilesScreen LabelledField > .label { width: 11; }
    """

    def body(self) -> Iterable[Widget]:
        """The fields, and below them what was seen."""
        yield Vertical(
            *(LabelledField(label, field) for label, field in self._fields(self.session.file_choice)),
            id="fields",
            classes="body",
        )
        yield TextLines(lambda look: [rule(look.width)], classes="body")
        yield Board()

    def _fields(self, chosen: FileChoice) -> tuple[tuple[str, Widget], ...]:
        wishes, into = chosen.wishes, self.session.draft.into
        named = "paths and patterns: export/orders-*.csv.gz"
        return (
            ("From", ChoiceField(steps.FROM, "sent" if chosen.sender is not None else "files", id="from")),
            ("Sender", ChoiceField(steps.SENDERS, chosen.sender or steps.SENDERS[0][0], id="sender")),
            ("Files", PlainInput(chosen.typed, placeholder=named, id="files")),
            ("Read as", ChoiceField(*steps.formats(chosen), id="format")),
            ("Separated", ChoiceField(*steps.delimiters(chosen), id="delimiter")),
            ("Encoding", ChoiceField(*steps.encodings(chosen), id="encoding")),
            ("First row", ChoiceField(steps.HEADER, "yes" if wishes.has_header else "no", id="header")),
            ("Columns", PlainInput(", ".join(wishes.names), placeholder=_COLUMNS, id="names")),
            ("Of index", PlainInput(wishes.from_index, placeholder="the one that they name", id="from-index")),
            ("_id", ChoiceField(*steps.id_rules(chosen), id="ids")),
            ("Field", PlainInput(wishes.id_field, id="id-field")),
            ("Index", PlainInput(into, placeholder="where they go", id="into")),
            ("How many", PlainInput(chosen.expected, placeholder="not known", id="expected")),
            ("Pipeline", PlainInput(chosen.pipeline, placeholder="none", id="pipeline")),
        )

    def title_words(self, session: Session) -> tuple[str, str]:
        """How many files, how they are read, how many rows were looked at; or what is waited for."""
        file_choice = session.file_choice
        if file_choice.doing:
            return f"{file_choice.doing} …", self.waited(file_choice.since)
        if file_choice.sender is not None:
            return f"Sent by {file_choice.sender.title}", "esmigrate makes the index, and watches"
        if file_choice.look is None:
            return "Which files?", ""
        files = file_choice.look.files
        words = f"{counted(len(files), 'file')}, {size(sum(file.size for file in files))}"
        sample = file_choice.look.sample
        if sample is None:
            return words, ""
        return f"{words}: {how_read(sample.reading)}", f"{counted(sample.amount, 'row')} looked at"

    def paint(self, session: Session) -> None:
        """The fields that the answers ask for, and what is known."""
        file_choice = session.file_choice
        for name, is_shown in steps.fields_asked(file_choice, is_seen=file_choice.look is not None).items():
            self.query_one(f"#{name}-field").display = is_shown
        self.query_one("#format", ChoiceField).offer(*steps.formats(file_choice))
        self.query_one("#delimiter", ChoiceField).offer(*steps.delimiters(file_choice))
        self.query_one("#encoding", ChoiceField).offer(*steps.encodings(file_choice))
        self.query_one("#ids", ChoiceField).offer(*steps.id_rules(file_choice))
        drawn = seen if file_choice.sender is None else sent
        self.query_one(Board).show(lambda look, _: text_page(drawn(session, look)))

    def on_mount(self) -> None:
        """Now it is on the screen."""
        if self.wizard.is_live:
            self.let_go()  # a look that a screen before this one began was ended with it
        self._suggest()
        file_choice = self.session.file_choice
        self.query_one("#into" if file_choice.look is not None or file_choice.sender is not None else "#files").focus()

    def is_waiting(self, session: Session) -> bool:
        """Whether files or the destination are looked at."""
        return bool(session.file_choice.doing)

    def let_go(self) -> None:
        """A look that ends with this screen was not made."""
        self._change_choice(doing="")

    def _change_choice(self, **changes: object) -> None:
        self.wizard.update_part("file_choice", **changes)

    def _wish(self, **changes: object) -> None:
        self._change_choice(wishes=msgspec.structs.replace(self.session.file_choice.wishes, **changes))

    # -- answers -----------------------------------------------------------------------------------------------------

    def on_input_changed(self, message: Input.Changed) -> None:
        """Keep what was typed, and show what follows from it."""
        value = message.value
        match message.input.id:
            case "files":
                self._change_choice(typed=value)
            case "names":
                self._wish(names=steps.names_of(value))
            case "id-field":
                self._wish(id_field=value.strip())
            case "from-index":
                self._wish(from_index=value.strip())
            case "expected":
                self._change_choice(expected=value.strip())
            case "into":
                self.wizard.update(self.session.answered(into=value.strip()))
            case _:
                self._change_choice(pipeline=value.strip())

    def on_choice_field_changed(self, message: ChoiceField.Changed) -> None:
        """Something else was chosen: files are looked at again, as they are to be read now."""
        value = message.value
        match message.choice.id:
            case "from":
                self._change_choice(
                    sender=Shipper(self.query_one("#sender", ChoiceField).value) if value == "sent" else None
                )
                return
            case "sender":
                self._change_choice(sender=Shipper(value))
                return
            case "format":
                self._wish(format=FileFormat(value) if value else None)
            case "ids":
                self._wish(ids=IdRule(value) if value else None)
            case "header":
                self._wish(has_header=value == "yes")
            case "delimiter":
                self._wish(delimiter=value)
            case _:
                self._wish(encoding=value)
        self.action_test()

    async def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter looks, where there is something new to look at; else it goes to the next field, or on."""
        if message.input.id in _LOOKED_FOR and not self.session.file_choice.is_looked_at:
            self.action_test()
            if message.input.id == "files":
                return
        if message.input.id == "into" and not BY_NAME[self.STEP].may_go_on(self.session):
            await self.action_next()
            return
        self.focus_next()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A user who leaves the field of the files, or of the _id, wants to see what that means."""
        file_choice = self.session.file_choice
        if event.widget.id in _LOOKED_FOR and not file_choice.is_looked_at and self.wizard.is_live:
            self.action_test()

    # -- looking -----------------------------------------------------------------------------------------------------

    def action_test(self) -> None:
        """Look at the files."""
        if self.session.file_choice.typed.strip() and self.session.file_choice.sender is None:
            self.run_worker(self._look(), group="look", exclusive=True)

    async def _look(self) -> None:
        is_first = self.session.file_choice.look is None
        if not await steps.look(self.wizard):
            self.query_one("#files").focus()
            return
        self.query_one(Board).action_move(-self.query_one(Board).sheet.height)
        self._suggest()
        if is_first and self.focused is not None and self.focused.id == "files":
            self.query_one("#into").focus()

    def _suggest(self) -> None:
        """Complete the name of the field as it is typed."""
        names = steps.known_fields(self.session.file_choice)
        field = self.query_one("#id-field", PlainInput)
        field.suggester = SuggestFromList(names) if names else None
        field.placeholder = shorten(", ".join(names), 60)

    def action_save(self) -> None:
        """Write the configuration of the sender to a file whose name is asked for."""
        from esmigrate_tui.wizard.screens.dialogs import LineScreen  # noqa: PLC0415  # loaded when first needed

        if self.session.file_choice.sender is None:
            self.say("Only a sender has a configuration: choose one above.")
            return
        try:
            configuration = steps.configuration_for(self.session)
        except ProblemError as error:
            self.say(error.problem.sentence())
            return
        self.wizard.ask(
            LineScreen(
                "The configuration, as a file",
                "Its name, here on this machine. It holds no secret; what to do with it stands above its text.",
                configuration.name,
                lambda name: "" if name.strip() else "a name is needed",
            ),
            lambda name: self.run_worker(self._save(name.strip(), configuration.text), group="save", exclusive=True),
        )

    async def _save(self, name: str, text: str) -> None:
        try:
            path = await self.wizard.services.save_text(name, text)
        except ProblemError as error:
            self.say(error.problem.what)
        else:
            self.say(f"Written: {shorten(clean(path, 300), 200)}")

    def action_scroll_page(self, lines: int) -> None:
        """Scroll what was seen while a field has the focus."""
        self.query_one(Board).action_move(lines)

    # -- next --------------------------------------------------------------------------------------------------------

    async def action_next(self) -> None:
        """Next looks first, where that was not done."""
        file_choice = self.session.file_choice
        if (
            file_choice.sender is None
            and file_choice.typed.strip()
            and not file_choice.is_looked_at
            and not file_choice.doing
        ):
            self.action_test()
            self.say("Looking first; then Next is possible.")
            return
        await super().action_next()

    async def go_on(self) -> None:
        """See what the destination has of that name, then to the mapping."""
        self.run_worker(self._go_on(), group="look", exclusive=True)

    async def _go_on(self) -> None:
        if not (reason := await steps.settle(self.wizard)):
            self.wizard.go("mapping")
        elif self.session.file_choice.problem is None:
            self.say(reason)
