"""快照夹: what is collected, how it is kept, shared and opened again."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import access, cookie, queries, state, tray, tray_files
from dashboard.charts import Chart
from dashboard.tray import Entry, Snapshot, TrayError
from etl import pins, publish
from etl.__main__ import main
from etl.paths import Paths

MINE = tray.tray_of("a" * 32)


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """An empty data folder, for what needs no release."""
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    return Paths(data=tmp_path, static=tmp_path / "static")


def make_chart(title: str = "包头市出庭应诉率98.5%") -> Chart:
    return Chart(
        name="ranking",
        figure=go.Figure(go.Bar(x=[98.5, 91.25], y=["包头市", "乌海市"], orientation="h")),
        title=title,
        subtitle="行政机关负责人出庭应诉率 · 单位：% · 2023年",
        footnotes=["来源：《报告》", "版本20251231-aaaaaa"],
        reading="包头市最高。",
        table=pd.DataFrame({"地区": ["包头市", "乌海市"], "数值": ["98.5%", "91.25%"]}),
        simulated=False,
    )


def make_entry(title: str = "包头市出庭应诉率98.5%", release_id: str = "20251231-aaaaaa") -> Entry:
    chart = make_chart(title)
    kept = Snapshot(
        page="compare",
        address="dataset=published&indicator=court_appearance_rate",
        release_id=release_id,
        dataset="published",
        title=title,
        taken_at="2026-01-15T01:30:00+00:00",
        taken_by="",
        chart=chart.to_json(),
    )
    return Entry(kept, "", "")


def headings(holder: str = MINE) -> list[str]:
    return [entry.heading or entry.snapshot.title for entry in tray.entries(holder)]


# ---- what a tray does ----


@pytest.mark.usefixtures("own_state")
def test_a_chart_comes_back_as_it_was_collected() -> None:
    tray.collect(MINE, [make_entry()])
    (entry,) = tray.entries(MINE)
    assert entry == make_entry()
    assert tray.snapshot(entry.snapshot.id) == entry.snapshot
    assert Chart.from_json(entry.snapshot.chart).figure == make_chart().figure


@pytest.mark.usefixtures("own_state")
def test_the_same_view_is_kept_once_and_that_of_another_release_beside_it() -> None:
    assert tray.collect(MINE, [make_entry()]) == 1
    later = replace(make_entry(), snapshot=replace(make_entry().snapshot, taken_at="2026-02-01T00:00:00+00:00"))
    assert tray.collect(MINE, [later]) == 0
    assert tray.collect(MINE, [make_entry(release_id="20260131-bbbbbb")]) == 1
    assert tray.count(MINE) == 2


@pytest.mark.usefixtures("own_state")
def test_entries_move_and_stay_at_the_ends() -> None:
    entries = [make_entry(name) for name in "甲乙丙"]
    tray.collect(MINE, entries)
    tray.move(MINE, entries[2].snapshot.id, -1)
    assert headings() == ["甲", "丙", "乙"]
    tray.move(MINE, entries[0].snapshot.id, -1)
    tray.move(MINE, entries[1].snapshot.id, 1)
    assert headings() == ["甲", "丙", "乙"]
    tray.move(MINE, "0" * 12, 1)  # what another window has removed
    assert headings() == ["甲", "丙", "乙"]


@pytest.mark.usefixtures("own_state")
def test_a_removed_entry_comes_back_to_its_place_with_its_words() -> None:
    tray.collect(MINE, [make_entry(name) for name in "甲乙丙"])
    second = tray.entries(MINE)[1].snapshot.id
    tray.rename(MINE, second, "  出庭\n情况\x00 ")
    tray.annotate(MINE, second, "第一行\n第二行")
    removed = tray.entries(MINE)[1]
    tray.remove(MINE, second)
    assert headings() == ["甲", "丙"]
    assert tray.snapshot(second) is not None, "a document may name it"
    tray.collect(MINE, [removed], 1)
    assert headings() == ["甲", "出庭 情况", "丙"]
    assert tray.entries(MINE)[1].note == "第一行\n第二行"
    tray.rename(MINE, second, " ")
    assert headings() == ["甲", "乙", "丙"]


@pytest.mark.usefixtures("own_state")
def test_a_full_tray_takes_nothing_and_says_so() -> None:
    tray.collect(MINE, [make_entry(str(number)) for number in range(tray.MOST - 1)])
    with pytest.raises(TrayError, match=f"最多放{tray.MOST}张"):
        tray.collect(MINE, [make_entry("甲"), make_entry("乙")])
    assert tray.count(MINE) == tray.MOST - 1


@pytest.mark.usefixtures("own_state")
def test_readers_at_once_lose_nothing() -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: tray.collect(MINE, [make_entry(str(number))]), range(12)))
    assert sorted(headings(), key=int) == [str(number) for number in range(12)]
    with state.database() as connection:
        positions = connection.execute("SELECT position FROM kept ORDER BY position").fetchall()
    assert positions == [(number,) for number in range(12)]


@pytest.mark.usefixtures("own_state")
def test_a_saved_collection_stays_as_it_was_and_only_its_owner_deletes_it() -> None:
    tray.collect(MINE, [make_entry("甲"), make_entry("乙")])
    saved = tray.save(MINE, " 二季度汇报 ", "a" * 32, "王某")
    tray.remove(MINE, make_entry("甲").snapshot.id)
    assert tray.collection(saved.id) == saved
    assert headings(tray.collection_of(saved.id)) == ["甲", "乙"]
    tray.delete(saved.id, "b" * 32)
    assert tray.collections_of("a" * 32) == [saved]
    tray.delete(saved.id, "a" * 32)
    assert tray.collection(saved.id) is None
    assert headings(tray.collection_of(saved.id)) == []


@pytest.mark.usefixtures("own_state")
@pytest.mark.parametrize("name", ["", "  "])
def test_a_collection_needs_a_name_and_charts(name: str) -> None:
    with pytest.raises(TrayError, match="空的"):
        tray.save(MINE, "汇报", "a" * 32, "")
    tray.collect(MINE, [make_entry()])
    with pytest.raises(TrayError, match="名字"):
        tray.save(MINE, name, "a" * 32, "")
    assert tray.collections_of("a" * 32) == []


@pytest.mark.usefixtures("own_state")
@pytest.mark.parametrize("asked", ["", "x", "../app", "0" * 12, "' OR 1=1 --", "０" * 12])
def test_an_id_that_is_none_finds_nothing(asked: str) -> None:
    assert tray.snapshot(asked) is None
    assert tray.collection(asked) is None


@pytest.mark.usefixtures("own_state")
@pytest.mark.parametrize(
    ("drawn_for", "seen_by_baotou"), [(None, False), (("150700",), False), (("150200",), True), (("150203",), True)]
)
def test_a_chart_of_internal_figures_is_seen_by_those_who_may_see_its_figures(
    drawn_for: tuple[str, ...] | None, seen_by_baotou: bool
) -> None:
    kept = replace(make_entry().snapshot, dataset="internal")
    with access.acting_as(access.Viewer("z", "某人", "analyst", drawn_for)):
        tray.collect(MINE, [Entry(kept, "", ""), make_entry("公开")])
    with access.acting_as(access.Viewer("x", "某人", "analyst", ("150200",))):
        assert ("包头市出庭应诉率98.5%" in headings()) == seen_by_baotou
        assert (tray.snapshot(kept.id) is not None) == seen_by_baotou
        assert "公开" in headings(), "published figures are for everybody"
    with access.acting_as(access.Viewer("y", "某人", "analyst", None)):
        assert len(headings()) == 2


UNUSUAL = ['prefs={"a":1}', "user=张".encode().decode("latin-1"), "foo", "a b=1", "a[0]=1", "\x00;=;"]


@pytest.mark.parametrize("sent", ["", "other=1", "visitor=", "visitor=../../x", "visitor=" + "A" * 32, *UNUSUAL])
def test_a_reader_without_an_id_gets_one_that_scripts_cannot_read(sent: str) -> None:
    sent_back = cookie.header(sent, "/base", secure=True)
    assert sent_back is not None
    value, *settings = sent_back.split("; ")
    assert len(value) == len("visitor=") + 32
    assert {"Path=/base", "HttpOnly", "SameSite=Lax", "Secure"} < set(settings)
    assert cookie.header(value, "/base", secure=True) is None
    assert cookie.header(f"{sent}; {value}", "/base", secure=True) is None, "whatever else is there"


# ---- files ----


@pytest.mark.usefixtures("own_state")
def test_a_file_brings_back_what_it_took() -> None:
    entries = [replace(make_entry("甲"), heading="标题", note="说明"), make_entry("乙")]
    assert tray_files.unpack(tray_files.pack("汇报", entries)) == entries


@pytest.mark.usefixtures("own_state")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(format="other"), "不是本系统导出"),
        (lambda told: told.update(version=2), "另一版程序"),
        (lambda told: told.update(items=[]), "没有快照"),
        (lambda told: told.update(items={"a": 1}), "没有快照"),
        (lambda told: told.update(items=told["items"] * 61), "最多60张"),
        (lambda told: told["items"].append("x"), "第2张快照的内容不完整"),
        (lambda told: told["items"][0].pop("note"), "第1张快照的内容不完整"),
        (lambda told: told["items"][0].update(note=7), "第1张快照的内容不完整"),
        (lambda told: told["items"][0].update(seal="é" * 64), "第1张快照被改动过"),
        (lambda told: told["items"][0].update(snapshot="\ud800"), "第1张快照被改动过"),
        (
            lambda told: told["items"][0].update(snapshot=told["items"][0]["snapshot"].replace("98.5", "99.9")),
            "第1张快照被改动过",
        ),
    ],
)
def test_a_file_that_was_changed_or_is_another_is_refused(change, says: str) -> None:  # type: ignore[no-untyped-def]
    told = json.loads(tray_files.pack("汇报", [make_entry()]))
    change(told)
    with pytest.raises(TrayError, match=says):
        tray_files.unpack(json.dumps(told).encode())


@pytest.mark.usefixtures("own_state")
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"[1]", b"null", b'{"format": 1e999}'])
def test_a_file_that_is_no_tray_is_refused(content: bytes) -> None:
    with pytest.raises(TrayError, match=r"不是.*快照") as refused:
        tray_files.unpack(content)
    assert "JSON" not in str(refused.value)


@pytest.mark.usefixtures("own_state")
def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_files, "MOST_MEGABYTES", 0)
    with pytest.raises(TrayError, match="太大"):
        tray_files.unpack(b"{}")


# ---- frozen releases ----


@pytest.mark.parametrize(
    "asked",
    ["", "CURRENT", "../warehouse/{id}", "{id}.duckdb", "{id}\n", "{id}\x00", "2０251231-a1b2c3", "20200101-abcdef"],
)
def test_only_the_id_of_a_release_that_is_there_opens_one(warehouse: Paths, asked: str) -> None:
    current = queries.current_release()
    assert queries.release_named(current.id) == current
    assert queries.release_named(asked.format(id=current.id)) is None
    assert queries.release_asked(asked.format(id=current.id)) == current


def test_a_release_that_cannot_be_read_is_none(own_state: Paths) -> None:
    own_state.warehouse.mkdir()
    (own_state.warehouse / "20251231-abcdef.duckdb").write_bytes(b"not a database")
    assert queries.release_named("20251231-abcdef") is None


# ---- pins: what dashboard/state.py writes and etl/pins.py reads ----


def stand_in(paths: Paths, *names: str) -> None:
    """Files that look like old releases."""
    paths.warehouse.mkdir(exist_ok=True)
    for name in names:
        (paths.warehouse / f"{name}.duckdb").touch()


def prune(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> tuple[set[str], list[str]]:
    """Which releases stay when none is kept for its own sake, and what was said."""
    said: list[str] = []
    monkeypatch.setattr(publish, "RELEASES_KEPT", 0)
    publish._prune(paths, said.append)
    return {path.stem for path in paths.warehouse.glob("[0-9]*.duckdb")}, said


def test_a_release_that_a_snapshot_was_taken_from_is_never_cleaned_away(
    own_state: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(own_state, "20251231-aaaaaa", "20251231-bbbbbb")
    tray.collect(MINE, [make_entry("甲"), make_entry("乙")])
    tray.remove(MINE, make_entry("甲").snapshot.id)
    assert pins.pinned(own_state) == {"20251231-aaaaaa": 2}
    assert prune(own_state, monkeypatch) == ({"20251231-aaaaaa"}, [])


def test_where_the_app_never_ran_nothing_is_pinned(own_state: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(own_state, "20251231-aaaaaa")
    assert prune(own_state, monkeypatch) == (set(), [])


def test_a_state_without_snapshots_pins_nothing(own_state: Paths) -> None:
    state.saved_selections()
    assert pins.pinned(own_state) == {}


def spoil(path: Path, how: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if how == "corrupt":
        path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)
    elif how == "empty":
        path.touch()
    elif how == "other":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE snapshots (id TEXT)")
        connection.close()


@pytest.mark.parametrize("how", ["missing", "corrupt", "empty", "other"])
def test_while_nobody_knows_what_is_pinned_nothing_is_cleaned_away(
    own_state: Paths, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    stand_in(own_state, "20251231-aaaaaa")
    spoil(own_state.state / "app.sqlite", how)
    stayed, said = prune(own_state, monkeypatch)
    assert stayed == {"20251231-aaaaaa"}
    assert len(said) == 1
    assert "旧版本全部保留" in said[0]


def test_a_locked_state_is_not_guessed(own_state: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    tray.collect(MINE, [make_entry()])
    monkeypatch.setattr(pins, "WAIT_SECONDS", 0)
    locked = sqlite3.connect(own_state.state / "app.sqlite")
    locked.execute("PRAGMA locking_mode = EXCLUSIVE")
    locked.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(pins.UnknownPinsError):
            pins.pinned(own_state)
    finally:
        locked.close()


def test_status_tells_what_is_pinned_and_what_is_lost(
    quick_inputs: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    current = publish.current_id(quick_inputs)
    assert current is not None
    tray.collect(MINE, [make_entry("甲", current), make_entry("乙", current), make_entry("丙", "20200101-abcdef")])
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "被2张快照引用，长期保留" in said
    assert "20200101-abcdef  被1张快照引用，但版本文件不在" in said
    assert main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pinned"] == {"20200101-abcdef": 1, current: 2}
    (quick_inputs.state / "app.sqlite").write_bytes(b"spoilt" * 1000)
    (quick_inputs.state / "app.sqlite-wal").unlink(missing_ok=True)
    assert main(["status"]) == 0
    assert "不能确定哪些版本被快照引用" in capsys.readouterr().out
