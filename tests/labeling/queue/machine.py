"""What may happen to a queue, in any order? Each rule acts on the database and on the model."""

from hypothesis.stateful import invariant

from tests.labeling.queue.annotators import Annotators
from tests.labeling.queue.managers import Managers
from tests.labeling.queue.senders import Senders
from tests.labeling.queue.world import expected_state, read_state


class QueueMachine(Annotators, Managers, Senders):
    """Everybody at once."""

    @invariant()
    def both_say_the_same_and_every_promise_holds(self) -> None:
        rows, wanted = read_state(), expected_state(self.sides)
        assert rows == wanted, f"only in the database: {rows - wanted}; only in the model: {wanted - rows}"
