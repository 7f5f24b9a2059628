"""The page of the stewards: gaps are named, debts are counted, contradictions stay beside what was published."""

import html
import json
import re
import shutil
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import quality, queries, selection
from dashboard.charts import Chart, coverage
from etl.paths import Paths
from tests.test_maps import PLACES, contrast
from tests.test_pages import open_page, texts

TABS = ["coverage", "reporting", "checks", "rejects", "revisions", "loads"]
FOUR_STATES = ["value", "not_published", "not_applicable", "not_reported"]


# ---- the grid ----


def known(*cells: tuple[str, str, int, str], **changes: object) -> pd.DataFrame:
    """Rows of `queries.coverage_by_year` from region, indicator, year and state."""
    rows = [
        {"region_code": r, "indicator_id": i, "year": y, "state": s, "period": str(y), "filled": int(s == "value")}
        | {"unreported": int(s == "not_reported")}
        | changes
        for r, i, y, s in cells
    ]
    return pd.DataFrame(rows)


def draw_grid(states: list[str] = FOUR_STATES, **changes: object) -> Chart:
    columns = {"150000": "全区", "150100": "呼和浩特", "150200": "包头", "150300": "乌海"}
    frame = pd.DataFrame([states], index=["rate"], columns=list(columns))
    settings = {
        "names": pd.Series({"rate": "出庭应诉率"}),
        "chapters": pd.Series({"rate": "6 矛盾纠纷化解"}),
        "columns": columns,
        "subject": "4个地区",
        "when": "2023年",
        "dataset": "published",
        "release_id": "20251231-a1b2c3",
    }
    return coverage.coverage_grid(frame, frame.replace(coverage.GRID_STATES), **(settings | changes)).chart()


def test_a_cell_that_nobody_knows_anything_of_is_not_published_and_never_zero() -> None:
    states, said = quality.grid(known(("150100", "rate", 2023, "value")), ["rate", "cases"], ["150100"], "region_code")
    assert states["150100"].to_dict() == {"rate": "value", "cases": "not_published"}
    assert said["150100"].to_dict() == {"rate": "有数据（2023年）", "cases": "未公布"}


def test_a_cell_tells_of_periods_that_are_missing_beside_its_value() -> None:
    cells = known(("150100", "rate", 2023, "value"), filled=3, unreported=1)
    _, said = quality.grid(cells, ["rate"], ["150100"], "region_code")
    assert said.at["rate", "150100"] == "有数据（2023年等3期），另有1期未填报"


def test_of_all_years_the_newest_value_counts_and_without_one_the_newest_reason() -> None:
    cells = quality.of_year(
        known(
            ("150100", "rate", 2021, "value"),
            ("150100", "rate", 2022, "value"),
            ("150100", "rate", 2023, "not_reported"),
            ("150200", "rate", 2022, "not_applicable"),
            ("150200", "rate", 2023, "not_applicable"),
        ),
        "latest",
    )
    assert cells.set_index("region_code")[["state", "year"]].to_dict("index") == {
        "150100": {"state": "value", "year": 2022},
        "150200": {"state": "not_applicable", "year": 2023},
    }


def test_the_four_states_differ_in_colour_and_in_sign() -> None:
    cells = [trace for trace in draw_grid().figure.data if trace.type == "heatmap"]
    assert len({trace.colorscale[0][1] for trace in cells}) == 4
    signs = ["".join(sign for row in trace.text for sign in row) for trace in cells]
    assert signs == ["", "·", "／", "×"]
    assert all(sum(z == 1 for row in trace.z for z in row) == 1 for trace in cells)


def test_the_key_names_all_four_states() -> None:
    words = [note.text for note in draw_grid(["value"] * 4).figure.layout.annotations]
    assert [word for word in words if word in coverage.GRID_STATES.values()] == ["有数据", "未公布", "不适用", "未填报"]


def test_the_grid_says_how_many_cells_are_in_which_state_and_counts_on_none_that_does_not_apply() -> None:
    assert draw_grid().title == (
        "2023年4个地区1项指标最多可有3个数据，已有1个（33.3%），未公布1个，未填报1个；另有1个不适用"
    )
    assert "（50%）" in draw_grid(["value", "not_published"] * 2).title
    assert draw_grid(["not_applicable"] * 4).title.endswith("最多可有0个数据，已有0个；另有4个不适用")


def test_the_table_twin_of_the_grid_has_the_states_in_words() -> None:
    table = draw_grid().table
    assert table.iloc[0].tolist() == ["6 矛盾纠纷化解", "出庭应诉率", "有数据", "未公布", "不适用", "未填报"]


@pytest.mark.parametrize(("dataset", "marked"), [("demo", True), ("published", False)])
def test_the_grid_of_simulated_data_is_marked(dataset: str, marked: bool) -> None:
    chart = draw_grid(dataset=dataset)
    assert chart.simulated == marked
    assert any("演示数据（模拟）" in (note.text or "") for note in chart.figure.layout.annotations) == marked


# ---- who has reported ----

DUE = pd.Timestamp(2026, 1, 15)
BEFORE, AFTER = date(2026, 1, 15), date(2026, 1, 16)


def owed(*rows: tuple[str, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["region_code", "indicator_id", "delivered"])
    return frame.assign(indicator=frame["indicator_id"], due_on=DUE)


DEBTS = owed(
    ("150100", "应诉率", True),
    ("150100", "案件数", True),
    ("150200", "应诉率", True),
    ("150200", "案件数", False),
    ("150300", "应诉率", False),
    ("150300", "案件数", False),
)


def states_of(on: date) -> dict[str, str]:
    return dict(quality.progress_of(DEBTS, PLACES, on)["state"])


def test_until_the_day_a_debt_is_due_it_is_not_late() -> None:
    assert states_of(BEFORE) == {
        "150000": "not_required",
        "150100": "reported",
        "150200": "partly",
        "150300": "unreported",
    }


def test_after_its_day_anything_missing_is_late() -> None:
    progress = quality.progress_of(DEBTS, PLACES, AFTER)
    assert progress["state"].to_dict() == {
        "150000": "not_required",
        "150100": "reported",
        "150200": "overdue",
        "150300": "overdue",
    }
    assert progress["missing"].tolist() == [0, 0, 1, 2]
    assert progress["days_late"].tolist() == [0, 0, 1, 1]
    assert progress["missing_names"].tolist() == ["", "", "案件数", "应诉率、案件数"]


def draw_reporting(on: date, level: str = "league", *, dark: bool = False) -> Chart:
    progress = quality.progress_of(DEBTS, PLACES, on)
    return coverage.reporting_map(
        progress[progress["level"] == "league"],
        when="2025年第四季度",
        what="应报指标2项",
        due="应报日期2026年1月15日",
        today="2026年1月16日",
        dataset="demo",
        level=level,
        release_id="20251231-a1b2c3",
        shapes="app/static/boundaries?v=1",
        dark=dark,
    )


def test_the_title_names_those_who_are_late_and_what_they_owe() -> None:
    assert draw_reporting(AFTER).title == "2025年第四季度3个盟市中1个已报，2个逾期：乌海市（欠2项）、包头市（欠1项）"
    assert draw_reporting(BEFORE).title == "2025年第四季度3个盟市中1个已报，1个部分已报，1个未报"


@pytest.mark.parametrize("level", ["league", "banner"])
def test_the_map_tells_lateness_by_sign_and_not_by_colour_alone(level: str) -> None:
    labels = [text for t in draw_reporting(AFTER, level).figure.data if t.type == "scattergeo" for text in t.text or ()]
    assert sum("■" in text for text in labels) == 2


@pytest.mark.parametrize("dark", [False, True])
def test_every_sign_of_the_key_stands_out_from_its_box(dark: bool) -> None:
    layout = draw_reporting(BEFORE, dark=dark).figure.layout
    fills = [box.fillcolor for box in layout.shapes if box.type == "rect"]
    inks = [note.font.color for note in layout.annotations if note.text in coverage.REPORT_SIGNS.values()]
    assert len(fills) == 3
    assert all(contrast(fill, ink) >= 4.5 for fill, ink in zip(fills, inks, strict=True))


def test_the_map_carries_the_mark_of_simulated_data_and_the_map_note() -> None:
    chart = draw_reporting(AFTER)
    assert any("演示数据（模拟）" in (note.text or "") for note in chart.figure.layout.annotations)
    assert "示意图，不作为划界依据" in "".join(chart.footnotes)


# ---- checks ----


def check(**changes: object) -> dict[str, object]:
    return {
        "kind": "ratio",
        "severity": "warning",
        "period": "2023",
        "expected": 24.47,
        "found": 20.25,
        "unit": "%",
        "qualifier": "",
    } | changes


def test_checks_begin_with_the_heaviest_then_the_newest_then_the_widest() -> None:
    rows = [
        check(n=0, severity="ok"),
        check(n=1, period="2021-2022"),
        check(n=2, found=24.0),
        check(n=3),
        check(n=4, severity="error", period="2019"),
    ]
    assert quality.ordered(pd.DataFrame(rows))["n"].tolist() == [4, 3, 2, 1, 0]


def test_what_was_published_and_what_was_computed_stand_apart() -> None:
    assert (quality._given(check()), quality._computed(check())) == ("24.47%", "20.25%")
    assert quality._gap(check()) == "4.22个百分点"


def test_a_published_value_keeps_its_qualifier() -> None:
    rounded = check(expected=16000.0, found=15795.0, unit="个", qualifier="余")
    assert quality._given(rounded) == "1.6万余个"


def test_two_given_figures_are_never_shown_as_computed() -> None:
    part = check(kind="subset", expected=6037.0, found=2011.0, unit="件")
    assert (quality._given(part), quality._computed(part)) == ("整体6037件；部分2011件", None)


def test_a_figure_that_was_not_published_says_so() -> None:
    assert quality._given(check(expected=None, found=99.29)) == "未公布"


# ---- the page ----


def section(tab: str, **parameters: str) -> AppTest:
    return open_page("quality", tab=tab, **parameters)


def listed(app: AppTest) -> pd.DataFrame:
    """The checks as they are shown; of a link its address."""
    body = next(element.proto.body for element in app.get("html") if "overview checks" in element.proto.body)
    heads = re.findall(r'<th scope="col">(.*?)</th>', body)
    rows = re.findall(r"<tr>(<td.*?)</tr>", body)
    cells = [re.findall(r'<td[^>]*>(?:<a href="(.*?)">.*?</a>|(.*?))</td>', row) for row in rows]
    return pd.DataFrame([[html.unescape(link or text) for link, text in row] for row in cells], columns=heads)


def map_states(app: AppTest) -> dict[str, list[str]]:
    """Fill colour -> codes of the areas of the first map."""
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    drawn = [t for t in spec["data"] if t["type"] == "choropleth" and "hatch" not in str(t["geojson"])]
    return {t["colorscale"][0][1]: t["locations"] for t in drawn}


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_every_section_opens_for_every_dataset(tab: str, dataset: str, warehouse: Paths) -> None:
    app = section(tab, dataset=dataset)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert ("演示数据（模拟）" in texts(app)) == (dataset == "demo")


def test_a_section_that_does_not_exist_is_told_and_the_first_one_opens(warehouse: Paths) -> None:
    app = section("nonsense")
    assert "tab=nonsense" in app.warning[0].value.replace("\\", "")
    assert "13个地区149项指标" in texts(app)


def test_the_account_counts_figures_regions_sources_and_failed_checks(warehouse: Paths) -> None:
    app = section("loads")
    assert {metric.label: metric.value for metric in app.metric} == {
        "数据条数": "456条",
        "有数据的地区": "36个",
        "来源": "65份",
        "核对不一致": "5项",
        "拒收": "0行",
    }


def test_official_figures_are_never_said_to_be_owed(warehouse: Paths) -> None:
    app = section("reporting")
    assert "公开数据没有报送要求" in app.info[0].value
    assert not app.get("plotly_chart")
    assert not re.search(r"未填报\d", texts(section("coverage")))


def test_the_late_reporters_of_the_last_quarter_are_on_the_map_and_in_the_list(warehouse: Paths) -> None:
    app = section("reporting", dataset="demo")
    assert "2025年第四季度12个盟市中11个已报，1个逾期：阿拉善盟（欠13项）" in texts(app)
    assert ["152900"] in map_states(app).values()
    behind = app.dataframe[0].value
    assert behind["欠报"].max() == 13
    assert {"武川县", "阿拉善盟"} <= set(behind["地区"])


def test_the_period_and_the_year_in_the_address_are_shown(warehouse: Paths) -> None:
    assert "2024年第二季度12个盟市全部已报" in texts(section("reporting", dataset="demo", due="2024Q2"))
    assert "2021年13个地区" in texts(section("coverage", coverage="2021"))


def test_choosing_a_period_writes_the_address(warehouse: Paths) -> None:
    app = section("reporting", dataset="demo")
    app.selectbox(key="quality_due").select("2024Q2").run()
    assert app.query_params["due"] == "2024Q2"
    assert "2024年第二季度" in texts(app)


def test_every_filter_is_in_the_address(warehouse: Paths) -> None:
    app = section("coverage")
    app.selectbox(key="quality_coverage_chapter").select("6").run()
    app.toggle(key="quality_coverage_all").set_value(True).run()
    assert app.query_params.items() >= {"coverage_chapter": "6", "coverage_all": "on"}.items()
    app = section("checks")
    app.pills(key="quality_checks").set_value(["ok"]).run()
    app.toggle(key="quality_checks_only").set_value(True).run()
    assert app.query_params.items() >= {"checks": "ok", "checks_only": "on"}.items()
    app = section("reporting", dataset="demo", indicator="court_appearance_rate")
    app.toggle(key="quality_due_only").set_value(True).run()
    assert app.query_params["due_only"] == "on"


def test_the_filters_of_the_address_are_shown(warehouse: Paths) -> None:
    shown = section("coverage", coverage_chapter="6", coverage_all="on")
    assert (shown.selectbox(key="quality_coverage_chapter").value, shown.toggle[0].value) == ("6", True)
    assert "160项指标" in texts(section("coverage", coverage_all="on"))
    assert set(listed(section("checks", checks="ok"))["结论"]) == {"● 一致"}
    owed = {"dataset": "demo", "indicator": "court_appearance_rate"}
    assert "应报指标13项 · 应报日期" in texts(section("reporting", **owed))
    assert "“行政机关负责人出庭应诉率” · 应报日期" in texts(section("reporting", **owed, due_only="on"))


def test_no_conclusion_chosen_is_every_conclusion(warehouse: Paths) -> None:
    app = section("checks", checks="ok")
    app.pills(key="quality_checks").set_value([]).run()
    assert len(app.pills(key="quality_checks").value) == len(set(listed(app)["结论"])) == 3


@pytest.mark.parametrize("wrong", [{"checks": "fine"}, {"checks_only": "1"}])
def test_a_wrong_filter_in_the_address_is_told(wrong: dict[str, str], warehouse: Paths) -> None:
    (notice,) = section("checks", **wrong).warning
    ((name, value),) = wrong.items()
    assert f"{name}={value}" in notice.value.replace("\\", "")


def test_the_grid_of_one_region_has_its_years(warehouse: Paths) -> None:
    assert "2019—2025年阿拉善盟" in texts(section("coverage", dataset="demo", grid="years", region="152900"))


def test_an_indicator_nobody_owes_or_publishes_shows_only_on_demand(warehouse: Paths) -> None:
    app = section("coverage")
    assert "149项指标" in texts(app)
    app.toggle[0].set_value(True).run()
    assert "160项指标" in texts(app)


def test_the_known_contradictions_stand_with_both_figures_and_lead_to_the_map(warehouse: Paths) -> None:
    table = listed(section("checks"))
    row = table[(table["指标"] == "行政复议直接纠错率") & (table["期间"] == "2023年")].iloc[0]
    assert row["结论"] == "■ 不一致"
    assert (row["公布值"], row["计算值"], row["相差"]) == ("24.47%", "20.25%", "4.22个百分点")
    assert "966÷4770＝20.25%" in row["说明"]
    assert row["查看"].startswith("map?")
    assert "indicator=reconsideration_correction_rate" in row["查看"]
    assert "● 一致" not in set(table["结论"])


def test_the_link_of_every_check_means_something_to_the_map(warehouse: Paths) -> None:
    choices = selection.choices_of(queries.current_release())
    app = section("checks")
    app.pills[0].set_value(["warning", "info", "ok"]).run()
    links = listed(app)["查看"]
    assert len(links) == 37
    for link in links:
        assert selection.resolve(dict(parse_qsl(urlsplit(link).query)), choices)[1] == []


def test_of_very_many_checks_the_heaviest_are_shown_and_the_file_is_named(
    warehouse: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "CHECKS_SHOWN", 2)
    app = section("checks")
    assert listed(app)["结论"].tolist() == ["■ 不一致"] * 2
    assert "只列前2项，全部17项见CSV文件" in texts(app)


def test_a_sentence_of_a_check_is_text_and_never_markup() -> None:
    row = dict.fromkeys(["结论", "指标", "期间", "公布值", "计算值", "相差", "分项", "类型", "核对编号"], "")
    shown = quality.checks_html(pd.DataFrame([row | {"说明": "<b>1</b>", "地区": "<i>", "查看": '/map?a=1&b="'}]))
    assert "&lt;b&gt;1&lt;/b&gt;" in shown
    assert "<i>" not in shown
    assert 'href="map?a=1&amp;b=&quot;"' in shown


def test_what_agrees_can_be_asked_for(warehouse: Paths) -> None:
    app = section("checks")
    app.pills[0].set_value(["ok"]).run()
    assert set(listed(app)["结论"]) == {"● 一致"}
    assert len(listed(app)) == 20


def test_where_nothing_was_rejected_or_corrected_it_says_so(warehouse: Paths) -> None:
    assert "没有拒收" in section("rejects").success[0].value
    assert "还没有更正" in section("revisions").info[0].value
    assert "每条数据都只有一个来源" in texts(section("checks"))


# ---- a warehouse with everything that can go wrong ----


@pytest.fixture(scope="module")
def spoilt(built: Paths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the release in which a figure was corrected, one has two sources, and a row was rejected."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(built.data / "warehouse", folder / "warehouse")
    release = (folder / "warehouse" / "CURRENT").read_text().strip()
    with duckdb.connect(str(folder / "warehouse" / f"{release}.duckdb")) as con:
        con.execute("""
            INSERT INTO loads VALUES ('bad', '2026-01-10 17:00:00', '2026-01-10 17:30:00', '报表.xlsx', '', 'published',
                2, 1, 1, 'partial');
            INSERT INTO rejects VALUES
                ('bad', '报表.xlsx', '一季度', 7, '数值', '=0.9974', '0—100的百分数', '像是小数，应写成99.74%');
            CREATE TEMP TABLE one AS
                FROM observations WHERE dataset = 'published' AND region_code = '150000' AND period = '2023'
                    AND indicator_id = 'court_appearance_rate';
            INSERT INTO observations SELECT * REPLACE (2 AS revision, 99.75 AS value, 'bad' AS load_id) FROM one;
            INSERT INTO observations SELECT * REPLACE (
                (SELECT min(id) FROM sources WHERE id <> one.source_id) AS source_id, 99.7 AS value, 'low' AS confidence
            ) FROM one;
            INSERT INTO corrections SELECT dataset, region_code, indicator_id, breakdown, period, source_id,
                99.75, 99.8, unit, '原文勘误', 'applied', '2026-02-01', 3 FROM one;
            INSERT INTO observations SELECT * REPLACE (3 AS revision, 99.8 AS value, 'bad' AS load_id) FROM one;
            INSERT INTO corrections SELECT dataset, region_code, indicator_id, breakdown, period, source_id,
                99.8, 98, unit, '待核对原件', 'proposed', '2026-02-02', NULL FROM one;
        """)
    return folder


@pytest.fixture
def spoilt_warehouse(spoilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(spoilt))


def test_a_rejected_row_is_found_again_by_file_sheet_row_and_column(spoilt_warehouse: None) -> None:
    row = section("rejects").dataframe[0].value.iloc[0]
    assert row[["文件", "工作表", "行", "列", "原值"]].tolist() == ["报表.xlsx", "一季度", 7, "数值", "=0.9974"]
    assert row["载入时间"] == "2026-01-11 01:00"


def test_a_correction_keeps_the_old_value_beside_the_new_one(spoilt_warehouse: None) -> None:
    app = section("revisions")
    table = app.dataframe[0].value[["更正时间", "状态", "旧值", "新值", "理由", "来由"]]
    assert table[["更正时间", "状态", "旧值", "新值"]].to_numpy().tolist() == [
        ["2026-02-02", "▲ 待定", "99.8%", "98%"],
        ["2026-02-01", "● 已更正", "99.75%", "99.8%"],
        ["2026-01-11 01:30", "● 已更正", "99.74%", "99.75%"],
    ]
    assert table["理由"].tolist()[:2] == ["待核对原件", "原文勘误"]
    assert table["来由"].tolist() == ["更正清单", "更正清单", "改正后的表：报表.xlsx"]
    assert "2处更正，1处待定" in texts(app)


def test_a_release_from_before_a_table_existed_says_so_and_shows_the_rest(
    built: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built.data / "warehouse", tmp_path / "warehouse")
    release = (tmp_path / "warehouse" / "CURRENT").read_text().strip()
    with duckdb.connect(str(tmp_path / "warehouse" / f"{release}.duckdb")) as con:
        con.execute("DROP TABLE corrections; DROP TABLE population")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    app = section("revisions")
    assert not app.exception
    assert "还没有更正清单。要看更正清单，请用较新的版本" in app.info[0].value.replace("\\", "")
    app = open_page("map", dataset="demo", indicator="lawyers", per="population")
    assert not app.exception
    assert "还没有人口数" in app.info[0].value
    assert app.get("plotly_chart")


def test_figures_of_several_sources_stand_side_by_side(spoilt_warehouse: None) -> None:
    table = section("checks").dataframe[0].value
    assert table[["采用", "数值"]].to_numpy().tolist() == [["● 采用", "99.8%"], ["○ 备查", "99.7%"]]


def test_the_account_counts_each_figure_once_and_every_rejected_row(spoilt_warehouse: None) -> None:
    values = {metric.label: metric.value for metric in section("loads").metric}
    assert (values["数据条数"], values["拒收"]) == ("456条", "1行")


def test_a_load_tells_what_became_of_its_rows(spoilt_warehouse: None) -> None:
    app = section("loads")
    table = app.dataframe[0].value.set_index("批次")
    assert "全部数据集共4批，其中官方公开数据3批" in texts(app)
    assert table.loc["bad", ["结果", "读入行数", "载入行数", "拒收行数"]].tolist() == ["▲ 部分载入", 2, 1, 1]
