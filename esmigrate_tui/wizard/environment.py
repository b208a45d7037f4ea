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
    "SSLKEYLOGFILE",  # the keys of every TLS connection
)


def harden_environment(environ: MutableMapping[str, str]) -> None:
    """Take out of the environment what would write down secrets or run foreign code; spare a slow line.

    To be called before anything imports `textual`, which reads some of these when it is imported.
    """
    for name in [*environ]:
        if name in _DROPPED or name.startswith("TEXTUAL_DEVTOOLS"):
            del environ[name]
    if environ.get("SSH_CONNECTION"):
        environ.setdefault("TEXTUAL_FPS", "15")


def wants_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale is one that cannot show more than ASCII safely: set, and not UTF-8."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(locale) and "utf8" not in locale.lower().replace("-", "")


def wants_lines(environ: Mapping[str, str]) -> bool:
    """Whether the terminal says of itself that it can only show one line after another."""
    return environ.get("TERM") == "dumb"
