"""Changes of one cluster, each of which counts as made only when the cluster, or its state, says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from esmigrate_tui.elastic.acknowledged import UNSURE, is_so, says_so, stands, unsaid, value_of
from esmigrate_tui.elastic.paths import READING, exact_name, must_be_narrow, unsafe
from esmigrate_tui.elastic.responses.indices import create_request
from esmigrate_tui.elastic.wire import SLOW, WireRequest
from esmigrate_tui.model.ledger import Request
from esmigrate_tui.model.problem import ProblemError

if TYPE_CHECKING:
    from esmigrate_tui.elastic.indices import Indices

# A POST to one of these only reads.
_READS: Final = ("/_search", "/_count", "/_msearch", "/_refresh", "/_pit", "/_has_privileges", "/_field_caps")


class Changes:
    """What is changed on one cluster, request by request."""

    def __init__(self, indices: Indices) -> None:
        self._wire = indices.wire
        self._indices = indices

    async def make(self, request: Request) -> Any:  # noqa: ANN401  # any JSON
        """Make a change; the decoded response, None where the state alone says that it was made.

        It counts as made when its response says so, else when the state does. Raises ProblemError otherwise:
        unknown-outcome where neither does.
        """
        must_be_narrow(request)
        path = "/" + request.path.lstrip("/")
        try:
            return await self._made(request, path)
        finally:
            self._indices.forget(request.index)

    async def _made(self, request: Request, path: str) -> Any:  # noqa: ANN401  # any JSON
        try:
            response = await self._wire.request(
                WireRequest(
                    request.method,
                    path,
                    request.body or None,
                    timeout=SLOW,
                    is_ndjson=request.segments[-1] == "_bulk",
                    changes=True,
                )
            )
        except ProblemError as error:
            if error.problem.cause in UNSURE and await self._is_seen(request):
                return None
            raise
        result = value_of(response.body)
        if says_so(request, result):
            return result
        if await self._is_seen(request):
            return None
        raise ProblemError(unsaid(self._wire.place, response.body))

    async def _is_seen(self, request: Request) -> bool:
        """Whether the state shows that a request was obeyed whose response did not say so."""
        try:
            return await is_so(self._indices, request) is True
        except ProblemError:
            return False

    async def is_so(self, request: Request) -> bool | None:
        """Whether the state is the one that a change wants, by whatever it came; None where that cannot be known."""
        return await is_so(self._indices, request)

    async def stands(self, request: Request) -> bool:
        """Whether what a change would make, and never over another, exists already; raises ProblemError."""
        return await stands(self._indices, request)

    async def perform(self, request: Request) -> Any:  # noqa: ANN401  # any JSON
        """A request as it is; the decoded response, None where it was empty: it says nothing of whether that was done.

        Raises ProblemError (usage), before anything is sent, for one that would change more than it names.
        """
        must_be_narrow(request)
        path = "/" + request.path.lstrip("/")
        is_bulk = path.partition("?")[0].endswith(("/_bulk", "/_msearch"))
        changes = request.method not in READING and not path.partition("?")[0].endswith(_READS)
        body = request.body or None
        sent = WireRequest(request.method, path, body, timeout=SLOW, is_ndjson=is_bulk, changes=changes)
        response = await self._wire.request(sent)
        return self._wire.decode(response, object) if response.body.strip() else None

    async def create_index(self, name: str, body: str) -> None:
        """Make one index; `body` is JSON without types, which 6.x and older are given as they want it."""
        query, fitted = create_request(body, await self._wire.features())
        await self.make(Request(method="PUT", path=f"/{exact_name(name)}{query}", body=fitted))

    async def delete_index(self, name: str) -> None:
        """Delete exactly one index; never a pattern, a list or an alias."""
        path = f"/{exact_name(name)}"
        if (
            not (await self._wire.features()).protects_from_aliases
            and (await self._indices.existing([name])).get(name) == "alias"
        ):
            # Before 6.0 the name of an alias deletes every index behind it.
            raise unsafe(name, "it is an alias")
        await self.make(Request(method="DELETE", path=path))

    async def put_settings(self, name: str, body: str) -> None:
        """Change settings of one index; null restores its default."""
        await self.make(Request(method="PUT", path=f"/{exact_name(name)}/_settings", body=body))
