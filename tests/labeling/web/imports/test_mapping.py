"""Mapping a file: its format, its columns and fields, and what is guessed of them."""

import gzip
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations.models import Resolution
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.guidelines import new_projects
from labeling.projects.models import Project
from tests.labeling.web.imports.uploads import ROWS, TABLE, kept_files, send, start, text


def test_a_table_shows_its_first_rows_and_a_choice_of_columns(client: Client, empty: Project) -> None:
    page = send(client, empty, TABLE)
    assert "Map the columns" in text(page)
    assert "Give my money back" in text(page)
    chosen = re.findall(r'<option value="(\w+)" selected>', page.content.decode())
    assert "comment" in chosen
    assert "topic" in chosen  # its cells are classes of this project
    assert not Document.objects.exists()


def test_a_column_of_other_words_is_not_taken_for_answers(client: Client, empty: Project) -> None:
    page = send(client, empty, b"text,label\nHello,spam\n").content.decode()
    assert '<option value="label" selected>' not in page


def test_the_chosen_columns_become_documents_answers_and_metadata(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    page = start(client, empty, text="comment", id="nr", label="topic", answers="settle")
    assert "2 documents imported" in text(page)
    assert {d.external_id: d.text for d in empty.documents.all()} == {
        "a1": "Bad and slow",
        "a2": "Give my money back",
    }
    assert Resolution.objects.filter(project=empty).count() == 2
    assert kept_files() == set()


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.jsonl", b'{"text": "One", "id": 1}\n{"text": "Two"}\n', ["One", "Two"]),
        ("a.txt", "Eins\nZwölf\n".encode(), ["Eins", "Zwölf"]),
        ("a.jsonl.gz", gzip.compress(b'{"text": "Packed"}\n', mtime=0), ["Packed"]),
    ],
)
def test_other_formats_are_recognized(
    client: Client, empty: Project, name: str, content: bytes, texts: list[str]
) -> None:
    page = send(client, empty, content, name)
    assert all(item in text(page) for item in texts)
    start(client, empty)
    assert sorted(empty.documents.values_list("text", flat=True)) == texts


# reliability C5
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0xxxx", "Save it as CSV"),
        ("a.json", b'{\n"text": "One"}', "one object per line"),
        ("a.csv", b"", "The submitted file is empty."),
        ("a.bin", b"\0" * 200, "not a text file"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_with_what_to_do(
    client: Client, empty: Project, name: str, content: bytes, message: str
) -> None:
    response = send(client, empty, content, name)
    assert response.status_code == 422
    assert message in text(response)
    assert not ImportJob.objects.exists()
    assert kept_files() == set()


def test_another_encoding_can_be_tried_before_anything_is_stored(client: Client, empty: Project) -> None:
    send(client, empty, "text\nZwölf\n".encode("cp1252"))
    job = ImportJob.objects.get()
    address = reverse("labeling:import_job", args=[empty.pk, job.pk])
    assert "Zwölf" not in text(client.get(address))
    page = client.get(address + "?format=csv&encoding=cp1252")
    assert "Zwölf" in text(page)
    start(client, empty, encoding="cp1252", text="text")
    assert empty.documents.get().text == "Zwölf"


def test_a_way_of_reading_that_fails_is_said_on_the_same_page(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    page = start(client, empty, encoding="utf-16", text="comment")
    assert page.status_code == 422
    assert "cannot be read with these settings" in text(page)
    assert ImportJob.objects.get().state == "uploaded"
    page = start(client, empty, text="no such column")
    assert page.status_code == 422
    page = start(client, empty, text="comment", id="comment")
    assert "selected twice" in text(page)


# reliability A2
def test_hostile_names_and_cells_are_text(client: Client, empty: Project) -> None:
    name = "<script>alert(1)</script>.csv"
    page = send(client, empty, b"text,<script>x</script>\n<b>hi</b>,1\n", name).content.decode()
    assert "<script>alert" not in page
    assert "<script>x" not in page
    assert "<b>hi" not in page


@pytest.mark.parametrize(("kind", "field"), [("single", "label"), ("multi", "labels"), ("spans", "spans")])
def test_the_chooser_asks_for_the_answers_of_the_project_s_kind(
    client: Client, make_project: Callable[..., Project], kind: str, field: str
) -> None:
    page = send(client, make_project(kind=kind), TABLE).content.decode()
    asked = set(re.findall(r'<select name="(label|labels|spans)"', page))
    assert asked == {field}


def test_a_new_project_shows_the_keys_and_colors_that_its_classes_got(
    client: Client, joan: User, empty: Project, tickets: Project
) -> None:
    client.force_login(joan)
    page = text(client.get(reverse("labeling:import", args=[empty.pk])))
    assert "Keys and colors Refund 1 Billing 2" in page
    assert "Change keys and colors" in page
    assert "Keys and colors" not in text(client.get(reverse("labeling:import", args=[tickets.pk])))


def test_a_file_without_a_header_is_read_from_its_first_row_on(client: Client, empty: Project) -> None:
    raw = b'Refund\tGive my money back\nDelivery\tBad and slow\nRefund\t"Late" again\n'
    page = send(client, empty, raw, "mails.txt")
    assert "The first row is imported as a document" in text(page)
    assert "Automatic: Document" in text(page)
    start(client, empty, text="column 2", label="column 1", answers="settle")
    result = empty.documents.order_by("position").values_list(
        "text", "resolution__annotation__labels__label_class__name"
    )
    assert list(result) == [
        ("Give my money back", "Refund"),
        ("Bad and slow", "Delivery"),
        ('"Late" again', "Refund"),
    ]


def test_what_is_guessed_of_a_table_can_be_chosen(client: Client, empty: Project) -> None:
    send(client, empty, b"one,1|two\nthree,2|four\n", "a.csv")
    job = ImportJob.objects.get()
    address = reverse("labeling:import_job", args=[empty.pk, job.pk])
    page = client.get(
        address, {"format": "csv", "encoding": "utf-8", "delimiter": "|", "has_header": "False"}
    )
    assert "column 2" in text(page)
    assert "The first row is imported as a document" not in text(page)  # it was chosen, not guessed
    chosen = {"delimiter": "|", "has_header": "False", "is_quoted": ""}
    assert all(f'name="{name}" value="{value}"' in page.content.decode() for name, value in chosen.items())
    start(client, empty, text="column 2", **chosen)
    assert sorted(empty.documents.values_list("text", flat=True)) == ["four", "two"]


def test_utf_16_without_a_mark_can_be_sent(client: Client, empty: Project) -> None:
    page = send(client, empty, "id,text\n1,Größe\n".encode("utf-16-le"), "a.csv")
    assert "Größe" in text(page)
    assert '<option value="utf-16-le" selected>' in page.content.decode()
    start(client, empty, text="text", encoding="utf-16-le")
    assert empty.documents.get().text == "Größe"


def test_a_json_list_is_rows(client: Client, empty: Project) -> None:
    page = send(client, empty, b'[{"text": "One", "id": 7},\n {"text": "Two"}]', "a.json")
    assert "One" in text(page)
    start(client, empty, id="id")
    assert list(empty.documents.values_list("text", "external_id")) == [("One", "7"), ("Two", None)]


def test_fields_of_json_rows_are_mapped_and_kept_hidden_or_left_out(client: Client, empty: Project) -> None:
    page = send(client, empty, ROWS, "a.jsonl")
    assert "Map the fields" in text(page)
    assert re.findall(r'<option value="(\w+)" selected>', page.content.decode()) == [
        "jsonl",
        "body",
        "topic",
        "shown",
        "shown",
        "shown",
    ]
    order = [name for name, _ in re.findall(r'<label for="id_(keep_\d)"[^>]*>(\w+)', page.content.decode())]
    assert order == ["keep_1", "keep_3", "keep_4"]
    start(client, empty, text="body", id="nr", label="", keep_3="hidden", keep_4="left_out", answers="settle")
    first = empty.documents.get(external_id="1")
    assert (first.text, first.metadata) == ("Bad and slow", {"topic": "Delivery", "seller": "shop"})
    empty.refresh_from_db()
    assert empty.hidden_metadata == ["seller", "topic"], "chosen, and the one that tells the answer"


def test_a_field_that_tells_the_answer_is_shown_only_where_it_was_chosen(
    client: Client, empty: Project
) -> None:
    send(client, empty, ROWS, "a.jsonl")
    start(client, empty, text="body", keep_2="shown", answers="settle")
    empty.refresh_from_db()
    assert (empty.hidden_metadata, empty.shown_metadata) == ([], ["topic"])


def test_the_separator_of_several_labels_can_be_chosen(client: Client, joan: User) -> None:
    project = new_projects.create(joan, name="X", kind="multi", class_names=["late", "rude"], test_share=0.0)
    page = send(client, project, b"text;tags\nHi;late#rude\nHo;rude\n")
    assert '<option value="#" selected>' in page.content.decode(), "guessed by the names of classes"
    start(client, project, text="text", labels="tags", separator="#", answers="settle")
    labels = project.documents.order_by("position").values_list(
        "resolution__annotation__labels__label_class__name", flat=True
    )
    assert sorted(labels) == ["late", "rude", "rude"]
    send(client, project, b"text;tags\nHey;late#rude\n")
    page = start(client, project, text="text", labels="tags", separator="|", answers="settle")
    assert "“late#rude” is not a class of this project." in text(page)
