"""The end of a unit, put before the Council."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from refamp.base.doors import check, door
from units.actions.dissolutions import DISSOLVABLE, named, put_dissolution_before_council
from units.choices import UnitState
from units.forms.compositions import DissolutionForm
from units.queries.bodies import proposes_compositions_for
from units.queries.dissolutions import open_things
from units.queries.plans import free_items, rules_of_council
from units.views.bodies import attempt, unit_or_404


@door(proposes_compositions_for, methods=("GET", "POST"))
def dissolve_page(request: HttpRequest, code: str) -> HttpResponse:
    """What is still open in the unit, why it is to end, and at which point the seventeen decide it."""
    unit = unit_or_404(code)
    check(unit.kind in DISSOLVABLE and unit.state != UnitState.DISSOLVED)
    form = DissolutionForm(
        request.POST or None, items=free_items(), rules=rules_of_council(), initial={"version": unit.version}
    )
    left = open_things(unit)
    context = {
        "form": form,
        "unit": unit,
        "blocking": left.before_council,
        "left": [(words, things) for words, things in named(left) if things],
    }
    if request.method == "POST" and form.is_valid():
        made = attempt(
            request,
            form,
            lambda: put_dissolution_before_council(actor=request.user, unit=unit, **form.cleaned_data),
            context,
        )
        if made is not None:
            messages.success(request, _("It is on the agenda."))
            return redirect("units:deliberation", made.public_id)
    return render(request, "units/bodies/dissolve.html", context)
