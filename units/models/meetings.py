"""Meetings from the convening to the minutes that never change."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from units.choices import AmendmentState, ItemKind, MeetingState, MinutesState, Presence
from units.models.bodies import Mandate, Unit


class Meeting(models.Model):
    """A meeting of a body. `call` is 1, or 2 when the second call's quorum is the one that counts."""

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="meetings", verbose_name=_("unit"))
    number = models.PositiveIntegerField(_("number"))
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
        ]
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")

    def __str__(self) -> str:
        return f"{self.unit} {self.number}/{self.year}"


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
    sha256 = models.CharField("SHA-256", max_length=64)
    is_late = models.BooleanField(_("late addendum"), default=False)
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
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")

    def __str__(self) -> str:
        return f"{self.mandate} · {self.get_presence_display()}"


class Minutes(models.Model):
    """The minutes of a meeting. Once published, nothing changes them."""

    public_id = PublicIdField()
    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes", verbose_name=_("meeting"))
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=16, choices=MinutesState, default=MinutesState.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    published_at = models.DateTimeField(_("published at"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
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
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_minutes_never_change",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="published"),
            )
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
            )
        ]
        verbose_name = _("amendment to minutes")
        verbose_name_plural = _("amendments to minutes")

    def __str__(self) -> str:
        return self.proposal[:80]


class CalendarFeed(models.Model):
    """The secret address of a person's or unit's calendar (ICS). Only a hash is kept."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feeds", verbose_name=_("person")
    )
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return str(self.person)
