"""What a plan overwrites on the destination, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.snapshot import RestoreKind, TakenNameRule
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from esmigrate_tui.model.plan import Plan

_ALL: Final = 1_000  # a plan names what it deletes in full, and so does this


def overwritten(plan: Plan) -> tuple[str, ...]:
    """Everything there that the plan deletes, closes or replaces, in words; nothing where it only adds."""
    found: list[str] = []
    indices = [task for task in plan.tasks if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}]
    for way, words in ((TakenNameRule.DELETE, "Deleted"), (TakenNameRule.CLOSE, "Closed and overwritten")):
        names = list(dict.fromkeys(name for task in indices for name, its in task.in_the_way.items() if its is way))
        if names:
            found.append(f"{words} on the destination: {listed(names, _ALL)}")
    for task in plan.tasks:
        if task.kind is RestoreKind.FEATURE_STATE:
            there = f": {listed([*task.in_the_way], _ALL)}" if task.in_the_way else ""
            found.append(f"The state of the feature {clean(task.source_index)} is replaced on the destination{there}")
    if any(task.kind is RestoreKind.GLOBAL_STATE for task in plan.tasks):
        found.append(
            "The global state of the destination is overwritten: persistent settings, templates, pipelines, policies"
        )
    return tuple(found)
