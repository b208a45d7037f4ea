"""What can be wrong with a restore beside its shards, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import replaced_index
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.methods.contract import Work


def no_repository(name: str) -> ProblemError:
    """The repository was unregistered during the run: it is waited for."""
    return ProblemError.of(
        Cause.BUSY,
        f"The repository {clean(name)} is no longer registered on the destination.",
        why="It was removed since the run began; a restore reads all its files from there.",
        todo="Register it again under the same name; the run goes on by itself then.",
    )


def index_deleted(name: str) -> ProblemError:
    """An index of the restore was deleted."""
    return ProblemError.of(
        Cause.MISSING,
        f"The index {name} is no longer on the destination.",
        why="It was deleted while it was being restored, which cancels a restore.",
        todo="If that was intended, nothing has to be done. If not, run the plan again.",
    )


def another_restored(name: str) -> ProblemError:
    """An index of the restore was made anew by another process."""
    return ProblemError(
        replaced_index(
            name,
            Side.DESTINATION,
            verb="restored",
            why="It was deleted and made anew meanwhile.",
            todo="Look at what it holds. To restore it again, run the plan again under another name.",
        )
    )


def not_deletable(work: Work, said: Problem) -> ProblemError:
    """The indices of a feature cannot be deleted, so that its restore cannot be cancelled."""
    return ProblemError.of(
        Cause.PRIVILEGES,
        f"The restore of the feature {work.task.source_index} cannot be cancelled.",
        why="From 8.0 on even a superuser may not delete the indices of a feature.",
        todo=(
            "Let it come to its end: such indices are small. Or sign in with a role that has allow_restricted_indices."
        ),
        evidence=said.evidence or said.what,
    )


def never_seen(work: Work, names: Sequence[str]) -> ProblemError:
    """Nothing of an accepted restore can be seen."""
    return ProblemError.of(
        Cause.UNKNOWN_OUTCOME,
        f"The outcome of restoring {work.task.source_index} is unknown: "
        f"{counted(len(names), 'index', 'indices')} that should appear cannot be seen.",
        why="The destination accepted the restore, and shows nothing of it.",
        todo="It is looked for again, and restored again when it is not there.",
    )
