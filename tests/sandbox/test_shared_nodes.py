import pytest

from esmigrate_tui.sandbox.errors import NoJava
from esmigrate_tui.sandbox.nodes import NodeOptions, SandboxNode
from tests import fixtures_nodes
from tests.fixtures_nodes import SharedNodes


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    async def up(version: str, options: NodeOptions) -> SandboxNode:
        raise NoJava(f"Elasticsearch {version} needs a JDK 25, {options.heap}.")

    monkeypatch.setattr(fixtures_nodes, "up", up)


@pytest.mark.parametrize(("free", "kept"), [(0, 6), (20 << 20, 12)])
def test_those_that_were_asked_for_last_live_on_as_many_as_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch, free: int, kept: int
) -> None:
    ended: list[str] = []

    async def up(version: str, options: NodeOptions) -> str:
        return f"{version} {options.heap}"

    async def down(node: str) -> None:
        ended.append(node)

    monkeypatch.setattr(fixtures_nodes, "up", up)
    monkeypatch.setattr(fixtures_nodes, "down", down)
    monkeypatch.setattr(fixtures_nodes, "_free_memory", lambda: free)
    shared = SharedNodes()
    started = [shared.get_now("5.6.16", NodeOptions(heap=f"{number}m")) for number in range(14)]
    shared.end_those_of_the_file()
    assert len(ended) == len(started) - kept


@pytest.mark.usefixtures("no_java")
def test_a_missing_java_skips_a_test_with_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs a JDK 25"):
        SharedNodes().get_now("9.5.0")


@pytest.mark.usefixtures("no_java")
async def test_a_missing_java_is_an_error_where_ci_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(NoJava, match="needs a JDK 25"):
        await SharedNodes().get("9.5.0")
