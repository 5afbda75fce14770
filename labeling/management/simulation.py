"""Active learning simulation: how good a model gets. Simulated annotators, the real queue and trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import connection

from labeling import worker
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission, submit_many
from labeling.annotations.validation import LabelValue
from labeling.documents.models import Document
from labeling.exchange import importing
from labeling.features import encoding, pipeline
from labeling.features.embedder import service_embedder
from labeling.features.static_words import make_static_vectors
from labeling.guidelines import new_projects, versions
from labeling.guidelines.models import Guideline, LabelClass
from labeling.guidelines.versions import RuleText
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.committee import Committee
from labeling.learning.evaluation.scores import Quality, quality_of_flags, quality_of_spans
from labeling.learning.sequence.bio_tags import Span, tokenize
from labeling.management.truths import Truth
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.training import run
from labeling.training.model_files import model_folder

GENERATIONS_A_SEED = 1_000_000  # rankings take their seed from the number of their generation
NOTHING = Quality(0.0, 0.0, 0.0)  # of a project whose labels do not make a model yet


@dataclass(frozen=True)
class SimulationPoint:
    """One place of a learning curve."""

    labels: int
    quality: Quality
    seconds: float  # from the labels to the new order, training and ranking
    tokens: int = 0  # of the labeled documents: what reading them costs

    def row(self) -> list[float]:
        shares = (self.quality.accuracy, self.quality.macro_f1, self.quality.micro_f1)
        return [self.labels, *(round(share, 4) for share in shares)]


class Simulation:
    """A project made from a labeled data set, and the annotator who knows all its answers."""

    def __init__(self, truth: Truth, strategy: str, fit: run.CommitteeFit) -> None:
        self.truth, self.fit = truth, fit
        self.tokens = 0  # of the documents labeled so far
        self.annotator = User.objects.create_user("simulated")
        self.project = new_projects.create(
            self.annotator,
            name="Simulation",
            kind=truth.kind,
            class_names=truth.class_names,
            strategy=strategy,
            test_share=0.0,  # the test set has its answers from the start: none of it is queued
            lease_minutes=1440,
            allows_overlapping_spans=True,
        )
        self.classes = dict(LabelClass.objects.filter(project=self.project).values_list("name", "pk"))

    def prepare(self) -> None:
        """Import the documents, the test set with its answers, and make their features."""
        report = importing.import_documents(self.project.pk, self.truth.questions())
        if problems := (*report.bad_rows, *report.warnings):
            raise RuntimeError(f"{report.bad + report.warned} rows were refused: {problems[0].reason}")
        if not worker.run_job(self.project.pk, Job.Kind.FEATURIZE):
            raise RuntimeError("There are no features to make.")

    def distill(self) -> None:
        """Make the features anew with static word vectors, and the guesses of embeddings from them."""
        make_static_vectors(service_embedder)
        pipeline.enqueue_outdated()
        worker.run_job(self.project.pk, Job.Kind.FEATURIZE)
        outbox.enqueue(self.project.pk, Job.Kind.EMBED)
        job = outbox.start(self.project.pk, Job.Kind.EMBED)
        assert job is not None
        self.project.refresh_from_db()
        encoding.distill(job, self.project, service_embedder)
        outbox.finish(job)

    def embed(self) -> None:
        """Make the sentence embeddings of all documents and of the guideline, and their graph."""
        outbox.enqueue(self.project.pk, Job.Kind.EMBED)
        while worker.run_job(self.project.pk, Job.Kind.EMBED):
            failed = Job.objects.failing().filter(project=self.project).first()
            if failed is not None:
                raise RuntimeError(failed.failure)

    def describe(self, descriptions: Mapping[str, str]) -> None:
        """Put "name: one line" into the guideline, as a manager would."""
        versions.publish(
            self.project.pk,
            self.annotator,
            body="",
            rules={self.classes[name]: RuleText(line) for name, line in descriptions.items()},
            change=Guideline.Change.RULE,
        )

    def run(
        self, seed: int, budget: int, batch: int, on_point: Callable[[SimulationPoint], None] | None = None
    ) -> list[SimulationPoint]:
        """Label batch by batch, with a training after each; the curve on the whole test set."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('labeling_generation', %s)", [(seed + 1) * GENERATIONS_A_SEED])
        if not worker.run_job(self.project.pk, Job.Kind.RANK):
            raise RuntimeError("The first order is not owed.")
        self.tokens = 0
        curve: list[SimulationPoint] = []
        labels = 0
        while labels < budget:
            labeled = self.label(min(batch, budget - labels))
            if not labeled:
                break
            labels += labeled
            curve.append(SimulationPoint(labels, *self.train(), tokens=self.tokens))
            if on_point:
                on_point(curve[-1])
        return curve

    def label(self, count: int) -> int:
        """Claim and answer documents in the order of the queue. Returns how many there were."""
        done = 0
        while done < count:
            held = claims.claim(self.project.pk, self.annotator, count - done).documents
            if not held:
                break
            answers = [Submission(document.token, self.answer(document.external_id)) for document in held]
            submit_many(self.annotator, answers)
            self.tokens += sum(len(tokenize(document.text)) for document in held)
            done += len(held)
        return done

    def label_everything(self) -> None:
        """Settle the whole pool at once: what full supervision gives."""
        pool = Document.objects.pool().filter(project=self.project).values_list("pk", "external_id")
        answers = [(pk, self.answer(external_id)) for pk, external_id in pool]
        imported.record(self.project, answers, Annotation.Source.GOLD)

    def answer(self, external_id: str | None) -> list[LabelValue]:
        """The true labels of a document."""
        record = self.truth.records[int(external_id or 0)]
        spans = [LabelValue(self.classes[span.label], span.start, span.end) for span in record.spans or ()]
        return spans + [LabelValue(self.classes[name]) for name in record.labels or ()]

    def train(self) -> tuple[Quality, float]:
        """Run the trainer. Returns the quality of its model on the test set, and how long it took."""
        outbox.enqueue(self.project.pk, Job.Kind.TRAIN)
        job = outbox.start(self.project.pk, Job.Kind.TRAIN)
        if job is None:
            raise RuntimeError("Another process is using this database.")
        started = perf_counter()
        run.train(job, self.fit)
        seconds = perf_counter() - started
        outbox.finish(job)
        version = self.project.model_versions.ready().first()
        return (NOTHING if version is None else self.quality(version)), seconds

    def quality(self, version: ModelVersion) -> Quality:
        """Of the predictions that the trainer stored for the test set."""
        stored = HeldOutPrediction.objects.filter(model_version=version)
        if self.truth.kind == Project.Kind.SPANS:
            return self._quality_of_spans(version, dict(stored.values_list("document__external_id", "spans")))
        stored_probabilities = dict(stored.values_list("document__external_id", "probabilities"))
        committee, _facts = Committee.load(model_folder(version))
        predicted = committee.decide(np.array(list(stored_probabilities.values()), dtype=np.float32))
        answers = [
            {label.label_class for label in self.answer(external_id)} for external_id in stored_probabilities
        ]
        given_flags = np.array([[pk in answer for pk in version.classes] for answer in answers])
        return quality_of_flags(predicted, given_flags)

    def _quality_of_spans(self, version: ModelVersion, predictions: Mapping[str | None, Any]) -> Quality:
        names = [str(pk) for pk in version.classes]
        predicted = [[Span(s[0], s[1], names[s[2]]) for s in spans] for spans in predictions.values()]
        answers = [
            [Span(a.start or 0, a.end or 0, str(a.label_class)) for a in self.answer(external_id)]
            for external_id in predictions
        ]
        return quality_of_spans(predicted, answers, names)
