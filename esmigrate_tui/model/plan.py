"""What will be done, complete enough to be saved, read by a person and replayed without a screen."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from esmigrate_tui.model.carried import CarriedDefinition
from esmigrate_tui.model.connection import Connection
from esmigrate_tui.model.copy_options import AS_IT_IS, CopyOptions
from esmigrate_tui.model.definition_depth import DEFINITION_LEVELS, is_too_deep
from esmigrate_tui.model.files import FileReading
from esmigrate_tui.model.finding import Acceptance, Severity
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import ShippingOptions
from esmigrate_tui.model.snapshot import RestoreKind, RestoreOptions, TakenNameRule
from esmigrate_tui.model.text import clean, counted, escaped, size

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT: Final = 1
MOST_BYTES: Final = 64 * 1024 * 1024
"""How large the file of a plan may be: it is read as a whole, and takes some ten times as much memory for a moment."""
_OLDER_AT_ONCE: Final = 2
"""Tasks at the same time in a plan that does not say: so have older programs left out what was usual."""
MOST_RANGES: Final = 16
"""Ranges of one index that a person may ask for: each holds a search open on every shard of the source."""

Amount = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Documents, bytes or shards, of a size that a server can have counted."""


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One piece of the work: one index of the source into one of the destination.

    `create` is the JSON body that makes the destination index, "" where it exists and is used as it is.
    `documents` and `size` (bytes of the primaries) are what the source said when the plan was made; None where it did
    not. `changes` says in words what the destination's definition has otherwise than the source's; `is_edited` that a
    person has changed it. `later` are settings of the source that would act on documents on their way: left out, and
    to be set when all is done.

    A restore's task brings back `kind` (the `source_index` is then that index's, data stream's or feature's name in the
    snapshot) with `shards` primary shards; `in_the_way` are indices of the destination, each with what becomes of it.

    A copy's task has the `type` whose documents alone it moves, "" for all of them; `kind` says that the destination
    is a data stream.

    Of a data stream of the source `backing` names the indices that it had, the oldest first, and `first` are the
    templates that make it one on the destination, unless that has its own for the name.

    Where files are indexed, `reading` says which and how; the `source_index` is a name for them, `size` their bytes.
    Where others send the documents and only their arrival is watched, `shipping` says who.
    """

    number: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    source_index: str
    destination_index: str
    create: str = ""
    documents: Amount | None = None
    size: Amount | None = None
    changes: tuple[str, ...] = ()
    is_edited: bool = False
    later: dict[str, str] = {}
    kind: RestoreKind = RestoreKind.INDEX
    shards: Amount | None = None
    in_the_way: dict[str, TakenNameRule] = {}
    reading: FileReading | None = None
    type: str = ""
    shipping: ShippingOptions | None = None
    backing: tuple[str, ...] = ()
    first: tuple[CarriedDefinition, ...] = ()

    @property
    def makes_index(self) -> bool:
        """Whether its `create` is the body of an index: a data stream that is made has nothing but a template."""
        return bool(self.create) and self.kind is not RestoreKind.DATA_STREAM

    @property
    def makes_stream(self) -> bool:
        """Whether it makes a data stream, by a template."""
        return bool(self.create) and self.kind is RestoreKind.DATA_STREAM

    @property
    def label(self) -> str:
        """What is moved, as a person tells it from the others: the index, and the type where that alone is meant."""
        return f"{self.source_index} ({clean(self.type, 200)})" if self.type else self.source_index


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole migration. It holds addresses and names, never a secret.

    `made_at` is ISO 8601 in UTC. `at_once` is how many tasks go on together at most; with 0 that is bounded by their
    work, and by how the clusters bear it. `batch` is documents a request, 0 to let the method choose.
    `requests_per_second` is Elasticsearch's own throttle (documents a second), 0 for none. `split` is how many server
    tasks read one index, each a range of the field `split_by`: 0 and "" let the method choose, 1 is not at all.
    `patience` is how many seconds a run waits for a cluster that is unreachable or full before it gives up on a task.
    `verify` is by what it is proved that nothing was lost, None for the method's own way. `accepted` are the findings
    that were accepted. `restoration` is there for a restore from a snapshot, and for nothing else; `copying` matters to
    a copy through this machine. `carried` is what stands beside the indices of the source and is made on the
    destination at the end, as it was translated when the plan was made.
    """

    format: int = FORMAT
    method: MethodName
    made_at: str
    source: Connection | None = None
    destination: Connection
    source_uuid: str = ""
    source_version: str = ""
    destination_uuid: str
    destination_version: str
    at_once: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = _OLDER_AT_ONCE
    batch: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    requests_per_second: Annotated[float, msgspec.Meta(ge=0.0, le=1e12)] = 0.0
    split: Annotated[int, msgspec.Meta(ge=0, le=MOST_RANGES)] = 0
    split_by: str = ""
    patience: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 900
    tune: bool = True
    verify: Proof | None = None
    accepted: tuple[Acceptance, ...] = ()
    restoration: RestoreOptions | None = None
    copying: CopyOptions = AS_IT_IS
    carried: tuple[CarriedDefinition, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def proof(self) -> Proof:
        """By what a run of it is proved: as it was chosen, else as the method does by itself."""
        return self.verify if self.verify is not None else self.method.traits.proof

    @property
    def documents(self) -> int | None:
        """All documents that are to be moved; None where one task does not know."""
        known = [task.documents for task in self.tasks]
        return None if None in known else sum(amount or 0 for amount in known)

    def to_toml(self) -> str:
        """The plan as a file that a person can read; `from_toml` reads it back unchanged."""
        import tomli_w  # noqa: PLC0415  # the wizard's first screen has no plan

        values = msgspec.to_builtins(self)
        strings, number = _strings(values), 0
        while (mark := f"block-{number}") in strings:
            number += 1
        blocks: list[str] = []
        values = _without_blocks(values, mark, blocks)
        has_returns = "\r\n" in strings  # which the writer would take for the end of a line, and change
        parts = tomli_w.dumps(values, multiline_strings=not has_returns).split(f'"{mark}"')
        text = "".join(chain.from_iterable(zip_longest(parts, blocks, fillvalue="")))
        _raise_unwritable(text)
        return escaped(text, astral="\\U{:08x}")

    @classmethod
    def from_toml(cls, text: str, name: str = "This") -> Plan:
        """The plan in a file of that name; raises ProblemError (usage) that says where it does not hold."""
        import tomllib  # noqa: PLC0415  # the same

        try:
            values = _with_whole_acceptances(tomllib.loads(text))
            plan = msgspec.convert(values, cls)
            _raise_numbers(plan.tasks)
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:  # also of a number or depth without measure
            why = "it is nested too deeply" if isinstance(error, RecursionError) else _why_not(error, cls)
            raise ProblemError.of(
                Cause.USAGE,
                f"{clean(name, 200)} is not a plan that can be run: {why}.",
                todo="Correct it there, or make a new one with `esmigrate plan`.",
            ) from None
        if plan.format != FORMAT:
            raise ProblemError.of(
                Cause.USAGE,
                f"The plan has format {plan.format}, this program reads {FORMAT}.",
                todo="Make a new one with `esmigrate plan`.",
            )
        _raise_unknown(values)
        for one in plan.carried:
            _raise_no_body(one.body, dict, one.label, "[[carried]]")
        for task in plan.tasks:
            for one in task.first:
                _raise_no_body(one.body, dict, one.label, "[[tasks.first]]")
            if task.create:
                _raise_no_body(
                    task.create, _CreateIndexBody, f"index {clean(task.destination_index, 300)}", "[[tasks]]"
                )
        return plan


def _why_not(error: Exception, kind: type) -> str:
    """Why values are none of a kind, in words."""
    from esmigrate_tui.model.odd_values import odd_value  # noqa: PLC0415  # the wizard's first screen has no plan

    text = clean(str(error), 300)
    return odd_value(text, kind) if isinstance(error, msgspec.ValidationError) else text


def _strings(values: object) -> str:
    """Every text in plain values, one after another; the tree is as deep as a Plan, whatever stands in it."""
    match values:
        case str():
            return values
        case dict():
            return "\0".join(map(_strings, chain.from_iterable(values.items())))
        case list() | tuple():
            return "\0".join(map(_strings, values))
        case _:
            return ""


def _without_blocks(values: Any, mark: str, blocks: list[str]) -> Any:  # noqa: ANN401  # plain values
    """Plain values with a mark for each text of several lines that can stand in the file as it is, which `blocks` gets.

    Bodies of indices are most of a plan: so they read as JSON, and a plan of very many is read at once, where an
    escaped text is read sign by sign.
    """
    match values:
        case str() if "\n" in values and _can_be_block(values):
            blocks.append(f"'''\n{values}'''")
            return mark
        case dict():
            return {key: _without_blocks(value, mark, blocks) for key, value in values.items()}
        case list() | tuple():
            return [_without_blocks(value, mark, blocks) for value in values]
        case _:
            return values


def _can_be_block(text: str) -> bool:
    """Whether a text can stand between TOML's marks for one that has no escapes, and has nothing to be escaped."""
    is_seen = text.replace("\n", "").replace("\t", "").isprintable() and escaped(text) == text
    return is_seen and "'''" not in text and not text.endswith("'")


def _raise_unwritable(text: str) -> None:
    """Raise ProblemError (usage) for a plan that could not be read back."""
    try:
        is_too_large = len(text.encode()) > MOST_BYTES // 2  # what is escaped becomes longer
    except UnicodeEncodeError:
        raise ProblemError.of(
            Cause.USAGE,
            "A name in this plan is not valid Unicode, so it cannot be written down.",
            why="Most often it is the name of a file in another encoding.",
            todo="Rename that file, or move it to a folder whose name can be read.",
        ) from None
    if is_too_large:
        raise ProblemError.of(
            Cause.TOO_LARGE,
            f"The file of this plan would be larger than {size(MOST_BYTES // 2)}.",
            why="The definition of each index stands in it.",
            todo="Choose fewer indices, and make several plans.",
        )


def _with_whole_acceptances(values: dict[str, Any]) -> dict[str, Any]:
    """A plan's values, where an older program has written the bare names of checks: such a name accepts warnings only.

    What was written so may have been a warning that a user had read; it must not waive a blocker.
    """
    given = values.get("accepted")
    if not isinstance(given, list):
        return values
    whole = [{"check": one, "severity": Severity.WARNING} if isinstance(one, str) else one for one in given]
    return values | {"accepted": whole}


def _raise_unknown(values: dict[str, Any]) -> None:
    """Raise ProblemError (usage) for keys that no field of a plan has: they would have no effect, without a word."""
    from esmigrate_tui.model.unknown_keys import unknown_keys  # noqa: PLC0415  # the wizard's first screen has no plan

    found = unknown_keys(values, Plan)
    if not found:
        return
    named = [
        clean(one.key, 80)
        + (f" in {one.table}" if one.table else "")
        + (f" (nearest: {one.nearest})" if one.nearest else "")
        for one in found[:_KEYS_NAMED]
    ]
    more = f", and {len(found) - _KEYS_NAMED} more" if len(found) > _KEYS_NAMED else ""
    raise ProblemError.of(
        Cause.USAGE,
        f"The plan has {counted(len(found), 'key', 'keys')} that no plan has: {', '.join(named)}{more}.",
        why="It would have no effect." if len(found) == 1 else "They would have no effect.",
        todo="Correct or remove what is named. If a newer esmigrate wrote the plan, use that one.",
    )


_KEYS_NAMED: Final = 5


def _raise_numbers(tasks: Sequence[Task]) -> None:
    """Raise ValueError where two tasks have one number: what a run says of one would be taken for the other."""
    numbers = [task.number for task in tasks]
    if len(set(numbers)) < len(numbers):
        raise ValueError("two tasks have the same number")


class _CreateIndexBody(msgspec.Struct, frozen=True):
    """What makes an index, as far as it is read here: each part is an object where it is there."""

    settings: dict[str, Any] = {}
    mappings: dict[str, Any] = {}
    aliases: dict[str, Any] = {}


def _raise_no_body(body: str, kind: type, label: str, table: str) -> None:
    """Raise ProblemError (usage) where the body of a definition was corrected into something that is none."""
    why = ""
    try:
        msgspec.json.decode(body, type=kind)
        may_be_deep = body.count("{") + body.count("[") > DEFINITION_LEVELS  # seldom, and looked at in no time
        if may_be_deep and is_too_deep(msgspec.json.decode(body)):
            why = _TOO_DEEP
    except msgspec.DecodeError as error:
        why = _why_not(error, kind).replace(" a table", " an object")  # in TOML it is a table, in JSON an object
    except RecursionError:
        why = _TOO_DEEP
    if why:
        raise ProblemError.of(
            Cause.USAGE,
            f"The body of the {label} in the plan is not a JSON object: {why}.",
            todo=f"Correct it there, or take its {table} out of the plan.",
        )


_TOO_DEEP: Final = f"it is nested deeper than {DEFINITION_LEVELS} levels"


def amount_of(plan: Plan) -> str:
    """What a plan moves, counted: 3 indices; 2 indices and 1 feature state."""
    kinds = [task.kind for task in plan.tasks]
    parts = [counted(kinds.count(kind), one, many) for kind, one, many in _NOUNS if kind in kinds]
    parts += ["the global state"] if RestoreKind.GLOBAL_STATE in kinds else []
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else counted(0, "index", "indices")


_NOUNS: Final = (
    (RestoreKind.INDEX, "index", "indices"),
    (RestoreKind.DATA_STREAM, "data stream", "data streams"),
    (RestoreKind.FEATURE_STATE, "feature state", "feature states"),
)
