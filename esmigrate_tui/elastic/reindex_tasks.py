"""Reindex tasks that run on one cluster: start one, follow it, change its pace, cancel it.

https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/tasks.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from esmigrate_tui.elastic.decoding import odd_response
from esmigrate_tui.elastic.error_words import words
from esmigrate_tui.elastic.errors import explain, explain_response
from esmigrate_tui.elastic.joined import JoinedReads
from esmigrate_tui.elastic.responses.tasks import ReindexStarted, ReindexStatus, TaskResponse, TasksResponse
from esmigrate_tui.elastic.searches import NO_DOCUMENT
from esmigrate_tui.elastic.transport import BATCH_LIMIT
from esmigrate_tui.elastic.wire import SLOW, WireRequest
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.wire import Wire

_NOT_IN_TIME: Final = frozenset({408, 429, 500, 502, 503, 504})
"""What a wait for a task may come to: a server says 500 when the time is over, a gateway its own."""
_LONGEST_DESCRIPTION: Final = 4_000  # characters, of which the address of the source is among the first


@dataclass(frozen=True)
class ReindexProgress:
    """The state of a reindex task. `problem` is its own error, or a failure to read; `failures` were rejected."""

    completed: bool
    total: int = 0
    created: int = 0
    updated: int = 0
    version_conflicts: int = 0
    batches: int = 0
    noops: int = 0
    bulk_retries: int = 0
    search_retries: int = 0
    throttled_seconds: float = 0.0
    canceled: str | None = None
    failures: tuple[Reject, ...] = ()
    problem: Problem | None = None


class ReindexTasks:
    """The reindex tasks of one cluster."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._listed = JoinedReads(self._list, _each_by_itself)

    async def start(self, body: Mapping[str, Any], *, opaque_id: str, requests_per_second: float) -> str:
        """Start a reindex on this cluster; its task as "node:number". No throttle where the pace is not above 0."""
        pace = _pace(requests_per_second)
        path = f"/_reindex?wait_for_completion=false&requests_per_second={pace}"
        sent, remote = msgspec.json.encode(body), _remote_of(body)
        response = await self._wire.request(
            WireRequest("POST", path, sent, remote=remote, headers={"x-opaque-id": opaque_id})
        )
        return self._wire.decode(response, ReindexStarted).task

    async def dry_run(self, body: Mapping[str, Any]) -> None:
        """Send that reindex with no document to move: whitelist, name, line, TLS, sign-in and privileges are all tried.

        It makes no index and writes nothing. Raises ProblemError where any of them fails.
        """
        source = {**body["source"], "query": NO_DOCUMENT, "size": 1}
        dry = {**body, "source": source}
        path = "/_reindex?wait_for_completion=true&timeout=20s"
        sent, remote = msgspec.json.encode(dry), _remote_of(body)
        response = await self._wire.request(WireRequest("POST", path, sent, remote=remote, timeout=SLOW, changes=False))
        status = self._wire.decode(response, ReindexStatus)
        if status.failures:
            raise ProblemError(self._failure_to_read(status.failures[0], remote))
        if status.total or status.timed_out:
            raise odd_response(response, "a reindex of no documents found some", self._wire.connection.endpoint)

    async def progress(self, task_id: str, *, wait: float = 0.0) -> ReindexProgress:
        """How far a reindex is; raises ProblemError (missing) where it no longer exists: that is never success.

        With a `wait` the server answers when the task has ended, or after so many seconds as it would without.
        """
        task = await self._ended_within(task_id, wait) if wait else None
        if task is None:
            task = await self._wire.get(f"/_tasks/{quote(task_id, safe=':')}", TaskResponse, most=BATCH_LIMIT)
        remote = _remote_in(task.task.description)
        status = task.response or task.task.status
        problem = None
        if task.error is not None:
            problem = explain(0, {"error": task.error}, {}, self._wire.connection.endpoint, remote=remote)
        refused: list[Reject] = []
        for failure in status.failures:
            if "cause" in failure:
                refused.append(_reject(failure))
            else:
                problem = problem or self._failure_to_read(failure, remote)
        if task.completed and task.response is None and problem is None:
            what = f"{self._wire.place} reports that the task {clean(task_id)} has ended, without its result."
            todo = "Compare the documents of both sides."
            raise ProblemError.of(Cause.MISSING, what, todo=todo)
        return ReindexProgress(
            completed=task.completed,
            total=status.total,
            created=status.created,
            updated=status.updated,
            version_conflicts=status.version_conflicts,
            batches=status.batches,
            noops=status.noops,
            bulk_retries=status.retries.bulk,
            search_retries=status.retries.search,
            throttled_seconds=status.throttled_millis / 1000,
            canceled=None if status.canceled is None else clean(status.canceled),
            failures=tuple(refused),
            problem=problem,
        )

    async def _ended_within(self, task_id: str, seconds: float) -> TaskResponse | None:
        """What a task that ends within so many seconds has come to; None where it did not, or that is not known."""
        path = f"/_tasks/{quote(task_id, safe=':')}?wait_for_completion=true&timeout={seconds * 1000:.0f}ms"
        response = await self._wire.request(WireRequest("GET", path, accepted=_NOT_IN_TIME, most=BATCH_LIMIT))
        return None if response.status in _NOT_IN_TIME else self._wire.decode(response, TaskResponse)

    def _failure_to_read(self, failure: Mapping[str, Any], remote: str) -> Problem:
        """A failure to search the source, which is no fault of a document."""
        reason = failure.get("reason", failure)
        status = failure.get("status")
        return explain(
            status if isinstance(status, int) else 0,
            {"error": reason},
            {},
            self._wire.connection.endpoint,
            remote=remote,
        )

    async def find(self, opaque_id: str) -> str | None:
        """The running reindex that was started with that id; None when there is none."""
        return (await self.running()).get(opaque_id)

    async def running(self, into: Mapping[str, str] | None = None) -> dict[str, str]:
        """Every running reindex that was started with an id of its own, by that id.

        A server before 6.2 keeps no such ids: of it the reindexes into these indices are found, by what each of them
        stands for in `into`.
        """
        keeps_ids = (await self._wire.features()).keeps_opaque_ids
        response = await self._listed.get(keeps_ids)
        tasks = [(task_id, task) for node in response.nodes.values() for task_id, task in node.tasks.items()]
        if not keeps_ids:
            return {
                opaque_id: task_id
                for task_id, task in tasks
                for index, opaque_id in (into or {}).items()
                if task.description.endswith(f"to [{index}]")
            }
        return {task.headers["X-Opaque-Id"]: task_id for task_id, task in tasks if "X-Opaque-Id" in task.headers}

    async def _list(self, keeps_ids: bool) -> TasksResponse:  # noqa: FBT001  # the key of a joined read
        detailed = "" if keeps_ids else "&detailed=true"  # only then an old one describes them
        return await self._wire.get(f"/_tasks?actions=*reindex{detailed}", TasksResponse, most=BATCH_LIMIT)

    async def rethrottle(self, task_id: str, requests_per_second: float) -> None:
        """Set the pace of a running reindex, in documents a second; no throttle where it is not above 0."""
        path = f"/_reindex/{quote(task_id, safe=':')}/_rethrottle?requests_per_second={_pace(requests_per_second)}"
        await self._post_to_task(path, task_id)

    async def cancel(self, task_id: str) -> None:
        """Cancel a task, which ends after its current batch; raises ProblemError (missing) where it is unknown."""
        await self._post_to_task(f"/_tasks/{quote(task_id, safe=':')}/_cancel", task_id)

    async def _post_to_task(self, path: str, task_id: str) -> None:
        response = await self._wire.request(WireRequest("POST", path))
        result = self._wire.decode(response, TasksResponse)
        troubles = (*result.task_failures, *result.node_failures)
        if troubles:
            # The failure of a node comes as an error, that of a task as one below "reason".
            trouble = troubles[0] if "caused_by" in troubles[0] else troubles[0].get("reason")
            raise ProblemError(explain_response(0, {"error": trouble}, self._wire.place))
        if not any(node.tasks for node in result.nodes.values()):
            what = f"{self._wire.place} no longer runs the task {clean(task_id)}."
            raise ProblemError.of(Cause.MISSING, what, todo="See how it ended.")


async def _each_by_itself(_: Sequence[bool]) -> dict[bool, TasksResponse]:
    return {}


def _pace(requests_per_second: float) -> str:
    return f"{requests_per_second:g}" if requests_per_second > 0 else "-1"


def _remote_of(body: Mapping[str, Any]) -> str:
    """Host and port of the source that a reindex reads from, "" where it is the same cluster."""
    host = body.get("source", {}).get("remote", {}).get("host", "")
    return urlsplit(str(host)).netloc.rpartition("@")[2]


def _remote_in(description: str) -> str:
    """The same, from the words in which a task describes itself."""
    found = re.search(r"\bhost=(\S{1,300}) port=(\d{1,5})\b", description[:_LONGEST_DESCRIPTION])
    return f"{found[1]}:{found[2]}" if found else ""


def _reject(failure: Mapping[str, Any]) -> Reject:
    status = failure.get("status")
    return Reject(
        index=_text_of(failure, "index"),
        id=_text_of(failure, "id"),
        type=_text_of(failure, "type"),
        status=status if isinstance(status, int) else 0,
        reason=words(failure.get("cause")),
    )


def _text_of(failure: Mapping[str, Any], key: str) -> str:
    response = failure.get(key, "")
    return clean(response if isinstance(response, str) else "")
