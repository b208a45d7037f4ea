"""Which way fits these two clusters: each method open or not, why, how long it may take, and the one to prefer; pure.

An estimate is made of what was measured: of the servers' own limits, of a short read of a sample, or of figures that
were measured elsewhere, which are then said to be. None is better than a number from nowhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from esmigrate_tui.elastic.responses.settings import bytes_of
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, IndexState
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotState
from esmigrate_tui.model.text import counted, duration, listed, number, size
from esmigrate_tui.preflight.repository import same_place
from esmigrate_tui.preflight.restorable import Restorability, judge

_LARGE: Final = 50 * 1024**3
"""Bytes from which on it counts that files are copied rather than documents, and by whom."""
_READERS: Final = 4  # shards of an index that a copy reads at the same time
_MOMENT: Final = 2.0  # seconds
_MEASURED: Final = 512  # bytes of a document, in the figures below
_REINDEXED: Final = (7_800.0, 15_500.0)
_COPIED: Final = (15_000.0, 16_600.0)
_OWN_CAP: Final = "max_restore_bytes_per_sec"
_WHERE: Final = "documents of 512 bytes a second, from a 6.8.23 to a 7.17.28, all on two shared processor cores"


class MethodStanding(StrEnum):
    """Whether a method can be used: at once, once something is arranged, or not at all."""

    OPEN = "open"
    ARRANGED = "to be arranged"
    CLOSED = "closed"


class TimeEstimate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long the moving alone may take, in seconds; `most` is None where only the least can be told.

    `basis` says where the figures come from.
    """

    least: float
    most: float | None = None
    basis: str


class MethodAdvice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be said of one method here: `why` it stands so, and what has to be done first (`todo`), in sentences.

    `left_out` are indices that it cannot bring over, or not whole, or only to be read.
    """

    method: MethodName
    standing: MethodStanding
    left_out: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    estimate: TimeEstimate | None = None


class Advice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every method, in the guide's order, and the one to prefer, with the reason."""

    methods: tuple[MethodAdvice, ...]
    recommended: MethodName
    reason: str

    def of(self, method: MethodName) -> MethodAdvice:
        """What is said of one method."""
        return next(one for one in self.methods if one.method is method)


class MeasuredRead(msgspec.Struct, frozen=True, kw_only=True):
    """A short read of a sample through this machine: what came, in how long, and whether a reindex would rewrite it."""

    index: str
    documents: int
    bytes: int
    seconds: float
    rewritten: bool = False


class AdviceInput(msgspec.Struct, frozen=True, kw_only=True):
    """All that an advice is made of.

    `indices` are those of the source that would be moved. `reaches` is whether the destination got through to the
    source (None: not tried), `trouble` and `todo` what was said where it did not. `repositories` are None where a
    cluster does not show them. `licence` is the destination's, "" where it does not tell.
    """

    source: ClusterFacts | None
    destination: ClusterFacts
    indices: tuple[IndexFacts, ...] = ()
    reaches: bool | None = None
    trouble: str = ""
    todo: str = ""
    source_repositories: tuple[Repository, ...] | None = ()
    destination_repositories: tuple[Repository, ...] | None = ()
    licence: str = ""
    measured: MeasuredRead | None = None

    @property
    def documents(self) -> int:
        """Documents that would be moved, as far as they are known."""
        return sum(index.documents or 0 for index in self.indices)

    @property
    def bytes(self) -> int:
        """Bytes of their primaries."""
        return sum(index.primary_bytes or 0 for index in self.indices)


def advise(here: AdviceInput) -> Advice:
    """What can be said of every method for these two clusters."""
    methods = (_index(here), _reindex(here), _restore(here), _copy(here))
    recommended, reason = _preferred(here, {one.method: one for one in methods})
    return Advice(methods=methods, recommended=recommended, reason=reason)


def estimated(estimate: TimeEstimate) -> str:
    """An estimate in words: from 2 to 8 minutes, or at least so long."""
    if max(estimate.least, estimate.most or 0) < _MOMENT:
        return "a moment"
    if estimate.most is None:
        return f"{duration(estimate.least)} at least"
    least, most = duration(estimate.least), duration(estimate.most)
    return f"about {most}" if least == most else f"{least} to {most}"


# -- each method -------------------------------------------------------------------------------------------------------


def _index(here: AdviceInput) -> MethodAdvice:  # noqa: ARG001  # as every method
    return MethodAdvice(
        method=MethodName.INDEX_FROM_SOURCE,
        standing=MethodStanding.OPEN,
        why=(
            "Open where the original data still exists as files; nobody but you knows that.",
            "Neither the source cluster nor its version matters, and the mapping can be chosen anew.",
        ),
    )


def _needs_source(method: MethodName) -> MethodAdvice:
    return MethodAdvice(
        method=method,
        standing=MethodStanding.CLOSED,
        why=("It reads from the source, and there is none that answers.",),
    )


def _is_older(here: AdviceInput) -> bool:
    return here.source is not None and Features.of_cluster(here.destination).is_of_older_major(
        Features.of_cluster(here.source)
    )


def _unreadable(here: AdviceInput, *, frozen_too: bool) -> dict[str, tuple[str, ...]]:
    """Indices of the source that a method which reads documents would not bring over whole, by the reason."""
    groups = {
        "closed, and must be opened first": [one.name for one in here.indices if one.state is IndexState.CLOSED],
        "without _source, so nothing can be read back": [one.name for one in here.indices if not one.source_enabled],
        "with only a part of each document kept": [one.name for one in here.indices if one.source_filtered],
        "frozen, and would be passed over": [one.name for one in here.indices if frozen_too and one.frozen],
    }
    return {why: tuple(names) for why, names in groups.items() if names}


def _said(groups: dict[str, tuple[str, ...]]) -> list[str]:
    return [f"{counted(len(names), 'index', 'indices')} {why}: {listed(names)}." for why, names in groups.items()]


def _named(groups: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in groups.values() for name in names))


def _reindex(here: AdviceInput) -> MethodAdvice:
    method = MethodName.REINDEX_FROM_REMOTE
    if here.source is None:
        return _needs_source(method)
    if _is_older(here):
        return _older(here, method)
    if here.destination.modules and "reindex" not in here.destination.modules:
        return MethodAdvice(
            method=method, standing=MethodStanding.CLOSED, why=("The destination's servers lack the module reindex.",)
        )
    lost = _unreadable(here, frozen_too=True)
    why = ["The destination pulls by itself: nothing passes through this machine."]
    if here.measured is not None and here.measured.rewritten:
        why.append(f"Numbers in {here.measured.index} would be written otherwise (1.10 as 1.1); values stay.")
    why += _said(lost)
    todo: tuple[str, ...] = ()
    standing = MethodStanding.OPEN
    if here.reaches is False:
        standing = MethodStanding.ARRANGED
        why.append(f"It does not get through to the source yet: {here.trouble.rstrip('.')}.")
        todo = (here.todo,) if here.todo else ()
    elif here.reaches is None:
        why.append("Whether it gets through to the source was not tried.")
    return MethodAdvice(
        method=method,
        standing=standing,
        left_out=_named(lost),
        why=tuple(why),
        todo=todo,
        estimate=_by_documents(here, _REINDEXED),
    )


def _older(here: AdviceInput, method: MethodName) -> MethodAdvice:
    source = here.source.version if here.source is not None else ""
    return MethodAdvice(
        method=method,
        standing=MethodStanding.CLOSED,
        why=(f"The destination ({here.destination.version}) is older than the source ({source}).",),
    )


def _copy(here: AdviceInput) -> MethodAdvice:
    method = MethodName.COPY_THROUGH_HERE
    if here.source is None:
        return _needs_source(method)
    if _is_older(here):
        return _older(here, method)
    lost = _unreadable(here, frozen_too=False)
    return MethodAdvice(
        method=method,
        standing=MethodStanding.OPEN,
        left_out=_named(lost),
        why=(
            "Nothing has to be opened or configured; each document arrives as the bytes it is.",
            "Everything crosses this machine's network twice.",
            *_said(lost),
        ),
        estimate=_by_sample(here) or _by_documents(here, _COPIED),
    )


def _restore(here: AdviceInput) -> MethodAdvice:
    method = MethodName.RESTORE_FROM_SNAPSHOT
    why: list[str] = []
    refused: dict[str, str] = {}
    archives: list[str] = []
    if here.source is not None:
        now = SnapshotFacts(repository="", name="", version=str(here.source.version), state=SnapshotState.SUCCESS)
        judged = {one.name: judge(one.created, now, here.destination, licence=here.licence) for one in here.indices}
        refused = {name: one.why for name, one in judged.items() if one.verdict is Restorability.NO}
        if judged and len(refused) == len(judged):
            reason = next(iter(refused.values()))
            return MethodAdvice(
                method=method,
                standing=MethodStanding.CLOSED,
                why=(f"{here.destination.version} restores none of these indices: {reason}.",),
            )
        if refused:
            why.append(f"{len(refused)} of {number(len(judged))} indices cannot be restored: {listed(tuple(refused))}.")
        archives = [name for name, one in judged.items() if one.verdict is Restorability.ARCHIVE]
        if archives:
            why.append(f"Only as read-only archives: {listed(archives)}.")
        unknown = [name for name, one in judged.items() if one.verdict is Restorability.UNKNOWN]
        if unknown:
            why.append(f"Whether these can be restored, the server says when it is asked: {listed(unknown)}.")
    else:
        why.append("Which versions made the indices of a snapshot, nobody tells without the source.")
    standing, places, todo = _repositories(here)
    why.insert(0, places)
    if standing is not MethodStanding.CLOSED:
        why.append("Whole indices are copied as files, with mappings, settings and every byte of the documents.")
    return MethodAdvice(
        method=method,
        standing=standing,
        left_out=(*refused, *archives),
        why=tuple(why),
        todo=todo,
        estimate=_by_bytes(here) if standing is not MethodStanding.CLOSED else None,
    )


def _repositories(here: AdviceInput) -> tuple[MethodStanding, str, tuple[str, ...]]:
    """Whether there is a place that both sides read, the sentence for it, and what has to be done."""
    ours, theirs = here.destination_repositories or (), here.source_repositories or ()
    if shared := _shared(here):
        words = f"Both clusters have the repository {shared[0].name}"
        return MethodStanding.OPEN, f"{words}: a snapshot of the source in it can be restored.", ()
    if here.source is None and ours:
        names = listed(tuple(one.name for one in ours))
        return (
            MethodStanding.OPEN,
            f"The destination has repositories; whether the snapshot is in one shows there: {names}.",
            (),
        )
    if theirs:
        names = listed(tuple(one.name for one in theirs))
        return (
            MethodStanding.ARRANGED,
            f"The source has repositories that the destination does not: {names}.",
            ("Register one of them on the destination, read-only; every node must reach its files.",),
        )
    return (
        MethodStanding.ARRANGED,
        "Neither cluster has a repository that could be used.",
        ("Have a place that both reach (S3, GCS, Azure, a shared folder), and register it on both.",),
    )


def _shared(here: AdviceInput) -> tuple[Repository, ...]:
    """The destination's repositories that the source has, too; only the first one is spoken of."""
    theirs = here.source_repositories or ()
    return tuple(
        one
        for one in here.destination_repositories or ()
        if any((one.uuid and one.uuid == other.uuid) or same_place(one, other) for other in theirs)
    )[:1]


# -- how long ----------------------------------------------------------------------------------------------------------


def _by_bytes(here: AdviceInput) -> TimeEstimate | None:
    """By the servers' own cap on what each node restores; nothing where there is none, or nothing to be restored.

    A repository may have a cap of its own: the one that is met first counts.
    """
    caps = [(here.destination.recovery_bytes, "indices.recovery.max_bytes_per_sec of the destination")]
    caps += [(bytes_of(one.settings, _OWN_CAP), f"{_OWN_CAP} of the repository {one.name}") for one in _shared(here)]
    cap, whose = min(((cap, whose) for cap, whose in caps if cap), default=(0, ""))
    if not cap or not here.bytes:
        return None
    shards = max(1, sum(index.shards for index in here.indices))
    working = min(max(1, here.destination.data_nodes), shards)
    return TimeEstimate(
        least=here.bytes / (cap * working),
        basis=f"{size(here.bytes)} at {size(cap)} a second at most ({whose}) on {counted(working, 'node')}; the "
        "repository may be slower",
    )


def _by_sample(here: AdviceInput) -> TimeEstimate | None:
    """By what one reader got through this machine: as many at a time as a copy has, and one of them alone."""
    seen = here.measured
    if seen is None or not seen.documents or seen.seconds <= 0 or not here.documents:
        return None
    rate = seen.documents / seen.seconds
    readers = min(_READERS, max(1, sum(index.shards for index in here.indices)))
    alone = here.documents / rate
    return TimeEstimate(
        least=alone / readers,
        most=alone,
        basis=f"one reader got {number(round(rate))} documents ({size(seen.bytes / seen.seconds)}) a second of "
        f"{seen.index} through this machine just now; {counted(readers, 'reader')} at least do it in that time, if the "
        "destination writes as fast",
    )


def _by_documents(here: AdviceInput, rates: tuple[float, float]) -> TimeEstimate | None:
    """By figures that were measured elsewhere: in documents, or where these are larger in their bytes."""
    if not here.documents:
        return None
    slow, fast = rates
    heavier = 1.0
    if here.measured is not None and here.measured.documents:
        heavier = max(1.0, here.measured.bytes / here.measured.documents / _MEASURED)
    return TimeEstimate(
        least=here.documents * heavier / fast,
        most=here.documents * heavier / slow,
        basis=f"{number(round(slow))} to {number(round(fast))} {_WHERE}"
        + (f"; yours have {size(_MEASURED * heavier)} on average" if heavier > 1 else "")
        + "; your clusters are others",
    )


# -- which one ---------------------------------------------------------------------------------------------------------


def _preferred(here: AdviceInput, known: dict[MethodName, MethodAdvice]) -> tuple[MethodName, str]:
    restore, reindex = known[MethodName.RESTORE_FROM_SNAPSHOT], known[MethodName.REINDEX_FROM_REMOTE]
    copy = known[MethodName.COPY_THROUGH_HERE]
    if here.source is None:
        if restore.standing is MethodStanding.OPEN:
            return restore.method, "There is no source to read from, and the destination has repositories."
        return MethodName.INDEX_FROM_SOURCE, "There is no source to read from, and no repository yet."
    is_whole = restore.standing is not MethodStanding.CLOSED and not restore.left_out
    if is_whole and restore.standing is MethodStanding.OPEN:
        return restore.method, "Both clusters read one repository, and the versions fit: nothing is faster or safer."
    if is_whole and copy.left_out:
        return restore.method, f"Only a snapshot brings these over whole: {listed(copy.left_out)}."
    amount = size(here.bytes)
    if is_whole and here.bytes >= _LARGE:
        return restore.method, f"{amount} are copied faster as files than document by document: worth arranging."
    pulls = reindex.standing is MethodStanding.OPEN and here.reaches is True and not reindex.left_out
    if pulls and here.bytes >= _LARGE and not _rewrites(here):
        return reindex.method, f"{amount} need not pass through this machine: the destination reaches the source."
    if copy.standing is MethodStanding.OPEN:
        reasons = {
            "the destination does not reach the source": here.reaches is False,
            "a reindex would rewrite numbers": _rewrites(here),
            "a reindex would pass over frozen indices": any(one.frozen for one in here.indices),
        }
        told = ", ".join(reason for reason, is_so in reasons.items() if is_so)
        return copy.method, f"Nothing has to be arranged, and every byte is kept{f'; {told}' if told else ''}."
    return MethodName.INDEX_FROM_SOURCE, "No way leads from this source to this destination but the original data."


def _rewrites(here: AdviceInput) -> bool:
    return here.measured is not None and here.measured.rewritten
