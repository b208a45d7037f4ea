"""The documents that the destination refused, with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from esmigrate_tui.model.text import counted
from esmigrate_tui.wizard.draw import DIM, STRONG, ink, paragraph, shorten

if TYPE_CHECKING:
    from esmigrate_tui.model.event import Reject


def aside(rejects: tuple[Reject, ...], refused: int, width: int) -> list[Text]:
    """A page: each document with the server's own words, the first ones if there are many."""
    if not rejects:
        return [Text(), *paragraph("No document was refused.", width)]
    lines = [
        Text(),
        *paragraph(f"{counted(max(refused, len(rejects)), 'document')} refused; all others went on.", width),
    ]
    for reject in rejects:
        lines.append(Text())
        lines.append(
            ink(" ")
            .append(shorten(f"{reject.index} / {reject.id}", width - 10), STRONG)
            .append(f"  {reject.status}", DIM)
        )
        lines += paragraph(reject.reason, width, 3)
    if refused > len(rejects):
        lines += [Text(), *paragraph(f"and {refused - len(rejects)} more in the rejects file.", width, 1, DIM)]
    return lines
