"""What a product of some version can do, as answers to named questions: the one place where versions are compared.

A row is one question. The texts for senders (Logstash, Filebeat, client libraries) go by the destination's version,
too, since each of them is taken in the version of the cluster that it writes to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.facts import Version

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import ClusterFacts

UNKNOWN_VERSION: Final = Version(0)
"""Where nothing is known of a cluster: older than every other."""

_OLDEST_ARCHIVE: Final = 5  # major
_LATE_SIX: Final = Version(6, 8)  # newer than 7.0 and 7.1, which therefore cannot read what it made
_READS_LATE_SIX: Final = Version(7, 2)
# From 8.11 on an index remembers a number of the index format, which says the major version and no more.
_FORMAT_NUMBERS_BEGIN: Final = 8_500_000


class Product(StrEnum):
    """What a cluster runs."""

    ELASTICSEARCH = "elasticsearch"


class IndexSupport(StrEnum):
    """How a cluster takes an index that some version made, when it is restored.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html#snapshot-restore-version-compatibility
    """

    FULL = "full"
    MARKED = "marked read-only"
    ARCHIVE = "archive"
    TOO_OLD = "too old"
    LATE_SIX = "6.8 before 7.2"
    NEWER = "newer"


class _Between:
    """One row: yes from version `since` on, and before version `until`."""

    def __init__(self, since: Version, until: Version | None = None) -> None:
        self._since, self._until = since, until

    def __get__(self, features: Features, _owner: type[Features]) -> bool:
        return self._since <= features.version and (self._until is None or features.version < self._until)


def _since(major: int, minor: int = 0) -> _Between:
    return _Between(Version(major, minor))


def _until(major: int, minor: int = 0) -> _Between:
    return _Between(Version(0), Version(major, minor))


@dataclass(frozen=True)
class Features:
    """The abilities of one product in one version."""

    product: Product
    version: Version

    @classmethod
    def of(cls, product: Product, version: Version) -> Features:
        """The abilities of a product in a version."""
        return cls(product, version)

    @classmethod
    def of_elasticsearch(cls, version: Version | str) -> Features:
        """The same where nothing but a version is known; raises ValueError for a text that names none."""
        return cls.of(Product.ELASTICSEARCH, Version.parse(version) if isinstance(version, str) else version)

    @classmethod
    def of_cluster(cls, facts: ClusterFacts) -> Features:
        """The abilities of a cluster that was probed."""
        return cls.of(Product.ELASTICSEARCH, facts.version)

    # -- documents and searches
    has_types = _until(7)
    has_several_types = _until(6)  # in one index
    searches_every_type = _since(5)  # a search that names none finds `.percolator` as well
    takes_doc_as_type = _since(6, 2)
    takes_include_type_name = _Between(Version(6, 7), Version(7))
    has_sequence_numbers = _since(6)  # `_seq_no`, one for each change to a shard
    slices_scrolls = _since(5)
    counts_hits_on_request = _since(6)  # track_total_hits
    rejects_partial_results = _since(6, 3)  # allow_partial_search_results
    has_frozen_indices = _Between(Version(6, 6), Version(8))  # which a search passes over unless told not to
    excludes_vectors = _since(9, 2)  # from _source, unless asked for them
    opens_points_in_time = _since(7, 10)
    reindexes_by_point_in_time = _since(9, 5)  # from a remote source that opens them; else by scroll
    limits_scrolls = _since(7)  # search.max_open_scroll_context
    has_default_pipelines = _since(6, 5)  # and the name `_none` for no pipeline

    # -- indices
    has_keywords = _since(5)  # `keyword` and `text` in place of `string`
    guesses_floats = _since(5)  # where older ones guess `double`
    has_hidden_indices = _since(7, 7)
    has_data_streams = _since(7, 9)  # and `_resolve`
    finds_no_settings = _since(6)  # a pattern of settings that fits nothing is an error before
    resets_with_null = _since(5)  # a setting whose value is null
    protects_from_aliases = _since(6)  # before, deleting by an alias deletes every index behind it
    checks_alias_names = _since(5)
    rejects_colons = _since(7)  # in names
    defaults_to_one_shard = _since(7)  # five before
    has_many_routing_shards = _since(7)  # hundreds by default: as many as there are shards before
    partitions_by_required_routing = _since(6)

    # -- the cluster
    keeps_opaque_ids = _since(6, 2)  # with a task, what it was called by
    has_security_at_root = _since(6, 5)  # `/_security`, before that `/_xpack/security`
    has_xpack_licence = _Between(Version(5), Version(7))  # `/_xpack/license` in place of `/_license`
    lists_own_privileges = _since(6, 6)
    has_api_keys = _since(6, 7)
    has_api_keys_for_all = _since(7)  # with the basic licence, too
    has_ingest = _since(5)
    has_ilm = _since(6, 6)
    has_slm = _since(7, 4)
    has_origination_date = _since(7, 5)
    has_composable_templates = _since(7, 8)
    simulates_templates = _since(7, 9)

    # -- snapshots
    explains_allocation = _since(5)
    pages_snapshots = _since(7, 14)
    details_snapshots = _since(7, 13)  # index_details
    snapshots_closed_indices = _since(7, 2)
    has_feature_states = _since(7, 12)
    restores_features_only = _since(8)  # no system index by its name
    limits_restores_by_recovery = _since(7, 9)  # before, only the repository's own limit counted
    mounts_snapshots = _since(7, 10)
    mounts_in_shared_cache = _since(7, 12)
    has_url_module = _since(5)  # repositories of the type "url"
    names_plugins_by_type = _since(5)  # `repository-s3`, `cloud-aws` before
    verifies_integrity = _since(8, 16)
    marks_read_only = _since(8, 18)
    reads_marked_indices = _since(9)  # of two majors before, where they were marked read-only
    has_archives = _since(8, 3)

    # -- what sends to it
    logstash_has_ilm = _since(6, 6)
    logstash_has_data_streams = _since(7, 13)
    logstash_has_ssl_names = _since(8)  # options were renamed in 8.8, and the old ones dropped in 9
    clients_have_tls_names = _since(8)
    creates_with_auto_configure = _since(7, 9)  # privileges create_doc and auto_configure
    has_javascript_bulk_helper = _since(7)
    has_go_bulk_indexer = _since(6)
    has_spark_3_connector = _since(7)  # elasticsearch-spark-30 is there from 7.12 on, and speaks to its own major

    @property
    def is_tried(self) -> bool:
        """Whether this program was tried on it."""
        return Version(2, 4) <= self.version < Version(10)

    def is_of_older_major(self, other: Features) -> bool:
        """Whether its major version is older than another's, so that data moves from that one down to it."""
        return self.version.major < other.version.major

    def support_of(self, created: Version) -> IndexSupport:  # one rule a line
        """How it takes an index that the version `created` made, of which 8.11 and newer remember the major only."""
        if created > self.version:
            return IndexSupport.NEWER
        if created.major == _LATE_SIX.major and created >= _LATE_SIX and Version(7) <= self.version < _READS_LATE_SIX:
            return IndexSupport.LATE_SIX
        if created.major >= self.version.major - 1:
            return IndexSupport.FULL
        if created.major == self.version.major - 2 and self.reads_marked_indices:
            return IndexSupport.MARKED
        if not self.has_archives or created.major < _OLDEST_ARCHIVE:
            return IndexSupport.TOO_OLD
        return IndexSupport.ARCHIVE


def is_newer(one: Version, other: Version) -> bool:
    """Whether a version is newer than another: a snapshot of it cannot be restored there."""
    return one > other


def is_newer_minor(one: Version, other: Version) -> bool:
    """Whether a version is newer than another, patches aside."""
    return (one.major, one.minor) > (other.major, other.minor)


def is_same_major(one: Version, other: Version) -> bool:
    """Whether both are of one major version, whose members read what any of them wrote before."""
    return one.major == other.major


def oldest_major_in(made: Version) -> int:
    """The oldest major version of an index that a cluster of version `made` may hold and write to."""
    return made.major - 1


def created_version(number: object) -> Version | None:
    """The version in `index.version.created`: 6082399 is 6.8.23; of formats from 8.11 on only the major is known."""
    try:
        value = int(str(number))
    except ValueError:
        return None
    if value >= _FORMAT_NUMBERS_BEGIN:
        return Version(value // 1_000_000)
    return Version(value // 1_000_000, value // 10_000 % 100, value // 100 % 100)
