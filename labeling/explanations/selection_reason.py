"""Selection reasons: which share of the queue chose a document, with the numbers of the choice.

Stored as JSON with each queue entry, copied to the lease when the document is served, and shown by the API
without its version. `to_json` and `from_json` alone know the form; statements take names of keys from
`ReasonKey`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

VERSION = 1  # rows without one are from before there were versions, and have the same keys


class ReasonKey(StrEnum):
    """Names of a reason's parts where it is stored."""

    VERSION = "version"
    SHARE = "share"
    INFORMATIVENESS = "informativeness"
    CLASS = "class"
    SOUGHT = "sought"
    CLUSTER_SIZE = "similar"
    SEED_WORDS = "seed_words"
    SECONDS = "seconds"
    PROPENSITY = "propensity"
    FALLBACK = "fallback"
    MODEL = "model"
    NEED = "need"
    PART = "part"
    ANSWERS = "given"
    OVERLAP = "wanted"
    POSTERIOR = "posterior"
    WHY = "why"
    MEASURES = "independent"
    REPLY = "reply"
    TOP = "top"
    LIKELY = "likely"
    EXPERTS = "experts"
    WORDS = "words"
    WHOLE_TEXT = "whole"
    SPANS = "spans"


class Measures(StrEnum):
    """What the answer to a picked document measures, so that it must not lean on a suggestion."""

    MODEL = "test"  # it is of the test set
    PEOPLE = "again"  # somebody has answered it before


class ClassProbability(NamedTuple):
    """A class by its identifier, and how probable the model holds it."""

    label_class: str
    probability: float


class ExpertPrediction(NamedTuple):
    """What one part of the model would say alone: its most probable class."""

    expert: str
    label_class: str
    probability: float


class WordAttribution(NamedTuple):
    """A word of the text, and how much it speaks for the most probable class, in nats."""

    word: str
    nats: float


class SuggestedSpan(NamedTuple):
    """A span that the model would mark: code points, end exclusive."""

    start: int
    end: int
    label_class: str
    probability: float


class Reply(NamedTuple):
    """The reply to a question of the annotator who gets the document."""

    question: str
    text: str


@dataclass(frozen=True)
class NeedReason:
    """Why a weak class gets its part of the queue.

    is_by_hand : a manager set the part; the rest is empty then
    measure : "recall" or "precision", the weaker one on the test set
    interval : its value, low and high; None while the test set shows nothing of the class
    support : test documents that the measure is of
    """

    is_by_hand: bool = False
    measure: str = ""
    interval: tuple[float, ...] | None = None
    support: int = 0

    def to_json(self) -> dict[str, Any]:
        if self.is_by_hand:
            return {"by_hand": True}
        numbers = None if self.interval is None else list(self.interval)
        return {"measure": self.measure, "numbers": numbers, "of": self.support}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> NeedReason:
        if stored.get("by_hand"):
            return cls(is_by_hand=True)
        numbers = stored.get("numbers")
        interval = tuple(float(number) for number in numbers) if numbers else None
        return cls(False, str(stored.get("measure") or ""), interval, int(stored.get("of") or 0))


@dataclass(frozen=True)
class ModelEvidence:
    """What a model said of the document before it was served, and what that rests on. Classes by identifier.

    top : the most probable classes, the first one first; None without a model of whole documents
    likely : of several classes those that it would choose, the most probable first; None where one is chosen
    experts : what each part of the model would say alone; None without a model of whole documents
    words : the strongest words that speak for the most probable class, the strongest first
    whole_text : nats by which the text as a whole, rather than words, speaks for that class
    spans : what it would mark, in the order of the text; None without a model of spans
    """

    top: tuple[ClassProbability, ...] | None = None
    likely: tuple[ClassProbability, ...] | None = None
    experts: tuple[ExpertPrediction, ...] | None = None
    words: tuple[WordAttribution, ...] = ()
    whole_text: float | None = None
    spans: tuple[SuggestedSpan, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        stored: dict[ReasonKey, Any] = {
            ReasonKey.TOP: _lists(self.top),
            ReasonKey.LIKELY: _lists(self.likely),
            ReasonKey.EXPERTS: _lists(self.experts),
            ReasonKey.WORDS: _lists(self.words) or None,
            ReasonKey.WHOLE_TEXT: self.whole_text,
            ReasonKey.SPANS: _lists(self.spans),
        }
        return {str(key): value for key, value in stored.items() if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelEvidence:
        experts, spans = stored.get(ReasonKey.EXPERTS), stored.get(ReasonKey.SPANS)
        return cls(
            top=class_probabilities(stored.get(ReasonKey.TOP)),
            likely=class_probabilities(stored.get(ReasonKey.LIKELY)),
            experts=None
            if experts is None
            else tuple(ExpertPrediction(str(expert), str(pk), float(p)) for expert, pk, p in experts),
            words=tuple(
                WordAttribution(str(word), float(nats)) for word, nats in stored.get(ReasonKey.WORDS) or ()
            ),
            whole_text=_number(stored.get(ReasonKey.WHOLE_TEXT)),
            spans=None if spans is None else suggested_spans(spans),
        )


@dataclass(frozen=True)
class SelectionReason:
    """Why a document stands in the queue. Every reason has its share; which other parts, depends on it.

    share : of the queue, one of `mix.Share`
    informativeness : score of the query strategy; of disagreement the vote entropy in nats
    label_class : identifier of the class that a focus, seed words or a class quota asked for
    is_rare_class : the class has so few labels that its most probable documents come
    cluster_size : documents that it stands for
    seed_words : those of the class that the document holds
    seconds : of work that it may take, where doubt was weighed by them
    propensity : chance with which the random share drew it
    is_fallback : the random share is larger than usual, as the queue proved worse than random sampling
    model : number of the model version that chose it, or said something of it
    need : why a weak class gets its part; part : of the queue, 0 to 1
    answers, overlap : answers that it has, and that the project asks for
    posterior : chance that the answer it has is right
    why : of a picked document, in the manager's words, where they may be told
    measures : what a picked document measures, None where nothing
    """

    share: str
    informativeness: float | None = None
    label_class: str | None = None
    is_rare_class: bool = False
    cluster_size: int | None = None
    seed_words: tuple[str, ...] = ()
    seconds: float | None = None
    propensity: float | None = None
    is_fallback: bool = False
    model: int | None = None
    need: NeedReason | None = None
    part: float | None = None
    answers: int | None = None
    overlap: int | None = None
    posterior: float | None = None
    why: str | None = None
    measures: Measures | None = None
    reply: Reply | None = None
    evidence: ModelEvidence = field(default_factory=ModelEvidence)

    def with_evidence(self, model: int, evidence: ModelEvidence) -> SelectionReason:
        """The same with what this model says; a model that chose the document stays named."""
        return replace(self, model=model if self.model is None else self.model, evidence=evidence)

    def to_json(self) -> dict[str, Any]:
        """As it is stored; what is not known has no key.

        >>> SelectionReason("overlap", answers=1, overlap=2).to_json()
        {'version': 1, 'share': 'overlap', 'given': 1, 'wanted': 2}
        """
        stored: dict[ReasonKey, Any] = {
            ReasonKey.VERSION: VERSION,
            ReasonKey.SHARE: str(self.share),
            ReasonKey.INFORMATIVENESS: self.informativeness,
            ReasonKey.CLASS: self.label_class,
            ReasonKey.SOUGHT: self.is_rare_class or None,
            ReasonKey.CLUSTER_SIZE: self.cluster_size,
            ReasonKey.SEED_WORDS: list(self.seed_words) or None,
            ReasonKey.SECONDS: self.seconds,
            ReasonKey.PROPENSITY: self.propensity,
            ReasonKey.FALLBACK: self.is_fallback or None,
            ReasonKey.MODEL: self.model,
            ReasonKey.NEED: self.need and self.need.to_json(),
            ReasonKey.PART: self.part,
            ReasonKey.ANSWERS: self.answers,
            ReasonKey.OVERLAP: self.overlap,
            ReasonKey.POSTERIOR: self.posterior,
            ReasonKey.WHY: self.why,
            ReasonKey.MEASURES: self.measures and str(self.measures),
            ReasonKey.REPLY: self.reply and self.reply._asdict(),
        }
        values = {str(key): value for key, value in stored.items() if value is not None}
        return values | self.evidence.to_json()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SelectionReason:
        """From a row of this version or an older one; keys that are not known are passed over.

        >>> SelectionReason.from_json({"share": "overlap", "given": 1}).answers
        1
        """
        need, reply, measures = (
            stored.get(ReasonKey.NEED),
            stored.get(ReasonKey.REPLY),
            stored.get(ReasonKey.MEASURES),
        )
        label_class, why = stored.get(ReasonKey.CLASS), stored.get(ReasonKey.WHY)
        return cls(
            share=str(stored.get(ReasonKey.SHARE, "")),
            informativeness=_number(stored.get(ReasonKey.INFORMATIVENESS)),
            label_class=None if label_class is None else str(label_class),
            is_rare_class=bool(stored.get(ReasonKey.SOUGHT)),
            cluster_size=_count(stored.get(ReasonKey.CLUSTER_SIZE)),
            seed_words=tuple(str(word) for word in stored.get(ReasonKey.SEED_WORDS) or ()),
            seconds=_number(stored.get(ReasonKey.SECONDS)),
            propensity=_number(stored.get(ReasonKey.PROPENSITY)),
            is_fallback=bool(stored.get(ReasonKey.FALLBACK)),
            model=_count(stored.get(ReasonKey.MODEL)),
            need=None if need is None else NeedReason.from_json(need),
            part=_number(stored.get(ReasonKey.PART)),
            answers=_count(stored.get(ReasonKey.ANSWERS)),
            overlap=_count(stored.get(ReasonKey.OVERLAP)),
            posterior=_number(stored.get(ReasonKey.POSTERIOR)),
            why=None if why is None else str(why),
            measures=None if measures is None else Measures(measures),
            reply=None if reply is None else Reply(str(reply["question"]), str(reply["text"] or "")),
            evidence=ModelEvidence.from_json(stored),
        )


def class_probabilities(stored: Any) -> tuple[ClassProbability, ...] | None:
    """[[class identifier, probability], …] as it is stored; None where nothing is."""
    if stored is None:
        return None
    return tuple(
        ClassProbability(str(label_class), float(probability)) for label_class, probability in stored
    )


def suggested_spans(stored: Any) -> tuple[SuggestedSpan, ...]:
    """[[start, end, class identifier, probability], …] as it is stored."""
    return tuple(
        SuggestedSpan(int(start), int(end), str(label_class), float(probability))
        for start, end, label_class, probability in stored
    )


def _lists(rows: tuple[tuple[Any, ...], ...] | None) -> list[list[Any]] | None:
    return None if rows is None else [list(row) for row in rows]


def _number(stored: Any) -> float | None:
    return None if stored is None else float(stored)


def _count(stored: Any) -> int | None:
    return None if stored is None else int(stored)
