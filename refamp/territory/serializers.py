"""How places look to other systems."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from refamp.base.api.columns import ReferenceField
from refamp.territory.choices import CensusMeasure
from refamp.territory.models import Municipality, Parish


class CensusCountSerializer(serializers.Serializer):
    measure = serializers.ChoiceField(choices=CensusMeasure.choices)
    year = serializers.IntegerField()
    people = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the option


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Porto",
            value={
                "code": "1312",
                "name": "Porto",
                "short_name": "Porto",
                "district": "Porto",
                "nuts3": "PT11A",
                "lon": "-8.62100",
                "lat": "41.16170",
                "area_km2": "41.42",
                "tile_x": 1,
                "tile_y": 3,
                "population_2011": 237591,
                "population_2021": 231800,
                "valid_from": None,
                "valid_to": None,
                "has_boundary": False,
                "updated_at": "2026-11-24T21:56:54Z",
            },
        )
    ]
)
class MunicipalitySerializer(serializers.ModelSerializer):
    """A município."""

    population_2011 = serializers.IntegerField(allow_null=True, read_only=True, help_text="Residents, census of 2011.")
    population_2021 = serializers.IntegerField(allow_null=True, read_only=True, help_text="Residents, census of 2021.")
    has_boundary = serializers.BooleanField(read_only=True, help_text="Whether GeoJSON has a geometry for it.")

    class Meta:
        model = Municipality
        fields = (
            "code",
            "name",
            "short_name",
            "district",
            "nuts3",
            "lon",
            "lat",
            "area_km2",
            "tile_x",
            "tile_y",
            "population_2011",
            "population_2021",
            "valid_from",
            "valid_to",
            "has_boundary",
            "updated_at",
        )
        read_only_fields = fields


@extend_schema_serializer(examples=[])
class MunicipalityDetailSerializer(MunicipalitySerializer):
    """A município with its census figures."""

    boundary_source = serializers.CharField(
        read_only=True, help_text="Where the boundary came from; empty without one."
    )
    census = CensusCountSerializer(many=True, read_only=True)

    class Meta(MunicipalitySerializer.Meta):
        fields = (*MunicipalitySerializer.Meta.fields, "boundary_source", "census")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class ParishSerializer(serializers.ModelSerializer):
    """A freguesia, with the days on which it is known to exist."""

    id = serializers.UUIDField(
        source="public_id", read_only=True, help_text="One per parish and time; its code can come back."
    )
    municipality = ReferenceField(
        id="municipality__code", label="municipality__name", to="municipalities", allow_null=False
    )
    has_boundary = serializers.BooleanField(read_only=True, help_text="Whether GeoJSON has a geometry for it.")

    class Meta:
        model = Parish
        fields = ("code", "id", "name", "municipality", "valid_from", "valid_to", "has_boundary", "updated_at")
        read_only_fields = fields
