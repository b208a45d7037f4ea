"""What is written down about each node, so that another process finds it: one JSON file a node, 0600."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from esmigrate_tui.sandbox.launch import NodeFolders, NodeOptions
from esmigrate_tui.sandbox.places import SandboxFolders, make_folder
from esmigrate_tui.sandbox.supervisor import start_ticks

Standing = Literal["starting", "up", "stopped", "dead"]


@dataclass(frozen=True)
class ProcessIdentity:
    """A process that can be told from a later one with the same number.

    `ticks` is what `supervisor.start_ticks` says of it.
    """

    pid: int
    ticks: str

    @property
    def is_alive(self) -> bool:
        """Whether exactly this process still runs."""
        return start_ticks(self.pid) == self.ticks


@dataclass(frozen=True)
class SandboxNode:
    """A node as its users see it.

    `user` and `password` are None without security. `home` is the node's own folder, `log` what it printed,
    `snapshots` the `path.repo` that all nodes of this sandbox list, `authority` the PEM file to trust for https.
    """

    name: str
    version: str
    url: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    pid: int
    home: Path
    log: Path
    snapshots: Path
    authority: Path | None = None


@dataclass(frozen=True)
class NodeRecord:
    """Everything needed to find, end and start again one node."""

    node: SandboxNode
    options: NodeOptions
    transport_port: int
    owner: ProcessIdentity
    process: ProcessIdentity | None = None
    supervisor: ProcessIdentity | None = None
    is_healthy: bool = False
    is_stopped: bool = False

    def with_process(self, process: ProcessIdentity | None, supervisor: ProcessIdentity | None) -> "NodeRecord":
        """The same node with other processes."""
        pid = process.pid if process is not None else 0
        return replace(self, node=replace(self.node, pid=pid), process=process, supervisor=supervisor, is_healthy=False)


def standing(record: NodeRecord) -> Standing:
    """How the node fares, seen from its processes; no request is sent."""
    if record.process is not None and record.process.is_alive:
        return "up" if record.is_healthy else "starting"
    if record.is_stopped:
        return "stopped"
    if record.process is None and record.owner.is_alive:
        return "starting"
    return "dead"


def _path(place: SandboxFolders, name: str) -> Path:
    return place.state / f"{name}.json"


def _revived(kind: type, value: object) -> object:
    """A path, which is a text in a record."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError


def write(place: SandboxFolders, record: NodeRecord) -> None:
    """Write a record at once or not at all."""
    make_folder(place.state, 0o700)
    text = msgspec.json.format(msgspec.json.encode(record, enc_hook=str), indent=1)
    path = _path(place, record.node.name)
    scratch = path.with_suffix(f".{os.getpid()}")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 — pathlib cannot set the mode at birth
        out.write(text)
    scratch.replace(path)


def read(place: SandboxFolders, name: str) -> NodeRecord | None:
    """The record of a node; None when there is none, or when it cannot be understood."""
    try:
        return msgspec.json.decode(_path(place, name).read_bytes(), type=NodeRecord, dec_hook=_revived)
    except (OSError, ValueError):
        return None


def read_all(place: SandboxFolders) -> list[NodeRecord]:
    """Every record, by name."""
    if not place.state.is_dir():
        return []
    found = [read(place, path.stem) for path in sorted(place.state.glob("*.json"))]
    return [record for record in found if record is not None]


def forget(place: SandboxFolders, name: str) -> None:
    """Remove a record."""
    _path(place, name).unlink(missing_ok=True)


def layout(place: SandboxFolders, name: str) -> NodeFolders:
    """The folders of the node of that name."""
    return NodeFolders(place.nodes / name)
