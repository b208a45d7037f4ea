"""Lifecycle policies of indices: actions that were removed, and what they refer to.

https://www.elastic.co/guide/en/elasticsearch/reference/current/ilm-actions.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/ilm-freeze.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.translation import Translation

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]


def translate_policy(stored: _Json, destination: Version) -> Translation:
    """A policy as `GET /_ilm/policy` told it, for `destination`."""
    changes: list[str] = []
    policy = stored.get("policy")
    kept = dict(policy) if isinstance(policy, dict) else {}
    phases = kept.get("phases")
    if isinstance(phases, dict):
        kept["phases"] = {name: _phase(name, one, destination, changes) for name, one in phases.items()}
    return Translation(body={"policy": kept}, changes=tuple(dict.fromkeys(changes)))


def _phase(name: str, phase: object, destination: Version, changes: list[str]) -> object:
    actions = phase.get("actions") if isinstance(phase, dict) else None
    if not isinstance(phase, dict) or not isinstance(actions, dict):
        return phase
    kept: _Json = {}
    for action, body in actions.items():
        where = f"{clean(name, 80)}.{clean(action, 80)}"
        inner = body if isinstance(body, dict) else {}
        if action == "freeze" and destination.major >= 8:
            changes.append(f"{where} is left out: indices cannot be frozen any more")
            continue
        if action == "allocate":
            named = [word for word in ("include", "exclude", "require") if inner.get(word)]
            changes.extend(
                f"{where}.{word} names nodes of the source: check whether the destination has such nodes"
                for word in named
            )
        if action == "searchable_snapshot" and "snapshot_repository" in inner:
            repository = clean(str(inner["snapshot_repository"]), 200)
            changes.append(f"{where}: the repository {repository} must be on the destination")
        if action == "wait_for_snapshot" and "policy" in inner:
            changes.append(
                f"{where}: the snapshot policy {clean(str(inner['policy']), 200)} must be on the destination"
            )
        kept[action] = body
    return phase | {"actions": kept}
