"""The table of all figures: its filters, its columns in Chinese, and its way out as a file."""

import pandas as pd
import streamlit as st

from dashboard import export, slices
from dashboard.frame import CSV_TYPE, XLSX_TYPE, Reader, plain
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LEVEL_NAMES

CONFIDENCE_NAMES = {"high": "高", "medium": "中", "low": "低"}
STATUS_NAMES = {
    "published": "公开发布",
    "reported": "内部报送",
    "computed": "计算所得",
    "simulated": "模拟",
    "not_applicable": "不适用",
    "not_reported": "未填报",
}
COLUMNS = {
    "indicator": "指标",
    "breakdown": "分项",
    "region": "地区",
    "period_text": "期间",
    "text": "数值",
    "source_title": "来源",
    "published_as": "原文",
    "note": "说明",
    "value": "基本单位数值",
    "unit": "单位",
    "numerator": "分子",
    "denominator": "分母",
    "status": "状态",
    "confidence": "可信度",
    "publisher": "发布单位",
    "published_on": "发布时间",
    "url": "网址",
    "chapter": "章",
    "level": "层级",
    "indicator_id": "指标编号",
    "region_code": "区划代码",
    "period": "期间编号",
}


def filters(figures: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """The filters of the page, above the table; returns the figures that pass. Options come from the figures."""
    regions, chosen = reader.choices.regions, reader.selection
    chapters = dict(zip(reader.choices.indicators["chapter"], reader.choices.indicators["chapter_short"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chapter = st.multiselect(
            "章", sorted(figures["chapter"].unique()), format_func=lambda n: f"{n} {chapters[n]}", placeholder="全部"
        )
        years = st.multiselect(
            "年份（期末）", sorted(figures["period_end"].dt.year.unique(), reverse=True), placeholder="全部"
        )
        levels = st.multiselect("层级", list(LEVEL_NAMES), format_func=LEVEL_NAMES.__getitem__, placeholder="全部")
        words = st.text_input("查找", placeholder="指标、地区、来源、原文中的字")
    with st.container(horizontal=True):
        # A simulated panel has two hundred thousand rows: it opens on the chosen indicator.
        only_indicator = st.toggle(
            f"只看“{reader.indicator['name']}”", value=chosen.dataset != "published", key=f"only_{chosen.dataset}"
        )
        only_region = st.toggle(f"只看{regions['name'][chosen.region]}及其下级")
    keep = pd.Series(True, index=figures.index)
    if only_indicator:
        keep &= figures["indicator_id"] == chosen.indicator
    if only_region:
        children = regions.index[regions["parent"] == chosen.region]
        keep &= figures["region_code"].isin(
            [chosen.region, *children, *regions.index[regions["parent"].isin(children)]]
        )
    if chapter:
        keep &= figures["chapter"].isin(chapter)
    if years:
        keep &= figures["period_end"].dt.year.isin(years)
    if levels:
        keep &= figures["level"].isin(levels)
    for word in (words or "").split():
        texts = figures[["indicator", "region", "breakdown", "source_title", "published_as", "note"]]
        keep &= texts.apply(lambda column, word=word: column.str.contains(word, regex=False)).any(axis=1)
    return figures[keep]


def readable(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures as people read them: Chinese headers and states, the value in words beside the bare number."""
    table = slices.with_texts(figures)
    return table.assign(
        level=table["level"].map(LEVEL_NAMES),
        status=table["status"].map(STATUS_NAMES),
        confidence=table["confidence"].map(CONFIDENCE_NAMES),
    )[list(COLUMNS)].rename(columns=COLUMNS)


def show(figures: pd.DataFrame, reader: Reader) -> None:
    """The filtered table."""
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    st.markdown(
        f"**{len(figures)}条数据**　{plain(DATASET_NAMES.get(reader.selection.dataset, reader.selection.dataset))}"
    )
    if figures.empty:
        st.info("没有符合条件的数据，请放宽筛选。")
        return
    st.dataframe(
        readable(figures).dropna(axis="columns", how="all"),
        hide_index=True,
        height=560,
        column_config={
            "网址": st.column_config.LinkColumn(display_text="打开原文"),
            "指标": st.column_config.TextColumn(width="medium", pinned=True),
            "来源": st.column_config.TextColumn(width="medium"),
            "原文": st.column_config.TextColumn(width="medium"),
            "说明": st.column_config.TextColumn(width="medium"),
        },
        placeholder="—",
        alt=f"{len(figures)}条数据，每条注明来源",
    )


def downloads(figures: pd.DataFrame, reader: Reader) -> None:
    """Two buttons that make their file when pressed."""
    release, dataset = reader.release, reader.selection.dataset
    mark = f"_{DEMO_MARK}" if dataset == "demo" else ""
    name = f"法治政府建设指标数据{mark}_{release.id}"
    explanation = [
        ("数据集", DATASET_NAMES.get(dataset, dataset)),
        ("条数", str(len(figures))),
        ("数据截至", f"{release.data_until:%Y-%m-%d}"),
        ("版本", release.id),
        ("口径", "数值为基本单位；“余”“多”等为原文约数；分项可能重叠，不能相加；空白为未公布，不是零"),
        *[
            (f"来源：{row.source_title}", "，".join(x for x in [row.publisher, row.url] if isinstance(x, str) and x))
            for row in figures.drop_duplicates("source_id").itertuples()
        ],
    ]

    def marked() -> pd.DataFrame:
        table = readable(figures)
        return table.assign(数据性质=DEMO_MARK) if dataset == "demo" else table

    with st.container(horizontal=True):
        st.download_button(
            "下载XLSX",
            data=lambda: export.to_xlsx(marked(), explanation),
            file_name=f"{name}.xlsx",
            mime=XLSX_TYPE,
            icon=":material/download:",
            on_click="ignore",
            disabled=figures.empty,
        )
        st.download_button(
            "下载CSV",
            data=lambda: export.to_csv(marked()),
            file_name=f"{name}.csv",
            mime=CSV_TYPE,
            icon=":material/download:",
            on_click="ignore",
            disabled=figures.empty,
        )
