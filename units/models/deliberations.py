"""What a body decides, by which rule and with whose votes."""

from functools import reduce
from operator import or_

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from axes.models import Framework
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from refamp.territory.models import Municipality
from units.choices import (
    DecisionRule,
    DeliberationState,
    FollowUpState,
    LegalEffect,
    MetropolitanAnswer,
    Stance,
    SubjectKind,
    VoteValue,
)
from units.models.bodies import Unit
from units.models.compositions import Composition
from units.models.mandates import Mandate
from units.models.meetings import AgendaItem


def changed(*fields: str) -> Q:
    """Any of these is no longer what it was."""
    return reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in fields))


# What nothing changes any more once a deliberation is closed.
KEPT_WHEN_CLOSED = (
    "public_id",
    "proposed_at",
    "put_to_vote",
    "unit",
    "item",
    "year",
    "number",
    "title",
    "text",
    "rule",
    "legal_effect",
    "legal_effect_basis",
    "is_secret",
    "ballots",
    "state",
    "subject_kind",
    "subject_handler",
    "framework",
    "composition",
    "plan",
    "amendment",
    "dissolves",
    "votes_for",
    "votes_against",
    "abstentions",
    "seats",
    "present",
    "quorum",
    "casting_vote",
    "opened_at",
    "closed_at",
)
NOT_OPEN = "votes_change_only_while_voting_is_open"
UNSAID = "secret_ballot_never_says_who_voted_what"
# The row of the deliberation is locked by whoever writes a vote, so what is read here holds until the commit.
VOTES_WHILE_OPEN = f"""
    SELECT state, is_secret, legal_effect INTO deliberation FROM units_deliberation
    WHERE id IN (OLD.deliberation_id, NEW.deliberation_id) ORDER BY state = 'voting' LIMIT 1;
    IF deliberation.state <> 'voting' THEN
        {refusal(NOT_OPEN, "Votes change only while voting is open.")}
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    %s
    RETURN NEW;
"""
NO_ABSTENTION = "nobody_abstains_from_an_opinion"
ANSWER = ("metropolitan_answer", "metropolitan_reference", "metropolitan_at")
AHEAD = "positions_are_taken_ahead_of_the_vote"
POSITIONS_AHEAD = f"""
    IF EXISTS (
        SELECT 1 FROM units_deliberation
        WHERE id IN (OLD.deliberation_id, NEW.deliberation_id) AND state NOT IN ('draft', 'withdrawn')
    ) THEN
        {refusal(AHEAD, "Positions are recorded ahead of the vote.")}
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""
BY_ONE = "register_grows_by_one"
GROWS_BY_ONE = f"""
    IF TG_OP = 'INSERT' AND NEW.last = 0 THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND NEW.last = OLD.last + 1 AND NEW.unit_id = OLD.unit_id AND NEW.year = OLD.year THEN
        RETURN NEW;
    END IF;
    {refusal(BY_ONE, "A register goes on by one number at a time.")}
"""
NEVER_SAID = f"""
    IF deliberation.is_secret AND NEW.value NOT IN ('', 'absent') THEN
        {refusal(UNSAID, "A secret ballot never says who voted what.")}
    END IF;
    IF deliberation.legal_effect = 'opinion' AND NEW.value = 'abstain' THEN
        {refusal(NO_ABSTENTION, "Nobody abstains from an opinion.")}
    END IF;
"""


class Deliberation(models.Model):
    """One decision. `number` is given when it closes, consecutive per body and year, without gaps.

    `subject_kind` says what it decides on and which of the links below holds it; higher rooms point down at a
    deliberation and register a handler under `subject_handler`.
    """

    public_id = PublicIdField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="deliberations", verbose_name=_("body"))
    item = models.OneToOneField(AgendaItem, models.PROTECT, related_name="deliberation", verbose_name=_("agenda item"))
    year = models.PositiveSmallIntegerField(_("year"), null=True)
    number = models.PositiveIntegerField(_("number"), null=True)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("text"))
    rule = models.CharField(_("rule"), max_length=20, choices=DecisionRule)
    legal_effect = models.CharField(_("legal effect"), max_length=10, choices=LegalEffect)
    legal_effect_basis = models.TextField(_("ground of the legal effect"), default="", db_default="", blank=True)
    is_secret = models.BooleanField(_("secret ballot"), default=False)
    # How many times it was voted on: a tie in secret is voted on again at once.
    ballots = models.PositiveSmallIntegerField(_("ballots"), default=1, db_default=1)
    state = models.CharField(_("state"), max_length=10, choices=DeliberationState, default=DeliberationState.DRAFT)
    subject_kind = models.CharField(_("decides on"), max_length=12, choices=SubjectKind, default=SubjectKind.TEXT)
    subject_handler = models.CharField(_("handler"), max_length=60, blank=True)
    framework = models.ForeignKey(
        Framework, models.PROTECT, null=True, blank=True, related_name="deliberations", verbose_name=_("edition")
    )
    composition = models.ForeignKey(
        Composition, models.PROTECT, null=True, blank=True, related_name="deliberations", verbose_name=_("composition")
    )
    plan = models.ForeignKey(
        "units.ActionPlan", models.PROTECT, null=True, blank=True, related_name="deliberations", verbose_name=_("plan")
    )
    amendment = models.ForeignKey(
        "units.PlanAmendment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliberations",
        verbose_name=_("amendment"),
    )
    dissolves = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="dissolutions", verbose_name=_("unit to dissolve")
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"), default=timezone.now)
    votes_for = models.PositiveSmallIntegerField(_("for"), null=True)
    votes_against = models.PositiveSmallIntegerField(_("against"), null=True)
    abstentions = models.PositiveSmallIntegerField(_("abstentions"), null=True)
    seats = models.PositiveSmallIntegerField(_("seats"), null=True)
    present = models.PositiveSmallIntegerField(_("present"), null=True)
    quorum = models.PositiveSmallIntegerField(_("quorum"), null=True)
    casting_vote = models.CharField(_("casting vote"), max_length=7, choices=VoteValue, blank=True)
    # The actions of the plan or amendment as they were when the vote opened: what was voted on, whatever came of it.
    put_to_vote = models.JSONField(_("what was put to the vote"), null=True, editable=False)
    opened_at = models.DateTimeField(_("voting opened at"), null=True)
    closed_at = models.DateTimeField(_("voting closed at"), null=True)
    metropolitan_answer = models.CharField(
        _("answer of the Metropolitan Council"), max_length=10, choices=MetropolitanAnswer, blank=True
    )
    metropolitan_reference = models.CharField(_("its act"), max_length=200, blank=True)
    metropolitan_at = models.DateField(_("answered on"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["-closed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year", "number"],
                name="one_deliberation_per_body_year_and_number",
                violation_error_message=_("This number is already taken."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliberationState.values),
                name="deliberation_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(rule__in=DecisionRule.values),
                name="deliberation_rule_is_known",
                violation_error_message=_("Unknown rule."),
            ),
            models.CheckConstraint(
                condition=Q(legal_effect__in=LegalEffect.values),
                name="deliberation_effect_is_known",
                violation_error_message=_("Unknown effect."),
            ),
            models.CheckConstraint(
                condition=~Q(legal_effect="binding") | ~Q(legal_effect_basis=""),
                name="what_binds_says_on_what_ground",
                violation_error_message=_("Say on what ground it binds."),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["passed", "failed"])
                | Q(number__isnull=False, year__isnull=False, closed_at__isnull=False, votes_for__isnull=False),
                name="closed_deliberation_has_number_and_totals",
                violation_error_message=_("A closed deliberation has a number and its totals."),
            ),
            models.CheckConstraint(
                condition=Q(metropolitan_answer="") | Q(state="passed", legal_effect="proposal"),
                name="only_a_passed_proposal_is_answered",
                violation_error_message=_("Only a proposal that passed awaits an answer."),
            ),
            models.CheckConstraint(
                condition=Q(subject_kind__in=["text", "other_room"])
                | Q(subject_kind="framework", framework__isnull=False)
                | Q(subject_kind="composition", composition__isnull=False)
                | Q(subject_kind="plan", plan__isnull=False)
                | Q(subject_kind="amendment", amendment__isnull=False)
                | Q(subject_kind="dissolution", dissolves__isnull=False),
                name="deliberation_holds_what_it_decides_on",
                violation_error_message=_("Say what it decides on."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="closed_deliberation_keeps_its_votes_and_text",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["passed", "failed", "no_quorum", "postponed", "withdrawn"])
                & changed(*KEPT_WHEN_CLOSED),
            ),
            pgtrigger.Protect(
                name="closed_deliberation_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["passed", "failed", "no_quorum", "postponed"]),
            ),
            pgtrigger.Protect(
                name="metropolitan_answer_is_given_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__metropolitan_answer__in=["accepted", "rejected"]) & changed(*ANSWER),
            ),
            pgtrigger.Protect(
                name="awaited_answer_is_not_forgotten",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__metropolitan_answer="awaited", new__metropolitan_answer=""),
            ),
            pgtrigger.Protect(
                name="who_proposed_it_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__proposed_by__isnull=False) & changed("proposed_by"),
            ),
        ]
        verbose_name = _("deliberation")
        verbose_name_plural = _("deliberations")

    def __str__(self) -> str:
        return f"{self.number}/{self.year} {self.title}" if self.number else self.title


class Vote(models.Model):
    """A municipality's vote, changeable until the deliberation closes.

    In a secret ballot `value` stays empty: the row keeps that the municipality voted, `SecretBallot` what was
    voted, and nothing ties one to the other.
    """

    deliberation = models.ForeignKey(Deliberation, models.PROTECT, related_name="votes", verbose_name=_("deliberation"))
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))
    mandate = models.ForeignKey(Mandate, models.PROTECT, null=True, related_name="+", verbose_name=_("cast by"))
    value = models.CharField(_("vote"), max_length=7, choices=VoteValue, blank=True)
    declaration = models.TextField(_("declaration"), blank=True)
    conflict = models.TextField(_("conflict of interest"), blank=True)
    cast_at = models.DateTimeField(_("cast at"), default=timezone.now)
    version = VersionField()

    class Meta:
        ordering = ["deliberation", "municipality"]
        constraints = [
            models.UniqueConstraint(
                fields=["deliberation", "municipality"],
                name="one_vote_per_municipality",
                violation_error_message=_("This municipality has already voted."),
            ),
            models.CheckConstraint(
                condition=Q(value="") | Q(value__in=VoteValue.values),
                name="vote_value_is_known",
                violation_error_message=_("Unknown vote."),
            ),
            models.CheckConstraint(
                condition=Q(conflict="") | Q(value=""),
                name="who_states_a_conflict_does_not_vote",
                violation_error_message=_("Who states a conflict of interest does not vote."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=NOT_OPEN,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("deliberation", "record")],
                func=VOTES_WHILE_OPEN % NEVER_SAID,
            )
        ]
        verbose_name = _("vote")
        verbose_name_plural = _("votes")

    def __str__(self) -> str:
        return f"{self.municipality} · {self.get_value_display()}"


class SecretBallot(models.Model):
    """The running totals of a secret ballot: who voted is in `Vote`, what was voted only here, added up."""

    deliberation = models.OneToOneField(
        Deliberation, models.PROTECT, related_name="ballot", verbose_name=_("deliberation")
    )
    votes_for = models.PositiveSmallIntegerField(_("for"), default=0)
    votes_against = models.PositiveSmallIntegerField(_("against"), default=0)
    abstentions = models.PositiveSmallIntegerField(_("abstentions"), default=0)

    class Meta:
        triggers = [
            pgtrigger.Trigger(
                name="ballot_changes_only_while_voting_is_open",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("deliberation", "record")],
                func=VOTES_WHILE_OPEN % "",
            )
        ]
        verbose_name = _("secret ballot")
        verbose_name_plural = _("secret ballots")

    def __str__(self) -> str:
        return str(self.deliberation)


class MunicipalPosition(models.Model):
    """Concertation: where a municipality stands on a text ahead of the meeting, and what it would change."""

    public_id = PublicIdField()
    deliberation = models.ForeignKey(
        Deliberation, models.CASCADE, related_name="positions", verbose_name=_("deliberation")
    )
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="+", verbose_name=_("municipality"))
    stance = models.CharField(_("position"), max_length=12, choices=Stance)
    comment = models.TextField(_("comment"), blank=True)
    proposed_change = models.TextField(_("proposed amendment"), blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["deliberation", "municipality"]
        constraints = [
            models.UniqueConstraint(
                fields=["deliberation", "municipality"],
                name="one_position_per_municipality",
                violation_error_message=_("This municipality's position is already recorded."),
            ),
            models.CheckConstraint(
                condition=Q(stance__in=Stance.values),
                name="stance_is_known",
                violation_error_message=_("Unknown position."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=AHEAD,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=POSITIONS_AHEAD,
            )
        ]
        verbose_name = _("position of a municipality")
        verbose_name_plural = _("positions of municipalities")

    def __str__(self) -> str:
        return f"{self.municipality} · {self.get_stance_display()}"


class FollowUp(models.Model):
    """A task that follows from a deliberation."""

    public_id = PublicIdField()
    deliberation = models.ForeignKey(
        Deliberation, models.PROTECT, related_name="follow_ups", verbose_name=_("deliberation")
    )
    task = models.CharField(_("task"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="follow_ups", verbose_name=_("owner")
    )
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=10, choices=FollowUpState, default=FollowUpState.OPEN)
    done_at = models.DateTimeField(_("done at"), null=True)
    note = models.TextField(_("note"), blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=FollowUpState.values),
                name="follow_up_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="done_follow_up_says_when",
                violation_error_message=_("What is done says when."),
            ),
        ]
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")

    def __str__(self) -> str:
        return self.task


class RegisterNumber(models.Model):
    """The last number of a body's register in a year; the row is locked to give the next, so there are no gaps."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("body"))
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "year"],
                name="one_register_per_body_and_year",
                violation_error_message=_("This register is already there."),
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name=BY_ONE,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=GROWS_BY_ONE,
            )
        ]
        verbose_name = _("register")
        verbose_name_plural = _("registers")

    def __str__(self) -> str:
        return f"{self.unit} {self.year}"
