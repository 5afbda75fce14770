"""Dataset version command: freeze a project's data at once. `./run manage create_dataset_version 1`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from labeling.exchange import dataset_versions
from labeling.exchange.models import Content, DatasetVersion
from labeling.projects.models import Project


class Command(BaseCommand):
    help = "Freeze the data of a project as the next dataset version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("--name", default="", help="what the version is for, such as “ACL submission”")
        parser.add_argument("--note", default="")
        parser.add_argument(
            "--content",
            choices=Content.values,
            default=Content.ANNOTATORS.value,
            help="the annotations of each annotator, or final labels only",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not Project.objects.filter(pk=options["project"]).exists():
            raise CommandError(f"Project {options['project']} does not exist.")
        fields = {name: options[name] for name in ("name", "note", "content")}
        try:
            version = dataset_versions.add(options["project"], None, **fields)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        dataset_versions.write(version, uuid4(), lambda: None)
        version.refresh_from_db()
        if version.state != DatasetVersion.State.READY:
            raise CommandError(f"Version {version.number} could not be written: {version.failure}")
        self.stdout.write(
            f"Version {version.number}: {version.statistics['documents']:,} documents, "
            f"{version.byte_count:,} bytes, SHA-256 {version.sha256}"
        )
        self.stdout.write(str(dataset_versions.path_of(version)))
