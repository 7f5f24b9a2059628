"""导出: what takes a chart off the screen, as a picture or as its figures, with source and mark."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import audit, download, export, queries, snapshot
from dashboard.charts import BAR, VALUE, Chart
from dashboard.charts.anatomy import HARD_TO_TELL
from dashboard.clock import today
from dashboard.queries import Release
from dashboard.selection import Choices, Selection
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LEVEL_NAMES, format_period

SCALES = {2: "2倍", 3: "3倍"}
GROUNDS = {False: "白色", True: "透明"}
POINTS = "个百分点"  # of differences of percentages
WHAT_FOR: dict[snapshot.Kind, str] = {
    "png": "插入Word、WPS、PPT",
    "svg": "矢量图，文字可以改",
    "pdf": "矢量图，用于打印",
}
# Plotly's own words are English; these are the ones that show.
PLOTLY_WORDS = {"Download plot as a PNG": "保存PNG图片", "Download plot": "保存SVG图片"}


@dataclass(frozen=True)
class View:
    """Of what release and by which choice a chart shows its figures."""

    release: Release
    choices: Choices
    selection: Selection


@st.fragment
def offer(chart: Chart, light: Callable[[], Chart], view: View, key: str) -> None:
    """The button 导出 of the chart `key`. `light` draws the same chart in light colours when a file is asked for."""
    if st.session_state.pop(f"draw_{key}", False):
        in_browser(light(), view)
    menu = st.popover("导出", icon=":material/download:", key=f"export_{key}", on_change="rerun")
    if not menu.open:
        return
    with menu:
        problem = snapshot.problem()
        if problem:
            st.info(f"{problem}  \n在此之前，可以由浏览器生成图片。", icon=":material/info:")
            st.button(
                "由浏览器生成图片",
                key=f"browser_{key}",
                icon=":material/image:",
                on_click=_close_and_draw,
                args=(key,),
            )
        else:
            _pictures(chart, light, view, key)
        _figures(chart, view, key)


def _close_and_draw(key: str) -> None:
    """An open menu would lie over the picture."""
    st.session_state[f"export_{key}"] = False
    st.session_state[f"draw_{key}"] = True


def _pictures(chart: Chart, light: Callable[[], Chart], view: View, key: str) -> None:
    """Three buttons that make their picture when pressed, and how a PNG is made."""
    with st.container(horizontal=True):
        scale = st.segmented_control(
            "PNG清晰度", list(SCALES), default=2, required=True, format_func=SCALES.__getitem__, key=f"scale_{key}"
        )
        clear = st.segmented_control(
            "背景", list(GROUNDS), default=False, required=True, format_func=GROUNDS.__getitem__, key=f"ground_{key}"
        )
    with st.container(horizontal=True):
        for kind, help_text in WHAT_FOR.items():
            download.button(
                kind.upper(),
                name_of(chart, view.release, kind),
                partial(_made, light, kind, scale or 2, bool(clear)),
                key=f"{kind}_{key}",
                help=help_text,
                icon="image",
            )


def _made(light: Callable[[], Chart], kind: snapshot.Kind, scale: int, clear: bool) -> bytes:
    return snapshot.image(light(), kind, scale=scale, transparent=clear)


def _figures(chart: Chart, view: View, key: str) -> None:
    """The table of the chart, as CSV or with its explanation as XLSX."""
    with st.container(horizontal=True):
        download.button(
            "XLSX",
            name_of(chart, view.release, "xlsx"),
            lambda: export.to_xlsx(marked(chart, units(view)), explanation(chart, view)),
            rows=len(chart.table),
            key=f"xlsx_{key}",
            help="数据，另附口径说明",
            icon="table",
        )
        download.button(
            "CSV",
            name_of(chart, view.release, "csv"),
            lambda: export.to_csv(marked(chart, units(view))),
            rows=len(chart.table),
            key=f"csv_{key}",
            help="数据",
            icon="table",
        )


@st.dialog("由浏览器生成图片", width="large")
def in_browser(chart: Chart, view: View) -> None:
    """The complete picture, drawn by the reader's own browser, with plotly's button that saves it."""
    audit.record("下载", name_of(chart, view.release, "png"), "由浏览器生成")
    figure = snapshot.picture(chart)
    kind = st.segmented_control("格式", ["png", "svg"], default="png", required=True, format_func=str.upper)
    st.caption("点图右上角的相机按钮保存。图中文字用本机字体，可能与服务器生成的略有不同。")
    st.plotly_chart(
        figure,
        theme=None,
        width=int(figure.layout.width),
        height=int(figure.layout.height),
        config={
            "topojsonURL": "app/static/topojson/",
            "displayModeBar": True,
            "displaylogo": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {
                "format": kind,
                "filename": name_of(chart, view.release, "").rstrip("."),
                "width": figure.layout.width,
                "height": figure.layout.height,
                "scale": 2,
            },
            "locale": "zh-CN",
            "locales": {"zh-CN": {"dictionary": PLOTLY_WORDS, "format": {}}},
        },
        key=f"picture_{kind}",
        alt=chart.reading,
    )


def name_of(chart: Chart, release: Release, ending: str) -> str:
    """A file name from what a chart shows: 行政机关负责人出庭应诉率_2024年_12个盟市_排名_20251231-a1b2c3.png."""
    shown = [part for part in chart.subtitle.split(" · ") if part not in DATASET_NAMES.values()]
    parts = [part[:24] for part in shown if not part.startswith("单位：")][:4]
    return snapshot.file_name(*parts, chart.name, release.id, simulated=chart.simulated, ending=ending)


def units(view: View) -> list[str]:
    """What figures are counted in, the longest first: 件次 before 件."""
    return sorted({*view.choices.indicators["unit"], *queries.units(view.release), POINTS}, key=len, reverse=True)


def marked(chart: Chart, known: list[str]) -> pd.DataFrame:
    """The table twin of a chart with its figures also as numbers; simulated figures say so in every row.

    `known`: `units`. Each column of figures in words is followed by one of float64 in the base unit, NaN where there is
    none: 数值（数字，件）. Where the units of a column differ, they stand in a column of their own.
    """
    table = with_numbers(chart.table, known)
    return table.assign(数据性质=DEMO_MARK) if chart.simulated else table


def with_numbers(table: pd.DataFrame, known: list[str]) -> pd.DataFrame:
    """`table` as `marked` gives it. What the screen shows as bars is one of these columns of numbers already."""
    bars = {name.removesuffix(BAR) or VALUE: name for name in table.columns if name.endswith(BAR)}
    columns: dict[str, pd.Series] = {}
    mixed: dict[str, pd.Series] = {}
    for name in table.columns.difference(list(bars.values()), sort=False):
        columns[name] = table[name]
        read = [number_of(cell, known) for cell in table[name]]
        found = {unit for _, unit in read if unit}
        if not found:
            continue
        numbers = pd.Series([number for number, _ in read], index=table.index, dtype="float64")
        numbers = table[bars[name]].astype("float64") if name in bars else numbers
        columns[f"{name}（数字，{found.pop()}）" if len(found) == 1 else f"{name}（数字）"] = numbers
        if found:
            mixed[name] = pd.Series([unit for _, unit in read], index=table.index)
    if mixed:
        own = pd.DataFrame(mixed)
        if own.apply(lambda row: len(set(row) - {""}), axis=1).max() == 1:
            columns.setdefault("单位", own.max(axis=1))
        else:
            columns |= {f"{name}单位": unit for name, unit in mixed.items()}
    return pd.DataFrame(columns)


NUMBER = r"(?:近|超|约)?([+-]?[0-9]+(?:\.[0-9]+)?)([万亿]?)[余多]?"
RANK = f"(?:（(?:第[0-9]+(?:—[0-9]+)?名|{HARD_TO_TELL}|偏高|居中|偏低)）)?"
FACTORS = {"": 1, "万": 10**4, "亿": 10**8}


def number_of(cell: object, known: list[str]) -> tuple[float, str]:
    """What `theme.format_value` wrote, as a number in the base unit and its unit: 19.6万余件 is 196000, 件.

    (NaN, "") for everything else: a state, a period, a name.
    """
    found = re.fullmatch(f"{NUMBER}({'|'.join(map(re.escape, known))}){RANK}", cell) if isinstance(cell, str) else None
    if found is None:
        return float("nan"), ""
    return float(Decimal(found[1]) * FACTORS[found[2]]), found[3]


def explanation(chart: Chart, view: View) -> list[tuple[str, str]]:
    """The sheet 口径说明: what is shown, by which choice, how each indicator in it is defined, sources, release."""
    chosen, catalogue = view.selection, view.choices.indicators
    concerned = _concerned(chart, view)
    rows = [
        ("图名", chart.title),
        ("内容", chart.subtitle),
        ("数据集", DATASET_NAMES.get(chosen.dataset, chosen.dataset)),
        ("筛选", filters(chart, view)),
    ]
    for row in concerned:
        rows.append(
            (f"定义：{row['name']}", "。".join(x.rstrip("。") for x in (row["definition"], row["caveats"]) if x))
        )
        for part, word in (("numerator", "分子"), ("denominator", "分母")):
            if row[part] in catalogue.index:
                rows.append((f"{word}：{row['name']}", catalogue["name"][row[part]]))
    rows += [("注", line) for line in chart.footnotes]
    return [
        *rows,
        ("数据截至", f"{view.release.data_until:%Y-%m-%d}"),
        ("版本", view.release.id),
        ("导出日期", f"{today():%Y-%m-%d}"),
    ]


def filters(chart: Chart, view: View) -> str:
    """Of the choice what the chart shows, in words: 指标 行政机关负责人出庭应诉率；期间 2024年；层级 盟市.

    A chart tells in its title and subtitle what it is about; of what they do not name the reader's choice says nothing.
    Where its rows are of several periods, these are told instead of the chosen one.
    """
    chosen, choices, told = view.selection, view.choices, f"{chart.title} {chart.subtitle}"
    parts = {
        "指标": choices.indicators["name"][chosen.indicator],
        "分项": chosen.breakdown,
        "期间": format_period(chosen.period),
        "层级": LEVEL_NAMES[chosen.level],
        "地区": choices.regions["name"][chosen.region],
    }
    shown = {name: value for name, value in parts.items() if value and value in told}
    years = sorted(set(re.findall("[0-9]{4}", " ".join(chart.table.get("期间", pd.Series(dtype="str")).dropna()))))
    if len(years) > 1:
        shown["期间"] = f"{years[0]}—{years[-1]}年"
    return "；".join(f"{name} {shown[name]}" for name in parts if name in shown)


def _concerned(chart: Chart, view: View) -> list[pd.Series]:
    """The indicators in a chart: those its table names, those its subtitle names, else the chosen one."""
    catalogue = view.choices.indicators
    if "指标" in chart.table:
        found = catalogue[catalogue["name"].isin(chart.table["指标"])]
    else:
        words = chart.subtitle
        found = catalogue[[name in words for name in catalogue["name"]]]
    rows = found if len(found) else catalogue.loc[[view.selection.indicator]]
    return [row for _, row in rows.iterrows()]
