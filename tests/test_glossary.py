"""Glossary of the field: who searches for one of its terms finds the one module that opens with it.

Modules move and are renamed; the table knows no paths.
"""

import ast
import re
from collections import defaultdict

from reviewqueue.settings import BASE_DIR

MIN_TERMS = 45
TERMS = {
    "choosing what to label": (
        "acquisition functions",
        "query strategies",
        "committee",
        "cold start",
        "uncertainty herding",
        "annotation cost",
        "seed words",
        "class weights",
        "class needs",
        "class targets",
        "queue ranking",
        "selection reasons",
    ),
    "models": (
        "logistic regression solver",
        "linear classifier",
        "naive bayes",
        "zero-shot classifier",
        "label propagation",
        "conditional random field",
        "viterbi decoding",
        "bio tags",
        "stacking",
        "hyperparameters",
        "hyperparameter tuning",
        "model selection",
        "training schedule",
        "training runs",
        "model registry",
        "model promotion",
        "external predictions",
        "word attributions",
    ),
    "text": (
        "tf-idf",
        "feature hashing",
        "latent semantic analysis",
        "sentence embeddings",
        "language identification",
        "minhash",
        "near-duplicate detection",
        "near-duplicates",
        "k-nn graph",
        "feature store",
        "embedding store",
    ),
    "labels and people": (
        "label classes",
        "guideline versions",
        "annotations",
        "adjudication",
        "second opinions",
        "gold documents",
        "ground truth",
        "label errors",
        "label posterior",
        "inter-annotator agreement",
        "annotator accuracy",
        "automation bias",
    ),
    "evaluation": (
        "held-out predictions",
        "prequential evaluation",
        "retrospective replay",
        "label savings",
        "stopping criteria",
        "learning curves",
        "learning-curve extrapolation",
        "classification metrics",
        "confusion matrix",
        "calibration",
        "proper scoring rules",
        "precision-recall curves",
        "decision thresholds",
        "confidence intervals",
        "bootstrap",
        "paired comparison",
        "multiple testing",
        "prevalence estimation",
        "class imbalance",
        "sampling bias",
        "distribution shift",
        "data leakage",
        "slices",
        "slice discovery",
    ),
    "service": (
        "leases",
        "lease expiry",
        "queue entries",
        "outbox",
        "idempotency keys",
        "rate limits",
        "prefetch",
        "keyboard shortcuts",
        "document import",
        "dataset versions",
        "dataset differences",
        "dataset statistics",
        "data cards",
        "label export",
        "invitations",
        "api tokens",
        "keyset pagination",
        "prepared statements",
    ),
}


def opening(first_line: str) -> str:
    """The noun phrase that a module opens with, in small letters."""
    return re.split(r"[:,.]| by | of ", first_line, maxsplit=1)[0].lower()


def modules_by_opening() -> dict[str, list[str]]:
    modules = defaultdict(list)
    for package in ("labeling", "analytics"):
        for path in sorted((BASE_DIR / package).rglob("*.py")):
            docstring = ast.get_docstring(ast.parse(path.read_text()))
            if docstring and path.name != "__init__.py" and "migrations" not in path.parts:
                modules[opening(docstring.splitlines()[0])].append(path.relative_to(BASE_DIR).as_posix())
    return modules


def test_an_opening_ends_at_the_first_colon_comma_by_of_or_period():
    first_lines = (
        "Leases: who is next.",
        "Leases, by age.",
        "Leases by age.",
        "Leases of a desk: all.",
        "Leases.",
    )
    assert [opening(line) for line in first_lines] == ["leases"] * len(first_lines)


def test_each_term_of_the_field_opens_exactly_one_module():
    terms = [term for group in TERMS.values() for term in group]
    assert len(set(terms)) == len(terms) >= MIN_TERMS
    modules = modules_by_opening()
    assert {term: modules[term] for term in terms if len(modules[term]) != 1} == {}
