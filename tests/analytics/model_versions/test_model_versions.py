"""Do the pages of the models tell the truth, and change only what a manager asks for?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.data.queries import held_out
from analytics.learning_curves import measure
from analytics.model_versions.comparison import Outcome, compare, usual_pair
from analytics.model_versions.test_set_versions import held_out_then, test_sets
from analytics.model_versions.wording import comparison_headline
from analytics.models import TestSetVersion
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.test_labels import labeled_test_set
from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.learning.storage.feature_store import WORDS
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from tests.analytics.learning_curves.test_measure import correct, wrong_for
from tests.fixtures.trained_project import settle_test_set
from tests.labeling.api.conftest import Caller


def add_version(project: Project, number: int, right: int) -> ModelVersion:
    """A model that has the first `right` of the labeled test documents right, and mistakes the others."""
    classes = list(project.classes.order_by("position").values_list("pk", flat=True))
    version = ModelVersion.objects.create(
        project=project,
        number=number,
        state="ready",
        classes=classes,
        label_count=40 * number,
        facts={"edition": project.feature_edition, "labels": {str(pk): 10 * number for pk in classes}},
    )
    for index, document in enumerate(labeled_documents(project.pk, "test")):
        (true,) = document.classes
        predicted = (classes.index(true) + (index >= right)) % len(classes)
        probabilities = [0.8 if at == predicted else 0.1 for at in range(len(classes))]
        HeldOutPrediction.objects.create(
            model_version=version, document_id=document.document_id, probabilities=probabilities
        )
    return version


@pytest.fixture
def two(untrained: Project) -> Project:
    """Tickets with a labeled test set and two models: the second has 9 of 12 right, the first 6."""
    settle_test_set(untrained)
    add_version(untrained, 1, right=6)
    measure.measure_due()
    add_version(untrained, 2, right=9)
    measure.measure_due()
    return untrained


def test_two_models_are_held_against_each_other_document_by_document(two: Project) -> None:
    pair = usual_pair(two)
    assert pair is not None
    comparison = compare(two, *pair)
    assert (comparison.first.number, comparison.second.number) == (1, 2)
    assert comparison.counts == {
        Outcome.FIXED: 3,
        Outcome.BROKEN: 0,
        Outcome.RIGHT: 6,
        Outcome.WRONG: 3,
    }
    assert comparison.differences.accuracy.change.value == pytest.approx(0.25)
    assert not comparison.differences.accuracy.is_beyond_noise
    assert [row.added for row in comparison.rows] == [10, 10, 10]
    assert len(comparison.judged.documents(Outcome.FIXED)) == 3


def test_a_class_that_one_model_does_not_know_is_left_out_of_neither_table(two: Project) -> None:
    first = ModelVersion.objects.get(number=1)
    first.classes = first.classes[:2]
    first.save()
    HeldOutPrediction.objects.filter(model_version=first).update(probabilities=[0.9, 0.1])
    comparison = compare(two, first, ModelVersion.objects.get(number=2))
    assert 0 < comparison.differences.n_documents < 12
    assert len(comparison.rows) == 3


def test_a_label_corrected_later_moves_now_but_not_then(two: Project) -> None:
    version = ModelVersion.objects.get(number=2)
    then = TestSetVersion.objects.get()
    document = Document.objects.test_set().filter(project=two).earliest("position")
    correct(document, wrong_for(document))
    now, before = held_out(two, version), held_out_then(two, version, then)
    assert (now.truth & now.predicted).sum() == 8
    assert (before.truth & before.predicted).sum() == 9
    (listed,) = test_sets(two, labeled_test_set(two.pk))
    assert (listed.documents, listed.changed, listed.added) == (12, 1, 1)


PAGES = ("models", "models_csv", "compare", "compare_csv")


@pytest.mark.parametrize("name", PAGES)
def test_managers_alone_see_what_measures_people(two: Project, client: Client, ann: User, name: str) -> None:
    client.force_login(ann)
    assert client.get(reverse(f"analytics:{name}", args=[two.pk])).status_code == 403


def test_the_pages_show_both_models_and_their_documents(two: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    shown = client.get(reverse("analytics:models", args=[two.pk]), {"bias": 1, "test_set": 1})
    page = shown.content.decode()
    assert "Model 2, the newest, is in use" in page
    assert "Model 2 on test set 1, with the labels at that time" in page
    assert "0.75" in page
    pair = usual_pair(two)
    assert pair is not None
    headline = comparison_headline(compare(two, *pair))
    for outcome in Outcome:
        compared = client.get(reverse("analytics:compare", args=[two.pk]), {"a": 1, "b": 2, "show": outcome})
        assert headline in compared.content.decode()
    for wrong in ({"a": 1, "b": 99}, {"a": "x", "b": 1}, {"a": 1}):
        assert client.get(reverse("analytics:compare", args=[two.pk]), wrong).status_code == 404
    assert b"accuracy" in client.get(reverse("analytics:compare_csv", args=[two.pk])).content
    assert client.get(reverse("analytics:models_csv", args=[two.pk])).content.count(b"\r\n") == 3


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (WORDS, "words"),
        ("distilled-0123456789ab", "words, mapped to sentence embeddings (distilled)"),
        (VERSION, "sentence embeddings"),
    ],
)
def test_the_page_says_which_view_of_the_texts_a_model_reads(
    two: Project, client: Client, joan: User, view: str, shown: str
) -> None:
    version = two.model_versions.ready()[0]
    version.facts |= {"view": view}
    version.save()
    client.force_login(joan)
    page = client.get(reverse("analytics:models", args=[two.pk])).content.decode()
    assert f"<dt>Features</dt><dd>{shown}</dd>" in page
    assert view == shown or view not in page


def test_a_model_is_chosen_noted_and_let_go_on_the_page(two: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    for name, data in (("promote", {}), ("note", {"note": "Before the new rule."})):
        client.post(reverse(f"analytics:{name}", args=[two.pk, 1]), data)
    page = client.get(reverse("analytics:models", args=[two.pk])).content.decode()
    assert "Model 1 is pinned; model 2 is the newest" in page
    assert "Before the new rule." in page
    assert Job.objects.filter(project=two, kind=Job.Kind.RANK).exists()
    client.post(reverse("analytics:follow_newest", args=[two.pk]))
    assert (
        "Model 2, the newest, is in use"
        in client.get(reverse("analytics:models", args=[two.pk])).content.decode()
    )


def test_a_machine_compares_promotes_and_goes_back(two: Project, joan: User) -> None:
    caller = Caller(joan)
    answered = caller.get(f"projects/{two.pk}/reports/compare/?outcome=fixed").json()
    assert [answered[name] for name in ("first_model", "second_model", "fixed", "broken")] == [1, 2, 3, 0]
    assert len(answered["documents"]) == 3
    assert caller.get(f"projects/{two.pk}/reports/compare/?first_model=1").status_code == 404
    path = f"projects/{two.pk}/models/1/"
    promoted = caller.send("PATCH", path, {"is_promoted": True, "note": "Steady."}).json()
    assert (promoted["is_promoted"], promoted["note"]) == (True, "Steady.")
    assert not caller.send("PATCH", path, {"is_promoted": False}).json()["is_promoted"]
    assert not caller.get(f"projects/{two.pk}/models/").json()["results"][1]["is_promoted"]


def test_a_machine_reads_the_curves(two: Project, joan: User) -> None:
    answered = Caller(joan).get(f"projects/{two.pk}/reports/curves/").json()
    macro = answered["curves"][0]
    assert (macro["metric"], macro["state"], len(macro["points"])) == ("macro_f1", "unknown", 2)
    assert macro["reason"] == "Fewer than five models have been evaluated on test documents."


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_without_models_the_pages_say_what_comes(
    make_project: Callable[..., Project], client: Client, joan: User, kind: str
) -> None:
    project = make_project(kind=kind)
    client.force_login(joan)
    for name, words in (
        ("models", "No model yet"),
        ("compare", "Fewer than two models"),
        ("curves", "No model has been evaluated yet"),
    ):
        response = client.get(reverse(f"analytics:{name}", args=[project.pk]))
        assert words in response.content.decode()
