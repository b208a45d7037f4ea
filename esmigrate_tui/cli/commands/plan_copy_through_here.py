"""`esmigrate plan copy-through-here`."""

from __future__ import annotations

from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import CommandOption, command
from esmigrate_tui.cli.plans import MovingPlanOptions, make_moving_plan
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.method import MethodName


class _CopyPlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    moving: MovingPlanOptions
    pipelines: Annotated[
        PipelineRule,
        CommandOption(
            "Ingest pipelines that the destination's indices have: off bypasses them, respected lets them change "
            "what is copied."
        ),
    ] = PipelineRule.OFF
    versions: Annotated[
        bool,
        CommandOption(
            "Keep each document's version number. A document of the destination with a lower one is replaced."
        ),
    ] = False
    types: Annotated[
        TypeRule,
        CommandOption(
            "Indices of 5.x and older with several types: merged into one, or apart, each type as INDEX-TYPE."
        ),
    ] = TypeRule.MERGED
    only_type: Annotated[str, CommandOption("Copy only documents of this mapping type.", "TYPE")] = ""
    into_existing: Annotated[
        bool,
        CommandOption("Add to an index or data stream of the destination that has the name; else that is refused."),
    ] = False


@command("copy-through-here", _CopyPlanOptions)
async def plan_copy_through_here(options: _CopyPlanOptions) -> int:
    r"""Each document passes through this machine, byte for byte; neither cluster has to reach the other.

      esmigrate plan copy-through-here --source https://elastic@old:9200 \
          --destination https://elastic@new:9200 --index 'logs-*' -o copy.toml

    Nothing on the destination is overwritten: a document whose _id exists is counted, and not written. The documents
    went through ingest pipelines when they were new, so those of the destination are bypassed. A final pipeline, which
    no request can bypass, is switched off in an index that the run makes, and restored at its end.

    With --versions a document is written where there is none with its _id, or one with a lower version, which it
    replaces: so a second copy, with --into-existing, brings what has changed on the source since. Deletions are not
    carried over. No version from outside goes with the action create, so none can be kept in a data stream; and types
    that may share an _id are not merged with it.

    --with templates, pipelines or policies also carries over these. The plan has each as it will be made, to be read
    and corrected. One that is rejected does not end the run: it is reported, and the exit code is 3.

    Of types merged into one index, a document whose _id another type has already used is rejected and counted. A
    _parent becomes the routing; the relation itself has to be given by a join field afterwards.

    Both sides are counted in the end, and some documents are compared byte for byte; with --verify everything, all of
    them are. That reads both sides once more, and names by its _id what is missing, extra or different; the exit code
    is then 7.

    A data stream accepts documents with an @timestamp, and no routing. It looks for an _id in its newest index alone:
    a document in an older one is not found there, and would be duplicated.
    """
    if options.only_type and options.types is TypeRule.APART:
        msg = "--only-type and --types apart exclude one another: copy one type, or each into an index of its own."
        raise click.UsageError(msg)
    copying = CopyOptions(
        pipelines=options.pipelines,
        versions=options.versions,
        types=options.types,
        only_type=options.only_type,
        into_existing=options.into_existing,
    )
    return await make_moving_plan(options.moving, MethodName.COPY_THROUGH_HERE, copying=copying)
