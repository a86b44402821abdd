"""What the lists of plans, actions and programmes can be narrowed by, on page, API and export alike."""

from typing import Any

import django_filters
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from refamp.territory.models import Municipality
from units.choices import ActionScope, ActionState, ActionStatus, PlanState
from units.models import Action, ActionPlan, Partner, Programme, Unit
from units.queries.action_status import LATE_NOW
from units.queries.matrix import planning_units


def units(_request: object) -> QuerySet[Unit]:
    return planning_units()


def present_municipalities(_request: object) -> QuerySet[Municipality]:
    return Municipality.objects.filter(valid_to__isnull=True)


def programmes(_request: object) -> QuerySet[Programme]:
    return Programme.objects.all()


def partners(_request: object) -> QuerySet[Partner]:
    return Partner.objects.all()


class PlanFilter(django_filters.FilterSet):
    unit = django_filters.ModelChoiceFilter(queryset=units, to_field_name="code", label=_("Unit"), empty_label=_("all"))
    year = django_filters.NumberFilter(label=_("Year"), min_value=2000, max_value=2200)
    state = django_filters.ChoiceFilter(choices=PlanState.choices, label=_("State"), empty_label=_("all"))

    class Meta:
        model = ActionPlan
        fields: list[str] = []


class NodeCodeFilter(django_filters.CharFilter):
    """The code of a response or line, in whichever edition."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs.filter(nodes__code=value).distinct() if value else qs


@extend_schema_field(OpenApiTypes.STR)
class PlaceFilter(django_filters.ModelChoiceFilter):
    """Actions in which a municipality takes part; those of the area as one are everybody's."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value is None:
            return qs
        return qs.filter(pk__in=Action.objects.filter(municipalities=value).values("pk")) | qs.filter(
            scope=ActionScope.SUPRAMUNICIPAL
        )


class ActionFilter(django_filters.FilterSet):
    """Of actions with their status (`queries.plans.with_status`)."""

    unit = django_filters.ModelChoiceFilter(
        field_name="plan__unit", queryset=units, to_field_name="code", label=_("Unit"), empty_label=_("all")
    )
    year = django_filters.NumberFilter(field_name="plan__year", label=_("Year"), min_value=2000, max_value=2200)
    status = django_filters.ChoiceFilter(choices=ActionStatus.choices, label=_("Status"), empty_label=_("all"))
    late = django_filters.BooleanFilter(method="only_late", label=_("Late or going back"))
    state = django_filters.ChoiceFilter(choices=ActionState.choices, label=_("State"), empty_label=_("all"))
    scope = django_filters.ChoiceFilter(choices=ActionScope.choices, label=_("Scope"), empty_label=_("all"))
    municipality = PlaceFilter(
        queryset=present_municipalities, to_field_name="code", label=_("Municipality"), empty_label=_("all")
    )
    serves = NodeCodeFilter(label=_("Serves (code)"))
    programme = django_filters.ModelChoiceFilter(
        queryset=programmes, to_field_name="code", label=_("Programme"), empty_label=_("all")
    )
    partner = django_filters.ModelChoiceFilter(
        field_name="partners", queryset=partners, to_field_name="public_id", label=_("Partner"), empty_label=_("all")
    )

    class Meta:
        model = Action
        fields: list[str] = []

    def only_late(self, found: QuerySet[Action], _name: str, value: bool | None) -> QuerySet[Action]:  # noqa: FBT001 - its signature
        """Of plans that are carried out: what the coordination unit's dashboard counts."""
        if value is None:
            return found
        return found.filter(LATE_NOW) if value else found.exclude(LATE_NOW)


def visible_plans(request: Any) -> QuerySet[ActionPlan]:
    return ActionPlan.objects.visible_to(request.user if request else AnonymousUser())


class ActionOfPlanFilter(ActionFilter):
    """What machines may also ask: the actions of one plan. On the page a plan lists its own."""

    plan = django_filters.ModelChoiceFilter(
        queryset=visible_plans, to_field_name="public_id", label=_("Plan"), empty_label=_("all")
    )


class ProgrammeFilter(django_filters.FilterSet):
    unit = django_filters.ModelChoiceFilter(queryset=units, to_field_name="code", label=_("Unit"), empty_label=_("all"))

    class Meta:
        model = Programme
        fields: list[str] = []
