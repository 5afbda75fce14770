"""What would active learning have saved?"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from labeling.learning.evaluation.scores import area_under_curve
from labeling.management.feature_views import feature_view
from labeling.management.truths import UnusableData, read_truth

WORDS = {
    "refund": "money back refund return payment twice cancel charge",
    "billing": "invoice card tax amount due date bill account number",
    "delivery": "parcel courier late box address tracking door neighbor",
}


def rows(kind: str, count: int = 90) -> list[dict[str, Any]]:
    """Tickets that words tell apart; every fifth one is test set."""
    made = []
    for number in range(count):
        name = list(WORDS)[number % 3]
        words = WORDS[name].split()
        text = " ".join(words[(number + step * step) % len(words)] for step in range(5)) + f" case {number}"
        answer: dict[str, Any] = {"label": name}
        if kind == "multi":
            answer = {"labels": [name] if number % 7 else []}
        elif kind == "spans":
            answer = {"spans": [[0, len(text.split()[0]), name]]}
        made.append({"text": text, "split": "train" if number % 5 else "test", **answer})
    return made


def write(path: Path, made: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in made)
    return path


def simulate(path: Path, kind: str, *arguments: str) -> dict[str, Any]:
    """As people run it; beside the database of the tests."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    command = ["simulate", "--data", str(path), "--kind", kind, "--batch", "15", "--budget", "40", "--json"]
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *command, *arguments],
        env=os.environ | {"DATABASE_URL": url, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'simulation_%'")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.slow
def test_curves_of_the_real_queue_and_trainer_that_leave_nothing_behind(db: None, tmp_path: Path) -> None:
    path = write(tmp_path / "tickets.jsonl.gz", rows("single"))
    lines = write_descriptions(tmp_path, {"refund": "Refund: the customer wants money back"})
    result = simulate(path, "single", "--seeds", "2", "--descriptions", str(lines))
    assert (result["strategy"], result["features"], result["model"]) == ("default", "words", "committee")
    assert [seed["seed"] for seed in result["seeds"]] == [0, 1]
    for seed in result["seeds"]:
        assert [point[0] for point in seed["curve"]] == [15, 30, 40]
        assert all(point[1] == point[3] for point in seed["curve"])  # accuracy is micro F1 here
        assert seed["curve"][-1][2] > 0.8
        assert seed["seconds_per_round"] > 0
        assert seed["tokens"] == sorted(seed["tokens"])
        assert seed["tokens"][0] > 15  # every document has several
    areas = [
        area_under_curve([p[0] for p in s["curve"]], [p[2] for p in s["curve"]]) for s in result["seeds"]
    ]
    assert result["aulc_macro_f1"] == pytest.approx(sum(areas) / 2, abs=1e-3)
    assert result["full"]["accuracy"] > 0.9
    assert result["labels_to_95_percent"] in (None, 15, 30, 40)
    assert databases() == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "model"), [("multi", "plain"), ("spans", "committee")])
def test_every_kind_of_project_can_be_simulated(kind: str, model: str, db: None, tmp_path: Path) -> None:
    path = write(tmp_path / "tickets.jsonl.gz", rows(kind))
    result = simulate(path, kind, "--seeds", "1", "--model", model, "--strategy", "margin")
    assert result["full"]["macro_f1"] > 0.8
    assert result["seeds"][0]["curve"][-1][3] > 0.5


def write_descriptions(folder: Path, lines: dict[str, str]) -> Path:
    path = folder / "descriptions.json"
    path.write_text(json.dumps(lines))
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "0"], "at least 1"),
        (["--kind", "multi", "--data", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--kind", "spans"], "has no spans"),
        (["--descriptions", "descriptions.json"], "has no class 'parcels'"),
    ],
)
def test_what_cannot_be_simulated_is_said_at_once(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "tickets.jsonl.gz", rows("single"))
    write_descriptions(tmp_path, {"parcels": "Parcels: whatever comes in boxes"})
    with pytest.raises(CommandError, match=message):
        call_command("simulate", "--data", "tickets.jsonl.gz", "--kind", "single", *arguments)


def test_embeddings_that_are_turned_off_are_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMBEDDINGS", False)
    path = write(tmp_path / "tickets.jsonl.gz", rows("single"))
    with pytest.raises(CommandError, match="turned off by EMBEDDINGS"):
        call_command("simulate", "--data", str(path), "--kind", "single", "--features", "full")


def test_the_earlier_name_of_the_words_is_taken_with_a_notice(capsys: pytest.CaptureFixture[str]) -> None:
    assert feature_view("tfidf") == "words"
    assert capsys.readouterr().err == "--features tfidf is now called --features words.\n"


def test_a_file_without_a_split_gets_one_that_stays(tmp_path: Path) -> None:
    made = [{key: value for key, value in row.items() if key != "split"} for row in rows("single", 400)]
    first, again = (read_truth(write(tmp_path / "t.jsonl.gz", made), "single") for _ in range(2))
    assert first == again
    assert 0.2 < 1 - len(first.pool) / 400 < 0.3


def test_only_the_test_set_comes_with_its_answers(tmp_path: Path) -> None:
    truth = read_truth(write(tmp_path / "t.jsonl.gz", rows("single")), "single")
    for question, record in zip(truth.questions(), truth.records, strict=True):
        assert question.labels == (record.labels if record.split == "test" else None)


def test_rows_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl.gz", [*rows("single", 3), {"text": ""}])
    with pytest.raises(UnusableData, match="Line 4: The text is empty"):
        read_truth(path, "single")
