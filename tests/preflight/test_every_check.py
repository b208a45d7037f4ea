"""No check is forgotten: each is found in its file, and asked by a method."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from esmigrate_tui import preflight
from esmigrate_tui.methods import METHODS
from esmigrate_tui.preflight.check import Check
from esmigrate_tui.preflight.checks import CHECKS


def test_every_check_of_every_file_is_known_by_its_name() -> None:
    modules = [import_module(one.name) for one in walk_packages(preflight.__path__, "esmigrate_tui.preflight.")]
    declared = {value.name for module in modules for value in vars(module).values() if isinstance(value, Check)}
    assert declared == set(CHECKS)


def test_every_check_is_asked_by_a_method_and_every_name_is_a_check() -> None:
    assert {name for method in METHODS.values() for name in method.checks} == set(CHECKS)
