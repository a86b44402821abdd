"""What municipalities type about their local plans."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from axes.choices import LocalPlanKind
from axes.models import LocalPlan, Node
from axes.queries.local_plans import MOST_PRIORITIES, PlanData
from refamp.territory.models import Municipality


class AreaChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.parent.code} › {obj.code} {obj.wording}"


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LocalPlanForm(forms.Form):
    """A plan's head and its document. `places` are the municipalities that one writes for."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, label=_("Version"))
    municipality = forms.ModelChoiceField(Municipality.objects.none(), label=_("Municipality"), to_field_name="code")
    kind = forms.ChoiceField(label=_("Kind"), choices=LocalPlanKind.choices)
    title = forms.CharField(label=_("Title"), max_length=300)
    starts_on = forms.DateField(label=_("From"), widget=DayInput())
    ends_on = forms.DateField(label=_("Until"), widget=DayInput(), required=False)
    link = forms.URLField(label=_("Address of the document"), required=False, max_length=200, assume_scheme="https")
    document = forms.FileField(label=_("Document"), required=False, help_text=_("PDF or Word (DOCX), up to 20 MB."))

    def __init__(self, *args: Any, places: QuerySet[Municipality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = places  # type: ignore[attr-defined]  # of a ModelChoiceField
        if len(places) == 1 and not self.is_bound:
            self.initial.setdefault("municipality", places[0].code)


class PriorityForm(forms.Form):
    """One priority; without wording it is left out."""

    wording = forms.CharField(label=_("Priority in the plan's words"), max_length=500, required=False)
    problem_area = AreaChoice(
        Node.objects.none(), label=_("Problem area"), to_field_name="public_id", required=False, empty_label=_("none")
    )

    def __init__(self, *args: Any, areas: list[tuple[str, str]], nodes: QuerySet[Node], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["problem_area"]
        field.queryset = nodes  # type: ignore[attr-defined]  # of a ModelChoiceField
        field.widget.choices = areas  # the same list for each row, read once

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("problem_area") and not data.get("wording"):
            self.add_error("wording", _("A priority has a wording."))
        return data


Priorities = forms.formset_factory(PriorityForm, extra=3, max_num=MOST_PRIORITIES, absolute_max=MOST_PRIORITIES + 3)


def priorities_formset(nodes: QuerySet[Node], data: Any = None, *, plan: LocalPlan | None = None) -> Any:
    """The rows of priorities: those of the plan and three empty ones."""
    found = list(nodes)
    areas = [
        ("", _("none")),
        *((str(n.public_id), f"{n.parent.code} › {n.code} {n.wording}" if n.parent else n.code) for n in found),
    ]
    initial = []
    if plan is not None:
        by_lineage = {node.lineage: node for node in found}
        for priority in plan.priorities.all():
            area = priority.problem_area
            # A plan tied to an edition that was superseded shows the same area of the present one.
            present = by_lineage.get(area.lineage, area) if area else None
            if present is not None and present.lineage not in by_lineage:
                areas.append((str(present.public_id), f"{present.code} {present.wording}"))
                nodes = nodes | Node.objects.filter(pk=present.pk).select_related("parent", "framework")
            initial.append({"wording": priority.wording, "problem_area": str(present.public_id) if present else ""})
    return Priorities(data, initial=initial, prefix="priorities", form_kwargs={"areas": areas, "nodes": nodes})


def plan_data(form: LocalPlanForm, priorities: Any) -> PlanData:
    data = form.cleaned_data
    rows = [row.cleaned_data for row in priorities if row.cleaned_data.get("wording")]
    return PlanData(
        municipality=data["municipality"],
        kind=data["kind"],
        title=data["title"],
        starts_on=data["starts_on"],
        ends_on=data["ends_on"],
        link=data["link"],
        priorities=[(row["wording"], row.get("problem_area")) for row in rows],
    )


class LocalPlansFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX, one row per priority:"
            " municipality, kind, title, starts_on, ends_on, link, priority, problem_area."
        ),
    )
