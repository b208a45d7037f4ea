"""The settings that each type of repository is documented to take, as a table; secrets are never among them.

https://www.elastic.co/guide/en/elasticsearch/reference/current/snapshots-register-repository.html
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.snapshot import Repository
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingShape(StrEnum):
    """What a setting's value looks like."""

    TEXT = "text"
    SWITCH = "true or false"
    SIZE = "a size such as 40mb or 1gb"
    TIME = "a time such as 50s or 2m"
    COUNT = "a whole number"


_SHAPES: Final = {
    SettingShape.TEXT: re.compile(r"[^\x00-\x1f\x7f]+"),
    SettingShape.SWITCH: re.compile(r"true|false"),
    SettingShape.SIZE: re.compile(r"-1|\d+(?:\.\d+)?(?:b|k|kb|m|mb|g|gb|t|tb|p|pb)|0", re.IGNORECASE),
    SettingShape.TIME: re.compile(r"\d+(?:nanos|micros|ms|s|m|h|d)|0|-1"),
    SettingShape.COUNT: re.compile(r"\d+"),
}


class RepositorySetting(msgspec.Struct, frozen=True):
    """One setting of a repository: how it is called, what it means, and what holds where nothing is given.

    `default` is the server's own, in its words; it is shown and never sent. `choices` are the only values, where there
    are some.
    """

    name: str
    label: str
    help: str
    is_needed: bool = False
    default: str = ""
    shape: SettingShape = SettingShape.TEXT
    choices: tuple[str, ...] = ()


class RepositoryType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of repository: its settings, what every node must be told beside them, and where its secrets belong.

    `secrets` and `prepared` are sentences, CLIENT standing for the name of the client; "" for none. `older` are
    settings that only old servers want: accepted where they are given, and not offered.
    """

    name: str
    title: str
    fields: tuple[RepositorySetting, ...]
    older: tuple[RepositorySetting, ...] = ()
    prepared: str = ""
    secrets: str = ""
    link: str = ""

    def field(self, name: str) -> RepositorySetting | None:
        """The setting of that name."""
        return next((field for field in (*self.fields, *self.older) if field.name == name), None)

    @property
    def can_be_written(self) -> bool:
        """Whether a cluster could make snapshots in it."""
        return self.name != "url"


_READONLY: Final = RepositorySetting(
    "readonly",
    "Read-only",
    "Only one cluster may write to a repository; every other one registers it read-only.",
    default="true, as this program registers it",
    shape=SettingShape.SWITCH,
)
_COMPRESS: Final = RepositorySetting(
    "compress",
    "Compress",
    "Whether mappings and settings in it are compressed; the data is anyway.",
    default="true",
    shape=SettingShape.SWITCH,
)
_CHUNK: Final = RepositorySetting(
    "chunk_size", "Chunk size", "Larger files are kept in pieces of this size.", shape=SettingShape.SIZE
)
_MOST: Final = RepositorySetting(
    "max_number_of_snapshots",
    "Most snapshots",
    "How many snapshots it may hold.",
    default="no limit",
    shape=SettingShape.COUNT,
)
_WRITING: Final = RepositorySetting(
    "max_snapshot_bytes_per_sec",
    "Pace of taking",
    "How fast each node may write a snapshot.",
    default="40mb",
    shape=SettingShape.SIZE,
)
_READING: Final = RepositorySetting(
    "max_restore_bytes_per_sec",
    "Pace of restoring",
    "How fast each node may read from it; the pace of recoveries holds as well.",
    default="no limit (40mb before 7.14)",
    shape=SettingShape.SIZE,
)


def _chunks_of(default: str) -> RepositorySetting:
    return msgspec.structs.replace(_CHUNK, default=default)


def _of_store(inside: str, chunks: str) -> tuple[RepositorySetting, ...]:
    """What every store takes, `inside` which the repository is; `chunks` are as large as its server makes them."""
    return (
        RepositorySetting(
            "base_path",
            "Path",
            f"Where in the {inside} the repository is, without / at its ends.",
            default=f"the whole {inside}",
        ),
        RepositorySetting(
            "client", "Client", "The name under which the nodes keep address and secrets for it.", default="default"
        ),
        *(_READONLY, _COMPRESS, _chunks_of(chunks), _WRITING, _READING),
    )


_GUIDE: Final = "https://www.elastic.co/guide/en/elasticsearch/reference/current/"

TYPES: Final[tuple[RepositoryType, ...]] = (
    RepositoryType(
        name="fs",
        title="A shared folder",
        fields=(
            RepositorySetting(
                "location",
                "Folder",
                "The same path on every node; a relative one is below the first folder of path.repo.",
                is_needed=True,
            ),
            *(_READONLY, _COMPRESS, _chunks_of("no limit"), _MOST, _WRITING, _READING),
        ),
        prepared="The folder, or one above it, stands in path.repo in elasticsearch.yml of every node.",
        secrets="It has no secrets: the account that runs the nodes must be allowed to read the folder.",
        link=_GUIDE + "snapshots-filesystem-repository.html",
    ),
    RepositoryType(
        name="url",
        title="An address to read from",
        fields=(
            RepositorySetting(
                "url",
                "Address",
                "Where the repository's files are: file:, http:, https:, ftp: or jar:.",
                is_needed=True,
            ),
            RepositorySetting(
                "http_max_retries",
                "Tries",
                "How often a request over http or https is sent again.",
                default="5",
                shape=SettingShape.COUNT,
            ),
            RepositorySetting(
                "http_socket_timeout",
                "Patience",
                "How long to wait for an answer over http or https.",
                default="50s",
                shape=SettingShape.TIME,
            ),
            *(_COMPRESS, _chunks_of("no limit"), _MOST, _READING),
        ),
        prepared="An address over http, https or ftp stands in repositories.url.allowed_urls in elasticsearch.yml of "
        "every node; one with file: is below a folder of path.repo.",
        secrets="It has no secrets: do not put a password into the address.",
        link=_GUIDE + "snapshots-read-only-repository.html",
    ),
    RepositoryType(
        name="s3",
        title="Amazon S3, and what speaks its language",
        fields=(
            RepositorySetting("bucket", "Bucket", "The bucket's name.", is_needed=True),
            *_of_store("bucket", "5tb (1gb before 7.9)"),
            RepositorySetting(
                "server_side_encryption",
                "Encrypt there",
                "Whether the store encrypts what is written (AES-256).",
                default="false",
                shape=SettingShape.SWITCH,
            ),
            RepositorySetting(
                "buffer_size",
                "Upload at once",
                "Files up to this size are sent in one request, larger ones in parts; 5mb to 5gb.",
                default="100mb, or 5 % of the heap if that is less",
                shape=SettingShape.SIZE,
            ),
            RepositorySetting(
                "canned_acl",
                "Access list",
                "Which of Amazon's ready-made access lists new files get.",
                default="private",
                choices=(
                    "private",
                    "public-read",
                    "public-read-write",
                    "authenticated-read",
                    "log-delivery-write",
                    "bucket-owner-read",
                    "bucket-owner-full-control",
                ),
            ),
            RepositorySetting(
                "storage_class",
                "Storage class",
                "Which class new files are kept in; never one that has to be thawed first.",
                default="standard",
                choices=("standard", "reduced_redundancy", "standard_ia", "onezone_ia", "intelligent_tiering"),
            ),
        ),
        older=(
            RepositorySetting("region", "Region", "The region that the bucket is in."),
            RepositorySetting("endpoint", "Store", "The address of the store, where it is not Amazon's."),
            RepositorySetting("protocol", "Protocol", "How the store is spoken to.", choices=("http", "https")),
            RepositorySetting("path_style_access", "Bucket in path", "Where it stands.", shape=SettingShape.SWITCH),
            RepositorySetting("max_retries", "Tries", "How often a request is sent again.", shape=SettingShape.COUNT),
            RepositorySetting("use_throttle_retries", "Slower", "Whether tries slow down.", shape=SettingShape.SWITCH),
        ),
        prepared="Region and address of the store belong to the client, in elasticsearch.yml of every node: "
        "s3.client.CLIENT.region, s3.client.CLIENT.endpoint; before 6.0 also settings of the repository, region and "
        "endpoint. Before 8.0 the plugin repository-s3 is installed first, before 5.0 cloud-aws.",
        secrets="Its secrets belong in the keystore of every node: s3.client.CLIENT.access_key and "
        "s3.client.CLIENT.secret_key; without them the role of the machine is used. Before 5.0 they stand in "
        "elasticsearch.yml: cloud.aws.access_key, cloud.aws.secret_key.",
        link=_GUIDE + "repository-s3.html",
    ),
    RepositoryType(
        name="gcs",
        title="Google Cloud Storage",
        fields=(
            RepositorySetting("bucket", "Bucket", "The bucket's name.", is_needed=True),
            *_of_store("bucket", "5tb (100mb before 7.9)"),
        ),
        prepared="Before 8.0 the plugin repository-gcs is installed on every node first.",
        secrets="Its secret is the file of a service account, in the keystore of every node: "
        "gcs.client.CLIENT.credentials_file (elasticsearch-keystore add-file).",
        link=_GUIDE + "repository-gcs.html",
    ),
    RepositoryType(
        name="azure",
        title="Azure Blob Storage",
        fields=(
            RepositorySetting(
                "container", "Container", "The container's name; it must exist.", default="elasticsearch-snapshots"
            ),
            *_of_store("container", "5tb (64mb before 7.9)"),
            RepositorySetting(
                "location_mode",
                "Copy read from",
                "Which of the store's two copies is used; the secondary one can only be read.",
                default="primary_only",
                choices=("primary_only", "secondary_only"),
            ),
        ),
        prepared="Before 8.0 the plugin repository-azure is installed on every node first.",
        secrets="Its secrets belong in the keystore of every node: azure.client.CLIENT.account, with "
        "azure.client.CLIENT.key or azure.client.CLIENT.sas_token.",
        link=_GUIDE + "repository-azure.html",
    ),
)
"""Every type that can be filled in here, in the order in which they are offered."""

_SECRETS: Final = frozenset({"access_key", "secret_key", "session_token", "key", "sas_token"})
_IN_KEYSTORE: Final = _SECRETS | {"account", "credentials_file", "service_account", "proxy.username"}
_USER_IN_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]*://)[^/@]*@", re.IGNORECASE)


def type_of(name: str) -> RepositoryType | None:
    """The type of that name; None for one that only its own plugin knows."""
    return next((one for one in TYPES if one.name == name), None)


def is_secret(setting: str) -> bool:
    """Whether a setting of a repository would hold a secret, as old plugins allowed it."""
    name = setting.lower().rpartition(".")[2]
    return name in _SECRETS or name.endswith(("password", "secret", "secret_key", "token"))


def without_secrets(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of a registered repository that may be shown and kept: no secret, no user in an address."""
    return {key: _USER_IN_ADDRESS.sub(r"\1", value) for key, value in settings.items() if not is_secret(key)}


def repository_of(type_name: str, name: str, values: Mapping[str, str]) -> Repository:
    """A repository to be registered, with the settings that were filled in; read-only unless they say otherwise.

    Empty values are as if not given. Raises ProblemError (usage) that names what is missing, unknown or misshapen.
    """
    kind = type_of(type_name)
    if kind is None:
        known = ", ".join(one.name for one in TYPES)
        raise _usage(
            f"There is no form for repositories of the type {clean(type_name, 100)!r}.", f"Use one of {known}."
        )
    if trouble := _no_name(name):
        raise _usage(f"{clean(name, 100)!r} cannot be the name of a repository: {trouble}.", "Give it another name.")
    given = {key: value.strip() for key, value in values.items() if value.strip()}
    for key, value in given.items():
        _must_fit(kind, key, value)
    missing = next((field for field in kind.fields if field.is_needed and field.name not in given), None)
    if missing is not None:
        raise _usage(f"A repository of the type {kind.name} needs {missing.name}.", missing.help)
    if kind.can_be_written:
        given.setdefault("readonly", "true")
    return Repository(name=name, type=kind.name, settings=given)


def _must_fit(kind: RepositoryType, key: str, value: str) -> None:
    field = kind.field(key)
    if field is None and (is_secret(key) or key.lower() in _IN_KEYSTORE):
        raise _usage(f"{clean(key, 100)} is a secret, and no setting of a repository.", kind.secrets)
    if field is None:
        known = ", ".join(one.name for one in kind.fields)
        raise _usage(
            f"A repository of the type {kind.name} has no setting {clean(key, 100)}.",
            f"It has {known}. {kind.prepared}",
        )
    if field.choices and value not in field.choices:
        raise _usage(f"{key} cannot be {clean(value, 100)}.", f"It is one of {', '.join(field.choices)}.")
    if _SHAPES[field.shape].fullmatch(value) is None:
        raise _usage(f"{key} cannot be {clean(value, 100)}.", f"It is {field.shape}.")
    if key in {"url", "endpoint"} and _USER_IN_ADDRESS.search(value):
        raise _usage("The address holds a user or a password.", kind.secrets)


def _no_name(name: str) -> str:
    """Why Elasticsearch would not take, or this program could not show, a repository of that name."""
    if not name:
        return "it is empty"
    if name[0] in "-_.":
        return f"it begins with {name[0]}"
    odd = next((one for one in name if one in '*?,<>/\\|"# ' or clean(one) != one), None)
    return "" if odd is None else f"it holds {clean(odd)!r}"


def _usage(what: str, todo: str) -> ProblemError:
    return ProblemError.of(Cause.USAGE, what, todo=todo)
