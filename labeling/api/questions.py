"""Questions API: what annotators ask about documents, and what adjudicators reply."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import questions
from labeling.annotations.models import Question
from labeling.api.claims import FROM_THE_BATCH
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text
from labeling.api.edge.idempotency import KeyedInput, key_of, require_leases_of
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import ADJUDICATE, ANNOTATE, READ
from labeling.api.edge.schema import IDEMPOTENCY_KEY, operation


class AskIn(KeyedInput):
    token = Text(max_length=200, trim_whitespace=False, help_text=FROM_THE_BATCH)
    text = Text(max_length=questions.MAX_CHARACTERS)


class ReplyIn(Input):
    text = Text(max_length=questions.MAX_CHARACTERS)


class QuestionFilters(PageFilters):
    unanswered = serializers.ChoiceField(
        ["true"], source="waiting", required=False, help_text="Only questions without a reply."
    )


class QuestionOut(serializers.ModelSerializer[Question]):
    """A question about one document. The reply is empty until an adjudicator replies."""

    document_id = serializers.IntegerField()
    asker = serializers.CharField(source="asker.username")
    answerer = serializers.CharField(source="answerer.username", allow_null=True, default=None)

    class Meta:
        model = Question
        fields = ("id", "document_id", "asker", "text", "asked_at", "reply", "answerer", "answered_at")
        read_only_fields = fields


class Questions(Endpoint):
    needs = {"GET": READ}
    filters = QuestionFilters

    @operation("questions_list", answers={200: page_of(QuestionOut)}, filters=QuestionFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List questions, oldest first. Annotators see only their own."""
        rows = Question.objects.filter(project=project_id, pk__gt=self.requested.get("cursor", 0))
        if "waiting" in self.requested:
            rows = rows.waiting()
        if not self.member.may_adjudicate:
            rows = rows.filter(asker=self.caller)
        rows = rows.select_related("asker", "answerer").order_by("pk")
        listing = page(list(rows[: self.requested["limit"] + 1]), self.requested["limit"], key=lambda q: q.pk)
        return Response(listing | {"results": QuestionOut(listing["results"], many=True).data})


class AskLease(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation(
        "leases_ask",
        request=AskIn,
        answers={201: QuestionOut},
        errors=[422],
        headers=[IDEMPOTENCY_KEY],
        examples={"A question": {"token": "17-1.kq0…", "text": "Is a fee a refund?", "key": "run-17-ask-1"}},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Ask the adjudicators about a claimed document. It is assigned to you again with their reply."""
        requested = AskIn.checked(request.data)
        key = key_of(request, requested.get("key")) or ""
        require_leases_of(project_id, [requested["token"]])
        question = questions.ask(requested["token"], self.caller, requested["text"], key)
        return Response(QuestionOut(question).data, status=201)


class ReplyToQuestion(Endpoint):
    needs = {"POST": ADJUDICATE}

    @operation(
        "questions_reply",
        request=ReplyIn,
        answers={200: QuestionOut},
        errors=[409, 422],
        examples={"A reply": {"text": "Yes, where it is paid back."}},
    )
    def post(self, request: Request, project_id: int, question_id: int) -> Response:
        """Reply to a question. Its document is assigned to the asker again if they can still label it."""
        text = ReplyIn.checked(request.data)["text"]
        questions.reply(project_id, question_id, self.caller, text)
        answered = Question.objects.select_related("asker", "answerer").get(pk=question_id)
        return Response(QuestionOut(answered).data)
