"""The small process that stands between an owner and a node, so that no node outlives its owner.

It is run as a script by a fresh interpreter and imports the standard library only. Its standard input is a pipe from
the owner: the first line is the order (JSON, see `SupervisorOrder`), then either the line `release` (the node may
outlive its owner) or the end of the file, which means that the owner has ended: Ctrl+C, SIGTERM, a crash, SIGKILL.
Then the node's processes are ended and what the order lists is thrown away.

The node itself asks the kernel for a SIGTERM should this process die (PR_SET_PDEATHSIG). The pipe cannot be left out
for that: the kernel watches the *thread* that started a process, and an owner's threads come and go.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, NoReturn, TypedDict

_PR_SET_PDEATHSIG = 1
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class SupervisorOrder(TypedDict):
    """What to run: `user` and `group` None for the same account; `grace` in seconds; `discard` are paths."""

    argv: list[str]
    environment: dict[str, str]
    directory: str
    log: str
    user: int | None
    group: int | None
    grace: float
    discard: list[str]


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on; None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets and may itself hold brackets and spaces.
    return text.rpartition(")")[2].split()


def _is_over(fields: list[str]) -> bool:
    """Whether a process has ended and only waits to be collected.

    The first thread of a large JVM is a zombie for a while before its other threads have ended: that is not over yet.
    """
    return fields[0] in {"Z", "X"} and int(fields[17]) <= 1


def start_ticks(pid: int) -> str | None:
    """When a living process started: the boot's id and ticks since then, which no later process can share.

    None when there is no such process, or when it has ended and only waits to be collected.
    """
    fields = _stat(pid)
    if fields is None or _is_over(fields):
        return None
    return f"{_BOOT.read_text(encoding='ascii').strip()}:{fields[19]}"


def members(session: int) -> list[int]:
    """The living processes of a session, its leader excepted."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != session:
            fields = _stat(int(entry.name))
            if fields is not None and not _is_over(fields) and int(fields[3]) == session:
                found.append(int(entry.name))
    return found


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end_session(session: int, grace: float) -> None:
    """End every process of a session but its leader: asked with SIGTERM, after `grace` seconds with SIGKILL.

    A session's number is not given to another process while the session has members.
    """
    deadline = time.monotonic() + grace
    _signal(members(session), signal.SIGTERM)
    while members(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left := members(session):
        _signal(left, signal.SIGKILL)
        time.sleep(0.05)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _start(order: SupervisorOrder) -> "subprocess.Popen[bytes]":
    with Path(order["log"]).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 — the sandbox itself composed the command
            order["argv"],
            cwd=order["directory"],
            env=order["environment"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=order["user"],
            group=order["group"],
            extra_groups=None if order["user"] is None else [],
            # This process has one thread, so nothing can be held locked between fork and exec.
            preexec_fn=_die_with_parent,  # noqa: PLW1509 — see the line above
        )


def _discard(paths: list[str]) -> None:
    for path in map(Path, paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _answer(stream: IO[str], answer: dict[str, object]) -> None:
    try:
        stream.write(json.dumps(answer) + "\n")
        stream.flush()
    except OSError:
        return  # the owner has ended already; its pipe says so in a moment


def _read_order(pipe: int) -> SupervisorOrder | None:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(pipe, 65536)
        if not piece:
            return None
        line += piece
    order: SupervisorOrder = json.loads(line)
    return order


def _watch(child: "subprocess.Popen[bytes]", pipe: int, received: list[int]) -> bool:
    """Wait for the end of the node, of the owner, or for a signal; returns whether the node is still attached."""
    attached, is_open = True, True
    while child.poll() is None and not received:
        # The time-out only bounds how late the end of the node is noticed.
        ready, _, _ = select.select([pipe] if is_open else [], [], [], 0.25)
        if not ready:
            continue
        piece = os.read(pipe, 4096)
        is_open = bool(piece)
        if b"release" in piece:
            attached = False
        if attached and not is_open:
            break
    return attached


def main() -> int:
    """Carry out one order; returns the exit code of this process."""
    pipe = sys.stdin.fileno()
    order = _read_order(pipe)
    if order is None:
        return 1
    received: list[int] = []

    def note(number: int, _frame: object) -> None:
        received.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    try:
        child = _start(order)
    except OSError as error:
        _answer(sys.stdout, {"error": str(error)})
        return 1
    _answer(sys.stdout, {"pid": child.pid, "ticks": start_ticks(child.pid)})
    attached = _watch(child, pipe, received)
    ended_by_itself = start_ticks(child.pid) is None
    end_session(os.getpid(), order["grace"])
    child.wait()
    if attached and not ended_by_itself:
        _discard(order["discard"])
    return 0


def _run() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _run()
