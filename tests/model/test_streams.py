"""A data stream is one row beside the indices that back it, and one template makes it."""

from __future__ import annotations

from typing import Any

import pytest

from esmigrate_tui.flow.chosen import offered, why_not_choosable
from esmigrate_tui.flow.lists import ordered
from esmigrate_tui.flow.patterns import choose
from esmigrate_tui.flow.session import SortBy
from esmigrate_tui.model.carried import DefinitionKind, StoredDefinition
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import Health, IndexFacts, IndexState, TemplateFacts, with_streams
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.streams import template_for, templates_of


def part(generation: int, **changes: Any) -> IndexFacts:  # noqa: ANN401  # the fields of IndexFacts
    given: dict[str, Any] = {
        "name": f".ds-web-shop-2026.0{12 - generation}.01-{generation:06}",
        "data_stream": "web-shop",
        "hidden": True,
        "health": Health.GREEN,
        "documents": 10 * generation,
        "primary_bytes": 100,
        "shards": 2,
        "replicas": 1,
    }
    return IndexFacts(**(given | changes))


OTHER = IndexFacts(name="orders", documents=3)
ALL = (part(1), part(2), part(11), OTHER)


def test_a_data_stream_is_one_row_with_the_sums_of_the_indices_that_back_it() -> None:
    [row] = [one for one in with_streams(ALL) if one.is_stream]
    assert (row.name, row.documents, row.primary_bytes, row.shards, row.replicas) == ("web-shop", 140, 300, 6, 1)
    assert [name[-2:] for name in row.backing] == ["01", "02", "11"]
    assert not row.hidden
    assert not row.is_system
    assert [one.name for one in with_streams(ALL) if not one.backs_stream] == ["orders", "web-shop"]


def test_without_data_streams_the_list_is_the_same_value() -> None:
    assert with_streams((OTHER,)) == (OTHER,)


@pytest.mark.parametrize(
    ("trouble", "field", "value"),
    [
        ({"state": IndexState.CLOSED, "documents": None}, "state", IndexState.CLOSED),
        ({"health": Health.RED}, "health", Health.RED),
        ({"source_enabled": False}, "source_enabled", False),
        ({"frozen": True}, "frozen", True),
        ({"blocks": ("read",)}, "blocks", ("read",)),
        ({"refresh_interval": "-1"}, "refresh_interval", "-1"),
        ({"documents": None}, "documents", None),
    ],
)
def test_what_one_of_its_indices_lacks_a_data_stream_lacks(trouble: dict[str, Any], field: str, value: object) -> None:
    [row] = [one for one in with_streams((part(1, **trouble), part(2))) if one.is_stream]
    assert getattr(row, field) == value


def test_a_data_stream_is_chosen_by_its_name_or_a_pattern_and_its_indices_only_in_full() -> None:
    rows = with_streams(ALL)
    assert choose(rows, ["web-shop"]).names == ("web-shop",)
    assert choose(rows, ["*"]).names == ("orders", "web-shop")
    assert choose(rows, ["*"], hidden_too=True).names == ("orders", "web-shop")
    assert choose(rows, [part(2).name]).names == (part(2).name,)
    with pytest.raises(ProblemError) as raised:
        choose(rows, [".ds-web-*"])
    assert raised.value.problem.cause is Cause.MISSING
    assert "part of the data stream web-shop" in raised.value.problem.why


def test_in_the_wizard_the_data_stream_is_offered_and_its_indices_are_shown_when_asked_for() -> None:
    draft = Draft(method=MethodName.COPY_THROUGH_HERE, source_indices=ALL, selected=("web-shop",))
    shown = [one.name for one in ordered(offered(draft), SortBy.NAME, False, False)]
    everything = {one.name: one for one in ordered(offered(draft), SortBy.NAME, False, True)}
    assert shown == ["orders", "web-shop"]
    assert set(everything) == {one.name for one in ALL} | {"web-shop"}
    assert why_not_choosable(everything["web-shop"]) == ""
    assert why_not_choosable(everything[part(1).name])
    assert [one.name for one in draft.chosen] == ["web-shop"]
    assert [one.name for one in draft.chosen_indices] == [part(1).name, part(2).name, part(11).name]


def template(name: str, priority: int, **changes: Any) -> StoredDefinition:  # noqa: ANN401  # parts of the body
    body = {"index_patterns": ["web-*"], "priority": priority, "data_stream": {}} | changes
    return StoredDefinition(kind=DefinitionKind.TEMPLATE, name=name, body=body)


def test_the_strongest_template_makes_a_data_stream_with_its_components_in_their_order() -> None:
    components = [
        StoredDefinition(kind=DefinitionKind.COMPONENT, name=name, body={}) for name in ("fields", "other", "speed")
    ]
    strong = template("strong", 300, composed_of=["speed", "fields", "absent@custom"])
    found = templates_of("web-shop", [template("weak", 1), *components, strong])
    assert [one.name for one in found] == ["speed", "fields", "strong"]


def test_where_the_strongest_template_makes_an_index_nothing_makes_a_data_stream() -> None:
    plain = StoredDefinition(
        kind=DefinitionKind.TEMPLATE, name="plain", body={"index_patterns": "web-*", "priority": 9}
    )
    assert templates_of("web-shop", [template("weak", 1), plain]) == ()
    assert templates_of("shop", [template("weak", 1)]) == ()


def test_of_the_destinations_templates_the_strongest_claims_a_name() -> None:
    streams = TemplateFacts(name="streams", patterns=("web-*",), makes_streams=True, priority=5)
    plain = TemplateFacts(name="plain", patterns=("web-s*",), priority=6)
    assert template_for("web-shop", (streams, plain)) == plain
    assert template_for("web-log", (streams, plain)) == streams
    assert template_for("shop", (streams, plain)) is None
