"""Parquet, Arrow and Hugging Face folders as JSON lines: names of classes, texts of tokens, splits."""

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling import formats
from labeling.formats import Format
from labeling.formats.bundles import Bundle, FilesInMemory, open_bundle
from labeling.formats.converters import arrow, convertible
from labeling.formats.records import UnreadableFile
from tests.labeling.formats.strategies import JSON_VALUES, TEXTS

VALUE = {"dtype": "string", "_type": "Value"}
TOPICS = {"names": ["Bug", "Große Bitte"], "_type": "ClassLabel"}
TAGS = {"names": ["O", "B-ORG", "I-ORG", "B-PER"], "_type": "ClassLabel"}


def table(columns: Mapping[str, list[Any]], features: object = None) -> pa.Table:
    result = pa.table(dict(columns))
    if features is not None:
        result = result.replace_schema_metadata(
            {b"huggingface": json.dumps({"info": {"features": features}})}
        )
    return result


def parquet(columns: Mapping[str, list[Any]], features: object = None) -> bytes:
    buffer = io.BytesIO()
    pa.parquet.write_table(table(columns, features), buffer)
    return buffer.getvalue()


def arrow_stream(columns: Mapping[str, list[Any]], features: object = None) -> bytes:
    buffer = io.BytesIO()
    content = table(columns, features)
    with pa.ipc.new_stream(buffer, content.schema) as writer:
        writer.write_table(content)
    return buffer.getvalue()


def arrow_file(columns: Mapping[str, list[Any]]) -> bytes:
    buffer = io.BytesIO()
    content = table(columns)
    with pa.ipc.new_file(buffer, content.schema) as writer:
        writer.write_table(content)
    return buffer.getvalue()


def feather(columns: Mapping[str, list[Any]]) -> bytes:
    buffer = io.BytesIO()
    pa.feather.write_feather(table(columns), buffer)
    return buffer.getvalue()


def lines(content: bytes | Bundle) -> list[dict[str, Any]]:
    bundle = FilesInMemory({"mails": content}) if isinstance(content, bytes) else content
    assert arrow.recognizes(bundle)
    return [json.loads(line) for line in b"".join(arrow.json_lines(bundle)).split(b"\n")[:-1]]


def test_a_class_called_null_is_no_label_as_in_exports_of_argilla():
    features = {"text": VALUE, "label": {"names": ["Bug", None], "_type": "ClassLabel"}}
    file = parquet({"text": ["Hi", "Ho"], "label": [0, 1]}, features)
    assert [row["label"] for row in lines(file)] == ["Bug", None]


@pytest.mark.parametrize("write", [parquet, arrow_stream, arrow_file, feather])
def test_each_binary_table_is_one_object_a_row_whatever_the_file_is_called(write):
    content = write({"text": ["Hi 😀", "one\u2028two"], "stars": [4, None], "sure": [True, False]})
    assert lines(content) == [
        {"text": "Hi 😀", "stars": 4, "sure": True},
        {"text": "one\u2028two", "stars": None, "sure": False},
    ]


def test_numbers_of_classes_become_their_names_and_minus_one_is_no_label():
    rows = lines(parquet({"text": list("abcd"), "label": [1, 0, -1, None]}, {"text": VALUE, "label": TOPICS}))
    assert [row["label"] for row in rows] == ["Große Bitte", "Bug", None, None]


@pytest.mark.parametrize(
    "feature", [{"feature": TOPICS, "_type": "Sequence"}, {"feature": TOPICS, "_type": "List"}, [TOPICS]]
)
def test_lists_of_numbers_become_lists_of_names(feature):
    rows = lines(arrow_stream({"text": ["a", "b"], "labels": [[0, 1], []]}, {"labels": feature}))
    assert [row["labels"] for row in rows] == [["Bug", "Große Bitte"], []]


def test_tokens_with_tags_become_a_text_with_spans():
    features = {"tokens": [VALUE], "pos_tags": [VALUE], "ner_tags": {"feature": TAGS, "_type": "Sequence"}}
    columns = {"id": ["7"], "tokens": [["EU", "Zoë", "🙂", "."]], "pos_tags": [["N", "N", "O", "."]]}
    assert lines(parquet(columns | {"ner_tags": [[1, 2, 3, 0]]}, features)) == [
        {
            "id": "7",
            "pos_tags": ["N", "N", "O", "."],
            "text": "EU Zoë 🙂 .",
            "spans": [[0, 6, "ORG"], [7, 8, "PER"]],
        }
    ]


def test_tags_may_be_texts_of_any_scheme():
    columns = {"tokens": [["EU", "rejects"], ["Ann"]], "tags": [["U-ORG", "O"], ["U-PER"]]}
    assert [row["spans"] for row in lines(parquet(columns))] == [[[0, 2, "ORG"]], [[0, 3, "PER"]]]


def test_spans_as_structs_stay_objects_and_their_classes_get_names():
    feature = [{"start": VALUE, "end": VALUE, "label": TOPICS}]
    content = parquet(
        {"text": ["Hi"], "entities": [[{"start": 0, "end": 2, "label": 1}]]}, {"entities": feature}
    )
    assert lines(content) == [{"text": "Hi", "entities": [{"start": 0, "end": 2, "label": "Große Bitte"}]}]


def test_a_sequence_of_structs_that_is_stored_as_a_struct_of_lists_is_turned_around():
    feature = {"feature": {"start": VALUE, "end": VALUE, "label": TOPICS}, "_type": "Sequence"}
    content = parquet(
        {"text": ["Hi"], "spans": [{"start": [0], "end": [2], "label": [0]}]}, {"spans": feature}
    )
    assert lines(content)[0]["spans"] == [{"start": 0, "end": 2, "label": "Bug"}]


def test_a_column_of_ones_and_zeros_for_each_class_is_several_classes_a_document():
    content = parquet({"text": ["a", "b"], "Bug": [1.0, 0.0], "Praise": [1.0, 0.0], "source": ["x", "y"]})
    assert lines(content) == [
        {"text": "a", "source": "x", "labels": ["Bug", "Praise"]},
        {"text": "b", "source": "y", "labels": []},
    ]
    assert lines(parquet({"text": ["a"], "share": [0.3], "score": [1.0]}))[0]["share"] == 0.3


def test_metadata_in_json_is_an_object_again():
    rows = lines(parquet({"text": ["a", "b"], "metadata": ['{"stars": 4}', "mail"]}))
    assert [row["metadata"] for row in rows] == [{"stars": 4}, {"metadata": "mail"}]


def test_times_are_iso_8601_and_what_json_cannot_hold_is_text_or_nothing():
    moment = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
    columns = {
        "text": ["Hi"],
        "at": pa.array([moment], pa.timestamp("ns", "UTC")),
        "nothing": [float("nan")],
        "big": pa.array([2**64 - 1], pa.uint64()),
        "picture": [b"\x89PNG"],
    }
    assert lines(parquet(columns)) == [
        {
            "text": "Hi",
            "at": "2026-05-01T09:30:00+00:00",
            "nothing": None,
            "big": "18446744073709551615",
            "picture": None,
        }
    ]


def test_a_saved_dataset_takes_the_names_of_its_classes_from_its_description():
    info = {"features": {"label": TOPICS}}
    bundle = FilesInMemory(
        {
            "mails/dataset_info.json": json.dumps(info).encode(),
            "mails/state.json": b"{}",
            "mails/data-00000-of-00002.arrow": arrow_stream({"text": ["a"], "label": [0]}),
            "mails/data-00001-of-00002.arrow": arrow_stream({"text": ["b"], "label": [1]}),
            "mails/cache-0a1b.arrow": arrow_stream({"text": ["c"], "label": [1]}),
        },
        "mails.zip",
    )
    assert lines(bundle) == [{"text": "a", "label": "Bug"}, {"text": "b", "label": "Große Bitte"}]


def test_splits_come_from_the_names_of_folders_and_files():
    bundle = FilesInMemory(
        {
            "README.md": b"# Card",
            "test/data-00000-of-00001.arrow": arrow_stream({"text": ["a"]}),
            "data/validation-00000-of-00001.parquet": parquet({"text": ["b"]}),
            "train.jsonl": b'{"text": "c"}\nnonsense\n{"text": "d", "split": "test"}\n',
        },
        "mails",
    )
    raw = b"".join(arrow.json_lines(bundle)).splitlines()
    assert raw == [
        b'{"text": "b", "split": "pool"}',
        b'{"text": "a", "split": "test"}',
        b'{"text": "c", "split": "pool"}',
        b"nonsense",
        b'{"text": "d", "split": "test"}',
    ]


def test_the_result_is_read_as_jsonl():
    content = b"".join(arrow.json_lines(FilesInMemory({"a": parquet({"text": ["Hi"], "label": ["late"]})})))
    (record,) = formats.read(io.BytesIO(content), Format.JSONL)
    assert (record.text, record.labels) == ("Hi", ("late",))


def test_a_folder_on_the_disk_is_recognized(tmp_path):
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "train.parquet").write_bytes(parquet({"text": ["Hi"]}))
    (tmp_path / "mails" / "test.parquet").write_bytes(parquet({"text": ["Bye"]}))
    with open_bundle(tmp_path / "mails") as bundle:
        assert convertible(bundle) == "arrow"
        assert [row["split"] for row in lines(bundle)] == ["test", "pool"]


@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": b"PAR1", "b.txt": b""},
        {"all.jsonl": b"", "ann.jsonl": b""},
        {"train.parquet": b"not what it says", "test.parquet": b"PAR1"},
        {"mails.csv": b"id,text\n"},
    ],
)
def test_other_files_are_left_to_others(files):
    assert not arrow.recognizes(FilesInMemory(files, "mails.zip"))


COLUMNS = {"text": ["Hi"] * 50, "label": list(range(50))}


@pytest.mark.parametrize("write", [parquet, arrow_stream, arrow_file])
def test_a_file_that_breaks_off_is_refused_with_what_to_do(write):
    with pytest.raises(UnreadableFile, match="Write it"):
        lines(write(COLUMNS)[:200])


def test_feather_of_version_1_is_refused_with_what_to_do():
    with pytest.raises(UnreadableFile, match="Write it as Parquet"):
        lines(b"FEA1" * 9)


@given(
    st.sampled_from([parquet, arrow_stream, arrow_file]), st.integers(8), st.binary(min_size=1, max_size=40)
)
def test_damage_anywhere_is_never_more_than_unreadable(write, position, noise):
    content = write(COLUMNS)
    position %= len(content)
    with suppress(UnreadableFile):
        lines(content[:8] + content[8:position] + noise + content[max(8, position + len(noise)) :])


def test_a_file_that_expands_beyond_measure_is_refused():
    with pytest.raises(UnreadableFile, match="expands more than"):
        lines(parquet({"text": ["x" * 100_000] * 400}))


@given(st.lists(st.tuples(TEXTS, st.dictionaries(st.sampled_from("ab"), JSON_VALUES)), min_size=1))
def test_texts_and_metadata_survive_whatever_is_in_them(rows):
    columns = {"text": [text for text, _ in rows], "metadata": [json.dumps(metadata) for _, metadata in rows]}
    assert [(row["text"], row["metadata"]) for row in lines(parquet(columns))] == rows
