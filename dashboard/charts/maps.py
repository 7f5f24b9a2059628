"""Maps of the leagues and of the banners.

Shapes travel once, as files below app/static (the figure only names them), so a change of year sends a few
kilobytes. plotly has no pattern fill for areas: the hatch of 未公布 is a second set of shapes, drawn like any other.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import BAR, VALUE, Chart, watermark
from dashboard.charts.anatomy import BIGGER_HAVE_MORE, Scene, footnotes
from dashboard.charts.ground import Sheet, layout, shape, view
from dashboard.charts.labels import LABEL_SIZE, fitting, in_view, nearest, place_labels
from dashboard.charts.map_keys import add_key, colour_bar, entries_of, key_height
from dashboard.charts.scales import Scale, blend, one_colour
from dashboard.statistics import SMALL_BASE, SMALL_BASE_WORDS, small_base
from dashboard.theme import (
    DATASET_NAMES,
    LATEST,
    LATEST_NAME,
    LEVEL_NAMES,
    NOT_PUBLISHED,
    STATE_NAMES,
    format_period,
    in_brackets,
    luminance,
)

HOVER = "%{properties.name}<br>%{text}<extra></extra>"
MAP_NOTE = "示意图，不作为划界依据"
APART = "单列"  # of a city that is shown beside the league to which it belongs
NAMED_IN_TITLE = 3
# Leagues and cities smaller than their names -> what the label lies on: another league, or (empty) the ground.
LABELS_OUTSIDE = {"150300": "152900", "150781": "", "152501": ""}
DARK_FILL = 0.3  # luminance below which a label is light
COUNTED = ("count", "money")  # kinds of which larger places have more
CLEAR = "rgba(0,0,0,0)"


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
    scene = Scene(
        indicator=indicator,
        dataset=dataset,
        places=f"{len(frame)}个{LEVEL_NAMES[level]}",
        level_name=LEVEL_NAMES[level],
        breakdown=breakdown,
        period=period,
        release_id=release_id,
        highlighted=selected,
        dark=dark,
    )
    return one_map(frame, scene, Sheet(shapes, level), whole=whole)


def one_map(
    frame: pd.DataFrame,
    scene: Scene,
    sheet: Sheet,
    *,
    whole: str,
    scale: Scale | None = None,
    apart: pd.DataFrame | None = None,
    note: str = "",
) -> Chart:
    """A map of one period, or of each region's newest figure.

    `frame`: `slices.by_region`, of the banners of one league where `sheet` says so. `whole`: the figures to hold it
    against, in words, or empty. `scale`: None for a blend over the values themselves. `apart`: `slices.by_region` of
    the cities to be shown beside their leagues. `note`: one more line under the map.
    """
    colours = scene.colours
    rows = prepared(frame, scene, apart)
    cities = None if apart is None else prepared(apart, scene)
    used = scale or own_scale(rows, scene)
    entries = entries_of(used, rows, cities, colours, [f" · {count}个" for count in counts(used, rows)])
    top = key_height(entries, used) if sheet.near else 0
    figure = go.Figure(layout=sheet_layout(scene, sheet, used, top=top))
    draw(figure, rows, used, scene, sheet, cities)
    add_key(figure, entries, used, colours, top)
    mark(figure, scene)
    title = _title(rows, scene, sheet, whole)
    tally = slices.tally(frame, LEVEL_NAMES[sheet.level])
    return Chart(
        name="地图",
        figure=figure,
        title=title,
        subtitle=subtitle_of(
            rows,
            scene,
            LATEST_NAME if scene.period == LATEST else format_period(scene.period),
            "" if apart is None else "、".join(apart["name"]) + APART,
        ),
        footnotes=footnotes_of(rows, scene, used.note, note),
        reading=f"{title}。{tally}。",
        table=lambda: _table(rows, cities, scene),
        simulated=scene.dataset == "demo",
    )


def prepared(frame: pd.DataFrame, scene: Scene, apart: pd.DataFrame | None = None) -> pd.DataFrame:
    """`frame` with small (bool: a rate on a small base), cases (58/61), within (含满洲里市, of `apart`), and the words
    for the map: label (without a unit of two parts, which would be longer than the area is wide) and hover.
    """
    small = small_base(frame["denominator"]) & frame["value"].notna() if scene.rate else False
    cases = slices.cases(frame, "") if scene.rate else ""
    rows = frame.assign(small=small, cases=cases)
    within = {} if apart is None else apart.groupby("parent")["name"].agg("、".join).to_dict()
    rows["within"] = [f"含{within[code]}" if code in within else "" for code in rows.index]
    periods = rows["period_text"] if scene.period == LATEST else pd.Series("", index=rows.index)
    rows["label"] = [
        text.removesuffix(unit) if known and "/" in unit else text
        for text, unit, known in zip(rows["text"], rows["unit"], rows["value"].notna(), strict=True)
    ]
    rows["hover"] = [
        text + (in_brackets("，".join(extra)) if (extra := [word for word in words if word]) else "")
        for text, *words in zip(
            rows["text"],
            periods,
            np.where(rows["small"], SMALL_BASE_WORDS, ""),
            rows["within"],
            strict=True,
        )
    ]
    return rows


def sound(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a value that count: not those on a small base. `rows`: `prepared`."""
    return rows[(rows["state"] == "value") & ~rows["small"].astype(bool)]


def own_scale(rows: pd.DataFrame, scene: Scene) -> Scale:
    """A blend over the values of `rows`, or one colour where they are not of one period."""
    direction, values = scene.indicator["direction"], sound(rows)["value"]
    if not slices.comparable(rows):
        return one_colour(direction, scene.colours)
    return blend(values, direction, unit_of(rows, scene), scene.colours)


def sheet_layout(scene: Scene, sheet: Sheet, scale: Scale, *, top: int, maps: int = 1, columns: int = 1) -> dict:
    """The frame of one map or of several, row by row below a heading each; `top`: pixels above, for the key."""
    axis = {"cmin": 0, "cmax": 1, "colorscale": scale.plotly(), "showscale": scale.bar}
    if scale.bar:
        axis["colorbar"] = colour_bar(scale, scene.colours, above=top > 0)
    made = layout(scene.dark, scene.colours)
    made |= {"margin": {"l": 0, "r": 0, "t": top, "b": 0}, "coloraxis": axis}
    lines = math.ceil(maps / columns)
    heading = 0.0 if maps == 1 else 0.06 if lines == 1 else 0.13 / lines
    for number in range(maps):
        line, column = divmod(number, columns)
        # The neighbours of a part are cut off at a frame.
        cut = bool(sheet.zoom or sheet.fit)
        frame = {"showframe": True, "framecolor": scene.colours.line, "framewidth": 1} if cut else {}
        made[geo_name(number)] = {
            **view(sheet.camera, scene.colours),
            **frame,
            "domain": {
                "x": [column / columns, (column + 1) / columns],
                "y": [1 - (line + 1) / lines, 1 - line / lines - heading],
            },
        }
    return made


def geo_name(number: int) -> str:
    """The name that plotly has for a map of several."""
    return f"geo{number + 1}" if number else "geo"


def areas(
    geojson: object, codes: object, *, fill: str, line: str, width: float, hover: pd.Series | None = None
) -> dict[str, object]:
    """A trace of areas of one colour; without `hover` they neither answer the mouse nor a click.

    The name in the hover text comes from the shape: a hundred names need not travel with every figure.
    """
    locations = list(codes)  # type: ignore[call-overload]
    answer = {"hoverinfo": "skip"} if hover is None else {"text": hover.tolist(), "hovertemplate": HOVER}
    return {
        "type": "choropleth",
        "geojson": geojson,
        "locations": locations,
        "featureidkey": "properties.code",
        "z": [0] * len(locations),
        "colorscale": [[0, fill], [1, fill]],
        "showscale": False,
        "marker": {"line": {"color": line, "width": width}},
        **answer,
    }


def draw(
    figure: go.Figure,
    rows: pd.DataFrame,
    scale: Scale,
    scene: Scene,
    sheet: Sheet,
    cities: pd.DataFrame | None = None,
    *,
    geo: str = "geo",
    label_size: int = LABEL_SIZE,
) -> None:
    """One map in the subplot `geo`. `rows`, `cities`: `prepared`; a `label_size` of 0 leaves the labels out."""
    colours = scene.colours
    traces: list[Any] = []
    if sheet.others:
        beside = shape(sheet.shapes, sheet.areas)
        traces.append(areas(beside, sheet.others, fill=colours.ground, line=colours.line, width=0.6))
    traces += _area_traces(rows, scale, scene, sheet.shapes, sheet.areas, sheet.hatch)
    if sheet.level == "banner":
        every = rows["parent"].unique() if sheet.leagues is None else sheet.leagues.index
        leagues = [sheet.group] if sheet.group else every
        traces.append(areas(shape(sheet.shapes, "leagues"), leagues, fill=CLEAR, line=colours.muted, width=1.1))
    if cities is not None:
        traces += _area_traces(cities, scale, scene, sheet.shapes, "banners", "hatch-banners")
        traces.append(areas(shape(sheet.shapes, "banners"), cities.index, fill=CLEAR, line=colours.text, width=1.4))
    for places, name in ((rows, sheet.areas), (cities, "banners")):
        if places is not None and scene.highlighted in places.index:
            outline = [scene.highlighted]
            traces.append(areas(shape(sheet.shapes, name), outline, fill=CLEAR, line=colours.highlight, width=2.6))
    if label_size:
        labelled = rows if cities is None else pd.concat([rows, cities])
        traces += _labels(labelled, scale, scene, sheet, label_size)
    for trace in traces:
        trace["geo"] = geo
    figure.add_traces(traces)


def _area_traces(
    rows: pd.DataFrame, scale: Scale, scene: Scene, shapes: str, name: str, hatch: str
) -> list[dict[str, object]]:
    """Areas with a value by colour, those without hatched, those on a small base with stripes over the colour."""
    colours = scene.colours
    known, missing = rows[rows["state"] == "value"], rows[rows["state"] != "value"]
    traces = []
    if len(missing):
        plain = areas(
            shape(shapes, name),
            missing.index,
            fill=colours.missing,
            line=colours.hatch,
            width=0.6,
            hover=missing["hover"],
        )
        stripes = areas(shape(shapes, hatch), missing.index, fill=colours.hatch, line=colours.hatch, width=0)
        traces += [plain, stripes]
    if len(known):
        traces.append(_values(known, shape(shapes, name), scale, scene, thin=name == "banners"))
    small = known.index[known["small"].astype(bool)]
    if len(small):
        traces.append(areas(shape(shapes, hatch), small, fill=colours.ground, line=colours.ground, width=0))
    return traces


def _values(known: pd.DataFrame, geojson: object, scale: Scale, scene: Scene, thin: bool) -> dict[str, object]:
    """A trace of the areas with a value."""
    colours = scene.colours
    # Nothing that is the same for all travels with each of a hundred areas.
    cases = known["cases"].tolist() if known["cases"].all() else None
    lines = ["%{customdata}" + scene.case_unit] if cases else []
    lines += [] if scene.period == LATEST else [known["period_text"].iloc[0]]
    return {
        "type": "choropleth",
        "geojson": geojson,
        "locations": known.index.tolist(),
        "featureidkey": "properties.code",
        "z": scale.shades(known["value"]),
        "coloraxis": "coloraxis",
        "marker": {"line": {"color": colours.border, "width": 0.6 if thin else 1.0}},
        "text": known["hover"].tolist(),
        **({"customdata": cases} if cases else {}),
        "hovertemplate": HOVER.replace("%{text}", "<br>".join(["%{text}", *lines])),
        # The template's own selection styling would fade every area that was not clicked.
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _labels(rows: pd.DataFrame, scale: Scale, scene: Scene, sheet: Sheet, size: int) -> list[go.Scattergeo]:
    """Names, with the value under the name where there is one; on a map of all banners the names of the leagues."""
    colours = scene.colours
    if sheet.level == "banner" and not sheet.near and not sheet.others:
        if sheet.leagues is None:
            return []
        fills = pd.Series(scale.fills(rows["value"].fillna(0)), index=rows.index)
        under = fills.where(rows["state"] == "value", colours.missing)[nearest(sheet.leagues, rows)]
        on_dark = pd.Series((under.map(luminance) < DARK_FILL).to_numpy(), index=sheet.leagues.index)
        return place_labels(sheet.leagues, sheet.leagues["short_name"], on_dark, size=size - 1)
    if sheet.near and sheet.level == "banner" and not sheet.group:
        rows = rows[in_view(rows, sheet)]
    has_value = rows["state"] == "value"
    signs = [f"<br>{scale.signs[at]} " if scale.signs else "<br>" for at in scale.classes(rows["value"].fillna(0))]
    values = pd.Series(signs, index=rows.index) + rows["label"]
    reasons = ("<br>" + rows["text"]).where(rows["state"] != "not_published", "")
    full = "<b>" + rows["short_name"] + "</b>" + values.where(has_value, reasons)
    fills = pd.Series(scale.fills(rows["value"].fillna(0)), index=rows.index).where(has_value, colours.missing)
    if sheet.level == "league":
        for code, under in LABELS_OUTSIDE.items():
            if code in fills.index:
                fills[code] = fills.get(under, colours.ground)
    on_dark = fills.map(luminance) < DARK_FILL
    if not sheet.near and sheet.level == "league":
        return place_labels(rows, full, on_dark, size=size)
    texts, spots = fitting(rows, full, sheet, size, first=scene.highlighted)
    return place_labels(rows, texts, on_dark, size=size, spots=spots)


def counts(scale: Scale, rows: pd.DataFrame) -> list[int]:
    """How many places lie in each class, small bases aside; empty without classes."""
    if not scale.words:
        return []
    return np.bincount(scale.classes(sound(rows)["value"]), minlength=len(scale.words)).tolist()


def mark(figure: go.Figure, scene: Scene) -> None:
    """Marks simulated data as such."""
    if scene.dataset == "demo":
        watermark(figure, scene.colours)


def _title(rows: pd.DataFrame, scene: Scene, sheet: Sheet, whole: str) -> str:
    """What the map says, as a statement."""
    known = rows[rows["state"] == "value"].sort_values("value", ascending=False, kind="stable")
    ranked = sound(known)
    when = "" if scene.period == LATEST else format_period(scene.period)
    end = f"；{whole}" if whole else ""
    if known.empty:
        return f"{when}{sheet.place}{len(rows)}个{scene.level_name}均未公布{scene.subject}{end}"
    if len(known) <= NAMED_IN_TITLE:
        who = f"{when}{sheet.place}有{len(known)}个{scene.level_name}"
        if not slices.comparable(known):  # not from the highest: they are no ranking
            of = known.reindex([code for code in rows.index if code in known.index])
            each = "；".join(of["name"] + of["period_text"] + of["text"])
            return f"{who}公布过{scene.subject}，期间不同，不作比较：{each}{end}"
        values = [
            f"{n}{t}" + (in_brackets(p) if scene.period == LATEST else "")
            for n, t, p in zip(known["name"], known["text"], known["period_text"], strict=True)
        ]
        return f"{who}公布{scene.subject}：{'、'.join(values)}{end}"
    who = f"{sheet.place}{len(known)}个{scene.level_name}"
    if not slices.comparable(known):
        return f"{who}公布过{scene.subject}，期间不同，不作比较{end}"
    if ranked.empty:
        return f"{when}{who}公布的{scene.subject}分母都不足{SMALL_BASE}件，不作比较{end}"
    if ranked["value"].nunique() == 1:
        who = f"{sheet.place}{len(ranked)}个{scene.level_name}"
        return f"{when}{who}公布的{scene.subject}均为{ranked['text'].iloc[0]}{end}"
    ends = [_extreme(ranked, at, word, scene.level_name) for at, word in ((0, "最高"), (-1, "最低"))]
    among = f"{sheet.place}各{scene.level_name}" if sheet.place else ""
    return f"{when}{among}{scene.subject}：{'；'.join(ends)}{end}"


def _extreme(ranked: pd.DataFrame, at: int, word: str, level_name: str) -> str:
    """Who has the highest or lowest value: 乌海市最高，100%; several: 9个盟市最高，均为100%."""
    same = ranked[ranked["value"] == ranked["value"].iloc[at]]
    text = same["text"].iloc[0]
    if len(same) == 1:
        return f"{same['name'].iloc[0]}{word}，{text}"
    return f"{len(same)}个{level_name}{word}，均为{text}"


def unit_of(rows: pd.DataFrame, scene: Scene) -> str:
    """The unit of the figures; a breakdown may be counted in another one than its indicator."""
    units = rows.loc[rows["value"].notna(), "unit"]
    return str(units.iloc[0] if len(units) else scene.indicator["unit"])


def subtitle_of(rows: pd.DataFrame, scene: Scene, when: str, *extra: str, unit: str = "") -> str:
    """Indicator, unit, period, who, data set."""
    dataset = DATASET_NAMES.get(scene.dataset, scene.dataset)
    parts = [scene.subject, f"单位：{unit or unit_of(rows, scene)}", when, scene.places, *extra, dataset]
    return " · ".join(part for part in parts if part)


def footnotes_of(rows: pd.DataFrame, scene: Scene, *notes: str) -> list[str]:
    """Who is missing, `notes`, what colours do not say, sources, definition, map note, release."""
    if rows.index.has_duplicates:  # several periods: `notes` tell of each who is missing
        rows = rows[rows["state"] == "value"]
    any_small = rows["small"].astype(bool).any()
    striped = f"颜色上带斜纹的，分母不足{SMALL_BASE}件，{SMALL_BASE_WORDS}。" if any_small else ""
    bigger = BIGGER_HAVE_MORE if scene.indicator["kind"] in COUNTED else ""
    *lines, release = footnotes(rows, scene, *notes, striped, bigger)
    return [*lines, f"{MAP_NOTE} · {release}"]


def _table(rows: pd.DataFrame, cities: pd.DataFrame | None, scene: Scene) -> pd.DataFrame:
    listed_rows = rows if cities is None else pd.concat([rows, cities.assign(name=cities["name"] + f"（{APART}）")])
    within = ("（" + listed_rows["within"] + "）").where(listed_rows["within"] != "", "")
    table = pd.DataFrame(
        {
            "地区": listed_rows["name"] + within,
            VALUE: listed_rows["text"],
            BAR: listed_rows["value"],
            "分子/分母": listed_rows["cases"].where(listed_rows["cases"] == "", listed_rows["cases"] + scene.case_unit),
            "期间": listed_rows["period_text"],
            "来源": listed_rows["source_title"].where(
                listed_rows["state"] == "value", listed_rows["state"].map(STATE_NAMES).fillna(NOT_PUBLISHED)
            ),
        }
    ).reset_index(drop=True)
    compared = scene.period != LATEST and table[BAR].notna().any()  # bars of different periods would compare them
    unused = [*([] if table["分子/分母"].any() else ["分子/分母"]), *([] if compared else [BAR])]
    return table.drop(columns=unused)
