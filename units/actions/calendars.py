"""The secret address of a person's calendar: made, shown once, revoked."""

import secrets

from django.db import transaction
from django.utils import timezone

from refamp.accounts.models import User
from refamp.audit.actions import record
from units.models import CalendarFeed
from units.queries.meetings import hash_of


@transaction.atomic
def make_calendar_address(*, actor: User) -> tuple[CalendarFeed, str]:
    """A new address for one's own calendar; the one before stops working. The token is not kept: show it now."""
    User.objects.select_for_update().get(pk=actor.pk)
    revoke_present(actor)
    token = secrets.token_urlsafe(32)
    made = CalendarFeed.objects.create(person=actor, token_hash=hash_of(token))
    record(actor=actor, action="calendar.address_made", obj=made)
    return made, token


@transaction.atomic
def revoke_calendar_address(*, actor: User) -> int:
    """Stop one's own calendar address; how many there were (0 or 1)."""
    User.objects.select_for_update().get(pk=actor.pk)
    return revoke_present(actor)


def revoke_present(actor: User) -> int:
    found = list(CalendarFeed.objects.select_for_update().filter(person=actor, revoked_at__isnull=True))
    for feed in found:
        feed.revoked_at = timezone.now()
        feed.save(update_fields=["revoked_at"])
        record(actor=actor, action="calendar.address_revoked", obj=feed)
    return len(found)
