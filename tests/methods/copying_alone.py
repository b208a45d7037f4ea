"""One copy in a process of its own, which tells how much memory it had at most: `test_copy_memory` starts it.

Standard input says which nodes and which index; standard output gets the peak in bytes and the documents settled.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from esmigrate_tui.elastic.cluster import Clusters
from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.methods.contract import Work
from esmigrate_tui.methods.copy_through_here.mover import CopyThroughHere
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.plan import Plan, Task


def peak() -> int:
    """The most memory that this program had, in bytes; getrusage would tell that of whoever started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(kilobytes) * 1024


async def main() -> None:
    """Copy, and tell."""
    told = json.load(sys.stdin)
    ends = []
    for side in ("source", "destination"):
        endpoint, _ = parse_address(told[side]["url"])
        kind = SignIn.PASSWORD if told[side]["user"] else SignIn.NONE
        connection = Connection(endpoint=endpoint, sign_in=kind, user=told[side]["user"])
        credential = Credential(sign_in=kind, user=told[side]["user"], secret=told[side]["password"])
        ends.append((connection, await connect(connection, credential)))
    (source, old), (destination, new) = ends
    task = Task(number=1, source_index=told["index"], destination_index=told["index"], create="{}", documents=100_000)
    plan = Plan(
        method=MethodName.COPY_THROUGH_HERE,
        made_at="2026-01-01T00:00:00Z",
        source=source,
        destination=destination,
        destination_uuid="u",
        destination_version="7.17.28",
        tasks=(task,),
    )
    work = Work(task=task, plan=plan, opaque_id="esmigrate-alone-1", requests_per_second=0.0)
    done = 0
    async for moved in CopyThroughHere().perform(work, Clusters(destination=new, source=old), ""):
        done = moved.done
        await asyncio.sleep(0.05)
    await old.close()
    await new.close()
    print(json.dumps({"peak": peak(), "done": done}))  # noqa: T201  # its output is the point


if __name__ == "__main__":
    asyncio.run(main())
