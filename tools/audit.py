"""Are the pinned packages known to be faulty, and are they what was pinned? `make audit`.

Asks pip-audit about every line of constraints.txt. The advisories are on the internet: where they cannot be reached,
this says so and nothing more, because "nothing found" would be a lie. What can always be checked is checked: that each
installed package has the pinned version and that its files are those of its own record.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300


def main() -> int:
    """Prints what is known; 1 for a known fault, a wrong version or a changed file, else 0."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line
    )
    faults = [fault for name, version in pins.items() for fault in installed_faults(name, version)]
    print(f"Installed: {len(pins)} pinned packages, {len(faults)} that differ from their pin or their own record")
    known, unknown = advisories()
    if unknown is None:
        print("Advisories: nothing could be learnt (not reachable from here); known faults were NOT looked for")
    else:
        print(f"Advisories: {len(pins) - len(unknown)} packages looked up, {len(known)} known faults")
        if unknown:
            print(f"Advisories: NOT known of {len(unknown)} packages: {', '.join(sorted(unknown))}")
    for line in (*faults, *known):
        print(f"  {line}")
    return 1 if faults or known else 0


def installed_faults(name: str, version: str) -> list[str]:
    """What is wrong with one installed package; a package that is not installed is none of our business."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return []
    if found.version != version:
        return [f"{name}: {found.version} is installed, {version} is pinned"]
    changed = []
    for file in found.files or []:
        path = Path(str(found.locate_file(file)))
        if file.hash is None or file.hash.mode != "sha256" or not path.is_file():
            continue
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        if digest != file.hash.value:
            changed.append(f"{name}: {file} is not what was installed")
    return changed


def advisories() -> tuple[list[str], set[str] | None]:
    """The known faults, and the packages that nothing could be learnt of; None: of none."""
    command = ["-m", "pip_audit", "-r", "constraints.txt", "--no-deps", "--disable-pip", "-f", "json"]
    try:
        ran = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return [], None
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return [], None
    known = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {fault['fix_versions'] or 'no version'}"
        for package in packages
        for fault in package.get("vulns", [])
    ]
    unknown = {package["name"] for package in packages if "skip_reason" in package}
    return known, None if len(unknown) == len(packages) else unknown


if __name__ == "__main__":
    sys.exit(main())
