"""How does a model get out without a browser?"""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labeling.learning.portable.word_predictor import Predictor
from labeling.projects.models import Project
from labeling.training.new_texts import predictor_of
from tests.fixtures.trained_project import text_of


def test_the_folder_predicts_as_the_service_does(trained: Project, tmp_path: Path) -> None:
    out = io.StringIO()
    version = trained.model_versions.ready()[0]
    call_command("export_model", trained.pk, version.number, tmp_path / "home", stdout=out)
    assert "README.txt" in out.getvalue()
    texts = [text_of("Refund", 3), text_of("Delivery", 4), ""]
    ours, theirs = predictor_of(version), Predictor.load(tmp_path / "home")
    assert ours is not None
    assert (theirs.predict_proba(texts) == ours.predict_proba(texts)).all()
    assert theirs.predict(texts)[:2] == ["Refund", "Delivery"]
    assert theirs.predict_proba([]).shape == (0, 3)


def test_what_cannot_be_written_is_said(trained: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Project 0 does not exist"):
        call_command("export_model", 0, 1, tmp_path / "home")
    with pytest.raises(CommandError, match="Not found"):
        call_command("export_model", trained.pk, 99, tmp_path / "home")
    with pytest.raises(CommandError, match="exists"):
        call_command("export_model", trained.pk, trained.model_versions.ready()[0].number, tmp_path)
