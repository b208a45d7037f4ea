"""By what a plan proves that nothing was lost, and where that cannot be done whole: said in the plan, on values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.methods.proving import proof_of, proof_step
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.snapshot import RestoreKind

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTOR = {"type": "dense_vector", "dims": 3}
APART = "exclude_source_vectors"
HERE = Connection(endpoint=Endpoint(scheme="http", host="here", port=9200))


def a_task(number: int = 1, create: Mapping[str, Any] | None = None, **changes: Any) -> Task:  # noqa: ANN401  # the fields of Task
    body = json.dumps({"settings": {}, "mappings": {}} if create is None else create)
    task = Task(number=number, source_index=f"old-{number}", destination_index=f"new-{number}", create=body)
    return msgspec.structs.replace(task, **changes)


def a_plan(*tasks: Task, verify: Proof | None = Proof.EVERYTHING, **changes: Any) -> Plan:  # noqa: ANN401  # the fields of Plan
    plan = Plan(
        method=MethodName.COPY_THROUGH_HERE,
        made_at="2026-01-01T00:00:00Z",
        source=HERE,
        destination=HERE,
        destination_uuid="u",
        destination_version="8.19.3",
        verify=verify,
        tasks=tasks or (a_task(),),
    )
    return msgspec.structs.replace(plan, **changes)


@pytest.mark.parametrize(
    ("method", "proof"),
    [
        (MethodName.COPY_THROUGH_HERE, Proof.SAMPLES),
        (MethodName.RESTORE_FROM_SNAPSHOT, Proof.SAMPLES),
        (MethodName.REINDEX_FROM_REMOTE, Proof.COUNTS),
        (MethodName.INDEX_FROM_SOURCE, Proof.COUNTS),
    ],
)
def test_where_nothing_is_said_documents_are_sampled_that_arrive_byte_for_byte(
    method: MethodName, proof: Proof
) -> None:
    assert a_plan(verify=None, method=method).proof is proof
    assert a_plan(method=method).proof is Proof.EVERYTHING


@pytest.mark.parametrize("verify", [None, *Proof])
def test_a_plan_in_a_file_keeps_what_was_chosen(verify: Proof | None) -> None:
    plan = a_plan(verify=verify)
    assert Plan.from_toml(plan.to_toml()) == plan
    assert ("verify" in plan.to_toml()) == (verify is not None)


def test_the_last_step_says_by_what_it_is_proved() -> None:
    assert proof_step(a_plan(verify=Proof.COUNTS)).endswith("count on both sides, and compare.")
    assert "20 documents of each index, chosen by chance, byte for byte" in proof_step(a_plan(verify=None))
    assert "every document of both sides once more, and compare it byte for byte" in proof_step(a_plan())
    assert "compare it by value" in proof_step(a_plan(method=MethodName.REINDEX_FROM_REMOTE))


@pytest.mark.parametrize(
    ("task", "why"),
    [
        (Task(number=1, source_index="a", destination_index="a", kind=RestoreKind.DATA_STREAM), "in a data stream"),
        (a_task(create={"settings": {"index.mapping.source.mode": "synthetic"}}), "puts them together anew"),
        (a_task(create={"settings": {"index.mode": "logsdb"}}), "puts them together anew"),
        (a_task(create={"mappings": {"_source": {"mode": "synthetic"}}}), "puts them together anew"),
        (a_task(create={"mappings": {"_source": {"enabled": False}}}), "puts them together anew"),
        (a_task(create={"mappings": {"properties": {"a": {"properties": {"v": VECTOR}}}}}), "puts them together anew"),
    ],
)
def test_documents_that_cannot_be_the_same_are_only_counted_and_the_plan_says_why(task: Task, why: str) -> None:
    plan = a_plan(a_task(), msgspec.structs.replace(task, number=2), destination_version="9.5.0")
    assert [proof_of(plan, one) for one in plan.tasks] == [Proof.EVERYTHING, Proof.COUNTS]
    assert "Of 1 index only the counts are compared: " in proof_step(plan)
    assert why in proof_step(plan)


def test_documents_that_pipelines_change_are_only_counted() -> None:
    plan = a_plan(copying=CopyOptions(pipelines=PipelineRule.RESPECTED))
    assert proof_of(plan, plan.tasks[0]) is Proof.COUNTS
    assert "ingest pipelines change them" in proof_step(plan)
    assert proof_of(msgspec.structs.replace(plan, destination_version="6.4.3"), plan.tasks[0]) is Proof.EVERYTHING


@pytest.mark.parametrize(("version", "settings"), [("9.1.0", {}), ("9.5.0", {f"index.mapping.{APART}": False})])
def test_vectors_that_stay_in_their_documents_let_them_be_compared(version: str, settings: dict[str, Any]) -> None:
    task = a_task(create={"settings": settings, "mappings": {"properties": {"v": VECTOR}}})
    plan = a_plan(task, destination_version=version)
    assert proof_of(plan, task) is Proof.EVERYTHING


def test_documents_of_which_fields_are_left_out_are_compared_by_value_and_the_plan_says_so() -> None:
    filtered = a_task(create={"mappings": {"_source": {"excludes": ["secret"]}}})
    assert "Of 1 index by value, as _source is filtered." in proof_step(a_plan(a_task(), filtered))
    assert "by value" not in proof_step(a_plan())


def test_a_mode_that_keeps_documents_as_sent_lets_them_be_compared() -> None:
    stored = a_task(create={"settings": {"index.mode": "logsdb", "index.mapping.source.mode": "stored"}})
    plan = a_plan(stored)
    assert proof_of(plan, stored) is Proof.EVERYTHING


def test_an_index_that_is_used_as_it_is_may_hold_others_and_the_plan_says_what_is_compared_then() -> None:
    used = a_task(create={})
    used = msgspec.structs.replace(used, create="")
    assert "20 of the source's are looked up in it instead" in proof_step(a_plan(used))
    assert "only the counts are compared" in proof_step(a_plan(used, verify=None))
