"""The gallery that README shows is what the program draws now."""

from __future__ import annotations

from pathlib import Path

import pytest

from esmigrate_tui.wizard.gallery import draw
from esmigrate_tui.wizard.sample_values import SCENES

GALLERY = Path(__file__).parents[2] / "screenshots"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_picture_of_the_gallery_is_up_to_date(scene: object) -> None:
    assert isinstance(scene, type(SCENES[0]))
    drawn = (GALLERY / f"{scene.name}.svg").read_text(encoding="utf-8")
    assert drawn == await draw(scene), f"screenshots/{scene.name}.svg is out of date: make screenshots"


def test_the_gallery_has_no_picture_of_what_is_gone() -> None:
    assert {path.stem for path in GALLERY.glob("*.svg")} == {scene.name for scene in SCENES}
