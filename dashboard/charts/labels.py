"""Texts on maps: legible on any colour, and not on each other."""

import math
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.charts.ground import PLANE, Numbers, Sheet, areas_at, boxes, plane, sphere
from dashboard.theme import luminance

Box = tuple[float, float, float, float]  # left, bottom, right, top
Frame = tuple[float, float]  # width, height in pixels, in the proportion of PLANE

# Labels of neighbouring leagues would lie on each other at the label points; moved in degrees (lon, lat). Those of the
# smallest stand beside their areas, 乌海 and 呼和浩特 on the ground, with a line back (`_leaders`).
LABEL_SHIFTS = {
    "150100": (0.85, -1.3),
    "150200": (-0.2, 0.2),
    "150300": (-0.41, -1.68),
    "150600": (0.2, -0.2),
    "150800": (-0.1, -0.1),
    "150900": (0.1, 0.15),
    "152200": (0.25, 0.1),
    "150781": (-2.2, 0.1),
    "152501": (-1.2, 0.75),
}
LABEL_SIZE = 13
# To find out which labels fit: a map on a desk screen, and one of two beside each other, as narrow as in a picture.
FRAME: Frame = (603, 500)
HALF_FRAME: Frame = (400, 332)
SPOTS = (
    *("middle center", "bottom center", "top center", "middle right", "middle left"),
    *("bottom right", "bottom left", "top right", "top left"),
)
CROWDED = 1.2  # how much more room labels take of a near map: letters are bold, and on a phone larger to the map
ROUNDS = 6  # in which labels look for room
# Where a label looks for ground that finds no room at its point, in pixels from there: all around, the nearest first.
AWAY = [
    (far * math.cos(turn), far * math.sin(turn)) for far in range(40, 121, 20) for turn in np.arange(16) * math.pi / 8
]
# Luminance below which a label is light. Higher than that of `theme.ink_on`: letters on a map are read against their
# EDGE, so the middle blues may have white ones like the dark blues.
DARK_FILL = 0.3
MOSTLY = 0.8  # the share of a label on dark from which its letters are light
ON_LIGHT, ON_DARK = ("#1d2733", "#ffffff"), ("#ffffff", "#12304b")  # what is written on areas, and its edge
ALONG = np.array([0.02, 0.25, 0.5, 0.75, 0.98])  # where a line of a label is looked under, in widths from its left
# The edge of a label, (x, y, blur) of its shadows in pixels: closed and round, so that a letter is read where it leaves
# its area, and a little soft.
EDGE = [(1.5, 0, 0), (-1.5, 0, 0), (0, 1.5, 0), (0, -1.5, 0), (1, 1, 0), (1, -1, 0), (-1, 1, 0), (-1, -1, 0), (0, 0, 3)]


def place_labels(
    places: pd.DataFrame,
    texts: Sequence[str],
    sheet: Sheet,
    fills: dict[str, str],
    ground: str,
    *,
    size: int = LABEL_SIZE,
    frame: Frame = FRAME,
    spots: Sequence[str] | None = None,
    points: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """A text at the label point of each place; `texts` in the order of `places`.

    `fills`: code of an area of `sheet` -> its colour, `ground` that of all others. A label is light where nearly all of
    it lies on dark, else dark; an edge of the opposite colour keeps it legible where it leaves its area. `spots`: where
    the text stands to the point (one of SPOTS). `points`: other points (lon, lat) than those of `places`; without them
    and `spots` these moved by LABEL_SHIFTS. A line leads back from a point outside of its area.
    """
    if points is None:
        points = _shifted(places) if spots is None else places[["lon", "lat"]]
    xs, ys = (pixels.tolist() for pixels in _pixels(points, sheet, frame))
    dark = {fill: luminance(fill) < DARK_FILL for fill in {*fills.values(), ground}}
    labels = []
    for lon, lat, x, y, text, spot in zip(
        points["lon"].tolist(), points["lat"].tolist(), xs, ys, texts, spots or [SPOTS[0]] * len(places), strict=True
    ):
        if text:
            under = _under(text, spot, round(x, 1), round(y, 1), size, sheet.areas, sheet.camera, frame)
            share = sum(dark[fills.get(code, ground)] for code in under) / len(under)
            labels.append((lon, lat, text, spot, share >= MOSTLY))
    traces = _leaders(places, points, texts, sheet, ON_DARK if dark[ground] else ON_LIGHT, size, frame)
    for light, (ink, halo) in ((False, ON_LIGHT), (True, ON_DARK)):
        part = [label for *label, lies_on_dark in labels if lies_on_dark == light]
        traces.append(
            {
                "type": "scattergeo",
                "lon": [lon for lon, *_ in part],
                "lat": [lat for _, lat, *_ in part],
                "mode": "text",
                "text": [text for _, _, text, _ in part],
                **({} if spots is None else {"textposition": [spot for *_, spot in part]}),
                "textfont": {
                    "size": size,
                    "color": ink,
                    "shadow": ",".join(f"{x}px {y}px {soft}px {halo}" for x, y, soft in EDGE),
                },
                "hoverinfo": "skip",
            }
        )
    return traces


def _shifted(places: pd.DataFrame) -> pd.DataFrame:
    """The label points of the places (lon, lat), moved by LABEL_SHIFTS."""
    shifts = [LABEL_SHIFTS.get(code, (0.0, 0.0)) for code in places.index.tolist()]
    return places[["lon", "lat"]] + np.array(shifts).reshape(-1, 2)


def _leaders(
    places: pd.DataFrame,
    points: pd.DataFrame,
    texts: Sequence[str],
    sheet: Sheet,
    colours: tuple[str, str],
    size: int,
    frame: Frame,
) -> list[dict[str, Any]]:
    """A line from each label at a point outside of its area to a dot on the area; nothing without such labels.

    `colours`: of the line, and of its edge.
    """
    step = sheet.camera[2] * frame[0] / PLANE[0]
    starts, ends = (list(zip(at["lon"].tolist(), at["lat"].tolist(), strict=True)) for at in (points, places))
    lines = [
        line
        for code, text, start, end in zip(places.index.tolist(), texts, starts, ends, strict=True)
        if text and start != end and (line := _leader(code, text, start, end, size, step))
    ]
    path = {
        "type": "scattergeo",
        "lon": [lon for (from_lon, _), (to_lon, _) in lines for lon in (from_lon, to_lon, None)],
        "lat": [lat for (_, from_lat), (_, to_lat) in lines for lat in (from_lat, to_lat, None)],
        "mode": "lines+markers",
        "hoverinfo": "skip",
    }
    ink, halo = colours
    return [
        path
        | {
            "line": {"color": colour, "width": width},
            "marker": {"color": colour, "size": [0, dot, 0] * len(lines), "opacity": 1},
        }
        for colour, width, dot in ((halo, 3.5, 8), (ink, 1.2, 5))
        if lines
    ]


@lru_cache(maxsize=512)
def _leader(
    code: str, text: str, start: tuple[float, float], end: tuple[float, float], size: int, step: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """From the edge of a label at `start` to `end`, both (lon, lat); None where `start` lies on its area.

    `step`: pixels to a radius of the earth.
    """
    ends = np.column_stack(plane(*np.array([start, end]).T))
    own = next(areas for areas in ("leagues", "banners") if code in boxes(areas).index)
    if areas_at(own, ends[:1]) == [code]:
        return None
    (x, y), to = ends[0] * step, ends[1] * step
    lines = zip(_lines(text), _line_boxes(text, SPOTS[0], x, y, size), strict=True)
    left, bottom, right, top = zip(*[box for line, box in lines if line.strip()], strict=True)
    middle = np.array([x, (min(bottom) + max(top)) / 2])
    half = np.array([max(right) - min(left), max(top) - min(bottom)]) / 2
    edge = middle + (to - middle) / max(1.0, *(np.abs(to - middle) / half).tolist())
    return sphere(*(edge / step)), end


@lru_cache(maxsize=4096)  # a change of a filter writes the same names, and values as long
def _under(
    text: str, spot: str, x: float, y: float, size: int, areas: str, camera: tuple[float, float, float], frame: Frame
) -> list[str]:
    """What a label lies on, all along its lines: the code of an area, or empty for the ground.

    `x`, `y`: `_pixels` of its point.
    """
    lon, lat, scale = camera
    step = scale * frame[0] / PLANE[0]
    middle_x, middle_y = plane(np.array([lon]), np.array([lat]))
    points = [
        (left + (right - left) * ALONG, np.full(len(ALONG), (bottom + top) / 2))
        for left, bottom, right, top in _line_boxes(text, spot, x, y, size)
    ]
    across, up = (np.concatenate(ends) / step for ends in zip(*points, strict=True))
    return areas_at(areas, np.column_stack([across + middle_x, up + middle_y]))


def nearest(points: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """For each of `points` the place whose label point is nearest."""
    xs, ys = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    at_x, at_y = plane(points["lon"].to_numpy(), points["lat"].to_numpy())
    far = np.hypot(at_x[:, None] - xs, at_y[:, None] - ys)
    return places.index[far.argmin(axis=1)].tolist()


def _pixels(places: pd.DataFrame, sheet: Sheet, frame: Frame = FRAME) -> tuple[Numbers, Numbers]:
    """Where the label points lie in a frame, from its middle."""
    lon, lat, scale = sheet.camera
    unit = scale * frame[0] / PLANE[0]
    x, y = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    middle_x, middle_y = plane(np.array([lon]), np.array([lat]))
    return (x - middle_x) * unit, (y - middle_y) * unit


def in_view(places: pd.DataFrame, sheet: Sheet) -> npt.NDArray[np.bool_]:
    """Which label points lie in the part of the map that is shown."""
    x, y = _pixels(places, sheet)
    return (np.abs(x) < FRAME[0] / 2) & (np.abs(y) < FRAME[1] / 2)


def fitting(
    places: pd.DataFrame, texts: Sequence[str], sheet: Sheet, size: int, first: str = ""
) -> tuple[list[str], list[str], pd.DataFrame]:
    """Which label of each place fits between the others, at which spot and point: name and value, the name alone, or
    none.

    Every place tries all spots around its point with its name, those that found none before the others in the next
    round; then with its value, `first` before the others. One without any spot goes to the ground beside the areas.
    `texts` and what is returned are in the order of `places`; the points are lon, lat.
    """
    xs, ys = (pixels.tolist() for pixels in _pixels(places, sheet))
    codes = places.index.tolist()
    order = values_first = sorted(range(len(codes)), key=lambda at: codes[at] != first)
    most: dict[int, Label] = {}
    for _ in range(ROUNDS):
        found: dict[int, Label] = {}
        for at in order:
            if label := _fit(texts[at].partition("<br>")[0], xs[at], ys[at], size, SPOTS, found.values()):
                found[at] = label
        most = max(most, found, key=len)
        if len(most) == len(codes):
            break
        order = sorted(order, key=lambda at: at in found)
    for at in filter(most.__contains__, values_first):
        others = [label for other, label in most.items() if other != at]
        most[at] = _fit(texts[at], xs[at], ys[at], size, SPOTS, others) or most[at]
    points = places[["lon", "lat"]].copy()
    step = sheet.camera[2] * FRAME[0] / PLANE[0]
    for at in [at for at in values_first if at not in most]:
        own = np.array(plane(*places.iloc[at][["lon", "lat"]]), dtype=float)
        for x, y in AWAY:
            label = _fit(texts[at], xs[at] + x, ys[at] + y, size, SPOTS[:1], most.values())
            point = own + np.array([x, y]) / step
            if label and areas_at(sheet.areas, point[None])[0] not in codes:
                most[at], points.iloc[at] = label, sphere(*point)
                break
    none = Label("", SPOTS[0], (0, 0, 0, 0))
    drawn = [most.get(at, none) for at in range(len(codes))]
    return [label.text for label in drawn], [label.spot for label in drawn], points


class Label(NamedTuple):
    """A text that has found room."""

    text: str
    spot: str
    box: Box


def _fit(text: str, x: float, y: float, size: int, spots: Iterable[str], others: Collection[Label]) -> Label | None:
    """A text at the first of `spots` where it lies in the frame, and on none of the `others`."""
    for spot in spots:
        box = _box(text, spot, x, y, size * CROWDED)
        inside = max(abs(box[0]), abs(box[2])) < FRAME[0] / 2 and max(abs(box[1]), abs(box[3])) < FRAME[1] / 2
        if inside and not any(_overlap(box, other.box) for other in others):
            return Label(text, spot, box)
    return None


def named(
    places: pd.DataFrame, texts: Sequence[str], sheet: Sheet, size: int, frame: Frame = FRAME, first: str = ""
) -> list[str]:
    """The labels of a map on which every place keeps its name, where LABEL_SHIFTS puts it: without the value where that
    would lie on another name or value. `first`: the place whose value counts before others.
    """
    xs, ys = (pixels.tolist() for pixels in _pixels(_shifted(places), sheet, frame))
    lines = [_line_boxes(text, SPOTS[0], x, y, size) for text, x, y in zip(texts, xs, ys, strict=True)]
    names, codes = [boxes[0] for boxes in lines], places.index.tolist()
    taken: list[Box] = []
    found = list(texts)
    for at in sorted(range(len(codes)), key=lambda at: codes[at] != first):
        others = [*taken, *names[:at], *names[at + 1 :]]
        if any(_overlap(value, other) for value in lines[at][1:] for other in others):
            found[at] = texts[at].partition("<br>")[0] + "<br> "  # the name stays where it was
        else:
            taken += lines[at][1:]
    return found


def _box(text: str, spot: str, x: float, y: float, size: float) -> Box:
    """Left, bottom, right, top of a label in pixels."""
    lines = _lines(text)
    width, height = max(width_of(line) for line in lines) * size * 0.54, len(lines) * size * 1.3
    upright, _, sideways = spot.partition(" ")
    left = x - width / 2 if sideways == "center" else x + 4 if sideways == "right" else x - width - 4
    bottom = y - height / 2 if upright == "middle" else y if upright == "top" else y - height
    return left, bottom, left + width, bottom + height


def _line_boxes(text: str, spot: str, x: float, y: float, size: int) -> list[Box]:
    """The box of each line of a label, in its middle; `_box` of them all."""
    left, _, right, top = _box(text, spot, x, y, size)
    middle, boxes = (left + right) / 2, []
    for number, line in enumerate(_lines(text)):
        half, high = width_of(line) * size * 0.54 / 2, top - number * size * 1.3
        boxes.append((middle - half, high - size * 1.3, middle + half, high))
    return boxes


def _lines(text: str) -> list[str]:
    return text.replace("<b>", "").replace("</b>", "").split("<br>")


@lru_cache(maxsize=4096)  # a label tries several places
def width_of(text: str) -> int:
    """The width of a text in half-width signs."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
