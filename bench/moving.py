"""Documents moved by every way there is, on the same data, in turn, in one run: ours, the server's own, and the peers'.

Every mover is a program of its own. What each needs for an empty index (starting, and for ours the run's folder, its
journal and the comparison at the end) is measured as well and taken off. Each has ended when all documents can be found
by a search: ours makes sure of that itself. The limit is what the two nodes give on this
machine when nothing couples them: the requests of a copy, recorded before, sent again by as many streams, the reads and
the bulks at the same time by two programs that look at nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec
import platformdirs

from bench.movers import End, Job
from bench.processes import ROOT, Measured, measured, python
from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.transport import WireNode
from esmigrate_tui.engine.folders import RunFolder
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.copy_through_here.decisions import CopyState
from esmigrate_tui.methods.copy_through_here.mover import CopyThroughHere
from esmigrate_tui.model.connection import Connection, Credential, Side, SignIn, parse_address
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.sandbox.nodes import NodeOptions, down, up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from esmigrate_tui.sandbox.nodes import SandboxNode

DOCUMENTS: Final = int(os.environ.get("BENCH_DOCUMENTS", "200_000"))
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
SIZE: Final = 512  # bytes of a document
SHARDS: Final = 5
DELAY: Final = 40  # milliseconds in each direction
SIZES: Final = (1_000, 2_500, 5_000, 10_000)
"""Documents a batch of `_reindex`; the first is its default."""
HEAVY: Final = 20_000_000
ELASTICDUMP: Final = "6.125.1"
_INDEX: Final = "bench-logs"
_NOTHING: Final = "bench-nothing"
_MIXED: Final = "bench-mixed"
_PAGE: Final = 5_000
_FIELDS: Final[dict[str, Any]] = {
    "@timestamp": {"type": "date"},
    "status": {"type": "integer"},
    "bytes": {"type": "long"},
    "took_ms": {"type": "double"},
    "ip": {"type": "ip"},
    "path": {"type": "keyword"},
    "message": {"type": "keyword", "ignore_above": 1024},
}


@dataclass
class Mover:
    """One way to move; `move` takes the name of an index and says what it took, None where nothing here can tell."""

    name: str
    move: Callable[[str], Measured]
    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Documents a second, the median."""
        return statistics.median(self.rates)


class Ends:
    """The two nodes, asked plainly."""

    def __init__(self, source: SandboxNode, destination: SandboxNode) -> None:
        self.source, self.destination = source, destination

    def ask(self, node: SandboxNode, method: str, path: str, body: bytes | None = None, *, lines: bool = False) -> Any:  # noqa: ANN401  # JSON
        """One request; raises for an answer that is an error, but for a DELETE of what is not there."""
        return asyncio.run(_ask(node, method, path, body, lines=lines))

    def make(self, index: str) -> None:
        """The destination's index, anew, as each mover is to find it."""
        self.ask(self.destination, "DELETE", f"/{index}")
        body = {
            "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
            "mappings": {"enabled": False} if index == _MIXED else {"properties": _FIELDS},
        }
        self.ask(self.destination, "PUT", f"/{index}", json.dumps(body).encode())

    def arrived(self, index: str) -> int:
        """How many documents the destination has."""
        self.ask(self.destination, "POST", f"/{index}/_refresh")
        return int(self.ask(self.destination, "GET", f"/{index}/_count")["count"])


def node_end(node: SandboxNode, port: int | None = None) -> End:
    """How a node is reached, by another port where something stands before it."""
    url = node.url if port is None else f"http://127.0.0.1:{port}"
    return End(url, node.user or "", node.password or "")


async def _ask(node: SandboxNode, method: str, path: str, body: bytes | None, *, lines: bool) -> Any:  # noqa: ANN401  # JSON
    kind = "application/x-ndjson" if lines else "application/json"
    timeout = aiohttp.ClientTimeout(total=600)
    async with (
        aiohttp.ClientSession(headers=node_end(node).headers, timeout=timeout) as session,
        session.request(method, node.url + path, data=body, headers={"content-type": kind}) as answer,
    ):
        told = await answer.json()
        if answer.status >= 400 and not (method == "DELETE" and answer.status == 404):
            message = f"{method} {path} of {node.name}: {answer.status} {str(told)[:500]}"
            raise RuntimeError(message)
        return told


# -- the data --------------------------------------------------------------------------------------------------------


def _document(chance: random.Random, number: int) -> bytes:
    """A line of a web log, of exactly SIZE bytes."""
    path = f"/shop/{chance.choice(('books', 'lamps', 'boats'))}/{chance.randrange(5_000)}"
    entry: dict[str, Any] = {
        "@timestamp": 1_700_000_000_000 + number * 431 + chance.randrange(431),
        "status": chance.choice((200, 200, 200, 301, 404)),
        "bytes": chance.randrange(1 << 20),
        "took_ms": chance.randrange(1, 90_000) / 1000,
        "ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
        "path": path,
        "message": "",
    }
    words = " ".join(f"{chance.getrandbits(32):08x}" for _ in range(60))
    entry["message"] = words[: SIZE - len(json.dumps(entry))]
    return json.dumps(entry).encode()


def _fill(ends: Ends) -> None:
    """The source's three indices: the logs, an empty one, and one with a few documents of 20 MB among small ones."""
    chance = random.Random(7)  # noqa: S311  # the same data in each run
    typed = {"log": {"properties": _FIELDS}}
    for index, mapping in ((_INDEX, typed), (_NOTHING, typed), (_MIXED, {"log": {"enabled": False}})):
        shards = 1 if index == _MIXED else SHARDS
        ends.ask(ends.source, "DELETE", f"/{index}")
        settings = {"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1"}
        ends.ask(ends.source, "PUT", f"/{index}", json.dumps({"settings": settings, "mappings": mapping}).encode())
    for first in range(0, DOCUMENTS, _PAGE):
        _send(ends, _INDEX, ((f"log-{n:08}", _document(chance, n)) for n in range(first, first + _PAGE)))
    small = b'{"t":"' + b"x" * 1_000 + b'"}'
    for part in range(5):
        _send(ends, _MIXED, ((f"{part}-{n}", small) for n in range(4_000)))
        _send(ends, _MIXED, [(f"heavy-{part}", b'{"t":"' + b"%d" % part * HEAVY + b'"}')])
    for index in (_INDEX, _NOTHING, _MIXED):
        ends.ask(ends.source, "POST", f"/{index}/_refresh")
    ends.ask(ends.source, "POST", f"/{_INDEX}/_forcemerge?max_num_segments=5")


def _send(ends: Ends, index: str, documents: Any) -> None:  # noqa: ANN401  # pairs of an _id and bytes
    body = b"".join(b'{"index":{"_id":"%s"}}\n%s\n' % (name.encode(), source) for name, source in documents)
    told = ends.ask(ends.source, "POST", f"/{index}/log/_bulk?filter_path=errors", body, lines=True)
    if told["errors"]:
        message = f"{ends.source.name} refused a document of {index}"
        raise RuntimeError(message)


# -- ours ------------------------------------------------------------------------------------------------------------


def connection_of(end: End) -> tuple[Connection, Credential]:
    """How the program reaches a node, and signs in."""
    endpoint, _ = parse_address(end.url)
    kind = SignIn.PASSWORD if end.user else SignIn.NONE
    return (
        Connection(endpoint=endpoint, sign_in=kind, user=end.user),
        Credential(sign_in=kind, user=end.user, secret=end.password),
    )


def _plan(ends: Ends, source: End, destination: End, index: str, method: MethodName) -> Plan:
    create = {
        "settings": {"index.number_of_shards": "1", "index.number_of_replicas": "0"},
        "mappings": {"properties": _FIELDS} if index in {_INDEX, _NOTHING} else {"enabled": False},
    }
    documents = int(ends.ask(ends.source, "GET", f"/{index}/_count")["count"])
    task = Task(
        number=1,
        source_index=index,
        destination_index=index,
        create=json.dumps(create),
        documents=documents,
        size=documents * SIZE // 2,
    )
    return Plan(
        method=method,
        made_at="2026-01-01T00:00:00Z",
        source=connection_of(source)[0],
        destination=connection_of(destination)[0],
        source_version=ends.source.version,
        destination_uuid=str(
            ends.ask(ends.destination, "GET", "/_cluster/state/metadata?filter_path=cluster_uuid")["cluster_uuid"]
        ),
        destination_version=ends.destination.version,
        tasks=(task,),
    )


def ours(
    ends: Ends,
    source: End,
    method: MethodName = MethodName.COPY_THROUGH_HERE,
    *,
    well: Sequence[int] = (0,),
) -> Callable[[str], Measured]:
    """A whole run in its own process, as `esmigrate run` begins it; it ends with one of the codes in `well`."""
    destination = node_end(ends.destination)
    credentials = msgspec.msgpack.encode(
        {Side.SOURCE: connection_of(source)[1], Side.DESTINATION: connection_of(destination)[1]}
    )

    def move(index: str) -> Measured:
        ends.ask(ends.destination, "DELETE", f"/{index}")
        with tempfile.TemporaryDirectory() as home:
            folder = RunFolder(Path(home) / "BENCH")
            folder.path.mkdir()
            folder.plan.write_text(_plan(ends, source, destination, index, method).to_toml(), encoding="utf-8")
            return measured(python("esmigrate_tui.engine.process", str(folder.path)), credentials, well=well)

    return move


# -- the others ------------------------------------------------------------------------------------------------------


def _reindex(ends: Ends, source: End, size: int) -> Callable[[str], Measured]:
    def move(index: str) -> Measured:
        ends.make(index)
        remote = {"host": source.url, **({"username": source.user, "password": source.password} if source.user else {})}
        body = {"source": {"remote": remote, "index": index, "size": size}, "dest": {"index": index}}
        began = time.perf_counter()
        told = ends.ask(ends.destination, "POST", "/_reindex", json.dumps(body).encode())
        if told["failures"]:
            message = f"_reindex failed: {str(told['failures'])[:500]}"
            raise RuntimeError(message)
        return Measured(time.perf_counter() - began, 0.0, 0)

    return move


def _helpers(ends: Ends, source: End) -> Callable[[str], Measured]:
    def move(index: str) -> Measured:
        ends.make(index)
        job = Job(source=source, destination=node_end(ends.destination), index=index)
        return measured(python("bench.movers", "helpers"), msgspec.json.encode(job) + b"\n")

    return move


def _elasticdump() -> Path | None:
    """The program, installed once into the user's cache; None on a machine without node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    folder = platformdirs.user_cache_path("esmigrate") / f"elasticdump-{ELASTICDUMP}"
    program = folder / "node_modules" / ".bin" / "elasticdump"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", folder, f"elasticdump@{ELASTICDUMP}"],
            check=True,
        )
    return program


# The newest nodes here answer no GET /, which it asks for the version; all else it does there by itself.
_SHIM: Final = """
const Base = require(%s + "/lib/transports/__es__/_base.js");
const parse = Base.prototype._parseVersion;
Base.prototype._parseVersion = function (response) {
  try { return parse.call(this, response); }
  catch (error) { return { version: "9.5.0", distribution: "elasticsearch", distributionVersion: "9.5.0" }; }
};
"""


def _dumped(ends: Ends, source: End, program: Path) -> Callable[[str], Measured]:
    """Its pages as large as helps it most: 1 000 is said to be best, its default of 100 is far slower."""

    def move(index: str) -> Measured:
        ends.make(index)
        with tempfile.TemporaryDirectory() as folder:
            sign_in = Path(folder) / "sign-in"  # one for both nodes, which have one password
            sign_in.write_text(f"user={source.user}\npassword={source.password}\n", encoding="utf-8")
            command = [str(program), "--type=data", "--limit=1000", "--quiet", f"--httpAuthFile={sign_in}"]
            command += [f"--input={source.url}/{index}", f"--output={ends.destination.url}/{index}"]
            shim = Path(folder) / "shim.js"
            shim.write_text(_SHIM % json.dumps(str(program.parents[1] / "elasticdump")), encoding="utf-8")
            return measured(command, b"", {"NODE_OPTIONS": f"--require {shim}"})

    return move


# -- the limit -------------------------------------------------------------------------------------------------------


class _Recorder(WireNode):
    """What a copy asks of both nodes, in the order of its asking."""

    reads: list[tuple[str, bytes]]
    bulks: list[tuple[str, bytes]]

    async def perform_request(  # type: ignore[override]  # the same call
        self,
        method: str,
        target: str,
        body: Any = None,  # noqa: ANN401  # bytes, or a stream of them
        *arguments: Any,  # noqa: ANN401  # handed on
        **named: Any,  # noqa: ANN401  # handed on
    ) -> Any:  # noqa: ANN401  # the library's own pair
        kept: bytes = body.getvalue() if hasattr(body, "getvalue") else body or b""
        if "/_bulk" in target:
            _Recorder.bulks.append((target, kept))
        elif b"_seq_no" in kept and b'"query"' in kept:
            _Recorder.reads.append((target, kept))
        return await super().perform_request(method, target, body, *arguments, **named)


async def _record(ends: Ends, folder: Path) -> int:
    """Keep the requests of one copy in files; how many streams it found best."""
    _Recorder.reads, _Recorder.bulks = [], []
    source, destination = node_end(ends.source), node_end(ends.destination)
    plan = await asyncio.to_thread(_plan, ends, source, destination, _INDEX, MethodName.COPY_THROUGH_HERE)
    await asyncio.to_thread(ends.make, _INDEX)
    work = Work(task=plan.tasks[0], plan=plan, opaque_id="esmigrate-bench-1", requests_per_second=0.0)
    token = ""
    async with (
        await connect(*connection_of(source), node_class=_Recorder) as old,
        await connect(*connection_of(destination), node_class=_Recorder) as new,
    ):
        async for moved in CopyThroughHere().perform(work, Clusters(destination=new, source=old), ""):
            token = moved.token
            await asyncio.sleep(0.2)
    for name, requests in (("reads", _Recorder.reads), ("bulks", _Recorder.bulks)):
        (folder / name).write_bytes(msgspec.msgpack.encode(requests))
    _Recorder.reads, _Recorder.bulks = [], []
    return CopyState.from_token(token).streams


def _limit(ends: Ends, folder: Path, streams: int) -> Callable[[str], Measured]:
    job = Job(
        source=node_end(ends.source),
        destination=node_end(ends.destination),
        index=_INDEX,
        folder=str(folder),
        streams=streams,
    )

    def move(index: str) -> Measured:
        ends.make(index)
        if index == _NOTHING:
            return Measured(0.0, 0.0, 0)
        both = [
            subprocess.Popen(python("bench.movers", name), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
            for name in ("reads", "bulks")
        ]
        for one in both:
            _say(one, msgspec.json.encode(job) + b"\n")
        for one in both:
            hear(one)
        for one in both:
            _say(one, b"go\n")
        seconds = [float(hear(one)) for one in both]
        for one in both:
            one.wait()
        return Measured(max(seconds), 0.0, 0)

    return move


def _say(process: subprocess.Popen[bytes], words: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    process.stdin.write(words)
    process.stdin.flush()


def hear(process: subprocess.Popen[bytes]) -> bytes:
    """The next line that a program says; raises RuntimeError where it has ended."""
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    line = process.stdout.readline()
    if not line:
        message = f"{process.args!r} ended and said nothing"
        raise RuntimeError(message)
    return line


@contextmanager
def delayed(node: SandboxNode) -> Iterator[End]:
    """The node at the end of a long line."""
    command = python("bench.delay", "127.0.0.1", str(node.port), str(DELAY))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as line:
        try:
            yield node_end(node, int(hear(line)))
        finally:
            assert line.stdin is not None  # noqa: S101  # a pipe was asked for
            line.stdin.close()


# -- rounds and figures ----------------------------------------------------------------------------------------------


def _rounds(ends: Ends, movers: list[Mover]) -> None:
    """Every mover in turn, as often as there are rounds; raises where one did not bring all there is.

    A first round does not count: the servers' own code is compiled while they work.
    """
    for number in range(ROUNDS + 1):
        for mover in movers[number % len(movers) :] + movers[: number % len(movers)]:
            idle = mover.move(_NOTHING)
            busy = mover.move(_INDEX)
            began = time.perf_counter()
            arrived = ends.arrived(_INDEX)
            seconds = busy.seconds + time.perf_counter() - began - idle.seconds
            if arrived != DOCUMENTS:
                message = f"{mover.name} brought {arrived} of {DOCUMENTS}"
                raise RuntimeError(message)
            if not number:
                continue
            mover.starts.append(idle.seconds)
            mover.rates.append(DOCUMENTS / max(0.001, seconds))
            mover.processor.append((busy.processor - idle.processor) / DOCUMENTS)
            mover.peaks.append(busy.peak)
            print(f"  round {number}: {mover.name}: {mover.rates[-1]:,.0f} documents/s", file=sys.stderr, flush=True)


def _row(mover: Mover, ours: Mover) -> str:
    """A mover's line: its rate, ours against it, and what it took of this machine."""
    ratio = statistics.median(mine / its for mine, its in zip(ours.rates, mover.rates, strict=True))
    line = f"  {mover.name:<34} {mover.rate:>8,.0f}  {ratio:>6.2f}"
    if mover.peaks[0]:
        line += (
            f"  {statistics.median(mover.processor) * 1e6:>7.1f}  {statistics.median(mover.peaks) / 1e6:>6.0f}"
            f"  {statistics.median(mover.starts):>7.2f}"
        )
    return line


_HEAD: Final = f"  {'':<34} {'docs/s':>8}  {'ours ×':>6}  {'µs/doc':>7}  {'MB':>6}  {'start s':>7}"


def _figures(title: str, movers: list[Mover], bars: Mapping[str, float]) -> list[str]:
    ours = movers[0]
    lines = [title, _HEAD, *(_row(mover, ours) for mover in movers)]
    for name, bar in bars.items():
        of = [mover for mover in movers if mover.name.split(", ")[0] == name or mover.name == name]
        if not of:
            lines.append(f"  {name}: not measured")
            continue
        best = max(of, key=lambda mover: mover.rate)
        ratio = statistics.median(mine / its for mine, its in zip(ours.rates, best.rates, strict=True))
        lines.append(f"  {'holds' if ratio >= bar else 'MISSED'}: {ratio:.2f} times {best.name} (bar: {bar})")
    return lines


def _side_by_side(ends: Ends, folder: Path, *, has_reindex: bool) -> list[str]:
    source = node_end(ends.source)
    streams = asyncio.run(_record(ends, folder))
    movers = [Mover("ours", ours(ends, source)), Mover(f"limit, {streams} streams", _limit(ends, folder, streams))]
    if has_reindex:
        movers += [Mover(f"_reindex, {size}", _reindex(ends, source, size)) for size in SIZES]
        movers.append(Mover("reindex in ranges (ours)", ours(ends, source, MethodName.REINDEX_FROM_REMOTE)))
    program = _elasticdump()
    if program is not None:
        movers.append(Mover("elasticdump", _dumped(ends, source, program)))
    movers.append(Mover("helpers", _helpers(ends, source)))
    _rounds(ends, movers)
    bars = {"limit": 0.9, **({"_reindex": 1.0} if has_reindex else {}), "elasticdump": 2.0, "helpers": 1.8}
    title = (
        f"{DOCUMENTS:,} documents of {SIZE} bytes, {SHARDS} shards on {ends.source.version} to 1 on "
        f"{ends.destination.version}, medians of {ROUNDS} rounds"
    )
    lines = _figures(title, movers, bars)
    spent = statistics.median(movers[0].processor) * 1e6
    lines.append(f"  {'holds' if spent <= 6 else 'MISSED'}: {spent:.1f} µs of our processor a document (bar: 6)")
    return lines + _proved(ends, movers[0])


def _far_away(ends: Ends) -> list[str]:
    with delayed(ends.source) as source:
        movers = [
            Mover("ours", ours(ends, source)),
            *(Mover(f"_reindex, {size}", _reindex(ends, source, size)) for size in SIZES),
            Mover("reindex in ranges (ours)", ours(ends, source, MethodName.REINDEX_FROM_REMOTE)),
        ]
        _rounds(ends, movers)
    title = f"the same to {ends.destination.version}, {DELAY} ms in each direction between the source and its reader"
    return _figures(title, movers, {f"_reindex, {SIZES[0]}": 2.0, "_reindex": 1.15})


def _proved(ends: Ends, ours: Mover) -> list[str]:
    """Every document compared after a copy, and again after four were changed: what is named, how fast, how much."""
    ours.move(_INDEX)
    command = python("esmigrate_tui", "verify", "--json", "--again", "--index", _INDEX)
    for side, node in (("source", ends.source), ("destination", ends.destination)):
        command += [f"--{side}", node.url.replace("//", f"//{node.user}@" if node.user else "//")]
    secrets_of = {
        f"ESMIGRATE_{side}_PASSWORD": node.password
        for side, node in (("SOURCE", ends.source), ("DESTINATION", ends.destination))
        if node.password
    }
    equal = measured(command, b"", secrets_of)
    for method, name, body in (
        ("PUT", "log-00000017", b'{"status":1}'),
        ("DELETE", "log-00000018", None),
        ("PUT", "new", b'{"status":1}'),
        ("DELETE", "log-00000019", None),
    ):
        ends.ask(ends.destination, method, f"/{_INDEX}/_doc/{name}", body)
    moved = ends.ask(ends.source, "GET", f"/{_INDEX}/log/log-00000019/_source")
    ends.ask(ends.destination, "PUT", f"/{_INDEX}/_doc/log-00000019?routing=x", json.dumps(moved).encode())
    other = measured(command, b"", secrets_of, well=(7,))
    named = {(one["kind"], one["id"]) for one in json.loads(other.said)["differences"]}
    expected = {
        ("content", "log-00000017"),
        ("missing", "log-00000018"),
        ("extra", "new"),
        ("routing", "log-00000019"),
    }
    lines = [f"  every document compared: {DOCUMENTS / equal.seconds:,.0f} documents/s"]
    share = DOCUMENTS / other.seconds / ours.rate
    peak = max(equal.peak, other.peak) / 1e6
    holds = "holds" if named == expected else "MISSED"
    lines.append(f"  {holds}: of four documents that were changed {len(named & expected)} are named, and no other")
    lines.append(f"  {'holds' if share >= 0.5 else 'MISSED'}: at {share:.2f} of the copy's rate (bar: 0.5)")
    lines.append(f"  {'holds' if peak < 120 else 'MISSED'}: with at most {peak:.0f} MB (bar: 120)")
    return lines


def _heavy(ends: Ends) -> list[str]:
    taken = ours(ends, node_end(ends.source))(_MIXED)
    arrived = ends.arrived(_MIXED)
    if arrived != 20_005:
        message = f"{arrived} of 20005 documents came"
        raise RuntimeError(message)
    peak = taken.peak / 1e6
    return [f"  {'holds' if peak < 150 else 'MISSED'}: at most {peak:.1f} MB with documents of 20 MB (bar: 150)"]


def _between(destination: str, measure: Callable[[Ends, Path], list[str]]) -> str:
    """What is measured between a filled 6.8.23 and that destination."""
    options = NodeOptions(password=secrets.token_urlsafe(15), brief=False, heap="1g")
    with tempfile.TemporaryDirectory() as folder:
        source = asyncio.run(up("6.8.23", options))
        try:
            there = asyncio.run(up(destination, options))
            try:
                ends = Ends(source, there)
                _fill(ends)
                return "\n".join(measure(ends, Path(folder)))
            finally:
                asyncio.run(down(there))
        finally:
            asyncio.run(down(source))


def figure() -> str:
    """A table: rates, ours against each, processor a document, memory."""
    return _between("7.17.28", lambda ends, folder: [*_side_by_side(ends, folder, has_reindex=True), *_heavy(ends)])


def newest() -> str:
    """The same to the newest version, whose node here has no `_reindex`."""
    return _between("9.5.0", lambda ends, folder: [*_side_by_side(ends, folder, has_reindex=False), *_heavy(ends)])


def far_away() -> str:
    """A table for a source at the end of a long line."""
    return _between("7.17.28", lambda ends, _: _far_away(ends))
