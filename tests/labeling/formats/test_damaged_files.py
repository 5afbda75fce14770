"""Can a damaged or hostile file do more than be refused? Every tool's file is broken in many ways."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import Kind, OutlineClass, ProjectOutline
from labeling.formats.projects import READERS, WRITERS, recognize
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span, UnreadableFile
from tests.thorough import examples

CLASSES = (OutlineClass("Bug", color="#ff0000"), OutlineClass("Late"))
HOSTILE = (
    b"null", b"[]", b"{}", b"-1", b"1e999", b"NaN", b"true", b'""', b"9" * 400, b"[" * 2_000,
    b'{"a":' * 2_000, b'"\\ud800"', b"\\u0000", b"\xff\xfe", b"\0", b"'", b'"', b",", b"\n", b"../../x",
)  # fmt: skip


def records(kind: Kind) -> list[Record]:
    if kind == "spans":
        answers = [RecordAnnotation("ann", spans=(Span(0, 2, "Bug"),)), RecordAnnotation("bob", spans=())]
    else:
        answers = [RecordAnnotation("ann", ("Bug",)), RecordAnnotation("bob", ("Late",))]
    return [
        Record(
            1, "😀 It crashed.\r\nTwice.", "7", {"channel": "mail"}, split="test", annotations=(answers[0],)
        ),
        Record(2, "Where is my parcel?", None, {}, split="pool", annotations=tuple(answers)),
        Record(3, "Nobody has labeled this.", "x/y", {}),
    ]


def files_of(key: str, kind: Kind) -> dict[str, bytes]:
    """What the writer of a tool makes of three documents, unpacked."""
    outline = ProjectOutline("Review Queue", "Mails", kind, classes=CLASSES)
    ignored: list[BadRow] = []
    content = b"".join(WRITERS[key].write(outline, records(kind), ignored.append))
    if not content.startswith(b"PK"):
        return {f"file{WRITERS[key].SUFFIX}": content}
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


TOOLS = sorted(READERS.keys() & WRITERS.keys())


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> bytes:
    """A file with a few places cut out, repeated, or filled with what should not be there."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 40)))
        filling = draw(st.sampled_from([*HOSTILE, b"", content[start:end] * 2, content[: start // 2]]))
        content = content[:start] + filling + content[end:]
    return content


def rows(key: str, files: FilesInMemory) -> Iterator[Record | BadRow]:
    recognize(files)
    with suppress(UnreadableFile):
        READERS[key].outline(files)
    with suppress(UnreadableFile):
        yield from READERS[key].read(files)


@pytest.mark.parametrize("key", TOOLS)
@given(st.data())
@settings(max_examples=examples(60))
def test_a_broken_file_gives_documents_bad_rows_or_a_refusal_and_never_an_error(key, data):
    kind = data.draw(st.sampled_from(["single", "multi", "spans"]))
    files = files_of(key, kind)
    if not files:
        return
    name = data.draw(st.sampled_from(sorted(files)))
    files[name] = data.draw(broken(files[name]))
    for row in rows(key, FilesInMemory(files, "export.zip")):
        assert row.line >= 1
        if isinstance(row, BadRow):
            assert row.reason
            continue
        assert row.text
        for answer in row.answers:
            assert all(0 <= span.start < span.end <= len(row.text) for span in answer.spans or ())
        json.dumps([row.metadata, [dict(answer.provenance) for answer in row.answers]], allow_nan=False)


@pytest.mark.parametrize("key", sorted(READERS))
def test_no_reader_fails_at_a_file_of_another_kind(key):
    for content in (b"", b"\0", b"[]", b"{}", b"[[[[", b"text\n", b"\xff\xd8\xff", *HOSTILE):
        files = FilesInMemory({"a.json": content, "b.txt": content, "c.jsonl": content}, "x.zip")
        assert READERS[key].recognizes(files) in (True, False)
        list(rows(key, files))
