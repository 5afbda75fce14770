"""Do fifty people at once lose, double or over-assign anything? Real connections, real time, only faster."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.annotations import skipping, submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.annotations.validation import LabelValue
from labeling.documents.models import Document
from labeling.exceptions import LeaseStale
from labeling.guidelines import new_projects
from labeling.management.invariants import INVARIANTS, breaches
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import rank

PEOPLE, CLAIMS, DOCUMENTS, OVERLAP = 50, 5_000, 2_700, 2
SPEED = 120  # the clock's: a lease of one minute ends after half a second
CLOCK = """
    CREATE OR REPLACE FUNCTION labeling_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT {now} + coalesce(nullif(current_setting('labeling.clock_offset', true), ''), '0')::interval
    $$
"""


@pytest.fixture
def fast_clock(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()::text")
        start = f"'{cursor.fetchone()[0]}'::timestamptz"
        cursor.execute(CLOCK.format(now=f"{start} + {SPEED} * (statement_timestamp() - {start})"))
        yield
        cursor.execute(CLOCK.format(now="statement_timestamp()"))


@dataclass
class Told:
    """What the service told one person."""

    outcomes: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[int, str] = field(default_factory=dict)  # annotation: its outcome
    errors: list[BaseException] = field(default_factory=list)


class Annotator(threading.Thread):
    """Claims and answers until everybody together has claimed enough; forgetful now and then."""

    def __init__(self, project: Project, user: User, classes: list[LabelValue], left: list[None]) -> None:
        super().__init__(daemon=True)
        self.project, self.user, self.classes, self.left = project, user, classes, left
        self.rng = random.Random(user.pk)
        self.told = Told()

    def run(self) -> None:
        try:
            while self.left:
                self.step()
        except BaseException as error:
            self.told.errors.append(error)
        finally:
            connection.close()

    def step(self) -> None:
        key = f"{self.rng.getrandbits(60)}"
        claimed = claims.claim(self.project.pk, self.user, 1, key)
        if self.rng.random() < 0.05:
            again = claims.claim(self.project.pk, self.user, 1, key)
            self.told.outcomes["claim replay"] += bool(again.documents)
        if not claimed.documents:
            self.told.outcomes[claimed.empty_because or ""] += 1
            time.sleep(0.05)
            return
        if self.left:
            self.left.pop()
        probability = self.rng.random()
        try:
            if probability < 0.05:
                skipping.skip(claimed.documents[0].token, self.user)
            elif probability < 0.10:
                claims.defer(claimed.documents[0].token, self.user, minutes=1)
            elif probability < 0.13:
                time.sleep(60 / SPEED + 0.1)
                self.answer(claimed.documents[0])
            elif probability > 0.01:
                self.answer(claimed.documents[0])
        except LeaseStale:
            self.told.outcomes["stale"] += 1

    def answer(self, held: claims.HeldDocument) -> None:
        answer = Submission(held.token, [self.rng.choice(self.classes)], key=f"{self.rng.getrandbits(60)}")
        for _ in range(1 + (self.rng.random() < 0.1)):
            done = submit.submit(self.user, answer)
            self.told.outcomes[done.outcome] += 1
            if done.outcome != "replay":
                self.told.acknowledged[done.annotation_id] = done.outcome


def make_project() -> tuple[Project, list[User]]:
    users = User.objects.bulk_create(User(username=f"annotator {n}") for n in range(PEOPLE))
    project = new_projects.create(
        users[0], name="Many", kind="single", class_names=["A", "B"], overlap=OVERLAP, lease_minutes=1
    )
    for user in users[1:]:
        members.add_member(project.pk, users[0], user, "annotator")
    documents = Document.objects.bulk_create(
        Document(
            project=project,
            external_id=f"{n}",
            text=f"text {n}",
            content_hash=n.to_bytes(16, "big"),
            split="pool",
            position=n,
            random_key=(n + 0.5) / DOCUMENTS,
        )
        for n in range(DOCUMENTS)
    )
    Project.objects.filter(pk=project.pk).update(document_count=DOCUMENTS)
    rank(project, documents[: DOCUMENTS // 2])
    return project, users


@pytest.mark.slow
@pytest.mark.usefixtures("fast_clock")
def test_fifty_people_lose_double_and_over_assign_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    project, users = make_project()
    classes = [LabelValue(pk) for pk in project.classes.values_list("pk", flat=True)]
    left: list[None] = [None] * CLAIMS
    people = [Annotator(project, user, classes, left) for user in users]
    started = time.monotonic()
    run_all(people)
    seconds = time.monotonic() - started
    assert [error for person in people for error in person.told.errors] == []
    outcomes = sum((person.told.outcomes for person in people), Counter())
    acknowledged = {pk: said for person in people for pk, said in person.told.acknowledged.items()}
    stored = {
        pk: "surplus" if is_surplus else "counted"
        for pk, is_surplus in Annotation.objects.values_list("pk", "is_surplus")
    }
    lost = len(acknowledged.items() - stored.items())
    dup = len(stored) - len({(a, e) for a, e in Annotation.objects.values_list("lease", "epoch")})
    over = sum(
        counted > OVERLAP
        for counted in Counter(
            Lease.objects.filter(state="submitted").values_list("document", flat=True)
        ).values()
    )
    expired = Lease.objects.filter(state="expired").count() + Lease.objects.filter(epoch__gt=1).count()
    with capsys.disabled():
        print(
            f"\nacked={len(acknowledged)} lost={lost} dup={dup} over={over} surplus={outcomes['surplus']} "
            f"replays={outcomes['replay'] + outcomes['claim replay']} expired={expired} "
            f"stale={outcomes['stale']} seconds={seconds:.0f}"
        )
    assert (lost, dup, over) == (0, 0, 0)
    assert stored.keys() == acknowledged.keys()
    assert [breach for invariant in INVARIANTS for breach in breaches(invariant)] == []
    happened = (outcomes["surplus"], outcomes["replay"], outcomes["claim replay"], expired)
    assert all(happened), "a run without surplus, replays and expiries proves nothing"


def run_all(people: list[Annotator]) -> None:
    for person in people:
        person.start()
    for person in people:
        person.join(300)
        assert not person.is_alive(), "somebody hangs"
