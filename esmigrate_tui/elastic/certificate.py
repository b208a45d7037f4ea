"""The certificate that a server shows, before anything is known of it."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from esmigrate_tui.elastic.silence import explain_silence
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.model.connection import Endpoint


async def presented_fingerprint(
    endpoint: Endpoint,
    *,
    timeout: float = 5.0,  # noqa: ASYNC109  # of the handshake
) -> str:
    """The SHA-256 of the certificate that a server shows, as 64 lower-case digits; nothing is verified or sent.

    Raises ProblemError where no certificate was shown.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise ProblemError(explain_silence(error, endpoint, "GET")) from None
    try:
        shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
    return hashlib.sha256(shown).hexdigest()
