import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl import validate as module
from etl.catalogue import Catalogue, load_catalogue
from etl.errors import UserError
from etl.paths import default_paths
from etl.readers import RawTable, read_tables
from etl.sheets import mark_findings, template
from etl.understand import Figures, region_names, understand
from etl.validate import COLUMNS, Validated, validate

CATALOGUE = load_catalogue(default_paths().catalogue)
CASES = "行政复议案件办理数"
RATE = "行政机关负责人出庭应诉率"


def table(columns: str, *rows: str, sheet: str = "") -> RawTable:
    names = columns.split(",")
    frame = pd.DataFrame([row.split(",") for row in rows], columns=names, dtype="str")
    return RawTable("a.csv", sheet, names, frame.set_axis(range(2, len(rows) + 2)), 1)


def check(columns: str, *rows: str, catalogue: Catalogue = CATALOGUE, sheet: str = "", **options: object) -> Validated:
    settings = {"dataset": "internal", "status": "reported", "source_id": "steward", **options}
    return validate(table(columns, *rows, sheet=sheet), catalogue, **settings)


def messages(result: Validated) -> str:
    return "\n".join(finding.text() for finding in result.findings)


@pytest.mark.parametrize(("file", "growth", "count"), [("figures", False, 456), ("growth", True, 13)])
def test_the_published_tables_load_without_a_reject(file: str, growth: bool, count: int) -> None:
    (raw,) = read_tables(default_paths().published / f"{file}.csv")
    result = validate(raw, CATALOGUE, dataset="published", status="published", growth=growth)
    assert (result.rows_in, result.rows_loaded, messages(result)) == (count, count, "")
    given_values = pd.to_numeric(raw.rows["value"]).tolist()
    assert result.observations["value"].tolist() == given_values
    assert result.observations["period"].tolist() == raw.rows["period"].tolist()
    assert result.observations["published_as"].tolist() == raw.rows["published_as"].tolist()


def test_observations_have_the_columns_of_the_warehouse() -> None:
    result = check("地区,指标,期间,数值,备注", f"包头市,{CASES},2023年,19.6万余件, 快报 ")
    assert list(result.observations.columns) == COLUMNS
    assert result.observations.iloc[0].drop(["numerator", "denominator"]).to_dict() == {
        "region_code": "150200",
        "indicator_id": "reconsideration_cases",
        "breakdown": "",
        "period": "2023",
        "period_start": pd.Timestamp("2023-01-01"),
        "period_end": pd.Timestamp("2023-12-31"),
        "value": 196000.0,
        "unit": "件",
        "qualifier": "余",
        "status": "reported",
        "source_id": "steward",
        "published_as": "19.6万余件",
        "confidence": "high",
        "note": "快报",
    }


@pytest.mark.parametrize("text", ["150200", "包头市", "包头", "内蒙古包头市", "包头市　", "150200000000", "Baotou"])
def test_a_region_is_found_however_it_is_written(text: str) -> None:
    assert check("地区,指标,期间,数值", f"{text},{CASES},2023,5").observations["region_code"].tolist() == ["150200"]


def test_no_name_fits_two_regions_today() -> None:
    assert [name for name, codes in region_names(CATALOGUE).items() if len(codes) > 1] == []


def namesakes() -> Catalogue:
    """Two regions that share a made-up alias."""
    both = {c: replace(CATALOGUE.regions[c], aliases=("东区",)) for c in ("150202", "150602")}
    return replace(CATALOGUE, regions={**CATALOGUE.regions, **both})


def test_an_alias_that_fits_two_regions_is_rejected_with_the_candidates() -> None:
    result = check("地区,指标,期间,数值", f"东区,{CASES},2023,5", catalogue=namesakes())
    assert result.rows_rejected == 1
    assert "东河区（包头市，150202）、东胜区（鄂尔多斯市，150602）" in messages(result)


def test_the_league_tells_namesakes_apart() -> None:
    result = check("盟市,旗县,指标,期间,数值", f"鄂尔多斯,东区,{CASES},2023,5", catalogue=namesakes())
    assert result.observations["region_code"].tolist() == ["150602"]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert "最接近的是包头市" in messages(check("地区,指标,期间,数值", f"包投市,{CASES},2023,5"))
    assert f"最接近的是{CASES}" in messages(check("地区,指标,期间,数值", "包头市,行政复议案办理数,2023,5"))


def test_a_finding_names_file_row_column_what_was_found_and_what_was_expected() -> None:
    (finding,) = check("地区,指标,期间,数值", f"包头市,{RATE},2023,0.9974").findings
    assert finding.text() == (
        "a.csv 第2行“数值”列：“0.9974”，疑似小数，应填百分数；应为“99.74%”；如果确为0.9974%，请连百分号一起填写"
    )


def test_all_findings_of_a_row_are_told_at_once() -> None:
    result = check("地区,指标,期间,数值", f"火星,{CASES},2023-2021,5.5")
    assert [finding.column for finding in result.findings] == ["地区", "期间", "数值"]


def test_a_small_percentage_with_its_sign_is_accepted() -> None:
    result = check("地区,指标,期间,数值", "内蒙古,政府失信被执行人占比,2023,0.02%")
    assert result.observations["value"].tolist() == [0.02]


def test_missing_states_are_kept_apart_and_are_never_zero() -> None:
    result = check(
        "地区,指标,期间,数值", f"包头市,{CASES},2023,不适用", f"乌海市,{CASES},2023,—", f"赤峰市,{CASES},2023,0"
    )
    assert result.observations["status"].tolist() == ["not_applicable", "not_reported", "reported"]
    assert result.observations["value"].isna().tolist() == [True, True, False]


def test_the_column_of_states_tells_why_a_cell_is_empty() -> None:
    result = check("地区,指标,期间,数值,状态", f"包头市,{CASES},2023,,not_applicable", f"乌海市,{CASES},2023,5,不适用")
    assert result.observations["status"].tolist() == ["not_applicable"]
    assert "状态与数值互相矛盾" in messages(result)


def test_a_breakdown_has_its_own_unit() -> None:
    columns, name = "地区,指标,分项,期间,数值", "政府法律顾问服务数"
    result = check(columns, f"包头市,{name},法律意见书,2023,5份", f"包头市,{name},法律意见书,2022,5次")
    assert result.observations["unit"].tolist() == ["份"]
    assert "不能换算" in messages(result)


def test_a_total_written_as_breakdown_is_the_total() -> None:
    assert check("地区,指标,分项,期间,数值", f"包头市,{CASES},合计,2023,5").observations["breakdown"].tolist() == [""]


def test_a_rate_agrees_with_its_parts_within_rounding() -> None:
    columns = "地区,指标,期间,数值,分子,分母"
    good = check(
        columns, f"包头市,{RATE},2023,95.08%,58,61", f"乌海市,{RATE},2023,95%,58,61", f"赤峰市,{RATE},2023,95.1,58,61"
    )
    assert (good.rows_rejected, good.observations["numerator"].tolist()) == (0, [58, 58, 58])
    assert check(columns, f"包头市,{RATE},2023,95.07%,58,61").rows_rejected == 1


def test_a_rate_that_is_left_out_is_computed_from_its_parts() -> None:
    result = check("地区,指标,期间,数值,分子,分母", f"包头市,{RATE},2023,,58,61")
    assert result.observations[["value", "status", "published_as"]].iloc[0].tolist() == [95.08, "computed", "58/61"]


def test_a_figure_needs_a_source() -> None:
    columns = "地区,指标,期间,数值,来源"
    result = check(columns, f"包头市,{CASES},2023,5,", f"乌海市,{CASES},2023,5,report-2023", source_id=None)
    assert result.observations["source_id"].tolist() == ["report-2023"]
    assert "没有来源" in messages(result)


def test_a_source_is_found_by_its_title() -> None:
    title = CATALOGUE.sources.set_index("id")["title"]["report-2023"]
    result = check("地区,指标,期间,数值,来源", f"包头市,{CASES},2023,5,{title}")
    assert result.observations["source_id"].tolist() == ["report-2023"]


def test_growth_reads_the_base_indicator_and_knows_no_range() -> None:
    columns = "base_indicator_id,indicator_id,region_code,period,value,unit"
    result = check(columns, "reconsideration_cases,reconsideration_cases_yoy,150200,2023,-0.5,%", growth=True)
    assert result.observations[["indicator_id", "value", "unit"]].iloc[0].tolist() == [
        "reconsideration_cases",
        -0.5,
        "%",
    ]


def test_a_growth_rate_is_never_missing() -> None:
    assert check("指标,地区,期间,数值", f"{CASES},包头市,2023,—", growth=True).rows_rejected == 1


def test_the_sheet_name_is_the_period_where_nothing_else_is() -> None:
    assert check("盟市,指标,数值", f"包头市,{CASES},5", sheet="2022年").observations["period"].tolist() == ["2022"]


def test_a_heading_tells_period_indicator_and_unit() -> None:
    known = understand(
        table(f"盟市,2023年／{CASES}（万件）,2023年出庭应诉率,序号,数值（上年同期）", "包头市,1,2,3,4"), CATALOGUE
    )
    assert known.form == "wide"
    assert known.figures == {
        f"2023年／{CASES}（万件）": Figures("reconsideration_cases", period="2023", unit="万件"),
        "2023年出庭应诉率": Figures("court_appearance_rate", period="2023"),
    }
    assert known.unknown == ["数值（上年同期）"]


def test_the_unit_of_a_heading_is_multiplied_out_and_kept_in_the_words() -> None:
    result = check(f"盟市,{CASES}（万件）", "包头市,1.2", default_period="2023")
    assert result.observations[["value", "published_as"]].iloc[0].tolist() == [12000, "1.2万件"]


def test_a_person_may_correct_what_was_understood() -> None:
    raw = table(f"盟市,{CASES},上年同期", "包头市,5,4")
    known = understand(raw, CATALOGUE)
    years = {CASES: "2023", "上年同期": "2022"}
    figures = {column: Figures("reconsideration_cases", period=year) for column, year in years.items()}
    mended = replace(known, figures=figures, unknown=[])
    options = {"dataset": "internal", "status": "reported", "source_id": "steward"}
    result = validate(raw, CATALOGUE, understanding=mended, **options)
    assert result.observations[["period", "value"]].to_numpy().tolist() == [["2023", 5.0], ["2022", 4.0]]


def test_a_default_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="最接近的是"):
        check("地区,期间,数值", "包头市,2023,5", default_indicator="复议办里数")
    with pytest.raises(UserError, match="期间倒置"):
        check("地区,指标,数值", f"包头市,{CASES},5", default_period="2023-2021")


def test_a_table_with_too_many_findings_lists_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FINDINGS", 3)
    result = check("地区,指标,期间,数值", *[f"火星{i},{CASES},2023,5" for i in range(9)])
    assert (result.rows_rejected, len(result.findings)) == (9, 4)
    assert "共有9行未通过" in result.findings[-1].text()


CELLS = {
    "地区": ["包头市", "150300", "火星", "", "合计"],
    "指标": [CASES, RATE, "不存在"],
    "期间": ["2023", "2023年第一季度", "2023-2021"],
    "数值": ["5", "99.74%", "0.5", "未报", "", "x", "19.6万余件", "-1"],
    "分子": ["", "58", "x"],
    "分母": ["", "61", "0"],
}


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), min_size=1, max_size=12))
def test_every_row_is_loaded_or_rejected_with_a_finding(rows: list[tuple[str, ...]]) -> None:
    result = check(",".join(CELLS), *[",".join(row) for row in rows])
    assert result.rows_in == len(rows) == result.rows_loaded + result.rows_rejected
    assert len(result.observations) == result.rows_loaded
    assert len({f.row for f in result.findings}) == result.rows_rejected
    missing = result.observations["status"].isin(["not_applicable", "not_reported"])
    assert (result.observations["value"].isna() == missing).all()
    keys = ["region_code", "indicator_id", "breakdown", "period", "source_id"]
    assert not result.observations.duplicated(keys).any()


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(*(st.sampled_from(CELLS[name]) for name in ("地区", "数值", "数值"))), min_size=1, max_size=6)
)
def test_every_cell_of_a_wide_table_is_loaded_or_rejected(rows: list[tuple[str, ...]]) -> None:
    result = check(f"地区,{CASES},{RATE}", *[",".join(row) for row in rows], default_period="2023")
    assert result.rows_in == 2 * len(rows) == result.rows_loaded + result.rows_rejected
    assert len(result.observations) == result.rows_loaded


def marked(path: Path) -> openpyxl.Workbook:
    findings = [
        f
        for t in read_tables(path)
        for f in validate(t, CATALOGUE, dataset="i", status="reported", source_id="s").findings
    ]
    return openpyxl.load_workbook(io.BytesIO(mark_findings(path, findings)))


def test_faulty_cells_are_marked_in_the_stewards_own_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["2023年表"], ["地区", "指标", "期间", "数值", "来源"], ["包头市", CASES, 2023, 5.5, "report-2023"]):
        book.active.append(row)
    book.active["G3"] = "=D3*2"
    book.save(tmp_path / "a.xlsx")
    again = marked(tmp_path / "a.xlsx")
    cell = again.worksheets[0]["D3"]
    assert "应是整数" in cell.comment.text
    assert cell.fill.fgColor.rgb == "00FFC7CE"
    assert again.worksheets[0]["G3"].value == "=D3*2"
    assert again["问题清单"]["E2"].value == cell.comment.text.split("；")[0]


def test_a_marked_csv_keeps_its_rows_and_no_text_becomes_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'表\n\n地区,指标,期间,数值\n包头市,{CASES},2023,"=HYPERLINK(""x"")"\n', encoding="utf-8")
    book = marked(path)
    cell = book["数据"]["D4"]
    assert (cell.value, cell.data_type) == ('=HYPERLINK("x")', "s")
    assert book["问题清单"]["D2"].value == '\'=HYPERLINK("x")'


def test_marking_a_marked_workbook_again_keeps_one_list(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"地区,指标,期间,数值\n包头市,{CASES},2023,x\n", encoding="utf-8")
    findings = check("地区,指标,期间,数值", f"包头市,{CASES},2023,x").findings
    (tmp_path / "b.xlsx").write_bytes(mark_findings(path, findings))
    book = openpyxl.load_workbook(io.BytesIO(mark_findings(tmp_path / "b.xlsx", findings)))
    assert book.sheetnames == ["数据", "问题清单"]


def test_a_filled_template_loads_without_a_complaint(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(CATALOGUE)))
    sheet = book["数据"]
    options = [cell.value for cell in book["选项"]["B"] if cell.value]
    for row, indicator in enumerate(options[:5], start=2):
        for name, value in {"地区": "包头市", "指标": indicator, "期间": "2023Q2", "数值": 7}.items():
            column = next(c.column for c in sheet[1] if c.value == name)
            sheet.cell(row, column, value)
    book.save(tmp_path / "a.xlsx")
    (raw,) = read_tables(tmp_path / "a.xlsx")
    result = validate(raw, CATALOGUE, dataset="internal", status="reported", source_id="steward")
    assert (result.rows_loaded, messages(result)) == (5, "")


def test_the_template_offers_every_region_and_indicator() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(CATALOGUE)))
    ranges = {str(v.sqref): v.formula1 for v in book["数据"].data_validations.dataValidation}
    assert ranges == {
        "A2:A2000": f"选项!$A$1:$A${len(CATALOGUE.regions)}",
        "B2:B2000": f"选项!$B$1:$B${len(CATALOGUE.indicators)}",
    }
    assert book["选项"].sheet_state == "hidden"


def test_a_group_heading_may_repeat_the_topic_but_not_change_the_meaning() -> None:
    raw = table(f"盟市,行政复议／{CASES},上年同期／{CASES}", "包头市,5,4")
    known = understand(raw, CATALOGUE)
    assert list(known.figures) == [f"行政复议／{CASES}"]
    assert known.unknown == [f"上年同期／{CASES}"]
