"""Upload files: where the bytes of an upload lie until they are read, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidInput
from labeling.exchange import sources
from labeling.exchange.sources import Source
from labeling.formats.records import UnreadableFile

MAX_BYTES = 4 * 1024**3  # of one file, packed or not
MAX_NAME_CHARACTERS = 200
REJECTS_SUFFIX = ".rejects"
RETENTION_HOURS = 24  # a file that nobody goes on with


def path_of(file_id: UUID) -> Path:
    """Where a file lies; an import job's file has the job's ID."""
    return Path(settings.DATA_DIR, "uploads", file_id.hex)


def rejects_path(file_id: UUID) -> Path:
    """Where the rejected rows of an import lie, as long as its report."""
    return path_of(file_id).with_suffix(REJECTS_SUFFIX)


def name_of(name: str | None) -> str:
    """What a file was called where it came from, so that it can be stored and shown.

    >>> name_of("mails.csv"), name_of(None)
    ('mails.csv', 'documents')
    """
    return (name or "documents")[-MAX_NAME_CHARACTERS:].replace("\0", "")


def checked_size(byte_count: int | None) -> int:
    """The size of an upload. Raises InvalidInput for an empty or too large file."""
    if not byte_count or byte_count > MAX_BYTES:
        raise InvalidInput(_("Choose a file that is not empty and has at most 4 GB."))
    return byte_count


def keep(file_id: UUID, chunks: Iterable[bytes]) -> int:
    """Write a file; how many bytes it has. What cannot be written whole is not kept."""
    path = path_of(file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{uuid4().hex}")  # a request that is sent twice writes two of them
    try:
        with partial.open("wb") as file:
            byte_count = sum(file.write(chunk) for chunk in chunks)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return byte_count


def recognize(file_id: UUID, filename: str) -> tuple[Source, str]:
    """What the file is, and its name: the only file of an archive takes the archive's place.

    Raises InvalidInput for what cannot be read; the file is deleted then.
    """
    path = path_of(file_id)
    try:
        source = sources.recognize_file(path, filename)
        if source.member:
            sources.extract(path, filename, source.member)
            filename = name_of(source.member)
    except UnreadableFile as error:
        path.unlink()
        raise InvalidInput(_(error.message) % error.values) from error
    return source, filename


def sweep() -> None:
    """Delete old files that no import job reads: uploads that no project was created from, and summaries."""
    folder = Path(settings.DATA_DIR, "uploads")
    for path in folder.iterdir() if folder.exists() else ():
        if _is_old(path) and not _is_of_job(path):
            path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < timezone.now().timestamp() - RETENTION_HOURS * 3600
    except FileNotFoundError:  # another process has deleted it
        return False


def _is_of_job(path: Path) -> bool:
    try:
        is_of_report = path.suffix in ("", REJECTS_SUFFIX)
        return is_of_report and ImportJob.objects.filter(pk=UUID(path.stem)).exists()
    except ValueError:
        return False
