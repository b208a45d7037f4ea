"""Documents at which a whole reindex chokes: each is rejected by itself, with its id and why, and all others arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esmigrate_tui.elastic.documents import Document
from esmigrate_tui.methods.reindex_from_remote.culprits import chokes, fault_of, repeated_key
from esmigrate_tui.methods.reindex_from_remote.decisions import ReindexPart, without
from esmigrate_tui.model.document_depth import depth_of
from esmigrate_tui.model.event import Reject
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.progress import TaskState
from tests.methods.copying import fill, make, pair, settings
from tests.methods.migrating import migrated, planned

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures_nodes import SharedNodes

LONG: Final = "ü" * 256 + "x"  # 513 bytes
UNREAD: Final = Problem(cause=Cause.REFUSED, what="", evidence="[hit] failed to parse [_source] ← Duplicate field 'a'")
INVALID: Final = Problem(cause=Cause.REFUSED, what="", evidence="action_request_validation_exception: Validation")
DEEP: Final = Problem(cause=Cause.REFUSED, what="", evidence="failed to parse [_source] ← nesting depth (1001)")


@pytest.mark.nodes
@pytest.mark.parametrize(("old", "split"), [("2.4.6", 0), ("2.4.6", 3), ("5.6.16", 0)])
async def test_documents_that_end_a_whole_pass_are_rejected_and_all_others_arrive(
    nodes: SharedNodes, tmp_path: Path, old: str, split: int
) -> None:
    index, bad = f"choking-{split}", {"twice", "within"} | ({LONG} if old == "2.4.6" else set())
    async with pair(nodes, old) as (clusters, draft):
        source = clusters.source
        assert source is not None
        await make(source, index, {"settings": settings(2), "mappings": {"t": {"properties": {"n": {"type": "long"}}}}})
        lines: list[tuple[dict[str, Any], bytes]] = [
            ({"_type": "t", "_id": str(n)}, b'{"n":%d}' % n) for n in range(90)
        ]
        lines += [
            ({"_type": "t", "_id": "twice"}, b'{"n":5,"n":5}'),
            ({"_type": "t", "_id": "within"}, b'{"n":80,"o":[{"a":{"b":1,"c":2,"b":1}}]}'),
        ]
        await fill(source, index, lines if old != "2.4.6" else [*lines, ({"_type": "t", "_id": LONG}, b'{"n":40}')])
        wanted = draft.answered(method=MethodName.REINDEX_FROM_REMOTE)
        plan = await planned(clusters, wanted, index, batch=10, split=split, split_by="n" if split else "")
        run = await migrated(plan, clusters, tmp_path)
    [row] = run.progress.tasks
    assert row.state is TaskState.WITH_REJECTS
    assert {reject["id"] for reject in run.rejects} == bad
    assert all(reject["reason"] for reject in run.rejects)
    assert (row.source_count, row.destination_count, row.collided) == (90 + len(bad), 90, 0)


@pytest.mark.parametrize(
    ("text", "key"),
    [(b'{"a":1,"b":{"a":2}}', None), (b'{"b":[{"x":1,"x":{}}]}', "x"), (b'{"a":1,"\\u0061":2}', "a"), (b"[", None)],
)
def test_a_key_that_stands_twice_is_found_in_the_object_that_has_it(text: bytes, key: str | None) -> None:
    assert repeated_key(text) == key


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_levels_are_counted_as_they_are_and_no_key_stands_twice_in_what_a_program_wrote(value: Any) -> None:  # noqa: ANN401  # JSON
    def levels(one: object) -> int:
        below = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return (isinstance(one, dict | list)) + max((levels(each) for each in below), default=0)

    text = msgspec.json.encode(value)
    assert depth_of(text) == levels(value)
    assert repeated_key(text) is None


def test_only_the_fault_that_the_server_spoke_of_is_looked_for() -> None:
    long = Document(id=LONG, source=msgspec.Raw(b'{"a":1,"a":2}'))
    deep = Document(id="1", source=msgspec.Raw(b'{"a":' * 1_001 + b"1" + b"}" * 1_001))
    assert all(chokes(problem) for problem in (UNREAD, INVALID, DEEP))
    assert not chokes(Problem(cause=Cause.NOT_ELASTICSEARCH, what="", evidence="<html>"))
    assert "513 bytes" in fault_of(long, INVALID)
    assert "the key a" in fault_of(long, UNREAD)
    assert fault_of(long, DEEP) == fault_of(deep, INVALID) == fault_of(deep, UNREAD) == ""
    assert "1001 levels" in fault_of(deep, DEEP)


def test_what_is_found_again_or_is_nothing_leaves_the_trouble_itself() -> None:
    part = ReindexPart(passes=1, batch=10, choked=UNREAD, left_out=(("t", "1"),))
    known = Reject(index="i", id="1", type="t", reason="why")
    assert without(part, (), UNREAD).problem == without(part, (known,), UNREAD).problem == UNREAD
    verdict = without(part, (known, msgspec.structs.replace(known, id="2")), UNREAD)
    assert verdict.problem is None
    assert (verdict.part.choked, verdict.part.left_out) == (None, (("t", "1"), ("t", "2")))
    assert [reject.id for reject in verdict.rejects] == ["2"]
