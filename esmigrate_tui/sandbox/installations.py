"""Getting a server: download, check, unpack once for all nodes of a version.

The address of a file comes from the Maven client, the bytes are streamed here, so that a download that broke off
goes on where it stopped and can be shown while it runs.
"""

import asyncio
import hashlib
import os
import shutil
import ssl
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from esmigrate_tui.sandbox.errors import ChecksumWrong, ExtraMissing, NoNetwork
from esmigrate_tui.sandbox.places import (
    Places,
    ensure_space,
    free_space,
    full_disk_is_told,
    locked,
    make_folder,
)
from esmigrate_tui.sandbox.progress import Progress, Step
from esmigrate_tui.sandbox.versions import Artifact, Version

__all__ = ["address", "download", "installation", "installed"]

_TRIES: Final = 4
_PIECE: Final = 1 << 18
_IDLE_SECONDS: Final = 60
_MODULE_MARGIN: Final = 50_000_000


def installation(place: Places, version: Version) -> Path:
    """Where a version is or will be unpacked; another set of files gets another folder."""
    digest = hashlib.sha256()
    for artifact in version.artifacts:
        digest.update(artifact.sha256.encode())
    for module in version.modules:
        digest.update(repr(module.files).encode())
    return place.installations / f"{version.number}-{digest.hexdigest()[:8]}"


def address(artifact: Artifact) -> list[str]:
    """Where a file can be downloaded, best first; takes 0.2 s for the import.

    Raises:
        ExtraMissing: the Maven client is not installed.
    """
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 — slow to import, and part of an extra
    except ImportError as error:
        raise ExtraMissing(
            "Real nodes need the optional packages of the sandbox, which are not installed. "
            "Install them: pip install 'esmigrate-tui[sandbox]'.",
        ) from error
    context = MavenContext()
    found = (
        context.project(artifact.group, artifact.name)
        .at_version(artifact.version)
        .artifact(packaging=artifact.packaging)
    )
    path = found.component.path_prefix.as_posix()
    return [f"{repository}/{path}/{found.filename}" for repository in context.remote_repos.values()]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def _stream(url: str, part: Path, artifact: Artifact, progress: Progress) -> None:
    """One try: continue `part` where it ends, or start it."""
    import aiohttp  # noqa: PLC0415 — slow to import, needed only when something is missing

    have = await asyncio.to_thread(_size, part)
    what = f"Downloading {artifact.filename}"
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=_IDLE_SECONDS)
    headers = {"Range": f"bytes={have}-"} if have else {}
    # The default context honours SSL_CERT_FILE, trust_env the proxy variables.
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    async with (
        aiohttp.ClientSession(trust_env=True, timeout=timeout, connector=connector) as session,
        session.get(url, headers=headers) as response,
    ):
        if response.status == 416:
            # Nothing lies behind the end of the part: it is whole, which its checksum will tell, or too long.
            return
        response.raise_for_status()
        if response.status != 206:
            have = 0
        rest = response.content_length
        total = have + rest if rest is not None else artifact.size
        ensure_space(total - have, free_space(part), part.parent, what)
        with full_disk_is_told(part, what), part.open("ab" if have else "wb") as out:
            progress(Step(what, have, total))
            async for piece in response.content.iter_chunked(_PIECE):
                await asyncio.to_thread(out.write, piece)
                have += len(piece)
                progress(Step(what, have, total))


async def _fetch(urls: list[str], part: Path, artifact: Artifact, progress: Progress) -> None:
    import aiohttp  # noqa: PLC0415 — see _stream

    reason: Exception | None = None
    for attempt in range(_TRIES):
        for url in urls:
            try:
                await _stream(url, part, artifact, progress)
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                reason = error
            else:
                return
        if isinstance(reason, aiohttp.ClientConnectorError):
            break  # no name, no route, no listener: another try a second later changes nothing
        await asyncio.sleep(0.5 * 2**attempt)
    raise NoNetwork(
        f"Could not download {artifact.filename}: {reason or 'no repository is configured'}. "
        "Is this machine online? Behind a proxy, set https_proxy; with a private certificate authority, SSL_CERT_FILE. "
        "What arrived is kept, and the next try goes on from there.",
    ) from reason


async def download(place: Places, artifact: Artifact, progress: Progress, urls: list[str] | None = None) -> Path:
    """The path of the downloaded file, whose checksum was compared before it got this name.

    `urls` is for tests; otherwise the Maven client is asked. The caller holds a lock.

    Raises:
        NoNetwork: it did not arrive whole; the part is kept.
        ChecksumWrong: it arrived twice with other bytes than the table expects.
        DiskFull: there is no room.
    """
    path = place.downloads / artifact.filename
    if path.exists() and await asyncio.to_thread(_sha256, path) == artifact.sha256:
        return path
    await asyncio.to_thread(make_folder, place.downloads)
    part = path.with_name(path.name + ".part")
    urls = urls if urls is not None else await asyncio.to_thread(address, artifact)
    seen = ""
    # A part from an earlier day may be the wrong beginning: the second time everything is asked for anew.
    for _ in range(2):
        await _fetch(urls, part, artifact, progress)
        seen = await asyncio.to_thread(_sha256, part)
        if seen == artifact.sha256:
            part.replace(path)
            return path
        part.unlink()
    raise ChecksumWrong(
        f"{artifact.filename} was downloaded with the SHA-256 {seen}, and {artifact.sha256} was expected. "
        "It was deleted and nothing of it was used. Something on the way changes files: try another network or proxy.",
    )


def _unpack(archive: Path, target: Path, version: Version, progress: Progress) -> None:
    """Unpack below `target`, without the archive's own top folder."""
    what = f"Unpacking Elasticsearch {version.number}"
    with zipfile.ZipFile(archive) as pack:
        entries = pack.infolist()
        needed = sum(entry.file_size for entry in entries) + _MODULE_MARGIN
        ensure_space(needed, free_space(target), target, what)
        for number, entry in enumerate(entries):
            if number % 20 == 0:
                progress(Step(what, number, len(entries)))
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


def _add_modules(target: Path, version: Version, jars: dict[Artifact, Path]) -> None:
    for module in version.modules:
        folder = target / "modules" / module.name
        folder.mkdir(parents=True)
        for jar in module.jars:
            shutil.copyfile(jars[jar], folder / jar.filename)
        for name, text in module.files:
            (folder / name).write_text(text, encoding="utf-8")


def _open_modes(target: Path) -> None:
    """Let another account read what was unpacked, whatever the umask was."""
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(path.stat().st_mode | 0o444)


def _install(place: Places, version: Version, files: dict[Artifact, Path], progress: Progress) -> Path:
    final = installation(place, version)
    make_folder(place.installations)
    what = f"Unpacking Elasticsearch {version.number}"
    with full_disk_is_told(final, what), tempfile.TemporaryDirectory(prefix=".", dir=place.installations) as scratch:
        target = Path(scratch, "server")
        target.mkdir()
        _unpack(files[version.archive], target, version, progress)
        _add_modules(target, version, files)
        # 2.4 has no such folder in its archive, and no node can make it in a shared installation.
        (target / "plugins").mkdir(exist_ok=True)
        _open_modes(target)
        target.rename(final)
    return final


async def installed(place: Places, version: Version, progress: Progress) -> Path:
    """The unpacked server of a version, downloaded and unpacked first when it is not there yet.

    Raises:
        NoNetwork, ChecksumWrong, DiskFull, ExtraMissing: see `download` and `address`.
    """
    final = installation(place, version)
    if final.exists():
        return final
    async with locked(place, f"install-{version.number}"):
        if final.exists():
            return final
        files = {artifact: await download(place, artifact, progress) for artifact in version.artifacts}
        await asyncio.to_thread(_install, place, version, files, progress)
        # The unpacked server is the cache; its archive would only take the room twice.
        for path in files.values():
            path.unlink(missing_ok=True)
        return final
