"""Short, correct Chinese sentences made from data; a sentence never says a cause.

`attention` decides what the first page points at; which rules there are, how much they weigh, from where on they speak
and what they say is data: data/catalogue/attention.toml. Nothing here queries or draws.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from dashboard.compare import case_unit
from dashboard.statistics import SMALL_BASE_WORDS, STATUS_WORDS, gap_in_cases, small_base, status, target_for
from dashboard.theme import LEVEL_NAMES, format_difference, format_period, format_value

WHOLE = "全区"
RATES = ("rate", "ratio")
YEARS = 3  # values of two changes in a row
NAMED = 3  # places or indicators named in one sentence
# What a name says of how its things are counted. 案件, 文件, 事项, 用户 are the things themselves; 备案, 办案 are not.
MEASURE = re.compile(r"(?:(?:(?<![文事收]|(?<![备办])案)件|(?<!事)项|(?<!用)户|人|家|卷|部|条|次|通)?数|[场人]次)$")


def target_phrase(figure: pd.Series | dict[str, Any], target: pd.Series, indicator: pd.Series, whose: str = "") -> str:
    """How a figure stands to its target, the target's year named: ▲ 接近 · 距2024年目标100%差0.26个百分点.

    `figure`: value, unit, period; `target`: a row of `queries.targets`; `indicator`: a row of `queries.indicators`;
    `whose`: 全区 where a place is held against the target of the whole region.
    """
    aim = aim_words(target, figure["unit"], whose)
    mark = status(figure["value"], target["value"], indicator["direction"], indicator["near"])
    gap = format_difference(figure["value"] - target["value"], figure["unit"])
    if mark is None:
        return aim
    return f"{STATUS_WORDS[mark]} · {aim}" if mark == "reached" else f"{STATUS_WORDS[mark]} · 距{aim}差{gap}"


def aim_words(target: pd.Series, unit: str, whose: str = "") -> str:
    """A target with its year: 全区2024年目标100%."""
    return f"{whose}{format_period(target['period'])}目标{format_value(target['value'], unit)}"


def figure_sentence(figure: pd.Series, target: pd.Series | None, indicator: pd.Series) -> str:
    """One figure as a sentence: 2023年内蒙古自治区行政机关负责人出庭应诉率99.74%，距2024年目标100%差0.26个百分点."""
    part = f"（{figure['breakdown']}）" if figure["breakdown"] else ""
    text = format_value(figure["value"], figure["unit"], figure["qualifier"])
    sentence = f"{format_period(figure['period'])}{figure['region']}{indicator['name']}{part}{text}"
    if target is None or figure["breakdown"]:
        return sentence
    return f"{sentence}，{target_phrase(figure, target, indicator).split(' · ')[-1]}"


def counted(name: str) -> str:
    """The name of an indicator as it stands before its figure, which has the measure word: 办理公证 of 办理公证件数."""
    return MEASURE.sub("", name)


# ---- what needs attention ----


@dataclass(frozen=True)
class Facts:
    """What the rules look at, of one dataset.

    `indicators`, `targets`: as `queries` gives them; `watched`: the indicators of the cards, in their order.
    `totals`: `queries.annual_totals`; `whole`: `queries.figures_of_region` of the whole region.
    `breaks`: `queries.breaks_of_dataset`; `checks`: `queries.checks`, the heaviest first.
    `progress`: period -> `quality.progress_of`, for periods that are owed; empty where nobody owes figures.
    `changes`: of the whole region's newest figures with one for the year before: indicator_id, period, value (text),
    change (in words), moved (float64; percent, of rates percentage points).
    `publishers`: the leagues that have ever published the first headline indicator; `leagues`: all of them.
    """

    indicators: pd.DataFrame
    watched: list[str]
    root: str
    targets: pd.DataFrame
    totals: pd.DataFrame
    whole: pd.DataFrame
    breaks: pd.DataFrame
    checks: pd.DataFrame
    progress: Mapping[str, pd.DataFrame]
    changes: pd.DataFrame
    publishers: list[str]
    leagues: list[str]
    data_until: date

    def of_level(self, level: str, indicator_id: str, period: str) -> pd.DataFrame:
        """The totals of one level, indicator and year; rates on a small base left out."""
        cut = self.totals[
            (self.totals["level"] == level)
            & (self.totals["indicator_id"] == indicator_id)
            & (self.totals["period"] == period)
        ]
        return cut[~small_base(cut["denominator"])]


@dataclass(frozen=True)
class Attention:
    """One sentence, and where its figures are to be seen: a page (pages/<page>.py) and parameters of its address."""

    rule: str
    text: str
    page: str
    icon: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Finding:
    """What a rule found: its `size` among others of the rule, what fills the sentence, and the address.

    `indicator_id` empty: about no single indicator; `variant`: the key of the sentence; `once`: left out where a
    weightier rule has spoken of the indicator.
    """

    size: tuple[float, ...]
    words: dict[str, Any]
    parameters: dict[str, str]
    indicator_id: str = ""
    variant: str = "text"
    once: bool = False


def attention(facts: Facts, rules: Mapping[str, Any]) -> list[Attention]:
    """The sentences of the first page, the weightiest first; at most `rules["most"]`."""
    chosen: list[Attention] = []
    spoken: set[str] = set()
    kinds = [name for name in rules if isinstance(rules[name], dict)]
    for name in sorted(kinds, key=lambda kind: -rules[kind]["weight"]):
        rule = rules[name]
        found = sorted(RULES[name](facts, rule), key=lambda finding: finding.size, reverse=True)
        fresh = [finding for finding in found if not (finding.once and finding.indicator_id in spoken)]
        for finding in fresh[: rule["limit"]]:
            spoken.add(finding.indicator_id)
            text = rule[finding.variant].format(**finding.words)
            chosen.append(Attention(name, text, rule["page"], rule["icon"], finding.parameters))
    return chosen[: rules["most"]]


def _below_target(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """Leagues that miss the target of the whole region by more than what still reads as 接近."""
    for indicator_id, of in facts.targets[facts.targets["region_code"] == facts.root].groupby("indicator_id"):
        indicator = facts.indicators.loc[indicator_id]
        own = _newest_year(facts, str(indicator_id))
        target = None if own is None else target_for(of, facts.root, str(indicator_id), own["period"])
        if own is None or target is None or indicator["direction"] == "neutral":
            continue
        places = facts.of_level("league", str(indicator_id), own["period"])
        marks = [status(v, target["value"], indicator["direction"], indicator["near"]) for v in places["value"]]
        below = places[[mark == "below" for mark in marks]]
        if below.empty:
            continue
        worst = _ends(below, indicator["direction"])[1]
        cases = gap_in_cases(worst["numerator"], worst["denominator"], target["value"], indicator["direction"])
        counted = case_unit(indicator, facts.indicators)
        parts = ""
        if cases is not None:
            parts = f"（{worst['numerator']:.0f}/{worst['denominator']:.0f}{counted}，差{cases}{counted}）"
        yield Finding(
            (len(below), cases or 0),
            {
                "period": format_period(own["period"]),
                "places": len(places),
                "absent": _absent(facts, str(indicator_id), own["period"], places),
                "count": len(below),
                "indicator": indicator["name"],
                "aim": aim_words(target, worst["unit"], WHOLE),
                "near": format_difference(indicator["near"], worst["unit"]),
                "end": "最低" if indicator["direction"] == "higher_better" else "最高",
                "place": worst["region"],
                "value": _text(worst) + parts,
            },
            {"indicator": str(indicator_id), "period": own["period"], "level": "league"},
            str(indicator_id),
        )


def _falling(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """What got worse in two whole years running, up to the newest year: of the whole region, and rates of leagues."""
    if facts.totals.empty:
        return
    newest = int(facts.totals["period"].max())
    years = [str(year) for year in range(newest - YEARS + 1, newest + 1)]
    key = ["region_code", "indicator_id"]
    of = facts.totals[facts.totals["indicator_id"].isin(facts.watched) & facts.totals["period"].isin(years)]
    solid = of[~small_base(of["denominator"])]
    values = solid.pivot(index=key, columns="period", values="value").reindex(columns=years).dropna()
    ids = values.index.get_level_values("indicator_id")
    kinds, directions = facts.indicators["kind"].loc[ids], facts.indicators["direction"].loc[ids].to_numpy()
    rate, whole = kinds.isin(RATES).to_numpy(), values.index.get_level_values("region_code") == facts.root
    steps = values.diff(axis="columns").iloc[:, 1:]
    down = (steps < 0).all(axis="columns").to_numpy() & (directions == "higher_better")
    up = (steps > 0).all(axis="columns").to_numpy() & (directions == "lower_better")
    change = (values.iloc[:, -1] - values.iloc[:, 0]).abs().to_numpy()
    enough = change >= np.where(rate, rule["least"], rule["least_share"] / 100 * values.iloc[:, 0].abs())
    for place in np.flatnonzero((down | up) & enough & (rate | whole)):
        region_code, indicator_id = values.index[place]
        if _broken(facts, indicator_id, years):
            continue
        rows = of[(of["region_code"] == region_code) & (of["indicator_id"] == indicator_id)]
        yield Finding(
            (bool(whole[place]), bool(rate[place]), float(change[place])),
            {
                "subject": _whose(rows.iloc[-1], facts) + facts.indicators["name"][indicator_id],
                "word": "下降" if down[place] else "上升",
                "values": "、".join(f"{format_period(row.period)}{_text(row)}" for row in rows.itertuples()),
            },
            {"indicator": indicator_id, "region": region_code},
            indicator_id,
            once=not whole[place],
        )


def _gap(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """Rates of leagues far apart in the newest year that enough of them have a figure for."""
    leagues = facts.totals[facts.totals["level"] == "league"]
    for indicator_id in facts.watched:
        indicator = facts.indicators.loc[indicator_id]
        if indicator["kind"] not in RATES:
            continue
        counts = leagues.loc[leagues["indicator_id"] == indicator_id, "period"].value_counts()
        enough = counts[counts >= rule["places"]]
        if enough.empty:
            continue
        period = str(enough.index.max())
        places = facts.of_level("league", indicator_id, period)
        if len(places) < rule["places"]:
            continue
        best, worst = _ends(places, indicator["direction"])
        spread = abs(best["value"] - worst["value"])
        if spread < rule["least"]:
            continue
        neutral = indicator["direction"] == "neutral"
        first, last = ("偏高", "偏低") if neutral else ("最高", "最低")
        if indicator["direction"] == "lower_better":
            best, worst = worst, best
        yield Finding(
            (spread,),
            {
                "period": format_period(period),
                "indicator": indicator["name"],
                "gap": format_difference(spread, worst["unit"]),
                "high": f"{_holders(places, best['value'])}{first}，{_text(best)}",
                "low": f"{_holders(places, worst['value'])}{last}，{_text(worst)}",
                "remark": "（高低不表示好坏）" if neutral else "",
            },
            {"indicator": indicator_id, "period": period, "level": "league"},
            indicator_id,
            once=True,
        )


def _late(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """Figures that are owed after their day, of the period that lacks most."""
    for period, progress in facts.progress.items():
        behind = progress[progress["state"] == "overdue"]
        if behind.empty:
            continue
        leagues = behind[behind["level"] == "league"].sort_values("missing", ascending=False, kind="stable")
        named = "、".join(f"{row.name}欠{row.missing}项" for row in leagues.head(NAMED).itertuples(index=False))
        yield Finding(
            (int(behind["missing"].sum()),),
            {
                "period": format_period(period),
                "count": len(behind),
                "missing": int(behind["missing"].sum()),
                "days": int(behind["days_late"].max()),
                "leagues": f"，其中{named}" if named else "",
            },
            {"tab": "reporting", "due": period},
        )


def _moved(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """Figures of the whole region far from the year before, whether that is good or bad; falls first."""
    for row in facts.changes.to_dict("records"):
        indicator = facts.indicators.loc[row["indicator_id"]]
        least = rule["least"] if indicator["kind"] in RATES else rule["least_share"]
        if abs(row["moved"]) >= least:
            yield Finding(
                (row["moved"] < 0, abs(row["moved"])),
                {
                    "indicator": counted(indicator["name"]),
                    "least": f"{least}{'个百分点' if indicator['kind'] in RATES else '%'}",
                    **{key: row[key] for key in ("period", "value", "change")},
                },
                {"indicator": row["indicator_id"], "region": facts.root},
                row["indicator_id"],
                once=True,
            )


def _contradiction(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """Checks that do not agree, in the order of the page 数据质量.

    Where the catalogue explains why a published figure and one worked out differ, the sentence accuses nobody.
    """
    failed = facts.checks[facts.checks["severity"].isin(["error", "warning"])]
    for place, check in enumerate(failed.to_dict("records")):
        growth = "同比" if check["kind"] == "growth" and check["unit"] == "%" else ""
        finding, _, explanation = check["message"].partition("。")
        explained = re.match(r".+＝(?P<computed>.+?)，与公布的(?P<published>.+?)不符", finding)
        words = {
            "period": format_period(check["period"]),
            "subject": (WHOLE if check["region_code"] == facts.root else check["region"]) + check["indicator"] + growth,
            "finding": finding,
            "reason": explanation.partition("。")[0],
            **(explained.groupdict() if explained else {}),
        }
        variant = "text_explained" if explained and explanation and check["severity"] == "warning" else "text"
        address = {"tab": "checks", "indicator": check["indicator_id"]}
        yield Finding((-place,), words, address, check["indicator_id"], variant)


def _missing(facts: Facts, rule: Mapping[str, Any]) -> Iterator[Finding]:
    """All that was not published in one sentence."""
    parts = [_unanswered_targets(facts, rule), _few_publishers(facts, rule), _outdated(facts, rule)]
    if any(parts):
        yield Finding((0,), {"parts": "；".join(part for part in parts if part)}, {"tab": "coverage"})


def _unanswered_targets(facts: Facts, rule: Mapping[str, Any]) -> str:
    """Targets of the whole region whose year is over without a figure of it, where nobody owes figures."""
    if facts.progress:
        return ""
    names = []
    for target in facts.targets[facts.targets["region_code"] == facts.root].to_dict("records"):
        own = facts.whole[(facts.whole["indicator_id"] == target["indicator_id"]) & (facts.whole["breakdown"] == "")]
        known = own.loc[own["value"].notna(), "period"]
        if int(target["period"]) <= facts.data_until.year and not (known >= target["period"]).any():
            names.append(str(facts.indicators["name"][target["indicator_id"]]))
    return str(rule["text_targets"].format(count=len(names), names=_few(names))) if names else ""


def _few_publishers(facts: Facts, rule: Mapping[str, Any]) -> str:
    """How few leagues published the first headline indicator, where nobody owes figures."""
    if facts.progress or len(facts.publishers) == len(facts.leagues):
        return ""
    name = facts.indicators["name"][facts.indicators["headline"].astype("Float64").idxmin()]
    words = {"places": len(facts.leagues), "indicator": name, "count": len(facts.publishers)}
    return str(rule["text_publishers"].format(**words))


def _outdated(facts: Facts, rule: Mapping[str, Any]) -> str:
    """Headline indicators of the whole region whose newest figure is old."""
    year = facts.data_until.year - rule["years"]
    headline = facts.indicators[facts.indicators["headline"].notna()].sort_values("headline")
    known = facts.whole[facts.whole["value"].notna() & facts.whole["indicator_id"].isin(headline.index)]
    newest = known.sort_values("period_end").groupby("indicator_id").tail(1).set_index("indicator_id")
    old = [i for i in headline.index if i in newest.index and newest["period_end"][i].year <= year]
    if not old:
        return ""
    return str(rule["text_outdated"].format(count=len(old), year=year, names=_few(headline["name"][old].tolist())))


def _few(names: list[str]) -> str:
    """The first of several names."""
    return "、".join(names[:NAMED]) + (f"等{len(names)}项" if len(names) > NAMED else "")


RULES: dict[str, Callable[[Facts, Mapping[str, Any]], Iterator[Finding]]] = {
    "below_target": _below_target,
    "falling": _falling,
    "moved": _moved,
    "gap": _gap,
    "late": _late,
    "contradiction": _contradiction,
    "missing": _missing,
}


def _newest_year(facts: Facts, indicator_id: str) -> pd.Series | None:
    own = facts.totals[(facts.totals["region_code"] == facts.root) & (facts.totals["indicator_id"] == indicator_id)]
    return None if own.empty else own.sort_values("period").iloc[-1]


def _absent(facts: Facts, indicator_id: str, period: str, places: pd.DataFrame) -> str:
    """Which leagues are not among `places`, and why: they have no figure, or one on a small base."""
    of = facts.totals[(facts.totals["indicator_id"] == indicator_id) & (facts.totals["period"] == period)]
    known, counted = set(of["region"]), set(places["region"])
    silent = [name for name in facts.leagues if name not in known]
    small = [name for name in facts.leagues if name in known - counted]
    state = "未填报" if facts.progress else "未公布"
    parts = [f"{_some(silent)}{state}" if silent else "", f"{_some(small)}{SMALL_BASE_WORDS}" if small else ""]
    return f"（{'，'.join(part for part in parts if part)}）" if silent or small else ""


def _some(places: list[str]) -> str:
    return "、".join(places) if len(places) <= NAMED else f"另{len(places)}个"


def _ends(places: pd.DataFrame, direction: str) -> tuple[pd.Series, pd.Series]:
    """The best and the worst place; for a neutral indicator the highest and the lowest."""
    best = places.sort_values("value", ascending=direction == "lower_better", kind="stable")
    return best.iloc[0], best.iloc[-1]


def _holders(places: pd.DataFrame, value: float) -> str:
    """Who has a value: one or two by name, more by number."""
    names = places.loc[places["value"] == value, "region"].tolist()
    return "、".join(names) if len(names) <= 2 else f"{len(names)}个{LEVEL_NAMES['league']}"


def _whose(row: pd.Series, facts: Facts) -> str:
    return WHOLE if row["region_code"] == facts.root else str(row["region"])


def _text(row: Any) -> str:
    return format_value(row.value, row.unit, row.qualifier)


def _broken(facts: Facts, indicator_id: str, periods: list[str]) -> bool:
    """Whether the definition changed after the first of these years began."""
    since = facts.breaks.loc[facts.breaks["indicator_id"] == indicator_id, "since"].dt.year
    return bool(((since > int(periods[0])) & (since <= int(periods[-1]))).any())
