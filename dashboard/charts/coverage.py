"""What there is and what is owed: a grid of indicators against regions or years, and a map of who has reported.

A state is never told by colour alone: each has a sign of its own, in the cell or on the map, and in the key.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts import Chart, add_notes, watermark, watermark_note
from dashboard.charts.ground import Sheet, layout, shape
from dashboard.charts.labels import LABEL_SIZE, SPOTS, named, place_labels
from dashboard.charts.maps import MAP_NOTE, areas
from dashboard.theme import DATASET_NAMES, LEVEL_NAMES, STATE_NAMES, STATE_SIGNS, Palette, ink_on, palette, template

# A part counts as a figure here: the grid says where there is anything at all.
GRID_STATES = {"value": "有数据"} | {state: name for state, name in STATE_NAMES.items() if state != "parts_only"}
GRID_SIGNS = {state: STATE_SIGNS.get(state, "") for state in GRID_STATES}
REPORT_STATES = {
    "overdue": "逾期",
    "unreported": "未报",
    "partly": "部分",
    "reported": "已报",
    "not_required": "不要求",
}
REPORT_SIGNS = {"overdue": "■", "unreported": "○", "partly": "◐", "reported": "●", "not_required": "－"}
NAMED_IN_TITLE = 3
# Of the grid, in pixels: narrow enough for a phone, wide enough for the longest name of an indicator.
NAMES_WIDTH = 176
ROW_HEIGHT = 23
KEY_HEIGHT = 40
LINE_HEIGHT = 15
ROWS_A_MARK = 30
KEY_STEP = 22  # between the lines of the key of the map


@dataclass(frozen=True)
class Entry:
    """One state in a key: its colour, its sign, its words; `hatched` areas are striped."""

    fill: str
    sign: str
    words: str
    hatched: bool = False


@dataclass(frozen=True)
class Rows:
    """Where everything stands, in rows from the top (0): each indicator, each chapter's heading, the end."""

    places: dict[str, int]
    headings: dict[str, int]
    end: int


@dataclass(frozen=True)
class Grid:
    """A grid of coverage, whichever indicator is selected; not to be changed.

    `names`: of the indicators, by id, in their order. `words`: of the chart, beside its figure.
    """

    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    names: dict[str, str]
    words: dict[str, Any]

    def chart(self, selected: str = "") -> Chart:
        """The grid with the name of the selected indicator in bold."""
        labels = [f"<b>{name}</b>" if key == selected else name for key, name in self.names.items()]
        yaxis = {**self.layout["yaxis"], "ticktext": labels}
        # Copies: plotly takes the type out of a trace while it reads it, and other readers use the same traces.
        traces = [dict(trace) for trace in self.traces]
        return Chart(figure=go.Figure(traces, {**self.layout, "yaxis": yaxis}), **self.words)


def coverage_grid(
    states: pd.DataFrame,
    periods: pd.DataFrame,
    *,
    names: pd.Series,
    chapters: pd.Series,
    columns: dict[object, str],
    subject: str,
    when: str,
    dataset: str,
    release_id: str,
    dark: bool = False,
) -> Grid:
    """Which indicators have figures where, or when: a cell for every indicator and column, told by state.

    `states`: index indicator id, in the order of the chapters, columns the keys of `columns` (region codes or years),
    each cell a key of GRID_STATES; `periods`: the same shape, what a cell says when asked. `names`, `chapters`: by
    indicator id. `columns`: key -> name. `subject`, `when`: whose figures, of which time, in words.
    """
    colours = palette(dark)
    headings = {key: name if name.isdigit() else "<br>".join(name) for key, name in columns.items()}
    rows = _rows(states.index, chapters, max(text.count("<br>") + 1 for text in headings.values()))
    fills = _grid_fills(colours)
    heading = {"xref": "paper", "x": 0, "xshift": -NAMES_WIDTH, "xanchor": "left", "showarrow": False}
    heading["font"] = {"size": 14, "color": colours.text}
    key, boxes = _key([Entry(fills[s], GRID_SIGNS[s], GRID_STATES[s]) for s in GRID_STATES], colours, beside=True)
    notes = [
        *[heading | {"text": f"<b>{chapter}</b>", "y": row} for chapter, row in rows.headings.items()],
        *key,
        *(_watermarks(rows, colours) if dataset == "demo" else []),
    ]
    counts = states.stack().value_counts()
    others = "".join(
        f"，{GRID_STATES[state]}{counts[state]}个" for state in ("not_published", "not_reported") if state in counts
    )
    apart = f"；另有{counts['not_applicable']}个不适用" if "not_applicable" in counts else ""
    title = f"{when}{subject}{len(states)}项指标{held_words(counts)}{others}{apart}"
    return Grid(
        traces=[
            *_cells(states, periods, rows, names, columns, fills),
            _column_names(rows, list(headings.values()), colours),
        ],
        layout=_grid_layout(rows, columns, dark, colours) | {"annotations": notes, "shapes": boxes},
        names={key: names[key] for key in rows.places},
        words={
            "name": "数据覆盖",
            "title": title,
            "subtitle": f"数据覆盖 · {when} · {DATASET_NAMES.get(dataset, dataset)}",
            "footnotes": [
                "有全年数的按全年，没有的看当年内结束的其他期间；任一分项有数据即计入。",
                "未公布：没有要求报送，也没有公布；未填报：要求报送而没有报；不适用：该地区没有这项业务。都不是零。",
                f"来源：本版本已载入的数据与报送要求清单 · 版本{release_id}",
            ],
            "reading": f"{title}。",
            "table": lambda: _grid_table(states, names, chapters, columns),
            "simulated": dataset == "demo",
        },
    )


def held_words(counts: pd.Series) -> str:
    """How many cells have a figure, of those that can: 最多可有3个数据，已有1个（33.3%）; what does not apply has none.

    `counts`: of the cells (int), by their state, a key of GRID_STATES.
    """
    known, most = counts.get("value", 0), counts.sum() - counts.get("not_applicable", 0)
    return f"最多可有{most}个数据，已有{known}个" + (f"（{f'{known / most:.1%}'.replace('.0%', '%')}）" if most else "")


def _watermarks(rows: Rows, colours: Palette) -> list[dict[str, Any]]:
    """The mark across every screenful: a picture of a part of the grid must not pass for real either."""
    count = ceil(rows.end / ROWS_A_MARK)
    return [watermark_note(colours) | {"y": (number + 0.5) / count} for number in range(count)]


def _rows(ids: pd.Index, chapters: pd.Series, lines: int) -> Rows:
    """Each chapter begins with room for its name and the names of the columns, so many lines high."""
    heading_rows = ceil(lines * LINE_HEIGHT / ROW_HEIGHT) + 1
    places: dict[str, int] = {}
    headings: dict[str, int] = {}
    at = 0
    for indicator_id in ids:
        chapter = chapters[indicator_id]
        if chapter not in headings:
            at += heading_rows
            headings[chapter] = at - 1
        places[indicator_id] = at
        at += 1
    return Rows(places, headings, at)


def _grid_layout(rows: Rows, columns: dict[object, str], dark: bool, colours: Palette) -> dict[str, Any]:
    bare = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "automargin": False,
    }
    return {
        "template": template(dark),
        "height": rows.end * ROW_HEIGHT + KEY_HEIGHT,
        "margin": {"l": NAMES_WIDTH, "r": 2, "t": KEY_HEIGHT, "b": 0},
        "showlegend": False,
        "dragmode": False,
        "xaxis": bare | {"range": [-0.5, len(columns) - 0.5], "showticklabels": False},
        "yaxis": bare
        | {
            "range": [rows.end - 0.5, -0.5],
            "tickvals": list(rows.places.values()),
            "ticklabelstandoff": 6,
            "tickfont": {"size": 12, "color": colours.text},
        },
    }


def _grid_fills(colours: Palette) -> dict[str, str]:
    return {
        "value": colours.sequential[3],
        "not_published": colours.missing,
        "not_applicable": colours.line,
        "not_reported": colours.highlight,
    }


def _cells(
    states: pd.DataFrame,
    periods: pd.DataFrame,
    rows: Rows,
    names: pd.Series,
    columns: dict[object, str],
    fills: dict[str, str],
) -> list[dict[str, Any]]:
    """The cells of each state as one trace, with its sign and what each says when asked.

    In arrays: plotly looks at every single cell of a list.
    """
    at = list(rows.places.values())
    held_by = states.loc[list(rows.places)].to_numpy()
    told = np.array(
        [
            [f"{names[i]}<br>{column}：{text}" for column, text in zip(columns.values(), said, strict=True)]
            for i, said in zip(rows.places, periods.loc[list(rows.places)].to_numpy(), strict=True)
        ],
        dtype=object,
    )
    traces = []
    for state, fill in fills.items():
        held = held_by == state
        z = np.full((rows.end, len(columns)), np.nan, dtype="float32")
        signs, asked = (np.full(z.shape, "", dtype=object) for _ in range(2))
        z[at], signs[at], asked[at] = np.where(held, 1, np.nan), np.where(held, GRID_SIGNS[state], ""), told
        asked[np.isnan(z)] = ""
        traces.append(
            {
                "type": "heatmap",
                "name": GRID_STATES[state],
                "z": z,
                "x": list(range(len(columns))),
                "y": list(range(rows.end)),
                "zmin": 0,
                "zmax": 1,
                "colorscale": [[0, fill], [1, fill]],
                "showscale": False,
                "xgap": 1,
                "ygap": 1,
                "hoverongaps": False,
                "text": signs,
                "texttemplate": "%{text}",
                "customdata": asked,
                "hovertemplate": "%{customdata}<extra></extra>",
                "textfont": {"size": 12, "color": ink_on(fill)},
            }
        )
    return traces


def _column_names(rows: Rows, texts: list[str], colours: Palette) -> dict[str, Any]:
    """The names of the columns over every chapter, words written downwards: a phone has no room for more."""
    tops = [row + 0.45 for row in rows.headings.values()]
    return {
        "type": "scatter",
        "x": list(range(len(texts))) * len(tops),
        "y": [top for top in tops for _ in texts],
        "mode": "text",
        "text": texts * len(tops),
        "textposition": "top center",
        "textfont": {"size": 12, "color": colours.muted},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _grid_table(
    states: pd.DataFrame, names: pd.Series, chapters: pd.Series, columns: dict[object, str]
) -> pd.DataFrame:
    table = states.replace(GRID_STATES).rename(columns=columns)
    table.insert(0, "章", [chapters[i] for i in states.index])
    table.insert(1, "指标", [names[i] for i in states.index])
    return table.reset_index(drop=True)


def reporting_map(
    frame: pd.DataFrame,
    *,
    when: str,
    what: str,
    due: str,
    today: str,
    dataset: str,
    level: str,
    release_id: str,
    shapes: str,
    selected: str = "",
    dark: bool = False,
) -> Chart:
    """A map of who has reported what was owed for one period.

    `frame`: index code; name, short_name, parent, lon, lat, state (a key of REPORT_STATES), owed, delivered, missing
    (ints). `when`, `what`, `due`, `today`: the period, what is owed, by when, and as of when, in words.
    """
    colours = palette(dark)
    fills = _report_fills(colours)
    name = "banners" if level == "banner" else "leagues"
    words = frame["state"].map(REPORT_SIGNS) + " " + frame["state"].map(REPORT_STATES)
    figure = go.Figure(layout=layout(dark, colours))
    for state in REPORT_STATES:
        part = frame[frame["state"] == state]
        if part.empty:
            continue
        hover = (
            words[part.index] + "，应报" + part["owed"].astype(str) + "项，已报" + part["delivered"].astype(str) + "项"
        )
        border = colours.hatch if state in ("unreported", "not_required") else colours.border
        figure.add_trace(areas(shape(shapes, name), part.index, fill=fills[state], line=border, width=0.6, hover=hover))
        if state == "not_required":
            figure.add_trace(
                areas(shape(shapes, f"hatch-{name}"), part.index, fill=colours.hatch, line=colours.hatch, width=0)
            )
    if level == "banner":
        leagues = frame["parent"].unique()
        figure.add_trace(areas(shape(shapes, "leagues"), leagues, fill="rgba(0,0,0,0)", line=colours.muted, width=1.1))
    if selected in frame.index:
        figure.add_trace(areas(shape(shapes, name), [selected], fill="rgba(0,0,0,0)", line=colours.text, width=2.6))
    sheet, drawn = Sheet(shapes, level), frame["state"].map(fills).to_dict()
    if level == "league":
        owing = words + frame["missing"].map(lambda count: f" 欠{count}项" if count else "")
        told = owing.where(frame["state"] != "reported", REPORT_SIGNS["reported"])
        words_on_map = named(frame, ("<b>" + frame["short_name"] + "</b><br>" + told).tolist(), sheet, LABEL_SIZE)
        figure.add_traces(place_labels(frame, words_on_map, sheet, drawn, colours.ground))
    else:
        open_ = frame[~frame["state"].isin(["reported", "not_required"])]
        signs = open_["state"].map(REPORT_SIGNS).tolist()
        on_point = [SPOTS[0]] * len(signs)  # a sign has room in its own area
        figure.add_traces(place_labels(open_, signs, sheet, drawn, colours.ground, spots=on_point))
    counts = frame["state"].value_counts()
    entries = [
        Entry(fills[s], REPORT_SIGNS[s], f"{REPORT_STATES[s]}（{counts[s]}）", hatched=s == "not_required")
        for s in REPORT_STATES
        if counts.get(s, 0)
    ]
    add_notes(figure, *_key(entries, colours, beside=False))
    if dataset == "demo":
        watermark(figure, colours)
    title = f"{when}{_who_has_reported(frame, LEVEL_NAMES[level])}"
    return Chart(
        name="报送进度",
        figure=figure,
        title=title,
        subtitle=f"{what} · {due} · 截至{today} · {LEVEL_NAMES[level]} · {DATASET_NAMES.get(dataset, dataset)}",
        footnotes=[
            "报“不适用”的视为已报；过了应报日期仍缺任何一项，即为逾期。",
            f"来源：报送要求清单与本版本已载入的数据 · {MAP_NOTE} · 版本{release_id}",
        ],
        reading=f"{title}。",
        table=lambda: _report_table(frame),
        simulated=dataset == "demo",
    )


def _report_fills(colours: Palette) -> dict[str, str]:
    return {
        "overdue": colours.highlight,
        "unreported": colours.missing,
        "partly": colours.sequential[1],
        "reported": colours.sequential[3],
        "not_required": colours.missing,
    }


def _who_has_reported(frame: pd.DataFrame, level_name: str) -> str:
    """12个盟市中11个已报，1个逾期：阿拉善盟（欠13项）; few are named."""
    counts = frame["state"].value_counts()
    required = len(frame) - counts.get("not_required", 0)
    if not required:
        return f"不要求{level_name}报送"
    if counts.get("reported", 0) == required:
        return f"{required}个{level_name}全部已报"
    parts = [f"{counts.get('reported', 0)}个已报"]
    for state in ("partly", "unreported", "overdue"):
        part = frame[frame["state"] == state].sort_values("missing", ascending=False, kind="stable")
        if part.empty:
            continue
        named = "、".join(f"{n}（欠{m}项）" for n, m in zip(part["name"], part["missing"], strict=True))
        told = f"{len(part)}个{'部分已报' if state == 'partly' else REPORT_STATES[state]}"
        parts.append(f"{told}：{named}" if len(part) <= NAMED_IN_TITLE and state == "overdue" else told)
    return f"{required}个{level_name}中{'，'.join(parts)}"


def _report_table(frame: pd.DataFrame) -> pd.DataFrame:
    states = frame["state"].map(REPORT_SIGNS) + " " + frame["state"].map(REPORT_STATES)
    return pd.DataFrame(
        {
            "地区": frame["name"],
            "进度": states,
            "应报项数": frame["owed"],
            "已报项数": frame["delivered"],
            "欠报项数": frame["missing"],
        }
    ).reset_index(drop=True)


def _key(entries: list[Entry], colours: Palette, beside: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The key of the states, top left: beside each other over a grid, or under each other on a map. Its texts, and its
    boxes.
    """
    across = 2 - NAMES_WIDTH if beside else 10
    texts: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    for number, entry in enumerate(entries):
        down = 16 if beside else -24 - number * KEY_STEP
        pixels = {
            "xref": "paper",
            "yref": "paper",
            "xsizemode": "pixel",
            "ysizemode": "pixel",
            "xanchor": 0,
            "yanchor": 1,
        }
        box = {"x0": across, "x1": across + 20, "y0": down, "y1": down + 16}
        edge = {"color": colours.hatch, "width": 1}
        shapes.append({"type": "rect", "fillcolor": entry.fill, "line": edge, **box, **pixels})
        if entry.hatched:
            stripes = " ".join(f"M{across + x},{down} L{across + x + 10},{down + 16}" for x in (0, 5, 10))
            shapes.append({"type": "path", "path": stripes, "line": {"color": colours.hatch, "width": 1.5}, **pixels})
        place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "yshift": down + 8, "yanchor": "middle"}
        ink = {"size": 12, "color": ink_on(entry.fill)}
        sign = {"text": entry.sign, "xshift": across + 10, "xanchor": "center", "font": ink}
        words = {"text": entry.words, "xshift": across + 25, "xanchor": "left"}
        words["font"] = {"size": 13, "color": colours.text}
        texts += [{**text, **place, "showarrow": False} for text in (sign, words)]
        if beside:
            across += 36 + 14 * len(entry.words)
    return texts, shapes
