"""Migrations by command on real nodes, and every way in which one can go wrong, each in its own sentence."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest
import trustme

from esmigrate_tui.model.ledger import Request
from esmigrate_tui.sandbox.nodes import NodeOptions, TlsFiles, start_again, stop
from tests.broken_line import BUSY, Line
from tests.by_hand import performed
from tests.journeys.conftest import renamed, unharmed, with_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Operator

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes


WATCHING_ITS_DISK = {
    "cluster.info.update.interval": "10s",
    "cluster.routing.allocation.disk.threshold_enabled": "true",
}


async def test_plan_check_and_run_move_and_verify(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    names = ["orders", "library", "messages", "catalogue-wide", "drafts", "measurements"]
    planned = await operator.plan(with_user(source), with_user(destination), *renamed("whole", *names))
    checked = await operator.do("check", "move.toml")
    done = await operator.do("run", "move.toml")
    again = await operator.do("run", "move.toml")
    told = await operator.do("report", done.run, "--format", "json")
    async with await opened(destination) as cluster:
        counts = [await cluster.searches.count(f"whole-{name}") for name in names]
        settings = await cluster.indices.settings_of("whole-orders")
        await cluster.changes.delete_index(
            "whole-library"
        )  # its alias is one to write to, which others want to make too
    secrets = [source.password or "", destination.password or ""]
    written = [path for path in operator.folder.rglob("*") if path.is_file()]
    assert planned.code == 0, planned.text
    assert checked.code == 0, checked.text
    assert done.code == 0, done.text
    assert counts == [1_000, 400, 600, 40, 0, 40]
    assert "index.refresh_interval" not in settings or settings["index.refresh_interval"] != "-1"
    assert json.loads(told.out)["is_verified"] is True
    assert again.code == 6
    assert "taken" in again.text
    assert written
    assert not [path for path in written for secret in secrets if secret.encode() in path.read_bytes()]


async def test_events_for_programs_are_one_json_object_a_line(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode]
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    await operator.plan(with_user(source), with_user(destination), *renamed("json", "messages"))
    done = await operator.do("run", "move.toml", "--json")
    events = [json.loads(line)["type"] for line in done.out.splitlines()]
    assert done.code == 0, done.text
    assert events[-1] == "run-finished"


async def test_a_wrong_password_is_said_so(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    source, destination = pair
    operator.knows(source, destination)
    operator.environ["ESMIGRATE_SOURCE_PASSWORD"] = "wrong"
    ended = await operator.plan(with_user(source), with_user(destination), "--index", "*")
    assert ended.code == 4
    assert "password" in ended.err.lower()


async def test_no_password_names_the_ways_to_give_one(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode]
) -> None:
    source, destination = pair
    ended = await operator.plan(with_user(source), with_user(destination), "--index", "*")
    assert ended.code == 4
    assert "ESMIGRATE_SOURCE_PASSWORD" in ended.err


async def test_a_closed_port_is_said_so(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    operator.knows(*pair)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = await operator.plan(f"http://elastic@127.0.0.1:{port}", with_user(pair[1]), "--index", "*")
    assert ended.code == 5
    assert f"127.0.0.1:{port}" in ended.err
    assert "nothing listens" in ended.err.lower()


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[str]:
    """An ordinary web server."""
    quiet = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_what_is_not_elasticsearch_is_said_so(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], web_server: str
) -> None:
    operator.environ["ESMIGRATE_DESTINATION_PASSWORD"] = pair[1].password or ""
    ended = await operator.plan(web_server, with_user(pair[1]), "--index", "*")
    assert ended.code == 5
    assert "Elasticsearch" in ended.err


async def test_one_cluster_at_both_ends_is_blocked(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    source, _ = pair
    operator.knows(source, source)
    await operator.plan(with_user(source), with_user(source), *renamed("same", "messages"))
    ended = await operator.do("run", "move.toml")
    assert ended.code == 6
    assert "same cluster" in ended.out


async def test_a_plan_for_other_clusters_is_stale(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    operator.knows(*pair)
    await operator.plan(with_user(pair[0]), with_user(pair[1]), *renamed("stale", "messages"))
    plan = operator.folder / "move.toml"
    lines = [
        "destination_uuid = 'another'" if "destination_uuid" in line else line for line in plan.read_text().split("\n")
    ]
    plan.write_text("\n".join(lines))
    ended = await operator.do("run", "move.toml")
    assert ended.code == 10
    assert "not the cluster" in ended.err


@pytest.mark.parametrize(("text", "code"), [("nonsense = ", 2), ("", 2), ("format = 1\nmethod = 'fly'\n", 2)])
async def test_a_broken_plan_is_one_sentence(operator: Operator, text: str, code: int) -> None:
    (operator.folder / "move.toml").write_text(text)
    ended = await operator.do("check", "move.toml")
    assert ended.code == code
    assert ended.err.count("esmigrate:") == 1


async def test_a_closed_index_is_not_passed_over(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    operator.knows(*pair)
    ended = await operator.plan(with_user(pair[0]), with_user(pair[1]), "--index", "archive-2019")
    assert ended.code == 6
    assert "closed" in ended.err


async def test_a_host_that_is_not_whitelisted_gets_the_line_to_paste(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], nodes: SharedNodes
) -> None:
    strict = await nodes.get("7.17.28", NodeOptions(whitelist="elsewhere.example.org:*"))
    operator.knows(pair[0], strict)
    await operator.plan(with_user(pair[0]), with_user(strict), "--index", "messages")
    ended = await operator.do("check", "move.toml")
    host = pair[0].url.removeprefix("http://")
    assert ended.code == 6
    assert f'reindex.remote.whitelist: ["{host}","elsewhere.example.org:*"]' in ended.out


async def test_bad_certificates_are_told_apart(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], nodes: SharedNodes, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    files = {name: tmp_path / name for name in ("key.pem", "cert.pem", "ca.pem")}
    issued.private_key_pem.write_to_path(str(files["key.pem"]))
    issued.cert_chain_pems[0].write_to_path(str(files["cert.pem"]))
    authority.cert_pem.write_to_path(str(files["ca.pem"]))
    tls = TlsFiles(key=files["key.pem"], certificate=files["cert.pem"], authority=files["ca.pem"])
    secured = await nodes.fresh("6.8.23", NodeOptions(tls=tls))
    operator.knows(secured, pair[1])
    async with asyncio.timeout(120):
        untrusted = await operator.plan(with_user(secured), with_user(pair[1]), "--index", "x")
        ca = ("--source-ca", str(files["ca.pem"]))
        absent = await operator.plan(with_user(secured), with_user(pair[1]), "--index", "x", *ca)
    assert untrusted.code == 5
    assert "certificate" in untrusted.err
    assert absent.code == 9
    assert "matches x" in absent.err


async def test_a_source_that_is_stopped_and_started_again_loses_nothing(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], nodes: SharedNodes, opened: Opening
) -> None:
    _, destination = pair
    source = await nodes.fresh("6.8.23")
    async with await opened(source) as cluster:
        lines = "".join(
            f'{{"index":{{"_index":"long","_type":"_doc","_id":"{n}"}}}}\n{{"n":{n}}}\n' for n in range(8_000)
        )
        await performed(cluster, Request(method="POST", path="/_bulk?refresh=true", body=lines))
    operator.knows(source, destination)
    await operator.plan(
        with_user(source), with_user(destination), *renamed("stopped", "long"), "--batch", "500", "--pace", "1000"
    )
    async with unharmed(operator.folder / "move.toml", source, destination, "long"):
        process = await operator.start("run", "move.toml")
        while not [*operator.folder.glob("state/runs/*/journal")]:  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.1)
        run = operator.only_run()
        await operator.until(run, lambda progress: progress.done >= 1_000)
        await stop(source)
        await operator.until(run, lambda progress: any(task.held_by for task in progress.tasks))
        await start_again(source)
        out, err = await asyncio.wait_for(process.communicate(), 180)
    async with await opened(destination) as cluster:
        arrived = await cluster.searches.count("stopped-long")
    assert process.returncode == 0, (out + err).decode()
    assert arrived == 8_000
    assert b"waits" in out


async def test_a_run_that_was_killed_is_taken_up_where_it_was(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    options = [*renamed("killed", "logs-2026.01.03", "orders"), "--batch", "100", "--pace", "400", "--split", "3"]
    await operator.plan(with_user(source), with_user(destination), *options)
    async with unharmed(operator.folder / "move.toml", *pair, "logs-2026.01.03", "orders"):
        begun = await operator.do("run", "move.toml", "--detach")
        run = operator.folder_of(begun.run)
        await operator.until(run, lambda progress: progress.done >= 200)
        await operator.kill(run)
        status = await operator.do("status")
        resumed = await operator.do("resume", begun.run)
    async with await opened(destination) as cluster:
        counts = [await cluster.searches.count(f"killed-{name}") for name in ("logs-2026.01.03", "orders")]
    log = await operator.do("attach", begun.run, "--plain")
    assert log.out.count("it is read in 3 ranges of") == 2
    assert begun.code == 20, begun.text
    assert "interrupted" in status.out
    assert resumed.code == 0, resumed.text
    assert counts == [2_000, 1_000]


async def test_leaving_does_not_end_a_run(operator: Operator, pair: tuple[SandboxNode, SandboxNode]) -> None:
    operator.knows(*pair)
    options = [*renamed("left", "orders"), "--batch", "100", "--pace", "300"]
    await operator.plan(with_user(pair[0]), with_user(pair[1]), *options)
    process = await operator.start("run", "move.toml")
    while not [*operator.folder.glob("state/runs/*/journal")]:  # noqa: ASYNC110  # another process makes it
        await asyncio.sleep(0.1)
    run = operator.only_run()
    await operator.until(run, lambda progress: progress.done > 0)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 30)
    faster = await operator.do("pace", run.run, "0")
    watched = await operator.do("attach", run.run, "--plain")
    assert process.returncode == 20
    assert b"continues" in err
    assert faster.code == 0, faster.text
    assert watched.code == 0, watched.text


async def test_a_full_disk_is_waited_out(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], nodes: SharedNodes, opened: Opening
) -> None:
    source, _ = pair
    destination = await nodes.fresh("7.17.28", NodeOptions(settings=WATCHING_ITS_DISK))
    operator.knows(source, destination)
    full = {f"cluster.routing.allocation.disk.watermark.{name}": "100tb" for name in ("low", "high", "flood_stage")}
    options = [*renamed("full", "logs-2026.01.03"), "--batch", "100", "--pace", "60"]
    await operator.plan(with_user(source), with_user(destination), *options)
    begun = await operator.do("run", "move.toml", "--detach")
    run = operator.folder_of(begun.run)
    await operator.until(run, lambda progress: progress.done > 0)
    async with await opened(destination) as cluster:
        settings = Request(method="PUT", path="/_cluster/settings", body=json.dumps({"transient": full}))
        await performed(cluster, settings)
        checked = await operator.do("check", "move.toml", "--accept", "existing-names")
        await operator.until(run, lambda progress: any(task.held_by for task in progress.tasks))
        held = await operator.do("status", begun.run)
        room = Request(method="PUT", path="/_cluster/settings", body=json.dumps({"transient": dict.fromkeys(full)}))
        await performed(cluster, room)
        await operator.do("pace", begun.run, "0")
        watched = await operator.do("attach", begun.run, "--plain", seconds=240)
        arrived = await cluster.searches.count("full-logs-2026.01.03")
    assert checked.code == 6
    assert "No room" in checked.out
    assert "disk" in held.out
    assert watched.code == 0, watched.text
    assert arrived == 2_000


async def test_a_limit_that_blocks_is_raised_when_asked_and_put_back_by_cleanup(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode], opened: Opening
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    limit = "cluster.max_shards_per_node"
    await operator.plan(with_user(source), with_user(destination), *renamed("fixed", "messages"))
    async with await opened(destination) as cluster:

        async def allow(shards: int | None) -> None:
            body = json.dumps({"persistent": {limit: shards}})
            await performed(cluster, Request(method="PUT", path="/_cluster/settings", body=body))

        await allow(1)
        try:
            blocked = await operator.do("check", "move.toml")
            hopeless = await operator.do("check", "move.toml", "--fix", "room")
            fixed = await operator.do("check", "move.toml", "--fix", "shard-limit")
            raised = (await cluster.surroundings.persistent_settings())[limit]
            cleaned = await operator.do("cleanup", operator.only_run().run)
            after = (await cluster.surroundings.persistent_settings())[limit]
        finally:
            await allow(None)
    assert blocked.code == 6, blocked.text
    assert "esmigrate check PLAN --fix shard-limit" in blocked.out
    assert hopeless.code == 2, hopeless.text
    assert "What can be: shard-limit" in hopeless.err
    assert fixed.code == 0, fixed.text
    assert "PUT /_cluster/settings" in fixed.out
    assert int(raised) > 1
    assert cleaned.code == 0, cleaned.text
    assert after == "1"


async def test_an_accepted_finding_is_marked_for_programs_too(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode]
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    await operator.plan(with_user(source), with_user(destination), *renamed("waived", "messages"))
    checked = await operator.do("check", "move.toml", "--json", "--accept", "speed-settings")
    findings = [json.loads(line) for line in checked.out.splitlines()]
    assert {one["type"] for one in findings} == {"finding"}
    assert [one["check"] for one in findings if one.get("accepted")] == ["speed-settings"]


async def test_a_check_that_fails_warns_in_lines_and_for_programs_and_its_waiver_is_in_the_report(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode]
) -> None:
    operator.knows(*pair)
    async with Line(pair[0]) as line:
        await operator.plan(with_user(line.node), with_user(pair[1]), *renamed("unseen", "messages"))
        line.breaks(BUSY, "GET /_stats/indexing", *range(1, 100))
        told = await operator.do("check", "move.toml")
        programs = await operator.do("check", "move.toml", "--json")
        ran = await operator.do("run", "move.toml", "--accept", "still-written")
        report = await operator.do("report", ran.run, "--format", "json")
    findings = [json.loads(one) for one in programs.out.splitlines()]
    [failed] = [one for one in findings if one["check"] == "still-written"]
    assert len(line.met) == 3
    assert told.code == programs.code == 0, told.text
    assert failed["severity"] == "warning"
    assert failed["title"].startswith("The check still-written could not run: ")
    assert f"! warns  {failed['title']}" in told.out
    assert ran.code == 0, ran.text
    [waived] = json.loads(report.out)["waivers"]
    assert (waived["check"], waived["title"]) == ("still-written", failed["title"])


async def test_advice_is_given_of_every_method_with_what_was_read_of_a_sample(
    operator: Operator, pair: tuple[SandboxNode, SandboxNode]
) -> None:
    source, destination = pair
    operator.knows(source, destination)
    sides = ("--source", with_user(source), "--destination", with_user(destination), "--index", "messages")
    said = await operator.do("advise", *sides)
    told = await operator.do("advise", *sides, "--json")
    alone = await operator.do("advise", "--destination", with_user(destination), "--json")
    advice = json.loads(told.out)
    assert said.code == told.code == alone.code == 0, said.text + told.text + alone.text
    assert f"Prefer {advice['recommended']}" in said.out
    assert [one["method"] for one in advice["methods"]] == [
        "index-from-source",
        "reindex-from-remote",
        "restore-from-snapshot",
        "copy-through-here",
    ]
    assert "of messages through this machine just now" in advice["methods"][3]["estimate"]["basis"]
    assert json.loads(alone.out)["methods"][1]["standing"] == "closed"
