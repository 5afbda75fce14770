"""Request parsers: JSON that can be read in one way only, and never more of it than was allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

from labeling.exchange.upload_files import MAX_BYTES
from labeling.formats.records import RowProblem
from labeling.formats.streams import CHUNK_BYTES
from labeling.formats.strict_json import loads

MAX_JSONL_BYTES = 64 * 1024 * 1024  # some 100,000 short documents, a few seconds' work


class BodyTooLarge(APIException):
    """More bytes than one request may bring."""

    status_code = 413
    default_code = "body_too_large"

    def __init__(self, limit: int) -> None:
        megabytes = limit // (1024 * 1024)
        super().__init__(
            _("The request body is larger than {limit} MB. Send it in parts.").format(limit=megabytes)
        )


class StrictJsonParser(BaseParser):
    """One JSON value. Duplicate keys, NaN, numbers beyond 64 bits and deep nesting are refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = b"".join(_limited(stream, limit, parser_context or {}))
        try:
            return loads(body)
        except RowProblem as problem:
            raise ParseError(_(problem.message) % problem.values) from problem


class JsonLinesParser(BaseParser):
    """One document a line. The view reads the lines one by one; they are never all in memory."""

    media_type = "application/jsonl"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return _limited(stream, MAX_JSONL_BYTES, parser_context or {})


class NdjsonParser(JsonLinesParser):
    """The same under its other name."""

    media_type = "application/x-ndjson"


class FileParser(MultiPartParser):
    """A form with a file. Large files go to disk while they arrive."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _check_announced(MAX_BYTES, parser_context or {})
        return super().parse(stream, media_type, parser_context)


def _check_announced(limit: int, context: Mapping[str, Any]) -> None:
    """Raise BodyTooLarge before the first byte where a larger length was announced."""
    announced = str(context["request"].META.get("CONTENT_LENGTH", "")) if "request" in context else ""
    if announced.isdigit() and int(announced) > limit:
        raise BodyTooLarge(limit)


def _limited(stream: IO[Any], limit: int, context: Mapping[str, Any]) -> Iterator[bytes]:
    """The stream in chunks. Raises BodyTooLarge, before the first byte where the length was announced."""
    _check_announced(limit, context)
    return _chunks(stream, limit)


def _chunks(stream: IO[Any], limit: int) -> Iterator[bytes]:
    read = 0
    while chunk := stream.read(CHUNK_BYTES):
        read += len(chunk)
        if read > limit:
            raise BodyTooLarge(limit)
        yield chunk
