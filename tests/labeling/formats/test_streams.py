"""Does any file come in safely: packed, recoded, plain, foreign or hostile?"""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import BadRow, Format, Record, UnreadableFile, read, sniff
from labeling.formats.streams import guess_encoding, lines, utf8_chunks

WORDS = b"a few words of text " * 50


class Repeated:
    """A stream that repeats a piece for ever, up to a number of bytes, and holds none of it."""

    def __init__(self, start: bytes, piece: bytes, total: int) -> None:
        self._start, self._piece, self._left = start, piece * (65_536 // len(piece)), total

    def read(self, size: int = -1, /) -> bytes:
        if self._start:
            start, self._start = self._start, b""
            return start
        piece = self._piece[: max(0, self._left)]
        self._left -= len(piece)
        return piece


def unpacked(raw: bytes, encoding: str = "utf-8") -> bytes:
    return b"".join(utf8_chunks(io.BytesIO(raw), encoding))


@given(st.lists(st.binary(max_size=20)), st.integers(1, 9))
def test_lines_are_those_of_split_and_cut_at_the_limit(chunks: list[bytes], limit: int):
    expected = b"".join(chunks).split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert list(lines(chunks, limit)) == [line[: limit + 1] for line in expected]


def test_gzip_of_several_members_with_padding_is_unpacked():
    assert unpacked(gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\0" * 20) == b"one\ntwo\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gb18030", "shift_jis"])
def test_a_stated_encoding_or_a_byte_order_mark_is_heeded(encoding: str):
    text = "日本\n" if encoding in ("gb18030", "shift_jis") else "Grüße\n"
    stated = "utf-8" if encoding in ("utf-8-sig", "utf-16") else encoding
    assert unpacked(text.encode(encoding) * 3, stated).decode().replace("\ufeff", "") == text * 3


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["id,text\n1,Grüße\n", "编号,评论\n1,很好\n2,不好\n", '{"text": "日本"}\n'])
def test_utf_16_without_a_mark_is_told_by_its_zeros(text: str, encoding: str):
    raw = (text * 40).encode(encoding)
    assert guess_encoding(raw) == encoding
    assert guess_encoding(gzip.compress(raw, mtime=0)) == encoding
    expected = Format.JSONL if "{" in text else Format.CSV
    assert sniff(raw, "upload", guess_encoding(raw)) is expected


@pytest.mark.parametrize("raw", [b"", b"plain", "Grüße".encode(), "x".encode("utf-16"), b"\x80\x04\0\0" * 99])
def test_other_bytes_are_not_taken_for_utf_16(raw: bytes):
    assert guess_encoding(raw) == "utf-8"


def test_utf_32_is_read_by_its_mark():
    assert unpacked("Grüße\n".encode("utf-32")) == "Grüße\n".encode()


def test_a_wrong_or_unknown_encoding_is_said():
    with pytest.raises(UnreadableFile, match="not encoded in shift_jis"):
        unpacked(b"\xff\xff", "shift_jis")
    with pytest.raises(UnreadableFile, match='encoding "zlib"'):
        unpacked(b"", "zlib")
    with pytest.raises(UnreadableFile, match="not encoded in utf-16"):
        unpacked("odd".encode("utf-16") + b"x")


# reliability C1
def test_a_gzip_bomb_is_refused_soon_and_without_memory():
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"a" * 2**20) for _ in range(40)) + packer.flush()
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(UnreadableFile, match="expands more than 100 times"):
        list(read(io.BytesIO(bomb), Format.LINES))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - started < 2
    assert peak < 25_000_000


def test_damaged_and_cut_off_gzip_is_said():
    packed = gzip.compress(b"text " * 1000)
    with pytest.raises(UnreadableFile, match="incomplete"):
        unpacked(packed[:-9])
    with pytest.raises(UnreadableFile, match="damaged"):
        unpacked(packed[:20] + b"garbage" + packed[27:])
    with pytest.raises(UnreadableFile, match="damaged"):
        unpacked(packed + b"rubbish")


# reliability C5
@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"PK\x03\x04", "Excel"),
        (b"PAR1", "Parquet"),
        (b"ARROW1\0\0", "Arrow"),
        (b"\x93NUMPY", "NumPy"),
        (b"%PDF-1.7", "PDF"),
        (b"\x80\x04\x95" + b"\0" * 30, "not a text file"),
        (bytes(range(1, 256)) * 4, "not a text file"),  # noise without the zeros that would tell
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "compressed twice"),
        (b"one\rtwo\rthree", "carriage returns only"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", ""])
def test_a_foreign_file_is_known_by_its_content_whatever_its_name(start: bytes, words: str, name: str):
    with pytest.raises(UnreadableFile, match=words):
        sniff(start, name)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "a.JSONL", Format.JSONL),
        (b"a,b\n1,2\n", "a.csv.gz", Format.CSV),
        (b"a\tb\n1\t2\n", "a.tsv", Format.CSV),
        (b' \n{"text": "x"}\n', "upload", Format.JSONL),
        (gzip.compress(b'{"text": "x"}\n', mtime=0), "upload", Format.JSONL),
        (b"id;text\n1;Hello\n2;Bye\n", "upload", Format.CSV),
        (b"One, two.\nThree.\nFour.\n", "upload", Format.LINES),
        (b"Dear Ann,\nall is well.\n\nDear Bob,\nall is well.\n", "a.txt", Format.PARAGRAPHS),
        (b"One.\n\nTwo.\n\nThree.\n", "a.txt", Format.LINES),
        (b"[1] a note\n", "a.txt", Format.LINES),
        (b' [\n{"text": "x"}]\n', "a.json", Format.JSON),
        (b'[{"text": "x"}]', "upload", Format.JSON),
        (b'[{"text": "x"}]', "a.txt", Format.JSON),
        (b"ham\tAre you there?\nspam\tYou have won\n", "messages.txt", Format.CSV),
        (b"ham\tAre you there?\nspam\tYou have won\n", "SMSSpamCollection", Format.CSV),
        (b"so happy;joy\nso low;sadness\n" * 3, "train.txt", Format.CSV),
        (b"sep=,\nid,text\n1,Hi\n", "a.txt", Format.CSV),
        (b"Well, well.\nYes, no.\nOne, two.\nHere, there.\nUp, down.\n", "a.txt", Format.LINES),
        (b"Chapter 1\n\tIndented text.\nMore of it.\nAnd more.\n", "a.txt", Format.LINES),
    ],
)
def test_the_format_is_told_by_name_or_content(content: bytes, name: str, expected: Format):
    assert sniff(content, name) is expected


def test_one_json_object_over_several_lines_is_refused_with_advice():
    with pytest.raises(UnreadableFile, match="one object per line"):
        sniff(b'{\n  "documents": []\n}\n', "a.json")


def test_plain_text_gives_a_document_a_line_or_a_paragraph():
    raw = b"One,\nstill one.\r\n \nTwo.\n\xff\n"
    by_line = list(read(io.BytesIO(raw), Format.LINES))
    assert [row.text if isinstance(row, Record) else row.line for row in by_line] == [
        "One,",
        "still one.",
        "Two.",
        5,
    ]
    by_paragraph = list(read(io.BytesIO(raw), Format.PARAGRAPHS))
    assert by_paragraph[0] == Record(1, "One,\nstill one.")
    assert isinstance(by_paragraph[1], BadRow)
    assert by_paragraph[1].line == 4


@pytest.mark.parametrize(
    ("file_format", "start", "piece"),
    [
        (Format.JSONL, b"", b'{"text": "' + WORDS + b'"}\n'),
        (Format.JSON, b"[", b'{"text": "' + WORDS + b'"},\n'),
        (Format.CSV, b"id,text\n", b"1," + WORDS + b"\n"),
        (Format.LINES, b"", WORDS + b"\n"),
        (Format.PARAGRAPHS, b"", WORDS + b"\n\n"),
    ],
)
def test_memory_does_not_grow_with_the_file(file_format: Format, start: bytes, piece: bytes):
    assert peak_of_reading(file_format, Repeated(start, piece, 1_000_000)) < 700_000


# reliability C3
@pytest.mark.parametrize(
    ("file_format", "start", "piece", "peak"),
    [
        (Format.JSONL, b'{"text": "', b"one line without an end ", 40_000_000),
        (Format.JSONL, b"", b"[", 40_000_000),
        (Format.JSON, b"[", b"[" + WORDS + b"]", 40_000_000),
        (Format.JSON, b'["', b"one text without an end \\\\", 40_000_000),
        (Format.CSV, b'id,text\n1,"', b"never closed, ", 60_000_000),
        (Format.CSV, b'id,text\n1,"', b"x" * 999 + b"\n", 60_000_000),
        (Format.CSV, b"id,text\n", b"ab,", 100_000_000),
        (Format.LINES, b"", b"one line without an end ", 40_000_000),
        (Format.PARAGRAPHS, b"", b"x" * 999 + b"\n", 40_000_000),
    ],
)
def test_what_never_ends_is_refused_with_bounded_memory(
    file_format: Format, start: bytes, piece: bytes, peak: int
):
    assert peak_of_reading(file_format, Repeated(start, piece, 10_000_000)) < peak


def peak_of_reading(file_format: Format, stream: Repeated) -> int:
    """Bytes, at the worst moment."""
    tracemalloc.start()
    try:
        with suppress(UnreadableFile):  # a list that breaks off
            assert sum(1 for _ in read(stream, file_format))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
