"""The journal of a run: one SQLite file, written by the run's process before anything is shown, read by any screen.

Events go one way through it, commands the other way. A reader may come before the file is there, or while it is being
made: it sees a run in which nothing has happened yet. All calls of SQLite are made in one thread of the journal's own,
so that neither a screen nor the run ever waits for the disk; and they take their turns there, so that events stand in
the order in which they were appended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Final, Self, TypeVar
from urllib.parse import quote

import msgspec

from esmigrate_tui.disk import appending, opened, replacing
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.thinning import JournalledAdvance, thinned
from esmigrate_tui.model.command import Command
from esmigrate_tui.model.event import Event, Reject, RunFinished, TaskAdvanced
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

FORMAT: Final = 1
TROUBLE_FILE: Final = "trouble.json"
"""The file beside the journal in which its writer says why it cannot write there: full from the start, so that its
words need no room on a full disk."""
_TROUBLE_BYTES: Final = 4_096
REJECTS: Final = "rejects.ndjson"
"""The file beside the journal with the refused documents, one JSON object a line."""
_APPLICATION: Final = 0x65736D67  # "esmg": says to file(1) and to us whose database it is
_BUSY_SECONDS: Final = 10.0  # a writer holds the file for milliseconds; a backup program may for longer
_PAGE: Final = 1_000  # events a read: a follower that comes late catches up in bites
_THIN_EVERY: Final = 64  # looks of one task between two thinnings
_RUN_AGAIN: Final = "Its plan.toml, beside it, can be run again."
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)
"""What the decoders raise for a row that holds no text, no UTF-8, no JSON, or JSON of another shape."""

# Every commit is on the disk before it counts (FULL): a change to a cluster is made right after its ledger entry, and a
# power cut must not leave the change without the entry. It costs a flush for each of a few events a second.
_WRITER: Final = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
_TABLES: Final = (
    "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, json TEXT NOT NULL)",
    """CREATE TABLE reject (number INTEGER PRIMARY KEY, task INTEGER NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
       json TEXT NOT NULL, UNIQUE (task, type, id))""",
    "CREATE TABLE command (number INTEGER PRIMARY KEY AUTOINCREMENT, json TEXT NOT NULL, seq INTEGER)",
    f"PRAGMA application_id={_APPLICATION}",
    f"PRAGMA user_version={FORMAT}",
)

_encoder: Final = msgspec.json.Encoder()
_events: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_commands: Final[msgspec.json.Decoder[Command]] = msgspec.json.Decoder(Command)
_rejects: Final = msgspec.json.Decoder(Reject)


def _appending(path: Path) -> IO[str]:
    return os.fdopen(appending(path), "a", encoding="utf-8")


def _write_trouble(path: Path, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, text.ljust(_TROUBLE_BYTES), 0)
    finally:
        os.close(descriptor)


def writing_trouble(journal: Path) -> Problem | None:
    """Why the process of a run cannot write into its journal; None where it can, or nothing is known."""
    try:
        with opened(journal.with_name(TROUBLE_FILE)) as file:
            text = file.read(_TROUBLE_BYTES).strip()
        return msgspec.json.decode(text, type=Problem) if text else None
    except (OSError, *_UNREADABLE):
        return None


def _trouble(path: Path, what: str, *, why: str = "", todo: str = "", cause: Cause = Cause.STATE) -> ProblemError:
    return ProblemError(Problem(cause=cause, what=what, why=why, todo=todo, evidence=clean(str(path), 300)))


def _explained(path: Path, error: sqlite3.Error) -> ProblemError:
    """SQLite's trouble in one sentence."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = clean(str(error), 300)
    if code == sqlite3.SQLITE_FULL:
        return _trouble(
            path,
            "The journal cannot be written: the disk of this machine is full.",
            why="Nothing is done before it is written down.",
            todo="Free some space where the runs are kept.",
            cause=Cause.DISK_FULL,
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _trouble(path, f"The journal of this run is damaged: {said}.", todo=_RUN_AGAIN)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return _trouble(
            path, "Another program has held the journal of this run for too long.", todo="Try again.", cause=Cause.BUSY
        )
    return _trouble(path, f"The journal of this run cannot be used: {said}.", todo="Look at the file's owner and disk.")


class Journal:
    """A run's journal; `create` for the process that holds the run, `open` for everybody else."""

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        self.path = path
        self._is_writer = is_writer
        self._connection: sqlite3.Connection | None = None
        self._is_ready = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._looks: dict[int, list[JournalledAdvance]] = {}
        self._unthinned: dict[int, int] = {}
        self._folded: tuple[int, Progress] = (0, Progress())

    @classmethod
    async def create(cls, path: Path) -> Journal:
        """The journal for writing, made where there is none; only for the process that holds the run's lock."""
        journal = cls(path, is_writer=True)
        await journal._in_turn(journal._make)
        return journal

    @classmethod
    def open(cls, path: Path) -> Journal:
        """The journal for reading and for commands; the file need not be there yet."""
        return cls(path, is_writer=False)

    async def close(self) -> None:
        """Let go of the file, after what is still to be written."""
        try:
            await self._in_turn(self._close)
        finally:
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- for the run's process -------------------------------------------------------------------------------------

    async def report_trouble(self, problem: Problem | None) -> None:
        """Say beside the journal why nothing can be written into it; None when it can again."""
        text = _encoder.encode(problem)[:_TROUBLE_BYTES] if problem is not None else b""
        with contextlib.suppress(ProblemError):  # a disk of another kind may want room even for that
            await self._in_turn(lambda: _write_trouble(self.path.with_name(TROUBLE_FILE), text))

    async def append(self, event: Event, rejects: Sequence[Reject] = ()) -> int:
        """Write an event down, with the documents refused since the last one; its number, once it is on the disk.

        A caller that is cancelled meanwhile does not undo it: what was begun to be written is written.
        """
        return await asyncio.shield(self._in_turn(lambda: self._append((event,), rejects)))

    async def append_all(self, events: Sequence[Event]) -> None:
        """Write several events down at once: all of them or none."""
        if events:
            await asyncio.shield(self._in_turn(lambda: self._append(events, ())))

    async def commands(self, after: int = 0) -> list[tuple[int, Command]]:
        """Commands with a higher number than `after` which nobody has obeyed yet."""
        return await self._in_turn(lambda: self._commands(after))

    async def obeyed(self, number: int, seq: int) -> None:
        """Mark a command as done by the event `seq`, 0 where it had no effect."""
        await asyncio.shield(self._in_turn(lambda: self._obeyed(number, seq)))

    async def dismiss_commands(self) -> None:
        """Mark all commands that nobody has obeyed as done: they were meant for a process that has ended."""
        await self._in_turn(self._dismiss)

    async def export_rejects(self) -> int:
        """Write all refused documents into the file beside the journal, in place of what it held; their number."""
        return await self._in_turn(self._export)

    # -- for everybody ---------------------------------------------------------------------------------------------

    async def read(self, after: int = 0, limit: int = _PAGE) -> list[tuple[int, Event]]:
        """The next events after the one with that number, at most `limit`."""
        return await self._in_turn(lambda: self._read(after, limit))

    async def last(self) -> tuple[int, Event] | None:
        """The newest event."""
        return await self._in_turn(self._last)

    async def follow(self, after: int = 0, poll: float = 0.25) -> AsyncIterator[list[tuple[int, Event]]]:
        """Events in batches as they come, until the run has finished or its process has gone."""
        while True:
            # The lock before the events: what a process wrote before it ended is then never missed.
            is_live = await self._in_turn(lambda: lock.is_held(self.path.with_name("lock")))
            batch = await self.read(after)
            if batch:
                after = batch[-1][0]
                yield batch
                continue
            if not is_live:
                return
            newest = await self.last()
            if newest is not None and newest[0] > after:
                continue  # it came between the two looks: nobody may miss the end
            if newest is not None and isinstance(newest[1], RunFinished):
                return
            await asyncio.sleep(poll)

    async def progress(self) -> Progress:
        """The fold of all events until now; what was folded before is not read again."""
        return await self._in_turn(self._progress)

    async def command(self, command: Command) -> int:
        """Tell the run's process something; the command's number. Raises ProblemError where there is no journal."""
        return await self._in_turn(lambda: self._command(command))

    async def answer(self, number: int) -> int | None:
        """What became of a command: the number of its event, 0 if it had no effect, None while nobody has obeyed."""
        return await self._in_turn(lambda: self._answer(number))

    async def rejects(self, limit: int = 1_000, task: int | None = None) -> tuple[Reject, ...]:
        """The first refused documents, of one task or of all."""
        return await self._in_turn(lambda: self._first_rejects(limit, task))

    # -- in the journal's own thread -------------------------------------------------------------------------------

    async def _in_turn(self, work: Callable[[], T]) -> T:
        def explained() -> T:
            try:
                return work()
            except sqlite3.Error as error:
                raise _explained(self.path, error) from None
            except OSError as error:
                said = clean(error.strerror or str(error), 300)
                raise _trouble(
                    self.path,
                    f"The journal of this run cannot be used: {said}.",
                    todo="Look at the file's owner and disk.",
                ) from None

        return await asyncio.get_running_loop().run_in_executor(self._thread, explained)

    def _make(self) -> None:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
        _write_trouble(self.path.with_name(TROUBLE_FILE), b"")
        connection = self._connect()
        if self._is_whole(connection):
            return
        for pragma in _WRITER:
            connection.execute(pragma)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            address = f"file:{quote(str(self.path.absolute()))}?mode=rw"
            self._connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        return self._connection

    def _is_whole(self, connection: sqlite3.Connection) -> bool:
        """Whether the journal has its tables; raises ProblemError for one that this program cannot read."""
        if self._is_ready:
            return True
        # The version first: it becomes visible together with all else, so what is read after it is whole.
        ((version,),) = connection.execute("PRAGMA user_version")
        ((application,),) = connection.execute("PRAGMA application_id")
        if version == 0 and application in {0, _APPLICATION}:
            return False
        if application != _APPLICATION:
            raise _trouble(self.path, "This file is not the journal of a run.")
        if version > FORMAT:
            raise _trouble(
                self.path,
                f"The journal of this run has format {version}, this program reads {FORMAT}.",
                why="A newer esmigrate wrote it.",
                todo="Use that one.",
            )
        if self._is_writer:
            for pragma in _WRITER:
                connection.execute(pragma)
        self._is_ready = True
        return True

    def _reader(self) -> sqlite3.Connection | None:
        """The connection, or None while there is no journal yet."""
        if not os.path.lexists(self.path):
            return None
        if not self.path.is_file():
            raise _trouble(self.path, "The journal of this run is not a file.", todo=_RUN_AGAIN)
        connection = self._connect()
        return connection if self._is_whole(connection) else None

    def _writer(self) -> sqlite3.Connection:
        connection = self._reader()
        if connection is None:
            raise _trouble(self.path, "This run has no journal.", todo="It was never begun.", cause=Cause.MISSING)
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._is_ready = False

    def _append(self, events: Sequence[Event], rejects: Sequence[Reject]) -> int:
        connection, seq = self._writer(), 0
        looks: list[tuple[int, JournalledAdvance]] = []
        lines: list[str] = []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for event in events:
                text = _encoder.encode(event).decode()
                seq = int(
                    connection.execute("INSERT INTO event (at, json) VALUES (?, ?)", (event.at, text)).lastrowid or 0
                )
                if isinstance(event, TaskAdvanced):
                    moved = event.moved
                    look = JournalledAdvance(
                        seq, event.at, bool(moved.note), moved.total is not None, bool(moved.token)
                    )
                    looks.append((event.task, look))
            for reject in rejects:
                text, task = _encoder.encode(reject).decode(), getattr(events[-1], "task", 0)
                told = connection.execute(
                    "INSERT OR IGNORE INTO reject (task, type, id, json) VALUES (?, ?, ?, ?)",
                    (task, reject.type, reject.id, text),
                )
                if told.rowcount == 1:
                    lines.append(text + "\n")
        for number, look in looks:
            self._looks.setdefault(number, []).append(look)
            self._thin(connection, number)
        if lines:
            # The table is what counts: `export_rejects` makes the file anew when the run ends or is taken up.
            with contextlib.suppress(OSError), _appending(self.path.with_name(REJECTS)) as file:
                file.writelines(lines)
        return seq

    def _thin(self, connection: sqlite3.Connection, task: int) -> None:
        self._unthinned[task] = self._unthinned.get(task, 0) + 1
        if self._unthinned[task] < _THIN_EVERY:
            return
        self._unthinned[task] = 0
        result = thinned(self._looks[task])
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM event WHERE seq = ?", [(seq,) for seq in result.go])
            for seq in result.lose_token:
                self._empty_token(connection, seq)
        self._looks[task] = result.stay

    def _empty_token(self, connection: sqlite3.Connection, seq: int) -> None:
        row = connection.execute("SELECT json FROM event WHERE seq = ?", (seq,)).fetchone()
        event = None if row is None else self._event(seq, row[0])
        if isinstance(event, TaskAdvanced):
            bare = msgspec.structs.replace(event, moved=msgspec.structs.replace(event.moved, token=""))
            connection.execute("UPDATE event SET json = ? WHERE seq = ?", (_encoder.encode(bare).decode(), seq))

    def _event(self, seq: int, text: str) -> Event:
        try:
            return _events.decode(text)
        except _UNREADABLE as error:
            raise self._damaged(f"Event {seq}", error) from None

    def _damaged(self, row: str, error: Exception) -> ProblemError:
        return _trouble(
            self.path,
            f"{row} in the journal of this run cannot be read: {clean(str(error), 300)}.",
            todo="If a newer esmigrate wrote it, use that one.",
        )

    def _read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        connection = self._reader()
        if connection is None:
            return []
        rows = connection.execute("SELECT seq, json FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
        return [(seq, self._event(seq, text)) for seq, text in rows.fetchall()]

    def _last(self) -> tuple[int, Event] | None:
        connection = self._reader()
        if connection is None:
            return None
        row = connection.execute("SELECT seq, json FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], self._event(*row))

    def _progress(self) -> Progress:
        seq, progress = self._folded
        while batch := self._read(seq, _PAGE):
            seq, progress = batch[-1][0], progress.after_all(event for _, event in batch)
            self._folded = (seq, progress)
        return progress

    def _command(self, command: Command) -> int:
        text = _encoder.encode(command).decode()
        return int(self._writer().execute("INSERT INTO command (json) VALUES (?)", (text,)).lastrowid or 0)

    def _commands(self, after: int) -> list[tuple[int, Command]]:
        rows = self._writer().execute(
            "SELECT number, json FROM command WHERE number > ? AND seq IS NULL ORDER BY number", (after,)
        )
        found: list[tuple[int, Command]] = []
        for number, text in rows.fetchall():
            try:
                found.append((number, _commands.decode(text)))
            except _UNREADABLE:
                self._obeyed(number, 0)  # of a newer screen: it sees that this process knows no such command
        return found

    def _obeyed(self, number: int, seq: int) -> None:
        self._writer().execute("UPDATE command SET seq = ? WHERE number = ?", (seq, number))

    def _dismiss(self) -> None:
        self._writer().execute("UPDATE command SET seq = 0 WHERE seq IS NULL")

    def _answer(self, number: int) -> int | None:
        row = self._writer().execute("SELECT seq FROM command WHERE number = ?", (number,)).fetchone()
        return None if row is None else row[0]

    def _first_rejects(self, limit: int, task: int | None) -> tuple[Reject, ...]:
        connection = self._reader()
        if connection is None:
            return ()
        which, values = ("", (limit,)) if task is None else ("WHERE task = ?", (task, limit))
        rows = connection.execute(f"SELECT number, json FROM reject {which} ORDER BY number LIMIT ?", values)  # noqa: S608  # two constants
        return tuple(self._reject(number, text) for number, text in rows.fetchall())

    def _reject(self, number: int, text: str) -> Reject:
        try:
            return _rejects.decode(text)
        except _UNREADABLE as error:
            raise self._damaged(f"The rejected document {number}", error) from None

    def _export(self) -> int:
        connection, count = self._writer(), 0
        path = self.path.with_name(REJECTS)
        with replacing(path) as file:
            for (text,) in connection.execute("SELECT CAST(json AS BLOB) FROM reject ORDER BY number"):
                file.write(text + b"\n")
                count += 1
        return count
