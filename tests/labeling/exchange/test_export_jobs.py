"""Does a worker write the file that a manager asks for, and does nobody get it later than a day after?"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pyarrow import parquet

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exceptions import InvalidInput, NotAllowed, NotFound
from labeling.exchange import dataset_versions, export_jobs, exporting
from labeling.exchange.exporting import ExportFormat, Scope, export
from labeling.exchange.models import DatasetVersion, ExportFile
from labeling.formats import extras
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

State = ExportFile.State


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def answered(tickets: Project, ann: User) -> Project:
    """One of six tickets is labeled."""
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    return tickets


def written(project: Project, manager: User, key: str, **options: Any) -> ExportFile:
    export_file = export_jobs.create(project.pk, manager, key, **options)
    assert worker.run_job(project.pk, Job.Kind.EXPORT)
    export_file.refresh_from_db()
    return export_file


def content(export_file: ExportFile) -> bytes:
    return export_jobs.existing_path(export_file).read_bytes()


def frozen(project: Project, manager: User) -> DatasetVersion:
    version = dataset_versions.create(project.pk, manager)
    assert worker.run_job(project.pk, Job.Kind.DATASET)
    version.refresh_from_db()
    return version


def test_a_worker_writes_a_format_that_needs_a_package(answered: Project, joan: User) -> None:
    export_file = written(answered, joan, "excel")
    assert (export_file.state, export_file.failure) == ("ready", "")
    assert (export_file.rows_written, export_file.row_count, export_file.percent) == (6, 6, 100)
    assert export_file.byte_count == len(content(export_file))
    assert export_jobs.file_name(export_file) == f"project-{answered.pk}-labels-excel.xlsx"
    rows = list(openpyxl.load_workbook(io.BytesIO(content(export_file))).active.values)
    assert rows[1][0] == "t0"
    assert rows[1][2] == "Refund"


def test_rows_leave_as_they_do_at_once(answered: Project, joan: User) -> None:
    export_file = written(answered, joan, "csv", scope=Scope.ALL)
    assert content(export_file) == b"".join(export(answered, Scope.ALL, ExportFormat.CSV))
    assert (export_file.rows_written, export_file.row_count) == (1, None)


def test_a_frozen_version_is_written_as_it_was_frozen(answered: Project, joan: User, ann: User) -> None:
    version = frozen(answered, joan)
    (held,) = claims.claim(answered.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(answered, "Billing")]))
    export_file = written(answered, joan, "parquet", version_number=version.number)
    table = parquet.read_table(io.BytesIO(content(export_file)))
    assert table.num_rows == 6
    assert [name for name in table["label"].to_pylist() if name] == ["Refund"]
    assert export_jobs.file_name(export_file) == f"project-{answered.pk}-version-1-parquet.parquet"


@pytest.mark.parametrize("key", ExportFormat.values)
def test_rows_of_a_frozen_version_are_those_of_the_project(answered: Project, joan: User, key: str) -> None:
    version = frozen(answered, joan)
    frozen_rows = b"".join(dataset_versions.download(version, key))
    assert frozen_rows == b"".join(export(answered, Scope.ALL, ExportFormat(key)))
    if key == ExportFormat.JSONL:
        assert json.loads(frozen_rows)["annotation"]["annotator"] == "ann"


def test_a_failure_is_told_with_its_reason(
    answered: Project, joan: User, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MAX_METADATA_COLUMNS", -1)
    export_file = written(answered, joan, "csv")
    assert export_file.state == "failed"
    assert "Choose JSONL" in export_file.failure
    with pytest.raises(NotFound):
        export_jobs.existing_path(export_file)
    assert not list(data_folder.iterdir())
    assert not Job.objects.filter(kind=Job.Kind.EXPORT).exists()


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    answered: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    export_file = written(answered, joan, "excel")
    assert "pip install 'reviewqueue[exchange]'" in export_file.failure


def test_a_canceled_file_is_not_written_on(
    answered: Project, joan: User, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROW_BATCH_SIZE", 2)
    export_file = export_jobs.create(answered.pk, joan, "dataset")
    seen: list[int] = []

    def cancel_at_the_first_page() -> None:
        seen.append(ExportFile.objects.get().rows_written)
        export_jobs.delete(answered.pk, joan, export_file.pk)

    export_jobs.write(export_file, uuid4(), cancel_at_the_first_page)
    assert seen == [0]
    assert not ExportFile.objects.exists()
    assert not list(data_folder.iterdir())


def test_what_a_killed_worker_left_behind_is_written_again(
    answered: Project, joan: User, data_folder: Path
) -> None:
    export_file = export_jobs.create(answered.pk, joan, "jsonl")
    export_file.state, export_file.run, export_file.rows_written = State.WRITING, uuid4(), 3
    export_file.save()
    data_folder.mkdir()
    export_jobs.path_of(export_file).write_bytes(b"half a f")
    assert worker.run_job(answered.pk, Job.Kind.EXPORT)
    export_file.refresh_from_db()
    assert export_file.rows_written == 1
    assert [path.read_bytes() for path in data_folder.iterdir()] == [content(export_file)]


def test_a_project_has_few_files_and_fewer_in_progress(answered: Project, joan: User) -> None:
    for _ in range(export_jobs.MAX_FILES + 2):
        last = written(answered, joan, "jsonl")
    assert ExportFile.objects.count() == export_jobs.MAX_FILES
    assert content(last)
    for _ in range(export_jobs.MAX_IN_PROGRESS):
        export_jobs.create(answered.pk, joan, "jsonl")
    with pytest.raises(InvalidInput, match="are being written"):
        export_jobs.create(answered.pk, joan, "jsonl")
    assert ExportFile.objects.count() == export_jobs.MAX_FILES


def test_files_are_deleted_a_day_after_they_were_written(
    answered: Project, joan: User, data_folder: Path
) -> None:
    old, new = written(answered, joan, "jsonl"), written(answered, joan, "csv")
    ExportFile.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(hours=25))
    stray = data_folder / "stray"
    stray.touch()
    os.utime(stray, (0, 0))
    os.utime(export_jobs.path_of(new), (0, 0))
    export_jobs.sweep()
    assert list(ExportFile.objects.all()) == [new]
    assert list(data_folder.iterdir()) == [export_jobs.path_of(new)]


def test_only_managers_of_the_project_ask_for_files(
    answered: Project, make_project: Callable[..., Project], joan: User, ann: User
) -> None:
    export_file = written(answered, joan, "jsonl")
    other = make_project()
    with pytest.raises(NotAllowed):
        export_jobs.create(answered.pk, ann, "jsonl")
    with pytest.raises(NotFound):
        export_jobs.create(answered.pk, joan, "nothing")
    with pytest.raises(NotFound):
        export_jobs.create(other.pk, joan, "jsonl", version_number=1)
    with pytest.raises(NotFound):
        export_jobs.delete(other.pk, joan, export_file.pk)
