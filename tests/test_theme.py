"""How numbers and periods are written."""

from datetime import date

import pandas as pd
import pytest

from dashboard.theme import (
    DARK,
    LIGHT,
    Palette,
    channels,
    format_day,
    format_difference,
    format_period,
    format_value,
    luminance,
)


@pytest.mark.parametrize(
    ("value", "unit", "qualifier", "text"),
    [
        (196000, "件", "余", "19.6万余件"),
        (14000, "件", "超", "超1.4万件"),
        (220000000, "人次", "", "2.2亿人次"),
        (246329700, "元", "", "24632.97万元"),
        (102996029, "元", "", "10299.6029万元"),
        (820000000, "元", "", "8.2亿元"),
        (4770, "元", "", "4770元"),
        (4770, "件", "", "4770件"),
        (227191, "件", "", "227191件"),
        (99.74, "%", "", "99.74%"),
        (99.5, "%", "", "99.5%"),
        (100.0, "%", "", "100%"),
        (0, "件", "", "0件"),
        (-3.63, "%", "", "-3.63%"),
        (0.5, "个工作日", "", "0.5个工作日"),
    ],
)
def test_a_value_reads_as_it_was_printed(value: float, unit: str, qualifier: str, text: str) -> None:
    assert format_value(value, unit, qualifier) == text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("2023", "2023年"),
        ("2021-2023", "2021—2023年"),
        ("2023Q2", "2023年第二季度"),
        ("2023-06", "2023年6月"),
        ("2021-01/2021-10", "2021年1—10月"),
        ("2021-01/2022-11", "2021年1月—2022年11月"),
        ("latest", "各地最新值"),
    ],
)
def test_a_period_reads_as_words(label: str, text: str) -> None:
    assert format_period(label) == text


def test_percentages_differ_by_points_and_counts_by_their_unit() -> None:
    assert format_difference(99.74 - 100, "%") == "0.26个百分点"
    assert format_difference(3 - 5, "件") == "2件"


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["text", "muted", "primary", "reached", "near", "below"])
def test_words_on_the_ground_have_enough_contrast(palette: Palette, role: str) -> None:
    # WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1.
    one, two = sorted((luminance(getattr(palette, role)), luminance(palette.ground)), reverse=True)
    assert (one + 0.05) / (two + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2020-07-20", "2020年7月20日"),
        ("2022-12", "2022年12月"),
        ("2021", "2021年"),
        ("原文未见", "原文未见"),
        (date(2026, 1, 5), "2026年1月5日"),
        (pd.Timestamp(2026, 11, 15), "2026年11月15日"),
    ],
)
def test_a_day_is_written_as_far_as_it_is_known(day: date | str, words: str) -> None:
    assert format_day(day) == words


def test_a_colour_has_three_channels() -> None:
    assert channels("#0a80ff") == (10, 128, 255)
