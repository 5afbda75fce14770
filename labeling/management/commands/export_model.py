"""Model export command: a trained model as a folder. `./run manage export_model 1 7 model-7`."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.deployments import downloads
from labeling.exceptions import LabelingError
from labeling.projects.models import Project


class Command(BaseCommand):
    help = "Write a trained model to a folder that predicts new texts without the service."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("number", type=int, help="the model's number, as on the page Models")
        parser.add_argument("folder", type=Path, help="the folder to create")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        project = Project.objects.filter(pk=options["project"]).first()
        if project is None:
            raise CommandError(f"Project {options['project']} does not exist.")
        try:
            members = downloads.files(downloads.version_of(project, options["number"]))
            folder.mkdir(parents=True)
            for name, content in members:
                _write(folder / name, content)
        except FileExistsError as error:
            raise CommandError(f"{folder} exists. Name a folder that does not.") from error
        except LabelingError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{folder}: {error}") from error
        self.stdout.write(f"Model {options['number']} is in {folder}. Its README.txt says how to use it.")


def _write(path: Path, content: bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)
