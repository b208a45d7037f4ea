"""Which checks a method asks for, in the order they are told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.method import MethodName
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
    restore,
    selection,
    source,
    templates,
)
from esmigrate_tui.preflight.waiving import is_waivable

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

Check = Callable[["Draft", "Clusters"], AsyncIterator["Finding"]]
"""One question: reads facts in the draft, or asks the clusters, and yields what it found."""

_ANY: Final[tuple[Check, ...]] = (
    connections.versions,
    connections.same_cluster,
    connections.plain_text,
    connections.unverified_certificate,
    connections.clocks,
    destination.destination_health,
    destination.destination_blocks,
    destination.room,
    destination.shard_limit,
    pressure.largest_shard,
    pressure.refusing_indices,
    pressure.pending_tasks,
    pressure.copies_unplaced,
)
_COPYING: Final[tuple[Check, ...]] = (
    *_ANY,
    privileges.privileges,
    privileges.carrying_privileges,
    privileges.hidden_documents,
    destination.existing_names,
    destination.shared_aliases,
    selection.readable,
    selection.source_kept,
    source.reading_blocked,
    copying.passed_over,
    source.altered_sources,
    source.colliding_ids,
    selection.several_types,
    selection.refresh_switched_off,
    source.still_written,
    definitions.definitions_accepted,
    definitions.lacking_parts,
    definitions.field_limits,
    definitions.template_settings,
    templates.template_effects,
    definitions.licence_features,
    selection.internal_indices,
    source.hidden_indices,
    copying.stream_templates,
)

CHECKS: Final[dict[MethodName, tuple[Check, ...]]] = {
    MethodName.INDEX_FROM_SOURCE: (
        files.files_readable,
        files.stable_ids,
        *_ANY,
        privileges.privileges,
        files.target_index,
        files.chosen_mapping,
        definitions.definitions_accepted,
        files.pipelines_and_templates,
        definitions.template_settings,
        templates.template_effects,
        remote.speed_settings,
    ),
    MethodName.REINDEX_FROM_REMOTE: (
        remote.destination_reaches_source,
        source.frozen_indices,
        *_COPYING,
        remote.numbers_rewritten,
        remote.large_documents,
        remote.open_scrolls,
        remote.handed_secret,
        remote.speed_settings,
    ),
    MethodName.COPY_THROUGH_HERE: (
        *_COPYING,
        copying.used_targets,
        copying.stream_documents,
        copying.destination_pipelines,
        copying.kept_versions,
        selection.parents_and_children,
        remote.speed_settings,
    ),
    MethodName.RESTORE_FROM_SNAPSHOT: (
        repository.repository_readable,
        repository.repository_readonly,
        repository.repository_uuid,
        repository.repository_integrity,
        restore.restore_privileges,
        repository.snapshot_state,
        restore.restorable_versions,
        restore.archive_licence,
        *_ANY,
        restore.open_indices_in_the_way,
        destination.shared_aliases,
        restore.write_index_aliases,
        restore.data_stream_templates,
        restore.global_state_overwrites,
        restore.feature_states_lock_out,
        selection.internal_indices,
        restore.analysis_parts,
        definitions.licence_features,
        source.still_written,
        restore.allocation_settings,
        restore.lifecycle_running,
        restore.replicas_beyond_nodes,
        restore.speed_caps,
        repository.mount_possible,
        restore.cancel_deletes,
    ),
}


def name_of(check: Check) -> str:
    """The check's name, as a finding carries it and `--accept` takes it."""
    return getattr(check, "__name__", "check").replace("_", "-")


WAIVABLE: Final = frozenset(name_of(check) for checks in CHECKS.values() for check in checks if is_waivable(check))
"""The names of the checks whose blockers a user may accept, as each declares."""

NAMES: Final = frozenset(name_of(check) for checks in CHECKS.values() for check in checks) | {"reachable", "sample-ids"}
"""Every name that a finding may carry: those of the checks, of the look before them, and of a second word on files."""
