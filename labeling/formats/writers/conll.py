"""CoNLL writer: tokens with IOB2 tags, and comments by which our reader restores each document exactly."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.records import BadRow, Record, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.tagging_schemes import iob2_tags
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside

TOOL = "CoNLL"
SUFFIX = ".conll"

PIECE_CHARACTERS = 64 * 1024
SPANS_ONLY = gettext_noop("Labels of whole documents are left out: the format has spans only.")
OVERLAPPING = gettext_noop("A span overlaps a longer one and is left out: %(label)s, %(start)d to %(end)d.")
BLANK = gettext_noop("A span of blanks alone is left out: %(label)s, %(start)d to %(end)d.")
TRIMMED = gettext_noop("A span lost the blanks around it: %(label)s, %(start)d to %(end)d.")

_CHUNK = re.compile(r"\S+")


def losses(features: DatasetFeatures) -> list[str]:
    sentences = losses_beside(["metadata", "splits", "no_class"], features)
    return sentences if features.kind == "spans" else [SPANS_ONLY, *sentences]


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """One document after the other, an empty line between them."""
    pieces: list[str] = []
    size = 0
    for record in records:
        pieces.append(_block(record, on_loss))
        size += len(pieces[-1])
        if size >= PIECE_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()


def _block(record: Record, on_loss: Callable[[BadRow], None]) -> str:
    annotation = final_annotation(record, on_loss)
    spans = annotation.spans if annotation is not None else None
    offsets, tags = tagged_tokens(record, spans or (), on_loss)
    lines = list(_comments(record, is_labeled=spans is not None))
    lines += [f"{record.text[start:end]}\t{tag}" for (start, end), tag in zip(offsets, tags, strict=True)]
    return "\n".join(lines) + "\n\n"


def tagged_tokens(
    record: Record, spans: Sequence[Span], on_loss: Callable[[BadRow], None]
) -> tuple[list[tuple[int, int]], list[str]]:
    """Start and end of each token of a text, and its IOB2 tag.

    >>> tagged_tokens(Record(1, "EU rejects."), [Span(0, 2, "ORG")], print)
    ([(0, 2), (3, 10), (10, 11)], ['B-ORG', 'O', 'O'])
    """
    written = _without_overlap(record, spans, on_loss)
    offsets = list(tokens(record.text, {edge for span in written for edge in (span.start, span.end)}))
    return offsets, list(iob2_tags(written, offsets))


def _comments(record: Record, *, is_labeled: bool) -> Iterator[str]:
    if record.external_id is not None:
        yield f"# id = {_quoted(record.external_id)}"
    yield f"# text = {_quoted(record.text)}"
    if record.split is not None:
        yield f"# split = {record.split}"
    if record.metadata:
        yield f"# metadata = {json.dumps(record.metadata)}"
    if not is_labeled:
        yield "# labeled = no"


def _without_overlap(record: Record, spans: Sequence[Span], on_loss: Callable[[BadRow], None]) -> list[Span]:
    """The spans that tags can mark: of overlapping ones the longest, each without blanks around it."""
    kept: list[Span] = []
    for span in sorted((_trimmed(record, span, on_loss) for span in spans), key=_longest_first):
        if span.start == span.end:
            continue
        if any(span.start < other.end and other.start < span.end for other in kept):
            _tell(OVERLAPPING, record, span, on_loss)
        else:
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _trimmed(record: Record, span: Span, on_loss: Callable[[BadRow], None]) -> Span:
    part = record.text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip())
    trimmed = Span(start, max(start, span.start + len(part.rstrip())), span.label)
    if trimmed != span:
        _tell(TRIMMED if trimmed.start < trimmed.end else BLANK, record, span, on_loss)
    return trimmed


def _longest_first(span: Span) -> tuple[int, int]:
    return span.start - span.end, span.start


def _tell(message: str, record: Record, span: Span, on_loss: Callable[[BadRow], None]) -> None:
    problem = RowProblem(message, label=span.label, start=span.start, end=span.end)
    on_loss(bad_row(record.line, problem, record.text))


def _quoted(value: str) -> str:
    """A value on one line: as it is where that can be read back, else as JSON."""
    is_plain = value.isprintable() and value == value.strip() and not value.startswith('"')
    return value if is_plain and value else json.dumps(value)


def tokens(text: str, edges: Iterable[int] = ()) -> Iterator[tuple[int, int]]:
    """Start and end of each token: words, with the signs around them on their own.

    edges : where a token has to end, whatever the word

    >>> text = "“Don't shout,” said Ann."
    >>> [text[start:end] for start, end in tokens(text)]
    ['“', "Don't", 'shout', ',', '”', 'said', 'Ann', '.']
    """
    cuts = sorted(set(edges))
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        inner = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        if not inner and chunk[0].isalnum():
            yield start, end
        else:
            yield from pairwise(sorted({*_word_edges(text, start, end), *inner}))


def _word_edges(text: str, start: int, end: int) -> Iterator[int]:
    """The ends of a chunk, and of each sign around the word in it."""
    first, last = start, end
    while first < end and _is_sign(text[first]):
        first += 1
    while last > first and _is_sign(text[last - 1]):
        last -= 1
    yield from range(start, first + 1)
    yield from range(last, end + 1)


def _is_sign(character: str) -> bool:
    """Whether a character stands for itself at the edge of a word; accents and vowel signs belong to it."""
    return not character.isalnum() and unicodedata.category(character)[0] in "PS"
