"""Which way is proposed for which two clusters, and what an estimate is made of."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from esmigrate_tui.cli.commands.advise import advice_lines
from esmigrate_tui.methods.advice import Advice, AdviceInput, MeasuredRead, MethodStanding, TimeEstimate, estimated
from esmigrate_tui.methods.recommendation import advise
from esmigrate_tui.model.facts import ClusterFacts, Health, IndexFacts, IndexState, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Repository

GIB = 1024**3
MIB = 1024**2
INDEX = MethodName.INDEX_FROM_SOURCE
REINDEX = MethodName.REINDEX_FROM_REMOTE
RESTORE = MethodName.RESTORE_FROM_SNAPSHOT
COPY = MethodName.COPY_THROUGH_HERE
OLD = ClusterFacts(name="old", uuid="one", version=Version(6, 8, 23), health=Health.GREEN, data_nodes=3)
NEW = ClusterFacts(
    name="new", uuid="two", version=Version(7, 17, 28), health=Health.GREEN, data_nodes=2, recovery_bytes=40 * MIB
)
LOGS = IndexFacts(
    name="logs", documents=1_000_000, primary_bytes=GIB, shards=5, health=Health.GREEN, created=Version(6, 8, 23)
)
SHARED = Repository(name="backups", type="s3", settings={"bucket": "ours"})
SAMPLE = MeasuredRead(index="logs", documents=5_000, bytes=2_560_000, seconds=0.5)


def here(**changes: Any) -> AdviceInput:  # noqa: ANN401  # the fields of Situation
    base = AdviceInput(source=OLD, destination=NEW, indices=(LOGS,), reaches=True)
    return msgspec.structs.replace(base, **changes)


def logs(**changes: Any) -> tuple[IndexFacts, ...]:  # noqa: ANN401  # the fields of IndexFacts
    return (msgspec.structs.replace(LOGS, **changes),)


def newer(version: Version, **changes: Any) -> ClusterFacts:  # noqa: ANN401  # the fields of ClusterFacts
    return msgspec.structs.replace(NEW, version=version, **changes)


@pytest.mark.parametrize(
    ("given", "preferred"),
    [
        (here(), COPY),
        (here(reaches=False, trouble="not whitelisted"), COPY),
        (here(source_repositories=(SHARED,), destination_repositories=(SHARED,)), RESTORE),
        (here(indices=logs(primary_bytes=80 * GIB)), RESTORE),
        (here(indices=logs(primary_bytes=80 * GIB), destination=newer(Version(8, 19, 3))), REINDEX),
        (here(indices=logs(primary_bytes=80 * GIB), destination=newer(Version(8, 19, 3)), reaches=False), COPY),
        (
            here(
                indices=logs(primary_bytes=80 * GIB),
                destination=newer(Version(8, 19, 3)),
                measured=msgspec.structs.replace(SAMPLE, rewritten=True),
            ),
            COPY,
        ),
        (here(indices=logs(source_enabled=False)), RESTORE),
        (here(indices=logs(frozen=True), destination=newer(Version(8, 19, 3))), COPY),
        (here(destination=newer(Version(5, 6, 16))), INDEX),
        (here(source=None, indices=(), destination_repositories=(SHARED,)), RESTORE),
        (here(source=None, indices=()), INDEX),
    ],
)
def test_the_way_that_is_preferred_fits_the_case(given: AdviceInput, preferred: MethodName) -> None:
    advice = advise(given)
    assert advice.recommended is preferred
    assert advice.reason.endswith(".")
    assert advice.of(preferred).standing is not MethodStanding.CLOSED


@pytest.mark.parametrize(
    ("given", "method", "standing", "words"),
    [
        (here(reaches=False, trouble="not whitelisted"), REINDEX, MethodStanding.ARRANGED, "not whitelisted"),
        (
            here(destination=newer(Version(8, 19, 3), modules=("x-pack",))),
            REINDEX,
            MethodStanding.CLOSED,
            "module reindex",
        ),
        (here(destination=newer(Version(5, 6, 16))), REINDEX, MethodStanding.CLOSED, "older than the source"),
        (here(destination=newer(Version(5, 6, 16))), COPY, MethodStanding.CLOSED, "older than the source"),
        (here(destination=newer(Version(5, 6, 16))), RESTORE, MethodStanding.CLOSED, "restores none"),
        (here(destination=newer(Version(8, 19, 3)), licence="basic"), RESTORE, MethodStanding.CLOSED, "made by"),
        (here(destination=newer(Version(8, 19, 3))), RESTORE, MethodStanding.ARRANGED, "Only as read-only archives"),
        (here(source=None, indices=()), COPY, MethodStanding.CLOSED, "none that answers"),
        (here(source_repositories=(SHARED,)), RESTORE, MethodStanding.ARRANGED, "that the destination does not"),
        (here(), RESTORE, MethodStanding.ARRANGED, "Neither cluster has a repository"),
        (here(indices=logs(state=IndexState.CLOSED)), COPY, MethodStanding.OPEN, "closed, and must be opened"),
        (here(indices=logs(frozen=True)), REINDEX, MethodStanding.OPEN, "would be passed over"),
        (here(indices=logs(source_filtered=True)), COPY, MethodStanding.OPEN, "only a part of each document"),
    ],
)
def test_each_method_says_whether_it_is_open_and_why(
    given: AdviceInput, method: MethodName, standing: MethodStanding, words: str
) -> None:
    told = advise(given).of(method)
    assert told.standing is standing
    assert words in " ".join(told.why)


def test_an_index_made_by_an_older_major_is_the_only_one_that_a_restore_leaves_out() -> None:
    older = msgspec.structs.replace(LOGS, name="ancient", created=Version(5, 6, 16))
    told = advise(here(indices=(LOGS, older))).of(RESTORE)
    assert told.left_out == ("ancient",)
    assert told.standing is MethodStanding.ARRANGED


def test_a_restore_takes_at_least_what_the_cap_on_each_node_lets_through() -> None:
    estimate = advise(here()).of(RESTORE).estimate
    assert estimate is not None
    assert estimate.least == pytest.approx(1024 / 80)
    assert estimate.most is None
    assert "indices.recovery.max_bytes_per_sec" in estimate.basis


def test_a_cap_of_the_repository_itself_counts_where_it_is_met_first() -> None:
    slow = msgspec.structs.replace(SHARED, settings={"bucket": "ours", "max_restore_bytes_per_sec": "10mb"})
    estimate = advise(here(source_repositories=(SHARED,), destination_repositories=(slow,))).of(RESTORE).estimate
    assert estimate is not None
    assert estimate.least == pytest.approx(1024 / 20)
    assert "max_restore_bytes_per_sec of the repository backups" in estimate.basis


def test_nothing_is_estimated_of_a_restore_without_a_cap() -> None:
    assert advise(here(destination=newer(Version(7, 17, 28), recovery_bytes=None))).of(RESTORE).estimate is None


def test_a_copy_is_estimated_by_the_sample_that_was_read() -> None:
    estimate = advise(here(measured=SAMPLE)).of(COPY).estimate
    assert estimate is not None
    assert (estimate.least, estimate.most) == (25.0, 100.0)
    assert "10 000 documents" in estimate.basis
    assert "just now" in estimate.basis


def test_without_a_sample_the_figures_are_said_to_be_from_elsewhere() -> None:
    estimate = advise(here()).of(COPY).estimate
    assert estimate is not None
    assert estimate.most == pytest.approx(1_000_000 / 15_000)
    assert "your clusters are others" in estimate.basis


def test_larger_documents_take_a_reindex_longer_by_their_size() -> None:
    heavy = msgspec.structs.replace(SAMPLE, bytes=4 * SAMPLE.bytes)
    small, large = (advise(here(measured=one)).of(REINDEX).estimate for one in (SAMPLE, heavy))
    assert small is not None
    assert large is not None
    assert large.least == pytest.approx(4 * small.least)


def test_nothing_to_move_has_no_estimate() -> None:
    told = advise(here(indices=()))
    assert [one.estimate for one in told.methods] == [None, None, None, None]


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (TimeEstimate(least=0.1, most=0.4, basis=""), "a moment"),
        (TimeEstimate(least=30.0, basis=""), "30 s at least"),
        (TimeEstimate(least=30.0, most=90.0, basis=""), "30 s to 1 min 30 s"),
        (TimeEstimate(least=30.1, most=30.2, basis=""), "about 30 s"),
    ],
)
def test_an_estimate_is_said_as_a_range(estimate: TimeEstimate, words: str) -> None:
    assert estimated(estimate) == words


def test_the_advice_says_which_line_to_write_before_a_reindex() -> None:
    given = here(
        reaches=False, trouble="not whitelisted", todo='Put this line:\nreindex.remote.whitelist: ["old:9200"]'
    )
    lines = advice_lines(given, advise(given))
    assert "     First: Put this line:" in lines
    assert '       reindex.remote.whitelist: ["old:9200"]' in lines


def test_an_advice_survives_json() -> None:
    advice = advise(here(measured=SAMPLE))
    assert msgspec.json.decode(msgspec.json.encode(advice), type=Advice) == advice
