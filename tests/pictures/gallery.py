"""Draws every scene of the sample values as an SVG, the same bytes each time; `make screenshots` calls it.

`python -m tests.pictures.gallery FOLDER` writes one file a scene, and one that shows a whole migration in turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from esmigrate_tui.wizard.environment import harden_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from tests.pictures.sample_values import Scene

WHOLE: Final = "whole-run"
IN_ORDER: Final = (
    "method",
    "connections-empty",
    "connections-testing",
    "connections",
    "preflight-blocked",
    "preflight-passed",
    "selection",
    "review",
    "run-started",
    "run",
    "run-waiting",
    "finish-aside",
)
"""The scenes of a remote reindex from its first screen to its last; all of one size."""
_SECONDS: Final = 4  # to read a screen of which one knows the frame already


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
    from tests.pictures.sample_values import PICTURE_SERVICES, credentials_of  # noqa: PLC0415  # likewise

    app = WizardApp(PICTURE_SERVICES, credentials=credentials_of(scene.session), opening=(scene.session, scene.step))
    async with app.run_test(size=scene.size) as pilot:
        await pilot.pause()
        await pilot.press(*scene.press)
        await pilot.pause()
        svg = app.export_screenshot(title=f"esmigrate · {scene.step}")
    name = "terminal-" + hashlib.sha256(scene.name.encode()).hexdigest()[:8]
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # fonts from elsewhere: a picture fetches nothing
    return re.sub(r"terminal-\d+", name, svg)


def in_turn(pictures: Iterable[str]) -> str:
    """Pictures of one size as one that shows each for some seconds, again and again.

    What cannot move, or is asked not to, shows the first.
    """
    drawn = tuple(pictures)
    head, _, _ = drawn[0].partition("\n")
    each = 100 / len(drawn)
    style = (
        f"@keyframes turn {{ 0% {{ visibility: visible }} {each:.4f}%, 100% {{ visibility: hidden }} }}\n"
        ".turn { visibility: hidden }\n.turn:first-of-type { visibility: visible }\n"
        "@media (prefers-reduced-motion: no-preference) {\n"
        f".turn {{ animation: turn {_SECONDS * len(drawn)}s step-end infinite }}\n"
    )
    style += "".join(f".turn-{at} {{ animation-delay: {_SECONDS * at}s }}\n" for at in range(1, len(drawn))) + "}\n"
    frames = (picture.partition("\n")[2].rpartition("</svg>")[0] for picture in drawn)
    inner = "".join(f'<g class="turn turn-{at}">\n{frame}</g>\n' for at, frame in enumerate(frames))
    return f"{head}\n<style>\n{style}</style>\n{inner}</svg>\n"


def main(arguments: list[str]) -> int:
    """Draw all of them into a folder."""
    folder = Path(arguments[0] if arguments else "screenshots")
    settle_environment(os.environ)
    from tests.pictures.sample_values import SCENES  # noqa: PLC0415  # after the environment is settled

    folder.mkdir(parents=True, exist_ok=True)
    drawn = {scene.name: asyncio.run(draw(scene)) for scene in SCENES}
    drawn[WHOLE] = in_turn(drawn[name] for name in IN_ORDER)
    for name, picture in drawn.items():
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(folder / f"{name}.svg")  # noqa: T201  # it is a command: these are its words
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
