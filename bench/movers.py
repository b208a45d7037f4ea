"""The peers, and the limit, each as a program of its own: `python -m bench.movers NAME`, a Job on standard input.

`helpers`: the scan and bulk helpers of Elastic's own Python client. `naive`: a short script for many small indices,
some of them at a time. `reads` and `bulks`: the requests that a copy has
made, sent again as fast as the node takes them, by as many at a time, and nothing looked at.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH: Final = 1_000
_NDJSON: Final = {"content-type": "application/x-ndjson"}
_JSON: Final = {"content-type": "application/json"}


class End(msgspec.Struct, frozen=True):
    """A node, and how to sign in."""

    url: str
    user: str = ""
    password: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request in."""
        both = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"authorization": f"Basic {both}"} if self.user else {}


class Job(msgspec.Struct, frozen=True):
    """What is to be moved; `index` is one name, or several with commas where the mover takes many.

    `folder` holds recorded requests, `streams` is how many are under way at a time.
    """

    source: End
    destination: End
    index: str
    folder: str = ""
    streams: int = 1


def _client(end: End) -> Any:  # noqa: ANN401  # the library's client, imported late
    """Elastic's synchronous client, kept from what old servers and itself do not agree on."""
    from elastic_transport import HttpHeaders, Transport, TransportApiResponse  # noqa: PLC0415  # 0.2 s
    from elasticsearch import Elasticsearch  # noqa: PLC0415  # the same

    class Plain(Transport):
        def perform_request(
            self,
            method: str,
            target: str,
            **options: Any,  # noqa: ANN401  # as above
        ) -> TransportApiResponse:
            headers = HttpHeaders(options.pop("headers", None) or {})
            headers["accept"] = "application/json"
            if "content-type" in headers:
                is_bulk = "ndjson" in headers["content-type"]
                headers["content-type"] = "application/x-ndjson" if is_bulk else "application/json"
            meta, body = super().perform_request(method, target, headers=headers, **options)
            meta.headers["x-elastic-product"] = "Elasticsearch"
            return TransportApiResponse(meta, body)

    return Elasticsearch(end.url, basic_auth=(end.user, end.password) if end.user else None, transport_class=Plain)


def _helpers(job: Job) -> None:
    from elasticsearch import helpers  # noqa: PLC0415  # 0.2 s

    source, destination = _client(job.source), _client(job.destination)

    def actions() -> Iterator[dict[str, Any]]:
        for hit in helpers.scan(source, index=job.index, size=_BATCH):
            yield {"_op_type": "create", "_index": job.index, "_id": hit["_id"], "_source": hit["_source"]}

    helpers.bulk(destination, actions(), chunk_size=_BATCH)


async def _again(end: End, headers: dict[str, str], requests: deque[tuple[str, bytes]], streams: int) -> None:
    """Send requests, so many at a time; says that it is ready, and begins when it is told to."""
    import aiohttp  # noqa: PLC0415  # 0.2 s

    connector = aiohttp.TCPConnector(limit=streams)
    async with aiohttp.ClientSession(headers={**end.headers, **headers}, connector=connector) as session:

        async def one() -> None:
            while requests:
                path, body = requests.popleft()
                async with session.post(end.url + path, data=memoryview(body)) as answer:
                    async for _ in answer.content.iter_any():
                        pass
                    answer.raise_for_status()

        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(one() for _ in range(streams)))
        print(asyncio.get_running_loop().time() - began, flush=True)


async def _naive(job: Job) -> None:
    """What anybody would write: index after index, four of them at a time, everything in one page and one bulk."""
    import aiohttp  # noqa: PLC0415  # 0.2 s

    names = deque(job.index.split(","))
    async with (
        aiohttp.ClientSession(headers=job.source.headers) as old,
        aiohttp.ClientSession(headers=job.destination.headers) as new,
    ):

        async def ask(
            session: aiohttp.ClientSession, method: str, url: str, body: bytes, kind: str = "application/json"
        ) -> Any:  # noqa: ANN401  # JSON
            async with session.request(method, url, data=body, headers={"content-type": kind}) as answer:
                answer.raise_for_status()
                return await answer.json()

        async def one() -> None:
            while names:
                name = names.popleft()
                source, destination = f"{job.source.url}/{name}", f"{job.destination.url}/{name}"
                mapping = next(iter((await ask(old, "GET", f"{source}/_mapping", b""))[name]["mappings"].values()))
                made = {"settings": {"refresh_interval": "-1", "number_of_replicas": 0}, "mappings": mapping}
                await ask(new, "PUT", destination, json.dumps(made).encode())
                hits = (await ask(old, "POST", f"{source}/_search?size={_BATCH}", b"{}"))["hits"]["hits"]
                lines = (f'{{"create":{{"_id":"{hit["_id"]}"}}}}\n{json.dumps(hit["_source"])}\n' for hit in hits)
                await ask(new, "POST", f"{destination}/_bulk", "".join(lines).encode(), _NDJSON["content-type"])
                await ask(new, "PUT", f"{destination}/_settings", b'{"refresh_interval":"1s"}')
                await ask(new, "POST", f"{destination}/_refresh", b"")
                counts = [
                    (await ask(session, "GET", f"{url}/_count", b""))["count"]
                    for session, url in ((old, source), (new, destination))
                ]
                if counts[0] != counts[1]:
                    raise RuntimeError(f"{name}: {counts}")

        await asyncio.gather(*(one() for _ in range(job.streams)))


def recorded(path: Path) -> deque[tuple[str, bytes]]:
    """The requests in a file, in their order."""
    return deque(msgspec.msgpack.decode(path.read_bytes(), type=list[tuple[str, bytes]]))


def main() -> None:
    """Move what the first line of standard input says."""
    name, job = sys.argv[1], msgspec.json.decode(sys.stdin.readline(), type=Job)
    if name == "helpers":
        _helpers(job)
        return
    if name == "naive":
        asyncio.run(_naive(job))
        return
    end, headers = (job.source, _JSON) if name == "reads" else (job.destination, _NDJSON)
    asyncio.run(_again(end, headers, recorded(Path(job.folder) / name), job.streams))


if __name__ == "__main__":
    main()
