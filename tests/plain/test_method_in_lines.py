"""Which way fits is said in lines where the method is chosen, once both clusters are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.model.connection import Credential, Side, SignIn
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from tests.pictures import sample_values as sample
from tests.plain.script import Script, in_order, lines_of, walked
from tests.wizard.world import SECRET

if TYPE_CHECKING:
    from tests.plain.script import Planning

BOTH = Draft(source=sample.OLD, destination=sample.NEW)
SECRETS = {
    Side.SOURCE: Credential(sign_in=SignIn.PASSWORD, user="elastic", secret=SECRET),
    Side.DESTINATION: Credential(sign_in=SignIn.API_KEY, secret=SECRET),
}
THERE_AND_BACK = ("reindex-from-remote", "", "", "b", "b")
"""To the checks with both clusters connected, and back to the first question."""


async def test_back_at_the_method_each_says_how_it_stands_between_the_two(world: Planning) -> None:
    script = Script(*THERE_AND_BACK, "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert len(world.advised) == 1
    assert in_order(script.told, ("Looking which way fits …", "How should the data", "1. Index from the source:"))
    (recommended,) = [line for line in lines_of(script, ": recommended, ") if line.startswith("  ")]
    assert "here." in recommended or "to be arranged." in recommended
    assert "Moving takes " in script.told
    assert "Number [2]: " in script.told.rpartition("Looking which way fits")[2]


async def test_it_is_not_looked_before_both_clusters_are_known(world: Planning) -> None:
    script = Script("q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert world.advised == []
    assert "Reindex from a remote cluster (needs source and destination)." in script.told


async def test_a_look_that_fails_keeps_nobody_from_choosing(world: Planning) -> None:
    world.troubles["advise"] = ProblemError(Problem(cause=Cause.CONNECTION, what="The line is cut.", todo="Mend it."))
    script = Script(*THERE_AND_BACK, "4", "q")
    _, flow = await walked(world, script, BOTH, credentials=SECRETS)
    assert lines_of(script, "Which way fits could not be found out: The line is cut.")
    assert str(flow.session.draft.method) == "copy-through-here"


async def test_the_page_of_the_method_says_who_speaks_to_whom(world: Planning) -> None:
    script = Script("?", "q")
    await walked(world, script, BOTH, credentials=SECRETS)
    assert lines_of(script, "Destination connects to source (9200 or 9243): fetches the documents.")
    assert lines_of(script, "Source and destination need not reach each other.")
    assert "──→" not in script.told
