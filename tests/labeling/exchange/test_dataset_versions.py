"""Does a dataset version stay as it was frozen?"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exceptions import InvalidInput, NotAllowed, NotFound, StaleRun
from labeling.exchange import dataset_versions
from labeling.exchange.data_cards import data_card, methods
from labeling.exchange.importing import import_documents
from labeling.exchange.models import Content, DatasetVersion
from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import WRITERS, extra_of
from labeling.formats.readers import dataset
from labeling.formats.records import Record
from labeling.guidelines.models import LabelClass
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def answer(project: Project, person: User, name: str) -> None:
    (held,) = claims.claim(project.pk, person).documents
    submit.submit(person, Submission(held.token, [label(project, name)]))


def frozen(project: Project, manager: User, **fields: Any) -> DatasetVersion:
    version = dataset_versions.create(project.pk, manager, **fields)
    assert worker.run_job(project.pk, Job.Kind.DATASET)
    version.refresh_from_db()
    assert version.state == "ready", version.failure
    return version


def lines(version: DatasetVersion) -> bytes:
    return b"".join(dataset_versions.dataset_lines(version))


def test_a_worker_freezes_it_with_its_hash(tickets: Project, joan: User, ann: User) -> None:
    answer(tickets, ann, "Refund")
    version = frozen(tickets, joan, name="First", note="For the pilot")
    file = lines(version)
    assert (version.number, version.name, version.guideline) == (1, "First", 1)
    assert version.sha256 == hashlib.sha256(file).hexdigest()
    assert version.byte_count == len(file)
    records = list(dataset.read(FilesInMemory({"d.jsonl": file})))
    assert len(records) == version.statistics["documents"] == 6
    assert not Job.objects.filter(kind=Job.Kind.DATASET).exists()


def test_what_is_labeled_later_changes_nothing_in_it(tickets: Project, joan: User, ann: User) -> None:
    first = frozen(tickets, joan)
    before = lines(first)
    answer(tickets, ann, "Refund")
    second = frozen(tickets, joan)
    assert second.number == 2
    assert lines(first) == before
    assert lines(second) != before


def test_the_same_data_have_the_same_hash(tickets: Project, joan: User) -> None:
    assert frozen(tickets, joan).sha256 == frozen(tickets, joan).sha256
    assert frozen(tickets, joan, content=Content.FINAL).sha256 == frozen(tickets, joan).sha256


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"name": "Other"}, {"state": "queued"}])
def test_the_database_refuses_to_change_a_frozen_one(
    tickets: Project, joan: User, change: dict[str, str]
) -> None:
    version = frozen(tickets, joan)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(**change)


def test_a_deleted_one_loses_its_file_and_keeps_its_number(tickets: Project, joan: User) -> None:
    version = frozen(tickets, joan)
    dataset_versions.delete(tickets.pk, joan, version.number)
    assert not dataset_versions.path_of(version).exists()
    with pytest.raises(NotFound):
        dataset_versions.version_of(tickets.pk, joan, 1)
    assert frozen(tickets, joan).number == 2
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(state="ready")


def test_only_managers_may(tickets: Project, ann: User, carla: User) -> None:
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            dataset_versions.create(tickets.pk, person)


def test_a_run_that_was_replaced_freezes_nothing(tickets: Project, joan: User) -> None:
    version = dataset_versions.add(tickets.pk, joan)
    newer = uuid4()

    def replace_run() -> None:
        DatasetVersion.objects.filter(pk=version.pk).update(run=newer)

    with pytest.raises(StaleRun):
        dataset_versions.write(version, uuid4(), replace_run)
    assert DatasetVersion.objects.get(pk=version.pk).state == "writing"


def test_one_that_was_left_half_written_is_written_again(tickets: Project, joan: User) -> None:
    version = dataset_versions.create(tickets.pk, joan)
    DatasetVersion.objects.filter(pk=version.pk).update(state="writing", run=uuid4())
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    assert DatasetVersion.objects.get(pk=version.pk).state == "ready"


def test_what_the_disk_refuses_is_tried_again(tickets: Project, joan: User, tmp_path: Path) -> None:
    (tmp_path / "datasets").write_text("a file in the way")
    version = dataset_versions.create(tickets.pk, joan)
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    assert "datasets" in Job.objects.get(kind=Job.Kind.DATASET).failure
    (tmp_path / "datasets").unlink()
    outbox.retry(tickets.pk, Job.Kind.DATASET)
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    assert DatasetVersion.objects.get(pk=version.pk).state == "ready"


@pytest.mark.parametrize("key", [key for key in WRITERS if not extra_of(key)])
def test_it_is_downloaded_in_every_format(tickets: Project, joan: User, ann: User, key: str) -> None:
    answer(tickets, ann, "Refund")
    version = frozen(tickets, joan)
    assert b"".join(dataset_versions.download(version, key))


def test_a_format_that_is_not_there_and_a_file_that_is_gone_are_not_found(
    tickets: Project, joan: User
) -> None:
    version = frozen(tickets, joan)
    with pytest.raises(NotFound):
        dataset_versions.download(version, "xlsx")
    dataset_versions.path_of(version).unlink()
    with pytest.raises(NotFound, match="missing on the server"):
        dataset_versions.dataset_lines(version)


def test_two_versions_are_compared(tickets: Project, joan: User, ann: User) -> None:
    first = frozen(tickets, joan)
    answer(tickets, ann, "Refund")
    import_documents(tickets.pk, [Record(1, "A new one.", "n1")])
    LabelClass.objects.filter(project=tickets, name="Billing").update(name="Invoice")
    result = dataset_versions.compare(first, frozen(tickets, joan))
    assert dict(result.counts) == {"labeled": 1, "added": 1}
    assert result.renamed == {"Billing": "Invoice"}


def test_versions_that_are_too_large_for_a_request_name_the_command(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = frozen(tickets, joan), frozen(tickets, joan)
    monkeypatch.setattr(dataset_versions, "MAX_COMPARED_DOCUMENTS", 11)
    with pytest.raises(InvalidInput, match=f"compare_dataset_versions {tickets.pk} 1 2"):
        dataset_versions.compare_in_request(first, second)


def test_the_card_and_the_methods_have_the_numbers_of_the_dataset(
    make_project: Callable[..., Project], joan: User, ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    for person in (ann, bob):
        answer(project, person, "Refund")
    answer(project, ann, "Billing")
    answer(project, bob, "Delivery")
    version = frozen(project, joan, name="Pilot")
    card = data_card(version)
    assert "| Refund | 1 |" in card
    assert "| ann | 2 |" in card
    assert version.sha256 in card
    assert "**Pilot**" in card
    text = methods(version)
    assert text in card
    assert "2 annotators made 4 annotations." in text
    assert "annotated independently by two or more annotators: 2;" in text
    assert "agreed in 50.0% of pairs" in text
    assert "guideline version 1." in text


def test_an_empty_dataset_has_a_card(make_project: Callable[..., Project], joan: User) -> None:
    assert "None." in data_card(frozen(make_project(texts=[]), joan))


def test_the_command_freezes_at_once_and_compares(tickets: Project, ann: User) -> None:
    output = io.StringIO()
    call_command("create_dataset_version", tickets.pk, name="Pilot", stdout=output)
    version = DatasetVersion.objects.get(project=tickets)
    assert output.getvalue().startswith("Version 1: 6 documents")
    assert version.sha256 in output.getvalue()
    answer(tickets, ann, "Refund")
    call_command("create_dataset_version", tickets.pk, stdout=io.StringIO())
    output = io.StringIO()
    call_command("compare_dataset_versions", tickets.pk, 1, 2, stdout=output)
    summary, change = map(json.loads, output.getvalue().splitlines())
    assert summary["documents"] == {"labeled": 1}
    assert (change["change"], change["document"], change["after"]) == ("labeled", "t0", "Refund")


def test_a_frozen_version_is_exported_by_command(tickets: Project, joan: User, tmp_path: Path) -> None:
    frozen(tickets, joan)
    path = tmp_path / "export"
    for key in ("dataset", "excel", "jsonl"):
        call_command(
            "export_labels",
            tickets.pk,
            format=key,
            dataset_version=1,
            output=str(path),
            stderr=io.StringIO(),
        )
        assert (path.stat().st_size > 0) == (key != "jsonl")  # nothing is labeled
    with pytest.raises(CommandError, match="no frozen version 2"):
        call_command("export_labels", tickets.pk, dataset_version=2, stderr=io.StringIO())


def test_the_commands_say_what_is_not_there(tickets: Project) -> None:
    with pytest.raises(CommandError, match="Project 999 does not exist"):
        call_command("create_dataset_version", 999)
    with pytest.raises(CommandError, match="no frozen version 1"):
        call_command("compare_dataset_versions", tickets.pk, 1, 2)
