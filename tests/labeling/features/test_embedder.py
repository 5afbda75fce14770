"""Does the embedder leave right vectors behind, however it ends? The service's own processes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import pytest
from django.db import connection

from labeling import worker as job_worker
from labeling.features import embedding_progress, embeddings
from labeling.features.embedder import service_embedder
from labeling.jobs.models import Job
from labeling.projects.models import Project
from reviewqueue.celery import app
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import worker
from tests.fixtures.people import fill

pytestmark = [
    pytest.mark.workers,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]
PATIENCE_SECONDS = 120


@pytest.fixture
def embedder(django_db_setup: None, settings: Any, tmp_path: Path) -> Iterator[Process]:
    """The worker as the service starts it, on the database of the tests."""
    settings.FEATURES_DIR = Path(os.environ["DATA_DIR"]) / "features"
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"DATABASE_URL": address, "PYTHONPATH": str(settings.BASE_DIR)}
    app.control.purge()  # other tests owed work that went with their database
    # Not nice: on a busy machine it would have no turn within the time that a test has.
    process = worker("embedder", "embed", 1, environment, tmp_path, niceness=0)
    process.start()
    yield process
    process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_SECONDS, "it did not happen in time"
        time.sleep(0.05)


def done(project: Project) -> int:
    progress = embedding_progress.progress(project)
    return progress.done if progress else 0


def is_found_again_and_done(project: Project) -> bool:
    """Looks for lost work as the clock of the service does."""
    job_worker.reconcile()
    return done(project) == 260 and not Job.objects.filter(kind=Job.Kind.EMBED).exists()


def test_a_killed_embedder_goes_on_where_it_was_and_every_vector_is_right(
    make_project: Callable[..., Project], embedder: Process
) -> None:
    texts = [f"Parcel {number} was left with neighbor {number % 7}. " * (number % 5) for number in range(260)]
    project = make_project(texts=[])
    fill(project, texts)
    embeddings.enqueue_missing()
    wait_until(lambda: done(project) > 0)
    embedder.kill()
    before = done(project)
    assert 0 < before < 260
    embedder.start()
    wait_until(lambda: is_found_again_and_done(project))
    store = embedding_progress.store_for(project)
    assert store is not None
    result, flags = store.take(np.arange(260))
    assert flags.all()
    right = service_embedder().embed(texts)
    assert np.sum(result * right, axis=1)[np.linalg.norm(right, axis=1) > 0].min() > 0.99
