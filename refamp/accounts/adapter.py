"""How the login library behaves here."""

import base64
import hashlib
import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext

from refamp.accounts.models import User
from refamp.accounts.queries import SECOND_FACTORS
from refamp.accounts.rules import owes_second_factor
from refamp.jobs.actions import send_email

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is by invitation only; mail goes through the outbox; failures are counted per account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return f"REF-AMP · {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox, in the language that the person chose."""
        person = User.objects.filter(email=email.lower()).first()
        if person is None and template_prefix.endswith("unknown_account"):
            return  # an address that is not ours gets no mail from us
        with translation.override(person.language if person else translation.get_language()):
            message = self.render_mail(
                template_prefix, email, context | {"email": email, "site_url": settings.SITE_URL}
            )
        send_email(to=email, subject=str(message.subject)[:200], body=str(message.body))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Under the platform's own address, whatever host the request claimed to be for."""
        path = super().get_reset_password_from_key_url(key)
        return settings.SITE_URL + "/" + path.split("/", 3)[3] if "://" in path else settings.SITE_URL + path

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count per account, whichever of our host names was called."""
        return "login:" + str(credentials.get("email", "")).strip().lower()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("login failed")

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        log.info("login of account %s", user.public_id)


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted, and whoever owes one keeps at least one."""

    def encrypt(self, text: str) -> str:
        return vault().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return vault().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - the library's
        """Suggest a name for a new key; "master key" would say what it is not."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("My key") if not count else gettext("Key %(number)s") % {"number": count + 1}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user, type__in=SECOND_FACTORS).exclude(
            pk=authenticator.pk
        )
        return authenticator.type not in SECOND_FACTORS or not owes_second_factor(authenticator.user) or others.exists()


def vault() -> MultiFernet:
    """Encrypts with today's secret key and still reads what an earlier one (`SECRET_KEY_FALLBACKS`) encrypted."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factor:" + str(key).encode()).digest()))
            for key in keys
        ]
    )
