"""The page 数据导入, from a messy workbook to the map and back, without a browser."""

import io
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import importing, imports
from dashboard.imports import Figures, RefusedError, Request, Table, Understanding, Upload
from etl import publish
from etl.catalogue import Catalogue
from etl.paths import Paths
from tests.test_load import CASES, everything, load, long_table, messy_workbook
from tests.test_pages import open_page, texts

TYPE = "application/octet-stream"


@pytest.fixture
def inputs(quick_inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A data folder of its own; what the page starts is as quick as the tests of loading."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(imports, "PROGRAM", (sys.executable, "-m", "tests.quick"))
    return quick_inputs


def uploaded(path: Path, name: str | None = None) -> AppTest:
    app = open_page("import")
    app.file_uploader[0].set_value((name or path.name, path.read_bytes(), TYPE))
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def alerts(app: AppTest) -> str:
    return "\n".join(a.value for a in (*app.error, *app.warning, *app.info, *app.success)).replace("\\", "")


def laid_down(path: Path) -> Upload:
    return Upload(path.name, path.read_bytes())


def quiet(share: float, text: str) -> None:
    pass


# ---- a visit ----


def test_a_messy_workbook_comes_onto_the_map_and_is_taken_back(inputs: Paths, tmp_path: Path) -> None:
    before = publish.current_id(inputs)
    app = uploaded(messy_workbook(tmp_path / "全年.xlsx"))
    assert "工作表“全年”：表头到第4行，3行数据" in texts(app)
    assert "第8行是合计行，未作为数据读入" in texts(app)
    assert app.text_input(key=next(w.key for w in app.text_input if w.label == "报送单位")).value == "兴安盟司法局"

    press(app, "校验")
    assert {m.label: m.value for m in app.metric} == {"读入": "9行", "可载入": "8行", "拒收": "1行"}
    complaint = app.dataframe[-1].value.iloc[0]
    assert (complaint["行"], complaint["填写的内容"], complaint["应为"]) == (7, "3.5", "整数")

    press(app, "载入其余8行")
    assert not app.exception
    assert publish.current_id(inputs) != before
    assert f"新版本{publish.current_id(inputs)}已启用" in alerts(app)
    link = app.get("page_link")[0].proto
    assert "行政复议案件办理数" in link.label
    assert "dataset=internal" in link.query_string

    app.query_params["dataset"] = "internal"
    app.query_params["level"] = "banner"
    app.switch_page("../pages/map.py").run()
    assert "内部报送数据" in app.selectbox(key="choose_dataset").options
    assert "有数据2个 · 未公布100个 · 不适用1个" in texts(app)

    app.switch_page("../pages/import.py").run()
    assert "全年.xlsx" in texts(app)
    press(app, "确认撤回")
    assert not app.exception
    assert "已撤回internal-00001-" in alerts(app)
    assert "还没有导入过表格" in texts(app)
    assert publish.current_id(inputs) == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_mended_file_of_the_same_name_corrects_the_first(inputs: Paths, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    load(inputs, long_table(path, f"包头市,{CASES},2023,5"), "a")
    app = uploaded(long_table(path, f"包头市,{CASES},2023,6"), f"a{importing.MARKED}.csv")
    assert "已有的来源标题：a" in texts(app)
    press(press(app, "校验"), "载入1行")
    app.query_params["dataset"] = "internal"
    app.query_params["tab"] = "revisions"
    app.switch_page("../pages/quality.py").run()
    assert app.dataframe[0].value[["旧值", "新值"]].to_numpy().tolist() == [["5件", "6件"]]


def test_the_same_file_again_says_that_nothing_changed(inputs: Paths, tmp_path: Path) -> None:
    path = long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5")
    load(inputs, path, "a")
    app = press(press(uploaded(path), "校验"), "载入1行")
    assert "此前已经载入过（编号internal-00001-" in alerts(app)


@pytest.mark.parametrize("content", [b"PK\x03\x04 half a workbook", b"", b"<html><table></table></html>"])
def test_a_file_that_cannot_be_read_is_told_and_leaves_no_trace(inputs: Paths, tmp_path: Path, content: bytes) -> None:
    before = everything(inputs.warehouse)
    (tmp_path / "坏.xlsx").write_bytes(content)
    app = uploaded(tmp_path / "坏.xlsx")
    assert not app.exception
    assert "坏.xlsx：" in alerts(app)
    assert not [b for b in app.button if b.label == "校验"]
    assert everything(inputs.warehouse) == before
    assert not inputs.accepted.exists()
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\0b.csv", "文件名“a□b.csv”里有看不见的控制字符（□处）。请改掉后再试。"),
        ("a\nb.csv", "文件名“a□b.csv”里有看不见的控制字符（□处）。请改掉后再试。"),
        ("\ud800.csv", "文件名“□.csv”里有看不见的控制字符（□处）。请改掉后再试。"),
        ("长" * 300 + ".csv", "文件名太长：有304个字，最多255个字。请改短后再试。"),
        ("../../etc/" + "c" * 240 + ".csv", ""),
        ("a." + "c" * 253, "不认识的文件类型"),
    ],
)
def test_a_file_name_that_no_system_takes_is_refused_in_words(
    inputs: Paths, tmp_path: Path, name: str, told: str
) -> None:
    content = long_table(tmp_path / "a.csv", f"包头市,{CASES},2024,5").read_bytes()
    if not told:
        (table,) = imports.preview(Upload(name, content), quiet)
        assert table.row_count == 1
        return
    with pytest.raises(RefusedError, match=re.escape(told)):
        imports.preview(Upload(name, content), quiet)


def test_a_bad_file_name_and_a_bad_title_are_told_on_the_page(inputs: Paths, tmp_path: Path) -> None:
    path = long_table(tmp_path / "a.csv", f"包头市,{CASES},2024,5")
    assert "文件名“a□b.csv”里有看不见的控制字符" in alerts(uploaded(path, "a\nb.csv"))
    app = uploaded(path)
    next(field for field in app.text_input if field.label == "来源标题").input("年\0报")
    assert "来源标题“年□报”里有看不见的控制字符" in alerts(press(app, "校验"))


def test_a_file_without_a_good_row_cannot_be_loaded(inputs: Paths, tmp_path: Path) -> None:
    app = press(uploaded(long_table(tmp_path / "a.csv", f"火星,{CASES},2023,5")), "校验")
    assert "没有可以载入的行" in alerts(app)
    assert not [b for b in app.button if b.label.startswith("载入")]


def test_other_settings_ask_for_another_check(inputs: Paths, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"地区,指标,数值\n包头市,{CASES},5\n", encoding="utf-8")
    app = press(uploaded(path), "校验")
    assert "请指定期间" in app.dataframe[-1].value["问题"].iloc[0]
    period = next(w for w in app.text_input if w.label.startswith("期间"))
    period.input("2033-2031").run()
    assert "请重新校验" in alerts(app)
    press(app, "校验")
    assert "指定的期间“2033-2031”有误" in alerts(app)
    period = next(w for w in app.text_input if w.label.startswith("期间"))
    period.input("2023").run()
    press(app, "校验")
    assert "没有发现问题" in alerts(app)


def test_an_earlier_release_can_be_shown_again(inputs: Paths, tmp_path: Path) -> None:
    before = publish.current_id(inputs)
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"))
    app = open_page("import")
    app.session_state["import_releases"] = True
    app.run()
    press(app, "确认改用")
    assert f"已改用版本{before}" in alerts(app)
    assert publish.current_id(inputs) == before


# ---- the door to the ETL ----


def test_a_crash_of_the_etl_is_told_without_a_traceback(
    inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("import os; os.abort()", "1 / 0"):
        monkeypatch.setattr(imports, "PROGRAM", (sys.executable, "-c", program))
        with pytest.raises(RefusedError, match=r"意外停止，什么都没有改变。已记录，编号[0-9a-f]{8}"):
            imports.preview(laid_down(long_table(tmp_path / "a.csv", "包头市,,,")), quiet)


def test_the_stages_of_a_load_are_said_as_they_come(inputs: Paths, tmp_path: Path) -> None:
    upload = laid_down(long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"))
    known = [table.understanding for table in imports.preview(upload, quiet)]
    said: list[tuple[float, str]] = []
    loaded = imports.load(upload, Request("internal", "--甲"), known, lambda *step: said.append(step))
    assert loaded.rows_loaded == 1
    words = list(dict.fromkeys(text for _, text in said))
    assert words[:2] == ["读取 a.csv …", "校验 a.csv …"]
    assert words[-2:] == ["写入 …", "核对 …"]
    shares = [share for share, _ in said]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 0.9


def test_the_readers_own_table_comes_back_with_its_faults_marked(inputs: Paths, tmp_path: Path) -> None:
    upload = laid_down(messy_workbook(tmp_path / "全年.xlsx"))
    known = [table.understanding for table in imports.preview(upload, quiet)]
    book = openpyxl.load_workbook(io.BytesIO(imports.marked(upload, Request("internal"), known)))
    assert "应是整数" in book["全年"]["C7"].comment.text
    assert book["问题清单"]["E2"].value == "以“件”计数应是整数"


def test_the_template_can_be_filled(inputs: Paths) -> None:
    assert openpyxl.load_workbook(io.BytesIO(imports.template())).sheetnames == ["数据", "选项", "填表说明"]


# ---- what a person changes of the understanding ----

NAMES = pd.Series({"reconsideration_cases": CASES, "court_appearance_rate": "行政机关负责人出庭应诉率"})
IDS = {name: id_ for id_, name in NAMES.items()}
KNOWN = Understanding(
    form="wide",
    fields={"盟市": "region", "序号": "ignored"},
    figures={CASES: Figures("reconsideration_cases", period="2023")},
    unknown=["上年同期"],
)
WIDE = Table(
    "",
    1,
    1,
    "",
    [],
    ["盟市", CASES, "上年同期", "序号", "（第5列）"],
    [2],
    [["包头市", "5", "4", "1", ""]],
    KNOWN,
    [],
    {"上年同期": [CASES]},
)


def test_what_nobody_changes_stays_as_it_was_understood() -> None:
    shown = importing.editor(WIDE, NAMES)
    assert shown["用作"].tolist() == ["地区", "数据列", "未认出", "不使用"]
    assert shown["前几个值"].tolist() == ["包头市", "5", "4", "1"]
    assert shown["指标"].tolist()[2] == CASES, "what the heading looks like is proposed, not taken"
    assert importing.understanding(KNOWN, shown, IDS) == KNOWN


def test_an_unknown_column_becomes_what_a_person_says() -> None:
    shown = importing.editor(WIDE, NAMES)
    shown.loc[2, ["用作", "指标", "期间"]] = ["数据列", CASES, " 2022 "]
    expected = {**KNOWN.figures, "上年同期": Figures("reconsideration_cases", period="2022")}
    assert importing.understanding(KNOWN, shown, IDS) == replace(KNOWN, figures=expected, unknown=[])


def test_a_column_may_be_left_out() -> None:
    shown = importing.editor(WIDE, NAMES)
    shown.loc[1, "用作"] = "不使用"
    changed = importing.understanding(KNOWN, shown, IDS)
    assert (changed.form, changed.figures, changed.fields[CASES]) == ("long", {}, "ignored")


def test_every_field_has_a_word_of_its_own() -> None:
    assert len(set(importing.FIELDS.values())) == len(importing.FIELDS)
    assert not {importing.DATA, importing.UNKNOWN} & set(importing.FIELDS.values())


@pytest.mark.parametrize(
    ("note", "found"), [("表头上方：填报单位：兴安盟司法局（盖章）", "兴安盟司法局"), ("表头上方：2024年情况表", "")]
)
def test_who_reports_is_read_above_the_table(note: str, found: str, catalogue: Catalogue) -> None:
    assert importing.reporter([replace(WIDE, notes=[note])]) == found
