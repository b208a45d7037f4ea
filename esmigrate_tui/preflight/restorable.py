"""Whether a cluster can restore an index of a snapshot: judged by versions and licence, without asking anybody.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshot-restore.html#snapshot-restore-version-compatibility
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.features import (
    Features,
    IndexSupport,
    is_newer,
    is_newer_minor,
    is_same_major,
    oldest_major_in,
)
from esmigrate_tui.model.snapshot import Mount

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import ClusterFacts, IndexFacts, Version
    from esmigrate_tui.model.snapshot import SnapshotFacts

ARCHIVE_LICENCES: Final = frozenset({"enterprise", "trial"})
"""The licences that include archive indices and searchable snapshots."""

_ARCHIVE_MODULE: Final = "old-lucene-versions"


class Restorability(StrEnum):
    """Whether an index can be restored; ARCHIVE is read-only, and needs a licence."""

    YES = "yes"
    NO = "no"
    ARCHIVE = "archive"
    UNKNOWN = "unknown"


REINDEX_INSTEAD: Final = "reindex them from the source, or copy them through this machine: both take any version"
COPY_INSTEAD: Final = "copy them through this machine, which takes any version"


@dataclass(frozen=True)
class RestoreJudgement:
    """A verdict, why, and in words what would work where a restore does not, "" where it does."""

    verdict: Restorability
    why: str
    instead: str = ""


_Verdict = tuple[Restorability, str]


def judge_restorability(
    created: Version | None,
    snapshot: SnapshotFacts,
    destination: ClusterFacts,
    *,
    licence: str = "",
    mount: Mount = Mount.NONE,
    marked_read_only: bool | None = None,
) -> RestoreJudgement:
    """Whether `destination` can restore an index of `snapshot` that the version `created` made.

    `created` is None where the source could not be asked: then the snapshot's own version has to do, and UNKNOWN is
    said where an index in it may be older. `licence` is the destination's, "" where it is not known.
    `marked_read_only` is whether the source had put a verified write block on the index, None where nobody knows.
    """
    made, here = snapshot.made_by, destination.version
    if made is not None and is_newer(made, here):
        return RestoreJudgement(
            Restorability.NO,
            f"the snapshot was made by {snapshot.version}, which is newer than the destination ({here})",
            _instead(destination),
        )
    # What the source has under that name can have been made anew since the snapshot.
    if created is not None and not _is_made_anew(created, made):
        verdict, why = _by_creation(created, made, destination, licence, mount, marked_read_only=marked_read_only)
        return RestoreJudgement(verdict, why, "" if verdict is Restorability.YES else _instead(destination))
    if made is None:
        return RestoreJudgement(Restorability.UNKNOWN, "neither the snapshot nor the source says which version made it")
    if is_same_major(made, here):
        return RestoreJudgement(
            Restorability.YES, f"the snapshot was made by {made}, of the destination's own major version"
        )
    verdict, why = _by_creation(made, made, destination, licence, mount, marked_read_only=marked_read_only)
    if verdict is not Restorability.YES:
        return RestoreJudgement(verdict, why, _instead(destination))
    return RestoreJudgement(
        Restorability.UNKNOWN,
        f"a cluster of {made} may still hold indices made by {oldest_major_in(made)}.x, which {here.major}.x "
        "cannot read; a snapshot does not hold their versions",
        _instead(destination),
    )


def _by_creation(
    created: Version,
    made: Version | None,
    destination: ClusterFacts,
    licence: str,
    mount: Mount,
    *,
    marked_read_only: bool | None,
) -> _Verdict:
    here = destination.version
    # From 8.11 on an index only remembers the major version that made it: there is nothing more to compare.
    by = f"it was made by {_said(created)}"
    match Features.of_cluster(destination).support_of(created):
        case IndexSupport.NEWER:
            return Restorability.NO, f"{by}, which is newer than the destination"
        case IndexSupport.LATE_SIX:
            return Restorability.NO, f"{by}, and {here} only reads up to 6.7"
        case IndexSupport.FULL:
            return Restorability.YES, f"{by}, and {here.major}.x reads that"
        case IndexSupport.MARKED:
            return _two_back(created, made, destination, licence, mount, marked_read_only=marked_read_only)
        case IndexSupport.TOO_OLD:
            return Restorability.NO, f"{by}, which is too old for {here}"
        case IndexSupport.ARCHIVE:
            return _archive(created, destination, licence)


def _archive(created: Version, destination: ClusterFacts, licence: str) -> _Verdict:
    too_old = f"it was made by {_said(created)}, which is too old for {destination.version}"
    if destination.modules and not any(_ARCHIVE_MODULE in module for module in destination.modules):
        return Restorability.NO, f"{too_old}, and the destination lacks the module for archive indices"
    if licence and licence not in ARCHIVE_LICENCES:
        return Restorability.NO, f"{too_old}; as an archive index it needs an Enterprise licence, here is {licence}"
    needed = "" if licence else ", with an Enterprise or trial licence"
    return Restorability.ARCHIVE, f"{too_old}, other than as an archive: read-only{needed}"


def _two_back(
    created: Version,
    made: Version | None,
    destination: ClusterFacts,
    licence: str,
    mount: Mount,
    *,
    marked_read_only: bool | None,
) -> _Verdict:
    """From 9.0 on: an index of two majors before is taken where it was marked read-only, or as a mounted snapshot."""
    too_old = f"it was made by {_said(created)}, which {destination.version} only reads"
    if mount is not Mount.NONE:
        if licence and licence not in ARCHIVE_LICENCES:
            return Restorability.NO, f"{too_old} when mounted, and that needs an Enterprise licence"
        return Restorability.YES, f"{too_old}; mounted it is read-only in any case"
    if marked_read_only:
        return Restorability.YES, f"{too_old}; it was marked read-only for that"
    if marked_read_only is False or made is None or not Features.of_elasticsearch(made).marks_read_only:
        return Restorability.NO, (
            f"{too_old} where it was marked read-only on 8.18 or newer (POST INDEX/_block/write) before the snapshot"
        )
    return Restorability.UNKNOWN, f"{too_old} where it was marked read-only before the snapshot"


def _is_made_anew(created: Version, made: Version | None) -> bool:
    """Whether an index was made by a newer version than a snapshot, so that it cannot be the one in it."""
    return made is not None and is_newer_minor(created, made)


def _said(created: Version) -> str:
    """A version as an index remembers it: from 8.11 on nothing but the major."""
    return str(created) if created.minor or created.patch else f"{created.major}.x"


def _instead(destination: ClusterFacts) -> str:
    """What works whatever the versions: the destination itself reads from the source, else this machine copies."""
    can_reindex = not destination.modules or "reindex" in destination.modules
    return REINDEX_INSTEAD if can_reindex else COPY_INSTEAD


def why_not_restorable(index: IndexFacts, snapshot: SnapshotFacts, destination: ClusterFacts | None) -> str:
    """A few words for a row of the selection, "" where the index can be restored, or nobody can know."""
    if destination is None:
        return ""
    judged = judge_restorability(index.created, snapshot, destination)
    if judged.verdict is not Restorability.NO:
        return ""
    made, here = snapshot.made_by, destination.version
    if made is not None and is_newer(made, here):
        return f"snapshot of {made}, newer than {here}"
    by = made if index.created is None or _is_made_anew(index.created, made) else index.created
    if by is None:
        return f"not for {here.major}.x"
    return f"made by {_said(by)}, {'newer than' if is_newer(by, here) else 'too old for'} {here.major}.x"
