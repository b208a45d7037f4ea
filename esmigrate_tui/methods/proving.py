"""How far it can be proved that an index arrived as it was, and doing so: by counts, by samples, by every document."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.methods.filling import source_of
from esmigrate_tui.model.copy_options import PipelineRule
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.method import Proof
from esmigrate_tui.model.problem import PASSING, ProblemError
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import counted
from esmigrate_tui.verify.counts import ComparedIndex
from esmigrate_tui.verify.samples import SAMPLES, compare_by_id
from esmigrate_tui.verify.values import by_value

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.event import Samples
    from esmigrate_tui.model.plan import Plan, Task
    from esmigrate_tui.verify import Comparison
    from esmigrate_tui.verify.progress import ComparisonProgress

_MODE: Final = "index.mapping.source.mode"
_ANEW: Final = frozenset({"synthetic", "disabled"})
_VECTORS: Final = frozenset({"dense_vector", "rank_vectors", "sparse_vector"})
_VECTORS_KEPT_APART: Final = "index.mapping.exclude_source_vectors"


def why_only_counted(plan: Plan, task: Task) -> str:
    """Why the documents of an index cannot be compared with the source's, in words; "" where they can."""
    if task.kind is RestoreKind.DATA_STREAM and not task.create:
        return "in a data stream they cannot be told from those that existed before"
    destination = Features.of_elasticsearch(plan.destination_version)
    if plan.copying.pipelines is PipelineRule.RESPECTED and destination.has_default_pipelines:
        return "the destination's ingest pipelines change them"
    if _makes_anew(_body(task), destination):
        return "the destination puts them together anew when they are read"
    return ""


def proof_of(plan: Plan, task: Task) -> Proof:
    """By what the documents of a task can be proved, at most by what the plan wants."""
    return Proof.COUNTS if plan.proof is Proof.COUNTS or why_only_counted(plan, task) else plan.proof


def proof_step(plan: Plan) -> str:
    """The last step of a plan: how both sides are compared, and where that cannot be done whole."""
    step = "Restore settings, refresh, count on both sides, and compare"
    is_exact = not plan.method.traits.pulls
    manner = "byte for byte" if is_exact else "by value"
    if plan.proof is Proof.COUNTS:
        return f"{step}."
    if plan.proof is Proof.SAMPLES:
        step += f" the counts, and {SAMPLES} documents of each index, chosen by chance, {manner}."
    else:
        step += f" the counts; then read every document of both sides once more, and compare it {manner}."
    if filtered := sum(_is_filtered(task) and not why_only_counted(plan, task) for task in plan.tasks):
        step += f" Of {counted(filtered, 'index', 'indices')} by value, as _source is filtered." if is_exact else ""
    reasons: dict[str, int] = {}
    for task in plan.tasks:
        if why := why_only_counted(plan, task):
            reasons[why] = reasons.get(why, 0) + 1
    for why, amount in reasons.items():
        step += f" Of {counted(amount, 'index', 'indices')} only the counts are compared: {why}."
    used = any(not task.create and not why_only_counted(plan, task) for task in plan.tasks)
    if used and plan.proof is Proof.EVERYTHING:
        step += (
            f" Where an index had documents before, {SAMPLES} of the source's are looked up in it instead: the others "
            "cannot be told from those that existed before."
        )
    elif used:
        step += " Where an index had documents before, only the counts are compared."
    return step


def sides_of(work: Work, clusters: Clusters) -> tuple[ComparedIndex, ComparedIndex]:
    """The index of a task on the source, or one type of it, and on the destination."""
    task = work.task
    source = ComparedIndex(source_of(clusters), task.source_index, task.type)
    return source, ComparedIndex(clusters.destination, task.destination_index)


async def proved(
    work: Work,
    clusters: Clusters,
    counts: Comparison,
    watch: ComparisonProgress,
    *,
    values: bool,
    is_shared: bool = False,
) -> Comparison:
    """What was counted, with what a comparison of the documents themselves has shown, as far as the plan wants one.

    `values` compares what they mean, else every byte counts. Where an index `is_shared` with documents that were there
    before, some of the source's are looked for in it. Raises ProblemError.
    """
    task, destination = work.task, clusters.destination
    values = values or _is_filtered(task)
    proof = proof_of(work.plan, task)
    if watch.is_brief or proof is Proof.COUNTS or (is_shared and proof is Proof.SAMPLES):
        return counts
    if await _is_stream_made_anew(task, destination):
        return counts
    if proof is Proof.EVERYTHING and not is_shared:
        documents = (counts.source_count or 0) + (counts.destination_count or 0)
        return replace(counts, compared=await watch.compare([sides_of(work, clusters)], documents, values=values))
    return replace(counts, samples=await _sampled(work, clusters, watch, values=values, is_shared=is_shared))


async def _sampled(
    work: Work, clusters: Clusters, watch: ComparisonProgress, *, values: bool, is_shared: bool
) -> Samples | None:
    """Documents of one side looked for on the other; None where a user may not look, which no count suffers from."""
    there, here = sides_of(work, clusters)
    form = by_value if values else bytes
    try:
        if is_shared:
            return await compare_by_id(there, here, form=form, without=watch.refused)
        return await compare_by_id(here, there, form=form)
    except ProblemError as error:
        if error.problem.cause in PASSING:
            raise
        return None


async def _is_stream_made_anew(task: Task, destination: Cluster) -> bool:
    """Whether a data stream keeps no document as it was sent: what its template made of it shows once it is there."""
    if task.kind is not RestoreKind.DATA_STREAM or not task.create:
        return False
    told = (await destination.indices.definitions([task.destination_index]))[task.destination_index]
    return _makes_anew({"settings": told.settings, "mappings": told.mappings}, await destination.wire.features())


def _makes_anew(body: dict[str, Any], destination: Features) -> bool:
    """Whether the destination keeps no document as it was sent, by the body that makes the index."""
    settings, mappings, source = _parts(body)
    modes = {str(settings.get(_MODE, "")).lower(), str(source.get("mode", "")).lower()}
    if source.get("enabled") in {False, "false"} or modes & _ANEW:
        return True
    if modes == {""} and settings.get("index.mode") in {"time_series", "logsdb"}:
        return True
    keeps_vectors = settings.get(_VECTORS_KEPT_APART) in {False, "false"}
    return destination.excludes_vectors and not keeps_vectors and _has_vectors(mappings)


def _is_filtered(task: Task) -> bool:
    """Whether the destination leaves fields out of what it keeps, and writes the rest anew."""
    _, _, source = _parts(_body(task))
    return bool(source.get("includes") or source.get("excludes"))


def _body(task: Task) -> dict[str, Any]:
    return msgspec.json.decode(task.create or "{}", type=dict[str, Any])


def _parts(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Settings, mappings, and what these say of _source, of the body that makes an index."""
    mappings = body.get("mappings") or {}
    return named(body.get("settings") or {}), mappings, mappings.get("_source") or {}


def _has_vectors(mapping: dict[str, Any]) -> bool:
    """Whether a field, however deep, is a vector."""
    inner = [one for one in (mapping.get("properties") or {}).values() if isinstance(one, dict)]
    return any(one.get("type") in _VECTORS or _has_vectors(one) for one in inner)
