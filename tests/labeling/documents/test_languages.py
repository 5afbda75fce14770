"""Languages: told of documents when they have arrived, once, and not where nothing is sure."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from labeling import worker
from labeling.documents import languages
from labeling.documents.models import Document, DocumentLanguage
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Project
from tests.fixtures.people import fill

LETTERS = {
    "en": "My parcel has not arrived yet, although it was sent two weeks ago.",
    "de": "Mein Paket ist noch nicht angekommen, obwohl es vor zwei Wochen verschickt wurde.",
    "fr": "Mon colis n'est pas encore arrivé, bien qu'il ait été envoyé il y a deux semaines.",
    "ru": "Моя посылка ещё не пришла, хотя её отправили две недели назад.",
    "ja": "荷物は二週間前に発送されたのに、まだ届いていません。",
}
KIND = Job.Kind.TELL_LANGUAGES


def tell(project: Project) -> None:
    outbox.enqueue(project.pk, KIND)
    assert worker.run_job(project.pk, KIND)
    assert not Job.objects.filter(kind=KIND).exists()  # done, not failed


def told(project: Project) -> dict[str, str]:
    rows = DocumentLanguage.objects.filter(project=project).values_list("document__text", "language")
    return dict(rows)


def test_each_language_is_told_in_the_test_set_and_in_the_pool(make_project: Callable[..., Project]) -> None:
    project = make_project(texts=[LETTERS["de"]])
    fill(project, list(LETTERS.values()), split=Document.Split.TEST)
    tell(project)
    assert told(project) == {text: code for code, text in LETTERS.items()}
    assert DocumentLanguage.objects.filter(project=project, language="de").count() == 2


def test_no_language_is_told_of_a_text_that_says_too_little(make_project: Callable[..., Project]) -> None:
    texts = ["12345", "ok", "\u200b", "!!!", "\U0001f4e6", "x" * 10_000]
    project = make_project(texts=texts)
    tell(project)
    assert told(project) == dict.fromkeys(texts, "")


def test_a_language_is_told_once(make_project: Callable[..., Project]) -> None:
    project = make_project(texts=[LETTERS["de"]])
    tell(project)
    DocumentLanguage.objects.update(language="nl")
    fill(project, [LETTERS["fr"]])
    tell(project)
    assert told(project) == {LETTERS["de"]: "nl", LETTERS["fr"]: "fr"}


def test_of_a_large_pool_a_random_part_is_told(
    make_project: Callable[..., Project], monkeypatch: Any
) -> None:
    monkeypatch.setattr(languages, "MAX_SCANNED_DOCUMENTS", 2)
    project = make_project()
    tell(project)
    first = Document.objects.filter(project=project).order_by("random_key")[:2]
    assert set(told(project)) == {document.text for document in first}


def test_documents_that_arrive_owe_it(
    make_project: Callable[..., Project], settings: Any, tmp_path: Any
) -> None:
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    project = make_project()
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(project.pk, Job.Kind.FEATURIZE)
    assert Job.objects.filter(project=project, kind=KIND, state=Job.State.QUEUED).exists()


def test_a_document_says_its_language_and_the_file_it_came_in(
    make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = make_project(texts=[LETTERS["de"]])
    Document.objects.filter(project=project).update(source="mails.csv")
    tell(project)
    client.force_login(joan)
    page = client.get(f"/projects/{project.pk}/documents/{project.documents.get().pk}/").content.decode()
    assert "German" in page
    assert "mails.csv" in page
