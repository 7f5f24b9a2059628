"""The simulated panel, dataset `demo`: every level, every year, every quarter, nothing of it real.

Official figures are sparse, so the views need a full panel to be built, tested and shown with. Totals of the region
are laid out in PLAN (official ones replace them), handed down to the banners by population, and added up again:
banners to leagues, leagues to the region, quarters to years. Parts are drawn from their wholes, rates are computed
from their parts. Real lists and stocks of different levels overlap; here they simply add up.

All arithmetic is on integers and all chance comes from the raw output of PCG64, so every machine makes the same bytes.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from etl.catalogue import Catalogue, Indicator
from etl.errors import UserError

SEED = 2035
YEARS = tuple(range(2019, 2026))
SOURCE = "simulated"
REGION = "150000"

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Years = Mapping[int, int]


@dataclass(frozen=True)
class Panel:
    """The simulated panel.

    `observations` has the columns of table `observations` without dataset, revision and load_id (text columns str,
    value, numerator, denominator float64, period_start and period_end datetime64); `breaks` has indicator_id,
    from (datetime64) and reason, the changes of definition that hold in this dataset.
    """

    observations: pd.DataFrame
    breaks: pd.DataFrame


@dataclass(frozen=True)
class Total:
    """A count: the region's total in some years; the years between are interpolated and a little shaken.

    `step`: what it is counted in; what an official total has beside that falls to the heaviest leaf.
    """

    id: str
    path: Years
    quarterly: bool = False
    cities_only: bool = False
    step: int = 1


@dataclass(frozen=True)
class Part:
    """A part of another count, and the rate that the two make.

    `share` is the region's share in hundredths of a percent in some years, `stories` that of single leagues.
    `id` is empty where the catalogue has no indicator for the part, `rate` where it has none for the rate.
    """

    id: str
    of: str
    rate: str
    share: Years
    stories: Mapping[str, Years] = field(default_factory=dict)


# A laggard that catches up, and a league that falls back from 2024.
APPEARANCE_STORIES = {
    "150500": {2019: 700, 2020: 1300, 2021: 4800, 2022: 8300, 2023: 9890, 2024: 9960, 2025: 9990},
    "150900": {2019: 1900, 2020: 3600, 2021: 8100, 2022: 9750, 2023: 9990, 2024: 9450, 2025: 8950},
}
# Not official, but without them official figures that are could not stand side by side.
FIXED = {
    ("campaign_problems_found", 2023): 614,
    ("court_appearances_required", 2019): 2540,
    ("court_appearances_required", 2020): 3035,
    ("court_appearances_required", 2023): 4620,
    ("reconsideration_concluded", 2023): 3948,
}
# Official figures that the panel does not aim at because they contradict others in print.
CONTRADICTIONS = {
    ("reconsideration_correction_rate", 2023): (
        "966 corrected of 4,770 handled are 20.25 %, printed 24.47 %; the panel keeps both counts as printed and "
        "reaches the printed rate with 3,948 concluded cases, a number that nobody published"
    ),
}
PLAN: tuple[Total | Part, ...] = (
    # 1 government functions and services
    Total("enterprise_issues_accepted", {2019: 92, 2025: 260}),
    Total("enterprise_losses_recovered", {2019: 180_000_000, 2025: 820_000_000}, step=10_000),
    Total("business_entities_total", {2019: 2_120_000, 2022: 2_530_120, 2025: 2_960_000}),
    Total("business_entities_new", {2019: 301_000, 2022: 368_380, 2025: 471_000}, quarterly=True),
    Total("gov_service_items", {2019: 98_000, 2025: 131_000}),
    Part(
        "service_items_full_online",
        "gov_service_items",
        "full_online_rate",
        {2019: 5800, 2021: 8900, 2023: 9700, 2025: 9880},
    ),
    Total("one_thing_once_cases", {2019: 260_000, 2025: 1_450_000}),
    Total("hotline_cases", {2019: 420_000, 2025: 2_350_000}, quarterly=True),
    Part("", "hotline_cases", "hotline_resolution_rate", {2019: 8600, 2025: 9650}),
    Part("", "hotline_cases", "hotline_satisfaction_rate", {2019: 8800, 2025: 9700}),
    # 2 rules and normative documents
    Total("local_regulations", {2019: 46, 2025: 58}, cities_only=True),
    Total("normative_docs_filed", {2019: 390, 2025: 520}),
    Total("normative_docs_cleaned", {2019: 5_200, 2021: 5_600, 2022: 5_300, 2025: 4_900}),
    Total("normative_docs_issued", {2019: 1_480, 2025: 1_020}),
    # 3 decision-making
    Total("government_lawyers", {2019: 1_620, 2025: 3_710}),
    Total("legality_reviews", {2019: 520, 2025: 790}),
    Total("major_decision_catalogue_items", {2019: 410, 2025: 690}),
    Total("legal_advisers", {2019: 3_900, 2025: 5_150}),
    # 4 administrative law enforcement
    Total("enforcement_officers", {2019: 33_500, 2025: 36_800}),
    Total("campaign_problems_found", {2019: 420, 2025: 702}),
    Part(
        "campaign_problems_rectified",
        "campaign_problems_found",
        "campaign_rectification_rate",
        {2019: 9350, 2025: 9990},
    ),
    Total("typical_cases_published", {2019: 60, 2025: 168}),
    Total("enforcement_cases", {2019: 182_000, 2025: 151_000}, quarterly=True),
    Total("case_files_reviewed", {2019: 3_650, 2022: 4_120, 2025: 9_640}),
    Total("major_enforcement_legal_reviews", {2019: 4_100, 2025: 7_900}),
    # 5 emergencies
    Total("hazards_found", {2019: 1_180, 2025: 1_720}, quarterly=True),
    Part("hazards_rectified", "hazards_found", "hazard_rectification_rate", {2019: 9500, 2025: 9930}),
    # 6 disputes, reconsideration, litigation
    Total("disputes_mediated", {2019: 141_000, 2022: 168_000, 2023: 196_420, 2025: 214_000}, quarterly=True),
    Part(
        "disputes_mediated_success",
        "disputes_mediated",
        "mediation_success_rate",
        {2019: 9760, 2022: 9880, 2023: 9950, 2025: 9925},
    ),
    Total("reconsideration_cases", {2019: 1_870, 2021: 2_733, 2025: 6_900}, quarterly=True),
    Part("reconsideration_concluded", "reconsideration_cases", "", {2019: 9300, 2023: 8277, 2025: 9420}),
    Part(
        "reconsideration_corrected",
        "reconsideration_concluded",
        "reconsideration_correction_rate",
        {2019: 1350, 2021: 1720, 2023: 2447, 2025: 2120},
    ),
    Part("", "reconsideration_concluded", "reconsideration_mediation_rate", {2019: 1500, 2025: 3600}),
    Part("", "reconsideration_cases", "reconsideration_enterprise_share", {2019: 1120, 2022: 1553, 2025: 1810}),
    Total("litigation_response_cases", {2019: 3_020, 2021: 4_127, 2025: 6_260}, quarterly=True),
    Part("court_appearances_required", "litigation_response_cases", "", {2019: 8350, 2025: 8700}),
    Part(
        "court_appearances_made",
        "court_appearances_required",
        "court_appearance_rate",
        {2019: 1500, 2020: 2965, 2021: 7700, 2022: 9480, 2023: 9974, 2025: 9965},
        APPEARANCE_STORIES,
    ),
    Part("litigation_judged", "litigation_response_cases", "", {2019: 6400, 2025: 6750}),
    Part("litigation_lost", "litigation_judged", "litigation_loss_rate", {2019: 2810, 2021: 2440, 2025: 1580}),
    Total("disputes_received", {2019: 88_000, 2025: 163_000}, quarterly=True),
    Part("disputes_closed", "disputes_received", "dispute_closing_rate", {2019: 9150, 2025: 9560}),
    Part("disputes_resolved", "disputes_received", "dispute_resolution_rate", {2019: 8800, 2025: 9380}),
    Total("mediation_organizations", {2019: 16_030, 2025: 15_420}),
    Total("mediators", {2019: 71_500, 2025: 68_900}),
    Total("court_appearance_notices", {2019: 300, 2025: 4_900}, quarterly=True),
    # 7 supervision and openness
    Total("proposals_handled", {2019: 1_346, 2025: 1_730}),
    Part("", "proposals_handled", "proposals_reply_rate", {2019: 10000, 2022: 9985, 2025: 9990}),
    Part("", "proposals_handled", "proposals_satisfaction_rate", {2019: 9500, 2025: 9830}),
    Total("gov_info_disclosed", {2019: 812_000, 2025: 1_240_000}),
    Total("policy_interpretations", {2019: 3_900, 2025: 7_600}),
    Total("disclosure_requests", {2019: 9_800, 2025: 15_900}),
    Part("", "disclosure_requests", "disclosure_request_completion_rate", {2019: 9750, 2025: 9920}),
    # 8 technology
    Total("electronic_licence_records", {2019: 12_400_000, 2025: 96_000_000}, quarterly=True),
    Total("service_platform_users", {2019: 6_300_000, 2025: 27_800_000}),
    # 9 organization
    Total("study_sessions", {2019: 9_600, 2022: 12_300, 2023: 8_140, 2025: 9_900}),
    Total("rule_of_law_deliberations", {2019: 610, 2025: 990}),
    Total("training_participants", {2019: 62_000, 2025: 118_000}),
    Total("law_study_sessions", {2019: 3_300, 2025: 5_900}),
    Total("rule_of_law_reports", {2019: 4_200, 2025: 7_850}),
    Total("legal_exam_participants", {2019: 310_000, 2025: 520_000}),
    Part("", "legal_exam_participants", "legal_exam_pass_rate", {2019: 9350, 2025: 9860}),
    # 10 public legal services
    Total("notarisation_cases", {2019: 342_000, 2020: 291_000, 2022: 286_050, 2025: 392_000}),
    Total("forensic_cases", {2019: 33_500, 2022: 38_128, 2025: 49_500}),
    Total("arbitration_cases", {2019: 3_222, 2022: 3_566, 2025: 5_060}),
    Total("legal_aid_cases", {2019: 24_600, 2025: 35_700}, quarterly=True),
    Total("legal_aid_migrant_workers", {2019: 12_900, 2025: 9_480}),
    Total("legal_aid_losses_recovered", {2019: 181_000_000, 2025: 301_000_000}, step=10_000),
    Total("lawyers", {2019: 8_820, 2025: 12_700}),
    Total("legal_literate_persons", {2019: 12_000, 2023: 34_600, 2025: 41_800}),
    Total("legal_consultations", {2019: 268_000, 2025: 447_000}, quarterly=True),
    Total("law_publicity_sessions", {2019: 31_000, 2025: 49_500}),
    Total("hotline_12348_calls", {2019: 88_000, 2025: 163_000}),
    Part("", "hotline_12348_calls", "hotline_12348_satisfaction_rate", {2019: 9560, 2025: 9880}),
)
BREAKS = (
    (
        "case_files_reviewed",
        "2023-01-01",
        "演示数据：自2023年起，专项抽查的案卷一并计入，此前只计年度集中评查，前后不可比。",
    ),
)
# One league with its banners, and some banners, had not delivered the last quarter, nor the year, when it was due.
LATE_PERIODS = ("2025Q4", "2025")
LATE_LEAGUE = ("152900", "152921", "152922", "152923")
LATE_BANNERS = ("150125", "150223", "150429", "150526", "150727", "150785", "150824", "150929", "152529")
MISSING_PER_MILLE = 4
# Errors on purpose, for the checks to find: (region, indicator, period) -> what was typed instead.
PLANTED = {
    ("150423", "mediation_success_rate", "2024"): 89.97,
    ("152531", "law_publicity_sessions", "2024"): 3990.0,
}
# Census of 2020, in 10,000 persons (data/published/population_2020.csv).
POPULATION = {
    "150100": 345,
    "150200": 271,
    "150300": 56,
    "150400": 404,
    "150500": 287,
    "150600": 215,
    "150700": 224,
    "150800": 154,
    "150900": 171,
    "152200": 142,
    "152500": 111,
    "152900": 26,
}
TYPE_WEIGHT = {"市辖区": 30, "县级市": 22, "县": 16, "旗": 14, "自治旗": 12}
# Districts and cities in name more than in size.
TINY = ("150205", "150206", "150703", "152202", "152501")
SEASON = np.array([22, 25, 26, 27], dtype=np.int64)
COLUMNS = [
    "region_code",
    "indicator_id",
    "breakdown",
    "period",
    "period_start",
    "period_end",
    "value",
    "unit",
    "qualifier",
    "numerator",
    "denominator",
    "status",
    "source_id",
    "published_as",
    "confidence",
    "note",
]


@dataclass(frozen=True)
class Leaves:
    """The regions that are drawn; all others add them up.

    `weights` is the population of each leaf, `leagues` the league it lies in; `members` is a 0/1 matrix, all regions
    of the catalogue by leaves, that tells which leaves make up which region.
    """

    codes: tuple[str, ...]
    leagues: tuple[str, ...]
    weights: Integers
    members: Integers


@dataclass(frozen=True)
class Count:
    """A count per leaf, year and quarter (or year alone): `values` is leaves x years x 4 (or x 1).

    A `stock` is told at the end of a period, so its year is its last quarter; otherwise quarters add up.
    `root` is the total that it is a part of, however remotely.
    """

    values: Integers
    stock: bool
    leaves: Leaves
    root: str

    @property
    def quarterly(self) -> bool:
        """Whether there are quarters beside the year."""
        return self.values.shape[2] == 4

    @property
    def yearly(self) -> Integers:
        """Leaves x years."""
        return self.values[:, :, -1] if self.stock else self.values.sum(axis=2)

    @property
    def table(self) -> Integers:
        """All regions x years x (year[, four quarters])."""
        slots = np.concatenate([self.yearly[:, :, None], *([self.values] if self.quarterly else [])], axis=2)
        return np.tensordot(self.leaves.members, slots, axes=1)


def panel(catalogue: Catalogue, published: pd.DataFrame) -> Panel:
    """Draws the panel: region, leagues and banners, 2019-2025, by year and where PLAN says so by quarter.

    `published` holds the official figures (columns as table `observations`); where it has a total of the region for
    a single year without 余, the simulated total equals it, but for CONTRADICTIONS. Late and missing cells have the
    status not_reported where expected.csv says that they are owed to `demo`, and no row at all where it does not.
    Raises UserError when the catalogue lacks an indicator of PLAN.
    """
    wanted = {name for i in PLAN for name in (i.id, i.rate if isinstance(i, Part) else "") if name}
    if unknown := sorted(wanted - set(catalogue.indicators)):
        raise UserError(f"指标目录缺少演示数据所用的指标：{'、'.join(unknown)}")
    official = official_totals(published)
    banners = _leaves(catalogue, [r.code for r in catalogue.regions.values() if r.level == "banner"])
    cities = _leaves(catalogue, [r.code for r in catalogue.regions.values() if r.type == "地级市"])
    counts: dict[str, Count] = {}
    for item in PLAN:
        if isinstance(item, Total):
            stock = catalogue.indicators[item.id].aggregation == "latest"
            leaves = cities if item.cities_only else banners
            counts[item.id] = Count(_draw_total(item, stock, leaves, official), stock, leaves, item.id)
        else:
            whole = counts[item.of]
            part = Count(_draw_part(item, whole, official), whole.stock, whole.leaves, whole.root)
            counts[item.id or item.rate] = part
    owed = set(catalogue.expected.loc[catalogue.expected["dataset"] == "demo", "indicator_id"])
    frames = [f for item in PLAN for f in _frames(item, counts, catalogue, owed)]
    same = {"breakdown": "", "qualifier": "", "source_id": SOURCE, "published_as": "", "confidence": "low"}
    observations = _plant_errors(pd.concat(frames, ignore_index=True).assign(**same))[COLUMNS]
    breaks = pd.DataFrame(BREAKS, columns=["indicator_id", "from", "reason"])
    return Panel(observations, breaks.assign(**{"from": pd.to_datetime(breaks["from"])}))


def official_totals(published: pd.DataFrame) -> dict[tuple[str, int], Decimal]:
    """Official figures of the region that the panel must meet: (indicator, year) -> value with its printed decimals.

    Totals (no breakdown) of one year from 2019 to 2025 without qualifier, CONTRADICTIONS excepted; of several
    sources one of the highest confidence.
    """
    chosen = published[
        (published["region_code"] == REGION)
        & (published["breakdown"] == "")
        & (published["qualifier"] == "")
        & published["period"].isin([str(y) for y in YEARS])
        & published["value"].notna()
    ]
    best_last = chosen.assign(rank=chosen["confidence"].map({"high": 2, "medium": 1, "low": 0}))
    chosen = best_last.sort_values(["rank", "source_id"])
    found = {
        (indicator, int(period)): Decimal(f"{float(value):.15g}")
        for indicator, period, value in zip(chosen["indicator_id"], chosen["period"], chosen["value"], strict=True)
    }
    return {key: value for key, value in found.items() if key not in CONTRADICTIONS}


# ---- drawing ----


def _leaves(catalogue: Catalogue, codes: list[str]) -> Leaves:
    """Leaves with their weights: a league's population is spread over its banners by area type and density."""
    regions = catalogue.regions

    def weight(code: str) -> int:
        region = regions[code]
        if code in TINY:
            return TYPE_WEIGHT[region.type]
        if region.type in ("市辖区", "县级市"):
            return TYPE_WEIGHT[region.type] * 10
        crowded = 12 if region.area_km2 < 8_000 else 9 if region.area_km2 < 20_000 else 6
        return TYPE_WEIGHT[region.type] * crowded

    def population(code: str) -> int:
        if code in POPULATION:
            return POPULATION[code] * 10_000
        parent = regions[code].parent
        siblings = sum(weight(r.code) for r in regions.values() if r.parent == parent)
        return POPULATION[parent] * 10_000 * weight(code) // siblings

    leagues = [code if code in POPULATION else regions[code].parent for code in codes]
    members = [
        [int(region in (code, league, REGION)) for code, league in zip(codes, leagues, strict=True)]
        for region in regions
    ]
    return Leaves(
        tuple(codes),
        tuple(leagues),
        np.array([population(code) for code in codes], dtype=np.int64),
        np.array(members, dtype=np.int64),
    )


def _draws(purpose: str, shape: tuple[int, ...], low: int, high: int) -> Integers:
    """Whole numbers from low to high - 1, the same for a purpose whatever else is drawn."""
    stream = np.random.PCG64(np.random.SeedSequence([SEED, zlib.crc32(purpose.encode())]))
    raw = stream.random_raw(int(np.prod(shape))) >> np.uint64(33)
    return (low + raw.astype(np.int64) % (high - low)).reshape(shape)


def _apportion(total: int, weights: Integers) -> Integers:
    """Splits a whole number by weights; the largest remainders get what is left over, ties by position."""
    shares, remainders = np.divmod(total * weights, weights.sum())
    order = np.argsort(-remainders.ravel(), kind="stable")[: total - int(shares.sum())]
    shares.ravel()[order] += 1
    return shares


def _path(anchors: Years) -> Integers:
    """A whole number a year: straight lines between the anchors."""
    known = sorted(anchors)
    values = []
    for year in YEARS:
        before = max((k for k in known if k <= year), default=known[0])
        after = min((k for k in known if k >= year), default=known[-1])
        step = (anchors[after] - anchors[before]) * (year - before) // max(after - before, 1)
        values.append(anchors[before] + step)
    return np.array(values, dtype=np.int64)


def _draw_total(item: Total, stock: bool, leaves: Leaves, official: Mapping[tuple[str, int], Decimal]) -> Integers:
    """Leaves x years x (4 or 1): the region's path, official totals first, spread by population with some noise."""
    known: dict[tuple[str, int], Decimal | int] = {**official, **FIXED}
    anchors = {**item.path, **{year: int(value) for (name, year), value in known.items() if name == item.id}}
    shaken = _path(anchors) * _draws(f"{item.id} path", (len(YEARS),), 970, 1031) // 1000
    in_steps = shaken // item.step * item.step
    totals = [anchors.get(year, int(value)) for year, value in zip(YEARS, in_steps, strict=True)]
    size = len(leaves.codes)
    base = leaves.weights * _draws(f"{item.id} leaf", (size,), 60, 151) // 100
    quarters = 4 if item.quarterly and not stock else 1
    spread = (98, 103) if stock else (88, 113)
    weights = base[:, None, None] * _draws(f"{item.id} year", (size, len(YEARS), 1), *spread) // 100
    if quarters == 4:
        weights = weights * SEASON * _draws(f"{item.id} quarter", (size, len(YEARS), 4), 85, 116) // 1000
    values = np.stack([_apportion(t // item.step, weights[:, i]) for i, t in enumerate(totals)], axis=1) * item.step
    values[base.argmax(), :, 0] += np.array(totals) % item.step
    return _by_quarter(values) if item.quarterly and stock else values


def _by_quarter(stock: Integers) -> Integers:
    """Leaves x years x 4 from leaves x years x 1: evenly from one year's end to the next."""
    before = np.concatenate([stock[:, :1] * 9 // 10, stock[:, :-1]], axis=1)
    return before + (stock - before) * np.arange(1, 5) // 4


def _draw_part(item: Part, whole: Count, official: Mapping[tuple[str, int], Decimal]) -> Integers:
    """As many of `whole`, cell by cell, as the share of year and league gives, some leaves better, some worse."""
    leagues = whole.leaves.leagues
    share = np.stack([_path(item.stories.get(league, item.share)) for league in leagues])[:, :, None]
    smaller = np.minimum(share, 10_000 - share) * 100  # of a million
    names = sorted(set(leagues))
    by_league = _draws(f"{item.id}{item.rate} league", (len(names),), 60, 141)
    own = np.array([100 if lg in item.stories else by_league[names.index(lg)] for lg in leagues], dtype=np.int64)
    by_leaf = _draws(f"{item.id}{item.rate} leaf", (len(leagues),), 70, 131)
    chance = np.minimum(smaller * own[:, None, None] // 100 * by_leaf[:, None, None] // 100, 1_000_000)
    dice = _draws(f"{item.id}{item.rate} dice", whole.values.shape, 0, 1_000_000)
    drawn = (whole.values * chance + dice) // 1_000_000
    values = np.where(share <= 5_000, drawn, whole.values - drawn)
    for i, year in enumerate(YEARS):
        goal = _goal(item, year, int(whole.yearly[:, i].sum()), official)
        short = 0 if goal is None else goal - int(values[:, i].sum())
        if short:
            room = whole.values[:, i] - values[:, i] if short > 0 else values[:, i]
            values[:, i] += _apportion(abs(short), room) * (1 if short > 0 else -1)
    return values


def _goal(item: Part, year: int, whole: int, official: Mapping[tuple[str, int], Decimal]) -> int | None:
    """The official or fixed number of the part, or the one nearest to the official rate; None: whatever was drawn."""
    rate = official.get((item.rate, year))
    count = official.get((item.id, year), FIXED.get((item.id, year)))
    if count is not None:
        return min(int(count), whole)
    return None if rate is None else int((rate * whole / 100).to_integral_value(ROUND_HALF_UP))


# ---- tables ----


def _frames(
    item: Total | Part, counts: Mapping[str, Count], catalogue: Catalogue, owed: set[str]
) -> Iterator[pd.DataFrame]:
    """The rows of the indicators that one line of PLAN gives: a count, a rate, or both."""
    count = counts[item.id or item.rate] if isinstance(item, Part) else counts[item.id]
    values = count.table.astype(np.float64)
    if item.id:
        yield _rows(catalogue.indicators[item.id], count, values, None, catalogue, owed)
    if isinstance(item, Part) and item.rate:
        indicator, whole = catalogue.indicators[item.rate], counts[item.of].table
        scale = 10**indicator.decimals
        halves = (200 * scale * count.table + whole) // np.maximum(2 * whole, 1)
        rates = np.where(whole > 0, halves / scale, np.nan)
        yield _rows(indicator, count, rates, (values, whole.astype(np.float64)), catalogue, owed)


def _rows(
    indicator: Indicator,
    count: Count,
    values: Floats,
    parts: tuple[Floats, Floats] | None,
    catalogue: Catalogue,
    owed: set[str],
) -> pd.DataFrame:
    """One indicator as rows of `observations`: `values` (and `parts`) are all regions x years x slots."""
    regions = list(catalogue.regions.values())
    labels = [f"{y}{slot}" for y in YEARS for slot in ["", "Q1", "Q2", "Q3", "Q4"][: values.shape[2]]]
    starts, ends = _dates(labels)
    applies = np.repeat(count.leaves.members.any(axis=1), len(labels))
    late = np.array([r.code in (*LATE_LEAGUE, *LATE_BANNERS) and lb in LATE_PERIODS for r in regions for lb in labels])
    missing = _missing(count.root, [r.level == "banner" for r in regions])
    lost = np.repeat(missing, values.shape[2], axis=1).ravel()
    empty = np.isnan(values).ravel()
    silent = [~applies, late | lost, empty]
    status = np.select(silent, ["not_applicable", "not_reported", "not_applicable"], "simulated")
    note = np.select(silent, ["不享有地方立法权，不适用", "", "本期分母为0，比率不适用"], "")

    def told(numbers: Floats) -> Floats:
        return np.where(status == "simulated", numbers.ravel(), np.nan)

    unknown = np.full_like(values, np.nan)
    numerator, denominator = parts or (unknown, unknown)
    frame = pd.DataFrame(
        {
            "region_code": np.repeat([r.code for r in regions], len(labels)),
            "indicator_id": indicator.id,
            "period": np.tile(labels, len(regions)),
            "period_start": np.tile(starts, len(regions)),
            "period_end": np.tile(ends, len(regions)),
            "value": told(values),
            "unit": indicator.unit,
            "numerator": told(numerator),
            "denominator": told(denominator),
            "status": status,
            "note": note,
        }
    )
    unpublished = lost & ~late & applies & (indicator.id not in owed)
    return frame[~unpublished]


def _missing(root: str, banner: list[bool]) -> npt.NDArray[np.bool_]:
    """Regions x years: banners that left out a whole year of a total, and with it of everything drawn from it."""
    dice = _draws(f"{root} missing", (len(banner), len(YEARS)), 0, 1000)
    return (dice < MISSING_PER_MILLE) & np.array(banner)[:, None]


def _dates(labels: list[str]) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """First and last day of years (2023) and quarters (2023Q2)."""
    periods = [pd.Period(label, freq="Q" if "Q" in label else "Y") for label in labels]
    return (
        pd.to_datetime([f"{p.start_time:%Y-%m-%d}" for p in periods]),
        pd.to_datetime([f"{p.end_time:%Y-%m-%d}" for p in periods]),
    )


def _plant_errors(observations: pd.DataFrame) -> pd.DataFrame:
    """The panel with PLANTED in place of the true values."""
    for (region, indicator, period), value in PLANTED.items():
        here = (observations["indicator_id"] == indicator) & (observations["region_code"] == region)
        observations.loc[here & (observations["period"] == period), "value"] = value
    return observations
