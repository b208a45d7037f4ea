"""A fifth method, written in this file alone and registered by its name, is offered everywhere and performed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
import pytest

from esmigrate_tui.cli.commands.plan import plan_commands
from esmigrate_tui.engine.journal import Journal
from esmigrate_tui.engine.run import perform
from esmigrate_tui.flow.help import way, way_in_words, words_of
from esmigrate_tui.flow.session import Session
from esmigrate_tui.flow.steps import walked as steps_of
from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.advice import AdviceInput, MethodAdvice, MethodStanding
from esmigrate_tui.methods.copy_through_here.mover import CopyThroughHere
from esmigrate_tui.methods.description import OF_DOCUMENTS, Connects, MethodDescription
from esmigrate_tui.methods.index_from_source.mover import IndexFromSource
from esmigrate_tui.methods.recommendation import advise
from esmigrate_tui.methods.reindex_from_remote.mover import ReindexFromRemote
from esmigrate_tui.methods.restore_from_snapshot.mover import RestoreFromSnapshot
from esmigrate_tui.model.draft import Draft, bare_plan
from esmigrate_tui.model.event import Acknowledged, RunOutcome
from esmigrate_tui.model.facts import ClusterFacts, Version
from esmigrate_tui.model.method import MethodName, MethodTraits
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.preflight import CHECKS
from esmigrate_tui.verify import Comparison
from tests.engine.tiny import HERE, Fast, Notepad
from tests.plain.script import Planning, Script, walked
from tests.wizard.world import World, settled, shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from esmigrate_tui.elastic.cluster import Clusters
    from esmigrate_tui.methods.contract import Mover, Recorder, Work
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.verify.progress import ComparisonProgress


README: Final = Path(__file__).parents[2] / "README.md"


class Carrier:
    """The mover: each look acknowledges ten documents more."""

    def plan(self, draft: Draft, made_at: str) -> Plan:
        task = Task(number=1, source_index="old", destination_index="new", documents=25)
        return msgspec.structs.replace(bare_plan(draft, made_at), tasks=(task,))

    def steps(self, plan: Plan) -> tuple[str, ...]:
        return (f"Carry {len(plan.tasks)} index by pigeon.",)

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        del plan
        return ()

    async def open(self, plan: Plan, clusters: Clusters, recorder: Recorder) -> None:
        """Nothing is shared."""

    async def prepare(self, work: Work, clusters: Clusters, recorder: Recorder) -> None:
        """Nothing is made."""

    async def perform(self, work: Work, clusters: Clusters, since: str) -> AsyncIterator[Acknowledged]:
        del clusters
        total = work.task.documents or 0
        for done in range(int(since or 0), total + 10, 10):
            arrived = min(done, total)
            yield Acknowledged(done=arrived, total=total, written=arrived, token=str(arrived))

    async def news(self, work: Work) -> None:
        """A pigeon is never waited for."""

    async def pace(self, work: Work, clusters: Clusters, since: str, requests_per_second: float) -> None:
        """A pigeon has one pace."""

    async def pause(self, work: Work, clusters: Clusters, since: str) -> None:
        """A pigeon does not wait."""

    async def stop(self, work: Work, clusters: Clusters, since: str) -> None:
        """A pigeon arrives."""

    async def compare(self, work: Work, clusters: Clusters, watch: ComparisonProgress | None = None) -> Comparison:
        del clusters, watch
        return Comparison(work.task.documents, work.task.documents)


def _advise(here: AdviceInput) -> MethodAdvice:
    del here
    return MethodAdvice(method=DUMMY.name, standing=MethodStanding.OPEN, why=("Pigeons fly everywhere.",))


DUMMY: Final = MethodDescription(
    name=MethodName.added("dummy", MethodTraits(title="Carry by pigeon")),
    needs="needs a pigeon",
    summary=("A pigeon carries each document.", "It needs no network at all."),
    in_brief="there is no network, but a pigeon.",
    when="Choose it where there is no network.",
    left_behind="Feathers are not carried over.",
    connects=(Connects("esmigrate", "pigeon", "ties the documents on"),),
    drawing="     source ── pigeon ──→ destination",
    depends_on="pigeons fly",
    chosen_in=("selection",),
    checks=OF_DOCUMENTS,
    command="A pigeon carries each document.",
    mover=Carrier,
    advise=_advise,
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, DUMMY.name, DUMMY)


async def test_the_wizard_offers_it_and_explains_it() -> None:
    app = World().demo()
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        assert "Carry by pigeon" in shown(app)
        assert "needs a pigeon" in shown(app)
    session = Session(methods=tuple(METHODS.values()))
    assert "Carry by pigeon: there is no network, but a pigeon." in words_of("method", session)[1]
    chosen = session.answered(method=DUMMY.name)
    assert DUMMY.drawing in words_of("run", chosen)[1]
    assert "9200 or 9243 ──→ pigeon" in way(DUMMY.name)
    assert "selection" in steps_of(chosen)
    assert "files" not in steps_of(chosen)


async def test_plain_mode_offers_it_and_takes_it() -> None:
    script = Script("dummy", "q")
    _, flow = await walked(Planning(), script)
    assert "5. Carry by pigeon (needs a pigeon). A pigeon carries each document." in script.told
    assert flow.session.draft.method is DUMMY.name
    assert way_in_words(DUMMY.name) == "Esmigrate connects to pigeon (9200 or 9243): ties the documents on."


def test_the_command_line_has_a_command_for_it() -> None:
    group = plan_commands()
    context = click.Context(group, info_name="plan")
    assert "dummy                  A pigeon carries each document." in group.get_help(context)
    command = group.get_command(context, "dummy")
    assert command is not None
    text = command.get_help(click.Context(command, parent=context, info_name="dummy"))
    assert "Choose it where there is no network. Feathers are not carried over." in text
    assert "--index" in text


def test_it_is_advised_with_the_others() -> None:
    facts = ClusterFacts(name="here", uuid="u", version=Version(7, 17, 28))
    assert advise(AdviceInput(source=facts, destination=facts)).of(DUMMY.name).why == ("Pigeons fly everywhere.",)


async def test_its_plan_is_written_read_and_performed(tmp_path: Path) -> None:
    facts = ClusterFacts(name="here", uuid="u", version=Version(7, 17, 28))
    draft = Draft(method=DUMMY.name, source=HERE, destination=HERE, destination_facts=facts)
    plan = DUMMY.plan(draft, "2026-01-01T00:00:00Z")
    assert DUMMY.steps(plan) == ("Carry 1 index by pigeon.",)
    assert Plan.from_toml(plan.to_toml()) == plan
    fast, notepad = Fast(), Notepad()
    options: dict[str, Any] = {"clock": fast.clock, "sleep": fast.sleep, "run_id": "7K2P", "random": lambda: 0.5}
    async with await Journal.create(tmp_path / "journal") as journal:
        outcome = await perform(plan, notepad.as_clusters(), journal, METHODS, **options)
        progress = await journal.progress()
    assert outcome is RunOutcome.VERIFIED
    assert (progress.method, progress.done) == (DUMMY.name, 25)
    assert notepad.sent == []


@pytest.mark.parametrize("described", [*METHODS.values()], ids=lambda each: each.name)
def test_every_description_names_checks_and_steps_that_exist_and_makes_a_new_mover(
    described: MethodDescription,
) -> None:
    assert set(described.checks) <= CHECKS.keys()
    assert len(set(described.checks)) == len(described.checks)
    assert all(len(line) <= 75 for line in described.summary)
    assert described.mover() is not described.mover()
    assert described.mover.__module__.startswith(("esmigrate_tui.methods.", __name__))


def test_what_a_description_names_keeps_the_contract_and_is_what_it_loads() -> None:
    movers: tuple[Mover, ...] = (IndexFromSource(), ReindexFromRemote(), RestoreFromSnapshot(), CopyThroughHere())
    assert [type(each.mover()) for name, each in METHODS.items() if name != DUMMY.name] == [*map(type, movers)]
    facts = ClusterFacts(name="here", uuid="u", version=Version(7, 17, 28))
    for name, each in METHODS.items():
        advice = each.advise(AdviceInput(source=facts, destination=facts))
        assert advice.method is name
        assert isinstance(each.preferred(AdviceInput(source=facts, destination=facts), advice), str)
    assert len({each.rank for each in METHODS.values()}) == len(METHODS)


def test_the_table_of_the_readme_has_every_method_by_its_title() -> None:
    table = [
        line.split("|")[1].strip() for line in README.read_text(encoding="utf-8").splitlines() if "| complete |" in line
    ]
    assert table == [each.title for name, each in METHODS.items() if name != DUMMY.name]
