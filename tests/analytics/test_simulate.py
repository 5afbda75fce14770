"""What would steering by reports have saved? The command of labeling with one option more."""

from pathlib import Path

import pytest

from analytics.management.simulation import weakest
from tests.labeling.management.test_simulate import rows, simulate, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
def test_half_of_the_test_set_steers_and_the_other_half_measures(tmp_path: Path) -> None:
    data = write(tmp_path / "tickets.jsonl.gz", rows("single", 120))
    result = simulate(data, "single", "--seeds", "1", "--steer", "on")
    assert result["steer"] == "on"
    assert set(result["classes"]) == {"refund", "billing", "delivery"}
    curve = result["seeds"][0]["curve"]
    assert all(len(item["f1"]) == len(curve) for item in result["classes"].values())
    assert result["weakest"]["class"] in result["classes"]
    assert result["weakest"]["target"] == pytest.approx(0.9 * result["weakest"]["full_f1"], abs=1e-4)


def test_a_run_that_never_reaches_the_target_counts_as_the_whole_budget() -> None:
    runs = [[[0.9, 0.1], [0.9, 0.6]], [[0.9, 0.1], [0.9, 0.2]]]
    result = weakest(["good", "weak"], [[10, 20], [10, 20]], runs, [0.95, 0.5], 20)
    assert result["labels_to_target"] == [20, None]
    assert (result["class"], result["mean"], result["never"]) == ("weak", 20.0, 1)


def test_classes_that_all_labels_do_not_teach_are_no_target() -> None:
    result = weakest(["good", "hopeless"], [[10]], [[[0.9, 0.0]]], [0.95, 0.0], 10)
    assert result["class"] == "good"
