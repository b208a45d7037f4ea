"""`esmigrate carry` on real nodes: what it shows, makes, leaves alone, and takes away again.

Policies go from 6.8.23 to 6.8.23, and a pipeline with processors too: no newer node here has lifecycles or processors.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.cli.exits import exit_code_of
from esmigrate_tui.cli.main import main
from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.model.carried import DefinitionGroup, NameConflict
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, parse_address
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.sandbox.nodes import NodeOptions
from tests.by_hand import performed
from tests.fixtures_nodes import in_own_loop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

MADE: dict[str, dict[str, Any]] = {
    "/_template/cy-logs": {
        "index_patterns": ["cy-logs-*"],
        "order": 2,
        "settings": {"index": {"number_of_shards": 2, "default_pipeline": "cy-clean", "mapper.dynamic": "true"}},
        "mappings": {"log": {"_all": {"enabled": False}, "properties": {"d": {"type": "date", "format": "YYYY"}}}},
        "aliases": {"cy-all": {}},
    },
    "/_ingest/pipeline/cy-empty": {"description": "does nothing", "processors": []},
    "/_ingest/pipeline/cy-clean": {"processors": [{"date": {"field": "d", "formats": ["YYYY"]}}]},
    "/_ilm/policy/cy-keep": {"policy": {"phases": {"delete": {"min_age": "9d", "actions": {"delete": {}}}}}},
}
INDEX = "cy-logs-1"
OPEN = NodeOptions(security=False)


async def _sent(node: SandboxNode, method: str, path: str, body: str = "") -> dict[str, Any] | None:
    """What a node answers; None where it says that there is none."""
    async with await connect(Connection(endpoint=parse_address(node.url)[0]), NO_CREDENTIAL) as cluster:
        if method != "GET":
            await performed(cluster, Request(method=method, path=path, body=body))
            return {}
        response = await cluster.wire.exchange("GET", path, accepted=frozenset({404}))
        status, answer = response.status, response.body
        return None if status == 404 else dict(json.loads(answer))


def sent(node: SandboxNode, method: str, path: str, body: str = "") -> dict[str, Any] | None:
    return in_own_loop(_sent(node, method, path, body))


@pytest.fixture(scope="module")
def old(nodes: SharedNodes) -> Iterator[SandboxNode]:
    node = nodes.get_now("6.8.23", OPEN)
    settings = {"number_of_shards": 1, "default_pipeline": "cy-empty"}
    sent(node, "PUT", f"/{INDEX}", json.dumps({"settings": settings}))  # before its template is there
    sent(node, "PUT", f"/{INDEX}/_doc/1?pipeline=_none", '{"d":"2026"}')
    for path, body in MADE.items():
        sent(node, "PUT", path, json.dumps(body))
    yield node
    for path in (*MADE, f"/{INDEX}"):
        if sent(node, "GET", path) is not None:
            sent(node, "DELETE", path)


@pytest.fixture(scope="module")
def new(nodes: SharedNodes) -> SandboxNode:
    return nodes.get_now("7.17.28", OPEN)


@pytest.fixture(autouse=True)
def _state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ESMIGRATE_STATE_DIR", str(tmp_path))


def carried(capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode, *options: str) -> tuple[int, str]:
    """The exit code of the command, and what it said."""
    arguments = ["carry", "--source", old.url, "--destination", new.url, "--name", "cy-*", *options]
    err = io.StringIO()
    code = exit_code_of(lambda: main(arguments, standalone_mode=False, prog_name="esmigrate"), err)
    return code, capsys.readouterr().out + err.getvalue()


def test_it_shows_what_would_be_made_and_makes_nothing(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode
) -> None:
    code, said = carried(capsys, old, new, "--templates", "--pipelines")
    assert code == ExitCode.DONE
    assert "+ index template cy-logs\n" in said
    assert "    d: the date format YYYY is written yyyy now\n" in said
    assert "+ ingest pipeline cy-empty\n" in said
    assert "! ingest pipeline cy-clean: the destination cannot hold it" in said
    assert sent(new, "GET", "/_index_template/cy-logs") is None


def test_what_it_makes_is_there_and_cleanup_takes_it_away(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode, tmp_path: Path
) -> None:
    code, said = carried(capsys, old, new, "--templates", "--pipelines", "--make")
    assert (code, "Made 2 definitions" in said) == (ExitCode.DONE, True)
    assert sent(new, "GET", "/_index_template/cy-logs") is not None
    again, said = carried(capsys, old, new, "--templates", "--pipelines", "--make")
    assert again == ExitCode.NOTHING
    assert "= index template cy-logs: the destination has the same" in said
    assert "= ingest pipeline cy-empty: the destination has the same" in said
    [folder] = (tmp_path / "runs").iterdir()
    assert exit_code_of(lambda: main(["cleanup", folder.name], standalone_mode=False), io.StringIO()) == ExitCode.DONE
    assert sent(new, "GET", "/_index_template/cy-logs") is None
    assert sent(new, "GET", "/_ingest/pipeline/cy-empty") is None


def test_another_of_that_name_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode
) -> None:
    sent(new, "PUT", "/_index_template/cy-logs", json.dumps({"index_patterns": ["cy-mine"]}))
    try:
        code, said = carried(capsys, old, new, "--templates", "--make")
        [told_of] = (sent(new, "GET", "/_index_template/cy-logs") or {})["index_templates"]
    finally:
        sent(new, "DELETE", "/_index_template/cy-logs")
    assert code == ExitCode.NOTHING
    assert "! index template cy-logs: the destination has another of that name, which stays as it is" in said
    assert told_of["index_template"]["index_patterns"] == ["cy-mine"]


def test_policies_and_processors_are_made_on_a_6_8_that_lost_them(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, nodes: SharedNodes
) -> None:
    other = nodes.fresh_now("6.8.23", OPEN)
    try:
        code, said = carried(capsys, old, other, "--templates", "--pipelines", "--policies", "--make")
        assert (code, "Made 4 definitions" in said) == (ExitCode.DONE, True)
        assert {path for path in MADE if sent(other, "GET", path) is None} == set()
        code, said = carried(capsys, old, other, "--templates", "--pipelines", "--policies")
        assert code == ExitCode.NOTHING
        assert said.count("the destination has the same") == 4
    finally:
        for path in MADE:
            sent(other, "DELETE", path)


def test_a_destination_that_keeps_no_policies_says_so(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode
) -> None:
    code, said = carried(capsys, old, new, "--policies")
    assert code == ExitCode.BLOCKED
    assert "keeps no lifecycle policy at all" in said


def test_a_destination_that_keeps_no_policies_gets_the_rest(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode
) -> None:
    code, said = carried(capsys, old, new, "--templates", "--pipelines", "--policies")
    assert code == ExitCode.DONE
    assert "! lifecycle policy cy-" in said
    assert "keeps no lifecycle policy at all" in said
    assert "+ ingest pipeline cy-" in said
    assert "+ index template cy-logs" in said


def test_something_must_be_asked_for(capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode) -> None:
    code, said = carried(capsys, old, new)
    assert code == ExitCode.USAGE
    assert "--templates, --pipelines, --policies" in said


def test_a_template_that_came_meanwhile_is_not_written_over(new: SandboxNode) -> None:
    sent(new, "PUT", "/_index_template/cy-late", json.dumps({"index_patterns": ["cy-late"]}))
    try:
        with pytest.raises(ProblemError):
            sent(new, "PUT", "/_index_template/cy-late?create=true", json.dumps({"index_patterns": ["cy-x"]}))
    finally:
        sent(new, "DELETE", "/_index_template/cy-late")


# -- with a plan -----------------------------------------------------------------------------------------------------


def said_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it said."""
    err = io.StringIO()
    code = exit_code_of(lambda: main([*arguments], standalone_mode=False, prog_name="esmigrate"), err)
    captured = capsys.readouterr()
    return code, captured.out + captured.err + err.getvalue()


def planned(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode, file: Path, *options: str
) -> tuple[int, str, str]:
    """The exit code of a plan, what it said, and what it has written."""
    sides = ("--source", old.url, "--destination", new.url, "--index", INDEX, "-o", str(file))
    code, said = said_by(capsys, "plan", "copy-through-here", *sides, *options)
    return code, said, file.read_text() if file.exists() else ""


@pytest.mark.parametrize("version", ["7.17.28", "9.5.0"])
def test_a_run_makes_what_its_plan_has_beside_the_indices_after_them(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, nodes: SharedNodes, tmp_path: Path, version: str
) -> None:
    new, file = nodes.get_now(version, OPEN), tmp_path / "move.toml"
    code, said, written = planned(capsys, old, new, file, "--with", "templates", "--with", "pipelines")
    assert code == ExitCode.DONE, said
    assert "  + index template cy-logs\n" in said
    assert "      d: the date format YYYY is written yyyy now\n" in said
    assert "  ! ingest pipeline cy-clean: the destination cannot hold it as it is\n" in said
    assert 'name = "cy-logs"' in written
    try:
        code, said = said_by(capsys, "run", str(file))
        assert code == ExitCode.DONE, said
        assert "ok  index template cy-logs: made\n" in said
        assert "ok  ingest pipeline cy-empty: made\n" in said
        assert "-   ingest pipeline cy-clean: left out: the destination cannot hold it as it is\n" in said
        moved = (sent(new, "GET", f"/{INDEX}") or {})[INDEX]
        assert moved["aliases"] == {}
        assert moved["settings"]["index"]["number_of_shards"] == "1"
        assert "default_pipeline" not in moved["settings"]["index"]
        [made] = (sent(new, "GET", "/_index_template/cy-logs") or {})["index_templates"]
        assert made["index_template"]["template"]["settings"]["index"]["default_pipeline"] == "cy-clean"
        assert sent(new, "GET", "/_ingest/pipeline/cy-empty") is not None
        _, said, _ = planned(capsys, old, new, tmp_path / "again.toml", "--with", "templates", "--with", "pipelines")
        assert "= index template cy-logs: the destination has the same\n" in said
        assert "= ingest pipeline cy-empty: the destination has the same\n" in said
        [folder] = (tmp_path / "runs").iterdir()
        code, said = said_by(capsys, "cleanup", folder.name)
        assert code in {ExitCode.DONE, ExitCode.NOTHING}, said
        assert sent(new, "GET", "/_ingest/pipeline/cy-empty") is not None, "what a run brought over is meant to stay"
        code, said = said_by(capsys, "report", folder.name, "--format", "markdown")
        assert "DELETE /_index_template/cy-logs" in said
        code, said = said_by(capsys, "report", folder.name, "--format", "json")
        [again] = [thing["copy"] for thing in json.loads(said)["to_do"] if "Set again" in thing["what"]]
        method, path, body = again.replace("\n", " ", 1).split(" ", 2)
        sent(new, method, path, body)
        moved = (sent(new, "GET", f"/{INDEX}") or {})[INDEX]
        assert moved["settings"]["index"]["default_pipeline"] == "cy-empty"
    finally:
        for path in (f"/{INDEX}", "/_index_template/cy-logs", "/_ingest/pipeline/cy-empty"):
            if sent(new, "GET", path) is not None:
                sent(new, "DELETE", path)


def test_a_plan_without_them_has_none(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode, tmp_path: Path
) -> None:
    _, said, written = planned(capsys, old, new, tmp_path / "move.toml")
    assert "ingest pipeline cy-empty" not in said
    assert "[[carried]]" not in written
    assert "template cy-logs" not in said


def test_a_plan_for_a_destination_that_keeps_no_policies_says_so(
    capsys: pytest.CaptureFixture[str], old: SandboxNode, new: SandboxNode, tmp_path: Path
) -> None:
    code, said, written = planned(capsys, old, new, tmp_path / "move.toml", "--with", "policies")
    assert (code, written) == (ExitCode.BLOCKED, "")
    assert "keeps no lifecycle policy at all" in said


async def _by_the_service(old: SandboxNode, new: SandboxNode) -> dict[str, NameConflict]:
    sides = (Connection(endpoint=parse_address(node.url)[0]) for node in (new, old))
    async with await connect(next(sides), NO_CREDENTIAL) as to, await connect(next(sides), NO_CREDENTIAL) as source:
        found = await real_services().carried((DefinitionGroup.TEMPLATES, DefinitionGroup.PIPELINES), to, source)
    return {one.name: one.conflict for one in found if one.name.startswith("cy-")}


def test_the_wizard_s_service_tells_the_same(old: SandboxNode, new: SandboxNode) -> None:
    assert in_own_loop(_by_the_service(old, new)) == {
        "cy-clean": NameConflict.REFUSED,
        "cy-empty": NameConflict.NONE,
        "cy-logs": NameConflict.NONE,
    }
