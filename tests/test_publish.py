"""Releases: built aside, verified, pointed at; and the command line around them."""

import csv
import errno
import json
import shutil
import tempfile
from pathlib import Path

import duckdb
import pytest

from etl import publish
from etl.__main__ import main
from etl.errors import UserError
from etl.paths import Paths
from tests.conftest import ROOT, copy_inputs


def quiet(text: str) -> None:
    pass


def query(paths: Paths, sql: str) -> list[tuple]:
    """Asks a copy of the current release: the pages' tests may hold the file open with other settings."""
    release = publish.current_id(paths)
    assert release is not None
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(publish.release_path(paths, release), folder)
        with duckdb.connect(str(copy), read_only=True) as con:
            return con.execute(sql).fetchall()


def append_figure(paths: Paths, **changes: str) -> None:
    """Adds a row to figures.csv: a good one, but for `changes`."""
    path = paths.published / "figures.csv"
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    row = {
        "indicator_id": "legal_aid_cases",
        "region_code": "150100",
        "region_name": "呼和浩特市",
        "period": "2023",
        "period_start": "2023-01-01",
        "period_end": "2023-12-31",
        "value": "120",
        "unit": "件",
        "status": "published",
        "source_id": "report-2023",
        "confidence": "high",
    } | changes
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, header, lineterminator="\n").writerow(row)


@pytest.fixture
def inputs(quick_inputs: Paths) -> Paths:
    """A data folder of its own where nothing is published yet."""
    shutil.rmtree(quick_inputs.warehouse)
    return quick_inputs


def test_every_official_figure_is_in_the_warehouse_with_its_source(built: Paths) -> None:
    with (ROOT / "data" / "published" / "figures.csv").open(encoding="utf-8", newline="") as file:
        expected = {
            (r["indicator_id"], r["breakdown"], r["region_code"], r["period"], float(r["value"]), r["source_id"])
            for r in csv.DictReader(file)
        }
    found = set(
        query(
            built,
            """SELECT indicator_id, breakdown, observations.region_code, period, value, source_id
            FROM observations JOIN sources ON sources.id = source_id WHERE dataset = 'published'""",
        )
    )
    assert found == expected
    assert len(found) == 456


def test_rows_in_are_rows_loaded_and_rows_rejected(built: Paths) -> None:
    loads = query(built, "SELECT input, rows_in, rows_loaded, rows_rejected FROM loads ORDER BY input")
    assert ("published/figures.csv", 456, 456, 0) in loads
    assert ("published/growth.csv", 13, 13, 0) in loads


def test_levels_and_growth_are_never_mixed(built: Paths) -> None:
    assert query(built, "SELECT count(*) FROM observations WHERE indicator_id LIKE '%_yoy'") == [(0,)]
    assert query(
        built, "SELECT value FROM growth WHERE indicator_id = 'reconsideration_cases' AND period = '2023'"
    ) == [(56.96,)]


def test_the_release_id_holds_the_latest_official_period(built: Paths) -> None:
    release = publish.current_id(built)
    assert release is not None
    assert release.startswith("20251231-")
    assert query(built, "SELECT id FROM release") == [(release,)]


def test_building_twice_does_no_work_and_gives_the_same_release(inputs: Paths) -> None:
    first = publish.build(inputs, quiet)
    changed = first.release.path.stat().st_mtime_ns
    second = publish.build(inputs, quiet)
    assert first.built
    assert not second.built
    assert second.release.id == first.release.id
    assert second.release.path.stat().st_mtime_ns == changed


def test_the_same_input_gives_the_same_release_elsewhere(tmp_path: Path, built: Paths) -> None:
    inputs = copy_inputs(tmp_path / "data")
    assert publish.build(inputs, quiet).release.id == publish.current_id(built)


def test_a_rejected_row_is_told_and_the_rest_is_published(
    inputs: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append_figure(inputs, region_code="159999", region_name="")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(inputs.data))
    assert main(["build"]) == 1
    said = capsys.readouterr().out
    assert "读入457行，载入456行，拒收1行" in said
    assert "figures.csv" in said
    assert "第458行" in said
    assert "159999" in said
    assert main(["build"]) == 1, "a second build of the same input says the same"
    assert "159999" in capsys.readouterr().out


def test_a_fault_in_the_catalogue_stops_the_build_and_keeps_the_old_release(
    inputs: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = publish.build(inputs, quiet).release.id
    catalogue = inputs.catalogue / "indicators.toml"
    catalogue.write_text(catalogue.read_text(encoding="utf-8").replace('\nkind = "rate"', '\nkind = "rat"', 1), "utf-8")
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(inputs.data))
    assert main(["build"]) == 3
    assert "rat" in capsys.readouterr().err
    assert publish.current_id(inputs) == old


def test_faulty_boundaries_stop_the_build_and_keep_the_old_release(inputs: Paths) -> None:
    old = publish.build(inputs, quiet).release.id
    path = inputs.boundaries / "leagues.geojson"
    shapes = json.loads(path.read_text(encoding="utf-8"))
    shapes["features"] = shapes["features"][1:]
    path.write_text(json.dumps(shapes), encoding="utf-8")
    with pytest.raises(UserError, match="呼和浩特市"):
        publish.build(inputs, quiet)
    assert publish.current_id(inputs) == old


def test_rolling_back_points_at_the_release_before_and_building_points_forward_again(
    inputs: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish.build(inputs, quiet).release.id
    append_figure(inputs)
    second = publish.build(inputs, quiet).release.id
    assert second != first
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(inputs.data))
    assert main(["rollback"]) == 0
    assert publish.current_id(inputs) == first
    assert main(["status"]) == 0
    assert f"→ {first}" in capsys.readouterr().out
    assert main(["build"]) == 0
    assert f"此前已有这个版本，当前版本由{first}改为{second}\n" in capsys.readouterr().out
    assert main(["build"]) == 0
    assert f"内容未变，版本：{second}\n" in capsys.readouterr().out
    assert not publish.build(inputs, quiet).built
    assert publish.current_id(inputs) == second


def test_there_is_nothing_before_the_first_release(inputs: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    publish.build(inputs, quiet)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(inputs.data))
    assert main(["rollback"]) == 3
    assert main(["rollback", "20200101-000000"]) == 3


def test_only_the_newest_releases_stay(inputs: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "RELEASES_KEPT", 2)
    for value in ("1", "2", "3"):
        append_figure(inputs, region_code=f"15010{int(value) + 1}", region_name="", value=value)
        publish.build(inputs, quiet)
    assert len(publish.releases(inputs)) == 2


def test_an_old_release_that_cannot_be_removed_is_told_and_the_new_one_stands(
    inputs: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "RELEASES_KEPT", 1)
    first = publish.build(inputs, quiet).release.id
    append_figure(inputs, region_code="150102", region_name="", value="1")
    remove = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.stem == first:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    said: list[str] = []
    second = publish.build(inputs, said.append).release.id
    assert publish.current_id(inputs) == second != first
    assert any(f"旧版本{first}没有删除" in line and "权限" in line for line in said)


def test_a_leftover_of_a_killed_build_is_cleaned(inputs: Paths) -> None:
    inputs.warehouse.mkdir()
    leftover = inputs.warehouse / ".building-1.duckdb"
    leftover.write_bytes(b"half a file")
    publish.build(inputs, quiet)
    assert not leftover.exists()


def test_the_base_is_made_once_and_anew_when_it_is_damaged_or_of_other_inputs(inputs: Paths) -> None:
    first = publish.build(inputs, quiet).release.id
    (kept,) = inputs.warehouse.glob("base-*")
    made = kept.stat().st_mtime_ns
    (inputs.warehouse / "fingerprints.json").unlink()
    assert publish.build(inputs, quiet).release.id == first
    assert kept.stat().st_mtime_ns == made

    (inputs.warehouse / "fingerprints.json").unlink()
    spoilt = bytearray(kept.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    kept.write_bytes(spoilt)
    assert publish.build(inputs, quiet).release.id == first
    (again,) = inputs.warehouse.glob("base-*")
    assert again.read_bytes() != spoilt

    append_figure(inputs)
    assert publish.build(inputs, quiet).release.id != first
    (other,) = inputs.warehouse.glob("base-*")
    assert other.name != again.name


@pytest.mark.parametrize("arguments", [[], ["bild"], ["build", "extra"]])
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_the_summary_is_there_for_machines(
    inputs: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(inputs.data))
    assert main(["build", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["built"]
    assert {load["input"] for load in summary["loads"]} >= {"published/figures.csv", "published/growth.csv"}
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["current"] == summary["release"]
