"""The ground of every map: shapes, projection, and where the camera stands."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import geometry

from dashboard.theme import Palette, template

Numbers = npt.NDArray[np.float64]
Points = TypeVar("Points", pd.Series, Numbers)
# Tried in a browser: with this centre the region fills the frame. The ranges only set the scale; narrower than the
# region, they cut nothing off.
LONGITUDES = (99.4, 124.6)
LATITUDES = (37, 53)
PARALLELS = (38, 52)
MERIDIAN = 112
# The width and height of these ranges on the plane of the projection, in radii of the earth.
PLANE = (0.3506, 0.2907)
# Where the camera stands (lon, lat) and how much nearer than for the whole region: the centre of the league's box on
# that plane, and its longer side filling 96 % of the frame. A test measures them against the boundaries.
CAMERAS = {
    "": (110.58, 45.66, 1.0),
    "150100": (111.42, 40.49, 8.84),
    "150200": (110.36, 41.49, 6.37),
    "150300": (106.86, 39.47, 18.07),
    "150400": (118.70, 43.29, 3.99),
    "150500": (121.44, 43.87, 4.84),
    "150600": (108.93, 39.28, 4.89),
    "150700": (120.74, 50.24, 2.56),
    "150800": (107.54, 41.33, 5.57),
    "150900": (112.57, 41.77, 4.95),
    "152200": (121.37, 45.95, 4.91),
    "152500": (115.40, 44.24, 2.96),
    "152900": (102.33, 40.31, 2.63),
    "hubaoe": (109.31, 40.19, 3.08),
    "wuhai": (106.86, 39.47, 9.0),
    "jining": (113.14, 41.09, 14.0),
}
SHAPES = Path(__file__).resolve().parents[1] / "static" / "boundaries"  # as the browser fetches them
FILLED = 0.96  # of the frame
NEARER, NEAREST = 1.25, 18.0  # how much nearer a camera has to come to be worth it, and may come
# Crowded parts to look at more closely: key of CAMERAS -> name.
ZOOMS = {"hubaoe": "呼包鄂", "wuhai": "乌海", "jining": "集宁"}


@dataclass(frozen=True)
class Sheet:
    """The ground that the maps of one figure share.

    `shapes`: address or folder of the shape files (see `shape`). `group`: the league whose banners are shown alone, or
    empty; `place`: its name, or what else stands before the number of places. `zoom`: a key of ZOOMS, or empty.
    `leagues`: rows of `queries.regions` to be named on a map of all banners. `others`: codes of the places that are
    outlined alone, because the reader compares others; `fit`: `fitted` to those that are compared.
    """

    shapes: str
    level: str
    group: str = ""
    place: str = ""
    zoom: str = ""
    leagues: pd.DataFrame | None = None
    others: tuple[str, ...] = ()
    fit: tuple[float, float, float] | None = None

    @property
    def camera(self) -> tuple[float, float, float]:
        """Longitude and latitude of the middle, and the scale."""
        key = self.group or self.zoom
        return self.fit if self.fit and not key else CAMERAS[key]

    @property
    def near(self) -> bool:
        """Whether the map shows only a part of the region."""
        return bool(self.group or self.zoom or self.fit)

    @property
    def around(self) -> pd.DataFrame | None:
        """The leagues that may be outlined around their banners: not the one that is shown alone."""
        return None if self.group else self.leagues

    @property
    def areas(self) -> str:
        """The name of the shapes."""
        return "banners" if self.level == "banner" else "leagues"

    @property
    def hatch(self) -> str:
        """The name of the hatches, finer for the banners of one league."""
        return f"hatch-{self.group or self.areas}"


def shape(folder: str, name: str) -> str | dict[str, object]:
    """The shapes called `name`: an address for the browser, or, when `folder` is a folder on disk, the shapes.

    The address keeps a `?v=` of `folder` behind the file name, so that new boundaries are fetched anew.
    """
    address, _, version = folder.partition("?")
    path = Path(address) / f"{name}.json"
    if path.is_absolute():
        loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        return loaded
    return f"{address}/{name}.json?{version}" if version else f"{address}/{name}.json"


def layout(dark: bool, colours: Palette) -> dict[str, object]:
    """The frame of a map of the whole region: the projection, and a view that the region fills."""
    return {
        "template": template(dark),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "dragmode": False,
        # Streamlit sets this for the first figure of a chart, and forgets it when another figure takes its place.
        "clickmode": "event+select",
        "showlegend": False,
        "geo": view(CAMERAS[""], colours),
    }


def view(camera: tuple[float, float, float], colours: Palette) -> dict[str, object]:
    """The projection as seen by a camera."""
    lon, lat, scale = camera
    return {
        "projection": {
            "type": "conic equal area",
            "parallels": list(PARALLELS),
            "rotation": {"lon": MERIDIAN},
            "scale": scale,
        },
        "center": {"lon": lon, "lat": lat},
        "lonaxis": {"range": LONGITUDES},
        "lataxis": {"range": LATITUDES},
        "visible": False,
        "bgcolor": colours.ground,
    }


@lru_cache(maxsize=2)
def _on_plane(areas: str) -> tuple[list[str], npt.NDArray[np.object_]]:
    """The codes of the shapes called `areas` (leagues, banners), and the shapes on the plane of the maps."""
    features = json.loads((SHAPES / f"{areas}.json").read_text(encoding="utf-8"))["features"]
    drawn = np.array([geometry.shape(feature["geometry"]) for feature in features])
    flat = shapely.transform(drawn, lambda ends: np.column_stack(plane(*ends.T)))
    return [feature["properties"]["code"] for feature in features], flat


@lru_cache(maxsize=2)
def boxes(areas: str) -> pd.DataFrame:
    """How far the shapes called `areas` (leagues, banners) reach on the plane of the maps: index code; left, bottom,
    right, top (float64, radii of the earth).
    """
    codes, shapes = _on_plane(areas)
    return pd.DataFrame(shapely.bounds(shapes), codes, ["left", "bottom", "right", "top"])


@lru_cache(maxsize=2)
def _tree(areas: str) -> shapely.STRtree:
    return shapely.STRtree(_on_plane(areas)[1])


def areas_at(areas: str, points: Numbers) -> list[str]:
    """In which of the shapes called `areas` each point (x, y) of the plane lies: its code, empty outside of all."""
    codes, found = _on_plane(areas)[0], [""] * len(points)
    for at, area in _tree(areas).query(shapely.points(points), predicate="within").T.tolist():
        found[at] = codes[area]
    return found


def fitted(codes: pd.Index, areas: str) -> tuple[float, float, float] | None:
    """The camera in which those of the shapes called `areas` fill the frame; None where they need the whole of it."""
    of = boxes(areas).loc[codes]
    left, right, bottom, top = of["left"].min(), of["right"].max(), of["bottom"].min(), of["top"].max()
    scale = FILLED * min(PLANE[0] / (right - left), PLANE[1] / (top - bottom))
    if scale < NEARER:
        return None
    return *sphere((left + right) / 2, (bottom + top) / 2), float(min(scale, NEAREST))


def sphere(x: float, y: float) -> tuple[float, float]:
    """The longitude and latitude of a point of the plane: `plane` turned round, equations 14-8 to 14-11."""
    n, c, origin = _cone()
    rho, theta = np.hypot(x, origin - y), np.arctan2(x, origin - y)
    return float(MERIDIAN + np.degrees(theta / n)), float(np.degrees(np.arcsin((c - (n * rho) ** 2) / (2 * n))))


def _cone() -> tuple[float, float, float]:
    """The constants n, C and rho_0 of the projection (see `plane`)."""
    first, second = np.radians(PARALLELS)
    n = (np.sin(first) + np.sin(second)) / 2
    c = np.cos(first) ** 2 + 2 * n * np.sin(first)
    return n, c, np.sqrt(c - 2 * n * np.sin(np.radians(45))) / n


def plane(lon: Points, lat: Points) -> tuple[Points, Points]:
    """Places on the plane of the maps, in radii of the earth, x to the east of MERIDIAN, y to the north of 45°.

    Albers equal-area conic projection of the sphere. Source: J. P. Snyder, Map projections: a working manual, USGS
    Professional Paper 1395 (1987), equations 14-1 to 14-6.
    """
    n, c, origin = _cone()
    rho = np.sqrt(c - 2 * n * np.sin(np.radians(lat))) / n
    theta = n * np.radians(lon - MERIDIAN)
    return rho * np.sin(theta), origin - rho * np.cos(theta)
