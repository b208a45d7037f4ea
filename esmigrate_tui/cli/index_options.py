"""What a plan needs that fills one index: from files, or from what another program sends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import (
    EXISTING_FILE,
    FILE_OR_DASH,
    RATE,
    Batch,
    CommandOption,
    DestinationOptions,
    PlanOutput,
)
from esmigrate_tui.model.files import FileFormat
from esmigrate_tui.model.shipping import Shipper


class IndexPlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the documents come from, how files are read, and the index they go into."""

    destination: DestinationOptions
    files: Annotated[
        tuple[str, ...],
        CommandOption("File to index; * ? [ ] ** match many; - reads standard input.", "GLOB", names=("--file",)),
    ] = ()
    into: Annotated[
        str, CommandOption("The index; made where it does not exist.", "INDEX", names=("--into", "--index"))
    ]
    shipper: Annotated[
        Shipper | None,
        CommandOption(
            "Instead of files: what sends the documents. Its configuration is written; the run counts arrivals."
        ),
    ] = None
    expected: Annotated[
        int | None, CommandOption("Documents it will send; the run then ends by itself.", "N", within=click.IntRange(1))
    ] = None
    configuration: Annotated[
        Path | None, CommandOption("File for the configuration of the sender; else it is printed.", within=FILE_OR_DASH)
    ] = None
    kind: Annotated[
        FileFormat | None,
        CommandOption(
            "The format of the files; else each is recognised by its first bytes. Compressed ones (gzip, bzip2, xz, "
            "zstd) are decompressed.",
            names=("--format",),
        ),
    ] = None
    from_index: Annotated[
        str,
        CommandOption(
            "Of dumps, bulks and hits of several indices: the one to read (* ? match many), others are skipped.", "NAME"
        ),
    ] = ""
    id_field: Annotated[str, CommandOption("Take the _id from this column, or from this field (a.b).", "FIELD")] = ""
    id_hash: Annotated[bool, CommandOption("The _id is a hash of the row: a second run duplicates nothing.")] = False
    id_server: Annotated[bool, CommandOption("A new _id for each row, even where the file has its own.")] = False
    delimiter: Annotated[str, CommandOption("What separates cells; 'tab' is one.", "CHAR")] = ""
    no_header: Annotated[
        bool, CommandOption("The first row of the table is data: columns are called col1, col2, …")
    ] = False
    columns: Annotated[str, CommandOption("What the columns are called; implies --no-header.", "NAME,NAME")] = ""
    encoding: Annotated[str, CommandOption("Of all files: utf-8, latin-1, cp1252, utf-16, …", "NAME")] = ""
    mapping: Annotated[
        Path | None,
        CommandOption(
            "File with the index's mapping as JSON, or with its settings too; else guessed from the first rows, or "
            "by the destination.",
            within=EXISTING_FILE,
        ),
    ] = None
    pipeline: Annotated[
        str,
        CommandOption(
            "Ingest pipeline of the destination to go through; _none for none, not even the index's own default.",
            "NAME",
        ),
    ] = ""
    batch: Batch = 0
    pace: Annotated[float, CommandOption("Documents a second at most; 0: no limit.", within=RATE)] = 0.0
    written: PlanOutput
