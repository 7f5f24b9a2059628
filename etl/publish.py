"""Builds a release aside, verifies it, points at it; keeps, lists and rolls back releases.

A release is a DuckDB file that is never changed after it has its name. Publishing renames a finished file and
then renames the pointer CURRENT, so a killed process leaves either the old release current or the new one,
never half of one. Readers keep the file they have open and follow the pointer at their next look.
"""

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import filelock
import pandas as pd
import pyarrow as pa

from etl import accepted, base, pins, progress, static
from etl.accepted import FIGURE_COLUMNS, Load, Request
from etl.catalogue import Catalogue, load_catalogue
from etl.checks import expand_expected, run_checks
from etl.corrections import CORRECTED, corrected
from etl.errors import Finding, UserError, file_fault, told_when_full
from etl.inputs import input_files, now, sha256
from etl.paths import Paths
from etl.progress import Say
from etl.understand import Understanding
from etl.validate import NOTHING, Validated
from etl.warehouse import CONTENT_TABLES, content_sum, insert, one_row, opened, verify

RELEASES_KEPT = 5
LOCK_WAIT_SECONDS = 600
FAILED = "severity IN ('warning', 'error') AND dataset <> 'demo'"


@dataclass(frozen=True)
class Release:
    """A published release, as its own file tells it."""

    id: str
    path: Path
    built_at: datetime
    data_until: date
    observations: int
    rows_rejected: int
    failed_checks: int


@dataclass(frozen=True)
class Outcome:
    """What a build did: the release that is current now, whether it was new, and what each input came to.

    `rejects` and `failed_checks` are sentences for people; those of the simulated panel are left out. `before`: the id
    of the release that was current until then.
    """

    before: str | None
    release: Release
    built: bool
    loads: list[Load]
    rejects: list[str]
    failed_checks: list[str]


@dataclass(frozen=True)
class Loaded:
    """What became of one file: `load_id` is None when nothing was kept; `repeated` when it had been loaded before."""

    name: str
    load_id: str | None
    checked: Validated
    repeated: bool
    outcome: Outcome | None


@contextmanager
def publishing(paths: Paths, say: Say) -> Iterator[None]:
    """Holds the one right to write releases; says who has it while waiting.

    Whatever stops the work, what it left half done is removed. Raises UserError after a long wait, and on a full disk.
    """
    with told_when_full(), _alone(paths, say):
        try:
            yield
        except BaseException:
            _clean(paths)
            raise


@contextmanager
def _alone(paths: Paths, say: Say) -> Iterator[None]:
    paths.warehouse.mkdir(parents=True, exist_ok=True)
    holder = paths.warehouse / ".publishing"
    # One lock object a process: a load holds it while its build takes it again.
    lock = filelock.FileLock(paths.warehouse / ".lock", is_singleton=True)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        say(f"{_holder(holder)}正在发布数据，等它完成 …")
        try:
            lock.acquire(timeout=LOCK_WAIT_SECONDS)
        except filelock.Timeout:
            raise UserError(f"{_holder(holder)}正在发布数据，请稍后再试") from None
    try:
        holder.write_text(f"进程{os.getpid()}（{now():%Y-%m-%d %H:%M}（UTC）起）", encoding="utf-8")
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "另一个进程"
    except FileNotFoundError:  # it has just finished, or has not written its name yet
        return "另一个进程"


def build(paths: Paths, say: Say, *, without: Sequence[str] = ()) -> Outcome:
    """Makes the release that the inputs ask for, and points at it; does no work when it is there already.

    Raises UserError when the catalogue or the boundaries are at fault, and when the table of a load is lost that is not
    among `without`; the old release then stays current.
    """
    with publishing(paths, say):
        _clean(paths)
        before = current_id(paths)
        _look_for_lost(paths, without)
        files = {name: sha256(path) for name, path in input_files(paths).items()}
        fingerprint = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        known = _known(paths).get(fingerprint)
        say("读取指标目录 …")
        catalogue = load_catalogue(paths.catalogue)
        if known and sound(paths, known):
            write_static(paths, catalogue)
            point_at(paths, known)
            return _outcome(paths, known, before, built=False)
        with progress.part(0.05, 0.35):
            start = base.find_or_make(paths, catalogue, files, say)
        with progress.part(0.35, 1):
            release_id, written = _write(paths, start, catalogue, files, fingerprint, say)
        try:
            write_static(paths, catalogue)
            _remember(paths, fingerprint, release_id)
            point_at(paths, release_id)  # last, because nothing after it may fail
        except BaseException:
            if written:
                release_path(paths, release_id).unlink()
            raise
        _prune(paths, say)
        return _outcome(paths, release_id, before, built=written)


def _look_for_lost(paths: Paths, without: Sequence[str]) -> None:
    """Holds the accepted tables against the loads of the newest release that can be read; those of `without` are
    written off. Raises UserError that names the others that are gone, who brought them and when.
    """
    rows = _loads_of_the_newest(paths)
    lost = accepted.missing(paths, [load_id for load_id, *_ in rows])
    if known := sorted(set(without) - set(lost)):
        raise UserError(f"这些载入没有丢失表格，未生成新版本：{'、'.join(known)}。要撤回载入，请用 etl undo")
    told = [
        f"\n  accepted/{load_id}.parquet：原文件“{name}”，{publisher or '报送单位不详'}，"
        f"{finished:%Y-%m-%d %H:%M}（UTC）载入，{count}行"
        for load_id, name, finished, count, publisher in rows
        if load_id in lost and load_id not in without
    ]
    if told:
        raise UserError(
            f"已载入的表格不见了，未生成新版本，现有版本不变：{''.join(told)}\n请系统管理员从备份恢复这些文件；"
            f"确定不再要时，运行：python -m etl build --without {' '.join(x for x in lost if x not in without)}"
        )
    for load_id in without:
        accepted.write_off(paths, load_id)


def _loads_of_the_newest(paths: Paths) -> list[tuple[str, str, datetime, int, str | None]]:
    """load_id, file name, when it was accepted (UTC), rows and publisher of each accepted load in the newest release
    that can be read.
    """
    built = _built(paths)
    for name in sorted(built, key=lambda name: (built[name], name), reverse=True):
        try:
            with duckdb.connect(str(release_path(paths, name)), read_only=True) as con:
                return con.execute(
                    f"""
                    SELECT load_id, input, finished_at, rows_loaded, any_value(publisher)
                    FROM loads LEFT JOIN (SELECT DISTINCT load_id, source_id FROM observations) USING (load_id)
                    LEFT JOIN sources ON sources.id = source_id
                    WHERE dataset NOT IN {accepted.RESERVED_DATASETS} GROUP BY ALL ORDER BY load_id"""
                ).fetchall()
        except duckdb.Error:  # damaged; `status` tells of it
            continue
    return []


def write_static(paths: Paths, catalogue: Catalogue) -> None:
    """Writes what the browser fetches, unless it is there already. Raises UserError for faults of the boundaries."""
    if static.is_made(paths.static, static.version(paths.boundaries)):
        return
    from etl import boundaries  # only here, because it needs libraries that take a while to start

    boundaries.write_static(boundaries.read_boundaries(paths.boundaries, catalogue.regions), paths.static)


def load(
    paths: Paths,
    path: Path,
    request: Request,
    say: Say,
    *,
    name: str | None = None,
    understandings: Sequence[Understanding | None] | None = None,
    dry_run: bool = False,
) -> Loaded:
    """Checks a file, keeps what is good in data/accepted/, and publishes a release with it.

    The same file again changes nothing. A file without one good row is not kept. Raises UserError for a file that
    cannot be read, and for faults of the catalogue or the boundaries. Whatever stops the build, nothing is kept then;
    only a killed process leaves a kept file behind that the next build publishes.
    """
    shown = name or path.name
    if not path.is_file():
        raise UserError(f"{shown}：找不到这个文件")
    started, digest = moment(paths), sha256(path)
    catalogue = load_catalogue(paths.catalogue)
    today = (started + timedelta(hours=8)).date()  # in Beijing
    asked, request = request, accepted.placed(paths, catalogue, request, shown)
    with progress.part(0, 1 if dry_run else 0.5):
        checked = accepted.check_file(
            path, catalogue, request, say, today=today, name=shown, understandings=understandings
        )
    if dry_run or not checked.rows_loaded:
        return Loaded(shown, None, checked, repeated=False, outcome=None)
    with publishing(paths, say):
        if accepted.placed(paths, catalogue, asked, shown) != request:
            raise UserError(f"{shown}：刚才有人用同一来源标题载入了另一份文件，什么都没有改变，请再试一次")
        before = accepted.already(paths, request, digest, checked)
        if before is not None:
            return Loaded(shown, before, checked, repeated=True, outcome=build(paths, say))
        done = moment(paths)
        load_id = accepted.accept(paths, request, checked, name=shown, sha256=digest, started_at=started, now=done)
        checked = replace(checked, table=NOTHING)  # a million rows are read back anyway
        try:
            with progress.part(0.5, 1):
                outcome = build(paths, say)
        except BaseException:
            accepted.discard(paths, load_id)
            raise
        return Loaded(shown, load_id, checked, repeated=False, outcome=outcome)


def moment(paths: Paths) -> datetime:
    """Now in UTC, but never before what has been accepted and built already, should the clock have been put back.

    The order of releases, of loads and of sources is the order in which they came, and a table of this year is not of
    the time to come. Raises UserError when an accepted load cannot be read.
    """
    latest = [*accepted.finished(paths), *(built + timedelta(seconds=1) for built in _built(paths).values())]
    return max([now(), *latest])


def _built(paths: Paths) -> dict[str, datetime]:
    """When each release was built that can be opened."""
    found: dict[str, datetime] = {}
    for path in _release_files(paths):
        try:
            with duckdb.connect(str(path), read_only=True) as con:
                (found[path.stem],) = one_row(con, "SELECT built_at FROM release")
        except (duckdb.Error, ValueError):  # `status` tells of it
            continue
    return found


def undo(paths: Paths, load_id: str, say: Say) -> Outcome:
    """Takes a load back and publishes the release without it.

    Raises UserError when there is no such load, or when there can be no release without it; the load then stays.
    """
    with publishing(paths, say):
        accepted.withdraw(paths, load_id)
        try:
            return build(paths, say)
        except BaseException:
            accepted.restore(paths, load_id)
            raise


def _clean(paths: Paths) -> None:
    """Removes what a killed process left half done."""
    leftovers = [paths.warehouse.glob(f".{name}-*") for name in ("building", "CURRENT", "fingerprints")]
    for leftover in [*itertools.chain(*leftovers), *paths.accepted.glob(".*.parquet-*")]:
        if leftover.is_dir():  # where DuckDB keeps what does not fit into memory
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _outcome(paths: Paths, release_id: str, before: str | None, *, built: bool) -> Outcome:
    """What a release says of its making."""
    with duckdb.connect(str(release_path(paths, release_id)), read_only=True) as con:
        columns = ", ".join(Load.__dataclass_fields__)
        loads = con.execute(f"SELECT {columns} FROM loads ORDER BY load_id").fetchall()
        columns = ", ".join(f'"{name}"' for name in Finding.__dataclass_fields__)
        rejects = con.execute(f"SELECT {columns} FROM rejects").fetchall()
        failed = con.execute(f"SELECT message FROM checks WHERE {FAILED} ORDER BY severity, check_id").fetchall()
    return Outcome(
        before=before,
        release=describe(paths, release_id),
        built=built,
        loads=[Load(*row) for row in loads],
        rejects=[Finding(*row).text() for row in rejects],
        failed_checks=[message for (message,) in failed],
    )


def _write(
    paths: Paths, start: Path, catalogue: Catalogue, files: dict[str, str], fingerprint: str, say: Say
) -> tuple[str, bool]:
    """Writes and verifies the file of the new release, the base and all loads; returns the release's id, and
    whether its file is a new one: where the same was published before, and can still be read, that one stays.
    """
    building = paths.warehouse / f".building-{os.getpid()}.duckdb"
    shutil.copyfile(start, building)
    with opened(building) as con:
        brought = base.brought(con)
        counts = {table: one_row(con, f"SELECT count(*) FROM {table}")[0] for table in (*CONTENT_TABLES, "loads")}
        say("写入 …")
        _add(con, paths, catalogue, counts)
        # A million rows fill the memory three times over unless each stage gives back what it took.
        pa.default_memory_pool().release_unused()
        say("核对 …")
        with progress.part(0.3, 0.75):
            _check(con, catalogue, brought, counts)
        (data_until,) = one_row(
            con, "SELECT max(period_end) FROM observations WHERE dataset = 'published' AND value IS NOT NULL"
        )
        if data_until is None:
            raise UserError("没有一条公开数据通过校验，未生成新版本")
        release_id = f"{data_until:%Y%m%d}-{_content_hash(con, brought)[:6]}"
        inputs = {name: digest for name, digest in files.items() if not name.startswith("etl/")}
        insert(
            con,
            "release",
            pd.DataFrame(
                [
                    {
                        "id": release_id,
                        "built_at": moment(paths),
                        "data_until": data_until,
                        "fingerprint": fingerprint,
                        "inputs": json.dumps(inputs, ensure_ascii=False, sort_keys=True),
                        "boundaries": static.version(paths.boundaries),
                        "duckdb_version": duckdb.__version__,
                    }
                ]
            ),
        )
    progress.advance(0.95)
    verify(building, counts)
    final = release_path(paths, release_id)
    if sound(paths, release_id):
        building.unlink()
        return release_id, False
    _sync(building)
    os.replace(building, final)
    return release_id, True


def _add(con: duckdb.DuckDBPyConnection, paths: Paths, catalogue: Catalogue, counts: dict[str, int]) -> None:
    """Adds the accepted loads, and then the corrections, to a base, and their rows to `counts`."""

    def append(table: str, rows: pd.DataFrame | pa.Table) -> None:
        insert(con, table, rows)
        counts[table] += len(rows)

    for table, parts in accepted.added(paths).items():
        for rows in parts:
            append(table, rows)
    if not catalogue.corrections.empty:
        con.register("wanted", pa.Table.from_pandas(catalogue.corrections[CORRECTED], preserve_index=False))
        figures = con.execute(
            f"""
            SELECT {", ".join(FIGURE_COLUMNS)} FROM observations SEMI JOIN wanted USING ({", ".join(CORRECTED)})
            ORDER BY dataset = 'demo', rowid"""
        ).df()
        con.unregister("wanted")
        revisions, made = corrected(figures, catalogue)
        append("observations", revisions)
        append("corrections", made)


def _check(con: duckdb.DuckDBPyConnection, catalogue: Catalogue, brought: base.Brought, counts: dict[str, int]) -> None:
    """Brings what the base says of its own figures, `checks` and `expected`, up to those that were added."""
    added = f"FROM observations WHERE rowid >= {brought.observations}"
    until, simulated = one_row(con, f"SELECT max(period_end), coalesce(bool_or(dataset = 'demo'), false) {added}")
    if until is None:
        return
    # The panel never changes, and no rule holds it against other figures, but where a correction is about it.
    known = "" if simulated else "demo"
    con.execute("DELETE FROM checks WHERE dataset <> ?", [known])
    insert(con, "checks", run_checks(con, catalogue, known=known))
    (counts["checks"],) = one_row(con, "SELECT count(*) FROM checks")
    if until > brought.until:  # not by the clock: the same inputs owe the same figures, whenever they are built
        owed = expand_expected(catalogue, until)
        con.execute("DELETE FROM expected")
        insert(con, "expected", owed)
        counts["expected"] = len(owed)


def _content_hash(con: duckdb.DuckDBPyConnection, brought: base.Brought) -> str:
    """A hash of all rows that does not depend on their order or on the DuckDB version."""
    digest = hashlib.sha256()
    for table in CONTENT_TABLES:
        if table == "observations":
            rows, total = content_sum(con, table, after=brought.observations)
            rows, total = rows + brought.observations, (total or 0) + brought.total
        else:
            rows, total = content_sum(con, table)
        digest.update(f"{table}:{(rows, total)}\n".encode())
    return digest.hexdigest()


def point_at(paths: Paths, release_id: str) -> None:
    """Makes a release the current one. Raises UserError when there is no such release."""
    if not release_path(paths, release_id).exists():
        known = "、".join(r.id for r in releases(paths)) or "无"
        raise UserError(f"没有版本“{release_id}”；现有版本：{known}")
    aside = paths.warehouse / f".CURRENT-{os.getpid()}"
    aside.write_text(release_id + "\n", encoding="ascii")
    _sync(aside)
    os.replace(aside, paths.warehouse / "CURRENT")


def rollback(paths: Paths, say: Say, release_id: str | None = None) -> Release:
    """Points at `release_id`, or at the release built before the current one. Raises UserError when there is none."""
    with publishing(paths, say):
        if release_id is None:
            current = current_id(paths)
            known = [r.id for r in releases(paths)]
            # Where the current one is lost or damaged, the newest that can be read stands before it.
            first = known.index(current) + 1 if current in known else 0
            release_id = next((name for name in known[first:] if sound(paths, name)), None)
            if release_id is None:
                raise UserError("没有更早的版本可以退回")
        if release_path(paths, release_id).exists() and not sound(paths, release_id):
            raise UserError(f"版本文件 {release_id}.duckdb 已损坏，无法读取，没有改变当前版本")
        point_at(paths, release_id)
        return describe(paths, release_id)


def current_id(paths: Paths) -> str | None:
    """The id that CURRENT holds; None when there is no pointer yet, or none that can be read."""
    try:
        return (paths.warehouse / "CURRENT").read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def release_path(paths: Paths, release_id: str) -> Path:
    """The file of a release, existing or not."""
    return paths.warehouse / f"{release_id}.duckdb"


def _release_files(paths: Paths) -> list[Path]:
    return list(paths.warehouse.glob("[0-9]*.duckdb"))


def releases(paths: Paths) -> list[Release]:
    """All releases that can be opened, the newest build first."""
    found = [describe(paths, name) for name in _built(paths)]
    return sorted(found, key=lambda r: (r.built_at, r.id), reverse=True)


def unreadable(paths: Paths) -> list[str]:
    """The releases whose files are damaged."""
    return sorted(path.stem for path in _release_files(paths) if not sound(paths, path.stem))


def sound(paths: Paths, release_id: str) -> bool:
    """Whether all of a release can be read: DuckDB looks at the checksum of a block when it reads it."""
    path = release_path(paths, release_id)
    if not path.exists():
        return False
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            for (table,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal").fetchall():
                con.execute(f'SELECT sum(hash(t)::HUGEINT) FROM "{table}" AS t').fetchall()
            return one_row(con, "SELECT id FROM release") == (release_id,)
    except duckdb.ConnectionException:  # this process holds it open in another way: nothing is known
        raise
    except (duckdb.Error, ValueError):
        return False


def describe(paths: Paths, release_id: str) -> Release:
    """Reads what a release says of itself. Raises UserError when its file cannot be read."""
    path = release_path(paths, release_id)
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            row = one_row(
                con,
                f"""
                SELECT built_at, data_until, (SELECT count(*) FROM observations),
                    (SELECT coalesce(sum(rows_rejected), 0) FROM loads),
                    (SELECT count(*) FROM checks WHERE {FAILED})
                FROM release""",
            )
    except duckdb.Error as error:
        raise UserError(f"版本文件 {path.name} 无法读取：{error}。请运行：python -m etl build") from None
    return Release(release_id, path, *row)


def _known(paths: Paths) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((paths.warehouse / "fingerprints.json").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # only a shortcut: without it the release is built again
        return {}
    return known


def _remember(paths: Paths, fingerprint: str, release_id: str) -> None:
    aside = paths.warehouse / f".fingerprints-{os.getpid()}"
    aside.write_text(json.dumps({**_known(paths), fingerprint: release_id}, indent=1), encoding="ascii")
    os.replace(aside, paths.warehouse / "fingerprints.json")


def _prune(paths: Paths, say: Say) -> None:
    """Removes all but the newest releases, the current one and those that a snapshot was taken from.

    The new release is current by now: what cannot be removed is told and stays.
    """
    files = _release_files(paths)
    if len(files) <= RELEASES_KEPT:
        return
    built = _built(paths)
    old = sorted(files, key=lambda path: f"{built.get(path.stem, '')}", reverse=True)[RELEASES_KEPT:]
    try:
        kept = {current_id(paths), *pins.pinned(paths)}
    except pins.UnknownPinsError as error:
        say(f"旧版本全部保留：不能确定哪些版本被快照引用，{error}")
        return
    for path in old:
        if path.stem not in kept:
            try:
                path.unlink()
            except OSError as error:
                say(f"旧版本{path.stem}没有删除：{file_fault(error)}")


def _sync(path: Path) -> None:
    """Forces a file's bytes to the disk, so that a name never points at unwritten data after a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
