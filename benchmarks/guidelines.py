"""Guideline cost: what the worst one of 100 kB costs the web server. `./run bench guidelines --json`.

CPU seconds of each hostile text as Markdown, and of each pair of versions compared and put into the page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from time import process_time
from types import SimpleNamespace
from typing import Any

import django

django.setup()

from django.template.loader import render_to_string

from benchmarks._frame import machine, show
from benchmarks._hostile_texts import SIZE, pairs, texts
from labeling.formats.markup import markdown
from labeling.formats.markup.differences import compare


def page_of_difference(pair: tuple[str, str]) -> str:
    change = SimpleNamespace(label_class=None, lines=compare(*pair))
    return render_to_string("labeling/components/_diff.html", {"changes": [change]})


def seconds(what: Callable[[Any], str], versions: Iterable[Any]) -> list[float]:
    """CPU seconds of each, the lesser of two runs: the first one may pay for what is made once."""
    timings = []
    for version in versions:
        runs = []
        for _ in range(2):
            started = process_time()
            what(version)
            runs.append(process_time() - started)
        timings.append(min(runs))
    return timings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    rendering = seconds(markdown.render.__wrapped__, texts())
    comparing = seconds(page_of_difference, pairs())
    result = {
        "characters": SIZE,
        "markdown": {"texts": len(rendering), "most_cpu_s": round(max(rendering), 3)},
        "difference": {"pairs": len(comparing), "most_cpu_s": round(max(comparing), 3)},
        "machine": machine(),
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
