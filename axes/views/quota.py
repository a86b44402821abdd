"""The quota plan of a consultation."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from axes.actions.quota import set_quota
from axes.forms.consultation import (
    QuotaForm,
)
from axes.queries.consultation import (
    quota_grid,
)
from axes.views.consultation import attempt, consultation_or_404, shown
from refamp.base.doors import SignedRequest, door


@door(lambda user: bool(user.is_authenticated and user.is_active), methods=("GET", "POST"))
def quota_page(request: SignedRequest, public_id: UUID) -> HttpResponse:
    """How many answers are expected of whom: a grid to fill in for who runs it, a table for the others."""
    consultation = consultation_or_404(request, public_id)
    form = QuotaForm(request.POST or None, grid=quota_grid(consultation), initial={"version": consultation.version})
    context = shown(request, consultation, "quota", form=form)
    if request.method == "POST":
        if not context["runs"]:
            raise Http404
        if form.is_valid() and attempt(
            request,
            form,
            lambda: set_quota(
                actor=request.user, consultation=consultation, version=form.cleaned_data["version"], cells=form.cells
            ),
            context,
        ):
            messages.success(request, _("The quota plan is saved."))
            return redirect("axes:quota", public_id)
    return render(request, "axes/consultation/quota.html", context)
