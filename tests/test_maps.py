"""The map figure: what is drawn, what is hatched, what it says."""

import pandas as pd
import pytest

from dashboard import slices
from dashboard.charts import Chart, maps
from tests.test_slices import REGIONS, make_figure

PLACES = REGIONS.assign(lon=[112.0, 111.4, 110.0, 106.8], lat=[44.0, 40.8, 41.5, 39.5])


def draw(figures: list[dict[str, object]], period: str = "2023", **changes: object) -> Chart:
    frame = slices.by_region(pd.DataFrame(figures), PLACES, "league", "", period)
    indicator = pd.Series(
        {
            "name": "出庭应诉率",
            "unit": "%",
            "kind": "rate",
            "direction": "higher_better",
            "decimals": 2,
            "near": 1.0,
            "aggregation": "weighted",
            "numerator": "made",
            "denominator": "required",
            "caveats": "口径不一",
        },
        name="rate",
    )
    settings = {
        "indicator": indicator,
        "dataset": "published",
        "level": "league",
        "breakdown": "",
        "period": period,
        "whole": "全区99.74%",
        "release_id": "20251231-a1b2c3",
        "shapes": "app/static/boundaries?v=1",
    }
    return maps.league_or_banner_map(frame, **(settings | changes))


def areas(chart: Chart) -> list[tuple[str, list[str]]]:
    return [(t.geojson, list(t.locations)) for t in chart.figure.data if t.type == "choropleth"]


def test_what_is_missing_is_drawn_once_plain_and_once_hatched_and_never_as_a_value() -> None:
    drawn = areas(draw([make_figure("150100"), make_figure("150200", value=97.0)]))
    assert drawn[0] == ("app/static/boundaries/leagues.json?v=1", ["150300"])
    assert drawn[1] == ("app/static/boundaries/hatch-leagues.json?v=1", ["150300"])
    assert drawn[2] == ("app/static/boundaries/leagues.json?v=1", ["150100", "150200"])


def test_the_title_states_what_few_leagues_published_and_the_whole_region() -> None:
    chart = draw([make_figure("150100"), make_figure("150200", value=97.0)])
    assert chart.title == "2023年有2个盟市公布出庭应诉率：呼和浩特市99.5%、包头市97%；全区99.74%"


def test_a_map_without_figures_says_so() -> None:
    chart = draw([make_figure("150100", "2021")])
    assert chart.title == "2023年3个盟市均未公布出庭应诉率；全区99.74%"
    assert "有数0 · 未公布3" in chart.reading


def test_values_of_different_periods_are_neither_scaled_nor_ranked() -> None:
    many = [make_figure(code) for code in ("150100", "150200")]
    many.append(make_figure("150300", "2021-2023", 5.0, period_months=36))
    chart = draw(many, period="latest")
    values = next(t for t in chart.figure.data if t.type == "choropleth" and "150100" in t.locations)
    assert len(set(values.z)) == 1
    assert not values.showscale
    assert "最高" not in chart.title


def test_equal_values_have_one_colour_and_no_scale() -> None:
    chart = draw([make_figure("150100", value=100.0), make_figure("150200", value=100.0)])
    assert not chart.figure.data[2].showscale


def test_the_chosen_region_is_outlined() -> None:
    assert areas(draw([make_figure("150100")], selected="150100"))[-1][1] == ["150100"]


def test_source_definition_release_and_map_note_stand_under_the_map() -> None:
    notes = "".join(draw([make_figure("150100")]).footnotes)
    for part in ("《报告》", "口径不一", "20251231-a1b2c3", "示意图，不作为划界依据"):
        assert part in notes


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_simulated_data_are_marked_in_the_figure_itself(dataset: str, marked: bool) -> None:
    chart = draw([make_figure("150100")], dataset=dataset)
    assert chart.simulated == marked
    assert any("演示数据（模拟）" in note.text for note in chart.figure.layout.annotations) == marked


def test_the_table_twin_names_every_region_and_its_source() -> None:
    table = draw([make_figure("150100")]).table
    assert table["地区"].tolist() == ["呼和浩特市", "包头市", "乌海市"]
    assert table["数值"].tolist() == ["99.5%", "未公布", "未公布"]
    assert table["来源"].tolist() == ["报告", "未公布", "未公布"]
