"""Do the figures agree with each other? Named pairs and generic rules of data/catalogue/checks.csv.

A row of checks.csv with a region is a named pair: `left` is computed from the data and compared with `right`, as
published. A row with region `*` switches on the generic rule of that id (SQL below) and gives its severity, its
thresholds, its exceptions (`indicator/breakdown`, several with `|`) and its words. Generic rules never repeat what a
named pair already says.
"""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from etl import progress
from etl.catalogue import Catalogue
from etl.errors import UserError

COLUMNS = [
    "check_id",
    "kind",
    "severity",
    "dataset",
    "region_code",
    "indicator_id",
    "breakdown",
    "period",
    "expected",
    "found",
    "unit",
    "message",
]
ANY = "*"
SAID = {"published": "公布", "reported": "填报", "simulated": "模拟", "computed": "计算"}
FREQUENCIES = {"yearly": ("Y", "%Y"), "quarterly": ("Q", "%YQ%q"), "monthly": ("M", "%Y-%m")}


def run_checks(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, known: str = "") -> pd.DataFrame:
    """Compares the figures of a warehouse whose tables are filled (all but `checks`, `expected` and `release`).

    `known`: a dataset to leave out, because what the rules find in it is known.

    Returns the rows of table `checks`: text columns (str), `expected` (as published) and `found` (as computed)
    float64, NaN where unknown, both in `unit`. Named pairs come first, in file order, agreeing ones included;
    of the generic rules only what does not agree. Raises UserError when checks.csv itself cannot be understood.
    """
    declared = catalogue.checks.to_dict("records")
    named = _named_pairs(con, catalogue, [row for row in declared if row["region_code"] != ANY])
    generic = _generic_rules(con, [row for row in declared if row["region_code"] == ANY], known)
    if generic.empty or named.empty:
        return pd.concat([f for f in (named, generic) if not f.empty] or [named], ignore_index=True)
    key = ["dataset", "region_code", "indicator_id", "period"]
    covered = pd.MultiIndex.from_frame(generic[key]).isin(pd.MultiIndex.from_frame(named[key]))
    return pd.concat([named, generic[~covered]], ignore_index=True)


# ---- named pairs ----


@dataclass(frozen=True)
class Reference:
    """One figure that an expression names: `[target ]indicator[_yoy][/breakdown][@period][@region]`."""

    table: str  # levels, growth or targets
    indicator_id: str
    breakdown: str
    period: str
    region_code: str


@dataclass(frozen=True)
class Figure:
    """A figure as the warehouse has it; a percentage keeps its unit % (24.47, not 0.2447)."""

    value: float
    unit: str
    qualifier: str = ""


REFERENCE = re.compile(r"(target )?([a-z][a-z0-9_]*)(?:/([^\s()@]+))?((?:@[^\s()@]+)*)")
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
}
Figures = dict[Reference, Figure]


def _named_pairs(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, pairs: list[dict[str, str]]) -> pd.DataFrame:
    figures = _published(con)
    return pd.DataFrame([_named_pair(pair, figures, catalogue) for pair in pairs], columns=COLUMNS).astype(
        {"expected": "float64", "found": "float64"}
    )


def _published(con: duckdb.DuckDBPyConnection) -> Figures:
    """Every official figure, growth rate and target by what names it."""
    rows = con.execute(
        """
        SELECT 'levels', indicator_id, breakdown, period, region_code, value, unit, qualifier
        FROM leading_observations WHERE dataset = 'published' AND value IS NOT NULL
        UNION ALL
        SELECT 'growth', indicator_id, breakdown, period, region_code, value, unit, qualifier
        FROM growth WHERE dataset = 'published'
        UNION ALL
        SELECT 'targets', indicator_id, '', period, region_code, t.value, i.unit, ''
        FROM targets AS t JOIN indicators AS i ON i.id = t.indicator_id"""
    ).fetchall()
    return {Reference(*row[:5]): Figure(*row[5:]) for row in rows}


def _named_pair(pair: dict[str, str], figures: Figures, catalogue: Catalogue) -> dict[str, Any]:
    """One row of `checks` from one row of checks.csv."""
    left, left_parts = _parse(pair, pair["left"], catalogue)
    right, right_parts = _parse(pair, pair["right"], catalogue)
    about = right_parts[0]
    indicator = catalogue.indicators[about.indicator_id]
    is_growth = about.table == "growth"
    unit = "%" if is_growth else indicator.unit_of(about.breakdown)
    row: dict[str, Any] = {
        "check_id": pair["id"],
        "kind": pair["kind"],
        "severity": pair["severity"],
        "dataset": "published",
        "region_code": pair["region_code"],
        "indicator_id": about.indicator_id,
        "breakdown": about.breakdown,
        "period": pair["period"],
        "expected": None,
        "found": None,
        "unit": unit,
    }
    known = {part: _look_up(part, figures, catalogue) for part in (*left_parts, *right_parts)}
    unpublished = pair["published"] == ""
    needed = left_parts if unpublished else (*left_parts, *right_parts)
    missing = [_name(part, catalogue) for part in needed if known[part] is None]
    if missing:
        message = f"核对项所需数据缺失：{'、'.join(dict.fromkeys(missing))}。"
        return {**row, "severity": "error", "message": message}

    left_figures = [figure for part in left_parts if (figure := known[part])]
    right_figures = [figure for part in right_parts if (figure := known[part])]
    expected, that = None, ""
    try:
        exact = _evaluate(left, left_figures, unit)
        if len(right_figures) == len(right_parts):
            expected = round(_evaluate(right, right_figures, unit), 6)
            that = spell(expected, unit, right_figures[0].qualifier if len(right_figures) == 1 else "")
    except ZeroDivisionError:
        return {**row, "severity": "error", "message": "核对项无法计算：除数为0。"}
    found = round(exact, 2 if is_growth else indicator.decimals)
    formula = _formula(pair["left"], left_figures)
    what = f"{formula}＝" if formula else _name(left_parts[0], catalogue)
    what += spell(found, unit)
    sentence = _sentence(pair["kind"], what, found, _name(about, catalogue), that, expected, unit)
    doubts = [
        f"核对清单登记的{which}为{listed or '空'}，现有数据得{'空' if now is None else spell(now)}，请核实。"
        for which, listed, now in [("公布值", pair["published"], expected), ("计算值", pair["computed"], exact)]
        if not _same_as_listed(listed, now)
    ]
    if doubts:
        row["severity"] = "error"
    return {**row, "expected": expected, "found": found, "message": "".join([sentence, pair["explanation"], *doubts])}


def _parse(pair: dict[str, str], expression: str, catalogue: Catalogue) -> tuple[ast.expr, tuple[Reference, ...]]:
    """The expression as a tree in which the name r0, r1 … stands for the first, second … reference.

    `/` without spaces joins indicator and breakdown; ` / `, ` + `, ` - ` are operators; `@` adds a period or region.
    Raises UserError for anything else.
    """
    references: list[Reference] = []

    def register(match: re.Match[str]) -> str:
        target, name, breakdown, places = match.groups()
        period, region = pair["period"], pair["region_code"]
        for place in places.split("@")[1:]:
            if place in catalogue.regions:
                region = place
            else:
                period = place
        table = "targets" if target else "growth" if name.endswith("_yoy") else "levels"
        references.append(Reference(table, name.removesuffix("_yoy"), breakdown or "", period, region))
        return f"r{len(references) - 1}"

    try:
        tree = ast.parse(REFERENCE.sub(register, expression), mode="eval").body
    except SyntaxError:
        raise UserError(f"checks.csv［{pair['id']}］的算式看不懂：{expression}") from None
    unknown = [r.indicator_id for r in references if r.indicator_id not in catalogue.indicators]
    if unknown or not references:
        raise UserError(f"checks.csv［{pair['id']}］没有指标“{'、'.join(unknown)}”")
    return tree, tuple(references)


def _look_up(reference: Reference, figures: Figures, catalogue: Catalogue) -> Figure | None:
    """The figure; for a span of years without one of its own, the sum of its years where the indicator adds up."""
    figure = figures.get(reference)
    span = re.fullmatch(r"(\d{4})-(\d{4})", reference.period)
    if figure or span is None or catalogue.indicators[reference.indicator_id].aggregation != "sum":
        return figure
    years = [
        figures.get(
            Reference(reference.table, reference.indicator_id, reference.breakdown, str(y), reference.region_code)
        )
        for y in range(int(span[1]), int(span[2]) + 1)
    ]
    found = [y for y in years if y]
    if len(found) < len(years):
        return None
    return Figure(sum(y.value for y in found), found[0].unit)


def _evaluate(node: ast.expr, figures: list[Figure], unit: str) -> float:
    """The value of the tree, in `unit`; inside, percentages count as fractions."""

    def walk(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                figure = figures[int(name[1:])]
                return figure.value / 100 if figure.unit == "%" else figure.value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return OPERATORS[type(op)](walk(left), walk(right))
            case _:
                raise UserError(f"checks.csv：算式中只能有 ＋ － ÷：{ast.unparse(node)}")

    return walk(node) * (100 if unit == "%" else 1)


def _formula(expression: str, figures: list[Figure]) -> str:
    """The expression with its figures in place of the names (966÷4770); empty when it is a single figure."""
    if REFERENCE.fullmatch(expression):
        return ""
    signs = str.maketrans({"/": "÷", "+": "＋", "-": "－", "(": "（", ")": "）", " ": ""})
    numbered = REFERENCE.sub("#", expression).translate(signs)
    for figure in figures:
        numbered = numbered.replace("#", spell(figure.value, "%" if figure.unit == "%" else "", figure.qualifier), 1)
    return numbered


def _sentence(kind: str, what: str, found: float, whole: str, that: str, expected: float | None, unit: str) -> str:
    """What was computed (`what`) beside what was published (`that`, the figure named `whole`), in one sentence."""
    if expected is None:
        return f"{what}，未见公布数。"
    distance = gap(found, expected, unit)
    if kind == "target":
        return f"{what}，{whole}{that}，相差{distance}。"
    if kind == "duplicate":
        return f"{what}，{whole}{that}，" + ("两数相同。" if found == expected else f"恰好相差{distance}。")
    if kind == "subset" and found > expected:
        return f"{what}，大于{whole}{that}，部分不应大于整体。"
    if kind == "subset":
        share = f"，占{spell(round(100 * found / expected, 2), '%')}" if expected else ""
        return f"{what}，不大于{whole}{that}{share}。"
    if found == expected:
        return f"{what}，与公布的{that}一致。"
    if round(found, _decimals(expected)) == expected:
        return f"{what}，四舍五入后与公布的{that}一致。"
    return f"{what}，与公布的{that}不符，相差{distance}。"


def _same_as_listed(listed: str, now: float | None) -> bool:
    """Whether the value that checks.csv lists still holds, to the decimals with which it is listed."""
    if listed == "" or now is None:
        return listed == "" and now is None
    return abs(now - float(listed)) <= 0.5 * 10.0 ** -_decimals(float(listed)) + 1e-9


def _name(reference: Reference, catalogue: Catalogue) -> str:
    """2023年行政复议直接纠错件数, 2022年人民调解组织数（嘎查村社区）, 2024年目标."""
    period = re.sub(r"\d{4}$", r"\g<0>年", reference.period)
    if reference.table == "targets":
        return f"{period}目标"
    growth = "同比" if reference.table == "growth" else ""
    part = f"（{reference.breakdown}）" if reference.breakdown else ""
    return f"{period}{catalogue.indicators[reference.indicator_id].name}{part}{growth}"


# ---- numbers as people write them ----


def spell(value: float, unit: str = "", qualifier: str = "") -> str:
    """196000, 件, 余 -> 19.6万余件; numbers that 万 or 亿 would make longer stay as they are."""
    for size, name in ((1e8, "亿"), (1e4, "万")):
        if abs(value) >= size and value % (size / 100) == 0:
            return f"{_plain(value / size)}{name}{qualifier}{unit}"
    return f"{_plain(value)}{qualifier}{unit}"


def gap(found: float, expected: float, unit: str) -> str:
    """The distance of two values: 4.22个百分点, 77件."""
    return spell(round(abs(found - expected), 6), "个百分点" if unit == "%" else unit)


def _plain(value: float) -> str:
    return f"{round(value, 4):.15g}"


def _decimals(value: float) -> int:
    """Decimals of the shortest way to write the number: 99.5 has 1, 98.0 none."""
    return len(f"{_plain(value)}.".split(".")[1])


# ---- generic rules ----

# As codes behind the scenes these columns take less time and memory, above all in joins, than a million texts.
CODED = ("dataset", "region_code", "indicator_id", "breakdown", "period", "unit", "qualifier", "status", "source_id")
TYPES = "".join(
    f"CREATE OR REPLACE TEMP TYPE coded_{c} AS ENUM (SELECT DISTINCT {c} FROM observations ORDER BY {c});\n"
    for c in CODED
)
CASTS = ", ".join(f"f.{c}::coded_{c} AS {c}" for c in CODED)

FIGURE = "dataset, region_code, indicator_id, breakdown, period"

# Only the figures that have several sources are ranked by source: ranking a million others takes longer than the rules.
# Which these are is asked of hashes first: most are alone with theirs.
# A printed figure stands for an interval: 19.6万余 is at least 196000 and below 197000, 99.5 % is 99.45 to 99.55,
# 4.4万 is 43500 to 44500, a plain count is itself. Two figures disagree when their intervals do not touch.
PREPARE = f"""
{TYPES}
CREATE OR REPLACE TEMP MACRO last_digit(value, unit) AS coalesce(CASE
    WHEN value <> floor(value) THEN power(10, -length(split_part(value::VARCHAR, '.', 2)))
    WHEN unit = '%' OR value = 0 THEN 1
    ELSE power(10, length(try_cast(value AS BIGINT)::VARCHAR)
        - length(rtrim(try_cast(value AS BIGINT)::VARCHAR, '0')))
END, 1);
CREATE OR REPLACE TEMP MACRO rounding(value, unit, published_as) AS
    CASE WHEN unit = '%' OR contains(published_as, '万') OR contains(published_as, '亿')
        THEN last_digit(value, unit) / 2 ELSE 0 END;
CREATE OR REPLACE TEMP MACRO low(value, unit, qualifier, rounding) AS value - 1e-9 - CASE
    WHEN qualifier IN ('余', '多', '超') THEN 0
    WHEN qualifier IN ('近', '约') THEN last_digit(value, unit)
    ELSE rounding
END;
CREATE OR REPLACE TEMP MACRO high(value, unit, qualifier, rounding) AS value + 1e-9 + CASE
    WHEN qualifier IN ('余', '多', '超', '约') THEN last_digit(value, unit)
    WHEN qualifier = '近' THEN 0
    ELSE rounding
END;
CREATE OR REPLACE TEMP TABLE several AS
WITH alike AS (SELECT hash({FIGURE}) AS h FROM checked GROUP BY h HAVING count(*) > 1)
SELECT {FIGURE} FROM checked SEMI JOIN alike ON h = hash({FIGURE}) GROUP BY ALL HAVING count(*) > 1;
CREATE OR REPLACE TEMP TABLE disputed AS FROM latest_observations SEMI JOIN several USING ({FIGURE});
CREATE OR REPLACE TEMP TABLE figures AS
WITH leading_figures AS (
    SELECT *, date_diff('month', period_start, period_end + 1) AS period_months, 1 AS source_count
    FROM checked ANTI JOIN several USING ({FIGURE})
    UNION ALL BY NAME FROM leads_of('disputed')
)
SELECT * EXCLUDE (period_end, published_as, confidence, note, revision, load_id) REPLACE ({CASTS}),
    rounding(value, f.unit, published_as) AS half,
    low(value, f.unit, f.qualifier, half) AS low,
    high(value, f.unit, f.qualifier, half) AS high
FROM leading_figures AS f
WHERE value IS NOT NULL;
"""
CLEAR = """
DROP TABLE figures; DROP TABLE disputed; DROP TABLE several; DROP VIEW checked;
DROP MACRO low; DROP MACRO high; DROP MACRO rounding; DROP MACRO last_digit;
""" + "".join(f"DROP TYPE coded_{c};" for c in CODED)

# Each rule gives `f` (the figure found wanting) joined with what it is held against, and the columns
# expected, found, unit, a, b (further numbers, in part_unit), other, other2 (further names) for its words.
SERIES = """
years AS (
    SELECT *, period::INTEGER AS year,
        lag(year) OVER (PARTITION BY dataset, region_code, indicator_id, breakdown, unit ORDER BY year) AS year_before
    FROM figures WHERE regexp_full_match(period, '[0-9]{4}')
),
stretches AS (
    SELECT *, sum(CASE WHEN year - year_before = 1 AND NOT EXISTS (
            SELECT 1 FROM breaks AS b
            WHERE b.dataset = years.dataset AND b.indicator_id = years.indicator_id AND year(b."from") = years.year
        ) THEN 0 ELSE 1 END)
        OVER (PARTITION BY dataset, region_code, indicator_id, breakdown, unit ORDER BY year) AS stretch
    FROM years
),
series AS (
    SELECT *,
        coalesce(lag(value) OVER w, lead(value, 2) OVER w) AS a,
        coalesce(lag(year) OVER w, lead(year, 2) OVER w) AS year_a,
        coalesce(lead(value) OVER w, lag(value, 2) OVER w) AS b,
        coalesce(lead(year) OVER w, lag(year, 2) OVER w) AS year_b
    FROM stretches
    WINDOW w AS (PARTITION BY dataset, region_code, indicator_id, breakdown, unit, stretch ORDER BY year)
)"""
# Rows compared as wholes would be compared by all their texts: column by column they are compared by their codes.
SAME = " AND ".join(f"{{0}}.{c} = f.{c}" for c in ("dataset", "region_code", "breakdown", "period"))
RULES = {
    "rate-own-parts": """
        SELECT f.*, value AS expected, 100 * numerator / denominator AS found,
            numerator AS a, denominator AS b, '' AS part_unit, '' AS other, '' AS other2
        FROM figures AS f
        WHERE unit = '%' AND denominator > 0 AND NOT (100 * numerator / denominator BETWEEN low AND high)""",
    "rate-part-indicators": f"""
        WITH parts AS MATERIALIZED (
            FROM figures WHERE indicator_id IN (SELECT unnest([numerator, denominator]) FROM indicators)
        )
        SELECT f.*, f.value AS expected, 100 * n.value / d.value AS found,
            n.value AS a, d.value AS b, n.unit AS part_unit, ni.name AS other, di.name AS other2
        FROM figures AS f
        JOIN indicators AS i ON i.id = f.indicator_id
        JOIN indicators AS ni ON ni.id = i.numerator JOIN indicators AS di ON di.id = i.denominator
        JOIN parts AS n ON n.indicator_id = ni.id AND {SAME.format("n")}
        JOIN parts AS d ON d.indicator_id = di.id AND {SAME.format("d")}
        WHERE f.unit = '%' AND d.low > 0 AND (100 * n.low / d.high > f.high OR 100 * n.high / d.low < f.low)
            AND (f.denominator IS NULL OR 100 * f.numerator / f.denominator BETWEEN f.low AND f.high)""",
    "numerator-over-denominator": f"""
        SELECT f.*, d.value AS expected, f.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, ni.name AS other, di.name AS other2
        FROM (SELECT DISTINCT numerator, denominator FROM indicators WHERE kind = 'rate') AS i
        JOIN indicators AS ni ON ni.id = i.numerator JOIN indicators AS di ON di.id = i.denominator
        JOIN figures AS f ON f.indicator_id = ni.id
        JOIN figures AS d ON d.indicator_id = di.id
            AND {SAME.format("d")}
        WHERE f.low > d.high""",
    "part-over-whole": """
        SELECT f.*, o.value AS expected, f.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, '' AS other, '' AS other2
        FROM figures AS f
        JOIN figures AS o USING (dataset, region_code, indicator_id, period, unit)
        WHERE f.breakdown <> '' AND o.breakdown = '' AND f.low > o.high AND f.indicator_id IN (
            SELECT id FROM indicators WHERE aggregation IN ('sum', 'latest'))""",
    "children-sum": """
        WITH families AS (SELECT parent, count(*) AS size FROM regions WHERE parent IS NOT NULL GROUP BY parent),
        sums AS (
            SELECT dataset, parent AS region_code, indicator_id, breakdown, period, unit,
                count(*) AS children, sum(value) AS found, sum(low) AS low, sum(high) AS high
            FROM figures JOIN regions ON code = figures.region_code
            WHERE parent IS NOT NULL AND indicator_id IN (SELECT id FROM indicators WHERE aggregation = 'sum')
            GROUP BY ALL
        )
        SELECT f.*, f.value AS expected, s.found, s.children AS a, NULL AS b, '' AS part_unit, '' AS other, '' AS other2
        FROM sums AS s
        JOIN families ON families.parent = s.region_code AND families.size = s.children
        JOIN figures AS f USING (dataset, region_code, indicator_id, breakdown, period, unit)
        WHERE s.low > f.high OR s.high < f.low""",
    "quarters-sum": """
        WITH sums AS (
            SELECT dataset, region_code, indicator_id, breakdown, left(period, 4) AS period, unit,
                sum(value) AS found, sum(low) AS low, sum(high) AS high
            FROM figures
            WHERE regexp_full_match(period, '[0-9]{4}Q[1-4]')
                AND indicator_id IN (SELECT id FROM indicators WHERE aggregation = 'sum')
            GROUP BY ALL HAVING count(*) = 4
        )
        SELECT f.*, f.value AS expected, s.found, NULL AS a, NULL AS b, '' AS part_unit, '' AS other, '' AS other2
        FROM sums AS s
        JOIN figures AS f USING (dataset, region_code, indicator_id, breakdown, period, unit)
        WHERE s.low > f.high OR s.high < f.low""",
    "growth-levels": """
        SELECT g.*, g.value AS expected, 100 * (f.value / p.value - 1) AS found,
            p.value AS a, f.value AS b, f.unit AS part_unit, '' AS other, '' AS other2
        FROM growth AS g
        JOIN figures AS f USING (dataset, region_code, indicator_id, breakdown, period)
        JOIN figures AS p USING (dataset, region_code, indicator_id, breakdown)
        WHERE p.unit = f.unit AND f.unit <> '%' AND p.low > 0
            AND p.period_start = f.period_start - INTERVAL 1 YEAR AND p.period_months = f.period_months
            AND (100 * (f.low / p.high - 1) > high(g.value, '%', g.qualifier, rounding(g.value, '%', ''))
                OR 100 * (f.high / p.low - 1) < low(g.value, '%', g.qualifier, rounding(g.value, '%', '')))""",
    "jump-count": f"""
        WITH {SERIES}
        SELECT *, a AS expected, value AS found, unit AS part_unit, year_a::VARCHAR AS other, year_b::VARCHAR AS other2
        FROM series
        WHERE unit <> '%' AND greatest(value, a, b) >= $minimum
            AND a IS NOT NULL AND b IS NOT NULL AND greatest(a, b) * 2 <= least(a, b) * $threshold
            AND (value >= $threshold * greatest(a, b) OR value * $threshold <= least(a, b))
            AND indicator_id IN (SELECT id FROM indicators WHERE kind IN ('count', 'money'))""",
    "jump-rate": f"""
        WITH {SERIES}
        SELECT *, a AS expected, value AS found, unit AS part_unit, year_a::VARCHAR AS other, year_b::VARCHAR AS other2
        FROM series
        WHERE unit = '%' AND coalesce(denominator, $minimum) >= $minimum
            AND abs(a - b) * 2 <= $threshold
            AND (least(value - a, value - b) >= $threshold OR greatest(value - a, value - b) <= -$threshold)""",
    "repeated-label": """
        SELECT f.*, o.value AS expected, f.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, o.breakdown AS other, '' AS other2
        FROM figures AS f
        JOIN figures AS o USING (dataset, region_code, indicator_id, period, unit, value)
        WHERE f.breakdown <> '' AND o.breakdown <> '' AND o.breakdown > f.breakdown AND f.unit <> '%'
            AND f.qualifier = '' AND o.qualifier = '' AND f.value >= $minimum AND last_digit(f.value, f.unit) = 1""",
    "repeated-year": """
        SELECT f.*, o.value AS expected, f.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, '' AS other, '' AS other2
        FROM figures AS f
        JOIN figures AS o USING (dataset, region_code, indicator_id, breakdown, unit, value)
        WHERE o.period_start = f.period_start - INTERVAL 1 YEAR
            AND regexp_full_match(f.period, '[0-9]{4}') AND regexp_full_match(o.period, '[0-9]{4}')
            AND f.unit <> '%' AND f.qualifier = '' AND f.value >= $minimum AND last_digit(f.value, f.unit) = 1""",
    "conflicting-sources": """
        SELECT f.*, f.value AS expected, o.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, fs.title AS other, os.title AS other2
        FROM figures AS f
        JOIN disputed AS o USING (dataset, region_code, indicator_id, breakdown, period, unit)
        JOIN sources AS fs ON fs.id = f.source_id JOIN sources AS os ON os.id = o.source_id
        WHERE f.source_count > 1 AND o.source_id <> f.source_id
            AND (f.low > high(o.value, o.unit, o.qualifier, rounding(o.value, o.unit, o.published_as))
            OR f.high < low(o.value, o.unit, o.qualifier, rounding(o.value, o.unit, o.published_as)))""",
    "conflicting-published": """
        SELECT f.*, o.value AS expected, f.value AS found,
            NULL AS a, NULL AS b, '' AS part_unit, s.title AS other, '' AS other2
        FROM figures AS f
        JOIN figures AS o USING (region_code, indicator_id, breakdown, period, unit)
        JOIN sources AS s ON s.id = o.source_id
        WHERE o.dataset = 'published' AND f.dataset <> 'published' AND f.status = 'reported'
            AND (f.low > o.high OR f.high < o.low)""",
}


def _generic_rules(con: duckdb.DuckDBPyConnection, rules: list[dict[str, str]], known: str) -> pd.DataFrame:
    unknown = [rule["id"] for rule in rules if rule["id"] not in RULES]
    if unknown:
        raise UserError(f"checks.csv 没有这些通用规则：{'、'.join(unknown)}；可用的有：{'、'.join(RULES)}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW checked AS FROM observations WHERE dataset <> '{known}'")
    con.execute(PREPARE)
    try:
        frames = []
        for number, rule in enumerate(rules, start=1):
            frames.append((rule, _query(con, rule)))
            progress.advance(number / len(rules))
    finally:
        con.execute(CLEAR)
    found = [_findings(rule, frame) for rule, frame in frames if not frame.empty]
    return pd.concat(found or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)


def _query(con: duckdb.DuckDBPyConnection, rule: dict[str, str]) -> pd.DataFrame:
    """What one rule finds: the columns of its SQL."""
    sql = RULES[rule["id"]]
    limits = {name: float(rule[name]) for name in ("threshold", "minimum") if f"${name}" in sql}
    frame = con.execute(sql, limits).df()
    return frame.astype({name: "str" for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)})


def _findings(rule: dict[str, str], frame: pd.DataFrame) -> pd.DataFrame:
    """What one rule finds as rows of `checks`, in the order of their keys, its exceptions left out."""
    exempt = (frame["indicator_id"] + "/" + frame["breakdown"]).isin(rule["except"].split("|"))
    keys = ["dataset", "region_code", "indicator_id", "breakdown", "period", "other", "other2"]
    frame = frame[~exempt].sort_values(keys).astype(dict.fromkeys(["expected", "found", "a", "b"], "float64"))
    frame["found"] = frame["found"].round(2)
    words = pd.Series([_words(rule, row) for row in frame.to_dict("records")], index=frame.index, dtype="str")
    return frame.assign(check_id=rule["id"], kind=rule["kind"], severity=rule["severity"], message=words)[COLUMNS]


def _words(rule: dict[str, str], row: dict[str, Any]) -> str:
    """The rule's own sentence with the numbers of one finding in it."""
    expected, found, unit = row["expected"], row["found"], row["unit"]
    try:
        return rule["explanation"].format(
            expected=spell(expected, unit),
            found=spell(found, unit),
            gap=gap(found, expected, unit),
            a=spell(row["a"], row["part_unit"]),
            b=spell(row["b"], row["part_unit"]),
            other=row["other"],
            other2=row["other2"],
            breakdown=row["breakdown"],
            period=row["period"],
            said=SAID[row["status"]],
            threshold=rule["threshold"],
            times=_times(found, row["a"], row["b"]),
        )
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(f"checks.csv［{rule['id']}］的说明文字有误：{error}") from None


def _times(found: float, a: float, b: float) -> str:
    """How far a figure is from the nearer of its neighbours `a` and `b`: 约12倍."""
    if not (found > 0 and a > 0 and b > 0):
        return "悬殊"
    return f"约{max(found / max(a, b), min(a, b) / found):.0f}倍"


# ---- what is owed ----


def expand_expected(catalogue: Catalogue, until: date) -> pd.DataFrame:
    """Who owes which figure by when, from expected.csv: one row a region and period that has ended by `until`.

    In expected.csv `level` may list levels with `|`, `frequency` is yearly, quarterly or monthly, `from` is the first
    day of the first period owed (2019-01-01), and a figure is due `due_days` after its period ends. Returns the
    columns of table `expected`: dataset, region_code, indicator_id, period (str) and due_on (datetime64), without
    doubles, in the order of expected.csv. Raises UserError that names every row that cannot be understood.
    """
    faults: list[str] = []
    parts: list[pd.DataFrame] = []
    for line, row in enumerate(catalogue.expected.to_dict("records"), start=2):
        levels = row["level"].split("|")
        regions = [r.code for r in catalogue.regions.values() if r.level in levels]
        start = pd.to_datetime(row["from"], format="%Y-%m-%d", errors="coerce")
        if row["frequency"] not in FREQUENCIES or not regions or pd.isna(start) or not row["due_days"].isdigit():
            faults.append(f"expected.csv 第{line}行看不懂：{','.join(row.values())}")
            continue
        frequency, label = FREQUENCIES[row["frequency"]]
        ends = pd.period_range(start, until, freq=frequency)
        ends = ends[ends.end_time.normalize() <= pd.Timestamp(until)]
        owed = pd.MultiIndex.from_product([regions, ends.strftime(label)], names=["region_code", "period"])
        due = ends.end_time.normalize() + pd.Timedelta(days=int(row["due_days"]))
        part = owed.to_frame(index=False).assign(dataset=row["dataset"], indicator_id=row["indicator_id"])
        part["due_on"] = list(due) * len(regions)
        parts.append(part)
    if faults:
        raise UserError("\n".join(faults))
    columns = ["dataset", "region_code", "indicator_id", "period", "due_on"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).drop_duplicates(columns[:4], ignore_index=True)[columns]
