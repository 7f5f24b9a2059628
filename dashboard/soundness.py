"""Whether the file of a release can be read, found out without risk: by a process of its own, once for each file.

DuckDB keeps a checksum of every block and looks at it when the block is read; so all that a release holds is read once.
A damaged file that brought the reading process down, or kept it for ever, would otherwise do that to the dashboard.
"""

import json
import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CHECK_SECONDS = 60
RETRY_SECONDS = 300  # what was wrong may have been the machine, not the file
READ_ALL = """
import json, sys
import duckdb

settings = {"enable_external_access": "false", "threads": "1", "memory_limit": "1GB"}
with duckdb.connect(sys.argv[1], read_only=True, config=settings) as con:
    for (table,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
        con.execute(f'SELECT sum(hash(t)::HUGEINT) FROM "{table}" AS t').fetchall()
    ((name, built_at),) = con.execute("SELECT id, built_at FROM release").fetchall()
print(json.dumps([name, built_at.isoformat()]))
"""
Stamp = tuple[int, int, int, int]
log = logging.getLogger("dashboard")


@dataclass(frozen=True)
class Found:
    """What a look at the file of a release found. `problem`: for the log, empty where all of it can be read; then
    `built_at` says when it was built (ISO 8601, UTC). `stamp` tells a file from one that took its place.
    """

    stamp: Stamp | None
    problem: str
    built_at: str = ""
    seen: float = 0.0  # by the clock that never goes back


_known: dict[Path, Found] = {}
_one_at_a_time = threading.Lock()


def look(path: Path) -> Found:
    """Whether a release can be read. Remembered until the file changes; what was wrong is tried again by and by."""
    found = _known.get(path)
    if found is not None and _holds(found, _stamp(path)):
        return found
    with _one_at_a_time:
        stamp, found = _stamp(path), _known.get(path)
        if found is None or not _holds(found, stamp):
            found = _known[path] = _look(path, stamp)
            if found.problem:
                log.error("%s cannot be read: %s", path.name, found.problem)
        return found


def forget(path: Path) -> None:
    """Has the next look read the file again: a query has met something."""
    _known.pop(path, None)


def _holds(found: Found, stamp: Stamp | None) -> bool:
    return found.stamp == stamp and (not found.problem or time.monotonic() < found.seen + RETRY_SECONDS)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _look(path: Path, stamp: Stamp | None) -> Found:
    now = time.monotonic()
    if stamp is None:
        return Found(None, "no such file", seen=now)
    try:
        read = subprocess.run(  # noqa: S603 - a path of ours, and our own program
            [sys.executable, "-I", "-c", READ_ALL, str(path)],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Found(stamp, f"not read within {CHECK_SECONDS} s", seen=now)
    if read.returncode:
        said = read.stderr.strip().splitlines()
        return Found(stamp, said[-1] if said else f"reading it ended with signal {-read.returncode}", seen=now)
    name, built_at = json.loads(read.stdout)
    if name != path.stem:
        return Found(stamp, f"it holds release {name}", seen=now)
    return Found(stamp, "", built_at, now)
