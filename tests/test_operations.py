"""The commands that try faults and load run; nginx as shipped keeps readers where they are and goes round the dead."""

import argparse
import http.server
import io
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.testing.v1 import AppTest
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from benchmarks import faults
from benchmarks.load_sessions import Tally, not_as_loaded
from benchmarks.serving import Proxy
from dashboard import state
from dashboard.imports import program_version
from etl import __main__ as commands
from etl import paths as etl_paths
from etl.inputs import sha256
from etl.paths import Paths, default_paths
from tests.conftest import ROOT
from tools import backup
from tools.bundle import INSTALL, source, wanted
from tools.serve import gate
from tools.serve import main as serve_main

SECONDS = 10
BUSY = "/api/v1/observations"


class Replica(http.server.BaseHTTPRequestHandler):
    """Answers with its own port, and with the headers that came; 503 where somebody asks for what is BUSY."""

    def do_GET(self) -> None:
        self.send_response(503 if self.path == BUSY else 200)
        for name, value in self.headers.items():
            self.send_header(f"Seen-{name}", value)
        self.end_headers()
        self.wfile.write(str(self.server.server_address[1]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def replicas() -> Iterator[list[http.server.ThreadingHTTPServer]]:
    running = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Replica) for _ in range(3)]
    for server in running:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield running
    for server in running:
        server.shutdown()
        server.server_close()


def ask(proxy: Proxy, reader: int | None, path: str = "/map", status: int = 200) -> int:
    headers = {} if reader is None else {"Cookie": f"other=1; visitor={reader:032x}"}
    request = urllib.request.Request(proxy.address + path, headers=headers)  # noqa: S310
    try:
        answer = urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        assert answer.status == status
        return int(answer.read())


def test_readers_stay_with_their_replica_and_go_on_when_it_dies(
    replicas: list[http.server.ThreadingHTTPServer], tmp_path: Path
) -> None:
    ports = [server.server_address[1] for server in replicas]
    with Proxy(tmp_path, ports) as proxy:
        homes = {reader: ask(proxy, reader) for reader in range(20)}
        assert set(homes.values()) == set(ports), "all come from one address, and yet are spread"
        for path in ("/_stcore/stream", "/media/file.csv", "/_stcore/upload_file/x"):
            assert {reader: ask(proxy, reader, path) for reader in homes} == homes
        assert len({ask(proxy, None) for _ in range(5)}) == 1
        assert {reader: ask(proxy, reader, BUSY, status=503) for reader in homes} == homes
        assert {reader: ask(proxy, reader) for reader in homes} == homes, "who says no for now is not dead"
        replicas[0].shutdown()
        replicas[0].server_close()
        now = {reader: ask(proxy, reader) for reader in homes}
        assert set(now.values()) == set(ports[1:])
        assert all(now[reader] == home for reader, home in homes.items() if home != ports[0]), "nobody else is moved"


def test_nobody_tells_through_nginx_who_they_are(
    replicas: list[http.server.ThreadingHTTPServer], tmp_path: Path
) -> None:
    with Proxy(tmp_path, [replicas[0].server_address[1]]) as proxy:
        forged = {"X-Remote-User": "boss", "x-remote-name": "boss", "X-Forwarded-For": "10.0.0.1"}
        for path in ("/", "/map", "/_stcore/stream", "/_stcore/upload_file/x/y", "/metrics", "/api/v1/observations"):
            seen = httpx.get(proxy.address + path, headers=forged).headers
            assert {name for name in seen if name.startswith("seen-x-remote")} == set(), path
            assert seen["seen-x-forwarded-for"] == "127.0.0.1", path
            assert seen["seen-host"] == "127.0.0.1", path
        for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/interact"):
            assert httpx.get(proxy.address + path).status_code == 404, path


def test_what_the_service_writes_is_for_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = (ROOT / "deploy" / "dashboard.service").read_text(encoding="utf-8")
    (mask,) = re.findall(r"^UMask=(\d+)$", unit, re.MULTILINE)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    before = os.umask(int(mask, 8))
    try:
        with state.database() as connection:
            connection.execute("INSERT INTO groups (name, codes) VALUES ('a', 'b')")
            written = [*tmp_path.rglob("*")]
            modes = {path.name: path.stat().st_mode & 0o077 for path in written}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("data", "state", "app.sqlite", "app.sqlite-wal", "app.sqlite-shm"), 0)


def healthy(socket: ServerConnection, request: Request) -> Response | None:
    """Answers what is no websocket."""
    return socket.respond(200, "ok") if request.path == "/healthz" else None


def talk(socket: ServerConnection) -> None:
    """Goes on only when what was sent has come."""
    for part in range(3):
        socket.send(str(part))
        assert socket.recv(timeout=SECONDS) == f"seen {part}"


def test_websockets_pass_and_nothing_is_held_back(tmp_path: Path) -> None:
    with serve(talk, "127.0.0.1", 0, process_request=healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            Proxy(tmp_path, [server.socket.getsockname()[1]]) as proxy,
            connect(f"ws://127.0.0.1:{proxy.port}/_stcore/stream") as reader,
        ):
            for part in range(3):
                assert reader.recv(timeout=SECONDS) == str(part)
                reader.send(f"seen {part}")


def run(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def test_the_command_that_makes_faults_runs() -> None:
    code, said = run("benchmarks.faults", "--only", "pointer")
    assert code == 0, said
    assert said.count("shown with a banner; after etl build") == 3
    assert said.endswith("pointer   held\neverything held that was tried\n")


def test_a_fault_that_cannot_be_made_here_is_told_and_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "FAKETIME", "*/nowhere/faketime.so")
    trial = faults.Trial(tmp_path, served=None)  # type: ignore[arg-type]
    assert "apt-get install faketime" in faults.attempt(trial, "clock", argparse.Namespace())
    assert len(trial.impossible) == 1
    assert trial.wrong == []


def test_the_command_that_makes_load_runs(built: Paths, tmp_path: Path) -> None:
    shutil.copytree(built.data, tmp_path / "data", ignore=shutil.ignore_patterns("state"))
    load = ("--sessions", 3, "--seconds", 4, "--every", 1, "--loads", 1, "--data", tmp_path / "data")
    _, said = run("benchmarks.load_sessions", *load)
    assert "errors 0" in said, said
    assert "ms an interaction" in said
    assert "10 rows of 1 loads, 0 lost" in said


def test_a_row_that_was_loaded_and_is_not_in_the_release_is_told(quick_start: Paths) -> None:
    assert not_as_loaded(quick_start.data, Tally()) == []
    row = ("steward-0", "150100", 1000.0)
    assert not_as_loaded(quick_start.data, Tally(loaded={row})) == [f"lost: {row}"]


STUB = """#!/bin/sh
case "$*" in
    -c*) echo 3.11;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
    "-m etl build") mkdir data/warehouse && echo a-release > data/warehouse/CURRENT;;
esac
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle whose program is next to nothing, and a Python beside it that only does as if."""
    folder = tmp_path / "bundle"
    source = tmp_path / "source"
    (source / "data" / "catalogue").mkdir(parents=True)
    (source / "data" / "catalogue" / "cards.csv").write_text("shipped")
    (source / "VERSION").write_text("1a2b3c4 2026-01-15")
    folder.mkdir()
    with tarfile.open(folder / "source.tar.gz", "w:gz") as archive:
        archive.add(source, ".")
    (folder / "install.sh").write_text(INSTALL, encoding="utf-8")
    (folder / "PYTHON_VERSION").write_text("3.11")
    (folder / "SHA256SUMS").write_text(f"{sha256(folder / 'source.tar.gz')}  source.tar.gz\n")
    stub = tmp_path / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return folder


def install(bundle: Path, *folders: str) -> int:
    """Runs install.sh from the folder that holds the bundle."""
    place = bundle.parent
    environment = {**os.environ, "PYTHON": str(place / "python")}
    return subprocess.run(["sh", "bundle/install.sh", *folders], cwd=place, env=environment).returncode


@pytest.mark.parametrize("made_before", [True, False])
def test_after_an_install_there_is_one_data_folder_that_the_next_version_finds(bundle: Path, made_before: bool) -> None:
    place = bundle.parent
    if made_before:
        (place / "data").mkdir(mode=0o700)
    assert install(bundle, "app-1", "data") == 0
    assert (place / "app-1" / "data").resolve() == place / "data"
    assert (place / "data").stat().st_mode & 0o777 == 0o700
    assert (place / "data" / "warehouse" / "CURRENT").exists()
    assert (place / "app-1" / "shipped" / "catalogue" / "cards.csv").read_text() == "shipped"
    (place / "data" / "catalogue" / "cards.csv").write_text("changed here")
    assert install(bundle, "app-2", "data") == 0
    assert (place / "app-2" / "data").resolve() == place / "data"
    assert (place / "data" / "catalogue" / "cards.csv").read_text() == "changed here"
    assert (place / "app-2" / "shipped" / "catalogue" / "cards.csv").read_text() == "shipped"
    assert install(bundle, "app-2", "data") == 1, "a version is never installed over another"
    assert install(bundle) == 0
    assert (bundle / "app" / "data" / "warehouse" / "CURRENT").exists(), "to try it, all in one folder"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "登录：关闭（没有 {file}），能打开网页的人都可看可改"),
        ('mode = "off"', "登录：关闭（{file} 里 mode 为 off），能打开网页的人都可看可改"),
        ('mode = "oidc"\nadmins = ["a"]', "登录：单点登录（OIDC），按 {file}"),
        (
            'mode = "gateway"\nadmins = ["a"]\nuser_header = "X-User"\nproxies = ["10.0.0.1"]',
            "登录：统一门户（网关），按 {file}",
        ),
    ],
)
def test_the_server_says_at_its_start_who_may_come_in(
    written: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    if written:
        (tmp_path / "access.toml").write_text(written)
    assert gate(default_paths()) == said.format(file=tmp_path / "access.toml")


def test_commands_say_which_data_folder_they_work_on(
    quick_start: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(quick_start.data))
    for command in (commands.main, ["status"]), (backup.main, ["save", str(tmp_path / "kept.tar.gz")]):
        assert command[0](command[1]) == 0
        told = capsys.readouterr()
        assert f"数据目录：{quick_start.data}" in told.out + told.err


def test_no_server_is_started_when_the_first_build_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "file" / "data"))
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("a server without a release"))
    monkeypatch.setattr(sys, "argv", ["serve", "--port", "0"])
    assert serve_main() == 3


def test_the_server_speaks_chinese_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        (tmp_path / "warehouse").mkdir()
        (tmp_path / "warehouse" / "CURRENT").touch()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(os, "execve", lambda *_: 0)
    monkeypatch.setattr(os, "chdir", lambda _: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for number, code in ((port, 1), (0, 0)):
            monkeypatch.setattr(sys, "argv", ["serve", "--port", str(number)])
            assert serve_main() == code
    monkeypatch.setattr(sys, "argv", ["serve", "--help"])
    with pytest.raises(SystemExit):
        serve_main()
    told = capsys.readouterr()
    assert told.err == f"端口{port}不能使用：已被占用。请换一个，例如：make run PORT=8502\n"
    assert "先生成第一个版本" in told.out
    for line in told.out.splitlines():
        assert re.search(r"[\u4e00-\u9fff]|^usage:|^options:|^ |^$", line), line


def test_a_bundle_names_its_commit_and_so_does_what_is_installed_from_it(
    quick_start: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(fileobj=io.BytesIO(source())) as archive:
        content = archive.extractfile("VERSION")
        assert content is not None
        version = content.read().decode()
    assert re.fullmatch(r"[0-9a-f]{7,} 20\d\d-\d\d-\d\d\n", version)
    assert program_version() == "", "a checkout"
    monkeypatch.setattr(etl_paths, "ROOT", tmp_path)
    assert program_version() == "", "a copy without the file serves as well"
    (tmp_path / "VERSION").write_text(version)
    assert program_version() == version.strip()
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(quick_start.data))
    assert commands.main(["status"]) == 0
    assert f"程序版本：{version}" in capsys.readouterr().out
    page = AppTest.from_string(
        "from dashboard import frame, guide\nguide.show(frame.reader())", default_timeout=60
    ).run()
    assert [text for text in page.markdown if version.strip() in text.value.replace("\\", "")]


def test_a_bundle_takes_the_very_files_of_the_lock_where_that_is_for_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    for version, asked in ((3, 11), "--require-hashes"), ((3, 12), "-r"):
        monkeypatch.setattr(sys, "version_info", (*version, 0))
        assert wanted(tmp_path)[0] == asked


def test_the_nightly_backup_removes_old_ones_only_after_the_new_one_is_proven(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "dashboard-backup.service").read_text(encoding="utf-8")
    (script,) = re.findall(r"^ExecStart=/bin/sh -ec '(.*)'$", unit, re.MULTILINE)
    script = script.replace("%%", "%").replace("$$", "$").replace("/srv/backup", str(tmp_path))
    stub = tmp_path / ".venv" / "bin" / "python"
    stub.parent.mkdir(parents=True)
    old = tmp_path / "dashboard-20200101.tar.gz"
    old.touch()
    os.utime(old, (0, 0))
    for proven, code in (False, 3), (True, 0):
        stub.write_text(f'#!/bin/sh\ncase $3 in save) touch "$4";; check) exit {code};; esac\n')
        stub.chmod(0o755)
        ran = subprocess.run(["/bin/sh", "-ec", script], cwd=tmp_path)
        assert (ran.returncode, old.exists()) == (code, not proven)
    (new,) = tmp_path.glob("dashboard-*.tar.gz")
    assert re.fullmatch(r"dashboard-20\d{6}\.tar\.gz", new.name)


def test_a_faulty_access_file_is_told_before_a_server_is_started(
    monkeypatch: pytest.MonkeyPatch, quick_start: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(quick_start.data, tmp_path / "data")
    (tmp_path / "data" / "access.toml").write_text('mode = "oidc"\n')
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("a server that will not run"))
    monkeypatch.setattr(sys, "argv", ["serve", "--port", "0"])
    assert serve_main() == 3
    assert "没有启动：access.toml里的admins应写明至少一位系统管理员" in capsys.readouterr().err
    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "exists", lambda path: path.stat() is not None)  # as for a folder of another user
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "file"))
    assert serve_main() == 3
    assert f"没有启动：{tmp_path / 'file' / 'access.toml'}：上一级不是文件夹" in capsys.readouterr().err
