"""The page 对比: its part of the address, and what it says where nothing compares."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.compare import case_unit, comparable_figures
from dashboard.selection import (
    Choices,
    Comparison,
    Covered,
    Selection,
    comparison_parameters,
    resolve_comparison,
)
from tests.test_pages import figure, open_page, texts

COURT = {"dataset": "demo", "indicator": "court_appearance_rate", "period": "2025"}

INDICATORS = pd.DataFrame(
    {
        "name": ["出庭应诉率", "败诉率", "法律援助案件数", "调解成功率"],
        "kind": ["rate", "rate", "count", "rate"],
        "chapter": [6, 6, 6, 7],
    },
    index=pd.Index(["rate", "loss", "aid", "mediation"], name="id"),
)
REGIONS = pd.DataFrame(
    {
        "name": ["内蒙古自治区", "包头市", "乌海市", "昆都仑区", "青山区"],
        "level": ["region", "league", "league", "banner", "banner"],
        "parent": [None, "150000", "150000", "150200", "150200"],
    },
    index=["150000", "150200", "150300", "150203", "150204"],
)
MONTHS = {"2024": 12, "2023": 12, "2021": 12, "2024Q2": 3, "2023Q2": 3, "2021-2023": 36}


def make_choices() -> Choices:
    everywhere = {"league": {"2024": 2, "2023": 2, "latest": 2}, "banner": {"2024": 2, "latest": 2}}
    covered = {
        ("demo", name): {"": Covered(["2024", "2024Q2", "2023", "2023Q2", "2021", "2021-2023"], everywhere)}
        for name in ("rate", "aid", "mediation")
    }
    covered["demo", "loss"] = {"": Covered(["2023"], {"league": {"2023": 1, "latest": 1}})}
    return Choices(["demo"], INDICATORS, REGIONS, covered, {"demo": "rate"}, MONTHS)


def choose(**changes: str) -> Selection:
    chosen = {"dataset": "demo", "indicator": "rate", "breakdown": "", "period": "2024", "level": "league"}
    return Selection(**(chosen | {"region": "150000"} | changes))


# ---- the address ----


def test_an_empty_address_ranks_and_has_something_to_set_beside() -> None:
    comparison, notices = resolve_comparison({}, make_choices(), choose())
    assert comparison == Comparison("ranking", "", "2023", "mediation", "", "rank")
    assert notices == []


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"view": "funnel"},
        {"period2": "2021", "indicator2": "aid"},
        {"view": "heatmap", "chapter": "7", "by": "target"},
    ],
)
def test_a_comparison_survives_the_way_there_and_back(parameters: dict[str, str]) -> None:
    choices = make_choices()
    comparison, notices = resolve_comparison(parameters, choices, choose())
    assert notices == []
    assert comparison_parameters(comparison, choices, choose()) == parameters


@pytest.mark.parametrize("name", ["view", "group", "period2", "indicator2", "chapter", "by"])
def test_nonsense_falls_back_with_a_notice_that_names_it(name: str) -> None:
    comparison, notices = resolve_comparison({name: "<script>"}, make_choices(), choose())
    assert comparison == resolve_comparison({}, make_choices(), choose())[0]
    assert len(notices) == 1
    assert name in notices[0]


@pytest.mark.parametrize(
    ("period", "beside"), [("2024", "2023"), ("2024Q2", "2023Q2"), ("2023", "2021"), ("2021-2023", ""), ("latest", "")]
)
def test_only_a_period_of_the_same_length_stands_beside_the_year_before_first(period: str, beside: str) -> None:
    assert resolve_comparison({}, make_choices(), choose(period=period))[0].period2 == beside


def test_a_period_of_another_length_is_refused() -> None:
    _, notices = resolve_comparison({"period2": "2024Q2"}, make_choices(), choose())
    assert len(notices) == 1


def test_leagues_are_groups_of_banners_alone() -> None:
    choices = make_choices()
    assert resolve_comparison({"group": "150200"}, choices, choose(level="banner"))[0].group == "150200"
    assert len(resolve_comparison({"group": "150200"}, choices, choose())[1]) == 1


def test_an_indicator_that_one_region_alone_has_is_not_set_beside() -> None:
    _, notices = resolve_comparison({"indicator2": "loss"}, make_choices(), choose())
    assert len(notices) == 1


# ---- words ----


def test_places_and_cases_in_words() -> None:
    choices = make_choices()
    assert choices.groups("league", "150000")[""].words == "2个盟市"
    assert choices.groups("banner", "150000")["150200"].words == "包头市2个旗县（市、区）"
    indicators = pd.DataFrame({"unit": ["%", "件"]}, index=["rate", "cases"])
    assert case_unit(pd.Series({"numerator": None, "denominator": "cases"}), indicators) == "件"
    assert case_unit(pd.Series({"numerator": None, "denominator": None}), indicators) == ""


def test_what_compares_begins_with_the_chosen_indicator_and_level() -> None:
    found = comparable_figures(make_choices(), "demo", "aid", "banner")
    assert found[0] == ("aid", "", "banner", "2024", 2)
    assert {row[0] for row in found} == {"rate", "aid", "mediation"}


# ---- the page ----

pytestmark = pytest.mark.usefixtures("warehouse")
VIEWS = ["ranking", "periods", "heatmap", "scatter", "funnel"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("places", [{}, {"level": "banner"}, {"level": "banner", "group": "150900"}])
def test_every_view_opens_for_leagues_and_banners(view: str, places: dict[str, str]) -> None:
    app = open_page("compare", view=view, **COURT, **places)
    assert not app.exception
    assert not app.warning
    assert app.get("plotly_chart") or app.info


@pytest.mark.parametrize("view", VIEWS)
def test_the_newest_official_values_are_listed_with_their_periods_and_never_ranked(view: str) -> None:
    app = open_page("compare", view=view)
    assert not app.get("plotly_chart")
    assert "不排名、不比较" in app.info[0].value.replace("\\", "")
    table = app.dataframe[0].value
    assert table["期间"].str.contains("年").all()
    assert "不是名次" in texts(app)
    assert "未公布：" in texts(app)


def test_what_compares_is_one_click_away() -> None:
    app = open_page("compare", view="heatmap")
    button = next(button for button in app.button if "2024年" in button.label)
    button.click().run()
    assert not app.exception
    assert app.selectbox(key="choose_period").value == "2024"
    assert "view" not in app.query_params
    assert app.get("plotly_chart")


def test_the_view_and_the_places_are_written_into_the_address() -> None:
    app = open_page("compare", **COURT)
    app.segmented_control(key="compare_view").select("funnel").run()
    app.selectbox(key="compare_places").select(("banner", "150900")).run()
    parameters = {name: app.query_params[name] for name in ("view", "level", "group")}
    assert parameters == {"view": "funnel", "level": "banner", "group": "150900"}
    assert not app.warning


def test_a_changed_choice_leaves_no_outdated_comparison_behind() -> None:
    app = open_page("compare", view="periods", period2="2023", **COURT)
    app.selectbox(key="choose_period").select("2025Q4").run()
    assert "period2" not in app.query_params
    assert not app.warning
    assert "2024年第四季度到2025年第四季度" in texts(app)


def test_periods_across_a_change_of_definition_are_not_compared() -> None:
    app = open_page("compare", view="periods", dataset="demo", indicator="case_files_reviewed", period="2023")
    assert not app.get("plotly_chart")
    assert "口径有变，不可比" in app.info[0].value.replace("\\", "")


def test_a_funnel_of_a_count_says_why_there_is_none() -> None:
    app = open_page("compare", view="funnel", dataset="demo", indicator="legal_aid_cases", period="2025")
    assert "请另选比率类指标" in app.info[0].value.replace("\\", "")


def test_the_heat_map_asks_for_a_league_where_there_are_too_many_banners() -> None:
    app = open_page("compare", view="heatmap", level="banner", **COURT)
    assert "请在“对比范围”中选一个盟市的旗县" in app.info[0].value.replace("\\", "")


def test_the_ranking_shows_those_who_reported_and_names_who_did_not() -> None:
    app: AppTest = open_page("compare", **COURT)
    assert len(figure(app)["data"][0]["y"]) == 11
    assert "未填报：阿拉善盟" in texts(app)
    assert "325/363件" in str(figure(app)["layout"]["yaxis2"]["ticktext"])
