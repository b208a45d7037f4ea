"""Each check before files are indexed, on a real destination: its finding, and the absence of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.files import FileOptions, IdRule
from esmigrate_tui.model.finding import Severity
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.preflight import files, gather_facts
from esmigrate_tui.reading.open_file import found_files
from esmigrate_tui.reading.sample import recognised
from tests.by_hand import performed
from tests.methods.copying import reach
from tests.preflight.restoring import found
from tests.whole import state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from esmigrate_tui.preflight.check import Check
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

TABLE: Final = "id,city\n1,Rome\n2,Bonn\n"
TYPED: Final = '{"settings":{"number_of_replicas":0},"mappings":{"properties":{"id":{"type":"long"}}}}'
THERE: Final = {
    "pff-there": {"settings": {"number_of_replicas": 0}},
    "pff-named": {"settings": {"number_of_replicas": 0}, "aliases": {"pff-alias": {}}},
    "pff-piped": {"settings": {"number_of_replicas": 0, "index.final_pipeline": "pff-gone"}},
}
TEMPLATE: Final = {"index_patterns": ["pff-by-template*"], "template": {"settings": {"index.default_pipeline": "pff"}}}


class Site:
    """The 7.17.28 with a few names taken, and all answers for a table that can be indexed there as it is."""

    def __init__(self, clusters: Clusters, draft: Draft) -> None:
        self.clusters, self.good = clusters, draft
        self.evidence = ""
        """Of what was asked last."""

    async def asked(self, check: Check, **changes: Any) -> list[tuple[Severity, str]]:  # noqa: ANN401  # fields of Draft
        given = msgspec.structs.replace(self.good, **changes)
        told = await found(check, given, self.clusters)
        assert {one.check for one in told} <= {check.name, "sample-ids"}
        assert all(one.why and (one.fix or one.severity is Severity.NOTE) for one in told if one.severity != "passed")
        self.evidence = told[0].evidence if told else ""
        return [(one.severity, one.title) for one in told]

    def of_file(self, text: str, folder: Path, wishes: FileOptions | None = None) -> dict[str, Any]:
        (folder / "b.csv").write_text(text)
        return {"reading": recognised(found_files([str(folder / "b.csv")]), wishes)}


async def ask(clusters: Clusters, method: str, path: str, body: object = None) -> None:
    text = "" if body is None else msgspec.json.encode(body).decode()
    await performed(clusters.destination, Request(method=method, path=path, body=text))


@pytest.fixture
async def site(nodes: SharedNodes, tmp_path: Path) -> AsyncIterator[Site]:
    connection, cluster = await reach(await nodes.get("7.17.28"))
    clusters = Clusters(destination=cluster, source=None)
    async with cluster:
        for name, body in THERE.items():
            await ask(clusters, "PUT", f"/{name}", body)
        await ask(clusters, "PUT", "/_index_template/pff", TEMPLATE)
        try:
            (tmp_path / "a.csv").write_text(TABLE)
            reading = recognised(found_files([str(tmp_path / "a.csv")]), FileOptions(ids=IdRule.FIELD, id_field="id"))
            draft = Draft(method=MethodName.INDEX_FROM_SOURCE, destination=connection)
            draft, _ = await gather_facts(draft.answered(reading=reading, into="pff-new", create=TYPED), clusters)
            yield Site(clusters, draft)
        finally:
            await ask(clusters, "DELETE", "/_index_template/pff")
            for name in await cluster.indices.existing(list(THERE)):
                await cluster.changes.delete_index(name)


async def test_of_a_table_that_fits_no_check_complains(site: Site) -> None:
    before = await state(site.clusters.destination)
    for check in (files.files_readable, files.stable_ids, files.target_index, files.pipelines_and_templates):
        assert {severity for severity, _ in await site.asked(check)} <= {Severity.PASSED}, check.name
    [(severity, title)] = await site.asked(files.chosen_mapping)
    assert (severity, title) == (Severity.NOTE, "1 field in the plan's mapping: id: long")
    assert await state(site.clusters.destination) == before


async def test_files_that_are_gone_or_cannot_be_read_block(site: Site, tmp_path: Path) -> None:
    broken = site.of_file('{"a":1}\nno json\nnor this\n', tmp_path)
    [(half, _)] = await site.asked(files.files_readable, **broken)
    ids = FileOptions(ids=IdRule.FIELD, id_field="id")
    twice = await site.asked(files.files_readable, **site.of_file("id,city\n1,Rome\n1,Bonn\n", tmp_path, ids))
    (tmp_path / "a.csv").unlink()
    [(gone, title)] = await site.asked(files.files_readable)
    assert (half, gone) == (Severity.WARNING, Severity.BLOCKER)
    assert str(tmp_path / "a.csv") in title
    assert twice[1] == (Severity.WARNING, "1 _id more than once in the first rows")


async def test_rows_that_get_a_new_id_each_time_warn(site: Site, tmp_path: Path) -> None:
    [(severity, title)] = await site.asked(
        files.stable_ids, **site.of_file(TABLE, tmp_path, FileOptions(ids=IdRule.NEW))
    )
    assert severity is Severity.WARNING
    assert "doubles them" in title


@pytest.mark.parametrize(
    ("into", "create", "severity", "words"),
    [
        ("pff-there", TYPED, Severity.BLOCKER, "is taken on the destination: index"),
        ("pff-alias", TYPED, Severity.BLOCKER, "is taken on the destination: alias"),
        ("pff-absent", "", Severity.BLOCKER, "is no longer on the destination"),
        ("Pff", TYPED, Severity.BLOCKER, "No index can have such a name"),
        ("pff-there", "", Severity.NOTE, "exists with 0 documents"),
    ],
)
async def test_a_target_that_is_not_as_the_plan_expects_it_blocks(
    site: Site, into: str, create: str, severity: Severity, words: str
) -> None:
    [(told, title)] = await site.asked(files.target_index, into=into, create=create)
    assert told is severity
    assert words in title


@pytest.mark.parametrize(("into", "create"), [("pff-new", '{"mappings":{"properties":{}}}'), ("pff-there", "")])
async def test_fields_that_nobody_has_chosen_types_for_warn(site: Site, into: str, create: str) -> None:
    [(severity, title)] = await site.asked(files.chosen_mapping, into=into, create=create)
    assert severity is Severity.WARNING
    assert title.startswith("No field has a chosen type")
    assert site.evidence == "id would be long, city would be text and keyword"


@pytest.mark.parametrize(
    ("into", "create", "words"),
    [
        ("pff-piped", "", "pipeline pff-gone (final pipeline)"),
        ("pff-by-template-1", TYPED, "pipeline pff (default pipeline)"),
    ],
)
async def test_pipelines_that_documents_will_go_through_warn(site: Site, into: str, create: str, words: str) -> None:
    [(severity, title)] = await site.asked(files.pipelines_and_templates, into=into, create=create)
    assert severity is Severity.WARNING
    assert words in title


async def test_a_pipeline_that_is_asked_for_and_not_there_blocks(site: Site) -> None:
    wanted = msgspec.structs.replace(site.good.reading, pipeline="pff-gone")  # type: ignore[type-var]  # it has one
    [(severity, title)] = await site.asked(files.pipelines_and_templates, reading=wanted)
    assert severity is Severity.BLOCKER
    assert "no pipeline pff-gone" in title
