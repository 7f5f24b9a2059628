"""The reader's choice, and its life in the address bar.

The address is the one source of truth: every run reads the choice from it, widgets are set from the choice, and a
widget's callback writes the address. Parameters have the names of the warehouse; what equals the default stays out.
`bind="query-params"` of Streamlit would write the Chinese labels into the address, where the contract wants codes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd
import streamlit as st

from dashboard import queries
from dashboard.queries import Release
from dashboard.theme import LATEST

REGION_ROOT = "150000"
PARAMETERS = ("dataset", "indicator", "breakdown", "period", "level", "region")
# What else an address may hold without being called nonsense (design, section 4).
OTHER_PARAMETERS = ("release", "mode")
LEVELS = ("league", "banner")


@dataclass(frozen=True)
class Selection:
    """What the reader looks at. `breakdown` empty: the total; `period` may be `latest`; `region` is a code."""

    dataset: str
    indicator: str
    breakdown: str
    period: str
    level: str
    region: str


@dataclass(frozen=True)
class Covered:
    """What one breakdown of one indicator has figures for, in one dataset.

    `periods`: newest first, of two that end together the longer first. `regions`: level -> period -> number of
    regions with a value, `latest` counting those with any.
    """

    periods: list[str]
    regions: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Choices:
    """What there is to choose from in one release.

    `indicators` and `regions` as `queries` gives them; `covered`: (dataset, indicator) -> breakdown -> Covered, the
    total first, then the breakdowns of most regions; `openings`: dataset -> the indicator it opens on.
    """

    datasets: list[str]
    indicators: pd.DataFrame
    regions: pd.DataFrame
    covered: dict[tuple[str, str], dict[str, Covered]]
    openings: dict[str, str]

    def breakdowns(self, dataset: str, indicator: str) -> list[str]:
        """Breakdowns with a value, the total (empty) first."""
        return list(self.covered.get((dataset, indicator), {}))

    def of(self, dataset: str, indicator: str, breakdown: str) -> Covered:
        """What this breakdown has figures for; nothing where there is no figure."""
        return self.covered.get((dataset, indicator), {}).get(breakdown, Covered([], {}))

    def default_level(self, dataset: str, indicator: str, breakdown: str) -> str:
        """The league level, unless only banners have figures."""
        levels = self.of(dataset, indicator, breakdown).regions
        return "banner" if "banner" in levels and "league" not in levels else "league"

    def default_period(self, dataset: str, indicator: str, breakdown: str, level: str) -> str:
        """The period that most regions of the level publish; of equals a whole year, then the newest.

        `latest` (each region's newest figure) where that shows more regions than any one period.
        """
        covered = self.of(dataset, indicator, breakdown)
        counts = covered.regions.get(level, {})
        best = max(covered.periods, key=lambda period: (counts.get(period, 0), len(period) == 4), default=LATEST)
        return best if counts.get(best, 0) == counts.get(LATEST, 0) else LATEST


def choices_of(release: Release) -> Choices:
    """The choices of a release, made once and shared by all readers (do not change them)."""
    return _choices_of(release.path, release)


@st.cache_resource(show_spinner=False, max_entries=3)
def _choices_of(path: str, _release: Release) -> Choices:
    indicators = queries.indicators(_release)
    latest = queries.latest_coverage(_release).assign(period=LATEST)
    coverage = queries.coverage(_release).sort_values(["period_end", "period_months"], ascending=False)
    covered: dict[tuple[str, str], dict[str, Covered]] = {}
    totals = latest.groupby(["dataset", "indicator_id", "breakdown"], sort=False)["regions"].sum().reset_index()
    totals = totals.sort_values("regions", ascending=False, kind="stable")
    totals = totals.sort_values("breakdown", key=lambda names: names != "", kind="stable")
    for dataset, indicator, breakdown in zip(
        totals["dataset"], totals["indicator_id"], totals["breakdown"], strict=True
    ):
        covered.setdefault((dataset, indicator), {})[breakdown] = Covered([], {})
    for row in pd.concat([coverage, latest]).itertuples():
        entry = covered[row.dataset, row.indicator_id][row.breakdown]
        if row.period != LATEST and row.period not in entry.periods:
            entry.periods.append(row.period)
        entry.regions.setdefault(row.level, {})[row.period] = row.regions
    datasets = queries.datasets(_release)
    return Choices(
        datasets=datasets,
        indicators=indicators,
        regions=queries.regions(_release),
        covered=covered,
        openings={dataset: _opening(dataset, indicators, covered) for dataset in datasets},
    )


def _opening(dataset: str, indicators: pd.DataFrame, covered: dict[tuple[str, str], dict[str, Covered]]) -> str:
    """The indicator whose total most leagues publish; among equals a headline one, then catalogue order."""
    headline = indicators["headline"].astype("Float64").fillna(len(indicators) + 1.0)

    def weight(indicator: str) -> tuple[int, float]:
        total = covered.get((dataset, indicator), {}).get("", Covered([], {}))
        return -total.regions.get("league", {}).get(LATEST, 0), headline[indicator]

    return min(indicators.index, key=weight)


def resolve(parameters: Mapping[str, str], choices: Choices) -> tuple[Selection, list[str]]:
    """The choice that `parameters` ask for, and a Chinese notice for each one that makes no sense.

    A parameter that is missing takes its default; one that is wrong does too, with the notice.
    """
    notices = [
        f"地址中的参数“{name}”不认识，已忽略" for name in parameters if name not in PARAMETERS + OTHER_PARAMETERS
    ]

    def pick(name: str, allowed: list[str], default: str) -> str:
        wanted = parameters.get(name)
        if wanted is None or wanted in allowed:
            return default if wanted is None else wanted
        notices.append(f"地址中的“{name}={wanted}”在此处没有数据或不存在，已改用默认值")
        return default

    dataset = pick("dataset", choices.datasets, choices.datasets[0])
    indicator = pick("indicator", list(choices.indicators.index), choices.openings[dataset])
    breakdowns = choices.breakdowns(dataset, indicator)
    breakdown = pick("breakdown", breakdowns, breakdowns[0] if breakdowns else "")
    level = pick("level", list(LEVELS), choices.default_level(dataset, indicator, breakdown))
    periods = choices.of(dataset, indicator, breakdown).periods
    period = pick("period", [LATEST, *periods], choices.default_period(dataset, indicator, breakdown, level))
    region = pick("region", list(choices.regions.index), REGION_ROOT)
    return Selection(dataset, indicator, breakdown, period, level, region), notices


def to_parameters(selection: Selection, choices: Choices) -> dict[str, str]:
    """The address of a choice: its parameters without those that `resolve` would supply anyway."""
    parameters: dict[str, str] = {}
    for name, value in asdict(selection).items():
        if getattr(resolve(parameters, choices)[0], name) != value:
            parameters[name] = value
    return parameters


def current(choices: Choices) -> tuple[Selection, list[str]]:
    """The choice in the address of this session."""
    return resolve(st.query_params.to_dict(), choices)


def change(choices: Choices, **changes: str) -> None:
    """Writes a changed choice into the address; for callbacks.

    Another dataset or indicator brings its own breakdown, period and level, unless the old ones exist there too.
    """
    selection, _ = current(choices)
    wanted = {**asdict(selection), **changes}
    if "dataset" in changes or "indicator" in changes:
        kept = to_parameters(selection, choices)
        wanted = {name: value for name, value in {**kept, **changes}.items() if value}
    resolved, _ = resolve(wanted, choices)
    others = {name: value for name, value in st.query_params.to_dict().items() if name in OTHER_PARAMETERS}
    st.query_params.from_dict({**others, **to_parameters(resolved, choices)})


def matches(frame: pd.DataFrame, words: str) -> pd.DataFrame:
    """The rows of `indicators` or `regions` whose text contains every word: Chinese, English, pinyin or initials."""
    wanted = words.lower().split()
    return frame[[all(word in text for word in wanted) for text in frame["search"]]]
