"""What the coordination unit types when it runs a consultation."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.choices import Group, NodeKind, Scale
from axes.models import Consultation, Framework, Node
from axes.queries.consultation import QuotaGrid
from refamp.territory.models import Municipality

TOPIC_KINDS = [NodeKind.PROBLEM_AREA, NodeKind.STRATEGIC_ACTION, NodeKind.GOVERNING_BODY, NodeKind.STRATEGIC_UNIT]
MOST_EXPECTED = 100_000


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class VersionForm(forms.Form):
    """The version that somebody had before them."""

    version = forms.IntegerField(widget=forms.HiddenInput, label=_("Version"))


class ConsultationForm(forms.Form):
    """The facts of a consultation."""

    title = forms.CharField(label=_("Title"), max_length=300)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What it is about. People who answer read it first."),
    )
    target_groups = forms.MultipleChoiceField(
        label=_("Target groups"), choices=Group.choices, widget=forms.CheckboxSelectMultiple
    )
    minimum_cell = forms.IntegerField(
        label=_("Smallest cell shown"),
        min_value=3,
        max_value=1000,
        initial=5,
        help_text=_("Results of fewer people than this are hidden from everybody but the coordination unit."),
    )
    frame_size = forms.IntegerField(
        label=_("People in the frame"),
        min_value=1,
        max_value=100_000_000,
        required=False,
        help_text=_("How many people could have been asked, where that is known: it narrows the intervals."),
    )
    provenance = forms.CharField(
        label=_("Where the answers come from"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Shown above every result, for example that it is fictitious."),
    )


class EditConsultationForm(VersionForm, ConsultationForm):
    """The same, of a consultation that is there."""


class NewConsultationForm(ConsultationForm):
    """A consultation with the edition that it is about and its first phase."""

    framework = forms.ModelChoiceField(
        Framework.objects.none(), label=_("Edition of the referential"), empty_label=None
    )
    phase_name = forms.CharField(label=_("Name of the first phase"), max_length=150, initial=_("First phase"))
    opens_on = DayField(label=_("It opens on"))
    closes_on = DayField(label=_("It closes on"), help_text=_("The last day on which answers are taken."))
    field_order = ["title", "framework", "description", "target_groups", "phase_name", "opens_on", "closes_on"]

    def __init__(self, *args: Any, frameworks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["framework"].queryset = frameworks  # type: ignore[attr-defined]  # of a ModelChoiceField
        self.fields["framework"].initial = frameworks.filter(state="in_force").first() or frameworks.first()
        today = timezone.localdate()
        self.fields["opens_on"].initial = today
        self.fields["closes_on"].initial = today + timedelta(days=30)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("opens_on") and data.get("closes_on") and data["closes_on"] < data["opens_on"]:
            self.add_error("closes_on", _("The last day cannot come before the first."))
        return data


class PhaseForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    opens_on = DayField(label=_("Opens on"))
    closes_on = DayField(label=_("Closes on"), help_text=_("The last day on which answers are taken."))
    version = forms.IntegerField(widget=forms.HiddenInput, label=_("Version"), required=False)


class NodeChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.parent.code} › {obj.code} {obj.wording}" if obj.parent_id else f"{obj.code} {obj.wording}"


class TopicForm(forms.Form):
    """An entry of the code book."""

    code = forms.CharField(
        label=_("Code"), max_length=20, help_text=_("As it stands in files of answers, such as 1.1.")
    )
    label = forms.CharField(label=_("Label"), max_length=300)
    node = NodeChoice(Node.objects.none(), label=_("Stands for"), to_field_name="public_id")
    scales = forms.MultipleChoiceField(label=_("Asked at"), choices=Scale.choices, widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(widget=forms.HiddenInput, label=_("Version"))

    def __init__(self, *args: Any, consultation: Consultation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["node"].queryset = (  # type: ignore[attr-defined]  # of a ModelChoiceField
            Node.objects.filter(framework=consultation.framework_id, kind__in=TOPIC_KINDS)
            .select_related("parent")
            .order_by("kind", "parent__order", "order", "id")
        )


class CopyBookForm(forms.Form):
    source = forms.ModelChoiceField(
        Consultation.objects.none(), label=_("Copy from"), to_field_name="public_id", empty_label=None
    )

    def __init__(self, *args: Any, sources: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]  # of a ModelChoiceField


class QuotaForm(forms.Form):
    """The quota plan: one whole number per municipality and group; an empty cell is not in the plan."""

    version = forms.IntegerField(widget=forms.HiddenInput, label=_("Version"))

    def __init__(self, *args: Any, grid: QuotaGrid, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.grid = grid
        for place, cells in grid.rows:
            for group, name, expected in cells:
                self.fields[name] = forms.IntegerField(
                    label=f"{place.name}, {group.label}",
                    required=False,
                    min_value=0,
                    max_value=MOST_EXPECTED,
                    initial=expected,
                    widget=forms.NumberInput(
                        attrs={"aria-label": f"{place.name}, {group.label}", "inputmode": "numeric"}
                    ),
                )

    @property
    def table(self) -> list[tuple[Municipality, list[Any]]]:
        """What the template draws: each municipality with its bound fields."""
        return [(place, [self[name] for _group, name, _expected in cells]) for place, cells in self.grid.rows]

    @property
    def cells(self) -> dict[tuple[Municipality, Group], int | None]:
        return {
            (place, group): self.cleaned_data[name] for place, row in self.grid.rows for group, name, _expected in row
        }
