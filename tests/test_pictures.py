"""The curves in the docs are drawn from the figures that were recorded, and from nothing else."""

import json

import pytest

from benchmarks._pictures import mean_curves, picture
from reviewqueue.settings import BASE_DIR

DOCS = BASE_DIR / "docs"
RECORDED = sorted((DOCS / "measured").glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_picture_is_what_its_figures_draw(path):
    drawn = (DOCS / "pictures" / f"curve-{path.stem}.svg").read_text()
    assert drawn == picture(json.loads(path.read_text()))


def test_every_curve_has_its_figures_and_is_shown():
    drawn = {path.stem.removeprefix("curve-") for path in (DOCS / "pictures").glob("curve-*.svg")}
    page = (DOCS / "explanation" / "how-the-model-learns.md").read_text()
    assert drawn == {path.stem for path in RECORDED}
    assert all(f"curve-{name}.svg" in page for name in drawn)


def test_the_mean_and_its_interval_are_those_of_the_seeds():
    seeds = [{"curve": [[20, 0.5, f1, 0.5]]} for f1 in (0.4, 0.5, 0.6)]
    strategy = {
        "strategy": "default",
        "model": "committee",
        "seeds": seeds,
        "aulc_macro_f1": 0.5,
        "full": {"macro_f1": 0.9},
    }
    facts = {
        "data": "d",
        "kind": "single",
        "features": "tfidf",
        "has_descriptions": True,
        "pool": 9,
        "test": 9,
    }
    (curve,) = mean_curves({**facts, "strategies": [strategy]})["curves"]
    assert curve["macro_f1"] == [0.5]
    assert curve["half_interval"] == [pytest.approx(1.96 * 0.1 / 3**0.5, abs=1e-4)]
