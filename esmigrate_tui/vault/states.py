"""What a look at this machine's keyring can find, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from esmigrate_tui.model.text import duration

MEMORY_ONLY: Final = "Secrets are kept in memory, for this session only."
UNLOCK: Final = (
    """read -rsp 'Keyring password: ' p; printf %s "$p" | """
    "gnome-keyring-daemon --replace --unlock --components=secrets; unset p"
)
"""Opens or makes GNOME's keyring where nobody can see its dialog; a newline would become part of the password."""


class VaultState(StrEnum):
    """Whether a secret can be kept here; only AVAILABLE can."""

    AVAILABLE = "available"
    LOCKED = "locked"
    ABSENT = "absent"
    UNRESPONSIVE = "unresponsive"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class VaultReport:
    """Where secrets will go: `place` names the keyring, `sentence` says it to a person, `todo` what would help.

    `copy` is a command to paste, "" where there is none.
    """

    state: VaultState
    place: str
    sentence: str
    todo: str = ""
    copy: str = ""

    @property
    def is_available(self) -> bool:
        """Whether a secret can be kept now without anybody's help."""
        return self.state is VaultState.AVAILABLE

    @property
    def label(self) -> str:
        """A few words to stand beside "Remember": the keyring and its state."""
        if not self.place:
            return "no keyring here"
        words = {
            VaultState.AVAILABLE: "unlocked",
            VaultState.ABSENT: "none open",
            VaultState.UNRESPONSIVE: "does not answer",
        }
        return f"{self.place}, {words.get(self.state, self.state.value)}"

    def in_full(self) -> str:
        """Sentence, advice and command on one line."""
        advice = f"{self.todo.removesuffix('.')}: {self.copy}" if self.copy else self.todo
        return " ".join(part for part in (self.sentence, advice) if part)


def available(place: str) -> VaultReport:
    """A keyring that takes secrets now."""
    return VaultReport(VaultState.AVAILABLE, place, f"Secrets go into this machine's keyring ({place}, unlocked).")


def locked(place: str) -> VaultReport:
    """A keyring that the user has to unlock first."""
    return VaultReport(
        VaultState.LOCKED,
        place,
        f"The keyring ({place}) is locked. {MEMORY_ONLY}",
        "Unlock it on the desktop, or, where there is none, with this command.",
        UNLOCK,
    )


def absent(*, has_bus: bool) -> VaultReport:
    """No keyring at all, as on a bare server."""
    reason = (
        "no program offers the Secret Service on this login's session bus"
        if has_bus
        else "this login has no session bus, which is usual over SSH"
    )
    return VaultReport(VaultState.ABSENT, "", f"There is no keyring here: {reason}. {MEMORY_ONLY}")


def never_made(place: str) -> VaultReport:
    """A keyring program that holds no keyring, or has it closed so that it cannot be seen."""
    return VaultReport(
        VaultState.ABSENT,
        place,
        f"The keyring program ({place}) runs, but has no keyring open: none was ever made, or it is closed. "
        f"{MEMORY_ONLY}",
        "Make or open one on the desktop, or, where there is none, with this command.",
        UNLOCK,
    )


def unresponsive(seconds: float) -> VaultReport:
    """A keyring that gave no answer in time."""
    return VaultReport(
        VaultState.UNRESPONSIVE,
        "keyring",
        f"The keyring did not answer within {duration(seconds)}. {MEMORY_ONLY}",
        "It may be waiting to be unlocked on the desktop, or hang: unlock it or start it again.",
    )


def refused(place: str, reason: str) -> VaultReport:
    """A keyring that would not keep a secret secret, or not keep it at all."""
    return VaultReport(
        VaultState.REFUSED,
        place,
        f"The keyring that is set up here ({place}) {reason}, so it is not used. {MEMORY_ONLY}",
        "Uninstall it, or name a better one in PYTHON_KEYRING_BACKEND, such as keyring.backends.SecretService.Keyring.",
    )


def failed(place: str, reason: str, todo: str) -> VaultReport:
    """A keyring that cannot be used for a reason of its own."""
    return VaultReport(VaultState.FAILED, place, f"{reason} {MEMORY_ONLY}", todo)
