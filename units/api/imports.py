"""Files of partners and workbooks of plans, sent by other systems."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from refamp.base.api.routers import Router
from refamp.jobs.api import ImportViewSet
from units.models import ActionPlan
from units.queries.bodies import has_mandate, keeps_partners_of, mandates_of
from units.rules import writes_plan
from units.tasks.bodies import PARTNERS
from units.tasks.plans import KIND


class PartnerImportViewSet(ImportViewSet):
    """Partners: sent, checked, confirmed, imported whole or not at all, undone.

    Columns: those of `partners/?format=csv`; a file that was exported there imports back unchanged.
    """

    read_rule = keeps_partners_of
    write_rule = keeps_partners_of
    scope = "units"
    kind = PARTNERS

    def target(self) -> str:
        return ""


class PlanImportViewSet(ImportViewSet):
    """A plan's workbook, for a draft: sent, checked against what the plan says now, confirmed, undone.

    `plans/{id}/workbook/` gives the same workbook, filled in or empty; it imports back unchanged.
    """

    read_rule = has_mandate
    write_rule = has_mandate
    scope = "units"
    kind = KIND

    def target(self) -> str:
        """The plan of the address; 404 where this caller may not see it, 403 where they do not write it."""
        try:
            plan: Any = ActionPlan.objects.visible_to(self.request.user).get(public_id=self.kwargs["plan"])
        except (ActionPlan.DoesNotExist, ValidationError, ValueError) as error:
            raise Http404 from error
        if not writes_plan(mandates_of(self.request.user), plan.unit_id):
            raise PermissionDenied
        return str(plan.public_id)


def register(router: Router) -> None:
    router.register("partners/imports", PartnerImportViewSet, "partner-imports")
    router.register(r"plans/(?P<plan>[^/]+)/imports", PlanImportViewSet, "plan-imports")
