"""Heat maps: indicators one below the other, places side by side."""

import math
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import Chart
from dashboard.charts.anatomy import (
    BIGGER_HAVE_MORE,
    HARD_TO_TELL,
    Scene,
    holders,
    place_words,
    places_in_words,
    simulated_mark,
    subtitle,
)
from dashboard.charts.scales import mixed
from dashboard.statistics import SMALL_BASE, SMALL_BASE_WORDS, STATUS_WORDS, standings_of_many, status
from dashboard.theme import (
    STATE_NAMES,
    STATE_SIGNS,
    cited,
    format_difference,
    format_period,
    format_value,
    ink_on,
    template,
)

MOST_PLACES = 20  # side by side; a league has up to 14 banners
ROW_HEIGHT = 34
TOP, BOTTOM = 84, 14  # names of places stand upright above the rows, the key below them
KEY_STEP, KEY_BOX, KEY_STEPS = 22, 18, 5  # pixels a line, pixels a box, boxes of a scale
LOWEST = 240  # pixels; a lower picture would cut the mark of simulated data
SIGN_SIZE, CROWDED_SIZE = 14, 13  # pixels; style.css leaves out on a phone what has the smaller one
PLACES_ON_A_PHONE = 5  # side by side, with room for a band of places in each cell
NAME_WIDTH = 8  # characters a line of an indicator's name
ONE_SHADE = 0.6  # of a row whose values are all equal
SMALL_SIGN = "○"
HARD_SIGN = HARD_TO_TELL[:2]
HARD_NOTE = f"{HARD_SIGN}：{HARD_TO_TELL}，95%区间与半数以上地区重叠。"
BANDS_NOTE = "一段名次（如1—9）：95%区间重叠，分不出先后，与“排名”相同。"
PLACES_OF_A_LEAD = 4  # the first quarter of the places leads


def by_rank(cells: pd.DataFrame, scene: Scene, *, scope: str) -> Chart:
    """Each cell holds the rank of a place in one indicator, or the band that intervals leave open, in a stronger colour
    the further ahead the middle of it lies; what cannot be told apart is grey, so that no colour ranks it.

    `cells`: `matrix_cells`. `scope`: which indicators these are, in words. Rows of neutral indicators have a hue of
    their own.
    """
    places, counts = _table(cells, "middle").astype("Float64"), _table(cells, "rank").notna().sum(axis=1)
    ahead = 1 - (places.sub(1)).div(counts.sub(1).where(counts > 1), axis=0)
    ahead = ahead.where(places.max(axis=1) > places.min(axis=1), ONE_SHADE).where(places.notna())
    neutral = cells.groupby("indicator_id", sort=False)["direction"].first().eq("neutral")
    signs = _table(cells.assign(sign=[_sign(words) for words in cells["standing"]]), "sign")
    hard = signs == HARD_SIGN
    ahead, alike = ahead.mask(hard), int(hard.to_numpy().sum())
    colours = scene.colours
    layers = [
        Layer(ahead[~neutral].reindex(ahead.index), signs, colours.sequential),
        Layer(ahead[neutral].reindex(ahead.index), signs, colours.neutral),
        *([_flat(signs.where(hard), colours.hatch)] if alike else []),
        _missing(cells, scene),
    ]
    stronger = "亮" if scene.dark else "深"
    notes = [
        f"颜色越{stronger}，名次越靠前（并列同名次）：越高越好的指标从高排起，越低越好的从低排起。",
        "紫色行为中性指标，偏高、偏低不表示好坏。" if neutral.any() else "",
        HARD_NOTE if alike else "",
        BANDS_NOTE if cells["standing"].str.contains("—").any() else "",
        BIGGER_HAVE_MORE if cells["kind"].isin(["count", "money"]).any() else "",
    ]
    key = [
        *([] if neutral.all() else [Entry("名次靠前", _boxes(colours.sequential), "靠后")]),
        *([Entry("数值高", _boxes(colours.neutral), "低（中性指标）")] if neutral.any() else []),
        *([Entry(HARD_SIGN, (colours.hatch,), f"不分先后（{alike}处）")] if alike else []),
    ]
    return _chart(cells, scene, layers, key, _lead_title(cells, scene, scope), scope, notes)


def by_target(cells: pd.DataFrame, scene: Scene, *, scope: str) -> Chart:
    """Each cell holds the mark of a place against the whole region's target; the further off, the stronger.

    `cells`: `matrix_cells` with the columns target, target_period and near, of directed indicators alone.
    """
    aims = cells[cells["state"].eq("value") & ~cells["small"]]
    sign = np.where(aims["direction"] == "lower_better", -1, 1)
    marks = [
        status(row.value, row.target, row.direction, row.near) if row.state == "value" and not row.small else None
        for row in cells.itertuples()
    ]
    cells = cells.assign(mark=marks)
    over = _table(aims.assign(over=(aims["value"] - aims["target"]) * sign), "over")
    over = over.reindex(index=cells["indicator_id"].unique(), columns=cells["region_code"].unique())
    size = over.abs().max(axis=1).replace(0, 1)
    shades = over.div(size, axis=0)
    signs = _table(cells, "mark").map(lambda mark: STATUS_WORDS[mark][0] if isinstance(mark, str) else "")
    colours = scene.colours
    far = (colours.ground, colours.highlight)
    reached = Layer(shades.where(shades >= 0) * 0 + ONE_SHADE, signs, colours.sequential)
    short = Layer(-shades.where(shades < 0), signs, far)
    counts = pd.Series(marks).value_counts()
    parts = [f"{counts[mark]}处{words.split()[1]}" for mark, words in STATUS_WORDS.items() if counts.get(mark)]
    title = f"{format_period(scene.period)}{scope}对照全区目标：{scene.places}中{'、'.join(parts) or '没有可比的数'}"
    notes = [
        f"{'　'.join(STATUS_WORDS.values())}。",
        "目标是全区的目标，各地是否另有目标未公布。",
    ]
    key = [
        Entry("", (mixed(colours.sequential, ONE_SHADE),), "达到全区目标"),
        Entry("未达到，离目标远", _boxes(far), "近"),
    ]
    return _chart(cells, scene, [reached, short, _missing(cells, scene)], key, title, scope, notes)


@dataclass(frozen=True)
class Layer:
    """Cells of one scale, its colours `steps`: `shades` 0 to 1, missing where the layer has no cell, and the `signs` in
    them; both a row an indicator, a column a place.
    """

    shades: pd.DataFrame
    signs: pd.DataFrame
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A line of the key: boxes of these colours, the words before and behind them."""

    before: str
    colours: tuple[str, ...]
    behind: str
    sign: str = ""


def matrix_cells(
    figures: pd.DataFrame, indicators: pd.DataFrame, places: pd.DataFrame, sources: pd.DataFrame
) -> pd.DataFrame:
    """One row for each indicator and place, with or without a figure; in the order of `indicators` and `places`.

    `figures`: `queries.matrix_of_period`, `sources`: `queries.sources_of_period`. `indicators`, `places`: the rows of
    `queries.indicators` and `queries.regions` to show. Columns indicator_id, region_code, indicator, place, short_name,
    direction, kind, unit, value, numerator, denominator, state (as in `slices`), small (bool), rank, best, worst (as
    `statistics.standings_of_many`), middle (Float64, of the band, else the rank), standing (its place in
    words, of neutral indicators whether it is high: `places_in_words`), text
    and source_title (missing without a value). Raises pandas.errors.MergeError where a figure has two sources.
    """
    index = pd.MultiIndex.from_product([indicators.index, places.index], names=["indicator_id", "region_code"])
    totals = figures["breakdown"] == ""
    parts = pd.MultiIndex.from_frame(figures.loc[~totals & figures["value"].notna(), index.names])
    known = figures[totals].set_index(index.names)
    cells = known[["value", "qualifier", "numerator", "denominator", "status"]].reindex(index).reset_index()
    own = indicators.loc[cells["indicator_id"], ["name", "direction", "kind", "unit", "near"]].reset_index(drop=True)
    names = places.loc[cells["region_code"], ["name", "short_name"]].reset_index(drop=True)
    cells = cells.join(own.rename(columns={"name": "indicator"})).join(names.rename(columns={"name": "place"}))
    silent = np.where(index.isin(parts), "parts_only", "not_published")
    state = cells["status"].where(cells["status"].isin(list(STATE_NAMES)), silent)
    rate = cells["kind"].isin(["rate", "ratio"])
    cells = cells.assign(
        state=state.where(cells["value"].isna(), "value"),
        small=(cells["denominator"] < SMALL_BASE) & cells["value"].notna() & rate,
    )
    own_places = figures[totals & figures["region_code"].isin(places.index)]
    stood = standings_of_many(own_places[own_places["indicator_id"].isin(indicators.index)], indicators)
    stood = stood.set_index(index.names)[["rank", "best", "worst"]].reindex(index).reset_index(drop=True)
    stood = stood.astype("Int64")
    stood["middle"] = ((stood["best"] + stood["worst"]) / 2).fillna(stood["rank"]).astype("Float64")
    among = stood["rank"].notna().groupby(cells["indicator_id"]).transform("sum").tolist()
    said = stood[["rank", "best", "worst"]].itertuples(index=False, name=None)
    stood["standing"] = [place_words(*places, among=of) for places, of in zip(said, among, strict=True)]
    neutral = cells[cells["direction"] == "neutral"].join(stood["rank"])
    for _, row in neutral.groupby("indicator_id", sort=False):
        stood.loc[row.index, "standing"] = places_in_words(row, neutral=True)
    texts = [
        STATE_NAMES[s] if s != "value" else format_value(v, u, q)
        for s, v, u, q in zip(cells["state"], cells["value"], cells["unit"], cells["qualifier"], strict=True)
    ]
    return cells.join(stood).assign(text=texts).merge(sources, how="left", on=index.names, validate="m:1")


def _sign(standing: str) -> str:
    """A standing short enough for a cell: 1—9, 3, 难分, 偏高."""
    return standing.removeprefix("第").removesuffix("名") if standing != HARD_TO_TELL else HARD_SIGN


def _table(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """One column of `cells` as rows of indicators and columns of places, in their order."""
    wide = cells.pivot(index="indicator_id", columns="region_code", values=column)
    return wide.reindex(index=cells["indicator_id"].unique(), columns=cells["region_code"].unique())


def _hover(cells: pd.DataFrame) -> pd.DataFrame:
    texts = []
    for row in cells.itertuples():
        lines = [f"<b>{row.place}</b>　{row.indicator}", row.text]
        if row.small:
            lines.append(SMALL_BASE_WORDS)
        elif row.standing:
            lines.append(row.standing)
        if "target" in cells and row.state == "value":
            gap = format_difference(row.value - row.target, row.unit)
            aim = format_value(row.target, row.unit)
            lines.append(f"全区{format_period(row.target_period)}目标{aim}，相差{gap}")
        texts.append("<br>".join(lines))
    return _table(cells.assign(hover=texts), "hover")


def _drawn(layer: Layer, hover: pd.DataFrame) -> dict[str, Any]:
    """The cells of a layer as a trace."""
    last = len(layer.steps) - 1
    return {
        "type": "heatmap",
        "z": [[None if pd.isna(shade) else float(shade) for shade in row] for row in layer.shades.to_numpy()],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[at / last, colour] for at, colour in enumerate(layer.steps)],
        "showscale": False,
        "customdata": hover.to_numpy().tolist(),
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
    }


def _signs(layers: list[Layer]) -> dict[str, Any]:
    """What stands in the cells, each in the ink that its own colour asks for: plotly has one for a whole heat map."""
    written = [
        (column, row, str(layer.signs.iat[row, column]), ink_on(mixed(layer.steps, float(shade))))
        for layer in layers
        for (row, column), shade in np.ndenumerate(layer.shades.to_numpy(dtype="float64", na_value=np.nan))
        if not np.isnan(shade)
    ]
    xs, ys, texts, inks = zip(*written, strict=True)
    crowded = max(xs) >= PLACES_ON_A_PHONE
    sizes = [CROWDED_SIZE if crowded and len(text) > 1 else SIGN_SIZE for text in texts]
    return {
        "type": "scatter",
        "x": list(xs),
        "y": list(ys),
        "text": list(texts),
        "mode": "text",
        "textfont": {"size": sizes, "color": list(inks)},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _missing(cells: pd.DataFrame, scene: Scene) -> Layer:
    """What has no value or stands on a small base: one flat shade and a sign that says why."""
    signs = _table(cells.assign(sign=cells["state"].map(STATE_SIGNS).where(~cells["small"], SMALL_SIGN)), "sign")
    return _flat(signs, scene.colours.missing)


def _flat(signs: pd.DataFrame, shade: str) -> Layer:
    """The cells that have one of these signs, all of one shade."""
    return Layer(signs.notna().astype(float).where(signs.notna()), signs.fillna(""), (shade, shade))


def _boxes(steps: tuple[str, ...]) -> tuple[str, ...]:
    """A scale in boxes, its strong end first."""
    return tuple(mixed(steps, 1 - at / (KEY_STEPS - 1)) for at in range(KEY_STEPS))


def _key(entries: list[Entry], scene: Scene) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The key below the rows, a line an entry: its texts, and its boxes."""
    texts: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    paper = {"xref": "paper", "yref": "paper"}
    pixels = {**paper, "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": 0, "yanchor": 0}
    for number, entry in enumerate(entries):
        middle, across = -(BOTTOM + KEY_STEP * number + KEY_STEP / 2), 13 * len(entry.before) + 6 * bool(entry.before)
        end = across + KEY_BOX * len(entry.colours)
        half = KEY_BOX / 2 - 1
        for at, colour in enumerate(entry.colours):
            ends = {"x0": across + KEY_BOX * at, "x1": across + KEY_BOX * (at + 1)}
            edge = {"color": scene.colours.line, "width": 1}
            shapes.append(
                {"type": "rect", **ends, "y0": middle - half, "y1": middle + half, "fillcolor": colour, "line": edge}
                | pixels
            )
        words = [(0, entry.before, "left"), (end + 6, entry.behind, "left"), (end - KEY_BOX / 2, entry.sign, "center")]
        texts += [
            {"text": text, "x": 0, "y": 0, "xshift": x, "yshift": middle, "xanchor": anchor, "yanchor": "middle"}
            | {"showarrow": False, "font": {"size": 13, "color": scene.colours.muted}, **paper}
            for x, text, anchor in words
            if text
        ]
    return texts, shapes


def _chart(
    cells: pd.DataFrame,
    scene: Scene,
    layers: list[Layer],
    key: list[Entry],
    title: str,
    scope: str,
    notes: list[str],
) -> Chart:
    rows, names = _table(cells, "indicator").iloc[:, 0], _table(cells, "short_name").iloc[0]
    colours = scene.colours
    upright = ["<br>".join(name) for name in names]
    upright = [f"<b>{n}</b>" if code == scene.highlighted else n for code, n in zip(names.index, upright, strict=True)]
    entries = [*key, *_states(cells, scene)]
    texts, boxes = _key(entries, scene)
    below = BOTTOM + KEY_STEP * len(entries)
    height = TOP + below + ROW_HEIGHT * len(rows)
    lowest = LOWEST if scene.dataset == "demo" else 0
    hover = _hover(cells)
    labels = [_two_lines(name) for name in rows]
    labels = [f"<b>{n}</b>" if row == scene.indicator.name else n for row, n in zip(rows.index, labels, strict=True)]
    figure = go.Figure(
        data=[*[_drawn(layer, hover) for layer in layers], _signs(layers)],
        layout={
            "template": template(scene.dark),
            "dragmode": False,
            "annotations": [*texts, *simulated_mark(scene)],
            "shapes": boxes,
            "height": max(lowest, height),
            "margin": {"l": 8, "r": 8, "t": TOP, "b": below + max(0, lowest - height)},
            "xaxis": {
                "side": "top",
                "range": [-0.5, len(names) - 0.5],
                "tickvals": list(range(len(names))),
                "ticktext": upright,
                "tickangle": 0,
                "tickfont": {"size": 13, "color": colours.text},
                "ticks": "",
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {
                "tickvals": list(range(len(rows))),
                "ticktext": labels,
                "range": [len(rows) - 0.5, -0.5],
                "tickfont": {"size": 12, "color": colours.text},
                "ticks": "",
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        },
    )
    return Chart(
        name="热力图",
        figure=figure,
        title=title,
        subtitle=subtitle(scene, scope, f"{len(rows)}项指标", format_period(scene.period)),
        footnotes=[note for note in [*notes, scene.group_line, _sources(cells), f"版本{scene.release_id}"] if note],
        reading=f"{title}。",
        table=lambda: _twin(cells),
        simulated=scene.dataset == "demo",
    )


def _two_lines(name: str) -> str:
    """A name in lines of nearly equal length."""
    lines = math.ceil(len(name) / NAME_WIDTH)
    return "<br>".join(wrap(name, math.ceil(len(name) / lines)))


def _states(cells: pd.DataFrame, scene: Scene) -> list[Entry]:
    """What the signs of cells without a rank mean, and how many there are."""
    counts, flat = cells["state"].value_counts(), (scene.colours.missing,)
    entries = [
        Entry("", flat, f"{name}（{counts[state]}处）", STATE_SIGNS[state])
        for state, name in STATE_NAMES.items()
        if counts.get(state)
    ]
    small = int(cells["small"].sum())
    words = f"分母不足{SMALL_BASE}，不参与排名（{small}处）"
    return [*entries, *([Entry("", flat, words, SMALL_SIGN)] if small else [])]


def _sources(cells: pd.DataFrame) -> str:
    titles = cells.loc[cells["state"] == "value", "source_title"].dropna().unique()
    return f"来源：{'；'.join(map(cited, titles))}" if len(titles) else ""


def _lead_title(cells: pd.DataFrame, scene: Scene, scope: str) -> str:
    """Who is most often among the first, over the indicators with a direction; a band counts where all of it is."""
    directed = cells[cells["direction"] != "neutral"]
    first = max(1, directed["region_code"].nunique() // PLACES_OF_A_LEAD)
    varied = directed.groupby("indicator_id")["rank"].transform("max") > 1
    last = directed["worst"].fillna(directed["rank"])
    leads = directed[varied & (last <= first)].groupby("place", sort=False).size()
    when = f"{format_period(scene.period)}{scene.among}{scope}"
    rows = directed["indicator_id"].nunique()
    if leads.empty:
        return f"{when}：{scene.places}各项名次"
    leading = leads[leads == leads.max()].index.tolist()
    most, each = holders(leading, scene.level_name), "各" if len(leading) > 1 else ""
    words = "居首" if first == 1 else f"进入前{first}名"
    return f"{when}：可评优劣的{rows}项中，{most}{words}最多，{each}有{leads.max()}项"


def _twin(cells: pd.DataFrame) -> pd.DataFrame:
    """The figures: a row an indicator, a column a place, each with its rank."""
    words = [
        f"{text}（{SMALL_BASE_WORDS}）" if small else f"{text}（{place}）" if place else text
        for text, place, small in zip(cells["text"], cells["standing"], cells["small"], strict=True)
    ]
    wide = _table(cells.assign(words=words), "words")
    names = _table(cells, "place").iloc[0]
    table = wide.rename(columns=names)
    table.insert(0, "指标", _table(cells, "indicator").iloc[:, 0])
    return table.reset_index(drop=True).rename_axis(columns=None)
