"""All that is known of one index, beside the list where there is room: facts, settings, fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.flow.chosen import why_not
from esmigrate_tui.flow.layout import fit, shorten, wrap
from esmigrate_tui.model.draft import IndexDefinition
from esmigrate_tui.model.facts import IndexFacts, IndexState
from esmigrate_tui.model.settings import flat
from esmigrate_tui.model.text import clean, counted, listed, number, size
from esmigrate_tui.wizard.draw import DIM, STRONG, TROUBLE, Canvas, hanging, ink, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.facts import ShardFacts
    from esmigrate_tui.model.problem import Problem

_LABEL: Final = 11
_SETTINGS, _FIELDS, _SHARDS = 6, 24, 32
_TOLD_ELSEWHERE: Final = frozenset(
    {
        "index.uuid",
        "index.provided_name",
        "index.creation_date",
        "index.version.created",
        "index.number_of_shards",
        "index.number_of_replicas",
    }
)


def about(
    index: IndexFacts,
    session: Session,
    look: Canvas,
    read: IndexDefinition | Problem | None,
    shards: Sequence[ShardFacts] | None = None,
) -> list[Text]:
    """An index as its cluster lists it, and as it is defined: `read` and `shards` are None until that was asked."""
    draft = session.draft
    lines = [ink("  ").append(line, STRONG) for line in wrap(index.name, look.width - 3)]
    facts = [*_facts(index)]
    if reason := why_not(index, draft):
        facts.append(("Not chosen", reason))
    elif index.name in draft.selected:
        facts.append(("Goes to", draft.target(index.name)))
    if draft.is_edited(index.name):
        facts.append(("Made", "as you have changed it (m)"))
    facts += _largest(shards or ())
    for label, said in facts:
        lines += hanging(ink("  " + fit(label, _LABEL), DIM), said, look.width - _LABEL - 3)
    if isinstance(read, IndexDefinition):
        lines += _defined(read, look)
    elif read is not None:
        lines += [ink(""), *paragraph(read.sentence(), look.width, 2, TROUBLE)]
    if shards and len(shards) > 1:
        lines += [ink(""), ink("  ").append("shard by shard", STRONG)]
        lines += [
            _pair(f"{one.number}  {one.node or one.state}", _size_of(one), look.width) for one in shards[:_SHARDS]
        ]
        lines += _more(len(shards) - _SHARDS)
    return lines


def _size_of(shard: ShardFacts) -> str:
    return "not there" if shard.bytes is None else size(shard.bytes)


def _largest(shards: Sequence[ShardFacts]) -> list[tuple[str, str]]:
    """The largest and the smallest shard, where there are several; and those that no node has."""
    known = sorted((one for one in shards if one.bytes is not None), key=lambda one: one.bytes or 0)
    found = []
    if len(known) > 1:
        least, most = known[0], known[-1]
        found.append(
            ("Largest", f"shard {most.number} {_size_of(most)}, smallest shard {least.number} {_size_of(least)}")
        )
    if gone := [str(one.number) for one in shards if one.bytes is None]:
        found.append(("Not there", f"{'shard' if len(gone) == 1 else 'shards'} {listed(gone, most=12)}"))
    return found


def _facts(index: IndexFacts) -> Iterator[tuple[str, str]]:
    state = "closed" if index.state is IndexState.CLOSED else f"open, {index.health.value}"
    yield "State", ", ".join((state, *(["frozen"] if index.frozen else []), *(["hidden"] if index.hidden else [])))
    if index.created is not None:
        yield "Made by", str(index.created)
    if index.documents is not None:
        deleted = f", {number(index.deleted)} deleted" if index.deleted else ""
        yield "Documents", f"{number(index.documents)}{deleted}"
    if index.primary_bytes is not None:
        copies = "" if index.store_bytes in {None, index.primary_bytes} else f", {size(index.store_bytes or 0)} in all"
        yield "Size", f"{size(index.primary_bytes)}{copies}"
    each = f", {size(index.primary_bytes // index.shards)} each" if index.primary_bytes and index.shards > 1 else ""
    yield "Shards", f"{number(index.shards)}{each}, {counted(index.replicas, 'replica')}"
    if index.aliases:
        yield "Aliases", listed(index.aliases, most=8)
    if index.backing:
        yield "Data stream", f"of {counted(len(index.backing), 'index', 'indices')}, the newest {index.backing[-1]}"
    elif index.data_stream:
        yield "Of stream", index.data_stream
    if len(index.types) > 1:
        yield "Types", listed(index.types, most=8)
    if index.refresh_interval:
        yield "Refresh", index.refresh_interval
    if index.blocks:
        yield "Blocked", listed(index.blocks)


def _defined(read: IndexDefinition, look: Canvas) -> list[Text]:
    settings = [
        (clean(key, 200), clean(str(value), 200))
        for key, value in flat(read.settings).items()
        if key not in _TOLD_ELSEWHERE
    ]
    fields = [*_fields(read.mappings)]
    lines = [ink(""), ink("  ").append(counted(len(fields), "field"), STRONG)]
    lines += [_pair(path, kind, look.width) for path, kind in fields[:_FIELDS]]
    lines += _more(len(fields) - _FIELDS)
    if settings:
        lines += [ink(""), ink("  ").append(counted(len(settings), "setting"), STRONG)]
        lines += [_pair(key.removeprefix("index."), value, look.width) for key, value in settings[:_SETTINGS]]
        lines += _more(len(settings) - _SETTINGS)
    return lines


def _more(left: int) -> list[Text]:
    return [ink("  ").append(f"and {number(left)} more", DIM)] if left > 0 else []


def _pair(name: str, said: str, width: int) -> Text:
    room = width - 4
    right = shorten(said, max(8, room // 2))
    return ink("  ").append(fit(name, max(8, room - len(right))), "none").append(f" {right}", DIM)


def _fields(mappings: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a mapping with its type, safe to be shown; of several mapping types, one after the other."""
    properties = mappings.get("properties")
    if not isinstance(properties, dict):
        for body in mappings.values():
            if isinstance(body, dict) and not above:
                yield from _fields(body, above)
        return
    for name, field in properties.items():
        if not isinstance(field, dict):
            continue
        path = f"{above}{name}"
        if "properties" not in field or field.get("type") == "nested":
            yield clean(path, 300), clean(str(field.get("type", "object")), 100)
        if "properties" in field:
            yield from _fields(field, f"{path}.")
