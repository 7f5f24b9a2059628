"""What the app itself writes: data/state/app.sqlite. Never the warehouse.

SQLite in WAL mode: readers and one writer do not wait for each other, and several server processes may share it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dashboard import queries

SCHEMA = """
CREATE TABLE IF NOT EXISTS selections (
    name TEXT PRIMARY KEY,
    page TEXT NOT NULL,
    address TEXT NOT NULL,
    saved_at TEXT NOT NULL DEFAULT (datetime('now'))
) STRICT;
CREATE TABLE IF NOT EXISTS groups (
    name TEXT PRIMARY KEY,
    codes TEXT NOT NULL,
    saved_at TEXT NOT NULL DEFAULT (datetime('now'))
) STRICT;
"""
WAIT_SECONDS = 10


@dataclass(frozen=True)
class SavedSelection:
    """A named view: `page` is its path (empty: 总览), `address` its query string."""

    name: str
    page: str
    address: str


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """A connection for one transaction: commits at the end, rolls back on an error. Raises sqlite3.Error."""
    folder = queries.data_folder() / "state"
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "app.sqlite", timeout=WAIT_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA)
        with connection:
            yield connection
    finally:
        connection.close()


def saved_selections() -> list[SavedSelection]:
    """All named views, by name."""
    with database() as connection:
        rows = connection.execute("SELECT name, page, address FROM selections ORDER BY name").fetchall()
    return [SavedSelection(*row) for row in rows]


def save_selection(selection: SavedSelection) -> None:
    """Keeps a view under its name; the same name again replaces it."""
    with database() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO selections (name, page, address) VALUES (?, ?, ?)",
            (selection.name, selection.page, selection.address),
        )


def forget_selection(name: str) -> None:
    """Removes a named view; one that is not there is no error."""
    with database() as connection:
        connection.execute("DELETE FROM selections WHERE name = ?", (name,))


def own_groups() -> dict[str, tuple[str, ...]]:
    """The comparison groups that readers made, by name: the codes of their regions."""
    with database() as connection:
        rows = connection.execute("SELECT name, codes FROM groups ORDER BY name").fetchall()
    return {name: tuple(codes.split()) for name, codes in rows}


def save_group(name: str, codes: Iterable[str], instead_of: str = "") -> None:
    """Keeps a comparison group under its name; the same name again, or the one that it is kept instead of, goes."""
    with database() as connection:
        connection.execute("DELETE FROM groups WHERE name = ?", (instead_of,))
        connection.execute("INSERT OR REPLACE INTO groups (name, codes) VALUES (?, ?)", (name, " ".join(codes)))


def forget_group(name: str) -> None:
    """Removes a comparison group; one that is not there is no error."""
    with database() as connection:
        connection.execute("DELETE FROM groups WHERE name = ?", (name,))
