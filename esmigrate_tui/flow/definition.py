"""What will be made for an index: the translation, what it changes, and what a user wants made instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.methods.filling import FOR_ALL, body_of, copying_of, kinds_of, tasks_of, translated, used_as_it_is
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.draft import EditedDefinition
from esmigrate_tui.model.facts import IndexFacts
from esmigrate_tui.model.plan import Task
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.translate.side_by_side import SideBySideLine, of_body, of_source, side_by_side
from esmigrate_tui.translate.types import of_type

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.model.copy_options import CopyOptions
    from esmigrate_tui.model.draft import Draft, IndexDefinition
    from esmigrate_tui.model.problem import Problem


class IndexPart(msgspec.Struct, frozen=True, kw_only=True):
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


def parts_of(draft: Draft, index: str) -> tuple[IndexPart, ...]:
    """What will be made for an index whose definition is known: one, or one for each of its types.

    What a user has changed holds where it fits. Raises ProblemError (usage) where the options forbid it.
    """
    copying = copying_of(draft)
    if (definition := draft.definitions[index]).backing:
        return (_stream(draft, index, definition, copying),)
    found: list[IndexPart] = []
    for kind, target in kinds_of(draft, index, copying).items():
        translation, edited = translated(draft, index, kind), draft.edited_of(index, kind)
        made_of, by_itself = translation.as_json(), body_of(translation, draft)
        fits = edited if edited is not None and edited.made_of == made_of else None
        for_all = () if fits is not None else tuple(f"{FOR_ALL}{name}={one}" for name, one in draft.settings.items())
        part = IndexPart(
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


def _stream(draft: Draft, index: str, definition: IndexDefinition, copying: CopyOptions) -> IndexPart:
    """What becomes of a data stream, in words alone: all else stands in its template."""
    facts = next((one for one in draft.chosen if one.name == index), IndexFacts(name=index))
    [task] = tasks_of(draft, facts, copying, 1)
    makes = ", ".join(one.label for one in task.first) or "no template of the source was seen for it"
    by = (f"unless the destination has a template for its name: {makes}",) if task.create else ()
    return IndexPart(
        index=index,
        target=task.destination_index,
        translation="",
        by_itself="",
        body="",
        changes=(*by, *task.changes),
        is_stream=bool(task.create) and bool(definition.backing),
    )


def rows_of(draft: Draft, part: IndexPart) -> tuple[tuple[SideBySideLine, ...], tuple[str, ...]]:
    """Both definitions as lines beside each other, and the source's settings that are each index's own."""
    definition = draft.definitions[part.index]
    source, own = of_source(of_type(definition, part.type) if part.type else definition)
    return side_by_side(source, of_body(part.body)), own


def dropped(draft: Draft) -> tuple[EditedDefinition, ...]:
    """What a user has changed, and what fits no more: another translation is made now, or nothing at all."""
    gone: list[EditedDefinition] = []
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


async def read(flow: Flow, name: str) -> Problem | None:
    """Read the definition of an index, where it is not known yet; what kept it from being read, None for nothing."""
    if name in flow.session.draft.definitions:
        return None
    try:
        found = await flow.cluster(Side.SOURCE).indices.definitions([name])
    except ProblemError as error:
        return error.problem
    flow.update(flow.session.answered(definitions=flow.session.draft.definitions | found))
    return None


def edit(flow: Flow, part: IndexPart, body: str) -> None:
    """Let it be made with another body; what it would be made with by itself is no change."""
    others = _others(flow.session.draft, part)
    mine = EditedDefinition(index=part.index, type=part.type, made_of=part.translation, body=body)
    is_changed = msgspec.json.decode(body) != msgspec.json.decode(part.by_itself)
    flow.update(flow.session.answered(edited=(*others, mine) if is_changed else others))


def undo(flow: Flow, part: IndexPart) -> None:
    """Let it be made as it was translated."""
    flow.update(flow.session.answered(edited=_others(flow.session.draft, part)))


def drop(flow: Flow) -> tuple[str, ...]:
    """Forget what a user has changed and what fits no more; the names of those indices."""
    gone = dropped(flow.session.draft)
    if gone:
        kept = tuple(one for one in flow.session.draft.edited if one not in gone)
        flow.update(flow.session.answered(edited=kept))
    return tuple(dict.fromkeys(one.index for one in gone))


def _others(draft: Draft, part: IndexPart) -> tuple[EditedDefinition, ...]:
    return tuple(one for one in draft.edited if (one.index, one.type) != (part.index, part.type))
