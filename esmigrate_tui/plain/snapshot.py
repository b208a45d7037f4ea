"""Which snapshot: the newest first; or a new one, taken by the source and watched in lines."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow import snapshot as steps
from esmigrate_tui.flow.layout import moment
from esmigrate_tui.flow.lists import matcher
from esmigrate_tui.flow.snapshot import shown_snapshots, source_of, why_not_from
from esmigrate_tui.flow.steps import BY_NAME
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import SnapshotFacts, SnapshotState
from esmigrate_tui.model.text import counted
from esmigrate_tui.plain.console import BackError, PagedRows
from esmigrate_tui.plain.repository import say_request

if TYPE_CHECKING:
    from esmigrate_tui.flow.session import NewSnapshot
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_LOOK_EVERY: Final = 0.5
_SAY_EVERY: Final = 5.0  # seconds between two lines


async def snapshot(flow: PlainFlow, console: Console) -> str:
    """Take one of the list, or let the source make one."""
    pages = PagedRows(console)
    if not flow.session.snapshot_list.is_whole:
        await steps.list_them(flow)
    _say(flow, console, pages)
    while True:
        rows = shown_snapshots(flow.session.snapshot_list)
        here = str(flow.session.snapshot_list.cursor + 1) if flow.session.snapshot_list.cursor < len(rows) else ""
        typed = await console.ask("A number takes it; /PATTERN filters, t takes a new snapshot, r lists again", here)
        with suppress(BackError):
            match typed:
                case "r":
                    await steps.list_them(flow)
                case "m":
                    pages.more(len(rows))
                case "t":
                    await _new(flow, console)
                case pattern if pattern.startswith("/"):
                    if matcher(pattern[1:]) is None:
                        console.say("That is not a regular expression.")
                        continue
                    flow.update_part("snapshot_list", pattern=pattern[1:], cursor=0)
                    pages.first()
                case _:
                    if await _take(typed, flow, console):
                        return ""
                    continue
        _say(flow, console, pages)


def _row(one: SnapshotFacts) -> str:
    begun = "begin not known" if one.started_at is None else f"begun {moment(one.started_at)}"
    made = f"made by {one.version}, " if one.version else ""
    return f"{one.name}, {steps.STATE_WORDS[one.state]}, {made}{begun}, {counted(len(one.indices), 'index', 'indices')}"


def _say(flow: PlainFlow, console: Console, pages: PagedRows) -> None:
    snapshot_list = flow.session.snapshot_list
    if snapshot_list.problem is not None:
        console.trouble(snapshot_list.problem)
    rows = [_row(one) for one in shown_snapshots(snapshot_list)]
    if rows:
        pages.say(rows)
    elif snapshot_list.pattern and snapshot_list.rows:
        console.say("No snapshot goes by that filter; / shows all again.")
    elif snapshot_list.is_whole:
        console.say("There is no snapshot in this repository yet. t lets the source take one, where it is connected.")


async def _take(typed: str, flow: PlainFlow, console: Console) -> bool:
    """Whether one can go on with the snapshot of this number or name."""
    rows = shown_snapshots(flow.session.snapshot_list)
    if (cursor := console.row(typed, [one.name for one in rows])) is None:
        return False
    flow.update_part("snapshot_list", cursor=cursor, problem=None)
    one = rows[cursor]
    if reason := BY_NAME["snapshot"].may_go_on(flow.session) or why_not_from(one):
        console.say(f"It cannot continue with that: {reason}.")
        if one.reason:
            console.say(one.reason)
        return False
    if refused := await steps.take(flow, one):
        console.say(refused)
        return False
    taken = flow.session.draft.snapshot or one
    console.say(f"{taken.name}: {steps.measures(taken)}. {steps.beside(taken)}")
    if missing := steps.missing_from(taken):
        console.say(missing)
    return True


# -- a new one -------------------------------------------------------------------------------------------------------


async def _new(flow: PlainFlow, console: Console) -> None:
    if reason := steps.why_not_new(flow.session, is_connected=Side.SOURCE in flow.clusters):
        console.say(f"Not here: {reason}.")
        return
    if said := await steps.named(flow):
        console.say(said)
    while True:
        new = await _asked(flow, console)
        flow.update_part("snapshot_list", new=new)
        if not (wrong := steps.why_not_called(new, flow.session)):
            break
        console.say(wrong)
    draft, there = flow.session.draft, source_of(flow.session)
    try:
        change = steps.taking(new, flow.session)
    except ProblemError as error:
        console.trouble(error.problem)
        return
    for sentence in steps.TAKING:
        console.say(sentence)
    say_request(console, draft.authority(Side.SOURCE), change.made_by)
    if there is None or not await console.agrees(f"Take the snapshot {new.name} on the source?"):
        console.say("No snapshot was taken.")
        return
    if await steps.make(flow, new.name, there.name, change):
        await _watch(flow, console)


async def _asked(flow: PlainFlow, console: Console) -> NewSnapshot:
    new = flow.session.snapshot_list.new
    name = await console.ask("Name of the new snapshot", new.name)
    console.say(f"Which indices? {steps.PATTERNS} {steps.WITHOUT_GLOBAL_STATE}")
    patterns = await console.ask("Indices", new.patterns)
    console.say(steps.meaning(patterns, flow.session.draft))
    states = new.feature_states
    if new.features:
        console.say(f"Feature states that can be taken as well: {', '.join(new.features)}.")
        typed = await console.text(
            "Feature states, by name, separated by blanks; Enter for none",
            " ".join(states),
            why_not=lambda typed: next((f"there is no {one}" for one in typed.split() if one not in new.features), ""),
        )
        states = tuple(dict.fromkeys(typed.split()))
    return msgspec.structs.replace(new, name=name, patterns=patterns, feature_states=states)


async def _watch(flow: PlainFlow, console: Console) -> None:
    """Say how far it is until it has ended; then list again, with the cursor on it."""
    console.say("It is being made on the source. Ctrl+C leaves; it continues without you.")
    said_at = flow.services.now()
    while (making := flow.session.snapshot_list.making) is not None:
        try:
            taken = await flow.cluster(Side.SOURCE).snapshots.taking(making.repository, making.name)
        except ProblemError as error:
            flow.update_part("snapshot_list", making=None, problem=error.problem)
            return
        if taken.state is not SnapshotState.IN_PROGRESS:
            flow.update_part("snapshot_list", making=None, pattern="")
            await steps.list_them(flow, then=making.name)
            console.say(steps.ended(taken.state))
            return
        flow.update_part("snapshot_list", making=msgspec.structs.replace(making, taken=taken))
        if flow.services.now() - said_at >= _SAY_EVERY:
            said_at = flow.services.now()
            console.say(", ".join(steps.so_far(taken)), 2)
        await asyncio.sleep(_LOOK_EVERY)
