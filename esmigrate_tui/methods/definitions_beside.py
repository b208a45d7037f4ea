"""What stands beside the indices: looked at before a run, and made on the destination at its end.

It is made last. A template would change the indices that the run makes, a policy could delete from one that is half
full, and a pipeline that an index of the destination names would change what arrives. Once every index is there, none
of them touches it: a template is for indices to come, and indices are made without their policy and pipelines.
"""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from esmigrate_tui.elastic.definitions import carried, processors
from esmigrate_tui.methods.filling import source_of
from esmigrate_tui.model.carried import CarryOutcome, NameConflict
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.translate.carried import is_same, preview

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from esmigrate_tui.elastic.cluster import Cluster, Clusters
    from esmigrate_tui.methods.contract import Recorder
    from esmigrate_tui.model.carried import CarriedDefinition, DefinitionGroup, DefinitionKind, StoredDefinition
    from esmigrate_tui.model.ledger import LedgerEntry

_BEFORE_IT = {
    NameConflict.SAME: CarryOutcome.SAME,
    NameConflict.OTHER: CarryOutcome.LEFT,
    NameConflict.REFUSED: CarryOutcome.UNFIT,
}


async def previewed(
    clusters: Clusters, groups: Iterable[DefinitionGroup], patterns: Sequence[str] = ()
) -> tuple[CarriedDefinition, ...]:
    """What would be made, as far as it is anybody's own and its name fits one of the patterns.

    A kind that the destination does not keep at all is shown as such, and the others go on. Raises ProblemError where
    something cannot be seen on one of the clusters, or where nothing that was asked for is kept.
    """
    kinds = [kind for group in groups for kind in group.kinds]
    if not kinds:
        return ()
    source, destination = source_of(clusters), clusters.destination
    (told, _), (there, lacking), known, facts = await asyncio.gather(
        _kept(source, kinds), _kept(destination, kinds), processors(destination.wire), destination.probe()
    )
    own = [one for one in told if not one.is_managed]
    chosen = [one for one in own if not patterns or any(fnmatchcase(one.name, pattern) for pattern in patterns)]
    plugins = (*facts.plugins, *facts.modules) if facts.modules else None
    found = preview(chosen, there, facts.version, await source.wire.version(), plugins=plugins, processors=known)
    return tuple(
        msgspec.structs.replace(one, conflict=NameConflict.REFUSED, changes=(lacking[one.kind],))
        if one.kind in lacking
        else one
        for one in found
    )


async def _kept(
    cluster: Cluster, kinds: Sequence[DefinitionKind]
) -> tuple[tuple[StoredDefinition, ...], dict[DefinitionKind, str]]:
    """What a cluster has of these kinds, and which of them it does not keep at all, in words.

    Raises ProblemError, also where it keeps none of them.
    """
    found: list[StoredDefinition] = []
    lacking: dict[DefinitionKind, ProblemError] = {}
    for kind in kinds:
        try:
            found += await carried(cluster.wire, (kind,))
        except ProblemError as error:
            if error.problem.cause is not Cause.UNSUPPORTED:
                raise
            lacking[kind] = error
    if len(lacking) == len(kinds):
        raise lacking[kinds[0]]
    return tuple(found), {kind: error.problem.what for kind, error in lacking.items()}


def decided(one: CarriedDefinition, there: StoredDefinition | None, entry: LedgerEntry | None) -> CarryOutcome | None:
    """What has become of one of them by what the destination has of that name now; None where it is to be made.

    `entry` is the ledger's, where an earlier try has begun to make it: what that may have made is no other.
    """
    if entry is not None and entry.is_acknowledged:
        return CarryOutcome.MADE
    if there is None:
        return None
    if not is_same(one, there):
        return CarryOutcome.LEFT
    is_maybe_ours = entry is not None and entry.state in {EntryState.INTENDED, EntryState.KEPT}
    return None if is_maybe_ours else CarryOutcome.SAME


def decided_before(one: CarriedDefinition) -> CarryOutcome | None:
    """What was decided when the plan was made; None where it was to be made."""
    return _BEFORE_IT.get(one.conflict)


async def bring(
    one: CarriedDefinition, destination: Cluster, recorder: Recorder, ledger: Iterable[LedgerEntry]
) -> CarryOutcome:
    """Make one of them where nothing of its name is there, and say what became of it; nothing is written over.

    It is meant to stay. Raises the ProblemError of the request.
    """
    change = one.change()
    entry = next((each for each in reversed([*ledger]) if each.made_by == change.made_by), None)
    named = await carried(destination.wire, (one.kind,), one.name)
    there = next((each for each in named if each.name == one.name), None)
    fate = decided(one, there, entry)
    if fate is not None:
        return fate
    try:
        await recorder.change(change.side, change.what, change.made_by, None)
    except ProblemError as error:
        if error.problem.cause is Cause.EXISTS:
            return CarryOutcome.LEFT
        raise
    return CarryOutcome.MADE


def not_yet(why: str, run: str) -> Problem:
    """That one of them was left for later, why, and what makes it."""
    todo = f"`esmigrate resume {run}` makes it once every index is there."
    return Problem(cause=Cause.STATE, what="It was left for later.", why=why, todo=todo)
