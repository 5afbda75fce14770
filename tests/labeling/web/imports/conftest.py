"""A project without documents, and its manager signed in."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from labeling.guidelines import new_projects
from labeling.projects.models import Project


@pytest.fixture(autouse=True)
def signed_in(client: Client, joan: User, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)


@pytest.fixture
def empty(joan: User) -> Project:
    return new_projects.create(
        joan, name="Mail", kind="single", class_names=["Refund", "Billing", "Delivery"], test_share=0.0
    )
