"""快照夹: charts that readers collect, each with the view it came from and the release it was drawn from.

A snapshot never changes and is never deleted: its id may stand in a document. What readers order, rename, annotate
and remove are the entries of a tray, or of a collection saved under a name.
"""

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard import access, queries, selection, state, visitor
from dashboard.charts import Chart, ground
from dashboard.queries import Release
from dashboard.selection import NOT_OF_VIEW, OTHER_PARAMETERS, Selection

PAGE = Path(__file__).resolve().parent.parent / "pages" / "briefs.py"
MOST = 60  # entries of a tray: a document of more is no brief
LONGEST_HEADING = 120
LONGEST_NOTE = 1000
LONGEST_NAME = 40
SHAPE_FILE = re.compile(r'[^"\\]*/boundaries/([\w-]+)\.json\?v=\w+')
SNAPSHOT_ID = re.compile(r"[0-9a-f]{12}")
COLLECTION_ID = re.compile(r"[0-9a-f]{20}")


class TrayError(Exception):
    """Why something could not be collected, in Chinese."""


@dataclass(frozen=True)
class Snapshot:
    """A chart as it was seen.

    `page`: its path (empty: 总览); `address`: its query string without the release, `release_id`; `taken_at`: UTC, ISO
    8601; `taken_by`: empty where nobody signs in; `chart`: `Chart.to_json`.
    """

    page: str
    address: str
    release_id: str
    dataset: str
    title: str
    taken_at: str
    taken_by: str
    chart: str

    @property
    def id(self) -> str:
        """Twelve hex digits that follow from what is seen, not from when or by whom."""
        seen = (self.page, self.address, self.release_id, self.dataset, self.title, self.chart)
        return hashlib.sha256("\x1f".join(seen).encode()).hexdigest()[:12]

    def parameters(self) -> dict[str, str]:
        """The address that shows this view again, with the same numbers."""
        return {**dict(parse_qsl(self.address)), "release": self.release_id}

    def picture(self, shapes: str) -> Chart:
        """The chart; its maps ask for the shape files at `shapes` (see frame.Reader), those of today.

        Raises TrayError for one that another version of the program kept.
        """
        try:
            return Chart.from_json(SHAPE_FILE.sub(lambda found: str(ground.shape(shapes, found[1])), self.chart))
        except (ValueError, KeyError, TypeError) as error:
            raise TrayError("这张图由另一版程序保存，现在画不出来") from error


@dataclass(frozen=True)
class Entry:
    """A snapshot in a tray or collection, under the heading and with the note that a reader gave it."""

    snapshot: Snapshot
    heading: str
    note: str


@dataclass(frozen=True)
class Collection:
    """Entries saved under a name, to be shared by the id."""

    id: str
    name: str
    saved_at: str
    saved_by: str


def offer(light: Callable[[], Chart], release: Release, chosen: Selection, key: str) -> None:
    """The button 加入快照 of the chart `key`, which `light` draws in light colours. Once pressed, the way to the tray
    stands beside it.

    On the page of the tray itself, what is shown was collected before.
    """
    if st.session_state["page"] == "briefs" or "briefs" not in st.session_state["titles"]:
        return
    st.button(
        "加入快照",
        key=f"take_{key}",
        icon=":material/add_photo_alternate:",
        on_click=_take,
        args=(light, release, chosen, key),
    )
    if st.session_state.get("taken") == key:
        st.page_link(PAGE, label="打开快照夹", icon=":material/photo_library:")


def _take(light: Callable[[], Chart], release: Release, chosen: Selection, key: str) -> None:
    holder = tray_of(visitor.current())
    kept = taken(light(), st.session_state["page"], release, chosen, visitor.user())
    try:
        added = collect(holder, [Entry(kept, "", "")], drawn_from=release)
    except TrayError as error:
        st.toast(str(error), icon=":material/info:")
        return
    st.session_state["taken"] = key
    words = "已加入快照夹" if added else "这张图已在快照夹"
    st.toast(f"{words}，共{count(holder)}张", icon=":material/photo_library:")


def taken(chart: Chart, page: str, release: Release, chosen: Selection, user: str) -> Snapshot:
    """The snapshot of a chart that a reader sees on `page` at this session's address.

    The choice is kept whole, defaults included: what an empty address shows may be another indicator a year later.
    """
    own = {k: v for k, v in selection.address().items() if k in OTHER_PARAMETERS and k not in NOT_OF_VIEW}
    address = {**own, **{name: value for name, value in asdict(chosen).items() if value}}
    return Snapshot(
        page=page,
        address=urlencode(sorted(address.items())),
        release_id=release.id,
        dataset=chosen.dataset,
        title=chart.title,
        taken_at=_now(),
        taken_by=user,
        chart=chart.to_json(),
    )


def tray_of(visitor: str) -> str:
    """The holder of a visitor's own entries."""
    return f"tray-{visitor}"


def collection_of(collection_id: str) -> str:
    """The holder of a saved collection's entries."""
    return f"collection-{collection_id}"


def entries(holder: str) -> list[Entry]:
    """What a tray or collection holds, in its order, without what this reader may not see."""
    columns = ", ".join(f"s.{name}" for name in Snapshot.__dataclass_fields__)
    with state.database() as connection:
        rows = connection.execute(
            f"""SELECT c.regions, k.heading, k.note, {columns} FROM kept AS k
            JOIN snapshots AS s ON s.id = k.snapshot LEFT JOIN snapshot_scopes AS c ON c.snapshot = s.id
            WHERE k.holder = ? ORDER BY k.position""",
            (holder,),
        ).fetchall()
    found = [(row[0], Entry(Snapshot(*row[3:]), row[1], row[2])) for row in rows]
    return [entry for regions, entry in found if _may_see(entry.snapshot, regions)]


def snapshot(snapshot_id: str) -> Snapshot | None:
    """The snapshot of an id; None where there is none, or none for this reader."""
    if not SNAPSHOT_ID.fullmatch(snapshot_id):
        return None
    columns = ", ".join(f"s.{name}" for name in Snapshot.__dataclass_fields__)
    with state.database() as connection:
        row = connection.execute(
            f"""SELECT c.regions, {columns} FROM snapshots AS s LEFT JOIN snapshot_scopes AS c ON c.snapshot = s.id
            WHERE s.id = ?""",
            (snapshot_id,),
        ).fetchone()
    return Snapshot(*row[1:]) if row and _may_see(Snapshot(*row[1:]), row[0]) else None


def _may_see(found: Snapshot, regions: str | None) -> bool:
    """Whether this reader may see a kept picture. `regions`: JSON, whose figures its taker saw; None: not known."""
    mine = access.regions()
    if mine is None or found.dataset in queries.OPEN_DATASETS:
        return True
    theirs = json.loads(regions or "null")  # null: of all regions
    return theirs is not None and all({code, f"{code[:4]}00"} & set(mine) for code in theirs)


def collect(holder: str, added: list[Entry], position: int | None = None, *, drawn_from: Release | None = None) -> int:
    """Puts the entries that are not there yet at the end, or at `position`; gives how many these were.

    `drawn_from`: the release that new snapshots were drawn from, whose scope says whose figures are in them; else they
    are what this reader may see now. Raises TrayError when they do not all find room; then nothing was added.
    """
    scope = drawn_from.scope if drawn_from else access.regions()
    with state.writing() as connection:
        order = _order(connection, holder)
        new = {entry.snapshot.id: entry for entry in added if entry.snapshot.id not in order}
        if len(order) + len(new) > MOST:
            raise TrayError(f"快照夹最多放{MOST}张，现有{len(order)}张，再加{len(new)}张放不下。请先移除不用的图")
        for snapshot_id, entry in new.items():
            _keep(connection, entry.snapshot, scope)
            connection.execute(
                "INSERT INTO kept VALUES (?, ?, 0, ?, ?)",
                (holder, snapshot_id, _clean(entry.heading, LONGEST_HEADING), _clean(entry.note, LONGEST_NOTE)),
            )
        place = len(order) if position is None else position
        _reorder(connection, holder, [*order[:place], *new, *order[place:]])
    return len(new)


def count(holder: str) -> int:
    """How many entries there are."""
    with state.database() as connection:
        (number,) = connection.execute("SELECT count(*) FROM kept WHERE holder = ?", (holder,)).fetchone()
    return int(number)


def move(holder: str, snapshot_id: str, steps: int) -> None:
    """Moves an entry up (negative) or down; at an end it stays."""
    with state.writing() as connection:
        order = _order(connection, holder)
        if snapshot_id in order:  # another window may have removed it
            place = order.index(snapshot_id)
            order.insert(max(0, place + steps), order.pop(place))
            _reorder(connection, holder, order)


def rename(holder: str, snapshot_id: str, heading: str) -> None:
    """Gives an entry a heading; an empty one is the chart's own title."""
    with state.writing() as connection:
        connection.execute(
            "UPDATE kept SET heading = ? WHERE (holder, snapshot) = (?, ?)",
            (_clean(" ".join(heading.split()), LONGEST_HEADING), holder, snapshot_id),
        )


def annotate(holder: str, snapshot_id: str, note: str) -> None:
    """Gives an entry a note."""
    with state.writing() as connection:
        connection.execute(
            "UPDATE kept SET note = ? WHERE (holder, snapshot) = (?, ?)",
            (_clean(note, LONGEST_NOTE), holder, snapshot_id),
        )


def remove(holder: str, snapshot_id: str) -> None:
    """Takes an entry out; the snapshot itself stays, so that documents which name it can be checked."""
    with state.writing() as connection:
        connection.execute("DELETE FROM kept WHERE (holder, snapshot) = (?, ?)", (holder, snapshot_id))
        _reorder(connection, holder, _order(connection, holder))


def clear(holder: str) -> None:
    """Takes all entries out."""
    with state.writing() as connection:
        connection.execute("DELETE FROM kept WHERE holder = ?", (holder,))


def save(holder: str, name: str, visitor: str, user: str) -> Collection:
    """Copies a tray into a collection under a name. Raises TrayError for an empty name or tray."""
    made = Collection(secrets.token_hex(10), _clean(name, LONGEST_NAME), _now(), user)
    if not made.name:
        raise TrayError("请先给合集起个名字")
    with state.writing() as connection:
        connection.execute(
            "INSERT INTO kept SELECT ?, snapshot, position, heading, note FROM kept WHERE holder = ?",
            (collection_of(made.id), holder),
        )
        if not _order(connection, collection_of(made.id)):
            raise TrayError("快照夹是空的，没有可保存的图")
        connection.execute(
            "INSERT INTO collections VALUES (?, ?, ?, ?, ?)", (made.id, made.name, visitor, user, made.saved_at)
        )
    return made


def collections_of(visitor: str) -> list[Collection]:
    """The collections that a visitor saved, the newest first."""
    with state.database() as connection:
        rows = connection.execute(
            "SELECT id, name, saved_at, saved_by FROM collections WHERE visitor = ? ORDER BY saved_at DESC, name",
            (visitor,),
        ).fetchall()
    return [Collection(*row) for row in rows]


def collection(collection_id: str) -> Collection | None:
    """The collection of an id; None where there is none."""
    if not COLLECTION_ID.fullmatch(collection_id):
        return None
    with state.database() as connection:
        row = connection.execute(
            "SELECT id, name, saved_at, saved_by FROM collections WHERE id = ?", (collection_id,)
        ).fetchone()
    return Collection(*row) if row else None


def delete(collection_id: str, visitor: str) -> None:
    """Deletes a collection of this visitor; its link then leads nowhere."""
    with state.writing() as connection:
        found = connection.execute("DELETE FROM collections WHERE (id, visitor) = (?, ?)", (collection_id, visitor))
        if found.rowcount:
            connection.execute("DELETE FROM kept WHERE holder = ?", (collection_of(collection_id),))


def thumbnail(snapshot_id: str) -> bytes | None:
    """The small picture that `keep_thumbnail` kept (PNG)."""
    with state.database() as connection:
        row = connection.execute("SELECT thumbnail FROM snapshots WHERE id = ?", (snapshot_id,)).fetchone()
    return row[0] if row else None


def keep_thumbnail(snapshot_id: str, png: bytes) -> None:
    """Keeps the small picture of a snapshot, so that it is drawn once."""
    with state.writing() as connection:
        connection.execute("UPDATE snapshots SET thumbnail = ? WHERE id = ?", (png, snapshot_id))


def _clean(text: str, most: int) -> str:
    """Text without the signs that no document can hold, and not too long."""
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n").strip()[:most]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _keep(connection: sqlite3.Connection, kept: Snapshot, scope: tuple[str, ...] | None) -> None:
    """Writes a snapshot, unless the same view was kept before. `scope`: as of `Release`."""
    values = {"id": kept.id, **asdict(kept)}
    new = connection.execute(
        f"INSERT OR IGNORE INTO snapshots ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )
    if new.rowcount:
        connection.execute("INSERT INTO snapshot_scopes VALUES (?, ?)", (kept.id, json.dumps(scope)))


def _order(connection: sqlite3.Connection, holder: str) -> list[str]:
    rows = connection.execute("SELECT snapshot FROM kept WHERE holder = ? ORDER BY position", (holder,))
    return [snapshot_id for (snapshot_id,) in rows]


def _reorder(connection: sqlite3.Connection, holder: str, order: list[str]) -> None:
    connection.executemany(
        "UPDATE kept SET position = ? WHERE (holder, snapshot) = (?, ?)",
        [(position, holder, snapshot_id) for position, snapshot_id in enumerate(order)],
    )
