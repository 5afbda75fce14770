"""Span attributions: the words of a text that decided what a tagger marks. The strongest, with offsets."""

from collections.abc import Sequence
from typing import NamedTuple

from labeling.learning.explanation.explaining import MAX_WORDS, MIN_ATTRIBUTION, MIN_SHARE_OF_STRONGEST
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import SpanTagger, Tagged


class TokenAttribution(NamedTuple):
    """A word that pulls: code points, end exclusive, and how strongly."""

    start: int
    end: int
    nats: float


class SpanAttributions(NamedTuple):
    """Of one text: the strongest words on either side, in the order of the text."""

    towards: tuple[TokenAttribution, ...]
    against: tuple[TokenAttribution, ...]


def held_against(predicted: Tagged, true_spans: Sequence[Span] | None) -> list[Span]:
    """The spans that a model's own are held against: the labeled ones where these are others.

    Of a text that is not labeled or marked rightly, what would be marked without the least sure span.

    >>> said = Tagged((Span(0, 4, "A"), Span(9, 12, "A")), (0.9, 0.6), -0.6, 3)
    >>> held_against(said, None), held_against(said, [])
    ([Span(start=0, end=4, label_class='A')], [])
    """
    if true_spans is not None and set(true_spans) != set(predicted.spans):
        return list(true_spans)
    weakest = min(range(len(predicted.spans)), key=lambda index: predicted.probabilities[index], default=0)
    return [span for index, span in enumerate(predicted.spans) if index != weakest]


def attribute_spans(
    tagger: SpanTagger,
    texts: Sequence[str],
    predicted: Sequence[Tagged],
    true_spans: Sequence[Sequence[Span] | None],
) -> list[SpanAttributions]:
    """Words that pull to what the tagger marks in each text, and those that pull away from it.

    predicted : of the tagger; true_spans : labeled spans, None where nothing is labeled
    """
    against = [
        held_against(prediction, label) for prediction, label in zip(predicted, true_spans, strict=True)
    ]
    attributions = []
    for tokens, led in tagger.attributions(texts, [prediction.spans for prediction in predicted], against):
        words = [
            TokenAttribution(start, end, float(nats)) for (start, end), nats in zip(tokens, led, strict=True)
        ]
        attributions.append(
            SpanAttributions(_strongest(words), _strongest([w._replace(nats=-w.nats) for w in words]))
        )
    return attributions


def _strongest(attributions: Sequence[TokenAttribution]) -> tuple[TokenAttribution, ...]:
    best = sorted(attributions, key=lambda word: -word.nats)[:MAX_WORDS]
    minimum = max(MIN_ATTRIBUTION, MIN_SHARE_OF_STRONGEST * best[0].nats) if best else 0.0
    return tuple(sorted(word for word in best if word.nats >= minimum))
