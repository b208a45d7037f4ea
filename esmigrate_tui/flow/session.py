"""Everything a screen shows, in one frozen value: the draft, what is typed, where one looks. Never a secret."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from fnmatch import translate
from functools import wraps
from operator import is_not
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar

import msgspec

from esmigrate_tui.flow.services import Preview, RunCard, VaultStatus
from esmigrate_tui.methods.description import MethodDescription
from esmigrate_tui.model.connection import (
    Connection,
    Side,
    SignIn,
    Trust,
    TrustKind,
    parse_address,
    parse_fingerprint,
)
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.facts import ClusterFacts, Health, IndexFacts, IndexState, with_streams
from esmigrate_tui.model.features import is_newer
from esmigrate_tui.model.files import FileInspection, FileOptions
from esmigrate_tui.model.method import MethodName, traits_of
from esmigrate_tui.model.names import index_name_trouble
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotProgress, SnapshotState
from esmigrate_tui.model.snapshot import offered as offered_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.methods.advice import Advice  # noqa: TC004  # nobody reads a session from bytes


P = ParamSpec("P")
T = TypeVar("T")


class ConnectionTest(StrEnum):
    """Where the test of a connection stands."""

    __test__ = False  # pytest takes every Test… for one of its own

    NOT_YET = "not-yet"
    GOING = "going"
    GOOD = "good"
    BAD = "bad"


class ConnectionForm(msgspec.Struct, frozen=True, kw_only=True):
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
    test: ConnectionTest = ConnectionTest.NOT_YET
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None
    told: str = ""

    @classmethod
    def of(cls, connection: Connection, *, has_secret: bool = False) -> ConnectionForm:
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


class PreflightState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the preflight stands: going on since a moment, or looked at a moment; for which selection it was."""

    since: float | None = None
    looked_at: float | None = None
    problem: Problem | None = None
    checked: tuple[str, ...] | None = None
    is_opened: bool = False
    cursor: int = 0


class AdviceState(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the methods `between` two clusters, by their uuids; asked since a moment, or why it was not."""

    advice: Advice | None = None
    between: tuple[str, str] = ("", "")
    since: float | None = None
    problem: Problem | None = None


class SortBy(StrEnum):
    """The columns that the list of indices can be sorted by."""

    NAME = "name"
    DOCUMENTS = "documents"
    SIZE = "size"
    HEALTH = "health"
    CREATED = "created"


class IndexList(msgspec.Struct, frozen=True, kw_only=True):
    """How one looks at the list of indices; `settings` are KEY=VALUE lines as they are typed."""

    pattern: str = ""
    sort: SortBy = SortBy.NAME
    backwards: bool = False
    shows_hidden: bool = False
    cursor: int = 0
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None
    pattern_of_names: tuple[str, str] = ("(.+)", "restored-$1")
    settings: tuple[str, ...] = ()


class SnapshotInProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that is being made on the source, in the repository as the source calls it."""

    repository: str
    name: str
    since: float = 0.0
    taken: SnapshotProgress | None = None
    is_cancelled: bool = False
    problem: Problem | None = None


class NewRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it is being typed: its values by the names of the type's settings."""

    name: str = ""
    type: str = "fs"
    values: dict[str, str] = {}
    readonly: bool = True


class NewSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot as it is being asked for: `patterns` are names with * and ?, separated by commas."""

    name: str = ""
    patterns: str = "*"
    feature_states: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


class RepositoryList(msgspec.Struct, frozen=True, kw_only=True):
    """The repositories that both clusters have registered, and how one looks at them.

    `destination` is None until it was asked. `verified` says of each that was looked at how that went (None: well).
    `doing` is what is waited for, since `since`.
    """

    destination: tuple[Repository, ...] | None = None
    source: tuple[Repository, ...] = ()
    source_problem: Problem | None = None
    verified: dict[str, Problem | None] = {}
    cursor: int = 0
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None
    new: NewRepository = NewRepository()


class SnapshotList(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshots of one repository as far as they have come, and how one looks at them."""

    repository: str = ""
    rows: tuple[SnapshotFacts, ...] = ()
    is_whole: bool = False
    pattern: str = ""
    cursor: int = 0
    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None
    new: NewSnapshot = NewSnapshot()
    making: SnapshotInProgress | None = None


class FileChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The files as they are being chosen, what a look has shown of them, and the mapping that is made of it.

    Where another program sends the documents, `sender` is that, and `expected` their number as it is typed.

    `typed` are paths and patterns, `pipeline` is one of the destination. `looked_for` is what the last look was for;
    `doing` is what is waited for, since `since`. `guessed` is the body that makes the index as it was guessed,
    `mapping` as it was edited. `left_out` are columns that no document gets. `there` is the index of the name on the
    destination, None where it is to be made.
    """

    typed: str = ""
    wishes: FileOptions = FileOptions()
    pipeline: str = ""
    look: FileInspection | None = None
    looked_for: tuple[str, FileOptions] | None = None
    problem: Problem | None = None
    doing: str = ""
    since: float = 0.0
    guessed: str = ""
    mapping: str = ""
    left_out: tuple[str, ...] = ()
    sender: Shipper | None = None
    expected: str = ""
    there: IndexDefinition | None = None
    cursor: int = 0

    @property
    def is_looked_at(self) -> bool:
        """Whether the last look was for what is typed and wished now."""
        return self.looked_for == (self.typed, self.wishes)


REMOVES_IT: Final = "removes it again"
"""What reverting the registration of a repository does."""


def registered(name: str) -> str:
    """The registration of a repository, as what was done."""
    return f"registered the repository {name}"


class AppliedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made before a run, the name to revert it by, and what that does: "" where nothing has to be.

    `repaired` is the side on which it fixed what a check had found; None for what was asked for by itself.
    """

    what: str
    name: str
    back: str = "reverts it"
    repaired: Side | None = None

    @property
    def back_in_full(self) -> str:
        """The same with the thing by its name: "takes the repository nightly away again"."""
        return self.back.replace("it", self.what.partition(" ")[2], 1)


def repaired(made: tuple[AppliedChange, ...]) -> dict[str, list[AppliedChange]]:
    """What was fixed for a check, by the name that puts it back."""
    found: dict[str, list[AppliedChange]] = {}
    for each in made:
        if each.repaired is not None:
            found.setdefault(each.name, []).append(each)
    return found


def way_back(name: str, repairs: list[AppliedChange]) -> str:
    """The command that puts repairs back, in a sentence; "" where nothing has to be."""
    open_ones = [each for each in repairs if each.back]
    if not open_ones:
        return ""
    them = "what can be" if len(open_ones) < len(repairs) else "it" if len(repairs) == 1 else "them"
    back = f"reverts {them}"
    return f"`esmigrate cleanup {name}` {back}."


class FixProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a finding is fixed: what was done of `amount` changes, what is being done, and what failed, and why.

    `doing` is "" where nothing is under way, else it is going on since `since`.
    """

    amount: int = 0
    done: tuple[AppliedChange, ...] = ()
    doing: str = ""
    since: float = 0.0
    failed: str = ""
    problem: Problem | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """All that the wizard knows at one moment.

    `made` is what was changed before a run, `changing` what is being changed, `unsure` what may have been: the line
    broke before anybody knew.
    """

    draft: Draft = Draft()
    methods: tuple[MethodDescription, ...] = ()
    runs: tuple[RunCard, ...] = ()
    vault: VaultStatus | None = None
    source: ConnectionForm = ConnectionForm()
    destination: ConnectionForm = ConnectionForm()
    advising: AdviceState = AdviceState()
    checking: PreflightState = PreflightState()
    repository_list: RepositoryList = RepositoryList()
    snapshot_list: SnapshotList = SnapshotList()
    listing: IndexList = IndexList()
    file_choice: FileChoice = FileChoice()
    made: tuple[AppliedChange, ...] = ()
    changing: str = ""
    unsure: tuple[str, ...] = ()
    fixing: FixProgress = FixProgress()
    plan: Plan | None = None
    preview: Preview | None = None
    plan_problem: Problem | None = None
    plan_path: str = ""
    typed_name: str = ""
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
    def both(self) -> tuple[str, str] | None:
        """The uuids of source and destination; None where one of them is not known."""
        source, destination = self.draft.source_facts, self.draft.destination_facts
        return (source.uuid, destination.uuid) if source is not None and destination is not None else None

    @property
    def advice(self) -> Advice | None:
        """What is said of every method for the two clusters that are known now."""
        return self.advising.advice if self.advising.between == self.both else None

    @property
    def sides(self) -> tuple[Side, ...]:
        """The clusters that the method asks for."""
        if self.method is not None and not self.method.takes_source:
            return (Side.DESTINATION,)
        return (Side.SOURCE, Side.DESTINATION)

    @property
    def is_restore(self) -> bool:
        """Whether the data comes from a snapshot."""
        return traits_of(self.method_name).restores

    @property
    def is_of_files(self) -> bool:
        """Whether the data comes from files of this machine."""
        return traits_of(self.method_name).loads and not self.is_watching

    @property
    def is_watching(self) -> bool:
        """Whether other programs send the data, and only its arrival is watched."""
        if self.run and self.progress.tasks:
            return is_watched(self.progress)
        return self.draft.traits.loads and self.file_choice.sender is not None

    @property
    def method_name(self) -> MethodName | None:
        """The method of the run that is looked at, else the one that is chosen."""
        return self.progress.method if self.run and self.progress.method is not None else self.draft.method

    @property
    def is_anything_changed(self) -> bool:
        """Whether anything was changed on a cluster before a run, or may have been."""
        return bool(self.made or self.changing or self.unsure)

    @property
    def still_made(self) -> tuple[AppliedChange, ...]:
        """What was changed before the run and is not reverted by the run itself."""
        wanted = self.plan.restoration if self.plan is not None and self.run else None
        gone = wanted.repository.name if wanted is not None and wanted.unregister else ""
        return tuple(each for each in self.made if not gone or each.what != registered(gone))

    def may_be_empty(self, side: Side) -> bool:
        """Whether the method can do without this side."""
        return side is Side.SOURCE and self.method is not None and not self.method.needs_source

    def is_left_out(self, side: Side) -> bool:
        """Whether this side may be empty, and is."""
        return self.may_be_empty(side) and not self.form(side).address.strip()

    def form(self, side: Side) -> ConnectionForm:
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
        checking = PreflightState() if self.draft.findings and not draft.findings else self.checking
        return self.but(
            draft=draft, checking=checking, plan=None, preview=None, plan_problem=None, plan_path="", typed_name=""
        )


# -- the selection, as pure questions ------------------------------------------------------------------------------


def why_not_choosable(index: IndexFacts) -> str:
    """Why an index cannot be moved by reindex; "" where it can."""
    if index.state is IndexState.CLOSED:
        return "open it first"
    if not index.source_enabled:
        return "keeps no _source"
    if index.backs_stream:
        return "choose its data stream"
    return ""


def why_not(index: IndexFacts, draft: Draft) -> str:
    """Why an index cannot be moved by the draft's method; "" where it can, or nobody can know."""
    if not draft.traits.restores:
        return why_not_choosable(index)
    if draft.snapshot is None:
        return "no snapshot chosen"
    from esmigrate_tui.preflight.restorable import why_not_restorable  # noqa: PLC0415  # the first screen needs none

    return why_not_restorable(index, draft.snapshot, draft.destination_facts)


def kept(find: Callable[P, T]) -> Callable[P, T]:
    """The function with its last answer kept, as long as it is asked about the very same values: all are frozen.

    A screen is painted at every key, and asks the same about the same draft again.
    """
    last: list[tuple[tuple[object, ...], T]] = []

    @wraps(find)
    def answer(*question: P.args, **named: P.kwargs) -> T:
        asked = (*question, *named.values())
        if not last or len(asked) != len(last[0][0]) or any(map(is_not, asked, last[0][0])):
            last[:] = [(asked, find(*question, **named))]
        return last[0][1]

    return answer


def matcher(pattern: str) -> Callable[[str], object] | None:
    """What a filter asks of a name: /regex/, a glob where it has * or ?, else any part; None for a broken regex."""
    if len(pattern) > 1 and pattern.startswith("/"):
        try:
            return re.compile(pattern[1:].removesuffix("/")).search
        except (re.error, OverflowError, RecursionError):
            return None
    if "*" in pattern or "?" in pattern:
        return re.compile(translate(pattern)).match
    part = pattern.lower()
    return lambda name: part in name.lower()


_HEALTH_ORDER: Final = {Health.RED: 0, Health.YELLOW: 1, Health.UNKNOWN: 2, Health.GREEN: 3}


def listed(indices: tuple[IndexFacts, ...], listing: IndexList) -> tuple[IndexFacts, ...]:
    """The indices that the listing shows, in its order; a key in the filter sorts nothing."""
    shown = ordered(indices, listing.sort, listing.backwards, listing.shows_hidden)
    return filtered(shown, listing.pattern)


@kept
def ordered(
    indices: tuple[IndexFacts, ...],
    sort: SortBy,
    backwards: bool,  # noqa: FBT001  # a field of the listing, as the others
    shows_hidden: bool,  # noqa: FBT001  # the same
) -> tuple[IndexFacts, ...]:
    """The indices in an order, those that are hidden only where they are asked for."""
    shown = [index for index in indices if shows_hidden or not (index.hidden or index.is_system or index.backs_stream)]
    match sort:
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
    return tuple(reversed(shown)) if backwards else tuple(shown)


class HasName(Protocol):
    """What can be filtered by its name."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


N = TypeVar("N", bound=HasName)


@kept
def filtered(rows: tuple[N, ...], pattern: str) -> tuple[N, ...]:
    """Those that go by a filter; all of them by an empty one, or by one that is no regular expression yet."""
    fits = matcher(pattern)
    return rows if fits is None or not pattern else tuple(row for row in rows if fits(row.name))


_of_snapshot: Final = kept(offered_by)
_of_source: Final = kept(with_streams)


def offered(draft: Draft) -> tuple[IndexFacts, ...]:
    """What can be selected."""
    if not draft.traits.restores:
        return _of_source(draft.source_indices)
    return _of_snapshot(draft.snapshot, draft.source_indices) if draft.snapshot is not None else ()


@kept
def chosen_names(draft: Draft) -> frozenset[str]:
    """The names of what is selected."""
    return frozenset(draft.selected)


@kept
def chosen(draft: Draft) -> tuple[IndexFacts, ...]:
    """What is selected of that, in its order."""
    names = chosen_names(draft)
    return tuple(index for index in offered(draft) if index.name in names) if names else ()


def in_order(draft: Draft, names: frozenset[str]) -> tuple[str, ...]:
    """These names in the order in which they are offered: the order in which a draft keeps its selection."""
    return tuple(index.name for index in offered(draft) if index.name in names)


def is_anything_chosen(draft: Draft) -> bool:
    """Whether there is anything to do: indices, or what else a snapshot can give."""
    if draft.traits.loads:
        return (draft.reading is not None or draft.shipping is not None) and bool(draft.into)
    if not draft.traits.restores:
        return bool(draft.selected)
    if draft.snapshot is None or draft.restoration is None:
        return False
    return bool(draft.selected or draft.feature_states or draft.restoration.global_state)


@kept
def chosen_documents(draft: Draft) -> int:
    """How many documents are in what is selected, as far as that is known."""
    return sum(index.documents or 0 for index in chosen(draft))


@kept
def needed_bytes(draft: Draft) -> int:
    """What the selection will take on the destination, with the replicas that it can place: as the preflight has it."""
    from esmigrate_tui.preflight.room_needed import bytes_needed  # noqa: PLC0415  # loaded when first needed

    return bytes_needed(draft, chosen(draft))


class NameHolder(StrEnum):
    """What stands at the name that an index is to get on the destination."""

    FREE = ""
    OPEN = "open index"
    CLOSED = "closed index"
    OTHER_SHARDS = "closed, other shards"
    STREAM = "data stream"
    STREAM_TOO = "data stream there"
    ALIAS = "alias"


def at_its_name(index: IndexFacts, draft: Draft) -> NameHolder:
    """What has the name on the destination that this index is to get there."""
    return taken_names(draft.destination_indices).get_of(index, draft.target(index.name))


class TakenNames:
    """The names that the destination has given away, found once for many questions."""

    def __init__(self, indices: tuple[IndexFacts, ...]) -> None:
        self._indices = {index.name: index for index in indices}
        self._streams = frozenset(index.data_stream for index in indices if index.data_stream)
        self._aliases = frozenset(alias for index in indices for alias in index.aliases)

    def get_of(self, index: IndexFacts, target: str) -> NameHolder:
        """What stands at `target`, for this index."""
        there = self._indices.get(target)
        if target in self._streams:
            return NameHolder.STREAM_TOO if index.data_stream else NameHolder.STREAM
        if there is None:
            return NameHolder.ALIAS if target in self._aliases else NameHolder.FREE
        if there.state is IndexState.OPEN:
            return NameHolder.OPEN
        return NameHolder.CLOSED if there.shards == index.shards else NameHolder.OTHER_SHARDS

    def index(self, name: str) -> IndexFacts | None:
        """The destination's index of that name."""
        return self._indices.get(name)


@kept
def taken_names(indices: tuple[IndexFacts, ...]) -> TakenNames:
    """The names of these indices."""
    return TakenNames(indices)


def missing_shards(draft: Draft) -> dict[str, int]:
    """How many shards of an index or data stream are not in the snapshot, for those where some are not."""
    snapshot = draft.snapshot
    if snapshot is None or not draft.traits.restores:
        return {}
    lost = {(snapshot.stream_of(one.index) or one.index, one.index, one.shard) for one in snapshot.failures}
    return dict(Counter(name for name, *_ in lost))


@kept
def not_whole(draft: Draft) -> dict[str, int]:
    """The chosen of which shards are missing, as long as no user said that a part will do."""
    if draft.restoration is None or draft.restoration.partial:
        return {}
    missing = missing_shards(draft)
    return {name: missing[name] for name in draft.selected if name in missing}


@kept
def in_the_way(draft: Draft) -> dict[str, NameHolder]:
    """The chosen whose name is taken on the destination, and by what, as long as nothing is decided about it."""
    if not draft.traits.restores:
        return {}
    found = {index.name: at_its_name(index, draft) for index in chosen(draft)}
    return {name: what for name, what in found.items() if what and draft.target(name) not in draft.in_the_way}


@kept
def same_target(draft: Draft) -> str:
    """A name on the destination that two of the selected indices would share; "" where there is none."""
    seen: set[str] = set()
    for name in draft.selected:
        target = draft.target(name)
        if target in seen:
            return target
        seen.add(target)
    return ""


def is_watched(progress: Progress) -> bool:
    """Whether a run only watches what others send: of files the size is known."""
    is_of_files = progress.traits.loads
    return is_of_files and bool(progress.tasks) and all(task.summary.size is None for task in progress.tasks)


def shipping_of(file_choice: FileChoice) -> ShippingOptions | None:
    """Who sends, and how many documents; None where it is files, or where the number is none."""
    typed = file_choice.expected.replace(" ", "")
    if file_choice.sender is None or (typed and not (typed.isascii() and typed.isdigit() and int(typed) > 0)):
        return None
    return ShippingOptions(shipper=file_choice.sender, expected=int(typed) if typed else None)


# -- files, as pure questions -----------------------------------------------------------------------------------------


def why_not_into(draft: Draft) -> str:
    """Why documents cannot go into the index of that name; "" where it is free, or can be used as it is."""
    if wrong := index_name_trouble(draft.into):
        return wrong
    for index in draft.destination_indices:
        if draft.into in index.aliases:
            return "an alias there has that name"
        if draft.into == index.name and index.state is IndexState.CLOSED:
            return "it is closed there"
    return ""


def there_already(draft: Draft) -> str:
    """The index that is written to where what documents go into is there: of a data stream the newest; else ""."""
    names = [index.name for index in draft.destination_indices if draft.into in {index.name, index.data_stream}]
    return max(names, default="")


# -- repositories and snapshots, as pure questions -------------------------------------------------------------------


class KnownRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository by its name, as either cluster has it registered."""

    name: str
    destination: Repository | None = None
    source: Repository | None = None

    @property
    def shown(self) -> Repository:
        """The registration that is described: the destination's where there is one."""
        found = self.destination or self.source
        return found if found is not None else Repository(name=self.name, type="")

    @property
    def is_same_place(self) -> bool | None:
        """Whether both registrations are one repository, by its uuid; None where that cannot be told."""
        if self.destination is None or self.source is None or not (self.destination.uuid and self.source.uuid):
            return None
        return self.destination.uuid == self.source.uuid


def repositories(repository_list: RepositoryList) -> tuple[KnownRepository, ...]:
    """Those of the destination first, then those that only the source has."""
    there = {one.name: one for one in repository_list.destination or ()}
    here = {one.name: one for one in repository_list.source}
    both = tuple(KnownRepository(name=name, destination=one, source=here.get(name)) for name, one in there.items())
    return both + tuple(KnownRepository(name=name, source=one) for name, one in here.items() if name not in there)


def other_name(known: KnownRepository, repository_list: RepositoryList) -> str:
    """The name under which the destination has registered what only the source seems to have; "" for none."""
    if known.source is None or known.destination is not None or not known.source.uuid:
        return ""
    return next((one.name for one in repository_list.destination or () if one.uuid == known.source.uuid), "")


def repository_here(repository_list: RepositoryList) -> KnownRepository | None:
    """The repository at the cursor."""
    rows = repositories(repository_list)
    return rows[repository_list.cursor] if repository_list.cursor < len(rows) else None


def source_of(session: Session) -> Repository | None:
    """The source's own registration of the repository whose snapshots are listed; by its uuid, else by its name."""
    name = session.snapshot_list.repository
    there = next((one for one in session.repository_list.destination or () if one.name == name), None)
    if there is not None and there.uuid:
        same = next((one for one in session.repository_list.source if one.uuid == there.uuid), None)
        if same is not None:
            return same
    named = next((one for one in session.repository_list.source if one.name == name), None)
    if named is None or (there is not None and there.uuid and named.uuid and there.uuid != named.uuid):
        return None
    return named


def shown_snapshots(snapshot_list: SnapshotList) -> tuple[SnapshotFacts, ...]:
    """The snapshots that the filter shows, the newest first."""
    return filtered(snapshot_list.rows, snapshot_list.pattern)


def snapshot_here(snapshot_list: SnapshotList) -> SnapshotFacts | None:
    """The snapshot at the cursor."""
    rows = shown_snapshots(snapshot_list)
    return rows[snapshot_list.cursor] if snapshot_list.cursor < len(rows) else None


_CANNOT: Final = {
    SnapshotState.IN_PROGRESS: "it is still being made",
    SnapshotState.FAILED: "it failed, nothing of it can be restored",
    SnapshotState.INCOMPATIBLE: "this cluster cannot read it",
}


def why_not_from(snapshot: SnapshotFacts | None, destination: ClusterFacts | None = None) -> str:
    """Why nothing can be restored from a snapshot; "" where something can."""
    if snapshot is None:
        return "choose a snapshot"
    if destination is not None and snapshot.made_by is not None and is_newer(snapshot.made_by, destination.version):
        return "it is newer than the destination"
    return _CANNOT.get(snapshot.state, "")


def settings_of(lines: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """The settings in KEY=VALUE lines, flat and beginning with index., and what is wrong with the first wrong line."""
    found: dict[str, str] = {}
    for line in filter(str.strip, lines):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key or not value:
            return found, f"{line.strip()} is not KEY=VALUE"
        if any(character.isspace() for character in key):
            return found, f"{key} has a blank in it"
        found[key if key.startswith("index.") else f"index.{key}"] = value
    return found, ""
