"""Dataset comparison command: what changed between two versions, at any size, as JSON lines."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeling.exceptions import NotFound
from labeling.exchange import dataset_versions
from labeling.exchange.models import DatasetVersion


class Command(BaseCommand):
    help = "Compare two dataset versions: a line of counts, then one line per changed document (at most 500)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", type=int, help="the project's number, as in its URL")
        parser.add_argument("old", type=int, help="the number of the older version")
        parser.add_argument("new", type=int, help="the number of the newer version")

    def handle(self, *args: Any, **options: Any) -> None:
        own = DatasetVersion.objects.frozen().filter(project=options["project"])
        versions = {version.number: version for version in own}
        missing = [number for number in (options["old"], options["new"]) if number not in versions]
        if missing:
            raise CommandError(f"Project {options['project']} has no frozen version {missing[0]}.")
        try:
            result = dataset_versions.compare(versions[options["old"]], versions[options["new"]])
        except NotFound as error:
            raise CommandError(error.detail) from error
        summary = {
            "documents": dict(result.counts),
            "renamed_classes": dict(result.renamed),
            "added_classes": result.added_classes,
            "removed_classes": result.removed_classes,
            "guideline_versions": result.guidelines,
        }
        self.stdout.write(json.dumps(summary, ensure_ascii=False))
        for change in result.changes:
            self.stdout.write(json.dumps(asdict(change), ensure_ascii=False))
