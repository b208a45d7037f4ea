"""Finding a Java that was seen to start a version, or fetching the runtime that comes as a Python package."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from esmigrate_tui.sandbox.errors import NoJava
from esmigrate_tui.sandbox.places import NodeAccount, SandboxFolders, locked, make_folder, reachable
from esmigrate_tui.sandbox.progress import Progress, SandboxProgress
from esmigrate_tui.sandbox.versions import PackagedJava, SandboxVersion, SystemJava


@dataclass(frozen=True)
class JavaHome:
    """A Java home and what its `release` file says of it."""

    home: Path
    major: int
    modules: frozenset[str]


def parse_release(text: str, home: Path) -> JavaHome | None:
    """What a Java's `release` file says; None when it names no version. Java 8 calls itself 1.8."""
    values = dict(re.findall(r'^(\w+)="?(.*?)"?$', text, re.MULTILINE))
    numbers = re.match(r"(?:1\.)?(\d+)", values.get("JAVA_VERSION", ""))
    if numbers is None:
        return None
    return JavaHome(home, int(numbers[1]), frozenset(values.get("MODULES", "").split()))


def _read(home: Path) -> JavaHome | None:
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return parse_release(text, home) if os.access(home / "bin" / "java", os.X_OK) else None


def candidates(environment: dict[str, str], jvm_folder: Path = Path("/usr/lib/jvm")) -> list[JavaHome]:
    """The Javas of this machine, each once: those that variables name, those below `jvm_folder`, the one on PATH."""
    homes = [
        Path(value)
        for name, value in sorted(environment.items())
        if value and (name == "JAVA_HOME" or re.fullmatch(r"ESMIGRATE_JAVA_\d+_HOME", name))
    ]
    # A variable made for this program says more than one that was set for another.
    homes.sort(key=lambda home: home == Path(environment.get("JAVA_HOME", "")))
    if jvm_folder.is_dir():
        homes += sorted(jvm_folder.iterdir())
    on_path = shutil.which("java", path=environment.get("PATH"))
    if on_path is not None:
        homes.append(Path(on_path).resolve().parent.parent)
    found: dict[Path, JavaHome] = {}
    for home in homes:
        java = _read(home)
        if java is not None:
            found.setdefault(home.resolve(), java)
    return list(found.values())


def choose(wanted: SystemJava, found: list[JavaHome]) -> JavaHome | None:
    """The first that fits, in the order of the majors that were seen to work."""
    for major in wanted.majors:
        for java in found:
            if java.major == major and java.modules.issuperset(wanted.modules):
                return java
    return None


def _bundled(wanted: PackagedJava, who: NodeAccount) -> Path | None:
    """The runtime of the package installed beside this program, when it is the wanted one and `who` can use it."""
    from importlib import metadata  # noqa: PLC0415 — only when a node is started

    name, _, number = wanted.requirement.partition("==")
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    home = Path(str(distribution.locate_file(name))) / "java-runtime"
    usable = distribution.version == number and (home / "bin" / "java").exists() and reachable(home, who)
    return home if usable else None


async def _packaged(wanted: PackagedJava, place: SandboxFolders, who: NodeAccount, progress: Progress) -> Path | str:
    """The runtime's home, or why there is none. Two versions of one package cannot share an environment."""
    bundled = await asyncio.to_thread(_bundled, wanted, who)
    if bundled is not None:
        return bundled
    name = wanted.requirement.partition("==")[0]
    folder = place.javas / wanted.requirement.replace("==", "-")
    home = folder / name / "java-runtime"
    async with locked(place, folder.name):
        if home.exists():
            return home
        progress(SandboxProgress(f"Fetching the Java runtime {wanted.requirement}"))
        await asyncio.to_thread(make_folder, place.javas)
        scratch = folder.with_name(f".{folder.name}.part")
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
        process = await asyncio.create_subprocess_exec(
            *command,
            "--target",
            str(scratch),
            wanted.requirement,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            last = output.decode(errors="replace").strip().splitlines()[-1:]
            return f"pip could not install {wanted.requirement} ({last[0] if last else 'no reason given'})"
        await asyncio.to_thread(_open_java, scratch)
        scratch.rename(folder)
    return home


def _open_java(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    for path in folder.glob("*/java-runtime/bin/*"):
        path.chmod(0o755)
    for path in folder.glob("*/java-runtime/lib/jspawnhelper"):
        path.chmod(0o755)


def missing(version: SandboxVersion, found: list[JavaHome], reasons: list[str]) -> NoJava:
    """The sentence for a machine on which nothing starts that version."""
    wanted = " or ".join(
        f"the Python package {java.requirement}"
        if isinstance(java, PackagedJava)
        else "a JDK "
        + " or ".join(str(major) for major in java.majors)
        + (f" with the module {', '.join(java.modules)}" if java.modules else "")
        for java in version.javas
    )
    seen = ", ".join(f"{java.major} in {java.home}" for java in found) or "none"
    because = "".join(f" {reason}." for reason in reasons)
    majors = [java.majors[0] for java in version.javas if isinstance(java, SystemJava)]
    advice = f" Install one (OpenJDK or Temurin {majors[0]}) and set ESMIGRATE_JAVA_{majors[0]}_HOME." if majors else ""
    return NoJava(f"Elasticsearch {version.number} needs {wanted}. Found: {seen}.{because}{advice}")


async def find_java(version: SandboxVersion, place: SandboxFolders, who: NodeAccount, progress: Progress) -> Path:
    """The home of a Java that starts `version`, fetched first when it comes as a package.

    Raises:
        NoJava: there is none; the message says which is needed and which were found.
    """
    found = [java for java in await asyncio.to_thread(candidates, dict(os.environ)) if reachable(java.home, who)]
    reasons: list[str] = []
    for wanted in version.javas:
        if isinstance(wanted, SystemJava):
            java = choose(wanted, found)
            if java is not None:
                return java.home
        else:
            home = await _packaged(wanted, place, who, progress)
            if isinstance(home, Path):
                return home
            reasons.append(home)
    raise missing(version, found, reasons)
