"""An API for the tests of the base: parishes to read, accounts to write."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import F
from django.http import HttpResponse
from django.urls import include, path, re_path
from django_filters import rest_framework as filters
from rest_framework import serializers

from refamp.accounts.models import User
from refamp.base.api.columns import ReferenceField
from refamp.base.api.documents import unknown_address
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet, WriteViewSet
from refamp.base.doors import everyone, signed_in
from refamp.base.errors import Refused, Stale
from refamp.base.sql import Fold
from refamp.territory.models import Municipality, Parish


class PlaceSerializer(serializers.ModelSerializer):
    municipality = ReferenceField(id="municipality__code", label="municipality__name", to="municipalities")
    area = serializers.DecimalField(source="municipality.area_km2", max_digits=8, decimal_places=2)
    letters = serializers.SerializerMethodField()

    class Meta:
        model = Parish
        fields = ("code", "name", "municipality", "area", "valid_from", "valid_to", "letters")

    def get_letters(self, _obj) -> int:
        raise AssertionError("rows come from values, not from serializers")


class PlaceFilters(filters.FilterSet):
    municipality = filters.CharFilter(field_name="municipality__code")
    since = filters.DateFilter(field_name="valid_from", lookup_expr="gte")
    place = filters.NumberFilter(field_name="municipality_id")
    ended = filters.DateFromToRangeFilter(field_name="valid_to")

    class Meta:
        model = Parish
        fields = ("municipality", "since", "place", "ended")


class PlaceViewSet(ReadViewSet):
    read_rule = everyone
    scope = "territory"
    serializer_class = PlaceSerializer
    filterset_class = PlaceFilters
    lookup_field = "code"
    ordering = ("code",)
    ordering_fields = {
        "code": "code",
        "name": Order(Fold("name")),
        "valid_from": "valid_from",
        "valid_to": Order(F("valid_to")),
        "municipality": "municipality__code",
    }
    search_fields = ("name", "municipality__name")
    geometry = "boundary"

    def queryset_for(self, user):
        return Parish.objects.all()

    def finish(self, rows, keys):
        for row in rows:
            if self.wants("letters"):
                row["letters"] = len(row.get("name", ""))


class MunicipalityViewSet(ReadViewSet):
    read_rule = everyone
    lookup_field = "code"

    class serializer_class(serializers.ModelSerializer):  # noqa: N801
        class Meta:
            model = Municipality
            fields = ("code",)

    def queryset_for(self, user):
        return Municipality.objects.all()


class PersonSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="public_id", read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "email", "version")


class PersonInSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=20)
    email = serializers.EmailField()


def rename(obj, data, version):
    if version is not None and User.objects.get(pk=obj.pk).version != version:
        raise Stale("changed", current=obj)
    User.objects.filter(pk=obj.pk).update(version=F("version") + 1, **data)
    return User.objects.get(pk=obj.pk)


class PersonViewSet(WriteViewSet):
    read_rule = signed_in
    write_rule = signed_in
    scope = "axes"
    serializer_class = PersonSerializer
    write_serializer_class = PersonInSerializer
    lookup_value_regex = "[^/]+"
    ordering = ("name",)
    ordering_fields = ("name",)

    def queryset_for(self, user):
        return User.objects.none() if isinstance(user, AnonymousUser) else User.objects.all()

    def may_change(self, user, obj):
        return obj.name != "Nobody may change me"

    def create_object(self, data):
        if data["name"] == "refused":
            raise Refused("Not this name.", code="no", field="name")
        if data["name"] == "conflict":
            raise Refused("Not now.", code="wrong_state")
        if data["name"] == "broken":
            raise RuntimeError("a mistake of ours")
        return User.objects.create(**data)

    def update_object(self, obj, data, version):
        return rename(obj, data, version)


router = Router()
router.register("places", PlaceViewSet)
router.register("municipalities", MunicipalityViewSet)
router.register("people", PersonViewSet)


def home(_request):
    return HttpResponse("home")


api = ([path("v1/", include(router.urls)), re_path(r"^(?P<rest>.*)$", unknown_address)], "api")
urlpatterns = [path("api/", include(api))]
