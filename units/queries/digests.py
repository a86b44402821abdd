"""What the bodies have to tell somebody in a digest: the tasks that are theirs."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from refamp.accounts.actions import DigestLine
from refamp.base.templatetags.refamp import day as in_words
from units.choices import FollowUpState
from units.models import FollowUp

SOON = timedelta(days=7)


def task_lines(*, day: date, people: Collection[int]) -> Iterator[DigestLine]:
    """Open tasks of deliberations, new when given, when a week is left, and when their day has passed; one query."""
    tasks = (
        FollowUp.objects.filter(state=FollowUpState.OPEN, owner__in=people)
        .select_related("deliberation")
        .order_by("due_on", "pk")
    )
    for task in tasks:
        said = {"task": task.task, "day": in_words(task.due_on), "deliberation": task.deliberation}
        if task.due_on < day:
            stands, text = "overdue", _("Overdue since %(day)s: %(task)s (%(deliberation)s)") % said
        elif task.due_on <= day + SOON:
            stands, text = "soon", _("Due on %(day)s: %(task)s (%(deliberation)s)") % said
        else:
            stands, text = "given", _("Yours until %(day)s: %(task)s (%(deliberation)s)") % said
        yield DigestLine(
            person=task.owner_id,
            key=f"follow_up.{stands}:{task.public_id}:{task.due_on}",
            section=_("Tasks that follow from deliberations"),
            text=text,
            path=reverse("units:follow_ups"),
            due=task.due_on,
        )
