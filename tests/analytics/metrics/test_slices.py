"""Are weak slices found where they are, and hardly ever where there are none?"""

from __future__ import annotations

from cProfile import Profile

import numpy as np
import pytest
from scipy import stats

from analytics.metrics.slices import fisher_greater, worst_slices


@pytest.mark.parametrize(
    ("bad", "n", "wrong", "total"), [(3, 3, 7, 67), (9, 30, 20, 200), (0, 20, 5, 60), (40, 900, 150, 5000)]
)
def test_the_exact_test_is_that_of_scipy(bad, n, wrong, total):
    table = [[bad, n - bad], [wrong - bad, total - n - wrong + bad]]
    assert fisher_greater(bad, n, wrong, total) == pytest.approx(
        stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-8
    )


def attributes(random, n_documents: int, sizes: tuple[int, ...]):
    return [random.integers(0, size, n_documents) for size in sizes]


def test_noise_alone_is_hardly_ever_a_finding():
    random = np.random.default_rng(3)
    rows = [
        bool(worst_slices(random.random(600) < 0.2, attributes(random, 600, (3, 4, 5))).slices)
        for _ in range(60)
    ]
    assert np.mean(rows) <= 0.08


def test_a_weak_value_is_found_and_told_once():
    random = np.random.default_rng(4)
    codes = attributes(random, 2000, (4, 5, 3))
    search = worst_slices(random.random(2000) < np.where(codes[1] == 2, 0.5, 0.1), codes)
    assert [weak_slice.buckets for weak_slice in search.slices] == [((1, 2),)]
    assert search.slices[0].effect == pytest.approx(0.93, abs=0.15)
    assert search.tried == 4 + 5 + 3 + 20 + 12 + 15


def test_a_weakness_of_two_together_is_found_as_such():
    random = np.random.default_rng(5)
    codes = attributes(random, 3000, (4, 5, 3))
    probabilities = np.where((codes[0] == 1) & (codes[2] == 0), 0.6, 0.1)
    first = worst_slices(random.random(3000) < probabilities, codes).slices[0]
    assert first.buckets == ((0, 1), (2, 0))


def test_small_slices_and_documents_without_a_value_are_left_out():
    codes = np.full(200, -1)
    codes[:19] = 0
    is_wrong = np.arange(200) < 19
    assert worst_slices(is_wrong, [codes]).tried == 0
    assert worst_slices(np.zeros(0, bool), [np.zeros(0, int)]).slices == ()
    with pytest.raises(ValueError, match="cannot be"):
        fisher_greater(5, 4, 9, 20)


def test_the_cost_follows_the_number_of_slices_and_not_that_of_documents() -> None:
    random = np.random.default_rng(6)
    calls = []
    for n_documents in (5_000, 20_000):
        codes = attributes(random, n_documents, (12,) * 12)
        counted = Profile()
        counted.runcall(worst_slices, random.random(n_documents) < 0.3, codes)
        calls.append(sum(entry.callcount for entry in counted.getstats()))
    assert max(calls) < 12 * (12 * 12 + 66 * 12 * 12)  # a dozen calls for each slice of one field or two
    assert calls[1] < 1.1 * calls[0]
