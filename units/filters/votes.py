"""What the register of deliberations and the list of tasks can be narrowed by, on page, API and export alike."""

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from units.choices import DeliberationState, FollowUpState, LegalEffect, MetropolitanAnswer
from units.models import Deliberation, FollowUp, Unit
from units.queries.bodies import standing

OUTCOMES = [
    (state.value, state.label)
    for state in (
        DeliberationState.PASSED,
        DeliberationState.FAILED,
        DeliberationState.NO_QUORUM,
        DeliberationState.POSTPONED,
    )
]


def bodies(_request: object) -> QuerySet[Unit]:
    return standing().order_by("kind", "code")


class DeliberationFilter(django_filters.FilterSet):
    unit = django_filters.ModelChoiceFilter(
        queryset=bodies, to_field_name="code", label=_("Body"), empty_label=_("all")
    )
    year = django_filters.NumberFilter(field_name="year", label=_("Year"), min_value=2014, max_value=2100)
    state = django_filters.ChoiceFilter(choices=DeliberationState.choices, label=_("State"), empty_label=_("all"))
    outcome = django_filters.ChoiceFilter(
        field_name="state", choices=OUTCOMES, label=_("Outcome"), empty_label=_("all")
    )
    legal_effect = django_filters.ChoiceFilter(
        choices=LegalEffect.choices, label=_("Legal effect"), empty_label=_("all")
    )
    answer = django_filters.ChoiceFilter(
        field_name="metropolitan_answer",
        choices=MetropolitanAnswer.choices,
        label=_("Metropolitan Council"),
        empty_label=_("all"),
    )

    class Meta:
        model = Deliberation
        fields: list[str] = []


class FollowUpFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=FollowUpState.choices, label=_("State"), empty_label=_("all"))
    overdue = django_filters.BooleanFilter(method="only_overdue", label=_("Overdue"))

    class Meta:
        model = FollowUp
        fields: list[str] = []

    def only_overdue(self, found: QuerySet[FollowUp], _name: str, value: bool | None) -> QuerySet[FollowUp]:  # noqa: FBT001 - its signature
        if value is None:
            return found
        late = {"state": FollowUpState.OPEN, "due_on__lt": timezone.localdate()}
        return found.filter(**late) if value else found.exclude(**late)
