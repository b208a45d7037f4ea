"""From files, or another program that sends, to a plan that fills one index."""

from __future__ import annotations

import asyncio
import codecs
import shutil
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from esmigrate_tui.cli.connections import connected, signed_in
from esmigrate_tui.cli.plans import ANOTHER_NAME, write_plan
from esmigrate_tui.disk import replacing
from esmigrate_tui.flow import planning
from esmigrate_tui.flow.saving import write_new
from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.chosen_types import chosen_types
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.files import FileOptions, IdRule
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean, counted, number, size
from esmigrate_tui.preflight.files import how_read
from esmigrate_tui.reading.identity import UNFIT, is_new_id
from esmigrate_tui.reading.mapping import body_in
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.sample import create_body, recognised, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.cli.index_options import IndexPlanOptions
    from esmigrate_tui.flow.secrets import SignedIn
    from esmigrate_tui.model.files import FileReading, FileSample
    from esmigrate_tui.model.shipping import ShipperConfiguration, ShippingOptions

_DASH: Final = "-"
_SHOWN: Final = 3  # rows as they will be sent
_WIDE: Final = 300
_DELIMITERS: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
GUESSES: Final = '{\n  "mappings": {}\n}'
"""The body of an index whose fields the destination is to guess."""

_OF_FILES: Final = (
    *("kind", "id_field", "id_hash", "id_server", "delimiter", "encoding", "no_header", "columns"),
    *("pipeline", "batch", "pace"),
)
"""The options that mean something for files alone."""


async def make_file_plan(options: IndexPlanOptions) -> int:
    """Look into the files and at the destination, show the first rows, and write the plan."""
    rule = _rule(options)
    delimiter = _delimiter(options.delimiter)
    _must_be_known(options.encoding)
    body = await _mapping(options)
    side = (await signed_in(options.destination))[Side.DESTINATION]
    patterns = [await asyncio.to_thread(_kept, one, options) for one in options.files]
    reading = await asyncio.to_thread(_recognised, patterns, rule, delimiter, options)
    sample = await asyncio.to_thread(sampled, reading)
    draft, target = await _looked_at(options, side, body, planning.INDEX_OR_STREAM)
    create = "" if target.is_used else (body or create_body(sample))
    draft = draft.answered(reading=sample.reading, create=create)
    plan = planning.plan_of(draft, time.time())
    is_guessed = not body and not target.is_used and not target.template
    _print(preview_lines(sample, is_guessed=is_guessed))
    _print(chosen_lines("" if target.template else create, Version.parse(plan.destination_version)))
    _print(_target_lines(target))
    await write_plan(plan, (), options.written)
    return ExitCode.DONE


async def make_shipping_plan(options: IndexPlanOptions, shipping: ShippingOptions) -> int:
    """Look at the destination, write the plan, and the configuration for the sender with what to do with it."""
    _must_fit(options)
    body = await _mapping(options)
    side = (await signed_in(options.destination))[Side.DESTINATION]
    draft, target = await _looked_at(options, side, body, planning.INDEX_ALONE)
    draft = draft.answered(shipping=shipping, create="" if target.is_used else body or GUESSES)
    plan = planning.plan_of(draft, time.time())
    version = Version.parse(plan.destination_version)
    sender = configuration(shipping, plan.destination, options.into, version)
    _print(chosen_lines(draft.create, version))
    _print(_target_lines(target))
    await write_plan(plan, (), options.written)
    await _write_configuration(sender, options)
    return ExitCode.DONE


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


async def _mapping(options: IndexPlanOptions) -> str:
    return await asyncio.to_thread(body_in, str(options.mapping)) if options.mapping is not None else ""


async def _looked_at(
    options: IndexPlanOptions, side: SignedIn, body: str, kinds: frozenset[str]
) -> tuple[Draft, planning.PlannedTarget]:
    """The draft with the destination's facts, and what has the index's name there; raises ProblemError."""
    draft = Draft(
        method=MethodName.INDEX_FROM_SOURCE,
        destination=side[0],
        into=options.into,
        batch=options.batch,
        requests_per_second=options.pace,
    )
    async with connected(side) as clusters:
        draft, target = await planning.target_of(draft, clusters, kinds)
    if body and (why := target.why_no_mapping):
        what, reason = why
        raise ProblemError.of(
            Cause.EXISTS, what, why=reason, todo="Leave --mapping out, or choose another name with --into."
        )
    return draft, target


def _target_lines(target: planning.PlannedTarget) -> Iterator[str]:
    if target.template:
        yield (
            f"{clean(target.name, 300)} will be a data stream, made by the destination's template {target.template}: "
            "the types of its fields are that template's, and each row needs an @timestamp."
        )
    if target.is_used:
        yield f"The {target.kind} {clean(target.name, 300)} exists already, and is used as it is."


def preview_lines(sample: FileSample, *, is_guessed: bool) -> Iterator[str]:
    """The first rows as they will be sent, what was guessed of their fields, and the bad ones by line."""
    reading = sample.reading
    yield f"{counted(len(reading.files), 'file')}, {size(reading.size)}: {how_read(reading)}"
    yield f"The first rows of {counted(sample.amount, 'row')} that were read, as they will be sent:"
    for row in sample.rows[:_SHOWN]:
        name = "(new)" if is_new_id(row, reading) else clean(row.id, 60)
        yield f"  _id {name}  {clean(row.source.decode('utf-8', 'replace'), _WIDE)}"
    if is_guessed:
        yield "Types, guessed from these rows; correct them in the plan where they are wrong:"
        width = min(40, max((len(guess.field) for guess in sample.guesses), default=0))
        for guess in sample.guesses:
            kind = f"{guess.type or 'left open'}{f' ({guess.format})' if guess.format else ''}"
            yield f"  {clean(guess.field, 200):{width}}  {kind}: {guess.evidence}"
    if out := [column.name for column in reading.columns if column.name in UNFIT]:
        yield f"Left out of the documents: {clean(', '.join(out), 200)}; no document can hold a field of that name."
    if sample.passed:
        yield f"{counted(sample.passed, 'row')} of other indices skipped, as was asked for."
    if sample.bad:
        yield f"! {number(sample.bad)} of them cannot be read, and will be rejected:"
        for error in sample.errors:
            yield f"  {clean(error.path, 300)}:{error.line}: {error.reason}"


def _rule(options: IndexPlanOptions) -> IdRule | None:
    """The rule that the options name; None to leave it to the files."""
    rules = (
        ("--id-field", IdRule.FIELD, options.id_field),
        ("--id-hash", IdRule.HASH, options.id_hash),
        ("--id-server", IdRule.NEW, options.id_server),
    )
    given = [(name, rule) for name, rule, is_given in rules if is_given]
    if len(given) > 1:
        msg = f"{given[0][0]} and {given[1][0]} exclude each other: give one."
        raise click.UsageError(msg)
    return given[0][1] if given else None


def _delimiter(given: str) -> str:
    found = _DELIMITERS.get(given.lower(), given)
    if len(found) > 1 or found in {'"', "\n", "\r"} or not found.isascii():
        msg = f"--delimiter wants one character, or 'tab', not {clean(given, 60)!r}."
        raise click.UsageError(msg)
    return found


def _names(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(",")) if given.strip() else ()
    if not all(names):
        msg = f"--columns wants names with commas between them, such as id,city,total; not {clean(given, 100)!r}."
        raise click.UsageError(msg)
    return names


def _must_be_known(encoding: str) -> None:
    """Refuse an encoding that does not exist, or that is none of text."""
    if not encoding:
        return
    try:
        is_text = "é".encode(encoding, "replace").decode(encoding) in {"é", "?"}
        codecs.getincrementaldecoder(encoding)
    except (LookupError, UnicodeError, TypeError):
        is_text = False
    if not is_text or encoding.lower().replace("-", "_") in {"idna", "punycode", "undefined", "unicode_escape"}:
        msg = f"--encoding knows utf-8, latin-1, cp1252, utf-16 and the like, not {clean(encoding, 60)!r}."
        raise click.UsageError(msg)


def _recognised(patterns: list[str], rule: IdRule | None, delimiter: str, options: IndexPlanOptions) -> FileReading:
    names = _names(options.columns)
    wishes = FileOptions(
        format=options.kind,
        delimiter=delimiter,
        encoding=options.encoding,
        has_header=not options.no_header and not names,
        names=names,
        ids=rule,
        id_field=options.id_field,
        from_index=options.from_index,
    )
    return recognised(found_files(patterns), wishes, options.pipeline)


def _kept(pattern: str, options: IndexPlanOptions) -> str:
    """The pattern; what comes from standard input is first written into a file beside the plan.

    A run lives in a process of its own and may be resumed by another one: neither can read this terminal's input.
    """
    if pattern != _DASH:
        return pattern
    output = options.written.output
    if options.written.is_stdout:
        msg = "What comes from standard input is kept beside the plan: give the plan's file with -o."
        raise click.UsageError(msg)
    kept = output.with_name(f"{output.stem}.input")
    if kept.exists() and not options.written.force:
        raise ProblemError.of(
            Cause.USAGE,
            f"{kept} exists already.",
            why="What comes from standard input would be kept there.",
            todo=ANOTHER_NAME,
        )
    with replacing(kept, is_new=not options.written.force) as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    click.echo(f"Standard input is kept in {kept} ({size(kept.stat().st_size)}); delete it when all is done.", err=True)
    return str(kept)


def chosen_lines(create: str, version: Version) -> Iterator[str]:
    """The types that were chosen, each beside what the destination would guess; nothing where none was."""
    types = chosen_types(create, version)
    if not types:
        return
    yield "Chosen types, and what the destination would most likely guess:"
    name = min(40, max(len(one.field) for one in types))
    kind = max(len(one.chosen) for one in types)
    for one in types:
        yield f"  {one.field:{name}}  {one.chosen:{kind}}  {'the same' if one.is_same else one.guess or '?'}"


def _must_fit(options: IndexPlanOptions) -> None:
    """Refuse what means something for files alone, and two texts for one standard output."""
    if given := next((name for name in _OF_FILES if getattr(options, name)), ""):
        option = "--format" if given == "kind" else f"--{given.replace('_', '-')}"
        msg = f"{option} is about files; with --shipper the sender decides that."
        raise click.UsageError(msg)
    if options.written.is_stdout and str(options.configuration) == _DASH:
        msg = "The plan and the configuration cannot both go to standard output: give -o or --configuration a file."
        raise click.UsageError(msg)


async def _write_configuration(sender: ShipperConfiguration, options: IndexPlanOptions) -> None:
    where = options.configuration
    if where is None and options.written.is_stdout:
        click.echo(f"For the configuration of the sender ({sender.name}), add --configuration FILE.", err=True)
        return
    if where is None or str(where) == _DASH:
        click.echo(sender.text, nl=False)
    else:
        await asyncio.to_thread(write_new, where, sender.text, force=options.written.force, todo=ANOTHER_NAME)
        click.echo(f"The configuration of the sender is in {where}; it holds no secret.", err=True)
    click.echo("What to do with it:", err=True)
    for place, step in enumerate(sender.steps, start=1):
        click.echo(f"  {place}. {step}", err=True)
