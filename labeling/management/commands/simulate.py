"""Simulation command: savings of active learning. `./run manage simulate --data FILE --kind single`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from labeling.features.embedder import makes_embeddings
from labeling.formats.names import normal_name
from labeling.formats.records import UnreadableFile
from labeling.learning.classifiers.fitting import fit_committee, fit_plain
from labeling.learning.evaluation.scores import Quality, area_under_curve, labels_to_share_of_full
from labeling.management.feature_views import DEFAULT, FULL, VIEWS, WORDS, feature_view
from labeling.management.simulation import Simulation, SimulationPoint
from labeling.management.throwaway import Throwaway, throwaway_service
from labeling.management.truths import Truth, UnusableData, read_truth
from labeling.projects.models import Project

MODELS = {"committee": fit_committee, "plain": fit_plain}
NO_EMBEDDINGS = "Sentence embeddings are turned off by EMBEDDINGS, or not installed. Use --features words."


class Command(BaseCommand):
    help = "Label a known data set with simulated annotators and report model quality as labels are added."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="JSONL with all labels, gzipped or not")
        parser.add_argument("--kind", choices=Project.Kind.values, required=True)
        parser.add_argument("--strategy", choices=Project.Strategy.values, default="default")
        parser.add_argument("--budget", type=int, default=500, help="labels; default 500")
        parser.add_argument("--batch", type=int, default=20, help="labels per training; default 20")
        parser.add_argument(
            "--seeds", type=int, default=5, help="runs with different random seeds; default 5"
        )
        parser.add_argument("--features", type=feature_view, choices=VIEWS, default=WORDS)
        parser.add_argument("--model", choices=list(MODELS), default="committee")
        parser.add_argument("--descriptions", type=Path, help='JSON: {"class": "name: one line"}')
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if min(options["budget"], options["batch"], options["seeds"]) < 1:
            raise CommandError("Budget, batch and seeds must be at least 1.")
        if options["features"] != WORDS and not makes_embeddings():
            raise CommandError(NO_EMBEDDINGS)
        self.started = perf_counter()
        try:
            truth = read_truth(options["data"], options["kind"])
        except (OSError, UnreadableFile, UnusableData) as error:
            raise CommandError(f"{options['data']}: {error}") from error
        descriptions = _descriptions(options["descriptions"], truth)
        try:
            with throwaway_service() as service:
                simulation = self._prepare(truth, options, descriptions)
                result = self._curves(service, simulation, options)
        except ProgrammingError as error:
            raise CommandError(f"A simulation needs a database of its own: {error}") from error
        self.stdout.write(json.dumps(result) if options["json"] else self.table(result))

    def simulation(self, truth: Truth, options: dict[str, Any]) -> Simulation:
        """Who labels and trains; what extends this command may have another one do it."""
        return Simulation(truth, options["strategy"], MODELS[options["model"]])

    def summary(
        self,
        curves: list[list[SimulationPoint]],
        full: Quality,
        options: dict[str, Any],
        simulation: Simulation,
    ) -> dict[str, Any]:
        """What is printed."""
        return _summary(curves, full, options)

    def table(self, result: dict[str, Any]) -> str:
        """The same for people."""
        return _table(result)

    def _prepare(self, truth: Truth, options: dict[str, Any], descriptions: dict[str, str]) -> Simulation:
        self._say(f"{len(truth.pool):,} pool and {len(truth.records) - len(truth.pool):,} test documents")
        simulation = self.simulation(truth, options)
        simulation.prepare()
        if descriptions:
            simulation.describe(descriptions)
        self._say("The features are made")
        if options["features"] == DEFAULT:
            simulation.distill()
            self._say("The distilled view is made")
        if options["features"] == FULL:
            simulation.embed()
            self._say("The sentence embeddings are made")
        return simulation

    def _curves(self, service: Throwaway, simulation: Simulation, options: dict[str, Any]) -> dict[str, Any]:
        curves: list[list[SimulationPoint]] = []
        for seed in range(options["seeds"]):
            with service.copied():
                curves.append(simulation.run(seed, options["budget"], options["batch"], self._show))
            self._say(f"Seed {seed} of {options['seeds']} is done")
        with service.copied():
            simulation.label_everything()
            full, seconds = simulation.train()
        self._say(f"All labels: {full}, {seconds:.1f} s")
        return self.summary(curves, full, options, simulation)

    def _show(self, point: SimulationPoint) -> None:
        labels, accuracy, macro_f1, _micro_f1 = point.row()
        self._say(f"{labels} labels: accuracy {accuracy}, macro F1 {macro_f1}, {point.seconds:.1f} s")

    def _say(self, what: str) -> None:
        self.stderr.write(f"[{perf_counter() - self.started:6.1f} s] {what}")


def _descriptions(path: Path | None, truth: Truth) -> dict[str, str]:
    """Class to line. Raises CommandError for another shape or an unknown class."""
    if path is None:
        return {}
    try:
        descriptions = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: {error}") from error
    if not isinstance(descriptions, dict) or not all(isinstance(line, str) for line in descriptions.values()):
        raise CommandError(f'{path}: write an object such as {{"class": "name: one line"}}.')
    descriptions = {normal_name(name): line for name, line in descriptions.items()}
    if unknown := descriptions.keys() - set(truth.class_names):
        raise CommandError(f"{path}: the data set has no class {min(unknown)!r}.")
    return descriptions


def _summary(curves: list[list[SimulationPoint]], full: Quality, options: dict[str, Any]) -> dict[str, Any]:
    areas = [
        area_under_curve([point.labels for point in curve], [point.quality.macro_f1 for point in curve])
        for curve in curves
    ]
    shortest = min(len(curve) for curve in curves)
    mean = np.mean([[point.quality.macro_f1 for point in curve[:shortest]] for curve in curves], axis=0)
    labels = [point.labels for point in curves[0][:shortest]]
    return {
        "strategy": options["strategy"],
        "features": options["features"],
        "model": options["model"],
        "budget": options["budget"],
        "batch": options["batch"],
        "seeds": [
            {
                "seed": seed,
                "curve": [point.row() for point in curve],
                "tokens": [point.tokens for point in curve],
                "seconds_per_round": round(sum(point.seconds for point in curve) / len(curve), 3),
                "aulc_macro_f1": round(area, 4),
            }
            for seed, (curve, area) in enumerate(zip(curves, areas, strict=True))
        ],
        "aulc_macro_f1": round(float(np.mean(areas)), 4),
        "full": {"accuracy": round(full.accuracy, 4), "macro_f1": round(full.macro_f1, 4)},
        "labels_to_95_percent": labels_to_share_of_full(labels, mean.tolist(), full.macro_f1),
    }


def _table(result: dict[str, Any]) -> str:
    """The mean curve, for people."""
    curves = [seed["curve"] for seed in result["seeds"]]
    lines = [f"{'labels':>8} {'accuracy':>9} {'macro F1':>9} {'micro F1':>9}"]
    for points in zip(*curves, strict=False):
        labels, *shares = np.mean(points, axis=0)
        lines.append(f"{labels:8.0f} " + " ".join(f"{share:9.4f}" for share in shares))
    full = result["full"]
    lines.append(f"{'all':>8} {full['accuracy']:9.4f} {full['macro_f1']:9.4f}")
    lines.append(f"Area under the macro F1 curve: {result['aulc_macro_f1']:.4f}")
    lines.append(
        f"Labels to 95% of the macro F1 of all labels: {result['labels_to_95_percent'] or 'not reached'}"
    )
    return "\n".join(lines)
