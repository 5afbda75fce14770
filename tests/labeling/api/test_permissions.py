"""Who may do what? Every address with every method, for ten kinds of callers; a new one needs a row here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import URLResolver, get_resolver

from analytics import api_urls as analytics_urls
from labeling.annotations import exclusion, submit
from labeling.annotations.models import Annotation, Question
from labeling.annotations.submit import Submission
from labeling.api import urls
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exchange import dataset_versions, export_jobs
from labeling.exchange.models import ExportFile
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import ModelVersion, PredictionSource
from labeling.projects import tokens
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.steering import actions, picks
from labeling.steering.models import PickedDocument
from tests.fixtures.people import label
from tests.fixtures.tally import Tally, tally_file
from tests.labeling.api.conftest import Caller
from tests.thorough import part_of

CALLERS = (
    "anonymous",
    "stranger",
    "annotator",
    "adjudicator",
    "manager",
    "read token",
    "annotate token",
    "manage token",
    "token of another project",
    "revoked token",
)
OK = 2
#                       anon  eve  ann  carla joan  read anno  mana other revoked
READ = dict(zip(CALLERS, (401, 404, OK, OK, OK, OK, OK, OK, 404, 401), strict=True))
REVIEW = READ | {"annotator": 403}
MANAGERS_READ = REVIEW | {"adjudicator": 403}
ANNOTATE = READ | {"read token": 403}
ADJUDICATE = REVIEW | ANNOTATE | {"annotator": 403}
MANAGE = ANNOTATE | {"annotator": 403, "adjudicator": 403, "annotate token": 403}
OWN_LIST = READ | {"stranger": OK, "token of another project": OK}
CREATE = dict(zip(CALLERS, (401, OK, OK, OK, OK, 403, 403, 403, 403, 401), strict=True))
PUBLIC = dict.fromkeys(CALLERS, OK)
TOO_EARLY = 409  # allowed, and refused for want of labels
NOWHERE = dict.fromkeys(CALLERS, 404)


EXPORT = tally_file({"kind": "single", "classes": ["Refund"]}, {"text": "Hi"})


@dataclass
class World:
    """A project with something of everything."""

    project: Project
    refund: LabelClass
    disputed: Document
    source: PredictionSource
    question: Question
    pick: PickedDocument
    import_job: ImportJob

    def token(self, user: User) -> str:
        """A lease of this person, or for somebody who gets none, of Ann."""
        held = claims.held_by(self.project.pk, user)
        return (held or claims.held_by(self.project.pk, User.objects.get(username="ann")))[0].token

    def frozen(self) -> int:
        """The number of a new dataset version: a deleted one would be missing for others."""
        version = dataset_versions.add(self.project.pk, None)
        dataset_versions.write(version, uuid4(), lambda: None)
        return version.number

    def exported(self) -> UUID:
        """A new export file: a deleted one would be missing for others."""
        joan = User.objects.get(username="joan")
        export_file = ExportFile(project=self.project, created_by=joan, file_format="jsonl", content="final")
        export_file.save()
        export_jobs.write(export_file, uuid4(), lambda: None)
        return export_file.pk

    def answered(self, user: User) -> int:
        """An annotation of this person, or for somebody who gets none, of Ann."""
        counted = Annotation.objects.filter(filled_lease__isnull=False)
        own = counted.filter(annotator=user)
        return (own if own.exists() else counted.filter(annotator__username="ann")).values_list("pk")[0][0]

    @property
    def labels(self) -> list[dict[str, str]]:
        return [{"class": str(self.refund.pk)}]


Body = Callable[[World, User], Any]
NO_BODY: Body = lambda world, user: None
TOKEN: Body = lambda world, user: {"token": world.token(user)}
LABELS: Body = lambda world, user: {"labels": world.labels}


def answer(world: World, user: User) -> dict[str, Any]:
    return {"token": world.token(user), "labels": world.labels}


MATRIX: dict[tuple[str, str], tuple[dict[str, int], Body]] = {
    ("schema", "GET"): (PUBLIC, NO_BODY),
    ("docs", "GET"): (PUBLIC, NO_BODY),
    ("no_such_address", "GET"): (NOWHERE, NO_BODY),
    ("projects", "GET"): (OWN_LIST, NO_BODY),
    ("projects", "POST"): (CREATE, lambda w, u: {"name": "New", "kind": "single", "class_names": ["A", "B"]}),
    ("project", "GET"): (READ, NO_BODY),
    ("project", "PATCH"): (MANAGE, lambda w, u: {"is_paused": True}),
    ("overlap_effect", "GET"): (MANAGERS_READ, NO_BODY),
    ("classes", "GET"): (READ, NO_BODY),
    ("classes", "POST"): (MANAGE, lambda w, u: {"name": "Other"}),
    ("class", "PATCH"): (MANAGE, lambda w, u: {"name": "Renamed"}),
    ("class_retire", "POST"): (MANAGE, NO_BODY),
    ("class_restore", "POST"): (MANAGE, NO_BODY),
    ("guidelines", "GET"): (READ, NO_BODY),
    ("guidelines", "POST"): (MANAGE, lambda w, u: {"body": "New.", "change": "rule"}),
    ("guideline_current", "GET"): (READ, NO_BODY),
    ("guideline", "GET"): (READ, NO_BODY),
    ("members", "GET"): (READ, NO_BODY),
    ("documents", "GET"): (READ, NO_BODY),
    ("documents", "POST"): (MANAGE, lambda w, u: {"documents": [{"text": "One more."}]}),
    ("dataset_versions", "GET"): (MANAGERS_READ, NO_BODY),
    ("dataset_versions", "POST"): (MANAGE, lambda w, u: {"name": "Pilot"}),
    ("dataset_version", "GET"): (MANAGERS_READ, NO_BODY),
    ("dataset_version", "DELETE"): (MANAGE, NO_BODY),
    ("dataset_version_file", "GET"): (MANAGERS_READ, NO_BODY),
    ("dataset_version_difference", "GET"): (MANAGERS_READ, NO_BODY),
    ("exports", "GET"): (MANAGERS_READ, NO_BODY),
    ("export", "GET"): (MANAGERS_READ, NO_BODY),
    ("export_files", "GET"): (MANAGERS_READ, NO_BODY),
    ("export_files", "POST"): (MANAGE, lambda w, u: {"format": "excel"}),
    ("export_file", "GET"): (MANAGERS_READ, NO_BODY),
    ("export_file", "DELETE"): (MANAGE, NO_BODY),
    ("export_file_content", "GET"): (MANAGERS_READ, NO_BODY),
    ("imports", "GET"): (MANAGERS_READ, NO_BODY),
    ("project_from_file", "POST"): (CREATE, lambda w, u: {"file": SimpleUploadedFile("export.json", EXPORT)}),
    ("import_file", "POST"): (MANAGE, lambda w, u: {"file": SimpleUploadedFile("a.csv", b"nr,text\n1,Hi\n")}),
    ("import_summary", "POST"): (MANAGE, lambda w, u: {"documents": [{"text": "One more."}]}),
    ("import", "GET"): (MANAGERS_READ, NO_BODY),
    ("import_rejected_rows", "GET"): (
        {caller: 404 if status == OK else status for caller, status in MANAGERS_READ.items()},  # none here
        NO_BODY,
    ),
    ("import_cancel", "POST"): (MANAGE, NO_BODY),
    ("import_resume", "POST"): (MANAGE, NO_BODY),
    ("import_undo", "GET"): (MANAGERS_READ, NO_BODY),
    ("import_undo", "POST"): (MANAGE, NO_BODY),
    ("document", "GET"): (READ, NO_BODY),
    ("document_exclude", "POST"): (MANAGE, NO_BODY),
    ("document_include", "POST"): (MANAGE, NO_BODY),
    ("document_gold", "POST"): (MANAGE | {"manager": TOO_EARLY, "manage token": TOO_EARLY}, NO_BODY),
    ("document_gold", "DELETE"): (MANAGE, NO_BODY),
    ("batches", "GET"): (ANNOTATE, NO_BODY),
    ("batches", "POST"): (ANNOTATE, lambda w, u: {"count": 2}),
    ("lease_extend", "POST"): (ANNOTATE, TOKEN),
    ("lease_release", "POST"): (ANNOTATE, TOKEN),
    ("lease_skip", "POST"): (ANNOTATE, TOKEN),
    ("lease_defer", "POST"): (ANNOTATE, TOKEN),
    ("lease_ask", "POST"): (ANNOTATE, lambda w, u: {"token": w.token(u), "text": "Why?"}),
    ("questions", "GET"): (READ, NO_BODY),
    ("question_reply", "POST"): (ADJUDICATE, lambda w, u: {"text": "Because."}),
    ("annotations", "GET"): (READ, NO_BODY),
    ("annotations", "POST"): (ANNOTATE, answer),
    ("annotation_batch", "POST"): (ANNOTATE, lambda w, u: {"annotations": [answer(w, u)]}),
    ("annotation_undo", "POST"): (ANNOTATE, NO_BODY),
    ("annotation_correct", "POST"): (ANNOTATE, LABELS),
    ("document_relabel", "POST"): (ADJUDICATE, LABELS),
    ("disputes", "GET"): (REVIEW, NO_BODY),
    ("dispute_decide", "POST"): (ADJUDICATE, LABELS),
    ("focuses", "GET"): (READ, NO_BODY),
    ("focuses", "POST"): (MANAGE, lambda w, u: {"class": str(w.refund.pk), "target_labels": 5}),
    ("focus", "DELETE"): (MANAGE, NO_BODY),
    ("mix", "GET"): (READ, NO_BODY),
    ("mix", "PUT"): (
        MANAGE,
        lambda w, u: {"random": 30, "weak_class": 30, "second_opinion": 0, "seed_words": 0},
    ),
    ("mix", "DELETE"): (MANAGE, NO_BODY),
    ("picks", "GET"): (MANAGERS_READ, NO_BODY),
    ("picks", "POST"): (MANAGE, lambda w, u: {"document_ids": [w.pick.document_id], "reason": "Again"}),
    ("pick", "DELETE"): (MANAGE, NO_BODY),
    ("predictions", "GET"): (READ, NO_BODY),
    ("predictions", "POST"): (
        MANAGE,
        lambda w, u: {"predictions": [{"external_id": "t1", "source": "rules", "label": "Refund"}]},
    ),
    ("prediction_source", "DELETE"): (MANAGE, NO_BODY),
    ("model_status", "GET"): (READ, NO_BODY),
    ("models", "GET"): (READ, NO_BODY),
    ("model", "GET"): (READ, NO_BODY),
    ("model_download", "GET"): (
        {caller: 409 if status == OK else status for caller, status in MANAGERS_READ.items()},  # no files
        NO_BODY,
    ),
    ("model", "PATCH"): (MANAGE, lambda w, u: {"note": "Before the new rule."}),
    ("report_classes", "GET"): (READ, NO_BODY),
    ("report_next_steps", "GET"): (READ, NO_BODY),
    ("report_quality", "GET"): (READ, NO_BODY),
    ("report_curves", "GET"): (READ, NO_BODY),
    ("report_confusion", "GET"): (READ, NO_BODY),
    ("report_distribution", "GET"): (READ, NO_BODY),
    ("report_slices", "GET"): (READ, NO_BODY),
    ("report_steering", "GET"): (READ, NO_BODY),
    ("report_steering", "PATCH"): (MANAGE, lambda w, u: {"target_f1": 0.9}),
    ("report_steering_class", "PATCH"): (MANAGE, lambda w, u: {"mode": "off"}),
    ("report_compare", "GET"): (MANAGERS_READ, NO_BODY),
    ("report_test_set", "GET"): (REVIEW | {"adjudicator": 403}, NO_BODY),
    ("report_savings", "GET"): (REVIEW | {"adjudicator": 403}, NO_BODY),
    **{
        (f"report_{name}_csv", "GET"): (READ, NO_BODY)
        for name in ("classes", "confusion", "curves", "distribution", "quality", "slices", "steering")
    },
    **{
        (f"report_{name}_csv", "GET"): (MANAGERS_READ, NO_BODY)
        for name in ("models", "compare", "test_set", "savings")
    },
    ("report_savings", "PATCH"): (MANAGE, lambda w, u: {"falls_back": True}),
    ("report_savings", "POST"): (MANAGE | {"manager": TOO_EARLY, "manage token": TOO_EARLY}, NO_BODY),
}


def routes(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """(name, method, path) of everything that the API answers, from the resolver itself."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            needs = getattr(pattern.callback, "view_class", None) or pattern.callback.cls
            for method in getattr(needs, "needs", None) or {"GET"}:
                yield str(pattern.name), method, path


API = [*analytics_urls.urlpatterns, *urls.urlpatterns]
ROUTES = {(name, method): path for name, method, path in routes(API)}


API_RESOLVERS = [
    served
    for served in get_resolver().url_patterns
    if isinstance(served, URLResolver) and str(served.pattern) == "api/v1/"
]


def address(path: str, world: World, user: User, project_id: int) -> str:
    """The path with identifiers that exist."""
    excluded = Document.objects.filter(project=world.project, state=Document.State.EXCLUDED).first()
    wants_excluded = "include" in path and excluded is not None
    document = excluded if wants_excluded else world.disputed
    for name, value in {
        "<row:project_id>": project_id,
        "<uuid:class_id>": world.refund.pk,
        "<row:document_id>": document.pk if document else 1,
        "<row:annotation_id>": world.answered(user) if "annotation_id" in path else 0,
        "<row:number>": 1,
        "<row:source_id>": world.source.pk,
        "<row:pick_id>": world.pick.pick_id,
        "<row:question_id>": world.question.pk,
        "<slug:file_format_key>": "dataset",
        "<row:version_number>": world.frozen() if "version_number" in path else 0,
        "<row:other_number>": world.frozen() if "other_number" in path else 0,
        "<uuid:import_id>": world.import_job.pk,
        "<uuid:export_id>": world.exported() if "export_id" in path else 0,
    }.items():
        path = path.replace(name, str(value))
    return path or "nothing/here"


@pytest.fixture
def world(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User, tally: Tally
) -> World:
    project = make_project(overlap=4)
    disputed = Document.objects.get(project=project, external_id="t0")
    for person in (ann, bob, carla, joan):
        held = claims.claim(project.pk, person, 3).documents
        done = Submission(held[1].token, [label(project, "Refund")])
        submit.submit(person, done)
    Document.objects.filter(pk=disputed.pk).update(state=Document.State.DISPUTED)
    exclusion.exclude(project.pk, joan, Document.objects.get(project=project, external_id="t5").pk)
    refund = project.classes.get(name="Refund")
    actions.focus_on(project.pk, joan, refund.pk, 3)
    ids = list(project.classes.values_list("pk", flat=True))
    for number in (1, 2):
        ModelVersion.objects.create(project=project, number=number, state="ready", classes=ids)
    source = PredictionSource.objects.create(project=project, name="rules", classes=ids)
    question = Question.objects.create(project=project, document=disputed, asker=ann, text="What is it?")
    picks.pick(project.pk, joan, [Document.objects.get(project=project, external_id="t4").pk], "More")
    import_job = ImportJob.objects.create(
        project=project, created_by=joan, file_name="mails.csv", state="done"
    )
    return World(project, refund, disputed, source, question, PickedDocument.objects.get(), import_job)


@pytest.fixture
def callers(
    world: World, make_project: Callable[..., Project], joan: User, ann: User, carla: User, eve: User
) -> dict[str, tuple[Caller, User]]:
    other = make_project(kind="multi")
    project = world.project.pk
    texts = {scope: tokens.create(project, joan, scope, scope)[1] for scope in ("read", "annotate", "manage")}
    elsewhere = tokens.create(other.pk, joan, "elsewhere", "manage")[1]
    revoked, revoked_text = tokens.create(project, joan, "revoked", "manage")
    tokens.revoke(project, joan, revoked.pk)
    return {
        "anonymous": (Caller(), ann),
        "stranger": (Caller(eve), eve),
        "annotator": (Caller(ann), ann),
        "adjudicator": (Caller(carla), carla),
        "manager": (Caller(joan), joan),
        **{f"{scope} token": (Caller(token=text), joan) for scope, text in texts.items()},
        "token of another project": (Caller(token=elsewhere), joan),
        "revoked token": (Caller(token=revoked_text), joan),
    }


# reliability F1
def test_every_address_and_method_has_a_row_in_the_matrix() -> None:
    assert set(ROUTES) == set(MATRIX)
    assert len(API) == sum(len(served.url_patterns) for served in API_RESOLVERS)


# reliability F4
def test_each_caller_gets_what_the_matrix_says(world: World, callers: dict[str, tuple[Caller, User]]) -> None:
    for (name, method), (expected, body) in part_of(MATRIX.items()):
        got = {}
        for kind, (caller, user) in callers.items():
            with transaction.atomic():
                path = address(ROUTES[name, method], world, user, world.project.pk)
                response = caller.send(method, path, body(world, user))
                got[kind] = OK if 200 <= response.status_code < 300 else response.status_code
                transaction.set_rollback(True)
        assert (name, method, got) == (name, method, expected)


# reliability F1
def test_a_foreign_project_looks_like_one_that_does_not_exist(
    world: World, callers: dict[str, tuple[Caller, User]]
) -> None:
    in_project = [row for row, path in ROUTES.items() if "<row:project_id>" in path]
    for name, method in part_of(in_project, 1):
        body = MATRIX[name, method][1]
        for kind in ("stranger", "token of another project"):
            caller, user = callers[kind]
            foreign, missing = (
                caller.send(method, address(ROUTES[name, method], world, user, project), body(world, user))
                for project in (world.project.pk, 10**15)
            )
            assert (name, method, foreign.status_code) == (name, method, 404)
            assert (foreign.content, dict(foreign.headers)) == (missing.content, dict(missing.headers))


def test_a_manage_token_loses_its_power_with_its_owner_s_role(
    world: World, joan: User, carla: User, callers: dict[str, tuple[Caller, User]]
) -> None:
    caller, _joan = callers["manage token"]
    from_manager = caller.post(f"projects/{world.project.pk}/classes/", {"name": "While manager"})
    world.project.memberships.filter(user=joan).update(role="annotator")
    from_annotator = caller.post(f"projects/{world.project.pk}/classes/", {"name": "Afterwards"})
    assert (from_manager.status_code, from_annotator.status_code) == (201, 403)


def test_a_removed_member_s_token_opens_nothing(
    world: World, joan: User, callers: dict[str, tuple[Caller, User]]
) -> None:
    caller, _joan = callers["read token"]
    world.project.memberships.filter(user=joan).update(removed_at="2026-01-01T00:00Z")
    assert caller.get(f"projects/{world.project.pk}/").status_code == 401


# reliability K5
def test_methods_that_an_address_does_not_have_are_405_for_members(
    world: World, callers: dict[str, tuple[Caller, User]]
) -> None:
    caller, _joan = callers["manage token"]
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        response = caller.client.generic(
            method, f"/api/v1/projects/{world.project.pk}/", headers=caller.headers
        )
        assert response.status_code == 405
        assert response["Allow"] == "GET, PATCH"
        assert response["Content-Type"] == "application/problem+json"


def test_classes_of_another_project_are_not_found_here(
    world: World, joan: User, make_project: Callable[..., Project]
) -> None:
    foreign = classes.add(make_project(kind="spans").pk, joan, "Foreign")
    missing = UUID(int=7)
    for method, end, body in (
        ("PATCH", "", {"name": "X"}),
        ("POST", "retire/", None),
        ("POST", "restore/", None),
    ):
        answers = [
            Caller(joan).send(method, f"projects/{world.project.pk}/classes/{pk}/{end}", body)
            for pk in (foreign.pk, missing)
        ]
        assert [response.status_code for response in answers] == [404, 404]
        assert answers[0].content == answers[1].content
