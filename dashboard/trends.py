"""One indicator through time: what a line may join, how fast it changes, and whether its target is met."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import nan
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import narrative, selection, slices
from dashboard.charts.anatomy import Scene, change_words
from dashboard.charts.trends import Aim, Fit, Point
from dashboard.compare import case_unit
from dashboard.frame import Reader, plain, tell
from dashboard.selection import REGION_ROOT, Choices
from dashboard.statistics import SMALL_BASE, STATUS_WORDS, growth, status, target_for, wilson_interval
from dashboard.theme import (
    LEVEL_NAMES,
    NOT_PUBLISHED,
    STATE_NAMES,
    cited,
    format_difference,
    format_period,
    format_value,
)

STEPS = {"year": "年度", "quarter": "季度"}
PATTERNS = {"year": r"\d{4}", "quarter": r"\d{4}Q[1-4]"}
FIELDS = [
    *("region_code", "region", "period", "period_start", "period_end", "period_months", "value", "unit", "qualifier"),
    *("numerator", "denominator", "source_title", "note"),
]
PROJECTIONS = ("off", "on")
POINTS_NEEDED = 5  # of one definition, before a direction or a projection is spoken of (Fingertips has the same rule)
SIGNIFICANT = 0.05
NOTEWORTHY = 0.1  # percentage points between a published and a computed growth rate
TOO_FEW = "基数过小，不计算"
SUGGESTED = 6
ROWS_SHOWN = 12
DIFFERENCES = ("rate", "ratio", "duration")  # kinds whose change is a difference, not a growth rate
NO_DIRECTION = "无显著上升或下降趋势"
NUMERALS = "零一两三四五六七八九"
WORDS = {"higher_better": ("改善", "变差"), "lower_better": ("变差", "改善"), "neutral": ("", "")}


def series(
    figures: pd.DataFrame, indicator: pd.Series, breakdown: str, step: str, breaks: pd.DataFrame, case_unit: str = ""
) -> list[Point]:
    """The figures with a value of one breakdown, by region and time, and which of them a line may join.

    `figures`: `queries.figures_of_indicator`; `breaks`: `queries.breaks`; `case_unit`: what cases are counted in.
    Figures of the other step are left out.
    """
    cut = figures.loc[(figures["breakdown"] == breakdown) & figures["value"].notna(), FIELDS]
    cut = cut.sort_values(["region_code", "period_end", "period_months"], kind="stable")
    rate, since = indicator["kind"] in ("rate", "ratio"), breaks["since"].tolist()
    ends = wilson_interval(cut["numerator"], cut["denominator"])
    cases = slices.cases(cut, case_unit)
    points: list[Point] = []
    line: tuple[str, float, int] | None = None  # where it is now: region, era, month in which its last period ends
    run = 0
    for row, low, high, of in zip(cut.itertuples(index=False), ends["low"], ends["high"], cases, strict=True):
        known_as = next((name for name, pattern in PATTERNS.items() if re.fullmatch(pattern, row.period)), "")
        if known_as not in (step, ""):
            continue
        era = (bisect_right(since, row.period_start) + bisect_right(since, row.period_end)) / 2
        if known_as:
            month = row.period_end.year * 12 + row.period_end.month
            if line != (row.region_code, era, month - row.period_months):
                run += 1
            line = row.region_code, era, month
        points.append(
            Point(
                region_code=row.region_code,
                region=row.region,
                period=row.period,
                period_start=row.period_start,
                period_end=row.period_end,
                period_months=row.period_months,
                value=row.value,
                unit=row.unit,
                qualifier=row.qualifier,
                denominator=row.denominator,
                source_title=row.source_title,
                text=format_value(row.value, row.unit, row.qualifier),
                period_text=slices.period_words(row.period, row.note),
                cases=of if rate else "",
                middle=_middle(row.period_start, row.period_end),
                regular=bool(known_as),
                era=era,
                run=run if known_as else None,
                small=rate and row.denominator < SMALL_BASE,
                low=low if rate else nan,
                high=high if rate else nan,
            )
        )
    return points


@lru_cache(maxsize=256)
def _middle(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """The day in the middle of a period."""
    return f"{start + (end - start) / 2:%Y-%m-%d}"


def gaps(figures: pd.DataFrame, region_code: str, breakdown: str) -> dict[int, str]:
    """The years between the first and the last figure of a region in which no period has a value: year -> 未公布 or
    another state.
    """
    of = figures.loc[
        (figures["region_code"] == region_code) & (figures["breakdown"] == breakdown),
        ["period", "period_start", "period_end", "value", "status"],
    ]
    covered: set[int] = set()
    said: dict[str, str] = {}
    for row in of.itertuples():
        if pd.isna(row.value):
            said[row.period] = row.status
        else:
            covered.update(range(row.period_start.year, row.period_end.year + 1))
    return {
        year: STATE_NAMES.get(said.get(str(year), ""), NOT_PUBLISHED)
        for year in range(min(covered, default=0), max(covered, default=0))
        if year not in covered
    }


def comparable_run(points: Sequence[Point]) -> list[Point]:
    """The regular figures of one region that share the newest definition; years may be missing between them."""
    newest = max((point.era for point in points if point.regular), default=0.0)
    return [point for point in points if point.regular and point.era == newest]


@dataclass(frozen=True)
class Direction:
    """What the test of direction says: `word` (上升, 下降, or empty: neither, or too few points), the same as a
    `sentence` for people, that and how it was found as a footnote (`method`), and whether the last two years or more
    went against the word (`turned`).
    """

    word: str
    sentence: str
    method: str = ""
    turned: bool = False


def direction(points: Sequence[Point], polarity: str) -> Direction:
    """Whether a series of one region rises or falls: the Mann-Kendall test on the years of the newest definition.

    Kendall's τ between time and value, two-sided, at 5 %. Source: H. B. Mann, Nonparametric tests against trend,
    Econometrica 13 (1945), 245-259. `points`: annual `series` of one region. Fewer than five points are not judged.
    What the last years did is said beside it where it is another way.
    """
    run = comparable_run(points)
    if len(run) < POINTS_NEEDED:
        return Direction("", f"数据点不足，不判断趋势（至少需要{POINTS_NEEDED}个口径一致的年度数据，现有{len(run)}个）")
    span = f"{run[0].period}—{run[-1].period}年"
    values = [point.value for point in run]
    if len(set(values)) == 1:
        return Direction("", f"{span}数值相同，没有变化")
    tau, p = _kendall(tuple(point.period_end.year for point in run), tuple(values))
    found = ("总体呈上升趋势" if tau > 0 else "总体呈下降趋势") if p < SIGNIFICANT else NO_DIRECTION
    method = f"{len(run)}个年度数据经统计检验，{found}（方法见使用说明）"
    way, years = last_steps(run)
    lately = f"{_named(years)}{_in_a_row(years)}{way}"
    if p >= SIGNIFICANT:
        return Direction("", f"{span}{NO_DIRECTION}" + (f"；{lately}" if len(years) > 1 else ""), method)
    word, meaning = ("上升", WORDS[polarity][0]) if tau > 0 else ("下降", WORDS[polarity][1])
    if years and way != word:
        sentence = f"{span}总体呈{word}趋势，但{lately}"
    else:
        sentence = f"{span}呈{word}趋势{f'，{meaning}' if meaning else ''}"
    return Direction(word, sentence, method, turned=way != word and len(years) > 1)


def _named(years: Sequence[int]) -> str:
    """2025年; 2024年、2025年; 2023—2025年, of years that follow each other."""
    return "、".join(f"{year}年" for year in years) if len(years) <= 2 else f"{years[0]}—{years[-1]}年"


def _in_a_row(years: Sequence[int]) -> str:
    """连续两年; empty for one."""
    count = len(years)
    return f"连续{NUMERALS[count] if count < len(NUMERALS) else count}年" if count > 1 else ""


@lru_cache(maxsize=1024)
def _kendall(years: tuple[int, ...], values: tuple[float, ...]) -> tuple[float, float]:
    """Kendall's τ, and its two-sided p."""
    # scipy.stats takes two seconds to import, and the first page needs this module for its changes only.
    from scipy.stats import kendalltau

    tau, p = kendalltau(years, values)
    return float(tau), float(p)


def last_steps(run: Sequence[Point]) -> tuple[str, list[int]]:
    """Which way the newest figures went, 上升 or 下降, and the years, oldest first, that went it one after another.

    `run`: `comparable_run`. Empty where the newest year is as the one before, or that one has no figure.
    """
    values = {point.period_end.year: point.value for point in run}
    year = max(values)
    first = np.sign(values[year] - values.get(year - 1, values[year]))
    years: list[int] = []
    while first and year - 1 in values and np.sign(values[year] - values[year - 1]) == first:
        years.insert(0, year)
        year -= 1
    return ("上升" if first > 0 else "下降" if first < 0 else ""), years


def projection(points: Sequence[Point], target: pd.Series | None, polarity: str) -> tuple[Fit | None, str]:
    """The straight line (least squares) through the years of the newest definition, drawn on to the year of the target.

    Only where the test finds a direction that the last years did not leave: a line through figures without one says
    nothing. Nor where the line would leave what is possible (above 100 %, below 0). A target whose year has
    passed without being met still stands: then the line runs one year beyond the last figure.
    Returns the line, or None and the reason in Chinese why there is none. `points`: annual `series` of one region.
    """
    run = comparable_run(points)
    if target is None:
        return None, "没有目标，不作外推"
    if len(run) < POINTS_NEEDED:
        return None, f"不足{POINTS_NEEDED}个口径一致的年度数据，不作外推"
    last = run[-1]
    found = direction(points, polarity)
    if not found.word:
        return None, "没有显著趋势，不作外推"
    if found.turned:
        return None, f"近年连续{last_steps(run)[0]}，与总趋势相反，不作外推"
    if polarity == "neutral" or status(last.value, target["value"], polarity, 0) == "reached":
        return None, "目标已达到，不作外推"
    years = [point.period_end.year for point in run]
    until = max(int(target["period"]), years[-1] + 1)
    slope, at_zero = np.polyfit(years, [point.value for point in run], deg=1)
    drawn = np.arange(years[0], until + 1)
    values = at_zero + slope * drawn
    if last.unit == "%" and values.max() > 100:
        return None, "接近上限，直线外推不适用"
    if values.min() < 0:
        return None, "接近下限，直线外推不适用"
    return Fit(drawn.tolist(), values.tolist(), float(slope), last.unit), ""


def changes(points: Sequence[Point], published: pd.DataFrame, indicator: pd.Series) -> pd.DataFrame:
    """Computed and published growth over the same period of the year before, newest first, with Chinese headers.

    `points`: `series` of one region; `published`: `queries.growth` of the same region and breakdown. What cannot be
    computed says why; percentages differ by 个百分点. Columns 期间, 数值, 计算同比, 公布同比, 来源 (of the published
    rate), 说明.
    """
    known = {point.period: point for point in points}
    said: dict[str, Any] = {}
    for row in published.itertuples():
        said.setdefault(row.period, row)
    ends = {period: found.period_end for period, found in {**said, **known}.items()}
    order = sorted(dict.fromkeys([*known, *said]), key=ends.__getitem__, reverse=True)
    rows = []
    for period in order:
        point, printed, base = known.get(period), said.get(period), known.get(year_before(period))
        percent = None
        if point is None:
            computed = "本期数未公布"
        elif point.period_months > 12:
            computed = "跨年累计，不算同比"
        elif base is None:
            computed = "无上年同期数据"
        else:
            computed, percent = change(point, base, indicator["kind"], broken=base.era != point.era)
        rows.append(
            {
                "期间": format_period(period),
                "数值": NOT_PUBLISHED if point is None else point.text,
                "计算同比": computed,
                "公布同比": NOT_PUBLISHED if printed is None else _percent(printed.value),
                "来源": "" if printed is None else printed.source_title,
                "说明": "" if printed is None else _disagreement(percent, printed.value),
            }
        )
    return pd.DataFrame(rows, columns=["期间", "数值", "计算同比", "公布同比", "来源", "说明"])


def change(point: Any, base: Any, kind: str, broken: bool) -> tuple[str, float | None]:
    """The change from `base` to `point` in words, or why there is none; for a growth rate also its percentage.

    Both have value, unit, qualifier, denominator; `kind` of the indicator; `broken`: a change of definition between.
    """
    if broken:
        return "口径变化，不可比", None
    about = "约" if point.qualifier or base.qualifier else ""
    if kind in DIFFERENCES:
        if kind != "duration" and (point.denominator < SMALL_BASE or base.denominator < SMALL_BASE):
            return TOO_FEW, None
        return about + change_words(point.value - base.value, point.unit), None
    percent = growth(point.value, base.value)
    return (TOO_FEW, None) if percent is None else (about + _percent(percent), percent)


def _disagreement(percent: float | None, printed: float) -> str:
    if percent is None or abs(percent - printed) <= NOTEWORTHY:
        return ""
    return f"与计算同比相差{format_difference(round(percent - printed, 2), '%')}"


def year_before(period: str) -> str:
    """The label of the same period one year earlier."""
    return re.sub(r"\d{4}", lambda year: str(int(year[0]) - 1), period)


def _percent(growth_rate: float) -> str:
    """A growth rate with its sign: +56.96%."""
    rounded = round(growth_rate, 2)
    return f"{'+' if rounded > 0 else '−'}{format_value(abs(rounded), '%')}" if rounded else "持平"


# ---- on the page ----


def scene(reader: Reader, who: str) -> Scene:
    """What the charts of this page are told beside the figures. `who`: the places drawn, in words."""
    chosen, indicator = reader.selection, reader.indicator
    return Scene(
        indicator=indicator,
        dataset=chosen.dataset,
        places=who,
        level_name=LEVEL_NAMES["league"],
        breakdown=chosen.breakdown,
        period=chosen.period,
        release_id=reader.release.id,
        case_unit=case_unit(indicator, reader.choices.indicators),
        highlighted=chosen.region,
        dark=reader.dark,
    )


def places(reader: Reader) -> dict[str, str]:
    """The places whose lines are drawn together, code -> short name: the chosen one, the whole region, its league.

    A count of a place and the sum over all places have no common axis: of counts only the chosen place is drawn.
    """
    regions, chosen = reader.choices.regions, reader.selection.region
    codes = [chosen]
    if reader.indicator["kind"] in DIFFERENCES and chosen != REGION_ROOT:
        codes += [REGION_ROOT] + ([regions["parent"][chosen]] if regions["level"][chosen] == "banner" else [])
    return {code: "全区" if code == REGION_ROOT else regions["short_name"][code] for code in codes}


def leagues(choices: Choices) -> dict[str, str]:
    """All leagues, code -> short name."""
    regions = choices.regions
    return regions.loc[regions["level"] == "league", "short_name"].to_dict()


def target_of(
    targets: pd.DataFrame, region_code: str, indicator: pd.Series, period: str
) -> tuple[pd.Series | None, str]:
    """The target that a figure of `period` is held against, and whose it is: empty for the region's own, or 全区.

    A rate of a place without a target of its own is held against that of the whole region, and says so; a count is not.
    """
    own = target_for(targets, region_code, str(indicator.name), period)
    if own is not None or indicator["kind"] not in ("rate", "ratio"):
        return own, ""
    return target_for(targets, REGION_ROOT, str(indicator.name), period), "全区"


def statement(mine: Sequence[Point], indicator: pd.Series, breakdown: str, target: pd.Series | None, whose: str) -> str:
    """The title: from the first to the newest comparable figure, whether the last years went another way, and how that
    stands to the target.

    `mine`: `series` of one place, not empty.
    """
    run = comparable_run(mine) or mine[-1:]
    first, last = run[0], run[-1]
    subject = f"{last.region}{indicator['name']}" + (f"（{breakdown}）" if breakdown else "")
    newest = last.text + (f"（{last.cases}）" if last.cases else "")
    if len(run) == 1:
        sentence = f"{last.period_text}{subject}{newest}"
    else:
        since = "口径变化后，" if last.era > min(point.era for point in mine) else ""
        move = "升至" if last.value > first.value else "降至" if last.value < first.value else ""
        way = f"{move}{last.period_text}的{newest}" if move else f"到{last.period_text}的{newest}，持平"
        sentence = f"{since}{subject}由{first.period_text}的{first.text}{way}{_turn(run, move)}"
    if target is None or not last.regular:
        return sentence
    phrase = narrative.target_phrase(last._asdict(), target, indicator, whose).split(" · ")
    return f"{sentence}，{'已达到' if phrase[0] == STATUS_WORDS['reached'] else ''}{phrase[-1]}"


def _turn(run: Sequence[Point], move: str) -> str:
    """That the last years, two or more, went another way than from first to newest (`move`: 升至); else empty."""
    if not re.fullmatch(PATTERNS["year"], run[-1].period):
        return ""
    way, years = last_steps(run)
    return f"，但已{_in_a_row(years)}{way}" if len(years) > 1 and way[-1] != move[:1] else ""


def aim_of(points: Sequence[Point], target: pd.Series | None, whose: str) -> Aim | None:
    """The target to draw. `points`: annual `series` of one place."""
    if target is None:
        return None
    unit = points[-1].unit if points else "%"
    text = f"{whose}{format_period(target['period'])}目标{format_value(target['value'], unit)}"
    return Aim(
        int(target["period"]), float(target["value"]), text, target["period"] not in [point.period for point in points]
    )


def _quarters(reader: Reader) -> bool:
    """Whether there are figures by quarter."""
    chosen = reader.selection
    periods = reader.choices.of(chosen.dataset, chosen.indicator, chosen.breakdown).periods
    return any(re.fullmatch(PATTERNS["quarter"], period) for period in periods)


def step_of(reader: Reader) -> str:
    """What the address asks for, a key of STEPS; years where no quarter was published."""
    step, notices = selection.own("step", list(STEPS))
    selection.tell(notices)
    return step if _quarters(reader) else "year"


def choose_step(reader: Reader) -> None:
    """年度 or 季度, kept in the address; nothing to choose where no quarter was published."""
    known = list(STEPS)
    step, notices = selection.own("step", known)
    tell(notices)
    if not _quarters(reader):
        return
    st.session_state["choose_step"] = step

    def write() -> None:
        selection.change_own("step", st.session_state["choose_step"] or step, known)

    st.segmented_control(
        "期间长度",
        known,
        format_func=STEPS.__getitem__,
        key="choose_step",
        on_change=write,
        label_visibility="collapsed",
    )


def choose_projection(fit: Fit | None, why_not: str) -> Fit | None:
    """The projection if the reader asked for it; the switch is off by default, and says why where there is none."""
    state, _ = selection.own("projection", PROJECTIONS)
    st.session_state["choose_projection"] = state == "on" and fit is not None

    def write() -> None:
        selection.change_own("projection", PROJECTIONS[st.session_state["choose_projection"]], PROJECTIONS)

    wanted = st.toggle(
        f"外推到{fit.years[-1]}年（简单外推，非预测）" if fit else f"外推（{why_not}）",
        key="choose_projection",
        on_change=write,
        disabled=fit is None,
        help="沿口径一致的年度数据作一条直线（最小二乘），只说明“照此速度”，不是预测。",
    )
    return fit if wanted else None


def findings(found: Direction, table: pd.DataFrame, place: str) -> None:
    """Beside the chart: what the test says, and the published growth rates, if any, beside the computed ones.

    `table`: `changes`.
    """
    st.markdown("### 变化")
    st.markdown(plain(f"{found.sentence}。"))
    printed = table[table["公布同比"] != NOT_PUBLISHED]
    shown = ["期间", "数值", "计算同比", *(["公布同比"] if len(printed) else [])]
    st.dataframe(
        table[shown],
        hide_index=True,
        height="content" if len(table) <= ROWS_SHOWN else 36 * ROWS_SHOWN,
        alt=f"{place}{'、'.join(shown)}",
    )
    notes = [
        *([found.method + "。"] if found.method else []),
        f"计算同比由本页两期数值算出（来源见图下），比率的变化以百分点计，上年同期不足{SMALL_BASE}件的不算。",
        *[
            f"{row.期间}公布同比来源：{cited(row.来源)}" + (f"，{row.说明}" if row.说明 else "")
            for row in printed.itertuples()
        ],
    ]
    st.caption("  \n".join(plain(note) for note in notes))


def nothing(reader: Reader, figures: pd.DataFrame) -> None:
    """What the chosen place has instead of the figures asked for: their parts, and its longest series, to turn to.

    `figures`: `queries.figures_of_region`.
    """
    chosen, name = reader.selection, reader.choices.regions["name"][reader.selection.region]
    own = figures["indicator_id"] == chosen.indicator
    parts = [] if chosen.breakdown else slices.only_parts(figures[own])
    if parts:
        st.info(plain(f"{name}{parts_words(reader.indicator['name'], parts)}。"), icon=":material/info:")
        offer_parts(reader, parts)
    else:
        part = f"（{chosen.breakdown}）" if chosen.breakdown else ""
        st.info(plain(f"{name}{NOT_PUBLISHED}{reader.indicator['name']}{part}。"), icon=":material/info:")
    others = figures[~own] if parts else figures
    years = others[others["value"].notna() & others["period"].str.fullmatch(PATTERNS["year"])]
    if years.empty:
        return
    lengths = years.groupby(["indicator_id", "breakdown"], sort=False)["period"].nunique().reset_index(name="years")
    own_first = lengths.assign(own=lengths["indicator_id"] == chosen.indicator)
    longest = own_first.sort_values(["own", "years"], ascending=False, kind="stable").head(SUGGESTED)
    names = reader.choices.indicators["name"]
    st.caption("本地区公布过的年度数据：")
    with st.container(horizontal=True):
        for row in longest.itertuples():
            part = f"（{row.breakdown}）" if row.breakdown else ""
            st.button(
                plain(f"{names[row.indicator_id]}{part} · {row.years}年"),
                key=f"to_{row.indicator_id}_{row.breakdown}",
                on_click=reader.change,
                kwargs={"indicator": row.indicator_id, "breakdown": row.breakdown},
            )


def parts_words(indicator: str, parts: Sequence[str]) -> str:
    """What a place published of an indicator of which it published no total: 只公布……的分项（政府会议），未公布合计."""
    named = "、".join(parts[:SUGGESTED]) + ("等" if len(parts) > SUGGESTED else "")
    return f"只公布{indicator}的分项（{named}），{NOT_PUBLISHED}合计"


def offer_parts(reader: Reader, parts: Sequence[str]) -> None:
    """Buttons that choose one of the breakdowns `parts`."""
    with st.container(horizontal=True):
        for part in parts[:SUGGESTED]:
            st.button(
                plain(f"看分项“{part}”"), key=f"to_part_{part}", on_click=reader.change, kwargs={"breakdown": part}
            )
