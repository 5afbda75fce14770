"""Tokenization: what is a word, in any script?

Python's `\\w` leaves out combining marks, which would cut Hindi, Thai, Hebrew or decomposed accents into
pieces; scripts written without spaces would become one word per sentence. Both are mended here.
"""

import re
import unicodedata

# Beside \w: marks that belong to the letter before them (Latin, Cyrillic, Hebrew, Arabic, the scripts of
# South Asia), joiners and variation selectors.
WORD_CHARACTERS = (
    r"\w\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0900-\u0dff"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20f0\ufe00-\ufe0f"
)
# No spaces between words: Thai to Khmer, kana, ideographs. One character is one word; pairs become bigrams.
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
EMOJI = r"\u2600-\u27bf\U0001f300-\U0001faff"

WORD = re.compile(rf"[{UNSPACED}{EMOJI}]|(?:(?![{UNSPACED}])[{WORD_CHARACTERS}])+")
ASCII_WORD = re.compile(r"\w+", re.ASCII)  # the same answer for plain ASCII, at twice the speed


def words(text: str) -> list[str]:
    """The words of a text in order, in one normal form (NFKC) and without case.

    >>> words("Don't pay 5: it's FREE 😀")
    ['don', 't', 'pay', '5', 'it', 's', 'free', '😀']
    >>> words("日本語 हिन्दी")
    ['日', '本', '語', 'हिन्दी']
    """
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())
