"""Minutes of meetings, up to those that never change."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from units.choices import AmendmentState, MinutesState
from units.models.meetings import Meeting
from units.models.triggers import ANY_CHANGE, NEVER_EMPTIED, changed


def kept_with_minutes(name: str, message: str) -> str:
    """The PL/pgSQL that keeps what belongs to minutes once those were approved."""
    return f"""
        IF EXISTS (
            SELECT 1 FROM units_minutes
            WHERE id IN (OLD.minutes_id, NEW.minutes_id) AND state IN ('approved', 'published')
        ) THEN
            {refusal(name, message)}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


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
    amendments_until = models.DateField(_("open to amendments until"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    approved_in = models.ForeignKey(
        Meeting, models.PROTECT, null=True, related_name="+", verbose_name=_("approved at the meeting")
    )
    approval_for = models.PositiveSmallIntegerField(_("in favour of the approval"), null=True)
    approval_against = models.PositiveSmallIntegerField(_("against the approval"), null=True)
    approval_abstained = models.PositiveSmallIntegerField(_("abstained from the approval"), null=True)
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
            pgtrigger.Protect(
                name="approved_minutes_are_never_deleted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="approved"),
            ),
            pgtrigger.Trigger(
                name="approved_minutes_keep_their_text",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state="approved")
                & (
                    changed(
                        "text",
                        "public_id",
                        "approved_by_id",
                        "approved_at",
                        "approved_in_id",
                        "approval_for",
                        "approval_against",
                        "approval_abstained",
                    )
                    | pgtrigger.Q(new__state__in=["draft", "under_amendment"])
                ),
                func=refusal("approved_minutes_keep_their_text", "Approved minutes keep their text."),
            ),
            pgtrigger.Trigger(
                name="minutes_keep_their_author",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=changed("author_id", "meeting_id"),
                func=refusal("minutes_keep_their_author", "Approval never changes the author."),
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")

    def __str__(self) -> str:
        return str(self.meeting)


class MinutesWriter(Minutes.writers.through):  # type: ignore[name-defined,misc]  # made by Django
    """Who wrote in which minutes: kept from the approval on, for it says who could not approve them."""

    class Meta:
        proxy = True
        ordering = ["pk"]
        triggers = [
            pgtrigger.Trigger(
                name="writers_of_approved_minutes_stay",
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=kept_with_minutes("writers_of_approved_minutes_stay", "Who wrote in approved minutes stays."),
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("writer of minutes")
        verbose_name_plural = _("writers of minutes")

    def __str__(self) -> str:
        return f"{self.minutes_id} · {self.user_id}"


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
                func=kept_with_minutes("amendments_to_approved_minutes_stay", "Approved minutes take no amendments."),
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("amendment to minutes")
        verbose_name_plural = _("amendments to minutes")

    def __str__(self) -> str:
        return self.proposal[:80]
