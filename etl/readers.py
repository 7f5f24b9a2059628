"""CSV, XLSX, XLS and Parquet files -> raw tables: all cells as text, as the person who made the file sees them.

What a file is, its content says, not its name. Everything that could harm (a zip bomb, macros, a sheet that claims
17 billion cells) is looked for before a parser sees the file.
"""

import codecs
import csv
import datetime as dt
import io
import itertools
import re
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import python_calamine as calamine
from charset_normalizer import from_bytes

from etl import progress
from etl.errors import UserError
from etl.values import tidy

EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
MAX_FILE_BYTES = 200 * 2**20
MAX_UNPACKED_BYTES = 2 * 2**30
MAX_RATIO = 100  # a sheet of ordinary cells packs 10 to 20 times
RATIO_FLOOR_BYTES = 50 * 2**20  # below, no ratio does harm
MAX_ROWS = 2_000_000
MAX_COLUMNS = 500
MAX_CELLS = 25_000_000
HEADER_WITHIN = 40  # rows in which the header is looked for
# Sheets that our own files carry beside the table: the template's guide and lists, the list of findings.
OUR_SHEETS = ("填表说明", "问题清单", "选项")

# What columns are called, in tables as people write them. The first of each is what we write ourselves.
HEADINGS: dict[str, tuple[str, ...]] = {
    "region_code": (
        "区划代码", "region_code", "行政区划代码", "地区代码", "地区编码", "区划编码", "行政区划编码", "区划码",
        "地区码", "统计用区划代码", "adcode", "code",
    ),
    "region": (
        "地区", "region", "region_name", "地区名称", "行政区划", "行政区划名称", "区划", "区划名称", "旗县", "旗县区",
        "旗县市区", "旗县名称", "旗县区名称", "所属旗县", "旗(县、市、区)", "旗县(市、区)", "旗县(区)", "区域",
        "区域名称", "填报地区", "上报地区", "报送地区", "地方", "单位名称", "填报单位", "报送单位", "上报单位",
        "county", "banner", "district", "area",
    ),
    "parent": (
        "盟市", "league", "盟(市)", "盟市名称", "所属盟市", "上级地区", "上级区划", "上级", "地市", "地级市", "parent",
        "city", "prefecture",
    ),
    "indicator_id": ("指标编号", "indicator_id", "指标编码", "指标代码", "指标id"),
    "indicator": ("指标", "indicator", "指标名称", "统计指标", "指标项", "项目", "项目名称", "indicator_name"),
    "base_indicator": ("基础指标编号", "base_indicator_id", "base_indicator", "基础指标"),
    "breakdown": ("分项", "breakdown", "分项名称", "细项", "子项", "口径", "分类", "分组", "类别"),
    "period": (
        "期间", "period", "时期", "统计期", "统计期间", "统计时间", "报告期", "时间", "年份", "年度", "年", "year",
        "日期", "期别", "所属期", "所属期间", "数据时间", "date",
    ),
    "quarter": ("季度", "quarter", "季"),
    "month": ("月份", "month", "月"),
    "period_start": ("期间起", "period_start", "开始日期", "起始日期", "期初"),
    "period_end": ("期间止", "period_end", "结束日期", "截止日期", "终止日期", "期末"),
    "value": (
        "数值", "value", "值", "指标值", "数据", "数据值", "数量", "统计值", "统计数", "本期数", "本期值", "上报值",
        "填报值", "填报数", "figure",
    ),
    "unit": ("单位", "unit", "计量单位", "数值单位", "指标单位", "units"),
    "qualifier": ("约数词", "qualifier", "约数", "限定词"),
    "numerator": ("分子", "numerator", "分子值", "分子数"),
    "denominator": ("分母", "denominator", "分母值", "分母数"),
    "status": ("状态", "status", "数据状态"),
    "source": ("来源", "source_id", "source", "数据来源", "来源编号", "资料来源", "出处"),
    "published_as": ("原文", "published_as", "原文表述", "公布原文", "原始表述"),
    "confidence": ("可信度", "confidence", "置信度"),
    "note": ("备注", "note", "notes", "说明", "注", "注释", "备考", "remark", "remarks", "comment"),
    "ignored": (
        "序号", "no", "no.", "#", "编号", "联系人", "联系电话", "电话", "填报人", "填表人", "审核人", "负责人",
        "制表人", "填报日期", "填表日期", "上报日期", "排名", "名次", "排序", "合计", "总计", "小计", "累计",
        "dataset", "数据集", "revision", "修订", "load_id", "unnamed:0",
    ),
}  # fmt: skip
FIELD_OF = {word: name for name, words in HEADINGS.items() for word in words}
# In these a merged cell means "the same for all its rows"; a merged number means one figure for several rows.
KEY_FIELDS = frozenset(HEADINGS) - {"value", "numerator", "denominator", "ignored"}
REGION_FIELDS = frozenset(("region_code", "region", "parent", "ignored"))

TOTAL = r"^\s*(合\s*计|总\s*计|小\s*计|累\s*计|共\s*计|总\s*和|[全本][区市盟旗县](合计|总计|小计))\s*[:：]?\s*$"
NOTE = (
    r"^\s*[（(]?\s*(注|备注|说明|附注|注释|注意|填表说明|填表人|填报人|制表|制表人|审核|审核人|负责人|单位负责人|联系人|"
    r"联系电话|电话|填报单位|填表单位|填报日期|填表日期|填报时间|日期|数据来源|资料来源|来源)\s*\d*\s*[:：]"
)
_SENTENCE = re.compile(r"[，。；：,;:]|^[(（*※●]")


@dataclass(frozen=True)
class RawTable:
    """One table of one file, all text.

    `rows`: DataFrame (dtype str, columns = `columns`, unique, in sheet order from column A), index = row number as
    the spreadsheet program shows it, from 1; empty cells are "". `header_row`: the last row of the header.
    `unit`: what stands above the table as 单位：…. `notes`: what was skipped, in Chinese. `faults`: (row, column,
    message) met while reading; `validate` rejects these cells (column "": the whole row).
    """

    file: str
    sheet: str
    columns: list[str]
    rows: pd.DataFrame
    header_row: int
    unit: str = ""
    notes: list[str] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Grid:
    """One sheet before its table is found.

    `cells`: DataFrame (dtype str, columns 0, 1, … from column A), index = row number from 1. `merged`: ranges as
    (first row, first column, last row, last column), rows from 1, columns from 0.
    """

    sheet: str
    cells: pd.DataFrame
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


def heading(text: str) -> str:
    """A column heading without case, spaces, quotes and a unit in brackets, as it stands in FIELD_OF."""
    plain = re.sub(r"【\d+】$", "", tidy(text).lower())
    plain = re.sub(r"\s+", "", plain)
    return FIELD_OF[plain] if plain in FIELD_OF else FIELD_OF.get(re.sub(r"[(\[].*[)\]]$", "", plain), "")


def read_tables(path: Path, name: str | None = None) -> list[RawTable]:
    """All tables of a file, one a visible sheet; `name` is the file name that people know.

    Raises UserError (Chinese, with what to do) for everything that cannot be read, or must not be.
    """
    name = name or path.name
    grids = read_grids(path, name)
    notes = [note for grid in grids for note in grid.notes]
    tables: list[RawTable] = []
    for grid in grids:
        table = _table(grid, name)
        if table is not None:
            tables.append(table)
        elif len(grid.cells):
            notes.append(f"工作表“{grid.sheet}”里没有找到表格，已跳过" if grid.sheet else "没有找到表格")
    if not tables:
        raise UserError(f"{name}：没有找到表格（至少要有一行表头和一行数据，表头如“地区、指标、期间、数值”）")
    tables[0].notes[:0] = notes
    return tables


def read_grids(path: Path, name: str) -> list[Grid]:
    """The sheets of a file as they are, title rows and all. Raises UserError as `read_tables` does."""
    suffix = Path(name).suffix.lower()
    if suffix in (".xlsm", ".xltm", ".xlam"):
        raise UserError(f"{name}：不接受带宏的工作簿，请另存为“Excel 工作簿（*.xlsx）”")
    if suffix not in EXTENSIONS:
        raise UserError(f"{name}：不认识的文件类型，请用CSV、XLSX、XLS或Parquet")
    if not path.is_file():
        raise UserError(f"{name}：找不到这个文件")
    size = path.stat().st_size
    if size == 0:
        raise UserError(f"{name}：文件是空的")
    if size > MAX_FILE_BYTES:
        raise UserError(f"{name}：文件有{size / 2**20:.0f}MB，超过上限{MAX_FILE_BYTES // 2**20}MB，请分成几个文件")
    with path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(b"PK"):
        return _xlsx(path, name)
    if start.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return _xls(path, name)
    if start.startswith(b"PAR1"):
        return [_parquet(path, name)]
    if suffix in (".xlsx", ".parquet"):
        raise UserError(f"{name}：内容不是{suffix[1:].upper()}，文件可能已损坏或改过扩展名，请从原程序重新导出")
    if re.match(rb"\s*(<!doctype|<html|<table|<\?xml)", start.removeprefix(codecs.BOM_UTF8), re.IGNORECASE):
        raise UserError(f"{name}：内容是网页，请用Excel打开后另存为XLSX")
    return [_csv(path, name)]


# ------------------------------------------------------------------------------------------------------------- CSV


def _csv(path: Path, name: str) -> Grid:
    """A text table. Ragged rows are kept: short ones filled up, long ones with a fault."""
    encoding = _encoding(path, name)
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(1 << 16)
    notes = [] if encoding.startswith("utf-8") else [f"编码：{encoding.upper()}"]
    declared = re.match(r"\ufeff?sep=(.)\r?\n", head)  # what Excel writes, and hides, as the first line
    delimiter = declared[1] if declared else _delimiter(head, name)
    sample = [
        len(row) for row in itertools.islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), 200) if row
    ]
    width = Counter(sample[1:-1] or sample).most_common(1)[0][0]
    if width > MAX_COLUMNS:
        raise UserError(f"{name}：有{width}列，超过上限{MAX_COLUMNS}列")
    ragged: list[tuple[int, str]] = []

    def keep(row: arrow_csv.InvalidRow) -> str:
        ragged.append((row.number, row.text))
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        table = arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(column_names=names, use_threads=False, encoding=encoding),
            arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise UserError(f"{name}：无法按CSV读取，可能有引号没有成对") from error
    cells = _frame(table.columns)
    if ragged:
        cells, faults = _with_ragged(cells, ragged, delimiter, name)
    else:
        faults = []
        cells.index = pd.RangeIndex(1, len(cells) + 1)
    if declared:
        cells = cells.iloc[1:].set_axis(cells.index[1:] - 1)
        faults = [(row - 1, column, message) for row, column, message in faults]
    _check_size(len(cells), width, name)
    return Grid("", cells, notes=notes, faults=faults)


def _with_ragged(
    cells: pd.DataFrame, ragged: list[tuple[int, str]], delimiter: str, name: str
) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """`cells` with the rows that had another number of cells put back in their places, and what is wrong with them."""
    width = cells.shape[1]
    faults: list[tuple[int, str, str]] = []
    rows: list[list[str]] = []
    for number, text in ragged:
        if text.count('"') % 2:
            raise UserError(f"{name}：第{number}行起有引号没有成对，请补上或删去")
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        if any(cell.strip() for cell in row[width:]):
            message = f"这一行有{len(row)}个单元格，多于表头的{width}个；带逗号的数或文字请加英文引号"
            faults.append((number, "", message))
        rows.append([*row[:width], *[""] * (width - len(row))])
    total = len(cells) + len(rows)
    places = pd.Index([number for number, _ in ragged])
    cells.index = pd.RangeIndex(1, total + 1).difference(places)
    put_back = pd.DataFrame(rows, columns=cells.columns, index=places, dtype="str")
    return pd.concat([cells, put_back]).sort_index(), faults


def _encoding(path: Path, name: str) -> str:
    """The encoding of a text file: by its mark, else UTF-8, else UTF-16 or GB18030 if that makes sense."""
    with path.open("rb") as file:
        start = file.read(1 << 16)
    for mark, encoding in [
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    ]:  # fmt: skip
        if start.startswith(mark):
            candidates = [encoding]
            break
    else:
        if b"\0" in start:
            odd = start[1::2].count(0) > start[::2].count(0)
            candidates = ["utf-16-le" if odd else "utf-16-be"]
        else:
            candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _decodes(path, encoding) and (encoding.startswith("utf-8") or _is_chinese(start.decode(encoding, "ignore"))):
            return encoding
    guess = from_bytes(start[:4096]).best()
    hint = f"（可能是{guess.encoding}）" if guess is not None else ""
    raise UserError(f"{name}：文字编码无法识别{hint}，或文件已损坏；请另存为“CSV UTF-8”")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _is_chinese(text: str) -> bool:
    """Whether the letters beyond ASCII are mostly those of everyday Chinese: GB18030 decodes almost any bytes."""
    beyond = [c for c in text if ord(c) > 127 and c != "\ufeff"]
    return "\0" not in text and len("".join(beyond).encode("gb2312", "ignore")) >= 2 * 0.8 * len(beyond)


def _delimiter(head: str, name: str) -> str:
    """Comma, tab or semicolon: the one that cuts most rows into several cells. Raises UserError when none does."""
    lines = head.splitlines()[:50]
    cut = {d: sum(len(row) > 1 for row in csv.reader(lines, delimiter=d)) for d in (",", "\t", ";")}
    best = max(cut, key=lambda d: cut[d])
    if cut[best] * 2 >= sum(bool(line.strip()) for line in lines):
        return best
    for mark, words in [("，", "全角逗号"), ("；", "全角分号"), ("、", "顿号"), ("|", "竖线")]:
        if sum(mark in line for line in lines) * 2 >= len(lines):
            raise UserError(f"{name}：列之间用的是{words}“{mark}”，请改用英文逗号、制表符或英文分号")
    if cut[best]:
        return best
    raise UserError(f"{name}：只有一列，没有找到分隔符（逗号、制表符或分号）")


def _frame(columns: Iterable[pa.ChunkedArray | pa.Array]) -> pd.DataFrame:
    """A DataFrame (dtype str, columns 0, 1, …) of arrow columns; ="150000" (Excel's way to keep zeros) unwrapped."""
    plain = []
    for column in columns:
        if pc.any(pc.starts_with(column, '="')).as_py():
            column = pc.replace_substring_regex(column, r'^="([^"]*)"$', r"\1")
        plain.append(column)
    table = pa.table(plain, names=[str(i) for i in range(len(plain))])
    return table.to_pandas(split_blocks=True).set_axis(range(len(plain)), axis=1)


def _check_size(rows: int, columns: int, name: str) -> None:
    if columns > MAX_COLUMNS:
        raise UserError(f"{name}：有{columns}列，超过上限{MAX_COLUMNS}列；请删去空列或分成几个文件")
    if rows > MAX_ROWS or rows * columns > MAX_CELLS:
        raise UserError(f"{name}：有{rows}行{columns}列，超过上限（{MAX_ROWS}行、{MAX_CELLS}格）；请分成几个文件")


# --------------------------------------------------------------------------------------------------------- Parquet


def _parquet(path: Path, name: str) -> Grid:
    """A Parquet file as if it were a sheet: its column names are row 1."""
    try:
        meta = pq.read_metadata(path)
        _check_size(meta.num_rows, meta.num_columns, name)
        unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        if unpacked > MAX_UNPACKED_BYTES:
            raise UserError(f"{name}：解开后超过{MAX_UNPACKED_BYTES // 2**30}GB，请分成几个文件")
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{name}：Parquet文件已损坏，无法读取") from error
    columns = []
    for column_name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_integer(column.type):
            texts = pc.fill_null(column.cast(pa.large_string()), "")
        else:
            texts = pa.chunked_array([pa.array(map(_text, column.to_pylist()), type=pa.large_string())])
        columns.append(pa.chunked_array([pa.array([column_name], type=pa.large_string()), *texts.chunks]))
    cells = _frame(columns)
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    return Grid("", cells)


# ----------------------------------------------------------------------------------------------------------- Excel


# A damaged XLS can send calamine round a loop until memory ends, and the process with it: tried in a child first.
_PROBE = """
import resource, sys, python_calamine
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
for sheet in book.sheet_names:
    book.get_sheet_by_name(sheet)
"""


def _xls(path: Path, name: str) -> list[Grid]:
    """An XLS file (BIFF), or an XLSX that is locked with a password (which is packed in the same way)."""
    content = path.read_bytes()
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise UserError(f"{name}：不接受带宏的工作簿，请另存为“Excel 工作簿（*.xlsx）”")
    try:
        probe = subprocess.run([sys.executable, "-c", _PROBE, str(path)], capture_output=True, timeout=300)  # noqa: S603
    except subprocess.TimeoutExpired:
        probe = None
    if probe is None or probe.returncode < 0:
        raise UserError(f"{name}：文件已损坏，无法打开；请从原程序重新保存")
    note = "XLS旧格式：百分数会读成小数，出错的单元格会读成空；请核对，或另存为XLSX"
    return _workbook(path, name, {}, [note])


def _xlsx(path: Path, name: str) -> list[Grid]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(archive, name)
            special = {}
            parts = _sheet_parts(archive)
            for number, (sheet, part) in enumerate(parts.items()):
                with progress.part(0.6 * number / len(parts), 0.6 * (number + 1) / len(parts)):
                    special[sheet] = _special_cells(archive, part, name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ElementTree.ParseError,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise UserError(f"{name}：文件已损坏，无法打开；请从原程序重新保存") from error
    with progress.part(0.6, 1):
        return _workbook(path, name, special, [])


def _check_archive(archive: zipfile.ZipFile, name: str) -> None:
    """Refuses what is no plain workbook, before anything is unpacked; then unpacks once to see that it is whole."""
    entries = archive.infolist()
    names = {entry.filename.lower() for entry in entries}
    if any(n.endswith("vbaproject.bin") for n in names):
        raise UserError(f"{name}：不接受带宏的工作簿，请另存为“Excel 工作簿（*.xlsx）”")
    if "xl/workbook.xml" not in names:
        kind = "Word文档" if "word/document.xml" in names else "不是Excel工作簿"
        raise UserError(f"{name}：内容{'是' if kind == 'Word文档' else ''}{kind}，请另存为XLSX或CSV")
    if any(n.startswith("xl/externallinks/") for n in names):
        raise UserError(f"{name}：工作簿链接了别的文件，请在Excel“数据—编辑链接”中断开链接后再导入")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UserError(f"{name}：文件有密码，请取消密码后再导入")
    for entry in entries:
        if entry.file_size > RATIO_FLOOR_BYTES and entry.file_size > MAX_RATIO * entry.compress_size:
            raise UserError(f"{name}：压缩比异常（疑似压缩炸弹），未打开")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise UserError(f"{name}：解开后超过{MAX_UNPACKED_BYTES // 2**30}GB，未打开；请分成几个文件")
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels")):
            with archive.open(entry) as part:
                if b"<!DOCTYPE" in part.read(4096):
                    raise UserError(f"{name}：文件里有不该有的内容（DTD），未打开")
    damaged = archive.testzip()  # an entry that is larger than it claims fails its checksum here
    if damaged is not None:
        raise UserError(f"{name}：文件已损坏（{damaged}），请从原程序重新保存")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _xml(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(part))  # noqa: S314  # parts with a DTD were refused


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> its part in the archive (worksheets only)."""
    relations = _xml(archive, "xl/_rels/workbook.xml.rels")
    targets = {r.get("Id"): r.get("Target", "") for r in relations if r.get("Type", "").endswith("/worksheet")}
    book = _xml(archive, "xl/workbook.xml")
    parts = {}
    for sheet in (e for e in book.iter() if _local(e.tag) == "sheet"):
        relation = next((v for k, v in sheet.attrib.items() if _local(k) == "id"), None)
        if relation in targets:
            target = targets[relation]
            parts[sheet.get("name", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return parts


@dataclass(frozen=True)
class _Special:
    """A cell that calamine cannot tell as it is shown: its number format, or (error, formula without result) text."""

    format: str = ""
    text: str | None = None


def _special_cells(archive: zipfile.ZipFile, part: str, name: str) -> dict[int, dict[int, _Special]]:
    """Row (from 1) -> column (from 0) -> what is special about the cell.

    Raises UserError when the sheet reaches too far: calamine would take memory for every cell up to the last one.
    """
    from openpyxl.utils import column_index_from_string  # only here: a CSV file has no use for openpyxl

    formats = _number_formats(archive)
    special: dict[int, dict[int, _Special]] = {}
    last_row = last_column = row = 0
    size = max(archive.getinfo(part).file_size, 1)
    with archive.open(part) as file:
        for _, element in ElementTree.iterparse(file):  # noqa: S314  # parts with a DTD were refused
            if _local(element.tag) != "row":
                continue
            row, column = int(element.get("r", row + 1)), 0
            for cell in element:
                reference = cell.get("r", "")
                column = column_index_from_string(reference.rstrip("0123456789")) if reference else column + 1
                children = {_local(child.tag): child.text for child in cell}
                if not children:
                    continue
                if row > last_row or column > last_column:
                    last_row, last_column = max(row, last_row), max(column, last_column)
                    _check_size(last_row, last_column, name)
                look = _special(cell.get("t", "n"), children, formats[int(cell.get("s", 0))] if formats else "")
                if look is not None:
                    special.setdefault(row, {})[column - 1] = look
            element.clear()
            if row % 5000 == 0:
                progress.advance(file.tell() / size)
    return special


def _special(kind: str, children: dict[str, str | None], shown: str) -> _Special | None:
    if kind == "e":
        return _Special(text=children.get("v") or "#N/A")
    if kind != "str" and "f" in children and not children.get("v"):
        return _Special(text=f"={children['f'] or '…'}")
    return _Special(format=shown) if kind in "nd" and shown else None


# Formats that a Chinese Excel writes by number alone (ECMA-376 part 1, 18.8.30, zh-cn).
_CHINESE_FORMATS = {
    27: "yyyy年m月", 28: "m月d日", 29: "m月d日", 30: "m-d-yy", 31: "yyyy年m月d日", 36: "yyyy年m月", 50: "yyyy年m月",
    51: "m月d日", 52: "yyyy年m月", 53: "m月d日", 54: "m月d日", 57: "yyyy年m月", 58: "m月d日",
}  # fmt: skip


def _number_formats(archive: zipfile.ZipFile) -> list[str]:
    """The number format of every cell style; empty where it shows the bare number."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    root = _xml(archive, "xl/styles.xml")
    own = {int(e.get("numFmtId", 0)): e.get("formatCode", "") for e in root.iter() if _local(e.tag) == "numFmt"}
    codes = {**BUILTIN_FORMATS, **_CHINESE_FORMATS, **own}
    styles = next((e for e in root if _local(e.tag) == "cellXfs"), ())
    formats = [codes.get(int(style.get("numFmtId", 0)), "") for style in styles]
    return ["" if re.fullmatch(r"General|[#0,.;_()\- ]*", code) else code for code in formats]


def _workbook(
    path: Path, name: str, special: dict[str, dict[int, dict[int, _Special]]], notes: list[str]
) -> list[Grid]:
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            return _grids(book, name, special, notes)
    except calamine.PasswordError:
        raise UserError(f"{name}：文件有密码，请取消密码后再导入") from None
    except (calamine.CalamineError, OSError) as error:
        raise UserError(f"{name}：文件已损坏，无法打开；请从原程序重新保存") from error


def _grids(
    book: calamine.CalamineWorkbook, name: str, special: dict[str, dict[int, dict[int, _Special]]], notes: list[str]
) -> list[Grid]:
    grids = []
    notes = list(notes)
    for place, meta in enumerate(book.sheets_metadata):
        if meta.name in OUR_SHEETS or meta.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if meta.visible != calamine.SheetVisibleEnum.Visible:
            notes.append(f"隐藏的工作表“{meta.name}”未读取")
            continue
        sheet = book.get_sheet_by_name(meta.name)
        merged = [(r1 + 1, c1, r2 + 1, c2) for (r1, c1), (r2, c2) in sheet.merged_cell_ranges or []]
        with progress.part(place / len(book.sheets_metadata), (place + 1) / len(book.sheets_metadata)):
            cells = _sheet_cells(sheet, name, special.get(meta.name, {}))
        grids.append(Grid(meta.name, cells, merged))
    if not grids:
        raise UserError(f"{name}：没有可读的工作表")
    grids[0].notes[:0] = notes
    return grids


def _sheet_cells(sheet: calamine.CalamineSheet, name: str, special: dict[int, dict[int, _Special]]) -> pd.DataFrame:
    if sheet.start is None:
        return pd.DataFrame()
    offset = sheet.start[1]  # iter_rows begins at the first row, but at the first used column
    _check_size(sheet.total_height, offset + sheet.width, name)
    chunks: list[list[pa.Array]] = []
    numbered = enumerate(sheet.iter_rows(), start=1)
    while chunk := list(itertools.islice(numbered, 20_000)):
        for number, row in chunk:
            for column, look in special.get(number, {}).items():
                if 0 <= column - offset < len(row):
                    value = row[column - offset]
                    row[column - offset] = _text(value, look.format) if look.text is None else look.text
        columns = zip(*(row for _, row in chunk), strict=True)
        chunks.append([pa.array(map(_text, column), type=pa.large_string()) for column in columns])
        progress.advance(chunk[-1][0] / max(sheet.total_height, 1))  # calamine counts a lone row as none
    blank = pa.chunked_array([pa.array([""] * len(chunk[0]), type=pa.large_string()) for chunk in chunks])
    cells = _frame([blank] * offset + [pa.chunked_array(parts) for parts in zip(*chunks, strict=True)])
    cells.index = pd.RangeIndex(1, len(cells) + 1)
    return cells


def _text(value: object, shown: str = "") -> str:
    """A cell's value as text, as the number format `shown` displays it: 0.9974 in a percent cell is 99.74%."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float | Decimal):
        return _number_text(value, shown)
    if isinstance(value, dt.datetime | dt.date):
        return _date_text(value, shown)
    return str(value)


def _number_text(value: float | Decimal, shown: str) -> str:
    """At most 15 digits, as a spreadsheet has them; per cent to at least two decimals; a unit in the format kept."""
    if value != value:  # NaN
        return ""
    number = Decimal(f"{value:.15g}") + 0  # no minus before zero
    if not number.is_finite():
        return str(value)
    code = shown.split(";")[0]
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.', "", code)
    if "%" in bare:
        after_point = re.search(r"\.([0#?]+)", bare.partition("%")[0])
        decimals = len(after_point[1]) if after_point else 0
        percent = (number * 100).quantize(Decimal(1).scaleb(-max(decimals, 2)), ROUND_HALF_UP)
        text = f"{percent:f}"
        while len(text.partition(".")[2]) > decimals and text.endswith("0"):
            text = text[:-1]
        return f"{text.rstrip('.')}%"
    text = f"{number:f}"
    scaled = re.search(r"[0#?],+(?![0#?])|!", bare)  # the format itself divides by 1000 or 10000: value stays whole
    suffix = re.search(r'(?:[0#?]|General|G/通用格式)(?:"([^"]+)"|\\(.))\s*$', re.sub(r"_.|\*.", "", code))
    if suffix and not scaled:
        return f"{text}{suffix[1] or suffix[2]}"
    return text


def _date_text(value: dt.date, shown: str) -> str:
    """A date as its format shows it: 2023 or 2023-06 where no day is shown, else the day."""
    code = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", shown.split(";")[0].lower())
    if "y" in code and "d" not in code:
        return f"{value:%Y-%m}" if "m" in code else f"{value:%Y}"
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        return value.isoformat(sep=" ")
    return value.strftime("%Y-%m-%d")


# ------------------------------------------------------------------------------------------------- finding the table


def _table(grid: Grid, name: str) -> RawTable | None:
    """The table in a sheet: header found, title and notes, blank and total rows left out; None when there is none."""
    if grid.cells.empty:
        return None
    width = grid.cells.shape[1]
    head = grid.cells.head(HEADER_WITHIN).to_numpy().tolist()
    merged = [(top - 1, left, bottom - 1, right) for top, left, bottom, right in grid.merged]
    block = _header(head, merged)
    if block is None:
        return None
    top, bottom = block
    names = _column_names(head[top : bottom + 1], [(a - top, b, c - top, d) for a, b, c, d in merged], width)
    rows = grid.cells.iloc[bottom + 1 :]
    used = [i for i in range(width) if not names[i].startswith("（第") or (rows[i].str.strip() != "").any()]
    if not used:
        return None
    names = names[: used[-1] + 1]
    rows = rows.iloc[:, : len(names)].set_axis(names, axis=1)
    rows, faults = _spread_merged(rows, [m for m in grid.merged if m[0] > bottom + 1])
    notes, unit = _above(head[:top])
    rows, skipped = _drop_what_is_no_data(rows, head[bottom][: len(names)])
    if rows.empty:
        return None
    kept = set(rows.index) if grid.faults or faults else set()
    return RawTable(
        file=name,
        sheet=grid.sheet,
        columns=names,
        rows=rows,
        header_row=bottom + 1,
        unit=unit,
        notes=[*notes, *skipped],
        faults=[f for f in [*grid.faults, *faults] if f[0] in kept],
    )


def _header(head: list[list[str]], merged: list[tuple[int, int, int, int]]) -> tuple[int, int] | None:
    """First and last row of the header (from 0): around the row with the most known headings."""
    filled = [[bool(cell.strip()) for cell in row] for row in head]
    known = [sum(heading(cell) not in ("", "ignored") for cell in row if cell.strip()) for row in head]
    wide = [i for i, row in enumerate(filled) if sum(row) >= 2]
    if not wide:
        return None
    best = max(wide, key=lambda i: known[i])
    if not known[best]:
        words = [i for i in wide if not _is_number(next(cell for cell in head[i] if cell.strip()))]
        if not words:
            return None
        best = words[0]
    first = filled[best].index(True)
    top = bottom = best
    while bottom + 1 < len(head) and (
        any(a <= bottom < c and a >= top and c < len(head) for a, b, c, d in merged)
        or _continues(head[bottom], head[bottom + 1], first)
    ):
        bottom += 1
    while top > 0 and _groups(head[top - 1], first, [m for m in merged if m[0] == top - 1]):
        top -= 1
    return top, bottom


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9][0-9,.]*%?", tidy(text)) is not None and not re.fullmatch(
        r"[12][0-9]{3}", tidy(text)
    )


def _continues(row: list[str], below: list[str], first: int) -> bool:
    """Whether the row below fills the gaps of a header row (what a heading over several columns leaves)."""
    if below[first].strip() or sum(heading(cell) != "" for cell in row if cell.strip()) >= 3:
        return False
    fills = any(b.strip() and not a.strip() for a, b in zip(row[first + 1 :], below[first + 1 :], strict=True))
    return fills and not any(_is_number(cell) for cell in below)


def _groups(row: list[str], first: int, merged: list[tuple[int, int, int, int]]) -> bool:
    """Whether the row above a header holds headings over groups of its columns, and is no title."""
    cells = [i for i, cell in enumerate(row) if cell.strip()]
    if not cells or row[first].strip() or any(re.search("[:：]", row[i]) for i in cells):
        return False
    return len(cells) >= 2 or any(left > first and right > left for _, left, _, right in merged)


def _column_names(header: list[list[str]], merged: list[tuple[int, int, int, int]], width: int) -> list[str]:
    """One unique name a column: the headings above it joined by ／; （第3列） where there is none."""
    levels = [[re.sub(r"\s*\n\s*", "", cell).strip() for cell in row] for row in header]
    inside = [m for m in merged if 0 <= m[0] < len(levels)]
    for top, left, bottom, right in inside:
        for r, c in itertools.product(range(top, min(bottom + 1, len(levels))), range(left, min(right + 1, width))):
            levels[r][c] = levels[top][left]
    if not inside:
        for above, below in itertools.pairwise(levels):
            for c in range(1, width):
                if not above[c] and below[c] and heading(below[c]) in ("", "value"):
                    above[c] = above[c - 1]
    names: list[str] = []
    for c, parts in enumerate(zip(*levels, strict=True)):
        name = "／".join(dict.fromkeys(part for part in parts if part)) or f"（第{c + 1}列）"
        copies = names.count(name)
        unique = name
        while unique in names:
            copies += 1
            unique = f"{name}【{copies}】"
        names.append(unique)
    return names


def _above(head: list[list[str]]) -> tuple[list[str], str]:
    """What stands above the header: notes to show, and the unit of the whole table where one is given."""
    cells = [cell.strip() for row in head for cell in row if cell.strip()]
    units = [m[1] for cell in cells if (m := re.fullmatch(r"[（(]?\s*(?:计量)?单位\s*[:：]\s*([^）)]+)[）)]?", cell))]
    return [f"表头上方：{cell}" for cell in cells], units[0].strip() if units else ""


def _spread_merged(
    rows: pd.DataFrame, merged: list[tuple[int, int, int, int]]
) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """Texts of merged cells given to every row they cover; a number over several rows is a fault, not many numbers."""
    faults: list[tuple[int, str, str]] = []
    if not merged:
        return rows, faults
    rows = rows.copy()
    for top, left, bottom, right in merged:
        if top not in rows.index or left >= rows.shape[1]:
            continue
        text = rows.at[top, rows.columns[left]]
        covered = list(rows.columns[left : right + 1])
        if heading(covered[0]) in KEY_FIELDS or not re.search(r"[0-9]", text):
            rows.loc[top:bottom, covered] = text
            continue
        where = "行" if bottom > top else "列"
        message = f"合并单元格里一个数跨了几{where}，分不清属于哪一{where}；请取消合并后逐格填写"
        faults += [(row, covered[0], message) for row in rows.loc[top:bottom].index]
    return rows, faults


def _drop_what_is_no_data(rows: pd.DataFrame, header: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Without blank rows, totals, repeated headers, notes below; and a sentence on each kind that was there."""
    first = rows.iloc[:, 0].str.strip()
    for column in rows.columns[1:]:
        blank = first == ""
        if not blank.any():
            break
        first = first.mask(blank, rows[column].str.strip())
    if (first == "").any():
        rows, first = rows[first != ""], first[first != ""]
    places = [c for c in rows.columns if heading(c) in REGION_FIELDS]
    total = pd.Series(False, index=rows.index)
    for texts in [rows[c] for c in places] or [first]:
        total |= _matches(texts, TOTAL)
    note = _matches(first, NOTE) & ~total
    for row in reversed(rows.index[-30:]):
        cells = [cell for cell in rows.loc[row] if cell.strip()]
        if not note[row] and (len(cells) > 1 or not _SENTENCE.search(cells[0].strip())):
            break
        note[row] = True
    again = rows.iloc[:, 0] == header[0]
    if again.any():
        again &= (rows == header).all(axis=1)
    kinds = [(total, "合计行"), (note, "表下说明"), (again, "重复的表头")]
    notes = [f"{_row_list(rows.index[mask])}是{kind}，未作为数据读入" for mask, kind in kinds if mask.any()]
    return rows[~(total | note | again)] if notes else rows, notes


def _matches(texts: pd.Series, pattern: str) -> pd.Series:
    """Whether each text matches, looking at every different text once."""
    codes, different = pd.factorize(texts)
    hits = pd.Series(different, dtype="str").str.match(pattern).to_numpy(dtype=bool)
    return pd.Series(hits[codes], index=texts.index)


def _row_list(rows: pd.Index) -> str:
    shown = "、".join(map(str, rows[:10]))
    return f"第{shown}行" if len(rows) <= 10 else f"第{shown}等{len(rows)}行"
