"""Fields that the forms of bodies share."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from units.choices import LONGEST_BASIS


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=DayInput(), **options)


def act_field(label: Any, *, rows: int = 2, **options: Any) -> forms.CharField:
    """The act by which something was decided elsewhere."""
    return forms.CharField(label=label, max_length=1000, widget=forms.Textarea({"rows": rows}), **options)


NEEDED = _("Needed where it binds: delegation, statute, rules, or an internal matter.")


def basis_field(help_text: Any = NEEDED) -> Any:
    """On what ground a decision has its legal effect."""
    return forms.CharField(
        label=_("Ground of the legal effect"),
        max_length=LONGEST_BASIS,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=help_text,
    )


class VersionedForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, label=_("Version"))
