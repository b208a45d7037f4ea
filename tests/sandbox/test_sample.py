import json
from collections import Counter
from decimal import Decimal

import pytest

from esmigrate_tui.sandbox.loading import bulk_body
from esmigrate_tui.sandbox.sample import SampleDocument, creation_body, sample
from esmigrate_tui.sandbox.versions import NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_index_makes_as_many_documents_as_it_says_each_valid_json(number: str) -> None:
    for index in sample(number, 40).indices:
        documents = list(index.documents())
        assert len(documents) == index.count
        assert all(isinstance(json.loads(document.source), dict) for document in documents)
        assert {document.type for document in documents} <= set(index.mappings)


def test_the_same_documents_come_every_time() -> None:
    once, again = (
        [document for index in sample("6.8.23", 50).indices for document in index.documents()] for _ in range(2)
    )
    assert once == again


@pytest.mark.parametrize("number", NUMBERS)
def test_no_index_uses_an_id_twice(number: str) -> None:
    for index in sample(number, 60).indices:
        assert max(Counter(document.id for document in index.documents()).values(), default=1) == 1


def test_types_share_ids_only_where_it_was_asked_for() -> None:
    assert "collide-multi" not in {index.name for index in sample("5.6.16").indices}
    assert "collide-multi" not in {index.name for index in sample("6.8.23", collide=True).indices}
    (index,) = (index for index in sample("5.6.16", collide=True).indices if index.name == "collide-multi")
    ids = Counter(document.id for document in index.documents())
    assert set(ids.values()) == {2}


def test_an_index_of_6_has_one_type_and_the_logs_name_theirs() -> None:
    kinds = {index.name: set(index.mappings) for index in sample("6.8.23").indices}
    assert kinds["logs-2026.01.01"] == {"log"}
    assert kinds["orders"] == {"_doc"}
    assert all(len(one) == 1 for one in kinds.values())


def test_there_is_one_of_everything_that_makes_a_migration_hard() -> None:
    data = sample("6.8.23", 100)
    by_name = {index.name: index for index in data.indices}
    assert by_name["archive-2019"].is_closed
    assert by_name[".shop-cache"].is_hidden
    assert by_name["drafts"].count == 0
    assert len(by_name["catalogue-wide"].mapping["properties"]) > 2000
    assert all(document.routing for document in by_name["messages"].documents())
    assert "filter" in by_name["orders"].aliases["orders-berlin"]
    assert {index.settings["number_of_shards"] for index in data.indices} >= {1, 2, 3, 4, 5}
    assert {index.settings["number_of_replicas"] for index in data.indices} == {0, 1}
    assert [template.path for template in data.templates] == ["_template/web-logs"]


def test_numbers_are_longer_than_a_double_can_hold() -> None:
    (index,) = (index for index in sample("6.8.23").indices if index.name == "measurements")
    document = next(index.documents())
    exact = json.loads(document.source, parse_float=Decimal)
    assert Decimal(float(exact["value"])) != exact["value"]
    assert int(float(exact["serial"])) != exact["serial"]


def test_hidden_is_a_setting_where_the_version_knows_it_and_a_dot_before() -> None:
    old, new = ({index.name: index for index in sample(number).indices} for number in ("6.8.23", "7.17.28"))
    assert "hidden" not in old[".shop-cache"].settings
    assert new["shop-cache"].settings["hidden"] is True


def test_a_bulk_request_keeps_the_source_and_names_type_and_routing_as_the_version_wants() -> None:
    document = SampleDocument("a/b", '{ "x":1.10,\n"y":2}', "log", routing="r")
    action, source, end = bulk_body([document], 6).decode().split("\n")
    assert json.loads(action) == {"index": {"_id": "a/b", "_type": "log", "routing": "r"}}
    assert (source, end) == ('{ "x":1.10, "y":2}', "")
    assert "_type" not in bulk_body([document], 7).decode()


def test_a_creation_body_has_no_type_from_7_on() -> None:
    index = sample("7.17.28").indices[0]
    assert "properties" in creation_body(index, 7)["mappings"]
    assert "log" in creation_body(sample("6.8.23").indices[0], 6)["mappings"]
