"""Every check by its name."""

from __future__ import annotations

from typing import Final

from esmigrate_tui.preflight import (
    connections,
    copying,
    definitions,
    destination,
    files,
    pressure,
    privileges,
    remote,
    repository,
    selection,
    source,
    templates,
)
from esmigrate_tui.preflight.check import Check
from esmigrate_tui.preflight.restore import allocation, names, operation, states, versions

_OF_ALL: Final = (
    *(connections, copying, definitions, destination, files, pressure, privileges, remote, repository, selection),
    *(source, templates, allocation, names, operation, states, versions),
)

CHECKS: Final[dict[str, Check]] = {
    check.name: check for module in _OF_ALL for check in vars(module).values() if isinstance(check, Check)
}
"""Every check of these files by its name; the descriptions in `methods/` say which a method asks, in which order."""

WAIVABLE: Final = frozenset(name for name, check in CHECKS.items() if check.is_waivable)
"""The names of the checks whose blockers a user may accept, as each declares."""

NAMES: Final = frozenset(CHECKS) | {"reachable", "sample-ids"}
"""Every name that a finding may carry: those of the checks, of the look before them, and of a second word on files."""
