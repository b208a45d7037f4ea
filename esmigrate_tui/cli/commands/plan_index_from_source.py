"""`esmigrate plan index-from-source`: files of this machine, or documents that another program sends."""

from __future__ import annotations

import click

from esmigrate_tui.cli.index_options import IndexPlanOptions
from esmigrate_tui.cli.options import command


@command("index-from-source", IndexPlanOptions)
async def plan_index_from_source(options: IndexPlanOptions) -> int:
    r"""Files on this machine, or what other programs send, become documents; no source cluster is needed.

      esmigrate plan index-from-source --destination https://elastic@new:9200 \
          --file 'export/orders-*.csv.gz' --into orders --id-field order_id -o orders.toml

    The first rows are shown as they will be sent, with the types that were guessed: correct these in the plan's
    mapping before it is run. What comes from standard input (-) is kept in a file beside the plan, so that a run can
    be resumed.

      esmigrate plan index-from-source --destination https://elastic@new:9200 \
          --shipper logstash --into orders --mapping orders.json --expected 120000 \
          -o orders.toml --configuration esmigrate-output.conf

    Here another program sends: the run makes the index with your mapping, before anything can be guessed, and counts
    what arrives. It ends when the expected number has arrived, or with `esmigrate enough`. The configuration names the
    secret of the destination by a keystore or an environment variable, and never holds it.
    """
    if bool(options.files) is (options.shipper is not None):
        msg = "Give either --file, to index files, or --shipper, to count what others send."
        raise click.UsageError(msg)
    if options.shipper is not None:
        from esmigrate_tui.cli.index_plans import make_shipping_plan
        from esmigrate_tui.model.shipping import ShippingOptions

        return await make_shipping_plan(options, ShippingOptions(shipper=options.shipper, expected=options.expected))
    if options.expected is not None or options.configuration is not None:
        msg = "--expected and --configuration belong to --shipper."
        raise click.UsageError(msg)
    from esmigrate_tui.cli.index_plans import make_file_plan

    return await make_file_plan(options)
