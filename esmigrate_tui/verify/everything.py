"""Every document of two indices compared: sums first, and where these differ, the documents behind them by name.

Reading is all that is done to either side. What is read is looked at and let go; what is held does not grow with the
number of documents. A document that is written in between may be seen twice, or not at all, by the sums: it is named
only where it differs in a second reading of both sides as well.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from esmigrate_tui.elastic.documents import is_scroll_lost
from esmigrate_tui.elastic.paging import LARGEST_PAGE
from esmigrate_tui.elastic.scan import ScanMemory, ScanRange, pages, scan_ranges
from esmigrate_tui.elastic.windows import RequestMemory
from esmigrate_tui.model.difference import Difference, DifferenceKind, IndexComparison
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, counted
from esmigrate_tui.verify.counts import refresh_if_allowed
from esmigrate_tui.verify.digest import Digest, partition, where_kept
from esmigrate_tui.verify.samples import compare_by_id
from esmigrate_tui.verify.values import by_value as values_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence

    from esmigrate_tui.elastic.documents import Document
    from esmigrate_tui.verify.counts import ComparedIndex

MOST_NAMED: Final = 1_000
"""Differences that are named: who has more of them needs another run, not a longer list."""

READERS: Final = 4
"""Pieces of each side that are read side by side: on a long line as many pages are under way."""

_HELD: Final = 50_000  # documents of both sides whose names may be held at a time: some 20 MB
_PIECES: Final = 8  # of a shard, at most: the last ones to be read are short
_MOST_HELD: Final = 48 * 1024 * 1024  # bytes of the pages of both sides, each counted twice
_TRIES: Final = 7  # half a second to half a minute, a minute in all
_LONGEST_NAME: Final = 600
_PASSING: Final = frozenset({Cause.CONNECTION, Cause.BUSY})

T = TypeVar("T")


@dataclass(frozen=True)
class ComparisonOptions:
    """How it is done.

    `values` compares what numbers and layout mean, None finds out by some documents whether bytes can be compared.
    `pace` is documents a second of both sides together, 0 for no limit. `readers` are pieces of each side that are read
    side by side. `look` is called after every page. `refused` are ids, cleaned, of documents that the destination is
    known to have refused: the source's are left out.
    """

    values: bool | None = None
    pace: float = 0.0
    readers: int = READERS
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    look: Callable[[ComparisonReading], None] = lambda _: None
    refused: frozenset[str] = frozenset()


class ReadingCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reading has come, as JSON: another process goes on from it where both indices are still the same."""

    by_value: bool
    uuids: tuple[str, str]
    left: tuple[tuple[ScanRange, ...], tuple[ScanRange, ...]]
    read: tuple[int, int]
    sums: tuple[str, str]
    left_out: int = 0


@dataclass(frozen=True)
class ComparisonReading:
    """A moment of it: documents of both sides that were read, of how many; a second reading `is_naming`."""

    read: int
    total: int
    is_naming: bool
    sides: tuple[_ComparedSide, _ComparedSide] | None = None

    def keep(self) -> bytes:
        """What to go on from; b"" where there is nothing, as in a second reading."""
        if self.sides is None:
            return b""
        one, other = self.sides
        sums = (base64.b64encode(side.digest.as_bytes()).decode() for side in self.sides)
        kept = ReadingCheckpoint(
            by_value=one.digest.is_by_value,
            uuids=(one.uuid, other.uuid),
            left=(one.still, other.still),
            read=(one.digest.documents, other.digest.documents),
            sums=(next(sums), next(sums)),
            left_out=one.digest.left_out,
        )
        return msgspec.json.encode(kept)


class _ComparedSide:
    """What one side has come to: its sums, and which stretches are left; documents of `refused` ids are passed over."""

    def __init__(
        self,
        index: ComparedIndex,
        uuid: str,
        left: Sequence[ScanRange],
        digest: Digest,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        self.index = index
        self._refused = refused
        self.uuid = uuid
        self.digest = digest
        self._left: dict[int, ScanRange] = dict(enumerate(left))
        self._whole: dict[int, Digest] = {}  # a scroll that is lost is read again: what it gave must not count twice

    @property
    def still(self) -> tuple[ScanRange, ...]:
        """What is left to be read."""
        return tuple(self._left.values())

    @property
    def read(self) -> int:
        """Documents that were looked at."""
        return sum(digest.documents + digest.left_out for digest in (self.digest, *self._whole.values()))

    def begin(self, place: int) -> None:
        """A stretch is read from its beginning, or again from there."""
        if self._left[place].is_scrolled:
            self._whole[place] = Digest(by_value=self.digest.is_by_value)

    def take(self, place: int, documents: Sequence[Document], left: ScanRange | None) -> None:
        """Look at a page, and remember what is left of its stretch: in one step, so that `keep` is true at any time."""
        digest, meant = self._whole.get(place, self.digest), _meant(documents, self._refused)
        digest.add(meant)
        digest.left_out += len(documents) - len(meant)
        if left is not None:
            self._left[place] = left
            return
        del self._left[place]
        if place in self._whole:
            self.digest.merge(self._whole.pop(place))


def _meant(documents: Sequence[Document], refused: frozenset[str]) -> Sequence[Document]:
    """Those whose _id is none of the refused."""
    return [document for document in documents if clean(document.id) not in refused] if refused else documents


async def compare_everything(
    source: ComparedIndex, destination: ComparedIndex, manner: ComparisonOptions, kept: bytes = b""
) -> IndexComparison:
    """Read both sides, and name what is not the same.

    `kept` is what `Reading.keep` gave to an earlier process. A moment's problem is waited for; raises ProblemError
    where a side cannot be read.
    """
    ends = (source, destination)
    sides, total = await _patiently(lambda: _begun(ends, manner, kept), manner.sleep)
    reading = _SidesReading(manner)

    def report() -> None:
        manner.look(ComparisonReading(sum(side.read for side in sides), total, is_naming=False, sides=sides))

    report()
    await _together(*(reading.read(side.index, side.still, side.take, side.begin, report) for side in sides))
    one, other = (side.digest for side in sides)
    if total and not one.documents + one.left_out + other.documents:
        raise ProblemError(_nothing_read(source, destination, total))
    differing = one.differing(other)
    found: list[Difference] = []
    place = 0
    while place < len(differing) and len(found) < MOST_NAMED:
        group = _group(differing[place:], one, other)
        place += len(group)
        found += await _named(ends, frozenset(group), reading, total, by_value=one.is_by_value)
    return IndexComparison(
        source_count=one.documents + one.left_out,
        destination_count=other.documents,
        by_value=one.is_by_value,
        without_source=one.bare + other.bare,
        refused=one.left_out,
        differences=tuple(found[:MOST_NAMED]),
        partitions=len(differing),
        partitions_left=len(differing) - place,
    )


def _nothing_read(source: ComparedIndex, destination: ComparedIndex, total: int) -> Problem:
    """What it means that documents were counted and none came: nothing was compared, so nothing is proved."""
    return Problem(
        cause=Cause.STATE,
        what=f"{source.name} and {destination.name} hold {counted(total, 'document')}, and none of them could be read.",
        why="They were deleted since they were counted, or a server counts what it does not give.",
        todo="Search both indices, and compare them again.",
    )


async def _begun(
    ends: tuple[ComparedIndex, ComparedIndex], manner: ComparisonOptions, kept: bytes
) -> tuple[tuple[_ComparedSide, _ComparedSide], int]:
    """Both sides, and how many documents they have together."""
    for end in ends:
        await refresh_if_allowed(end.cluster, end.name, {Cause.PRIVILEGES, Cause.BLOCKED})
    sides = await _sides(ends, manner, kept)
    return sides, sum(await asyncio.gather(*(end.cluster.searches.count(end.name, kind=end.kind) for end in ends)))


async def _sides(
    ends: tuple[ComparedIndex, ComparedIndex], manner: ComparisonOptions, kept: bytes
) -> tuple[_ComparedSide, _ComparedSide]:
    """Both sides at their beginning, or where an earlier process has left them."""
    passed: tuple[frozenset[str], frozenset[str]] = (manner.refused, frozenset())
    settings = await asyncio.gather(*(end.cluster.indices.settings_of_parts(end.name) for end in ends))
    uuids = tuple(",".join(part.get("index.uuid", "") for part in one.values()) for one in settings)
    left: Sequence[Sequence[ScanRange]]
    earlier = _earlier(kept)
    if earlier is not None and earlier.uuids == uuids and manner.values in {None, earlier.by_value}:
        digests = [Digest.from_bytes(base64.b64decode(sums), by_value=earlier.by_value) for sums in earlier.sums]
        digests[0].left_out, left = earlier.left_out, earlier.left
    else:
        values = await _must_be_by_value(ends) if manner.values is None else manner.values
        digests = [Digest(by_value=values) for _ in ends]
        left = await asyncio.gather(*(scan_ranges(end.cluster, end.name, _PIECES, end.kind) for end in ends))
    source, destination = (_ComparedSide(*one) for one in zip(ends, uuids, left, digests, passed, strict=True))
    return source, destination


def _earlier(kept: bytes) -> ReadingCheckpoint | None:
    """What was kept; nothing where it cannot be read: then all is read again."""
    try:
        return msgspec.json.decode(kept, type=ReadingCheckpoint) if kept else None
    except msgspec.DecodeError:
        return None


async def _must_be_by_value(ends: tuple[ComparedIndex, ComparedIndex]) -> bool:
    """Whether documents are kept in other words on the other side, as a reindex from remote leaves them."""
    source, destination = ends
    samples = await compare_by_id(destination, source)
    return bool(samples.different)


def _group(places: Sequence[int], one: Digest, other: Digest) -> Sequence[int]:
    """As many partitions as can be looked into at a time; at least one."""
    held = 0
    for number, place in enumerate(places):
        held += one.count(place) + other.count(place)
        if held > _HELD and number:
            return places[:number]
    return places


async def _named(
    ends: tuple[ComparedIndex, ComparedIndex],
    places: Collection[int],
    reading: _SidesReading,
    total: int,
    *,
    by_value: bool,
) -> list[Difference]:
    """What is not the same in these partitions, by a reading of its own."""
    found: tuple[dict[_Key, bytes], ...] = ({}, {})
    form, read, manner = values_of if by_value else bytes, 0, reading.manner

    async def collect(end: ComparedIndex, into: dict[_Key, bytes], refused: frozenset[str]) -> None:
        def take(_place: int, documents: Sequence[Document], _left: ScanRange | None) -> None:
            nonlocal read
            read += len(documents)
            for document in _meant(documents, refused):
                if partition(document.id) in places:
                    content = blake2b(form(bytes(document.source)), digest_size=16)
                    into[document.id, where_kept(document)] = content.digest()

        def report() -> None:
            manner.look(ComparisonReading(min(read, total), total, is_naming=True))

        whole = await _patiently(lambda: scan_ranges(end.cluster, end.name, _PIECES, end.kind), manner.sleep)
        await reading.read(end, whole, take, lambda _: None, report)

    passed = (manner.refused, frozenset[str]())
    await _together(*(collect(*one) for one in zip(ends, found, passed, strict=True)))
    return differences(*found)


_Key = tuple[str, str | None]


def differences(source: dict[_Key, bytes], destination: dict[_Key, bytes]) -> list[Difference]:
    """What is not the same, by _id: the documents of each side by _id and routing, with a hash of each content."""
    missing, extra = source.keys() - destination.keys(), destination.keys() - source.keys()
    moved = {identifier for identifier, _ in missing} & {identifier for identifier, _ in extra}
    kinds = [
        *((identifier, DifferenceKind.ROUTING) for identifier in moved),
        *((identifier, DifferenceKind.MISSING) for identifier, _ in missing if identifier not in moved),
        *((identifier, DifferenceKind.EXTRA) for identifier, _ in extra if identifier not in moved),
        *(
            (key[0], DifferenceKind.CONTENT)
            for key in source.keys() & destination.keys()
            if source[key] != destination[key]
        ),
    ]
    return [Difference(kind=kind, id=clean(identifier, _LONGEST_NAME)) for identifier, kind in sorted(kinds)]


# -- reading, whatever happens ---------------------------------------------------------------------------------------


class _SidesReading:
    """How both sides are read: pieces side by side, so many documents a second and bytes in memory over all readers."""

    def __init__(self, manner: ComparisonOptions) -> None:
        self.manner = manner
        self._held = RequestMemory(_MOST_HELD)
        self._seconds = 1 / manner.pace if manner.pace > 0 else 0.0
        self._line = asyncio.Lock()

    async def read(
        self,
        index: ComparedIndex,
        left: Sequence[ScanRange],
        take: Callable[[int, Sequence[Document], ScanRange | None], None],
        begin: Callable[[int], None],
        report: Callable[[], None],
    ) -> None:
        """Read stretches of one side to their end, some at a time; a moment's problem is waited for."""
        waiting, memory = deque(enumerate(left)), ScanMemory(self._held)

        async def one() -> None:
            while waiting:
                place, stretch = waiting.popleft()
                await self._stretch(index, stretch, partial(take, place), partial(begin, place), report, memory)

        await _together(*(one() for _ in range(self.manner.readers)))

    async def _stretch(
        self,
        index: ComparedIndex,
        stretch: ScanRange,
        take: Callable[[Sequence[Document], ScanRange | None], None],
        begin: Callable[[], None],
        report: Callable[[], None],
        memory: ScanMemory,
    ) -> None:
        """Read one stretch to its end."""
        at: ScanRange | None = stretch
        tries, portion = 0, LARGEST_PAGE
        begin()
        while at is not None:
            try:
                async for documents, rest in pages(index.cluster, index.name, at, portion, index.kind, memory=memory):
                    take(documents, rest)
                    at, tries, read = rest, 0, len(documents)
                    del documents  # else they stay in memory until the next ones are there
                    report()
                    await self._paced(read)
            except ProblemError as error:
                tries += 1
                if at is None or tries > _TRIES:
                    raise
                if error.problem.cause is Cause.TOO_LARGE and at.is_scrolled and portion > 1:
                    portion = max(1, portion // 16)
                elif error.problem.cause in _PASSING or is_scroll_lost(error.problem):
                    await self.manner.sleep(_wait(tries))
                else:
                    raise
                if at.is_scrolled:
                    begin()

    async def _paced(self, documents: int) -> None:
        """Wait until the next ones may be read."""
        if self._seconds:
            async with self._line:
                await self.manner.sleep(documents * self._seconds)


async def _patiently(ask: Callable[[], Awaitable[T]], sleep: Callable[[float], Awaitable[object]]) -> T:
    """An answer, asked for again where the problem may pass."""
    tries = 0
    while True:
        try:
            return await ask()
        except ProblemError as error:
            tries += 1
            if error.problem.cause not in _PASSING or tries > _TRIES:
                raise
            await sleep(_wait(tries))


def _wait(tries: int) -> float:
    """Seconds before the next try."""
    return 0.25 * 2.0**tries


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """All of it; the first problem ends the rest, and is raised as it came."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except* ProblemError as errors:
        raise errors.exceptions[0] from None
