"""What did a model say of a test set? A labelled test set and its stored predictions, without a training."""

from collections.abc import Sequence
from typing import Any

from labeling.actions import given
from labeling.models import HeldOutPrediction, ModelVersion, Project
from tests.cast import fill, label

Names = Sequence[str]
Span = tuple[str, int, int]


def judge(project: Project, documents: Sequence[tuple[Names, Names]], **facts: Any) -> ModelVersion:
    """A model that said the second of each test document, of which the first is true."""
    names = [c.name for c in project.classes.all()]
    version = _version(project, facts)
    texts = [f"Test document {n} of {' '.join(truth)}" for n, (truth, _) in enumerate(documents)]
    made = fill(project, texts, split="test")
    answers = zip(made, documents, strict=True)
    given.record(project, [(d.pk, [label(project, name) for name in truth]) for d, (truth, _) in answers])
    HeldOutPrediction.objects.bulk_create(
        HeldOutPrediction(
            model_version=version, document=d, probabilities=[0.9 if n in said else 0.05 for n in names]
        )
        for d, (_, said) in zip(made, documents, strict=True)
    )
    return version


def judge_spans(
    project: Project, documents: Sequence[tuple[Sequence[Span], Sequence[Span]]], **facts: Any
) -> ModelVersion:
    """The same for spans: (class, start, end) each."""
    names = [c.name for c in project.classes.all()]
    version = _version(project, facts)
    made = fill(
        project, [f"Test document {n}, with words enough" for n in range(len(documents))], split="test"
    )
    answers = zip(made, documents, strict=True)
    given.record(project, [(d.pk, [label(project, *span) for span in truth]) for d, (truth, _) in answers])
    HeldOutPrediction.objects.bulk_create(
        HeldOutPrediction(
            model_version=version, document=d, spans=[[s, e, names.index(n), 0.9] for n, s, e in said]
        )
        for d, (_, said) in zip(made, documents, strict=True)
    )
    return version


def _version(project: Project, facts: dict[str, Any]) -> ModelVersion:
    project.refresh_from_db()
    project.grouped_count = 10**6  # every document was compared with the others
    project.save(update_fields=["grouped_count"])
    return ModelVersion.objects.create(
        project=project,
        number=1,
        state="ready",
        classes=[c.pk for c in project.classes.all()],
        label_count=40,
        facts=facts,
        finished_at="2026-11-12T00:00Z",
    )
