"""Model metadata as it is stored: what is written is read back, as are rows from before versions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.predictions.metadata import (
    CorrectCount,
    CrossValidatedCounts,
    MetadataKey,
    ModelMetadata,
    NewTextQuality,
    PredictionChange,
)
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10_000)
texts = st.text(max_size=20)
tables = st.lists(st.lists(counts, max_size=3), min_size=3, max_size=3)
metadata = st.builds(
    ModelMetadata,
    edition=st.none() | counts,
    view=st.none() | texts,
    labels=st.none() | st.dictionaries(texts, counts, max_size=3),
    hyperparameters=st.none() | st.dictionaries(texts, numbers | texts, max_size=3),
    experts=st.none() | st.dictionaries(texts, numbers, max_size=3),
    thresholds=st.none() | st.lists(numbers, max_size=3).map(tuple),
    change=st.none() | st.builds(PredictionChange, numbers, counts, counts, counts),
    cross_validated=st.none() | st.builds(CrossValidatedCounts.of, counts, tables),
    test_set=st.none() | st.builds(CorrectCount, counts, counts),
    new_texts=st.none() | st.builds(NewTextQuality, counts, numbers),
    seconds=st.none() | st.dictionaries(texts, numbers, max_size=3),
    seal=st.none() | texts,
    is_lost=st.booleans(),
)


@given(metadata)
def test_what_is_stored_of_a_model_is_read_back(written: ModelMetadata) -> None:
    stored = written.to_json()
    assert stored.keys() <= set(MetadataKey)
    assert ModelMetadata.from_json(json.loads(json.dumps(stored))) == written


# Rows as they were written before metadata had a version: of texts, of spans, in training, lost, of others.
STORED: list[tuple[dict[str, Any], ModelMetadata]] = [
    (
        {
            "edition": 2,
            "labels": {"a": 31, "b": 12},
            "view": "words",
            "recipe": {"strength": 40, "augmentation": "none"},
            "change": {"kappa": 0.9421, "documents": 900, "since": 3, "labels": 50},
            "experts": {"linear": 0.7, "words": 0.3},
            "thresholds": [0.5, 0.41],
            "cross_validated": {"labels": 43, "counts": [[20, 8], [3, 2], [2, 5]]},
            "held_out": {"documents": 40, "right": 31},
            "seal": "0f" * 32,
            "seconds": {"fit": 1.204, "rank": 0.38},
        },
        ModelMetadata(
            edition=2,
            labels={"a": 31, "b": 12},
            view="words",
            hyperparameters={"strength": 40, "augmentation": "none"},
            change=PredictionChange(kappa=0.9421, documents=900, since=3, labels=50),
            experts={"linear": 0.7, "words": 0.3},
            thresholds=(0.5, 0.41),
            cross_validated=CrossValidatedCounts(43, ((20, 8), (3, 2), (2, 5))),
            test_set=CorrectCount(40, 31),
            seal="0f" * 32,
            seconds={"fit": 1.204, "rank": 0.38},
        ),
    ),
    (
        {
            "edition": 1,
            "labels": {"a": 31},
            "change": None,
            "held_out": {"documents": 0, "right": 0},
            "lost": True,
        },
        ModelMetadata(edition=1, labels={"a": 31}, test_set=CorrectCount(0, 0), is_lost=True),
    ),
    ({"edition": 1, "labels": {}}, ModelMetadata(edition=1, labels={})),
    ({}, ModelMetadata()),
]


@pytest.mark.parametrize(("stored", "read"), STORED)
def test_a_row_from_before_versions_is_read_and_keeps_its_form(
    stored: dict[str, Any], read: ModelMetadata
) -> None:
    assert ModelMetadata.from_json(stored) == read
    assert read.to_json() == stored | {"version": 1}


def test_keys_that_are_not_known_are_passed_over() -> None:
    assert ModelMetadata.from_json({"version": 99, "f1": {"a": 0.5}, "lost": True}).is_lost


def test_a_version_keeps_what_is_known_of_it(tickets: Project) -> None:
    stored = STORED[0][1]
    version = ModelVersion(project=tickets, number=1)
    assert version.metadata == ModelMetadata()
    version.metadata = stored
    version.save()
    assert ModelVersion.objects.get().metadata == stored
