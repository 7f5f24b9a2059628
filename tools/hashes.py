"""Writes requirements.lock: what `pip install` would fetch for requirements.txt, each with the hash of its file.

    pip install --require-hashes -r requirements.lock

then refuses a file that was replaced at an index or a mirror, even under the same version. The hashes are those of the
files for the platform and the Python that this runs on; make it anew when constraints.txt changes: `make hashes`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# For {platform}, Python {python}; see tools/hashes.py. pip install --require-hashes -r requirements.lock\n"


def main() -> int:
    """Asks pip what it would install, and writes it down."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        asked = ["-r", "requirements.txt", "-c", "constraints.txt"]
        options = ["--dry-run", "--ignore-installed", "--quiet", "--disable-pip-version-check", "--report", str(report)]
        ran = subprocess.run([sys.executable, "-m", "pip", "install", *options, *asked], cwd=ROOT)
        if ran.returncode:
            return ran.returncode
        (ROOT / "requirements.lock").write_text(lock(json.loads(report.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


def lock(report: dict) -> str:
    """The lock file of an installation report of pip (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    environment = report["environment"]
    platform = f"{environment['sys_platform']} {environment['platform_machine']}"
    lines = [
        f"{package['metadata']['name']}=={package['metadata']['version']}"
        f" --hash=sha256:{package['download_info']['archive_info']['hashes']['sha256']}\n"
        for package in report["install"]
    ]
    return HEAD.format(platform=platform, python=environment["python_version"]) + "".join(sorted(lines, key=str.lower))


if __name__ == "__main__":
    sys.exit(main())
