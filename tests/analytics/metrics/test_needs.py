"""How much of the queue does each class need? Sums and caps hold, and a weaker class never gets less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.metrics.needs import MAX_CLASS_SHARE, MAX_TOTAL_SHARE, capped, lower_bounds, needs
from tests.thorough import examples

COUNT = st.integers(0, 60)
ROW = st.tuples(COUNT, COUNT, COUNT, st.integers(0, 400), st.booleans())  # tp, fp, fn, labels, ambiguous
TABLES = st.lists(ROW, min_size=1, max_size=12)


def shares(rows: list[tuple[int, int, int, int, bool]], target: float = 0.8) -> np.ndarray:
    tp, fp, fn, labels, is_ambiguous = (np.array(column) for column in zip(*rows, strict=True))
    return needs(tp, fp, fn, labels, target, is_ambiguous.astype(bool))


@given(TABLES, st.floats(0.1, 1.0))
@settings(max_examples=examples(60), deadline=None)
def test_nothing_starves(rows: list[tuple[int, int, int, int, bool]], target: float) -> None:
    """No class gets more than its cap, and all together leave the rest of the head alone."""
    result = shares(rows, target)
    most = np.where([row[4] for row in rows], MAX_CLASS_SHARE / 2, MAX_CLASS_SHARE)
    assert (result >= 0).all()
    assert (result <= most + 1e-9).all()
    assert result.sum() <= MAX_TOTAL_SHARE + 1e-9


@given(TABLES, st.integers(0, 11), st.integers(1, 20))
@settings(max_examples=examples(60), deadline=None)
def test_a_class_that_gets_weaker_never_gets_less(
    rows: list[tuple[int, int, int, int, bool]], index: int, lost: int
) -> None:
    index %= len(rows)
    tp, fp, fn, labels, is_ambiguous = rows[index]
    lost = min(lost, tp)
    weaker = [*rows]
    weaker[index] = (tp - lost, fp, fn + lost, labels, is_ambiguous)
    assert shares(weaker)[index] >= shares(rows)[index] - 2e-4  # shares are rounded down


@given(TABLES)
@settings(max_examples=examples(40), deadline=None)
def test_a_class_that_surely_reaches_the_target_gets_nothing(
    rows: list[tuple[int, int, int, int, bool]],
) -> None:
    result = shares([*rows, (5_000, 3, 3, 10, False)])
    assert result[-1] == 0


def test_an_unclear_class_gets_half() -> None:
    clear, unclear, other = shares([(5, 5, 5, 50, False), (5, 5, 5, 50, True), (30, 9, 9, 50, False)])
    assert unclear == pytest.approx(clear / 2, abs=2e-4)
    assert other < clear


def test_without_errors_and_labels_there_is_still_an_answer() -> None:
    """A class that no test document shows is not known to be good."""
    assert shares([(0, 0, 0, 0, False)]).tolist() == [MAX_CLASS_SHARE]
    assert len(shares([(9, 0, 0, 5, False)])) == 1


def test_the_lower_end_is_undefined_without_a_document_and_so_taken_as_nothing() -> None:
    assert lower_bounds(np.array([0]), np.array([7]), np.array([0])).tolist() == [0.0]


def test_what_a_cap_cuts_off_goes_to_the_others() -> None:
    shared = capped(np.array([10.0, 1.0, 1.0]), np.array([0.3, 0.3, 0.3]), 0.5)
    assert shared.tolist() == pytest.approx([0.3, 0.1, 0.1])
    assert capped(np.array([1.0]), np.array([0.2]), 0.5).tolist() == [0.2]
