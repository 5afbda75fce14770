"""Does each process load what it needs: web processes no mathematics, trainers all of it before they fork?"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys

from reviewqueue.settings import BASE_DIR

LOADED = """
import json, sys
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} & {"sklearn", "scipy", "labeling"})))
"""


def loaded_by(program: str) -> list[str]:
    """Which of these packages a fresh process has loaded after the program."""
    answer = subprocess.run(
        [sys.executable, "-c", program + LOADED],
        capture_output=True,
        text=True,
        check=True,
        cwd=BASE_DIR,
        env={"SECRET_KEY": secrets.token_urlsafe(60), "DJANGO_SETTINGS_MODULE": "reviewqueue.settings"},
    )
    loaded: list[str] = json.loads(answer.stdout)
    return loaded


def test_a_web_process_loads_neither_scikit_learn_nor_scipy():
    assert loaded_by("import reviewqueue.wsgi") == ["labeling"]
