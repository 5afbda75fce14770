"""Higher always means: label sooner."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labeling.learning.acquisition import (
    disagreement,
    label_vote_entropy,
    margin,
    vote_entropy,
)

raw = arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(2, 6)), elements=st.floats(0.01, 1))
committees = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 12), st.integers(1, 5)), elements=st.floats(0, 1)
)


@given(raw)
def test_margin_is_one_less_the_gap_of_the_two_highest(values):
    probabilities = values / values.sum(axis=1, keepdims=True)
    for row, result in zip(probabilities.tolist(), margin(probabilities), strict=True):
        first, second, *_ = sorted(row, reverse=True)
        assert np.isclose(result, 1 - (first - second))
        assert 0 <= result <= 1


def test_margin_of_one_class_has_no_doubt():
    assert margin(np.ones((3, 1))).tolist() == [0, 0, 0]


@given(committees, st.randoms())
def test_vote_entropy_ignores_the_order_of_members_and_stays_in_its_range(members, random):
    shuffled = members[random.sample(range(len(members)), len(members))]
    entropy = vote_entropy(members)
    assert np.allclose(entropy, vote_entropy(shuffled))
    assert (entropy >= 0).all()
    assert (entropy <= np.log(len(members)) + 1e-9).all()


@given(committees)
def test_one_member_repeated_never_disagrees(members):
    assert np.allclose(vote_entropy(np.repeat(members[:1], 3, axis=0)), 0)
    assert np.allclose(label_vote_entropy(np.repeat(members[:1] > 0.5, 3, axis=0)), 0)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.637, 1.099]), st.floats(0, 1)), min_size=2, max_size=20))
def test_ties_of_disagreement_are_broken_by_the_consensus_and_nothing_else(pairs):
    entropy, consensus = np.array(pairs).T
    result = disagreement(entropy, consensus)
    for number in range(len(pairs)):
        for other in range(len(pairs)):
            if entropy[number] > entropy[other]:
                assert result[number] > result[other]
            elif entropy[number] == entropy[other] and consensus[number] > consensus[other]:
                assert result[number] >= result[other]
