"""What all plans have on the command line: the options of those that move documents, and how one is handed over."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Final

import click
import msgspec

from esmigrate_tui.cli.options import (
    RATE,
    Batch,
    CommandOption,
    DestinationOptions,
    Excluded,
    Hidden,
    PlanOutput,
    Renamed,
    SourceOptions,
    command,
)
from esmigrate_tui.cli.output import printable
from esmigrate_tui.model.carried import DefinitionGroup, NameConflict, amounts
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copy_options import AS_IT_IS, CopyOptions
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, counted, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.methods.description import MethodDescription
    from esmigrate_tui.model.plan import Plan, Task

_NAMED_KINDS: Final = frozenset({RestoreKind.DATA_STREAM, RestoreKind.FEATURE_STATE})
ANOTHER_NAME: Final = "Give another name with -o, or --force to overwrite it."


class MovingPlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan needs that moves indices document by document: both clusters, what, and how."""

    source: SourceOptions
    destination: DestinationOptions
    patterns: Annotated[
        tuple[str, ...],
        CommandOption("Index to move; * ? [ ] match many.", "PATTERN", names=("--index",), required=True),
    ]
    excluded: Excluded = ()
    hidden: Hidden = False
    renamed: Renamed = ()
    at_once: Annotated[
        int,
        CommandOption(
            "Indices at the same time at most. 0: many small ones together, a large one alone, as clusters bear it.",
            within=click.IntRange(0, 32),
        ),
    ] = 0
    batch: Batch = 0
    pace: Annotated[float, CommandOption("Documents a second and index at most; 0: no limit.", within=RATE)] = 0.0
    verify: Annotated[
        Proof | None,
        CommandOption(
            "How it is proved that nothing was lost: by the counts of both sides, also by 20 random documents of "
            "each index, or by every document. Default: samples where bytes are kept (copy-through-here), else "
            "counts."
        ),
    ] = None
    bring: Annotated[
        tuple[DefinitionGroup, ...],
        CommandOption(
            "Also carry over these, translated to the newer version: made at the end, once every index exists. What "
            "has the name on the destination stays as it is. May be given several times.",
            names=("--with",),
        ),
    ] = ()
    written: PlanOutput


def moving_command(described: MethodDescription) -> click.Command:
    """`esmigrate plan NAME` of a method that has no options but those of every method that moves documents."""

    async def make(options: MovingPlanOptions) -> int:
        return await make_moving_plan(options, described.name)

    make.__doc__ = f"{described.command}\n\n{described.explained}"
    return command(described.name.value, MovingPlanOptions)(make)


async def make_moving_plan(
    options: MovingPlanOptions,
    method: MethodName,
    *,
    copying: CopyOptions = AS_IT_IS,
    split: int = 0,
    split_by: str = "",
) -> int:
    """Look at both clusters, choose, and write the plan of a method that moves documents."""
    from esmigrate_tui.cli.connections import connected, signed_in  # noqa: PLC0415  # --help needs none of it
    from esmigrate_tui.flow.planning import plan_for  # noqa: PLC0415  # the same

    renamed = pairs("--rename", "OLD=NEW", options.renamed)
    sides = await signed_in(options.source, options.destination)
    draft = Draft(
        method=method,
        source=sides[Side.SOURCE][0],
        destination=sides[Side.DESTINATION][0],
        at_once=options.at_once,
        batch=options.batch,
        requests_per_second=options.pace,
        copying=copying,
        split=split,
        split_by=split_by,
        verify=options.verify,
        bring=tuple(group for group in DefinitionGroup if group in options.bring),
    )
    async with connected(sides[Side.DESTINATION], sides[Side.SOURCE]) as clusters:
        plan, choice = await plan_for(
            draft,
            clusters,
            options.patterns,
            excluded=options.excluded,
            hidden_too=options.hidden,
            renamed=renamed,
            now=time.time(),
        )
    await write_plan(plan, choice.left_out, options.written)
    return ExitCode.DONE


def pairs(option: str, form: str, given: Sequence[str], *, may_be_empty: bool = False) -> dict[str, str]:
    """The values of an option that is given as KEY=VALUE, as often as wanted; raises click.UsageError."""
    found: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not (key and equals and (value or may_be_empty)):
            msg = f"{option} wants {form}, not {clean(pair, 100)!r}."
            raise click.UsageError(msg)
        found[key] = value
    return found


async def write_plan(plan: Plan, left_out: Iterable[tuple[str, str]], written: PlanOutput) -> None:
    """Write the plan where the user wants it, and print what is in it."""
    from esmigrate_tui.flow.acceptance import accepted  # noqa: PLC0415  # --help needs none of it
    from esmigrate_tui.flow.saving import write_new  # noqa: PLC0415  # the same

    plan = msgspec.structs.replace(plan, accepted=accepted(written.accept))
    print_left_out(left_out)
    if written.is_stdout:
        click.echo(plan.to_toml(), nl=False)
    else:
        await asyncio.to_thread(write_new, written.output, plan.to_toml(), force=written.force, todo=ANOTHER_NAME)
    _print_plan(plan, written)


def print_left_out(left_out: Iterable[tuple[str, str]]) -> None:
    """What a pattern matched but was left out, each with the reason."""
    for name, why in left_out:
        click.echo(printable(f"! left out {name}: {why}"), err=True)


def _amount(task: Task) -> str:
    if task.kind is RestoreKind.GLOBAL_STATE:
        return "settings and templates of the whole cluster"
    if task.shipping is not None:
        expected = task.shipping.expected
        return "until you say that it is enough" if expected is None else f"{counted(expected, 'document')} expected"
    parts = [counted(task.shards, "shard")] if task.shards is not None else []
    if task.documents is not None:
        parts.append(counted(task.documents, "document"))
    return ", ".join([*parts, size(task.size) if task.size is not None else "size not known"])


def _shared(plan: Plan) -> tuple[str, ...]:
    """What differs from the source for every index of the plan, to be said once."""
    if len(plan.tasks) < 2:
        return ()
    return tuple(change for change in plan.tasks[0].changes if all(change in task.changes for task in plan.tasks))


def _print_plan(plan: Plan, written: PlanOutput) -> None:
    from esmigrate_tui.flow.review import overwritten  # noqa: PLC0415  # --help needs none of it

    shared = _shared(plan)
    lines: list[str] = []
    for task in plan.tasks:
        goes = "" if task.destination_index == task.source_index else f" → {task.destination_index}"
        what = f"{task.kind.replace('-', ' ')} " if task.kind in _NAMED_KINDS else ""
        lines.append(f"  {what}{task.label}{goes}: {_amount(task)}")
        own = (change for change in task.changes if change not in shared)
        # the arrow has said the new name already
        lines += [f"      {change}" for change in own if change != f"it is named {task.destination_index}"]
    lines += [f"  of each of them: {change}" for change in shared]
    lines += [f"  {line}" for one in plan.carried for line in one.lines()]
    noun = ("part", "parts") if any(task.kind is not RestoreKind.INDEX for task in plan.tasks) else ("index", "indices")
    made = amounts(one.kind for one in plan.carried if one.conflict is NameConflict.NONE)
    beside = f", and beside them {made} to be made" if plan.carried else ""
    lines.append(f"{counted(len(plan.tasks), *noun)} in the plan{beside}. Nothing was moved yet.")
    lines += [f"! {line}" for line in overwritten(plan)]
    if not written.is_stdout:
        lines.append(f"Next: esmigrate check {written.output}, then esmigrate run {written.output}")
    click.echo("\n".join(printable(line) for line in lines), err=True)
