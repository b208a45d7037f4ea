"""What of a process stays behind: whether a run outlives a logout, and that no dump of its memory is written.

Some hosts end every process of a user who logs out:
https://www.freedesktop.org/software/systemd/man/latest/logind.conf.html
"""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SET_DUMPABLE: Final = 4  # PR_SET_DUMPABLE of prctl(2)
_MAIN: Final = "etc/systemd/logind.conf"
_MORE: Final = ("usr/lib/systemd/logind.conf.d", "run/systemd/logind.conf.d", "etc/systemd/logind.conf.d")
_LINGERING: Final = "var/lib/systemd/linger"


def keep_memory_private() -> None:
    """Have no core of this process written: it would hold every secret that was typed or read.

    The limit alone does not stop a core that goes through a pipe to a program, which is how most systems are set up.
    https://man7.org/linux/man-pages/man5/core.5.html
    """
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  # only here

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def ends_processes(texts: Iterable[str]) -> bool:
    """Whether logind ends a user's processes, by its configuration files in the order in which they are read."""
    answer = False
    for text in texts:
        for line in text.splitlines():
            name, equals, value = (part.strip() for part in line.partition("="))
            if equals and name == "KillUserProcesses":
                answer = value.lower() in {"yes", "true", "on", "1"}
    return answer


def logout_warning(user: str, root: Path = Path("/")) -> str:
    """What a user must know before logging out of this host; "" where a run goes on by itself."""
    folders = [root / folder for folder in _MORE]
    drop_ins = sorted((path for folder in folders for path in folder.glob("*.conf")), key=lambda path: path.name)
    texts = []
    for path in (root / _MAIN, *drop_ins):
        try:
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue  # a host without systemd, or a file that is not for us
    if not ends_processes(texts) or user == "root" or (root / _LINGERING / user).exists():
        return ""
    return (
        "This host ends the processes of a user who logs out (KillUserProcesses=yes). Before you log out, run "
        f"`loginctl enable-linger {user}`, or begin runs with `systemd-run --user --scope esmigrate …` or inside tmux."
    )
