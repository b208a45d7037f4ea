"""Index from the source: files on this machine, or what other programs send, become documents of one index.

No source cluster is needed, and the mapping is chosen. What is decided of files stands in `decisions`, pure; what
reads them in the room `reading`; this file plans, begins, looks and ends. Where others send, `shipping` does all that.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.methods.filling import (
    BEFORE_6,
    documents_there,
    made_index,
    make_index,
    requests_around,
)
from esmigrate_tui.methods.index_from_source import shipping
from esmigrate_tui.methods.index_from_source.decisions import FileState, compared, resumed
from esmigrate_tui.methods.index_from_source.pump import FilePump, FileSetting
from esmigrate_tui.methods.streams import BY_TEMPLATE
from esmigrate_tui.methods.template_effects import with_template_note
from esmigrate_tui.methods.writing.pumping import PumpMover
from esmigrate_tui.model.draft import bare_plan
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.files import IdRule
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.streams import claimed_by
from esmigrate_tui.model.text import clean, counted, size
from esmigrate_tui.reading.open_file import what_changed
from esmigrate_tui.reading.sample import typed
from esmigrate_tui.translate.types import types_of
from esmigrate_tui.verify import Comparison

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.files import FileReading
    from esmigrate_tui.verify.progress import ComparisonProgress


_IDS: Final = {
    IdRule.OWN: "its own _id (a new one where it has none)",
    IdRule.HASH: "a hash of its row as _id",
    IdRule.NEW: "a new _id, so that another run of the same files doubles them",
}


class IndexFromSource(PumpMover[FileState]):
    """Reads files of this machine, or counts what other programs send."""

    def __init__(self) -> None:
        super().__init__()
        self._watch = shipping.ArrivalWatch()

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft with files, or a sender, and the name of an index; raises ProblemError (usage)."""
        bare = bare_plan(
            msgspec.structs.replace(draft, method=MethodName.INDEX_FROM_SOURCE, source=None, source_facts=None), made_at
        )
        reading = draft.reading
        if draft.shipping is not None and draft.into:
            task = shipping.task_of(draft.shipping, draft.into, draft.create)
            return msgspec.structs.replace(bare, tasks=(task,), restoration=None)
        if reading is None or not reading.files or not draft.into:
            raise ProblemError.of(
                Cause.USAGE,
                "No file is chosen, or no index that it goes into.",
                todo="Choose at least one file, and give the index a name.",
            )
        is_stream = any(index.data_stream == draft.into for index in draft.destination_indices)
        facts = draft.destination_facts
        template = claimed_by(draft.into, facts.templates) if draft.create and facts is not None else ""
        by = f"the template {template} makes it a data stream: the types of its fields are that template's"
        task = Task(
            number=1,
            kind=RestoreKind.DATA_STREAM if template or (is_stream and not draft.create) else RestoreKind.INDEX,
            source_index=reading.label,
            destination_index=draft.into,
            create=BY_TEMPLATE if template else draft.create,
            changes=(by,) if template else (),
            size=reading.size,
            reading=reading,
        )
        return msgspec.structs.replace(bare, tasks=(task,), restoration=None)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of this plan does, in order, in words."""
        new = f"{plan.destination.endpoint.url} ({plan.destination_version})"
        found: list[str] = []
        for task in plan.tasks:
            if task.shipping is not None:
                return shipping.steps(task, new)
            reading = reading_of(task)
            target = task.destination_index
            makes = f"Make the index {target} on {new} with the plan's mapping."
            if task.makes_stream:
                makes = f"Make the data stream {target} on {new} by its template there; every row needs an @timestamp."
            there = "data stream" if task.kind is RestoreKind.DATA_STREAM else "index"
            uses = f"Use the {there} {target} on {new} as it is; documents that exist stay."
            identity = _IDS.get(reading.ids, f"the field {clean(reading.id_field)} as _id")
            through = f", through the pipeline {clean(reading.pipeline)}" if reading.pipeline else ""
            through = (
                ", past the pipeline that the index has by default" if reading.pipeline == NO_PIPELINE else through
            )
            pace = f", at most {plan.requests_per_second:g} a second" if plan.requests_per_second else ""
            found += [
                (
                    f"Read {counted(len(reading.files), 'file')} of this machine ({reading.format}, "
                    f"{size(reading.size)}); nothing in them is changed."
                ),
                makes if task.create else uses,
                (
                    f"Index every row with {identity}{through}{pace}. Nothing is overwritten; rows that cannot be read "
                    "and rejected documents are listed in the reject file with file and line."
                ),
            ]
        return (*found, "Restore settings, refresh, count, and compare with the rows that were read.")

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests to the destination for the first index of a plan; those for the others are like them."""
        if not plan.tasks:
            return ()
        task = plan.tasks[0]
        if task.shipping is not None:
            return shipping.requests(task, Version.parse(plan.destination_version))
        pipeline = reading_of(task).pipeline
        through = f"?pipeline={quote(pipeline, safe='')}" if pipeline else ""
        path = f"/{quote(task.destination_index, safe='')}/_bulk{through}"
        lines = '{"create":{"_id":"…"}}\n{ the document }\n'
        return requests_around(plan, Request(method="POST", path=path, body=lines))

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Nothing is shared between the tasks."""

    async def prepare(self, work: Work, clusters: Clusters, recorder: Recorder) -> None:
        """Make the destination index as the plan has it; while files fill it its replicas and refresh are off."""
        if work.task.shipping is not None:
            await shipping.make_watched_index(work, recorder)
            return
        await _raise_changed(reading_of(work.task))
        await make_index(work, clusters, recorder)

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        """Yield what was acknowledged until each look, until every row of the files was settled, or all has arrived.

        Raises ProblemError: the first problem of the work between the looks, after a last look at what it came to.
        """
        if work.task.shipping is not None:
            async with contextlib.aclosing(self._watch.perform(work, clusters, since)) as arrivals:
                async for moved in arrivals:
                    yield moved
            return
        reading = typed(reading_of(work.task), work.task.create)
        await _raise_changed(reading)
        state = await _begun(work, clusters, FileState.from_token(since))
        pump = FilePump(await _setting(work, clusters, reading), state)
        if not since:
            # written down before the first row is sent: what is found in place later may be ours
            yield await with_template_note(pump.progress(), work, clusters)
        async with contextlib.aclosing(self.watched(work, pump)) as looks:
            async for moved in looks:
                yield moved
        await made_index(work, clusters, state.made)
        if note := _notes(reading, pump.state, is_fresh=bool(work.task.create)):
            yield msgspec.structs.replace(pump.progress(), note=note)

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:  # noqa: ARG002  # the contract
        """The rows that were read and settled, or what was expected, and what the destination holds after a refresh."""
        if work.task.shipping is not None:
            return await self._watch.compare(work, clusters)
        count = await documents_there(work, clusters)
        state = self._ended.get(work.opaque_id)
        if state is None:
            return Comparison(source_count=None, destination_count=count)
        return compared(state, count, reading_of(work.task).ids, is_fresh=bool(work.task.create))

    async def news(self, work: Work) -> None:
        """Return when the files are read; what other programs send is known to the destination alone."""
        if work.task.shipping is not None:
            await asyncio.Event().wait()
        await super().news(work)

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """End what is going on; a watch ends with its next look, and what is sent goes on being sent."""
        self._watch.stop(work)
        await super().stop(work, clusters, since)


def reading_of(task: Task) -> FileReading:
    """The files of a task; raises ProblemError (usage) where the plan names none."""
    if task.reading is None:
        raise ProblemError.of(
            Cause.USAGE, "The plan names no files.", todo="Make a new one with `esmigrate plan index-from-source`."
        )
    return task.reading


async def _raise_changed(reading: FileReading) -> None:
    """Raise ProblemError (state) where a file is not the one that was planned with: its offsets mean other rows."""
    if what := await asyncio.to_thread(what_changed, reading.files):
        raise ProblemError.of(
            Cause.STATE,
            what,
            why="Where a run stands is a place in the files as they were.",
            todo="Bring the file back as it was, or make a new plan with `esmigrate plan`.",
        )


async def _begun(work: Work, clusters: Clusters, state: FileState) -> FileState:
    """The state to go on from."""
    # a bulk makes an index that is not there by itself, with guessed mappings
    made = await made_index(work, clusters, state.made)
    if state.made:
        return resumed(state)
    base = 0 if work.task.create else await documents_there(work, clusters)
    return msgspec.structs.replace(state, made=made, base=base)


async def _setting(work: Work, clusters: Clusters, reading: FileReading) -> FileSetting:
    features = await clusters.destination.wire.features()
    if reading.pipeline == NO_PIPELINE and not features.has_default_pipelines:
        reading = msgspec.structs.replace(reading, pipeline="")  # which is what it means there
    return FileSetting(
        work=work,
        clusters=clusters,
        reading=reading,
        destination=features,
        limit=await clusters.destination.documents.largest_request(),
        pipeline=reading.pipeline,
        type=await _type_there(work, clusters) if features.has_several_types else "",
    )


async def _type_there(work: Work, clusters: Clusters) -> str:
    """The type that documents are written with: the one that the index has, where it has just one."""
    name = work.task.destination_index
    definition = (await clusters.destination.indices.definitions([name])).get(name)
    types = types_of(definition.mappings) if definition is not None else ()
    return types[0] if len(types) == 1 else BEFORE_6


def _notes(reading: FileReading, state: FileState, *, is_fresh: bool) -> str:
    """What is worth telling at the end, "" for nothing: rows found in place, passed over, and values left out."""
    told = [
        _same_rows(reading, state, is_fresh=is_fresh),
        f"{counted(state.passed, 'row')} of other indices passed over, as was asked for" if state.passed else "",
        f"{counted(state.lost, 'value')} left out that JSON does not have (NaN, infinite)" if state.lost else "",
    ]
    return "; ".join(filter(None, told))


def _same_rows(reading: FileReading, state: FileState, *, is_fresh: bool) -> str:
    """What is worth telling of rows that were found in place, "" where there were none."""
    if not state.there:
        return ""
    if is_fresh and reading.ids is IdRule.HASH:
        return f"{counted(state.there, 'row')} equal to another one: each is one document, by its hash"
    return f"{counted(state.there, 'row')} found in place by _id, and left as they are"
