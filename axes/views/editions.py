"""Preparing an edition: the coordination unit's doors. Each gets, checks, calls one action, and goes back."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from axes.actions.framework import copy_framework, edit_framework, move_framework
from axes.actions.nodes import add_node, drop_node, move_node, order_node, rename_node, split_node
from axes.choices import PARENT_KINDS, SLUG_KINDS
from axes.forms.framework import (
    CopyForm,
    DropForm,
    EditNodeForm,
    HeadForm,
    MoveForm,
    NodeForm,
    SplitForm,
    StateForm,
)
from axes.models import Framework, Node
from axes.queries.framework import edition_of
from axes.rules import may_copy_framework, may_edit_framework
from axes.templatetags.referential import node_url
from refamp.base.doors import check, door, refused
from refamp.base.errors import Refused, Stale


def editable(request: HttpRequest, edition: str) -> Framework:
    framework = edition_of(request.user, edition)
    if framework is None:
        raise Http404
    check(may_edit_framework(request.user, framework))
    return framework


def editable_node(request: HttpRequest, edition: str, kind: str, code: str) -> Node:
    framework = editable(request, edition)
    node = framework.nodes.select_related("parent").filter(kind=SLUG_KINDS.get(kind), code=code).first()
    if node is None:
        raise Http404
    node.framework = framework
    return node


def with_version(data: Any, version: int) -> Any:
    """What was sent, now on the present version: saving again is a choice made with both in sight."""
    data = data.copy()
    data["version"] = version
    return data


def attempt(request: HttpRequest, form: forms.Form, change: Callable[[], Any], context: dict[str, Any]) -> Any:
    """Try a change. None where it was refused: the form says why, and a stale one shows the saved version beside it."""
    try:
        return change()
    except Stale as stale:
        context["stale"] = [
            {"label": field.label, "saved": getattr(stale.current, name, None), "yours": form.cleaned_data.get(name)}
            for name, field in form.fields.items()
            if name != "version" and hasattr(stale.current, name)
        ]
        refused(request, form, stale)
        form.data = with_version(form.data, stale.current.version)
    except Refused as refusal:
        refused(request, form, refusal)
    return None


@door(may_copy_framework, methods=("GET", "POST"))
def copy_page(request: HttpRequest, edition: str) -> HttpResponse:
    """A new edition begins as a copy."""
    framework = edition_of(request.user, edition)
    if framework is None:
        raise Http404
    form = CopyForm(request.POST or None, initial={"title": framework.title})
    context: dict[str, Any] = {"framework": framework, "form": form}
    if request.method == "POST" and form.is_valid():
        copy = attempt(
            request, form, lambda: copy_framework(actor=request.user, framework=framework, **form.cleaned_data), context
        )
        if copy:
            messages.success(request, _("The draft is there: a copy of all that the old edition says."))
            return redirect("axes:edition", copy.code)
    return render(request, "axes/framework/copy.html", context)


@door(may_copy_framework, methods=("GET", "POST"))
def head_page(request: HttpRequest, edition: str) -> HttpResponse:
    """Title, date and source of an open edition."""
    framework = editable(request, edition)
    names = ("version", "title", "document_date", "source")
    form = HeadForm(request.POST or None, initial={name: getattr(framework, name) for name in names})
    context: dict[str, Any] = {"framework": framework, "form": form, "heading": _("Change the edition's head")}
    if request.method == "POST" and form.is_valid():
        done = attempt(
            request, form, lambda: edit_framework(actor=request.user, framework=framework, **form.cleaned_data), context
        )
        if done:
            messages.success(request, _("Saved."))
            return redirect("axes:edition", done.code)
    return render(request, "axes/framework/edit.html", context)


@door(may_copy_framework, methods=("POST",))
def state_step(request: HttpRequest, edition: str) -> HttpResponse:
    """Put a draft in consultation, or take it back."""
    framework = editable(request, edition)
    form = StateForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        move_framework(actor=request.user, framework=framework, **form.cleaned_data)
    except Refused as refusal:
        refused(request, None, refusal)
    return redirect("axes:edition", framework.code)


@door(may_copy_framework, methods=("GET", "POST"))
def add_node_page(request: HttpRequest, edition: str, kind: str) -> HttpResponse:
    """A new node of a kind, under `?sob=` (the parent's public id) where the kind stands under another."""
    framework = editable(request, edition)
    if kind not in SLUG_KINDS:
        raise Http404
    node_kind = SLUG_KINDS[kind]
    parent = None
    if None not in PARENT_KINDS[node_kind]:
        try:
            parent = framework.nodes.filter(public_id=request.GET.get("sob", "")).first()
        except (ValueError, forms.ValidationError):
            parent = None
        if parent is None:
            raise Http404
    form = NodeForm(request.POST or None, kind=node_kind, initial={"focus": parent.focus if parent else None})
    context: dict[str, Any] = {"framework": framework, "form": form, "parent": parent, "kind": node_kind}
    context["heading"] = _("Add: %(kind)s") % {"kind": node_kind.label}
    if request.method == "POST" and form.is_valid():
        node = attempt(
            request,
            form,
            lambda: add_node(
                actor=request.user, framework=framework, kind=node_kind, parent=parent, **form.cleaned_data
            ),
            context,
        )
        if node:
            messages.success(request, _("Added."))
            return redirect(node_url(node, framework))
    return render(request, "axes/framework/edit.html", context)


def edit_page(
    request: HttpRequest,
    node: Node,
    form: forms.Form,
    heading: str,
    change: Callable[[], Any],
    *,
    tone: str = "",
    to: Callable[[Any], str] | None = None,
) -> HttpResponse:
    """The page of one change of a node: the form, and once it is done the node's page (or `to`)."""
    context: dict[str, Any] = {
        "framework": node.framework,
        "node": node,
        "form": form,
        "heading": heading,
        "tone": tone,
    }
    if request.method == "POST" and form.is_valid():
        done = attempt(request, form, change, context)
        if done is not None:
            messages.success(request, _("Saved."))
            return redirect(to(done) if to else node_url(done, node.framework))
    return render(request, "axes/framework/edit.html", context)


@door(may_copy_framework, methods=("GET", "POST"))
def rename_page(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    node = editable_node(request, edition, kind, code)
    names = ("version", "code", "wording", "focus", "note")
    form = EditNodeForm(request.POST or None, kind=node.kind, initial={name: getattr(node, name) for name in names})
    return edit_page(
        request,
        node,
        form,
        _("Change the wording"),
        lambda: rename_node(actor=request.user, node=node, **({"focus": node.focus} | form.cleaned_data)),
    )


@door(may_copy_framework, methods=("GET", "POST"))
def move_page(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    node = editable_node(request, edition, kind, code)
    if node.parent is None:
        raise Http404
    initial = {"version": node.version, "parent": node.parent.public_id, "code": node.code}
    form = MoveForm(request.POST or None, node=node, initial=initial)
    return edit_page(
        request, node, form, _("Move"), lambda: move_node(actor=request.user, node=node, **form.cleaned_data)
    )


@door(may_copy_framework, methods=("GET", "POST"))
def split_page(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    node = editable_node(request, edition, kind, code)
    form = SplitForm(request.POST or None, initial={"version": node.version, "wording": node.wording})
    return edit_page(
        request,
        node,
        form,
        _("Split"),
        lambda: split_node(
            actor=request.user,
            node=node,
            version=form.cleaned_data["version"],
            wording=form.cleaned_data["wording"],
            parts=form.parts,
        )[0],
    )


@door(may_copy_framework, methods=("GET", "POST"))
def drop_page(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    node = editable_node(request, edition, kind, code)
    form = DropForm(request.POST or None, initial={"version": node.version})

    def drop() -> Framework:
        drop_node(actor=request.user, node=node, **form.cleaned_data)
        return node.framework

    return edit_page(
        request,
        node,
        form,
        _("Drop from this edition"),
        drop,
        tone="bad",
        to=lambda framework: (
            node_url(node.parent, framework) if node.parent else reverse("axes:edition", args=[framework.code])
        ),
    )


@door(may_copy_framework, methods=("POST",))
def order_step(request: HttpRequest, edition: str, kind: str, code: str) -> HttpResponse:
    """One place up or down among its siblings."""
    node = editable_node(request, edition, kind, code)
    try:
        order_node(actor=request.user, node=node, version=None, up=request.POST.get("to") == "up")
    except Refused as refusal:
        refused(request, None, refusal)
    return redirect(node_url(node.parent, node.framework) if node.parent else reverse("axes:edition", args=[edition]))
