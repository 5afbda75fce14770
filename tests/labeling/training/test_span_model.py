"""How a project of spans learns, predicts and orders its queue."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.explanations.reasons import reason_sentence
from labeling.explanations.selection_reason import SelectionReason
from labeling.features.editions import edition_folder
from labeling.features.tokens import current_tokens, tokens_folder
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.query_strategies.annotation_cost import PRIOR
from labeling.learning.sequence.crf import MODEL_FILE
from labeling.predictions.models import HeldOutPrediction
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.ranking import attached_spans, span_head
from labeling.ranking.head import open_candidates
from tests.fixtures.people import fill, label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import WORDS, text_of, train, truth


def entries(project: Project) -> list[QueueEntry]:
    project.refresh_from_db()
    return list(QueueEntry.objects.live(project).order_by("rank"))


def answer(project: Project, who: User, count: int, seconds: float | None = None) -> None:
    """Mark the first word of this many documents as of the document's kind."""
    for _ in range(count):
        (held,) = claims.claim(project.pk, who).documents
        marked = label(project, truth(held.text), 0, len(held.text.split()[0]))
        submit(who, Submission(held.token, [marked], seconds=seconds))


@pytest.fixture
def marked(restore: Restore, make_project: Callable[..., Project]) -> Project:
    """A project of spans with features and tokens but no model, long and short texts, some of them test."""
    return restore("marked", lambda: open_marked(make_project))


def open_marked(make_project: Callable[..., Project]) -> Project:
    names = list(WORDS)
    texts = [" and ".join([text_of(names[n % 3], n)] * (1 + n % 4)) for n in range(80)]
    project = make_project(kind="spans", texts=texts)
    fill(project, [text_of(names[n % 3], n + 500) for n in range(6)], split="test")
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    for kind in (Job.Kind.FEATURIZE, Job.Kind.RANK):
        assert worker.run_job(project.pk, kind)
    project.refresh_from_db()
    return project


@pytest.fixture
def taught(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """The same with forty answers and a model."""

    def build() -> Project:
        project = open_marked(make_project)
        answer(project, ann, 40)
        train(project)
        return project

    return restore("marked and trained", build)


def test_the_tokens_of_a_pool_are_made_with_its_features(marked: Project) -> None:
    tokens = current_tokens(edition_folder(marked.pk, marked.feature_edition))
    assert tokens is not None
    assert len(tokens) == marked.document_count
    fill(marked, ["One more text."])
    outbox.enqueue(marked.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(marked.pk, Job.Kind.FEATURIZE)
    grown = current_tokens(edition_folder(marked.pk, marked.feature_edition))
    assert grown is not None
    assert grown.token_counts(np.array([len(tokens)])).tolist() == [4]


@pytest.mark.parametrize("strategy", Project.Strategy.values)
def test_every_strategy_orders_the_pool(strategy: str, marked: Project, ann: User) -> None:
    Project.objects.filter(pk=marked.pk).update(strategy=strategy)
    answer(marked, ann, 12)
    train(marked)
    answer(marked, ann, 10)
    train(marked)
    rows = {entry.reason["share"] for entry in entries(marked)}
    wanted = {"default": {"margin", "random"}}.get(strategy, {strategy})
    assert wanted <= rows <= wanted | {"margin", "random", "test", "weak_class"}


def test_the_test_set_gets_spans_with_probabilities(taught: Project) -> None:
    predictions = HeldOutPrediction.objects.filter(model_version__project=taught)
    for start, end, number, probability in (
        span for prediction in predictions for span in prediction.spans or ()
    ):
        assert 0 <= start < end
        assert 0 <= number < 3
        assert 0 < probability <= 1


def test_a_random_entry_carries_the_chance_it_had(taught: Project) -> None:
    version = taught.model_versions.ready().first()
    assert version is not None
    tokens = current_tokens(edition_folder(taught.pk, taught.feature_edition))
    assert tokens is not None
    candidates = open_candidates(taught, len(tokens))
    eligible = int((candidates.is_open & ~candidates.is_known).sum())
    chances = [e.reason["propensity"] for e in entries(taught) if e.reason["share"] == "random"]
    assert chances
    assert chances == pytest.approx([chances[0]] * len(chances))
    assert chances[0] * eligible == pytest.approx(round(chances[0] * eligible), abs=0.01)


def test_doubt_is_told_with_the_work_it_is_worth(taught: Project) -> None:
    reason = next(e.reason for e in entries(taught) if e.reason["share"] == "margin")
    assert reason["seconds"] > 0
    assert "top" not in reason
    assert "for the labeling time (about " in reason_sentence(SelectionReason.from_json(reason), {})


def test_every_entry_says_what_the_model_would_mark(taught: Project) -> None:
    classes = {str(pk) for pk in taught.classes.values_list("pk", flat=True)}
    queue_entries = entries(taught)
    assert {"margin", "test"} <= {entry.reason["share"] for entry in queue_entries}
    assert all(entry.reason["model"] == 1 for entry in queue_entries)
    assert any(entry.reason["spans"] for entry in queue_entries)
    for entry in queue_entries:
        text = entry.document.text
        assert entry.reason["spans"] == sorted(entry.reason["spans"])
        for start, end, label_class, probability in entry.reason["spans"]:
            assert text[start:end].strip() == text[start:end] != ""
            assert label_class in classes
            assert 0 < probability <= 1


def test_of_a_document_full_of_spans_the_surest_are_told(
    taught: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = {entry.document_id: entry.reason["spans"] for entry in entries(taught)}
    monkeypatch.setattr(attached_spans, "MAX_SPANS", 1)
    outbox.enqueue(taught.pk, Job.Kind.RANK)
    assert worker.run_job(taught.pk, Job.Kind.RANK)
    for entry in entries(taught):
        surest = sorted(every[entry.document_id], key=lambda span: -span[3])[:1]
        assert [span[3] for span in entry.reason["spans"]] == [span[3] for span in surest]


def test_only_the_first_of_many_characters_are_tagged(
    marked: Project, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(marked, ann, 20)
    monkeypatch.setattr(attached_spans, "MAX_TAGGED_CHARACTERS", 500)
    train(marked)
    has_spans = ["spans" in entry.reason for entry in entries(marked)]
    assert has_spans == sorted(has_spans, reverse=True)
    assert 0 < sum(has_spans) < len(has_spans)


def test_the_team_s_own_times_are_the_cost(marked: Project, ann: User) -> None:
    tokens = current_tokens(edition_folder(marked.pk, marked.feature_edition))
    assert tokens is not None
    assert span_head.measured_cost(marked, tokens) == PRIOR
    answer(marked, ann, 40, seconds=30.0)
    cost = span_head.measured_cost(marked, tokens)
    assert cost.per_document > 10 * cost.per_token
    assert cost.seconds(np.array([20]))[0] == pytest.approx(30, rel=0.3)


def test_without_tokens_people_go_on_and_the_tokens_are_owed(marked: Project, ann: User) -> None:
    answer(marked, ann, 20)
    shutil.rmtree(tokens_folder(edition_folder(marked.pk, marked.feature_edition)))
    train(marked)
    assert {e.reason["share"] for e in entries(marked)} <= {"random", "test"}
    assert worker.run_job(marked.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(marked.pk, Job.Kind.RANK)
    assert "margin" in {e.reason["share"] for e in entries(marked)}


def test_a_lost_model_leaves_an_order_by_variety(taught: Project, settings: Any) -> None:
    for path in Path(settings.MODELS_DIR).rglob(MODEL_FILE):
        path.unlink()
    outbox.enqueue(taught.pk, Job.Kind.RANK)
    assert worker.run_job(taught.pk, Job.Kind.RANK)
    assert "cold_start" in {e.reason["share"] for e in entries(taught)}


def test_a_very_large_pool_is_looked_at_in_parts() -> None:
    assert span_head.sampled_blocks(10_000_000, 8_192, seed=1).size == 13
    assert span_head.sampled_blocks(86, 8_192, seed=1).tolist() == [0]
    first, second = (set(span_head.sampled_blocks(10_000_000, 8_192, seed=s).tolist()) for s in (1, 2))
    assert first != second


def test_a_training_keeps_what_cross_validation_says_and_the_words_that_pulled(
    taught: Project, ann: User
) -> None:
    first = taught.model_versions.get(number=1)
    crossed = first.facts["cross_validated"]
    assert crossed["labels"] == first.label_count
    right, _extra, missed = np.array(crossed["counts"])
    assert (right + missed).sum() == first.label_count  # each held out once
    assert (
        first.facts["held_out"]["documents"]
        == HeldOutPrediction.objects.filter(model_version=first, document__resolution__isnull=False).count()
    )
    marked_ones = HeldOutPrediction.objects.filter(model_version=first).exclude(spans=[])
    prediction = marked_ones.exclude(pulls__words=[]).first()
    assert prediction is not None
    assert prediction.pulls is not None
    start, end, nats = prediction.pulls["words"][0]
    assert prediction.document.text[start:end].strip()
    assert nats > 0
    answer(taught, ann, 2)  # too few to be worth the time again, or to tell a change
    train(taught)
    second = taught.model_versions.get(number=2)
    assert second.facts["cross_validated"] == crossed
    assert second.facts["change"] is None
    answer(taught, ann, 20)
    train(taught)
    change = taught.model_versions.get(number=3).facts["change"]
    assert change["labels"] >= 20
    assert 0.5 < change["kappa"] <= 1
