"""Raw tables -> observations and findings: every row is either loaded or rejected, and every reject says why.

All rules look at each different text of a column once and work on arrays after that, so a million rows take seconds.
What is ambiguous is asked for, never guessed.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etl.catalogue import Catalogue
from etl.errors import Finding, UserError
from etl.readers import RawTable
from etl.understand import (
    Figures,
    Understanding,
    bare_heading,
    find_indicator,
    indicator_names,
    key,
    nearest,
    region_names,
    shown_indicators,
    split_bracket,
    table_faults,
    understand,
    unit_names,
)
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

COLUMNS = [
    "region_code", "indicator_id", "breakdown", "period", "period_start", "period_end", "value", "unit", "qualifier",
    "numerator", "denominator", "status", "source_id", "published_as", "confidence", "note",
]  # fmt: skip
_TYPES = dict.fromkeys(("value", "numerator", "denominator"), pa.float64())
_TYPES |= dict.fromkeys(("period_start", "period_end"), pa.timestamp("us"))
NOTHING = pa.schema([(name, _TYPES.get(name, pa.large_string())) for name in COLUMNS]).empty_table()
_TOTAL_WORDS = frozenset(("合计", "总计", "总数", "全部", "-", "--", "—", "——"))
_CONFIDENCE = {"high": "high", "medium": "medium", "low": "low", "高": "high", "中": "medium", "低": "low"}
_STATES = {"not_applicable": NOT_APPLICABLE, "不适用": NOT_APPLICABLE}
_STATES |= dict.fromkeys(("not_reported", "未填报", "未报"), NOT_REPORTED)
_QUALIFIERS = {q: q for q in QUALIFIERS} | {"": "", "超过": "超", "逾": "超", "将近": "近", "大约": "约"}


@dataclass(frozen=True)
class Validated:
    """Accepted rows and what is wrong with the others; rows_in == rows_loaded + rows_rejected.

    `table`: Arrow table with COLUMNS, those of the table `observations` without dataset, revision and load_id: value,
    numerator, denominator double (null: none), period_start and period_end timestamp[us], the others texts, which may
    be dictionaries. A row in is a row of a long table, a cell of a wide one.
    """

    table: pa.Table
    findings: list[Finding]
    rows_in: int
    rows_loaded: int
    rows_rejected: int

    @cached_property
    def observations(self) -> pd.DataFrame:
        """`table` as a DataFrame; its index is 0, 1, …."""
        return frame_of(self.table)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table of figures as a DataFrame: float64 (NaN: none), datetime64[us] and str."""
    plain = [c.cast(pa.large_string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(plain, names=table.column_names).to_pandas()


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
        return self if times == 1 else _Texts(np.tile(self.codes, times), self.different)

    def map(self, translate: Callable[[str], str]) -> "_Texts":
        """Other texts instead, each different one once (`map(str)` does only that)."""
        codes, different = pd.factorize(pd.Series(list(map(translate, self.different)), dtype="str"))
        return _Texts(codes[self.codes] if len(codes) else self.codes, pd.Series(different, dtype="str"))

    def stripped(self) -> "_Texts":
        """Without blanks around them."""
        return self if (self.different.str.strip() == self.different).all() else self.map(str.strip)

    def blank(self) -> np.ndarray:
        return (self.different.str.strip() == "").to_numpy(dtype=bool)[self.codes]


def _combine(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the different combinations, and for each the first place where it stands."""
    codes, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        width = int(column.max(initial=0)) + 1
        if width > 1:
            codes, size = _dense(codes * width + column, size * width)
    first = np.zeros(size if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, first


def _dense(codes: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """The codes, all below `size`, numbered without gaps, and how many different ones there are."""
    if size > 4 * len(codes) + 1000:
        codes, different = pd.factorize(codes)
        return codes, len(different)
    there = np.zeros(size, dtype=bool)  # looking numbers up in a table is many times as fast as hashing them
    there[codes] = True
    return (np.cumsum(there) - 1)[codes], int(there.sum())


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a text; `near` (text, written -> official) is looked up only when the finding is shown."""

    column: str
    found: str
    message: str
    expected: str = ""
    near: tuple[str, dict[str, str]] | None = None

    def describe(self) -> tuple[str, str, str, str]:
        alike = nearest(*self.near) if self.near else ""
        return self.column, self.found, self.expected, self.message + alike


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

    `value` float64 (NaN: none), `exact` the Decimals of those that are not PLAIN, `decimals` as printed,
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
PLAIN = r"^-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,12})?%?$"


def _parse(texts: _Texts) -> _Parsed:
    """Plain digits, with or without %, all at once, the others one by one."""
    different = texts.different
    n = len(different)
    plain = different.str.match(PLAIN).to_numpy(dtype=bool)
    digits = different[plain].str.removesuffix("%")
    value = np.full(n, np.nan)
    value[plain] = pc.cast(pa.array(digits, type=pa.large_string()), pa.float64()).to_numpy()
    decimals = np.zeros(n, dtype=np.int64)
    decimals[plain] = digits.str.replace(r"^[^.]*\.?", "", regex=True).str.len().to_numpy()
    state, qualifier, suffix = (np.zeros(n, dtype=np.int64) for _ in range(3))
    scaled = np.zeros(n, dtype=bool)
    exact: dict[int, Decimal] = {}
    wrong: dict[int, str] = {}
    suffixes = {"": 0, "%": 1}
    suffix[plain] = different[plain].str.endswith("%")
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
    today: dt.date | None = None,
    regions: Sequence[str] | None = None,
) -> Validated:
    """Checks every row of a table and gives the good ones as observations, the others as findings.

    `status` is what accepted figures get (published, reported, simulated); a missing one gets its own state, one that
    is computed from 分子 and 分母 gets `computed`. `source_id`, `default_period`, `default_indicator` (id or name)
    stand in where the table has no such column; the source given need not be in the catalogue yet. With `growth` the
    values are growth rates in percent of the base indicator: no rule of its unit, range or whole numbers holds. A
    period that begins after `today` is rejected, and so is a region that is neither in `regions` nor a part of one.

    Raises UserError when one of the defaults, or a column of `understanding`, does not exist.
    """
    known = understanding or understand(table, catalogue, growth=growth)
    period = _given_period(default_period) or known.period
    indicator = _given_indicator(default_indicator, catalogue)
    faults = table_faults(table, known, catalogue, {"indicator": indicator, "period": period, "source": source_id})
    stray = _stray(table, known)
    outside = int(stray.to_numpy().sum()) if known.form == "wide" else 0
    if faults:
        rows_in = len(table.rows) * max(len(known.figures), 1) + outside
        findings = [Finding(table.file, table.sheet, None, "", "", "", fault) for fault in faults]
        return Validated(NOTHING, findings, rows_in, 0, rows_in)

    check = _Check(table, catalogue, known, growth, today, regions)
    columns = check.observations(
        period=period, indicator=indicator, source_id=source_id, status=status, dataset=dataset, stray=stray
    )
    mask = check.rejects.mask
    accepted = _table_of(columns, ~mask)
    findings = check.rejects.findings(table, check.rows) + _stray_findings(
        table, known, stray, shown_indicators(catalogue)
    )
    return Validated(accepted, findings, len(mask) + outside, len(accepted), int(mask.sum()) + outside)


def _given_period(text: str | None) -> str | None:
    try:
        return parse_period(text).label if text else None
    except ValueError as error:
        raise UserError(f"指定的期间“{text}”有误：{error}") from None


def _given_indicator(text: str | None, catalogue: Catalogue) -> str | None:
    if not text:
        return None
    found = find_indicator(text, indicator_names(catalogue), unit_names(catalogue))
    if found is None:
        raise UserError(f"目录里没有指标“{text}”{nearest(text, shown_indicators(catalogue))}")
    return found[0]


def _stray(table: RawTable, known: Understanding) -> pd.DataFrame:
    """Where cells stand that belong to nothing: below no heading, or, in a wide table, in an unknown column."""
    columns = [c for c in known.unknown if known.form == "wide" or c.startswith("（第")]
    return pd.DataFrame({c: (table.rows[c].str.strip() != "").to_numpy() for c in columns}, index=table.rows.index)


def _stray_findings(table: RawTable, known: Understanding, stray: pd.DataFrame, shown: dict[str, str]) -> list[Finding]:
    findings = []
    for column in stray.columns if known.form == "wide" else ():
        rows = stray.index[stray[column]]
        if len(rows):
            headless = column.startswith("（第")
            row = int(rows[0]) if headless else table.header_row
            found = table.rows.at[row, column] if headless else column
            message = f"不认识这一列，其中{len(rows)}个单元格未读入；请指定它的指标或期间，或设为不使用"
            message += "" if headless else nearest(bare_heading(column), shown)
            findings.append(Finding(table.file, table.sheet, row, column, found, "", message))
    return findings


def _table_of(columns: dict[str, "_Texts | np.ndarray"], loaded: np.ndarray) -> pa.Table:
    """The accepted figures as `Validated` has them; texts stay codes into the different ones."""
    return pa.table({name: _array(columns[name], loaded) for name in COLUMNS})


def _array(column: "_Texts | np.ndarray", loaded: np.ndarray) -> pa.Array:
    if isinstance(column, _Texts):
        codes = pa.array(column.codes[loaded].astype(np.int32))
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.different, type=pa.large_string()))
    return pa.array(column[loaded], from_pandas=True)


class _Check:
    """One run over one table. A figure is a row (long) or a cell (wide: figure i stands in row i % height)."""

    def __init__(
        self,
        table: RawTable,
        catalogue: Catalogue,
        known: Understanding,
        growth: bool,
        today: dt.date | None,
        allowed: Sequence[str] | None,
    ) -> None:
        self.table, self.catalogue, self.known, self.growth, self.today = table, catalogue, known, growth, today
        self.allowed = allowed
        self.wide = known.form == "wide"
        self.columns = list(known.figures) if self.wide else [known.column_of("value") or ""]
        self.height = len(table.rows)
        self.rows = np.tile(table.rows.index.to_numpy(), len(self.columns))
        self.across = np.repeat(np.arange(len(self.columns)), self.height)  # which of `columns` a figure stands in
        self.rejects = _Rejects(len(self.rows))
        self.unit_set = unit_names(catalogue)

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
            "note": self.texts("note").stripped(),
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
                found = set(names.get(key(text), ()))
                if not found:
                    return _Fault(column, text, "没有这个地区", "目录里的地区名称或六位代码", (text, shown))
                if fits is not None and not fits & found:
                    return _Fault(column, text, "区划代码与地区名称不一致", self.listed(fits))
                fits = found if fits is None else fits & found
            if fits is None:
                return _Fault(columns[1] or columns[0], "", "没有写地区", "目录里的地区名称或六位代码")
            text = texts[1] if texts[1].strip() else texts[0]
            if texts[2].strip():
                above = set(names.get(key(texts[2]), ()))
                if not above:
                    return _Fault(columns[2], texts[2], "没有这个地区", "盟市名称", (texts[2], shown))
                inside = {c for c in fits if above & {c, self.catalogue.regions[c].parent}}
                if not inside:
                    return _Fault(columns[2], texts[2], f"“{text}”不在这里", self.listed(fits))
                fits = inside
            if len(fits) > 1:
                several = f"不止一个地区叫这个名字：{self.listed(fits)}"
                return _Fault(columns[1] or columns[0], text, several, "区划代码")
            (code,) = fits
            if self.allowed is not None and not {code, self.catalogue.regions[code].parent} & set(self.allowed):
                return _Fault(
                    columns[1] or columns[0], text, "这个地区不在您可以导入的范围内", self.listed(self.allowed)
                )
            return code

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
        names, shown = indicator_names(self.catalogue), shown_indicators(self.catalogue)
        fields = ("base_indicator",) if self.known.column_of("base_indicator") else ("indicator_id", "indicator")
        texts = [self.texts(f) for f in fields]
        columns = [self.column(f) for f in fields]
        across = self.figure(lambda f: f.indicator or "")
        absent = not any(columns)
        codes, first = _combine(self.across, *(t.codes for t in texts))

        def resolve(place: int, row: tuple[str, ...]) -> tuple[str | _Fault, str]:
            found = [(names[key(across[place])], "")] if across[place] else []
            if absent and not found and given:
                return given, ""
            for text, column in zip(row, columns, strict=True):
                if text.strip():
                    plain = re.sub("_yoy$", "", text.strip()) if self.growth else text
                    one = find_indicator(plain, names, self.unit_set)
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
            if self.today is not None and period.start > self.today:
                return _Fault(column or self.columns[0], found, "这个期间还没有开始", "已开始的期间")
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
            names.setdefault(key(source), set()).add(source)
            names.setdefault(key(title), set()).add(source)
        if given:
            names[key(given)] = {given}
        titles = dict(zip(sources["id"], sources["title"], strict=True))
        shown = {name: f"{i}（{titles.get(i, i)}）" for name, ids in names.items() for i in ids}
        texts, column = self.texts("source"), self.column("source")

        def resolve(text: str) -> str | _Fault:
            if not text.strip():
                return given or _Fault(column, "", "没有来源", "来源编号或文件标题")
            found = sorted(names.get(key(text), ()))
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
        across = [split_bracket(c, self.unit_set)[1] for c in self.columns]
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
                number = parsed.exact[k] if k in parsed.exact else Decimal(str(texts.iloc[k]).removesuffix("%"))
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
            for wrong, why in [
                (parsed.suffix == parsed.suffixes.index("%"), "应是个数，不是百分数"),
                (parsed.value < 0, "不能为负"),
            ]:
                reasons |= dict.fromkeys(map(int, np.flatnonzero(wrong)), f"分子、分母{why}")
            if reasons:
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
        texts, own = parsed.texts, self.texts("published_as")
        scaled = factors != 1
        if own.blank().all() and not scaled.any() and not computed.any():
            return texts.stripped()
        top, bottom = self.texts("numerator"), self.texts("denominator")
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
