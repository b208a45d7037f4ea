"""Everything a screen shows, in one frozen value: the draft, what is typed, where one looks. Never a secret."""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import translate
from typing import Any, Final

import msgspec

from esmigrate_tui.model.connection import (
    Connection,
    Side,
    SignIn,
    Trust,
    TrustKind,
    parse_address,
    parse_fingerprint,
)
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Health, IndexFacts, IndexState
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.snapshot import SnapshotState
from esmigrate_tui.wizard.doors import MethodDescription, Preview, RunCard, VaultWord


class Test(StrEnum):
    """Where the test of a connection stands."""

    __test__ = False  # pytest takes every Test… for one of its own

    NOT_YET = "not-yet"
    GOING = "going"
    GOOD = "good"
    BAD = "bad"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One side's connection as it is being typed; the secret stays in its field and in the app's memory.

    `has_secret` says that one was typed. `doing` says what is waited for while the test is going on, since `since`.
    """

    address: str = ""
    sign_in: SignIn = SignIn.PASSWORD
    user: str = ""
    trust: TrustKind = TrustKind.SYSTEM
    ca_file: str = ""
    fingerprint: str = ""
    is_accepted: bool = False
    remember: bool = False
    has_secret: bool = False
    test: Test = Test.NOT_YET
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None
    told: str = ""

    @classmethod
    def of(cls, connection: Connection, *, has_secret: bool = False) -> Form:
        """The form filled in from a connection that is known."""
        return cls(
            address=connection.endpoint.url,
            sign_in=connection.sign_in,
            user=connection.user,
            trust=connection.trust.kind,
            ca_file=connection.trust.ca_file,
            fingerprint=connection.trust.fingerprint,
            is_accepted=bool(connection.trust.fingerprint),
            has_secret=has_secret,
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether the address as far as it is typed asks for TLS, so that trust matters."""
        try:
            return parse_address(self.address)[0].is_encrypted
        except ProblemError:
            return not self.address.startswith("http://")

    def connection(self) -> Connection:
        """The connection that the form describes; raises ProblemError naming what is missing."""
        endpoint, user = parse_address(self.address)
        if self.sign_in is SignIn.PASSWORD and not (self.user or user):
            raise _missing("The user's name is missing.", "Type it, or choose another way to sign in.")
        trust = Trust()
        if endpoint.is_encrypted:
            if self.trust is TrustKind.CA_FILE and not self.ca_file:
                raise _missing("The file with the authority's certificate is missing.", "Type its path.")
            pinned = parse_fingerprint(self.fingerprint) if self.trust is TrustKind.PINNED and self.fingerprint else ""
            trust = Trust(
                kind=self.trust, ca_file=self.ca_file if self.trust is TrustKind.CA_FILE else "", fingerprint=pinned
            )
        return Connection(
            endpoint=endpoint,
            sign_in=self.sign_in,
            user=(self.user or user) if self.sign_in is SignIn.PASSWORD else "",
            trust=trust,
        )


def _missing(what: str, todo: str) -> ProblemError:
    return ProblemError(Problem(cause=Cause.USAGE, what=what, todo=todo))


class Checking(msgspec.Struct, frozen=True, kw_only=True):
    """Where the preflight stands: going on since a moment, or looked at a moment; for which selection it was."""

    since: float | None = None
    looked_at: float | None = None
    problem: Problem | None = None
    checked: tuple[str, ...] | None = None
    is_opened: bool = False
    cursor: int = 0


class SortBy(StrEnum):
    """The columns that the list of indices can be sorted by."""

    NAME = "name"
    DOCUMENTS = "documents"
    SIZE = "size"
    HEALTH = "health"
    CREATED = "created"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """How one looks at the list of indices."""

    pattern: str = ""
    sort: SortBy = SortBy.NAME
    shows_hidden: bool = False
    cursor: int = 0
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How far a snapshot is that is being made."""

    state: SnapshotState = SnapshotState.IN_PROGRESS
    shards: int = 0
    shards_done: int = 0
    shards_failed: int = 0
    bytes: int = 0
    bytes_done: int = 0


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """All that the wizard knows at one moment."""

    draft: Draft = Draft()
    methods: tuple[MethodDescription, ...] = ()
    runs: tuple[RunCard, ...] = ()
    vault: VaultWord | None = None
    source: Form = Form()
    destination: Form = Form()
    checking: Checking = Checking()
    listing: Listing = Listing()
    plan: Plan | None = None
    preview: Preview | None = None
    plan_problem: Problem | None = None
    plan_path: str = ""
    starting_since: float | None = None
    run: str = ""
    progress: Progress = Progress()
    run_problem: Problem | None = None
    run_cursor: int = 0
    report: tuple[str, ...] = ()

    @property
    def method(self) -> MethodDescription | None:
        """The chosen method as it is described."""
        return next((method for method in self.methods if method.name == self.draft.method), None)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The clusters that the method needs."""
        if self.method is not None and not self.method.needs_source:
            return (Side.DESTINATION,)
        return (Side.SOURCE, Side.DESTINATION)

    def form(self, side: Side) -> Form:
        """One side's form."""
        return self.source if side is Side.SOURCE else self.destination

    def with_form(self, side: Side, **changes: Any) -> Session:  # noqa: ANN401  # msgspec checks each by its field
        """This session with one side's form changed."""
        return msgspec.structs.replace(self, **{side.value: msgspec.structs.replace(self.form(side), **changes)})

    def but(self, **changes: Any) -> Session:  # noqa: ANN401  # msgspec checks each by its field
        """This session with something changed."""
        return msgspec.structs.replace(self, **changes)

    def answered(self, **answers: Any) -> Session:  # noqa: ANN401  # msgspec checks each by its field
        """This session with answers in its draft; a plan made of other answers is forgotten."""
        draft = self.draft.answered(**answers)
        if draft == self.draft:
            return self
        if set(answers) <= {"findings"}:
            return self.but(draft=draft)
        checking = Checking() if self.draft.findings and not draft.findings else self.checking
        return self.but(draft=draft, checking=checking, plan=None, preview=None, plan_problem=None, plan_path="")


# -- the selection, as pure questions ------------------------------------------------------------------------------


def why_not_choosable(index: IndexFacts) -> str:
    """Why an index cannot be moved by reindex; "" where it can."""
    if index.state is IndexState.CLOSED:
        return "open it first"
    if not index.source_enabled:
        return "keeps no _source"
    if index.data_stream:
        return "in a data stream"
    return ""


def matcher(pattern: str) -> re.Pattern[str] | None:
    """What a filter means: /regex/, a glob where it has * or ?, else any part of the name; None for a broken regex."""
    if len(pattern) > 1 and pattern.startswith("/"):
        try:
            return re.compile(pattern[1:].removesuffix("/"))
        except re.error:
            return None
    if "*" in pattern or "?" in pattern:
        return re.compile(rf"\A{translate(pattern)}")
    return re.compile(re.escape(pattern), re.IGNORECASE)


_HEALTH_ORDER: Final = {Health.RED: 0, Health.YELLOW: 1, Health.UNKNOWN: 2, Health.GREEN: 3}


def listed(indices: tuple[IndexFacts, ...], listing: Listing) -> tuple[IndexFacts, ...]:
    """The indices that the listing shows, in its order."""
    found = matcher(listing.pattern)
    shown = [
        index
        for index in indices
        if (listing.shows_hidden or not (index.hidden or index.is_system))
        and (found is None or found.search(index.name))
    ]
    match listing.sort:
        case SortBy.DOCUMENTS:
            shown.sort(key=lambda index: -(index.documents or 0))
        case SortBy.SIZE:
            shown.sort(key=lambda index: -(index.primary_bytes or 0))
        case SortBy.HEALTH:
            shown.sort(key=lambda index: _HEALTH_ORDER[index.health])
        case SortBy.CREATED:
            shown.sort(key=lambda index: str(index.created or ""))
        case SortBy.NAME:
            pass
    return tuple(shown)


def in_order(draft: Draft, names: frozenset[str]) -> tuple[str, ...]:
    """These names in the source's order: the order in which a draft keeps its selection."""
    return tuple(index.name for index in draft.source_indices if index.name in names)


def needed_bytes(draft: Draft) -> int:
    """What the selection will take on the destination, replicas included."""
    return sum((index.primary_bytes or 0) * (1 + index.replicas) for index in draft.chosen)


_NOT_IN_NAMES: Final = ' "*,/<>?\\|#:'


def why_not_a_name(name: str) -> str:
    """Why Elasticsearch would not take this as an index's name; "" where it would."""
    if not name:
        return "a name is needed"
    if name in {".", ".."}:
        return f"{name} is no name"
    if name != name.lower():
        return "only small letters"
    if wrong := next((character for character in name if character in _NOT_IN_NAMES or ord(character) < 32), ""):
        return "no blanks" if wrong == " " else f"not with {wrong!r}"
    if name[0] in "-_+":
        return f"not with {name[0]} in front"
    if len(name.encode()) > 255:
        return "at most 255 bytes"
    return ""


def same_target(draft: Draft) -> str:
    """A name on the destination that two of the selected indices would share; "" where there is none."""
    seen: set[str] = set()
    for name in draft.selected:
        target = draft.target(name)
        if target in seen:
            return target
        seen.add(target)
    return ""
