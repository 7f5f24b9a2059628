"""One region on a page: where each of its figures lies among its peers, what changed, what is aimed at, who said so."""

import itertools
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import frame, groups, kept, narrative, queries, selection, slices
from dashboard.charts import BAR, Chart, profiles
from dashboard.charts.anatomy import level_words, place_words
from dashboard.compare import case_units
from dashboard.frame import Reader, named, plain
from dashboard.groups import Group
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT
from dashboard.statistics import (
    SMALL_BASE_WORDS,
    gap_in_cases,
    intervals_of_many,
    places_of_many,
    small_base,
    status,
)
from dashboard.theme import (
    DATASET_NAMES,
    DEMO_MARK,
    NOT_PUBLISHED,
    STATE_NAMES,
    format_day,
    format_period,
    format_value,
    in_brackets,
)
from dashboard.trends import DIFFERENCES, TOO_FEW, change, target_of, year_before

FEWEST_PEERS = 4  # places with a figure, below which quarters of them mean nothing
NEARLY_ALL = 0.9  # of the figures of the fullest year: a newer year with as many is the better start
QUANTILES = {0.0: "least", 0.25: "lower", 0.5: "middle", 0.75: "upper", 1.0: "most"}
SOURCE_COLUMNS = {
    "source_title": "来源",
    "publisher": "发布单位",
    "published_on": "发布时间",
    "figures": "数据条数",
    "url": "网址",
}
FIGURE = [
    *("region_code", "chapter", "period", "period_end", "value", "unit", "qualifier"),
    *("numerator", "denominator", "status", "note", "source_title"),
]
LIST_ROWS = 18
NOT_ENOUGH = "同级地区公布数不足，不作比较"


def peer_groups(reader: Reader) -> dict[str, Group]:
    """Whom the chosen region may be held against, by key: groups that it belongs to, of enough places for quarters.

    The usual one first: of a banner those of its league, else all of the level. The whole region has no equal: it is
    shown within its leagues.
    """
    regions, code = reader.choices.regions, reader.selection.region
    level = "league" if code == REGION_ROOT else str(regions["level"][code])
    known = reader.choices.groups(level, code)
    if code == REGION_ROOT:
        return {groups.EVERY: known[groups.EVERY]}
    fit = {key: group for key, group in known.items() if code in group.codes and len(group.codes) >= FEWEST_PEERS}
    usual = str(regions["parent"][code])
    return {usual: fit[usual], **fit} if usual in fit else fit


def totals(release: Release, dataset: str, level: str, period: str) -> pd.DataFrame:
    """`queries.matrix_of_period` without the breakdowns."""
    cells = queries.matrix_of_period(release, dataset, level, period)
    return cells[cells["breakdown"] == ""]


@kept.table(max_entries=60, derived=True)
def _intervals(release: Release, dataset: str, level: str, period: str) -> pd.DataFrame:
    return intervals_of_many(totals(release, dataset, level, period), selection.choices_of(release).indicators)


@kept.table(max_entries=400, derived=True)
def _standings(release: Release, dataset: str, level: str, period: str, codes: tuple[str, ...]) -> pd.DataFrame:
    known = _intervals(release, dataset, level, period)
    return places_of_many(known[known["region_code"].isin(codes)])


@kept.table(max_entries=400, derived=True)
def _spread(release: Release, dataset: str, level: str, period: str, codes: tuple[str, ...]) -> pd.DataFrame:
    return spread(_standings(release, dataset, level, period, codes))


def spread(stood: pd.DataFrame) -> pd.DataFrame:
    """How the values of the peers lie, small bases left out, where there are FEWEST_PEERS or more: index indicator_id;
    `least`, `lower`, `middle`, `upper`, `most` (float64: quantiles), `peers` (int: their number).

    `stood`: `standings_of_many` of the peers.
    """
    solid = stood[~stood["small"]].groupby("indicator_id")["value"]
    quantiles = solid.quantile(list(QUANTILES)).unstack().reindex(columns=list(QUANTILES)).rename(columns=QUANTILES)
    return quantiles.assign(peers=solid.size())[lambda frame: frame["peers"] >= FEWEST_PEERS]


def spine(
    figures: pd.DataFrame,
    stood: pd.DataFrame,
    peers: pd.DataFrame,
    whole: Mapping[str, float],
    *,
    region_code: str,
    period: str,
    indicators: pd.DataFrame,
    targets: pd.DataFrame,
    breaks: pd.DataFrame,
) -> pd.DataFrame:
    """The totals of one region in one year that can be held against peers, one row an indicator, in catalogue order.

    `figures`: `queries.figures_of_region`; `stood`: `standings_of_many` of the peers; `peers`: `spread` of them;
    `whole`: the whole region's values by indicator; `breaks`: `queries.breaks_of_dataset`. Index indicator_id; columns
    of the figure (FIGURE), of `peers`, and name, chapter_short, direction, kind, `whole` (NaN for what is a sum over
    places), `small`, `cases`, `place` (in words), `best`, `worst` (Int64: the first and last place it may hold, NA for
    small bases), `change` (over the year before, in words), `mark` (`statistics.Status` or None) and `aim` (in words).
    The region itself, which has no equal, is shown among its leagues with what can be averaged, and has no place.
    """
    annual = figures["value"].notna() & (figures["breakdown"] == "")
    of_year, of_last = annual & (figures["period"] == period), annual & (figures["period"] == year_before(period))
    before = figures.loc[of_last, ["indicator_id", "period_start", *_Annual._fields]].set_index("indicator_id")
    averaged = set(indicators.index[indicators["kind"].isin(DIFFERENCES)])
    at = dict(zip(figures["indicator_id"][of_year], np.flatnonzero(of_year), strict=True))
    shown = set(at).intersection(peers.index, averaged if region_code == REGION_ROOT else at)
    ids = [indicator for indicator in indicators.index if indicator in shown]
    own = figures[FIGURE].iloc[[at[i] for i in ids]].set_axis(pd.Index(ids, name="indicator_id"))
    described = indicators.loc[ids, ["name", "chapter_short", "direction", "kind"]]
    rows = slices.with_texts(own.assign(**peers.loc[ids], **described))
    places = stood.loc[stood["region_code"] == region_code, ["indicator_id", "rank", "best", "worst", "last"]]
    places = places.set_index("indicator_id").reindex(ids)
    units = case_units(indicators)
    rate = rows["kind"].isin(["rate", "ratio"])
    marks = averaged if region_code != REGION_ROOT else ()
    rows = rows.assign(
        whole=[whole.get(i, float("nan")) if i in marks else float("nan") for i in ids],
        small=rate & small_base(rows["denominator"]),
        cases=[
            cases + units[i] if cases and is_rate else ""
            for i, cases, is_rate in zip(ids, slices.cases(rows, ""), rate.tolist(), strict=True)
        ],
    )
    aimed = set(targets["indicator_id"])
    aims = {i: _aim(rows.loc[i], units[i], indicators.loc[i], targets) for i in ids if i in aimed}
    return rows.assign(
        place=_place_words(rows, places),
        best=places["best"].fillna(places["rank"]),
        worst=places["worst"].fillna(places["last"]),
        change=_change_words(rows, before, breaks),
        mark=pd.Series([aims[i][0] if i in aims else None for i in ids], rows.index, dtype=object),
        aim=[aims[i][1] if i in aims else "" for i in ids],
    )


def _place_words(rows: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """The place among the peers; of neutral indicators only 偏高 or 偏低; of small bases none."""
    words = []
    own = slices.each(rows, "small", "direction", "value", "lower", "upper", "peers")
    held = slices.each(places, "rank", "best", "worst")
    for (small, direction, value, lower, upper, among), (rank, best, worst) in zip(own, held, strict=True):
        if small:
            words.append(SMALL_BASE_WORDS)
        elif direction != "neutral":
            words.append(place_words(rank, best, worst, among=among))
        else:
            words.append("" if pd.isna(rank) else level_words(value, lower, upper))
    return words


class _Annual(NamedTuple):
    """What a change from one year to the next is made of."""

    value: float
    unit: str
    qualifier: str
    denominator: float


def _annual(rows: pd.DataFrame) -> dict[str, _Annual]:
    columns = slices.each(rows, *_Annual._fields)
    return dict(zip(rows.index, itertools.starmap(_Annual, columns), strict=True))


def _change_words(rows: pd.DataFrame, before: pd.DataFrame, breaks: pd.DataFrame) -> list[str]:
    """The change over the year before, or why there is none. `before`: the figures of that year."""
    bases = _annual(before)
    since: dict[str, list[pd.Timestamp]] = {}
    for i, day in slices.each(breaks, "indicator_id", "since"):
        since.setdefault(i, []).append(day)
    words = []
    for (i, own), kind, small in zip(_annual(rows).items(), rows["kind"], rows["small"], strict=True):
        base = bases.get(i)
        if base is None:
            words.append("上年未公布")
            continue
        broken = any(before["period_start"][i] < day <= rows["period_end"][i] for day in since.get(i, []))
        said, _ = change(own, base, kind, broken)
        words.append(said if said != TOO_FEW else "" if small else "较上年基数过小")
    return words


def _aim(row: pd.Series, unit: str, indicator: pd.Series, targets: pd.DataFrame) -> tuple[str | None, str]:
    """How a figure stands to its target, with the cases that are missing: ■ 未达标 · 距…差…，相差3件."""
    target, whose = target_of(targets, row["region_code"], indicator, row["period"])
    if target is None:
        return None, ""
    mark = status(row["value"], target["value"], indicator["direction"], indicator["near"])
    words = narrative.target_phrase(row, target, indicator, whose)
    missing = gap_in_cases(row["numerator"], row["denominator"], target["value"], indicator["direction"])
    if missing:
        words += f"，相差{missing}{unit}"  # the period is over: not what is still to be done
    return mark, words


def listed(figures: pd.DataFrame, shown: pd.Index, indicators: pd.DataFrame) -> pd.DataFrame:
    """The newest figure of everything that the spine does not show, in catalogue order; columns of the figure, texts,
    chapter_short.

    `figures`: `queries.figures_of_region`; `shown`: indicators whose total stands in the spine.
    """
    rest = slices.newest(figures[~(figures["indicator_id"].isin(shown) & (figures["breakdown"] == ""))])
    at = indicators.index.get_indexer(rest["indicator_id"])
    chapters = indicators["chapter_short"].iloc[at].set_axis(rest.index)
    return slices.with_texts(rest).assign(chapter_short=chapters).iloc[at.argsort(kind="stable")]


def annual_periods(figures: pd.DataFrame) -> pd.Series:
    """How many totals a region has for each year, newest first."""
    totals = figures.loc[figures["value"].notna() & (figures["breakdown"] == ""), "period"]
    counts = totals.value_counts().sort_index(ascending=False)
    return counts[counts.index.str.fullmatch(r"\d{4}")]


def opening_period(counts: pd.Series) -> str:
    """The newest year with nearly as many figures as the fullest one; empty without figures."""
    full = counts[counts >= NEARLY_ALL * counts.max()]
    return str(full.index[0]) if len(full) else ""


def sources(figures: pd.DataFrame) -> pd.DataFrame:
    """Who published the figures of a region: source_title, publisher, published_on, url, figures (int); most first."""
    columns = ["source_id", "source_title", "publisher", "published_on", "url"]
    known = figures.loc[figures["value"].notna(), columns]
    found = known.drop_duplicates("source_id").set_index("source_id")
    found["published_on"] = found["published_on"].map(format_day, na_action="ignore")
    counted = found.assign(figures=known["source_id"].value_counts())
    return counted.sort_values("figures", ascending=False, kind="stable").reset_index(drop=True)


def below(cells: pd.DataFrame, regions: pd.DataFrame, indicators: pd.DataFrame, region_code: str) -> pd.DataFrame:
    """The headline figures of the regions right below one: a row a region, a column an indicator (Chinese names), and
    behind it its number (…对照, float64).

    `cells`: `totals` of their level. Indicators of which none has a figure are left out; what is
    missing has the name of its state. Empty where nothing is below or nothing is known.
    """
    places = regions[regions["parent"] == region_code]
    headline = indicators[indicators["headline"].notna()].sort_values("headline")
    cells = cells[cells["region_code"].isin(places.index) & cells["indicator_id"].isin(headline.index)]
    known = cells[cells["value"].notna()]
    cells = cells.assign(
        text=[
            STATE_NAMES.get(row.status, NOT_PUBLISHED)
            if pd.isna(row.value)
            else format_value(row.value, headline["unit"][row.indicator_id], row.qualifier)
            for row in cells.itertuples()
        ]
    )
    shown = [i for i in headline.index if i in set(known["indicator_id"])]
    if not shown:
        return pd.DataFrame()
    table = cells.pivot(index="region_code", columns="indicator_id", values="text")
    table = table.reindex(index=places.index, columns=shown).fillna(NOT_PUBLISHED)
    values = known.pivot(index="region_code", columns="indicator_id", values="value").reindex(index=places.index)
    columns = {"地区": places["name"]}
    for indicator in shown:
        name = headline["name"][indicator]
        columns |= {name: table[indicator], name + BAR: values[indicator]}
    return pd.DataFrame(columns).reset_index(drop=True)


# ---- on the page ----


def header(reader: Reader, figures: pd.DataFrame) -> None:
    """Who this is, what it has published, and the way to the other pages with the same region."""
    regions, code = reader.choices.regions, reader.selection.region
    place = regions.loc[code]
    above = [] if pd.isna(place["parent"]) else [regions["name"][place["parent"]]]
    st.header(place["name"])
    st.caption(plain(" · ".join([*above, place["type"], f"区划代码{code}"])))
    if reader.selection.dataset == "demo":
        st.badge(DEMO_MARK, color="orange")
    st.markdown(plain(published_words(figures)))
    with st.container(key="how_to_print"):  # not on a phone (style.css)
        st.caption("按Ctrl+P可打印（A4纸一页）。")
    with st.container(horizontal=True):
        st.page_link("../pages/map.py", label="在地图上看", icon=":material/map:")
        st.page_link("../pages/trends.py", label="看趋势", icon=":material/show_chart:")
        st.page_link("../pages/data.py", label="全部数据", icon=":material/table:")


def offer_others(reader: Reader) -> None:
    """The way from a region without figures to those that have some: of its league, its own league, then all others."""
    regions, chosen = reader.choices.regions, reader.selection
    known = queries.regions_with_figures(reader.release, chosen.dataset)
    if not known:
        return
    parent = regions["parent"][chosen.region]
    near = [code for code in known if parent in (code, regions["parent"][code])]
    words = reader.choices.region_words

    def open_other() -> None:
        if code := st.session_state["choose_other"]:
            reader.change(region=code)

    st.selectbox(
        f"有数据的地区（{len(known)}个）",
        sorted(known, key=lambda code: code not in near),
        index=None,
        format_func=words.__getitem__,
        key="choose_other",
        on_change=open_other,
        placeholder="请选择，查看其画像",
        width=320,
    )


def published_words(figures: pd.DataFrame) -> str:
    """What a region has published, in a sentence. `figures`: `queries.figures_of_region`."""
    known = figures[figures["value"].notna()]
    if known.empty:
        return "本数据集没有这个地区的数据。"
    first, last = known["period_start"].min().year, known["period_end"].max().year
    years = f"{first}年" if first == last else f"{first}—{last}年"
    return f"共有数据{len(known)}条，涉及{known['indicator_id'].nunique()}项指标，{years}。"


def asked_period(counts: pd.Series) -> tuple[str, list[str]]:
    """The year that the address asks for and a notice for one that makes no sense; empty without annual totals.

    `counts`: `annual_periods`.
    """
    opening = opening_period(counts)
    if not opening:
        return "", []
    known = [opening, *[year for year in counts.index if year != opening]]
    asked = selection.address().get("period", "")  # a year chosen on another page holds here too
    period, notices = selection.own("year", known)
    if "year" not in selection.address() and asked in known:
        period = asked
    return period, notices


def choose_period(figures: pd.DataFrame) -> str:
    """The year to show, kept in the address as `year`; empty where the region has no annual totals."""
    counts = annual_periods(figures)
    period, notices = asked_period(counts)
    if not period:
        return ""
    frame.tell(notices)
    st.session_state["choose_year"] = period

    def write() -> None:
        st.query_params["year"] = st.session_state["choose_year"]

    st.selectbox(
        "年份",
        list(counts.index),
        format_func=lambda year: f"{format_period(year)} · {counts[year]}项有数据",
        key="choose_year",
        on_change=write,
        width=220,
    )
    return period


def asked_peers(offered: Mapping[str, Group]) -> tuple[str, str]:
    """Whom the address asks for, a key of `offered` (`peer_groups`), and why it is another one, in Chinese."""
    usual = next(iter(offered))
    wanted = selection.address().get("group", usual)
    wanted = groups.EVERY if wanted == groups.ALL else wanted
    if wanted not in offered:
        return usual, f"所选对比组不含本地区或不足{FEWEST_PEERS}地，改与{offered[usual].words}相比。"
    few = "group" not in selection.address() and offered[usual].level == "banner" and usual == groups.EVERY
    return wanted, f"本盟市旗县不足{FEWEST_PEERS}个，与全区旗县相比。" if few else ""


def choose_peers(reader: Reader) -> Group:
    """Whom the chosen region is held against; kept in the address as `group`, like on the pages 对比 and 地图."""
    offered = peer_groups(reader)
    usual = next(iter(offered))
    wanted, reason = asked_peers(offered)
    if reason:
        st.caption(plain(reason))
    if len(offered) < 2:
        return offered[wanted]
    st.session_state["choose_peers"] = wanted

    def write() -> None:
        key = st.session_state["choose_peers"]
        reader.change(level=offered[key].level)  # a group is one of a level, on every page
        selection.change_own("group", key or groups.ALL, [usual or groups.ALL])

    st.selectbox(
        "与谁相比",
        list(offered),
        format_func=lambda key: offered[key].words,
        key="choose_peers",
        on_change=write,
        width=300,
        help="只列出含本地区、不少于4地的对比组。周边指边界与本地区相接的同级地区。",
    )
    return offered[wanted]


def spine_of(reader: Reader, peers: Group, period: str) -> pd.DataFrame:
    """`spine` of the chosen region in one year."""
    return _spine(reader.release, reader.selection.dataset, reader.selection.region, peers.level, peers.codes, period)


@kept.table(max_entries=60, derived=True)
def _whole(release: Release, dataset: str, period: str) -> pd.DataFrame:
    figures = queries.figures_of_region(release, dataset, REGION_ROOT)
    return figures.loc[(figures["period"] == period) & (figures["breakdown"] == ""), ["indicator_id", "value"]]


@kept.table(max_entries=240, derived=True)
def _spine(
    release: Release, dataset: str, region: str, level: str, codes: tuple[str, ...], period: str
) -> pd.DataFrame:
    return spine(
        queries.figures_of_region(release, dataset, region),
        _standings(release, dataset, level, period, codes),
        _spread(release, dataset, level, period, codes),
        dict(slices.each(_whole(release, dataset, period), "indicator_id", "value")),
        region_code=region,
        period=period,
        indicators=selection.choices_of(release).indicators,
        targets=queries.targets(release),
        breaks=queries.breaks_of_dataset(release, dataset),
    )


def show_spine(reader: Reader, rows: pd.DataFrame, peers: Group, period: str) -> None:
    """The spine chart, on a wide screen in two columns; or why there is none."""
    if rows.empty:
        year = format_period(period) if period else ""
        st.info(f"{year}{NOT_ENOUGH}。以下列出本地区各项数据。", icon=":material/info:")
        return
    parts = profiles.halves(rows)
    for number, column in enumerate(st.columns(len(parts), gap="large")):
        with column:
            mark = f"（{'一二'[number]}）" if len(parts) > 1 else ""
            within = number > 0 and parts[number]["chapter"].iloc[0] == parts[number - 1]["chapter"].iloc[-1]
            draw = partial(spine_chart, parts[number], peers, period, mark, continued=within)
            frame.show(draw, reader, key=f"profile_{number}")


def spine_chart(
    rows: pd.DataFrame, peers: Group, period: str, number: str, reader: Reader, continued: bool = False
) -> Chart:
    """The spine chart of `rows` (`spine`, or a half of it that `number` names), in the reader's colours.

    `continued`: the first chapter began in the other half.
    """
    return profiles.spine_chart(
        rows,
        place=reader.choices.regions["name"][reader.selection.region],
        peers=peers.words,
        period=period,
        dataset=reader.selection.dataset,
        release_id=reader.release.id,
        number=number,
        continued=continued,
        dark=reader.dark,
    )


def show_listed(rows: pd.DataFrame, place: str, beside_spine: bool) -> None:
    """The figures without a comparison, by chapter, each with its period and source. `rows`: `listed`."""
    if rows.empty:
        return
    st.markdown(f"### {'其他数据' if beside_spine else '各项数据'}（{len(rows)}条）")
    if beside_spine:
        st.caption("分项、其他期间的数据，和同级地区公布数不足、不作比较的数据；每项取最近一期。")
    table = listed_table(rows)
    # What must be seen comes first, and the period with the value: a phone shows two columns.
    table["数值"] += table["期间"].map(in_brackets)
    st.dataframe(
        table[["指标", "数值", "来源", "发布单位", "章"]],
        hide_index=True,
        height="content" if len(rows) <= LIST_ROWS else 36 * LIST_ROWS,
        column_config={
            "指标": st.column_config.TextColumn(width=255),
            "数值": st.column_config.TextColumn(width=170),
            "发布单位": st.column_config.TextColumn(width=190),
            "章": st.column_config.TextColumn(width=85),
        },
        alt=f"{place}各项指标最近一期的数据，按章排列",
    )


def listed_table(rows: pd.DataFrame) -> pd.DataFrame:
    """`listed` with Chinese headers, the breakdown beside the indicator."""
    return pd.DataFrame(
        {
            "章": rows["chapter_short"],
            "指标": slices.named(rows),
            "数值": rows["text"],
            "期间": rows["period_text"],
            "来源": rows["source_title"],
            "发布单位": rows["publisher"],
        }
    )


def show_sources(table: pd.DataFrame, place: str) -> None:
    """The documents behind the figures. `table`: `sources`."""
    if table.empty:
        return
    st.markdown(f"### 数据来源（{len(table)}份）")
    st.dataframe(
        table.rename(columns=SOURCE_COLUMNS).dropna(axis="columns", how="all"),
        hide_index=True,
        height="content" if len(table) <= LIST_ROWS else 36 * LIST_ROWS,
        column_config={"网址": st.column_config.LinkColumn(display_text="打开原文")},
        placeholder="—",
        alt=f"{place}数据的来源、发布单位和发布时间",
    )


def below_of(reader: Reader, period: str) -> pd.DataFrame:
    """`below` of the chosen region: banners of a league, leagues of the whole region."""
    regions, chosen = reader.choices.regions, reader.selection
    levels = regions.loc[regions["parent"] == chosen.region, "level"].unique()
    if not len(levels) or not period:
        return pd.DataFrame()
    cells = totals(reader.release, chosen.dataset, levels[0], period)
    return below(cells, regions, reader.choices.indicators, chosen.region)


def words_below(table: pd.DataFrame) -> pd.DataFrame:
    """`below` without the numbers, for paper."""
    return table.drop(columns=[name for name in table if name.endswith(BAR)])


def show_below(table: pd.DataFrame, place: str, period: str) -> None:
    """The headline figures of the regions below. `table`: `below`."""
    if table.empty:
        return
    st.markdown(f"### 所辖地区（{format_period(period)}主要指标）")
    table, settings = frame.bars(table)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={"地区": st.column_config.TextColumn(pinned=True), **settings},
        alt=f"{place}所辖各地{format_period(period)}的主要指标",
    )


def print_sheet(
    reader: Reader, rows: pd.DataFrame, others: pd.DataFrame, table: pd.DataFrame, published: pd.DataFrame, peers: Group
) -> None:
    """The page as it is printed: hidden on the screen, the only thing on paper (style.css)."""
    regions, release = reader.choices.regions, reader.release
    office = f"；责任单位：{named()['office']}" if "office" in named() else ""
    demo = reader.selection.dataset == "demo"
    held = [f"与{peers.words}对照", format_period(str(rows["period"].iloc[0]))] if len(rows) else [NOT_ENOUGH]
    words = profiles.Sheet(
        heading=f"{regions['name'][reader.selection.region]}法治政府建设指标画像",
        about=" · ".join([DATASET_NAMES.get(reader.selection.dataset, reader.selection.dataset), *held]),
        peers=peers.words,
        mark=DEMO_MARK if demo else "",
        foot=f"数据截至{format_day(release.data_until)}；版本{release.id}{office}。",
    )
    with st.container(key="print_sheet"):
        st.html(profiles.sheet(rows, others, words_below(table), published, words))
