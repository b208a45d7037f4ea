"""Which keyring this machine has and whether it may be trusted with a secret; the only file that imports `keyring`.

All of it blocks, some of it for ever: it is called through `deadline.within`. The imports are late, because they take
longer than the first screen may.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from esmigrate_tui.model.text import clean
from esmigrate_tui.vault import states

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE: Final = "esmigrate"
"""The name under which entries stand in the keyring."""

_PLACES: Final = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
}
_REFUSED: Final = {
    "keyring.backends.null": "loses what is saved in it without a word",
    "keyrings.alt": "keeps secrets in plain text, or asks for a passphrase on this terminal",
    "keyrings.cryptfile": "asks for a passphrase on this terminal",
}
_ABSENT: Final = "keyring.backends.fail"


@dataclass(frozen=True)
class UsableKeyring:
    """A keyring that may be used: `backend` is the library's own object."""

    place: str
    backend: KeyringBackend

    def read(self, key: str) -> str | None:
        """The secret under that key; it may ask the user to unlock the keyring."""
        return self.backend.get_password(SERVICE, key)

    def write(self, key: str, secret: str) -> None:
        """Keep a secret under that key in place of an older one."""
        self.backend.set_password(SERVICE, key, secret)

    def remove(self, key: str) -> None:
        """Forget the secret under that key."""
        self.backend.delete_password(SERVICE, key)


def find() -> UsableKeyring | states.VaultReport:
    """The keyring that would be used, not yet opened; or why there is none."""
    _join_session_bus()
    logging.getLogger("keyring").addHandler(logging.NullHandler())  # else its complaints are written over the screen
    try:
        chosen = _chosen()
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        return _badly_configured(error)
    except RuntimeError:  # the one that was asked for by name is not usable here
        return states.absent(has_bus=_has_bus())
    offered = _offered(chosen)
    usable = [backend for backend in offered if not _listed(backend, _REFUSED) and not _listed(backend, {_ABSENT: ""})]
    # Some packages offer backends that can only read, of a higher priority than the desktop's own safe.
    usable.sort(key=lambda backend: not _listed(backend, _PLACES))
    if usable:
        return UsableKeyring(_listed(usable[0], _PLACES) or _named(usable[0]), usable[0])
    for backend in offered:
        if reason := _listed(backend, _REFUSED):
            return states.refused(_named(backend), reason)
    return states.absent(has_bus=_has_bus())


def look(safe: UsableKeyring) -> states.VaultReport:
    """Whether that keyring takes secrets now: without writing and, where it can be had, without asking anybody."""
    if safe.place == "Secret Service":
        return _look_at_secret_service(safe)
    safe.read("probe")
    return states.available(safe.place)


def explain(place: str, error: Exception, secret: str = "") -> states.VaultReport:
    """What an error from the keyring means; the text never repeats the secret."""
    from keyring import errors  # noqa: PLC0415  # see the module's docstring

    if isinstance(error, errors.KeyringLocked):
        return states.locked(place)
    if isinstance(error, errors.InitError):
        return states.never_made(place)
    if isinstance(error, errors.NoKeyringError):
        return states.absent(has_bus=_has_bus())
    said = clean(str(error).replace(secret, "…") if secret else str(error), 200)
    reason = f"The keyring ({place}) failed: {type(error).__name__}{f', {said}' if said else ''}."
    return states.failed(place, reason, "Look whether its program still runs, and try again.")


def _chosen() -> KeyringBackend:
    """What the library would use; looked for anew where it found none, as one may have been started since."""
    import keyring  # noqa: PLC0415  # see the module's docstring
    from keyring import backend, core  # noqa: PLC0415

    chosen = keyring.get_keyring()
    if _listed(chosen, {_ABSENT: "absent"}) and "PYTHON_KEYRING_BACKEND" not in os.environ:
        with contextlib.suppress(KeyError):  # nothing was listed yet: a configuration file named the backend
            backend.get_all_keyring.reset()
        core.init_backend()
        chosen = keyring.get_keyring()
    return chosen


def _offered(chosen: KeyringBackend) -> list[KeyringBackend]:
    """The backends behind the library's chain, which would write to the first and read from any; else just this."""
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415  # see the module's docstring

    return list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]


def _listed(backend: KeyringBackend, table: dict[str, str]) -> str:
    """The entry for the module that this backend or a class it is made of comes from; "" where there is none."""
    for kind in type(backend).__mro__:
        for module, words in table.items():
            if kind.__module__ == module or kind.__module__.startswith(f"{module}."):
                return words
    return ""


def _named(backend: KeyringBackend) -> str:
    return clean(f"{type(backend).__module__}.{type(backend).__qualname__}", 200)


def _badly_configured(error: Exception) -> states.VaultReport:
    name = os.environ.get("PYTHON_KEYRING_BACKEND")
    if name is None:
        return states.failed(
            "",
            f"The keyring library's own configuration file cannot be used: {clean(str(error), 200)}.",
            "Correct or remove keyringrc.cfg; `keyring diagnose` says where it is.",
        )
    reason = f"names no keyring: {clean(name, 200)!r}" if name else "is set, but empty"
    return states.failed(
        "",
        f"The environment variable PYTHON_KEYRING_BACKEND {reason}.",
        "Unset it, or set it to one that `keyring --list-backends` lists.",
    )


def _look_at_secret_service(safe: UsableKeyring) -> states.VaultReport:
    """Read one property of the default collection.

    The library itself would make a new collection or put up a dialog at the first reading.
    """
    import secretstorage  # noqa: PLC0415  # see the module's docstring
    from secretstorage.collection import DEFAULT_COLLECTION  # noqa: PLC0415

    path = getattr(safe.backend, "preferred_collection", DEFAULT_COLLECTION)
    try:
        with closing(secretstorage.dbus_init()) as bus:
            is_locked = secretstorage.Collection(bus, path).is_locked()
    except secretstorage.ItemNotFoundException:
        return states.never_made(safe.place)
    except secretstorage.SecretServiceNotAvailableException:
        return states.absent(has_bus=_has_bus())
    return states.locked(safe.place) if is_locked else states.available(safe.place)


def _has_bus() -> bool:
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _join_session_bus() -> None:
    """Name the session bus in the environment, where a login over SSH left it unnamed though it is there."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if _has_bus() or not runtime:
        return
    bus = Path(runtime, "bus")
    try:
        seen = bus.stat()
    except OSError:
        return
    if stat.S_ISSOCK(seen.st_mode) and seen.st_uid == os.getuid():  # another user's bus would get the secrets
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={quote(str(bus), safe='/-_.')}"
