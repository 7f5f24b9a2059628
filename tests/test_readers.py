import tempfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from etl import readers
from etl.catalogue import load_catalogue
from etl.errors import UserError
from etl.paths import default_paths
from etl.readers import read_tables
from etl.validate import validate
from tests.nasty import NASTY, Nasty

HEADER = "地区,指标,期间,数值"
CATALOGUE = load_catalogue(default_paths().catalogue)


@pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: nasty.title)
def test_nasty_file(nasty: Nasty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # for what a reader starts, and for Python itself
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / nasty.file
    nasty.build(path)
    content = path.stat().st_size
    if nasty.refused:
        with pytest.raises(UserError, match=nasty.refused):
            read_tables(path)
        assert [(p, p.stat().st_size) for p in tmp_path.rglob("*")] == [(path, content)], "no trace but the file itself"
        return
    tables = read_tables(path)
    options = {"dataset": "internal", "status": "reported", "source_id": "steward", **nasty.options}
    results = [validate(table, CATALOGUE, **options) for table in tables]
    said = "\n".join(finding.text() for result in results for finding in result.findings)
    assert (sum(r.rows_loaded for r in results), sum(r.rows_rejected for r in results)) == (
        nasty.loaded,
        nasty.rejected,
    ), said
    assert all(r.rows_in == r.rows_loaded + r.rows_rejected for r in results)
    for words in nasty.says:
        assert words in said
    notes = "\n".join(note for table in tables for note in table.notes)
    for words in nasty.notes:
        assert words in notes
    if nasty.values:
        assert [v for r in results for v in r.observations["value"]] == list(nasty.values)


def test_rows_are_numbered_as_the_spreadsheet_program_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'表\n\n{HEADER}\n包头市,"一\n二",2023,5\n\n乌海市,x,2023\n赤峰市,x,2023,5\n', encoding="utf-8")
    (table,) = read_tables(path)
    assert (table.header_row, table.rows.index.tolist()) == (3, [4, 6, 7])
    assert table.rows.loc[6].tolist() == ["乌海市", "x", "2023", ""]


def test_a_quoted_and_a_plain_csv_read_the_same(tmp_path: Path) -> None:
    rows = [HEADER.split(","), *([f"地{i}", "x", "2023", str(i)] for i in range(5000))]
    plain, quoted = tmp_path / "plain.csv", tmp_path / "quoted.csv"
    plain.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    quoted.write_text("\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="utf-16")
    assert read_tables(plain)[0].rows.equals(read_tables(quoted)[0].rows)


def test_ragged_rows_keep_their_places_in_a_file_of_many_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [HEADER, *(f"地{i},x,2023" if i % 7 == 0 else f"地{i},x,2023,{i}" for i in range(150_000))]
    path.write_text("\n".join(lines), encoding="utf-8")
    (table,) = read_tables(path)
    assert len(table.rows) == 150_000
    assert table.rows["地区"].tolist() == [f"地{row - 2}" for row in table.rows.index]
    assert table.rows.at[140_002, "数值"] == ""


def test_columns_keep_their_places_in_the_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for column, (name, cell) in enumerate([("地区", "包头市"), ("", ""), ("数值", 5)], start=2):
        book.active.cell(3, column, name)
        book.active.cell(4, column, cell)
    book.save(tmp_path / "a.xlsx")
    (table,) = read_tables(tmp_path / "a.xlsx")
    assert table.columns == ["（第1列）", "地区", "（第3列）", "数值"]
    assert table.rows.loc[4].tolist() == ["", "包头市", "", "5"]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("地区,数值,数值\n包头市,1,2\n", encoding="utf-8")
    assert read_tables(path)[0].columns == ["地区", "数值", "数值【2】"]


def test_an_upload_is_known_by_the_name_that_people_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "tmp_upload"
    path.write_text(f"{HEADER}\n包头市,x,2023,5\n", encoding="utf-8")
    assert read_tables(path, "包头.csv")[0].file == "包头.csv"
    with pytest.raises(UserError, match="找不到"):
        read_tables(tmp_path / "无.csv")


@pytest.mark.parametrize(
    ("limit", "refused"), [("MAX_FILE_BYTES", "MB"), ("MAX_ROWS", "超过上限"), ("MAX_COLUMNS", "超过上限")]
)
def test_a_file_beyond_the_limits_is_refused(
    limit: str, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n包头市,x,2023,5\n", encoding="utf-8")
    monkeypatch.setattr(readers, limit, 1)
    with pytest.raises(UserError, match=refused):
        read_tables(path)


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (0.9974, "0.00%", "99.74%"),
        (0.950819672131147, "0%", "95.08%"),
        (0.5, "0%", "50%"),
        (1, "0.00%", "100.00%"),
        (0.99737, "0.000%", "99.737%"),
        (150000.0, "", "150000"),
        (0.1 + 0.2, "", "0.3"),
        (12.0, '0"件"', "12件"),
        (3.5, 'General"万件"', "3.5万件"),
        (12345.0, '0!.0,"万"', "12345"),
        (5.0, "#,##0.00_);[Red](#,##0.00)", "5"),
        (date(2023, 6, 1), 'yyyy"年"m"月"', "2023-06"),
        (date(2023, 6, 1), "[$-804]yyyy", "2023"),
        (date(2023, 6, 1), "yyyy/m/d", "2023-06-01"),
        (True, "", "TRUE"),
        (None, "", ""),
        (float("nan"), "", ""),
    ],
)
def test_a_cell_is_read_as_it_is_shown(value: object, shown: str, text: str) -> None:
    assert readers._text(value, shown) == text


@pytest.mark.parametrize(
    ("text", "field"), [("地 区", "region"), ("Region_Code", "region_code"), ("数值（万件）", "value")]
)
def test_a_heading_is_known_by_its_synonyms(text: str, field: str) -> None:
    assert readers.heading(text) == field


def test_no_heading_means_two_fields() -> None:
    words = [word for synonyms in readers.HEADINGS.values() for word in synonyms]
    assert len(words) == len(set(words))
