"""Local plans: the list, a plan, entering and changing it, its document, import and export."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from axes.actions.local_plans import (
    DOCUMENT_TYPES,
    add_local_plan,
    document_type,
    edit_local_plan,
    publish_local_plan,
    remove_local_plan,
    set_document,
)
from axes.exchange.local_plans import COLUMNS, rows_of
from axes.filters.local_plans import LocalPlanFilter
from axes.forms.local_plans import LocalPlanForm, LocalPlansFileForm, plan_data, priorities_formset
from axes.models import LocalPlan
from axes.queries.framework import local_plans, places_to_write_for, plans_after, problem_areas_for_plans
from axes.rules import may_edit_local_plan, may_write_local_plans
from axes.tasks.local_plans import KIND
from axes.views.editions import with_version
from refamp.audit.rules import sees_audit
from refamp.base.doors import check, door, everyone, refused
from refamp.base.errors import Refused, Stale
from refamp.base.export import csv_lines, xlsx_file
from refamp.jobs.actions import create_upload

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def filtered(request: HttpRequest) -> LocalPlanFilter:
    return LocalPlanFilter(request.GET, queryset=local_plans(request.user), request=request)


@door(everyone)
def local_plans_page(request: HttpRequest) -> HttpResponse:
    """The plans that this person may see, narrowed by municipality, kind and problem area."""
    found = filtered(request)
    plans, cursor = plans_after(
        found.qs if found.is_valid() else local_plans(request.user).none(), request.GET.get("cursor", ""), PAGE
    )
    return render(
        request,
        "axes/local_plans/list.html",
        {"form": found.form, "plans": plans, "cursor": cursor, "may_write": may_write_local_plans(request.user)},
    )


@door(everyone)
def export_plans(request: HttpRequest, form: str) -> HttpResponseBase:
    """Exactly what is shown, as a file that re-imports unchanged."""
    found = filtered(request)
    if not found.is_valid():
        raise Http404
    rows = rows_of(found.qs.order_by("municipality__code", "kind", "starts_on"))
    headers = {"Content-Disposition": f'attachment; filename="planos-locais.{form}"'}
    if form == "csv":
        return StreamingHttpResponse(csv_lines(COLUMNS, rows), content_type="text/csv; charset=utf-8", headers=headers)
    return FileResponse(xlsx_file(COLUMNS, rows), content_type=XLSX, headers=headers)


def plan_or_404(request: HttpRequest, public_id: Any) -> LocalPlan:
    return get_object_or_404(local_plans(request.user), public_id=public_id)


@door(everyone)
def local_plan_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    plan = plan_or_404(request, public_id)
    context = {
        "plan": plan,
        "may_edit": may_edit_local_plan(request.user, plan),
        "sees_history": sees_audit(request.user),
    }
    return render(request, "axes/local_plans/plan.html", context)


@door(everyone)
def document(request: HttpRequest, public_id: Any) -> FileResponse:
    """The plan's document, always as an attachment."""
    plan = plan_or_404(request, public_id)
    if not plan.document:
        raise Http404
    kind = DOCUMENT_TYPES.get(plan.document_name.rpartition(".")[2], "application/octet-stream")
    return FileResponse(
        plan.document.open("rb"),
        as_attachment=True,
        filename=plan.document_name,
        content_type=kind,
        headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"},
    )


def save_plan(request: HttpRequest, form: LocalPlanForm, priorities: Any, plan: LocalPlan | None) -> LocalPlan:
    """Plan and document together or not at all."""
    data, file, version = plan_data(form, priorities), form.cleaned_data["document"], form.cleaned_data["version"]
    with transaction.atomic():
        if file:
            document_type(file)
        if plan is None:
            plan = add_local_plan(actor=request.user, data=data)
        else:
            plan = edit_local_plan(actor=request.user, plan=plan, version=version or 0, data=data)
        if file:
            plan = set_document(actor=request.user, plan=plan, version=None, file=file, name=file.name)
    return plan


def edit_page(request: HttpRequest, plan: LocalPlan | None) -> HttpResponse:
    """The form of a new plan or of one that is there; a stale one shows what is saved beside what was typed."""
    names = ("version", "kind", "title", "starts_on", "ends_on", "link")
    initial = {name: getattr(plan, name) for name in names} | {"municipality": plan.municipality.code} if plan else {}
    form = LocalPlanForm(
        request.POST or None, request.FILES or None, places=places_to_write_for(request.user), initial=initial
    )
    priorities = priorities_formset(problem_areas_for_plans(), request.POST or None, plan=plan)
    context: dict[str, Any] = {"form": form, "priorities": priorities, "plan": plan}
    if request.method == "POST" and form.is_valid() and priorities.is_valid():
        try:
            saved = save_plan(request, form, priorities, plan)
        except Stale as stale:
            context["stale"] = stale_rows(form, stale.current)
            refused(request, form, stale)
            form.data = with_version(form.data, stale.current.version)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("axes:local_plan", saved.public_id)
    return render(request, "axes/local_plans/edit.html", context)


def stale_rows(form: LocalPlanForm, current: LocalPlan) -> list[dict[str, Any]]:
    rows = [
        {"label": form.fields[name].label, "saved": getattr(current, name), "yours": form.cleaned_data.get(name)}
        for name in ("municipality", "kind", "title", "starts_on", "ends_on", "link")
    ]
    wordings = "; ".join(current.priorities.order_by("order").values_list("wording", flat=True))
    return [*rows, {"label": _("Priorities"), "saved": wordings, "yours": None}]


@door(may_write_local_plans, methods=("GET", "POST"))
def add_plan_page(request: HttpRequest) -> HttpResponse:
    return edit_page(request, None)


@door(may_write_local_plans, methods=("GET", "POST"))
def edit_plan_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    plan = plan_or_404(request, public_id)
    check(may_edit_local_plan(request.user, plan))
    return edit_page(request, plan)


@door(may_write_local_plans, methods=("POST",))
def publish_step(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Publish, or take back (`published=no`)."""
    plan = plan_or_404(request, public_id)
    check(may_edit_local_plan(request.user, plan))
    published = request.POST.get("published") != "no"
    publish_local_plan(actor=request.user, plan=plan, published=published)
    messages.success(request, _("Everybody can see it now.") if published else _("It is no longer public."))
    return redirect("axes:local_plan", plan.public_id)


@door(may_write_local_plans, methods=("GET", "POST"))
def remove_step(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Ask, then remove a plan that is not public."""
    plan = plan_or_404(request, public_id)
    check(may_edit_local_plan(request.user, plan))
    if request.method == "POST":
        try:
            remove_local_plan(actor=request.user, plan=plan)
        except Refused as refusal:
            refused(request, None, refusal)
            return redirect("axes:local_plan", plan.public_id)
        messages.success(request, _("Removed."))
        return redirect("axes:local_plans")
    return render(request, "axes/local_plans/remove.html", {"plan": plan})


@door(may_write_local_plans, methods=("GET", "POST"))
def import_page(request: HttpRequest) -> HttpResponse:
    """A file of plans: kept, checked by the worker, shown row by row before anything happens."""
    form = LocalPlansFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = create_upload(actor=request.user, kind=KIND, file=file, name=file.name)
        except Refused as refusal:
            refused(request, form, refusal)
        else:
            return redirect("jobs:upload", upload.public_id)
    return render(request, "axes/local_plans/import.html", {"form": form})
