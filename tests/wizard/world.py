"""Doors over frozen values: what the wizard is shown, and what it did, without any cluster."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

import msgspec

from esmigrate_tui.engine.journal import RunUpdate
from esmigrate_tui.flow.review import preview
from esmigrate_tui.flow.services import Services
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.advice import AdviceInput
from esmigrate_tui.methods.recommendation import advise
from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.files import FileInspection
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.wizard.app import WizardApp
from tests.pictures import sample_values as sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from rich.text import Text
    from textual.pilot import Pilot

    from esmigrate_tui.engine.listing import RunSummary
    from esmigrate_tui.methods.advice import Advice
    from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup
    from esmigrate_tui.model.command import Command
    from esmigrate_tui.model.connection import Connection, Endpoint
    from esmigrate_tui.model.event import Event, Reject
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, ShardFacts
    from esmigrate_tui.model.files import FileOptions
    from esmigrate_tui.model.finding import Finding
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan
    from esmigrate_tui.model.problem import ProblemError
    from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotProgress
    from esmigrate_tui.vault import VaultReport
    from esmigrate_tui.wizard.widgets.board import BoardContent

SECRET = "correct-horse-battery"


@dataclass
class Kept:
    """The repositories and snapshots of a cluster as values, or the problem they make."""

    registered: tuple[Repository, ...] = ()
    pages: dict[str, list[tuple[SnapshotFacts, ...]]] = field(default_factory=dict)
    troubles: dict[str, Exception] = field(default_factory=dict)
    looks: list[SnapshotProgress] = field(default_factory=list)
    features_known: tuple[str, ...] = ()
    verified: list[str] = field(default_factory=list)
    holds_back: asyncio.Event | None = None

    def _maybe(self, what: str) -> None:
        if what in self.troubles:
            raise self.troubles[what]

    async def repositories(self) -> tuple[Repository, ...]:
        self._maybe("repositories")
        return self.registered

    async def verify(self, repository: str) -> None:
        self._maybe("verify")
        self.verified.append(repository)

    async def snapshots(self, repository: str) -> AsyncIterator[tuple[SnapshotFacts, ...]]:
        for at, page in enumerate(self.pages.get(repository, [()])):
            if at and self.holds_back is not None:
                await self.holds_back.wait()
            self._maybe("snapshots")
            yield page

    async def snapshot(self, repository: str, name: str) -> SnapshotFacts:
        self._maybe("snapshot")
        pages = self.pages.get(repository, [()])
        return next(one for page in pages for one in page if one.name == name)

    async def taking(self, repository: str, name: str) -> SnapshotProgress:
        del repository, name
        self._maybe("taking")
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    async def features(self) -> tuple[str, ...]:
        self._maybe("features")
        return self.features_known


@dataclass(frozen=True)
class Seen:
    """A cluster as values: what it would say, or the problem it would make."""

    facts: ClusterFacts
    listing: tuple[IndexFacts, ...] = ()
    trouble: ProblemError | None = None
    closed: list[str] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)
    defined: list[tuple[str, ...]] = field(default_factory=list)
    sized: list[str] = field(default_factory=list)
    spread: tuple[ShardFacts, ...] = ()

    @property
    def snapshots(self) -> Kept:
        return self.kept

    async def probe(self) -> ClusterFacts:
        return self.facts

    @property
    def indices(self) -> Self:
        return self

    async def every(self) -> tuple[IndexFacts, ...]:
        return self.listing

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        self.defined.append(tuple(names))
        if self.trouble is not None:
            raise self.trouble
        return {name: IndexDefinition(name=name, settings={}, mappings={}, aliases={}) for name in names}

    async def shards(self, name: str) -> tuple[ShardFacts, ...]:
        self.sized.append(name)
        return self.spread

    async def close(self) -> None:
        self.closed.append(self.facts.name)


@dataclass
class World:
    """What lies behind the services, to be changed by a test; and what was done through them."""

    source: Seen = field(default_factory=lambda: Seen(sample.OLD_FACTS, sample.INDICES))
    destination: Seen = field(default_factory=lambda: Seen(sample.NEW_FACTS))
    findings: tuple[Finding, ...] = ()
    troubles: dict[str, Exception] = field(default_factory=dict)
    vault_word: VaultReport = sample.NO_KEYRING
    kept: Credential | None = None
    cards: tuple[RunSummary, ...] = ()
    events: tuple[Event, ...] = ()
    ends: bool = True
    hangs: bool = False
    connected: list[tuple[Connection, Credential]] = field(default_factory=list)
    checked: list[Draft] = field(default_factory=list)
    advised: list[Draft] = field(default_factory=list)
    begun: list[tuple[Plan, Mapping[Side, Credential]]] = field(default_factory=list)
    found: tuple[Finding, ...] = ()
    taken_up: list[str] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    changes: list[tuple[Plan, PlannedChange]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    holds_back: asyncio.Event | None = None
    beside: tuple[CarriedDefinition, ...] = ()
    asked_beside: list[tuple[DefinitionGroup, ...]] = field(default_factory=list)
    remembered: list[Connection] = field(default_factory=list)
    look_of: Callable[[FileOptions], FileInspection] | None = None
    saved: list[tuple[str, str]] = field(default_factory=list)
    looked: list[tuple[str, FileOptions]] = field(default_factory=list)
    contrasts: list[bool] = field(default_factory=list)

    def _maybe(self, door: str) -> None:
        if door in self.troubles:
            raise self.troubles[door]

    async def connect(self, connection: Connection, credential: Credential) -> Seen:
        self._maybe("connect")
        if self.hangs:
            await asyncio.Event().wait()
        self.connected.append((connection, credential))
        return self.source if "old" in connection.endpoint.host else self.destination

    async def fingerprint(self, endpoint: Endpoint) -> str:
        del endpoint
        return "9f2c41" + "00" * 29

    async def files(self, typed: str, wishes: FileOptions) -> FileInspection:
        self._maybe("files")
        if self.hangs:
            await asyncio.Event().wait()
        self.looked.append((typed, wishes))
        return self.look_of(wishes) if self.look_of is not None else FileInspection(files=())

    async def preflight(self, draft: Draft, destination: Seen, source: Seen | None) -> AsyncIterator[Finding]:
        del destination, source
        self._maybe("preflight")
        self.checked.append(draft)
        for finding in self.findings:
            yield finding

    async def advise(self, draft: Draft, destination: Seen, source: Seen) -> Advice:
        self._maybe("advise")
        self.advised.append(draft)
        if self.hangs:
            await asyncio.Event().wait()
        return advise(AdviceInput(source=source.facts, destination=destination.facts, indices=source.listing))

    async def carried(
        self, groups: tuple[DefinitionGroup, ...], destination: Seen, source: Seen
    ) -> tuple[CarriedDefinition, ...]:
        del destination, source
        self.asked_beside.append(groups)
        self._maybe("carried")
        return self.beside

    def plan(self, draft: Draft) -> Plan:
        self._maybe("plan")
        return msgspec.structs.replace(sample.PLAN, carried=draft.carried or ())

    async def save_text(self, name: str, text: str) -> str:
        self._maybe("save_text")
        self.saved.append((name, text))
        return f"/tmp/{name}"  # noqa: S108  # only a name to show

    async def save_plan(self, plan: Plan) -> str:
        del plan
        return "/tmp/plan.toml"  # noqa: S108  # only a name to show

    async def begin(self, plan: Plan, credentials: Mapping[Side, Credential], findings: tuple[Finding, ...]) -> str:
        self._maybe("begin")
        self.begun.append((plan, dict(credentials)))
        self.found = findings
        return "7K2P"

    async def resume(self, run: str, credentials: Mapping[Side, Credential]) -> None:
        del credentials
        self._maybe("resume")
        self.taken_up.append(run)

    async def runs(self) -> tuple[RunSummary, ...]:
        return self.cards

    async def follow(self, run: str) -> AsyncIterator[RunUpdate]:
        del run
        self._maybe("follow")
        yield RunUpdate(list(self.events), Progress().after_all(self.events))
        if not self.ends:
            await asyncio.Event().wait()

    async def command(self, run: str, command: Command) -> None:
        del run
        self._maybe("command")
        self.commands.append(command)

    async def rejects(self, run: str, limit: int) -> tuple[Reject, ...]:
        del run, limit
        return ()

    async def report(self, run: str) -> tuple[str, ...]:
        return (f"/runs/{run}/report.md",)

    async def change(
        self, plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, folder: str
    ) -> str:
        del credentials
        if self.holds_back is not None:
            await self.holds_back.wait()
        self._maybe("change")
        self._maybe(change.what)
        self.changes.append((plan, change))
        self.folders.append(folder)
        return "5QWA"

    async def keep_contrast(self, contrast: bool) -> None:  # noqa: FBT001  # as the door has it
        self._maybe("keep_contrast")
        self.contrasts.append(contrast)

    async def probe(self) -> VaultReport:
        return self.vault_word

    async def remember(self, connection: Connection, credential: Credential) -> VaultReport:
        del credential
        self.remembered.append(connection)
        return self.vault_word

    async def recall(self, connection: Connection) -> Credential | None:
        del connection
        return self.kept

    def services(self) -> Services[Any]:
        """Each by its name, as it stands above."""
        own = {each.name: getattr(self, each.name) for each in fields(Services) if hasattr(self, each.name)}
        return Services(methods=tuple(METHODS.values()), preview=preview, vault=self, now=lambda: sample.NOW, **own)

    def app(self, draft: Draft | None = None, **others: Any) -> WizardApp:  # noqa: ANN401  # the wizard's own arguments
        return WizardApp(self.services(), draft, **others)

    def demo(self) -> WizardApp:
        """Both connections filled in with their secrets, as the demo opens it."""
        draft = Draft(source=sample.OLD, destination=sample.NEW)
        credentials = {
            Side.SOURCE: Credential(sign_in=SignIn.PASSWORD, user="elastic", secret=SECRET),
            Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret=SECRET),
        }
        return self.app(draft, credentials=credentials)


def shown(app: WizardApp) -> str:
    """Every character that is on the screen."""
    screen = app.screen
    return "\n".join(strip.text for strip in screen._compositor.render_strips(screen.size))


def lines_of(content: BoardContent) -> list[Text]:
    """Every line of a list or a page, seen or not."""
    return [content.line(y) for y in range(content.height)]


async def settled(pilot: Pilot[Any]) -> None:
    """When nothing is under way any more: workers done, messages handled."""
    for _ in range(20):
        await pilot.pause()
        if all(worker.is_finished for worker in pilot.app.workers):
            break
    await pilot.pause()
