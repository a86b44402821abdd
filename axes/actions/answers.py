"""Answers as they come in, by each of the three ways, and as they are withdrawn.

Every way ends here, counts itself in the same transaction, and can only do so while consultation and phase are open:
they are locked against closing (FOR KEY SHARE: answers do not wait for each other, closing waits for them).
"""

import hashlib
import io
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from axes.actions.results import tally_respondents
from axes.choices import LONGEST_TEXT, Channel, ConsultationState, Group, PhaseState, Scale
from axes.models import Consultation, FreeText, Invitee, Mention, Phase, Respondent, Topic
from axes.rules import may_enter_answers_for, may_run_consultations, may_withdraw_respondent
from refamp.audit.actions import CHANGED, record
from refamp.base.context import request_id
from refamp.base.errors import NotAllowed, Refused
from refamp.base.ids import uuid7
from refamp.jobs.actions import send_email
from refamp.jobs.models import Upload
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from refamp.accounts.models import User

CONTACT_DAYS = 30  # an address is kept this long after the last day on which it could be needed


def hold_open(consultation: Consultation, phase: Phase | None = None) -> Phase | None:
    """Keep consultation and phase from closing until this transaction ends; refuse where they are not open.

    Without a phase given, the open one. None only in a consultation that has no phases.
    """
    held = next(
        iter(
            Consultation.objects.raw("SELECT * FROM axes_consultation WHERE id = %s FOR KEY SHARE", [consultation.pk])
        ),
        None,
    )
    if held is None or held.state != ConsultationState.OPEN:
        raise Refused(_("The consultation is not open: it takes no answers now."), code="consultation_not_open")
    phases = list(
        Phase.objects.raw(
            "SELECT * FROM axes_phase WHERE consultation_id = %s ORDER BY id FOR KEY SHARE", [consultation.pk]
        )
    )
    if phase is None and not phases:
        return None
    for one in phases:
        if one.state == PhaseState.OPEN and phase in (None, one):
            return one
    raise Refused(_("No phase of the consultation is open: it takes no answers now."), code="consultation_not_open")


@transaction.atomic
def record_answers(
    *,
    actor: "User | None",
    consultation: Consultation,
    phase: Phase | None,
    channel: Channel,
    reference: str,
    municipality: Municipality | None,
    group: Group | None,
    mentions: Sequence[tuple[Topic, Scale]],
    texts: Mapping[Scale, str] | None = None,
) -> Respondent:
    """Take one respondent's answers. A topic named twice at a scale counts once.

    Raises Refused when the consultation is not open, the reference has already answered, a topic belongs elsewhere or
    was not asked at that scale.
    """
    phase = hold_open(consultation, phase)
    reference = reference.strip()
    if not reference or len(reference) > 100 or "\x00" in reference:  # noqa: PLR2004 - the column's length
        raise Refused(_("Say whose answer it is, in 100 characters at most."), code="reference", field="reference")
    if group is not None and group not in Group.values:
        raise Refused(_("Unknown group."), code="group_unknown", field="group")
    # Read now that the code book waits for us: it may have changed since the form was shown.
    named = {topic.pk for topic, _scale in mentions}
    book = dict(Topic.objects.filter(consultation=consultation, pk__in=named).values_list("pk", "scales"))
    for topic, scale in mentions:
        if topic.pk not in book:
            raise Refused(_("This topic belongs to another consultation."), code="topic_unknown")
        if scale not in book[topic.pk]:
            raise Refused(_("This topic was not asked at this scale."), code="not_asked")
    written = {Scale(scale): text.strip() for scale, text in (texts or {}).items() if text.strip()}
    if any(len(text) > LONGEST_TEXT or "\x00" in text for text in written.values()):
        raise Refused(_("The text is too long."), code="text_too_long")
    try:
        with transaction.atomic():
            respondent = Respondent.objects.create(
                consultation=consultation,
                phase=phase,
                reference=reference,
                municipality=municipality,
                group=group,
                channel=channel,
                entered_by=actor,
            )
    except IntegrityError as error:
        if "one_respondent_per_reference" not in str(error):
            raise
        raise Refused(_("This respondent has already answered."), code="already_answered", field="reference") from error
    Mention.objects.bulk_create(
        Mention(respondent=respondent, topic_id=topic, scale=scale)
        for topic, scale in dict.fromkeys((topic.pk, Scale(scale)) for topic, scale in mentions)
    )
    FreeText.objects.bulk_create(
        FreeText(respondent=respondent, scale=scale, text=text) for scale, text in written.items()
    )
    tally_respondents(consultation=consultation, respondents=[respondent.pk], sign=1, actor=actor)
    record(
        actor=actor,
        action="respondent.recorded",
        obj=respondent,
        after={"channel": channel, "answers": CHANGED},
        label=reference,
    )
    return respondent


@transaction.atomic
def enter_answers(
    *,
    actor: "User",
    consultation: Consultation,
    channel: Channel,
    reference: str,
    municipality: Municipality | None,
    group: Group | None,
    mentions: Sequence[tuple[Topic, Scale]],
    texts: Mapping[Scale, str] | None = None,
) -> Respondent:
    """What somebody said in an interview or a focus group, entered for their own municipality."""
    if channel not in {Channel.INTERVIEW, Channel.FOCUS_GROUP}:
        raise Refused(_("Say whether it was an interview or a focus group."), code="channel", field="channel")
    if not may_enter_answers_for(actor, consultation, municipality):
        raise NotAllowed
    return record_answers(
        actor=actor,
        consultation=consultation,
        phase=None,
        channel=channel,
        reference=reference or new_reference("e"),
        municipality=municipality,
        group=group,
        mentions=mentions,
        texts=texts,
    )


def new_reference(prefix: str) -> str:
    """A name for a respondent that says nothing about them."""
    return f"{prefix}-{secrets.token_hex(6)}"


@transaction.atomic
def withdraw_respondent(*, actor: "User", respondent: Respondent, reason: str = "") -> Respondent:
    """Take one respondent out of every count from now on. What was frozen stays as it was."""
    respondent = Respondent.objects.select_for_update(of=("self",)).select_related("consultation").get(pk=respondent.pk)
    if not may_withdraw_respondent(actor, respondent):
        raise NotAllowed
    if respondent.withdrawn_at is not None:
        raise Refused(_("These answers were already withdrawn."), code="already_withdrawn")
    tally_respondents(consultation=respondent.consultation, respondents=[respondent.pk], sign=-1, actor=actor)
    respondent.withdrawn_at = timezone.now()
    Respondent.objects.filter(pk=respondent.pk).update(withdrawn_at=respondent.withdrawn_at)
    record(actor=actor, action="respondent.withdrawn", obj=respondent, reason=reason, label=respondent.reference)
    return respondent


# A file of answers


@transaction.atomic
def import_answers(
    *,
    actor: "User | None",
    consultation: Consultation,
    upload: Upload,
    respondents: Sequence[tuple[str, int | None, str | None]],
    mentions: Iterable[tuple[int, int, str]],
    progress: Callable[[int], None] = lambda _done: None,
) -> dict[str, int]:
    """Write what a checked file holds, all or nothing.

    respondents: (reference, municipality key, group); mentions: (position among them, topic key, scale).

    Two imports of the same respondent at the same time: the second waits for the first and is refused by the database.
    """
    phase = hold_open(consultation)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('axes_respondent', 'id')) FROM generate_series(1, %s)",
            [len(respondents)],
        )
        keys = [key for (key,) in cursor.fetchall()]
    now = timezone.now().isoformat()
    given = (
        (key, uuid7(), consultation.pk, phase and phase.pk, reference, municipality, group, Channel.FILE.value,
         upload.pk, actor and actor.pk, now)
        for key, (reference, municipality, group) in zip(keys, respondents, strict=True)
    )  # fmt: skip
    try:
        with transaction.atomic():
            copy(
                "axes_respondent (id, public_id, consultation_id, phase_id, reference, municipality_id,"
                ' "group", channel, upload_id, entered_by_id, answered_at)',
                given,
            )
    except IntegrityError as error:
        if "one_respondent_per_reference" not in str(error):
            raise
        raise Refused(
            _("A respondent of this file has answered since it was checked. Send the file again."),
            code="already_answered",
        ) from error
    progress(len(respondents))
    count = copy(
        "axes_mention (respondent_id, topic_id, scale)", ((keys[who], topic, scale) for who, topic, scale in mentions)
    )
    progress(len(respondents) + count)
    tally_respondents(consultation=consultation, upload=upload, sign=1, actor=actor)
    done = {"respondents": len(respondents), "mentions": count}
    record(actor=actor, action="answers.imported", obj=consultation, after=done | {"file": upload.name})
    return done


def copy(target: str, rows: Iterable[Sequence[object]]) -> int:
    """Write rows by COPY: an order of magnitude faster than INSERT, and all constraints hold. Returns how many."""
    buffer = io.StringIO()
    count = 0
    for row in rows:  # what is there is always quoted, so that empty and absent differ
        buffer.write(",".join("" if cell is None else quoted(cell) for cell in row) + "\n")
        count += 1
    buffer.seek(0)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {target} FROM STDIN WITH (FORMAT csv)", buffer)
    return count


def quoted(cell: object) -> str:
    return '"' + str(cell).replace('"', '""') + '"'


@transaction.atomic
def undo_import(*, actor: "User | None", consultation: Consultation, upload: Upload) -> dict[str, int]:
    """Withdraw every respondent of an import who was not withdrawn already. What was frozen stays as it was."""
    with connection.cursor() as cursor:  # locked, so that nobody is withdrawn twice
        cursor.execute(
            "SELECT id FROM axes_respondent WHERE upload_id = %s AND withdrawn_at IS NULL"
            " ORDER BY id FOR NO KEY UPDATE",
            [upload.pk],
        )
        keys = [key for (key,) in cursor.fetchall()]
    tally_respondents(consultation=consultation, upload=upload, sign=-1, actor=actor)
    Respondent.objects.filter(upload=upload, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    record(
        actor=actor,
        action="answers.import_undone",
        obj=consultation,
        after={"respondents": len(keys), "file": upload.name},
    )
    return {"withdrawn": len(keys)}


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
