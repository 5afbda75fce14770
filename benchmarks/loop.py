"""Loop latency: how soon the queue knows a new label. `./run bench loop --documents N --labels N --json`.

The service's own workers and beat; the clock runs from the commit of the submit that makes a training due
until claims get the new order.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User

from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission, submit
from labeling.annotations.validation import LabelValue
from labeling.documents.models import Document
from labeling.exchange import importing
from labeling.formats.records import Record
from labeling.guidelines import new_projects
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.training import dataset
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import beat, worker

CLASSES = ["Business", "Culture", "Politics", "Science", "Sport"]
WORDS, CLASS_WORDS = 20_000, 200  # of the vocabulary, and those that one class prefers
TEXT_WORDS, TELLING_WORDS = 30, 4
REPETITIONS = 5
WAIT_SECONDS = 3_600
AWAITED = (Job.Kind.IMPORT, Job.Kind.FEATURIZE, Job.Kind.TRAIN, Job.Kind.RANK)
TICKS = os.sysconf("SC_CLK_TCK")


def truth(number: int) -> int:
    """The class of a document."""
    return random.Random(number).randrange(len(CLASSES))


def documents(count: int) -> Iterator[Record]:
    """Made-up texts of 200 characters; a few words of each tell its class."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(WORDS)]
    own = [rng.sample(words, CLASS_WORDS) for _ in CLASSES]
    for number in range(count):
        text = rng.choices(words, k=TEXT_WORDS) + rng.choices(own[truth(number)], k=TELLING_WORDS)
        yield Record(number + 1, " ".join(text), str(number))


class Loop:
    """A project of this many documents, its annotator, and the workers behind it."""

    def __init__(self, processes: dict[str, Process]) -> None:
        self.processes = processes
        self.annotator = User.objects.create_user("bench")
        self.project = new_projects.create(
            self.annotator, name="Bench", kind=Project.Kind.SINGLE, class_names=CLASSES, lease_cap=500
        )
        classes = LabelClass.objects.filter(project=self.project).order_by("position")
        self.classes = list(classes.values_list("pk", flat=True))

    def answer(self, external_id: str | None) -> list[LabelValue]:
        return [LabelValue(self.classes[truth(int(external_id or 0))])]

    def give(self, split: str, count: int) -> None:
        """Labels that were there before; the workers train on them by themselves."""
        documents = Document.objects.filter(project=self.project, split=split).order_by("random_key")
        answers = [(pk, self.answer(name)) for pk, name in documents.values_list("pk", "external_id")[:count]]
        imported.record(self.project, answers, Annotation.Source.GOLD)

    def wait_until_quiet(self) -> None:
        """Nothing is owed and nothing is due."""
        deadline = monotonic() + WAIT_SECONDS
        while True:
            failed = Job.objects.failing().filter(project=self.project).first()
            if failed is not None or monotonic() > deadline:
                raise SystemExit(f"The workers failed: {failed and failed.failure}")
            for process in self.processes.values():
                if process.exit_code() is not None:
                    raise SystemExit(f"{process.name} ended:\n{process.last_lines()}")
            if not Job.objects.filter(project=self.project, kind__in=AWAITED).exists():
                self.project.refresh_from_db()
                if not dataset.is_due(self.project):
                    return
            sleep(0.1)

    def once(self) -> tuple[float, ModelVersion]:
        """Label until a training is due; seconds from that submit to the new order, and the model it made."""
        self.wait_until_quiet()
        before = self.project.generation
        seen = self.project.model_versions.ready()[0].label_count
        due = max(dataset.MIN_NEW_LABELS, int(dataset.NEW_LABELS_SHARE * seen))
        held: list[claims.HeldDocument] = []
        while len(held) < due:
            held += claims.claim(self.project.pk, self.annotator, due - len(held)).documents
        for document in held:
            submit(self.annotator, Submission(document.token, self.answer(document.external_id)))
        started = monotonic()
        while Project.objects.values_list("generation", flat=True).get(pk=self.project.pk) == before:
            if monotonic() - started > WAIT_SECONDS:
                raise SystemExit("No new order came.")
            sleep(0.01)
        return monotonic() - started, self.project.model_versions.ready()[0]

    def cpu_seconds(self) -> float:
        """Of all workers so far."""
        return sum(cpu_seconds(pid) for process in self.processes.values() for pid in tree(process))

    def rss_mb(self) -> float:
        """The most memory that a process of the trainer ever held."""
        return max(peak_mb(pid) for pid in tree(self.processes["trainer"]))


def tree(process: Process) -> list[int]:
    """The process and its children."""
    if process.child is None:
        return []
    pid = process.child.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@contextmanager
def workers() -> Iterator[dict[str, Process]]:
    """The service's own commands."""
    logs = Path(settings.DATA_DIR) / "logs"
    processes = {
        "worker": worker("worker", "default", 2, os.environ, logs),
        "trainer": worker("trainer", "train", 1, os.environ, logs),
        "beat": beat(os.environ, Path(settings.DATA_DIR), logs),
    }
    try:
        for process in processes.values():
            process.start()
        yield processes
    finally:
        for process in processes.values():
            process.stop()


def measure(documents_wanted: int, labels: int) -> dict[str, object]:
    with workers() as processes:
        loop = Loop(processes)
        say(f"Importing {documents_wanted:,} documents")
        importing.import_documents(loop.project.pk, documents(documents_wanted))
        started = monotonic()
        loop.wait_until_quiet()
        featurized = monotonic() - started
        say(f"Features after {featurized:.1f} s; giving {labels:,} labels")
        loop.give(Document.Split.TEST, max(50, labels // 5))
        loop.give(Document.Split.POOL, labels)
        loop.once()  # warm: the first model of a process reads every page for the first time
        seconds, phases, before = [], [], loop.cpu_seconds()
        for _ in range(REPETITIONS):
            took, version = loop.once()
            seconds.append(took)
            phases.append(version.metadata.seconds or {})
            say(f"{took:.2f} s, of which {phases[-1]}")
        return {
            "submit_to_new_head_s": round(statistics.median(seconds), 2),
            "submit_to_new_head_max_s": round(max(seconds), 2),
            "cpu_s": round((loop.cpu_seconds() - before) / REPETITIONS, 2),
            "worker_rss_mb": round(loop.rss_mb()),
            "phases_s": {name: round(statistics.median(p[name] for p in phases), 2) for name in phases[0]},
            "features_s": round(featurized, 1),
            "repetitions": REPETITIONS,
        }


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--labels", type=int, default=1_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure(options.documents, options.labels)
    print(json.dumps(result) if options.json else result)


if __name__ == "__main__":
    main()
