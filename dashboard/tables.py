"""The table of all figures: its filters, its columns in Chinese, and its way out as a file."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import download, export, kept, queries, selection, slices
from dashboard.clock import today
from dashboard.frame import Reader, plain
from dashboard.queries import Release
from dashboard.server import TITLE
from dashboard.theme import DATASET_NAMES, DEMO_MARK, LEVEL_NAMES, format_day, format_period, quoted

NOTHING = "all"  # in the address: neither switch is on
LONGEST_SEARCH = 100
NOT_SEEN = "原文未见"  # of a document without a date
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
    "url_note": "网址说明",
    "chapter": "章",
    "level": "层级",
    "indicator_id": "指标编号",
    "region_code": "区划代码",
    "period": "期间编号",
}
FIRST = ["指标", "数值", "期间"]  # of the table on the screen


def loaded(reader: Reader) -> tuple[pd.DataFrame, list[str]]:
    """The figures that the two switches ask for, and which of them, indicator and region, are on."""
    regions, chosen = reader.choices.regions, reader.selection
    usual = _usual(reader)
    asked, notices = selection.own_several("only", ["indicator", "region", NOTHING])
    _tell(notices)
    only = [name for name in asked if name != NOTHING] if asked else usual
    names = {"indicator": reader.indicator["name"], "region": f"{regions['name'][chosen.region]}及其下级"}
    with st.container(horizontal=True):
        for name, words in names.items():
            st.session_state[f"only_{name}"] = name in only
            text = quoted(words) if name == "indicator" else words
            st.toggle(f"只看{text}", key=f"only_{name}", on_change=_write_only, args=(usual,))
    if "indicator" in only:
        figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    else:
        figures = queries.figures_of_dataset(reader.release, chosen.dataset)
    if "region" in only:
        children = regions.index[regions["parent"] == chosen.region]
        below = [chosen.region, *children, *regions.index[regions["parent"].isin(children)]]
        figures = figures[figures["region_code"].isin(below)]
    return figures, only


def _usual(reader: Reader) -> list[str]:
    """The switches that are on where the address does not say."""
    address = selection.address()
    # Who chose an indicator or a region wants its rows; a simulated panel has too many to open on all.
    return [
        *(["indicator"] if reader.selection.dataset != "published" or "indicator" in address else []),
        *(["region"] if "region" in address else []),
    ]


def _write_only(usual: list[str]) -> None:
    """Writes the two switches into the address; for callbacks. `usual`: those that are on without it."""
    on = [name for name in ("indicator", "region") if st.session_state[f"only_{name}"]]
    _write("only", "" if on == usual else ",".join(on) or NOTHING)


def _write(name: str, value: str) -> None:
    selection.change_own(name, value, [""])


def _tell(notices: list[str]) -> None:
    if notices:
        st.warning("  \n".join(plain(notice) for notice in notices), icon=":material/info:")


def _of_all_indicators(reader: Reader) -> None:
    st.session_state["only_indicator"] = False
    _write_only(_usual(reader))


def filters(figures: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """The filters above the table, which the address holds; returns the figures that pass."""
    catalogue, dataset = reader.choices.indicators, reader.selection.dataset
    chapters = dict(zip(catalogue["chapter"].astype(str), catalogue["chapter_short"], strict=True))
    coverage = queries.coverage(reader.release)
    ends = pd.concat([coverage.loc[coverage["dataset"] == dataset, "period_end"], figures["period_end"]])
    years = [str(year) for year in sorted(ends.dt.year.unique(), reverse=True)]
    picks: dict[str, tuple[str, list[str], Callable[[str], str]]] = {
        "chapter": ("章", list(chapters), lambda number: f"{number} {chapters[number]}"),
        "years": ("年份（期末）", years, str),
        "levels": ("层级", list(LEVEL_NAMES), LEVEL_NAMES.__getitem__),
    }
    chosen: dict[str, list[str]] = {}
    notices: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, (label, known, text) in picks.items():
            chosen[name], wrong = selection.own_several(name, known)
            notices += wrong
            st.session_state[f"data_{name}"] = chosen[name]
            st.multiselect(
                label,
                known,
                format_func=text,
                placeholder="全部",
                select_all=False,
                key=f"data_{name}",
                on_change=_write_filter,
                args=(name,),
            )
        words = st.session_state["data_q"] = selection.address().get("q", "")[:LONGEST_SEARCH]
        st.text_input(
            "查找",
            placeholder="指标、地区、期间、来源、原文",
            max_chars=LONGEST_SEARCH,
            key="data_q",
            on_change=_write_filter,
            args=("q",),
        )
    _tell(notices)
    keep = pd.Series(True, index=figures.index)
    for name, values in (
        ("chapter", figures["chapter"].astype(str)),
        ("years", figures["period_end"].dt.year.astype(str)),
        ("levels", figures["level"]),
    ):
        if chosen[name]:
            keep &= values.isin(chosen[name])
    shown = figures[keep]
    for word in words.lower().split():
        shown = shown[_searchable(shown, reader).str.contains(word, regex=False)]
    return shown


def _write_filter(name: str) -> None:
    """Writes one filter into the address; for callbacks."""
    value = st.session_state[f"data_{name}"]
    _write(name, value.strip() if isinstance(value, str) else ",".join(value))


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
    undated = (table["dataset"] == "published") & table["published_on"].isna()
    return table.assign(
        url_note=slices.without_address(table),
        published_on=table["published_on"].mask(undated, NOT_SEEN),
        level=table["level"].map(LEVEL_NAMES),
        status=table["status"].map(STATUS_NAMES),
        confidence=table["confidence"].map(CONFIDENCE_NAMES),
    )[list(COLUMNS)].rename(columns=COLUMNS)


@kept.table(max_entries=60)
def _readable_of_indicator(release: Release, dataset: str, indicator_id: str) -> pd.DataFrame:
    """`readable` of all figures of an indicator, without blanks."""
    return without_blanks(readable(queries.figures_of_indicator(release, dataset, indicator_id)))


def without_blanks(table: pd.DataFrame) -> pd.DataFrame:
    """The table with empty texts as missing ones, and without columns that hold nothing."""
    columns = {name: column.mask(blank) if (blank := column == "").any() else column for name, column in table.items()}
    return pd.DataFrame({name: column for name, column in columns.items() if column.notna().any()})


def show(figures: pd.DataFrame, reader: Reader, of_indicator: bool) -> None:
    """The filtered table. `of_indicator`: it holds all figures of the chosen indicator, and no others."""
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    st.markdown(
        f"**{len(figures)}条数据**　{plain(DATASET_NAMES.get(reader.selection.dataset, reader.selection.dataset))}"
    )
    if figures.empty:
        st.info("没有符合条件的数据，请放宽筛选。")
        if st.session_state["only_indicator"]:
            st.button("在全部指标中查找", icon=":material/search:", on_click=_of_all_indicators, args=(reader,))
        return
    chosen = reader.selection
    if of_indicator:
        shown = _readable_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    else:
        shown = without_blanks(readable(figures))
    dates = {"发布时间": shown["发布时间"].map(format_day, na_action="ignore")} if "发布时间" in shown else {}
    shown = shown.assign(**dates)
    st.dataframe(
        # A phone shows two or three columns; files keep the order of COLUMNS.
        shown[[*FIRST, *(name for name in shown if name not in FIRST)]],
        hide_index=True,
        height=560,
        column_config={
            "网址": st.column_config.LinkColumn(display_text="打开原文"),
            "指标": st.column_config.TextColumn(width=185, pinned=True),
            "数值": st.column_config.TextColumn(width=95),
            "期间": st.column_config.TextColumn(width=112),
            "网址说明": st.column_config.TextColumn(width="medium"),
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
        f"{TITLE}数据",
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
        download.button(
            "下载XLSX",
            f"{name}.xlsx",
            lambda: export.to_xlsx(marked(), explanation(figures, reader, whole)),
            rows=len(figures),
            disabled=figures.empty,
        )
        download.button(
            "下载CSV",
            f"{name}.csv",
            lambda: export.to_csv(self_contained(marked(), figures, reader)),
            rows=len(figures),
            disabled=figures.empty,
        )


def self_contained(table: pd.DataFrame, figures: pd.DataFrame, reader: Reader) -> pd.DataFrame:
    """`table`, made of `figures`, with what a CSV has no second sheet for: 指标定义, 口径说明 and 版本 in every row."""
    indicators = reader.choices.indicators
    ids = figures["indicator_id"]
    return table.assign(
        指标定义=ids.map(indicators["definition"]).to_numpy(),
        口径说明=ids.map(indicators["caveats"]).to_numpy(),
        版本=reader.release.id,
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
    cited_sources = figures.drop_duplicates("source_id")
    cited_sources = cited_sources.assign(
        url=cited_sources["url"].fillna(""), url_note=slices.without_address(cited_sources)
    )
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
            (f"来源：{row.source_title}", "，".join(x for x in [row.publisher, row.url or row.url_note] if x))
            for row in cited_sources.itertuples()
        ],
    ]
