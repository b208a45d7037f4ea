"""Copy through this machine: documents are read here and written there, as the bytes that they are.

Any version to any version that is not older, nothing to open on the destination. What is decided stands in
`decisions`, pure; the pump reads and writes between two looks; this file begins, looks and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.elastic.paging import PageSize, first_page_size
from esmigrate_tui.methods.copy_through_here.decisions import (
    CopyPart,
    CopyState,
    held_of,
    is_same_source,
    newer_parts,
    next_pass,
    numbered_parts,
    pieces,
    resumed,
    sliced_parts,
)
from esmigrate_tui.methods.copy_through_here.pump import CopySetting, Pump
from esmigrate_tui.methods.filling import (
    MOST_REPEATS,
    amount,
    documents_there,
    first_steps,
    made_index,
    make_index_beside_pipelines,
    manner,
    more_than_given,
    plan_of_indices,
    requests_around,
    source_of,
    switches_off,
)
from esmigrate_tui.methods.proving import proof_step, proved, sides_of
from esmigrate_tui.methods.template_effects import with_template_note
from esmigrate_tui.methods.writing.pumping import PumpMover
from esmigrate_tui.model.copy_options import PipelineRule
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import whole_number
from esmigrate_tui.verify import Comparison, compare_counts
from esmigrate_tui.verify.counts import A_MOMENT
from esmigrate_tui.verify.progress import ComparisonProgress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.plan import Plan

_SHARDS_AT_ONCE: Final = 4
_WINDOW: Final = 10_000  # index.max_result_window where the index says nothing


class CopyThroughHere(PumpMover[CopyState]):
    """Reads pages of the source and writes them to the destination as bulks."""

    prepare = staticmethod(make_index_beside_pipelines)

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft whose indices are chosen and defined; raises ProblemError (usage) when it is not ready.

        `made_at` is ISO 8601 in UTC.
        """
        return plan_of_indices(draft, MethodName.COPY_THROUGH_HERE, made_at)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of this plan does, in order, in words."""
        together, pace = manner(plan)
        return (
            *first_steps(plan),
            (
                f"Copy them through this machine{together}, every document as the bytes it is: {amount(plan)}{pace}. "
                f"{_written(plan)}; rejected documents are listed in the reject file."
            ),
            *_past_pipelines(plan),
            proof_step(plan),
        )

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests to the destination for the first index of a plan; those for the others are like them."""
        if not plan.tasks:
            return ()
        task = plan.tasks[0]
        routing = "" if task.kind is RestoreKind.DATA_STREAM else ',"routing":"…"'
        kept = ',"version":…,"version_type":"external"'
        lines = (
            f'{{"index":{{"_id":"…"{kept}{routing}}}}}'
            if plan.copying.versions
            else f'{{"create":{{"_id":"…"{routing}}}}}'
        )
        through = f"?pipeline={NO_PIPELINE}" if switches_off(plan, Version.parse(plan.destination_version)) else ""
        path = f"/{quote(task.destination_index, safe='')}/_bulk{through}"
        return requests_around(plan, Request(method="POST", path=path, body=f"{lines}\n{{ the document as it is }}\n"))

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Nothing is shared between the tasks of a copy."""

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Yield what was acknowledged until each look, until all that the source holds was.

        Raises ProblemError: the first problem of the work between the looks, after a last look at what it came to.
        """
        state, portion, total = await _begun(work, clusters, CopyState.from_token(since))
        while True:
            pump = Pump(await _setting(work, clusters, total), state, portion)
            if not since and not state.repeats:
                # written down before the first document is sent: one found in place may then be ours
                yield await with_template_note(pump.progress(), work, clusters)
            async with contextlib.aclosing(self.watched(work, pump)) as looks:
                async for moved in looks:
                    yield moved
            count = source_of(clusters).searches.count(work.task.source_index, kind=work.task.type)
            there, _ = await asyncio.gather(count, made_index(work, clusters, state.made))
            state = pump.state
            if there <= state.done or state.repeats >= MOST_REPEATS:
                return
            note = more_than_given(there - state.done)
            state, total = await _again(work, clusters, state)
            yield msgspec.structs.replace(pump.progress(), token=state.as_token(), note=note)

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        """Documents on both sides after a refresh of the destination, counted, and compared as the plan wants it.

        Of an index that had documents before, those are counted that were acknowledged, as far as it has grown by them.
        """
        found = await compare_counts(*sides_of(work, clusters), within=A_MOMENT)
        watch = watch or ComparisonProgress()
        if work.task.create:
            return await proved(work, clusters, found, watch, values=False)
        state = self._ended.get(work.opaque_id)
        if state is None or found.destination_count is None:
            return Comparison(source_count=None, destination_count=found.destination_count)
        held = Comparison(found.source_count, held_of(state, found.destination_count))
        return await proved(work, clusters, held, watch, values=False, is_shared=state.base > 0)


def _written(plan: Plan) -> str:
    """What becomes of a document whose _id is taken, in words."""
    if plan.copying.versions:
        return "Each keeps its version, and is written where the destination has none as new"
    return "Nothing is overwritten"


def _past_pipelines(plan: Plan) -> tuple[str, ...]:
    """What becomes of the destination's ingest pipelines, in words."""
    if not Features.of_elasticsearch(plan.destination_version).has_default_pipelines:
        return ()
    if plan.copying.pipelines is PipelineRule.RESPECTED:
        return ("Let the documents go through the ingest pipelines that their index on the destination has.",)
    return ("Pass the destination's ingest pipelines by: the documents went through theirs when they were new.",)


async def _setting(work: Work, clusters: Clusters, total: int) -> CopySetting:
    """What stays the same for the whole of a pass over so many documents."""
    features = await clusters.destination.wire.features()
    return CopySetting(
        work=work,
        clusters=clusters,
        total=total,
        destination=features,
        limit=await clusters.destination.documents.largest_request(),
        pipeline=NO_PIPELINE if switches_off(work.plan, features.version) else "",
    )


async def _begun(work: Work, clusters: Clusters, state: CopyState) -> tuple[CopyState, PageSize, int]:
    """The state to go on from, what to ask for first, and how many documents the source has.

    Counting raises where a shard is not there: to be waited for.

    A source index that was made anew under its name is read from the beginning: its numbers mean other documents.
    """
    task = work.task
    # a bulk makes an index that is not there by itself, with guessed mappings
    made = await made_index(work, clusters, state.made, within=A_MOMENT)
    indices = await source_of(clusters).indices.settings_of_parts(task.source_index)
    uuids, is_begun = [settings.get("index.uuid", "") for settings in indices.values()], bool(state.made)
    if is_begun and is_same_source(state, uuids):
        state = resumed(state)
        total = await source_of(clusters).searches.count(task.source_index, kind=task.type)
    else:
        parts, total = await _parts(work, clusters, indices)
        state = next_pass(state, parts) if is_begun else msgspec.structs.replace(state, parts=parts)
        base = state.base if is_begun or task.create else await documents_there(work, clusters)
        state = msgspec.structs.replace(state, made=made, of=",".join(uuids), base=base)
    portion = first_page_size(
        task.documents,
        task.size,
        work.plan.batch,
        min(whole_number(one.get("index.max_result_window", "")) or _WINDOW for one in indices.values()),
        is_scrolled=any(part.is_scrolled for part in state.parts),
    )
    return state, portion, total


async def _parts(
    work: Work, clusters: Clusters, indices: dict[str, dict[str, str]]
) -> tuple[tuple[CopyPart, ...], int]:
    """Every shard of the source in parts, by the numbers of its changes where all its documents have one; with a count.

    Those of a data stream's oldest index come first.
    """
    source, name = source_of(clusters), work.task.source_index
    shards = [
        (index, shard)
        for index, settings in indices.items()
        for shard in range(whole_number(settings.get("index.number_of_shards", "")) or 1)
    ]
    kind = work.task.type
    gate = asyncio.Semaphore(_SHARDS_AT_ONCE)

    async def numbered(index: str, shard: int) -> tuple[int, int, int] | None:
        async with gate:  # an index of several types was made before documents had numbers
            return None if kind else await source.documents.numbered(index, shard)

    found = await asyncio.gather(*(numbered(*one) for one in shards))
    counted = [one[2] for one in found if one is not None]
    total = sum(counted) if len(counted) == len(shards) else await source.searches.count(name, kind=kind)
    each = pieces(total, len(shards))
    slices = each if (await source.wire.features()).slices_scrolls else 1
    parts: list[CopyPart] = []
    for (index, shard), one in zip(shards, found, strict=True):
        of = "" if index == name else index
        cut = sliced_parts(shard, slices, of) if one is None else numbered_parts(shard, *one[:2], each, of)
        parts += cut
    return tuple(parts), total


async def _again(work: Work, clusters: Clusters, state: CopyState) -> tuple[CopyState, int]:
    """The state of another reading: what was changed since the numbers were looked at, else everything once more."""
    indices = await source_of(clusters).indices.settings_of_parts(work.task.source_index)
    uuids = [settings.get("index.uuid", "") for settings in indices.values()]
    now, total = await _parts(work, clusters, indices)
    newer = newer_parts(state.parts, now) if state.repeats == 0 and is_same_source(state, uuids) else ()
    state = msgspec.structs.replace(state, of=",".join(uuids))
    if newer:
        newer_state = msgspec.structs.replace(state, repeats=state.repeats + 1, parts=(*state.parts, *newer))
        return newer_state, total
    return next_pass(state, now), total
