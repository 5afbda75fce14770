"""Would the tests notice a mistake? Each of these is put in, and a test has to fail."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from labeling.exceptions import LabelingError
from tests.fixtures.people import Clock
from tests.labeling.queue.faults import FAULTS, NAMED_FAULTS, Fault
from tests.labeling.queue.machine import QueueMachine
from tests.labeling.queue.world import World

NOTICED = (AssertionError, DatabaseError, LabelingError, pytest.fail.Exception)
SEARCH = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,  # the same search each time: a fault that was found stays found
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_state_machine_notices(fault: Fault, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.put_in(monkeypatch)
    with pytest.raises(NOTICED):
        run_state_machine_as_test(QueueMachine, settings=SEARCH)


@pytest.mark.parametrize(
    ("rule", "fault"), NAMED_FAULTS, ids=lambda given: getattr(given, "__name__", str(given))
)
def test_a_named_test_notices(
    rule: Callable[..., None], fault: Fault, world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault.put_in(monkeypatch)
    with pytest.raises((*NOTICED, ValueError)):
        rule(*[world, clock][: rule.__code__.co_argcount])
