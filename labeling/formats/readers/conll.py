"""CoNLL reader: one token a line with its tag, an empty line between sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    WITHOUT_SPLIT,
    OptionalFields,
    check_id,
    check_label,
    check_split,
    check_text,
)
from labeling.formats.heads import head_of
from labeling.formats.offsets import token_offsets
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.records import (
    MAX_TEXT_CHARACTERS,
    BadRow,
    Json,
    Record,
    RowProblem,
    Span,
    bad_row,
    gettext_noop,
)
from labeling.formats.streams import HEAD_BYTES, lines, utf8_chunks
from labeling.formats.tagging_schemes import entities, has_prefixes

TOOL = "CoNLL"
MAX_LINE_BYTES = 8 * 1024 * 1024  # a comment holds the text
MAX_TAGS = 10_000  # different ones

OTHER_TEXT = gettext_noop(
    'The comment "text" has other words than the tokens. The tokens were joined by blanks.'
)
NO_UTF_8 = gettext_noop("The sentence is not in UTF-8. Save the file as UTF-8.")
WITHOUT_METADATA = gettext_noop("The document was imported without its metadata: %(reason)s")

_SUFFIXES = (".conll", ".conll03", ".conll2003", ".iob", ".iob2", ".bio")
_TABLES = (*_SUFFIXES, ".txt", ".tsv", ".train", ".testa", ".testb", ".dev", ".test")
_DOCSTART = "-DOCSTART-"
_TAG = re.compile(r"O|[BIESLUMW]-.+")
_COMMENT = re.compile(r"#\s*([\w.]+)\s*=\s?(.*)", re.DOTALL)
_BLANKS = re.compile(r"[ \t]+")
_SPLITS = {"test": "test", "testb": "test", "train": "pool", "dev": "pool", "testa": "pool", "valid": "pool"}


@dataclass(frozen=True, slots=True)
class _Layout:
    """What holds for all lines of a file.

    columns : the first has the token, the last the tag, which alone may have blanks in it
    prefixed : whether tags are such as B-ORG, in any scheme, and not bare names of classes
    """

    columns: int
    prefixed: bool

    def token_and_tag(self, line: str) -> tuple[str, str]:
        cells = line.split("\t") if "\t" in line else _BLANKS.split(line.strip(" "), self.columns - 1)
        if len(cells) < 2:
            raise RowProblem(gettext_noop("A line of the sentence has no tag. Each needs a token and a tag."))
        return cells[0], cells[-1].strip()


@dataclass(slots=True)
class _Sentence:
    """The lines between two empty ones."""

    line: int
    comments: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    characters: int = 0
    problem: RowProblem | None = None


def recognizes(bundle: Bundle) -> bool:
    """Lines that all end in a tag; those of a file called .conll or .iob may have bare names of classes.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> recognizes(FilesInMemory({"a.txt": b"EU B-ORG\\nrejects O\\n"}))
    True
    >>> recognizes(FilesInMemory({"a.txt": b"EU rejects\\nthe call\\n"}))
    False
    """
    names = bundle.names
    if len(names) > 1 and not all(PurePosixPath(name.lower()).suffix in _TABLES for name in names):
        return False
    return all(_is_tagged(head_of(bundle, name), name) for name in names[:10])


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document a sentence. Its text is that of a comment, else its tokens joined by blanks.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> (record,) = read(FilesInMemory({"a.conll": b"EU NNP B-ORG\\nrejects VBZ O\\n"}))
    >>> record.text, record.spans
    ('EU rejects', (Span(start=0, end=2, label='ORG'),))
    """
    for name in bundle.names:
        layout = _layout(bundle, name)
        split = _split(name) if len(bundle.names) > 1 else None
        for sentence in _sentences(bundle, name):
            try:
                if sentence.problem is not None:
                    raise sentence.problem
                yield _record(sentence, layout, split)
            except RowProblem as problem:
                yield bad_row(sentence.line, problem, "\n".join(sentence.rows[:10]))


def outline(bundle: Bundle) -> ProjectOutline:
    return outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)


def _is_tagged(head: str, name: str) -> bool:
    rows = head.split("\n")
    if len(head) > HEAD_BYTES // 4:
        rows.pop()  # it may be cut off
    rows = [
        row for row in map(_stripped, rows) if row and not _is_comment(row) and not row.startswith(_DOCSTART)
    ]
    columns = min((len(_cells(row)) for row in rows), default=0)
    if columns < 2:
        return False
    layout = _Layout(columns, prefixed=True)
    return name.lower().endswith(_SUFFIXES) or all(
        _TAG.fullmatch(layout.token_and_tag(row)[1]) for row in rows
    )


def _layout(bundle: Bundle, name: str) -> _Layout:
    """The first pass over a file: a single line does not tell its scheme."""
    counts: Counter[int] = Counter()
    last: dict[str, None] = {}
    for line in _text_lines(bundle, name):
        if line and not _is_comment(line) and not line.startswith(_DOCSTART):
            cells = _cells(line)
            counts[len(cells)] += 1
            if len(last) < MAX_TAGS:
                last[cells[-1]] = None
    columns = max(2, min(counts, default=2))
    if len(counts) > 1 and not all(
        map(_TAG.fullmatch, last)
    ):  # a tag with a blank in it; or bare class names
        layout = _Layout(columns, prefixed=True)
        rows = (line for line in _text_lines(bundle, name) if len(_cells(line)) > 1 and not _is_comment(line))
        last = dict.fromkeys(layout.token_and_tag(row)[1] for row in rows if not row.startswith(_DOCSTART))
    return _Layout(columns, has_prefixes(last))


def _sentences(bundle: Bundle, name: str) -> Iterator[_Sentence]:
    sentence = _Sentence(1)
    number = 0
    for number, line in enumerate(_text_lines(bundle, name), 1):
        if sentence.problem is None:
            sentence.problem = _line_problem(line)
        if not line or line.startswith(_DOCSTART):
            if sentence.rows:
                yield sentence
            sentence = _Sentence(number + 1)
        elif _is_comment(line):
            if match := _COMMENT.fullmatch(line):
                sentence.comments[match[1]] = match[2]
        else:
            sentence.characters += len(line)
            if sentence.characters <= 16 * MAX_TEXT_CHARACTERS:
                sentence.rows.append(line)
            else:
                sentence.problem = RowProblem(gettext_noop("The sentence is too long. Split it."))
    if sentence.rows:
        yield sentence


def _line_problem(line: str) -> RowProblem | None:
    """What keeps a line from being stored."""
    try:
        strict_json.check_storable(line)
    except RowProblem as problem:
        return problem if "\0" in line else RowProblem(NO_UTF_8)
    return None


def _record(sentence: _Sentence, layout: _Layout, split: str | None) -> Record:
    pairs = [layout.token_and_tag(row) for row in sentence.rows]
    tokens = [token for token, _ in pairs]
    fields = OptionalFields()
    comments = sentence.comments
    text, offsets = _text(tokens, comments.get("text"), fields)
    tags = [tag for _, tag in pairs]
    is_labeled = comments.get("labeled") != "no"
    identifier = comments.get("id", comments.get("sent_id"))
    return Record(
        sentence.line,
        check_text(text),
        fields.read(WITHOUT_ID, check_id, None if identifier is None else _unquoted(identifier)),
        fields.read(WITHOUT_METADATA, _metadata, comments.get("metadata")) or {},
        spans=fields.read(WITHOUT_LABEL, _spans, tags, offsets, layout) if is_labeled else None,
        split=fields.read(WITHOUT_SPLIT, check_split, comments.get("split", split)),
        problems=tuple(fields.problems),
    )


def _text(
    tokens: Sequence[str], comment: str | None, fields: OptionalFields
) -> tuple[str, list[tuple[int, int]]]:
    """The text and where each token stands in it."""
    if comment is not None:
        for text in (_unquoted(comment), comment):
            if (offsets := _aligned(tokens, text)) is not None:
                return text, offsets
        fields.problems.append(RowProblem(OTHER_TEXT))
    return " ".join(tokens), token_offsets(tokens)


def _aligned(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Where tokens stand in a text that has nothing but blanks between them; None where it has more."""
    offsets, end = [], 0
    for token in tokens:
        start = text.find(token, end)
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(token)
        offsets.append((start, end))
    return None if text[end:].strip() else offsets


def _spans(tags: Sequence[str], offsets: Sequence[tuple[int, int]], layout: _Layout) -> tuple[Span, ...]:
    spans = entities(tags, offsets, prefixed=layout.prefixed)
    return tuple(Span(span.start, span.end, check_label(span.label)) for span in spans)


def _metadata(comment: str | None) -> dict[str, Json]:
    value = {} if comment is None else strict_json.loads(comment)
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop("It must be a JSON object."))
    return value


def _unquoted(value: str) -> str:
    """A value that is written as a JSON text, because it has line ends or blanks around it, as that text."""
    if value.startswith('"'):
        try:
            text = strict_json.loads(value)
        except RowProblem:
            return value
        return text if isinstance(text, str) else value
    return value


def _text_lines(bundle: Bundle, name: str) -> Iterator[str]:
    with bundle.open(name) as file:
        for line in lines(utf8_chunks(file), MAX_LINE_BYTES):
            yield _stripped(line.decode(errors="surrogateescape"))


def _stripped(line: str) -> str:
    line = line.removesuffix("\r")
    return "" if not line.strip(" \t") else line


def _cells(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else _BLANKS.split(line.strip(" "))


def _is_comment(line: str) -> bool:
    """Whether a line says something of the sentence; a token may begin with # too."""
    if not line.startswith("#"):
        return False
    if line.startswith("# ") and _COMMENT.fullmatch(line):
        return True
    return not _TAG.fullmatch(_cells(line)[-1])


def _split(name: str) -> str | None:
    words = re.findall("[a-z]+", PurePosixPath(name.lower()).name)
    return next((_SPLITS[word] for word in words if word in _SPLITS), None)
