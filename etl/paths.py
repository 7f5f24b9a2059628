"""Where things lie. `DASHBOARD_DATA_DIR` moves the data folder (another disk, a test), and with it all below it."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Paths:
    """The folders of one installation."""

    data: Path
    static: Path

    @property
    def catalogue(self) -> Path:
        """What we measure, where, who said so (committed)."""
        return self.data / "catalogue"

    @property
    def published(self) -> Path:
        """Figures as published, each with its source (committed)."""
        return self.data / "published"

    @property
    def boundaries(self) -> Path:
        """Boundary files as received (committed)."""
        return self.data / "boundaries"

    @property
    def accepted(self) -> Path:
        """Every accepted load, kept for good (not committed; back it up)."""
        return self.data / "accepted"

    @property
    def warehouse(self) -> Path:
        """Releases and the pointer CURRENT (not committed; can be rebuilt)."""
        return self.data / "warehouse"

    @property
    def state(self) -> Path:
        """What the app itself writes; read here for what it pins (not committed; back it up)."""
        return self.data / "state"


def default_paths() -> Paths:
    """The paths of this checkout; what the browser fetches always lies where Streamlit serves it from."""
    data = Path(os.environ.get("DASHBOARD_DATA_DIR") or ROOT / "data")
    return Paths(data=data.resolve(), static=ROOT / "dashboard" / "static")


def program_version() -> str:
    """Commit and date of the program, as `git archive` wrote them into a bundle; empty where they are not known: in a
    checkout (git tells), and in a copy without the file.
    """
    try:
        version = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    return "" if version.startswith("$") else version
