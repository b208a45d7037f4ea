"""Documents compared on both sides, some that were chosen by chance: byte for byte, or by their values."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from esmigrate_tui.elastic.errors import UnreadResponseError
from esmigrate_tui.elastic.paging import MOST_ALONE, MOST_BYTES
from esmigrate_tui.elastic.paths import paths_of
from esmigrate_tui.elastic.samples import DocumentKey, sampled, sources
from esmigrate_tui.model.event import Samples
from esmigrate_tui.model.problem import PASSING, Cause, ProblemError
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.elastic.documents import Document
    from esmigrate_tui.verify.counts import ComparedIndex

T = TypeVar("T")

_SUM_BYTES: Final = 16
SAMPLES: Final = 20
"""Documents of one index that are compared."""


async def compare_samples(
    source: Cluster, destination: Cluster, names: Mapping[str, str], *, amount: int = SAMPLES
) -> Samples:
    """Take documents of the destination by chance, and compare each with the source's own, as a restore leaves them.

    It is no case of `compare_by_id`: each is asked for by its index, type, routing and _id, since a restore keeps them
    all and a feature's or a data stream's indices may share an _id; and what cannot be read is a result, not an error.
    `names` has the source's index for each of the destination's. A document that keeps no _source proves nothing and is
    not counted; where a side gives none of them, all are unread. Raises ProblemError.
    """
    drawn: list[tuple[DocumentKey, bytes | None]] = []
    theirs: dict[DocumentKey, bytes | None] = {}

    async def read(some: Sequence[DocumentKey], most: int) -> None:
        there = [msgspec.structs.replace(key, index=names[key.index]) for key in some]
        theirs.update(zip(some, map(_stripped, await sources(source, there, most=most)), strict=True))

    try:
        for path in paths_of(tuple(names)):
            drawn += [(key, _stripped(one)) for key, one in await sampled(destination, path, amount)]
        drawn = drawn[:amount]
        await _in_pieces([key for key, _ in drawn], read)
    except ProblemError as error:
        if error.problem.cause in PASSING or error.problem.cause is Cause.PRIVILEGES:
            raise
        return Samples(compared=0, unread=len(drawn) or amount)
    compared = [(key, mine == theirs[key]) for key, mine in drawn if mine != b"" or theirs[key] not in {b"", None}]
    return Samples(
        compared=len(compared), different=tuple(clean(key.id, 600) for key, is_equal in compared if not is_equal)
    )


def _stripped(source: bytes | None) -> bytes | None:
    """The sum of a document without the white space around it, which an answer by _id does not always keep."""
    return _sum(source.strip(b" \t\r\n")) if source else source


async def compare_by_id(
    drawn: ComparedIndex,
    other: ComparedIndex,
    *,
    form: Callable[[bytes], bytes] = bytes,
    without: Collection[str] = (),
    amount: int = SAMPLES,
) -> Samples:
    """Draw documents of one index, and find each in the other by its _id alone: types may be missing, routings new.

    `form` is in what words they are compared, `without` are ids, cleaned, that are not looked for. A document that
    keeps no _source proves nothing and is not counted. Raises ProblemError.
    """
    here = await _drawn(drawn, amount, form)
    chosen = [one for one in here if clean(one) not in without]
    there = await _by_id(other, chosen, form)
    different: list[str] = []
    compared = 0
    for one in chosen:
        ours, theirs = here.get(one, set()), there.get(one, set())
        if not ours or b"" in ours | theirs:
            continue
        compared += 1
        if not ours <= theirs:
            different.append(clean(one, 600))
    # an archive may find none of its documents by their ids, and these may be too large to be drawn together
    unread = len(chosen) if chosen and not any(here.values()) else 0
    return Samples(compared=compared, different=tuple(different), unread=unread)


async def _drawn(index: ComparedIndex, amount: int, form: Callable[[bytes], bytes]) -> dict[str, set[bytes]]:
    """The sums of documents that are drawn by chance, by their ids; where they are large they are read by these."""
    documents, found = index.cluster.documents, dict[str, set[bytes]]()
    try:
        drawn = await documents.drawn(index.name, amount, index.kind, most=MOST_BYTES)
    except UnreadResponseError:
        ids = await documents.by_chance(index.name, amount, index.kind)
        return {key: set[bytes]() for key in ids} | await _by_id(index, ids, form)
    for document in drawn:
        found.setdefault(document.id, set()).add(_sum_of(document, form))
    return found


async def _by_id(index: ComparedIndex, ids: Sequence[str], form: Callable[[bytes], bytes]) -> dict[str, set[bytes]]:
    """The sum of each document of these ids, b"" for one without _source; large ones are read one after another."""
    found: dict[str, set[bytes]] = {}

    async def read(some: Sequence[str], most: int) -> None:
        for document in await index.cluster.documents.by_id(index.name, some, index.kind, most=most):
            found.setdefault(document.id, set()).add(_sum_of(document, form))

    await _in_pieces(ids, read)
    return found


async def _in_pieces(wanted: Sequence[T], read: Callable[[Sequence[T], int], Awaitable[None]]) -> None:
    """Read all of them at once, or in halves where an answer has more bytes than are held of many."""
    waiting: list[Sequence[T]] = [wanted] if wanted else []
    while waiting:
        some = waiting.pop()
        try:
            await read(some, MOST_BYTES if len(some) > 1 else MOST_ALONE)
        except UnreadResponseError:
            if len(some) == 1:
                raise
            waiting += [some[len(some) // 2 :], some[: len(some) // 2]]


def _sum_of(document: Document, form: Callable[[bytes], bytes]) -> bytes:
    source = bytes(document.source)
    return _sum(form(source)) if source else b""


def _sum(source: bytes) -> bytes:
    return blake2b(source, digest_size=_SUM_BYTES).digest()
