"""Which releases may never be cleaned away: those that a reader's snapshot was taken from.

The app writes data/state/app.sqlite; of it, this module knows one table and one column, `snapshots.release_id` (see
SCHEMA in dashboard/state.py), and only ever reads.
"""

import sqlite3
from contextlib import closing
from urllib.parse import quote

from etl.paths import Paths

WAIT_SECONDS = 10
HAS_SNAPSHOTS = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'snapshots'"
PINNED = "SELECT release_id, count(*) FROM snapshots GROUP BY release_id ORDER BY release_id"


class UnknownPinsError(Exception):
    """Nobody can say what is pinned; the message tells why, in Chinese."""


def pinned(paths: Paths) -> dict[str, int]:
    """Release id -> how many snapshots were taken from it. Raises UnknownPinsError when the state cannot be read.

    Nothing is pinned where the app never ran. A state folder without its database is another thing: a disk that is
    not mounted, a restore that is not finished.
    """
    if not paths.state.exists():
        return {}
    path = paths.state / "app.sqlite"
    if not path.is_file() or not path.stat().st_size:
        raise UnknownPinsError(f"快照库 {path} 不在或是空的")
    try:
        opened = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=WAIT_SECONDS)
        with closing(opened) as connection:
            (has_snapshots,) = connection.execute(HAS_SNAPSHOTS).fetchone()
            return dict(connection.execute(PINNED).fetchall()) if has_snapshots else {}
    except sqlite3.Error as error:
        raise UnknownPinsError(f"快照库 {path} 无法读取（{error}）") from error
