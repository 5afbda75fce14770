"""Import undo command: as long as nobody has answered its documents. `./run manage undo_import IMPORT`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from labeling.documents.imports import ImportJob
from labeling.exceptions import LabelingError
from labeling.exchange import undo


class Command(BaseCommand):
    help = "Undo an import: remove its documents, its labels and the classes that it added."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("import", type=UUID, help="the ID of the import, as printed by import_documents")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be removed, without changing anything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        job = ImportJob.objects.filter(pk=options["import"]).first()
        if job is None:
            raise CommandError(f"Import {options['import']} does not exist.")
        effect = undo.effect_of(job)
        if options["dry_run"]:
            self.stdout.write(
                f"{effect.documents} documents, {effect.labels} imported labels and {effect.classes} classes "
                "would be removed. Nothing was changed."
            )
            if effect.obstacle:
                self.stdout.write(f"The import cannot be undone: {effect.obstacle}")
            return
        try:
            undo.remove(job)
        except LabelingError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Undone: {effect.documents} documents, {effect.labels} imported labels and {effect.classes} "
            "classes were removed."
        )
