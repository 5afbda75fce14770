"""Prediction reader: what other models say of documents. One object a line, or the same in a body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from labeling.formats import strict_json
from labeling.formats.records import BadRow, RowProblem, bad_row, gettext_noop
from labeling.formats.streams import lines

MAX_LINE_BYTES = 256 * 1024  # five hundred classes with long names
MAX_SOURCE_CHARACTERS = 100
UNSAID_CONFIDENCE = 0.9  # of a label that comes without one

_OLD_ID = "document"  # what `document_id` was called; programs may still send it
_KNOWN = frozenset(
    {
        "document_id",
        _OLD_ID,
        "external_id",
        "source",
        "version",
        "label",
        "confidence",
        "probabilities",
    }
)


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What one source says of one document.

    document, external_id : one of them names the document
    probabilities : by name or identifier of the class; `is_top` says that it is the most probable class alone
    """

    line: int
    source: str
    document: int | None = None
    external_id: str | None = None
    version: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    is_top: bool = False


def read_predictions(chunks: Iterable[bytes]) -> Iterator[PredictionRow | BadRow]:
    r"""Opinions of a JSONL stream; blank lines are passed over.

    >>> list(read_predictions([b'{"document": 7, "source": "llm", "label": "Refund"}\n']))[0].probabilities
    {'Refund': 0.9}
    """
    for number, line in enumerate(lines(chunks, MAX_LINE_BYTES), 1):
        try:
            if len(line) > MAX_LINE_BYTES:
                raise RowProblem(
                    gettext_noop("The line is longer than %(limit)d bytes. Shorten it."), limit=MAX_LINE_BYTES
                )
            if line.isspace() or not line:
                continue
            yield prediction_from(strict_json.loads(line), number)
        except RowProblem as problem:
            yield bad_row(number, problem, line)


def prediction_from(value: object, line: int) -> PredictionRow:
    """One opinion from an object already read. Raises RowProblem that says what to mend."""
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A prediction must be an object, such as {"document_id": 7, …}.'))
    if unknown := set(value) - _KNOWN:
        raise RowProblem(gettext_noop('Unknown key "%(key)s". Remove it.'), key=min(unknown)[:50])
    names = [value.get(key) for key in ("document_id", _OLD_ID, "external_id")]
    if names.count(None) != len(names) - 1:
        raise RowProblem(gettext_noop('Identify the document by "document_id" or by "external_id".'))
    external_id = names.pop()
    document = next((name for name in names if name is not None), None)
    if document is not None and (type(document) is not int or not 0 < document < 2**63):
        raise RowProblem(gettext_noop('"document_id" must be the number of a document.'))
    if external_id is not None and not isinstance(external_id, str):
        raise RowProblem(gettext_noop('"external_id" must be a string.'))
    source = _text(value, "source")
    if not source:
        raise RowProblem(gettext_noop('Enter the name of the model in "source".'))
    probabilities, is_top = _probabilities(value)
    return PredictionRow(line, source, document, external_id, _text(value, "version"), probabilities, is_top)


def _text(value: Mapping[str, object], key: str) -> str:
    text = value.get(key) or ""
    if not isinstance(text, str) or len(text) > MAX_SOURCE_CHARACTERS:
        raise RowProblem(
            gettext_noop('"%(key)s" must be a string of at most %(most)d characters.'),
            key=key,
            most=MAX_SOURCE_CHARACTERS,
        )
    return text.strip()


def _probabilities(value: Mapping[str, object]) -> tuple[dict[str, float], bool]:
    label, many = value.get("label"), value.get("probabilities")
    if (label is None) == (many is None):
        raise RowProblem(gettext_noop('Send a "label" (with its "confidence") or "probabilities".'))
    if label is not None:
        if not isinstance(label, str):
            raise RowProblem(gettext_noop('"label" must be a class name.'))
        return {label: _probability(value.get("confidence", UNSAID_CONFIDENCE))}, True
    if not isinstance(many, dict) or not many or "confidence" in value:
        raise RowProblem(
            gettext_noop(
                '"probabilities" must be an object of classes and numbers, without "label" and "confidence".'
            )
        )
    return {name: _probability(item) for name, item in many.items()}, False


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RowProblem(gettext_noop("A probability must be a number from 0 to 1."))
    return float(value)
