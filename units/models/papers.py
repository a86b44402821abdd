"""A meeting's papers: the documents that were added, the files made of them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField
from refamp.base.sql import refusal
from units.choices import MeetingFileKind
from units.models.meetings import AgendaItem, Meeting
from units.models.triggers import NEVER_EMPTIED, kept_with_meeting

SENT = "documents_sent_with_the_notice_stay"


class MeetingDocument(models.Model):
    """A document of a meeting or of one of its points; late ones are addenda to the dossier.

    A public one is everybody's once the meeting is convened; the others are for those who see the body's papers.
    """

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
    is_public = models.BooleanField(_("public"), default=False, db_default=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("added by")
    )

    class Meta:
        ordering = ["meeting", "id"]
        triggers = [
            kept_with_meeting(
                "documents_of_a_held_meeting_stay",
                "The documents of a meeting that was held stay.",
                "is_public",
                "added_by_id",
            ),
            pgtrigger.Trigger(
                name="documents_sent_with_the_notice_stay",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=f"""
                    IF EXISTS (SELECT 1 FROM units_meeting WHERE id = OLD.meeting_id AND convened_at IS NOT NULL) AND (
                        TG_OP = 'DELETE'
                        OR to_jsonb(OLD) - 'withdrawn_at' - 'is_public' - 'added_by_id'
                        <> to_jsonb(NEW) - 'withdrawn_at' - 'is_public' - 'added_by_id'
                    ) THEN
                        {refusal(SENT, "What was sent with the notice is withdrawn, never changed or deleted.")}
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
            NEVER_EMPTIED,
        ]
        verbose_name = _("document of a meeting")
        verbose_name_plural = _("documents of meetings")

    def __str__(self) -> str:
        return self.title


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
