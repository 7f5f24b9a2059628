"""Texts on maps: legible on any colour, and not on each other."""

import unicodedata

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.ground import PLANE, Sheet, plane

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
    texts: pd.Series,
    on_dark: pd.Series,
    *,
    size: int = LABEL_SIZE,
    spots: pd.Series | None = None,
) -> list[go.Scattergeo]:
    """A text at the label point of each place; `texts` and `on_dark` (lies on a dark area) have the index of `places`.

    A halo of the opposite colour keeps a label legible where it reaches into the neighbouring area. `spots`: where the
    text stands to the point (one of SPOTS); without them on the point, but moved by LABEL_SHIFTS.
    """
    traces = []
    for dark in (False, True):
        part = places[(on_dark == dark) & (texts != "")]
        ink, halo = ("#ffffff", "#12304b") if dark else ("#1d2733", "#ffffff")
        shifts = [LABEL_SHIFTS.get(code, (0.0, 0.0)) if spots is None else (0.0, 0.0) for code in part.index]
        traces.append(
            go.Scattergeo(
                lon=[lon + dx for lon, (dx, _) in zip(part["lon"], shifts, strict=True)],
                lat=[lat + dy for lat, (_, dy) in zip(part["lat"], shifts, strict=True)],
                mode="text",
                text=texts[part.index].tolist(),
                textposition=None if spots is None else spots[part.index].tolist(),
                textfont={
                    "size": size,
                    "color": ink,
                    "shadow": ",".join(f"{x}px {y}px 2px {halo}" for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0))),
                },
                hoverinfo="skip",
            )
        )
    return traces


def nearest(points: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """For each of `points` the place whose label point is nearest."""
    xs, ys = plane(places["lon"], places["lat"])
    at_x, at_y = plane(points["lon"], points["lat"])
    far = np.hypot(at_x.to_numpy()[:, None] - xs.to_numpy(), at_y.to_numpy()[:, None] - ys.to_numpy())
    return places.index[far.argmin(axis=1)].tolist()


def _pixels(places: pd.DataFrame, sheet: Sheet) -> tuple[pd.Series, pd.Series]:
    """Where the label points lie in a frame of FRAME pixels, from its middle."""
    lon, lat, scale = sheet.camera
    unit = scale * FRAME[0] / PLANE[0]
    x, y = plane(places["lon"], places["lat"])
    middle_x, middle_y = plane(pd.Series([lon]), pd.Series([lat]))
    return (x - middle_x[0]) * unit, (y - middle_y[0]) * unit


def in_view(places: pd.DataFrame, sheet: Sheet) -> pd.Series:
    """Which label points lie in the part of the map that is shown (bool)."""
    x, y = _pixels(places, sheet)
    return (x.abs() < FRAME[0] / 2) & (y.abs() < FRAME[1] / 2)


def fitting(
    places: pd.DataFrame, texts: pd.Series, sheet: Sheet, size: int, first: str = ""
) -> tuple[pd.Series, pd.Series]:
    """Which label of each place fits between the others and where: name and value, the name alone, or none.

    A place tries all spots around its point, with its value, then without; `first`: the one that tries before others.
    """
    xs, ys = _pixels(places, sheet)
    taken: list[tuple[float, float, float, float]] = []
    chosen = {}
    for code in sorted(places.index, key=lambda code: code != first):
        tries = [(texts[code], spot) for spot in SPOTS] + [(places["short_name"][code], spot) for spot in SPOTS]
        for text, spot in tries:
            box = _box(text, spot, xs[code], ys[code], size)
            inside = max(abs(box[0]), abs(box[2])) < FRAME[0] / 2 and max(abs(box[1]), abs(box[3])) < FRAME[1] / 2
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                chosen[code] = (text, spot)
                break
        else:
            chosen[code] = ("", SPOTS[0])
    found = pd.DataFrame.from_dict(chosen, orient="index", columns=["text", "spot"]).reindex(places.index)
    return found["text"], found["spot"]


def _box(text: str, spot: str, x: float, y: float, size: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a label in pixels."""
    lines = text.replace("<b>", "").replace("</b>", "").split("<br>")
    width, height = max(width_of(line) for line in lines) * size * 0.54, len(lines) * size * 1.3
    upright, _, sideways = spot.partition(" ")
    left = x - width / 2 if sideways == "center" else x + 4 if sideways == "right" else x - width - 4
    bottom = y - height / 2 if upright == "middle" else y if upright == "top" else y - height
    return left, bottom, left + width, bottom + height


def width_of(text: str) -> int:
    """The width of a text in half-width signs."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
