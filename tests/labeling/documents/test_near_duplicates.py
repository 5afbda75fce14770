"""Documents that say nearly the same: which belong together, what they may not do, which are asked about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling import worker
from labeling.annotations import imported
from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.submit import Submission, submit
from labeling.documents import near_duplicates
from labeling.documents.models import Document
from labeling.exceptions import StaleRun
from labeling.explanations.selection_reason import SelectionReason
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.metadata import CorrectCount
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue.models import QueueEntry
from labeling.ranking import candidates
from labeling.training import dataset
from tests.fixtures.people import fill, label

LETTER = "Dear customer, your parcel number {} is waiting for you at the shop around the corner until Friday."
OTHER = (
    "I was charged twice for the same order {} and would like to have one of the two payments back, please."
)
COMPLETELY = "The courier rang at the neighbor's door although somebody was at home all day long on the {}th."


def chain() -> list[str]:
    """Three texts: the first and the last differ too much, the one between is like both."""
    return [" ".join([f"x{n}" if n < changed else f"w{n}" for n in range(60)]) for changed in (0, 4, 8)]


def letters(*numbers: int) -> list[str]:
    return [LETTER.format(number) for number in numbers]


@pytest.fixture
def empty(make_project: Callable[..., Project], settings: Any, tmp_path: Path) -> Project:
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    return make_project(texts=[])


def arrive(project: Project, texts: list[str], *, split: str = Document.Split.POOL) -> None:
    """New documents, and what the workers do about them."""
    fill(project, texts, split=split)
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(project.pk, Job.Kind.FEATURIZE)
    assert not Job.objects.failing().exists()
    project.refresh_from_db()


def groups(project: Project) -> list[int | None]:
    documents = Document.objects.filter(project=project).order_by("position")
    return list(documents.values_list("near_duplicate_group", flat=True))


def answer(project: Project, who: User, position: int, name: str = "Refund") -> None:
    """Let somebody answer this document."""
    document = Document.objects.get(project=project, position=position)
    generation = publishing.next_generation()
    publishing.publish(project.pk, generation, [(document.pk, SelectionReason("margin"))])
    (held,) = claims.claim(project.pk, who).documents
    assert held.document_id == document.pk
    submit(who, Submission(held.token, [label(project, name)]))


def say_the_same(project: Project, position: int, other: int) -> None:
    """Let two documents have the same text."""
    text = Document.objects.get(project=project, position=other)
    Document.objects.filter(project=project, position=position).update(
        text=text.text, content_hash=text.content_hash
    )


def firsts(project: Project, open_positions: list[int]) -> dict[str, list[int]]:
    """What comes first where these documents are open: of new groups, and of those with an answer."""
    is_open = np.isin(np.arange(project.document_count), open_positions)
    groups = candidates.candidates_of(project, is_open)
    parts = {
        "new": groups.is_open & ~groups.is_known,
        "known": groups.is_open & groups.is_known,
    }
    return {name: np.flatnonzero(groups.one_of_each(part)).tolist() for name, part in parts.items()}


def may_train(project: Project) -> list[int]:
    return [document.position for document in labeled_documents(project.pk, "pool")]


def test_only_documents_in_company_have_a_group_and_it_is_the_lowest_position(empty: Project) -> None:
    arrive(empty, [OTHER.format(1), *letters(1, 2), COMPLETELY.format(4), *letters(3)])
    assert groups(empty) == [None, 1, 1, None, 1]
    assert empty.grouped_count == 5


def test_a_group_keeps_its_number_when_it_grows(empty: Project) -> None:
    arrive(empty, [OTHER.format(1), *letters(1)])
    assert groups(empty) == [None, None]
    arrive(empty, letters(2))
    assert groups(empty) == [None, 1, 1]
    arrive(empty, [OTHER.format(2), *letters(3)])
    assert groups(empty) == [0, 1, 1, 0, 1]


def test_when_two_groups_meet_the_lower_number_wins(empty: Project) -> None:
    first, between, last = chain()
    arrive(empty, [OTHER.format(1), first, last, first + "!", last + "!"])
    assert groups(empty) == [None, 1, 2, 1, 2]
    arrive(empty, [between])
    assert groups(empty) == [None, 1, 1, 1, 1, 1]


def test_rows_whose_group_stays_are_not_written_again(empty: Project) -> None:
    arrive(empty, [*letters(1, 2, 3), OTHER.format(1)])

    def versions() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text FROM labeling_document ORDER BY position")
            return [row[0] for row in cursor.fetchall()]

    before = versions()
    arrive(empty, [COMPLETELY.format(1), *letters(4)])
    assert versions()[:4] == before


def test_where_nothing_is_new_one_look_is_enough(empty: Project) -> None:
    arrive(empty, letters(1, 2))
    outbox.enqueue(empty.pk, Job.Kind.FEATURIZE)
    job = outbox.start(empty.pk, Job.Kind.FEATURIZE)
    with CaptureQueriesContext(connection) as queries:
        near_duplicates.group_new(job, empty.document_count)
    assert len(queries) == 1


def test_a_run_that_was_cut_short_is_taken_up_where_it_was(empty: Project, monkeypatch: Any) -> None:
    """The process dies after each write in turn; the next run makes the same groups."""
    monkeypatch.setattr(near_duplicates, "WRITE_BATCH_SIZE", 1)
    texts = [text.format(number) for number in range(3) for text in (LETTER, OTHER, COMPLETELY)]
    fill(empty, texts)
    beats = 0
    for limit in range(1, 20):
        outbox.enqueue(empty.pk, Job.Kind.FEATURIZE)
        job = outbox.start(empty.pk, Job.Kind.FEATURIZE)

        def dying(_work: Job, limit: int = limit) -> None:
            nonlocal beats
            beats += 1
            if beats == limit:
                raise StaleRun

        beats = 0
        Document.objects.filter(project=empty).update(near_duplicate_group=None)
        Project.objects.filter(pk=empty.pk).update(grouped_count=0)
        with monkeypatch.context() as patch:
            patch.setattr(near_duplicates, "beat", dying)
            if limit <= 9:
                with pytest.raises(StaleRun):
                    near_duplicates.group_new(job, len(texts))
        near_duplicates.group_new(job, len(texts))
        assert groups(empty) == [0, 1, 2] * 3
        outbox.finish(job)


def test_lost_files_are_made_again_and_groups_stay(empty: Project) -> None:
    arrive(empty, [OTHER.format(1), *letters(1, 2)])
    for folder in near_duplicates.signatures_folder(empty.pk).glob("shard-*"):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    arrive(empty, letters(3))
    assert groups(empty) == [None, 1, 1, 1]


def test_a_near_duplicate_of_a_test_document_trains_and_an_exact_copy_does_not(
    empty: Project, ann: User
) -> None:
    arrive(empty, [*letters(1, 2), OTHER.format(1)])
    arrive(empty, letters(2, 3), split="test")
    say_the_same(empty, 1, 3)
    for position in range(3):
        answer(empty, ann, position)
    assert groups(empty) == [0, 0, None, 0, 0]
    assert may_train(empty) == [0, 2]


def test_a_copy_stops_training_when_the_test_document_comes_after_the_label(
    empty: Project, ann: User
) -> None:
    arrive(empty, [*letters(1, 2), OTHER.format(1)])
    for position in range(3):
        answer(empty, ann, position)
    assert may_train(empty) == [0, 1, 2]
    arrive(empty, letters(1), split="test")
    say_the_same(empty, 0, 3)
    assert may_train(empty) == [1, 2]
    assert [d.position for d in dataset.read_training_set(empty).documents] == [1, 2]


def test_seventy_five_letters_of_families_that_are_tested_make_a_model(empty: Project) -> None:
    families = {"Refund": LETTER, "Billing": OTHER, "Delivery": COMPLETELY}
    texts = [letter.format(number) for number in range(25) for letter in families.values()]
    arrive(empty, texts)
    arrive(empty, [letter.format(100) for letter in families.values()], split="test")
    documents = Document.objects.filter(project=empty).order_by("position")
    names = list(families) * 26
    imported.record(
        empty, [(document.pk, [label(empty, name)]) for document, name in zip(documents, names, strict=True)]
    )
    outbox.enqueue(empty.pk, Job.Kind.TRAIN)
    assert worker.run_job(empty.pk, Job.Kind.TRAIN)
    version = empty.model_versions.ready().get()
    assert version.label_count == 75
    assert version.metadata.test_set == CorrectCount(3, 3)


def test_documents_that_were_not_compared_neither_train_nor_measure(empty: Project, ann: User) -> None:
    arrive(empty, [OTHER.format(1)])
    fill(empty, [COMPLETELY.format(1)])
    fill(empty, letters(1), split="test")
    for position in range(3):
        answer(empty, ann, position)
    assert may_train(empty) == [0]
    assert labeled_documents(empty.pk, "test") == []
    arrive(empty, [])
    assert may_train(empty) == [0, 1]
    assert len(labeled_documents(empty.pk, "test")) == 1


def test_features_are_not_learned_on_exact_copies_of_test_documents(empty: Project) -> None:
    arrive(empty, [*letters(1, 2), OTHER.format(1)])
    arrive(empty, letters(3, 4), split="test")
    say_the_same(empty, 1, 3)
    trainable = Document.objects.trainable().filter(project=empty)
    assert list(trainable.order_by("position").values_list("position", flat=True)) == [0, 2]


def test_of_each_group_one_comes_first_and_those_with_an_answer_come_later(empty: Project, ann: User) -> None:
    arrive(empty, [*letters(1, 2), OTHER.format(1), OTHER.format(2), COMPLETELY.format(1)])
    assert firsts(empty, [0, 1, 2, 3, 4]) == {"new": [0, 2, 4], "known": []}
    assert firsts(empty, [1, 2, 3]) == {"new": [1, 2], "known": []}
    answer(empty, ann, 1)
    assert firsts(empty, [0, 2, 4]) == {"new": [2, 4], "known": [0]}


def test_a_test_document_of_a_group_changes_nothing_but_for_its_exact_copies(
    empty: Project, ann: User
) -> None:
    arrive(empty, [*letters(1, 2, 3), OTHER.format(1)])
    arrive(empty, [*letters(4, 5), OTHER.format(2)], split="test")
    answer(empty, ann, 4)
    assert firsts(empty, [0, 1, 2, 3]) == {"new": [0, 3], "known": []}
    say_the_same(empty, 0, 5)
    assert firsts(empty, [0, 1, 2, 3]) == {"new": [1, 3], "known": []}


def test_a_ranking_begins_with_one_of_each_group_and_the_others_stand_behind(
    empty: Project, ann: User
) -> None:
    arrive(empty, [*letters(*range(5)), *[OTHER.format(n) for n in range(5)], COMPLETELY.format(1)])
    assert worker.run_job(empty.pk, Job.Kind.RANK)
    empty.refresh_from_db()
    ranked = [entry.document.near_duplicate_group for entry in QueueEntry.objects.live(empty)]
    assert sorted(ranked[:3], key=str) == [0, 5, None]
    assert sorted(ranked[3:], key=str) == [0] * 4 + [5] * 4
    seen = []
    while documents := claims.claim(empty.pk, ann).documents:
        seen.append(documents[0].document_id)
        submit(ann, Submission(documents[0].token, [label(empty, "Refund")]))
    assert len(set(seen)) == 11


def test_what_was_picked_stands_for_its_group_but_for_test_documents(empty: Project, joan: User) -> None:
    arrive(empty, [*letters(1, 2), OTHER.format(1)])
    arrive(empty, letters(3), split="test")
    first = Document.objects.get(project=empty, position=0)
    entries = [
        (pk, SelectionReason("margin"))
        for pk in Document.objects.filter(project=empty).values_list("pk", flat=True)
    ]
    kept = candidates.apart_from([(first.pk, SelectionReason("picked"))], entries)
    documents = Document.objects.filter(pk__in=[pk for pk, _reason in kept]).order_by("position")
    assert list(documents.values_list("position", flat=True)) == [2, 3]


def test_test_documents_of_one_group_all_come_so_that_the_test_set_stays_a_random_part(
    empty: Project,
) -> None:
    arrive(empty, letters(1, 2, 3), split="test")
    assert worker.run_job(empty.pk, Job.Kind.RANK)
    empty.refresh_from_db()
    assert QueueEntry.objects.live(empty).count() == 3
