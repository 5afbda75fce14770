"""Is the test set like the pool? Also where most of what ever came was removed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from analytics.class_report.guidance.representativeness import differences
from labeling.documents.models import Document
from labeling.projects.models import Project
from tests.fixtures.people import fill


@pytest.mark.slow
def test_places_of_removed_documents_take_nothing_from_the_sample(
    make_project: Callable[..., Project],
) -> None:
    project = make_project(texts=[])
    fill(project, ["removed"] * 6_000)
    fill(project, ["a text of the pool, which is longer"] * 100)
    short = fill(project, ["short"] * 40, split=Document.Split.TEST)
    Document.objects.filter(project=project, position__lt=6_000).delete()
    project.removed_count = 6_000
    project.save(update_fields=["removed_count"])
    rows = differences(project, np.array([document.pk for document in short]))
    assert [difference.field for difference in rows[:1]] == [""], "they differ in their length"
