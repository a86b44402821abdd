"""The actions of a plan, what they serve, where and with whom."""

from typing import TYPE_CHECKING, Self

import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.models import Node
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.ids import uuid7
from refamp.base.sql import refusal
from refamp.territory.models import Municipality
from units.choices import APPROVED_PLAN, ActionScope, ActionState
from units.models.partners import Partner
from units.models.plan_locks import ANY_CHANGE, LOCK, lock_of_parts, unless_open
from units.models.plans import ActionPlan, Programme

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User


class ActionQuerySet(models.QuerySet):
    def approved(self) -> Self:
        return self.filter(plan__state__in=sorted(APPROVED_PLAN))

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of the plans that this person may see."""
        return self.filter(plan__in=ActionPlan.objects.visible_to(user))


class Action(models.Model):
    """What is done, by whom, until when. `key` is kept by versions and by the action that carries it over.

    `weight` is its share in the roll-ups (a positive number; shown). Money is euro.
    """

    public_id = PublicIdField()
    plan = models.ForeignKey(ActionPlan, models.PROTECT, related_name="actions", verbose_name=_("plan"))
    key = models.UUIDField(_("key"), default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20)
    title = models.CharField(_("title"), max_length=250)
    description = models.TextField(_("description"), blank=True)
    scope = models.CharField(_("scope"), max_length=15, choices=ActionScope)
    nodes = models.ManyToManyField(Node, through="ActionNode", related_name="served_by", verbose_name=_("serves"))
    municipalities = models.ManyToManyField(
        Municipality, through="ActionPlace", related_name="+", blank=True, verbose_name=_("municipalities")
    )
    lead = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="led_actions", verbose_name=_("led by")
    )
    partners = models.ManyToManyField(
        Partner, through="ActionPartner", related_name="actions", blank=True, verbose_name=_("partners")
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, related_name="actions", verbose_name=_("programme")
    )
    target_group = models.CharField(_("target group"), max_length=250, blank=True)
    people_expected = models.PositiveIntegerField(_("people to be reached"), null=True, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    weight = models.DecimalField(
        _("weight"), max_digits=6, decimal_places=2, default=1, validators=[MinValueValidator(0)]
    )
    state = models.CharField(_("state"), max_length=12, choices=ActionState, default=ActionState.PLANNED)
    state_reason = models.TextField(_("reason"), blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", verbose_name=_("merged into")
    )
    carried_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="carried_to", verbose_name=_("carried over from")
    )
    last_report_on = models.DateField(_("latest report"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["plan", "code", "id"]
        indexes = [models.Index(fields=["key"], name="action_by_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "code"],
                name="one_action_per_plan_and_code",
                violation_error_message=_("This plan already has an action with this code."),
            ),
            models.UniqueConstraint(
                fields=["plan", "key"],
                name="one_action_per_plan_and_key",
                violation_error_message=_("This plan already holds this action."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="action_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
            models.CheckConstraint(
                condition=Q(scope__in=ActionScope.values),
                name="action_scope_is_known",
                violation_error_message=_("Unknown scope."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=ActionState.values),
                name="action_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0),
                name="action_weight_is_positive",
                violation_error_message=_("The weight must be more than zero."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["cancelled", "merged"]) | ~Q(state_reason=""),
                name="stopped_action_says_why",
                violation_error_message=_("Say why."),
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="merged_action_says_into_which",
                violation_error_message=_("Say into which action."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=LOCK,
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=unless_open(
                    "OLD.plan_id, NEW.plan_id",
                    ("state", "state_reason", "merged_into_id", "last_report_on", "updated_at", "version"),
                ),
            )
        ]
        verbose_name = _("action")
        verbose_name_plural = _("actions")

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ActionNode(models.Model):
    """An action serves an operational response or an action line, nothing else of the referential."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="serving", verbose_name=_("action"))
    node = models.ForeignKey(Node, models.PROTECT, related_name="+", verbose_name=_("serves"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "node"],
                name="action_serves_a_node_once",
                violation_error_message=_("This action already serves it."),
            )
        ]
        triggers = [
            lock_of_parts(),
            pgtrigger.Trigger(
                name="action_serves_responses_and_lines",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"""
                    IF EXISTS (
                        SELECT 1 FROM axes_node
                        WHERE id = NEW.node_id AND kind NOT IN ('operational_response', 'action_line')
                    ) THEN
                        {refusal("action_serves_responses_and_lines", "An action serves responses and action lines.")}
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        verbose_name = _("what an action serves")
        verbose_name_plural = _("what actions serve")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.node_id}"


class ActionPlace(models.Model):
    """A municipality takes part in an action."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="places", verbose_name=_("action"))
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "municipality"],
                name="municipality_is_in_an_action_once",
                violation_error_message=_("This municipality is already in the action."),
            )
        ]
        triggers = [lock_of_parts()]
        verbose_name = _("municipality of an action")
        verbose_name_plural = _("municipalities of actions")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.municipality_id}"


class ActionPartner(models.Model):
    """A partner takes part in an action."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="partnered", verbose_name=_("action"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "partner"],
                name="partner_is_in_an_action_once",
                violation_error_message=_("This partner is already in the action."),
            )
        ]
        triggers = [lock_of_parts()]
        verbose_name = _("partner of an action")
        verbose_name_plural = _("partners of actions")

    def __str__(self) -> str:
        return f"{self.action_id} → {self.partner_id}"
