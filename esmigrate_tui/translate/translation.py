"""What a definition has become for a destination."""

from __future__ import annotations

from typing import Any

import msgspec


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request, and what is otherwise than on the source or must be there, in words.

    `conflicts` say what the destination could not hold as the source has it; the body has the first of what is at odds
    there, and should not be used without a user's decision.
    """

    body: dict[str, Any]
    changes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    def as_json(self) -> str:
        """The body as JSON that a person can read."""
        return msgspec.json.format(msgspec.json.encode(self.body), indent=2).decode()
