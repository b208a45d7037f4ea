"""Documents compared byte for byte on both sides: a snapshot keeps each as it was sent, spaces and all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.elastic.sampled import Key, sampled, sources
from esmigrate_tui.model.event import Samples
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esmigrate_tui.elastic.cluster import Cluster

SAMPLES: Final = 20
"""Documents of one index that are compared."""


async def compare_samples(
    source: Cluster, destination: Cluster, names: Mapping[str, str], *, amount: int = SAMPLES
) -> Samples:
    """Take documents of the destination by chance, and compare each with the source's own.

    `names` has the source's index for each of the destination's. A document that keeps no _source proves nothing and is
    not counted. Raises ProblemError.
    """
    keys: list[Key] = []
    for path in destination.paths(tuple(names)):
        keys += await sampled(destination, path, amount)
    keys = keys[:amount]
    if not keys:
        return Samples(compared=0)
    there = [msgspec.structs.replace(key, index=names[key.index]) for key in keys]
    ours, theirs = await asyncio.gather(sources(destination, keys), sources(source, there))
    compared = [
        (key, mine == other)
        for key, mine, other in zip(keys, ours, theirs, strict=True)
        if mine != b"" or other not in {b"", None}
    ]
    return Samples(
        compared=len(compared), different=tuple(clean(key.id, 600) for key, is_equal in compared if not is_equal)
    )
