"""The append-only record and its seals."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField

# The fall-back where one database role must serve for everything: with two roles the grants already refuse it.
NEVER_CHANGES = (
    pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete),
    # A table is emptied by statement, not row by row, so this needs a trigger of its own.
    pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'The record is append-only: % cannot be emptied.', TG_TABLE_NAME;",
    ),
)


class Event(models.Model):
    """One thing that somebody did. Written in the transaction that did it; never changed."""

    public_id = PublicIdField()
    at = models.DateTimeField(_("when"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        db_constraint=False,
    )
    actor_label = models.CharField(_("name"), max_length=200, blank=True)
    action = models.CharField(_("action"), max_length=80)
    object_type = models.CharField(_("kind of object"), max_length=80)
    object_id = models.CharField(_("object"), max_length=80)
    object_label = models.CharField(_("label"), max_length=300)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="event_of_object"),
            models.Index(fields=["actor", "-id"], name="event_of_actor"),
            models.Index(fields=["-at", "-id"], name="event_by_time"),
        ]
        triggers = [*NEVER_CHANGES]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}"


class Seal(models.Model):
    """The link of the hash chain that closes over one committed event."""

    event_id = models.BigIntegerField(_("event"), unique=True)
    previous = models.CharField(_("previous digest"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    at = models.DateTimeField(_("sealed at"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        triggers = [*NEVER_CHANGES]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return self.digest
