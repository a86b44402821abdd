"""The description of the API and its pages."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.request import Request

from refamp.base.api.conditional import conditional, digest
from refamp.base.api.formats import MEDIA_TYPES
from refamp.base.api.problems import problem_response
from refamp.base.api.reference import reference
from refamp.base.api.views import Door
from refamp.base.doors import door, everyone

MEDIA_TYPES |= {"yaml": "application/vnd.oai.openapi", "oas": "application/vnd.oai.openapi+json"}


class SchemaDoor(Door):
    """OpenAPI 3.1, as YAML or JSON.

    It describes every address, whoever asks: what is not theirs is not secret, only shut.
    """

    read_rule = everyone
    schema = None
    offered_formats = ("yaml", "oas", "json")
    kept: ClassVar[dict[str, bytes]] = {}

    def get(self, request: Request) -> HttpResponse:
        # It changes only with the code: made once per process.
        if self.format not in self.kept:
            description = SchemaGenerator().get_schema(request=None, public=True)
            renderer = OpenApiYamlRenderer() if self.format == "yaml" else OpenApiJsonRenderer()
            self.kept[self.format] = renderer.render(description, renderer_context={})
        body = self.kept[self.format]
        response = HttpResponse(body, content_type=MEDIA_TYPES[self.format])
        response["Cache-Control"] = "public, max-age=300"
        return conditional(request._request, response, f"{digest(body)}.{self.format}")


class RootDoor(Door):
    """The lists of this API, by name."""

    read_rule = everyone
    schema = None
    names: ClassVar[dict[str, str]] = {}

    def get(self, request: Request) -> HttpResponse:
        return self.answer({name: self.origin + url for name, url in self.urls().items()})

    def urls(self) -> dict[str, Any]:
        return self.names


@door(everyone)
def documentation(request: HttpRequest) -> HttpResponse:
    """The description, as a page that anybody can read: from our own schema, without script."""
    return render(request, "api/docs.html", {"groups": reference()})


@csrf_exempt
def unknown_address(request: HttpRequest, **_rest: Any) -> HttpResponse:
    """What is not an address answers as this API answers; what only lacks its last slash is sent on."""
    if not request.path.endswith("/"):
        try:
            match = resolve(request.path_info + "/")
        except Resolver404:
            match = None
        if match is not None and match.func is not unknown_address:
            address = (
                request.path + "/" + (f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else "")
            )
            # 308 keeps the method and the body.
            response = HttpResponse(status=308, headers={"Location": address})
            patch_vary_headers(response, ("Accept",))
            return response
    return problem_response(request, 404, detail=_("There is no such address."), code="not_found")


unknown_address.rule = everyone  # type: ignore[attr-defined]  # read by the house test
