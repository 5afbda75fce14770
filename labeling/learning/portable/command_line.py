"""Command line of a predictor: texts come in one per line, and a JSON object goes out for each."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

TEXT_BATCH_SIZE = 1_000  # texts in memory as features


class Describes(Protocol):
    """A predictor, as its command line sees it."""

    def described(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """What there is to write of each text."""
        ...


def main(load: Callable[[Path], Describes], home: Path) -> None:
    """Read texts from the standard input and write a JSON object for each to the standard output.

    load : reads the folder of a download; home : the folder where the caller names none
    """
    parser = argparse.ArgumentParser(description="Predict texts, one text per line.")
    parser.add_argument("folder", nargs="?", type=Path, default=home, help="the downloaded folder")
    parser.add_argument("--json", action="store_true", help="each line is a text as a JSON string")
    options = parser.parse_args()
    predictor = load(options.folder)
    lines = (line.rstrip("\n") for line in io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline="\n"))
    texts = map(json.loads, lines) if options.json else lines
    while batch := list(islice(texts, TEXT_BATCH_SIZE)):
        for described in predictor.described(batch):
            sys.stdout.write(json.dumps(described) + "\n")
