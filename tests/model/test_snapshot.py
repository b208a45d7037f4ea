"""What is said of repositories and snapshots as values, and what can be chosen from one."""

from __future__ import annotations

import msgspec
import pytest

from esmigrate_tui.model.facts import IndexFacts, Version
from esmigrate_tui.model.snapshot import (
    FeatureState,
    Repository,
    ShardFailure,
    SnapshotFacts,
    SnapshotIndex,
    SnapshotState,
    offered,
)

SNAPSHOT = SnapshotFacts(
    repository="r",
    name="s",
    state=SnapshotState.SUCCESS,
    version="8.19.0-8.19.3",
    started_at=100.0,
    finished_at=160.5,
    indices=(".ds-web-2026.01.01-000001", ".ds-web-2026.02.01-000002", ".tasks-1", "books", "logs"),
    data_streams=("web",),
    feature_states=(FeatureState(name="tasks", indices=(".tasks-1",)),),
    details=(
        SnapshotIndex(name=".ds-web-2026.01.01-000001", shards=1, bytes=10),
        SnapshotIndex(name=".ds-web-2026.02.01-000002", shards=2, bytes=20),
        SnapshotIndex(name="books", shards=5, bytes=50),
    ),
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("6.8.23", Version(6, 8, 23)),
        ("8.19.0-8.19.3", Version(8, 19, 0)),
        ("7.17.25-8.0.0", Version(7, 17, 25)),
        ("", None),
        ("?", None),
    ],
)
def test_a_snapshot_was_made_by_the_lowest_version_that_it_names(text: str, version: Version | None) -> None:
    assert msgspec.structs.replace(SNAPSHOT, version=text).made_by == version


def test_a_snapshot_is_whole_only_with_every_shard() -> None:
    assert SNAPSHOT.is_whole
    assert not msgspec.structs.replace(SNAPSHOT, state=SnapshotState.PARTIAL).is_whole
    assert not msgspec.structs.replace(SNAPSHOT, shards_failed=1).is_whole
    assert not msgspec.structs.replace(SNAPSHOT, failures=(ShardFailure(index="logs", shard=0),)).is_whole


def test_how_long_it_took_is_known_only_when_both_ends_are() -> None:
    assert SNAPSHOT.seconds == 60.5
    assert msgspec.structs.replace(SNAPSHOT, finished_at=None).seconds is None
    assert msgspec.structs.replace(SNAPSHOT, finished_at=90.0).seconds == 0.0


@pytest.mark.parametrize(
    ("index", "stream"),
    [
        (".ds-web-2026.01.01-000001", "web"),
        (".ds-web-000003", "web"),
        (".ds-other-2026.01.01-000001", ""),
        ("web", ""),
        ("books", ""),
    ],
)
def test_an_index_that_backs_a_data_stream_of_the_snapshot_is_known_by_its_name(index: str, stream: str) -> None:
    assert SNAPSHOT.stream_of(index) == stream


def test_what_is_offered_is_indices_and_data_streams_without_those_of_features() -> None:
    assert [(one.name, one.primary_bytes, one.shards) for one in offered(SNAPSHOT)] == [
        ("books", 50, 5),
        ("logs", None, 1),
        ("web", 30, 3),
    ]


def test_what_only_the_source_can_tell_is_filled_in_with_the_snapshots_own_figures() -> None:
    source = (
        IndexFacts(name="books", documents=7, replicas=1, created=Version(7, 17, 1), primary_bytes=999, shards=9),
        IndexFacts(name=".ds-web-2026.01.01-000001", created=Version(8, 1), documents=3),
        IndexFacts(name="elsewhere"),
    )
    found = {one.name: one for one in offered(SNAPSHOT, source)}
    assert set(found) == {"books", "logs", "web"}
    books = found["books"]
    assert (books.documents, books.replicas, books.created) == (7, 1, Version(7, 17, 1))
    assert (books.primary_bytes, books.shards, books.store_bytes) == (50, 5, None)
    assert found["web"].created == Version(8, 1)
    assert found["logs"].created is None


def test_a_repository_is_registered_elsewhere_without_what_belongs_to_one_cluster() -> None:
    there = Repository(name="r", type="fs", settings={"location": "/b", "readonly": "false", "uuid": "u"}, uuid="u")
    assert not there.is_readonly
    here = there.registered(readonly=True)
    assert (here.settings, here.uuid, here.is_readonly) == ({"location": "/b", "readonly": "true"}, "", True)
    assert here.registered(readonly=False).settings == {"location": "/b"}


def test_a_url_repository_is_always_read_only_and_never_told_so() -> None:
    there = Repository(name="r", type="url", settings={"url": "file:/b"})
    assert there.is_readonly
    assert there.registered(readonly=True).settings == {"url": "file:/b"}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"location": "/b"}, "/b"),
        ({"bucket": "b", "base_path": "old/logs"}, "b/old/logs"),
        ({"container": "c"}, "c"),
        ({}, ""),
    ],
)
def test_the_place_of_a_repository_is_read_from_its_settings(settings: dict[str, str], place: str) -> None:
    assert Repository(name="r", type="x", settings=settings).place == place
