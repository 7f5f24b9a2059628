"""Maps of the leagues and of the banners.

Shapes travel once, as files below app/static (the figure only names them), so a change of year sends a few
kilobytes. plotly has no pattern fill for areas: the hatch of 未公布 is a second set of shapes, drawn like any other.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import BAR, VALUE, Chart, watermark_note
from dashboard.charts.anatomy import BIGGER_HAVE_MORE, Scene, footnotes, holders
from dashboard.charts.ground import Sheet, layout, shape, view
from dashboard.charts.labels import FRAME, LABEL_SIZE, Frame, fitting, in_view, named, place_labels
from dashboard.charts.map_keys import CLEAR, Entry, colour_bar, entries_of, key, key_height
from dashboard.charts.scales import Numbers, Scale, blend, one_colour
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
)

T = TypeVar("T")

HOVER = "%{properties.name}<br>%{text}<extra></extra>"
NOT_COMPARED = "有数据，期间不同，不比较深浅"
MAP_NOTE = "示意图，不作为划界依据"
APART = "单列"  # of a city that is shown beside the league to which it belongs
NAMED_IN_TITLE = 3
MARK_SIZES = (54, 32, 23, 17)  # of the mark of simulated data, by how many maps lie beside each other; see style.css
COUNTED = ("count", "money")  # kinds of which larger places have more


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
    counted = [f" · {count}个" for count in counts(used, rows)]
    entries = entries_of(used, rows, cities, colours, counted, scene.highlighted, sheet.around)
    top = key_height(entries, used) if sheet.near else 0
    figure = go.Figure(
        drawn(rows, used, scene, sheet, cities),
        sheet_layout(scene, sheet, used, top=top) | written(entries, used, scene, top),
    )
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
    known = frame["value"].notna()
    small = (small_base(frame["denominator"]) & known).tolist() if scene.rate else [False] * len(frame)
    cities: dict[str, list[str]] = {}
    if apart is not None:
        for league, name in zip(apart["parent"].tolist(), apart["name"].tolist(), strict=True):
            cities.setdefault(league, []).append(name)
    within = [f"含{'、'.join(cities[code])}" if code in cities else "" for code in frame.index.tolist()]
    texts, units = frame["text"].tolist(), frame["unit"].tolist()
    periods = frame["period_text"].tolist() if scene.period == LATEST else [""] * len(frame)
    extras = [
        "，".join(word for word in (period, SMALL_BASE_WORDS if on_small else "", city) if word)
        for period, on_small, city in zip(periods, small, within, strict=True)
    ]
    return frame.assign(
        small=small,
        cases=slices.cases(frame, "") if scene.rate else "",
        within=within,
        label=[
            text.removesuffix(unit) if there and "/" in unit else text
            for text, unit, there in zip(texts, units, known.tolist(), strict=True)
        ],
        hover=[text + (in_brackets(extra) if extra else "") for text, extra in zip(texts, extras, strict=True)],
    )


def sound(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a value that count: not those on a small base. `rows`: `prepared`."""
    return rows[(rows["state"] == "value") & ~rows["small"].astype(bool)]


def own_scale(rows: pd.DataFrame, scene: Scene) -> Scale:
    """A blend over the values of `rows`, or one colour where they are not of one period."""
    direction, values = scene.indicator["direction"], sound(rows)["value"]
    if not slices.comparable(rows):
        return one_colour(direction, scene.colours, NOT_COMPARED if len(values) else "")
    return blend(values, direction, unit_of(rows, scene), scene.colours)


def sheet_layout(scene: Scene, sheet: Sheet, scale: Scale, *, top: int, maps: int = 1, columns: int = 1) -> dict:
    """The frame of one map or of several, row by row below a heading each; `top`: pixels above, for the key."""
    axis = {"cmin": 0, "cmax": 1, "colorscale": scale.plotly(), "showscale": scale.bar}
    if scale.bar:
        axis["colorbar"] = colour_bar(scale, scene.colours, above=top > 0)
    made = layout(scene.dark, scene.colours)
    made |= {"margin": {"l": 0, "r": 0, "t": top, "b": 0}, "coloraxis": axis}
    for number in range(maps):
        across, up = _domain(number, maps, columns)
        # The neighbours of a part are cut off at a frame.
        cut = bool(sheet.zoom or sheet.fit)
        frame = {"showframe": True, "framecolor": scene.colours.line, "framewidth": 1} if cut else {}
        made[geo_name(number)] = {
            **view(sheet.camera, scene.colours),
            **frame,
            "domain": {"x": across, "y": up},
        }
    return made


def _domain(number: int, maps: int, columns: int) -> tuple[list[float], list[float]]:
    """From where to where a map of several lies, 0 to 1 across and from below."""
    lines, (line, column) = math.ceil(maps / columns), divmod(number, columns)
    heading = 0.0 if maps == 1 else 0.06 if lines == 1 else 0.13 / lines
    return [column / columns, (column + 1) / columns], [1 - (line + 1) / lines, 1 - line / lines - heading]


def geo_name(number: int) -> str:
    """The name that plotly has for a map of several."""
    return f"geo{number + 1}" if number else "geo"


def areas(
    geojson: object, codes: Iterable[str], *, fill: str, line: str, width: float, hover: Iterable[str] | None = None
) -> dict[str, object]:
    """A trace of areas of one colour; without `hover` they neither answer the mouse nor a click.

    The name in the hover text comes from the shape: a hundred names need not travel with every figure.
    """
    locations = list(codes)
    answer = {"hoverinfo": "skip"} if hover is None else {"text": list(hover), "hovertemplate": HOVER}
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


def drawn(
    rows: pd.DataFrame,
    scale: Scale,
    scene: Scene,
    sheet: Sheet,
    cities: pd.DataFrame | None = None,
    *,
    geo: str = "geo",
    label_size: int = LABEL_SIZE,
    frame: Frame = FRAME,
) -> list[dict[str, Any]]:
    """The traces of one map, in the subplot `geo`, as large as `frame`. `rows`, `cities`: `prepared`; a `label_size` of
    0 leaves the labels out.
    """
    colours = scene.colours
    traces: list[dict[str, Any]] = []
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
    for places, name in ((rows, sheet.areas), (cities, "banners"), (sheet.around, "leagues")):
        if places is not None and scene.highlighted in places.index:
            outline = [scene.highlighted]
            traces.append(areas(shape(sheet.shapes, name), outline, fill=CLEAR, line=colours.highlight, width=2.6))
    if label_size:
        labelled = rows if cities is None else pd.concat([rows, cities])
        traces += _labels(labelled, scale, scene, sheet, label_size, frame)
    return [{**trace, "geo": geo} for trace in traces]


def _area_traces(
    rows: pd.DataFrame, scale: Scale, scene: Scene, shapes: str, name: str, hatch: str
) -> list[dict[str, object]]:
    """Areas with a value by colour, those without hatched, those on a small base with stripes over the colour."""
    colours = scene.colours
    columns = [rows[column].tolist() for column in ("state", "small", *_Drawn._fields[1:])]
    known: list[_Drawn] = []
    missing: list[_Drawn] = []
    small: list[str] = []
    for code, state, on_small, *rest in zip(rows.index.tolist(), *columns, strict=True):
        place = _Drawn(code, *rest)
        (known if state == "value" else missing).append(place)
        if state == "value" and on_small:
            small.append(code)
    traces = []
    if missing:
        codes, hover = [place.code for place in missing], [place.hover for place in missing]
        plain = areas(shape(shapes, name), codes, fill=colours.missing, line=colours.hatch, width=0.6, hover=hover)
        stripes = areas(shape(shapes, hatch), codes, fill=colours.hatch, line=colours.hatch, width=0)
        traces += [plain, stripes]
    if known:
        traces.append(_values(known, shape(shapes, name), scale, scene, thin=name == "banners"))
    if small:
        traces.append(areas(shape(shapes, hatch), small, fill=colours.ground, line=colours.ground, width=0))
    return traces


class _Drawn(NamedTuple):
    """What an area needs of a place."""

    code: str
    value: float
    hover: str
    cases: str
    period_text: str


def _values(known: list[_Drawn], geojson: object, scale: Scale, scene: Scene, thin: bool) -> dict[str, object]:
    """A trace of the areas with a value."""
    colours = scene.colours
    # Nothing that is the same for all travels with each of a hundred areas.
    cases = [place.cases for place in known] if all(place.cases for place in known) else []
    lines = ["%{customdata}" + scene.case_unit] if cases else []
    lines += [] if scene.period == LATEST else [known[0].period_text]
    return {
        "type": "choropleth",
        "geojson": geojson,
        "locations": [place.code for place in known],
        "featureidkey": "properties.code",
        "z": scale.shades(np.array([place.value for place in known])),
        "coloraxis": "coloraxis",
        "marker": {"line": {"color": colours.border, "width": 0.6 if thin else 1.0}},
        "text": [place.hover for place in known],
        **({"customdata": cases} if cases else {}),
        "hovertemplate": HOVER.replace("%{text}", "<br>".join(["%{text}", *lines])),
        # The template's own selection styling would fade every area that was not clicked.
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _labels(
    rows: pd.DataFrame, scale: Scale, scene: Scene, sheet: Sheet, size: int, frame: Frame
) -> list[dict[str, Any]]:
    """Names, with the value under the name where there is one; on a map of all banners the names of the leagues."""
    colours = scene.colours
    fills = dict(zip(rows.index.tolist(), _fills(rows, scale, colours.missing), strict=True))
    if sheet.level == "banner" and not sheet.near and not sheet.others:
        if sheet.leagues is None:
            return []
        names = sheet.leagues["short_name"].tolist()
        return place_labels(sheet.leagues, names, sheet, fills, colours.ground, size=size - 1)
    if sheet.near and sheet.level == "banner" and not sheet.group:
        rows = rows[in_view(rows, sheet)]
    signs = [""] * len(rows)
    if scale.signs:
        signs = _of_values(rows, lambda values: [f"{scale.signs[at]} " for at in scale.classes(values)], "")
    columns = [rows[name].tolist() for name in ("short_name", "state", "label", "text")]
    full = []
    for name, state, label, text, sign in zip(*columns, signs, strict=True):
        words = {"value": f"<br>{sign}{label}", "not_published": ""}.get(state, f"<br>{text}")
        full.append(f"<b>{name}</b>{words}")
    if not sheet.near and sheet.level == "league":
        texts = named(rows, full, sheet, size, frame, first=scene.highlighted)
        return place_labels(rows, texts, sheet, fills, colours.ground, size=size, frame=frame)
    texts, spots, points = fitting(rows, full, sheet, size, first=scene.highlighted)
    return place_labels(rows, texts, sheet, fills, colours.ground, size=size, spots=spots, points=points)


def _fills(rows: pd.DataFrame, scale: Scale, missing: str) -> list[str]:
    """The colour of each area, `missing` where there is no value."""
    return _of_values(rows, scale.fills, missing)


def _of_values(rows: pd.DataFrame, make: Callable[[Numbers], list[T]], otherwise: T) -> list[T]:
    """What `make` makes of the values, `otherwise` where there is none."""
    known = rows["state"] == "value"
    made = iter(make(rows.loc[known, "value"].to_numpy()))
    return [next(made) if has_value else otherwise for has_value in known.tolist()]


def counts(scale: Scale, rows: pd.DataFrame) -> list[int]:
    """How many places lie in each class, small bases aside; empty without classes."""
    if not scale.bounds:
        return []
    return np.bincount(scale.classes(sound(rows)["value"].to_numpy()), minlength=len(scale.words)).tolist()


def written(
    entries: list[Entry],
    scale: Scale,
    scene: Scene,
    top: int,
    words: Sequence[dict[str, Any]] = (),
    *,
    maps: int = 1,
    columns: int = 1,
) -> dict[str, Any]:
    """What is written over the maps, as parts of a layout: `words`, the key, and on each the mark of simulated data."""
    texts, shapes = key(entries, scale, scene.colours, top)
    marks = []
    if scene.dataset == "demo":
        size = MARK_SIZES[min(columns, len(MARK_SIZES)) - 1]
        places = (_domain(number, maps, columns) for number in range(maps))
        marks = [watermark_note(scene.colours, size, (sum(x) / 2, sum(y) / 2)) for x, y in places]
    return {"annotations": [*words, *texts, *marks], "shapes": shapes}


def _title(rows: pd.DataFrame, scene: Scene, sheet: Sheet, whole: str) -> str:
    """What the map says, as a statement."""
    columns = [rows[name].tolist() for name in ("state", "value", "name", "text", "period_text", "period", "small")]
    known = [row for row in map(_Known._make, zip(*columns, strict=True)) if row.state == "value"]
    when = "" if scene.period == LATEST else format_period(scene.period)
    end = f"；{whole}" if whole else ""
    if not known:
        everyone = f"{when}{sheet.place}{len(rows)}个{scene.level_name}"
        parts = rows["name"][rows["state"] == "parts_only"].tolist()
        if not parts:
            return f"{everyone}均未公布{scene.subject}{end}"
        return f"{everyone}均未公布{scene.subject}合计，{holders(parts, scene.level_name)}只公布分项{end}"
    who = f"{sheet.place}{len(known)}个{scene.level_name}"
    ordered = sorted(known, key=lambda row: -row.value)
    comparable = len({row.period for row in known}) == 1
    if len(known) <= NAMED_IN_TITLE:
        who = f"{when}{sheet.place}有{len(known)}个{scene.level_name}"
        if not comparable:  # not from the highest: they are no ranking
            each = "；".join(row.name + row.period_text + row.text for row in known)
            return f"{who}公布过{scene.subject}，期间不同，不作比较：{each}{end}"
        values = [
            f"{row.name}{row.text}" + (in_brackets(row.period_text) if scene.period == LATEST else "")
            for row in ordered
        ]
        return f"{who}公布{scene.subject}：{'、'.join(values)}{end}"
    if not comparable:
        return f"{who}公布过{scene.subject}，期间不同，不作比较{end}"
    ranked = [row for row in ordered if not row.small]
    if not ranked:
        return f"{when}{who}公布的{scene.subject}分母都不足{SMALL_BASE}件，不作比较{end}"
    if ranked[0].value == ranked[-1].value:
        who = f"{sheet.place}{len(ranked)}个{scene.level_name}"
        return f"{when}{who}公布的{scene.subject}均为{ranked[0].text}{end}"
    ends = [_extreme(ranked, at, word, scene.level_name) for at, word in ((0, "最高"), (-1, "最低"))]
    among = f"{sheet.place}各{scene.level_name}" if sheet.place else ""
    return f"{when}{among}{scene.subject}：{'；'.join(ends)}{end}"


class _Known(NamedTuple):
    """What a title needs of a place."""

    state: str
    value: float
    name: str
    text: str
    period_text: str
    period: str
    small: bool


def _extreme(ranked: list[_Known], at: int, word: str, level_name: str) -> str:
    """Who has the highest or lowest value: 乌海市最高，100%; several: 9个盟市最高，均为100%."""
    same = [row for row in ranked if row.value == ranked[at].value]
    if len(same) == 1:
        return f"{same[0].name}{word}，{same[0].text}"
    return f"{len(same)}个{level_name}{word}，均为{same[0].text}"


def unit_of(rows: pd.DataFrame, scene: Scene) -> str:
    """The unit of the figures; a breakdown may be counted in another one than its indicator."""
    known = zip(rows["unit"].tolist(), rows["value"].notna().tolist(), strict=True)
    return str(next((unit for unit, there in known if there), scene.indicator["unit"]))


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
