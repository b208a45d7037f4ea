"""What is carried over beside indices, when asked: templates, ingest pipelines, lifecycle policies."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import PlannedChange, Request
from esmigrate_tui.model.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Iterable


class DefinitionKind(StrEnum):
    """What it is, in the order in which one may need another: a template needs its components, and a policy."""

    POLICY = "lifecycle policy"
    PIPELINE = "ingest pipeline"
    COMPONENT = "component template"
    TEMPLATE = "index template"
    LEGACY = "legacy template"

    @property
    def path(self) -> str:
        """Where a server keeps them."""
        return {
            DefinitionKind.POLICY: "/_ilm/policy",
            DefinitionKind.PIPELINE: "/_ingest/pipeline",
            DefinitionKind.COMPONENT: "/_component_template",
            DefinitionKind.TEMPLATE: "/_index_template",
            DefinitionKind.LEGACY: "/_template",
        }[self]

    @property
    def plural(self) -> str:
        """Several of them."""
        return "lifecycle policies" if self is DefinitionKind.POLICY else f"{self.value}s"

    @property
    def can_be_made_only(self) -> bool:
        """Whether a server can be told to make it, and never to write over one that is there."""
        return self in {DefinitionKind.COMPONENT, DefinitionKind.TEMPLATE, DefinitionKind.LEGACY}


class DefinitionGroup(StrEnum):
    """What is chosen to be carried over, as the command line spells it."""

    TEMPLATES = "templates"
    PIPELINES = "pipelines"
    POLICIES = "policies"

    @property
    def kinds(self) -> tuple[DefinitionKind, ...]:
        """The kinds that belong to it."""
        return _KINDS[self]


_KINDS: Final = {
    DefinitionGroup.TEMPLATES: (DefinitionKind.COMPONENT, DefinitionKind.TEMPLATE, DefinitionKind.LEGACY),
    DefinitionGroup.PIPELINES: (DefinitionKind.PIPELINE,),
    DefinitionGroup.POLICIES: (DefinitionKind.POLICY,),
}


class NameConflict(StrEnum):
    """Whether the destination has one of that name, and which."""

    NONE = ""
    SAME = "the destination has the same"
    OTHER = "the destination has another of that name, which stays as it is"
    REFUSED = "the destination cannot hold it as it is"


class StoredDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One of them as a cluster tells it."""

    kind: DefinitionKind
    name: str
    body: dict[str, Any]
    is_managed: bool = False
    """Whether Elasticsearch, or another program of Elastic's, made it and looks after it."""


class CarriedDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of them as it would be made on the destination; `body` is JSON to be read, `changes` say what differs."""

    kind: DefinitionKind
    name: str
    body: str
    changes: tuple[str, ...] = ()
    conflict: NameConflict = NameConflict.NONE

    @property
    def label(self) -> str:
        """What it is, and its name."""
        return f"{self.kind} {clean(self.name, 300)}"

    def lines(self) -> tuple[str, ...]:
        """It in lines: + would be made, = is there already, ! stays as it is; then what is otherwise, each indented."""
        sign = {NameConflict.NONE: "+", NameConflict.SAME: "="}.get(self.conflict, "!")
        why = f": {self.conflict}" if self.conflict else ""
        return (f"{sign} {self.label}{why}", *(f"    {change}" for change in self.changes))

    def change(self) -> PlannedChange:
        """What makes it, and its inverse; what is there is never written over where the server can be told so."""
        path = f"{self.kind.path}/{quote(self.name, safe='')}"
        only = "?create=true" if self.kind.can_be_made_only else ""
        return PlannedChange(
            side=Side.DESTINATION,
            what=f"the {self.kind} {self.name} was made",
            made_by=Request(method="PUT", path=f"{path}{only}", body=self.body),
            undo=Request(method="DELETE", path=path),
        )


class CarryOutcome(StrEnum):
    """What became of one of them in a run that was asked to carry it over."""

    MADE = "made"
    SAME = "there already, the same"
    LEFT = "another of that name is there, left as it is"
    UNFIT = "left out: the destination cannot hold it as it is"
    REFUSED = "refused"
    NOT_YET = "not made"

    @property
    def is_open(self) -> bool:
        """Whether it was to be made and is not: a run that goes on tries it again."""
        return self in {CarryOutcome.REFUSED, CarryOutcome.NOT_YET}


def amounts(kinds: Iterable[DefinitionKind]) -> str:
    """How many of each, in words: 2 index templates and 1 ingest pipeline."""
    many = Counter(kinds)
    parts = [counted(many[kind], kind.value, kind.plural) for kind in DefinitionKind if kind in many]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "none"
