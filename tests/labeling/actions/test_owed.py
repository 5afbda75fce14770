"""What becomes of owed work when a run of it fails while somebody owes it again?"""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction

from labeling.actions import owed
from labeling.models import OwedWork, Project
from tests.labeling.queue.actors import Actor

pytestmark = pytest.mark.django_db(transaction=True)
TRAIN = OwedWork.Kind.TRAIN
REQUEUE = 'UPDATE "labeling_owedwork"'


@pytest.fixture(autouse=True)
def _nobody_is_left_standing() -> Iterator[None]:
    yield
    Actor.end_all()


@pytest.fixture
def running(make_project: Callable[..., Project]) -> OwedWork:
    """The first run of a training."""
    project = make_project()
    owed.owe(project.pk, TRAIN)
    work = owed.start(project.pk, TRAIN)
    assert work is not None
    return work


def rows(work: OwedWork) -> list[tuple[str, int, str]]:
    of_kind = OwedWork.objects.filter(project=work.project_id, kind=work.kind)
    return list(of_kind.values_list("state", "attempts", "failure"))


def test_work_owed_between_the_look_and_the_write_of_a_failed_run_stays_queued_once(
    running: OwedWork,
) -> None:
    failing = Actor(lambda: owed.fail(running, "it broke"), stop_before=REQUEUE).begin()
    owed.owe(running.project_id, TRAIN)
    failing.finish()
    assert rows(running) == [("queued", 1, "it broke")]


def test_work_that_is_just_being_owed_and_a_failed_run_become_one(running: OwedWork) -> None:
    failing = Actor(lambda: owed.fail(running, "it broke"))
    with transaction.atomic():
        owed.owe(running.project_id, TRAIN)
        failing.begin_and_block()
    failing.finish()
    assert rows(running) == [("queued", 1, "it broke")]


def test_a_failed_run_that_was_taken_over_changes_nothing(running: OwedWork) -> None:
    owed.fail(running, "it was taken for dead")
    newer = owed.start(running.project_id, TRAIN)
    owed.owe(running.project_id, TRAIN)
    before = rows(running)
    owed.fail(running, "too late")
    assert rows(running) == before
    assert newer is not None
    owed.beat(newer)
