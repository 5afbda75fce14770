"""Rule draft: what a rule could say that tells two classes apart. With examples, for a manager to finish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Left
from django.utils.translation import gettext as _

from analytics.data import queries
from analytics.data.queries import taken_for
from analytics.metrics.confusion import swapped
from labeling.annotations.agreement import compared_answers
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.predictions.prequential import Predicted, PredictedSpans, foretold
from labeling.projects.models import Project
from labeling.templatetags.labeling_pages import excerpt

MAX_EXAMPLES = 3  # of each kind: enough to see what the two have in common
EXCERPT = 200  # characters of an example


@dataclass(frozen=True)
class Examples:
    """Documents that are hard to tell apart.

    split : people gave some one class and some the other
    first, second : of that class, and the model took them for the other
    are_tested : whether documents of the test set are among them, since the pool has none
    """

    split: list[str]
    first: list[str]
    second: list[str]
    are_tested: bool

    def __len__(self) -> int:
        return len(self.split) + len(self.first) + len(self.second)


def rule_draft(project: Project, first: LabelClass, second: LabelClass) -> tuple[str, Examples]:
    """A section for the guideline in Markdown, and the examples that it quotes. Nothing is saved."""
    shared = examples(project, first.pk, second.pk)
    lines = [f"## {first.name} / {second.name}", ""]
    lines += [_("- It is {name} when …").format(name=label_class.name) for label_class in (first, second)]
    lines += [_("- If both apply: …"), ""]
    for title, texts in (
        (_("Annotators disagreed on:"), shared.split),
        (_("{name}, easily confused with {other}:").format(name=first.name, other=second.name), shared.first),
        (
            _("{name}, easily confused with {other}:").format(name=second.name, other=first.name),
            shared.second,
        ),
    ):
        if texts:
            lines += [title, "", *(f"> {_quoted(text)}\n" for text in texts)]
    return "\n".join(lines).strip() + "\n", shared


def examples(project: Project, first: UUID, second: UUID) -> Examples:
    """Of the pool where it has any; its texts may be shown to annotators, those of the test set may not."""
    split = _split_documents(project, first, second)
    before = [prediction for prediction in foretold(project) if not prediction.is_test]
    ways = (first, second), (second, first)
    taken = [
        _newest(prediction.document_id for prediction in before if _is_taken(prediction, *way))
        for way in ways
    ]
    are_tested = not (split or taken[0] or taken[1])
    if are_tested:
        taken = _tested(project, first, second)
    texts = _texts([*split, *taken[0], *taken[1]])
    chosen = [[texts[pk] for pk in ids if pk in texts] for ids in (split, *taken)]
    return Examples(chosen[0], chosen[1], chosen[2], are_tested and any(taken))


def _is_taken(prediction: Predicted | PredictedSpans, true: UUID, predicted: UUID) -> bool:
    """Whether the model took the one class for the other, in the document or at a place of it."""
    if isinstance(prediction, PredictedSpans):
        of_true = {(start, end) for start, end, label_class in prediction.true_labels if label_class == true}
        return any(
            (start, end) in of_true
            for start, end, label_class in prediction.predicted
            if label_class == predicted
        )
    return prediction.true_labels == {true} and prediction.label_class == predicted


def _split_documents(project: Project, first: UUID, second: UUID) -> list[int]:
    answers: dict[int, set[UUID]] = {}
    for answer in compared_answers(project.pk):
        if not answer.is_test:
            answers.setdefault(answer.document_id, set()).update(answer.classes)
    return _newest(pk for pk, classes in answers.items() if {first, second} <= classes)


def _tested(project: Project, first: UUID, second: UUID) -> list[list[int]]:
    """Documents of the test set that the newest model mixes up."""
    version = queries.latest_model(project)
    held_out = queries.held_out(project, version) if version else None
    if held_out is None or not {first, second} <= set(held_out.classes):
        return [[], []]
    indices = held_out.classes.index(first), held_out.classes.index(second)
    ways = (indices, indices[::-1])
    if project.kind == Project.Kind.SPANS:
        taken = [taken_for(held_out, *way) for way in ways]
    else:
        taken = [swapped(held_out.truth, held_out.predicted, *way) for way in ways]
    return [_newest(held_out.document_ids[rows].tolist()) for rows in taken]


def _newest(ids: Iterable[int]) -> list[int]:
    return list(ids)[-MAX_EXAMPLES:][::-1]


def _texts(ids: Sequence[int]) -> dict[int, str]:
    starts = Document.objects.filter(pk__in=ids).annotate(start=Left("text", 2 * EXCERPT + 1))
    return {pk: excerpt(start, EXCERPT) for pk, start in starts.values_list("pk", "start")}


def _quoted(text: str) -> str:
    """In one line, such that Markdown shows it as it is.

    >>> _quoted("Pay [twice](http://a) *now*")
    'Pay \\\\[twice\\\\](http://a) \\\\*now\\\\*'
    """
    return "".join("\\" + sign if sign in "\\`*_[]<>#|!" else sign for sign in text)
