"""Pages to read that are laid over any step: the help of a step, and the documents that were rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from esmigrate_tui.flow.help import way, words_of
from esmigrate_tui.flow.keys import actions
from esmigrate_tui.flow.layout import fit
from esmigrate_tui.model.text import counted, number
from esmigrate_tui.wizard.draw import DIM, STRONG, end_of, hanging, ink, paragraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.event import Reject

_EACH: Final = 10
"""Places that are shown of one reason."""


def help_page(step: str, session: Session) -> tuple[str, Callable[[int], list[Text]]]:
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
            key = ink(" ").append(fit(action.shown, 11), STRONG).append(" ")
            drawn += hanging(key, action.says, min(width, 100) - 15, DIM)
        return drawn

    return title, lines


def rejects_page(rejects: tuple[Reject, ...], refused: int, width: int, *, is_of_files: bool = False) -> list[Text]:
    """A page: each reason with the documents or rows it is true of, the most frequent first; the first if many."""
    if not rejects:
        return [Text(), *paragraph("Nothing was rejected.", width)]
    amount = max(refused, len(rejects))
    what = f"{counted(amount, 'row')} rejected" if is_of_files else f"{counted(amount, 'document')} rejected"
    lines = [Text(), *paragraph(f"{what}; all others arrived.", width)]
    for reasons in _by_reason(rejects):
        first = reasons[0]
        status = f"  {first.status}" if first.status else ""
        lines.append(Text())
        if len(reasons) > 1:
            lines.append(ink(" ").append(f"{number(len(reasons))} for this reason{status}", STRONG))
            lines += paragraph(first.reason, width, 3)
        for reject in reasons[:_EACH]:
            name = reject.id if is_of_files else f"{reject.index} / {reject.id}"
            here = ink(" " if len(reasons) == 1 else "   ").append(end_of(name, width - 10), STRONG)
            lines.append(here.append(status if len(reasons) == 1 else "", DIM))
        if len(reasons) == 1:
            lines += paragraph(first.reason, width, 3)
        elif len(reasons) > _EACH:
            lines.append(ink(f"   and {number(len(reasons) - _EACH)} more", DIM))
    if refused > len(rejects):
        lines += [Text(), *paragraph(f"and {number(refused - len(rejects))} more in the rejects file.", width, 1, DIM)]
    return lines


def _by_reason(rejects: tuple[Reject, ...]) -> list[list[Reject]]:
    found: dict[tuple[str, int], list[Reject]] = {}
    for reject in rejects:
        found.setdefault((reject.reason, reject.status), []).append(reject)
    return sorted(found.values(), key=lambda reasons: -len(reasons))
