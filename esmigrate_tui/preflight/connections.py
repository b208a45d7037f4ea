"""The two ends and the way between: versions, identity, encryption, clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.connection import Side, SignIn, TrustKind
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.text import duration
from esmigrate_tui.preflight.check import blocker, check, note, passed, waivable, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esmigrate_tui.model.connection import Connection
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.finding import Finding

_CLOCKS_APART: Final = 60.0  # seconds
_COMPATIBILITY: Final = (
    "https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-reindex.html#reindex-from-remote"
)


@waivable
def versions(draft: Draft) -> Iterator[Finding]:
    """Whether the destination is of the source's major version or newer, and both are versions known here."""
    source, destination = draft.source_facts, draft.destination_facts
    if destination is None:
        return
    # For a restore the versions that count are those of the snapshot and its indices: a check of its own.
    restores = draft.traits.restores
    if source is None and not restores:
        return
    here = Features.of_cluster(destination)
    if source is not None and not restores and here.is_of_older_major(Features.of_cluster(source)):
        yield blocker(
            title=f"The destination ({destination.version}) is older than the source ({source.version})",
            why="Data moves to the same major version or a newer one; an older one lacks what the data may need.",
            fix="Use a destination of the source's major version or newer. If the two addresses are swapped, go back.",
            link=_COMPATIBILITY,
        )
        return
    for side, facts in ((Side.SOURCE, source), (Side.DESTINATION, destination)):
        if facts is not None and not Features.of_cluster(facts).is_tried:
            yield warning(
                title=f"The {side} is {facts.version}; this program was tried on 2.4 to 9.5",
                why="Another version may answer in a way that was never seen here.",
                fix="Try it with one small index first.",
            )
    if source is not None and not restores:
        yield passed(title=f"The versions fit: {source.version} to {destination.version}")


@check
def same_cluster(draft: Draft) -> Iterator[Finding]:
    """Whether the two addresses lead to two clusters."""
    source, destination = draft.source_facts, draft.destination_facts
    if source is None or destination is None:
        return
    if draft.traits.restores and source.uuid and source.uuid == destination.uuid:
        yield warning(
            title="Both addresses lead to the same cluster",
            evidence=f"cluster_uuid {source.uuid} on both, name {source.name}",
            why="The snapshot returns to where it was taken: what still exists is in the way, or replaced.",
            fix="Go on if that is what you want; else correct one of the two addresses.",
        )
    elif source.uuid and source.uuid == destination.uuid:
        yield blocker(
            title="Both addresses lead to the same cluster",
            evidence=f"cluster_uuid {source.uuid} on both, name {source.name}",
            why="Documents would be written into the cluster they are read from.",
            fix="Correct one of the two addresses.",
        )
    elif not source.uuid or not destination.uuid:
        yield warning(
            title="Whether these are two clusters could not be seen: one does not report its UUID",
            why="Documents must not be written into the cluster they are read from.",
            fix="Compare the two names and addresses yourself.",
        )
    else:
        yield passed(title=f"Two clusters: {source.name} and {destination.name}")


def _sides(draft: Draft) -> tuple[tuple[Side, Connection], ...]:
    both = ((Side.SOURCE, draft.source), (Side.DESTINATION, draft.destination))
    return tuple((side, connection) for side, connection in both if connection is not None)


@check
def plain_text(draft: Draft) -> Iterator[Finding]:
    """Whether a secret would cross a network without encryption."""
    exposed = [
        (side, connection.endpoint)
        for side, connection in _sides(draft)
        if connection.sign_in is not SignIn.NONE
        and not connection.endpoint.is_encrypted
        and not connection.endpoint.is_loopback
    ]
    for side, endpoint in exposed:
        yield warning(
            title=f"The {side}'s secret would cross the network in plain text, to {endpoint.authority}",
            why="Anyone on the way reads it, and the documents too.",
            fix="Use https:// if the cluster offers it, or a tunnel (ssh -L) that ends on this machine.",
        )
    if not exposed:
        yield passed(title="No secret crosses a network in plain text")


@check
def unverified_certificate(draft: Draft) -> Iterator[Finding]:
    """Whether the verification is switched off of a certificate."""
    for side, connection in _sides(draft):
        if connection.endpoint.is_encrypted and connection.trust.kind is TrustKind.UNVERIFIED:
            yield warning(
                title=f"The {side}'s certificate is not verified",
                why="Anyone on the way can pass for the cluster, read the secret and change the documents.",
                fix="Give the file of its certificate authority, or pin its fingerprint, on the page before.",
            )


@check
def clocks(draft: Draft) -> Iterator[Finding]:
    """Whether the clocks of the clusters and of this machine agree."""
    for side, facts in ((Side.SOURCE, draft.source_facts), (Side.DESTINATION, draft.destination_facts)):
        skew = facts.clock_skew_seconds if facts is not None else None
        if skew is not None and abs(skew) > _CLOCKS_APART:
            yield note(
                title=f"The {side}'s clock is {duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} this one",
                why="Times in its log and in the report cannot be laid side by side.",
                fix="Nothing has to be done for the migration.",
            )
