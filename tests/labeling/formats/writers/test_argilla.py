"""Is what goes to Argilla what comes back from it, and is each loss listed?"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import argilla as reader
from labeling.formats.records import BadRow, Json, Record, RecordAnnotation, RecordPrediction, Span
from labeling.formats.writers import argilla
from tests.labeling.formats.strategies import LONG_TEXT, datasets

CLASSES = (OutlineClass("Bug", "It fails."), OutlineClass("late"))
OUTLINE = ProjectOutline("Review Queue", "mails", "multi", classes=CLASSES)


def written(outline: ProjectOutline, records: Iterable[Record]) -> tuple[FilesInMemory, list[BadRow]]:
    losses: list[BadRow] = []
    with zipfile.ZipFile(BytesIO(b"".join(argilla.write(outline, records, losses.append)))) as archive:
        return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "mails.zip"), losses


def read(files: FilesInMemory) -> list[Record]:
    rows = list(reader.read(files))
    assert all(isinstance(row, Record) for row in rows)
    return [row for row in rows if isinstance(row, Record)]


def as_stored(metadata: dict[str, Json]) -> dict[str, Json]:
    """What Argilla can hold of metadata: texts and numbers."""
    plain: dict[str, Json] = {}
    for key, value in metadata.items():
        if isinstance(value, (bool, list, dict)):
            plain[key] = json.dumps(value, ensure_ascii=False)
        elif value is not None:
            plain[key] = value
    return plain


def with_a_class(record: Record) -> Record:
    """The record without the answers that no class applies, which Argilla's server refuses."""
    answers = tuple(answer for answer in record.annotations if answer.labels != ())
    return replace(record, labels=record.labels or None, annotations=answers)


def comparable(records: Iterable[Record]) -> list[object]:
    return [
        (r.text, r.external_id, as_stored(r.metadata), r.answers, [p.spans for p in r.predictions])
        for r in records
    ]


@given(
    st.tuples(st.sampled_from(["single", "multi", "spans"]), st.booleans()).flatmap(
        lambda pair: datasets(pair[0], of_annotators=pair[1], with_metadata=True)
    )
)
def test_a_project_comes_back_as_it_was(dataset):
    outline, records = dataset
    files, losses = written(outline, records)
    assert comparable(read(files)) == comparable([with_a_class(record) for record in records])
    changed = [r.line for r in records if any(isinstance(v, (bool, list, dict)) for v in r.metadata.values())]
    emptied = [r.line for r in records for answer in r.answers if answer.labels == ()]
    assert sorted(loss.line for loss in losses) == sorted(changed + emptied)


def test_settings_guidelines_and_names_come_back():
    outline = replace(OUTLINE, guidelines=(OutlineGuideline("old"), OutlineGuideline("# New")))
    for kind in ("single", "multi", "spans"):
        files, _ = written(replace(outline, kind=kind), [Record(1, "Hi")])
        assert recognize(files) == "argilla"
        back = reader.outline(files)
        assert (back.name, back.kind, back.guidelines) == ("mails", kind, (OutlineGuideline("# New"),))
        assert back.classes == CLASSES
        assert back.losses == ()


def test_an_empty_project_is_a_list_without_records():
    files, _ = written(OUTLINE, [])
    assert json.loads(files.open("records.json").read()) == []


def test_a_long_text_comes_back_with_its_line_ends():
    record = Record(
        1, LONG_TEXT, "7", annotations=(RecordAnnotation("a", spans=(Span(90_000, 90_009, "X"),)),)
    )
    assert comparable(read(written(replace(OUTLINE, kind="spans"), [record])[0])) == comparable([record])


def test_user_ids_stay_and_names_have_some_of_their_own():
    user = "6b1f0c0e-0000-4000-8000-000000000001"
    annotations = tuple(RecordAnnotation(name, ("Bug",)) for name in (user, "ann"))
    files, _ = written(OUTLINE, [Record(1, "Hi", annotations=annotations)])
    (row,) = json.loads(files.open("records.json").read())
    ids = [response["user_id"] for response in row["responses"]["labels"]]
    assert ids[0] == user
    assert json.loads(files.open("annotators.json").read()) == {ids[1]: "ann"}
    assert read(files)[0].annotations == annotations


def test_the_prediction_of_one_model_becomes_a_suggestion():
    predictions = (RecordPrediction("m1", "2", {"late": 0.2, "Bug": 0.9}), RecordPrediction("m2"))
    files, losses = written(OUTLINE, [Record(1, "Hi", predictions=predictions)])
    assert read(files)[0].predictions == (RecordPrediction("m1", probabilities={"Bug": 0.9}),)
    assert [loss.reason for loss in losses] == ["Predictions of further models are left out."]


def test_the_server_is_told_how_many_responses_complete_a_record():
    files, _ = written(OUTLINE, [Record(1, "Hi")])
    for name in ("dataset", "settings"):
        distribution = json.loads(files.open(f".argilla/{name}.json").read())["distribution"]
        assert distribution == {"strategy": "overlap", "min_submitted": 1}


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_no_project_of_classes_can_say_that_no_class_applies(kind):
    files, losses = written(replace(OUTLINE, kind=kind), [Record(3, "Hi", labels=())])
    assert read(files)[0].answers == ()
    assert [(loss.line, loss.reason) for loss in losses] == [(3, "Annotations without a class are left out.")]


def test_what_argilla_cannot_hold_is_listed():
    features = DatasetFeatures(
        "single",
        has_splits=True,
        has_predictions=True,
        has_provenance=True,
        has_no_class=True,
        has_guideline=True,
        has_metadata=True,
    )
    assert argilla.losses(features) == [
        "The split into pool and test set is left out.",
        "Times, notes, guideline versions and selection probabilities are left out.",
        "Which annotation is final is left out. Withdrawn annotations are left out.",
        "Annotations without a class are left out.",
        "Of the guidelines, the newest version is written.",
        "Predictions become suggestions: the most probable classes of one model, without its version.",
    ]
