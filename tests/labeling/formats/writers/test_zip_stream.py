"""A zip archive in pieces, files that grow side by side, and names that every system can store."""

import io
import os
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.writers.zip_stream import PIECE_BYTES, MemberNames, ParallelFiles, zip_pieces


def unzipped(pieces: Iterator[bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@given(st.dictionaries(st.text("abcé/", min_size=1), st.binary() | st.lists(st.binary()), max_size=5))
def test_what_goes_into_an_archive_comes_out_of_it(contents):
    names = {name.strip("/") or "x": content for name, content in contents.items()}
    expected = {n: c if isinstance(c, bytes) else b"".join(c) for n, c in names.items()}
    assert unzipped(zip_pieces(names.items())) == expected


def test_equal_data_make_equal_archives():
    assert [*zip_pieces([("a", b"one")])] == [*zip_pieces([("a", b"one")])]


@pytest.mark.slow
def test_an_archive_of_many_megabytes_is_never_in_memory():
    def noise() -> Iterator[bytes]:
        for _ in range(400):
            yield os.urandom(100_000)

    tracemalloc.start()
    sizes = [len(piece) for piece in zip_pieces([("noise", noise())])]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) > 40_000_000
    assert max(sizes) < 4 * PIECE_BYTES
    assert peak < 4_000_000


def test_a_reader_that_leaves_early_leaves_no_open_member_behind():
    pieces = zip_pieces([("noise", (os.urandom(PIECE_BYTES) for _ in range(10)))])
    next(pieces)
    pieces.close()  # a warning of an open file would fail the test


@given(st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=40_000)), max_size=30))
def test_files_that_grow_side_by_side_are_read_one_after_the_other(appends):
    expected: dict[str, bytes] = {}
    with tempfile.TemporaryFile() as spool:
        files = ParallelFiles(spool)
        for name, content in appends:
            files.append(name, content)
            expected[name] = expected.get(name, b"") + content
        assert {name: b"".join(files.pieces(name)) for name in files.names} == expected


def test_a_thousand_files_grow_side_by_side_with_one_open_file():
    with tempfile.TemporaryFile() as spool:
        files = ParallelFiles(spool)
        for _ in range(3):
            for number in range(1000):
                files.append(str(number), b"x" * 30_000)
        assert sum(len(piece) for piece in files.pieces("999")) == 90_000


@given(st.lists(st.text(st.characters() | st.sampled_from("/\\:.aA-2 \0\ud800"))))
def test_every_name_becomes_a_file_name_of_its_own(texts):
    names = MemberNames()
    stems = [names.add(text) for text in texts]
    assert len({stem.casefold() for stem in stems}) == len(stems)
    for stem in stems:
        assert 0 < len(stem.encode()) < 250
        assert not stem.startswith(".")
        assert "/" not in stem
        assert stem.isprintable()


def test_names_of_devices_are_names_of_no_file():
    assert [MemberNames().add(name) for name in ("CON", "aux.1", "console")] == ["_CON", "_aux.1", "console"]


def test_long_names_are_cut_between_characters():
    assert MemberNames().add("é" * 1000) == "é" * 80
    assert MemberNames().add("\N{GRINNING FACE}" * 1000) == "\N{GRINNING FACE}" * 50
