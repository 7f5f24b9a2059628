"""Tables that people bring: what is good in them comes into a release, what is not is told, and all can be undone."""

import csv
import errno
import json
import os
import pty
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashboard import audit as log
from dashboard import state
from dashboard.theme import DATASET_NAMES
from etl import accepted, base, publish, simulate
from etl.__main__ import EXAMPLES, main, parser
from etl.accepted import Request
from etl.catalogue import load_catalogue
from etl.checks import expand_expected, run_checks
from etl.errors import UserError
from etl.inputs import sha256
from etl.paths import Paths
from etl.readers import read_tables
from etl.understand import Figures, understand
from etl.warehouse import insert
from tests import quick
from tests.conftest import ROOT
from tests.test_publish import query, quiet

CASES = "行政复议案件办理数"
RATE = "行政机关负责人出庭应诉率"
TODAY = date(2026, 1, 15)


@pytest.fixture
def inputs(quick_inputs: Paths) -> Paths:
    return quick_inputs


def long_table(path: Path, *rows: str) -> Path:
    """A CSV of 地区, 指标, 期间, 数值."""
    path.write_text("\n".join(["地区,指标,期间,数值", *rows, ""]), encoding="utf-8")
    return path


def messy_workbook(path: Path) -> Path:
    """What a league sends: a title, two levels of headings, merged cells, a total, a note, a hidden sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "全年"
    for row in [
        ["兴安盟2024年法治政府建设情况表"],
        ["填报单位：兴安盟司法局"],
        ["旗县", "行政复议", None, "应诉"],
        [None, f"2024年{CASES}（件）", f"2023年{CASES}", f"2024年{RATE}"],
        ["乌兰浩特市", 41, "未报", 0.9868],
        ["科右前旗", "１２件", 9, "不适用"],
        ["扎赉特旗", "约20", 3.5, 1],
        ["合计", 73, 12, None],
        ["注：数据为快报。"],
    ]:
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("B3:C3")
    for row in (5, 7):
        sheet.cell(row, 4).number_format = "0.00%"
    book.create_sheet("旧表").append(["不要读"])
    book["旧表"].sheet_state = "hidden"
    book.save(path)
    return path


def load(inputs: Paths, path: Path, source: str = "", **settings: Any) -> publish.Loaded:
    return publish.load(inputs, path, Request(source_title=source, **settings), quiet)


def latest(inputs: Paths, columns: str) -> list[tuple]:
    """What the newest release says now of the dataset internal."""
    return query(
        inputs,
        f"SELECT {columns} FROM latest_observations WHERE dataset = 'internal' ORDER BY region_code, period, source_id",
    )


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


# ---- into the warehouse ----


def test_a_messy_workbook_comes_into_the_warehouse(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, messy_workbook(tmp_path / "全年.xlsx"), "2024年情况表")
    columns = "region_code, indicator_id, period, value, qualifier, status"
    assert sorted(latest(inputs, columns), key=str) == [
        ("152201", "court_appearance_rate", "2024", 98.68, "", "reported"),
        ("152201", "reconsideration_cases", "2023", None, "", "not_reported"),
        ("152201", "reconsideration_cases", "2024", 41.0, "", "reported"),
        ("152221", "court_appearance_rate", "2024", None, "", "not_applicable"),
        ("152221", "reconsideration_cases", "2023", 9.0, "", "reported"),
        ("152221", "reconsideration_cases", "2024", 12.0, "", "reported"),
        ("152223", "court_appearance_rate", "2024", 100.0, "", "reported"),
        ("152223", "reconsideration_cases", "2024", 20.0, "约", "reported"),
    ]


def test_every_figure_names_its_load_and_its_source(inputs: Paths, tmp_path: Path) -> None:
    path = messy_workbook(tmp_path / "全年.xlsx")
    result = load(inputs, path, "2024年情况表", publisher="兴安盟司法局")
    assert query(
        inputs,
        """SELECT DISTINCT load_id, title, publisher, kind, sha256 FROM latest_observations AS o
        JOIN sources AS s ON s.id = o.source_id WHERE dataset = 'internal'""",
    ) == [(result.load_id, "2024年情况表", "兴安盟司法局", "table", publish.sha256(path))]


def test_rows_in_are_rows_loaded_and_rows_rejected(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, messy_workbook(tmp_path / "全年.xlsx"))
    sql = "SELECT input, rows_in, rows_loaded, rows_rejected, status FROM loads WHERE dataset = 'internal'"
    assert query(inputs, sql) == [("全年.xlsx", 9, 8, 1, "partial")]
    assert query(inputs, "SELECT file, sheet, row, found, message FROM rejects") == [
        ("全年.xlsx", "全年", 7, "3.5", "以“件”计数应是整数")
    ]


def test_a_complaint_about_a_whole_sheet_is_kept_too(inputs: Paths, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(messy_workbook(tmp_path / "全年.xlsx"))
    book.create_sheet("缺期间")
    for row in (["地区", "指标", "数值"], ["包头市", CASES, 5]):
        book["缺期间"].append(row)
    book.save(tmp_path / "全年.xlsx")
    assert load(inputs, tmp_path / "全年.xlsx").checked.rows_in == 10
    assert query(inputs, "SELECT row, message FROM rejects WHERE sheet = '缺期间'") == [
        (None, "没有认出期间列（表头如“期间”“年份”），请指定期间")
    ]


def test_two_sheets_that_contradict_each_other_are_both_rejected(inputs: Paths, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for sheet, value in [(book.active, 5), (book.create_sheet("二"), 6), (book.create_sheet("三"), 6)]:
        for row in (["地区", "指标", "期间", "数值"], ["包头市", CASES, 2023, value], ["乌海市", CASES, 2023, 7]):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    result = load(inputs, tmp_path / "a.xlsx")
    assert latest(inputs, "region_code, value") == [("150300", 7.0)]
    assert (result.checked.rows_in, result.checked.rows_rejected) == (6, 5)
    assert [f.message for f in result.checked.findings].count("几张表里互相矛盾，都未载入") == 3


def test_a_period_that_has_not_begun_is_a_slip_of_the_pen(inputs: Paths, tmp_path: Path) -> None:
    path = long_table(tmp_path / "a.csv", f"包头市,{CASES},2026Q2,5", f"包头市,{CASES},2026,5")
    checked = accepted.check_file(path, load_catalogue(inputs.catalogue), Request(), quiet, today=TODAY)
    assert checked.observations["period"].tolist() == ["2026"]
    assert checked.findings[0].message == "这个期间还没有开始"


# ---- again, corrected, beside another ----


def test_the_same_file_again_changes_nothing(inputs: Paths, tmp_path: Path) -> None:
    path = messy_workbook(tmp_path / "全年.xlsx")
    first = load(inputs, path)
    before = everything(inputs.data)
    second = load(inputs, path)
    assert second.repeated
    assert second.load_id == first.load_id
    assert everything(inputs.data) == before


def test_a_corrected_file_appends_a_revision_only_for_what_changed(inputs: Paths, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    load(inputs, long_table(path, f"包头市,{CASES},2023,5", f"乌海市,{CASES},2023,7"), "报表")
    load(inputs, long_table(path, f"包头市,{CASES},2023,6", f"乌海市,{CASES},2023,7"), "报表")
    assert query(
        inputs,
        """SELECT region_code, revision, value FROM observations
        WHERE dataset = 'internal' ORDER BY region_code, revision""",
    ) == [("150200", 1, 5.0), ("150200", 2, 6.0), ("150300", 1, 7.0)]
    assert latest(inputs, "value") == [(6.0,), (7.0,)]


def test_a_state_that_turns_into_a_value_is_a_revision(inputs: Paths, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for value in ("未报", "—", "5", "5"):
        load(inputs, long_table(path, f"包头市,{CASES},2023,{value}", f"乌海市,{CASES},2023,7"), "报表")
    assert latest(inputs, "revision, value, status") == [(2, 5.0, "reported"), (1, 7.0, "reported")]


def test_another_source_stays_side_by_side(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"), "甲")
    load(inputs, long_table(tmp_path / "b.csv", f"包头市,{CASES},2023,6"), "乙")
    assert sorted(latest(inputs, "value, revision")) == [(5.0, 1), (6.0, 1)]
    assert query(inputs, "SELECT source_count FROM leading_observations WHERE dataset = 'internal'") == [(2,)]


def told_by(inputs: Paths) -> list[tuple]:
    return query(
        inputs,
        """SELECT o.region_code, value, publisher, s.note FROM latest_observations AS o JOIN sources AS s
        ON s.id = o.source_id WHERE dataset = 'internal' ORDER BY o.region_code, value""",
    )


def test_nobody_changes_what_is_said_of_the_source_of_others(inputs: Paths, tmp_path: Path) -> None:
    first = long_table(tmp_path / "包头.csv", f"包头市,{CASES},2023,5", f"东河区,{CASES},2023,2")
    load(inputs, first, "年报", publisher="包头市司法局", regions=["150200"])
    theirs = [("150200", 5.0, "包头市司法局", "文件：包头.csv"), ("150202", 2.0, "包头市司法局", "文件：包头.csv")]
    own = long_table(tmp_path / "自家.csv", f"呼伦贝尔市,{CASES},2023,7")
    load(inputs, own, "年报", publisher="抢占", regions=["150700"])
    assert told_by(inputs) == [*theirs, ("150700", 7.0, "抢占", "文件：自家.csv")]
    # Both go on with their own: a later table corrects, and who says no publisher leaves it as it was.
    later = long_table(tmp_path / "更正.csv", f"呼伦贝尔市,{CASES},2023,8", f"包头市,{CASES},2023,6")
    load(inputs, later, "年报", regions=["150700", "150400"])
    assert told_by(inputs) == [*theirs, ("150700", 8.0, "抢占", "文件：更正.csv")]
    load(inputs, later, "年报", regions=["150200"])
    assert [row[:3] for row in told_by(inputs)] == [
        ("150200", 6.0, "包头市司法局"),
        ("150202", 2.0, "包头市司法局"),
        ("150700", 8.0, "抢占"),
    ]


def test_another_publisher_of_the_same_source_is_refused_and_told(inputs: Paths, tmp_path: Path) -> None:
    path = long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5")
    load(inputs, path, "年报")
    load(inputs, long_table(tmp_path / "b.csv", f"包头市,{CASES},2023,6"), "年报", publisher="包头市司法局")
    assert [row[2] for row in told_by(inputs)] == ["包头市司法局"], "nobody had said who it is by"
    before = everything(inputs.data)
    for dry_run in (True, False):
        with pytest.raises(UserError, match=r"^c\.csv：来源“年报”此前的报送单位是“包头市司法局”，这次写的是“司法厅”。"):
            publish.load(
                inputs,
                long_table(tmp_path / "c.csv", f"包头市,{CASES},2023,7"),
                Request(source_title="年报", publisher="司法厅"),
                quiet,
                dry_run=dry_run,
            )
    assert everything(inputs.data) == before


def test_a_source_that_others_took_meanwhile_is_not_taken_from_them(
    inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = long_table(tmp_path / "自家.csv", f"呼伦贝尔市,{CASES},2023,7")
    check = accepted.check_file

    def slow(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(accepted, "check_file", check)
        theirs = long_table(tmp_path / "包头.csv", f"包头市,{CASES},2023,5")
        load(inputs, theirs, "年报", publisher="包头市司法局", regions=["150200"])
        return check(*arguments, **options)

    monkeypatch.setattr(accepted, "check_file", slow)
    with pytest.raises(UserError, match="请再试一次"):
        load(inputs, own, "年报", publisher="抢占", regions=["150700"])
    assert [row[:3] for row in told_by(inputs)] == [("150200", 5.0, "包头市司法局")]


def test_a_dataset_of_another_name_is_another_dataset(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"), dataset="draft")
    assert query(inputs, "SELECT dataset, value FROM observations WHERE load_id LIKE 'draft-%'") == [("draft", 5.0)]


@pytest.mark.parametrize(
    "name",
    [
        *("published", "demo", "simulated", "a-b", "", "../x"),
        *("Published", "ｐublished", "DEMO", "ｉnternal", "Saihan", *DATASET_NAMES.values()),
    ],
)
def test_a_dataset_that_would_pass_for_another_is_refused(inputs: Paths, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="不能用"):
        load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"), dataset=name)


# ---- and back ----


def test_undo_points_at_the_very_release_before(inputs: Paths, tmp_path: Path) -> None:
    before = publish.current_id(inputs)
    result = load(inputs, messy_workbook(tmp_path / "全年.xlsx"))
    assert result.load_id
    assert publish.current_id(inputs) != before
    outcome = publish.undo(inputs, result.load_id, quiet)
    assert (outcome.release.id, outcome.built) == (before, False)
    assert publish.current_id(inputs) == before
    with pytest.raises(UserError, match="没有载入记录"):
        publish.undo(inputs, result.load_id, quiet)


def test_a_load_that_was_taken_back_may_be_loaded_again(inputs: Paths, tmp_path: Path) -> None:
    path = messy_workbook(tmp_path / "全年.xlsx")
    for _ in range(2):
        result = load(inputs, path)
        assert result.load_id
        assert len(latest(inputs, "value")) == 8
        publish.undo(inputs, result.load_id, quiet)
    assert load(inputs, path).outcome


def test_taking_back_a_correction_brings_the_first_figure_back(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"), "报表")
    corrected = load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,6"), "报表")
    assert corrected.load_id
    publish.undo(inputs, corrected.load_id, quiet)
    assert latest(inputs, "value, revision") == [(5.0, 1)]


def test_a_load_that_a_correction_needs_cannot_be_taken_back(inputs: Paths, tmp_path: Path) -> None:
    result = load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"))
    assert result.load_id
    correct(inputs, region_code="150200", source_id="internal", old_value="5", new_value="6")
    publish.build(inputs, quiet)
    current = publish.current_id(inputs)
    with pytest.raises(UserError, match="没有这条数据"):
        publish.undo(inputs, result.load_id, quiet)
    assert publish.current_id(inputs) == current
    assert [entry.load.load_id for entry in accepted.read_all(inputs)] == [result.load_id]


# ---- no trace ----


def test_a_dry_run_leaves_no_trace(inputs: Paths, tmp_path: Path) -> None:
    before = everything(inputs.data)
    path = messy_workbook(tmp_path / "全年.xlsx")
    result = publish.load(inputs, path, Request(), quiet, dry_run=True)
    assert result.checked.rows_loaded == 8
    assert everything(inputs.data) == before


def test_a_file_without_a_good_row_is_told_and_not_kept(inputs: Paths, tmp_path: Path) -> None:
    before = everything(inputs.data)
    result = load(inputs, long_table(tmp_path / "a.csv", f"火星,{CASES},2023,5"))
    assert (result.load_id, result.checked.rows_rejected) == (None, 1)
    assert "没有这个地区" in result.checked.findings[0].text()
    assert everything(inputs.data) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a workbook", b"no table"])
def test_a_file_that_cannot_be_read_is_told_and_leaves_no_trace(inputs: Paths, tmp_path: Path, content: bytes) -> None:
    before = everything(inputs.data)
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.xlsx："):
        load(inputs, tmp_path / "a.xlsx")
    assert everything(inputs.data) == before


def test_a_release_is_what_it_would_be_without_a_base(
    inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a finding in the simulated panel, which only the base looks for, a revision, and figures later than all."""
    rate = {"indicator_id": "court_appearance_rate", "unit": "%", "numerator": 1.0, "denominator": 2.0, "value": 98.0}
    panel = simulate.Panel(pd.DataFrame([quick.ROW, quick.ROW | rate]), quick.panel(None, None).breaks)
    monkeypatch.setattr(simulate, "panel", lambda *_: panel)
    for old in inputs.warehouse.glob("base-*"):
        old.unlink()
    rows = [f"包头市,{CASES},2024,5000", f"包头市,{CASES},2023,40", f"包头市,{CASES},2026Q1,9"]
    load(inputs, long_table(tmp_path / "第一次.csv", *rows), "情况表")
    (kept,) = inputs.warehouse.glob("base-*")
    corrected = long_table(tmp_path / "更正.csv", f"包头市,{CASES},2024,50", rows[1])
    release = publish.describe(inputs, load(inputs, corrected, "情况表").outcome.release.id)
    assert kept.exists()

    catalogue = load_catalogue(inputs.catalogue)
    with duckdb.connect(str(shutil.copy(release.path, tmp_path))) as con:
        found = con.execute("SELECT * FROM checks").df()
        con.execute("DELETE FROM checks")
        insert(con, "checks", run_checks(con, catalogue))
        whole = con.execute("SELECT * FROM checks").df()
        assert set(found["dataset"]) >= {"demo", "published"}
        assert Counter(map(repr, found.to_numpy())) == Counter(map(repr, whole.to_numpy()))
        for dataset in ("demo", "published"):  # and in the same order
            same = (table[table["dataset"] == dataset].reset_index(drop=True) for table in (found, whole))
            pd.testing.assert_frame_equal(*same)
        (until,) = con.execute("SELECT max(period_end) FROM observations").fetchone()
        assert len(expand_expected(catalogue, until)) == len(con.execute("FROM expected").df())
        content = publish._content_hash(con, base.Brought(0, 0, until))
        assert release.id.endswith(f"-{content[:6]}")

    kept.unlink()
    release.path.unlink()
    assert publish.build(inputs, quiet).release.id == release.id


def test_a_load_whose_build_fails_is_not_kept(inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    current = publish.current_id(inputs)

    def fail(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(publish, "verify", fail)
    with pytest.raises(RuntimeError):
        load(inputs, messy_workbook(tmp_path / "全年.xlsx"))
    assert publish.current_id(inputs) == current
    assert accepted.read_all(inputs) == []


# ---- what is kept for good ----


def test_an_accepted_load_is_part_of_every_later_build(inputs: Paths, tmp_path: Path) -> None:
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"))
    for file in inputs.warehouse.iterdir():
        file.unlink()
    publish.build(inputs, quiet)
    assert latest(inputs, "value") == [(5.0,)]


@pytest.mark.parametrize("spoil", ["cut", "emptied", "foreign"])
def test_a_spoilt_accepted_file_stops_the_build_and_is_named(inputs: Paths, tmp_path: Path, spoil: str) -> None:
    load(inputs, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"))
    current = publish.current_id(inputs)
    (kept,) = inputs.accepted.glob("*.parquet")
    if spoil == "foreign":
        pq.write_table(pq.read_table(kept).replace_schema_metadata({}), kept)
    else:
        kept.write_bytes(kept.read_bytes()[: 100 if spoil == "cut" else 0])
    with pytest.raises(UserError, match=f"{kept.name} 无法读取"):
        publish.build(inputs, quiet)
    with pytest.raises(UserError, match="从备份恢复"):
        load(inputs, long_table(tmp_path / "b.csv", f"乌海市,{CASES},2023,5"))
    assert publish.current_id(inputs) == current


# ---- corrections.csv ----


def correct(inputs: Paths, **changes: str) -> None:
    """Adds a correction of an official figure, but for `changes`."""
    row = {
        "region_code": "150000",
        "indicator_id": "reconsideration_cases",
        "breakdown": "",
        "period": "2023",
        "source_id": "report-2023",
        "old_value": "4770",
        "new_value": "4771",
        "reason": "原文勘误",
        "status": "applied",
        "corrected_on": "2026-01-15",
    } | changes
    path = inputs.catalogue / "corrections.csv"
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, header, lineterminator="\n").writerow(row)


CORRECTED = """SELECT revision, value, note FROM observations WHERE dataset = 'published' AND region_code = '150000'
    AND indicator_id = 'reconsideration_cases' AND period = '2023' AND breakdown = '' ORDER BY revision"""


def test_a_correction_appends_a_revision_with_its_reason(inputs: Paths) -> None:
    correct(inputs)
    correct(inputs, old_value="4771", new_value="4772", reason="再次勘误")
    publish.build(inputs, quiet)
    first, second, third = query(inputs, CORRECTED)
    assert [first[:2], second[:2], third[:2]] == [(1, 4770.0), (2, 4771.0), (3, 4772.0)]
    assert "更正：原文勘误" in second[2]
    assert third[2].endswith("更正：再次勘误")
    kept = query(inputs, "SELECT dataset, old_value, new_value, reason, status, revision FROM corrections")
    assert kept == [
        ("published", 4770.0, 4771.0, "原文勘误", "applied", 2),
        ("published", 4771.0, 4772.0, "再次勘误", "applied", 3),
    ]


@pytest.mark.parametrize("status", ["proposed", "declined"])
def test_a_correction_that_is_not_applied_is_listed_and_changes_nothing(inputs: Paths, status: str) -> None:
    correct(inputs, status=status)
    publish.build(inputs, quiet)
    assert len(query(inputs, CORRECTED)) == 1
    assert query(inputs, "SELECT status, revision FROM corrections") == [(status, None)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"old_value": "4769"}, "corrections.csv 第2行：没有这条数据"),
        ({"period": "2033"}, "corrections.csv 第2行：没有这条数据"),
        ({"old_value": "4769", "status": "proposed"}, "没有这条数据"),
        ({"new_value": "约4771"}, "须为数"),
        ({"corrected_on": "上周"}, "更正日期须写成"),
        ({"status": "done"}, "状态“done”须为applied、proposed、declined之一"),
        ({"reason": ""}, "须写明理由"),
    ],
)
def test_a_correction_that_matches_nothing_stops_the_build(
    inputs: Paths, changes: dict[str, str], message: str
) -> None:
    current = publish.current_id(inputs)
    correct(inputs, **changes)
    with pytest.raises(UserError, match=message):
        publish.build(inputs, quiet)
    assert publish.current_id(inputs) == current


# ---- the command line ----


def test_the_exit_code_tells_loaded_from_partly_loaded_from_stopped(inputs: Paths, tmp_path: Path) -> None:
    good = long_table(tmp_path / "good.csv", f"包头市,{CASES},2023,5")
    assert main(["load", str(good)]) == 0
    assert main(["load", str(messy_workbook(tmp_path / "messy.xlsx"))]) == 1
    assert main(["load", str(tmp_path / "absent.csv")]) == 3
    assert main(["undo", "internal-00009-00000000"]) == 3
    with pytest.raises(SystemExit) as stopped:
        main(["load", str(good), str(good), "--name", "x.csv"])
    assert stopped.value.code == 2


def test_the_command_line_tells_every_complaint_and_the_release(
    inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", str(messy_workbook(tmp_path / "messy.xlsx")), "--name", "全年.xlsx"])
    said = capsys.readouterr().out
    assert "全年.xlsx：读入9行，可载入8行，拒收1行，载入编号internal-00001-" in said
    assert "全年.xlsx［全年］ 第7行“行政复议／2023年行政复议案件办理数”列：“3.5”，以“件”计数应是整数；应为整数" in said
    assert f"新版本：{publish.current_id(inputs)}" in said
    main(["load", str(tmp_path / "messy.xlsx"), "--name", "全年.xlsx"])
    assert "此前已载入，编号internal-00001-" in capsys.readouterr().out


def test_the_summary_of_a_load_is_there_for_machines(
    inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messy_workbook(tmp_path / "messy.xlsx")
    assert main(["load", str(tmp_path / "messy.xlsx"), "--dry-run", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "", "beside --json nothing tells how far the work is"
    (checked,) = json.loads(printed.out)["files"]
    assert (checked["rows_in"], checked["rows_rejected"], checked["load_id"], checked["release"]) == (9, 1, None, None)
    assert checked["findings"][0]["row"] == 7
    assert main(["load", str(tmp_path / "messy.xlsx"), "--json"]) == 1
    (loaded,) = json.loads(capsys.readouterr().out)["files"]
    assert loaded["release"] == publish.current_id(inputs)
    assert main(["undo", loaded["load_id"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["release"] == publish.current_id(inputs) != loaded["release"]
    assert main(["undo", loaded["load_id"], "--json"]) == 3
    assert "没有载入记录" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("command", EXAMPLES)
def test_every_command_explains_itself_with_examples_that_it_understands(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "--json" in said
    assert "--steps" not in said
    for typed, _ in EXAMPLES[command]:
        assert f"python -m etl {typed}" in said
        parser().parse_args(typed.split())


def test_on_a_terminal_a_bar_tells_how_far_a_load_is(inputs: Paths, tmp_path: Path) -> None:
    table = long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5")
    near, far = pty.openpty()
    command = [sys.executable, "-m", "tests.quick", "load", str(table)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=far, env=environment) as process:
        os.close(far)
        shown = b""
        while True:
            try:
                shown += os.read(near, 4096)
            except OSError:  # the terminal's other end is closed
                break
        assert process.stdout is not None
        said = process.stdout.read().decode()
    os.close(near)
    assert process.returncode == 0
    assert "100%" in shown.decode(errors="ignore")
    assert "新版本" in said


def test_one_bad_file_does_not_keep_the_others_out(
    inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.xlsx", long_table(tmp_path / "good.csv", f"包头市,{CASES},2023,5")
    bad.write_bytes(b"PK")
    assert main(["load", str(bad), str(good), "--json"]) == 3
    first, second = json.loads(capsys.readouterr().out)["files"]
    assert "损坏" in first["error"]
    assert second["rows_loaded"] == 1
    assert latest(inputs, "value") == [(5.0,)]


def test_what_a_person_changed_of_the_understanding_is_used(inputs: Paths, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"盟市,{CASES},上年同期\n包头市,5,4\n", encoding="utf-8")
    (table,) = read_tables(path)
    known = understand(table, load_catalogue(inputs.catalogue))
    years = {CASES: "2023", "上年同期": "2022"}
    figures = {column: Figures("reconsideration_cases", period=year) for column, year in years.items()}
    mended = replace(known, figures=figures, unknown=[])
    (tmp_path / "known.json").write_text(json.dumps([asdict(mended)]), encoding="utf-8")
    assert main(["load", str(path), "--understanding", str(tmp_path / "known.json")]) == 0
    assert latest(inputs, "period, value") == [("2022", 4.0), ("2023", 5.0)]


def test_a_release_is_never_made_short_of_a_table_that_was_lost(
    inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = publish.build(inputs, quiet).release.id
    kept = load(inputs, long_table(tmp_path / "kept.csv", f"包头市,{CASES},2024,12"), publisher="包头市司法局").load_id
    undone = load(inputs, long_table(tmp_path / "undone.csv", f"包头市,{CASES},2022,13"), "另表").load_id
    publish.undo(inputs, str(undone), quiet)
    current = publish.current_id(inputs)
    assert main(["build"]) == 0, "what was taken back is no loss"
    capsys.readouterr()
    file = inputs.accepted / f"{kept}.parquet"
    away = file.rename(tmp_path / "away")
    for command in (["build"], ["load", str(long_table(tmp_path / "next.csv", f"包头市,{CASES},2023,14"))]):
        assert main(command) == 3
        said = capsys.readouterr().err
        assert f"accepted/{file.name}：原文件“kept.csv”，包头市司法局，20" in said
        assert "（UTC）载入，1行" in said
        assert f"python -m etl build --without {kept}" in said
    assert publish.current_id(inputs) == current
    away.rename(file)
    assert main(["build"]) == 0
    assert main(["build", "--without", str(kept)]) == 3, "what is there is not left out"
    file.unlink()
    assert main(["build", "--without", str(kept)]) == 0
    assert publish.current_id(inputs) == before
    assert main(["build"]) == 0, "asked once"


def test_while_access_is_on_the_audit_log_says_who_changed_the_data_by_command(
    inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def noted() -> list[tuple[str, ...]]:
        entries = log.entries("2000", [], "")
        return [*entries[["role", "action", "what", "detail"]].iloc[::-1].itertuples(index=False, name=None)]

    table = str(long_table(tmp_path / "t.csv", f"包头市,{CASES},2024,12", f"包头市,{CASES},2023,x"))
    start = publish.current_id(inputs)
    state.seal_key()
    assert main(["load", table, "--dataset", "other"]) == 1
    assert noted() == [], "nobody signs in"
    (inputs.data / "access.toml").write_text('mode = "oidc"\nadmins = ["a"]\n')
    assert main(["load", table]) == main(["load", table]) == 1
    (load_id,) = [path.stem for path in inputs.accepted.glob("internal-*")]
    second = publish.current_id(inputs)
    assert main(["rollback", str(start)]) == 0
    assert main(["build"]) == 1
    assert main(["undo", load_id]) == 0
    assert noted() == [
        ("命令行", "导入", "t.csv", f"{load_id}，载入1行，拒收1行"),
        ("命令行", "版本", start, "改为当前版本"),
        ("命令行", "版本", second, "改为当前版本"),
        ("命令行", "撤回", load_id, f"当前版本{publish.current_id(inputs)}"),
    ]
    assert set(log.entries("2000", [], "")["identity"].str.slice(0, 4)) == {"系统用户"}
    assert main(["rollback", "--steps", "--json"]) == 0
    assert len(noted()) == 4, "a page notes for itself"
    shutil.rmtree(inputs.state)
    assert main(["rollback", str(start)]) == 0
    assert "没有记入审计日志" in capsys.readouterr().err


def test_what_fails_after_a_load_is_told_and_the_load_stands(
    quick_inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (quick_inputs.data / "access.toml").mkdir()  # root may read everything, but not this
    files = [str(long_table(tmp_path / f"{year}.csv", f"包头市,{CASES},{year},12")) for year in (2023, 2024)]
    assert main(["load", *files]) == 0, "what is not known to be off is on, and the next file has its turn"
    assert capsys.readouterr().err.count("没有记入审计日志") == 2

    table = str(long_table(tmp_path / "t.csv", f"包头市,{CASES},2022,12", f"包头市,{CASES},2021,x"))
    for options, code, said in [
        (["--dry-run"], 3, "什么都没有改变"),
        ([], 1, "已载入，但标出问题的表格没有写成。/dev/full：磁盘空间不足（或超出限额）\n"),
    ]:
        assert main(["load", table, "--marked", "/dev/full", *options]) == code
        told = capsys.readouterr()
        assert said in told.err
        assert len(list(quick_inputs.accepted.glob("*.parquet"))) == 2 + (code == 1)
    assert "什么都没有改变" not in told.err
    assert "可载入1行，拒收1行，载入编号internal-" in told.out


@pytest.mark.parametrize("made", ["template", "simulate", "marked"])
def test_what_cannot_be_written_is_named_and_is_no_rejected_row(
    made: str, quick_inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere" / "out.xlsx"
    table = tmp_path / "table.csv"
    table.write_text(
        f"地区,指标,期间,数值,单位\n包头市,{CASES},2024,x,件\n包头市,{CASES},2023,12,件\n", encoding="utf-8"
    )
    command = ["load", str(table), "--marked", str(nowhere)] if made == "marked" else [made, "--out", str(nowhere)]
    assert main(command) == 3
    assert f"{nowhere}：没有这个文件或文件夹" in capsys.readouterr().err
    assert not list(quick_inputs.accepted.glob("*")), "said before anything was loaded"


def test_of_several_files_one_that_may_not_be_read_is_named_and_the_others_are_loaded(
    quick_inputs: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "closed.csv", tmp_path / "open.csv"]
    for file in files:
        file.write_text(f"地区,指标,期间,数值,单位\n包头市,{CASES},2023,12,件\n", encoding="utf-8")

    def read(path: Path) -> str:
        if path == files[0]:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return sha256(path)

    monkeypatch.setattr(publish, "sha256", read)
    assert main(["load", *map(str, files)]) == 3
    told = capsys.readouterr()
    assert f"{files[0]}：没有读写权限" in told.err
    assert "open.csv：读入1行，可载入1行" in told.out
