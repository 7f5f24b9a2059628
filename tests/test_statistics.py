"""Formulas: targets, intervals, places, control limits, gaps in cases, growth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from dashboard.statistics import (
    CONTROL_LEVELS,
    PER_PEOPLE,
    SMALL_BASE,
    beyond_limits,
    funnel_limits,
    gap_in_cases,
    growth,
    overlapping_pairs,
    poisson_interval,
    rank_bands,
    ranks,
    small_base,
    standings,
    status,
    target_for,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("value", "target", "direction", "expected"),
    [
        (100, 100, "higher_better", "reached"),
        (99.74, 100, "higher_better", "near"),
        (99.0, 100, "higher_better", "near"),
        (98.99, 100, "higher_better", "below"),
        (4.9, 5, "lower_better", "reached"),
        (5.9, 5, "lower_better", "near"),
        (6.1, 5, "lower_better", "below"),
    ],
)
def test_status_follows_the_direction(value: float, target: float, direction: str, expected: str) -> None:
    assert status(value, target, direction, near=1.0) == expected


def test_a_neutral_indicator_has_no_status() -> None:
    assert status(24.47, 20, "neutral", near=1.0) is None


TARGETS = pd.DataFrame(
    [("150000", "rate", "2022", 90.0), ("150000", "rate", "2024", 100.0)],
    columns=["region_code", "indicator_id", "period", "value"],
)


@pytest.mark.parametrize(("period", "year"), [("2022", "2022"), ("2023", "2024"), ("2024Q1", "2024"), ("2025", "2024")])
def test_a_figure_is_held_against_its_own_the_next_or_the_newest_target(period: str, year: str) -> None:
    target = target_for(TARGETS, "150000", "rate", period)
    assert target is not None
    assert target["period"] == year


def test_another_region_has_no_target() -> None:
    assert target_for(TARGETS, "150100", "rate", "2024") is None


def column(*values: float | None) -> pd.Series:
    return pd.Series(values, dtype="float64")


@pytest.mark.parametrize(("numerator", "denominator"), [(58, 61), (0, 10), (10, 10), (325, 363), (1, 400_000)])
def test_a_rate_has_the_score_interval(numerator: int, denominator: int) -> None:
    ends = wilson_interval(column(numerator), column(denominator)).loc[0]
    expected = stats.binomtest(numerator, denominator).proportion_ci(0.95, method="wilson")
    assert ends["low"] == pytest.approx(100 * expected.low)
    assert ends["high"] == pytest.approx(100 * expected.high)


def test_a_full_rate_does_not_reach_beyond_its_ceiling() -> None:
    ends = wilson_interval(column(10, 0), column(10, 10))
    assert (ends["high"][0], ends["low"][1]) == (100, 0)


@pytest.mark.parametrize(("numerator", "denominator"), [(None, 61), (58, None), (0, 0), (62, 61), (-1, 61)])
def test_a_rate_without_sound_parts_has_no_interval(numerator: float | None, denominator: float | None) -> None:
    assert wilson_interval(column(numerator), column(denominator)).isna().all(axis=None)


# As tables of the exact limits print them.
@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_a_count_has_the_exact_interval(count: float, low: float, high: float) -> None:
    ends = poisson_interval(column(count)).loc[0]
    assert ends["low"] == pytest.approx(low, abs=5e-4)
    assert ends["high"] == pytest.approx(high, abs=5e-4)


def test_a_missing_count_has_no_interval() -> None:
    assert poisson_interval(column(None, -1)).isna().all(axis=None)


@pytest.mark.parametrize(("cases", "small"), [(9, True), (10, False), (11, False), (None, False)])
def test_a_base_is_small_below_ten_cases(cases: float | None, small: bool) -> None:
    assert SMALL_BASE == 10
    assert small_base(column(cases)).tolist() == [small]


def test_equal_values_share_a_place_and_missing_ones_have_none() -> None:
    values = column(100, 99, 100, None, 90)
    assert ranks(values, "higher_better").tolist() == [1, 3, 1, pd.NA, 4]
    assert ranks(values, "lower_better").tolist() == [3, 2, 3, pd.NA, 1]
    assert ranks(values, "neutral").tolist() == [1, 3, 1, pd.NA, 4]


def test_overlapping_intervals_share_a_band_of_places() -> None:
    low, high = column(90, 85, 60, None, 50), column(99, 95, 70, None, 65)
    bands = rank_bands(low, high, "higher_better")
    assert bands["best"].tolist() == [1, 1, 3, pd.NA, 3]
    assert bands["worst"].tolist() == [2, 2, 4, pd.NA, 4]
    assert rank_bands(low, high, "lower_better")["best"].tolist() == [3, 3, 1, pd.NA, 1]


def test_intervals_that_touch_overlap() -> None:
    assert rank_bands(column(90, 80), column(99, 90), "higher_better")["worst"].tolist() == [2, 2]
    assert overlapping_pairs(np.array([90.0, 80]), np.array([99.0, 90])) == (1, 1)


def test_pairs_of_intervals_are_counted_without_the_missing_ones() -> None:
    low, high = np.array([90, 85, 60, np.nan, 50]), np.array([99, 95, 70, np.nan, 65])
    assert overlapping_pairs(low, high) == (2, 6)


PARTS = some.lists(some.tuples(some.integers(0, 50), some.integers(1, 50)).map(sorted), min_size=1, max_size=30)


@given(PARTS, some.sampled_from(["higher_better", "lower_better", "neutral"]))
def test_a_place_always_lies_in_its_band(parts: list[list[int]], direction: str) -> None:
    frame = pd.DataFrame(parts, columns=["numerator", "denominator"]).astype("float64")
    frame = frame.assign(value=100 * frame["numerator"] / frame["denominator"], unit="%", qualifier="")
    stood = standings(frame, direction, "rate", "weighted")
    ranked = stood[stood["rank"].notna()]
    assert (ranked["low"] <= ranked["value"] + 1e-9).all()
    assert (ranked["high"] >= ranked["value"] - 1e-9).all()
    assert ranked["rank"].between(ranked["best"], ranked["worst"]).all()


def make_rates(*parts: tuple[float | None, float | None, float | None], unit: str = "%") -> pd.DataFrame:
    frame = pd.DataFrame(parts, columns=["value", "numerator", "denominator"], dtype="float64")
    return frame.assign(unit=unit, qualifier="")


def test_a_rate_on_a_small_base_keeps_its_interval_but_has_no_place() -> None:
    stood = standings(make_rates((90, 90, 100), (100, 9, 9), (80, 80, 100)), "higher_better", "rate", "weighted")
    assert stood["small"].tolist() == [False, True, False]
    assert stood["rank"].tolist() == [1, pd.NA, 2]
    assert stood["best"].tolist() == [1, pd.NA, 1]
    assert stood["low"].notna().all()


def test_rates_without_published_parts_are_ranked_without_intervals_or_bands() -> None:
    stood = standings(make_rates((99.5, None, None), (97, None, None)), "higher_better", "rate", "weighted")
    assert stood["rank"].tolist() == [1, 2]
    assert stood[["low", "high", "best", "worst"]].isna().all(axis=None)


def test_there_are_no_bands_where_the_place_of_one_in_them_is_unknown() -> None:
    stood = standings(make_rates((99, 99, 100), (97, 97, 100), (98, None, None)), "higher_better", "rate", "weighted")
    assert stood["rank"].tolist() == [1, 3, 2]
    assert stood[["best", "worst"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("kind", "aggregation", "unit", "drawn"),
    [
        ("count", "sum", "件", True),
        ("count", "latest", "件", False),
        ("count", "sum", "场次", False),
        ("money", "sum", "元", False),
        ("duration", "none", "天", False),
    ],
)
def test_only_counts_of_cases_have_intervals_of_chance(kind: str, aggregation: str, unit: str, drawn: bool) -> None:
    frame = make_rates((30, None, None), (5, None, None), unit=unit)
    stood = standings(frame, "neutral", kind, aggregation)
    assert stood["low"].notna().all() == drawn
    assert not stood["small"].any()
    assert stood["rank"].tolist() == [1, 2]


def test_a_count_per_people_has_the_interval_of_the_count_per_people() -> None:
    frame = make_rates((0.6, 30, 500_000), (0.5, 50, 1_000_000), (9.0, 90, 100_000), unit="件/万人")
    stood = standings(frame, "neutral", PER_PEOPLE, "sum")
    counted = poisson_interval(pd.Series([30, 50, 90], index=frame.index))
    assert stood["low"].tolist() == pytest.approx([counted["low"].iloc[0] / 50, *(counted["low"].iloc[1:] / [100, 10])])
    assert stood[["best", "worst"]].to_numpy().tolist() == [[2, 3], [2, 3], [1, 1]]
    assert standings(frame.assign(unit="人/万人"), "neutral", PER_PEOPLE, "sum")["low"].isna().all()


def test_a_rounded_count_has_no_interval() -> None:
    frame = make_rates((1800, None, None), unit="件").assign(qualifier="余")
    assert standings(frame, "neutral", "count", "sum")["low"].isna().all()


@pytest.mark.parametrize("size", [1, 12, 60, 363, 400_000])
@pytest.mark.parametrize("rate", [0.5, 50, 98.98])
def test_funnel_limits_lie_within_one_case_of_the_exact_quantiles(size: int, rate: float) -> None:
    for level in CONTROL_LEVELS:
        limits = funnel_limits(rate, np.array([size], dtype="float64"), level).loc[0] * size / 100
        low, high = stats.binom.ppf([(1 - level) / 2, (1 + level) / 2], size, rate / 100)
        assert low - 1 <= limits["low"] <= low
        assert high - 1 <= limits["high"] <= high


def test_a_funnel_narrows_with_the_cases_and_widens_with_the_level() -> None:
    sizes = np.array([20.0, 200.0, 2000.0])
    inner, outer = (funnel_limits(90, sizes, level) for level in CONTROL_LEVELS)
    assert (outer["low"] < inner["low"]).all()
    assert (inner["high"] - inner["low"]).is_monotonic_decreasing
    assert (outer["high"] <= 100).all()


def test_a_full_small_rate_is_not_beyond_the_limit_that_chance_often_reaches() -> None:
    numerator, denominator = column(20, 325, 449, 17, None), column(20, 363, 449, 20, 5)
    beyond = {level: beyond_limits(numerator, denominator, 98.98, level).tolist() for level in CONTROL_LEVELS}
    assert beyond == {0.95: [0, -1, 1, -1, pd.NA], 0.998: [0, -1, 0, 0, pd.NA]}


@given(some.integers(1, 300), some.sampled_from([1, 30, 90, 99.5]), some.sampled_from(CONTROL_LEVELS))
def test_what_lies_beyond_by_more_than_a_case_is_beyond_and_what_lies_within_is_not(
    size: int, rate: float, level: float
) -> None:
    cases = pd.Series(range(size + 1), dtype="float64")
    beyond = beyond_limits(cases, pd.Series(float(size), index=cases.index), rate, level)
    limits = funnel_limits(rate, np.array([float(size)]), level).loc[0] * size / 100
    assert (beyond[cases > limits["high"] + 1] == 1).all()
    assert (beyond[cases < limits["low"] - 1] == -1).all()
    assert (beyond[cases.between(limits["low"], limits["high"])] == 0).all()


@pytest.mark.parametrize("rate", [0, 100])
def test_a_funnel_around_none_or_all_has_no_width(rate: float) -> None:
    assert funnel_limits(rate, np.array([10.0]), 0.95).loc[0].tolist() == [rate, rate]


@pytest.mark.parametrize(
    ("numerator", "denominator", "target", "direction", "cases"),
    [
        (55, 61, 95, "higher_better", 3),
        (57, 60, 95, "higher_better", 0),
        (61, 61, 95, "higher_better", 0),
        (58, 61, 100, "higher_better", 3),
        (5, 61, 5, "lower_better", 2),
        (3, 60, 5, "lower_better", 0),
    ],
)
def test_the_gap_to_a_target_is_counted_in_cases(
    numerator: float, denominator: float, target: float, direction: str, cases: int
) -> None:
    assert gap_in_cases(numerator, denominator, target, direction) == cases


def test_no_gap_in_cases_without_parts_or_direction() -> None:
    assert gap_in_cases(np.nan, 61, 95, "higher_better") is None
    assert gap_in_cases(55, np.nan, 95, "higher_better") is None
    assert gap_in_cases(55, 61, 95, "neutral") is None


@given(some.integers(1, 2000).flatmap(lambda d: some.tuples(some.integers(0, d), some.just(d))), some.integers(1, 100))
def test_the_gap_in_cases_is_just_enough(parts: tuple[int, int], target: int) -> None:
    numerator, denominator = parts
    gap = gap_in_cases(numerator, denominator, target, "higher_better")
    assert gap is not None
    assert 100 * (numerator + gap) >= target * denominator
    assert gap == 0 or 100 * (numerator + gap - 1) < target * denominator


@pytest.mark.parametrize(("base", "grown"), [(9, None), (10, 50.0), (11, 36.36), (0, None), (float("nan"), None)])
def test_growth_from_a_small_base_is_not_computed(base: float, grown: float | None) -> None:
    found = growth(15, base)
    assert (found if found is None else round(found, 2)) == grown
