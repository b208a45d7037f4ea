"""What can be chosen, what is, and what it meets on the destination. Pure questions to a draft."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from esmigrate_tui.flow.lists import kept
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import IndexFacts, IndexState, with_streams
from esmigrate_tui.model.snapshot import offered as offered_by


def why_not_choosable(index: IndexFacts) -> str:
    """Why an index cannot be moved by reindex; "" where it can."""
    if index.state is IndexState.CLOSED:
        return "open it first"
    if not index.source_enabled:
        return "keeps no _source"
    if index.backs_stream:
        return "choose its data stream"
    return ""


def why_not(index: IndexFacts, draft: Draft) -> str:
    """Why an index cannot be moved by the draft's method; "" where it can, or nobody can know."""
    if not draft.traits.restores:
        return why_not_choosable(index)
    if draft.snapshot is None:
        return "no snapshot chosen"
    from esmigrate_tui.preflight.restorable import why_not_restorable  # noqa: PLC0415  # the first screen needs none

    return why_not_restorable(index, draft.snapshot, draft.destination_facts)


_of_snapshot: Final = kept(offered_by)


_of_source: Final = kept(with_streams)


def offered(draft: Draft) -> tuple[IndexFacts, ...]:
    """What can be selected."""
    if not draft.traits.restores:
        return _of_source(draft.source_indices)
    return _of_snapshot(draft.snapshot, draft.source_indices) if draft.snapshot is not None else ()


@kept
def chosen_names(draft: Draft) -> frozenset[str]:
    """The names of what is selected."""
    return frozenset(draft.selected)


@kept
def chosen(draft: Draft) -> tuple[IndexFacts, ...]:
    """What is selected of that, in its order."""
    names = chosen_names(draft)
    return tuple(index for index in offered(draft) if index.name in names) if names else ()


def in_order(draft: Draft, names: frozenset[str]) -> tuple[str, ...]:
    """These names in the order in which they are offered: the order in which a draft keeps its selection."""
    return tuple(index.name for index in offered(draft) if index.name in names)


def is_anything_chosen(draft: Draft) -> bool:
    """Whether there is anything to do: indices, or what else a snapshot can give."""
    if draft.traits.loads:
        return (draft.reading is not None or draft.shipping is not None) and bool(draft.into)
    if not draft.traits.restores:
        return bool(draft.selected)
    if draft.snapshot is None or draft.restoration is None:
        return False
    return bool(draft.selected or draft.feature_states or draft.restoration.global_state)


@kept
def chosen_documents(draft: Draft) -> int:
    """How many documents are in what is selected, as far as that is known."""
    return sum(index.documents or 0 for index in chosen(draft))


@kept
def needed_bytes(draft: Draft) -> int:
    """What the selection will take on the destination, with the replicas that it can place: as the preflight has it."""
    from esmigrate_tui.preflight.room_needed import bytes_needed  # noqa: PLC0415  # loaded when first needed

    return bytes_needed(draft, chosen(draft))


class NameHolder(StrEnum):
    """What stands at the name that an index is to get on the destination."""

    FREE = ""
    OPEN = "open index"
    CLOSED = "closed index"
    OTHER_SHARDS = "closed, other shards"
    STREAM = "data stream"
    STREAM_TOO = "data stream there"
    ALIAS = "alias"


def at_its_name(index: IndexFacts, draft: Draft) -> NameHolder:
    """What has the name on the destination that this index is to get there."""
    return taken_names(draft.destination_indices).get_of(index, draft.target(index.name))


class TakenNames:
    """The names that the destination has given away, found once for many questions."""

    def __init__(self, indices: tuple[IndexFacts, ...]) -> None:
        self._indices = {index.name: index for index in indices}
        self._streams = frozenset(index.data_stream for index in indices if index.data_stream)
        self._aliases = frozenset(alias for index in indices for alias in index.aliases)

    def get_of(self, index: IndexFacts, target: str) -> NameHolder:
        """What stands at `target`, for this index."""
        there = self._indices.get(target)
        if target in self._streams:
            return NameHolder.STREAM_TOO if index.data_stream else NameHolder.STREAM
        if there is None:
            return NameHolder.ALIAS if target in self._aliases else NameHolder.FREE
        if there.state is IndexState.OPEN:
            return NameHolder.OPEN
        return NameHolder.CLOSED if there.shards == index.shards else NameHolder.OTHER_SHARDS

    def index(self, name: str) -> IndexFacts | None:
        """The destination's index of that name."""
        return self._indices.get(name)


@kept
def taken_names(indices: tuple[IndexFacts, ...]) -> TakenNames:
    """The names of these indices."""
    return TakenNames(indices)


def missing_shards(draft: Draft) -> dict[str, int]:
    """How many shards of an index or data stream are not in the snapshot, for those where some are not."""
    snapshot = draft.snapshot
    if snapshot is None or not draft.traits.restores:
        return {}
    lost = {(snapshot.stream_of(one.index) or one.index, one.index, one.shard) for one in snapshot.failures}
    return dict(Counter(name for name, *_ in lost))


@kept
def not_whole(draft: Draft) -> dict[str, int]:
    """The chosen of which shards are missing, as long as no user said that a part will do."""
    if draft.restoration is None or draft.restoration.partial:
        return {}
    missing = missing_shards(draft)
    return {name: missing[name] for name in draft.selected if name in missing}


@kept
def in_the_way(draft: Draft) -> dict[str, NameHolder]:
    """The chosen whose name is taken on the destination, and by what, as long as nothing is decided about it."""
    if not draft.traits.restores:
        return {}
    found = {index.name: at_its_name(index, draft) for index in chosen(draft)}
    return {name: what for name, what in found.items() if what and draft.target(name) not in draft.in_the_way}


shared_targets: Final = kept(Draft.shared_targets)


def whole_name(key: str) -> str:
    """A setting of an index by its whole name, which begins with index."""
    return key if key.startswith("index.") else f"index.{key}"


def settings_of(lines: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """The settings in KEY=VALUE lines, flat and beginning with index., and what is wrong with the first wrong line."""
    found: dict[str, str] = {}
    for line in filter(str.strip, lines):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key or not value:
            return found, f"{line.strip()} is not KEY=VALUE"
        if any(character.isspace() for character in key):
            return found, f"{key} has a blank in it"
        found[whole_name(key)] = value
    return found, ""
