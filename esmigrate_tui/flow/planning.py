"""From connections and patterns to a plan."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui import preflight
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.definitions_beside import previewed
from esmigrate_tui.model.definition_depth import TooDeepError
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.streams import claimed_by
from esmigrate_tui.model.text import clean, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.flow.patterns import Matched
    from esmigrate_tui.model.draft import Draft, IndexDefinition
    from esmigrate_tui.model.plan import Plan


def plan_of(draft: Draft, now: float) -> Plan:
    """The plan of all answers; raises ProblemError where one is missing or does not fit."""
    if draft.method is None:
        msg = "a method is chosen first"
        raise ValueError(msg)
    return METHODS[draft.method].plan(draft, timestamp(now))


INDEX_OR_STREAM: Final = frozenset({"index", "data stream"})
INDEX_ALONE: Final = frozenset({"index"})


class PlannedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What has the name of the index to fill on the destination, and the template that would make it a data stream."""

    name: str
    kind: str = ""
    is_used: bool = False
    template: str = ""

    @property
    def why_no_mapping(self) -> tuple[str, str] | None:
        """What speaks against a mapping of one's own, and why; None where nothing does."""
        name = clean(self.name, 300)
        if self.template:
            return (
                f"The destination's template {self.template} makes {name} a data stream.",
                "The types of its fields stand in that template; a mapping can only be given to an index.",
            )
        if self.is_used:
            return (
                f"The {self.kind} {name} exists on the destination already.",
                "It is used as it is; a mapping can only be given to an index that is made.",
            )
        return None


async def target_of(draft: Draft, clusters: Clusters, kinds: frozenset[str]) -> tuple[Draft, PlannedTarget]:
    """The draft with the facts of the destination, and what its index would meet there; `kinds` are used as they are.

    Raises ProblemError where the destination cannot be reached.
    """
    draft, reached = await preflight.gather_facts(draft, clusters)
    raise_unreached(reached)
    kind = (await clusters.destination.indices.existing([draft.into])).get(draft.into, "")
    facts = draft.destination_facts
    is_free = facts is not None and not kind and kinds != INDEX_ALONE
    template = claimed_by(draft.into, facts.templates) if facts is not None and is_free else ""
    return draft, PlannedTarget(name=draft.into, kind=kind, is_used=kind in kinds, template=template)


async def plan_for(
    draft: Draft,
    clusters: Clusters,
    patterns: Sequence[str],
    *,
    excluded: Sequence[str] = (),
    hidden_too: bool = False,
    renamed: dict[str, str],
    now: float,
) -> tuple[Plan, Matched]:
    """Look at both clusters, choose, and plan; raises ProblemError where one of these cannot be done."""
    draft, reached = await preflight.gather_facts(draft, clusters)
    raise_unreached(reached)
    choice = choose(draft.offered, patterns, excluded, hidden_too=hidden_too)
    raise_not_chosen(renamed, choice)
    method = draft.method
    if clusters.source is None or method is None:
        raise ProblemError.of(Cause.USAGE, "This method needs a source.")
    choice, definitions = await _defined(clusters.source, choice, patterns)
    draft = draft.answered(
        selected=choice.names, renamed=renamed, definitions=definitions, carried=await previewed(clusters, draft.bring)
    )
    return METHODS[method].plan(draft, timestamp(now)), choice


async def _defined(
    source: Cluster, choice: Matched, patterns: Sequence[str]
) -> tuple[Matched, dict[str, IndexDefinition]]:
    """The definitions of what was chosen; what a pattern alone has chosen and is too deep is left out, and said.

    Raises TooDeepError where such an index was named, or nothing else was chosen.
    """
    try:
        return choice, await source.indices.definitions(choice.names)
    except TooDeepError as error:
        kept = tuple(name for name in choice.names if name not in error.names)
        if not kept or not error.names or set(error.names) & set(patterns):
            raise
        why = "its definition is nested too deeply to be translated"
        left_out = (*choice.left_out, *((name, why) for name in error.names))
        return dataclasses.replace(choice, names=kept, left_out=left_out), await source.indices.definitions(kept)


def raise_not_chosen(renamed: Iterable[str], choice: Matched) -> None:
    """Raise ProblemError (usage) for a new name of something that is not chosen."""
    chosen = frozenset(choice.names)
    if unknown := [name for name in renamed if name not in chosen]:
        raise ProblemError.of(
            Cause.USAGE,
            f"--rename names {clean(unknown[0], 200)}, which is not among the chosen indices.",
            todo="Correct the name, or add it with --index.",
        )


def raise_unreached(findings: Sequence[Finding]) -> None:
    """Raise the ProblemError of the first cluster that did not answer as it should."""
    for finding in findings:
        if finding.severity is Severity.BLOCKER:
            raise ProblemError.of(
                finding.cause or Cause.CONNECTION,
                finding.title,
                why=finding.why,
                todo=finding.fix,
                evidence=finding.evidence,
            )
