"""The token of an acknowledgement as a value: where a task stands, as text kept in the journal."""

from __future__ import annotations

from typing import Self

import msgspec


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a task stands; each method has its own, whose defaults are the beginning."""

    def as_token(self) -> str:
        """The state as text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_token(cls, token: str) -> Self:
        """The state in a token, or the beginning."""
        return msgspec.json.decode(token.encode(), type=cls) if token else cls()
