"""The selection: where each chosen one goes, what it meets there, what else a restore is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import (
    NameHolder,
    Session,
    at_its_name,
    chosen,
    missing_shards,
    registered,
    settings_of,
    taken_names,
    why_not,
)
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.names import index_name_trouble
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
        parts.append(f"there already: {state}; " + (DONE_WITH[decided] if decided is not None else "w decides"))
    if missing := missing_shards(draft).get(index.name):
        parts.append(f"{counted(missing, 'shard')} of it not in the snapshot")
    if index.documents is not None:
        parts.append(f"{counted(index.documents, 'document')} on the source now")
    if index.created is not None:
        parts.append(f"made by {index.created}")
    if reason := why_not(index, draft):
        parts.append(f"cannot be chosen: {reason}")
    return parts


CLOSABLE: Final = frozenset({NameHolder.OPEN, NameHolder.CLOSED})
DELETABLE: Final = frozenset({NameHolder.OPEN, NameHolder.CLOSED, NameHolder.OTHER_SHARDS, NameHolder.STREAM_TOO})
ONLY_RENAMED: Final = {
    NameHolder.STREAM: "A data stream of that name is there: only another name helps, or deleting it by hand.",
    NameHolder.STREAM_TOO: "A data stream cannot be restored over; it is deleted with the indices that back it.",
    NameHolder.ALIAS: "An alias of that name is there: only another name helps, or removing it by hand.",
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
    twice = {target for target, many in Counter(targets).items() if many > 1}
    for index, target in zip(chosen(draft), targets, strict=True):
        word = index_name_trouble(target)
        if word or target in twice:
            word = word or "two would go there"
            wrong = wrong or f"{target}: {word}"
        elif holder := taken.get_of(index, target):
            word = f"taken: {holder}"
        elif target == index.name:
            word = "keeps its name"
        rows.append((index.name, target, word))
    return Renaming(rows=tuple(rows), renamed=new, wrong=wrong)


_MOUNTABLE: Final = frozenset({"fs", "url", "s3", "gcs", "azure", "hdfs"})


def why_not_mounted(draft: Draft) -> str:
    """Why no index can be mounted as a searchable snapshot; "" where it may be, the licence left to the checks."""
    facts, restoration = draft.destination_facts, draft.restoration
    if facts is None or restoration is None:
        return "nothing is known of the destination"
    if not Features.of_cluster(facts).mounts_in_shared_cache:
        return f"the destination is {facts.version}, it needs 7.12.0 or newer"
    if restoration.repository.type not in _MOUNTABLE:
        return f"not from a repository of the type {restoration.repository.type}"
    if facts.modules and not any("searchable-snapshots" in module for module in facts.modules):
        return "the destination lacks the module for it"
    return ""


OPTION_MEANS: Final = {
    "set": "A setting that wins over the snapshot's: index.number_of_replicas=0. One a line; another line appears when "
    "this one is filled.",
    "aliases": "The names by which the indices can also be reached. An alias that is in use there then covers both.",
    "global_state": "It would overwrite, where the names are the same: index templates, ingest pipelines, lifecycle "
    "policies, stored scripts; and all persistent cluster settings of the destination.",
    "partial": "A shard that is not in the snapshot comes up empty: what was in it is missing. Without this, an index "
    "that is not whole is refused.",
    "ignore": "Settings that the restored indices are not to have, separated by blanks: "
    "index.routing.allocation.* where the destination has no such nodes.",
    "unregister": "The files in the repository stay as they are in any case.",
    "mount": "A searchable snapshot reads from the repository, which has to stay. It needs an Enterprise or trial "
    "licence: the checks look at that.",
}
"""What each option means, and what it would overwrite."""


def is_ours(session: Session) -> bool:
    """Whether the restore's repository was registered from here: only that is taken away again."""
    wishes = session.draft.restoration
    return wishes is not None and any(each.what == registered(wishes.repository.name) for each in session.made)


def why_not_called(name: str, typed: str, draft: Draft) -> str:
    """Why an index that is chosen cannot be called so on the destination; "" where it can."""
    others = {draft.target(each) for each in draft.selected if each != name}
    return index_name_trouble(typed) or ("another chosen index goes there" if typed in others else "")


def word_to_type(names: tuple[str, ...]) -> str:
    """What has to be typed before these are lost: the one name, or how many they are."""
    return names[0] if len(names) == 1 and names[0].isascii() and names[0].isprintable() else str(len(names))


# -- what is done ----------------------------------------------------------------------------------------------------


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


def wish(flow: Flow, **changes: object) -> None:
    """Let the restore be asked for otherwise."""
    if flow.session.draft.restoration is not None:
        wishes = msgspec.structs.replace(flow.session.draft.restoration, **changes)
        flow.update(flow.session.answered(restoration=wishes))


def with_feature(flow: Flow, name: str) -> None:
    """Restore the state of a feature, or leave it out again."""
    draft = flow.session.draft
    if draft.snapshot is not None:
        wanted = {*draft.feature_states} ^ {name}
        states = tuple(state.name for state in draft.snapshot.feature_states if state.name in wanted)
        flow.update(flow.session.answered(feature_states=states))


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
        _look_at(flow, problem=None)
    if missing:
        doing = f"reading {counted(len(missing), 'definition')} from the source"
        _look_at(flow, doing=doing, since=flow.services.now(), problem=None)
        try:
            read = await flow.cluster(Side.SOURCE).definitions(missing)
        except ProblemError as error:
            _look_at(flow, doing="", problem=error.problem)
            return "the definitions could not be read"
        now = flow.session.draft
        kept = {name: found for name, found in now.definitions.items() if name in now.selected}
        flow.update(flow.session.answered(definitions=kept | read))
        _look_at(flow, doing="")
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
    """Forget what a person has changed and what fits no more; why one does not go on then, "" for nothing to say."""
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
        todo="Look at what is made now, then go on.",
    )
    _look_at(flow, problem=problem)
    return f"{counted(len(gone), 'definition')} of yours no longer {'fits' if len(gone) == 1 else 'fit'}, dropped"


async def _settle_beside(flow: Flow) -> str:
    """Look what would be made beside the indices; why it cannot be known, "" where it is."""
    groups = flow.session.draft.bring
    _look_at(flow, doing=f"reading {' and '.join(groups)}", since=flow.services.now(), problem=None)
    try:
        destination, source = flow.cluster(Side.DESTINATION), flow.cluster(Side.SOURCE)
        found = await flow.services.carried(groups, destination, source)
    except ProblemError as error:
        _look_at(flow, doing="", problem=error.problem)
        return f"{' and '.join(groups)} could not be read (o leaves them out)"
    if flow.session.draft.bring == groups:
        flow.update(flow.session.answered(carried=found))
    _look_at(flow, doing="")
    return ""


def _look_at(flow: Flow, **changes: object) -> None:
    flow.update(flow.session.but(listing=msgspec.structs.replace(flow.session.listing, **changes)))
