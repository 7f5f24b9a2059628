"""Rankings: what is a bar, what is a dot, who has a place, and what the words say."""

import re

import pandas as pd
import pytest

from dashboard.charts import Chart, rankings
from dashboard.charts.anatomy import (
    Scene,
    change_words,
    listed,
    missing_line,
    place_words,
    scope_line,
    ticks,
    value_range,
)
from dashboard.statistics import standings
from dashboard.theme import STATE_NAMES, format_value

NAMES = ["呼和浩特市", "包头市", "乌海市", "赤峰市", "通辽市"]
CODES = ["150100", "150200", "150300", "150400", "150500"]
KINDS = {"rate": ("%", "weighted"), "count": ("件", "sum")}


def make_scene(kind: str = "rate", direction: str = "higher_better", **changes: object) -> Scene:
    indicator = {
        "name": "出庭应诉率",
        "unit": KINDS[kind][0],
        "kind": kind,
        "direction": direction,
        "caveats": "口径不一",
    }
    scene = {
        "indicator": pd.Series(indicator, name="rate"),
        "dataset": "published",
        "places": "5个盟市",
        "level_name": "盟市",
        "breakdown": "",
        "period": "2023",
        "release_id": "20251231-a1b2c3",
        "case_unit": "件",
    }
    return Scene(**(scene | changes))  # type: ignore[arg-type]


def make_places(
    *figures: tuple[float, float] | float | str, kind: str = "rate", direction: str = "higher_better"
) -> pd.DataFrame:
    """Leagues with a rate from its parts, a bare value, or the name of a state instead of a value."""
    rows = []
    for name, figure in zip(NAMES, figures, strict=False):
        numerator, denominator = figure if isinstance(figure, tuple) else (None, None)
        value = None if isinstance(figure, str) else figure
        if isinstance(figure, tuple):
            value = round(100 * figure[0] / figure[1], 2)
        rows.append(
            {
                "name": name,
                "short_name": name.removesuffix("市"),
                "value": value,
                "numerator": numerator,
                "denominator": denominator,
                "unit": KINDS[kind][0],
                "qualifier": "",
                "state": figure if isinstance(figure, str) else "value",
                "text": STATE_NAMES[figure] if isinstance(figure, str) else format_value(value, KINDS[kind][0]),
                "source_title": "报告",
                "period_text": "2023年",
                "note": "",
            }
        )
    frame = pd.DataFrame(rows, index=CODES[: len(rows)])
    numbers = ["value", "numerator", "denominator"]
    frame[numbers] = frame[numbers].astype("float64")
    return standings(frame, direction, kind, KINDS[kind][1])


def rank(frame: pd.DataFrame, scene: Scene | None = None, **changes: object) -> Chart:
    return rankings.ranking(frame, scene or make_scene(), **({"whole": None, "target": None} | changes))


def axis_words(chart: Chart) -> str:
    return " ".join(note.text for note in chart.figure.layout.annotations)


# ---- the ranking ----


def test_counts_are_bars_from_zero_and_say_that_larger_places_have_more() -> None:
    frame = make_places(300.0, 280.0, 90.0, kind="count")
    chart = rank(frame, make_scene("count"))
    assert chart.figure.data[0].type == "bar"
    assert chart.figure.layout.xaxis.range[0] == 0
    assert any("规模大的地区自然多" in note for note in chart.footnotes)


def test_rates_near_their_ceiling_are_dots_on_an_axis_that_says_it_is_cut() -> None:
    chart = rank(make_places((990, 1000), (970, 1000), (960, 1000)))
    assert chart.figure.data[0].type == "scatter"
    assert chart.figure.layout.xaxis.range[0] > 50
    assert "坐标轴未从零开始" in axis_words(chart)
    assert any(shape.type == "path" for shape in chart.figure.layout.shapes)


def test_rates_far_from_their_ceiling_start_at_zero_without_a_word() -> None:
    chart = rank(make_places((240, 1000), (210, 1000), (190, 1000)))
    assert chart.figure.layout.xaxis.range[0] == 0
    assert "坐标轴" not in axis_words(chart)


def test_overlapping_places_share_a_band_and_the_pairs_are_counted() -> None:
    chart = rank(make_places((99, 100), (98, 100), (97, 100), (400, 800)))
    assert chart.table["名次"].tolist() == ["难分先后", "难分先后", "难分先后", "第4名"]
    assert any("两两比较共6对，其中3对区间重叠" in note for note in chart.footnotes)
    assert "未标名次的为“难分先后”：95%区间与半数以上地区重叠。" in chart.footnotes
    assert not any("难分先后" in name for name in chart.figure.layout.yaxis.ticktext)


def test_a_range_of_half_the_places_still_says_something() -> None:
    chart = rank(make_places((990, 1000), (985, 1000), (400, 800), (100, 800)))
    assert chart.table["名次"].tolist() == ["第1—2名", "第1—2名", "第3名", "第4名"]
    assert not any("难分先后" in note for note in chart.footnotes)


def test_a_rate_carries_its_cases_on_the_chart_and_in_the_table() -> None:
    chart = rank(make_places((58, 61), (97, 100), (98, 100)))
    assert any("58/61件" in label for label in chart.figure.layout.yaxis2.ticktext)
    assert "58/61件" in chart.table["分子/分母"].tolist()


def test_a_rate_on_a_small_base_is_hollow_marked_and_stands_below_without_a_place() -> None:
    chart = rank(make_places((9, 9), (97, 100), (98, 100), (96, 100)))
    assert chart.figure.data[0].marker.symbol == ("circle", "circle", "circle", "circle-open")
    assert "基数过小，不参与排名" in axis_words(chart)
    assert chart.table.iloc[-1].to_dict()["名次"] == "基数过小，不参与排名"
    assert "呼和浩特" not in chart.title


def test_missing_places_have_no_row_but_a_name_and_a_state_under_the_chart() -> None:
    chart = rank(make_places((99, 100), (98, 100), (97, 100), "not_published", "not_reported"))
    assert len(chart.figure.data[0].x) == 3
    assert chart.footnotes[0] == "未公布：赤峰市；未填报：通辽市"
    assert chart.table["数值"].tolist()[-2:] == ["未公布", "未填报"]


def test_the_direction_decides_who_is_first() -> None:
    frame = make_places((30, 1000), (20, 1000), (90, 1000), direction="lower_better")
    chart = rank(frame, make_scene(direction="lower_better"))
    assert chart.table["地区"].tolist()[0] == "包头市"
    assert chart.title == "2023年出庭应诉率：包头市最低，2%；乌海市最高，9%"


def test_a_neutral_indicator_has_its_own_hue_and_no_good_or_bad() -> None:
    frame = make_places((30, 1000), (20, 1000), (90, 1000), direction="neutral")
    scene = make_scene(direction="neutral")
    chart = rank(frame, scene)
    assert set(chart.figure.data[0].marker.color) == {scene.colours.neutral[4]}
    assert any("高低不表示好坏" in note for note in chart.footnotes)
    for word in ("最好", "最差", "领先", "落后"):
        assert word not in chart.title + chart.reading
    assert "名次" not in chart.table
    assert chart.table["高低"].tolist() == ["偏高", "居中", "偏低"]
    everything = [*chart.figure.layout.yaxis.ticktext, *chart.figure.data[0].text, *chart.footnotes]
    assert not [text for text in everything if re.search("第.*名|名次", text)]


def test_equal_values_share_the_first_place_in_the_title() -> None:
    chart = rank(make_places((100, 100), (200, 200), (90, 100)))
    assert chart.title == "2023年出庭应诉率：呼和浩特市、包头市并列最高，100%；乌海市最低，90%"


def test_two_places_are_shown_but_not_ranked() -> None:
    chart = rank(make_places((99, 100), (97, 100), "not_published"))
    assert "名次" not in chart.table
    assert chart.title == "2023年出庭应诉率：呼和浩特市99%、包头市97%"
    assert any("不足3个，不排名" in note for note in chart.footnotes)


def test_without_parts_places_are_ranked_without_intervals_and_the_reader_is_told() -> None:
    chart = rank(make_places(99.0, 98.0, 97.0))
    assert chart.table["名次"].tolist() == ["第1名", "第2名", "第3名"]
    assert "95%区间" not in chart.table
    assert any(note.startswith("分子分母未公布") for note in chart.footnotes)


def test_parts_of_some_places_alone_make_no_bands() -> None:
    chart = rank(make_places((99, 100), (98, 100), 97.0))
    assert chart.table["名次"].tolist() == ["第1名", "第2名", "第3名"]
    assert any("不给名次范围" in note for note in chart.footnotes)


def test_whole_region_and_target_are_lines_with_words() -> None:
    whole = pd.Series({"value": 98.5, "text": "98.5%"})
    target = pd.Series({"value": 100.0, "period": "2024"})
    chart = rank(make_places((99, 100), (98, 100), (97, 100)), whole=whole, target=target)
    assert "全区98.5%" in axis_words(chart)
    assert "全区2024年目标100%" in axis_words(chart)
    assert [shape.line.dash for shape in chart.figure.layout.shapes if shape.type == "line"] == ["solid", "dash"]
    assert chart.table["距全区2024年目标100%"].tolist() == ["相差1件", "相差2件", "相差3件"]


def test_the_sum_over_all_places_is_no_line_beside_their_counts() -> None:
    whole = pd.Series({"value": 670.0, "text": "670件"})
    chart = rank(make_places(300.0, 280.0, 90.0, kind="count"), make_scene("count"), whole=whole)
    assert not chart.figure.layout.shapes
    assert chart.title.endswith("全区670件")


def test_the_chosen_region_stands_out() -> None:
    scene = make_scene(highlighted="150200")
    chart = rank(make_places((99, 100), (98, 100), (97, 100)), scene)
    assert any("<b>包头</b>" in label for label in chart.figure.layout.yaxis.ticktext)
    assert chart.figure.data[0].marker.color[1] == scene.colours.highlight


def test_the_hue_of_the_chosen_region_and_the_intervals_of_the_wall_are_explained() -> None:
    frame = make_places((95, 100), (90, 100), (85, 100))
    assert any("橙色为所选地区：包头市" in note for note in rank(frame, make_scene(highlighted="150200")).footnotes)
    assert not any("橙色" in note for note in rank(frame).footnotes)
    assert "95%区间" in rank(frame, make_scene(wall=True)).subtitle
    assert "95%区间" not in rank(frame).subtitle


def test_what_single_figures_cover_is_said_under_the_chart_and_in_the_table() -> None:
    frame = make_places((99, 100), (98, 100), (97, 100)).assign(note=["全市各级合计", "", ""])
    chart = rank(frame)
    assert "各地口径不尽相同，不宜只看高低。呼和浩特市：全市各级合计" in chart.footnotes
    assert chart.table["说明"].tolist() == ["全市各级合计", "", ""]


@pytest.mark.parametrize(
    ("alike", "said"),
    [(2, "呼和浩特市、包头市：前七个月"), (4, "呼和浩特市、包头市等4地：前七个月")],
)
def test_places_with_one_and_the_same_note_are_named_together(alike: int, said: str) -> None:
    frame = make_places(*[(90 + n, 100) for n in range(5)]).assign(note=["前七个月"] * alike + [""] * (5 - alike))
    assert scope_line(frame) == f"各地口径不尽相同，不宜只看高低。{said}"


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_simulated_data_are_marked_in_the_figure(dataset: str, marked: bool) -> None:
    chart = rank(make_places((99, 100), (98, 100), (97, 100)), make_scene(dataset=dataset))
    assert ("演示数据（模拟）" in axis_words(chart)) == marked == chart.simulated


def test_source_definition_and_release_stand_under_the_chart() -> None:
    notes = " ".join(rank(make_places((99, 100), (98, 100), (97, 100))).footnotes)
    for part in ("《报告》", "口径不一", "20251231-a1b2c3"):
        assert part in notes


# ---- two periods ----


def compare(early: pd.DataFrame, late: pd.DataFrame, scene: Scene | None = None) -> Chart:
    return rankings.two_periods(early, late, scene or make_scene(), period2="2022")


def test_two_periods_say_who_rose_and_fell_and_who_changed_most() -> None:
    chart = compare(make_places((90, 100), (95, 100), (97, 100)), make_places((99, 100), (94, 100), (97, 100)))
    assert (
        chart.title
        == "2022年到2023年出庭应诉率：1个上升、1个下降、1个持平；区间不重叠的变化中最大的是呼和浩特市，上升9个百分点"
    )
    assert chart.table["变化"].tolist() == ["+9个百分点", "持平", "−1个百分点"]


def test_a_change_beyond_the_intervals_is_told_from_one_within() -> None:
    chart = compare(make_places((500, 1000), (95, 100)), make_places((990, 1000), (94, 100)))
    assert chart.table["两期95%区间"].tolist() == ["不重叠", "重叠"]
    assert any("（2个中的1个）" in note for note in chart.footnotes)


def test_the_title_names_the_largest_change_that_is_hardly_chance_or_says_that_it_may_be_chance() -> None:
    chart = compare(make_places((500, 1000), (10, 20)), make_places((600, 1000), (13, 20)))
    assert chart.title.endswith("；区间不重叠的变化中最大的是呼和浩特市，上升10个百分点")
    chart = compare(make_places((95, 100), (10, 20)), make_places((94, 100), (13, 20)))
    assert chart.title.endswith("；变化最大的是包头市，上升15个百分点，但两期区间重叠")


def test_an_axis_has_two_ticks_at_least() -> None:
    assert len(ticks(94.5, 100.9, "%", about=3)["tickvals"]) >= 2
    assert len(ticks(96.2, 100.1, "%", about=3)["tickvals"]) >= 2


def test_a_place_without_an_earlier_value_is_named_and_not_compared() -> None:
    chart = compare(make_places((90, 100), "not_published"), make_places((99, 100), (94, 100)))
    assert chart.table["地区"].tolist() == ["呼和浩特市"]
    assert any("2022年没有数据、无法比较：包头市" in note for note in chart.footnotes)


@pytest.mark.parametrize(("base", "words"), [(9.0, "+5件"), (10.0, "+4件（+40.0%）")])
def test_growth_from_a_small_number_is_given_in_cases_alone(base: float, words: str) -> None:
    chart = compare(make_places(base, 100.0, kind="count"), make_places(14.0, 90.0, kind="count"), make_scene("count"))
    assert chart.table["变化"].tolist() == [words, "−10件（−10.0%）"]


def test_a_small_base_in_either_period_stands_below_and_out_of_the_title() -> None:
    chart = compare(make_places((1, 9), (95, 100)), make_places((99, 100), (94, 100)))
    assert chart.table["两期95%区间"].tolist() == ["重叠", "基数过小，不参与排名"]
    assert "1个下降" in chart.title
    assert "上升" not in chart.title


# ---- words and axes ----


@pytest.mark.parametrize(
    ("rank", "best", "worst", "words"),
    [
        (3, 3, 7, "第3—7名"),
        (3, 2, 7, "难分先后"),
        (1, 1, 1, "第1名"),
        (2, pd.NA, pd.NA, "第2名"),
        (pd.NA, pd.NA, pd.NA, ""),
    ],
)
def test_places_in_words(rank: object, best: object, worst: object, words: str) -> None:
    assert place_words(rank, best, worst, among=10) == words


def test_long_lists_end_with_a_number() -> None:
    assert listed(["甲", "乙", "丙"], most=2) == "甲、乙等3个"


def test_every_state_of_missing_has_its_own_name() -> None:
    frame = make_places("not_published", "not_applicable", "not_reported", 99.0, "parts_only")
    assert missing_line(frame) == "只公布分项：通辽市；未公布：呼和浩特市；不适用：包头市；未填报：乌海市"


@pytest.mark.parametrize(("change", "words"), [(1.234, "+1.23个百分点"), (-0.5, "−0.5个百分点"), (0.0, "持平")])
def test_changes_carry_their_sign(change: float, words: str) -> None:
    assert change_words(change, "%") == words


@pytest.mark.parametrize(
    ("values", "rate", "cut"),
    [([50.0, 100.0], True, True), ([49.9, 100.0], True, False), ([600.0, 900.0], False, False), ([100.0], True, False)],
)
def test_only_rates_above_half_are_cut(values: list[float], rate: bool, cut: bool) -> None:
    start, _, is_cut = value_range(values, rate)
    assert is_cut == cut
    assert (start > 0) == cut


def test_ticks_are_round_and_never_beyond_all() -> None:
    assert ticks(84.4, 100.6, "%")["ticktext"] == ["85%", "90%", "95%", "100%"]
    assert ticks(0, 61_000, "件")["ticktext"] == ["0", "2万", "4万", "6万"]
