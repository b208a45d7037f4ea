"""Why a restore does not get on, in plain words: shards that find no node, files that cannot be read, capped speed.

https://www.elastic.co/guide/en/elasticsearch/reference/current/cluster-allocation-explain.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from esmigrate_tui.model.problem import Cause, Problem
from esmigrate_tui.model.text import clean, counted, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esmigrate_tui.elastic.snapshots import RestoreProgress, ShardExplanation, UnassignedShard

_FAILED: Final = "ALLOCATION_FAILED"
_NOT_YET: Final = frozenset({"", "no_attempt", "fetching_shard_data"})
_REPEATING: Final = ("restore_in_progress", "max_retry")
"""Deciders that only say that it has failed before; where no other objects, another try may work."""


# -- shards that do not start ------------------------------------------------------------------------------------------


def stuck(recovery: RestoreProgress) -> tuple[UnassignedShard, ...]:
    """The shards that will not start by themselves: every node has been asked, and none may or could take them."""
    return tuple(shard for shard in recovery.unassigned if shard.status == "deciders_no")


def all_judged(recoveries: Sequence[RestoreProgress]) -> bool:
    """Whether a node has been looked for, for every shard that has none."""
    return all(shard.status not in _NOT_YET for one in recoveries for shard in one.unassigned)


def may_work_now(explanation: ShardExplanation | None) -> bool:
    """Whether a node would take the shard, had the restore not failed before."""
    if explanation is None:
        return False
    return any(all(text.startswith(_REPEATING) for text in node) for node in explanation.by_node)


def unplaced(
    recovery: RestoreProgress, shards: Sequence[UnassignedShard], explanation: ShardExplanation | None
) -> Problem:
    """The problem of an index of which shards do not start."""
    first = shards[0]
    what = f"{len(shards)} of {counted(recovery.wanted, 'shard')} of {recovery.index}"
    if first.reason == _FAILED:
        return _unread(what, recovery, first)
    objections = explanation.deciders if explanation else ()
    telling = [text for text in objections if not text.startswith(_REPEATING)] or list(objections)
    evidence = clean("\n".join(telling) or first.details or first.status, 2_000)
    for text in telling:
        if known := _in_plain_words(text, what, evidence):
            return known
    return Problem(
        cause=Cause.BUSY,
        what=f"{what} find no node.",
        why=f"The destination says: {telling[0]}" if telling else "The destination does not say why.",
        todo="Look at GET _cluster/allocation/explain on the destination; the restore goes on when a node may take "
        "them.",
        evidence=evidence,
    )


class _Decider(NamedTuple):
    """What one of the server's rules means; braces are the groups of the pattern."""

    pattern: re.Pattern[str]
    why: str
    todo: str
    cause: Cause


def _decider(pattern: str, why: str, todo: str, cause: Cause = Cause.BUSY) -> _Decider:
    return _Decider(re.compile(pattern, re.DOTALL), why, todo, cause)


_LONGEST_TEXT: Final = 4_000  # characters of the server's words that are matched


_DECIDERS: Final = (
    _decider(
        r"^(?:filter|data_tier): .{0,1000}\[?index\.routing\.allocation\.include\._tier(?:_preference)?\]?"
        r"|^data_tier: index has a preference",
        "It is kept for a data tier (such as data_hot) that no node of the destination belongs to.",
        "Restore it with index.routing.allocation.include._tier_preference among the settings that are left out, or "
        "give a node that role.",
    ),
    _decider(
        r"^filter: .{0,1000}index setting \[(?P<setting>index\.routing\.allocation\.\w{1,60})\]"
        r" filters? \[(?P<wanted>.{0,1000}?)\]\s{0,9}$",
        "Its setting {setting} asks for nodes with {wanted}, and no node of the destination is one.",
        "Restore it with {names} among the settings that are left out, or give a node that attribute.",
    ),
    _decider(
        r"^filter: .{0,1000}cluster setting \[(?P<setting>cluster\.routing\.allocation\.\w{1,60})\]"
        r" filters? \[(?P<wanted>.{0,1000}?)\]",
        "The destination's own setting {setting} ({wanted}) keeps shards away from its nodes.",
        "Change that setting on the destination; the restore goes on then.",
    ),
    _decider(
        r"^enable: ",
        "The destination has been told to place no shards (cluster.routing.allocation.enable).",
        "Set it to all on the destination; the restore goes on then.",
    ),
    _decider(
        r"^disk_threshold: ",
        "The disks of its nodes are, or would become, fuller than the watermark allows.",
        "Free disk space on the destination or add some; the restore goes on then.",
        Cause.DISK_FULL,
    ),
    _decider(
        r"^shards_limit: .{0,1000}index setting",
        "Its setting index.routing.allocation.total_shards_per_node lets no node hold as many of its shards.",
        "Restore it with that setting among those that are left out, or add nodes.",
    ),
    _decider(
        r"^shards_limit: ",
        "The destination lets no node hold more shards (cluster.routing.allocation.total_shards_per_node).",
        "Raise that setting on the destination, or add nodes.",
    ),
    _decider(
        r"^awareness: ",
        "The destination spreads copies over an attribute of its nodes, and no node has room by that rule.",
        "Look at cluster.routing.allocation.awareness on the destination, and at the attributes of its nodes.",
    ),
    _decider(
        r"^same_shard: ",
        "Each node has a copy of it already.",
        "Add a node, or restore it with fewer replicas.",
    ),
    _decider(
        r"^node_version: ",
        "Its nodes are of an older version than the one that wrote it.",
        "Upgrade all nodes of the destination to one version.",
    ),
    _decider(
        r"^node_shutdown: ",
        "The nodes that could take it are being shut down.",
        "Wait until nodes are back; the restore goes on then.",
    ),
    _decider(
        r"^max_retry: ",
        "Its nodes have tried several times, and failed.",
        "Look at the server's log for the reason; the restore is made again when a node may take it.",
    ),
    _decider(
        r"^restore_in_progress: ",
        "Its restore has failed.",
        "Look at the server's log for the reason; it is made again when a node may take it.",
    ),
)


def _in_plain_words(text: str, what: str, evidence: str) -> Problem | None:
    for known in _DECIDERS:
        if found := known.pattern.search(text[:_LONGEST_TEXT]):
            groups = {name: value or "" for name, value in found.groupdict().items()}
            if wanted := groups.get("wanted"):
                groups["wanted"] = _attributes(wanted)
                keys = re.findall(r"([\w.]{1,200}):\"", wanted)
                groups["names"] = " and ".join(f"{groups['setting']}.{key}" for key in keys) or groups["setting"]
            return Problem(
                cause=known.cause,
                what=f"{what} find no node.",
                why=known.why.format(**groups),
                todo=known.todo.format(**groups),
                evidence=evidence,
            )
    return None


def _attributes(wanted: str) -> str:
    """`box:"hot OR warm"` as a person says it."""
    return clean(", ".join(wanted.replace('"', "").split(",")).replace(":", " "), 200)


_UNREAD: Final = (
    (
        r"[Nn]o space left on device",
        Cause.DISK_FULL,
        "a disk of the destination is full",
        "Free disk space on the destination or add some; the restore is made again then.",
    ),
    (
        r"RepositoryMissingException|repository_missing",
        Cause.BUSY,
        "the repository is no longer registered on the destination",
        "Register it again under the same name; the restore is made again then.",
    ),
    (
        r"NoSuchFileException|FileNotFoundException|no such file|does not exist",
        Cause.REFUSED,
        "a file of it is missing in the repository",
        "Restore it from another snapshot, or copy it from the source by another method.",
    ),
    (
        r"CorruptIndexException|CorruptedFile|[Cc]hecksum|IndexFormatToo|EOFException|corrupt",
        Cause.REFUSED,
        "a file of it is damaged in the repository",
        "Restore it from another snapshot, or copy it from the source by another method.",
    ),
)


_NOT_MADE: Final = ("failed to create index", "failed to update mapping", "failed updating mapping")
"""What a node says that could not make the index at all: nothing was read from the repository yet."""
_FILE: Final = re.compile(r"(?:NoSuchFileException|FileNotFoundException|AccessDeniedException)\[([^\]]{1,500})\]")
_KIND: Final = re.compile(
    r"(?:Unknown|failed to find(?: global)?) (\w{1,40}(?: type)?) (?:\[|under \[)([^\]]{1,200})\]"
)
_SAID: Final = 400  # characters of a server's own words in a sentence


def _not_made(what: str, shard: UnassignedShard) -> Problem:
    """An index that a node of the destination could not make: it lacks a file, or a part, that the index wants."""
    text, cause = shard.details[:_LONGEST_TEXT], Cause.REFUSED
    if found := _FILE.search(text):
        cause, lacks = Cause.BUSY, f": a node of the destination cannot read the file {clean(found[1], 300)}"
        why = "The index's own settings name it (such as synonyms_path), and a snapshot holds no files of nodes."
        todo = (
            "Put the file there on every node of the destination, as it is on those of the source, readable by the "
            "user that runs Elasticsearch; the restore is made again then."
        )
    elif found := _KIND.search(text):
        lacks = f": the destination lacks the {clean(found[1], 60)} {clean(found[2], 200)}"
        why = f"It is part of a module or plugin that the source has. {_said(shard)}"
        todo = (
            "Install that on every node of the destination and resume the run, or copy the index by another method "
            "with a definition that does without."
        )
    else:
        lacks, why = " by a node of the destination", f"Its settings or mappings are not taken there. {_said(shard)}"
        todo = (
            "Cure what it says on the destination and resume the run, restore it with these settings left out, or "
            "copy it by another method."
        )
    return Problem(cause=cause, what=f"{what} could not be made{lacks}.", why=why, todo=todo, evidence=shard.details)


def _said(shard: UnassignedShard) -> str:
    """The server's own reason, as a sentence."""
    reason = re.sub(r"^failed shard on node \[[^\]]{1,60}\]: ", "", shard.details[:_LONGEST_TEXT]).strip(" ;,")
    return f"It said: {clean(reason, _SAID).rstrip('.')}." if reason else ""


def _unread(what: str, recovery: RestoreProgress, shard: UnassignedShard) -> Problem:
    """A shard that a node has begun and could not restore; its details say why, in the server's words."""
    if any(sign in shard.details for sign in _NOT_MADE):
        return _not_made(what, shard)
    tried = f"The destination tried {counted(max(1, shard.attempts), 'time')}"
    known = next((row for row in _UNREAD if re.search(row[0], shard.details[:_LONGEST_TEXT])), None)
    if known is not None:
        _, cause, reason, todo = known
        failed, why = f": {reason}", f"{tried}."
    else:
        cause, failed = Cause.REFUSED, f" from {recovery.repository or 'the repository'}"
        why = f"{tried}, and gave up. {_said(shard)}"
        todo = (
            "If that can be cured, resume the run then. Else restore it from another snapshot, or copy it by another "
            "method."
        )
    what = f"{what} could not be restored{failed}."
    return Problem(cause=cause, what=what, why=why, todo=todo, evidence=shard.details)


# -- speed -------------------------------------------------------------------------------------------------------------

_CLOSE: Final = (0.75, 1.3)  # a capped restore comes in bursts
_SETTLED: Final = 2.0  # seconds of copying before its speed says anything


@dataclass(frozen=True)
class RecoveryLimits:
    """How fast one node of the destination may restore, in bytes a second; None for no limit, or not known."""

    recovery: float | None = None
    repository: float | None = None

    @property
    def lowest(self) -> float | None:
        """The one that is met first."""
        known = [cap for cap in (self.recovery, self.repository) if cap]
        return min(known) if known else None


def is_settled(recoveries: Sequence[RestoreProgress]) -> bool:
    """Whether shards have been copied for long enough that their speed says something."""
    return any(one.copying_seconds >= _SETTLED for one in recoveries)


def binding_cap(recoveries: Sequence[RestoreProgress], caps: RecoveryLimits, repository: str) -> str:
    """What to say when a setting decides how fast the shards are copied that are under way; "" when none does."""
    cap = caps.lowest
    moving = [one for one in recoveries if one.bytes_per_second and one.copying_seconds >= _SETTLED]
    nodes = frozenset(name for one in moving for name in one.nodes)
    if cap is None or not nodes:
        return ""
    speed = sum(one.bytes_per_second for one in moving)
    if not _CLOSE[0] <= speed / (cap * len(nodes)) <= _CLOSE[1]:
        return ""
    setting = (
        f"max_restore_bytes_per_sec of the repository {repository}"
        if cap == caps.repository
        else "indices.recovery.max_bytes_per_sec"
    )
    of_each = f" on each of {len(nodes)} nodes" if len(nodes) > 1 else ""
    return f"it is as fast as {setting} allows: {size(cap)} a second{of_each}"
