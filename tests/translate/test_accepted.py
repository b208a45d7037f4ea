"""Every definition that an old server took is taken, translated, by every newer one: on real nodes of six versions."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from esmigrate_tui.elastic.definitions import carried
from esmigrate_tui.methods.filling import create_request
from esmigrate_tui.model.carried import DefinitionKind, NameConflict, StoredDefinition
from esmigrate_tui.model.facts import Version
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.sandbox.sample import creation_body, sample
from esmigrate_tui.translate import translate
from esmigrate_tui.translate.carried import preview
from tests.by_hand import performed
from tests.signing_in import connected_to
from tests.translate.awkward import ACCEPTED, WITH_MODULES_IN_2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.model.draft import IndexDefinition
    from tests.fixtures_nodes import SharedNodes

pytestmark = pytest.mark.nodes

VERSIONS = ("2.4.6", "5.6.16", "6.8.23", "7.17.28", "8.19.3", "9.5.0")


@asynccontextmanager
async def clusters(nodes: SharedNodes, *versions: str) -> AsyncIterator[list[Cluster]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(await connected_to(await nodes.get(version))) for version in versions]


def of_sample(version: str) -> dict[str, dict[str, Any]]:
    """The definitions of the sandbox's sample data, each mapping once."""
    found: dict[str, dict[str, Any]] = {}
    for index in sample(version, size=10).indices:
        body = creation_body(index, int(version[0]))
        # names of its own: another test may have loaded the sample there
        body["aliases"] = {f"accepted-{alias}": how for alias, how in body.get("aliases", {}).items()}
        if all(body["mappings"] != other["mappings"] for other in found.values()):
            found[f"sample {index.name}"] = body
    return found


async def as_answered(source: Cluster, bodies: Mapping[str, dict[str, Any]]) -> dict[str, IndexDefinition]:
    """What the source says of each of these, once it has been made there."""
    names = {f"accepted-{number}": name for number, name in enumerate(bodies)}
    try:
        for index, name in names.items():
            await performed(source, Request(method="PUT", path=f"/{index}", body=json.dumps(bodies[name])))
        return {names[index]: told for index, told in (await source.indices.definitions(tuple(names))).items()}
    finally:
        await deleted(source, names)


async def deleted(cluster: Cluster, names: Iterable[str]) -> None:
    await asyncio.gather(*(cluster.changes.delete_index(name) for name in await cluster.indices.existing(tuple(names))))


async def refused(
    destination: Cluster, definitions: Mapping[str, IndexDefinition], taken: set[tuple[str, str]]
) -> dict[str, str]:
    """Why the destination did not take some of these, translated; {} where it took them all.

    `taken` holds what each version has taken already: it need not be asked again.
    """
    facts = await destination.probe()
    troubles: dict[str, str] = {}
    made: list[str] = []
    for number, (name, definition) in enumerate(definitions.items()):
        index = f"accepted-{number}"
        found = translate(definition, facts.version, plugins=facts.plugins)
        assert found.conflicts == ()
        if (key := (str(facts.version), found.as_json())) in taken:
            continue
        task = Task(number=1, source_index=name, destination_index=index, create=found.as_json())
        request = create_request(task, facts.version)
        path = f"{request.path}{'&' if '?' in request.path else '?'}wait_for_active_shards=0"
        try:
            await performed(destination, msgspec.structs.replace(request, path=path))
        except ProblemError as error:
            troubles[f"{facts.version} {name}"] = error.problem.sentence() + error.problem.evidence
        else:
            taken.add(key)
            made.append(index)
    await deleted(destination, made)
    return troubles


@pytest.fixture(scope="module")
def taken() -> set[tuple[str, str]]:
    return set()


@pytest.mark.parametrize("version", VERSIONS[-2::-1])  # the newest first: each starts one node more
async def test_every_newer_version_takes_each_definition(
    nodes: SharedNodes, version: str, taken: set[tuple[str, str]]
) -> None:
    async with clusters(nodes, *VERSIONS[VERSIONS.index(version) :]) as (source, *newer):
        definitions = await as_answered(source, ACCEPTED[version] | of_sample(version))
        assert len(definitions) > 5
        found = await asyncio.gather(*(refused(one, definitions, taken) for one in newer))
    assert {name: why for troubles in found for name, why in troubles.items()} == {}


async def test_5_6_and_6_8_which_have_the_modules_take_old_analyzers_and_shapes(nodes: SharedNodes) -> None:
    async with clusters(nodes, "2.4.6", "5.6.16", "6.8.23") as (source, *newer):
        definitions = await as_answered(source, WITH_MODULES_IN_2)
        found = await asyncio.gather(*(refused(one, definitions, set()) for one in newer))
    assert found == [{}, {}]


async def test_6_8_takes_the_names_that_analyzers_have_from_7_on(nodes: SharedNodes) -> None:
    """No node here of 7 has them; 6.8 knows the new names beside the old ones."""
    async with clusters(nodes, "2.4.6", "6.8.23") as (source, destination):
        definitions = await as_answered(source, WITH_MODULES_IN_2)
        body = translate(definitions["old words"], Version(7, 17)).body
        await destination.changes.create_index("accepted-7", json.dumps(body))
        await destination.changes.delete_index("accepted-7")


def as_template(definition: IndexDefinition, name: str) -> StoredDefinition:
    """An index's definition as a legacy template would have it."""
    body = {"index_patterns": [f"{name}-*"], "settings": definition.settings, "mappings": definition.mappings}
    return StoredDefinition(kind=DefinitionKind.LEGACY, name=name, body=body | {"aliases": definition.aliases})


def elsewhere(body: dict[str, Any]) -> dict[str, Any]:
    """A template for names of this file: others may have loaded the same sample on the same nodes."""
    key, name = ("index_patterns", ["accepted-logs-*"]) if "index_patterns" in body else ("template", "accepted-logs-*")
    return body | {key: name}


@pytest.mark.parametrize("version", ["7.17.28", "6.8.23", "2.4.6"])
async def test_every_newer_version_takes_the_templates(nodes: SharedNodes, version: str) -> None:
    async with clusters(nodes, *VERSIONS[VERSIONS.index(version) :]) as (source, *newer):
        definitions = await as_answered(source, ACCEPTED[version])
        made = {one.path.replace("/", "/accepted-"): elsewhere(one.body) for one in sample(version).templates}
        for path, body in made.items():
            await performed(source, Request(method="PUT", path=f"/{path}", body=json.dumps(body)))
        try:
            told = await carried(
                source.wire, (DefinitionKind.COMPONENT, DefinitionKind.TEMPLATE, DefinitionKind.LEGACY)
            )
        finally:
            for path in made:
                await performed(source, Request(method="DELETE", path=f"/{path}"))
        told = tuple(one for one in told if one.name.startswith("accepted-"))
        assert {f"{one.kind.path}/{one.name}"[1:] for one in told} == set(made)
        awkward = tuple(
            as_template(one, f"accepted-{number}") for number, one in enumerate(definitions.values()) if one.mappings
        )
        for destination in newer:
            for one in preview(
                (*told, *awkward), (), await destination.wire.version(), Version.parse(version), plugins=()
            ):
                change = one.change()
                assert change.undo is not None
                assert one.conflict is NameConflict.NONE
                await performed(destination, change.made_by)
                await performed(destination, change.undo)


async def test_documents_are_kept_on_9_5_as_the_mapping_of_8_19_says(nodes: SharedNodes) -> None:
    async with clusters(nodes, "8.19.3", "9.5.0") as (source, destination):
        definitions = await as_answered(source, {"synthetic": {"mappings": {"_source": {"mode": "synthetic"}}}})
        assert await refused(destination, definitions, set()) == {}
        body = translate(definitions["synthetic"], await destination.wire.version()).as_json()
        await destination.changes.create_index("accepted-kept", body)
        settings = await destination.indices.settings_of("accepted-kept")
        await destination.changes.delete_index("accepted-kept")
    assert settings["index.mapping.source.mode"] == "synthetic"


DATES = (
    ("YYYY-MM-dd", "2019-12-30"),
    ("xxxx-'W'ww-e", "2020-W01-1"),
    ("yyyy-MM-dd'T'HH:mm:ssZ", "2019-12-30T01:02:03+0100"),
    ("yyyy-MM-dd'T'HH:mm:ssZZ", "2019-12-30T01:02:03+01:00"),
    ("yyyy-MM-dd'T'HH:mm:ssZZ", "2019-12-30T01:02:03Z"),
    ("yyyy-MM-dd'T'HH:mm:ssZ", "2019-12-30T01:02:03+01:00"),
    ("yyyy-MM-dd'T'HH:mm:ssZ", "2019-12-30T01:02:03Z"),
    ("yyyy-MM-dd HH:mm:ss ZZ", "2019-12-30 01:02:03 -0530"),
    ("yyyy-MM-dd HH:mm:ss ZZ", "2019-12-30 01:02:03 +01"),
    ("yyyy-MM-dd HH:mm ZZZ", "2019-12-30 01:02 Europe/Berlin"),
    ("EEE MMM dd HH:mm:ss Z YYYY", "Mon Dec 30 01:02:03 +0000 2019"),
    ("dd/MMM/YYYY hh:mm aa", "30/Dec/2019 01:02 PM"),
    ("'Year' YYYY", "Year 2019"),
    ("yyyyMMddHHmmss.SSS", "20191230010203.456"),
    ("dateOptionalTime", "2019-12-30"),
    ("basicDateTimeNoMillis||YYYY/MM/dd", "2019/12/30"),
    ("weekyearWeekDay", "2020-W01-1"),
    ("D YYYY", "364 2019"),
)


async def test_a_date_is_the_same_moment_on_6_8_and_translated_on_7_17_and_9_5(nodes: SharedNodes) -> None:
    fields = {f"d{number}": {"type": "date", "format": pattern} for number, (pattern, _) in enumerate(DATES)}
    document = json.dumps({f"d{number}": value for number, (_, value) in enumerate(DATES)})
    async with clusters(nodes, "6.8.23", "7.17.28", "9.5.0") as found:
        source = found[0]
        definitions = await as_answered(source, {"dates": {"mappings": {"_doc": {"properties": fields}}}})
        moments = [await _moments(one, definitions["dates"], document, list(fields)) for one in found]
    assert moments[0] == moments[1] == moments[2]
    assert len(set(moments[0])) > 5


async def _moments(cluster: Cluster, definition: IndexDefinition, document: str, fields: list[str]) -> list[int]:
    """The milliseconds that the values of one document are to a cluster."""
    index = "accepted-dates"
    await cluster.changes.create_index(index, translate(definition, await cluster.wire.version()).as_json())
    try:
        await performed(cluster, Request(method="PUT", path=f"/{index}/_doc/1?refresh=true", body=document))
        body = {"sort": [{name: {"order": "asc"}} for name in fields]}
        told = await cluster.wire.read(f"/{index}/_search", body, dict[str, Any])
    finally:
        await cluster.changes.delete_index(index)
    sort: list[int] = told["hits"]["hits"][0]["sort"]
    return sort
