"""Numbers, units and periods as people write them; what can be read in two ways is refused, never guessed."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

FIRST_YEAR, LAST_YEAR = 1990, 2100
TOO_LARGE = Decimal(10) ** 15  # the warehouse keeps 64-bit floats: beyond, whole numbers would no longer be exact
LONGEST = 60  # characters of a number or a period; whole paragraphs are not searched
QUALIFIERS = ("余", "多", "超", "近", "约")
NOT_APPLICABLE, NOT_REPORTED = "not_applicable", "not_reported"

MISSING = {
    **dict.fromkeys(("不适用", "不涉及", "无此项业务", "无此业务", "n/a", "not_applicable"), NOT_APPLICABLE),
    **dict.fromkeys(("未报", "未填报", "未上报", "未报送", "未填", "未提供", "未统计", "缺报", "漏报"), NOT_REPORTED),
    **dict.fromkeys(("待报", "待补", "待补报", "暂缺", "缺", "空", "空白", "暂无数据", "无数据"), NOT_REPORTED),
    **dict.fromkeys(("null", "none", "nan", "not_reported", ""), NOT_REPORTED),
}
# What a person may mean in more ways than one: zero, not reported or not applicable.
UNCLEAR = frozenset(("无", "没有", "/", "\\", "na", "*", "×", "x", "暂无", "未公布", "?", "待定", "保密", "不详"))

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | dict.fromkeys((0x3000, 0x00A0), " ")
_TIDY = _INVISIBLE | _HALF_WIDTH
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－ー", "-"))
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2, "十": 10}
_SCALES = {"十": 10, "百": 10**2, "千": 10**3, "万": 10**4, "亿": 10**8}


def tidy(text: str) -> str:
    """`text` with full-width letters, digits and signs made half-width, invisible characters and outer spaces gone.

    Not NFKC, which would read the footnote mark of 4770① or 4770² as one more digit.
    """
    return text.translate(_TIDY).strip()


# --------------------------------------------------------------------------------------------------------- periods


@dataclass(frozen=True)
class Period:
    """A span of whole months: its canonical label, first and last day."""

    label: str
    start: date
    end: date


@dataclass(frozen=True)
class _Months:
    """A span in months; `length` tells 2021 (12) from 2021-01 (1) while a range is put together."""

    year: int
    month: int
    length: int

    @property
    def first(self) -> int:
        return self.year * 12 + self.month - 1

    @property
    def last(self) -> int:
        return self.first + self.length - 1


PERIOD_HINT = "请写成2023、2021-2023、2023Q2、2023-06或2021-01/2021-10这样的形式"
_YEAR = r"(?P<year>[0-9]{4})"
_ONE = [
    (re.compile(rf"{_YEAR}(?:年度?|财年)?"), "year"),
    (re.compile(rf"{_YEAR}(?:年-?|-)?Q(?P<n>[1-4])"), "quarter"),
    (re.compile(rf"{_YEAR}年?第?(?P<n>[1-4])季度?"), "quarter"),
    (re.compile(rf"{_YEAR}(?:年-?|-)?(?:H(?P<n>[12])|(?P<half>[上下])半年)"), "half"),
    (re.compile(rf"{_YEAR}年?前(?P<n>[23])季度"), "quarters"),
    (re.compile(rf"{_YEAR}年?(?P<from>[0-9]{{1,2}})月?[-至到~](?P<to>[0-9]{{1,2}})月"), "months"),
    (re.compile(rf"{_YEAR}(?:年|[-/.])(?P<n>[0-9]{{1,2}})月?(?:份)?"), "month"),
    (re.compile(rf"{_YEAR}(?P<n>[0-9]{{2}})"), "month"),
]
_DAY = re.compile(
    r"([0-9]{4}(?P<mark>[-/.])[0-9]{1,2}(?P=mark)[0-9]{1,2}|[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日?|[0-9]{4}[01][0-9][0-3][0-9])"
    r"([ T]?[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\.0+)?)?"
)
_RANGE = re.compile(r"(?P<left>[0-9]{4}.*?)(?:至|到|~|--?|/)(?P<right>[0-9]{4}.*)")
_TAIL = re.compile(r"(?P<left>[0-9]{4}年.+?)(?:至|到|~|-)(?P<right>[0-9]{1,2}月|第?[1-4]季度)")


def parse_period(text: str) -> Period:
    """The period that `text` names. Raises ValueError with a message in Chinese that says what to write instead."""
    plain = re.sub(r"\s+", " ", tidy(text)).translate(_DASHES)
    if not plain:
        raise ValueError(f"没有写期间，{PERIOD_HINT}")
    if len(plain) > LONGEST:
        raise ValueError(f"看不懂这个期间，{PERIOD_HINT}")
    if _DAY.fullmatch(plain):
        raise ValueError(
            "这是某一天，不是统计期间；如指整月请写2023-06，如指全年请写2023（日期格式的单元格请先改为文本）"
        )
    plain = _arabic(plain.replace(" ", "").upper())
    if re.fullmatch(r"[0-9]{4}\.1", plain):
        raise ValueError("分不清是1月还是10月，请写成2023-01或2023-10")
    if re.fullmatch(r"[0-9]{5}", plain):
        raise ValueError(f"像是Excel日期的序号，{PERIOD_HINT}")
    span = _one(plain)
    if span is not None:
        return _period(span.first, span.last)
    match = _RANGE.fullmatch(plain) or _TAIL.fullmatch(plain)
    if match:
        left, right = _one(match["left"]), _one(_with_year(match["right"], match["left"]))
        if left is not None and right is not None:
            if left.length != right.length:
                raise ValueError(f"起止两端写法不一致，{PERIOD_HINT}")
            if left.first > right.first:
                raise ValueError("期间倒置：开始晚于结束")
            return _period(left.first, right.last)
    if not re.search(r"[0-9]{4}", plain):
        raise ValueError(f"期间没有写四位年份，{PERIOD_HINT}")
    raise ValueError(f"看不懂这个期间，{PERIOD_HINT}")


def _with_year(text: str, left: str) -> str:
    return text if re.match(r"[0-9]{4}", text) else f"{left[:4]}年{text}"


def _arabic(text: str) -> str:
    """Chinese numerals of years, quarters and months in digits: 二〇二三年第二季度 -> 2023年第2季度."""
    text = re.sub(r"([〇零○一二三四五六七八九]{4})(?=年)", lambda m: "".join(str(_DIGITS[c]) for c in m[1]), text)
    text = re.sub(r"([一二两三四])(?=季)", lambda m: str(_DIGITS[m[1]]), text)
    return re.sub(r"(十?[一二三四五六七八九]|十)(?=月)", lambda m: str(sum(_DIGITS[c] for c in m[1])), text)


def _one(text: str) -> _Months | None:
    """The single year, half, quarter or month (or months of one year) that `text` names; None when it is none."""
    for pattern, kind in _ONE:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        year = int(match["year"])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValueError(f"年份应在{FIRST_YEAR}至{LAST_YEAR}之间")
        if kind == "year":
            return _Months(year, 1, 12)
        if kind == "half":
            second = match["half"] == "下" or match["n"] == "2"
            return _Months(year, 7 if second else 1, 6)
        if kind == "quarters":
            return _Months(year, 1, 3 * int(match["n"]))
        if kind == "quarter":
            return _Months(year, 3 * int(match["n"]) - 2, 3)
        first, last = (int(match[g]) for g in (("from", "to") if kind == "months" else ("n", "n")))
        if not (1 <= first <= 12 and 1 <= last <= 12):
            raise ValueError("月份应在1至12之间")
        if first > last:
            raise ValueError("期间倒置：开始晚于结束")
        return _Months(year, first, last - first + 1)
    return None


def _period(first: int, last: int) -> Period:
    """The period from month `first` to month `last` (counted from year 0), by its shortest label."""
    (start_year, start), (end_year, end) = divmod(first, 12), divmod(last, 12)
    if start == 0 and end == 11:
        label = f"{start_year}" if start_year == end_year else f"{start_year}-{end_year}"
    elif start_year == end_year and start % 3 == 0 and end == start + 2:
        label = f"{start_year}Q{start // 3 + 1}"
    elif first == last:
        label = f"{start_year}-{start + 1:02}"
    else:
        label = f"{start_year}-{start + 1:02}/{end_year}-{end + 1:02}"
    last_day = calendar.monthrange(end_year, end + 1)[1]
    return Period(label, date(start_year, start + 1, 1), date(end_year, end + 1, last_day))


# --------------------------------------------------------------------------------------------------------- numbers


@dataclass(frozen=True)
class Number:
    """A number with 万 and 亿 multiplied out; `qualifier` is one of QUALIFIERS or empty, `unit` may be empty."""

    value: Decimal
    qualifier: str
    unit: str


_BEFORE = {"超": "超", "超过": "超", "逾": "超", "近": "近", "将近": "近", "约": "约", "大约": "约", "约为": "约"}
_NUMBER = re.compile(
    r"(?P<before>超过?|逾|将?近|大?约为?)?\s*"
    r"(?P<sign>[-+])?\s?(?P<digits>[0-9][0-9,]*(?:\.[0-9]+)?)\s?"
    r"(?P<early>[余多])?\s?(?P<scale>[十百千]?(?:万亿|[万亿])?)\s?(?P<late>[余多])?\s?"
    r"(?P<unit>%|‰|(?!以|左右|之|不)[一-鿿A-Za-z]{0,8})"
)
_PART_OF = re.compile(r"(?P<whole>[百千万])分之(?P<part>[0-9]+(?:\.[0-9]+)?|[一二两三四五六七八九十])")


def parse_number(text: str) -> Number:
    """The number that `text` writes. Raises ValueError with a message in Chinese.

    Refused on purpose: malformed grouping (1,23,4), brackets for a negative number, powers of ten (1.2e3 is what a
    spreadsheet shows of a number it has rounded), fractions and ranges.
    """
    plain = tidy(text).translate(_DASHES)
    if len(plain) > LONGEST:
        raise ValueError("不是数")
    part = _PART_OF.fullmatch(plain)
    if part:
        amount = Decimal(_DIGITS[part["part"]]) if part["part"] in _DIGITS else Decimal(part["part"])
        return Number(amount * 100 / _SCALES[part["whole"]], "", "%")
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise ValueError(_why_not(plain))
    digits = match["digits"]
    if "," in digits and not re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        raise ValueError("千分位逗号的位置不对，分不清是多少；请去掉逗号或每三位一个逗号")
    if re.match(r"0[0-9,]", digits):
        raise ValueError("数的前面有多余的0；如果是编号，请核对是否填错了列")
    qualifiers = [q for q in (_BEFORE.get(match["before"] or ""), match["early"], match["late"]) if q]
    if len(qualifiers) > 1:
        raise ValueError(f"约数词“{'”“'.join(qualifiers)}”重复，请只留一个")
    if re.fullmatch(r"[eE]", match["unit"]):
        raise ValueError("不接受科学计数法，请写出完整的数")
    value = Decimal(digits.replace(",", ""))
    for scale in match["scale"]:
        value *= _SCALES[scale]
    if value >= TOO_LARGE:
        raise ValueError("数过大，请核对是否多写了数字或填错了列")
    return Number(-value if match["sign"] == "-" else value, "".join(qualifiers), match["unit"])


def _why_not(plain: str) -> str:
    """Why `plain` is not read as a number, and what to write."""
    if plain.lower() in UNCLEAR:
        return "说不清是0、未填报还是不适用，请写明"
    if plain.startswith("="):
        return "公式没有计算结果，请在Excel中打开、保存后再导入"
    if re.fullmatch(r"#[A-Z/0!?]+[!?AE]?", plain.upper()):
        return "单元格是错误值，请改正公式"
    for pattern, why in [
        (r"\(\s*[0-9,.]+.*\)", "分不清括号表示负数还是注释；负数请写成-5"),
        (r"[-+]?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+.*", "不接受科学计数法，请写出完整的数"),
        (r"[0-9]+(\.[0-9]+)?\s*/\s*[0-9]+(\.[0-9]+)?", "像是分数，请把分子、分母分别填在各自的列"),
        (r"[0-9.]+\s*%?\s*(-|~|至|到)\s*[0-9.]+.*", "像是一个区间，请填一个数"),
        (
            r".*(以上|以下|左右|以内|不足|不到|[<>≥≤]).*",
            "不接受“以上”“不足”一类的说法，请填一个数，或用约、近、超、余、多",
        ),
        (r"[^0-9]*[0-9][0-9\s,.]*\s[0-9\s,.]*[0-9].*", "数的中间有空格，请去掉"),
        (r".*[0-9].*[(\[].*", "数后面还有说明，请把说明移到备注列"),
        (r"[〇零一二两三四五六七八九十百千万亿]+.*", "请用阿拉伯数字"),
    ]:
        if re.fullmatch(pattern, plain):
            return why
    return "不是数"


def missing_state(text: str) -> str | None:
    """`not_applicable` or `not_reported` when `text` says so (an empty cell, 未报, —, …), None when it says more."""
    plain = tidy(text).translate(_DASHES).lower()
    if re.fullmatch(r"-+|[.。·…_]{2,}|…", plain):
        return NOT_REPORTED
    return MISSING.get(plain)


# ----------------------------------------------------------------------------------------------------------- units


def split_unit(unit: str) -> tuple[Decimal, str]:
    """The factor that a unit multiplies by, and the unit without it: 万件 -> (10000, 件)."""
    plain = tidy(unit)
    if plain == "‰":
        return Decimal("0.1"), "%"
    match = re.fullmatch(r"(?P<scale>[十百千万亿]*)(?P<rest>.*)", plain)
    assert match is not None  # noqa: S101  # the pattern matches every text without line breaks
    factor = Decimal(1)
    for scale in match["scale"]:
        factor *= _SCALES[scale]
    return factor, match["rest"]


def convert(value: Decimal, unit: str, wanted: str) -> Decimal:
    """`value` of `unit` in `wanted`. Raises ValueError when the two count different things (件 and 人 do)."""
    factor, base = split_unit(unit)
    wanted_factor, wanted_base = split_unit(wanted)
    if base != wanted_base:
        raise ValueError(f"单位“{unit}”不能换算成“{wanted}”")
    return value * factor / wanted_factor
