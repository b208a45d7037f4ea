"""New names from old ones by a pattern, as a restore's `rename_pattern` and `rename_replacement` would make them.

https://www.elastic.co/guide/en/elasticsearch/reference/current/restore-snapshot-api.html

Elasticsearch replaces every place where the pattern is found, by the rules of Java: `$1` is the first group, `${name}`
a named one, a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_QUOTED: Final = re.compile(r"\\Q(.*?)(?:\\E|$)|\\(.)|\(\?<(?=[A-Za-z])", re.DOTALL)
_NOT_JAVA: Final = re.compile(r"(?<!\\)\(\?(?:P|\()")


def renamed_by(names: Sequence[str], pattern: str, replacement: str) -> dict[str, str]:
    """The new name of each name that the pattern changes; the others are not in it.

    Raises ProblemError (usage) for a pattern or a replacement that cannot be read, and for a name that it leaves empty.
    """
    found = _compiled(pattern)
    made = _template(replacement, found)
    new = {name: found.sub(made, name) for name in names}
    if empty := next((old for old, name in new.items() if not name), None):
        raise _wrong(
            f"The pattern {clean(pattern, 200)!r} leaves nothing of the name {clean(empty, 300)}.",
            "Say what the new name is.",
        )
    return {old: name for old, name in new.items() if name != old}


def _compiled(pattern: str) -> re.Pattern[str]:
    """Java's pattern as Python's: only what both understand alike."""
    if not pattern:
        raise _wrong("The pattern for renaming is empty.", "Write a regular expression such as (.+).")
    if _NOT_JAVA.search(pattern):
        raise _unread(pattern, "Elasticsearch does not know this kind of group")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # a set within a set means another thing to Java
            return re.compile(_QUOTED.sub(_in_python, pattern), re.ASCII)
    except (re.error, FutureWarning, OverflowError) as error:
        raise _unread(pattern, str(error)) from None


def _in_python(found: re.Match[str]) -> str:
    if found[1] is not None:
        return re.escape(found[1])
    if found[2] is not None:
        return r"\Z" if found[2] == "z" else found[0]
    return "(?P<"


def _template(replacement: str, pattern: re.Pattern[str]) -> Callable[[re.Match[str]], str]:
    """What a place where the pattern is found becomes."""
    parts: list[str | int] = []
    place = 0
    while place < len(replacement):
        character = replacement[place]
        if character == "\\":
            if place + 1 == len(replacement):
                raise _wrong("The replacement ends with a backslash.", "Write two for one.")
            parts.append(replacement[place + 1])
            place += 2
        elif character == "$":
            group, place = _group(replacement, place + 1, pattern)
            parts.append(group)
        else:
            parts.append(character)
            place += 1

    def made(found: re.Match[str]) -> str:
        return "".join(part if isinstance(part, str) else found[part] or "" for part in parts)

    return made


def _group(replacement: str, place: int, pattern: re.Pattern[str]) -> tuple[int, int]:
    """The group that is meant after a `$`, and where its name ends: as many digits as there are groups for."""
    if named := re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}").match(replacement, place):
        if named[1] not in pattern.groupindex:
            raise _wrong(f"The pattern has no group named {named[1]}.", "Name it there: (?<name>.+).")
        return pattern.groupindex[named[1]], named.end()
    digits = re.compile(r"[0-9]+").match(replacement, place)
    if digits is None:
        raise _wrong("The replacement has a $ that names no group.", r"Write $1 for the first group, \$ for a dollar.")
    end = place + 1
    if int(replacement[place]) > pattern.groups:
        has = "no group" if not pattern.groups else f"only {pattern.groups}"
        raise _wrong(
            f"The replacement names group ${replacement[place]}, the pattern has {has}.",
            "Put what is to be kept in brackets: (.+).",
        )
    while end < digits.end() and int(replacement[place : end + 1]) <= pattern.groups:
        end += 1
    return int(replacement[place:end]), end


def _unread(pattern: str, why: str) -> ProblemError:
    return _wrong(
        f"The pattern {clean(pattern, 200)!r} cannot be read: {clean(why, 200)}.",
        "Write a regular expression such as (.+), with groups in brackets.",
    )


def _wrong(what: str, todo: str) -> ProblemError:
    return ProblemError.of(Cause.USAGE, what, todo=todo)
