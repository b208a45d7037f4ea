"""What the methods share that fill indices with documents: planning them, making them, speed while they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.methods.streams import make_stream, stream_request, stream_task
from esmigrate_tui.methods.template_effects import naming_templates
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copy_options import AS_IT_IS, PipelineRule, TypeRule, apart
from esmigrate_tui.model.draft import bare_plan
from esmigrate_tui.model.facts import IndexState, Version
from esmigrate_tui.model.features import UNKNOWN_VERSION, Features
from esmigrate_tui.model.ledger import Request, replaced_index
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, counted, listed, number, size
from esmigrate_tui.model.weight import is_tuned
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.settings import for_later
from esmigrate_tui.translate.side_by_side import changed_at
from esmigrate_tui.translate.types import of_type, types_of
from esmigrate_tui.verify.counts import A_MOMENT, refresh_if_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Recorder, Work
    from esmigrate_tui.model.copy_options import CopyOptions
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.translate import Translation


BEFORE_6: Final = "doc"
"""The type of documents that have none, where an index may have several: its name must not begin with a line."""
EDITED: Final = "its definition was changed by you"
FOR_ALL: Final = "chosen for all: "
_REFRESH: Final = "1s"  # what 2.x does where nothing is set
MOST_REPEATS: Final = 3
"""Readings of one source again: one that is written to without a pause would have one more each time."""


def plan_of_indices(draft: Draft, method: MethodName, made_at: str) -> Plan:
    """The plan of a draft whose indices are chosen and defined; raises ProblemError (usage) when it is not ready.

    `made_at` is ISO 8601 in UTC.
    """
    if draft.source is None or draft.destination is None or draft.destination_facts is None:
        raise ProblemError.of(Cause.USAGE, "Both connections are needed for a plan.")
    draft = msgspec.structs.replace(draft, method=method)
    bare = bare_plan(draft, made_at)
    if not draft.chosen:
        raise ProblemError.of(
            Cause.MISSING,
            "No index is chosen, so there is nothing to move.",
            todo="Choose at least one index that exists on the source.",
        )
    copying = copying_of(draft)
    tasks: list[Task] = []
    for index in draft.chosen:
        if index.state is IndexState.CLOSED or index.name not in draft.definitions:
            raise ProblemError.of(
                Cause.BLOCKED,
                f"The index {index.name} cannot be read.",
                why="It is closed, or it was deleted since it was chosen.",
                todo="Open it on the source, or leave it out.",
            )
        tasks += tasks_of(draft, index, copying, len(tasks) + 1)
    if draft.bring and draft.carried is None:
        what = "What is to be brought over beside the indices was not looked at yet."
        raise ProblemError.of(Cause.USAGE, what, todo="Go back to the selection, and on from there.")
    carried = draft.carried or () if draft.bring else ()
    return msgspec.structs.replace(bare, tasks=tuple(tasks), restoration=None, copying=copying, carried=carried)


def copying_of(draft: Draft) -> CopyOptions:
    """How the draft's method copies: a remote reindex knows of no choices."""
    # A value of its own is written into the plan's file whatever it is; the default itself is left out there.
    return (
        msgspec.structs.replace(draft.copying) if draft.traits.reads_documents and not draft.traits.pulls else AS_IT_IS
    )


def tasks_of(draft: Draft, index: IndexFacts, copying: CopyOptions, first: int) -> list[Task]:
    """What is to be done for one index: one task, or one for each of its types; raises ProblemError (usage).

    `first` is the number of the first of them.
    """
    definition = draft.definitions[index.name]
    if definition.backing:
        return [_stream_task(draft, index, copying, first)]
    kinds = kinds_of(draft, index.name, copying)
    if any(one.type not in kinds for one in draft.all_edited_of(index.name)):
        raise ProblemError(_no_longer_fits(index.name))  # an index for it is not made any more
    tasks = []
    for number_, (kind, name) in enumerate(kinds.items(), start=first):
        translation, edited = translated(draft, index.name, kind), draft.edited_of(index.name, kind)
        if edited is not None and edited.made_of != translation.as_json():
            raise ProblemError(_no_longer_fits(index.name))
        alone = (f"only documents of the type {clean(kind, 200)} go into it",) if kind else ()
        if edited is not None:
            yours: tuple[str, ...] = (f"{EDITED}: {listed(changed_at(edited.made_of, edited.body))}",)
        else:
            yours = tuple(f"{FOR_ALL}{name}={value}" for name, value in draft.settings.items())
        documents = index.documents if definition.documents is None else definition.documents
        task = Task(
            number=number_,
            source_index=index.name,
            destination_index=name,
            create=body_of(translation, draft) if edited is None else edited.body,
            documents=None if kind else documents,
            size=None if kind else index.primary_bytes,
            changes=yours + alone + translation.changes,
            is_edited=edited is not None,
            type=kind,
        )
        made = msgspec.json.decode(task.create).get("settings") or {}
        task = msgspec.structs.replace(task, later=for_later(definition.settings, made))
        task = used_as_it_is(draft, task) if copying.into_existing else task
        if task.create and translation.conflicts and edited is None:
            types = () if kind else types_of(definition.mappings)
            raise ProblemError(_not_as_it_is(index.name, types, translation.conflicts))
        tasks.append(task)
    return tasks


def _stream_task(draft: Draft, index: IndexFacts, copying: CopyOptions, first: int) -> Task:
    """What is to be done for a data stream; raises ProblemError where it cannot be one there."""
    version = _version_of(draft)
    source = draft.source_facts.version if draft.source_facts is not None else version
    definition, target = draft.definitions[index.name], draft.target(index.name)
    if copying.versions:
        raise ProblemError(_no_versions(target))
    task = stream_task(index, definition, target, first, version, source, _plugins(draft.destination_facts))
    return used_as_it_is(draft, task) if copying.into_existing else task


def kinds_of(draft: Draft, index: str, copying: CopyOptions) -> dict[str, str]:
    """The types of an index that get one of their own, "" for all of it, each with the name on the destination.

    Raises ProblemError (usage) where it has not the type that is asked for, or cannot keep versions.
    """
    target, types = draft.target(index), types_of(draft.definitions[index].mappings)
    version = _version_of(draft)
    if copying.only_type and copying.only_type not in types:
        raise ProblemError.of(
            Cause.USAGE,
            f"The index {index} has no type {clean(copying.only_type, 200)}.",
            why=f"It has {listed(types)}." if types else "It has no types: these are of 5.x and older.",
            todo="Correct --only-type, or leave this index out.",
        )
    if len(types) < 2:
        return {"": target}
    if copying.only_type:
        return {copying.only_type: target}
    if copying.types is TypeRule.APART:
        return {kind: apart(target, kind) for kind in sorted(types)}
    if copying.versions and not Features.of_elasticsearch(version).has_several_types:
        raise ProblemError.of(
            Cause.USAGE,
            f"The types of {index} cannot go into one index while documents keep their versions.",
            why=f"It has {listed(types)}: of two documents with one _id the higher version would replace the other.",
            todo="Give each type an index of its own with --types apart, choose one with --only-type, "
            "or leave --versions out.",
        )
    return {"": target}


def translated(draft: Draft, index: str, kind: str) -> Translation:
    """The definition of an index, or of one type of it alone, in the words of the draft's destination."""
    definition = draft.definitions[index]
    plugins = _plugins(draft.destination_facts)
    return translate(of_type(definition, kind) if kind else definition, _version_of(draft), plugins=plugins)


def body_of(translation: Translation, draft: Draft) -> str:
    """The body of an index whose definition the user has not edited: the translation, with the settings for all."""
    if not draft.settings:
        return translation.as_json()
    settings = {**translation.body["settings"], **draft.settings}
    return msgspec.structs.replace(translation, body={**translation.body, "settings": settings}).as_json()


def _version_of(draft: Draft) -> Version:
    return draft.destination_facts.version if draft.destination_facts else UNKNOWN_VERSION


def _no_longer_fits(index: str) -> Problem:
    return Problem(
        cause=Cause.STATE,
        what=f"Your definition of {index} no longer fits.",
        why="It was made of another translation: the index, the destination or an option has changed since.",
        todo="Look at it once more in the selection.",
    )


def _plugins(facts: ClusterFacts | None) -> tuple[str, ...] | None:
    """The destination's plugins; None where it did not say: every server has modules, and tells both together."""
    return (*facts.plugins, *facts.modules) if facts is not None and facts.modules else None


def _not_as_it_is(index: str, types: tuple[str, ...], conflicts: Sequence[str]) -> Problem:
    """The problem that the destination cannot hold the fields of an index as the source has them."""
    several = len(types) > 1
    return Problem(
        cause=Cause.BLOCKED,
        what=f"The types of {index} cannot become one."
        if several
        else f"The mapping of {index} cannot be carried over.",
        why=f"{listed(conflicts, most=3)}.",
        todo="Copy through this machine with --types apart: each type gets an index of its own. Or decide yourself "
        "what is made: in the wizard, m where indices are selected."
        if several
        else "Decide yourself what is made: in the wizard, m where indices are selected. Or make the index on the "
        "destination by hand, and copy into it with --into-existing.",
    )


def used_as_it_is(draft: Draft, task: Task) -> Task:
    """The task with an index or a data stream that the destination has already, where it has one of that name.

    Raises ProblemError (usage) where documents are to keep their versions in a data stream.
    """
    name = task.destination_index
    if name in draft.destination_streams:
        if draft.copying.versions:
            raise ProblemError(_no_versions(name))
        kind = RestoreKind.DATA_STREAM
        change = "the data stream is used as it is: documents are added to its newest index, without a routing"
    elif name in draft.destination_names:
        kind = RestoreKind.INDEX
        change = "the index is used as it is: its own settings, mappings and aliases stay"
    else:
        return task
    return msgspec.structs.replace(task, create="", is_edited=False, later={}, kind=kind, changes=(change,), first=())


def _no_versions(name: str) -> Problem:
    return Problem(
        cause=Cause.USAGE,
        what=f"Documents cannot keep their versions in {name}.",
        why="It is a data stream, and a data stream takes new documents only.",
        todo="Leave --versions out, or copy into an index.",
    )


def more_than_given(missing: int) -> str:
    """What is told when a source holds so many documents more than it gave."""
    return f"the source holds {counted(missing, 'document')} more than it gave, it is read again"


def first_steps(plan: Plan) -> tuple[str, str]:
    """The steps before documents move, in words: what is read, and which indices are made."""
    old = f"{plan.source.endpoint.url} ({plan.source_version})" if plan.source is not None else "the source"
    new = f"{plan.destination.endpoint.url} ({plan.destination_version})"
    return f"Read from {old}; nothing on it is changed.", _made_indices(plan, new)


def _made_indices(plan: Plan, new: str) -> str:
    renamed = sum(task.source_index != task.destination_index for task in plan.tasks)
    edited = [task.label for task in plan.tasks if task.is_edited]
    for_all = {change for task in plan.tasks for change in task.changes if change.startswith(FOR_ALL)}
    changed = sum(bool(set(task.changes) - for_all and task.create) for task in plan.tasks)
    made, used = [task for task in plan.tasks if task.create], [task for task in plan.tasks if not task.create]
    adds = f"Add to {_things(used)} on {new} as they are"
    if not made:
        return f"{adds}; documents that exist stay."
    indices = any(task.makes_index for task in made)
    by = " with settings, mappings and aliases" if indices else " by its template"
    by += ", data streams by their templates" if indices and not all(task.makes_index for task in made) else ""
    return (
        f"Make {_things(made)} on {new}{by}"
        + (f", {number(renamed)} under another name" if renamed else "")
        + (f", {number(changed)} in the words of the newer version" if changed else "")
        + "."
        + (f" All get {listed([change.removeprefix(FOR_ALL) for change in sorted(for_all)])}." if for_all else "")
        + (f" You have changed the definition of {listed(edited)}." if edited else "")
        + (f" {adds}." if used else "")
    )


def _things(tasks: Sequence[Task]) -> str:
    streams = sum(task.kind is RestoreKind.DATA_STREAM for task in tasks)
    indices = len(tasks) - streams
    parts = [counted(indices, "index", "indices")] if indices else []
    parts += [counted(streams, "data stream")] if streams else []
    return " and ".join(parts)


def amount(plan: Plan) -> str:
    """How much is moved, in words."""
    known = [task.size for task in plan.tasks if task.size is not None]
    documents = "all documents" if plan.documents is None else counted(plan.documents, "document")
    return f"{documents}, {size(sum(known))}" if known else documents


def manner(plan: Plan) -> tuple[str, str]:
    """How many indices at a time, and how fast at most, as words of a sentence; each may be empty."""
    many = f", {plan.at_once} at a time" if plan.at_once else ", many small ones at a time"
    together = many if plan.at_once != 1 and len(plan.tasks) > 1 else ""
    pace = f", at most {plan.requests_per_second:g} a second for each index" if plan.requests_per_second else ""
    return together, pace


def requests_around(plan: Plan, filling: Request) -> tuple[Request, ...]:
    """The requests to the destination for the first task of a plan, of which `filling` moves the documents."""
    task = plan.tasks[0]
    target = f"/{quote(task.destination_index, safe='')}"
    tuning = tuning_requests(task) if is_tuned(plan, task) else ()
    return (
        *(one.change().made_by for one in task.first),
        *((create_request(task, Version.parse(plan.destination_version)),) if task.create else ()),
        *tuning[:1],
        filling,
        *tuning[1:],
        Request(method="POST", path=f"{target}/_refresh"),
        Request(method="GET", path=f"{target}/_count"),
    )


def settings_request(index: str, settings: dict[str, Any]) -> Request:
    """The request that changes settings of one index; null restores its default."""
    return Request(
        method="PUT",
        path=f"/{quote(index, safe='')}/_settings",
        body=msgspec.json.encode({"index": settings}).decode(),
    )


def create_request(task: Task, destination: Version) -> Request:
    """The request that makes the destination index, or its data stream.

    6.x wants to be told that the mapping names no type. Before 6.7 it cannot be told so, and gets the type that
    documents are written with. Before 6.0 a plan of another index has its types; files and what others send have none,
    and get one.
    """
    if not task.makes_index:
        return stream_request(task.destination_index)
    path, body = f"/{quote(task.destination_index, safe='')}", task.create
    if Features.of_elasticsearch(destination).takes_include_type_name:
        path += "?include_type_name=false"
    elif (kind := _type_of(task, destination)) and (definition := msgspec.json.decode(body)).get("mappings"):
        body = msgspec.json.encode(definition | {"mappings": {kind: definition["mappings"]}}).decode()
    return Request(method="PUT", path=path, body=body)


def _type_of(task: Task, destination: Version) -> str:
    """The type that a mapping without one gets there; "" where it needs none, or has its own."""
    features = Features.of_elasticsearch(destination)
    if features.takes_include_type_name or not features.has_types:
        return ""
    is_without = task.reading is not None or task.shipping is not None
    return "_doc" if not features.has_several_types else BEFORE_6 if is_without else ""


def tuning_requests(
    task: Task, has: Mapping[str, Any] | None = None, destination: Version | None = None
) -> tuple[Request, Request]:
    """What switches replicas and refresh off, and what restores what the plan wants, else what the index `has`.

    A server before 7.7 does not take null for the number of replicas: it is sent, 1 where nothing is known. One before
    5.0 acknowledges null for the refresh interval, and changes nothing.
    """
    wanted = named(msgspec.json.decode(task.create or "{}").get("settings", {}))
    has = {**(has or {}), **wanted}
    fast: dict[str, Any] = {"refresh_interval": "-1"}
    never_set = None if destination is None or Features.of_elasticsearch(destination).resets_with_null else _REFRESH
    back: dict[str, Any] = {"refresh_interval": has.get("index.refresh_interval") or never_set}
    if has.get("index.auto_expand_replicas") in {None, "false", False}:
        fast["number_of_replicas"] = 0
        replicas = has.get("index.number_of_replicas")
        back["number_of_replicas"] = 1 if replicas is None else replicas
    return settings_request(task.destination_index, fast), settings_request(task.destination_index, back)


async def make_index(work: Work, clusters: Clusters, recorder: Recorder) -> None:
    """Make the destination index as the plan has it, and switch its replicas and refresh off for the time being."""
    task = work.task
    if task.makes_stream:
        await make_stream(task, clusters.destination, recorder)
    elif task.create:
        await _make(work, clusters, recorder)
    if is_tuned(work.plan, task):
        # What a template gave the index is known by now; of an index that this run has tuned before, the ledger knows.
        fast, back = tuning_requests(
            task,
            await clusters.destination.indices.settings_of(task.destination_index, within=A_MOMENT),
            await clusters.destination.wire.version(),
        )
        await recorder.change(
            Side.DESTINATION,
            f"replicas and refresh of {task.destination_index} were switched off while it filled",
            fast,
            back,
        )
    if clusters.source is not None:  # so that what was written a moment ago is read too
        await refresh_if_allowed(clusters.source, task.source_index)


async def _make(work: Work, clusters: Clusters, recorder: Recorder) -> None:
    task = work.task
    request = create_request(task, Version.parse(work.plan.destination_version))
    try:
        await recorder.change(Side.DESTINATION, f"the index {task.destination_index} was made", request, None)
    except ProblemError as error:
        raise ProblemError(await naming_templates(error.problem, work, clusters)) from None


def source_of(clusters: Clusters) -> Cluster:
    """The source; raises ProblemError (usage) where there is none."""
    if clusters.source is None:
        raise ProblemError.of(Cause.USAGE, "This method needs a source cluster.")
    return clusters.source


async def made_index(work: Work, clusters: Clusters, known: str = "", *, within: float = 0.0) -> str:
    """The uuid of the destination's index; raises ProblemError where it is not the `known` one, missing, or an alias.

    It is the one there is now, or was at most `within` seconds ago.

    A data stream has none, and changes its indices: of one that was made here the oldest is meant, of one that was
    there before nothing can be known but that it is there.
    """
    if work.task.kind is RestoreKind.DATA_STREAM:
        name = work.task.destination_index
        if (await clusters.destination.indices.existing([name])).get(name) != "data stream":
            raise index_gone(work)
        parts = await clusters.destination.indices.settings_of_parts(name) if work.task.create else {}
        uuid = next(iter(parts.values())).get("index.uuid", "") if parts else "data stream"
    else:
        uuid = (await settings_there(work, clusters, within=within)).get("index.uuid", "")
    if known and uuid != known:
        raise another_index(work)
    return uuid


async def settings_there(work: Work, clusters: Clusters, *, within: float = 0.0) -> dict[str, str]:
    """The settings of the destination's index, flat; raises ProblemError (missing) where it is missing, or an alias."""
    try:
        return await clusters.destination.indices.settings_of(work.task.destination_index, within=within)
    except ProblemError as error:
        if error.problem.cause is Cause.MISSING:
            raise index_gone(work) from None
        raise


async def documents_there(work: Work, clusters: Clusters) -> int:
    """How many documents the destination's index has after a refresh."""
    await clusters.destination.searches.refresh(work.task.destination_index)
    return await clusters.destination.searches.count(work.task.destination_index)


def index_gone(work: Work) -> ProblemError:
    """The problem that the destination's index was deleted after the run had made it."""
    return ProblemError.of(
        Cause.MISSING,
        f"The index {work.task.destination_index} is no longer on the destination.",
        why="It was deleted after the run had made it; going on would make it anew with guessed mappings.",
        todo="If that was intended, nothing has to be done. If not, run the plan again.",
    )


def another_index(work: Work) -> ProblemError:
    """The problem that the destination's index is not the one that this run has made."""
    name = work.task.destination_index
    return ProblemError(
        replaced_index(
            name,
            Side.DESTINATION,
            why="It was deleted meanwhile, and a copy that goes on makes it anew by itself: with guessed mappings, "
            "and without the settings and aliases of the plan.",
            todo=f"Delete {name} on the destination and run the plan again.",
        )
    )


def switches_off(plan: Plan, destination: Version) -> bool:
    """Whether every request has to say that the index's default pipeline is not meant; before 6.5 it has none."""
    return plan.copying.pipelines is PipelineRule.OFF and Features.of_elasticsearch(destination).has_default_pipelines


async def make_index_beside_pipelines(work: Work, clusters: Clusters, recorder: Recorder) -> None:
    """Make the destination index, and switch off what no request can pass by: its final pipeline, until it is full."""
    await make_index(work, clusters, recorder)
    index, destination = work.task.destination_index, clusters.destination
    if not work.task.create or not switches_off(work.plan, await destination.wire.version()):
        return
    *_, newest = (await destination.indices.settings_of_parts(index, within=A_MOMENT)).values()
    final = newest.get("index.final_pipeline", NO_PIPELINE)
    if final != NO_PIPELINE:
        await recorder.change(
            Side.DESTINATION,
            f"the final pipeline {clean(final)} of {index} was switched off while it fills",
            settings_request(index, {"final_pipeline": NO_PIPELINE}),
            settings_request(index, {"final_pipeline": final}),
        )
