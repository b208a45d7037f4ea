"""What a check is, and what it finds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.ledger import PlannedChange, Request

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft

OfDraft = Callable[["Draft"], Iterable[Finding]]
OfClusters = Callable[["Draft", "Clusters"], AsyncIterator[Finding]]

blocker: Final = partial(Finding, severity=Severity.BLOCKER)
warning: Final = partial(Finding, severity=Severity.WARNING)
note: Final = partial(Finding, severity=Severity.NOTE)
passed: Final = partial(Finding, severity=Severity.PASSED)


def repairs_of(names: Iterable[str], what: str, action: str, inverse: str = "") -> tuple[PlannedChange, ...]:
    """Each of these indices of the source "is `what`" by POST /INDEX/`action`; "" for what needs no inverse."""
    return tuple(
        PlannedChange(
            side=Side.SOURCE,
            what=f"the index {name} is {what}",
            made_by=Request(method="POST", path=f"/{quote(name, safe='')}/{action}"),
            undo=Request(method="POST", path=f"/{quote(name, safe='')}/{inverse}") if inverse else None,
        )
        for name in names
    )


def without_block(blocks: Iterable[tuple[str, str]]) -> str:
    """The requests, to be copied, by which these indices lose these blocks; of many the first."""
    return "\n".join(
        f'PUT {quote(name, safe="")}/_settings\n{{"index.blocks.{block}":null}}' for name, block in [*blocks][:5]
    )


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
