"""What do the tests of the queue share? A world that is made once a test, and its prepared check."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.labeling.queue.machine import QueueMachine
from tests.labeling.queue.world import STATE, World, make_world


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = make_world()
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE state AS {STATE}")
    QueueMachine.world = made
    yield made
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE state")
