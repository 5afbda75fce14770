"""What would steering by reports have saved? The command of labeling with one option more."""

from pathlib import Path

import pytest

from analytics.management.simulation import weakest
from tests.labeling.management.test_simulate import rows, simulate, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
def test_half_of_the_test_set_steers_and_the_other_half_measures(tmp_path: Path) -> None:
    data = write(tmp_path / "tickets.jsonl.gz", rows("single", 120))
    found = simulate(data, "single", "--seeds", "1", "--steer", "on")
    assert found["steer"] == "on"
    assert set(found["classes"]) == {"refund", "billing", "delivery"}
    curve = found["seeds"][0]["curve"]
    assert all(len(one["f1"]) == len(curve) for one in found["classes"].values())
    assert found["weakest"]["class"] in found["classes"]
    assert found["weakest"]["target"] == pytest.approx(0.9 * found["weakest"]["full_f1"], abs=1e-4)


def test_a_run_that_never_reaches_the_target_counts_as_the_whole_budget() -> None:
    runs = [[[0.9, 0.1], [0.9, 0.6]], [[0.9, 0.1], [0.9, 0.2]]]
    found = weakest(["good", "weak"], [[10, 20], [10, 20]], runs, [0.95, 0.5], 20)
    assert found["labels_to_target"] == [20, None]
    assert (found["class"], found["mean"], found["never"]) == ("weak", 20.0, 1)


def test_classes_that_all_labels_do_not_teach_are_no_target() -> None:
    found = weakest(["good", "hopeless"], [[10]], [[[0.9, 0.0]]], [0.95, 0.0], 10)
    assert found["class"] == "good"
