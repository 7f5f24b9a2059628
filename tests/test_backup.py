"""A backup holds everything that cannot be made again, and is whole or is refused."""

import errno
import itertools
import os
import resource
import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest

from etl import publish
from etl.accepted import Request
from etl.errors import UserError
from etl.paths import Paths
from tests import quick
from tools import backup

TABLE = "地区,指标,期间,数值,单位\n包头市,法律援助案件数,2024,1234,件\n"


@pytest.fixture(scope="module")
def loaded_once(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A data folder with a load of a steward, and its backup beside it: backup.tar.gz."""
    folder = tmp_path_factory.mktemp("loaded")
    shutil.copytree(quick_start.data, folder / "data")
    paths = Paths(data=folder / "data", static=folder / "static")
    table = folder / "table.csv"
    table.write_text(TABLE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        publish.load(paths, table, Request(dataset="internal"), lambda text: None)
    (paths.data / "state").mkdir()
    backup.save(paths, folder / "backup.tar.gz")
    return paths


@pytest.fixture
def loaded(loaded_once: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A copy of it; the backup lies beside it too."""
    quick.shorten(monkeypatch.setattr)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(loaded_once.data, tmp_path / "data")
    shutil.copy(loaded_once.data.with_name("backup.tar.gz"), tmp_path)
    return Paths(data=tmp_path / "data", static=tmp_path / "static")


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
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shutil.rmtree(loaded.data)
    backup.restore(file, loaded.data, replace=False)
    assert stat.S_IMODE(loaded.data.stat().st_mode) == 0o700, "not for every account of the machine"
    assert publish.current_id(loaded) == current
    assert publish.describe(loaded, str(current)).id == current
    assert not publish.build(loaded, lambda text: None).built
    with sqlite3.connect(loaded.data / "state" / "app.sqlite") as again:
        assert again.execute("SELECT x FROM t").fetchall() == [(42,)]
    assert list(loaded.accepted.glob("*.parquet"))


def test_existing_data_are_moved_aside_and_only_when_asked(loaded: Paths, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    with pytest.raises(UserError, match="--replace"):
        backup.restore(file, loaded.data, replace=False)
    (loaded.data / "accepted" / "later.txt").write_text("kept")
    backup.restore(file, loaded.data, replace=True)
    (before,) = loaded.data.parent.glob("data-before-restore-*")
    assert (before / "accepted" / "later.txt").read_text() == "kept"
    assert not (loaded.data / "accepted" / "later.txt").exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut", "文件损坏或不完整"),
        ("overwritten", "文件损坏或不完整"),
        ("changed", "内容与清单不符：catalogue/chapters.csv"),
        ("foreign", "不是本系统的备份"),
        ("text", "不是本系统的备份"),
        ("escaping", "“../../escaped”不在备份之内"),
        ("absolute", "escaped”不在备份之内"),
        ("link", "“catalogue/other”不是文件"),
        ("pipe", "“catalogue/other”不是文件"),
        ("missing", "找不到这个文件"),
        ("full", "磁盘空间不足"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_changes_nothing(
    loaded: Paths, tmp_path: Path, fault: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backup.tar.gz"
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:2000])
    elif fault == "overwritten":
        with file.open("rb+") as content:
            content.seek(file.stat().st_size // 2)
            content.write(b"\0" * 512)
    elif fault == "text":
        file.write_text("no backup")
    elif fault == "missing":
        file.unlink()
    elif fault != "full":
        folder = tmp_path / "opened"
        with tarfile.open(file) as archive:
            for member in archive:
                backup._extract(archive, member, folder)
        changed = folder / "catalogue" / "chapters.csv"
        changed.write_text("changed")
        with tarfile.open(file, "w:gz") as archive:
            if fault == "changed":
                archive.add(folder, "")
            elif fault == "escaping":
                archive.add(changed, "../../escaped")
            elif fault == "absolute":
                absolute = archive.gettarinfo(changed)
                absolute.name = str(tmp_path / "escaped")  # `add` would take the first slash away
                with changed.open("rb") as content:
                    archive.addfile(absolute, content)
            elif fault in ("link", "pipe"):
                other = tarfile.TarInfo("catalogue/other")
                other.type, other.linkname = tarfile.SYMTYPE if fault == "link" else tarfile.FIFOTYPE, "/etc/passwd"
                archive.addfile(other)
            else:
                archive.add(changed, "chapters.csv")
    before = sorted(p.relative_to(tmp_path) for p in loaded.data.rglob("*"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if fault == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        assert backup.main(["restore", str(file), "--into", str(loaded.data), "--replace"]) == 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert reason in capsys.readouterr().err
    assert sorted(p.relative_to(tmp_path) for p in loaded.data.rglob("*")) == before
    assert not list(tmp_path.glob(".data-restoring-*"))
    assert not list(tmp_path.parent.glob("**/escaped"))


def test_a_backup_comes_back_with_a_python_that_knows_no_filters(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian 12 has it: 3.11.2."""
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    for name in ("extract", "extractall"):
        monkeypatch.delattr(tarfile.TarFile, name)
    file = tmp_path / "backup.tar.gz"
    assert backup.main(["check", str(file)]) == 0
    assert backup.restore(file, tmp_path / "again", replace=False)
    assert (tmp_path / "again" / "warehouse" / "CURRENT").read_text() == f"{publish.current_id(loaded)}\n"


def test_whatever_stops_a_restore_nothing_half_done_stays(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.tar.gz"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_extract", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backup.restore(file, tmp_path / "again", replace=False)
    assert not list(tmp_path.glob(".again-restoring-*"))


@pytest.mark.parametrize("failing", [1, 2])
def test_where_the_folders_cannot_change_places_the_data_stay(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: int
) -> None:
    before, calls = sorted(tmp_path.rglob("*")), itertools.count(1)
    rename = os.replace

    def fail(source: Path, target: Path) -> None:
        if next(calls) == failing:
            raise OSError(errno.EBUSY, "busy", str(source), None, str(target))
        rename(source, target)

    monkeypatch.setattr(os, "replace", fail)
    assert backup.main(["restore", str(tmp_path / "backup.tar.gz"), "--replace"]) == 3
    told = capsys.readouterr()
    assert "：正被系统占用" in told.err
    assert "原有数据已移到" not in told.out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mounted_disk_is_not_replaced_and_the_way_round_is_told(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: path == loaded.data)
    command = ["restore", str(tmp_path / "backup.tar.gz"), "--replace"]
    before = sorted(tmp_path.rglob("*"))
    assert backup.main(command) == 3
    assert f"{loaded.data} 是挂载点" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert backup.main([*command, "--into", str(loaded.data / "restored")]) == 0, "as the message says"


def test_what_root_restores_belongs_to_whom_the_data_belonged_to(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, given = loaded.data.stat(), {}
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.update({Path(path).name: (user, group)}))
    backup.restore(tmp_path / "backup.tar.gz", loaded.data, replace=True)
    assert set(given.values()) == {(owner.st_uid, owner.st_gid)}
    assert {path.name for path in loaded.data.rglob("*")} <= set(given)


def test_the_file_that_cannot_be_read_is_named(
    loaded: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (closed,) = loaded.accepted.glob("*.parquet")
    digest = backup._digest

    def read(path: Path) -> str:
        if path == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return digest(path)

    monkeypatch.setattr(backup, "_digest", read)
    assert backup.main(["save", str(tmp_path / "again.tar.gz")]) == 3
    assert f"{closed}：没有读写权限" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if "again" in path.name] == []


def test_a_backup_that_has_no_place_is_told_in_words(
    loaded: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for command in (["save"], ["restore", str(tmp_path / "backup.tar.gz"), "--into"]):
        assert backup.main([*command, str(tmp_path / "file" / "below")]) == 3
        assert f"{tmp_path / 'file'}" in capsys.readouterr().err
