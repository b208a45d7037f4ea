"""What is carried over beside indices, when asked: templates, ingest pipelines, lifecycle policies."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.ledger import Change, Request


class Kind(StrEnum):
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
            Kind.POLICY: "/_ilm/policy",
            Kind.PIPELINE: "/_ingest/pipeline",
            Kind.COMPONENT: "/_component_template",
            Kind.TEMPLATE: "/_index_template",
            Kind.LEGACY: "/_template",
        }[self]

    @property
    def can_be_made_only(self) -> bool:
        """Whether a server can be told to make it, and never to write over one that is there."""
        return self in {Kind.COMPONENT, Kind.TEMPLATE, Kind.LEGACY}


class Conflict(StrEnum):
    """Whether the destination has one of that name, and which."""

    NONE = ""
    SAME = "the destination has the same"
    OTHER = "the destination has another of that name, which stays as it is"
    REFUSED = "the destination cannot hold it as it is"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One of them as a cluster tells it."""

    kind: Kind
    name: str
    body: dict[str, Any]
    is_managed: bool = False
    """Whether Elasticsearch, or another program of Elastic's, made it and looks after it."""


class Carried(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of them as it would be made on the destination; `body` is JSON, `changes` say what is otherwise."""

    kind: Kind
    name: str
    body: str
    changes: tuple[str, ...] = ()
    conflict: Conflict = Conflict.NONE

    def change(self) -> Change:
        """What makes it, and its inverse; what is there is never written over where the server can be told so."""
        path = f"{self.kind.path}/{quote(self.name, safe='')}"
        only = "?create=true" if self.kind.can_be_made_only else ""
        return Change(
            side=Side.DESTINATION,
            what=f"the {self.kind} {self.name} was made",
            made_by=Request(method="PUT", path=f"{path}{only}", body=self.body),
            undo=Request(method="DELETE", path=path),
        )
