"""What every release consists of before anything is loaded: made once, kept, and copied into each release.

The base is the file of a release without accepted loads and corrections: catalogue, boundaries, official figures and
the simulated panel, with their checks. Making it takes longer than a small load, and none of it depends on loads. It
lies in the warehouse under a name that holds a hash of all its inputs, the ETL among them, and one of its own bytes:
of other inputs, or damaged, it is not found and made anew. So it can be deleted at any time.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from etl import progress
from etl.catalogue import Catalogue
from etl.checks import run_checks
from etl.inputs import sha256
from etl.paths import Paths
from etl.progress import Say
from etl.warehouse import SCHEMA, content_sum, insert, one_row, opened, verify


@dataclass(frozen=True)
class Brought:
    """What a base brings into a release: number of its observations (the first ones), the sum of their hashes, and
    the last day of their last period.
    """

    observations: int
    total: int
    until: date


def find_or_make(paths: Paths, catalogue: Catalogue, files: Mapping[str, str], say: Say) -> Path:
    """The file of the base that is made of `files` (name -> SHA-256); those that were made of others are removed.

    Raises UserError when the boundaries or the published tables are at fault.
    """
    wanted = {name: digest for name, digest in files.items() if not name.startswith("accepted/")}
    inputs = json.dumps([duckdb.__version__, wanted], sort_keys=True)
    key = hashlib.sha256(inputs.encode()).hexdigest()[:16]
    found = None
    for path in paths.warehouse.glob("base-*.duckdb"):
        if path.name == _name(key, path):
            found = path
        else:
            path.unlink()
    return found or _make(paths, catalogue, key, say)


def _name(key: str, path: Path) -> str:
    return f"base-{key}-{sha256(path)[:16]}.duckdb"


def _make(paths: Paths, catalogue: Catalogue, key: str, say: Say) -> Path:
    # Only here, because reading shapes needs libraries that take a while to start.
    from etl import boundaries
    from etl.build import gather

    say("读取区划边界 …")
    shapes = boundaries.read_boundaries(paths.boundaries, catalogue.regions)
    with progress.part(0, 0.4):
        tables = gather(paths, catalogue, shapes, say)
    building = paths.warehouse / f".building-{os.getpid()}.duckdb"
    with opened(building) as con:
        con.begin()  # each statement by itself would wait for the disk
        con.execute(SCHEMA.read_text(encoding="utf-8"))
        con.commit()
        for table, frame in tables.items():
            insert(con, table, frame)
        insert(con, "checks", run_checks(con, catalogue))
        rows, total = content_sum(con, "observations")
        con.execute(
            "CREATE TABLE brought AS SELECT ?::BIGINT, ?::HUGEINT, max(period_end) FROM observations", [rows, total]
        )
    verify(building, {table: len(frame) for table, frame in tables.items()})
    made = paths.warehouse / _name(key, building)
    os.replace(building, made)
    return made


def brought(con: duckdb.DuckDBPyConnection) -> Brought:
    """What the base said of itself in the copy that `con` is connected to; the copy forgets it."""
    known = Brought(*one_row(con, "FROM brought"))
    con.execute("DROP TABLE brought")
    return known
