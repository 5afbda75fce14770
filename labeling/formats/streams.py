"""Byte streams: any file's bytes as lines of UTF-8. Unpacked, recoded and cut, in constant memory."""

from __future__ import annotations

import codecs
import io
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from labeling.formats.records import UnreadableFile, gettext_noop

CHUNK_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024  # enough of a file to tell what it is
ENCODINGS = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1250",
    "cp1251",
    "cp1252",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "koi8-r",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "gb18030",
    "big5",
)

MAX_GZIP_RATIO = 100  # text packs 3 to 20 times; a bomb 1,000 times
GZIP_GRACE_BYTES = 16 * 1024 * 1024  # short repetitive files may pack better
_GZIP = b"\x1f\x8b"
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))  # a text has hardly any, noise one byte in ten
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before the mark of UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (
        b"PK\x03\x04",
        gettext_noop("This is a zip archive or an Excel file, not text. Import it as a file."),
    ),
    (b"PK\x05\x06", gettext_noop("This is an empty zip archive. Upload a CSV, JSON, JSONL or text file.")),
    (
        b"\xd0\xcf\x11\xe0",
        gettext_noop("This is an old Office file, or has a password. Save it as CSV or .xlsx without one."),
    ),
    (b"PAR1", gettext_noop("This is a Parquet file, not text. Import it as a file.")),
    (b"ARROW1", gettext_noop("This is an Arrow file, not text. Import it as a file.")),
    (b"%PDF", gettext_noop("This is a PDF file. Extract its text and upload that.")),
    (_GZIP, gettext_noop("The file is compressed twice. Decompress it once and upload that.")),
    (b"BZh", gettext_noop("This is a bzip2 file. Decompress it, or compress it with gzip.")),
    (b"\xfd7zXZ\x00", gettext_noop("This is an xz file. Decompress it, or compress it with gzip.")),
    (b"\x28\xb5\x2f\xfd", gettext_noop("This is a zstd file. Decompress it, or compress it with gzip.")),
    (b"\x93NUMPY", gettext_noop("This is a NumPy file. Convert it to JSONL and upload that.")),
    (b"SQLite format 3", gettext_noop("This is a database file. Export it as CSV and upload that.")),
)


class Readable(Protocol):
    """Anything with read(size) -> bytes: an open file, an upload, a response."""

    def read(self, size: int = ..., /) -> bytes: ...


def utf8_chunks(stream: Readable, encoding: str = "utf-8") -> Iterator[bytes]:
    """The stream's text as UTF-8, unpacked and without its byte order mark.

    encoding : one of ENCODINGS; a byte order mark at the start of the file overrides it
    Raises UnreadableFile for a binary file, a gzip bomb, a damaged gzip file, and bytes that are not in the
    stated encoding. UTF-8 itself is not checked here, so that a bad line costs one row and not the file.

    >>> import gzip, io
    >>> list(utf8_chunks(io.BytesIO(gzip.compress("ä".encode("utf-16")))))
    [b'\\xc3\\xa4']
    """
    if encoding not in ENCODINGS:
        raise UnreadableFile(
            gettext_noop('Unknown encoding "%(encoding)s". Choose another one.'), encoding=encoding[:50]
        )
    chunks = read_chunks(stream)
    first = next(chunks, b"")
    if first.startswith(_GZIP):
        chunks = _gunzip(chain([first], chunks))
        first = next(chunks, b"")
    for mark, marked_encoding in _BYTE_ORDER_MARKS:
        if first.startswith(mark):
            encoding = marked_encoding
            first = first.removeprefix(codecs.BOM_UTF8)
            break
    _refuse_binary(first, encoding)
    rest = chain([first], chunks)
    return rest if encoding == "utf-8" else _recode(rest, encoding)


def guess_encoding(first_bytes: bytes) -> str:
    """UTF-16 where the start of a file without a byte order mark can only be that, else UTF-8.

    first_bytes : HEAD_BYTES or more of them; fewer mean that this is the whole file
    Raises UnreadableFile for a damaged gzip file.

    >>> guess_encoding("id,text".encode("utf-16-be")), guess_encoding("ä".encode("utf-16"))
    ('utf-16-be', 'utf-8')
    """
    first = first_bytes
    if first.startswith(_GZIP):
        first = next(_gunzip(read_chunks(io.BytesIO(first))), b"")
    if any(first.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS):
        return "utf-8"
    start = first[: HEAD_BYTES - HEAD_BYTES % 4]
    zeros = {"utf-16-be": start[::2].count(0), "utf-16-le": start[1::2].count(0)}
    encoding = max(zeros, key=zeros.__getitem__)
    if zeros[encoding] * 10 <= sum(zeros.values()) * 9 or not _reads_as(start, encoding):
        return "utf-8"
    return encoding


def _reads_as(start: bytes, encoding: str) -> bool:
    """Whether bytes are text in this encoding: characters that exist, and hardly any controls."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeError:
        return False
    odd = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\t\n\v\f\r\x1b" for c in text)
    return odd * 50 <= len(text)


def unpacked_start(stream: Readable, max_bytes: int) -> tuple[bytes, bool]:
    """The first bytes of a file, unpacked and otherwise as they are, and whether that is all of it.

    Raises UnreadableFile for a gzip bomb and a damaged gzip file.

    >>> import gzip, io
    >>> unpacked_start(io.BytesIO(gzip.compress(b"one, two")), 3)
    (b'one', False)
    >>> unpacked_start(io.BytesIO(b"one"), 3)
    (b'one', True)
    """
    chunks = read_chunks(stream)
    first = next(chunks, b"")
    chunks = chain([first], chunks)
    start = bytearray()
    for chunk in _gunzip(chunks) if first.startswith(_GZIP) else chunks:
        start += chunk
        if len(start) > max_bytes:
            return bytes(start[:max_bytes]), False
    return bytes(start), True


def unpacked_chunks(stream: Readable) -> Iterator[bytes]:
    """The bytes of a gzip file, unpacked. Raises UnreadableFile for a bomb and a damaged file.

    >>> import gzip, io
    >>> b"".join(unpacked_chunks(io.BytesIO(gzip.compress(b"one, two"))))
    b'one, two'
    """
    return _gunzip(read_chunks(stream))


def first_chunk(first_bytes: bytes, encoding: str = "utf-8") -> tuple[bytes, bool]:
    """The start of a file in UTF-8, unpacked, and whether more follows.

    first_bytes : HEAD_BYTES or more of them; fewer mean that this is the whole file

    >>> first_chunk("ä".encode("utf-16"))
    (b'\\xc3\\xa4', False)
    """
    is_cut = len(first_bytes) >= HEAD_BYTES or first_bytes.startswith(_GZIP)
    return next(utf8_chunks(io.BytesIO(first_bytes), encoding), b""), is_cut


def lines(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    r"""Lines without their \n, each cut to max_bytes + 1 bytes: longer than max_bytes means too long.

    >>> list(lines([b"one\ntw", b"o\r\n\nthree"], 4))
    [b'one', b'two\r', b'', b'three']
    """
    pending = b""
    for chunk in chunks:
        parts = chunk.split(b"\n")
        if len(pending) <= max_bytes:  # else the line is too long already: do not copy it again and again
            parts[0] = pending + parts[0]
        elif len(parts) > 1:
            parts[0] = pending
        else:
            continue
        pending = parts.pop()[: max_bytes + 1]
        for part in parts:
            yield part if len(part) <= max_bytes else part[: max_bytes + 1]
    if pending:
        yield pending


def read_chunks(stream: Readable) -> Iterator[bytes]:
    """The bytes of a stream as they are, in pieces of 256 KiB."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack one gzip member after the other, a bounded piece at a time."""
    member = zlib.decompressobj(wbits=31)
    taken = size = 0
    try:
        for packed in chunks:
            taken += len(packed)
            while packed:
                if member.eof:
                    packed = packed.lstrip(b"\0")  # padding after a member is allowed
                    if not packed:
                        break
                    member = zlib.decompressobj(wbits=31)
                piece = member.decompress(packed, CHUNK_BYTES)
                packed = member.unconsumed_tail or member.unused_data
                size += len(piece)
                if size > max(GZIP_GRACE_BYTES, MAX_GZIP_RATIO * taken):
                    raise UnreadableFile(
                        gettext_noop(
                            "The gzip file expands more than %(ratio)d times. Decompress it and upload that."
                        ),
                        ratio=MAX_GZIP_RATIO,
                    )
                if piece:
                    yield piece
        if rest := member.flush():
            yield rest
    except zlib.error:
        raise UnreadableFile(gettext_noop("The gzip file is damaged. Compress it again.")) from None
    if not member.eof:
        raise UnreadableFile(gettext_noop("The gzip file is incomplete. Upload it again."))


def _recode(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        decoder.decode(b"", final=True)  # raises when the last character is cut off
    except UnicodeError:
        raise UnreadableFile(
            gettext_noop("The file is not encoded in %(encoding)s. Choose another encoding."),
            encoding=encoding,
        ) from None


def _refuse_binary(first: bytes, encoding: str) -> None:
    for magic, message in _FOREIGN:
        if first.startswith(magic):
            raise UnreadableFile(message)
    start = first[:4096]
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if not encoding.startswith(("utf-16", "utf-32")) and (
        start.count(0) > 16 or controls > max(16, len(start) // 20)
    ):
        raise UnreadableFile(gettext_noop("This is not a text file. Upload CSV, JSON, JSONL or plain text."))
    if (
        b"\r" in first
        and b"\n" not in first
        and len(first) < CHUNK_BYTES
        and first.rstrip(b"\r").count(b"\r")
    ):
        raise UnreadableFile(
            gettext_noop(
                "The lines end with carriage returns only. Save the file with Unix or Windows line endings."
            )
        )
