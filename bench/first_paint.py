"""How long until something is to be seen: the wizard against the smallest Textual program, in turn, in a real pty."""

from __future__ import annotations

import os
import select
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.on_a_terminal import started

ROUNDS: Final = 11
_LIMIT: Final = 30.0  # seconds: a program that shows nothing by then is broken, not slow

_HELLO: Final = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("How should the hello go")

Hello().run()
"""
_MARK: Final = b"How"


def until_seen(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start of Python with `command` until its first words are on a terminal: clock and processor."""
    began = time.perf_counter()
    process, master = started(*command, environ=environ)
    seen = b""
    try:
        while _MARK not in seen:
            left = _LIMIT - (time.perf_counter() - began)
            if left <= 0 or not select.select([master], [], [], left)[0]:
                message = f"{command} showed nothing within {_LIMIT:.0f} s, but {seen[-500:]!r}"
                raise TimeoutError(message)
            seen += os.read(master, 65_536)
        seconds = time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGKILL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        os.close(master)
    return seconds, used.ru_utime + used.ru_stime


def figure() -> str:
    """One line: both medians and their ratio, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder) / "hello.py"
        hello.write_text(_HELLO)
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("ESMIGRATE_", "TEXTUAL", "SSH_"))
        }
        environ |= {"TERM": "xterm-256color", "ESMIGRATE_STATE_DIR": folder, "LANG": "C.UTF-8"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        ours, theirs = ["-m", "esmigrate_tui"], [str(hello)]
        for command in (ours, theirs):  # the first start compiles and fills the disk's cache
            until_seen(command, environ)
        pairs = [(until_seen(ours, environ), until_seen(theirs, environ)) for _ in range(ROUNDS)]
    wizard, smallest = (statistics.median(seconds for seconds, _ in side) for side in zip(*pairs, strict=True))
    ratio, used = (statistics.median(ours[of] / theirs[of] for ours, theirs in pairs) for of in (0, 1))
    return (
        f"first paint, median of {ROUNDS}: wizard {wizard * 1000:.0f} ms, smallest Textual program "
        f"{smallest * 1000:.0f} ms, ratio {ratio:.2f} (bar: 1.3), "
        f"of the processor {used:.2f}"
    )
