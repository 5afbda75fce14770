"""Project files: which tool a file comes from, and how its documents and everybody's labels are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from labeling.formats.bundles import Bundle
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers import (
    argilla,
    azure,
    brat,
    conll,
    dataset,
    doccano,
    fasttext,
    ground_truth,
    inception,
    label_studio,
    potato,
    prodigy,
    text_files,
)
from labeling.formats.records import BadRow, Record
from labeling.formats.writers import argilla as argilla_writer
from labeling.formats.writers import azure as azure_writer
from labeling.formats.writers import brat as brat_writer
from labeling.formats.writers import conll as conll_writer
from labeling.formats.writers import dataset as dataset_writer
from labeling.formats.writers import doccano as doccano_writer
from labeling.formats.writers import excel as excel_writer
from labeling.formats.writers import fasttext as fasttext_writer
from labeling.formats.writers import ground_truth as ground_truth_writer
from labeling.formats.writers import huggingface as huggingface_writer
from labeling.formats.writers import inception as inception_writer
from labeling.formats.writers import label_studio as label_studio_writer
from labeling.formats.writers import parquet as parquet_writer
from labeling.formats.writers import potato as potato_writer
from labeling.formats.writers import prodigy as prodigy_writer
from labeling.formats.writers import spacy_docs as spacy_writer


class ProjectReader(Protocol):
    """What each module of `labeling.formats.readers` offers."""

    @property
    def TOOL(self) -> str:
        """The name by which the users of the tool call it."""

    def recognizes(self, bundle: Bundle) -> bool:
        """Whether the files are of this shape, by their names and first bytes."""

    def read(self, bundle: Bundle) -> Iterator[Record | BadRow]:
        """The documents, one by one, in constant memory where the format allows it.

        Raises UnreadableFile, perhaps after some records, where the file or the rest of it cannot be read.
        """

    def outline(self, bundle: Bundle) -> ProjectOutline:
        """What the files say of the project. Raises UnreadableFile."""


class ProjectWriter(Protocol):
    """What each module of `labeling.formats.writers` offers."""

    @property
    def TOOL(self) -> str:
        """The name by which the users of the tool call it."""

    @property
    def SUFFIX(self) -> str:
        """How the name of the file ends, such as ".zip"."""

    def losses(self, features: DatasetFeatures) -> list[str]:
        """What the format cannot hold of such a data set, a sentence each, in English for translation."""

    def write(
        self, outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
    ) -> Iterator[bytes]:
        """The file in pieces of about 64 KiB, in constant memory.

        on_loss : is told of each document of which something is left out, with its number as the line
        """


READERS: Mapping[str, ProjectReader] = {
    # In the order in which they are asked: the more exact shapes first.
    "dataset": dataset,
    "azure": azure,
    "inception": inception,
    "prodigy": prodigy,
    "argilla": argilla,
    "doccano": doccano,
    "ground_truth": ground_truth,
    "brat": brat,
    "fasttext": fasttext,
    "conll": conll,
    "label_studio": label_studio,
    "potato": potato,
    "text_files": text_files,
}

WRITERS: Mapping[str, ProjectWriter] = {
    # Those with an EXTRA load its library: only workers and commands may call their `write`.
    "dataset": dataset_writer,
    "azure": azure_writer,
    "doccano": doccano_writer,
    "brat": brat_writer,
    "fasttext": fasttext_writer,
    "prodigy": prodigy_writer,
    "conll": conll_writer,
    "label_studio": label_studio_writer,
    "argilla": argilla_writer,
    "inception": inception_writer,
    "potato": potato_writer,
    "ground_truth": ground_truth_writer,
    "huggingface": huggingface_writer,
    "spacy": spacy_writer,
    "parquet": parquet_writer,
    "excel": excel_writer,
}


def extra_of(key: str) -> str:
    """The optional dependency that the writer of a format needs, its `EXTRA`; empty for a pure one.

    >>> extra_of("dataset")
    ''
    """
    return str(getattr(WRITERS[key], "EXTRA", ""))


def recognize(bundle: Bundle) -> str | None:
    """The key of READERS that reads these files; None where none of them does.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> recognize(FilesInMemory({"a.txt": b"one", "b.txt": b"two"}, "mails.zip"))
    'text_files'
    """
    return next((key for key, reader in READERS.items() if reader.recognizes(bundle)), None)
