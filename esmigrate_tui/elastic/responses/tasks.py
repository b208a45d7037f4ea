"""Responses about tasks, as types."""

from __future__ import annotations

from typing import Any

import msgspec


class _RetryCounts(msgspec.Struct, frozen=True):
    bulk: int = 0
    search: int = 0


class ReindexStatus(msgspec.Struct, frozen=True):
    """The counters of a reindex, in its running status and in its result alike."""

    total: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    batches: int = 0
    version_conflicts: int = 0
    noops: int = 0
    retries: _RetryCounts = _RetryCounts()
    throttled_millis: int = 0
    canceled: str | None = None
    timed_out: bool = False
    failures: tuple[dict[str, Any], ...] = ()


class ReindexStarted(msgspec.Struct, frozen=True):
    """`POST _reindex?wait_for_completion=false`."""

    task: str


class _TaskInfo(msgspec.Struct, frozen=True):
    action: str = ""
    description: str = ""
    headers: dict[str, str] = {}
    status: ReindexStatus = ReindexStatus()


class TaskResponse(msgspec.Struct, frozen=True):
    """`GET _tasks/ID`."""

    completed: bool
    task: _TaskInfo
    response: ReindexStatus | None = None
    error: dict[str, Any] | None = None


class _NodeTasks(msgspec.Struct, frozen=True):
    tasks: dict[str, _TaskInfo] = {}


class TasksResponse(msgspec.Struct, frozen=True):
    """`GET _tasks`, and what cancelling and rethrottling answer."""

    nodes: dict[str, _NodeTasks] = {}
    node_failures: tuple[dict[str, Any], ...] = ()
    task_failures: tuple[dict[str, Any], ...] = ()
