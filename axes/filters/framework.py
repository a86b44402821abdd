"""What lists of nodes, and the comparison of editions, can be narrowed by."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from axes.models import Framework


class DifferenceForm(forms.Form):
    """With which edition to compare."""

    com = forms.ModelChoiceField(Framework.objects.none(), label=_("Compare with"), to_field_name="code", required=False)

    def __init__(self, *args: Any, editions: QuerySet[Framework], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["com"].queryset = editions  # type: ignore[attr-defined]  # of a ModelChoiceField
