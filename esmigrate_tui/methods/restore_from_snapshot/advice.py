"""Whether the method fits two clusters, why, and how long it may take; pure."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.elastic.responses.settings import bytes_of
from esmigrate_tui.methods.advice import (
    LARGE,
    AdviceInput,
    MethodAdvice,
    MethodStanding,
    TimeEstimate,
    named,
    unreadable,
)
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotState
from esmigrate_tui.model.text import counted, listed, number, size
from esmigrate_tui.preflight.repository import same_place
from esmigrate_tui.preflight.restorable import Restorability, judge_restorability

_OWN_CAP: Final = "max_restore_bytes_per_sec"


def advise(here: AdviceInput) -> MethodAdvice:
    """Open where both clusters read one repository and the versions fit."""
    method = MethodName.RESTORE_FROM_SNAPSHOT
    why: list[str] = []
    refused: dict[str, str] = {}
    archives: list[str] = []
    if here.source is not None:
        now = SnapshotFacts(repository="", name="", version=str(here.source.version), state=SnapshotState.SUCCESS)
        judged = {
            one.name: judge_restorability(one.created, now, here.destination, licence=here.licence)
            for one in here.indices
        }
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
        why.append("Which versions made the indices of a snapshot is not known without the source.")
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


def preferred(here: AdviceInput, advice: MethodAdvice) -> str:
    """Why it is the one to prefer where all indices come over whole: at once, or because arranging it is worth it."""
    if advice.standing is MethodStanding.CLOSED or advice.left_out:
        return ""
    if advice.standing is MethodStanding.OPEN:
        if here.source is None:
            return "There is no source to read from, and the destination has repositories."
        return "Both clusters read one repository, and the versions fit: nothing is faster or safer."
    if here.source is None:
        return ""
    if lost := named(unreadable(here, frozen_too=False)):
        return f"Only a snapshot brings these over whole: {listed(lost)}."
    if here.bytes >= LARGE:
        return f"{size(here.bytes)} are copied faster as files than document by document: worth arranging."
    return ""


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
