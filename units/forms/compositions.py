"""What comes in about who is to sit in a unit: rows of people, the three grounds, the agenda of the Council."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from refamp.territory.models import Municipality
from units.choices import LegalEffect, Position, UnitKind
from units.forms.fields import VersionedForm, act_field, basis_field, day_field
from units.models import AgendaItem, Composition, Partner, Unit
from units.queries.bodies import present_municipalities
from units.queries.seating import Proposed, Seated

MOST_SEATS = 20
NOBODY = pgettext_lazy("municipality or partner", "none")


class SeatForm(forms.Form):
    """One person; a row without name and address is left out."""

    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=_("Municipality"),
        to_field_name="code",
        required=False,
        empty_label=NOBODY,
    )
    partner = forms.ModelChoiceField(
        Partner.objects.none(), label=_("Partner"), to_field_name="public_id", required=False, empty_label=NOBODY
    )
    position = forms.ChoiceField(
        label=_("Position"),
        choices=[(p.value, p.label) for p in (Position.MEMBER, Position.COORDINATOR, Position.SECRETARY)],
    )
    hours_month = forms.DecimalField(
        label=_("Hours a month"), max_digits=5, decimal_places=1, min_value=0, required=False, localize=True
    )

    def __init__(
        self,
        *args: Any,
        places: QuerySet[Municipality],
        partners: QuerySet[Partner],
        choices: dict[str, list[tuple[str, str]]],
        with_partners: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("municipality", places), ("partner", partners)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]  # of a ModelChoiceField
            self.fields[name].widget.choices = choices[name]  # type: ignore[attr-defined]  # read once for all rows
        if not with_partners:
            del self.fields["partner"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        said = [data.get(name) for name in ("municipality", "partner", "hours_month")]
        if any(said) or data.get("name") or data.get("email"):
            if not data.get("name") and "name" not in self.errors:
                self.add_error("name", _("Each person has a name."))
            if not data.get("email") and "email" not in self.errors:
                self.add_error("email", _("Each person has an e-mail address."))
        return data


Seats = forms.formset_factory(SeatForm, extra=3, max_num=MOST_SEATS, absolute_max=MOST_SEATS + 3)


def seats_formset(unit: Unit, *args: Any, initial: Sequence[dict[str, Any]] = ()) -> Any:
    """The rows of people: those given and three empty ones. Strategic units have no partners in them."""
    places = present_municipalities()
    partners = Partner.objects.filter(ended_on__isnull=True)
    choices = {
        "municipality": [("", NOBODY), *((p.code, p.name) for p in places)],
        "partner": [("", NOBODY), *((str(p.public_id), p.name) for p in partners)],
    }
    options = {
        "places": places,
        "partners": partners,
        "choices": choices,
        "with_partners": unit.kind != UnitKind.STRATEGIC,
    }
    return Seats(*args, initial=list(initial), prefix="seats", form_kwargs=options)


def more_rows(sent: QueryDict) -> QueryDict:
    """What was sent, with three rows more: nothing that was typed is lost, and nothing is entered yet."""
    rows = sent.copy()
    total = sent.get("seats-TOTAL_FORMS", "")[:3]
    rows["seats-TOTAL_FORMS"] = str(min((int(total) if total.isdecimal() else 0) + 3, MOST_SEATS))
    return rows


def seated(rows: Any) -> list[Seated]:
    """The rows that name somebody."""
    found = []
    for row in rows:
        data = row.cleaned_data
        if data.get("name"):
            found.append(
                Seated(
                    data["name"],
                    data["email"],
                    municipality=data.get("municipality"),
                    partner=data.get("partner"),
                    position=data["position"],
                    hours_month=data.get("hours_month"),
                )
            )
    return found


def initial_seats(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Mandates or proposed seats, as rows to begin with."""
    return [
        {
            "name": row.person.name,
            "email": row.person.email,
            "municipality": row.municipality and row.municipality.code,
            "partner": row.partner and str(row.partner.public_id),
            "position": row.position,
            "hours_month": row.hours_month,
        }
        for row in rows
    ]


class CompositionForm(VersionedForm):
    """From when, and the three grounds on which the seventeen agree."""

    starts_on = day_field(_("From"), help_text=_("At the earliest, the day on which the seventeen agree."))
    grounds_effort = forms.CharField(
        label=_("Shared effort"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_("How the effort is shared among the seventeen."),
    )
    grounds_competences = forms.CharField(label=_("Competences the unit needs"), widget=forms.Textarea({"rows": 3}))
    grounds_profile = forms.CharField(
        label=_("Strategic profile of social action in the area"), widget=forms.Textarea({"rows": 3})
    )

    def proposed(self, rows: Any) -> Proposed:
        data = self.cleaned_data
        return Proposed(
            data["starts_on"],
            data["grounds_effort"],
            data["grounds_competences"],
            data["grounds_profile"],
            seated(rows),
        )


def initial_composition(composition: Composition) -> dict[str, Any]:
    names = ("version", "starts_on", "grounds_effort", "grounds_competences", "grounds_profile")
    return {name: getattr(composition, name) for name in names}


class FirstForm(forms.Form):
    """The first coordination unit: from when, and the act that named it."""

    starts_on = day_field(_("From"))
    act = act_field(_("Act that named them"), rows=3)


class ItemChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.meeting} · {obj.title}"


class ToCouncilForm(VersionedForm):
    """At which point of which agenda of the Council, by which rule, with which legal effect.

    `free` are the points at which nothing is decided yet; `rules` the Council's, (rule, its name), the usual first.
    """

    item = ItemChoice(AgendaItem.objects.none(), label=_("Point of an agenda of the Council"))
    rule = forms.ChoiceField(label=_("Rule"))
    legal_effect = forms.ChoiceField(
        label=_("Legal effect"),
        choices=[(effect.value, effect.label) for effect in (LegalEffect.BINDING, LegalEffect.PROPOSAL)],
    )
    legal_effect_basis = basis_field(_("Empty: the ground that the Council's own rules give."))

    def __init__(
        self, *args: Any, items: QuerySet[AgendaItem], rules: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.free = list(items)
        item: Any = self.fields["item"]
        item.queryset = items
        item.widget.choices = [("", "---------"), *((row.pk, item.label_from_instance(row)) for row in self.free)]
        self.fields["rule"].choices = list(rules)  # type: ignore[attr-defined]  # of a ChoiceField


class DissolutionForm(ToCouncilForm):
    """Why a unit is to end, beside where the Council decides it."""

    reason = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea({"rows": 3}))

    field_order = ("version", "reason", "item", "rule", "legal_effect", "legal_effect_basis")
