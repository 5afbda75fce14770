"""Downloads: files that are streamed, and say so where they break off."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse

BROKEN_OFF = b"This file is incomplete: the export stopped here. Download it again.\n"  # programs read it too


def download(pieces: Iterator[bytes], name: str, content_type: str) -> StreamingHttpResponse:
    """A file as it is written, under a name of ASCII."""
    return StreamingHttpResponse(
        _ended(pieces),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A file that breaks off says so in a last line that no reader takes for a row.

    The server ends the answer in good order either way, so a browser would keep half a file as a whole one.
    """
    try:
        yield from pieces
    except Exception:
        yield BROKEN_OFF
        raise
