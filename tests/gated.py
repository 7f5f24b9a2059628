"""A data folder with a gate: internal figures of two leagues, each told by a mark that belongs to it alone."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl import accepted, publish
from etl.accepted import Request
from etl.catalogue import load_catalogue
from etl.paths import Paths
from tests import quick

OWN, FOREIGN = "150700", "150200"  # 呼伦贝尔市, 包头市
OWN_CODES, FOREIGN_CODES = {"150700", "150702"}, {"150200", "150202"}
FOREIGN_MARKS = ("别家", "77701", "77702", "77703", "77704", "77705")
FOREIGN_NAMES = ("包头", "东河")  # public figures have them, too
ADMIN = "boss@example.cn"
TODAY = datetime(2026, 1, 15, tzinfo=UTC)
CASES, AID = "行政复议案件办理数", "法律援助案件数"
HEADER = "地区代码,指标,期间,数值,备注"
# Each league: two figures, a rejected row, a correction, and a second source of one figure.
TABLES = {
    "自家一.csv": ("自家报表", ["150700,{c},2024,11101,自家", "150702,{c},2024,11102,", "150702,{c},2024Q9,自家坏值,"]),
    "自家二.csv": ("自家报表", ["150700,{c},2024,11103,"]),
    "自家三.csv": ("自家另表", ["150702,{c},2024,11104,"]),
    "别家一.csv": ("别家报表", ["150200,{c},2024,77701,别家", "150202,{c},2024,77702,", "150202,{c},2024Q9,别家坏值,"]),
    "别家二.csv": ("别家报表", ["150200,{c},2024,77703,"]),
    "别家三.csv": ("别家另表", ["150202,{c},2024,77704,"]),
    "别家四.csv": ("别家报表", ["150200,{a},2022,77705,"]),
}


def make(source: Paths, folder: Path, settings: str) -> Paths:
    """Copies the built folder `source`, brings the tables in, and writes `settings` as data/access.toml."""
    shutil.copytree(source.data, folder / "data", ignore=shutil.ignore_patterns("state"))
    paths = Paths(data=folder / "data", static=folder / "static")
    (paths.data / "access.toml").write_text(settings, encoding="utf-8")
    with (paths.catalogue / "expected.csv").open("a", encoding="utf-8") as expected:
        expected.write("internal,reconsideration_cases,league|banner,yearly,2024-01-01,20\n")
    catalogue = load_catalogue(paths.catalogue)
    for name, (title, rows) in TABLES.items():
        table = folder / name
        table.write_text("\n".join([HEADER, *(row.format(c=CASES, a=AID) for row in rows), ""]), encoding="utf-8")
        request = Request(source_title=title, publisher=title[:2])
        checked = accepted.check_file(table, catalogue, request, lambda *told: None, today=TODAY.date(), name=name)
        assert checked.rows_loaded, checked.findings
        when = TODAY.replace(tzinfo=None)
        digest = publish.sha256(table)
        accepted.accept(paths, request, checked, name=name, sha256=digest, started_at=when, now=when)
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        publish.build(paths, lambda text: None)
    return paths
