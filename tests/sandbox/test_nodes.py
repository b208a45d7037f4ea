"""Real nodes: that each version comes up, and that none outlives its owner."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from esmigrate_tui.sandbox import records
from esmigrate_tui.sandbox.errors import NodeDied, NoSuchNode, NotHealthyInTime, PortTaken
from esmigrate_tui.sandbox.loading import load
from esmigrate_tui.sandbox.nodes import (
    FileUser,
    NodeOptions,
    SandboxNode,
    TlsFiles,
    down,
    find_node,
    login,
    start_again,
    status,
    stop,
    trust,
    up,
)
from esmigrate_tui.sandbox.places import places
from esmigrate_tui.sandbox.records import ProcessIdentity
from esmigrate_tui.sandbox.sample import creation_body, sample
from esmigrate_tui.sandbox.supervisor import start_ticks
from esmigrate_tui.sandbox.versions import NUMBERS
from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

# The one that starts fastest: for the tests of lives and deaths.
QUICK = "5.6.16"


async def ask(node: SandboxNode, path: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    connector = aiohttp.TCPConnector(ssl=trust(node))
    async with (
        aiohttp.ClientSession(headers=login(node), connector=connector) as session,
        session.request(method, f"{node.url}/{path}", json=body) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


def shown_by_processes(secret: str) -> list[Path]:
    """Command lines and environments that hold a secret, of all processes but this."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            for path in (entry / "cmdline", entry / "environ"):
                with suppress(OSError):
                    if secret.encode() in path.read_bytes():
                        found.append(path)
    return found


def left(sandbox: Path) -> list[str]:
    """The nodes' folders that are left in a sandbox."""
    return [path.name for path in sandbox.glob("nodes/*")]


def gone(pid: int, within: float = 20) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if start_ticks(pid) is None:
            return True
        time.sleep(0.1)
    return False


def eventually(condition: Callable[[], bool], within: float = 20) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


@pytest.mark.parametrize("number", NUMBERS)
async def test_every_version_comes_up_and_says_which_it_is(nodes: SharedNodes, number: str) -> None:
    node = await nodes.get(number)
    code, answer = await ask(node, "_nodes/_local?filter_path=nodes.*.version")
    assert code == 200
    (said,) = answer["nodes"].values()
    assert said["version"] == number


@pytest.mark.parametrize("number", NUMBERS)
async def test_the_sample_data_arrive_whole_on_every_version(nodes: SharedNodes, number: str) -> None:
    node = await nodes.get(number)
    loaded = await load(node, 120, collide=True)
    for name, count in loaded.items():
        if name == "archive-2019":
            assert (await ask(node, f"{name}/_search"))[0] in {400, 403}
            continue
        _, answer = await ask(node, f"{name}/_count")
        assert (name, answer["count"]) == (name, count)


async def test_loading_again_replaces_what_was_there(nodes: SharedNodes) -> None:
    node = await nodes.get(QUICK)
    await load(node, 30)
    await ask(node, "drafts/entry/1?refresh=true", "PUT", {"key": "left over"})
    loaded = await load(node, 20)
    assert (await ask(node, "drafts/_count"))[1]["count"] == 0
    assert (await ask(node, "orders/_count"))[1]["count"] == loaded["orders"] == 10


async def test_the_mappings_of_6_8_are_accepted_by_7_17_without_their_type(nodes: SharedNodes) -> None:
    node = await nodes.get("7.17.28")
    for index in sample("6.8.23", 10).indices:
        name = f"accepted-{index.name.strip('.')}"
        settings = {key: value for key, value in index.settings.items() if key != "number_of_replicas"}
        aliases = {f"accepted-{alias}": body for alias, body in index.aliases.items()}
        renamed = replace(index, settings=settings, aliases=aliases)
        code, answer = await ask(node, name, "PUT", creation_body(renamed, 7))
        assert (name, code, answer) == (name, 200, answer)
        await ask(node, name, "DELETE")


async def test_7_17_reindexes_from_6_8_through_its_added_module(nodes: SharedNodes) -> None:
    source, destination = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    await ask(source, "remote-one/_doc/1?refresh=true", "PUT", {"x": 1})
    remote = {"host": source.url, "username": source.user, "password": source.password}
    body = {"source": {"remote": remote, "index": "remote-one"}, "dest": {"index": "remote-one"}}
    code, answer = await ask(destination, "_reindex?refresh=true", "POST", body)
    assert (code, answer["created"]) == (200, 1), answer
    await ask(destination, "remote-one", "DELETE")
    await ask(source, "remote-one", "DELETE")


async def test_nodes_of_two_versions_share_one_snapshot_repository(nodes: SharedNodes) -> None:
    source, destination = await nodes.get("6.8.23"), await nodes.get("7.17.28")
    assert source.snapshots == destination.snapshots
    await ask(source, "kept/_doc/1?refresh=true", "PUT", {"x": 1})
    where = f"{source.snapshots}/test-{os.getpid()}"
    place = {"type": "fs", "settings": {"location": where}}
    assert (await ask(source, "_snapshot/shared", "PUT", place))[0] == 200
    code, answer = await ask(
        source,
        "_snapshot/shared/one?wait_for_completion=true",
        "PUT",
        {"indices": "kept", "include_global_state": False},
    )
    assert (code, answer["snapshot"]["state"]) == (200, "SUCCESS")
    place["settings"] = {"location": where, "readonly": "true"}
    assert (await ask(destination, "_snapshot/shared", "PUT", place))[0] == 200
    code, answer = await ask(destination, "_snapshot/shared/one/_restore?wait_for_completion=true", "POST", {})
    assert (code, answer["snapshot"]["shards"]["failed"]) == (200, 0)
    assert (await ask(destination, "kept/_count"))[1]["count"] == 1
    await ask(destination, "kept", "DELETE")
    for node in (destination, source):
        await ask(node, "_snapshot/shared", "DELETE")


@pytest.mark.parametrize("number", ["6.8.23", "7.17.28"])
async def test_tls_and_a_file_user_work_and_a_wrong_password_does_not(
    nodes: SharedNodes, tmp_path: Path, number: str
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    tls = TlsFiles(tmp_path / "key", tmp_path / "certificate", tmp_path / "authority")
    certificate.private_key_pem.write_to_path(tls.key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(tls.certificate, append=True)
    authority.cert_pem.write_to_path(tls.authority)
    options = NodeOptions(tls=tls, file_users=(FileUser("admin", "pässword"),))
    node = await nodes.fresh(number, options)
    assert node.url.startswith("https://")
    assert (await ask(node, "_cluster/health"))[0] == 200
    as_admin = replace(node, user="admin", password="pässword")
    assert (await ask(as_admin, "_cluster/health"))[0] == 200
    assert (await ask(replace(as_admin, password="wrong"), "_cluster/health"))[0] == 401
    await down(node)


async def test_no_password_stands_in_a_command_line_or_an_environment(nodes: SharedNodes) -> None:
    node = await nodes.get("6.8.23")
    assert node.password
    assert shown_by_processes(node.password) == []


@pytest.mark.parametrize("number", [QUICK, "6.8.23"])
async def test_a_stopped_node_starts_again_with_its_data_its_port_and_its_password(
    own_sandbox: Path, number: str
) -> None:
    node = await up(number)
    assert own_sandbox in node.home.parents
    await ask(node, "kept/thing/1?refresh=true", "PUT", {"x": 1})
    await stop(node)
    assert start_ticks(node.pid) is None
    assert [entry.standing for entry in status()] == ["stopped"]
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask(node, "_cluster/health")
    again = await start_again(node)
    assert (again.url, again.password, again.pid != node.pid) == (node.url, node.password, True)
    assert (await ask(again, "kept/_count"))[1]["count"] == 1
    await down(again)
    assert left(own_sandbox) == []
    assert status() == []


async def test_two_nodes_of_one_version_get_names_and_ports_of_their_own(own_sandbox: Path) -> None:
    first, second = await asyncio.gather(up(QUICK), up(QUICK))
    assert {first.name, second.name} == {f"es-{QUICK}", f"es-{QUICK}-2"}
    assert first.port != second.port
    await asyncio.gather(down(first), down(second))
    assert left(own_sandbox) == []


async def test_a_node_that_has_taken_the_name_of_an_ended_one_is_left_alone(own_sandbox: Path) -> None:
    ended = await up(QUICK)
    await down(ended)
    successor = await up(QUICK)
    await down(ended)
    assert successor.name == ended.name
    assert (await ask(successor, "_cluster/health"))[0] == 200
    await down(successor)
    assert left(own_sandbox) == []


async def test_a_taken_port_is_told_before_anything_starts(own_sandbox: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} .* is taken by another program"):
            await up(QUICK, NodeOptions(port=port))
    assert left(own_sandbox) == []


async def test_a_node_that_dies_is_told_with_its_last_lines(own_sandbox: Path) -> None:
    with pytest.raises(NodeDied, match=r"unknown setting \[no\.such\.setting\]") as caught:
        await up(QUICK, NodeOptions(settings={"no.such.setting": "x"}))
    assert "\x1b" not in str(caught.value)
    assert f"The whole log is kept in {own_sandbox}/last-logs/es-{QUICK}.log" in str(caught.value)
    assert status() == []
    assert left(own_sandbox) == []


async def test_a_node_that_takes_too_long_is_told_and_ended(own_sandbox: Path) -> None:
    with pytest.raises(NotHealthyInTime, match="did not get healthy within 0 seconds"):
        await up(QUICK, NodeOptions(patience=0.4))
    assert status() == []
    assert left(own_sandbox) == []


@pytest.mark.usefixtures("own_sandbox")
async def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    assert status() == []
    with pytest.raises(NoSuchNode, match=r"no node es-none here\. Known: none"):
        await find_node("es-none")


def test_a_process_that_got_a_dead_nodes_number_is_left_alone(own_sandbox: Path) -> None:
    node = asyncio.run(up(QUICK))
    place = places()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        try:
            record = records.read(place, node.name)
            assert record is not None
            asyncio.run(down(node))
            # As if the node were long gone and another program had got its numbers.
            stale = ProcessIdentity(bystander.pid, "an earlier start")
            records.write(place, record.with_process(stale, stale))
            asyncio.run(down(node))
            assert left(own_sandbox) == []
            assert bystander.poll() is None
            assert status() == []
        finally:
            bystander.kill()


OWNER = """
import asyncio, sys, time
from esmigrate_tui.sandbox.nodes import NodeOptions, up
node = asyncio.run(up(sys.argv[1], NodeOptions(attached=sys.argv[2] == "attached")))
print(node.pid, flush=True)
time.sleep(120)
"""


def owner(attached: str) -> "tuple[subprocess.Popen[str], int]":
    """Another program that started a node; it and the node's process."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, QUICK, attached], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_an_attached_node_ends_with_its_owner(own_sandbox: Path, number: signal.Signals) -> None:
    process, pid = owner("attached")
    with process:
        assert start_ticks(pid) is not None
        process.send_signal(number)
    assert gone(pid)
    assert eventually(lambda: not left(own_sandbox) and not status())


def test_a_crashed_test_run_leaves_no_node(own_sandbox: Path, tmp_path: Path) -> None:
    test = tmp_path / "test_crash.py"
    test.write_text(
        "import os, signal, pathlib\n"
        "def test_crash(nodes):\n"
        f"    node = nodes.get_now({QUICK!r})\n"
        f"    pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(node.pid))\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.fixtures_nodes", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", str(tmp_path), str(test)],
        check=False,
        capture_output=True,
        cwd=tmp_path,
        timeout=100,
    )
    assert run.returncode == -signal.SIGSEGV, run.stdout
    assert gone(int((tmp_path / "pid").read_text(encoding="utf-8")))
    assert eventually(lambda: not left(own_sandbox))


@pytest.mark.usefixtures("own_sandbox")
def test_an_attached_node_ends_when_its_supervisor_is_killed() -> None:
    process, pid = owner("attached")
    with process:
        (record,) = records.read_all(places())
        assert record.supervisor is not None
        os.kill(record.supervisor.pid, signal.SIGKILL)
        assert gone(pid)
        process.kill()


async def test_a_detached_node_outlives_its_owner_until_another_process_ends_it(own_sandbox: Path) -> None:
    process, pid = await asyncio.to_thread(owner, "detached")
    process.kill()
    await asyncio.to_thread(process.communicate)
    (entry,) = status()
    assert (entry.standing, entry.node.pid, entry.attached) == ("up", pid, False)
    assert (await ask(entry.node, "_cluster/health"))[0] == 200
    command = [sys.executable, "-m", "esmigrate_tui.sandbox", "down", "all"]
    run = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
    assert run.stdout == f"es-{QUICK} is down.\n"
    assert gone(pid)
    assert left(own_sandbox) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_signal_while_up_is_starting_a_node_leaves_nothing(
    own_sandbox: Path, number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "esmigrate_tui.sandbox", "up", QUICK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert eventually(lambda: any(record.process is not None for record in records.read_all(places())))
        (record,) = records.read_all(places())
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert process.returncode == code, told
    assert gone(record.node.pid)
    assert eventually(lambda: not left(own_sandbox) and not status())


def run_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "esmigrate_tui.sandbox", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.usefixtures("own_sandbox")
def test_the_commands_start_show_fill_and_end_a_node() -> None:
    started = run_command("up", QUICK, "--json")
    assert started.stderr == ""
    (entry,) = json.loads(started.stdout)
    assert (entry["name"], entry["version"], entry["password"]) == (f"es-{QUICK}", QUICK, None)
    again = json.loads(run_command("up", QUICK, "--json").stdout)
    assert [one["pid"] for one in again] == [entry["pid"]]
    assert f"es-{QUICK}  {QUICK}  up  {entry['url']}" in run_command("status").stdout
    filled = json.loads(run_command("load", QUICK, "--size", "20", "--json").stdout)
    assert filled["logs-2026.01.03"] == 20
    assert run_command("down", f"es-{QUICK}").returncode == 0
    assert json.loads(run_command("status", "--json").stdout) == []
