"""Demonstration accounts, one per role, and the demonstration consultations."""

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from refamp.accounts.actions import create_account, grant_role
from refamp.accounts.choices import ROLES_OF_A_MUNICIPALITY, ROLES_WITH_SECOND_FACTOR, Role
from refamp.accounts.models import User
from refamp.territory.models import Municipality

CONSULTATIONS = "load_demo_consultations"
GOVERNANCE = "load_demo_governance"


@dataclass(frozen=True)
class Sample:
    """Somebody who does not exist. `municipality` is an official code."""

    key: str
    name: str
    role: Role
    municipality: str = ""

    @property
    def email(self) -> str:
        return f"{self.key}@demo.invalid"


SAMPLES = (
    Sample("tecnica.porto", "Teresa Nunes (demonstração)", Role.TECHNICIAN, "1312"),
    Sample("tecnico.gondomar", "Tiago Marques (demonstração)", Role.TECHNICIAN, "1304"),
    Sample("rede.matosinhos", "Rita Lopes (demonstração)", Role.LOCAL_NETWORK, "1308"),
    Sample("membro.unidade", "Mário Dias (demonstração)", Role.UNIT_MEMBER),
    Sample("coordenacao", "Clara Pinto (demonstração)", Role.COORDINATION),
    Sample("coordenacao2", "Carlos Reis (demonstração)", Role.COORDINATION),
    Sample("vereador.valongo", "Vasco Leal (demonstração)", Role.COUNCILLOR, "1315"),
    Sample("avaliadora", "Ester Campos (demonstração)", Role.EVALUATOR),
    Sample("parceiro", "Paulo Cruz (demonstração)", Role.PARTNER),
    Sample("auditora", "Aurora Vaz (demonstração)", Role.AUDITOR),
)


class Command(BaseCommand):
    help = "Make the demonstration accounts and consultations where they are missing, and print the logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", "--demo", action="store_true", help="also in a database of one's own (DATABASE_URL)"
        )
        parser.add_argument("--no-consultations", action="store_true", help="without the consultations")
        parser.add_argument("--no-governance", action="store_true", help="without units, meetings, decisions and plans")

    def handle(self, *_args: Any, **options: Any) -> None:
        if os.environ.get("REFAMP_EMBEDDED") != "1" and not options["force"]:
            raise CommandError(
                "This database is not the one that the platform starts for itself. Add --demo to put demonstration "
                "data into it all the same."
            )
        if not Municipality.objects.filter(valid_to__isnull=True).exists():
            raise CommandError("Load the territory first: bin/manage load_territory")
        kept = read()
        for sample in SAMPLES:
            kept[sample.key] = self.make(sample, kept.get(sample.key, {}))
            write(kept)
        if not options["no_consultations"] and CONSULTATIONS in get_commands():
            call_command(CONSULTATIONS, stdout=self.stdout)
        if not options["no_governance"]:
            call_command(GOVERNANCE, stdout=self.stdout)
        self.show(kept)

    def make(self, sample: Sample, kept: dict[str, str]) -> dict[str, str]:
        """Make what is missing of one account; a password that was forgotten with its file is made anew."""
        secret = kept.get("totp") or (generate_totp_secret() if sample.role in ROLES_WITH_SECOND_FACTOR else "")
        password = kept.get("password") or secrets.token_urlsafe(12)
        with transaction.atomic():
            user = User.objects.filter(email=sample.email).first()
            if user is None:
                user = create_account(
                    actor=None, email=sample.email, name=sample.name, password=password, is_demonstration=True
                )
            elif not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
            place = None
            if sample.role in ROLES_OF_A_MUNICIPALITY:
                place = Municipality.objects.filter(code=sample.municipality, valid_to__isnull=True).first()
                place = place or Municipality.objects.filter(valid_to__isnull=True).order_by("code")[0]
            if not user.assignments.current().filter(role=sample.role).exists():
                grant_role(actor=None, person=user, role=sample.role, municipality=place, reason="demonstração")
            if secret and not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
                TOTP.activate(user, secret)
            elif secret and not kept.get("totp"):
                Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
                TOTP.activate(user, secret)
        return {"password": password} | ({"totp": secret} if secret else {})

    def show(self, kept: dict[str, dict[str, str]]) -> None:
        seconds = 30 - int(time.time()) % 30
        self.stdout.write(f"\n{settings.SITE_URL}/conta/login/\n\n")
        for sample in SAMPLES:
            known = kept[sample.key]
            code = ""
            if "totp" in known:
                code = f"  code {current_code(known['totp'])}"
            self.stdout.write(f"  {sample.role!s:<14} {sample.email:<32} {known['password']}{code}\n")
        self.stdout.write(f"\nThe codes change in {seconds} s and work once: `bin/manage demo` prints new ones.\n")


def current_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def path() -> Path:
    return Path(settings.DATA_DIR) / "demo-logins.json"


def read() -> dict[str, dict[str, str]]:
    try:
        return json.loads(path().read_text())
    except FileNotFoundError:
        return {}


def write(kept: dict[str, dict[str, str]]) -> None:
    """Only the owner may read it."""
    path().parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(kept, file, indent=1)
    path().chmod(0o600)
