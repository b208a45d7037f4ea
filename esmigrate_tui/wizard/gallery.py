"""Draws every scene of the sample values as an SVG, the same bytes each time; `make screenshots` calls it.

`python -m esmigrate_tui.wizard.gallery FOLDER` writes one file a scene.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from esmigrate_tui.wizard.environment import harden_environment

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from esmigrate_tui.wizard.sample_values import Scene


def settle_environment(environ: MutableMapping[str, str]) -> None:
    """Take out and fix whatever of the environment would show in a picture; before Textual is imported."""
    harden_environment(environ)
    for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FILTERS", "TEXTUAL_DIM_FACTOR"):
        environ.pop(name, None)
    environ.update({"COLORTERM": "truecolor", "TERM": "xterm-256color", "TZ": "UTC", "LC_ALL": "C.UTF-8"})
    time.tzset()


async def draw(scene: Scene) -> str:
    """One scene as SVG."""
    from esmigrate_tui.wizard.app import WizardApp  # noqa: PLC0415  # after the environment is settled
    from esmigrate_tui.wizard.sample_values import PICTURE_DOORS, credentials_of  # noqa: PLC0415  # likewise

    app = WizardApp(PICTURE_DOORS, credentials=credentials_of(scene.session), opening=(scene.session, scene.step))
    async with app.run_test(size=scene.size) as pilot:
        await pilot.pause()
        await pilot.press(*scene.press)
        await pilot.pause()
        svg = app.export_screenshot(title=f"esmigrate · {scene.step}")
    name = "terminal-" + hashlib.sha256(scene.name.encode()).hexdigest()[:8]
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # fonts from elsewhere: a picture fetches nothing
    return re.sub(r"terminal-\d+", name, svg)


def main(arguments: list[str]) -> int:
    """Draw all of them into a folder."""
    folder = Path(arguments[0] if arguments else "screenshots")
    settle_environment(os.environ)
    from esmigrate_tui.wizard.sample_values import SCENES  # noqa: PLC0415  # after the environment is settled

    folder.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        (folder / f"{scene.name}.svg").write_text(asyncio.run(draw(scene)), encoding="utf-8")
        print(folder / f"{scene.name}.svg")  # noqa: T201  # it is a command: these are its words
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
