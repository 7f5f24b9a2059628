"""The table of all figures: its filters, its columns in Chinese, and its way out as a file."""

import pandas as pd
import streamlit as st

from dashboard import audit, export, queries, slices
from dashboard.clock import today
from dashboard.frame import CSV_TYPE, XLSX_TYPE, Reader, plain
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LEVEL_NAMES, format_period, quoted

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


def loaded(reader: Reader) -> tuple[pd.DataFrame, bool]:
    """The figures that the two switches ask for, and whether these are all of the dataset."""
    regions, chosen = reader.choices.regions, reader.selection
    with st.container(horizontal=True):
        # Who chose an indicator or a region wants its rows; a simulated panel has too many to open on all.
        only_indicator = st.toggle(
            f"只看{quoted(reader.indicator['name'])}",
            value=chosen.dataset != "published" or "indicator" in st.query_params,
            key=_only_key(reader),
        )
        only_region = st.toggle(
            f"只看{regions['name'][chosen.region]}及其下级",
            value="region" in st.query_params,
            key=f"only_{chosen.region}",
        )
    if only_indicator:
        figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    else:
        figures = queries.figures_of_dataset(reader.release, chosen.dataset)
    if only_region:
        children = regions.index[regions["parent"] == chosen.region]
        below = [chosen.region, *children, *regions.index[regions["parent"].isin(children)]]
        figures = figures[figures["region_code"].isin(below)]
    return figures, not (only_indicator or only_region)


def _only_key(reader: Reader) -> str:
    """The key of the switch that leaves one indicator."""
    return f"only_{reader.selection.dataset}_{reader.selection.indicator}"


def _of_all_indicators(reader: Reader) -> None:
    st.session_state[_only_key(reader)] = False


def filters(figures: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """The filters above the table; returns the figures that pass. Options come from the figures."""
    chapters = dict(zip(reader.choices.indicators["chapter"], reader.choices.indicators["chapter_short"], strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chapter = st.multiselect(
            "章",
            sorted(figures["chapter"].unique()),
            format_func=lambda n: f"{n} {chapters[n]}",
            placeholder="全部",
            select_all=False,
            key="data_chapters",
            persist_state="session",
        )
        years = st.multiselect(
            "年份（期末）",
            sorted(figures["period_end"].dt.year.unique(), reverse=True),
            placeholder="全部",
            select_all=False,
            key="data_years",
            persist_state="session",
        )
        levels = st.multiselect(
            "层级",
            list(LEVEL_NAMES),
            format_func=LEVEL_NAMES.__getitem__,
            placeholder="全部",
            select_all=False,
            key="data_levels",
            persist_state="session",
        )
        words = st.text_input(
            "查找", placeholder="指标、地区、期间、来源、原文", key="data_words", persist_state="session"
        )
    keep = pd.Series(True, index=figures.index)
    if chapter:
        keep &= figures["chapter"].isin(chapter)
    if years:
        keep &= figures["period_end"].dt.year.isin(years)
    if levels:
        keep &= figures["level"].isin(levels)
    shown = figures[keep]
    for word in (words or "").lower().split():
        shown = shown[_searchable(shown, reader).str.contains(word, regex=False)]
    return shown


def _searchable(figures: pd.DataFrame, reader: Reader) -> pd.Series:
    """What a search looks through: names (also by pinyin), period, source, printed words, note; lower case."""
    parts = [
        figures["indicator_id"].map(reader.choices.indicators["search"]),
        figures["region_code"].map(reader.choices.regions["search"]),
        figures["breakdown"],
        figures["period"].map({period: format_period(period) for period in figures["period"].unique()}),
        *(figures[column] for column in ("source_title", "published_as", "note")),
    ]
    return parts[0].str.cat(parts[1:], sep=" ", na_rep="").str.lower()


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
        if st.session_state[_only_key(reader)]:
            st.button("在全部指标中查找", icon=":material/search:", on_click=_of_all_indicators, args=(reader,))
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


def downloads(figures: pd.DataFrame, reader: Reader, whole: bool) -> None:
    """Two buttons that make their file when pressed. `whole`: nothing was filtered out."""
    release, dataset = reader.release, reader.selection.dataset
    parts = [
        "法治政府建设指标数据",
        DEMO_MARK if dataset == "demo" else "",
        "" if whole else f"筛选{len(figures)}条",
        release.id,
    ]
    name = "_".join(part for part in parts if part)

    def marked() -> pd.DataFrame:
        table = readable(figures)
        numbers = {column: table[column].map(_whole_number) for column in ("基本单位数值", "分子", "分母")}
        table = table.assign(**numbers)
        return table.assign(数据性质=DEMO_MARK) if dataset == "demo" else table

    with st.container(horizontal=True):
        st.download_button(
            "下载XLSX",
            data=audit.download(f"{name}.xlsx", lambda: export.to_xlsx(marked(), explanation(figures, reader, whole))),
            file_name=f"{name}.xlsx",
            mime=XLSX_TYPE,
            icon=":material/download:",
            on_click="ignore",
            disabled=figures.empty,
        )
        st.download_button(
            "下载CSV",
            data=audit.download(f"{name}.csv", lambda: export.to_csv(marked())),
            file_name=f"{name}.csv",
            mime=CSV_TYPE,
            icon=":material/download:",
            on_click="ignore",
            disabled=figures.empty,
        )


def _whole_number(value: float) -> float | int | None:
    """947 instead of 947.0; None where there is no number."""
    if pd.isna(value):
        return None
    return int(value) if value == int(value) else value


def explanation(figures: pd.DataFrame, reader: Reader, whole: bool) -> list[tuple[str, str]]:
    """The sheet 口径说明: what the file holds, how to read it, definitions, sources."""
    dataset, indicators = reader.selection.dataset, reader.choices.indicators
    chosen = indicators.loc[figures["indicator_id"].unique()]
    regions, years = figures["region"].nunique(), figures["period_end"].dt.year
    return [
        ("数据集", DATASET_NAMES.get(dataset, dataset)),
        (
            "范围",
            "全部数据" if whole else f"筛选结果：{len(chosen)}项指标、{regions}个地区、{years.min()}—{years.max()}年",
        ),
        ("条数", str(len(figures))),
        ("数据截至", f"{reader.release.data_until:%Y-%m-%d}"),
        ("版本", reader.release.id),
        ("下载日期", f"{today():%Y-%m-%d}"),
        ("读法", "数值为基本单位；“余”“多”等为原文约数；分项可能重叠，不能相加；空白为未公布，不是零"),
        ("可信度", "高：官方网页、年鉴、当地报刊；中：转载、仅见标题或期间为推定；低：模拟"),
        *[
            (f"定义：{row.name}", "。".join(x.rstrip("。") for x in [row.definition, row.caveats] if x))
            for row in chosen.itertuples(index=False)
        ],
        *[
            (f"来源：{row.source_title}", "，".join(x for x in [row.publisher, row.url] if isinstance(x, str) and x))
            for row in figures.drop_duplicates("source_id").itertuples()
        ],
    ]
