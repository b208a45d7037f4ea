"""Which names an index may have: one table, whoever asks, be it a form, a check or a plan."""

from __future__ import annotations

import pytest

from esmigrate_tui.model.names import index_name_problem


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("orders", ""),
        (".orders", ""),
        ("orders-2026.11_v2+x", ""),
        ("été", ""),
        ("ü" * 127, ""),
        ("", "a name is needed"),
        (".", ". is no name"),
        ("..", ".. is no name"),
        ("Orders", "only small letters"),
        ("my orders", "no blanks"),
        ("or\tders", "not with '␉'"),
        ("or\u00a0ders", "not with '\\xa0'"),
        ("or\u202eders", "not with '<U+202E>'"),
        *((f"a{one}b", f"not with {one!r}") for one in '\\/*?"<>|,#:'),
        *((f"{one}a", f"not with {one} in front") for one in "-_+"),
        ("ü" * 128, "at most 255 bytes"),
    ],
)
def test_why_a_name_is_none(name: str, trouble: str) -> None:
    assert index_name_problem(name) == trouble
