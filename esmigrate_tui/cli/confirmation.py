"""What a plan overwrites on the destination, and the one word that agrees to it: the destination's own name."""

from __future__ import annotations

import sys
from shlex import quote
from typing import TYPE_CHECKING

import click

from esmigrate_tui.model.snapshot import RestoreKind, TakenNameRule
from esmigrate_tui.model.text import clean, listed

if TYPE_CHECKING:
    from esmigrate_tui.model.plan import Plan

_ALL = 1_000  # a plan names what it deletes in full, and so is it said


def overwritten(plan: Plan) -> tuple[str, ...]:
    """Everything there that the plan deletes, closes or replaces, in words; nothing where it only adds."""
    said: list[str] = []
    indices = [task for task in plan.tasks if task.kind in {RestoreKind.INDEX, RestoreKind.DATA_STREAM}]
    for way, words in ((TakenNameRule.DELETE, "Deleted"), (TakenNameRule.CLOSE, "Closed and overwritten")):
        names = list(dict.fromkeys(name for task in indices for name, its in task.in_the_way.items() if its is way))
        if names:
            said.append(f"{words} on the destination: {listed(names, _ALL)}")
    features = [task for task in plan.tasks if task.kind is RestoreKind.FEATURE_STATE]
    for task in features:
        there = f": {listed([*task.in_the_way], _ALL)}" if task.in_the_way else ""
        said.append(f"The state of the feature {clean(task.source_index)} is replaced on the destination{there}")
    if any(task.kind is RestoreKind.GLOBAL_STATE for task in plan.tasks):
        said.append(
            "The global state of the destination is overwritten: persistent settings, templates, pipelines, policies"
        )
    return tuple(said)


def confirmed(plan: Plan, name: str, given: str, *, as_json: bool = False) -> bool:
    """Whether somebody agrees that the plan overwrites what it does on the cluster `name`; it is said first.

    `given` is the name on the command line, "" for none: then it is asked for, where there is a terminal to ask on.
    """
    for line in overwritten(plan):
        click.echo(f"! {line}.", err=True)
    if not given and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        given = click.prompt(f"To agree, type the name of the destination ({clean(name)})", default="")
    if given == name:
        return True
    wrong = f"The destination is not called {clean(given, 200)}" if given else "This overwrites what is there"
    click.echo(f"esmigrate: {wrong}; nothing was done. To agree, give --confirm {quote(clean(name))}", err=True)
    return False
