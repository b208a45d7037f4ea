"""The pump of files on this machine, without a server: what it reads ahead, and what it counts where reading ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from esmigrate_tui.elastic.paging import FIRST_PAGE
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.index_from_source.decisions import FileState
from esmigrate_tui.methods.index_from_source.pump import FilePump, FileSetting
from esmigrate_tui.methods.writing.decisions import Tally
from esmigrate_tui.model.connection import Connection, Endpoint, SignIn
from esmigrate_tui.model.files import FileFormat, FileReading, FileSource
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.reading import pages as reading_pages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from esmigrate_tui.elastic.documents import Document
    from esmigrate_tui.reading.pages import RowPage

HERE = Connection(endpoint=Endpoint(scheme="http", host="new", port=9200), sign_in=SignIn.NONE)


def pump_of(path: Path, rows: int, written: Any) -> FilePump:  # noqa: ANN401  # what stands for the bulks
    path.write_text("".join(f'{{"n":{at}}}\n' for at in range(rows)))
    source = FileSource(path=str(path), size=path.stat().st_size, modified="")
    task = Task(number=1, source_index="f", destination_index="logs", create="{}")
    plan = Plan(
        method=MethodName.INDEX_FROM_SOURCE,
        made_at="",
        destination=HERE,
        destination_uuid="u",
        destination_version="9.5.0",
    )
    setting = FileSetting(
        work=Work(task, plan, "7K2P/1", 0.0),
        clusters=cast("Any", SimpleNamespace(destination=SimpleNamespace(documents=None))),
        destination=cast("Any", None),
        limit=0,
        reading=FileReading(files=(source,), format=FileFormat.NDJSON),
    )
    pump = FilePump(setting, FileState())
    pump._writer.written = written  # type: ignore[method-assign]
    return pump


@pytest.fixture
def pages_read(monkeypatch: pytest.MonkeyPatch) -> list[RowPage | None]:
    """Every page that was read, as it comes."""
    found: list[RowPage | None] = []
    read = reading_pages.FilePages.next

    def noting(self: reading_pages.FilePages, documents: int, most: int) -> RowPage | None:
        found.append(read(self, documents, most))
        return found[-1]

    monkeypatch.setattr(reading_pages.FilePages, "next", noting)
    return found


async def test_one_page_is_read_ahead_of_the_bulks_that_are_under_way(
    tmp_path: Path, pages_read: list[RowPage | None]
) -> None:
    under_way, answered = list[int](), asyncio.Event()

    async def written(documents: Sequence[Document], *_: object, **__: object) -> Tally:
        under_way.append(len(documents))
        await answered.wait()
        return Tally(written=len(documents))

    pump = pump_of(tmp_path / "rows.json", 20 * FIRST_PAGE, written)
    running = asyncio.ensure_future(pump.run())
    async with asyncio.timeout(30):
        while len(pages_read) <= pump.state.streams:  # noqa: ASYNC110  # a thread reads
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)  # in which no other is read
    assert len(under_way) == pump.state.streams
    assert len(pages_read) == pump.state.streams + 1
    assert pump.state.rows == 0
    answered.set()
    await running
    assert pump.state.rows == pump.state.written == sum(under_way) == 20 * FIRST_PAGE


async def test_what_was_sent_before_a_file_cannot_be_read_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reading_pages.FilePages.next

    def breaking(self: reading_pages.FilePages, documents: int, most: int) -> RowPage | None:
        if self.place.offset:
            raise KeyError
        return read(self, documents, most)

    async def written(documents: Sequence[Document], *_: object, **__: object) -> Tally:
        await asyncio.sleep(0.05)
        return Tally(written=len(documents))

    monkeypatch.setattr(reading_pages.FilePages, "next", breaking)
    pump = pump_of(tmp_path / "rows.json", 2 * FIRST_PAGE, written)
    with pytest.raises(ProblemError, match=f"cannot be read on after line {FIRST_PAGE + 1}"):
        await pump.run()
    assert pump.state.rows == FIRST_PAGE


async def test_a_pump_that_ends_waits_for_the_page_that_is_being_read(
    tmp_path: Path, pages_read: list[RowPage | None]
) -> None:
    async def written(documents: Sequence[Document], *_: object, **__: object) -> Tally:
        del documents
        raise ProblemError.of(Cause.CONNECTION, "The line is cut.")

    pump = pump_of(tmp_path / "rows.json", 20 * FIRST_PAGE, written)
    with pytest.raises(ProblemError, match="line is cut"):
        await pump.run()
    before = len(pages_read)
    await asyncio.sleep(0.05)
    assert len(pages_read) == before
    assert pump.state.rows == 0
