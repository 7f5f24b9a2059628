"""What the tests share: a warehouse built once from the project's own data, and tiny builders."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import boundaries, publish, simulate
from etl.catalogue import Catalogue, load_catalogue
from etl.paths import Paths
from tests import quick

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


def copy_inputs(folder: Path) -> Paths:
    """A data folder with the project's inputs and nothing built, safe to spoil."""
    for name in ("catalogue", "published", "boundaries"):
        shutil.copytree(ROOT / "data" / name, folder / name)
    shutil.copy(ROOT / "data" / "operator.toml", folder)
    return Paths(data=folder, static=folder / "static")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "data" / "catalogue")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A data folder with a published release; read it, do not write to it."""
    paths = copy_inputs(tmp_path_factory.mktemp("built") / "data")
    publish.build(paths, lambda text: None)
    return paths


@pytest.fixture
def warehouse(built: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """Points the dashboard of this process at the built release."""
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(built.data))
    return built


@pytest.fixture(scope="session")
def quick_start(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A data folder with a release made in the quick way of tests/quick.py; read it, do not write to it."""
    paths = copy_inputs(tmp_path_factory.mktemp("quick") / "data")
    expected = paths.catalogue / "expected.csv"
    expected.write_text("".join(expected.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate, "panel", quick.panel)
        patch.setattr(boundaries, "write_static", quick.write_static)
        publish.build(paths, lambda text: None)
    return paths


@pytest.fixture
def quick_inputs(quick_start: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A copy of it, which this process builds in the same quick way and to which the command line writes."""
    monkeypatch.setattr(simulate, "panel", quick.panel)
    monkeypatch.setattr(boundaries, "write_static", quick.write_static)
    monkeypatch.setenv("DASHBOARD_DATA_DIR", str(tmp_path / "data"))
    shutil.copytree(quick_start.data, tmp_path / "data")
    return Paths(data=tmp_path / "data", static=tmp_path / "static")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The real server in a process of its own."""

    def __init__(self, data: Path) -> None:
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.log = data / f"server-{port}.log"
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "DASHBOARD_DATA_DIR": str(data)}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1).close()  # noqa: S310
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.2)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def server(built: Paths) -> Iterator[Server]:
    # The browser fetches shapes from the folder that Streamlit serves; the build of `built` wrote elsewhere.
    shapes = boundaries.read_boundaries(built.boundaries, load_catalogue(built.catalogue).regions)
    boundaries.write_static(shapes, ROOT / "dashboard" / "static")
    running = Server(built.data)
    yield running
    running.stop()
