"""Form errors: an action's refusal on the page. Beside its field where the form has it, else above."""

from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm

from labeling.exceptions import LabelingError


def put_on(form: BaseForm, error: LabelingError | ValidationError) -> None:
    """Write the error into the form."""
    if isinstance(error, LabelingError):
        form.add_error(None, error.detail or error.message)
        return
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, texts in by_field.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
