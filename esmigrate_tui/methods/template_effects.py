"""Whether an index was made as the plan has it: the destination's templates are laid under every request for one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from esmigrate_tui.model.facts import TemplateLayer
from esmigrate_tui.model.problem import PASSING, ProblemError
from esmigrate_tui.model.text import listed

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.event import Acknowledged
    from esmigrate_tui.model.problem import Problem

_SHOWN = 8
_asked_once: WeakKeyDictionary[Cluster, Cluster] = WeakKeyDictionary()
"""By a run's destination the same that remembers: a run may make thousands of indices, and templates may be large."""


async def with_template_note(moved: Acknowledged, work: Work, clusters: Clusters) -> Acknowledged:
    """The first look at a task, with what its index has that the plan has not, and by which template."""
    name = work.task.destination_index
    if not work.task.makes_index or not (layers := await _layers(clusters.destination, name)):
        return moved
    from esmigrate_tui.preflight.templates import effect_of  # noqa: PLC0415  # every check comes with it

    body = msgspec.json.decode(work.task.create)
    expected = effect_of(body, layers)
    if not expected.changes:
        return moved
    made = (await clusters.destination.indices.definitions([name]))[name]
    itself = TemplateLayer(template="", settings=made.settings, mappings=made.mappings, aliases=made.aliases)
    there = set(effect_of(body, [itself]).changes)
    seen = [change for change in expected.changes if change in there]
    if not seen:
        return moved
    templates = listed(expected.templates)
    note = f"the index is otherwise than planned, by the destination's template {templates}: {listed(seen, _SHOWN)}"
    parts = [part for part in (moved.note, note) if part]
    return msgspec.structs.replace(moved, note="; ".join(parts), is_odd=moved.is_odd or expected.is_felt)


async def naming_templates(problem: Problem, work: Work, clusters: Clusters) -> Problem:
    """The problem that an index was not made, with the templates that had a say in it."""
    if problem.cause in PASSING:
        return problem
    layers = await _layers(clusters.destination, work.task.destination_index)
    if not layers:
        return problem
    from esmigrate_tui.preflight.templates import effect_of  # noqa: PLC0415  # every check comes with it

    templates = tuple(dict.fromkeys(layer.template for layer in layers))
    refusals = effect_of(msgspec.json.decode(work.task.create or "{}"), layers).refusals
    said = f": {listed(refusals, _SHOWN)}" if refusals else ""
    return msgspec.structs.replace(
        problem,
        why=f"{problem.why} The destination's template {listed(templates)} fits this name and is laid under what is "
        f"made{said}.".strip(),
        todo=f"Give the index another name, or keep the template from it while the run goes on. {problem.todo}".strip(),
    )


async def _layers(destination: Cluster, name: str) -> tuple[TemplateLayer, ...]:
    """What templates give to an index of that name; () where they cannot be read."""
    remembering = _asked_once.setdefault(destination, destination.remembering())
    try:
        return (await remembering.surroundings.template_layers([name]) or {}).get(name, ())
    except ProblemError:
        return ()
