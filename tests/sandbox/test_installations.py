import asyncio
import hashlib
import io
import multiprocessing
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from esmigrate_tui.sandbox import downloads
from esmigrate_tui.sandbox.downloads import address, download
from esmigrate_tui.sandbox.errors import ChecksumWrong, DiskFull, NoNetwork
from esmigrate_tui.sandbox.installations import announcement, installation, installed
from esmigrate_tui.sandbox.places import SandboxFolders
from esmigrate_tui.sandbox.progress import SandboxProgress, silent
from esmigrate_tui.sandbox.versions import MavenFile, ModuleExcerpt, SandboxVersion, find

CONTENT = bytes(range(256)) * 4000


@dataclass
class Repository:
    """A plain file server: what it serves, what it was asked, and after how many bytes it hangs up once."""

    url: str = ""
    content: bytes = CONTENT
    contents: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0
    ranges: list[str | None] = field(default_factory=list)
    breaks_after: int | None = None
    knows_ranges: bool = True


@pytest.fixture
def repository() -> Iterator[Repository]:
    state = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.ranges.append(asked)
            content = state.contents.get(self.path, state.content)
            first, _, last = (asked or "bytes=0-").removeprefix("bytes=").partition("-")
            start, end = (int(first), int(last or len(content) - 1)) if state.knows_ranges else (0, len(content) - 1)
            if start >= len(content):
                self.send_error(416)
                return
            partly = asked is not None and state.knows_ranges
            self.send_response(206 if partly else 200)
            if partly:
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
            body = content[start : end + 1]
            state.sent += len(body)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if state.breaks_after is not None:
                body, state.breaks_after = body[: state.breaks_after], None
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/file.zip"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def artifact(content: bytes = CONTENT) -> MavenFile:
    return MavenFile("org.example", "server", "1.0.0", hashlib.sha256(content).hexdigest(), len(content), "zip")


async def test_a_file_gets_its_name_after_its_checksum_was_right(tmp_path: Path, repository: Repository) -> None:
    steps: list[SandboxProgress] = []
    path = await download(SandboxFolders(tmp_path, tmp_path), artifact(), steps.append, [repository.url])
    assert path.read_bytes() == CONTENT
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, len(CONTENT), len(CONTENT))


async def test_a_download_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, repository: Repository) -> None:
    repository.breaks_after = 300_000
    path = await download(SandboxFolders(tmp_path, tmp_path), artifact(), silent, [repository.url])
    assert path.read_bytes() == CONTENT
    assert repository.ranges[0] is None
    assert repository.ranges[1] not in {None, "bytes=0-"}


async def test_a_part_left_by_an_earlier_day_is_continued(tmp_path: Path, repository: Repository) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    place.downloads.mkdir()
    (place.downloads / "server-1.0.0.zip.part").write_bytes(CONTENT[:1000])
    await download(place, artifact(), silent, [repository.url])
    assert repository.ranges == ["bytes=1000-"]


async def test_a_server_without_ranges_sends_everything_again(tmp_path: Path, repository: Repository) -> None:
    repository.knows_ranges = False
    place = SandboxFolders(tmp_path, tmp_path)
    place.downloads.mkdir()
    (place.downloads / "server-1.0.0.zip.part").write_bytes(CONTENT[:1000])
    assert (await download(place, artifact(), silent, [repository.url])).read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"wrong beginning", CONTENT + b"too long"])
async def test_a_wrong_part_is_thrown_away_and_all_is_asked_for_anew(
    tmp_path: Path, repository: Repository, left: bytes
) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    place.downloads.mkdir()
    (place.downloads / "server-1.0.0.zip.part").write_bytes(left)
    assert (await download(place, artifact(), silent, [repository.url])).read_bytes() == CONTENT
    assert repository.ranges[-1] is None


async def test_other_bytes_than_expected_are_never_used(tmp_path: Path, repository: Repository) -> None:
    repository.content = b"something else entirely"
    place = SandboxFolders(tmp_path, tmp_path)
    with pytest.raises(ChecksumWrong, match=r"was expected\. It was deleted"):
        await download(place, artifact(), silent, [repository.url])
    assert list(place.downloads.iterdir()) == []


async def test_no_network_is_told_and_the_part_is_kept(tmp_path: Path) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    place.downloads.mkdir()
    (place.downloads / "server-1.0.0.zip.part").write_bytes(CONTENT[:1000])
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file.zip"
        with pytest.raises(NoNetwork, match="Is this machine online") as caught:
            await download(place, artifact(), silent, [url])
    assert caught.value.exit_code == 5
    assert (place.downloads / "server-1.0.0.zip.part").stat().st_size == 1000


async def test_a_full_disk_while_downloading_is_told(tmp_path: Path, repository: Repository) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    place.downloads.mkdir()
    (place.downloads / "server-1.0.0.zip.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="is full"):
        await download(place, artifact(), silent, [repository.url])


async def test_too_little_space_is_told_before_the_download(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "free_space", lambda _path: 1000)
    with pytest.raises(DiskFull, match="needs 1 MB"):
        await download(SandboxFolders(tmp_path, tmp_path), artifact(), silent, [repository.url])


def packed() -> tuple[bytes, SandboxVersion]:
    """A very small server's archive, and the row for it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        script = zipfile.ZipInfo("elasticsearch-1.0.0/bin/elasticsearch")
        script.external_attr = 0o755 << 16
        pack.writestr(script, "#!/bin/sh\n")
        pack.writestr(zipfile.ZipInfo("elasticsearch-1.0.0/config/elasticsearch.yml"), "")
    content = buffer.getvalue()
    return content, replace(find("2.4.6"), number="1.0.0", archive=artifact(content))


async def test_an_installation_keeps_scripts_executable_and_is_readable_by_all(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.content, version = packed()
    monkeypatch.setattr(downloads, "address", lambda _artifact: [repository.url])
    place = SandboxFolders(tmp_path, tmp_path)
    server = await installed(place, version, silent)
    assert (server / "bin" / "elasticsearch").stat().st_mode & 0o777 == 0o755
    assert (server / "config" / "elasticsearch.yml").stat().st_mode & 0o444 == 0o444
    assert (server / "plugins").is_dir()
    assert list(place.downloads.iterdir()) == []
    assert await installed(place, version, silent) == server
    assert len(repository.ranges) == 1


def install_in_a_process(folder: str, url: str) -> None:
    _, version = packed()
    downloads.address = lambda artifact: [url]  # noqa: ARG005 — the name belongs to the signature
    asyncio.run(installed(SandboxFolders(Path(folder), Path(folder)), version, silent))


def test_two_processes_that_want_the_same_server_download_it_once(tmp_path: Path, repository: Repository) -> None:
    repository.content, version = packed()
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=install_in_a_process, args=(str(tmp_path), repository.url)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(repository.ranges) == 1
    assert [path.name for path in (tmp_path / "installations").iterdir()] == [
        installation(SandboxFolders(tmp_path, tmp_path), version).name
    ]


async def test_another_set_of_files_gets_another_folder(tmp_path: Path) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    with_reindex = find("7.17.28")
    assert installation(place, with_reindex) != installation(place, replace(with_reindex, modules=()))


def test_the_maven_client_knows_where_a_file_lies() -> None:
    (url, *_) = address(find("6.8.23").archive)
    assert url.endswith("/org/elasticsearch/distribution/zip/elasticsearch/6.8.23/elasticsearch-6.8.23.zip")


MODULES = {
    "reindex/reindex.jar": b"the jar" * 9000,
    "reindex/spi/inner.jar": b"spi",
    "rest-root/root.jar": b"root" * 50,
}


def embedding(modules: dict[str, bytes] = MODULES) -> tuple[bytes, ModuleExcerpt]:
    """Another product's archive, in which a few of the server's modules lie between a lot else, and what is wanted."""
    buffer = io.BytesIO()
    noise = hashlib.shake_256(b"noise").digest(2_000_000)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("product-1/lib/before.jar", noise)
        for number, (name, content) in enumerate(modules.items()):
            pack.writestr(f"product-1/elasticsearch/modules/{name}", content)
            pack.writestr(f"product-1/elasticsearch/modules/x-pack-inference/{number}.jar", noise[:300_000])
        pack.writestr("product-1/elasticsearch/lib/reindex/not-a-module.jar", b"elsewhere")
        pack.writestr("product-1/web/after.js", noise)
    content = buffer.getvalue()
    lines = "".join(f"{hashlib.sha256(MODULES[name]).hexdigest()}  {name}\n" for name in sorted(MODULES))
    row = ModuleExcerpt(
        replace(artifact(content), name="product"),
        folder="elasticsearch/modules",
        modules=("reindex", "rest-root"),
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        size=300_000,
    )
    return content, row


@pytest.fixture
def lacking(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> SandboxVersion:
    """A server whose archive lacks modules that another product's archive has; both lie in the repository."""
    server, version = packed()
    product, excerpt = embedding()
    repository.contents = {"/server": server, "/product": product}
    base = repository.url.rpartition("/")[0]
    monkeypatch.setattr(downloads, "address", lambda artifact: [f"{base}/{artifact.name}"])
    return replace(version, excerpt=excerpt)


def laid(server: Path) -> dict[str, bytes]:
    folder = server / "modules"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_of_a_large_archive_only_the_wanted_modules_are_downloaded(
    tmp_path: Path, repository: Repository, lacking: SandboxVersion
) -> None:
    steps: list[SandboxProgress] = []
    server = await installed(SandboxFolders(tmp_path, tmp_path), lacking, steps.append)
    assert laid(server) == MODULES
    assert repository.sent < 400_000 < len(repository.contents["/product"])
    assert list((tmp_path / "downloads").iterdir()) == []
    parts = [step for step in steps if "a part of product-1.0.0.zip" in step.what]
    assert parts[-1].done == parts[-1].total


async def test_a_repository_that_sends_no_parts_sends_the_whole_archive(
    tmp_path: Path, repository: Repository, lacking: SandboxVersion
) -> None:
    repository.knows_ranges = False
    assert laid(await installed(SandboxFolders(tmp_path, tmp_path), lacking, silent)) == MODULES
    assert list((tmp_path / "downloads").iterdir()) == []


async def test_a_line_that_drops_within_a_part_is_tried_again(
    tmp_path: Path, repository: Repository, lacking: SandboxVersion
) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    await download(place, lacking.archive, silent)
    repository.breaks_after = 1000
    assert laid(await installed(place, lacking, silent)) == MODULES


@pytest.mark.parametrize(
    "changed",
    [
        MODULES | {"rest-root/root.jar": b"toor" * 50},
        MODULES | {"rest-root/more.jar": b"one more than there should be"},
        {name: content for name, content in MODULES.items() if name != "rest-root/root.jar"},
    ],
    ids=["other bytes", "one more", "one missing"],
)
async def test_other_modules_than_the_pinned_ones_are_never_installed(
    tmp_path: Path, repository: Repository, lacking: SandboxVersion, changed: dict[str, bytes]
) -> None:
    product, excerpt = embedding(changed)
    repository.contents["/product"] = product
    place = SandboxFolders(tmp_path, tmp_path)
    with pytest.raises(ChecksumWrong, match="not what the sandbox expects"):
        await installed(place, replace(lacking, excerpt=excerpt), silent)
    assert list(place.installations.iterdir()) == []
    assert not [path for path in place.downloads.iterdir() if path.name.startswith("product")]


@pytest.mark.parametrize("number", ["8.19.8", "9.4.3"])
def test_the_size_is_said_before_a_download_and_never_after_it(tmp_path: Path, number: str) -> None:
    place = SandboxFolders(tmp_path, tmp_path)
    version = find(number)
    text = announcement(place, version)
    assert text is not None
    assert f"{version.size / 1e6:.0f} MB will be downloaded" in text
    assert version.size < 150_000_000
    installation(place, version).mkdir(parents=True)
    assert announcement(place, version) is None


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ("product-1/elasticsearch/modules/reindex/reindex.jar", "reindex/reindex.jar"),
        ("product-1/elasticsearch/modules/reindex/spi/a.jar", "reindex/spi/a.jar"),
        ("product-1/elasticsearch/modules/reindex/", None),
        ("product-1/elasticsearch/modules/reindexing/a.jar", None),
        ("product-1/elasticsearch/modules/reindex/../../bin/a", None),
        ("product-1/other/modules/reindex/a.jar", None),
        ("elasticsearch/modules/reindex/a.jar", None),
        ("product-1", None),
    ],
)
def test_a_file_of_the_archive_is_wanted_by_its_place_alone(entry: str, place: str | None) -> None:
    assert embedding()[1].place_of(entry) == place
