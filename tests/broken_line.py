"""A line to a real server that breaks where a test wants it to; everything else crosses it as it is.

It listens on loopback and speaks just enough HTTP/1.1 to tell where a request and its answer end. So the whole client
is tested, down to its sockets, and the server answers for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import zlib
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from esmigrate_tui.sandbox.nodes import SandboxNode

_AT_A_TIME: Final = 1 << 16


class Break(Enum):
    """Where a line breaks: both ends see a reset connection, but for CUT, which ends an answer in good order."""

    BEFORE = "before the server gets a byte"
    WITHIN = "when the server has got half of it"
    AFTER = "when the server has obeyed, and its answer is lost"
    CUT = "in the middle of the answer"
    DENIED = "when the server has obeyed, and a gateway says that it is away"


@dataclass(frozen=True)
class Answer:
    """What something before the server answers in its place; the server never gets the request."""

    status: int
    body: bytes = b'{"error":{"type":"es_rejected_execution_exception","reason":"rejected execution"},"status":429}'
    kind: str = "application/json"


@dataclass(frozen=True)
class Told:
    """What something in between makes of the answer of a server that has obeyed."""

    status: int
    body: bytes
    kind: str = "application/json"


BUSY: Final = Answer(429)
"""What Elasticsearch says whose queue is full."""
BUSY_PROXY: Final = Answer(429, b"<html><h1>429 Too Many Requests</h1></html>", "text/html")
"""What a web server says that stands before it."""


@dataclass(frozen=True)
class Flood:
    """An answer that is more than anybody asked for: a head, and pieces of a body for as long as the line is held."""

    pieces: Iterable[bytes]
    head: bytes = b"transfer-encoding: chunked"
    status: int = 200


def endless(start: bytes = b'{"hits":{"hits":[{"_id":"1","_source":{"t":"', piece: bytes = b"x" * _AT_A_TIME) -> Flood:
    """An answer in chunks without end."""
    pieces = chain([start] if start else [], repeat(piece))
    return Flood(pieces=(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces))


def bomb(size: int, start: bytes = b'{"hits":{"hits":[{"_id":"1","_source":{"t":"') -> Flood:
    """A gzip answer that is small on the line, and says so, and has so many bytes when it is unpacked."""
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(start)
    zeros = b"0" * (1 << 20)
    packed += b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()
    return Flood(pieces=(packed,), head=b"content-encoding: gzip\r\ncontent-length: %d" % len(packed))


Fault = Break | Answer | Told | Flood


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str

    @property
    def what(self) -> str:
        """The request without its query."""
        return f"{self.method} {self.target.partition('?')[0]}"


class Line:
    """A line to a node, which listens at `host`. `judge` is asked before each request; `met` are requests with a fault.

    `asked` are all requests that have reached a server, with the name of its node, in their order. `under_way` counts
    the requests that were judged and not answered yet.
    """

    def __init__(self, node: SandboxNode, host: str = "127.0.0.1") -> None:
        self._node = node
        self._port = node.port
        self._host = host
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.Task[None]] = set()
        self.judge: Callable[[Asked], Awaitable[Fault | None]] | None = None
        self.met: list[Asked] = []
        self.asked: list[tuple[str, Asked]] = []
        self.under_way = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, self._host, 0, limit=1 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.cancel()
        await asyncio.gather(*self._ends, return_exceptions=True)

    @property
    def node(self) -> SandboxNode:
        """The node, as it is reached through this line."""
        if self._server is None:
            raise AssertionError(self._node.name)
        port = self._server.sockets[0].getsockname()[1]
        return replace(self._node, url=f"http://{self._host}:{port}", port=port)

    def leads_to(self, node: SandboxNode) -> None:
        """From now on another server answers at this address, as after a change of names; every line is cut."""
        self._node = node
        self._port = node.port
        for end in self._ends:
            end.cancel()

    def breaks(self, fault: Fault, part: str, *numbers: int) -> None:
        """Let the requests with these numbers meet a fault, of those whose method and path end with `part`."""
        seen = 0

        async def judge(asked: Asked) -> Fault | None:
            nonlocal seen
            seen += asked.what.endswith(part)
            return fault if asked.what.endswith(part) and seen in numbers else None

        self.judge = judge

    def notices(self, part: str, number: int) -> asyncio.Event:
        """An event for the request with this number, of those whose method and path end with `part`; nothing breaks."""
        seen, event = 0, asyncio.Event()

        async def judge(asked: Asked) -> Fault | None:
            nonlocal seen
            seen += asked.what.endswith(part)
            if seen >= number:
                event.set()
            return None

        self.judge = judge
        return event

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._ends.add(task)
        there: asyncio.StreamWriter | None = None
        try:
            try:
                name, port = self._node.name, self._port
                back, there = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            except OSError:
                return  # nobody listens there, so nobody answers here
            while await self._one(name, reader, writer, back, there):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # one end has hung up, so does the other
        finally:
            for end in (writer, there):
                if end is not None:
                    end.close()
            if task is not None:
                self._ends.discard(task)

    async def _one(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> bool:
        """Carry one request and its answer; whether another may follow."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        asked = Asked(method, target)
        fault = None if self.judge is None else await self.judge(asked)
        if fault is not None:
            self.met.append(asked)
        if fault is not Break.BEFORE and not isinstance(fault, Answer):
            self.asked.append((name, asked))
        self.under_way += 1
        try:
            return await self._carried(asked, fault, head, (reader, writer), (back, there))
        finally:
            self.under_way -= 1

    async def _carried(
        self,
        asked: Asked,
        fault: Fault | None,
        head: bytes,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> bool:
        """Let a request meet its fault, or go on its way; whether another may follow."""
        (reader, writer), (back, there) = here, far
        if fault is Break.BEFORE:
            _reset(writer)
            return False
        body = await reader.readexactly(_length(head))
        if isinstance(fault, Answer):
            writer.write(_head_of(fault.status, fault.kind, len(fault.body)) + fault.body)
            await writer.drain()
            return True
        if isinstance(fault, Flood):
            writer.write(b"HTTP/1.1 %d Told\r\n%b\r\n\r\n" % (fault.status, fault.head))
            for piece in fault.pieces:
                writer.write(piece)
                await writer.drain()
            return True
        if fault is Break.WITHIN:
            there.write(head + body[: len(body) // 2])
            await there.drain()
            _reset(there)
            _reset(writer)
            return False
        there.write(head + body)
        await there.drain()
        return await self._answered(asked, fault, writer, back)

    async def _answered(
        self, asked: Asked, fault: Fault | None, writer: asyncio.StreamWriter, back: asyncio.StreamReader
    ) -> bool:
        head = await back.readuntil(b"\r\n\r\n")
        pieces = b""
        if b"transfer-encoding: chunked" in head.lower():  # as newer servers answer where it may be much
            pieces = await _pieces(back)
        left = 0 if pieces or asked.method == "HEAD" else _length(head)
        if fault is Break.AFTER:
            await back.readexactly(left)
            _reset(writer)
            return False
        if fault is Break.DENIED:
            await back.readexactly(left)
            writer.write(b"HTTP/1.1 503 Told\r\ncontent-type: text/html\r\ncontent-length: 12\r\n\r\n<h1>503</h1>")
            await writer.drain()
            return True
        if isinstance(fault, Told):
            await back.readexactly(left)
            writer.write(_head_of(fault.status, fault.kind, len(fault.body)) + fault.body)
            await writer.drain()
            return True
        writer.write(head)
        if fault is Break.CUT:
            whole = pieces or await back.readexactly(left)
            writer.write(whole[: len(whole) // 2])
            await writer.drain()
            return False
        writer.write(pieces)
        while left:
            part = await back.read(min(left, _AT_A_TIME))
            if not part:
                return False
            left -= len(part)
            writer.write(part)
            await writer.drain()
        return True


async def _pieces(back: asyncio.StreamReader) -> bytes:
    """The body of an answer that comes in pieces, with the marks between them."""
    found = b""
    while True:
        mark = await back.readuntil(b"\r\n")
        size = int(mark.partition(b";")[0], 16)
        found += mark + await back.readexactly(size + 2)
        if not size:
            return found


def _head_of(status: int, kind: str, length: int) -> bytes:
    return f"HTTP/1.1 {status} Told\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _reset(writer: asyncio.StreamWriter) -> None:
    """Hang up in the rude way, so that the other end sees a reset, and not the end of what was said."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
