"""A long line on loopback: what goes in comes out so many milliseconds later, in each direction.

Started as a program of its own: `python -m bench.delay HOST PORT MILLISECONDS`. It prints the port where it listens,
and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Final

_PIECE: Final = 1 << 18
_MOST_UNDER_WAY: Final = 64  # pieces on the line: a fast line of this length holds as much


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Hand on every piece when its time has come."""
    loop = asyncio.get_running_loop()
    line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_UNDER_WAY)

    async def deliver() -> None:
        while True:
            due, piece = await line.get()
            await asyncio.sleep(due - loop.time())
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    delivering = asyncio.ensure_future(deliver())
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            await line.put((loop.time() + seconds, piece))
    await line.put((loop.time() + seconds, b""))
    with contextlib.suppress(OSError):
        await delivering


async def _main(host: str, port: int, seconds: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(_carry(reader, far_writer, seconds), _carry(far_reader, writer, seconds))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    os._exit(0)  # lines may still be open: nobody needs them any more


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
