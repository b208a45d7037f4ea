"""What stands beside the indices (templates, policies, pipelines): made last, once every index exists."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Final

from esmigrate_tui.engine.context import cancelled, internal_fault
from esmigrate_tui.engine.waiting import WaitRule
from esmigrate_tui.methods.definitions_beside import bring, decided_before, not_yet
from esmigrate_tui.model.carried import CarryOutcome
from esmigrate_tui.model.event import CarriedOver
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from esmigrate_tui.engine.context import RunContext
    from esmigrate_tui.model.carried import CarriedDefinition
    from esmigrate_tui.model.problem import Problem

_INDICES_LACK: Final = "Not every index exists yet, and a template would change one that is still to be made."
_STOPPED: Final = "The run came to its end before all was done."


class DefinitionsToMake:
    """The definitions of a plan that are not made yet; `is_closing` says that no new work is begun."""

    def __init__(self, context: RunContext, done: Iterable[CarriedOver], is_closing: Callable[[], bool]) -> None:
        settled = {(one.kind, one.name) for one in done if not one.fate.is_open}
        self._left = [one for one in context.plan.carried if (one.kind, one.name) not in settled]
        self._context = context
        self._is_closing = is_closing

    def __len__(self) -> int:
        return len(self._left)

    async def make(self, *, are_indices_whole: bool) -> None:
        """Make them one after another; what is refused is reported, and ends nothing.

        What was decided with the plan is reported even where nothing is made yet.
        """
        for one in [one for one in self._left if decided_before(one) is not None]:
            await self._settle(one, decided_before(one))
        if not are_indices_whole:
            await self._leave(_INDICES_LACK)
        while self._left and not self._is_closing():
            await self._make(self._left[0])

    async def leave(self) -> None:
        """Report of each that is not made that it is left for later."""
        await self._leave(_STOPPED)

    async def _make(self, one: CarriedDefinition) -> None:
        """Make one of them, waiting for what may pass; where that does not pass, all that are left stay for later."""
        # Every task has ended, and nothing else would say why the run has not.
        wait = self._context.wait(WaitRule(text=f"waiting to make the {one.label}", is_said_once=True))
        while one in self._left and not self._is_closing():
            ledger = self._context.ledger
            try:
                fate = await bring(one, self._context.clusters.destination, ledger.recorder(0), ledger.entries)
            except ProblemError as error:
                if await self._context.is_user_needed(error.problem):
                    return
                retry = await wait.failed(error.problem)
                if retry.is_hopeless:
                    await self._settle(one, CarryOutcome.REFUSED, error.problem)
                elif retry.until is None:
                    await self._leave(error.problem.what)
                else:
                    await self._rest(retry.seconds)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the rest of the run
                traceback.print_exc()  # into process.log
                await self._settle(one, CarryOutcome.REFUSED, internal_fault(error, f"the {one.label}"))
            else:
                await self._settle(one, fate)

    async def _rest(self, seconds: float) -> None:
        """Let time pass until a command is given."""
        control = self._context.control
        nap = asyncio.ensure_future(self._context.sleep(seconds))
        news = asyncio.ensure_future(control.changed_since(control.version))
        try:
            await asyncio.wait({nap, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancelled(nap)
            await cancelled(news)

    async def _settle(self, one: CarriedDefinition, fate: CarryOutcome | None, problem: Problem | None = None) -> None:
        if fate is not None:
            at = self._context.clock()
            await self._context.record(CarriedOver(at=at, kind=one.kind, name=one.name, fate=fate, problem=problem))
            self._left.remove(one)

    async def _leave(self, why: str) -> None:
        for one in [*self._left]:
            await self._settle(one, CarryOutcome.NOT_YET, not_yet(why, self._context.run_id))
