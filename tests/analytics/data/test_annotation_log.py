"""Does what a process remembers of the annotations stay what the database holds?"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User

from analytics.data.annotation_log import annotation_log
from analytics.data.ground_truth import current_ground_truth
from analytics.distribution.report import distribution
from analytics.metrics.prevalence import NOTHING_SAMPLED
from labeling.annotations import adjudication, corrections, imported, submit
from labeling.annotations.ground_truth import label_counts
from labeling.annotations.models import Annotation
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from tests.fixtures.people import fill, label, rank


def counted(project: Project) -> dict[tuple[object, str], int]:
    """Labels by class and split, as `label_counts` counts them."""
    labeled = current_ground_truth(project)
    splits = np.where(labeled.is_test[labeled.documents], "test", "pool")
    counts: Counter[tuple[object, str]] = Counter()
    for index, split, spans in zip(labeled.class_indices, splits, labeled.spans, strict=True):
        counts[labeled.ledger.classes[index], str(split)] += int(spans)
    return dict(counts)


def answer(project: Project, who: User, name: str, *span: int) -> Annotation:
    held = claims.claim(project.pk, who).documents[0]
    submit.submit(who, submit.Submission(held.token, [label(project, name, *span)]))
    return Annotation.objects.latest("pk")


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_the_labels_that_count_follow_every_answer_correction_and_decision(
    kind: str, make_project: Callable[..., Project], ann: User, bob: User, carla: User
) -> None:
    project = make_project(kind=kind, overlap=2)
    span = (0, 4) if kind == "spans" else ()
    assert counted(project) == {}
    answer(project, ann, "Refund", *span)
    assert counted(project) == label_counts(project.pk) != {}
    disputed = answer(project, bob, "Billing", *span)
    assert counted(project) == label_counts(project.pk) == {}
    adjudication.decide(
        project.pk, disputed.document_id, carla, [label(project, "Delivery", *span)], note="So it is."
    )
    assert counted(project) == label_counts(project.pk)
    mine = answer(project, ann, "Refund", *span)
    corrections.correct(project.pk, ann, mine.pk, [label(project, "Billing", *span)])
    assert counted(project) == label_counts(project.pk)
    corrections.undo(project.pk, ann)
    assert counted(project) == label_counts(project.pk)
    tests = fill(project, ["Where is my box?"], split="test")
    imported.record(project, [(tests[0].pk, [label(project, "Delivery", *span)])])
    assert counted(project) == label_counts(project.pk)
    assert (project.classes.get(name="Delivery").pk, "test") in counted(project)


def test_a_random_draw_stays_one_whoever_settles_it(
    make_project: Callable[..., Project], ann: User, bob: User, carla: User
) -> None:
    project = make_project(texts=["Where is it?", "Please refund me."], overlap=2)
    drawn, chosen = project.documents.order_by("position")
    project.generation = publishing.next_generation()
    reasons = [(drawn.pk, SelectionReason("random", propensity=0.25)), (chosen.pk, SelectionReason("margin"))]
    publishing.publish(project.pk, project.generation, reasons)
    answer(project, ann, "Refund")
    assert current_ground_truth(project).waiting == 1
    rank(project, [drawn, chosen])  # whoever comes second gets it for another reason
    answer(project, bob, "Billing")
    adjudication.decide(project.pk, drawn.pk, carla, [label(project, "Delivery")])
    answer(project, ann, "Refund")
    labeled = current_ground_truth(project)
    documents = labeled.ledger.documents[labeled.rows].tolist()
    assert dict(zip(documents, labeled.is_sampled.tolist(), strict=True)) == {
        drawn.pk: True,
        chosen.pk: False,
    }
    assert (len(labeled), labeled.waiting) == (2, 1)


def test_an_annotation_that_was_committed_late_is_found(tickets: Project, ann: User) -> None:
    answer(tickets, ann, "Refund")
    annotation_log(tickets)
    late = Annotation(
        pk=Annotation.objects.latest("pk").pk - 1,
        project=tickets,
        document=tickets.documents.last(),
        source="import",
        answer_hash=b"",
    )
    late.save(force_insert=True)
    assert annotation_log(tickets).annotations.tolist() == [late.pk, late.pk + 1]


def test_prevalence_in_the_unlabeled_pool_takes_off_what_is_labeled(tickets: Project, ann: User) -> None:
    assert all(row.estimate.unlabeled.reason == NOTHING_SAMPLED for row in distribution(tickets).rows)
    tests = fill(tickets, [f"Test {n}" for n in range(4)], split="test")
    for document, name in zip(tests, ("Refund", "Billing", "Billing", "Delivery"), strict=True):
        imported.record(tickets, [(document.pk, [label(tickets, name)])])
    for _ in range(2):
        answer(tickets, ann, "Billing")
    shares = {row.label_class.name: row.estimate.unlabeled for row in distribution(tickets).rows}
    assert shares["Refund"].value == pytest.approx((10 * 0.25 - 1) / 4)
    assert shares["Billing"].value == pytest.approx((10 * 0.5 - 4) / 4)
    assert all(share.interval.low <= share.value <= share.interval.high for share in shares.values())
