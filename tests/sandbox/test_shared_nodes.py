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
