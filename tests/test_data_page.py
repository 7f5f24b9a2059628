"""The page 数据 and the dictionary: filters live in the address, and every row says where it comes from."""

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from dashboard import frame, queries, selection, slices, tables
from etl.catalogue import Catalogue
from tests.test_pages import open_page, texts

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.usefixtures("warehouse")


def shown(app: object) -> pd.DataFrame:
    return app.dataframe[0].value  # type: ignore[attr-defined]


def test_the_address_holds_the_filters_of_the_data_page() -> None:
    app = open_page("data", chapter="6,7", years="2023", levels="region", q="复议")
    assert not app.warning
    assert app.multiselect(key="data_chapter").value == ["6", "7"]
    assert app.text_input(key="data_q").value == "复议"
    rows = shown(app)
    assert 0 < len(rows) < 40
    assert set(rows["章"]) <= {6, 7}
    assert set(rows["层级"]) == {"自治区"}


def test_a_filter_that_is_set_is_written_into_the_address_and_its_end_takes_it_out() -> None:
    app = open_page("data")
    app.multiselect(key="data_chapter").set_value(["6", "2"]).run()
    app.text_input(key="data_q").input("复议").run()
    assert app.query_params["chapter"] == "6,2"
    assert app.query_params["q"] == "复议"
    app.multiselect(key="data_chapter").set_value([]).run()
    assert "chapter" not in app.query_params
    assert app.query_params["q"] == "复议"


def test_the_switches_are_in_the_address_when_they_are_not_as_usual() -> None:
    app = open_page("data", indicator="court_appearance_rate")
    assert set(shown(app)["指标编号"]) == {"court_appearance_rate"}
    app.toggle(key="only_indicator").set_value(False).run()
    assert app.query_params["only"] == "all"
    assert len(shown(app)) == 456
    app.toggle(key="only_indicator").set_value(True).run()
    assert "only" not in app.query_params
    assert len(shown(open_page("data", only="region", region="150200"))) < 100


@pytest.mark.parametrize(("name", "value"), [("chapter", "99"), ("years", "1066"), ("levels", "planet"), ("only", "x")])
def test_nonsense_in_a_filter_is_told_and_filters_nothing(name: str, value: str) -> None:
    app = open_page("data", **{name: value})
    assert [f"{name}={value}" in notice.value.replace("\\", "") for notice in app.warning] == [True]
    assert len(shown(app)) == 456


def test_the_filters_stay_behind_on_other_pages_and_are_found_again() -> None:
    app = open_page("data", chapter="6,7", q="复议")
    found = len(shown(app))
    for page in ("compare", "map"):
        for name in ("chapter", "q"):
            if name in app.query_params:
                del app.query_params[name]  # what Streamlit does when the page is turned
        app.switch_page(f"../pages/{page}.py").run()
        assert "q" not in app.query_params
        assert not app.warning
    app.switch_page("../pages/data.py").run()
    assert (app.query_params["chapter"], app.query_params["q"]) == ("6,7", "复议")
    assert len(shown(app)) == found


def test_changing_the_dataset_keeps_several_chapters() -> None:
    app = open_page("data", chapter="6,7")
    app.selectbox(key="choose_dataset").select("demo").run()
    assert app.query_params["chapter"] == "6,7"


def test_what_only_another_page_reads_is_told() -> None:
    (notice,) = open_page("compare", per="population").warning
    assert "“per=population”在这个页面不起作用" in notice.value.replace("\\", "")
    assert not open_page("map", per="population").warning


def test_one_hit_in_the_dictionary_is_opened() -> None:
    app = open_page("indicators", indicator="legal_aid_cases")
    app.text_input(key="find_in_dictionary").input("负责人出庭应诉率").run()
    assert app.query_params["indicator"] == "court_appearance_rate"
    assert "# 行政机关负责人出庭应诉率\n" in texts(app)


def test_a_csv_explains_itself() -> None:
    with selection.reading({}):
        reader = frame.reader_at(queries.current_release())
    figures = queries.figures_of_indicator(reader.release, "published", "reconsideration_correction_rate")
    row = tables.self_contained(tables.readable(figures), figures, reader).iloc[0]
    assert row["指标定义"] == reader.choices.indicators["definition"]["reconsideration_correction_rate"]
    assert "分母不是办理数" in row["口径说明"]
    assert row["版本"] == reader.release.id


def test_a_figure_without_an_address_says_why_on_the_page_and_in_files() -> None:
    rows = shown(open_page("data"))
    assert rows["网址"].notna().eq(rows["网址说明"].isna()).all()
    report = rows[rows["来源"] == "内蒙古自治区人民政府关于2023年法治政府建设情况的报告"]
    assert len(report) > 80
    assert report["网址说明"].str.contains("未取得官方网址").all()
    assert set(report["发布时间"]) == {tables.NOT_SEEN}
    simulated = pd.DataFrame({"dataset": ["demo"], "url": [None], "source_note": ["由程序生成"]})
    assert slices.without_address(simulated) == ["模拟数据，没有网址"]
    reported = simulated.assign(dataset="internal", source_note="")
    assert slices.without_address(reported) == [slices.OWN_TABLE]


def test_the_number_of_documents_in_the_texts_is_that_of_the_data(catalogue: Catalogue) -> None:
    with (ROOT / "data" / "published" / "figures.csv").open(encoding="utf-8", newline="") as file:
        cited = {row["source_id"] for row in csv.DictReader(file)}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"取自(\d+)份公开文件", readme) == [str(len(cited))]
    assert re.findall(r"from (\d+) public documents", readme) == [str(len(cited))]
    assert len(catalogue.sources) - len(cited) == 4, "README names these four"
    assert f"出自{len(cited)}份来源" in texts(open_page("quality"))


def test_one_quarrel_counts_once_and_the_trade_is_told_in_one_way(warehouse: object) -> None:
    release = queries.current_release()
    found = queries.checks(release, "published").set_index("check_id")
    assert found.loc["reconsideration-growth-rate", "severity"] == "warning"
    assert found.loc["reconsideration-growth-2023", "severity"] == "info"
    assert "不另计" in found.loc["reconsideration-growth-2023", "message"]
    said = found.loc["correction-rate-2023", "message"]
    assert "966件为确认违法、变更、撤销、责令履行的案件" in said
    figures = queries.figures_of_indicator(release, "published", "reconsideration_correction_rate")
    note = figures.loc[(figures["region_code"] == "150000") & (figures["period"] == "2023"), "note"].iloc[0]
    for text in (said, note):
        assert "分母按指标词典是审结数" in text
        assert "原文未公布" in text
        assert "可能是" not in text
