"""Command `update_translations`: brings the message catalogs up to date with the code and compiles them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labeling.management import catalogs


class Command(BaseCommand):
    help = "Update and compile the translations of the pages, for translators and developers."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "languages", nargs="*", help="codes such as de or pt_BR; default: those that have a file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for language in options["languages"] or catalogs.languages():
            catalog = catalogs.update(language)
            done = sum(1 for message in catalog if message.id and catalogs.is_translated(message))
            self.stdout.write(f"{language}: {done} of {len(catalog)} messages are translated.")
