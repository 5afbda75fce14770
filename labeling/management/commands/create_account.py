"""Account command: lets the first person in. `./run manage create_account joan` prints a password once."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from labeling.projects import accounts


class Command(BaseCommand):
    help = "Create an account and print its generated password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the username to sign in with")
        parser.add_argument("--operator", action="store_true", help="allow access to /healthz/deep")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(15)
        try:
            user = accounts.create(options["name"], password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["operator"]:
            accounts.make_operator(user)
        self.stdout.write(_("Username: {name}").format(name=user.get_username()))
        self.stdout.write(_("Password: {password}").format(password=password))
        self.stdout.write(_("The password is not shown again. Change it after signing in."))
