"""Where the data lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """The data folder; `DASHBOARD_DATA_DIR` moves it."""
    return Path(os.environ.get("DASHBOARD_DATA_DIR") or ROOT / "data").absolute()
