"""What a plan needs that restores from a snapshot."""

from __future__ import annotations

from typing import Annotated

import click
import msgspec

from esmigrate_tui.cli.options import DestinationOptions, Excluded, Hidden, OptionalSource, PlanOutput, Renamed
from esmigrate_tui.model.method import Proof


class RegistrationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that is registered on the destination at once, and how."""

    register: Annotated[
        str,
        click.option(
            "--register",
            default="",
            metavar="TYPE",
            help="Register the repository on the destination NOW: fs, url, s3, gcs, azure.",
        ),
    ]
    repository_setting: Annotated[
        tuple[str, ...],
        click.option("--repository-setting", multiple=True, metavar="KEY=VALUE", help="Setting of that repository."),
    ]
    register_from_source: Annotated[
        bool,
        click.option(
            "--register-from-source", is_flag=True, help="Register it NOW with the source's type and settings."
        ),
    ]
    writable: Annotated[
        bool,
        click.option(
            "--writable", is_flag=True, help="Register it writable. Two clusters that write destroy a repository."
        ),
    ]
    remove_repository: Annotated[
        bool, click.option("--remove-repository", is_flag=True, help="Remove the registration at the end of the run.")
    ]


class RestorePlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which indices of which snapshot are restored, under which names and settings, and over what."""

    destination: DestinationOptions
    source: OptionalSource
    repository: Annotated[
        str,
        click.option(
            "--repository", required=True, metavar="NAME", help="The snapshot repository, as the clusters call it."
        ),
    ]
    snapshot: Annotated[
        str,
        click.option("--snapshot", required=True, metavar="NAME", help="The snapshot; 'latest' is the newest SUCCESS."),
    ]
    patterns: Annotated[
        tuple[str, ...],
        click.option(
            "--index",
            "patterns",
            multiple=True,
            metavar="PATTERN",
            help="Index or data stream to restore; * ? [ ] match many.",
        ),
    ]
    excluded: Excluded
    hidden: Hidden
    renamed: Renamed
    rename_pattern: Annotated[
        str,
        click.option(
            "--rename-pattern",
            default="",
            metavar="REGEX",
            help="Rename every index in which this is found, as Java reads it.",
        ),
    ]
    rename_replacement: Annotated[
        str,
        click.option(
            "--rename-replacement", default="", metavar="TEXT", help="What that becomes; $1 is the first group."
        ),
    ]
    feature_states: Annotated[
        tuple[str, ...],
        click.option(
            "--feature-state",
            "feature_states",
            multiple=True,
            metavar="NAME",
            help="State of a feature as well: kibana, security, …",
        ),
    ]
    no_aliases: Annotated[bool, click.option("--no-aliases", is_flag=True, help="Leave the aliases out.")]
    global_state: Annotated[
        bool,
        click.option(
            "--global-state", is_flag=True, help="Overwrite the destination's settings and templates as well."
        ),
    ]
    partial: Annotated[
        bool,
        click.option("--partial", is_flag=True, help="Restore also what lacks shards; those are empty then."),
    ]
    set: Annotated[
        tuple[str, ...],
        click.option(
            "--set", multiple=True, metavar="KEY=VALUE", help="Index setting that overrides the snapshot's own."
        ),
    ]
    ignore_setting: Annotated[
        tuple[str, ...],
        click.option("--ignore-setting", multiple=True, metavar="KEY", help="Index setting to leave out."),
    ]
    close: Annotated[
        tuple[str, ...],
        click.option("--close", multiple=True, metavar="NAME", help="Index of the destination to close and overwrite."),
    ]
    delete: Annotated[
        tuple[str, ...],
        click.option("--delete", multiple=True, metavar="NAME", help="Index of the destination to delete first."),
    ]
    registration: RegistrationOptions
    at_once: Annotated[
        int | None,
        click.option(
            "--at-once", type=click.IntRange(1, 32), help="Indices at the same time; else the cluster decides."
        ),
    ]
    verify: Annotated[
        Proof,
        click.option(
            "--verify",
            type=click.Choice([one.value for one in Proof]),
            default=Proof.SAMPLES.value,
            show_default=True,
            help="What is compared beside the shards, where a --source is given: the counts of documents, also 20 "
            "random ones of each index, or every document.",
        ),
    ]
    written: PlanOutput
