"""The help page of a step, drawn: its words, then its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from esmigrate_tui.flow.help import way, words_of
from esmigrate_tui.flow.keys import actions
from esmigrate_tui.flow.layout import fit, wrap
from esmigrate_tui.wizard.draw import DIM, STRONG, ink, paragraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.flow.session import Session


def page(step: str, session: Session) -> tuple[str, Callable[[int], list[Text]]]:
    """A step's title and its page at a width: the words, then the keys."""
    title, words = words_of(step, session)

    def lines(width: int) -> list[Text]:
        drawn: list[Text] = [Text()]
        for each in words.strip("\n").split("\n\n"):
            if each.startswith("   "):  # a drawing stays as it is
                drawn += [*(ink(line) for line in each.split("\n")), Text()]
                continue
            drawn += [*paragraph(each.replace("\n", " "), min(width, 100), 1), Text()]
        for method in session.methods if step == "method" else ():
            drawn += [ink(" ").append(method.title, STRONG), *paragraph(method.explained, min(width, 100), 1), Text()]
            drawn += [*(ink(line) for line in way(method.name).split("\n")), Text()]
        drawn.append(ink(" Keys", STRONG))
        for action in actions(step, session.method_name):
            first, *rest = wrap(action.says, min(width, 100) - 15)
            drawn.append(ink(" ").append(fit(action.shown, 11), STRONG).append(" ").append(first, DIM))
            drawn += [ink(" " * 13).append(line, DIM) for line in rest]
        return drawn

    return title, lines
