"""What would an import settle? Told before anything is stored."""

from __future__ import annotations

import io
import json
from typing import Any

from django.contrib.auth.models import User

from labeling.annotations.models import Resolution
from labeling.documents.models import Document
from labeling.exchange.import_summaries import ImportSummary, summarize
from labeling.exchange.importing import import_documents
from labeling.formats import Format, read
from labeling.guidelines import new_projects
from labeling.guidelines.models import LabelClass
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project

ROWS = (
    {"text": "One", "label": "Refund"},
    {"text": "Two", "label": "refund"},  # another class: capital letters count
    {"text": "Three", "label": "Warranty"},
    {"text": "Four", "label": "Warranty"},
    {"text": "Five"},
    {"text": "Six", "label": ""},
    {"text": "Seven", "label": ["Refund", "Billing"]},
    {"text": ""},
    {"text": "x" * (READ_CHARACTERS + 1)},
    {"text": "x" * READ_CHARACTERS},
)


def project_of(joan: User, kind: str, names: list[str]) -> Project:
    return new_projects.create(joan, name="Mail", kind=kind, class_names=names, test_share=0.0)


def read_rows(*rows: Any) -> Any:
    return read(io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode()), Format.JSONL)


def test_a_summary_counts_what_would_settle_and_what_is_missing(joan: User) -> None:
    project = project_of(joan, "single", ["Refund", "Billing"])
    before = Document.objects.count()
    summary = summarize(project.pk, read_rows(*ROWS))
    assert summary == ImportSummary(
        rows=10,
        bad=1,
        with_label=6,
        settling=1,
        missing=(("Warranty", 2), ("refund", 1)),
        missing_rows=3,
        long=1,
    )
    assert Document.objects.count() == before


def test_the_import_keeps_what_its_summary_said(joan: User) -> None:
    project = project_of(joan, "single", ["Refund", "Billing"])
    summary = summarize(project.pk, read_rows(*ROWS))
    report = import_documents(project.pk, read_rows(*ROWS))
    assert (report.labeled, report.bad, report.long) == (summary.settling, summary.bad, summary.long)
    assert report.warned == summary.with_label - summary.settling


def test_texts_only_leaves_labels_and_what_is_wrong_with_them_out(joan: User) -> None:
    project = project_of(joan, "single", ["Refund", "Billing"])
    report = import_documents(project.pk, read_rows(*ROWS), takes_answers=False)
    assert (report.added, report.labeled, report.warned) == (9, 0, 0)
    assert not Resolution.objects.filter(project=project).exists()
    assert LabelClass.objects.filter(project=project).count() == 2


def test_missing_classes_are_added_once_with_free_keys(joan: User) -> None:
    project = project_of(joan, "single", ["Refund", "Billing"])
    retired = LabelClass.objects.get(project=project, name="Billing")
    LabelClass.objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00Z")
    rows = [
        {"text": "One", "label": "Warranty"},
        {"text": "Two", "label": "Billing"},  # retired by somebody, and stays so
        {"text": "Three", "label": "Refu\u200bnd"},  # nobody sees what is in it
        {"text": "Four", "label": "R\u0435fund"},  # looks like Refund
        {"text": "Five", "label": "Warranty"},
        {"text": "Six", "label": "Warranty "},
        {"text": "Seven", "label": 3.0},
    ]
    report = import_documents(project.pk, read_rows(*rows), adds_classes=True)
    assert (report.labeled, report.warned) == (4, 3)
    added = LabelClass.objects.filter(project=project).exclude(name__in=["Refund", "Billing"])
    assert list(added.values_list("name", "key")) == [("Warranty", "2"), ("3", "3")]
    (job,) = project.import_jobs.all()
    assert set(job.added_classes) == {label_class.pk for label_class in added}


def test_spans_name_missing_classes_too(joan: User) -> None:
    project = project_of(joan, "spans", ["person"])
    rows = [{"text": "Anna in Rome", "spans": [[0, 4, "person"], [8, 12, "city"]]}]
    summary = summarize(project.pk, read_rows(*rows))
    assert (summary.missing, summary.settling) == ((("city", 1),), 0)
    assert import_documents(project.pk, read_rows(*rows), adds_classes=True).labeled == 1


def test_what_tells_the_answer_by_a_new_class_is_hidden_with_it(joan: User) -> None:
    project = project_of(joan, "single", ["Refund", "Billing"])
    rows = [{"text": "One", "label": "Warranty", "said": "Warranty", "channel": "mail"}]
    import_documents(project.pk, read_rows(*rows), adds_classes=True)
    project.refresh_from_db()
    assert project.hidden_metadata == ["said"]
