"""Outgoing mail: a row in the transaction that decided to write, sent by the worker."""

import base64
import logging
import smtplib
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from refamp.jobs.actions.bell import BELL
from refamp.jobs.choices import EmailState
from refamp.jobs.models import Email

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
AT_ONCE = 100
SEND_MAIL = "refamp.jobs.tasks.send_mail"


def send_email(*, to: str, subject: str, body: str, attachments: Iterable[tuple[str, str, bytes]] = ()) -> Email:
    """Put a message in the outbox, in the caller's transaction.

    `attachments` are (file name, media type, content). The worker sends it seconds after the commit and tries again for
    hours while the mail server is away.
    """
    email = Email.objects.create(
        to=to,
        subject=" ".join(subject.split())[:200],
        body=body,
        attachments=[
            {"name": name, "type": kind, "content": base64.b64encode(content).decode()}
            for name, kind, content in attachments
        ],
    )
    transaction.on_commit(lambda: BELL.ring(SEND_MAIL), robust=True)
    return email


def send_waiting_mail(*, limit: int = AT_ONCE) -> int:
    """Send what waits, one transaction per message, beside others who do the same. How many went out."""
    sent = 0
    for _turn in range(limit):
        with transaction.atomic():
            email = (
                Email.objects.select_for_update(skip_locked=True)
                .filter(Q(not_before__isnull=True) | Q(not_before__lte=timezone.now()), state=EmailState.QUEUED)
                .order_by("id")
                .first()
            )
            if email is None:
                break
            sent += deliver(email)
    return sent


def deliver(email: Email) -> bool:
    """Try once, and note how it went on the locked row."""
    email.attempts += 1
    try:
        message_of(email).send()
    except (OSError, smtplib.SMTPException) as error:
        permanent = isinstance(error, smtplib.SMTPRecipientsRefused) and all(
            code >= 500  # noqa: PLR2004 - permanent, says SMTP
            for code, _text in error.recipients.values()
        )
        log.warning("E-mail %s was not sent (attempt %s): %s", email.public_id, email.attempts, type(error).__name__)
        email.error = f"{type(error).__name__}: {error}"[:2000]
        if permanent or email.attempts >= MOST_ATTEMPTS:
            email.state = EmailState.FAILED
        else:
            email.not_before = timezone.now() + timedelta(minutes=2**email.attempts)
    else:
        email.state, email.sent_at, email.error = EmailState.SENT, timezone.now(), ""
    email.save(update_fields=["attempts", "error", "state", "sent_at", "not_before"])
    return email.state == EmailState.SENT


def message_of(email: Email) -> EmailMessage:
    """The same Message-ID at every attempt, so that a receiver can tell a second copy."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = EmailMessage(
        email.subject, email.body, to=[email.to], headers={"Message-ID": f"<{email.public_id}@{host}>"}
    )
    for part in email.attachments:
        message.attach(part["name"], base64.b64decode(part["content"]), part["type"])
    return message
