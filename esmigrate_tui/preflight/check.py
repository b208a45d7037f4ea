"""What a check is, and what it finds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import msgspec

from esmigrate_tui.model.finding import Finding, Severity

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft

OfDraft = Callable[["Draft"], Iterable[Finding]]
OfClusters = Callable[["Draft", "Clusters"], AsyncIterator[Finding]]

blocker: Final = partial(Finding, severity=Severity.BLOCKER)
warning: Final = partial(Finding, severity=Severity.WARNING)
note: Final = partial(Finding, severity=Severity.NOTE)
passed: Final = partial(Finding, severity=Severity.PASSED)


@dataclass(frozen=True)
class Check:
    """One question: reads facts in the draft, or asks the clusters, and yields what it found.

    It may be waived, so that a user may accept its blockers, where they are a forecast that a person can know better,
    or a loss that a person may choose. One may not where a run would end at once, or mix documents.
    """

    question: OfDraft | OfClusters
    is_waivable: bool = False

    @property
    def name(self) -> str:
        """As each of its findings carries it and `--accept` takes it."""
        return self.question.__name__.replace("_", "-")

    async def __call__(self, draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
        """Everything that is found, under the check's name where the finding has none of its own."""
        if inspect.isasyncgenfunction(self.question):
            async for finding in self.question(draft, clusters):
                yield self._named(finding)
        else:
            for finding in cast("OfDraft", self.question)(draft):
                yield self._named(finding)

    def _named(self, finding: Finding) -> Finding:
        return finding if finding.check else msgspec.structs.replace(finding, check=self.name)


def check(question: OfDraft | OfClusters) -> Check:
    """Declare a check under the function's name; nobody may accept its blockers."""
    return Check(question)


def waivable(question: OfDraft | OfClusters) -> Check:
    """Declare a check whose blockers a user may accept."""
    return Check(question, is_waivable=True)
