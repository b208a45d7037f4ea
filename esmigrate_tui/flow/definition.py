"""What will be made for an index: the translation, what it changes, and what a person wants made instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.methods.filling import FOR_ALL, body_of, copying_of, kinds_of, tasks_of, translated, used_as_it_is
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import Edited
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.translate.beside import Row, beside, of_body, of_source
from esmigrate_tui.translate.types import of_type

if TYPE_CHECKING:
    from esmigrate_tui.flow.base import Walk
    from esmigrate_tui.model.copying import Copying
    from esmigrate_tui.model.draft import Draft, IndexDefinition
    from esmigrate_tui.model.problem import Problem


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An index to be made: for a whole index of the source, or for one `type` of it.

    `translation` is its definition in the words of the destination, `by_itself` that with the settings for all, and
    `body` what it will be made with, "" where one that is there is used as it is, and for a data stream: a template
    makes it. `changes` are in words what is
    otherwise than on the source, `conflicts` what could not be carried over.
    """

    index: str
    type: str = ""
    target: str
    translation: str
    by_itself: str
    body: str
    changes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    is_edited: bool = False
    is_stream: bool = False


def parts_of(draft: Draft, index: str) -> tuple[Part, ...]:
    """What will be made for an index whose definition is known: one, or one for each of its types.

    What a person has changed holds where it fits. Raises ProblemError (usage) where the options forbid it.
    """
    copying = copying_of(draft)
    if (definition := draft.definitions[index]).backing:
        return (_stream(draft, index, definition, copying),)
    found: list[Part] = []
    for kind, target in kinds_of(draft, index, copying).items():
        translation, edited = translated(draft, index, kind), draft.edited_of(index, kind)
        made_of, by_itself = translation.as_json(), body_of(translation, draft)
        fits = edited if edited is not None and edited.made_of == made_of else None
        for_all = () if fits is not None else tuple(f"{FOR_ALL}{name}={one}" for name, one in draft.settings.items())
        part = Part(
            index=index,
            type=kind,
            target=target,
            translation=made_of,
            by_itself=by_itself,
            body=fits.body if fits is not None else by_itself,
            changes=(*for_all, *translation.changes),
            conflicts=translation.conflicts,
            is_edited=fits is not None,
        )
        if copying.into_existing:
            task = Task(number=1, source_index=index, destination_index=target, create=part.body)
            used = used_as_it_is(draft, task)
            if not used.create:
                part = msgspec.structs.replace(part, body="", changes=used.changes, conflicts=(), is_edited=False)
        found.append(part)
    return tuple(found)


def _stream(draft: Draft, index: str, definition: IndexDefinition, copying: Copying) -> Part:
    """What becomes of a data stream, in words alone: all else stands in its template."""
    facts = next((one for one in draft.chosen if one.name == index), IndexFacts(name=index))
    [task] = tasks_of(draft, facts, copying, 1)
    makes = ", ".join(one.label for one in task.first) or "no template of the source was seen for it"
    by = (f"unless the destination has a template for its name: {makes}",) if task.create else ()
    return Part(
        index=index,
        target=task.destination_index,
        translation="",
        by_itself="",
        body="",
        changes=(*by, *task.changes),
        is_stream=bool(task.create) and bool(definition.backing),
    )


def rows_of(draft: Draft, part: Part) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Both definitions as lines beside each other, and the source's settings that are each index's own."""
    definition = draft.definitions[part.index]
    source, own = of_source(of_type(definition, part.type) if part.type else definition)
    return beside(source, of_body(part.body)), own


def dropped(draft: Draft) -> tuple[Edited, ...]:
    """What a person has changed, and what fits no more: another translation is made now, or nothing at all."""
    gone: list[Edited] = []
    fitting: dict[str, frozenset[str]] = {}
    for one in draft.edited:
        if one.index not in draft.definitions:
            continue  # nobody knows before it is read again
        if one.index not in fitting:
            try:
                fitting[one.index] = frozenset(part.type for part in parts_of(draft, one.index) if part.is_edited)
            except ProblemError:
                fitting[one.index] = frozenset()
        if one.type not in fitting[one.index]:
            gone.append(one)
    return tuple(gone)


# -- what is done ----------------------------------------------------------------------------------------------------


async def read(walk: Walk, name: str) -> Problem | None:
    """Read the definition of an index, where it is not known yet; what kept it from being read, None for nothing."""
    if name in walk.session.draft.definitions:
        return None
    try:
        found = await walk.cluster(Side.SOURCE).definitions([name])
    except ProblemError as error:
        return error.problem
    walk.update(walk.session.answered(definitions=walk.session.draft.definitions | found))
    return None


def edit(walk: Walk, part: Part, body: str) -> None:
    """Let it be made with another body; what it would be made with by itself is no change."""
    others = _others(walk.session.draft, part)
    mine = Edited(index=part.index, type=part.type, made_of=part.translation, body=body)
    is_changed = msgspec.json.decode(body) != msgspec.json.decode(part.by_itself)
    walk.update(walk.session.answered(edited=(*others, mine) if is_changed else others))


def undo(walk: Walk, part: Part) -> None:
    """Let it be made as it was translated."""
    walk.update(walk.session.answered(edited=_others(walk.session.draft, part)))


def drop(walk: Walk) -> tuple[str, ...]:
    """Forget what a person has changed and what fits no more; the names of those indices."""
    gone = dropped(walk.session.draft)
    if gone:
        kept = tuple(one for one in walk.session.draft.edited if one not in gone)
        walk.update(walk.session.answered(edited=kept))
    return tuple(dict.fromkeys(one.index for one in gone))


def _others(draft: Draft, part: Part) -> tuple[Edited, ...]:
    return tuple(one for one in draft.edited if (one.index, one.type) != (part.index, part.type))
