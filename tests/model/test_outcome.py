"""The exit codes, one meaning each."""

from __future__ import annotations

import pytest

from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause


@pytest.mark.parametrize("cause", Cause)
def test_only_a_defect_of_the_program_ends_it_as_one(cause: Cause) -> None:
    assert (exit_code(cause) is ExitCode.INTERNAL) == (cause is Cause.INTERNAL)
