"""The report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

The words are those of the Markdown, which no text of a cluster can leave; the rate over time is drawn beside them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.text import clean, duration, number, size
from esmigrate_tui.report.markdown import sections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esmigrate_tui.report.contents import Report

_WIDTH: Final = 720
_HEIGHT: Final = 160
_ABOVE: Final = 20
_BELOW: Final = 22
# Nothing may be loaded or run, whatever a text might become: a browser that is asked so keeps to it.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #667; --line: #d5d9de; --mark: #0b7285; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7eb; --dim: #9aa4ae; --line: #3a424a; --mark: #4dc0d0; --paper: #14181c; }
}
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { font-weight: 600; overflow-wrap: normal; }
code, pre { font: .9em ui-monospace, monospace; }
pre { border: 1px solid var(--line); padding: .6rem; overflow-x: auto; }
figure { margin: 1.5rem 0; } figcaption { color: var(--dim); font-size: .9rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
svg .rate { fill: none; stroke: var(--mark); stroke-width: 1.5; } svg .below { fill: var(--mark); opacity: .15; }
svg .ground { stroke: var(--line); }
@media print { body { margin: 0; max-width: none; } pre { white-space: pre-wrap; } }
"""


def as_html(report: Report) -> str:
    """The whole report as one page; it prints well, and shows the same without a network."""
    render = MarkdownIt("commonmark", {"html": False}).enable("table").render
    words = (_rendered(section, render) for section in sections(report))
    facts, below, rest = "".join(words).partition("<h2>")
    title = escape(f"Migration report: run {clean(report.run)}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{facts}{_drawn(report)}{below}{rest}</body>\n</html>\n"
    )


def _rendered(section: Sequence[str], render: Callable[[str], str]) -> str:
    """A section as HTML; a long table some rows at a time, since each costs 20 kB while it is rendered."""
    html, plain = "", list[str]()
    for piece in section:
        rows = piece.split("\n")
        if not piece.startswith("|") or len(rows) <= _ROWS:
            plain.append(piece)
            continue
        head, body = rows[:2], rows[2:]
        slices = (render("\n".join([*head, *body[at : at + _ROWS]])) for at in range(0, len(body), _ROWS))
        table = "".join(one.partition(_BEGINS)[2].removesuffix(_ENDS) for one in slices)
        html += render("\n\n".join(plain)) + render("\n".join(head)).removesuffix(_ENDED) + _BEGINS + table + _ENDS
        plain = []
    return html + render("\n\n".join(plain))


_ROWS: Final = 500
_BEGINS: Final = "<tbody>\n"
_ENDED: Final = "</table>\n"
_ENDS: Final = "</tbody>\n</table>\n"


def _drawn(report: Report) -> str:
    """The rate over time as a picture with words; "" where there were fewer than two looks."""
    points = report.rate_over_time
    if len(points) < 2:
        return ""
    last = max(points[-1][0], report.seconds, 1.0)
    most = max(rate for _, rate in points)
    height = most or 1.0

    def place(at: float, rate: float) -> str:
        return f"{at / last * _WIDTH:.1f},{_ABOVE + (1 - rate / height) * _HEIGHT:.1f}"

    ground = _ABOVE + _HEIGHT
    line = " ".join(place(at, rate) for at, rate in points)
    area = f"{place(points[0][0], 0)} {line} {place(points[-1][0], 0)}"
    top = f"{size(most)} a second" if report.unit is Unit.BYTES else f"{number(round(most))} documents a second"
    words = f"The rate over {duration(last)}, at most {top}."
    return (
        f'<figure>\n<svg viewBox="0 0 {_WIDTH} {ground + _BELOW}" role="img" aria-label="{escape(words)}">\n'
        f'<polygon class="below" points="{area}"/>\n<polyline class="rate" points="{line}"/>\n'
        f'<line class="ground" x1="0" y1="{ground}" x2="{_WIDTH}" y2="{ground}"/>\n'
        f'<text x="0" y="{_ABOVE - 7}">{escape(top)}</text>\n<text x="0" y="{ground + 16}">0</text>\n'
        f'<text x="{_WIDTH / 2:.0f}" y="{ground + 16}" text-anchor="middle">{escape(duration(last / 2))}</text>\n'
        f'<text x="{_WIDTH}" y="{ground + 16}" text-anchor="end">{escape(duration(last))}</text>\n'
        f"</svg>\n<figcaption>{escape(words)}</figcaption>\n</figure>\n"
    )
