"""Span tagger for new texts: texts in, spans with their classes and probabilities out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from labeling.learning.portable.command_line import main
from labeling.learning.portable.manifest import read_manifest
from labeling.learning.sequence.crf import SpanTagger


@dataclass(frozen=True)
class Predictor:
    """Texts in, spans out.

    classes : their names
    tagger : where in a text each is; it names classes by their IDs
    names : of each ID
    """

    classes: tuple[str, ...]
    tagger: SpanTagger
    names: Mapping[str, str]

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        return cls.from_parts(read_manifest(folder), folder / "tagger")

    @classmethod
    def from_parts(cls, manifest: dict[str, Any], tagger: Path) -> Self:
        """Read a model from its folder.

        manifest : the content of `predictor.json`
        """
        classes = manifest["classes"]
        return cls(
            classes=tuple(label_class["name"] for label_class in classes),
            tagger=SpanTagger.load(tagger),
            names={label_class["id"].replace("-", ""): label_class["name"] for label_class in classes},
        )

    def predict(self, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The spans of each text, in their order.

        Each is {"start", "end", "class", "probability"}: code points, the end is exclusive; the probability
        is that of its least certain word.
        """
        return [
            [
                {
                    "start": span.start,
                    "end": span.end,
                    "class": self.names[span.label_class],
                    "probability": probability,
                }
                for span, probability in zip(tagged.spans, tagged.probabilities, strict=True)
            ]
            for tagged in self.tagger.tag(texts)
        ]

    def described(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The spans of each text."""
        return [{"spans": spans} for spans in self.predict(texts)]


if __name__ == "__main__":
    main(Predictor.load, Path(__file__).parent)
