"""The work of a copy through this machine between two looks: streams that read ahead, write, and acknowledge.

A stream carries one part: while a page is written, the next one is asked for. What all streams of this process hold in
memory is bounded by one room. Nothing counts before the destination acknowledged it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import msgspec

from esmigrate_tui.elastic.documents import gone
from esmigrate_tui.methods.copy_decisions import (
    BULK_BYTES,
    MOST_BYTES,
    MOST_SCROLLED,
    Fate,
    Portion,
    State,
    Streams,
    Tally,
    Throttle,
    Window,
    acknowledged,
    action,
    bulks,
    cut,
    fate,
    read_again,
    wait_before,
    window,
)
from esmigrate_tui.methods.copy_troubles import blocked, busy, full, odd_answer, stopped, turned_away
from esmigrate_tui.methods.filling import index_gone, source_of
from esmigrate_tui.model.event import Moved, Reject
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, size

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Callable, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.elastic.documents import Document, Page
    from esmigrate_tui.methods.contract import Work
    from esmigrate_tui.model.problem import Problem

ROOM: Final = 48 * 1024 * 1024
"""Bytes that the pages of all streams of this process may have together, each counted twice: as read and as sent."""

_WATCHED: Final = 3.0  # seconds between two judgements of the rate
_READ_TRIES: Final = 4
_PACED: Final = 4  # bulks in a page, where a pace makes them small
_FRUITLESS: Final = 5  # readings of a slice in a row that came no further than the one before
_UNTOLD: Final = 5_000  # rejects that wait to be told
_NAP: Final = 0.2
_CLOSING: Final = 5.0
_AT_ONCE: Final = 4  # documents of one page that are written by requests of their own
# Whole bulks are refused for one bad document (an _id that is too long, a body that is too large): halves find it.
_OF_ONE: Final = frozenset({Cause.TOO_LARGE, Cause.REFUSED, Cause.USAGE})


class Room:
    """So many bytes may be held; one who needs more than there are waits in line, but never for nobody."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.held = 0
        self._freed = asyncio.Event()
        self._line = asyncio.Lock()

    async def take(self, amount: int) -> None:
        """Hold so many bytes, when there is room for them or when nobody holds any."""
        async with self._line:  # a large one is not passed over for ever by small ones
            while self.held and self.held + amount > self._size:
                self._freed.clear()
                await self._freed.wait()
            self.held += amount

    def change(self, amount: int) -> None:
        """Hold more, or fewer, than was taken: what a page really has is seen when it is there."""
        self.held += amount
        if amount < 0:
            self._freed.set()


_rooms: WeakKeyDictionary[AbstractEventLoop, Room] = WeakKeyDictionary()


def _room() -> Room:
    return _rooms.setdefault(asyncio.get_running_loop(), Room(ROOM))


@dataclass(frozen=True)
class _Read:
    """A page that is held, up to which number the part is done with it, and how to go on."""

    documents: Sequence[Document]
    has_breaks: bool
    claim: int
    after: int = -1
    scroll: str = ""


@dataclass(frozen=True)
class Setting:
    """What does not change while a pump runs; `limit` is the largest request the destination takes, 0 where unknown."""

    work: Work
    clusters: Clusters
    total: int
    destination_major: int
    limit: int
    is_fresh: bool


class Pump:
    """One perform's background work. `state` is what was acknowledged; whoever started it awaits `run()`."""

    def __init__(self, setting: Setting, state: State, portion: Portion) -> None:
        self._setting = setting
        self._source = source_of(setting.clusters).documents
        self._destination = setting.clusters.destination.documents
        self._index = setting.work.task.source_index
        self._target = setting.work.task.destination_index
        self.state = state
        self._told: State | None = None
        # Each part has its own: a document of 20 MB in one must not make the pages of all others small.
        self._portions = dict.fromkeys(range(len(state.parts)), portion)
        self._streams = Streams(streams=state.streams, best_streams=state.streams)
        self._throttle = Throttle(rate=setting.work.requests_per_second)
        self._going = asyncio.Event()
        self._going.set()
        self._heard = asyncio.Event()
        self._heard.set()
        self._orders = 0
        self._waiting = deque(position for position, part in enumerate(state.parts) if not part.is_done)
        self._density: dict[int, float] = {}
        self._rejects: list[Reject] = []
        self._notes: list[str] = []
        self._throttled = 0.0
        self._bytes = 0
        self._sent_back = 0
        self._running = 0
        self._room = _room()
        self._stopped = asyncio.Event()

    # -- what the method asks of it ----------------------------------------------------------------------------------

    def look(self) -> Moved:
        """What was acknowledged until now, with what was refused since the last look."""
        rejects, self._rejects = tuple(self._rejects), []
        note, self._notes = "; ".join(self._notes), []
        self._heard.set()
        self._told = state = self.state
        return Moved(
            done=state.done,
            total=max(self._setting.total, state.done),
            written=state.written,
            there_already=state.there,
            collided=state.collided,
            refused=state.refused,
            retries=state.retries,
            throttled_seconds=self._throttled,
            token=state.as_token(),
            rejects=rejects,
            note=note,
        )

    @property
    def has_news(self) -> bool:
        """Whether the next look has something that the last one had not."""
        return bool(self._rejects or self._notes) or self.state is not self._told

    def pace(self, rate: float) -> None:
        """Go on, at that many documents a second (0 for no limit)."""
        self._going.set()
        if rate != self._throttle.rate:
            self._throttle = self._throttle.at(rate, _now())
            self._orders += 1

    def pause(self) -> None:
        """Begin nothing more; what is under way is seen through."""
        self._going.clear()

    def stop(self) -> None:
        """End, and say so to whoever awaits `run()`."""
        self._stopped.set()

    async def run(self) -> None:
        """Carry every part to its end; raises ProblemError with the first trouble that the engine has to wait for."""
        streams: set[asyncio.Task[None]] = set()
        stopping = asyncio.ensure_future(self._stopped.wait())
        began, carried, sent_back = _now(), 0, 0
        try:
            while True:
                while self._waiting and len(streams) < self._streams.streams:
                    streams.add(asyncio.ensure_future(self._stream()))
                    self._running = len(streams)
                if not streams:
                    return
                await asyncio.wait({stopping, *streams}, timeout=_WATCHED, return_when=asyncio.FIRST_COMPLETED)
                if self._stopped.is_set():
                    raise ProblemError(stopped(self._index))
                for stream in [one for one in streams if one.done()]:
                    streams.remove(stream)
                    stream.result()
                self._running = len(streams)
                passed = _now() - began
                if passed >= _WATCHED:
                    is_free = self._going.is_set() and not self._throttle.rate
                    if is_free and len(streams) >= self._streams.streams:
                        self._watch((self._bytes - carried) / passed, self._sent_back - sent_back)
                    began, carried, sent_back = _now(), self._bytes, self._sent_back
        finally:
            stopping.cancel()
            for stream in streams:
                stream.cancel()
            await asyncio.gather(stopping, *streams, return_exceptions=True)

    def _watch(self, rate: float, sent_back: int) -> None:
        self._streams = self._streams.after(rate, sent_back)
        self.state = msgspec.structs.replace(self.state, streams=self._streams.streams)

    # -- one stream --------------------------------------------------------------------------------------------------

    async def _stream(self) -> None:
        if not self._waiting:
            return
        position = self._waiting.popleft()
        if self.state.parts[position].is_scrolled:
            await self._carry_scrolled(position)
        else:
            await self._carry_numbered(position)

    async def _carry_numbered(self, position: int) -> None:
        """Read a range of numbers to its end; where there are too many streams it is put back after a page."""
        part = self.state.parts[position]
        reading: asyncio.Task[_Read] | None = asyncio.ensure_future(self._read_window(position, part.after))
        try:
            while reading is not None:
                read = await reading
                reading = None
                is_last = read.after >= part.until
                is_leaving = not is_last and self._running > self._streams.streams
                self._running -= is_leaving
                if not is_last and not is_leaving:
                    reading = asyncio.ensure_future(self._read_window(position, read.after))
                await self._settle(position, read, after=read.after, is_last=is_last)
                if is_leaving:
                    self._waiting.append(position)
        finally:
            await self._let_go(reading)

    async def _carry_scrolled(self, position: int) -> None:
        """Read a slice to its end, from its beginning again where the server has lost the scroll."""
        fruitless, furthest = 0, 0
        while True:
            try:
                await self._scrolled(position)
            except ProblemError as error:
                is_lost = gone(error.problem)
                if not is_lost and error.problem.cause is not Cause.TOO_LARGE:
                    raise
                part = read_again(self.state.parts[position])
                fruitless = 0 if part.most > furthest else fruitless + 1
                furthest = part.most
                if fruitless >= _FRUITLESS:
                    raise
                if is_lost:
                    self._notes.append("the source has lost a scroll, its slice is read again")
                else:
                    self._portions[position] = self._portions[position].smaller()
                self.state = self.state.with_part(position, part)
            else:
                return

    async def _scrolled(self, position: int) -> None:
        part = self.state.parts[position]
        size = self._portions[position].documents
        most = MOST_SCROLLED if size > 1 else 0
        scroll = ""
        reading: asyncio.Task[_Read] | None = None
        try:
            read = await self._held(
                position,
                lambda: self._source.open_scroll(self._index, part.shard, part.slice, part.slices, size, most=most),
            )
            while read.documents:
                scroll = read.scroll
                following = partial(self._source.scroll, self._index, scroll, most=most)
                reading = asyncio.ensure_future(self._held(position, following))
                await self._settle(position, read, after=-1, is_last=False)
                read = await reading
                reading = None
            scroll = read.scroll or scroll
            await self._settle(position, read, after=-1, is_last=True)
        finally:
            await self._let_go(reading)
            if scroll:
                with contextlib.suppress(ProblemError, TimeoutError):
                    await asyncio.wait_for(self._source.close_scroll(scroll), _CLOSING)

    async def _let_go(self, reading: asyncio.Task[_Read] | None) -> None:
        """Drop a page that is being read, or was and is not wanted."""
        if reading is None:
            return
        reading.cancel()
        [read] = await asyncio.gather(reading, return_exceptions=True)
        if isinstance(read, _Read):
            self._room.change(-read.claim)

    # -- reading -----------------------------------------------------------------------------------------------------

    async def _read_window(self, position: int, after: int) -> _Read:
        """The next window of a part, made smaller until it can be held, larger until it says where it ends."""
        part = self.state.parts[position]
        tries, more = 0, 0
        while True:
            await self._going.wait()
            portion = self._portions[position]
            # what goes slowly is held long, and keeps others from the room
            wanted = min(portion.documents, _PACED * self._throttle.documents)
            asked = window(after, part.until, wanted + more, self._density.get(position, 1.0))
            most = MOST_BYTES if portion.documents > 1 else 0
            claim = 2 * portion.bytes
            await self._room.take(claim)
            try:
                page = await self._source.window(
                    self._index, part.shard, asked.after, asked.until, asked.size, most=most
                )
            except BaseException as error:  # noqa: BLE001  # what is not cured is raised again
                self._room.change(-claim)
                tries += 1
                await self._asked_too_much(position, error, tries)
                continue
            used = cut(asked, [document.sort[0] for document in page.documents])
            self._learn(position, page, asked, used.after if used else after)
            if used is None:
                self._room.change(-claim)
                more = 4 * (more + 1)
                continue
            self._room.change(2 * page.bytes - claim)
            return _Read(page.documents[: used.kept], page.has_breaks, 2 * page.bytes, after=used.after)

    async def _asked_too_much(self, position: int, error: BaseException, tries: int) -> None:
        """Ask for less, after a moment where the source is short of something; raises what cannot be cured so."""
        cause = error.problem.cause if isinstance(error, ProblemError) else None
        pause = wait_before(tries) if cause is Cause.BUSY and tries <= _READ_TRIES else None
        portion = self._portions[position]
        if pause is None and (cause is not Cause.TOO_LARGE or portion.documents == 1):
            raise error
        self._portions[position] = portion.smaller()
        await asyncio.sleep(pause or 0.0)

    def _learn(self, position: int, page: Page, asked: Window, after: int) -> None:
        """Remember how large documents are, and how many numbers stand for none."""
        self._portions[position] = self._portions[position].after(len(page.documents), page.bytes)
        passed = after - asked.after
        if passed > 0:
            found = min(1.0, len(page.documents) / passed)
            self._density[position] = found if page.documents else self._density.get(position, 1.0) / 4

    async def _held(self, position: int, ask: Callable[[], Awaitable[Page]]) -> _Read:
        """A page of a scroll; its size was fixed when the scroll was opened."""
        await self._going.wait()
        claim = 2 * self._portions[position].bytes
        await self._room.take(claim)
        try:
            page = await ask()
        except BaseException:
            self._room.change(-claim)
            raise
        self._portions[position] = self._portions[position].after(len(page.documents), page.bytes)
        self._room.change(2 * page.bytes - claim)
        return _Read(page.documents, page.has_breaks, 2 * page.bytes, scroll=page.scroll)

    # -- writing -----------------------------------------------------------------------------------------------------

    async def _settle(self, position: int, read: _Read, *, after: int, is_last: bool) -> None:
        """Write a page, let it go, and only then count it; what was refused is told with it."""
        rejects: list[Reject] = []
        try:
            tally = await self._written(read, rejects)
        finally:
            self._room.change(-read.claim)
        self.state = acknowledged(
            self.state, position, tally, after=after, is_last=is_last, is_fresh=self._setting.is_fresh
        )
        self._bytes += read.claim // 2
        if rejects:
            self._rejects += rejects
            if len(self._rejects) >= _UNTOLD:
                self._heard.clear()

    async def _written(self, read: _Read, rejects: list[Reject]) -> Tally:
        together: list[Document] = []
        alone: list[Document] = []
        for document in read.documents:
            # A line break within a document would end its line of the bulk, and no byte of it is to be changed.
            breaks = read.has_breaks and b"\n" in bytes(document.source)
            (alone if breaks else together).append(document)
        most = min(BULK_BYTES, self._setting.limit * 9 // 10) if self._setting.limit else BULK_BYTES
        sizes = [_size(document) for document in together]
        tally = Tally()
        for span in bulks(sizes, most, self._throttle.documents):
            tally = tally.plus(await self._sent(together[span], rejects))
        for first in range(0, len(alone), _AT_ONCE):
            few = alone[first : first + _AT_ONCE]
            for one in await asyncio.gather(*(self._created(document, rejects) for document in few)):
                tally = tally.plus(one)
        return tally

    async def _sent(self, documents: Sequence[Document], rejects: list[Reject]) -> Tally:
        """One bulk, and again what was sent back, until each document has its fate."""
        tally, tries = Tally(), 0
        pending = [document for document in documents if self._can_be_sent(document, rejects)]
        tally = Tally(refused=len(documents) - len(pending))
        while pending:
            await self._may_go(len(pending))
            is_unsure = False
            trouble: Problem | None = None
            try:
                items = await self._destination.bulk(self._target, self._body(pending))
            except ProblemError as error:
                if error.problem.cause in _OF_ONE:
                    return tally.plus(await self._in_halves(pending, rejects, error.problem))
                if error.problem.cause is not Cause.BUSY:
                    raise
                later, trouble, is_unsure = pending, error.problem, True
            else:
                if len(items) != len(pending):
                    raise ProblemError(odd_answer(self._target, len(pending), len(items)))
                later = []
                for document, item in zip(pending, items, strict=True):
                    match self._fate(item.status, item.reason):
                        case Fate.WRITTEN:
                            tally = tally.plus(_WRITTEN)
                        case Fate.THERE:
                            tally = tally.plus(_THERE)
                        case Fate.LATER:
                            later.append(document)
                            trouble = busy(self._target, item.reason)
                        case _:
                            rejects.append(_reject(self._target, document, item.status, item.reason))
                            tally = tally.plus(_REFUSED)
            if trouble is not None:
                tries += 1
                tally = tally.plus(Tally(retries=len(later), is_unsure=is_unsure))
                await self._wait_for_room(tries, len(later), trouble)
            pending = later
        return tally

    async def _wait_for_room(self, tries: int, amount: int, trouble: Problem) -> None:
        """Let the destination breathe; raises the trouble where the engine is to wait for it."""
        self._sent_back += amount
        pause = wait_before(tries)
        if pause is None:
            raise ProblemError(trouble)
        await asyncio.sleep(pause)

    async def _in_halves(self, documents: Sequence[Document], rejects: list[Reject], problem: Problem) -> Tally:
        """A bulk that was refused as a whole, in two; a document that is refused alone is set aside."""
        if len(documents) == 1:
            status = 413 if problem.cause is Cause.TOO_LARGE else 400
            rejects.append(_reject(self._target, documents[0], status, problem.evidence or problem.what))
            return _REFUSED
        middle = len(documents) // 2
        first = await self._sent(documents[:middle], rejects)
        return first.plus(await self._sent(documents[middle:], rejects))

    async def _created(self, document: Document, rejects: list[Reject]) -> Tally:
        """A document with line breaks, by a request of its own."""
        if not self._can_be_sent(document, rejects):
            return _REFUSED
        tries, tally = 0, Tally()
        while True:
            await self._may_go(1)
            item = await self._destination.create(
                self._target, self._kind(document) or "", document, _routing(document)
            )
            match self._fate(item.status, item.reason):
                case Fate.WRITTEN:
                    return tally.plus(_WRITTEN)
                case Fate.THERE:
                    return tally.plus(_THERE)
                case Fate.LATER:
                    tries += 1
                    tally = tally.plus(Tally(retries=1, is_unsure=True))
                    await self._wait_for_room(tries, 1, busy(self._target, item.reason))
                case _:
                    rejects.append(_reject(self._target, document, item.status, item.reason))
                    return tally.plus(_REFUSED)

    def _fate(self, status: int, reason: str) -> Fate:
        """The fate of one document; raises ProblemError where it is that of all."""
        found = fate(status, reason)
        if found is Fate.FULL:
            raise ProblemError(full(self._target, reason))
        if found is Fate.BLOCKED:
            raise ProblemError(blocked(self._target, reason))
        if found is Fate.TURNED_AWAY:
            raise ProblemError(turned_away(self._target, reason))
        if found is Fate.NO_INDEX:
            raise index_gone(self._setting.work)
        return found

    def _can_be_sent(self, document: Document, rejects: list[Reject]) -> bool:
        """Whether there is something to send that the destination would read; one that is not is set aside."""
        limit = self._setting.limit
        if not document.size:
            why = "the source keeps no _source of it"
            rejects.append(_reject(self._target, document, 0, why))
            return False
        if limit and (length := _size(document)) > limit:
            why = f"it has {size(length)}, more than the {size(limit)} of http.max_content_length on the destination"
            rejects.append(_reject(self._target, document, 413, why))
            return False
        return True

    def _body(self, documents: Sequence[Document]) -> bytes:
        parts: list[bytes | msgspec.Raw] = []
        for document in documents:
            parts.append(action(document.id, _routing(document), self._kind(document)))
            parts.append(document.source)
            parts.append(b"\n")
        return b"".join(parts)  # a Raw is a buffer, and is not copied before this

    def _kind(self, document: Document) -> str | None:
        """The type as the destination wants it: none from 7.0 on, the one of a typeless mapping on 6.x."""
        major = self._setting.destination_major
        return None if major >= 7 else "_doc" if major == 6 else document.type

    async def _may_go(self, documents: int) -> None:
        """Wait for a pause to end, for what was refused to be told, and for the pace."""
        await self._heard.wait()
        while True:
            await self._going.wait()
            self._throttle, wait = self._throttle.taking(_now(), documents)
            until, orders = _now() + wait, self._orders
            while orders == self._orders and (left := until - _now()) > 0:
                nap = min(left, _NAP)
                await asyncio.sleep(nap)
                self._throttled += nap
            if orders == self._orders:
                await self._going.wait()
                return


_WRITTEN: Final = Tally(written=1)
_THERE: Final = Tally(conflicts=1)
_REFUSED: Final = Tally(refused=1)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _size(document: Document) -> int:
    """Bytes of a document in a bulk, its action line as good as counted."""
    return document.size + len(document.id) + 64


def _routing(document: Document) -> str | None:
    """Where it is kept: the routing it was given, or its parent's _id, as 5.x and older have it."""
    return document.routing if document.routing is not None else document.parent


def _reject(index: str, document: Document, status: int, reason: str) -> Reject:
    return Reject(index=index, id=clean(document.id), type=clean(document.type), status=status, reason=clean(reason))
