"""Formulas, each with its source. Nothing here reads data or draws.

Rates are percentages (0 to 100), counts are cases. What cannot be computed, because the parts of a rate were not
published, is missing (NaN, NA or None), never zero.
"""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

# Not scipy.stats, which says the same in plainer words but takes two seconds to import.
from scipy import special

SMALL_BASE = 10  # cases; a rate on fewer is shown, but not ranked, and no growth is computed from fewer
LEVEL = 0.95  # of intervals
CONTROL_LEVELS = (0.95, 0.998)  # of a funnel plot: two and three standard deviations of a normal distribution
CASE_UNITS = ("件", "件次")
PEOPLE = 10_000  # that counts are held against
PER_PEOPLE = "每万人"  # the kind of an indicator whose figures are counts per PEOPLE
PARTS_NOT_PUBLISHED = "分子分母未公布"
SMALL_BASE_WORDS = "基数过小，不参与排名"

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Status = Literal["reached", "near", "below"]
STATUS_WORDS = {"reached": "● 达标", "near": "▲ 接近", "below": "■ 未达标"}


def status(value: float, target: float, direction: str, near: float) -> Status | None:
    """How a value stands to its target: reached, within `near` (in the unit), or below; None for neutral indicators.

    House rule (design, section 3): the direction of the indicator says whether the target is a floor or a ceiling.
    """
    if direction == "neutral":
        return None
    gap = target - value if direction == "higher_better" else value - target
    if gap <= 0:
        return "reached"
    # A gap printed as 1.00 must not fall to the other side for a bit lost in subtraction.
    return "near" if round(gap, 9) <= near else "below"


def target_for(targets: pd.DataFrame, region_code: str, indicator_id: str, period: str) -> pd.Series | None:
    """The target to hold a figure against: that of its own period, else the next one, else the newest; None: no target.

    `targets`: `queries.targets`; periods of targets are years.
    """
    known = zip(*(targets[name].tolist() for name in ("region_code", "indicator_id", "period")), strict=True)
    of = [
        (at, its)
        for at, (region, indicator, its) in enumerate(known)
        if (region, indicator) == (region_code, indicator_id)
    ]
    if not of:
        return None
    return targets.iloc[next((at for at, its in of if its >= period[:4]), of[-1][0])]


def small_base(denominator: pd.Series) -> pd.Series:
    """Which rates stand on fewer than SMALL_BASE cases (bool); one whose denominator is missing does not count as one.

    House rule (design, section 3).
    """
    return denominator < SMALL_BASE


def wilson_interval(numerator: pd.Series, denominator: pd.Series, level: float = LEVEL) -> pd.DataFrame:
    """The score interval of a rate, in percent: columns low, high (float64), index of `numerator`.

    (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n), p = numerator/denominator, n = denominator, z the normal
    quantile of (1 + level)/2. Source: E. B. Wilson, Probable inference, the law of succession, and statistical
    inference, JASA 22 (1927), 209-212. NaN where a part is missing or the numerator is not a part of the denominator.
    """
    z = _z(level)
    cases, n = numerator.to_numpy(dtype="float64"), denominator.to_numpy(dtype="float64")
    n = np.where((n > 0) & (cases >= 0) & (cases <= n), n, np.nan)
    p = cases / n
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 100 / (1 + z**2 / n)
    # At 0 and 100 % the formula gives the rate itself as one end, but for the last bits.
    low, high = np.clip((middle - half) * scale, 0, 100 * p), np.clip((middle + half) * scale, 100 * p, 100)
    return pd.DataFrame({"low": low, "high": high}, index=numerator.index)


def poisson_interval(count: pd.Series, level: float = LEVEL) -> pd.DataFrame:
    """The exact interval of a number of independent events: columns low, high (float64), index of `count`.

    low = χ²((1−level)/2; 2c)/2, 0 for c = 0; high = χ²((1+level)/2; 2c+2)/2, χ²(p; k) being the quantile with k
    degrees of freedom, half of which is the quantile of the gamma distribution with shape k/2. Source: F. Garwood,
    Fiducial limits for the Poisson distribution, Biometrika 28 (1936), 437-442. NaN for missing and negative counts.
    """
    c = count.to_numpy(dtype="float64")
    c = np.where(c >= 0, c, np.nan)
    tail = (1 - level) / 2
    low = np.where(c > 0, special.gammaincinv(c, tail), c)
    return pd.DataFrame({"low": low, "high": special.gammaincinv(c + 1, 1 - tail)}, index=count.index)


def ranks(values: pd.Series, direction: str) -> pd.Series:
    """The place of each value (Int64): equal values share one, the next place is skipped; missing values have none.

    Standard competition ranking (1, 2, 2, 4). Direction `lower_better` counts from the lowest value, every other from
    the highest; for neutral indicators the first place says nothing but high.
    """
    return values.rank(method="min", ascending=direction == "lower_better").astype("Int64")


def rank_bands(low: pd.Series, high: pd.Series, direction: str) -> pd.DataFrame:
    """The places that an interval leaves open: columns best, worst (Int64), index of `low`; NA where it is missing.

    best = 1 + how many intervals lie wholly ahead; worst = how many do not lie wholly behind. Source: M. Klein,
    T. Wright, J. Wieczorek, A joint confidence region for an overall ranking of populations, JRSS C 69 (2020),
    589-606. They take wider intervals, so that all places hold at once; here the intervals that the reader sees
    decide, so that the reader can follow it, and each band holds for itself.
    """
    known = low.notna() & high.notna()
    ends = low[known].to_numpy(dtype="float64"), high[known].to_numpy(dtype="float64")
    best, worst = _bands(*ends, direction)
    bands = pd.DataFrame({"best": best, "worst": worst}, index=low[known].index)
    return bands.reindex(low.index).astype("Int64")


def _bands(low: Numbers, high: Numbers, direction: str) -> tuple[Places, Places]:
    """`rank_bands` of intervals none of which is missing: best and worst."""
    front, back = (low, high) if direction == "lower_better" else (-high, -low)
    ahead = np.searchsorted(np.sort(back), front, side="left")
    behind = len(front) - np.searchsorted(np.sort(front), back, side="right")
    return 1 + ahead, len(front) - behind


def overlapping_pairs(low: Numbers, high: Numbers) -> tuple[int, int]:
    """How many pairs of intervals overlap, and how many pairs there are; missing intervals make no pair.

    Two intervals overlap when neither begins after the other ends. It is a cautious test: rates may differ although
    their intervals overlap a little. Source: N. Schenker, J. F. Gentleman, On judging the significance of differences
    by examining the overlap between confidence intervals, The American Statistician 55 (2001), 182-186.
    """
    known = ~(np.isnan(low) | np.isnan(high))
    starts, ends = np.sort(low[known]), high[known]
    pairs = len(starts) * (len(starts) - 1) // 2
    apart = int((len(starts) - np.searchsorted(starts, ends, side="right")).sum())
    return pairs - apart, pairs


def standings(frame: pd.DataFrame, direction: str, kind: str, aggregation: str) -> pd.DataFrame:
    """Who stands where: `frame` with the columns low, high, small, rank, best, worst.

    `frame`: value, unit, qualifier, numerator, denominator; a place a row. low, high: `wilson_interval` of rates and
    ratios, `poisson_interval` of exact counts of cases (a sum, in 件), the same per PEOPLE where `kind` is PER_PEOPLE
    (numerator: the count, denominator: the people); NaN for everything else, which is not drawn by chance. small
    (bool): a rate on a small base; it keeps its interval but has no rank and no band, nor does a missing value. rank,
    best, worst (Int64): `ranks`, `rank_bands`; no bands at all where one of those ranked has no interval, because its
    place in them is unknown.
    """
    rate = kind in ("rate", "ratio")
    if rate:
        ends = wilson_interval(frame["numerator"], frame["denominator"])
    else:
        cases = frame["numerator"] if kind == PER_PEOPLE else frame["value"]
        drawn = kind in ("count", PER_PEOPLE) and aggregation == "sum"
        exact = zip(frame["unit"].tolist(), frame["qualifier"].tolist(), strict=True)
        chance = [drawn and qualifier == "" and unit.partition("/")[0] in CASE_UNITS for unit, qualifier in exact]
        ends = poisson_interval(cases.where(chance))
        ends = ends.mul(PEOPLE / frame["denominator"], axis=0) if kind == PER_PEOPLE else ends
    small = small_base(frame["denominator"]) & frame["value"].notna() & rate
    places = ranks(frame["value"].where(~small), direction)
    ranked = ends.where(places.notna())
    bands = rank_bands(ranked["low"], ranked["high"], direction)
    if (bands["best"].isna() & places.notna()).any():
        bands = bands.assign(best=pd.NA, worst=pd.NA).astype("Int64")
    return frame.assign(**ends, small=small, rank=places, **bands)


def standings_of_many(cells: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Who stands where in every indicator at once, by the rules of `standings`, which takes them one by one.

    `cells`: totals of `queries.matrix_of_period`, of the places compared alone; `indicators`: `queries.indicators`.
    Only values; adds direction, kind, aggregation, unit, small (bool: a rate on a small base, without rank), rank,
    best, worst, and last (Int64: the place of the last of those with an equal value).
    """
    return places_of_many(intervals_of_many(cells, indicators))


def intervals_of_many(cells: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """The part of `standings_of_many` that is the same whoever is compared.

    Adds direction, kind, aggregation, unit, small, and low, high (float64: the interval of those that are ranked).
    """
    own = ["direction", "kind", "aggregation", "unit"]
    known = cells[cells["value"].notna()].join(indicators[own], on="indicator_id")
    rate = known["kind"].isin(["rate", "ratio"])
    counted = (known["kind"] == "count") & (known["aggregation"] == "sum") & known["unit"].isin(CASE_UNITS)
    small = rate & small_base(known["denominator"])
    ends = wilson_interval(known["numerator"], known["denominator"]).where(rate)
    ends = ends.combine_first(poisson_interval(known["value"].where(counted & (known["qualifier"] == ""))))
    return known.assign(small=small, **ends.where(~small))


def places_of_many(known: pd.DataFrame) -> pd.DataFrame:
    """The places of `standings_of_many` among the regions in `known` (`intervals_of_many`)."""
    ordered = known["value"].where(known["direction"] == "lower_better", -known["value"]).where(~known["small"])
    places = ordered.groupby(known["indicator_id"])
    low, high, ranked = known["low"].to_numpy(), known["high"].to_numpy(), ~known["small"].to_numpy()
    directions = known["direction"].to_numpy()
    best, worst = np.full(len(known), np.nan), np.full(len(known), np.nan)
    for of_indicator in places.indices.values():
        rows = of_indicator[ranked[of_indicator]]
        if not np.isnan(low[rows]).any():
            best[rows], worst[rows] = _bands(low[rows], high[rows], directions[of_indicator[0]])
    return known.drop(columns=["low", "high"]).assign(
        rank=places.rank(method="min").astype("Int64"),
        last=places.rank(method="max").astype("Int64"),
        best=pd.array(best).astype("Int64"),
        worst=pd.array(worst).astype("Int64"),
    )


def funnel_limits(rate: float, sizes: Numbers, level: float) -> pd.DataFrame:
    """Between which rates, in percent, a place with this many cases lies when nothing but chance sets it apart.

    `sizes`: whole numbers of cases. Columns low, high (float64), one row a size. With R binomial of `size` trials and
    probability `rate`/100, r is the smallest number with P(R ≤ r) ≥ p, and the limit is (r − α)/size with
    α = (P(R ≤ r) − p)/P(R = r), for p = (1 ∓ level)/2.
    Source: D. J. Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24
    (2005), 1185-1202, appendix A.1.1.
    """
    tail = (1 - level) / 2
    return pd.DataFrame({"low": _funnel_limit(rate, sizes, tail), "high": _funnel_limit(rate, sizes, 1 - tail)})


def _funnel_limit(rate: float, sizes: Numbers, probability: float) -> Numbers:
    theta = rate / 100
    if theta in (0, 1):
        return np.full(len(sizes), float(rate))
    # Rounded, because a whole number of cases may come out as 3.0000000001.
    r = np.clip(np.ceil(np.round(special.bdtrik(probability, sizes, theta), 9)), 0, sizes)
    trials = sizes.astype("int64")
    reached = special.bdtr(r, trials, theta)
    below = np.where(r > 0, special.bdtr(np.maximum(r - 1, 0), trials, theta), 0.0)
    alpha = (reached - probability) / (reached - below)
    limits: Numbers = np.clip(100 * (r - alpha) / sizes, 0, 100)
    return limits


def beyond_limits(numerator: pd.Series, denominator: pd.Series, rate: float, level: float) -> pd.Series:
    """Which places chance alone would hardly put where they are: 1 above, −1 below, 0 neither, NA without parts.

    Above where P(R ≥ numerator) < (1−level)/2, below where P(R ≤ numerator) is, R as in `funnel_limits`. The limits
    themselves lie up to one case too far inside: next to a rate of 99 % a place with 20 of 20 cases lies above its
    limit of 99.99 %, although four in five such places would.
    """
    n, theta, tail = denominator.where(denominator > 0), rate / 100, (1 - level) / 2
    known = n.notna() & numerator.between(0, n)
    cases, trials = numerator[known].round().to_numpy(), n[known].round().astype("int64").to_numpy()
    below = special.bdtr(cases, trials, theta) < tail
    above = (cases > 0) & (special.bdtrc(np.maximum(cases - 1, 0), trials, theta) < tail)
    found = pd.Series(above.astype(int) - below.astype(int), index=numerator.index[known], dtype="Int64")
    return found.reindex(numerator.index)


def gap_in_cases(numerator: float, denominator: float, target: float, direction: str) -> int | None:
    """How many of the cases would have had to turn out otherwise for the target to be reached; 0: it is reached.

    higher_better: ⌈target/100·denominator − numerator⌉; lower_better: ⌈numerator − target/100·denominator⌉. None for
    neutral indicators and where a part is missing. House rule: the cases stay the same, only their outcome changes.
    """
    if direction == "neutral" or pd.isna(numerator) or pd.isna(denominator) or denominator <= 0:
        return None
    gap = target / 100 * denominator - numerator
    # 95 % of 60 cases are 57, not 57.00000000000001, which would ask for one case too many.
    return max(0, math.ceil(round(gap if direction == "higher_better" else -gap, 6)))


def growth(value: float, base: float) -> float | None:
    """The growth over an earlier value in percent, 100·(value/base − 1); None on a base of fewer than SMALL_BASE.

    House rule: from 2 to 3 cases is one case more, not 50 %. Not for rates, which differ by percentage points.
    """
    if pd.isna(value) or pd.isna(base) or base < SMALL_BASE:
        return None
    return float(100 * (value / base - 1))


def _z(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))
