"""Every check by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

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
from esmigrate_tui.preflight.acceptance import is_waivable
from esmigrate_tui.preflight.restore import allocation, names, operation, states, versions

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

Check = Callable[["Draft", "Clusters"], AsyncIterator["Finding"]]
"""One question: reads facts in the draft, or asks the clusters, and yields what it found."""


def name_of(check: Check) -> str:
    """The check's name, as a finding carries it and `--accept` takes it."""
    return getattr(check, "__name__", "check").replace("_", "-")


CHECKS: Final[dict[str, Check]] = {
    name_of(check): check
    for check in (
        connections.versions,
        connections.same_cluster,
        connections.plain_text,
        connections.unverified_certificate,
        connections.clocks,
        destination.destination_health,
        destination.destination_blocks,
        destination.room,
        destination.shard_limit,
        destination.existing_names,
        destination.shared_aliases,
        pressure.largest_shard,
        pressure.refusing_indices,
        pressure.pending_tasks,
        pressure.copies_unplaced,
        privileges.privileges,
        privileges.carrying_privileges,
        privileges.hidden_documents,
        source.reading_blocked,
        source.altered_sources,
        source.colliding_ids,
        source.still_written,
        source.hidden_indices,
        source.frozen_indices,
        selection.readable,
        selection.source_kept,
        selection.several_types,
        selection.refresh_switched_off,
        selection.internal_indices,
        selection.parents_and_children,
        copying.passed_over,
        copying.stream_templates,
        copying.used_targets,
        copying.stream_documents,
        copying.destination_pipelines,
        copying.kept_versions,
        definitions.definitions_accepted,
        definitions.lacking_parts,
        definitions.field_limits,
        definitions.template_settings,
        definitions.licence_features,
        templates.template_effects,
        remote.speed_settings,
        remote.destination_reaches_source,
        remote.numbers_rewritten,
        remote.large_documents,
        remote.open_scrolls,
        remote.handed_secret,
        files.files_readable,
        files.stable_ids,
        files.target_index,
        files.chosen_mapping,
        files.pipelines_and_templates,
        repository.repository_readable,
        repository.repository_readonly,
        repository.repository_uuid,
        repository.repository_integrity,
        repository.snapshot_state,
        repository.mount_possible,
        operation.restore_privileges,
        versions.restorable_versions,
        versions.archive_licence,
        names.open_indices_in_the_way,
        names.write_index_aliases,
        names.data_stream_templates,
        states.global_state_overwrites,
        states.feature_states_lock_out,
        allocation.analysis_parts,
        allocation.allocation_settings,
        operation.lifecycle_running,
        allocation.replicas_beyond_nodes,
        operation.speed_caps,
        operation.cancel_deletes,
    )
}
"""Every check by its name; the descriptions in `methods/` say which a method asks, and in which order."""

WAIVABLE: Final = frozenset(name for name, check in CHECKS.items() if is_waivable(check))
"""The names of the checks whose blockers a user may accept, as each declares."""

NAMES: Final = frozenset(CHECKS) | {"reachable", "sample-ids"}
"""Every name that a finding may carry: those of the checks, of the look before them, and of a second word on files."""
