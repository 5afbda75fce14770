"""Document metadata: what is known without a label. Fields, the file a document came in, its language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from labeling.documents.models import language_name
from labeling.projects.models import Project

# Two fields that are no metadata. A document's own metadata of such a name would win.
FILE = "@file"
TOLD_LANGUAGE = "@language"
ALL_FIELDS = "*"  # among the hidden fields: those that nobody has shown are hidden too
MAX_SHOWN_FIELD_CHARACTERS = 200  # of a field's name; longer ones are not shown


def described(metadata: Mapping[str, Any], source: str, language: str | None) -> dict[str, Any]:
    """The metadata, with the file that the document came in and the language that was told of it, if any.

    >>> described({"channel": "mail"}, "monday.csv", "")
    {'@file': 'monday.csv', 'channel': 'mail'}
    """
    metadata_known = {FILE: source, TOLD_LANGUAGE: language}
    return {name: value for name, value in metadata_known.items() if value} | dict(metadata)


def shown_metadata(metadata: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """What annotators see of the metadata."""
    return {field: value for field, value in metadata.items() if not is_hidden(field, project)}


def is_hidden(field: str, project: Project) -> bool:
    """Whether annotators must not learn what a document's metadata says in this field."""
    if len(field) > MAX_SHOWN_FIELD_CHARACTERS or field in project.hidden_metadata:
        return True
    return ALL_FIELDS in project.hidden_metadata and field not in project.shown_metadata


def field_name(field: str) -> str:
    """What a field is called on pages.

    >>> field_name("@language"), field_name("channel")
    ('language', 'channel')
    """
    return {FILE: _("file"), TOLD_LANGUAGE: _("language")}.get(field, field)


def value_name(field: str, value: str) -> str:
    """What a value of a field is called on pages.

    >>> value_name("@language", "de"), value_name("channel", "mail")
    ('German', 'mail')
    """
    return language_name(value) if field == TOLD_LANGUAGE else value


def metadata_text(value: Any) -> str:
    """A value of the metadata as one text, equal for equal values.

    >>> metadata_text("mail"), metadata_text(3), metadata_text(True), metadata_text(None)
    ('mail', '3', 'true', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def metadata_number(value: Any) -> float | None:
    """A value of the metadata as a number; None for what is none, and for one of hundreds of digits.

    >>> metadata_number(3), metadata_number(10**400), metadata_number("3"), metadata_number(True)
    (3.0, None, None, None)
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
