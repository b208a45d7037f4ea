"""Every answer given so far; changing one forgets those that no longer hold."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from esmigrate_tui.model.connection import Connection
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.plan import MethodName


class IndexDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /INDEX` said of one index: JSON objects as they came, keys and values of the source's own major.

    `documents` are the top-level ones, nested ones not counted; None where they could not be counted.
    """

    name: str
    settings: dict[str, Any]
    mappings: dict[str, Any]
    aliases: dict[str, Any]
    documents: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The wizard's and the command line's answers, up to the plan that is made of them.

    `selected` are names of source indices, `renamed` maps some of them to another name on the destination,
    `definitions` has what the source says of each selected index. `acknowledged` holds Finding.key of warnings.
    """

    method: MethodName | None = None
    source: Connection | None = None
    destination: Connection | None = None
    source_facts: ClusterFacts | None = None
    destination_facts: ClusterFacts | None = None
    source_indices: tuple[IndexFacts, ...] = ()
    destination_indices: tuple[IndexFacts, ...] = ()
    selected: tuple[str, ...] = ()
    renamed: dict[str, str] = {}
    definitions: dict[str, IndexDefinition] = {}
    findings: tuple[Finding, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    at_once: int = 2
    batch: int = 0
    requests_per_second: float = 0.0

    def answered(self, **changes: Any) -> Draft:  # noqa: ANN401  # msgspec checks each by its field
        """This draft with new answers, and without what hung on the old ones."""
        real = {name: value for name, value in changes.items() if getattr(self, name) != value}
        forgotten: dict[str, Any] = {}
        for name in real:
            for dependent in _DEPENDENTS.get(name, ()):
                forgotten[dependent] = _EMPTY[dependent]
        return msgspec.structs.replace(self, **(forgotten | changes))

    def target(self, source_index: str) -> str:
        """The destination's name for a source index."""
        return self.renamed.get(source_index, source_index)

    @property
    def chosen(self) -> tuple[IndexFacts, ...]:
        """The facts of the selected indices, in the source's order."""
        wanted = frozenset(self.selected)
        return tuple(index for index in self.source_indices if index.name in wanted)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """Findings that stop."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKER)

    @property
    def unacknowledged(self) -> tuple[Finding, ...]:
        """Warnings that nobody has acknowledged yet."""
        return tuple(
            finding
            for finding in self.findings
            if finding.severity is Severity.WARNING and finding.key not in self.acknowledged
        )


_FROM_SOURCE: Final = (
    "source_facts",
    "source_indices",
    "selected",
    "renamed",
    "definitions",
    "findings",
    "acknowledged",
)
_DEPENDENTS: Final[dict[str, tuple[str, ...]]] = {
    "method": ("findings", "acknowledged"),
    "source": _FROM_SOURCE,
    "destination": ("destination_facts", "destination_indices", "findings", "acknowledged"),
    "selected": ("findings",),
    "renamed": ("findings",),
}
_EMPTY: Final[dict[str, Any]] = {
    "source_facts": None,
    "destination_facts": None,
    "source_indices": (),
    "destination_indices": (),
    "selected": (),
    "renamed": {},
    "definitions": {},
    "findings": (),
    "acknowledged": frozenset(),
}
