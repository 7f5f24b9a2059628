"""Who stands where: places one below the other, with intervals and the ranks that these leave open.

Counts are bars from zero. Rates are dots with their interval, because near their ceiling bars would all look alike and
a bar on a cut axis would lie. What has no value has no row: it is named under the chart.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import BAR, CHANGE, VALUE, Chart
from dashboard.charts.anatomy import (
    BIGGER_HAVE_MORE,
    CUT_WORDS,
    HARD_TO_TELL,
    HARD_TO_TELL_NOTE,
    Scene,
    change_words,
    cut_strokes,
    footnotes,
    holders,
    interval_words,
    listed,
    places_in_words,
    simulated_mark,
    small_words,
    subtitle,
    ticks,
    under_axis,
    value_range,
)
from dashboard.statistics import (
    PARTS_NOT_PUBLISHED,
    SMALL_BASE,
    SMALL_BASE_WORDS,
    gap_in_cases,
    growth,
    overlapping_pairs,
)
from dashboard.theme import (
    NOT_PUBLISHED,
    STATE_NAMES,
    Palette,
    format_difference,
    format_period,
    format_value,
    template,
)

FEWEST_RANKED = 3  # among two, first and last say nothing that the values do not
TALL_ROWS = 30  # up to this many, a row has two lines
ROW_HEIGHT, LOW_ROW_HEIGHT = 40, 24
WALL_SIZE = 15  # letters of a row on the big screen, before it is enlarged
TOP, TOP_WITH_LINES, BOTTOM = 28, 48, 48  # pixels above the rows, for the words of lines, and below, for the axis
INTERVAL_NOTE = "案件越少区间越宽。区间不重叠才分先后，重叠的并在同一名次范围（算法见使用说明）。"
WALL_INTERVALS = "横条为95%区间，案件越少越长"
NEUTRAL_INTERVAL_NOTE = "案件越少区间越宽；区间重叠的，高低之别可能出于偶然（算法见使用说明）。"
PART_INTERVALS = "有的地区没有区间（分子分母未公布，或只有约数），不给名次范围。"
RATE_INTERVAL = "浅色横带为95%区间："
COUNT_INTERVAL = "细横线为95%区间："


STOOD = [
    *("name", "short_name", "value", "unit", "numerator", "denominator", "text", "note", "source_title"),
    *("low", "high", "small", "rank", "best", "worst"),
]


class Row(NamedTuple):
    """A place with a value: a row of `statistics.standings`, its parts (`cases`) and its `place` in words, and whether
    its interval says anything of its place (`banded`).
    """

    code: str
    name: str
    short_name: str
    value: float
    unit: str
    numerator: float
    denominator: float
    text: str
    cases: str
    note: str
    source_title: str
    low: float
    high: float
    small: bool
    rank: int | None
    banded: bool
    place: str


def ranking(frame: pd.DataFrame, scene: Scene, *, whole: pd.Series | None, target: pd.Series | None) -> Chart:
    """Places in the order of their values, with whole region and target as lines.

    `frame`: `slices.by_region` with `statistics.standings`. `whole`: the whole region's row of the same period (value,
    text). `target`: the whole region's row of `queries.targets`. Small bases follow below, without a rank.
    """
    rows = _ordered(frame, scene)
    ranked = [row for row in rows if row.rank is not None]
    if len(ranked) < FEWEST_RANKED:
        rows = [row._replace(place="") for row in rows]
    lines = _lines(scene, whole, target)
    names = [
        # A hundred times the same words would say less than none.
        f"{_muted(row.place, scene.colours)}  {name}" if row.place not in ("", HARD_TO_TELL) else name
        for row, name in zip(rows, _names(rows, scene), strict=True)
    ]
    labels = [_two_lines(f"<b>{row.text}</b>", row.cases, rows, scene) for row in rows]
    ends = [end for row in rows if not row.small for end in (row.low, row.high)]
    values = [*[row.value for row in rows], *ends, *[value for value, *_ in lines]]
    layout = _layout(scene, rows, names, labels, values)
    layout["shapes"] += [_line_shape(value, dash, scene.colours) for value, _, dash, _ in lines]
    layout["annotations"] += [_line_words(line, layout["xaxis"]["range"], scene.colours) for line in lines]
    layout["annotations"] += simulated_mark(scene)
    figure = go.Figure(data=[*_marks(rows, scene), _labels_right(rows)], layout=layout)
    title = _ranking_title(ranked, rows, scene, whole)
    pairs = _pairs_words(ranked, scene)
    missing = len(frame) - len(rows)
    explained = f" · {WALL_INTERVALS}" if scene.wall and any(not math.isnan(row.low) for row in rows) else ""
    return Chart(
        name="排名",
        figure=figure,
        title=title,
        subtitle=subtitle(scene) + explained,
        footnotes=footnotes(frame, scene, *_ranking_notes(rows, ranked, scene, pairs)),
        reading="".join([f"{title}。", pairs, f"{missing}个没有数据。" if missing else ""]),
        table=lambda: _ranking_table(frame, rows, scene, target),
        simulated=scene.dataset == "demo",
    )


def _ordered(frame: pd.DataFrame, scene: Scene) -> list[Row]:
    """The rows with a value: by rank, those of equal rank in catalogue order, small bases last."""
    known = frame.loc[frame["state"] == "value", STOOD]
    rows = [
        Row(
            code=row.Index,
            name=row.name,
            short_name=row.short_name,
            value=row.value,
            unit=row.unit,
            numerator=row.numerator,
            denominator=row.denominator,
            text=row.text,
            cases=cases,
            note=row.note,
            source_title=row.source_title,
            low=row.low,
            high=row.high,
            small=bool(row.small),
            rank=None if pd.isna(row.rank) else row.rank,
            banded=not pd.isna(row.best),
            place=place,
        )
        for row, cases, place in zip(
            known.itertuples(),
            slices.cases(known, scene.case_unit),
            places_in_words(known, scene.neutral),
            strict=True,
        )
    ]
    return sorted(rows, key=lambda row: (row.small, row.rank or 0))


def _heights(rows: Sequence[Any]) -> list[float]:
    """Where the rows lie, from the top; a row's room is left above the small bases for their heading."""
    return [float(at + row.small) for at, row in enumerate(rows)]


def _layout(scene: Scene, rows: Sequence[Any], names: list[str], labels: list[str], values: list[float]) -> dict:
    """`names` at the left of the rows, `labels` at their right, the axis below that holds `values`."""
    colours, heights = scene.colours, _heights(rows)
    start, end, cut = value_range(values, scene.rate)
    shapes = cut_strokes("x", colours) if cut else []
    words = [under_axis(CUT_WORDS, colours)] if cut else []
    if any(row.small for row in rows):
        first = sum(not row.small for row in rows)
        words.append(_heading(SMALL_BASE_WORDS, heights[first] - 1, colours))
    top = TOP_WITH_LINES if scene.rate else TOP
    pitch = ROW_HEIGHT if _tall(rows, scene) else LOW_ROW_HEIGHT
    rows_axis = {
        "ticklabelstandoff": 6,
        "range": [max(heights, default=0) + 0.6, -0.6],
        "tickvals": heights,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"size": WALL_SIZE if scene.wall else 13, "color": colours.text},
    }
    return {
        "template": template(scene.dark),
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.4,
        "height": top + BOTTOM + round((max(heights, default=0) + 1) * pitch),
        "margin": {"l": 8, "r": 8, "t": top, "b": BOTTOM},
        "xaxis": {
            "range": [start, end],
            "zeroline": not cut,
            "fixedrange": True,
            "tickangle": 0,
            **ticks(start, end, _unit(rows, scene), about=3),
        },
        "yaxis": {**rows_axis, "ticktext": names},
        "yaxis2": {**rows_axis, "ticktext": labels, "overlaying": "y", "side": "right"},
        "shapes": shapes,
        "annotations": words,
    }


def _unit(rows: Sequence[Any], scene: Scene) -> str:
    """The unit of the figures; a breakdown may be counted in another one than its indicator."""
    return str(rows[0].unit if rows else scene.indicator["unit"])


def _names(rows: Sequence[Any], scene: Scene) -> list[str]:
    """Short names, the reader's own choice in bold."""
    return [f"<b>{row.short_name}</b>" if row.code == scene.highlighted else row.short_name for row in rows]


def _tall(rows: Sequence[Any], scene: Scene) -> bool:
    """Whether there is room for two lines in a row."""
    return len(rows) <= TALL_ROWS and not scene.wall


def _two_lines(first: str, second: str, rows: Sequence[Any], scene: Scene) -> str:
    """A label of two parts: one under the other, or beside it where the rows are low."""
    between = "<br>" if _tall(rows, scene) else "  "
    return first + (between + _muted(second, scene.colours) if second else "")


def _muted(words: str, colours: Palette) -> str:
    return f'<span style="color:{colours.muted}">{words}</span>'


def _labels_right(rows: Sequence[Any]) -> dict[str, Any]:
    """Nothing to see: plotly draws the second axis only for a trace that uses it."""
    at = {"type": "scatter", "x": np.array([row.value for row in rows]), "y": _heights(rows), "yaxis": "y2"}
    return {**at, "mode": "markers", "opacity": 0, "hoverinfo": "skip", "showlegend": False}


def _heading(words: str, at: float, colours: Palette) -> dict[str, object]:
    return {
        "text": words,
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": at,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 12, "color": colours.muted},
    }


def _marks(rows: list[Row], scene: Scene) -> list[dict[str, Any]]:
    """Bars from zero for counts; for rates dots on the light band of their interval, hollow on a small base."""
    # Not the intervals of small bases, which would flatten everything else.
    values, low, high = (
        np.array(ends)
        for ends in (
            [row.value for row in rows],
            [math.nan if row.small else row.low for row in rows],
            [math.nan if row.small else row.high for row in rows],
        )
    )
    inks = [scene.colours.highlight if row.code == scene.highlighted else scene.ink for row in rows]
    hover = [_hover(row) for row in rows]
    shared = {"x": values, "y": _heights(rows), "text": hover, "hovertemplate": "%{text}<extra></extra>"}
    ends = {
        "type": "data",
        "symmetric": False,
        "array": np.maximum(high - values, 0),
        "arrayminus": np.maximum(values - low, 0),
        "width": 0,
    }
    if not scene.rate:
        thin = {**ends, "color": scene.colours.text, "thickness": 1.2}
        bar = {"type": "bar", "orientation": "h", "marker": {"color": inks}, "textposition": "none", "error_x": thin}
        return [{**bar, **shared}]
    return [
        {
            "type": "scatter",
            **shared,
            "mode": "markers",
            "marker": {
                "size": 12,
                "color": inks,
                "symbol": ["circle-open" if row.small else "circle" for row in rows],
                "line": {"width": 2, "color": scene.colours.ground},
            },
            "error_x": {**ends, "color": scene.tint, "thickness": 8},
            "cliponaxis": False,
        }
    ]


def _hover(row: Row) -> str:
    interval = interval_words(row.low, row.high, row.unit)
    lines = [
        f"<b>{row.name}</b>",
        row.text + (f"（{row.cases}）" if row.cases else ""),
        f"95%区间 {interval}" if interval else "",
        SMALL_BASE_WORDS if row.small else row.place,
    ]
    return "<br>".join(line for line in lines if line)


Line = tuple[float, str, str, int]  # value, words, dash, how many lines of text above the rows its words stand


def _lines(scene: Scene, whole: pd.Series | None, target: pd.Series | None) -> list[Line]:
    """The upright lines: the whole region's rate, and its target. The sum over all places is no yardstick for one."""
    lines: list[Line] = []
    if scene.rate and whole is not None:
        lines.append((float(whole["value"]), f"全区{whole['text']}", "solid", 0))
    if scene.rate and target is not None:
        aim = format_value(target["value"], scene.indicator["unit"])
        lines.append((float(target["value"]), f"全区{format_period(target['period'])}目标{aim}", "dash", 1))
    return lines


def _line_shape(value: float, dash: str, colours: Palette) -> dict[str, object]:
    line = {"color": colours.text, "width": 1.4, "dash": dash}
    return {"type": "line", "x0": value, "x1": value, "yref": "paper", "y0": 0, "y1": 1, "line": line, "layer": "below"}


def _line_words(line: Line, axis: tuple[float, float], colours: Palette) -> dict[str, object]:
    """The words of a line above it, turned towards the middle so that they are never cut."""
    value, words, _, above = line
    share = (value - axis[0]) / (axis[1] - axis[0])
    return {
        "text": words,
        "x": value,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "right" if share > 0.6 else "left" if share < 0.4 else "center",
        "yshift": 2 + 18 * above,
        "showarrow": False,
        "font": {"size": 13, "color": colours.text},
    }


def _ranking_title(ranked: list[Row], rows: list[Row], scene: Scene, whole: pd.Series | None) -> str:
    """What the ranking says: who is first and who is last, in the order of the indicator."""
    what, end = format_period(scene.period) + scene.topic, f"；全区{whole['text']}" if whole is not None else ""
    if len(ranked) < FEWEST_RANKED:
        values = "、".join(row.name + row.text for row in rows)
        return f"{what}：{values or '没有可排名的数据'}{end}"
    if len({row.value for row in ranked}) == 1:
        return f"{what}：{len(ranked)}个{scene.level_name}均为{ranked[0].text}{end}"
    words = ["最低", "最高"] if scene.indicator["direction"] == "lower_better" else ["最高", "最低"]
    parts = []
    for at, word in zip((0, -1), words, strict=True):
        same = [row for row in ranked if row.value == ranked[at].value]
        equal = "并列" if len(same) > 1 else ""
        parts.append(f"{holders([row.name for row in same], scene.level_name)}{equal}{word}，{same[0].text}")
    return f"{what}：{'；'.join(parts)}{end}"


def _pairs_words(ranked: list[Row], scene: Scene) -> str:
    """How many of the differences are larger than chance."""
    low, high = np.array([row.low for row in ranked]), np.array([row.high for row in ranked])
    overlapping, pairs = overlapping_pairs(low, high)
    if len(ranked) < FEWEST_RANKED or not pairs:
        return ""
    who = f"{len(ranked)}个{scene.level_name}两两比较共{pairs}对"
    if overlapping == 0:
        return f"{who}，区间都不重叠，先后分明。"
    return f"{who}，其中{overlapping}对区间重叠，分不出先后。"


def _ranking_notes(rows: list[Row], ranked: list[Row], scene: Scene, pairs: str) -> list[str]:
    few = 0 < len(ranked) < FEWEST_RANKED
    drawn = any(not math.isnan(row.low) for row in rows)
    banded = any(row.banded for row in ranked)
    method = RATE_INTERVAL if scene.rate else COUNT_INTERVAL
    return [
        f"有数据的不足{FEWEST_RANKED}个，不排名。" if few else "",
        f"未标名次的为{HARD_TO_TELL_NOTE}" if any(row.place == HARD_TO_TELL for row in rows) else "",
        pairs,
        method + (NEUTRAL_INTERVAL_NOTE if scene.neutral else INTERVAL_NOTE) if drawn and banded else "",
        PART_INTERVALS if drawn and ranked and not banded else "",
        f"{PARTS_NOT_PUBLISHED}，不计算区间、名次范围和差几件达标。" if scene.rate and not drawn else "",
        f"空心圆：{small_words(scene)}，{SMALL_BASE_WORDS}。" if any(row.small for row in rows) else "",
        "中性指标：高低不表示好坏，由高到低排列。" if scene.neutral else "",
        _chosen_words(rows, scene),
        "" if scene.rate else BIGGER_HAVE_MORE,
    ]


def _chosen_words(rows: Sequence[Any], scene: Scene) -> str:
    """Whose mark is orange; empty where nobody's is."""
    name = next((row.name for row in rows if row.code == scene.highlighted), "")
    return f"橙色为所选地区：{name}。" if name else ""


def _ranking_table(frame: pd.DataFrame, rows: list[Row], scene: Scene, target: pd.Series | None) -> pd.DataFrame:
    """Rows in the order of the chart, then those without a value; columns that would be empty are left out."""
    missing = frame[frame["state"] != "value"]
    table = pd.DataFrame(
        {
            "名次": [*[SMALL_BASE_WORDS if row.small else row.place for row in rows], *[""] * len(missing)],
            "地区": [*[row.name for row in rows], *missing["name"]],
            VALUE: [*[row.text for row in rows], *missing["text"]],
            BAR: [*[row.value for row in rows], *missing["value"]],
            "分子/分母": [*[row.cases for row in rows], *[""] * len(missing)],
            "95%区间": [*[interval_words(row.low, row.high, row.unit) for row in rows], *[""] * len(missing)],
            "距目标": [*[_gap_words(row, scene, target) for row in rows], *[""] * len(missing)],
            "说明": [*[row.note for row in rows], *[""] * len(missing)],
            "来源": [
                *[row.source_title for row in rows],
                *[STATE_NAMES.get(s, NOT_PUBLISHED) for s in missing["state"]],
            ],
        }
    )
    if scene.neutral:
        table = table.rename(columns={"名次": "高低"})
    if target is not None:
        aim = format_value(target["value"], scene.indicator["unit"])
        table = table.rename(columns={"距目标": f"距全区{format_period(target['period'])}目标{aim}"})
    return table.loc[:, [bool(table[column].astype(str).str.strip().any()) for column in table]]


def _gap_words(row: Row, scene: Scene, target: pd.Series | None) -> str:
    """How many cases were missing to the target, for periods are over when their figures come: 相差3件."""
    if target is None:
        return ""
    cases = gap_in_cases(row.numerator, row.denominator, target["value"], scene.indicator["direction"])
    if cases is None:
        return "" if scene.neutral else PARTS_NOT_PUBLISHED
    return f"相差{cases}{scene.case_unit}" if cases else "已达标"


# ---- two periods ----


def two_periods(early: pd.DataFrame, late: pd.DataFrame, scene: Scene, *, period2: str) -> Chart:
    """What changed between two periods of one length: a hollow dot, a line, a full dot.

    `early`, `late`: as for `ranking`, of the same places; `scene.period` or `period2` is the later period.
    """
    first, last = sorted([scene.period, period2])
    rows = _changes(early, late, scene)
    drawn = list(rows.rename_axis("code").reset_index().itertuples(index=False))
    labels = [_two_lines(f"<b>{row.change_text}</b>", f"{row.early_text}→{row.text}", drawn, scene) for row in drawn]
    layout = _layout(scene, drawn, _names(drawn, scene), labels, [*rows["early"], *rows["value"]])
    legend = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False}
    layout |= {"showlegend": True, "legend": legend}
    layout["annotations"] += simulated_mark(scene)
    figure = go.Figure(data=[*_dumbbells(rows, scene, first, last), _labels_right(drawn)], layout=layout)
    title = _changes_title(rows, scene, first, last)
    return Chart(
        name="两期对比",
        figure=figure,
        title=title,
        subtitle=subtitle(
            scene,
            scene.subject,
            f"单位：{_unit(drawn, scene)}",
            f"{format_period(first)}与{format_period(last)}",
        ),
        footnotes=footnotes(late, scene, *_changes_notes(rows, early, late, scene, first), _chosen_words(drawn, scene)),
        reading=f"{title}。",
        table=lambda: _changes_table(rows, first, last),
        simulated=scene.dataset == "demo",
    )


def _changes(early: pd.DataFrame, late: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """The places with a value in both periods, from the greatest rise to the greatest fall, small bases last.

    Adds early, early_text, early_low, early_high (of the earlier period), change (value − early), change_text and apart
    (whether the intervals do not overlap; NA where there are none).
    """
    before = (
        early[["value", "text", "low", "high", "small"]].add_prefix("early_").rename(columns={"early_value": "early"})
    )
    both = late.join(before)
    both = both[(both["state"] == "value") & both["early"].notna()]
    apart = ((both["low"] > both["early_high"]) | (both["high"] < both["early_low"])).astype("boolean")
    rows = both.assign(
        small=(both["small"] | both["early_small"]).astype(bool),
        change=both["value"] - both["early"],
        apart=apart.where(both["low"].notna() & both["early_low"].notna()),
    )
    rows = rows.assign(change_text=[_change_text(row, scene) for row in rows.itertuples()])
    return rows.sort_values(["small", "change"], ascending=[True, False], kind="stable")


def _change_text(row: Any, scene: Scene) -> str:
    """Rates differ by percentage points; counts by number and, unless the base is small, by growth."""
    words = change_words(row.change, row.unit)
    grown = None if scene.rate else growth(row.value, row.early)
    return words if grown is None or not row.change else f"{words}（{grown:+.1f}%）".replace("（-", "（−")


def _dumbbells(rows: pd.DataFrame, scene: Scene, first: str, last: str) -> list[dict[str, Any]]:
    """The lines, thick where the intervals do not overlap, and the dots of both periods."""
    traces = []
    heights = pd.Series(_heights(list(rows.itertuples())), index=rows.index)
    thick = rows["apart"].fillna(False).astype(bool)
    for part, width in ((rows[~thick], 2), (rows[thick], 6)):
        traces.append(
            {
                "type": "scatter",
                "x": [x for row in part.itertuples() for x in (row.early, row.value, None)],
                "y": [y for height in heights[part.index] for y in (height, height, None)],
                "mode": "lines",
                "line": {"color": scene.tint, "width": width},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    inks = [scene.colours.highlight if code == scene.highlighted else scene.ink for code in rows.index]
    hover = [
        f"<b>{row.name}</b><br>{format_period(first)}{row.early_text}<br>{format_period(last)}{row.text}"
        f"<br>{row.change_text}"
        for row in rows.itertuples()
    ]
    for column, period, symbol in (("early", first, "circle-open"), ("value", last, "circle")):
        traces.append(
            {
                "type": "scatter",
                "x": rows[column],
                "y": heights,
                "mode": "markers",
                "name": format_period(period),
                "marker": {"size": 11, "symbol": symbol, "color": inks, "line": {"width": 2, "color": inks}},
                "text": hover,
                "hovertemplate": "%{text}<extra></extra>",
                "cliponaxis": False,
            }
        )
    return traces


def _changes_title(rows: pd.DataFrame, scene: Scene, first: str, last: str) -> str:
    """How many rose and fell, and who changed most: of the changes that are hardly chance, where there are any."""
    when = f"{format_period(first)}到{format_period(last)}{scene.topic}"
    sound = rows[~rows["small"]]
    if sound.empty:
        return f"{when}：没有两期均有数据的{scene.level_name}"
    counts = [(int((sound["change"] > 0).sum()), "上升"), (int((sound["change"] < 0).sum()), "下降")]
    counts += [(int((sound["change"] == 0).sum()), "持平")]
    parts = [f"{number}个{word}" for number, word in counts if number]
    certain = sound[sound["apart"].fillna(False).astype(bool)]
    most = (sound if certain.empty else certain)["change"].abs().idxmax()
    most, chance = sound.loc[most], certain.empty and bool(sound["apart"].notna().any())
    if most["change"]:
        word = "上升" if most["change"] > 0 else "下降"
        who = "变化最大的是" if certain.empty else "区间不重叠的变化中最大的是"
        end = "，但两期区间重叠" if chance else ""
        size = format_difference(round(most["change"], 2), most["unit"])
        parts.append(f"{who}{most['name']}，{word}{size}{end}")
    return f"{when}：{'、'.join(parts[:-1])}；{parts[-1]}" if most["change"] else f"{when}：{'、'.join(parts)}"


def _changes_notes(rows: pd.DataFrame, early: pd.DataFrame, late: pd.DataFrame, scene: Scene, first: str) -> list[str]:
    no_base = late.loc[(late["state"] == "value") & early["value"].isna(), "name"].tolist()
    sound = rows[~rows["small"]]
    compared, apart = int(sound["apart"].notna().sum()), int(sound["apart"].fillna(False).sum())
    return [
        f"{format_period(first)}没有数据、无法比较：{listed(no_base)}" if no_base else "",
        f"粗线：两期95%区间不重叠（{compared}个中的{apart}个）；细线：区间重叠，变化可能出于偶然。" if compared else "",
        f"{PARTS_NOT_PUBLISHED}，不能判断变化是否出于偶然。" if scene.rate and len(rows) and not compared else "",
        "中性指标：上升、下降不表示好坏。" if scene.neutral else "",
        f"空心圆下方：任一期{small_words(scene)}，不计入变化。" if rows["small"].any() else "",
        "" if scene.rate else f"括号内为增速；上期不足{SMALL_BASE}的不计算增速。",
        "" if scene.rate else BIGGER_HAVE_MORE,
    ]


def _changes_table(rows: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    words = rows["apart"].map({True: "不重叠", False: "重叠"}).fillna("")
    return pd.DataFrame(
        {
            "地区": rows["name"],
            format_period(first): rows["early_text"],
            format_period(last): rows["text"],
            CHANGE: rows["change_text"],
            CHANGE + BAR: rows["change"].round(6),
            "两期95%区间": words.where(~rows["small"], SMALL_BASE_WORDS),
            "说明": rows["note"],
            "来源": rows["source_title"],
        }
    ).reset_index(drop=True)
