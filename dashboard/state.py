"""What the app itself writes: data/state/app.sqlite. Never the warehouse.

SQLite in WAL mode: readers and one writer do not wait for each other, and several server processes may share it.
"""

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dashboard.folders import data_folder

SCHEMA = """
CREATE TABLE IF NOT EXISTS selections (
    name TEXT PRIMARY KEY,
    page TEXT NOT NULL,
    address TEXT NOT NULL,
    saved_at TEXT NOT NULL DEFAULT (datetime('now'))
) STRICT;
-- Read by etl/pins.py too: no release that stands in snapshots.release_id is ever cleaned away. Keep both names.
CREATE TABLE IF NOT EXISTS snapshots (
    id TEXT PRIMARY KEY,
    page TEXT NOT NULL,
    address TEXT NOT NULL,
    release_id TEXT NOT NULL,
    dataset TEXT NOT NULL,
    title TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    chart TEXT NOT NULL,
    thumbnail BLOB
) STRICT;
-- What lies in a tray (holder: tray-<visitor>) or in a saved collection (holder: collection-<id>), in its order.
CREATE TABLE IF NOT EXISTS kept (
    holder TEXT NOT NULL,
    snapshot TEXT NOT NULL REFERENCES snapshots (id),
    position INTEGER NOT NULL,
    heading TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (holder, snapshot)
) STRICT;
CREATE TABLE IF NOT EXISTS snapshot_scopes (
    snapshot TEXT PRIMARY KEY REFERENCES snapshots (id),
    regions TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS collections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    visitor TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at TEXT NOT NULL
) STRICT;
-- The key that seals what leaves as a file (dashboard/tray_files.py); one row.
CREATE TABLE IF NOT EXISTS seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS people (
    identity TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('leader', 'analyst', 'steward', 'admin')),
    regions TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    key TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    seen_at REAL NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL DEFAULT (datetime('now')),
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    client TEXT NOT NULL,
    action TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER IF NOT EXISTS audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TABLE IF NOT EXISTS groups (
    name TEXT PRIMARY KEY,
    codes TEXT NOT NULL,
    saved_at TEXT NOT NULL DEFAULT (datetime('now'))
) STRICT;
"""
WAIT_SECONDS = 10
# What all readers share and every page brings along.
MOST_SELECTIONS = 50
MOST_GROUPS = 50


class FullError(Exception):
    """There is no room for another one; the message says in Chinese what to do."""


@dataclass(frozen=True)
class SavedSelection:
    """A named view: `page` is its path (empty: 总览), `address` its query string."""

    name: str
    page: str
    address: str


def trouble() -> str:
    """Why nothing can be kept there, and what to do, in Chinese; empty where it can. Asks for rights only."""
    folder = data_folder() / "state"
    for path in (folder if os.path.exists(folder) else folder.parent, folder / "app.sqlite"):
        needed = os.W_OK | os.X_OK if os.path.isdir(path) else os.W_OK
        if os.path.exists(path) and not os.access(path, needed):
            return (
                f"{path}不能写入，快照、常用选择和登录会出错。请系统管理员把数据目录的所有者"
                f"改为运行服务的用户（chown -R 用户: {folder.parent}）。"
            )
    return ""


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """A connection for one transaction: commits at the end, rolls back on an error. Raises sqlite3.Error, OSError."""
    path = data_folder() / "state" / "app.sqlite"
    if not path.exists():
        _create(path)
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
        connection.executescript(SCHEMA)  # what a newer program adds
        with connection:
            yield connection


def _create(path: Path) -> None:
    """Puts an empty database there, whole from the first moment; where somebody was quicker, theirs stays.

    Made beside its place: who switches a file to WAL that others have open is told at once that it is locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        fresh = Path(folder) / path.name
        with closing(sqlite3.connect(fresh)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
        with suppress(FileExistsError):
            path.hardlink_to(fresh)


@contextmanager
def writing() -> Iterator[sqlite3.Connection]:
    """As `database`, for a change that rests on what it read: no one else writes in between."""
    with database() as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def saved_selections() -> list[SavedSelection]:
    """All named views, by name."""
    with database() as connection:
        rows = connection.execute("SELECT name, page, address FROM selections ORDER BY name").fetchall()
    return [SavedSelection(*row) for row in rows]


def save_selection(selection: SavedSelection) -> None:
    """Keeps a view under its name; the same name again replaces it. Raises FullError."""
    with writing() as connection:
        _refuse_more(connection, "selections", selection.name, MOST_SELECTIONS, "已命名的选择")
        connection.execute(
            "INSERT OR REPLACE INTO selections (name, page, address) VALUES (?, ?, ?)",
            (selection.name, selection.page, selection.address),
        )


def _refuse_more(connection: sqlite3.Connection, table: str, name: str, most: int, what: str) -> None:
    """Raises FullError where the table holds as many as it may, and none of this name."""
    names = [known for (known,) in connection.execute(f"SELECT name FROM {table}")]
    if len(names) >= most and name not in names:
        raise FullError(f"{what}最多{most}个，现已有{len(names)}个。请先删除不用的，再保存。")


def forget_selection(name: str) -> None:
    """Removes a named view; one that is not there is no error."""
    with database() as connection:
        connection.execute("DELETE FROM selections WHERE name = ?", (name,))


def seal_key() -> bytes:
    """The secret key of this installation, made at its first use."""
    with database() as connection:
        connection.execute("INSERT OR IGNORE INTO seal VALUES (1, ?)", (secrets.token_bytes(32),))
        (key,) = connection.execute("SELECT key FROM seal").fetchone()
    return bytes(key)


def own_groups() -> dict[str, tuple[str, ...]]:
    """The comparison groups that readers made, by name: the codes of their regions."""
    with database() as connection:
        rows = connection.execute("SELECT name, codes FROM groups ORDER BY name").fetchall()
    return {name: tuple(codes.split()) for name, codes in rows}


def save_group(name: str, codes: Iterable[str], instead_of: str = "") -> None:
    """Keeps a comparison group under its name; the same name again, or the one that it is kept instead of, goes.

    Raises FullError; then nothing was changed.
    """
    with writing() as connection:
        connection.execute("DELETE FROM groups WHERE name = ?", (instead_of,))
        _refuse_more(connection, "groups", name, MOST_GROUPS, "自定义对比组")
        connection.execute("INSERT OR REPLACE INTO groups (name, codes) VALUES (?, ?)", (name, " ".join(codes)))


def forget_group(name: str) -> None:
    """Removes a comparison group; one that is not there is no error."""
    with database() as connection:
        connection.execute("DELETE FROM groups WHERE name = ?", (name,))
