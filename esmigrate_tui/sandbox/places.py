"""Where the sandbox keeps things, and which account runs the nodes.

Elasticsearch refuses to run as root. A root owner starts it as `nobody`, who can enter neither root's home nor a
folder below it: then the cache is /var/cache/esmigrate instead of the one in root's home.
"""

import errno
import fcntl
import os
import pwd
import shutil
from asyncio import sleep, to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from esmigrate_tui.sandbox.errors import DiskFull, PlaceUnreachable

_ROOT_CACHE = Path("/var/cache/esmigrate")


@dataclass(frozen=True)
class NodeAccount:
    """Who runs the nodes; both None for the account that runs this program."""

    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True)
class SandboxFolders:
    """The folders of the sandbox: what is downloaded below `cache`, what nodes write below `sandbox`."""

    cache: Path
    sandbox: Path

    @property
    def downloads(self) -> Path:
        """Archives on their way in; a partly downloaded one ends in `.part`."""
        return self.cache / "downloads"

    @property
    def installations(self) -> Path:
        """One read-only unpacked server a version, shared by its nodes."""
        return self.cache / "installations"

    @property
    def javas(self) -> Path:
        """Java runtimes that came as Python packages."""
        return self.cache / "java"

    @property
    def snapshots(self) -> Path:
        """The one `path.repo` that every node lists, so that repositories can be shared."""
        return self.sandbox / "snapshots"

    @property
    def nodes(self) -> Path:
        """One folder a node: its config, data, logs and tmp."""
        return self.sandbox / "nodes"

    @property
    def state(self) -> Path:
        """One JSON file a node, 0600: passwords stand in them."""
        return self.sandbox / "state"

    @property
    def last_logs(self) -> Path:
        """The logs of nodes that did not come up."""
        return self.sandbox / "last-logs"

    @property
    def locks(self) -> Path:
        """What two processes must not do at once."""
        return self.cache / "locks"


def account() -> NodeAccount:
    """The account that will run the nodes: an existing unprivileged one for root."""
    if os.geteuid() != 0:
        return NodeAccount()
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise PlaceUnreachable(
            "Elasticsearch does not run as root, and this system has no user nobody to run it as. "
            "Add one, or start this as another user.",
        ) from None
    return NodeAccount(entry.pw_uid, entry.pw_gid)


def reachable(path: Path, who: NodeAccount) -> bool:
    """Whether the account can enter every folder on the way to `path`, by the mode bits for others."""
    if who.uid is None:
        return True
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 or folder.stat().st_uid == who.uid for folder in existing)


def places() -> SandboxFolders:
    """The folders in use now; ESMIGRATE_CACHE_DIR overrides the default, ESMIGRATE_SANDBOX_DIR where nodes write.

    Raises:
        PlaceUnreachable: root's nodes run as another account, which cannot enter that folder.
    """
    who = account()
    override = os.environ.get("ESMIGRATE_CACHE_DIR")
    if override:
        cache = Path(os.path.expanduser(override)).absolute()  # noqa: PTH111 — Path's own raises where ~NAME is nobody
    elif who.uid is not None:
        cache = _ROOT_CACHE
    else:
        from platformdirs import user_cache_dir  # noqa: PLC0415 — only a user's own cache needs it

        cache = Path(user_cache_dir("esmigrate"))
        if str(cache).startswith("~"):
            raise PlaceUnreachable(
                "There is no folder for servers: HOME is not set, and this user has no entry in the system's list of "
                "users. Set HOME, or ESMIGRATE_CACHE_DIR.",
            )
    override = os.environ.get("ESMIGRATE_SANDBOX_DIR")
    sandbox = Path(os.path.expanduser(override)).absolute() if override else cache / "sandbox"  # noqa: PTH111 — likewise
    for folder, variable in ((cache, "ESMIGRATE_CACHE_DIR"), (sandbox, "ESMIGRATE_SANDBOX_DIR")):
        if not reachable(folder, who):
            raise PlaceUnreachable(
                f"The account nobody, which runs the nodes for root, cannot enter {folder}. "
                f"Set {variable} to a folder that everyone can enter, for example one below {_ROOT_CACHE}.",
            )
    return SandboxFolders(cache, sandbox)


def make_folder(path: Path, mode: int = 0o755, who: NodeAccount | None = None) -> Path:
    """Make a folder and those above it with modes that no umask narrows, and hand it to `who`."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        folder.chmod(0o755)
    path.chmod(mode)
    if who is not None and who.uid is not None and who.gid is not None:
        os.chown(path, who.uid, who.gid)
    return path


def ensure_space(needed: int, free: int, where: Path, what: str) -> None:
    """Refuse before anything is written when `needed` bytes do not fit into `free` bytes.

    Raises:
        DiskFull: they do not fit.
    """
    if needed > free:
        raise DiskFull(
            f"{what} needs {needed / 1e6:.0f} MB in {where}, and {free / 1e6:.0f} MB are free there. "
            "Free some space, or set ESMIGRATE_CACHE_DIR to a folder on a larger disk.",
        )


def free_space(path: Path) -> int:
    """Bytes free on the disk that holds `path`, or will hold it."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free


@contextmanager
def full_disk_reported(where: Path, what: str) -> Iterator[None]:
    """Turn the system's "no space left" into `DiskFull`.

    Raises:
        DiskFull: the disk filled up, or the account's quota was used up, while writing.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(
                f"{what}: the disk that holds {where} is full. "
                "Free some space, or set ESMIGRATE_CACHE_DIR to a folder on a larger disk.",
            ) from error
        raise


@asynccontextmanager
async def locked(place: SandboxFolders, name: str) -> AsyncIterator[None]:
    """Hold a lock that other processes respect, waiting for it as long as it takes.

    The system lets go of it when the process ends, however it ends.
    """
    path = await to_thread(make_folder, place.locks) / f"{name}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Asking again keeps the wait cancellable, which a thread that blocks in flock is not.
                await sleep(0.1)
            else:
                break
        yield
    finally:
        os.close(handle)
