"""Somebody whose answers were written down before: what they were asked, and what they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.methods import METHODS
from esmigrate_tui.plain.console import Console, EndOfInputError
from esmigrate_tui.plain.steps import FlowOutcome, PlainFlow, walk_through
from tests.wizard.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.plan import Plan


class Script:
    """The lines of a terminal: answers in, words out. A list that was broken off ends as a pipe does."""

    width = 4_000  # no sentence is broken, so that each can be found

    def __init__(self, *answers: str) -> None:
        self.answers = [*answers]
        self.told = ""
        self.secrets: list[str] = []

    def write(self, text: str) -> None:
        self.told += text

    async def ask(self, prompt: str, *, is_secret: bool) -> str:
        self.write(prompt)
        if not self.answers:
            raise EndOfInputError
        answer = self.answers.pop(0)
        if is_secret:
            self.secrets.append(answer)
        self.told += "\n" if is_secret else f"{answer}\n"
        return answer


class Planning(World):
    """A world whose plans are the methods' own, made of the answers."""

    def plan(self, draft: Draft) -> Plan:
        self._maybe("plan")
        assert draft.method is not None
        return METHODS[draft.method].plan(draft, "2026-11-25T12:00:00Z")


async def walked(
    world: World,
    script: Script,
    draft: Draft | None = None,
    **others: Any,  # noqa: ANN401  # the flow's own arguments
) -> tuple[FlowOutcome, PlainFlow]:
    """Go through the steps by a script to its end."""
    flow = PlainFlow(world.services(), Console(script), draft, **others)
    return await walk_through(flow), flow


def lines_of(script: Script, words: str) -> list[str]:
    """The lines in which these words are."""
    return [line for line in script.told.splitlines() if words in line]


def in_order(told: str, parts: Iterable[str]) -> bool:
    """Whether these come one after another in what was told."""
    at = 0
    for part in parts:
        at = told.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
