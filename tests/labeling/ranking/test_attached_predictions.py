"""What does the model think of the documents that it puts into the head, and why?"""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.learning.text.words import words
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from labeling.ranking import attached_predictions
from labeling.training.registry import ranker_in_use
from tests.fixtures.people import label
from tests.fixtures.trained_project import WORDS, label_rightly, train, truth


def reasons(project: Project) -> list[tuple[Document, dict[str, Any]]]:
    live = QueueEntry.objects.live(project).select_related("document")
    return [(entry.document, entry.reason) for entry in live]


def test_every_document_of_the_head_carries_what_the_model_thinks(trained: Project, ann: User) -> None:
    rows = reasons(trained)
    assert {"margin", "random", "test"} <= {reason["share"] for _, reason in rows}
    version = trained.model_versions.ready()[0]
    for _, reason in rows:
        assert reason["model"] == version.number
        (first, p), (second, q) = reason["top"]
        assert first != second
        assert p >= q
        assert reason["experts"][0][0] == "linear"
    assert all(reason["propensity"] > 0 for _, reason in rows if reason["share"] == "random")


def test_the_words_that_are_named_stand_in_the_text_and_tell_the_class(trained: Project, ann: User) -> None:
    names = {str(c.pk): c.name for c in trained.classes.all()}
    attributed = [(document, reason) for document, reason in reasons(trained) if "words" in reason]
    assert len(attributed) > 20
    for document, reason in attributed:
        named = [word for word, _pull in reason["words"]]
        assert set(named) <= set(words(document.text))
        assert named[0] in WORDS[names[reason["top"][0][0]]].split()


def test_started_documents_are_predicted_too(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 40)
    Project.objects.filter(pk=untrained.pk).update(overlap=2)
    (held,) = claims.claim(untrained.pk, ann).documents
    submit(ann, Submission(held.token, [label(untrained, truth(held.text))]))
    train(untrained)
    started = [reason for _, reason in reasons(untrained) if reason["share"] == "overlap"]
    assert started
    assert all("top" in reason for reason in started)


def test_what_is_served_keeps_the_prediction_of_that_moment(trained: Project, ann: User) -> None:
    (held,) = claims.claim(trained.pk, ann).documents
    submit(ann, Submission(held.token, [label(trained, truth(held.text))]))
    kept = Lease.objects.get(pk=held.lease_id).reason
    train(trained)
    assert kept["model"] == 1
    assert Lease.objects.get(pk=held.lease_id).reason == kept


def test_only_so_many_characters_are_searched_for_words(
    untrained: Project, ann: User, monkeypatch: Any
) -> None:
    label_rightly(untrained, ann, 40)
    monkeypatch.setattr(attached_predictions, "MAX_TOTAL_CHARACTERS", 200)
    train(untrained)
    has_words = ["words" in reason for _, reason in reasons(untrained)]
    assert 0 < sum(has_words) < 10
    assert any(has_words[:5])
    assert all("top" in reason for _, reason in reasons(untrained))


def test_all_texts_are_read_in_one_statement(trained: Project, ann: User) -> None:
    ranker = ranker_in_use(trained)
    entries = [(document.pk, SelectionReason("margin")) for document, _ in reasons(trained)]
    with CaptureQueriesContext(connection) as statements:
        predictions = ranker.explain(entries)
    assert len(statements) == 1
    assert len(predictions) == len(entries) > 40


def test_of_several_classes_those_are_told_that_the_model_would_choose(untrained: Project, ann: User) -> None:
    Project.objects.filter(pk=untrained.pk).update(kind="multi")
    untrained.refresh_from_db()
    label_rightly(untrained, ann, 40)
    train(untrained)
    rows = [reason for _, reason in reasons(untrained)]
    assert all("likely" in reason for reason in rows)
    chosen = [reason for reason in rows if reason["likely"]]
    assert len(chosen) > len(rows) / 2
    for reason in chosen:
        assert reason["likely"][0] == reason["top"][0]
        probabilities = [p for _class, p in reason["likely"]]
        assert probabilities == sorted(probabilities, reverse=True)
