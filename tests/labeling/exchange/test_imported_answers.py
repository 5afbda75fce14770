"""What becomes of several answers of a file for one document?"""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling.annotations import exclusion, submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exchange import importing
from labeling.exchange.importing import ImportReport, import_documents
from labeling.formats import BadRow, Format, Record, read
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label, rank


def rows(*documents: dict[str, Any]) -> Iterator[Record | BadRow]:
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    return read(io.BytesIO(lines.encode()), Format.JSONL)


def said(project: Project, text: str, *names: str) -> ImportReport:
    """Import a row for each label, all of one text, with other rows around them."""
    around = [{"text": f"{text} {n}"} for n in range(3)]
    return import_documents(
        project.pk, rows(around[0], *({"text": text, "label": n} for n in names), *around[1:])
    )


def stands(project: Project, text: str) -> tuple[str, list[str], list[str]]:
    """The document's state, what settles it, and all imported answers in their order."""
    document = project.documents.get(text=text)
    settled = project.annotations.filter(settles__document=document)
    kept = document.annotations.current().filter(source="import").order_by("pk")
    return document.state, names_of(settled), names_of(kept)


def names_of(answers: Iterable[Annotation]) -> list[str]:
    return ["+".join(sorted(value.label_class.name for value in answer.labels.all())) for answer in answers]


@pytest.mark.parametrize("chunk", [100, 1], ids=["near", "far"])
def test_answers_of_one_file_are_all_kept_and_more_than_half_settle(
    tickets: Project, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(importing, "ROW_BATCH_SIZE", chunk)
    cases = {  # rows in their order: what settles the document, and which rows are told about
        "rr": ("Refund", []),
        "rb": ("", [3]),
        "rrb": ("Refund", [4]),
        "rbb": ("Billing", [3, 4]),
        "brr": ("Refund", [3, 4]),
        "rbd": ("", [3, 4]),
        "rrbb": ("", [4, 5]),
        "rrbbr": ("Refund", [4, 5, 6]),
    }
    full = {"r": "Refund", "b": "Billing", "d": "Delivery"}
    wrong: list[object] = []
    for letters, (winner, told) in cases.items():
        names = [full[letter] for letter in letters]
        report = said(tickets, letters, *names)
        expected = ("resolved" if winner else "open", [winner] if winner else [], names)
        rows = (
            stands(tickets, letters),
            [row.line for row in report.warnings],
            report.labeled,
            report.duplicates,
        )
        if rows != (expected, told, bool(winner), len(names) - 1):
            wrong.append((letters, rows))
    assert wrong == []


def test_a_conflict_is_told_with_its_line_and_what_becomes_of_it(tickets: Project) -> None:
    (warning,) = said(tickets, "Where is it?", "Delivery", "Refund").warnings
    assert (warning.line, warning.excerpt) == (3, "Where is it?")
    assert "Another row has the same document with another label" in warning.reason


def test_sets_and_spans_are_compared_as_whole_answers(make_project: Callable[..., Project]) -> None:
    multi, spans = make_project(kind="multi"), make_project(kind="spans")
    both = {"text": "a", "labels": ["Refund", "Billing"]}, {"text": "a", "labels": ["Billing", "Refund"]}
    report = import_documents(
        multi.pk, rows(*both, {"text": "b", "labels": []}, {"text": "b", "labels": ["Refund"]})
    )
    assert [row.line for row in report.warnings] == [4]
    assert (stands(multi, "a")[0], stands(multi, "b")[0]) == ("resolved", "open")
    marks = [[0, 4, "Refund"]], [[0, 4, "Refund"]], [[0, 4, "Billing"]]
    report = import_documents(spans.pk, rows(*({"id": 1, "text": "Anna sings", "spans": m} for m in marks)))
    assert [row.line for row in report.warnings] == [3]
    assert stands(spans, "Anna sings") == ("resolved", ["Refund"], ["Refund", "Refund", "Billing"])


def test_the_same_file_again_stores_no_answer_twice(tickets: Project) -> None:
    for names in (("Refund", "Refund"), ("Refund", "Billing"), ("Billing", "Refund", "Refund")):
        text = " ".join(names)
        said(tickets, text, *names)
        before = stands(tickets, text)
        assert said(tickets, text, *names).labeled == 0
        assert stands(tickets, text) == before


def test_a_later_file_does_not_change_what_is_settled_and_says_so(tickets: Project, joan: User) -> None:
    said(tickets, "Where is it?", "Delivery")
    report = said(tickets, "Where is it?", "Refund", "Delivery")
    assert [(row.line, "already has another final label" in row.reason) for row in report.warnings] == [
        (2, True)
    ]
    assert stands(tickets, "Where is it?") == ("resolved", ["Delivery"], ["Delivery"])
    exclusion.exclude(tickets.pk, joan, tickets.documents.get(text="Where is it?").pk)
    report = said(tickets, "Where is it?", "Delivery")
    assert ["disputed or excluded" in row.reason for row in report.warnings] == [True]


def test_a_document_that_a_file_leaves_open_is_labeled_like_any_other(
    tickets: Project, ann: User, joan: User
) -> None:
    said(tickets, "Where is it?", "Delivery", "Refund")
    document = tickets.documents.get(text="Where is it?")
    exclusion.exclude(tickets.pk, joan, document.pk)
    exclusion.include(tickets.pk, joan, document.pk)
    assert stands(tickets, "Where is it?")[0] == "open", "neither imported answer decides"
    rank(tickets, [document])
    (held,) = claims.claim(tickets.pk, ann).documents
    assert held.document_id == document.pk
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert Document.objects.get(pk=document.pk).resolution.annotation.annotator == ann
    assert said(tickets, "Where is it?", "Delivery", "Delivery").labeled == 0, "people's word stands"


def test_the_majority_of_imported_answers_settles_again_what_was_excluded(
    tickets: Project, joan: User
) -> None:
    said(tickets, "Where is it?", "Delivery", "Delivery", "Refund")
    document = tickets.documents.get(text="Where is it?")
    exclusion.exclude(tickets.pk, joan, document.pk)
    exclusion.include(tickets.pk, joan, document.pk)
    assert stands(tickets, "Where is it?")[:2] == ("resolved", ["Delivery"])
