"""Label export: a file in pieces, whatever the size of the project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.exceptions import InvalidInput
from labeling.explanations.selection_reason import ReasonKey
from labeling.explanations.suggestions import describe_suggestion
from labeling.formats import Annotation, ExportRow, Span, write_csv, write_jsonl
from labeling.formats.exports import Kind
from labeling.projects.models import Project

Counted = TypeVar("Counted")

ROW_BATCH_SIZE = 2_000  # one statement of some ten milliseconds: an export holds up nobody
MAX_BATCH_BYTES = (
    8_000_000  # of text and metadata: long documents make smaller pages, so that memory stays flat
)
DOCUMENT_BATCH_SIZE = 10_000  # of which only the keys of the metadata are read


class Scope(models.TextChoices):
    """Which answers leave."""

    SETTLED = "settled", gettext_lazy("Final labels: one row per labeled document")
    ALL = "all", gettext_lazy("All annotations, including those that do not count: one row per annotation")


# `place` orders the rows of a scope and is where the next page begins.
_ROWS = {
    Scope.SETTLED: """
        SELECT d.position AS place, {columns}
        FROM labeling_document d
        JOIN labeling_resolution r ON r.document_id = d.id
        JOIN labeling_annotation a ON a.id = r.annotation_id
        WHERE d.project_id = %(project)s AND d.state = 'resolved' AND d.position > %(after)s
        ORDER BY d.position LIMIT %(count)s
    """,
    Scope.ALL: """
        SELECT a.id AS place, {columns}
        FROM labeling_annotation a
        JOIN labeling_document d ON d.id = a.document_id
        LEFT JOIN labeling_resolution r ON r.annotation_id = a.id
        WHERE a.project_id = %(project)s AND a.id > %(after)s AND NOT a.is_withdrawal
        ORDER BY a.id LIMIT %(count)s
    """,
}
_COLUMNS = """a.id, a.annotator_id, a.guideline_id, a.created_at, a.source, a.seconds, a.is_surplus,
    a.note, a.suggestion, a.origin, d.id AS document_id,
    d.external_id, d.text, d.metadata, d.split, d.round, r.how"""
# octet_length reads the length of a long text without the text; to_json writes a date as ISO 8601.
_PAGE = """
    WITH page AS (
        SELECT found.*,
               coalesce(sum(octet_length(text) + pg_column_size(metadata)) OVER before, 0) AS bytes_before
        FROM ({rows}) found
        WINDOW before AS (ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT page.place, page.text, page.external_id, page.metadata, page.split,
           given.names, given.starts, given.ends,
           coalesce(u.username, page.origin->>'annotator'), to_json(page.created_at) #>> '{{}}',
           page.source, g.number, page.seconds,
           page.how IS NOT NULL OR l.id IS NOT NULL, page.is_surplus,
           coalesce(later.is_withdrawal, page.origin->'is_withdrawn' = 'true', false), page.how,
           first.share, first.chance,
           page.note, page.suggestion
    FROM page
    LEFT JOIN labeling_lease l ON l.annotation_id = page.id AND l.round = page.round
    LEFT JOIN labeling_annotation later ON later.supersedes_id = page.id
    LEFT JOIN labeling_guideline g ON g.id = page.guideline_id
    LEFT JOIN auth_user u ON u.id = page.annotator_id
    LEFT JOIN LATERAL (
        SELECT s.reason->>'{share}' AS share, (s.reason->>'{propensity}')::float8 AS chance
        FROM labeling_annotation f LEFT JOIN labeling_lease s ON s.id = f.lease_id
        WHERE f.document_id = page.document_id ORDER BY f.id LIMIT 1
    ) first ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(c.name ORDER BY b.start, c.position, b.id) AS names,
               array_agg(b.start ORDER BY b.start, c.position, b.id) AS starts,
               array_agg(b."end" ORDER BY b.start, c.position, b.id) AS ends
        FROM labeling_label b JOIN labeling_labelclass c ON c.id = b.label_class_id
        WHERE b.annotation_id = page.id
    ) given ON true
    WHERE page.bytes_before < %(bytes)s
    ORDER BY page.place
"""
_KEYS = """
    WITH page AS ({rows})
    SELECT max(place), ARRAY(SELECT DISTINCT jsonb_object_keys(metadata) FROM page) FROM page
"""


def exported(project: Project, scope: Scope) -> Iterator[ExportRow]:
    """The rows of an export, settled documents in the order of their places, answers in that of their coming.

    No statement is longer than a page, so what changes meanwhile is seen or not; nothing comes twice.
    """
    parameters: dict[str, Any] = {
        "project": project.pk,
        "count": ROW_BATCH_SIZE,
        "bytes": MAX_BATCH_BYTES,
        "after": -1,
    }
    statement = _PAGE.format(
        rows=_ROWS[scope].format(columns=_COLUMNS), share=ReasonKey.SHARE, propensity=ReasonKey.PROPENSITY
    )
    has_spans = project.kind == Project.Kind.SPANS
    names_of = {str(pk): name for pk, name in project.classes.values_list("pk", "name")}
    while page := _fetched(statement, parameters):
        for _place, text, external_id, metadata, split, names, starts, ends, *annotation, shown in page:
            suggestion = None if shown is None else describe_suggestion(json.loads(shown), names_of)
            yield ExportRow(
                text,
                external_id,
                {} if metadata == "{}" else json.loads(metadata),
                split,
                None if has_spans else tuple(names or ()),
                tuple(map(Span, starts or (), ends or (), names or ())) if has_spans else None,
                Annotation(*[*annotation, suggestion]),
            )
        parameters["after"] = page[-1][0]


def metadata_keys(project: Project, scope: Scope) -> Iterator[set[str]]:
    """Under which keys the exported documents have metadata, some thousand documents at a time."""
    parameters: dict[str, Any] = {"project": project.pk, "count": DOCUMENT_BATCH_SIZE, "after": -1}
    statement = _KEYS.format(rows=_ROWS[scope].format(columns="d.metadata"))
    while parameters["after"] is not None:
        ((parameters["after"], keys),) = _fetched(statement, parameters)
        yield set(keys)


def _fetched(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


MAX_METADATA_COLUMNS = 500  # a table of more is none; our own import takes 1,000 columns in all


class ExportFormat(models.TextChoices):
    """How the rows are laid out."""

    JSONL = "jsonl", gettext_lazy("JSONL: one object per label")
    CSV = "csv", gettext_lazy("CSV: cells never run as formulas in a spreadsheet")
    RAW_CSV = "raw_csv", gettext_lazy("CSV for programs: cells as they are")

    @property
    def suffix(self) -> str:
        return ".jsonl" if self == ExportFormat.JSONL else ".csv"


def export(
    project: Project,
    scope: Scope,
    file_format: ExportFormat,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The file in pieces of about 64 KiB.

    on_progress : is told the number of rows so far, once a page and at the end
    Raises InvalidInput, before the first piece, where the metadata does not fit into columns.
    """
    kind = cast(Kind, project.kind)
    rows = counted(exported(project, scope), on_progress)
    keys = metadata_keys(project, scope) if file_format != ExportFormat.JSONL else ()
    return write_rows(rows, file_format, kind, keys)


def write_rows(
    rows: Iterator[ExportRow], file_format: ExportFormat, kind: Kind, metadata_keys: Iterable[set[str]]
) -> Iterator[bytes]:
    """Rows in one of the formats.

    metadata_keys : of the documents, some at a time; of no use in JSONL
    Raises InvalidInput, before the first piece, where the metadata does not fit into columns.
    """
    if file_format == ExportFormat.JSONL:
        return write_jsonl(rows, kind)
    columns = _metadata_columns(metadata_keys)
    return write_csv(rows, kind, columns, for_spreadsheets=file_format == ExportFormat.CSV)


def _metadata_columns(metadata_keys: Iterable[set[str]]) -> list[str]:
    keys: set[str] = set()
    for some in metadata_keys:
        keys |= some
        if len(keys) > MAX_METADATA_COLUMNS:
            raise InvalidInput(
                _("The metadata has more than {most} columns. Choose JSONL, which has no limit.").format(
                    most=MAX_METADATA_COLUMNS
                )
            )
    return sorted(keys)


def counted(rows: Iterator[Counted], on_progress: Callable[[int], None] | None) -> Iterator[Counted]:
    """The rows as they come, while on_progress is told their number, once a page and at the end."""
    count = 0
    for count, row in enumerate(rows, start=1):
        if on_progress and count % ROW_BATCH_SIZE == 0:
            on_progress(count)
        yield row
    if on_progress:
        on_progress(count)
