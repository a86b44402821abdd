"""What the list of events may be narrowed by."""

from django import forms
from django.utils.translation import gettext_lazy as _

from refamp.audit.queries import kinds_of_object


class EventFilterForm(forms.Form):
    """All optional; in the address."""

    who = forms.CharField(label=_("Who"), required=False, max_length=100)
    action = forms.CharField(
        label=_("Action"), required=False, max_length=80, help_text=_("Its beginning, such as “consultation.”.")
    )
    object_type = forms.ChoiceField(label=_("Kind of object"), required=False)
    text = forms.CharField(
        label=_("Object"), required=False, max_length=100, help_text=_("Its identifier or words of its label.")
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # Django's own signature
        self.fields["object_type"].choices = [("", _("all")), *kinds_of_object()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day cannot come before the first."))
        return cleaned
