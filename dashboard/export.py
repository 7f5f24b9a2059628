"""Tables as files that leave the screen: CSV and XLSX, with source and mark, safe to open in a spreadsheet program."""

import codecs
import io
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
WIDEST_COLUMN = 60
PIECE = 10_000  # rows of a table that are turned into text at a time
ROWS_MEASURED = 500  # for the widths of columns
MOST_ROWS, MOST_SIGNS = 1_048_575, 32_767  # of a sheet, below its header; of a cell
CUT = "…（已截断）"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV that Excel opens with Chinese intact (UTF-8 with BOM); text that a program would run is led by a quote."""
    out = io.BytesIO()
    write_csv((table.iloc[start : start + PIECE] for start in range(0, max(len(table), 1), PIECE)), out)
    return out.getvalue()


def write_csv(pieces: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    """The same into a file, of a table that comes in pieces; the first piece, which may be without rows, heads it."""
    file.write(codecs.BOM_UTF8)
    for number, piece in enumerate(pieces):
        piece.apply(_harmless).rename(columns=_as_text).to_csv(file, index=False, header=not number)


def to_xlsx(table: pd.DataFrame, explanation: list[tuple[str, str]]) -> bytes:
    """A workbook with the sheets 数据 and 口径说明 (definition, sources, filters, release). Text is never a formula.

    Control characters, which no workbook can hold, are left out; a text longer than a cell ends with CUT.
    """
    out = io.BytesIO()
    # Rows go to a file as they come: of a large table only one is in memory.
    with xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        bold = book.add_format({"bold": True})
        short, long = book.add_format({"valign": "top"}), book.add_format({"valign": "top", "text_wrap": True})
        starts = range(0, max(len(table), 1), MOST_ROWS)
        sheets = [(f"数据{number or ''}", table.iloc[start:][:MOST_ROWS]) for number, start in enumerate(starts)]
        sheets.append(("口径说明", pd.DataFrame(explanation, columns=["项目", "内容"])))
        for title, rows in sheets:
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            for column, width in enumerate(_widths(rows)):
                sheet.set_column(column, column, width)
            _write_row(sheet, 0, list(rows.columns), bold, bold)
            for number, row in enumerate(rows.itertuples(index=False, name=None), start=1):
                _write_row(sheet, number, row, short, long)
    return out.getvalue()


def _widths(table: pd.DataFrame) -> list[int]:
    widths = [len(name) * 2 + 2 for name in table.columns]
    for row in table.head(ROWS_MEASURED).itertuples(index=False, name=None):
        widths = [max(w, min(2 * len(str(v)), WIDEST_COLUMN)) for w, v in zip(widths, row, strict=True)]
    return widths


def _write_row(sheet: Worksheet, number: int, row: Sequence[object], short: Format, long: Format) -> None:
    for column, value in enumerate(row):
        if isinstance(value, str):
            text = NOT_IN_XML.sub("", value)
            if len(text) > MOST_SIGNS:
                text = text[: MOST_SIGNS - len(CUT)] + CUT
            sheet.write_string(number, column, text, long if len(text) > WIDEST_COLUMN // 2 else short)
        elif not pd.isna(value):
            sheet.write(number, column, value)


def _harmless(column: pd.Series) -> pd.Series:
    if not (pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)):
        return column
    # Of objects some may be texts, and some, like lists, cannot be told apart by `unique`.
    values = column if pd.api.types.is_object_dtype(column) else column.unique()
    return column.map(_as_text) if any(map(_runs, values)) else column


def _as_text(value: object) -> object:
    """What a spreadsheet program shows and does not run."""
    return f"'{value}" if _runs(value) else value


def _runs(value: object) -> bool:
    return isinstance(value, str) and value.startswith(FORMULA_STARTS)
