"""Reads data/catalogue/: what is measured, where, who said so, what to aim for.

The catalogue is written by the team, so a fault in it stops the build (`UserError`, all faults at once);
faults in the tables that people bring only reject rows.
"""

import csv
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import pandas as pd

from etl import editorial
from etl.errors import UserError

DEFAULT_NEAR = 1.0  # percentage points; design: ▲ 接近 where the catalogue says nothing
KINDS = ("count", "rate", "ratio", "money", "duration")
DIRECTIONS = ("higher_better", "lower_better", "neutral")
AGGREGATIONS = ("sum", "latest", "weighted", "none")

REQUIRED: dict[str, type] = {
    "name": str,
    "name_en": str,
    "chapter": int,
    "unit": str,
    "kind": str,
    "direction": str,
    "decimals": int,
    "aggregation": str,
    "definition": str,
}
OPTIONAL: dict[str, type | tuple[type, ...]] = {
    "aliases": list,
    "breakdown_units": dict,
    "numerator": str,
    "denominator": str,
    "near": (int, float),
    "headline": int,
    "caveats": str,
    "phrases": list,
}


@dataclass(frozen=True)
class Indicator:
    """One entry of indicators.toml; the file itself explains each key."""

    id: str
    position: int
    name: str
    name_en: str
    chapter: int
    unit: str
    kind: str
    direction: str
    decimals: int
    aggregation: str
    definition: str
    aliases: tuple[str, ...] = ()
    breakdown_units: dict[str, str] = field(default_factory=dict)
    numerator: str | None = None
    denominator: str | None = None
    near: float = DEFAULT_NEAR
    headline: int | None = None
    caveats: str = ""
    phrases: tuple[str, ...] = ()

    def unit_of(self, breakdown: str) -> str:
        """The unit in which this breakdown is counted (empty: the total)."""
        return self.breakdown_units.get(breakdown, self.unit)

    @property
    def search(self) -> str:
        """Lower-case text to search in: names, aliases, pinyin and its initials."""
        return search_text(self.name, self.id.replace("_", " "), self.name_en, *self.aliases)


@dataclass(frozen=True)
class Region:
    """One row of regions.csv."""

    code: str
    name: str
    short_name: str
    level: str
    type: str
    parent: str
    name_en: str
    pinyin: str
    seat: str
    aliases: tuple[str, ...]
    area_km2: float

    @property
    def search(self) -> str:
        """Lower-case text to search in: names, aliases, pinyin and its initials."""
        return search_text(self.name, self.short_name, self.name_en, self.pinyin, *self.aliases)


@dataclass(frozen=True)
class Catalogue:
    """Everything in data/catalogue/, checked.

    `indicators` and `regions` are dictionaries by id and code, in file order. The tables are DataFrames of text
    (dtype str) with the columns of their files; `targets` has `value` as float.
    """

    indicators: dict[str, Indicator]
    regions: dict[str, Region]
    chapters: pd.DataFrame
    sources: pd.DataFrame
    targets: pd.DataFrame
    breaks: pd.DataFrame
    groups: pd.DataFrame
    expected: pd.DataFrame
    corrections: pd.DataFrame
    checks: pd.DataFrame


@cache
def _speller() -> Callable[[str], list[str]]:
    """Gives the pinyin of a text, a syllable a word; loaded at need, because its dictionary takes a while."""
    from pypinyin import Style, lazy_pinyin, load_single_dict

    # In names of indicators 率 is a rate (lǜ) and never "to lead" (shuài), which pypinyin takes for the usual reading.
    load_single_dict({ord("率"): "lǜ"})
    return partial(lazy_pinyin, style=Style.NORMAL, v_to_u=False, errors="ignore")


def search_text(*names: str) -> str:
    """`names` and, for Chinese ones, their pinyin and its initials, lower case, one space between.

    ü is typed as v: 出庭应诉率 is found by ctysl, ctyslv and chutingyingsulv.
    """
    words: list[str] = []
    for name in names:
        plain = name.strip().lower()
        words.append(plain)
        if re.search(r"[\u4e00-\u9fff]", plain):
            syllables = _speller()(plain)
            words.append("".join(syllables))
            words.append("".join(s[0] for s in syllables))
            words.append("".join(s if s in ("lv", "nv") else s[0] for s in syllables))
    return " ".join(dict.fromkeys(w for w in words if w))


def read_csv_text(path: Path, columns: Iterable[str]) -> pd.DataFrame:
    """One of the team's own CSV files: all cells as text, with at least these columns.

    Raises UserError when the file is missing, is not UTF-8, lacks a column, or a row has another number of cells.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except FileNotFoundError:
        raise UserError(f"缺少目录文件 {path.name}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path.name} 不是UTF-8编码") from None
    if not rows:
        raise UserError(f"{path.name} 是空文件，至少要有表头")
    header, body = rows[0], rows[1:]
    missing = [c for c in columns if c not in header]
    if missing:
        raise UserError(f"{path.name} 缺少列：{'、'.join(missing)}")
    ragged = [str(n) for n, row in enumerate(body, start=2) if len(row) != len(header)]
    if ragged:
        raise UserError(f"{path.name} 第{'、'.join(ragged)}行的列数与表头不符")
    return pd.DataFrame(body, columns=header, dtype="str")


def load_catalogue(folder: Path) -> Catalogue:
    """Reads and checks the whole folder. Raises UserError that lists every fault found, file by file."""
    faults: list[str] = []
    chapters = read_csv_text(folder / "chapters.csv", ["number", "short_name", "name"])
    regions = _regions(read_csv_text(folder / "regions.csv", Region.__dataclass_fields__), faults)
    indicators = _indicators(folder / "indicators.toml", {int(n) for n in chapters["number"]}, faults)
    sources = read_csv_text(
        folder / "sources.csv",
        ["id", "title", "publisher", "kind", "region_code", "published_on", "url", "confidence", "note"],
    )
    targets = read_csv_text(
        folder / "targets.csv", ["indicator_id", "region_code", "period", "value", "source_id", "published_as"]
    )
    breaks = read_csv_text(folder / "breaks.csv", ["indicator_id", "from", "reason"])
    groups = read_csv_text(folder / "groups.csv", ["group", "region_code", "source_id"])
    expected = read_csv_text(
        folder / "expected.csv", ["dataset", "indicator_id", "level", "frequency", "from", "due_days"]
    )
    corrections = read_csv_text(
        folder / "corrections.csv",
        [
            "region_code",
            "indicator_id",
            "breakdown",
            "period",
            "source_id",
            "old_value",
            "new_value",
            "reason",
            "status",
            "corrected_on",
        ],
    )
    checks = read_csv_text(
        folder / "checks.csv",
        [
            "id",
            "kind",
            "region_code",
            "period",
            "left",
            "right",
            "published",
            "computed",
            "severity",
            "explanation",
            "threshold",
            "minimum",
            "except",
        ],
    )

    faults += [f"sources.csv：来源编号“{i}”重复" for i in sources["id"][sources["id"].duplicated()]]
    references: list[tuple[str, pd.DataFrame, str, Collection[str], str]] = [
        ("sources.csv", sources, "region_code", regions, "区划代码"),
        ("targets.csv", targets, "indicator_id", indicators, "指标"),
        ("targets.csv", targets, "region_code", regions, "区划代码"),
        ("targets.csv", targets, "source_id", set(sources["id"]), "来源"),
        ("breaks.csv", breaks, "indicator_id", indicators, "指标"),
        ("groups.csv", groups, "region_code", regions, "区划代码"),
        ("groups.csv", groups[groups["source_id"] != ""], "source_id", set(sources["id"]), "来源"),
        ("expected.csv", expected, "indicator_id", indicators, "指标"),
    ]
    for name, frame, column, known, what in references:
        for line, value in zip(frame.index + 2, frame[column], strict=True):
            if value not in known:
                faults.append(f"{name} 第{line}行“{column}”列：没有这个{what}“{value}”")
    faults += _group_faults(groups)
    faults += [
        f"sources.csv 第{i + 2}行：没有网址（url）的来源须在说明（note）中写明原因"
        for i in sources.index[(sources["url"] == "") & (sources["note"] == "")]
    ]
    faults += _editorial_faults(folder, indicators, chapters["number"].tolist(), set(sources["id"]))
    numbers = pd.to_numeric(targets["value"], errors="coerce")
    faults += [f"targets.csv 第{i + 2}行：目标值“{targets['value'][i]}”不是数" for i in targets.index[numbers.isna()]]
    if faults:
        raise UserError("指标目录有误，未生成新版本：\n" + "\n".join(f"  · {f}" for f in faults))
    return Catalogue(
        indicators=indicators,
        regions=regions,
        chapters=chapters,
        sources=sources,
        targets=targets.assign(value=numbers),
        breaks=breaks,
        groups=groups,
        expected=expected,
        corrections=corrections,
        checks=checks,
    )


def _editorial_faults(
    folder: Path, indicators: Collection[str], chapters: Collection[str], sources: Collection[str]
) -> list[str]:
    """What is wrong with the files that the pages read as they are; see `editorial`."""
    faults = [*editorial.operator_faults(folder.parent / "operator.toml")]
    faults += editorial.attention_faults(folder / "attention.toml")
    plan = ["item", "chapter", "task", "measure", "deadline", "indicators", "source_id"]
    try:
        faults += editorial.cards_faults(read_csv_text(folder / "cards.csv", ["indicator_id"]), indicators)
        for path in sorted(folder.glob("plan_*.csv")):
            faults += editorial.plan_faults(path.name, read_csv_text(path, plan), indicators, chapters, sources)
    except UserError as error:
        faults.append(str(error))
    return faults


def _group_faults(groups: pd.DataFrame) -> list[str]:
    """Why rows of groups.csv cannot be used: no name, no source, named twice. A group without a source is none."""
    unsourced = groups.loc[groups["source_id"] == "", "group"].unique()
    doubled = groups[groups.duplicated(["group", "region_code"])]
    return [
        *[f"groups.csv 第{at + 2}行：没有写对比组的名称" for at in groups.index[groups["group"].str.strip() == ""]],
        *[f"groups.csv：对比组“{name}”没有注明来源（source_id），不能使用" for name in unsourced],
        *[
            f"groups.csv 第{at + 2}行：对比组“{row['group']}”中“{row['region_code']}”重复"
            for at, row in doubled.iterrows()
        ],
    ]


def _regions(frame: pd.DataFrame, faults: list[str]) -> dict[str, Region]:
    regions: dict[str, Region] = {}
    for line, row in enumerate(frame.to_dict("records"), start=2):
        row["aliases"] = tuple(a for a in row["aliases"].split(";") if a)
        try:
            row["area_km2"] = float(row["area_km2"])
        except ValueError:
            faults.append(f"regions.csv 第{line}行：面积“{row['area_km2']}”不是数")
            row["area_km2"] = float("nan")
        region = Region(**{name: row[name] for name in Region.__dataclass_fields__})
        if not re.fullmatch(r"15\d{4}", region.code):
            faults.append(f"regions.csv 第{line}行：区划代码“{region.code}”应为15开头的六位数字")
        if region.code in regions:
            faults.append(f"regions.csv 第{line}行：区划代码“{region.code}”重复")
        if region.parent and region.parent not in frame["code"].to_numpy():
            faults.append(f"regions.csv 第{line}行：没有上级区划“{region.parent}”")
        regions[region.code] = region
    return regions


def _indicators(path: Path, chapters: set[int], faults: list[str]) -> dict[str, Indicator]:
    entries = editorial.read_toml(path)
    indicators: dict[str, Indicator] = {}
    for position, (indicator_id, entry) in enumerate(entries.items()):
        wrong = _entry_faults(entry, chapters)
        faults += [f"indicators.toml［{indicator_id}］{fault}" for fault in wrong]
        if wrong:
            continue
        values = {**entry, "aliases": tuple(entry.get("aliases", ())), "phrases": tuple(entry.get("phrases", ()))}
        indicators[indicator_id] = Indicator(id=indicator_id, position=position, **values)
    for indicator in indicators.values():
        for part in (indicator.numerator, indicator.denominator):
            if part is not None and part not in entries:
                faults.append(f"indicators.toml［{indicator.id}］没有指标“{part}”")
    names = [n for i in indicators.values() for n in (i.name, *i.aliases)]
    faults += [f"indicators.toml 名称或别名“{n}”用了不止一次" for n in sorted({n for n in names if names.count(n) > 1})]
    return indicators


def _entry_faults(entry: object, chapters: set[int]) -> list[str]:
    if not isinstance(entry, dict):
        return ["应为一个表"]
    faults = [f"缺少 {key}" for key in REQUIRED if key not in entry]
    faults += [f"不认识的键 {key}" for key in entry if key not in REQUIRED and key not in OPTIONAL]
    kinds: dict[str, type | tuple[type, ...]] = {**REQUIRED, **OPTIONAL}
    for key, kind in kinds.items():
        if key in entry and not isinstance(entry[key], kind):
            faults.append(f"{key} 的类型不对：{entry[key]!r}")
    if faults:
        return faults
    for key, allowed in [("kind", KINDS), ("direction", DIRECTIONS), ("aggregation", AGGREGATIONS)]:
        if entry[key] not in allowed:
            faults.append(f"{key} 应为 {'、'.join(allowed)} 之一，现为“{entry[key]}”")
    if entry["chapter"] not in chapters:
        faults.append(f"没有第{entry['chapter']}章")
    return faults
