"""Annotations API: answers come in, are taken back, and are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import corrections
from labeling.annotations.submit import MAX_SUBMITS, Submission, Submitted, submit, submit_many
from labeling.api.annotation_list import ListAnnotations
from labeling.api.claims import FROM_THE_BATCH, HeldDocumentOut, held_out
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Number, Text
from labeling.api.edge.idempotency import KeyedInput, key_of, optional_body, require_leases_of
from labeling.api.edge.permissions import ANNOTATE, ANNOTATE_BATCH
from labeling.api.edge.schema import IDEMPOTENCY_KEY, operation
from labeling.api.labels import LabelsIn, label_values
from labeling.queue import claims

MAX_TOTAL_LABELS = 10_000  # of one request
EXAMPLE = {
    "token": "17-1.kq0…",
    "labels": [{"class": "5f0c1d9e-6c1c-4f0e-9b7e-0a4f6a0f3b52"}],
    "key": "run-17-answer-1",
    "seconds": 6.5,
}


class AnswerIn(KeyedInput):
    """An annotation of a document that you have claimed."""

    token = Text(max_length=200, trim_whitespace=False, help_text=FROM_THE_BATCH)
    labels = LabelsIn()
    seconds = Number(
        required=False, min_value=0, max_value=86_400, help_text="Seconds of active work on the document."
    )
    suggestion = serializers.JSONField(
        required=False, help_text="The pre-label that the annotator was shown, if any."
    )
    note = Text(required=False, allow_blank=True, max_length=1000)

    def validate_suggestion(self, suggestion: Any) -> Any:
        if len(str(suggestion)) > 10_000:
            raise serializers.ValidationError("A suggestion can have at most 10,000 characters.")
        return suggestion


class AnswersIn(Input):
    annotations = serializers.ListField(child=AnswerIn(), min_length=1, max_length=MAX_SUBMITS)

    def validate_annotations(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if sum(len(answer["labels"]) for answer in answers) > MAX_TOTAL_LABELS:
            raise serializers.ValidationError("Send at most 10,000 labels per request.")
        return answers


class CorrectionIn(KeyedInput):
    labels = LabelsIn()


class UndoIn(KeyedInput):
    """No fields are required."""


class SubmittedOut(serializers.Serializer[Any]):
    """What happened to an annotation."""

    annotation_id = serializers.IntegerField()
    document_id = serializers.IntegerField()
    outcome = serializers.ChoiceField(
        ["counted", "replay", "surplus"],
        help_text="`surplus`: another annotator has the place; stored, not counted. `replay`: it was "
        "already saved.",
    )
    document_state = serializers.CharField(
        allow_null=True, help_text="Null for annotators, since it would reveal which documents measure them."
    )


class AllSubmittedOut(serializers.Serializer[Any]):
    results = SubmittedOut(many=True, help_text="In the order of the request.")


class UndoneOut(serializers.Serializer[Any]):
    """The result of an undo."""

    document_id = serializers.IntegerField()
    lease = HeldDocumentOut(
        allow_null=True,
        help_text="The document, assigned to you again. Null if it has enough annotations without "
        "yours, or if you have labeled it since.",
    )


def _submission(answer: Mapping[str, Any], key: str | None, *, is_machine: bool) -> Submission:
    return Submission(
        answer["token"],
        label_values(answer["labels"]),
        key=key,
        seconds=answer.get("seconds"),
        suggestion=answer.get("suggestion"),
        note=answer.get("note", ""),
        is_machine=is_machine,
    )


def _answer(done: Sequence[Submitted], body: Any) -> Response:
    """201 where anything was counted, else 202 where anything was kept as surplus, else 200: all replays."""
    outcomes = {submitted.outcome for submitted in done}
    status = 201 if "counted" in outcomes else 202 if "surplus" in outcomes else 200
    return Response(body, status, headers={"Idempotent-Replayed": "true"} if status == 200 else {})


class Answering(Endpoint):
    """An address that stores answers."""

    def shown(self, done: Submitted) -> Any:
        """What became of the answer, as its author may know it."""
        body = dict(SubmittedOut(done).data)
        return body if self.member.may_adjudicate else body | {"document_state": None}


class Annotations(Answering, ListAnnotations):
    needs = {"POST": ANNOTATE, **ListAnnotations.needs}

    @operation(
        "annotations_submit",
        request=AnswerIn,
        answers={201: SubmittedOut, 200: SubmittedOut, 202: SubmittedOut},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
        examples={"One class": EXAMPLE},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Submit an annotation.

        201: counted. 200, with `Idempotent-Replayed: true`: the same annotation was already saved.
        202: stored as surplus, because the lease had expired and another annotator has the place.
        """
        answer = AnswerIn.checked(request.data)
        submission = _submission(answer, key_of(request, answer.get("key")), is_machine=self.is_machine)
        require_leases_of(project_id, [submission.token])
        done = submit(self.caller, submission)
        return _answer([done], self.shown(done))


class AnnotationBatch(Answering):
    needs = {"POST": ANNOTATE_BATCH}

    @operation(
        "annotations_submit_many",
        request=AnswersIn,
        answers={201: AllSubmittedOut, 200: AllSubmittedOut, 202: AllSubmittedOut},
        errors=[409, 422],
        examples={
            "Two annotations": {"annotations": [EXAMPLE, EXAMPLE | {"token": "18-1.c3x…", "key": "a-2"}]}
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Submit up to 500 annotations: either all are stored or none.

        The error has the path of the first invalid one. 201: at least one was counted; 202: all new
        ones are surplus; 200: all were already saved.
        """
        answers = AnswersIn.checked(request.data)["annotations"]
        require_leases_of(project_id, [answer["token"] for answer in answers], is_list=True)
        done = submit_many(
            self.caller,
            [_submission(answer, answer.get("key"), is_machine=self.is_machine) for answer in answers],
        )
        return _answer(done, {"results": [self.shown(result) for result in done]})


class UndoAnnotation(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation(
        "annotations_undo",
        request=UndoIn,
        answers={200: UndoneOut},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
        examples={"With a key": {"key": "run-17-undo-1"}},
    )
    def post(self, request: Request, project_id: int, annotation_id: int) -> Response:
        """Withdraw your own annotation. Usually its document is assigned to you again, with a new token.

        With the same key it is withdrawn only once, and a retry gets the token too.
        """
        key = key_of(request, UndoIn.checked(optional_body(request)).get("key"))
        lease = corrections.undo(project_id, self.caller, annotation_id, key=key)
        held = [held for held in claims.held_by(project_id, self.caller) if held.lease_id == lease.pk]
        shown = held_out(held, self.member.project)
        return Response({"document_id": lease.document_id, "lease": shown[0] if shown else None})


class CorrectAnnotation(Answering):
    needs = {"POST": ANNOTATE}

    @operation(
        "annotations_correct",
        request=CorrectionIn,
        answers={201: SubmittedOut, 200: SubmittedOut},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
        examples={"Another class": {"labels": EXAMPLE["labels"], "key": "run-17-correction-1"}},
    )
    def post(self, request: Request, project_id: int, annotation_id: int) -> Response:
        """Replace your own annotation. The old one stays in the history."""
        requested = CorrectionIn.checked(request.data)
        labels, key = label_values(requested["labels"]), key_of(request, requested.get("key"))
        done = corrections.correct(
            project_id, self.caller, annotation_id, labels, key, is_machine=self.is_machine
        )
        return _answer([done], self.shown(done))
