"""fastText writer: one document a line, its classes before it as __label__name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers.fasttext import PREFIX
from labeling.formats.records import BadRow, Record, RowProblem, bad_row, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside
from labeling.formats.writers.zip_stream import PIECE_BYTES

TOOL = "fastText"
SUFFIX = ".txt"
ONE_LINE = gettext_noop("Line breaks become blanks, because a document is one line.")
UNLABELED = gettext_noop("Documents without a class are left out, because fastText would read them as text.")
IDS = gettext_noop("IDs are left out.")
BLANKS = gettext_noop("Blanks in class names become underscores.")
SPANS = gettext_noop("fastText has no spans. Choose another format.")
NO_CLASS = gettext_noop("The document has no class, so it is left out.")

_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def losses(features: DatasetFeatures) -> list[str]:
    listed = [*losses_beside((), features), ONE_LINE, IDS]
    if features.kind == "spans":
        return [SPANS]
    if features.unlabeled or features.has_no_class:
        listed.append(UNLABELED)
    if any(re.search(r"\s", name) for name in features.class_names):
        listed.append(BLANKS)
    return listed


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    r"""Lines of labeled documents.

    >>> b"".join(write(ProjectOutline("", kind="single"), [Record(1, "Hi\nyou", labels=("a b",))], print))
    b'__label__a_b Hi you\n'
    """
    buffer = bytearray()
    for record in records:
        annotation = final_annotation(record, on_loss)
        names = annotation.labels or () if annotation else ()
        if not names:
            on_loss(bad_row(record.line, RowProblem(NO_CLASS), record.text))
            continue
        labels = " ".join(PREFIX + re.sub(r"\s", "_", name) for name in names)
        buffer += f"{labels} {_BREAKS.sub(' ', record.text)}\n".encode()
        if len(buffer) >= PIECE_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)
