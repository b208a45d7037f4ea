"""What every test has: the shared nodes, made known once; and files that take minutes come first."""

from __future__ import annotations

import gc
import re
import signal
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the program. `make test-quick` looks at fewer examples.
_PATIENT: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("esmigrate", parent=_PATIENT)
settings.register_profile("quick", parent=_PATIENT, max_examples=10)
settings.load_profile("esmigrate")

# A difference is shown, not only that there is one.
pytest.register_assert_rewrite("tests.whole", "tests.methods.migrating")
pytest_plugins = ["tests.fixtures_nodes"]

# Two files run at a time: a long one that is begun last would leave the other half of the machine idle.
_LONGEST: Final = (
    "journeys/test_without_a_screen.py",
    "sandbox/test_nodes.py",
    "contract/",
    "journeys/",
    "elastic/test_snapshots_on_nodes.py",
    "elastic/test_contract_on_every_version.py",
    "methods/",
    "elastic/",
    "preflight/",
)

# A shell lets what it starts in the background ignore SIGINT, and so would every program that a test ends by one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")


def _rank(path: str) -> int:
    return next((place for place, part in enumerate(_LONGEST) if f"tests/{part}" in path), len(_LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the long ones to the front; within a file everything stays in its order.

    A test's name must be the same in every process that collects it: one with an address in it never is.
    """
    if named := [item.nodeid for item in items if _ADDRESS.search(item.nodeid)]:
        message = f"{named[0]} has an address in its name: give the parameters ids that say what they are"
        raise pytest.UsageError(message)
    items.sort(key=lambda item: _rank(item.path.as_posix()))


def pytest_collection_finish() -> None:
    """What is known of the tests stays to the end: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
