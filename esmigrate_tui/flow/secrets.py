"""The secrets of a plan's clusters: those given, the others from a file, the environment or the keyring."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.problem import Cause, ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from esmigrate_tui.model.connection import Connection, Credential
    from esmigrate_tui.model.plan import Plan

    SignedIn = tuple[Connection, Credential]


async def sign_in(connection: Connection, side: Side, password_file: Path | None = None) -> SignedIn:
    """The connection with its kind of sign-in settled, and its credential; raises ProblemError where there is none."""
    from esmigrate_tui import vault  # noqa: PLC0415  # the keyring costs start-up time

    connection, credential, _ = await vault.resolve(connection, side, environ=os.environ, password_file=password_file)
    return connection, credential


async def credentials_of(
    plan: Plan, given: Mapping[Side, Credential] | None = None, files: Mapping[Side, Path | None] | None = None
) -> dict[Side, Credential]:
    """The credentials for a plan's connections; raises ProblemError (usage) for another kind than the plan's."""
    found: dict[Side, Credential] = {}
    for side, connection in ((Side.SOURCE, plan.source), (Side.DESTINATION, plan.destination)):
        if connection is None:
            continue
        if given and side in given:
            found[side] = given[side]
            continue
        settled, credential = await sign_in(connection, side, (files or {}).get(side))
        if settled.sign_in is not connection.sign_in:
            raise ProblemError.of(
                Cause.USAGE,
                f"The plan signs in to the {side} with {connection.sign_in}; given is {settled.sign_in}.",
                todo="Give the kind of secret that the plan was made with, or make the plan again.",
            )
        found[side] = credential
    return found
