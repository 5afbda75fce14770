"""Dataset statistics: what a dataset contains, counted while its records pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from labeling.formats.records import BadRow, Json, Record, RecordAnnotation
from labeling.formats.writers.final_labels import final_annotation, is_complete

NOT_INDEPENDENT = ("adjudication", "gold", "import")  # sources of annotations that agreement leaves out


@dataclass
class Agreement:
    """Agreement of annotators on the documents that several annotated, from counts that only grow.

    >>> agreement = Agreement()
    >>> for values in (["a", "a"], ["b", "b"], ["a", "b"]):
    ...     agreement.add(values)
    >>> round(agreement.observed, 2), round(agreement.alpha, 2)
    (0.67, 0.44)
    """

    documents: int = 0
    within: float = 0.0  # pairs of equal values of a document, per value
    values: Counter[object] = field(default_factory=Counter)

    def add(self, values: list[object]) -> None:
        """The values of one document, one per annotator; at least two."""
        self.documents += 1
        counts = Counter(values)
        self.within += sum(n * (n - 1) for n in counts.values()) / (len(values) - 1)
        self.values += counts

    @property
    def observed(self) -> float | None:
        """The share of pairs that are equal, 0 to 1; None without documents."""
        total = self.values.total()
        return self.within / total if total else None

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha for nominal values: 1 is perfect, 0 is chance; None if all are equal."""
        total = self.values.total()
        if total < 2:
            return None
        expected = 1 - sum(n * (n - 1) for n in self.values.values()) / (total * (total - 1))
        return 1 - (1 - self.within / total) / expected if expected else None


@dataclass
class DatasetStatistics:
    """Counts of a dataset. Counters by name stay in memory, documents do not."""

    documents: int = 0
    annotations: int = 0
    predictions: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    labeled: Counter[str] = field(default_factory=Counter)  # documents with a final label, by split
    classes: Counter[str] = field(default_factory=Counter)  # in final labels: documents, or spans
    resolutions: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)  # annotations that count, by username
    guideline_versions: Counter[str] = field(default_factory=Counter)
    selected_by: Counter[str] = field(default_factory=Counter)  # annotated documents, by share of the queue
    with_probability: int = 0  # of them, those with a known selection probability
    overlap: Counter[str] = field(default_factory=Counter)  # documents, by number of independent annotators
    agreement: Agreement = field(default_factory=Agreement)

    def pass_on(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records, counted."""
        for record in records:
            self.add(record)
            yield record

    def add(self, record: Record) -> None:
        self.documents += 1
        self.annotations += len(record.annotations)
        self.predictions += len(record.predictions)
        split = record.split or "pool"
        self.splits[split] += 1
        final = final_annotation(record, _ignore)
        if final is not None:
            self.labeled[split] += 1
            self.classes.update(final.labels or ())
            self.classes.update(span.label for span in final.spans or ())
            self.resolutions[str(final.provenance.get("resolution") or "agreed")] += 1
        counted = [each for each in record.annotations if _is_counted(each)]
        self.annotators.update(each.annotator or "" for each in counted)
        self.guideline_versions.update(str(each.provenance.get("guideline_version")) for each in counted)
        if counted:
            first = record.annotations[0].provenance
            self.selected_by[str(first.get("selected_by") or "")] += 1
            self.with_probability += first.get("selection_probability") is not None
        self._compare([each for each in counted if each.provenance.get("source") not in NOT_INDEPENDENT])

    def _compare(self, independent: list[RecordAnnotation]) -> None:
        by_annotator = {each.annotator: _value(each) for each in independent}
        if by_annotator:
            self.overlap[str(len(by_annotator))] += 1
        if len(by_annotator) > 1:
            self.agreement.add(list(by_annotator.values()))

    def as_json(self) -> dict[str, Json]:
        counters: dict[str, Json] = {
            name: dict(sorted(getattr(self, name).items()))
            for name in (
                "splits",
                "labeled",
                "classes",
                "resolutions",
                "annotators",
                "guideline_versions",
                "selected_by",
                "overlap",
            )
        }
        return counters | {
            "documents": self.documents,
            "annotations": self.annotations,
            "predictions": self.predictions,
            "with_probability": self.with_probability,
            "compared_documents": self.agreement.documents,
            "observed_agreement": self.agreement.observed,
            "alpha": self.agreement.alpha,
        }


def _is_counted(annotation: RecordAnnotation) -> bool:
    return is_complete(annotation) and annotation.provenance.get("is_counted") is not False


def _value(annotation: RecordAnnotation) -> object:
    return frozenset(annotation.labels or ()), frozenset(annotation.spans or ())


def _ignore(loss: BadRow) -> None:
    """A disputed document has no final label, which is counted as such."""
