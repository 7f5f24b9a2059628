"""Backup and restore of all that cannot be made again, and of the releases."""

import argparse
import gzip
import hashlib
import itertools
import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from etl.errors import FULL, NO_SPACE, UserError, exit_code, file_fault
from etl.paths import Paths, default_paths
from etl.publish import publishing

DESCRIPTION = """备份与恢复：目录、已载入的表格、系统自己写的状态、各数据版本。

例：
  python -m tools.backup save /srv/backup/dashboard-20261126.tar.gz
  python -m tools.backup check /srv/backup/dashboard-20261126.tar.gz
  python -m tools.backup restore /srv/backup/dashboard-20261126.tar.gz
  python -m tools.backup restore FILE --into /srv/dashboard/data --replace

备份时持有发布锁，不会备份到一半的版本；服务可以照常运行。恢复前请先停止服务。
"""
FOLDERS = ("catalogue", "published", "boundaries", "accepted", "state", "warehouse")
MANIFEST = "manifest.json"
DATABASE = "state/app.sqlite"
GZIP = b"\x1f\x8b"  # how such a file begins
CHUNK = 2**20


def save(paths: Paths, file: Path) -> int:
    """Writes the backup aside and gives it its name when it is whole; returns how many files it holds.

    Raises UserError when it cannot be written.
    """
    aside = file.with_name(f".{file.name}-{os.getpid()}")
    known: dict[str, str] = {}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.touch(0o600)  # what it holds is closed, too
        with publishing(paths, print), tempfile.TemporaryDirectory() as folder, tarfile.open(aside, "w:gz") as archive:
            for name, path in _files(paths.data, Path(folder)):
                known[name] = _digest(path)
                archive.add(path, name, recursive=False)
            manifest = Path(folder) / MANIFEST
            said = {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "files": known}
            manifest.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
            archive.add(manifest, MANIFEST)
        os.replace(aside, file)
    except OSError as error:
        error.filename = error.filename or file  # full or failing while it is written
        raise UserError(f"备份没有写成。{file_fault(error)}") from None
    except sqlite3.Error as error:
        raise UserError(f"备份没有写成。{paths.data / DATABASE}：无法读取（{error}）") from None
    finally:
        with suppress(OSError):  # told above
            aside.unlink()
    return len(known)


def _files(data: Path, spare: Path) -> Iterator[tuple[str, Path]]:
    """Every file to keep, by its name in the backup. SQLite itself copies the database: a plain copy may be half one.

    What a killed process left half done, locks, and the base of releases, which is made again, are not kept.
    """
    for folder in FOLDERS:
        for path in sorted((data / folder).rglob("*")):
            name = path.relative_to(data).as_posix()
            hidden = any(part.startswith(".") for part in path.relative_to(data).parts)
            made_again = name.startswith(("warehouse/base-", DATABASE))
            if path.is_file() and not hidden and not made_again:
                yield name, path
    if (data / DATABASE).exists():
        copy = spare / "app.sqlite"
        source, target = sqlite3.connect(data / DATABASE), sqlite3.connect(copy)
        with target:
            source.backup(target)
        source.close()
        target.close()
        yield DATABASE, copy
    for path in sorted(data.glob("*.toml")):
        yield path.name, path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(file: Path, folder: Path) -> dict[str, str]:
    """Unpacks a backup and holds it against its manifest; returns the manifest's files. Raises UserError, OSError."""
    _read_through(file)
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                _extract(archive, member, folder)
        known: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (tarfile.TarError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file.name}：不是本系统的备份（{error}）") from None
    except OSError as error:
        if error.errno in NO_SPACE:
            raise UserError(f"{folder.parent}：{FULL}") from None
        raise
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {MANIFEST}
    wrong = sorted({name for name in known if name not in found or _digest(folder / name) != known[name]})
    if wrong or found - set(known):
        raise UserError(f"{file.name}：内容与清单不符：{'、'.join([*wrong, *sorted(found - set(known))][:5])}")
    return known


def _read_through(file: Path) -> None:
    """Raises UserError for a file that is not there, is no packed file, or is not as it was written: damaged."""
    if not file.is_file():
        raise UserError(f"{file}：找不到这个文件")
    with file.open("rb") as start:
        if start.read(2) != GZIP:
            raise UserError(f"{file.name}：不是本系统的备份")
    try:
        with gzip.open(file) as stream:
            while stream.read(CHUNK):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{file.name}：文件损坏或不完整，请用另一份备份（{error}）") from None


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Unpacks a regular file or a folder below `folder`, and nothing else. Raises tarfile.ExtractError for the rest.

    Python learnt to refuse the rest in 3.11.4; the one of Debian 12 is older.
    """
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise tarfile.ExtractError(f"“{member.name}”不在备份之内")
    target = folder / name
    content = archive.extractfile(member) if member.isreg() else None
    if content is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("wb") as file:
            shutil.copyfileobj(content, file)
        os.utime(target, (member.mtime, member.mtime))
    elif member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        raise tarfile.ExtractError(f"“{member.name}”不是文件")


def restore(file: Path, data: Path, *, replace: bool) -> int:
    """Puts a checked backup in the place of the data folder; returns how many files.

    Raises UserError when the backup is not whole, when the folder holds data and `replace` is not set, and when a disk
    is mounted there. What was there is moved aside, never deleted; whatever stops the work, it is back in its place.
    Restored by root, all belongs to whom the folder, or where it lay, belonged to.
    """
    if os.path.ismount(data):
        raise UserError(
            f"{data} 是挂载点，不能移开，未恢复。请加 --into {data / 'restored'}，"
            "恢复后把数据目录（DASHBOARD_DATA_DIR，或程序目录里的链接data）改到那里"
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    holding = [name for name in ("accepted", "state", "warehouse") if any((data / name).glob("*"))]
    if holding and not replace:
        raise UserError(
            f"{data} 已有数据（{'、'.join(holding)}），未恢复；确要替换请加 --replace，原有数据会移到旁边保留"
        )
    stem = f"{data.name}-before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    before = next(path for name in names if not (path := data.with_name(name)).exists())  # the clock may go back
    aside = Path(tempfile.mkdtemp(prefix=f".{data.name}-restoring-", dir=data.parent))
    try:
        known = unpack(file, aside)
        (aside / MANIFEST).unlink()
        if os.geteuid() == 0:
            owner = (data if data.exists() else data.parent).stat()
            for path in (aside, *aside.rglob("*")):
                os.chown(path, owner.st_uid, owner.st_gid)
        if data.exists():
            os.replace(data, before)
        os.replace(aside, data)
    except BaseException:
        if before.exists() and not data.exists():
            os.replace(before, data)
        shutil.rmtree(aside)
        raise
    if before.exists():
        print(f"原有数据已移到 {before}")
    return len(known)


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 done, 3 stopped with a reason."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.backup", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in {"save": "备份", "check": "检查备份是否完整", "restore": "恢复"}.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("file", type=Path)
    commands.choices["restore"].add_argument("--into", type=Path, help="恢复到哪个数据目录；不写则为本系统的数据目录")
    commands.choices["restore"].add_argument(
        "--replace", action="store_true", help="替换已有数据，原有数据移到旁边保留"
    )
    options = parser.parse_args(arguments)
    paths = default_paths()
    return exit_code(lambda: _run(options, paths))


def _run(options: argparse.Namespace, paths: Paths) -> None:
    if options.command == "save":
        print(f"数据目录：{paths.data}")
        print(f"已备份{save(paths, options.file)}个文件：{options.file}")
    elif options.command == "check":
        with tempfile.TemporaryDirectory() as folder:
            print(f"备份完整，共{len(unpack(options.file, Path(folder)))}个文件")
    else:
        into = (options.into or paths.data).resolve()
        print(f"已恢复{restore(options.file, into, replace=options.replace)}个文件：{into}")


if __name__ == "__main__":
    sys.exit(main())
