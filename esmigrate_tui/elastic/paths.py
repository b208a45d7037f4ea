"""Names of single indices as parts of a path, and what is never sent because it could mean several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.model.ledger import Request

LONGEST_PATH: Final = 3_000
"""Elasticsearch rejects a request line of more than 4096 bytes; the address's own path and the query come on top."""

READING: Final = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""


def unsafe(name: str, why: str) -> ProblemError:
    """The problem that something is not the name of one index; `why` ends the sentence."""
    return ProblemError.of(
        Cause.USAGE,
        f"{clean(name, 300)!r} is not the name of one index: {why}.",
        todo="Give the exact name of one index.",
    )


def is_exact_name(name: str) -> bool:
    """Whether no server could read a name as several."""
    try:
        exact_name(name)
    except ProblemError:
        return False
    return True


def exact_name(name: str) -> str:
    """One index's name, percent-encoded; raises ProblemError for whatever a server could read as several."""
    if not name or name in {".", "..", "_all"}:
        raise unsafe(name, "a server could take it for all of them")
    if name[0] in "-+_":
        raise unsafe(name, f"it begins with {name[0]!r}")
    odd = next((character for character in name if character in '*?,<>/\\|"# ' or clean(character) != character), None)
    if odd is not None:
        raise unsafe(name, f"it holds {clean(odd)!r}")
    return quote(name, safe="")


def path_width(name: str) -> int:
    """How much of a path one index's name takes, with what parts it from the next; raises as `exact_name` does."""
    return len(exact_name(name)) + 1


def must_be_narrow(request: Request) -> None:
    """No change through a pattern, a list, or a path that means every index."""
    if request.method in READING:
        return
    path = urlsplit(request.path).path
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    wide = [
        segment
        for segment in segments
        if segment in {"", "_all", ".", ".."}
        or segment.startswith(("-", "+"))
        or any(one in segment for one in "*,?<>/")
    ]
    is_for_all = request.method in {"PUT", "DELETE"} and segments[0] in {"_settings", "_mapping", "_mappings"}
    if wide or is_for_all:
        raise unsafe(request.path, "a change is made to exactly one thing")


def paths_of(names: Sequence[str]) -> list[str]:
    """As few paths as hold all the names, each short enough for a request line."""
    paths: list[str] = []
    for encoded in (exact_name(name) for name in names):
        if paths and len(paths[-1]) + len(encoded) < LONGEST_PATH:
            paths[-1] += "," + encoded
        else:
            paths.append("/" + encoded)
    return paths
