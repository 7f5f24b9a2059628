"""The file of a warehouse: opened for filling, filled, hashed, and read back."""

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

SCHEMA = Path(__file__).with_name("schema.sql")
MEMORY_LIMIT = "450MB"  # of a file that is being filled; what does not fit goes to the disk
# What a release says: everything but the times and the bookkeeping of how it was made.
CONTENT_TABLES = [
    "chapters",
    "regions",
    "indicators",
    "indicator_units",
    "sources",
    "observations",
    "growth",
    "targets",
    "population",
    "neighbours",
    "region_groups",
    "breaks",
    "expected",
    "corrections",
    "checks",
    "rejects",
]


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to a file that is being filled."""
    return duckdb.connect(str(path), config={"memory_limit": MEMORY_LIMIT})


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame | pa.Table) -> None:
    """Appends `rows` to `table` by column names; DuckDB casts, and its constraints refuse what does not fit."""
    if not len(rows):
        return
    incoming = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    columns = ", ".join(f'"{c}"' for c in incoming.column_names)
    con.register("incoming", incoming)
    con.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming")
    con.unregister("incoming")


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    """The one row of an answer; read to its end, because an unfinished answer keeps the connection busy."""
    (row,) = con.execute(sql).fetchall()
    return tuple(row)


def content_sum(con: duckdb.DuckDBPyConnection, table: str, after: int = 0) -> tuple[int, int]:
    """Number of rows and sum of their hashes, whatever their order and the version of DuckDB.

    `after`: of the rows behind the first so many, in the order in which they were inserted.
    """
    names = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    texts = ", ".join(f"""coalesce("{name}"::VARCHAR, chr(30))""" for name in names)
    rows, total = one_row(
        con,
        f"""
        SELECT count(*), sum((md5_number(concat_ws(chr(31), {texts})) >> 64)::HUGEINT) FROM {table}
        WHERE rowid >= {after}""",
    )
    return rows, total


def verify(path: Path, counts: dict[str, int]) -> None:
    """Reads the finished file back; a mismatch is a fault of the program, so it raises RuntimeError."""
    with duckdb.connect(str(path), read_only=True) as con:
        for table, expected in counts.items():
            (count,) = one_row(con, f"SELECT count(*) FROM {table}")
            if count != expected:
                raise RuntimeError(f"{table}: {count} rows written, {expected} expected")
        figure = "dataset, region_code, indicator_id, breakdown, period, source_id, revision"
        for name, sql in {
            "figures without a known source": "SELECT count(*) FROM observations ANTI JOIN sources ON id = source_id",
            "figures of unknown regions": "SELECT count(*) FROM observations ANTI JOIN regions ON code = region_code",
            "figures of unknown indicators": """
                SELECT count(*) FROM observations ANTI JOIN indicators ON id = indicator_id""",
            # Only those with the same hash are compared, which is three times as fast.
            "doubled figures": f"""
                WITH alike AS (SELECT hash({figure}) AS h FROM observations GROUP BY h HAVING count(*) > 1)
                SELECT count(*) FROM (
                    SELECT 1 FROM observations SEMI JOIN alike ON h = hash({figure})
                    GROUP BY {figure} HAVING count(*) > 1)""",
        }.items():
            (count,) = one_row(con, sql)
            if count:
                raise RuntimeError(f"release not published: {count} {name}")
