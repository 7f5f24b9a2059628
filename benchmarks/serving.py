"""The real server in a process of its own, Debian's nginx before several of them, and what a process uses."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from etl.paths import ROOT

START_SECONDS = 90
STOP_SECONDS = 30
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
REPLICA = re.compile(r" *server 127\.0\.0\.1:85\d\d( .*;\n)")  # a line of the configuration
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format replica '$upstream_addr $status $uri';
    access_log {folder}/access.log replica;
    {configuration}
}}
"""


class Server:
    """A running server; use it as a context, or `stop` it. Its log goes when the object does.

    `data`: its data folder; `script`: what it runs; `environment`: what is set beside the own one.
    """

    def __init__(
        self, data: Path, *, script: str = "app.py", port: int = 0, environment: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = environment or {}
        self._folder = tempfile.TemporaryDirectory(prefix="server-")
        self.log = Path(self._folder.name) / "server.log"
        self.command = [sys.executable, "-m", "streamlit", "run", script]
        self.command += ["--server.port", str(self.port), "--server.address", "127.0.0.1"]
        self.start()

    @property
    def pid(self) -> int:
        """The process of the server."""
        return self.process.pid

    def start(self) -> float:
        """Starts the server; returns the seconds until it answers. Raises RuntimeError with its log."""
        started = time.monotonic()
        with self.log.open("ab") as log:
            environment = {**os.environ, "DASHBOARD_DATA_DIR": str(self.data), **self.environment}
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        while time.monotonic() < started + START_SECONDS:
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()  # noqa: S310
                return time.monotonic() - started
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.kill()
        raise RuntimeError(self.log.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """Ends it as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ends it in order."""
        self.process.terminate()
        self.process.wait(timeout=STOP_SECONDS)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Proxy:
    """Debian's nginx with the configuration of deploy/, before servers on these ports; use it as a context.

    `folder`: where its files go; opened to its workers.
    """

    def __init__(self, folder: Path, ports: list[int]) -> None:
        folder.chmod(0o755)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "access.log"
        text = CONFIGURATION.read_text(encoding="utf-8")
        shipped = list(REPLICA.finditer(text))
        lines = "".join(f"    server 127.0.0.1:{port}{shipped[0][1]}" for port in ports)
        text = text[: shipped[0].start()] + lines + text[shipped[-1].end() :]
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.port};")
        self.file = folder / "nginx.conf"
        self.file.write_text(AROUND.format(folder=folder, configuration=text), encoding="utf-8")

    def __enter__(self) -> "Proxy":
        program = nginx()
        assert program
        self.process = subprocess.Popen([program, "-c", str(self.file), "-p", str(self.file.parent)])
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=5).close()  # noqa: S310
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError((self.file.parent / "error.log").read_text(encoding="utf-8"))

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=15)

    def served(self, path: str) -> list[int]:
        """The ports that answered for an address, one for each request, the last one where several were tried.

        A websocket is in the log once it has ended.
        """
        lines = [line.split() for line in self.log.read_text(encoding="utf-8").splitlines() if line.split()[-1] == path]
        return [int(found[-1]) for line in lines if (found := re.findall(r"127\.0\.0\.1:(\d+)", " ".join(line)))]


def nginx() -> str | None:
    """Debian's nginx; None where it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def replica_secret() -> dict[str, str]:
    """What all replicas must share, or a reader who changes replica is unknown there."""
    return {"STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_hex(32)}


def end_in_order() -> None:
    """Has the signal of `timeout` and `kill` end this command as Ctrl+C does: what it started ends too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def told_in_words(text: str) -> bool:
    """Whether what was said is for people: Chinese, and no traceback."""
    return bool(re.search("[\u4e00-\u9fff]", text)) and "Traceback" not in text


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if told[0] != "Z":
            parents.setdefault(int(told[1]), []).append(int(folder.name))
    found, left = [], [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def processor_seconds(pid: int) -> float:
    """The time that a process has had a processor."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """The memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
