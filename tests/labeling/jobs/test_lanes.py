"""Worker lanes: every kind of job has one, and what takes long holds up nobody."""

import pytest

from labeling.jobs.lanes import LANES, Queue
from labeling.jobs.models import Job
from reviewqueue.celery import app


def test_every_kind_of_job_has_a_lane() -> None:
    assert set(LANES) == set(Job.Kind)


def test_an_embedding_shares_its_queue_with_no_other_kind() -> None:
    """It takes hours; the background worker that serves it serves the idle lane behind it."""
    assert [kind for kind, lane in LANES.items() if lane.queue == Queue.EMBED] == [Job.Kind.EMBED]


def test_no_job_may_run_longer_than_its_message_stays_invisible() -> None:
    """The broker would hand it to a second worker."""
    visible = app.conf.broker_transport_options["visibility_timeout"]
    options = [lane.send_options() for lane in LANES.values()]
    assert all(0 < option["soft_time_limit"] < option["time_limit"] < visible for option in options)


@pytest.mark.parametrize("name", ["import_files", *(kind for kind in Job.Kind if kind != "import")])
def test_messages_of_an_earlier_version_are_still_understood(name: str) -> None:
    app.loader.import_default_modules()
    assert f"labeling.tasks.{name}" in app.tasks
