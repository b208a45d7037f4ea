"""Files, or another program that sends: what can be answered, what a look has shown, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexState
from esmigrate_tui.model.files import FileFormat, FileInspection, FileSample, IdRule
from esmigrate_tui.model.names import index_name_problem
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShipperConfiguration, ShippingOptions
from esmigrate_tui.model.text import clean, counted, number

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import FileChoice, Session
    from esmigrate_tui.model.draft import Draft


def shipping_of(file_choice: FileChoice) -> ShippingOptions | None:
    """Who sends, and how many documents; None where it is files, or where the number is none."""
    typed = file_choice.expected.replace(" ", "")
    if file_choice.sender is None or (typed and not (typed.isascii() and typed.isdigit() and int(typed) > 0)):
        return None
    return ShippingOptions(shipper=file_choice.sender, expected=int(typed) if typed else None)


def why_not_into(draft: Draft) -> str:
    """Why documents cannot go into the index of that name; "" where it is free, or can be used as it is."""
    if wrong := index_name_problem(draft.into):
        return wrong
    for index in draft.destination_indices:
        if draft.into in index.aliases:
            return "an alias there has that name"
        if draft.into == index.name and index.state is IndexState.CLOSED:
            return "it is closed there"
    return ""


def there_already(draft: Draft) -> str:
    """The index that is written to where what documents go into is there: of a data stream the newest; else ""."""
    names = [index.name for index in draft.destination_indices if draft.into in {index.name, index.data_stream}]
    return max(names, default="")


FIRST_ROWS: Final = "The first rows as they will be sent:"
TO_DO: Final = "What to do, once the run watches:"


def unreadable_rows(sample: FileSample) -> str:
    """How many of the first rows cannot be read, and what becomes of them; "" for none."""
    if not sample.bad:
        return ""
    first_rows = f"the first {counted(sample.amount, 'row')}"
    if sample.is_unreadable:
        return f"None of {first_rows} is {sample.reading.format}: choose another way to read them."
    some = f"{number(sample.bad)} of {first_rows} cannot be read."
    return f"{some} They will be rejected, each with its line; the others are indexed."


def repeated_ids(sample: FileSample) -> str:
    """Which _id several of the first rows have; "" for none."""
    ids = ", ".join(clean(one, 60) for one in sample.repeated_ids[:5])
    return f"The same _id more than once: {ids}" if ids else ""


Options = tuple[tuple[str, str], ...]

FROM: Final = (
    ("files", "files of this machine"),
    ("sent", "another program sends them (Logstash, Filebeat, a client …)"),
)
SENDERS: Final = tuple((shipper.value, shipper.title) for shipper in Shipper)
HEADER: Final = (("yes", "names the columns"), ("no", "is data already"))
_FORMATS: Final[dict[FileFormat, str]] = {
    FileFormat.NDJSON: "one JSON object a line",
    FileFormat.JSON: "an array, or objects one after another",
    FileFormat.BULK: "action lines and documents in turn",
    FileFormat.ELASTICDUMP: "what elasticdump wrote, a hit a line",
    FileFormat.HITS: "search responses, or arrays of hits",
    FileFormat.CSV: "a table, its first row names the columns",
    FileFormat.TSV: "a table with tabs",
    FileFormat.PARQUET: "columns",
}
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "blank"}
_ENCODINGS: Final = (
    "utf-8",
    "cp1252",
    "latin-1",
    "iso8859-15",
    "cp1250",
    "cp1251",
    "cp850",
    "utf-16",
    "gb18030",
    "cp932",
)
_NEW: Final = "a new one for each row: a second run doubles them"
NO_TYPES: Final = '{\n  "settings": {},\n  "mappings": {\n    "properties": {}\n  }\n}'
"""The body of an index whose fields nobody has seen yet."""


def formats(file_choice: FileChoice) -> tuple[Options, str]:
    """What files can be read as, and what was chosen of that."""
    sample = sample_of(file_choice)
    seen = f"{sample.reading.format} (recognised)" if sample is not None and file_choice.wishes.format is None else ""
    options = [("", seen or "what they are recognised as")]
    options += [(kind.value, f"{kind}: {words}") for kind, words in _FORMATS.items()]
    return tuple(options), file_choice.wishes.format or ""


def delimiters(file_choice: FileChoice) -> tuple[Options, str]:
    """What can stand between the cells of a table, and what was chosen of that."""
    sample = sample_of(file_choice)
    seen = _DELIMITERS.get(sample.reading.delimiter, sample.reading.delimiter) if sample is not None else ""
    first = f"{seen} (recognised)" if seen and not file_choice.wishes.delimiter else "what is recognised"
    return (("", first), *_DELIMITERS.items()), file_choice.wishes.delimiter


def encodings(file_choice: FileChoice) -> tuple[Options, str]:
    """The encodings of a table, and what was chosen of that."""
    sample = sample_of(file_choice)
    is_recognised = sample is not None and not file_choice.wishes.encoding
    first = f"{sample.reading.encoding} (recognised)" if sample is not None and is_recognised else "what is recognised"
    return (("", first), *((name, name) for name in _ENCODINGS)), file_choice.wishes.encoding


def id_rules(file_choice: FileChoice) -> tuple[Options, str]:
    """Where the _id can come from, and what was chosen of that."""
    kind = format_of(file_choice)
    sample = sample_of(file_choice)
    has_ids = (kind is not None and kind.has_ids) or (sample is not None and sample.reading.ids is IdRule.OWN)
    options = [("", "its own, as the file has it" if has_ids else _NEW)]
    options += [
        (IdRule.FIELD.value, "the value of a field"),
        (IdRule.HASH.value, "a hash of the row: equal rows are one document"),
    ]
    if has_ids or file_choice.wishes.ids is IdRule.NEW:
        options.append((IdRule.NEW.value, _NEW))
    chosen = file_choice.wishes.ids.value if file_choice.wishes.ids is not None else ""
    return tuple(options), chosen if chosen in dict(options) else ""


def fields_asked(file_choice: FileChoice, *, is_seen: bool) -> dict[str, bool]:
    """Which fields the answers so far ask for, where files that are named were looked at or not."""
    kind = format_of(file_choice)
    is_sent = file_choice.sender is not None
    is_seen = is_seen and not is_sent
    is_table = is_seen and kind is not None and kind.has_columns
    return {
        "sender": is_sent,
        "files": not is_sent,
        "format": is_seen,
        "delimiter": is_table,
        "encoding": is_table,
        "header": is_table,
        "names": is_table and not file_choice.wishes.has_header,
        "from-index": is_seen and may_be_of_several(file_choice),
        "ids": is_seen,
        "id-field": is_seen and file_choice.wishes.ids is IdRule.FIELD,
        "into": is_seen or is_sent,
        "expected": is_sent,
        "pipeline": is_seen,
    }


def names_of(typed: str) -> tuple[str, ...]:
    """The names of columns with commas between them; one that is empty is called by its place."""
    names = tuple(name.strip() for name in typed.split(","))
    return names if any(names) else ()


def sample_of(file_choice: FileChoice) -> FileSample | None:
    """The first rows of the files, once they were looked at."""
    return file_choice.look.sample if file_choice.look is not None else None


def format_of(file_choice: FileChoice) -> FileFormat | None:
    """What the files are read as, once that is known."""
    sample = sample_of(file_choice)
    return file_choice.wishes.format or (sample.reading.format if sample is not None else None)


def may_be_of_several(file_choice: FileChoice) -> bool:
    """Whether the files name an index with each document, so that there may be several."""
    return file_choice.look is not None and any(kind is not None and kind.has_ids for kind in file_choice.look.formats)


def known_fields(file_choice: FileChoice) -> tuple[str, ...]:
    """The fields that were seen; those that cannot be typed as they are shown are left out."""
    sample = sample_of(file_choice)
    return tuple(guess.field for guess in sample.guesses if clean(guess.field) == guess.field) if sample else ()


# -- what is taken as an answer ---------------------------------------------------------------------------------------


def configuration_for(session: Session) -> ShipperConfiguration:
    """What the sender is told of this destination; raises ProblemError where it cannot be told."""
    from esmigrate_tui.methods.index_from_source.shippers import configuration  # noqa: PLC0415  # loaded when first needed

    draft, sender = session.draft, session.file_choice.sender
    if sender is None or draft.destination is None or draft.destination_facts is None:
        raise ProblemError.of(Cause.STATE, "The destination is not connected.")
    shipping = shipping_of(session.file_choice) or ShippingOptions(shipper=sender)
    return configuration(shipping, draft.destination, draft.into or "INDEX", draft.destination_facts.version)


def _settled_of_others(session: Session) -> Session:
    """The session with the sender as an answer; a mapping that was edited holds."""
    file_choice = session.file_choice
    mapping = file_choice.mapping if file_choice.guessed == NO_TYPES and file_choice.mapping else NO_TYPES
    create = "" if file_choice.there is not None else mapping
    session = session.answered(shipping=shipping_of(file_choice), reading=None, create=create)
    return session.but(file_choice=msgspec.structs.replace(file_choice, guessed=NO_TYPES, mapping=mapping, left_out=()))


def settled(session: Session) -> Session:
    """The session with the files as answers; a mapping that was edited holds as long as its guess does."""
    from esmigrate_tui.reading.identity import field_of  # noqa: PLC0415  # loaded when first needed
    from esmigrate_tui.reading.sample import create_body  # noqa: PLC0415  # loaded when first needed

    file_choice = session.file_choice
    if file_choice.sender is not None:
        return _settled_of_others(session)
    sample = sample_of(file_choice)
    if sample is None:
        return session
    guessed = create_body(sample)
    mapping = file_choice.mapping if file_choice.mapping and file_choice.guessed == guessed else guessed
    columns = tuple(
        msgspec.structs.replace(column, type="") if field_of(column.name) in file_choice.left_out else column
        for column in sample.reading.columns
    )
    reading = msgspec.structs.replace(sample.reading, columns=columns, pipeline=file_choice.pipeline)
    session = session.answered(shipping=None, reading=reading, create="" if file_choice.there is not None else mapping)
    return session.but(file_choice=msgspec.structs.replace(file_choice, guessed=guessed, mapping=mapping))


# -- what is done ----------------------------------------------------------------------------------------------------


async def look(flow: Flow) -> bool:
    """Look at the files as they are to be read now; whether they could be looked at."""
    file_choice = flow.session.file_choice
    seen: FileInspection | None = None
    with flow.waiting("file_choice", "looking at the files"):
        seen = await _looked_at(flow, file_choice)
    flow.update_part("file_choice", look=seen, looked_for=(file_choice.typed, file_choice.wishes))
    return seen is not None


async def _looked_at(flow: Flow, file_choice: FileChoice) -> FileInspection:
    try:
        return await flow.services.files(file_choice.typed, file_choice.wishes)
    except ProblemError:
        raise
    except Exception:  # noqa: BLE001  # a file is not worth losing every answer for
        raise ProblemError.of(
            Cause.INTERNAL,
            "The files cannot be looked at.",
            why="They hold something that this program does not expect; it is a fault of the program, not of them.",
            todo="Say how they are to be read, or convert them to lines of JSON.",
        ) from None


async def settle(flow: Flow) -> str:
    """See what the destination has of that name, and take the files as answers; why not, "" where it was done.

    A problem of the destination is the file_choice's problem, and a sentence as well.
    """
    into = flow.session.draft.into
    with flow.waiting("file_choice", f"asking the destination for {into}"):
        cluster = flow.cluster(Side.DESTINATION)
        flow.update(flow.session.answered(destination_indices=await cluster.indices.every()))
        name = there_already(flow.session.draft)
        flow.update_part("file_choice", there=(await cluster.indices.definitions([name])).get(name) if name else None)
    if (problem := flow.session.file_choice.problem) is not None:
        return problem.sentence()
    is_stream = any(index.data_stream == into for index in flow.session.draft.destination_indices)
    wrong = why_not_into(flow.session.draft)
    if is_stream and flow.session.file_choice.sender is not None:
        wrong = "a data stream there has that name, and it is an index that is watched"
    if wrong:
        return f"Not into {into}: {wrong}."
    flow.update(settled(flow.session))
    return ""
