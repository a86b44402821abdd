"""From when deliberations take effect: derived, for the law ties it to another act than the vote.

A body's deliberations take effect once the minutes are approved, or the summary («minuta») that the body approves at
the end of the meeting (CPA, DL 4/2015, art. 34, nos. 4 and 6). What was decided on (a plan, a composition, an edition)
still changes its state in the transaction that closes the vote, as the design says; this is shown beside it.
"""

from django.db.models import Case, CharField, DateTimeField, F, Q, QuerySet, Value, When

from units.choices import DeliberationState
from units.models import Deliberation, Meeting

SUMMARY = "item__meeting__summary_approved_at"
# A vote that came after the summary is not in it: then the minutes count.
EFFECTIVE_AT = Case(
    When(~Q(state=DeliberationState.PASSED), then=None),
    When(Q(**{f"{SUMMARY}__gte": F("closed_at")}), then=F(SUMMARY)),
    default=F("item__meeting__minutes__approved_at"),
    output_field=DateTimeField(null=True),
)
# Why there is no moment: it did not pass, or neither minutes nor summary are approved.
EFFECTIVE_AT_STATUS = Case(
    When(~Q(state=DeliberationState.PASSED), then=Value("not_applicable")),
    When(Q(**{f"{SUMMARY}__gte": F("closed_at")}), then=None),
    When(item__meeting__minutes__approved_at__isnull=False, then=None),
    default=Value("missing"),
    output_field=CharField(null=True),
)


def awaits_summary(meeting: Meeting) -> bool:
    """Whether something was decided, nothing is being voted, and no summary is approved yet."""
    if meeting.summary_approved_at is not None:
        return False
    states = set(Deliberation.objects.filter(item__meeting=meeting).values_list("state", flat=True))
    decided = {DeliberationState.PASSED, DeliberationState.FAILED}
    return DeliberationState.VOTING not in states and bool(states & decided)


def with_effect(found: QuerySet[Deliberation]) -> QuerySet[Deliberation]:
    """Each with `effective_at`: from when it takes effect, None where it does not (yet)."""
    return found.annotate(effective_at=EFFECTIVE_AT)
