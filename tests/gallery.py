"""Which pages are there, and what do they show? Every address of the service, in a project with all of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver

from analytics.models import Measurement, TestSetVersion
from labeling.actions import annotations, given, guidelines, invitations, queue
from labeling.models import (
    ApiToken,
    Document,
    Guideline,
    HeldOutPrediction,
    ImportJob,
    Invitation,
    LabelClass,
    Membership,
    ModelVersion,
    OwedWork,
    Pick,
    PickedDocument,
    Project,
    Question,
    Replay,
    Tuning,
)
from tests.analytics.test_savings import result
from tests.cast import fill, label, rank

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
CHANGE = {"kappa": 0.96, "n": 400}


@dataclass(frozen=True)
class Route:
    """One address of the service: its name with its namespace, and its pattern."""

    name: str
    pattern: str

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.pattern)

    def address(self, known: dict[str, Any]) -> str:
        """Raises KeyError for a parameter that the gallery has no value for."""
        return "/" + PARAMETER.sub(lambda match: str(known[match[1]]), self.pattern)


def routes() -> list[Route]:
    """Every address that people open; the API answers programs, but for its own page."""
    found = list(_walk(get_resolver().url_patterns, "", ""))
    return [one for one in found if not one.pattern.startswith("api/") or one.name.endswith("docs")]


def _walk(patterns: Any, prefix: str, namespace: str) -> Iterator[Route]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inside = f"{one.namespace}:" if one.namespace else namespace
            yield from _walk(one.url_patterns, prefix + str(one.pattern), inside)
        elif isinstance(one, URLPattern):
            yield Route(f"{namespace}{one.name}", prefix + str(one.pattern))


class Gallery:
    """A project in which every page has something to show, and more of everything when it grows."""

    def __init__(self, project: Project, manager: User, annotators: tuple[User, User]) -> None:
        self.project, self.manager, self.annotators = project, manager, annotators
        self.size = 0
        queue.claim(project.pk, manager)  # in hand from now on: looking at the label page claims no more
        for owed in (OwedWork.Kind.TRAIN, OwedWork.Kind.REPLAY):
            OwedWork.objects.create(project=project, kind=owed, attempts=2, failure="No memory is left.")
        self.secret = invitations.invite(project.pk, manager, Membership.Role.ANNOTATOR)[1]

    def grow(self, size: int, answers: int) -> None:
        """To so many of everything, and so many answers of each sort."""
        more = range(self.size, size)
        self.project.refresh_from_db()
        fill(self.project, [f"Ticket {n} tells of a parcel that is late again." for n in more])
        tests = fill(self.project, [f"Test ticket {n}: where is it?" for n in more], split="test")
        self._answer(answers)
        self._questions(more)
        self._people(more)
        self._guidelines(more)
        self._rows(more, tests)
        compared = Project.objects.filter(
            pk=self.project.pk
        )  # all documents: the reports speak of the test set
        compared.update(grouped_count=compared.get().document_count)
        self.size = size

    def addresses(self) -> dict[str, str]:
        """The address of each route, by its name; and those of the same page in another state."""
        known = self._known()
        found = {route.name: route.address(known) for route in routes()}
        for state in ImportJob.State.values:
            job = ImportJob.objects.filter(project=self.project, state=state).first()
            if job is not None:
                found[f"labeling:import_job {state}"] = (
                    f"/projects/{self.project.pk}/documents/import/{job.pk}/"
                )
        excluded = Document.objects.filter(project=self.project, state="open").last()
        found["labeling:document open"] = self._at(f"documents/{excluded and excluded.pk}/")
        found["labeling:mine second page"] = self._at("mine/?page=2")
        found["labeling:documents filtered"] = self._at("documents/?state=disputed")
        found["labeling:documents none fits"] = self._at("documents/?q=nothing")
        found["analytics:test_set narrowed"] = self._at("report/test-set/?wrong=1&least=5&sort=newest")
        for report in ("classes", "confusion", "slices"):
            found[f"analytics:{report} of an older model"] = f"{found[f'analytics:{report}']}?model=5"
        found["nowhere"] = "/nowhere/"
        return found

    def _at(self, path: str) -> str:
        return f"/projects/{self.project.pk}/{path}"

    def _known(self) -> dict[str, Any]:
        project = self.project
        mine = project.annotations.filter(annotator=self.manager, is_withdrawal=False)
        disputed = Document.objects.filter(project=project, state="disputed")
        job = ImportJob.objects.filter(project=project, state="done").latest("created_at")
        return {
            "project_id": project.pk,
            "document_id": disputed.earliest("pk").pk,
            "annotation_id": mine.earliest("pk").pk,
            "class_id": project.classes.earliest("position").pk,
            "first_id": project.classes.get(name="Refund").pk,
            "second_id": project.classes.get(name="Billing").pk,
            "user_id": self.annotators[0].pk,
            "token_id": ApiToken.objects.filter(project=project).earliest("pk").pk,
            "invitation_id": Invitation.objects.filter(project=project).earliest("pk").pk,
            "job_id": job.pk,
            "pick_id": project.picks.earliest("pk").pk,
            "question_id": project.questions.earliest("pk").pk,
            "number": 1,
            "old": 1,
            "new": 2,
            "kind": "train",
            "secret": self.secret,
        }

    def _answer(self, answers: int) -> None:
        """Of the two annotators, who disagree; and of the manager with one of them, who agree."""
        free = iter(self.project.documents.filter(split="pool", state="open", leases=None))
        for who, with_whom, names in (
            (self.annotators[0], self.annotators[1], ("Refund", "Billing")),
            (self.manager, self.annotators[0], ("Delivery", "Delivery")),
        ):
            for _ in range(answers):
                rank(self.project, [next(free)])
                for person, name in zip((who, with_whom), names, strict=True):
                    self._say(person, name)
        rank(self.project, list(free))

    def _say(self, person: User, name: str) -> None:
        held = queue.claim(self.project.pk, person).documents[0]
        span = (0, 6) if self.project.kind == Project.Kind.SPANS else ()
        said = annotations.Submission(held.token, [label(self.project, name, *span)], note="Why not?")
        annotations.submit(person, said)

    def _questions(self, more: range) -> None:
        documents = self.project.documents.filter(split="pool")[: len(more)]
        Question.objects.bulk_create(
            Question(project=self.project, document=document, asker=self.annotators[1], text="Is it late?")
            for document in documents
        )

    def _people(self, more: range) -> None:
        people = User.objects.bulk_create(User(username=f"person-{n}") for n in more)
        of = self.project
        Membership.objects.bulk_create(Membership(project=of, user=p, role="annotator") for p in people)
        ApiToken.objects.bulk_create(
            ApiToken(
                project=of, user=p, name=f"token {p}", prefix=f"rq_{p.pk}", digest=f"{p.pk:064}", scope="read"
            )
            for p in people
        )
        Invitation.objects.bulk_create(
            Invitation(
                project=of, digest=f"{p.pk:064}", created_by=self.manager, expires_at="2100-01-01T00:00Z"
            )
            for p in people
        )

    def _guidelines(self, more: range) -> None:
        for n in more[:40]:
            rules = {c.pk: guidelines.Rule("Wants it.", "Return it.", "Too dear.") for c in self._classes()}
            body = f"# Read\n\n[all](https://example.org) of it, {n} times"
            guidelines.publish(
                self.project.pk, self.manager, body=body, rules=rules, change="rule", note="Why"
            )

    def _classes(self) -> list[LabelClass]:
        return list(self.project.classes.filter(retired_at=None))

    def _rows(self, more: range, tests: list[Document]) -> None:
        of, manager = self.project, self.manager
        bad = [{"line": n, "message": "The text is empty.", "values": {}, "excerpt": "x"} for n in more]
        states = [ImportJob.State.values[n % len(ImportJob.State.values)] for n in more]
        ImportJob.objects.bulk_create(
            ImportJob(project=of, created_by=manager, file_name=f"{n}.csv", byte_count=9, file_format="csv",
                      state=state, bad_row_count=len(bad), bad_rows=bad, warning_count=len(bad), warnings=bad)
            for n, state in zip(more, states, strict=True)
        )  # fmt: skip
        span = (0, 4) if of.kind == Project.Kind.SPANS else ()
        given.record(of, [(document.pk, [label(of, "Refund", *span)]) for document in tests])
        self._versions(more, tests)
        pick = Pick.objects.create(project=of, reason="Unclear since the new rule", created_by=manager)
        still_open = of.documents.filter(state="open", split="pool")[: len(more)]
        PickedDocument.objects.bulk_create(PickedDocument(pick=pick, document=one) for one in still_open)
        if more.start == 0:
            told = {"project": of, "asked_by": manager, "classes": [], "label_count": 200}
            told |= {"pool_annotations": [], "test_annotations": []}
            told |= {"answers_per_document": 2, "seconds_per_answer": 18.0}
            Replay.objects.create(**told, result=result(saved=100), finished_at="2026-11-12T00:00Z")
            Replay.objects.create(**told)
            tried = {"finished_at": "2026-11-12T00:00Z", "strength": 40, "augmentation": "none"}
            Tuning.objects.create(project=of, classes=[], annotations=[], label_count=100, **tried)

    def _versions(self, more: range, tests: list[Document]) -> None:
        classes = [c.pk for c in self._classes()]
        numbers = range(more.start + 1, more.stop + 1)
        guideline = Guideline.objects.filter(project=self.project).first()
        held_out = {"documents": 100, "right": 80}
        versions = ModelVersion.objects.bulk_create(
            ModelVersion(
                project=self.project,
                number=n,
                state="ready",
                classes=classes,
                label_count=20 * n,
                guideline=guideline,
                facts={"change": CHANGE | {"since": n - 1}, "held_out": held_out},
                finished_at="2026-11-12T00:00Z",
            )
            for n in numbers
        )
        self._measurements(versions)
        every = Document.objects.test_set().filter(project=self.project)
        is_spans = self.project.kind == Project.Kind.SPANS
        HeldOutPrediction.objects.bulk_create(
            HeldOutPrediction(
                model_version=version,
                document=document,
                probabilities=[] if is_spans else [0.5] + [0.5 / (len(classes) - 1)] * (len(classes) - 1),
                spans=[[0, 4, 0, 0.9]] if is_spans else None,
            )
            for version in versions[-2:]
            for document in every
        )

    def _measurements(self, versions: list[ModelVersion]) -> None:
        """What each model measured when it was new: better and better, but for the last class."""
        kept = TestSetVersion.objects.filter(project=self.project).count()
        test_set = TestSetVersion.objects.create(
            project=self.project,
            number=kept + 1,
            annotations=sorted(self.project.annotations.values_list("pk", flat=True)[:20]),
            digest=bytes([kept]) * 16,
        )
        for version in versions:
            wrong = 40 // (version.number + 1) + 1
            numbers = {"labels": 7 * version.number, "tp": 40, "fp": wrong, "fn": wrong}
            f1 = 80 / (80 + 2 * wrong)
            Measurement.objects.create(
                model_version=version,
                project=self.project,
                test_set=test_set,
                documents=120,
                right=120 - wrong,
                classes={str(pk): numbers for pk in version.classes},
                averages={
                    name: [f1, max(0, f1 - 0.05), min(1, f1 + 0.05)]
                    for name in ("macro_f1", "micro_f1", "accuracy")
                },
            )


@pytest.fixture
def gallery(make_project: Any, joan: User, ann: User, bob: User, request: pytest.FixtureRequest) -> Gallery:
    """Of two of everything; `indirect` chooses the kind of the project."""
    project = make_project(kind=getattr(request, "param", "single"), overlap=2)
    built = Gallery(project, joan, (ann, bob))
    built.grow(6, 2)
    return built
