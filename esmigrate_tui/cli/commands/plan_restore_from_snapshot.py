"""`esmigrate plan restore-from-snapshot`."""

from __future__ import annotations

from esmigrate_tui.cli.options import command
from esmigrate_tui.cli.restore_options import RestorePlanOptions


@command("restore-from-snapshot", RestorePlanOptions)
async def plan_restore_from_snapshot(options: RestorePlanOptions) -> int:
    r"""The destination copies indices out of a snapshot; the source may be unreachable.

      esmigrate plan restore-from-snapshot --destination https://elastic@new:9200 \
          --repository backups --snapshot latest --index 'logs-*' -o restore.toml

    Nothing is changed by this, unless --register or --register-from-source asks for it: a repository must be registered
    before its snapshots can be listed. `esmigrate cleanup` removes the registration.
    """
    from esmigrate_tui.cli.restore_plans import make_restore_plan

    return await make_restore_plan(options)
