"""Model metadata: how a model version was made, and what was measured of it when it was trained.

Stored as JSON in the column `facts` of a model version. `to_json` and `from_json` alone know the form;
filters take names of keys from `MetadataKey`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

VERSION = 1  # rows without one are from before there were versions, and have the same keys


class MetadataKey(StrEnum):
    """Names of the parts where they are stored."""

    VERSION = "version"
    EDITION = "edition"
    VIEW = "view"
    LABELS = "labels"
    RECIPE = "recipe"
    EXPERTS = "experts"
    ESTIMATOR = "estimator"
    THRESHOLDS = "thresholds"
    CHANGE = "change"
    CROSS_VALIDATED = "cross_validated"
    TEST_SET = "held_out"
    NEW_TEXTS = "new_texts"
    SECONDS = "seconds"
    SEAL = "seal"
    LOST = "lost"


@dataclass(frozen=True)
class PredictionChange:
    """How far the predictions of an earlier model and of this one agree, on a sample of the pool.

    kappa : Cohen's, of the two models' predictions for `documents`
    since : number of the earlier model; labels : documents that were labeled between the two
    """

    kappa: float
    since: int
    documents: int = 0
    labels: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> PredictionChange:
        return cls(
            float(stored["kappa"]),
            int(stored["since"]),
            int(stored.get("documents", 0)),
            int(stored.get("labels", 0)),
        )


@dataclass(frozen=True)
class CrossValidatedCounts:
    """What cross-validation on the labels of the pool counted, when it was last done.

    labels : documents that had a label then
    counts : true positives, false positives and false negatives, each a number for each class of the version
    """

    labels: int
    counts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, labels: int, counts: Iterable[Iterable[int]]) -> CrossValidatedCounts:
        return cls(labels, tuple(tuple(row) for row in counts))

    def to_json(self) -> dict[str, Any]:
        return {"labels": self.labels, "counts": [list(row) for row in self.counts]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CrossValidatedCounts:
        return cls.of(int(stored["labels"]), stored["counts"])


@dataclass(frozen=True)
class CorrectCount:
    """How many labeled documents of the test set the model predicted, and how many of them right in full."""

    documents: int
    right: int

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CorrectCount:
        return cls(int(stored["documents"]), int(stored["right"]))


@dataclass(frozen=True)
class NewTextQuality:
    """Macro F1 of the part of the model that predicts new texts, and on how many labeled test documents."""

    documents: int
    macro_f1: float

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> NewTextQuality:
        return cls(int(stored["documents"]), float(stored["macro_f1"]))


@dataclass(frozen=True)
class EstimatorRun:
    """What came of the estimator of another package that the project had chosen.

    use : "expert" or "alone"
    documents : that it scored
    seconds : that it took, with choosing what to score
    failure : why the built-in model goes on without it; empty where it was fitted
    """

    name: str
    use: str
    documents: int = 0
    seconds: float = 0.0
    failure: str = ""

    @property
    def expert(self) -> str:
        """Its name among the experts."""
        return f"own: {self.name}"

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> EstimatorRun:
        return cls(
            str(stored["name"]),
            str(stored["use"]),
            int(stored.get("documents", 0)),
            float(stored.get("seconds", 0)),
            str(stored.get("failure", "")),
        )


@dataclass(frozen=True)
class ModelMetadata:
    """What is known of a model version besides its columns. Nothing is known of versions from before a part.

    edition : of the features that it was trained on; view : the kind of these features
    labels : labels of each class to learn from, by its identifier
    hyperparameters : of the linear expert, by name
    experts : weight of each expert by its name
    estimator : of another package; None where the project had chosen none
    thresholds : of several classes, the probability from which each is chosen, in the version's order
    change : None too where there is no earlier model to compare with
    seconds : of the phases of training, by name
    seal : keyed digest of the model's files
    is_lost : its files are gone or are not used
    """

    edition: int | None = None
    view: str | None = None
    labels: Mapping[str, int] | None = None
    hyperparameters: Mapping[str, float | str] | None = None
    experts: Mapping[str, float] | None = None
    estimator: EstimatorRun | None = None
    thresholds: tuple[float, ...] | None = None
    change: PredictionChange | None = None
    cross_validated: CrossValidatedCounts | None = None
    test_set: CorrectCount | None = None
    new_texts: NewTextQuality | None = None
    seconds: Mapping[str, float] | None = None
    seal: str | None = None
    is_lost: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is stored; what is not known has no key.

        >>> ModelMetadata(edition=2, labels={"a": 20}).to_json()
        {'version': 1, 'edition': 2, 'labels': {'a': 20}}
        """
        stored: dict[MetadataKey, Any] = {
            MetadataKey.VERSION: VERSION,
            MetadataKey.EDITION: self.edition,
            MetadataKey.VIEW: self.view,
            MetadataKey.LABELS: None if self.labels is None else dict(self.labels),
            MetadataKey.RECIPE: None if self.hyperparameters is None else dict(self.hyperparameters),
            MetadataKey.EXPERTS: None if self.experts is None else dict(self.experts),
            MetadataKey.ESTIMATOR: self.estimator and asdict(self.estimator),
            MetadataKey.THRESHOLDS: None if self.thresholds is None else list(self.thresholds),
            MetadataKey.CHANGE: self.change and asdict(self.change),
            MetadataKey.CROSS_VALIDATED: self.cross_validated and self.cross_validated.to_json(),
            MetadataKey.TEST_SET: self.test_set and asdict(self.test_set),
            MetadataKey.NEW_TEXTS: self.new_texts and asdict(self.new_texts),
            MetadataKey.SECONDS: None if self.seconds is None else dict(self.seconds),
            MetadataKey.SEAL: self.seal,
            MetadataKey.LOST: self.is_lost or None,
        }
        values = {str(key): value for key, value in stored.items() if value is not None}
        # A trained model without an earlier one to compare with says so.
        return values if self.test_set is None else {str(MetadataKey.CHANGE): None} | values

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelMetadata:
        """From a row of this version or an older one; keys that are not known are passed over.

        >>> ModelMetadata.from_json({"edition": 2, "change": None}).edition
        2
        """
        thresholds, change = stored.get(MetadataKey.THRESHOLDS), stored.get(MetadataKey.CHANGE)
        estimator = stored.get(MetadataKey.ESTIMATOR)
        crossed, test_set = stored.get(MetadataKey.CROSS_VALIDATED), stored.get(MetadataKey.TEST_SET)
        new_texts = stored.get(MetadataKey.NEW_TEXTS)
        return cls(
            edition=stored.get(MetadataKey.EDITION),
            view=stored.get(MetadataKey.VIEW),
            labels=stored.get(MetadataKey.LABELS),
            hyperparameters=stored.get(MetadataKey.RECIPE),
            experts=stored.get(MetadataKey.EXPERTS),
            estimator=EstimatorRun.from_json(estimator) if estimator else None,
            thresholds=None if thresholds is None else tuple(float(limit) for limit in thresholds),
            change=PredictionChange.from_json(change) if change else None,
            cross_validated=CrossValidatedCounts.from_json(crossed) if crossed else None,
            test_set=CorrectCount.from_json(test_set) if test_set else None,
            new_texts=NewTextQuality.from_json(new_texts) if new_texts else None,
            seconds=stored.get(MetadataKey.SECONDS),
            seal=stored.get(MetadataKey.SEAL),
            is_lost=bool(stored.get(MetadataKey.LOST)),
        )
