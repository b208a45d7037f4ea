"""Which files, how they are read, and the index they go into; or another program that sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow import files as steps
from esmigrate_tui.flow.files import fields_asked, shipping_of, why_not_into
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.files import FileFormat, IdRule
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.model.text import clean, counted, number, size
from esmigrate_tui.plain.console import in_turn, needed
from esmigrate_tui.preflight.files import how_read
from esmigrate_tui.reading.identity import is_new_id

if TYPE_CHECKING:
    from esmigrate_tui.model.files import FileSample
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_SHOWN = 3


async def files(flow: PlainFlow, console: Console) -> str:
    """Ask one after the other; looking comes as soon as the files are named."""
    await _ask(_QUESTIONS, flow, console)
    return ""


async def _ask(questions: Questions, flow: PlainFlow, console: Console) -> None:
    """Each question whose field is asked for, or that has none."""

    async def ask(field: str, question: Question) -> bool | None:
        is_asked = fields_asked(flow.session.file_choice, is_seen=True).get(field, True)
        return await question(flow, console) if is_asked else False

    await in_turn(partial(ask, *each) for each in questions)


def _wish(flow: PlainFlow, **changes: object) -> None:
    flow.update_part("file_choice", wishes=msgspec.structs.replace(flow.session.file_choice.wishes, **changes))


async def _from(flow: PlainFlow, console: Console) -> None:
    sender = flow.session.file_choice.sender
    chosen = await console.choose("Where do the documents come from?", steps.FROM, "sent" if sender else "files")
    flow.update_part("file_choice", sender=(sender or Shipper(steps.SENDERS[0][0])) if chosen == "sent" else None)


async def _sender(flow: PlainFlow, console: Console) -> None:
    chosen = await console.choose("Which program sends?", steps.SENDERS, flow.session.file_choice.sender or "")
    flow.update_part("file_choice", sender=Shipper(chosen))


# -- files -----------------------------------------------------------------------------------------------------------


async def _typed(flow: PlainFlow, console: Console) -> None:
    console.say("Paths, and patterns with * and ?, separated by blanks; ** goes into folders.")
    while True:
        typed = await console.text("Files", flow.session.file_choice.typed, why_not=needed("name the files"))
        flow.update_part("file_choice", typed=typed)
        if not flow.session.file_choice.is_looked_at or flow.session.file_choice.look is None:
            await steps.look(flow)
        _say(flow, console)
        look = flow.session.file_choice.look
        if look is not None and look.files:
            return


def _say(flow: PlainFlow, console: Console) -> None:
    file_choice = flow.session.file_choice
    found = file_choice.look
    for problem in (file_choice.problem, found.problem if found is not None else None):
        if problem is not None:
            console.trouble(problem)
    if found is None:
        return
    for file in found.files[:_SHOWN]:
        console.say(f"{file.path}, {size(file.size)}", 2)
    if len(found.files) > _SHOWN:
        console.say(f"and {number(len(found.files) - _SHOWN)} more", 2)
    if found.sample is not None:
        _say_sample(found.sample, console)


def _say_sample(sample: FileSample, console: Console) -> None:
    console.say(f"Read as {how_read(sample.reading)}; {counted(sample.amount, 'row')} looked at.")
    if words := steps.unreadable_rows(sample):
        console.say(words)
    for error in sample.errors[:_SHOWN]:
        console.say(f"{PurePath(error.path).name}:{error.line}: {error.reason}", 2)
    _say_rows(sample, console)


def _say_rows(sample: FileSample, console: Console) -> None:
    if words := steps.repeated_ids(sample):
        console.say(f"{words}.")
    if sample.rows:
        console.say(steps.FIRST_ROWS)
    for row in sample.rows[:_SHOWN]:
        is_new = is_new_id(row, sample.reading)
        body = clean(row.source.decode("utf-8", "replace"), 300)
        console.say(f"_id {'(new)' if is_new else clean(row.id, 100)}: {body}", 2)


async def _of_index(flow: PlainFlow, console: Console) -> bool:
    """Which index's documents are meant, where the files have those of several."""
    file_choice = flow.session.file_choice
    is_open = steps.sample_of(file_choice) is None or bool(file_choice.wishes.from_index)
    if not is_open:
        return False
    typed = await console.ask(
        "Of which index? * for all of them; Enter for the one that they name", file_choice.wishes.from_index
    )
    _wish(flow, from_index=typed.strip())
    if not flow.session.file_choice.is_looked_at:
        await steps.look(flow)
        _say(flow, console)
    return True


async def _reading(flow: PlainFlow, console: Console) -> None:
    while True:
        sample = steps.sample_of(flow.session.file_choice)
        is_bad = sample is None or sample.is_unreadable
        options = (("yes", "yes"), ("no", "no: say how they are to be read"))
        if await console.choose("Is that read rightly?", options, "no" if is_bad else "yes") == "yes":
            if not is_bad:
                return
            console.say("It cannot continue yet: the files cannot be read like this.")
            continue
        await _ask(_OF_READING, flow, console)
        await steps.look(flow)
        _say(flow, console)


async def _format(flow: PlainFlow, console: Console) -> None:
    chosen = await console.choose("Read as", *steps.formats(flow.session.file_choice))
    _wish(flow, format=FileFormat(chosen) if chosen else None)


async def _delimiter(flow: PlainFlow, console: Console) -> None:
    offered = steps.delimiters(flow.session.file_choice)
    _wish(flow, delimiter=await console.choose("The cells are separated by", *offered))


async def _encoding(flow: PlainFlow, console: Console) -> None:
    _wish(flow, encoding=await console.choose("Encoding", *steps.encodings(flow.session.file_choice)))


async def _header(flow: PlainFlow, console: Console) -> None:
    now = "yes" if flow.session.file_choice.wishes.has_header else "no"
    _wish(flow, has_header=await console.choose("The first row", steps.HEADER, now) == "yes")


async def _names(flow: PlainFlow, console: Console) -> None:
    known = ", ".join(flow.session.file_choice.wishes.names)
    typed = await console.ask("Names of the columns, with commas; Enter for col1, col2 …", known)
    _wish(flow, names=steps.names_of(typed))


async def _ids(flow: PlainFlow, console: Console) -> None:
    console.say("The _id decides what a second run does: the same _id each time, and nothing is doubled.")
    chosen = await console.choose("Where does the _id come from?", *steps.id_rules(flow.session.file_choice))
    _wish(flow, ids=IdRule(chosen) if chosen else None)
    if chosen != IdRule.FIELD:
        await _look_again(flow, console)


async def _id_field(flow: PlainFlow, console: Console) -> None:
    if known := steps.known_fields(flow.session.file_choice):
        console.say(f"Fields: {', '.join(known)}.")
    look = None
    while look is None or look.problem is not None:
        known_field = flow.session.file_choice.wishes.id_field
        typed = await console.text("Which field is the _id?", known_field, why_not=needed("which field is the _id"))
        _wish(flow, id_field=typed)
        await _look_again(flow, console)
        look = flow.session.file_choice.look


async def _look_again(flow: PlainFlow, console: Console) -> None:
    """Look at the files with this _id, and say only what it changes."""
    if flow.session.file_choice.is_looked_at:
        return
    await steps.look(flow)
    file_choice = flow.session.file_choice
    for problem in (file_choice.problem, file_choice.look.problem if file_choice.look is not None else None):
        if problem is not None:
            console.trouble(problem)
    if (sample := steps.sample_of(file_choice)) is not None:
        _say_rows(sample, console)


# -- where to --------------------------------------------------------------------------------------------------------


async def _into(flow: PlainFlow, console: Console) -> None:
    draft = flow.session.draft
    typed = await console.text(
        "Index on the destination that they go into",
        draft.into,
        why_not=lambda typed: why_not_into(msgspec.structs.replace(draft, into=typed)),
    )
    flow.update(flow.session.answered(into=typed))


async def _expected(flow: PlainFlow, console: Console) -> None:
    file_choice = flow.session.file_choice

    def why_not(typed: str) -> str:
        is_number = shipping_of(msgspec.structs.replace(file_choice, expected=typed)) is not None
        return "" if is_number else "how many is not a number"

    asked = "How many documents will it be? Enter where that is not known"
    flow.update_part("file_choice", expected=await console.text(asked, file_choice.expected, why_not=why_not))


async def _pipeline(flow: PlainFlow, console: Console) -> None:
    asked = "Ingest pipeline of the destination; Enter for none"
    flow.update_part("file_choice", pipeline=await console.ask(asked, flow.session.file_choice.pipeline))


async def _configuration(flow: PlainFlow, console: Console) -> bool:
    """What the sender has to be told, and whether that goes into a file."""
    try:
        configuration = steps.configuration_for(flow.session)
    except ProblemError as error:
        console.trouble(error.problem)
        return False
    console.say(steps.TO_DO)
    for at, step in enumerate(configuration.steps, start=1):
        console.say(f"{at}. {step}", 2)
    console.say(f"Its configuration, {configuration.name}; it holds no secret:")
    console.show(configuration.text)
    name = await console.ask(f"Name of a file to write it to, such as {configuration.name}; Enter for none")
    if name:
        with console.saying_problem():
            console.say(f"Written: {await flow.services.save_text(name, configuration.text)}")
    return True


async def _settle(flow: PlainFlow, console: Console) -> bool:
    """See what the destination has of that name; another one is asked for where it does not do."""
    while reason := BY_NAME["files"].may_go_on(flow.session) or await steps.settle(flow):
        console.say(f"It cannot continue yet: {reason.rstrip('.')}.")
        await _into(flow, console)
    return False


Question = Callable[["PlainFlow", "Console"], Awaitable[bool | None]]
Questions = tuple[tuple[str, Question], ...]

_OF_READING: Final[Questions] = (
    ("format", _format),
    ("delimiter", _delimiter),
    ("encoding", _encoding),
    ("header", _header),
    ("names", _names),
)
_QUESTIONS: Final[Questions] = (
    ("", _from),
    ("sender", _sender),
    ("files", _typed),
    ("from-index", _of_index),
    ("format", _reading),
    ("ids", _ids),
    ("id-field", _id_field),
    ("into", _into),
    ("expected", _expected),
    ("pipeline", _pipeline),
    ("sender", _configuration),
    ("", _settle),
)
"""In the order in which they are asked, by the names of their fields."""
