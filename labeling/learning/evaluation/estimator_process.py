"""Estimator process: fits a model of another package and scores documents, in a process with limits.

`python -m labeling.learning.evaluation.estimator_process FOLDER` reads `request.json` and writes
`scores.npz`, or `failure.txt` with what went wrong. The fitted model ends with the process; nothing is
pickled.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from labeling.learning.arrays.types import AnyArray, Flags, Integers
from labeling.learning.classifiers.stacking import folds
from labeling.learning.storage.feature_store import FeatureStore

REQUEST, SCORES, FAILURE = "request.json", "scores.npz", "failure.txt"
MAX_FAILURE_CHARACTERS = 1_000


@dataclass(frozen=True)
class EstimatorRequest:
    """What a process is asked for.

    name : of the entry point in `group`, a factory without arguments
    classes : names, in the order of the probabilities
    labels : class numbers of each labeled document; one each where `is_single`
    store : folder of the feature store
    labeled, candidates : positions in it; texts : of both, the labeled ones first
    """

    group: str
    name: str
    classes: list[str]
    is_single: bool
    labels: list[list[int]]
    labeled: list[int]
    candidates: list[int]
    texts: list[str]
    store: str
    memory_bytes: int
    cpu_seconds: int

    def save(self, folder: Path) -> None:
        (folder / REQUEST).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> EstimatorRequest:
        return cls(**json.loads((folder / REQUEST).read_text(encoding="utf-8")))

    @property
    def flags(self) -> Flags:
        """(n_labeled, n_classes) the labels."""
        flags = np.zeros((len(self.labels), len(self.classes)), dtype=bool)
        for row, columns in enumerate(self.labels):
            flags[row, columns] = True
        return flags


def scored(request: EstimatorRequest, make: Callable[[], Any]) -> tuple[Integers, AnyArray]:
    """Positions, rising, and probabilities (n, n_classes) of what the estimator scores.

    Labeled documents are scored by fits that did not see them, in the folds that weigh the experts.

    make : returns an unfitted estimator
    """
    labeled = np.array(request.labeled, dtype=np.int64)
    reads_features = getattr(make(), "input", "texts") == "features"
    store = FeatureStore.open(Path(request.store)) if reads_features else None
    texts = request.texts[: len(labeled)]
    rows: Any = texts if store is None else store.take(labeled).sparse
    flags = request.flags
    numbers = flags.argmax(axis=1) if request.is_single else np.zeros(len(labeled), dtype=np.int64)
    positions, parts = [], []
    for train, held in folds(numbers, 0):
        model = _fitted(make, _part(rows, train), flags[train], request)
        positions.append(labeled[held])
        parts.append(_probabilities(model, _part(rows, held), request))
    model = _fitted(make, rows, flags, request)
    for places, others in _to_score(request, labeled, store):
        positions.append(places)
        parts.append(_probabilities(model, others, request))
    found, first = np.unique(np.concatenate(positions), return_index=True)
    return found, np.concatenate(parts)[first]


def _to_score(
    request: EstimatorRequest, labeled: Integers, store: FeatureStore | None
) -> Iterator[tuple[Integers, Any]]:
    """Positions without a label, and what the estimator reads of them."""
    if store is None:
        if request.candidates:
            yield np.array(request.candidates, dtype=np.int64), request.texts[len(labeled) :]
        return
    for _, rows in store.shards():
        assert rows.positions is not None
        others = np.flatnonzero(~np.isin(rows.positions, labeled))
        if len(others):
            yield rows.positions[others], rows.sparse[others]


def _part(rows: Any, numbers: Integers) -> Any:
    return [rows[number] for number in numbers] if isinstance(rows, list) else rows[numbers]


def _fitted(make: Callable[[], Any], rows: Any, flags: Flags, request: EstimatorRequest) -> Any:
    """As scikit-learn has it: one class each as an array of names, several as an indicator matrix."""
    model = make()
    names = np.array(request.classes)
    model.fit(rows, names[flags.argmax(axis=1)] if request.is_single else flags.astype(np.int64))
    return model


def _probabilities(model: Any, rows: Any, request: EstimatorRequest) -> AnyArray:
    """(n, n_classes) float32 in the order of the request's classes; 0 for a class that it has not seen."""
    if not hasattr(model, "predict_proba"):
        raise TypeError(f"{type(model).__name__} has no predict_proba. Wrap it in CalibratedClassifierCV.")
    predicted = model.predict_proba(rows)
    if isinstance(predicted, list):  # of forests and the like: (n, 2) for each label
        predicted = np.stack([each[:, -1] if each.shape[1] > 1 else 0 * each[:, 0] for each in predicted], 1)
    predicted = np.asarray(predicted, dtype=np.float32)
    n_rows = len(rows) if isinstance(rows, list) else rows.shape[0]
    names: Sequence[Any] = model.classes_ if request.is_single else request.classes
    if predicted.shape != (n_rows, len(names)) or not np.isfinite(predicted).all():
        raise ValueError(
            f"predict_proba returned {predicted.shape}, or no numbers: expected {n_rows, len(names)}"
        )
    columns = [request.classes.index(str(name)) for name in names]
    probabilities = np.zeros((n_rows, len(request.classes)), dtype=np.float32)
    probabilities[:, columns] = predicted.clip(0, 1)
    return probabilities


def _limit(request: EstimatorRequest) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (request.memory_bytes, request.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds))


def factory(request: EstimatorRequest) -> Callable[[], Any]:
    """What the entry point names. Raises LookupError where no installed package has it."""
    points = list(entry_points(group=request.group, name=request.name))
    if not points:
        raise LookupError(f"{request.name} is not installed")
    make: Callable[[], Any] = points[0].load()
    return make


def main(folder: Path) -> int:
    request = EstimatorRequest.load(folder)
    _limit(request)
    try:
        positions, probabilities = scored(request, factory(request))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"[:MAX_FAILURE_CHARACTERS]
        (folder / FAILURE).write_text(text, encoding="utf-8")
        return 1
    np.savez(folder / SCORES, positions=positions, probabilities=probabilities)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
