"""Claims API: a machine takes documents to label, keeps them, and gives them back unanswered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import skipping
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text, WholeNumber
from labeling.api.edge.idempotency import KeyedInput, key_of, require_leases_of
from labeling.api.edge.permissions import ANNOTATE
from labeling.api.edge.schema import IDEMPOTENCY_KEY, operation
from labeling.documents.metadata import shown_metadata
from labeling.explanations.model_evidence import explanation, shows_prediction
from labeling.explanations.reasons import reason_sentence
from labeling.explanations.selection_reason import ModelEvidence, ReasonKey, SelectionReason
from labeling.explanations.suggestions import OPEN
from labeling.learning.query_strategies.mix import Share
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.claims import Claimed, HeldDocument
from labeling.queue.models import Lease

FROM_THE_BATCH = "From the batch."
UNTOLD = (ReasonKey.VERSION, ReasonKey.MEASURES)  # of a reason, whoever asks
PUBLIC_NAMES: dict[str, str] = {  # of a reason's parts whose stored name says less
    ReasonKey.SHARE: "selected_by",
    ReasonKey.SOUGHT: "is_rare_class",
    ReasonKey.CLUSTER_SIZE: "cluster_size",
    ReasonKey.PROPENSITY: "selection_probability",
    ReasonKey.FALLBACK: "is_fallback",
    ReasonKey.PART: "queue_share",
    ReasonKey.ANSWERS: "annotations",
    ReasonKey.OVERLAP: "overlap",
    ReasonKey.WHY: "pick_reason",
    ReasonKey.TOP: "top_classes",
    ReasonKey.LIKELY: "predicted_classes",
    ReasonKey.EXPERTS: "committee",
    ReasonKey.WORDS: "word_attributions",
    ReasonKey.WHOLE_TEXT: "text_attribution",
    ReasonKey.SPANS: "predicted_spans",
}


class ClaimIn(KeyedInput):
    count = WholeNumber(
        required=False,
        min_value=1,
        max_value=claims.MAX_PER_CLAIM,
        default=1,
        help_text="Maximum number of documents.",
    )


class LeaseIn(Input):
    token = Text(max_length=200, trim_whitespace=False, help_text=FROM_THE_BATCH)


class ReleaseIn(LeaseIn, KeyedInput):
    pass


class SkipIn(ReleaseIn):
    reason = Text(required=False, allow_blank=True, max_length=300, help_text="Shown to managers.")


class DeferIn(ReleaseIn):
    minutes = WholeNumber(required=False, min_value=1, max_value=60 * 24 * 30, default=60)


class HeldDocumentOut(serializers.Serializer[Any]):
    """A document assigned to you, with the end of its lease and the reason it was selected."""

    token = serializers.CharField(help_text="The token of this claim. Send it with the annotation.")
    document_id = serializers.IntegerField()
    external_id = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    metadata = serializers.SerializerMethodField(
        help_text="Without the fields that the project hides from annotators."
    )
    leased_until = serializers.DateTimeField(
        help_text="Later annotations count only while no other annotator has the place."
    )
    reason = serializers.SerializerMethodField(
        help_text="Why the document was selected: `selected_by`, a share of the queue composition; "
        "`sentence`, for people; `explanation` of the pre-label, if pre-labels are shown; "
        "and the numbers."
    )
    guideline = serializers.SerializerMethodField(help_text="Number of the guideline version to follow.")

    @extend_schema_field(serializers.DictField())
    def get_metadata(self, held: HeldDocument) -> dict[str, Any]:
        return shown_metadata(held.metadata, self.context["project"])

    def get_reason(self, held: HeldDocument) -> dict[str, Any]:
        return shown_reason(held.reason, self.context["class_names"], self.context["shows_classes"])

    def get_guideline(self, held: HeldDocument) -> int | None:
        number: int | None = self.context["guidelines"].get(held.lease_id)
        return number


class BatchOut(serializers.Serializer[Any]):
    """Documents to label. An empty batch gives the reason."""

    documents = HeldDocumentOut(many=True)
    empty_because = serializers.ChoiceField(
        ["no_documents", "complete", "all_leased", "none_for_you", "at_cap", "paused", "replayed"],
        allow_null=True,
    )
    retry_after = serializers.IntegerField(
        allow_null=True, help_text="Seconds, as in the Retry-After header."
    )


class ExtendedOut(serializers.Serializer[Any]):
    leased_until = serializers.DateTimeField()


def shown_reason(reason: SelectionReason, class_names: dict[str, str], shows_classes: bool) -> dict[str, Any]:
    """The reason without what the model thinks, where the project keeps suggestions from annotators.

    >>> shown_reason(SelectionReason.from_json({"share": "random", "top": [["a", 0.9]]}), {}, False)
    {'selected_by': 'random', 'sentence': 'Random sample, for unbiased evaluation.'}
    """
    shows = shows_prediction(reason, shows_classes)
    sentence = reason_sentence(reason, class_names, shows)
    if not shows:
        is_wish = reason.share == Share.SEED_WORDS  # of a manager, and matched without a model
        label_class = reason.label_class if is_wish else None
        reason = replace(reason, label_class=label_class, evidence=ModelEvidence())
    known_to_annotators = {name: part for name, part in reason.to_json().items() if name not in UNTOLD}
    shown = {PUBLIC_NAMES.get(name, name): part for name, part in known_to_annotators.items()}
    if shows:
        shown["explanation"] = explanation(reason.evidence, class_names)
    return shown | {"sentence": sentence}


def held_out(held: Sequence[HeldDocument], project: Project) -> list[dict[str, Any]]:
    """The documents as the API shows them, each with its reason and the guideline that its lease names."""
    if not held:
        return []
    leases = Lease.objects.filter(pk__in=[document.lease_id for document in held])
    names = {str(pk): name for pk, name in project.classes.values_list("pk", "name")}
    context = {
        "project": project,
        "guidelines": dict(leases.values_list("pk", "guideline__number")),
        "class_names": names,
        "shows_classes": project.suggestion_policy in OPEN,
    }
    return list(HeldDocumentOut(held, many=True, context=context).data)


def _answer(claimed: Claimed, project: Project) -> Response:
    body = {
        "documents": held_out(claimed.documents, project),
        "empty_because": claimed.empty_because,
        "retry_after": claimed.retry_after,
    }
    headers = {} if claimed.retry_after is None else {"Retry-After": str(claimed.retry_after)}
    return Response(body, headers=headers)


class Batches(Endpoint):
    needs = {"GET": ANNOTATE, "POST": ANNOTATE}

    @operation("batches_held", answers={200: BatchOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List documents assigned to you, oldest first, for a client that lost its tokens."""
        return _answer(Claimed(claims.held_by(project_id, self.caller)), self.member.project)

    @operation(
        "batches_claim",
        request=ClaimIn,
        answers={200: BatchOut},
        errors=[422],
        headers=[IDEMPOTENCY_KEY],
        examples={"Ten documents": {"count": 10, "key": "run-17-step-1"}},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Claim up to `count` documents, highest-ranked first.

        Machine tokens get no documents that measure the model or annotators: people label those.
        """
        requested = ClaimIn.checked(request.data)
        key = key_of(request, requested.get("key"))
        claimed = claims.claim(project_id, self.caller, requested["count"], key, is_machine=self.is_machine)
        return _answer(claimed, self.member.project)


class ExtendLease(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation("leases_extend", request=LeaseIn, answers={200: ExtendedOut}, errors=[409])
    def post(self, request: Request, project_id: int) -> Response:
        """Extend a lease by its full length from now, up to eight times its length in total."""
        token = _own_token(LeaseIn.checked(request.data), project_id)
        return Response(ExtendedOut({"leased_until": claims.extend(token, self.caller)}).data)


class ReleaseLease(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation(
        "leases_release",
        request=ReleaseIn,
        answers={204: None},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Release a document unlabeled. Repeating it with the same token changes nothing."""
        requested = ReleaseIn.checked(request.data)
        key = key_of(request, requested.get("key"))
        claims.release(_own_token(requested, project_id), self.caller, key)
        return Response(status=204)


class SkipLease(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation(
        "leases_skip",
        request=SkipIn,
        answers={204: None},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Skip a document: it is never assigned to you again. Repeating it changes nothing."""
        requested = SkipIn.checked(request.data)
        key = key_of(request, requested.get("key"))
        skipping.skip(_own_token(requested, project_id), self.caller, requested.get("reason", ""), key)
        return Response(status=204)


class DeferLease(Endpoint):
    needs = {"POST": ANNOTATE}

    @operation(
        "leases_defer",
        request=DeferIn,
        answers={204: None},
        errors=[409, 422],
        headers=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Postpone a document: others can label it, and it is assigned to you again after `minutes`.

        Repeating it changes nothing: the minutes count from the first request.
        """
        requested = DeferIn.checked(request.data)
        key = key_of(request, requested.get("key"))
        claims.defer(_own_token(requested, project_id), self.caller, requested["minutes"], key)
        return Response(status=204)


def _own_token(requested: dict[str, Any], project_id: int) -> str:
    require_leases_of(project_id, [requested["token"]])
    return str(requested["token"])
