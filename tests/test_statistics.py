"""Formulas: how a value stands to its target."""

import pandas as pd
import pytest

from dashboard.statistics import status, target_for


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
