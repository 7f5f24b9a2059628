"""Panels beside charts: the figures of one region, and who published an indicator, each with its source."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import kept, queries, slices
from dashboard.frame import LINE, TALL_LINE, Reader, folded, plain
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.theme import DEMO_MARK, LEVEL_NAMES, NOT_PUBLISHED, cited, in_brackets, quoted

SHOWN_IN_FULL = 4
LONG_NAME = 11  # characters: beside a map there is room for longer ones only in two lines
LONG_VALUE = 18  # with its period
TABLE_HEIGHT = 560  # pixels
FIGURE_COLUMNS = {
    "period_text": "期间",
    "breakdown": "分项",
    "text": "数值",
    "source_title": "来源",
    "publisher": "发布单位",
    "published_as": "原文",
    "url": "网址",
    "url_note": "网址说明",
    "note": "说明",
}


def region(reader: Reader) -> None:
    """The chosen region: its figures of the chosen indicator in full, then all others by chapter."""
    regions, chosen = reader.choices.regions, reader.selection
    place = regions.loc[chosen.region]
    st.markdown(f"## {plain(place['name'])}")
    above = [] if pd.isna(place["parent"]) else [regions["name"][place["parent"]]]
    st.caption(plain(" · ".join([*above, place["type"], f"区划代码{chosen.region}"])))
    if chosen.region != REGION_ROOT:
        st.button(
            "返回全区",
            icon=":material/arrow_back:",
            on_click=reader.change,
            kwargs={"region": REGION_ROOT},
            type="tertiary",
        )
    if chosen.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    figures = queries.figures_of_region(reader.release, chosen.dataset, chosen.region)
    asked = figures["indicator_id"] == chosen.indicator
    of_indicator = figures[asked].sort_values("period_end", ascending=False, kind="stable")
    st.markdown(f"**{plain(reader.indicator['name'])}**")
    if of_indicator.empty:
        st.caption(f"{place['name']}{NOT_PUBLISHED}这项指标。")
    chosen_first = np.argsort(of_indicator["period"] != chosen.period, kind="stable")
    for row in slices.with_texts(of_indicator.iloc[chosen_first[:SHOWN_IN_FULL]]).to_dict("records"):
        part = f"（{row['breakdown']}）" if row["breakdown"] else ""
        st.markdown(f"**{plain(row['text'])}**　{plain(row['period_text'] + part)}")
        st.caption("；".join(x for x in [f"来源：{_source(row)}", plain(row["note"])] if x))
    if len(of_indicator) > SHOWN_IN_FULL and (fold := folded(f"全部{len(of_indicator)}条", "all_of_region")):
        fold.dataframe(
            slices.with_texts(of_indicator)[["period_text", "breakdown", "text", "source_title", "note"]].rename(
                columns=FIGURE_COLUMNS
            ),
            hide_index=True,
            alt=f"{place['name']}{reader.indicator['name']}的全部数据",
        )
    others = len(figures) - len(of_indicator)
    st.markdown(f"**其他指标的数据（{others}条）**")
    if not others:
        st.caption(f"{NOT_PUBLISHED}其他指标。")
        return
    table = _newest_of_region(reader.release, chosen.dataset, chosen.region)
    table = table[table["indicator_id"] != chosen.indicator]
    line = LINE
    if table["指标"].str.len().max() > LONG_NAME:
        line = TALL_LINE
        # On the canvas of the table a line breaks at a blank, without one at any letter, also in brackets.
        for name, most in (("指标", LONG_NAME), ("数值", LONG_VALUE)):
            long = table[name].str.len() > most
            table[name] = table[name].where(~long, table[name].str.replace("（", " （", regex=False))
    st.dataframe(
        table.drop(columns="indicator_id"),
        hide_index=True,
        row_height=line,
        height=min(TABLE_HEIGHT, LINE + 3 + len(table) * line),
        column_config={"指标": st.column_config.TextColumn(width=150), "数值": st.column_config.TextColumn(width=200)},
        alt=f"{place['name']}各项指标的最新数据",
    )


@kept.table(max_entries=200, derived=True)
def _newest_of_region(release: Release, dataset: str, region_code: str) -> pd.DataFrame:
    """The newest figure of each indicator and breakdown of a region, by chapter: indicator_id, and what the panel shows
    of it, the breakdown in the name.
    """
    newest = slices.newest(queries.figures_of_region(release, dataset, region_code))
    table = slices.with_texts(newest.sort_values("chapter", kind="stable"))
    return pd.DataFrame(
        {
            "indicator_id": table["indicator_id"],
            "指标": slices.named(table),
            "数值": table["text"] + table["period_text"].map(in_brackets),
            "来源": table["source_title"],
        }
    )


def _source(row: Mapping[Hashable, Any]) -> str:
    """Publisher and document as Markdown, linked where the address is known."""
    if row["source_title"] == DEMO_MARK:  # no document, and nobody published it
        return plain(DEMO_MARK)
    title = plain(cited(row["source_title"]))
    linked = f"[{title}]({row['url']})" if isinstance(row["url"], str) else title
    return f"{plain(row['publisher'])}{linked}"


def who_published(figures: pd.DataFrame, reader: Reader) -> None:
    """Which places published the chosen indicator, of every level, period and breakdown, with links to the sources.

    `figures`: `queries.figures_of_indicator`.
    """
    fold = folded(f"哪些地区公布过{quoted(reader.indicator['name'])}（{len(figures)}条）", "who_published")
    if fold is None:
        return
    if figures.empty:
        fold.caption("本数据集没有这项指标的数据。")
        return
    table = slices.with_texts(figures.sort_values("period_end", ascending=False))
    table = table.assign(level=table["level"].map(LEVEL_NAMES), url_note=slices.without_address(table))
    fold.dataframe(
        table[["region", "level", *FIGURE_COLUMNS]].rename(
            columns={"region": "地区", "level": "层级", **FIGURE_COLUMNS}
        ),
        hide_index=True,
        column_config={"网址": st.column_config.LinkColumn(display_text="打开原文")},
        placeholder="—",
        alt=f"公布过{reader.indicator['name']}的地区及来源",
    )
