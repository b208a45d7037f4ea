"""A plan survives its file, and an answer that changes forgets what hung on it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.model.connection import Connection, Endpoint, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
from esmigrate_tui.model.finding import Finding, Severity, worst_first
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError

OLD = Connection(endpoint=Endpoint(scheme="http", host="old", port=9200), sign_in=SignIn.PASSWORD, user="elastic")
NEW = Connection(endpoint=Endpoint(scheme="https", host="new", port=9200))


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text(), st.none() | st.integers(0, 2**40)), max_size=5),
    st.floats(0, 1e6),
)
def test_a_plan_reads_back_from_its_file_unchanged(rows: list[tuple[str, str, int | None]], pace: float) -> None:
    tasks = tuple(
        Task(
            number=n,
            source_index=name.strip("\ud800"),
            destination_index=name,
            create=msgspec.json.encode({"x": body}).decode(),
            type=body,
            documents=documents,
        )
        for n, (name, body, documents) in enumerate(rows, start=1)
        if not any("\ud800" <= c <= "\udfff" or c == "\r" for c in name + body)  # JSON escapes both
    )
    plan = Plan(
        method=MethodName.REINDEX_FROM_REMOTE,
        made_at="2026-01-01T00:00:00Z",
        source=OLD,
        destination=NEW,
        destination_uuid="u",
        destination_version="7.17.28",
        requests_per_second=pace,
        tasks=tasks,
    )
    assert Plan.from_toml(plan.to_toml()) == plan


@pytest.mark.parametrize("text", ["", "x = ", "format = 1", 'method = "teleport"', "format = 99"])
def test_what_is_no_plan_ends_in_one_sentence(text: str) -> None:
    with pytest.raises(ProblemError) as raised:
        Plan.from_toml(text)
    assert raised.value.problem.cause is Cause.USAGE


SHOP = Plan(
    method=MethodName.COPY_THROUGH_HERE,
    made_at="2026-01-01T00:00:00Z",
    source=OLD,
    destination=NEW,
    destination_uuid="u",
    destination_version="7.17.28",
    tasks=(Task(number=1, source_index="shop", destination_index="shop-2"),),
).to_toml()


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("format = 1", "format = 1\nrequests_per_secnd = 5.0", "requests_per_secnd (nearest: requests_per_second)"),
        ("number = 1", 'number = 1, creat = "{}"', "creat in [[tasks]] (nearest: create)"),
        ("format = 1", 'format = 1\ncopying = {pipelinez = "off"}', "pipelinez in [copying] (nearest: pipelines)"),
        ("[source.endpoint]", "[source.endpoint]\nprt = 1", "prt in [source.endpoint] (nearest: port)"),
        ("[source.endpoint]", "[zebra]\n[source.endpoint]", "zebra"),
    ],
)
def test_a_key_that_no_plan_has_is_named_with_the_nearest_known_one(before: str, after: str, named: str) -> None:
    given = "format = 1\n" + SHOP
    assert before in given
    Plan.from_toml(given)
    with pytest.raises(ProblemError) as raised:
        Plan.from_toml(given.replace(before, after, 1))
    assert raised.value.problem.cause is Cause.USAGE
    assert raised.value.problem.what == f"The plan has 1 key that no plan has: {named}."


@pytest.mark.parametrize("body", ["[]", "{", "shards", '{"settings":null}', '{"mappings":[]}', "[" * 50_000])
def test_a_body_of_an_index_that_was_corrected_into_no_json_is_named_before_anything_moves(body: str) -> None:
    plan = Plan(
        method=MethodName.REINDEX_FROM_REMOTE,
        made_at="2026-01-01T00:00:00Z",
        destination=NEW,
        destination_uuid="u",
        destination_version="7.17.28",
        tasks=(Task(number=1, source_index="shop", destination_index="shop-2", create=body),),
    )
    with pytest.raises(ProblemError, match="The body of the index shop-2 in the plan is not a JSON object"):
        Plan.from_toml(plan.to_toml())


def filled() -> Draft:
    facts = ClusterFacts(name="c", uuid="u", version=Version(6, 8, 23))
    finding = Finding(check="room", severity=Severity.WARNING, title="Little room")
    return Draft(
        method=MethodName.REINDEX_FROM_REMOTE,
        source=OLD,
        destination=NEW,
        source_facts=facts,
        destination_facts=facts,
        source_indices=(IndexFacts(name="logs"), IndexFacts(name="shop")),
        selected=("shop",),
        renamed={"shop": "store"},
        findings=(finding,),
        accepted=frozenset({finding.key}),
    )


def test_another_source_forgets_what_was_seen_and_chosen_there() -> None:
    draft = filled().answered(source=NEW)
    assert draft.source_facts is None
    assert draft.selected == ()
    assert draft.destination_facts is not None


def test_the_same_answer_again_forgets_nothing() -> None:
    assert filled().answered(source=OLD) == filled()


def test_another_selection_asks_for_a_new_preflight() -> None:
    assert filled().answered(selected=("logs",)).findings == ()


def test_answers_given_together_do_not_wipe_each_other() -> None:
    facts = ClusterFacts(name="other", uuid="v", version=Version(8, 19, 3))
    draft = filled().answered(source=NEW, source_facts=facts)
    assert draft.source_facts == facts


def test_a_warning_counts_until_it_is_acknowledged() -> None:
    assert filled().unaccepted == ()
    assert len(filled().answered(accepted=frozenset()).unaccepted) == 1


def test_findings_are_told_worst_first() -> None:
    findings = tuple(Finding(check=s.value, severity=s, title=s.value) for s in reversed(Severity))
    assert [finding.severity for finding in worst_first(findings)] == list(Severity)
