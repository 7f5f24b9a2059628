"""The figures of a chart as a file: numbers with units, and an explanation of what is shown."""

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from dashboard import exporting, families, frame, queries, selection
from dashboard.theme import format_value

UNITS = ["个百分点", "件次", "件", "元", "%"]
AT = {"dataset": "demo", "indicator": "court_appearance_rate", "period": "2024"}


def exported(family: str, **parameters: str) -> tuple[pd.DataFrame, dict[str, str]]:
    release = queries.current_release()
    chart = families.chart(family, parameters, release)
    view = view_of(release, parameters)
    return exporting.marked(chart, exporting.units(view)), dict(exporting.explanation(chart, view))


def view_of(release: queries.Release, parameters: dict[str, str]) -> exporting.View:
    with selection.reading(parameters):
        reader = frame.reader_at(release)
    return exporting.View(reader.release, reader.choices, reader.selection)


@given(st.decimals(0, 10**11, places=2), st.sampled_from(UNITS), st.sampled_from(["", "余", "多", "近", "超", "约"]))
def test_a_value_in_words_is_read_back_as_its_number(value: float, unit: str, qualifier: str) -> None:
    assert exporting.number_of(format_value(float(value), unit, qualifier), UNITS) == (float(value), unit)


@pytest.mark.parametrize("place", ["第1名", "第2—5名", "难分先后", "偏高"])
def test_a_figure_is_a_number_whatever_is_said_of_its_place(place: str) -> None:
    assert exporting.number_of(f"98.5%（{place}）", UNITS) == (98.5, "%")


@pytest.mark.parametrize(
    "cell", ["未公布", "2023年", "58/61件", "98.7%—99.2%", "第1—12名", "包头市", "", None, float("nan")]
)
def test_everything_else_is_no_number(cell: object) -> None:
    number, unit = exporting.number_of(cell, UNITS)
    assert pd.isna(number)
    assert unit == ""


def test_units_that_differ_stand_in_a_column_of_their_own() -> None:
    table = exporting.with_numbers(
        pd.DataFrame({"指标": ["甲", "乙", "丙"], "数值": ["1.2万余件", "99.5%", "未公布"]}), UNITS
    )
    assert list(table.columns) == ["指标", "数值", "数值（数字）", "单位"]
    assert table["数值（数字）"].tolist()[:2] == [12000, 99.5]
    assert table["单位"].tolist() == ["件", "%", ""]
    assert table["数值（数字）"].isna().tolist() == [False, False, True]


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("family", ["map", "trends", "funnel"])
def test_the_numbers_of_a_chart_can_be_drawn_again(family: str) -> None:
    table, _ = exported(family, **AT)
    assert "对照" not in "".join(table.columns)
    assert table["数值（数字，%）"].dtype == "float64"
    assert table["数值"].tolist() == [format_value(value, "%") for value in table["数值（数字，%）"]]


@pytest.mark.usefixtures("warehouse")
def test_what_is_shown_is_told_and_not_what_was_chosen_beside_it() -> None:
    _, told = exported("trends", indicator="court_appearance_rate")
    assert told["筛选"] == "指标 行政机关负责人出庭应诉率；期间 2019—2023年；地区 内蒙古自治区"
    _, told = exported("map", **AT)
    assert told["筛选"] == "指标 行政机关负责人出庭应诉率；期间 2024年；层级 盟市"


@pytest.mark.usefixtures("warehouse")
def test_a_heat_map_names_its_sources() -> None:
    table, _ = exported("heatmap", **AT)
    assert "包头市（数字，%）" in table
    release = queries.current_release()
    chart = families.chart("heatmap", AT, release)
    assert "来源：演示数据（模拟）" in chart.footnotes
    told = exporting.explanation(chart, view_of(release, AT))
    assert ("注", "来源：演示数据（模拟）") in told
    found = queries.sources_of_period(release, "published", "region", "2023")
    assert "内蒙古自治区人民政府关于2023年法治政府建设情况的报告" in set(found["source_title"])
