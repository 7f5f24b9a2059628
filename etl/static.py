"""Whether what the browser fetches is there already.

Apart from etl/boundaries.py, which makes it: that needs libraries which take longer to start than a small load.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

SOURCES = {"league": "leagues.geojson", "banner": "banners.geojson"}
STAMP = "boundaries/made.json"


def version(folder: Path) -> str:
    """8 hex digits that change with the bytes of the boundary files in `folder`; a missing file counts as empty."""
    files = (folder / name for name in SOURCES.values())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()[:8]


def is_made(folder: Path, boundaries_version: str) -> bool:
    """Whether the files below `folder` were made of these boundaries, by this program, and are still as they were."""
    try:
        made = json.loads((folder / STAMP).read_bytes())
        return made["stamp"] == _stamp(boundaries_version) and made["files"] == _digests(folder, made["files"])
    except (FileNotFoundError, ValueError):
        return False


def record(folder: Path, boundaries_version: str, names: list[str]) -> str:
    """What the file STAMP says once the files with these names are made."""
    return json.dumps({"stamp": _stamp(boundaries_version), "files": _digests(folder, names)})


def _stamp(boundaries_version: str) -> str:
    program = Path(__file__).with_name("boundaries.py").read_bytes()
    return f"{boundaries_version} {hashlib.sha256(program).hexdigest()[:8]}"


def _digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
