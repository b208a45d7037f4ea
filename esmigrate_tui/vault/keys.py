"""Remember, recall and forget the secret of one connection; each call ends by its deadline, whatever the keyring does.

An entry is bound to where the secret is sent and whose it is (`Connection.vault_key`): scheme, host, port, user, kind
of sign-in and, where one is pinned, the certificate's fingerprint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Connection, Credential, SignIn
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.vault import backends, states
from esmigrate_tui.vault.deadline import within
from esmigrate_tui.vault.states import VaultReport, VaultState

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    _KeyringWork = Callable[[backends.UsableKeyring, VaultReport, Event], VaultReport]


async def probe(*, deadline: float = 3.0) -> VaultReport:
    """Where a secret would go, found without writing anything."""
    return await _answered(deadline, lambda _abandoned: _look()[1])


async def remember(connection: Connection, credential: Credential, *, deadline: float = 30.0) -> VaultReport:
    """Keep the credential in the keyring, where the user may be asked to unlock it, and read it back.

    Raises ProblemError (state) when it is not kept, for whatever reason; (usage) when there is nothing to keep.
    """
    if credential.sign_in is SignIn.NONE or not credential.secret:
        raise ProblemError.of(Cause.USAGE, "There is no secret to remember.")
    if (credential.sign_in, credential.user) != (connection.sign_in, connection.user):
        message = "the credential is not the connection's: the entry would never be found again"
        raise ValueError(message)
    key, secret = connection.vault_key, credential.secret

    def work(safe: backends.UsableKeyring, report: VaultReport, abandoned: Event) -> VaultReport:
        if report.state is VaultState.LOCKED:
            safe.read(key)  # asks for the unlocking, so that nothing is written once nobody waits any more
        if abandoned.is_set():
            return report
        safe.write(key, secret)
        if safe.read(key) == secret:
            return states.available(safe.place)
        return states.failed(safe.place, f"The keyring ({safe.place}) did not give back what was saved in it.", "")

    report = await _answered(deadline, lambda abandoned: _used(work, abandoned, secret=secret, makes_one=True))
    if not report.is_available:
        raise _not_done("The secret was not saved in the keyring.", report)
    return report


async def recall(connection: Connection, *, deadline: float = 30.0) -> Credential | None:
    """The credential kept for this connection; None where none is, also where there is no keyring to hold one.

    Raises ProblemError (state) when a keyring is there and cannot be read: locked, silent or broken.
    """
    if connection.sign_in is SignIn.NONE:
        return None
    secrets: list[str] = []

    def work(safe: backends.UsableKeyring, _report: VaultReport, _abandoned: Event) -> VaultReport:
        secret = safe.read(connection.vault_key)
        if secret is not None:
            secrets.append(secret)
        return states.available(safe.place)

    report = await _answered(deadline, lambda abandoned: _used(work, abandoned))
    if secrets:
        return Credential(sign_in=connection.sign_in, user=connection.user, secret=secrets[0])
    if report.state in {VaultState.AVAILABLE, VaultState.ABSENT, VaultState.REFUSED}:
        return None
    raise _not_done("The keyring could not be read.", report)


async def forget(connection: Connection, *, deadline: float = 30.0) -> bool:
    """Remove what is kept for this connection; whether there was something.

    Raises ProblemError (state) when a keyring is there and cannot be read or changed.
    """
    if connection.sign_in is SignIn.NONE:
        return False
    removed: list[str] = []

    def work(safe: backends.UsableKeyring, _report: VaultReport, abandoned: Event) -> VaultReport:
        key = connection.vault_key
        if safe.read(key) is None or abandoned.is_set():
            return states.available(safe.place)
        safe.remove(key)
        removed.append(key)
        if safe.read(key) is not None:
            return states.failed(safe.place, f"The keyring ({safe.place}) still holds the secret.", "Remove it there.")
        return states.available(safe.place)

    report = await _answered(deadline, lambda abandoned: _used(work, abandoned))
    if report.state in {VaultState.AVAILABLE, VaultState.ABSENT, VaultState.REFUSED}:
        return bool(removed)
    raise _not_done("The secret was not removed from the keyring.", report)


def _look() -> tuple[backends.UsableKeyring | None, VaultReport]:
    """The keyring with its state; no keyring where it must not be used."""
    found = backends.find()
    if isinstance(found, VaultReport):
        return None, found
    try:
        return found, backends.look(found)
    except Exception as error:  # noqa: BLE001  # backends raise what they like
        return found, backends.explain(found.place, error)


def _used(work: _KeyringWork, abandoned: Event, *, secret: str = "", makes_one: bool = False) -> VaultReport:
    """What comes of work on the keyring; where there is none, it is only for what `makes_one`, as reading would."""
    safe, report = _look()
    if safe is None or (report.state is VaultState.ABSENT and not makes_one):
        return report
    try:
        return work(safe, report, abandoned)
    except Exception as error:  # noqa: BLE001  # backends raise what they like
        return backends.explain(safe.place, error, secret)


async def _answered(deadline: float, work: Callable[[Event], VaultReport]) -> VaultReport:
    try:
        return await within(deadline, work)
    except TimeoutError:
        return states.unresponsive(deadline)


def _not_done(what: str, report: VaultReport) -> ProblemError:
    return ProblemError.of(Cause.STATE, what, why=report.sentence, todo=report.todo, evidence=report.copy)
