"""Meetings from the convening to the minutes that never change."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from units.choices import AmendmentState, ItemKind, MeetingFileKind, MeetingState, MinutesState, Presence
from units.models.bodies import Unit
from units.models.mandates import Mandate

ANY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def changed(*fields: str) -> pgtrigger.Q:
    """One of these is not what it was."""
    found = pgtrigger.Q()
    for field in fields:
        found |= pgtrigger.Q(**{f"old__{field}__df": pgtrigger.F(f"new__{field}")})
    return found


def kept_with_meeting(name: str, message: str, states: str) -> pgtrigger.Trigger:
    """What belongs to a meeting stays as it is once that is in one of these states."""
    return pgtrigger.Trigger(
        name=name,
        operation=ANY_CHANGE,
        when=pgtrigger.Before,
        func=f"""
            IF EXISTS (
                SELECT 1 FROM units_meeting WHERE id IN (OLD.meeting_id, NEW.meeting_id) AND state IN ({states})
            ) THEN
                {refusal(name, message)}
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,
    )


class Meeting(models.Model):
    """A meeting of a body. `number` is given when it is convened, consecutive per body and year.

    `call` is 1, or 2 when the second call's quorum is the one that counts. `ics_sequence` grows with everything that is
    mailed, so that calendars replace what they hold.
    """

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="meetings", verbose_name=_("unit"))
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    title = models.CharField(_("title"), max_length=200)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    second_call_at = models.DateTimeField(_("second call"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=200)
    remote_link = models.URLField(_("address for remote presence"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=MeetingState, default=MeetingState.DRAFT)
    call = models.PositiveSmallIntegerField(_("call"), default=1)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    urgency_reason = models.TextField(_("why the notice is shorter"), blank=True)
    convened_at = models.DateTimeField(_("convened at"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    cancel_reason = models.TextField(_("why it was cancelled"), blank=True)
    ics_sequence = models.PositiveIntegerField(_("revision of the invitation"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year", "number"],
                name="one_meeting_per_unit_year_and_number",
                violation_error_message=_("This number is already taken."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="meeting_ends_after_it_begins",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=MeetingState.values),
                name="meeting_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(call__in=[1, 2]),
                name="meeting_call_is_first_or_second",
                violation_error_message=_("First or second call."),
            ),
            models.CheckConstraint(
                condition=Q(is_urgent=False) | ~Q(urgency_reason=""),
                name="urgent_meeting_says_why",
                violation_error_message=_("Say why the notice is shorter."),
            ),
            models.CheckConstraint(
                condition=Q(second_call_at__isnull=True) | Q(second_call_at__gt=F("starts_at")),
                name="second_call_comes_after_the_first",
                violation_error_message=_("The second call comes after the first."),
            ),
            models.CheckConstraint(
                condition=Q(call=1) | Q(second_call_at__isnull=False),
                name="second_call_has_its_hour",
                violation_error_message=_("Say when the second call is."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(number__isnull=False, convened_at__isnull=False),
                name="convened_meeting_has_its_number",
                violation_error_message=_("A convened meeting has its number."),
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancel_reason=""),
                name="cancelled_meeting_says_why",
                violation_error_message=_("Say why it was cancelled."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="meetings_are_cancelled_never_deleted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["convened", "in_session", "closed", "cancelled"]),
            ),
            pgtrigger.Trigger(
                name="held_meeting_keeps_its_facts",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=["closed", "cancelled"])
                & changed(
                    "state",
                    "unit_id",
                    "number",
                    "year",
                    "title",
                    "starts_at",
                    "ends_at",
                    "second_call_at",
                    "place",
                    "call",
                    "convened_at",
                    "opened_at",
                    "closed_at",
                    "is_urgent",
                    "urgency_reason",
                    "cancel_reason",
                ),
                func=refusal("held_meeting_keeps_its_facts", "A meeting that was held or cancelled stays as it was."),
            ),
        ]
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")

    def __str__(self) -> str:
        return f"{self.unit} {self.number}/{self.year}" if self.number else f"{self.unit} · {self.title}"


class AgendaItem(models.Model):
    """A point of the agenda; points stand under points."""

    public_id = PublicIdField()
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items", verbose_name=_("meeting"))
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name=_("under")
    )
    order = models.PositiveSmallIntegerField(_("order"))
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=12, choices=ItemKind, default=ItemKind.DISCUSSION)
    text = models.TextField(_("text"), blank=True)
    is_late = models.BooleanField(_("added after the convening"), default=False)
    outcome = models.TextField(_("what was said"), blank=True)
    version = VersionField()

    class Meta:
        ordering = ["meeting", "order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="agenda_item_does_not_stand_under_itself",
                violation_error_message=_("A point cannot stand under itself."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ItemKind.values),
                name="agenda_item_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
        ]
        triggers = [
            kept_with_meeting(
                "agenda_of_a_held_meeting_stays",
                "The agenda of a meeting that was held stays.",
                "'closed', 'cancelled'",
            )
        ]
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")

    def __str__(self) -> str:
        return self.title


class MeetingDocument(models.Model):
    """A document of a meeting or of one of its points; late ones are addenda to the dossier."""

    public_id = PublicIdField()
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="documents", verbose_name=_("meeting"))
    item = models.ForeignKey(
        AgendaItem, models.SET_NULL, null=True, blank=True, related_name="documents", verbose_name=_("agenda item")
    )
    title = models.CharField(_("title"), max_length=200)
    file = models.FileField(_("file"), upload_to="meetings/", max_length=200)
    file_name = models.CharField(_("name of the file"), max_length=200)
    size = models.PositiveIntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64)
    is_late = models.BooleanField(_("late addendum"), default=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("added by")
    )

    class Meta:
        ordering = ["meeting", "id"]
        verbose_name = _("document of a meeting")
        verbose_name_plural = _("documents of meetings")

    def __str__(self) -> str:
        return self.title


# Whoever takes a seat is a substitute in the same body, for the same municipality or the same partner.
STANDS_FOR_THE_SAME = f"""
    IF NOT EXISTS (
        SELECT 1 FROM units_mandate seat JOIN units_mandate other ON other.unit_id = seat.unit_id
        WHERE seat.id = NEW.mandate_id AND other.id = NEW.substitute_id AND other.position = 'substitute'
        AND (other.municipality_id = seat.municipality_id OR other.partner_id = seat.partner_id)
    ) THEN
        {refusal("substitute_stands_for_the_same", "A substitute takes a seat of the same municipality or partner.")}
    END IF;
    -- Whoever takes seats of one meeting waits here: nobody takes two by being quick.
    PERFORM 1 FROM units_meeting WHERE id = NEW.meeting_id FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM units_attendance
        WHERE meeting_id = NEW.meeting_id AND substitute_id = NEW.substitute_id AND id <> NEW.id
    ) THEN
        {refusal("substitute_takes_one_seat_of_a_meeting", "A substitute cannot take two seats.")}
    END IF;
    RETURN NEW;
"""


class Attendance(models.Model):
    """Who came, for which mandate, and how. `substitute` is the mandate that took the seat, where one did."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendance", verbose_name=_("meeting"))
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="+", verbose_name=_("seat"))
    substitute = models.ForeignKey(
        Mandate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("substitute")
    )
    presence = models.CharField(_("presence"), max_length=10, choices=Presence)
    arrived_at = models.DateTimeField(_("arrived at"), null=True)

    class Meta:
        ordering = ["meeting", "mandate"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "mandate"],
                name="one_attendance_per_meeting_and_seat",
                violation_error_message=_("This seat is already recorded."),
            ),
            models.CheckConstraint(
                condition=Q(presence__in=Presence.values),
                name="presence_is_known",
                violation_error_message=_("Unknown presence."),
            ),
            models.CheckConstraint(
                condition=Q(substitute__isnull=True) | ~Q(substitute=F("mandate")),
                name="nobody_substitutes_themselves",
                violation_error_message=_("Nobody substitutes themselves."),
            ),
        ]
        triggers = [
            kept_with_meeting(
                "attendance_of_a_held_meeting_stays",
                "Who attended a meeting that was held stays.",
                "'closed', 'cancelled'",
            ),
            pgtrigger.Trigger(
                name="substitute_stands_for_the_same",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__substitute_id__isnull=False),
                func=STANDS_FOR_THE_SAME,
            ),
        ]
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")

    def __str__(self) -> str:
        return f"{self.mandate} · {self.get_presence_display()}"


class Minutes(models.Model):
    """The minutes of a meeting. Once published, nothing changes them.

    `sha256` is of the text's bytes (UTF-8), `pdf_sha256` of the file. Whoever wrote in them never approves them.
    """

    public_id = PublicIdField()
    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes", verbose_name=_("meeting"))
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=16, choices=MinutesState, default=MinutesState.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    writers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("wrote in them")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    published_at = models.DateTimeField(_("published at"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    pdf = models.FileField(_("file"), upload_to="minutes/", max_length=200, blank=True)
    pdf_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MinutesState.values),
                name="minutes_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("author")),
                name="minutes_are_not_approved_by_their_author",
                violation_error_message=_("Whoever wrote the minutes does not approve them."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "published"])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="approved_minutes_say_by_whom",
                violation_error_message=_("Approved minutes say by whom."),
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | (Q(published_at__isnull=False) & ~Q(sha256="") & ~Q(pdf_sha256="")),
                name="published_minutes_have_their_digests",
                violation_error_message=_("Published minutes have their digests."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_minutes_never_change",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="published"),
            ),
            pgtrigger.Trigger(
                name="approved_minutes_keep_their_text",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state="approved") & changed("text", "approved_by_id", "approved_at"),
                func=refusal("approved_minutes_keep_their_text", "Approved minutes keep their text."),
            ),
            pgtrigger.Trigger(
                name="minutes_keep_their_author",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=changed("author_id", "meeting_id"),
                func=refusal("minutes_keep_their_author", "Approval never changes the author."),
            ),
        ]
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")

    def __str__(self) -> str:
        return str(self.meeting)


class MinutesAmendment(models.Model):
    """A change to the draft minutes, proposed by somebody who attended."""

    public_id = PublicIdField()
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="amendments", verbose_name=_("minutes"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    passage = models.TextField(_("passage"), blank=True)
    proposal = models.TextField(_("proposal"))
    state = models.CharField(_("state"), max_length=10, choices=AmendmentState, default=AmendmentState.PROPOSED)
    answer = models.TextField(_("answer"), blank=True)
    proposed_at = models.DateTimeField(_("proposed at"), default=timezone.now)

    class Meta:
        ordering = ["minutes", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AmendmentState.values),
                name="minutes_amendment_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=~Q(proposal=""),
                name="minutes_amendment_proposes_something",
                violation_error_message=_("Say what it should read."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="amendments_to_approved_minutes_stay",
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=f"""
                    IF EXISTS (
                        SELECT 1 FROM units_minutes
                        WHERE id IN (OLD.minutes_id, NEW.minutes_id) AND state IN ('approved', 'published')
                    ) THEN
                        {refusal("amendments_to_approved_minutes_stay", "Approved minutes take no amendments.")}
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]
        verbose_name = _("amendment to minutes")
        verbose_name_plural = _("amendments to minutes")

    def __str__(self) -> str:
        return self.proposal[:80]


class MeetingFile(models.Model):
    """A PDF made of a meeting's papers, kept as long as what it was made of is the same.

    `key` is the digest of everything that stands in it, language included. `pages`: where an addendum's numbers go on.
    """

    public_id = PublicIdField()
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="files", verbose_name=_("meeting"))
    kind = models.CharField(_("kind"), max_length=10, choices=MeetingFileKind)
    language = models.CharField(_("language"), max_length=10)
    key = models.CharField(_("made of"), max_length=64)
    file = models.FileField(_("file"), upload_to="dossiers/", max_length=200)
    pages = models.PositiveIntegerField(_("pages"))
    sha256 = models.CharField("SHA-256", max_length=64)
    made_at = models.DateTimeField(_("made at"), default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "kind", "key"],
                name="one_file_per_content",
                violation_error_message=_("This file is already there."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MeetingFileKind.values),
                name="meeting_file_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
        ]
        verbose_name = _("file of a meeting")
        verbose_name_plural = _("files of meetings")

    def __str__(self) -> str:
        return f"{self.meeting} · {self.get_kind_display()}"


class CalendarFeed(models.Model):
    """The secret address of a person's calendar (ICS). Only a hash is kept; a new one revokes the one before."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feeds", verbose_name=_("person")
    )
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(revoked_at__isnull=True),
                name="one_calendar_address_per_person",
                violation_error_message=_("There is already such an address."),
            )
        ]
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.person)
