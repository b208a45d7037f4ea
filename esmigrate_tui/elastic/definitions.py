"""What a cluster has beside its indices and can be carried over: templates, ingest pipelines, lifecycle policies.

https://www.elastic.co/guide/en/elasticsearch/reference/6.8/indices-templates.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/indices-get-template.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/get-pipeline-api.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/ilm-get-lifecycle.html

One request for all of a kind, or for one by its name. Policies of 7 and newer are read as documented: no node
here has any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from esmigrate_tui.elastic.transport import LISTING_LIMIT
from esmigrate_tui.model.carried import DefinitionKind, StoredDefinition
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from esmigrate_tui.elastic.wire import Wire
    from esmigrate_tui.model.features import Features

_HAS: Final[dict[DefinitionKind, Callable[[Features], bool]]] = {
    DefinitionKind.LEGACY: lambda _features: True,
    DefinitionKind.PIPELINE: lambda features: features.has_ingest,
    DefinitionKind.POLICY: lambda features: features.has_ilm,
    DefinitionKind.COMPONENT: lambda features: features.has_composable_templates,
    DefinitionKind.TEMPLATE: lambda features: features.has_composable_templates,
}
_LISTED: Final = {
    DefinitionKind.TEMPLATE: ("index_templates", "index_template"),
    DefinitionKind.COMPONENT: ("component_templates", "component_template"),
}
# What monitoring, watches and machine learning of 5.x to 7.x put there without saying that it is theirs.
_OURS: Final = (
    "xpack_monitoring_",
    "security-index-template",
    "security_audit_log",
    "logstash-index-template",
    "kibana_",
)
_NONE_THERE: Final = frozenset({404})
"""What some versions respond with, and an empty object, where they have none of a kind."""
_ABSENT: Final = frozenset({Cause.MISSING, Cause.UNSUPPORTED})


async def carried(wire: Wire, kinds: Iterable[DefinitionKind], name: str = "") -> tuple[StoredDefinition, ...]:
    """Everything of these kinds that a cluster has, or what is of that name.

    Those that Elastic's own programs look after are in it, marked. A kind that came later is left out.

    Raises ProblemError where it cannot be seen.
    """
    features = await wire.features()
    found: list[StoredDefinition] = []
    for kind in kinds:
        if not _HAS[kind](features):
            continue
        try:
            path = f"{kind.path}/{quote(name, safe='')}" if name else kind.path
            response = await wire.exchange("GET", path, accepted=_NONE_THERE, most=LISTING_LIMIT)
        except ProblemError as error:
            raise (_none_kept(wire, kind) if error.problem.cause is Cause.UNSUPPORTED else error) from None
        if response.status not in _NONE_THERE:
            found += _definitions(kind, wire.decode(response, dict[str, Any]))
    return tuple(found)


def _none_kept(wire: Wire, kind: DefinitionKind) -> ProblemError:
    what = f"{wire.place} keeps no {kind} at all."
    why = "Its modules or its licence do not have that, though its version has."
    return ProblemError.of(Cause.UNSUPPORTED, what, why=why, todo="Leave these out.")


def _definitions(kind: DefinitionKind, response: dict[str, Any]) -> Iterator[StoredDefinition]:
    if kind in _LISTED:
        outer, inner = _LISTED[kind]
        pairs = [(one.get("name"), one.get(inner)) for one in response.get(outer) or () if isinstance(one, dict)]
    else:
        pairs = list(response.items())
    for name, body in pairs:
        if isinstance(name, str) and isinstance(body, dict):
            yield StoredDefinition(kind=kind, name=name, body=body, is_managed=_is_managed(name, body))


def _is_managed(name: str, body: dict[str, Any]) -> bool:
    inner = body.get("policy", body)
    meta = inner.get("_meta") if isinstance(inner, dict) else None
    is_marked = isinstance(meta, dict) and meta.get("managed") is True
    return is_marked or name.startswith((".", *_OURS))


async def processors(wire: Wire) -> frozenset[str] | None:
    """The ingest processors that every node of a cluster has; None where it does not say."""
    if not (await wire.features()).has_ingest:
        return frozenset()
    try:
        response = await wire.get(
            "/_nodes/ingest?filter_path=nodes.*.ingest.processors.type", dict[str, Any], is_slow=True
        )
    except ProblemError as error:
        if error.problem.cause in _ABSENT | {Cause.PRIVILEGES}:
            return None
        raise
    each = [
        frozenset(one.get("type", "") for one in node.get("ingest", {}).get("processors", ()))
        for node in response.get("nodes", {}).values()
    ]
    return frozenset.intersection(*each) if each else None
