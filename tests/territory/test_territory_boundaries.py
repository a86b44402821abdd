"""Boundary files: official reference systems, codes found by content, all or nothing."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import translation
from pyproj import Transformer
from shapely.geometry import shape

from refamp.audit.models import Event
from refamp.territory.models import Municipality, Parish
from tests.factories import MunicipalityFactory, ParishFactory


@pytest.fixture(autouse=True)
def in_english():
    """The messages matched here are the source's."""
    with translation.override("en"):
        yield


pytestmark = pytest.mark.django_db
OFFICIAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "municipality_boundaries.geojson"


@pytest.fixture
def two():
    return [MunicipalityFactory(code="0104", name="Arouca"), MunicipalityFactory(code="1312", name="Porto")]


def square(x, y, size=0.1):
    return shapely.box(x, y, x + size, y + size)


def write(path, shapes, columns, *, crs="EPSG:4326", driver="GeoJSON"):
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(values, dtype=object) for values in columns.values()],
        list(columns),
        geometry_type="Unknown",
        crs=crs,
        driver=driver,
    )
    return path


def in_pt_tm06(geometry):
    there = Transformer.from_crs("EPSG:4326", "EPSG:3763", always_xy=True)
    return shapely.transform(geometry, lambda points: np.column_stack(there.transform(points[:, 0], points[:, 1])))


def boundary(code):
    return shape(Municipality.objects.get(code=code).boundary)


def test_a_plain_geojson_file_sets_boundaries(two, tmp_path, capsys):
    file = write(
        tmp_path / "b.geojson", [square(-8.3, 40.9), square(-8.6, 41.1)], {"nome": ["A", "P"], "dtmn": ["0104", "1312"]}
    )
    call_command("import_boundaries", file, source="DGT, CAOP 2025")
    assert shapely.hausdorff_distance(boundary("1312"), square(-8.6, 41.1)) < 2e-6
    assert Municipality.objects.get(code="1312").boundary_source == "DGT, CAOP 2025"
    assert capsys.readouterr().out == (
        "reference system EPSG:4326, codes in field dtmn\n2 places matched\n2 boundaries set, 0 unchanged\n"
    )
    assert Event.objects.filter(action="municipality.boundary_set").count() == 2
    call_command("import_boundaries", file, source="DGT, CAOP 2025")
    assert "0 boundaries set, 2 unchanged" in capsys.readouterr().out
    assert Event.objects.filter(action="municipality.boundary_set").count() == 2


@pytest.mark.parametrize("driver", ["GPKG", "GeoJSON"])
def test_the_official_reference_system_is_reprojected(two, tmp_path, driver):
    """EPSG:3763, codes as whole numbers without their zero, as a GeoPackage and as GeoJSON with an old-style crs."""
    file = tmp_path / ("b.gpkg" if driver == "GPKG" else "b.geojson")
    shapes = [in_pt_tm06(square(-8.3, 40.9)), in_pt_tm06(square(-8.6, 41.1))]
    columns = {"area": np.array([104.5, 2.0]), "codigo": np.array([104, 1312])}
    pyogrio.raw.write(
        file,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        list(columns.values()),
        list(columns),
        geometry_type="Polygon",
        crs="EPSG:3763",
        driver=driver,
    )
    call_command("import_boundaries", file)
    assert shapely.hausdorff_distance(boundary("0104"), square(-8.3, 40.9)) < 2e-6
    assert Municipality.objects.get(code="0104").boundary_source == file.name


def test_outer_rings_run_counter_clockwise(two, tmp_path):
    file = write(tmp_path / "b.geojson", [square(-8.3, 40.9).reverse(), square(-8.6, 41.1)], {"dtmn": ["0104", "1312"]})
    call_command("import_boundaries", file)
    assert shapely.is_ccw(boundary("0104").exterior)


def test_a_file_of_parishes_makes_municipalities(two, tmp_path, capsys):
    shapes = [square(-8.3, 40.9), square(-8.2, 40.9), square(-8.6, 41.1)]
    file = write(tmp_path / "b.geojson", shapes, {"DICOFRE": ["010402", "010407", "131202"]})
    call_command("import_boundaries", file)
    assert shapely.hausdorff_distance(boundary("0104"), shapely.box(-8.3, 40.9, -8.1, 41.0)) < 2e-6
    assert "1 merged from several shapes: 0104" in capsys.readouterr().out


def test_parishes_have_boundaries_too(two, tmp_path):
    parish = ParishFactory(code="010402", municipality=two[0])
    file = write(tmp_path / "b.geojson", [square(-8.3, 40.9), square(-8, 41)], {"dtmnfr": ["010402", "999999"]})
    call_command("import_boundaries", file, level="parish")
    parish.refresh_from_db()
    assert shapely.hausdorff_distance(shape(parish.boundary), square(-8.3, 40.9)) < 2e-6
    assert Parish.objects.filter(boundary__isnull=False).count() == 1


def test_a_shape_that_crosses_itself_is_repaired_and_said(two, tmp_path, capsys):
    bow = shapely.Polygon([(-8.3, 40.9), (-8.2, 41.0), (-8.2, 40.9), (-8.3, 41.0)])
    file = write(tmp_path / "b.geojson", [bow, square(-8.6, 41.1)], {"dtmn": ["0104", "1312"]})
    call_command("import_boundaries", file)
    assert "1 repaired: 0104" in capsys.readouterr().out
    assert boundary("0104").is_valid


def test_others_are_left_out_and_said(two, tmp_path, capsys):
    file = write(
        tmp_path / "b.geojson",
        [square(-8.3, 40.9), square(-8.6, 41.1), square(-9, 38)],
        {"dtmn": ["0104", "1312", "1106"]},
    )
    call_command("import_boundaries", file, dry_run=True)
    out = capsys.readouterr().out
    assert "1 not ours, left out: 1106" in out
    assert "Dry run: nothing was changed." in out
    assert not Municipality.objects.filter(boundary__isnull=False).exists()


def test_a_missing_place_stops_all_unless_it_is_accepted(two, tmp_path, capsys):
    file = write(tmp_path / "b.geojson", [square(-8.3, 40.9)], {"dtmn": ["0104"]})
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_boundaries", file)
    assert "1 without a boundary in the file: 1312" in capsys.readouterr().out
    assert not Municipality.objects.filter(boundary__isnull=False).exists()
    call_command("import_boundaries", file, partial=True)
    assert Municipality.objects.filter(boundary__isnull=False).count() == 1


def refused(file, match, **options):
    with pytest.raises(CommandError, match=match):
        call_command("import_boundaries", file, **options)
    assert not Municipality.objects.filter(boundary__isnull=False).exists()
    assert not Event.objects.filter(action="municipality.boundary_set").exists()


def test_an_unknown_reference_system_is_refused(two, tmp_path):
    both = [square(-8.3, 40.9), square(-8.6, 41.1)]
    metres = [in_pt_tm06(each) for each in both]
    with pytest.warns(UserWarning, match="crs"):
        file = write(tmp_path / "none.gpkg", metres, {"dtmn": ["0104", "1312"]}, crs=None, driver="GPKG")
    refused(file, "reference system")
    # GeoJSON that says nothing claims degrees; these are metres.
    claimed = tmp_path / "claimed.geojson"
    features = [
        {"type": "Feature", "properties": {"dtmn": code}, "geometry": json.loads(shapely.to_geojson(each))}
        for code, each in zip(["0104", "1312"], metres, strict=True)
    ]
    claimed.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    refused(claimed, "are not degrees")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not a file of shapes", "neither GeoJSON nor GeoPackage"),
        (b"", "neither GeoJSON nor GeoPackage"),
        (b'{"type":"FeatureCollection","features":[]}', "holds no shapes|neither GeoJSON"),
    ],
)
def test_what_is_no_boundary_file_is_refused(two, tmp_path, content, why):
    file = tmp_path / "b.geojson"
    file.write_bytes(content)
    refused(file, why)


def test_points_are_no_boundaries(two, tmp_path):
    refused(
        write(tmp_path / "b.geojson", [shapely.Point(-8.3, 40.9), square(-8, 41)], {"dtmn": ["0104", "1312"]}),
        "0104 is not a polygon",
    )


def test_codes_that_are_nowhere_are_asked_for(two, tmp_path):
    file = write(tmp_path / "b.geojson", [square(-8.3, 40.9)], {"x": ["abc"]})
    refused(file, "--code-field")
    refused(file, "has no field nome", code_field="nome")
    refused(tmp_path / "absent.geojson", "There is no file")


def test_the_official_file_fits(capsys):
    if not OFFICIAL.exists():
        pytest.skip("the file of official boundaries is not part of the project and is not beside it")
    call_command("load_territory")
    call_command("import_boundaries", OFFICIAL)
    assert "17 boundaries set" in capsys.readouterr().out
    for place in Municipality.objects.all():
        assert shape(place.boundary).contains(shapely.Point(float(place.lon), float(place.lat)))
