"""The wizard's services to the disk: what does not answer is said, and what cannot be written too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.cli.wiring import real_services
from esmigrate_tui.flow import checking, inspection
from esmigrate_tui.model.copy_options import CopyOptions, TypeRule
from esmigrate_tui.model.draft import Draft, IndexDefinition
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.files import FileOptions
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import ProblemError
from tests.pictures.sample_values import NEW, NEW_FACTS, OLD, OLD_FACTS

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_look_that_does_not_end_is_given_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "PATIENCE", 0.0)
    with pytest.raises(ProblemError) as caught:
        await real_services().files("/etc/**/*.nothing", FileOptions())
    assert "Looking at the files has not come to an end" in caught.value.problem.what
    assert "network folder" in caught.value.problem.why


async def test_a_look_through_the_services_shows_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    look = await real_services().files(f"{tmp_path}/*.csv", FileOptions())
    assert look.sample is not None
    assert [row.source for row in look.sample.rows] == [b'{"id":1}']


async def test_a_text_is_written_into_a_new_file_alone(tmp_path: Path) -> None:
    services = real_services()
    path = await services.save_text(f"{tmp_path}/send.sh", "x\n")
    with pytest.raises(ProblemError) as there:
        await services.save_text(path, "y\n")
    with pytest.raises(ProblemError) as nowhere:
        await services.save_text(f"{tmp_path}/no/send.sh", "y\n")
    assert (tmp_path / "send.sh").read_text() == "x\n"
    assert "exists already" in there.value.problem.what
    assert there.value.problem.todo == "Give it another name."
    assert "cannot be written: No such file or directory" in nowhere.value.problem.what


def test_the_checks_of_a_copy_know_what_its_plan_uses_and_where_its_types_go() -> None:
    both: dict[str, Any] = {"a": {"properties": {}}, "b": {"properties": {}}}
    facts = {name: IndexFacts(name=name, documents=1, primary_bytes=1) for name in ("old", "there")}
    draft = Draft(
        method=MethodName.COPY_THROUGH_HERE,
        source=OLD,
        destination=NEW,
        source_facts=OLD_FACTS,
        destination_facts=NEW_FACTS,
        source_indices=tuple(facts.values()),
        destination_indices=(facts["there"],),
        selected=("old", "there"),
        definitions={
            "old": IndexDefinition(name="old", settings={}, mappings=both, aliases={}),
            "there": IndexDefinition(name="there", settings={}, mappings={"a": {"properties": {}}}, aliases={}),
        },
        copying=CopyOptions(types=TypeRule.APART, into_existing=True),
    )
    seen = checking._with_tasks(draft, 0.0)
    assert seen.targets == {"old": ("old-a", "old-b")}
    assert seen.uses == ("there",)
