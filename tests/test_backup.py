"""A backup holds everything that cannot be made again, and is whole or is refused."""

import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from etl import publish
from etl.accepted import Request
from etl.errors import UserError
from etl.paths import Paths
from tools import backup

TABLE = "地区,指标,期间,数值,单位\n包头市,法律援助案件数,2024,1234,件\n"


@pytest.fixture
def loaded(quick_inputs: Paths, tmp_path: Path) -> Paths:
    """A data folder with a load of a steward and a state database that is open elsewhere."""
    table = tmp_path / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    publish.load(quick_inputs, table, Request(dataset="internal"), lambda text: None)
    (quick_inputs.data / "state").mkdir()
    return quick_inputs


def test_what_is_restored_serves_the_same_release_and_can_be_built_again(loaded: Paths, tmp_path: Path) -> None:
    state = sqlite3.connect(loaded.data / "state" / "app.sqlite")
    state.execute("PRAGMA journal_mode = WAL")
    state.execute("CREATE TABLE t (x)")
    state.execute("INSERT INTO t VALUES (42)")
    state.commit()  # lies in the log beside the file, where a plain copy would miss it
    current = publish.current_id(loaded)
    file = tmp_path / "kept" / "backup.tar.gz"
    assert list(loaded.warehouse.glob("base-*"))
    backup.save(loaded, file)
    with tarfile.open(file) as archive:
        assert not [name for name in archive.getnames() if "base-" in name]  # it is made again
    state.close()
    shutil.rmtree(loaded.data)
    backup.restore(file, loaded.data, replace=False)
    assert publish.current_id(loaded) == current
    assert publish.describe(loaded, str(current)).id == current
    assert not publish.build(loaded, lambda text: None).built
    with sqlite3.connect(loaded.data / "state" / "app.sqlite") as again:
        assert again.execute("SELECT x FROM t").fetchall() == [(42,)]
    assert list(loaded.accepted.glob("*.parquet"))


def test_existing_data_are_moved_aside_and_only_when_asked(loaded: Paths, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup.save(loaded, file)
    with pytest.raises(UserError, match="--replace"):
        backup.restore(file, loaded.data, replace=False)
    (loaded.data / "accepted" / "later.txt").write_text("kept")
    backup.restore(file, loaded.data, replace=True)
    (before,) = loaded.data.parent.glob("data-before-restore-*")
    assert (before / "accepted" / "later.txt").read_text() == "kept"
    assert not (loaded.data / "accepted" / "later.txt").exists()


@pytest.mark.parametrize("fault", ["cut", "changed", "foreign", "escaping", "missing"])
def test_a_backup_that_is_not_whole_is_refused_and_changes_nothing(loaded: Paths, tmp_path: Path, fault: str) -> None:
    file = tmp_path / "backup.tar.gz"
    backup.save(loaded, file)
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:2000])
    elif fault == "missing":
        file.unlink()
    else:
        folder = tmp_path / "opened"
        with tarfile.open(file) as archive:
            archive.extractall(folder, filter="data")
        changed = folder / "catalogue" / "chapters.csv"
        changed.write_text("changed")
        with tarfile.open(file, "w:gz") as archive:
            if fault == "changed":
                archive.add(folder, "")
            elif fault == "escaping":
                archive.add(changed, "../../escaped")
            else:
                archive.add(changed, "chapters.csv")
    before = sorted(p.relative_to(tmp_path) for p in loaded.data.rglob("*"))
    assert backup.main(["restore", str(file), "--into", str(loaded.data), "--replace"]) == 3
    assert sorted(p.relative_to(tmp_path) for p in loaded.data.rglob("*")) == before
    assert not list(tmp_path.glob(".data-restoring-*"))
    assert not list(tmp_path.parent.glob("**/escaped"))
