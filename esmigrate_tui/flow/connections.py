"""The connections: what can be answered, what speaks against it, and the test of one side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.session import ConnectionForm, ConnectionTest, RepositoryList, Session, SnapshotList
from esmigrate_tui.model.connection import NO_CREDENTIAL, Connection, Credential, Side, SignIn, TrustKind, parse_address
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.text import counted, size

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.services import OpenCluster
    from esmigrate_tui.model.facts import ClusterFacts

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
WHO: Final = {Side.SOURCE: "where the data is", Side.DESTINATION: "where it goes"}
SHOWS_CERTIFICATE: Final = "It shows this certificate (SHA-256):"
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


def remembering(session: Session, form: ConnectionForm) -> tuple[tuple[tuple[str, str], ...], str]:
    """Where a secret can be kept here, and what was chosen of that."""
    if session.vault is not None and session.vault.is_available:
        options = (("no", "only while this runs"), ("yes", f"keyring ({session.vault.place})"))
        return options, "yes" if form.remember else "no"
    return (("no", "only while this runs"),), "no"


def fields_asked(session: Session, side: Side) -> dict[str, bool]:
    """Which fields beside its address the answers about a side ask for."""
    form, is_asked = session.form(side), not session.is_left_out(side)
    is_encrypted, has_secret = is_asked and form.is_encrypted, is_asked and form.sign_in is not SignIn.NONE
    return {
        "sign-in": is_asked,
        "user": is_asked and form.sign_in is SignIn.PASSWORD,
        "secret": has_secret,
        "remember": has_secret,
        "trust": is_encrypted,
        "ca-file": is_encrypted and form.trust is TrustKind.CA_FILE,
        "same": is_encrypted and form.trust is TrustKind.PINNED and bool(form.fingerprint),
    }


def is_tested_at_once(flow: Flow, side: Side) -> bool:
    """Whether a connection was given from outside with all that a test of it needs."""
    form = flow.session.form(side)
    has_secret = form.sign_in is SignIn.NONE or side in flow.credentials
    is_given = flow.session.draft.connection(side) is not None
    return is_given and has_secret and form.test is ConnectionTest.NOT_YET


def facts_in_words(facts: ClusterFacts) -> tuple[str, ...]:
    """What a cluster has said of itself: its version and health, what it holds, how much and what room is left."""
    holds = [counted(facts.indices, "index", "indices")] if facts.indices is not None else []
    if facts.documents is not None:
        holds.append(counted(facts.documents, "document"))
    room = [size(facts.store_bytes)] if facts.store_bytes is not None else []
    if facts.disk is not None:
        room.append(f"room for {size(facts.disk.usable)} more")
    state = f"{facts.version}, {counted(facts.nodes, 'node')}, {facts.health}"
    return tuple(filter(None, (state, ", ".join(holds), ", ".join(room))))


def warned(form: ConnectionForm) -> str:
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


async def ask_vault(flow: Flow) -> None:
    """Learn what the keyring can do, before a secret is typed."""
    try:
        word = await flow.services.vault.probe()
    except ProblemError:
        return
    flow.update(flow.session.but(vault=word))


def answer(flow: Flow, side: Side, **changes: object) -> None:
    """Take an answer about a side: what was tested before does not count any more.

    Another address or kind of trust asks for the certificate once more, another way to sign in for its secret.
    """
    if changes.keys() & {"address", "trust"}:
        changes |= {"fingerprint": "", "is_accepted": False}
    if "sign_in" in changes:
        flow.credentials.pop(side, None)
        changes["has_secret"] = False
    flow.update(flow.session.with_form(side, test=ConnectionTest.NOT_YET, problem=None, note="", **changes))


def answer_secret(flow: Flow, side: Side, secret: str) -> None:
    """Take the secret that was typed; it stays in memory."""
    form = flow.session.form(side)
    flow.credentials[side] = Credential(sign_in=form.sign_in, user=form.user, secret=secret)
    answer(flow, side, has_secret=bool(secret))


def forget(flow: Flow, side: Side) -> OpenCluster | None:
    """A side that may be empty was emptied: nothing of it is known any more, what was chosen stays chosen.

    Gives the cluster that is to be closed.
    """
    draft = flow.session.draft
    kept = {"selected": draft.selected, "renamed": draft.renamed}
    session = flow.session.answered(**{side.value: None}, **kept)
    repository_list = msgspec.structs.replace(session.repository_list, source=(), source_problem=None)
    flow.update(session.but(repository_list=repository_list))
    flow.credentials.pop(side, None)
    return flow.clusters.pop(side, None)


async def look_at_side(flow: Flow, side: Side, typed: str) -> None:
    """Test one side with the secret that was typed; how that went is in its form."""
    try:
        await _tested(flow, side, typed)
    except ProblemError as error:
        flow.update(flow.session.with_form(side, test=ConnectionTest.BAD, problem=error.problem, doing=""))
    except asyncio.CancelledError:
        if flow.session.form(side).test is ConnectionTest.GOING:
            flow.update(flow.session.with_form(side, test=ConnectionTest.NOT_YET, doing=""))
        raise


def _wait_for(flow: Flow, side: Side, doing: str) -> None:
    now = flow.services.now()
    flow.update(flow.session.with_form(side, test=ConnectionTest.GOING, doing=doing, since=now, problem=None, note=""))


async def _tested(flow: Flow, side: Side, typed: str) -> None:
    services = flow.services
    form = flow.session.form(side)
    connection = form.connection()
    if form.trust is TrustKind.PINNED and connection.endpoint.is_encrypted and not form.is_accepted:
        _wait_for(flow, side, f"asking {connection.endpoint.authority} for its certificate")
        shown = await services.fingerprint(connection.endpoint)
        flow.update(flow.session.with_form(side, test=ConnectionTest.NOT_YET, fingerprint=shown, doing=""))
        return
    credential = await _credential(flow, side, connection, typed)
    _wait_for(flow, side, f"connecting to {connection.endpoint.authority}")
    cluster = await services.connect(connection, credential)
    try:
        facts = await cluster.probe()
        _wait_for(flow, side, f"{facts.name} answered; listing its indices")
        indices = await cluster.indices.every()
    except BaseException:
        await cluster.close()
        raise
    before = flow.clusters.get(side)
    flow.clusters[side] = cluster
    flow.credentials[side] = credential
    if before is not None:
        await before.close()
    draft = flow.session.draft
    session = flow.session.answered(**{side.value: connection})
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
    session = session.but(
        repository_list=RepositoryList(new=session.repository_list.new)
    )  # another cluster has other repositories
    if side is Side.DESTINATION and session.draft.snapshot is None:
        session = session.but(
            snapshot_list=SnapshotList(new=session.snapshot_list.new, making=session.snapshot_list.making)
        )
    flow.update(session.with_form(side, test=ConnectionTest.GOOD, doing="", user=connection.user or form.user))
    if form.remember and credential.secret:
        await _remember(flow, side, connection, credential)


async def _credential(flow: Flow, side: Side, connection: Connection, typed: str) -> Credential:
    """The secret that was typed, or is kept in the vault; raises ProblemError where there is none."""
    if connection.sign_in is SignIn.NONE:
        return NO_CREDENTIAL
    if typed:
        return Credential(sign_in=connection.sign_in, user=connection.user, secret=typed)
    if flow.session.vault is not None and flow.session.vault.is_available:
        _wait_for(flow, side, "waiting for your keyring")
        kept = await flow.services.vault.recall(connection)
        if kept is not None:
            return kept
    word = SECRET_WORD[connection.sign_in].lower()
    raise ProblemError.of(Cause.USAGE, f"The {word} is missing.", todo="Type it.")


async def _remember(flow: Flow, side: Side, connection: Connection, credential: Credential) -> None:
    try:
        word = await flow.services.vault.remember(connection, credential)
    except ProblemError as error:
        note = f"not remembered: {error.problem.what}"
    else:
        note = f"remembered: {word.place}" if word.is_available else f"not remembered: {word.sentence}"
    flow.update(flow.session.with_form(side, note=note))
