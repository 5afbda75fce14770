"""What becomes of a file?"""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling.annotations.models import Resolution
from labeling.documents.models import Document
from labeling.exchange import importing
from labeling.exchange.importing import import_documents
from labeling.formats import BadRow, ColumnChoice, Record, UnreadableFile
from labeling.formats.reading import Format, read
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.projects.models import Project


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
    assert (again.added, again.duplicates) == (0, 3)


def test_two_files_in_one_transaction_do_not_mix(tickets: Project) -> None:
    assert import_documents(tickets.pk, rows('{"text": "one"}\n')).added == 1
    assert import_documents(tickets.pk, rows('{"text": "two"}\n')).added == 1
    assert Document.objects.filter(project=tickets, text="two").exists()


def as_csv(*documents: dict[str, Any]) -> Iterator[Record | BadRow]:
    table = io.StringIO()
    writer = csv.DictWriter(table, ["id", "text", "label", "spans"])
    writer.writeheader()
    writer.writerows({k: json.dumps(v) if k == "spans" else v for k, v in d.items()} for d in documents)
    choice = ColumnChoice("text", "id", label="label", spans="spans")
    return read(io.BytesIO(table.getvalue().encode()), Format.CSV, choice=choice)


def as_jsonl(*documents: dict[str, Any]) -> Iterator[Record | BadRow]:
    return rows("".join(json.dumps(document) + "\n" for document in documents))


def test_a_known_id_with_another_text_is_one_bad_row_whatever_it_says_and_wherever_it_stands(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CSV and JSONL, with a label and with spans (beyond our text too), near, far, and in a later file."""
    wrong: list[object] = []
    projects = {kind: make_project(kind=kind) for kind in ("single", "spans")}
    contents: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
        ("single", {"label": "Refund"}, {"label": "Billing"}),
        ("single", {}, {"label": "Billing"}),
        ("spans", {}, {"spans": [[0, 3, "Refund"]]}),
        ("spans", {"spans": [[0, 4, "Refund"]]}, {"spans": [[30, 35, "Billing"]]}),
    )
    cases = itertools.product(contents, (as_csv, as_jsonl), (100, 2), (1, 2))
    for number, ((kind, first, second), form, chunk, file_count) in enumerate(cases):
        monkeypatch.setattr(importing, "ROW_BATCH_SIZE", chunk)
        ours = {"id": f"{number}", "text": "Good film.", **first}
        theirs = {"id": f"{number}", "text": "A bad film, and twice as long as ours.", **second}
        between = [{"id": f"{number}-{n}", "text": f"between {n}"} for n in range(4)]
        files = [[ours, *between, theirs]] if file_count == 1 else [[ours, *between], [theirs]]
        reports = [import_documents(projects[kind].pk, form(*file)) for file in files]
        stored = projects[kind].documents.get(external_id=f"{number}")
        kept = (stored.text, stored.state, stored.annotations.count())
        is_right = (
            kept == ("Good film.", "resolved" if first else "open", bool(first))
            and [row.excerpt[:10] for row in reports[-1].bad_rows] == ["A bad film"]
            and reports[-1].bad_rows[0].line == len(files[-1]) + (form is as_csv)
            and (sum(r.added for r in reports), sum(r.duplicates for r in reports)) == (5, 0)
        )
        if not is_right:
            wrong.append((kind, second, form.__name__, chunk, file_count, kept, reports))
    assert wrong == []


def test_a_row_that_cannot_be_stored_costs_only_itself(tickets: Project) -> None:
    """Whatever a reader lets through: the others are stored, with their labels."""
    documents = [Record(n, f"text {n}", labels=("Refund",)) for n in range(1, 10)]
    documents[2] = Record(3, "a character that no table can hold: \0")
    documents[7] = Record(8, "half a character: \ud800", external_id="x")
    report = import_documents(tickets.pk, documents)
    assert (report.read, report.added, report.labeled) == (9, 7, 7)
    assert [row.line for row in report.bad_rows] == [3, 8]
    assert all("cannot be stored" in row.reason for row in report.bad_rows)


def test_an_odd_label_never_costs_its_document(make_project: Callable[..., Project]) -> None:
    """Stored and waiting for annotators, with one warning that names the line; whole numbers are classes."""
    project = make_project()
    LabelClass.objects.filter(project=project, name="Refund").update(name="1")
    odd = ["", " ", True, ["1"], {"1": 1}, 1.5, "x" * 101, "2.0"]
    fine = [1, 1.0, "1", "1.0", None]
    documents = [{"text": f"text {n}", "label": item} for n, item in enumerate([*odd, *fine])]
    report = import_documents(project.pk, as_jsonl(*documents))
    assert (report.added, report.labeled, report.bad) == (len(odd + fine), len(fine) - 1, 0)
    assert [row.line for row in report.warnings] == [*range(1, len(odd) + 1)]
    assert report.warned == len(odd)
    assert all(row.reason.startswith("The document was imported without") for row in report.warnings)
    waiting = project.documents.filter(state="open", text__startswith="text ").order_by("position")
    assert [d.text for d in waiting] == [f"text {n}" for n in (*range(len(odd)), len(odd + fine) - 1)]


def test_spans_beyond_the_text_never_cost_their_document(make_project: Callable[..., Project]) -> None:
    project = make_project(kind="spans")
    report = import_documents(
        project.pk,
        as_jsonl(
            {"text": "Anna sings", "spans": [[0, 4, "Refund"]]},
            {"text": "Anna", "spans": [[0, 4, "Refund"], [5, 10, "Refund"]]},
            {"text": "Bob", "spans": [[0, 2, "Refund"], [1, 3, "Billing"]]},  # they overlap
            {"text": "Carla", "label": "Refund"},
        ),
    )
    assert (report.added, report.labeled, report.bad, report.warned) == (4, 1, 0, 3)
    assert [row.line for row in report.warnings] == [2, 3, 4]


def test_a_class_retired_meanwhile_costs_labels_and_no_import(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROW_BATCH_SIZE", 2)
    refund = tickets.classes.get(name="Refund")

    def read_slowly() -> Iterator[Record]:
        for n in range(1, 7):
            if n == 4:
                classes.retire(tickets.pk, joan, refund.pk)
            yield Record(n, f"text {n}", labels=("Refund" if n % 2 else "Billing",))

    report = import_documents(tickets.pk, read_slowly())
    assert (report.added, report.labeled, [row.line for row in report.warnings]) == (6, 4, [3, 5])


def test_what_comes_before_an_unreadable_place_is_stored(tickets: Project) -> None:
    with pytest.raises(UnreadableFile):
        import_documents(tickets.pk, read(io.BytesIO(gzip.compress(b"one\ntwo\nthree\n")[:-4]), Format.LINES))
    assert tickets.documents.filter(text__in=("one", "two")).count() == 2


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
    assert (report.labeled, report.bad, report.warned) == (1, 0, 1)
    assert "Nonsense" in report.warnings[0].reason
    assert Resolution.objects.get(project=tickets).how == Resolution.How.IMPORTED


def test_an_import_owes_features_once(tickets: Project) -> None:
    import_documents(tickets.pk, rows('{"text": "one"}\n'))
    import_documents(tickets.pk, rows('{"text": "two"}\n'))
    assert Job.objects.get(project=tickets).kind == Job.Kind.FEATURIZE


@pytest.mark.parametrize("text", ["😀 emoji", "שלום", "a\u0301 combining", "line\u2028separator", "{{7*7}}"])
def test_texts_come_back_as_they_went_in(tickets: Project, joan: User, text: str) -> None:
    import_documents(tickets.pk, rows(json.dumps({"text": text, "id": "x"}) + "\n"))
    assert Document.objects.get(project=tickets, external_id="x").text == text


def test_a_file_s_own_spelling_of_a_class_matches(tickets: Project, joan: User) -> None:
    classes.add(tickets.pk, joan, "Réclamation tardive")
    spelled = [
        "Réclamation tardive",
        "Re\u0301clamation tardive",
        " Réclamation\u00a0tardive",
        "Ref\u200bund",
    ]
    lines = "".join(json.dumps({"text": f"Text {n}", "label": name}) + "\n" for n, name in enumerate(spelled))
    report = import_documents(tickets.pk, rows(lines))
    assert (report.added, report.labeled, report.warned) == (4, 3, 1)
    assert "is not a class of this project" in report.warnings[0].reason
