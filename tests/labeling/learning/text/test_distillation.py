"""What an encoder says can be guessed from words, and a bad guess is known to be one."""

import numpy as np
import pytest

from labeling.learning.arrays.types import Floats
from labeling.learning.text.distillation import Distillation, sample_size
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.rows import Rows, as_stored
from labeling.learning.text.tfidf import Featurizer


@pytest.fixture
def stored(rows: Rows) -> Rows:
    return as_stored(rows)


@pytest.fixture
def embeddings(rows: Rows) -> Floats:
    """A linear map of the rows: what can be guessed."""
    columns = np.random.default_rng(0).standard_normal((rows.sparse.shape[1], 12)).astype(np.float32)
    return unit_rows(rows.sparse @ columns + 0.5)


def test_a_map_that_is_there_is_found(stored: Rows, embeddings: Floats) -> None:
    learned = Distillation.learn(stored.part(slice(0, 200)), embeddings[:200])
    guessed = learned.transform(stored.part(slice(200, None)))
    cosines = (guessed * embeddings[200:]).sum(axis=1)
    assert learned.is_good
    assert cosines.mean() == pytest.approx(learned.cosine, abs=0.1), "told as it is"


def test_noise_is_told_to_be_noise(stored: Rows) -> None:
    noise = unit_rows(np.random.default_rng(1).standard_normal((len(stored), 12)))
    assert not Distillation.learn(stored, noise).is_good


def test_the_dual_fit_is_the_primal_one(stored: Rows, embeddings: Floats) -> None:
    """Against the normal equations of the stacked features, with the same penalty."""
    few = stored.part(slice(0, 40))
    learned = Distillation.learn(few, embeddings[:40])
    features = np.hstack([few.sparse.toarray()[:, learned.columns], few.points()]).astype(np.float64)
    target = embeddings[:40] - embeddings[:40].mean(axis=0)
    found = np.vstack([learned.sparse_weights, learned.dense_weights])
    exact = [
        np.linalg.solve(features.T @ features + penalty * np.eye(features.shape[1]), features.T @ target)
        for penalty in (0.1, 0.3, 1.0, 3.0)
    ]
    assert min(np.abs(weights - found).max() for weights in exact) < 1e-3


@pytest.mark.parametrize("pool", [[], ["one"], ["", " "], ["same words"] * 20, ["日本語 テキスト"] * 3])
def test_any_sample_makes_a_map(pool: list[str]) -> None:
    featurizer = Featurizer.learn(pool)
    stored = as_stored(featurizer.transform(pool))
    embeddings = unit_rows(np.ones((len(pool), 4)))
    learned = Distillation.learn(stored, embeddings)
    guessed = learned.transform(featurizer.transform(["same words", ""]))
    assert np.isfinite(guessed).all()
    assert not guessed[1].any()


def test_a_map_survives_the_disk_and_is_the_same_each_time(
    stored: Rows, embeddings: Floats, tmp_path
) -> None:
    learned, again = (Distillation.learn(stored, embeddings) for _ in range(2))
    assert learned.version == again.version
    learned.save(tmp_path / "m")
    read = Distillation.load(tmp_path / "m")
    assert (read.version, read.cosine) == (learned.version, learned.cosine)
    assert np.array_equal(read.transform(stored), learned.transform(stored))


def test_a_large_pool_pays_for_a_larger_sample() -> None:
    assert [sample_size(count) for count in (10, 99_999, 100_000)] == [1_500, 1_500, 3_000]
