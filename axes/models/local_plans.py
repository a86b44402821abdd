"""The municipalities' own plans and their priorities, tied to the referential."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.choices import LocalPlanKind
from axes.models.framework import Node
from axes.rules import sees_drafts
from refamp.base.fields import PublicIdField, VersionField
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User


class LocalPlanQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Published ones are for everybody; an unpublished one is its municipality's and the coordination unit's."""
        if sees_drafts(user):
            return self
        own = [place for _role, place in user.held_assignments if place] if user.is_authenticated else []
        return self.filter(Q(published_at__isnull=False) | Q(municipality__in=own))


class LocalPlan(models.Model):
    """A municipality's social diagnosis, development plan (PDS) or yearly plan."""

    public_id = PublicIdField()
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, related_name="local_plans", verbose_name=_("municipality")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=LocalPlanKind)
    title = models.CharField(_("title"), max_length=300)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    document = models.FileField(_("document"), upload_to="local-plans/", max_length=200, blank=True)
    document_name = models.CharField(_("name of the document"), max_length=200, blank=True, editable=False)
    link = models.URLField(_("address of the document"), blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("entered by")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = LocalPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "starts_on"],
                name="one_local_plan_of_a_kind_per_start",
                violation_error_message=_("This municipality already has such a plan with this first day."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LocalPlanKind.values),
                name="local_plan_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="local_plan_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("local plan")
        verbose_name_plural = _("local plans")

    def __str__(self) -> str:
        return self.title


class LocalPlanPriority(models.Model):
    """A priority in a local plan's own words, tied to a problem area where it fits one."""

    plan = models.ForeignKey(LocalPlan, models.CASCADE, related_name="priorities", verbose_name=_("local plan"))
    order = models.PositiveSmallIntegerField(_("order"))
    wording = models.CharField(_("wording"), max_length=500)
    problem_area = models.ForeignKey(
        Node, models.PROTECT, null=True, blank=True, related_name="local_priorities", verbose_name=_("problem area")
    )

    class Meta:
        ordering = ["plan", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "order"],
                name="one_priority_per_place_in_a_local_plan",
                violation_error_message=_("Two priorities cannot have the same place."),
            )
        ]
        verbose_name = _("priority of a local plan")
        verbose_name_plural = _("priorities of local plans")

    def __str__(self) -> str:
        return self.wording
