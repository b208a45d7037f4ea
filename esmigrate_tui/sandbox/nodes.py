"""Starting and ending real nodes: `up`, `down`, `stop`, `start_again`, `status`.

Nothing here is bound to an event loop: a node started in one loop can be stopped in another, or in another process.
"""

import asyncio
import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.sandbox import records, supervisor
from esmigrate_tui.sandbox.errors import NodeDied, NoSuchNode, NotHealthyInTime, PortTaken
from esmigrate_tui.sandbox.installations import installed
from esmigrate_tui.sandbox.java import find_java
from esmigrate_tui.sandbox.launch import (
    FileUser,
    NodeAddress,
    NodeFolders,
    NodeOptions,
    TlsFiles,
    command,
    environment,
    file_realm,
    jvm_options,
    log_tail,
    settings,
    uses_security,
)
from esmigrate_tui.sandbox.places import (
    NodeAccount,
    SandboxFolders,
    account,
    full_disk_reported,
    locked,
    make_folder,
    places,
)
from esmigrate_tui.sandbox.progress import Progress, SandboxProgress, silent
from esmigrate_tui.sandbox.records import NodeRecord, ProcessIdentity, SandboxNode, Standing, standing
from esmigrate_tui.sandbox.versions import SandboxVersion, find

if TYPE_CHECKING:
    import ssl

__all__ = [
    "FileUser",
    "NodeOptions",
    "NodeStatus",
    "SandboxNode",
    "TlsFiles",
    "down",
    "find_node",
    "login",
    "start_again",
    "status",
    "stop",
    "trust",
    "up",
]

# Below the ports that systems give to outgoing connections: a stopped node finds its port free when it starts again.
_PORTS: Final = range(21_000, 32_000)
_PORT_TRIES: Final = 3
_GRACE: Final = 15.0
_BIND_FAILURES: Final = ("BindException", "BindHttpException", "BindTransportException", "Address already in use")


@dataclass(frozen=True)
class NodeStatus:
    """A node and how it fares; `attached` nodes end with the process that started them."""

    node: SandboxNode
    standing: Standing
    attached: bool


# The supervisors that this process started, by the node's folder. Their open pipes are what keeps attached nodes
# alive, so they must not be collected as garbage.
_held: "dict[Path, subprocess.Popen[bytes]]" = {}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server itself does: a port whose last connection lingers is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int, taken: set[int]) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_PORTS)
        if port not in taken and port not in found and _is_free(port):
            found.append(port)
    return found


def _myself() -> ProcessIdentity:
    return ProcessIdentity(os.getpid(), supervisor.start_ticks(os.getpid()) or "")


def _port_taken(port: int, version: SandboxVersion) -> PortTaken:
    return PortTaken(
        f"Port {port} on 127.0.0.1 is taken by another program, so Elasticsearch {version.number} cannot listen there. "
        "End that program, or choose another port; without a port the sandbox picks a free one.",
    )


async def _reserve(place: SandboxFolders, version: SandboxVersion, options: NodeOptions) -> NodeRecord:
    """Choose name and ports and write them down, so that another process chooses others."""
    async with locked(place, "records"):
        known = await asyncio.to_thread(records.read_all, place)
        names = {record.node.name for record in known}
        base = options.name or f"es-{version.number}"
        name = next(
            candidate
            for candidate in (base, *(f"{base}-{number}" for number in range(2, 10_000)))
            if candidate not in names
        )
        taken = {port for record in known for port in (record.node.port, record.transport_port)}
        if options.port is not None and not _is_free(options.port):
            raise _port_taken(options.port, version)
        port, transport_port = _free_ports(2, taken)
        port = options.port if options.port is not None else port
        home = records.layout(place, name)
        secure = uses_security(version, options)
        scheme = "https" if options.tls is not None and version.has_security else "http"
        node = SandboxNode(
            name=name,
            version=version.number,
            url=f"{scheme}://127.0.0.1:{port}",
            port=port,
            user="elastic" if secure else None,
            password=(options.password or secrets.token_urlsafe(15)) if secure else None,
            pid=0,
            home=home.home,
            log=home.log,
            snapshots=place.snapshots,
            authority=home.config / "tls" / "authority.crt" if scheme == "https" else None,
        )
        record = NodeRecord(node, options, transport_port, _myself())
        await asyncio.to_thread(records.write, place, record)
        return record


def _hand_over(path: Path, who: NodeAccount) -> None:
    if who.uid is None or who.gid is None:
        return
    os.chown(path, who.uid, who.gid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder, name), who.uid, who.gid, follow_symlinks=False)


def _prepare(place: SandboxFolders, server: Path, record: NodeRecord, who: NodeAccount) -> None:
    """Make the node's folders and its own copy of the configuration."""
    layout = NodeFolders(record.node.home)
    options = record.options
    shutil.rmtree(layout.home, ignore_errors=True)
    make_folder(place.nodes)
    make_folder(layout.home, 0o700)
    shutil.copytree(server / "config", layout.config)
    for folder in (layout.data, layout.logs, layout.tmp):
        folder.mkdir()
    if (layout.config / "jvm.options").exists():
        path = layout.config / "jvm.options"
        path.write_text(jvm_options(path.read_text(encoding="utf-8")), encoding="utf-8")
    if not any((layout.config / name).exists() for name in ("scripts", "jvm.options")):
        (layout.config / "scripts").mkdir()
    if options.file_users:
        salts = tuple(secrets.token_bytes(32) for _ in options.file_users)
        users, roles = file_realm(options.file_users, salts)
        (layout.config / "users").write_text(users, encoding="utf-8")
        (layout.config / "users_roles").write_text(roles, encoding="utf-8")
    if options.tls is not None:
        (layout.config / "tls").mkdir()
        shutil.copyfile(options.tls.key, layout.config / "tls" / "http.key")
        shutil.copyfile(options.tls.certificate, layout.config / "tls" / "http.crt")
        shutil.copyfile(options.tls.authority, layout.config / "tls" / "authority.crt")
    _hand_over(layout.home, who)
    make_folder(place.snapshots, 0o755, who)


@dataclass(frozen=True)
class _NodeParts:
    """What a node of one version is started with."""

    version: SandboxVersion
    server: Path
    java: Path
    who: NodeAccount


async def _kit(place: SandboxFolders, number: str, progress: Progress) -> _NodeParts:
    version = find(number)
    who = account()
    server = await installed(place, version, progress)
    return _NodeParts(version, server, await find_java(version, place, who, progress), who)


async def _keep_password(kit: _NodeParts, record: NodeRecord) -> None:
    """Put the password of `elastic` into the node's keystore: through standard input, never on a command line."""
    version, who = kit.version, kit.who
    layout = NodeFolders(record.node.home)
    tool = str(kit.server / "bin" / "elasticsearch-keystore")
    small = replace(record.options, heap="64m")
    process = await asyncio.create_subprocess_exec(
        tool,
        # `--force` also creates the keystore, which saves starting a JVM once more for that.
        *("add", "--force", "--stdin", "bootstrap.password"),
        cwd=layout.home,
        env=environment(version, small, layout, kit.java),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=who.uid,
        group=who.gid,
        extra_groups=None if who.uid is None else [],
    )
    output, _ = await process.communicate((record.node.password or "").encode() + b"\n")
    if process.returncode != 0:
        raise NodeDied(
            f"Elasticsearch {version.number} could not keep its password ({tool}):\n"
            + log_tail(output.decode(errors="replace")),
        )


def _launch(place: SandboxFolders, record: NodeRecord, order: supervisor.SupervisorOrder) -> NodeRecord:
    """Start the supervisor and through it the node."""
    process = subprocess.Popen(  # noqa: S603 — our own script
        [sys.executable, "-I", "-S", supervisor.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # A session of its own: Ctrl+C in the terminal reaches the owner only, which then ends the node in good order.
        start_new_session=True,
    )
    _held[record.node.home] = process
    if process.stdin is None or process.stdout is None:
        raise NodeDied("The supervisor has no pipes.")
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
    line = process.stdout.readline()
    process.stdout.close()
    answer: dict[str, Any] = json.loads(line) if line else {"error": "the supervisor ended at once"}
    if "error" in answer:
        raise NodeDied(f"Elasticsearch {record.node.version} could not be started: {answer['error']}.")
    itself = ProcessIdentity(process.pid, supervisor.start_ticks(process.pid) or "")
    started = record.with_process(ProcessIdentity(int(answer["pid"]), str(answer["ticks"])), itself)
    records.write(place, started)
    return started


def _died(place: SandboxFolders, record: NodeRecord) -> NodeDied | PortTaken:
    """Why a node ended, from its log, which is kept."""
    try:
        text = record.node.log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if any(failure in text for failure in _BIND_FAILURES):
        return _port_taken(record.node.port, find(record.node.version))
    kept = make_folder(place.last_logs) / f"{record.node.name}.log"
    kept.write_text(text, encoding="utf-8")
    return NodeDied(
        f"Elasticsearch {record.node.version} ended while it started. Its last lines:\n{log_tail(text)}\n"
        f"The whole log is kept in {kept}.",
    )


def login(node: SandboxNode) -> dict[str, str]:
    """The headers that log in as the node's user; none without security."""
    if node.user is None:
        return {}
    both = base64.b64encode(f"{node.user}:{node.password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {both}"}


def trust(node: SandboxNode) -> "ssl.SSLContext | bool":
    """What to trust when talking to the node: its own authority, or whatever the system does."""
    if node.authority is None:
        return True
    import ssl  # noqa: PLC0415 — only nodes with TLS need it

    return ssl.create_default_context(cafile=str(node.authority))


async def _healthy(place: SandboxFolders, record: NodeRecord, progress: Progress) -> None:
    """Wait until the node answers and its shards are there."""
    import aiohttp  # noqa: PLC0415 — slow to import

    node = record.node
    what = f"Starting {node.name}"
    loop = asyncio.get_running_loop()
    begun = loop.time()
    answer = "no answer yet"
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(ssl=trust(node))
    async with aiohttp.ClientSession(headers=login(node), timeout=timeout, connector=connector) as session:
        while (waited := loop.time() - begun) < record.options.patience:
            progress(SandboxProgress(what, int(waited), None))
            if record.process is None or not record.process.is_alive:
                raise await asyncio.to_thread(_died, place, record)
            try:
                async with session.get(f"{node.url}/_cluster/health") as response:
                    text = await response.text()
                    answer = f"HTTP {response.status} {text[:200]}"
                    if response.status == 200 and json.loads(text).get("status") in {"green", "yellow"}:
                        return
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                answer = str(error) or type(error).__name__
            await asyncio.sleep(0.2)
    tail = log_tail(await asyncio.to_thread(node.log.read_text, encoding="utf-8", errors="replace"))
    raise NotHealthyInTime(
        f"{node.name} did not get healthy within {record.options.patience:.0f} seconds "
        f"(last answer: {log_tail(answer)}). "
        f"The machine may be too busy or short of memory: end other nodes and try again. Its last lines:\n{tail}",
    )


async def _run(place: SandboxFolders, kit: _NodeParts, record: NodeRecord, progress: Progress) -> NodeRecord:
    """From prepared folders to a healthy node."""
    layout = NodeFolders(record.node.home)
    node = record.node
    spot = NodeAddress(node.name, node.port, record.transport_port, node.snapshots)
    order = supervisor.SupervisorOrder(
        argv=command(kit.version, kit.server, settings(kit.version, record.options, layout, spot)),
        environment=environment(kit.version, record.options, layout, kit.java),
        directory=str(layout.home),
        log=str(layout.log),
        user=kit.who.uid,
        group=kit.who.gid,
        grace=_GRACE,
        discard=[str(layout.home), str(place.state / f"{node.name}.json")],
    )
    record = await asyncio.to_thread(_launch, place, record, order)
    await _healthy(place, record, progress)
    record = replace(record, is_healthy=True, is_stopped=False)
    await asyncio.to_thread(records.write, place, record)
    if not record.options.attached:
        _release(node)
    return record


def _release(node: SandboxNode) -> None:
    pipe = _held[node.home].stdin
    if pipe is not None:
        pipe.write(b"release\n")
        pipe.flush()


async def _end(record: NodeRecord) -> None:
    """End a node's processes; returns when the last one has ended."""
    held = _held.pop(record.node.home, None)
    if record.supervisor is not None and record.supervisor.is_alive:
        # Its processes are members of the supervisor's session; it ends by itself once they have ended.
        await asyncio.to_thread(supervisor.end_session, record.supervisor.pid, _GRACE)
    elif record.process is not None and record.process.is_alive:
        await asyncio.to_thread(_end_alone, record.process)
    if held is not None:
        await asyncio.to_thread(_collect, held)
    if record.supervisor is not None:
        await asyncio.to_thread(_wait_for, record.supervisor)


def _collect(held: "subprocess.Popen[bytes]") -> None:
    """Wait for a supervisor whose node has ended, which it notices by itself; only then let go of its pipe."""
    with suppress(subprocess.TimeoutExpired):
        held.wait(timeout=5)
    if held.stdin is not None:
        with suppress(BrokenPipeError):
            held.stdin.close()
    held.wait()


def _wait_for(process: ProcessIdentity) -> None:
    while process.is_alive:
        time.sleep(0.05)


def _end_alone(process: ProcessIdentity) -> None:
    """End what is left of a node whose supervisor was killed."""
    if not process.is_alive:
        return
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    supervisor.end_session(int(fields[3]), _GRACE)


async def _clear(place: SandboxFolders, record: NodeRecord) -> None:
    await _end(record)
    await asyncio.to_thread(shutil.rmtree, record.node.home, ignore_errors=True)
    await asyncio.to_thread(records.forget, place, record.node.name)


async def _clear_whatever_came_of(place: SandboxFolders, name: str) -> None:
    """Clean up after a start that did not end well, also when it was interrupted between two steps."""
    record = await asyncio.to_thread(records.read, place, name)
    if record is None:
        return
    held = _held.get(record.node.home)
    if record.supervisor is None and held is not None:
        record = replace(record, supervisor=ProcessIdentity(held.pid, supervisor.start_ticks(held.pid) or ""))
    await _clear(place, record)


async def _sweep(place: SandboxFolders) -> None:
    """Throw away what attached nodes left whose owners have ended."""
    for record in await asyncio.to_thread(records.read_all, place):
        processes = (record.owner, record.process, record.supervisor)
        if record.options.attached and not any(process is not None and process.is_alive for process in processes):
            await _clear(place, record)


async def up(version: str, options: NodeOptions | None = None, *, progress: Progress = silent) -> SandboxNode:
    """Start a node of that version and wait until it is healthy; downloads and unpacks it first when needed.

    Cancelled or failed, it leaves no process and no folder of the node behind.

    Raises:
        SandboxError: one of its subclasses; the message says what to do.
    """
    options = options if options is not None else NodeOptions()
    find(version)
    place = await asyncio.to_thread(places)
    await _sweep(place)
    kit = await _kit(place, version, progress)
    for _ in range(_PORT_TRIES - 1 if options.port is None else 0):
        # Between choosing a free port and listening there, another process may have taken it.
        with suppress(PortTaken):
            return await _up(place, kit, options, progress)
    return await _up(place, kit, options, progress)


async def _up(place: SandboxFolders, kit: _NodeParts, options: NodeOptions, progress: Progress) -> SandboxNode:
    record = await _reserve(place, kit.version, options)
    try:
        with full_disk_reported(record.node.home, f"Starting {record.node.name}"):
            await asyncio.to_thread(_prepare, place, kit.server, record, kit.who)
            if record.node.password is not None:
                await _keep_password(kit, record)
            return (await _run(place, kit, record, progress)).node
    except BaseException:
        await asyncio.shield(_clear_whatever_came_of(place, record.node.name))
        raise


async def _known(place: SandboxFolders, name: str) -> NodeRecord:
    record = await asyncio.to_thread(records.read, place, name)
    if record is None:
        names = ", ".join(known.node.name for known in await asyncio.to_thread(records.read_all, place))
        raise NoSuchNode(f"There is no node {name} here. Known: {names or 'none'}.")
    return record


async def find_node(name: str) -> SandboxNode:
    """The node of that name.

    Raises:
        NoSuchNode: there is none; the message lists those there are.
    """
    return (await _known(await asyncio.to_thread(places), name)).node


async def down(node: SandboxNode) -> None:
    """End a node and throw its data away; does nothing when it has ended already.

    A name is given again once it is free: a node of the same name that was started since is left alone.
    """
    place = await asyncio.to_thread(places)
    record = await asyncio.to_thread(records.read, place, node.name)
    if record is not None and (record.node.port, record.node.password) == (node.port, node.password):
        await _clear(place, record)


async def stop(node: SandboxNode) -> None:
    """End a node and keep its data, for `start_again`.

    Raises:
        NoSuchNode: it is not known (any more).
    """
    place = await asyncio.to_thread(places)
    record = await _known(place, node.name)
    await asyncio.to_thread(records.write, place, replace(record, is_stopped=True))
    await _end(record)
    await asyncio.to_thread(records.write, place, replace(record.with_process(None, None), is_stopped=True))


async def start_again(node: SandboxNode, *, progress: Progress = silent) -> SandboxNode:
    """Start a stopped (or dead) node with its data, its port and its password; a living one is stopped first.

    Raises:
        SandboxError: as `up`; the data are kept all the same.
    """
    place = await asyncio.to_thread(places)
    record = await _known(place, node.name)
    if record.process is not None and record.process.is_alive:
        await stop(node)
        record = await _known(place, node.name)
    if not _is_free(record.node.port):
        raise _port_taken(record.node.port, find(record.node.version))
    kit = await _kit(place, record.node.version, progress)
    record = replace(record.with_process(None, None), owner=_myself(), is_stopped=True)
    try:
        return (await _run(place, kit, record, progress)).node
    except BaseException:
        latest = await asyncio.to_thread(records.read, place, node.name)
        if latest is not None:
            await asyncio.shield(_end(latest))
            await asyncio.to_thread(records.write, place, replace(latest.with_process(None, None), is_stopped=True))
        raise


def status() -> list[NodeStatus]:
    """Every node that is written down, by name; blocks for a few file reads."""
    return [NodeStatus(record.node, standing(record), record.options.attached) for record in records.read_all(places())]
