"""Two thousand snapshots in one repository: how long from the server's answers to the list on the screen.

The answers of a real node are fetched first by themselves, so that what is left is the wizard's part; then keys are
pressed while the list is there, each timed until it is painted (Textual's own wait of its tests, 50 ms, included).
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from typing import TYPE_CHECKING, Final

from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.elastic.snapshots import PAGE, register_request
from esmigrate_tui.flow.session import RepositoryList, Session, SnapshotList
from esmigrate_tui.model.connection import Connection, Credential, Side
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.sandbox.nodes import NodeOptions, down, up
from esmigrate_tui.wizard.app import WizardApp
from esmigrate_tui.wizard.widgets.board import Board
from tests.by_hand import performed
from tests.signing_in import side_of

if TYPE_CHECKING:
    from esmigrate_tui.elastic.cluster import Cluster

SNAPSHOTS: Final = 2_000
ROUNDS: Final = 3
KEYS: Final = 60
_AT_ONCE: Final = 8
_BAR_SECONDS: Final = 2.0


async def _fill(cluster: Cluster, repository: Repository) -> None:
    """As many snapshots as a nightly job leaves in some years; each of nothing, since only their number matters."""
    await performed(cluster, register_request(repository))
    numbers = iter(range(SNAPSHOTS))

    async def take() -> None:
        for number in numbers:
            path = f"/_snapshot/{repository.name}/nightly-{number:05}?wait_for_completion=true"
            body = '{"indices":"-*","include_global_state":false}'
            await performed(cluster, Request(method="PUT", path=path, body=body))

    await asyncio.gather(*(take() for _ in range(_AT_ONCE)))


async def _answers(cluster: Cluster, repository: str) -> float:
    """Seconds in which the server gives all of them, in the pages that the wizard asks for, read as nothing."""
    began, after = time.perf_counter(), ""
    while True:
        query = f"?size={PAGE}&sort=start_time&order=desc{after}"
        told = await cluster.wire.get(f"/_snapshot/{repository}/_all{query}", dict[str, object])
        if not told.get("next"):
            return time.perf_counter() - began
        after = f"&after={told['next']}"


async def _shown(connection: Connection, credential: Credential, repository: Repository) -> tuple[float, list[float]]:
    """Seconds from opening the step until all are listed, and seconds of each key until its row is painted."""
    cluster = await connect(connection, credential)
    facts = await cluster.probe()
    draft = Draft(method=MethodName.RESTORE_FROM_SNAPSHOT, destination=connection, destination_facts=facts)
    services = real_services()
    repository_list = RepositoryList(destination=(repository,))
    session = Session(
        draft=draft,
        methods=services.methods,
        repository_list=repository_list,
        snapshot_list=SnapshotList(repository=repository.name),
    )
    app: WizardApp = WizardApp(services, opening=(session, "snapshot"))
    app.is_live = True  # an opening is for pictures otherwise, which ask no cluster
    app.clusters[Side.DESTINATION] = cluster  # the app closes it
    async with app.run_test(size=(80, 24)) as pilot:
        began = time.perf_counter()
        while not app.session.snapshot_list.is_whole:  # noqa: ASYNC110  # the screen itself is what is timed
            await asyncio.sleep(0.002)
        await pilot.pause()
        listed = time.perf_counter() - began
        if len(app.session.snapshot_list.rows) != SNAPSHOTS:
            message = f"{len(app.session.snapshot_list.rows)} of {SNAPSHOTS} snapshots are on the screen"
            raise RuntimeError(message)
        keys: list[float] = []
        board = app.screen.query_one(Board)
        for number in range(KEYS):
            pressed, before = time.perf_counter(), board.cursor
            await pilot.press("pagedown" if number % 2 else "down")
            keys.append(time.perf_counter() - pressed)
            if board.cursor == before:
                message = "a key did not move the cursor"
                raise RuntimeError(message)
    return listed, keys


async def _measure() -> str:
    node = await up("7.17.28", NodeOptions(brief=False))
    location = node.snapshots / f"nightly-{node.port}"
    try:
        connection, credential = side_of(node)
        repository = Repository(name="nightly", type="fs", settings={"location": str(location)})
        async with await connect(connection, credential) as cluster:
            await _fill(cluster, repository)
            await _answers(cluster, repository.name)  # the first reading fills the server's own cache
            rounds = [
                (await _answers(cluster, repository.name), await _shown(connection, credential, repository))
                for _ in range(ROUNDS)
            ]
    finally:
        await down(node)
        shutil.rmtree(location, ignore_errors=True)
    server = statistics.median(answers for answers, _ in rounds)
    listed = statistics.median(shown[0] for _, shown in rounds)
    keys = sorted(key for _, shown in rounds for key in shown[1])
    return (
        f"{SNAPSHOTS} snapshots, median of {ROUNDS}: the server's answers {server * 1000:.0f} ms, the whole list on "
        f"the screen after {listed * 1000:.0f} ms: {max(0.0, listed - server) * 1000:.0f} ms of it ours "
        f"(bar: {_BAR_SECONDS * 1000:.0f} ms); a key until it is painted: "
        f"median {statistics.median(keys) * 1000:.0f} ms, p99 {keys[int(len(keys) * 0.99)] * 1000:.0f} ms"
    )


def figure() -> str:
    """One line: the server's part, ours, and how long a key takes."""
    return asyncio.run(_measure())
