"""What will happen, in order and to the letter; then the word that begins it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import review as steps
from esmigrate_tui.flow.layout import as_console
from esmigrate_tui.flow.steps import BY_NAME, name_to_type

if TYPE_CHECKING:
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

BEGIN: Final = "start"
"""What is typed to begin: no Enter too many can do it."""


async def review(flow: PlainFlow, console: Console) -> str:
    """Say the plan, and begin it once that is asked for; the run's name."""
    if flow.session.plan is None:
        steps.plan(flow)
    if (problem := flow.session.plan_problem) is not None:
        console.trouble(steps.without_plan(problem))
        await console.ask("b goes back to the answers")
        return ""
    _say(flow, console)
    while True:
        typed = await console.ask(f"Type {BEGIN} to begin; w writes the plan to a file, l says all of this again")
        match typed:
            case "w":
                await _write(flow, console)
            case "l":
                _say(flow, console)
            case "start":
                if await _is_allowed(flow, console):
                    console.say("Starting …")
                    run, trouble = await steps.begin(flow)
                    if run:
                        _say_who_ends_it(run, flow, console)
                        return run
                    if trouble is not None:
                        console.say("Not started:")
                        console.trouble(trouble)
            case _:
                console.say(f"Nothing was begun. Type {BEGIN} in full, or b to go back.")


async def _is_allowed(flow: PlainFlow, console: Console) -> bool:
    """Whether the destination's name was typed where something that exists would be lost."""
    if name := name_to_type(flow.session):
        console.say(steps.LOSES)
        typed = await console.ask(f"To allow it, type the destination's name, {name}")
        flow.update(flow.session.but(typed_name=typed))
    if reason := BY_NAME["review"].may_go_on(flow.session):
        console.say(f"Nothing was begun: {reason}.")
        return False
    return True


def _say(flow: PlainFlow, console: Console) -> None:
    plan, preview = flow.session.plan, flow.session.preview
    if plan is None or preview is None:
        return
    what, so_far = steps.headline(flow.session)
    console.say(f"{what}; {so_far}. In this order:")
    for position, step in enumerate(preview.steps, start=1):
        console.say(f"{position}. {step}", 2)
    if preview.put_back:
        console.say("Changed for the time of the run, and reverted:")
        for change in preview.put_back:
            console.say(change, 2)
    if preview.carried:
        console.say("Beside the indices, at the end:")
        for line in preview.carried:
            words = line.lstrip()
            console.say(words, 2 + len(line) - len(words))
    console.say(f"How long: {preview.time or steps.UNKNOWN_TIME}")
    for shown in preview.requests:
        console.say(f"A request to {shown.to}:")
        console.show(as_console(shown.request))


def _say_who_ends_it(run: str, flow: PlainFlow, console: Console) -> None:
    """A run that only watches may not know its end."""
    plan = flow.session.plan
    if plan is not None and any(task.shipping is not None for task in plan.tasks):
        console.say(f"It watches what is sent. `esmigrate enough {run}` in another terminal says that this is all.")


async def _write(flow: PlainFlow, console: Console) -> None:
    if flow.session.plan is None:
        return
    with console.saying_problem():
        path = await flow.services.save_plan(flow.session.plan)
        flow.update(flow.session.but(plan_path=path))
        console.say(f"The plan is in {path}: esmigrate run {path} does the same without questions.")
