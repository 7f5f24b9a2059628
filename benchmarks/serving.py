"""The real server in a process of its own, over a data folder of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from benchmarks.first_map import ROOT

START_SECONDS = 90


class Served:
    """A running server; use it as a context.

    `data`: its data folder; `extra`: further options of Streamlit; `environment`: what is set beside the own one.
    """

    def __init__(
        self, data: Path, port: int = 0, extra: tuple[str, ...] = (), environment: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = data / f"server-{self.port}.log"
        self.command = [
            *(sys.executable, "-m", "streamlit", "run", "app.py"),
            *("--server.port", str(self.port), "--server.address", "127.0.0.1"),
            *extra,
        ]
        self.environment = environment or {}
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
        raise RuntimeError(self.log.read_text(encoding="utf-8"))

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


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
