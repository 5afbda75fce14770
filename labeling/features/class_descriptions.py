"""Class descriptions: the guideline's words for each class, and their vectors, to compare texts with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from labeling.features.embedder import makes_embeddings
from labeling.guidelines.models import ClassRule, Guideline, LabelClass
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import Floats
from labeling.learning.text.sentence_embeddings import Embedder
from labeling.projects.models import Project


def class_lines(project: Project, classes: Sequence[UUID], *, has_bare_names: bool) -> list[str]:
    """ "name: definition" of each class, by the newest version of the guideline.

    has_bare_names : whether a name alone is a line too: a language model understands it, counted words do not
    """
    newest = Guideline.objects.filter(project=project).order_by("-number").first()
    rules = ClassRule.objects.filter(guideline=newest).exclude(definition="") if newest else []
    definitions = {rule.label_class_id: rule.definition.strip() for rule in rules}
    names = dict(LabelClass.objects.filter(project=project).values_list("pk", "name"))
    return [_line(names[pk], definitions.get(pk, ""), has_bare_names) for pk in classes]


def _line(name: str, definition: str, has_bare_names: bool) -> str:
    spoken = name.replace("_", " ").replace("-", " ")
    if not definition:
        return spoken if has_bare_names else ""
    is_said = definition.casefold().startswith((name.casefold(), spoken.casefold()))
    return definition if is_said else f"{spoken}: {definition}"


def description_vectors(project: Project, folder: Path, lines: Sequence[str]) -> Floats | None:
    """Sentence embeddings of these lines; None, and they are owed, where nobody has made them yet."""
    try:
        arrays, _ = read_folder(folder / _name(lines))
    except FileNotFoundError:
        if makes_embeddings():
            enqueue(project.pk, Job.Kind.EMBED)
        return None
    return arrays["vectors"]


def embed_descriptions(project: Project, folder: Path, load: Callable[[], Embedder]) -> None:
    """Make the embeddings of the guideline of now. What new words change is owed a training."""
    classes = list(LabelClass.objects.active().filter(project=project).values_list("pk", flat=True))
    lines = class_lines(project, classes, has_bare_names=True)
    path = folder / _name(lines)
    if not classes or path.exists():
        return
    write_folder(path, {"vectors": load().embed(lines)}, {"lines": lines})
    if project.model_versions.ready().exists():
        enqueue(project.pk, Job.Kind.TRAIN)


def _name(lines: Sequence[str]) -> str:
    return "classes-" + hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
