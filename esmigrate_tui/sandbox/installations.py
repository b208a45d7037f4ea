"""Installing a server: download what it is made of, check, unpack once for all nodes of a version."""

import asyncio
import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from esmigrate_tui.sandbox.downloads import download, download_excerpt
from esmigrate_tui.sandbox.errors import ChecksumWrong
from esmigrate_tui.sandbox.places import (
    SandboxFolders,
    ensure_space,
    free_space,
    full_disk_reported,
    locked,
    make_folder,
)
from esmigrate_tui.sandbox.progress import Progress, SandboxProgress
from esmigrate_tui.sandbox.versions import MavenFile, ModuleExcerpt, SandboxVersion

_PIECE: Final = 1 << 18
_MODULE_MARGIN: Final = 50_000_000


def installation(place: SandboxFolders, version: SandboxVersion) -> Path:
    """Where a version is or will be unpacked; another set of files gets another folder."""
    digest = hashlib.sha256()
    for artifact in version.artifacts:
        digest.update(artifact.sha256.encode())
    for module in version.modules:
        digest.update(repr(module.files).encode())
    if version.excerpt is not None:
        digest.update(version.excerpt.sha256.encode())
    return place.installations / f"{version.number}-{digest.hexdigest()[:8]}"


def announcement(place: SandboxFolders, version: SandboxVersion) -> str | None:
    """What has to be downloaded before that version can start; None when it is here."""
    if installation(place, version).exists():
        return None
    text = f"Elasticsearch {version.number} is not on this machine yet: {version.size / 1e6:.0f} MB will be downloaded"
    if version.excerpt is not None:
        text += (
            f", {version.excerpt.size / 1e6:.0f} MB of them as a part of {version.excerpt.archive.filename} "
            f"(its {version.excerpt.archive.size / 1e6:.0f} MB as a whole where the repository sends no parts)"
        )
    return f"{text}."


def _unpack(archive: Path, target: Path, version: SandboxVersion, progress: Progress) -> None:
    """Unpack below `target`, without the archive's own top folder."""
    what = f"Unpacking Elasticsearch {version.number}"
    with zipfile.ZipFile(archive) as pack:
        entries = pack.infolist()
        needed = sum(entry.file_size for entry in entries) + _MODULE_MARGIN
        ensure_space(needed, free_space(target), target, what)
        for number, entry in enumerate(entries):
            if number % 20 == 0:
                progress(SandboxProgress(what, number, len(entries)))
            inner = Path(*Path(entry.filename).parts[1:])
            if ".." in inner.parts:
                raise ChecksumWrong(f"{archive.name} holds a path that leaves its folder: {entry.filename}.")
            path = target / inner
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with pack.open(entry) as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, _PIECE)
            # zipfile forgets modes; the scripts below bin/ must stay executable.
            path.chmod(0o755 if entry.external_attr >> 16 & 0o100 else 0o644)


def _add_modules(target: Path, version: SandboxVersion, jars: dict[MavenFile, Path]) -> None:
    for module in version.modules:
        folder = target / "modules" / module.name
        folder.mkdir(parents=True)
        for jar in module.jars:
            shutil.copyfile(jars[jar], folder / jar.filename)
        for name, text in module.files:
            (folder / name).write_text(text, encoding="utf-8")


def _add_excerpt(target: Path, archive: Path, excerpt: ModuleExcerpt) -> None:
    """Lay the excerpt's modules into the installation, and compare them with the list that is pinned."""
    sums: dict[str, str] = {}
    try:
        with zipfile.ZipFile(archive) as pack:
            for entry in pack.infolist():
                inner = excerpt.place_of(entry.filename)
                if inner is None:
                    continue
                path = target / "modules" / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                content = pack.read(entry)
                path.write_bytes(content)
                sums[inner] = hashlib.sha256(content).hexdigest()
    except zipfile.BadZipFile as error:
        raise _wrong_excerpt(archive, excerpt, str(error)) from error
    listed = "".join(f"{sums[inner]}  {inner}\n" for inner in sorted(sums))
    seen = hashlib.sha256(listed.encode()).hexdigest()
    if seen != excerpt.sha256:
        raise _wrong_excerpt(archive, excerpt, f"their list has the SHA-256 {seen}, and {excerpt.sha256} was expected")


def _wrong_excerpt(archive: Path, excerpt: ModuleExcerpt, why: str) -> ChecksumWrong:
    archive.unlink()
    return ChecksumWrong(
        f"The modules taken from {excerpt.archive.filename} are not what the sandbox expects: {why}. "
        "They were deleted and nothing of them was used. "
        "Something on the way changes files: try another network or proxy.",
    )


def _open_modes(target: Path) -> None:
    """Let another account read what was unpacked, whatever the umask was."""
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(path.stat().st_mode | 0o444)


def _install(
    place: SandboxFolders, version: SandboxVersion, files: dict[MavenFile, Path], part: Path | None, progress: Progress
) -> Path:
    final = installation(place, version)
    make_folder(place.installations)
    what = f"Unpacking Elasticsearch {version.number}"
    with full_disk_reported(final, what), tempfile.TemporaryDirectory(prefix=".", dir=place.installations) as scratch:
        target = Path(scratch, "server")
        target.mkdir()
        _unpack(files[version.archive], target, version, progress)
        _add_modules(target, version, files)
        if version.excerpt is not None and part is not None:
            _add_excerpt(target, part, version.excerpt)
        # 2.4 has no such folder in its archive, and no node can make it in a shared installation.
        (target / "plugins").mkdir(exist_ok=True)
        _open_modes(target)
        target.rename(final)
    return final


async def installed(place: SandboxFolders, version: SandboxVersion, progress: Progress) -> Path:
    """The unpacked server of a version, downloaded and unpacked first when it is not there yet.

    Raises:
        NoNetwork, ChecksumWrong, DiskFull, ExtraMissing: see `download`.
    """
    final = installation(place, version)
    if final.exists():
        return final
    async with locked(place, f"install-{version.number}"):
        if final.exists():
            return final
        files = {artifact: await download(place, artifact, progress) for artifact in version.artifacts}
        part = None
        if version.excerpt is not None:
            part = await download_excerpt(place, version.excerpt, progress)
        await asyncio.to_thread(_install, place, version, files, part, progress)
        # The unpacked server is the cache; its archive would only take the room twice.
        for path in (*files.values(), *((part,) if part is not None else ())):
            path.unlink(missing_ok=True)
        return final
