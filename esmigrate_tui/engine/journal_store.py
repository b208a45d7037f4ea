"""The SQLite file of a journal, read and written in the caller's thread.

Events go one way through it, commands the other way. A reader may come before the file exists, or while it is being
made: it sees a run in which nothing has happened yet.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import IO, TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

import msgspec

from esmigrate_tui.disk import appending, replacing
from esmigrate_tui.engine.lost_journal import PROCESS_FILE, lost_journal
from esmigrate_tui.engine.problem_file import write_problem
from esmigrate_tui.engine.thinning import JournalledAdvance, thinned
from esmigrate_tui.model.command import Command
from esmigrate_tui.model.event import Event, Reject, TaskAdvanced
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

FORMAT: Final = 1
REJECTS: Final = "rejects.ndjson"
"""The file beside the journal with the rejected documents, one JSON object a line."""
_APPLICATION: Final = 0x65736D67  # "esmg": identifies the file, for file(1) as well
_BUSY_SECONDS: Final = 10.0  # a writer holds the file for milliseconds; a backup program may for longer
MOST_EVENTS: Final = 1_000  # events a read: a follower that comes late catches up in batches
_MISSING: Final = "is missing, though the run had begun"
_EMPTY: Final = "is empty, though the run had begun"
_DELETED: Final = "was deleted while the run was going on"
_THIN_EVERY: Final = 64  # polls of one task between two thinnings
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


def _trouble(path: Path, what: str, *, why: str = "", todo: str = "", cause: Cause = Cause.STATE) -> ProblemError:
    return ProblemError.of(cause, what, why=why, todo=todo, evidence=clean(str(path), 300))


def explained(path: Path, error: sqlite3.Error | OSError) -> ProblemError:
    """The problem of SQLite, or of the disk, in one sentence."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = clean((error.strerror if isinstance(error, OSError) else "") or str(error), 300)
    if code == sqlite3.SQLITE_FULL:
        return _trouble(
            path,
            "The journal cannot be written: the disk of this machine is full.",
            why="Nothing is done before it is written down.",
            todo="Free some space where the runs are kept.",
            cause=Cause.DISK_FULL,
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return lost_journal(path, f"is damaged: {said}")
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return lost_journal(path, _DELETED)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return _trouble(
            path, "Another program has held the journal of this run for too long.", todo="Try again.", cause=Cause.BUSY
        )
    return _trouble(path, f"The journal of this run cannot be used: {said}.", todo="Look at the file's owner and disk.")


class JournalStore:
    """The file of one journal; `is_writer` for the process that holds the run, which alone may change its pragmas."""

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        self.path = path
        self._is_writer = is_writer
        self._connection: sqlite3.Connection | None = None
        self._is_ready = False
        self._advances: dict[int, list[JournalledAdvance]] = {}
        self._unthinned: dict[int, int] = {}
        self._folded: tuple[int, Progress] = (0, Progress())
        self._file: os.stat_result | None = None

    def make(self) -> None:
        """Make the tables where there are none; raises JournalLostError where the run had begun."""
        has_begun = self._has_begun()
        if not os.path.lexists(self.path):
            self._raise_begun(_MISSING, has_begun=has_begun)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
        connection = self.connect()
        is_whole = self._is_whole(connection)
        if not is_whole:
            self._raise_begun(_EMPTY, has_begun=has_begun)
        write_problem(self.path, None)
        if is_whole:
            return
        for pragma in _WRITER:
            connection.execute(pragma)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES:
                connection.execute(statement)

    def connect(self) -> sqlite3.Connection:
        """The connection to a file that exists, opened at the first call."""
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
        self._raise_lost()
        has_begun = self._has_begun()
        if not os.path.lexists(self.path):
            self._raise_begun(_MISSING, has_begun=has_begun)
            return None
        if not self.path.is_file():
            raise lost_journal(self.path, "is not a file")
        connection = self.connect()
        if self._is_whole(connection):
            return connection
        self._raise_begun(_EMPTY, has_begun=has_begun)
        return None

    def _has_begun(self) -> bool:
        """Whether a process has signed the run, which it does after it has made the journal.

        To be read before the journal is looked at: a process that begins in between makes it and signs it.
        """
        return os.path.lexists(self.path.with_name(PROCESS_FILE))

    def _raise_begun(self, how: str, *, has_begun: bool) -> None:
        if has_begun:
            raise lost_journal(self.path, how)

    def _raise_lost(self) -> None:
        """Raise JournalLostError where the writer's file is no longer the one below the journal's name."""
        if not self._is_writer or not self._is_ready:
            return
        try:
            now = os.stat(self.path)  # noqa: PTH116  # as the others of this file
        except FileNotFoundError:
            raise lost_journal(self.path, _DELETED) from None
        before, self._file = self._file, now
        if before is None:
            return
        if (before.st_dev, before.st_ino) != (now.st_dev, now.st_ino):
            self._file = before
            raise lost_journal(self.path, "was replaced by another file while the run was going on")
        if now.st_size < before.st_size:  # SQLite never makes it smaller
            self._file = before
            raise lost_journal(self.path, "was truncated while the run was going on")

    def _writer(self) -> sqlite3.Connection:
        connection = self._reader()
        if connection is None:
            raise _trouble(self.path, "This run has no journal.", todo="It was never begun.", cause=Cause.MISSING)
        return connection

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._is_ready = False
            self._file = None

    def append(self, several: Sequence[tuple[Sequence[Event], Sequence[Reject]]]) -> list[int]:
        """Write events, each with the documents rejected before, in one transaction; the numbers of the last events."""
        connection = self._writer()
        numbers: list[int] = []
        advances: list[tuple[int, JournalledAdvance]] = []
        lines: list[str] = []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for events, rejects in several:
                numbers.append(self._insert_events(connection, events, advances))
                lines += self._insert_rejects(connection, events[-1], rejects)
        for number, advance in advances:
            self._advances.setdefault(number, []).append(advance)
            with contextlib.suppress(sqlite3.Error, ProblemError):  # it is written; it is thinned later
                self._thin(connection, number)
        if lines:
            # The table is what counts: `export_rejects` makes the file anew when the run ends or is resumed.
            with contextlib.suppress(OSError), _appending(self.path.with_name(REJECTS)) as file:
                file.writelines(lines)
        return numbers

    def _insert_events(
        self, connection: sqlite3.Connection, events: Sequence[Event], advances: list[tuple[int, JournalledAdvance]]
    ) -> int:
        """Add events, and to `advances` those that may be thinned; the number of the last one."""
        seq = 0
        for event in events:
            text = _encoder.encode(event).decode()
            seq = int(connection.execute("INSERT INTO event (at, json) VALUES (?, ?)", (event.at, text)).lastrowid or 0)
            if isinstance(event, TaskAdvanced):
                moved = event.moved
                advance = JournalledAdvance(seq, event.at, bool(moved.note), moved.total is not None, bool(moved.token))
                advances.append((event.task, advance))
        return seq

    def _insert_rejects(self, connection: sqlite3.Connection, event: Event, rejects: Sequence[Reject]) -> list[str]:
        """Add documents that were rejected before an event; those that are new as lines of JSON."""
        lines: list[str] = []
        for reject in rejects:
            text, task = _encoder.encode(reject).decode(), getattr(event, "task", 0)
            added = connection.execute(
                "INSERT OR IGNORE INTO reject (task, type, id, json) VALUES (?, ?, ?, ?)",
                (task, reject.type, reject.id, text),
            )
            if added.rowcount == 1:
                lines.append(text + "\n")
        return lines

    def _thin(self, connection: sqlite3.Connection, task: int) -> None:
        self._unthinned[task] = self._unthinned.get(task, 0) + 1
        if self._unthinned[task] < _THIN_EVERY:
            return
        self._unthinned[task] = 0
        result = thinned(self._advances[task])
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM event WHERE seq = ?", [(seq,) for seq in result.go])
            for seq in result.lose_token:
                self._empty_token(connection, seq)
        self._advances[task] = result.stay

    def _empty_token(self, connection: sqlite3.Connection, seq: int) -> None:
        row = connection.execute("SELECT json FROM event WHERE seq = ?", (seq,)).fetchone()
        event = None if row is None else self._event(seq, row[0])
        if isinstance(event, TaskAdvanced):
            bare = msgspec.structs.replace(event, moved=msgspec.structs.replace(event.moved, token=""))
            connection.execute("UPDATE event SET json = ? WHERE seq = ?", (_encoder.encode(bare).decode(), seq))

    def _event(self, seq: int, text: str) -> Event:
        return self._decoded(_events, f"Event {seq}", text)

    def _decoded(self, decoder: msgspec.json.Decoder[T], row: str, text: str) -> T:
        try:
            return decoder.decode(text)
        except _UNREADABLE as error:
            raise _trouble(
                self.path,
                f"{row} in the journal of this run cannot be read: {clean(str(error), 300)}.",
                todo="If a newer esmigrate wrote it, use that one.",
            ) from None

    def read(self, after: int, limit: int) -> list[tuple[int, Event]]:
        """At most `limit` events after the one with that number."""
        connection = self._reader()
        if connection is None:
            return []
        rows = connection.execute("SELECT seq, json FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
        return [(seq, self._event(seq, text)) for seq, text in rows.fetchall()]

    def last(self) -> tuple[int, Event] | None:
        """The newest event."""
        connection = self._reader()
        if connection is None:
            return None
        row = connection.execute("SELECT seq, json FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if row is None else (row[0], self._event(*row))

    def progress(self) -> Progress:
        """The fold of all events; what was folded before is not read again."""
        seq, progress = self._folded

        def unread() -> Iterator[Event]:
            nonlocal seq
            while batch := self.read(seq, MOST_EVENTS):
                seq = batch[-1][0]
                yield from (event for _, event in batch)

        progress = progress.after_all(unread())
        self._folded = (seq, progress)
        return progress

    def command(self, command: Command) -> int:
        """Add a command; its number."""
        text = _encoder.encode(command).decode()
        return int(self._writer().execute("INSERT INTO command (json) VALUES (?)", (text,)).lastrowid or 0)

    def commands(self, after: int) -> list[tuple[int, Command]]:
        """Commands with a higher number than `after` that were not followed yet."""
        rows = self._writer().execute(
            "SELECT number, json FROM command WHERE number > ? AND seq IS NULL ORDER BY number", (after,)
        )
        found: list[tuple[int, Command]] = []
        for number, text in rows.fetchall():
            try:
                found.append((number, _commands.decode(text)))
            except _UNREADABLE:
                self.obeyed(number, 0)  # written by a newer version: it sees that the command had no effect
        return found

    def obeyed(self, number: int, seq: int) -> None:
        """Mark a command as followed by the event `seq`, 0 where it had no effect."""
        self._writer().execute("UPDATE command SET seq = ? WHERE number = ?", (seq, number))

    def dismiss(self) -> None:
        """Mark all commands that were not followed as without effect."""
        self._writer().execute("UPDATE command SET seq = 0 WHERE seq IS NULL")

    def answer(self, number: int) -> int | None:
        """The number of the event that a command led to, None while it was not followed."""
        row = self._writer().execute("SELECT seq FROM command WHERE number = ?", (number,)).fetchone()
        return None if row is None else row[0]

    def rejects(self, limit: int, task: int | None) -> tuple[Reject, ...]:
        """The first rejected documents, of one task or of all."""
        connection = self._reader()
        if connection is None:
            return ()
        which, values = ("", (limit,)) if task is None else ("WHERE task = ?", (task, limit))
        rows = connection.execute(f"SELECT number, json FROM reject {which} ORDER BY number LIMIT ?", values)  # noqa: S608  # two constants
        return tuple(
            self._decoded(_rejects, f"The rejected document {number}", text) for number, text in rows.fetchall()
        )

    def export_rejects(self) -> int:
        """Write the file of rejected documents anew; their number."""
        connection, count = self._writer(), 0
        path = self.path.with_name(REJECTS)
        with replacing(path) as file:
            for (text,) in connection.execute("SELECT CAST(json AS BLOB) FROM reject ORDER BY number"):
                file.write(text + b"\n")
                count += 1
        return count
