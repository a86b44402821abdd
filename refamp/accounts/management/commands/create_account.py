"""The first account of a new installation; afterwards the coordination unit invites."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from refamp.accounts.actions import create_account, grant_role
from refamp.accounts.choices import Role
from refamp.base.errors import Refused
from refamp.territory.models import Municipality


class Command(BaseCommand):
    help = "Make an account with a role and print a first password, to be changed after the first login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", choices=Role.values, default=Role.COORDINATION.value)
        parser.add_argument("--municipality", help="official code, for local roles")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(15)
        place = Municipality.objects.filter(code=options["municipality"] or "", valid_to__isnull=True).first()
        try:
            with transaction.atomic():
                user = create_account(actor=None, email=options["email"], name=options["name"], password=password)
                grant_role(actor=None, person=user, role=options["role"], municipality=place)
        except Refused as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(password)
