"""Import speed, and whether memory stays flat. `./run bench importing --documents N --json`."""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import django

django.setup()

from django.contrib.auth.models import User

from labeling.exchange.importing import import_documents
from labeling.formats.reading import Format, read
from labeling.guidelines import new_projects

CHARACTERS = 200
WARM_UP = 20_000  # documents imported before memory is measured


def lines(count: int, first: int = 0) -> Iterator[str]:
    """JSONL with made-up words of a natural length, each text different."""
    rng = random.Random(first)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(20_000)]
    for number in range(first, first + count):
        text = " ".join(rng.choices(words, k=CHARACTERS // 6))[:CHARACTERS]
        yield json.dumps({"id": f"d{number}", "text": text, "source": "bench"}) + "\n"


def rss_mb() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed_import(project_id: int, path: Path) -> float:
    started = monotonic()
    with path.open("rb") as stream:
        import_documents(project_id, read(stream, Format.JSONL))
    return monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    manager = User.objects.create_user("bench")
    project = new_projects.create(manager, name="Bench", kind="single", class_names=["A", "B"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        path.write_text("".join(lines(WARM_UP)))
        timed_import(project.pk, path)
        before = rss_mb()
        with path.open("w") as file:
            file.writelines(lines(options.documents, first=WARM_UP))
        seconds = timed_import(project.pk, path)
    result = {
        "documents_per_s": round(options.documents / seconds),
        "rss_growth_mb": round(rss_mb() - before, 1),
    }
    print(json.dumps(result) if options.json else result)


if __name__ == "__main__":
    main()
