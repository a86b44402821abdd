"""Reading the territory's files: lists with codes, and boundaries in GeoJSON or GeoPackage."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from django.utils.translation import gettext_lazy as _
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from refamp.base.errors import Refused
from refamp.base.text import fold

WGS84 = CRS.from_epsg(4326)
# About a decimetre: finer than any boundary that is published, and a third of the size.
PRECISION = 1e-6
DEGREES = (-180, -90, 180, 90)
LIKELY_NAMES = ("dtmn", "dtmnfr", "dico", "dicofre", "code", "codigo", "cod", "cod_dico", "cod_dicofre")
CODE_WIDTH = {"municipality": 4, "parish": 6}


def read_list(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """A CSV file with exactly these columns (in any order), UTF-8. Raises Refused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if set(reader.fieldnames or ()) != set(columns):
                raise Refused(
                    _("%(file)s must have the columns %(columns)s.")
                    % {"file": path.name, "columns": ", ".join(columns)}
                )
            return [{name: (value or "").strip() for name, value in row.items()} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(_("%(file)s cannot be read: %(why)s") % {"file": path, "why": error}) from error


@dataclass
class Boundaries:
    """What a file holds for our places: `found` code → GeoJSON geometry in WGS 84; what did not match, in words."""

    crs: str
    code_field: str
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def read_boundaries(
    path: Path, *, level: str, codes: set[str], code_field: str | None = None, layer: str | None = None
) -> Boundaries:
    """Read, find the code, repair, merge, reproject.

    `level` is "municipality" or "parish", `codes` those of our places. A file of parishes also serves for
    municipalities: its parts are merged. Raises Refused for a file that cannot be read, an unknown reference system, a
    code that cannot be found, or a geometry that is no polygon.
    """
    meta, geometries, columns = read_features(path, layer)
    transformer = transformer_of(meta["crs"])
    name, values = find_codes(columns, codes, CODE_WIDTH[level], code_field)
    parts: dict[str, list[Any]] = defaultdict(list)
    result = Boundaries(crs=str(meta["crs"]), code_field=name)
    unknown = set()
    for code, geometry in zip(values, geometries, strict=True):
        if code not in codes:
            unknown.add(code or "–")
            continue
        polygons, repaired = polygons_of(geometry, code)
        if repaired:
            result.repaired.append(code)
        parts[code].append(polygons)
    for code, several in sorted(parts.items()):
        if len(several) > 1:
            result.merged.append(code)
        result.found[code] = geojson(several, transformer, code)
    result.missing = sorted(codes - result.found.keys())
    result.unknown = sorted(unknown)
    return result


def read_features(path: Path, layer: str | None) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """(meta with its `crs`, geometries, columns by name) of one layer. Raises Refused."""
    if not path.is_file():
        raise Refused(_("There is no file %(file)s.") % {"file": path})
    try:
        layers = pyogrio.list_layers(path)
        wanted = [str(name) for name, kind in layers if kind is not None and "Polygon" in str(kind)] or [
            str(layers[0][0])
        ]
        if layer is None and len(wanted) > 1:
            raise Refused(_("The file has several layers, say which: %(layers)s") % {"layers": ", ".join(wanted)})
        meta, _fids, geometry, columns = pyogrio.raw.read(path, layer=layer or wanted[0], force_2d=True)
        if geometry is None or not len(geometry):
            raise Refused(_("The file holds no shapes."))
        shapes = shapely.from_wkb(geometry)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.ShapelyError,
        IndexError,
    ) as error:
        raise Refused(
            _("%(file)s is neither GeoJSON nor GeoPackage: %(why)s") % {"file": path.name, "why": error}
        ) from error
    return meta, shapes, dict(zip(meta["fields"], columns, strict=True))


def transformer_of(crs: str | None) -> Transformer:
    """From the file's reference system to longitude and latitude. Raises Refused where it is not known."""
    if not crs:
        raise Refused(_("The file does not say its reference system (such as EPSG:3763)."))
    try:
        system = CRS.from_user_input(crs)
        if system.is_engineering:
            raise Refused(_("The reference system %(crs)s is not tied to the earth.") % {"crs": system.name})
        return Transformer.from_crs(system, WGS84, always_xy=True)
    except (CRSError, ProjError) as error:
        raise Refused(_("The reference system %(crs)s is not known.") % {"crs": crs}) from error


def find_codes(columns: dict[str, Any], codes: set[str], width: int, asked: str | None) -> tuple[str, list[str]]:
    """The column that holds the official codes, by its content, and its values as codes. Raises Refused."""
    if asked is not None and asked not in columns:
        raise Refused(
            _("The file has no field %(field)s; it has %(fields)s.") % {"field": asked, "fields": ", ".join(columns)}
        )
    best: tuple[int, int, str, list[str]] = (0, 0, "", [])
    for name, values in columns.items():
        if asked is not None and name != asked:
            continue
        read = [code_of(value, width) for value in values]
        hits = len(codes & set(read))
        likely = fold(name) in LIKELY_NAMES
        if (hits, likely) > best[:2]:
            best = (hits, int(likely), name, read)
    if not best[0]:
        raise Refused(
            _("No field holds the official codes: say which with --code-field (%(fields)s).")
            % {"fields": ", ".join(columns)}
        )
    return best[2], best[3]


def code_of(value: Any, width: int) -> str:
    """`104`, `104.0`, `"0104"` → `"0104"`; of a parish's six digits a municipality's are the first four."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = str(value).strip().removesuffix(".0")
    if not text.isdigit():
        return text
    text = text.zfill(width if len(text) <= width else 6)
    return text[:width]


def polygons_of(geometry: Any, code: str) -> tuple[Any, bool]:
    """The polygons of a shape, repaired where it crosses itself, and whether it did.

    Raises Refused where there are none.
    """
    repaired = geometry is not None and not shapely.is_valid(geometry)
    sound = shapely.make_valid(geometry) if repaired else geometry
    parts = [
        part
        for part in (shapely.get_parts(sound) if sound is not None else [])
        for part in (shapely.get_parts(part) if part.geom_type.startswith(("Multi", "GeometryC")) else [part])
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    if not parts:
        raise Refused(_("The shape of %(code)s is not a polygon.") % {"code": code})
    return shapely.union_all(parts), bool(repaired)


def geojson(parts: list[Any], transformer: Transformer, code: str) -> dict[str, Any]:
    """One geometry in longitude and latitude, outer rings counter-clockwise (RFC 7946).

    Raises Refused where it is nowhere.
    """
    whole = shapely.union_all(parts)
    moved = shapely.transform(whole, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1])))
    if not (np.isfinite(moved.bounds).all() and shapely.box(*DEGREES).covers(shapely.box(*moved.bounds))):
        raise Refused(
            _("The coordinates of %(code)s are not degrees: the file does not say its reference system rightly.")
            % {"code": code}
        )
    exact = shapely.set_precision(shapely.make_valid(moved), PRECISION)
    return json.loads(shapely.to_geojson(shapely.orient_polygons(exact, exterior_cw=False)))
