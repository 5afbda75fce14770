"""Attached spans: what the tagger marks in the documents that it puts into the head.

Reasons carry it whichever share chose the document. No spans at all say that the model finds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from labeling.documents.models import Document
from labeling.explanations.selection_reason import ModelEvidence, SuggestedSpan
from labeling.learning.sequence.crf import Tagged
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.storage.token_store import TokenStore
from labeling.predictions.models import ModelVersion
from labeling.queue.models import Entry

MAX_SPANS = 50  # of one document, the surest: an entry's reason stays small
MAX_TAGGED_CHARACTERS = (
    300_000  # characters, the first of the head first: .3 seconds; the next ranking tags what follows
)


class Tagger(Protocol):
    """A model that marks spans, as `SpanTagger` does."""

    def tag(self, texts: Sequence[str], block: TokenBlock | None = None) -> list[Tagged]: ...


@dataclass(frozen=True)
class AttachedSpans:
    """A tagger that can say what it would mark."""

    version: ModelVersion
    tagger: Tagger
    tokens: TokenStore

    def of(self, entries: Sequence[Entry]) -> list[Entry]:
        """The same entries; the reasons of the first ones that have tokens say what the model would mark.

        A reason that names the model that chose its document goes on naming it.
        """
        ids = [document for document, _reason in entries]
        rows = Document.objects.filter(pk__in=ids, position__lt=len(self.tokens))
        documents = {
            pk: (position, text) for pk, position, text in rows.values_list("pk", "position", "text")
        }
        readable = [pk for pk in ids if pk in documents]
        lengths = np.cumsum([len(documents[pk][1]) for pk in readable])
        read = readable[: int(np.searchsorted(lengths, MAX_TAGGED_CHARACTERS, side="right"))]
        if not read:
            return list(entries)
        read.sort(key=lambda pk: documents[pk][0])
        block = self._block([documents[pk][0] for pk in read])
        tagged = self.tagger.tag([documents[pk][1] for pk in read], block)
        attached = dict(zip(read, map(self._evidence, tagged), strict=True))
        number = self.version.number
        return [
            (pk, reason.with_evidence(number, attached[pk]) if pk in attached else reason)
            for pk, reason in entries
        ]

    def _block(self, positions: Sequence[int]) -> TokenBlock:
        """The tokens of these documents, whose positions rise."""
        size = self.tokens.shard_rows
        indices = np.array(positions, dtype=np.int64)
        blocks = self.tokens.blocks(np.unique(indices // size).tolist())
        taken = [block.take(indices[indices // size == first // size] - first) for first, block in blocks]
        return reduce(TokenBlock.joined, taken)

    def _evidence(self, tagged: Tagged) -> ModelEvidence:
        names = {label_class.hex: str(label_class) for label_class in self.version.classes}
        pairs = zip(tagged.spans, tagged.probabilities, strict=True)
        existing = [(span, probability) for span, probability in pairs if span.label_class in names]
        surest = sorted(existing, key=lambda pair: -pair[1])[:MAX_SPANS]
        return ModelEvidence(
            spans=tuple(
                SuggestedSpan(s.start, s.end, names[s.label_class], round(p, 4)) for s, p in sorted(surest)
            )
        )
