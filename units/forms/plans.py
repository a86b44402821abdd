"""What members of a unit type: plans, actions with their parts, reports, steps, amendments, programmes."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.formats import localize_input
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from axes.models import Node
from units.choices import LONGEST_TEXT, ActionScope, ActionStatus, BudgetSource, DecisionRule, LegalEffect, Level
from units.forms.fields import basis_field
from units.formulas.plans import plain_figure
from units.models import Action, ActionPlan, AgendaItem, Unit
from units.queries.plan_content import Known, group_of

MOST_ROWS = 60
MORE_ROWS = 3
KEPT_FIGURE = re.compile(r"\d+\.\d{2}")


def long_text(label: Any, rows: int, **options: Any) -> forms.CharField:
    """A text of several lines, within what plans keep."""
    return forms.CharField(label=label, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": rows}), **options)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def version_field() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput, required=False, label=_("Version"))


def choose_unit(form: forms.Form, units: QuerySet[Unit]) -> None:
    """The units to choose from; a single one is chosen already."""
    form.fields["unit"].queryset = units  # type: ignore[attr-defined]  # of a ModelChoiceField
    if len(units) == 1 and not form.is_bound and not form.initial.get("unit"):
        form.initial["unit"] = units[0].code


class FigureField(forms.DecimalField):
    """A figure as the platform writes it: `12 500,50 €` as well as 12500.50, shown with a decimal comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Decimal | None:
        return super().to_python(plain_figure(value) if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        """Kept figures are texts with a point; what was typed stays as it was typed."""
        return localize_input(Decimal(value)) if isinstance(value, str) and KEPT_FIGURE.fullmatch(value) else value


class PlanForm(forms.Form):
    """A new plan; `units` are those in which one has a mandate."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), to_field_name="code")
    year = forms.IntegerField(label=_("Year"), min_value=2014, max_value=2100)
    title = forms.CharField(label=_("Title"), max_length=250)
    summary = long_text(_("Summary"), 5, required=False)

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_unit(self, units)
        self.fields["year"].initial = timezone.localdate().year + 1


class PlanHeadForm(forms.Form):
    version = version_field()
    title = forms.CharField(label=_("Title"), max_length=250)
    summary = long_text(_("Summary"), 8, required=False)


class ActionForm(forms.Form):
    """An action's own fields. What it serves is chosen by lineage, municipalities by code, partners by id."""

    version = version_field()
    code = forms.CharField(
        label=_("Code"), max_length=20, required=False, help_text=_("Left empty, the plan's next free one.")
    )
    title = forms.CharField(label=_("Title"), max_length=250)
    description = long_text(_("Description"), 5, required=False)
    serves = forms.MultipleChoiceField(
        label=_("Serves"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At least one operational response or action line."),
    )
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=ActionScope.choices,
        widget=forms.RadioSelect,
        help_text=_("Intermunicipal: two municipalities or more. Supramunicipal: the area as one; choose none below."),
    )
    municipalities = forms.MultipleChoiceField(
        label=_("Municipalities"), widget=forms.CheckboxSelectMultiple, required=False
    )
    lead = forms.ChoiceField(
        label=_("Led by"), required=False, help_text=_("The municipality that leads; none where the unit does.")
    )
    partners = forms.MultipleChoiceField(label=_("Partners"), widget=forms.CheckboxSelectMultiple, required=False)
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    target_group = forms.CharField(label=_("Target group"), max_length=250, required=False)
    people_expected = forms.IntegerField(
        label=_("People to be reached"), min_value=0, max_value=2_147_483_647, required=False
    )
    starts_on = forms.DateField(label=_("From"), widget=DayInput())
    ends_on = forms.DateField(label=_("Until"), widget=DayInput())
    weight = FigureField(
        label=_("Weight"),
        min_value=Decimal("0.01"),
        max_digits=6,
        decimal_places=2,
        initial=1,
        help_text=_("Its share in the progress of the plan, the response and the axis."),
    )

    def __init__(self, *args: Any, known: Known, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = [("", "—")]
        places = [(code, place.name) for code, place in sorted(known.places.items(), key=lambda item: item[1].name)]
        self.choose("serves", grouped(known.nodes.values()))
        self.choose("municipalities", places)
        self.choose("lead", none + places)
        self.choose("partners", [(key, partner.name) for key, partner in known.partners.items()])
        self.choose("programme", none + [(code, f"{code} {p.name}") for code, p in known.programmes.items()])

    def choose(self, field: str, choices: list[Any]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField


def grouped(nodes: Iterable[Node]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Responses and lines under what they stand under: a node is never shown without it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for node in sorted(nodes, key=lambda node: (node.kind != "operational_response", node.code)):
        groups.setdefault(group_of(node), []).append((str(node.lineage), f"{node.code} {node.wording}"))
    return list(groups.items())


class MilestoneForm(forms.Form):
    """A row without title is left out."""

    id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Milestone"), max_length=250, required=False)
    due_on = forms.DateField(label=_("Due on"), widget=DayInput(), required=False)
    weight = FigureField(label=_("Weight"), min_value=Decimal("0.01"), max_digits=6, decimal_places=2, required=False)

    @property
    def is_empty(self) -> bool:
        return not self.cleaned_data.get("title")

    def told(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "id": str(data["id"]) if data.get("id") else None,
            "title": data["title"],
            "due_on": data["due_on"].isoformat() if data["due_on"] else "",
            "weight": str(data["weight"] or 1),
        }


class BudgetForm(forms.Form):
    """A row without amount is left out."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100, required=False)
    source = forms.ChoiceField(label=_("Source"), choices=[("", "—"), *BudgetSource.choices], required=False)
    amount = FigureField(label=_("Amount (€)"), min_value=0, max_digits=14, decimal_places=2, required=False)

    @property
    def is_empty(self) -> bool:
        return self.cleaned_data.get("amount") is None

    def told(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"year": data["year"], "source": data["source"], "amount": str(data["amount"])}


class RiskForm(forms.Form):
    """A row without words is left out."""

    description = forms.CharField(label=_("Risk"), max_length=300, required=False)
    likelihood = forms.ChoiceField(label=_("Likelihood"), choices=Level.choices, required=False)
    impact = forms.ChoiceField(label=_("Impact"), choices=Level.choices, required=False)
    mitigation = forms.CharField(label=_("Mitigation"), max_length=LONGEST_TEXT, required=False)

    @property
    def is_empty(self) -> bool:
        return not self.cleaned_data.get("description")

    def told(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {name: data[name] for name in ("description", "likelihood", "impact", "mitigation")}


def whole_number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else 0  # noqa: PLR2004


def rows_of(form: type[forms.Form]) -> Any:
    return forms.formset_factory(form, extra=2, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5)


PARTS = {"milestones": rows_of(MilestoneForm), "budget": rows_of(BudgetForm), "risks": rows_of(RiskForm)}


class ActionForms:
    """The form of an action and the rows of its parts, as one: valid together, told together.

    Where it was sent to get more rows, it is shown again with what was typed, nothing is said to be wrong, and the
    first new row has the focus.
    """

    def __init__(self, data: Any, *, known: Known, content: Mapping[str, Any] | None = None, version: int = 0) -> None:
        self.more = data["more"] if data and data.get("more") in PARTS else ""
        total = 0
        if self.more:
            data = data.copy()
            total = min(whole_number(data.get(f"{self.more}-TOTAL_FORMS")), MOST_ROWS - MORE_ROWS)
            data[f"{self.more}-TOTAL_FORMS"] = str(total + MORE_ROWS)
        initial = initial_of(content) if content else {"scope": ActionScope.INTERMUNICIPAL}
        self.form = ActionForm(data, known=known, initial=initial | {"version": version})
        self.parts = {
            name: made(data, prefix=name, initial=list(content[name]) if content else [])
            for name, made in PARTS.items()
        }
        if self.more:
            self.form._errors = ErrorDict()
            for rows in self.parts.values():
                for row in rows:
                    row._errors = ErrorDict()
            first = self.parts[self.more].forms[total]
            next(iter(each for each in first if not each.is_hidden)).field.widget.attrs["autofocus"] = True

    def is_valid(self) -> bool:
        if self.more:
            return False
        right = [self.form.is_valid(), *(rows.is_valid() for rows in self.parts.values())]
        for rows in self.parts.values():
            for row in rows:
                for field in row:
                    for error in field.errors:
                        self.point_at(field, error)
            for error in rows.non_form_errors():
                self.form.add_error(None, error)
        return all(right)

    def point_at(self, field: forms.BoundField, message: Any) -> None:
        """Say at the top what is wrong in a row, with a link to it."""
        link = format_html('<a href="#{}">{}: {}</a>', field.id_for_label, field.label, message)
        self.form.add_error(None, link)

    @property
    def version(self) -> int | None:
        return self.form.cleaned_data.get("version")

    def filled(self, name: str) -> list[Any]:
        return [row for row in self.parts[name] if not row.is_empty]

    def content(self, key: str = "") -> dict[str, Any]:
        """The action as `queries.plans.content_of_action` says it."""
        data = self.form.cleaned_data
        return {
            "key": key,
            "code": data["code"],
            "title": data["title"],
            "description": data["description"],
            "scope": data["scope"],
            "serves": [{"lineage": lineage} for lineage in data["serves"]],
            "municipalities": data["municipalities"],
            "lead": data["lead"] or None,
            "partners": [{"id": key} for key in data["partners"]],
            "programme": data["programme"] or None,
            "target_group": data["target_group"],
            "people_expected": data["people_expected"],
            "starts_on": data["starts_on"].isoformat(),
            "ends_on": data["ends_on"].isoformat(),
            "weight": str(data["weight"]),
            "carried_from": None,
            **{name: [row.told() for row in self.filled(name)] for name in PARTS},
        }

    def blame(self, faults: Iterable[Any]) -> bool:
        """Say each fault beside its field; whether there was any."""
        found = False
        for fault in faults:
            found = True
            if fault.place is not None:
                row = self.filled(fault.field)[fault.place]
                row.add_error(fault.column, fault.message)
                self.point_at(row[fault.column], fault.message)
            elif fault.field in self.form.fields:
                self.form.add_error(fault.field, fault.message)
            else:
                self.form.add_error(None, fault.message)
        return found


def initial_of(content: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: content[name] for name in ActionForm.base_fields if name in content}
    return plain | {
        "serves": [node["lineage"] for node in content["serves"]],
        "partners": [partner["id"] for partner in content["partners"]],
    }


# Steps --------------------------------------------------------------------------------------------------------------


class OpinionForm(forms.Form):
    version = version_field()
    favourable = forms.ChoiceField(
        label=_("The opinion is"),
        choices=[("yes", _("favourable")), ("no", _("unfavourable"))],
        widget=forms.RadioSelect,
    )
    opinion = long_text(_("Opinion"), 6)


class ReasonForm(forms.Form):
    version = version_field()
    reason = long_text(_("Why"), 4)


class CouncilForm(forms.Form):
    """Where on the Council's agenda, by which rule, to what effect.

    `items`: points for decision that are free; `rules`: those of the body, its usual one first.
    """

    version = version_field()
    item = forms.ModelChoiceField(AgendaItem.objects.none(), label=_("Agenda item"), to_field_name="public_id")
    rule = forms.ChoiceField(label=_("Rule"), choices=DecisionRule.choices)
    legal_effect = forms.ChoiceField(
        label=_("Legal effect"),
        choices=[(effect.value, effect.label) for effect in (LegalEffect.BINDING, LegalEffect.PROPOSAL)],
        widget=forms.RadioSelect,
        initial=LegalEffect.BINDING,
    )
    legal_effect_basis = basis_field(_("Empty: the ground that the Council's own rules give."))
    title = forms.CharField(label=_("Title"), max_length=300, required=False)
    text = forms.CharField(label=_("Text to be decided"), widget=forms.Textarea(attrs={"rows": 5}), required=False)

    def __init__(self, *args: Any, items: QuerySet[AgendaItem], rules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rule"].choices = rules  # type: ignore[attr-defined]  # of a ChoiceField
        field: Any = self.fields["item"]
        field.queryset = items
        field.label_from_instance = lambda item: f"{item.meeting} · {item.title}"


class ReportForm(forms.Form):
    version = version_field()
    progress = forms.IntegerField(label=_("Progress (%)"), min_value=0, max_value=100)
    on = forms.DateField(label=_("As of"), widget=DayInput(), required=False)
    note = forms.CharField(
        label=_("What happened"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("Needed where progress went back."),
    )


class OverrideForm(forms.Form):
    version = version_field()
    status = forms.ChoiceField(label=_("Status"), choices=ActionStatus.choices)
    reason = long_text(_("Why"), 3)
    until = forms.DateField(label=_("Until"), widget=DayInput())


class MergeForm(forms.Form):
    version = version_field()
    into = forms.ModelChoiceField(Action.objects.none(), label=_("Into which action"), to_field_name="public_id")
    reason = long_text(_("Why"), 3)

    def __init__(self, *args: Any, actions: QuerySet[Action], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = actions  # type: ignore[attr-defined]  # of a ModelChoiceField


class CarryForm(forms.Form):
    version = version_field()
    plan = forms.ModelChoiceField(
        ActionPlan.objects.none(), label=_("Into which plan"), to_field_name="public_id", help_text=_("A draft.")
    )

    def __init__(self, *args: Any, plans: QuerySet[ActionPlan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].queryset = plans  # type: ignore[attr-defined]  # of a ModelChoiceField


class AmendmentForm(forms.Form):
    reason = long_text(_("Why"), 4)


class ProgrammeForm(forms.Form):
    version = version_field()
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), to_field_name="code")
    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=250)
    purpose = long_text(_("Purpose"), 5, required=False)
    starts_on = forms.DateField(label=_("From"), widget=DayInput())
    ends_on = forms.DateField(label=_("Until"), widget=DayInput())

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_unit(self, units)


class WorkbookForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("XLSX with the sheets plan, actions, milestones, budget and risks.")
    )


class CompareForm(forms.Form):
    """Two versions of a plan, by number."""

    old = forms.ChoiceField(label=_("Version"))
    new = forms.ChoiceField(label=_("Compared with"))

    def __init__(self, *args: Any, numbers: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(number), str(number)) for number in numbers]
        for name in ("old", "new"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField


class YearForm(forms.Form):
    """A year with an approved plan; the latest where none is asked for."""

    year = forms.ChoiceField(label=_("Year"), required=False)

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("latest")), *((str(year), str(year)) for year in years)]
        self.fields["year"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField


COLUMNS = [("unit", _("units")), ("year", _("years")), ("both", _("units and years"))]


class MatrixForm(forms.Form):
    """What the matrix shows. Fields are asked by GET; none is needed."""

    by = forms.ChoiceField(label=_("Columns"), choices=COLUMNS, required=False)
    year = forms.ChoiceField(label=_("Year"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    axis = forms.CharField(
        label=_("Axis or strategic action"), max_length=20, required=False, help_text=_("Its code, such as EP1 or AE3.")
    )
    drafts = forms.BooleanField(label=_("Also plans not yet approved that I may see"), required=False)
    holes = forms.BooleanField(label=_("Only what nobody works on"), required=False)

    def __init__(self, *args: Any, years: Iterable[int], units: Iterable[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        each_year = [(str(year), str(year)) for year in years]
        self.choose("year", [("", _("latest")), *each_year, ("all", _("all"))])
        self.choose("unit", [("", _("all")), *((unit.code, str(unit)) for unit in units)])

    def choose(self, field: str, choices: list[Any]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField
