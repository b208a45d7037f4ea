"""The help page of each step: what it is, what can go wrong, what to do; the texts are the files of `pages/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from esmigrate_tui.model.method import MethodName

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.flow.session import Session

_PAGES: Final = files("esmigrate_tui.flow") / "pages"
_BREAK: Final = "\n"
_PORTS: Final = "9200 or 9243"


class Way(NamedTuple):
    """Who opens a connection to whom, for what, and over which ports; over none, they need not see each other."""

    who: str
    whom: str
    what: str
    over: str = _PORTS


_WAYS: Final[dict[MethodName, tuple[Way, ...]]] = {
    MethodName.INDEX_FROM_SOURCE: (
        Way("esmigrate", "new cluster", "makes the index, writes rows"),
        Way("a sender", "new cluster", "where another program sends"),
    ),
    MethodName.REINDEX_FROM_REMOTE: (
        Way("esmigrate", "old cluster", "reads what there is"),
        Way("esmigrate", "new cluster", "makes indices, gives orders"),
        Way("new cluster", "old cluster", "fetches the documents"),
    ),
    MethodName.RESTORE_FROM_SNAPSHOT: (
        Way("esmigrate", "new cluster", "gives orders, looks"),
        Way("new cluster", "repository", "a shared folder, a bucket", over="each node"),
        Way("esmigrate", "old cluster", "to compare; may be gone"),
    ),
    MethodName.COPY_THROUGH_HERE: (
        Way("esmigrate", "old cluster", "reads the documents"),
        Way("esmigrate", "new cluster", "writes the same bytes"),
        Way("old cluster", "new cluster", "need not see each other", over=""),
    ),
}
"""Which cluster speaks to which, and over which port, by method."""
_FLOWS: Final[dict[MethodName, str]] = {
    MethodName.REINDEX_FROM_REMOTE: """
     old cluster ── the new one fetches, batch by batch ──→ new cluster
                    (this screen only looks)
""",
    MethodName.COPY_THROUGH_HERE: """
     old cluster ── read ──→ this machine ── written ──→ new cluster
""",
}
"""Which way the documents go while a run is going on; the others have it in a page of their own."""


def way(method: MethodName) -> str:
    """The drawing of which cluster speaks to which in a method."""
    ways = _WAYS[method]
    left = max(len(each.who) for each in ways) + 3
    right = max(len(each.whom) for each in ways) + 3
    lines = []
    for who, whom, what, over in ways:
        middle = f" {over} {'─' * (len(_PORTS) - len(over))}──→ " if over else " ·" * 8 + "  "
        lines.append(f"     {f'{who} '.ljust(left, '─' if over else ' ')}{middle}{whom.ljust(right)}{what}")
    return _BREAK.join(lines)


def way_in_words(method: MethodName) -> str:
    """The same in sentences, a line each: what is drawn cannot be read aloud."""
    said = (
        f"{who} connects to {whom} ({over}): {what}." if over else f"{who} and {whom} {what}."
        for who, whom, what, over in _WAYS[method]
    )
    return _BREAK.join(f"{each[0].upper()}{each[1:]}" for each in said)


def words_of(step: str, session: Session, way_of: Callable[[MethodName], str] = way) -> tuple[str, str]:
    """A step's title and its help page, with its drawing, as the session's method has them.

    Paragraphs are separated by one empty line; one that begins with three spaces is a drawing, whose lines stay.
    """
    title, words = read(_name(step, session))
    method = session.method_name
    drawing = ""
    if step in {"connections", "preflight"} and method is not None:
        drawing = f"{read('network')[1]}\n\n{way_of(method)}"
    elif step == "run" and method in _FLOWS:
        drawing = _FLOWS[method].strip(_BREAK)
    if not drawing:
        return title, words
    first, _, rest = words.partition("\n\n")
    return title, f"{first}\n\n{drawing}\n\n{rest}"


@cache
def read(name: str) -> tuple[str, str]:
    """The title and the text of a help page: `NAME.md` or, for one kind of migration, `STEP.KIND.md` of `pages/`."""
    title, _, text = (_PAGES / f"{name}.md").read_text(encoding="utf-8").partition("\n\n")
    return title.removeprefix("# "), text.strip(_BREAK)


def _name(step: str, session: Session) -> str:
    kinds = {"files": session.is_of_files, "watching": session.is_watching, "restore": session.is_restore}
    names = (f"{step}.{kind}" for kind, holds in kinds.items() if holds)
    return next((name for name in names if (_PAGES / f"{name}.md").is_file()), step)
