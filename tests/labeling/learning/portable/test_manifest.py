"""Which experts of a committee predict new texts?"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeling.learning.arrays.atomic_folder import write_folder
from labeling.learning.classifiers.committee import KINDS, MARK
from labeling.learning.portable.class_predictor import EXPERT_KINDS
from labeling.learning.portable.manifest import (
    COMMITTEE,
    PORTABLE_KINDS,
    NotPortable,
    committee_manifest,
)


def manifest_of(folder: Path, decider: str = "", **weights: float) -> dict[str, list[dict[str, object]]]:
    """Of a committee of these kinds of experts and weights."""
    arrays = {"weights": np.array([*weights.values()]), "thresholds": np.zeros(0)}
    metadata: dict[str, Any] = {"names": [*weights], "kinds": [*weights], "link": "softmax", "offset": 0.0}
    metadata["decider"] = decider
    write_folder(folder / COMMITTEE, arrays, metadata)
    return committee_manifest(folder, [{"id": "1", "name": "one"}])


def test_the_predictor_reads_the_kinds_that_a_manifest_names() -> None:
    assert set(EXPERT_KINDS) == PORTABLE_KINDS < set(KINDS)
    assert COMMITTEE == MARK


def test_experts_without_weight_or_with_a_need_for_the_pool_are_left_out(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, LinearModel=0.9, WordsModel=0.0, NeighboursModel=0.2, OutsideModel=0.0)
    assert [(part["folder"], part["weight"]) for part in manifest["experts"]] == [("expert-0", 0.9)]
    assert manifest["left_out"] == ["NeighboursModel"]


def test_where_others_have_all_the_weight_the_first_that_can_predicts_alone(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, LinearModel=0.0, OutsideModel=1.0)
    assert [(part["kind"], part["weight"]) for part in manifest["experts"]] == [("LinearModel", 1.0)]


def test_a_model_that_needs_more_than_a_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPortable, match="only OutsideModel"):
        manifest_of(tmp_path / "outside", OutsideModel=1.0)
    with pytest.raises(NotPortable, match="another package"):
        manifest_of(tmp_path / "own", decider="OutsideModel", LinearModel=0.9, OutsideModel=0.1)
