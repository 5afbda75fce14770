"""Estimator process: fits a model of another package and scores documents, in a process with limits.

`python -m labeling.learning.evaluation.estimator_process FOLDER [spans]` reads `request.json` and
writes `scores.npz` or `spans.json`, or `failure.txt` with what went wrong. The fitted model ends with the
process; nothing is pickled.
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

REQUEST, SCORES, SPANS, FAILURE = "request.json", "scores.npz", "spans.json", "failure.txt"
MAX_FAILURE_CHARACTERS = 1_000
SPAN_FOLDS = 3

NamedSpan = tuple[int, int, str]  # first character, the one behind the last, class
StoredSpan = tuple[int, int, str, float]  # with its probability


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


@dataclass(frozen=True)
class SpanRequest:
    """The same for spans. `labeled` and `candidates` are texts, `spans` those of the labeled ones."""

    group: str
    name: str
    classes: list[str]
    spans: list[list[NamedSpan]]
    labeled: list[str]
    candidates: list[str]
    memory_bytes: int
    cpu_seconds: int

    def save(self, folder: Path) -> None:
        (folder / REQUEST).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpanRequest:
        return cls(**json.loads((folder / REQUEST).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class FoundSpans:
    """Spans of each candidate, and (3, n_classes) right, wrong and missed spans of the labeled texts."""

    spans: list[list[StoredSpan]]
    counts: list[list[int]]


def found(request: SpanRequest, make: Callable[[], Any]) -> FoundSpans:
    """Spans by a model with `fit(texts, spans)` and `predict(texts)`.

    Labeled texts are counted by fits that did not see them, each in one of `SPAN_FOLDS` folds.
    """
    labels = [[(int(start), int(end), str(name)) for start, end, name in each] for each in request.spans]
    counts = np.zeros((3, len(request.classes)), dtype=np.int64)
    fold_of = np.random.default_rng(0).permutation(len(labels)) % SPAN_FOLDS
    for fold in range(SPAN_FOLDS):
        train, held = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        texts = _part(request.labeled, held)
        model = make()
        model.fit(_part(request.labeled, train), _part(labels, train))
        for number, predicted in zip(held, _spans(model, texts, request.classes), strict=True):
            right, marked = set(labels[number]), {span[:3] for span in predicted}
            for row, part in enumerate((right & marked, marked - right, right - marked)):
                for *_, name in part:
                    counts[row, request.classes.index(name)] += 1
    model = make()
    model.fit(request.labeled, labels)
    return FoundSpans(_spans(model, request.candidates, request.classes), counts.tolist())


def _spans(model: Any, texts: list[str], classes: list[str]) -> list[list[StoredSpan]]:
    """Checked spans of each text, sorted. Raises ValueError for one that is not in its text."""
    predicted = model.predict(texts) if texts else []
    if len(predicted) != len(texts):
        raise ValueError(f"predict returned {len(predicted)} lists of spans for {len(texts)} texts")
    checked = []
    for text, spans in zip(texts, predicted, strict=True):
        rows = {(int(span[0]), int(span[1]), str(span[2])): float((*span, 1.0)[3]) for span in spans}
        for (start, end, name), probability in rows.items():
            if not (0 <= start < end <= len(text) and name in classes and 0 < probability <= 1):
                raise ValueError(f"{(start, end, name, probability)} is not a span of a text of {len(text)}")
        checked.append([(*span, rows[span]) for span in sorted(rows)])
    return checked


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


def _limit(request: EstimatorRequest | SpanRequest) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (request.memory_bytes, request.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds))


def factory(request: EstimatorRequest | SpanRequest) -> Callable[[], Any]:
    """What the entry point names. Raises LookupError where no installed package has it."""
    points = list(entry_points(group=request.group, name=request.name))
    if not points:
        raise LookupError(f"{request.name} is not installed")
    make: Callable[[], Any] = points[0].load()
    return make


def main(folder: Path, *, is_of_spans: bool = False) -> int:
    request = SpanRequest.load(folder) if is_of_spans else EstimatorRequest.load(folder)
    _limit(request)
    try:
        make = factory(request)
        if isinstance(request, SpanRequest):
            (folder / SPANS).write_text(json.dumps(asdict(found(request, make))), encoding="utf-8")
        else:
            positions, probabilities = scored(request, make)
            np.savez(folder / SCORES, positions=positions, probabilities=probabilities)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"[:MAX_FAILURE_CHARACTERS]
        (folder / FAILURE).write_text(text, encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), is_of_spans=sys.argv[2:] == ["spans"]))
