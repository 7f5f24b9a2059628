"""Several periods on maps: two side by side, the change between them, year after year."""

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import BAR, CHANGE, Chart
from dashboard.charts.anatomy import Scene, change_words, listed, missing_line, moved_words
from dashboard.charts.ground import Sheet
from dashboard.charts.labels import HALF_FRAME, LABEL_SIZE
from dashboard.charts.map_keys import entries_of, key_height
from dashboard.charts.maps import (
    counts,
    drawn,
    footnotes_of,
    geo_name,
    prepared,
    sheet_layout,
    sound,
    subtitle_of,
    unit_of,
    written,
)
from dashboard.charts.scales import Scale, around_zero
from dashboard.statistics import SMALL_BASE_WORDS, growth
from dashboard.theme import STATE_NAMES, format_number, format_period

NAMED_IN_NOTE = 5  # of one period among several
PANEL_COLUMNS = 4  # of a figure with many maps
PANEL_HEIGHT = 240
PANEL_LINES = 2  # up to this many fit the usual height
MOST_PANELS = 12


def two_maps(
    early: pd.DataFrame,
    late: pd.DataFrame,
    scene: Scene,
    sheet: Sheet,
    *,
    periods: tuple[str, str],
    headings: tuple[str, str],
    scale: Scale,
    compare: bool = True,
    note: str = "",
) -> Chart:
    """Two periods of one length side by side, on one scale.

    `early`, `late`: `slices.by_region` of the same places; `periods`: theirs, the earlier first. `headings`: the
    figures to hold them against, in words, or empty. `compare`: whether the definition stayed the same.
    """
    colours = scene.colours
    both = [prepared(frame, scene) for frame in (early, late)]
    counted = [f" · {a}→{b}个" for a, b in zip(*[counts(scale, rows) for rows in both], strict=True)]
    entries = entries_of(scale, pd.concat(both), None, colours, counted, scene.highlighted, sheet.around)
    top = key_height(entries, scale)
    traces, words = [], []
    for number, rows in enumerate(both):
        geo, size = geo_name(number), LABEL_SIZE - 2
        traces += drawn(rows, scale, scene, sheet, geo=geo, label_size=size, frame=HALF_FRAME)
        words.append(_heading((number / 2, 1.0), periods[number], headings[number], scene))
    layout = sheet_layout(scene, sheet, scale, top=top, maps=2, columns=2)
    figure = go.Figure(traces, layout | written(entries, scale, scene, top, words, maps=2, columns=2))
    changed = changes(early, late, scene)
    title = _changes_title(changed, scene, sheet, periods) if compare else _no_comparison(scene, sheet, periods)
    return Chart(
        name="两期并排地图",
        figure=figure,
        title=title,
        subtitle=subtitle_of(both[1], scene, "与".join(map(format_period, periods)), "同一色阶"),
        footnotes=footnotes_of(
            pd.concat(both), scene, *_missing_by_period(dict(zip(periods, both, strict=True))), scale.note, note
        ),
        reading=f"{title}。",
        table=lambda: _changes_table(changed, periods, compare),
        simulated=scene.dataset == "demo",
    )


def change_map(
    early: pd.DataFrame,
    late: pd.DataFrame,
    scene: Scene,
    sheet: Sheet,
    *,
    periods: tuple[str, str],
    whole: str,
    note: str = "",
) -> Chart:
    """The difference of two periods of one length and one definition, around no change.

    `early`, `late`: `slices.by_region` of the same places, with `statistics.standings`; `periods`: the earlier first.
    """
    colours = scene.colours
    rows = changes(early, late, scene)
    unit = unit_of(rows, scene)
    scale = around_zero(sound(rows)["value"], scene.indicator["direction"], unit, scene.dark)
    counted = [f" · {count}个" for count in counts(scale, rows)]
    entries = entries_of(scale, rows, None, colours, counted, scene.highlighted, sheet.around)
    top = key_height(entries, scale) if sheet.near else 0
    figure = go.Figure(
        drawn(rows, scale, scene, sheet),
        sheet_layout(scene, sheet, scale, top=top) | written(entries, scale, scene, top),
    )
    title = _changes_title(rows, scene, sheet, periods) + (f"；{whole}" if whole else "")
    first, last = map(format_period, periods)
    return Chart(
        name="变化地图",
        figure=figure,
        title=title,
        subtitle=subtitle_of(rows, scene, f"{last}比{first}", unit=change_unit(unit)),
        footnotes=footnotes_of(rows, scene, *_changes_notes(rows, early, late, scene, first), note),
        reading=f"{title}。",
        table=lambda: _changes_table(rows, periods, True),
        simulated=scene.dataset == "demo",
    )


def changes(early: pd.DataFrame, late: pd.DataFrame, scene: Scene) -> pd.DataFrame:
    """The rows of `late`, whose value is what was added since `early`; early_text, late_text hold the figures.

    `early`, `late`: `slices.by_region` of the same places. A place without a value in either period has none here, but
    the state of the later of those that lack it. `text`: the change with its sign, or that state in words; `label`: the
    change without its unit; of counts also the growth in `grown`, unless the base is small. Else as `prepared`.
    """
    early, late = prepared(early, scene), prepared(late, scene)
    both = (early["state"] == "value") & (late["state"] == "value")
    change = (late["value"] - early["value"]).where(both).round(6)
    units = late["unit"].where(late["unit"].notna(), early["unit"])
    state = np.where(both, "value", late["state"].where(late["state"] != "value", early["state"]))
    words = [
        change_words(size, unit) if of == "value" else STATE_NAMES[of]
        for size, unit, of in zip(change, units, state, strict=True)
    ]
    grown = [
        "" if scene.rate or not known or (rate := growth(now, before)) is None else f"{rate:+.1f}%".replace("-", "−")
        for now, before, known in zip(late["value"], early["value"], both, strict=True)
    ]
    small = (early["small"].astype(bool) | late["small"].astype(bool)) & both
    rows = late.assign(
        value=change,
        state=state,
        text=words,
        label=[change_number(size) if known else "" for size, known in zip(change, both, strict=True)],
        grown=grown,
        small=small,
        cases="",
        early_text=early["text"],
        late_text=late["text"],
        period_text="",
    )
    rows["hover"] = [
        "<br>".join(
            part
            for part in [
                f"{text}（{grown}）" if grown else text if known else "",
                f"{before} → {now}",
                SMALL_BASE_WORDS if on_small else "",
            ]
            if part
        )
        for text, grown, before, now, on_small, known in zip(
            rows["text"], rows["grown"], rows["early_text"], rows["late_text"], small, both, strict=True
        )
    ]
    return rows


def change_unit(unit: str) -> str:
    """What a change is counted in: of percentages 百分点."""
    return "百分点" if unit == "%" else unit


def change_number(change: float) -> str:
    """A change with its sign, without its unit: +1.2, −34; 持平 for none."""
    if not change:
        return "持平"
    return ("+" if change > 0 else "−") + format_number(round(abs(change), 2) or abs(change))


def _changes_title(rows: pd.DataFrame, scene: Scene, sheet: Sheet, periods: tuple[str, str]) -> str:
    """How many rose and fell, and who changed most. `rows`: `changes`."""
    first, last = map(format_period, periods)
    among = f"{sheet.place}各{scene.level_name}" if sheet.place else ""
    when = f"与{first}相比，{last}{among}{scene.subject}"
    changed = sound(rows)
    if changed.empty:
        return f"{when}：没有两期均有数据的{scene.level_name}"
    counts = [(int((changed["value"] > 0).sum()), "上升"), (int((changed["value"] < 0).sum()), "下降")]
    counts += [(int((changed["value"] == 0).sum()), "持平")]
    parts = "、".join(f"{number}个{word}" for number, word in counts if number)
    parts = parts.replace("个", f"个{scene.level_name}", 1)
    most = changed.loc[changed["value"].abs().idxmax()]
    if not most["value"]:
        return f"{when}：{parts}"
    return f"{when}：{parts}；变化最大的是{most['name']}，{moved_words(most['value'], most['unit'])}"


def _no_comparison(scene: Scene, sheet: Sheet, periods: tuple[str, str]) -> str:
    first, last = map(format_period, periods)
    return f"{first}与{last}{sheet.place}{scene.subject}：两期口径不同，不可比"


def _changes_notes(rows: pd.DataFrame, early: pd.DataFrame, late: pd.DataFrame, scene: Scene, first: str) -> list[str]:
    no_base = late.loc[(late["state"] == "value") & early["value"].isna(), "name"].tolist()
    known = sound(rows).index
    drawn = known[early["low"][known].notna() & late["low"][known].notna()]
    apart = (early["high"][drawn] < late["low"][drawn]) | (late["high"][drawn] < early["low"][drawn])
    return [
        f"{first}没有数据、无法比较：{listed(no_base)}" if no_base else "",
        _chance_note(len(drawn), int(apart.sum()), scene.level_name) if len(drawn) else "",
        "中性指标：上升、下降不表示好坏。" if scene.neutral else "",
    ]


def _chance_note(compared: int, apart: int, level_name: str) -> str:
    """Of how many of the places compared the change may be chance."""
    if not apart:
        return f"{compared}个{level_name}两期的95%区间均有重叠，变化可能属偶然波动。"
    if apart == compared:
        return f"{compared}个{level_name}两期的95%区间均不重叠。"
    return f"{compared}个{level_name}中，{apart}个两期的95%区间不重叠，其余变化可能属偶然波动。"


def _changes_table(rows: pd.DataFrame, periods: tuple[str, str], compare: bool) -> pd.DataFrame:
    first, last = map(format_period, periods)
    table = pd.DataFrame({"地区": rows["name"], first: rows["early_text"], last: rows["late_text"]})
    if compare:
        words = rows["text"].where(rows["state"] == "value", "")
        table = table.assign(**{CHANGE: words, CHANGE + BAR: rows["value"], "增速": rows["grown"]})
    if rows["small"].astype(bool).any():
        table = table.assign(说明=np.where(rows["small"], SMALL_BASE_WORDS, ""))
    return table.loc[:, [name for name in table if name != "增速" or table[name].any()]].reset_index(drop=True)


def yearly_maps(
    frames: dict[str, pd.DataFrame],
    scene: Scene,
    sheet: Sheet,
    *,
    headings: dict[str, str],
    scale: Scale,
    compare: bool = True,
    note: str = "",
) -> Chart:
    """One small map a period on one scale, oldest first; without labels.

    `frames`: period -> `slices.by_region` of the same places. `headings`: period -> the figure to hold it against, in
    words. `compare`: whether the definition stayed the same from the first to the last.
    """
    colours, periods = scene.colours, list(frames)
    every = {period: prepared(frame, scene) for period, frame in frames.items()}
    entries = entries_of(scale, pd.concat(every.values()), None, colours, [], scene.highlighted, sheet.around)
    top = key_height(entries, scale)
    columns = min(PANEL_COLUMNS, len(periods))
    traces, words = [], []
    for number, (period, rows) in enumerate(every.items()):
        traces += drawn(rows, scale, scene, sheet, geo=geo_name(number), label_size=0)
        line, column = divmod(number, columns)
        corner = column / columns, 1 - line / math.ceil(len(periods) / columns)
        words.append(_heading(corner, period, headings.get(period, ""), scene))
    layout = sheet_layout(scene, sheet, scale, top=top, maps=len(periods), columns=columns)
    layout["height"] = _panels_height(len(periods))
    texts = written(entries, scale, scene, top, words, maps=len(periods), columns=columns)
    figure = go.Figure(traces, layout | texts)
    ends = (periods[0], periods[-1])
    changed = changes(frames[ends[0]], frames[ends[1]], scene)
    title = _changes_title(changed, scene, sheet, ends) if compare else _no_comparison(scene, sheet, ends)
    return Chart(
        name="历年地图",
        figure=figure,
        title=title,
        subtitle=subtitle_of(every[ends[1]], scene, f"{format_period(ends[0])}至{format_period(ends[1])}", "同一色阶"),
        footnotes=footnotes_of(pd.concat(every.values()), scene, *_missing_by_period(every), scale.note, note),
        reading=f"{title}。",
        table=lambda: _yearly_table(every),
        simulated=scene.dataset == "demo",
    )


def _yearly_table(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """`frames`: period -> `prepared` of the same places."""
    names = next(iter(frames.values()))["name"]
    texts = {format_period(period): rows["text"] for period, rows in frames.items()}
    return pd.DataFrame({"地区": names, **texts}).reset_index(drop=True)


def _panels_height(periods: int) -> int | None:
    """The height in pixels of a figure with one small map a period; None where the usual one does."""
    lines = math.ceil(periods / PANEL_COLUMNS)
    return None if lines <= PANEL_LINES else lines * PANEL_HEIGHT + 90


def _heading(corner: tuple[float, float], period: str, words: str, scene: Scene) -> dict[str, object]:
    """At the top left of a map of several: its period, and a figure to hold it against."""
    return {
        "text": f"<b>{format_period(period)}</b>" + (f"<br>{words}" if words else ""),
        "xref": "paper",
        "yref": "paper",
        "x": corner[0],
        "y": corner[1],
        "xshift": 8,
        "xanchor": "left",
        "yanchor": "top",
        "align": "left",
        "showarrow": False,
        "font": {"size": 13, "color": scene.colours.text},
    }


def _missing_by_period(frames: dict[str, pd.DataFrame]) -> list[str]:
    """Who is missing in which of several periods: by name, or by number where there are many."""
    lines = []
    for period, rows in frames.items():
        missing = rows[rows["state"] != "value"]
        counts = "、".join(f"{STATE_NAMES[state]}{count}个" for state, count in missing["state"].value_counts().items())
        words = missing_line(rows) if len(missing) <= NAMED_IN_NOTE else counts
        lines += [f"{format_period(period)}{words}"] if len(missing) else []
    return ["；".join(lines)] if lines else []
