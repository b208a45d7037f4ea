"""Index settings of one major version, as a newer one takes them when an index is created.

https://www.elastic.co/guide/en/elasticsearch/reference/5.6/breaking_50_settings_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/6.8/breaking_60_settings_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/breaking-changes-7.0.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/migrating-8.0.html

What a server of each major says to each of these was seen on 5.6.16, 6.8.23, 7.17.28 and 9.5.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.model.settings import named
from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.analysis import translate_analysis
from esmigrate_tui.translate.origin import created_by, is_spelled_boolean, is_true
from esmigrate_tui.translate.similarities import translate_similarities

if TYPE_CHECKING:
    from collections.abc import Collection

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
    "index.rollup.source.",
    "index.downsample.source.",
    "index.downsample.origin.",
)

# setting -> (first major version without it, why it is left out); a trailing dot stands for all below it
_LEFT_OUT: Final[dict[str, tuple[int, str]]] = {
    "index.blocks.": (0, "a block would refuse the documents; set it again when the migration is done"),
    "index.routing.allocation.": (0, "it names nodes of the source; the destination could not allocate the shards"),
    "index.lifecycle.": (0, "its policy does not exist on the destination yet; attach one when the migration is done"),
    "index.default_pipeline": (0, "the documents went through it already; set it again when the migration is done"),
    "index.final_pipeline": (0, "the documents went through it already; set it again when the migration is done"),
    "index.frozen": (0, "a frozen index takes no documents"),
    "index.search.throttled": (0, "it belongs to frozen indices"),
    "index.plugin.": (0, "it belongs to a plugin of the source"),
    "index.xpack.": (0, "it belongs to an index that Elasticsearch keeps for itself"),
    "index.ccr.": (0, "the new index follows no other"),
    "index.downsample.": (0, "it tells how the old index came about"),
    "index.store.fs.fs_lock": (0, "it belongs to the disks of the source"),
    "index.data_path": (0, "it belongs to the disks of the source"),
    "index.mapping.allow_dots_in_name": (5, "dots in names always stand for objects now"),
    "index.cache.query.": (5, "it has another name now"),
    "index.codec.bloom.load": (5, "it was removed"),
    "index.merge.async": (5, "it was removed"),
    "index.merge.policy.type": (5, "it was removed"),
    "index.merge.policy.use_compound_file": (5, "it was removed"),
    "index.merge.policy.min_merge": (5, "it was removed"),
    "index.merge.scheduler.type": (5, "it was removed"),
    "index.translog.fs.": (5, "it was removed"),
    "index.translog.flush_threshold_ops": (5, "it was removed"),
    "index.translog.flush_threshold_period": (5, "it was removed"),
    "index.translog.disable_flush": (5, "it was removed"),
    "index.translog.interval": (5, "it was removed"),
    "index.mapping.single_type": (6, "every index has one type"),
    "index.shared_filesystem": (6, "shadow replicas were removed"),
    "index.shared_filesystem.": (6, "shadow replicas were removed"),
    "index.shadow_replicas": (6, "shadow replicas were removed"),
    "index.gateway.": (5, "it was removed"),
    "index.recovery.initial_shards": (6, "it was removed"),
    "index.queries.cache.everything": (6, "it was removed"),
    "index.queries.cache.term_queries": (6, "it was removed"),
    "index.store.throttle.": (6, "merges are throttled by the node"),
    "index.mapper.dynamic": (7, "every index maps dynamically unless its mapping says otherwise"),
    "index.optimize_auto_generated_id": (7, "it is always on"),
    "index.ttl.disable_purge": (5, "documents have no _ttl any more"),
    "index.merge.policy.reclaim_deletes_weight": (7, "it was removed"),
    "index.percolator.map_unmapped_fields_as_string": (7, "it is called map_unmapped_fields_as_text now"),
    "index.translog.retention.": (8, "operations are kept in another way"),
    "index.soft_deletes.enabled": (8, "soft deletes are always on"),
    "index.force_memory_term_dictionary": (8, "it was removed"),
    "index.max_adjacency_matrix_filters": (8, "it is a limit of the whole cluster now"),
    "index.search.slowlog.level": (8, "each threshold has a level of its own"),
    "index.indexing.slowlog.level": (8, "each threshold has a level of its own"),
}

# What 5.0 knew. Before it, any setting was taken, known or not; such a one is refused since.
_KNOWN: Final = re.compile(
    r"index\.(?:"
    r"number_of_(?:shards|replicas)|auto_expand_replicas|codec|refresh_interval|gc_deletes|priority|compound_format"
    r"|shard\.check_on_startup|max_(?:result|rescore)_window|max_slices_per_scroll|max_refresh_listeners"
    r"|query\.default_field|query\.parse\.allow_unmapped_fields|query_string\.lenient"
    r"|mapping\.(?:coerce|ignore_malformed|(?:total_fields|depth|nested_fields)\.limit)|mapper\.dynamic"
    r"|requests\.cache\.enable|queries\.cache\.enabled"
    r"|merge\.policy\.(?:max_merged_segment|segments_per_tier|expunge_deletes_allowed|floor_segment"
    r"|max_merge_at_once|max_merge_at_once_explicit|reclaim_deletes_weight)"
    r"|merge\.scheduler\.(?:max_thread_count|max_merge_count|auto_throttle)"
    r"|translog\.(?:durability|sync_interval|flush_threshold_size)"
    r"|unassigned\.node_left\.delayed_timeout|routing\.rebalance\.enable|allocation\.max_retries"
    r"|store\.(?:type|preload|stats_refresh_interval)"
    r"|search\.slowlog\.(?:level|threshold\.(?:query|fetch)\.(?:warn|info|debug|trace))"
    r"|indexing\.slowlog\.(?:level|source|reformat|threshold\.index\.(?:warn|info|debug|trace))"
    r"|warmer\.enabled|load_fixed_bitset_filters_eagerly|write\.wait_for_active_shards"
    r"|percolator\.map_unmapped_fields_as_string|fielddata\.cache"
    r"|analysis\..+|similarity\..+)"
)
_TIMES: Final = re.compile(
    r"index\.(?:refresh_interval|gc_deletes|translog\.sync_interval|unassigned\.node_left\.delayed_timeout"
    r"|store\.stats_refresh_interval|(?:search|indexing)\.slowlog\.threshold\..+)"
)
_SIZES: Final = re.compile(
    r"index\.(?:translog\.flush_threshold_size|merge\.policy\.(?:max_merged_segment|floor_segment))"
)
_BOOLEANS: Final = re.compile(
    r"index\.(?:mapping\.(?:coerce|ignore_malformed)|requests\.cache\.enable|queries\.cache\.enabled|mapper\.dynamic"
    r"|merge\.scheduler\.auto_throttle|warmer\.enabled|load_fixed_bitset_filters_eagerly|shard\.check_on_startup"
    r"|query_string\.lenient|query\.parse\.allow_unmapped_fields|indexing\.slowlog\.reformat|soft_deletes\.enabled"
    r"|percolator\.map_unmapped_fields_as_(?:string|text))"
)
_REFERENCES: Final = ("index.lifecycle.", "index.default_pipeline", "index.final_pipeline")
_FOR_LATER: Final = frozenset(
    {
        "index.lifecycle.name",
        "index.lifecycle.rollover_alias",
        "index.default_pipeline",
        "index.final_pipeline",
        "index.blocks.read_only",
        "index.blocks.write",
        "index.blocks.read",
        "index.blocks.metadata",
    }
)
"""What a person sets again; where the lifecycle of the old index stood is not carried over with it."""
_CODECS: Final = frozenset({"default", "best_compression", "legacy_default", "legacy_best_compression"})


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern) if pattern.endswith(".") else name == pattern


def _reason_to_leave_out(name: str, destination: Version) -> str | None:
    for pattern, (gone_since, why) in _LEFT_OUT.items():
        if destination.major >= gone_since and _matches(name, pattern):
            return why
    return None


def for_later(settings: dict[str, Any], made: dict[str, Any]) -> dict[str, str]:
    """The policies, pipelines and blocks that were left out of what is `made`, by their full names."""
    there = named(made)
    return {
        name: "true" if value is True else str(value)
        for name, value in sorted(named(settings).items())
        if name not in there and name in _FOR_LATER and value not in (None, "", "_none", "false", False)
    }


def translate_settings(
    settings: dict[str, Any],
    destination: Version,
    source: Version | None = None,
    *,
    referring: Collection[str] = (),
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Flat settings for `destination`, and what was changed, in words.

    `settings` is the "settings" object of `GET /INDEX`, nested or flat; `source` the version that made the index,
    where the settings do not say it. `referring` are the settings among index.lifecycle., index.default_pipeline and
    index.final_pipeline that are kept: those of a template are for documents to come.
    """
    given = named(settings)
    source = created_by(given) or source
    kept: dict[str, Any] = {}
    changes: list[str] = []
    for name, value in sorted(given.items()):
        if name.startswith(_PRIVATE):
            continue
        shown = clean(name, 200)
        if any(_matches(name, pattern) for pattern in _REFERENCES if pattern in referring):
            kept[name] = value
            changes.append(f"setting {shown} refers to {clean(str(value), 200)}, which must be on the destination")
            continue
        why = _reason_to_leave_out(name, destination)
        if why is None and source is not None and source.major < 5 <= destination.major and not _KNOWN.fullmatch(name):
            why = "newer versions do not know it"
        if why is None:
            why = _bad_value(name, value, destination)
        if why is not None:
            changes.append(f"setting {shown} is left out: {why}")
        else:
            kept[name] = _spelled(name, value, destination, changes)
    if destination.major == 6 and (renamed := "index.percolator.map_unmapped_fields_as_string") in kept:
        kept["index.percolator.map_unmapped_fields_as_text"] = kept.pop(renamed)
        changes.append(f"setting {renamed} is written map_unmapped_fields_as_text now")
    kept = translate_similarities(kept, destination, changes)
    kept = translate_analysis(kept, destination, changes)
    return dict(sorted(kept.items())), tuple(dict.fromkeys(changes))


def _bad_value(name: str, value: object, destination: Version) -> str | None:
    """Why this value of a known setting cannot be; None where it can."""
    if destination.major >= 7 and name == "index.shard.check_on_startup" and value == "fix":
        return "the value fix was removed"
    if destination.major >= 6 and name == "index.store.type" and value == "default":
        return "the value default was removed, the best one is chosen by itself"
    if destination.major >= 5 and name == "index.codec" and value not in _CODECS:
        return f"the codec {clean(str(value), 80)} is not among those of a new index"
    if destination.major >= 5 and name == "index.fielddata.cache" and value not in ("node", "none"):
        return "it was removed"
    return None


def _spelled(name: str, value: Any, destination: Version, changes: list[str]) -> Any:  # noqa: ANN401  # JSON
    """The same value with its unit, and a boolean as true or false: 5.0 and 6.0 became strict about these."""
    new: Any = value
    if destination.major >= 5 and str(value).isdigit() and str(value) != "0":
        new = f"{value}ms" if _TIMES.fullmatch(name) else f"{value}b" if _SIZES.fullmatch(name) else value
    if destination.major >= 6 and is_spelled_boolean(value):
        if _BOOLEANS.fullmatch(name):
            new = str(is_true(value)).lower()
        elif name == "index.auto_expand_replicas" and not is_true(value):
            new = "false"
    if new != value:
        changes.append(f"setting {name}: {clean(str(value), 80)} is written {new} now")
    return new
