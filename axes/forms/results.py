"""Which topic of the results to break down."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from axes.choices import Scale
from axes.queries.results import ALL, Results


class FocusForm(forms.Form):
    """A topic and a scale, from the address; without them, the most named topic."""

    tema = forms.ChoiceField(label=_("Topic"), required=False)
    escala = forms.ChoiceField(label=_("Scale"), choices=Scale.choices, required=False)

    def __init__(self, *args: Any, results: Results, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = [row for row in results.rows if row.dimension == ALL]
        codes = {row.topic.code: f"{row.topic.code} {row.topic.label}" for row in self.rows}
        self.fields["tema"].choices = list(codes.items())  # type: ignore[attr-defined]
        shares = [row for row in self.rows if row.share is not None]
        if shares:
            most = max(shares, key=lambda row: row.share or 0)
            self.initial = {"tema": most.topic.code, "escala": most.scale}

    def chosen(self) -> tuple[str, str] | None:
        """(topic code, scale) that was asked; the other scale where the topic was not asked at this one."""
        asked = {field: self.initial.get(field, "") for field in self.fields}
        if self.is_bound and self.is_valid():
            asked |= {field: value for field, value in self.cleaned_data.items() if value}
        found = [row for row in self.rows if row.topic.code == asked["tema"]]
        for row in sorted(found, key=lambda row: row.scale != asked["escala"]):
            return row.topic.code, row.scale
        return None
