"""What do the tests of the queue share? A world that is made once a test, and its check."""

import pytest
from django.db import connection

from tests.labeling.queue.machine import QueueMachine
from tests.labeling.queue.world import STATE, World, make_world


@pytest.fixture
def world(db: None) -> World:
    made = make_world()
    with connection.cursor() as cursor:
        cursor.execute(STATE)
    QueueMachine.world = made
    return made
