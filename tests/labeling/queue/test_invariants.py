"""Does `verify_invariants` see what is broken? Rows are spoiled by hand, with the database's guards off."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.management.invariants import INVARIANTS
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

SPOILED = {  # number of the invariant, and how it is broken
    "a label is gone": (1, "DELETE FROM labeling_label"),
    "a lease points at nothing that was said": (
        1, "UPDATE labeling_lease SET annotation_id = 0 WHERE id = %(said)s"),
    "a resolution is gone": (2, "DELETE FROM labeling_resolution"),
    "more answers count than are wanted": (2, "UPDATE labeling_project SET overlap = 0"),
    "an answer counts that no lease holds": (3, """
        UPDATE labeling_lease SET state = 'released', slot = NULL, annotation_id = NULL
        WHERE id = %(said)s"""),
    "an answer is of a later claim than there was": (3, "UPDATE labeling_annotation SET epoch = 9"),
    "a lease is of somebody else's claim": (4, "UPDATE labeling_claim SET annotator_id = %(bob)s"),
    "an answer supersedes itself": (5, "UPDATE labeling_annotation SET supersedes_id = id"),
    "answers may be changed": (
        5, "ALTER TABLE labeling_annotation DISABLE TRIGGER annotation_is_append_only"),
    "an order is read before it is published": (
        6, "UPDATE labeling_queueentry SET generation = generation + 1"),
    "an older order may come back": (
        6, "ALTER TABLE labeling_project DISABLE TRIGGER generations_never_go_back"),
    "a document waits that has its answers": (
        7, "UPDATE labeling_document SET state = 'open' WHERE id = %(document)s"),
    "work is owed and nobody knows": (7, """
        INSERT INTO labeling_owedwork (project_id, kind, state, queued_at)
        SELECT id, 'rank', 'queued', now() - interval '2 hours' FROM labeling_project"""),
    "a lease does not say why": (8, "UPDATE labeling_lease SET reason = '{}'"),
    "three people skipped it and it is open": (9, """
        INSERT INTO labeling_lease (
            project_id, document_id, round, annotator_id, state, epoch, leased_until, reason)
        SELECT m.project_id, d.id, 0, m.user_id, 'skipped', 1, now(), '{"share": "margin"}'
        FROM labeling_membership m JOIN labeling_document d USING (project_id)
        WHERE d.external_id = 't5'"""),
    "somebody skipped it and answered": (
        9, "UPDATE labeling_lease SET state = 'skipped' WHERE id = %(said)s"),
    "a document that may train measures": (10, """
        WITH model AS (
            INSERT INTO labeling_modelversion (
                project_id, number, state, classes, label_count, trained_through, facts, path, failure)
            SELECT id, 1, 'ready', '{}', 0, 0, '{}', '', '' FROM labeling_project RETURNING id)
        INSERT INTO labeling_heldoutprediction (model_version_id, document_id, probabilities)
        SELECT model.id, %(document)s, '{}' FROM model"""),
    "a document stands in the pool and in the test set": (10, """
        WITH compared AS (UPDATE labeling_project SET grouped_count = document_count)
        UPDATE labeling_document
        SET content_hash = 'same', split = CASE external_id WHEN 't5' THEN 'test' ELSE split END
        WHERE external_id IN ('t4', 't5')"""),
    "a group does not begin with its number": (10, """
        WITH compared AS (UPDATE labeling_project SET grouped_count = document_count)
        UPDATE labeling_document SET near_duplicate_group = 3 WHERE external_id IN ('t4', 't5')"""),
    "a lease is of another project": (11, "UPDATE labeling_lease SET project_id = 0"),
    "a lease is of a stranger": (11, "UPDATE labeling_lease SET annotator_id = 0"),
}  # fmt: skip


@pytest.fixture
def facts(tickets: Project, ann: User, bob: User) -> dict[str, Any]:
    """An answer of Ann's that settled its document, and a document in her hands."""
    answered, _ = claims.claim(tickets.pk, ann, 2, key="key").documents
    submit.submit(ann, Submission(answered.token, [label(tickets, "Refund")], key="key"))
    return {"said": answered.lease_id, "document": answered.document_id, "bob": bob.pk}


def verify() -> tuple[list[str], bool]:
    """What the command says, and whether it finds everything in order."""
    output = StringIO()
    try:
        call_command("verify_invariants", stdout=output)
    except CommandError:
        return output.getvalue().splitlines(), False
    return output.getvalue().splitlines(), True


def test_each_invariant_has_a_line_that_says_what_was_checked(facts: dict[str, Any]) -> None:
    lines, is_in_order = verify()
    assert is_in_order
    assert len(lines) == len(INVARIANTS) == 11
    assert all(line.startswith("ok") and "0 violations" in line for line in lines)


@pytest.mark.parametrize("how", SPOILED)
def test_a_broken_invariant_is_seen(how: str, facts: dict[str, Any]) -> None:
    number, statement = SPOILED[how]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE labeling_annotation DROP CONSTRAINT nothing_supersedes_itself")
        cursor.execute("ALTER TABLE labeling_lease DROP CONSTRAINT a_submitted_lease_has_its_annotation")
        cursor.execute("ALTER TABLE labeling_lease DROP CONSTRAINT a_slot_is_held_or_filled_or_free")
        cursor.execute("ALTER TABLE labeling_project DROP CONSTRAINT overlap_from_1_to_32")
        cursor.execute("ALTER TABLE labeling_lease DROP CONSTRAINT one_lease_per_annotator_and_round")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, facts)
    lines, is_in_order = verify()
    assert not is_in_order
    assert f"BROKEN {number:2}" in [line[:9] for line in lines]
