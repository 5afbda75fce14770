"""Queue throughput: claims and answers a second. `./run bench queue --documents N --annotators N`.

Everybody has a connection of their own and answers as fast as the service lets them; meanwhile a new order
of the queue is published every few seconds, as by a trainer. `--batch 50` claims and submits fifty at once.
CPU milliseconds a pair are told too: on a busy machine they say more than pairs a second.
"""

import argparse
import multiprocessing
import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User
from django.db import connection, connections

from benchmarks._frame import machine, percentiles, server_cpu_seconds, show
from labeling.annotations import submit as annotations
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.annotations.validation import LabelValue
from labeling.explanations.selection_reason import SelectionReason
from labeling.guidelines import new_projects
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims as queue
from labeling.queue import publishing
from labeling.queue.models import Lease

HEAD = 5_000  # entries of an order
RANKED_EVERY = 10  # seconds
MAX_PROCESSES = 4  # of clients: one Python process cannot keep the server busy
MIN_DOCUMENTS = 40_000  # documents to label in all; a small pool is there several times
LIMIT_SECONDS = 600  # after the time is up, for the last answers to come in
ADD_DOCUMENTS = """
    INSERT INTO labeling_document (project_id, external_id, text, metadata, content_hash, split, state,
                                   position, random_key, round, extra_slots)
    SELECT %(project)s, 'd' || n, repeat('made up words ', 14) || n, '{}', decode(md5(n::text), 'hex'),
           'pool', 'open', n, (n::bigint * 7919 %% %(count)s) / %(count)s::float, 0, 0
    FROM generate_series(0, %(count)s - 1) AS n
"""
RANDOM_HEAD = """
    SELECT id FROM labeling_document
    WHERE project_id = %s AND split = 'pool' AND state = 'open' ORDER BY random_key LIMIT %s
"""


@dataclass
class Seen:
    """What one annotator measured and was told."""

    claims: list[float] = field(default_factory=list)  # seconds
    submits: list[float] = field(default_factory=list)
    acknowledged: list[tuple[int, str]] = field(default_factory=list)  # annotation, outcome


def make_projects(documents: int, users: list[User], overlap: int) -> list[int]:
    """One project with so many documents, or several where they would run out."""
    made = []
    for number in range(max(1, min(40, MIN_DOCUMENTS // documents))):
        project = new_projects.create(
            users[0],
            name=f"Bench {number}",
            kind="single",
            class_names=["A", "B"],
            overlap=overlap,
            lease_cap=500,
        )
        for user in users[1:]:
            members.add_member(project.pk, users[0], user, "annotator")
        with connection.cursor() as cursor:
            cursor.execute(ADD_DOCUMENTS, {"project": project.pk, "count": documents})
        Project.objects.filter(pk=project.pk).update(document_count=documents)
        rank(project.pk)
        made.append(project.pk)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # or the disk is still busy with the documents while people label
    return made


def rank(project_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RANDOM_HEAD, [project_id, HEAD])
        head = [(pk, SelectionReason("margin")) for (pk,) in cursor.fetchall()]
    publishing.publish(project_id, publishing.next_generation(), head)
    publishing.purge(project_id)


def label(project_ids: list[int], user: User, batch: int, stop: Any, seen: Seen) -> None:
    """Claim and answer until it is time to stop, one project after the other."""
    for project_id in project_ids:
        answer = [LabelValue(Project.objects.get(pk=project_id).classes.all()[0].pk)]
        while not stop.is_set():
            started = time.perf_counter()
            held = queue.claim(project_id, user, batch).documents
            if not held:
                break
            claimed = time.perf_counter()
            answers = [Submission(document.token, answer) for document in held]
            done = (
                annotations.submit_many(user, answers)
                if batch > 1
                else [annotations.submit(user, answers[0])]
            )
            submitted = time.perf_counter()
            seen.claims.append(claimed - started)
            seen.submits.append(submitted - claimed)
            seen.acknowledged += [(result.annotation_id, result.outcome) for result in done]
    connection.close()


def run_process(project_ids: list[int], users: list[User], batch: int, stop: Any, answers: Any) -> None:
    seen = [Seen() for _ in users]
    threads = [
        threading.Thread(target=label, args=(project_ids, user, batch, stop, client_log))
        for user, client_log in zip(users, seen, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(seen)


def run_clients(
    project_ids: list[int], users: list[User], batch: int, seconds: int
) -> tuple[list[Seen], float]:
    """What everybody saw, and how many seconds it took."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    stop, answers = context.Event(), context.Queue()
    count = min(MAX_PROCESSES, len(users))
    clients = [
        context.Process(
            target=run_process, args=(project_ids, users[client_log::count], batch, stop, answers)
        )
        for client_log in range(count)
    ]
    started = time.monotonic()
    for client in clients:
        client.start()
    while time.monotonic() - started < seconds and any(client.is_alive() for client in clients):
        time.sleep(min(RANKED_EVERY, max(0.1, seconds - (time.monotonic() - started))))
        if len(project_ids) == 1 and time.monotonic() - started < seconds:
            rank(project_ids[0])
    stop.set()
    seen = [client_log for _ in clients for client_log in answers.get(timeout=LIMIT_SECONDS)]
    took = time.monotonic() - started
    for client in clients:
        client.join(LIMIT_SECONDS)
    return seen, took


def statements_of_a_pair(project_id: int, user: User) -> tuple[int, int]:
    """How many statements one claim and one submit take, without BEGIN and COMMIT."""
    answer = [LabelValue(Project.objects.get(pk=project_id).classes.all()[0].pk)]
    with counted_statements() as claim:
        (held,) = queue.claim(project_id, user, key="counted").documents
    with counted_statements() as submit:
        annotations.submit(user, Submission(held.token, answer, key="counted"))
    return claim.total(), submit.total()


@contextmanager
def counted_statements() -> Any:
    count: Counter[str] = Counter()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        count["statements"] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield count


def server_cpu() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return server_cpu_seconds(cursor.fetchone()[0])


def check(seen: list[Seen], overlap: int) -> dict[str, int]:
    """Answers that were acknowledged and are not there, are there twice, or are more than were wanted."""
    acknowledged = {pk for client_log in seen for pk, _ in client_log.acknowledged}
    stored = list(Annotation.objects.values_list("pk", "lease", "epoch"))
    counted = Counter(Lease.objects.filter(state="submitted").values_list("document", flat=True))
    return {
        "lost": len(acknowledged - {pk for pk, _, _ in stored}),
        "duplicate": len(stored) - len({(lease, epoch) for _, lease, epoch in stored}),
        "over": sum(count > overlap for count in counted.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--annotators", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--batch", type=int, default=1, help="documents claimed and submitted at once")
    parser.add_argument("--overlap", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    users = User.objects.bulk_create(User(username=f"annotator {n}") for n in range(options.annotators))
    project_ids = make_projects(options.documents, users, options.overlap)
    before = machine()
    claim, submit = statements_of_a_pair(project_ids[0], users[0])
    server, clients = server_cpu(), os.times()
    seen, took = run_clients(project_ids, users, options.batch, options.seconds)
    after = os.times()
    pairs = sum(len(client_log.acknowledged) for client_log in seen)
    result = {
        "documents": options.documents,
        "annotators": options.annotators,
        "batch": options.batch,
        "pairs": pairs,
        "pairs_per_s": round(pairs / took, 1),
        "claim_ms": percentiles([s for client_log in seen for s in client_log.claims]),
        "submit_ms": percentiles([s for client_log in seen for s in client_log.submits]),
        "statements_per_claim": claim,
        "statements_per_submit": submit,
        "cpu_ms_per_pair": {
            "server": round((server_cpu() - server) * 1000 / max(1, pairs), 2),
            "clients": round(
                (
                    after.children_user
                    + after.children_system
                    - clients.children_user
                    - clients.children_system
                )
                * 1000
                / max(1, pairs),
                2,
            ),
        },
        **check(seen, options.overlap),
        "machine": before,
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
