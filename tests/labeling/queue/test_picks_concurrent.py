"""Do picks that come, go and are taken back while people label lose, double or over-assign anything?"""

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection

from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue.models import Lease
from labeling.steering import picks
from labeling.steering.models import Pick
from tests.fixtures.people import label

ROUNDS = 25


class Actor(threading.Thread):
    """Does one thing again and again, on a connection of its own."""

    def __init__(self, deed: Callable[[random.Random], None], seed: int) -> None:
        super().__init__(daemon=True)
        self.deed, self.rng = deed, random.Random(seed)
        self.errors: list[BaseException] = []

    def run(self) -> None:
        close_old_connections()
        try:
            for _ in range(ROUNDS):
                self.deed(self.rng)
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_managers_pick_and_take_back_while_people_label(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User
) -> None:
    project = make_project(texts=[f"Ticket {n} is late." for n in range(40)])
    ids = list(Document.objects.filter(project=project).values_list("pk", flat=True))
    classes = [label(project, name) for name in ("Refund", "Refund", "Billing")]

    def work(who: User) -> Callable[[random.Random], None]:
        def once(rng: random.Random) -> None:
            for held in claims.claim(project.pk, who, 2).documents:
                submit(who, Submission(held.token, [rng.choice(classes)]))

        return once

    def send(rng: random.Random) -> None:
        picks.pick(project.pk, joan, rng.sample(ids, 8), "Again")
        publishing.publish(project.pk, publishing.next_generation(), picks.waiting_entries(project, 30))

    def take_back(rng: random.Random) -> None:
        standing = list(Pick.objects.filter(project=project, ended_at=None).values_list("pk", flat=True))
        if standing:
            picks.end_pick(project.pk, joan, rng.choice(standing))

    actors = [Actor(work(who), who.pk) for who in (ann, bob, carla)]
    actors += [Actor(send, 7), Actor(send, 8), Actor(take_back, 9)]
    for actor in actors:
        actor.start()
    for actor in actors:
        actor.join(120)
    assert not [actor for actor in actors if actor.is_alive()]
    assert [error for actor in actors for error in actor.errors] == []
    counted = Counter(Lease.objects.filter(state="submitted").values_list("document", flat=True))
    assert max(counted.values()) > 1  # second opinions came
    for document in Document.objects.filter(pk__in=counted):
        assert counted[document.pk] <= project.overlap + document.extra_slots
    assert [breach for promise in INVARIANTS for breach in breaches(promise)] == []
