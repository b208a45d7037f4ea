"""Whether the method fits two clusters, why, and how long it may take; pure."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.advice import (
    LARGE,
    AdviceInput,
    MethodAdvice,
    MethodStanding,
    closed_to_reading,
    estimate_by_documents,
    named,
    rewrites,
    sentences,
    unreadable,
)
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.text import size

_REINDEXED: Final = (7_800.0, 15_500.0)


def advise(here: AdviceInput) -> MethodAdvice:
    """Open where the destination reaches the source, to be arranged where it does not."""
    method = MethodName.REINDEX_FROM_REMOTE
    if closed := closed_to_reading(here, method):
        return closed
    if here.destination.modules and "reindex" not in here.destination.modules:
        return MethodAdvice(
            method=method, standing=MethodStanding.CLOSED, why=("The destination's servers lack the module reindex.",)
        )
    lost = unreadable(here, frozen_too=True)
    why = ["The destination pulls by itself: nothing passes through this machine."]
    if here.measured is not None and here.measured.rewritten:
        why.append(f"Numbers in {here.measured.index} would be written otherwise (1.10 as 1.1); values stay.")
    why += sentences(lost)
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
        left_out=named(lost),
        why=tuple(why),
        todo=todo,
        estimate=estimate_by_documents(here, _REINDEXED),
    )


def preferred(here: AdviceInput, advice: MethodAdvice) -> str:
    """Why it is the one to prefer: for much that need not pass through this machine, where nothing is rewritten."""
    pulls = advice.standing is MethodStanding.OPEN and here.reaches is True and not advice.left_out
    if not pulls or here.bytes < LARGE or rewrites(here):
        return ""
    return f"{size(here.bytes)} need not pass through this machine: the destination reaches the source."
