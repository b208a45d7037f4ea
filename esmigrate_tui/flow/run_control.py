"""What a run that goes on can be told, and what is said of it: on the screen and in lines the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import is_watched
from esmigrate_tui.model.command import AcceptArrivals, Command, PauseRun, ResumeRun, SetPace, SkipTask, StopRun
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.progress import TaskState
from esmigrate_tui.model.text import counted, listed, number

if TYPE_CHECKING:
    from esmigrate_tui.model.progress import Progress

_PACES: Final = (50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0)
_THEIR_PACE: Final = "This run only watches: how fast documents come is up to who sends them."
_OWN_PACE: Final = "A restore has the clusters' own pace: indices.recovery.max_bytes_per_sec on the destination."


class CommandReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the run is told, None where it cannot be, and what is said of it."""

    said: str
    command: Command | None = None


STOPPING: Final = CommandReply(command=StopRun(), said="Stopping: the run cleans up, then it ends.")
THAT_IS_ALL: Final = CommandReply(command=AcceptArrivals(), said="It is counted once more, and then the run ends.")
GOING_ON: Final = CommandReply(command=ResumeRun(), said="It continues.")


def slower(progress: Progress) -> float:
    """The next pace down, in documents a second and task; from no limit, what is below the present rate."""
    pace = progress.requests_per_second
    if not pace:
        moving = sum(task.state is TaskState.MOVING for task in progress.tasks) or 1
        pace = progress.rate.per_second / moving or _PACES[-1] * 2
    return max((each for each in _PACES if each < pace), default=min(pace, _PACES[0]))


def faster(progress: Progress) -> float:
    """The next pace up; 0.0, no limit, after the last."""
    pace = progress.requests_per_second
    return min((each for each in _PACES if each > pace), default=0.0) if pace else 0.0


def is_held(progress: Progress) -> bool:
    """Whether nothing moves, since a user asked for it; what a restore has begun goes on, and so do those who send."""
    can_be_held = progress.traits.can_be_paced and not is_watched(progress)
    return progress.is_paused and can_be_held


def pausing(progress: Progress, back: str) -> CommandReply:
    """Pause; `back` is the key that lets it go on."""
    if is_watched(progress):
        said = f"Documents continue to arrive: only the watching is paused. {back} resumes it."
    elif progress.method is None or progress.method.traits.can_be_paced:
        said = f"Pausing; {back} resumes it."
    else:
        said = f"What has started cannot be paused; the others wait. {back} resumes them."
    return CommandReply(command=PauseRun(), said=said)


def pacing(progress: Progress, *, is_faster: bool) -> CommandReply:
    """A step faster or slower, where the pace is this run's own."""
    if is_watched(progress):
        return CommandReply(said=_THEIR_PACE)
    if progress.method is not None and not progress.method.traits.can_be_paced:
        return CommandReply(said=_OWN_PACE)
    pace = faster(progress) if is_faster else slower(progress)
    said = f"Limit: {number(round(pace))} documents a second for each index." if pace else "No limit."
    return CommandReply(command=SetPace(requests_per_second=pace), said=said)


def remark(progress: Progress, command: Command, run: str) -> str:
    """What a command does not reach, "" where it reaches all; raises ProblemError (usage) where the run cannot obey."""
    is_paced = progress.method is None or progress.method.traits.can_be_paced
    match command:
        case AcceptArrivals() if not is_watched(progress):
            raise ProblemError.of(
                Cause.USAGE,
                "This run ends by itself, once everything is moved and verified.",
                todo=f"To end it before that: esmigrate stop {run}",
            )
        case SetPace() if is_watched(progress):
            raise ProblemError.of(Cause.USAGE, _THEIR_PACE, todo="Slow the sender down where it runs.")
        case SetPace() if not is_paced:
            raise ProblemError.of(
                Cause.USAGE,
                "A restore cannot be slowed down from here.",
                why="The destination's own settings hold its pace: indices.recovery.max_bytes_per_sec of the "
                "cluster, max_restore_bytes_per_sec of the repository.",
                todo="Change the cluster's one there; it works at once.",
            )
        case PauseRun() if is_watched(progress):
            return "What is sent continues to arrive: only counting it is paused."
        case PauseRun() if not is_paced:
            return "What is being restored continues: a restore cannot be held. What has not begun yet waits."
        case _:
            return ""


def effect_of(run: str, command: Command) -> str:
    """What a run does for a command that it has taken."""
    match command:
        case PauseRun():
            return f"Run {run} is paused. `esmigrate resume {run}` continues it."
        case ResumeRun():
            return f"Run {run} continues."
        case SetPace(requests_per_second=pace) if pace:
            return f"Run {run} now copies at most {pace:g} documents a second for each index."
        case SetPace():
            return f"Run {run} now copies without a limit."
        case StopRun():
            return f"Run {run} is stopping. `esmigrate status {run}` shows when it has ended."
        case SkipTask():
            return f"Run {run} is leaving that index out; the others continue."
        case AcceptArrivals():
            return f"Run {run} counts what has arrived once more, and ends. `esmigrate status {run}` shows when."


def nothing_to_do(run: str, command: Command, progress: Progress) -> str:
    """Why a run had nothing to do for a command, with what shows where it stands."""
    match command:
        case _ if progress.is_stopping:
            why = "it is stopping"
        case PauseRun():
            why = "it is paused already"
        case ResumeRun():
            why = "it is not paused"
        case SetPace():
            why = "it has that pace already"
        case _:
            why = "it has that command, or what is meant has ended"
    return f"Run {run}: nothing had to be done, {why}. `esmigrate status {run}` shows it."


def not_living(run: str, progress: Progress) -> ProblemError:
    """Why what no process holds takes no command, and what can be done with it instead (usage)."""
    if progress.is_of_changes:
        revert = f"`esmigrate cleanup {run}` reverts them." if progress.open_ledger else "None is left to revert."
        what = f"{run} is not a run: it holds changes that were made before one, so it takes no command."
        return ProblemError.of(Cause.USAGE, what, todo=revert)
    if progress.is_unfinished:
        return ProblemError.of(
            Cause.USAGE,
            f"The process of run {run} has ended, so it takes no command.",
            why="The run itself is not finished.",
            todo=f"`esmigrate resume {run}` continues it; `esmigrate cleanup {run}` reverts what it changed instead.",
        )
    ended = f" ({progress.outcome})" if progress.outcome is not None else ""
    return ProblemError.of(
        Cause.USAGE,
        f"The run {run} has ended{ended}, so it takes no command.",
        todo=f"`esmigrate report {run}` says how, and what is left to do.",
    )


def what_stopping_does(progress: Progress) -> str:
    """What is lost by a stop, and what stays, in a few sentences."""
    if progress.traits.stopping_deletes:
        lost = listed(progress.deleted_by_stopping())
        first = f"What is partially restored is DELETED on the destination: {lost}. " if lost else ""
        return f"{first}What is completely restored stays, and so does the snapshot."
    work = "The work on the servers is cancelled"
    if is_watched(progress):
        work = "Watching ends: nothing is counted or verified (d does that). The sender is not stopped"
    elif progress.traits.loads:
        work = "No more rows are read"
    return f"{work} and what was changed for the run is reverted. What has arrived stays."


def whether_that_is_all(progress: Progress) -> str:
    """What saying that it is enough comes to, of a run that watches what others send."""
    so_many = f"{counted(progress.done, 'document')} arrived so far"
    of = f" of {number(progress.expected)}" if progress.expected is not None else ""
    return (
        f"{so_many}{of}. They are counted once more after a refresh, and the run ends: accepted by your word, "
        "not verified. See first that the sender has nothing left to send, and what its log says."
    )
