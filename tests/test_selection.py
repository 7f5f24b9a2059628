"""The reader's choice and its life in the address bar."""

import pandas as pd
import pytest

from dashboard import selection as selecting
from dashboard.selection import Choices, Covered, Selection, matches, resolve, to_parameters

INDICATORS = pd.DataFrame(
    {
        "name": ["行政机关负责人出庭应诉率", "法律援助案件数", "败诉率"],
        "headline": [1, None, 2],
        "search": [
            "行政机关负责人出庭应诉率 xzjgfzrctysl xzjgfzrctyslv court appearance rate",
            "法律援助案件数 flyzajs",
            "败诉率 bsl",
        ],
    },
    index=pd.Index(["rate", "aid", "loss"], name="id"),
)
REGIONS = pd.DataFrame({"name": ["内蒙古自治区", "包头市", "昆都仑区"]}, index=["150000", "150200", "150203"])


def make_choices() -> Choices:
    covered = {
        ("published", "rate"): {
            "": Covered(
                ["2024", "2023"], {"league": {"2024": 1, "2023": 1, "latest": 2}, "region": {"2023": 1, "latest": 1}}
            )
        },
        ("published", "aid"): {
            "": Covered(["2023"], {"banner": {"2023": 3, "latest": 3}}),
            "受理": Covered(["2022"], {"league": {"2022": 1, "latest": 1}}),
        },
        ("demo", "rate"): {
            "": Covered(["2025", "2025Q4", "2024"], {"league": {"2025": 12, "2025Q4": 9, "2024": 12, "latest": 12}})
        },
    }
    return Choices(["published", "demo"], INDICATORS, REGIONS, covered, {"published": "rate", "demo": "rate"})


def test_an_empty_address_opens_on_what_most_leagues_published() -> None:
    selection, notices = resolve({}, make_choices())
    assert selection == Selection("published", "rate", "", "latest", "league", "150000")
    assert notices == []


def test_a_full_panel_opens_on_its_newest_complete_period() -> None:
    selection, _ = resolve({"dataset": "demo"}, make_choices())
    assert selection.period == "2025"


def test_an_indicator_that_only_banners_have_opens_on_banners() -> None:
    selection, _ = resolve({"indicator": "aid"}, make_choices())
    assert (selection.level, selection.period) == ("banner", "2023")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"region": "150203"},
        {"indicator": "aid", "breakdown": "受理", "period": "2022"},
        {"dataset": "demo", "period": "2024", "level": "banner"},
        {"period": "2023", "region": "150200"},
        {"period": "latest", "level": "banner"},  # leagues open on the newest figures, banners on a year
    ],
)
def test_an_address_survives_the_way_there_and_back(parameters: dict[str, str]) -> None:
    choices = make_choices()
    selection, notices = resolve(parameters, choices)
    assert notices == []
    assert resolve(to_parameters(selection, choices), choices)[0] == selection


def test_defaults_stay_out_of_the_address() -> None:
    choices = make_choices()
    selection, _ = resolve(
        {"dataset": "published", "indicator": "rate", "level": "league", "region": "150200"}, choices
    )
    assert to_parameters(selection, choices) == {"region": "150200"}


@pytest.mark.parametrize("name", ["dataset", "indicator", "breakdown", "period", "level", "region"])
def test_nonsense_falls_back_with_a_notice_that_names_it(name: str) -> None:
    selection, notices = resolve({name: "'; DROP TABLE x --"}, make_choices())
    assert selection == resolve({}, make_choices())[0]
    assert len(notices) == 1
    assert name in notices[0]


def test_an_unknown_parameter_is_named_but_known_further_ones_are_not() -> None:
    _, notices = resolve({"utm_source": "x", "mode": "screen"}, make_choices())
    assert len(notices) == 1
    assert "utm_source" in notices[0]


@pytest.mark.parametrize("words", ["出庭", "ctys", "ctyslv", "court APPEARANCE", "出庭 应诉"])
def test_an_indicator_is_found_by_chinese_initials_and_english(words: str) -> None:
    assert list(matches(INDICATORS, words).index) == ["rate"]


def test_nothing_typed_finds_everything_and_rubbish_finds_nothing() -> None:
    assert len(matches(INDICATORS, "")) == 3
    assert matches(INDICATORS, "zzzz").empty


def test_a_lent_address_is_read_in_place_of_the_session_s() -> None:
    with selecting.reading({"dataset": "demo"}):
        assert selecting.address() == {"dataset": "demo"}
    assert selecting.address() == {}


def test_a_page_opens_on_the_newest_year_that_nearly_all_regions_publish() -> None:
    def opened(counts: dict[str, int]) -> str:
        periods = [period for period in counts if period != "latest"]
        covered = {("demo", "x"): {"": Covered(periods, {"league": counts})}}
        choices = Choices(["demo"], pd.DataFrame(), pd.DataFrame(), covered, {"demo": "x"})
        return choices.default_period("demo", "x", "", "league")

    assert opened({"2025": 11, "2024": 12, "latest": 12}) == "2025"
    assert opened({"2025": 10, "2024": 12, "latest": 12}) == "2024"
    assert opened({"2025": 1, "2024": 2, "latest": 3}) == "latest"
    assert opened({"2023-06": 3, "2023": 1, "latest": 3}) == "2023-06"
