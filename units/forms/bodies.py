"""What comes in about a body's facts and rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from units.choices import DecisionRule, LegalEffect, NoticeUnit, SecondCallQuorum
from units.forms.fields import VersionedForm
from units.models import Unit


class UnitForm(VersionedForm):
    """A body's facts, and per kind of rule whether it has it and on what legal ground."""

    name = forms.CharField(label=_("Name"), max_length=200)
    members_min = forms.IntegerField(label=_("Fewest members"), min_value=1, max_value=99)
    members_max = forms.IntegerField(label=_("Most members"), min_value=1, max_value=99)
    notice_days = forms.IntegerField(label=_("Days of notice of a meeting"), min_value=0, max_value=60)
    notice_unit = forms.ChoiceField(label=_("How these days are counted"), choices=NoticeUnit.choices)
    notice_basis = forms.CharField(label=_("Legal basis of the notice"), max_length=200, required=False)
    second_call_quorum = forms.ChoiceField(label=_("Quorum on second call"), choices=SecondCallQuorum.choices)
    amendment_days = forms.IntegerField(
        label=_("Days for amendments to the minutes"),
        min_value=0,
        max_value=60,
        required=False,
        help_text=_("None: the body sets no time; they are approved once every amendment is answered."),
    )
    default_effect = forms.ChoiceField(label=_("Legal effect unless another is chosen"), choices=LegalEffect.choices)
    binding_basis = forms.CharField(
        label=_("On what ground it decides by itself on its units and plans"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
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

    def clean_amendment_days(self) -> int:
        return self.cleaned_data["amendment_days"] or 0

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
