"""What an error response says, in its own words: those of the error and of all its causes, bounded in length."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_EVIDENCE: Final = 600
LONGEST_SENTENCE: Final = 300
# Texts from outside are cut before they are matched: what a server means to say stands in the first thousands of
# characters, and a pattern must never be given a text whose length another machine has chosen.
LONGEST_REASON: Final = 4_000
LONGEST_TEXT: Final = 16_000
LONGEST_BODY: Final = 64 * 1024
_MOST_PARTS: Final = 32
_MOST_LOOKED_AT: Final = 400


class ErrorWords(NamedTuple):
    """An error as it was told: what was wrong, each cause once, most general first."""

    parts: tuple[tuple[str, str], ...]
    detail: Mapping[str, Any]

    @property
    def text(self) -> str:
        """One "type: reason" a line, of the error and of all its causes."""
        lines = ((f"{kind}: {reason}" if kind else reason)[:LONGEST_REASON] for kind, reason in self.parts)
        return "\n".join(lines)[:LONGEST_TEXT]


def named_by(error: Mapping[str, Any], key: str) -> str:
    """A word of an error where it is one: a reason that is an object stands below, and never in its Python form."""
    response = error.get(key)
    return response[:LONGEST_BODY] if isinstance(response, str) else ""


def _below(error: Mapping[str, Any]) -> Iterator[object]:
    """What an error holds that may be its cause, most telling first."""
    if not isinstance(error.get("reason"), str):
        yield error.get("reason")
    yield error.get("caused_by")
    for name in ("root_cause", "failed_shards", "suppressed"):
        entries = error.get(name)
        yield from entries[:_MOST_PARTS] if isinstance(entries, list) else ()
    yield error.get("additional_unsuccessful_credentials")
    yield error.get("error")


def _walk(error: object) -> Iterator[tuple[str, str]]:
    """Type and reason of an error and of what is below it: so many at most, however deep and however wide it is."""
    pending: list[object] = [error]
    looked_at = 0
    while pending and looked_at < _MOST_LOOKED_AT:
        one, looked_at = pending.pop(), looked_at + 1
        if isinstance(one, str):
            yield "", one[:LONGEST_BODY]
        if not isinstance(one, dict):
            continue
        kind, reason = named_by(one, "type"), named_by(one, "reason")
        if kind or reason:
            yield kind, reason
        pending += reversed([*_below(one)])


def _failures(body: dict[str, Any]) -> list[Any]:
    """Why each shard failed, in the answer of a search that 2.4 gives an error's status: it has no error of its own."""
    shards = body.get("_shards")
    failures = shards.get("failures") if isinstance(shards, dict) else None
    return [one.get("reason") for one in failures if isinstance(one, dict)] if isinstance(failures, list) else []


def said_by(body: object) -> ErrorWords | None:
    """The error in a body; None where it is not one of Elasticsearch's."""
    if isinstance(body, bytes | bytearray | str):
        try:
            body = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if error is None and ("type" in body or "reason" in body):
        error = body
    if error is None and (failures := _failures(body)):
        error = {"failed_shards": failures}
    if not isinstance(error, str | dict):
        return None
    parts = tuple(islice(dict.fromkeys(_walk(error)), _MOST_PARTS))
    return ErrorWords(parts, error if isinstance(error, dict) else {})


def words(error: object) -> str:
    """What a server says of one document or task, cleaned: type and reason, and its innermost reason behind it.

    What has neither is given as the JSON that it came as.
    """
    said = said_by({"error": error}) if isinstance(error, str | dict) else None
    if said is None or not said.parts:
        return as_json(error)
    kind, reason = said.parts[0]
    first = f"{kind}: {reason}" if kind else reason
    deepest = next((response for _, response in reversed(said.parts) if response), "")
    return clean(first if deepest in first else f"{first} ({deepest})")


def as_json(error: object) -> str:
    """An error without words of its own as the JSON in which it was told, shortened; "" where nothing was."""
    if error is None or error in ("", {}, []):
        return ""
    if isinstance(error, str):
        return clean(error, LONGEST_SENTENCE)
    try:
        return clean(msgspec.json.encode(error).decode(), LONGEST_SENTENCE)
    except (TypeError, ValueError, RecursionError):
        return "an error in words that could not be read"
