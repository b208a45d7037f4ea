"""`esmigrate plan`, `check` and `run`: a migration without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from esmigrate_tui.cli.confirmation import confirmed, overwritten
from esmigrate_tui.cli.connections import connected, connection_of, credential_for, credentials_of
from esmigrate_tui.cli.exits import print_problem
from esmigrate_tui.cli.fixes import apply_fixes, fixes_of
from esmigrate_tui.cli.output import finding_lines, printable
from esmigrate_tui.cli.runs import begin_run, follow_to_end, started_sentence
from esmigrate_tui.disk import read_text, write_whole
from esmigrate_tui.engine.runs import RunHeldError
from esmigrate_tui.flow import planning
from esmigrate_tui.model.carried import DefinitionGroup, NameConflict, amounts
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copying import AS_IT_IS, CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.plan import MOST_BYTES, Plan
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import RestoreKind
from esmigrate_tui.model.text import clean, counted, size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.connection import Connection, Credential
    from esmigrate_tui.model.plan import Task

_NAMED_KINDS: Final = frozenset({RestoreKind.DATA_STREAM, RestoreKind.FEATURE_STATE})


def renamed_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """The new names of --rename OLD=NEW."""
    renamed: dict[str, str] = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not (old and equals and new):
            msg = f"--rename wants OLD=NEW, not {clean(pair, 100)!r}."
            raise click.UsageError(msg)
        renamed[old] = new
    return renamed


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all; one that exists is kept unless `force`."""
    if path.exists() and not force:
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what=f"{path} exists already.",
                todo="Give another name with -o, or --force to overwrite it.",
            )
        )
    write_whole(path, text.encode(), is_new=not force)


async def make_plan(options: Mapping[str, Any], method: MethodName) -> int:
    """Look at both clusters, choose, and write the plan of a method that moves documents."""
    renamed = renamed_pairs(options["rename"])
    if options.get("split") == 1 and options.get("split_by"):
        raise ProblemError(
            Problem(
                cause=Cause.USAGE,
                what="--split 1 reads each index whole, so there is nothing to divide by --split-by.",
                todo="Give one of them.",
            )
        )
    sides: dict[Side, tuple[Connection, Credential]] = {}
    for side in (Side.SOURCE, Side.DESTINATION):
        sides[side] = await credential_for(connection_of(side, options), side, options[f"{side}_password_file"])
    draft = Draft(
        method=method,
        source=sides[Side.SOURCE][0],
        destination=sides[Side.DESTINATION][0],
        at_once=options["at_once"],
        batch=options["batch"],
        requests_per_second=options["pace"],
        copying=_copying(options),
        split=options.get("split", 0),
        split_by=options.get("split_by", ""),
        verify=Proof(options["verify"]) if options["verify"] else None,
        bring=tuple(group for group in DefinitionGroup if group in options["bring"]),
    )
    async with connected(sides[Side.DESTINATION], sides[Side.SOURCE]) as clusters:
        plan, choice = await planning.plan_for(
            draft,
            clusters,
            options["patterns"],
            excluded=options["excluded"],
            hidden_too=options["hidden"],
            renamed=renamed,
            now=time.time(),
        )
    await write_plan(plan, choice.left_out, options)
    return ExitCode.DONE


def _copying(options: Mapping[str, Any]) -> CopyOptions:
    """How documents are carried, as the options of a copy say; any other method has none of these."""
    chosen = CopyOptions(
        pipelines=PipelineRule(options.get("pipelines", PipelineRule.OFF)),
        versions=options.get("versions", False),
        types=TypeRule(options.get("types", TypeRule.MERGED)),
        only_type=options.get("only_type") or "",
        into_existing=options.get("into_existing", False),
    )
    if chosen.only_type and chosen.types is TypeRule.APART:
        msg = "--only-type and --types apart exclude one another: copy one type, or each into an index of its own."
        raise click.UsageError(msg)
    return AS_IT_IS if chosen == AS_IT_IS else chosen


async def write_plan(plan: Plan, left_out: Iterable[tuple[str, str]], options: Mapping[str, Any]) -> None:
    """Write the plan where the person wants it, and say what is in it."""
    plan = msgspec.structs.replace(plan, accepted=planning.accepted(options["accept"]))
    for name, why in left_out:
        click.echo(printable(f"! left out {name}: {why}"), err=True)
    output: Path = options["output"]
    if str(output) == "-":
        click.echo(plan.to_toml(), nl=False)
    else:
        await asyncio.to_thread(write_new, output, plan.to_toml(), force=options["force"])
    _print_plan(plan, output)


def _amount(task: Task) -> str:
    """How much a task moves, as far as that is known."""
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
    """What is otherwise with every index of the plan, to be said once."""
    if len(plan.tasks) < 2:
        return ()
    return tuple(change for change in plan.tasks[0].changes if all(change in task.changes for task in plan.tasks))


def _print_plan(plan: Plan, output: Path) -> None:
    shared = _shared(plan)
    for task in plan.tasks:
        goes = "" if task.destination_index == task.source_index else f" → {task.destination_index}"
        what = f"{task.kind.replace('-', ' ')} " if task.kind in _NAMED_KINDS else ""
        click.echo(printable(f"  {what}{task.label}{goes}: {_amount(task)}"), err=True)
        for change in task.changes:
            if change not in shared and change != f"it is named {task.destination_index}":  # the arrow says that
                click.echo(printable(f"      {change}"), err=True)
    for change in shared:
        click.echo(printable(f"  of each of them: {change}"), err=True)
    for one in plan.carried:
        for line in one.told():
            click.echo(printable(f"  {line}"), err=True)
    noun = ("part", "parts") if any(task.kind is not RestoreKind.INDEX for task in plan.tasks) else ("index", "indices")
    made = amounts(one.kind for one in plan.carried if one.conflict is NameConflict.NONE)
    beside = f", and beside them {made} to be made" if plan.carried else ""
    click.echo(printable(f"{counted(len(plan.tasks), *noun)} in the plan{beside}. Nothing was moved yet."), err=True)
    for line in overwritten(plan):
        click.echo(printable(f"! {line}"), err=True)
    if str(output) != "-":
        click.echo(printable(f"Next: esmigrate check {output}, then esmigrate run {output}"), err=True)


async def read_plan(path: Path) -> Plan:
    """The plan in a file."""
    return Plan.from_toml(await asyncio.to_thread(read_text, path, MOST_BYTES, "a plan"))


@contextlib.asynccontextmanager
async def clusters_of(plan: Plan, credentials: Mapping[Side, Credential]) -> AsyncIterator[Clusters]:
    """Both clusters of a plan, connected."""
    source = (plan.source, credentials[Side.SOURCE]) if plan.source is not None else None
    async with connected((plan.destination, credentials[Side.DESTINATION]), source) as clusters:
        yield clusters


async def _checked(plan: Plan, credentials: Mapping[Side, Credential], *, as_json: bool) -> tuple[Finding, ...]:
    def say(finding: Finding) -> None:
        if as_json:
            told = {"type": "finding", **msgspec.to_builtins(finding)}
            if planning.is_accepted(finding, plan.accepted):
                told["accepted"] = True
            click.echo(json_line(told))
        else:
            is_accepted = planning.is_accepted(finding, plan.accepted)
            click.echo(printable("\n".join(finding_lines(finding, is_accepted=is_accepted))))

    async with clusters_of(plan, credentials) as clusters:
        return await planning.check(plan, clusters, say)


async def _may_overwrite(plan: Plan, credentials: Mapping[Side, Credential], given: str, *, as_json: bool) -> bool:
    """Whether what is there may be overwritten, said before anything else; no plan that only adds needs a word."""
    if not overwritten(plan):
        return True
    async with clusters_of(plan, credentials) as clusters:
        name = await planning.raise_stale(plan, clusters)
    return confirmed(plan, name, given, as_json=as_json)


def _with_accepted(plan: Plan, more: Sequence[str]) -> Plan:
    return msgspec.structs.replace(plan, accepted=tuple(sorted({*plan.accepted, *planning.accepted(more)})))


async def check_plan(options: Mapping[str, Any]) -> int:
    """Preflight alone, with the fixes that are asked for; the exit code says whether anything stands in the way."""
    as_json: bool = options["as_json"]
    plan = _with_accepted(await read_plan(options["plan_file"]), options["accept"])
    credentials = await credentials_of(plan, options)
    try:
        findings = await _checked(plan, credentials, as_json=as_json)
        if options["fix"]:
            await apply_fixes(plan, credentials, fixes_of(findings, options["fix"]), as_json=as_json)
            findings = await _checked(plan, credentials, as_json=as_json)
    except planning.StalePlanError as error:
        print_problem(error.problem, sys.stderr)
        return ExitCode.STALE
    standing = planning.standing(findings, plan.accepted)
    if not as_json:
        warnings = sum(finding.severity is Severity.WARNING for finding in findings)
        click.echo(printable(f"{counted(len(findings), 'finding')}: {len(standing)} block, {warnings} warn."))
    return ExitCode.BLOCKED if standing else ExitCode.DONE


async def perform_plan(options: Mapping[str, Any]) -> int:
    """Preflight, then the run in its own process, followed until it ends."""
    as_json: bool = options["as_json"]
    plan = _with_accepted(await read_plan(options["plan_file"]), options["accept"])
    credentials = await credentials_of(plan, options)
    try:
        if not await _may_overwrite(plan, credentials, options["confirm"], as_json=as_json):
            return ExitCode.USAGE
        findings = await _checked(plan, credentials, as_json=as_json)
    except planning.StalePlanError as error:
        print_problem(error.problem, sys.stderr)
        return ExitCode.STALE
    standing = planning.standing(findings, plan.accepted)
    if standing:
        waivable = dict.fromkeys(finding.check for finding in standing if planning.can_be_waived(finding))
        accept = f", or accept what may be accepted with --accept {next(iter(waivable))}" if waivable else ""
        click.echo(
            f"esmigrate: {counted(len(standing), 'finding')} in the way; nothing was written. Put it right{accept}.",
            err=True,
        )
        return ExitCode.BLOCKED
    try:
        run_id = await begin_run(planning.as_accepted(plan, findings), credentials, findings)
    except RunHeldError as error:
        print_problem(error.problem, sys.stderr)
        return ExitCode.HELD
    if not as_json:
        click.echo(printable(started_sentence(run_id)))
    if options["detach"]:
        if as_json:
            click.echo(json_line({"type": "detached", "run": run_id}))
        return ExitCode.DETACHED
    return await follow_to_end(run_id, as_json=as_json)
