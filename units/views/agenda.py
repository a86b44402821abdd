"""The agenda's points."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from refamp.base.doors import SignedRequest, check, door, refused, signed_in, stale_rows, with_version
from refamp.base.errors import Refused, Stale
from units.actions.agenda import add_item, change_item, move_item, recognise_urgency, remove_item
from units.choices import ItemKind, MeetingState
from units.forms.meetings import ItemForm, OutcomeForm, UrgencyForm
from units.formulas.meetings import DEEPEST, urgency_needed
from units.models import Meeting
from units.queries.calendars import title_of
from units.queries.meetings import OPEN_STATES, agenda, chairs_meetings_of, quorum_of_meeting
from units.views.meetings import kept_or_403, meeting_or_404


@door(signed_in, methods=("GET", "POST"))
def add_page(request: SignedRequest, public_id: Any) -> HttpResponse:
    """A new point; after the convening, a late one."""
    meeting = kept_or_403(request, public_id)
    check(meeting.state in OPEN_STATES)
    is_late = meeting.state != MeetingState.DRAFT
    points = [point for point in agenda(meeting) if point.depth < DEEPEST and (point.item.is_late or not is_late)]
    form = ItemForm(request.POST or None, points=points, initial={"kind": ItemKind.DISCUSSION})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        data.pop("version")
        try:
            item = add_item(actor=request.user, meeting=meeting, **data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Added."))
            return redirect(f"{meeting_url(meeting)}#ponto-{item.public_id}")
    context = {"form": form, "meeting": meeting, "title": title_of(meeting), "is_late": is_late}
    return render(request, "units/meetings/item.html", context)


def meeting_url(meeting: Meeting) -> str:
    return reverse("units:meeting", args=[meeting.public_id])


@door(signed_in, methods=("GET", "POST"))
def edit_page(request: SignedRequest, public_id: Any, item_id: Any) -> HttpResponse:
    """A point of a draft; of a meeting in session, what was said."""
    meeting = kept_or_403(request, public_id)
    item = get_object_or_404(meeting.items.select_related("parent"), public_id=item_id)
    item.meeting = meeting
    check(meeting.state in {MeetingState.DRAFT, MeetingState.IN_SESSION})
    form: ItemForm | OutcomeForm
    if meeting.state == MeetingState.DRAFT:
        points = [point for point in agenda(meeting) if point.depth < DEEPEST and point.item.pk != item.pk]
        initial = {name: getattr(item, name) for name in ("version", "title", "kind", "text")}
        initial["parent"] = str(item.parent.public_id) if item.parent else ""
        form = ItemForm(request.POST or None, points=points, initial=initial)
    else:
        form = OutcomeForm(request.POST or None, initial={"version": item.version, "outcome": item.outcome})
    context: dict[str, Any] = {"form": form, "meeting": meeting, "item": item, "title": title_of(meeting)}
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        version = data.pop("version")
        try:
            change_item(actor=request.user, item=item, version=version, data=data)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current, tuple(data))
            refused(request, form, stale)
            form.data = with_version(form.data, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(f"{meeting_url(meeting)}#ponto-{item.public_id}")
    return render(request, "units/meetings/item.html", context)


@door(signed_in, methods=("POST",))
def move_step(request: SignedRequest, public_id: Any, item_id: Any) -> HttpResponse:
    """One place up or down; the answer is the page again, at the point that moved."""
    meeting = kept_or_403(request, public_id)
    item = get_object_or_404(meeting.items, public_id=item_id)
    item.meeting = meeting
    up = request.POST.get("to") == "up"
    try:
        move_item(actor=request.user, item=item, up=up)
    except Refused as refusal:
        refused(request, None, refusal)
    return redirect(f"{meeting_url(meeting)}#ponto-{item.public_id}")


@door(signed_in, methods=("POST",))
def remove_step(request: SignedRequest, public_id: Any, item_id: Any) -> HttpResponse:
    meeting = kept_or_403(request, public_id)
    item = get_object_or_404(meeting.items, public_id=item_id)
    item.meeting = meeting
    try:
        remove_item(actor=request.user, item=item)
    except Refused as refusal:
        refused(request, None, refusal)
    else:
        messages.success(request, _("Taken out."))
    return redirect("units:meeting", meeting.public_id)


@door(signed_in, methods=("GET", "POST"))
def urgency_page(request: SignedRequest, public_id: Any, item_id: Any) -> HttpResponse:
    """How many members recognise that a late point must be decided at once."""
    meeting = meeting_or_404(request, public_id)
    check(chairs_meetings_of(request.user, meeting.unit_id) and meeting.state == MeetingState.IN_SESSION)
    item = get_object_or_404(meeting.items.filter(is_late=True, kind=ItemKind.DECISION), public_id=item_id)
    item.meeting = meeting
    standing = quorum_of_meeting(meeting)
    form = UrgencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            recognise_urgency(actor=request.user, item=item, **form.cleaned_data)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Its urgency is recognised: it can be put to the vote."))
            return redirect(f"{meeting_url(meeting)}#ponto-{item.public_id}")
    context = {
        "form": form,
        "meeting": meeting,
        "item": item,
        "title": title_of(meeting),
        "seats": standing.seats,
        "present": standing.present,
        "needed": urgency_needed(standing.seats),
    }
    return render(request, "units/meetings/urgency.html", context)
