"""Round trips: a project as our file on its way into a tool, and the tool's own file on its way to us."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._interop.comparison import Document
from labeling.formats.outlines import ProjectOutline


@dataclass
class Trip:
    """One project; the module of a tool fills in what comes back.

    documents : what the project contains
    export : the file of our writer
    imported : the documents as the tool has them after reading `export`
    refusal : why it did not read all of it
    files : what the tool itself exports of `documents`, by the name of the format
    names : our names of the annotators, by those in the tool's files
    """

    name: str
    outline: ProjectOutline
    documents: list[Document]
    export: Path
    imported: list[Document] = field(default_factory=list)
    refusal: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.export.parent
