"""Patterns become a concrete list, and nothing is left out without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.problem import Cause, ProblemError
from tests.operations import growth

if TYPE_CHECKING:
    from collections.abc import Callable

INDICES = (
    IndexFacts(name=".kibana"),
    IndexFacts(name="closed", state=IndexState.CLOSED),
    IndexFacts(name="logs-1"),
    IndexFacts(name="logs-2"),
    IndexFacts(name="quiet", hidden=True),
    IndexFacts(name="shop"),
)


def test_a_pattern_means_what_is_there() -> None:
    assert choose(INDICES, ["logs-*"]).names == ("logs-1", "logs-2")


def test_what_a_pattern_leaves_out_is_said() -> None:
    choice = choose(INDICES, ["*"])
    assert choice.names == ("logs-1", "logs-2", "shop")
    assert [name for name, _ in choice.left_out] == [".kibana", "closed", "quiet"]


def test_hidden_ones_come_when_asked_for() -> None:
    assert choose(INDICES, ["*"], hidden_too=True).names == (".kibana", "logs-1", "logs-2", "quiet", "shop")
    assert choose(INDICES, [".kibana"]).names == (".kibana",)


def test_exclusions_are_taken_out() -> None:
    assert choose(INDICES, ["logs-*", "shop"], ["*-2"]).names == ("logs-1", "shop")


@pytest.mark.parametrize(
    ("patterns", "cause"), [(["nope-*"], Cause.MISSING), (["closed"], Cause.BLOCKED), (["clo*"], Cause.MISSING)]
)
def test_an_absence_is_never_a_success(patterns: list[str], cause: Cause) -> None:
    with pytest.raises(ProblemError) as raised:
        choose(INDICES, patterns)
    assert raised.value.problem.cause is cause


def test_one_empty_pattern_among_good_ones_is_not_passed_over() -> None:
    with pytest.raises(ProblemError):
        choose(INDICES, ["shop", "nope-*"])


def test_ten_times_as_many_names_cost_ten_times_as_much() -> None:
    def chosen(many: int) -> Callable[[], object]:
        indices = [IndexFacts(name=f"day-{at}") for at in range(many)]
        names = [index.name for index in indices]
        return lambda: choose(indices, names)

    assert growth(chosen) < 4.5
