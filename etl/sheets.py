"""Workbooks for the steward: the own table with its faulty cells marked, and the blank template."""

import io
import itertools
from collections.abc import Iterable
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from etl.catalogue import Catalogue
from etl.errors import Finding
from etl.readers import read_grids, read_tables

MARKABLE_CELLS = 500_000  # beyond, a marked copy would take gigabytes: only the list is made
_RED = PatternFill("solid", fgColor="FFC7CE")
_HEAD = PatternFill("solid", fgColor="1F4E79")
_LIST_HEADER = ("工作表", "行", "列", "填写的内容", "问题", "应为")


def mark_findings(path: Path, findings: list[Finding], name: str | None = None) -> bytes:
    """The steward's own table as XLSX: faulty cells red, with the messages as comments, and the sheet 问题清单.

    An XLSX keeps its formulas and looks as far as openpyxl does; other files come as text. A table of more than
    MARKABLE_CELLS gives the list alone. Raises UserError for what `read_tables` cannot read.
    """
    name = name or path.name
    tables = {table.sheet: table for table in read_tables(path, name)}
    if sum(table.rows.size for table in tables.values()) <= MARKABLE_CELLS:
        book = _own_workbook(path, name, tables)
        for (sheet, row, column), group in itertools.groupby(
            sorted(findings, key=_place), key=lambda f: (f.sheet, f.row, f.column)
        ):
            if row is not None and sheet in tables:
                columns = tables[sheet].columns
                place = columns.index(column) + 1 if column in columns else 1
                messages = [f"{f.message}；应为{f.expected}" if f.expected else f.message for f in group]
                _mark(book[sheet or "数据"], row, place, messages)
    else:
        book = openpyxl.Workbook()
        book.remove(book.active)
    if "问题清单" in book.sheetnames:
        book.remove(book["问题清单"])
    sheet = book.create_sheet("问题清单")
    _write(sheet, 1, _LIST_HEADER)
    for number, finding in enumerate(findings, start=2):
        where = (finding.sheet, finding.row, finding.column)
        _write(sheet, number, (*where, _escaped(finding.found), finding.message, finding.expected))
    _style_header(sheet, (16, 8, 20, 24, 60, 40))
    return _bytes(book)


def _place(finding: Finding) -> tuple[str, int, str]:
    return finding.sheet, finding.row or 0, finding.column


def _own_workbook(path: Path, name: str, sheets: Iterable[str]) -> openpyxl.Workbook:
    """The file as a workbook to write in; what openpyxl cannot open (CSV, XLS, an odd XLSX) is copied as text."""
    content = path.read_bytes()
    if content.startswith(b"PK"):
        try:
            book = openpyxl.load_workbook(io.BytesIO(content))
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
        ):  # what openpyxl raises for parts that it finds odd
            book = None
        if book is not None and set(sheets) <= set(book.sheetnames):
            return book
    book = openpyxl.Workbook()
    book.remove(book.active)
    for grid in read_grids(path, name):
        sheet = book.create_sheet(grid.sheet or "数据")
        for row, cells in zip(grid.cells.index, grid.cells.to_numpy().tolist(), strict=True):
            _write(sheet, int(row), cells)
    return book


def _mark(sheet: Worksheet, row: int, column: int, messages: list[str]) -> None:
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        area = next(area for area in sheet.merged_cells.ranges if cell.coordinate in area)
        cell = sheet.cell(area.min_row, area.min_col)
    cell.fill = _RED
    before = [cell.comment.text] if cell.comment else []
    cell.comment = Comment(_plain("\n".join([*before, *messages])), "数据导入", height=120, width=320)


def _write(sheet: Worksheet, row: int, cells: Iterable[object]) -> None:
    """A row of cells; texts stay texts, whatever they begin with."""
    for column, value in enumerate(cells, start=1):
        if isinstance(value, str):
            if value:
                cell = sheet.cell(row, column, _plain(value))
                cell.data_type = "s"
        elif value is not None:
            sheet.cell(row, column, value)


def _plain(text: str) -> str:
    """Without the characters that no XLSX may hold, and no longer than a cell may be."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)[:32_000]


def _escaped(text: str) -> str:
    """A text that no spreadsheet program takes for a formula, not even after the list was saved as CSV."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _style_header(sheet: Worksheet, widths: Iterable[int]) -> None:
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(vertical="center", wrap_text=True)
    sheet.freeze_panes = "A2"


def _bytes(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


_TEMPLATE = {"地区": 22, "指标": 36, "分项": 14, "期间": 14, "数值": 14, "分子": 12, "分母": 12, "来源": 24, "备注": 30}
_TEMPLATE_ROWS = 2000
_GUIDE = [
    ("地区", "从下拉列表中选，也可写简称或六位区划代码。"),
    ("指标", "从下拉列表中选，括号里是单位，数值按这个单位填写；写“19.6万件”也可以。"),
    ("分项", "没有分项（即总数）就留空。"),
    ("期间", "写成2023、2021-2023、2023Q2、2023-06或2021-01/2021-10。"),
    ("数值", "比率写百分数，如99.74%；为零写0；没有报上来写“未报”；本地区没有这项业务写“不适用”。"),
    ("分子、分母", "只用于比率，如实际出庭58、应出庭61；数值留空时由分子、分母算出。"),
    ("来源", "来源编号或文件标题；全表同一个来源时留空，在导入时指定。"),
    ("备注", "口径、估计等需要说明的事。"),
]


def template(catalogue: Catalogue) -> bytes:
    """A blank XLSX of the long form: drop-downs of regions and indicators (with units), and the sheet 填表说明."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "数据"
    _write(sheet, 1, _TEMPLATE)
    _style_header(sheet, _TEMPLATE.values())
    regions = [region.name for region in catalogue.regions.values()]
    indicators = [f"{i.name}（{i.unit}）" for i in catalogue.indicators.values()]
    options = book.create_sheet("选项")
    options.sheet_state = "hidden"
    for row, pair in enumerate(itertools.zip_longest(regions, indicators), start=1):
        _write(options, row, pair)
    letters = dict(zip(_TEMPLATE, map(get_column_letter, itertools.count(1)), strict=False))
    for name, column, choices in [("地区", "A", regions), ("指标", "B", indicators)]:
        rule = DataValidation(type="list", formula1=f"选项!${column}$1:${column}${len(choices)}", allow_blank=True)
        rule.showErrorMessage, rule.errorStyle = True, "warning"
        rule.errorTitle, rule.error = f"{name}不在列表中", f"请从下拉列表中选{name}；确要这样填请选“是”。"
        rule.add(f"{letters[name]}2:{letters[name]}{_TEMPLATE_ROWS}")
        sheet.add_data_validation(rule)
    for name in ("地区", "期间"):  # text, so that 2023-06 does not become a date
        for row in range(2, _TEMPLATE_ROWS + 1):
            sheet[f"{letters[name]}{row}"].number_format = "@"
    guide = book.create_sheet("填表说明")
    _write(guide, 1, ("列", "怎么填"))
    for row, pair in enumerate(_GUIDE, start=2):
        _write(guide, row, pair)
    start = len(_GUIDE) + 4
    _write(guide, start - 1, ("指标", "单位", "定义"))
    for row, indicator in enumerate(catalogue.indicators.values(), start=start):
        _write(guide, row, (indicator.name, indicator.unit, indicator.definition))
    _style_header(guide, (36, 60, 80))
    return _bytes(book)
