"""A damaged release, a lost pointer, a clock that was put back: what is shown, what is said, and how it ends."""

import errno
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from dashboard import access, api, queries, server, soundness, state
from etl import __main__ as commands
from etl import accepted, publish
from etl.__main__ import main
from etl.errors import UserError, told_of_files
from etl.paths import Paths
from tests import quick
from tests.conftest import ROOT, copy_inputs
from tests.test_load import CASES, latest, load, long_table
from tests.test_publish import append_figure, quiet
from tools import backup, serve


@pytest.fixture(scope="module")
def two_made(quick_start: Paths, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    folder = tmp_path_factory.mktemp("two")
    paths = Paths(data=folder / "data", static=folder / "static")
    shutil.copytree(quick_start.data, paths.data)
    append_figure(paths)
    with pytest.MonkeyPatch.context() as patch:
        quick.shorten(patch.setattr)
        publish.build(paths, quiet)
    return paths


@pytest.fixture
def two(two_made: Paths, quick_inputs: Paths) -> Paths:
    """Two releases, the newer one current."""
    shutil.copytree(two_made.data, quick_inputs.data, dirs_exist_ok=True)
    return quick_inputs


def damage(path: Path) -> None:
    """Changes bytes in the middle of a file, as a bad disk does: it opens, and its first blocks are right."""
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 4, len(content), 50_000):  # several in every block of 256 KiB
        content[at : at + 8] = b"\xff" * 8
    path.write_bytes(content)


def spoil(paths: Paths, fault: str) -> None:
    pointer = paths.warehouse / "CURRENT"
    current = publish.release_path(paths, publish.current_id(paths) or "")
    if fault == "damaged":
        damage(current)
    elif fault == "empty":
        current.write_bytes(b"")
    elif fault == "other":
        older = next(path for path in paths.warehouse.glob("[0-9]*.duckdb") if path != current)
        shutil.copy(older, current)
    elif fault == "missing":
        pointer.unlink()
    elif fault == "nowhere":
        pointer.write_text("20991231-abcdef\n", encoding="ascii")
    elif fault == "garbled":
        pointer.write_bytes(b"\xff\xfe\x00")
    else:
        pointer.write_text("../../etc/passwd", encoding="ascii")


FAULTS = {
    "damaged": "已损坏，无法读取",
    "empty": "已损坏，无法读取",
    "other": "已损坏，无法读取",
    "missing": "CURRENT不见了",
    "nowhere": "20991231-abcdef的文件不存在",
    "garbled": "CURRENT无法读取",
    "escaping": "CURRENT内容有误",
}


def mend() -> int:
    """Runs the command that the banner names. In production that is another process, so the app lets go first."""
    queries._connection.clear()
    return main(["build"])


def test_another_release_is_shown_with_the_reason_until_a_build_mends_it(
    two: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    newest, older = (r.id for r in publish.releases(two))
    assert (queries.current_release().id, queries.trouble()) == (newest, "")
    for fault, words in FAULTS.items():
        spoil(two, fault)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "dashboard"):
            shown = {queries.current_release().id for _ in range(3)}
        assert shown == {older if fault in ("damaged", "empty", "other") else newest}, fault
        assert words in queries.trouble()
        assert {*shown} <= set(re.findall(queries.RELEASE_ID, queries.trouble()))
        assert "python -m etl build" in queries.trouble()
        assert len(queries.regions(queries.current_release())) == 116
        assert [r.getMessage().startswith("degraded") for r in caplog.records].count(True) == 1, "told once"
        assert mend() == 0
        assert (queries.current_release().id, queries.trouble()) == (newest, ""), fault
        assert len(queries.regions(queries.current_release())) == 116


def test_every_page_says_so_and_health_and_the_interface_tell(two: Paths) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=60).run()
    client = TestClient(Starlette(routes=server.routes()))
    assert not [w for w in app.warning if "已损坏" in w.value]
    assert client.get("/healthz").json()["status"] == "ok"
    damage(publish.release_path(two, publish.current_id(two) or ""))
    app.run()
    (banner,) = [w.value for w in app.warning if "已损坏" in w.value]
    older = queries.current_release().id
    assert re.search(rf"现在显示的是能读取的最新版本{older.replace('-', r'.?-')}", banner)
    assert [c for c in app.caption if f"版本{older}" in c.value.replace("\\", "")], "the footer names it too"
    assert not app.exception
    health = client.get("/healthz")
    assert health.status_code == 200
    assert health.json() == {"status": "degraded", "release": older, "message": queries.trouble()}
    answer = client.get("/api/v1/release")
    assert answer.headers["X-Degraded"] == "true"
    assert answer.json()["degraded"] == queries.trouble()
    assert "dashboard_warehouse_degraded 1.0" in client.get("/metrics").text


@pytest.mark.parametrize("name", ["state", "state/app.sqlite", ""])
def test_health_tells_when_nothing_can_be_kept(two: Paths, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As after a restore by root: what belongs to another user can be read and not written."""
    if name:
        state.seal_key()
    client = TestClient(Starlette(routes=server.routes()))
    assert client.get("/healthz").json()["status"] == "ok"
    foreign, access_of = two.data / name, os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != foreign and access_of(path, mode))
    health = client.get("/healthz")
    assert health.status_code == 200
    assert health.json()["status"] == "degraded"
    assert f"{foreign}不能写入" in health.json()["message"]
    assert "dashboard_warehouse_degraded 1.0" in client.get("/metrics").text


def test_a_folder_that_may_not_be_written_is_named_and_is_no_rejected_row(
    two: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lock = two.warehouse / ".lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # root may write everywhere, but not here
    table = tmp_path / "table.csv"
    table.write_text("地区,指标,期间,数值,单位\n包头市,法律援助案件数,2024,1234,件\n", encoding="utf-8")
    for command in (["build"], ["load", str(table)], ["rollback"], ["build", "--json"]):
        assert main(command) == 3, command
        told = capsys.readouterr()
        assert f"{lock}：是文件夹，不是文件" in told.err + told.out
    assert backup.main(["save", str(tmp_path / "kept.tar.gz")]) == 3
    assert f"{lock}：是文件夹，不是文件" in capsys.readouterr().err


def test_who_may_not_read_a_file_is_told_which_and_as_whom(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=f"^{tmp_path}：没有读写权限（当前用户：.+）。请以运行服务的用户"),
        told_of_files(),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))


def test_a_damaged_older_release_is_listed_once(two: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    newest, older = (r.id for r in publish.releases(two))
    assert main(["status"]) == 0
    capsys.readouterr()
    damage(publish.release_path(two, older))
    assert main(["status"]) == 3
    said = capsys.readouterr().out
    assert (said.count(older), said.count(newest)) == (1, 1)
    assert f"{older}  文件已损坏，无法读取" in said


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs that are started can be interrupted, also where this one was started by a script in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("module", "arguments"), [("etl", ["build"]), ("tools.backup", ["save", "kept.tar.gz"])])
def test_who_interrupts_the_wait_for_another_publisher_sees_one_line(
    two: Paths, tmp_path: Path, module: str, arguments: list[str]
) -> None:
    with (
        filelock.FileLock(two.warehouse / ".lock"),
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as waiting,
    ):
        assert waiting.stdout is not None
        end = threading.Timer(60, waiting.kill)  # of a program that says nothing or goes on
        end.start()
        said = next((line for line in waiting.stdout if "等它完成" in line), "")
        yields = os.getpriority(os.PRIO_PROCESS, waiting.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        waiting.send_signal(signal.SIGINT)
        rest = waiting.stdout.read()
        end.cancel()
    assert said
    assert yields == (module == "etl"), "to readers"
    assert waiting.returncode == 130
    assert "Traceback" not in said + rest
    assert rest.startswith("已中断")


def test_without_any_readable_release_the_page_says_what_to_run(two: Paths) -> None:
    for path in two.warehouse.glob("[0-9]*.duckdb"):
        damage(path)
    app = AppTest.from_file(str(ROOT / "dashboard" / "shell.py"), default_timeout=60).run()
    assert app.title[0].value == "暂时没有数据可看"
    assert "python -m etl build" in app.error[0].value
    assert not app.exception
    assert mend() == 0
    app.run()
    assert app.title[0].value != "暂时没有数据可看"


def test_a_file_that_hangs_or_kills_its_reader_stops_neither_server_nor_page(
    two: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = publish.release_path(two, publish.current_id(two) or "")
    harmful = "import os, sys, time\nif sys.argv[1] == {!r}: {}\n"
    monkeypatch.setattr(soundness, "CHECK_SECONDS", 1)
    real = soundness.READ_ALL
    for act, words in {"time.sleep(60)": "not read within 1 s", "os.kill(os.getpid(), 11)": "signal 11"}.items():
        soundness.forget(newest)
        monkeypatch.setattr(soundness, "READ_ALL", harmful.format(str(newest), act) + real)
        begun = time.monotonic()
        assert words in soundness.look(newest).problem
        assert time.monotonic() - begun < 10
        monkeypatch.setattr(soundness, "CHECK_SECONDS", 60)
        assert queries.current_release().path != str(newest)
    monkeypatch.setattr(soundness, "READ_ALL", real)
    monkeypatch.setattr(soundness, "RETRY_SECONDS", 0)
    assert queries.current_release().path == str(newest), "tried again by and by"


def test_rolling_back_from_a_damaged_release_works_and_status_names_it(
    two: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    newest, older = (r.id for r in publish.releases(two))
    damage(publish.release_path(two, newest))
    assert main(["status"]) == 3
    said = capsys.readouterr().out
    assert f"当前版本{newest}的文件已损坏" in said
    assert said.count(newest) == 1
    assert main(["rollback", newest]) == 3
    assert publish.rollback(two, quiet).id == older
    assert queries.trouble() == ""
    assert queries.release_named(newest) is None


# ---- the program is new, the data are not ----


def test_a_program_put_beside_older_data_writes_the_shapes_and_leaves_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = copy_inputs(tmp_path / "data")
    pointer = paths.warehouse / "CURRENT"
    pointer.parent.mkdir()
    pointer.write_text("20251231-abcdef\n", encoding="ascii")  # rolled back to, perhaps
    done = []

    def run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[str]:
        assert settings["env"]["DASHBOARD_DATA_DIR"] == str(paths.data)
        done.append(command[-1])
        return subprocess.CompletedProcess(command, main(command[3:]))

    monkeypatch.setattr(serve.subprocess, "run", run)
    monkeypatch.setattr(commands, "default_paths", lambda: paths)
    assert serve.prepare(paths) == serve.prepare(paths) == 0
    assert done == ["shapes"], "written once"
    assert (paths.static / "boundaries" / "leagues.json").exists()
    assert pointer.read_text(encoding="ascii") == "20251231-abcdef\n"
    assert [path.name for path in paths.warehouse.iterdir()] == ["CURRENT"]


# ---- the clock is put back ----


@pytest.fixture
def put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, the ETL's clock says 1 January 2020."""
    monkeypatch.setattr(publish, "now", lambda: datetime(2020, 1, 1))


def test_releases_and_sources_keep_their_order_when_the_clock_goes_back(
    two: Paths, tmp_path: Path, put_back: None
) -> None:
    before = [r.id for r in publish.releases(two)]
    third = load(two, long_table(tmp_path / "a.csv", f"包头市,{CASES},2023,5"), "甲").outcome
    fourth = load(two, long_table(tmp_path / "b.csv", f"包头市,{CASES},2024,6"), "乙").outcome
    assert third is not None
    assert fourth is not None
    assert latest(two, "value") == [(5.0,), (6.0,)], "2023 and 2024 are not to come, whatever the clock says"
    ids = [r.id for r in publish.releases(two)]
    assert ids == [fourth.release.id, third.release.id, *before]
    assert publish.rollback(two, quiet).id == third.release.id
    assert [entry.number for entry in accepted.read_all(two)] == [1, 2]
    finished = [entry.load.finished_at for entry in accepted.read_all(two)]
    assert finished == sorted(finished)


def test_the_release_before_is_not_pruned_when_the_clock_goes_back(
    two: Paths, put_back: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "RELEASES_KEPT", 2)
    made = []
    for code in ("150102", "150103", "150104"):
        append_figure(two, region_code=code, region_name="")
        made.append(publish.build(two, quiet).release.id)
    assert [r.id for r in publish.releases(two)] == made[:0:-1]


def test_an_idle_session_ends_although_the_clock_was_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    (tmp_path / "access.toml").write_text(
        'mode = "oidc"\nadmins = ["a@example.cn"]\nidle_minutes = 30\n', encoding="utf-8"
    )
    moment = [1_800_000_000.0]
    monkeypatch.setattr(access.time, "time", lambda: moment[0])
    claim = access._Claim("a@example.cn", "甲", "session", "127.0.0.1")
    access._admit(claim, present=True)
    moment[0] -= 86400
    access._admit(claim, present=False)
    moment[0] += 31 * 60
    with pytest.raises(access.AccessError, match="ended"):
        access._admit(claim, present=True)
    with state.database() as connection:
        assert connection.execute("SELECT ended FROM sessions").fetchall() == [(1,)]


def test_nobody_is_barred_until_the_clock_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    api._limiter.storage.reset()
    moment = [time.time()]
    monkeypatch.setattr(time, "time", lambda: moment[0])
    for _ in range(api.CALLS.amount):
        api._limit("caller", api.CALLS)
    with pytest.raises(api.RequestError, match="过于频繁"):
        api._limit("caller", api.CALLS)
    moment[0] -= 3600
    api._limit("caller", api.CALLS)
    api._limiter.storage.reset()
