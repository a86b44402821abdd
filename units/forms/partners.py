"""What comes in about partners and partnerships."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from refamp.territory.models import Municipality
from units.choices import PartnerKind, PartnerRole
from units.forms.fields import VersionedForm, day_field
from units.models import Partner, Unit
from units.queries.bodies import present_municipalities


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
