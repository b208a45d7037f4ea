"""`esmigrate --plain` on real nodes: each method from the first question to the report, every answer a line."""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.elastic.definitions import carried
from esmigrate_tui.elastic.snapshots import register_request
from esmigrate_tui.model.carried import DefinitionKind
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.snapshot import Repository
from tests.by_hand import performed
from tests.journeys.conftest import Ended, taken_away
from tests.signing_in import connected_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

pytestmark = pytest.mark.nodes

ON = ""
"""Enter, where the default goes on."""
CHECKED = ("all", ON)
"""Every warning accepted, and on."""


@pytest.fixture
async def prepared(nodes: SharedNodes) -> AsyncIterator[tuple[SandboxNode, SandboxNode, str]]:
    """6.8.23 with an index of 200 documents, 7.17.28, and the prefix of all names of this test."""
    source, destination = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    prefix = f"plain-{secrets.token_hex(3)}"
    old, new = await connected_to(source), await connected_to(destination)
    lines = "".join(
        f'{{"index":{{"_index":"{prefix}-one","_type":"_doc","_id":"{n}"}}}}\n{{"n":{n}}}\n' for n in range(200)
    )
    await performed(old, Request(method="POST", path="/_bulk?refresh=true", body=lines))
    await performed(old, register_request(Repository(name=prefix, type="fs", settings={"location": prefix})))
    try:
        yield source, destination, prefix
    finally:
        await taken_away(old, new, prefix, snapshot="taken")


def side(node: SandboxNode) -> tuple[str, ...]:
    """The answers that connect to a node, and go on with it."""
    trust = ("unverified",) if node.url.startswith("https") else ()
    if not node.user:
        return (node.url, "none", *trust, ON)
    return (node.url, "password", node.user, *trust, node.password or "", ON)


async def answered(operator: Operator, *answers: str, **environ: str) -> Ended:
    """The program with these answers through a pipe."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "esmigrate_tui", "--plain"),
        cwd=operator.folder,
        env=operator.environ | environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    operator.started.append(process)
    out, err = await asyncio.wait_for(process.communicate("\n".join((*answers, "")).encode()), 120)
    ended = Ended(process.returncode or 0, out.decode(), err.decode())
    assert "Traceback" not in ended.text
    assert "\x1b" not in ended.out
    return ended


def written(operator: Operator, node: SandboxNode) -> list[str]:
    """Files of the runs in which the node's password is."""
    found = [path for path in operator.folder.rglob("*") if path.is_file()]
    secret = (node.password or "nobody").encode()
    return [str(path) for path in found if secret in path.read_bytes()]


async def count(node: SandboxNode, index: str) -> int:
    async with await connected_to(node) as cluster:
        return await cluster.searches.count(index)


async def test_a_remote_reindex_is_walked_by_questions(
    operator: Operator, prepared: tuple[SandboxNode, SandboxNode, str]
) -> None:
    source, destination, prefix = prepared
    chosen = (f"{prefix}-one", f"e {prefix}-one", f"{prefix}-two", ON)
    ended = await answered(
        operator,
        *("2", *side(source), *side(destination), *CHECKED, f"/{prefix}", *chosen, *CHECKED, "start"),
        TERM="dumb",
    )
    assert ended.code == 0, ended.text
    assert "200 = 200, verified" in ended.out
    assert await count(destination, f"{prefix}-two") == 200
    assert not (source.password and source.password in ended.text)
    assert written(operator, source) == []


async def test_a_copy_is_walked_by_questions_with_what_stands_beside_its_index(
    operator: Operator, prepared: tuple[SandboxNode, SandboxNode, str]
) -> None:
    source, destination, prefix = prepared
    pipeline = Request(method="PUT", path=f"/_ingest/pipeline/{prefix}", body='{"processors":[]}')
    away = Request(method="DELETE", path=pipeline.path)
    async with await connected_to(source) as old, await connected_to(destination) as new:
        await performed(old, pipeline)
        try:
            ended = await answered(
                operator,
                *("4", *side(source), *side(destination), *CHECKED, "99999", f"{prefix}-one"),
                *("o", "bring", "pipelines", "back", ON, *CHECKED, "start"),
            )
            there = await carried(new.wire, (DefinitionKind.PIPELINE,), prefix)
        finally:
            for cluster in (old, new):
                with suppress(ProblemError):
                    await performed(cluster, away)
    assert ended.code == 0, ended.text
    assert "and 99999 is not among them" in ended.out
    assert f"+ ingest pipeline {prefix}\n" in ended.out
    assert f"ok  ingest pipeline {prefix}: made\n" in ended.out
    assert [one.body for one in there] == [{"processors": []}]
    assert await count(destination, f"{prefix}-one") == 200


async def test_a_restore_is_walked_by_questions_from_the_repository_to_the_end(
    operator: Operator, prepared: tuple[SandboxNode, SandboxNode, str]
) -> None:
    source, destination, prefix = prepared
    ended = await answered(
        operator,
        *("3", *side(source), *side(destination), *CHECKED),
        *(prefix, "y", "t", "taken", f"{prefix}-*", "y", "taken"),
        *(f"{prefix}-one", "p", "-one$", "-two", "y", ON, *CHECKED, "start"),
    )
    assert ended.code == 0, ended.text
    assert "Registered. `esmigrate cleanup" in ended.out
    assert "Taken (success)." in ended.out
    assert f"{prefix}-one becomes {prefix}-two" in ended.out
    assert await count(destination, f"{prefix}-two") == 200


async def test_files_are_walked_by_questions(
    operator: Operator, prepared: tuple[SandboxNode, SandboxNode, str]
) -> None:
    _, destination, prefix = prepared
    rows = (f"{n},Rome,{n % 28 + 1:02}.01.2024" for n in range(150))
    (operator.folder / "orders.csv").write_text("id,city,at\n" + "\n".join(rows) + "\n")
    ended = await answered(
        operator,
        *("1", *side(destination), "files", "nothing-*.csv", "orders.csv", "yes", "field", "id", "Orders"),
        *(f"{prefix}-one", ON, "city", "keyword", ON, *CHECKED, "start"),
    )
    assert ended.code == 0, ended.text
    assert "That does not do: only small letters." in ended.out
    assert await count(destination, f"{prefix}-one") == 150
    async with await connected_to(destination) as cluster:
        body = await performed(cluster, Request(method="GET", path=f"/{prefix}-one/_mapping"))
    assert body[f"{prefix}-one"]["mappings"]["properties"]["city"] == {"type": "keyword"}


async def test_nothing_is_written_before_the_word_is_typed(
    operator: Operator, prepared: tuple[SandboxNode, SandboxNode, str]
) -> None:
    source, destination, prefix = prepared
    ended = await answered(
        operator, *("4", *side(source), *side(destination), *CHECKED, f"{prefix}-one", ON, *CHECKED, "yes")
    )
    assert ended.code == 2
    assert ended.err.startswith("esmigrate: The answers ended")
    assert [*operator.folder.rglob("journal*")] == []
    async with await connected_to(destination) as cluster:
        assert await cluster.indices.existing([f"{prefix}-one"]) == {}
