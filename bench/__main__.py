"""`make bench`: every figure; `make bench ARGS=first-paint` for one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from bench import (
    comparing,
    first_paint,
    many_small,
    many_snapshots,
    memory,
    moving,
    one_small,
    plan_on_nodes,
    preflight,
    ten_thousand,
    wizard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FIGURES: Final[dict[str, Callable[[], str]]] = {
    "first-paint": first_paint.figure,
    "wizard": wizard.figure,
    "snapshots": many_snapshots.figure,
    "preflight": preflight.figure,
    "memory": memory.figure,
    "many-small": many_small.figure,
    "one-small": one_small.figure,
    "ten-thousand": ten_thousand.figure,
    "ten-thousand-on-nodes": plan_on_nodes.figure,
    "comparing": comparing.figure,
    "moving": moving.figure,
    "moving-to-newest": moving.newest,
    "moving-from-afar": moving.far_away,
}


def main() -> int:
    """Print the figures that were asked for, all without a name."""
    asked = sys.argv[1:] or [*FIGURES]
    unknown = [name for name in asked if name not in FIGURES]
    if unknown:
        print(f"There is no figure {unknown[0]}. There are: {', '.join(FIGURES)}.", file=sys.stderr)
        return 2
    for name in asked:
        print(FIGURES[name](), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
