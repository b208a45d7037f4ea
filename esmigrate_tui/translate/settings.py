"""Index settings of one major version, as a newer one takes them when an index is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

# What Elasticsearch writes itself and refuses to be told.
# https://www.elastic.co/guide/en/elasticsearch/reference/current/index-modules.html
_PRIVATE: Final = (
    "index.uuid",
    "index.version.",
    "index.creation_date",
    "index.provided_name",
    "index.history.uuid",
    "index.resize.",
    "index.shrink.",
    "index.verified_before_close",
    "index.routing.allocation.initial_recovery.",
    "index.store.snapshot.",
    "index.transport_version.",
)

# setting -> (first major version without it, why it is left out); a trailing dot stands for all below it
_LEFT_OUT: Final[dict[str, tuple[int, str]]] = {
    "index.blocks.": (0, "a block would refuse the documents; set it again when the migration is done"),
    "index.routing.allocation.": (0, "it names nodes of the old cluster; the new one would not place the shards"),
    "index.lifecycle.": (0, "its policy is not on the new cluster yet; attach one when the migration is done"),
    "index.default_pipeline": (0, "the documents went through it already; set it again when the migration is done"),
    "index.final_pipeline": (0, "the documents went through it already; set it again when the migration is done"),
    "index.frozen": (0, "a frozen index takes no documents"),
    "index.search.throttled": (0, "it belongs to frozen indices"),
    "index.plugin.": (0, "it belongs to a plugin of the old cluster"),
    "index.ttl.disable_purge": (5, "documents have no _ttl any more"),
    "index.warmer.enabled": (5, "warmers are gone"),
    "index.cache.query.enable": (5, "it has another name now"),
    "index.mapper.dynamic": (7, "every index maps dynamically unless its mapping says otherwise"),
    "index.mapping.single_type": (7, "every index has one type"),
    "index.shared_filesystem.": (6, "shadow replicas are gone"),
    "index.shadow_replicas": (6, "shadow replicas are gone"),
    "index.gateway.": (6, "it is gone"),
    "index.codec.bloom.load": (5, "it is gone"),
    "index.fielddata.cache": (5, "it is gone"),
    "index.compound_format": (5, "it is gone"),
    "index.compound_on_flush": (5, "it is gone"),
    "index.merge.async": (5, "it is gone"),
    "index.merge.policy.type": (5, "it is gone"),
    "index.merge.scheduler.type": (5, "it is gone"),
    "index.translog.fs.": (5, "it is gone"),
    "index.translog.flush_threshold_ops": (5, "it is gone"),
    "index.translog.flush_threshold_period": (5, "it is gone"),
    "index.translog.disable_flush": (5, "it is gone"),
    "index.translog.interval": (5, "it is gone"),
    "index.translog.retention.": (8, "operations are kept in another way"),
    "index.store.throttle.": (6, "merges are throttled by the node"),
    "index.soft_deletes.enabled": (8, "soft deletes are always on"),
    "index.force_memory_term_dictionary": (8, "it is gone"),
    "index.max_adjacency_matrix_filters": (8, "it is a limit of the whole cluster now"),
    "index.store.fs.fs_lock": (0, "it belongs to the disks of the old cluster"),
    "index.data_path": (0, "it belongs to the disks of the old cluster"),
    "index.version.compatibility": (0, "it belongs to the old index"),
}

# The names that analysis components had, and have now (since 5.0 to 7.0).
_RENAMED_ANALYSIS: Final = {
    "nGram": "ngram",
    "edgeNGram": "edge_ngram",
    "htmlStrip": "html_strip",
    "delimited_payload_filter": "delimited_payload",
    "PathHierarchy": "path_hierarchy",
}


def flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted names; a list stays a value."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern) if pattern.endswith(".") else name == pattern


def _reason_to_leave_out(name: str, destination: Version) -> str | None:
    for pattern, (gone_since, why) in _LEFT_OUT.items():
        if destination.major >= gone_since and _matches(name, pattern):
            return why
    return None


def translate_settings(settings: dict[str, Any], destination: Version) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Flat settings for `destination`, and what was changed, in words.

    `settings` is the "settings" object of `GET /INDEX`, nested or flat.
    """
    named = {name if name.startswith("index.") else f"index.{name}": v for name, v in flat(settings).items()}
    kept: dict[str, Any] = {}
    changes: list[str] = []
    for name, value in sorted(named.items()):
        if name.startswith(_PRIVATE):
            continue
        why = _reason_to_leave_out(name, destination)
        if why is not None:
            changes.append(f"setting {name} is left out: {why}")
        elif name.startswith("index.analysis."):
            kept[name] = _analysis(name, value, destination, changes)
        elif name.startswith("index.similarity.") and value in {"classic", "default"} and destination.major >= 7:
            kept[name] = "BM25"
            changes.append(f"setting {name}: the classic similarity is gone, BM25 scores instead")
        elif name == "index.shard.check_on_startup" and value == "fix":
            changes.append(f"setting {name} is left out: the value fix is gone")
        else:
            kept[name] = value
    return kept, tuple(changes)


def _analysis(name: str, value: Any, destination: Version, changes: list[str]) -> Any:  # noqa: ANN401  # JSON
    """One analysis setting with today's component names; `changes` is told what was renamed."""
    if destination.major < 7:
        return value
    renamed: Any = value
    if isinstance(value, list):
        renamed = [_RENAMED_ANALYSIS.get(part, part) for part in value if not _is_gone(name, part)]
    elif isinstance(value, str):
        renamed = _RENAMED_ANALYSIS.get(value, value)
    if renamed != value:
        changes.append(f"setting {name}: {value} is written {renamed} now")
    return renamed


def _is_gone(name: str, part: str) -> bool:
    """The token filter `standard` did nothing and was removed in 7.0; an analyzer of that name is another thing."""
    return part == "standard" and name.endswith(".filter")
