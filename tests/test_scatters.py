"""Scatter and funnel: what is drawn, what is named, what lies beyond chance."""

import pandas as pd

from dashboard.charts import Chart, scatters
from tests.test_rankings import axis_words, make_places, make_scene


def set_beside(across: pd.DataFrame, up: pd.DataFrame, **wholes: pd.Series | None) -> Chart:
    other = make_scene(indicator=pd.Series({**make_scene().indicator, "name": "调解成功率"}, name="other"))
    return scatters.two_indicators(across, up, make_scene(), other, **({"whole": None, "other_whole": None} | wholes))


ACROSS = ((90, 100), (99, 100), (95, 100))
UP = ((98, 100), (99, 100), (91, 100))
WHOLE = pd.Series({"value": 94.0, "text": "94%"})
OTHER_WHOLE = pd.Series({"value": 97.0, "text": "97%"})


def test_places_are_parted_by_the_whole_region_and_named() -> None:
    chart = set_beside(make_places(*ACROSS), make_places(*UP), whole=WHOLE, other_whole=OTHER_WHOLE)
    assert chart.title == "2023年出庭应诉率与调解成功率：包头市两项都高于全区"
    for words in ("呼和浩特", "包头", "乌海", "全区94%", "全区<br>97%", "两条坐标轴都未从零开始"):
        assert words in axis_words(chart)
    assert any("不等于互为因果" in note for note in chart.footnotes)


def test_a_place_without_both_figures_is_not_drawn_but_named() -> None:
    chart = set_beside(make_places(*ACROSS), make_places(*UP[:2], "not_reported"))
    assert len(chart.figure.data[0].x) == 2
    assert "调解成功率未填报：乌海市" in chart.footnotes


def test_a_small_base_is_hollow_and_has_no_say_in_the_title() -> None:
    chart = set_beside(
        make_places((9, 9), *ACROSS[1:]), make_places((9, 9), *UP[1:]), whole=WHOLE, other_whole=OTHER_WHOLE
    )
    assert chart.figure.data[0].marker.symbol == ("circle-open", "circle", "circle")
    assert "呼和浩特" not in chart.title


def test_counts_are_parted_by_the_median_from_zero() -> None:
    frame = make_places(300.0, 200.0, 100.0, kind="count")
    count = make_scene("count")
    chart = scatters.two_indicators(frame, frame, count, count, whole=None, other_whole=None)
    assert "呼和浩特市两项都高于中位数；乌海市两项都低于中位数" in chart.title
    assert chart.figure.layout.xaxis.range[0] == 0
    assert "坐标轴" not in axis_words(chart)
    assert any("规模大的地区自然多" in note for note in chart.footnotes)


def test_labels_never_lie_on_each_other() -> None:
    same = make_places((900, 1000), (901, 1000), (902, 1000), (903, 1000), (980, 1000))
    chart = set_beside(same, same)
    named = [note for note in chart.figure.layout.annotations if note.text in set(same["short_name"])]
    places = {(note.x, note.y, note.xshift, note.yshift, note.ax, note.ay) for note in named}
    assert len(places) == len(named) >= 4


def test_a_funnel_marks_and_names_what_chance_hardly_explains() -> None:
    frame = make_places((325, 363), (449, 449), (20, 20), (532, 535))
    chart = scatters.funnel(frame, make_scene(), rate=98.98)
    dots = chart.figure.data[-1]
    assert chart.title == "2023年出庭应诉率：呼和浩特市低于外控制线；其余3个在外控制线以内"
    assert dots.marker.symbol == ("diamond", "circle", "circle", "circle")
    assert chart.table["控制线"].tolist() == ["低于外控制线", "高于内控制线", "线内", "线内"]
    assert len(chart.figure.data) == 5  # two limits above, two below, the dots


def test_a_funnel_within_its_limits_says_that_it_may_be_chance() -> None:
    chart = scatters.funnel(make_places((97, 100), (96, 100), (98, 100)), make_scene(), rate=97)
    assert chart.title == "2023年出庭应诉率：3个盟市都在外控制线以内，差别可能只是偶然"


def test_many_beyond_the_limits_are_said_to_be_more_than_chance() -> None:
    several = [(700, 1000), (900, 1000), (800, 1000)]
    places = {number: pd.concat([make_places(*several)] * number).reset_index(drop=True) for number in (1, 3)}
    said = {
        number: any("另有系统差异" in note for note in scatters.funnel(frame, make_scene(), rate=80).footnotes)
        for number, frame in places.items()
    }
    assert said == {1: False, 3: True}  # one of three is no share to speak of


def test_a_funnel_leaves_out_what_has_no_parts() -> None:
    chart = scatters.funnel(make_places((97, 100), 96.0, "not_published"), make_scene(), rate=97)
    assert len(chart.figure.data[-1].x) == 1
    assert chart.footnotes[0] == "未公布：乌海市"
