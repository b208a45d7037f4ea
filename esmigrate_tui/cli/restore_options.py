"""What a plan needs that restores from a snapshot."""

from __future__ import annotations

from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import (
    CommandOption,
    DestinationOptions,
    Excluded,
    Hidden,
    OptionalSource,
    PlanOutput,
    Renamed,
)
from esmigrate_tui.model.method import Proof


class RegistrationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that is registered on the destination at once, and how."""

    register: Annotated[
        str, CommandOption("Register the repository on the destination NOW: fs, url, s3, gcs, azure.", "TYPE")
    ] = ""
    repository_setting: Annotated[tuple[str, ...], CommandOption("Setting of that repository.", "KEY=VALUE")] = ()
    register_from_source: Annotated[bool, CommandOption("Register it NOW with the source's type and settings.")] = False
    writable: Annotated[bool, CommandOption("Register it writable. Two clusters that write destroy a repository.")] = (
        False
    )
    remove_repository: Annotated[bool, CommandOption("Remove the registration at the end of the run.")] = False


class RestorePlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which indices of which snapshot are restored, under which names and settings, and over what."""

    destination: DestinationOptions
    source: OptionalSource = None
    repository: Annotated[str, CommandOption("The snapshot repository, as the clusters call it.", "NAME")]
    snapshot: Annotated[str, CommandOption("The snapshot; 'latest' is the newest SUCCESS.", "NAME")]
    patterns: Annotated[
        tuple[str, ...],
        CommandOption("Index or data stream to restore; * ? [ ] match many.", "PATTERN", names=("--index",)),
    ] = ()
    excluded: Excluded = ()
    hidden: Hidden = False
    renamed: Renamed = ()
    rename_pattern: Annotated[
        str, CommandOption("Rename every index in which this is found, as Java reads it.", "REGEX")
    ] = ""
    rename_replacement: Annotated[str, CommandOption("What that becomes; $1 is the first group.", "TEXT")] = ""
    feature_states: Annotated[
        tuple[str, ...],
        CommandOption("State of a feature as well: kibana, security, …", "NAME", names=("--feature-state",)),
    ] = ()
    no_aliases: Annotated[bool, CommandOption("Leave the aliases out.")] = False
    global_state: Annotated[bool, CommandOption("Overwrite the destination's settings and templates as well.")] = False
    partial: Annotated[bool, CommandOption("Restore also what lacks shards; those are empty then.")] = False
    set: Annotated[tuple[str, ...], CommandOption("Index setting that overrides the snapshot's own.", "KEY=VALUE")] = ()
    ignore_setting: Annotated[tuple[str, ...], CommandOption("Index setting to leave out.", "KEY")] = ()
    close: Annotated[tuple[str, ...], CommandOption("Index of the destination to close and overwrite.", "NAME")] = ()
    delete: Annotated[tuple[str, ...], CommandOption("Index of the destination to delete first.", "NAME")] = ()
    registration: RegistrationOptions
    at_once: Annotated[
        int | None, CommandOption("Indices at the same time; else the cluster decides.", within=click.IntRange(1, 32))
    ] = None
    verify: Annotated[
        Proof,
        CommandOption(
            "What is compared beside the shards, where a --source is given: the counts of documents, also 20 random "
            "ones of each index, or every document."
        ),
    ] = Proof.SAMPLES
    written: PlanOutput
