"""Maps of the leagues and of the banners.

Shapes travel once, as files below app/static (the figure only names them), so a change of year sends a few
kilobytes. plotly has no pattern fill for areas: the hatch of 未公布 is a second set of shapes, drawn like any other.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import Chart, watermark
from dashboard.theme import (
    DATASET_NAMES,
    LATEST,
    LATEST_NAME,
    LEVEL_NAMES,
    NOT_PUBLISHED,
    Palette,
    format_period,
    format_value,
    luminance,
    palette,
    template,
)

HOVER = "%{properties.name}<br>%{text}<extra></extra>"
MAP_NOTE = "示意图，不作为划界依据"
VALUES_FOR_SCALE = 4  # with fewer, the labels say more than a colour bar
NAMED_IN_TITLE = 3
LABELS_OUTSIDE = ("150300",)  # 乌海市 is smaller than its name
UNIFORM_SHADE = 0.6  # of areas that have a value but no place on a scale
DARK_FILL = 0.3  # luminance below which a label is light
# Tried in a browser: with this centre the region fills the frame. The ranges only set the scale; narrower than the
# region, they cut nothing off.
CENTRE = {"lon": 110.58, "lat": 45.66}
LONGITUDES = (99.4, 124.6)
LATITUDES = (37, 53)
# Labels of neighbouring leagues would lie on each other at the label points; moved in degrees (lon, lat).
LABEL_SHIFTS = {
    "150100": (0.35, -0.15),
    "150200": (-0.1, 0.5),
    "150300": (-0.75, 0.1),
    "150600": (0.1, -0.35),
    "150800": (-0.3, 0.1),
    "150900": (0.7, 0.35),
}


def league_or_banner_map(
    frame: pd.DataFrame,
    *,
    indicator: pd.Series,
    dataset: str,
    level: str,
    breakdown: str,
    period: str,
    whole: str,
    release_id: str,
    shapes: str,
    selected: str = "",
    dark: bool = False,
) -> Chart:
    """A map of one indicator: values by colour and label, what is missing hatched and named.

    `frame`: `slices.by_region`. `indicator`: a row of `queries.indicators`. `whole`: the figure of the whole region in
    words, or empty. `shapes`: address or folder of the shape files (see `shape`). `selected`: code to outline.
    """
    colours = palette(dark)
    known = frame[frame["state"] == "value"]
    missing = frame[frame["state"] != "value"]
    name = "banners" if level == "banner" else "leagues"
    figure = go.Figure(layout=layout(dark, colours))
    figure.add_trace(
        areas(
            shape(shapes, name),
            missing.index,
            fill=colours.missing,
            line=colours.hatch,
            width=0.6,
            hover=missing["text"],
        )
    )
    figure.add_trace(
        areas(shape(shapes, f"hatch-{name}"), missing.index, fill=colours.hatch, line=colours.hatch, width=0)
    )
    if len(known):
        figure.add_trace(_values(known, shape(shapes, name), indicator, colours, narrow=level == "banner"))
    if level == "banner":
        leagues = frame["parent"].unique()
        figure.add_trace(areas(shape(shapes, "leagues"), leagues, fill="rgba(0,0,0,0)", line=colours.muted, width=1.1))
    if selected in frame.index:
        figure.add_trace(
            areas(shape(shapes, name), [selected], fill="rgba(0,0,0,0)", line=colours.highlight, width=2.6)
        )
    if level == "league":
        figure.add_traces(_labels(frame, indicator["direction"], colours))
    if len(missing):
        _key_of_missing(figure, colours)
    if dataset == "demo":
        watermark(figure, colours)
    title = _title(frame, indicator, level, breakdown, period, whole)
    return Chart(
        name="地图",
        figure=figure,
        title=title,
        subtitle=_subtitle(indicator, known, dataset, level, breakdown, period),
        footnotes=_footnotes(known, indicator, release_id),
        reading=f"{title}。{slices.tally(frame, LEVEL_NAMES[level])}。",
        table=_table(frame),
        simulated=dataset == "demo",
    )


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
    """The frame of every map: the projection, and a view that the region fills."""
    return {
        "template": template(dark),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "dragmode": False,
        "showlegend": False,
        "geo": {
            "projection": {"type": "conic equal area", "parallels": [38, 52], "rotation": {"lon": 112}},
            "center": CENTRE,
            "lonaxis": {"range": LONGITUDES},
            "lataxis": {"range": LATITUDES},
            "visible": False,
            "bgcolor": colours.ground,
        },
    }


def areas(
    geojson: object, codes: object, *, fill: str, line: str, width: float, hover: pd.Series | None = None
) -> go.Choropleth:
    """Areas of one colour; without `hover` they neither answer the mouse nor a click.

    The name in the hover text comes from the shape: a hundred names need not travel with every figure.
    """
    locations = list(codes)  # type: ignore[call-overload]
    return go.Choropleth(
        geojson=geojson,
        locations=locations,
        featureidkey="properties.code",
        z=[0] * len(locations),
        colorscale=[[0, fill], [1, fill]],
        showscale=False,
        marker={"line": {"color": line, "width": width}},
        text=None if hover is None else hover.tolist(),
        hovertemplate=None if hover is None else HOVER,
        hoverinfo="skip" if hover is None else None,
    )


def _values(
    known: pd.DataFrame, geojson: object, indicator: pd.Series, colours: Palette, narrow: bool
) -> go.Choropleth:
    """Areas with a value. Colour is a scale only where values compare; else all have one colour that says 有数."""
    steps = colours.neutral if indicator["direction"] == "neutral" else colours.sequential
    compare = slices.comparable(known) and known["value"].nunique() > 1
    several = known["period_text"].nunique() > 1
    scale = [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)]
    return go.Choropleth(
        geojson=geojson,
        locations=known.index.tolist(),
        featureidkey="properties.code",
        z=_shades(known["value"], compare),
        zmin=0,
        zmax=1,
        colorscale=scale,
        showscale=bool(compare and known["value"].nunique() >= VALUES_FOR_SCALE),
        colorbar=_colour_bar(known["value"].min(), known["value"].max(), known["unit"].iloc[0], colours),
        marker={"line": {"color": colours.border, "width": 0.6 if narrow else 1.0}},
        text=(known["text"] + "（" + known["period_text"] + "）" if several else known["text"]).tolist(),
        hovertemplate=HOVER if several else HOVER.replace("%{text}", f"%{{text}}（{known['period_text'].iloc[0]}）"),
        # The template's own selection styling would fade every area that was not clicked.
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _colour_bar(low: float, high: float, unit: str, colours: Palette) -> dict[str, object]:
    shades = np.linspace(0, 1, 5)
    decimals = 0 if high - low >= 8 else 1 if high - low >= 0.8 else 2
    rounded = [float(round(low + shade * (high - low), decimals)) for shade in shades]
    return {
        "orientation": "h",
        "x": 0.02,
        "xanchor": "left",
        "y": 0.98,
        "yanchor": "top",
        "len": 0.36,
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": shades.tolist(),
        "ticktext": [format_value(tick, unit) for tick in rounded],
        "tickfont": {"size": 12, "color": colours.muted},
    }


def _labels(frame: pd.DataFrame, direction: str, colours: Palette) -> list[go.Scattergeo]:
    """League names, with the value under the name where there is one; dark on light areas, light on dark ones."""
    has_value = frame["state"] == "value"
    texts = frame["short_name"].where(~has_value, "<b>" + frame["short_name"] + "</b><br>" + frame["text"])
    steps = colours.neutral if direction == "neutral" else colours.sequential
    fills = [steps[round(t * (len(steps) - 1))] for t in _shades(frame["value"].fillna(0), slices.comparable(frame))]
    on_dark = pd.Series([luminance(fill) < DARK_FILL for fill in fills], index=frame.index)
    inside = has_value & ~frame.index.isin(LABELS_OUTSIDE)
    on_dark = on_dark.where(inside, luminance(colours.missing) < DARK_FILL)
    return place_labels(frame, texts, on_dark)


def place_labels(places: pd.DataFrame, texts: pd.Series, on_dark: pd.Series) -> list[go.Scattergeo]:
    """A text at the label point of each place; `texts` and `on_dark` (lies on a dark area) have the index of `places`.

    A halo of the opposite colour keeps a label legible where it reaches into the neighbouring area.
    """
    traces = []
    for dark in (False, True):
        part = places[on_dark == dark]
        ink, halo = ("#ffffff", "#12304b") if dark else ("#1d2733", "#ffffff")
        shifts = [LABEL_SHIFTS.get(code, (0.0, 0.0)) for code in part.index]
        traces.append(
            go.Scattergeo(
                lon=[lon + dx for lon, (dx, _) in zip(part["lon"], shifts, strict=True)],
                lat=[lat + dy for lat, (_, dy) in zip(part["lat"], shifts, strict=True)],
                mode="text",
                text=texts[part.index].tolist(),
                textfont={
                    "size": 13,
                    "color": ink,
                    "shadow": ",".join(f"{x}px {y}px 2px {halo}" for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0))),
                },
                hoverinfo="skip",
            )
        )
    return traces


def _shades(values: pd.Series, compare: bool) -> list[float]:
    """Where each value lies on the colour scale, 0 to 1; one middle shade where values do not compare or are equal."""
    low, high = values.min(), values.max()
    if not compare or low == high:
        return [UNIFORM_SHADE] * len(values)
    return ((values - low) / (high - low)).round(4).tolist()


def _key_of_missing(figure: go.Figure, colours: Palette) -> None:
    """A hatched box and the word 未公布, top left."""
    left, top = 0.02, 0.86
    pixels = {
        "xref": "paper",
        "yref": "paper",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": left,
        "yanchor": top,
    }
    figure.add_shape(
        type="rect",
        x0=0,
        x1=26,
        y0=0,
        y1=14,
        fillcolor=colours.missing,
        line={"color": colours.hatch, "width": 1},
        **pixels,
    )
    stripes = " ".join(f"M{x},0 L{x + 12},14" for x in (1, 7, 13))
    figure.add_shape(type="path", path=stripes, line={"color": colours.hatch, "width": 1.5}, **pixels)
    figure.add_annotation(
        text=NOT_PUBLISHED,
        xref="paper",
        yref="paper",
        x=left,
        y=top,
        xshift=34,
        yshift=7,
        xanchor="left",
        yanchor="middle",
        showarrow=False,
        font={"size": 13, "color": colours.muted},
    )


def _title(frame: pd.DataFrame, indicator: pd.Series, level: str, breakdown: str, period: str, whole: str) -> str:
    """What the map says, as a statement."""
    known = frame[frame["state"] == "value"].sort_values("value", ascending=False)
    subject = indicator["name"] + (f"（{breakdown}）" if breakdown else "")
    when = "" if period == LATEST else format_period(period)
    level_name, end = LEVEL_NAMES[level], f"；{whole}" if whole else ""
    if known.empty:
        return f"{when}{len(frame)}个{level_name}均未公布{subject}{end}"
    if len(known) <= NAMED_IN_TITLE:
        values = [
            f"{n}{t}" + (f"（{p}）" if period == LATEST else "")
            for n, t, p in zip(known["name"], known["text"], known["period_text"], strict=True)
        ]
        return f"{when}有{len(known)}个{level_name}公布{subject}：{'、'.join(values)}{end}"
    if not slices.comparable(known):
        return f"{len(known)}个{level_name}公布过{subject}，期间长短不一，不作比较{end}"
    if known["value"].nunique() == 1:
        return f"{when}{len(known)}个{level_name}公布的{subject}均为{known['text'].iloc[0]}{end}"
    ends = [_extreme(known, known["value"].iloc[at], word, level_name) for at, word in ((0, "最高"), (-1, "最低"))]
    return f"{when}{subject}：{'；'.join(ends)}{end}"


def _extreme(known: pd.DataFrame, value: float, word: str, level_name: str) -> str:
    """Who has the highest or lowest value: 乌海市最高，100%; several: 9个盟市最高，均为100%."""
    holders = known[known["value"] == value]
    text = holders["text"].iloc[0]
    if len(holders) == 1:
        return f"{holders['name'].iloc[0]}{word}，{text}"
    return f"{len(holders)}个{level_name}{word}，均为{text}"


def _subtitle(indicator: pd.Series, known: pd.DataFrame, dataset: str, level: str, breakdown: str, period: str) -> str:
    unit = known["unit"].iloc[0] if len(known) else indicator["unit"]
    parts = [
        indicator["name"] + (f"（{breakdown}）" if breakdown else ""),
        f"单位：{unit}",
        LATEST_NAME if period == LATEST else format_period(period),
        LEVEL_NAMES[level],
        DATASET_NAMES.get(dataset, dataset),
    ]
    return " · ".join(parts)


def _footnotes(known: pd.DataFrame, indicator: pd.Series, release_id: str) -> list[str]:
    sources = list(dict.fromkeys(known["source_title"]))
    notes = [f"来源：{'；'.join(f'《{title}》' for title in sources)}"] if sources else []
    if indicator["caveats"]:
        notes.append(f"口径：{indicator['caveats']}")
    return [*notes, f"{MAP_NOTE} · 版本{release_id}"]


def _table(frame: pd.DataFrame) -> pd.DataFrame:
    table = frame[["name", "text", "period_text", "source_title"]].rename(
        columns={"name": "地区", "text": "数值", "period_text": "期间", "source_title": "来源"}
    )
    return table.assign(来源=table["来源"].where(frame["state"] == "value", NOT_PUBLISHED)).reset_index(drop=True)
