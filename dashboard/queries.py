"""Questions to the warehouse: the only SQL outside etl/.

The release is found by the pointer `CURRENT` at every script run; everything read from it is cached by the release
and by what its reader may see, so a new release shows at the next interaction, a cached answer never outlives its
release, and no reader is given another one's answer. All functions return DataFrames that callers may change.

What a reader may see is decided here and nowhere else: for one who may not see all, `_query` puts in the place of
every table that holds figures, or tells of them, the part that is theirs. No statement names a table in any other way.
"""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from dashboard import access, kept, soundness
from dashboard.folders import data_folder

MEMORY_LIMIT = "1GB"
THREADS = min(4, os.cpu_count() or 1)  # for all readers together; the server needs some itself
CONNECTIONS_KEPT = 6  # the current release, the one before, and those that readers look back at
RELEASE_ID = re.compile(r"[0-9]{8}-[0-9a-f]{6}")
NO_POINTER = "指明当前版本的文件CURRENT不见了"
_OPENED: dict[str, soundness.Stamp | None] = {}  # the file that was there when a release was opened
_TOLD: dict[str, str] = {}
log = logging.getLogger("dashboard")


class WarehouseError(Exception):
    """There is no readable warehouse; the message says in Chinese what to run."""


class OlderReleaseError(WarehouseError):
    """The release was made before it could hold what is asked for; the message says so in Chinese."""


@dataclass(frozen=True)
class Release:
    """The release that a page reads from, and how much of it its reader may see; both key every cache.

    `scope`: None for everything; else the codes of regions whose figures, and whose parts' figures, are seen beside
    those that everybody sees. Empty: only those that everybody sees.
    """

    id: str
    path: str
    built_at: datetime
    data_until: date
    boundaries: str
    scope: tuple[str, ...] | None


# Published figures and the simulated panel are for everybody; every other dataset is seen region by region.
OPEN_DATASETS = ("published", "demo")
OPEN = f"dataset IN {OPEN_DATASETS}"
MINE = "region_code IN (SELECT code FROM regions WHERE list_contains($scope, code) OR list_contains($scope, parent))"
OWN_LOADS = f"""
    SELECT load_id FROM main.loads WHERE {OPEN}
    UNION ALL
    SELECT load_id FROM main.observations WHERE NOT {OPEN} GROUP BY load_id HAVING bool_and({MINE})"""
SCOPED = {
    **dict.fromkeys(
        ("observations", "latest_observations", "leading_observations", "growth", "checks", "expected", "corrections"),
        f"{OPEN} OR {MINE}",
    ),
    # A load, its file's name and its rejected cells are seen by those who may see all that it brought.
    "loads": f"load_id IN ({OWN_LOADS})",
    "rejects": f"load_id IN ({OWN_LOADS})",
    # The title of a steward's table is seen by those who may see a figure of it.
    "sources": f"sha256 IS NULL OR id IN (SELECT source_id FROM main.observations WHERE {OPEN} OR {MINE})",
}
# The order in which the rules stand in checks.csv, the same for every reader; it tells of no figure.
ORDER_OF_CHECKS = "SELECT check_id, min(rowid) AS place FROM main.checks WHERE dataset = $dataset GROUP BY check_id"
OPEN_TABLES = (
    *("release", "chapters", "regions", "indicators", "indicator_units"),
    *("targets", "population", "breaks", "neighbours", "region_groups"),
)


def current_release() -> Release:
    """The release that CURRENT points at; while that cannot be read, the newest one that can be, and `trouble` says so.

    Raises WarehouseError when there is none at all.
    """
    path, _ = _standing()
    return _seen(_release(str(path)))


def trouble() -> str:
    """Why the release that is shown is not the one that should be, and what to do, in Chinese; empty when it is."""
    return _standing()[1]


def _standing() -> tuple[Path, str]:
    """The file of the release that is served, and what is wrong, in Chinese. Raises WarehouseError."""
    warehouse = data_folder() / "warehouse"
    wanted, problem = _pointed_at(warehouse)
    if wanted is not None and _readable(wanted):
        _note("")
        return wanted, ""
    others = [path for path in warehouse.glob("[0-9]*.duckdb") if path != wanted and RELEASE_ID.fullmatch(path.stem)]
    if not others and problem == NO_POINTER:
        raise WarehouseError("还没有数据版本。请在服务器上运行：python -m etl build")
    readable = [path for path in others if _readable(path)]
    if not readable:
        raise WarehouseError(
            f"{problem}，也没有别的版本可以读取。请在服务器上运行：python -m etl build 重新生成；"
            "仍不行时，请从备份恢复（见docs/operations.md）"
        )
    shown = max(readable, key=lambda path: (soundness.look(path).built_at, path.stem))
    words = (
        f"{problem}。现在显示的是能读取的最新版本{shown.stem}，其中可能没有最近载入的数据。"
        "请系统管理员在服务器上运行：python -m etl build（重新生成），"
        "或 python -m etl rollback 版本编号（改用别的版本）。修复后本提示自动消失。"
    )
    _note(words)
    return shown, words


def _pointed_at(warehouse: Path) -> tuple[Path | None, str]:
    """The file that CURRENT means, and what to say if it cannot be read."""
    try:
        release_id = (warehouse / "CURRENT").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None, NO_POINTER
    except (OSError, UnicodeDecodeError):
        return None, "指明当前版本的文件CURRENT无法读取"
    if not RELEASE_ID.fullmatch(release_id):
        return None, "指明当前版本的文件CURRENT内容有误"
    path = warehouse / f"{release_id}.duckdb"
    if not path.exists():
        return None, f"当前数据版本{release_id}的文件不存在"
    return path, f"当前数据版本{release_id}的文件已损坏，无法读取"


def _readable(path: Path) -> bool:
    """Whether a release can be read; what was opened before its file was replaced is let go."""
    found = soundness.look(path)
    if _OPENED.get(str(path), found.stamp) != found.stamp:
        _release.clear(str(path))
        _connection.clear(str(path))
    _OPENED[str(path)] = found.stamp
    return not found.problem


def _note(words: str) -> None:
    """Logs a trouble when it begins and when it is over, not at every look."""
    if words != _TOLD.get("trouble", ""):
        log.error("degraded: %s", words) if words else log.warning("the current release can be read again")
        _TOLD["trouble"] = words


def _seen(release: Release) -> Release:
    """The release as far as the reader of this run may see it."""
    return replace(release, scope=access.regions())


def release_named(release_id: str) -> Release | None:
    """The release of an id, whether current or not; None where there is none that can be read."""
    if not RELEASE_ID.fullmatch(release_id):  # it comes from an address: nothing else may become a path
        return None
    path = data_folder() / "warehouse" / f"{release_id}.duckdb"
    try:
        return _seen(_release(str(path))) if path.is_file() and _readable(path) else None
    except WarehouseError:
        return None


def release_asked(release_id: str | None) -> Release:
    """The release that an address asks for, else the current one. Raises WarehouseError."""
    return (release_named(release_id) if release_id else None) or current_release()


@st.cache_data(show_spinner=False, max_entries=CONNECTIONS_KEPT)
def _release(path: str) -> Release:
    """The release in a file, for a reader who sees only what everybody sees."""
    row = _run(path, "SELECT id, built_at, data_until, boundaries FROM release", {}).iloc[0]
    return Release(row["id"], path, row["built_at"].to_pydatetime(), row["data_until"].date(), row["boundaries"], ())


@st.cache_resource(show_spinner=False, max_entries=CONNECTIONS_KEPT, on_release=lambda con: con.close())
def _connection(path: str) -> duckdb.DuckDBPyConnection:
    """One read-only connection a release; each query takes its own cursor, because threads may not share one."""
    return _open(path)


def _open(path: str) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(
            path,
            read_only=True,
            config={
                "enable_external_access": "false",
                "autoload_known_extensions": "false",
                "autoinstall_known_extensions": "false",
                "memory_limit": MEMORY_LIMIT,
                "threads": str(THREADS),
                "lock_configuration": "true",
            },
        )
    except duckdb.Error as error:
        raise WarehouseError(
            f"数据版本文件 {Path(path).name} 无法读取。请在服务器上运行：python -m etl build 重新生成，"
            "或 python -m etl rollback 退回上一版本"
        ) from error


UNREADABLE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)


def _run(path: str, sql: str, parameters: dict[str, object]) -> pd.DataFrame:
    """Runs one statement with bound values on a cursor of its own."""
    with _connection(path).cursor() as cursor:
        try:
            return cursor.execute(sql, parameters).df()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise WarehouseError(
                f"版本{Path(path).stem}由另一版程序生成，缺少这里要用的内容。若它是当前版本，请在服务器上运行："
                "python -m etl build"
            ) from error
        except duckdb.Error as error:
            if not (isinstance(error, UNREADABLE) or "Corrupt database file" in str(error)):
                raise
            soundness.forget(Path(path))
            raise WarehouseError(
                f"版本{Path(path).stem}的文件读取出错，已记录。请刷新页面；仍不行时，请系统管理员在服务器上运行："
                "python -m etl build"
            ) from error


def _query(release: Release, sql: str, parameters: dict[str, object] | None = None) -> pd.DataFrame:
    """Runs one statement over what the release's reader may see."""
    if release.scope is None:
        return _run(release.path, sql, parameters or {})
    parts = [f"{table} AS (SELECT * FROM main.{table} WHERE {which})" for table, which in SCOPED.items()]
    own = sql.strip()
    joint = f", {own.removeprefix('WITH ')}" if own.startswith("WITH ") else f" {own}"
    return _run(release.path, f"WITH {', '.join(parts)}{joint}", {**(parameters or {}), "scope": list(release.scope)})


@kept.table(max_entries=200)
def _table(release: Release, sql: str) -> pd.DataFrame:
    return _query(release, sql)


def _has(release: Release, table: str) -> bool:
    """Whether the release has a table."""
    return table in _table(release, "SELECT table_name FROM duckdb_tables()")["table_name"].array


def require(release: Release, table: str, what: str) -> None:
    """To be called before a table is read that the first releases did not have; `what` names its content in Chinese.

    Raises OlderReleaseError when this release was made before.
    """
    if not _has(release, table):
        raise OlderReleaseError(f"版本{release.id}生成得较早，还没有{what}。要看{what}，请用较新的版本。")


def regions(release: Release) -> pd.DataFrame:
    """All 116 regions, index code: name, short_name, name_en, level, type, parent (NaN for the region), lon, lat,
    area_km2, search; in the order of their codes.
    """
    return _table(
        release,
        """
        SELECT code, name, short_name, name_en, level, type, parent, lon, lat, area_km2, search
        FROM regions ORDER BY code""",
    ).set_index("code")


def indicators(release: Release) -> pd.DataFrame:
    """The catalogue, index id, in catalogue order: name, name_en, aliases, chapter, chapter_name, unit, kind,
    direction, decimals, numerator, denominator, aggregation, near, headline (NaN: none), definition, caveats, search.
    """
    return _table(
        release,
        """
        SELECT i.* EXCLUDE (position), c.name AS chapter_name, c.short_name AS chapter_short
        FROM indicators AS i JOIN chapters AS c ON c.number = i.chapter
        ORDER BY position""",
    ).set_index("id")


def units(release: Release) -> list[str]:
    """What breakdowns are counted in that have another unit than their indicator."""
    return _table(release, "SELECT DISTINCT unit FROM indicator_units ORDER BY unit")["unit"].tolist()


def targets(release: Release) -> pd.DataFrame:
    """Targets with their sources: region_code, indicator_id, period, value, published_as, source_title, publisher."""
    return _table(
        release,
        """
        SELECT t.*, s.title AS source_title, s.publisher
        FROM targets AS t JOIN sources AS s ON s.id = t.source_id
        ORDER BY indicator_id, period""",
    )


def source_title(release: Release, source_id: str) -> str:
    """The title of a source; its id where the catalogue does not know it."""
    found = _answer(release, "SELECT title FROM sources WHERE id = $id", {"id": source_id})["title"]
    return str(found.iloc[0]) if len(found) else source_id


def coverage(release: Release) -> pd.DataFrame:
    """How many regions have a value: dataset, indicator_id, breakdown, level, period, period_end, period_months,
    regions (int). Every selection that the pages offer comes from here.
    """
    return _table(
        release,
        """
        SELECT o.dataset, o.indicator_id, o.breakdown, r.level, o.period, any_value(o.period_end) AS period_end,
            any_value(o.period_months) AS period_months, count(*) AS regions
        FROM leading_observations AS o JOIN regions AS r ON r.code = o.region_code
        WHERE o.value IS NOT NULL
        GROUP BY ALL ORDER BY ALL""",
    )


def latest_coverage(release: Release) -> pd.DataFrame:
    """How many regions have a value of any period: dataset, indicator_id, breakdown, level, regions (int)."""
    return _table(
        release,
        """
        SELECT o.dataset, o.indicator_id, o.breakdown, r.level, count(DISTINCT o.region_code) AS regions
        FROM leading_observations AS o JOIN regions AS r ON r.code = o.region_code
        WHERE o.value IS NOT NULL
        GROUP BY ALL ORDER BY ALL""",
    )


def _shared(release: Release, dataset: str) -> Release:
    """The release as everybody may see this dataset, so that figures for everybody are kept once."""
    return replace(release, scope=None) if dataset in OPEN_DATASETS else release


FIGURES = """
    SELECT o.dataset, o.region_code, r.name AS region, r.level, o.indicator_id, i.name AS indicator, i.chapter,
        o.breakdown, o.period, o.period_start, o.period_end, o.period_months, o.value, o.unit, o.qualifier,
        o.numerator, o.denominator, o.status, o.source_id, s.title AS source_title, s.publisher, s.url,
        s.published_on, s.note AS source_note, o.published_as, o.confidence, o.note, o.revision, o.source_count
    FROM leading_observations AS o
    JOIN regions AS r ON r.code = o.region_code
    JOIN indicators AS i ON i.id = o.indicator_id
    JOIN sources AS s ON s.id = o.source_id
"""


@kept.table(max_entries=400)  # 160 indicators in the official data, half of them in the simulated too
def _figures_of_indicator(release: Release, dataset: str, indicator_id: str) -> pd.DataFrame:
    return _query(
        release,
        f"""{FIGURES} WHERE o.dataset = $dataset AND o.indicator_id = $indicator
        ORDER BY region_code, period_end, period_months, breakdown""",
        {"dataset": dataset, "indicator": indicator_id},
    )


def figures_of_indicator(release: Release, dataset: str, indicator_id: str) -> pd.DataFrame:
    """Every figure of one indicator in one dataset: all regions, breakdowns and periods, each with its source.

    Columns as in `FIGURES`; value, numerator and denominator float64 (NaN where missing), dates datetime64.
    """
    return _figures_of_indicator(_shared(release, dataset), dataset, indicator_id)


@kept.table(max_entries=400)  # 116 regions in each of several datasets
def _figures_of_region(release: Release, dataset: str, region_code: str) -> pd.DataFrame:
    return _query(
        release,
        f"""{FIGURES} WHERE o.dataset = $dataset AND o.region_code = $region
        ORDER BY i.chapter, i.position, o.breakdown, o.period_end DESC, o.period_months""",
        {"dataset": dataset, "region": region_code},
    )


def figures_of_region(release: Release, dataset: str, region_code: str) -> pd.DataFrame:
    """Every figure of one region in one dataset, by chapter and indicator, newest first; columns as in `FIGURES`."""
    return _figures_of_region(_shared(release, dataset), dataset, region_code)


@kept.table(max_entries=12)
def _figures_of_dataset(release: Release, dataset: str) -> pd.DataFrame:
    return _query(
        release,
        f"""{FIGURES} WHERE o.dataset = $dataset
        ORDER BY i.chapter, i.position, o.region_code, o.breakdown, o.period_end, o.period_months""",
        {"dataset": dataset},
    )


def figures_of_dataset(release: Release, dataset: str) -> pd.DataFrame:
    """Every figure of one dataset, by chapter, indicator and region; columns as in `FIGURES`."""
    return _figures_of_dataset(_shared(release, dataset), dataset)


# What the filters of `observations` are called, and the columns that they look at.
FILTERS = {
    "dataset": "o.dataset",
    "indicator": "o.indicator_id",
    "breakdown": "o.breakdown",
    "period": "o.period",
    "level": "r.level",
    "region": "o.region_code",
}


def observations(
    release: Release, filters: Mapping[str, Sequence[str]], limit: int | None = None, offset: int = 0
) -> pd.DataFrame:
    """Figures as `figures_of_indicator` gives them, of every indicator, by dataset, indicator and region.

    `filters`: a key of FILTERS -> the values to keep; what is not named is not filtered. Not cached: answers
    differ from call to call, and may be large.
    """
    where, bound = _passing(filters)
    order = "ORDER BY o.dataset, o.indicator_id, o.region_code, o.period_end, o.breakdown, o.period"
    page = f"LIMIT {limit:d} OFFSET {offset:d}" if limit is not None else ""
    return _query(release, f"{FIGURES} WHERE {where} {order} {page}", bound)


def observation_counts(release: Release, filters: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """How many figures `observations` gives without limit, in its order: dataset, indicator_id, figures (int)."""
    where, bound = _passing(filters)
    return _query(
        release,
        f"SELECT dataset, indicator_id, count(*) AS figures FROM ({FIGURES} WHERE {where}) GROUP BY ALL ORDER BY ALL",
        bound,
    )


def _passing(filters: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, object]]:
    """The condition of `filters`, and the values bound in it."""
    where = " AND ".join(f"list_contains(${name}, {FILTERS[name]})" for name in filters) or "true"
    return where, {name: list(values) for name, values in filters.items()}


def datasets(release: Release) -> list[str]:
    """The datasets with figures; the official one first, the simulated one last."""
    found = _table(release, "SELECT DISTINCT dataset FROM observations ORDER BY dataset")["dataset"].tolist()
    return sorted(found, key=lambda name: (name != "published", name == "demo", name))


# ---- what stewards look after ----


@kept.table(max_entries=200)
def _answer(release: Release, sql: str, parameters: dict[str, object]) -> pd.DataFrame:
    return _query(release, sql, parameters)


def account(release: Release, dataset: str) -> pd.Series:
    """What one dataset holds, in counts: figures (with a value), regions, indicators, sources, checks, failed (checks
    that do not agree), loads, rejected (rows).
    """
    counts = _answer(
        release,
        """
        SELECT count(DISTINCT (region_code, indicator_id, breakdown, period)) AS figures,
            count(DISTINCT region_code) AS regions,
            count(DISTINCT indicator_id) AS indicators, count(DISTINCT source_id) AS sources,
            (SELECT count(*) FROM checks WHERE dataset = $dataset) AS checks,
            (SELECT count(*) FROM checks WHERE dataset = $dataset AND severity IN ('warning', 'error')) AS failed,
            (SELECT count(*) FROM loads WHERE dataset = $dataset) AS loads,
            (SELECT coalesce(sum(rows_rejected), 0)::BIGINT FROM loads WHERE dataset = $dataset) AS rejected
        FROM latest_observations WHERE dataset = $dataset AND value IS NOT NULL""",
        {"dataset": dataset},
    )
    return counts.iloc[0]


def coverage_by_year(release: Release, dataset: str, region_codes: list[str], today: date) -> pd.DataFrame:
    """What is known of each indicator of `region_codes` in each year: region_code, indicator_id, year (int, in which
    the period ends), state, period, filled (int: periods with a value), unreported (int: periods owed and missing).

    `state`: value, not_reported (said so, or owed before `today` and not there), not_applicable or not_published (owed
    later). A whole year speaks for its year, other periods only where there is none. No row: nothing is known or owed.
    """
    return _answer(
        release,
        """
        WITH known AS (
            SELECT region_code, indicator_id, year(period_end) AS year, period,
                CASE WHEN value IS NULL THEN status ELSE 'value' END AS state
            FROM latest_observations WHERE dataset = $dataset AND list_contains($codes, region_code)
            UNION ALL
            SELECT region_code, indicator_id, left(period, 4)::BIGINT, period,
                CASE WHEN due_on < $today THEN 'not_reported' ELSE 'not_published' END
            FROM expected ANTI JOIN observations USING (dataset, region_code, indicator_id, period)
            WHERE dataset = $dataset AND list_contains($codes, region_code)
        ), ranked AS (
            SELECT *, period <> year::VARCHAR AS other,
                list_position(['value', 'not_reported', 'not_applicable', 'not_published'], state) AS rank
            FROM known
        )
        SELECT region_code, indicator_id, year,
            first(state ORDER BY other, rank, period DESC) AS state,
            first(period ORDER BY other, rank, period DESC) AS period,
            count(DISTINCT period) FILTER (state = 'value') AS filled,
            count(DISTINCT period) FILTER (state = 'not_reported') AS unreported
        FROM ranked GROUP BY region_code, indicator_id, year ORDER BY ALL""",
        {"dataset": dataset, "codes": region_codes, "today": today},
    )


def owed_periods(release: Release, dataset: str) -> list[str]:
    """The periods for which the regions owe figures: the newest year first, in it the shorter and later ones first."""
    return _answer(
        release,
        """
        SELECT DISTINCT period FROM expected WHERE dataset = $dataset
        ORDER BY left(period, 4) DESC, length(period) DESC, period DESC""",
        {"dataset": dataset},
    )["period"].tolist()


def owed_figures(release: Release, dataset: str, period: str) -> pd.DataFrame:
    """Every figure owed for one period, by region and in catalogue order: region_code, indicator_id, indicator, due_on
    (datetime64), delivered (bool: there is a value, or the region said 不适用).
    """
    return _answer(
        release,
        """
        WITH given AS (
            SELECT DISTINCT region_code, indicator_id FROM latest_observations
            WHERE dataset = $dataset AND period = $period AND status <> 'not_reported'
        )
        SELECT e.region_code, e.indicator_id, i.name AS indicator, e.due_on, g.region_code IS NOT NULL AS delivered
        FROM expected AS e
        JOIN indicators AS i ON i.id = e.indicator_id
        LEFT JOIN given AS g ON (g.region_code, g.indicator_id) = (e.region_code, e.indicator_id)
        WHERE e.dataset = $dataset AND e.period = $period
        ORDER BY e.region_code, i.position""",
        {"dataset": dataset, "period": period},
    )


def checks(release: Release, dataset: str) -> pd.DataFrame:
    """The checks of one dataset, as in table `checks` and in its order (that of checks.csv, then of their keys), with
    region, indicator (names), level, and qualifier of the figure expected.
    """
    return _answer(
        release,
        f"""
        SELECT c.*, r.name AS region, r.level, i.name AS indicator, coalesce(o.qualifier, '') AS qualifier
        FROM checks AS c
        JOIN regions AS r ON r.code = c.region_code
        JOIN indicators AS i ON i.id = c.indicator_id
        LEFT JOIN leading_observations AS o
            ON (o.dataset, o.region_code, o.indicator_id, o.breakdown, o.period, o.unit, o.value)
            = (c.dataset, c.region_code, c.indicator_id, c.breakdown, c.period, c.unit, c.expected)
        JOIN ({ORDER_OF_CHECKS}) AS made ON made.check_id = c.check_id
        WHERE c.dataset = $dataset
        ORDER BY made.place, c.region_code, c.indicator_id, c.breakdown, c.period, c.message""",
        {"dataset": dataset},
    )


def several_sources(release: Release, dataset: str) -> pd.DataFrame:
    """Figures that more than one source gives, the leading source first: region_code, region, level, indicator_id,
    indicator, breakdown, period, value, unit, qualifier, status, source_title, publisher, confidence, adopted (bool).
    """
    return _answer(
        release,
        """
        SELECT o.region_code, r.name AS region, r.level, o.indicator_id, i.name AS indicator, o.breakdown, o.period,
            o.value, o.unit, o.qualifier, o.status, s.title AS source_title, s.publisher, o.confidence,
            o.source_id = f.source_id AS adopted
        FROM leading_observations AS f
        JOIN latest_observations AS o USING (dataset, region_code, indicator_id, breakdown, period)
        JOIN regions AS r ON r.code = o.region_code
        JOIN indicators AS i ON i.id = o.indicator_id
        JOIN sources AS s ON s.id = o.source_id
        WHERE f.dataset = $dataset AND f.source_count > 1
        ORDER BY i.position, o.region_code, o.period, o.breakdown, adopted DESC, s.title""",
        {"dataset": dataset},
    )


def rejects(release: Release) -> pd.DataFrame:
    """Every finding on a row that was not loaded, newest load first: the columns of table `rejects`, dataset, input and
    started_at (UTC).
    """
    return _table(
        release,
        """
        SELECT j.*, l.dataset, l.input, l.started_at
        FROM rejects AS j JOIN loads AS l USING (load_id)
        ORDER BY l.started_at DESC, j.file, j.sheet, j."row", j."column\"""",
    )


def revisions(release: Release, dataset: str) -> pd.DataFrame:
    """Every figure that a later load corrected, newest first: region_code, region, level, indicator_id, indicator,
    breakdown, period, old_value, old_qualifier, old_unit, old_status, value, qualifier, unit, status, revision (int),
    revised_at (UTC), input, source_title, source_id, note.
    """
    return _answer(
        release,
        """
        WITH series AS (
            SELECT *, lag(value) OVER figure AS old_value, lag(qualifier) OVER figure AS old_qualifier,
                lag(unit) OVER figure AS old_unit, lag(status) OVER figure AS old_status
            FROM observations WHERE dataset = $dataset
            WINDOW figure AS (
                PARTITION BY dataset, region_code, indicator_id, breakdown, period, source_id ORDER BY revision
            )
        )
        SELECT o.region_code, r.name AS region, r.level, o.indicator_id, i.name AS indicator, o.breakdown, o.period,
            o.old_value, o.old_qualifier, o.old_unit, o.old_status, o.value, o.qualifier, o.unit, o.status, o.revision,
            l.finished_at AS revised_at, l.input, s.title AS source_title, o.source_id, o.note
        FROM series AS o
        JOIN regions AS r ON r.code = o.region_code
        JOIN indicators AS i ON i.id = o.indicator_id
        JOIN sources AS s ON s.id = o.source_id
        LEFT JOIN loads AS l USING (load_id)
        WHERE o.old_status IS NOT NULL
        ORDER BY revised_at DESC NULLS LAST, i.position, o.region_code, o.period, o.breakdown, o.revision DESC""",
        {"dataset": dataset},
    )


def corrections(release: Release, dataset: str) -> pd.DataFrame:
    """The corrections of corrections.csv, newest first: region_code, region, level, indicator_id, indicator, breakdown,
    period, source_id, source_title, old_value, value, unit, reason, status (applied, proposed, declined), corrected_on
    (datetime64) and revision (Int64, of those applied). Raises OlderReleaseError.
    """
    require(release, "corrections", "更正清单")
    return _answer(
        release,
        """
        SELECT c.region_code, r.name AS region, r.level, c.indicator_id, i.name AS indicator, c.breakdown, c.period,
            c.old_value, c.new_value AS value, c.unit, c.reason, c.status, c.corrected_on, c.revision,
            c.source_id, s.title AS source_title
        FROM corrections AS c
        JOIN regions AS r ON r.code = c.region_code
        JOIN indicators AS i ON i.id = c.indicator_id
        JOIN sources AS s ON s.id = c.source_id
        WHERE c.dataset = $dataset
        ORDER BY c.corrected_on DESC, i.position, c.region_code, c.period, c.breakdown""",
        {"dataset": dataset},
    ).astype({"revision": "Int64"})


def loads(release: Release) -> pd.DataFrame:
    """Table `loads`, newest first; times in UTC."""
    return _table(release, "SELECT * FROM loads ORDER BY started_at DESC, load_id")


# ---- one indicator through time, one region among its peers ----


def breaks(release: Release, dataset: str, indicator_id: str) -> pd.DataFrame:
    """Changes of definition of one indicator, oldest first: since (datetime64, first day of the new one), reason."""
    found = breaks_of_dataset(release, dataset)
    return found.loc[found["indicator_id"] == indicator_id, ["since", "reason"]].reset_index(drop=True)


def breaks_of_dataset(release: Release, dataset: str) -> pd.DataFrame:
    """Changes of definition of all indicators, oldest first: indicator_id, since (datetime64), reason."""
    return _answer(
        release,
        """SELECT indicator_id, "from" AS since, reason FROM breaks WHERE dataset = $dataset ORDER BY since""",
        {"dataset": dataset},
    )


def growth(release: Release, dataset: str, region_code: str, indicator_id: str) -> pd.DataFrame:
    """Published growth over the same period of the year before (percent), newest first: breakdown, period, period_end,
    value, unit, qualifier, source_title, publisher, published_as.
    """
    # One small table for all: asked for one region and indicator, nearly every reader's question would be a new one.
    every = _answer(
        release,
        """
        SELECT g.region_code, g.indicator_id, g.breakdown, g.period, g.period_end, g.value, g.unit, g.qualifier,
            s.title AS source_title, s.publisher, g.published_as
        FROM growth AS g JOIN sources AS s ON s.id = g.source_id
        WHERE g.dataset = $dataset
        QUALIFY row_number() OVER (
            PARTITION BY g.region_code, g.indicator_id, g.breakdown, g.period, g.source_id ORDER BY g.revision DESC
        ) = 1
        ORDER BY g.period_end DESC, g.breakdown""",
        {"dataset": dataset},
    )
    own = (every["region_code"] == region_code) & (every["indicator_id"] == indicator_id)
    return every[own].drop(columns=["region_code", "indicator_id"]).reset_index(drop=True)


def growth_of_region(release: Release, dataset: str, region_code: str) -> pd.DataFrame:
    """Published growth of all totals of one region, the newest revision of each: indicator_id, period, value (percent),
    qualifier, source_title, publisher, published_as.
    """
    return _answer(
        release,
        """
        SELECT g.indicator_id, g.period, g.value, g.qualifier, s.title AS source_title, s.publisher, g.published_as
        FROM growth AS g JOIN sources AS s ON s.id = g.source_id
        WHERE g.dataset = $dataset AND g.region_code = $region AND g.breakdown = ''
        QUALIFY row_number() OVER (PARTITION BY g.indicator_id, g.period ORDER BY g.revision DESC, g.source_id) = 1
        ORDER BY g.indicator_id, g.period""",
        {"dataset": dataset, "region": region_code},
    )


# ---- many indicators beside each other ----


def annual_totals(release: Release, dataset: str) -> pd.DataFrame:
    """The totals of whole years of the region and its leagues, by region, indicator and year: region_code, region,
    level, indicator_id, period, value, unit, qualifier, numerator, denominator (float64). Only those with a value.
    """
    return _answer(
        release,
        """
        SELECT o.region_code, r.name AS region, r.level, o.indicator_id, o.period, o.value, o.unit, o.qualifier,
            o.numerator, o.denominator
        FROM leading_observations AS o JOIN regions AS r ON r.code = o.region_code
        WHERE o.dataset = $dataset AND r.level IN ('region', 'league') AND o.breakdown = '' AND length(o.period) = 4
            AND o.value IS NOT NULL
        ORDER BY o.region_code, o.indicator_id, o.period""",
        {"dataset": dataset},
    )


def matrix_of_period(release: Release, dataset: str, level: str, period: str) -> pd.DataFrame:
    """Every indicator and every region of one level in one period, those without a value included: region_code,
    indicator_id, breakdown, value, qualifier, numerator, denominator (float64), status.
    """
    return _answer(
        release,
        """
        SELECT o.region_code, o.indicator_id, o.breakdown, o.value, o.qualifier, o.numerator, o.denominator, o.status
        FROM leading_observations AS o JOIN regions AS r ON r.code = o.region_code
        WHERE o.dataset = $dataset AND r.level = $level AND o.period = $period
        ORDER BY o.indicator_id, o.region_code, o.breakdown""",
        {"dataset": dataset, "level": level, "period": period},
    )


def sources_of_period(release: Release, dataset: str, level: str, period: str) -> pd.DataFrame:
    """The document behind each total of `matrix_of_period`, one row each: region_code, indicator_id, source_title."""
    return _answer(
        release,
        """
        SELECT o.region_code, o.indicator_id, s.title AS source_title
        FROM leading_observations AS o
        JOIN regions AS r ON r.code = o.region_code
        JOIN sources AS s ON s.id = o.source_id
        WHERE o.dataset = $dataset AND r.level = $level AND o.period = $period AND o.value IS NOT NULL
            AND o.breakdown = ''
        ORDER BY ALL""",
        {"dataset": dataset, "level": level, "period": period},
    )


def covered_regions(release: Release) -> pd.DataFrame:
    """How many regions have any figure, total or part, of any period: dataset, indicator_id, level, regions (int)."""
    return _table(
        release,
        """
        SELECT o.dataset, o.indicator_id, r.level, count(DISTINCT o.region_code) AS regions
        FROM leading_observations AS o JOIN regions AS r ON r.code = o.region_code
        WHERE o.value IS NOT NULL
        GROUP BY ALL ORDER BY ALL""",
    )


def regions_with_figures(release: Release, dataset: str) -> list[str]:
    """The codes of the regions that have any figure, total or part, of any period."""
    return _answer(
        release,
        """
        SELECT DISTINCT region_code FROM leading_observations
        WHERE dataset = $dataset AND value IS NOT NULL ORDER BY region_code""",
        {"dataset": dataset},
    )["region_code"].tolist()


# ---- loads and releases ----


def steward_sources(release: Release, dataset: str) -> list[str]:
    """The titles of the sources that stewards loaded into a dataset, in their order."""
    return _answer(
        release,
        """
        SELECT DISTINCT title FROM sources
        WHERE sha256 IS NOT NULL AND (id = $dataset OR starts_with(id, $dataset || '-'))
        ORDER BY title""",
        {"dataset": dataset},
    )["title"].tolist()


def shares_of_load(release: Release, load_id: str) -> pd.DataFrame:
    """What a load brought: indicator_id, indicator, position, breakdown, period, level and figures (int: with a
    value), the largest share first.
    """
    return _answer(
        release,
        """
        SELECT o.indicator_id, i.name AS indicator, i.position, o.breakdown, o.period, r.level,
            count(o.value) AS figures
        FROM observations AS o
        JOIN indicators AS i ON i.id = o.indicator_id
        JOIN regions AS r ON r.code = o.region_code
        WHERE o.load_id = $load_id
        GROUP BY ALL ORDER BY figures DESC, o.period DESC, i.position, o.breakdown, r.level""",
        {"load_id": load_id},
    )


@kept.table(max_entries=20)
def _summary(path: str) -> pd.DataFrame:
    with _open(path) as con:
        return con.execute(
            """
            SELECT id, built_at, (SELECT count(*) FROM observations WHERE dataset <> 'demo') AS observations,
                (SELECT count(*) FROM loads WHERE dataset NOT IN ('published', 'demo')) AS loads
            FROM release"""
        ).df()


def releases() -> pd.DataFrame:
    """The releases that are there and can be read, the newest build first: id, built_at (UTC), observations and loads
    (int, without the simulated panel; loads of stewards).
    """
    found = []
    for path in (data_folder() / "warehouse").glob("[0-9]*.duckdb"):
        try:
            found.append(_summary(str(path)))
        except WarehouseError:  # etl says so when it is asked for, and the others are still there
            continue
    return pd.concat(found).sort_values(["built_at", "id"], ascending=False, ignore_index=True)


# ---- who lies beside whom ----


def _since(release: Release, table: str, columns: list[str], sql: str) -> pd.DataFrame:
    """An answer about a table that older releases, which stay readable, do not have: no rows, as from an empty one."""
    return _table(release, sql) if _has(release, table) else pd.DataFrame(columns=columns)


def neighbours(release: Release) -> dict[str, tuple[str, ...]]:
    """Regions of the same level that share a border line, by code; empty for a release that does not tell."""
    columns = ["code", "neighbour"]
    pairs = _since(release, "neighbours", columns, "SELECT code, neighbour FROM neighbours ORDER BY code, neighbour")
    return {str(code): tuple(beside) for code, beside in pairs.groupby("code")["neighbour"]}


def region_groups(release: Release) -> pd.DataFrame:
    """The groups of regions that documents name: name, region_code, source_title, publisher; may be without rows."""
    return _since(
        release,
        "region_groups",
        ["name", "region_code", "source_title", "publisher"],
        """
        SELECT g.name, g.region_code, s.title AS source_title, s.publisher
        FROM region_groups AS g JOIN sources AS s ON s.id = g.source_id
        ORDER BY g.name, g.region_code""",
    )


# ---- people ----


def population(release: Release) -> pd.DataFrame:
    """Census population of the region and its leagues, index region_code: population (int), as_of (datetime64),
    source_title, publisher. Raises OlderReleaseError.
    """
    require(release, "population", "人口数")
    return _table(
        release,
        """
        SELECT p.region_code, p.population, p.as_of, s.title AS source_title, s.publisher
        FROM population AS p JOIN sources AS s ON s.id = p.source_id
        ORDER BY p.region_code""",
    ).set_index("region_code")
