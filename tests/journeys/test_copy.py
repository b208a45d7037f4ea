"""Copies through this machine by command, on real nodes: what is special to them (the rest: tests/contract)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.journeys.conftest import renamed, with_user
from tests.methods.copying import fill, make, numbered, settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Ended, Operator

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes


async def planned(operator: Operator, source: SandboxNode, destination: SandboxNode, *more: str) -> Ended:
    """Make move.toml for a copy."""
    operator.knows(source, destination)
    sides = ("--source", with_user(source), "--destination", with_user(destination))
    return await operator.do("plan", "copy-through-here", *sides, "-o", "move.toml", "--force", *more)


async def test_a_copy_moves_and_verifies_without_anything_opened_on_the_destination(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    source, destination = pair
    names = ["orders", "library", "messages", "catalogue-wide", "drafts", "measurements"]
    made = await planned(operator, source, destination, *renamed("copied", *names))
    done = await operator.do("run", "move.toml")
    told = await operator.do("report", done.run, "--format", "json")
    async with await opened(destination) as cluster:
        counts = [await cluster.searches.count(f"copied-{name}") for name in names]
        settings = await cluster.indices.settings_of("copied-orders")
        await cluster.changes.delete_index(
            "copied-library"
        )  # its alias is one to write to, which others want to make too
    secrets = [source.password or "", destination.password or ""]
    written = [path for path in operator.folder.rglob("*") if path.is_file()]
    assert made.code == 0, made.text
    assert done.code == 0, done.text
    assert counts == [1_000, 400, 600, 40, 0, 40]
    assert settings.get("index.refresh_interval") != "-1"
    assert json.loads(told.out)["is_verified"] is True
    assert not [path for path in written for secret in secrets if secret.encode() in path.read_bytes()]


async def test_a_copy_that_compares_every_document_says_so_in_its_plan_its_lines_and_its_report(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    made = await planned(operator, *pair, *renamed("copy-proved", "orders"), "--verify", "everything")
    done = await operator.do("run", "move.toml")
    told = json.loads((await operator.do("report", done.run, "--format", "json")).out)
    plan = (operator.folder / "move.toml").read_text()
    async with await opened(pair[1]) as cluster:
        await cluster.changes.delete_index("copy-proved-orders")
    assert made.code == 0, made.text
    assert 'verify = "everything"' in plan
    assert done.code == 0, done.text
    assert "ok  orders: 1 000 = 1 000, verified, every document compared byte for byte" in done.out
    assert (
        "Every document of both sides was read and compared byte for byte in 1: no difference." in told["how_checked"]
    )
    assert told["indices"][0]["compared"]["source_count"] == 1_000


async def test_a_second_copy_goes_into_what_is_there_only_where_that_is_asked_for(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    name = renamed("copy-twice", "library")
    await planned(operator, *pair, *name)
    first = await operator.do("run", "move.toml")
    refused = await operator.do("run", "move.toml")
    made = await planned(operator, *pair, *name, "--into-existing", "--versions")
    second = await operator.do("run", "move.toml")
    plan = (operator.folder / "move.toml").read_text()
    async with await opened(pair[1]) as cluster:
        count = await cluster.searches.count("copy-twice-library")
        await cluster.changes.delete_index(
            "copy-twice-library"
        )  # its alias is one to write to, which others want to make too
    assert (first.code, refused.code, second.code) == (0, 6, 0), second.text
    assert "the index is used as it is" in made.text
    assert "versions = true" in plan
    assert "Documents keep their versions" in second.out
    assert count == 400


async def test_each_type_of_an_old_index_is_moved_and_verified_by_itself(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    source, destination = await nodes.get("5.6.16"), await nodes.get("7.17.28")
    async with await opened(source) as cluster:
        await make(cluster, "copy-types", {"settings": settings(), "mappings": {"book": {}, "Loan": {}}})
        await fill(cluster, "copy-types", [*numbered(30, "book"), *numbered(20, "Loan")])
    made = await planned(operator, source, destination, "--index", "copy-types", "--types", "apart")
    done = await operator.do("run", "move.toml")
    again = await operator.do("check", "move.toml")
    async with await opened(destination) as cluster:
        names = ("copy-types-book", "copy-types-loan")
        counts = [await cluster.searches.count(name) for name in names]
        for name in names:
            await cluster.changes.delete_index(name)
    assert "copy-types (book) → copy-types-book" in made.text
    assert done.code == 0, done.text
    assert "ok  copy-types (Loan)" in done.out
    assert counts == [30, 20]
    assert again.code == 6
    assert "copy-types-book: index, 30 documents" in again.out
