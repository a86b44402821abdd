"""Imports for machines, for every room that takes files.

class ConsultationImportViewSet(ImportViewSet):
    read_rule = signed_in
    write_rule = may_send_answers
    scope = "axes"
    kind = "axes.answers"

    def target(self):
        # Raises Http404 or PermissionDenied; `consultation` is in the address under which it is registered.
        seen = Consultation.objects.visible_to(self.request.user)
        consultation = get_object_or_404(seen, public_id=self.kwargs["consultation"])
        check(may_import_answers(self.request.user, consultation))
        return str(consultation.public_id)

router.register("consultations/(?P<consultation>[^/]+)/imports", ConsultationImportViewSet, "consultation-imports")
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request

from refamp.base.api.pagination import Order
from refamp.base.api.views import WriteViewSet
from refamp.jobs.actions import confirm_upload, create_upload, reject_upload, undo_upload
from refamp.jobs.models import Upload
from refamp.jobs.serializers import ImportSerializer, ImportWriteSerializer

ACCEPTED = 202


class ImportViewSet(WriteViewSet, abstract=True):
    """Send a file (202 and its address), see what was found, confirm it, undo it."""

    model = Upload
    serializer_class = ImportSerializer
    write_serializer_class = ImportWriteSerializer
    ordering = ("-sent",)
    ordering_fields = {"sent": Order("id", never_null=True)}
    columns = {name: name for name in ("problems", "mapping", "summary", "outcome")}
    # What the room registered with `register_upload`.
    kind = ""
    http_method_names = ("get", "head", "options", "post")

    def target(self) -> str:
        """The public id of what is imported into; refuses whoever may not. "" where there is nothing."""
        raise NotImplementedError

    def queryset_for(self, user: Any) -> QuerySet:
        return Upload.objects.visible_to(user).filter(kind=self.kind, target=self.target())

    def create_once(self) -> HttpResponse:
        target, data = self.target(), self.read_body()
        upload = create_upload(
            actor=self.request.user,
            kind=self.kind,
            target=target,
            file=data["file"],
            name=data["file"].name,
            mapping=data["mapping"],
        )
        return self.accepted(upload)

    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """Carry out what the check announced. Asking twice changes nothing."""
        return self.step(confirm_upload)

    @action(detail=True, methods=["post"])
    def reject(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """Leave it: nothing is imported."""
        return self.step(reject_upload)

    @action(detail=True, methods=["post"])
    def undo(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """Take back what was imported. Asking twice changes nothing."""
        return self.step(undo_upload)

    def step(self, change: Callable[..., Upload]) -> HttpResponse:
        return self.accepted(change(actor=self.request.user, upload=self.get_object()))

    def accepted(self, upload: Upload) -> HttpResponse:
        """The import as it stands; the worker goes on with it."""
        self.action = "retrieve"
        self.kwargs = {**self.kwargs, self.lookup_field: str(upload.public_id)}
        response = self.answer_object(Upload.objects.filter(pk=upload.pk), status=ACCEPTED, conditions=False)
        response["Location"] = self.reverse_action("detail", kwargs=self.kwargs)
        return response
