"""The help page of each step: what it is, what can go wrong, what to do; the texts are the files of `pages/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.description import PORTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.method import MethodName

_PAGES: Final = files("esmigrate_tui.flow") / "pages"
_BREAK: Final = "\n"


def way(method: MethodName) -> str:
    """The drawing of which cluster speaks to which in a method."""
    ways = METHODS[method].connects
    left = max(len(each.who) for each in ways) + 3
    right = max(len(each.whom) for each in ways) + 3
    lines = []
    for who, whom, what, over in ways:
        middle = f" {over} {'─' * (len(PORTS) - len(over))}──→ " if over else " ·" * 8 + "  "
        lines.append(f"     {f'{who} '.ljust(left, '─' if over else ' ')}{middle}{whom.ljust(right)}{what}")
    return _BREAK.join(lines)


def way_in_words(method: MethodName) -> str:
    """The same in sentences, a line each: what is drawn cannot be read aloud."""
    said = (
        f"{who} connects to {whom} ({over}): {what}." if over else f"{who} and {whom} {what}."
        for who, whom, what, over in METHODS[method].connects
    )
    return _BREAK.join(f"{each[0].upper()}{each[1:]}" for each in said)


def words_of(step: str, session: Session, way_of: Callable[[MethodName], str] = way) -> tuple[str, str]:
    """A step's title and its help page, with its drawing or the methods, as the session has them.

    Paragraphs are separated by one empty line; one that begins with three spaces is a drawing, whose lines stay.
    """
    title, words = read(_name(step, session))
    method = session.method_name
    inserted = ""
    if step in {"connections", "preflight"} and method is not None:
        inserted = f"{read('network')[1]}\n\n{way_of(method)}"
    elif step == "run" and method is not None:
        inserted = METHODS[method].drawing
    elif step == "method":
        inserted = "\n\n".join(f"{each.title}: {each.in_brief}" for each in session.methods)
    if not inserted:
        return title, words
    first, _, rest = words.partition("\n\n")
    return title, f"{first}\n\n{inserted}\n\n{rest}"


@cache
def read(name: str) -> tuple[str, str]:
    """The title and the text of a help page: `NAME.md` or, for one kind of migration, `STEP.KIND.md` of `pages/`."""
    title, _, text = (_PAGES / f"{name}.md").read_text(encoding="utf-8").partition("\n\n")
    return title.removeprefix("# "), text.strip(_BREAK)


def _name(step: str, session: Session) -> str:
    kinds = {"files": session.is_of_files, "watching": session.is_watching, "restore": session.is_restore}
    names = (f"{step}.{kind}" for kind, holds in kinds.items() if holds)
    return next((name for name in names if (_PAGES / f"{name}.md").is_file()), step)
