"""The commands that try faults and load run; nginx as shipped keeps readers where they are and goes round the dead."""

import argparse
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from benchmarks import faults
from benchmarks.load_sessions import Tally, not_as_loaded
from benchmarks.serving import Proxy
from dashboard import state
from etl.paths import Paths
from tests.conftest import ROOT

SECONDS = 10


class Replica(http.server.BaseHTTPRequestHandler):
    """Answers with its own port, and with the headers that came."""

    def do_GET(self) -> None:
        self.send_response(200)
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


def ask(proxy: Proxy, reader: int | None, path: str = "/map") -> int:
    headers = {} if reader is None else {"Cookie": f"other=1; visitor={reader:032x}"}
    request = urllib.request.Request(proxy.address + path, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
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
