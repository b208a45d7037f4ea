"""Streams that unpack or decode a file in bounded pieces, each read like a file of its own."""

from __future__ import annotations

import bz2
import codecs
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from esmigrate_tui.model.files import Compression

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE: Final = 256 * 1024
WINDOW: Final = 128 * 1024 * 1024  # what the zstd command itself agrees to hold; a file that wants more is refused
_FED: Final = 1024
_MARKED: Final = "esmigrate-marked"


class CutShortError(Exception):
    """A packed file ends in the middle, or is broken; the message says how."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Half of a surrogate pair in place of what cannot be decoded: its UTF-8 is none, so that its row is rejected."""
    return "\udc80", error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error(_MARKED, _mark)


class ByteStream(Protocol):
    """What is read like a file."""

    def read(self, most: int, /) -> bytes:
        """At most so many bytes; empty at the end."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class _UnpackedStream:
    """What makes bytes of pieces of another stream; as many as are asked for are given, the others held."""

    def __init__(self, raw: ByteStream) -> None:
        self._raw = raw
        self._ready = bytearray()
        self._is_over = False

    def read(self, most: int, /) -> bytes:
        """As a file's own."""
        while len(self._ready) < most and not self._is_over:
            self._more()
        piece = bytes(self._ready[:most])
        del self._ready[:most]
        return piece

    def close(self) -> None:
        self._raw.close()

    def _more(self) -> None:
        """Add to what is ready, or see that nothing more comes."""
        raise NotImplementedError


class ZstdStream(_UnpackedStream):
    """Unpacks zstd; the library's own reader takes a file that was cut for one that has ended.

    It is fed a kilobyte at a time: no more than 32 MB can come of that, and of ordinary data a few kilobytes do.
    Raises ImportError where the library is not installed.
    """

    def __init__(self, raw: ByteStream) -> None:
        import zstandard  # noqa: PLC0415  # an extra that may not be installed

        super().__init__(raw)
        self._begin = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj
        self._frame = self._begin()
        self._is_within = False
        self._left = b""

    def _more(self) -> None:
        packed = self._left or self._raw.read(_FED)
        if not packed:
            if self._is_within and not self._ready:
                raise EOFError("it ends in the middle of a frame")
            self._is_over = True
            return
        self._left = b""
        self._ready += self._frame.decompress(packed)
        self._is_within = True
        if self._frame.eof:
            self._left, self._frame, self._is_within = self._frame.unused_data, self._begin(), False


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class CompressedStream(_UnpackedStream):
    """Unpacks bzip2 and xz by Python's own libraries; several streams one after another are one file.

    Raises ImportError where this Python was built without the library of xz.
    """

    def __init__(self, raw: ByteStream, kind: Compression) -> None:
        super().__init__(raw)
        self._begin: Callable[[], _Decompressor] = bz2.BZ2Decompressor
        self._errors: tuple[type[Exception], ...] = (OSError,)
        if kind is Compression.XZ:
            import lzma  # noqa: PLC0415  # not every Python is built with it

            self._begin = lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=WINDOW)
            self._errors = (lzma.LZMAError,)
        self._stream: _Decompressor | None = None
        self._left = b""

    def _more(self) -> None:
        packed = b""
        if self._stream is None or self._stream.needs_input:
            packed = self._left or self._raw.read(PIECE)
            self._left = b""
            if self._stream is None:
                packed = packed.lstrip(b"\0")  # xz pads its streams
            if not packed:
                if self._stream is not None:
                    raise EOFError("it ends in the middle of a stream")
                self._is_over = True
                return
        self._stream = self._stream or self._begin()
        try:
            self._ready += self._stream.decompress(packed, PIECE)
        except self._errors as error:
            raise CutShortError(str(error)) from None
        if self._stream.eof:
            self._left, self._stream = self._stream.unused_data, None


class RecodedStream(_UnpackedStream):
    """A text of another encoding as UTF-8; what cannot be decoded becomes bytes that are no UTF-8, in its own row."""

    def __init__(self, raw: ByteStream, encoding: str) -> None:
        super().__init__(raw)
        self._decoder = codecs.getincrementaldecoder(encoding)(_MARKED)

    def _more(self) -> None:
        piece = self._raw.read(PIECE)
        text = self._decoder.decode(piece, final=not piece)
        self._is_over = not piece
        self._ready += text.encode("utf-8", "surrogatepass")


def is_of_bytes(encoding: str) -> bool:
    """Whether every character is one byte, and the marks of a table are those of ASCII: such a file is cut by bytes."""
    marks = ',;|\t "\n\r'
    try:
        whole = bytes(range(256)).decode(encoding, "replace")
        return len(whole) == 256 and marks.encode(encoding) == marks.encode("ascii")
    except (LookupError, UnicodeError):
        return False


def is_utf8(encoding: str) -> bool:
    """Whether a name of an encoding means UTF-8."""
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def unpacked(raw: BinaryIO, kind: Compression) -> ByteStream:
    """The stream within a packed file; raises ImportError where what unpacks it is not installed."""
    if kind is Compression.GZIP:
        import gzip  # noqa: PLC0415  # as the others

        return gzip.GzipFile(fileobj=raw)
    if kind is Compression.ZSTD:
        return ZstdStream(raw)
    return CompressedStream(raw, kind) if kind in {Compression.BZIP2, Compression.XZ} else raw
