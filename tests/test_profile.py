"""The profile of a region: where its figures lie among its peers, and the same on one sheet of paper."""

import html
import json
import re
from collections.abc import Callable

import pandas as pd
import pytest

from dashboard import profile
from dashboard.charts import Chart, profiles
from dashboard.statistics import standings, standings_of_many
from tests.browsing import Visit
from tests.test_pages import figure, open_page, texts

CODES = ["150100", "150200", "150300", "150400", "150500"]
NAMES = dict(zip(CODES, ["呼和浩特市", "包头市", "乌海市", "赤峰市", "通辽市"], strict=True))
INDICATORS = pd.DataFrame(
    {
        "name": ["出庭应诉率", "纠错率", "败诉率", "办案件数", "应出庭件数"],
        "chapter": [6, 6, 6, 4, 6],
        "chapter_short": ["矛盾纠纷化解", "矛盾纠纷化解", "矛盾纠纷化解", "行政执法", "矛盾纠纷化解"],
        "unit": ["%", "%", "%", "件", "件"],
        "kind": ["rate", "rate", "rate", "count", "count"],
        "direction": ["higher_better", "neutral", "lower_better", "higher_better", "neutral"],
        "aggregation": ["weighted", "weighted", "weighted", "sum", "sum"],
        "numerator": [None] * 5,
        "denominator": ["due", None, None, None, None],
        "near": [1.0] * 5,
        "headline": [1.0, 2.0, None, None, None],
        "caveats": [""] * 5,
    },
    index=pd.Index(["appearance", "correction", "loss", "cases", "due"], name="id"),
)
TARGETS = pd.DataFrame(
    [("150000", "appearance", "2024", 100.0)], columns=["region_code", "indicator_id", "period", "value"]
)
NO_BREAKS = pd.DataFrame({"indicator_id": [], "since": pd.Series(dtype="datetime64[us]")})


def cells(indicator: str, values: list[float], denominators: list[float] | None = None) -> pd.DataFrame:
    """Like `profile.totals`: one indicator of the five leagues."""
    below = pd.Series(denominators or [float("nan")] * len(values), dtype="float64")
    return pd.DataFrame(
        {
            "region_code": CODES[: len(values)],
            "indicator_id": indicator,
            "breakdown": "",
            "value": pd.Series(values, dtype="float64"),
            "qualifier": "",
            "numerator": (pd.Series(values) / 100 * below).round(),
            "denominator": below,
            "status": "published",
        }
    )


def figures_of(indicator: str, period: str, value: float, code: str = "150100", **changes: object) -> dict[str, object]:
    year = int(period[:4])
    return {
        "region_code": code,
        "indicator_id": indicator,
        "indicator": INDICATORS["name"][indicator],
        "chapter": INDICATORS["chapter"][indicator],
        "breakdown": "",
        "period": period,
        "period_start": pd.Timestamp(year, 1, 1),
        "period_end": pd.Timestamp(year, 12, 31),
        "period_months": 12,
        "value": value,
        "unit": INDICATORS["unit"][indicator],
        "qualifier": "",
        "numerator": float("nan"),
        "denominator": float("nan"),
        "status": "published",
        "source_id": "report",
        "source_title": "报告",
        "publisher": "司法厅",
        "published_on": "2024-01",
        "url": "",
        "note": "",
    } | changes


def spine(
    figures: list[dict[str, object]], peers: list[pd.DataFrame], code: str = "150100", **changed: object
) -> pd.DataFrame:
    settings: dict[str, object] = {"region_code": code, "period": "2023", "targets": TARGETS, "breaks": NO_BREAKS}
    stood = standings_of_many(pd.concat(peers, ignore_index=True), INDICATORS)
    return profile.spine(
        pd.DataFrame(figures),
        stood,
        profile.spread(stood),
        {"appearance": 95.0, "cases": 400.0},
        indicators=INDICATORS,
        **(settings | changed),  # type: ignore[arg-type]
    )


APPEARANCE = cells("appearance", [96.0, 90.0, 80.0, 70.0, 60.0], [50.0, 500.0, 500.0, 500.0, 9.0])
OWN = figures_of("appearance", "2023", 96.0, numerator=48.0, denominator=50.0)


# ---- standing ----


@pytest.mark.parametrize("indicator", list(INDICATORS.index))
def test_standing_follows_the_rules_of_the_comparison_page(indicator: str) -> None:
    one = cells(indicator, [30.0, 20.0, 20.0, 90.0, 5.0], [40.0, 9.0, 60.0, 10.0, 300.0])
    row = INDICATORS.loc[indicator]
    together = standings_of_many(pd.concat([one, APPEARANCE.assign(indicator_id="other")]), INDICATORS)
    together = together[together["indicator_id"] == indicator]
    alone = standings(one.assign(unit=row["unit"]), row["direction"], row["kind"], row["aggregation"])
    assert together["small"].tolist() == alone["small"].tolist()
    columns = ["rank", "best", "worst"]
    assert together[columns].astype("Float64").equals(alone[columns].astype("Float64").set_axis(together.index))


def test_a_rate_carries_cases_place_change_target_and_the_cases_that_are_missing() -> None:
    before = figures_of("appearance", "2022", 90.0, numerator=45.0, denominator=50.0)
    row = spine([OWN, before], [APPEARANCE]).iloc[0]
    assert row["cases"] == "48/50件"
    assert row["place"] == "第1—2名"
    assert row["change"] == "+6个百分点"
    assert row["mark"] == "below"
    assert row["aim"] == "■ 未达标 · 距全区2024年目标100%差4个百分点，相差2件"
    assert row["whole"] == 95.0


def test_small_bases_of_peers_are_left_out_of_the_strip() -> None:
    row = spine([OWN], [APPEARANCE]).iloc[0]
    assert (row["peers"], row["least"], row["most"]) == (4, 70.0, 96.0)


@pytest.mark.parametrize(
    ("denominator", "place"), [(9.0, "基数过小，不参与排名"), (10.0, "难分先后"), (11.0, "难分先后")]
)
def test_a_rate_on_a_small_base_has_no_place(denominator: float, place: str) -> None:
    peers = cells("appearance", [80.0, 90.0, 80.0, 70.0, 75.0], [denominator, 50.0, 50.0, 50.0, 50.0])
    row = spine([figures_of("appearance", "2023", 80.0, numerator=8.0, denominator=denominator)], [peers]).iloc[0]
    assert row["small"] == (denominator < 10)
    assert row["place"].startswith(place[:2])
    assert ("基数过小" in row["place"]) == (denominator < 10)


def test_without_parts_there_is_a_plain_place_and_no_gap_in_cases() -> None:
    row = spine([figures_of("appearance", "2023", 96.0)], [cells("appearance", [96.0, 90.0, 80.0, 70.0])]).iloc[0]
    assert (row["place"], row["cases"]) == ("第1名", "")
    assert "件" not in row["aim"]


@pytest.mark.parametrize(("value", "word"), [(50.0, "偏高"), (5.0, "偏低"), (22.0, "居中")])
def test_a_neutral_indicator_is_high_or_low_but_never_good_or_bad(value: float, word: str) -> None:
    row = spine([figures_of("correction", "2023", value)], [cells("correction", [value, 20.0, 22.0, 24.0])]).iloc[0]
    assert row["place"] == word
    assert row["mark"] is None or pd.isna(row["mark"])


def test_with_fewer_than_four_peers_nothing_is_compared() -> None:
    assert spine([OWN], [APPEARANCE.head(3)]).empty


def test_the_whole_region_is_shown_among_its_leagues_only_with_what_can_be_averaged() -> None:
    own = [figures_of("appearance", "2023", 95.0, "150000"), figures_of("cases", "2023", 400.0, "150000")]
    rows = spine(own, [APPEARANCE, cells("cases", [100.0, 100.0, 100.0, 50.0, 50.0])], "150000")
    assert rows.index.tolist() == ["appearance"]
    assert rows["place"].tolist() == [""]
    assert rows["whole"].isna().all()


def test_a_sum_over_places_is_no_mark_on_the_strip_of_a_place() -> None:
    rows = spine([figures_of("cases", "2023", 100.0)], [cells("cases", [100.0, 90.0, 80.0, 50.0])])
    assert rows["whole"].isna().all()


@pytest.mark.parametrize(
    ("before", "breaks", "said"),
    [
        ([], NO_BREAKS, "上年未公布"),
        ([figures_of("cases", "2022", 80.0)], NO_BREAKS, "+25%"),
        ([figures_of("cases", "2022", 9.0)], NO_BREAKS, "较上年基数过小"),
        (
            [figures_of("cases", "2022", 80.0)],
            pd.DataFrame({"indicator_id": ["cases"], "since": [pd.Timestamp("2023-01-01")]}),
            "口径变化，不可比",
        ),
    ],
)
def test_the_change_over_the_year_before_or_why_there_is_none(
    before: list[dict[str, object]], breaks: pd.DataFrame, said: str
) -> None:
    own = figures_of("cases", "2023", 100.0)
    rows = spine([own, *before], [cells("cases", [100.0, 90.0, 80.0, 50.0])], breaks=breaks)
    assert rows["change"].tolist() == [said]


# ---- the rest of the page ----


def test_what_the_spine_does_not_show_is_listed_with_its_newest_period() -> None:
    figures = pd.DataFrame(
        [
            OWN,
            figures_of("cases", "2021", 1.0),
            figures_of("cases", "2022", 2.0),
            figures_of("appearance", "2020", 3.0, breakdown="市本级"),
        ]
    )
    rest = profile.listed(figures, pd.Index(["appearance"]), INDICATORS)
    assert rest[["indicator_id", "breakdown", "text"]].values.tolist() == [
        ["appearance", "市本级", "3%"],
        ["cases", "", "2件"],
    ]


@pytest.mark.parametrize(
    ("counts", "opening"),
    [({"2025": 81, "2024": 82}, "2025"), ({"2024": 1, "2023": 46, "2022": 4}, "2023"), ({}, "")],
)
def test_the_page_opens_on_the_newest_year_with_nearly_all_figures(counts: dict[str, int], opening: str) -> None:
    assert profile.opening_period(pd.Series(counts, dtype="int64")) == opening


def test_sources_are_counted_and_named_once() -> None:
    table = profile.sources(pd.DataFrame([OWN, figures_of("cases", "2023", 5.0), figures_of("loss", "2023", None)]))
    assert table[["source_title", "publisher", "figures"]].values.tolist() == [["报告", "司法厅", 2]]


def test_places_below_show_their_headline_figures_and_what_is_missing() -> None:
    regions = pd.DataFrame({"name": list(NAMES.values()), "parent": ["150000"] * 5}, index=CODES)
    table = profile.below(APPEARANCE.head(2), regions, INDICATORS, "150000")
    assert table.columns.tolist() == ["地区", "出庭应诉率", "出庭应诉率对照"]
    assert table["出庭应诉率"].tolist() == ["96%", "90%", "未公布", "未公布", "未公布"]
    assert table["出庭应诉率对照"].tolist()[:2] == [96.0, 90.0]
    assert table["出庭应诉率对照"].isna().tolist()[2:] == [True] * 3, "what is missing has no bar"


# ---- the chart ----


def row_of(**changes: object) -> dict[str, object]:
    return {
        "chapter": 6,
        "chapter_short": "矛盾纠纷化解",
        "name": "败诉率",
        "unit": "%",
        "kind": "rate",
        "direction": "lower_better",
        "value": 10.0,
        "text": "10%",
        "cases": "6/60件",
        "small": False,
        "least": 5.0,
        "lower": 10.0,
        "middle": 15.0,
        "upper": 20.0,
        "most": 25.0,
        "peers": 12,
        "whole": 14.0,
        "place": "第2名",
        "best": 2,
        "worst": 2,
        "change": "−1个百分点",
        "mark": None,
        "aim": "",
        "source_title": "报告",
        "period": "2023",
    } | changes


def draw(rows: list[dict[str, object]], dataset: str = "published") -> Chart:
    frame = pd.DataFrame(rows, index=[f"i{number}" for number in range(len(rows))])
    return profiles.spine_chart(
        frame,
        place="呼和浩特市",
        peers="12个盟市",
        period="2023",
        dataset=dataset,
        release_id="20251231-a1b2c3",
    )


def test_the_best_end_is_on_the_right_whatever_the_direction() -> None:
    rows = pd.DataFrame([row_of(), row_of(direction="higher_better"), row_of(direction="neutral")])
    assert profiles.positions(rows)["own"].tolist() == [0.75, 0.25, 0.25]
    assert (profiles.positions(rows)["lower"] <= profiles.positions(rows)["upper"]).all()


def test_equal_peers_lie_in_the_middle() -> None:
    rows = pd.DataFrame([row_of(least=100.0, lower=100.0, middle=100.0, upper=100.0, most=100.0, value=100.0)])
    assert profiles.positions(rows)["own"].tolist() == [0.5]


def test_the_title_counts_the_quarters_of_rates_with_a_direction_only() -> None:
    chart = draw(
        [
            row_of(best=1, worst=3),
            row_of(best=1, worst=11),  # intervals leave its place open: that is no first quarter
            row_of(best=10, worst=12),
            row_of(small=True, best=pd.NA, worst=pd.NA),
            row_of(direction="neutral"),
            row_of(kind="count"),
            row_of(best=6, worst=6),
        ]
    )
    assert chart.title == (
        "2023年呼和浩特市矛盾纠纷化解可评优劣的4项比率指标中，与其他11个盟市相比，"
        "1项居前四分之一，1项居后四分之一，1项居中，1项与其他盟市难分先后"
    )


def test_neutral_indicators_have_a_colour_of_their_own_and_small_bases_are_hollow() -> None:
    chart = draw([row_of(), row_of(direction="neutral"), row_of(small=True)])
    dots = chart.figure.data[-6]
    assert dots.marker.color[0] != dots.marker.color[1]
    assert list(dots.marker.symbol) == ["circle", "circle", "circle-open"]
    assert "空心点基数过小" in chart.footnotes[0]


def test_how_to_read_a_row_stands_over_the_rows_and_says_of_what_hue_it_speaks() -> None:
    keys = {
        directions: "".join(
            note.text
            for note in draw([row_of(direction=direction) for direction in directions]).figure.layout.annotations
        )
        for directions in (("lower_better",), ("neutral",), ("lower_better", "neutral"))
    }
    for key in keys.values():
        assert "呼和浩特市" in key
        assert "12个盟市最低到最高" in key
    assert ["左差右好" in key for key in keys.values()] == [True, False, True]
    assert ["中性" in key or "不表示好坏" in key for key in keys.values()] == [False, True, True]


def test_the_table_twin_holds_value_cases_place_and_quarters() -> None:
    table = draw([row_of(aim="▲ 接近 · 距2024年目标9%差1个百分点")]).table
    assert table[["数值", "分子/分母", "名次", "中位", "全区", "来源"]].values.tolist() == [
        ["10%", "6/60件", "第2名", "15%", "14%", "报告"]
    ]
    assert table["目标"].tolist() == ["▲ 接近 · 距2024年目标9%差1个百分点"]


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_a_simulated_profile_is_marked_in_the_figure_itself(dataset: str, marked: bool) -> None:
    chart = draw([row_of()], dataset)
    assert chart.simulated == marked
    assert any("演示数据（模拟）" in note.text for note in chart.figure.layout.annotations) == marked


def test_many_rows_are_split_between_chapters() -> None:
    rows = pd.DataFrame([row_of(chapter=number // 5) for number in range(20)])
    assert [len(part) for part in profiles.halves(rows)] == [10, 10]
    assert len(profiles.halves(rows.head(10))) == 1
    uneven = pd.DataFrame([row_of(chapter=number // 12) for number in range(20)])
    assert [len(part) for part in profiles.halves(uneven)] == [12, 8], "near the middle a chapter is not cut"


def test_a_long_chapter_goes_on_in_the_second_half_and_says_so() -> None:
    rows = pd.DataFrame([row_of(chapter=1 if number < 2 else 2) for number in range(30)])
    first, second = profiles.halves(rows)
    assert (len(first), len(second)) == (15, 15)

    def headings(continued: bool) -> list[str]:
        chart = profiles.spine_chart(
            second,
            place="甲市",
            peers="12个盟市",
            period="2023",
            dataset="published",
            release_id="r",
            continued=continued,
        )
        return [text for trace in chart.figure.data if trace.text for text in trace.text if text.startswith("<b>矛盾")]

    assert headings(continued=True) == ["<b>矛盾纠纷化解（续）</b>"]
    assert headings(continued=False) == ["<b>矛盾纠纷化解</b>"]


@pytest.mark.parametrize(
    ("peers", "words"),
    [
        ("赤峰市12个旗县（市、区）", "赤峰市其他11个旗县（市、区）"),
        ("“5个重点旗”组4个旗县（市、区）", "“5个重点旗”组其他3个旗县（市、区）"),
        ("赤峰市及周边共3个盟市", "赤峰市及周边其他2个盟市"),
    ],
)
def test_a_place_is_not_among_those_that_it_is_compared_with(peers: str, words: str) -> None:
    assert profiles.others(peers) == words


# ---- the sheet ----

SOURCES = pd.DataFrame({"source_title": ["报告"], "publisher": ["司法厅"], "published_on": ["2024-01"]})
WORDS = profiles.Sheet("呼和浩特市画像", "官方公开数据", "12个盟市", "", "版本20251231-a1b2c3。")
NOTHING = pd.DataFrame({"indicator": [], "breakdown": [], "chapter": [], "source_title": []})


def test_letters_shrink_until_everything_fits_one_page() -> None:
    few = pd.DataFrame([row_of()])
    many = pd.DataFrame([row_of(aim="目标") for _ in range(150)])
    assert profiles.letters(few, NOTHING, pd.DataFrame(), SOURCES) == profiles.SHEET_LETTERS
    assert profiles.letters(many, NOTHING, pd.DataFrame(), SOURCES) < profiles.SHEET_LETTERS


def test_the_sheet_names_its_sources_and_shows_text_as_it_is() -> None:
    rows = pd.DataFrame([row_of(name="<b>率</b>")])
    sheet = profiles.sheet(rows, NOTHING, pd.DataFrame(), SOURCES, WORDS)
    assert html.escape("<b>率</b>") in sheet
    assert "<b>率</b>" not in sheet
    assert "《报告》（司法厅，2024-01）" in sheet


def test_the_sheet_of_simulated_data_is_marked() -> None:
    words = profiles.Sheet("画像", "", "12个盟市", "演示数据（模拟）", "")
    sheet = profiles.sheet(pd.DataFrame([row_of()]), NOTHING, pd.DataFrame(), SOURCES, words)
    assert sheet.count("演示数据（模拟）") == 2


# ---- the page ----

pages = pytest.mark.usefixtures("warehouse")


@pages
def test_official_figures_are_listed_where_peers_have_none() -> None:
    app = open_page("profile", region="152200")
    assert not app.exception
    assert "同级地区公布数不足，不作比较" in app.info[0].value
    table = app.dataframe[0].value
    assert {"政务服务事项数", "调解成功率"} <= set(table["指标"])
    assert table["来源"].notna().all()
    assert not app.get("plotly_chart")


@pages
def test_a_league_is_shown_among_its_peers_with_its_banners_and_sources() -> None:
    app = open_page("profile", dataset="demo", region="150200")
    shown = texts(app)
    assert re.search("与其他11个盟市相比，\\d项居中，\\d项与其他盟市难分先后", shown), shown
    assert "演示数据（模拟）" in shown
    assert "所辖地区（2025年主要指标）" in shown
    assert app.dataframe[0].value["地区"].tolist()[0] == "东河区"
    drawn = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    written = [str(text) for traces in drawn for trace in traces for text in trace.get("text") or []]
    assert any("，相差" in text and text.endswith("件") for text in written)


@pages
def test_a_banner_may_be_held_against_all_banners() -> None:
    app = open_page("profile", dataset="demo", region="150402")
    assert "赤峰市12个旗县（市、区）" in texts(app)
    app.selectbox(key="choose_peers").select("").run()
    assert (app.query_params["group"], app.query_params["level"]) == ("all", "banner")
    assert "红山区与103个旗县（市、区）" in texts(app)
    app.selectbox(key="choose_region").select("150403").run()
    assert "元宝山区与103个旗县（市、区）" in texts(app)


@pages
def test_a_region_may_be_held_against_its_neighbours_and_the_choice_holds_on_other_pages() -> None:
    app = open_page("profile", dataset="demo", region="150402", group="near")
    assert "红山区及周边共4个旗县（市、区）" in texts(app)
    app.switch_page("../pages/compare.py").run()
    assert app.query_params["group"] == "near"


@pages
def test_a_group_without_the_region_gives_way_with_a_word() -> None:
    app = open_page("profile", dataset="demo", region="150402", level="banner", group="150700")
    assert "所选对比组不含本地区或不足4地，改与赤峰市12个旗县（市、区）相比" in texts(app)


@pages
def test_a_banner_of_a_small_league_is_held_against_all_banners() -> None:
    assert "本盟市旗县不足4个，与全区旗县相比" in texts(open_page("profile", dataset="demo", region="150302"))


@pages
def test_the_year_is_kept_in_the_address_and_one_from_another_page_holds() -> None:
    app = open_page("profile", dataset="demo", region="150200", indicator="court_appearance_rate", period="2021")
    assert app.selectbox(key="choose_year").value == "2021"
    app.selectbox(key="choose_year").select("2023").run()
    assert app.query_params["year"] == "2023"
    assert "包头市与12个盟市 · 2023年" in texts(app)


@pages
def test_the_whole_region_has_no_equal_and_is_shown_among_its_leagues() -> None:
    app = open_page("profile", dataset="demo")
    assert "项指标在12个盟市中的位置" in texts(app)
    spec = figure(app)
    assert not any("名" in str(text) for trace in spec["data"] for text in trace.get("text") or [] if "第" in str(text))


@pytest.mark.browser
@pytest.mark.parametrize(
    "path",
    ["/profile?dataset=demo&region=150200", "/profile", "/profile?dataset=demo", "/profile?dataset=demo&region=150402"],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_prints_on_one_sheet_of_a4(visit: Callable[..., Visit], path: str, scheme: str) -> None:
    page = visit(path, scheme=scheme).page
    page.locator(".sheet").wait_for(state="attached")
    assert not page.locator(".sheet").is_visible()
    printed = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print")
    visible = page.locator('[data-testid="stSidebar"], [data-testid="stPlotlyChart"], button').all()
    assert not any(element.is_visible() for element in visible)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12]", printed)
