"""The connections: what can be answered, what speaks against it, and the test of one side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import Album, Form, Session, Shelf, Test
from esmigrate_tui.model.connection import (
    NO_CREDENTIAL,
    Connection,
    Credential,
    Side,
    SignIn,
    TrustKind,
    parse_address,
)
from esmigrate_tui.model.problem import Cause, Problem, ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.flow.base import Walk
    from esmigrate_tui.flow.services import OpenCluster

SIGN_IN: Final = (
    (SignIn.PASSWORD.value, "user and password"),
    (SignIn.API_KEY.value, "API key"),
    (SignIn.TOKEN.value, "token"),
    (SignIn.NONE.value, "nothing (no security)"),
)
SECRET_WORD: Final = {SignIn.PASSWORD: "Password", SignIn.API_KEY: "Key", SignIn.TOKEN: "Token", SignIn.NONE: ""}
TRUST: Final = (
    (TrustKind.SYSTEM.value, "this machine's certificates"),
    (TrustKind.CA_FILE.value, "a file with an authority"),
    (TrustKind.PINNED.value, "one pinned fingerprint"),
    (TrustKind.UNVERIFIED.value, "ANYTHING, unverified"),
)
FAILED: Final = {
    Cause.AUTHENTICATION: "refused",
    Cause.PRIVILEGES: "refused",
    Cause.CONNECTION: "not reached",
    Cause.CERTIFICATE: "not trusted",
    Cause.NOT_ELASTICSEARCH: "not Elasticsearch",
    Cause.USAGE: "incomplete",
}
LEFT_OUT: Final = (
    "may be left empty: then versions and documents cannot be compared",
    "With it a new snapshot can be taken from here, and a repository be registered as it is there.",
)


def remembering(session: Session, form: Form) -> tuple[tuple[tuple[str, str], ...], str]:
    """Where a secret can be kept here, and what was chosen of that."""
    if session.vault is not None and session.vault.is_available:
        options = (("no", "only while this runs"), ("yes", f"keyring ({session.vault.place})"))
        return options, "yes" if form.remember else "no"
    return (("no", "only while this runs"),), "no"


def warned(form: Form) -> str:
    """What makes a connection unsafe; "" where nothing does."""
    if form.is_encrypted:
        if form.trust is TrustKind.UNVERIFIED:
            return "Anybody between here and there can read and change all of it: certificates are not looked at."
    elif form.sign_in is not SignIn.NONE and not _is_here(form.address):
        return "http: the secret crosses the network in plain text."
    return ""


def _is_here(address: str) -> bool:
    try:
        return parse_address(address)[0].is_loopback
    except ProblemError:
        return True


# -- what is done ----------------------------------------------------------------------------------------------------


async def ask_vault(walk: Walk) -> None:
    """Learn what the keyring can do, before a secret is typed."""
    try:
        word = await walk.doors.vault.probe()
    except ProblemError:
        return
    walk.update(walk.session.but(vault=word))


def forget(walk: Walk, side: Side) -> OpenCluster | None:
    """A side that may be empty was emptied: nothing of it is known any more, what was chosen stays chosen.

    Gives the cluster that is to be closed.
    """
    draft = walk.session.draft
    kept = {"selected": draft.selected, "renamed": draft.renamed}
    session = walk.session.answered(**{side.value: None}, **kept)
    shelf = msgspec.structs.replace(session.shelf, source=(), source_problem=None)
    walk.update(session.but(shelf=shelf))
    walk.credentials.pop(side, None)
    return walk.clusters.pop(side, None)


async def look_at_side(walk: Walk, side: Side, typed: str) -> None:
    """Test one side with the secret that was typed; how that went is in its form."""
    try:
        await _tested(walk, side, typed)
    except ProblemError as error:
        walk.update(walk.session.with_form(side, test=Test.BAD, problem=error.problem, doing=""))
    except asyncio.CancelledError:
        if walk.session.form(side).test is Test.GOING:
            walk.update(walk.session.with_form(side, test=Test.NOT_YET, doing=""))
        raise


def _wait_for(walk: Walk, side: Side, doing: str) -> None:
    now = walk.doors.now()
    walk.update(walk.session.with_form(side, test=Test.GOING, doing=doing, since=now, problem=None, told=""))


async def _tested(walk: Walk, side: Side, typed: str) -> None:
    doors = walk.doors
    form = walk.session.form(side)
    connection = form.connection()
    if form.trust is TrustKind.PINNED and connection.endpoint.is_encrypted and not form.is_accepted:
        _wait_for(walk, side, f"asking {connection.endpoint.authority} for its certificate")
        shown = await doors.fingerprint(connection.endpoint)
        walk.update(walk.session.with_form(side, test=Test.NOT_YET, fingerprint=shown, doing=""))
        return
    credential = await _credential(walk, side, connection, typed)
    _wait_for(walk, side, f"connecting to {connection.endpoint.authority}")
    cluster = await doors.connect(connection, credential)
    try:
        facts = await cluster.probe()
        _wait_for(walk, side, f"{facts.name} answered; listing its indices")
        indices = await cluster.indices()
    except BaseException:
        await cluster.close()
        raise
    before = walk.clusters.get(side)
    walk.clusters[side] = cluster
    walk.credentials[side] = credential
    if before is not None:
        await before.close()
    draft = walk.session.draft
    session = walk.session.answered(**{side.value: connection})
    if side is Side.SOURCE and session.is_restore:
        # What is chosen are names in the snapshot: the source only tells more of them.
        kept = {"selected": draft.selected, "renamed": draft.renamed}
        session = session.answered(source_facts=facts, source_indices=indices, **kept)
    elif side is Side.SOURCE:
        names = {index.name for index in indices}
        selected = tuple(name for name in session.draft.selected if name in names)
        session = session.answered(source_facts=facts, source_indices=indices, selected=selected)
    else:
        session = session.answered(destination_facts=facts, destination_indices=indices)
    session = session.but(shelf=Shelf(new=session.shelf.new))  # another cluster has other repositories
    if side is Side.DESTINATION and session.draft.snapshot is None:
        session = session.but(album=Album(new=session.album.new, making=session.album.making))
    walk.update(session.with_form(side, test=Test.GOOD, doing="", user=connection.user or form.user))
    if form.remember and credential.secret:
        await _remember(walk, side, connection, credential)


async def _credential(walk: Walk, side: Side, connection: Connection, typed: str) -> Credential:
    """The secret that was typed, or is kept in the vault; raises ProblemError where there is none."""
    if connection.sign_in is SignIn.NONE:
        return NO_CREDENTIAL
    if typed:
        return Credential(sign_in=connection.sign_in, user=connection.user, secret=typed)
    if walk.session.vault is not None and walk.session.vault.is_available:
        _wait_for(walk, side, "waiting for your keyring")
        kept = await walk.doors.vault.recall(connection)
        if kept is not None:
            return kept
    word = SECRET_WORD[connection.sign_in].lower()
    raise ProblemError(Problem(cause=Cause.USAGE, what=f"The {word} is missing.", todo="Type it."))


async def _remember(walk: Walk, side: Side, connection: Connection, credential: Credential) -> None:
    try:
        word = await walk.doors.vault.remember(connection, credential)
    except ProblemError as error:
        told = f"not remembered: {error.problem.what}"
    else:
        told = f"remembered: {word.place}" if word.is_available else f"not remembered: {word.sentence}"
    walk.update(walk.session.with_form(side, told=told))
