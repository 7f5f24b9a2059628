"""Dots in a plane: two indicators against each other, and the funnel of a rate over the number of its cases."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import slices
from dashboard.charts import BAR, VALUE, Chart
from dashboard.charts.anatomy import (
    BIGGER_HAVE_MORE,
    CUT_WORDS,
    Scene,
    cut_strokes,
    footnotes,
    holders,
    interval_words,
    missing_line,
    simulated_mark,
    small_words,
    subtitle,
    ticks,
    under_axis,
    value_range,
)
from dashboard.statistics import CONTROL_LEVELS, SMALL_BASE_WORDS, beyond_limits, funnel_limits
from dashboard.theme import format_period, format_value, template

LABELLED = 16  # among more places only those farthest out are named, the others on hover and in the table
# Labels are kept apart on a plane as narrow as a phone's; on a wider one they have room to spare.
PLANE = (260, 400)  # pixels
LINE = 15  # pixels a label is high
BESIDE = 64  # pixels beside the plane for the words of the line across
LETTER = 13  # pixels a Chinese letter is wide
# Where a name may stand, in pixels from its dot: beside it, above, below, at its corners; farther off with a line.
SPOTS = ((9, 0), (-9, 0), (0, 16), (0, -16), (9, 12), (9, -12), (-9, 12), (-9, -12))
FAR_SPOTS = ((12, 28), (12, -28), (-12, 28), (-12, -28), (0, 44), (0, -44), (12, 60), (12, -60), (-12, 60), (-12, -60))
HEIGHT = 560
MARGIN = {"l": 8, "r": 24, "t": 40, "b": 66}
CURVE_POINTS = 120
MANY = 8  # places, below which one outside is no share to speak of
NOT_CHANCE = 0.1  # share of places outside the outer limits from which chance is no sensible yardstick
FUNNEL_NOTE = (
    "控制线：各地如果都与全区一样、只有偶然的差别，绝大多数会落在内线之间，几乎全部落在外线之间（算法见使用说明）。"
    "线内的高低多属偶然；线外的值得核实，控制线不说明原因。"
)


def two_indicators(
    across: pd.DataFrame,
    up: pd.DataFrame,
    scene: Scene,
    other: Scene,
    *,
    whole: pd.Series | None,
    other_whole: pd.Series | None,
) -> Chart:
    """Each place once: `scene`'s indicator across, `other`'s up.

    `across`, `up`: `slices.by_region` with `statistics.standings`, of the same places and period. `whole`,
    `other_whole`: the whole region's rows (value, text). Where they are rates they divide the plane, else the median.
    """
    both = across.join(up[["value", "text", "state", "small", "numerator", "denominator", "unit"]].add_prefix("up_"))
    both = both[(both["state"] == "value") & (both["up_state"] == "value")]
    both = both.assign(small=(both["small"] | both["up_small"]).astype(bool))
    middle, words = _divider(both["value"], both["text"], scene, whole)
    other_middle, other_words = _divider(both["up_value"], both["up_text"], other, other_whole)
    layout = _plane(scene, [*both["value"], middle], scene.rate, [*both["up_value"], other_middle], other.rate)
    colours = scene.colours
    # The words on the line across stand beside the plane, where no dot can lie.
    layout["margin"] = {**MARGIN, "r": BESIDE}
    layout["shapes"] += [
        _line(colours.muted, x0=middle, x1=middle, yref="paper", y0=0, y1=1),
        _line(colours.muted, y0=other_middle, y1=other_middle, xref="paper", x0=0, x1=1),
    ]
    layout["annotations"] += [
        _words(words, colours.muted, x=middle, y=1, yref="paper", xanchor="center", yanchor="bottom"),
        _words(other_words.replace("全区", "全区<br>"), colours.muted, x=1, xref="paper", y=other_middle,
               xanchor="left", yanchor="middle", xshift=6, align="left"),
        _words(f"<b>↑ {_titled(other, both['up_unit'])}</b>", colours.text, x=0, y=1, xref="paper", yref="paper",
               xanchor="left", yanchor="bottom", yshift=20),
        under_axis(f"<b>{_titled(scene, both['unit'])} →</b>", colours, below=42, right=True)
        | {"font": {"size": 13, "color": colours.text}},
    ]  # fmt: skip
    bottom, top = layout["yaxis"]["range"]
    kept = PLANE[0] + 6, (other_middle - bottom) / (top - bottom) * PLANE[1] - LINE
    layout["annotations"] += _labels(both, both["value"], both["up_value"], layout, scene, kept)
    hover = [
        f"<b>{row.name}</b><br>{scene.subject} {row.text}<br>{other.subject} {row.up_text}"
        + (f"<br>{SMALL_BASE_WORDS}" if row.small else "")
        for row in both.itertuples()
    ]
    layout["annotations"] += simulated_mark(scene)
    figure = go.Figure(data=[_dots(both, both["value"], both["up_value"], hover, scene)], layout=layout)
    title = _two_title(both, middle, other_middle, scene, other)
    lacking = [(scene, missing_line(across)), (other, missing_line(up))]
    notes = [
        *[f"{one.subject}{line}" if line else "" for one, line in lacking],
        f"空心圆：{small_words(scene)}，基数过小，不计入标题。" if both["small"].any() else "",
        "两项同高同低不等于互为因果。" + ("" if scene.rate and other.rate else BIGGER_HAVE_MORE),
        f"{other.subject}口径：{other.indicator['caveats']}" if other.indicator["caveats"] else "",
        *footnotes(pd.concat([across[across["state"] == "value"], up[up["state"] == "value"]]), scene),
    ]
    return Chart(
        name="散点",
        figure=figure,
        title=title,
        subtitle=subtitle(scene, f"横轴{scene.subject}", f"纵轴{other.subject}", format_period(scene.period)),
        footnotes=[note for note in notes if note],
        reading=f"{title}。",
        table=lambda: _two_table(both, scene, other),
        simulated=scene.dataset == "demo",
    )


def funnel(frame: pd.DataFrame, scene: Scene, *, rate: float) -> Chart:
    """Rates over the number of their cases, with the limits within which chance alone would keep them.

    `frame`: `slices.by_region` with `statistics.standings`. `rate`: the whole region's rate from its parts, in percent.
    """
    known = frame[frame["denominator"].gt(0) & (frame["state"] == "value")]
    beyond = _beyond(known, rate)
    most = known["denominator"].max() * 1.08
    sizes = np.unique(np.geomspace(max(1.0, 0.8 * known["denominator"].min()), most, CURVE_POINTS).round())
    curves = {level: funnel_limits(rate, sizes, level) for level in CONTROL_LEVELS}
    inner = curves[CONTROL_LEVELS[0]]
    layout = _plane(scene, [0, sizes[-1]], False, [*known["value"], inner["low"].iloc[0], inner["high"].iloc[0]], True)
    colours = scene.colours
    layout["shapes"].append(_line(colours.text, y0=rate, y1=rate, x0=sizes[0], x1=sizes[-1]))
    layout["annotations"] += [
        _words(f"全区{format_value(round(rate, 2), '%')}", colours.text, x=1, xref="paper", y=rate, xanchor="right",
               yanchor="top" if rate > 50 else "bottom"),
        _words(f"<b>↑ {_titled(scene, known['unit'])}</b>", colours.text, x=0, y=1, xref="paper", yref="paper",
               xanchor="left", yanchor="bottom", yshift=8),
        under_axis(f"<b>分母（{scene.case_unit or '件'}）→</b>", colours, below=42, right=True)
        | {"font": {"size": 13, "color": colours.text}},
    ]  # fmt: skip
    side = "low" if rate > 50 else "high"
    for level in CONTROL_LEVELS:
        at = len(sizes) // 2
        words = _words(
            _limit_words(level), colours.muted, x=sizes[at], y=curves[level][side][at], bgcolor=colours.ground
        )
        layout["annotations"].append(words)
    shown = known if len(known) <= LABELLED else known[beyond["outer"] != ""]
    layout["annotations"] += _labels(shown, shown["denominator"], shown["value"], layout, scene)
    hover = [
        f"<b>{row.name}</b><br>{row.text}（{cases}）<br>{words or '在控制线以内'}"
        for row, cases, words in zip(
            known.itertuples(), slices.cases(known, scene.case_unit), beyond["words"], strict=True
        )
    ]
    dots = _dots(known, known["denominator"], known["value"], hover, scene)
    dots["marker"] |= {
        "symbol": [
            "diamond" if outer else "circle-open" if small else "circle"
            for outer, small in zip(beyond["outer"], known["small"], strict=True)
        ],
        "color": [colours.highlight if outer else scene.ink for outer in beyond["outer"]],
    }
    layout["annotations"] += simulated_mark(scene)
    figure = go.Figure(data=[*_curves(sizes, curves, scene), dots], layout=layout)
    title = _funnel_title(known, beyond, scene)
    many = len(known) >= MANY and bool((beyond["outer"] != "").mean() > NOT_CHANCE)
    return Chart(
        name="漏斗图",
        figure=figure,
        title=title,
        subtitle=subtitle(scene),
        footnotes=footnotes(
            frame,
            scene,
            FUNNEL_NOTE,
            "菱形：在外控制线以外。" if (beyond["outer"] != "").any() else "",
            "线外的多于偶然所能解释，各地之间另有系统差异，不宜单看一地。" if many else "",
            f"空心圆：{small_words(scene)}。" if known["small"].any() else "",
        ),
        reading=f"{title}。",
        table=lambda: _funnel_table(known, beyond, scene),
        simulated=scene.dataset == "demo",
    )


def _plane(scene: Scene, across: list[float], cut_across: bool, up: list[float], cut_up: bool) -> dict:
    """Two axes that hold the values; where rates near their ceiling cut one, strokes and words say so."""
    x0, x1, x_cut = value_range(across, cut_across)
    y0, y1, y_cut = value_range(up, cut_up)
    words = "两条坐标轴都未从零开始" if x_cut and y_cut else CUT_WORDS
    x_unit, y_unit = "%" if cut_across else "", "%" if cut_up else ""
    shapes = [*(cut_strokes("x", scene.colours) if x_cut else []), *(cut_strokes("y", scene.colours) if y_cut else [])]
    which = "" if x_cut == y_cut else "横轴：" if x_cut else "纵轴："
    return {
        "template": template(scene.dark),
        "showlegend": False,
        "dragmode": False,
        "height": HEIGHT,
        "margin": MARGIN,
        "xaxis": {"range": [x0, x1], "zeroline": False, "fixedrange": True, **ticks(x0, x1, x_unit)},
        "yaxis": {"range": [y0, y1], "zeroline": False, "fixedrange": True, **ticks(y0, y1, y_unit)},
        "shapes": shapes,
        "annotations": [under_axis(which + words, scene.colours)] if x_cut or y_cut else [],
    }


def _line(colour: str, **ends: object) -> dict[str, object]:
    return {"type": "line", "line": {"color": colour, "width": 1.2}, "layer": "below", **ends}


def _words(text: str, colour: str, **place: object) -> dict[str, object]:
    return {"text": text, "showarrow": False, "font": {"size": 12, "color": colour}, **place}


def _titled(scene: Scene, units: pd.Series) -> str:
    """An axis's name: the indicator and its unit."""
    return f"{scene.subject}（{units.iloc[0] if len(units) else scene.indicator['unit']}）"


def _dots(rows: pd.DataFrame, across: pd.Series, up: pd.Series, hover: list[str], scene: Scene) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": across,
        "y": up,
        "mode": "markers",
        "text": hover,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {
            "size": 11,
            "color": [scene.colours.highlight if code == scene.highlighted else scene.ink for code in rows.index],
            "symbol": ["circle-open" if small else "circle" for small in rows["small"]],
            "line": {"width": 1.5, "color": scene.colours.ground},
        },
        "cliponaxis": False,
    }


def _labels(
    rows: pd.DataFrame,
    across: pd.Series,
    up: pd.Series,
    layout: dict,
    scene: Scene,
    kept: tuple[float, float] | None = None,
) -> list[dict[str, object]]:
    """Names beside the dots where they cover neither a dot nor each other; crowded ones are left to the hover.

    `kept`: where on the plane other words begin, which are not to be covered either.
    """
    (x0, x1), (y0, y1) = layout["xaxis"]["range"], layout["yaxis"]["range"]
    xs, ys = (across - x0) / (x1 - x0) * PLANE[0], (up - y0) / (y1 - y0) * PLANE[1]
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in zip(xs, ys, strict=True)]
    taken += [(kept[0], kept[1], kept[0] + BESIDE, kept[1] + 2 * LINE)] if kept else []
    out = ((xs - xs.median()).abs() / PLANE[0] + (ys - ys.median()).abs() / PLANE[1]).sort_values(ascending=False)
    labels = []
    for code in out.index[:LABELLED]:
        name = rows.loc[code, "short_name"]
        width = LETTER * len(name)
        for right, above in (*SPOTS, *FAR_SPOTS):
            left = xs[code] + right - (width if right < 0 else 0 if right > 0 else width / 2)
            box = (left, ys[code] + above - LINE / 2, left + width, ys[code] + above + LINE / 2)
            inside = box[0] > 0 and box[2] < PLANE[0] + MARGIN["r"] and box[1] > 0 and box[3] < PLANE[1] + LINE
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                words = f"<b>{name}</b>" if code == scene.highlighted else name
                anchor = "left" if right > 0 else "right" if right < 0 else "center"
                label = _words(words, scene.colours.text, x=across[code], y=up[code], xanchor=anchor, yanchor="middle")
                label["bgcolor"] = scene.colours.ground  # a line may run through
                if (right, above) in SPOTS:
                    label |= {"xshift": right, "yshift": above}
                else:
                    line = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": scene.colours.muted, "standoff": 6}
                    label |= {"showarrow": True, "ax": right, "ay": -above, **line}
                labels.append(label)
                break
    return labels


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _divider(values: pd.Series, texts: pd.Series, scene: Scene, whole: pd.Series | None) -> tuple[float, str]:
    """What parts high from low: the whole region's rate; for counts, which it sums up, the median of the places."""
    if scene.rate and whole is not None:
        return float(whole["value"]), f"全区{whole['text']}"
    return float(values.median()), "中位数"


def _two_title(both: pd.DataFrame, middle: float, other_middle: float, scene: Scene, other: Scene) -> str:
    """Who is above the middle in both, who below."""
    when = f"{format_period(scene.period)}{scene.topic}与{other.subject}"
    sound = both[~both["small"]]
    if sound.empty:
        return f"{when}：没有两项均有数据的{scene.level_name}"
    above = sound.loc[(sound["value"] > middle) & (sound["up_value"] > other_middle), "name"].tolist()
    below = sound.loc[(sound["value"] < middle) & (sound["up_value"] < other_middle), "name"].tolist()
    rates = scene.rate and other.rate
    yard = "全区" if rates else "中位数" if not (scene.rate or other.rate) else "分界线"
    parts = [
        f"{holders(names, scene.level_name)}两项都{word}{yard}"
        for names, word in ((above, "高于"), (below, "低于"))
        if names
    ]
    return f"{when}：{'；'.join(parts) or f'没有{scene.level_name}两项同时高于或低于{yard}'}"


def _two_table(both: pd.DataFrame, scene: Scene, other: Scene) -> pd.DataFrame:
    up = both[["up_numerator", "up_denominator"]].set_axis(["numerator", "denominator"], axis=1)
    table = pd.DataFrame(
        {
            "地区": both["name"],
            scene.subject: both["text"],
            scene.subject + BAR: both["value"],
            f"{scene.subject}分子/分母": slices.cases(both, scene.case_unit),
            other.subject: both["up_text"],
            other.subject + BAR: both["up_value"],
            f"{other.subject}分子/分母": slices.cases(up, other.case_unit),
            "说明": np.where(both["small"], SMALL_BASE_WORDS, ""),
        }
    ).reset_index(drop=True)
    return table.loc[:, [bool(table[column].astype(str).str.strip().any()) for column in table]]


def _beyond(known: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Which places lie beyond the limits: outer (beyond 99.8 %: 高于, 低于) and words (which limit), or empty."""
    result = pd.DataFrame({"outer": "", "words": ""}, index=known.index)
    for level in CONTROL_LEVELS:
        beyond = beyond_limits(known["numerator"], known["denominator"], rate, level)
        for side, word in ((1, "高于"), (-1, "低于")):
            result.loc[beyond == side, "words"] = f"{word}{_limit_words(level)}"
            if level == CONTROL_LEVELS[-1]:
                result.loc[beyond == side, "outer"] = word
    return result


def _limit_words(level: float) -> str:
    return f"{'内' if level == CONTROL_LEVELS[0] else '外'}控制线"


def _curves(sizes: np.ndarray, curves: dict[float, pd.DataFrame], scene: Scene) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "x": sizes,
            "y": limits[side],
            "mode": "lines",
            "line": {"color": scene.colours.muted, "width": 1.3, "dash": dash},
            "hoverinfo": "skip",
        }
        for (_, limits), dash in zip(curves.items(), ("dash", "solid"), strict=True)
        for side in ("low", "high")
    ]


def _funnel_title(known: pd.DataFrame, beyond: pd.DataFrame, scene: Scene) -> str:
    """Who lies beyond the outer limits."""
    when = f"{format_period(scene.period)}{scene.topic}"
    outside = [
        f"{holders(known.loc[beyond['outer'] == word, 'name'].tolist(), scene.level_name)}{word}外控制线"
        for word in ("低于", "高于")
        if (beyond["outer"] == word).any()
    ]
    rest = int((beyond["outer"] == "").sum())
    if not outside:
        return f"{when}：{rest}个{scene.level_name}都在外控制线以内，差别可能只是偶然"
    return f"{when}：{'，'.join(outside)}；其余{rest}个在外控制线以内"


def _funnel_table(known: pd.DataFrame, beyond: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "地区": known["name"],
            VALUE: known["text"],
            BAR: known["value"],
            "分子/分母": slices.cases(known, scene.case_unit),
            "95%区间": [interval_words(low, high, "%") for low, high in zip(known["low"], known["high"], strict=True)],
            "控制线": beyond["words"].where(beyond["words"] != "", "线内"),
            "来源": known["source_title"],
        }
    ).reset_index(drop=True)
