"""Everything the wizard may do to the world, handed in from outside; it has no other way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from esmigrate_tui.model.ledger import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from esmigrate_tui.engine.journal import RunUpdate
    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.methods.advice import Advice
    from esmigrate_tui.methods.description import MethodDescription
    from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Connection, Credential, Endpoint, Side
    from esmigrate_tui.model.draft import Draft, IndexDefinition
    from esmigrate_tui.model.event import Reject
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, ShardFacts
    from esmigrate_tui.model.files import FileInspection, FileOptions
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotProgress
    from esmigrate_tui.vault import VaultReport


class PreviewedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the review shows it: to which cluster, and the request with every secret as dots."""

    to: str
    request: Request


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan will do, in words: in order, what is changed and reverted, the requests, how long and why.

    `carried` are lines about what stands beside the indices: each name, and indented below it what is otherwise.
    """

    steps: tuple[str, ...]
    put_back: tuple[str, ...] = ()
    requests: tuple[PreviewedRequest, ...] = ()
    time: str = ""
    carried: tuple[str, ...] = ()


class OpenSnapshots(Protocol):
    """What a connected cluster says of repositories and snapshots; each may raise ProblemError, none changes anything.

    `verify` lets every node look whether it reaches a repository.
    """

    async def repositories(self) -> tuple[Repository, ...]:
        """Every repository that is registered, by name."""
        ...

    async def verify(self, repository: str) -> None:
        """Raise the ProblemError of the first node that does not reach it."""
        ...

    def snapshots(self, repository: str) -> AsyncIterator[tuple[SnapshotFacts, ...]]:
        """The snapshots of a repository in pages, the newest first."""
        ...

    async def snapshot(self, repository: str, name: str) -> SnapshotFacts:
        """One snapshot with its details."""
        ...

    async def taking(self, repository: str, name: str) -> SnapshotProgress:
        """How far the making of a snapshot is."""
        ...

    async def features(self) -> tuple[str, ...]:
        """Names of the features whose state can be kept in a snapshot."""
        ...


class OpenIndices(Protocol):
    """What a connected cluster says of its indices; it only reads."""

    async def every(self) -> tuple[IndexFacts, ...]:
        """Everything it holds; raises ProblemError."""
        ...

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        """Settings, mappings and aliases of these indices; raises ProblemError."""
        ...

    async def shards(self, name: str) -> tuple[ShardFacts, ...]:
        """The primary shards of one index; raises ProblemError."""
        ...


class OpenCluster(Protocol):
    """The part of a connected cluster that the wizard speaks to; it only reads."""

    @property
    def snapshots(self) -> OpenSnapshots:
        """Its repositories and snapshots."""
        ...

    @property
    def indices(self) -> OpenIndices:
        """Its indices."""
        ...

    async def probe(self) -> ClusterFacts:
        """Who it is; raises ProblemError."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class Vault(Protocol):
    """The keeper of secrets; each of these has its own deadline and may raise ProblemError."""

    async def probe(self) -> VaultReport:
        """What it can do here, known before a secret is typed."""
        ...

    async def remember(self, connection: Connection, credential: Credential) -> VaultReport:
        """Keep a secret, and read it back."""
        ...

    async def recall(self, connection: Connection) -> Credential | None:
        """The secret kept for this connection."""
        ...


C = TypeVar("C", bound=OpenCluster)


@dataclass(frozen=True)
class Services(Generic[C]):
    """What the wizard may do; the command line wires the real ones. Each may raise ProblemError, none blocks.

    `fingerprint` is the SHA-256 of the certificate that an endpoint shows. `files` looks at the files that a line
    names, as long as that takes a bearable time. `preflight` gets the draft, the destination and the source; `advise`
    says of every method whether it is open between the two. `carried` says what of these groups, as the source (the
    second cluster) has it, would be made on the destination (the first). `plan` and `preview` are pure. `save_text`
    writes a text into a new file and gives its path, `save_plan` the plan as TOML. `begin` gives the run's name;
    `resume` goes on with one whose process has ended. `follow` yields what a run reports, from the first on, until
    the run has finished. `report` writes the report and gives the paths of its files. `change` makes one change that
    the user has confirmed before a run, in a ledger of its own or in that of an earlier one (its name, "" for none),
    and gives the name to revert it by. `keep_contrast` remembers for the next start whether more contrast is
    preferred.
    """

    methods: tuple[MethodDescription, ...]
    connect: Callable[[Connection, Credential], Awaitable[C]]
    fingerprint: Callable[[Endpoint], Awaitable[str]]
    files: Callable[[str, FileOptions], Awaitable[FileInspection]]
    preflight: Callable[[Draft, C, C | None], AsyncIterator[Finding]]
    advise: Callable[[Draft, C, C], Awaitable[Advice]]
    carried: Callable[[tuple[DefinitionGroup, ...], C, C], Awaitable[tuple[CarriedDefinition, ...]]]
    plan: Callable[[Draft], Plan]
    preview: Callable[[Plan], Preview]
    save_text: Callable[[str, str], Awaitable[str]]
    save_plan: Callable[[Plan], Awaitable[str]]
    begin: Callable[[Plan, Mapping[Side, Credential], tuple[Finding, ...]], Awaitable[str]]
    resume: Callable[[str, Mapping[Side, Credential]], Awaitable[None]]
    runs: Callable[[], Awaitable[tuple[RunSummary, ...]]]
    follow: Callable[[str], AsyncIterator[RunUpdate]]
    command: Callable[[str, Command], Awaitable[None]]
    rejects: Callable[[str, int], Awaitable[tuple[Reject, ...]]]
    report: Callable[[str], Awaitable[tuple[str, ...]]]
    change: Callable[[Plan, Mapping[Side, Credential], PlannedChange, str], Awaitable[str]]
    keep_contrast: Callable[[bool], Awaitable[None]]
    vault: Vault
    now: Callable[[], float]
