"""Where the snapshots are kept: one of those that are registered, or a new one after a question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.flow import repository as steps
from esmigrate_tui.flow.session import Known, NewRepository, other_name, repositories, repository_here
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.repository_types import TYPES, repository_of, type_of
from esmigrate_tui.plain.console import BackError, Pages, in_turn, place_of

if TYPE_CHECKING:
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.model.repository_types import Field
    from esmigrate_tui.model.snapshot import Repository
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.walk import PlainWalk


async def repository(walk: PlainWalk, console: Console) -> str:
    """Take one of the list, or register one."""
    pages = Pages(console)
    if walk.session.shelf.destination is None:
        await steps.list_them(walk)
    _say(walk, console, pages)
    while True:
        rows = repositories(walk.session.shelf)
        here = str(walk.session.shelf.cursor + 1) if rows else ""
        typed = await console.ask(
            "A number takes it; v 2 lets every node look, a adds one, e 2 one like it, r again", here
        )
        command, _, rest = typed.partition(" ")
        try:
            match command:
                case "r":
                    await steps.list_them(walk)
                    _say(walk, console, pages)
                case "m":
                    pages.more(len(rows))
                    _say(walk, console, pages)
                case "a":
                    await _fill_in(walk, console)
                    _say(walk, console, pages)
                case "v" | "e" if rest:
                    if (known := _row(rest, walk, console)) is not None:
                        await (_verify if command == "v" else _fill_in_from)(known, walk, console)
                case _:
                    if (known := _row(typed, walk, console)) is not None and await _take(known, walk, console):
                        return ""
        except BackError:
            _say(walk, console, pages)


def _say(walk: PlainWalk, console: Console, pages: Pages) -> None:
    shelf = walk.session.shelf
    if shelf.problem is not None:
        console.trouble(shelf.problem)
    if shelf.source_problem is not None:
        console.say(f"The source's could not be listed: {shelf.source_problem.what}")
    rows = [
        f"{known.name}, {known.shown.type}, {'readonly' if known.shown.is_readonly else 'read and write'}, "
        f"{known.shown.place or 'place not known'}; registered on {steps.where(known, walk.session)[0]}"
        for known in repositories(shelf)
    ]
    if rows:
        pages.say(rows)
    elif shelf.destination is not None:
        console.say("No repository is registered: the place that snapshots are kept in, a folder or a bucket.")
        console.say("a tells the destination where yours is.")


def _row(typed: str, walk: PlainWalk, console: Console) -> Known | None:
    """The repository of a number or a name, which the cursor then is at; else it is said why not."""
    rows = repositories(walk.session.shelf)
    cursor, wrong = place_of(typed, [known.name for known in rows])
    if wrong:
        console.say(f"Which one? {wrong[0].upper()}{wrong[1:]}.")
        return None
    steps.look_at(walk, cursor=cursor, problem=None)
    return rows[cursor]


async def _take(known: Known, walk: PlainWalk, console: Console) -> bool:
    """Whether one can go on with it; one that only the source has is registered first."""
    for sentence in steps.sentences(known, walk.session, takes="Its number", verifies="v"):
        if known.destination is None or not sentence.startswith("Its number"):
            console.say(sentence)
    if known.destination is None:
        if other := other_name(known, walk.session.shelf):
            console.say(f"The destination has it already, as {other}.")
            return False
        await _register(known.shown.registered(readonly=True), walk, console)
        here = repository_here(walk.session.shelf)
        if here is None or here.destination is None or here.name != known.name:
            return False
    if reason := BY_NAME["repository"].may_go_on(walk.session):
        console.say(f"It cannot go on yet: {reason}.")
        return False
    steps.take(walk)
    return True


async def _verify(known: Known, walk: PlainWalk, console: Console) -> None:
    if known.destination is None:
        console.say("Only what the destination has registered can be looked at from there.")
        return
    await steps.verify(walk, known.name)
    if (trouble := walk.session.shelf.verified.get(known.name)) is not None:
        console.trouble(trouble)
    else:
        console.say(f"Every node of the destination reaches {known.name}.")


# -- registering -----------------------------------------------------------------------------------------------------


def say_request(console: Console, to: str, request: Request, words: str = "The request") -> None:
    """A request that is about to be sent, or `words` says what it is, to the letter."""
    from esmigrate_tui.flow.layout import as_console  # noqa: PLC0415  # only then needed

    console.say(f"{words}, to {to}:")
    console.show(as_console(request))


async def _register(repository: Repository, walk: PlainWalk, console: Console) -> None:
    if any(one.name == repository.name for one in walk.session.shelf.destination or ()):
        console.say(f"The destination has a repository {repository.name} already: choose another name.")
        return
    try:
        change, to, said = steps.registration(repository, walk.session)
    except ProblemError as error:
        console.trouble(error.problem)
        return
    for sentence in said:
        console.say(sentence)
    say_request(console, to, change.made_by)
    if not await console.agrees(f"Register {repository.name} on the destination?"):
        console.say("Nothing was registered.")
    elif done := await steps.register(walk, repository.name, change):
        console.say(done)
    elif walk.session.shelf.problem is not None:
        console.trouble(walk.session.shelf.problem)


async def _fill_in_from(known: Known, walk: PlainWalk, console: Console) -> None:
    settings = {key: value for key, value in known.shown.settings.items() if key not in {"readonly", "uuid"}}
    if type_of(known.shown.type) is None:
        console.say(f"There is no form for the type {known.shown.type}.")
        return
    steps.look_at(walk, new=NewRepository(name=known.name, type=known.shown.type, values=settings))
    await _fill_in(walk, console)


async def _fill_in(walk: PlainWalk, console: Console) -> None:
    """Ask for a repository, field by field, and register it."""
    await in_turn(partial(question, walk, console) for question in (_name, _type, _readonly))
    kind = type_of(walk.session.shelf.new.type)
    settings = () if kind is None else tuple(field for field in kind.fields if field.name != "readonly")
    if kind is not None and kind.prepared:
        console.say(kind.prepared)
    if kind is not None and kind.secrets:
        client = walk.session.shelf.new.values.get("client") or "default"
        console.say(kind.secrets.replace("CLIENT", client))
    needed = [field for field in settings if field.is_needed]
    await in_turn(partial(_setting, walk, console, field) for field in needed)
    others = [field for field in settings if not field.is_needed]
    has_some = any(walk.session.shelf.new.values.get(field.name) for field in others)
    asked = f"Its other settings, {len(others)}, have defaults. Go through them?"
    if others and await console.agrees(asked, default=has_some):
        await in_turn(partial(_setting, walk, console, field) for field in others)
    new, known = walk.session.shelf.new, {field.name for field in settings}
    values = {key: value for key, value in new.values.items() if key in known and value}
    if new.type != "url":
        values["readonly"] = "true" if new.readonly else "false"
    try:
        repository = repository_of(new.type, new.name.strip(), values)
    except ProblemError as error:
        console.trouble(error.problem)
        console.say("Nothing was registered; a goes through the answers again.")
        return
    await _register(repository, walk, console)


def _type_in(walk: PlainWalk, **changes: object) -> None:
    steps.look_at(walk, new=msgspec.structs.replace(walk.session.shelf.new, **changes))


async def _name(walk: PlainWalk, console: Console) -> bool:
    console.say("How the destination is to call it. Searchable snapshots want the name that the source uses.")
    typed = await console.text(
        "Name", walk.session.shelf.new.name, why_not=lambda typed: "" if typed else "a name is needed"
    )
    _type_in(walk, name=typed)
    return True


async def _type(walk: PlainWalk, console: Console) -> bool:
    kinds = tuple((kind.name, f"{kind.name}: {kind.title}") for kind in TYPES)
    _type_in(walk, type=await console.choose("Type", kinds, walk.session.shelf.new.type))
    return True


async def _readonly(walk: PlainWalk, console: Console) -> bool:
    new = walk.session.shelf.new
    if new.type == "url":
        return False
    console.say("Only one cluster may write into a repository: two that do destroy it.")
    _type_in(walk, readonly=await console.agrees("Register it readonly?", default=new.readonly))
    return True


async def _setting(walk: PlainWalk, console: Console, field: Field) -> bool:
    new = walk.session.shelf.new
    standard = f" Where nothing is given: {field.default}." if field.default else ""
    console.say(f"{field.help}{standard}")
    typed = await console.text(
        field.label,
        new.values.get(field.name, ""),
        why_not=lambda typed: "this one is needed" if field.is_needed and not typed else "",
    )
    _type_in(walk, values={**walk.session.shelf.new.values, field.name: typed})
    return True
