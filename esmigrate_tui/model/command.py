"""Commands to a run: a screen writes them into the journal, the process of the run follows them."""

from __future__ import annotations

import msgspec


class PauseRun(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Hold everything, so that it can go on later."""


class ResumeRun(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """Go on after a pause."""


class SetPace(msgspec.Struct, frozen=True, kw_only=True, tag="pace"):
    """Set the throttle, in documents a second and task; 0 for none."""

    requests_per_second: float


class SkipTask(msgspec.Struct, frozen=True, kw_only=True, tag="skip"):
    """Leave one task out: a running one is stopped. What has arrived stays, but a partially restored index does not."""

    task: int


class AcceptArrivals(msgspec.Struct, frozen=True, kw_only=True, tag="enough"):
    """What others have sent until now is all there is: count it, and end well."""


class StopRun(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End the whole run: server-side work is cancelled, the ledger settled."""


Command = PauseRun | ResumeRun | SetPace | SkipTask | AcceptArrivals | StopRun
