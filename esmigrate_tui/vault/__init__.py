"""KEYS: where secrets are kept and where they come from; nothing else in this program imports `keyring`.

`probe` says in words where a secret would go, before it is typed; `remember`, `recall` and `forget` speak to the
keyring; `resolve` finds the secret of a run that has no screen to ask on. Importing this room does not import
`keyring`, which takes longer than the first screen may.
"""

from esmigrate_tui.vault.headless import ResolvedConnection, resolve, ways
from esmigrate_tui.vault.keys import forget, probe, recall, remember
from esmigrate_tui.vault.states import VaultReport, VaultState

__all__ = [
    "ResolvedConnection",
    "VaultReport",
    "VaultState",
    "forget",
    "probe",
    "recall",
    "remember",
    "resolve",
    "ways",
]
