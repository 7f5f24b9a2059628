"""Trends: what a line may join, what may be called a direction, and how a change is told."""

import json
from collections import Counter

import pandas as pd
import pytest
import streamlit as st

from dashboard import explanations, queries, trends
from dashboard.charts import Chart
from dashboard.charts import trends as charts
from dashboard.charts.anatomy import Scene
from tests.test_pages import figure, open_page, texts

RATE = pd.Series(
    {
        "name": "出庭应诉率",
        "unit": "%",
        "kind": "rate",
        "direction": "higher_better",
        "near": 1.0,
        "caveats": "口径不一",
    },
    name="rate",
)
COUNT = pd.Series(
    {"name": "案件数", "unit": "件", "kind": "count", "direction": "neutral", "near": 1.0, "caveats": ""}, name="count"
)
NO_BREAKS = pd.DataFrame({"since": pd.Series(dtype="datetime64[us]"), "reason": pd.Series(dtype=str)})
BREAK = pd.DataFrame({"since": [pd.Timestamp("2021-01-01")], "reason": ["此后计入专项抽查"]})
TARGETS = pd.DataFrame(
    [("150000", "rate", "2024", 100.0, "推动实现100%", "要点")],
    columns=["region_code", "indicator_id", "period", "value", "published_as", "source_title"],
)
SPANS = {
    "2021-01/2021-10": ("2021-01-01", "2021-10-31", 10),
    "2021-10": ("2021-10-01", "2021-10-31", 1),
    "2019-2021": ("2019-01-01", "2021-12-31", 36),
}


def figure_of(period: str, value: float | None, region_code: str = "150000", **changes: object) -> dict[str, object]:
    if "Q" in period:
        start = pd.Timestamp(int(period[:4]), 3 * int(period[-1]) - 2, 1)
        end, months = start + pd.offsets.QuarterEnd(0), 3
    else:
        first, last, months = SPANS.get(period, (f"{period}-01-01", f"{period}-12-31", 12))
        start, end = pd.Timestamp(first), pd.Timestamp(last)
    return {
        "region_code": region_code,
        "region": {"150000": "内蒙古自治区", "150100": "呼和浩特市", "150200": "包头市"}[region_code],
        "indicator_id": "rate",
        "breakdown": "",
        "period": period,
        "period_start": start,
        "period_end": end,
        "period_months": months,
        "value": value,
        "unit": "%",
        "qualifier": "",
        "numerator": float("nan"),
        "denominator": float("nan"),
        "status": "published",
        "source_title": "报告",
        "note": "",
    } | changes


def series(values: dict[str, float], **changes: object) -> pd.DataFrame:
    return pd.DataFrame([figure_of(period, value, **changes) for period, value in values.items()])


def timeline(
    figures: pd.DataFrame, step: str = "year", breaks: pd.DataFrame = NO_BREAKS, indicator: pd.Series = RATE
) -> pd.DataFrame:
    points = trends.series(figures, indicator, "", step, breaks, "件")
    return pd.DataFrame(points, columns=list(charts.Point._fields))


def drawn(figures: pd.DataFrame, breaks: pd.DataFrame = NO_BREAKS, indicator: pd.Series = RATE) -> list[charts.Point]:
    return trends.series(figures, indicator, "", "year", breaks, "件")


def parts(points: pd.DataFrame) -> list[list[str]]:
    """The periods that lines join, one list a line."""
    return [run["period"].tolist() for _, run in points[points["run"].notna()].groupby("run")]


OFFICIAL = series({"2019": 15.0, "2020": 29.65, "2021-01/2021-10": 73.55, "2021-10": 89.0, "2023": 99.74})
RISING = {str(year): 10.0 * (year - 2018) for year in range(2019, 2026)}


# ---- what a line may join ----


def test_a_line_joins_years_that_follow_each_other_and_nothing_else() -> None:
    points = timeline(OFFICIAL)
    assert parts(points) == [["2019", "2020"], ["2023"]]
    assert set(points.loc[points["run"].isna(), "period"]) == {"2021-01/2021-10", "2021-10"}


def test_a_line_never_crosses_a_change_of_definition() -> None:
    assert parts(timeline(series(RISING), breaks=BREAK)) == [
        ["2019", "2020"],
        ["2021", "2022", "2023", "2024", "2025"],
    ]


def test_a_year_in_which_the_definition_changed_compares_with_neither_side() -> None:
    halfway = BREAK.assign(since=pd.Timestamp("2021-07-01"))
    assert parts(timeline(series(RISING), breaks=halfway)) == [
        ["2019", "2020"],
        ["2021"],
        ["2022", "2023", "2024", "2025"],
    ]


def test_years_and_quarters_are_separate_series() -> None:
    figures = series({"2023": 50.0, "2023Q4": 40.0, "2024Q1": 45.0, "2024Q3": 60.0, "2024": 55.0})
    assert parts(timeline(figures)) == [["2023", "2024"]]
    assert parts(timeline(figures, "quarter")) == [["2023Q4", "2024Q1"], ["2024Q3"]]


def test_another_breakdown_and_missing_values_stay_out() -> None:
    figures = pd.concat([series({"2023": 1.0}, breakdown="分项"), series({"2022": None}, status="not_reported")])
    assert timeline(figures).empty


@pytest.mark.parametrize(("denominator", "small"), [(9.0, True), (10.0, False), (11.0, False)])
def test_a_rate_on_fewer_than_ten_cases_is_marked(denominator: float, small: bool) -> None:
    points = timeline(series({"2023": 50.0}, numerator=5.0, denominator=denominator))
    assert points["small"].tolist() == [small]
    assert points["cases"].tolist() == [f"5/{denominator:.0f}件"]


def test_only_rates_with_parts_have_an_interval() -> None:
    with_parts = timeline(series({"2023": 50.0}, numerator=30.0, denominator=60.0)).iloc[0]
    assert 37 < with_parts["low"] < 38
    assert pd.isna(timeline(OFFICIAL)["low"]).all()


def test_years_without_any_figure_are_named_and_years_with_odd_periods_are_not() -> None:
    assert trends.gaps(OFFICIAL, "150000", "") == {2022: "未公布"}
    reported = pd.concat([OFFICIAL, series({"2022": None}, status="not_reported")])
    assert trends.gaps(reported, "150000", "") == {2022: "未填报"}


# ---- directions ----


def test_four_figures_are_not_judged() -> None:
    found = trends.direction(drawn(series(dict(list(RISING.items())[:4]))), "higher_better")
    assert found.word == ""
    assert found.sentence == "数据点不足，不判断趋势（至少需要5个口径一致的年度数据，现有4个）"


@pytest.mark.parametrize(
    ("polarity", "words"),
    [
        ("higher_better", "2019—2023年呈上升趋势，改善"),
        ("lower_better", "2019—2023年呈上升趋势，变差"),
        ("neutral", "2019—2023年呈上升趋势"),
    ],
)
def test_a_direction_is_good_or_bad_only_where_the_indicator_has_one(polarity: str, words: str) -> None:
    found = trends.direction(drawn(series(dict(list(RISING.items())[:5]))), polarity)
    assert (found.word, found.sentence) == ("上升", words)
    assert found.method == "5个年度数据经统计检验，总体呈上升趋势（方法见使用说明）"
    assert "Mann-Kendall检验" in (explanations.of_chart("趋势") or "")


def test_a_fall_of_what_should_be_low_is_better() -> None:
    falling = {year: -value + 100 for year, value in RISING.items()}
    assert "呈下降趋势，改善" in trends.direction(drawn(series(falling)), "lower_better").sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([5, 1, 4, 2, 3], "2019—2023年无显著上升或下降趋势"),
        ([18.45, 60, 100, 95, 89.53], "2019—2023年无显著上升或下降趋势；2022年、2023年连续两年下降"),
        ([3, 3, 3, 3, 3], "2019—2023年数值相同，没有变化"),
    ],
)
def test_up_and_down_is_no_direction(values: list[float], sentence: str) -> None:
    points = drawn(series(dict(zip(RISING, values, strict=False))))
    found = trends.direction(points, "higher_better")
    assert (found.word, found.sentence) == ("", sentence)


TURNED = dict(zip(RISING, [10.0, 30.0, 50.0, 70.0, 90.0, 85.0, 80.0], strict=True))


def test_what_the_last_years_did_stands_beside_another_word_and_nothing_is_drawn_on() -> None:
    points = drawn(series(TURNED))
    found = trends.direction(points, "higher_better")
    assert (found.word, found.turned) == ("上升", True)
    assert found.sentence == "2019—2025年总体呈上升趋势，但2024年、2025年连续两年下降"
    aim = TARGETS.iloc[0].replace("2024", "2026")
    assert trends.projection(points, aim, "higher_better") == (None, "近年连续下降，与总趋势相反，不作外推")


def test_steps_over_a_missing_year_are_not_one_after_another() -> None:
    run = drawn(series({"2019": 3.0, "2020": 2.0, "2022": 4.0, "2023": 5.0}))
    assert trends.last_steps(run) == ("上升", [2023])


def test_only_figures_of_the_newest_definition_are_tested() -> None:
    found = trends.direction(drawn(series(RISING), breaks=BREAK.assign(since=pd.Timestamp("2023-01-01"))), "neutral")
    assert "现有3个" in found.sentence


# ---- projection ----


def test_a_projection_runs_to_the_year_of_the_target() -> None:
    points = drawn(series(dict(list(RISING.items())[:5])))
    fit, why = trends.projection(points, TARGETS.iloc[0].replace("2024", "2026"), "higher_better")
    assert why == ""
    assert fit is not None
    assert (fit.years[-1], round(fit.values[-1], 6), round(fit.slope, 6)) == (2026, 80.0, 10.0)


def test_a_target_that_was_missed_is_projected_one_year_on() -> None:
    fit, _ = trends.projection(drawn(series(RISING)), TARGETS.iloc[0], "higher_better")
    assert fit is not None
    assert (fit.years[-1], round(fit.values[-1], 6)) == (2026, 80.0)


@pytest.mark.parametrize(
    ("values", "target", "why"),
    [
        (RISING, None, "没有目标，不作外推"),
        ({"2019": 1.0, "2020": 2.0}, TARGETS.iloc[0], "不足5个口径一致的年度数据，不作外推"),
        (dict(zip(RISING, [5, 1, 4, 2, 3], strict=False)), TARGETS.iloc[0], "没有显著趋势，不作外推"),
        ({year: value + 30 for year, value in RISING.items()}, TARGETS.iloc[0], "目标已达到，不作外推"),
        ({year: value + 25 for year, value in RISING.items()}, TARGETS.iloc[0], "接近上限，直线外推不适用"),
    ],
)
def test_no_projection_without_a_reason_for_one(values: dict[str, float], target: pd.Series | None, why: str) -> None:
    assert trends.projection(drawn(series(values)), target, "higher_better") == (None, why)


# ---- changes ----


def changes(
    figures: pd.DataFrame,
    published: list[tuple[str, float]] | None = None,
    indicator: pd.Series = COUNT,
    **more: object,
) -> pd.DataFrame:
    said = pd.DataFrame(published or [], columns=["period", "value"])
    said = said.assign(period_end=pd.to_datetime(said["period"].astype(str) + "-12-31"), source_title="公报")
    return trends.changes(drawn(figures, indicator=indicator, **more), said, indicator).set_index("期间")


def test_published_and_computed_growth_stand_apart_and_their_difference_is_said() -> None:
    table = changes(series({"2022": 3116.0, "2023": 4770.0}, unit="件"), [("2023", 56.96), ("2019", 23.2)])
    row = table.loc["2023年"]
    assert (row["计算同比"], row["公布同比"], row["来源"]) == ("+53.08%", "+56.96%", "公报")
    assert row["说明"] == "与计算同比相差3.88个百分点"
    assert table.loc["2022年", ["计算同比", "公布同比"]].tolist() == ["无上年同期数据", "未公布"]
    assert table.loc["2019年", ["数值", "公布同比"]].tolist() == ["未公布", "+23.2%"]


def test_rates_change_by_percentage_points() -> None:
    assert changes(OFFICIAL, indicator=RATE).loc["2020年", "计算同比"] == "+14.65个百分点"


@pytest.mark.parametrize(("base", "said"), [(9.0, "基数过小，不计算"), (10.0, "+100%"), (11.0, "+81.82%")])
def test_growth_needs_a_base_of_ten_cases(base: float, said: str) -> None:
    assert changes(series({"2022": base, "2023": 20.0}, unit="件")).loc["2023年", "计算同比"] == said


@pytest.mark.parametrize(("denominator", "said"), [(9.0, "基数过小，不计算"), (10.0, "+10个百分点")])
def test_a_rate_on_a_small_base_has_no_change(denominator: float, said: str) -> None:
    figures = series({"2022": 40.0, "2023": 50.0}, numerator=5.0, denominator=denominator)
    assert changes(figures, indicator=RATE).loc["2023年", "计算同比"] == said


def test_no_growth_across_a_change_of_definition_or_over_several_years() -> None:
    table = changes(series({"2020": 100.0, "2021": 120.0}, unit="件"), breaks=BREAK)
    assert table.loc["2021年", "计算同比"] == "口径变化，不可比"
    several = changes(series({"2018": 50.0, "2019-2021": 300.0}, unit="件"))
    assert several.loc["2019—2021年", "计算同比"] == "跨年累计，不算同比"


def test_a_rounded_figure_gives_an_approximate_growth() -> None:
    figures = pd.concat([series({"2022": 1000.0}, unit="件"), series({"2023": 1200.0}, unit="件", qualifier="余")])
    assert changes(figures).loc["2023年", "计算同比"] == "约+20%"


# ---- words ----


def test_the_title_tells_the_way_from_first_to_newest_and_the_target() -> None:
    said = trends.statement(drawn(OFFICIAL), RATE, "", TARGETS.iloc[0], "")
    assert said == "内蒙古自治区出庭应诉率由2019年的15%升至2023年的99.74%，距2024年目标100%差0.26个百分点"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([10.0, 30.0, 50.0, 70.0, 90.0, 85.0, 80.0], "升至2025年的80%，但已连续两年下降，距2024年目标100%差20个百分点"),
        ([70.0, 90.0, 60.0, 30.0, 40.0, 50.0, 55.0], "降至2025年的55%，但已连续三年上升，距"),
        ([50.0, 90.0, 60.0, 80.0, 90.0, 60.0, 50.0], "到2025年的50%，持平，但已连续两年下降，距"),
        ([10.0, 30.0, 50.0, 70.0, 90.0, 95.0, 80.0], "升至2025年的80%，距"),
        ([10.0, 30.0, 50.0, 40.0, 60.0, 70.0, 80.0], "升至2025年的80%，距"),
    ],
)
def test_the_title_does_not_hide_that_the_last_years_went_the_other_way(values: list[float], said: str) -> None:
    points = drawn(series(dict(zip(RISING, values, strict=True))))
    assert said in trends.statement(points, RATE, "", TARGETS.iloc[0], "")


def test_after_a_change_of_definition_the_title_starts_anew() -> None:
    said = trends.statement(drawn(series(RISING), breaks=BREAK), RATE, "", None, "")
    assert said == "口径变化后，内蒙古自治区出庭应诉率由2021年的30%升至2025年的70%"


def test_a_reached_target_is_told_as_reached_with_the_cases() -> None:
    points = drawn(series({"2024": 100.0}, region_code="150100", numerator=61.0, denominator=61.0))
    said = trends.statement(points, RATE, "", TARGETS.iloc[0], "全区")
    assert said == "2024年呼和浩特市出庭应诉率100%（61/61件），已达到全区2024年目标100%"


def test_a_rate_is_held_against_the_target_of_the_whole_region_and_a_count_is_not() -> None:
    target, whose = trends.target_of(TARGETS, "150100", RATE, "2023")
    assert target is not None
    assert whose == "全区"
    of_count = TARGETS.assign(indicator_id="count")
    assert trends.target_of(of_count, "150100", COUNT, "2023") == (None, "")


# ---- charts ----


def test_values_stand_where_the_line_does_not_run() -> None:
    values = [10.0, 50.0, 90.0, 91.0, 40.0, 20.0, 60.0, None, 60.0]
    assert charts.beside_line(values) == [
        *("bottom right", "top left", "top center", "top center", "top right", "bottom center"),
        *("top center", "top center", "top center"),
    ]


def test_values_stand_below_where_another_line_would_run_through_them() -> None:
    values = [83.0, 97.0, 100.0, 95.65, 89.5]
    near = [[60.0, -20.0], [13.0], [0.0], [19.0, 15.0], [44.0, -90.0]]
    assert charts.beside_line(values, near) == ["top center", "bottom right", "top center", "bottom left", "top center"]


def test_the_target_and_other_places_run_through_no_value() -> None:
    figures = pd.concat(
        [series({"2019": 10.0, "2020": 97.0, "2021": 100.0}), series({"2021": 60.0}).assign(region_code="0")]
    )
    aim = charts.Aim(2024, 100.0, "2024年目标100%", unknown=True)
    chart = draw(figures, aim=aim)
    line = next(trace for trace in chart.figure.data if trace.mode == "lines+markers+text")
    assert list(line.textposition) == ["top center", "bottom right", "top center"]  # the first stands near the ground
    assert [shape.layer for shape in chart.figure.layout.shapes if shape.y0 == shape.y1 == 100.0] == ["between"]


def test_the_words_of_neighbouring_diamonds_stand_apart() -> None:
    odd = next(trace for trace in draw(OFFICIAL).figure.data if trace.mode == "markers+text")
    assert dict(zip(odd.text, odd.textposition, strict=True)) == {
        "73.55%<br>2021年1—10月": "bottom center",
        "89%<br>2021年10月": "top center",
    }


def scene(dataset: str = "published", indicator: pd.Series = RATE, highlighted: str = "150000") -> Scene:
    return Scene(
        indicator, dataset, "全区", "盟市", "", "latest", "20251231-a1b2c3", case_unit="件", highlighted=highlighted
    )


def draw(
    figures: pd.DataFrame, breaks: pd.DataFrame = NO_BREAKS, dataset: str = "published", **changed: object
) -> Chart:
    settings: dict[str, object] = {
        "title": "标题",
        "finding": "不判断趋势",
        "method": "",
        "step": "year",
        "aim": charts.Aim(2024, 100.0, "2024年目标100%", unknown=True),
        "gaps": trends.gaps(figures, "150000", ""),
        "breaks": breaks,
        "fit": None,
    }
    points = drawn(figures, breaks=breaks)
    return charts.lines(points, {"150000": "全区"}, scene(dataset), **(settings | changed))  # type: ignore[arg-type]


def test_the_official_story_is_drawn_without_bridging_what_is_missing() -> None:
    chart = draw(OFFICIAL)
    line = next(trace for trace in chart.figure.data if trace.mode == "lines+markers+text")
    assert list(line.y) == [15.0, 29.65, None, 99.74]
    assert not line.connectgaps
    odd = next(trace for trace in chart.figure.data if trace.mode == "markers+text")
    assert set(odd.text) == {"73.55%<br>2021年1—10月", "89%<br>2021年10月"}
    star = next(trace for trace in chart.figure.data if trace.marker.symbol == "star")
    assert (list(star.x), list(star.y)) == (["2024-07-02"], [100.0])
    said = [note.text for note in chart.figure.layout.annotations]
    assert said == ["未公布", "★ 2024年目标100%"]
    assert "2022年未公布" in chart.reading
    notes = "".join(chart.footnotes)
    for part in ("《报告》", "口径不一", "20251231-a1b2c3", "分子分母未公布", "2024年数未公布"):
        assert part in notes


def test_a_single_point_is_drawn_in_a_lower_chart() -> None:
    alone, story = (draw(figures, aim=None).figure.layout.height for figures in (series({"2023": 60.0}), OFFICIAL))
    assert (alone, story) == (charts.LONE_HEIGHT, None)


def test_a_change_of_definition_is_drawn_with_its_reason() -> None:
    chart = draw(series(RISING), BREAK, aim=None)
    said = "".join(note.text.replace("<br>", "") for note in chart.figure.layout.annotations)
    assert "口径变化：此后计入专项抽查" in said
    assert any(shape.x0 == "2021-01-01" and shape.x1 == "2021-01-01" for shape in chart.figure.layout.shapes)


def test_a_projection_is_dashed_and_says_that_it_is_none() -> None:
    fit = charts.Fit([2019, 2026], [10.0, 80.0], 10.0, "%")
    chart = draw(series(RISING), fit=fit)
    assert any(trace.line.dash == "dash" for trace in chart.figure.data)
    assert any("简单外推，非预测<br>2026年约80%" in note.text for note in chart.figure.layout.annotations)
    assert "简单外推，非预测" in chart.footnotes[0]


def test_a_band_shows_the_interval_of_rates_with_parts() -> None:
    chart = draw(series({"2022": 50.0, "2023": 60.0}, numerator=30.0, denominator=60.0))
    assert any(trace.fill == "toself" for trace in chart.figure.data)
    assert "95%区间" in chart.table
    assert chart.table["分子/分母"].tolist() == ["30/60件", "30/60件"]


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_simulated_trends_are_marked_in_the_figure_itself(dataset: str, marked: bool) -> None:
    chart = draw(OFFICIAL, dataset=dataset)
    assert chart.simulated == marked
    assert any("演示数据（模拟）" in note.text for note in chart.figure.layout.annotations) == marked


def test_counts_begin_at_zero_and_rates_near_their_ceiling_on_a_marked_axis() -> None:
    assert charts.value_axis(900, 1000, rate=False, unit="件")["range"][0] == 0
    assert charts.value_axis(15, 100, rate=True, unit="%")["range"][0] == 0
    assert charts.value_axis(97, 100, rate=True, unit="%")["range"][0] > 90
    near = draw(series({"2022": 97.0, "2023": 99.0}), aim=None)
    assert "坐标轴未从零开始" in near.footnotes[0]


def test_panels_share_their_axes_and_name_who_has_nothing() -> None:
    figures = pd.concat([OFFICIAL, series({"2022": 40.0, "2023": 60.0}, region_code="150100")])
    chart = charts.small_multiples(
        drawn(figures),
        {"150100": "呼和浩特", "150200": "包头"},
        scene(highlighted="150100"),
        whole="150000",
        step="year",
        breaks=NO_BREAKS,
    )
    assert chart.title == "2个盟市中有1个公布过出庭应诉率"
    assert chart.footnotes[0] == "未公布：包头"
    assert "灰线为全区" in chart.subtitle
    assert len(chart.figure.data) == 2


def test_the_title_of_the_panels_speaks_of_the_year_that_they_print() -> None:
    names = {"150000": "全区", "150100": "呼和浩特", "150200": "包头"}
    values = dict(zip(names, (60.0, 70.0, 80.0), strict=True))
    newest = [series({"2024": 50.0, "2025": value}, region_code=code) for code, value in values.items()]
    older = pd.concat([*newest, series({"2024": 40.0}).assign(region_code="150300", region="乌海市")])
    chart = charts.small_multiples(
        drawn(older), names | {"150300": "乌海"}, scene(), whole="", step="year", breaks=NO_BREAKS
    )
    assert chart.title == "2025年有数据的3个盟市出庭应诉率：包头市最高，80%；内蒙古自治区最低，60%"
    assert "数字为2025年" in chart.subtitle


def test_the_names_of_panels_stand_at_one_height_whichever_says_its_period() -> None:
    figures = pd.concat([series({"2024": 50.0}, region_code="150100"), series({"2023": 5.0}, region_code="150200")])
    names = {"150100": "呼和浩特", "150200": "包头"}
    chart = charts.small_multiples(drawn(figures), names, scene(), whole="", step="year", breaks=NO_BREAKS)
    texts = [note.text for note in chart.figure.layout.annotations]
    assert [text.count("<br>") for text in texts] == [2, 2]
    assert "2023年" in texts[1]


@pytest.mark.parametrize("older", [False, True])
def test_the_names_of_panels_have_room_above_the_axis_below_which_they_stand(older: bool) -> None:
    codes = [f"150{number}00" for number in range(1, 8)]
    years = dict.fromkeys(codes, "2024") | ({codes[5]: "2023"} if older else {})
    figures = pd.concat([series({years[code]: 50.0}).assign(region_code=code) for code in codes])
    names = dict.fromkeys(codes, "赤峰")
    figure = charts.small_multiples(drawn(figures), names, scene(), whole="", step="year", breaks=NO_BREAKS).figure
    lines = max(note.text.count("<br>") + 1 for note in figure.layout.annotations)
    plot = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b - 24  # the years below
    for above, below in (("yaxis", "yaxis4"), ("yaxis4", "yaxis7")):
        gap = (figure.layout[above].domain[0] - figure.layout[below].domain[1]) * plot
        assert gap > lines * 12 * 1.3 + 8  # letters of 12 pixels, and half of one that the axis above writes


def test_who_published_parts_alone_is_not_said_to_have_published_nothing() -> None:
    chart = charts.small_multiples(
        drawn(series({"2023": 60.0}, region_code="150100")),
        {"150100": "呼和浩特", "150200": "包头", "150300": "乌海"},
        scene(),
        whole="150000",
        step="year",
        breaks=NO_BREAKS,
        in_parts={"150300"},
    )
    assert chart.footnotes[0] == "只公布分项：乌海；未公布：包头"


@pytest.mark.parametrize("last", range(2019, 2032))
def test_the_years_of_a_panel_stand_upright_and_are_few_enough_for_a_phone(last: int) -> None:
    axis = charts.time_axis(2019, last, short=True)
    assert 1 <= len(axis["tickvals"]) <= 2
    assert axis["tickangle"] == 0


def test_all_panels_have_one_scale() -> None:
    figures = pd.concat(
        [series({"2022": 40.0, "2023": 60.0}, region_code="150100"), series({"2023": 5.0}, region_code="150200")]
    )
    chart = charts.small_multiples(
        drawn(figures),
        {"150100": "呼和浩特", "150200": "包头"},
        scene(),
        whole="150000",
        step="year",
        breaks=NO_BREAKS,
    )
    assert chart.figure.layout.yaxis.range == chart.figure.layout.yaxis2.range
    assert chart.figure.layout.xaxis.range == chart.figure.layout.xaxis2.range
    assert chart.figure.layout.yaxis.zeroline
    assert chart.title == "2023年出庭应诉率：呼和浩特市最高，60%；包头市最低，5%"


# ---- the page ----

pages = pytest.mark.usefixtures("warehouse")


@pages
def test_the_page_tells_the_story_of_the_court_appearances() -> None:
    app = open_page("trends", indicator="court_appearance_rate")
    shown = texts(app)
    assert "由2019年的15%升至2023年的99.74%，距2024年目标100%差0.26个百分点" in shown
    assert "数据点不足，不判断趋势" in shown
    assert "12个盟市中有2个公布过行政机关负责人出庭应诉率" in shown
    line = next(trace for trace in figure(app)["data"] if trace["mode"] == "lines+markers+text")
    assert line["y"] == [15.0, 29.65, None, 99.74]
    assert app.toggle[0].disabled
    assert "公布同比" not in app.dataframe[0].value, "no growth was published"


@pages
def test_growth_that_was_published_stands_beside_the_computed() -> None:
    table = open_page("trends", indicator="business_entities_new", region="150000").dataframe[0].value
    assert table["公布同比"].str.endswith("%").any()


@pages
def test_a_place_without_figures_is_told_where_there_are_some() -> None:
    app = open_page("trends", indicator="court_appearances_made")
    assert not app.exception
    assert "内蒙古自治区未公布负责人实际出庭案件数" in app.info[0].value.replace("\\", "")
    app.button(key="to_court_appearance_rate_").click().run()
    assert app.query_params["indicator"] == "court_appearance_rate"


@pages
def test_quarters_are_a_switch_in_the_address() -> None:
    app = open_page("trends", dataset="demo", indicator="court_appearance_rate", region="150302")
    assert "已达到" in texts(app) or "距全区2024年目标" in texts(app)
    app.segmented_control(key="choose_step").select("quarter").run()
    assert app.query_params["step"] == "quarter"
    assert "季度" in texts(app)
    assert not app.exception


@pages
def test_a_projection_is_off_until_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Near their ceiling, as simulated rates are, the page itself offers none.
    monkeypatch.setattr(trends, "projection", lambda *_: (charts.Fit([2019, 2026], [90.0, 99.0], 1.3, "%"), ""))
    app = open_page("trends", dataset="demo", indicator="court_appearance_rate", region="150300")
    assert "非预测" not in json.dumps(figure(app), ensure_ascii=False)
    app.toggle(key="choose_projection").set_value(True).run()
    assert app.query_params["projection"] == "on"
    assert "简单外推，非预测" in json.dumps(figure(app), ensure_ascii=False)


@pages
def test_near_the_ceiling_the_switch_says_why_there_is_no_projection() -> None:
    app = open_page("trends", dataset="demo", indicator="court_appearance_rate", region="150300", projection="on")
    switch = app.toggle(key="choose_projection")
    assert (switch.disabled, switch.label) == (True, "外推（接近上限，直线外推不适用）")
    assert "非预测" not in json.dumps(figure(app), ensure_ascii=False)


@pages
def test_a_change_of_definition_is_told_on_the_page() -> None:
    app = open_page("trends", dataset="demo", indicator="case_files_reviewed", region="150400")
    assert "口径变化后，赤峰市执法案卷评查卷数由2023年" in texts(app)
    assert "口径变化，不可比" in app.dataframe[0].value["计算同比"].tolist()


@pages
def test_nonsense_in_the_parameters_of_the_page_is_told() -> None:
    app = open_page("trends", dataset="demo", indicator="court_appearance_rate", step="century")
    assert not app.exception
    assert any("step=century" in warning.value.replace("\\", "") for warning in app.warning)


@pages
@pytest.mark.parametrize("name", ["trends", "profile"])
def test_nothing_is_asked_of_the_warehouse_twice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    query = queries._query

    def count(path: str, sql: str, parameters: dict[str, object] | None = None) -> pd.DataFrame:
        asked[f"{sql}{parameters}"] += 1
        return query(path, sql, parameters)

    app = open_page(name, dataset="demo", indicator="court_appearance_rate", region="150100")
    st.cache_resource.clear()
    monkeypatch.setattr(queries, "_query", count)
    app.run()
    assert not app.exception
    assert asked
    assert set(asked.values()) == {1}
