"""A data stream as one task: planned from what its newest index says, and made by a template before the first document.

What makes it is a template, the destination's own where one claims the name, else the source's with its components.
The data stream itself is made before any document, so that nothing that is sent to its name can make a plain index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.definitions import carried
from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.streams import template_for
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.translate.aliases import translate_aliases
from esmigrate_tui.translate.streams import carried_templates

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.methods.contract import Recorder
    from esmigrate_tui.model.draft import IndexDefinition
    from esmigrate_tui.model.facts import IndexFacts, Version

BY_TEMPLATE: Final = "{}"
"""The body of a task that makes a data stream without aliases: all else that it will be stands in its template."""
_ROLLOVERS: Final = "where one ended and the next began is not carried over, documents go in oldest first"
_LIFECYCLE: Final = "its lifecycle begins anew, and counts from now; a failure store stays behind"


def stream_task(  # what is known of it, where it goes, and for whom
    index: IndexFacts,
    definition: IndexDefinition,
    target: str,
    number: int,
    destination: Version,
    source: Version,
    plugins: Collection[str] | None,
) -> Task:
    """What is to be done for a data stream of the source; raises ProblemError (blocked) for a time series."""
    if named(definition.settings).get("index.mode") == "time_series":
        raise ProblemError.of(
            Cause.BLOCKED,
            f"The data stream {index.name} is a time series, which takes no documents of the past.",
            why="Each of its indices takes those of one range of time, and the ranges are made as time goes by.",
            todo="Restore it from a snapshot: its indices come along with their ranges.",
        )
    said: list[str] = []
    aliases = translate_aliases(definition.aliases, destination, said)
    first = carried_templates(target, definition.templates, destination, source, plugins)
    templates = [f"{one.label}: {change}" for one in first for change in one.changes]
    backing = counted(len(definition.backing), "index", "indices")
    return Task(
        number=number,
        source_index=index.name,
        destination_index=target,
        create=msgspec.json.encode({"aliases": aliases}).decode() if aliases else BY_TEMPLATE,
        documents=index.documents if definition.documents is None else definition.documents,
        size=index.primary_bytes,
        changes=(f"a data stream of {backing}: {_ROLLOVERS}", _LIFECYCLE, *said, *templates),
        kind=RestoreKind.DATA_STREAM,
        backing=definition.backing,
        first=first,
    )


def stream_request(name: str) -> Request:
    """The request that makes a data stream, where a template claims its name."""
    return Request(method="PUT", path=f"/_data_stream/{quote(name, safe='')}")


def alias_request(task: Task) -> Request | None:
    """The request that gives a data stream its aliases; None where it has none."""
    aliases: dict[str, dict[str, Any]] = msgspec.json.decode(task.create).get("aliases") or {}
    if not aliases:
        return None
    name = task.destination_index
    actions = [{"add": {"index": name, "alias": alias, **how}} for alias, how in aliases.items()]
    return Request(method="POST", path="/_aliases", body=msgspec.json.encode({"actions": actions}).decode())


async def make_stream(task: Task, destination: Cluster, recorder: Recorder) -> None:
    """Make what the task's data stream needs, and the data stream; what is there is never written over.

    Raises ProblemError: blocked where no template would make it a data stream.
    """
    name = task.destination_index
    if not await _is_claimed(name, destination):
        for one in task.first:
            there = await carried(destination.wire, (one.kind,), one.name)
            if any(each.name == one.name for each in there) and one.kind is DefinitionKind.COMPONENT:
                continue  # used as it is: others may be made of it
            change = one.change()
            await recorder.change(change.side, change.what, change.made_by, None)
        if not await _is_claimed(name, destination):
            raise ProblemError(_no_template(name))
    await recorder.change(Side.DESTINATION, f"the data stream {name} was made", await _making(name, destination), None)
    if (await destination.indices.existing([name])).get(name) != "data stream":
        raise ProblemError(_not_made(name))
    if request := alias_request(task):
        await recorder.change(Side.DESTINATION, f"the data stream {name} got its aliases", request, None)


async def _is_claimed(name: str, destination: Cluster) -> bool:
    """Whether what is made under this name is a data stream, by the destination's own templates."""
    found = template_for(name, await destination.surroundings.index_templates() or ())
    return found is not None and found.makes_streams


async def _making(name: str, destination: Cluster) -> Request:
    """The request that makes it. A server without the module for it makes one for the first document to its name.

    That document has no @timestamp, so that it is refused, and only the data stream stays.
    """
    try:
        await destination.wire.get(f"/_data_stream/{quote(name, safe='')}", object)
    except ProblemError as error:
        if error.problem.cause is Cause.UNSUPPORTED:
            return Request(method="POST", path=f"/{quote(name, safe='')}/_bulk", body='{"create":{}}\n{}\n')
        if error.problem.cause not in {Cause.MISSING, Cause.PRIVILEGES}:
            raise
    return stream_request(name)


def _no_template(name: str) -> Problem:
    shown = clean(name, 300)
    return Problem(
        cause=Cause.BLOCKED,
        what=f"No template of the destination makes {shown} a data stream.",
        why="A data stream is made of an index template with `data_stream` that fits its name, and is the strongest of "
        "those that do.",
        todo=f"Make such a template there, or give the data stream another name: "
        f'PUT _index_template/{shown} {{"index_patterns":["{shown}"],"data_stream":{{}},"priority":500}}',
    )


def _not_made(name: str) -> Problem:
    return Problem(
        cause=Cause.UNKNOWN_OUTCOME,
        what=f"The data stream {clean(name, 300)} was asked for, and is not there.",
        todo="Look at the destination's templates and its log, then resume the run.",
    )
