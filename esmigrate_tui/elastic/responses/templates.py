"""Responses about templates, as types, and what they give to an index."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from esmigrate_tui.model.facts import TemplateLayer
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class _TemplateBody(msgspec.Struct, frozen=True):
    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    aliases: dict[str, Any] = {}


class LegacyTemplate(_TemplateBody, frozen=True):
    """`GET _template`, one of them; before 6.0 it has one pattern, called `template`."""

    order: int = 0
    index_patterns: tuple[str, ...] = ()
    template: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names that it fits."""
        return self.index_patterns or ((self.template,) if self.template else ())


class _IndexTemplateBody(msgspec.Struct, frozen=True):
    index_patterns: tuple[str, ...] = ()
    data_stream: dict[str, Any] | None = None
    composed_of: tuple[str, ...] = ()
    priority: int | None = None
    template: _TemplateBody = _TemplateBody()


class _IndexTemplateEntry(msgspec.Struct, frozen=True):
    name: str
    index_template: _IndexTemplateBody = _IndexTemplateBody()


class IndexTemplates(msgspec.Struct, frozen=True):
    """`GET _index_template`."""

    index_templates: tuple[_IndexTemplateEntry, ...] = ()


class _ComponentTemplateBody(msgspec.Struct, frozen=True):
    template: _TemplateBody = _TemplateBody()


class _ComponentTemplateEntry(msgspec.Struct, frozen=True):
    name: str
    component_template: _ComponentTemplateBody = _ComponentTemplateBody()


class ComponentTemplates(msgspec.Struct, frozen=True):
    """`GET _component_template`."""

    component_templates: tuple[_ComponentTemplateEntry, ...] = ()


class AllTemplates(msgspec.Struct, frozen=True):
    """All templates of a cluster."""

    legacy: dict[str, LegacyTemplate]
    composable: IndexTemplates
    components: ComponentTemplates


def given_by_templates(name: str, response: AllTemplates) -> dict[str, Any]:
    """The settings that an index of that name gets from templates."""
    return {key: value for layer in template_layers(name, response) for key, value in _dotted(layer.settings)}


def template_layers(name: str, response: AllTemplates) -> tuple[TemplateLayer, ...]:
    """What an index of that name gets, the weakest first: of one template that is composed, else of all legacy ones.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/index-templates.html
    """
    fitting = [one for one in response.composable.index_templates if _is_named(name, one.index_template.index_patterns)]
    if not fitting:
        ordered = sorted(response.legacy.items(), key=lambda one: one[1].order)
        return tuple(_layer(called, one) for called, one in ordered if _is_named(name, one.patterns))
    chosen = max(fitting, key=lambda one: one.index_template.priority or 0)
    parts = {one.name: one.component_template.template for one in response.components.component_templates}
    bodies = [parts[part] for part in chosen.index_template.composed_of if part in parts]
    return tuple(_layer(chosen.name, body) for body in (*bodies, chosen.index_template.template))


def _layer(name: str, body: _TemplateBody) -> TemplateLayer:
    return TemplateLayer(
        template=clean(name, 200), settings=body.settings, mappings=body.mappings, aliases=body.aliases
    )


def _dotted(settings: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{inside}{key}.")
        else:
            yield inside + key, value


def _is_named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
