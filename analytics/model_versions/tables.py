"""Model-version table: what each model measured when it was new, for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.data.queries import active_classes
from analytics.edge.csv import measure_cells, measure_columns
from analytics.edge.tables import ReportTable, Table
from analytics.model_versions.report import VersionRow, standing_of, version_rows
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership

MAX_EXPORTED_VERSIONS = 10_000  # versions of one file


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """Every version with what it measured when it was new."""
    project = member.project
    classes = active_classes(project)
    standing = standing_of(project, classes)
    versions = ModelVersion.objects.filter(project=project).select_related("guideline").order_by("-number")
    rows = version_rows(project, list(versions[:MAX_EXPORTED_VERSIONS]), standing, classes, None)
    header = ["model", "state", "finished_at", "is_used", "labels", "guideline", "test_set", "test_documents"]
    header += [*measure_columns("accuracy"), *measure_columns("macro_f1"), "note"]
    header += [f"labels {label_class.name}" for label_class in classes]
    return Table("models", header, (_cells(row, len(classes)) for row in rows))


def _cells(row: VersionRow, n_classes: int) -> list[object]:
    version, measured = row.version, row.measurement
    return [
        version.number,
        version.state,
        version.finished_at.isoformat() if version.finished_at else "",
        int(row.is_used),
        version.label_count,
        version.guideline.number if version.guideline else "",
        measured.test_set.number if measured else "",
        measured.documents if measured else "",
        *measure_cells(row.accuracy),
        *measure_cells(row.macro_f1),
        version.note,
        *(row.counts if row.counts else [""] * n_classes),
    ]


TABLE = ReportTable(read_table, is_for_managers=True)
