"""Rejected documents as a table for a spreadsheet, in which no cell can become a formula.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final, TextIO

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esmigrate_tui.model.event import Reject

_HEADING: Final = ("index", "_id", "type", "status", "reason")
# What programs take for the beginning of a formula, also behind spaces, and in its full-width form; tabs and line
# breaks are pictures by then.
_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def write_table(rejects: Iterable[Reject], out: TextIO) -> int:
    """Write a heading and one row a document, as they come; how many there were. `out` is open with newline=""."""
    rows = csv.writer(out)
    rows.writerow(_HEADING)
    amount = 0
    for reject in rejects:
        status = str(reject.status) if reject.status else ""
        rows.writerow([cell(text) for text in (reject.index, reject.id, reject.type, status, reject.reason)])
        amount += 1
    return amount


def cell(text: str) -> str:
    """A text that a spreadsheet shows as a text: one that looks like a formula gets an apostrophe before it."""
    shown = clean(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
