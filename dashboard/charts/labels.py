"""Texts on maps: legible on any colour, and not on each other."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.charts.ground import PLANE, Numbers, Sheet, plane

Box = tuple[float, float, float, float]  # left, bottom, right, top

# Labels of neighbouring leagues would lie on each other at the label points; moved in degrees (lon, lat).
LABEL_SHIFTS = {
    "150100": (0.35, -0.15),
    "150200": (-0.1, 0.5),
    "150300": (-0.75, 0.1),
    "150600": (0.1, -0.35),
    "150800": (-0.3, 0.1),
    "150900": (0.7, 0.35),
    "150781": (-2.2, 0.1),
    "152501": (-1.2, 0.75),
}
LABEL_SIZE = 13
FRAME = (603, 500)  # pixels of a map on a desk screen, to find out which labels fit; in the proportion of PLANE
SPOTS = ("middle center", "bottom center", "top center", "middle right", "middle left")


def place_labels(
    places: pd.DataFrame,
    texts: Sequence[str],
    on_dark: Sequence[bool],
    *,
    size: int = LABEL_SIZE,
    spots: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """A text at the label point of each place; `texts` and `on_dark` (lies on a dark area) in the order of `places`.

    A halo of the opposite colour keeps a label legible where it reaches into the neighbouring area. `spots`: where the
    text stands to the point (one of SPOTS); without them on the point, but moved by LABEL_SHIFTS.
    """
    points = zip(places.index.tolist(), places["lon"].tolist(), places["lat"].tolist(), strict=True)
    labels = list(zip(points, texts, on_dark, spots or [""] * len(places), strict=True))
    traces = []
    for dark in (False, True):
        part = [(*point, text, spot) for point, text, lies_on_dark, spot in labels if text and lies_on_dark == dark]
        ink, halo = ("#ffffff", "#12304b") if dark else ("#1d2733", "#ffffff")
        shifts = [LABEL_SHIFTS.get(code, (0.0, 0.0)) if spots is None else (0.0, 0.0) for code, *_ in part]
        traces.append(
            {
                "type": "scattergeo",
                "lon": [lon + dx for (_, lon, _, _, _), (dx, _) in zip(part, shifts, strict=True)],
                "lat": [lat + dy for (_, _, lat, _, _), (_, dy) in zip(part, shifts, strict=True)],
                "mode": "text",
                "text": [text for *_, text, _ in part],
                **({} if spots is None else {"textposition": [spot for *_, spot in part]}),
                "textfont": {
                    "size": size,
                    "color": ink,
                    "shadow": ",".join(f"{x}px {y}px 2px {halo}" for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0))),
                },
                "hoverinfo": "skip",
            }
        )
    return traces


def nearest(points: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """For each of `points` the place whose label point is nearest."""
    xs, ys = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    at_x, at_y = plane(points["lon"].to_numpy(), points["lat"].to_numpy())
    far = np.hypot(at_x[:, None] - xs, at_y[:, None] - ys)
    return places.index[far.argmin(axis=1)].tolist()


def _pixels(places: pd.DataFrame, sheet: Sheet) -> tuple[Numbers, Numbers]:
    """Where the label points lie in a frame of FRAME pixels, from its middle."""
    lon, lat, scale = sheet.camera
    unit = scale * FRAME[0] / PLANE[0]
    x, y = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    middle_x, middle_y = plane(np.array([lon]), np.array([lat]))
    return (x - middle_x) * unit, (y - middle_y) * unit


def in_view(places: pd.DataFrame, sheet: Sheet) -> npt.NDArray[np.bool_]:
    """Which label points lie in the part of the map that is shown."""
    x, y = _pixels(places, sheet)
    return (np.abs(x) < FRAME[0] / 2) & (np.abs(y) < FRAME[1] / 2)


def fitting(
    places: pd.DataFrame, texts: Sequence[str], sheet: Sheet, size: int, first: str = ""
) -> tuple[list[str], list[str]]:
    """Which label of each place fits between the others and where: name and value, the name alone, or none.

    A place tries all spots around its point, with its value, then without; `first`: the one that tries before others.
    `texts` and what is returned are in the order of `places`.
    """
    xs, ys = (pixels.tolist() for pixels in _pixels(places, sheet))
    codes, names = places.index.tolist(), places["short_name"].tolist()
    taken: list[Box] = []
    found, spots = [""] * len(codes), [SPOTS[0]] * len(codes)
    for at in sorted(range(len(codes)), key=lambda at: codes[at] != first):
        for text, spot in product((texts[at], names[at]), SPOTS):
            box = _box(text, spot, xs[at], ys[at], size)
            inside = max(abs(box[0]), abs(box[2])) < FRAME[0] / 2 and max(abs(box[1]), abs(box[3])) < FRAME[1] / 2
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found[at], spots[at] = text, spot
                break
    return found, spots


def _box(text: str, spot: str, x: float, y: float, size: int) -> Box:
    """Left, bottom, right, top of a label in pixels."""
    lines = text.replace("<b>", "").replace("</b>", "").split("<br>")
    width, height = max(width_of(line) for line in lines) * size * 0.54, len(lines) * size * 1.3
    upright, _, sideways = spot.partition(" ")
    left = x - width / 2 if sideways == "center" else x + 4 if sideways == "right" else x - width - 4
    bottom = y - height / 2 if upright == "middle" else y if upright == "top" else y - height
    return left, bottom, left + width, bottom + height


@lru_cache(maxsize=4096)  # a label tries several places
def width_of(text: str) -> int:
    """The width of a text in half-width signs."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
