"""J4: a model's files are used as the service wrote them, or not at all; what was damaged is trained anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.features import pipeline
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue.claims import claim
from labeling.training import registry, text_model
from labeling.training.model_files import is_as_written, model_folder
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train


def newest(project: Project) -> ModelVersion:
    version = project.model_versions.ready().first()
    assert version is not None
    return version


def files(project: Project) -> list[Path]:
    return sorted(path for path in model_folder(newest(project)).rglob("*") if path.is_file())


def a_flipped_byte(project: Project, settings: Any) -> None:
    largest = max(files(project), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)


def a_truncated_file(project: Project, settings: Any) -> None:
    largest = max(files(project), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:100])


def an_empty_file(project: Project, settings: Any) -> None:
    files(project)[0].write_bytes(b"")


def broken_facts(project: Project, settings: Any) -> None:
    for path in files(project):
        if path.suffix == ".json":
            path.write_text('{"kinds": ')


def turned_weights(project: Project, settings: Any) -> None:
    """A model that loads without a word and is wrong."""
    for path in files(project):
        if path.suffix == ".npy":
            np.save(path, -np.load(path))


def a_pickle(project: Project, settings: Any) -> None:
    """A file that would make another one, were it ever unpickled."""
    canary = model_folder(newest(project)) / "canary"
    code = f"cos\nsystem\n(S'touch {canary}'\ntR.".encode()
    for path in files(project):
        if path.suffix == ".npy":
            path.write_bytes(code)


def one_file_more(project: Project, settings: Any) -> None:
    (model_folder(newest(project)) / "more.npy").write_bytes(b"more")


def a_foreign_key(project: Project, settings: Any) -> None:
    settings.SECRET_KEY = "another key, " + "x" * 50


def another_seal(project: Project, settings: Any) -> None:
    version = newest(project)
    ModelVersion.objects.filter(pk=version.pk).update(facts=version.facts | {"seal": "0" * 64})


def no_seal(project: Project, settings: Any) -> None:
    version = newest(project)
    unsealed = {name: fact for name, fact in version.facts.items() if name != "seal"}
    ModelVersion.objects.filter(pk=version.pk).update(facts=unsealed)


DAMAGES = [
    a_flipped_byte,
    a_truncated_file,
    an_empty_file,
    broken_facts,
    turned_weights,
    a_pickle,
    one_file_more,
    a_foreign_key,
    another_seal,
    no_seal,
]


def test_files_that_nobody_touched_are_used(trained: Project) -> None:
    assert is_as_written(newest(trained))
    assert registry.ranker_in_use(trained).version == newest(trained)
    assert not Job.objects.filter(project=trained, kind=Job.Kind.TRAIN).exists()


@pytest.mark.parametrize("damage", DAMAGES)
def test_j4_a_changed_model_is_not_used_and_trained_anew(
    trained: Project, joan: User, client: Client, settings: Any, damage: Callable[[Project, Any], None]
) -> None:
    before = newest(trained)
    damage(trained, settings)
    outbox.enqueue(trained.pk, Job.Kind.RANK)
    assert worker.run_job(trained.pk, Job.Kind.RANK)
    assert not Job.objects.failing().exists(), "nothing was raised"
    client.force_login(joan)
    notice = f"The files of model {before.number} are missing or were modified"
    assert notice in client.get(f"/projects/{trained.pk}/").content.decode()
    assert worker.run_job(trained.pk, Job.Kind.TRAIN)
    trained.refresh_from_db()
    assert newest(trained).number == before.number + 1
    assert registry.ranker_in_use(trained).version == newest(trained)
    assert notice not in client.get(f"/projects/{trained.pk}/").content.decode()
    assert not (model_folder(before) / "canary").exists()


def test_the_files_of_one_model_do_not_pass_for_another(trained: Project, ann: User) -> None:
    label_rightly(trained, ann, 20)
    train(trained)
    second, first = trained.model_versions.ready()[:2]
    shutil.rmtree(model_folder(second))
    shutil.copytree(model_folder(first), model_folder(second))
    ModelVersion.objects.filter(pk=second.pk).update(facts=second.facts | {"seal": first.facts["seal"]})
    second.refresh_from_db()
    assert text_model.saved_committee(second) is None


def test_a_changed_tagger_is_trained_anew(
    make_project: Callable[..., Project], ann: User, settings: Any, tmp_path: Path
) -> None:
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    project = make_project(kind="spans", texts=[f"Refund {n} for ann please" for n in range(20)])
    for held in claim(project.pk, ann, 12).documents:
        submit(ann, Submission(held.token, [label(project, "Refund", 0, 6)]))
    for kind in (Job.Kind.FEATURIZE, Job.Kind.TRAIN):
        outbox.enqueue(project.pk, kind)
        assert worker.run_job(project.pk, kind)
    project.refresh_from_db()
    assert pipeline.current_store(project) is not None
    assert registry.ranker_in_use(project).version == newest(project)
    a_flipped_byte(project, settings)
    assert registry.ranker_in_use(project).version is None
    assert Job.objects.filter(project=project, kind=Job.Kind.TRAIN).exists()


def test_the_seal_tells_nothing_of_the_key(trained: Project, settings: Any) -> None:
    assert settings.SECRET_KEY not in json.dumps(newest(trained).facts)
    assert len(newest(trained).facts["seal"]) == 64
