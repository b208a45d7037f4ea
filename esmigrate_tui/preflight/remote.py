"""What only matters when the destination pulls from the source itself: reindex from a remote cluster."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import SignIn
from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, listed, number, size
from esmigrate_tui.model.weight import most_weight, weight_of
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning
from esmigrate_tui.preflight.destination import expected_indices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Endpoint
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.facts import IndexFacts

GUIDE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html#reindex-from-remote"
_HOSTED_DEFAULTS: Final = ("*.io:*", "*.com:*")
_HOSTED: Final = (".found.io", ".elastic-cloud.com", ".elastic.cloud", ".foundcluster.com", ".es.io")
_NOWHERE: Final = "esmigrate-look"  # the trial wants a name to write to, and makes no index of it
_OLD_PORT: Final = 9243
_OLD_PORT_CLOSED: Final = (
    "Port 9243 is closed on some hosted clusters: give the source's address with :443, and let the whitelist name that."
)
_MOST_SCROLLS: Final = 500
"""search.max_open_scroll_context where nothing else is said (7.0 and newer); before, there was no limit."""
_TASKS_AN_INDEX: Final = 4
_TASKS_TOGETHER: Final = 8
_KEY_LICENCES: Final = frozenset({"basic", "standard", "gold", "platinum", "enterprise", "trial"})
_KEY_LICENCES_OF_6: Final = frozenset({"standard", "gold", "platinum", "enterprise", "trial"})
_LARGE: Final = 1024 * 1024  # of 1 MiB each, a hundred fill the buffer, and a batch is of a thousand as a rule
_BUFFER: Final = 100 * 1024 * 1024  # bytes of a batch that a destination can hold


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


def not_reached(draft: Draft, problem: Problem) -> Finding:
    """What it means that the destination did not get through to the source, and what to do."""
    source = draft.source.endpoint if draft.source is not None else None
    if problem.cause is Cause.NOT_WHITELISTED and source is not None and draft.destination is not None:
        whitelist = draft.destination_facts.whitelist if draft.destination_facts is not None else None
        is_hosted = draft.destination.endpoint.host.endswith(_HOSTED)
        where = (
            "In the deployment's user settings put this line and save; the deployment restarts. Then check again."
            if is_hosted
            else "Put this line into elasticsearch.yml of every node of the destination and restart them one by one."
            " Then check again."
        )
        return blocker(
            title=f"The destination may not fetch from {source.authority}",
            evidence=problem.evidence,
            why="Elasticsearch only pulls from hosts that it is configured to trust.",
            fix=f"{where} Setting it replaces what was there; what it has now is kept in it.",
            copy=whitelist_line(source, whitelist, is_hosted=is_hosted),
            link=GUIDE,
        )
    is_old_port = source is not None and source.port == _OLD_PORT and problem.cause is Cause.CONNECTION
    return blocker(
        title=problem.what,
        evidence=problem.evidence,
        why=problem.why
        or "The destination itself opens the connection to the source; that this machine can is not enough.",
        fix=f"{problem.todo} {_OLD_PORT_CLOSED}" if is_old_port else problem.todo,
        cause=problem.cause,
        link=GUIDE,
    )


@waivable
async def destination_reaches_source(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the destination gets through to the source: whitelist, name, port, certificate, sign-in, privileges.

    A real `_reindex` that asks for no document: it moves nothing and creates nothing.
    """
    name = _any_index(draft)
    if clusters.source is None or name is None:
        yield warning(
            title="Whether the destination reaches the source could not be tried: the source has no open index",
            why="The trial asks the source for no document of one of its indices.",
        )
        return
    try:
        source = {"remote": clusters.source.wire.as_remote(), "index": remote_index(name)}
        await clusters.destination.tasks.dry_run({"source": source, "dest": {"index": _NOWHERE}})
    except ProblemError as error:
        yield not_reached(draft, error.problem)
    else:
        yield passed(title="The destination reaches the source, and may read from it")


# a string (skipped), or a number
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)|-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?', re.DOTALL)
_SAMPLED: Final = 20  # documents of each index
_SAMPLED_BELOW: Final = 50_000  # bytes: twenty larger ones of many indices would be a heavy answer
_SAMPLED_BYTES: Final = 32 * 1024**2  # of all of them, as the source's disk has them
_MOST_SAMPLED: Final = 500  # indices in one request
_MOST_READ: Final = 4 * _SAMPLED_BYTES  # as text they are larger than on the disk, and the first may be the largest


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


def sampled_names(draft: Draft) -> tuple[str, ...]:
    """The chosen indices of which documents are looked at: of those with large ones none, and never a heavy answer."""
    names: list[str] = []
    weight = 0.0
    for index in _full(draft):
        each = (index.primary_bytes or 0) / (index.documents or 1)
        if each < _SAMPLED_BELOW and weight + each * _SAMPLED <= _SAMPLED_BYTES and len(names) < _MOST_SAMPLED:
            weight += each * _SAMPLED
            names.append(index.name)
    return tuple(names)


def _full(draft: Draft) -> tuple[IndexFacts, ...]:
    return tuple(index for index in draft.chosen if index.state is IndexState.OPEN and index.documents)


async def _sampled(draft: Draft, clusters: Clusters) -> dict[str, tuple[bytes, ...]]:
    """The first documents of them, as bytes; checks that ask for it in one look have it by one request.

    None of any index where they are more than should be held.
    """
    names = sampled_names(draft)
    if not names or clusters.source is None:
        return {}
    try:
        return await clusters.source.searches.first_sources(names, _SAMPLED, most=_MOST_READ)
    except ProblemError as error:
        if error.problem.cause is not Cause.TOO_LARGE:
            raise
        return {}


def _shaky(samples: Mapping[str, Sequence[bytes]]) -> tuple[str, ...]:
    return tuple(name for name, sources in samples.items() if any(is_rewritten(source) for source in sources))


@check
async def numbers_rewritten(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether a sample of the documents holds numbers that a remote reindex would rewrite or cut."""
    samples = await _sampled(draft, clusters)
    shaky = await asyncio.to_thread(_shaky, samples)  # some megabytes take seconds
    unseen = tuple(index.name for index in _full(draft) if not samples.get(index.name))
    if unseen:
        yield note(
            title=f"Whether numbers are written otherwise was not checked: {listed(unseen)}",
            why="A few documents of each index are read for it, as long as that is little: these are large or many, "
            "or could not be read.",
            fix="Nothing has to be done where all numbers are short; else copy through this machine.",
            subjects=unseen,
        )
    if shaky:
        yield warning(
            title=f"Numbers will be written otherwise: {listed(shaky)}",
            why="A remote reindex reads each number and writes it anew: 1.10 becomes 1.1, 1e3 becomes 1000.0, and "
            "digits beyond 17 are cut. The value stays the same except where it had more digits than a double holds.",
            fix="Accept it, or copy through this machine or restore a snapshot, which keep every byte.",
            subjects=shaky,
        )


def bearable(sizes: Sequence[int]) -> int:
    """How many documents a batch may have of which some have these sizes: a run begins with no more.

    So many like the largest, and three times as many like the mean, stay within half of what a destination can hold; a
    source holds as much to answer with it.
    """
    mean, largest = max(1, sum(sizes) // max(1, len(sizes))), max(1, *sizes)
    return max(1, min(_BUFFER // (2 * largest), _BUFFER // (2 * 3 * mean)))


@check
async def large_documents(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether documents are so large, on average or the largest of a sample, that a batch could exceed 100 MB."""
    heavy = {
        index.name: (index.primary_bytes or 0) // index.documents
        for index in expected_indices(draft)
        if index.documents
    }
    heavy = {name: average for name, average in heavy.items() if average > _LARGE}
    seen = {name: max(map(len, one), default=0) for name, one in (await _sampled(draft, clusters)).items()}
    large = {name: longest for name, longest in seen.items() if longest > _LARGE and name not in heavy}
    if not heavy and not large:
        return
    sizes = [f"{name}: {size(average)} on average on the source's disk" for name, average in heavy.items()]
    sizes += [f"{name}: {size(longest)} is the largest of the first {_SAMPLED}" for name, longest in large.items()]
    names = (*heavy, *large)
    samples = await _sampled(draft, clusters)
    each = [bearable([average]) for average in heavy.values()]
    batch = min(each + [bearable([len(source) for source in samples[name]]) for name in large])
    yield warning(
        title=f"Documents of more than {size(_LARGE)}: {listed(names)}",
        evidence=listed(sizes),
        why="The destination reads at most 100 MB at a time from the source, and a document that is larger by itself "
        "never arrives by a reindex.",
        fix="Nothing has to be done: a batch that was too large is halved. So many in a batch are none too many (with "
        "esmigrate plan):",
        copy=f"--batch {batch}",
        link=GUIDE,
        subjects=names,
    )


@check
def speed_settings(draft: Draft) -> Iterator[Finding]:
    """What is changed on the destination's new indices for the time of the run."""
    only_streams = bool(draft.tasks) and all(task.makes_stream for task in draft.tasks)
    if draft.selected and draft.shipping is None and not only_streams:
        yield note(
            title="Replicas and refresh of the new indices are switched off while they fill, and restored after",
            why="Every document would otherwise be written several times and made searchable at once, which is slow.",
            fix="Nothing has to be done: each change is recorded with its inverse before it is made.",
        )


@check
async def open_scrolls(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the source lets the destination hold enough searches open, where it reads by scroll."""
    source, destination = draft.source_facts, draft.destination_facts
    if clusters.source is None or source is None or destination is None or not draft.selected:
        return
    can = Features.of_cluster(source)
    if can.opens_points_in_time and Features.of_cluster(destination).reindexes_by_point_in_time:
        return
    there = await clusters.source.surroundings.open_searches()
    needed = searches_together(draft)
    most = source.most_scrolls
    if most is None and can.limits_scrolls:
        most = _MOST_SCROLLS
    if there is None:
        return
    is_much = most is not None and there + needed > most
    limit = f"{number(most)} may be" if most is not None else "no limit is set"
    yield Finding(
        severity=Severity.WARNING if is_much else Severity.NOTE,
        title=f"The source is read by scroll: up to {number(needed)} searches held open, {number(there)} are already, "
        f"{limit}",
        evidence=f"search.max_open_scroll_context {most if most is not None else 'not set'}, open_contexts {there}",
        why="Each holds on to deleted documents and memory of the source while it is open; beyond the limit a node "
        "opens no more, and the task fails.",
        fix="Move fewer indices at the same time (--at-once), each by one task (--split 1), or raise the limit on the "
        "source for a while (null restores the default):"
        if is_much
        else "Nothing has to be done.",
        copy=f'PUT _cluster/settings\n{{"transient":{{"search.max_open_scroll_context":{2 * (there + needed)}}}}}'
        if is_much
        else "",
        link="https://www.elastic.co/guide/en/elasticsearch/reference/current/paginate-search-results.html",
    )


def searches_together(draft: Draft) -> int:
    """How many searches on shards of the source may be open at the same time."""
    shards = sorted((index.shards for index in draft.chosen), reverse=True)
    if draft.at_once:
        at_once = max(1, min(draft.at_once, len(shards)))
        return sum(shards[:at_once]) * (draft.split or max(1, min(_TASKS_AN_INDEX, _TASKS_TOGETHER // at_once)))
    method = MethodName.REINDEX_FROM_REMOTE
    most, weight, needed = most_weight(method, draft.requests_per_second), 0.0, 0
    for index in sorted(draft.chosen, key=lambda one: one.shards, reverse=True):
        one = weight_of(method, index.documents, index.primary_bytes)
        if not weight or weight + one <= most:
            weight += one
            ranges = min(_TASKS_AN_INDEX, _TASKS_TOGETHER // max(1, int(most // one))) if one > 1 else 1
            needed += index.shards * (draft.split or max(1, ranges))
    return needed


@check
async def handed_secret(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Which secret of the source the destination is told, and how it could be a smaller one."""
    source, facts = draft.source, draft.source_facts
    if source is None or facts is None or clusters.source is None or source.sign_in is SignIn.NONE:
        return
    if source.sign_in is not SignIn.PASSWORD:
        yield note(
            title="The destination receives the source's key or token, for the duration of each task",
            why="It reads from the source itself, so it must sign in there; nobody can look the key up in the task.",
            fix="Take the key back when the migration is done.",
            link=GUIDE,
        )
        return
    licence = await clusters.source.surroundings.licence()
    can = Features.of_cluster(facts)
    fit = _KEY_LICENCES if can.has_api_keys_for_all else _KEY_LICENCES_OF_6
    offers_keys = can.has_api_keys and facts.security is not False and licence in fit
    names = list(draft.selected) or ["*"]
    index = {"names": names, "privileges": ["read", "view_index_metadata", "monitor", "indices:admin/refresh*"]}
    body = {
        "name": "esmigrate",
        "expiration": "7d",
        "role_descriptors": {"esmigrate": {"cluster": ["monitor"], "indices": [index]}},
    }
    yield note(
        title=f"The destination receives the password of {clean(source.user, 100)} on the source, for each task",
        why="It reads from the source itself, so it must sign in there.",
        fix="Better is an API key that ends by itself and may only read what is moved; sign in to the source with it "
        "(it needs xpack.security.authc.api_key.enabled, which is on with TLS):"
        if offers_keys
        else "Better is a user that may only read what is moved, removed when the migration is done.",
        copy=f"POST _security/api_key\n{msgspec.json.encode(body).decode()}" if offers_keys else "",
        link=GUIDE,
    )
