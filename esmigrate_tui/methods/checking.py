"""The preflight of a draft: the checks that its method's description names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui import preflight
from esmigrate_tui.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding


def preflight_findings(draft: Draft, clusters: Clusters) -> AsyncIterator[Finding]:
    """The findings of the checks of the draft's method, as `preflight.run_checks` yields them; none without one."""
    names = () if draft.method is None else METHODS[draft.method].checks
    return preflight.run_checks(draft, clusters, [preflight.CHECKS[name] for name in names])
