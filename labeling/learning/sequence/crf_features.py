"""Token features: what a tagger sees of a word itself and of its neighbors.

A name is the place of a word beside the token and a feature of that word. So all features of a text follow
from those of its distinct words, which are made once per word, whatever the number of texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from labeling.learning.text.word_clusters import WordClusters

VERSION = 1  # of what a word is described by: models and stored tokens of another are made anew
BIAS = "bias"
NONE = "none"  # the feature of a place before the first or behind the last token
PLACES = (-2, -1, 0, 1, 2)  # words that count for a token
ENDS = (1, 2, 3, 4, 5)  # characters of a word's beginning and end
NEAR_ENDS = (3,)  # of a neighbor


@dataclass(frozen=True)
class WordFeatures:
    """Features of one word. The first of `own` names the word, the second the word without case."""

    own: tuple[str, ...]  # seen at the token itself
    near: tuple[str, ...]  # seen from one token away
    far: tuple[str, ...]  # seen from two tokens away


@dataclass(frozen=True)
class Describer:
    """Words to features; remembers the words it has met.

    clusters : groups of words learned on the pool
    """

    clusters: WordClusters = field(default_factory=WordClusters)
    met: dict[str, WordFeatures] = field(default_factory=dict, repr=False, compare=False)

    def word(self, word: str) -> WordFeatures:
        """Features of a word, wherever it stands."""
        features = self.met.get(word)
        if features is None:
            features = self.met[word] = describe(word, self.clusters.of(word))
        return features

    def tokens(self, words: Sequence[str]) -> list[list[str]]:
        """The names that CRFsuite learns from, a list for each token.

        >>> Describer().tokens(["Aspirin", "helps"])[1][:3]
        ['bias', 'o=helps', 'w=helps']
        """
        described = [self.word(word) for word in words]
        items = []
        for number, own in enumerate(described):
            names = [BIAS, *own.own]
            for offset in PLACES:
                there = number + offset
                if offset and not 0 <= there < len(words):
                    names.append(name_at(offset, NONE))
                elif offset:
                    seen = described[there].near if abs(offset) == 1 else described[there].far
                    names += [name_at(offset, feature) for feature in seen]
            items.append(names)
        return items


def describe(word: str, clusters: Sequence[int] = ()) -> WordFeatures:
    """Features of a word with its groups.

    >>> describe("Ab", [7]).near
    ('w=ab', 's=Aa', '<3=ab', '>3=ab', 'c0=7')

    What is seen from afar is seen from near too, and that at the token itself: a block stores only `own`.
    """
    lower = word.casefold()
    groups = tuple(f"c{level}={group}" for level, group in enumerate(clusters))
    seen = (f"w={lower}", f"s={shape(word)}")
    look = (f"S={long_shape(word)}", f"L={word.isupper():d}{word.istitle():d}{word.islower():d}")
    ends = tuple(f"{side}{n}={part}" for n in ENDS for side, part in (("<", lower[:n]), (">", lower[-n:])))
    near_ends = tuple(end for end in ends if int(end[1]) in NEAR_ENDS)
    return WordFeatures((f"o={word}", *seen, *look, *ends, *groups), (*seen, *near_ends, *groups), seen[:1])


def name_at(offset: int, feature: str) -> str:
    """The name of a feature of the word `offset` tokens away.

    >>> name_at(0, "w=a"), name_at(-1, "w=a")
    ('w=a', '-1:w=a')
    """
    return f"{offset:+}:{feature}" if offset else feature


def place_of(name: str) -> tuple[int, str]:
    """What `name_at` made a name of.

    >>> place_of("-1:w=a"), place_of("w=a"), place_of(BIAS)
    ((-1, 'w=a'), (0, 'w=a'), (0, 'bias'))
    """
    if name[:1] in "+-" and name[2:3] == ":":
        return int(name[:2]), name[3:]
    return 0, name


def long_shape(word: str) -> str:
    """The kind of every character, up to twelve.

    >>> long_shape("McDonald"), long_shape("B-12")
    ('AaAaaaaa', 'A-00')
    """
    return "".join(map(_kind, word[:12]))


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return character


def shape(word: str) -> str:
    """Kinds of characters in order, runs shortened: the look of a name, a number, a code.

    >>> shape("McDonald"), shape("B-12"), shape("x")
    ('AaAa', 'A-0', 'a')
    """
    kinds: list[str] = []
    for character in word:
        kind = _kind(character)
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
    return "".join(kinds)
