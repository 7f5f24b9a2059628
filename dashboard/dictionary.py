"""The dictionary of indicators: a searchable list, and one entry in full."""

import pandas as pd
import streamlit as st

from dashboard import kept, queries, selection, slices, trends
from dashboard.frame import Reader, plain
from dashboard.queries import Release
from dashboard.theme import LEVEL_NAMES, cited, format_period, format_value

KIND_NAMES = {"count": "计数", "rate": "比率", "ratio": "占比", "money": "金额", "duration": "时长"}
DIRECTION_NAMES = {
    "higher_better": "越高越好",
    "lower_better": "越低越好",
    "neutral": "中性：高低不表示好坏",
}
PAGES = (
    ("map", "在地图上看", "map"),
    ("compare", "各地对比", "leaderboard"),
    ("trends", "看趋势", "show_chart"),
    ("data", "全部数据", "table"),
)
AGGREGATION_NAMES = {
    "sum": "流量，可跨同级地区和不重叠的期间相加",
    "latest": "存量，取最近时点",
    "weighted": "比率，汇总时须用分子、分母之和计算",
    "none": "不可汇总",
}


def browse(reader: Reader) -> None:
    """The list, narrowed by words; a click on a row opens its entry."""
    indicators = reader.choices.indicators

    def open_only_hit() -> None:
        """One match is what the reader meant."""
        hits = selection.matches(indicators, st.session_state["find_in_dictionary"]).index
        if len(hits) == 1:
            reader.change(indicator=hits[0])

    words = st.text_input(
        "在词典中查找",
        placeholder="名称、拼音首字母或英文，例如 ctys",
        key="find_in_dictionary",
        on_change=open_only_hit,
    )
    found = selection.matches(indicators, words or "")
    st.caption(f"{len(found)}项指标" if len(found) else "没有找到，请换个说法")
    if found.empty:
        return
    table = _listed(reader.release, reader.selection.dataset)
    table = table if len(found) == len(table) else table.loc[found.index]

    def open_entry() -> None:
        cells = st.session_state["dictionary_list"]["selection"]["cells"]
        if cells:
            reader.change(indicator=found.index[cells[0][0]])

    st.dataframe(
        table,
        hide_index=True,
        height=600,
        key="dictionary_list",
        on_select=open_entry,
        selection_mode="single-cell",
        column_config={
            "章": st.column_config.TextColumn(width=90),
            "指标": st.column_config.TextColumn(width=185),
            "单位": st.column_config.TextColumn(width=75),
            "有数据地区": st.column_config.NumberColumn(width=90),
        },
        alt="指标列表，点选一行查看词条",
    )


@kept.table(max_entries=40)
def _listed(release: Release, dataset: str) -> pd.DataFrame:
    """The list of all indicators, as it is shown; index id."""
    indicators, covered = queries.indicators(release), queries.covered_regions(release)
    places = covered[covered["dataset"] == dataset].groupby("indicator_id")["regions"].sum().to_dict()
    return pd.DataFrame(
        {
            "章": indicators["chapter_short"],
            "指标": indicators["name"],
            "单位": indicators["unit"],
            "有数据地区": [int(places.get(indicator, 0)) for indicator in indicators.index],
        }
    )


@st.cache_resource(show_spinner=False, max_entries=500, hash_funcs=kept.NAMED)
def _covered(release: Release, dataset: str, indicator_id: str) -> tuple[str, str]:
    """Which levels have figures, 自治区1个、盟市2个, and how many places year by year."""
    covered = queries.covered_regions(release)
    of = covered[(covered["dataset"] == dataset) & (covered["indicator_id"] == indicator_id)]
    levels = dict(zip(of["level"], of["regions"], strict=True))
    named = [f"{LEVEL_NAMES[level]}{levels[level]}个" for level in LEVEL_NAMES if level in levels]
    figures = queries.figures_of_indicator(release, dataset, indicator_id)
    return "、".join(named) or "本数据集没有数据", "；".join(years_covered(figures))


def entry(reader: Reader) -> None:
    """The chosen indicator in full."""
    indicator, indicators = reader.indicator, reader.choices.indicators
    targets = queries.targets(reader.release)
    levels, years = _covered(reader.release, reader.selection.dataset, reader.selection.indicator)
    st.markdown(f"## {plain(indicator['name'])}")
    st.markdown(plain(indicator["definition"]))
    if indicator["caveats"]:
        st.info(plain(f"注意：{indicator['caveats']}"), icon=":material/info:")
    parts = [
        indicators["name"][part] if isinstance(part, str) else None
        for part in (indicator["numerator"], indicator["denominator"])
    ]
    formula = f"{parts[0]} ÷ {parts[1]} × 100%" if all(parts) else ""
    facts = {
        "编号": reader.selection.indicator,
        "所属章": f"{indicator['chapter']}　{indicator['chapter_name']}",
        "单位": indicator["unit"],
        "类型": KIND_NAMES[indicator["kind"]],
        "方向": DIRECTION_NAMES[indicator["direction"]],
        "计算公式": formula or ("原文未给出分子分母" if indicator["kind"] in ("rate", "ratio") else ""),
        "汇总": AGGREGATION_NAMES[indicator["aggregation"]],
        "别名": "、".join(indicator["aliases"]),
        "目标": "；".join(
            f"{format_period(row.period)}{format_value(row.value, indicator['unit'])}（{cited(row.source_title)}）"
            for row in targets[targets["indicator_id"] == reader.selection.indicator].itertuples()
        ),
        "覆盖": levels,
        "逐年数据": years,
        "名称（英文）": indicator["name_en"],
    }
    st.table(
        pd.DataFrame([(name, text) for name, text in facts.items() if text], columns=["项目", "内容"]).set_index(
            "项目"
        ),
    )
    with st.container(horizontal=True):
        for name, label, icon in PAGES:
            st.page_link(f"../pages/{name}.py", label=label, icon=f":material/{icon}:")


def no_outline(reader: Reader, figures: pd.DataFrame) -> None:
    """Why there is no line of the whole region, and the parts that it published instead of totals.

    `figures`: `queries.figures_of_indicator`.
    """
    chosen, name = reader.selection, reader.indicator["name"]
    whole = figures[figures["level"] == "region"]
    if chosen.breakdown == "" and (parts := slices.only_parts(whole)):
        st.caption(plain(f"全区{trends.parts_words(name, parts)}，没有图。"))
        trends.offer_parts(reader, parts)
        return
    part = f"（{chosen.breakdown}）" if chosen.breakdown else ""
    st.caption(plain(f"全区没有公布过{name}{part}的年度数据，没有图。"))


def years_covered(figures: pd.DataFrame) -> list[str]:
    """How many places of each level have figures year by year, equal years together: 2019—2024年：自治区1个、盟市12个.

    `figures`: `queries.figures_of_indicator`; a period counts for the year in which it ends.
    """
    known = figures[figures["value"].notna()]
    counts = known.groupby([known["period_end"].dt.year, "level"])["region_code"].nunique()
    years = counts.unstack(fill_value=0).reindex(columns=list(LEVEL_NAMES), fill_value=0)
    words = pd.Series(
        {
            year: "、".join(f"{LEVEL_NAMES[level]}{row[level]}个" for level in LEVEL_NAMES if row[level])
            for year, row in years.iterrows()
        },
        dtype=object,
    )
    follows = (words == words.shift()) & (pd.Series(words.index, words.index).diff() == 1)
    runs = words.groupby((~follows).cumsum())
    return [f"{run.index[0]}{f'—{run.index[-1]}' if len(run) > 1 else ''}年{run.iloc[0]}" for _, run in runs]
