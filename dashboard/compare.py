"""The page 对比: what is compared with what, which of its views answers, and what to say where nothing compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from dashboard import frame, kept, own_groups, queries, selection, slices, state
from dashboard.charts import Chart, matrices, rankings, scatters
from dashboard.charts.anatomy import Scene, missing_line
from dashboard.frame import Reader, plain
from dashboard.groups import Group
from dashboard.queries import Release
from dashboard.selection import REGION_ROOT, Choices, Comparison
from dashboard.statistics import PARTS_NOT_PUBLISHED, standings, target_for
from dashboard.theme import LATEST, LATEST_NAME, LEVEL_NAMES, format_period

VIEW_NAMES = {"ranking": "排名", "periods": "两期对比", "heatmap": "热力图", "scatter": "散点", "funnel": "漏斗图"}
SHADING_NAMES = {"rank": "按名次", "target": "按距全区目标"}
RATES = "比率类指标"
SUGGESTED = 8
GROUPS_HELP = (
    "周边指边界与所选地区相接的同级地区，按行政区划边界算出，在左侧选“地区”即可换中心。"
    "文件划定的对比组须注明出处，由管理员在 data/catalogue/groups.csv 登记。"
)
STANDINGS_KEPT = 400
# What a comparison needs of a place, and of a figure.
PLACE = ["name", "short_name", "level"]
FIGURE = [
    *("region_code", "region", "level", "indicator_id", "breakdown", "period", "period_end", "period_months", "value"),
    *("unit", "qualifier", "numerator", "denominator", "status", "source_title", "note"),
]
FEWEST = 2  # places with a figure of one period, below which there is nothing to compare
TOO_MANY = "热力图并排放不下全部旗县，请在“对比范围”中选一个盟市的旗县。"


@dataclass(frozen=True)
class Question:
    """What the reader asks: the comparison, in which group, among which places (rows of `queries.regions`), of which
    figures. `own`: `state.own_groups`.
    """

    reader: Reader
    asked: Comparison
    group: Group
    places: pd.DataFrame
    figures: pd.DataFrame
    own: dict[str, tuple[str, ...]]

    def standings(self, period: str, indicator: str = "") -> pd.DataFrame:
        """The places in one period with what `statistics.standings` adds; of the chosen indicator, or the totals of
        another.
        """
        chosen = self.reader.selection
        asked = (indicator, "") if indicator else (chosen.indicator, chosen.breakdown)
        return _standings(self.reader.release, chosen.dataset, *asked, period, chosen.level, self.group.codes)

    def scene(self, indicator: str = "") -> Scene:
        """What its charts share."""
        chosen, choices = self.reader.selection, self.reader.choices
        row = choices.indicators.loc[indicator or chosen.indicator]
        return Scene(
            indicator=row,
            dataset=chosen.dataset,
            places=self.group.words,
            among=self.group.among,
            group_source=self.group.source,
            level_name=LEVEL_NAMES[chosen.level],
            breakdown="" if indicator else chosen.breakdown,
            period=chosen.period,
            release_id=self.reader.release.id,
            case_unit=case_unit(row, choices.indicators),
            highlighted=chosen.region,
            dark=self.reader.dark,
        )


def question(reader: Reader) -> Question:
    """What the address asks, with a notice for what makes no sense in it."""
    chosen, regions = reader.selection, reader.choices.regions
    own = state.own_groups()
    offered = reader.choices.groups(chosen.level, chosen.region, own)
    asked, notices = selection.current_comparison(reader.choices, chosen, offered)
    frame.tell(notices)
    group = offered[asked.group]
    figures = queries.figures_of_indicator(reader.release, chosen.dataset, chosen.indicator)
    return Question(reader, asked, group, regions.loc[list(group.codes)], figures, own)


@kept.table(max_entries=STANDINGS_KEPT)
def _standings(
    release: Release,
    dataset: str,
    indicator_id: str,
    breakdown: str,
    period: str,
    level: str,
    codes: tuple[str, ...],
) -> pd.DataFrame:
    choices = selection.choices_of(release)
    places, row = choices.regions.loc[list(codes), PLACE], choices.indicators.loc[indicator_id]
    figures = queries.figures_of_indicator(release, dataset, indicator_id)[FIGURE]
    cut = slices.by_region(figures, places, level, breakdown, period)
    return standings(cut, row["direction"], row["kind"], row["aggregation"])


def case_unit(indicator: pd.Series, indicators: pd.DataFrame) -> str:
    """What the parts of a rate are counted in: the unit of its denominator, else its numerator; empty: not known."""
    return _counted_in((indicator["denominator"], indicator["numerator"]), indicators["unit"])


def case_units(indicators: pd.DataFrame) -> dict[str, str]:
    """`case_unit` of every indicator, by its id."""
    units = indicators["unit"].to_dict()
    parts = zip(indicators["denominator"].tolist(), indicators["numerator"].tolist(), strict=True)
    return {str(i): _counted_in(pair, units) for i, pair in zip(indicators.index, parts, strict=True)}


def _counted_in(parts: tuple[str, str], units: Mapping[str, str] | pd.Series) -> str:
    return next((str(units[part]) for part in parts if part in units), "")


def whole_of(figures: pd.DataFrame, breakdown: str, period: str) -> pd.Series | None:
    """The whole region's figure of one period with its text; None where it has none, or only that of its own bodies."""
    cut = figures[(figures["level"] == "region") & (figures["breakdown"] == breakdown) & (figures["period"] == period)]
    said = zip(cut["value"].notna().tolist(), cut["note"].tolist(), strict=True)
    cut = cut[[known and not slices.own_bodies(note) for known, note in said]]
    return None if cut.empty else slices.with_texts(cut.head(1)).iloc[0]


# ---- controls ----


def _set(reader: Reader, name: str) -> None:
    value = st.session_state[f"compare_{name}"]
    if value is not None:
        selection.change_comparison(reader.choices, **{name: value})


def switch(asked: Question) -> None:
    """The views, and who is compared."""
    reader = asked.reader
    st.session_state["compare_view"] = asked.asked.view
    st.segmented_control(
        "视图",
        list(VIEW_NAMES),
        format_func=lambda view: "由高到低" if view == "ranking" and asked.scene().neutral else VIEW_NAMES[view],
        key="compare_view",
        on_change=_set,
        args=(reader, "view"),
        label_visibility="collapsed",
    )
    if asked.asked.view not in PICKERS:
        _pick_places(asked)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _pick_places(asked)
    with right:
        PICKERS[asked.asked.view](asked)


def _pick_places(asked: Question) -> None:
    """One list for level and group: of leagues, then of banners."""
    reader = asked.reader
    options = {
        (level, group.key): group
        for level in selection.LEVELS
        for group in reader.choices.groups(level, reader.selection.region, asked.own).values()
    }

    def choose() -> None:
        level, group = st.session_state["compare_places"]
        reader.change(level=level)
        selection.change_comparison(reader.choices, group=group)

    st.session_state["compare_places"] = (reader.selection.level, asked.asked.group)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "对比范围",
            list(options),
            format_func=lambda option: options[option].words,
            key="compare_places",
            on_change=choose,
            help=GROUPS_HELP,
        )
        own_groups.editor(reader, asked.own)


def _pick_period(asked: Question) -> None:
    reader, chosen = asked.reader, asked.reader.selection
    periods = selection.periods_beside(reader.choices, chosen)
    if not periods:
        return
    counts = reader.choices.of(chosen.dataset, chosen.indicator, chosen.breakdown).regions.get(chosen.level, {})
    st.session_state["compare_period2"] = asked.asked.period2
    st.selectbox(
        f"与{format_period(chosen.period)}对比的期间",
        periods,
        format_func=lambda period: f"{format_period(period)} · {counts.get(period, 0)}地有数据",
        key="compare_period2",
        on_change=_set,
        args=(reader, "period2"),
        help="只列出长短相同的期间：长短不同的数不能相比。",
    )


def _pick_indicator(asked: Question) -> None:
    reader = asked.reader
    names = reader.choices.indicators["name"]
    options = selection.indicators_beside(reader.choices, reader.selection)
    if not options:
        return
    st.session_state["compare_indicator2"] = asked.asked.indicator2
    st.selectbox(
        "纵轴指标",
        options,
        format_func=lambda indicator: names[indicator],
        key="compare_indicator2",
        on_change=_set,
        args=(reader, "indicator2"),
        help="横轴是左侧栏所选的指标。只列出同一期间至少两地有数据的指标。",
    )


def _pick_chapter(asked: Question) -> None:
    reader = asked.reader
    chapters = reader.choices.indicators.drop_duplicates("chapter").set_index("chapter")["chapter_short"]
    names = {"": f"{RATES}（各章）", **{str(number): f"{number} {name}" for number, name in chapters.items()}}
    st.session_state["compare_chapter"] = asked.asked.chapter
    st.selectbox(
        "指标范围",
        list(names),
        format_func=lambda chapter: names[chapter],
        key="compare_chapter",
        on_change=_set,
        args=(reader, "chapter"),
    )


PICKERS = {"periods": _pick_period, "scatter": _pick_indicator, "heatmap": _pick_chapter}


# ---- views ----


Drawing = Callable[[Question], Chart]  # in the colours of the question's reader


class NothingToCompareError(Exception):
    """Why there is no chart, in Chinese."""


def show(asked: Question) -> None:
    """The chosen view, or what there is instead."""
    if len(asked.places) > matrices.MOST_PLACES and asked.asked.view == "heatmap":
        st.info(TOO_MANY, icon=":material/info:")
        return
    try:
        draw = drawing(asked)
    except NothingToCompareError as error:
        _instead(asked, str(error))
        return
    if asked.asked.view == "heatmap":
        _pick_shading(asked, len(_aims(asked, _heatmap_rows(asked)[0])))
    frame.show(lambda reader: draw(replace(asked, reader=reader)), asked.reader, asked.asked.view, heading=2)


def drawing(asked: Question) -> Drawing:
    """How the chosen view is drawn. Raises NothingToCompareError."""
    chosen = asked.reader.selection
    if chosen.period == LATEST:
        raise NothingToCompareError(f"{LATEST_NAME}的期间各不相同，不排名、不比较。")
    if asked.asked.view == "heatmap":
        return _heatmap(asked)
    stood = asked.standings(chosen.period)
    known = int((stood["state"] == "value").sum())
    if known < FEWEST:
        few = f"只有{known}个" if known else "没有一个"
        scene = asked.scene()
        raise NothingToCompareError(
            f"{scene.places}中{few}公布{format_period(chosen.period)}的{scene.subject}，无从比较。"
        )
    return VIEWS[asked.asked.view](asked, stood)


def _ranking(asked: Question, stood: pd.DataFrame) -> Drawing:
    chosen = asked.reader.selection
    whole, target = whole_of(asked.figures, chosen.breakdown, chosen.period), _target(asked)
    return lambda asked: rankings.ranking(stood, asked.scene(), whole=whole, target=target)


def _periods(asked: Question, stood: pd.DataFrame) -> Drawing:
    chosen, scene, other = asked.reader.selection, asked.scene(), asked.asked.period2
    if not other:
        raise NothingToCompareError(f"没有与{format_period(chosen.period)}长短相同的另一期间，不能作两期对比。")
    first, last = sorted([chosen.period, other])
    early, late = asked.standings(first), asked.standings(last)
    if (early["value"].notna() & late["value"].notna()).sum() == 0:
        raise NothingToCompareError(
            f"没有地区既公布了{format_period(first)}又公布了{format_period(last)}的{scene.subject}。"
        )
    reasons = _breaks(asked, early["period_end"].max(), late["period_end"].max())
    if reasons:
        raise NothingToCompareError(f"{format_period(first)}与{format_period(last)}之间口径有变，不可比：{reasons}")
    return lambda asked: rankings.two_periods(early, late, asked.scene(), period2=other)


def _breaks(asked: Question, early: pd.Timestamp, late: pd.Timestamp) -> str:
    """Why figures of two periods do not compare, or nothing."""
    chosen = asked.reader.selection
    breaks = queries.breaks(asked.reader.release, chosen.dataset, chosen.indicator)
    return "；".join(breaks.loc[(breaks["since"] > early) & (breaks["since"] <= late), "reason"])


def _scatter(asked: Question, stood: pd.DataFrame) -> Drawing:
    reader, chosen, other = asked.reader, asked.reader.selection, asked.asked.indicator2
    if not other:
        raise NothingToCompareError(f"{format_period(chosen.period)}没有第二项至少两地有数据的指标，画不出散点。")
    figures = queries.figures_of_indicator(reader.release, chosen.dataset, other)
    others = asked.standings(chosen.period, other)
    wholes = {
        "whole": whole_of(asked.figures, chosen.breakdown, chosen.period),
        "other_whole": whole_of(figures, "", chosen.period),
    }
    return lambda asked: scatters.two_indicators(stood, others, asked.scene(), asked.scene(other), **wholes)


def _funnel(asked: Question, stood: pd.DataFrame) -> Drawing:
    chosen, scene = asked.reader.selection, asked.scene()
    with_parts = stood[stood["denominator"].gt(0) & stood["numerator"].notna()]
    if not scene.rate:
        raise NothingToCompareError("漏斗图用来看比率的高低是否出于偶然；所选指标是数量，请另选比率类指标。")
    if len(with_parts) < FEWEST:
        raise NothingToCompareError(f"{PARTS_NOT_PUBLISHED}，算不出控制线，画不出漏斗图。")
    whole = whole_of(asked.figures, chosen.breakdown, chosen.period)
    parts = whole if whole is not None and whole["denominator"] > 0 else with_parts[["numerator", "denominator"]].sum()
    rate = 100 * parts["numerator"] / parts["denominator"]
    return lambda asked: scatters.funnel(stood, asked.scene(), rate=rate)


def _heatmap_rows(asked: Question) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The indicators of the heat map (rows of the catalogue), the figures, and which these are, in words."""
    reader, chosen, chapter = asked.reader, asked.reader.selection, asked.asked.chapter
    figures = queries.matrix_of_period(reader.release, chosen.dataset, chosen.level, chosen.period)
    totals = figures["value"].notna() & (figures["breakdown"] == "")
    known = figures[totals & figures["region_code"].isin(asked.places.index)]
    counts = known.groupby("indicator_id").size()
    catalogue = reader.choices.indicators
    scoped = catalogue["kind"].isin(["rate", "ratio"]) if not chapter else catalogue["chapter"] == int(chapter)
    rows = catalogue[scoped & catalogue.index.isin(counts.index[counts >= FEWEST])]
    scope = RATES if not chapter else f"“{catalogue.loc[scoped, 'chapter_short'].iloc[0]}”指标"
    return rows, figures, scope


def _heatmap(asked: Question) -> Drawing:
    if len(asked.places) > matrices.MOST_PLACES:
        raise NothingToCompareError(TOO_MANY)
    rows, figures, scope = _heatmap_rows(asked)
    if rows.empty:
        raise NothingToCompareError(
            f"{format_period(asked.reader.selection.period)}的{scope}中，"
            f"没有一项有两个以上{asked.scene().level_name}公布。"
        )
    aims, chosen = _aims(asked, rows), asked.reader.selection
    sources = queries.sources_of_period(asked.reader.release, chosen.dataset, chosen.level, chosen.period)
    against = asked.asked.by == "target" and len(aims) > 0
    cells = matrices.matrix_cells(figures, rows.loc[aims.index] if against else rows, asked.places, sources)
    shaded = matrices.by_rank
    if against:
        shaded, cells = matrices.by_target, cells.join(aims, on="indicator_id")
    return lambda asked: shaded(cells, asked.scene(), scope=scope)


def _aims(asked: Question, rows: pd.DataFrame) -> pd.DataFrame:
    """The whole region's targets of those indicators in `rows` that have a direction: target, target_period by id."""
    targets, period = queries.targets(asked.reader.release), asked.reader.selection.period
    found = {
        indicator: target_for(targets, REGION_ROOT, indicator, period)
        for indicator in rows.index[rows["direction"] != "neutral"]
    }
    aims = {indicator: [aim["value"], aim["period"]] for indicator, aim in found.items() if aim is not None}
    return pd.DataFrame.from_dict(aims, orient="index", columns=["target", "target_period"])


def _pick_shading(asked: Question, aimed: int) -> None:
    """By rank or by distance to the target, where there are targets."""
    if not aimed:
        return
    st.session_state["compare_by"] = asked.asked.by
    st.segmented_control(
        "颜色",
        list(SHADING_NAMES),
        format_func=lambda by: SHADING_NAMES[by] + (f"（{aimed}项有目标）" if by == "target" else ""),
        key="compare_by",
        on_change=_set,
        args=(asked.reader, "by"),
    )


VIEWS = {"ranking": _ranking, "periods": _periods, "scatter": _scatter, "funnel": _funnel}


def _target(asked: Question) -> pd.Series | None:
    """The whole region's target, for totals alone: a breakdown has none."""
    chosen = asked.reader.selection
    if chosen.breakdown:
        return None
    return target_for(queries.targets(asked.reader.release), REGION_ROOT, chosen.indicator, chosen.period)


# ---- where nothing compares ----


def _instead(asked: Question, reason: str) -> None:
    """Why there is no chart, each place's newest figure with its period and source, and what would compare."""
    scene = asked.scene()
    st.info(plain(reason), icon=":material/info:")
    newest = asked.standings(LATEST)
    known = newest[newest["state"] == "value"]
    st.markdown(f"## {plain(f'{scene.places}中有{len(known)}个公布过{scene.subject}')}")
    if len(known):
        st.caption("各取最近一期，按区划顺序排列，不是名次。")
        columns = {"name": "地区", "text": "数值", "period_text": "期间", "source_title": "来源", "note": "说明"}
        st.dataframe(
            known[list(columns)].rename(columns=columns),
            hide_index=True,
            alt=f"{scene.places}的{scene.subject}，各取最近一期",
        )
    if missing := missing_line(newest):
        st.caption(plain(missing))
    _suggest(asked)


def _suggest(asked: Question) -> None:
    """Buttons to what several places published for one period."""
    reader, chosen = asked.reader, asked.reader.selection
    found = comparable_figures(reader.choices, chosen.dataset, chosen.indicator, chosen.level)[:SUGGESTED]
    if not found:
        st.caption("本数据集没有任何一项指标有两个以上地区公布同一期间的数。")
        return
    st.markdown("**同一期间有多个地区公布、可以对比的数据**")
    names = reader.choices.indicators["name"]
    with st.container(gap=None):
        for indicator, breakdown, level, period, places in found:
            part = f"（{breakdown}）" if breakdown else ""
            words = f"{names[indicator]}{part} · {format_period(period)} · {places}个{LEVEL_NAMES[level]}"
            st.button(
                plain(words),
                key=f"compare_{indicator}_{breakdown}_{level}",
                type="tertiary",
                icon=":material/arrow_forward:",
                on_click=_follow,
                args=(reader, {"indicator": indicator, "breakdown": breakdown, "level": level, "period": period}),
            )


def _follow(reader: Reader, changes: dict[str, str]) -> None:
    """To a suggestion, in the view that needs the fewest figures."""
    reader.change(**changes)
    selection.change_comparison(reader.choices, view="ranking")


def comparable_figures(
    choices: Choices, dataset: str, indicator: str, level: str
) -> list[tuple[str, str, str, str, int]]:
    """What at least two regions of a level published for one period: (indicator, breakdown, level, period, regions).

    For each breakdown and level the period of most regions; first the chosen indicator, then the chosen level, then
    by the number of regions.
    """
    found = []
    for (of_dataset, name), breakdowns in choices.covered.items():
        if of_dataset != dataset:
            continue
        for breakdown, covered in breakdowns.items():
            for of_level, counts in covered.regions.items():
                best = max(covered.periods, key=lambda period: counts.get(period, 0), default="")
                if of_level in selection.LEVELS and counts.get(best, 0) >= FEWEST:
                    found.append((name, breakdown, of_level, best, counts[best]))
    return sorted(found, key=lambda row: (row[0] != indicator, row[2] != level, -row[4]))
