"""The work on files between two looks: one reader, several bulks under way, acknowledged in the order of the files.

A file is read in a thread, one page ahead of the bulks that are under way, so that none of them waits for a file; what
is being written is bounded by the room that all work of this process shares.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.elastic.documents import Document
from esmigrate_tui.elastic.paging import FIRST_PAGE, LARGEST_PAGE, TARGET_BYTES, PageSize
from esmigrate_tui.methods.index_from_source.decisions import FileState, are_collisions, settled
from esmigrate_tui.methods.writing.bulk import BulkWriter, WriteSetting
from esmigrate_tui.methods.writing.control import now
from esmigrate_tui.methods.writing.decisions import Tally
from esmigrate_tui.methods.writing.problems import stopped
from esmigrate_tui.methods.writing.pumping import ControlledPump
from esmigrate_tui.model.event import Acknowledged, Reject
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.pages import FilePages, RowPage, RowPosition

if TYPE_CHECKING:
    from esmigrate_tui.model.files import FileReading, FileRow


class FileDocument(Document, frozen=True, gc=False):
    """A document of a file; `place` is its file and line, which it is called by where it is refused."""

    place: str = ""


@dataclass(frozen=True, kw_only=True)
class FileSetting(WriteSetting):
    """What does not change while files are indexed; before 6.0 documents are written with `type`."""

    reading: FileReading
    type: str = ""


@dataclass(frozen=True)
class _Outcome:
    tally: Tally
    rejects: list[Reject]
    found: list[Document]
    bad: int


class FilePump(ControlledPump[FileState]):
    """One reader, and several bulks under way, which are acknowledged in the order of the files."""

    def __init__(self, setting: FileSetting, state: FileState) -> None:
        super().__init__(BulkWriter(setting, _place), state, state.streams)
        self._setting = setting
        self._reading = setting.reading
        self._target = setting.work.task.destination_index
        batch = setting.work.plan.batch or LARGEST_PAGE
        self._portion = PageSize(documents=min(FIRST_PAGE, batch), limit=batch)

    def progress(self) -> Acknowledged:
        """The rows that were settled until now."""
        rejects = self._control.reported()
        self._told = state = self.state
        return Acknowledged(
            done=state.rows,
            total=state.total(self._reading.size),
            written=state.written,
            there_already=state.there + state.unsure,
            collided=state.collided,
            refused=state.refused,
            retries=state.retries,
            throttled_seconds=self._control.throttled_seconds,
            token=state.as_token(),
            rejects=rejects,
        )

    async def run(self) -> None:
        """Index every file to its end."""
        carrying = asyncio.ensure_future(self._carry())
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({carrying, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.is_set():
                raise ProblemError(stopped(f"indexing of {self._setting.work.task.source_index}"))
            carrying.result()
        finally:
            for one in (carrying, stopping):
                one.cancel()
            await asyncio.gather(carrying, stopping, return_exceptions=True)

    async def _carry(self) -> None:
        salt = self._setting.work.opaque_id.encode()
        pages = FilePages(self._reading, self.state.place, salt)
        under_way: deque[tuple[RowPage, asyncio.Task[_Outcome]]] = deque()
        self._judged = (now(), 0, 0)
        reading = asyncio.ensure_future(_unhurried(pages, self._portion))
        try:
            while True:
                await self._control.going()
                try:
                    page = await reading
                except Exception as error:
                    while under_way:  # what was sent before is settled first: no count is behind what arrived
                        await self._settle(under_way)
                    raise _unreadable(self._reading, pages.place, error) from error
                if page is None:
                    break
                self._portion = self._portion.after(len(page.rows), page.size)
                reading = asyncio.ensure_future(_unhurried(pages, self._portion))
                await self._room.take(2 * page.size)
                writing = asyncio.ensure_future(self._written(page))
                writing.add_done_callback(partial(self._let_go, 2 * page.size))
                under_way.append((page, writing))
                while under_way and (len(under_way) >= self._streams.streams or under_way[0][1].done()):
                    await self._settle(under_way)
                self._judge()
            while under_way:
                await self._settle(under_way)
            self.state = msgspec.structs.replace(self.state.beside(*pages.beside()), place=pages.place)
        finally:
            for task in (reading, *(writing for _, writing in under_way)):
                task.cancel()
            await asyncio.gather(reading, *(writing for _, writing in under_way), return_exceptions=True)
            pages.close()

    async def _written(self, page: RowPage) -> _Outcome:
        """Write the documents of a page; what is none is rejected, with its file and line."""
        rejects = [
            Reject(index=self._target, id=place_of(page.path, row), reason=clean(row.error))
            for row in page.rows
            if row.error
        ]
        bad, found = len(rejects), list[Document]()
        documents = [
            FileDocument(
                id=row.id,
                type=self._setting.type,
                routing=row.routing,
                source=msgspec.Raw(row.source),
                place=place_of(page.path, row),
            )
            for row in page.rows
            if not row.error
        ]
        tally = await self._writer.written(documents, rejects, found, has_breaks=False) if documents else Tally()
        return _Outcome(tally, rejects, found, bad)

    def _let_go(self, amount: int, _: object) -> None:
        self._room.change(-amount)

    async def _settle(self, under_way: deque[tuple[RowPage, asyncio.Task[_Outcome]]]) -> None:
        """Wait for the page that comes first in the files, and count it."""
        page, writing = under_way[0]
        outcome = await asyncio.shield(writing)
        under_way.popleft()
        rule, is_fresh = self._reading.ids, self._setting.is_fresh
        rejects = outcome.rejects
        if are_collisions(self.state, outcome.tally, rule, is_fresh=is_fresh):
            rejects = [*rejects, *(self._collision(document) for document in outcome.found)]
        state = settled(self.state, page.place, outcome.tally, outcome.bad, rule, is_fresh=is_fresh)
        self.state = state.beside(page.unread, page.passed, sum(row.lost for row in page.rows))
        self._bytes += page.size
        self._control.keep(rejects)

    def _collision(self, document: Document) -> Reject:
        why = f"another row has the same _id, {clean(document.id, 200)}, and was kept"
        return Reject(index=self._target, id=_place(document), status=409, reason=why)


async def _unhurried(pages: FilePages, portion: PageSize) -> RowPage | None:
    """The next page, read in a thread; one that is being read is read to its end, wanted or not."""
    reading = asyncio.ensure_future(asyncio.to_thread(pages.next, portion.documents, TARGET_BYTES))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        await asyncio.gather(reading, return_exceptions=True)
        raise


def _unreadable(reading: FileReading, place: RowPosition, error: Exception) -> ProblemError:
    """The problem that a file cannot be read on, in a sentence, whatever it was."""
    if isinstance(error, ProblemError):
        return error
    path = reading.files[min(place.file, len(reading.files) - 1)].path
    return ProblemError.of(
        Cause.USAGE,
        f"{clean(path, 300)} cannot be read on after line {place.line}.",
        why="There is something that this program does not expect; it is a fault of the program, not of the file.",
        todo="Convert the file to lines of JSON, and index that. What has arrived stays.",
    )


def place_of(path: str, row: FileRow) -> str:
    """The file and line of a row, and the offset of its end where another row may begin in the same line.

    Rejected rows are kept by it, so two of one line must not be called the same.
    """
    place = f"{clean(path)}:{row.line}"
    return place if row.next_line > row.line else f"{place}:{row.end}"


def _place(document: Document) -> str:
    return document.place if isinstance(document, FileDocument) else document.id
