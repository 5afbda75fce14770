"""Texts that say nearly the same are found, others are left alone, and it costs time in proportion."""

import os
import shutil
from itertools import combinations
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.arrays import atomic_folder
from labeling.learning.arrays import atomic_folder as shards
from labeling.learning.text.minhash import ALIKE, NUMBERS, band_keys, digests, sign, similarity
from labeling.learning.text.near_duplicates import NEIGHBORS, join_new
from labeling.learning.text.signature_store import SignatureStore
from labeling.learning.text.words import words
from tests.thorough import examples

NONE = np.zeros(0, dtype=np.int64)
VOCABULARY = [
    "parcel",
    "refund",
    "invoice",
    "courier",
    "card",
    "tax",
    "money",
    "box",
    "late",
    "number",
    "door",
]

texts_of_few_words = st.lists(
    st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12).map(" ".join), max_size=30
)


def jaccard(item: str, other: str) -> float:
    """Of words and pairs of neighbors, counted and not estimated."""
    left, right = ({*words(text), *zip(words(text), words(text)[1:], strict=False)} for text in (item, other))
    return len(left & right) / len(left | right)


def stored(folder: Path, texts: list[str], **how) -> SignatureStore:
    return SignatureStore.open(folder, **how).append(texts)


@pytest.fixture(scope="session")
def grouped(tmp_path_factory):
    """The groups of texts, as the lowest position of each."""

    def group(texts: list[str]) -> np.ndarray:
        return join_new(stored(tmp_path_factory.mktemp("g"), texts), NONE, 0)

    return group


def partition(groups: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in np.unique(groups)}


def a_long_text(rng: np.random.Generator, length: int = 200) -> list[str]:
    return [f"w{number}" for number in rng.integers(5_000, size=length)]


@pytest.mark.parametrize("changed", [2, 10, 40, 100])
def test_the_estimate_is_near_the_true_similarity(changed):
    rng = np.random.default_rng(changed)
    errors = []
    for _ in range(40):
        item = a_long_text(rng)
        other = item[:-changed] + a_long_text(rng, changed)
        left, right = sign([" ".join(item), " ".join(other)])
        errors.append(similarity(left[None], right[None])[0] - jaccard(" ".join(item), " ".join(other)))
    assert abs(np.mean(errors)) < 0.02
    assert np.std(errors) < 0.06  # .045 at most for 126 independent numbers


def test_signatures_are_the_same_on_every_machine():
    """Files outlive processes: a change here needs another FORMAT."""
    (signature,) = sign(["Where is my parcel?"])
    assert signature[:6].tolist() == [2118, 60159, 986, 14292, 64310, 1669]
    assert signature.shape == (NUMBERS,)


def test_texts_without_words_are_only_like_themselves(grouped):
    assert grouped(["!!!", "", "???", "!!!", ""]).tolist() == [0, 1, 2, 0, 1]


def test_case_and_punctuation_make_no_other_text(grouped):
    assert grouped(["Where is my parcel?", "where is my PARCEL"]).tolist() == [0, 0]


def test_signatures_do_not_depend_on_the_company(texts):
    together = sign(texts[:50])
    alone = np.concatenate([sign([text]) for text in texts[:50]])
    assert np.array_equal(together, alone)
    assert sign([]).shape == (0, NUMBERS)
    assert band_keys(sign([])).shape[1] == len(digests(sign([]))) == 0


@settings(max_examples=examples(60), deadline=None)
@given(texts=texts_of_few_words, seed=st.integers(0, 99))
def test_equal_texts_are_together_and_the_order_does_not_matter(texts, seed, grouped):
    groups = grouped(texts)
    for first, other in combinations(range(len(texts)), 2):
        if texts[first] == texts[other]:
            assert groups[first] == groups[other]
    assert all(groups[group] == group <= index for index, group in enumerate(groups))
    order = np.random.default_rng(seed).permutation(len(texts))
    shuffled = grouped([texts[index] for index in order])
    assert {frozenset(order[list(group)].tolist()) for group in partition(shuffled)} == partition(groups)


@settings(max_examples=examples(60), deadline=None)
@given(texts=texts_of_few_words, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_groups_brought_up_to_date_are_those_made_at_once(texts, cuts, grouped, tmp_path_factory):
    folder = tmp_path_factory.mktemp("u")
    groups = NONE
    for behind in [*sorted(cuts), len(texts)]:
        store = stored(folder, texts[len(groups) : behind], shard_rows=8)
        groups = join_new(store, groups, len(groups))
    assert groups.tolist() == grouped(texts).tolist()


@pytest.mark.slow
def test_what_is_found_is_what_counting_finds(grouped):
    """Pairs that are clearly alike are in one group; groups hold nothing else than chains of alike pairs."""
    rng = np.random.default_rng(3)
    texts = []
    for _ in range(40):
        base = a_long_text(rng, 60)
        for changed in (0, 2, 4, 9, 30):
            indices = rng.choice(60, changed, replace=False)
            edited = [f"x{rng.integers(5_000)}" if index in indices else base[index] for index in range(60)]
            texts.append(" ".join(edited))
    groups = grouped(texts)
    like = {pair: jaccard(*(texts[index] for index in pair)) for pair in combinations(range(len(texts)), 2)}
    assert all(
        groups[number] == groups[other] for (number, other), alike in like.items() if alike > ALIKE + 0.1
    )
    for group in partition(groups):
        reached = {min(group)}
        while near := {
            two
            for number in reached
            for two in group - reached
            if like[min(number, two), max(number, two)] > ALIKE - 0.15
        }:
            reached |= near
        assert reached == group


def test_a_bucket_that_everybody_is_in_costs_time_in_proportion(tmp_path):
    """Form letters that differ too much to be one thing, and a text that stands there 20,000 times."""
    rng = np.random.default_rng(5)
    letter = a_long_text(rng, 60)
    letters = [" ".join(letter + a_long_text(rng, 25)) for _ in range(4_000)]
    store = stored(tmp_path / "letters", letters)
    started = process_time()
    groups = join_new(store, NONE, 0)
    assert process_time() - started < 5
    assert len(np.unique(groups)) > 3_000
    store = stored(tmp_path / "equal", ["The same words again and again."] * 20_000)
    started = process_time()
    assert not join_new(store, NONE, 0).any()
    assert process_time() - started < 1


def test_large_buckets_of_one_thing_become_one_group(grouped):
    rng = np.random.default_rng(6)
    letter = " ".join(a_long_text(rng, 80))
    count = 20 * NEIGHBORS
    assert not grouped([f"{letter} number {index}" for index in range(count)]).any()


def test_adding_in_pieces_gives_the_same_store(texts, tmp_path):
    whole = stored(tmp_path / "a", texts[:100], shard_rows=32)
    parts = SignatureStore.open(tmp_path / "b", shard_rows=32)
    for start in range(0, 100, 7):
        parts = parts.append(texts[start : min(start + 7, 100)])
    for store in (parts, SignatureStore.open(tmp_path / "b", shard_rows=32)):
        assert len(store) == 100
        order = np.random.default_rng(1).integers(100, size=50)
        assert np.array_equal(store.take(order), sign(texts[:100])[order])
        assert np.array_equal(store.band(3), whole.band(3))
        assert np.array_equal(store.digests(), whole.digests())


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


def test_a_crash_between_any_two_writes_loses_and_invents_nothing(texts, tmp_path, monkeypatch):
    """Every system call that changes the disk is, in turn, the last one that happens."""
    steps, limit, is_finished = 0, 0, False

    def dying(real):
        def call(*args, **kwargs):
            nonlocal steps
            steps += 1
            if steps > limit:
                raise Killed
            return real(*args, **kwargs)

        return call

    while not is_finished:
        limit += 1
        root = tmp_path / str(limit)
        stored(root, texts[:40], shard_rows=32)
        with monkeypatch.context() as patch:
            for where, name in ((os, "fsync"), (Path, "mkdir"), (Path, "rename"), (shutil, "rmtree")):
                patch.setattr(where, name, dying(getattr(where, name)))
            assert atomic_folder.shutil is shards.shutil is shutil
            steps = 0
            try:
                stored(root, texts[40:80], shard_rows=32)
                is_finished = True
            except Killed:
                is_finished = False
        signature_store = SignatureStore.open(root, shard_rows=32)
        assert len(signature_store) in (40, 64, 80)
        whole = signature_store.append(texts[len(signature_store) : 90])
        assert np.array_equal(whole.take(np.arange(90)), sign(texts[:90]))
        assert not list(root.glob(".writing-*"))
    assert limit > 10
