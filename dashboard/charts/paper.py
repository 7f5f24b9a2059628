"""A map as one small vector picture for paper, with the shapes, colours and words of its figure."""

import base64
import html
import json
import re
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from dashboard.charts.ground import CAMERAS, PLANE, SHAPES, plane
from dashboard.theme import FONTS, LIGHT, channels

WIDTH = 900  # in steps of which no outline can be seen to have corners
HEIGHT = round(WIDTH * PLANE[1] / PLANE[0])
MARGIN = 8
LETTERS = 19  # height
HATCH = (
    f'<pattern id="h" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="9" height="9" fill="{LIGHT.missing}"/><rect width="1.6" height="9" fill="{LIGHT.hatch}"/></pattern>'
)


def map_image(figure: go.Figure) -> str:
    """A map of `charts.maps` in light colours as the address of a picture (data:).

    Areas without a figure are hatched, as on the screen; the legend is left out, since every value is written.
    """
    parts = []
    traces = [trace.to_plotly_json() for trace in figure.data]  # plain: plotly's own answer dearly for each property
    for trace in traces:
        if trace["type"] == "choropleth":
            name = PurePosixPath(urlsplit(trace["geojson"]).path).name
            if name.startswith("hatch"):
                continue
            if "coloraxis" in trace:
                fills = sample_colorscale(_scale(figure.layout.coloraxis.colorscale), list(trace["z"]))
            else:  # without a figure, or outlines alone
                fills = ["url(#h)" if trace["colorscale"][0][1] == LIGHT.missing else "none"] * len(trace["z"])
            line = trace["marker"]["line"]
            stroke = f'stroke="{line["color"]}" stroke-width="{line["width"]}"'
            paths = _outlines(str(SHAPES / name))
            parts += [
                f'<path d="{paths[code]}" fill="{fill}" {stroke}/>'
                for code, fill in zip(trace["locations"], fills, strict=True)
            ]
    for trace in traces:
        if trace.get("mode") == "lines+markers":  # from labels to their areas
            stroke = f'stroke="{trace["line"]["color"]}" stroke-width="{trace["line"]["width"]}"'
            for start, end in zip(
                *[list(zip(trace["lon"], trace["lat"], strict=True))[at::3] for at in (0, 1)], strict=True
            ):
                (x1, y1), (x2, y2) = _place(*start), _place(*end)
                parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {stroke}/>')
        if trace["type"] == "scattergeo" and trace.get("mode") == "text":
            colour = trace["textfont"]["color"]
            parts += [
                _words(*_place(lon, lat), text, colour)
                for lon, lat, text in zip(trace["lon"], trace["lat"], trace["text"], strict=True)
            ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><defs>{HATCH}</defs>'
        f"{''.join(parts)}</svg>"
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _scale(colorscale: tuple[tuple[float, str], ...]) -> list[list[float | str]]:
    """A scale in the notation that plotly can take a sample of."""
    return [[at, f"rgb{channels(colour)}"] for at, colour in colorscale]


def _words(x: int, y: int, text: str, colour: str) -> str:
    """A label of one line or more, the first one bold where the figure's is, with an edge that keeps it legible."""
    edge = LIGHT.ground if colour == LIGHT.text else LIGHT.sequential[-1]
    lines = text.split("<br>")
    spans = "".join(
        f'<tspan x="{x}" dy="{LETTERS if number else 0}" font-weight="{600 if "<b>" in line else 400}">'
        f"{html.escape(re.sub('<[^>]+>', '', line))}</tspan>"
        for number, line in enumerate(lines)
    )
    return (
        f'<text y="{y}" text-anchor="middle" font-family="{FONTS}" font-size="{LETTERS}" fill="{colour}" '
        f'stroke="{edge}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">{spans}</text>'
    )


@lru_cache(maxsize=4)  # the boundaries change with a release, and their folder holds two files
def _outlines(file: str) -> dict[str, str]:
    """Code -> the outline as an SVG path, of a file of boundaries (GeoJSON)."""
    paths = {}
    for feature in json.loads(Path(file).read_text(encoding="utf-8"))["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        paths[feature["properties"]["code"]] = "".join(_path(ring) for polygon in polygons for ring in polygon)
    return paths


def _path(ring: list[list[float]]) -> str:
    x, y = _pixels(pd.Series([point[0] for point in ring]), pd.Series([point[1] for point in ring]))
    corners = [point for point, _ in groupby(zip(x, y, strict=True))]
    steps = [f"{here[0] - last[0]},{here[1] - last[1]}" for last, here in pairwise(corners)]
    return f"M{corners[0][0]},{corners[0][1]}l{' '.join(steps)}Z"


@lru_cache(maxsize=4096)  # names stand in the same places on every map
def _place(lon: float, lat: float) -> tuple[int, int]:
    (x,), (y,) = _pixels(pd.Series([lon]), pd.Series([lat]))
    return x, y


def _pixels(lon: pd.Series, lat: pd.Series) -> tuple[list[int], list[int]]:
    """Places in the picture, which the whole region fills."""
    x, y = plane(lon, lat)
    left, top = _corner()
    step = (WIDTH - 2 * MARGIN) / PLANE[0]
    across, down = MARGIN + (x - left) * step, MARGIN + (top - y) * step
    return across.round().astype(int).tolist(), down.round().astype(int).tolist()


@lru_cache(maxsize=1)
def _corner() -> tuple[float, float]:
    """The upper left corner of the region on the plane: the centre of the camera, less half of what it sees."""
    lon, lat, _ = CAMERAS[""]
    x, y = plane(pd.Series([lon]), pd.Series([lat]))
    return float(x.iloc[0] - PLANE[0] / 2), float(y.iloc[0] + PLANE[1] / 2)
