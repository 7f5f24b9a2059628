"""Makes a folder that installs the dashboard on a machine without network: its source, and wheels of all it needs.

    python -m tools.bundle [--out dist] [--check]

`--check` makes the bundle and installs it into a fresh folder with the network cut off (as root on Linux), builds a
release, saves, checks and restores a backup, and asks the server for a page, all with the Python it was installed with.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tools.hashes import HEAD

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120
INSTALL = """#!/bin/sh
# Installs the dashboard, without network: sh install.sh [APP [DATA]]
# APP: the folder to make; "app" beside this file by default. DATA: the data folder, which outlives every version: an
# empty one takes the data that come with APP; one that holds data stays as it is (then: python -m tools.upgrade).
# APP/data leads to it, so that there is one data folder. PYTHON names another Python (same minor version).
set -eu
bundle=$(cd "$(dirname "$0")" && pwd)
app="${1:-$bundle/app}"
data="${2:-}"
PYTHON="${PYTHON:-python3}"
wanted=$(cat "$bundle/PYTHON_VERSION")
found=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$found" != "$wanted" ]; then
    echo "这个安装包需要 Python $wanted，现在是 $found。请用 PYTHON=python$wanted sh install.sh 再试。"
    exit 1
fi
if [ -e "$app" ]; then
    echo "$app 已存在，未安装。请换一个目录，或先把它移走。"
    exit 1
fi
(cd "$bundle" && sha256sum --quiet --check SHA256SUMS) || { echo "安装包不完整或被改动，未安装。"; exit 1; }
mkdir -p "$app"
app=$(cd "$app" && pwd)
tar -xzf "$bundle/source.tar.gz" -C "$app"
cp -a "$app/data" "$app/shipped"  # so that an upgrade can tell own changes to the catalogue
"$PYTHON" -m venv "$app/.venv"
"$app/.venv/bin/python" -m pip install --quiet --no-index --find-links "$bundle/wheels" \\
    -r "$app/requirements.txt" -c "$app/constraints.txt"
touch "$app/.venv/run"
holding=""
if [ -n "$data" ]; then
    [ -d "$data" ] || { mkdir -p "$data" && chmod 700 "$data"; }
    data=$(cd "$data" && pwd)
    if [ -e "$data/catalogue" ]; then holding=yes; else cp -r "$app/data/." "$data/"; fi  # its own mode stays
    rm -r "$app/data"
    ln -s "$data" "$app/data"
fi
cd "$app"
if [ -n "$holding" ]; then
    echo "程序已装好：$app（$(cat VERSION)）。数据目录 $data 已有数据，没有改动。升级：见 docs/operations.md，Upgrade"
else
    .venv/bin/python -m etl build || [ $? -eq 1 ]
    echo "安装完成（$(cat VERSION)）。启动：cd $app && .venv/bin/python -m tools.serve"
fi
"""


def make(out: Path) -> Path:
    """Writes the bundle; returns its folder. Raises subprocess.CalledProcessError when a step fails."""
    folder = out / "dashboard-bundle"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--quiet", "--wheel-dir", str(wheels), *wanted(ROOT)], cwd=ROOT, check=True)
    (folder / "source.tar.gz").write_bytes(source())
    (folder / "PYTHON_VERSION").write_text(f"{sys.version_info.major}.{sys.version_info.minor}\n", encoding="ascii")
    install = folder / "install.sh"
    install.write_text(INSTALL, encoding="utf-8")
    install.chmod(0o755)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    sums = subprocess.run(["sha256sum", *files], cwd=folder, check=True, capture_output=True, text=True).stdout
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return folder


def wanted(root: Path) -> list[str]:
    """What pip is asked for: the very files of requirements.lock where that is for this platform and Python."""
    head = HEAD.format(platform=f"{sys.platform} {platform.machine()}", python=".".join(map(str, sys.version_info[:2])))
    if (root / "requirements.lock").read_text(encoding="utf-8").startswith(head):
        return ["--require-hashes", "-r", "requirements.lock"]
    return ["-r", "requirements.txt", "-c", "constraints.txt"]


def source() -> bytes:
    """The program as it was last committed, as tar.gz; VERSION names the commit."""
    return subprocess.run(
        ["git", "-c", "tar.umask=0022", "archive", "--format=tar.gz", "HEAD"], cwd=ROOT, check=True, capture_output=True
    ).stdout


def check(folder: Path) -> float:
    """Installs the bundle with the network cut off and asks for a page; returns the seconds that took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "bundle"
        shutil.copytree(folder, copy)
        script = (
            "ip link set lo up\nsh install.sh app data\ncd app\n"
            "for step in save check 'restore --replace'; do .venv/bin/python -m tools.backup $step ../kept.tgz; done\n"
            f"exec {sys.executable} -m tools.bundle --visit .venv/bin/python"
        )
        subprocess.run(
            ["unshare", "--net", "sh", "-ec", script],
            cwd=copy,
            check=True,
            env={**os.environ, "PYTHON": sys.executable, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""},
        )
    return time.monotonic() - started


def visit(python: str) -> None:
    """Starts the server of the folder we are in and asks it for health and a page. Raises RuntimeError."""
    server = subprocess.Popen([python, "-m", "tools.serve", "--port", "8599"], start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with urllib.request.urlopen("http://127.0.0.1:8599/_stcore/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.5)
        raise RuntimeError("the installed server did not answer")
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=20)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--check", action="store_true", help="install it without network and ask for a page")
    parser.add_argument("--visit", metavar="PYTHON", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.visit:
        visit(options.visit)
        return 0
    folder = make(options.out)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    print(f"{folder}: {len(list((folder / 'wheels').iterdir()))} wheels, {size:.0f} MB")
    if options.check:
        print(f"installed without network and answering after {check(folder):.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
