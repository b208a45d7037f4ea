"""Texts and plans written to files that a user names: whole or not at all, and over nothing unless asked to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from esmigrate_tui.disk import read_text, write_whole
from esmigrate_tui.model.plan import MOST_BYTES, Plan
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import clean

_ANOTHER_NAME: Final = "Give it another name."


def write_new(path: Path, text: str, *, force: bool, todo: str = _ANOTHER_NAME) -> None:
    """Write a file whole; raises ProblemError: usage where it exists and may not be overwritten, state else."""
    try:
        if path.exists() and not force:
            raise ProblemError.of(Cause.USAGE, f"{path} exists already.", todo=todo)
        write_whole(path, text.encode(), is_new=not force)
    except (OSError, ValueError) as error:  # a NUL in a name is a ValueError
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        what = f"{clean(str(path), 300)} cannot be written: {clean(why, 200)}."
        raise ProblemError.of(Cause.STATE, what, todo="Give a place where you may write.") from None


async def save_text(name: str, text: str) -> str:
    """Write a text into a new file, and its path; raises ProblemError."""
    from esmigrate_tui.reading.open_file import path_of  # noqa: PLC0415  # a plan is saved without it

    path = await asyncio.to_thread(path_of, name)
    await asyncio.to_thread(write_new, path, text, force=False)
    return str(path)


async def save_plan(plan: Plan) -> str:
    """Write a plan into the working directory, and its name; raises ProblemError."""
    name = f"esmigrate-{plan.made_at.replace(':', '')}.toml"
    await asyncio.to_thread(write_new, Path(name), plan.to_toml(), force=True)
    return name


async def read_plan(path: Path) -> Plan:
    """The plan in a file; raises ProblemError."""
    return Plan.from_toml(await asyncio.to_thread(read_text, path, MOST_BYTES, "a plan"), str(path))
