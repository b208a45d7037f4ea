"""Reads that many want at the same time: few requests, every problem where it is, and no one's end is another's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from esmigrate_tui.elastic.errors import UnreadResponseError
from esmigrate_tui.elastic.joined import MOST_JOINED, JoinedReads
from esmigrate_tui.elastic.paths import LONGEST_PATH, path_width
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES: Final = tuple(f"n{number:03}" for number in range(20))


class Server:
    """Answers to one name, and to several, each only when it may."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.may = asyncio.Event()
        self.may.set()
        self.odd: set[str] = set()
        """What a request for several does not answer for."""
        self.missing: set[str] = set()
        self.refusal: ProblemError | None = None
        self.cut = 0

    async def alone(self, name: str) -> str:
        await self._answer((name,))
        if name in self.missing:
            raise ProblemError.of(Cause.MISSING, f"there is no {name}")
        return f"{name} of {len(self.asked)}"

    async def together(self, names: Sequence[str]) -> dict[str, str]:
        await self._answer(tuple(names))
        if self.refusal is not None:
            raise self.refusal
        return {name: name for name in names if name not in self.odd | self.missing}

    async def _answer(self, names: tuple[str, ...]) -> None:
        self.asked.append(names)
        try:
            await self.may.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise

    def reads(self, **bounds: int) -> JoinedReads[str, str]:
        return JoinedReads(self.alone, self.together, width=path_width, **bounds)


async def turns(amount: int = 10) -> None:
    for _ in range(amount):
        await asyncio.sleep(0)


async def test_one_alone_is_asked_for_at_once_and_by_itself() -> None:
    server = Server()
    assert await server.reads().get("a") == "a of 1"
    assert server.asked == [("a",)]


async def test_what_is_wanted_in_the_same_moment_is_one_request_in_the_order_of_wanting() -> None:
    server = Server()
    reads = server.reads()
    assert await asyncio.gather(*map(reads.get, NAMES)) == [*NAMES]
    assert server.asked == [NAMES]


async def test_what_is_wanted_while_requests_are_under_way_goes_together_into_the_next() -> None:
    server = Server()
    server.may.clear()
    reads = server.reads()
    early = [asyncio.ensure_future(reads.get("early"))]
    await turns()
    early.append(asyncio.ensure_future(reads.get("second")))
    await turns()
    later = [asyncio.ensure_future(reads.get(name)) for name in NAMES]
    await turns()
    assert server.asked == [("early",), ("second",)]
    server.may.set()
    await asyncio.gather(*early, *later)
    assert server.asked[2:] == [NAMES]


async def test_nothing_is_handed_out_that_was_read_before_it_was_wanted() -> None:
    server = Server()
    server.may.clear()
    reads = server.reads()
    first = asyncio.ensure_future(reads.get("a"))
    await turns()
    second = asyncio.ensure_future(reads.get("a"))
    await turns()
    server.may.set()
    await asyncio.gather(first, second)
    assert server.asked == [("a",), ("a",)]


async def test_a_request_is_for_so_many_at_most_and_no_longer_than_a_path() -> None:
    server = Server()
    many = [f"n{number}" for number in range(3 * MOST_JOINED)]
    await asyncio.gather(*map(server.reads().get, many))
    assert [len(one) for one in server.asked] == [MOST_JOINED] * 3
    server = Server()
    long = [f"{number:03}{'ä' * 120}" for number in range(40)]
    await asyncio.gather(*map(server.reads().get, long))
    assert len(server.asked) > 1
    assert all(sum(map(path_width, one)) <= LONGEST_PATH for one in server.asked)
    assert sorted(name for one in server.asked for name in one) == long


async def test_what_is_not_plainly_answered_is_asked_for_by_itself_with_its_own_problem() -> None:
    server = Server()
    server.odd, server.missing = {"n003"}, {"n007"}
    reads = server.reads()
    found = await asyncio.gather(*map(reads.get, NAMES), return_exceptions=True)
    assert isinstance(found[7], ProblemError)
    assert found[7].problem.what == "there is no n007"
    assert [one for at, one in enumerate(found) if at not in {3, 7}] == [
        name for name in NAMES if name not in {"n003", "n007"}
    ]
    assert sorted(server.asked[1:]) == [("n003",), ("n007",)]


async def test_where_all_together_are_refused_each_is_asked_for_by_itself() -> None:
    server = Server()
    server.refusal, server.missing = ProblemError.of(Cause.PRIVILEGES, "not all of these"), {"n001"}
    reads = server.reads()
    found = await asyncio.gather(*map(reads.get, NAMES), return_exceptions=True)
    assert server.asked[0] == NAMES
    assert sorted(server.asked[1:]) == [(name,) for name in NAMES]
    assert [at for at, one in enumerate(found) if isinstance(one, BaseException)] == [1]


async def test_of_what_was_too_large_together_fewer_are_asked_for_from_then_on() -> None:
    server = Server()
    problem = ProblemError.of(Cause.TOO_LARGE, "too large").problem
    server.refusal = UnreadResponseError(problem)
    reads = server.reads()
    await asyncio.gather(*map(reads.get, NAMES))
    server.refusal, server.asked = None, []
    await asyncio.gather(*map(reads.get, NAMES))
    assert [len(one) for one in server.asked] == [10, 10]


async def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    server = Server()
    server.may.clear()
    reads = server.reads()
    wanted = [asyncio.ensure_future(reads.get(name)) for name in ("a", "b", "a")]
    await turns()
    wanted[0].cancel()
    await turns()
    server.may.set()
    assert await asyncio.gather(*wanted[1:]) == ["b", "a"]
    assert wanted[0].cancelled()
    assert server.cut == 0


async def test_what_nobody_waits_for_any_more_is_not_asked_for_and_its_request_is_cut() -> None:
    server = Server()
    server.may.clear()
    reads = server.reads()
    wanted = [asyncio.ensure_future(reads.get(name)) for name in ("a", "b")]
    await turns()
    for one in wanted:
        one.cancel()
    await turns()
    assert server.cut == 1
    server.may.set()
    assert await reads.get("c")
    assert server.asked == [("a", "b"), ("c",)]


async def test_a_fault_of_this_program_reaches_all_who_wait() -> None:
    async def together(_names: Sequence[str]) -> dict[str, str]:
        raise ValueError

    reads = JoinedReads(Server().alone, together)
    found = await asyncio.gather(reads.get("a"), reads.get("b"), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError]


async def test_a_problem_of_one_alone_is_its_own() -> None:
    server = Server()
    server.missing = {"a"}
    with pytest.raises(ProblemError, match="there is no a"):
        await server.reads().get("a")
    assert server.asked == [("a",)]


async def test_what_was_read_a_moment_ago_is_enough_for_those_who_say_so_until_it_is_forgotten() -> None:
    server = Server()
    reads = server.reads()
    first = await reads.get("a")
    assert await reads.get("a", within=60.0) == first
    assert len(server.asked) == 1
    await reads.get("a")
    assert len(server.asked) == 2
    reads.forget("a")
    await reads.get("a", within=60.0)
    assert len(server.asked) == 3


async def test_what_could_not_be_read_is_not_known_from_before() -> None:
    server = Server()
    reads = server.reads()
    await reads.get("a")
    server.missing = {"a"}
    for within in (0.0, 60.0):
        with pytest.raises(ProblemError):
            await reads.get("a", within=within)


async def test_a_name_that_could_mean_several_is_refused_to_its_own_caller_before_anything_is_sent() -> None:
    server = Server()
    reads = server.reads()
    names = ("a", "-x", "b*", "c")
    found = await asyncio.gather(*map(reads.get, names), return_exceptions=True)
    assert [one.problem.cause for one in found if isinstance(one, ProblemError)] == [Cause.USAGE, Cause.USAGE]
    assert server.asked == [("a", "c")]
