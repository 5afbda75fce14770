"""Steering simulation command: `./run manage simulate --data FILE --kind single --steer on`.

The command of labeling, which knows nothing of reports, with one option more.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import numpy as np

from analytics.management.simulation import SteeredSimulation, weakest
from labeling.learning.evaluation.scores import Quality
from labeling.management.commands import simulate
from labeling.management.simulation import Simulation, SimulationPoint
from labeling.management.truths import Truth


class Command(simulate.Command):
    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--steer",
            choices=["on", "off"],
            help="after each training, set class priorities from half of the test set (on) or not (off); "
            "the other half measures either way",
        )

    def simulation(self, truth: Truth, options: dict[str, Any]) -> Simulation:
        if options["steer"] is None:
            return super().simulation(truth, options)
        fit = simulate.MODELS[options["model"]]
        return SteeredSimulation(truth, options["strategy"], fit, options["steer"] == "on")

    def summary(
        self,
        curves: list[list[SimulationPoint]],
        full: Quality,
        options: dict[str, Any],
        simulation: Simulation,
    ) -> dict[str, Any]:
        result = super().summary(curves, full, options, simulation)
        if not isinstance(simulation, SteeredSimulation):
            return result
        names, measured = simulation.truth.class_names, iter(simulation.measured)
        by_run = [[next(measured) for _ in curve] for curve in curves]
        of_all = next(measured)
        labels = [[point.labels for point in curve] for curve in curves]
        shortest = min(map(len, by_run))
        mean = np.mean([run[:shortest] for run in by_run], axis=0)
        return result | {
            "steer": options["steer"],
            "weakest": weakest(names, labels, by_run, of_all, options["budget"]),
            "classes": {
                name: {"full_f1": round(of_all[index], 4), "f1": mean[:, index].round(4).tolist()}
                for index, name in enumerate(names)
            },
        }

    def table(self, result: dict[str, Any]) -> str:
        lines = super().table(result)
        if (row := result.get("weakest")) is None:
            return lines
        return (
            f"{lines}\nWeakest class {row['class']}: {row['mean']} labels to F1 {row['target']} "
            f"({row['labels_to_target']})"
        )
