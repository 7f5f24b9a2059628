"""The files that decide what a release contains, and how they are told apart."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from etl.paths import Paths


def now() -> datetime:
    """Now in UTC, without zone, to the second: how the warehouse keeps times."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def input_files(paths: Paths) -> dict[str, Path]:
    """Every file that decides what a release contains, by the name it is known by: data first, then the ETL itself."""
    data = [
        *sorted(paths.catalogue.glob("*")),
        *sorted(paths.published.glob("*")),
        *sorted(paths.boundaries.glob("*.geojson")),
        *sorted(paths.accepted.glob("*.parquet")),
    ]
    code = sorted(p for p in Path(__file__).parent.iterdir() if p.suffix in (".py", ".sql"))
    return {p.relative_to(paths.data).as_posix(): p for p in data} | {f"etl/{p.name}": p for p in code}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
