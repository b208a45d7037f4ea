"""The names of the methods in plans and journals, and what rooms that must not know a method have to know of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec


class Unit(StrEnum):
    """What the progress of a method is counted in."""

    DOCUMENTS = "documents"
    BYTES = "bytes"


class Proof(StrEnum):
    """By what a run finds out that nothing was lost: numbers, some documents chosen by chance, or every document."""

    COUNTS = "counts"
    SAMPLES = "samples"
    EVERYTHING = "everything"


Trait = Literal["restores", "loads", "pulls"]
"""The traits by which steps and keys differ."""


class MethodTraits(msgspec.Struct, frozen=True, kw_only=True):
    """What a method does, as far as checks, screens, the engine and the report act on it.

    `title` is the method's name in a sentence. `restores`: it takes whole indices out of a snapshot; the source may be
    unreachable. `loads`: documents come from files or from other programs, not from a source cluster. `pulls`: the
    destination opens a connection to the source. A method that does none of them reads documents from the source and
    writes them itself.
    `unit` is what progress is counted in. `can_be_paced` says that a running task can be paused and throttled,
    `goes_on_by_itself` that the clusters carry on when the run's process has ended, `stopping_deletes` that an index
    that is not complete is deleted when its task is stopped. `proof` is how a run is verified where the plan asks for
    nothing else.
    """

    title: str = ""
    restores: bool = False
    loads: bool = False
    pulls: bool = False
    unit: Unit = Unit.DOCUMENTS
    can_be_paced: bool = True
    goes_on_by_itself: bool = False
    stopping_deletes: bool = False
    proof: Proof = Proof.COUNTS

    @property
    def reads_documents(self) -> bool:
        """Whether documents are read from the indices of a source cluster."""
        return not self.restores and not self.loads

    def has(self, trait: Trait) -> bool:
        """Whether this trait is one of the method's."""
        return bool(getattr(self, trait))


class MethodName(StrEnum):
    """A method's name in plans, in journals and on the command line; another one has to be added before it is read."""

    INDEX_FROM_SOURCE = "index-from-source"
    REINDEX_FROM_REMOTE = "reindex-from-remote"
    RESTORE_FROM_SNAPSHOT = "restore-from-snapshot"
    COPY_THROUGH_HERE = "copy-through-here"

    @classmethod
    def added(cls, name: str, traits: MethodTraits) -> MethodName:
        """The name of a method beside these four, which plans and journals may have from then on."""
        member = str.__new__(cls, name)
        member._name_, member._value_ = name.upper().replace("-", "_"), name
        _ADDED[name], _TRAITS[name] = member, traits
        return member

    @classmethod
    def _missing_(cls, value: object) -> MethodName | None:
        return _ADDED.get(value)

    @property
    def traits(self) -> MethodTraits:
        """What the method does."""
        return _TRAITS[self]


_ADDED: Final[dict[object, MethodName]] = {}
# A journal or a plan is read without the methods themselves, so what their names stand for is known here. Samples are
# the proof where documents keep their bytes: they cost two requests and show much. A remote reindex writes documents
# anew and may lose digits that no server keeps: chance must not decide whether that is reported.
_TRAITS: Final[dict[str, MethodTraits]] = {
    MethodName.INDEX_FROM_SOURCE: MethodTraits(title="Index from the source", loads=True),
    MethodName.REINDEX_FROM_REMOTE: MethodTraits(
        title="Reindex from a remote cluster", pulls=True, goes_on_by_itself=True
    ),
    MethodName.RESTORE_FROM_SNAPSHOT: MethodTraits(
        title="Restore from a snapshot",
        restores=True,
        unit=Unit.BYTES,
        can_be_paced=False,
        goes_on_by_itself=True,
        stopping_deletes=True,
        proof=Proof.SAMPLES,
    ),
    MethodName.COPY_THROUGH_HERE: MethodTraits(title="Copy through this machine", proof=Proof.SAMPLES),
}
_NONE: Final = MethodTraits()


def traits_of(method: MethodName | None) -> MethodTraits:
    """The traits of a method; those of no method in particular where none is chosen yet."""
    return _NONE if method is None else method.traits
