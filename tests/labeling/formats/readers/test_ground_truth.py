"""Are manifests of SageMaker Ground Truth read exactly, and machine labels told from those of people?"""

from __future__ import annotations

import json
from typing import Any

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import recognize
from labeling.formats.readers import ground_truth
from labeling.formats.records import BadRow, Record, Span


def manifest(*rows: dict[str, Any], **files: bytes) -> FilesInMemory:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return FilesInMemory({"output.manifest": content, **files})


def single(text: str = "I was charged twice.", **metadata: Any) -> dict[str, Any]:
    return {
        "source": text,
        "topic": 0,
        "topic-metadata": {
            "class-name": "Billing",
            "confidence": 0.95,
            "type": "groundtruth/text-classification",
            "human-annotated": "yes",
            "job-name": "labeling-job/topic",
            "creation-date": "2026-05-14T21:45:27.175903",
            **metadata,
        },
    }


def records(*rows: dict[str, Any], **files: bytes) -> list[Record]:
    rows_read = list(ground_truth.read(manifest(*rows, **files)))
    assert all(isinstance(row, Record) for row in rows_read)
    return [row for row in rows_read if isinstance(row, Record)]


def test_a_label_of_people_is_the_final_label_of_its_document():
    (record,) = records(single())
    (annotation,) = record.annotations
    assert annotation.labels == ("Billing",)
    assert annotation.provenance["resolution"] == "majority"
    assert annotation.provenance["created_at"] == "2026-05-14T21:45:27.175903"


def test_a_label_of_automated_labeling_is_a_prediction_with_its_confidence():
    (record,) = records(single(**{"human-annotated": "no"}))
    assert record.annotations == ()
    assert record.predictions[0].model == "topic"
    assert record.predictions[0].probabilities == {"Billing": 0.95}


def test_several_labels_are_read_through_the_map_of_classes():
    row = {
        "source": "Late and rude.",
        "t": [0, 2],
        "t-metadata": {
            "class-map": {"0": "late", "2": "rude"},
            "confidence-map": {"0": 0.9, "2": 0.8},
            "type": "groundtruth/text-classification-multilabel",
            "human-annotated": "yes",
        },
    }
    assert records(row)[0].annotations[0].labels == ("late", "rude")
    row["t-metadata"]["human-annotated"] = "no"  # type: ignore[index]
    assert records(row)[0].predictions[0].probabilities == {"late": 0.9, "rude": 0.8}


def test_entities_are_code_points_with_an_exclusive_end():
    row = {
        "source": "😀 Ann Lee is an engineer.",
        "ner": {
            "annotations": {
                "entities": [{"endOffset": 9, "startOffset": 2, "label": "PER"}],
                "labels": [{"label": "PER"}],
            }
        },
        "ner-metadata": {"type": "groundtruth/text-span", "human-annotated": "yes"},
    }
    assert records(row)[0].annotations[0].spans == (Span(2, 9, "PER"),)


def test_a_text_in_another_file_is_taken_from_the_archive_or_asked_for():
    row = single()
    row["source-ref"] = "s3://bucket/mails/1.txt"
    del row["source"]
    assert records(row, **{"mails/1.txt": b"From the file."})[0].text == "From the file."
    (bad,) = ground_truth.read(manifest(row))
    assert isinstance(bad, BadRow)
    assert "Upload a zip with the manifest and the texts" in bad.reason


def test_documents_that_failed_stay_unlabeled_and_say_why():
    (record,) = records(single(**{"failure-reason": "InternalError"}))
    assert record.annotations == ()
    assert "InternalError" in str(record.problems[0])


def test_other_keys_become_metadata_and_a_bad_line_costs_itself():
    files = manifest(single() | {"channel": "mail"})
    content = files.open("output.manifest").read() + b'{"source": 7}\nno json\n[]\n'
    rows = list(ground_truth.read(FilesInMemory({"output.manifest": content})))
    assert isinstance(rows[0], Record)
    assert rows[0].metadata == {"channel": "mail"}
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2, 3, 4]


def test_the_outline_and_the_format_follow_from_the_rows():
    files = manifest(single())
    assert recognize(files) == "ground_truth"
    outline = ground_truth.outline(files)
    assert (outline.kind, [label_class.name for label_class in outline.classes]) == ("single", ["Billing"])
