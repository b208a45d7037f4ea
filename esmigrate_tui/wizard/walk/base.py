"""What somebody who walks through the steps holds: the doors, the session, the clusters, the credentials."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.wizard.session import Form, Made, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.model.connection import Credential
    from esmigrate_tui.model.ledger import Change
    from esmigrate_tui.wizard.doors import Doors, MethodDescription, OpenCluster


class Walk:
    """A walk through the steps; whoever shows them says how a new session is shown."""

    doors: Doors[Any]
    credentials: dict[Side, Credential]
    clusters: dict[Side, OpenCluster]

    @property
    def session(self) -> Session:
        """What is known now."""
        raise NotImplementedError

    def update(self, session: Session) -> None:
        """Something became known."""
        raise NotImplementedError

    def cluster_pair(self) -> tuple[OpenCluster, OpenCluster | None]:
        """Destination and source as they are connected; raises ProblemError where the destination is not."""
        return self.cluster(Side.DESTINATION), self.clusters.get(Side.SOURCE)

    def cluster(self, side: Side) -> OpenCluster:
        """One of them as it is connected; raises ProblemError where it is not."""
        found = self.clusters.get(side)
        if found is None:
            raise ProblemError(
                Problem(cause=Cause.STATE, what=f"The {side} is not connected.", todo="Go back and test it.")
            )
        return found

    async def change(self, change: Change, back: str = "") -> str:
        """Make a change that the person has just confirmed; `back` says what putting it back does.

        Raises ProblemError.
        """
        made_at = datetime.fromtimestamp(self.doors.now(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        name = await self.doors.change(bare_plan(self.session.draft, made_at), self.credentials, change)
        if back:
            self.update(self.session.but(made=(*self.session.made, Made(what=change.what, name=name, back=back))))
        return name

    def to_put_back(self) -> tuple[str, ...]:
        """What was changed before a run, and the command that puts it back."""
        goes_on = bool(self.session.run) and not self.session.progress.is_finished
        when = "Once the run has ended, " if goes_on else ""
        return tuple(
            f"You had {each.what}. {when}`esmigrate cleanup {each.name}` {each.back}."
            for each in self.session.still_made
        )

    async def let_clusters_go(self) -> None:
        """Let go of the clusters, without waiting for one that does not answer."""
        for cluster in self.clusters.values():
            with contextlib.suppress(Exception):
                await asyncio.wait_for(cluster.close(), 1.0)


def begun(methods: tuple[MethodDescription, ...], draft: Draft, credentials: Mapping[Side, Credential]) -> Session:
    """The session at the beginning: empty, or filled in from a draft."""
    session = Session(draft=draft, methods=methods)
    for side, connection in ((Side.SOURCE, draft.source), (Side.DESTINATION, draft.destination)):
        if connection is not None:
            form = Form.of(connection, has_secret=side in credentials)
            session = session.but(**{side.value: form})
    return session
