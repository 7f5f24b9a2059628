"""A new version's catalogue comes into the data that live on, own changes stay, and the way back is the same way."""

import errno
import resource
import shutil
from pathlib import Path

import pytest

from etl import publish
from etl.errors import UserError
from etl.paths import Paths
from tools import upgrade

NOTE = "\n# noted here\n"


@pytest.fixture
def versions(quick_inputs: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two installed versions; the newer one ships another cards.csv, a table more and one less."""
    old, new = tmp_path / "app-1", tmp_path / "app-2"
    for app in (old, new):
        for name in upgrade.FOLDERS:
            shutil.copytree(quick_inputs.data / name, app / "shipped" / name)
        (app / "data").symlink_to(quick_inputs.data)
    (old / "shipped" / "published" / "dropped.txt").write_text("dropped")
    shutil.copy(old / "shipped" / "published" / "dropped.txt", quick_inputs.published)
    append(new / "shipped" / "catalogue" / "indicators.toml", "\n# newer\n")
    (new / "shipped" / "published" / "added.txt").write_text("added")
    return old, new


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def go(monkeypatch: pytest.MonkeyPatch, old: Path, new: Path, *options: str) -> int:
    """Runs the command in the folder of `new`."""
    monkeypatch.setattr(upgrade, "ROOT", new)
    return upgrade.main(["--from", str(old), *options])


def test_the_new_catalogue_comes_in_own_changes_stay_and_back_is_the_same_way(
    quick_inputs: Paths,
    versions: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old, new = versions
    append(quick_inputs.catalogue / "attention.toml", NOTE)
    before, first = upgrade.contents(quick_inputs.data), publish.build(quick_inputs, print).release.id
    assert go(monkeypatch, old, new) == 0
    assert "保留的本单位的改动：catalogue/attention.toml\n" in capsys.readouterr().out
    now = upgrade.contents(quick_inputs.data)
    shipped = upgrade.contents(new / "shipped")
    assert now == shipped | {"catalogue/attention.toml": before["catalogue/attention.toml"]}
    assert publish.build(quick_inputs, print).before == publish.current_id(quick_inputs), "a release was made of it"
    assert go(monkeypatch, new, old) == 0
    assert upgrade.contents(quick_inputs.data) == before
    assert publish.current_id(quick_inputs) == first


def test_what_was_changed_here_and_there_is_asked_about(
    quick_inputs: Paths,
    versions: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old, new = versions
    append(quick_inputs.catalogue / "indicators.toml", NOTE)
    before = upgrade.contents(quick_inputs.data)
    assert go(monkeypatch, old, new) == 3
    assert "这些文件本单位改过，新版本也改了，什么都没有改变：catalogue/indicators.toml。" in capsys.readouterr().err
    assert upgrade.contents(quick_inputs.data) == before
    assert go(monkeypatch, old, new, "--conflicts", "own") == 0
    assert upgrade.contents(quick_inputs.data)["catalogue/indicators.toml"] == before["catalogue/indicators.toml"]
    assert go(monkeypatch, old, new, "--conflicts", "new") == 0
    assert upgrade.contents(quick_inputs.data) == upgrade.contents(new / "shipped")


def test_a_catalogue_of_which_no_release_can_be_made_changes_nothing(
    quick_inputs: Paths, versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = versions
    append(new / "shipped" / "catalogue" / "indicators.toml", "faulty")
    before, release = upgrade.contents(quick_inputs.data), publish.current_id(quick_inputs)
    assert go(monkeypatch, old, new) == 3
    assert (upgrade.contents(quick_inputs.data), publish.current_id(quick_inputs)) == (before, release)


@pytest.mark.parametrize("full_when", ["written", "built"])
def test_a_full_disk_changes_nothing_and_leaves_nothing(
    full_when: str,
    quick_inputs: Paths,
    versions: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old, new = versions
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before, names = upgrade.contents(quick_inputs.data), sorted(quick_inputs.data.iterdir())

    def full(*_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
        raise OSError(errno.ENOSPC, "full")

    if full_when == "built":
        monkeypatch.setattr(publish, "build", full)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # room for who publishes, not for the catalogue
    try:
        assert go(monkeypatch, old, new) == 3
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "磁盘空间不足（或超出限额），什么都没有改变" in capsys.readouterr().err
    assert upgrade.contents(quick_inputs.data) == before
    assert sorted(quick_inputs.data.iterdir()) == names


def test_an_older_version_that_kept_its_data_beside_itself_is_known(tmp_path: Path) -> None:
    (tmp_path / "app" / "data" / "catalogue").mkdir(parents=True)
    assert upgrade.shipped(tmp_path / "app") == tmp_path / "app" / "data"
    with pytest.raises(UserError, match="不是安装好的版本"):
        upgrade.shipped(tmp_path)
