"""One calm theme in the terminal's own colours: an accent, problems, success. And one with more contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.color import Color

CALM: Final = Theme(
    name="calm",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    warning="ansi_default",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_cyan",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "bold underline",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_default",
        "input-selection-foreground": "ansi_default",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)

_STANDS_OUT: Final = Style(bold=True)
_WITHOUT_COLOUR: Final = Style.parse("bold default on default")


class Contrast(LineFilter):
    """Nothing dim and nothing in colour but problems, which is bold as well: readable on any background."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Change the look, not the text."""
        del background
        return [Segment(text, style and _stronger(style), control) for text, style, control in segments]


def _stronger(style: Style) -> Style:
    name = style.color.name if style.color is not None else "default"
    plain = style + Style(dim=False) if style.dim else style
    if name in {"default", "bright_black"}:
        return plain
    return plain + (_STANDS_OUT if name == "red" else _WITHOUT_COLOUR)


STYLES: Final = """
Screen { layout: vertical; overflow: hidden; }
ModalScreen { align: center middle; background: ansi_default; }
RailLine, TitleLine { height: 1; width: 100%; }
FootLine { height: auto; min-height: 1; width: 100%; }
TooSmall { display: none; height: 1fr; width: 100%; }
.-small RailLine, .-small TitleLine, .-small .body { display: none; }
.-small TooSmall { display: block; }
Board { height: 1fr; width: 100%; overflow-x: hidden; scrollbar-gutter: stable; scrollbar-size: 0 1; }
#heading, #filter-line { height: 1; }
#filter-line { display: none; }
#filter-line.-shown, .-wide #pane { display: block; }
#filter-line TextLines { width: 9; }
#beside, #list, #pane { height: 1fr; }
#list { width: 2fr; }
#pane { width: 1fr; display: none; }
PlainInput, SecretInput { background: ansi_default; color: ansi_default; }
PlainInput:focus, SecretInput:focus { text-style: underline; background-tint: ansi_default 0%; }
PlainInput > .input--cursor, SecretInput > .input--cursor { text-style: reverse; color: ansi_default;
    background: ansi_default; }
CommandPalette, CommandPalette > Vertical { background: ansi_default; color: ansi_default; }
CommandPalette > .command-palette--help-text { color: ansi_default; }
CommandPalette #--input { border: none; border-bottom: solid ansi_bright_black; color: ansi_default; }
CommandPalette #--input.--list-visible { border-bottom: solid ansi_bright_black; }
CommandPalette SearchIcon, CommandPalette LoadingIndicator { display: none; }
CommandInput, CommandInput:focus { border: none; height: 1; margin: 1 0; padding-left: 1; color: ansi_default;
    background: ansi_default; }
CommandInput > .input--placeholder, CommandInput > .input--suggestion { color: ansi_default; text-style: dim; }
CommandInput > .input--cursor { text-style: reverse; color: ansi_default; background: ansi_default; }
CommandList, CommandList:focus { border: none; color: ansi_default; background: ansi_default; }
CommandList > .option-list--option { color: ansi_default; text-style: none; }
CommandList > .option-list--option-highlighted { text-style: reverse; }
PlainInput > .input--selection, SecretInput > .input--selection { text-style: reverse; }
"""
