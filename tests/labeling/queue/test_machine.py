"""Does the queue do what its rules say, whatever people, time and workers do to it in whatever order?

`QUEUE_EXAMPLES` and `QUEUE_STEPS` make the search longer: 5000 and 100 for a night.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.labeling.queue.machine import QueueMachine
from tests.labeling.queue.world import World

EXAMPLES = int(os.environ.get("QUEUE_EXAMPLES", "60"))
STEPS = int(os.environ.get("QUEUE_STEPS", "50"))


@pytest.mark.slow
def test_the_queue_does_what_the_model_does(world: World) -> None:
    """Thirty-nine rules in random order; after each the same state on both sides and every invariant."""
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
