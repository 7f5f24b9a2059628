from pathlib import Path

import pytest

from etl.catalogue import load_catalogue
from etl.errors import UserError
from etl.paths import default_paths
from etl.readers import read_tables
from etl.validate import validate
from tests.nasty import NASTY, Nasty

CATALOGUE = load_catalogue(default_paths().catalogue)


@pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: nasty.title)
def test_nasty_file(nasty: Nasty, tmp_path: Path) -> None:
    path = tmp_path / nasty.file
    nasty.build(path)
    if nasty.refused:
        with pytest.raises(UserError, match=nasty.refused):
            read_tables(path)
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
