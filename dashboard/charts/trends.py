"""Lines through time: one place with the places it belongs to, and all leagues side by side on the same axes.

A line joins only figures of periods of one length that follow each other under one definition. Everything else is a
point of its own, drawn with the span of time that it covers. Figures are put together as plain dictionaries and
checked by plotly once, at the end: its own helpers check every trace and every line again.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from textwrap import wrap
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import BAR, VALUE, Chart
from dashboard.charts.anatomy import (
    BIGGER_HAVE_MORE,
    CUT_WORDS,
    Scene,
    change_words,
    cut_strokes,
    holders,
    interval_words,
    simulated_mark,
    subtitle,
    ticks,
)
from dashboard.statistics import PARTS_NOT_PUBLISHED, SMALL_BASE
from dashboard.theme import (
    NOT_PUBLISHED,
    STATE_NAMES,
    Palette,
    channels,
    cited,
    format_day,
    format_period,
    format_value,
    template,
)

STEP_NAMES = {"year": "年度", "quarter": "季度"}
PROJECTION_NOTE = "简单外推，非预测"
LABELLED_POINTS = 9  # more values along one line would lie on each other
END_LABEL_GAP = 17  # pixels between the names at the ends of lines
PLOT_HEIGHT = 460  # pixels, about: to place those names
LONE_HEIGHT = 240  # pixels of a chart with a single point, which would look like an empty frame
REASON_WIDTH = 18  # characters a line of the reason of a break
PANEL_COLUMNS = 3
PANEL_HEIGHT = 162  # pixels, of them PANEL_HEAD for name and value, and PANEL_LINE more where a period stands below
PANEL_HEAD, PANEL_LINE = 50, 16
PANEL_GAP = 0.03  # of the width
CUT_RATIO = 0.5  # rates are drawn from zero unless the empty space under them would be half of what they span
LABEL_SPAN = (6, 27)  # pixels over a point between which its value stands
ROOM_BELOW = 45  # pixels that it needs there: in a low chart they are half as many
NEAR_DAYS, NEAR_PIXELS = 366, 100  # diamonds closer than that have words that would lie on each other
STEEP = 0.08  # of what the values span: a step from one figure to the next that a line visibly climbs
FEWEST_IN_TITLE = 3  # places with a figure of the newest period, below which highest and lowest say little
DASHES = ("solid", "dot")  # of the lines behind the chosen one: lines differ in more than colour


@dataclass(frozen=True)
class Fit:
    """A straight line drawn on: `years` and the `values` on it, its `slope` a year, and the `unit`."""

    years: list[int]
    values: list[float]
    slope: float
    unit: str


@dataclass(frozen=True)
class Aim:
    """A target to draw: its year, value, and in words (全区2024年目标100%).

    `unknown`: there are figures, but none of that year.
    """

    year: int
    value: float
    text: str
    unknown: bool


class Point(NamedTuple):
    """A figure with a value, as `trends.series` makes it of a row of `queries.figures_of_indicator`.

    `text`, `period_text`, `cases`: value, period and parts in words. `middle`: the day in the middle of the period.
    `regular`: a whole year, or a whole quarter, whichever is drawn. `era`: figures of one definition share it; one
    whose period holds a break has its own. `run`: regular figures of one region and era that follow each other without
    a gap share it; None for the others. `small`: a rate on a small base. `low`, `high`: the Wilson interval of rates
    with parts, else NaN.
    """

    region_code: str
    region: str
    period: str
    period_start: pd.Timestamp
    period_end: pd.Timestamp
    period_months: int
    value: float
    unit: str
    qualifier: str
    denominator: float
    source_title: str
    text: str
    period_text: str
    cases: str
    middle: str
    regular: bool
    era: float
    run: int | None
    small: bool
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Whether low and high are known."""
        return not math.isnan(self.low)


@dataclass
class Drawing:
    """What a figure is put together from, each as plotly takes it."""

    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def figure(self, scene: Scene, **layout: object) -> go.Figure:
        """The finished figure, with the mark of simulated data."""
        common = {"template": template(scene.dark), "showlegend": False, "dragmode": False}
        notes = [*self.notes, *simulated_mark(scene)]
        return go.Figure(self.traces, {**common, "shapes": self.shapes, "annotations": notes, **layout})


@dataclass
class Track:
    """One place through time: the points of its line, None between its parts, and its odd periods apart."""

    x: list[str | None] = field(default_factory=list)
    y: list[float | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    hovers: list[str] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)
    odd: list[Point] = field(default_factory=list)
    odd_hovers: list[str] = field(default_factory=list)


def tracks(points: Iterable[Point]) -> dict[str, Track]:
    """The places in `points`, which are in the order of time, region code -> Track."""
    found: dict[str, Track] = {}
    last: tuple[str, int] | None = None
    for row in points:
        track = found.setdefault(row.region_code, Track())
        if row.run is None:
            track.odd.append(row)
            track.odd_hovers.append(_hover(row))
            continue
        if track.x and last != (row.region_code, row.run):
            for values in (track.x, track.y):
                values.append(None)
            for words in (track.texts, track.hovers, track.symbols):
                words.append("")
            track.symbols[-1] = "circle"
        last = (row.region_code, row.run)
        track.x.append(row.middle)
        track.y.append(row.value)
        track.texts.append(row.text)
        track.hovers.append(_hover(row))
        track.symbols.append("circle-open" if row.small else "circle")
    return found


def lines(
    points: Sequence[Point],
    names: dict[str, str],
    scene: Scene,
    *,
    title: str,
    finding: str,
    method: str,
    step: str,
    aim: Aim | None,
    gaps: dict[int, str],
    breaks: pd.DataFrame,
    fit: Fit | None,
) -> Chart:
    """The chosen place (`scene.highlighted`) as a labelled line, others behind it; target, gaps, breaks, odd periods.

    `points`: `trends.series` of the places in `names` (code -> short name, the chosen one among them); `gaps`:
    `trends.gaps` of the chosen one; `breaks`: `queries.breaks`; `finding`: what the test of direction says; `method`:
    of that test, or empty.
    """
    colours, chosen, drawing = scene.colours, scene.highlighted, Drawing()
    mine, found = [point for point in points if point.region_code == chosen], tracks(points)
    others = [code for code in names if code != chosen and code in found and found[code].x]
    years = _years(points, aim, fit)
    axis = value_axis(*_extent(points, aim, fit), scene.rate, _unit(points, scene))
    _shade_gaps(drawing, gaps, colours)
    if aim:
        _draw_aim(drawing, aim, years, colours)
    _draw_band(drawing, mine, scene.ink)
    behind = [found[code] for code in others]
    for track, dash in zip(behind, DASHES, strict=False):
        drawing.traces.append(_line(track, colours.muted, 1.6, 5, dash=dash))
    _draw_front(drawing, found[chosen], scene, axis, aim, behind)
    if fit:
        _draw_fit(drawing, fit, axis, colours)
    lines_above = _draw_breaks(drawing, breaks, years, colours)
    room = 24
    if others:
        inks = {chosen: scene.ink, **dict.fromkeys(others, colours.muted)}
        room = _name_lines(drawing, points, inks, names, axis, colours)
    cut = axis["range"][0] > 0
    if cut:
        drawing.shapes += cut_strokes("y", colours)
    margin = {"l": 8, "r": room, "t": 28 + 18 * lines_above, "b": 8}
    words = [*([CUT_WORDS] if cut else []), *_how_drawn(points, mine, scene), *_aim_note(aim), *_fit_note(fit)]
    words += [method] if method else []
    height = {"height": LONE_HEIGHT} if len(points) == 1 and not fit else {}
    return Chart(
        name="趋势",
        figure=drawing.figure(scene, xaxis=time_axis(*years), yaxis=axis, margin=margin, **height),
        title=title,
        subtitle=subtitle(scene, scene.subject, f"单位：{_unit(points, scene)}", STEP_NAMES[step]),
        footnotes=_footnotes(points, scene, breaks, words),
        reading="。".join([title, finding, *[f"{year}年{text}" for year, text in gaps.items()]]) + "。",
        table=lambda: _table(points, names),
        simulated=scene.dataset == "demo",
    )


def small_multiples(
    points: Sequence[Point],
    places: dict[str, str],
    scene: Scene,
    *,
    whole: str,
    step: str,
    breaks: pd.DataFrame,
    in_parts: Collection[str] = (),
) -> Chart:
    """A panel for each place in `places` (code -> short name) that has figures, all on the same axes.

    The whole region (code `whole`), where `points` hold it, is grey behind each; places without figures are named
    未公布, or 只公布分项 (those in `in_parts`). `points`: `trends.series`.
    """
    colours, drawing, found = scene.colours, Drawing(), tracks(points)
    shown = [code for code in places if code in found]
    missing = {code: name for code, name in places.items() if code not in found}
    grey = [_line(found[whole], colours.hatch, 2, 3)] if whole in found and found[whole].x else []
    newest = max((point.period for point in points if point.run is not None), default="")
    last = {point.region_code: point for point in points}
    axis = value_axis(*_extent(points, None, None), scene.rate, _unit(points, scene))
    years = time_axis(*_years(points, None, None), short=True)
    layout: dict[str, Any] = {}
    # A line more in every panel where one says its period: names stand at one height.
    blank = "<br> " if any(last[code].period != newest for code in shown) else ""
    above = PANEL_HEAD + (PANEL_LINE if blank else 0)
    for number, code in enumerate(shown):
        sign = str(number + 1) if number else ""
        layout |= _panel_axes(number, len(shown), years, axis, above)
        for trace in [*grey, *_panel(found[code], scene)]:
            drawing.traces.append({**trace, "xaxis": f"x{sign}", "yaxis": f"y{sign}"})
        when = blank if last[code].period == newest else f"<br>{last[code].period_text}"
        drawing.notes.append(
            {
                "text": f"<b>{places[code]}</b><br>{last[code].text}{when}",
                **{"x": 0, "y": 1, "xref": f"x{sign} domain", "yref": f"y{sign} domain", "align": "left"},
                **{"xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 12}},
            }
        )
        drawing.shapes += [_upright(since, f"x{sign}", f"y{sign} domain", colours, 1) for since in breaks["since"]]
    lacking = {
        STATE_NAMES["parts_only"]: [name for code, name in missing.items() if code in in_parts],
        NOT_PUBLISHED: [name for code, name in missing.items() if code not in in_parts],
    }
    note = "；".join(f"{state}：{'、'.join(names)}" for state, names in lacking.items() if names)
    title = _panels_title(points, shown, len(places), scene)
    words = [
        *(["◇为其他长度的期间，不与连线比较"] if any(found[code].odd for code in shown) else []),
        *([CUT_WORDS] if axis["range"][0] > 0 else []),
        *([] if scene.rate else [BIGGER_HAVE_MORE.rstrip("。")]),
    ]
    head = [scene.subject, f"单位：{_unit(points, scene)}", STEP_NAMES[step]]
    axes = "各图坐标相同" + ("，灰线为全区" if grey else "")
    axes += f"，数字为{format_period(newest)}" if newest else ""
    return Chart(
        name="各盟市趋势",
        figure=drawing.figure(
            scene, height=_panels_height(len(shown), above), margin={"l": 8, "r": 26, "t": above, "b": 8}, **layout
        ),
        title=title,
        subtitle=subtitle(scene, *head) + f" · {axes}",
        footnotes=[*([note] if note else []), *_footnotes(points, scene, breaks, words)],
        reading="。".join([title, *([note] if note else [])]) + "。",
        table=lambda: _table(points, {**places, whole: "全区"}),
        simulated=scene.dataset == "demo",
    )


def _panels_height(panels: int, above: int) -> int:
    return 36 + (PANEL_HEIGHT - PANEL_HEAD + above) * max(1, math.ceil(panels / PANEL_COLUMNS))


def value_axis(low: float, high: float, rate: bool, unit: str) -> dict[str, Any]:
    """A value axis from zero; only of rates that all lie far above it, from a little below the lowest.

    Lines may begin elsewhere than at zero, bars may not; where they do, the axis is marked as cut.
    """
    span = (high - low) or abs(high) or 1.0
    cut = rate and low > CUT_RATIO * span
    bottom = max(0.0, low - 0.15 * span) if cut else min(0.0, low)
    top = high + 0.14 * (high - bottom or 1.0)
    return {"range": [bottom, top], "zeroline": False, **ticks(bottom, high if high > bottom else top, unit)}


def time_axis(first: int, last: int, short: bool = False) -> dict[str, Any]:
    """A time axis from one year to another, a tick in the middle of each year; `short`: two at most, which the panels
    of a phone hold.
    """
    years = list(range(first, last + 1))
    stride = math.ceil(len(years) / (2 if short else 14))
    shown = years[stride // 2 :: stride]  # not the first: labels of neighbouring panels would touch
    return {
        "type": "date",
        "range": [f"{first - 1}-12-01", f"{last + 1}-02-01"],
        "tickvals": [f"{year}-07-02" for year in shown],
        "ticktext": [str(year) for year in shown],
        # All of a chart's stand on end where a phone has no room for them side by side.
        **({"tickangle": 0} if short else {"autotickangles": [0, 90]}),
        "showgrid": False,
        "ticks": "",
    }


def _panel_axes(number: int, count: int, years: dict[str, Any], axis: dict[str, Any], above: int) -> dict[str, Any]:
    """Where a panel stands, its name in so many pixels (`above`) over it; values are written at the left of a row,
    years under the lowest panel of a column.
    """
    rows, (row, column) = math.ceil(count / PANEL_COLUMNS), divmod(number, PANEL_COLUMNS)
    width = (1 + PANEL_GAP) / PANEL_COLUMNS
    depth = 1 / rows
    gap = above / (PANEL_HEIGHT - PANEL_HEAD + above) * depth if rows > 1 else 0
    top = 1 - row * (depth + gap / rows)
    sign = str(number + 1) if number else ""
    return {
        f"xaxis{sign}": {
            **years,
            "domain": [column * width, column * width + width - PANEL_GAP],
            "anchor": f"y{sign}",
            "showticklabels": number + PANEL_COLUMNS >= count,
        },
        f"yaxis{sign}": {
            **axis,
            "zeroline": axis["range"][0] == 0,
            "zerolinewidth": 1,
            "domain": [max(0.0, top - depth + gap * (rows - 1) / rows), top],
            "anchor": f"x{sign}",
            "showticklabels": column == 0,
        },
    }


def _line(
    track: Track, colour: str, width: float, size: int, *, dash: str = "solid", texts: list[str] | None = None
) -> dict[str, Any]:
    """A line with a marker at each figure, hollow on a small base; `texts`: to be written above the markers."""
    return {
        "type": "scatter",
        "x": track.x,
        "y": track.y,
        "customdata": track.hovers,
        "mode": "lines+markers+text" if texts else "lines+markers",
        "text": texts,
        "textposition": "top center",
        "line": {"color": colour, "width": width, "dash": dash},
        "marker": {
            "size": size,
            "color": colour,
            "symbol": track.symbols if "circle-open" in track.symbols else "circle",
            "line": {"width": 1.5, "color": colour},
        },
        "hovertemplate": "%{customdata}<extra></extra>",
        "connectgaps": False,
        "cliponaxis": False,
    }


def _draw_front(
    drawing: Drawing, track: Track, scene: Scene, axis: dict[str, Any], aim: Aim | None, behind: Sequence[Track]
) -> None:
    """The chosen place: its line with gaps and values, its odd periods as diamonds with the span they cover.

    `behind`: the places behind it; beside them the last value stands with the name at the end of the line.
    """
    bottom, top = axis["range"]
    scale = PLOT_HEIGHT / (top - bottom)
    halo = ",".join(f"{x}px {y}px 2px {scene.colours.ground}" for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0)))
    if track.x:
        few = len(track.x) <= LABELLED_POINTS
        texts = list(track.texts) if few else [track.texts[0], *[""] * (len(track.x) - 2), track.texts[-1]]
        if behind:
            texts[-1] = ""
        known = [dict(zip(other.x, other.y, strict=True)) for other in behind]
        lines = [[bottom, *([aim.value] if aim else []), *(of.get(x) for of in known)] for x in track.x]
        near = [
            [scale * (line - value) for line in at if line is not None and value is not None]
            for at, value in zip(lines, track.y, strict=True)
        ]
        line = _line(track, scene.ink, 3, 9 if few else 6, texts=texts)
        drawing.traces.append({**line, "textposition": beside_line(track.y, near), "textfont": {"shadow": halo}})
    spans = [row for row in track.odd if row.period_months > 1]
    if spans:
        drawing.traces.append(
            {
                "type": "scatter",
                "x": [x for row in spans for x in (f"{row.period_start:%Y-%m-%d}", f"{row.period_end:%Y-%m-%d}", None)],
                "y": [y for row in spans for y in (row.value, row.value, None)],
                "mode": "lines",
                "line": {"color": scene.ink, "width": 2},
                "hoverinfo": "skip",
            }
        )
    if track.odd:
        diamonds = _diamonds(track, scene, 11)
        spots = apart(track.odd, scale)
        texts = [f"{row.text}<br>{row.period_text}" for row in track.odd]
        font = {"size": 12, "shadow": halo}
        drawing.traces.append(
            {**diamonds, "mode": "markers+text", "text": texts, "textposition": spots, "textfont": font}
        )


def beside_line(values: list[float | None], near: Sequence[Sequence[float]] = ()) -> list[str]:
    """Where the value of each point stands so that no line runs through it: left above where its own rises on, right
    above where it falls on, below where that turns upwards or where another line runs above, else above.

    `near`: how many pixels over each point other lines run, below it as negative numbers.
    """
    known = [value for value in values if value is not None]
    flat = STEEP * (max(known) - min(known))
    spots = []
    for at, value in enumerate(values):
        before, after = (values[i] if 0 <= i < len(values) else None for i in (at - 1, at + 1))
        steps = [0.0 if a is None or b is None else b - a for a, b in ((before, value), (value, after))]
        rises, falls = [step > flat for step in steps], [step < -flat for step in steps]
        gaps = near[at] if near else ()
        crossed = (before is None and rises[1]) or any(LABEL_SPAN[0] < gap < LABEL_SPAN[1] for gap in gaps)
        free = not any(-ROOM_BELOW < gap < 0 for gap in gaps)
        if falls[0] and rises[1]:
            spots.append("bottom center")
        elif crossed and free and steps[1] >= 0:
            spots.append("bottom right")
        elif crossed and free and steps[0] <= 0:
            spots.append("bottom left")
        else:
            spots.append("top left" if all(rises) else "top right" if all(falls) else "top center")
    return spots


def apart(odd: Sequence[Point], scale: float) -> list[str]:
    """Where the words of each diamond stand: below, but above where they would lie on a lower one beside it.

    `scale`: pixels a unit of the value.
    """
    return [
        "top center"
        if any(
            abs(other.period_end - row.period_end).days < NEAR_DAYS
            and 0 <= scale * (row.value - other.value) < NEAR_PIXELS
            for other in odd
            if other is not row and (other.value, other.period_end) < (row.value, row.period_end)
        )
        else "bottom center"
        for row in odd
    ]


def _diamonds(track: Track, scene: Scene, size: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [row.middle for row in track.odd],
        "y": [row.value for row in track.odd],
        "customdata": track.odd_hovers,
        "mode": "markers",
        "marker": {"symbol": "diamond-open", "size": size, "color": scene.ink, "line": {"width": 2}},
        "hovertemplate": "%{customdata}<extra></extra>",
        "cliponaxis": False,
    }


def _panel(track: Track, scene: Scene) -> list[dict[str, Any]]:
    """One place in a panel of its own: its line, and its odd periods as diamonds."""
    return [
        *([_line(track, scene.ink, 2, 5)] if track.x else []),
        *([_diamonds(track, scene, 7)] if track.odd else []),
    ]


def _hover(row: Point) -> str:
    """What stands beside the mouse: place, period, value, cases, interval, source."""
    cases = f"（{row.cases}）" if row.cases else ""
    lines = [f"{row.region}　{row.period_text}", f"<b>{row.text}</b>{cases}"]
    if row.has_interval:
        lines.append(f"95%区间{row.low:.1f}%—{row.high:.1f}%" + ("，基数过小" if row.small else ""))
    return "<br>".join([*lines, cited(row.source_title)])


def _draw_band(drawing: Drawing, mine: list[Point], ink: str) -> None:
    """The Wilson interval of each run; of a figure that stands alone an upright line."""
    known = [point for point in mine if point.has_interval and point.run is not None]
    red, green, blue = channels(ink)
    for _, points in groupby(known, key=lambda point: point.run):
        run = list(points)
        alone = len(run) == 1
        drawing.traces.append(
            {
                "type": "scatter",
                "x": [point.middle for point in (*run, *reversed(run))],
                "y": [*[point.low for point in run], *[point.high for point in reversed(run)]],
                "mode": "lines",
                "fill": "none" if alone else "toself",
                "fillcolor": f"rgba({red},{green},{blue},0.16)",
                "line": {"width": 1 if alone else 0, "color": ink},
                "hoverinfo": "skip",
            }
        )


def _shade_gaps(drawing: Drawing, gaps: dict[int, str], colours: Palette) -> None:
    for year, text in gaps.items():
        drawing.shapes.append(
            {
                **{"type": "rect", "x0": f"{year}-01-01", "x1": f"{year}-12-31", "y0": 0, "y1": 1},
                **{"yref": "paper", "fillcolor": colours.missing, "line": {"width": 0}, "layer": "below"},
            }
        )
        drawing.notes.append(
            {
                **{"x": f"{year}-07-02", "y": 0, "yref": "paper", "yanchor": "bottom", "yshift": 4},
                **{"text": text, "showarrow": False, "font": {"size": 13, "color": colours.muted}},
            }
        )


def _draw_aim(drawing: Drawing, aim: Aim, years: tuple[int, int], colours: Palette) -> None:
    """The target: a marked point in its year, a thin line across, and its words at the left end of the line."""
    line = {"color": colours.highlight, "width": 1.2, "dash": "dot"}
    first, last = time_axis(*years)["range"]
    across = {"type": "line", "x0": first, "x1": last, "y0": aim.value, "y1": aim.value, "line": line}
    drawing.shapes.append({**across, "layer": "between"})  # over the grid, under the values
    drawing.traces.append(
        {
            "type": "scatter",
            "x": [f"{aim.year}-07-02"],
            "y": [aim.value],
            "mode": "markers",
            "marker": {
                "symbol": "star",
                "size": 14,
                "color": colours.highlight,
                "line": {"color": colours.ground, "width": 1},
            },
            "hovertemplate": f"{aim.text}<extra></extra>",
            "cliponaxis": False,
        }
    )
    drawing.notes.append(
        {
            **{"x": 0, "xref": "paper", "xanchor": "left", "y": aim.value, "yanchor": "bottom", "showarrow": False},
            **{"text": f"★ {aim.text}", "font": {"size": 13, "color": colours.highlight}},
        }
    )


def _draw_fit(drawing: Drawing, fit: Fit, axis: dict[str, Any], colours: Palette) -> None:
    """The straight line, dashed, with the words that say what it is, in the emptier half of the chart."""
    middle, end = [f"{year}-07-02" for year in fit.years], fit.values[-1]
    line = {"color": colours.highlight, "width": 2, "dash": "dash"}
    drawing.traces.append(
        {"type": "scatter", "x": middle, "y": fit.values, "mode": "lines", "line": line, "hoverinfo": "skip"}
    )
    drawing.notes.append(
        {
            **{"x": middle[-1], "y": end, "ax": -50, "ay": 90 if end > sum(axis["range"]) / 2 else -90},
            **{"arrowcolor": colours.highlight, "arrowwidth": 1, "arrowhead": 0, "standoff": 4},
            "text": f"{PROJECTION_NOTE}<br>{fit.years[-1]}年约{format_value(round(end, 1), fit.unit)}",
            "font": {"size": 13, "color": colours.highlight},
            "bgcolor": colours.ground,
        }
    )


def _upright(since: pd.Timestamp, x: str, y: str, colours: Palette, width: float) -> dict[str, Any]:
    """The line at a change of definition."""
    day, line = f"{since:%Y-%m-%d}", {"color": colours.highlight, "width": width, "dash": "dash"}
    return {"type": "line", "x0": day, "x1": day, "xref": x, "y0": 0, "y1": 1, "yref": y, "line": line}


def _draw_breaks(drawing: Drawing, breaks: pd.DataFrame, years: tuple[int, int], colours: Palette) -> int:
    """Upright lines where the definition changed, the reason above them; how many lines of text that takes."""
    most = 0
    for row in breaks.itertuples():
        if not years[0] <= row.since.year <= years[1]:
            continue
        words = wrap(f"口径变化：{row.reason}", REASON_WIDTH)
        drawing.shapes.append(_upright(row.since, "x", "paper", colours, 1.5))
        drawing.notes.append(
            {
                **{"x": f"{row.since:%Y-%m-%d}", "y": 1, "yref": "paper", "yanchor": "bottom", "align": "left"},
                **{"text": "<br>".join(words), "font": {"size": 12, "color": colours.highlight}, "showarrow": False},
            }
        )
        most = max(most, len(words))
    return most


def _name_lines(
    drawing: Drawing,
    points: Iterable[Point],
    inks: dict[str, str],
    names: dict[str, str],
    axis: dict[str, Any],
    colours: Palette,
) -> int:
    """Name and last value of each place at the right end of its line, moved apart where two would lie on each other.

    Returns the room that they take, in pixels.
    """
    bottom, top = axis["range"]
    ends = {point.region_code: point for point in points if point.run is not None and point.region_code in inks}
    placed, longest = -math.inf, 0
    for end in sorted(ends.values(), key=lambda point: point.value):
        height = (end.value - bottom) / (top - bottom) * PLOT_HEIGHT
        placed = max(height, placed + END_LABEL_GAP)
        text = f"{names[end.region_code]} {end.text}"
        longest = max(longest, sum(13 if letter > "ÿ" else 8 for letter in text))
        drawing.notes.append(
            {
                **{"x": end.middle, "y": end.value, "xanchor": "left", "xshift": 10, "yshift": placed - height},
                **{"text": text, "font": {"size": 13, "color": inks[end.region_code]}, "showarrow": False},
                "bgcolor": colours.ground,  # a projection may run through
            }
        )
    return longest


def _extent(points: Iterable[Point], aim: Aim | None, fit: Fit | None) -> tuple[float, float]:
    values = [
        value
        for point in points
        for value in ((point.value, point.low, point.high) if point.has_interval else (point.value,))
    ]
    values += [aim.value] if aim else []
    values += fit.values if fit else []
    return (min(values), max(values)) if values else (0.0, 1.0)


def _years(points: Iterable[Point], aim: Aim | None, fit: Fit | None) -> tuple[int, int]:
    years = [year for point in points for year in (point.period_start.year, point.period_end.year)]
    years += [aim.year] if aim else []
    years += fit.years if fit else []
    return (min(years), max(years)) if years else (2019, 2025)


def _unit(points: Sequence[Point], scene: Scene) -> str:
    return points[0].unit if points else str(scene.indicator["unit"])


def _footnotes(points: Iterable[Point], scene: Scene, breaks: pd.DataFrame, drawing: list[str]) -> list[str]:
    """How to read the drawing, then sources, definition, its changes, and the release."""
    newest_first = sorted(points, key=lambda point: point.period_end, reverse=True)
    sources = list(dict.fromkeys(point.source_title for point in newest_first))
    lines = [
        "；".join(drawing),
        f"来源：{'；'.join(cited(title) for title in sources)}" if sources else "",
        f"口径：{scene.indicator['caveats']}" if scene.indicator["caveats"] else "",
        *[f"口径变化（{format_day(row.since)}起）：{row.reason}" for row in breaks.itertuples()],
        f"版本{scene.release_id}",
    ]
    return [line for line in lines if line]


def _how_drawn(points: Iterable[Point], mine: list[Point], scene: Scene) -> list[str]:
    band = any(point.has_interval for point in mine)
    return [
        *(["◇为其他长度的期间，横线为其起止，不与连线比较"] if any(point.run is None for point in mine) else []),
        *(["浅色带为95%区间，案件越少越宽"] if band else []),
        *([f"空心点基数过小（不足{SMALL_BASE}件）"] if any(point.small for point in points) else []),
        *([f"{PARTS_NOT_PUBLISHED}，不画区间"] if scene.rate and mine and not band else []),
    ]


def _aim_note(aim: Aim | None) -> list[str]:
    return [f"★为目标，{aim.year}年数未公布"] if aim and aim.unknown else []


def _fit_note(fit: Fit | None) -> list[str]:
    if fit is None:
        return []
    change = change_words(fit.slope, fit.unit)
    return [f"虚线为历年数据的直线走势，平均每年{change}；{PROJECTION_NOTE}，不考虑政策与案件变化"]


def _panels_title(points: Iterable[Point], shown: list[str], count: int, scene: Scene) -> str:
    """Who of `count` places has most and least in the newest period, the one that the panels print; where hardly any
    has a figure of it, how many have one at all. Small bases have no say.
    """
    of = [point for point in points if point.region_code in shown and point.run is not None]
    last = max((point.period for point in of), default="")
    newest = [point for point in of if point.period == last and not point.small]
    if len(newest) < min(FEWEST_IN_TITLE, count):
        return f"{count}个{scene.level_name}中有{len(shown)}个公布过{scene.subject}"
    values = [point.value for point in newest]
    when, high, low = format_period(last), max(values), min(values)
    some = "" if len(newest) == count else f"有数据的{len(newest)}个{scene.level_name}"
    if high == low:
        return f"{when}{some or f'{count}个{scene.level_name}'}{scene.subject}均为{newest[0].text}"
    ends = []
    for value, word in ((high, "最高"), (low, "最低")):
        at = [point for point in newest if point.value == value]
        ends.append(f"{holders([point.region for point in at], scene.level_name)}{word}，{at[0].text}")
    return f"{when}{some}{scene.subject}：{'；'.join(ends)}"


def _table(points: Iterable[Point], names: dict[str, str]) -> pd.DataFrame:
    newest_first = sorted(points, key=lambda point: point.period_end, reverse=True)
    ordered = sorted((p for p in newest_first if p.region_code in names), key=lambda point: point.region_code)
    table = pd.DataFrame(
        {
            "地区": [point.region for point in ordered],
            "期间": [point.period_text for point in ordered],
            VALUE: [point.text for point in ordered],
            # Of periods of one length alone: bars of others would compare them.
            BAR: [math.nan if point.run is None else point.value for point in ordered],
            "分子/分母": [point.cases for point in ordered],
            "95%区间": [interval_words(point.low, point.high, point.unit) for point in ordered],
            "来源": [point.source_title for point in ordered],
        }
    )
    return table.loc[:, [name for name in table if name not in ("分子/分母", "95%区间", BAR) or table[name].any()]]
