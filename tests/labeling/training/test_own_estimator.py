"""A model of another package: installed as the how-to says, trained, measured and used; and when it fails."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from analytics.model_versions.wording import facts_of
from labeling.annotations import exclusion
from labeling.exceptions import InvalidInput
from labeling.features.pipeline import current_store
from labeling.jobs.models import Job
from labeling.learning.classifiers.external import ExternalModel
from labeling.learning.query_strategies.pool_scores import PoolScores
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.estimators import installed_estimators
from labeling.projects.models import Project
from labeling.training import own_estimator
from labeling.training.new_texts import span_predictor_of
from labeling.training.own_estimator import chosen_candidates
from labeling.training.span_model import SpanKind
from labeling.training.text_model import saved_committee
from reviewqueue.settings import BASE_DIR
from tests.fixtures.trained_project import label_rightly, train
from tests.labeling.api.conftest import Caller
from tests.labeling.training.test_span_model import answer, entries, marked

__all__ = ["marked"]
pytestmark = pytest.mark.slow

HOW_TO = BASE_DIR / "docs" / "how-to" / "bring-your-own-model.md"
OTHERS = """
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC


class OnFeatures(MultinomialNB):
    input = "features"


def several():
    return make_pipeline(CountVectorizer(), OneVsRestClassifier(MultinomialNB()))


def unsure():
    return make_pipeline(CountVectorizer(), LinearSVC())


def broken():
    raise RuntimeError("no weights on this machine")


def greedy():
    return bytearray(2**40)


class Dictionary:
    # Marks the words that were marked before.
    def fit(self, texts, spans):
        self.words = {t[s:e]: name for t, each in zip(texts, spans) for s, e, name in each}

    def predict(self, texts):
        return [
            [(t.find(w), t.find(w) + len(w), n, 0.5) for w, n in self.words.items() if w in t] for t in texts
        ]


class Outside(Dictionary):
    def predict(self, texts):
        return [[(0, len(text) + 1, "Refund")] for text in texts]


def slow():
    while True:
        pass
"""
POINTS = ["several", "Dictionary", "Outside", "unsure", "broken", "greedy", "slow"]


def files_of_how_to() -> dict[str, str]:
    """The files that the how-to shows, by name."""
    return dict(re.findall(r"^`(\S+)`\n\n```\w+\n(.*?)^```", HOW_TO.read_text(), re.M | re.S))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the how-to's package is installed by pip, with models that fail beside it."""
    root = tmp_path_factory.mktemp("own")
    source = root / "source"
    source.mkdir()
    for name, text in files_of_how_to().items():
        (source / name).write_text(text)
    pyproject = source / "pyproject.toml"
    points = "".join(f'{name} = "others:{name}"\n' for name in POINTS) + 'features = "others:OnFeatures"\n'
    pyproject.write_text(
        pyproject.read_text()
        .replace("\n[tool.setuptools]", f"{points}\n[tool.setuptools]")
        .replace('["mypackage"]', '["mypackage", "others"]')
    )
    (source / "others.py").write_text(OTHERS)
    flags = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "install", *flags, "--target", root / "installed", source]
    subprocess.run(command, check=True)
    return root / "installed"


@pytest.fixture
def own(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(packages))


def choose(project: Project, manager: User, name: str, use: str = "expert") -> ModelVersion:
    """The model of the training after this choice."""
    exclusion.change(project.pk, manager, estimator=name, estimator_use=use)
    train(project)
    version = project.model_versions.ready().first()
    assert version is not None
    return version


def test_the_package_of_the_how_to_is_short() -> None:
    lines = "\n".join(files_of_how_to().values()).splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


def test_a_name_that_is_not_installed_is_refused_with_those_that_are(
    own: None, trained: Project, joan: User
) -> None:
    with pytest.raises(InvalidInput, match=r"“nothing” is not an installed estimator\. Installed: .*mymodel"):
        exclusion.change(trained.pk, joan, estimator="nothing")


def test_names_are_read_without_importing_the_package(own: None) -> None:
    assert "mymodel" in installed_estimators()
    assert "mypackage" not in sys.modules


def test_as_an_expert_it_gets_a_learned_weight_and_is_measured(
    own: None, trained: Project, joan: User
) -> None:
    version = choose(trained, joan, "mymodel")
    run = version.metadata.estimator
    assert run is not None
    assert (run.name, run.use, run.failure) == ("mymodel", "expert", "")
    assert run.documents > 40
    assert (version.metadata.experts or {})["own: mymodel"] > 0
    assert version.metadata.cross_validated is not None
    assert HeldOutPrediction.objects.filter(model_version=version).exists()
    assert dict(facts_of(version))["Model of another package"].startswith("mymodel, as an expert on ")
    assert "mypackage" not in sys.modules


def test_alone_it_decides_where_it_has_predictions_and_a_saved_version_still_does(
    own: None, trained: Project, joan: User
) -> None:
    version = choose(trained, joan, "mymodel", "alone")
    committee = saved_committee(version)
    assert committee is not None
    assert committee.decider == "own: mymodel"
    expert = committee.experts[committee.names.index(committee.decider)]
    assert isinstance(expert, ExternalModel)
    store = current_store(trained, version.metadata.view)
    assert store is not None
    known, fresh = store.take(expert.positions), replace(store.take(expert.positions), positions=None)
    assert np.array_equal(committee.total(known), expert.scores(known))
    built_in = replace(committee, decider="")
    assert np.allclose(committee.total(fresh), built_in.total(fresh))
    assert not np.allclose(committee.total(known), built_in.total(known))


def test_one_that_reads_features_scores_every_document(own: None, trained: Project, joan: User) -> None:
    run = choose(trained, joan, "features").metadata.estimator
    assert run is not None
    assert run.failure == ""
    assert run.documents == trained.document_count


def test_of_several_classes_it_gets_an_indicator_matrix(
    own: None, untrained: Project, ann: User, joan: User
) -> None:
    Project.objects.filter(pk=untrained.pk).update(kind="multi")
    untrained.refresh_from_db()
    label_rightly(untrained, ann, 40)
    for use in ("expert", "alone"):
        version = choose(untrained, joan, "several", use)
        assert version.metadata.estimator is not None
        assert version.metadata.estimator.failure == ""
        assert version.metadata.test_set is not None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("unsure", "TypeError: Pipeline has no predict_proba. Wrap it in CalibratedClassifierCV."),
        ("broken", "RuntimeError: no weights on this machine"),
        ("greedy", "MemoryError: "),
    ],
)
def test_one_that_fails_is_told_with_the_reason_and_the_built_in_model_goes_on(
    name: str, reason: str, own: None, trained: Project, joan: User, client: Client
) -> None:
    version = choose(trained, joan, name)
    assert version.metadata.estimator is not None
    assert version.metadata.estimator.failure == reason
    assert f"own: {name}" not in (version.metadata.experts or {})
    client.force_login(joan)
    page = client.get(f"/projects/{trained.pk}/settings/").content.decode()
    assert f"The model “{name}” failed in the last training" in page
    assert reason in page


def test_one_that_takes_too_long_is_stopped(
    own: None, trained: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_estimator, "SHARE_OF_LIMIT", 0.0)  # a second
    run = choose(trained, joan, "slow").metadata.estimator
    assert run is not None
    assert "second" in run.failure


def test_one_that_was_removed_since_is_told(packages: Path, trained: Project) -> None:
    Project.objects.filter(pk=trained.pk).update(estimator="mymodel")
    train(trained)
    version = trained.model_versions.ready().first()
    assert version is not None
    assert version.metadata.estimator is not None
    assert "not installed" in version.metadata.estimator.failure


def test_a_choice_by_the_api_owes_a_training(own: None, trained: Project, joan: User) -> None:
    changes = {"estimator": "mymodel", "estimator_use": "alone"}
    changed = Caller(joan).send("PATCH", f"projects/{trained.pk}/", changes).json()
    assert (changed["estimator"], changed["estimator_use"]) == ("mymodel", "alone")
    assert Job.objects.filter(project=trained, kind=Job.Kind.TRAIN).exists()
    refused = Caller(joan).send("PATCH", f"projects/{trained.pk}/", {"estimator": "nothing"})
    assert refused.status_code == 422
    assert "Installed: " in refused.json()["detail"]


def test_a_model_of_spans_finds_them_in_the_place_of_the_built_in_one(
    own: None, marked: Project, ann: User, joan: User
) -> None:
    answer(marked, ann, 40)
    with pytest.raises(InvalidInput, match="can only be used alone"):
        exclusion.change(marked.pk, joan, estimator="Dictionary")
    version = choose(marked, joan, "Dictionary", "alone")
    run = version.metadata.estimator
    assert run is not None
    assert run.failure == ""
    assert run.documents >= 40
    assert version.metadata.cross_validated is not None
    assert sum(version.metadata.cross_validated.counts[0]) > 0
    stored = HeldOutPrediction.objects.filter(model_version=version).values_list("spans", flat=True)
    assert {probability for spans in stored for *_, probability in spans or ()} == {0.5}
    suggested = [entry.reason.get("spans") for entry in entries(marked)]
    assert any(span[-1] == 0.5 for spans in suggested for span in spans or ())
    reopened = SpanKind().open(version)
    assert reopened is not None
    assert reopened.own is not None
    assert span_predictor_of(version) is None  # a download would have the built-in model


def test_a_model_of_spans_that_fails_is_told_and_the_built_in_one_goes_on(
    own: None, marked: Project, ann: User, joan: User
) -> None:
    answer(marked, ann, 40)
    version = choose(marked, joan, "Outside", "alone")
    assert version.metadata.estimator is not None
    assert "is not a span of a text of" in version.metadata.estimator.failure
    assert version.metadata.test_set is not None
    reopened = SpanKind().open(version)
    assert reopened is not None
    assert reopened.own is None


def test_it_is_chosen_on_the_settings_page(own: None, trained: Project, joan: User, client: Client) -> None:
    client.force_login(joan)
    page = client.get(f"/projects/{trained.pk}/settings/").content.decode()
    assert '<option value="mymodel">mymodel</option>' in page


def test_candidates_are_the_uncertain_the_probable_of_each_class_and_random_ones() -> None:
    rng = np.random.default_rng(0)
    count = 1_000
    classes = np.stack([np.arange(count) % 4, (np.arange(count) + 1) % 4], axis=1).astype(np.int16)
    margin = rng.random(count).astype(np.float32)
    probabilities = np.stack([1 - margin / 2, margin / 2], axis=1)
    scores = PoolScores(np.arange(count), classes, probabilities, margin, np.zeros(count, np.float32))
    chosen = chosen_candidates(scores, 100, seed=1)
    assert len(chosen) == len(set(chosen.tolist())) == 100
    assert set(np.argsort(-margin)[:70].tolist()) <= set(chosen.tolist())
    for label_class in range(4):
        members = np.flatnonzero(classes[:, 0] == label_class)
        assert members[margin[members].argmin()] in chosen
    assert set(chosen.tolist()) != set(chosen_candidates(scores, 100, seed=2).tolist())
