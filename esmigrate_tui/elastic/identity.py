"""Which cluster is meant: another one may respond at its address tomorrow, or after a connection was lost.

Names are given to other machines, ports are forwarded elsewhere, clusters are built anew. So a line to a cluster that
is known by its uuid is only opened by reading that uuid, and nothing is sent on one that leads to another cluster.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from esmigrate_tui.elastic.joined import JoinedReads
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

LONGEST_TRUST: Final = 10.0
"""Seconds after which the uuid is read again: something in between may lead elsewhere without breaking off."""

GATEWAYS: Final = frozenset({502, 503, 504})
"""What a proxy says that has lost the cluster; another one may respond when it is back."""


def another_cluster(who: str, planned: str, found: str) -> Problem:
    """The problem that the cluster at an address is not the one that is meant; `who` names it in a sentence."""
    return Problem(
        cause=Cause.STALE,
        what=f"{who} is not the cluster that this plan was made for.",
        why=f"The plan was made for the cluster {clean(planned, 100)}; the one at this address is {clean(found, 100)} "
        "now. Nothing is written to it.",
        todo="Check the address, or make a new plan with `esmigrate plan`.",
    )


class ClusterIdentity:
    """The uuid of the cluster that is meant, and what is known of who answers at its address.

    Once another cluster has responded, nothing more is sent: some lines lead there, and which is unknown.
    """

    def __init__(self, uuid: str, place: str) -> None:
        self.uuid = uuid
        self._reads = JoinedReads(_by_itself, _each_by_itself)
        self._place = place
        self._seen_at: float | None = None
        self._other = ""

    async def must_be_seen(
        self, read_uuid: Callable[[], Awaitable[str]], *, anew: bool = False, by_itself: bool = False
    ) -> None:
        """Read the uuid, unless that was done a moment ago; raises ProblemError (stale) where it is another.

        `anew` reads it in any case, with others that want that at the same time, unless `by_itself`: each reading may
        open one line.
        """
        now = asyncio.get_running_loop().time()
        self._raise_other()
        is_recent = self._seen_at is not None and now - self._seen_at < LONGEST_TRUST
        if not anew and not by_itself and is_recent:
            return
        found = await (read_uuid() if by_itself else self._reads.get(read_uuid))
        if found != self.uuid:
            self._other = found or "one that does not say its uuid"
        self._raise_other()
        self._seen_at = now

    def doubt(self) -> None:
        """A line was lost: what responds next may be another cluster."""
        self._seen_at = None

    def _raise_other(self) -> None:
        if self._other:
            raise ProblemError(another_cluster(f"What answers at {self._place}", self.uuid, self._other))


async def _by_itself(read_uuid: Callable[[], Awaitable[str]]) -> str:
    return await read_uuid()


async def _each_by_itself(_: Sequence[Callable[[], Awaitable[str]]]) -> dict[Callable[[], Awaitable[str]], str]:
    return {}
