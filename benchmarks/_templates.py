"""A labeled set full of form letters: what a shop or a bank gets, made of words that mean nothing.

Three texts in five are written from templates of very different frequency: each repeats all but two words of
its like. The others are free texts. The test set is a random quarter.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

N_DOCUMENTS = 3_000
N_CLASSES = 12
TEMPLATES_A_CLASS = 6
TEMPLATE_SHARE = 0.6  # of all texts
SLOTS = 2  # words of a template that differ from text to text, always the same two
WORDS = (28, 40)  # of a template
FREE_WORDS = (8, 24)
CLASS_WORDS, COMMON_WORDS = 90, 700
CLASS_SHARE = 0.16  # of the words of a text that tell its class
STRAY_SHARE = 0.06  # of them that tell another one
SYLLABLES = (
    "ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "xa", "yel", "zor",
    "bru", "cla", "dro",
)  # fmt: skip


def words(count: int, rng: random.Random) -> list[str]:
    """Distinct words that mean nothing."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        chosen["".join(rng.choices(SYLLABLES, k=rng.randint(2, 4)))] = None
    return list(chosen)


def falling(n: int) -> list[float]:
    """Weights of Zipf's law, summed up as `random.choices` takes them."""
    return list(accumulate(1 / (rank + 1) for rank in range(n)))


def text(
    own: Sequence[str], others: Sequence[str], common: Sequence[str], length: int, rng: random.Random
) -> list[str]:
    """Mostly common words, some of the class, a few of other classes."""
    words = []
    for _ in range(length):
        roll = rng.random()
        kind = own if roll < CLASS_SHARE else others if roll < CLASS_SHARE + STRAY_SHARE else common
        words.append(rng.choices(kind, cum_weights=falling(len(kind)))[0])
    return words


def documents(count: int, seed: int) -> list[dict[str, str]]:
    """Rows with text, label and split, in random order."""
    rng = random.Random(seed)
    vocabulary = words(N_CLASSES * CLASS_WORDS + COMMON_WORDS, rng)
    common, telling = vocabulary[:COMMON_WORDS], vocabulary[COMMON_WORDS:]
    classes = [telling[n * CLASS_WORDS : (n + 1) * CLASS_WORDS] for n in range(N_CLASSES)]
    others = [[word for word in telling if word not in own] for own in classes]
    labels = rng.choices(range(N_CLASSES), cum_weights=falling(N_CLASSES), k=count)
    letters = [
        [text(classes[n], others[n], common, rng.randint(*WORDS), rng) for _ in range(TEMPLATES_A_CLASS)]
        for n in range(N_CLASSES)
    ]
    rows = []
    for label in labels:
        if rng.random() < TEMPLATE_SHARE:
            letters_of = list(rng.choices(letters[label], cum_weights=falling(TEMPLATES_A_CLASS))[0])
            for slot in range(SLOTS):
                letters_of[(slot + 1) * len(letters_of) // (SLOTS + 1)] = (
                    f"{rng.choice(common)}{rng.randint(1, 999)}"
                )
        else:
            letters_of = text(classes[label], others[label], common, rng.randint(*FREE_WORDS), rng)
        split = "test" if rng.random() < 0.25 else "train"
        rows.append({"text": " ".join(letters_of), "label": f"class {label + 1:02}", "split": split})
    return rows


def write(path: Path) -> None:
    """The set as a file that `simulate` reads too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in documents(N_DOCUMENTS, seed=0))
