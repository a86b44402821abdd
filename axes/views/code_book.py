"""The code book of a consultation."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from axes.actions.code_book import add_topic, copy_code_book, edit_topic, move_topic, propose_code_book, remove_topic
from axes.choices import ConsultationState
from axes.forms.consultation import (
    CopyBookForm,
    TopicForm,
)
from axes.models import Consultation, Topic
from axes.queries.consultation import (
    topics_proposed,
)
from axes.rules import may_run_consultations
from axes.views.consultation import attempt, consultation_or_404, shown
from refamp.base.doors import SignedRequest, door, everyone


@door(everyone)
def code_book_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """What is asked, and at which scales."""
    consultation = consultation_or_404(request, public_id)
    context = shown(request, consultation, "code_book")
    context["topics"] = consultation.topics.select_related("node__parent")
    if context["runs"]:
        others = Consultation.objects.visible_to(request.user).exclude(pk=consultation.pk).filter(topics__isnull=False)
        context["open_book"] = consultation.state != ConsultationState.CLOSED
        context["proposed"] = topics_proposed(consultation).count()
        context["copy_form"] = CopyBookForm(sources=others.distinct()) if others.exists() else None
    return render(request, "axes/consultation/code_book.html", context)


@door(may_run_consultations, methods=("POST",))
def propose_step(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """One topic per problem area and strategic action."""
    consultation = consultation_or_404(request, public_id)
    added = attempt(request, None, lambda: propose_code_book(actor=request.user, consultation=consultation))
    if added is not None:
        messages.success(request, _("Topics added: %(count)s.") % {"count": len(added)})
    return redirect("axes:code_book", public_id)


@door(may_run_consultations, methods=("POST",))
def copy_step(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """The code book of another consultation."""
    consultation = consultation_or_404(request, public_id)
    form = CopyBookForm(request.POST, sources=Consultation.objects.visible_to(request.user).exclude(pk=consultation.pk))
    if not form.is_valid():
        raise Http404
    source = form.cleaned_data["source"]
    added = attempt(request, None, lambda: copy_code_book(actor=request.user, consultation=consultation, source=source))
    if added is not None:
        messages.success(request, _("Topics added: %(count)s.") % {"count": len(added)})
    return redirect("axes:code_book", public_id)


@door(may_run_consultations, methods=("GET", "POST"))
def add_topic_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """A new entry of the code book."""
    consultation = consultation_or_404(request, public_id)
    form = TopicForm(request.POST or None, consultation=consultation, initial={"version": consultation.version})
    context = shown(request, consultation, "code_book", form=form, heading=_("Add a topic"))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if attempt(request, form, lambda: add_topic(actor=request.user, consultation=consultation, **data), context):
            messages.success(request, _("The topic is in the code book."))
            return redirect("axes:code_book", public_id)
    return render(request, "axes/consultation/form.html", context)


def topic_or_404(consultation: Consultation, topic_id: UUID) -> Topic:
    return get_object_or_404(consultation.topics.select_related("consultation", "node"), public_id=topic_id)


@door(may_run_consultations, methods=("GET", "POST"))
def edit_topic_page(request: SignedRequest, public_id: UUID, topic_id: UUID) -> HttpResponse:
    """Change an entry."""
    consultation = consultation_or_404(request, public_id)
    topic = topic_or_404(consultation, topic_id)
    initial = {name: getattr(topic, name) for name in ("code", "label", "scales", "note")}
    form = TopicForm(
        request.POST or None,
        consultation=consultation,
        initial=initial | {"node": topic.node.public_id, "version": consultation.version},
    )
    context = shown(request, consultation, "code_book", form=form, heading=_("Change the topic"), topic=topic)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if attempt(request, form, lambda: edit_topic(actor=request.user, topic=topic, **data), context):
            messages.success(request, _("Saved."))
            return redirect("axes:code_book", public_id)
    return render(request, "axes/consultation/form.html", context)


@door(may_run_consultations, methods=("GET", "POST"))
def remove_topic_page(request: SignedRequest, public_id: UUID, topic_id: UUID) -> HttpResponse:
    """Take an entry out: asked first."""
    consultation = consultation_or_404(request, public_id)
    topic = topic_or_404(consultation, topic_id)
    if request.method == "POST":
        if attempt(request, None, lambda: remove_topic(actor=request.user, topic=topic) or True):
            messages.success(request, _("The topic is no longer in the code book."))
        return redirect("axes:code_book", public_id)
    context = shown(
        request, consultation, "code_book", question=_("Take this topic out?"), submit=_("Take out"),
        tone_of_step="bad",
        consequences=[_("It is asked no more. Its history stays.")], topic=topic,
        cancel=reverse("axes:code_book", args=[public_id]),
    )  # fmt: skip
    return render(request, "axes/consultation/step.html", context)


@door(may_run_consultations, methods=("POST",))
def move_topic_step(request: SignedRequest, public_id: UUID, topic_id: UUID) -> HttpResponse:
    """One place up or down."""
    consultation = consultation_or_404(request, public_id)
    topic = topic_or_404(consultation, topic_id)
    places = {"acima": -1, "abaixo": 1}.get(request.POST.get("para", ""))
    if places is None:
        raise Http404
    attempt(request, None, lambda: move_topic(actor=request.user, topic=topic, places=places) or True)
    return redirect(reverse("axes:code_book", args=[public_id]) + f"#t-{topic.public_id}")
