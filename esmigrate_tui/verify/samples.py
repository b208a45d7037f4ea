"""Documents compared on both sides, some that were chosen by chance: byte for byte, or by their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.elastic.sampled import Key, sampled, sources
from esmigrate_tui.model.event import Samples
from esmigrate_tui.model.problem import PASSING, Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.verify.index import Index

SAMPLES: Final = 20
"""Documents of one index that are compared."""


async def compare_samples(
    source: Cluster, destination: Cluster, names: Mapping[str, str], *, amount: int = SAMPLES
) -> Samples:
    """Take documents of the destination by chance, and compare each with the source's own.

    `names` has the source's index for each of the destination's. A document that keeps no _source proves nothing and is
    not counted; where a side gives none of them, all are unread. Raises ProblemError.
    """
    drawn: list[tuple[Key, bytes]] = []
    try:
        for path in destination.paths(tuple(names)):
            drawn += await sampled(destination, path, amount)
        drawn = drawn[:amount]
        if not drawn:
            return Samples(compared=0)
        theirs = await sources(source, [msgspec.structs.replace(key, index=names[key.index]) for key, _ in drawn])
    except ProblemError as error:
        if error.problem.cause in PASSING or error.problem.cause is Cause.PRIVILEGES:
            raise
        return Samples(compared=0, unread=len(drawn) or amount)
    compared = [
        (key, mine == other)
        for (key, mine), other in zip(drawn, theirs, strict=True)
        if mine != b"" or other not in {b"", None}
    ]
    return Samples(
        compared=len(compared), different=tuple(clean(key.id, 600) for key, is_equal in compared if not is_equal)
    )


async def compare_by_id(
    drawn: Index,
    other: Index,
    *,
    form: Callable[[bytes], bytes] = bytes,
    without: Collection[str] = (),
    amount: int = SAMPLES,
) -> Samples:
    """Draw documents of one index, and look for each in the other by its _id alone: types may be gone, routings new.

    `form` is in what words they are compared, `without` are ids, cleaned, that are not looked for. A document that
    keeps no _source proves nothing and is not counted. Raises ProblemError.
    """
    drawn_by_chance = await drawn.cluster.documents.by_chance(drawn.name, amount, drawn.kind)
    chosen = [one for one in drawn_by_chance if clean(one.id) not in without]
    if not chosen:
        return Samples(compared=0)
    found: dict[str, list[bytes]] = {}
    ids = tuple({one.id for one in chosen})
    for document in await other.cluster.documents.by_id(other.name, ids, other.kind):
        found.setdefault(document.id, []).append(bytes(document.source))
    different: list[str] = []
    compared = 0
    for one in chosen:
        source, there = bytes(one.source), found.get(one.id, [])
        if b"" in {source, *there}:
            continue
        compared += 1
        if form(source) not in {form(each) for each in there}:
            different.append(clean(one.id, 600))
    return Samples(compared=compared, different=tuple(different))
