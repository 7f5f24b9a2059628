"""Tables as files that leave the screen: CSV and XLSX, with source and mark, safe to open in a spreadsheet program."""

import io

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
WIDEST_COLUMN = 60


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV that Excel opens with Chinese intact (UTF-8 with BOM); text that a program would run is led by a quote."""
    safe = table.apply(lambda column: column.map(_harmless) if pd.api.types.is_string_dtype(column) else column)
    return safe.to_csv(index=False).encode("utf-8-sig")


def to_xlsx(table: pd.DataFrame, explanation: list[tuple[str, str]]) -> bytes:
    """A workbook with the sheets 数据 and 口径说明 (definition, sources, filters, release). Text is never a formula."""
    book = Workbook(write_only=True)
    for title, header, rows in [
        ("数据", list(table.columns), table.itertuples(index=False)),
        ("口径说明", ["项目", "内容"], explanation),
    ]:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        widths = [len(name) * 2 + 2 for name in header]
        body = [list(row) for row in rows]
        for row in body[:500]:
            widths = [max(w, min(2 * len(str(v)), WIDEST_COLUMN)) for w, v in zip(widths, row, strict=True)]
        for number, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([_cell(sheet, name, bold=True) for name in header])
        for row in body:
            sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _cell(sheet: object, value: object, bold: bool = False) -> WriteOnlyCell:
    if pd.isna(value):
        value = None
    try:
        cell = WriteOnlyCell(sheet, value=value)
    except IllegalCharacterError:
        cell = WriteOnlyCell(sheet, value="".join(c for c in str(value) if c.isprintable()))
    if isinstance(value, str):
        cell.data_type = "s"
        cell.alignment = Alignment(vertical="top", wrap_text=len(value) > WIDEST_COLUMN // 2)
    cell.font = Font(bold=bold)
    return cell
