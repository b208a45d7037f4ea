"""The pages in plain words: who speaks to whom is drawn, in a width that every terminal has, and in ASCII too."""

from __future__ import annotations

import pytest

from esmigrate_tui.flow.help import way
from esmigrate_tui.flow.layout import plain
from esmigrate_tui.flow.steps import walked
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.wizard.pages import help_page
from tests.pictures import sample_values as sample

NARROW = 79
"""Cells of a page on 80 columns: the scroll bar has one."""
WHO: dict[MethodName, tuple[str, ...]] = {
    MethodName.INDEX_FROM_SOURCE: ("esmigrate > destination", "a sender > destination"),
    MethodName.REINDEX_FROM_REMOTE: (
        "esmigrate > source",
        "esmigrate > destination",
        "destination > source",
    ),
    MethodName.RESTORE_FROM_SNAPSHOT: (
        "esmigrate > destination",
        "destination > repository",
        "esmigrate > source",
    ),
    MethodName.COPY_THROUGH_HERE: ("esmigrate > source", "esmigrate > destination"),
}


@pytest.mark.parametrize("step", ["connections", "preflight"])
@pytest.mark.parametrize("method", [*MethodName], ids=str)
def test_the_pages_before_a_run_draw_who_speaks_to_whom(method: MethodName, step: str) -> None:
    title, lines = help_page(step, sample.CONNECTED.answered(method=method))
    shown = [line.plain for line in lines(NARROW)]
    arrows = [line.split("──") for line in shown if "──→" in line]
    drawn = [f"{parts[0].strip()} > {parts[-1].lstrip('─→').strip()}" for parts in arrows]
    assert title
    assert len(drawn) == len(WHO[method])
    assert all(has.startswith(wanted) for has, wanted in zip(drawn, WHO[method], strict=True))


def test_the_page_of_the_methods_draws_each() -> None:
    shown = "\n".join(line.plain for line in help_page("method", sample.CHOSEN)[1](NARROW))
    assert all(way(method) in shown for method in MethodName)


@pytest.mark.parametrize("method", [*MethodName], ids=str)
def test_no_line_of_a_page_is_too_wide_for_80_columns(method: MethodName) -> None:
    session = sample.CONNECTED.answered(method=method)
    for step in walked(session):
        lines = help_page(step, session)[1](NARROW)
        assert [line.plain for line in lines if line.cell_len > NARROW] == [], step


def test_an_arrow_is_an_arrow_in_ascii() -> None:
    assert (
        plain(way(MethodName.COPY_THROUGH_HERE)).splitlines()[0].startswith("     esmigrate -- 9200 or 9243 --> source")
    )
