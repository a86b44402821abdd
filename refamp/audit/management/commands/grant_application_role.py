"""After `migrate`, as the owner of the tables."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from refamp.audit.actions import grant_application_role
from refamp.base.errors import Refused


class Command(BaseCommand):
    help = "Let the application's database role use every table, but only add to the audit record. Run as the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role",
            default=os.environ.get("DATABASE_APPLICATION_ROLE", ""),
            help="The application's role (default: DATABASE_APPLICATION_ROLE, else the one of DATABASE_URL).",
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        role = options["role"] or connection.settings_dict["USER"]
        try:
            granted = grant_application_role(role=role)
        except Refused as error:
            raise CommandError(str(error.message)) from error
        if granted:
            self.stdout.write(f"The role {role} may use every table, and only add to the audit record.")
        else:
            self.stdout.write(
                f"The role {role} owns the tables and serves the application too: nothing to grant. "
                "A trigger alone protects the audit record, and its page says so."
            )
