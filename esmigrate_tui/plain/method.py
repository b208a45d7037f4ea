"""Which method: where both clusters are known, how each stands between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.flow.method import STANDING, ask, can_be_asked, keep_what_is_offered, take
from esmigrate_tui.model.method import MethodName

if TYPE_CHECKING:
    from esmigrate_tui.methods.advice import Advice
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow


async def method(flow: PlainFlow, console: Console) -> str:
    """Which of the methods; where both clusters are known, how each stands between them."""
    if can_be_asked(flow):
        console.say("Looking which way fits …")
        await ask(flow)
    if (problem := flow.session.advising.problem) is not None:
        console.say(f"Which way fits could not be found out: {problem.sentence()}")
    methods, advice = flow.session.methods, flow.session.advice
    first = next((one.name for one in methods if one.needs_source), methods[0].name)
    words = {one.name: f"{one.title} ({one.needs}). {' '.join(one.summary)}" for one in methods}
    if advice is not None:
        words = {one.name: f"{one.title}: {_advised(one.name, advice)}" for one in methods}
    asked = "How should the data get into the destination? It should be as large as the source, or larger."
    options = [(one.name.value, words[one.name]) for one in methods]
    chosen = await console.choose(asked, options, (flow.session.draft.method or first).value)
    take(flow, MethodName(chosen))
    keep_what_is_offered(flow)
    return ""


def _advised(name: MethodName, advice: Advice) -> str:
    """How a method stands between these clusters, what has to be done first, and how long it may take."""
    from esmigrate_tui.methods.advice import estimated  # noqa: PLC0415  # the first question needs none of it

    said = advice.of(name)
    is_first = advice.recommended is name
    parts = [f"{'recommended, ' if is_first else ''}{STANDING[said.standing]}."]
    parts += [advice.reason] if is_first else []
    parts += said.why
    parts += [f"First: {todo}" for todo in said.todo]
    if said.estimate is not None:
        parts.append(f"Moving takes {estimated(said.estimate)}: {said.estimate.basis}.")
    return " ".join(parts)
