"""Which method fits two clusters best, by what each says of itself; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.advice import Advice, MethodAdvice, MethodStanding, rewrites
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.text import listed, size

if TYPE_CHECKING:
    from esmigrate_tui.methods.advice import AdviceInput

_LARGE: Final = 50 * 1024**3
"""Bytes from which on it counts that files are copied rather than documents, and by whom."""


def advise(here: AdviceInput) -> Advice:
    """What can be said of every method for these two clusters."""
    methods = tuple(one.advise(here) for one in METHODS.values())
    recommended, reason = _preferred(here, {one.method: one for one in methods})
    return Advice(methods=methods, recommended=recommended, reason=reason)


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
    if pulls and here.bytes >= _LARGE and not rewrites(here):
        return reindex.method, f"{amount} need not pass through this machine: the destination reaches the source."
    if copy.standing is MethodStanding.OPEN:
        reasons = {
            "the destination does not reach the source": here.reaches is False,
            "a reindex would rewrite numbers": rewrites(here),
            "a reindex would pass over frozen indices": any(one.frozen for one in here.indices),
        }
        told = ", ".join(reason for reason, is_so in reasons.items() if is_so)
        return copy.method, f"Nothing has to be arranged, and every byte is kept{f'; {told}' if told else ''}."
    return MethodName.INDEX_FROM_SOURCE, "No way leads from this source to this destination but the original data."
