"""Heat maps: places and marks in cells, and the signs of what has none."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard import charts
from dashboard.charts import Chart, matrices
from dashboard.charts.scales import mixed
from dashboard.statistics import standings
from dashboard.theme import DARK, LIGHT, STATE_SIGNS, Palette, luminance
from tests.test_rankings import make_scene

PLACES = pd.DataFrame(
    {"name": ["呼和浩特市", "包头市", "乌海市"], "short_name": ["呼和浩特", "包头", "乌海"]},
    index=["150100", "150200", "150300"],
)
INDICATORS = pd.DataFrame(
    {
        "name": ["出庭应诉率", "败诉率", "直接纠错率", "法律援助案件数"],
        "direction": ["higher_better", "lower_better", "neutral", "higher_better"],
        "kind": ["rate", "rate", "rate", "count"],
        "unit": ["%", "%", "%", "件"],
        "near": [1.0, 1.0, 1.0, 0.0],
        "aggregation": ["weighted", "weighted", "weighted", "sum"],
    },
    index=["rate", "loss", "correction", "aid"],
)


def make_cell(
    indicator: str,
    code: str,
    value: float | None,
    denominator: float = 100,
    status: str = "published",
    breakdown: str = "",
    numerator: float | None = None,
) -> dict[str, object]:
    return {
        "indicator_id": indicator,
        "region_code": code,
        "breakdown": breakdown,
        "value": value,
        "qualifier": "",
        "numerator": float("nan") if numerator is None else numerator,
        "denominator": denominator,
        "status": status,
    }


def make_cells(*figures: dict[str, object], indicators: tuple[str, ...] = ("rate",)) -> pd.DataFrame:
    known = pd.DataFrame(list(figures))
    sources = known.loc[known["breakdown"] == "", ["region_code", "indicator_id"]]
    sources = sources.assign(
        source_title=sources["region_code"].map({"150100": "报告甲", "150200": "报告乙"}).fillna("报告丙")
    )
    return matrices.matrix_cells(known, INDICATORS.loc[list(indicators)], PLACES, sources)


def draw(cells: pd.DataFrame) -> Chart:
    return matrices.by_rank(cells, make_scene(places="3个盟市"), scope="比率类指标")


def signs(chart: Chart) -> list[list[str]]:
    """What stands in the cells, row by row."""
    written = chart.figure.data[-1]
    rows = [[""] * (max(written.x) + 1) for _ in range(max(written.y) + 1)]
    for x, y, text in zip(written.x, written.y, written.text, strict=True):
        rows[y][x] = text
    return rows


def words(chart: Chart) -> list[str]:
    return [note.text for note in chart.figure.layout.annotations]


RATES = [make_cell("rate", "150100", 90.0), make_cell("rate", "150200", 99.0), make_cell("rate", "150300", 95.0)]
LOSSES = [make_cell("loss", "150100", 9.0), make_cell("loss", "150200", 9.0), make_cell("loss", "150300", 5.0)]


def test_every_indicator_and_place_has_a_cell_in_catalogue_order() -> None:
    cells = make_cells(*RATES[:2], *LOSSES, indicators=("rate", "loss"))
    assert cells["indicator_id"].tolist() == ["rate"] * 3 + ["loss"] * 3
    assert cells["text"].tolist() == ["90%", "99%", "未公布", "9%", "9%", "5%"]


def test_a_part_never_stands_in_for_the_total() -> None:
    cells = make_cells(*RATES[:2], make_cell("rate", "150300", 95.0, breakdown="市本级"))
    assert cells["text"].tolist() == ["90%", "99%", "只公布分项"]


def test_the_direction_of_each_indicator_decides_who_is_first_and_equal_values_share_a_place() -> None:
    cells = make_cells(*RATES, *LOSSES, indicators=("rate", "loss"))
    assert cells["rank"].tolist() == [3, 1, 2, 2, 2, 1]


def test_a_small_base_and_missing_values_have_signs_instead_of_places() -> None:
    cells = make_cells(
        make_cell("rate", "150100", 100.0, denominator=9),
        make_cell("rate", "150200", None, status="not_reported"),
        make_cell("rate", "150300", 95.0),
    )
    chart = draw(cells)
    assert cells["rank"].isna().tolist() == [True, True, False]
    assert signs(chart) == [["○", "×", "1"]]
    assert words(chart)[-4:] == ["未填报（1处）", "×", "分母不足10，不参与排名（1处）", "○"]
    assert chart.table.iloc[0].tolist() == ["出庭应诉率", "100%（基数过小，不参与排名）", "未填报", "95%（第1名）"]


def test_the_place_is_written_once_in_its_cell_and_the_first_is_strongest() -> None:
    chart = draw(make_cells(*RATES))
    directed, neutral, _, written = chart.figure.data
    assert signs(chart) == [["3", "1", "2"]]
    assert len(written.text) == 3
    assert list(directed.z[0]) == [0, 1, 0.5]
    assert list(neutral.z[0]) == [None] * 3


@pytest.mark.parametrize("dark", [False, True])
def test_every_sign_stands_out_from_its_own_cell(dark: bool) -> None:
    chart = matrices.by_rank(make_cells(*RATES), make_scene(places="3个盟市", dark=dark), scope="比率类指标")
    written, steps = chart.figure.data[-1], (DARK if dark else LIGHT).sequential
    for shade, ink in zip([0, 1, 0.5], written.textfont.color, strict=True):
        lights = sorted([luminance(mixed(steps, shade)), luminance(ink)])
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


@pytest.mark.parametrize(("dark", "stronger"), [(False, "深"), (True, "亮")])
def test_the_key_says_what_the_colours_mean_in_either_mode(dark: bool, stronger: str) -> None:
    chart = matrices.by_rank(make_cells(*RATES), make_scene(places="3个盟市", dark=dark), scope="比率类指标")
    assert words(chart) == ["名次靠前", "靠后"]
    boxes = [box.fillcolor for box in chart.figure.layout.shapes]
    assert (boxes[0], boxes[-1]) == ((DARK if dark else LIGHT).sequential[-1], (DARK if dark else LIGHT).sequential[0])
    assert f"颜色越{stronger}，名次越靠前" in chart.footnotes[0]


def test_the_sources_of_the_figures_that_are_shown_stand_below() -> None:
    chart = draw(make_cells(*RATES[:2], make_cell("rate", "150300", None)))
    assert "来源：《报告甲》；《报告乙》" in chart.footnotes


def test_a_figure_with_two_sources_is_an_error_and_never_two_cells() -> None:
    figures, rows = pd.DataFrame(RATES), INDICATORS.loc[["rate"]]
    twice = pd.DataFrame([("150100", "rate", title) for title in ("报告甲", "报告乙")])
    twice.columns = ["region_code", "indicator_id", "source_title"]
    with pytest.raises(pd.errors.MergeError):
        matrices.matrix_cells(figures, rows, PLACES, twice)


def test_places_that_intervals_leave_open_are_bands_as_in_the_ranking_and_lead_nobody() -> None:
    parts = [(900.0, 1000.0), (17.0, 20.0), (19.0, 20.0)]
    figures = [
        make_cell("rate", code, 100 * n / d, denominator=d, numerator=n)
        for code, (n, d) in zip(PLACES.index, parts, strict=True)
    ]
    cells = make_cells(*figures)
    stood = standings(cells.assign(qualifier=""), "higher_better", "rate", "weighted")
    assert stood[["best", "worst"]].to_numpy().tolist() == [[1, 3]] * 3
    chart = draw(cells)
    assert signs(chart) == [["难分"] * 3]
    assert any(note.startswith("难分：难分先后") for note in chart.footnotes)
    assert chart.title == "2023年比率类指标：3个盟市各项名次"
    assert chart.table.iloc[0].tolist()[1:] == ["90%（难分先后）", "85%（难分先后）", "95%（难分先后）"]


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_no_colour_ranks_what_cannot_be_told_apart(colours: Palette) -> None:
    known = [(990.0, 1000.0), (17.0, 20.0), (15.0, 20.0)]
    rates = [make_cell("rate", c, 100 * n / d, d, numerator=n) for c, (n, d) in zip(PLACES.index, known, strict=True)]
    cells = make_cells(*rates, *LOSSES, indicators=("rate", "loss"))
    chart = matrices.by_rank(cells, make_scene(places="3个盟市", dark=colours is DARK), scope="比率类指标")
    assert signs(chart) == [["1", "难分", "难分"], ["2", "2", "1"]]
    directed, _, hard, *_ = chart.figure.data
    assert list(directed.z[0]) == [1, None, None]
    assert list(hard.z[0]) == [None, 1, 1]
    assert {colour for _, colour in hard.colorscale} == {colours.hatch}
    assert colours.hatch not in (*colours.sequential, *colours.neutral, colours.missing)
    assert words(chart)[-2:] == ["难分", "不分先后（2处）"]


def test_several_that_lead_have_so_many_each() -> None:
    both = draw(make_cells(*RATES, *LOSSES, indicators=("rate", "loss")))
    assert both.title == "2023年比率类指标：可评优劣的2项中，包头市、乌海市居首最多，各有1项"


def test_neutral_indicators_have_their_own_hue_and_no_say_in_the_title() -> None:
    corrections = [
        make_cell("correction", code, value) for code, value in zip(PLACES.index, (9.0, 8.0, 7.0), strict=True)
    ]
    chart = draw(make_cells(*RATES, *corrections, indicators=("rate", "correction")))
    directed, neutral, *_ = chart.figure.data
    assert list(directed.z[1]) == [None] * 3
    assert list(neutral.z[1]) == [1, 0.5, 0]
    assert chart.title == "2023年比率类指标：可评优劣的1项中，包头市居首最多，有1项"
    assert any("偏高、偏低不表示好坏" in note for note in chart.footnotes)
    assert signs(chart)[1] == ["偏高", "居中", "偏低"]
    assert chart.table.iloc[1].tolist()[1:] == ["9%（偏高）", "8%（居中）", "7%（偏低）"]


def test_a_phone_keeps_the_single_signs_of_a_crowded_heat_map() -> None:
    many = PLACES.reindex([*PLACES.index, *(str(code) for code in range(150400, 150700, 100))], method="ffill")
    known = pd.DataFrame([*RATES[:2], make_cell("rate", "150400", None, status="not_reported")])
    sources = known[["region_code", "indicator_id"]].assign(source_title="报告甲")
    cells = matrices.matrix_cells(known, INDICATORS.loc[["rate"]], many, sources)
    cells.loc[cells["standing"] == "第2名", "standing"] = "第2—5名"
    written = draw(cells).figure.data[-1]
    sizes = dict(zip(written.text, written.textfont.size, strict=True))
    left_out = (Path(charts.__file__).parents[1] / "static/style.css").read_text(encoding="utf-8")
    assert f'text[style*="font-size: {sizes.pop("2—5")}px"] {{ display: none; }}' in left_out
    assert set(sizes) == {"1", STATE_SIGNS["not_reported"], STATE_SIGNS["not_published"]}
    assert set(sizes.values()) == {matrices.SIGN_SIZE}


def test_a_row_of_equal_values_has_one_shade() -> None:
    equal = [make_cell("rate", code, 100.0) for code in PLACES.index]
    assert len(set(draw(make_cells(*equal)).figure.data[0].z[0])) == 1


def test_counts_say_that_larger_places_have_more() -> None:
    aid = [make_cell("aid", code, 5.0) for code in PLACES.index]
    assert any("规模大的地区自然多" in note for note in draw(make_cells(*aid, indicators=("aid",))).footnotes)


def test_marks_against_the_target_follow_the_direction_and_are_never_colour_alone() -> None:
    cells = make_cells(*RATES, *LOSSES, indicators=("rate", "loss"))
    cells = cells.assign(target=[98.5] * 3 + [5.0] * 3, target_period="2024")
    chart = matrices.by_target(cells, make_scene(places="3个盟市"), scope="比率类指标")
    assert signs(chart) == [["■", "●", "■"], ["■", "■", "●"]]
    assert chart.title == "2023年比率类指标对照全区目标：3个盟市中2处达标、4处未达标"
