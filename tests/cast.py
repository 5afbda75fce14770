"""Who appears in the tests? Joan manages, Ann and Bob label, Carla adjudicates, Eve belongs elsewhere."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.actions import generations, projects
from labeling.actions.answers import LabelValue
from labeling.models import Document, Membership, Project

CLASSES = ("Refund", "Billing", "Delivery")
TEXTS = (
    "I was charged twice, please return the second payment.",
    "Which card is on file for my invoices?",
    "My parcel has not arrived yet.",
    "The courier left the box with a neighbour.",
    "Please cancel the order and send my money back.",
    "Why is tax added twice on the March invoice?",
)


class Clock:
    """Moves the database's clock for this connection: leases run out without anybody waiting."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._set()

    def advance(self, **duration: float) -> None:
        self.offset += timedelta(**duration)
        self._set()

    def _set(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('labeling.clock_offset', %s, false)", [f"{self.offset.total_seconds()}s"]
            )


@pytest.fixture
def clock(db: None) -> Iterator[Clock]:
    moved = Clock()
    yield moved
    moved.offset = timedelta()
    moved._set()


@pytest.fixture
def joan(db: None) -> User:
    return User.objects.create_user("joan", password="joan's password")


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="ann's password")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="bob's password")


@pytest.fixture
def carla(db: None) -> User:
    return User.objects.create_user("carla", password="carla's password")


@pytest.fixture
def eve(db: None) -> User:
    """Signed up, and a member of nothing that the others work on."""
    return User.objects.create_user("eve", password="eve's password")


def fill(project: Project, texts: Sequence[str], *, split: str = Document.Split.POOL) -> list[Document]:
    """Documents in a project, in this order, without an import."""
    first = project.document_count
    documents = Document.objects.bulk_create(
        Document(
            project=project,
            external_id=f"t{place}",
            text=text,
            content_hash=hashlib.blake2b(f"{place}{text}".encode(), digest_size=16).digest(),
            split=split,
            position=place,
            random_key=(place + 0.5) / (first + len(texts) + 1),
        )
        for place, text in enumerate(texts, start=first)
    )
    project.document_count = first + len(texts)
    project.save(update_fields=["document_count"])
    return documents


def rank(project: Project, documents: Sequence[Document]) -> None:
    """Make this the project's order."""
    project.generation = generations.next_generation()
    generations.publish(project.pk, project.generation, [(d.pk, {"share": "margin"}) for d in documents])


@pytest.fixture
def make_project(joan: User, ann: User, bob: User, carla: User) -> Callable[..., Project]:
    """A project of the whole cast but Eve: `make_project(kind="multi", overlap=2)`."""

    def make(kind: str = "single", texts: Sequence[str] = TEXTS, **policy: Any) -> Project:
        project = projects.create(joan, name=f"Tickets {kind}", kind=kind, class_names=CLASSES, **policy)
        projects.add_member(project.pk, joan, ann, Membership.Role.ANNOTATOR)
        projects.add_member(project.pk, joan, bob, Membership.Role.ANNOTATOR)
        projects.add_member(project.pk, joan, carla, Membership.Role.ADJUDICATOR)
        rank(project, fill(project, texts))
        return project

    return make


@pytest.fixture
def tickets(make_project: Callable[..., Project]) -> Project:
    """Six tickets, one class each, overlap 1, ranked in the order of TEXTS."""
    return make_project()


def label(project: Project, name: str, start: int | None = None, end: int | None = None) -> LabelValue:
    """The class of this name as an answer's label."""
    return LabelValue(project.classes.get(name=name).pk, start, end)
