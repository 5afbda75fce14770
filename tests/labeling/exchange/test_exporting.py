"""What leaves a project, and does it come back the same?"""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations import adjudication, corrections, exclusion, submit
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput
from labeling.exchange import exporting as pages
from labeling.exchange.export_files import file_format, file_name, format_keys
from labeling.exchange.exporting import MAX_METADATA_COLUMNS, ExportFormat, Scope, export
from labeling.exchange.importing import import_documents
from labeling.formats import BadRow, Format, Record, Span, columns, read
from labeling.formats.records import RecordAnnotation
from labeling.formats.tables.csv_rows import needs_escape
from labeling.guidelines import new_projects, versions
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import Clock, label

every_format = pytest.mark.parametrize("file_format", list(ExportFormat))
HOSTILE = (
    '=HYPERLINK("http://example.com";"click")',
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "'quoted",
    "\uff1d1",
    'He said "no", then; left|',
    "two\nlines\r\nand a lone\rone",
    "<script>alert(1)</script>",
    "\ufeffmark",
    "naïve 😀 e\u0301",
    "\u202eright to left",
    "null",
    "{}",
    "[1]",
    "\\N",
    "  spaces  ",
    "a\u2028b\x85c\x1cd",
)


def written(project: Project, scope: Scope = Scope.SETTLED, how: ExportFormat = ExportFormat.JSONL) -> bytes:
    return b"".join(export(project, scope, how))


def objects(project: Project, scope: Scope = Scope.SETTLED) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(project, scope).decode().splitlines()]


def answer(project: Project, person: User, *names: str) -> int:
    (held,) = claims.claim(project.pk, person).documents
    done = submit.submit(person, Submission(held.token, [label(project, name) for name in names]))
    return done.annotation_id


def read_back(raw: bytes, file_format: ExportFormat) -> Iterator[Record | BadRow]:
    if file_format == ExportFormat.JSONL:
        return read(io.BytesIO(raw), Format.JSONL)
    return read(io.BytesIO(raw), Format.CSV, choice=columns(raw).guess)


def test_a_settled_document_leaves_with_its_labels_and_their_origin(tickets: Project, ann: User) -> None:
    answer(tickets, ann, "Refund")
    (row,) = objects(tickets)
    annotation = row.pop("annotation")
    assert row == {
        "id": "t0",
        "text": "I was charged twice, please return the second payment.",
        "label": "Refund",
        "split": "pool",
        "metadata": {},
    }
    assert annotation.pop("created_at").endswith("+00:00")
    assert annotation == {
        "annotator": "ann",
        "source": "person",
        "guideline_version": 1,
        "seconds": None,
        "is_counted": True,
        "is_surplus": False,
        "is_withdrawn": False,
        "resolution": "agreed",
        "selected_by": "margin",
        "selection_probability": None,
        "note": "",
        "suggestion": None,
    }


def test_what_the_annotator_was_shown_leaves_by_the_names_of_the_classes(tickets: Project, ann: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    refund = str(tickets.classes.get(name="Refund").pk)
    shown = {"policy": "after", "top": [[refund, 0.6]], "chosen": [refund], "first": [refund]}
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")], suggestion=shown, note="Twice."))
    (row,) = objects(tickets)
    assert row["annotation"]["suggestion"] == {
        "policy": "after",
        "top": [["Refund", 0.6]],
        "chosen": ["Refund"],
        "first": ["Refund"],
    }
    assert row["annotation"]["note"] == "Twice."


def test_a_dispute_leaves_as_it_was_decided(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    versions.publish(project.pk, joan, body="new", rules={}, change="rule", based_on=1)
    answer(project, ann, "Refund")
    answer(project, bob, "Billing")
    assert objects(project) == []
    (disputed,) = Document.objects.disputed()
    adjudication.decide(project.pk, disputed.pk, carla, [label(project, "Delivery")])
    (row,) = objects(project)
    assert (row["label"], row["annotation"]["resolution"], row["annotation"]["annotator"]) == (
        "Delivery",
        "adjudicated",
        "carla",
    )
    assert row["annotation"]["guideline_version"] == 2


def test_every_answer_leaves_with_what_became_of_it(
    tickets: Project, ann: User, bob: User, clock: Clock
) -> None:
    (late,) = claims.claim(tickets.pk, bob).documents
    clock.advance(minutes=tickets.lease_minutes + 1)
    corrected = answer(tickets, ann, "Refund")
    corrections.correct(tickets.pk, ann, corrected, [label(tickets, "Billing")])
    surplus = submit.submit(bob, Submission(late.token, [label(tickets, "Delivery")]))
    assert surplus.outcome == "surplus"
    answer(tickets, ann, "Delivery")
    corrections.undo(tickets.pk, ann)
    fates = [
        (
            row["id"],
            row["label"],
            *(row["annotation"][f"is_{fate}"] for fate in ("counted", "surplus", "withdrawn")),
        )
        for row in objects(tickets, Scope.ALL)
    ]
    assert fates == [
        ("t0", "Refund", False, False, False),  # corrected
        ("t0", "Billing", True, False, False),
        ("t0", "Delivery", False, True, False),
        ("t1", "Delivery", False, False, True),
    ]
    assert [row["id"] for row in objects(tickets)] == ["t0"]


def test_what_was_taken_out_or_belongs_to_another_project_stays(
    tickets: Project, make_project: Callable[..., Project], ann: User, joan: User
) -> None:
    other = make_project(kind="multi")
    answer(other, ann, "Refund", "Billing")
    answer(tickets, ann, "Refund")
    answer(tickets, ann, "Billing")
    exclusion.exclude(tickets.pk, joan, Document.objects.get(project=tickets, position=0).pk)
    assert [row["id"] for row in objects(tickets)] == ["t1"]
    assert len(objects(tickets, Scope.ALL)) == 2
    assert [row["labels"] for row in objects(other)] == [["Refund", "Billing"]]


def test_an_imported_annotation_leaves_with_its_annotator_elsewhere(tickets: Project) -> None:
    annotation = RecordAnnotation("dee", labels=("Refund",))
    import_documents(tickets.pk, [Record(1, "Where is it?", annotations=(annotation,))])
    assert [row["annotation"]["annotator"] for row in objects(tickets)] == ["dee"]


def test_a_class_leaves_under_the_name_it_has_now(tickets: Project, ann: User) -> None:
    answer(tickets, ann, "Refund")
    LabelClass.objects.filter(project=tickets, name="Refund").update(name="Money back")
    assert [row["label"] for row in objects(tickets)] == ["Money back"]


@every_format
@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_an_export_read_back_gives_the_same_documents(
    kind: str, file_format: ExportFormat, joan: User
) -> None:
    names = ["=Late", "Rude | loud", "[odd]"]

    def made(name: str) -> Project:
        return new_projects.create(joan, name=name, kind=kind, class_names=names, test_share=0.4)

    first, second = made("first"), made("second")
    report = import_documents(first.pk, hostile_records(kind, names))
    assert (report.bad, report.labeled) == (0, len(HOSTILE))
    raw = written(first, Scope.SETTLED, file_format)
    report = import_documents(second.pk, read_back(raw, file_format))
    assert (report.bad_rows, report.warnings, report.labeled) == ((), (), len(HOSTILE))
    assert contents(second) == contents(first)
    assert len(contents(first)) == len(HOSTILE)


@every_format
def test_all_annotations_come_back_as_those_of_their_annotators_and_withdrawn_ones_have_no_vote(
    tickets: Project,
    make_project: Callable[..., Project],
    ann: User,
    bob: User,
    file_format: ExportFormat,
) -> None:
    Project.objects.filter(pk=tickets.pk).update(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Refund"), (ann, "Billing"), (ann, "Billing")):
        answer(tickets, person, name)
    withdrawn = tickets.annotations.filter(annotator=ann).latest("pk")
    corrections.undo(tickets.pk, ann, withdrawn.pk)
    other = make_project(texts=[])
    rows = written(tickets, Scope.ALL, file_format)
    report = import_documents(other.pk, read_back(rows, file_format))
    assert (report.added, report.labeled, report.bad, report.warned) == (3, 1, 0, 0)
    assert Resolution.objects.get(project=other).document.external_id == "t0"

    def stated(project: Project) -> list[tuple[Any, ...]]:
        keys = ("annotator", "is_withdrawn")
        return [
            (row["id"], row["label"], *(row["annotation"][key] for key in keys))
            for row in objects(project, Scope.ALL)
        ]

    assert stated(other) == stated(tickets)
    assert [row[3] for row in stated(other)] == [False, False, False, True]


def hostile_records(kind: str, names: Sequence[str]) -> Iterator[Record]:
    for number, text in enumerate(HOSTILE):
        some = tuple(names[: number % 4])  # none at all is an answer too, where several may be given
        spans = tuple(Span(index, index + 1, name) for index, name in enumerate(some[: len(text)]))
        yield Record(
            number + 1,
            text,
            None if number % 5 == 0 else f"=id {number}" if number % 2 else f"i'd,{number}",
            {"source": text[:40], "=key": "x"} if number % 3 else {},
            None if kind == "spans" else (names[number % 3],) if kind == "single" else some,
            spans if kind == "spans" else None,
            ("pool", "test")[number % 2],
        )


def contents(project: Project) -> set[tuple[Any, ...]]:
    """All that a document is and was given, without the numbers of rows."""
    settled = Resolution.objects.filter(project=project).select_related("document", "annotation")
    return {
        (
            resolution.document.text,
            resolution.document.external_id,
            resolution.document.split,
            json.dumps(resolution.document.metadata, sort_keys=True),
            frozenset(resolution.annotation.labels.values_list("label_class__name", "start", "end")),
        )
        for resolution in settled
    }


def test_spans_are_counted_in_code_points(make_project: Callable[..., Project], ann: User) -> None:
    project = make_project(kind="spans", texts=["😀 Ann 😀"])
    (held,) = claims.claim(project.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(project, "Refund", 2, 5)]))
    (row,) = objects(project)
    assert row["spans"] == [[2, 5, "Refund"]]
    assert row["text"][2:5] == "Ann"


# reliability B1
def test_no_cell_for_spreadsheets_runs_as_a_formula(joan: User) -> None:
    project = new_projects.create(joan, name="p", kind="single", class_names=["=Late", "+b", "@c"])
    import_documents(project.pk, hostile_records("single", ["=Late", "+b", "@c"]))
    raw = written(project, Scope.SETTLED, ExportFormat.CSV).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(raw, newline="")))
    assert len(rows) == len(HOSTILE) + 1
    assert not [cell for row in rows for cell in row if needs_escape(cell) and not cell.startswith("'")]


def test_metadata_gets_a_column_a_key_of_the_exported_documents_only(tickets: Project, ann: User) -> None:
    Document.objects.filter(project=tickets, position=0).update(metadata={"stars": 4, "from": "web"})
    Document.objects.filter(project=tickets, position=5).update(metadata={"unseen": 1})
    answer(tickets, ann, "Refund")
    header, row = written(tickets, Scope.SETTLED, ExportFormat.RAW_CSV).decode().splitlines()
    assert header.endswith(
        "annotation.resolution,annotation.selected_by,annotation.selection_probability,annotation.note,"
        "annotation.suggestion,metadata.from,metadata.stars"
    )
    assert row.endswith("agreed,margin,,,,web,4")


def test_metadata_that_makes_too_many_columns_is_refused_before_the_first_piece(
    tickets: Project, ann: User
) -> None:
    many = {f"key {n}": n for n in range(MAX_METADATA_COLUMNS + 1)}
    Document.objects.filter(project=tickets, position=0).update(metadata=many)
    answer(tickets, ann, "Refund")
    with pytest.raises(InvalidInput, match="Choose JSONL"):
        export(tickets, Scope.SETTLED, ExportFormat.RAW_CSV)
    assert objects(tickets)[0]["metadata"] == many


@every_format
@pytest.mark.parametrize("scope", list(Scope))
def test_an_empty_project_gives_an_empty_file(
    tickets: Project, scope: Scope, file_format: ExportFormat
) -> None:
    assert written(tickets, scope, file_format).count(b"\n") == (
        0 if file_format == ExportFormat.JSONL else 1
    )


@pytest.mark.parametrize("scope", list(Scope))
def test_pages_meet_without_gap_or_overlap(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    project = settled(make_project, 53)
    monkeypatch.setattr(pages, "ROW_BATCH_SIZE", 10)
    told: list[int] = []
    with CaptureQueriesContext(connection) as captured:
        rows = b"".join(export(project, scope, ExportFormat.JSONL, told.append)).splitlines()
    assert [json.loads(row)["id"] for row in rows] == [f"d{n}" for n in range(53)]
    assert len(captured) == 8  # the names of the classes, and the pages
    assert told[-1] == 53


def test_long_texts_make_short_pages(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = settled(make_project, 20, text="x" * 1_000)
    monkeypatch.setattr(pages, "MAX_BATCH_BYTES", 2_500)
    with CaptureQueriesContext(connection) as captured:
        rows = objects(project)
    assert [row["id"] for row in rows] == [f"d{n}" for n in range(20)]
    assert len(captured) == 9  # names of the classes, three a page, and one that finds nothing
    monkeypatch.setattr(pages, "MAX_BATCH_BYTES", 1)
    assert len(objects(project)) == 20


@pytest.mark.django_db(transaction=True)
def test_no_transaction_stays_open_between_pages(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = settled(make_project, 6)
    monkeypatch.setattr(pages, "ROW_BATCH_SIZE", 2)
    rows = pages.exported(project, Scope.SETTLED)
    assert next(rows).external_id == "d0"
    assert connection.connection.info.transaction_status.name == "IDLE"
    Document.objects.filter(project=project, position=4).update(state=Document.State.OPEN)
    assert [row.external_id for row in rows] == ["d1", "d2", "d3", "d5"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_project(make_project: Callable[..., Project]) -> None:
    peaks = []
    for count in (4_000, 10_000):
        project = settled(make_project, count, text="y" * 100)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        tracemalloc.start()
        rows = sum(piece.count(b"\n") for piece in export(project, Scope.SETTLED, ExportFormat.JSONL))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == count
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 20_000_000


def settled(make_project: Callable[..., Project], count: int, text: str = "document") -> Project:
    project = make_project(texts=[])
    rows = (Record(n + 1, f"{text} {n}", f"d{n}", {}, ("Refund",)) for n in range(count))
    assert import_documents(project.pk, rows).labeled == count
    return project


# reliability H2
def test_the_name_of_the_file_is_plain_whatever_the_project_is_called(tickets: Project) -> None:
    formats = [file_format(key) for key in format_keys()]
    names = {file_name(tickets, scope, each) for scope in Scope for each in formats}
    assert f"project-{tickets.pk}-labels.jsonl" in names
    assert len(names) == 2 * len(formats)
    assert all(name.isascii() and name.replace("-", "").replace(".", "").isalnum() for name in names)
