"""What is in the file that a module and its imports become?"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from labeling.deployments.readme import OF_EMBEDDINGS, OF_GUESSES, OF_SPANS, OF_WORDS, Kind, predictor_source
from labeling.learning.portable import standalone
from labeling.learning.portable.standalone import NameTwice, standalone_source

KINDS = (OF_WORDS, OF_GUESSES, OF_EMBEDDINGS, OF_SPANS)


def imported(source: str) -> set[str]:
    """Top-level packages."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("kind", KINDS)
def test_the_predictor_imports_numpy_and_scipy_only(kind: Kind) -> None:
    source = predictor_source(kind)
    assert imported(source) - sys.stdlib_module_names == {"numpy", "scipy"}
    assert "pickle.load" not in source
    assert ">>>" not in source


def test_it_has_what_predicts_and_nothing_that_learns_or_needs_the_pool() -> None:
    predictor = predictor_source(OF_WORDS)
    defined = {
        node.name
        for node in ast.walk(ast.parse(predictor))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert {"Predictor", "Featurizer", "LinearModel", "NaiveBayesModel", "words"} <= defined
    assert not {"fit", "learn", "save", "solve", "LabelPropagationModel", "ExternalModel"} & defined


def test_it_reads_like_a_file_that_somebody_wrote(tmp_path: Path) -> None:
    """Formatted, and without a name that is undefined or not used."""
    for number, kind in enumerate(KINDS):
        (tmp_path / f"predictor{number}.py").write_text(predictor_source(kind), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    common = ["--isolated", "--line-length", "110", "--target-version", "py311", str(tmp_path)]
    for command in (["format", "--check"], ["check", "--select", "E,F,I,B,UP"]):
        done = subprocess.run([*ruff, *command, *common], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package in the place of ours."""
    (tmp_path / "shop").mkdir()
    monkeypatch.setattr(standalone, "ROOT", tmp_path)
    monkeypatch.setattr(standalone, "PACKAGE", "shop")
    return tmp_path / "shop"


def test_names_are_followed_through_modules_and_attributes_to_methods(package: Path) -> None:
    (package / "goods.py").write_text(
        '"""Goods."""\nimport math\nimport os\n\nPRICE = 2  # of one\nUNUSED = os\n\n\nclass Goods:\n'
        "    def total(self) -> int:\n        return math.ceil(PRICE)\n\n"
        "    def stored(self) -> object:\n        return UNUSED\n"
    )
    (package / "desk.py").write_text(
        '"""Desk."""\nfrom shop.goods import Goods\n\n\ndef pay() -> int:\n    return Goods().total()\n'
    )
    source = standalone_source("shop.desk", "All.")
    namespace: dict[str, object] = {}
    exec(f"{source}\npaid = pay()", namespace)
    assert namespace["paid"] == 2
    assert "PRICE = 2  # of one" in source
    assert "UNUSED" not in source
    assert "stored" not in source
    assert "import os" not in source


def test_two_modules_with_the_same_name_are_refused(package: Path) -> None:
    (package / "first.py").write_text("LIMIT = 1\n\n\ndef first() -> int:\n    return LIMIT\n")
    (package / "second.py").write_text(
        "from shop.first import first\n\nLIMIT = 2\n\n\ndef both() -> int:\n    return first() + LIMIT\n"
    )
    with pytest.raises(NameTwice, match=r"LIMIT is defined in shop\.second and in shop\.first"):
        standalone_source("shop.second", "All.")
