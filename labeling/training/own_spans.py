"""Own span models: the spans that a model of another package finds, kept by text; see `own_estimator`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from time import perf_counter
from typing import Self
from uuid import UUID

import numpy as np

from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.types import Integers
from labeling.learning.evaluation.estimator_process import SpanRequest, StoredSpan
from labeling.learning.portable.manifest import OWN_SPANS
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import SpanTagger, Tagged
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.predictions.metadata import EstimatorRun
from labeling.projects.estimators import GROUP
from labeling.ranking.head import Ranker
from labeling.training.dataset import TrainingSet
from labeling.training.own_estimator import MAX_CANDIDATES, limits, run_spans

UPPER_PART = 2_000  # of the built-in model's order; the other candidates are random


@dataclass(frozen=True)
class OwnSpans:
    """Spans by the digest of their text: (start, end, class as hexadecimal, probability)."""

    spans: Mapping[str, Sequence[StoredSpan]]

    def of(self, text: str) -> Sequence[StoredSpan] | None:
        """None for a text that was not looked at."""
        return self.spans.get(_digest(text))

    def save(self, folder: Path) -> None:
        (folder / OWN_SPANS).write_text(json.dumps(self.spans), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """None where the built-in model predicts."""
        path = folder / OWN_SPANS
        return cls(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


@dataclass(frozen=True)
class SpanModel:
    """The built-in tagger, which ranks, and the spans of another model, which take the place of its own."""

    tagger: SpanTagger
    own: OwnSpans | None = None

    def tag(self, texts: Sequence[str], block: TokenBlock | None = None) -> list[Tagged]:
        """The spans of each text; block : the tokens of these texts, where they are there already."""
        tagged = self.tagger.tag(texts, block)
        if self.own is None:
            return tagged
        found = [self.own.of(text) for text in texts]
        return [each if own is None else _tagged(own, each) for own, each in zip(found, tagged, strict=True)]


def _tagged(own: Sequence[StoredSpan], built_in: Tagged) -> Tagged:
    spans = tuple(Span(start, end, name) for start, end, name, _ in own)
    return Tagged(spans, tuple(p for *_, p in own), built_in.log_likelihood, built_in.n_tokens)


def fit_own_spans(
    training_set: TrainingSet, texts: Sequence[str], spans: Sequence[Sequence[Span]], ranker: Ranker
) -> tuple[OwnSpans, Integers, EstimatorRun]:
    """Fit the project's model and find spans in what it is asked about. Raises EstimatorFailed.

    texts, spans : that are labeled; ranker : of the built-in model, whose first documents are candidates

    returns : its spans; (3, n_classes) cross-validated counts, see `cross_validate_spans`; what came of it
    """
    started, project = perf_counter(), training_set.project
    rows = LabelClass.objects.filter(pk__in=training_set.classes).values_list("pk", "name")
    names: dict[str, str] = {pk.hex: name for pk, name in rows}
    request = SpanRequest(
        group=GROUP,
        name=project.estimator,
        classes=[names[pk.hex] for pk in training_set.classes],
        spans=[[(span.start, span.end, names[span.label_class]) for span in each] for each in spans],
        labeled=list(texts),
        candidates=_candidates(training_set, ranker, set(texts)),
        **limits(),
    )
    answer = run_spans(request)
    by_name: dict[str, UUID] = dict(zip(request.classes, training_set.classes, strict=True))
    found = {
        _digest(text): [(start, end, by_name[name].hex, p) for start, end, name, p in each]
        for text, each in zip(request.candidates, answer.spans, strict=True)
    }
    run = EstimatorRun(
        project.estimator, project.estimator_use, len(found), round(perf_counter() - started, 1)
    )
    return OwnSpans(found), np.array(answer.counts, dtype=np.int64), run


def _candidates(training_set: TrainingSet, ranker: Ranker, labeled: set[str]) -> list[str]:
    """Texts of the first documents of the built-in order, of the test set, and of random ones of the pool."""
    project = training_set.project
    first = [entry.position for entry in ranker.choose(training_set.through, UPPER_PART)]
    here = Document.objects.filter(project=project).exclude(state=Document.State.EXCLUDED)
    chosen = [
        *here.test_set().values_list("text", flat=True),
        *here.filter(position__in=first).values_list("text", flat=True),
        *here.pool().order_by("random_key").values_list("text", flat=True)[: MAX_CANDIDATES - len(first)],
    ]
    return [text for text in dict.fromkeys(chosen) if text not in labeled]


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
