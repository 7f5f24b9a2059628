"""Raw tables -> observations and findings: every row is either loaded or rejected, and every reject says why.

All rules look at each different text of a column once and work on arrays after that, so a million rows take seconds.
What is ambiguous is asked for, never guessed.
"""

import datetime as dt
import io
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from rapidfuzz import fuzz, process

from etl.catalogue import Catalogue, Region
from etl.errors import Finding, UserError
from etl.readers import FIELD_OF, HEADINGS, RawTable, heading, read_grids, read_tables
from etl.values import (
    NOT_APPLICABLE,
    NOT_REPORTED,
    QUALIFIERS,
    Period,
    convert,
    missing_state,
    parse_number,
    parse_period,
    split_unit,
    tidy,
)

MAX_FINDINGS = 10_000  # listed one by one; a table with more is wrong as a whole
ROUNDING = 0.005  # percentage points: half a unit of the second decimal, in which rates are printed

# What a person chooses from when a column was not understood.
FIELD_NAMES = {name: words[0] for name, words in HEADINGS.items()} | {"ignored": "不使用"}

COLUMNS = [
    "region_code", "indicator_id", "breakdown", "period", "period_start", "period_end", "value", "unit", "qualifier",
    "numerator", "denominator", "status", "source_id", "published_as", "confidence", "note",
]  # fmt: skip
_TOTAL_WORDS = frozenset(("合计", "总计", "总数", "全部", "-", "--", "—", "——"))
_CONFIDENCE = {"high": "high", "medium": "medium", "low": "low", "高": "high", "中": "medium", "低": "low"}
_STATES = {"not_applicable": NOT_APPLICABLE, "不适用": NOT_APPLICABLE}
_STATES |= dict.fromkeys(("not_reported", "未填报", "未报"), NOT_REPORTED)
_QUALIFIERS = {q: q for q in QUALIFIERS} | {"": "", "超过": "超", "逾": "超", "将近": "近", "大约": "约"}
_PART_OF_YEAR = re.compile(
    r"第?[一二三四1-4]季度?|(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月份?|[上下]半年|全年"
)


@dataclass(frozen=True)
class Figures:
    """What a column of a wide table holds; a part left None stands in a column of its own, or is given as default."""

    indicator: str | None = None
    breakdown: str = ""
    period: str | None = None
    unit: str = ""


@dataclass(frozen=True)
class Understanding:
    """What was understood of a table; a person may change it (`dataclasses.replace`) before it is validated.

    `form`: long or wide. `fields`: column -> field (a key of FIELD_NAMES). `figures`: wide only, column -> Figures.
    `unknown`: columns that were not understood; in a wide table their cells are rejected, in a long one not used.
    `period`: for the whole table, where the sheet is named by one.
    """

    form: str
    fields: dict[str, str]
    figures: dict[str, Figures] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    period: str | None = None

    def column_of(self, name: str) -> str | None:
        """The column that holds a field; None when the table has none."""
        return next((column for column, known in self.fields.items() if known == name), None)


@dataclass(frozen=True)
class Validated:
    """Accepted rows and what is wrong with the others; rows_in == rows_loaded + rows_rejected.

    `observations`: DataFrame with COLUMNS, those of the table `observations` without dataset, revision and load_id:
    value, numerator, denominator float64 (NaN: none), period_start and period_end datetime64[us], the others str. Its
    index is 0, 1, …. A row in is a row of a long table, a cell of a wide one.
    """

    observations: pd.DataFrame
    findings: list[Finding]
    rows_in: int
    rows_loaded: int
    rows_rejected: int


# ------------------------------------------------------------------------------------------------ names to identities


def _key(text: str) -> str:
    """A name without case, spaces and quotation marks."""
    return re.sub(r"[\s“”\"'‘’「」『』]", "", tidy(text)).lower()


def region_names(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Every way to write a region -> the codes that it fits: code, names, aliases, alone or behind those above it."""
    return _region_names(tuple(catalogue.regions.values()))


@lru_cache(maxsize=4)
def _region_names(regions: tuple[Region, ...]) -> dict[str, tuple[str, ...]]:
    by_code = {region.code: region for region in regions}
    names: dict[str, set[str]] = {}
    for region in regions:
        own = {region.name, region.short_name, *region.aliases}
        behind = {a + mark + o for a in _above_names(region, by_code) for o in own for mark in ("", "-", "/", "·")}
        for text in (region.code, f"{region.code}.0", f"{region.code}000000", region.name_en, *own, *behind):
            names.setdefault(_key(text), set()).add(region.code)
    return {name: tuple(sorted(codes)) for name, codes in names.items()}


def _above_names(region: Region, by_code: dict[str, Region]) -> set[str]:
    """What may stand before a region's name: 内蒙古, 包头市, 内蒙古包头市."""
    parent = by_code.get(region.parent)
    if parent is None:
        return set()
    own = {parent.name, parent.short_name}
    return own | {a + o for a in _above_names(parent, by_code) for o in own}


def indicator_names(catalogue: Catalogue) -> dict[str, str]:
    """Every way to write an indicator -> its id: id, Chinese and English name, aliases."""
    names: dict[str, str] = {}
    for indicator in catalogue.indicators.values():
        for text in (indicator.name_en, *indicator.aliases, indicator.name, indicator.id):
            names[_key(text)] = indicator.id
    return names


def _units(catalogue: Catalogue) -> set[str]:
    every = {u for i in catalogue.indicators.values() for u in (i.unit, *i.breakdown_units.values())}
    return every | {"%"}


def _split_bracket(text: str, units: set[str]) -> tuple[str, str]:
    """A heading or name and the unit in brackets behind it: 办理数（万件） -> (办理数, 万件)."""
    match = re.fullmatch(r"(.*?)[(\[](?:单位:)?([^()\[\]]+)[)\]]", tidy(text))
    if match and split_unit(match[2])[1] in units:
        return match[1].strip(), match[2].strip()
    return tidy(text), ""


def _find_indicator(text: str, names: dict[str, str], units: set[str]) -> tuple[str, str] | None:
    """Indicator id and unit in brackets, or None."""
    if _key(text) in names:
        return names[_key(text)], ""
    bare, unit = _split_bracket(text, units)
    return (names[_key(bare)], unit) if _key(bare) in names else None


def _nearest(text: str, shown: dict[str, str]) -> str:
    """The names that look most like `text` (`shown`: written -> official), as the end of a sentence."""
    close = process.extract(_key(text), list(shown), scorer=fuzz.ratio, limit=8, score_cutoff=40)
    names = list(dict.fromkeys(shown[found] for found, _, _ in close))[:3]
    return f"，最接近的是{'、'.join(names)}" if names else ""


# ------------------------------------------------------------------------------------------------ understanding a table


def understand(table: RawTable, catalogue: Catalogue, *, growth: bool = False) -> Understanding:
    """Which column is what, from the headings alone; only where no heading names a region, from the cells."""
    fields = {column: name for column in table.columns if (name := heading(column))}
    units = _units(catalogue)
    for column, name in list(fields.items()):
        if name in ("value", "numerator", "denominator") and re.search(r"[)\]]$", tidy(column)):
            if not _split_bracket(column, units)[1]:
                del fields[column]  # 数值（上年同期） is not the value
        elif name == "base_indicator" and not growth:
            fields[column] = "ignored"
    if growth and "base_indicator" in fields.values():
        fields = {c: "ignored" if name in ("indicator", "indicator_id") else name for c, name in fields.items()}
    if not {"region", "region_code"} & set(fields.values()):
        fields = _with_region(table, fields, catalogue)
    figures: dict[str, Figures] = {}
    rest = [c for c in table.columns if c not in fields and not _is_blank(table, c)]
    if "value" not in fields.values():
        names = indicator_names(catalogue)
        figures = {c: found for c in rest if (found := _figures(c, catalogue, names, units)) is not None}
    return Understanding(
        form="wide" if figures else "long",
        fields=fields,
        figures=figures,
        unknown=[column for column in rest if column not in figures],
        period=_period_label(table.sheet),
    )


def _is_blank(table: RawTable, column: str) -> bool:
    """Whether a column has neither heading nor cells: one that only gives the sheet some air."""
    return column.startswith("（第") and not table.rows[column].str.strip().any()


def _with_region(table: RawTable, fields: dict[str, str], catalogue: Catalogue) -> dict[str, str]:
    """The fields with a region among them: the leagues' column, else the first whose cells are mostly regions."""
    parents = [column for column, name in fields.items() if name == "parent"]
    if parents:
        return {**fields, **dict.fromkeys(parents, "region")}
    names = region_names(catalogue)
    for column in table.columns:
        if fields.get(column, "unit") in ("unit", "ignored"):
            cells = {_key(text) for text in table.rows[column].unique()} - {""}
            if cells and 2 * len(cells & names.keys()) >= len(cells):
                return {**fields, column: "region"}
    return fields


def _period_label(text: str) -> str | None:
    try:
        return parse_period(text).label
    except ValueError:
        return None


def _figures(column: str, catalogue: Catalogue, names: dict[str, str], units: set[str]) -> Figures | None:
    """What a heading like 2023年／行政复议案件办理数（件） says; None unless every part of it is understood."""
    found: dict[str, str] = {}
    for part in re.sub(r"【\d+】$", "", column).split("／"):
        understood = _heading_part(part, catalogue, names, units, found.get("indicator"))
        if understood is None or set(understood) & set(found):
            return None
        found |= understood
    if not {"indicator", "period"} & set(found):
        return None
    return Figures(**found)


def _heading_part(
    part: str, catalogue: Catalogue, names: dict[str, str], units: set[str], indicator_id: str | None
) -> dict[str, str] | None:
    indicator = _find_indicator(part, names, units)
    if indicator is not None:
        return {"indicator": indicator[0]} | ({"unit": indicator[1]} if indicator[1] else {})
    bare, unit = _split_bracket(part, units)
    with_unit = {"unit": unit} if unit else {}
    period = _period_label(bare)
    if period is not None:
        return {"period": period, **with_unit}
    if _PART_OF_YEAR.fullmatch(bare):
        return {"period": bare, **with_unit}
    if split_unit(bare)[1] in units:
        return {"unit": bare}
    if FIELD_OF.get(_key(bare)) == "value":
        return with_unit
    if indicator_id and bare in catalogue.indicators[indicator_id].breakdown_units:
        return {"breakdown": bare, **with_unit}
    joined = re.fullmatch(r"(\d{4}.*?(?:年度?|季度|月|半年|Q[1-4]))的?(.+)", bare)
    if joined and _period_label(joined[1]) and (after := _find_indicator(joined[2], names, units)):
        return {"period": str(_period_label(joined[1])), "indicator": after[0], **with_unit}
    bracket = re.fullmatch(r"(.+?)[(:：](.+?)\)?", bare)
    if bracket and (before := _find_indicator(bracket[1], names, units)):
        if bracket[2] in catalogue.indicators[before[0]].breakdown_units:
            return {"indicator": before[0], "breakdown": bracket[2], **with_unit}
        if _period_label(bracket[2]):
            return {"indicator": before[0], "period": str(_period_label(bracket[2])), **with_unit}
    return None


def _table_faults(table: RawTable, known: Understanding, catalogue: Catalogue, given: dict[str, object]) -> list[str]:
    """What keeps a table from being read at all, each as a sentence; `given`: indicator, period, source as defaults."""
    absent = [c for c in [*known.fields, *known.figures] if c not in table.columns]
    if absent:
        raise UserError(f"{table.file}：表里没有“{'”“'.join(absent)}”列")
    faults = []
    by_field: dict[str, list[str]] = {}
    for column, name in known.fields.items():
        by_field.setdefault(name, []).append(column)
    for name, columns in by_field.items():
        if len(columns) > 1 and name not in ("ignored", "note"):
            faults.append(f"“{'”“'.join(columns)}”都像{FIELD_NAMES[name]}列，请指定用哪一列")
    if not {"region", "region_code"} & by_field.keys():
        faults.append("没有认出地区列（表头如“地区”“区划代码”）")
    names = indicator_names(catalogue)
    regions = region_names(catalogue)
    across = [c for c in table.columns if c not in known.fields and _key(c) in regions]
    if len(across) >= 2:
        faults.append("地区横着排在表头里，请转置成一行一个地区")
    elif (known.form == "wide" and not known.figures) or (known.form == "long" and "value" not in by_field):
        faults.append("没有认出数值列（表头如“数值”，或指标名称、期间）")
    figures = known.figures.values() if known.form == "wide" else [Figures()]
    key_indicator = {"indicator", "indicator_id", "base_indicator"} & by_field.keys()
    if any(f.indicator is None for f in figures) and not key_indicator and given["indicator"] is None:
        faults.append("没有认出指标列（表头如“指标”），请指定指标")
    wrong = {f.indicator for f in figures if f.indicator is not None} - set(names.values())
    faults += [f"目录里没有指标“{i}”" for i in sorted(wrong)]
    has_period = "period" in by_field or given["period"] is not None
    whole = [f for f in figures if f.period is not None and not _PART_OF_YEAR.fullmatch(f.period)]
    if len(whole) < len(list(figures)) and not has_period:
        hint = "、".join(dict.fromkeys(re.findall(r"\d{4}年?[^，。：\s]{0,8}", " ".join(table.notes))))
        faults.append("没有认出期间列（表头如“期间”“年份”），请指定期间" + (f"；表头上方写着{hint}" if hint else ""))
    if whole and "period" in by_field:
        faults.append("表头里有期间，又有期间列，请指定用哪一个")
    if "source" not in by_field and given["source"] is None:
        faults.append("没有来源：请填“来源”列，或在导入时指定来源")
    return faults


# ------------------------------------------------------------------------------------------------------- the cells


@dataclass(frozen=True)
class _Texts:
    """A column of texts as codes into its different texts, so that each is looked at once."""

    codes: np.ndarray
    different: pd.Series

    @staticmethod
    def of(texts: pd.Series) -> "_Texts":
        codes, different = pd.factorize(texts)
        return _Texts(codes, pd.Series(different, dtype="str"))

    @staticmethod
    def same(text: str, n: int) -> "_Texts":
        return _Texts(np.zeros(n, dtype=np.int64), pd.Series([text], dtype="str"))

    def at(self, i: int) -> str:
        return str(self.different.iloc[self.codes[i]])

    def repeat(self, times: int) -> "_Texts":
        return _Texts(np.tile(self.codes, times), self.different)

    def map(self, translate: Callable[[str], str]) -> "_Texts":
        """Other texts instead, each different one once (`map(str)` does only that)."""
        codes, different = pd.factorize(pd.Series(list(map(translate, self.different)), dtype="str"))
        return _Texts(codes[self.codes] if len(codes) else self.codes, pd.Series(different, dtype="str"))

    def blank(self) -> np.ndarray:
        return (self.different.str.strip() == "").to_numpy(dtype=bool)[self.codes]

    def series(self) -> pd.Series:
        return self.different.take(self.codes).reset_index(drop=True)


def _combine(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the different combinations, and for each the first place where it stands."""
    codes = columns[0].astype(np.int64)
    for column in columns[1:]:
        codes, _ = pd.factorize(codes * (int(column.max(initial=0)) + 1) + column)
    codes, different = pd.factorize(codes)
    first = np.zeros(len(different), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, first


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a text; `near` (text, written -> official) is looked up only when the finding is shown."""

    column: str
    found: str
    message: str
    expected: str = ""
    near: tuple[str, dict[str, str]] | None = None

    def describe(self) -> tuple[str, str, str, str]:
        nearest = _nearest(*self.near) if self.near else ""
        return self.column, self.found, self.expected, self.message + nearest


Describe = Callable[[int], _Fault]


class _Rejects:
    """Which figures are rejected, and why; the findings are put into words only when they are asked for."""

    def __init__(self, n: int) -> None:
        self.mask = np.zeros(n, dtype=bool)
        self.entries: list[tuple[np.ndarray, Describe]] = []

    def add(self, wrong: np.ndarray, describe: Describe) -> None:
        """Rejects the figures where `wrong`; `describe(i)` says what is wrong with figure i."""
        places = np.flatnonzero(wrong)
        if len(places):
            self.mask[places] = True
            self.entries.append((places, describe))

    def add_each(self, codes: np.ndarray, results: list[str | _Fault]) -> _Texts:
        """Rejects where the result is a fault; gives the other results as texts."""
        wrong = np.array([isinstance(result, _Fault) for result in results], dtype=bool)
        faults = {k: result for k, result in enumerate(results) if isinstance(result, _Fault)}
        if faults:
            self.add(wrong[codes], lambda i: faults[int(codes[i])])
        texts = _Texts(codes, pd.Series(["" if isinstance(r, _Fault) else r for r in results], dtype="str"))
        return texts.map(str)

    def findings(self, table: RawTable, rows: np.ndarray) -> list[Finding]:
        """The findings by row, each once, the first MAX_FINDINGS of them."""
        if not self.entries:
            return []
        places = np.concatenate([p for p, _ in self.entries])
        rules = np.repeat(np.arange(len(self.entries)), [len(p) for p, _ in self.entries])
        found: dict[Finding, None] = {}
        for k in np.lexsort((rules, places, rows[places])):
            column, text, expected, message = self.entries[rules[k]][1](int(places[k])).describe()
            row, text = int(rows[places[k]]), text[:200]
            found[Finding(table.file, table.sheet, row, column, text, expected, message)] = None
            if len(found) == MAX_FINDINGS:
                message = f"共有{int(self.mask.sum())}行未通过，这里只列出前{MAX_FINDINGS}条，改正后请重新校验"
                found[Finding(table.file, table.sheet, None, "", "", "", message)] = None
                break
        return list(found)


@dataclass(frozen=True)
class _Parsed:
    """The different texts of a column of numbers, parsed; arrays over the different texts.

    `value` float64 (NaN: none), `exact` the Decimals of those that are not plain digits, `decimals` as printed,
    `state` index into STATES, `qualifier` index into QUALIFIED, `suffix` index into `suffixes`: the unit behind the
    number, `scaled`: 万 or 亿 stood there, `wrong`: why a text is no number.
    """

    texts: _Texts
    value: np.ndarray
    exact: dict[int, Decimal]
    decimals: np.ndarray
    state: np.ndarray
    qualifier: np.ndarray
    suffix: np.ndarray
    suffixes: list[str]
    scaled: np.ndarray
    wrong: dict[int, str]


STATES = ("", NOT_APPLICABLE, NOT_REPORTED)
QUALIFIED = ("", *QUALIFIERS)
PLAIN = r"^-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,12})?$"


def _parse(texts: _Texts) -> _Parsed:
    """Plain digits all at once, the others one by one."""
    different = texts.different
    n = len(different)
    plain = different.str.match(PLAIN).to_numpy(dtype=bool)
    value = np.full(n, np.nan)
    value[plain] = pc.cast(pa.array(different[plain], type=pa.large_string()), pa.float64()).to_numpy()
    decimals = np.zeros(n, dtype=np.int64)
    decimals[plain] = different[plain].str.replace(r"^[^.]*\.?", "", regex=True).str.len().to_numpy()
    state, qualifier, suffix = (np.zeros(n, dtype=np.int64) for _ in range(3))
    scaled = np.zeros(n, dtype=bool)
    exact: dict[int, Decimal] = {}
    wrong: dict[int, str] = {}
    suffixes = {"": 0}
    for k, text in zip(np.flatnonzero(~plain), different[~plain].tolist(), strict=True):
        missing = missing_state(text)
        if missing is not None:
            state[k] = STATES.index(missing)
            continue
        try:
            number = parse_number(text)
        except ValueError as error:
            wrong[int(k)] = str(error)
            continue
        exact[int(k)] = number.value
        value[k] = float(number.value)
        decimals[k] = len(re.split("[.]", re.sub(r"[^0-9.]", "", tidy(text)))[-1]) if "." in tidy(text) else 0
        qualifier[k] = QUALIFIED.index(number.qualifier)
        suffix[k] = suffixes.setdefault(number.unit, len(suffixes))
        scaled[k] = re.search("[十百千万亿]", text) is not None and number.unit != "%"
    return _Parsed(texts, value, exact, decimals, state, qualifier, suffix, list(suffixes), scaled, wrong)


# ------------------------------------------------------------------------------------------------------- validating


def validate(
    table: RawTable,
    catalogue: Catalogue,
    *,
    dataset: str,
    status: str,
    source_id: str | None = None,
    default_period: str | None = None,
    default_indicator: str | None = None,
    understanding: Understanding | None = None,
    growth: bool = False,
) -> Validated:
    """Checks every row of a table and gives the good ones as observations, the others as findings.

    `status` is what accepted figures get (published, reported, simulated); a missing one gets its own state, one that
    is computed from 分子 and 分母 gets `computed`. `source_id`, `default_period`, `default_indicator` (id or name)
    stand in where the table has no such column; the source given need not be in the catalogue yet. With `growth` the
    values are growth rates in percent of the base indicator: no rule of its unit, range or whole numbers holds.

    Raises UserError when one of the defaults, or a column of `understanding`, does not exist.
    """
    known = understanding or understand(table, catalogue, growth=growth)
    period = _given_period(default_period) or known.period
    indicator = _given_indicator(default_indicator, catalogue)
    faults = _table_faults(table, known, catalogue, {"indicator": indicator, "period": period, "source": source_id})
    stray = _stray(table, known)
    outside = int(stray.to_numpy().sum()) if known.form == "wide" else 0
    if faults:
        rows_in = len(table.rows) * max(len(known.figures), 1) + outside
        findings = [Finding(table.file, table.sheet, None, "", "", "", fault) for fault in faults]
        return Validated(_observations({}, np.zeros(0, dtype=bool)), findings, rows_in, 0, rows_in)

    check = _Check(table, catalogue, known, growth)
    columns = check.observations(
        period=period, indicator=indicator, source_id=source_id, status=status, dataset=dataset, stray=stray
    )
    mask = check.rejects.mask
    observations = _observations(columns, ~mask)
    findings = check.rejects.findings(table, check.rows) + _stray_findings(table, known, stray)
    return Validated(observations, findings, len(mask) + outside, len(observations), int(mask.sum()) + outside)


def _given_period(text: str | None) -> str | None:
    try:
        return parse_period(text).label if text else None
    except ValueError as error:
        raise UserError(f"指定的期间“{text}”有误：{error}") from None


def _given_indicator(text: str | None, catalogue: Catalogue) -> str | None:
    if not text:
        return None
    found = _find_indicator(text, indicator_names(catalogue), _units(catalogue))
    if found is None:
        raise UserError(f"目录里没有指标“{text}”{_nearest(text, _shown_indicators(catalogue))}")
    return found[0]


def _shown_indicators(catalogue: Catalogue) -> dict[str, str]:
    return {name: catalogue.indicators[i].name for name, i in indicator_names(catalogue).items()}


def _stray(table: RawTable, known: Understanding) -> pd.DataFrame:
    """Where cells stand that belong to nothing: below no heading, or, in a wide table, in an unknown column."""
    columns = [c for c in known.unknown if known.form == "wide" or c.startswith("（第")]
    return pd.DataFrame({c: (table.rows[c].str.strip() != "").to_numpy() for c in columns}, index=table.rows.index)


def _stray_findings(table: RawTable, known: Understanding, stray: pd.DataFrame) -> list[Finding]:
    findings = []
    for column in stray.columns if known.form == "wide" else ():
        rows = stray.index[stray[column]]
        if len(rows):
            headless = column.startswith("（第")
            row = int(rows[0]) if headless else table.header_row
            found = table.rows.at[row, column] if headless else column
            message = f"不认识这一列，其中{len(rows)}个单元格未读入；请指定它的指标或期间，或设为不使用"
            findings.append(Finding(table.file, table.sheet, row, column, found, "", message))
    return findings


def _observations(columns: dict[str, "_Texts | np.ndarray"], loaded: np.ndarray) -> pd.DataFrame:
    """The accepted figures, in the types of `Validated`."""
    kinds = dict.fromkeys(("value", "numerator", "denominator"), "float64")
    kinds |= dict.fromkeys(("period_start", "period_end"), "datetime64[us]")
    made: dict[str, pd.Series] = {}
    for name in COLUMNS:
        column = columns.get(name)
        if isinstance(column, _Texts):
            column = column.different.take(column.codes[loaded]).reset_index(drop=True)
        elif column is not None:
            column = column[loaded]
        made[name] = pd.Series([] if column is None else column, dtype=kinds.get(name, "str"))
    return pd.DataFrame(made)


class _Check:
    """One run over one table. A figure is a row (long) or a cell (wide: figure i stands in row i % height)."""

    def __init__(self, table: RawTable, catalogue: Catalogue, known: Understanding, growth: bool) -> None:
        self.table, self.catalogue, self.known, self.growth = table, catalogue, known, growth
        self.wide = known.form == "wide"
        self.columns = list(known.figures) if self.wide else [known.column_of("value") or ""]
        self.height = len(table.rows)
        self.rows = np.tile(table.rows.index.to_numpy(), len(self.columns))
        self.across = np.repeat(np.arange(len(self.columns)), self.height)  # which of `columns` a figure stands in
        self.rejects = _Rejects(len(self.rows))
        self.unit_set = _units(catalogue)

    def observations(
        self,
        *,
        period: str | None,
        indicator: str | None,
        source_id: str | None,
        status: str,
        dataset: str,
        stray: pd.DataFrame,
    ) -> dict[str, "_Texts | np.ndarray"]:
        """All columns of the observations, of rejected figures too; `rejects` tells which these are."""
        self.faults_of_reader()
        regions = self.regions()
        indicators, bracket_units = self.indicators(indicator)
        breakdowns = self.breakdowns()
        periods, starts, ends = self.periods(period)
        sources = self.sources(source_id)
        wanted = self.wanted_units(indicators, breakdowns)
        stated = self.stated_units(bracket_units)

        parsed = _parse(self.value_texts())
        codes = parsed.texts.codes
        wrong = np.isin(codes, list(parsed.wrong)) if parsed.wrong else np.zeros(len(codes), dtype=bool)
        self.rejects.add(wrong, lambda i: self.value_fault(i, parsed.wrong[int(codes[i])], "一个数，或未报、不适用"))
        value, factors = self.converted(parsed, stated, wanted)
        qualifiers = self.qualifiers(parsed)
        numerator, denominator, exact = self.parts()

        kinds = self.kinds(indicators)
        blank = parsed.texts.blank()
        state = self.states(parsed.state[codes], blank, dataset)
        computed = blank & (state == STATES.index(NOT_REPORTED)) & np.isin(kinds, ("rate", "ratio"))
        computed &= np.isfinite(numerator) & (denominator > 0) & (not self.growth)
        state = np.where(computed, 0, state)
        value = np.where(computed, self.rates(indicators, numerator, denominator), value)
        if self.growth:
            self.rejects.add(state > 0, lambda i: self.value_fault(i, "同比增长率不能空着", "一个数"))
        else:
            bare = np.array([s != "%" for s in parsed.suffixes])[parsed.suffix[codes]] & ~computed
            exact &= (parsed.qualifier[codes] == 0) & ~computed
            self.rules(kinds, wanted, value, bare, parsed.decimals[codes])
            self.part_rules(kinds, value, numerator, denominator, exact, parsed.decimals[codes])
        both = (state > 0) & np.isfinite(numerator) & (denominator > 0)
        self.rejects.add(
            both, lambda i: self.value_fault(i, "没有数值，却有分子、分母", "数值，或留空由分子、分母算出")
        )
        confidence = self.confidence(sources)
        if not self.wide and stray.shape[1]:
            self.rejects.add(stray.any(axis=1).to_numpy(), lambda i: self.stray_fault(stray, i))
        statuses = _Texts(np.where(computed, 3, state), pd.Series([status, *STATES[1:], "computed"], dtype="str"))
        self.duplicates([regions, indicators, breakdowns, periods, sources], [value, numerator, denominator], statuses)
        return {
            "region_code": regions,
            "indicator_id": indicators,
            "breakdown": breakdowns,
            "period": periods,
            "period_start": starts,
            "period_end": ends,
            "value": value,
            "unit": wanted,
            "qualifier": qualifiers,
            "numerator": numerator,
            "denominator": denominator,
            "status": statuses,
            "source_id": sources,
            "published_as": self.published_as(parsed, stated, factors, computed),
            "confidence": confidence,
            "note": self.texts("note").map(str.strip),
        }

    # -------------------------------------------------------------------------------------------- columns as texts

    def texts(self, name: str) -> _Texts:
        """The texts of a field, one a figure; blank where the table has no such column."""
        column = self.known.column_of(name)
        if column is None:
            return _Texts.same("", len(self.rows))
        return _Texts.of(self.table.rows[column]).repeat(len(self.columns))

    def column(self, *names: str) -> str:
        """The heading of the first of these fields that the table has."""
        return next((c for name in names if (c := self.known.column_of(name)) is not None), "")

    def value_texts(self) -> _Texts:
        return _Texts.of(pd.concat([self.table.rows[c] for c in self.columns], ignore_index=True))

    def value_fault(self, i: int, message: str, expected: str = "") -> _Fault:
        column = self.columns[int(self.across[i])]
        return _Fault(column, str(self.table.rows[column].iloc[i % self.height]), message, expected)

    def figure(self, part: Callable[[Figures], str]) -> list[str]:
        """What the headings of the figures' columns say, one text a column."""
        return [part(self.known.figures[c]) if self.wide else "" for c in self.columns]

    # ---------------------------------------------------------------------------------------------- what a row names

    def faults_of_reader(self) -> None:
        """Rejects what the reader could not read: a whole row, or one cell of it."""
        faults = pd.DataFrame(self.table.faults, columns=["row", "column", "message"])
        for column, group in faults.groupby("column", sort=False):
            if column in self.known.unknown or self.known.fields.get(str(column)) == "ignored":
                continue
            messages = dict(zip(group["row"], group["message"], strict=True))
            wrong = np.isin(self.rows, group["row"])
            if column in self.columns:
                wrong &= self.across == self.columns.index(column)
            self.rejects.add(wrong, partial(self.reader_fault, str(column), messages))

    def reader_fault(self, column: str, messages: dict[int, str], i: int) -> _Fault:
        return _Fault(column, self.texts_at(column, i) if column else "", messages[int(self.rows[i])])

    def regions(self) -> _Texts:
        """Region codes: by code or name, the two agreeing, the league's column telling namesakes apart."""
        names = region_names(self.catalogue)
        shown = {n: self.catalogue.regions[c].name for n, codes in names.items() for c in codes if not n.isdigit()}
        code, name, parent = (self.texts(f) for f in ("region_code", "region", "parent"))
        codes, first = _combine(code.codes, name.codes, parent.codes)
        columns = self.column("region_code"), self.column("region"), self.column("parent")

        def resolve(texts: tuple[str, str, str]) -> str | _Fault:
            fits: set[str] | None = None
            for text, column in zip(texts[:2], columns[:2], strict=True):
                if not text.strip():
                    continue
                found = set(names.get(_key(text), ()))
                if not found:
                    return _Fault(column, text, "没有这个地区", "目录里的地区名称或六位代码", (text, shown))
                if fits is not None and not fits & found:
                    return _Fault(column, text, "区划代码与地区名称不一致", self.listed(fits))
                fits = found if fits is None else fits & found
            if fits is None:
                return _Fault(columns[1] or columns[0], "", "没有写地区", "目录里的地区名称或六位代码")
            text = texts[1] if texts[1].strip() else texts[0]
            if texts[2].strip():
                above = set(names.get(_key(texts[2]), ()))
                if not above:
                    return _Fault(columns[2], texts[2], "没有这个地区", "盟市名称", (texts[2], shown))
                inside = {c for c in fits if above & {c, self.catalogue.regions[c].parent}}
                if not inside:
                    return _Fault(columns[2], texts[2], f"“{text}”不在这里", self.listed(fits))
                fits = inside
            if len(fits) > 1:
                several = f"不止一个地区叫这个名字：{self.listed(fits)}"
                return _Fault(columns[1] or columns[0], text, several, "区划代码")
            return next(iter(fits))

        rows = zip(*(_pick(t, first) for t in (code, name, parent)), strict=True)
        return self.rejects.add_each(codes, [resolve(texts) for texts in rows])

    def listed(self, codes: Iterable[str]) -> str:
        """Regions as people tell them apart: 东河区（包头市，150202）."""
        shown = []
        for region in (self.catalogue.regions[code] for code in sorted(codes)):
            parent = f"{self.catalogue.regions[region.parent].name}，" if region.parent else ""
            shown.append(f"{region.name}（{parent}{region.code}）")
        return "、".join(shown)

    def indicators(self, given: str | None) -> tuple[_Texts, _Texts]:
        """Indicator ids, and the units that stood in brackets behind their names."""
        names, shown = indicator_names(self.catalogue), _shown_indicators(self.catalogue)
        fields = ("base_indicator",) if self.known.column_of("base_indicator") else ("indicator_id", "indicator")
        texts = [self.texts(f) for f in fields]
        columns = [self.column(f) for f in fields]
        across = self.figure(lambda f: f.indicator or "")
        absent = not any(columns)
        codes, first = _combine(self.across, *(t.codes for t in texts))

        def resolve(place: int, row: tuple[str, ...]) -> tuple[str | _Fault, str]:
            found = [(names[_key(across[place])], "")] if across[place] else []
            if absent and not found and given:
                return given, ""
            for text, column in zip(row, columns, strict=True):
                if text.strip():
                    plain = re.sub("_yoy$", "", text.strip()) if self.growth else text
                    one = _find_indicator(plain, names, self.unit_set)
                    if one is None:
                        return _Fault(column, text, "没有这个指标", "目录里的指标名称或编号", (text, shown)), ""
                    if found and found[0][0] != one[0]:
                        other = self.catalogue.indicators[found[0][0]].name
                        return _Fault(column, text, "与另一处写的指标不一致", other), ""
                    found.append(one)
            if not found:
                return _Fault(next(filter(None, columns), ""), "", "没有写指标", "目录里的指标名称或编号"), ""
            return found[0][0], next((unit for _, unit in found if unit), "")

        rows = zip(*(_pick(t, first) for t in texts), strict=True)
        results = [resolve(int(self.across[i]), row) for i, row in zip(first, rows, strict=True)]
        ids = self.rejects.add_each(codes, [result for result, _ in results])
        return ids, _Texts(codes, pd.Series([unit for _, unit in results], dtype="str"))

    def breakdowns(self) -> _Texts:
        column = self.texts("breakdown").map(lambda t: "" if tidy(t) in _TOTAL_WORDS else t.strip())
        across = self.figure(lambda f: f.breakdown)
        if not any(across):
            return column
        codes, first = _combine(self.across, column.codes)
        results: list[str | _Fault] = []
        for i, text in zip(first, _pick(column, first), strict=True):
            heading_says = across[int(self.across[i])]
            if text and heading_says and text != heading_says:
                results.append(_Fault(self.column("breakdown"), text, "与表头里的分项不一致", heading_says))
            else:
                results.append(text or heading_says)
        return self.rejects.add_each(codes, results)

    def periods(self, given: str | None) -> tuple[_Texts, np.ndarray, np.ndarray]:
        """Period labels, first and last days; 季度 and 月份 columns, or headings, are put behind the year."""
        base, quarter, month = (self.texts(f) for f in ("period", "quarter", "month"))
        column = self.column("period", "quarter", "month")
        across = self.figure(lambda f: f.period or "")
        starts, ends = (self.texts(f) for f in ("period_start", "period_end"))
        parts = (base, quarter, month, starts, ends)
        codes, first = _combine(self.across, *(t.codes for t in parts))
        absent = self.known.column_of("period") is None

        def resolve(heading_says: str, texts: tuple[str, ...]) -> Period | _Fault:
            year = (given or "") if absent else texts[0]
            written = [part for part in (_quarter(texts[1]), _month(texts[2]), heading_says) if part]
            found = "".join(t for t in texts[:3]) or heading_says
            try:
                period = _compose(year, written)
            except ValueError as error:
                return _Fault(column or self.columns[0], found, str(error))
            for text, day, name in [(texts[3], period.start, "period_start"), (texts[4], period.end, "period_end")]:
                if text.strip() and _day(text) != day:
                    return _Fault(self.column(name), text, f"与期间“{period.label}”不一致", day.isoformat())
            return period

        rows = zip(*(_pick(t, first) for t in parts), strict=True)
        results = [resolve(across[int(self.across[i])], row) for i, row in zip(first, rows, strict=True)]
        labels = self.rejects.add_each(codes, [r if isinstance(r, _Fault) else r.label for r in results])
        days = [(None, None) if isinstance(r, _Fault) else (r.start, r.end) for r in results]
        start, end = (np.array(side, dtype="datetime64[us]")[codes] for side in zip(*days, strict=True))
        return labels, start, end

    def sources(self, given: str | None) -> _Texts:
        """Source ids, found by id or title; the one given where the cell is blank."""
        sources = self.catalogue.sources
        names: dict[str, set[str]] = {}
        for source, title in zip(sources["id"], sources["title"], strict=True):
            names.setdefault(_key(source), set()).add(source)
            names.setdefault(_key(title), set()).add(source)
        if given:
            names[_key(given)] = {given}
        titles = dict(zip(sources["id"], sources["title"], strict=True))
        shown = {name: f"{i}（{titles.get(i, i)}）" for name, ids in names.items() for i in ids}
        texts, column = self.texts("source"), self.column("source")

        def resolve(text: str) -> str | _Fault:
            if not text.strip():
                return given or _Fault(column, "", "没有来源", "来源编号或文件标题")
            found = sorted(names.get(_key(text), ()))
            if len(found) == 1:
                return found[0]
            if found:
                return _Fault(column, text, f"不止一个来源叫这个名字：{'、'.join(found)}", "来源编号")
            return _Fault(column, text, "没有这个来源", "目录里的来源编号或文件标题", (text, shown))

        return self.rejects.add_each(texts.codes, [resolve(t) for t in texts.different])

    def confidence(self, sources: _Texts) -> _Texts:
        """As the column says, else that of the source; high for a source that the table brings itself."""
        known = dict(zip(self.catalogue.sources["id"], self.catalogue.sources["confidence"], strict=True))
        texts, column = self.texts("confidence"), self.column("confidence")
        codes, first = _combine(texts.codes, sources.codes)
        results: list[str | _Fault] = []
        for text, source in zip(_pick(texts, first), _pick(sources, first), strict=True):
            plain = tidy(text).lower()
            if plain and plain not in _CONFIDENCE:
                results.append(_Fault(column, text, "不认识这个可信度", "高、中、低"))
            else:
                results.append(_CONFIDENCE[plain] if plain else known.get(source, "high"))
        return self.rejects.add_each(codes, results)

    # -------------------------------------------------------------------------------------------------- units, numbers

    def wanted_units(self, indicators: _Texts, breakdowns: _Texts) -> _Texts:
        """The catalogue's unit of every figure; % for growth."""
        if self.growth:
            return _Texts.same("%", len(self.rows))
        codes, first = _combine(indicators.codes, breakdowns.codes)
        known = self.catalogue.indicators
        pairs = zip(_pick(indicators, first), _pick(breakdowns, first), strict=True)
        units = pd.Series([known[i].unit_of(b) if i else "" for i, b in pairs], dtype="str")
        return _Texts(codes, units).map(str)

    def stated_units(self, bracket_units: _Texts) -> _Texts:
        """The unit that stands in a column or in brackets in a heading or name; two that differ are a fault."""
        column = self.texts("unit")
        across = [_split_bracket(c, self.unit_set)[1] for c in self.columns]
        across = [f or b for f, b in zip(self.figure(lambda f: f.unit), across, strict=True)]
        codes, first = _combine(self.across, column.codes, bracket_units.codes)
        results: list[str | _Fault] = []
        for i, text, bracket in zip(first, _pick(column, first), _pick(bracket_units, first), strict=True):
            said = list(dict.fromkeys(u for u in (tidy(text), bracket, across[int(self.across[i])]) if u))
            if len(said) > 1:
                results.append(_Fault(self.column("unit"), text, f"两处单位不一致：{'、'.join(said)}", "同一个单位"))
            else:
                results.append(said[0] if said else "")
        return self.rejects.add_each(codes, results)

    def converted(self, parsed: _Parsed, stated: _Texts, wanted: _Texts) -> tuple[np.ndarray, np.ndarray]:
        """Values in the catalogue's units, and what each was multiplied by; rejects what counts something else."""
        of_text = parsed.texts.codes
        codes, first = _combine(parsed.suffix[of_text], parsed.scaled[of_text], stated.codes, wanted.codes)
        pairs = zip(first, _pick(stated, first), _pick(wanted, first), strict=True)
        factors: list[Decimal] = []
        wrong: dict[int, str] = {}
        for k, (i, said, unit) in enumerate(pairs):
            suffix, scaled = parsed.suffixes[parsed.suffix[of_text[i]]], bool(parsed.scaled[of_text[i]])
            try:
                factors.append(self.factor(suffix, scaled, said, unit) if unit else Decimal(1))
            except ValueError as error:
                factors.append(Decimal(1))
                wrong[k] = str(error)
        if wrong:
            self.rejects.add(
                np.isin(codes, list(wrong)),
                lambda i: self.value_fault(i, wrong[int(codes[i])], f"以“{wanted.at(i)}”为单位的数"),
            )
        value = parsed.value[of_text]
        scale = np.array([float(f) for f in factors])[codes]
        moved = np.flatnonzero((scale != 1) & np.isfinite(value))
        if len(moved):
            pair, places = _combine(of_text[moved], codes[moved])
            texts = parsed.texts.different
            exact = []
            for i in moved[places]:
                k = int(of_text[i])
                number = parsed.exact[k] if k in parsed.exact else Decimal(str(texts.iloc[k]))
                exact.append(float(number * factors[codes[i]]))
            value[moved] = np.array(exact)[pair]
        return value, scale

    def factor(self, suffix: str, scaled: bool, said: str, wanted: str) -> Decimal:
        """What a number is multiplied by. Raises ValueError where units contradict each other or the catalogue."""
        factor, base = split_unit(said)
        if (suffix or scaled) and said and factor != 1:
            raise ValueError(f"数值里已写单位或“万”“亿”，另一处又写了“{said}”，请只写一处")
        if suffix:
            if said and split_unit(suffix)[1] != base:
                raise ValueError(f"数值里写的单位是“{suffix}”，另一处写的是“{said}”")
            return convert(Decimal(1), suffix, wanted)
        if said:
            return convert(Decimal(1), said, wanted)
        if scaled:
            return Decimal(1)
        above = re.split("[、,，/／;；和及 ]+", self.table.unit)
        return next((f for f, b in map(split_unit, above) if b == split_unit(wanted)[1] and b), Decimal(1))

    def qualifiers(self, parsed: _Parsed) -> _Texts:
        """余, 多, 超, 近 or 约, as in the number or in a column of its own."""
        texts, column = self.texts("qualifier"), self.column("qualifier")
        in_number = parsed.qualifier[parsed.texts.codes]
        codes, first = _combine(texts.codes, in_number)
        results: list[str | _Fault] = []
        for i, text in zip(first, _pick(texts, first), strict=True):
            said, own = _QUALIFIERS.get(tidy(text)), QUALIFIED[in_number[i]]
            if said is None:
                results.append(_Fault(column, text, "不认识这个约数词", "、".join(QUALIFIERS)))
            elif said and own and said != own:
                results.append(_Fault(column, text, f"与数值里的“{own}”不一致", own))
            else:
                results.append(said or own)
        return self.rejects.add_each(codes, results)

    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Numerators, denominators (NaN: none), and whether both are exact."""
        sides = []
        exact = np.ones(len(self.rows), dtype=bool)
        for name in ("numerator", "denominator"):
            parsed, column = _parse(self.texts(name)), self.column(name)
            codes, texts = parsed.texts.codes, parsed.texts.different
            of_text = codes.copy()
            reasons = dict(parsed.wrong)
            per_cent = parsed.suffixes.index("%") if "%" in parsed.suffixes else -1
            for wrong, why in [(parsed.suffix == per_cent, "应是个数，不是百分数"), (parsed.value < 0, "不能为负")]:
                reasons |= dict.fromkeys(map(int, np.flatnonzero(wrong)), f"分子、分母{why}")
            results: list[str | _Fault] = [
                _Fault(column, str(texts.iloc[k]), reasons[k], "一个不小于0的数") if k in reasons else ""
                for k in range(len(texts))
            ]
            self.rejects.add_each(of_text, results)
            sides.append(parsed.value[codes])
            exact &= parsed.qualifier[codes] == 0
        return sides[0], sides[1], exact

    # ----------------------------------------------------------------------------------------------------- the rules

    def kinds(self, indicators: _Texts) -> np.ndarray:
        known = self.catalogue.indicators
        return np.array([known[i].kind if i else "" for i in indicators.different], dtype="U8")[indicators.codes]

    def rates(self, indicators: _Texts, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        """Rates in percent from their parts, rounded to the catalogue's decimals."""
        decimals = [self.catalogue.indicators[i].decimals if i else 0 for i in indicators.different]
        scale = (10.0 ** np.array(decimals))[indicators.codes]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.floor(100 * numerator / denominator * scale + 0.5) / scale

    def states(self, state: np.ndarray, blank: np.ndarray, dataset: str) -> np.ndarray:
        """Index into STATES: what the value says, and where it says nothing, what the column 状态 says."""
        texts, column = self.texts("status"), self.column("status")
        codes, first = _combine(texts.codes, state, blank)
        results: list[str | _Fault] = []
        new = []
        for i, text in zip(first, _pick(texts, first), strict=True):
            plain, own = tidy(text).lower(), STATES[state[i]]
            said = _STATES.get(plain, "")
            new.append(STATES.index(said) if said and own == NOT_REPORTED else int(state[i]))
            if re.search("simulated|模拟|演示", plain) and dataset != "demo":
                results.append(_Fault(column, text, "演示数据（模拟）不能作为上报数据导入"))
            elif said and own != said and own != NOT_REPORTED:
                results.append(_Fault(column, text, "状态与数值互相矛盾", "数值列写明未报或不适用，或改正状态"))
            else:
                results.append("")
        self.rejects.add_each(codes, results)
        return np.array(new, dtype=np.int64)[codes]

    def rules(
        self, kinds: np.ndarray, units: _Texts, value: np.ndarray, bare: np.ndarray, decimals: np.ndarray
    ) -> None:
        """Range, whole numbers, and fractions where percent is meant."""
        fault = self.value_fault
        per_cent = (units.different == "%").to_numpy(dtype=bool)[units.codes]
        fraction = per_cent & bare & (value > 0) & (value <= 1) & (decimals > 0)
        self.rejects.add(
            fraction,
            lambda i: fault(
                i, "疑似小数，应填百分数", f"“{value[i] * 100:.10g}%”；如果确为{value[i]:g}%，请连百分号一起填写"
            ),
        )
        out = (kinds == "rate") & ((value < 0) | (value > 100))
        self.rejects.add(out, lambda i: fault(i, "比率超出范围", "0到100之间的百分数"))
        self.rejects.add((kinds != "rate") & (value < 0), lambda i: fault(i, "不能为负", "不小于0的数"))
        broken = (kinds == "count") & np.isfinite(value) & (value != np.floor(value))
        self.rejects.add(broken, lambda i: fault(i, f"以“{units.at(i)}”计数应是整数", "整数"))

    def part_rules(
        self,
        kinds: np.ndarray,
        value: np.ndarray,
        numerator: np.ndarray,
        denominator: np.ndarray,
        exact: np.ndarray,
        decimals: np.ndarray,
    ) -> None:
        """Numerator and denominator against each other and against the rate."""
        has_parts = np.isfinite(numerator) | np.isfinite(denominator)
        column, below = self.column("numerator", "denominator"), self.column("denominator")

        def part(name: str, i: int, message: str, expected: str) -> _Fault:
            return _Fault(name, self.texts_at(name, i), message, expected)

        counts = np.isin(kinds, ("count", "money")) & has_parts
        self.rejects.add(counts, lambda i: part(column, i, "只有比率类指标才有分子、分母", "空"))
        rates = np.isin(kinds, ("rate", "ratio"))
        zero = rates & (denominator == 0) & np.isfinite(value)
        self.rejects.add(zero, lambda i: part(below, i, "分母为0，没有比率可言；请在数值列填“不适用”", "大于0的数"))
        over = (kinds == "rate") & (numerator > denominator)
        self.rejects.add(over, lambda i: part(column, i, "分子大于分母", f"不大于{denominator[i]:.15g}"))
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = 100 * numerator / denominator
            allowed = np.maximum(0.5 * 10.0**-decimals, ROUNDING) + 1e-9
            apart = rates & exact & ~over & (np.abs(value - rate) > allowed)
        self.rejects.add(
            apart,
            lambda i: self.value_fault(
                i, "与分子、分母不符", f"{rate[i]:.2f}%（{numerator[i]:.15g}／{denominator[i]:.15g}）"
            ),
        )

    def texts_at(self, column: str, i: int) -> str:
        return str(self.table.rows[column].iloc[i % self.height])

    def duplicates(self, keys: list[_Texts], numbers: list[np.ndarray], statuses: _Texts) -> None:
        """Rejects a row that repeats an earlier one, and all rows that give one figure in different ways.

        A repetition loses nothing; of two that contradict each other nobody here can say which is right.
        """
        left = np.flatnonzero(~self.rejects.mask)
        if not len(left):
            return
        same, _ = _combine(*(key.codes[left] for key in keys))
        again = pd.Series(same).duplicated(keep=False).to_numpy()
        left, same = left[again], same[again]
        if not len(left):
            return
        contents = [pd.factorize(number[left], use_na_sentinel=False)[0] for number in numbers]
        content, _ = _combine(*contents, statuses.codes[left])
        order = np.argsort(same, kind="stable")
        groups, starts = np.unique(same[order], return_index=True)
        mixed = np.maximum.reduceat(content[order], starts) != np.minimum.reduceat(content[order], starts)
        group = np.searchsorted(groups, same)
        ends = np.append(starts[1:], len(order))
        place = np.full(len(self.rows), -1)
        place[left] = np.arange(len(left))

        def others(i: int) -> str:
            g = group[place[i]]
            members = left[order[starts[g] : ends[g]]]
            return "、".join(f"第{self.rows[m]}行" for m in members[:6] if m != i)[:100]

        def reject(places: np.ndarray, word: str) -> None:
            chosen = np.zeros(len(self.rows), dtype=bool)
            chosen[places] = True
            self.rejects.add(chosen, lambda i: self.value_fault(i, word.format(others(i)), "只有一行"))

        firsts = left[order[starts]]
        reject(left[mixed[group]], "同一个数互相矛盾，与{}不同")
        reject(np.setdiff1d(left[~mixed[group]], firsts), "重复，与{}相同")

    def stray_fault(self, stray: pd.DataFrame, i: int) -> _Fault:
        column = str(stray.columns[int(stray.iloc[i].to_numpy().argmax())])
        return _Fault(column, self.texts_at(column, i), "这一格上面没有表头，不知道是什么", "有表头的列")

    def published_as(self, parsed: _Parsed, stated: _Texts, factors: np.ndarray, computed: np.ndarray) -> _Texts:
        """The words of the source where there is a column for them, else the cell, with its unit where that scales."""
        texts = parsed.texts
        own, (top, bottom) = self.texts("published_as"), (self.texts("numerator"), self.texts("denominator"))
        scaled = factors != 1
        none = np.zeros(len(self.rows), dtype=np.int64)
        codes, first = _combine(
            own.codes,
            texts.codes,
            np.where(scaled, stated.codes, none),
            scaled,
            computed,
            np.where(computed, top.codes, none),
            np.where(computed, bottom.codes, none),
        )
        columns = (_pick(t, first) for t in (own, texts, stated, top, bottom))
        results = []
        for i, (words, text, unit, above, below) in zip(first, zip(*columns, strict=True), strict=True):
            if words.strip():
                results.append(words.strip())
            elif computed[i]:
                results.append(f"{above.strip()}/{below.strip()}")
            else:
                has_suffix = parsed.suffix[texts.codes[i]] > 0
                results.append(text.strip() + (unit if scaled[i] and not has_suffix else ""))
        return _Texts(codes, pd.Series(results, dtype="str"))


def _pick(texts: _Texts, places: np.ndarray) -> list[str]:
    return texts.different.take(texts.codes[places]).tolist()


def _compose(year: str, written: list[str]) -> Period:
    """The period of a year and a quarter or month that stand in separate places."""
    if not written:
        return parse_period(year)
    if re.match(r"\d{4}", written[-1]):
        return parse_period(written[-1])
    match = re.fullmatch(r"(\d{4})(年度?)?", tidy(year))
    if match is None:
        raise ValueError("季度或月份要与四位的年份写在一起，或另有年份列")
    periods = [parse_period(f"{match[1]}年{'' if part == '全年' else part}") for part in written]
    period = min(periods, key=lambda p: p.end - p.start)
    if any(period.start < p.start or period.end > p.end for p in periods):
        raise ValueError("季度与月份不一致")
    return period


def _quarter(text: str) -> str:
    match = re.fullmatch(r"(?:第|Q)?([1-4一二三四])(?:季度?)?", tidy(text).upper())
    return f"第{match[1]}季度" if match else text


def _month(text: str) -> str:
    return f"{tidy(text)}月" if re.fullmatch(r"[0-9]{1,2}(-[0-9]{1,2})?", tidy(text)) else tidy(text)


def _day(text: str) -> dt.date | None:
    """A day as tables write it; None when it is none."""
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?( 00:00:00)?", tidy(text))
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------- workbooks for the steward

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
