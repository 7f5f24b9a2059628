"""The command line with a simulated panel of one row and no shapes to draw: many releases in the time of one.

`python -m tests.quick load …` is `python -m etl load …` but for that.
"""

import sys
from pathlib import Path

import pandas as pd

from etl import boundaries, publish, simulate
from etl.__main__ import main
from etl.boundaries import Boundaries
from etl.catalogue import Catalogue

ROW = {
    "region_code": "150000",
    "indicator_id": "reconsideration_cases",
    "breakdown": "",
    "period": "2024",
    "period_start": pd.Timestamp("2024-01-01"),
    "period_end": pd.Timestamp("2024-12-31"),
    "value": 4800.0,
    "unit": "件",
    "qualifier": "",
    "numerator": float("nan"),
    "denominator": float("nan"),
    "status": "simulated",
    "source_id": "simulated",
    "published_as": "",
    "confidence": "low",
    "note": "",
}


def panel(catalogue: Catalogue, published: pd.DataFrame) -> simulate.Panel:
    breaks = pd.DataFrame({"indicator_id": [], "from": pd.to_datetime([]), "reason": []})
    return simulate.Panel(pd.DataFrame([ROW]), breaks)


def write_static(shapes: Boundaries, folder: Path) -> None:
    pass


def shorten() -> None:
    simulate.panel = panel
    boundaries.write_static = write_static


if __name__ == "__main__":
    shorten()
    publish.LOCK_WAIT_SECONDS = 300
    sys.exit(main())
