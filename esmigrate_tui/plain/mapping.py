"""The mapping of a new index, field by field, as it was guessed and as it is wanted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from esmigrate_tui.flow import mapping as steps
from esmigrate_tui.plain.console import BackError, PagedRows
from esmigrate_tui.reading.mapping import body_in

if TYPE_CHECKING:
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_HOW = (
    "A number chooses another type for the field; f 3 says how its dates are written; x 3 leaves a column out, or "
    "takes it in; u 3 takes the guess again; d 3 says all about it; j shows all of it as JSON, j FILE reads it from a "
    "file; l says the list again, m more of it. Enter continues."
)


async def mapping(flow: PlainFlow, console: Console) -> str:
    """Say what was guessed, and correct it until one goes on."""
    pages = PagedRows(console)
    is_there = flow.session.file_choice.there is not None
    if is_there:
        console.say(f"{flow.session.draft.into} exists already: it is used as it is, its mapping stays.")
    else:
        console.say(_HOW)
    _say(flow, console, pages)
    while typed := await console.ask("Change, or Enter continues"):
        try:
            if typed in {"m", "l"}:
                if typed == "m":
                    pages.more(len(steps.mapped(flow.session)))
                _say(flow, console, pages)
            elif typed == "j" or typed.startswith("j "):
                await _json(typed[2:].strip(), flow, console)
            elif is_there:
                console.say("The index exists already: its mapping stays as it is. Another name (b) makes a new one.")
            else:
                await _change(typed, flow, console)
        except BackError:
            _say(flow, console, pages)
    return ""


def _row(row: steps.MappedField) -> str:
    kind = steps.LEFT_OUT if row.is_left_out else " ".join(filter(None, (row.kind or steps.OWN_GUESS, row.format)))
    alone = row.guess.dynamic if row.guess is not None else ""
    changed = ", CHANGED" if row.is_changed else ""
    return f"{row.field}: {kind}{changed}" + (f" (its own guess: {alone})" if alone else "")


def _say(flow: PlainFlow, console: Console, pages: PagedRows) -> None:
    rows = [_row(row) for row in steps.mapped(flow.session)]
    if rows:
        pages.say(rows)
    elif flow.session.file_choice.sender is not None:
        console.say("What will be sent is not known yet: the destination guesses. j FILE gives a mapping.")
    else:
        console.say("No row could be read, so nothing is known of any field. j FILE gives a mapping.")


async def _change(typed: str, flow: PlainFlow, console: Console) -> None:
    command, _, rest = typed.partition(" ")
    which = rest if command in {"f", "x", "u", "d"} else typed
    rows = steps.mapped(flow.session)
    if (at := console.row(which, [row.field for row in rows], "Which field?")) is None:
        return
    row = rows[at]
    match command if rest else "":
        case "f":
            await _format(row, flow, console)
        case "x":
            if reason := steps.leave_out(flow, row):
                console.say(f"{reason}.")
        case "u":
            steps.undo(flow, row)
        case "d":
            if row.guess is not None and row.guess.examples:
                console.say(f"Such as {', '.join(row.guess.examples)}.")
            for sentence in steps.sentences(row, flow.session):
                console.say(sentence)
            return
        case _:
            await _kind(row, flow, console)
    console.say(next((f"{_row(now)}." for now in steps.mapped(flow.session) if now.field == row.field), ""))


async def _kind(row: steps.MappedField, flow: PlainFlow, console: Console) -> None:
    options = [(name, f"{name or steps.OWN_GUESS}: {words}") for name, words in steps.KINDS]
    kind = await console.choose(f"What is {row.field}?", options, row.kind)
    if kind == row.kind and not row.is_left_out:
        return
    known = steps.known_format(row, kind)
    steps.become(flow, row, kind, known)
    if kind == "date" and not known:
        now = next(one for one in steps.mapped(flow.session) if one.field == row.field)
        await _format(now, flow, console)


async def _format(row: steps.MappedField, flow: PlainFlow, console: Console) -> None:
    if row.kind != "date":
        console.say("Only a date has a format: its number makes a date of it.")
        return
    console.say(
        f"How the dates of {row.field} are written, as Elasticsearch says it: dd.MM.yyyy HH:mm:ss, epoch_millis; "
        "several with || between them. Enter: ISO dates and milliseconds."
    )
    steps.become(flow, row, "date", await console.ask("Format", row.format))


async def _json(name: str, flow: PlainFlow, console: Console) -> None:
    if not name:
        console.show(steps.body_there(flow.session), 0)
        return
    if flow.session.file_choice.there is not None:
        console.say("The index exists already: its mapping stays as it is.")
        return
    with console.saying_problem():
        body = await asyncio.to_thread(body_in, name)
        steps.make(flow, body)
        console.say("Taken: the index is made with that.")
