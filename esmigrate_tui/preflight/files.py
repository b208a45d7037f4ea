"""Whether files can be indexed as planned: what is in them, where their _id comes from, what receives them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.elastic.documents import NO_PIPELINE
from esmigrate_tui.model.files import Compression, IdRule
from esmigrate_tui.model.finding import Finding, Severity
from esmigrate_tui.model.names import INDEX_NAME_RULE, index_name_problem
from esmigrate_tui.model.problem import PASSING, Cause, ProblemError
from esmigrate_tui.model.settings import named
from esmigrate_tui.model.streams import claimed_by
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.files import FieldGuess, FileReading, FileSample

# ruff: noqa: PLC0415  # what reads files is imported where there are some: every run begins with all checks loaded

FIELDS: Final = 1_000
"""index.mapping.total_fields.limit where nothing else is said."""
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
_NEARLY: Final = 0.9
_USABLE: Final = frozenset({"index", "data stream"})
_STREAMS: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/data-streams.html"
_TYPES: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/mapping-types.html"
_PIPELINES: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/ingest.html"


@check
async def files_readable(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """Whether the files are those of the plan, and whether their first rows can be read."""
    reading = draft.reading
    if reading is None:
        return
    from esmigrate_tui.reading.open_file import what_changed

    if what := await asyncio.to_thread(what_changed, reading.files):
        yield _unreadable(what, "Where a run stands is a place in the files as they were when it was planned.")
        return
    try:
        sample = await asyncio.to_thread(_sampled, reading)
    except ProblemError as error:
        yield _unreadable(error.problem.what, error.problem.why, error.problem.todo)
        return
    for finding in judged_sample(sample):
        yield finding


def judged_sample(sample: FileSample) -> Iterator[Finding]:
    """What the first rows of the files say: readable, or what is wrong with some of them."""
    reading = sample.reading
    shown = f"{counted(len(reading.files), 'file')}, {how_read(reading)}"
    if not sample.amount:
        yield blocker(
            title=f"No row in {shown}",
            why="They are not empty, and nothing of them would arrive."
            if sample.unread
            else "They are empty: an index without documents would be made, and nothing could be compared.",
            fix="See that these are the right files, and that --format, --delimiter and --from-index are right.",
        )
    elif sample.bad == sample.amount:
        yield blocker(
            title=f"None of the first {counted(sample.amount, 'row')} can be read as {reading.format}",
            evidence=first_errors(sample),
            why="Every row would be rejected.",
            fix="Say what the files are (--format, --delimiter, --encoding), and make the plan again.",
        )
    elif sample.bad:
        yield warning(
            title=f"{number(sample.bad)} of the first {counted(sample.amount, 'row')} cannot be read",
            evidence=first_errors(sample),
            why="They will be rejected, each listed with file, line and reason; the run continues, and does not end as "
            "verified.",
            fix="Correct them, or index the others and these from a file of their own later.",
        )
    else:
        yield passed(title=f"{shown}: the first {counted(sample.amount, 'row')} can be read")
    yield from _beside_rows(sample)
    if sample.repeated_ids:
        is_hash = reading.ids is IdRule.HASH
        yield Finding(
            check="sample-ids",
            severity=Severity.NOTE if is_hash else Severity.WARNING,
            title=f"{counted(len(sample.repeated_ids), '_id')} more than once in the first rows",
            evidence=listed(sample.repeated_ids),
            why="Rows that are equal become one document."
            if is_hash
            else "The first row of each is indexed, every other one is rejected: nothing is overwritten.",
            fix="Take the _id from another field, or let each row get a new one.",
        )


def _beside_rows(sample: FileSample) -> Iterator[Finding]:
    """What the first rows show that is neither a bad row nor a good one."""
    if sample.unread and sample.amount:
        yield warning(
            title=f"No row in {counted(len(sample.unread), 'file')} that {'is' if len(sample.unread) == 1 else 'are'} "
            "not empty",
            evidence=listed(clean(path, 300) for path in sample.unread),
            why="Of these nothing would arrive, and the run does not end as verified.",
            fix="Leave them out, or say what they are (--format) in a plan of their own.",
        )
    if sample.lost:
        yield warning(
            title=f"{counted(sample.lost, 'value')} in the first rows that JSON does not have: NaN, or infinite",
            why="Their documents come without these values; the report says how many there were.",
            fix="If they mean something, write them as another value in the files.",
        )


def how_read(reading: FileReading) -> str:
    """How files are read, in a few words: what is not the same for all of them with each."""
    each = [reading.alone(file) for file in reading.files] or [reading]
    packed = sorted({file.compression.value for file in reading.files} - {Compression.NONE.value})
    words = [_together([one.format.value for one in each])]
    if reading.format.has_columns:
        named = _together([_DELIMITERS.get(one.delimiter, one.delimiter) for one in each])
        words += [f"separated by {named}", _together([one.encoding for one in each])]
        words += [] if reading.has_header else ["no header"]
    elif odd := [one.encoding for one in each if one.encoding != "utf-8"]:
        words.append(_together(odd))
    if reading.from_index:
        words.append(f"of the index {clean(reading.from_index, 200)}")
    return ", ".join([*words, *packed])


def _together(traits: Sequence[str]) -> str:
    """A trait that all have; or each with how many have it."""
    found = Counter(traits)
    if len(found) == 1:
        return next(iter(found))
    return " or ".join(f"{trait} ({number(times)})" for trait, times in found.most_common())


def first_errors(sample: FileSample) -> str:
    """The first bad rows of a sample, by file and line."""
    return "; ".join(f"{clean(error.path, 300)}:{error.line}: {error.reason}" for error in sample.errors[:3])


def _unreadable(what: str, why: str, fix: str = "") -> Finding:
    return blocker(
        title=what.rstrip("."),
        why=why,
        fix=fix or "Bring the file back as it was, or make a new plan.",
    )


@check
async def stable_ids(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:  # noqa: ARG001  # the contract of a check
    """Whether a second run would find the documents of the first."""
    if draft.reading is None:
        return
    without = 0
    if draft.reading.ids is IdRule.OWN:
        with contextlib.suppress(ProblemError):  # the check of the files says so
            without = (await asyncio.to_thread(_sampled, draft.reading)).new_ids
    if draft.reading.ids.is_stable and not without:
        yield passed(title="Every row has the same _id in each run")
        return
    some = f"{number(without)} of the first rows have no _id, and get a new one" if without else ""
    yield warning(
        title=f"{some or 'Every row gets a new _id'}: another run of the same files doubles them",
        why="Resuming a run that was stopped is safe; running the plan, or another one of these files, again is not.",
        fix="Take the _id from a field that differs in each row (--id-field), or from a hash of it (--id-hash).",
    )


@check
async def target_index(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """Whether the index that the files go into can be made, or is there as the plan expects."""
    name = draft.into
    if index_name_problem(name):
        yield blocker(
            title=f"No index can have such a name: {clean(name, 300)}",
            why=INDEX_NAME_RULE,
            fix="Give it another name (--into).",
        )
        return
    if not (await clusters.destination.wire.features()).has_keywords:
        yield blocker(
            title="Files cannot be indexed into a destination before 5.0",
            why="It knows none of the types that fields get here.",
            fix="Index them into a newer one.",
        )
        return
    taken = (await clusters.destination.indices.existing([name])).get(name, "")
    count = await clusters.destination.searches.count(name) if taken in _USABLE else 0
    makes_stream = any(task.makes_stream for task in draft.tasks)
    claimed = ""
    if draft.create and not taken:
        claimed = claimed_by(name, await clusters.destination.surroundings.index_templates() or ())
    if draft.tasks and (makes_stream or claimed) and not taken:
        yield judged_claim(name, claimed, makes_stream=makes_stream, is_sent=draft.shipping is not None)
    else:
        yield judged_target(name, taken, count, makes=bool(draft.create), takes_streams=draft.shipping is None)
    if draft.reading is not None and (makes_stream or claimed or (taken == "data stream" and not draft.create)):
        for finding in judged_stream(name, await _guesses(draft)):
            yield finding


def judged_claim(name: str, template: str, *, makes_stream: bool, is_sent: bool) -> Finding:
    """What it means that a template makes a data stream of the target ("" for none), and the plan makes one or not."""
    shown = clean(name, 300)
    if template and makes_stream:
        return passed(title=f"The data stream {shown} will be created by the destination's template {template}")
    if template:
        return blocker(
            title=f"The destination's template {template} makes {shown} a data stream, and the plan an index",
            why="Under that name no index can be created."
            + (" What is watched while others send is one index." if is_sent else ""),
            fix="Choose another name (--into)." if is_sent else "Make the plan again, or choose another name (--into).",
            link=_STREAMS,
        )
    return blocker(
        title=f"No template of the destination makes {shown} a data stream any more",
        why="The plan was made when one did; what would be created now is an index with guessed types.",
        fix="Make the plan again, or make the template.",
        link=_STREAMS,
    )


def judged_stream(name: str, guesses: Sequence[FieldGuess]) -> Iterator[Finding]:
    """What a data stream wants of rows: a moment in each, and an _id that nothing else keeps from coming twice."""
    shown = clean(name, 300)
    if guesses and all(guess.field != "@timestamp" for guess in guesses):
        yield blocker(
            title=f"No row has an @timestamp, which the data stream {shown} wants of each",
            why="Every document would be refused.",
            fix="Give the rows one, in the files or by a pipeline that is made for it, or choose an index.",
            link=_STREAMS,
        )
    yield note(
        title=f"Rows are added to the data stream {shown}",
        why="It keeps an _id from coming twice only within the index that is written to at that moment: where it rolls "
        "over meanwhile, a run that is resumed may add some rows a second time. The counts would say so.",
        link=_STREAMS,
    )


def write_index(draft: Draft) -> str:
    """The index that is written to: of a data stream the newest of those that back it."""
    backing = [index.name for index in draft.destination_indices if index.data_stream == draft.into]
    return max(backing, default=draft.into)


def judged_target(name: str, taken: str, count: int, *, makes: bool, takes_streams: bool = False) -> Finding:
    """What it means that the target is there or not; `taken` says by what its name is, "" for nothing."""
    shown = clean(name, 300)
    if makes and not taken:
        return passed(title=f"The index {shown} will be created")
    is_usable = not taken or taken == "index" or (taken == "data stream" and takes_streams)
    if makes or not is_usable:
        return blocker(
            title=f"The name {shown} is taken on the destination: {taken}",
            why="The plan makes the index itself, with its own mapping."
            if taken == "index"
            else f"Documents go into an index here{' or a data stream' * takes_streams}, never into an alias.",
            fix="Choose another name (--into), or make the plan again: the existing one is then used.",
        )
    if not taken:
        return blocker(
            title=f"The index {shown} is no longer on the destination",
            why="The plan uses it as it is. Written to all the same, it would be created anew with guessed mappings.",
            fix="Make it again, or make the plan again: then the plan makes it.",
        )
    return Finding(
        severity=Severity.WARNING if count else Severity.NOTE,
        title=f"The {taken} {shown} exists with {counted(count, 'document')}, and is used as it is",
        why="New documents are added to those; none of those is overwritten, whatever its _id.",
        fix="If they should not be mixed, choose another name (--into).",
    )


@waivable
async def chosen_mapping(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What types the fields will have, and whether there is room for them."""
    if any(task.makes_stream for task in draft.tasks):
        return  # its template says it
    if not draft.create:
        mappings = await _existing(clusters, f"/{quote(write_index(draft), safe='')}/_mapping")
        [of_index] = mappings.values() if mappings and len(mappings) == 1 else [{}]
        mappings = of_index.get("mappings", {})
        settings = await clusters.destination.indices.settings_of(write_index(draft)) if mappings else {}
    else:
        body = msgspec.json.decode(draft.create)
        mappings, settings = body.get("mappings", {}), named(body.get("settings", {}))
    guesses = await _guesses(draft)
    for finding in judged_mapping(mappings, settings, guesses, is_planned=bool(draft.create)):
        yield finding
    for finding in judged_names(mappings, guesses):
        yield finding


def _sampled(reading: FileReading) -> FileSample:
    """The first rows of the files; raises ProblemError."""
    from esmigrate_tui.reading.sample import sampled

    return sampled(reading)


async def _guesses(draft: Draft) -> tuple[FieldGuess, ...]:
    """What the fields of the first rows most likely are; () where there are no files, or they cannot be read."""
    if draft.reading is None:
        return ()
    from esmigrate_tui.reading.identity import field_of

    left_out = {field_of(column.name) for column in draft.reading.columns if not column.type}
    try:
        sample = await asyncio.to_thread(_sampled, msgspec.structs.replace(draft.reading, columns=()))
    except ProblemError:
        return ()  # the check of the files says so
    return tuple(guess for guess in sample.guesses if guess.field not in left_out)


def judged_names(mappings: Mapping[str, Any], guesses: Sequence[FieldGuess]) -> Iterator[Finding]:
    """Whether the fields of the first rows can stand beside one another in an index."""
    from esmigrate_tui.reading.guess import MIXED, conflicts
    from esmigrate_tui.reading.identity import METADATA, is_no_field

    if odd := [guess.field for guess in guesses if is_no_field(guess.field)]:
        yield blocker(
            title=f"A field cannot have such a name: {listed(quoted(name) for name in odd)}",
            why="No server takes a document with a name that is empty, or has nothing before or between its dots.",
            fix="Rename it in the files, or leave that column out.",
            link=_TYPES,
        )
    if metadata := [guess.field for guess in guesses if guess.field in METADATA]:
        yield blocker(
            title=f"No document can hold a field of this name: {listed(metadata)}",
            why="It is one of Elasticsearch's own: every document that has it is refused.",
            fix="Rename it in the files, or take it out of them.",
            link=_TYPES,
        )
    kept = mappings.get("properties", {})
    for field, inner in conflicts(guesses):
        entry = kept.get(field) if isinstance(kept, dict) else None
        is_unparsed = isinstance(entry, dict) and entry.get("enabled") in {False, "false"}
        if is_unparsed or mappings.get("subobjects") in {False, "false", "auto"}:
            continue
        yield blocker(
            title=f"{clean(field, 200)} is a value, and {clean(inner, 200)} would be within it",
            why="A field is a value or an object: the destination refuses every document that has both.",
            fix="Rename one of them in the files, or leave one of the columns out (x where the mapping is shown).",
            link=_TYPES,
        )
    if mixed := [guess.field for guess in guesses if guess.evidence == MIXED]:
        yield warning(
            title=f"{listed(clean(name, 200) for name in mixed)}: an object in some rows, a plain value in others",
            why="The first document decides which of them the field is; the others are refused.",
            fix="Have it kept without being parsed (enabled: false in its mapping), or change the rows.",
            link=_TYPES,
        )


def quoted(name: str) -> str:
    """A name in quotes, so that one of blanks is seen."""
    return f'"{clean(name, 100)}"'


def judged_mapping(
    mappings: Mapping[str, Any], settings: Mapping[str, Any], guesses: Sequence[FieldGuess], *, is_planned: bool
) -> Iterator[Finding]:
    """Whether fields have chosen types, and how many there are of those that there may be.

    `guesses` say what the destination would take the fields of the first rows for.
    """
    if "properties" not in mappings and mappings:
        mappings = next((one for one in mappings.values() if isinstance(one, dict)), mappings)  # a type of 6.x
    properties = mappings.get("properties", {})
    fields = amount_of_fields(properties)
    if not properties:
        yield warning(
            title="No field has a chosen type: the destination guesses each from the first document that has it",
            evidence=listed([f"{one.field} would be {one.dynamic}" for one in guesses if one.dynamic], 12),
            why="A guess cannot be changed later without indexing everything again.",
            fix="Choose types for its fields (--mapping, or Mapping in the wizard), or write them into the plan.",
            link=_TYPES,
        )
    elif is_planned:
        shown = ", ".join(f"{clean(name, 60)}: {_kind(one)}" for name, one in list(properties.items())[:12])
        yield note(
            title=f"{counted(fields, 'field')} in the plan's mapping: {shown}",
            why="Types that were guessed from a sample can be corrected in the plan before anything is written.",
            link=_TYPES,
        )
    limit = str(settings.get("index.mapping.total_fields.limit", FIELDS))
    most = int(limit) if limit.isdigit() else FIELDS
    if fields > most * _NEARLY:
        yield Finding(
            severity=Severity.BLOCKER if fields > most else Severity.WARNING,
            title=f"{number(fields)} of {number(most)} fields that the index may have",
            why="A document with one field more is refused.",
            fix="Leave fields out, or raise the limit in the settings of the plan:",
            copy=f'"index.mapping.total_fields.limit": {max(2 * most, 2 * fields)}',
        )


def amount_of_fields(properties: Mapping[str, Any]) -> int:
    """How many fields a mapping has as the limit counts them: objects and further fields too."""
    return sum(
        1 + amount_of_fields(one.get("properties", {})) + amount_of_fields(one.get("fields", {}))
        for one in properties.values()
        if isinstance(one, dict)
    )


def _kind(field: object) -> str:
    if not isinstance(field, dict):
        return "?"
    return clean(str(field.get("type", "object")), 40)


@waivable
async def pipelines_and_templates(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """What will touch the documents on their way: the plan's pipeline, the index's own, and those of templates."""
    wanted = draft.reading.pipeline if draft.reading is not None else ""
    is_named = wanted not in {"", NO_PIPELINE}
    if is_named and await _existing(clusters, f"/_ingest/pipeline/{quote(wanted, safe='')}") is None:
        yield blocker(
            title=f"The destination has no pipeline {clean(wanted, 200)}, or does not show it",
            why="Every document would be refused.",
            fix="Make it first, or leave --pipeline out.",
            link=_PIPELINES,
        )
    settings = await _settings(draft, clusters)
    acting = {
        key.removeprefix("index."): clean(str(settings[key]), 200)
        for key in ("index.default_pipeline", "index.final_pipeline")
        if settings.get(key) not in {None, "", NO_PIPELINE}
    }
    if wanted:
        acting.pop("default_pipeline", None)  # the one that is asked for takes its place
    for kind, name in acting.items():
        yield warning(
            title=f"Every document goes through the pipeline {name} ({kind.replace('_', ' ')})",
            why="It may change documents, or drop them: then fewer arrive than there are rows.",
            fix='To pass a default one by, plan with --pipeline _none; a final one is switched off by "_none" in the '
            "settings of the plan or of the index.",
            link=_PIPELINES,
        )


async def _settings(draft: Draft, clusters: Clusters) -> dict[str, Any]:
    """The settings that the index has, or will have by templates and by the plan."""
    name = draft.into
    if not draft.create:
        try:
            return dict(await clusters.destination.indices.settings_of(write_index(draft)))
        except ProblemError as error:
            if error.problem.cause is Cause.MISSING:
                return {}
            raise
    by_templates = await clusters.destination.surroundings.settings_by_templates([name], ("*",)) or {}
    return by_templates.get(name, {}) | named(msgspec.json.decode(draft.create).get("settings", {}))


async def _existing(clusters: Clusters, path: str) -> dict[str, dict[str, Any]] | None:
    """What exists at the path; None where nothing does, or nothing that this user may see."""
    try:
        return await clusters.destination.wire.get(path, dict[str, dict[str, Any]])
    except ProblemError as error:
        if error.problem.cause in PASSING:
            raise
        return None
