"""What comes in about the Council and about one mandate: elections, replacements, substitutes, positions, ends."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from refamp.territory.models import Municipality
from units.choices import EndReason, Position
from units.forms.fields import VersionedForm, act_field, day_field
from units.models import Mandate
from units.queries.bodies import present_municipalities
from units.queries.seating import Seated

COUNCIL_POSITIONS = (Position.MEMBER, Position.PRESIDENT, Position.VICE_PRESIDENT, Position.SECRETARY)


class CouncilForm(forms.Form):
    """The whole Council in one grid: per municipality a councillor, a position, a substitute."""

    starts_on = day_field(_("First day of the new mandates"))
    act = act_field(
        _("Act that names them"),
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
    act = act_field(_("Act that names them"))
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
    act = act_field(_("Act"))


class SubstituteForm(forms.Form):
    municipality = forms.ModelChoiceField(Municipality.objects.none(), label=_("Municipality"), to_field_name="code")
    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    day = day_field(_("From"))
    act = act_field(_("Act"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = present_municipalities()  # type: ignore[attr-defined]


class PositionForm(VersionedForm):
    position = forms.ChoiceField(label=_("New position"), choices=[(p.value, p.label) for p in COUNCIL_POSITIONS])
    day = day_field(_("From"))
    act = act_field(_("Act"))


class EndMandateForm(VersionedForm):
    last = day_field(_("Last day"))
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[(r.value, r.label) for r in (EndReason.RESIGNATION, EndReason.TERM)]
    )
    act = act_field(_("Act"), help_text=_("Such as the date of a letter."))


# Compositions -------------------------------------------------------------------------------------------------------
