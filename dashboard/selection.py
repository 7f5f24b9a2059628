"""The reader's choice, and its life in the address bar.

The address is the one source of truth: every run reads the choice from it, widgets are set from the choice, and a
widget's callback writes the address. Parameters have the names of the warehouse; what equals the default stays out.
`bind="query-params"` of Streamlit would write the Chinese labels into the address, where the contract wants codes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from functools import cached_property

import pandas as pd
import streamlit as st

from dashboard import groups, kept, queries, state
from dashboard.groups import Group
from dashboard.queries import Release
from dashboard.theme import LATEST

REGION_ROOT = "150000"
PARAMETERS = ("dataset", "indicator", "breakdown", "period", "level", "region")
# What else an address may hold without being called nonsense (design, section 4).
OTHER_PARAMETERS = (
    "release",
    "mode",
    "missing",
    "step",
    "projection",
    "year",
    "tab",
    "grid",
    "coverage",
    "coverage_chapter",
    "coverage_all",
    "due",
    "due_only",
    "checks",
    "checks_only",
    "view",
    "group",
    "period2",
    "indicator2",
    "chapter",
    "by",
    "map",
    "classes",
    "zoom",
    "side",
    "scale",
    "cities",
    "per",
    "brief",
    "snapshot",
    "collection",
    "pace",
    "q",
    "years",
    "levels",
    "only",
)
# The pages (their paths, the overview is "") that read a parameter; what is not named here is read by several.
READ_BY = {
    **dict.fromkeys(("map", "classes", "zoom", "side", "scale", "cities", "per"), ("map",)),
    **dict.fromkeys(("view", "indicator2", "by"), ("compare",)),
    **dict.fromkeys(("step", "projection"), ("trends",)),
    **dict.fromkeys(
        ("tab", "grid", "coverage", "coverage_chapter", "coverage_all", "due", "due_only", "checks", "checks_only"),
        ("quality",),
    ),
    **dict.fromkeys(("q", "years", "levels", "only"), ("data",)),
    "chapter": ("compare", "data"),
    "brief": ("briefs",),
}
OF_BRIEFS = ("snapshot", "collection")  # what the page 快照与简报 shows; it stays behind when the reader goes on
NOT_OF_VIEW = ("release", "mode", "pace", "missing", *OF_BRIEFS)  # what a kept view does without, or keeps by itself
BIG_SCREEN = "screen"  # the value of `mode` that dashboard/screen.py answers
LEVELS = ("league", "banner")
NEARLY_ALL = 0.9  # a page opens on the newest year that this share of the publishing regions has
NAMES = {
    "dataset": "数据集",
    "indicator": "指标",
    "breakdown": "分项",
    "period": "期间",
    "level": "层级",
    "region": "地区",
    "view": "视图",
    "group": "对比组",
    "period2": "对比的期间",
    "indicator2": "纵轴指标",
    "chapter": "指标范围",
    "by": "颜色",
}


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
    total first, then the breakdowns of most regions; `openings`: dataset -> the indicator it opens on; `months`:
    period -> how long it lasts; `neighbours`: code -> the codes beside it; `listed`: a group that a document names ->
    (source, codes).
    """

    datasets: list[str]
    indicators: pd.DataFrame
    regions: pd.DataFrame
    covered: dict[tuple[str, str], dict[str, Covered]]
    openings: dict[str, str]
    months: dict[str, int] = field(default_factory=dict)
    neighbours: dict[str, tuple[str, ...]] = field(default_factory=dict)
    listed: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    @cached_property
    def region_words(self) -> dict[str, str]:
        """`groups.region_words` of all regions."""
        return groups.region_words(self.regions)

    @cached_property
    def indicator_names(self) -> dict[str, str]:
        """What each indicator is called, by id."""
        return self.indicators["name"].to_dict()

    def groups(self, level: str, region: str, own: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Group]:
        """The comparison groups of a level by their key in the address, all of the level first.

        `own`: `state.own_groups` where it has been asked already.
        """
        return groups.offered(
            self.regions,
            level,
            region,
            neighbours=self.neighbours,
            listed=self.listed,
            own=state.own_groups() if own is None else own,
        )

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
        """The newest whole year that nearly all regions of the level publish which publish at all; else the period of
        most of them, of equals a whole year, then the newest.

        `latest` (each region's newest figure) where that shows more regions than any one period.
        """
        covered = self.of(dataset, indicator, breakdown)
        counts = covered.regions.get(level, {})
        enough = max(1, NEARLY_ALL * counts.get(LATEST, 0))
        full = next((period for period in covered.periods if len(period) == 4 and counts.get(period, 0) >= enough), "")
        if full:
            return full
        best = max(covered.periods, key=lambda period: (counts.get(period, 0), len(period) == 4), default=LATEST)
        return best if counts.get(best, 0) == counts.get(LATEST, 0) else LATEST


def choices_of(release: Release) -> Choices:
    """The choices of a release, made once and shared by all readers who may see the same (do not change them)."""
    return _choices_of(release)


@st.cache_resource(show_spinner=False, max_entries=16, hash_funcs=kept.NAMED)
def _choices_of(release: Release) -> Choices:
    indicators = queries.indicators(release)
    latest = queries.latest_coverage(release).assign(period=LATEST)
    coverage = queries.coverage(release).sort_values(["period_end", "period_months"], ascending=False)
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
    datasets = queries.datasets(release)
    return Choices(
        datasets=datasets,
        indicators=indicators,
        regions=queries.regions(release),
        covered=covered,
        openings={dataset: _opening(dataset, indicators, covered) for dataset in datasets},
        months=dict(zip(coverage["period"], coverage["period_months"], strict=True)),
        neighbours=queries.neighbours(release),
        listed={
            str(name): ("；".join(rows["source_title"].unique()), tuple(rows["region_code"]))
            for name, rows in queries.region_groups(release).groupby("name")
        },
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
    notices = [f"参数“{name}”不认识，已忽略" for name in parameters if name not in PARAMETERS + OTHER_PARAMETERS]

    def pick(name: str, allowed: list[str], default: str) -> str:
        return _pick(parameters, notices, name, allowed, default)

    dataset = pick("dataset", choices.datasets, choices.datasets[0])
    indicator = pick("indicator", list(choices.indicators.index), choices.openings[dataset])
    breakdowns = choices.breakdowns(dataset, indicator)
    breakdown = pick("breakdown", breakdowns, breakdowns[0] if breakdowns else "")
    level = pick("level", list(LEVELS), choices.default_level(dataset, indicator, breakdown))
    periods = choices.of(dataset, indicator, breakdown).periods
    period = pick("period", [LATEST, *periods], choices.default_period(dataset, indicator, breakdown, level))
    region = pick("region", list(choices.regions.index), REGION_ROOT)
    return Selection(dataset, indicator, breakdown, period, level, region), notices


def read_on(page: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """`parameters` without those that only other pages read. `page`: its path."""
    return {name: value for name, value in parameters.items() if page in READ_BY.get(name, (page,))}


def carried(page: str, parameters: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What a reader takes along from `page` to the next one: its `parameters`, and of what was carried `before` those
    that only other pages read, so that a page is found again as it was left.
    """
    waiting = {name: value for name, value in before.items() if name not in read_on(page, before)}
    return {name: value for name, value in {**waiting, **parameters}.items() if name not in OF_BRIEFS}


def unread(page: str, parameters: Mapping[str, str]) -> list[str]:
    """A Chinese notice for each parameter in the address that the page does not read, though another does."""
    return [
        f"参数“{name}={parameters[name]}”在这个页面不起作用"
        for name in parameters
        if name not in read_on(page, parameters)
    ]


def _pick(parameters: Mapping[str, str], notices: list[str], name: str, allowed: list[str], default: str) -> str:
    """What the address says of one parameter; the default where it says nothing or, with a notice, nonsense."""
    wanted = parameters.get(name)
    if wanted is None or wanted in allowed:
        return default if wanted is None else wanted
    notices.append(f"{NAMES.get(name, name)}“{wanted}”（{name}）没有数据或不存在{FALLS_BACK}")
    return default


def to_parameters(selection: Selection, choices: Choices) -> dict[str, str]:
    """The address of a choice: its parameters without those that `resolve` would supply anyway."""
    parameters: dict[str, str] = {}
    # The default of a period follows from the level, that of everything else from what stands before it.
    for name in ("dataset", "indicator", "breakdown", "level", "period", "region"):
        value = getattr(selection, name)
        if getattr(resolve(parameters, choices)[0], name) != value:
            parameters[name] = value
    return {name: parameters[name] for name in PARAMETERS if name in parameters}


FALLS_BACK = "，已改用默认值"  # how a notice ends, for readers of a page
_READING: ContextVar[Mapping[str, str] | None] = ContextVar("reading", default=None)
_NOTICES: ContextVar[list[str] | None] = ContextVar("notices", default=None)


def address() -> dict[str, str]:
    """The parameters of this session's address, or those that `reading` lends."""
    lent = _READING.get()
    return st.query_params.to_dict() if lent is None else dict(lent)


@contextmanager
def reading(parameters: Mapping[str, str]) -> Iterator[list[str]]:
    """Lends an address to everything that reads one: charts are built for documents and for other systems too.

    Yields what was told of it while it was lent (see `tell`); an address lent within another tells the same list.
    """
    told = _NOTICES.get()
    told = [] if told is None else told
    tokens = _READING.set(parameters), _NOTICES.set(told)
    try:
        yield told
    finally:
        _READING.reset(tokens[0])
        _NOTICES.reset(tokens[1])


def tell(notices: Sequence[str]) -> bool:
    """Keeps notices for the one who lends the address; False where nobody does, for then a page is to show them."""
    told = _NOTICES.get()
    if told is not None:
        told += [notice for notice in notices if notice not in told]
    return told is not None


def current(choices: Choices) -> tuple[Selection, list[str]]:
    """The choice in the address."""
    return resolve(address(), choices)


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
    others = _without_outdated(others, choices, resolved)
    st.query_params.from_dict({**others, **to_parameters(resolved, choices)})


def own(name: str, known: Sequence[str]) -> tuple[str, list[str]]:
    """A page's own parameter (one of OTHER_PARAMETERS): its value, the first of `known` where the address has none or
    a wrong one, and a Chinese notice for a wrong one.
    """
    wanted = address().get(name, known[0])
    if wanted in known:
        return wanted, []
    return known[0], [f"地址中的“{name}={wanted}”不存在{FALLS_BACK}"]


def own_several(name: str, known: Sequence[str]) -> tuple[list[str], list[str]]:
    """A page's own parameter that may hold several values with commas between: those of `known`, none where the address
    says nothing, and a Chinese notice for each other one.
    """
    wanted = [value for value in address().get(name, "").split(",") if value]
    notices = [f"地址中的“{name}={value}”不存在，已忽略" for value in wanted if value not in known]
    return [value for value in dict.fromkeys(wanted) if value in known], notices


def change_own(name: str, value: str, known: Sequence[str]) -> None:
    """Writes a page's own parameter into the address, where the first of `known` stays out; for callbacks."""
    if value == known[0]:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def matches(frame: pd.DataFrame, words: str) -> pd.DataFrame:
    """The rows of `indicators` or `regions` whose text contains every word: Chinese, English, pinyin or initials."""
    wanted = words.lower().split()
    return frame[[all(word in text for word in wanted) for text in frame["search"]]]


# ---- what the page 对比 adds to the choice ----

VIEWS = ("ranking", "periods", "heatmap", "scatter", "funnel")
SHADINGS = ("rank", "target")


@dataclass(frozen=True)
class Comparison:
    """What is compared, beside the Selection.

    `view`: one of VIEWS. `group`: the key of one of `Choices.groups`, empty for all regions of the level.
    `period2`, `indicator2`: what stands beside period and indicator; empty where there is nothing comparable.
    `chapter`: of the heat map; empty for the rates of all chapters. `by`: one of SHADINGS.
    """

    view: str
    group: str
    period2: str
    indicator2: str
    chapter: str
    by: str


def chapters_of(choices: Choices) -> list[str]:
    """The numbers of the chapters, as an address has them."""
    return [str(number) for number in choices.indicators["chapter"].unique()]


def resolve_comparison(
    parameters: Mapping[str, str],
    choices: Choices,
    selection: Selection,
    offered: Mapping[str, Group] | None = None,
) -> tuple[Comparison, list[str]]:
    """The comparison that `parameters` ask for beside `selection`, and notices, as `resolve` gives them.

    `offered`: the groups of `Choices.groups` where they are at hand.
    """
    notices: list[str] = []
    asked = parameters.get("group", groups.EVERY)
    # Most pages are about all regions of a level: then nobody asks which other groups there are.
    if offered is None and asked not in (groups.EVERY, groups.ALL):
        offered = choices.groups(selection.level, selection.region)
    known = list(offered or [groups.EVERY])
    periods = periods_beside(choices, selection)
    indicators = indicators_beside(choices, selection)
    chapters = chapters_of(choices)
    several = set(parameters.get("chapter", "").split(",")) <= set(
        chapters
    )  # the page 数据 knows several, a matrix all
    if several and "," in parameters.get("chapter", ""):
        parameters = {**parameters, "chapter": ""}
    comparison = Comparison(
        view=_pick(parameters, notices, "view", list(VIEWS), VIEWS[0]),
        group=_pick({**parameters, "group": "" if asked == groups.ALL else asked}, notices, "group", known, ""),
        period2=_pick(parameters, notices, "period2", periods, _year_before(selection.period, periods)),
        indicator2=_pick(parameters, notices, "indicator2", indicators, _companion(choices, selection, indicators)),
        chapter=_pick(parameters, notices, "chapter", ["", *chapters], ""),
        by=_pick(parameters, notices, "by", list(SHADINGS), SHADINGS[0]),
    )
    return comparison, notices


def comparison_parameters(comparison: Comparison, choices: Choices, selection: Selection) -> dict[str, str]:
    """The address of a comparison, without what `resolve_comparison` would supply anyway."""
    defaults, _ = resolve_comparison({}, choices, selection)
    return {name: value for name, value in asdict(comparison).items() if getattr(defaults, name) != value}


def _without_outdated(parameters: Mapping[str, str], choices: Choices, selection: Selection) -> dict[str, str]:
    """`parameters` without a comparison that a changed selection left behind."""
    comparison, _ = resolve_comparison(parameters, choices, selection)
    others = {name: value for name, value in parameters.items() if name not in asdict(comparison)}
    if parameters.get("group") == groups.ALL:
        others["group"] = groups.ALL
    kept = {**others, **comparison_parameters(comparison, choices, selection)}
    chapter = parameters.get("chapter", "")
    return {**kept, "chapter": chapter} if "," in chapter else kept


def current_comparison(
    choices: Choices, selection: Selection, offered: Mapping[str, Group] | None = None
) -> tuple[Comparison, list[str]]:
    """The comparison in the address. `offered`: as for `resolve_comparison`."""
    return resolve_comparison(address(), choices, selection, offered)


def change_comparison(choices: Choices, **changes: str) -> None:
    """Writes a changed comparison into the address; for callbacks."""
    selection, _ = current(choices)
    parameters = {**st.query_params.to_dict(), **changes}
    st.query_params.from_dict(_without_outdated(parameters, choices, selection))


def periods_beside(choices: Choices, selection: Selection) -> list[str]:
    """The periods of the same length as the chosen one, newest first; none beside 各地最新值."""
    periods = choices.of(selection.dataset, selection.indicator, selection.breakdown).periods
    length = choices.months.get(selection.period)
    return [p for p in periods if p != selection.period and choices.months[p] == length] if length else []


def _year_before(period: str, periods: list[str]) -> str:
    """The same period of the year before, else the newest earlier one, else the newest."""
    before = re.sub(r"\d{4}", lambda year: str(int(year[0]) - 1), period)
    earlier = [p for p in periods if p < period]
    return before if before in periods else next(iter([*earlier, *periods]), "")


def indicators_beside(choices: Choices, selection: Selection) -> list[str]:
    """The other indicators of which two regions of the level or more have a total for the chosen period."""
    return [
        indicator
        for indicator in choices.indicators.index
        if indicator != selection.indicator
        and choices.of(selection.dataset, indicator, "").regions.get(selection.level, {}).get(selection.period, 0) > 1
        and selection.period != LATEST
    ]


def _companion(choices: Choices, selection: Selection, indicators: list[str]) -> str:
    """The indicator to set beside the chosen one: a rate before a count, the same chapter before another."""
    kinds, chapters = choices.indicators["kind"].to_dict(), choices.indicators["chapter"].to_dict()

    def distance(indicator: str) -> tuple[bool, bool]:
        return kinds[indicator] not in ("rate", "ratio"), chapters[indicator] != chapters[selection.indicator]

    return min(indicators, key=distance, default="")
