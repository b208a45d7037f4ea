"""A method as everything but its mover sees it: a value, written once beside the mover and cheap to import."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.methods.advice import AdviceInput, MethodAdvice
    from esmigrate_tui.methods.contract import Mover
    from esmigrate_tui.model.draft import Draft
    from esmigrate_tui.model.ledger import Request
    from esmigrate_tui.model.method import MethodName
    from esmigrate_tui.model.plan import Plan

PORTS: Final = "9200 or 9243"


class Connects(NamedTuple):
    """Who opens a connection to whom, for what, and over which ports; over none, they need not reach each other."""

    who: str
    whom: str
    what: str
    over: str = PORTS


def late(place: str) -> Callable[..., Any]:
    """What stands at `module:name`, loaded when it is called: importing a description costs next to nothing."""

    def call(*arguments: Any) -> Any:  # noqa: ANN401  # those of what stands there
        return resolve_name(place)(*arguments)

    return call


def _never(here: AdviceInput, advice: MethodAdvice) -> str:  # noqa: ARG001  # as `preferred`
    return ""


@dataclass(frozen=True, kw_only=True)
class MethodDescription:
    """What wizard, plain mode, command line, help, preflight and engine know of a method.

    `needs_source` says that it cannot work without a source cluster, `takes_source` that one is asked for at all.
    `summary` are two lines of at most 75 characters, `when` says when to choose it, in a few sentences, `in_brief` the
    same in one or two, `left_behind` what it does not carry over. `connects` is who opens a connection to whom,
    `drawing` which way the documents go during a run ("" for none), `depends_on` what decides how long that takes.

    `chosen_in` are the steps of the wizard in which is chosen what is moved. `options` are groups of what else can be
    chosen, by the names that steps and command line know: `copying`, `split`, `bring`. `checks` are the preflight's,
    in the order of their findings. `command` is its line among the commands of
    `esmigrate plan`. `instead` is the method to offer where the destination cannot reach the source.

    `mover` makes what performs one run, `advise` judges the method for two clusters, `preferred` says why it is the one
    to prefer there, "" where it is not; of several, the one with the highest `rank` is. All three load what they need.
    """

    name: MethodName
    needs: str
    summary: tuple[str, ...]
    in_brief: str
    when: str
    left_behind: str
    connects: tuple[Connects, ...]
    depends_on: str
    chosen_in: tuple[str, ...]
    checks: tuple[str, ...]
    command: str
    mover: Callable[[], Mover]
    advise: Callable[[AdviceInput], MethodAdvice]
    rank: int = 0
    preferred: Callable[[AdviceInput, MethodAdvice], str] = _never
    options: tuple[str, ...] = ()
    drawing: str = ""
    needs_source: bool = True
    takes_source: bool = True
    instead: MethodName | None = None

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return self.name.traits.title

    @property
    def explained(self) -> str:
        """When to choose it, and what it leaves behind."""
        return f"{self.when} {self.left_behind}"

    def plan(self, draft: Draft, made_at: str) -> Plan:
        """The plan of a draft, made at an ISO 8601 moment in UTC. Raises ProblemError (usage) where it is not ready."""
        return self.mover().plan(draft, made_at)

    def steps(self, plan: Plan) -> tuple[str, ...]:
        """What a run of the plan does, in order, in words."""
        return self.mover().steps(plan)

    def requests(self, plan: Plan) -> tuple[Request, ...]:
        """The requests to the destination for the plan's first task, every secret as dots."""
        return self.mover().requests(plan)


ON_THE_DESTINATION: Final = (
    "versions",
    "same-cluster",
    "plain-text",
    "unverified-certificate",
    "clocks",
    "destination-health",
    "destination-blocks",
    "room",
    "shard-limit",
    "largest-shard",
    "refusing-indices",
    "pending-tasks",
    "copies-unplaced",
)
"""Checks that hold for every method."""

OF_DOCUMENTS: Final = (
    *ON_THE_DESTINATION,
    "privileges",
    "carrying-privileges",
    "hidden-documents",
    "existing-names",
    "shared-aliases",
    "readable",
    "source-kept",
    "reading-blocked",
    "passed-over",
    "altered-sources",
    "colliding-ids",
    "several-types",
    "refresh-switched-off",
    "still-written",
    "definitions-accepted",
    "lacking-parts",
    "field-limits",
    "template-settings",
    "template-effects",
    "licence-features",
    "internal-indices",
    "hidden-indices",
    "stream-templates",
)
"""Those and the checks of every method that reads documents from a source."""
