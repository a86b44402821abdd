"""Links sent by e-mail: who is invited and reminded, the one answer a link takes, and when addresses are erased."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from axes.actions.answers import new_reference, record_answers
from axes.actions.holding import hold_open
from axes.choices import Channel, ConsultationState, Group, Scale
from axes.models import Consultation, Invitee, Respondent, Topic
from axes.rules import may_run_consultations
from refamp.audit.actions import CHANGED, record
from refamp.base.context import request_id
from refamp.base.errors import NotAllowed, Refused
from refamp.jobs.actions import send_email
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from refamp.accounts.models import User


CONTACT_DAYS = 30  # an address is kept this long after the last day on which it could be needed


# Links sent by e-mail
def token_of(invitee: Invitee) -> str:
    """The secret in somebody's link, made from our key whenever it is mailed.

    A reminder thus repeats the same link, and what the database keeps (a hash) opens nothing.
    """
    return salted_hmac("axes.invitee", str(invitee.public_id), algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def address_of(invitee: Invitee) -> str:
    return settings.SITE_URL + reverse("axes:answer", args=[token_of(invitee)])


@transaction.atomic
def invite_people(
    *, actor: "User", consultation: Consultation, people: Iterable[tuple[str, Municipality, Group]]
) -> list[Invitee]:
    """Enter people to be invited (address, municipality, group); who is already there is left out.

    The invitation itself is sent by `send_invitations`.
    """
    if not may_run_consultations(actor):
        raise NotAllowed
    consultation = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
    if consultation.state == ConsultationState.CLOSED:
        raise Refused(_("The consultation is closed."), code="consultation_not_open")
    known = set(consultation.invitees.exclude(email="").values_list("email", flat=True))
    last = consultation.phases.order_by("-closes_on").values_list("closes_on", flat=True).first()
    erase_on = max(last or timezone.localdate(), timezone.localdate()) + timedelta(days=CONTACT_DAYS)
    made = []
    for email, municipality, group in people:
        address = email.strip().lower()
        if address in known:
            continue
        known.add(address)
        invitee = Invitee(
            consultation=consultation, municipality=municipality, group=group, email=address, erase_on=erase_on
        )
        invitee.token_hash = hash_of(token_of(invitee))
        made.append(invitee)
    Invitee.objects.bulk_create(made)
    record(
        actor=actor,
        action="consultation.people_invited",
        obj=consultation,
        after={"people": len(made), "addresses": CHANGED},
    )
    return made


@transaction.atomic
def send_invitations(*, actor: "User", consultation: Consultation, remind: bool = False) -> int:
    """Mail the link to whoever was not invited yet, or remind those who have not answered. Returns how many."""
    if not may_run_consultations(actor):
        raise NotAllowed
    hold_open(consultation)
    waiting = consultation.invitees.select_for_update().filter(has_answered=False).exclude(email="")
    waiting = waiting.filter(invited_at__isnull=not remind)
    if remind:  # nobody is reminded twice in a day
        waiting = waiting.exclude(reminded_at__gte=timezone.now() - timedelta(days=1))
    count = 0
    now = timezone.now()
    with translation.override(settings.LANGUAGE_CODE):
        subject = gettext("Reminder: %(title)s") if remind else gettext("Your opinion: %(title)s")
        for invitee in waiting:
            send_email(
                to=invitee.email,
                subject=(subject % {"title": consultation.title})[:200],
                body=render_to_string(
                    "axes/answers/invitation.txt",
                    {
                        "consultation": consultation,
                        "address": address_of(invitee),
                        "invitee": invitee,
                        "remind": remind,
                    },
                ),
            )
            # Also right again after the platform's key was changed.
            invitee.token_hash = hash_of(token_of(invitee))
            invitee.invited_at, invitee.reminded_at = (invitee.invited_at, now) if remind else (now, None)
            count += 1
        Invitee.objects.bulk_update(waiting, ["token_hash", "invited_at", "reminded_at"], batch_size=500)
    if count:
        done = "consultation.people_reminded" if remind else "consultation.invitations_sent"
        record(actor=actor, action=done, obj=consultation, after={"people": count})
    return count


@transaction.atomic
def remove_invitee(*, actor: "User", invitee: Invitee) -> Invitee:
    """Take somebody off the list: the address goes at once, the link stops working."""
    if not may_run_consultations(actor):
        raise NotAllowed
    invitee = Invitee.objects.select_for_update(of=("self",)).select_related("consultation").get(pk=invitee.pk)
    record(actor=actor, action="consultation.invitee_removed", obj=invitee.consultation, after={"address": CHANGED})
    invitee.delete()
    return invitee


@transaction.atomic
def answer_invitation(
    *, token: str, mentions: Sequence[tuple[Topic, Scale]], texts: Mapping[Scale, str] | None = None
) -> Respondent:
    """Take the answers of whoever holds this link, once.

    Nothing says afterwards which respondent they were: the reference is random, the invitation keeps only that it was
    used (not when), and the record of the change names neither person nor request.
    """
    found = Invitee.objects.select_related("consultation").filter(token_hash=hash_of(token)).first()
    if found is None:
        raise Refused(_("This link is not valid."), code="unknown_link")
    hold_open(found.consultation)
    invitee = Invitee.objects.select_for_update(of=("self",)).select_related("municipality").filter(pk=found.pk).first()
    if invitee is None:
        raise Refused(_("This link is not valid."), code="unknown_link")
    if invitee.has_answered:
        raise Refused(_("This link was already used."), code="link_used")
    nameless = request_id.set("-")
    try:
        respondent = record_answers(
            actor=None,
            consultation=found.consultation,
            phase=None,
            channel=Channel.LINK,
            reference=new_reference("l"),
            municipality=invitee.municipality,
            group=Group(invitee.group),
            mentions=mentions,
            texts=texts,
        )
    finally:
        request_id.reset(nameless)
    Invitee.objects.filter(pk=invitee.pk).update(has_answered=True)
    return respondent


@transaction.atomic
def erase_contacts(*, today: date | None = None) -> int:
    """Erase the addresses whose day has come. Returns how many."""
    due = Invitee.objects.select_for_update(of=("self",)).filter(
        erase_on__lte=today or timezone.localdate(), erased_at__isnull=True
    )
    by_consultation: dict[int, int] = {}
    for invitee in due:
        by_consultation[invitee.consultation_id] = by_consultation.get(invitee.consultation_id, 0) + 1
    Invitee.objects.filter(pk__in=[invitee.pk for invitee in due]).update(email="", erased_at=timezone.now())
    for consultation in Consultation.objects.filter(pk__in=by_consultation):
        record(
            actor=None,
            action="consultation.addresses_erased",
            obj=consultation,
            after={"people": by_consultation[consultation.pk]},
        )
    return sum(by_consultation.values())
