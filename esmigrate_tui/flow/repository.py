"""The repositories: both clusters are asked, one is looked at by every node, one is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import REMOVES_IT, NewRepository, RepositoryList, Session, SnapshotList, registered
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import PlannedChange
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.services import OpenCluster
    from esmigrate_tui.model.repository_types import RepositorySetting


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


def where(known: KnownRepository, session: Session) -> tuple[str, bool]:
    """On which of the clusters it is registered in two or three words, and whether that is a problem."""
    if session.repository_list.verified.get(known.name) is not None:
        return "not reached", True
    if known.destination is None:
        return "the source only", False
    if known.source is None:
        return "the destination", False
    if known.is_same_place is False:
        return "both, they differ", True
    return ("both, the same" if known.is_same_place else "both"), False


def sentences(known: KnownRepository, session: Session, *, takes: str, verifies: str) -> tuple[str, ...]:
    """What is to be known of a repository; `takes` and `verifies` are what a user does to take or verify it."""
    if known.destination is None:
        other = other_name(known, session.repository_list)
        if other:
            return (f"The destination has the same repository under the name {other}: take that one.",)
        return (f"The destination does not know it yet. {takes} registers it there, readonly, after a question.",)
    lists = f"{takes} lists its snapshots. {verifies} looks whether every node reaches it."
    if known.is_same_place is False:
        differ = "Each cluster has another repository of this name (the uuids differ): the destination's is read."
        return differ, lists
    if known.source is not None and known.is_same_place is None:
        same = (known.source.type, known.source.place) == (known.destination.type, known.destination.place)
        first = "Both describe the same place" if same else "Both have one of this name, described otherwise"
        return f"{first}; there is no uuid to be sure by.", lists
    if not known.destination.is_readonly:
        return "The destination may write into it: take care that no other cluster does as well.", lists
    return (lists,)


NAME_MEANS: Final = "How the destination is to call it. Searchable snapshots want the name that the source uses."
READONLY_MEANS: Final = "Only one cluster may write into a repository: two that do destroy it."
ADDS: Final = "a registers yours on the destination."
ONLY_ITS_OWN: Final = "Only what the destination has registered can be looked at from there."


async def registered_as(name: str, cluster: OpenCluster, side: Side, todo: str) -> Repository:
    """The repository that a cluster has under a name; raises ProblemError (missing), which says what it has."""
    known = {one.name: one for one in await cluster.snapshots.repositories()}
    if name not in known:
        raise ProblemError.of(
            Cause.MISSING,
            f"The {side} has no repository {clean(name, 200)}.",
            why=f"It has {listed([*known])}." if known else "It has none at all.",
            todo=todo,
        )
    return known[name]


def source_trouble(repository_list: RepositoryList) -> str:
    """Why the source's own repositories are not listed; "" where they are."""
    problem = repository_list.source_problem
    return f"The source's could not be listed: {problem.what}" if problem is not None else ""


def why_not_registered(known: KnownRepository, repository_list: RepositoryList) -> str:
    """Why a repository of the source need not be registered; "" where it may be."""
    other = other_name(known, repository_list)
    return f"The destination has it already, as {other}." if other else ""


def filled_from(known: KnownRepository) -> NewRepository:
    """The form filled in from a repository that is known; raises ProblemError where its type has no form."""
    from esmigrate_tui.model.repository_types import type_of  # noqa: PLC0415  # loaded when first needed

    repository = known.shown
    if type_of(repository.type) is None:
        raise ProblemError.of(Cause.USAGE, f"There is no form for the type {repository.type[:30]}.")
    settings = {key: value for key, value in repository.settings.items() if key not in {"readonly", "uuid"}}
    return NewRepository(name=known.name, type=repository.type, values=settings)


def settings_asked(new: NewRepository) -> tuple[RepositorySetting, ...]:
    """The settings of its type; which cluster may write is asked as a question of its own."""
    from esmigrate_tui.model.repository_types import type_of  # noqa: PLC0415  # loaded when first needed

    kind = type_of(new.type)
    return () if kind is None else tuple(field for field in kind.fields if field.name != "readonly")


def typed_repository(session: Session) -> Repository:
    """The repository as it is typed; raises ProblemError for what is missing or wrong, and for a name that is taken."""
    from esmigrate_tui.model.repository_types import repository_of  # noqa: PLC0415  # loaded when first needed

    new = session.repository_list.new
    known = {setting.name for setting in settings_asked(new)}
    values = {key: value for key, value in new.values.items() if key in known and value}
    if new.type != "url":
        values["readonly"] = "true" if new.readonly else "false"
    repository = repository_of(new.type, new.name.strip(), values)
    _must_be_new(repository, session)
    return repository


def _must_be_new(repository: Repository, session: Session) -> None:
    if any(one.name == repository.name for one in session.repository_list.destination or ()):
        what = f"The destination has a repository {repository.name} already: choose another name."
        raise ProblemError.of(Cause.USAGE, what)


# -- what is done ----------------------------------------------------------------------------------------------------


async def list_them(flow: Flow, then: str = "") -> None:
    """List both sides' repositories; the cursor goes to the one named `then`, or to the one that is in use."""
    is_alone = flow.session.is_left_out(Side.SOURCE)
    with flow.waiting("repository_list", f"listing the repositories{'' if is_alone else ' of both clusters'}"):
        destination = await flow.cluster(Side.DESTINATION).snapshots.repositories()
        source: tuple[Repository, ...] = ()
        problem: Problem | None = None
        try:
            source = () if is_alone else await flow.cluster(Side.SOURCE).snapshots.repositories()
        except ProblemError as error:
            problem = error.problem
        flow.update_part("repository_list", destination=destination, source=source, source_problem=problem)
        restoration, cursor = flow.session.draft.restoration, flow.session.repository_list.cursor
        wanted = then or (restoration.repository.name if restoration is not None else "")
        rows = repositories(flow.session.repository_list)
        at = next((at for at, known in enumerate(rows) if known.name == wanted), cursor)
        flow.update_part("repository_list", cursor=max(0, min(at, len(rows) - 1)))


async def verify(flow: Flow, name: str) -> None:
    """Let every node of the destination look whether it reaches it."""
    problem: Problem | None = None
    with flow.waiting("repository_list", f"every node of the destination looks at {name}"):
        try:
            await flow.cluster(Side.DESTINATION).snapshots.verify(name)
        except ProblemError as error:
            problem = error.problem
        flow.update_part("repository_list", verified={**flow.session.repository_list.verified, name: problem})


def take(flow: Flow) -> None:
    """Take the one at the cursor; the snapshots of another one are forgotten."""
    known, snapshot_list = repository_here(flow.session.repository_list), flow.session.snapshot_list
    if known is not None and snapshot_list.repository != known.name:
        flow.update(
            flow.session.but(
                snapshot_list=SnapshotList(repository=known.name, new=snapshot_list.new, making=snapshot_list.making)
            )
        )


def registering(repository: Repository) -> PlannedChange:
    """The change that registers it on the destination; raises ProblemError for what cannot be sent."""
    from esmigrate_tui.elastic.snapshots import (  # noqa: PLC0415  # loaded when first needed
        register_request,
        unregister_request,
    )

    return PlannedChange(
        side=Side.DESTINATION,
        what=registered(repository.name),
        made_by=register_request(repository),
        undo=unregister_request(repository.name),
    )


def registration(repository: Repository, session: Session) -> tuple[PlannedChange, str, tuple[str, ...]]:
    """The change that registers it, to which cluster it goes, and what has to be known before one says yes.

    Raises ProblemError for a name that the destination has already, and for what cannot be sent.
    """
    _must_be_new(repository, session)
    change = registering(repository)
    access = (
        "It is registered readonly: the destination cannot write into it."
        if repository.is_readonly
        else "It is NOT readonly: two clusters that write into one repository destroy it."
    )
    said = (
        f"This registers the repository on the destination. No data is read or written. {access}",
        (
            "It is written in a ledger before it is made; `esmigrate cleanup` removes it again, and leaves the "
            "files in the repository as they are."
        ),
    )
    return change, session.draft.authority(Side.DESTINATION), said


async def register(flow: Flow, name: str, change: PlannedChange) -> str:
    """Register it, and list again with the cursor on it; a sentence, "" where it was refused."""
    folder = ""
    with flow.waiting("repository_list", f"registering {name} on the destination"):
        folder = await flow.change(change, REMOVES_IT)
    if not folder:
        return ""
    await list_them(flow, then=name)
    return f"Registered. `esmigrate cleanup {folder}` {REMOVES_IT}."
