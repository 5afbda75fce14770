"""Downloads: files that are streamed, and say so where they break off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.http import StreamingHttpResponse

from labeling.formats.streams import read_chunks

BROKEN_OFF = b"This file is incomplete: the export stopped here. Download it again.\n"  # programs read it too


def download(pieces: Iterator[bytes], name: str, content_type: str) -> StreamingHttpResponse:
    """A file as it is written, under a name of ASCII."""
    return StreamingHttpResponse(
        _ended(pieces),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def stored_file(path: Path, name: str) -> StreamingHttpResponse:
    """A file that is written, under a name of ASCII; opened as soon as it is read."""
    return StreamingHttpResponse(
        _pieces_of(path),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(path.stat().st_size),
        },
    )


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from read_chunks(file)


def _ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A file that breaks off says so in a last line that no reader takes for a row.

    The server ends the answer in good order either way, so a browser would keep half a file as a whole one.
    """
    try:
        yield from pieces
    except Exception:
        yield BROKEN_OFF
        raise
