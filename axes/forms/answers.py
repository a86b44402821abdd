"""What somebody answers, and the lists by which people are invited."""

import csv
import io
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from axes.choices import GROUP_WORDS, LONGEST_TEXT, Channel, Group, Scale
from axes.models import Consultation, Topic
from axes.queries.consultation import municipality_finder
from refamp.base.text import fold
from refamp.territory.models import Municipality

QUESTIONS = {
    Scale.METROPOLITAN: gettext_lazy("What should the metropolitan area as a whole work on?"),
    Scale.MUNICIPAL: gettext_lazy("What does your own municipality face?"),
}
LONGEST_LIST = 1024 * 1024
COLUMNS_OF_A_LIST = 3


class AnswerForm(forms.Form):
    """The topics named at each scale, and what there is to say in one's own words."""

    def __init__(self, *args: Any, consultation: Consultation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics = {str(topic.public_id): topic for topic in consultation.topics.select_related("node__parent")}
        for scale in Scale:
            asked = [(key, topic.label) for key, topic in self.topics.items() if scale in topic.scales]
            if not asked:
                continue
            self.fields[f"topics_{scale.value}"] = forms.MultipleChoiceField(
                label=QUESTIONS[scale],
                help_text=gettext_lazy("Choose as many as you like, or none."),
                choices=asked,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
            self.fields[f"text_{scale.value}"] = forms.CharField(
                label=gettext_lazy("In your own words"),
                help_text=gettext_lazy("Do not write names or anything else by which somebody can be recognised."),
                required=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    @property
    def mentions(self) -> list[tuple[Topic, Scale]]:
        return [
            (self.topics[key], scale) for scale in Scale for key in self.cleaned_data.get(f"topics_{scale.value}", [])
        ]

    @property
    def texts(self) -> dict[Scale, str]:
        return {scale: self.cleaned_data.get(f"text_{scale.value}", "") for scale in Scale}

    @property
    def reviewed(self) -> list[dict[str, Any]]:
        """What was answered, scale by scale, to be looked at once more before it is sent."""
        named = self.mentions
        return [
            {
                "question": QUESTIONS[scale],
                "topics": [topic.label for topic, at in named if at == scale],
                "text": self.texts[scale],
            }
            for scale in Scale
            if f"topics_{scale.value}" in self.fields
        ]


class EntryForm(AnswerForm):
    """The same, entered by somebody who asked."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Asked in"),
        choices=[(c.value, c.label) for c in (Channel.INTERVIEW, Channel.FOCUS_GROUP)],
        initial=Channel.INTERVIEW,
    )
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(), label=gettext_lazy("Municipality"), to_field_name="code", empty_label=None
    )
    group = forms.ChoiceField(
        label=gettext_lazy("Group"), choices=[("", gettext_lazy("not stated")), *Group.choices], required=False
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Your own mark for this respondent, never a name. Left empty, one is made."),
    )

    def __init__(self, *args: Any, consultation: Consultation, municipalities: Any, **kwargs: Any) -> None:
        super().__init__(*args, consultation=consultation, **kwargs)
        self.fields["municipality"].queryset = municipalities  # type: ignore[attr-defined]  # of a ModelChoiceField

    def clean_group(self) -> Group | None:
        return Group(self.cleaned_data["group"]) if self.cleaned_data["group"] else None

    def clean_channel(self) -> Channel:
        return Channel(self.cleaned_data["channel"])


class FileForm(forms.Form):
    """A spreadsheet of answers."""

    file = forms.FileField(
        label=gettext_lazy("File of answers"),
        help_text=gettext_lazy(
            "CSV or XLSX with the columns respondent, municipality, group, topic and scale. "
            "Nothing is imported before you have seen what it would do."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        allow_empty_file=True,
    )


class PeopleForm(forms.Form):
    """People to be invited: typed or pasted, one a line, or as a CSV file."""

    people = forms.CharField(
        label=gettext_lazy("One person a line: e-mail, municipality, group"),
        help_text=gettext_lazy("You may paste three columns from a spreadsheet."),
        required=False,
        max_length=LONGEST_LIST,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file with these columns"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt"}),
    )

    def clean_file(self) -> str:
        """The file as text."""
        given = self.cleaned_data["file"]
        if not given:
            return ""
        if given.size > LONGEST_LIST:
            raise ValidationError(_("The file is too large: 1 MB at most."))
        content = given.read()
        if b"\0" in content or content.startswith(b"PK"):
            raise ValidationError(_("This is not a CSV text."))
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", errors="replace")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = "\n".join([data.get("people", ""), data.get("file") or ""])
        data["list"], wrong = read_people(text)
        if wrong:
            count = len(wrong)
            shown = "; ".join(wrong[:20])
            self.add_error(
                "people",
                ngettext("One line is not right: %(lines)s", "%(count)s lines are not right: %(lines)s", count)
                % {"count": count, "lines": shown},
            )
        elif not data["list"] and not self.errors:
            self.add_error("people", _("Write at least one person, or choose a file."))
        return data


def read_people(text: str) -> tuple[list[tuple[str, Municipality, Group]], list[str]]:
    """The people that a list names, and what is wrong with it, line by line."""
    find = municipality_finder()
    people, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        separator = max("\t;,", key=line.count)
        try:
            cells = [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=separator))]
        except csv.Error:  # a cell longer than any
            cells = [line]
        if number <= 2 and "@" not in line:  # noqa: PLR2004 - a header, of what was typed or of the file below it
            continue
        cells += [""] * (COLUMNS_OF_A_LIST - len(cells))
        place, group = find(cells[1]), GROUP_WORDS.get(fold(cells[2]))
        try:
            validate_email(cells[0])
        except ValidationError:
            wrong.append(_("line %(line)s: “%(value)s” is not an address") % {"line": number, "value": cells[0][:60]})
            continue
        if place is None:
            wrong.append(
                _("line %(line)s: “%(value)s” is not one of the municipalities")
                % {"line": number, "value": cells[1][:60]}
            )
        elif group is None:
            wrong.append(
                _("line %(line)s: “%(value)s” is not one of the groups") % {"line": number, "value": cells[2][:60]}
            )
        else:
            people.append((cells[0], place, group))
    return people, wrong


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=1000, required=False)
