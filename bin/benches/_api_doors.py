"""The addresses of the platform, and beside them the same rows by a plain ModelViewSet."""

from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

django.setup()

from django.urls import include, path  # noqa: E402 - models exist only now
from rest_framework.negotiation import DefaultContentNegotiation  # noqa: E402
from rest_framework.pagination import PageNumberPagination  # noqa: E402
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.routers import SimpleRouter  # noqa: E402
from rest_framework.serializers import (  # noqa: E402
    BooleanField,
    CharField,
    HyperlinkedIdentityField,
    ModelSerializer,
    UUIDField,
)
from rest_framework.viewsets import ModelViewSet  # noqa: E402

from refamp.territory.api import HAS_BOUNDARY  # noqa: E402
from refamp.territory.models import Municipality, Parish  # noqa: E402
from refamp.urls import urlpatterns as platform  # noqa: E402


class PlainPagination(PageNumberPagination):
    page_size = 50
    page_size_query_param = "limit"


class PlaceSerializer(ModelSerializer):
    """Another object, as this API names it."""

    id = CharField(source="code")
    label = CharField(source="name")  # type: ignore[assignment]  # the framework has a `label` of its own
    url = HyperlinkedIdentityField(view_name="api:municipalities-detail", lookup_field="code")

    class Meta:
        model = Municipality
        fields = ("id", "label", "url")


class PlainSerializer(ModelSerializer):
    id = UUIDField(source="public_id")
    municipality = PlaceSerializer()
    has_boundary = BooleanField()

    class Meta:
        model = Parish
        fields = ("code", "id", "name", "municipality", "valid_from", "valid_to", "has_boundary", "updated_at")


class PlainViewSet(ModelViewSet):
    """What the framework gives without further thought, for the same rows in the same shape; no filters, no limits."""

    serializer_class = PlainSerializer
    pagination_class = PlainPagination
    renderer_classes = (JSONRenderer,)
    permission_classes = (AllowAny,)
    throttle_classes: tuple[Any, ...] = ()
    filter_backends: tuple[Any, ...] = ()
    content_negotiation_class = DefaultContentNegotiation
    schema = None

    def get_queryset(self) -> Any:
        places = Parish.objects.select_related("municipality").defer("boundary", "municipality__boundary")
        return places.annotate(has_boundary=HAS_BOUNDARY).order_by("code", "id")


router = SimpleRouter()
router.register("parishes", PlainViewSet, "plain")
urlpatterns = [path("plain/", include(router.urls)), *platform]

settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
