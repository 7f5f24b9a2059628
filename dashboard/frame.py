"""The frame of every page: what the reader looks at, how a chart is shown with its words, the footer."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import queries, selection
from dashboard.charts import BAR, VALUE, Chart
from dashboard.queries import Release
from dashboard.selection import Choices, Selection
from dashboard.theme import DEMO_MARK

SHAPES = "app/static/boundaries"
PLOTLY_CONFIG = {
    # plotly asks a public server for a world map unless it is told of a local, empty one.
    "topojsonURL": "app/static/topojson/",
    "displayModeBar": False,
    "scrollZoom": False,
    "showTips": False,
    "responsive": True,
}
CHART_HEIGHT = 580  # lower, the leagues around 乌海市 are too small to hit
CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Reader:
    """What a page starts from: the release, what there is to choose, and the choice in the address."""

    release: Release
    choices: Choices
    selection: Selection
    dark: bool

    @property
    def indicator(self) -> pd.Series:
        """The chosen row of `queries.indicators`."""
        return self.choices.indicators.loc[self.selection.indicator]

    @property
    def shapes(self) -> str:
        """Where the browser finds the shape files of this release."""
        return f"{SHAPES}?v={self.release.boundaries}"

    def change(self, **changes: str) -> None:
        """Changes the choice; for callbacks."""
        selection.change(self.choices, **changes)


def reader() -> Reader:
    """The reader of this script run. Raises queries.WarehouseError."""
    release = queries.current_release()
    choices = selection.choices_of(release)
    chosen, _ = selection.current(choices)
    return Reader(release, choices, chosen, dark=st.context.theme.type == "dark")


def reader_at(release: Release) -> Reader:
    """The reader of an address that `selection.reading` lends: no session, light colours. Raises WarehouseError."""
    choices = selection.choices_of(release)
    chosen, _ = selection.current(choices)
    return Reader(release, choices, chosen, dark=False)


@st.cache_data(show_spinner=False, ttl=60)
def operator() -> dict[str, str]:
    """The operator's settings from data/operator.toml: office, contact, map_approval."""
    path = queries.data_folder() / "operator.toml"
    defaults = {"office": "本系统运行单位", "contact": "请联系本系统管理员", "map_approval": ""}
    return {**defaults, **tomllib.loads(path.read_text(encoding="utf-8"))} if path.exists() else defaults


def plain(text: str) -> str:
    """Text for st.markdown that is shown as it is, whatever signs it holds."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:^&])", r"\\\1", text)


def show(
    chart: Chart,
    key: str,
    on_select: Callable[[], None] | None = None,
    height: int | None = None,
    columns: dict[str, Any] | None = None,
) -> None:
    """A chart with its anatomy: title, subtitle, figure, footnotes, and its table twin folded away.

    `height` in pixels: of a figure with rows, the same on every screen. `columns`: settings of the table's columns.
    """
    st.markdown(f"#### {plain(chart.title)}")
    if chart.simulated:
        st.badge(DEMO_MARK, color="orange")
    st.caption(plain(chart.subtitle))
    # On a narrow screen style.css makes the box lower, but not the rows.
    box = f"chart_rows_{key}" if height else f"chart_box_{key}"
    with st.container(key=box, height=height or CHART_HEIGHT, border=False):
        st.plotly_chart(
            chart.figure,
            theme=None,
            config=PLOTLY_CONFIG,
            height="stretch",
            key=key,
            alt=chart.reading,
            on_select=on_select or "ignore",
            selection_mode="points",
        )
    st.caption("  \n".join(plain(line) for line in chart.footnotes))
    if fold := folded("查看数据", f"{key}_table"):
        fold.dataframe(
            chart.table, hide_index=True, column_config=bars(chart.table) | (columns or {}), alt=chart.reading
        )


def bars(table: pd.DataFrame) -> dict[str, Any]:
    """Settings that show the numbers in columns called …对照 as bars from zero; the text beside them says the values.

    Percentages fill the bar at 100, everything else at its highest value; what is missing has no bar.
    """
    settings = {}
    for name in table.columns[table.columns.str.endswith(BAR)]:
        texts = table.get(name.removesuffix(BAR) or VALUE)
        percent = texts is not None and texts.str.endswith("%").any()
        most = 100.0 if percent else float(table[name].max())
        # Without a value above zero there is nothing to compare, and no scale.
        if most > 0 and table[name].min() >= 0:
            settings[name] = st.column_config.ProgressColumn(
                BAR, format=" ", min_value=0, max_value=max(most, float(table[name].max())), width="small"
            )
    return settings


def folded(label: str, key: str) -> DeltaGenerator | None:
    """A folded section, or None while it is closed: what nobody opens is neither computed nor sent."""
    section = st.expander(label, key=key, on_change="rerun")
    return section if section.open else None


def map_settings(reader: Reader) -> dict[str, Any]:
    """The arguments of a map builder that follow from the reader's choice."""
    chosen = reader.selection
    return {
        "indicator": reader.indicator,
        "dataset": chosen.dataset,
        "level": chosen.level,
        "breakdown": chosen.breakdown,
        "period": chosen.period,
        "release_id": reader.release.id,
        "shapes": reader.shapes,
        "selected": chosen.region,
        "dark": reader.dark,
    }


def choose_clicked(reader: Reader, key: str) -> None:
    """Copies the area that was just clicked in the map `key` into the address; for callbacks.

    The chart's own selection is lost whenever its figure changes, so it is never read anywhere else.
    """
    points = st.session_state[key]["selection"]["points"]
    codes = [point["location"] for point in points if point.get("location") in reader.choices.regions.index]
    if codes:
        reader.change(region=codes[0])


def footer(release: Release) -> None:
    """What stands under every page: data until, release, responsible office, where to report an error."""
    settings = operator()
    st.divider()
    parts = [
        f"数据截至{release.data_until:%Y年%-m月%-d日}（最晚一期，各指标以所标期间为准）",
        f"版本{release.id}",
        f"责任单位：{settings['office']}",
        f"报告错误：{settings['contact']}",
    ]
    if settings["map_approval"]:
        parts.append(f"审图号：{settings['map_approval']}")
    st.caption(plain(" · ".join(parts)))
