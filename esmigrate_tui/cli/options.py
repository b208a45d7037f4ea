"""Options as typed values: a frozen struct names each once, and gets what click has parsed. Shared ones stand here."""

from __future__ import annotations

import asyncio
import inspect
import math
import textwrap
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import click
import msgspec

from esmigrate_tui.model.connection import Connection, Side, SignIn, Trust, TrustKind, parse_address, parse_fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Called = Callable[..., int]


class FiniteRange(click.FloatRange):
    """Numbers from a least one on; not "nan" and "inf", which are numbers only to Python."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; click's usage error for what is none."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


Within = click.IntRange | click.FloatRange | click.Path | None
Given = TypeVar("Given", bound=msgspec.Struct)
CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EXISTING_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
RATE: Final = FiniteRange(0)
"""Documents a second."""
FILE_OR_DASH: Final = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


# -- from click's values to one struct ---------------------------------------------------------------------------------


class CommandOption(msgspec.Struct, frozen=True):
    """What click cannot know from the field that an option fills: its help, and what else is not as its type says.

    `names` are those other than the field's own, `within` the values that are taken.
    """

    help: str
    metavar: str | None = None
    names: tuple[str, ...] = ()
    within: Within = None
    required: bool = False


class CommandArgument(msgspec.Struct, frozen=True):
    """A value without a name on the command line; `metavar` is how the help calls it."""

    metavar: str | None = None
    within: Within = None


class ClusterOf(msgspec.Struct, frozen=True):
    """--SIDE with what belongs to it, as one `ClusterOptions`; None where it may be left out and is."""

    side: Side
    required: bool = True


def command(
    name: str, kind: type[Given]
) -> Callable[[Callable[[Given], int | Coroutine[object, object, int]]], click.Command]:
    """The click command `name` with an option for each field of `kind`; what it decorates gets one instance of it.

    A field is `Annotated` with one of the three above, or another such struct; its default is the option's. The
    docstring is the help; a paragraph that begins with `esmigrate` is an example, and keeps its lines. A coroutine is
    run to its end. The result is the exit code.
    """

    def decorate(action: Callable[[Given], int | Coroutine[object, object, int]]) -> click.Command:
        def call(**given: object) -> int:
            done = action(_built(kind, given))
            return done if isinstance(done, int) else asyncio.run(done)

        called: Called = call
        for declare in reversed([*_declared(kind)]):
            called = declare(called)
        return click.command(name, help=keeping_lines(action.__doc__ or ""), context_settings=CONTEXT)(called)

    return decorate


def keeping_lines(text: str) -> str:
    r"""A docstring as click wants it: examples are indented, and get its mark \b so that they are not filled."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(_example(each) if each.startswith(("  ", "esmigrate ")) else each for each in paragraphs)


def _example(text: str) -> str:
    return "\b\n" + textwrap.indent(textwrap.dedent(text), "  ")


def _fields(kind: type[msgspec.Struct]) -> Iterator[tuple[msgspec.structs.FieldInfo, object, object]]:
    """Each field with its type, and what its type is annotated with; None where it is a struct with more of them."""
    hints = get_type_hints(kind, include_extras=True)
    infos = {info.name: info for info in msgspec.structs.fields(kind)}
    for name, hint in hints.items():
        typed, how = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)
        yield infos[name], typed, how


def _declared(kind: type[msgspec.Struct], side: Side | None = None) -> Iterator[Callable[[Called], Called]]:
    """What declares the options of a struct to click, in the order of its fields; those of a cluster begin with it."""
    for info, typed, how in _fields(kind):
        name = f"{side}_{info.name}" if side is not None else info.name
        match how:
            case ClusterOf():
                yield _address_option(how)
                yield from _declared(ClusterOptions, how.side)
            case CommandArgument():
                yield click.argument(name, metavar=how.metavar, type=how.within, required=info.required)
            case CommandOption():
                yield _option(name, how, typed, info)
        if how is None and isinstance(typed, type) and issubclass(typed, msgspec.Struct):
            yield from _declared(typed)


def _option(
    name: str, how: CommandOption, typed: object, info: msgspec.structs.FieldInfo
) -> Callable[[Called], Called]:
    is_multiple = get_origin(typed) is tuple
    value = get_args(typed)[0] if is_multiple or NoneType in get_args(typed) else typed
    kind: click.Choice[str] | type | Within = how.within
    if get_origin(value) is Literal:
        kind = click.Choice(get_args(value))
    elif isinstance(value, type) and issubclass(value, StrEnum):
        kind = click.Choice([each.value for each in value])
    elif kind is None and isinstance(value, type) and value is not bool:
        kind = value
    default = None if info.required else str(info.default) if isinstance(info.default, StrEnum) else info.default
    return click.option(
        *(how.names or [f"--{name.replace('_', '-')}"]),
        name,
        type=kind,
        is_flag=value is bool,
        multiple=is_multiple,
        default=default,
        show_default=bool(default) and not is_multiple,
        required=how.required or (info.required and not is_multiple),
        metavar=how.metavar,
        help=how.help.format(side=name.partition("_")[0]),
    )


def _address_option(how: ClusterOf) -> Callable[[Called], Called]:
    return click.option(
        f"--{how.side}",
        metavar="URL",
        required=how.required,
        help=f"Address of the {how.side}, with the user's name if it has users: https://elastic@host:9200, or a Cloud "
        "ID.",
    )


def _built(kind: type[Given], given: dict[str, object]) -> Given:
    values: dict[str, object] = {}
    for info, typed, how in _fields(kind):
        if isinstance(how, ClusterOf):
            values[info.name] = _cluster(how.side, given)
        elif how is None and isinstance(typed, type) and issubclass(typed, msgspec.Struct):
            values[info.name] = _built(typed, given)
        else:
            values[info.name] = given[info.name]
    return msgspec.convert(values, kind)


def _cluster(side: Side, given: dict[str, object]) -> ClusterOptions | None:
    if not given[str(side)]:
        return None
    named = {name: given[f"{side}_{name}"] for name in ("password_file", "ca", "fingerprint", "insecure")}
    return msgspec.convert({"side": side, "address": given[str(side)], **named}, ClusterOptions)


# -- what several commands have ----------------------------------------------------------------------------------------


class ClusterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as it was typed: its address, whom to trust there, and the file with its secret."""

    side: Side
    address: str
    password_file: SecretFile = None
    ca: Annotated[
        Path | None, CommandOption("File with the certificate authority of the {side}.", within=EXISTING_FILE)
    ] = None
    fingerprint: Annotated[
        str, CommandOption("SHA-256 fingerprint of the {side}'s certificate; nothing else is trusted then.")
    ] = ""
    insecure: Annotated[
        bool, CommandOption("Do not verify the {side}'s certificate. Anyone on the way can then pass for it.")
    ] = False

    def connection(self) -> Connection:
        """The connection; how to sign in is settled with the credential. Raises ProblemError, click.UsageError."""
        endpoint, user = parse_address(self.address)
        chosen = [name for name in ("ca", "fingerprint", "insecure") if getattr(self, name)]
        if len(chosen) > 1:
            msg = f"--{self.side}-{chosen[0]} and --{self.side}-{chosen[1]} exclude each other: give one."
            raise click.UsageError(msg)
        if chosen and not endpoint.is_encrypted:
            msg = f"--{self.side}-{chosen[0]} is for TLS, and {endpoint.url} is without: give an address with https://."
            raise click.UsageError(msg)
        trust = Trust()
        if self.ca is not None:
            trust = Trust(kind=TrustKind.CA_FILE, ca_file=str(self.ca.resolve()))
        elif self.fingerprint:
            trust = Trust(kind=TrustKind.PINNED, fingerprint=parse_fingerprint(self.fingerprint))
        elif self.insecure:
            trust = Trust(kind=TrustKind.UNVERIFIED)
        sign_in = SignIn.PASSWORD if user else SignIn.NONE
        return Connection(endpoint=endpoint, sign_in=sign_in, user=user, trust=trust)


SecretFile = Annotated[
    Path | None,
    CommandOption("File with the {side}'s password or API key ('-' for standard input).", within=FILE_OR_DASH),
]
"""With this a command learns where a secret is; never the secret itself."""


class SecretFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files with the secrets of both clusters, where a plan says the rest about them."""

    source_password_file: SecretFile = None
    destination_password_file: SecretFile = None

    def of(self, side: Side) -> Path | None:
        """The file for one side."""
        return self.source_password_file if side is Side.SOURCE else self.destination_password_file


SourceOptions = Annotated[ClusterOptions, ClusterOf(Side.SOURCE)]
DestinationOptions = Annotated[ClusterOptions, ClusterOf(Side.DESTINATION)]
OptionalSource = Annotated[ClusterOptions | None, ClusterOf(Side.SOURCE, required=False)]
OptionalDestination = Annotated[ClusterOptions | None, ClusterOf(Side.DESTINATION, required=False)]
Excluded = Annotated[tuple[str, ...], CommandOption("Index to leave out of those.", "PATTERN", names=("--exclude",))]
Hidden = Annotated[bool, CommandOption("Let patterns match hidden and internal indices.")]
Renamed = Annotated[tuple[str, ...], CommandOption("Another name on the destination.", "OLD=NEW", names=("--rename",))]
Accept = Annotated[tuple[str, ...], CommandOption("Accept the findings of this check; kept in the report.", "CHECK")]
Batch = Annotated[
    int, CommandOption("Documents a request; 0: found from their size.", within=click.IntRange(0, 10_000))
]
AsJson = Annotated[bool, CommandOption("One JSON object a line.", names=("--json",))]
RunName = Annotated[str, CommandArgument("RUN")]
PlanFile = Annotated[Path, CommandArgument("PLAN", EXISTING_FILE)]
Detach = Annotated[bool, CommandOption("Start it and leave; it continues by itself.")]
Confirmed = Annotated[bool, CommandOption("Agree that a partially restored index is deleted.", names=("--yes",))]


class OneRun(msgspec.Struct, frozen=True, kw_only=True):
    """Which run."""

    run: RunName


class PlanOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Where a new plan goes, and what it accepts from the start."""

    accept: Accept = ()
    output: Annotated[
        Path,
        CommandOption("The file for the plan; - for standard output.", names=("-o", "--output"), within=FILE_OR_DASH),
    ] = Path("-")
    force: Annotated[bool, CommandOption("Overwrite the file.")] = False

    @property
    def is_stdout(self) -> bool:
        """Whether the plan goes to standard output."""
        return str(self.output) == "-"
