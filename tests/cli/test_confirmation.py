"""What overwrites something is said in full, and wants the destination's own name."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from esmigrate_tui.cli.commands.run import is_confirmed
from esmigrate_tui.flow.review import overwritten
from esmigrate_tui.model.connection import Connection, Endpoint
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.snapshot import RestoreKind, TakenNameRule

INDEX: Final = Task(number=1, source_index="orders", destination_index="orders")


def a_plan(**changes: Any) -> Plan:  # noqa: ANN401  # as Task has them
    return Plan(
        method=MethodName.RESTORE_FROM_SNAPSHOT,
        made_at="2026-09-21T13:00:00Z",
        destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
        destination_uuid="u",
        destination_version="8.19.3",
        tasks=(msgspec.structs.replace(INDEX, **changes),),
    )


DELETING: Final = a_plan(in_the_way={"orders": TakenNameRule.DELETE, "orders-2": TakenNameRule.DELETE})


def test_a_plan_that_only_adds_overwrites_nothing() -> None:
    assert overwritten(a_plan()) == ()


def test_each_index_that_is_deleted_or_closed_is_named() -> None:
    assert overwritten(DELETING) == ("Deleted on the destination: orders, orders-2",)
    assert overwritten(a_plan(in_the_way={"orders": TakenNameRule.CLOSE})) == (
        "Closed and overwritten on the destination: orders",
    )


def test_however_many_are_deleted_all_of_them_are_named() -> None:
    (line,) = overwritten(a_plan(in_the_way={f"i-{at}": TakenNameRule.DELETE for at in range(60)}))
    assert line.count("i-") == 60


def test_a_feature_state_and_the_global_state_always_overwrite() -> None:
    assert overwritten(a_plan(kind=RestoreKind.FEATURE_STATE, source_index="kibana")) == (
        "The state of the feature kibana is replaced on the destination",
    )
    (line,) = overwritten(a_plan(kind=RestoreKind.GLOBAL_STATE))
    assert line.startswith("The global state of the destination is overwritten")


@pytest.mark.parametrize(("given", "agrees"), [("es-8", True), ("es-9", False), ("", False)])
def test_only_the_name_of_the_destination_agrees(
    given: str, capsys: pytest.CaptureFixture[str], *, agrees: bool
) -> None:
    assert is_confirmed(DELETING, "es-8", given) is agrees
    assert "Deleted on the destination: orders, orders-2" in capsys.readouterr().err


def test_without_the_name_the_option_that_gives_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    is_confirmed(DELETING, "es 8", "")
    assert "nothing was done. To agree, give --confirm 'es 8'" in capsys.readouterr().err
