"""The rim: finding files, looking at them from outside, opening them, unpacking them in bounded pieces."""

from __future__ import annotations

import contextlib
import glob
import gzip
import os
import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from esmigrate_tui.disk import opened
from esmigrate_tui.model.files import Compression, FileSource, LineBreak
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean
from esmigrate_tui.reading.decompression import PIECE, CutShortError, RecodedStream, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAGIC: Final = {
    b"\x1f\x8b": Compression.GZIP,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
    b"\xfd7zXZ\x00": Compression.XZ,
}
_BZIP2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")


def path_of(name: str) -> Path:
    """The path that a person means; a ~NAME of nobody is left as it is, as in a shell."""
    return Path(os.path.expanduser(name))  # noqa: PTH111  # Path's own raises where ~NAME is nobody


def found_files(patterns: Sequence[str]) -> tuple[FileSource, ...]:
    """Every file that a path or a glob names, in order and once; raises ProblemError where one names none."""
    paths: dict[Path, None] = {}
    for pattern in patterns:
        exact = path_of(pattern)
        if exact.is_file():
            names = [exact]
        else:
            matching = sorted(glob.glob(str(exact), recursive=True))  # noqa: PTH207  # a pattern may be absolute
            names = [path for name in matching if (path := Path(name)).is_file()]
        if not names:
            raise ProblemError.of(
                Cause.MISSING,
                f"There is no file {clean(pattern, 500)}." if pattern else "A file was given without a name.",
                why=_why_no_file(exact) if pattern else "",
                todo="Give the path of a file, or a pattern such as 'folder/*.ndjson' in quotes.",
            )
        paths |= dict.fromkeys(name.resolve() for name in names)
    return tuple(file_source(str(path)) for path in paths)


def _why_no_file(path: Path) -> str:
    if path.is_dir():
        return "It is a folder."
    if path.exists():
        return "It is a pipe or a device: a run that is resumed has to read its files again."
    if path.is_symlink():
        return "It is a link that leads to no file."
    return "Nothing here has that name or matches it."


def file_source(path: str) -> FileSource:
    """A file as it is now; raises ProblemError where it cannot be read."""
    with _said(path), opened(Path(path)) as file:
        stat = Path(path).stat()
        start = file.read(10)
    packed = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), Compression.NONE)
    if _BZIP2.match(start):
        packed = Compression.BZIP2
    modified = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="microseconds")
    return FileSource(path=path, size=stat.st_size, modified=modified, compression=packed)


def what_changed(files: Sequence[FileSource]) -> str:
    """What is otherwise with these files than when the plan was made, in words; "" where nothing is."""
    for file in files:
        try:
            now = file_source(file.path)
        except ProblemError as error:
            return error.problem.what
        if now != file.as_found:
            return f"The file {clean(file.path, 500)} was changed since the plan was made."
    return ""


class OpenFile:
    """A file that is read in pieces of at most PIECE unpacked bytes; `packed_at` is how far it was read on the disk.

    With `recoded` it is a text in that encoding, and comes as UTF-8; lines that end with a carriage return alone come
    with a line feed in its place.
    """

    def __init__(self, file: FileSource, recoded: str = "") -> None:
        self._path = file.path
        self._has_cr = file.breaks is LineBreak.CR
        with _said(file.path):
            self._raw = opened(Path(file.path))
        try:
            self._stream = unpacked(self._raw, file.compression)
        except ImportError:
            self._raw.close()
            extra = "files" if file.compression is Compression.ZSTD else ""
            raise ProblemError(needs_extra(file.path, file.compression.value, extra)) from None
        if recoded:
            self._stream = RecodedStream(self._stream, recoded)

    def close(self) -> None:
        """Close it; harmless when it is closed."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.close()
        self._raw.close()

    @property
    def packed_at(self) -> int:
        """Bytes of the file on the disk that were read."""
        return self._raw.tell()

    def skip(self, offset: int) -> None:
        """Go to an offset of the unpacked file: a packed one is unpacked up to there once more."""
        if self._stream is self._raw:
            self._raw.seek(offset)
            return
        while offset > 0:
            piece = self.read(min(offset, PIECE))
            if not piece:
                return
            offset -= len(piece)

    def read(self, most: int = PIECE) -> bytes:
        """The next piece, empty at the end; raises CutShortError where a packed file is broken, ProblemError."""
        try:
            with _said(self._path):
                piece = self._stream.read(most)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CutShortError(clean(str(error), 200)) from None
        except Exception as error:
            if type(error).__name__ != "ZstdError":  # its class is only there where the library is
                raise
            raise CutShortError(clean(str(error), 200)) from None
        return piece.replace(b"\r", b"\n") if self._has_cr else piece


def needs_extra(path: str, what: str, extra: str) -> Problem:
    """The problem that a file wants a library that is not installed."""
    return Problem(
        cause=Cause.UNSUPPORTED,
        what=f"To read {clean(path, 500)}, {what} is needed, which is not installed here.",
        todo=f"Install it: pip install 'esmigrate-tui[{extra}]'" if extra else "Unpack the file first.",
    )


@contextlib.contextmanager
def _said(path: str) -> Iterator[None]:
    """Turn what the system says of a file into a ProblemError."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile):
        raise
    except (OSError, ValueError) as error:  # a NUL in a name is a ValueError
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ProblemError.of(
            Cause.USAGE,
            f"The file {clean(path, 500)} cannot be read: {clean(why, 200)}.",
            todo="See that it exists and that you may read it.",
        ) from None
