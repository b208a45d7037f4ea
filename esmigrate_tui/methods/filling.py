"""What the methods share that fill indices with documents: planning them, making them, speed while they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import bare_plan
from esmigrate_tui.model.facts import IndexState, Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.plan import MethodName, Plan, Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import counted, number, size
from esmigrate_tui.translate import translate

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Book, Work
    from esmigrate_tui.model.draft import Draft


_TYPELESS_IF_TOLD: Final = Version(6, 7)
_TYPELESS: Final = Version(7, 0)
MOST_REPEATS: Final = 3
"""Readings of one source again: one that is written to without a pause would have one more each time."""


def plan_of_indices(draft: Draft, method: MethodName, made_at: str) -> Plan:
    """The plan of a draft whose indices are chosen and defined; raises ProblemError (usage) when it is not ready.

    `made_at` is ISO 8601 in UTC.
    """
    if draft.source is None or draft.destination is None or draft.destination_facts is None:
        raise ProblemError(Problem(cause=Cause.USAGE, what="Both connections are needed for a plan."))
    bare = bare_plan(msgspec.structs.replace(draft, method=method), made_at)
    if not draft.chosen:
        raise ProblemError(
            Problem(
                cause=Cause.MISSING,
                what="No index is chosen, so there is nothing to move.",
                todo="Choose at least one index that exists on the source.",
            )
        )
    version = draft.destination_facts.version
    tasks = []
    for position, index in enumerate(draft.chosen, start=1):
        if index.state is IndexState.CLOSED or index.name not in draft.definitions:
            raise ProblemError(
                Problem(
                    cause=Cause.BLOCKED,
                    what=f"The index {index.name} cannot be read.",
                    why="It is closed, or it has gone since it was chosen.",
                    todo="Open it on the source, or leave it out.",
                )
            )
        definition = draft.definitions[index.name]
        translation = translate(definition, version)
        tasks.append(
            Task(
                number=position,
                source_index=index.name,
                destination_index=draft.target(index.name),
                create=translation.as_json(),
                documents=index.documents if definition.documents is None else definition.documents,
                size=index.primary_bytes,
                changes=translation.changes,
            )
        )
    return msgspec.structs.replace(bare, tasks=tuple(tasks), restoration=None)


def more_than_given(missing: int) -> str:
    """What is told when a source holds so many documents more than it gave."""
    return f"the source holds {counted(missing, 'document')} more than it gave, it is read again"


def made_indices(plan: Plan, new: str) -> str:
    """The step in which the indices of a plan are made, in words; `new` says where."""
    renamed = sum(task.source_index != task.destination_index for task in plan.tasks)
    changed = sum(bool(task.changes) for task in plan.tasks)
    return (
        f"Make {counted(len(plan.tasks), 'index', 'indices')} on {new} with settings, mappings and aliases"
        + (f", {number(renamed)} under another name" if renamed else "")
        + (f", {number(changed)} in the words of the newer version" if changed else "")
        + "."
    )


def amount(plan: Plan) -> str:
    """How much is moved, in words."""
    known = [task.size for task in plan.tasks if task.size is not None]
    documents = "all documents" if plan.documents is None else counted(plan.documents, "document")
    return f"{documents}, {size(sum(known))}" if known else documents


def manner(plan: Plan) -> tuple[str, str]:
    """How many indices at a time, and how fast at most, as words of a sentence; each may be empty."""
    together = f", {plan.at_once} at a time" if plan.at_once > 1 and len(plan.tasks) > 1 else ""
    pace = f", at most {plan.requests_per_second:g} a second for each index" if plan.requests_per_second else ""
    return together, pace


def settings_request(index: str, settings: dict[str, Any]) -> Request:
    """The request that changes settings of one index; null puts one back to its default."""
    return Request(
        method="PUT",
        path=f"/{quote(index, safe='')}/_settings",
        body=msgspec.json.encode({"index": settings}).decode(),
    )


def create_request(task: Task, destination: Version) -> Request:
    """The request that makes the destination index; 6.x wants to be told that the mapping names no type.

    Before 6.7 it cannot be told so, and gets the type that documents are written with; before 6.0 a plan has types.
    """
    path, body = f"/{quote(task.destination_index, safe='')}", task.create
    if _TYPELESS_IF_TOLD <= destination < _TYPELESS:
        path += "?include_type_name=false"
    elif destination.major == 6 and (definition := msgspec.json.decode(body)).get("mappings"):
        body = msgspec.json.encode(definition | {"mappings": {"_doc": definition["mappings"]}}).decode()
    return Request(method="PUT", path=path, body=body)


def tuning_requests(task: Task) -> tuple[Request, Request]:
    """What switches replicas and refresh off, and what puts them back to what the plan wants (null: the default)."""
    wanted = msgspec.json.decode(task.create or "{}").get("settings", {})
    fast: dict[str, Any] = {"refresh_interval": "-1"}
    back: dict[str, Any] = {"refresh_interval": wanted.get("index.refresh_interval")}
    if wanted.get("index.auto_expand_replicas") in {None, "false", False}:
        fast["number_of_replicas"] = 0
        back["number_of_replicas"] = wanted.get("index.number_of_replicas")
    return settings_request(task.destination_index, fast), settings_request(task.destination_index, back)


async def make_index(work: Work, clusters: Clusters, book: Book) -> None:
    """Make the destination index as the plan has it, and switch its replicas and refresh off for the time being."""
    task = work.task
    if task.create:
        await book.change(
            Side.DESTINATION,
            f"the index {task.destination_index} was made",
            create_request(task, Version.parse(work.plan.destination_version)),
            None,
        )
    if work.plan.tune and task.create:
        fast, back = tuning_requests(task)
        await book.change(
            Side.DESTINATION,
            f"replicas and refresh of {task.destination_index} were switched off while it fills",
            fast,
            back,
        )
    await show_everything(work, clusters)


async def show_everything(work: Work, clusters: Clusters) -> None:
    """Refresh the source, so that what was written a moment ago is read too; a reader's user may not do that."""
    if clusters.source is None:
        return
    try:
        await source_of(clusters).refresh(work.task.source_index)
    except ProblemError as error:
        if error.problem.cause is not Cause.PRIVILEGES:
            raise


def source_of(clusters: Clusters) -> Cluster:
    """The source; raises ProblemError (usage) where there is none."""
    if clusters.source is None:
        raise ProblemError(Problem(cause=Cause.USAGE, what="This method needs a source cluster."))
    return clusters.source


async def made_index(work: Work, clusters: Clusters) -> str:
    """The uuid of the destination's index; raises ProblemError (missing) where it is gone, or an alias by now."""
    try:
        settings = await clusters.destination.settings_of(work.task.destination_index)
    except ProblemError as error:
        if error.problem.cause is Cause.MISSING:
            raise index_gone(work) from None
        raise
    return settings.get("index.uuid", "")


def index_gone(work: Work) -> ProblemError:
    """The trouble that the destination's index was deleted after the run had made it."""
    return ProblemError(
        Problem(
            cause=Cause.MISSING,
            what=f"The index {work.task.destination_index} is no longer on the destination.",
            why="Somebody deleted it after the run had made it; going on would make it anew with guessed mappings.",
            todo="If that was meant, nothing has to be done. If not, run the plan again.",
        )
    )


def another_index(work: Work) -> ProblemError:
    """The trouble that the destination's index is not the one that this run has made."""
    name = work.task.destination_index
    return ProblemError(
        Problem(
            cause=Cause.STATE,
            what=f"The index {name} on the destination is not the one that this run has made.",
            why="It was deleted meanwhile, and a copy that goes on makes it anew by itself: with guessed mappings, "
            "and without the settings and aliases of the plan.",
            todo=f"Delete {name} on the destination and run the plan again.",
        )
    )
