"""What happens when a load is killed, when two load at once, and when somebody reads all the while."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl import accepted, publish
from etl.accepted import Request
from etl.paths import Paths
from tests.conftest import ROOT
from tests.test_load import CASES, everything, latest, load, long_table
from tests.test_publish import quiet

KILLS = 8
RELEASES = 14
# Follows CURRENT as the pages do and counts what it could not read, until the file `stop` is there.
READER = """
import json, sys, time
from pathlib import Path
from dashboard import queries

stop, seen, failed, answers = Path(sys.argv[1]), [], [], 0
print("reading", flush=True)
while True:
    last = stop.exists()
    try:
        release = queries.current_release()
        figures = queries.figures_of_indicator(release, "internal", "reconsideration_cases")
        told = queries._query(release, "SELECT id, (SELECT count(*) FROM observations) FROM release")
        assert told["id"][0] == release.id
        answers += 1
        if release.id not in [name for name, _ in seen]:
            seen.append((release.id, figures["value"].tolist()))
    except Exception as error:
        failed.append(repr(error))
    if last:
        break
    time.sleep(0.02)
print(json.dumps({"seen": seen, "failed": failed, "answers": answers}))
"""


@pytest.fixture
def inputs(quick_inputs: Paths) -> Paths:
    return quick_inputs


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.quick", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def half_done(paths: Paths) -> list[Path]:
    return [p for p in (*paths.warehouse.glob(".*"), *paths.accepted.glob(".*")) if p.name != ".lock"]


def test_a_load_killed_at_any_moment_leaves_a_release_that_answers_and_the_next_run_succeeds(
    inputs: Paths, tmp_path: Path
) -> None:
    chance = random.Random(20260115)  # noqa: S311
    killed = 0
    seconds = 1.0
    for number in range(3 * KILLS):
        if killed == KILLS:
            break
        before = publish.current_id(inputs)
        table = long_table(tmp_path / f"{number}.csv", f"包头市,{CASES},{2000 + number},{number}")
        process = started("load", table, "--source", "报表")
        assert process.stderr is not None
        process.stderr.readline()  # Python has started: the rest is the load itself
        try:
            process.wait(timeout=chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()

        after = publish.current_id(inputs)
        assert after is not None
        values = [value for (value,) in latest(inputs, "value")]
        assert len(values) == number + (after != before), "the old release whole, or the new one whole"
        begun = time.monotonic()
        load(inputs, table, "报表")
        seconds = min(1.5, 1.2 * (time.monotonic() - begun))
        assert [value for (value,) in latest(inputs, "value")] == [float(n) for n in range(number + 1)]
        assert half_done(inputs) == []
        assert [entry.number for entry in accepted.read_all(inputs)] == list(range(1, number + 2))
    assert killed == KILLS


def test_a_load_killed_after_it_was_kept_is_published_by_the_next_run(inputs: Paths, tmp_path: Path) -> None:
    table = long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5")
    checked = publish.load(inputs, table, Request(), quiet, dry_run=True).checked
    now = publish.now()
    accepted.accept(inputs, Request(), checked, name="a.csv", sha256=publish.sha256(table), started_at=now, now=now)
    again = load(inputs, table)
    assert again.repeated
    assert again.outcome is not None
    assert again.outcome.built
    assert latest(inputs, "value") == [(5.0,)]


def test_ten_loads_at_once_stand_in_a_queue_and_none_fails(inputs: Paths, tmp_path: Path) -> None:
    tables = [long_table(tmp_path / f"{n}.csv", f"包头市,{CASES},{2010 + n},{n}") for n in range(10)]
    loads = [started("load", table, "--source", table.stem) for table in tables]
    results = [process.communicate(timeout=300) for process in loads]
    assert [process.returncode for process in loads] == [0] * 10, results
    assert sorted(value for (value,) in latest(inputs, "value")) == [float(n) for n in range(10)]
    assert sorted(entry.number for entry in accepted.read_all(inputs)) == list(range(1, 11))
    assert half_done(inputs) == []


# Loads a table where no file may grow beyond so many bytes, as on a full disk.
TIGHT = """
import resource, sys
from tests import quick

quick.shorten()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(quick.main(["load", sys.argv[2]]))
"""


@pytest.mark.parametrize("limit", [1_000, 100_000])  # the kept table does not fit; the release does not
def test_a_load_on_a_full_disk_leaves_nothing_and_says_so(inputs: Paths, tmp_path: Path, limit: int) -> None:
    before = everything(inputs.data)
    table = long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5")
    command = [sys.executable, "-c", TIGHT, str(limit), str(table)]
    load = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert load.returncode == 3, load.stderr
    assert "磁盘空间不足" in load.stderr
    assert "Traceback" not in load.stderr
    assert everything(inputs.data) == before


def test_of_two_loads_at_once_the_second_waits_and_both_are_in_the_release(inputs: Paths, tmp_path: Path) -> None:
    with publish.publishing(inputs, quiet):
        loads = [
            started("load", long_table(tmp_path / f"{place}.csv", f"{place},{CASES},2023,5"))
            for place in ("包头市", "乌海市")
        ]
        for process in loads:
            assert process.stderr is not None
            for line in process.stderr:
                if "正在发布数据，等它完成" in line:
                    assert "进程" in line
                    break
        assert [process.poll() for process in loads] == [None, None]
    results = [process.communicate(timeout=60) for process in loads]
    assert [process.returncode for process in loads] == [0, 0], results
    assert latest(inputs, "region_code, value") == [("150200", 5.0), ("150300", 5.0)]
    assert sorted(entry.number for entry in accepted.read_all(inputs)) == [1, 2]


def test_a_reader_meets_no_failure_while_releases_are_published_and_sees_the_newest(
    inputs: Paths, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(stop)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    for number in range(1, RELEASES + 1):
        load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,{number}"), "报表")
    newest = publish.current_id(inputs)
    stop.touch()
    told, complaints = reader.communicate(timeout=30)
    read = json.loads(told.splitlines()[-1])
    assert read["failed"] == [], complaints
    assert read["seen"][-1] == [newest, [float(RELEASES)]]
    assert len(read["seen"]) > RELEASES / 2
    assert read["answers"] > RELEASES
    assert len(publish.releases(inputs)) <= publish.RELEASES_KEPT + 1
