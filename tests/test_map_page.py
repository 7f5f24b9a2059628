"""The page 地图 without a browser: where the reader stands, what is offered, what is said where nothing compares."""

import json

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import map_lists, mapping, queries
from tests.test_pages import open_page, texts
from tests.test_slices import make_figure

pytestmark = pytest.mark.usefixtures("warehouse")

RATE = {"dataset": "demo", "indicator": "court_appearance_rate", "period": "2024"}
COUNT = {"dataset": "demo", "indicator": "reconsideration_cases", "period": "2024"}


def figure(app: AppTest) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def values(app: AppTest) -> list[dict]:
    """The traces of areas with a value."""
    return [trace for trace in figure(app)["data"] if trace.get("coloraxis")]


def key(app: AppTest) -> list[str]:
    return [note["text"] for note in figure(app)["layout"].get("annotations", [])]


def ranking(app: AppTest) -> object:
    return app.dataframe[0].value


def offered(app: AppTest) -> list[str]:
    """The views to choose from."""
    return [option.content for option in app.button_group(key="choose_map").proto.options]


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("dataset", ["published", "demo"])
@pytest.mark.parametrize("level", ["league", "banner"])
@pytest.mark.parametrize("view", list(mapping.VIEWS))
def test_every_view_opens_on_both_data_sets_and_levels(dataset: str, level: str, view: str) -> None:
    app = open_page("map", dataset=dataset, level=level, map=view)
    assert not app.exception
    assert not app.error
    assert not app.warning


def test_nonsense_in_the_parameters_of_the_page_is_told_and_does_no_harm() -> None:
    app = open_page("map", **RATE, map="globe", classes="magic", zoom="moon", side="left", scale="1", cities="all")
    assert not app.exception
    assert len([warning for warning in app.warning if "不存在" in warning.value]) == 6


# ---- down into a league and back ----


def test_a_league_offers_its_banners_and_the_breadcrumb_leads_back() -> None:
    app = open_page("map", **RATE, region="150100")
    app.button(key="drill").click().run()
    assert (app.query_params["level"], app.query_params["group"]) == ("banner", "150100")
    assert len(values(app)[0]["locations"]) == 9
    assert "呼和浩特市9个旗县（市、区）" in texts(app)
    app.button(key="step_0").click().run()
    assert "group" not in app.query_params
    assert len(values(app)[0]["locations"]) == 12


def test_a_banner_stands_below_its_league() -> None:
    app = open_page("map", **RATE, level="banner", group="150100", region="150105")
    assert [app.button(key=f"step_{number}").label for number in (0, 1)] == ["内蒙古自治区", "呼和浩特市"]
    app.button(key="step_1").click().run()
    assert (app.query_params["region"], app.query_params["group"]) == ("150100", "150100")


def test_a_league_alone_is_held_against_its_own_figure_and_the_whole_region() -> None:
    title = open_page("map", **RATE, level="banner", group="150100").markdown
    assert any("全市" in m.value and "全区" in m.value for m in title)


def test_the_way_down_says_when_no_banner_has_a_figure() -> None:
    app = open_page("map", dataset="published", indicator="court_appearance_rate", region="150700")
    assert any(label.startswith("查看14个旗县（") for label in buttons(app))


def test_crowded_parts_are_offered_only_where_banners_are_drawn_all_together() -> None:
    assert not [box for box in open_page("map", **RATE).selectbox if box.label == "放大"]
    app = open_page("map", **RATE, level="banner")
    app.selectbox(key="choose_zoom").select("hubaoe").run()
    assert app.query_params["zoom"] == "hubaoe"
    assert figure(app)["layout"]["geo"]["projection"]["scale"] > 3


# ---- classes ----


@pytest.mark.parametrize("classes", ["equal", "quantile", "natural", "target"])
def test_classes_are_chosen_in_the_address_and_counted_in_the_key(classes: str) -> None:
    app = open_page("map", **RATE)
    app.selectbox(key="choose_classes").select(classes).run()
    assert app.query_params["classes"] == classes
    assert sum(int(text.split(" · ")[1].removesuffix("个")) for text in key(app) if " · " in text) == 12


def test_the_target_is_named_and_its_classes_have_signs() -> None:
    app = open_page("map", **RATE, classes="target")
    assert "按距全区2024年目标100%分级" in texts(app)
    assert any(text.startswith("● 达标") for text in key(app))


@pytest.mark.parametrize(
    "indicator", ["reconsideration_correction_rate", "mediation_success_rate", "reconsideration_cases"]
)
def test_without_a_target_or_a_direction_nothing_is_classed_by_it(indicator: str) -> None:
    app = open_page("map", dataset="demo", indicator=indicator, classes="target")
    assert "距目标" not in app.selectbox(key="choose_classes").options
    assert not any("达标" in text for text in key(app))


def test_what_does_not_compare_is_not_classed() -> None:
    app = open_page("map", dataset="published")
    assert not [box for box in app.selectbox if box.label == "分级"]


# ---- through the years ----


def test_the_slider_and_the_address_go_together() -> None:
    app = open_page("map", **RATE)
    slider = app.select_slider(key="choose_year")
    assert (slider.value, slider.options[0], slider.options[-1]) == ("2024", "2019年", "2025年")
    slider.set_value("2022").run()
    assert app.query_params["period"] == "2022"
    assert app.selectbox(key="choose_period").value == "2022"


def test_a_quarter_is_compared_with_quarters_alone() -> None:
    app = open_page("map", **{**RATE, "period": "2023Q2"}, map="years")
    assert next(text for text in key(app) if "<b>2022年" in text).startswith("<b>2022年第二季度</b>")
    app = open_page("map", **{**RATE, "period": "2023Q2"})
    assert all("季度" in option for option in app.select_slider(key="choose_year").options)


def test_playing_begins_anew_after_the_last_period_and_holds_the_scale() -> None:
    app = open_page("map", **{**RATE, "period": "2025"})
    app.button(key="play").click().run()
    assert app.query_params["period"] == "2019"
    assert app.query_params["scale"] == "on"
    assert app.button(key="play").label == "停止"
    app.button(key="play").click().run()
    assert app.button(key="play").label == "播放"


def test_one_scale_for_all_periods_gives_a_value_the_same_colour_in_each() -> None:
    apps = [open_page("map", **{**RATE, "period": period}, scale="on") for period in ("2023", "2024")]
    axes = [figure(app)["layout"]["coloraxis"] for app in apps]
    assert axes[0] == axes[1]


def test_there_is_no_slider_where_periods_do_not_compare_and_the_reason_is_given() -> None:
    app = open_page("map", dataset="published", period="latest")
    assert not app.select_slider
    assert "两期并排、变化图、历年小图：“各地最新值”不是同一期间" in texts(app)


# ---- two periods ----


def test_the_second_period_is_one_of_the_same_length_and_stays_in_the_address() -> None:
    app = open_page("map", **RATE, map="pair")
    box = app.selectbox(key="choose_period2")
    assert box.value == "2023"
    assert not any("季度" in option for option in box.options)
    box.select("2021").run()
    assert app.query_params["period2"] == "2021"
    assert next(text for text in key(app) if text.startswith("<b>")).startswith("<b>2021年</b>")


def test_across_a_change_of_definition_nothing_is_subtracted() -> None:
    app = open_page("map", dataset="demo", indicator="case_files_reviewed", period="2023", period2="2022", map="change")
    assert "变化图：2022年与2023年之间口径有变，不可比" in texts(app)
    assert "变化图" not in offered(app)
    pair = open_page("map", dataset="demo", indicator="case_files_reviewed", period="2023", period2="2022", map="pair")
    assert "两期口径不同，不可比" in texts(pair)


def test_the_list_of_changes_has_no_places() -> None:
    app = open_page("map", **COUNT, map="change")
    assert list(ranking(app).columns) == ["地区", "变化", "增速", "两期"]


# ---- beside the map ----


def test_the_ranking_shows_everybody_with_ties_on_one_place() -> None:
    table = ranking(open_page("map", **(RATE | {"period": "2025"})))
    assert len(table) == 12
    assert table["数值"].tolist()[:2] == ["100%", "100%"]
    assert set(table["名次"]) == {"难分先后", "第11名", ""}


def test_nobody_is_first_in_a_neutral_indicator() -> None:
    app = open_page("map", **COUNT)
    table = ranking(app)
    assert len(table) == 12
    assert "名次" not in table
    assert set(table["高低"]) == {"偏高", "居中", "偏低"}
    assert table["高低"].tolist() == sorted(table["高低"], key=["偏高", "居中", "偏低"].index)
    assert json.loads(app.dataframe[0].proto.columns)["高低"]["width"] == map_lists.STANDING_WIDTH


def test_a_long_ranking_shows_its_ends_and_the_chosen_place_and_folds_the_rest() -> None:
    app = open_page("map", **RATE, level="banner", side="list", region="150223")
    names = ranking(app)["地区"].tolist()
    assert "……" in names
    assert any(name.startswith("▸ ") for name in names)
    assert len(names) <= map_lists.LONGEST_LIST + 2
    assert any("全部103个" in expander.label for expander in app.expander)


def test_small_bases_are_marked_and_have_no_place() -> None:
    table = ranking(open_page("map", **RATE, level="banner", group="152500", side="list"))
    small = table[table["案件"].str.split("/").str[1].str.removesuffix("件").astype(float) < 10]
    assert len(small)
    assert set(small["名次"]) == {"基数过小"}


def test_newest_values_are_listed_with_their_periods_and_without_places() -> None:
    table = ranking(open_page("map", dataset="published", period="latest"))
    assert "名次" not in table.columns
    assert any("年）" in value for value in table["数值"])


def test_neutral_indicators_are_ordered_but_not_called_good() -> None:
    app = open_page("map", dataset="demo", indicator="reconsideration_correction_rate", period="2024")
    assert "中性指标：高低不表示好坏" in texts(app)


def test_the_cities_stand_beside_their_leagues_and_nothing_else_changes() -> None:
    app = open_page("map", **RATE)
    before = (values(app)[0]["z"], ranking(app)["数值"].tolist())
    app.toggle(key="choose_cities").set_value(True).run()
    assert app.query_params["cities"] == "on"
    assert values(app)[0]["z"] == before[0]
    table = ranking(app)
    assert table["数值"].tolist()[:12] == before[1]
    assert table["地区"].tolist()[12:] == ["满洲里市", "二连浩特市"]
    assert table["名次"].tolist()[12:] == ["单列", "单列"]
    assert "满洲里市、二连浩特市单列" in texts(app)


def test_counts_say_that_larger_leagues_have_more() -> None:
    assert "规模大的地区自然多" in texts(open_page("map", **COUNT))


# ---- per 10,000 people ----


def test_counts_per_ten_thousand_people_say_which_people_and_rank_anew() -> None:
    app = open_page("map", **COUNT)
    app.toggle(key="choose_per").set_value(True).run()
    assert app.query_params["per"] == "population"
    words = texts(app)
    assert "2024年每万人行政复议案件办理数" in words
    assert "按2020年11月1日普查人口折算" in words
    assert "单位：件/万人" in words
    assert "内蒙古自治区第七次全国人口普查公报（第二号）" in words
    assert "规模大的地区自然多" not in words
    assert ranking(app)["数值"].str.endswith("件/万人").all()
    assert set(ranking(app)["高低"]) == {"偏高", "居中", "偏低"}


@pytest.mark.parametrize("view", list(mapping.VIEWS))
def test_every_view_is_also_drawn_per_ten_thousand_people(view: str) -> None:
    app = open_page("map", **COUNT, map=view, per="population", cities="on", classes="natural")
    assert not app.exception
    assert "每万人" in texts(app)
    assert not [toggle for toggle in app.toggle if "单列" in toggle.label]


def test_only_counts_of_leagues_are_held_against_people() -> None:
    for settings in ({**COUNT, "level": "banner"}, RATE):
        app = open_page("map", **settings, per="population")
        assert not app.exception
        assert "每万人" not in texts(app)


def test_a_count_is_divided_by_the_people_of_its_place_and_stays_approximate() -> None:
    people = pd.DataFrame({"population": [500_000]}, index=["150100"])
    figures = pd.DataFrame([make_figure("150100", value=60.0, unit="件", qualifier="余"), make_figure("150200")])
    counted = mapping.per_people(figures, people)
    assert counted[["region_code", "value", "unit", "qualifier"]].values.tolist() == [["150100", 1.2, "件/万人", "约"]]


# ---- small parts ----


def test_only_the_same_season_of_other_years_is_put_beside_a_quarter() -> None:
    periods = ["2022Q1", "2022Q2", "2023Q1", "2023Q2"]
    assert mapping.same_season(periods, "2023Q2") == ["2022Q2", "2023Q2"]
    assert mapping.same_season(["2021-01/2021-10", "2022-01/2022-10", "2022-01/2022-11"], "2022-01/2022-10") == [
        "2021-01/2021-10",
        "2022-01/2022-10",
    ]


def test_a_long_list_without_figures_shows_only_the_chosen_place() -> None:
    codes = [str(number) for number in range(20)]
    table = pd.DataFrame({"地区": codes, "数值": "未公布", "sound": False}, index=codes)
    assert map_lists.shortened(table, "7").index.tolist() == ["7"]


def test_a_map_on_which_nothing_compares_has_a_list_only_on_demand() -> None:
    app = open_page("map", level="banner")
    assert not app.dataframe
    assert "各地均无可排列的总数" in texts(app)


def test_a_change_of_the_map_asks_the_warehouse_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("map", **RATE)
    asked = []
    ask = queries._query
    monkeypatch.setattr(queries, "_query", lambda *question: asked.append(question) or ask(*question))
    app.selectbox(key="choose_classes").select("natural").run()
    assert asked == []
