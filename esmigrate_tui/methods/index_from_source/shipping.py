"""Watching an index that other programs fill: what has arrived, what the cluster has counted of their problems.

The number that is told is `_count` above what there was when the run began: documents that a search finds, nested ones
not counted. It is behind by a refresh, and never ahead. `index_total` would be ahead of it, but counts a repetition and
an update too, and begins anew with a shard. Where an index never refreshes by itself, it is refreshed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.methods.filling import (
    another_index,
    create_request,
    documents_there,
    index_gone,
    made_index,
    settings_there,
)
from esmigrate_tui.methods.token import Token
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import Acknowledged, Watched
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, number
from esmigrate_tui.verify import Comparison
from esmigrate_tui.verify.counts import refresh_if_allowed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.elastic.surroundings import WriteProblems
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.shipping import ShippingOptions

_CAREFUL: Final = 10
"""Every how many looks more is asked than a count: looks come twice a second."""

_QUIET: Final = (120, 1_200, 12_000)
"""After how many looks without a new document that is told: about a minute, ten minutes, two hours."""

_ON: Final = "true"


class WatchState(Token, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen so far; its JSON is the token of each acknowledgement.

    `made` is the uuid of the index, `base` how many documents it had before the run, `arrived` how many more it has.
    `failed` and `turned_away` are counted from the run's first look on, `failed_last` and `turned_last` are what the
    servers said last, None before: they begin anew when a shard or a node does. `blocks` are those of the last look.
    """

    made: str = ""
    base: int = 0
    arrived: int = 0
    failed: int = 0
    turned_away: int = 0
    failed_last: int | None = None
    turned_last: int | None = None
    blocks: tuple[str, ...] = ()

    def counted(self, amount: int) -> WatchState:
        """The state after a count of all documents of the index."""
        return msgspec.structs.replace(self, arrived=max(0, amount - self.base))

    def troubled(self, seen: WriteProblems) -> WatchState:
        """The state after what the servers have counted of problems; what cannot be seen changes nothing."""
        more_failed = _more(self.failed_last, seen.failed)
        more_turned = _more(self.turned_last, seen.turned_away)
        return msgspec.structs.replace(
            self,
            failed=self.failed + more_failed,
            turned_away=self.turned_away + more_turned,
            failed_last=self.failed_last if seen.failed is None else seen.failed,
            turned_last=self.turned_last if seen.turned_away is None else seen.turned_away,
        )

    def as_moved(self, expected: int | None, note: str = "") -> Acknowledged:
        """What is told of it."""
        return Acknowledged(done=self.arrived, total=expected, written=self.arrived, token=self.as_token(), note=note)


class ArrivalWatch:
    """Counts what other programs send; each task can be stopped by its opaque id."""

    def __init__(self) -> None:
        self._stopped: set[str] = set()
        self._ended: dict[str, WatchState] = {}
        """What was seen last of each task: the proof counts from where the run began."""

    def stop(self, work: Work) -> None:
        """Let the watch of this work end with its next look."""
        self._stopped.add(work.opaque_id)

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncGenerator[Acknowledged, None]:
        """Yield what has arrived at each look, until that is what was expected; without a number until it is dropped.

        Raises ProblemError, also where the index was deleted, or is another one by now: a sender makes it anew.
        """
        self._stopped.discard(work.opaque_id)
        expected, index = shipping_of(work.task).expected, work.task.destination_index
        state = await _begun(work, clusters, WatchState.from_token(since))
        looks, quiet, arrived = 0, 0, state.arrived
        while work.opaque_id not in self._stopped:
            notes: list[str] = []
            if looks % _CAREFUL == 0:
                before, state = state, await _looked_around(work, clusters, state)
                notes += news(before, state, index)
            state = state.counted(await _count(work, clusters))
            notes += of_quiet(work.task, state, quiet, arrived)
            quiet = 0 if state.arrived > arrived else quiet + 1
            arrived, looks = state.arrived, looks + 1
            self._ended[work.opaque_id] = state
            yield state.as_moved(expected, "; ".join(notes))
            if expected is not None and state.arrived >= expected:
                await _looked_around(work, clusters, state)
                return

    async def compare(self, work: Work, clusters: Clusters) -> Comparison:
        """What arrived since the run began, counted after a refresh, beside the number that was expected."""
        count = await documents_there(work, clusters)
        state = self._ended.get(work.opaque_id)
        if state is None:
            return Comparison(source_count=None, destination_count=None)
        await made_index(work, clusters, state.made)
        return Comparison(
            source_count=shipping_of(work.task).expected,
            destination_count=state.counted(count).arrived,
            watched=Watched(failed=state.failed, turned_away=state.turned_away),
        )


def shipping_of(task: Task) -> ShippingOptions:
    """Who sends the documents of a task; raises ProblemError (usage) where the plan names no sender."""
    if task.shipping is None:
        raise ProblemError.of(Cause.USAGE, "The plan does not say who sends the documents.")
    return task.shipping


def task_of(shipping: ShippingOptions, into: str, create: str) -> Task:
    """The one task of a plan in which others send."""
    return Task(
        number=1,
        source_index=shipping.label,
        destination_index=into,
        create=create,
        shipping=shipping,
    )


def steps(task: Task, new: str) -> tuple[str, ...]:
    """What a run does, in order, in words; `new` says which cluster."""
    shipping, index = shipping_of(task), task.destination_index
    made = (
        f"Make the index {index} on {new} with the plan's mapping."
        if task.create
        else f"Use the index {index} on {new} as it is; documents that exist stay, and are not counted."
    )
    end = (
        f"until {index} holds {counted(shipping.expected, 'more document')}"
        if shipping.expected is not None
        else "until you say that it is enough (esmigrate enough)"
    )
    return (
        made,
        f"Wait for {shipping.shipper.title} to send: that is up to you, as its configuration says.",
        f"Count what has arrived, and look for trouble that the cluster counts, {end}. Nothing is written meanwhile.",
        "Refresh, count once more, and compare with what was expected.",
    )


def requests(task: Task, version: Version) -> tuple[Request, ...]:
    """The requests of a run to the destination."""
    target = f"/{quote(task.destination_index, safe='')}"
    return (
        *((create_request(task, version),) if task.create else ()),
        Request(method="GET", path=f"{target}/_count"),
        Request(method="GET", path=f"{target}/_stats/indexing"),
        Request(method="GET", path="/_nodes/stats/thread_pool"),
        Request(method="POST", path=f"{target}/_refresh"),
    )


async def make_watched_index(work: Work, recorder: Recorder) -> None:
    """Make the index as the plan has it; nothing of it is switched off, as it is written to by others, and counted."""
    if work.task.create:
        await recorder.change(
            Side.DESTINATION,
            f"the index {work.task.destination_index} was made",
            create_request(work.task, Version.parse(work.plan.destination_version)),
            None,
        )


async def _begun(work: Work, clusters: Clusters, state: WatchState) -> WatchState:
    """The state to go on from; an index that this run has made had no document before."""
    made = await made_index(work, clusters, state.made)
    if state.made:
        return state
    base = 0 if work.task.create else await documents_there(work, clusters)
    return msgspec.structs.replace(state, made=made, base=base, failed_last=0 if work.task.create else None)


async def _count(work: Work, clusters: Clusters) -> int:
    try:
        return await clusters.destination.searches.count(work.task.destination_index)
    except ProblemError as error:
        if error.problem.cause is Cause.MISSING:
            raise index_gone(work) from None
        raise


async def _looked_around(work: Work, clusters: Clusters, state: WatchState) -> WatchState:
    """More than a count: that it is still the same index, what blocks it, what the cluster has counted of problems."""
    settings, index = await settings_there(work, clusters), work.task.destination_index
    if settings.get("index.uuid", "") != state.made:
        raise another_index(work)
    if settings.get("index.refresh_interval") == "-1":
        await refresh_if_allowed(clusters.destination, index)  # nothing else shows what has arrived
    blocks = tuple(
        sorted(key for key, value in settings.items() if key.startswith("index.blocks.") and value.lower() == _ON)
    )
    seen = await clusters.destination.surroundings.write_problems(index)
    return msgspec.structs.replace(state.troubled(seen), blocks=blocks)


def _more(before: int | None, now: int | None) -> int:
    """How many more there are; a counter that has become smaller has begun anew. What was before is not of this run."""
    if before is None or now is None:
        return 0
    return now - before if now >= before else now


def news(before: WatchState, now: WatchState, index: str) -> Iterable[str]:
    """What has gone wrong between two careful looks, in words."""
    shown = clean(index, 300)
    if now.failed > before.failed:
        yield (
            f"{counted(now.failed - before.failed, 'write')} to {shown} failed, most often for an _id that is taken; "
            f"{number(now.failed)} since the run began"
        )
    if now.turned_away > before.turned_away:
        yield (
            f"full queues turned {counted(now.turned_away - before.turned_away, 'request')} away, of this sender or of "
            "another: a good sender sends again"
        )
    if new := sorted({*now.blocks} - {*before.blocks}):
        full = ": a disk there is nearly full" if "index.blocks.read_only_allow_delete" in new else ""
        yield f"{shown} is blocked ({', '.join(new)}){full}"
    if before.blocks and not now.blocks:
        yield f"{shown} is not blocked any more"


def of_quiet(task: Task, state: WatchState, quiet: int, arrived: int) -> Iterable[str]:
    """That nothing arrives, or that something does again; success is never taken from that."""
    shipper = shipping_of(task).shipper.title
    if state.arrived < arrived:
        yield f"{number(arrived - state.arrived)} fewer than before: documents are being deleted there"
    elif state.arrived > arrived and quiet >= _QUIET[0]:
        yield "documents arrive again"
    elif state.arrived == arrived and quiet + 1 in _QUIET:
        yield f"nothing has arrived for a while: does {shipper} still send, and what does its log say?"
