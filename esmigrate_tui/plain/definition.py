"""What will be made for one index, in sentences; and taking it from a file instead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import definition as steps
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import clean, counted, listed
from esmigrate_tui.reading.mapping import body_in
from esmigrate_tui.translate.side_by_side import changed_at

if TYPE_CHECKING:
    from esmigrate_tui.flow.definition import IndexPart
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_HOW: Final = (
    "With its number, c 3 words says all of that, c 3 json shows the whole body; c 3 to FILE writes it to a file, "
    "c 3 from FILE takes it from one, c 3 back takes the translation again."
)
_SENTENCES: Final = 20


async def definition(index: IndexFacts, wanted: str, flow: PlainFlow, console: Console) -> None:
    """Do with the definition of an index what is wanted: "" says what is made, "from FILE" takes another."""
    verb, _, name = wanted.strip().partition(" ")
    if verb not in {"", "words", "json", "to", "from", "back"} or (verb in {"to", "from"}) != bool(name.strip()):
        console.say(_HOW)
        return
    if (problem := await steps.read(flow, index.name)) is not None:
        console.trouble(problem)
        return
    try:
        parts = steps.parts_of(flow.session.draft, index.name)
    except ProblemError as error:
        console.trouble(error.problem)
        return
    if verb in {"", "words"}:
        for part in parts:
            _say(part, console, in_full=verb == "words")
        console.say(_HOW)
        return
    part = await _which(parts, console)
    if not part.body:
        by_template = "is made by a template: change that one, on the destination or in the plan"
        console.say(f"{part.target} {by_template if part.is_stream else 'exists already: it stays as it is'}.")
    elif verb == "json":
        console.show(part.body, 0)
    elif verb == "to":
        await _write(part, name.strip(), flow, console)
    elif index.name not in flow.session.draft.selected:
        console.say("Choose the index first, then say what is made of it.")
    elif verb == "from":
        await _take(part, name.strip(), flow, console)
    elif part.is_edited:
        steps.undo(flow, part)
        console.say(f"{part.target} is made as it was translated.")
    else:
        console.say("It is the translation, nothing was changed.")


async def _which(parts: tuple[IndexPart, ...], console: Console) -> IndexPart:
    if len(parts) == 1:
        return parts[0]
    options = [(str(at), f"{clean(part.type, 200)}: {part.target}") for at, part in enumerate(parts)]
    return parts[int(await console.choose("Which type is meant?", options, "0"))]


def _say(part: IndexPart, console: Console, *, in_full: bool) -> None:
    of = f"the type {clean(part.type, 200)} of {part.index}" if part.type else part.index
    if part.is_stream:
        console.say(f"{part.target} becomes a data stream, made by a template.")
        _sentences(part.changes, console, in_full=in_full)
        return
    if not part.body:
        console.say(f"{part.target} exists already and is used as it is, for {of}.")
        return
    if part.is_edited:
        at = listed(changed_at(part.translation, part.body), most=12)
        console.say(f"{part.target} is made for {of} as YOU HAVE CHANGED IT: {at}.")
    else:
        console.say(f"{part.target} is made for {of}.")
    if part.conflicts:
        console.say("This cannot be carried over as it is:")
        _sentences(part.conflicts, console, in_full=in_full)
    if part.changes:
        console.say("This is otherwise there:")
        _sentences(part.changes, console, in_full=in_full)
    elif not part.conflicts:
        console.say("Nothing had to be changed for the new version.", 2)


def _sentences(sentences: tuple[str, ...], console: Console, *, in_full: bool) -> None:
    shown = sentences if in_full else sentences[:_SENTENCES]
    for sentence in shown:
        console.say(sentence, 2)
    if left := len(sentences) - len(shown):
        console.say(f"And {counted(left, 'sentence')} more.", 2)


async def _write(part: IndexPart, name: str, flow: PlainFlow, console: Console) -> None:
    with console.saying_problem():
        path = await flow.services.save_text(name, part.body + "\n")
        console.say(f"It is in {path}. Change it there; from instead of to takes it.")


async def _take(part: IndexPart, name: str, flow: PlainFlow, console: Console) -> None:
    with console.saying_problem():
        body = await asyncio.to_thread(body_in, name)
        steps.edit(flow, part, body)
        at = changed_at(part.translation, body)
        console.say(f"Taken: {part.target} is made with that. Changed: {listed(at, most=12) or 'nothing'}.")
