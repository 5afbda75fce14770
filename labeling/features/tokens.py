"""Tokenized pool: the tokens of a pool of spans, made once, when texts arrive, beside other features."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from labeling.jobs.models import Job
from labeling.jobs.outbox import beat
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import segment_words
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.word_clusters import learn_clusters

TEXT_BATCH_SIZE = 2_048
SAMPLED = 20_000  # texts that groups of words are learned on


def tokens_folder(edition: Path) -> Path:
    """Beside the features of the same edition: both are learned on the same pool."""
    return edition / "tokens"


def current_tokens(edition: Path) -> TokenStore | None:
    """The tokens that there are; None before the first are made, or where those are of another version."""
    try:
        return TokenStore.open(tokens_folder(edition))
    except FileNotFoundError:
        return None


def tokenize_pool(
    job: Job,
    edition: Path,
    count: int,
    read: Callable[[int, int], list[str]],
    sample: Callable[[], list[str]],
) -> None:
    """Make the tokens of the documents that have none yet, in the order of their positions; resumable.

    read : texts of the documents from one position to below another; sample : texts of the pool to learn from
    """
    store = current_tokens(edition)
    if store is None:
        segments = (words for text in sample()[:SAMPLED] for words in segment_words(text))
        store = TokenStore.create(tokens_folder(edition), learn_clusters(segments))
    describer = Describer(store.clusters)
    while len(store) < count:
        first = len(store)
        store = store.append(first, read(first, min(first + TEXT_BATCH_SIZE, count)), describer)
        beat(job)
