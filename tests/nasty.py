# ruff: noqa: E501  # tables of cases, one a line
"""Files as they really arrive, and what must become of each: read, partly rejected with reasons, or refused.

`NASTY` is the list; `build` writes a file into a folder. The names are what pytest shows.
"""

import base64
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

HEADER = "地区,指标,期间,数值"
CASES = "行政复议案件办理数"
RATE = "行政机关负责人出庭应诉率"
LEGALITY = "合法性审查率"
GOOD = f"包头市,{CASES},2023,966"


@dataclass(frozen=True)
class Nasty:
    """One file: `refused` is a part of the message, or the rest says what is loaded, rejected and said."""

    title: str
    file: str
    build: Callable[[Path], None]
    loaded: int = 0
    rejected: int = 0
    says: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    refused: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def text(*lines: str, encoding: str = "utf-8", end: str = "\n") -> Callable[[Path], None]:
    return lambda path: path.write_bytes((end.join(lines) + end).encode(encoding)) and None


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def sheets(make: Callable[[openpyxl.Workbook], None]) -> Callable[[Path], None]:
    def build(path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.title = "数据"
        make(book)
        book.save(path)

    return build


def rows(*content: list[object]) -> Callable[[Path], None]:
    return sheets(lambda book: [book["数据"].append(row) for row in content] and None)


def repacked(build: Callable[[Path], None], change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    """A workbook whose parts were tampered with."""

    def tampered(path: Path) -> None:
        build(path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        change(parts)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    return tampered


SHEET = "xl/worksheets/sheet1.xml"
SMALL = rows(["地区", "指标", "期间", "数值"], ["包头市", CASES, 2023, 966])


def add_part(name: str, content: bytes = b"x") -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.update({name: content})


def in_sheet(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[SHEET]
        parts[SHEET] = parts[SHEET].replace(old, new, 1)

    return change


def claims_less(path: Path) -> None:
    """A zip whose directory says that the sheet is smaller than it is."""
    SMALL(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    start = content.rfind(SHEET.encode()) - 46
    assert int.from_bytes(content[start + 24 : start + 28], "little") == size
    content[start + 24 : start + 28] = (size - 200).to_bytes(4, "little")
    path.write_bytes(bytes(content))


def word(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")


def truncated(path: Path) -> None:
    SMALL(path)
    path.write_bytes(path.read_bytes()[:-300])


# Written with xlwt: title, header, 包头市 966, 乌海市 99.5%, 合计 1000.
XLS = zlib.decompress(
    base64.b85decode(
        "c-rk)TSyd982-<hnZ0;jO#=;71g%V>s30Sq3d$aA@djqZ=51(0TbE6YdML{zL4u%qC_*rN>7lJ2x=}$r1O<Un4?z%VJ@yn>MCeZc|L;t#wGS?&RL"
        "nQbf6jk7-~4CJWiBr!awf-a7EZx0r~w6HrWafZHi4(tR(ybd)1<0hdhj$I{8R9Ha3Eb8+|PXOrZJ@Po&pIs)W;|R-s8C!!r<=>86}H|ZJa~9pd6"
        "}E3b>4xEGXcta#?n=T*C4?M?PS=g)L`TR%7g>*aH)~zha{`i+9UX_GJO_-r+WH*s>P#;VI4H<7Y)YR)ejP1MNM3r=v*CfN{Wat2IJKq`hYn@^Aph"
        ";j>u+Fm12YM<tGZaqR-o{&lY1oy2}lssICEw($fXf($57$s<MB2zAatKcu6U&dXA$&F}hU;7Qx9hTt%UuW8xTgoV4)9mJw||MUec!p7!$1%%eLzE"
        "uXiAnJy7BeOL+vNQO_KicT(3mfRI^B+Da0~&~L4c7wa1J6cIAJPD-s#b3(Lkdsx*hm^}^t>_n=4=d^ykIg=c0o4Rb9mYKaO<DB`swAaj(U9`TL$="
        "H5PxKpQ7^%S6Vw75XR$|PNuCOBv5MtMW?jbhLY8?LiDh|xzE#;V$T6qbTaMRR$9SbLPpGfJ`q0OQyG27E^p#kT)=nMGi@w&!pcEfrUD%$EL8ug!;"
        "?hOJJ>4#awY|J$S@7Fd<B>kAZ>IHJ%!XM=<7y5|iV)npxe<aRNX9k${>3$kn({+aP*W`~nS@I+muAJs$AZS_A!koqqs0_am<`B9EJ_j<g<0Gdi^4"
        "24a>pcTHcQ+`8F{UY)FfOgbJ2Ye(uEpvQ8sEqHdi>C8kq~XsROuG|3n%%aNxj!0|yQqI9PDd%P75xDb~xlX1(gWt^Yc+c*dOHB>ycMp%;%n{4m`P"
        "AuJ<sB&GSY6f|LTiFvlM{}&Qk@ahrhh7Qi7JLUO{A3GwkKl5(r`*TYu)$7Mn$#a3P{~bF|>B#"
    )
)


def locked_xls() -> bytes:
    """What a program writes for an XLSX with a password: the same container with another stream."""
    name, other = "Workbook".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")
    start = XLS.find(name + b"\0\0")
    entry = bytearray(XLS[start : start + 128])
    entry[: len(other)] = other
    entry[64:66] = (len(other) + 2).to_bytes(2, "little")
    return XLS[:start] + bytes(entry) + XLS[start + 128 :]


def per_cent(book: openpyxl.Workbook) -> None:
    """Percent cells: 0.9974 shown as 99.74%, 58/61 shown as 95%, a number with a literal unit, one in a 万 format."""
    sheet = book["数据"]
    sheet.append(["地区", "指标", "期间", "数值"])
    for region, indicator, value, shown in [
        ("包头市", RATE, 0.9974, "0.00%"),
        ("乌海市", RATE, 58 / 61, "0%"),
        ("赤峰市", RATE, 1, "0.00%;[Red]-0.00%"),
        ("通辽市", CASES, 3.5, '0.0"万件"'),
        ("兴安盟", CASES, 12345, '0!.0,"万"'),
        ("锡林郭勒盟", CASES, 1234, "#,##0_ "),
    ]:
        sheet.append([region, indicator, "2023", value])
        sheet.cell(sheet.max_row, 4).number_format = shown


def months(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    sheet.append(["地区", "指标", "期间", "数值"])
    for shown in ('yyyy"年"m"月"', "mmm-yy", "yyyy-mm-dd", "yyyy"):
        sheet.append(["包头市", CASES, date(2023, 6, 1), 5])
        sheet.cell(sheet.max_row, 3).number_format = shown


def merged_regions(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    for row in (
        ["盟市", "旗县区", "指标", "期间", "数值"],
        ["包头市", "东河区", CASES, "2023", 1],
        [None, "昆都仑区", CASES, "2023", 2],
        [None, "小计", CASES, "2023", 3],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A4")


def merged_value(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    for row in (["地区", CASES], ["东河区", 30], ["昆都仑区", None], ["青山区", 5]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")


def two_level_header(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    for row in (
        ["2022—2023年行政复议情况表", None, None, None, None],
        [None, None, None, None, "单位：件"],
        ["地区", "2022年", None, "2023年", None],
        [None, CASES, "复议直接纠错率", CASES, "复议直接纠错率"],
        ["包头市", 10, "5%", 20, "6%"],
        ["乌海市", 11, "—", 21, "不适用"],
        ["合　计", 21, None, 41, None],
        ["注：数据来自各盟市。", None, None, None, None],
        ["填表人：张三", None, "审核人：李四", None, None],
    ):
        sheet.append(row)
    for area in ("A1:E1", "A3:A4", "B3:C3", "D3:E3"):
        sheet.merge_cells(area)


def group_above_header(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    for row in ([None, "2023年", None], ["地区", CASES, LEGALITY], ["包头市", 10, "95%"]):
        sheet.append(row)
    sheet.merge_cells("B1:C1")


def hidden_sheet(book: openpyxl.Workbook) -> None:
    for row in (HEADER.split(","), GOOD.split(",")):
        book["数据"].append(row)
    hidden = book.create_sheet("旧数据")
    hidden.sheet_state = "hidden"
    hidden.append(["地区", "数值"])
    hidden.append(["包头市", "1"])


def sheets_by_year(book: openpyxl.Workbook) -> None:
    book.remove(book["数据"])
    book.create_sheet("封面").append(["各盟市行政复议统计"])
    for year, value in (("2022年", 8), ("2023年", 9)):
        sheet = book.create_sheet(year)
        sheet.append(["盟市", CASES])
        sheet.append(["包头市", value])


def formula_without_result(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    sheet.append(["地区", CASES])
    sheet.append(["包头市", "=1+1"])
    sheet.append(["乌海市", 3])


def far_cell(book: openpyxl.Workbook) -> None:
    book["数据"]["A1"] = "地区"
    book["数据"]["XFD1048576"] = 1


def far_format(book: openpyxl.Workbook) -> None:
    sheet = book["数据"]
    sheet.append(["地区", CASES])
    sheet.append(["包头市", 3])
    sheet["B1048576"].number_format = "0.00%"


def no_sheet_visible(book: openpyxl.Workbook) -> None:
    book["数据"].title = "填表说明"
    book["填表说明"].append(["地区", "数值"])


def parquet(frame: pd.DataFrame) -> Callable[[Path], None]:
    return lambda path: frame.to_parquet(path, index=False)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(60):
                part.write(bytes(1 << 20))


LONG = [
    Nasty("comma, UTF-8 with a mark", "a.csv", text(HEADER, GOOD, encoding="utf-8-sig"), loaded=1, values=(966,)),
    Nasty("GB18030", "a.csv", text(HEADER, GOOD, encoding="gb18030"), loaded=1, notes=("GB18030",)),
    Nasty("UTF-16 with a mark", "a.csv", text(HEADER, GOOD, encoding="utf-16"), loaded=1, notes=("UTF-16",)),
    Nasty("UTF-16 without a mark", "a.csv", text(HEADER, GOOD, encoding="utf-16-le"), loaded=1),
    Nasty("tabs", "a.tsv", text(HEADER.replace(",", "\t"), GOOD.replace(",", "\t")), loaded=1),
    Nasty("semicolons", "a.csv", text(HEADER.replace(",", ";"), GOOD.replace(",", ";")), loaded=1),
    Nasty("Excel's line sep=;", "a.csv", text("sep=;", HEADER.replace(",", ";"), "火星;;;5"), rejected=1, says=("第2行",)),
    Nasty("Windows line ends", "a.csv", text(HEADER, GOOD, end="\r\n"), loaded=1),
    Nasty("old Macintosh line ends", "a.csv", text(HEADER, GOOD, end="\r"), loaded=1),
    Nasty("a line break inside a cell", "a.csv", text(f"{HEADER},备注", f'{GOOD},"一\n二"'), loaded=1),
    Nasty("codes kept by =\"\"", "a.csv", text("区划代码,指标,期间,数值", f'="150200",{CASES},2023,5'), loaded=1),
    Nasty("codes as floats", "a.csv", text("区划代码,指标,期间,数值", f"150200.0,{CASES},2023,5"), loaded=1),
    Nasty("full-width everything", "a.csv", text(HEADER, f"包头市　,{CASES},２０２３年,１２３"), loaded=1, values=(123,)),
    Nasty("thousands in quotes", "a.csv", text(HEADER, f'包头市,{CASES},2023,"1,234"'), loaded=1, values=(1234,)),
    Nasty("thousands without quotes", "a.csv", text(HEADER, GOOD, f"乌海市,{CASES},2023,1,234"), loaded=1, rejected=1,
          says=("第3行", "多于表头的4个")),
    Nasty("short rows", "a.csv", text(f"{HEADER},备注,来源", f"{GOOD},好,", GOOD.replace("包头", "乌海")), loaded=2),
    Nasty("a blank line between rows", "a.csv", text(HEADER, GOOD, "", "火星,x,2023,1"), loaded=1, rejected=1,
          says=("第4行",)),
    Nasty("title above, notes and totals below", "a.csv",
          text("2023年统计表,,,", "填报单位：法治科,,单位：件,", HEADER, GOOD, f"合计,{CASES},2023,966", "注：快报数,,,"),
          loaded=1, notes=("合计行", "表下说明")),
    Nasty("the header again on page two", "a.csv", text(HEADER, GOOD, HEADER, GOOD.replace("包头", "乌海")), loaded=2,
          notes=("重复的表头",)),
    Nasty("commas of full width", "a.csv", text(HEADER.replace(",", "，"), GOOD.replace(",", "，")), refused="全角逗号"),
    Nasty("one column", "a.csv", text("地区", "包头市"), refused="只有一列"),
    Nasty("an empty file", "a.csv", raw(b""), refused="空的"),
    Nasty("a header alone", "a.csv", text(HEADER), refused="没有找到表格"),
    Nasty("broken UTF-8", "a.csv", raw(f"{HEADER}\n{GOOD}\n".encode()[:-9] + b"\xff\xfe\n"), refused="编码"),
    Nasty("Big5", "a.csv", text("地區,指標,期間,數值", "臺北市,調解,2023,5", encoding="big5"), refused="编码"),
    Nasty("binary bytes", "a.csv", raw(bytes(range(256)) * 8), refused="编码"),
    Nasty("a quote that never closes", "a.csv", text(HEADER, f'"包头市,{CASES},2023,5', GOOD), refused="引号"),
    Nasty("a web page named XLS", "a.xls", raw(b"<html><table><tr><td>1</td></tr></table></html>"), refused="网页"),
    Nasty("a text table named XLS", "a.xls", text(HEADER.replace(",", "\t"), GOOD.replace(",", "\t")), loaded=1),
    Nasty("CSV named XLSX", "a.xlsx", text(HEADER, GOOD), refused="不是XLSX"),
    Nasty("an unknown kind of file", "a.ods", raw(b"x"), refused="不认识的文件类型"),
]  # fmt: skip


def one(row: str, says: tuple[str, ...], header: str = HEADER, **options: Any) -> dict[str, Any]:
    return {"file": "a.csv", "build": text(header, row), "rejected": 1, "says": says, "options": options}


PARTS = f"{HEADER},分子,分母"
ROWS = [
    Nasty("a misspelt region", **one(f"包投市,{CASES},2023,5", ("没有这个地区", "包头市"))),
    Nasty("a misspelt indicator", **one("包头市,行政复议案件办里数,2023,5", ("没有这个指标", CASES))),
    Nasty("a code and a name that disagree", **one(f"150300,包头市,{CASES},2023,5", ("不一致", "乌海市"), "区划代码," + HEADER)),
    Nasty("a banner in another league", **one(f"乌海市,东河区,{CASES},2023,5", ("不在这里", "包头市"), "盟市," + HEADER)),
    Nasty("no region", **one(f",{CASES},2023,5", ("没有写地区",))),
    Nasty("a period upside down", **one(f"包头市,{CASES},2023-2021,5", ("期间倒置",))),
    Nasty("a day for a period", **one(f"包头市,{CASES},2023-06-30,5", ("某一天",))),
    Nasty("a quarter without its year", **one(f"包头市,{CASES},二季度,5", ("四位年份",))),
    Nasty("January or October", **one(f"包头市,{CASES},2023.1,5", ("1月还是10月",))),
    Nasty("dates that contradict the period", **one(f"包头市,{CASES},2023,5,2022-01-01", ("与期间",), HEADER + ",期间起")),
    Nasty("malformed thousands", **one(f'包头市,{CASES},2023,"1,23,4"', ("千分位",))),
    Nasty("a power of ten", **one(f"包头市,{CASES},2023,1.2E+05", ("科学计数法",))),
    Nasty("a number in brackets", **one(f"包头市,{CASES},2023,（5）", ("括号",))),
    Nasty("a footnote mark behind a number", **one(f"包头市,{CASES},2023,4770①", ("4770①",))),
    Nasty("无 says too little", **one(f"包头市,{CASES},2023,无", ("说不清",))),
    Nasty("a percentage as a fraction", **one(f"包头市,{RATE},2023,0.9974", ("疑似小数", "99.74%"))),
    Nasty("a rate above 100", **one(f"包头市,{RATE},2023,101%", ("超出范围",))),
    Nasty("half a case", **one(f"包头市,{CASES},2023,5.5", ("整数",))),
    Nasty("fewer than no cases", **one(f"包头市,{CASES},2023,-5", ("不能为负",))),
    Nasty("people for cases", **one(f"包头市,{CASES},2023,5人", ("不能换算", "件"))),
    Nasty("万 twice", **one(f"包头市,{CASES},2023,5万,万件", ("只写一处",), HEADER + ",单位")),
    Nasty("more done than due", **one(f"包头市,{RATE},2023,100%,62,61", ("分子大于分母",), PARTS)),
    Nasty("a rate that its parts deny", **one(f"包头市,{RATE},2023,99.74%,58,61", ("与分子、分母不符", "95.08%"), PARTS)),
    Nasty("a rate over nothing", **one(f"包头市,{RATE},2023,100%,0,0", ("分母为0",), PARTS)),
    Nasty("parts of a count", **one(f"包头市,{CASES},2023,5,1,2", ("只有比率",), PARTS)),
    Nasty("an unknown source", **one(f"{GOOD},report-2032", ("没有这个来源", "report-2023"), HEADER + ",来源")),
    Nasty("no source at all", **one(GOOD, ("没有来源",), source_id=None)),
    Nasty("demo figures as reported ones", **one(f"{GOOD},演示数据（模拟）", ("演示数据",), HEADER + ",状态")),
    Nasty("no column of values", **one("包头市,2023", ("没有认出数值列",), "地区,期间")),
    Nasty("two columns of values", **one(f"{GOOD},5", ("都像数值列",), HEADER + ",数量")),
    Nasty("regions across", **one(f"{CASES},5,6", ("转置",), "指标,包头市,乌海市", default_period="2023")),
    Nasty("no period", **one(f"包头市,{CASES},5", ("没有认出期间列",), "地区,指标,数值")),
    Nasty("every way to leave a cell empty", "a.csv",
          text(HEADER, *(f"包头市,{CASES},{2000 + i},{t}" for i, t in enumerate(("", "—", "未报", "不适用", "…", "N/A")))),
          loaded=6),
    Nasty("units that convert", "a.csv", text(HEADER, f"包头市,{CASES},2023,19.6万余件", "包头市,仲裁标的额,2023,1.5亿元"),
          loaded=2, values=(196000, 150000000)),
    Nasty("the same row twice", "a.csv", text(HEADER, GOOD, GOOD), loaded=1, rejected=1, says=("重复，与第2行相同",)),
    Nasty("two rows that contradict", "a.csv", text(HEADER, GOOD, f"包头,{CASES},2023年,967"), rejected=2,
          says=("互相矛盾，与第3行不同", "互相矛盾，与第2行不同")),
    Nasty("a rate from its parts", "a.csv", text(PARTS, f"包头市,{RATE},2023,,58,61"), loaded=1, values=(95.08,)),
    Nasty("year and quarter in two columns", "a.csv",
          text("地区,指标,年份,季度,数值", f"包头市,{CASES},2023,2,5", f"包头市,{CASES},2023年,三季度,5"), loaded=2),
    Nasty("the unit above the table", "a.csv", text("单位：万件,,,", HEADER, f"包头市,{CASES},2023,1.2"), loaded=1,
          values=(12000,)),
    Nasty("the unit in the heading", "a.csv", text("地区,指标,期间,数值（万件）", f"包头市,{CASES},2023,1.2"), loaded=1,
          values=(12000,)),
    Nasty("a cell below no heading", "a.csv", text(f"{HEADER},", f"{GOOD},另有3件"), rejected=1, says=("没有表头",)),
]  # fmt: skip

WIDE = [
    Nasty("indicators across", "a.csv", text(f"盟市,{CASES}（件）,{RATE}（%）", "包头市,5,99.74", "乌海市,6,"), loaded=4,
          options={"default_period": "2023"}),
    Nasty("periods across", "a.csv", text("盟市,2022年,2023年第一季度", "包头市,5,6"), loaded=2,
          options={"default_indicator": CASES}),
    Nasty("quarters across, the year given", "a.csv", text("盟市,一季度,二季度", "包头市,5,6"), loaded=2,
          options={"default_indicator": CASES, "default_period": "2023"}),
    Nasty("an unknown column across", "a.csv", text(f"盟市,{CASES},上年同期", "包头市,5,6", "乌海市,5,"), loaded=2, rejected=1,
          says=("不认识这一列", "上年同期"), options={"default_period": "2023"}),
    Nasty("an unknown region in a wide table", "a.csv", text(f"盟市,{CASES},{RATE}", "包头市,5,", "火星,6,"), loaded=2,
          rejected=2, says=("没有这个地区",), options={"default_period": "2023"}),
    Nasty("totals down and across", "a.csv", text("盟市,一季度,二季度,合计", "包头市,5,6,11", "总计,5,6,11"), loaded=2,
          options={"default_indicator": CASES, "default_period": "2023"}),
]  # fmt: skip

EXCEL = [
    Nasty("percent cells", "a.xlsx", sheets(per_cent), loaded=6, values=(99.74, 95.08, 100, 35000, 12345, 1234)),
    Nasty("dates for months", "a.xlsx", sheets(months), loaded=2, rejected=2,
          says=("某一天", "重复")),
    Nasty("regions merged down", "a.xlsx", sheets(merged_regions), loaded=2, notes=("第4行是合计行",)),
    Nasty("a number merged over two rows", "a.xlsx", sheets(merged_value), loaded=1, rejected=2, says=("合并单元格",),
          options={"default_period": "2023"}),
    Nasty("a header of two levels", "a.xlsx", sheets(two_level_header), loaded=8, notes=("合计行", "表下说明")),
    Nasty("a group above the header", "a.xlsx", sheets(group_above_header), loaded=2),
    Nasty("a hidden sheet", "a.xlsx", sheets(hidden_sheet), loaded=1, notes=("旧数据",)),
    Nasty("a sheet a year and a cover", "a.xlsx", sheets(sheets_by_year), loaded=2, notes=("封面",)),
    Nasty("a formula without a result", "a.xlsx", sheets(formula_without_result), loaded=1, rejected=1,
          says=("公式没有计算结果",), options={"default_period": "2023"}),
    Nasty("an error in a cell", "a.xlsx",
          repacked(SMALL, in_sheet(b'<c r="D2" t="n"><v>966</v>', b'<c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v>')),
          rejected=1, says=("错误值",)),
    Nasty("formats down to the last row", "a.xlsx", sheets(far_format), loaded=1, options={"default_period": "2023"}),
    Nasty("a cell in the last corner", "a.xlsx", sheets(far_cell), refused="超过上限"),
    Nasty("XLSX named CSV", "a.csv", SMALL, loaded=1),
    Nasty("a cut-off workbook", "a.xlsx", truncated, refused="损坏"),
    Nasty("a part that is larger than it claims", "a.xlsx", claims_less, refused="损坏"),
    Nasty("a zip bomb", "a.xlsx", zip_bomb, refused="压缩"),
    Nasty("macros by name", "a.xlsm", SMALL, refused="宏"),
    Nasty("macros inside", "a.xlsx", repacked(SMALL, add_part("xl/vbaProject.bin")), refused="宏"),
    Nasty("links to other files", "a.xlsx", repacked(SMALL, add_part("xl/externalLinks/externalLink1.xml")),
          refused="链接"),
    Nasty("a DTD", "a.xlsx", repacked(SMALL, lambda parts: parts.update({SHEET: b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'})),
          refused="DTD"),
    Nasty("a Word document", "a.xlsx", word, refused="Word"),
    Nasty("no sheet to read", "a.xlsx", sheets(no_sheet_visible), refused="没有可读的工作表"),
    Nasty("an empty workbook", "a.xlsx", sheets(lambda book: None), refused="没有找到表格"),
    Nasty("a password", "a.xlsx", raw(locked_xls()), refused="密码"),
    Nasty("XLS", "a.xls", raw(XLS), loaded=2, values=(966, 99.5), notes=("合计行", "旧格式")),
    Nasty("XLS with macros", "a.xls", raw(XLS + "_VBA_PROJECT".encode("utf-16-le")), refused="宏"),
    Nasty("XLS cut off", "a.xls", raw(XLS[:900]), refused="损坏"),
    Nasty("Parquet", "a.parquet",
          parquet(pd.DataFrame({"区划代码": [150200, 150300], "指标": [CASES, RATE], "期间": [2023, 2023],
                                "数值": [966.0, float("nan")]})), loaded=2),
    Nasty("Parquet cut off", "a.parquet", raw(b"PAR1" + bytes(50)), refused="损坏"),
]  # fmt: skip

NASTY = [*LONG, *ROWS, *WIDE, *EXCEL]
