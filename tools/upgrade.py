"""Brings the catalogue, published figures and boundaries of another version into the data folder."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from etl import publish
from etl.errors import UserError, exit_code
from etl.paths import ROOT, Paths, default_paths

DESCRIPTION = """升级数据目录里随程序而来的内容：指标目录、官方数据、区划边界。
在新版本的目录里运行；退回旧版本时，在旧版本的目录里运行。

例（先备份）：
  cd /srv/dashboard/app-2 && .venv/bin/python -m tools.upgrade --from /srv/dashboard/app-1

本单位没有改过的文件换成（或删去为）这个版本的；改过而新旧版本相同的保留；两边都改过的，列出来，什么都不改变，
除非用 --conflicts 说明以哪个为准。然后生成数据版本；生成不了时，全部恢复原样。
"""
FOLDERS = ("catalogue", "published", "boundaries")
EXAMPLE = "access.example.toml"


def shipped(app: Path) -> Path:
    """Where an installed version keeps what came with it. Raises UserError where there is none."""
    for folder in (app / "shipped", app / "data"):  # before there was one data folder, the latter
        if (folder / "catalogue").is_dir() and not folder.is_symlink():
            return folder
    raise UserError(f"{app} 里没有随程序而来的数据（shipped），不是安装好的版本")


def contents(folder: Path) -> dict[str, bytes]:
    """What can be shipped, of a folder: name -> content."""
    files = [path for name in FOLDERS for path in (folder / name).rglob("*") if path.is_file()]
    files += [path for path in [folder / EXAMPLE] if path.exists()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def upgrade(paths: Paths, old: Path, new: Path, conflicts: str | None) -> list[str]:
    """Changes what `new` ships otherwise than `old` in the data folder, and publishes a release; tells what was done.

    `conflicts`: whether the `own` or the `new` content stands where both were changed. Raises UserError where that is
    not said, or no release can be made; then nothing was changed.
    """
    before, after = contents(old), contents(new)
    with publish.publishing(paths, print):
        here = contents(paths.data)
        changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
        changed = [name for name in changed if here.get(name) != after.get(name)]
        own = [name for name in changed if here.get(name) != before.get(name)]
        if own and conflicts is None:
            raise UserError(
                f"这些文件本单位改过，新版本也改了，什么都没有改变：{'、'.join(own)}。"
                f"请用 diff 比较 {paths.data} 和 {new}，把要保留的改动写进去，再加 --conflicts own（以本单位的为准）"
                "或 --conflicts new（以新版本的为准）"
            )
        taken = {name: after.get(name) for name in changed if conflicts == "new" or name not in own}
        replaced = {name: here.get(name) for name in taken}
        with tempfile.TemporaryDirectory(prefix=".upgrade-", dir=paths.data) as folder:
            # All are written before one is changed: when the disk is full, files can still change their places.
            coming, going = write(Path(folder, "coming"), taken), write(Path(folder, "going"), replaced)
            try:
                put(paths.data, taken, coming)
                outcome = publish.build(paths, print)
            except BaseException:
                put(paths.data, replaced, going)
                raise
    kept = sorted(name for name in here if here[name] != after.get(name) and name not in taken)
    return [
        f"换成这个版本的文件：{'、'.join(taken) or '无'}",
        f"保留的本单位的改动：{'、'.join(kept) or '无'}",
        f"当前数据版本：{outcome.release.id}",
    ]


def write(folder: Path, files: dict[str, bytes | None]) -> Path:
    """Writes the files that have content into a new folder."""
    for name, content in files.items():
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return folder


def put(data: Path, files: dict[str, bytes | None], written: Path) -> None:
    """Moves each file there from where it was written, or removes it where it has no content."""
    for name, content in files.items():
        if content is None:
            (data / name).unlink(missing_ok=True)
        else:
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(written / name, data / name)


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 done, 3 stopped with a reason, and nothing was changed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.upgrade", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="old", type=Path, required=True, metavar="目录", help="现在运行的版本的目录")
    parser.add_argument(
        "--conflicts", choices=("own", "new"), help="两边都改过的文件以本单位的（own）还是新版本的（new）为准"
    )
    options = parser.parse_args(arguments)
    paths = default_paths()
    print(f"数据目录：{paths.data}")
    return exit_code(lambda: print("\n".join(upgrade(paths, shipped(options.old), shipped(ROOT), options.conflicts))))


if __name__ == "__main__":
    sys.exit(main())
