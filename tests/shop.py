"""What do the tests learn from? A shop whose tickets words tell apart, labelled rightly by its people."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling.actions import owed, queue, working
from labeling.actions.annotations import Submission, submit
from labeling.models import OwedWork, Project
from tests.cast import fill, label

WORDS = {
    "Refund": "money back refund return payment twice cancel charge",
    "Billing": "invoice card tax amount due date bill account number",
    "Delivery": "parcel courier late box address tracking door neighbour",
}


def text_of(name: str, number: int) -> str:
    words = WORDS[name].split()
    return " ".join(words[(number + step * step) % len(words)] for step in range(5)) + f" case {number % 7}"


@pytest.fixture
def shop(make_project: Callable[..., Project], settings: Any, tmp_path: Path) -> Project:
    """Tickets of three kinds that words tell apart, with features but no model; a tenth is test set."""
    settings.FEATURES_DIR = tmp_path / "features"
    settings.MODELS_DIR = tmp_path / "models"
    names = list(WORDS)
    project = make_project(texts=[text_of(names[n % 3], n) for n in range(90)])
    fill(project, [text_of(names[n % 3], n + 500) for n in range(12)], split="test")
    owed.owe(project.pk, OwedWork.Kind.FEATURIZE)
    assert working.work_off(project.pk, OwedWork.Kind.FEATURIZE)
    assert working.work_off(project.pk, OwedWork.Kind.RANK)
    project.refresh_from_db()
    return project


def truth(text: str) -> str:
    return max(WORDS, key=lambda name: sum(word in WORDS[name].split() for word in text.split()))


def label_rightly(project: Project, who: User, count: int) -> None:
    """Label this many documents rightly."""
    for _ in range(count):
        (held,) = queue.claim(project.pk, who).documents
        submit(who, Submission(held.token, [label(project, truth(held.text))]))


def train(project: Project) -> None:
    owed.owe(project.pk, OwedWork.Kind.TRAIN)
    assert working.work_off(project.pk, OwedWork.Kind.TRAIN)
    assert not OwedWork.objects.failing().exists()
    project.refresh_from_db()
