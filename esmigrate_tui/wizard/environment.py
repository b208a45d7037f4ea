"""The environment made safe before Textual is imported; this module imports nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_DROPPED: Final = (
    "TEXTUAL",  # its debug features
    "TEXTUAL_LOG",  # every key, passwords included, into a file that all may read
    "TEXTUAL_DEBUG",
    "TEXTUAL_DRIVER",  # imports whatever it names
    "TEXTUAL_PRESS",
    "TEXTUAL_SCREENSHOT",  # what is visible, on disk
    "TEXTUAL_SCREENSHOT_LOCATION",
    "TEXTUAL_SCREENSHOT_FILENAME",
    "TEXTUAL_COLOR_SYSTEM",  # the wizard has sixteen colours, the terminal's own; a word it does not know is a crash
    "TEXTUAL_FILTERS",
    "TEXTUAL_THEME",
    "SSLKEYLOGFILE",  # the keys of every TLS connection
)


def harden_environment(environ: MutableMapping[str, str]) -> None:
    """Take out of the environment what would write down secrets or run foreign code; spare a slow line.

    To be called before anything imports `textual`, which reads some of these when it is imported.
    """
    for name in [*environ]:
        if name in _DROPPED or name.startswith("TEXTUAL_DEVTOOLS"):
            del environ[name]
    if not environ.get("NO_COLOR", "1"):  # https://no-color.org: where it is empty, it is not set; Textual differs
        del environ["NO_COLOR"]
    if environ.get("SSH_CONNECTION"):
        environ.setdefault("TEXTUAL_FPS", "15")


_PUT_THERE: Final = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
"""What Python itself puts into LC_CTYPE where it finds the locale C (PEP 538); the terminal knows nothing of it."""


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether more than ASCII cannot be shown safely: by a locale that is set and not UTF-8, or on a bare console.

    The console of Linux has a font of 512 signs at most, and marks and bars are not among them.
    """
    asked_for = "" if environ.get("LC_CTYPE") in _PUT_THERE else environ.get("LC_CTYPE")
    locale = environ.get("LC_ALL") or asked_for or environ.get("LANG") or ""
    is_utf_8 = not locale or "utf8" in locale.lower().replace("-", "")
    return not is_utf_8 or environ.get("TERM") == "linux"


def wants_lines(environ: Mapping[str, str]) -> bool:
    """Whether the terminal reports that it can only show one line after another."""
    return environ.get("TERM") in {"dumb", "unknown"}
