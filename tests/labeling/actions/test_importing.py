"""What becomes of a file?"""

import io
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from labeling.actions.importing import import_documents
from labeling.formats.reading import Format, read
from labeling.models import Document, OwedWork, Project, Resolution


def rows(text: str):
    return read(io.BytesIO(text.encode()), Format.JSONL)


def test_an_import_stores_every_good_row_and_names_the_bad_ones(tickets: Project) -> None:
    report = import_documents(tickets.pk, rows('{"text": "one"}\n{"text": ""}\nnot json\n{"text": "two"}\n'))
    assert (report.read, report.added, report.bad) == (4, 2, 2)
    assert [row.line for row in report.bad_rows] == [2, 3]
    assert Document.objects.filter(project=tickets).count() == 8


def test_the_same_file_again_adds_nothing(tickets: Project) -> None:
    lines = '{"id": "a", "text": "one"}\n{"text": "two"}\n{"text": "two"}\n'
    assert import_documents(tickets.pk, rows(lines)).added == 2
    again = import_documents(tickets.pk, rows(lines))
    assert (again.added, again.known) == (0, 3)


def test_two_files_in_one_transaction_do_not_mix(tickets: Project) -> None:
    assert import_documents(tickets.pk, rows('{"text": "one"}\n')).added == 1
    assert import_documents(tickets.pk, rows('{"text": "two"}\n')).added == 1
    assert Document.objects.filter(project=tickets, text="two").exists()


def test_a_known_id_with_another_text_keeps_the_stored_one_and_says_so(tickets: Project) -> None:
    import_documents(tickets.pk, rows('{"id": "a", "text": "one"}\n'))
    report = import_documents(tickets.pk, rows('{"id": "a", "text": "changed"}\n'))
    assert report.bad_rows[0].line == 1
    assert Document.objects.get(project=tickets, external_id="a").text == "one"


def test_a_document_keeps_the_name_of_the_file_it_first_came_in(tickets: Project) -> None:
    import_documents(tickets.pk, rows('{"id": "a", "text": "one"}\n'), source="monday.jsonl")
    lines = '{"id": "a", "text": "one"}\n{"id": "b", "text": "two"}\n'
    import_documents(tickets.pk, rows(lines), source="tuesday.jsonl")
    sources = Document.objects.filter(project=tickets, external_id__in=["a", "b"]).order_by("external_id")
    assert list(sources.values_list("source", flat=True)) == ["monday.jsonl", "tuesday.jsonl"]


def test_positions_have_no_gaps_and_the_split_is_stable(make_project: Callable[..., Project]) -> None:
    project = make_project(test_share=0.3)
    lines = "".join(f'{{"text": "document {n}"}}\n' for n in range(200))
    import_documents(project.pk, rows(lines))
    documents = Document.objects.filter(project=project).order_by("position")
    assert [d.position for d in documents] == list(range(206))
    test = [d for d in documents[6:] if d.split == "test"]
    assert all(d.random_key < 0.3 for d in test)
    assert 30 < len(test) < 90


def test_labels_in_the_file_settle_their_documents(tickets: Project) -> None:
    lines = '{"text": "money back", "label": "Refund"}\n{"text": "what", "label": "Nonsense"}\n'
    report = import_documents(tickets.pk, rows(lines))
    assert (report.labelled, report.bad) == (1, 1)
    assert "Nonsense" in report.bad_rows[0].reason
    assert Resolution.objects.get(project=tickets).how == Resolution.How.IMPORTED


def test_an_import_owes_features_once(tickets: Project) -> None:
    import_documents(tickets.pk, rows('{"text": "one"}\n'))
    import_documents(tickets.pk, rows('{"text": "two"}\n'))
    assert OwedWork.objects.get(project=tickets).kind == OwedWork.Kind.FEATURIZE


@pytest.mark.parametrize("text", ["😀 emoji", "שלום", "a\u0301 combining", "line\u2028separator", "{{7*7}}"])
def test_texts_come_back_as_they_went_in(tickets: Project, joan: User, text: str) -> None:
    import json

    import_documents(tickets.pk, rows(json.dumps({"text": text, "id": "x"}) + "\n"))
    assert Document.objects.get(project=tickets, external_id="x").text == text
