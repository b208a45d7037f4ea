"""Runs as folders: made for a plan, found by name, and read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.disk import opened, read_text, write_whole
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.journal_store import REJECTS
from esmigrate_tui.engine.lost_journal import PROCESS_FILE
from esmigrate_tui.engine.places import raise_unsafe
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.plan import MOST_BYTES, Plan
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that cannot be confused: no 0 O, no 1 I L."""

_ID: Final = re.compile(r"[0-9A-Z]{4,12}")

_TRIES: Final = 50


@dataclass(frozen=True)
class RunFolder:
    """A run's folder and what lies in it."""

    path: Path

    @property
    def run(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Events, commands and rejected documents."""
        return self.path / "journal"

    @property
    def plan(self) -> Path:
        """The plan as it is performed."""
        return self.path / "plan.toml"

    @property
    def findings(self) -> Path:
        """What the preflight found before the run began, but for what was in order: JSON, for the report."""
        return self.path / "findings.json"

    @property
    def rejects(self) -> Path:
        """Rejected documents, one JSON object a line."""
        return self.path / REJECTS

    @property
    def process(self) -> Path:
        """Who holds or held it last: {"pid": …, "started_at": …}."""
        return self.path / PROCESS_FILE

    @property
    def log(self) -> Path:
        """What the process printed: nothing, when all is well."""
        return self.path / "process.log"

    @property
    def lock(self) -> Path:
        """The file whose lock the living process holds."""
        return self.path / "lock"

    @property
    def is_live(self) -> bool:
        """Whether a process holds the run at this moment."""
        return lock.is_held(self.lock)


def new_run_id(choose: Callable[[str], str], length: int = 4) -> str:
    """A short name for a run, such as 7K2P; `choose` picks one of the characters it is given."""
    return "".join(choose(ALPHABET) for _ in range(length))


def find_run(run_id: str, home: Path) -> RunFolder:
    """The folder of a run that exists; raises ProblemError (missing)."""
    name = run_id.strip().upper()
    folder = RunFolder(home / name)
    if not _ID.fullmatch(name) or not folder.path.is_dir():
        raise ProblemError.of(
            Cause.MISSING,
            f"There is no run {clean(run_id, 40)}." if name else "No run is named.",
            todo="`esmigrate status` lists those that are known here.",
        )
    return folder


def read_plan(folder: RunFolder) -> Plan:
    """The plan of a run; raises ProblemError."""
    try:
        return Plan.from_toml(read_text(folder.plan, MOST_BYTES, "a plan"))
    except ProblemError as error:
        raise ProblemError.of(
            Cause.STATE,
            f"The plan of the run {folder.run} cannot be read, so it cannot go on.",
            why=error.problem.what,
            evidence=clean(str(folder.plan), 300),
        ) from None


def make_folder(plan: Plan, home: Path, new_id: Callable[[], str], findings: Sequence[Finding] = ()) -> RunFolder:
    """A folder of its own with the plan and the findings in it, readable for its owner alone; raises ProblemError."""
    text = plan.to_toml().encode()
    telling = [finding for finding in findings if finding.severity is not Severity.PASSED]
    try:
        _make_home(home)
        folder = _free_folder(home, new_id)
        write_whole(folder.plan, text, is_new=True)
        if telling:
            write_whole(folder.findings, msgspec.json.encode(telling), is_new=True)
    except OSError as error:
        raise ProblemError.of(
            Cause.STATE,
            f"The run cannot be written down on this machine: {clean(error.strerror or '', 100)}.",
            why="Nothing is moved before its journal stands on the disk.",
            todo="Free some space, or name another folder in ESMIGRATE_STATE_DIR.",
            evidence=clean(str(error.filename or home), 300),
        ) from None
    return folder


def _make_home(home: Path) -> None:
    """The folder for runs and those above it that are missing, all of them for this user alone."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    raise_unsafe(home)


def read_findings(folder: RunFolder) -> tuple[Finding, ...]:
    """What the preflight found before the run began; () where nothing was kept, or it cannot be read."""
    try:
        with opened(folder.findings) as file:
            return msgspec.json.decode(file.read(MOST_BYTES), type=tuple[Finding, ...])
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return ()


def _free_folder(home: Path, new_id: Callable[[], str]) -> RunFolder:
    for _ in range(_TRIES):
        folder = RunFolder(home / new_id())
        try:
            folder.path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise ProblemError.of(
        Cause.STATE, "No name is free for another run.", todo="Remove old runs.", evidence=clean(str(home), 300)
    )


def replace_plan(folder: RunFolder, plan: Plan) -> None:
    """Put another plan in the place of a run's own: whole, or not at all."""
    try:
        write_whole(folder.plan, plan.to_toml().encode())
    except OSError as error:
        raise ProblemError.of(
            Cause.STATE,
            f"The plan of the run {folder.run} cannot be written: {clean(error.strerror or '', 100)}.",
            todo="Nothing was changed; look at the folder and the disk.",
            evidence=clean(str(folder.path), 300),
        ) from None


def folders_in(home: Path) -> list[RunFolder]:
    """The folders of all runs, by name; [] where they cannot be listed."""
    try:
        return [RunFolder(path) for path in sorted(home.iterdir()) if _ID.fullmatch(path.name) and path.is_dir()]
    except OSError:
        return []
