"""Whether those who are signed in may do what a run does, and see all there is."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.text import listed
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import RoleView

_PRIVILEGES: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/security-privileges.html"
_LEVELS: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/field-and-document-access-control.html"
)

_READING: Final = ("indices:data/read/search", "indices:data/read/scroll")
_FILLING: Final = (
    "indices:data/write/bulk",
    "indices:admin/refresh",
    "indices:data/read/search",
    "indices:monitor/settings/get",
)
_WATCHING: Final = _FILLING[1:]  # what others send, they write themselves
_MAKING: Final = ("indices:admin/create", "indices:admin/settings/update")
_TASKS: Final = ("cluster:monitor/task/get",)
_REFRESHED: Final = ("indices:admin/refresh",)
_REFRESHING: Final = "indices:admin/refresh*"  # an action, which every version takes; `maintenance` is newer
_BESIDE: Final = {
    DefinitionKind.LEGACY: ("indices:admin/template/put", "manage_index_templates"),
    DefinitionKind.COMPONENT: ("cluster:admin/component_template/put", "manage_index_templates"),
    DefinitionKind.TEMPLATE: ("indices:admin/index_template/put", "manage_index_templates"),
    DefinitionKind.PIPELINE: ("cluster:admin/ingest/pipeline/put", "manage_pipeline"),
    DefinitionKind.POLICY: ("cluster:admin/ilm/put", "manage_ilm"),
}
"""The action that makes a definition, and the privilege that has it."""
_STEERING: Final = ("cluster:admin/reindex/rethrottle", "cluster:admin/tasks/cancel")


@waivable
async def privileges(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the signed-in user may read on the source, and make, fill and count indices on the destination."""
    if not draft.selected and not draft.into:
        return
    needed = _wanted_there(draft)
    steering = _STEERING if draft.traits.pulls else ()
    tasks = _TASKS if draft.traits.pulls else ()
    lacking = await clusters.destination.surroundings.lacking((*tasks, *steering), needed)
    for finding in judged_privileges(Side.DESTINATION, lacking, tuple(needed), useful=steering):
        yield finding
    if clusters.source is not None:
        # An index that refreshes by itself has no document that could not be read.
        silent = {index.name for index in draft.chosen if index.refresh_interval == "-1"}
        chosen = {name: (*_READING, *(_REFRESHED if name in silent else ())) for name in draft.selected}
        lacking = await clusters.source.surroundings.lacking((), chosen)
        for finding in judged_privileges(Side.SOURCE, lacking, tuple(chosen), useful=_REFRESHED):
            yield finding


@check
async def carrying_privileges(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the signed-in user may make what is to be brought over beside the indices."""
    kinds = tuple(
        kind for kind in DefinitionKind if any(one.kind is kind and not one.conflict for one in draft.carried or ())
    )
    if kinds:
        lacking = await clusters.destination.surroundings.lacking([_BESIDE[kind][0] for kind in kinds], {})
        for finding in judged_carrying(kinds, lacking):
            yield finding


def judged_carrying(kinds: Sequence[DefinitionKind], lacking: Sequence[str] | None) -> Iterator[Finding]:
    """What it means that these actions are not allowed; None where the server has no privileges, or does not tell."""
    refused = tuple(kind for kind in kinds if _BESIDE[kind][0] in (lacking or ()))
    if not refused:
        return
    role = {"cluster": list(dict.fromkeys(_BESIDE[kind][1] for kind in refused))}
    yield warning(
        title=f"You may not make what is to be brought over: {listed(kind.plural for kind in refused)}",
        evidence=listed(lacking or ()),
        why="They are created at the end of the run, and would be refused; the documents arrive all the same.",
        fix="Bring fewer over, or let an administrator give your user this role as well:",
        copy=f"POST _security/role/esmigrate_beside\n{msgspec.json.encode(role).decode()}",
        link=_PRIVILEGES,
    )


def _wanted_there(draft: Draft) -> dict[str, tuple[str, ...]]:
    """What must be allowed on each index of the destination."""
    if draft.traits.loads:
        filling = _WATCHING if draft.shipping is not None else _FILLING
        return {draft.into: (*filling, *(_MAKING if draft.create else ()))}
    targets = dict.fromkeys(target for name in draft.selected for target in draft.all_targets(name))
    return {name: (*_FILLING, *(() if name in draft.uses else _MAKING)) for name in targets}


def judged_privileges(
    side: Side, lacking: Sequence[str] | None, names: Sequence[str], *, useful: Sequence[str] = ()
) -> Iterator[Finding]:
    """What it means that these actions are not allowed; None where the server has no privileges, or does not tell.

    `useful` are those without which a run goes on all the same.
    """
    if lacking is None:
        return
    if not lacking:
        may = "read what is chosen on the source" if side is Side.SOURCE else "make and fill these indices"
        yield passed(title=f"You may {may}")
        return
    spared = tuple(one for one in lacking if one.partition(" on ")[0] in useful)
    hard = tuple(one for one in lacking if one not in spared)
    for actions, is_hard in ((hard, True), (spared, False)):
        if not actions:
            continue
        kinds = tuple(dict.fromkeys(one.partition(" on ")[0] for one in actions))
        about = tuple(dict.fromkeys(index for one in actions if (index := one.partition(" on ")[2])))
        yield Finding(
            severity=Severity.BLOCKER if is_hard else Severity.WARNING,
            title=f"You may not do this on the {side}: {listed(kinds)}",
            evidence=listed(actions),
            why=_why(side, is_hard=is_hard),
            fix="Sign in as a user who may, or let an administrator give your user this role as well:",
            copy=_role(side, names, is_steering=not is_hard),
            link=_PRIVILEGES,
            subjects=about,
        )


def _why(side: Side, *, is_hard: bool) -> str:
    if is_hard:
        return "The run would be refused at this step, some of it perhaps half-way."
    if side is Side.SOURCE:
        return "Documents that were never refreshed cannot be read; without this the run cannot make them readable."
    return "The run goes on without it, but can neither be slowed down, paused nor stopped from here."


def _role(side: Side, names: Sequence[str], *, is_steering: bool) -> str:
    """The request that makes a role with what is needed, and no more."""
    if side is Side.SOURCE:
        kinds = ["read", "view_index_metadata", "monitor", *([_REFRESHING] if is_steering else [])]
        cluster = ["monitor"]
    else:
        kinds, cluster = ["create_index", "read", "write", "manage"], ["manage" if is_steering else "monitor"]
    body = {"cluster": cluster, "indices": [{"names": list(names), "privileges": kinds}]}
    return f"POST _security/role/esmigrate_{side}\n{msgspec.json.encode(body).decode()}"


@waivable
async def hidden_documents(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether a role hides documents or fields of the source from the signed-in user, which no count would show."""
    if clusters.source is None or not draft.selected:
        return
    views = await clusters.source.surroundings.views()
    if views is None:
        if draft.source_facts is not None and draft.source_facts.security:
            yield note(
                title="Whether a role hides documents of the source from you could not be seen",
                why="What is hidden is neither read nor counted: it would be missing, and nothing would differ.",
                fix="Ask the administrator who made your role whether it has a query or lists fields.",
                link=_LEVELS,
            )
        return
    for finding in judged_views(draft.selected, views):
        yield finding


def judged_views(names: Sequence[str], views: Sequence[RoleView]) -> Iterator[Finding]:
    """What it means that roles show these indices through a query, or only some fields of them."""
    without_documents, without_fields = [], []
    queries: dict[str, None] = {}
    for name in names:
        fitting = [view for view in views if view.may_read and any(_means(pattern, name) for pattern in view.names)]
        if fitting and all(view.queries for view in fitting):
            without_documents.append(name)
            queries |= dict.fromkeys(query for view in fitting for query in view.queries)
        if fitting and all(view.hides_fields for view in fitting):
            without_fields.append(name)
    if without_documents:
        yield blocker(
            title=f"Your role shows you only some documents of {listed(without_documents)}",
            evidence=f"query of the role: {listed(queries)}",
            why="What is hidden is neither read nor counted: it would be missing, and both counts would be equal.",
            fix="Sign in to the source as a user who sees everything, for instance with this role:",
            copy=_role(Side.SOURCE, without_documents, is_steering=False),
            link=_LEVELS,
            subjects=tuple(without_documents),
        )
    if without_fields:
        yield blocker(
            title=f"Your role hides fields of {listed(without_fields)}",
            why="Every document would arrive without them, and both counts would be equal.",
            fix="Sign in to the source as a user who sees everything, for instance with this role:",
            copy=_role(Side.SOURCE, without_fields, is_steering=False),
            link=_LEVELS,
            subjects=tuple(without_fields),
        )
    if not without_documents and not without_fields:
        yield passed(title="No role hides documents from you")


def _means(pattern: str, name: str) -> bool:
    """Whether a role's pattern means an index; a regular expression of Lucene (/…/) is taken to mean it."""
    return pattern.startswith("/") or fnmatchcase(name, pattern)
