"""What is looked up for each of very many chosen indices is found at the same cost, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.methods.filling import used_as_it_is
from esmigrate_tui.model.draft import Draft, EditedDefinition
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.snapshot import RestoreKind
from tests.operations import growth
from tests.pictures import sample_values as sample

if TYPE_CHECKING:
    from collections.abc import Callable


def draft_of(many: int) -> Draft:
    names = [index.name for index in sample.MANY[:many]]
    edited = tuple(EditedDefinition(index=name, made_of="{}", body="{}") for name in names)
    return Draft(destination_indices=sample.MANY[:many], edited=edited, selected=tuple(names))


def test_what_a_person_has_changed_is_found_at_once() -> None:
    def looked(many: int) -> Callable[[], object]:
        draft = draft_of(many)
        return lambda: [(draft.is_edited(name), draft.edited_of(name)) for name in draft.selected]

    assert growth(looked) < 4.5


def test_what_the_destination_has_is_found_at_once() -> None:
    def looked(many: int) -> Callable[[], object]:
        draft = draft_of(many)
        tasks = [Task(number=1, source_index=name, destination_index=name, create="{}") for name in draft.selected]
        return lambda: [used_as_it_is(draft, task) for task in tasks]

    assert growth(looked) < 4.5
    (name, *_) = draft_of(1).selected
    used = used_as_it_is(draft_of(1), Task(number=1, source_index=name, destination_index=name, create="{}"))
    assert (used.create, used.kind) == ("", RestoreKind.INDEX)
