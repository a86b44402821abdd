"""What is typed about meetings: facts, the notice, points, documents, attendance, minutes and their amendments."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from units.choices import DOCUMENT_TYPES, ItemKind, Presence
from units.models import AgendaItem, Mandate, Meeting, Unit
from units.queries.meetings import Chair, Point


class MomentInput(forms.DateTimeInput):
    """Day and hour in Lisbon."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def version_field() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput, required=False, label=_("Version"))


class MeetingForm(forms.Form):
    """When, where and what for. `units` are those whose meetings one prepares; none where it is there already."""

    version = version_field()
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Body"), to_field_name="code")
    title = forms.CharField(label=_("Title"), max_length=200, help_text=_("For example: ordinary meeting of November."))
    starts_at = forms.DateTimeField(label=_("Begins"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Ends"), widget=MomentInput())
    second_call_at = forms.DateTimeField(
        label=_("Second call"),
        widget=MomentInput(),
        required=False,
        help_text=_("For when the first call has no quorum: at least 24 hours after it."),
    )
    place = forms.CharField(label=_("Place"), max_length=200)
    remote_link = forms.URLField(
        label=_("Address for remote presence"),
        required=False,
        assume_scheme="https",
        help_text=_("Only those who are called see it."),
    )
    is_extraordinary = forms.BooleanField(
        label=_("Extraordinary meeting"),
        required=False,
        help_text=_("It decides only on what its notice says: no point is added for decision afterwards."),
    )

    def __init__(self, *args: Any, units: Sequence[Unit] = (), meeting: Meeting | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if meeting is not None:
            del self.fields["unit"]
        else:
            keys = [unit.pk for unit in units]
            self.fields["unit"].queryset = Unit.objects.filter(pk__in=keys).order_by("kind", "code")  # type: ignore[attr-defined]  # of a ModelChoiceField


class ConveneForm(forms.Form):
    """The last look before everybody is written to."""

    version = version_field()
    urgency_reason = forms.CharField(
        label=_("Why it is urgent"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("Only where the notice is shorter than the body's rule: every member reads it."),
    )

    def __init__(self, *args: Any, is_short: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_short:
            self.fields["urgency_reason"].required = True
        else:
            del self.fields["urgency_reason"]


class ReasonForm(forms.Form):
    version = version_field()
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class ItemForm(forms.Form):
    """A point. `points` are those under which it may stand."""

    version = version_field()
    title = forms.CharField(label=_("Title"), max_length=300)
    kind = forms.ChoiceField(label=_("Kind"), choices=ItemKind.choices, widget=forms.RadioSelect)
    parent = forms.ChoiceField(label=_("Under"), required=False)
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 10}),
        required=False,
        help_text=_("A blank line parts paragraphs; lines that begin with a dash make a list; ## begins a heading."),
    )

    def __init__(self, *args: Any, points: Sequence[Point], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = {str(point.item.public_id): point.item for point in points}
        choices: list[tuple[str, Any]] = [("", _("none: a point of its own"))]
        choices += [(str(point.item.public_id), f"{point.code}. {point.item.title}") for point in points]
        self.fields["parent"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField

    def clean_parent(self) -> AgendaItem | None:
        return self.items.get(self.cleaned_data["parent"])


class OutcomeForm(forms.Form):
    version = version_field()
    outcome = forms.CharField(
        label=_("What was said"),
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
        help_text=_("The minutes begin with it."),
    )


class DocumentForm(forms.Form):
    """A document of the meeting, or of one of its points."""

    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    item = forms.ChoiceField(label=_("Point"), required=False)
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, Word, Excel, PowerPoint, PNG or JPEG, 20 MB at most. PDFs are bound into the dossier."),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(f".{each}" for each in DOCUMENT_TYPES)}),
    )
    is_public = forms.BooleanField(
        label=_("Everybody may read it"),
        required=False,
        help_text=_("Once the meeting is convened. Never what holds personal data. It can be changed later."),
    )

    def __init__(self, *args: Any, points: Sequence[Point], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.items = {str(point.item.public_id): point.item for point in points}
        choices: list[tuple[str, Any]] = [("", _("the meeting as a whole"))]
        choices += [(str(point.item.public_id), f"{point.code}. {point.item.title}") for point in points]
        self.fields["item"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField

    def clean_item(self) -> AgendaItem | None:
        return self.items.get(self.cleaned_data["item"])


PRESENCES = [
    (Presence.IN_PERSON, _("in person")),
    (Presence.REMOTE, _("remotely")),
    (Presence.EXCUSED, _("excused")),
    (Presence.ABSENT, _("absent")),
]


class SeatForm(forms.Form):
    """How one seat is taken. `was` is what the page showed: what nobody changed here is not written."""

    presence = forms.ChoiceField(label=_("Presence"), choices=PRESENCES, widget=forms.RadioSelect, required=False)
    substitute = forms.ChoiceField(label=_("Taken by"), required=False)
    was = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, *, chair: Chair) -> None:
        self.chair = chair
        record = chair.record
        shown = {
            "presence": chair.presence or "",
            "substitute": str(record.substitute.public_id) if record and record.substitute else "",
        }
        super().__init__(data, prefix=str(chair.mandate.public_id), initial=shown | {"was": "|".join(shown.values())})
        self.spare: dict[str, Mandate] = {str(one.public_id): one for one in chair.substitutes}
        if self.spare:
            names = [(key, f"{one.person.name} ({one.get_position_display()})") for key, one in self.spare.items()]
            self.fields["substitute"].choices = [("", chair.mandate.person.name), *names]  # type: ignore[attr-defined]  # of a ChoiceField
        else:
            del self.fields["substitute"]

    @property
    def is_changed(self) -> bool:
        now = f"{self.cleaned_data['presence']}|{self.cleaned_data.get('substitute', '')}"
        return now != self.cleaned_data["was"]

    @property
    def taken_by(self) -> Mandate | None:
        return self.spare.get(self.cleaned_data.get("substitute", ""))


class UrgencyForm(forms.Form):
    in_favour = forms.IntegerField(
        label=_("Members who recognise its urgency"), min_value=0, help_text=_("Counted among those present.")
    )


class ApproveForm(forms.Form):
    """`meetings` are those at which they may have been approved, their own first, each with its title."""

    version = version_field()
    approved_in = forms.ChoiceField(label=_("Approved"), widget=forms.RadioSelect)
    votes_for = forms.IntegerField(label=_("Votes for"), min_value=0)
    votes_against = forms.IntegerField(label=_("Votes against"), min_value=0)
    abstentions = forms.IntegerField(label=_("Abstentions"), min_value=0)

    def __init__(self, *args: Any, meetings: Sequence[tuple[Meeting, str]], came: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meetings = {str(meeting.public_id): meeting for meeting, _title in meetings}
        own, *later = [(key, title) for key, (_meeting, title) in zip(self.meetings, meetings, strict=True)]
        choices: list[tuple[str, Any]] = [(own[0], _("at the end of the meeting itself"))]
        choices += [(key, _("at the start of %(title)s") % {"title": title}) for key, title in later]
        self.fields["approved_in"].choices = choices  # type: ignore[attr-defined]  # of a ChoiceField
        self.fields["votes_for"].help_text = _("Only those who attended take part: %(came)s.") % {"came": came}

    def clean_approved_in(self) -> Meeting | None:
        return self.meetings.get(self.cleaned_data["approved_in"])


class MinutesForm(forms.Form):
    version = version_field()
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 28}),
        help_text=_("A blank line parts paragraphs; lines that begin with a dash make a list; ## begins a heading."),
        strip=True,
    )


class AmendmentForm(forms.Form):
    """What somebody who attended would change."""

    passage = forms.CharField(
        label=_("Passage"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text=_("Copied from the minutes exactly; left empty, what you propose is added at the end."),
    )
    proposal = forms.CharField(label=_("It should read"), widget=forms.Textarea(attrs={"rows": 6}))


class AnswerForm(forms.Form):
    version = version_field()
    accepted = forms.ChoiceField(
        label=_("Answer"),
        choices=[("yes", _("accept: it then stands in the text")), ("no", _("reject"))],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("Why"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("Needed where it is rejected."),
    )
