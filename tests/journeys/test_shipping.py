"""A real rsyslog sends to real nodes as its configuration says, and a run watches: killed, taken up, ended."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.event import RunOutcome
from tests.journeys.conftest import unharmed, with_user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode
    from tests.fixtures_nodes import SharedNodes
    from tests.journeys.conftest import Ended, Operator

    Opening = Callable[[SandboxNode], Awaitable[Cluster]]

pytestmark = pytest.mark.nodes

MAPPING = """{"properties": {
    "@timestamp": {"type": "date"}, "host": {"type": "keyword"}, "program": {"type": "keyword"},
    "severity": {"type": "keyword"}, "facility": {"type": "keyword"}, "message": {"type": "long"}}}"""


@dataclass
class Rsyslog:
    """rsyslogd in the foreground, with the configuration that it was given; ended by its id."""

    program: str
    folder: Path
    started: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """The file whose lines it sends."""
        return self.folder / "app.log"

    async def start(self, text: str, password: str) -> None:
        """Send every line of the log, those that are there and those that come."""
        refused = self.folder / "refused.log"
        head = f'global(workDirectory="{self.folder}")\nmodule(load="imfile")\n'
        tail = f'\ninput(type="imfile" file="{self.log}" tag="app:")\n'
        conf = self.folder / "rsyslog.conf"
        conf.write_text(head + text.replace("/var/log/esmigrate-refused.log", str(refused)) + tail)
        self.log.touch()
        self.started.append(
            await asyncio.create_subprocess_exec(
                self.program,
                *("-n", "-f", str(conf), "-i", str(self.folder / "rsyslog.pid")),
                env={"PATH": os.environ["PATH"], "ES_PWD": password},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        )

    def write(self, *lines: object) -> None:
        """Let the application write."""
        with self.log.open("a") as log:
            log.writelines(f"{line}\n" for line in lines)

    async def refused(self) -> str:
        """What it has set aside, as soon as there is something."""
        path = self.folder / "refused.log"
        for _ in range(300):
            if path.exists() and path.stat().st_size:
                break
            await asyncio.sleep(0.1)
        return path.read_text()


@pytest.fixture
async def rsyslog(tmp_path: Path) -> AsyncIterator[Rsyslog]:
    """A real rsyslog with its module for Elasticsearch, as Debian has it."""
    program = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        reason = "rsyslogd not found: apt-get install -y --no-install-recommends rsyslog rsyslog-elasticsearch"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path / "rsyslog"
    folder.mkdir()
    one = Rsyslog(program, folder)
    yield one
    for process in one.started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def planned(operator: Operator, node: SandboxNode, index: str, *more: str) -> Ended:
    """Make ship.toml and ship.conf."""
    operator.environ["ESMIGRATE_DESTINATION_PASSWORD"] = node.password or ""
    (operator.folder / "map.json").write_text(MAPPING)
    return await operator.do(
        *("plan", "index-from-source", "--destination", with_user(node), "--shipper", "rsyslog", "--into", index),
        *("--mapping", "map.json", "-o", "ship.toml", "--configuration", "ship.conf", "--force", *more),
    )


def text_of(operator: Operator) -> str:
    return (operator.folder / "ship.conf").read_text()


async def test_what_rsyslog_sends_arrives_once_through_a_kill_and_bad_lines_are_set_aside_there(
    operator: Operator, nodes: SharedNodes, opened: Opening, rsyslog: Rsyslog
) -> None:
    node = await nodes.get("7.17.28")
    plan = await planned(operator, node, "ship-killed", "--expected", "400")
    begun = await operator.do("run", "ship.toml", "--detach")
    run = operator.only_run()
    rsyslog.write(*range(200), "no number")
    await rsyslog.start(text_of(operator), node.password or "")
    await operator.until(run, lambda progress: progress.done == 200)
    async with unharmed(operator.folder / "ship.toml", None, node):
        await operator.kill(run)
        rsyslog.write(*range(200, 400))
        done = await operator.do("resume", run.run)
        refused = await rsyslog.refused()
    async with await opened(node) as cluster:
        mapping: Any = await cluster.wire.get("/ship-killed/_mapping", dict)
        await cluster.changes.delete_index("ship-killed")
    assert plan.code == 0, plan.text
    assert (node.password or "?") not in text_of(operator) + plan.text
    assert "message     long" in plan.err
    assert begun.code == 20, begun.text
    assert done.code == 0, done.text
    assert "400 = 400, verified" in done.text
    assert "no number" in refused
    assert mapping["ship-killed"]["mappings"]["properties"]["message"] == {"type": "long"}


async def test_a_person_says_that_it_is_enough_and_the_report_says_who_said_it(
    operator: Operator, nodes: SharedNodes, opened: Opening, rsyslog: Rsyslog
) -> None:
    node = await nodes.get("9.5.0")
    await planned(operator, node, "ship-enough")
    await operator.do("run", "ship.toml", "--detach")
    run = operator.only_run()
    following = await operator.start("attach", run.run)
    await rsyslog.start(text_of(operator), node.password or "")
    rsyslog.write(*range(30))
    await operator.until(run, lambda progress: progress.done == 30)
    paced = await operator.do("pace", run.run, "5")
    paused = await operator.do("pause", run.run)
    said = await operator.do("enough", run.run)
    out, _ = await asyncio.wait_for(following.communicate(), 60)
    async with await opened(node) as cluster:
        count = await cluster.searches.count("ship-enough")
        await cluster.changes.delete_index("ship-enough")
    assert paced.code == 2
    assert "how fast documents come is up to who sends them" in paced.text
    assert "only counting it is paused" in paused.text
    assert said.code == 0, said.text
    assert following.returncode == 0, out.decode()
    assert "ended by the user: what has arrived is enough" in out.decode()
    assert "30 documents arrived; that this is all is the user's word, and was not checked." in out.decode()
    assert count == 30


async def test_stopping_a_watch_is_not_enough_and_leaves_what_has_arrived(
    operator: Operator, nodes: SharedNodes, opened: Opening
) -> None:
    node = await nodes.get("7.17.28")
    await planned(operator, node, "ship-stopped")
    async with unharmed(operator.folder / "ship.toml", None, node), await opened(node) as cluster:
        await operator.do("run", "ship.toml", "--detach")
        run = operator.only_run()
        await operator.until(run, lambda progress: bool(progress.tasks and progress.tasks[0].token))
        await cluster.wire.exchange("POST", "/ship-stopped/_doc", b'{"message":1}')
        await operator.until(run, lambda progress: progress.done == 1)
        stopped = await operator.do("stop", run.run)
        await operator.until(run, lambda progress: progress.outcome is RunOutcome.STOPPED)
        count = await cluster.searches.count("ship-stopped")
    async with await opened(node) as cluster:
        await cluster.changes.delete_index("ship-stopped")
    assert stopped.code == 0, stopped.text
    assert count == 1
