"""Does the API describe itself completely and truly?"""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import User
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.validation import validate_schema

from labeling.api.edge.schema import openapi_document
from labeling.projects.models import Project
from tests.labeling.api.conftest import Caller
from tests.labeling.api.test_permissions import MATRIX


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    with GENERATOR_STATS.silence():
        openapi_document.cache_clear()
        made = openapi_document()
        assert not GENERATOR_STATS._warn_cache, GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache, GENERATOR_STATS._error_cache
    return dict(json.loads(OpenApiJsonRenderer().render(made)))


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(method, operation) for path in schema["paths"].values() for method, operation in path.items()]


def test_the_document_is_valid_openapi(schema: dict[str, Any]) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_every_address_is_described(schema: dict[str, Any]) -> None:
    undescribed = {"schema", "docs", "no_such_address"}
    assert len(operations(schema)) == len([row for row in MATRIX if row[0] not in undescribed])


def test_every_operation_says_what_it_does_and_what_can_go_wrong(schema: dict[str, Any]) -> None:
    seen = set()
    for method, operation in operations(schema):
        seen.add(operation["operationId"])
        assert operation["summary"].endswith((".", ":"))
        assert operation["security"] == [{"token": []}, {"cookieAuth": []}]
        wanted = {"400", "401", "403", "404", "429", "503"} | (
            {"413", "415"} if "requestBody" in operation else set()
        )
        assert wanted <= set(operation["responses"])
        assert any(status.startswith("2") for status in operation["responses"])
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]
                assert response["description"]
        assert method in ("get", "post", "put", "patch", "delete")
    assert len(seen) == len(operations(schema))


def test_every_field_of_a_body_that_is_not_plain_is_explained_by_an_example(schema: dict[str, Any]) -> None:
    """An example of each body with more than a lease token, and each example fits its schema."""
    for _method, operation in operations(schema):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or operation["operationId"].startswith("leases_"):
            continue
        assert body.get("examples"), operation["operationId"]
        validator = jsonschema.Draft202012Validator(body["schema"] | {"components": schema["components"]})
        for example in body["examples"].values():
            validator.validate(example["value"])


def test_answers_fit_the_document(schema: dict[str, Any], tickets: Project, joan: User) -> None:
    """What the addresses answer is what the document promises."""
    caller, project = Caller(joan), f"projects/{tickets.pk}/"
    caller.post(f"{project}batches/", {"count": 2})
    for path, operation in schema["paths"].items():
        address = (
            path.removeprefix("/api/v1/").replace("{project_id}", str(tickets.pk)).replace("{number}", "1")
        )
        if "get" not in operation or "{" in address:
            continue
        response = caller.get(address)
        documented = operation["get"]["responses"][str(response.status_code)]["content"]
        kind = response["Content-Type"].partition(";")[0]
        answered = documented[kind]["schema"]
        answer = response.content.decode() if kind == "text/csv" else response.json()
        components = {"components": schema["components"]}
        jsonschema.Draft202012Validator(answered | components).validate(answer)


def test_anybody_may_read_the_document_and_its_page(client: Any) -> None:
    document = client.get("/api/v1/schema/")
    assert document.status_code == 200
    assert document.json()["info"]["title"] == "Review Queue"
    page = client.get("/api/v1/docs/")
    policy = page["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src" not in policy  # as everywhere: 'self', by default-src
    assert "http" not in page.content.decode().replace("http-equiv", "")
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


# reliability A6
def test_no_other_page_may_use_inline_styles(client: Any) -> None:
    assert "style-src" not in client.get("/api/v1/schema/")["Content-Security-Policy"]
