"""Every page as a reader meets it, without a browser."""

import gc
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import course, explanations, frame, guide, operator
from dashboard.charts import Chart, maps
from etl.paths import Paths

ROOT = Path(__file__).resolve().parent.parent
FOR_ADMINISTRATORS = {"audit", "access"}  # open only where readers sign in
PAGES = sorted({path.stem for path in (ROOT / "pages").glob("*.py")} - FOR_ADMINISTRATORS)
SECONDS = 30

pytestmark = pytest.mark.usefixtures("warehouse")


def open_page(name: str, **parameters: str) -> AppTest:
    """Runs the shell at one page, with `parameters` in the address, as a reader who comes by a deep link."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=SECONDS)
    for key, value in parameters.items():
        app.query_params[key] = value
    if name != "overview":
        app.switch_page(f"../pages/{name}.py")
    return app.run()


def texts(app: AppTest) -> str:
    """Everything written on the page, without the escapes of Markdown."""
    parts = [element.value for element in (*app.markdown, *app.caption, *app.title, *app.header, *app.subheader)]
    parts += [f"{metric.label} {metric.value}" for metric in app.metric]
    return "\n".join(parts).replace("\\", "")


def figure(app: AppTest) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_a_page_opens_without_error_and_ends_with_the_release(name: str, dataset: str) -> None:
    app = open_page(name, dataset=dataset)
    assert not app.exception
    assert not app.error
    assert "数据截至2025年12月31日" in app.main.caption[-1].value
    assert "版本" in app.main.caption[-1].value


@pytest.mark.parametrize("name", PAGES)
def test_nonsense_in_the_address_is_told_and_does_no_harm(name: str) -> None:
    app = open_page(name, region="999999", period="1066", indicator="<script>alert(1)</script>", level="planet")
    assert not app.exception
    (notice,) = app.warning
    for name in ("region", "period", "indicator", "level"):
        assert f"（{name}）" in notice.value.replace("\\", "")


def test_the_overview_says_how_the_region_stands() -> None:
    app = open_page("overview")
    assert "2023年内蒙古自治区行政机关负责人出庭应诉率99.74%，距2024年目标100%差0.26个百分点" in texts(app)
    drawn = "".join(element.proto.body for element in app.get("html"))
    assert drawn.count('<section class="chapter">') == 10
    assert re.search('行政复议直接纠错率</a></span><span class="value">24.47%', drawn)
    assert re.search('全程网办率</a></span><span class="value missing">未公布', drawn)


def test_every_card_with_a_value_names_its_source() -> None:
    app = open_page("overview")
    cards = re.findall('<li class="card">.*?</li>', "".join(element.proto.body for element in app.get("html")))
    valued = [card for card in cards if "value missing" not in card]
    assert len(valued) > 30
    assert [card for card in valued if "来源：《" not in card] == []


@pytest.mark.parametrize("dataset", ["published", "demo"])
def test_what_needs_attention_leads_to_pages_that_open(dataset: str) -> None:
    app = open_page("overview", dataset=dataset)
    links = [link.proto for link in app.get("page_link") if "°" not in link.proto.label][:7]
    assert len(links) >= 3
    for page, address in {(link.page, link.query_string) for link in links}:
        opened = open_page(page.rsplit("/")[-1] or "overview", **dict(parse_qsl(address)))
        assert not opened.exception
        assert not opened.warning, address


def test_every_page_of_simulated_data_says_so_at_the_top_and_no_other_does() -> None:
    for page in ("overview", "trends", "help"):
        app = open_page(page, dataset="demo")
        assert "不是真实数据" in texts(app), page
    assert "不是真实数据" not in texts(open_page("overview"))


def test_what_only_an_administrator_can_reach_is_not_named_to_readers() -> None:
    shown = texts(open_page("help")) + texts(open_page("quality", tab="revisions"))
    assert "由系统管理员" in shown
    assert not re.search(r"\.(toml|csv|py)\b", shown.replace("\\", ""))


def test_the_footer_names_nobody_whom_no_setting_names(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("help")
    captions = "".join(caption.value for caption in app.caption)
    assert "数据截至" in captions
    assert "责任单位" not in captions
    assert "报告错误" not in captions
    known = {**operator.DEFAULTS, "office": "某司法局", "contact": "电话123"}
    monkeypatch.setattr(operator, "operator", lambda: known)
    captions = "".join(caption.value for caption in open_page("help").caption)
    assert "责任单位：某司法局 · 报告错误：电话123" in captions


def test_the_plan_is_tracked_openly() -> None:
    app = open_page("overview")
    assert "计划的31项任务分34条对照：23条只有以前年度或跨年累计数据，11条暂无公开数据" in texts(app)


def test_the_map_of_the_first_page_is_drawn_once_for_screen_and_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, builder = [], maps.league_or_banner_map

    def counted(*args: Any, **settings: Any) -> Chart:
        drawn.append(settings["dark"])
        return builder(*args, **settings)

    monkeypatch.setattr(maps, "league_or_banner_map", counted)
    app = open_page("overview")
    assert drawn == [False]
    assert sum('<div class="map"><img src="data:image/svg' in element.proto.body for element in app.get("html")) == 1
    assert len(app.get("plotly_chart")) == 1


def test_the_first_visit_is_told_in_three_sentences_until_it_is_put_away() -> None:
    app = open_page("overview")
    assert sum(sentence in texts(app) for sentence in guide.WELCOME) == 3
    app.button(key="welcome_close").click().run()
    assert not any(sentence in texts(app) for sentence in guide.WELCOME)


def test_every_chart_has_an_explanation_in_plain_words() -> None:
    names = set()
    for path in (ROOT / "dashboard" / "charts").glob("*.py"):
        names |= set(re.findall(r'Chart\(\s*name=f?"([^"{]+)', path.read_text(encoding="utf-8")))
    assert len(names) > 10
    assert [name for name in names if not explanations.of_chart(name)] == []
    app = open_page("map")
    assert explanations.CHARTS["地图"] in [element.proto.help for element in app.markdown]


def test_the_official_map_opens_on_the_newest_value_of_each_league() -> None:
    app = open_page("map")
    values = [trace for trace in figure(app)["data"] if trace["type"] == "choropleth"]
    assert len(values[0]["locations"]) + len(values[2]["locations"]) == 12
    assert "12个盟市：有数据3个 · 只公布分项1个 · 未公布8个" in texts(app)


def test_a_deep_link_shows_its_region_with_figures_and_sources() -> None:
    app = open_page("map", indicator="court_appearance_rate", region="150700")
    assert app.selectbox(key="choose_region").value == "150700"
    shown = texts(app)
    assert "## 呼伦贝尔市" in shown
    assert "100%" in shown
    names = next(table.value["指标"] for table in app.dataframe if "指标" in table.value)
    assert {"合法性审查件数 （政府合同协议）", "合法性审查件数 （重大行政决策）"} <= set(names)
    assert names.is_unique
    assert "呼伦贝尔市创建全区法治政府建设示范市经验做法" in shown


def test_choosing_an_indicator_writes_the_address_and_brings_its_own_period() -> None:
    app = open_page("map", indicator="court_appearance_rate", period="2023")
    app.selectbox(key="choose_indicator").select("mediation_success_rate").run()
    assert app.query_params["indicator"] == "mediation_success_rate"
    assert not app.warning


@pytest.mark.parametrize("name", ["overview", "map", "indicators", "quality"])
def test_of_what_a_reader_has_left_nothing_is_kept(name: str) -> None:
    app = open_page(name, dataset="demo")
    kept = []
    for option in app.selectbox(key="choose_indicator").options[:8]:
        app.selectbox(key="choose_indicator").select(option).run()
        assert not app.exception
        gc.collect()
        kept.append(sum(isinstance(one, frame.Reader) for one in gc.get_objects()))
    assert max(kept[4:]) <= max(kept[:4])


def test_the_choice_goes_with_the_reader_to_another_page() -> None:
    app = open_page("map", indicator="court_appearance_rate", region="150700")
    del app.query_params["indicator"], app.query_params["region"]  # what Streamlit does when the page is turned
    app.switch_page("../pages/data.py").run()
    assert app.query_params["indicator"] == "court_appearance_rate"
    assert app.query_params["region"] == "150700"


@pytest.mark.parametrize(
    ("words", "found"),
    [("appearance rate of heads", "court_appearance_rate"), ("xzfysqsjs", "reconsideration_applications")],
)
def test_one_match_of_the_search_becomes_the_choice(words: str, found: str) -> None:
    app = open_page("map")
    app.text_input(key="find_indicator").input(words).run()
    assert app.selectbox(key="choose_indicator").value == found


def test_a_region_without_figures_leads_to_those_that_have_some() -> None:
    app = open_page("profile", region="150402")
    assert "本数据集没有这个地区的数据" in texts(app)
    assert not app.dataframe, "no table without rows"
    assert not app.info
    app.selectbox(key="choose_other").set_value("150100").run()
    assert app.header[0].value == "呼和浩特市"
    assert app.dataframe


def test_an_indicator_without_figures_says_so() -> None:
    app = open_page("map", indicator="court_appearances_made")
    assert "均未公布负责人实际出庭案件数" in texts(app)
    assert any("（无数）" in option for option in app.selectbox(key="choose_indicator").options)


def test_breakdowns_are_offered_where_only_parts_were_published() -> None:
    app = open_page("map", indicator="local_regulations")
    assert "制定" in app.selectbox(key="choose_breakdown").options
    assert "合计（原文总数）" not in app.selectbox(key="choose_breakdown").options


def test_the_data_page_holds_every_official_figure() -> None:
    app = open_page("data")
    table = app.dataframe[0].value
    assert len(table) == 456
    assert table["来源"].notna().all()
    row = table[(table["指标编号"] == "reconsideration_correction_rate") & (table["期间编号"] == "2023")].iloc[0]
    assert (row["数值"], row["基本单位数值"]) == ("24.47%", 24.47)


def test_simulated_data_carry_their_mark_on_every_page() -> None:
    for name in ("overview", "map", "data"):
        app = open_page(name, dataset="demo")
        assert "演示数据（模拟）" in texts(app), name


def test_the_dictionary_explains_an_indicator() -> None:
    app = open_page("indicators", indicator="reconsideration_correction_rate")
    entry = app.table[0].value["内容"]
    assert entry["方向"] == "中性：高低不表示好坏"
    assert "÷" in entry["计算公式"]
    assert "高可能说明审查严" in app.info[0].value.replace("\\", "")


def test_a_missing_warehouse_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    app = open_page("overview")
    assert not app.exception
    assert "python -m etl build" in app.error[0].value


@pytest.mark.parametrize("content", [b"", b"not a database", None])
def test_a_broken_warehouse_says_what_to_run(
    content: bytes | None, tmp_path: Path, built: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "warehouse"
    folder.mkdir()
    (folder / "CURRENT").write_text("20251231-abcdef\n")
    if content is not None:
        (folder / "20251231-abcdef.duckdb").write_bytes(content)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    app = open_page("overview")
    assert not app.exception
    assert "python -m etl" in app.error[0].value


def test_a_filter_survives_the_turn_of_the_page_and_a_dataset_without_it() -> None:
    app = open_page("data")
    app.multiselect(key="data_years").select(2018).run()
    assert len(app.dataframe[0].value) == 1
    app.selectbox(key="choose_dataset").select("demo").run()
    assert not app.exception
    app.switch_page("../pages/map.py").run()
    app.switch_page("../pages/data.py").run()
    assert not app.exception


def test_numbers_stand_as_bars_and_changes_as_bars_of_two_directions() -> None:
    table = pd.DataFrame({"数值": ["98%", "7%", "未公布"], "对照": [98.0, 7.0, None]})
    shown, settings = frame.bars(table)
    assert list(shown) == ["数值", "对照"]
    assert settings["对照"]["type_config"]["max_value"] == 100
    alike = pd.DataFrame({"数值": ["98.9%", "100%", "未公布"], "对照": [98.9, 100.0, None]})
    assert list(frame.bars(alike)[0]) == ["数值"], "bars as long as each other tell nothing"
    changed = pd.DataFrame({"变化": ["+3件", "−9件", "持平"], "变化对照": [3.0, -9.0, 0.0], "来源": ["甲"] * 3})
    shown, settings = frame.bars(changed)
    assert list(shown) == ["变化", "上升", "下降", "来源"]
    assert shown["上升"].tolist()[0] == 3
    assert shown["下降"].isna().tolist() == [True, False, True]
    assert [settings[name]["type_config"]["max_value"] for name in ("上升", "下降")] == [9, 9]


def test_a_number_of_banners_counts_cities_and_districts_too_and_says_so() -> None:
    shown = texts(open_page("compare", dataset="demo", level="banner"))
    assert re.search(r"\d个旗县（市、区）", shown)
    assert not re.search(r"\d个旗县(?!（)", shown)


def test_the_dictionary_draws_the_indicator_and_counts_its_years() -> None:
    app = open_page("indicators", indicator="court_appearance_rate")
    facts = app.table[0].value["内容"]
    assert facts["逐年数据"] == "2019—2021年自治区1个；2023年自治区1个、盟市1个；2024年盟市1个"
    assert "99.74%，距2024年目标100%差0.26个百分点" in texts(app)
    assert figure(app)["layout"]["height"] == course.OUTLINE_HEIGHT
    without = open_page("indicators", indicator="rule_of_law_deliberations")
    assert not without.get("plotly_chart")
    assert "全区只公布研究部署法治建设次数的分项（政府会议），未公布合计" in texts(without)
    without.button(key="to_part_政府会议").click().run()
    assert figure(without)["layout"]["height"] == course.OUTLINE_HEIGHT
    silent = open_page("indicators", indicator="immediate_handling_rate")
    assert "全区没有公布过即办率的年度数据" in texts(silent)


def test_a_place_that_published_parts_is_not_said_to_have_published_nothing() -> None:
    app = open_page("trends")
    assert "内蒙古自治区只公布研究部署法治建设次数的分项（政府会议），未公布合计" in app.info[0].value
    app.button(key="to_part_政府会议").click().run()
    assert len(app.get("plotly_chart")) == 2
    assert "内蒙古自治区未公布即办率" in open_page("trends", indicator="immediate_handling_rate").info[0].value
