"""Options as typed values: a frozen struct names each once, and gets what click has parsed. Shared ones stand here."""

from __future__ import annotations

import asyncio
import inspect
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar, get_args, get_type_hints

import click
import msgspec

from esmigrate_tui.model.connection import Connection, Side, SignIn, Trust, TrustKind, parse_address, parse_fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    Called = Callable[..., int]

Given = TypeVar("Given", bound=msgspec.Struct)
CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


# -- from click's values to one struct ---------------------------------------------------------------------------------


def command(
    name: str, kind: type[Given]
) -> Callable[[Callable[[Given], int | Coroutine[object, object, int]]], click.Command]:
    """The click command `name` with an option for each field of `kind`; what it decorates gets one instance of it.

    A field is `Annotated[type, click.option(…)]`, another such struct, or a cluster (`ClusterOf`). The docstring is the
    help; a paragraph that begins with `esmigrate` is an example, and keeps its lines. A coroutine is run to its end.
    The result is the exit code.
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


class ClusterOf:
    """--SIDE with what belongs to it, as one `ClusterOptions`; None where it may be left out and is."""

    def __init__(self, side: Side, *, required: bool = True) -> None:
        self._side = side
        self._required = required

    def __call__(self, called: Called) -> Called:
        """The command with these options."""
        side = self._side
        for option in reversed(
            (
                click.option(
                    f"--{side}",
                    str(side),
                    metavar="URL",
                    required=self._required,
                    help=f"Address of the {side}, with the user's name if it has users: https://elastic@host:9200, or "
                    "a Cloud ID.",
                ),
                _secret_option(side),
                click.option(
                    f"--{side}-ca",
                    type=click.Path(exists=True, dir_okay=False, path_type=Path),
                    help=f"File with the certificate authority of the {side}.",
                ),
                click.option(
                    f"--{side}-fingerprint",
                    default="",
                    help=f"SHA-256 fingerprint of the {side}'s certificate; nothing else is trusted then.",
                ),
                click.option(
                    f"--{side}-insecure",
                    is_flag=True,
                    help=f"Do not verify the {side}'s certificate. Anyone on the way can then pass for it.",
                ),
            )
        ):
            called = option(called)
        return called

    def build(self, given: dict[str, object]) -> ClusterOptions | None:
        """The options of this side as they were parsed."""
        side = self._side
        if not given[str(side)]:
            return None
        named = {name: given[f"{side}_{name}"] for name in ("password_file", "ca", "fingerprint", "insecure")}
        return msgspec.convert({"side": side, "address": given[str(side)], **named}, ClusterOptions)


def _declared(kind: type[msgspec.Struct]) -> Iterator[Callable[[Called], Called]]:
    """What declares the options of a struct to click, in the order of its fields."""
    for hint in get_type_hints(kind, include_extras=True).values():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from _declared(hint)
        else:
            yield get_args(hint)[1]


def _built(kind: type[Given], given: dict[str, object]) -> Given:
    values: dict[str, object] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            values[name] = _built(hint, given)
        else:
            declared = get_args(hint)[1]
            values[name] = declared.build(given) if isinstance(declared, ClusterOf) else given[name]
    return msgspec.convert(values, kind)


# -- what several commands have ----------------------------------------------------------------------------------------


def _secret_option(side: Side) -> Callable[[Called], Called]:
    """With this a command learns where a secret is; never the secret itself."""
    return click.option(
        f"--{side}-password-file",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        help=f"File with the {side}'s password or API key ('-' for standard input).",
    )


class ClusterOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as it was typed: its address, whom to trust there, and the file with its secret."""

    side: Side
    address: str
    password_file: Path | None = None
    ca: Path | None = None
    fingerprint: str = ""
    insecure: bool = False

    def connection(self) -> Connection:
        """The connection; how to sign in is settled with the credential. Raises ProblemError, click.UsageError."""
        endpoint, user = parse_address(self.address)
        chosen = [name for name in ("ca", "fingerprint", "insecure") if getattr(self, name)]
        if len(chosen) > 1:
            msg = f"--{self.side}-{chosen[0]} and --{self.side}-{chosen[1]} exclude each other: give one."
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


class SecretFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files with the secrets of both clusters, where a plan says the rest about them."""

    source_password_file: Annotated[Path | None, _secret_option(Side.SOURCE)] = None
    destination_password_file: Annotated[Path | None, _secret_option(Side.DESTINATION)] = None

    def of(self, side: Side) -> Path | None:
        """The file for one side."""
        return self.source_password_file if side is Side.SOURCE else self.destination_password_file


SourceOptions = Annotated[ClusterOptions, ClusterOf(Side.SOURCE)]
DestinationOptions = Annotated[ClusterOptions, ClusterOf(Side.DESTINATION)]
OptionalSource = Annotated[ClusterOptions | None, ClusterOf(Side.SOURCE, required=False)]
OptionalDestination = Annotated[ClusterOptions | None, ClusterOf(Side.DESTINATION, required=False)]

Excluded = Annotated[
    tuple[str, ...],
    click.option("--exclude", "excluded", multiple=True, metavar="PATTERN", help="Index to leave out of those."),
]
Hidden = Annotated[bool, click.option("--hidden", is_flag=True, help="Let patterns match hidden and internal indices.")]
Renamed = Annotated[
    tuple[str, ...],
    click.option("--rename", "renamed", multiple=True, metavar="OLD=NEW", help="Another name on the destination."),
]
Accept = Annotated[
    tuple[str, ...],
    click.option(
        "--accept", multiple=True, metavar="CHECK", help="Accept the findings of this check; kept in the report."
    ),
]
Batch = Annotated[
    int,
    click.option(
        "--batch", default=0, type=click.IntRange(0, 10_000), help="Documents a request; 0: found from their size."
    ),
]
AsJson = Annotated[bool, click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")]
RunName = Annotated[str, click.argument("run", metavar="RUN")]
PlanFile = Annotated[
    Path,
    click.argument("plan_file", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
]
Detach = Annotated[bool, click.option("--detach", is_flag=True, help="Start it and leave; it continues by itself.")]
Confirmed = Annotated[
    bool, click.option("--yes", "confirmed", is_flag=True, help="Agree that a half restored index is deleted.")
]


class PlanOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Where a new plan goes, and what it accepts from the start."""

    accept: Accept
    output: Annotated[
        Path,
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
            default="-",
            help="The file for the plan; - for standard output.",
        ),
    ]
    force: Annotated[bool, click.option("--force", is_flag=True, help="Overwrite the file.")]

    @property
    def is_stdout(self) -> bool:
        """Whether the plan goes to standard output."""
        return str(self.output) == "-"
