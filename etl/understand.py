"""Raw tables -> what was understood of them: which column is what, and which region or indicator a name means.

What is ambiguous is asked for, never guessed.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz, process

from etl.catalogue import Catalogue, Indicator, Region
from etl.errors import UserError
from etl.readers import FIELD_OF, HEADINGS, RawTable, heading
from etl.values import parse_period, split_unit, tidy

# What a person chooses from when a column was not understood.
FIELD_NAMES = {name: words[0] for name, words in HEADINGS.items()} | {"ignored": "不使用"}

CLEARLY_LESS = 15  # of a score of 100

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


# ------------------------------------------------------------------------------------------------ names to identities


def key(text: str) -> str:
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
            names.setdefault(key(text), set()).add(region.code)
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
            names[key(text)] = indicator.id
    return names


def unit_names(catalogue: Catalogue) -> set[str]:
    """Every unit that an indicator or a breakdown is counted in, and %."""
    every = {u for i in catalogue.indicators.values() for u in (i.unit, *i.breakdown_units.values())}
    return every | {"%"}


def split_bracket(text: str, units: set[str]) -> tuple[str, str]:
    """A heading or name and the unit in brackets behind it: 办理数（万件） -> (办理数, 万件)."""
    match = re.fullmatch(r"(.*?)[(\[](?:单位:)?([^()\[\]]+)[)\]]", tidy(text))
    if match and split_unit(match[2])[1] in units:
        return match[1].strip(), match[2].strip()
    return tidy(text), ""


def find_indicator(text: str, names: dict[str, str], units: set[str]) -> tuple[str, str] | None:
    """Indicator id and unit in brackets, or None."""
    if key(text) in names:
        return names[key(text)], ""
    bare, unit = split_bracket(text, units)
    return (names[key(bare)], unit) if key(bare) in names else None


def nearest(text: str, shown: dict[str, str]) -> str:
    """The names that look most like `text` (`shown`: written -> official), as the end of a sentence."""
    names = alike(text, shown)
    return f"，最接近的是{'、'.join(names)}" if names else ""


def alike(text: str, shown: dict[str, str]) -> list[str]:
    """At most three names that look like `text`, the likest first; none that looks much less like it than the first."""
    close = process.extract(key(text), list(shown), scorer=fuzz.ratio, limit=8, score_cutoff=40)
    return list(dict.fromkeys(shown[found] for found, score, _ in close if score > close[0][1] - CLEARLY_LESS))[:3]


def shown_indicators(catalogue: Catalogue) -> dict[str, str]:
    """Every way to write an indicator -> its official name."""
    return {name: catalogue.indicators[i].name for name, i in indicator_names(catalogue).items()}


def bare_heading(column: str) -> str:
    """The lowest level of a heading, without its unit: 行政应诉／负责人出庭率（%） -> 负责人出庭率."""
    return re.sub(r"[(\[].*[)\]]$", "", tidy(column.split("／")[-1])).strip()


# ------------------------------------------------------------------------------------------------ understanding a table


def understand(table: RawTable, catalogue: Catalogue, *, growth: bool = False) -> Understanding:
    """Which column is what, from the headings alone; only where no heading names a region, from the cells."""
    fields = {column: name for column in table.columns if (name := heading(column))}
    units = unit_names(catalogue)
    for column, name in list(fields.items()):
        if name in ("value", "numerator", "denominator") and re.search(r"[)\]]$", tidy(column)):
            if not split_bracket(column, units)[1]:
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
            cells = {key(text) for text in table.rows[column].unique()} - {""}
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
    others: list[str] = []
    for part in re.sub(r"【\d+】$", "", column).split("／"):
        understood = _heading_part(part, catalogue, names, units)
        if understood is None:
            others.append(tidy(part))
        elif set(understood) & set(found):
            return None
        else:
            found |= understood
    indicator = catalogue.indicators.get(found.get("indicator", ""))
    for other in others:
        if indicator is not None and other in indicator.breakdown_units and "breakdown" not in found:
            found["breakdown"] = other
        elif indicator is None or not _is_topic(other, indicator, catalogue):
            return None
    return Figures(**found) if {"indicator", "period"} & set(found) else None


def _is_topic(text: str, indicator: Indicator, catalogue: Catalogue) -> bool:
    """Whether a heading over several columns only repeats what the indicator is about (行政复议), and adds nothing."""
    chapter = catalogue.chapters[catalogue.chapters["number"] == str(indicator.chapter)]
    topics = [indicator.name, *chapter["short_name"], *chapter["name"]]
    return len(text) > 1 and any(text in topic for topic in topics)


def _heading_part(part: str, catalogue: Catalogue, names: dict[str, str], units: set[str]) -> dict[str, str] | None:
    """Indicator, period, unit or breakdown that one level of a heading names; None when it names something else."""
    indicator = find_indicator(part, names, units)
    if indicator is not None:
        return {"indicator": indicator[0]} | ({"unit": indicator[1]} if indicator[1] else {})
    bare, unit = split_bracket(part, units)
    with_unit = {"unit": unit} if unit else {}
    period = _period_label(bare)
    if period is not None:
        return {"period": period, **with_unit}
    if _PART_OF_YEAR.fullmatch(bare):
        return {"period": bare, **with_unit}
    if split_unit(bare)[1] in units:
        return {"unit": bare}
    if FIELD_OF.get(key(bare)) == "value":
        return with_unit
    joined = re.fullmatch(r"(\d{4}.*?(?:年度?|季度|月|半年|Q[1-4]))的?(.+)", bare)
    if joined and _period_label(joined[1]) and (after := find_indicator(joined[2], names, units)):
        return {"period": str(_period_label(joined[1])), "indicator": after[0], **with_unit}
    bracket = re.fullmatch(r"(.+?)[(:：](.+?)\)?", bare)
    if bracket and (before := find_indicator(bracket[1], names, units)):
        if bracket[2] in catalogue.indicators[before[0]].breakdown_units:
            return {"indicator": before[0], "breakdown": bracket[2], **with_unit}
        if _period_label(bracket[2]):
            return {"indicator": before[0], "period": str(_period_label(bracket[2])), **with_unit}
    return None


def table_faults(table: RawTable, known: Understanding, catalogue: Catalogue, given: dict[str, object]) -> list[str]:
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
    across = [c for c in table.columns if c not in known.fields and key(c) in regions]
    if len(across) >= 2:
        faults.append("地区横着排在表头里，请转置成一行一个地区")
    elif (known.form == "wide" and not known.figures) or (known.form == "long" and "value" not in by_field):
        unknown = f"；不认识的列：{'、'.join(known.unknown[:10])}" if known.unknown else ""
        faults.append(f"没有认出数值列（表头如“数值”，或指标名称、期间）{unknown}")
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
    if known.form == "wide" and "value" in by_field:
        faults.append("既有数值列，又有以指标或期间为表头的列，请指定用哪一种")
    if "source" not in by_field and given["source"] is None:
        faults.append("没有来源：请填“来源”列，或在导入时指定来源")
    return faults
