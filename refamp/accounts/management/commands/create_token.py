"""Make a token for another system from the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from refamp.accounts.actions import make_token
from refamp.accounts.choices import LONGEST_TOKEN_DAYS, Scope
from refamp.accounts.models import User
from refamp.base.errors import Refused
from refamp.territory.models import Municipality


class Command(BaseCommand):
    help = "Make an API token that acts for an account, and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose account the token acts for")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument(
            "--scope", action="append", choices=Scope.values, help="what it may do; may be repeated (default: read)"
        )
        parser.add_argument("--municipality", help="official code: the token acts only for it")
        parser.add_argument("--days", type=int, default=90, help=f"until it expires, 1 to {LONGEST_TOKEN_DAYS}")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = User.objects.filter(email=options["email"].lower()).first()
        if owner is None:
            raise CommandError(_("No account has this address."))
        place = None
        if options["municipality"]:
            place = Municipality.objects.filter(code=options["municipality"], valid_to__isnull=True).first()
            if place is None:
                raise CommandError(_("No municipality has this code."))
        try:
            _token, text = make_token(
                actor=None,
                owner=owner,
                name=options["name"],
                scopes=options["scope"] or [Scope.READ],
                days=options["days"],
                municipality=place,
            )
        except Refused as error:
            raise CommandError(str(error.message)) from error
        self.stdout.write(text)
