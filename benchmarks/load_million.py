"""Seconds and peak memory of loading a million rows, beside bare DuckDB with the same file and constraints.

    python -m benchmarks.load_million [--rows 1000000] [--rounds 3]

Bare DuckDB reads the CSV and inserts it into the table `observations` of etl/schema.sql: its CHECKs hold, but nothing
is looked up, converted, compared or kept. `etl load` does all of that and builds a whole release around it. Both run
in turn in processes of their own, in one run, so that the ratio holds on any machine; the least of the rounds counts.
A table of a hundred rows tells how much of it every load takes, however small.
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
from pathlib import Path

from etl.catalogue import Catalogue, Region, load_catalogue

ROOT = Path(__file__).resolve().parent.parent
SEED = 2035
HEADER = "区划代码,地区,指标,分项,期间,数值,单位,分子,分母,来源,备注\n"
BARE = """
import sys, duckdb
from pathlib import Path
con = duckdb.connect(sys.argv[2])
con.execute(Path("etl/schema.sql").read_text(encoding="utf-8"))
con.execute('''
    INSERT INTO observations
    SELECT 'internal', "区划代码", "指标", coalesce("分项", ''), "期间", make_date("期间"[:4]::INT, "期间"[6:]::INT, 1),
        last_day(make_date("期间"[:4]::INT, "期间"[6:]::INT, 1)), replace("数值", '%', '')::DOUBLE, "单位", '',
        "分子"::DOUBLE, "分母"::DOUBLE, 'reported', "来源", "数值", 'high', coalesce("备注", ''), 1, 'bare'
    FROM read_csv(?, all_varchar = true)''', [sys.argv[1]])
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


def measure(command: list[str], data: Path) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and what the command printed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "DASHBOARD_DATA_DIR": str(data)}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"{command[1:4]} failed: {told[:500]}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024, told


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table, small = Path(folder) / "million.csv", Path(folder) / "hundred.csv"
        write_table(table, options.rows)
        write_table(small, 100)
        print(f"{options.rows} rows, {table.stat().st_size / 2**20:.0f} MB")
        bare: list[tuple[float, float]] = []
        load: list[tuple[float, float]] = []
        least: list[tuple[float, float]] = []
        for number in range(options.rounds):
            data = Path(folder) / f"data{number}"
            for name in ("catalogue", "published", "boundaries"):
                shutil.copytree(ROOT / "data" / name, data / name)
            seconds, memory, _ = measure([sys.executable, "-c", BARE, str(table), str(data / "bare.duckdb")], data)
            bare.append((seconds, memory))
            seconds, memory, _ = measure([sys.executable, "-m", "etl", "load", str(small)], data)
            least.append((seconds, memory))
            shutil.rmtree(data / "accepted")
            seconds, memory, told = measure([sys.executable, "-m", "etl", "load", str(table), "--json"], data)
            load.append((seconds, memory))
            (file,) = json.loads(told)["files"]
            assert file["rows_in"] == file["rows_loaded"] == options.rows, file
            shutil.rmtree(data)
        for name, rounds in (("bare DuckDB", bare), ("a small load", least), ("etl load", load)):
            seconds = ", ".join(f"{s:.2f}" for s, _ in rounds)
            print(f"{name:<12} {min(rounds)[0]:6.2f} s (of {seconds})   peak {max(m for _, m in rounds):5.0f} MB")
        beyond = min(load)[0] - min(least)[0]
        print(f"ratio {min(load)[0] / min(bare)[0]:.2f} (aim: at most 3, and 1024 MB)")
        print(f"ratio {beyond / min(bare)[0]:.2f} of what the rows add to a small load")


if __name__ == "__main__":
    main()
