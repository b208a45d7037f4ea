"""What is to be done where the journal of a run is lost: what the run changed is known from its plan alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.disk import opened, read_text, write_whole
from esmigrate_tui.engine import lock
from esmigrate_tui.engine.problem_file import writing_problem
from esmigrate_tui.model.plan import MOST_BYTES, Plan
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, listed
from esmigrate_tui.model.weight import is_tuned

if TYPE_CHECKING:
    from pathlib import Path

PROCESS_FILE: Final = "process.json"
"""The file beside a journal that says which process holds or held the run: it is written after the journal."""
_NAMED: Final = 3  # indices: the sentence has to fit into the file for problems


class JournalLostError(ProblemError):
    """The journal of a run that had begun is missing, empty, or not the file that its process writes."""


def lost_journal(journal: Path, how: str) -> JournalLostError:
    """The problem of a journal that `how` says is lost; what the process kept of it beside the journal, if anything."""
    kept = writing_problem(journal)
    if kept is not None and kept.cause is Cause.STATE:
        return JournalLostError(kept)
    return JournalLostError.of(
        Cause.STATE,
        f"The journal of this run {how}.",
        why="What it copied and changed is therefore not known here.",
        todo=after_damage(journal),
        evidence=clean(str(journal), 300),
    )


def after_damage(journal: Path, *, is_reverted: bool = False, is_ended: bool = False) -> str:
    """What to look at and to do after the loss of a journal, by the plan beside it."""
    said = [] if is_ended else [_still_writing(journal)]
    try:
        plan = Plan.from_toml(read_text(journal.with_name("plan.toml"), MOST_BYTES, "a plan"))
    except ProblemError:
        said.append("Its plan.toml cannot be read either.")
    else:
        said += [] if is_reverted else _maybe_changed(plan)
        if plan.tasks:
            names = listed([clean(task.destination_index, 100) for task in plan.tasks], most=_NAMED)
            said.append(
                f"Its plan.toml, beside it, can be run again with other names in it, or once what is partially filled "
                f"({names}) is deleted."
            )
    return " ".join(filter(None, said))


def sign(journal: Path, now: float) -> None:
    """Write beside a journal, once it is made, which process holds it."""
    write_whole(journal.with_name(PROCESS_FILE), msgspec.json.encode({"pid": os.getpid(), "started_at": now}))


def signed_by(journal: Path) -> int:
    """The process that holds the run, or held it last; 0 where that cannot be read."""
    try:
        with opened(journal.with_name(PROCESS_FILE)) as file:
            signed = msgspec.json.decode(file.read(MOST_BYTES), type=dict[str, float])
    except (OSError, ValueError, msgspec.MsgspecError):
        return 0
    return int(signed.get("pid", 0))


def _still_writing(journal: Path) -> str:
    try:
        is_held = lock.is_held(journal.with_name("lock"))
    except OSError:
        return ""
    pid = signed_by(journal)
    return f"Its process ({pid}) may still be writing: `kill {pid}` ends it." if is_held and pid else ""


def _maybe_changed(plan: Plan) -> list[str]:
    """What a run of this plan may have left changed, each with the requests that show and revert it."""
    if not plan.tasks:
        return ["What was changed before a run, such as a repository or a setting, has to be reverted by hand."]
    said: list[str] = []
    if tuned := [quote(task.destination_index, safe="") for task in plan.tasks if is_tuned(plan, task)]:
        path = f"/{','.join(tuned[:_NAMED])}/_settings"
        more = f" ({len(tuned) - _NAMED} more like these)" if len(tuned) > _NAMED else ""
        said.append(
            f"refresh_interval and number_of_replicas may still be switched off on the destination: GET {path} shows "
            f'them, PUT {path} {{"index":{{"refresh_interval":null,"number_of_replicas":1}}}} restores them{more}.'
        )
    if plan.restoration is not None and plan.restoration.register:
        name = clean(plan.restoration.repository.name, 100)
        said.append(f"The repository {name} may still be registered: DELETE /_snapshot/{quote(name, safe='')}.")
    if plan.method.traits.goes_on_by_itself and not plan.method.traits.stopping_deletes:
        said.append("GET /_tasks?actions=*reindex shows what the destination still copies.")
    return said
