"""Every answer given so far; changing one forgets those that no longer hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from typing import Any, Final

import msgspec

from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup, StoredDefinition
from esmigrate_tui.model.connection import Connection, Side
from esmigrate_tui.model.copy_options import AS_IT_IS, CopyOptions
from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, with_streams
from esmigrate_tui.model.files import FileReading
from esmigrate_tui.model.finding import Finding, Severity, accepting
from esmigrate_tui.model.method import MethodName, MethodTraits, Proof, traits_of
from esmigrate_tui.model.plan import Plan, Task
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import ShippingOptions
from esmigrate_tui.model.snapshot import RestoreOptions, SnapshotFacts, TakenNameRule, offered


class IndexDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /INDEX` said of one index: JSON objects as they came, keys and values of the source's own major.

    `documents` are the top-level ones, nested ones not counted; None where they could not be counted. Of a data stream
    it is what its newest index says, and `backing` names all of its indices, the oldest first;
    `templates` are what makes it, as far as it could be seen.
    """

    name: str
    settings: dict[str, Any]
    mappings: dict[str, Any]
    aliases: dict[str, Any]
    documents: int | None = None
    backing: tuple[str, ...] = ()
    templates: tuple[StoredDefinition, ...] = ()


class EditedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A definition that a person has changed: of an index, or of the one that a `type` of it alone gets.

    `made_of` is the translation that was changed, `body` what it became, both the JSON of a create request. It holds
    as long as the translation is still that one.
    """

    index: str
    type: str = ""
    made_of: str
    body: str


class Draft(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The wizard's and the command line's answers, up to the plan that is made of them.

    `selected` are names of source indices, `renamed` maps some of them to another name on the destination,
    `definitions` has what the source says of each selected index, `edited` what a person wants made instead of the
    translation, and `settings` those by their full names that every other one gets. `accepted` holds Finding.key
    of warnings.
    `at_once`, `split`, `split_by` and `verify` are a Plan's.

    For a restore, `snapshot` is the one to restore from (with its details), `restoration` how; `selected` are then
    names in the snapshot, `feature_states` the chosen ones among the snapshot's, `in_the_way` what becomes of indices
    of the destination whose names are taken.

    For a copy, `copying` says how. `uses` are names of the destination that are used as they are, `targets` the several
    names of those source indices each of whose types goes into an index of its own.

    For files, `reading` says which and how they are read, `into` is the index they go into, and `create` the body that
    makes it: "" where it is there and is used as it is. For documents that others send, `shipping` takes the place of
    `reading`.

    `bring` are the groups of definitions that are to be carried over beside the indices, `carried` what that comes to:
    None until it was looked at.

    `tasks` are those of the plan, once there is one: what will be made can only be judged by them.
    """

    method: MethodName | None = None
    source: Connection | None = None
    destination: Connection | None = None
    source_facts: ClusterFacts | None = None
    destination_facts: ClusterFacts | None = None
    source_indices: tuple[IndexFacts, ...] = ()
    destination_indices: tuple[IndexFacts, ...] = ()
    selected: tuple[str, ...] = ()
    renamed: dict[str, str] = {}
    definitions: dict[str, IndexDefinition] = {}
    edited: tuple[EditedDefinition, ...] = ()
    settings: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    accepted: frozenset[str] = frozenset()
    at_once: int = 0
    batch: int = 0
    requests_per_second: float = 0.0
    split: int = 0
    split_by: str = ""
    verify: Proof | None = None
    snapshot: SnapshotFacts | None = None
    restoration: RestoreOptions | None = None
    feature_states: tuple[str, ...] = ()
    in_the_way: dict[str, TakenNameRule] = {}
    copying: CopyOptions = AS_IT_IS
    uses: tuple[str, ...] = ()
    targets: dict[str, tuple[str, ...]] = {}
    reading: FileReading | None = None
    shipping: ShippingOptions | None = None
    into: str = ""
    create: str = ""
    bring: tuple[DefinitionGroup, ...] = ()
    carried: tuple[CarriedDefinition, ...] | None = None
    tasks: tuple[Task, ...] = ()

    def answered(self, **changes: Any) -> Draft:  # noqa: ANN401  # msgspec checks each by its field
        """This draft with new answers, and without what hung on the old ones."""
        real = {name: value for name, value in changes.items() if getattr(self, name) != value}
        forgotten = {name: getattr(_BLANK, name) for changed in real for name in _DEPENDENTS.get(changed, ())}
        return msgspec.structs.replace(self, **(forgotten | changes))

    def connection(self, side: Side) -> Connection | None:
        """One side's connection, where it is known."""
        return self.source if side is Side.SOURCE else self.destination

    def facts(self, side: Side) -> ClusterFacts | None:
        """What one side's cluster has said of itself."""
        return self.source_facts if side is Side.SOURCE else self.destination_facts

    def authority(self, side: Side) -> str:
        """The host and port of one side, as a question names it; "the source" where it is not known."""
        connection = self.connection(side)
        return connection.endpoint.authority if connection is not None else f"the {side}"

    def target(self, source_index: str) -> str:
        """The destination's name for a source index."""
        return self.renamed.get(source_index, source_index)

    def all_targets(self, source_index: str) -> tuple[str, ...]:
        """Every name of the destination that a source index goes into: mostly one."""
        return self.targets.get(source_index) or (self.target(source_index),)

    def shared_targets(self) -> tuple[str, ...]:
        """Names of the destination that several of the selected would get, where that could cost a document.

        What is created in a data stream that exists there overwrites nothing.
        """
        streams = {index.data_stream for index in self.destination_indices if index.data_stream} & set(self.uses)
        targets = Counter(target for name in self.selected for target in self.all_targets(name))
        return tuple(sorted(name for name, times in targets.items() if times > 1 and name not in streams))

    def edited_of(self, source_index: str, kind: str = "") -> EditedDefinition | None:
        """What a person wants made for a source index, or for one type of it; None for the translation."""
        return next((one for one in self.all_edited_of(source_index) if one.type == kind), None)

    def all_edited_of(self, source_index: str) -> tuple[EditedDefinition, ...]:
        """What a person wants made for a source index and for its types."""
        return tuple(self._edited.get(source_index, ()))

    def is_edited(self, source_index: str) -> bool:
        """Whether a person has changed what is made for a source index, or for a type of it."""
        return source_index in self._edited

    @cached_property
    def _edited(self) -> dict[str, list[EditedDefinition]]:
        found: dict[str, list[EditedDefinition]] = defaultdict(list)
        for one in self.edited:
            found[one.index].append(one)
        return found

    @cached_property
    def destination_names(self) -> frozenset[str]:
        """The indices that the destination has."""
        return frozenset(index.name for index in self.destination_indices)

    @cached_property
    def destination_streams(self) -> dict[str, frozenset[str]]:
        """The data streams that the destination has, with the indices that back each."""
        backing: dict[str, list[str]] = defaultdict(list)
        for index in self.destination_indices:
            if index.data_stream:
                backing[index.data_stream].append(index.name)
        return {stream: frozenset(names) for stream, names in backing.items()}

    @property
    def traits(self) -> MethodTraits:
        """What the chosen method does; nothing in particular before one is chosen."""
        return traits_of(self.method)

    @cached_property
    def offered(self) -> tuple[IndexFacts, ...]:
        """What can be selected: the source's indices, the snapshot's indices and data streams, or the files as one."""
        if self.traits.loads:
            return (self._files,) if self.reading is not None or self.shipping is not None else ()
        if not self.traits.restores:
            return with_streams(self.source_indices)
        return offered(self.snapshot, self.source_indices) if self.snapshot is not None else ()

    @property
    def _files(self) -> IndexFacts:
        """The files as the index that they become: about their size; no shard is made where it is there already."""
        label, size = (self.reading.label, self.reading.size) if self.reading is not None else ("", 0)
        label = self.shipping.label if self.shipping is not None else label
        return IndexFacts(name=label, primary_bytes=size, shards=1 if self.create else 0, replicas=1)

    @cached_property
    def chosen(self) -> tuple[IndexFacts, ...]:
        """The facts of the selected indices, in the order in which they are offered."""
        if self.traits.loads:
            return self.offered
        wanted = frozenset(self.selected)
        return tuple(index for index in self.offered if index.name in wanted)

    @cached_property
    def chosen_indices(self) -> tuple[IndexFacts, ...]:
        """The indices that hold what is chosen: instead of a data stream of the source those that back it."""
        backing = {name for index in self.chosen for name in index.backing}
        if not backing:
            return self.chosen
        parts = {index.name: index for index in self.source_indices if index.name in backing}
        found = [
            part
            for index in self.chosen
            for part in ([parts[name] for name in index.backing if name in parts] if index.backing else [index])
        ]
        return tuple({index.name: index for index in found}.values())

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """Findings that stop."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKER)

    @property
    def unaccepted(self) -> tuple[Finding, ...]:
        """Warnings that were not accepted yet."""
        return tuple(
            finding
            for finding in self.findings
            if finding.severity is Severity.WARNING and finding.key not in self.accepted
        )


def bare_plan(draft: Draft, made_at: str) -> Plan:
    """The plan of a draft without any task: which clusters, by which method. `made_at` is ISO 8601 in UTC.

    Raises ProblemError (usage) where the destination, or the method, is not known yet.
    """
    if draft.destination is None or draft.destination_facts is None or draft.method is None:
        raise ProblemError.of(Cause.USAGE, "A method and a destination are needed for a plan.")
    return Plan(
        method=draft.method,
        made_at=made_at,
        source=draft.source,
        destination=draft.destination,
        source_uuid=draft.source_facts.uuid if draft.source_facts else "",
        source_version=str(draft.source_facts.version) if draft.source_facts else "",
        destination_uuid=draft.destination_facts.uuid,
        destination_version=str(draft.destination_facts.version),
        at_once=draft.at_once,
        batch=draft.batch,
        requests_per_second=draft.requests_per_second,
        split=draft.split,
        split_by=draft.split_by,
        verify=draft.verify,
        accepted=tuple(accepting(finding) for finding in draft.findings if finding.key in draft.accepted),
        restoration=draft.restoration,
        copying=draft.copying,
    )


_JUDGED: Final = ("findings", "accepted")
_CHOSEN: Final = ("selected", "renamed", "definitions", "edited", *_JUDGED)
_OF_RESTORE: Final = ("snapshot", "restoration", "in_the_way")
_WISHES: Final = (
    *("selected", "renamed", "edited", "settings", "restoration", "feature_states", "in_the_way", "reading"),
    *("shipping", "copying", "into", "create", "carried"),
)
_DEPENDENTS: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(_WISHES, ("findings",)) | {
    "method": _JUDGED,
    "source": ("source_facts", "source_indices", *_CHOSEN, "carried"),
    "destination": ("destination_facts", "destination_indices", *_JUDGED, *_OF_RESTORE, "carried"),
    "snapshot": (*_CHOSEN, "feature_states", "in_the_way"),
    "bring": ("carried", "findings"),
}
_BLANK: Final = Draft()
