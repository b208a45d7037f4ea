"""The commands. Each imports what it needs when it is called: --help and the wizard's first screen come at once."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from esmigrate_tui.cli.connections import connection_options, secret_options
from esmigrate_tui.model.carried import DefinitionGroup
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.copying import PipelineRule, TypeRule
from esmigrate_tui.model.files import FileFormat
from esmigrate_tui.model.method import MethodName, Proof
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.plan import MOST_RANGES
from esmigrate_tui.model.shipping import Shipper
from esmigrate_tui.wizard.environment import wants_lines

if TYPE_CHECKING:
    from collections.abc import Callable

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_TRY: Final = """
Exit codes: 0 done and verified (or ended by `enough`), 1 internal error, 2 usage, 3 finished but some documents failed
or are unverified, 4 authentication or privileges, 5 connection, 6 preflight blocked, 7 verification found differences,
8 the run is held by another process, 9 nothing to do, 10 the plan is stale, 11 what this machine keeps (a
journal, a file, a folder) cannot be read or written, 20 detached: the run goes on.
"""


class LateGroup(click.Group):
    """A group that has one subcommand from another room, imported only when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, the late one too."""
        return sorted([*super().list_commands(ctx), "sandbox"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name == "sandbox":
            from esmigrate_tui.sandbox.commands import sandbox  # noqa: PLC0415

            return sandbox
        return super().get_command(ctx, cmd_name)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  # click's callback
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version  # noqa: PLC0415

        click.echo(f"esmigrate {version('esmigrate-tui')}")
        ctx.exit()


@click.group(cls=LateGroup, invoke_without_command=True, context_settings=_CONTEXT, epilog=_TRY)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
@click.option("--plain", is_flag=True, help="The wizard as numbered questions and lines, without a screen.")
@click.pass_context
def main(ctx: click.Context, plain: bool) -> int:  # noqa: FBT001  # click's flag
    """Move data into a new Elasticsearch cluster, with proof that nothing was lost.

    Without a command the wizard opens. It leads through the choice of a method, both connections, the preflight, the
    selection, a review, the run and its verification. Nothing is written before you have confirmed the review.

    \b
    The same without a screen, in three commands:
      export ESMIGRATE_SOURCE_PASSWORD=… ESMIGRATE_DESTINATION_PASSWORD=…
      esmigrate plan reindex-from-remote --source https://elastic@old:9200 \\
          --destination https://elastic@new:9200 --index 'logs-*' -o move.toml
      esmigrate check move.toml
      esmigrate run move.toml

    `esmigrate plan restore-from-snapshot` needs the destination alone: the source may be gone.

    With --plain the same steps are numbered questions, one at a time: for screen readers, for terminals that can only
    show lines (TERM=dumb, where it comes by itself), and for answers through a pipe, each a line. ? explains, b goes
    back, q leaves. While the run goes on, p pauses it, r lets it go on, s stops it, l leaves it running.

    A run lives in a process of its own: closing this terminal does not stop it.
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    if ctx.invoked_subcommand is not None:
        if plain:
            msg = "--plain is for the wizard, which opens without a command. For a run: esmigrate attach RUN --plain"
            raise click.UsageError(msg)
        return ExitCode.DONE
    from esmigrate_tui.cli.wiring import open_wizard  # noqa: PLC0415

    return open_wizard(in_lines=plain)


@main.group()
def plan() -> None:
    """Make a plan: a file that says everything a run will do, to be read, kept and run."""


_MOVING: Final = (
    connection_options(Side.SOURCE),
    connection_options(Side.DESTINATION),
    click.option(
        "--index",
        "patterns",
        multiple=True,
        required=True,
        metavar="PATTERN",
        help="Index to move; * ? [ ] match many.",
    ),
    click.option("--exclude", "excluded", multiple=True, metavar="PATTERN", help="Index to leave out of those."),
    click.option("--hidden", is_flag=True, help="Let patterns match hidden and internal indices too."),
    click.option("--rename", multiple=True, metavar="OLD=NEW", help="Another name on the destination."),
    click.option(
        "--at-once", default=2, show_default=True, type=click.IntRange(1, 32), help="Indices at the same time."
    ),
    click.option(
        "--batch", default=0, type=click.IntRange(0, 10_000), help="Documents a request; 0: found from their size."
    ),
    click.option(
        "--pace", default=0.0, type=click.FloatRange(0), help="Documents a second and index at most; 0: no limit."
    ),
    click.option(
        "--verify",
        type=click.Choice([one.value for one in Proof]),
        help="By what it is proved that nothing was lost: the numbers of both sides, also 20 documents of each index "
        "taken by chance, or every document. Else samples where bytes are kept (copy-through-here), and counts.",
    ),
    click.option(
        "--with",
        "bring",
        multiple=True,
        type=click.Choice([group.value for group in DefinitionGroup]),
        help="Also bring over these, in the words of the newer version: made at the end, once every index is there. "
        "What has the name on the destination stays as it is. May be given several times.",
    ),
    click.option(
        "--accept", multiple=True, metavar="CHECK", help="Accept the findings of this check; kept in the report."
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        default="-",
        help="The file.",
    ),
    click.option("--force", is_flag=True, help="Overwrite the file."),
)
"""The options of a plan that moves indices document by document, in the order of its help."""


def _moving_options(command: Callable[..., int]) -> Callable[..., int]:
    """The command with those options."""
    for option in reversed(_MOVING):
        command = option(command)
    return command


@plan.command("reindex-from-remote")
@_moving_options
@click.option(
    "--split",
    default=0,
    type=click.IntRange(0, MOST_RANGES),
    help="Server tasks for each index; 1: one; 0: up to 4 for a large index.",
)
@click.option("--split-by", default="", metavar="FIELD", help="The date or whole number that divides it among them.")
def plan_reindex(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """The destination pulls each index from the source, document by document.

    An index of 100 000 documents or more, or of 2 GiB, is read by several server tasks, each a range of one field:
    @timestamp, another date, a whole number, or the number that the source itself gives each change. Documents without
    a value are in the last range. Each task holds a search open on every shard of the source, so no more than 8 go on
    at the same time, unless --split asks for them; with --pace there is one for each index.

    Both sides are counted in the end. With --verify everything, each document is then read once more on both sides and
    compared by value: a remote reindex writes documents anew, and 1.10 becomes 1.1. What differs is named by its _id,
    also where only digits were lost that no double can hold; the run then ends with 7.

    --with templates, pipelines or policies also brings over what stands beside the indices. The plan has each as it
    will be made, to be read and corrected. One that is refused ends nothing: the run says so, and ends with 3.
    """
    from esmigrate_tui.cli.headless import make_plan  # noqa: PLC0415

    return asyncio.run(make_plan(options, MethodName.REINDEX_FROM_REMOTE))


@plan.command("copy-through-here")
@_moving_options
@click.option(
    "--pipelines",
    type=click.Choice([one.value for one in PipelineRule]),
    default=PipelineRule.OFF.value,
    show_default=True,
    help="Ingest pipelines that the destination's indices have: off passes them by, respected lets them change what is "
    "copied.",
)
@click.option(
    "--versions",
    is_flag=True,
    help="Keep each document's version number. One with a lower version that is there already is replaced.",
)
@click.option(
    "--types",
    type=click.Choice([one.value for one in TypeRule]),
    default=TypeRule.MERGED.value,
    show_default=True,
    help="Indices of 5.x and older that have several types: merged into one, or apart, each type as INDEX-TYPE.",
)
@click.option("--only-type", metavar="TYPE", help="Copy only documents of this mapping type.")
@click.option(
    "--into-existing",
    is_flag=True,
    help="Add to an index or data stream of the destination that has the name; else that is refused.",
)
def plan_copy(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Each document passes through this machine, byte for byte; neither cluster has to reach the other.

    \b
      esmigrate plan copy-through-here --source https://elastic@old:9200 \\
          --destination https://elastic@new:9200 --index 'logs-*' -o copy.toml

    Nothing on the destination is overwritten: a document whose _id is taken is counted, and stays behind. The
    documents went through ingest pipelines when they were new, so those of the destination are passed by. A final
    pipeline, which no request can pass by, is switched off in an index that the run makes, and put back at its end.

    With --versions a document is written where there is none with its _id, or one with a lower version, which it
    replaces: so a second copy, with --into-existing, brings what has changed on the source since. Deletions are not
    carried over. No version from outside goes with the action create, so none can be kept in a data stream; and types
    that may share an _id are not merged with it.

    --with templates, pipelines or policies also brings over what stands beside the indices. The plan has each as it
    will be made, to be read and corrected. One that is refused ends nothing: the run says so, and ends with 3.

    Of types merged into one index, a document whose _id another type has taken is refused and counted. A _parent
    becomes the routing; the relation itself has to be given by a join field afterwards.

    Both sides are counted in the end, and some documents are compared byte for byte; with --verify everything, all of
    them are. That reads both sides once more, and names by its _id what is missing, extra or different; the run then
    ends with 7.

    A data stream takes documents with an @timestamp, and no routing. It looks for an _id in its newest index alone:
    what is in an older one is not found there, and would be doubled.
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    from esmigrate_tui.cli.headless import make_plan  # noqa: PLC0415

    return asyncio.run(make_plan(options, MethodName.COPY_THROUGH_HERE))


@plan.command("index-from-source")
@connection_options(Side.DESTINATION)
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="GLOB",
    help="File to index; * ? [ ] ** match many; - reads.",
)
@click.option(
    "--into", "--index", "into", required=True, metavar="INDEX", help="The index; made where it is not there yet."
)
@click.option(
    "--shipper",
    type=click.Choice([shipper.value for shipper in Shipper]),
    help="Instead of files: who sends the documents. Its configuration is written; the run watches what arrives.",
)
@click.option(
    "--expected", type=click.IntRange(1), metavar="N", help="Documents it will send; the run then ends itself."
)
@click.option(
    "--configuration",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="File for the configuration of the sender; else it is printed.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in FileFormat]),
    help="What the files are; else each is judged by its first bytes. Packed ones (gzip, bzip2, xz, zstd) are "
    "unpacked.",
)
@click.option(
    "--from-index",
    default="",
    metavar="NAME",
    help="Of dumps, bulks and hits of several indices: the one to read (* ? match many), others are passed over.",
)
@click.option("--id-field", metavar="FIELD", help="Take the _id from this column, or from this field (a.b).")
@click.option("--id-hash", is_flag=True, help="The _id is a hash of the row: a second run doubles nothing.")
@click.option("--id-server", is_flag=True, help="A new _id for each row, even where the file has its own.")
@click.option("--delimiter", default="", metavar="CHAR", help="What separates cells; 'tab' is one.")
@click.option("--no-header", is_flag=True, help="The first row of the table is data: columns are called col1, col2, …")
@click.option("--columns", default="", metavar="NAME,NAME", help="What the columns are called; says --no-header too.")
@click.option("--encoding", default="", metavar="NAME", help="Of all files: utf-8, latin-1, cp1252, utf-16, …")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the index's mapping as JSON, or with its settings too; else guessed from the first rows, or by "
    "the destination.",
)
@click.option(
    "--pipeline",
    default="",
    metavar="NAME",
    help="Ingest pipeline of the destination to go through; _none for none, not even the index's own default.",
)
@click.option(
    "--batch", default=0, type=click.IntRange(0, 10_000), help="Documents a request; 0: found from their size."
)
@click.option("--pace", default=0.0, type=click.FloatRange(0), help="Documents a second at most; 0: no limit.")
@click.option("--accept", multiple=True, metavar="CHECK", help="Accept the findings of this check; kept in the report.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-", help="The file."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
def plan_files(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Files on this machine, or what other programs send, become documents; no old cluster is needed.

    \b
      esmigrate plan index-from-source --destination https://elastic@new:9200 \\
          --file 'export/orders-*.csv.gz' --into orders --id-field order_id -o orders.toml

    The first rows are shown as they will be sent, with the types that were guessed: correct these in the plan's
    mapping before it is run. What comes from standard input (-) is kept in a file beside the plan, so that a run can
    be taken up.

    \b
      esmigrate plan index-from-source --destination https://elastic@new:9200 \\
          --shipper logstash --into orders --mapping orders.json --expected 120000 \\
          -o orders.toml --configuration esmigrate-output.conf

    Others send then: the run makes the index with your mapping, before anything can be guessed, and counts what
    arrives. It ends when the expected number is there, or when you say so with `esmigrate enough`. The configuration
    names the secret of the destination by a keystore or an environment variable, and never holds it.
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    if bool(options["files"]) is bool(options["shipper"]):
        msg = "Give either --file, to index files, or --shipper, to watch what others send."
        raise click.UsageError(msg)
    if options["shipper"]:
        from esmigrate_tui.cli.commands.plan_shipping import make_shipping_plan  # noqa: PLC0415

        return asyncio.run(make_shipping_plan(options))
    if options["expected"] is not None or options["configuration"] is not None:
        msg = "--expected and --configuration belong to --shipper."
        raise click.UsageError(msg)
    from esmigrate_tui.cli.commands.plan_index import make_file_plan  # noqa: PLC0415

    return asyncio.run(make_file_plan(options))


@plan.command("restore-from-snapshot")
@connection_options(Side.DESTINATION)
@connection_options(Side.SOURCE, required=False)
@click.option("--repository", required=True, metavar="NAME", help="The snapshot repository, as the clusters call it.")
@click.option("--snapshot", required=True, metavar="NAME", help="The snapshot; 'latest' is the newest SUCCESS.")
@click.option(
    "--index", "patterns", multiple=True, metavar="PATTERN", help="Index or data stream to restore; * ? [ ] match many."
)
@click.option("--exclude", "excluded", multiple=True, metavar="PATTERN", help="Index to leave out of those.")
@click.option("--hidden", is_flag=True, help="Let patterns match internal indices too.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="Another name on the destination.")
@click.option("--rename-pattern", metavar="REGEX", help="Rename every index in which this is found, as Java reads it.")
@click.option("--rename-replacement", metavar="TEXT", help="What that becomes; $1 is the first group.")
@click.option("--feature-state", multiple=True, metavar="NAME", help="State of a feature as well: kibana, security, …")
@click.option("--no-aliases", is_flag=True, help="Leave the aliases out.")
@click.option("--global-state", is_flag=True, help="Overwrite the destination's settings and templates as well.")
@click.option("--partial", is_flag=True, help="Restore also what lacks shards; those are empty then.")
@click.option("--set", multiple=True, metavar="KEY=VALUE", help="Index setting that wins over the snapshot's own.")
@click.option("--ignore-setting", multiple=True, metavar="KEY", help="Index setting to leave out.")
@click.option("--close", multiple=True, metavar="NAME", help="Index of the destination to close and overwrite.")
@click.option("--delete", multiple=True, metavar="NAME", help="Index of the destination to delete first.")
@click.option(
    "--register", metavar="TYPE", help="Register the repository on the destination NOW: fs, url, s3, gcs, azure."
)
@click.option("--repository-setting", multiple=True, metavar="KEY=VALUE", help="Setting of that repository.")
@click.option("--register-from-source", is_flag=True, help="Register it NOW with the source's type and settings.")
@click.option("--writable", is_flag=True, help="Register it writable. Two clusters that write destroy a repository.")
@click.option("--remove-repository", is_flag=True, help="Take the registration away at the run's end.")
@click.option("--at-once", type=click.IntRange(1, 32), help="Indices at the same time; else the cluster decides.")
@click.option(
    "--verify",
    type=click.Choice([one.value for one in Proof]),
    default=Proof.SAMPLES.value,
    show_default=True,
    help="What is compared beside the shards, where a --source is given: the numbers of documents, also 20 of each "
    "index taken by chance, or every document.",
)
@click.option("--accept", multiple=True, metavar="CHECK", help="Accept the findings of this check; kept in the report.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-", help="The file."
)
@click.option("--force", is_flag=True, help="Overwrite the file.")
def plan_restore(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """The destination copies indices out of a snapshot; the source need not be there at all.

    \b
      esmigrate plan restore-from-snapshot --destination https://elastic@new:9200 \\
          --repository backups --snapshot latest --index 'logs-*' -o restore.toml

    Nothing is changed by this, unless --register or --register-from-source asks for it: a repository must be registered
    before anybody can look into it. `esmigrate cleanup` takes it away again.
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    from esmigrate_tui.cli.commands.plan_restore import make_restore_plan  # noqa: PLC0415

    return asyncio.run(make_restore_plan(options))


_PLAN_FILE = click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_ACCEPT = click.option(
    "--accept", multiple=True, metavar="CHECK", help="Accept the findings of this check; kept in the report."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_RUN = click.argument("run_id", metavar="RUN")


@main.command()
@connection_options(Side.SOURCE, required=False)
@connection_options(Side.DESTINATION)
@click.option("--index", "patterns", multiple=True, metavar="PATTERN", help="What would be moved; else every index.")
@_JSON
def advise(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Say of each method whether it is open between two clusters, why, how long it may take, and which to prefer.

    \b
      esmigrate advise --source https://elastic@old:9200 --destination https://elastic@new:9200

    Nothing is written on either cluster. An estimate is made of the servers' own limits and of a short read of the
    largest index; where it rests on figures that were measured elsewhere, it says so.
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    from esmigrate_tui.cli.commands.advise import give_advice  # noqa: PLC0415

    return asyncio.run(give_advice(options))


@main.command()
@_PLAN_FILE
@secret_options(Side.SOURCE)
@secret_options(Side.DESTINATION)
@_ACCEPT
@click.option(
    "--fix", multiple=True, metavar="CHECK", help="Make the change that puts this check's findings right, now."
)
@_JSON
def check(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Look at both clusters and say what stands in a plan's way; nothing is written. Exit code 6 when it is blocked.

    Each finding ends with the name of its check in brackets. --accept goes on all the same, and the report keeps it.
    --fix makes a change where a finding offers one: it is shown, written down before it is made, and put back by
    `esmigrate cleanup`; then everything is looked at again.
    """
    from esmigrate_tui.cli.headless import check_plan  # noqa: PLC0415

    return asyncio.run(check_plan(options))


@main.command("run")
@_PLAN_FILE
@secret_options(Side.SOURCE)
@secret_options(Side.DESTINATION)
@_ACCEPT
@_JSON
@click.option("--detach", is_flag=True, help="Start it and leave; it goes on by itself.")
@click.option(
    "--confirm",
    default="",
    metavar="NAME",
    help="Name of the destination's cluster: agree to overwrite what is there.",
)
def run_plan(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Check a plan, perform it, and verify what arrived. Ctrl+C leaves; the run goes on."""
    from esmigrate_tui.cli.headless import perform_plan  # noqa: PLC0415

    return asyncio.run(perform_plan(options))


@main.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@_JSON
def status(run_id: str | None, as_json: bool) -> int:  # noqa: FBT001  # click's flag
    """Every run on this machine, or one of them: how far it is, and whether a process holds it."""
    from esmigrate_tui.cli.runs import show_status  # noqa: PLC0415

    return asyncio.run(show_status(run_id, sys.stdout, as_json=as_json))


@main.command()
@_RUN
@_JSON
@click.option(
    "--plain", is_flag=True, help="Lines instead of the screen; letters typed meanwhile tell the run what to do."
)
def attach(run_id: str, as_json: bool, plain: bool) -> int:  # noqa: FBT001  # click's flags
    """Watch a run that is going on."""
    if as_json or plain or wants_lines(os.environ) or not sys.stdout.isatty() or not sys.stdin.isatty():
        from esmigrate_tui.cli.runs import watch  # noqa: PLC0415

        in_lines = plain or (wants_lines(os.environ) and sys.stdin.isatty())
        return asyncio.run(watch(run_id, as_json=as_json, in_lines=in_lines))
    from esmigrate_tui.cli.wiring import open_wizard  # noqa: PLC0415

    return open_wizard(follow=run_id)


@main.command()
@_RUN
def pause(run_id: str) -> int:
    """Hold a run; `esmigrate resume` lets it go on."""
    from esmigrate_tui.cli.runs import command_run  # noqa: PLC0415
    from esmigrate_tui.model.command import PauseRun  # noqa: PLC0415

    return asyncio.run(command_run(run_id, PauseRun()))


@main.command()
@_RUN
@secret_options(Side.SOURCE)
@secret_options(Side.DESTINATION)
@_JSON
@click.option(
    "--accept-fingerprint",
    "accepted",
    multiple=True,
    metavar="SIDE=SHA256",
    help="Trust this certificate of the source or the destination from now on, and no other: it was renewed.",
)
@click.option("--detach", is_flag=True, help="Start it and leave; it goes on by itself.")
def resume(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Let a paused run go on, or one whose process has ended, from the last position that was acknowledged.

    One that waits for you says what it needs: a secret that was changed, or a certificate that was renewed.
    """
    from esmigrate_tui.cli.runs import resume_run  # noqa: PLC0415

    return asyncio.run(resume_run(options))


@main.command()
@_RUN
@click.argument("documents_per_second", type=click.FloatRange(0))
def pace(run_id: str, documents_per_second: float) -> int:
    """Set how many documents a second each index may move; 0 for no limit."""
    from esmigrate_tui.cli.runs import command_run  # noqa: PLC0415
    from esmigrate_tui.model.command import SetPace  # noqa: PLC0415

    return asyncio.run(command_run(run_id, SetPace(requests_per_second=documents_per_second)))


@main.command()
@_RUN
def enough(run_id: str) -> int:
    """Say that what others have sent is all there is: it is counted once more, and the run ends.

    This is for a run that watches what arrives (`esmigrate plan index-from-source --shipper`). Where no number was
    expected, or less has arrived, the report says that the end is your word; the run's exit code is 0 all the same.
    """
    from esmigrate_tui.cli.runs import command_run  # noqa: PLC0415
    from esmigrate_tui.model.command import AcceptArrivals  # noqa: PLC0415

    return asyncio.run(command_run(run_id, AcceptArrivals()))


_YES = click.option("--yes", "confirmed", is_flag=True, help="Agree that a half restored index is deleted.")


@main.command()
@_RUN
@_YES
def stop(run_id: str, confirmed: bool) -> int:  # noqa: FBT001  # click's flag
    """End a run: what has arrived stays, settings are put back, and it can be resumed.

    A restore is ended by deleting what is half restored: it says so first, and wants a yes.
    """
    from esmigrate_tui.cli.runs import stop_run  # noqa: PLC0415

    return asyncio.run(stop_run(run_id, confirmed=confirmed))


@main.command()
@_RUN
@click.argument("index")
@_YES
def skip(run_id: str, index: str, confirmed: bool) -> int:  # noqa: FBT001  # click's flag
    """Leave one index out of a run that is going on; the others go on."""
    from esmigrate_tui.cli.runs import skip_task  # noqa: PLC0415

    return asyncio.run(skip_task(run_id, index, confirmed=confirmed))


@main.command()
@_RUN
@click.option(
    "--format", "kind", type=click.Choice(["text", "markdown", "html", "json"]), default="text", show_default=True
)
def report(run_id: str, kind: str) -> int:
    """What a run moved, how it was verified, and what is left for you to do."""
    from esmigrate_tui.cli.runs import show_report  # noqa: PLC0415

    return asyncio.run(show_report(run_id, kind, sys.stdout))


@main.command()
@_RUN
@secret_options(Side.SOURCE)
@secret_options(Side.DESTINATION)
def cleanup(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Put back what a run changed on the clusters and could not put back itself; say what is left for you.

    Also after a crash: each change is written down with its inverse before it is made. What no request can put back
    (reindex.remote.whitelist, lifecycles that you stopped, the old cluster) is listed with text to copy. It ends with
    3 where something could not be put back.
    """
    from esmigrate_tui.cli.runs import clean_up  # noqa: PLC0415

    return asyncio.run(clean_up(options))


@main.command()
@connection_options(Side.SOURCE)
@connection_options(Side.DESTINATION)
@click.option("--index", required=True, metavar="NAME", help="The index on the destination; on both where no other.")
@click.option("--source-index", default="", metavar="NAME", help="Its name on the source, where that is another.")
@click.option(
    "--compare",
    type=click.Choice(["auto", "bytes", "values"]),
    default="auto",
    show_default=True,
    help="Documents byte for byte, or by what they mean, layout aside; auto: by bytes where some are equal so.",
)
@click.option("--pace", default=0.0, type=click.FloatRange(0), help="Documents a second of both sides; 0: no limit.")
@click.option("--again", is_flag=True, help="Begin anew, also where an earlier look was broken off.")
@_JSON
def verify(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Compare every document of two indices, and name what is missing, extra or different. Nothing is changed.

    Both sides are read once; where they differ, the documents behind it are read again and named. Broken off, it goes
    on from there when it is started again. A remote reindex writes documents anew (1.10 becomes 1.1): what is
    compared is then the values. Ends with 7 where something differs.

    \b
      esmigrate verify --source https://elastic@old:9200 --destination https://elastic@new:9200 --index orders
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    from esmigrate_tui.cli.commands.verify import verify as compare  # noqa: PLC0415

    return asyncio.run(compare(options))


@main.command("carry")
@connection_options(Side.SOURCE)
@connection_options(Side.DESTINATION)
@click.option("--templates", is_flag=True, help="Index templates, legacy and new, and their components.")
@click.option("--pipelines", is_flag=True, help="Ingest pipelines.")
@click.option("--policies", is_flag=True, help="Lifecycle policies of indices.")
@click.option("--name", "names", multiple=True, metavar="PATTERN", help="Only those of this name; * ? [ ] match many.")
@click.option("--make", is_flag=True, help="Make them. Without it they are shown, and nothing is changed.")
@_JSON
def carry_over(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Carry over what stands beside the indices, in the words of the destination's version.

    Each is shown with what would be otherwise and with what the destination has of that name: + would be made, = is
    there already, ! stays as it is. Nothing is ever written over; `esmigrate cleanup` takes away what was made. What
    Elastic's own programs look after is left to them. A plan does the same at the end of its run: `esmigrate plan …
    --with templates`.

    \b
      esmigrate carry --source https://elastic@old:9200 --destination https://elastic@new:9200 \\
          --templates --pipelines --name 'logs-*'
    """  # noqa: D301  # \b is click's own mark for text that keeps its lines
    from esmigrate_tui.cli.commands.carry import carry  # noqa: PLC0415

    return asyncio.run(carry(options))


@main.command("snapshots")
@connection_options(Side.DESTINATION, required=False)
@connection_options(Side.SOURCE, required=False)
@click.option("--repository", default="", metavar="NAME", help="List what is in this one; else list the repositories.")
@_JSON
def list_snapshots(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """The repositories that a cluster knows, or the snapshots in one of them, the newest first. Nothing is changed."""
    from esmigrate_tui.cli.commands.snapshot import list_them  # noqa: PLC0415

    return asyncio.run(list_them(options))


@main.command("snapshot")
@connection_options(Side.SOURCE)
@click.option("--repository", required=True, metavar="NAME", help="A repository that the source may write to.")
@click.option("--name", required=True, metavar="NAME", help="What the new snapshot is to be called; lower case.")
@click.option("--index", "patterns", multiple=True, metavar="PATTERN", help="Index or data stream; * ? [ ] match many.")
@click.option("--exclude", "excluded", multiple=True, metavar="PATTERN", help="Index to leave out of those.")
@click.option("--hidden", is_flag=True, help="Let patterns match hidden and internal indices too.")
@click.option("--feature-state", multiple=True, metavar="NAME", help="State of a feature as well: kibana, security, …")
@click.option("--global-state", is_flag=True, help="Settings and templates of the cluster as well.")
@click.option("--wait", is_flag=True, help="Follow it to its end.")
def take_snapshot(**options: Any) -> int:  # noqa: ANN401  # click hands over what it parsed
    """Take a snapshot on the source, to be restored on the destination. Ctrl+C leaves; it goes on by itself."""
    from esmigrate_tui.cli.commands.snapshot import take  # noqa: PLC0415

    return asyncio.run(take(options))


@main.group()
def credentials() -> None:
    """What the keyring of this machine can do, and what it keeps for esmigrate."""


@credentials.command("status")
def credentials_status() -> int:
    """Say where a secret would be kept."""
    from esmigrate_tui.cli.commands.credentials import print_state  # noqa: PLC0415

    return asyncio.run(print_state())


@credentials.command("save")
@click.argument("url")
@click.option("--api-key", is_flag=True, help="It is an API key, not a password.")
def credentials_save(url: str, api_key: bool) -> int:  # noqa: FBT001  # click's flag
    """Ask for a cluster's secret without showing it, and keep it in the keyring."""
    from esmigrate_tui.cli.commands.credentials import save  # noqa: PLC0415

    return asyncio.run(save(url, api_key=api_key))


@credentials.command("forget")
@click.argument("url")
@click.option("--api-key", is_flag=True, help="It is an API key, not a password.")
def credentials_forget(url: str, api_key: bool) -> int:  # noqa: FBT001  # click's flag
    """Remove a cluster's secret from the keyring."""
    from esmigrate_tui.cli.commands.credentials import forget  # noqa: PLC0415

    return asyncio.run(forget(url, api_key=api_key))


@main.command()
@click.option(
    "--size", default=2_000, show_default=True, type=click.IntRange(1), help="Documents in the largest index."
)
@click.option("--source-version", default="6.8.23", show_default=True, help="Version of the old cluster.")
@click.option("--destination-version", default="7.17.28", show_default=True, help="Version of the new cluster.")
@click.option("--headless", is_flag=True, help="Move everything at once instead of opening the wizard.")
@click.option("--tour", is_flag=True, help="Be led through the wizard: Enter presses the keys that each stop names.")
def demo(
    size: int,
    source_version: str,
    destination_version: str,
    headless: bool,  # noqa: FBT001  # click's flag
    tour: bool,  # noqa: FBT001  # click's flag
) -> int:
    """Start two real clusters with sample data on this machine, and migrate between them.

    The wizard opens with both connections filled in; with --tour it stops at each step, says what is to be seen, and
    names the keys that Enter then presses: two minutes, for showing it to others. Where there is no terminal,
    everything that can be chosen is moved and verified; the exit code is 0 only if that holds. Both clusters end with
    the command.
    """
    from esmigrate_tui.cli.commands.demo import demonstrate  # noqa: PLC0415

    is_headless = headless or not sys.stdin.isatty() or not sys.stdout.isatty()
    if tour and (is_headless or wants_lines(os.environ)):
        msg = "--tour shows the screen: it needs a terminal that has one, and excludes --headless."
        raise click.UsageError(msg)
    return demonstrate(size, source_version, destination_version, is_headless=is_headless, is_toured=tour)
