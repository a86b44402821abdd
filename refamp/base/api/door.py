"""What every address of the API has in common. A door without a declared rule does not start."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from refamp.base.api.columns import Addresses, Row, reference
from refamp.base.api.errors import BadParameters
from refamp.base.api.formats import MEDIA_TYPES, encode

SINGLE = frozenset({"format", "limit", "cursor", "count", "fields", "ordering", "search"})


class Door(APIView):
    """What every address of the API has: a rule, strict parameters, problems, headers that caches understand."""

    read_rule: Any = None
    write_rule: Any = None
    # The room's word in a token's scopes: `write:<scope>`.
    scope = ""
    # Query parameters that the door takes beside those of its kind.
    extra_parameters: Sequence[str] = ()
    offered_formats: Sequence[str] = ("json",)
    format = "json"

    def __init_subclass__(cls, *, abstract: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("read_rule", "write_rule"):
            rule = cls.__dict__.get(name)
            if callable(rule) and not isinstance(rule, staticmethod):
                # A plain function would become a method and be handed the view instead of the user.
                setattr(cls, name, staticmethod(rule))
        if not abstract and cls.read_rule is None:
            raise ImproperlyConfigured(f"{cls.__module__}.{cls.__name__} declares no read_rule: who may call it?")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # The encoding named in a Content-Type also governs how Django reads the query: only ours is spoken here.
        if request.encoding not in (None, "utf-8"):
            request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.format_kwarg = None
        request.version, request.versioning_scheme = None, None
        handler = getattr(self, str(request.method).lower(), None)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        if handler is None:
            self.http_method_not_allowed(request)
        if any("\0" in str(value) for value in kwargs.values()):
            raise Http404
        self.check_permissions(request)
        self.check_parameters(request)

    @classmethod
    def offers(cls, action: str) -> bool:
        """Whether the door does this (`list`, `retrieve`, `create`, `partial_update`, an extra action)."""
        return callable(getattr(cls, action, None))

    def known_parameters(self) -> frozenset[str]:
        return frozenset({"format", *self.extra_parameters})

    def check_parameters(self, request: Request) -> None:
        """Raises BadParameters for what the door does not know, for what is said twice, and for NUL."""
        query = request.query_params
        if not query:
            return
        known, problems = self.known_parameters(), []
        for name, values in query.lists():
            if name not in known:
                problems.append((name.replace("\0", ""), "unknown", _("This address has no such parameter.")))
            elif any("\0" in value for value in values):
                problems.append((name, "invalid", _("A NUL character has no place here.")))
            elif len(values) > 1 and name in SINGLE:
                problems.append((name, "repeated", _("Say it once.")))
        if problems:
            raise BadParameters(problems)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            super().http_method_not_allowed(request, *args, **kwargs)
        except Exception as error:
            error.allowed = self.allowed_methods  # type: ignore[attr-defined]  # RFC 9110 wants it in `Allow`
            raise

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Say which methods there are."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    @cached_property
    def origin(self) -> str:
        return self.request._request.build_absolute_uri("/")[:-1]

    @cached_property
    def address(self) -> Addresses:
        """`self.address("municipalities", "1312")`: the absolute address of an object of another door."""
        return Addresses(self.origin)

    def reference(self, identifier: Any, label: Any, to: str | None) -> Row | None:
        """Another object, for rows that `finish` completes."""
        return reference(identifier, label, self.address(to, identifier))

    def answer(self, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """JSON, without the framework's rendering machinery."""
        return HttpResponse(encode(data), status=status, content_type=MEDIA_TYPES["json"], headers=headers)
