"""Whether what is copied arrives as it was: pipelines of the destination, and indices or data streams that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from esmigrate_tui.model.copying import Pipelines
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.text import clean, listed
from esmigrate_tui.preflight.destination import some

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft

_DEFAULT_PIPELINES: Final = Version(6, 5)
_KINDS: Final = {"index.default_pipeline": "default pipeline", "index.final_pipeline": "final pipeline"}
_PIPELINES: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/ingest.html"


async def destination_pipelines(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Which ingest pipelines of the destination the copied documents would go through, and what becomes of these."""
    if not draft.selected or await clusters.destination.version() < _DEFAULT_PIPELINES:
        return
    surroundings = clusters.destination.surroundings
    targets = {target for name in draft.selected for target in draft.all_targets(name)}
    made = sorted(targets - set(draft.uses))
    by_templates = await surroundings.settings_by_templates(made, tuple(_KINDS)) if made else {}
    there: dict[str, dict[str, str]] | None = {}
    if draft.uses:
        there = await surroundings.index_settings(*_KINDS)
        backing = {index.name: index.data_stream or index.name for index in draft.destination_indices}
        there = None if there is None else {backing.get(name, name): one for name, one in there.items()}
    for finding in judged_pipelines(draft, by_templates, there):
        yield finding


def judged_pipelines(
    draft: Draft, by_templates: Mapping[str, Mapping[str, str]] | None, there: Mapping[str, Mapping[str, str]] | None
) -> tuple[Finding, ...]:
    """What pipelines mean that templates give to indices to be made, and those that indices have; None where unseen."""
    if by_templates is None or there is None:
        return (
            Finding(
                check="destination-pipelines",
                severity=Severity.NOTE if _is_off(draft) else Severity.WARNING,
                title="Whether templates or indices of the destination add ingest pipelines could not be seen",
                why="They are passed by as the plan wants; a final one of an index that is there acts all the same."
                if _is_off(draft)
                else "A pipeline may change documents, or drop them.",
                fix="Ask somebody who may read index templates (privilege manage_index_templates).",
                link=_PIPELINES,
            ),
        )
    found: list[Finding] = []
    used = {name: settings for name, settings in there.items() if name in draft.uses}
    acting = _acting({**by_templates, **used})
    final = [name for name, settings in used.items() if _names(settings, "index.final_pipeline")]
    if _is_off(draft) and final:
        found.append(
            Finding(
                check="destination-pipelines",
                severity=Severity.BLOCKER,
                title=f"A final pipeline cannot be passed by in {some(tuple(final))}",
                evidence=listed(acting),
                why="It acts on every document, whatever a request says, and this run does not change indices that "
                "others use.",
                fix="Switch it off there while the copy runs, or plan with --pipelines respected:",
                copy="\n".join(f'PUT {quote(name)}/_settings\n{{"index.final_pipeline":"_none"}}' for name in final),
                link=_PIPELINES,
                subjects=tuple(final),
            )
        )
    elif acting and _is_off(draft):
        found.append(
            Finding(
                check="destination-pipelines",
                severity=Severity.NOTE,
                title="Ingest pipelines of the destination are passed by while documents are copied",
                evidence=listed(acting),
                why="The documents went through theirs when they were new. What is written later goes through these.",
                fix="If they should act on the copied documents too, plan with --pipelines respected.",
                link=_PIPELINES,
            )
        )
    elif acting:
        found.append(
            Finding(
                check="destination-pipelines",
                severity=Severity.WARNING,
                title="Every document goes through ingest pipelines of the destination, as the plan wants",
                evidence=listed(acting),
                why="They may change documents, or drop them: then they are not what they were, and fewer arrive.",
                fix="If documents should arrive as they are, plan with --pipelines off.",
                link=_PIPELINES,
            )
        )
    else:
        found.append(
            Finding(
                check="destination-pipelines",
                severity=Severity.PASSED,
                title="No ingest pipeline of the destination waits for the documents",
            )
        )
    return tuple(found)


def _is_off(draft: Draft) -> bool:
    return draft.copying.pipelines is Pipelines.OFF


def _names(settings: Mapping[str, str], key: str) -> str:
    name = settings.get(key, "")
    return "" if name == "_none" else name


def _acting(settings: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The pipelines that act, in words, each with the indices that it acts on."""
    acting: dict[str, list[str]] = {}
    for index, one in sorted(settings.items()):
        for key, kind in _KINDS.items():
            if name := _names(one, key):
                acting.setdefault(f"{clean(name, 200)} ({kind})", []).append(clean(index, 200))
    return tuple(f"{pipeline} of {some(tuple(indices))}" for pipeline, indices in acting.items())
