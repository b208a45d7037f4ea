"""What an advice is made of, asked of both clusters: facts, repositories, the way between them, and a short read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.methods.advice import AdviceInput, MeasuredRead
from esmigrate_tui.model.facts import IndexState, with_streams
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.preflight.remote import destination_reaches_source, is_rewritten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts
    from esmigrate_tui.model.snapshot import Repository

_MOST: Final = 5_000  # documents of the sample
_WEIGHT: Final = 4 * 1024 * 1024  # bytes on the source's disk that it may be: packed, so some more come
_LEAST: Final = 100  # documents: fewer say nothing of a rate


async def surveyed(draft: Draft, clusters: Clusters, clock: Callable[[], float]) -> AdviceInput:
    """The situation of a draft whose facts were looked at; `clock` gives seconds, to time the read of the sample.

    Nothing is written on either cluster. What cannot be seen is left out.
    """
    if draft.destination_facts is None:
        msg = "the destination is looked at first"
        raise ValueError(msg)
    wanted = frozenset(draft.selected)
    indices = tuple(
        index
        for index in with_streams(draft.source_indices)
        if (index.name in wanted if wanted else not (index.is_system or index.hidden or index.backs_stream))
    )
    (reaches, trouble, todo), theirs, ours, licence = await asyncio.gather(
        _reached(draft, clusters),
        _repositories(clusters.source),
        _repositories(clusters.destination),
        clusters.destination.surroundings.licence(),
    )
    # After the others: they would be measured too.
    measured = await _measured(clusters.source, indices, clock)
    return AdviceInput(
        source=draft.source_facts if clusters.source is not None else None,
        destination=draft.destination_facts,
        indices=indices,
        reaches=reaches,
        trouble=trouble,
        todo=todo,
        source_repositories=theirs,
        destination_repositories=ours,
        licence=licence or "",
        measured=measured,
    )


async def _reached(draft: Draft, clusters: Clusters) -> tuple[bool | None, str, str]:
    """Whether the destination gets through to the source, what was said where not, and what to do with its text."""
    if clusters.source is None:
        return None, "", ""
    wanted = msgspec.structs.replace(draft, method=None)
    try:
        [told] = [finding async for finding in destination_reaches_source(wanted, clusters)]
    except ProblemError as error:
        return None, error.problem.what, ""
    if told.severity is Severity.PASSED:
        return True, "", ""
    if told.severity is Severity.WARNING:
        return None, "", ""
    return False, told.title, f"{told.fix}\n{told.copy}" if told.copy else told.fix


async def _repositories(cluster: Cluster | None) -> tuple[Repository, ...] | None:
    if cluster is None:
        return ()
    try:
        return await cluster.snapshots.repositories()
    except ProblemError:
        return None


async def _measured(
    source: Cluster | None, indices: Sequence[IndexFacts], clock: Callable[[], float]
) -> MeasuredRead | None:
    """A timed read of the first documents of the largest index, as a copy reads them; None where there are too few."""
    readable = [
        index
        for index in indices
        if index.state is IndexState.OPEN and index.source_enabled and not index.frozen and index.documents
    ]
    largest = max(readable, key=lambda index: index.primary_bytes or 0, default=None)
    if source is None or largest is None or not largest.documents:
        return None
    average = max(1, (largest.primary_bytes or 0) // largest.documents)
    amount = min(_MOST, max(_LEAST, _WEIGHT // average))
    try:
        await source.searches.first_sources([largest.name], 1)  # the line is open then
        began = clock()
        sources = (await source.searches.first_sources([largest.name], amount)).get(largest.name, ())
        seconds = clock() - began
    except ProblemError:
        return None
    if len(sources) < _LEAST or seconds <= 0:
        return None
    return MeasuredRead(
        index=largest.name,
        documents=len(sources),
        bytes=sum(len(one) for one in sources),
        seconds=seconds,
        rewritten=any(is_rewritten(one) for one in sources),
    )
