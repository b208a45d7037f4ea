"""Whether the method fits two clusters, why, and how long it may take; pure."""

from __future__ import annotations

from esmigrate_tui.methods.advice import AdviceInput, MethodAdvice, MethodStanding
from esmigrate_tui.model.method import MethodName


def advise(here: AdviceInput) -> MethodAdvice:  # noqa: ARG001  # as every method
    """Open: nothing is needed but the files."""
    return MethodAdvice(
        method=MethodName.INDEX_FROM_SOURCE,
        standing=MethodStanding.OPEN,
        why=(
            "Open where the original data still exists as files; only you know that.",
            "Neither the source cluster nor its version matters, and the mapping can be chosen anew.",
        ),
    )


def preferred(here: AdviceInput, advice: MethodAdvice) -> str:  # noqa: ARG001  # as every method
    """Why it is the one to prefer where no other is."""
    if here.source is None:
        return "There is no source to read from, and no repository yet."
    return "No way leads from this source to this destination but the original data."
