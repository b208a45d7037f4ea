"""The mapping: every field with what it becomes, and the changes that can be made to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.identity import field_of
from esmigrate_tui.reading.mapping import BOTH, OPEN, UNSEARCHED, entries, entry_of, kind_of, with_entry

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.files import FieldGuess, FileSample

LEFT_OUT: Final = "left out"
OWN_GUESS: Final = "its own guess"

KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("keyword", "exact values: to filter, sort and count by"),
    ("text", "words of prose, searched one by one"),
    (BOTH, "searched by words, and whole as FIELD.keyword"),
    ("long", "whole numbers"),
    ("integer", "whole numbers up to 2 147 483 647, half the room"),
    ("double", "numbers with a fraction, 15 digits"),
    ("float", "numbers with a fraction, 7 digits, half the room"),
    ("boolean", "true or false"),
    ("date", "moments; f says how they are written"),
    ("ip", "addresses, IPv4 and IPv6"),
    ("geo_point", "latitude and longitude"),
    ("object", "fields within it"),
    ("nested", "several objects in one row, each searched by itself"),
    (UNSEARCHED, "stays in the document, neither parsed nor searched"),
    (OPEN, "the destination goes by the first value that comes"),
)


@dataclass(frozen=True)
class MappedField:
    """A field: what the mapping makes of it, and what was guessed. `name` is what it is called in what it is in."""

    field: str
    name: str
    depth: int
    kind: str
    format: str = ""
    guess: FieldGuess | None = None
    is_changed: bool = False
    is_left_out: bool = False


def mapped(session: Session) -> tuple[MappedField, ...]:
    """Every field that was seen or is in the mapping, in the order of the files."""
    file_choice, sample = session.file_choice, seen_of(session)
    guesses = {guess.field: guess for guess in sample.guesses} if sample is not None else {}
    now = entries(body_there(session))
    before = entries(file_choice.guessed) if file_choice.there is None else now
    rows = []
    depths: dict[str, int] = {}
    for field in dict.fromkeys((*guesses, *now)):
        entry = now.get(field)
        outer, _, name = field.rpartition(".")
        depths[field] = depths[outer] + 1 if outer in depths else 0
        rows.append(
            MappedField(
                field=field,
                name=name if depths[field] else field,
                depth=depths[field],
                kind=kind_of(entry),
                format=clean(str(entry.get("format", "")), 200) if entry is not None else "",
                guess=guesses.get(field),
                is_changed=_own(entry) != _own(before.get(field)) or field in file_choice.left_out,
                is_left_out=field in file_choice.left_out,
            )
        )
    return tuple(rows)


def seen_of(session: Session) -> FileSample | None:
    """What was seen of the files; nothing of what others will send."""
    file_choice = session.file_choice
    return file_choice.look.sample if file_choice.look is not None and file_choice.sender is None else None


def _own(entry: dict[str, Any] | None) -> dict[str, Any] | None:
    """An entry without the fields within it, which have rows of their own."""
    return None if entry is None else {name: value for name, value in entry.items() if name != "properties"}


def body_there(session: Session) -> str:
    """The body that makes the index; or what the index that is there has."""
    there = session.file_choice.there
    if there is None:
        return session.file_choice.mapping
    mappings = there.mappings
    if "properties" not in mappings and len(mappings) == 1:  # the one type of an index of 6.x
        mappings = next((one for one in mappings.values() if isinstance(one, dict)), mappings)
    return msgspec.json.encode({"mappings": mappings}).decode()


def sentences(row: MappedField, session: Session) -> tuple[str, ...]:
    """What is known of a field."""
    if session.file_choice.there is not None:
        here = row.guess.type if row.guess is not None else ""
        seen = f"In the files it looks like {here}." if here else ""
        return tuple(filter(None, (seen, "The index exists already: its mapping stays as it is.")))
    if row.guess is None:
        return (
            ("It is in the mapping; no row that was looked at has it.",) if session.file_choice.sender is None else ()
        )
    guess = row.guess
    guessed = " ".join(filter(None, (guess.type, guess.format)))
    found = [f"Guessed: {guessed or 'nothing'}; {guess.evidence}."]
    if row.is_left_out:
        found.append("The column is left out: no document has it.")
    elif row.kind == OPEN and guess.dynamic:
        found.append(f"The destination takes it for {guess.dynamic}, by the first value that comes, and for good.")
    elif guess.dynamic == row.kind:
        found.append("The destination would guess the same.")
    elif guess.dynamic:
        found.append(f"Without this mapping the destination would take it for {guess.dynamic}, and for good.")
    return tuple(found)


# -- what is done ----------------------------------------------------------------------------------------------------


def make(flow: Flow, mapping: str) -> None:
    """Take another body; what hung on the old one is forgotten."""
    flow.update_part("file_choice", mapping=mapping)
    flow.update(flow.session.answered(create=mapping))


def become(flow: Flow, row: MappedField, kind: str, date_format: str = "") -> None:
    """Give a field another type."""
    make(flow, with_entry(flow.session.file_choice.mapping, row.field, entry_of(kind, date_format)))


def known_format(row: MappedField, kind: str) -> str:
    """How dates of the field are written, where it is to be one and that was seen."""
    return row.guess.format if kind == "date" and row.guess is not None and row.guess.type == "date" else ""


def leave_out(flow: Flow, row: MappedField) -> str:
    """Leave a column out of the documents, or take it in again; why not, "" where it was done."""
    reading, file_choice = flow.session.draft.reading, flow.session.file_choice
    if reading is None or row.field not in {field_of(column.name) for column in reading.columns}:
        return "Only columns of a table can be left out"
    left_out = (
        tuple(name for name in file_choice.left_out if name != row.field)
        if row.is_left_out
        else (*file_choice.left_out, row.field)
    )
    guessed = row.guess.type if row.guess is not None else ""
    columns = tuple(
        msgspec.structs.replace(column, type=(guessed or "keyword") if row.is_left_out else "")
        if field_of(column.name) == row.field
        else column
        for column in reading.columns
    )
    flow.update_part("file_choice", left_out=left_out)
    flow.update(flow.session.answered(reading=msgspec.structs.replace(reading, columns=columns)))
    kept = entry_of(guessed, row.guess.format if row.guess is not None else "") if row.is_left_out else None
    make(flow, with_entry(file_choice.mapping, row.field, kept))
    return ""


def undo(flow: Flow, row: MappedField) -> None:
    """Take the guess for a field again."""
    if row.is_left_out:
        leave_out(flow, row)
        return
    file_choice = flow.session.file_choice
    make(flow, with_entry(file_choice.mapping, row.field, entries(file_choice.guessed).get(row.field)))
