"""Files that leave the screen."""

import csv
import io
from collections.abc import Callable

import openpyxl
import pandas as pd
import pytest
import streamlit as st

from dashboard import download, export, turns

TABLE = pd.DataFrame(
    {"指标": ["出庭应诉率", '=HYPERLINK("x")', "+1", "@SUM(A1)"], "数值": [99.74, -3.63, float("nan"), 0.0]}
)


def test_csv_opens_in_excel_with_chinese_and_without_running_formulas() -> None:
    content = export.to_csv(TABLE)
    assert content.startswith("\ufeff".encode())
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[1] == "出庭应诉率,99.74"
    assert lines[2].startswith("\"'=HYPERLINK")
    assert lines[3].startswith("'+1")
    assert lines[2].endswith(",-3.63"), "a negative number is a number, not a formula"


@pytest.mark.parametrize("others", [[None], [2, -3.5, None], [["=2", None]]])
def test_a_formula_runs_neither_beside_what_is_no_text_nor_as_the_name_of_a_column(others: list[object]) -> None:
    table = pd.DataFrame({"=1+1": pd.Series(["=1+1", *others], dtype="object"), 2023: 0})
    named, first, *rest = csv.reader(export.to_csv(table).decode("utf-8-sig").splitlines())
    assert (named, first) == (["'=1+1", "2023"], ["'=1+1", "0"])
    assert [row[0] for row in rest] == ["" if other is None else str(other) for other in others]


def test_missing_stays_missing_and_zero_stays_zero() -> None:
    lines = export.to_csv(TABLE).decode("utf-8-sig").splitlines()
    assert lines[3].endswith(",")
    assert lines[4].endswith(",0.0")


def test_xlsx_holds_text_as_text_and_explains_itself() -> None:
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(TABLE, [("版本", "20251231-a1b2c3"), ("口径", "=1+1")])))
    data, notes = book["数据"], book["口径说明"]
    assert [cell.value for cell in data[1]] == ["指标", "数值"]
    assert data["A3"].value == '=HYPERLINK("x")'
    assert data["A3"].data_type == "s"
    assert data["B4"].value is None
    assert notes["B3"].data_type == "s"
    assert notes["B2"].value == "20251231-a1b2c3"


def test_control_characters_do_not_break_the_workbook() -> None:
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(pd.DataFrame({"a": ["坏\x07字"]}), [])))
    assert book["数据"]["A2"].value == "坏字"


def test_a_text_longer_than_a_cell_says_that_it_was_cut() -> None:
    table = pd.DataFrame({"a": ["字" * export.MOST_SIGNS, "字" * (export.MOST_SIGNS + 1)]})
    sheet = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(table, [])))["数据"]
    assert sheet["A2"].value == table["a"][0], "a full cell is whole"
    assert sheet["A3"].value.endswith("字…（已截断）")
    assert len(sheet["A3"].value) == export.MOST_SIGNS


def test_a_table_in_pieces_has_one_header_and_one_mark_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = export.to_csv(TABLE)
    monkeypatch.setattr(export, "PIECE", 3)
    assert export.to_csv(TABLE) == whole
    assert export.to_csv(TABLE.head(0)) == "\ufeff指标,数值\n".encode()


def test_a_table_longer_than_a_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ROWS", 3)
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(TABLE, [])))
    assert book.sheetnames == ["数据", "数据1", "口径说明"]
    assert [cell.value for row in book["数据1"].iter_rows() for cell in row] == ["指标", "数值", "@SUM(A1)", 0]


def test_large_files_are_made_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: offered.update({label: data}))
    monkeypatch.setattr(download, "PATIENCE", 0.05)
    download.button("大", "大.csv", lambda: b"large", rows=turns.LARGE + 1)
    download.button("小", "小.csv", lambda: b"small", rows=turns.LARGE)
    assert offered["大"]() == b"large"
    with turns.of_large_file(1):
        assert offered["小"]() == b"small"
        with pytest.raises(turns.BusyError, match="请稍后再试"):
            offered["大"]()
