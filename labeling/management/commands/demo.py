"""Demo command: what a first visitor sees. Real articles labeled by simulated people, and a weak class."""

from __future__ import annotations

import secrets
from random import Random
from time import monotonic, sleep
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from labeling import worker
from labeling.annotations import adjudication, exclusion, questions
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission, submit_many
from labeling.annotations.validation import LabelValue
from labeling.documents.insert import content_hash, random_key
from labeling.documents.models import Document
from labeling.exchange import importing
from labeling.guidelines import new_projects, versions
from labeling.guidelines.models import Guideline, LabelClass
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.management import demo_articles
from labeling.management.demo_people import (
    ADJUDICATOR,
    ANNOTATORS,
    CAREFUL,
    HASTY,
    QUESTION,
    WHY,
    describe_people,
)
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.ranking import gold
from labeling.steering import picks
from labeling.steering.models import ClassNeed

NAME = "BBC News"
PEOPLE = {
    "manager": Membership.Role.MANAGER,
    "carla": Membership.Role.ADJUDICATOR,
    "ana": Membership.Role.ANNOTATOR,
    "ben": Membership.Role.ANNOTATOR,
}
TEST_SHARE = 0.2
ROUNDS = 3
LABELS_A_ROUND = {CAREFUL: 8, HASTY: 28}
CLEARER_AFTER = 2  # rounds, the guideline says where the rare class ends
LABELED_TWICE = 0.18  # of the test set, which is a tenth of all that is labeled
OPEN_DISPUTES = 2  # left for the visitor
GOLD = 12
BATCH_SIZE = 50  # documents of one claim
WAIT_SECONDS = 120
MEASURE_SECONDS = 60  # that the service may take to measure a model; nobody does where no worker runs


class Command(BaseCommand):
    help = (
        f"Prepare the demo: a project on {demo_articles.COUNT:,} BBC News articles"
        " with accounts, labels and a model."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(name=NAME).first()
        if project is not None and project.model_versions.ready().exists():
            self.stdout.write("The demo project already exists. Its accounts keep their passwords.")
            return
        self.started = monotonic()
        self.draw = Random(0)
        passwords = {name: secrets.token_urlsafe(9) for name in PEOPLE}
        if project is None:
            project = self._create_project(passwords)
        else:  # an earlier preparation was interrupted before it could say the passwords
            for name, password in passwords.items():
                account = User.objects.get(username=name)
                account.set_password(password)
                account.save(update_fields=["password"])
        self.project = project
        self.classes = {
            label_class.name: label_class.pk for label_class in LabelClass.objects.filter(project=project)
        }
        self.people = {user.username: user for user in User.objects.filter(memberships__project=project)}
        self._bring_articles()
        for number in range(1, ROUNDS + 1):
            self._label_round(number)
        self._say("Adding a question, decisions and gold documents, and training the final model")
        self._ask()
        self._decide()
        self._mark_gold()
        exclusion.change(project.pk, self.people["manager"], strategy=Project.Strategy.DEFAULT)
        self._train()
        self._await_needs()
        self._say("Ready")
        self.stdout.write("\nSign in with one of these accounts (the passwords are shown only once):\n")
        for name, role in PEOPLE.items():
            self.stdout.write(f"  {name:<8} {passwords[name]:<14} {role.label.lower()}\n")
        self.stdout.write("\n")

    @transaction.atomic
    def _create_project(self, passwords: dict[str, str]) -> Project:
        self._say("Creating the accounts and the project")
        simulated = dict.fromkeys(ANNOTATORS, Membership.Role.ANNOTATOR)
        roles = PEOPLE | simulated | {ADJUDICATOR: Membership.Role.ADJUDICATOR}
        people = {name: User.objects.create_user(name, password=passwords.get(name)) for name in roles}
        manager = people["manager"]
        project = new_projects.create(
            manager,
            name=NAME,
            kind=Project.Kind.SINGLE,
            class_names=list(demo_articles.RULES),
            test_share=TEST_SHARE,
            strategy=Project.Strategy.RANDOM,  # so far: the same documents in every demo
            description=f"{demo_articles.DESCRIPTION} {describe_people()}",
        )
        for name, role in roles.items():
            members.add_member(project.pk, manager, people[name], role)
        _publish(
            project,
            manager,
            demo_articles.BODY,
            demo_articles.RULES,
            "Definitions and examples of each class.",
        )
        return project

    def _bring_articles(self) -> None:
        """The drawn test set comes first and is labeled as a whole, so that the first report says something.

        No worker sees it alone: features are learned on all articles.
        """
        self._say(f"Reading {demo_articles.COUNT:,} articles")
        articles = list(demo_articles.articles())
        self.truth = {record.external_id: name for record, name in articles}
        records = [record for record, _ in articles]
        keys = [random_key(self.project, content_hash(record.text)) for record in records]
        test = [record for record, key in zip(records, keys, strict=True) if key < TEST_SHARE]
        with transaction.atomic():
            if not Document.objects.filter(project=self.project).exists():
                importing.import_documents(self.project.pk, test)
                self._label_test_set(len(test))
            importing.import_documents(self.project.pk, records)
        self._run_job(Job.Kind.FEATURIZE)
        self._run_job(Job.Kind.RANK)

    def _label_test_set(self, count: int) -> None:
        self._say(f"Simulated annotators label the {count} test set articles")
        while self._label(CAREFUL, BATCH_SIZE):
            pass
        while self._disputes().count() < OPEN_DISPUTES:
            self._send_again(round(LABELED_TWICE * count))
            while self._label(HASTY, BATCH_SIZE):
                pass

    def _send_again(self, count: int) -> None:
        """Have so many of the documents that one person settled answered by another one."""
        settled = Resolution.objects.filter(
            project=self.project, how=Resolution.How.AGREED, document__extra_slots=0
        )
        sampled = self.draw.sample(
            list(settled.order_by("document").values_list("document", flat=True)), count
        )
        picks.pick(self.project.pk, self.people["manager"], sampled, "Labeled twice to measure agreement.")

    def _label_round(self, number: int) -> None:
        count = sum(LABELS_A_ROUND.values())
        self._say(f"Simulated annotators label {count} articles (round {number} of {ROUNDS})")
        for name, labels in LABELS_A_ROUND.items():
            self._label(name, labels)
        if number == CLEARER_AFTER:
            note = "Clarifies the line between Tech and Business."
            _publish(
                self.project,
                self.people["manager"],
                demo_articles.CLEARER_BODY,
                demo_articles.CLEARER_RULES,
                note,
            )
        self._train()

    def _label(self, name: str, count: int) -> int:
        """Let a simulated person answer what the queue hands out. Returns how many documents that were."""
        held = claims.claim(self.project.pk, self.people[name], count).documents
        seen = [
            ANNOTATORS[name].answer(self._true_class(document.external_id), self.draw) for document in held
        ]
        answers = [
            Submission(document.token, self._labels(name)) for document, name in zip(held, seen, strict=True)
        ]
        submit_many(self.people[name], answers)
        return len(held)

    def _ask(self) -> None:
        """Somebody is not sure about an article between the two classes, and asks; the rest goes back."""
        person = self.people[HASTY]
        held = claims.claim(self.project.pk, person, BATCH_SIZE).documents
        of_rare = [
            document for document in held if self._true_class(document.external_id) == demo_articles.RARE
        ]
        hardest = max(of_rare or held, key=lambda document: demo_articles.likeness_to_neighbor(document.text))
        questions.ask(hardest.token, person, QUESTION)
        for hard in held:
            if hard != hardest:
                claims.release(hard.token, person)

    def _decide(self) -> None:
        """The simulated adjudicator leaves the newest disputes to the visitor."""
        disputed = list(self._disputes().order_by("pk"))
        for document in disputed[: len(disputed) - OPEN_DISPUTES]:
            name = self._true_class(document.external_id)
            adjudication.decide(
                self.project.pk,
                document.pk,
                self.people[ADJUDICATOR],
                self._labels(name),
                WHY.get(name, ""),
            )

    def _mark_gold(self) -> None:
        """What two people answered alike, and rightly."""
        agreed = Resolution.objects.filter(
            project=self.project, how=Resolution.How.AGREED, document__extra_slots__gt=0
        )
        rows = agreed.order_by("document").values_list(
            "document", "document__external_id", "annotation__labels__label_class__name"
        )
        right = [pk for pk, external_id, name in rows if name == self._true_class(external_id)]
        for pk in right[:GOLD]:
            gold.mark(self.project.pk, self.people["manager"], pk)

    def _disputes(self) -> Any:
        return Document.objects.filter(project=self.project, state=Document.State.DISPUTED)

    def _true_class(self, external_id: str | None) -> str:
        return self.truth[str(external_id)]

    def _labels(self, name: str) -> list[LabelValue]:
        return [LabelValue(self.classes[name])]

    def _train(self) -> None:
        outbox.enqueue(self.project.pk, Job.Kind.TRAIN)
        self._run_job(Job.Kind.TRAIN)

    def _await_needs(self) -> None:
        """Let the queue follow what the service measures of the newest model, where it runs."""
        newest = self.project.model_versions.ready().latest("number")
        needs = ClassNeed.objects.filter(project=self.project, evidence__model=newest.number)
        deadline = monotonic() + MEASURE_SECONDS
        while not needs.exists() and monotonic() < deadline:
            sleep(0.1)
        self._run_job(Job.Kind.RANK)

    def _run_job(self, kind: Job.Kind) -> None:
        """Do the work here, or wait for the worker that was faster."""
        deadline = monotonic() + WAIT_SECONDS
        pending = Job.objects.filter(project=self.project, kind=kind)
        while pending.exists():
            if failing := Job.objects.failing().filter(pk__in=pending).first():
                raise CommandError(f"A worker failed: {failing.failure}")
            if monotonic() > deadline:
                raise CommandError("The workers take too long. See their logs in the data folder.")
            if not worker.run_job(self.project.pk, kind):
                sleep(0.1)

    def _say(self, what: str) -> None:
        self.stdout.write(f"[{monotonic() - self.started:5.1f} s] {what}")
        self.stdout.flush()


def _publish(
    project: Project, manager: User, body: str, rules: dict[str, versions.RuleText], note: str
) -> None:
    """The next version, unless it is there from an earlier preparation."""
    if Guideline.objects.filter(project=project, body=body).exists():
        return
    classes = LabelClass.objects.filter(project=project)
    versions.publish(
        project.pk,
        manager,
        body=body,
        rules={label_class.pk: rules[label_class.name] for label_class in classes},
        change=Guideline.Change.RULE,
        note=note,
    )
