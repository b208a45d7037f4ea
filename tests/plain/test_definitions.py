"""What is made of an index, asked for and changed in lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from tests.pictures import sample_values as sample
from tests.plain.script import Script, in_order, lines_of, walked
from tests.plain.test_steps_in_lines import BOTH, ON, SECRETS
from tests.wizard.world import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from esmigrate_tui.model.draft import IndexDefinition
    from tests.plain.script import Planning

BODY = '{"settings": {}, "mappings": {"properties": {"status": {"type": "text"}}}}'


class Defined(Seen):
    """A source that defines its indices as the sample does."""

    async def definitions(self, names: Sequence[str]) -> dict[str, IndexDefinition]:
        self.defined.append(tuple(names))
        return dict.fromkeys(names, sample.DEFINED.draft.definitions["orders"])


@pytest.fixture(autouse=True)
def _defined(world: Planning) -> None:
    world.source = Defined(sample.OLD_FACTS, sample.INDICES)


async def said(world: Planning, *answers: str) -> Script:
    """A script from the selection on, both clusters connected."""
    script = Script("reindex-from-remote", ON, ON, ON, *answers)
    await walked(world, script, BOTH, credentials=SECRETS)
    return script


async def test_what_is_made_of_a_row_is_said_in_sentences(world: Planning) -> None:
    script = await said(world, "c orders", "q")
    assert in_order(
        script.told,
        (
            "orders is made for orders.",
            "This is otherwise there:",
            "the field _all was removed",
            "status: string becomes keyword",
            "c 3 from FILE takes it",
        ),
    )
    assert world.source.defined == [("orders",)]


async def test_a_definition_is_taken_from_a_file_begun_with_and_taken_back(world: Planning, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(BODY)
    own = f"c orders from {tmp_path / 'own.json'}"
    script = await said(world, "orders", own, "c orders", ON, ON, "start")
    ((plan, _),) = world.begun
    assert json.loads(plan.tasks[0].create) == json.loads(BODY)
    assert lines_of(script, "Taken: orders is made with that. Changed: index.analysis.analyzer.plain.filter")
    assert lines_of(script, "orders is made for orders as YOU HAVE CHANGED IT")
    assert lines_of(script, "You have changed the definition of orders.")
    world.begun.clear()
    script = await said(world, "orders", own, "c orders back", "c orders back", ON, ON, "start")
    ((plan, _),) = world.begun
    assert not plan.tasks[0].is_edited
    assert lines_of(script, "orders is made as it was translated.")
    assert lines_of(script, "It is the translation, nothing was changed.")


async def test_a_definition_is_shown_and_written_to_be_changed(world: Planning) -> None:
    script = await said(world, "c orders json", "c orders to orders.json", "q")
    assert '"index.number_of_shards": "5"' in script.told
    [(name, text)] = world.saved
    assert name == "orders.json"
    assert json.loads(text)["mappings"]["properties"]["status"] == {"type": "keyword"}


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        (("c",), "Which row? A number is needed."),
        (("c 99",), "99 is not among them"),
        (("c orders from",), "c 3 from FILE takes it from one"),
        (("c orders from /there/is/none.json",), "Choose the index first, then say what is made of it."),
        (("orders", "c orders from /there/is/none.json"), "/there/is/none.json cannot be read: No such file"),
        (("orders", "c orders from ~nobody-here/x.json"), "~nobody-here/x.json cannot be read: No such file"),
        (("c orders nonsense",), "c 3 from FILE takes it from one"),
    ],
)
async def test_what_cannot_be_done_with_a_definition_is_one_sentence(
    world: Planning, answers: tuple[str, ...], line: str
) -> None:
    assert lines_of(await said(world, *answers, "q"), line)


async def test_settings_for_all_are_given_heard_and_taken_back(world: Planning) -> None:
    script = await said(world, "orders", "C number_of_replicas", "C number_of_replicas=0", "C", ON, ON, "start")
    ((plan, _),) = world.begun
    assert json.loads(plan.tasks[0].create)["settings"]["index.number_of_replicas"] == "0"
    assert lines_of(script, "That does not do: number_of_replicas is not KEY=VALUE.")
    assert len(lines_of(script, "All get index.number_of_replicas=0.")) == 3
    assert lines_of(await said(world, "C number_of_replicas=0", "C -", "q"), "Each index keeps its own settings.")


async def test_a_file_that_makes_no_index_is_not_taken(world: Planning, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"mappings": {},\n "settings": }')
    script = await said(world, "orders", f"c orders from {tmp_path / 'own.json'}", ON, ON, "start")
    assert lines_of(script, "own.json is no JSON object: expecting value in line 2, column 14.")
    assert not world.begun[0][0].tasks[0].is_edited


async def test_a_definition_that_cannot_be_read_says_why(world: Planning) -> None:
    trouble = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))
    world.source = Seen(sample.OLD_FACTS, sample.INDICES, trouble)
    script = await said(world, "c orders", "q")
    assert lines_of(script, "The line is cut.")


async def test_of_types_that_go_apart_one_is_asked_for(world: Planning, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(BODY)
    own = f"c orders from {tmp_path / 'own.json'}"
    apart = msgspec.structs.replace(BOTH, copying=CopyOptions(types=TypeRule.APART))
    script = Script("copy-through-here", ON, ON, ON, "orders", "c orders", own, "2", ON, ON, "start")
    await walked(world, script, apart, credentials=SECRETS)
    ((plan, _),) = world.begun
    assert [(task.type, task.is_edited) for task in plan.tasks] == [("line", False), ("order", True)]
    assert lines_of(script, "orders-line is made for the type line of orders.")
