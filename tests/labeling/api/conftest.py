"""Who calls the API in these tests, and how? A machine with a token, or a browser with a session."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.test import Client

from labeling.projects import tokens
from labeling.projects.models import Project


class Caller:
    """Sends JSON to the API and gives the answer as Django's test client has it."""

    def __init__(self, user: User | None = None, token: str | None = None, **client: Any) -> None:
        self.client = Client(**client)
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if user is not None:
            self.client.force_login(user)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent: dict[str, Any] = {}
        if isinstance(body, dict) and isinstance(body.get("file"), UploadedFile):
            sent = {"data": body}  # a form
        elif body is not None:
            sent = {"data": json.dumps(body), "content_type": "application/json"}
        caller = getattr(self.client, method.lower())
        return caller(f"/api/v1/{path}", headers=self.headers | headers, **sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)


@pytest.fixture
def machine(db: None) -> Callable[..., Caller]:
    """A caller with a new token: `machine(tickets, ann, "annotate")`."""

    def make(project: Project, owner: User, scope: str = "annotate", answers: str = "person") -> Caller:
        return Caller(token=tokens.create(project.pk, owner, "test", scope, answers=answers)[1])

    return make
