"""Boundaries of the leagues and banners: read, check, hatch, and write what the browser fetches.

The source files lie in data/boundaries/ (see its README.md). Faults are the team's own, so they stop the build
(`UserError`, all faults at once).
"""

import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyogrio.errors import DataSourceError  # type: ignore[import-untyped]

from etl import static
from etl.catalogue import Region
from etl.errors import UserError
from etl.static import SOURCES as FILES

LEVEL_NAMES = {"league": "盟市", "banner": "旗县（市、区）"}
REGION_CODE = "150000"

WGS84 = "EPSG:4326"
EXTENT = shapely.box(97, 37, 127, 54)  # degrees; Inner Mongolia with a margin
GAP = 0.005  # degrees; narrower openings between neighbours are gaps, wider ones may be real inlets
MISMATCH = 1.0  # km²; banners may differ from their league by this much

# The projection in which the dashboard draws its maps: hatched here, the stripes are straight and parallel there.
PLANE = "+proj=aea +lat_1=38 +lat_2=52 +lat_0=45 +lon_0=112 +datum=WGS84 +units=km"
EXTENT_KM = 2200.0  # the longer side of the whole region on the plane
SPACING = 24.0  # km between stripes on a map of the whole region (0.22° of latitude); halved on maps of a part
WIDTH = 0.12  # of the spacing
LEAST_STRIPES = 3  # in each region: where they do not fit, the spacing is halved again
STEP = 100.0  # km between vertices along a stripe: the browser draws great circles from vertex to vertex
DECIMALS = 4  # of a degree; the narrowest stripes are about 0.1 km wide

REASONS = {
    "Self-intersection": "边线自相交",
    "Ring Self-intersection": "边线自相交",
    "Too few points in geometry component": "边线的点太少",
    "Hole lies outside shell": "空洞在外环之外",
    "Holes are nested": "空洞相互嵌套",
    "Nested shells": "外环相互嵌套",
    "Duplicate Rings": "边线重复",
    "Interior is disconnected": "内部不连通",
    "Invalid Coordinate": "坐标无效",
}

# plotly.js asks for this base map even when it shows none of it, and draws nothing when it does not come.
BASE_LAYERS = ("coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits")
EMPTY_TOPOLOGY = {
    "type": "Topology",
    "objects": {layer: {"type": "GeometryCollection", "geometries": []} for layer in BASE_LAYERS},
    "arcs": [],
}


@dataclass(frozen=True)
class Boundaries:
    """The checked boundaries.

    `leagues` and `banners`: GeoDataFrames in WGS 84, sorted by and indexed with the code (the index has no name);
    columns code, name, parent, level (str), lon, lat (float64, degrees: the label point), geometry (Polygon or
    MultiPolygon, exterior rings clockwise). `version`: 8 hex digits that change with the bytes of the files.
    """

    leagues: gpd.GeoDataFrame
    banners: gpd.GeoDataFrame
    version: str


def read_boundaries(folder: Path, regions: Mapping[str, Region]) -> Boundaries:
    """Reads leagues.geojson and banners.geojson and checks them against the catalogue's regions (by code).

    Raises UserError that lists every fault with file, region and reason: a file missing or unreadable; codes missing,
    unknown or doubled; name, parent or level other than in the catalogue; geometry invalid or not polygonal, outside
    Inner Mongolia, wound the wrong way, overlapping its neighbours or leaving gaps; a label point outside its region;
    banners that do not add up to their league.
    """
    faults: list[str] = []
    frames = {}
    for level, file in FILES.items():
        try:
            frame = _read((folder / file).read_bytes())
        except FileNotFoundError:
            faults.append(f"缺少边界文件 {file}")
            continue
        except (DataSourceError, UnicodeDecodeError):
            faults.append(f"{file}：不是有效的GeoJSON文件（UTF-8），可能已损坏或不完整")
            continue
        expected = {code: region for code, region in regions.items() if region.level == level}
        faults += [f"{file}：{fault}" for fault in _code_faults(frame, expected, LEVEL_NAMES[level])]
        known = frame[frame["code"].isin(list(expected)) & ~frame["code"].duplicated()]
        faults += [f"{file}：{fault}" for fault in _region_faults(known, expected)]
        faults += [f"{file}：{fault}" for fault in _coverage_faults(known)]
        frames[level] = known.set_index("code", drop=False).rename_axis(index=None).sort_index()
    if not faults:
        faults = _nesting_faults(frames["league"], frames["banner"])
    if faults:
        raise UserError("行政区划边界有误，未生成新版本：\n" + "\n".join(f"  · {fault}" for fault in faults))
    return Boundaries(frames["league"], frames["banner"], static.version(folder))


def hatch(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Thin diagonal stripes inside each region of `frame` (indexed by code), for regions without a figure.

    Returns a GeoDataFrame in WGS 84 with the same index; columns code (str), spacing (float64, km between stripes on
    the map) and geometry (Polygon or MultiPolygon, rings clockwise). The spacing suits a map that shows just these
    regions: `SPACING` for all of Inner Mongolia, halved for smaller extents, and halved again for a region that would
    get fewer than `LEAST_STRIPES` stripes. All stripes hang on one grid: those of equal spacing meet at the borders.
    """
    plane = frame.geometry.to_crs(PLANE)
    left, bottom, right, top = plane.total_bounds
    halvings = max(0, round(math.log2(EXTENT_KM / max(right - left, top - bottom))))
    upright = plane.rotate(-45, origin=(0, 0))
    spacings, stripes = zip(*[_stripes(region, SPACING / 2**halvings) for region in upright], strict=True)
    turned = gpd.GeoSeries(list(stripes), index=frame.index, crs=PLANE).rotate(45, origin=(0, 0))
    # A straight side on the plane is bent in degrees by some metres, enough to cross a narrow neighbour.
    mended = turned.segmentize(STEP).to_crs(WGS84).make_valid(method="structure", keep_collapsed=False)
    rounded = shapely.set_precision(mended.to_numpy(), 10**-DECIMALS)
    geometry = shapely.orient_polygons(shapely.normalize(rounded), exterior_cw=True)
    return gpd.GeoDataFrame({"code": frame.index, "spacing": spacings}, geometry=geometry, index=frame.index, crs=WGS84)


def neighbours(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs of regions that share a border line (a common point alone does not count).

    `frame` is indexed by code. Returns the columns code and neighbour (str), each pair in both directions, sorted.
    """
    shapes = frame.geometry.to_numpy()
    left, right = frame.sindex.query(shapes, predicate="intersects")
    line_in_common = shapely.relate_pattern(shapes[left], shapes[right], "F***1****")
    pairs = pd.DataFrame({"code": frame.index[left[line_in_common]], "neighbour": frame.index[right[line_in_common]]})
    return pairs.sort_values(["code", "neighbour"], ignore_index=True)


def write_static(boundaries: Boundaries, folder: Path) -> None:
    """Writes what the browser fetches below `folder`; a file that already has these bytes is left alone.

    boundaries/leagues.json, banners.json: properties code, name, parent; hatch-leagues.json, hatch-banners.json,
    hatch-<code of a league>.json (its banners, finer, for a map of that league alone) and region.json (the outline of
    the whole region): property code. The `id` of each feature is its code.
    topojson/world_110m.json: an empty base map for plotly.js.
    """
    # Hatching takes longer than a small load: what this module made of these boundaries is not made again.
    if static.is_made(folder, boundaries.version):
        return
    named = ["code", "name", "parent", "geometry"]
    coded = ["code", "geometry"]
    contents = {
        "boundaries/leagues.json": boundaries.leagues[named].to_geo_dict(),
        "boundaries/banners.json": boundaries.banners[named].to_geo_dict(),
        "boundaries/hatch-leagues.json": hatch(boundaries.leagues)[coded].to_geo_dict(),
        "boundaries/hatch-banners.json": hatch(boundaries.banners)[coded].to_geo_dict(),
        **{
            f"boundaries/hatch-{league}.json": hatch(banners)[coded].to_geo_dict()
            for league, banners in boundaries.banners.groupby("parent")
        },
        "boundaries/region.json": _outline(boundaries.leagues).to_geo_dict(),
        "topojson/world_110m.json": EMPTY_TOPOLOGY,
    }
    for name, content in contents.items():
        _write_if_changed(folder / name, _compact(content))
    made = static.record(folder, boundaries.version, list(contents))
    _write_if_changed(folder / static.STAMP, made.encode())


def _read(content: bytes) -> gpd.GeoDataFrame:
    """The features as they stand; what a feature lacks is empty text, NaN or no geometry."""
    frame = gpd.read_file(io.BytesIO(content), engine="pyogrio", on_invalid="ignore")
    texts = {column: _column(frame, column).astype("str").fillna("") for column in ("code", "name", "parent", "level")}
    numbers = {column: pd.to_numeric(_column(frame, column), errors="coerce") for column in ("lon", "lat")}
    return gpd.GeoDataFrame({**texts, **numbers}, geometry=frame.geometry.to_numpy(), crs=WGS84)


def _column(frame: gpd.GeoDataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index)


def _code_faults(frame: gpd.GeoDataFrame, expected: Mapping[str, Region], level_name: str) -> list[str]:
    found = frame["code"]
    faults = [f"缺少{region.name}（{code}）" for code, region in expected.items() if code not in found.to_numpy()]
    unknown = frame[~found.isin(list(expected))]
    faults += [f"没有这个{level_name}：{row['name']}（{row['code']}）" for _, row in unknown.iterrows()]
    doubled = found[found.duplicated() & found.isin(list(expected))]
    faults += [f"{expected[code].name}（{code}）重复出现" for code in doubled.unique()]
    return faults


def _region_faults(frame: gpd.GeoDataFrame, expected: Mapping[str, Region]) -> list[str]:
    """Faults of single regions; codes must be known."""
    faults = []
    for _, row in frame.iterrows():
        region = expected[row["code"]]
        reasons = [
            f"{label}为“{row[column]}”，指标目录中为“{getattr(region, column)}”"
            for column, label in [("name", "名称"), ("parent", "上级区划"), ("level", "级别")]
            if row[column] != getattr(region, column)
        ]
        reasons += _geometry_faults(row["geometry"], row["lon"], row["lat"])
        faults += [f"{region.name}（{region.code}）{reason}" for reason in reasons]
    return faults


def _geometry_faults(geometry: shapely.Geometry | None, lon: float, lat: float) -> list[str]:
    if geometry is None or geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
        return ["没有可用的面状图形"]
    if not geometry.is_valid:
        reason, _, place = shapely.is_valid_reason(geometry).rstrip("]").partition("[")
        return [f"图形无效：{REASONS.get(reason, reason)}" + (f"，位于 {place} 附近" if place else "")]
    faults = []
    if not EXTENT.contains(geometry):
        faults.append(f"坐标超出内蒙古范围：{'、'.join(f'{bound:g}' for bound in geometry.bounds)}")
    parts = shapely.get_parts(geometry)
    if any(part.exterior.is_ccw or any(not hole.is_ccw for hole in part.interiors) for part in parts):
        faults.append("环的方向不对：外环应为顺时针，内环应为逆时针，否则地图会把区外填满")
    if not geometry.contains(shapely.Point(lon, lat)):
        faults.append(f"标注点（{lon:g}，{lat:g}）不在区划之内")
    return faults


def _coverage_faults(frame: gpd.GeoDataFrame) -> list[str]:
    """Regions that overlap their neighbours or leave narrow gaps to them; empty while any geometry is invalid."""
    if not (frame.geom_type.isin(["Polygon", "MultiPolygon"]) & frame.is_valid).all():
        return []
    edges = shapely.coverage_invalid_edges(frame.geometry.to_numpy(), gap_width=GAP)
    return [
        f"{name}（{code}）与相邻区划重叠或有缝隙，位于 {edge.centroid.x:.3f} {edge.centroid.y:.3f} 附近"
        for code, name, edge in zip(frame["code"], frame["name"], edges, strict=True)
        if not edge.is_empty
    ]


def _nesting_faults(leagues: gpd.GeoDataFrame, banners: gpd.GeoDataFrame) -> list[str]:
    """Leagues that differ from the union of their banners: gaps of any width, and lines that do not meet."""
    united = banners.dissolve("parent", method="coverage").geometry.reindex(leagues.index)
    differing = leagues.geometry.symmetric_difference(united, align=False).to_crs(PLANE).area
    return [
        f"{FILES['banner']}：{leagues['name'][code]}（{code}）所辖{LEVEL_NAMES['banner']}"
        f"拼合后与{FILES['league']}中的范围相差{area:.1f}平方千米"
        for code, area in differing[differing > MISMATCH].items()
    ]


def _stripes(region: shapely.Geometry, widest: float) -> tuple[float, shapely.MultiPolygon]:
    """The spacing (`widest`, or halved as often as needed) and horizontal stripes in a region on the plane (km)."""
    left, bottom, right, top = region.bounds
    spacing = widest
    while True:
        half = spacing * WIDTH / 2
        middles = spacing * np.arange(np.floor(bottom / spacing), np.ceil(top / spacing) + 1)
        clipped = shapely.intersection(region, shapely.box(left, middles - half, right, middles + half))
        parts, stripe = shapely.get_parts(clipped, return_index=True)
        # Specks shorter than a stripe is wide (and mere points of contact) would only be noise.
        visible = shapely.area(parts) > (2 * half) ** 2
        if len(np.unique(stripe[visible])) >= LEAST_STRIPES:
            return spacing, shapely.multipolygons(parts[visible])
        spacing /= 2


def _outline(leagues: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    outline = shapely.orient_polygons(shapely.coverage_union_all(leagues.geometry.to_numpy()), exterior_cw=True)
    return gpd.GeoDataFrame({"code": [REGION_CODE]}, geometry=[outline], index=[REGION_CODE], crs=WGS84)


def _compact(content: object) -> bytes:
    """JSON in as few bytes as possible, decimals rounded away where floating point adds them."""
    plain = json.loads(json.dumps(content), parse_float=lambda text: round(float(text), DECIMALS))
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")  # two replicas may start at once
    aside.write_bytes(content)
    os.replace(aside, path)
