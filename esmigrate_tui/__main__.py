"""`python -m esmigrate_tui`, and the command `esmigrate`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end with its exit code."""
    from esmigrate_tui.cli import run  # noqa: PLC0415  # nothing is imported before it is known that it is run

    sys.exit(run())


if __name__ == "__main__":
    main()
