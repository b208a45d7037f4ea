"""The commands of the sandbox: up, status, down, load. Heavy modules are imported when a command runs."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

from esmigrate_tui.sandbox.errors import SandboxError
from esmigrate_tui.sandbox.versions import NUMBERS

if TYPE_CHECKING:
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from esmigrate_tui.sandbox.progress import Progress, SandboxProgress

T = TypeVar("T")


def _amount(step: "SandboxProgress") -> str:
    if not step.total:
        return f" {step.done} s" if step.done else ""
    if step.total > 10_000_000:
        return f" {step.done / step.total:4.0%}  {step.done / 1e6:.0f} of {step.total / 1e6:.0f} MB"
    return f" {step.done / step.total:4.0%}"


def _bar() -> "Progress":
    """One line on a terminal, written over itself when it changes."""
    shown = ""

    def show(step: "SandboxProgress") -> None:
        nonlocal shown
        # The width most terminals have at least; a longer line would not be written over whole.
        line = (step.what + _amount(step))[:79]
        if line != shown:
            shown = line
            click.echo(f"\r\x1b[2K{line}", nl=False, err=True)

    return show


def terminal_progress() -> "Progress":
    """A bar on the terminal; nothing where standard error is none."""
    from esmigrate_tui.sandbox.progress import silent  # noqa: PLC0415 — with the command

    return _bar() if sys.stderr.isatty() else silent


def clear_bar() -> None:
    """Leave nothing of the bar."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[2K", nl=False, err=True)


def _carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; what went wrong becomes one sentence and an exit code."""
    try:
        return asyncio.run(work)
    except SandboxError as error:
        clear_bar()
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        clear_bar()
        click.echo("Interrupted. The node that was starting was ended and removed.", err=True)
        sys.exit(130)
    finally:
        clear_bar()


def _plain(node: "SandboxNode", standing: str, *, attached: bool) -> dict[str, object]:
    return {
        "name": node.name,
        "version": node.version,
        "standing": standing,
        "url": node.url,
        "user": node.user,
        "password": node.password,
        "pid": node.pid,
        "log": str(node.log),
        "snapshots": str(node.snapshots),
        "attached": attached,
    }


def _line(entry: dict[str, object]) -> str:
    login = f"user {entry['user']}  password {entry['password']}" if entry["user"] else "no password"
    own = "  (ends with the program that started it)" if entry["attached"] else ""
    return f"{entry['name']}  {entry['version']}  {entry['standing']}  {entry['url']}  {login}{own}"


def _show(entries: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(entries, indent=2))
    else:
        for entry in entries:
            click.echo(_line(entry))


@click.group()
def sandbox() -> None:
    """Real Elasticsearch nodes on this machine, to try things on."""


@sandbox.command()
@click.argument("versions", nargs=-1, required=True, metavar="VERSION...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-security", is_flag=True, help="Start without users and passwords.")
def up(versions: tuple[str, ...], *, as_json: bool, no_security: bool) -> None:
    """Start a node of each VERSION; it stays until `down`.

    The first time its server is downloaded (30 to 150 MB, said before) and checked. A node that is up already is
    shown again, a stopped one is started again with its data.
    """
    _show(_carry_out(_up(versions, secure=not no_security)), as_json=as_json)


async def _up(versions: tuple[str, ...], *, secure: bool) -> list[dict[str, object]]:
    from esmigrate_tui.sandbox.installations import announcement  # noqa: PLC0415 — with the command
    from esmigrate_tui.sandbox.nodes import NodeOptions, start_again, status, up  # noqa: PLC0415 — with the command
    from esmigrate_tui.sandbox.places import places  # noqa: PLC0415 — with the command
    from esmigrate_tui.sandbox.versions import find  # noqa: PLC0415 — with the command

    # A misspelt version is told before the first of several nodes is started.
    rows = [find(version) for version in versions]
    place = await asyncio.to_thread(places)
    for row in dict.fromkeys(rows):
        if (text := announcement(place, row)) is not None:
            click.echo(text, err=True)
    entries: list[dict[str, object]] = []
    for row in rows:
        wants_password = secure and row.has_security
        known = [
            entry
            for entry in await asyncio.to_thread(status)
            if entry.node.version == row.number
            and not entry.attached
            and (entry.node.user is not None) == wants_password
            and entry.standing != "starting"
        ]
        if known and known[0].standing == "up":
            node = known[0].node
        elif known:
            node = await start_again(known[0].node, progress=terminal_progress())
        else:
            options = NodeOptions(security=wants_password, attached=False)
            node = await up(row.number, options, progress=terminal_progress())
        entries.append(_plain(node, "up", attached=False))
    return entries


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """List the nodes and how they fare."""
    from esmigrate_tui.sandbox.nodes import status as known  # noqa: PLC0415 — with the command

    async def ask() -> list[dict[str, object]]:
        found = await asyncio.to_thread(known)
        return [_plain(entry.node, entry.standing, attached=entry.attached) for entry in found]

    entries = _carry_out(ask())
    if not entries and not as_json:
        click.echo(f"No node is up. Start one: up {NUMBERS[2]}")
    _show(entries, as_json=as_json)


@sandbox.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME|VERSION...|all")
def down(names: tuple[str, ...]) -> None:
    """End nodes and throw their data away; `all` ends those that `up` started."""
    for name in _carry_out(_down(names)):
        click.echo(f"{name} is down.")


async def _down(names: tuple[str, ...]) -> list[str]:
    from esmigrate_tui.sandbox.nodes import down, find_node, status  # noqa: PLC0415 — with the command

    # Attached nodes belong to a running test or demo, which ends them itself.
    own = [entry.node for entry in await asyncio.to_thread(status) if not entry.attached]
    nodes = own if names == ("all",) else [_only_one(name, own) or await find_node(name) for name in names]
    for node in nodes:
        await down(node)
    return [node.name for node in nodes]


def _only_one(target: str, nodes: "list[SandboxNode]") -> "SandboxNode | None":
    """The only node of a version; None where no node is of it, or where this is a node's name."""
    found = [node for node in nodes if node.version == target]
    if len(found) > 1 and all(node.name != target for node in nodes):
        raise SandboxError(f"Several nodes are {target}: {', '.join(node.name for node in found)}. Name one.")
    return found[0] if len(found) == 1 else None


@sandbox.command()
@click.argument("target", metavar="VERSION|NAME")
@click.option("--size", default=1000, show_default=True, type=click.IntRange(1), help="Documents in the largest index.")
@click.option("--collide", is_flag=True, help="Before 6.0: add an index whose two types share their ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def load(target: str, size: int, *, collide: bool, as_json: bool) -> None:
    """Fill a node with sample data; what an earlier load made is replaced."""
    counts = _carry_out(_load(target, size, collide=collide))
    if as_json:
        click.echo(json.dumps(counts, indent=2))
    else:
        click.echo(f"{sum(counts.values())} documents in {len(counts)} indices.")


async def _load(target: str, size: int, *, collide: bool) -> dict[str, int]:
    from esmigrate_tui.sandbox.loading import load  # noqa: PLC0415 — with the command
    from esmigrate_tui.sandbox.nodes import find_node, status  # noqa: PLC0415 — with the command

    found = [
        entry.node
        for entry in await asyncio.to_thread(status)
        if entry.standing == "up" and target in {entry.node.name, entry.node.version}
    ]
    node = found[0] if found else await find_node(target)
    return await load(node, size, collide=collide, progress=terminal_progress())
