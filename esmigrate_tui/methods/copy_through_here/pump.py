"""The work of a copy through this machine between two looks: streams that read ahead, write, and acknowledge.

A stream carries one part: while a page is written, the next one is asked for. What all streams of this process hold in
memory is bounded by one room. Nothing counts before the destination acknowledged it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from esmigrate_tui.elastic.documents import is_scroll_lost
from esmigrate_tui.elastic.paging import MOST_ALONE, MOST_SCROLLED, PageSize
from esmigrate_tui.elastic.waiting import seen_through
from esmigrate_tui.elastic.windows import WindowReader
from esmigrate_tui.methods.copy_through_here.decisions import CopyState, acknowledged, read_again
from esmigrate_tui.methods.filling import source_of
from esmigrate_tui.methods.writing.bulk import BulkWriter, WriteSetting
from esmigrate_tui.methods.writing.control import now
from esmigrate_tui.methods.writing.decisions import wait_before
from esmigrate_tui.methods.writing.problems import stopped
from esmigrate_tui.methods.writing.pumping import WATCHED, ControlledPump
from esmigrate_tui.model.event import Acknowledged
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from esmigrate_tui.elastic.documents import Document, DocumentPage
    from esmigrate_tui.model.event import Reject

_USUAL_LIMIT: Final = 100 * 1024 * 1024  # http.max_content_length
_READ_TRIES: Final = 4
_PACED: Final = 4  # bulks in a page, where a pace makes them small
_FRUITLESS: Final = 5  # readings of a slice in a row that came no further than the one before


@dataclass(frozen=True)
class _Read:
    """A page that is held, up to which number the part is done with it, and how to go on."""

    documents: Sequence[Document]
    has_breaks: bool
    claim: int
    after: int = -1
    scroll: str = ""


@dataclass(frozen=True, kw_only=True)
class CopySetting(WriteSetting):
    """What does not change while a pump copies; `total` is how many documents the source has."""

    total: int


class Pump(ControlledPump[CopyState]):
    """Streams that each carry one part: while a page is written, the next one is read."""

    def __init__(self, setting: CopySetting, state: CopyState, portion: PageSize) -> None:
        super().__init__(BulkWriter(setting), state, state.streams)
        self._setting = setting
        self._source = source_of(setting.clusters).documents
        self._index = setting.work.task.source_index
        self._versions = setting.work.plan.copying.versions
        # Larger ones are read where the destination was told to take more than servers do by themselves.
        self._alone = setting.limit * 17 // 16 if setting.limit > _USUAL_LIMIT else MOST_ALONE
        # Each part has its own: a document of 20 MB in one must not make the pages of all others small. It begins with
        # the largest that another has come to: what it really holds is seen with its first page.
        self._portions: dict[int, PageSize] = {}
        self._readers: dict[int, WindowReader] = {}
        self._largest = portion
        self._waiting = deque(position for position, part in enumerate(state.parts) if not part.is_done)
        self._notes: list[str] = []
        self._running = 0

    # -- what the method asks of it ----------------------------------------------------------------------------------

    def progress(self) -> Acknowledged:
        """The documents of all parts that were acknowledged until now."""
        rejects = self._control.reported()
        note, self._notes = "; ".join(self._notes), []
        self._told = state = self.state
        return Acknowledged(
            done=state.done,
            total=max(self._setting.total, state.done),
            written=state.written,
            there_already=state.there,
            collided=state.collided,
            refused=state.refused,
            retries=state.retries,
            throttled_seconds=self._control.throttled_seconds,
            token=state.as_token(),
            rejects=rejects,
            note=note,
        )

    @property
    def has_news(self) -> bool:
        """Whether the next look has something that the last one had not, notes included."""
        return bool(self._notes) or super().has_news

    async def run(self) -> None:
        """Carry every part to its end."""
        streams: set[asyncio.Task[None]] = set()
        stopping = asyncio.ensure_future(self._stopped.wait())
        self._judged = (now(), 0, 0)
        try:
            while True:
                while self._waiting and len(streams) < self._streams.streams:
                    streams.add(asyncio.ensure_future(self._stream()))
                    self._running = len(streams)
                if not streams:
                    return
                await asyncio.wait({stopping, *streams}, timeout=WATCHED, return_when=asyncio.FIRST_COMPLETED)
                if self._stopped.is_set():
                    raise ProblemError(stopped(f"copy of {self._index}"))
                for stream in [one for one in streams if one.done()]:
                    streams.remove(stream)
                    stream.result()
                self._running = len(streams)
                self._judge(is_busy=len(streams) >= self._streams.streams)
        finally:
            stopping.cancel()
            for stream in streams:
                stream.cancel()
            await asyncio.gather(stopping, *streams, return_exceptions=True)

    # -- one stream --------------------------------------------------------------------------------------------------

    async def _stream(self) -> None:
        if not self._waiting:
            return
        position = self._waiting.popleft()
        part = self.state.parts[position]
        if part.is_scrolled:
            self._portions.setdefault(position, self._largest)
            await self._carry_scrolled(position)
            return
        if position not in self._readers:
            self._readers[position] = WindowReader(
                self._source,
                (part.index or self._index, part.shard),
                part.until,
                self._largest,
                alone=self._alone,
                versions=self._versions,
                keeps_unread=True,
                memory=self._room,
            )
        await self._carry_numbered(position)

    async def _carry_numbered(self, position: int) -> None:
        """Read a range of numbers to its end; where there are too many streams it waits again after a page."""
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
                is_lost = is_scroll_lost(error.problem)
                if not is_lost and error.problem.cause is not Cause.TOO_LARGE:
                    raise
                if not is_lost and self._portions[position].documents == 1:
                    raise  # one document is larger than what is held of one
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
        most = MOST_SCROLLED if size > 1 else self._alone
        scroll = ""
        reading: asyncio.Task[_Read] | None = None
        try:
            opening = partial(
                self._source.open_scroll,
                part.index or self._index,
                part.shard,
                part.slice,
                part.slices,
                size,
                most=most,
                versions=self._versions,
                kind=self._setting.work.task.type,
            )
            read = await self._held(position, opening)
            while read.documents:
                scroll = read.scroll
                following = partial(self._source.scroll, part.index or self._index, scroll, most=most)
                reading = asyncio.ensure_future(self._held(position, following))
                await self._settle(position, read, after=-1, is_last=False)
                read = await reading
                reading = None
            scroll = read.scroll or scroll
            await self._settle(position, read, after=-1, is_last=True)
        finally:
            try:
                await self._let_go(reading)
            finally:  # another stream may end this one while it ends by itself
                if scroll:
                    await self._source.close_scroll(scroll)

    async def _let_go(self, reading: asyncio.Task[_Read] | None) -> None:
        """Drop a page that is being read, or was and is not wanted."""
        if reading is None:
            return
        reading.cancel()
        was_cut = await seen_through(reading)
        if not reading.cancelled() and reading.exception() is None:
            self._room.change(-reading.result().claim)
        if was_cut:
            raise asyncio.CancelledError

    # -- reading -----------------------------------------------------------------------------------------------------

    async def _read_window(self, position: int, after: int) -> _Read:
        """The next page of a part; asked for again, after a moment, where the source is short of something."""
        reader, tries = self._readers[position], 0
        while True:
            await self._control.going()
            try:
                # what goes slowly is held long, and keeps others from the room
                page = await reader.attempt(after, _PACED * self._control.at_once)
            except ProblemError as error:
                tries += 1
                pause = wait_before(tries) if error.problem.cause is Cause.BUSY and tries <= _READ_TRIES else None
                if pause is None:
                    raise
                reader.shrink()
                await asyncio.sleep(pause)
                continue
            self._largest = max(self._largest, reader.size, key=lambda one: one.documents)
            if page is not None:
                return _Read(page.documents, page.has_breaks, page.claim, after=page.after)

    async def _held(self, position: int, ask: Callable[[], Awaitable[DocumentPage]]) -> _Read:
        """A page of a scroll; its size was fixed when the scroll was opened."""
        await self._control.going()
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
            tally = await self._writer.written(read.documents, rejects, [], has_breaks=read.has_breaks)
        finally:
            self._room.change(-read.claim)
        self.state = acknowledged(
            self.state, position, tally, after=after, is_last=is_last, is_fresh=self._setting.is_fresh
        )
        self._bytes += read.claim // 2
        self._control.keep(rejects)
