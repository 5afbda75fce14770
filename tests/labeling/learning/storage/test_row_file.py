"""Rows in place: what is written is read, whatever the order and whatever the file held before."""

from pathlib import Path

import numpy as np
import pytest

from labeling.learning.arrays.row_file import RowFile


@pytest.fixture
def file(tmp_path: Path) -> RowFile:
    return RowFile(tmp_path / "rows", np.dtype(np.float16), 3)


def test_no_file_is_a_file_without_rows(file: RowFile) -> None:
    assert len(file) == 0
    assert file.mapped(0).shape == (0, 3)


def test_rows_go_to_their_places_in_any_order_and_over_what_was_there(file: RowFile) -> None:
    file.write(np.array([4, 0, 1]), np.arange(9).reshape(3, 3))
    file.write(np.array([1]), np.full((1, 3), 7.0))
    assert len(file) == 5
    assert file.mapped(5).tolist() == [[3, 4, 5], [7, 7, 7], [0, 0, 0], [0, 0, 0], [0, 1, 2]]
    assert file.mapped(2).shape == (2, 3)


def test_half_a_row_does_not_count(file: RowFile) -> None:
    file.write(np.array([0]), np.ones((1, 3)))
    with file.path.open("ab") as stream:
        stream.write(b"\0\0\0")
    assert len(file) == 1
