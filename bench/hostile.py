"""Something before a cluster that answers in its place, with more than anybody asked for.

Started as a program of its own: `python -m bench.hostile HOST PORT WHAT`. WHAT is `endless` (an answer in chunks
without end) or `bomb` (a gzip answer of a megabyte that has a thousand of them unpacked), given in place of every page
of documents. It prints the port where it listens, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import zlib
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_START: Final = b'{"took":1,"hits":{"hits":[{"_id":"1","_source":{"t":"'
_PIECE: Final = b"x" * (1 << 18)
_UNPACKED: Final = 1 << 30


def _length(head: bytes) -> int:
    lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lines[0].partition(b":")[2]) if lines else 0


def _endless() -> tuple[bytes, Iterable[bytes]]:
    pieces = (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in chain([_START], repeat(_PIECE)))
    return b"transfer-encoding: chunked", pieces


@cache
def _bomb() -> tuple[bytes, Iterable[bytes]]:
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(_START) + b"".join(packer.compress(_PIECE) for _ in range(_UNPACKED // len(_PIECE)))
    packed += packer.flush()
    return b"content-encoding: gzip\r\ncontent-length: %d" % len(packed), [packed]


_ANSWERS: Final[dict[str, Callable[[], tuple[bytes, Iterable[bytes]]]]] = {"endless": _endless, "bomb": _bomb}


async def _main(host: str, port: int, what: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                if b"/_search" in head.split(b"\r\n")[0] and b'"query"' in body:
                    told, pieces = _ANSWERS[what]()
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%b\r\n\r\n" % told)
                    for piece in pieces:
                        writer.write(piece)
                        await writer.drain()
                    continue
                far_writer.write(head + body)
                answer = await far_reader.readuntil(b"\r\n\r\n")
                writer.write(answer + await far_reader.readexactly(_length(answer)))
                await writer.drain()
        writer.close()
        far_writer.close()

    _bomb()  # which takes some seconds, and is not to be waited for by whoever asks
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    os._exit(0)  # lines may still be open: nobody needs them any more


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
