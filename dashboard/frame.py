"""The frame of every page: what the reader looks at, how a chart is shown with its words, the footer."""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import explanations, exporting, queries, selection, tray
from dashboard.charts import BAR, CHANGE, VALUE, Chart
from dashboard.operator import named
from dashboard.operator import operator as operator
from dashboard.queries import Release
from dashboard.selection import Choices, Selection
from dashboard.theme import DEMO_MARK, format_day

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
LINE = 35  # pixels, of a row of a table
TALL_LINE = 66  # of a row whose texts wrap; Streamlit wraps in none that is lower than four times its letters
SHORTEST_SPAN = 0.2  # of a scale, between the shortest and the longest bar: less is not seen
WHOLE_TABLE = 13  # rows; fewer are shown without scrolling: 12 leagues and the whole region
A_DAY = 86_400  # seconds


@dataclass(frozen=True)
class Reader:
    """What a page starts from: the release, what there is to choose, and the choice in the address.

    `shapes`: where the browser finds the shape files. There is one set of them, that of the current release: asked for
    under the version of an older one, the browser would keep them under a wrong name.
    """

    release: Release
    choices: Choices
    selection: Selection
    dark: bool
    shapes: str

    @functools.cached_property
    def indicator(self) -> pd.Series:
        """The chosen row of `queries.indicators`."""
        return self.choices.indicators.loc[self.selection.indicator]

    @property
    def in_light(self) -> "Reader":
        """The same reader with light colours, in which everything leaves the screen."""
        return replace(self, dark=False)

    def change(self, **changes: str) -> None:
        """Changes the choice; for callbacks."""
        selection.change(self.choices, **changes)


def reader() -> Reader:
    """The reader of this script run, on the release that the address asks for. Raises queries.WarehouseError."""
    release = queries.release_asked(selection.address().get("release"))
    return _reader(release, dark=st.context.theme.type == "dark")


def reader_at(release: Release) -> Reader:
    """The reader of an address that `selection.reading` lends: no session, light colours. Raises WarehouseError."""
    return _reader(release, dark=False)


def _reader(release: Release, dark: bool) -> Reader:
    choices = selection.choices_of(release)
    chosen, _ = selection.current(choices)
    shapes = f"{SHAPES}?v={queries.current_release().boundaries}"
    return Reader(release, choices, chosen, dark, shapes)


def plain(text: str) -> str:
    """Text for st.markdown that is shown as it is, whatever signs it holds."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:^&])", r"\\\1", text)


def tell(notices: Sequence[str]) -> None:
    """Shows notices above what follows; of an address that `selection.reading` lends, tells the one who lends it."""
    if not selection.tell(notices):
        for notice in notices:
            st.warning(plain(notice), icon=":material/info:")


def show(
    draw: Callable[[Reader], Chart],
    reader: Reader,
    key: str,
    on_select: Callable[[], None] | None = None,
    heading: int = 3,
) -> None:
    """A chart with its anatomy: title, subtitle, figure, footnotes, what can be done with it, its table twin folded
    away.

    `draw` is called for this reader, and once more with light colours when something leaves a dark screen; that may be
    after the script has run, so it must not use `st`, nor the address. A figure that says its height has rows and is
    as high on every screen. `heading`: the level of its title, 2 where no section of the page stands between it and
    the title of the page.
    """
    chart = draw(reader)
    st.markdown(f"{'#' * heading} {plain(chart.title)}", help=explanations.of_chart(chart.name))
    if chart.simulated:
        st.badge(DEMO_MARK, color="orange")
    st.caption(plain(chart.subtitle))
    # On a narrow screen style.css makes the box lower, but not the rows.
    height = chart.figure.layout.height
    box = f"chart_rows_{key}" if height else f"chart_box_{key}"
    with st.container(key=box, height=int(height or CHART_HEIGHT), border=False):
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
    light = (lambda: draw(reader.in_light)) if reader.dark else (lambda: chart)
    with st.container(horizontal=True, vertical_alignment="center", key=f"actions_{key}"):
        exporting.offer(chart, light, exporting.View(reader.release, reader.choices, reader.selection), key)
        tray.offer(light, reader.release, reader.selection, key)
    if fold := folded("查看数据", f"{key}_table"):
        table, settings = bars(chart.table)
        fold.dataframe(
            table,
            hide_index=True,
            height="content" if len(table) <= WHOLE_TABLE else "auto",
            column_config=settings,
            alt=chart.reading,
        )


def bars(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table, and settings that show the numbers in columns called …对照 as bars from zero; the text beside them
    says the values.

    Percentages fill the bar at 100, everything else at its highest value; what is missing has no bar. Bars that would
    all be about as long are left out: they tell nothing. A bar has one direction: changes become two columns, 上升 and
    下降, on one scale.
    """
    settings: dict[str, Any] = {}
    if CHANGE + BAR in table:
        at, change = table.columns.get_loc(CHANGE + BAR), table[CHANGE + BAR]
        table, most = table.drop(columns=CHANGE + BAR), float(change.abs().max())
        for sign, word in ((-1, "下降"), (1, "上升")):
            if (size := sign * change).gt(0).any():
                table.insert(at, word, size.where(size > 0))
                settings[word] = st.column_config.ProgressColumn(format=" ", min_value=0, max_value=most, width="small")
    for name in table.columns[table.columns.str.endswith(BAR)]:
        texts = table.get(name.removesuffix(BAR) or VALUE)
        percent = texts is not None and texts.str.endswith("%").any()
        least, most = float(table[name].min()), max(100.0 if percent else 0.0, float(table[name].max()))
        # Without a value above zero there is no scale.
        if most > 0 and least >= 0:
            if table[name].max() - least < most * SHORTEST_SPAN:
                table = table.drop(columns=name)
                continue
            settings[name] = st.column_config.ProgressColumn(
                BAR, format=" ", min_value=0, max_value=most, width="small"
            )
    return table, settings


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


def demo_strip(reader: Reader) -> None:
    """Over every page of the simulated data, always in view (style.css): that they are simulated, and the way out."""
    if reader.selection.dataset != "demo":
        return
    with st.container(key="demo_strip", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{DEMO_MARK}** · 不是真实数据", width="content")
        if "published" in reader.choices.datasets:
            show_published = functools.partial(reader.change, dataset="published")
            st.button("看官方数据", key="leave_demo", type="tertiary", on_click=show_published)


def choose_clicked(reader: Reader, key: str) -> None:
    """Copies the area that was just clicked in the map `key` into the address; for callbacks.

    The chart's own selection is lost whenever its figure changes, so it is never read anywhere else.
    """
    points = st.session_state[key]["selection"]["points"]
    codes = [point["location"] for point in points if point.get("location") in reader.choices.regions.index]
    if codes:
        reader.change(region=codes[0])


def come_back() -> None:
    """Has the browser ask for the page again whenever it has been cut off, from its address.

    Streamlit's page does so only where a fragment runs by the clock. Else, after a restart or at another replica, it
    would show what it had to a session that knows none of its widgets, and what the reader does next would be lost.
    """
    with st.sidebar:
        st.fragment(nothing, run_every=A_DAY)()


def nothing() -> None:
    """What such a fragment does when its time has come: that it comes is all it is for."""


def footer(release: Release) -> None:
    """What stands under every page: data until, release, responsible office, where to report an error."""
    settings = named()
    st.divider()
    parts = [
        f"数据截至{format_day(release.data_until)}（最晚一期，各指标以所标期间为准）",
        f"版本{release.id}",
    ]
    words = {"office": "责任单位", "contact": "报告错误", "map_approval": "审图号"}
    parts += [f"{label}：{settings[name]}" for name, label in words.items() if name in settings]
    st.caption(plain(" · ".join(parts)))
