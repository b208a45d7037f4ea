"""Whether the method fits two clusters, why, and how long it may take; pure."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.methods.advice import (
    AdviceInput,
    MethodAdvice,
    MethodStanding,
    TimeEstimate,
    closed_to_reading,
    estimate_by_documents,
    named,
    rewrites,
    sentences,
    unreadable,
)
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.text import counted, number, size

_READERS: Final = 4  # shards of an index that a copy reads at the same time
_COPIED: Final = (15_000.0, 16_600.0)


def advise(here: AdviceInput) -> MethodAdvice:
    """Open wherever there is a source that is not newer than the destination."""
    method = MethodName.COPY_THROUGH_HERE
    if closed := closed_to_reading(here, method):
        return closed
    lost = unreadable(here, frozen_too=False)
    return MethodAdvice(
        method=method,
        standing=MethodStanding.OPEN,
        left_out=named(lost),
        why=(
            "Nothing has to be opened or configured; each document arrives as the bytes it is.",
            "Everything crosses this machine's network twice.",
            *sentences(lost),
        ),
        estimate=_by_sample(here) or estimate_by_documents(here, _COPIED),
    )


def preferred(here: AdviceInput, advice: MethodAdvice) -> str:
    """Why it is the one to prefer, wherever it is open, with what speaks against a reindex."""
    if advice.standing is not MethodStanding.OPEN:
        return ""
    reasons = {
        "the destination does not reach the source": here.reaches is False,
        "a reindex would rewrite numbers": rewrites(here),
        "a reindex would pass over frozen indices": any(one.frozen for one in here.indices),
    }
    told = ", ".join(reason for reason, is_so in reasons.items() if is_so)
    return f"Nothing has to be arranged, and every byte is kept{f'; {told}' if told else ''}."


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
