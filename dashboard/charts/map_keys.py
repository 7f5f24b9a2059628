"""The key of a map: it lies inside the figure, so that it leaves with it."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.charts.labels import width_of
from dashboard.charts.scales import Scale, mixed
from dashboard.statistics import SMALL_BASE
from dashboard.theme import STATE_NAMES, Palette, format_value

KEY_STEP = 22  # between the lines of the key
BAR_ROOM = 46  # above the key, for the colour bar
CLEAR = "rgba(0,0,0,0)"
PHONE = 350  # pixels that a key has on the narrowest screen


@dataclass(frozen=True)
class Entry:
    """One line of the key: a box of one colour, with stripes where `stripes` is a colour, and its words.

    `edge`: the colour of the box's outline, where that is what the words are about.
    """

    fill: str
    words: str
    stripes: str = ""
    edge: str = ""


def entries_of(
    scale: Scale,
    rows: pd.DataFrame,
    cities: pd.DataFrame | None,
    colours: Palette,
    counts: list[str],
    highlighted: str = "",
    around: pd.DataFrame | None = None,
) -> list[Entry]:
    """Classes with their `counts` (words, or none) or the few values of a blend, then small bases, the states without a
    value, the chosen place.

    States share one hatch: of one period each says how many there are. `highlighted`: the code of the chosen place,
    also where it is one of the leagues `around` the places.
    """
    words = [f"{word}{count}" for word, count in zip(scale.words, counts or [""] * len(scale.words), strict=True)]
    entries = [Entry(fill, text) for fill, text in zip(scale.colours, words, strict=False)]
    if scale.low < scale.high and not scale.bar:
        entries += _values(scale, rows)
    drawn = [rows] if cities is None else [rows, cities]
    if any(places["small"].astype(bool).any() for places in drawn):
        middle = scale.colours[len(scale.colours) // 2]
        entries.append(Entry(middle, f"分母不足{SMALL_BASE}件", colours.ground))
    states = Counter(state for places in drawn for state in places["state"].tolist())
    one_period = not rows.index.has_duplicates
    missing = [
        f"{name}{states[state]}个" if one_period else name for state, name in STATE_NAMES.items() if states[state]
    ]
    if missing:
        entries.append(Entry(colours.missing, "、".join(missing), colours.hatch))
    for places in drawn if around is None else [*drawn, around]:
        if highlighted in places.index:
            name = places["name"][[highlighted]].iloc[0]
            entries.append(Entry(CLEAR, f"橙色框为{name}", edge=colours.highlight))
    return entries


def _values(scale: Scale, rows: pd.DataFrame) -> list[Entry]:
    """Each value of a blend that has too few for a colour bar, small bases aside."""
    told = rows[(rows["state"] == "value") & ~rows["small"].astype(bool)].sort_values("value")
    texts = told["text"].tolist()
    shades = dict(zip(texts, scale.shades(told["value"].to_numpy()), strict=True))
    counts = {} if rows.index.has_duplicates else Counter(texts)  # of one period
    return [
        Entry(mixed(scale.colours, shade), f"{text} · {counts[text]}个" if counts else text)
        for text, shade in shades.items()
    ]


def _columns(entries: list[Entry]) -> int:
    """How many entries lie beside each other on the narrowest screen."""
    widest = max((width_of(entry.words) for entry in entries), default=0) * 7 + 48
    return max(1, PHONE // widest)


def key_height(entries: list[Entry], scale: Scale) -> int:
    """The pixels that a key above the map takes."""
    return (BAR_ROOM if scale.bar else 8) + math.ceil(len(entries) / _columns(entries)) * KEY_STEP + 4


def key(
    entries: list[Entry], scale: Scale, colours: Palette, top: int
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Annotations and shapes: boxes with words, top left, under each other over the map, or in columns in the room of
    `top` pixels above it.
    """
    columns = _columns(entries) if top else 1
    widest = max((width_of(entry.words) for entry in entries), default=0) * 7 + 48
    texts: list[dict[str, object]] = []
    shapes: list[dict[str, object]] = []
    for number, entry in enumerate(entries):
        line, column = divmod(number, columns)
        x, y = 12 + column * widest, top - (BAR_ROOM if scale.bar else 12) - line * KEY_STEP - 14
        pixels = {
            "xref": "paper",
            "yref": "paper",
            "xsizemode": "pixel",
            "ysizemode": "pixel",
            "xanchor": 0,
            "yanchor": 1,
        }
        box = {"type": "rect", "x0": x, "x1": x + 26, "y0": y, "y1": y + 14, "fillcolor": entry.fill}
        edge = {"color": entry.edge, "width": 2.6} if entry.edge else {"color": colours.hatch, "width": 1}
        shapes.append({**box, "line": edge, **pixels})
        if entry.stripes:
            stripes = " ".join(f"M{x + start},{y} L{x + start + 12},{y + 14}" for start in (1, 7, 13))
            shapes.append({"type": "path", "path": stripes, "line": {"color": entry.stripes, "width": 1.5}, **pixels})
        place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xshift": x + 34, "yshift": y + 7}
        place |= {"xanchor": "left", "yanchor": "middle", "showarrow": False}
        texts.append({"text": entry.words, "font": {"size": 13, "color": colours.muted}, **place})
    return texts, shapes


def colour_bar(scale: Scale, colours: Palette, above: bool) -> dict[str, object]:
    """The colour bar at the top left, in the map or in the room above it (plotly makes room for one that has none)."""
    shades, span = np.linspace(0, 1, 5), scale.high - scale.low
    decimals = 0 if span >= 8 else 1 if span >= 0.8 else 2
    rounded = [float(round(scale.low + shade * span, decimals)) for shade in shades]
    rounded[0], rounded[-1] = round(scale.low, 2), round(scale.high, 2)  # the ends as they are printed elsewhere
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "xpad": 24,
        "yref": "container" if above else "paper",
        "y": 1,
        "yanchor": "top",
        "ypad": 8,
        "lenmode": "pixels",
        "len": 260,
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": shades.tolist(),
        # A longer unit stands in the subtitle alone.
        "ticktext": [format_value(tick, scale.unit if len(scale.unit) == 1 else "") for tick in rounded],
        "tickangle": 0,
        "tickfont": {"size": 12, "color": colours.muted},
    }
