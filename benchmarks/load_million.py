"""Seconds and peak memory of loading a million rows, beside bare DuckDB with the same file and constraints.

    python -m benchmarks.load_million [--rows 1000000] [--rounds 3]

Bare DuckDB reads the CSV and inserts it into the table `observations` of etl/schema.sql, whose CHECKs hold, and asks
what stands in for its keys there: known regions and indicators, no figure twice. Nothing is converted, compared or
kept. `etl load` does all of that and builds a whole release around it. Both run in turn in processes of their own, in
one run, so that the ratio holds on any machine; the least of the rounds counts, and the seconds of the processors tell
more than those of the clock where others use the machine. A table of a hundred rows tells how much of it every load
takes, however small.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.catalogue import Catalogue, Region, load_catalogue

ROOT = Path(__file__).resolve().parent.parent
SEED = 2035
HEADER = "区划代码,地区,指标,分项,期间,数值,单位,分子,分母,来源,备注\n"
BARE = """
import json, sys, duckdb
from pathlib import Path
con = duckdb.connect(sys.argv[2])
con.execute(Path("etl/schema.sql").read_text(encoding="utf-8"))
con.execute('''
    INSERT INTO observations
    SELECT 'internal', "区划代码", "指标", coalesce("分项", ''), "期间", make_date("期间"[:4]::INT, "期间"[6:]::INT, 1),
        last_day(make_date("期间"[:4]::INT, "期间"[6:]::INT, 1)), replace("数值", '%', '')::DOUBLE, "单位", '',
        "分子"::DOUBLE, "分母"::DOUBLE, 'reported', "来源", "数值", 'high', coalesce("备注", ''), 1, 'bare'
    FROM read_csv(?, all_varchar = true)''', [sys.argv[1]])
known = json.loads(sys.argv[3])
for column in ("region_code", "indicator_id", "source_id"):
    con.execute(f"SELECT count(*) FROM observations WHERE {column} NOT IN (SELECT unnest(?))", [known]).fetchall()
con.execute('''
    SELECT 1 FROM observations GROUP BY dataset, region_code, indicator_id, breakdown, period, source_id, revision
    HAVING count(*) > 1''').fetchall()
con.close()
"""


def write_table(path: Path, rows: int) -> None:
    """A long table of months, indicators and all regions: counts that add up, and rates with their parts."""
    catalogue = load_catalogue(ROOT / "data" / "catalogue")
    chance = random.Random(SEED)  # noqa: S311
    rates = [i for i in catalogue.indicators.values() if i.kind == "rate"]
    parts = {name for i in rates for name in (i.numerator, i.denominator)}
    counts = [i for i in catalogue.indicators.values() if i.kind == "count" and i.id not in parts]
    banners = [region for region in catalogue.regions.values() if region.level == "banner"]
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        left = rows
        for number in itertools.count():
            month = f"{1990 + number // 12}-{number % 12 + 1:02}"
            for indicator in (*counts, *rates):
                sums = dict.fromkeys(catalogue.regions, (0, 0))
                for banner in banners:
                    whole = chance.randint(50, 9000)
                    figures = chance.randint(0, whole), whole
                    for code in _with_those_above(banner, catalogue):
                        sums[code] = tuple(map(sum, zip(sums[code], figures, strict=True)))
                for code, (part, whole) in itertools.islice(sums.items(), left):
                    start = f"{code},{catalogue.regions[code].name},{indicator.name},,{month}"
                    if indicator.kind == "rate":
                        file.write(f"{start},{100 * part / whole:.2f}%,%,{part},{whole},report-2023,\n")
                    else:
                        file.write(f"{start},{whole},{indicator.unit},,,report-2023,\n")
                left -= min(left, len(sums))
                if not left:
                    return


def _with_those_above(region: Region, catalogue: Catalogue) -> Iterator[str]:
    yield region.code
    if region.parent:
        yield from _with_those_above(catalogue.regions[region.parent], catalogue)


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds by the clock and of the processors, peak memory in MB, and what it printed."""

    seconds: float
    processors: float
    memory: float
    told: str


def measure(command: list[str], data: Path) -> Run:
    """Runs a command on a data folder; raises RuntimeError when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "DASHBOARD_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{command[1:4]} failed: {told[:500]}")
    seconds = time.perf_counter() - started
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, told)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    catalogue = load_catalogue(ROOT / "data" / "catalogue")
    known = [*catalogue.regions, *(i.name for i in catalogue.indicators.values()), *catalogue.sources["id"]]
    with tempfile.TemporaryDirectory() as folder:
        table, small = Path(folder) / "million.csv", Path(folder) / "hundred.csv"
        write_table(table, options.rows)
        write_table(small, 100)
        print(f"{options.rows} rows, {table.stat().st_size / 2**20:.0f} MB")
        bare: list[Run] = []
        load: list[Run] = []
        least: list[Run] = []
        for number in range(options.rounds):
            data = Path(folder) / f"data{number}"
            for name in ("catalogue", "published", "boundaries"):
                shutil.copytree(ROOT / "data" / name, data / name)
            arguments = [str(table), str(data / "bare.duckdb"), json.dumps(known)]
            bare.append(measure([sys.executable, "-c", BARE, *arguments], data))
            least.append(measure([sys.executable, "-m", "etl", "load", str(small)], data))
            shutil.rmtree(data / "accepted")
            load.append(measure([sys.executable, "-m", "etl", "load", str(table), "--json"], data))
            (file,) = json.loads(load[-1].told)["files"]
            assert file["rows_in"] == file["rows_loaded"] == options.rows, file
            shutil.rmtree(data)
    for name, rounds in (("bare DuckDB", bare), ("a small load", least), ("etl load", load)):
        clock, processors = (min(getattr(r, kind) for r in rounds) for kind in ("seconds", "processors"))
        peak = max(r.memory for r in rounds)
        print(f"{name:<12} {clock:6.2f} s by the clock   {processors:6.2f} s of the processors   peak {peak:5.0f} MB")
    for kind, words in (("seconds", "by the clock"), ("processors", "of the processors")):
        plain, small_load, whole = (min(getattr(r, kind) for r in rounds) for rounds in (bare, least, load))
        beyond = (whole - small_load) / plain
        print(f"ratio {whole / plain:.2f} {words} (aim: at most 3); {beyond:.2f} of what the rows add to a small load")
    print(f"peak memory {max(r.memory for r in load):.0f} MB (aim: at most 1024)")


if __name__ == "__main__":
    main()
