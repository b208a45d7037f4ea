"""A run that goes on is told by letters: what is sent to it, what is said, and what is asked first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.flow.run_control import slower
from esmigrate_tui.model.command import AcceptArrivals, Command, PauseRun, ResumeRun, SetPace, StopRun
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Progress
from esmigrate_tui.plain.console import Console
from esmigrate_tui.plain.run_control import letters, steer
from tests.pictures import sample_values as sample
from tests.plain.script import Script, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

GONE = ProblemError(Problem(cause=Cause.STATE, what="No process holds the run 7K2P.", todo="Take it up."))


async def steered(
    progress: Progress, *answers: str, trouble: ProblemError | None = None
) -> tuple[Script, Sequence[Command], bool]:
    """What was said and sent, and whether the person left before the answers came to an end."""
    script, sent = Script(*answers), list[Command]()

    async def tell(command: Command) -> None:
        if trouble is not None:
            raise trouble
        sent.append(command)

    steering = asyncio.ensure_future(steer(Console(script), lambda: progress, tell))
    for _ in range(20):  # nothing in it waits but for answers that are there
        await asyncio.sleep(0)
    has_left = steering.done()
    steering.cancel()
    return script, sent, has_left


async def test_letters_pause_and_let_go_on() -> None:
    script, sent, has_left = await steered(sample.RUNNING.progress, "p", "r", "PAUSE", "resume")
    assert sent == [PauseRun(), ResumeRun(), PauseRun(), ResumeRun()]
    assert in_order(script.told, ("Pausing; r resumes it.", "It continues."))
    assert not has_left


async def test_the_pace_goes_as_on_the_screen() -> None:
    script, sent, _ = await steered(sample.RUNNING.progress, "-", "+")
    pace = slower(sample.RUNNING.progress)
    assert sent == [SetPace(requests_per_second=pace), SetPace(requests_per_second=0.0)]
    assert in_order(script.told, ("Limit: ", "documents a second for each index.", "No limit."))


def test_a_step_slower_is_never_faster() -> None:
    for pace in (20.0, 50.0, 60.0, 20_000.0):
        assert slower(msgspec.structs.replace(sample.RUNNING.progress, requests_per_second=pace)) <= pace


async def test_stopping_says_what_it_does_and_wants_a_yes() -> None:
    script, sent, _ = await steered(sample.RUNNING.progress, "s", "", "stop", "p", "s", "y")
    assert sent == [StopRun()]
    assert script.told.count("What has arrived stays. y to stop it; anything else keeps it running.") == 3
    assert in_order(script.told, ("It continues.", "It continues.", "Stopping: the run cleans up, then it ends."))


async def test_stopping_a_restore_names_first_what_it_deletes() -> None:
    script, sent, _ = await steered(sample.RESTORING.progress, "s", "no", "+")
    assert sent == []
    assert "is DELETED on the destination: logs-2026.01.08" in script.told
    assert "A restore has the clusters' own pace" in script.told


async def test_of_what_others_send_one_can_say_that_it_is_all() -> None:
    script, sent, _ = await steered(sample.WATCHING.progress, "d", "y", "-")
    assert sent == [AcceptArrivals()]
    assert "accepted by your word, not verified" in script.told
    assert "how fast documents come is up to who sends them" in script.told


async def test_leaving_ends_the_steering_and_sends_nothing() -> None:
    for word in ("l", "leave", "q"):
        script, sent, has_left = await steered(sample.RUNNING.progress, word, "s")
        assert (list(sent), has_left, script.answers) == ([], True, ["s"])


async def test_answers_that_end_do_not_leave() -> None:
    _, sent, has_left = await steered(sample.RUNNING.progress)
    assert (list(sent), has_left) == ([], False)
    _, _, has_left = await steered(sample.RUNNING.progress, "s")
    assert not has_left


async def test_what_is_no_letter_and_what_this_run_cannot_do_are_told_the_letters() -> None:
    script, sent, _ = await steered(sample.RUNNING.progress, "what", "d", "")
    assert sent == []
    assert script.told.count(letters(sample.RUNNING.progress)) == 4


async def test_a_run_that_nobody_holds_any_more_says_so_and_goes_on_listening() -> None:
    script, _, has_left = await steered(sample.RUNNING.progress, "p", "l", trouble=GONE)
    assert in_order(script.told, ("No process holds the run 7K2P.", "Take it up."))
    assert "Pausing;" not in script.told
    assert has_left


async def test_nothing_is_said_before_the_run_has_said_what_it_is() -> None:
    script, _, _ = await steered(Progress(), "p")
    assert script.told == ""


def test_only_the_letters_of_a_run_are_named() -> None:
    assert "slows it down" in letters(sample.RUNNING.progress)
    assert "slows it down" not in letters(sample.RESTORING.progress)
    assert "d says that this is all" in letters(sample.WATCHING.progress)
