"""Maps: what is drawn, what is hatched, how values become colours, where the camera stands, what it all says."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from dashboard import queries, selection, slices
from dashboard.charts import Chart, ground, labels, map_keys, map_series, maps, scales, watermark_note
from dashboard.charts.anatomy import Scene, moved_words
from dashboard.charts.ground import CAMERAS, PLANE, ZOOMS, Sheet, plane
from dashboard.statistics import standings
from dashboard.theme import DARK, LIGHT, Palette, luminance
from tests.conftest import ROOT
from tests.test_slices import REGIONS, make_figure

PLACES = REGIONS.assign(lon=[112.0, 111.4, 110.0, 106.8], lat=[44.0, 40.8, 41.5, 39.5])


pytestmark = pytest.mark.usefixtures("built")  # the shapes that labels look at
LEAGUE_SHEET = Sheet("shapes", "league")
LEAGUES = {"150100": "呼和浩特市", "150200": "包头市", "150300": "乌海市"}
INDICATOR = pd.Series(
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


def cut(figures: list[dict[str, object]], period: str = "2023") -> pd.DataFrame:
    frame = pd.DataFrame(figures).astype({"numerator": "float64", "denominator": "float64"})
    return slices.by_region(frame, PLACES, "league", "", period)


def make_scene(**changes: object) -> Scene:
    scene = {
        "indicator": INDICATOR,
        "dataset": "published",
        "places": "3个盟市",
        "level_name": "盟市",
        "breakdown": "",
        "period": "2023",
        "release_id": "20251231-a1b2c3",
        "case_unit": "件",
    }
    return Scene(**(scene | changes))  # type: ignore[arg-type]


def make_rates(*rates: float | tuple[int, int], period: str = "2023") -> pd.DataFrame:
    """The three leagues with a rate each, given as such or by its parts."""
    figures = []
    for code, rate in zip(LEAGUES, rates, strict=True):
        parts = rate if isinstance(rate, tuple) else (None, None)
        value = round(100 * rate[0] / rate[1], 2) if isinstance(rate, tuple) else rate
        figures.append(make_figure(code, period, value, numerator=parts[0], denominator=parts[1]))
    return standings(cut(figures, period), "higher_better", "rate", "weighted")


def words(chart: Chart) -> list[str]:
    return [note.text for note in chart.figure.layout.annotations]


def drawn_values(chart: Chart) -> list:
    return [trace for trace in chart.figure.data if trace.type == "choropleth" and trace.coloraxis]


def draw(figures: list[dict[str, object]], period: str = "2023", **changes: object) -> Chart:
    settings = {
        "indicator": INDICATOR,
        "dataset": "published",
        "level": "league",
        "breakdown": "",
        "period": period,
        "whole": "全区99.74%",
        "release_id": "20251231-a1b2c3",
        "shapes": "app/static/boundaries?v=1",
    }
    return maps.league_or_banner_map(cut(figures, period), **(settings | changes))


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
    assert "有数据0个 · 未公布3个" in chart.reading


def test_a_map_of_parts_alone_says_who_has_some_and_cites_them() -> None:
    chart = draw([make_figure("150100", breakdown="会议")])
    assert chart.title == "2023年3个盟市均未公布出庭应诉率合计，呼和浩特市只公布分项；全区99.74%"
    assert "来源：《报告》" in chart.footnotes


def test_values_of_different_periods_are_neither_scaled_nor_ranked() -> None:
    many = [make_figure(code) for code in ("150100", "150200")]
    many.append(make_figure("150300", "2021-2023", 5.0, period_months=36))
    chart = draw(many, period="latest")
    assert len(set(drawn_values(chart)[0].z)) == 1
    assert not chart.figure.layout.coloraxis.showscale
    assert "最高" not in chart.title


def test_equal_values_have_one_colour_and_no_scale() -> None:
    chart = draw([make_figure("150100", value=100.0), make_figure("150200", value=100.0)])
    assert not chart.figure.layout.coloraxis.showscale


def test_the_chosen_region_is_outlined() -> None:
    assert areas(draw([make_figure("150100")], selected="150100"))[-1][1] == ["150100"]


def test_the_next_figure_of_a_chart_still_answers_a_click() -> None:
    assert draw([make_figure("150100")]).figure.layout.clickmode == "event+select"


def test_source_definition_release_and_map_note_stand_under_the_map() -> None:
    notes = "".join(draw([make_figure("150100")]).footnotes)
    for part in ("《报告》", "口径不一", "20251231-a1b2c3", "示意图，不作为划界依据"):
        assert part in notes


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_simulated_data_are_marked_in_the_figure_itself(dataset: str, marked: bool) -> None:
    chart = draw([make_figure("150100")], dataset=dataset)
    assert chart.simulated == marked
    assert any("演示数据（模拟）" in note.text for note in chart.figure.layout.annotations) == marked


def test_every_map_of_several_is_marked_as_simulated_in_its_own_middle() -> None:
    frames = {period: make_rates(90.0, 95.0, 98.0, period=period) for period in map(str, range(2019, 2025))}
    scale = scales.one_colour("higher_better", LIGHT)
    scene = make_scene(dataset="demo")
    chart = map_series.yearly_maps(frames, scene, LEAGUE_SHEET, headings={}, scale=scale)
    marks = [note for note in chart.figure.layout.annotations if "演示数据（模拟）" in note.text]
    assert len(marks) == 6
    for number, mark in enumerate(marks):
        domain = chart.figure.layout[maps.geo_name(number)].domain
        assert domain.x[0] < mark.x < domain.x[1]
        assert domain.y[0] < mark.y < domain.y[1]


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_mark_of_simulated_data_can_be_seen_on_every_colour_of_a_map(colours: Palette) -> None:
    note = watermark_note(colours)
    edge = note["font"]["shadow"].rpartition(" ")[2]
    for fill in (*colours.sequential, *colours.neutral, colours.ground, colours.missing):
        seen = [contrast(fill, scales.mixed((fill, ink), note["opacity"])) for ink in (note["font"]["color"], edge)]
        assert max(seen) >= 1.25, (fill, seen)


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_the_table_twin_names_every_region_and_its_source() -> None:
    table = draw([make_figure("150100")]).table
    assert table["地区"].tolist() == ["呼和浩特市", "包头市", "乌海市"]
    assert table["数值"].tolist() == ["99.5%", "未公布", "未公布"]
    assert table["来源"].tolist() == ["报告", "未公布", "未公布"]


def test_a_rate_on_a_small_base_is_striped_and_neither_ranked_nor_on_the_scale() -> None:
    chart = maps.one_map(make_rates((95, 100), (98, 100), (1, 9)), make_scene(), Sheet("shapes", "league"), whole="")
    stripes = next(trace for trace in chart.figure.data if trace.type == "choropleth" and "hatch" in trace.geojson)
    assert list(stripes.locations) == ["150300"]
    assert list(drawn_values(chart)[0].z) == [0, 1, 0]
    assert "基数过小，不参与排名" in drawn_values(chart)[0].text[2]
    assert any("分母不足10件" in note for note in chart.footnotes)
    assert "分母不足10件" in words(chart)


def test_the_title_ranks_nobody_on_a_small_base() -> None:
    four = pd.concat([make_rates((95, 100), (98, 100), (1, 9)), make_rates((97, 100), (1, 2), (1, 2)).iloc[:1]])
    four.index = ["150100", "150200", "150300", "150400"]
    chart = maps.one_map(four, make_scene(), Sheet("shapes", "league"), whole="全区97%")
    assert chart.title == "2023年出庭应诉率：包头市最高，98%；呼和浩特市最低，95%；全区97%"


def test_the_hover_text_carries_the_cases_and_no_english() -> None:
    chart = maps.one_map(make_rates((95, 100), (98, 100), (1, 10)), make_scene(), Sheet("shapes", "league"), whole="")
    values = drawn_values(chart)[0]
    assert values.customdata[0] == "95/100"
    assert re.sub(r"%\{[^}]*\}|<[^>]*>", "", values.hovertemplate) == "件2023年"


def test_counts_say_that_larger_places_have_more() -> None:
    counts = cut([make_figure(code, value=value, unit="件") for code, value in zip(LEAGUES, (5, 6, 7), strict=True)])
    scene = make_scene(indicator=INDICATOR.replace({"rate": "count", "%": "件"}))
    chart = maps.one_map(counts, scene, Sheet("shapes", "league"), whole="")
    assert any("规模大的地区自然多" in note for note in chart.footnotes)


def test_a_league_shown_alone_is_seen_near_with_its_finer_hatches_and_the_names_of_its_banners() -> None:
    banners = cut([make_figure("150100"), make_figure("150200", value=97.0)]).assign(parent="150100")
    sheet = Sheet("shapes", "banner", group="150100", place="呼和浩特市")
    chart = maps.one_map(banners, make_scene(level_name="旗县"), sheet, whole="")
    view = chart.figure.layout.geo
    assert (view.center.lon, view.center.lat, view.projection.scale) == CAMERAS["150100"]
    assert "shapes/hatch-150100.json" in [trace.geojson for trace in chart.figure.data if trace.type == "choropleth"]
    assert chart.title == "2023年呼和浩特市有2个旗县公布出庭应诉率：呼和浩特市99.5%、包头市97%"
    assert chart.figure.layout.margin.t > 0  # the key has room of its own


def test_cities_beside_their_leagues_have_outline_label_and_row_and_change_no_figure() -> None:
    city = cut([make_figure("150300", value=80.0)]).loc[["150300"]].assign(parent="150100", name="满洲里市")
    rates, sheet = make_rates((95, 100), (98, 100), (99, 100)), Sheet("shapes", "league")
    chart = maps.one_map(rates, make_scene(), sheet, whole="", apart=city)
    alone = maps.one_map(rates, make_scene(), sheet, whole="")
    assert chart.title == alone.title
    assert list(drawn_values(chart)[0].z) == list(drawn_values(alone)[0].z)
    assert drawn_values(chart)[1].geojson == "shapes/banners.json"
    assert "含满洲里市" in drawn_values(chart)[0].text[0]
    assert chart.table["地区"].tolist()[::3] == ["呼和浩特市（含满洲里市）", "满洲里市（单列）"]
    assert chart.table["数值"].tolist()[0] == "95%"


# ---- colours ----


@pytest.mark.parametrize("method", ["equal", "quantile", "natural"])
def test_there_are_never_more_classes_than_different_values_and_never_more_than_five(method: str) -> None:
    for values, most in (([1, 2, 2], 2), ([1, 2, 3, 4], 4), (range(50), 5)):
        scale = scales.classified(pd.Series(values, dtype="float64"), method, "higher_better", "件", LIGHT)
        assert len(scale.colours) == len(scale.words) == len(scale.bounds) + 1 <= most


@pytest.mark.parametrize("method", ["equal", "quantile", "natural"])
def test_equal_values_are_not_put_into_classes(method: str) -> None:
    scale = scales.classified(pd.Series([5.0, 5.0]), method, "higher_better", "件", LIGHT)
    assert (len(scale.colours), scale.words) == (1, ())


def test_classes_of_equal_width_of_equal_number_and_of_natural_breaks_differ() -> None:
    values = pd.Series([1.0, 2, 3, 4, 5, 6, 50, 51, 99, 100])
    found = {m: scales.classified(values, m, "neutral", "件", LIGHT).bounds for m in ("equal", "quantile", "natural")}
    assert found["equal"] == (21.0, 41.0, 60.0, 80.0)
    assert found["quantile"] == (2, 4, 10, 60)
    assert found["natural"][-2:] == (10, 60)


def test_every_value_lies_where_the_words_of_its_class_say() -> None:
    values = pd.Series(np.random.default_rng(7).normal(90, 4, 60).round(2))
    scale = scales.classified(values, "natural", "higher_better", "%", LIGHT)
    for value, number in zip(values, scale.classes(values), strict=True):
        ends = [float(end) for end in re.findall(r"[\d.]+", scale.words[number])]
        low = -np.inf if "及以下" in scale.words[number] else ends[0]
        high = np.inf if "以上" in scale.words[number] else ends[-1]
        assert low < value <= high


def test_natural_breaks_of_many_values_are_the_same_each_time() -> None:
    values = pd.Series(np.random.default_rng(7).normal(90, 4, 2000))
    first, second = (scales.classified(values, "natural", "neutral", "%", LIGHT) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("at_least", "below", "found"),
    [(0.5, 0.52, 0.5), (96.52, 97.39, 97), (12345, 14890, 13000), (3, 4, 3), (99.7, 99.76, 99.7), (-3.5, -1.2, -3)],
)
def test_bounds_are_round_numbers_between_the_values(at_least: float, below: float, found: float) -> None:
    assert scales.roundest(at_least, below) == found


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("direction", "expected"), [("higher_better", ["▲", "●", "●"]), ("lower_better", ["●", "●", "▲"])]
)
def test_classes_around_a_target_have_the_sign_of_their_status(direction: str, expected: list[str], dark: bool) -> None:
    values = pd.Series([94.5, 95.0, 95.5])
    scale = scales.around_target(values, 95.0, direction, near=1.0, unit="%", dark=dark)
    assert [scale.signs[number] for number in scale.classes(values)] == expected
    assert all(word.startswith(sign) for sign, word in zip(scale.signs, scale.words, strict=True))
    assert len(set(scale.colours)) == len(scale.colours)


def test_far_from_the_target_there_is_a_class_of_its_own() -> None:
    scale = scales.around_target(pd.Series([60.0, 94.2, 99.0]), 95.0, "higher_better", near=1.0, unit="%", dark=False)
    assert scale.words == (
        "■ 未达标：80%以下",
        "■ 未达标：80%—94%",
        "▲ 接近：94%—95%",
        "● 达标：95%—97%",
        "● 达标：97%及以上",
    )


@pytest.mark.parametrize(("direction", "worse"), [("higher_better", "下降"), ("lower_better", "上升"), ("neutral", "")])
def test_changes_lie_around_none_and_only_a_direction_makes_them_good_or_bad(direction: str, worse: str) -> None:
    scale = scales.around_zero(pd.Series([-4.0, 0.0, 1.0]), direction, "%", dark=False)
    assert scale.classes(pd.Series([-4.0, -1.9, 0.0, 1.0, 2.0])).tolist() == [0, 1, 2, 3, 4]
    assert [word[:2] for word in scale.words if "变差" in word] == ([worse] if worse else [])
    hues = scales.LESS_AND_MORE if direction == "neutral" else scales.GOOD_AND_BAD
    assert set(scale.colours) <= set(hues[False])


def test_the_key_lies_in_the_figure_with_the_number_of_places_in_each_class() -> None:
    rates = make_rates((90, 100), (95, 100), (99, 100))
    scale = scales.classified(rates["value"], "natural", "higher_better", "%", LIGHT)
    chart = maps.one_map(rates, make_scene(), Sheet("shapes", "league"), whole="", scale=scale)
    assert words(chart) == ["90%及以下 · 1个", "90%—95% · 1个", "95%以上 · 1个"]
    assert "自然断点分级" in "".join(chart.footnotes)


def test_too_few_values_for_a_colour_bar_stand_in_the_key_each_in_the_colour_of_its_areas() -> None:
    chart = maps.one_map(make_rates(95.0, 99.0, 99.0), make_scene(), LEAGUE_SHEET, whole="")
    assert words(chart)[:2] == ["95% · 1个", "99% · 2个"]
    assert [shape.fillcolor for shape in chart.figure.layout.shapes] == [LIGHT.sequential[0], LIGHT.sequential[-1]]
    assert drawn_values(chart)[0].z == (0, 1, 1)


def test_one_colour_of_different_periods_is_explained_and_every_state_counted() -> None:
    many = [make_figure("150100"), make_figure("150200", "2021-2023", 5.0, period_months=36)]
    chart = draw(many, period="latest")
    assert words(chart) == ["有数据，期间不同，不比较深浅", "未公布1个"]
    parts = cut(many, "latest").assign(state=["value", "parts_only", "not_published"])
    entries = map_keys.entries_of(scales.one_colour("neutral", LIGHT), parts.assign(small=False), None, LIGHT, [])
    assert [entry.words for entry in entries] == ["只公布分项1个、未公布1个"]


@pytest.mark.parametrize(("selected", "told"), [("150100", True), ("150000", False)])
def test_the_outline_of_the_chosen_place_stands_in_the_key(selected: str, told: bool) -> None:
    assert ("橙色框为呼和浩特市" in words(draw([make_figure("150100")], selected=selected))) == told


@pytest.mark.usefixtures("warehouse")
def test_a_chosen_league_is_outlined_around_its_banners_but_not_where_it_is_shown_alone() -> None:
    banners = cut([make_figure("150200"), make_figure("150300", value=97.0)]).assign(parent="150100")
    scene = make_scene(highlighted="150100", level_name="旗县")

    def drawn(**changes: str) -> Chart:
        rows = banners.drop(index="150100")
        return maps.one_map(rows, scene, Sheet("shapes", "banner", leagues=leagues(), **changes), whole="")

    outlined = [trace for trace in drawn().figure.data if trace.type == "choropleth" and trace.marker.line.width > 2]
    assert [(trace.geojson, list(trace.locations)) for trace in outlined] == [("shapes/leagues.json", ["150100"])]
    assert "橙色框为呼和浩特市" in words(drawn())
    assert "橙色框为呼和浩特市" not in words(drawn(group="150100"))


def test_the_key_of_a_near_map_fits_the_narrowest_screen() -> None:
    assert map_keys._columns([map_keys.Entry("#ffffff", "■ 未达标：90%—99% · 12个")] * 5) == 1
    assert map_keys._columns([map_keys.Entry("#ffffff", "5件")] * 5) >= 4


# ---- where the camera stands ----


def boxes(level: str) -> dict[str, tuple[float, float, float, float]]:
    """The box of each area on the plane of the maps, from the boundaries of the project."""
    found = {}
    for feature in json.loads((ROOT / "data" / "boundaries" / f"{level}s.geojson").read_text("utf-8"))["features"]:
        points = np.array(flat(feature["geometry"]["coordinates"]))
        x, y = plane(pd.Series(points[:, 0]), pd.Series(points[:, 1]))
        found[feature["properties"]["code"]] = (x.min(), y.min(), x.max(), y.max())
    return found


def flat(coordinates: list) -> list:
    if isinstance(coordinates[0], int | float):
        return [coordinates]
    return [point for part in coordinates for point in flat(part)]


def test_the_camera_of_each_league_is_centred_and_fills_the_frame() -> None:
    for code, (left, bottom, right, top) in boxes("league").items():
        lon, lat, scale = CAMERAS[code]
        x, y = plane(pd.Series([lon]), pd.Series([lat]))
        assert x[0] == pytest.approx((left + right) / 2, abs=2e-4), code
        assert y[0] == pytest.approx((bottom + top) / 2, abs=2e-4), code
        filled = max((right - left) * scale / PLANE[0], (top - bottom) * scale / PLANE[1])
        assert filled == pytest.approx(0.96, abs=0.012), code


@pytest.mark.parametrize(
    ("zoom", "level", "codes"),
    [
        ("hubaoe", "league", ["150100", "150200", "150600"]),
        ("wuhai", "league", ["150300"]),
        ("jining", "banner", ["150902"]),
    ],
)
def test_a_crowded_part_lies_within_its_frame(zoom: str, level: str, codes: list[str]) -> None:
    assert zoom in ZOOMS
    lon, lat, scale = CAMERAS[zoom]
    x, y = plane(pd.Series([lon]), pd.Series([lat]))
    for code in codes:
        left, bottom, right, top = boxes(level)[code]
        assert max(x[0] - left, right - x[0]) * scale <= PLANE[0] / 2
        assert max(y[0] - bottom, top - y[0]) * scale <= PLANE[1] / 2


def test_the_plane_is_that_of_the_ranges() -> None:
    lon = np.linspace(*ground.LONGITUDES, 200)
    south, north = (np.full(200, lat) for lat in ground.LATITUDES)
    x, y = plane(pd.Series([*lon, *lon]), pd.Series([*south, *north]))
    assert (x.max() - x.min(), y.max() - y.min()) == pytest.approx(PLANE, abs=2e-4)


def test_labels_in_a_crowded_place_give_way_to_each_other() -> None:
    places = PLACES.iloc[1:].assign(lon=[106.85, 106.86, 106.87], lat=[39.47, 39.47, 39.47])
    sheet = Sheet("shapes", "banner", group="150300")
    texts = [f"<b>{name}</b><br>99.5%" for name in places["short_name"]]
    found, spots, points = labels.fitting(places, texts, sheet, labels.LABEL_SIZE)
    x, y = labels._pixels(points, sheet)
    kept = [labels._box(*label, labels.LABEL_SIZE) for label in zip(found, spots, x, y, strict=True) if label[0]]
    assert kept
    assert not any(labels._overlap(a, b) for i, a in enumerate(kept) for b in kept[:i])


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("league", ["150100", "150200", "150400", "150700", "150900"])
def test_every_banner_of_a_league_has_its_name_apart_from_the_others_or_at_the_end_of_a_line(league: str) -> None:
    regions = selection.choices_of(queries.current_release()).regions
    places, sheet = regions[regions["parent"] == league], Sheet("shapes", "banner", group=league)
    texts = [f"<b>{name}</b><br>99.47%" for name in places["short_name"]]
    found, spots, points = labels.fitting(places, texts, sheet, labels.LABEL_SIZE)
    x, y = labels._pixels(points, sheet)
    drawn = [labels._box(*label, labels.LABEL_SIZE * 1.2) for label in zip(found, spots, x, y, strict=True)]
    assert not any(labels._overlap(a, b) for i, a in enumerate(drawn) for b in drawn[:i])
    assert [text.partition("<br>")[0] for text in found] == [text.partition("<br>")[0] for text in texts]
    moved = points.index[(points != places[["lon", "lat"]]).any(axis=1)]
    lines = [
        t
        for t in labels.place_labels(places, found, sheet, {}, "#ffffff", spots=spots, points=points)
        if "lines" in t["mode"]
    ]
    assert len(lines[0]["lon"]) // 3 == len(moved) if lines else moved.empty


def leagues() -> pd.DataFrame:
    regions = selection.choices_of(queries.current_release()).regions
    return regions[regions["level"] == "league"]


@pytest.mark.usefixtures("warehouse")
def test_a_point_is_found_in_the_area_that_it_lies_in() -> None:
    regions = selection.choices_of(queries.current_release()).regions
    for level, name in (("league", "leagues"), ("banner", "banners")):
        places = regions[regions["level"] == level]
        points = np.column_stack(plane(places["lon"].to_numpy(), places["lat"].to_numpy()))
        assert ground.areas_at(name, points) == places.index.tolist()
    assert ground.areas_at("leagues", np.array([[0.0, 0.5]])) == [""]


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("frame", "size"), [(labels.FRAME, 13), (labels.HALF_FRAME, 11)])
@pytest.mark.parametrize("value", ["99.47%", "10299.6029万元"])
def test_every_league_keeps_its_name_and_no_label_lies_on_another(frame: labels.Frame, size: int, value: str) -> None:
    places = leagues()
    texts = [f"<b>{name}</b><br>{value}" for name in places["short_name"]]
    found = labels.named(places, texts, LEAGUE_SHEET, size, frame)
    assert [text.partition("<br>")[0] for text in found] == [text.partition("<br>")[0] for text in texts]
    assert (found == texts) == (value == "99.47%")
    pixels = zip(*labels._pixels(labels._shifted(places), LEAGUE_SHEET, frame), strict=True)
    drawn = [
        (at, box)
        for at, (text, (x, y)) in enumerate(zip(found, pixels, strict=True))
        for line, box in zip(text.split("<br>"), labels._line_boxes(text, labels.SPOTS[0], x, y, size), strict=True)
        if line.strip()
    ]
    assert not [(a, b) for a, one in drawn for b, other in drawn if a < b and labels._overlap(one, other)]


@pytest.mark.usefixtures("warehouse")
def test_letters_are_light_only_where_nearly_all_of_a_label_lies_on_dark() -> None:
    places, fills = leagues(), dict.fromkeys(leagues().index, "#123f68")

    def light(value: str) -> set[str]:
        texts = [f"{name}<br>{value}" for name in places["short_name"]]
        *_, on_dark = labels.place_labels(places, texts, LEAGUE_SHEET, fills, "#ffffff")
        assert on_dark["textfont"]["color"] == "#ffffff"
        return {text.partition("<br>")[0] for text in on_dark["text"]}

    assert {"呼伦贝尔", "锡林郭勒", "兴安盟"} <= light("99.47%")
    assert "呼和浩特" not in light("99.47%")  # beside its area
    assert "兴安盟" not in light("10299.6029万元（2021—2023年）")  # wider than its area
    fills["150700"] = "#dbe8f4"
    assert "呼伦贝尔" not in light("99.47%")


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("frame", "size"), [(labels.FRAME, 13), (labels.HALF_FRAME, 11)])
def test_a_label_outside_of_its_area_lies_on_no_other_and_a_line_leads_back(frame: labels.Frame, size: int) -> None:
    places, sheet = leagues(), LEAGUE_SHEET
    texts = [f"<b>{name}</b><br>99.5%" for name in places["short_name"]]
    drawn = labels.place_labels(
        places, texts, sheet, dict.fromkeys(places.index, "#123f68"), "#ffffff", size=size, frame=frame
    )
    lines = [trace for trace in drawn if "lines" in trace["mode"]]
    assert len(lines) == 2  # the line and its edge
    ends = list(zip(lines[0]["lon"], lines[0]["lat"], strict=True))
    assert {(lon, lat) for lon, lat in ends[1::3]} == {
        tuple(places.loc[code, ["lon", "lat"]]) for code in ("150100", "150300")
    }
    on_banners = labels.place_labels(places, texts, Sheet("shapes", "banner"), {}, "#ffffff", size=size, frame=frame)
    assert on_banners[0]["lon"][1::3] == lines[0]["lon"][1::3]
    # 乌海 stands on the ground, and its line runs over no other league.
    start, end = (np.array(plane(*map(np.array, at))) for at in list(zip(ends[0::3], ends[1::3], strict=True))[1])
    along = [start + share * (end - start) for share in np.linspace(0, 1, 20)]
    assert set(ground.areas_at("leagues", np.array(along))) == {"", "150300"}


# ---- several periods ----

TWO_YEARS = ("2023", "2024")


def test_two_periods_share_one_scale_and_one_key() -> None:
    early = make_rates((90, 100), (95, 100), (99, 100))
    late = make_rates((95, 100), (95, 100), (98, 100), period="2024")
    scale = scales.classified(pd.concat([early, late])["value"], "quantile", "higher_better", "%", LIGHT)
    chart = map_series.two_maps(
        early,
        late,
        make_scene(period="2024"),
        LEAGUE_SHEET,
        periods=TWO_YEARS,
        headings=("全区94%", "全区96%"),
        scale=scale,
    )
    assert [trace.geo for trace in drawn_values(chart)] == ["geo", "geo2"]
    assert chart.title == (
        "与2023年相比，2024年出庭应诉率：1个盟市上升、1个下降、1个持平；变化最大的是呼和浩特市，上升5个百分点"
    )
    assert any("→" in word for word in words(chart))
    assert "<b>2023年</b><br>全区94%" in words(chart)


def test_a_change_is_in_percentage_points_and_only_where_both_periods_have_a_value() -> None:
    early, late = make_rates((90, 100), (95, 100), 99.0), make_rates((95, 100), (90, 100), 98.0, period="2024")
    late.loc["150300", ["value", "state", "text"]] = [np.nan, "not_published", "未公布"]
    scene = make_scene(period="2024")
    chart = map_series.change_map(early, late, scene, LEAGUE_SHEET, periods=TWO_YEARS, whole="")
    assert list(drawn_values(chart)[0].locations) == ["150100", "150200"]
    assert drawn_values(chart)[0].text[0] == "+5个百分点<br>90% → 95%"
    assert "单位：百分点" in chart.subtitle
    assert chart.table["变化"].tolist() == ["+5个百分点", "−5个百分点", ""]


def test_a_sentence_tells_a_change_in_words_not_by_its_sign() -> None:
    said = [moved_words(change, unit) for change, unit in ((-0.35, "%"), (34, "件"), (0, "%"))]
    assert said == ["下降0.35个百分点", "上升34件", "持平"]


def test_what_a_change_lacks_is_named_by_its_own_state_everywhere() -> None:
    early, late = make_rates((90, 100), (95, 100), 99.0), make_rates((95, 100), (90, 100), 98.0, period="2024")
    late.loc["150300", ["value", "state", "text"]] = [np.nan, "not_reported", "未填报"]
    scene = make_scene(period="2024")
    assert map_series.changes(early, late, scene)["text"]["150300"] == "未填报"
    chart = map_series.change_map(early, late, scene, LEAGUE_SHEET, periods=TWO_YEARS, whole="")
    labels_drawn = [text for trace in chart.figure.select_traces({"type": "scattergeo"}) for text in trace.text or ()]
    everything = "".join([*words(chart), *labels_drawn, *chart.footnotes])
    assert "<b>乌海</b><br>未填报" in labels_drawn
    assert "未公布" not in everything


def test_a_change_that_may_be_chance_is_said_to_be_so() -> None:
    early = make_rates((50, 100), (900, 1000), (90, 100))
    late = make_rates((55, 100), (500, 1000), (91, 100), period="2024")
    scene = make_scene(period="2024")
    chart = map_series.change_map(early, late, scene, LEAGUE_SHEET, periods=TWO_YEARS, whole="")
    assert any("3个盟市中，1个两期的95%区间不重叠，其余变化可能属偶然波动" in note for note in chart.footnotes)


@pytest.mark.parametrize(
    ("now", "said"), [((55, 100), "均有重叠，变化可能属偶然波动"), ((99, 100), "均不重叠")], ids=["chance", "real"]
)
def test_where_all_changes_are_of_one_kind_none_are_said_to_be_the_others(now: tuple[int, int], said: str) -> None:
    early, late = make_rates(*[(50, 100)] * 3), make_rates(*[now] * 3, period="2024")
    chart = map_series.change_map(early, late, make_scene(), LEAGUE_SHEET, periods=TWO_YEARS, whole="")
    assert f"3个盟市两期的95%区间{said}。" in chart.footnotes


def test_neutral_changes_are_neither_good_nor_bad() -> None:
    early = make_rates((90, 100), (95, 100), (99, 100))
    late = make_rates((95, 100), (90, 100), (98, 100), period="2024")
    scene = make_scene(period="2024", indicator=INDICATOR.replace({"higher_better": "neutral"}))
    chart = map_series.change_map(early, late, scene, LEAGUE_SHEET, periods=TWO_YEARS, whole="")
    assert not re.search("改善|变差", "".join([*words(chart), chart.title]))
    assert any("上升、下降不表示好坏" in note for note in chart.footnotes)


def test_every_year_has_a_map_of_its_own_on_one_scale_and_says_who_is_missing() -> None:
    frames = {
        period: make_rates((90, 100), (95, 100), (int(period) - 1923, 100), period=period)
        for period in ("2021", "2022")
    }
    frames["2023"] = cut([make_figure("150100", value=91.0), make_figure("150200", value=94.0)])
    scale = scales.blend(pd.Series([90.0, 95, 98, 99]), "higher_better", "%", LIGHT)
    chart = map_series.yearly_maps(frames, make_scene(), LEAGUE_SHEET, headings={"2021": "全区95%"}, scale=scale)
    assert [trace.geo for trace in drawn_values(chart)] == ["geo", "geo2", "geo3"]
    assert "<b>2021年</b><br>全区95%" in words(chart)
    assert chart.footnotes[0] == "2023年未公布：乌海市"
    assert chart.table.columns.tolist() == ["地区", "2021年", "2022年", "2023年"]


def test_periods_of_different_definitions_are_shown_but_not_compared() -> None:
    frames = {"2022": make_rates(90.0, 95.0, 98.0, period="2022"), "2023": make_rates(50.0, 45.0, 48.0)}
    scale = scales.one_colour("neutral", DARK)
    chart = map_series.yearly_maps(frames, make_scene(), LEAGUE_SHEET, headings={}, scale=scale, compare=False)
    assert chart.title == "2022年与2023年出庭应诉率：两期口径不同，不可比"
