"""A chart as one figure that can stand alone: title, subtitle, the chart as on screen, footnotes, in fixed pixels.

Plotly wraps no text, and holds text only to its plot area, whose place it works out from the labels. So lines are
broken here, and the room for the labels is reckoned here and fixed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from dashboard.charts import Chart, ground, watermark
from dashboard.theme import DARK, DEMO_MARK, LIGHT, format_day

WIDTH = 880  # pixels; printed as wide as the text of an A4 page, a label of 14 pixels is 7 points high
BODY_HEIGHT = 540  # of a chart that does not say its own
PAD = 20
LINE = 1.3  # plotly's distance between two lines of a text, in letters
NARROW = 0.6  # the width of a Latin letter or digit, in letters
AXIS_ROOM = 36  # under an axis, for its labels
TICK_ROOM = 44  # beside an axis whose labels plotly chooses
MAP_SHAPE = 0.82  # the height of a map of the whole region, and the heading in it, to its width
CLEAR = "rgba(0,0,0,0)"
# What may not begin a line and what may not end one (GB/T 15834-2011, 5.1).
NOT_FIRST = re.escape("，。、；：？！）》」』】〕”’…—·％%,.;:?!)]}")
NOT_LAST = re.escape("（《「『【〔“‘([{")
# A number keeps its unit: 2023年, 532/535件.
PIECES = re.compile(rf"[{NOT_LAST}]*(?:[A-Za-z0-9+−/.\-]+[年月日季件次个项名人家起条万亿]?|.)[{NOT_FIRST}]*", re.DOTALL)
PAUSES = "，；：、。"


@dataclass(frozen=True)
class Line:
    """A text of one or more lines across a picture: `size` in pixels, `gap` above it in pixels."""

    text: str
    size: float
    colour: str
    gap: float

    @property
    def height(self) -> float:
        """In pixels, with the gap."""
        return self.gap + self.size * LINE * (1 + self.text.count("<br>"))


def complete(chart: Chart, folder: Path, approval: str, on: date, *, words: bool = True) -> go.Figure:
    """The whole picture of a chart that was drawn in light colours, `layout.width` by `layout.height` pixels.

    `folder`: where the shape files lie that the browser is else told to fetch; they are put into the figure.
    `approval`: the number under which a map may be published (审图号), or empty. `on`: the day it is made. `words`:
    with title, subtitle and footnotes; a document may print them itself. Raises ValueError for a chart in dark colours.
    """
    figure = chart.own_figure()
    layout = figure.layout
    if layout.template.layout.paper_bgcolor == DARK.ground:
        raise ValueError("a picture is made of a chart drawn in light colours")
    width = layout.width or WIDTH
    body = layout.height or _body_height(figure, width)
    head, notes = (_head(chart, width - 2 * PAD), _notes(chart, width - 2 * PAD, approval, on)) if words else ([], [])
    above, below = (PAD + sum(line.height for line in lines) for lines in (head, notes))
    left, right, bottom = _label_room(figure)
    margin = {side: layout.margin[side] or 0 for side in "lrtb"}
    body += max(0, bottom - margin["b"])
    margin = {
        "l": max(margin["l"], left) + PAD,
        "r": max(margin["r"], right) + PAD,
        "t": margin["t"] + above,
        "b": max(margin["b"], bottom) + below,
    }
    height = above + body + below
    for bar in _colour_bars(figure):
        if bar.yref == "container":
            bar.y = (below + bar.y * body) / height
    _put_shapes_in(figure, folder)
    if chart.simulated and not any(DEMO_MARK in (note.text or "") for note in layout.annotations):
        watermark(figure, LIGHT)
    figure.update_layout(width=width, height=height, autosize=False, margin=margin)
    figure.update_xaxes(automargin=False)
    figure.update_yaxes(automargin=False)
    edge = PAD - margin["l"]
    _write(figure, head, y=1, x_shift=edge, top=margin["t"] - PAD)
    _write(figure, notes, y=0, x_shift=edge, top=below - margin["b"])
    return figure


def transparent(figure: go.Figure) -> go.Figure:
    """The same picture on no ground."""
    figure = go.Figure(figure)
    figure.update_layout(paper_bgcolor=CLEAR, plot_bgcolor=CLEAR)
    figure.update_geos(bgcolor=CLEAR)
    return figure


def wrapped(text: str, letters: float) -> list[str]:
    """`text` in lines of at most `letters` Chinese letters, broken as Chinese is."""
    lines, room = [""], letters
    pieces = PIECES.findall(text)
    # An address may be longer than a line.
    for piece in chain.from_iterable([whole] if measure(whole) <= letters else whole for whole in pieces):
        needed = measure(piece)
        if needed > room and lines[-1]:
            lines.append("")
            room = letters
        lines[-1] += piece if lines[-1] else piece.lstrip()
        room -= needed
    return lines


def balanced(text: str, letters: float) -> list[str]:
    """The same in as few lines, which rather end where a reader pauses, none of them very short."""
    lines = wrapped(text, letters)
    tried = [wrapped(text, letters * share / 20) for share in range(20, 11, -1)]
    fitting = [other for other in tried if len(other) == len(lines)]
    return max(fitting, key=lambda other: (sum(line[-1] in PAUSES for line in other[:-1]), -max(map(measure, other))))


def markup(lines: list[str]) -> str:
    """Lines as plotly takes them; no sign in them is taken for a tag."""
    return "<br>".join(line.replace("&", "&amp;").replace("<", "&lt;") for line in lines)


def measure(text: str) -> float:
    """How wide a text is, in Chinese letters; rather too much than too little."""
    return sum(1 if unicodedata.east_asian_width(letter) in "WFA" else NARROW for letter in text)


def _head(chart: Chart, width: float) -> list[Line]:
    title = "<br>".join(f"<b>{line}</b>" for line in markup(balanced(chart.title, width / 20)).split("<br>"))
    subtitle = markup(wrapped(chart.subtitle, width / 14))
    marked = subtitle.replace(DEMO_MARK, f'<b><span style="color:{LIGHT.below}">{DEMO_MARK}</span></b>')
    return [Line(title, 20, LIGHT.text, 0), Line(marked, 14, LIGHT.muted, 6), Line("", 4, LIGHT.text, 0)]


def _notes(chart: Chart, width: float, approval: str, on: date) -> list[Line]:
    texts = list(chart.footnotes)
    if approval and any(trace.type == "choropleth" for trace in chart.figure.data):
        texts.append(f"审图号：{approval}")
    texts.append(f"{texts.pop()} · {format_day(on)}制图" if texts else f"{format_day(on)}制图")
    return [Line(markup(wrapped(text, width / 12)), 12, LIGHT.muted, 3) for text in texts]


def _write(figure: go.Figure, lines: list[Line], *, y: int, x_shift: float, top: float) -> None:
    """Lines one under the other, the first `top` pixels above the upper (`y` 1) or lower edge of the plot area."""
    for line in lines:
        figure.add_annotation(
            text=line.text,
            font={"size": line.size, "color": line.colour},
            xref="paper",
            yref="paper",
            x=0,
            y=y,
            xshift=x_shift,
            yshift=top - line.gap,
            xanchor="left",
            yanchor="top",
            align="left",
            showarrow=False,
            borderpad=0,
        )
        top -= line.height


def _body_height(figure: go.Figure, width: float) -> float:
    """How high a chart is that does not say: maps beside each other only as high as they are drawn."""
    shares = [geo.domain.x[1] - geo.domain.x[0] for geo in figure.select_geos() if geo.domain.x]
    high = max((geo.domain.y[1] - geo.domain.y[0] for geo in figure.select_geos() if geo.domain.y), default=1)
    if not shares or high < 0.6:
        return BODY_HEIGHT
    return min(BODY_HEIGHT, (figure.layout.margin.t or 0) + width * max(shares) * MAP_SHAPE)


def _label_room(figure: go.Figure) -> tuple[float, float, float]:
    """What the labels of the axes need to the left, to the right and below, in pixels, as plotly would find out."""
    room = {"left": 0.0, "right": 0.0, "bottom": 0.0}
    standard = figure.layout.template.layout.xaxis
    flat = [trace for trace in figure.data if "xaxis" in trace]
    used = {trace[name] or name[0] for trace in flat for name in ("xaxis", "yaxis")}
    for axis in [*figure.select_xaxes(), *figure.select_yaxes()]:
        name = axis.plotly_name.replace("axis", "")
        if name not in used or axis.visible is False or axis.showticklabels is False or axis.automargin is False:
            continue
        horizontal = name.startswith("x")
        side = axis.side or ("bottom" if horizontal else "left")
        size = axis.tickfont.size or standard.tickfont.size
        if side == "bottom":
            room[side] = max(room[side], AXIS_ROOM + (20 if axis.title.text else 0))
        elif side in room:
            words = [re.sub(r"<(?!br)[^>]*>", "", str(text)) for text in _labels(flat, axis)]
            widest = max((measure(part) for text in words for part in text.split("<br>")), default=0) * size
            room[side] = max(room[side], (widest or TICK_ROOM) + 10 + (22 if axis.title.text else 0))
    return room["left"], room["right"], room["bottom"]


def _labels(traces: list[Any], axis: Any) -> list[object]:
    """The labels of a vertical axis where they are known: those written on it, or the names in its traces."""
    if axis.ticktext is not None:
        return list(axis.ticktext)
    name = axis.plotly_name.replace("axis", "")
    values = [value for trace in traces if (trace.yaxis or "y") == name and trace.y is not None for value in trace.y]
    return values if any(isinstance(value, str) for value in values) else []


def _colour_bars(figure: go.Figure) -> Iterator[Any]:
    """The colour bars of a figure."""
    for axis in figure.select_coloraxes():
        yield axis.colorbar


def _put_shapes_in(figure: go.Figure, folder: Path) -> None:
    """The shapes themselves where a trace holds their address."""
    for trace in figure.select_traces(selector=lambda trace: isinstance(getattr(trace, "geojson", None), str)):
        name = Path(trace.geojson.partition("?")[0]).stem
        trace.geojson = ground.shape(str(folder.resolve()), name)
