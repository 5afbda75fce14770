"""Hyperparameter tuning: tried fold by fold in idle time, and used where it proves better."""

from __future__ import annotations

import time
from dataclasses import asdict

import numpy as np
from django.db import transaction

from labeling.actions.evidence import evidence_for
from labeling.actions.features import current_store
from labeling.actions.lessons import given_before, read_lesson
from labeling.actions.owed import beat, owe
from labeling.learning.recipe import USUAL_RECIPE, Augmentation, Recipe
from labeling.learning.tuning import Score, adopted, next_trial, run_trial, verdicts
from labeling.models import Now, OwedWork, Project, Tuning

RUN_SECONDS = 20  # then other work has its turn
MAX_LABELS = 1_000  # documents tried on: from there on a gain that matters is beyond noise
MAX_SAVED_TUNINGS = 10


def work_on(work: OwedWork) -> None:
    """Try for RUN_SECONDS and owe the rest; with the last fold, adopt what was better, and train with it."""
    project = Project.objects.active().filter(pk=work.project_id).first()
    store = current_store(project) if project else None
    if project is None or store is None:
        return
    tuning = Tuning.objects.filter(project=project, finished_at=None).first() or _begun(project)
    places, labels = given_before(tuning.annotations, tuning.classes)
    if project.kind == Project.Kind.SINGLE:
        labels = labels.argmax(axis=1)
    rows, evidence = store.take(places), evidence_for(project, store, tuning.classes)
    ends = time.monotonic() + RUN_SECONDS
    done = {_recipe(key): [Score(*score) for score in scores] for key, scores in tuning.trials.items()}
    while (following := next_trial(done)) is not None:
        recipe, number = following
        score = run_trial(rows, labels, len(tuning.classes), evidence, recipe, number)
        beat(work)
        done.setdefault(recipe, []).append(score)
        trials = {_key(each): [[s.macro_f1, s.log_loss] for s in scores] for each, scores in done.items()}
        Tuning.objects.filter(pk=tuning.pk).update(trials=trials)
        if time.monotonic() > ends:
            owe(project.pk, OwedWork.Kind.TUNE)
            return
    _adopt(work, project, tuning, done)


def recipe_of(project: Project) -> Recipe:
    """What trainings use: what the newest trial adopted, or the usual recipe."""
    newest = Tuning.objects.filter(project=project).exclude(finished_at=None).first()
    if newest is None or newest.dismissed_at is not None or newest.strength is None:
        return USUAL_RECIPE
    return Recipe(newest.strength, Augmentation(newest.augmentation))


def _begun(project: Project) -> Tuning:
    lesson = read_lesson(project)
    annotations = [document.annotation_id for document in lesson.documents]
    if len(annotations) > MAX_LABELS:
        annotations = np.random.default_rng(project.pk).choice(annotations, MAX_LABELS, False).tolist()
    return Tuning.objects.create(
        project=project,
        classes=lesson.classes,
        annotations=annotations,
        label_count=len(lesson.documents),
    )


@transaction.atomic
def _adopt(work: OwedWork, project: Project, tuning: Tuning, done: dict[Recipe, list[Score]]) -> None:
    before, found = recipe_of(project), verdicts(done)
    best = adopted(found)
    beat(work)
    Tuning.objects.filter(pk=tuning.pk).update(
        verdicts=[asdict(one) for one in found],
        strength=best.strength,
        augmentation=best.augmentation.value,
        finished_at=Now(),
    )
    kept = list(Tuning.objects.filter(project=project).values_list("pk", flat=True)[:MAX_SAVED_TUNINGS])
    Tuning.objects.filter(project=project).exclude(pk__in=kept).delete()
    if best != before:
        owe(project.pk, OwedWork.Kind.TRAIN)


def _key(recipe: Recipe) -> str:
    return f"{recipe.strength:g} {recipe.augmentation.value}"


def _recipe(key: str) -> Recipe:
    strength, augmentation = key.split()
    return Recipe(float(strength), Augmentation(augmentation))
