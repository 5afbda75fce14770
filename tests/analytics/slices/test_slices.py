"""Are the documents found on which the model is worse, and can more of them be sent to the queue?"""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.slices.report import slices
from labeling.annotations import imported
from labeling.documents.metadata import TOLD_LANGUAGE
from labeling.documents.models import Document, DocumentLanguage
from labeling.documents.slices import Slice
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.steering.models import Pick, PickedDocument
from labeling.steering.picks import pick_from_pool
from tests.fixtures.people import fill, label

WRONG_ON = "mail"


def measured(project: Project, n: int = 120) -> Project:
    """A test set half mails, half chats, on which a model takes most mails for something else."""
    tests = fill(project, ["x" * (20 + 3 * k) for k in range(n)], split="test")
    for k, document in enumerate(tests):
        document.metadata = {"source": ("mail", "chat")[k % 2], "year": 2000 + k % 17, "tags": ["a"]}
    Document.objects.bulk_update(tests, ["metadata"])
    at = (0, 4) if project.kind == "spans" else ()
    imported.record(project, [(document.pk, [label(project, "Refund", *at)]) for document in tests])
    classes = list(project.classes.values_list("pk", flat=True))
    Project.objects.filter(pk=project.pk).update(grouped_count=project.document_count)
    version = ModelVersion.objects.create(
        project=project,
        number=1,
        state="ready",
        classes=classes,
        label_count=9,
        finished_at="2026-11-12T00:00Z",
    )
    right = classes.index(project.classes.get(name="Refund").pk)
    HeldOutPrediction.objects.bulk_create(
        HeldOutPrediction(
            model_version=version,
            document=document,
            probabilities=[] if at else np.eye(len(classes))[(right + is_wrong) % len(classes)].tolist(),
            spans=[[0, 4 + is_wrong, right, 0.9]] if at else None,
        )
        for k, document in enumerate(tests)
        for is_wrong in [int(k % 2 == 0 and k % 3 > 0)]
    )
    return project


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_the_slice_on_which_the_model_is_worse_is_found(
    kind: str, make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = measured(make_project(kind=kind))
    report = slices(project, "source")
    worst = report.weak[0]
    assert (worst.where, worst.weak_slice.wrong, worst.weak_slice.documents) == (
        Slice("source", "mail"),
        40,
        60,
    )
    assert worst.weak_slice.p_value < 0.001
    assert {row.bucket.name: row.accuracy.value for row in report.rows} == {
        "mail": pytest.approx(1 / 3),
        "chat": 1.0,
    }
    assert {field.name for field in report.fields} == {"Text length", "source", "year"}
    client.force_login(joan)
    text = client.get(reverse("analytics:slices", args=[project.pk]) + "?by=source").content.decode()
    assert (
        "Weakest slice: source is mail. Incorrect on 67% of its documents, compared with 0% of the others"
        in text
    )
    assert "test-set/?model=1&amp;field=source&amp;value=mail" in text


def test_a_slice_is_sent_to_the_queue_and_taken_back(tickets: Project, client: Client, joan: User) -> None:
    measured(tickets)
    Document.objects.filter(project=tickets, split="pool", position__lt=4).update(metadata={"source": "mail"})
    Document.objects.filter(project=tickets).update(random_key=0.5)
    client.force_login(joan)
    sent = {"field": "source", "value": "mail"}
    response = client.post(reverse("analytics:queue_slice", args=[tickets.pk]), sent, follow=True)
    assert (
        "4 documents of the pool move to the front of the queue: source is mail." in response.content.decode()
    )
    pick = Pick.objects.get(project=tickets)
    assert set(PickedDocument.objects.values_list("document__position", flat=True)) == {0, 1, 2, 3}
    assert "Stop" in response.content.decode()
    client.post(reverse("analytics:end_slice_pick", args=[tickets.pk, pick.pk]))
    assert not Pick.objects.standing().exists()


def worse_on_old_mails(project: Project) -> None:
    """The same mistakes, all of them on old mails; other mails, and other old documents, are right."""
    tests = list(Document.objects.test_set().filter(project=project).order_by("position"))
    for k, document in enumerate(tests):
        is_wrong, is_new_mail = k % 2 == 0 and k % 3 > 0, k % 3 == 0
        source = "mail" if is_wrong or is_new_mail else "chat"
        document.metadata = {"source": source, "year": 2007 + k % 17 if is_new_mail else 1990}
    Document.objects.bulk_update(tests, ["metadata"])


def test_a_slice_of_two_fields_is_sent_in_one_press_and_taken_back(
    tickets: Project, client: Client, joan: User
) -> None:
    worse_on_old_mails(measured(tickets))
    weak = next(weak_slice for weak_slice in slices(tickets).weak if len(weak_slice.weak_slice.buckets) == 2)
    assert weak.where is not None
    assert (weak.where.value, [each.field for each in weak.where.also]) == ("mail", ["year"])
    pool = Document.objects.filter(project=tickets, split="pool")
    pool.filter(position__lt=2).update(metadata={"source": "mail", "year": 1991})
    pool.filter(position=2).update(metadata={"source": "chat", "year": 1991})
    pool.filter(position=3).update(metadata={"source": "mail", "year": 2020})
    client.force_login(joan)
    page = client.get(reverse("analytics:slices", args=[tickets.pk])).content.decode()
    for name, value in weak.where.query.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    client.post(reverse("analytics:queue_slice", args=[tickets.pk]), weak.where.query)
    pick = Pick.objects.get(project=tickets)
    assert pick.reason == weak.name
    assert set(pick.picked.values_list("document__position", flat=True)) == {0, 1}
    after = client.get(reverse("analytics:test_set", args=[tickets.pk]), weak.where.query).content.decode()
    assert weak.name in after
    client.post(reverse("analytics:end_slice_pick", args=[tickets.pk, pick.pk]))
    assert not Pick.objects.standing().exists()


def test_the_api_takes_every_slice_that_it_tells(tickets: Project, client: Client, joan: User) -> None:
    worse_on_old_mails(measured(tickets))
    pool = Document.objects.filter(project=tickets, split="pool")
    pool.update(metadata={"source": "mail", "year": 1991})
    client.force_login(joan)
    report = client.get(reverse("analytics_api:report_slices", args=[tickets.pk])).json()
    slices = [item["slice"] for item in report["weak_slices"]]
    slices += [bucket["slice"] for field in report["fields"] for bucket in field["buckets"]]
    assert any(item["field"] and item["conditions"] for item in slices)
    for where in slices:
        asked = {"slice": where, "count": 1, "reason": "More"}
        path = reverse("api:picks", args=[tickets.pk])
        assert client.post(path, asked, content_type="application/json").status_code == 201
    for wrong in ([{"field": "year"}], [{"field": "year", "value": "1", "gte": 2}], [slices[0]] * 3):
        asked = {"slice": {"conditions": wrong}, "count": 1, "reason": "More"}
        assert client.post(path, asked, content_type="application/json").status_code == 400


def test_an_annotator_reads_slices_and_sends_nothing(
    tickets: Project, client: Client, ann: User, eve: User
) -> None:
    measured(tickets)
    client.force_login(ann)
    text = client.get(reverse("analytics:slices", args=[tickets.pk])).content.decode()
    assert "source is mail" in text
    assert "at random" not in text.split("</h1>")[1].split("</p>")[1]
    assert client.post(reverse("analytics:queue_slice", args=[tickets.pk])).status_code == 403
    client.force_login(eve)
    assert client.get(reverse("analytics:slices", args=[tickets.pk])).status_code == 404


def test_the_same_numbers_come_as_json_and_csv(tickets: Project, client: Client, joan: User) -> None:
    measured(tickets)
    client.force_login(joan)
    report = client.get(reverse("analytics_api:report_slices", args=[tickets.pk])).json()
    assert report["weak_slices"][0]["slice"] == {
        "field": "source",
        "value": "mail",
        "min_characters": 0,
        "max_characters": None,
        "conditions": [],
    }
    assert [field["key"] for field in report["fields"]] == ["", "source", "year"]
    lines = client.get(reverse("analytics:slices_csv", args=[tickets.pk])).content.decode().splitlines()
    assert lines[0] == "field,value,documents,accuracy,accuracy_low,accuracy_high"
    assert "source,chat,60,1.0,0.9513,1.0" in lines
    worst = client.get(reverse("analytics:slices_csv", args=[tickets.pk]) + "?table=worst").content.decode()
    assert worst.splitlines()[1].startswith("source is mail,60,40,0.6667,0.0")


def test_without_a_model_the_page_says_what_it_takes(tickets: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    text = client.get(reverse("analytics:slices", args=[tickets.pk])).content.decode()
    assert "No measurements yet" in text


def test_numbers_of_any_size_and_odd_values_in_the_metadata_are_borne(
    tickets: Project, client: Client, joan: User
) -> None:
    measured(tickets, 40)
    for k, document in enumerate(Document.objects.test_set().filter(project=tickets)):
        odd = {"huge": 10**400 + k, "far": (-1) ** k * (1.7e308 - k * 1e300), "close": k * 5e-324}
        document.metadata = odd | {"": "no name", "nested": {"a": [k]}, "none": None, "long": "x" * 5000}
        document.save(update_fields=["metadata"])
    client.force_login(joan)
    for key in ("huge", "far", "close", "nested"):
        response = client.get(reverse("analytics:slices", args=[tickets.pk]), {"by": key})
        assert response.status_code == 200
    assert client.get(reverse("analytics:slices_csv", args=[tickets.pk])).status_code == 200


def test_texts_of_nearly_the_same_length_leave_no_bucket_empty(tickets: Project) -> None:
    measured(tickets, 40)
    for k, document in enumerate(Document.objects.test_set().filter(project=tickets)):
        Document.objects.filter(pk=document.pk).update(text="x" * (10 + min(k % 4, 2)))
    rows = slices(tickets).rows
    assert [row.documents for row in rows] == [10, 10, 20]
    assert [str(row.bucket.where) for row in rows] == [
        "at most 10 characters",
        "11 to 11 characters",
        "at least 12 characters",
    ]


def tell(project: Project, documents: list[Document], language: str) -> None:
    DocumentLanguage.objects.bulk_create(
        DocumentLanguage(document=document, project=project, language=language) for document in documents
    )


def test_languages_and_files_are_slices_and_their_documents_are_found_in_the_pool(
    tickets: Project, client: Client, joan: User
) -> None:
    measured(tickets)
    tests = list(Document.objects.test_set().filter(project=tickets).order_by("position"))
    for index, test in enumerate(tests):
        test.metadata, test.source = {}, ("monday.csv", "tuesday.csv")[index // 60]
    Document.objects.bulk_update(tests, ["metadata", "source"])
    german = Document.objects.filter(project=tickets, split="pool", position__lt=2)
    tell(tickets, [*tests[::2], *german], "de")
    tell(tickets, tests[1::2], "en")
    client.force_login(joan)
    page = client.get(reverse("analytics:slices", args=[tickets.pk]) + "?by=@language").content.decode()
    assert "Weakest slice: language is German. Incorrect on 67%" in page
    assert {field.name for field in slices(tickets).fields} == {"Text length", "language", "file"}
    picked = pick_from_pool(
        tickets.pk, joan, where=Slice(TOLD_LANGUAGE, "de"), count=20, reason="German documents"
    )
    assert set(PickedDocument.objects.filter(pick=picked.pick).values_list("document", flat=True)) == set(
        german.values_list("pk", flat=True)
    )
    address = reverse("analytics:test_set", args=[tickets.pk])
    review = client.get(address, Slice(TOLD_LANGUAGE, "de").query).content.decode()
    assert "language is German" in review


def test_a_language_of_a_few_documents_is_no_slice_because_it_may_be_an_error(tickets: Project) -> None:
    measured(tickets)
    tests = list(Document.objects.filter(project=tickets, split="test"))
    tell(tickets, tests[:3], "nl")
    tell(tickets, tests[3:], "en")
    assert TOLD_LANGUAGE not in {field.key for field in slices(tickets).fields}
    DocumentLanguage.objects.filter(document__in=[document.pk for document in tests[:40]]).update(
        language="nl"
    )
    assert TOLD_LANGUAGE in {field.key for field in slices(tickets).fields}  # told anew, nothing stale
