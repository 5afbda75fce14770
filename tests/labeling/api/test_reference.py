"""Does the reference say what the API does?"""

import re
from pathlib import Path

from labeling import exceptions
from labeling.api.edge.permissions import NotInScope
from labeling.api.edge.schema import openapi_document
from labeling.guidelines.versions import GuidelineMoved

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "api.md"
NEVER_HERE = {  # raised by pages, workers and the command line only
    "labeling_error",
    "file_expired",
    "last_manager",
    "invitation_unusable",
    "stale_run",
}


def test_the_reference_lists_every_address() -> None:
    paths = {path.removeprefix("/api/v1/") for path in openapi_document()["paths"]}
    listed = set(re.findall(r"^\| `([a-z/{}_-]+/)` \|", REFERENCE.read_text(), re.MULTILINE))
    assert listed == paths


def test_the_reference_lists_every_error_under_its_status() -> None:
    text = REFERENCE.read_text()
    errors = [error for error in vars(exceptions).values() if isinstance(error, type)]
    for error in [*errors, GuidelineMoved, NotInScope]:
        if issubclass(error, exceptions.LabelingError) and error.code() not in NEVER_HERE:
            row = re.search(rf"^\| {error.status} \| .*$", text, re.MULTILINE)
            assert row, error
            assert f"`{error.code()}`" in row[0]
