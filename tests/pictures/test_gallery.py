"""The gallery that README shows is what the program draws now."""

from __future__ import annotations

from pathlib import Path

import pytest

from esmigrate_tui.flow.steps import walked
from tests.pictures.gallery import IN_ORDER, WHOLE, draw, in_turn
from tests.pictures.sample_values import BY_NAME, SCENES

pytestmark = pytest.mark.slow
GALLERY = Path(__file__).parents[2] / "screenshots"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_picture_of_the_gallery_is_up_to_date(scene: object) -> None:
    assert isinstance(scene, type(SCENES[0]))
    drawn = (GALLERY / f"{scene.name}.svg").read_text(encoding="utf-8")
    assert drawn == await draw(scene), f"screenshots/{scene.name}.svg is out of date: make screenshots"


def test_the_gallery_has_no_picture_of_what_is_gone() -> None:
    assert {path.stem for path in GALLERY.glob("*.svg")} == {WHOLE, *(scene.name for scene in SCENES)}


def test_the_whole_run_shows_every_step_in_order_and_no_old_picture() -> None:
    steps = [BY_NAME[name].step for name in IN_ORDER]
    last = BY_NAME[IN_ORDER[-1]].session
    assert list(dict.fromkeys(steps)) == [step for step in walked(last) if step != "start"]
    assert {BY_NAME[name].size for name in IN_ORDER} == {(80, 24)}
    drawn = (GALLERY / f"{WHOLE}.svg").read_text(encoding="utf-8")
    kept = [(GALLERY / f"{name}.svg").read_text(encoding="utf-8") for name in IN_ORDER]
    assert drawn == in_turn(kept), f"screenshots/{WHOLE}.svg is out of date: make screenshots"


def test_no_picture_is_fetched_from_elsewhere_or_runs_a_program() -> None:
    drawn = (GALLERY / f"{WHOLE}.svg").read_text(encoding="utf-8")
    assert "<script" not in drawn
    assert "@import" not in drawn
    assert "href=" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
