"""Sending sample data to a node, in plain HTTP that every version from 2.4 to 9 understands."""

import asyncio
import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from esmigrate_tui.sandbox.errors import LoadRefused
from esmigrate_tui.sandbox.launch import log_tail
from esmigrate_tui.sandbox.nodes import SandboxNode, login, trust
from esmigrate_tui.sandbox.progress import Progress, SandboxProgress, silent
from esmigrate_tui.sandbox.sample import SampleDocument, SampleIndex, creation_body, sample

if TYPE_CHECKING:
    import aiohttp

_PAGE: Final = 2000


def bulk_body(documents: list[SampleDocument], major: int) -> bytes:
    """The lines of one bulk request; the sources are copied as they are."""
    lines: list[str] = []
    for document in documents:
        action: dict[str, str] = {"_id": document.id}
        if major < 7:
            action["_type"] = document.type
        if document.routing is not None:
            action["routing"] = document.routing
        # A line break between two tokens means nothing in JSON, and ends the document in a bulk request.
        lines += (json.dumps({"index": action}), document.source.replace("\n", " "))
    return ("\n".join(lines) + "\n").encode()


class _NodeRequests:
    """Requests to one node that raise when they are refused."""

    def __init__(self, session: "aiohttp.ClientSession", node: SandboxNode) -> None:
        self._session = session
        self._node = node

    async def ask(self, method: str, path: str, body: object = None, *, missing_is_fine: bool = False) -> Any:  # noqa: ANN401 — an answer of any shape
        """Send JSON (or the bytes of a bulk request); returns the parsed answer."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        async with self._session.request(
            method, f"{self._node.url}/{path}", data=data, headers={"Content-Type": kind}
        ) as answer:
            text = await answer.text()
            if answer.status >= 400 and not (missing_is_fine and answer.status == 404):
                raise LoadRefused(
                    f"{self._node.name} ({self._node.version}) refused {method} {log_tail(path)}: "
                    f"HTTP {answer.status} {log_tail(text)[:500]}",
                )
            return json.loads(text)


def _page(documents: Iterator[SampleDocument], major: int) -> tuple[int, bytes]:
    page = list(islice(documents, _PAGE))
    return len(page), bulk_body(page, major)


async def _fill(wire: _NodeRequests, index: SampleIndex, major: int, progress: Progress, name: str) -> None:
    documents = index.documents()
    done = 0
    while True:
        # Making documents is work for the processor: a thread keeps the loop free.
        count, body = await asyncio.to_thread(_page, documents, major)
        if not count:
            return
        answer = await wire.ask("POST", f"{quote(index.name, safe='')}/_bulk", body)
        if answer["errors"]:
            failed = next(item["index"] for item in answer["items"] if "error" in item["index"])
            raise LoadRefused(f"{name} refused a document of {index.name}: {log_tail(json.dumps(failed))[:500]}")
        done += count
        progress(SandboxProgress(f"Filling {index.name} on {name}", done, index.count))


async def load(
    node: SandboxNode, size: int = 1000, *, collide: bool = False, progress: Progress = silent
) -> dict[str, int]:
    """Fill a sandbox node with sample data; what an earlier load made there is replaced.

    `size` is the number of documents of the largest index. Returns the number of documents in each index.

    Raises:
        LoadRefused: the node refused a request; the message holds its answer.
    """
    import aiohttp  # noqa: PLC0415 — slow to import

    data = await asyncio.to_thread(sample, node.version, size, collide=collide)
    major = data.version[0]
    connector = aiohttp.TCPConnector(ssl=trust(node))
    async with aiohttp.ClientSession(headers=login(node), connector=connector) as session:
        wire = _NodeRequests(session, node)
        for template in data.templates:
            await wire.ask("PUT", template.path, template.body)
        for index in data.indices:
            path = quote(index.name, safe="")
            await wire.ask("DELETE", path, missing_is_fine=True)
            await wire.ask("PUT", path, creation_body(index, major))
            await _fill(wire, index, major, progress, node.name)
            await wire.ask("POST", f"{path}/_refresh")
            if index.is_closed:
                # An index whose primaries are still being allocated cannot be closed.
                await wire.ask("GET", f"_cluster/health/{path}?wait_for_status=yellow&timeout=30s")
                await wire.ask("POST", f"{path}/_flush")
                await wire.ask("POST", f"{path}/_close")
    return {index.name: index.count for index in data.indices}
