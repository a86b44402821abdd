"""What is typed around a vote: the proposal, the vote, positions, answers, tasks."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.models import Framework
from refamp.accounts.models import User
from refamp.territory.models import Municipality
from units.choices import LONGEST_TEXT, DecisionRule, LegalEffect, MetropolitanAnswer, Stance, VoteValue
from units.forms.fields import basis_field
from units.forms.plans import DayInput, version_field


class ProposalForm(forms.Form):
    """A text to decide on, or an edition of the referential; plans and compositions are put before a body elsewhere."""

    title = forms.CharField(label=_("Title"), max_length=300)
    text = forms.CharField(
        label=_("What is to be decided"), widget=forms.Textarea(attrs={"rows": 8}), max_length=LONGEST_TEXT
    )
    rule = forms.ChoiceField(label=_("Rule"))
    legal_effect = forms.ChoiceField(
        label=_("Legal effect"),
        choices=LegalEffect.choices,
        help_text=_(
            "A proposal leaves what it decides on awaiting the Metropolitan Council until its answer is recorded."
        ),
    )
    legal_effect_basis = basis_field()
    framework = forms.ModelChoiceField(
        Framework.objects.none(),
        label=_("Edition of the referential"),
        to_field_name="code",
        required=False,
        empty_label=_("none: only the text"),
        help_text=_("Chosen, it is in force once the deliberation passes."),
    )
    is_secret = forms.BooleanField(
        label=_("Secret ballot"),
        required=False,
        help_text=_("For decisions about persons: nobody learns who voted what."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("legal_effect") == LegalEffect.BINDING and not data.get("legal_effect_basis"):
            self.add_error("legal_effect_basis", _("Say on what ground it binds."))
        return data

    def __init__(self, *args: Any, rules: list[tuple[str, str]], editions: QuerySet[Framework], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rule"].choices = rules  # type: ignore[attr-defined]  # of a ChoiceField
        self.fields["framework"].queryset = editions  # type: ignore[attr-defined]  # of a ModelChoiceField


def rule_choices(rules: list[Any]) -> list[tuple[str, str]]:
    """The rules of a body, its own first, each with its legal basis."""
    ordered = sorted(rules, key=lambda rule: not rule.is_default)
    return [(rule.rule, f"{DecisionRule(rule.rule).label} ({rule.legal_basis})") for rule in ordered]


class VoteForm(forms.Form):
    """A municipality's vote, or the statement that keeps it from voting. A secret one has no declaration."""

    value = forms.ChoiceField(
        label=_("Your vote"),
        choices=[
            (VoteValue.FOR, _("In favour")),
            (VoteValue.AGAINST, _("Against")),
            (VoteValue.ABSTAIN, _("Abstention")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    declaration = forms.CharField(
        label=_("Declaration of vote"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
        help_text=_("Public, with the deliberation."),
    )
    conflict = forms.CharField(
        label=_("Conflict of interest"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        required=False,
        help_text=_(
            "Say it instead of voting: who states one leaves the room for this point, does not vote on it and is not "
            "counted as present. The seat still counts among all seats, and nobody votes for it on this point."
        ),
    )

    def __init__(self, *args: Any, is_secret: bool = False, may_abstain: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        value = self.fields["value"]
        if not may_abstain and isinstance(value, forms.ChoiceField):
            value.choices = [choice for choice in value.choices if choice[0] != VoteValue.ABSTAIN]
            value.help_text = _("Nobody abstains from an opinion (CPA, art. 30).")
        if is_secret:
            del self.fields["declaration"]
            value.help_text = _("Secret, and final: nobody changes it. Should all vote alike, the sums say so.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("value") and not data.get("conflict", "").strip():
            self.add_error("value", _("Vote for, against, or abstain."))
        if data.get("value") and data.get("conflict", "").strip():
            self.add_error("conflict", _("Who states a conflict of interest does not vote: choose one of the two."))
        return data


class PositionForm(forms.Form):
    """Where a municipality stands ahead of the meeting."""

    version = version_field()
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(), label=_("Municipality"), to_field_name="code", empty_label=None
    )
    stance = forms.ChoiceField(label=_("Position"), choices=Stance.choices, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Comment"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, required=False
    )
    proposed_change = forms.CharField(
        label=_("Proposed amendment"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
        help_text=_("What you would change in the text, and how it should read."),
    )

    def __init__(self, *args: Any, places: QuerySet[Municipality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["municipality"].queryset = places  # type: ignore[attr-defined]  # of a ModelChoiceField


class CloseForm(forms.Form):
    """Closing the vote; the casting vote is asked for only at a tie that one may break."""

    casting_vote = forms.ChoiceField(
        label=_("Casting vote"),
        choices=[
            (VoteValue.FOR, _("In favour: it passes")),
            (VoteValue.AGAINST, _("Against: it fails")),
            (VoteValue.ABSTAIN, _("Not used: a tie does not pass")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, asks_casting_vote: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_casting_vote:
            del self.fields["casting_vote"]


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class AnswerForm(forms.Form):
    """What the Metropolitan Council said."""

    answer = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            (MetropolitanAnswer.ACCEPTED, _("Accepted")),
            (MetropolitanAnswer.REJECTED, _("Rejected")),
        ],
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(label=_("Its act"), max_length=200, help_text=_("Number and date of the deliberation."))
    on = forms.DateField(label=_("Answered on"), widget=DayInput)


class FollowUpForm(forms.Form):
    version = version_field()
    task = forms.CharField(label=_("Task"), max_length=300)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), to_field_name="public_id")
    due_on = forms.DateField(label=_("Due on"), widget=DayInput)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]  # of a ModelChoiceField
        self.fields["due_on"].initial = timezone.localdate() + timedelta(days=30)


class NoteForm(forms.Form):
    """A word about a task that is done, dropped, or taken up again."""

    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, required=False)
