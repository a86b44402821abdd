"""What comes in about bodies, mandates, compositions and partners."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from refamp.territory.models import Municipality
from units.choices import (
    DecisionRule,
    EndReason,
    LegalEffect,
    PartnerKind,
    PartnerRole,
    Position,
    SecondCallQuorum,
    UnitKind,
)
from units.models import AgendaItem, Composition, Mandate, Partner, Unit
from units.queries.bodies import present_municipalities
from units.queries.seating import Proposed, Seated

COUNCIL_POSITIONS = (Position.MEMBER, Position.PRESIDENT, Position.VICE_PRESIDENT, Position.SECRETARY)
MOST_SEATS = 20


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput(), **options)


class PartnerChoice(forms.ModelChoiceField):
    """Partners by name."""


class VersionedForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, label=_("Version"))


# The Council ---------------------------------------------------------------------------------------------------------


class CouncilForm(forms.Form):
    """The whole Council in one grid: per municipality a councillor, a position, a substitute."""

    starts_on = day_field(_("First day of the new mandates"))
    act = forms.CharField(
        label=_("Act that names them"),
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Such as the minutes of installation of the municipal bodies, or letters of the mayors."),
    )

    def __init__(
        self, *args: Any, places: Sequence[Municipality], sitting: Iterable[Mandate] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = list(places)
        now: dict[int, Mandate] = {m.municipality_id: m for m in sitting if m.municipality_id}
        for place in self.places:
            mandate = now.get(place.pk)
            who = {"place": place.name}
            for key, label in (
                ("name", _("Councillor of %(place)s") % who),
                ("email", _("E-mail of the councillor of %(place)s") % who),
                ("substitute_name", _("Substitute of %(place)s") % who),
                ("substitute_email", _("E-mail of the substitute of %(place)s") % who),
            ):
                kind = forms.EmailField if key.endswith("email") else forms.CharField
                self.fields[f"{key}_{place.code}"] = kind(
                    label=label,
                    required=not key.startswith("substitute"),
                    max_length=254 if key.endswith("email") else 150,
                    widget=(forms.EmailInput if key.endswith("email") else forms.TextInput)(
                        {"aria-label": label, "autocomplete": "off"}
                    ),
                )
            self.fields[f"position_{place.code}"] = forms.ChoiceField(
                label=_("Position of %(place)s") % who,
                choices=[(position.value, position.label) for position in COUNCIL_POSITIONS],
                initial=mandate.position if mandate and mandate.position in COUNCIL_POSITIONS else Position.MEMBER,
                widget=forms.Select({"aria-label": _("Position of %(place)s") % who}),
            )

    @property
    def head(self) -> list[forms.BoundField]:
        return [self["starts_on"], self["act"]]

    @property
    def table(self) -> list[tuple[Municipality, list[forms.BoundField]]]:
        columns = ("name", "email", "position", "substitute_name", "substitute_email")
        return [(place, [self[f"{column}_{place.code}"] for column in columns]) for place in self.places]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for place in self.places:
            name, email = (data.get(f"substitute_{part}_{place.code}") for part in ("name", "email"))
            if bool(name) != bool(email):
                self.add_error(
                    f"substitute_{'email' if name else 'name'}_{place.code}",
                    _("A substitute has a name and an e-mail address."),
                )
        return data

    def seats(self) -> list[Seated]:
        data, found = self.cleaned_data, []
        for place in self.places:
            found.append(
                Seated(
                    data[f"name_{place.code}"],
                    data[f"email_{place.code}"],
                    municipality=place,
                    position=data[f"position_{place.code}"],
                )
            )
            if data[f"substitute_name_{place.code}"]:
                found.append(
                    Seated(
                        data[f"substitute_name_{place.code}"],
                        data[f"substitute_email_{place.code}"],
                        municipality=place,
                        position=Position.SUBSTITUTE,
                    )
                )
        return found


class ElectionFileForm(forms.Form):
    starts_on = day_field(_("First day of the new mandates"))
    act = forms.CharField(label=_("Act that names them"), max_length=1000, widget=forms.Textarea({"rows": 2}))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX, one row per municipality: municipality, name, email, position, substitute_name, "
            "substitute_email."
        ),
    )


class ReplaceForm(VersionedForm):
    """Another councillor for the same municipality."""

    name = forms.CharField(label=_("Name of the new councillor"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    day = day_field(_("First day of the new mandate"))
    reason = forms.ChoiceField(
        label=_("Why the present one leaves"),
        choices=[(r.value, r.label) for r in (EndReason.REPLACED, EndReason.RESIGNATION)],
    )
    act = forms.CharField(label=_("Act"), max_length=1000, widget=forms.Textarea({"rows": 2}))


class SubstituteForm(forms.Form):
    municipality = forms.ModelChoiceField(Municipality.objects.none(), label=_("Municipality"), to_field_name="code")
    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    day = day_field(_("From"))
    act = forms.CharField(label=_("Act"), max_length=1000, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = present_municipalities()  # type: ignore[attr-defined]


class PositionForm(VersionedForm):
    position = forms.ChoiceField(label=_("New position"), choices=[(p.value, p.label) for p in COUNCIL_POSITIONS])
    day = day_field(_("From"))
    act = forms.CharField(label=_("Act"), max_length=1000, widget=forms.Textarea({"rows": 2}))


class EndMandateForm(VersionedForm):
    last = day_field(_("Last day"))
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[(r.value, r.label) for r in (EndReason.RESIGNATION, EndReason.TERM)]
    )
    act = forms.CharField(
        label=_("Act"),
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Such as the date of a letter."),
    )


# Compositions -------------------------------------------------------------------------------------------------------


class SeatForm(forms.Form):
    """One person; a row without name and address is left out."""

    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=_("Municipality"),
        to_field_name="code",
        required=False,
        empty_label=_("none"),
    )
    partner = PartnerChoice(
        Partner.objects.none(), label=_("Partner"), to_field_name="public_id", required=False, empty_label=_("none")
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
        "municipality": [("", _("none")), *((p.code, p.name) for p in places)],
        "partner": [("", _("none")), *((str(p.public_id), p.name) for p in partners)],
    }
    options = {
        "places": places,
        "partners": partners,
        "choices": choices,
        "with_partners": unit.kind != UnitKind.STRATEGIC,
    }
    return Seats(*args, initial=list(initial), prefix="seats", form_kwargs=options)


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
    act = forms.CharField(label=_("Act that named them"), max_length=1000, widget=forms.Textarea({"rows": 3}))


class ItemChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.meeting} · {obj.title}"


class CompositionToCouncilForm(VersionedForm):
    item = ItemChoice(AgendaItem.objects.none(), label=_("Point of an agenda of the Council"))
    rule = forms.ChoiceField(label=_("Rule"))
    legal_effect = forms.ChoiceField(
        label=_("Legal effect"),
        choices=[(effect.value, effect.label) for effect in (LegalEffect.BINDING, LegalEffect.PROPOSAL)],
    )

    def __init__(self, *args: Any, items: QuerySet[AgendaItem], council: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = items  # type: ignore[attr-defined]  # of a ModelChoiceField
        rules = list(council.decision_rules.all())
        self.fields["rule"].choices = [(rule.rule, rule.get_rule_display()) for rule in rules]  # type: ignore[attr-defined]
        self.initial.setdefault("rule", next((rule.rule for rule in rules if rule.is_default), None))


# Units --------------------------------------------------------------------------------------------------------------


class UnitForm(VersionedForm):
    """A body's facts, and per kind of rule whether it has it and on what legal ground."""

    name = forms.CharField(label=_("Name"), max_length=200)
    members_min = forms.IntegerField(label=_("Fewest members"), min_value=1, max_value=99)
    members_max = forms.IntegerField(label=_("Most members"), min_value=1, max_value=99)
    notice_days = forms.IntegerField(label=_("Days of notice of a meeting"), min_value=0, max_value=60)
    notice_basis = forms.CharField(label=_("Legal basis of the notice"), max_length=200, required=False)
    second_call_quorum = forms.ChoiceField(label=_("Quorum on second call"), choices=SecondCallQuorum.choices)
    has_casting_vote = forms.BooleanField(label=_("Its president has a casting vote"), required=False)
    secret_on_persons = forms.BooleanField(label=_("Decisions about persons are secret"), required=False)
    report_stale_days = forms.IntegerField(label=_("Days after which a report is stale"), min_value=1, max_value=730)
    default_rule = forms.ChoiceField(label=_("Rule that counts unless another is chosen"), choices=DecisionRule.choices)

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        rules = {rule.rule: rule for rule in unit.decision_rules.all()}
        names = [name for name in self.base_fields if name != "default_rule"]
        initial = {name: getattr(unit, name) for name in names}
        initial["default_rule"] = next((rule.rule for rule in rules.values() if rule.is_default), None)
        super().__init__(*args, initial=initial, **kwargs)
        for rule in DecisionRule:
            self.fields[f"basis_{rule.value}"] = forms.CharField(
                label=_("Legal basis: %(rule)s") % {"rule": rule.label},
                max_length=300,
                required=False,
                widget=forms.Textarea({"rows": 2}),
                help_text=_("Empty: the body does not decide by this rule."),
                initial=rules[rule.value].legal_basis if rule.value in rules else "",
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("default_rule") and not data.get(f"basis_{data['default_rule']}"):
            self.add_error(f"basis_{data['default_rule']}", _("Each rule says its legal basis."))
        return data

    def facts(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"version", "default_rule"} and not name.startswith("basis_")
        }

    def rules(self) -> list[tuple[str, str, bool]]:
        data = self.cleaned_data
        return [
            (rule.value, data[f"basis_{rule.value}"], data["default_rule"] == rule.value)
            for rule in DecisionRule
            if data[f"basis_{rule.value}"]
        ]


class NewUnitForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)


# Partners -----------------------------------------------------------------------------------------------------------


def roles_field(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, choices=PartnerRole.choices, widget=forms.CheckboxSelectMultiple)


class PartnerForm(VersionedForm):
    name = forms.CharField(label=_("Name"), max_length=250)
    acronym = forms.CharField(label=_("Acronym"), max_length=30, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=PartnerKind.choices)
    roles = roles_field(_("Roles"))
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=_("Municipality of its seat"),
        to_field_name="code",
        required=False,
        empty_label=_("none of the seventeen"),
    )
    website = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 3}))
    started_on = day_field(_("Partner since"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = present_municipalities()  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


def initial_partner(partner: Partner) -> dict[str, Any]:
    names = ("version", "name", "acronym", "kind", "roles", "website", "note", "started_on")
    facts = {name: getattr(partner, name) for name in names}
    return facts | {"municipality": partner.municipality and partner.municipality.code}


class EndForm(VersionedForm):
    last = day_field(_("Last day"))
    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea({"rows": 2}))


class PartnershipForm(forms.Form):
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), to_field_name="code")
    roles = roles_field(_("In which roles"))
    starts_on = day_field(_("From"))
    purpose = forms.CharField(label=_("Purpose"), required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, partner: Partner, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # of a ModelChoiceField
        self.fields["roles"].choices = [  # type: ignore[attr-defined]  # of a MultipleChoiceField
            (role.value, role.label) for role in PartnerRole if role in partner.roles
        ]


class PartnersFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX, one row per partner: name, acronym, kind, roles, municipality, website, note, started_on, "
            "ended_on."
        ),
    )
