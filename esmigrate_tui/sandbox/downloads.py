"""Getting files: where they lie, and the bytes of them, whole or in part.

The address of a file comes from the Maven client, the bytes are streamed here, so that a download that broke off
goes on where it stopped and can be shown while it runs.
"""

import asyncio
import hashlib
import ssl
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from esmigrate_tui.sandbox.errors import ChecksumWrong, ExtraMissing, NoNetwork
from esmigrate_tui.sandbox.places import SandboxFolders, ensure_space, free_space, full_disk_reported, make_folder
from esmigrate_tui.sandbox.progress import Progress, SandboxProgress
from esmigrate_tui.sandbox.versions import MavenFile, ModuleExcerpt

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

_TRIES: Final = 4
_PIECE: Final = 1 << 18
_IDLE_SECONDS: Final = 60
_CONTENTS: Final = 1 << 18
"""So much of an archive's end is asked for first: it holds the list of contents of some two thousand files."""


def address(artifact: MavenFile) -> list[str]:
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


def _session() -> "aiohttp.ClientSession":
    import aiohttp  # noqa: PLC0415 — slow to import, needed only when something is missing

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=_IDLE_SECONDS)
    # The default context honours SSL_CERT_FILE, trust_env the proxy variables.
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    return aiohttp.ClientSession(trust_env=True, timeout=timeout, connector=connector)


async def _stream(url: str, part: Path, artifact: MavenFile, progress: Progress) -> None:
    """One try: continue `part` where it ends, or start it."""
    have = await asyncio.to_thread(_size, part)
    what = f"Downloading {artifact.filename}"
    headers = {"Range": f"bytes={have}-"} if have else {}
    async with _session() as session, session.get(url, headers=headers) as response:
        if response.status == 416:
            # Nothing lies behind the end of the part: it is whole, which its checksum will tell, or too long.
            return
        response.raise_for_status()
        if response.status != 206:
            have = 0
        rest = response.content_length
        total = have + rest if rest is not None else artifact.size
        ensure_space(total - have, free_space(part), part.parent, what)
        with full_disk_reported(part, what), part.open("ab" if have else "wb") as out:
            progress(SandboxProgress(what, have, total))
            async for piece in response.content.iter_chunked(_PIECE):
                await asyncio.to_thread(out.write, piece)
                have += len(piece)
                progress(SandboxProgress(what, have, total))


async def _insist(urls: list[str], name: str, once: Callable[[str], Awaitable[T]]) -> T:
    """Try each address in turn, several times."""
    import aiohttp  # noqa: PLC0415 — see _session

    reason: Exception | None = None
    for attempt in range(_TRIES):
        for url in urls:
            try:
                return await once(url)
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                reason = error
        if isinstance(reason, aiohttp.ClientConnectorError):
            break  # no name, no route, no listener: another try a second later changes nothing
        await asyncio.sleep(0.5 * 2**attempt)
    raise NoNetwork(
        f"Could not download {name}: {reason or 'no repository is configured'}. "
        "Is this machine online? Behind a proxy, set https_proxy; with a private certificate authority, SSL_CERT_FILE. "
        "What arrived is kept, and the next try goes on from there.",
    ) from reason


async def download(
    place: SandboxFolders, artifact: MavenFile, progress: Progress, urls: list[str] | None = None
) -> Path:
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
        await _insist(urls, artifact.filename, lambda url: _stream(url, part, artifact, progress))
        seen = await asyncio.to_thread(_sha256, part)
        if seen == artifact.sha256:
            part.replace(path)
            return path
        part.unlink()
    raise ChecksumWrong(
        f"{artifact.filename} was downloaded with the SHA-256 {seen}, and {artifact.sha256} was expected. "
        "It was deleted and nothing of it was used. Something on the way changes files: try another network or proxy.",
    )


class _NoParts(Exception):  # noqa: N818 — never shown: the whole file is asked for instead
    """The repository sends whole files only, or another file than the row says."""


async def _part(session: "aiohttp.ClientSession", url: str, begin: int, end: int, size: int) -> bytes:
    """The bytes of a file of `size` bytes from `begin` up to `end`, which is not among them."""
    async with session.get(url, headers={"Range": f"bytes={begin}-{end - 1}"}) as response:
        response.raise_for_status()
        if response.status != 206 or response.headers.get("Content-Range") != f"bytes {begin}-{end - 1}/{size}":
            raise _NoParts
        return await response.read()


def _spans(pack: zipfile.ZipFile, excerpt: ModuleExcerpt) -> list[tuple[int, int]]:
    """Where the wanted files lie in the archive, neighbours together."""
    entries = sorted(pack.infolist(), key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in entries[1:]), pack.start_dir]
    spans: list[tuple[int, int]] = []
    for entry, end in zip(entries, ends, strict=True):
        if excerpt.place_of(entry.filename) is None:
            continue
        begin = entry.header_offset
        if spans and spans[-1][1] == begin:
            begin, _ = spans.pop()
        spans.append((begin, end))
    return spans


async def _collect(url: str, path: Path, excerpt: ModuleExcerpt, progress: Progress) -> None:
    """One try: the list of contents and the wanted files, each in its place; between them `path` is hollow."""
    size = excerpt.archive.size
    what = f"Downloading a part of {excerpt.archive.filename}"
    with full_disk_reported(path, what), path.open("wb") as out:
        out.truncate(size)
        async with _session() as session:
            begin = max(0, size - _CONTENTS)
            out.seek(begin)
            out.write(await _part(session, url, begin, size, size))
            out.flush()
            with zipfile.ZipFile(path) as pack:
                spans = _spans(pack, excerpt)
            done, total = size - begin, size - begin + sum(end - start for start, end in spans)
            progress(SandboxProgress(what, done, total))
            for start, end in spans:
                out.seek(start)
                out.write(await _part(session, url, start, end, size))
                done += end - start
                progress(SandboxProgress(what, done, total))


async def download_excerpt(
    place: SandboxFolders, excerpt: ModuleExcerpt, progress: Progress, urls: list[str] | None = None
) -> Path:
    """An archive that holds at least the files of the excerpt: hollow elsewhere, or whole where no parts are sent.

    What is in it is checked when it is unpacked. `urls` and the lock are as for `download`.

    Raises:
        NoNetwork, ChecksumWrong, DiskFull: see `download`.
    """
    await asyncio.to_thread(make_folder, place.downloads)
    urls = urls if urls is not None else await asyncio.to_thread(address, excerpt.archive)
    path = place.downloads / f"{excerpt.archive.filename}.excerpt"
    try:
        await _insist(urls, excerpt.archive.filename, lambda url: _collect(url, path, excerpt, progress))
    except (_NoParts, zipfile.BadZipFile):
        path.unlink(missing_ok=True)
        return await download(place, excerpt.archive, progress, urls)
    return path
