"""Where the snapshots are kept: one of those that are registered, or a new one after a question."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.flow import repository as steps
from esmigrate_tui.flow.repository import KnownRepository, repositories, repository_here
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.repository_types import TYPES, type_of
from esmigrate_tui.plain.console import BackError, PagedRows, in_turn, needed

if TYPE_CHECKING:
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.model.repository_types import RepositorySetting
    from esmigrate_tui.model.snapshot import Repository
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow


async def repository(flow: PlainFlow, console: Console) -> str:
    """Take one of the list, or register one."""
    pages = PagedRows(console)
    if flow.session.repository_list.destination is None:
        await steps.list_them(flow)
    _say(flow, console, pages)
    while True:
        rows = repositories(flow.session.repository_list)
        here = str(flow.session.repository_list.cursor + 1) if rows else ""
        typed = await console.ask(
            "A number takes it; v 2 lets every node look, a adds one, e 2 one like it, r again", here
        )
        command, _, rest = typed.partition(" ")
        with suppress(BackError):
            match command:
                case "r":
                    await steps.list_them(flow)
                case "m":
                    pages.more(len(rows))
                case "a":
                    await _fill_in(flow, console)
                case "v" | "e" if rest:
                    if (known := _row(rest, flow, console)) is not None:
                        await (_verify if command == "v" else _fill_in_from)(known, flow, console)
                    continue
                case _:
                    if (known := _row(typed, flow, console)) is not None and await _take(known, flow, console):
                        return ""
                    continue
        _say(flow, console, pages)


def _say(flow: PlainFlow, console: Console, pages: PagedRows) -> None:
    repository_list = flow.session.repository_list
    if repository_list.problem is not None:
        console.trouble(repository_list.problem)
    if trouble := steps.source_trouble(repository_list):
        console.say(trouble)
    rows = [
        f"{known.name}, {known.shown.type}, {'readonly' if known.shown.is_readonly else 'read and write'}, "
        f"{known.shown.place or 'place not known'}; registered on {steps.where(known, flow.session)[0]}"
        for known in repositories(repository_list)
    ]
    if rows:
        pages.say(rows)
    elif repository_list.destination is not None:
        console.say("No repository is registered: the place that snapshots are kept in, a folder or a bucket.")
        console.say(steps.ADDS)


def _row(typed: str, flow: PlainFlow, console: Console) -> KnownRepository | None:
    """The repository of a number or a name, which the cursor then is at; else it is said why not."""
    rows = repositories(flow.session.repository_list)
    if (cursor := console.row(typed, [known.name for known in rows])) is None:
        return None
    flow.update_part("repository_list", cursor=cursor, problem=None)
    return rows[cursor]


async def _take(known: KnownRepository, flow: PlainFlow, console: Console) -> bool:
    """Whether one can go on with it; one that only the source has is registered first."""
    for sentence in steps.sentences(known, flow.session, takes="Its number", verifies="v"):
        if known.destination is None or not sentence.startswith("Its number"):
            console.say(sentence)
    if known.destination is None:
        if reason := steps.why_not_registered(known, flow.session.repository_list):
            console.say(reason)
            return False
        await _register(known.shown.registered(readonly=True), flow, console)
        here = repository_here(flow.session.repository_list)
        if here is None or here.destination is None or here.name != known.name:
            return False
    if reason := BY_NAME["repository"].may_go_on(flow.session):
        console.say(f"It cannot continue yet: {reason}.")
        return False
    steps.take(flow)
    return True


async def _verify(known: KnownRepository, flow: PlainFlow, console: Console) -> None:
    if known.destination is None:
        console.say(steps.ONLY_ITS_OWN)
        return
    await steps.verify(flow, known.name)
    if (trouble := flow.session.repository_list.verified.get(known.name)) is not None:
        console.trouble(trouble)
    else:
        console.say(f"Every node of the destination reaches {known.name}.")


# -- registering -----------------------------------------------------------------------------------------------------


def say_request(console: Console, to: str, request: Request, words: str = "The request") -> None:
    """A request that is about to be sent, or `words` says what it is, to the letter."""
    from esmigrate_tui.flow.layout import as_console  # noqa: PLC0415  # only then needed

    console.say(f"{words}, to {to}:")
    console.show(as_console(request))


async def _register(repository: Repository, flow: PlainFlow, console: Console) -> None:
    try:
        change, to, said = steps.registration(repository, flow.session)
    except ProblemError as error:
        console.trouble(error.problem)
        return
    for sentence in said:
        console.say(sentence)
    say_request(console, to, change.made_by)
    if not await console.agrees(f"Register {repository.name} on the destination?"):
        console.say("Nothing was registered.")
    elif done := await steps.register(flow, repository.name, change):
        console.say(done)
    elif flow.session.repository_list.problem is not None:
        console.trouble(flow.session.repository_list.problem)


async def _fill_in_from(known: KnownRepository, flow: PlainFlow, console: Console) -> None:
    with console.saying_problem():
        flow.update_part("repository_list", new=steps.filled_from(known))
        await _fill_in(flow, console)


async def _fill_in(flow: PlainFlow, console: Console) -> None:
    await in_turn(partial(question, flow, console) for question in (_name, _type, _readonly))
    kind = type_of(flow.session.repository_list.new.type)
    settings = steps.settings_asked(flow.session.repository_list.new)
    if kind is not None and kind.prepared:
        console.say(kind.prepared)
    if kind is not None and kind.secrets:
        client = flow.session.repository_list.new.values.get("client") or "default"
        console.say(kind.secrets.replace("CLIENT", client))
    needed = [field for field in settings if field.is_needed]
    await in_turn(partial(_setting, flow, console, field) for field in needed)
    others = [field for field in settings if not field.is_needed]
    has_some = any(flow.session.repository_list.new.values.get(field.name) for field in others)
    asked = f"Its other settings, {len(others)}, have defaults. Go through them?"
    if others and await console.agrees(asked, default=has_some):
        await in_turn(partial(_setting, flow, console, field) for field in others)
    try:
        repository = steps.typed_repository(flow.session)
    except ProblemError as error:
        console.trouble(error.problem)
        console.say("Nothing was registered; a goes through the answers again.")
        return
    await _register(repository, flow, console)


def _type_in(flow: PlainFlow, **changes: object) -> None:
    flow.update_part("repository_list", new=msgspec.structs.replace(flow.session.repository_list.new, **changes))


async def _name(flow: PlainFlow, console: Console) -> None:
    console.say(steps.NAME_MEANS)
    known = flow.session.repository_list.new.name
    _type_in(flow, name=await console.text("Name", known, why_not=needed("a name is needed")))


async def _type(flow: PlainFlow, console: Console) -> None:
    kinds = tuple((kind.name, f"{kind.name}: {kind.title}") for kind in TYPES)
    _type_in(flow, type=await console.choose("Type", kinds, flow.session.repository_list.new.type))


async def _readonly(flow: PlainFlow, console: Console) -> bool:
    new = flow.session.repository_list.new
    if new.type == "url":
        return False
    console.say(steps.READONLY_MEANS)
    _type_in(flow, readonly=await console.agrees("Register it readonly?", default=new.readonly))
    return True


async def _setting(flow: PlainFlow, console: Console, field: RepositorySetting) -> None:
    standard = f" Where nothing is given: {field.default}." if field.default else ""
    console.say(f"{field.help}{standard}")
    values = flow.session.repository_list.new.values
    why_not = needed("this one is needed") if field.is_needed else None
    typed = await console.text(field.label, values.get(field.name, ""), why_not=why_not)
    _type_in(flow, values={**values, field.name: typed})
