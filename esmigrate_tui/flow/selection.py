"""The selection: where each chosen one goes, what it meets there, what else a restore is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.chosen import (
    NameHolder,
    at_its_name,
    chosen,
    in_order,
    missing_shards,
    settings_of,
    taken_names,
    why_not,
)
from esmigrate_tui.flow.session import Session, SortBy
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.names import index_name_problem
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.snapshot import TakenNameRule
from esmigrate_tui.model.text import counted, listed, size

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.model.draft import Draft

DONE_WITH: Final = {TakenNameRule.CLOSE: "restored over", TakenNameRule.DELETE: "deleted first"}


def destined(index: IndexFacts, draft: Draft) -> tuple[str, bool]:
    """Where a chosen index goes, with what is there already; and whether that still has to be decided."""
    target, holder = draft.target(index.name), at_its_name(index, draft)
    accepted = draft.restoration is not None and draft.restoration.partial
    if not accepted and (missing := missing_shards(draft).get(index.name)):
        return f"{counted(missing, 'shard')} missing (o)", True
    if not holder:
        return target, False
    decided = draft.in_the_way.get(target)
    same = "" if target == index.name else f"{target} "
    if decided is not None:
        return f"{same}{DONE_WITH[decided]}", False
    return f"{same}taken: {holder}", True


def restored(index: IndexFacts, session: Session) -> list[str]:
    """What is known of an index in a snapshot, and what it would meet on the destination."""
    draft = session.draft
    parts = ["data stream"] if index.data_stream else []
    there = taken_names(draft.destination_indices).index(draft.target(index.name))
    if index.name in draft.selected and there is not None:
        state = "closed" if there.state is IndexState.CLOSED else f"open, {counted(there.documents or 0, 'document')}"
        decided = draft.in_the_way.get(there.name)
        parts.append(f"exists already: {state}; " + (DONE_WITH[decided] if decided is not None else "w decides"))
    if missing := missing_shards(draft).get(index.name):
        parts.append(f"{counted(missing, 'shard')} of it not in the snapshot")
    if index.documents is not None:
        parts.append(f"{counted(index.documents, 'document')} on the source now")
    if index.created is not None:
        parts.append(f"made by {index.created}")
    if reason := why_not(index, draft):
        parts.append(f"cannot be chosen: {reason}")
    return parts


_CLOSABLE: Final = frozenset({NameHolder.OPEN, NameHolder.CLOSED})
_DELETABLE: Final = frozenset({NameHolder.OPEN, NameHolder.CLOSED, NameHolder.OTHER_SHARDS, NameHolder.STREAM_TOO})
_ONLY_RENAMED: Final = {
    NameHolder.STREAM: "A data stream of that name exists: only another name helps, or deleting it by hand.",
    NameHolder.STREAM_TOO: "A data stream cannot be restored over; it is deleted with the indices that back it.",
    NameHolder.ALIAS: "An alias of that name exists: only another name helps, or removing it by hand.",
    NameHolder.OTHER_SHARDS: "It has another number of shards: it cannot be restored over, only deleted.",
}


def described(there: IndexFacts | None, name: str) -> str:
    """An index of the destination, by its name."""
    if there is None:
        return name
    if there.state is IndexState.CLOSED:
        return f"{name}: closed, {counted(there.shards, 'shard')}"
    return f"{name}: open, {counted(there.documents or 0, 'document')}, {size(there.primary_bytes or 0)}"


class Renaming(msgspec.Struct, frozen=True, kw_only=True):
    """What a pattern makes of the chosen names: each with its new one and a word about that; or what is wrong."""

    rows: tuple[tuple[str, str, str], ...] = ()
    renamed: dict[str, str] = {}
    wrong: str = ""


def renaming(draft: Draft, pattern: str, replacement: str) -> Renaming:
    """Every resulting name, with what stands against it."""
    from esmigrate_tui.translate.renaming import renamed_by  # noqa: PLC0415  # loaded when first needed

    names = tuple(index.name for index in chosen(draft))
    try:
        new = renamed_by(names, pattern, replacement)
    except ProblemError as error:
        return Renaming(rows=tuple((name, name, "") for name in names), wrong=error.problem.sentence())
    targets = [new.get(name, name) for name in names]
    taken = taken_names(draft.destination_indices)
    rows: list[tuple[str, str, str]] = []
    wrong = ""
    twice = msgspec.structs.replace(draft, renamed=new).shared_targets()
    for index, target in zip(chosen(draft), targets, strict=True):
        word = index_name_problem(target)
        if word or target in twice:
            word = word or "two would go there"
            wrong = wrong or f"{target}: {word}"
        elif holder := taken.get_of(index, target):
            word = f"taken: {holder}"
        elif target == index.name:
            word = "keeps its name"
        rows.append((index.name, target, word))
    return Renaming(rows=tuple(rows), renamed=new, wrong=wrong)


def why_not_called(name: str, typed: str, draft: Draft) -> str:
    """Why an index that is chosen cannot be called so on the destination; "" where it can."""
    others = {draft.target(each) for each in draft.selected if each != name}
    return index_name_problem(typed) or ("another chosen index goes there" if typed in others else "")


def word_to_type(names: tuple[str, ...]) -> str:
    """What has to be typed before these are lost: the one name, or how many they are."""
    return names[0] if len(names) == 1 and names[0].isascii() and names[0].isprintable() else str(len(names))


CHOOSE_FIRST: Final = "Choose it first, then give it another name."
CHOOSE_ALL_FIRST: Final = "Choose first, then give all of them new names."
PATTERN_MEANS: Final = "A regular expression as Elasticsearch reads it; $1 is what the first brackets found."


def known_of(index: IndexFacts, session: Session) -> list[str]:
    """What else is known of an index beside its row in the list."""
    if session.is_restore:
        return restored(index, session)
    parts = ["its definition was changed by you"] if session.draft.is_edited(index.name) else []
    if index.backing:
        parts.append(f"data stream of {counted(len(index.backing), 'index', 'indices')}")
    if index.created is not None:
        parts.append(f"made by {index.created}")
    if len(index.types) > 1:
        parts.append(f"{len(index.types)} types")
    parts.append(counted(index.replicas, "replica"))
    if index.aliases:
        parts.append("alias " + ", ".join(index.aliases))
    if index.backs_stream:
        parts.append(f"in the data stream {index.data_stream}")
    if index.hidden:
        parts.append("hidden")
    if reason := why_not(index, session.draft):
        parts.append(f"cannot be chosen: {reason}")
    return parts


def choosable(indices: tuple[IndexFacts, ...], draft: Draft) -> frozenset[str]:
    """The names of those of these indices that can be chosen."""
    return frozenset(index.name for index in indices if not why_not(index, draft))


def all_or_none(chosen_now: frozenset[str], shown: frozenset[str]) -> frozenset[str]:
    """The selection with all that are shown; without them where all of them are chosen already."""
    return chosen_now - shown if shown <= chosen_now else chosen_now | shown


def next_sort(session: Session) -> SortBy:
    """The next column that the list can be sorted by: a snapshot says neither documents nor health."""
    left_out = {SortBy.DOCUMENTS, SortBy.HEALTH} if session.is_restore else set()
    by = [each for each in SortBy if each not in left_out]
    now = session.listing.sort
    return by[(by.index(now) + 1) % len(by)] if now in by else by[0]


def why_undecided(index: IndexFacts | None, session: Session) -> str:
    """Why nothing can be decided about what has the name of an index; "" where it can."""
    draft = session.draft
    if index is None or index.name not in draft.selected or not session.is_restore:
        return "Choose it first; then w decides about what has its name."
    return "" if at_its_name(index, draft) else "Nothing is in its way."


def all_taken(session: Session) -> tuple[IndexFacts, ...]:
    """The chosen indices whose names are taken on the destination."""
    draft = session.draft
    return tuple(index for index in chosen(draft) if at_its_name(index, draft)) if session.is_restore else ()


class NameDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the destination holds at the names of these indices, and the answers: each a value and its words.

    `seen` describes each of them, `notes` say what can be done about it. `closable` and `deletable` are their names.
    """

    seen: tuple[str, ...]
    notes: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    closable: tuple[str, ...]
    deletable: tuple[str, ...]


def conflict_of(indices: tuple[IndexFacts, ...], draft: Draft) -> NameDecision:
    """What stands at the names that these are to get."""
    taken = taken_names(draft.destination_indices)
    targets = tuple(draft.target(index.name) for index in indices)
    holders = dict.fromkeys(at_its_name(index, draft) for index in indices)

    def names(kinds: frozenset[NameHolder]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(draft.target(each.name) for each in indices if at_its_name(each, draft) in kinds))

    closable, deletable = names(_CLOSABLE), names(_DELETABLE)
    notes = [_ONLY_RENAMED[holder] for holder in holders if holder in _ONLY_RENAMED]
    answers = [("leave", "Leave it"), ("rename", "Another name")]
    if closable:
        answers.append(("close", "Restore over it"))
        notes.append("Restoring over an index closes it, and replaces what it holds.")
    if deletable:
        answers.append(("delete", "Delete it first"))
    return NameDecision(
        seen=tuple(described(taken.index(target), target) for target in targets),
        notes=tuple(notes),
        answers=tuple(answers),
        closable=closable,
        deletable=deletable,
    )


def loss_of(names: tuple[str, ...], draft: Draft, way: TakenNameRule) -> tuple[str, tuple[str, ...], str]:
    """What is lost by a decision: a heading, each index of the destination described, and when it happens."""
    taken = taken_names(draft.destination_indices)
    lost = "deleted" if way is TakenNameRule.DELETE else "closed, and replaced by what is in the snapshot"
    return (
        f"On {draft.authority(Side.DESTINATION)} {'this is' if len(names) == 1 else 'these are'} {lost}:",
        tuple(described(taken.index(name), name) for name in names),
        "It happens when the run comes to it, not now; and it cannot be undone.",
    )


# -- what is done ----------------------------------------------------------------------------------------------------


def choose(flow: Flow, names: frozenset[str]) -> None:
    """Take these as the selection."""
    flow.update(flow.session.answered(selected=in_order(flow.session.draft, names)))


def rename(flow: Flow, name: str, typed: str) -> None:
    """Give a chosen index this name on the destination."""
    others = {source: target for source, target in flow.session.draft.renamed.items() if source != name}
    flow.update(flow.session.answered(renamed=others | ({} if typed == name else {name: typed})))


def rename_all(flow: Flow, found: Renaming) -> None:
    """Give all that are chosen the names that a pattern has made."""
    names = frozenset(flow.session.draft.selected)
    others = {old: new for old, new in flow.session.draft.renamed.items() if old not in names}
    flow.update(flow.session.answered(renamed=others | found.renamed))


def decide(flow: Flow, names: tuple[str, ...], way: TakenNameRule) -> None:
    """What becomes of these indices of the destination."""
    flow.update(flow.session.answered(in_the_way=flow.session.draft.in_the_way | dict.fromkeys(names, way)))


def leave_alone(flow: Flow, names: tuple[str, ...]) -> None:
    """Take back what was decided about these indices of the destination."""
    kept = {name: way for name, way in flow.session.draft.in_the_way.items() if name not in names}
    flow.update(flow.session.answered(in_the_way=kept))


async def settle(flow: Flow) -> str:
    """Read the definitions of what is chosen, so that the checks can look again; why not, "" where it was done."""
    draft = flow.session.draft
    if flow.session.is_restore:
        targets = {draft.target(name) for name in draft.selected}
        ways = {name: way for name, way in draft.in_the_way.items() if name in targets}
        flow.update(flow.session.answered(in_the_way=ways))
        return ""
    missing = [name for name in draft.selected if name not in draft.definitions]
    if flow.session.listing.problem is not None:
        flow.update_part("listing", problem=None)
    if missing:
        with flow.waiting("listing", f"reading {counted(len(missing), 'definition')} from the source"):
            read = await flow.cluster(Side.SOURCE).indices.definitions(missing)
            now = flow.session.draft
            kept = {name: found for name, found in now.definitions.items() if name in now.selected}
            flow.update(flow.session.answered(definitions=kept | read))
        if flow.session.listing.problem is not None:
            return "the definitions could not be read"
    if reason := _without_unfitting(flow):
        return reason
    if draft.bring and (reason := await _settle_beside(flow)):
        return reason
    now = flow.session.draft
    is_same = (now.selected, now.bring, now.copying) == (draft.selected, draft.bring, draft.copying)
    return "" if is_same else "something was changed while it was read"


def why_no_settings(typed: str) -> str:
    """What is wrong with settings for all, separated by blanks; "" where they can be read."""
    return settings_of(tuple(typed.split()))[1]


def settings_for_all(flow: Flow, typed: str) -> None:
    """Let every index that nobody has changed by itself get these settings, separated by blanks."""
    flow.update(flow.session.answered(settings=settings_of(tuple(typed.split()))[0]))


def _without_unfitting(flow: Flow) -> str:
    """Forget what a user has changed and what fits no more; why one does not go on then, "" for nothing to say."""
    if not flow.session.draft.edited:
        return ""
    from esmigrate_tui.flow.definition import drop  # noqa: PLC0415  # the first screen needs no translation

    gone = drop(flow)
    if not gone:
        return ""
    problem = Problem(
        cause=Cause.STATE,
        what=f"What you had changed in the definition of {listed(gone)} no longer fits, and is dropped.",
        why="The index, the destination or an option has changed since.",
        todo="Look at what is made now, then continue.",
    )
    flow.update_part("listing", problem=problem)
    return f"{counted(len(gone), 'definition')} of yours no longer {'fits' if len(gone) == 1 else 'fit'}, dropped"


async def _settle_beside(flow: Flow) -> str:
    """Look what would be made beside the indices; why it cannot be known, "" where it is."""
    groups = flow.session.draft.bring
    with flow.waiting("listing", f"reading {' and '.join(groups)}"):
        destination, source = flow.cluster(Side.DESTINATION), flow.cluster(Side.SOURCE)
        found = await flow.services.carried(groups, destination, source)
        if flow.session.draft.bring == groups:
            flow.update(flow.session.answered(carried=found))
    is_known = flow.session.listing.problem is None
    return "" if is_known else f"{' and '.join(groups)} could not be read (o leaves them out)"
