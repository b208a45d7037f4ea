"""Which way fits these two clusters: each method open or not, why, how long it may take, and the one to prefer; pure.

An estimate is made of what was measured: of the servers' own limits, of a short read of a sample, or of figures that
were measured elsewhere, which are then said to be. None is better than a number from nowhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, IndexState
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.model.text import counted, duration, listed, number, size

LARGE: Final = 50 * 1024**3
"""Bytes from which on it counts that files are copied rather than documents, and by whom."""
_MOMENT: Final = 2.0  # seconds
_MEASURED: Final = 512  # bytes of a document, in the figures below
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
    source (None: not tried), `problem` and `todo` what was said where it did not. `repositories` are None where a
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


def estimated(estimate: TimeEstimate) -> str:
    """An estimate in words: from 2 to 8 minutes, or at least so long."""
    if max(estimate.least, estimate.most or 0) < _MOMENT:
        return "a moment"
    if estimate.most is None:
        return f"{duration(estimate.least)} at least"
    least, most = duration(estimate.least), duration(estimate.most)
    return f"about {most}" if least == most else f"{least} to {most}"


# -- each method -------------------------------------------------------------------------------------------------------


def closed_to_reading(here: AdviceInput, method: MethodName) -> MethodAdvice | None:
    """The advice of a method that reads from a source, where none answers, or a newer one than the destination."""
    if here.source is None:
        why = "It reads from the source, and there is none that answers."
    elif Features.of_cluster(here.destination).is_of_older_major(Features.of_cluster(here.source)):
        why = f"The destination ({here.destination.version}) is older than the source ({here.source.version})."
    else:
        return None
    return MethodAdvice(method=method, standing=MethodStanding.CLOSED, why=(why,))


def unreadable(here: AdviceInput, *, frozen_too: bool) -> dict[str, tuple[str, ...]]:
    """Indices of the source that a method which reads documents would not bring over whole, by the reason."""
    groups = {
        "closed, and must be opened first": [one.name for one in here.indices if one.state is IndexState.CLOSED],
        "without _source, so nothing can be read back": [one.name for one in here.indices if not one.source_enabled],
        "with only a part of each document kept": [one.name for one in here.indices if one.source_filtered],
        "frozen, and would be passed over": [one.name for one in here.indices if frozen_too and one.frozen],
    }
    return {why: tuple(names) for why, names in groups.items() if names}


def sentences(groups: dict[str, tuple[str, ...]]) -> list[str]:
    """A sentence for each reason, with the indices."""
    return [f"{counted(len(names), 'index', 'indices')} {why}: {listed(names)}." for why, names in groups.items()]


def named(groups: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The indices of all reasons, each once."""
    return tuple(dict.fromkeys(name for names in groups.values() for name in names))


# -- how long ----------------------------------------------------------------------------------------------------------


def estimate_by_documents(here: AdviceInput, rates: tuple[float, float]) -> TimeEstimate | None:
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


def rewrites(here: AdviceInput) -> bool:
    """Whether a remote reindex was seen to write numbers differently."""
    return here.measured is not None and here.measured.rewritten
