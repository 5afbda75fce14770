"""Both kinds of model offer the same steps, and the run asks no project for its kind."""

import ast
from pathlib import Path

import pytest

from labeling.projects.models import Project
from labeling.training import registry, run
from labeling.training.model_kind import ModelKind
from labeling.training.registry import model_kind
from labeling.training.span_model import SpanKind
from labeling.training.text_model import TextKind

STEPS = {name for name, step in vars(ModelKind).items() if not name.startswith("_") and callable(step)}


def test_the_steps_are_those_of_a_training_run() -> None:
    wanted = {"fit", "open", "cross_validate", "predict_test_set", "stability", "ranker", "explain"}
    assert wanted == STEPS


@pytest.mark.parametrize("kind", [TextKind, SpanKind])
def test_a_kind_has_every_step(kind: type) -> None:
    assert {name for name in dir(kind) if not name.startswith("_")} >= STEPS


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Project.Kind.SINGLE, TextKind), (Project.Kind.MULTI, TextKind), (Project.Kind.SPANS, SpanKind)],
)
def test_a_project_has_the_kind_of_its_labels(kind: Project.Kind, expected: type) -> None:
    assert isinstance(model_kind(Project(kind=kind)), expected)


def test_the_kind_of_a_project_is_asked_for_in_one_place() -> None:
    asked = [
        node
        for module in (run, registry)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "SPANS"
    ]
    assert len(asked) == 1
