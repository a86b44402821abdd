"""What lists of nodes, and the comparison of editions, can be narrowed by."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from axes.choices import Focus, FrameworkState, NodeKind
from axes.models import Framework, Node


class DifferenceForm(forms.Form):
    """With which edition to compare."""

    com = forms.ModelChoiceField(
        Framework.objects.none(), label=_("Compare with"), to_field_name="code", required=False
    )

    def __init__(self, *args: Any, editions: QuerySet[Framework], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["com"].queryset = editions  # type: ignore[attr-defined]  # of a ModelChoiceField


class FrameworkFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=FrameworkState.choices, label=_("State"))

    class Meta:
        model = Framework
        fields: list[str] = []


class NodeFilter(django_filters.FilterSet):
    """The edition is chosen by the door, for objects and lists alike; here it is only declared."""

    framework = django_filters.CharFilter(method="chosen", label=_("Code of the edition; by default the one in force."))
    code_is_printed = django_filters.BooleanFilter(label=_("Whether the document prints its code."))

    class Meta:
        model = Node
        fields: list[str] = []

    def chosen(self, queryset: QuerySet, _name: str, _value: str) -> QuerySet:
        return queryset


class ChildFilter(NodeFilter):
    parent = django_filters.CharFilter(field_name="parent__code", label=_("Code of the parent."))


class FocusFilter(ChildFilter):
    focus = django_filters.ChoiceFilter(choices=Focus.choices, label=_("Focus"))
    problem_area = django_filters.CharFilter(method="under_area", label=_("Code of the problem area."))

    def under_area(self, queryset: QuerySet, _name: str, value: str) -> QuerySet:
        at_once = Q(parent__kind=NodeKind.PROBLEM_AREA, parent__code=value)
        return queryset.filter(at_once | Q(parent__parent__kind=NodeKind.PROBLEM_AREA, parent__parent__code=value))
