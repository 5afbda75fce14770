"""Are differences of independent shares equal to those of others?"""

import pytest

from analytics.metrics.bias import difference_of_proportions, difference_within_strata


@pytest.mark.parametrize(
    ("second", "first", "low", "high"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_own_table(second, first, low, high):
    proportions = difference_of_proportions(*first, *second, "")
    assert proportions.interval.low == pytest.approx(low, abs=1e-4)
    assert proportions.interval.high == pytest.approx(high, abs=1e-4)


def test_one_stratum_is_the_plain_difference():
    measure = difference_within_strata([(48, 80, 56, 70)], "")
    assert measure.value == pytest.approx(0.2)
    assert measure.interval.low == pytest.approx(
        0.2 - 1.96 * (0.6 * 0.4 / 80 + 0.8 * 0.2 / 70) ** 0.5, abs=2e-3
    )


def test_what_makes_groups_differ_in_kind_is_taken_out():
    """Both groups agree alike within each kind, but one has more of the easy kind."""
    measure = difference_within_strata([(90, 100, 9, 10), (5, 10, 50, 100)], "")
    assert measure.value == pytest.approx(0)


def test_an_empty_side_has_no_difference():
    assert difference_of_proportions(0, 0, 3, 4, "None.").reason == "None."
    assert difference_within_strata([(3, 4, 0, 0)], "None.").reason == "None."
