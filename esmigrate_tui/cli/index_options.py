"""What a plan needs that fills one index: from files, or from what another program sends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import Batch, DestinationOptions, PlanOutput
from esmigrate_tui.model.files import FileFormat
from esmigrate_tui.model.shipping import Shipper


class IndexPlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the documents come from, how files are read, and the index they go into."""

    destination: DestinationOptions
    files: Annotated[
        tuple[str, ...],
        click.option(
            "--file",
            "files",
            multiple=True,
            metavar="GLOB",
            help="File to index; * ? [ ] ** match many; - reads standard input.",
        ),
    ]
    into: Annotated[
        str,
        click.option(
            "--into", "--index", "into", required=True, metavar="INDEX", help="The index; made where it does not exist."
        ),
    ]
    shipper: Annotated[
        Shipper | None,
        click.option(
            "--shipper",
            type=click.Choice([shipper.value for shipper in Shipper]),
            help="Instead of files: what sends the documents. Its configuration is written; the run counts arrivals.",
        ),
    ]
    expected: Annotated[
        int | None,
        click.option(
            "--expected",
            type=click.IntRange(1),
            metavar="N",
            help="Documents it will send; the run then ends by itself.",
        ),
    ]
    configuration: Annotated[
        Path | None,
        click.option(
            "--configuration",
            type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
            help="File for the configuration of the sender; else it is printed.",
        ),
    ]
    kind: Annotated[
        FileFormat | None,
        click.option(
            "--format",
            "kind",
            type=click.Choice([kind.value for kind in FileFormat]),
            help="The format of the files; else each is recognised by its first bytes. Compressed ones (gzip, bzip2, "
            "xz, zstd) are decompressed.",
        ),
    ]
    from_index: Annotated[
        str,
        click.option(
            "--from-index",
            default="",
            metavar="NAME",
            help="Of dumps, bulks and hits of several indices: the one to read (* ? match many), others are skipped.",
        ),
    ]
    id_field: Annotated[
        str,
        click.option(
            "--id-field", default="", metavar="FIELD", help="Take the _id from this column, or from this field (a.b)."
        ),
    ]
    id_hash: Annotated[
        bool,
        click.option("--id-hash", is_flag=True, help="The _id is a hash of the row: a second run duplicates nothing."),
    ]
    id_server: Annotated[
        bool, click.option("--id-server", is_flag=True, help="A new _id for each row, even where the file has its own.")
    ]
    delimiter: Annotated[
        str, click.option("--delimiter", default="", metavar="CHAR", help="What separates cells; 'tab' is one.")
    ]
    no_header: Annotated[
        bool,
        click.option(
            "--no-header", is_flag=True, help="The first row of the table is data: columns are called col1, col2, …"
        ),
    ]
    columns: Annotated[
        str,
        click.option(
            "--columns", default="", metavar="NAME,NAME", help="What the columns are called; implies --no-header."
        ),
    ]
    encoding: Annotated[
        str,
        click.option("--encoding", default="", metavar="NAME", help="Of all files: utf-8, latin-1, cp1252, utf-16, …"),
    ]
    mapping: Annotated[
        Path | None,
        click.option(
            "--mapping",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="File with the index's mapping as JSON, or with its settings too; else guessed from the first rows, "
            "or by the destination.",
        ),
    ]
    pipeline: Annotated[
        str,
        click.option(
            "--pipeline",
            default="",
            metavar="NAME",
            help="Ingest pipeline of the destination to go through; _none for none, not even the index's own default.",
        ),
    ]
    batch: Batch
    pace: Annotated[
        float,
        click.option("--pace", default=0.0, type=click.FloatRange(0), help="Documents a second at most; 0: no limit."),
    ]
    written: PlanOutput
