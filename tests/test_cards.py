"""The cards of the first page, and the story of the first indicator."""

from urllib.parse import unquote

import pandas as pd
import pytest

from dashboard import cards, editorial, frame, narrative, overview, queries, selection
from dashboard.cards import Card
from dashboard.frame import Reader
from dashboard.statistics import target_for
from etl.paths import Paths

WHOLE = selection.REGION_ROOT


def reader_of(dataset: str) -> Reader:
    with selection.reading({"dataset": dataset}):
        return frame.reader_at(queries.current_release())


@pytest.fixture
def official(warehouse: Paths) -> dict[str, Card]:
    return {made.indicator_id: made for made in cards.of_region(reader_of("published"))}


@pytest.fixture
def demo(warehouse: Paths) -> dict[str, Card]:
    return {made.indicator_id: made for made in cards.of_region(reader_of("demo"))}


def test_every_chapter_has_its_row_and_every_headline_indicator_its_card(official: dict[str, Card]) -> None:
    indicators = reader_of("published").choices.indicators
    assert {made.chapter for made in official.values()} == set(range(1, 11))
    assert set(indicators.index[indicators["headline"].notna()]) <= set(official)
    assert set(editorial.card_indicators()) <= set(indicators.index)


def test_an_official_card_holds_value_target_and_source(official: dict[str, Card]) -> None:
    made = official["court_appearance_rate"]
    assert (made.value, made.period, made.mark) == ("99.74%", "2023年", "near")
    assert made.standing == "▲ 接近 · 距2024年目标100%差0.26个百分点"
    assert made.spark == []
    assert made.remark == "另有4期数据，期间不连续"
    assert "来源：《内蒙古自治区人民政府关于2023年法治政府建设情况的报告》" in made.details


def test_a_card_with_one_year_says_so_and_shows_no_change(official: dict[str, Card]) -> None:
    made = official["mediation_success_rate"]
    assert (made.change, made.remark, made.spark) == ("", "", [])


def test_a_published_growth_rate_goes_before_a_computed_one(official: dict[str, Card]) -> None:
    made = official["reconsideration_cases"]
    assert made.change == "同比增长56.96%"  # 4770 ÷ 3116 would give 53.08 %
    assert made.tone == ""  # more cases are neither good nor bad
    assert any(line.startswith("同比：《") for line in made.details)


def test_parts_stand_side_by_side_and_are_never_added_up(official: dict[str, Card]) -> None:
    made = official["local_regulations"]
    assert (made.name, made.value) == ("地方性法规件数（制定）", "6件")
    assert made.remark == "另有修改3件、促进条例6件；总数未公布"


def test_what_nobody_published_for_the_region_is_no_zero(official: dict[str, Card]) -> None:
    made = official["full_online_rate"]
    assert (made.value, made.remark) == ("未公布", "4个地区有数据，见地图")


def test_a_rate_carries_its_cases_and_its_change_in_points(demo: dict[str, Card]) -> None:
    made = demo["court_appearance_rate"]
    assert made.cases == "5424/5480件"
    assert made.change == "同比下降0.35个百分点"
    assert made.tone == "bad"
    assert [period for period, _, _ in made.spark] == [str(year) for year in range(2019, 2026)]


def test_colours_follow_the_direction_of_the_indicator(demo: dict[str, Card]) -> None:
    assert demo["litigation_loss_rate"].change.startswith("同比下降")
    assert demo["litigation_loss_rate"].tone == "good"
    assert demo["reconsideration_correction_rate"].change
    assert demo["reconsideration_correction_rate"].tone == ""


def test_a_line_begins_after_a_change_of_definition(demo: dict[str, Card]) -> None:
    assert [period for period, _, _ in demo["case_files_reviewed"].spark] == ["2023", "2024", "2025"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("+1.2个百分点", "同比上升1.2个百分点"),
        ("−5%", "同比下降5%"),
        ("约+5.5%", "同比增长约5.5%"),
        ("持平", "同比持平"),
        ("口径变化，不可比", "口径变化，不可比"),
        ("基数过小，不计算", "基数过小，不算同比"),
    ],
)
def test_changes_are_worded_as_reports_word_them(words: str, said: str) -> None:
    assert cards.change_phrase(words) == said


# ---- the story ----


def test_the_story_of_the_appearance_rate_is_told_without_joining_unlike_periods(warehouse: Paths) -> None:
    release = queries.current_release()
    figures = queries.figures_of_region(release, "published", WHOLE)
    totals = figures[(figures["indicator_id"] == "court_appearance_rate") & (figures["breakdown"] == "")]
    aim = target_for(queries.targets(release), WHOLE, "court_appearance_rate", "2023")
    assert aim is not None
    steps = cards.story(totals)
    assert cards.story_sentence(steps) == (
        "15%（2019年） → 29.65%（2020年） → 73.55%（2021年1—10月） → 99.74%（2023年）"
    )
    assert [step.whole for step in steps] == [True, True, False, True, True]
    assert (steps[3].period, steps[3].value, steps[3].text) == ("2022年", None, "未公布")
    line = narrative.aim_words(aim, "%"), float(aim["value"])
    drawn = cards.story_html(steps, "全区出庭应诉率", line, ["来源"])
    assert drawn.count('<li class="odd">') == drawn.count('<li class="none">') == drawn.count('<li class="aim"') == 1
    assert "虚线为2024年目标100%；斜纹为不足一年的数" in drawn


def test_a_line_for_the_target_lies_at_its_height_among_the_bars() -> None:
    drawn = cards.story_html([cards.Step("2023年", 50.0, "50%")], "率", ("2024年目标80%", 80.0), [])
    assert 'style="--height:1.000"' in drawn
    assert "height:62.5%" in drawn
    above = cards.story_html([cards.Step("2023年", 50.0, "50%")], "率", ("2024年目标40%", 40.0), [])
    assert 'style="--height:0.800"' in above
    assert 'class="aim"' not in cards.story_html([cards.Step("2023年", 50.0, "50%")], "率", None, [])


@pytest.mark.parametrize(
    ("dataset", "newest"), [("published", "2023年的99.74%"), ("demo", "2025年的98.98%（5424/5480件）")]
)
def test_the_story_is_told_as_a_statement(dataset: str, newest: str, warehouse: Paths) -> None:
    board = overview.board_of(reader_of(dataset))
    assert f'<p class="title">内蒙古自治区行政机关负责人出庭应诉率由2019年的15%升至{newest}' in board.story


def test_a_long_period_breaks_after_its_year() -> None:
    drawn = cards.story_html([cards.Step("2021年1—10月", 50.0, "50%", whole=False)], "率", None, [])
    assert "<span>2021年<br>1—10月</span>" in drawn


def test_no_figure_no_story() -> None:
    assert cards.story(pd.DataFrame({"value": [], "unit": []})) == []


# ---- as HTML ----


def a_card(**changes: object) -> Card:
    plain = {
        "indicator_id": "x",
        "chapter": 1,
        "name": "<b>率</b>",
        "value": "5%",
        "period": "2023年",
        "cases": "5/100件",
        "standing": "■ 未达标 · 距2024年目标9%差4个百分点",
        "mark": "below",
        "change": "同比上升1个百分点",
        "moved": 1.0,
        "tone": "good",
        "remark": "",
        "spark": [("2021", 1.0, "1%"), ("2022", 4.0, "4%"), ("2023", 5.0, "5%")],
        "source": '《"报告"》',
        "details": ['来源：《"报告"》'],
    }
    return Card(**{**plain, **changes})  # type: ignore[arg-type]


def test_a_card_is_escaped_and_reads_in_order() -> None:
    drawn = cards.card_html(a_card(), "published", ["《甲》", '《"报告"》'])
    assert "<b>率" not in drawn
    order = ["率", ">5%", "未达标", "同比上升", "5/100件", '"foot">2023年', ">来源<"]
    assert [drawn.index(words) for words in order] == sorted(drawn.index(words) for words in order)
    assert 'alt="2021年1%、2022年4%、2023年5%"' in drawn
    assert 'href="trends?dataset=published&amp;indicator=x"' in drawn
    assert '<span class="reference">[2]</span>' in drawn


def test_a_card_without_a_figure_leads_to_the_map() -> None:
    drawn = cards.card_html(a_card(value="未公布", spark=[], change="", source=""), "demo", [])
    assert 'href="map?dataset=demo&amp;indicator=x"' in drawn
    assert "<img" not in drawn
    assert "reference" not in drawn


def test_a_sparkline_ends_at_its_last_value_and_a_level_one_lies_in_the_middle() -> None:
    rising = unquote(cards.spark_image([("2021", 1.0, ""), ("2022", 2.0, ""), ("2023", 3.0, "")]))
    assert 'points="4,22.0 42,13.0 80,4.0"' in rising
    assert 'cx="80" cy="4.0"' in rising
    level = unquote(cards.spark_image([("2021", 2.0, ""), ("2022", 2.0, ""), ("2023", 2.0, "")]))
    assert 'points="4,13.0 42,13.0 80,13.0"' in level


def test_changes_have_the_size_and_sign_of_their_words(official: dict[str, Card], demo: dict[str, Card]) -> None:
    changes = cards.changes(list(official.values())).set_index("indicator_id")
    assert changes.loc["study_sessions", ["value", "change", "moved"]].tolist() == [
        "8100余场次",
        "同比下降约32.5%",
        -32.5,
    ]
    assert changes["moved"]["reconsideration_cases"] == 56.96
    assert cards.changes(list(demo.values())).set_index("indicator_id")["moved"]["court_appearance_rate"] == -0.35
    assert cards.changes([]).empty


def test_a_single_month_says_that_it_is_one(official: dict[str, Card]) -> None:
    made = official["litigation_loss_rate"]
    assert (made.value, made.period, made.remark) == ("24%", "2021年10月（单月）", "单月数，不代表全年")


def test_a_chapter_folds_what_a_phone_does_not_show_at_once() -> None:
    chapters = pd.DataFrame({"chapter": [1], "chapter_short": ["甲"], "chapter_name": ["甲"]})
    few = cards.chapters_html([a_card()] * 2, chapters, "demo", [])
    assert "checkbox" not in few
    assert few.count('class="legend"') == 1
    assert "展开另外3项" in cards.chapters_html([a_card()] * 5, chapters, "demo", [])


def test_the_lead_says_how_many_got_better_and_names_what_got_worse(warehouse: Paths) -> None:
    said = {}
    for dataset in ("published", "demo"):
        reader = reader_of(dataset)
        figures = queries.figures_of_region(reader.release, dataset, WHOLE)
        said[dataset] = cards.lead(cards.of_region(reader), figures, reader, queries.targets(reader.release))
    assert said["published"].count("  \n") == 0
    assert "19项指标向好，3项变差（新设经营主体数、行政机关负责人出庭应诉率、调解成功率）" in said["demo"]
