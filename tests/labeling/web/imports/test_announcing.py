"""What an import announces: what its labels would settle, and the choices about them."""

import re

import pytest
from django.test import Client

from labeling.documents.imports import ImportJob
from labeling.projects.models import Project
from tests.labeling.web.imports.uploads import ROWS, send, start, text


def test_an_import_says_what_it_would_settle_before_it_does(client: Client, empty: Project) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = text(start(client, empty, text="body", id="nr", label="topic"))
    assert "2 of 3 rows have a label" in page
    assert "1 will count as labeled 1 with an unknown class" in page
    assert "Add the 1 unknown class" in page
    assert "Nothing is imported yet." in page
    assert not empty.documents.exists()
    assert ImportJob.objects.get().state == "uploaded"


@pytest.mark.parametrize(
    ("chosen", "settled", "classes"),
    [
        ({"answers": "settle"}, {"1"}, 3),
        ({"answers": "texts"}, set(), 3),
        ({"answers": "settle", "adds_classes": "on"}, {"1", "2"}, 4),
    ],
)
def test_labels_settle_or_not_and_add_classes_or_not(
    client: Client, empty: Project, chosen: dict[str, str], settled: set[str], classes: int
) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = text(start(client, empty, text="body", id="nr", label="topic", **chosen))
    assert "3 documents imported" in page
    assert set(empty.documents.filter(state="resolved").values_list("external_id", flat=True)) == settled
    assert empty.classes.count() == classes
    assert ("New classes Warranty" in page) == (classes == 4)
    assert ("Texts only" in page) == (chosen["answers"] == "texts")


def test_the_way_back_from_the_summary_keeps_what_was_chosen(client: Client, empty: Project) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = start(client, empty, text="body", label="topic", keep_1="shown", keep_4="left_out", back="1")
    assert "Map the fields" in text(page)
    selected = re.findall(r'<option value="(\w+)" selected>', page.content.decode())
    assert selected == ["jsonl", "body", "topic", "shown", "left_out"]


def test_a_file_without_labels_is_imported_without_a_question(client: Client, empty: Project) -> None:
    send(client, empty, b"text,stars\nHi,3\n")
    assert "1 document imported" in text(start(client, empty, text="text"))
