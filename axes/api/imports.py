"""Files of answers, sent by other systems."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404

from axes.models import Consultation
from axes.rules import may_run_consultations
from axes.tasks.answers import KIND
from refamp.base.api.routers import Router
from refamp.jobs.api import ImportViewSet


class AnswersImportViewSet(ImportViewSet):
    """Answers to a consultation: sent, checked, confirmed, imported whole or not at all, undone.

    Columns: `respondent, municipality, group, topic, scale` or `respondente, municipio, grupo, topico, escala`.
    """

    read_rule = may_run_consultations
    write_rule = may_run_consultations
    scope = "axes"
    kind = KIND

    def target(self) -> str:
        """The consultation of the address; 404 where this caller may not see it."""
        try:
            seen: Any = Consultation.objects.visible_to(self.request.user).get(public_id=self.kwargs["consultation"])
        except (Consultation.DoesNotExist, ValidationError) as error:
            raise Http404 from error
        return str(seen.public_id)


def register(router: Router) -> None:
    router.register(r"consultations/(?P<consultation>[^/]+)/imports", AnswersImportViewSet, "consultation-imports")
