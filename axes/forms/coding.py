"""What a coder chooses, and who codes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from axes.models import FreeText, Topic
from axes.queries.coding import topics_for
from refamp.accounts.models import User


class AssignForm(forms.Form):
    coders = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Coders"),
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Two at least. Each text goes to two of them, who see neither its author nor each other's choice."),
    )
    settler = forms.ModelChoiceField(
        User.objects.none(), label=_("Who settles where they differ"), to_field_name="public_id"
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("coders", "settler"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]  # of a ModelChoiceField


class TopicChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Topic) -> str:
        return f"{obj.code} {obj.label}"


class CodeForm(forms.Form):
    """The topics that a text names; none is an answer too."""

    topics = TopicChoice(
        Topic.objects.none(),
        label=_("Which topics does the text name?"),
        to_field_name="public_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None, where it names none of them."),
    )

    def __init__(self, *args: Any, text: FreeText, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].queryset = topics_for(text)  # type: ignore[attr-defined]  # of a ModelMultipleChoiceField
