"""What every step works on: the services, the session, the clusters, the credentials."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.flow.session import AppliedChange, ConnectionForm, Session, repaired, way_back
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import listed, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from esmigrate_tui.flow.services import OpenCluster, Services
    from esmigrate_tui.methods.description import MethodDescription
    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.ledger import PlannedChange
    from esmigrate_tui.model.plan import Plan


class Flow:
    """What every step works on; a face implements `session` and `update`."""

    services: Services[Any]
    credentials: dict[Side, Credential]
    clusters: dict[Side, OpenCluster]

    @property
    def session(self) -> Session:
        """What is known now."""
        raise NotImplementedError

    def update(self, session: Session) -> None:
        """Replace the session by this one."""
        raise NotImplementedError

    def update_part(self, part: str, **changes: object) -> None:
        """Change something in one part of the session, by the name that the part has there."""
        self.update(self.session.but(**{part: msgspec.structs.replace(getattr(self.session, part), **changes)}))

    @contextlib.contextmanager
    def waiting(self, part: str, doing: str) -> Iterator[None]:
        """Say in a part of the session what is waited for; a ProblemError ends the block, and stands there then."""
        self.update_part(part, doing=doing, since=self.services.now(), problem=None)
        try:
            yield
        except ProblemError as error:
            self.update_part(part, doing="", problem=error.problem)
        else:
            self.update_part(part, doing="")

    def cluster(self, side: Side) -> OpenCluster:
        """One of them as it is connected; raises ProblemError where it is not."""
        found = self.clusters.get(side)
        if found is None:
            raise ProblemError.of(Cause.STATE, f"The {side} is not connected.", todo="Go back and test it.")
        return found

    async def change(self, change: PlannedChange, back: str = "") -> str:
        """Make a change that the user has just confirmed; `back` says what reverting it does.

        Raises ProblemError.
        """
        name = await self.make(self.plan_so_far(), self.credentials, change)
        if back:
            self.update(
                self.session.but(made=(*self.session.made, AppliedChange(what=change.what, name=name, back=back)))
            )
        return name

    def plan_so_far(self) -> Plan:
        """Which clusters, by which method, as they are known now; raises ProblemError where they are not."""
        return bare_plan(self.session.draft, timestamp(self.services.now()))

    async def make(
        self, plan: Plan, credentials: Mapping[Side, Credential], change: PlannedChange, folder: str = ""
    ) -> str:
        """Let a change be made, in an earlier folder or a new one; its name. Raises ProblemError.

        As long as it is not known how it ended, the session says so: a user who leaves is warned.
        """
        self.update(self.session.but(changing=change.what))
        unsure = change.what
        try:
            name = await self.services.change(plan, credentials, change, folder)
            unsure = ""
        except ProblemError as error:
            unsure = change.what if may_be_made(error.problem) else ""
            raise
        finally:
            more = (unsure,) if unsure else ()
            self.update(self.session.but(changing="", unsure=(*self.session.unsure, *more)))
        return name

    def to_revert(self) -> tuple[str, ...]:
        """What was changed before a run, or may have been, and the command that reverts it."""
        goes_on = bool(self.session.run) and not self.session.progress.is_finished
        when = "Once the run has ended, " if goes_on else ""
        made = self.session.still_made
        said = [
            f"You had {each.what}. {when}`esmigrate cleanup {each.name}` {each.back}."
            for each in made
            if each.repaired is None
        ]
        for name, repairs in repaired(made).items():
            said.append(f"You had this fixed: {listed([each.what for each in repairs])}.")
            way = way_back(name, repairs)
            said[-1] += f" {when}{way}" if way else " Nothing has to be reverted."
        said += [
            f"Whether this was done is not known: {what}. If it was, `esmigrate status` lists it."
            for what in (*self.session.unsure, self.session.changing)
            if what
        ]
        return tuple(said)

    async def close_clusters(self) -> None:
        """Let go of the clusters, without waiting for one that does not answer."""
        for cluster in self.clusters.values():
            with contextlib.suppress(Exception):
                await asyncio.wait_for(cluster.close(), 1.0)


def may_be_made(problem: Problem) -> bool:
    """Whether a change may have been made although it ended in this problem."""
    from esmigrate_tui.engine.ledger import NOT_MADE  # noqa: PLC0415  # the first screen needs nothing of the engine

    return problem.cause not in NOT_MADE


def begun(methods: tuple[MethodDescription, ...], draft: Draft, credentials: Mapping[Side, Credential]) -> Session:
    """The session at the beginning: empty, or filled in from a draft."""
    session = Session(draft=draft, methods=methods)
    for side, connection in ((Side.SOURCE, draft.source), (Side.DESTINATION, draft.destination)):
        if connection is not None:
            form = ConnectionForm.of(connection, has_secret=side in credentials)
            session = session.but(**{side.value: form})
    return session
