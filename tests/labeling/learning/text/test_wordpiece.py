"""Are texts cut as the sentence encoder was trained to read them?"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.text import wordpiece
from labeling.learning.text.limits import EMBEDDED_CHARACTERS
from labeling.learning.text.wordpiece import (
    MAX_PIECES,
    UNKNOWN,
    OtherVocabulary,
    basic_words,
    read_vocabulary,
    tokenize,
    vocabulary,
    word_pieces,
)

# What BertWordPieceTokenizer of the package tokenizers (0.23.3) makes of these texts, uncased.
REFERENCE = [
    ("hello world", [7592, 2088]),
    ("Hello, WORLD", [7592, 1010, 2088]),
    ("unaffable", [14477, 20961, 3468]),
    ("Café\u200b résumé", [7668, 13746]),
    ("cafe\u0301 re\u0301sume\u0301", [7668, 13746]),
    ("İstanbul'da ÇÖP", [9960, 1005, 4830, 8872]),
    ("हिन्दी", [1339, 29877, 29863, 29861, 29878]),
    ("yes 😀", [2748, 100]),
    ("日本語とhanzi", [1864, 1876, 1950, 1666, 4819, 5831]),
    ("한국어", [1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008]),
    (
        "$5.00+10%=`x`^~|",
        [1002, 1019, 1012, 4002, 1009, 2184, 1003, 1027, 1036, 1060, 1036, 1034, 1066, 1064],
    ),
    ("“quotes” … — ¿qué?", [1523, 16614, 1524, 1529, 1517, 1094, 10861, 1029]),
    ("a\x00b\tc\nd\x7fe\ufffdf", [11113, 1039, 13366]),
    ("straße ﬁnd ½ x²", [2358, 27807, 1984, 4859, 1092, 1060, 10701]),
    ("Привет, мир", [1194, 16856, 10325, 25529, 15290, 22919, 1010, 1191, 10325, 16856]),
    ("x" * 100, [22038, *[20348] * 49]),
    ("x" * 101, [UNKNOWN]),
    ("\u2028line\u2029sep\u3000wide\xa0nb", [2240, 19802, 2898, 1050, 2497]),
    ("it's re-used_name", [2009, 1005, 1055, 2128, 1011, 2109, 1035, 2171]),
    ("\U00020000\u4e00\uf900", [100, 1740, 100]),
    ("e\xadx \ue000y \U000e0041z", [4654, 1061, 1062]),
    ("€5 ©2020 ™", [1574, 2629, 1075, 11387, 11387, 1580]),
]


def test_hard_texts_have_the_ids_of_the_reference() -> None:
    assert tokenize([text for text, _ in REFERENCE]) == [ids for _, ids in REFERENCE]


def test_a_marker_in_a_text_is_words_and_no_marker() -> None:
    """The reference lets a text put the encoder's own markers into itself."""
    assert tokenize(["[SEP]"]) == [[1031, 19802, 1033]]


def test_the_next_line_character_parts_two_words() -> None:
    """The reference drops U+0085 and glues them; it is what remains of a Windows ellipsis."""
    assert basic_words("well\x85evil") == ["well", "evil"]


def test_a_long_text_is_cut_at_the_limits() -> None:
    assert tokenize(["word " * 50_000]) == [[2773] * MAX_PIECES]
    assert len("".join(basic_words("word " * 50_000))) < EMBEDDED_CHARACTERS


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordpiece, "CACHE_SIZE", 3)
    pieces = word_pieces.__wrapped__()
    assert [pieces[word] for word in ("one", "two", "three", "four", "one")] == [
        [2028],
        [2048],
        [2093],
        [2176],
        [2028],
    ]
    assert len(pieces) <= 3


def test_a_changed_vocabulary_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "tokenizer.json"
    other.write_text('{"model": {"vocab": {"[PAD]": 0, "[UNK]": 1}}}')
    with pytest.raises(OtherVocabulary):
        read_vocabulary(other)


def test_a_missing_vocabulary_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OtherVocabulary):
        read_vocabulary(tmp_path / "tokenizer.json")
    monkeypatch.setattr(wordpiece, "TOKENIZER_PACKAGE", "a_package_that_is_not_there")
    with pytest.raises(OtherVocabulary):
        vocabulary.__wrapped__()


@given(st.text())
def test_the_pieces_of_known_words_spell_the_text_again(text: str) -> None:
    words = basic_words(text)
    for word in words:
        pieces = [vocabulary()[number] for number in word_pieces()[word]]
        spelled = "".join(piece.removeprefix("##") if index else piece for index, piece in enumerate(pieces))
        assert spelled in (word, "[UNK]")
    assert all(word.strip() == word != "" for word in words)


@given(st.lists(st.text(max_size=80), max_size=6))
def test_the_ids_of_a_text_do_not_depend_on_its_neighbors(texts: list[str]) -> None:
    assert tokenize(texts) == [tokenize([text])[0] for text in texts]
