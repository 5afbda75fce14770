"""Upgrade: a database that an earlier version made is migrated and goes on working.

`fixtures/database_of_0039.json` holds the rows of the cast's projects as they were before modules, reasons
and model metadata got their names of today: two projects of single labels, one with a model, and of all else
some.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.management.throwaway import throwaway_service
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from tests.fixtures.people import label

ROWS = Path(__file__).parents[1] / "fixtures" / "database_of_0039.json"
pytestmark = pytest.mark.slow
PAGES = (
    "/projects/{}/",
    "/projects/{}/label/",
    "/projects/{}/quality/",
    "/projects/{}/quality/models/",
    "/projects/{}/quality/confusion-matrix/",
    "/projects/{}/quality/calibration/",
    "/projects/{}/quality/slices/",
    "/projects/{}/quality/learning-curve/",
    "/projects/{}/quality/class-priorities/",
    "/projects/{}/quality/test-set/",
    "/projects/{}/quality/label-distribution/",
    "/projects/{}/quality/cost-savings/",
    "/projects/{}/documents/",
    "/api/v1/projects/{}/reports/classes/",
    "/api/v1/projects/{}/models/",
    "/api/v1/projects/{}/annotations/",
)


@pytest.fixture(scope="module")
def upgraded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Project]:
    """The project with a model, in a database of 0039 that was migrated to the newest state."""
    with django_db_blocker.unblock(), throwaway_service():
        call_command("migrate", "labeling", "0039", verbosity=0)
        load(json.loads(ROWS.read_text()))
        call_command("migrate", verbosity=0)
        outbox.reconcile()  # as the clock of a started service does: what was owed then is told of anew
        yield (
            Project.objects.filter(model_versions__state=ModelVersion.State.READY)
            .distinct()
            .order_by("pk")[0]
        )


def load(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Store the rows as they are: no trigger and no foreign key looks at them one by one."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, rows in tables.items():
            names = ", ".join(f'"{name}"' for name in rows[0])
            cursor.execute(
                f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"
                f" SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)",
                [json.dumps(rows)],
            )
            numbers = [row["id"] for row in rows if isinstance(row.get("id"), int)]
            if numbers:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, max(numbers)])
        cursor.execute("SET session_replication_role = origin")


def test_every_promise_of_the_queue_holds(upgraded: Project) -> None:
    output = StringIO()
    with suppress(CommandError):
        call_command("verify_invariants", stdout=output)
    assert "BROKEN" not in output.getvalue(), output.getvalue()


def test_every_page_can_be_read(upgraded: Project) -> None:
    manager = Client()
    manager.force_login(User.objects.get(username="joan"))
    projects = Project.objects.values_list("pk", flat=True)
    answers = {page.format(pk): manager.get(page.format(pk)).status_code for pk in projects for page in PAGES}
    assert {page: status for page, status in answers.items() if status != 200} == {}


def test_labeling_training_and_ranking_go_on(upgraded: Project) -> None:
    """Its features and model files are not there, as when the data folder is lost: they are made anew."""
    newest = upgraded.model_versions.order_by("number").last()
    assert newest is not None
    member = Membership.objects.filter(project=upgraded, role=Membership.Role.ANNOTATOR)[0]
    (held,) = claims.claim(upgraded.pk, member.user).documents
    submit.submit(member.user, Submission(held.token, [label(upgraded, "Refund")]))
    for kind in (Job.Kind.FEATURIZE, Job.Kind.TRAIN):
        Job.objects.get_or_create(project=upgraded, kind=kind, state=Job.State.QUEUED)
        assert worker.run_job(upgraded.pk, kind)
    assert not Job.objects.failing().filter(project=upgraded).exists()
    trained = upgraded.model_versions.order_by("number").last()
    assert trained is not None
    assert (trained.number, trained.state) == (newest.number + 1, ModelVersion.State.READY)
    assert claims.claim(upgraded.pk, member.user).documents
