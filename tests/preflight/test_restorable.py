"""Which index of which snapshot goes into which version."""

from __future__ import annotations

import pytest

from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.snapshot import Mount, SnapshotFacts
from esmigrate_tui.preflight.restorable import (
    COPY_INSTEAD,
    REINDEX_INSTEAD,
    Restorability,
    judge_restorability,
    why_not_restorable,
)

YES, NO, ARCHIVE, UNKNOWN = Restorability.YES, Restorability.NO, Restorability.ARCHIVE, Restorability.UNKNOWN


def cluster(version: str, *modules: str) -> ClusterFacts:
    return ClusterFacts(name="new", uuid="two", version=Version.parse(version), modules=modules)


def snapshot(version: str) -> SnapshotFacts:
    return SnapshotFacts(repository="r", name="s", version=version)


@pytest.mark.parametrize(
    ("created", "made", "destination", "licence", "verdict"),
    [
        # its own major and the one before
        ("5.6.16", "5.6.16", "6.8.23", "", YES),
        ("6.8.23", "6.8.23", "7.17.28", "", YES),
        ("7.17.28", "7.17.28", "8.19.3", "", YES),
        ("8.0.0", "8.19.0-8.19.3", "9.5.0", "", YES),
        ("8.0.0", "8.19.0-8.19.3", "8.19.3", "", YES),
        ("8.0.0", "8.19.0-8.19.3", "8.19.1", "", YES),
        ("6.7.2", "6.7.2", "7.0.1", "", YES),
        # too old
        ("2.4.6", "2.4.6", "6.8.23", "", NO),
        ("2.4.6", "5.6.16", "6.8.23", "", NO),
        ("5.6.16", "6.8.23", "7.17.28", "", NO),
        ("6.8.23", "7.17.28", "8.2.0", "", NO),
        ("2.4.6", "2.4.6", "8.19.3", "enterprise", NO),
        # 6.8 came after 7.1
        ("6.8.23", "6.8.23", "7.1.1", "", NO),
        ("6.8.23", "6.8.23", "7.2.0", "", YES),
        # newer than the destination
        ("8.0.0", "8.19.0-8.19.3", "8.18.5", "", NO),
        ("7.17.28", "7.17.28", "7.10.2", "", NO),
        ("7.2.0", "7.17.28", "7.10.2", "", NO),
        # archives
        ("5.6.16", "5.6.16", "8.3.0", "enterprise", ARCHIVE),
        ("6.8.23", "6.8.23", "8.19.3", "trial", ARCHIVE),
        ("6.8.23", "6.8.23", "8.19.3", "", ARCHIVE),
        ("6.8.23", "7.17.28", "9.5.0", "enterprise", ARCHIVE),
        ("6.8.23", "6.8.23", "8.19.3", "basic", NO),
        ("6.8.23", "6.8.23", "8.19.3", "platinum", NO),
        # two majors before 9
        ("7.17.28", "7.17.28", "9.5.0", "enterprise", NO),
        ("7.17.28", "8.19.0-8.19.3", "9.5.0", "", UNKNOWN),
        # nobody says what made the index
        (None, "6.8.23", "7.17.28", "", UNKNOWN),
        (None, "7.17.28", "8.19.3", "", UNKNOWN),
        (None, "8.19.0-8.19.3", "9.5.0", "", UNKNOWN),
        (None, "7.17.28", "7.17.28", "", YES),
        (None, "6.8.23", "8.19.3", "basic", NO),
        (None, "6.8.23", "8.19.3", "trial", ARCHIVE),
        (None, "9.0.0", "8.19.3", "", NO),
        (None, "", "8.19.3", "", UNKNOWN),
        # what the source has now cannot be what is in the snapshot
        ("8.0.0", "7.17.28", "8.19.3", "", UNKNOWN),
        ("7.17.28", "6.8.23", "8.19.3", "basic", NO),
        ("7.17.28", "7.17.25-8.0.0", "8.19.3", "", YES),
    ],
)
def test_the_verdict_follows_versions_and_licence(
    created: str | None, made: str, destination: str, licence: str, verdict: Restorability
) -> None:
    version = Version.parse(created) if created else None
    judged = judge_restorability(version, snapshot(made), cluster(destination), licence=licence)
    assert judged.verdict is verdict
    assert judged.why
    assert bool(judged.instead) >= (verdict in {NO, ARCHIVE})


def test_an_index_marked_read_only_goes_two_majors_on() -> None:
    seven, late = Version(7, 17, 28), snapshot("8.19.0-8.19.3")
    assert judge_restorability(seven, late, cluster("9.5.0"), marked_read_only=True).verdict is YES
    assert judge_restorability(seven, late, cluster("9.5.0"), marked_read_only=False).verdict is NO


def test_a_mounted_index_goes_two_majors_on_with_a_licence() -> None:
    given = (Version(7, 17, 28), snapshot("7.17.28"), cluster("9.5.0"))
    assert judge_restorability(*given, mount=Mount.FULL_COPY, licence="enterprise").verdict is YES
    assert judge_restorability(*given, mount=Mount.FULL_COPY, licence="basic").verdict is NO


def test_a_destination_without_the_module_has_no_archives_whatever_its_licence() -> None:
    judged = judge_restorability(
        Version(6, 8, 23), snapshot("6.8.23"), cluster("8.19.3", "x-pack-core"), licence="trial"
    )
    assert judged.verdict is NO
    assert "module" in judged.why


def test_the_method_that_works_instead_is_one_that_the_destination_has() -> None:
    given = (Version(6, 8, 23), snapshot("6.8.23"))
    assert judge_restorability(*given, cluster("8.19.3", "reindex"), licence="basic").instead == REINDEX_INSTEAD
    assert judge_restorability(*given, cluster("8.19.3", "x-pack-core"), licence="basic").instead == COPY_INSTEAD


def test_what_cannot_be_known_is_said_with_the_version_that_may_be_in_it() -> None:
    judged = judge_restorability(None, snapshot("7.17.28"), cluster("8.19.3"))
    assert "6.x, which 8.x cannot read" in judged.why


@pytest.mark.parametrize(
    ("created", "made", "destination", "words"),
    [
        (Version(7, 17, 28), "7.17.28", "8.19.3", ""),
        (None, "7.17.28", "8.19.3", ""),
        (Version(6, 8, 23), "7.17.28", "8.2.0", "made by 6.8.23, too old for 8.x"),
        (None, "5.6.16", "7.17.28", "made by 5.6.16, too old for 7.x"),
        (Version(8), "8.19.0-8.19.3", "8.15.0", "snapshot of 8.19.0, newer than 8.15.0"),
    ],
)
def test_a_row_says_in_a_few_words_why_it_cannot_be_restored(
    created: Version | None, made: str, destination: str, words: str
) -> None:
    index = IndexFacts(name="a", created=created)
    assert why_not_restorable(index, snapshot(made), cluster(destination)) == words


def test_without_a_destination_nothing_is_said_against_an_index() -> None:
    assert why_not_restorable(IndexFacts(name="a"), snapshot("7.17.28"), None) == ""
