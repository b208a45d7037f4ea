"""From a version and options to the files and the command line of one node: pure functions."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from esmigrate_tui.sandbox.versions import SandboxVersion

_ITERATIONS: Final = 10_000  # what Elasticsearch itself takes for PBKDF2
_ESCAPES: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


@dataclass(frozen=True)
class TlsFiles:
    """PEM files for HTTPS; a client trusts `authority`."""

    key: Path
    certificate: Path
    authority: Path


@dataclass(frozen=True)
class FileUser:
    """A user of the file realm, which survives a restored security index."""

    name: str
    password: str = field(repr=False)
    roles: tuple[str, ...] = ("superuser",)


@dataclass(frozen=True)
class NodeOptions:
    """What a node is asked to be.

    `security` None: where the version has it. `password` None: made up. `port` None: a free one. `settings` are extra
    ones and win over the sandbox's own; a trial licence is `{"xpack.license.self_generated.type": "trial"}`.
    `heap` in the Java notation. `name` None: es-VERSION, with a number behind it when that is taken. `attached`: the
    node ends with the process that started it. `patience`: seconds until it must be healthy. `brief`: it lives for
    minutes, so that Java compiles quickly rather than well, which halves what a start takes; not for measuring.
    """

    security: bool | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    whitelist: str = "localhost:*,127.0.0.1:*"
    tls: TlsFiles | None = None
    heap: str = "512m"
    cluster_name: str | None = None
    file_users: tuple[FileUser, ...] = ()
    name: str | None = None
    attached: bool = True
    patience: float = 120
    brief: bool = True


@dataclass(frozen=True)
class NodeFolders:
    """The folders of one node."""

    home: Path

    @property
    def config(self) -> Path:
        """Its own copy of the configuration."""
        return self.home / "config"

    @property
    def data(self) -> Path:
        """Its indices."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """What it logs by itself."""
        return self.home / "logs"

    @property
    def tmp(self) -> Path:
        """Its temporary files."""
        return self.home / "tmp"

    @property
    def log(self) -> Path:
        """What it printed, from the first second on."""
        return self.home / "node.log"


def uses_security(version: SandboxVersion, options: NodeOptions) -> bool:
    """Whether the node will ask for a password."""
    return version.has_security if options.security is None else options.security and version.has_security


@dataclass(frozen=True)
class NodeAddress:
    """What the node is called and where it listens and keeps snapshots."""

    name: str
    port: int
    transport_port: int
    snapshots: Path


def settings(version: SandboxVersion, options: NodeOptions, layout: NodeFolders, spot: NodeAddress) -> dict[str, str]:
    """The node's settings; those of the options win."""
    chosen = {
        "cluster.name": options.cluster_name or spot.name,
        "node.name": spot.name,
        "network.host": "127.0.0.1",
        "http.port": str(spot.port),
        "transport.tcp.port" if version.major < 8 else "transport.port": str(spot.transport_port),
        "path.data": str(layout.data),
        "path.logs": str(layout.logs),
        "path.repo": str(spot.snapshots),
        # A developer's disk is often fuller than a server's may be; without this, indices stay red or read-only.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        **dict(version.settings),
    }
    if version.conf_setting is not None:
        chosen[version.conf_setting] = str(layout.config)
    if version.major < 5:
        # Other nodes on this machine are other clusters: look for nobody but oneself.
        chosen["discovery.zen.ping.unicast.hosts"] = f"127.0.0.1:{spot.transport_port}"
    if version.whitelist_setting is not None:
        chosen[version.whitelist_setting] = options.whitelist
    if version.has_security:
        chosen["xpack.security.enabled"] = "true" if uses_security(version, options) else "false"
    if options.tls is not None and version.has_security:
        chosen["xpack.security.http.ssl.enabled"] = "true"
        chosen["xpack.security.http.ssl.key"] = str(layout.config / "tls" / "http.key")
        chosen["xpack.security.http.ssl.certificate"] = str(layout.config / "tls" / "http.crt")
    return chosen | dict(options.settings)


def command(version: SandboxVersion, server: Path, chosen: Mapping[str, str]) -> list[str]:
    """The command line; it never holds a password."""
    return [
        str(server / "bin" / "elasticsearch"),
        *(f"{version.option}{name}={value}" for name, value in chosen.items()),
    ]


def environment(version: SandboxVersion, options: NodeOptions, layout: NodeFolders, java: Path) -> dict[str, str]:
    """The node's whole environment: nothing of the owner's own gets in, where secrets may stand."""
    java_options = f"-Xms{options.heap} -Xmx{options.heap}"
    if options.brief:
        java_options += " -XX:TieredStopAtLevel=1"
    if version.major < 6:
        java_options += f" -Djava.io.tmpdir={layout.tmp}"
    chosen = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(layout.tmp),
        version.java_variable: str(java),
        "ES_JAVA_OPTS": java_options,
        "ES_TMPDIR": str(layout.tmp),
        "ES_PATH_CONF": str(layout.config),
        "ES_JVM_OPTIONS": str(layout.config / "jvm.options"),
    }
    if version.major < 5:
        chosen["ES_HEAP_SIZE"] = options.heap
    return chosen | dict(version.environment)


def jvm_options(text: str) -> str:
    """A node's jvm.options without what writes into the shared, read-only installation: GC logs, dumps, crash files."""
    unwanted = re.compile(
        r"Xlog|gclog|Xloggc|PrintGC|PrintTenuring|GCLogFile|HeapDump|ErrorFile|AlwaysPreTouch", re.IGNORECASE
    )
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith("#") or not unwanted.search(line))


def password_hash(password: str, salt: bytes) -> str:
    """A password as the file realm keeps it (PBKDF2 with HMAC-SHA512, a key of 32 bytes); `salt` is 32 bytes.

    Elasticsearch's own `elasticsearch-users` would want the password on its command line.
    """
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, 32)
    encoded = (base64.b64encode(part).decode("ascii") for part in (salt, key))
    return f"{{PBKDF2}}{_ITERATIONS}$" + "$".join(encoded)


def file_realm(users: tuple[FileUser, ...], salts: tuple[bytes, ...]) -> tuple[str, str]:
    """The texts of `users` and `users_roles`; one salt a user."""
    lines = [f"{user.name}:{password_hash(user.password, salt)}\n" for user, salt in zip(users, salts, strict=True)]
    by_role: dict[str, list[str]] = {}
    for user in users:
        for role in user.roles:
            by_role.setdefault(role, []).append(user.name)
    return "".join(lines), "".join(f"{role}:{','.join(names)}\n" for role, names in by_role.items())


def log_tail(text: str, lines: int = 15) -> str:
    """The last lines of a log that say something, safe for a terminal: no escapes, no control characters."""
    clean = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    wanted = [line[:300] for line in clean.splitlines() if line.strip() and not line.startswith(("\tat ", "    at "))]
    return "\n".join(wanted[-lines:])
