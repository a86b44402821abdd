"""Jobs, uploads, outgoing mail, and the keys that make creating twice safe."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from refamp.base.fields import PublicIdField
from refamp.jobs.choices import EmailState, JobState, UploadState
from refamp.jobs.rules import sees_every_job


class OwnedQuerySet(models.QuerySet):
    """Rows that somebody asked for."""

    def visible_to(self, user: Any) -> "OwnedQuerySet":
        """All of them for the coordination unit, their own for everybody else."""
        if sees_every_job(user):
            return self
        return self.filter(actor_id=user.pk) if user.is_authenticated and user.is_active else self.none()


class Job(models.Model):
    """Work for later. `lease` is the token of the worker that holds it, valid until `leased_until`."""

    public_id = PublicIdField()
    kind = models.CharField(_("kind"), max_length=60)
    payload = models.JSONField(_("payload"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    key = models.CharField(
        _("key"), max_length=120, blank=True, help_text=_("While one job with this key waits, no second is queued.")
    )
    progress_done = models.PositiveBigIntegerField(_("done so far"), default=0)
    progress_total = models.PositiveBigIntegerField(_("to do"), default=0)
    message = models.CharField(_("message"), max_length=300, blank=True)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease = models.UUIDField(_("lease"), null=True, editable=False)
    leased_until = models.DateTimeField(_("leased until"), null=True)
    run_after = models.DateTimeField(_("not before"), null=True)
    rung_at = models.DateTimeField(_("bell last rung at"), null=True, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="job_open"),
            models.Index(fields=["-created_at", "-id"], name="job_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state="queued") & ~Q(key=""),
                name="one_waiting_job_per_key",
                violation_error_message=_("The same job is already waiting."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=JobState.values),
                name="job_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
        ]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Upload(models.Model):
    """A file that somebody wants imported, from the first look to its undoing."""

    public_id = PublicIdField()
    kind = models.CharField(_("kind"), max_length=60)
    target = models.CharField(
        _("for"), max_length=80, blank=True, help_text=_("The public id of what it is imported into.")
    )
    file = models.FileField(_("file"), upload_to="uploads/", max_length=200)
    name = models.CharField(_("name of the file"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    mapping = models.JSONField(_("columns"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=UploadState, default=UploadState.QUEUED)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    problems = models.JSONField(_("problems"), default=list)
    problem_count = models.PositiveIntegerField(_("number of problems"), default=0)
    summary = models.JSONField(_("what it would do"), default=dict)
    outcome = models.JSONField(_("what it did"), default=dict, db_default=Value({}, models.JSONField()))
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+", verbose_name=_("job"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("sent by")
    )
    created_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "target", "-id"], name="upload_of_target")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UploadState.values),
                name="upload_state_is_known",
                violation_error_message=_("Unknown state."),
            )
        ]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.name


class Email(models.Model):
    """A message in the outbox. Kept until sent, then erased on schedule: the address is personal data."""

    public_id = PublicIdField()
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    attachments = models.JSONField(_("attachments"), default=list)
    state = models.CharField(_("state"), max_length=10, choices=EmailState, default=EmailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True)
    not_before = models.DateTimeField(_("not before"), null=True)
    created_at = models.DateTimeField(_("written at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(state="queued"), name="email_to_send")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=EmailState.values),
                name="email_state_is_known",
                violation_error_message=_("Unknown state."),
            )
        ]
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")

    def __str__(self) -> str:
        return self.subject


class IdempotencyKey(models.Model):
    """The answer already given to a creating call, so that the same call again creates nothing."""

    key = models.CharField(_("key"), max_length=255)
    caller = models.CharField(_("caller"), max_length=80)
    fingerprint = models.CharField(_("fingerprint of the call"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.JSONField(_("answer"), null=True)
    created_at = models.DateTimeField(_("first asked at"), auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["caller", "key"],
                name="one_answer_per_caller_and_key",
                violation_error_message=_("This key was already used."),
            )
        ]
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")

    def __str__(self) -> str:
        return self.key


class Canary(models.Model):
    """The last time that a worker really took a message from the queue. One row."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("canary")
        verbose_name_plural = _("canaries")

    def __str__(self) -> str:
        return self.name
