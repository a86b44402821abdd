"""Meetings: convened, with an agenda, attended."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from units.choices import ItemKind, MeetingState, Presence
from units.models.bodies import Unit
from units.models.mandates import Mandate
from units.models.triggers import NEVER_EMPTIED, changed, kept_with_meeting


class Meeting(models.Model):
    """A meeting of a body. `number` is given when it is convened, consecutive per body and year.

    `call` is 1, or 2 when the second call's quorum is the one that counts; `first_call` then says how many seats were
    taken at the first, of how many, and which (`present`, `seats`, `needed`, `names`). `ics_sequence` grows with
    everything that is mailed, so that calendars replace what they hold.
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
    is_extraordinary = models.BooleanField(
        _("extraordinary"),
        default=False,
        db_default=False,
        help_text=_("It decides on what its notice says and on nothing else (CPA, arts. 24 and 26)."),
    )
    call = models.PositiveSmallIntegerField(_("call"), default=1)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    urgency_reason = models.TextField(_("why the notice is shorter"), blank=True)
    presided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("chaired by")
    )
    first_call = models.JSONField(_("first call without a quorum"), default=dict, db_default={}, blank=True)
    convened_at = models.DateTimeField(_("convened at"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    summary_approved_at = models.DateTimeField(
        _("summary of the decisions approved at"),
        null=True,
        blank=True,
        help_text=_("From then on what was decided takes effect, ahead of the minutes (CPA, art. 34, nos. 4 and 6)."),
    )
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
            models.CheckConstraint(
                condition=Q(summary_approved_at__isnull=True) | Q(state__in=["in_session", "closed"]),
                name="summary_is_approved_in_the_meeting",
                violation_error_message=_("The summary is approved while the meeting is in session."),
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
                    "is_extraordinary",
                    "public_id",
                    "remote_link",
                    "presided_by_id",
                    "first_call",
                    "convened_at",
                    "opened_at",
                    "closed_at",
                    "is_urgent",
                    "urgency_reason",
                    "summary_approved_at",
                    "cancel_reason",
                ),
                func=refusal("held_meeting_keeps_its_facts", "A meeting that was held or cancelled stays as it was."),
            ),
            pgtrigger.Trigger(
                name="summary_is_approved_once",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__summary_approved_at__isnull=False) & changed("summary_approved_at"),
                func=refusal("summary_is_approved_once", "A summary of decisions is approved once."),
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")

    @property
    def is_ahead(self) -> bool:
        """Whether it is called and its hour has not come: that nobody is there yet means nothing."""
        return self.state == MeetingState.CONVENED and timezone.now() < self.starts_at

    def __str__(self) -> str:
        return f"{self.unit} {self.number}/{self.year}" if self.number else f"{self.unit} · {self.title}"


class AgendaItem(models.Model):
    """A point of the agenda; points stand under points.

    `urgency_votes`: how many members recognised that a late point must be decided at once (CPA, art. 26, no. 2); None
    until they did. Without that nothing is decided at it.
    """

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
    urgency_votes = models.PositiveSmallIntegerField(_("members who recognised its urgency"), null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(urgency_votes__isnull=True) | Q(is_late=True),
                name="only_late_points_need_urgency",
                violation_error_message=_("Only a point added after the notice needs its urgency recognised."),
            ),
        ]
        triggers = [
            kept_with_meeting(
                "agenda_of_a_held_meeting_stays",
                "The agenda of a meeting that was held stays.",
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")

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
            ),
            pgtrigger.Trigger(
                name="substitute_stands_for_the_same",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__substitute_id__isnull=False),
                func=STANDS_FOR_THE_SAME,
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")

    def __str__(self) -> str:
        return f"{self.mandate} · {self.get_presence_display()}"
