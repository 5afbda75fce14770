"""Does the database itself refuse what must never be? Raw SQL tries it; each rule answers by its name."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import label

LEASE = "UPDATE labeling_lease SET {} WHERE id = %(live)s"
CASES = {
    "one_lease_per_slot": """
        INSERT INTO labeling_lease (project_id, document_id, round, slot, annotator_id, state, epoch,
            leased_until,
                                    reason)
        SELECT project_id, document_id, round, slot, %(bob)s, 'live', 1, leased_until, reason
        FROM labeling_lease WHERE id = %(live)s""",
    "one_lease_per_annotator_and_round": """
        INSERT INTO labeling_lease (project_id, document_id, round, slot, annotator_id, state, epoch,
            leased_until,
                                    reason)
        SELECT project_id, document_id, round, slot + 1, annotator_id, 'live', 1, leased_until, reason
        FROM labeling_lease WHERE id = %(live)s""",
    "a_slot_is_held_or_filled_or_free": LEASE.format("slot = NULL"),
    "a_submitted_lease_has_its_annotation": LEASE.format("state = 'submitted'"),
    "a_deferred_lease_has_a_date": LEASE.format("state = 'deferred', slot = NULL"),
    "a_slot_is_below_48": LEASE.format("slot = 48"),
    "one_claim_per_key": """
        INSERT INTO labeling_claim (project_id, annotator_id, key)
        SELECT project_id, annotator_id, key FROM labeling_claim""",
    "one_request_per_key": """
        INSERT INTO labeling_keyedrequest (user_id, route, key, body_hash)
        SELECT %(bob)s, 'create', 'key', '' FROM generate_series(1, 2)""",
    "one_entry_per_document_and_generation": """
        INSERT INTO labeling_queueentry (project_id, generation, rank, document_id, reason)
        SELECT project_id, generation, rank + 100, document_id, reason FROM labeling_queueentry LIMIT 1""",
    "an_entry_says_its_share": "UPDATE labeling_queueentry SET reason = '{}'",
    "generations_never_go_back": "UPDATE labeling_project SET generation = generation - 1",
    "overlap_from_1_to_32": "UPDATE labeling_project SET overlap = 33",
    "test_share_is_a_share": "UPDATE labeling_project SET test_share = 1",
    "one_membership_per_person": """
        INSERT INTO labeling_membership (project_id, user_id, role)
        SELECT project_id, user_id, 'manager' FROM labeling_membership LIMIT 1""",
    "one_document_per_position": "UPDATE labeling_document SET position = 0",
    "one_document_per_external_id": "UPDATE labeling_document SET external_id = 't0'",
    "one_document_per_content_without_id": """
        UPDATE labeling_document SET external_id = NULL, content_hash = 'same'""",
    "random_key_in_unit_interval": "UPDATE labeling_document SET random_key = 1",
    "at_most_16_second_opinions": "UPDATE labeling_document SET extra_slots = 17",
    "an_answer_is_always_wanted": "UPDATE labeling_document SET extra_slots = -32",
    "a_gold_document_is_settled": "UPDATE labeling_document SET is_gold = true",
    "gold_stays_settled": """
        UPDATE labeling_document SET is_gold = true WHERE state = 'resolved';
        DELETE FROM labeling_resolution""",
    "one_annotation_per_lease_and_epoch": """
        INSERT INTO labeling_annotation (project_id, document_id, round, annotator_id, source, lease_id,
            epoch,
                                         answer_hash, is_surplus)
        SELECT project_id, document_id, round, annotator_id, source, lease_id, epoch, answer_hash, true
        FROM labeling_annotation WHERE id = %(said)s""",
    "one_annotation_per_key": """
        INSERT INTO labeling_annotation (project_id, document_id, round, annotator_id, source, key,
            answer_hash,
                                         is_surplus)
        SELECT project_id, document_id, round, annotator_id, source, key, answer_hash, true
        FROM labeling_annotation WHERE id = %(said)s""",
    "one_counted_annotation_per_annotator": """
        INSERT INTO labeling_annotation (project_id, document_id, round, annotator_id, source, answer_hash)
        SELECT project_id, document_id, round, annotator_id, source, answer_hash
        FROM labeling_annotation WHERE id = %(said)s""",
    "a_person_s_annotation_names_the_person": """
        INSERT INTO labeling_annotation (project_id, document_id, round, source, answer_hash)
        SELECT project_id, document_id, round, 'person', answer_hash
        FROM labeling_annotation WHERE id = %(said)s""",
    "seconds_are_never_negative": """
        INSERT INTO labeling_annotation (project_id, document_id, round, source, answer_hash, seconds)
        SELECT project_id, document_id, round, 'import', answer_hash, -1
        FROM labeling_annotation WHERE id = %(said)s""",
    "nothing_supersedes_itself": """
        INSERT INTO labeling_annotation (id, project_id, document_id, round, source, answer_hash,
            supersedes_id)
        SELECT 1000000, project_id, document_id, round, 'import', answer_hash, 1000000
        FROM labeling_annotation WHERE id = %(said)s""",
    "no_label_twice": """
        INSERT INTO labeling_label (annotation_id, label_class_id)
        SELECT annotation_id, label_class_id FROM labeling_label WHERE annotation_id = %(said)s""",
    "a_span_has_a_start_before_its_end": """
        INSERT INTO labeling_label (annotation_id, label_class_id, start, "end")
        SELECT annotation_id, label_class_id, 3, 3 FROM labeling_label WHERE annotation_id = %(said)s""",
    "one_class_per_name": "UPDATE labeling_labelclass SET name = 'Refund'",
    "one_class_per_key": "UPDATE labeling_labelclass SET key = '1'",
    "no_class_merges_into_itself": "UPDATE labeling_labelclass SET merged_into_id = id",
    "one_guideline_per_number": """
        INSERT INTO labeling_guideline (project_id, number, change, note, body)
        SELECT project_id, number, change, note, body FROM labeling_guideline""",
    "one_training_run_per_project": """
        INSERT INTO labeling_modelversion (project_id, number, state, classes, label_count, trained_through,
            facts,
                                           path, failure)
        SELECT id, n, 'training', '{}', 0, 0, '{}', '', '' FROM labeling_project, generate_series(1,
            2) AS n""",
    "one_queued_work_of_a_kind": """
        INSERT INTO labeling_owedwork (project_id, kind, state)
        SELECT id, 'train', 'queued' FROM labeling_project, generate_series(1, 2)""",
    "one_running_work_of_a_kind": """
        INSERT INTO labeling_owedwork (project_id, kind, state)
        SELECT id, 'train', 'running' FROM labeling_project, generate_series(1, 2)""",
}
APPEND_ONLY = ("annotation", "label", "guideline", "classrule")


@pytest.fixture
def ids(tickets: Project, ann: User, bob: User) -> dict[str, Any]:
    """A live lease and a submitted answer of Ann's, and Bob."""
    answered, held = claims.claim(tickets.pk, ann, 2, key="key").documents
    done = submit.submit(ann, Submission(answered.token, [label(tickets, "Refund")], key="key"))
    return {"live": held.lease_id, "said": done.annotation_id, "bob": bob.pk}


def refusal(statement: str, facts: dict[str, Any]) -> str:
    """What the database says to it; "" where it lets it pass."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, facts)
    except DatabaseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CASES)
def test_the_database_refuses_by_name(name: str, ids: dict[str, Any]) -> None:
    assert name in refusal(CASES[name], ids)


@pytest.mark.parametrize("statement", ["UPDATE labeling_{} SET id = id", "DELETE FROM labeling_{}"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_said_is_never_changed(table: str, statement: str, ids: dict[str, Any], joan: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO labeling_classrule (guideline_id, label_class_id, definition, examples,
                counter_examples)
            SELECT g.id, c.id, '', '', '' FROM labeling_guideline g, labeling_labelclass c""")
    assert "is append-only" in refusal(statement.format(table), {})


def test_without_its_constraint_a_slot_can_be_held_twice(ids: dict[str, Any]) -> None:
    """So it is the constraint that the first test meets, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE labeling_lease DROP CONSTRAINT one_lease_per_slot")
    assert refusal(CASES["one_lease_per_slot"], ids) == ""


def test_orm_updates_and_deletes_of_answers_are_refused_too(ids: dict[str, Any]) -> None:
    changes: list[Callable[[], Any]] = [
        lambda: Annotation.objects.update(note="changed"),
        lambda: Annotation.objects.get(pk=ids["said"]).save(),
        lambda: Annotation.objects.filter(pk=ids["said"])._raw_delete("default"),
    ]
    for change in changes:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert Lease.objects.get(annotation=ids["said"]).state == Lease.State.SUBMITTED
