"""What only matters when the destination pulls from the source itself: reindex from a remote cluster."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import size
from esmigrate_tui.preflight.destination import expected, some

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Endpoint
    from esmigrate_tui.model.draft import Draft

GUIDE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html#reindex-from-remote"
_HOSTED_DEFAULTS: Final = ("*.io:*", "*.com:*")
_HOSTED: Final = (".found.io", ".elastic-cloud.com", ".elastic.cloud", ".foundcluster.com", ".es.io")
_NOWHERE: Final = "esmigrate-look"  # the trial wants a name to write to, and makes no index of it
_LARGE: Final = 1024 * 1024  # an average of 1 MiB on disk is several in a batch of the size that is usual


def whitelist_line(source: Endpoint, whitelist: tuple[str, ...] | None, *, is_hosted: bool) -> str:
    """The elasticsearch.yml line that lets a destination read from `source`, with every pattern it has now.

    Setting it replaces what was there, so the present value is kept in it; a hosted cluster whose value cannot be
    read has the two defaults of its documentation.
    """
    kept = whitelist if whitelist is not None else (_HOSTED_DEFAULTS if is_hosted else ())
    patterns = dict.fromkeys((source.authority, *kept))
    quoted = msgspec.json.encode(list(patterns)).decode()
    return f"reindex.remote.whitelist: {quoted}"


def remote_index(name: str) -> str:
    """An index of the source as a destination wants it in the body of a reindex.

    A name that holds % goes to the source as it stands, so that `a%2bb` would be read from `a+b`, and count the same.
    """
    return quote(name, safe="") if "%" in name else name


def _any_index(draft: Draft) -> str | None:
    """An index to ask for: a chosen one, else any that is open."""
    candidates = [index for index in (*draft.chosen, *draft.source_indices) if index.state is IndexState.OPEN]
    ordinary = [index.name for index in candidates if not index.is_system]
    return next(iter(ordinary or [index.name for index in candidates]), None)


def _not_reached(draft: Draft, problem: Problem) -> Finding:
    source = draft.source.endpoint if draft.source is not None else None
    if problem.cause is Cause.NOT_WHITELISTED and source is not None and draft.destination is not None:
        whitelist = draft.destination_facts.whitelist if draft.destination_facts is not None else None
        is_hosted = draft.destination.endpoint.host.endswith(_HOSTED)
        where = (
            "In the deployment's user settings put this line and save; the deployment restarts. Then look again."
            if is_hosted
            else "Put this line into elasticsearch.yml of every node of the destination and restart them one by one."
            " Then look again."
        )
        return Finding(
            check="destination-reaches-source",
            severity=Severity.BLOCKER,
            title=f"The destination may not fetch from {source.authority}",
            evidence=problem.evidence,
            why="Elasticsearch only pulls from hosts it was told to trust.",
            fix=f"{where} Setting it replaces what was there; what it has now is kept in it.",
            copy=whitelist_line(source, whitelist, is_hosted=is_hosted),
            link=GUIDE,
        )
    return Finding(
        check="destination-reaches-source",
        severity=Severity.BLOCKER,
        title=problem.what,
        evidence=problem.evidence,
        why=problem.why
        or "The destination itself opens the connection to the source; that this machine can is not enough.",
        fix=problem.todo,
        cause=problem.cause,
        link=GUIDE,
    )


async def destination_reaches_source(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination gets through to the source: whitelist, name, port, certificate, sign-in, privileges.

    A real `_reindex` that asks for no document: it moves nothing and creates nothing.
    """
    name = _any_index(draft)
    if clusters.source is None or name is None:
        yield Finding(
            check="destination-reaches-source",
            severity=Severity.WARNING,
            title="Whether the destination reaches the source could not be tried: the source has no open index",
            why="The trial asks the source for no document of one of its indices.",
        )
        return
    try:
        source = {"remote": clusters.source.as_remote(), "index": remote_index(name)}
        await clusters.destination.dry_reindex({"source": source, "dest": {"index": _NOWHERE}})
    except ProblemError as error:
        yield _not_reached(draft, error.problem)
    else:
        yield Finding(
            check="destination-reaches-source",
            severity=Severity.PASSED,
            title="The destination reaches the source, and may read from it",
        )


# a string (skipped), or a number
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_SAMPLED: Final = 20  # documents of each index
_SAMPLED_BELOW: Final = 50_000  # bytes: twenty larger ones of many indices would be a heavy answer
_MOST_SAMPLED: Final = 500  # indices in one request


def is_rewritten(source: bytes) -> bool:
    """Whether a remote reindex writes a number of this document otherwise than it stands there.

    It reads each number as a 64-bit integer, a big integer or a double, and writes the shortest form of that.
    """
    return any(_differs(token[0]) for token in _TOKEN.finditer(source) if not token[0].startswith(b'"'))


def _differs(number: bytes) -> bool:
    text = number.decode("ascii")
    if not any(mark in text for mark in ".eE"):
        return text == "-0"
    return "e" in text.lower() or repr(float(text)) != text


async def numbers_rewritten(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether a sample of the documents holds numbers that a remote reindex would rewrite or cut."""
    if clusters.source is None or not draft.selected:
        return
    names = [
        index.name
        for index in draft.chosen
        if index.state is IndexState.OPEN
        and index.documents
        and (index.primary_bytes or 0) / index.documents < _SAMPLED_BELOW
    ][:_MOST_SAMPLED]
    samples = await clusters.source.first_sources(names, _SAMPLED) if names else {}
    shaky = tuple(name for name, sources in samples.items() if any(is_rewritten(source) for source in sources))
    if shaky:
        yield Finding(
            check="numbers-rewritten",
            severity=Severity.WARNING,
            title=f"Numbers will be written otherwise: {some(shaky)}",
            why="A remote reindex reads each number and writes it anew: 1.10 becomes 1.1, 1e3 becomes 1000.0, and "
            "digits beyond 17 are cut. The value stays the same except where it had more digits than a double holds.",
            fix="Acknowledge it, or copy through this machine or restore a snapshot, which keep every byte.",
            subjects=shaky,
        )


async def large_documents(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """Whether documents are so large on average that a batch could exceed the 100 MB buffer."""
    heavy = tuple(
        index.name
        for index in expected(draft)
        if index.documents and (index.primary_bytes or 0) / index.documents > _LARGE
    )
    if heavy:
        yield Finding(
            check="large-documents",
            severity=Severity.NOTE,
            title=f"Documents of {size(_LARGE)} and more on average: {some(heavy)}",
            why="The destination reads at most 100 MB at a time from the source.",
            fix="Nothing has to be done: smaller batches are used, and halved when the server says one was too large.",
            subjects=heavy,
        )


async def speed_settings(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """What is changed on the destination's new indices for the time of the run."""
    if draft.selected and draft.shipping is None:
        yield Finding(
            check="speed-settings",
            severity=Severity.NOTE,
            title="Replicas and refresh of the new indices are switched off while they fill, and put back after",
            why="Every document would otherwise be written several times and made searchable at once, which is slow.",
            fix="Nothing has to be done: each change is written down with its inverse before it is made.",
        )
