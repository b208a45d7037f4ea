"""Everything a screen shows, in one frozen value: the draft, what is typed, where one looks. Never a secret."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.flow.services import Preview
from esmigrate_tui.methods.description import MethodDescription
from esmigrate_tui.model.connection import Connection, Side, SignIn, Trust, TrustKind, parse_address, parse_fingerprint
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.files import FileInspection, FileOptions
from esmigrate_tui.model.method import MethodName, traits_of
from esmigrate_tui.model.plan import Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.model.snapshot import Repository, SnapshotFacts, SnapshotProgress

if TYPE_CHECKING:  # nobody reads a session from bytes
    from esmigrate_tui.engine.listing import RunSummary  # noqa: TC004
    from esmigrate_tui.methods.advice import Advice  # noqa: TC004
    from esmigrate_tui.vault import VaultReport  # noqa: TC004


class ConnectionTest(StrEnum):
    """Where the test of a connection stands."""

    __test__ = False  # pytest takes every Test… for one of its own

    NOT_YET = "not-yet"
    GOING = "going"
    GOOD = "good"
    BAD = "bad"


class WaitingPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the session that may wait for something: `doing` says for what, since `since`; "" while nothing is.

    `problem` is how the last of it failed.
    """

    doing: str = ""
    since: float = 0.0
    problem: Problem | None = None


class ConnectionForm(WaitingPart, frozen=True, kw_only=True):
    """One side's connection as it is being typed; the secret stays in its field and in the app's memory.

    `has_secret` says that one was typed.
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
    note: str = ""

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
    return ProblemError.of(Cause.USAGE, what, todo=todo)


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


class IndexList(WaitingPart, frozen=True, kw_only=True):
    """How one looks at the list of indices; `settings` are KEY=VALUE lines as they are typed."""

    pattern: str = ""
    sort: SortBy = SortBy.NAME
    backwards: bool = False
    shows_hidden: bool = False
    cursor: int = 0
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


class RepositoryList(WaitingPart, frozen=True, kw_only=True):
    """The repositories that both clusters have registered, and how one looks at them.

    `destination` is None until it was asked. `verified` says of each that was looked at how that went (None: well).
    """

    destination: tuple[Repository, ...] | None = None
    source: tuple[Repository, ...] = ()
    source_problem: Problem | None = None
    verified: dict[str, Problem | None] = {}
    cursor: int = 0
    new: NewRepository = NewRepository()


class SnapshotList(WaitingPart, frozen=True, kw_only=True):
    """The snapshots of one repository as far as they have come, and how one looks at them."""

    repository: str = ""
    rows: tuple[SnapshotFacts, ...] = ()
    is_whole: bool = False
    pattern: str = ""
    cursor: int = 0
    new: NewSnapshot = NewSnapshot()
    making: SnapshotInProgress | None = None


class FileChoice(WaitingPart, frozen=True, kw_only=True):
    """The files as they are being chosen, what a look has shown of them, and the mapping that is made of it.

    Where another program sends the documents, `sender` is that, and `expected` their number as it is typed.

    `typed` are paths and patterns, `pipeline` is one of the destination. `looked_for` is what the last look was for.
    `guessed` is the body that makes the index as it was guessed, `mapping` as it was edited. `left_out` are columns
    that no document gets. `there` is the index of the name on the destination, None where it is to be made.
    """

    typed: str = ""
    wishes: FileOptions = FileOptions()
    pipeline: str = ""
    look: FileInspection | None = None
    looked_for: tuple[str, FileOptions] | None = None
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
    """What was fixed for a check, by the name that reverts it."""
    found: dict[str, list[AppliedChange]] = {}
    for each in made:
        if each.repaired is not None:
            found.setdefault(each.name, []).append(each)
    return found


def way_back(name: str, repairs: list[AppliedChange]) -> str:
    """The command that reverts applied fixes, in a sentence; "" where nothing has to be."""
    open_ones = [each for each in repairs if each.back]
    if not open_ones:
        return ""
    them = "what can be" if len(open_ones) < len(repairs) else "it" if len(repairs) == 1 else "them"
    back = f"reverts {them}"
    return f"`esmigrate cleanup {name}` {back}."


class FixProgress(WaitingPart, frozen=True, kw_only=True):
    """How far a finding is fixed: what was done of `amount` changes, what is being done, and what failed, and why."""

    amount: int = 0
    done: tuple[AppliedChange, ...] = ()
    failed: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """All that the wizard knows at one moment.

    `made` is what was changed before a run, `changing` what is being changed, `unsure` what may have been: the line
    broke before anybody knew.
    """

    draft: Draft = Draft()
    methods: tuple[MethodDescription, ...] = ()
    runs: tuple[RunSummary, ...] = ()
    vault: VaultReport | None = None
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


def is_watched(progress: Progress) -> bool:
    """Whether a run only watches what others send: of files the size is known."""
    is_of_files = progress.traits.loads
    return is_of_files and bool(progress.tasks) and all(task.summary.size is None for task in progress.tasks)
